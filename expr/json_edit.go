package expr

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/sluicedb/sluice/sql"
)

// editMode is what a jsonEdit does at the end of its path.
type editMode uint8

const (
	editSet editMode = iota
	editInsert
	editDelete
)

// jsonEdit changes a jsonb at a path, as jsonb_set, jsonb_insert and #- do.
type jsonEdit struct {
	mode   editMode
	value  []byte
	create bool // a value that is not there is added
	after  bool // jsonb_insert: behind the element
}

func (e *jsonEdit) run(r *Row, path []sql.Value) error {
	doc := r.Bytes(0)
	switch k := jsonKind(doc); {
	case k != '{' && k != '[':
		if e.mode == editDelete {
			return errJSONShape("cannot delete path in scalar")
		}
		return errJSONShape("cannot set path in scalar")
	case len(path) == 0, (doc[1] == '}' || doc[1] == ']') && (e.mode == editDelete || e.mode == editSet && !e.create):
		return r.SetBytes(doc)
	}
	out, err := e.at(doc, path, 0)
	if err != nil {
		return err
	}
	s, err := sql.CanonicalJSONB(string(out))
	if err != nil {
		return err
	}
	return r.SetStr(s)
}

// at changes the value at path[level:] in a container.
func (e *jsonEdit) at(doc []byte, path []sql.Value, level int) ([]byte, error) {
	if path[level].Null {
		return nil, sql.Errorf(sql.CodeNullValueNotAllowed, "path element at position %d is null", level+1)
	}
	last := level == len(path)-1
	switch jsonKind(doc) {
	case '{':
		list := jsonMembers(doc)
		i := slices.IndexFunc(list, func(m member) bool { return m.key == path[level].S })
		switch {
		case i < 0 && last && (e.mode == editInsert || e.mode == editSet && e.create):
			list = append(list, member{path[level].S, e.value})
		case i < 0:
		case !last:
			v, err := e.at(list[i].value, path, level+1)
			if err != nil {
				return nil, err
			}
			list[i].value = v
		case e.mode == editDelete:
			list = slices.Delete(list, i, i+1)
		case e.mode == editInsert:
			return nil, errJSONShape("cannot replace existing key").(*sql.Error).WithHint("Try using the function jsonb_set to replace key value.")
		default:
			list[i].value = e.value
		}
		return appendObject(nil, list), nil
	case '[':
		return e.inArray(jsonElements(doc), path, level)
	}
	return doc, nil
}

func (e *jsonEdit) inArray(list []json.RawMessage, path []sql.Value, level int) ([]byte, error) {
	last := level == len(path)-1
	n, err := strconv.ParseInt(path[level].S, 10, 32)
	if err != nil {
		return nil, sql.Errorf(sql.CodeInvalidTextRepresentation, "path element at position %d is not an integer: %q", level+1, path[level].S)
	}
	i := int(n)
	if i < 0 {
		i += len(list)
	}
	there := i >= 0 && i < len(list)
	switch {
	case !there && last && (e.mode == editInsert || e.mode == editSet && e.create):
		if i < 0 {
			list = slices.Insert(list, 0, json.RawMessage(e.value))
		} else {
			list = append(list, e.value)
		}
	case !there:
	case !last:
		v, err := e.at(list[i], path, level+1)
		if err != nil {
			return nil, err
		}
		list[i] = v
	case e.mode == editDelete:
		list = slices.Delete(list, i, i+1)
	case e.mode == editInsert:
		if e.after {
			i++
		}
		list = slices.Insert(list, i, json.RawMessage(e.value))
	default:
		list[i] = e.value
	}
	return appendArray(nil, list), nil
}
