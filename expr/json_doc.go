package expr

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/sluicedb/sluice/sql"
)

// member is a member of a JSON object: its name, and its value's text as written.
type member struct {
	key   string
	value json.RawMessage
}

// jsonKind is the first character of a value's text: { [ " t f n, or 0 for a number.
func jsonKind(doc []byte) byte {
	doc = bytes.TrimLeft(doc, " \t\r\n")
	if len(doc) == 0 {
		return 'n'
	}
	switch doc[0] {
	case '{', '[', '"', 't', 'f', 'n':
		return doc[0]
	}
	return '0'
}

// jsonMembers are the members of an object in the order they are written; nil for
// other values.
func jsonMembers(doc []byte) []member {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []member
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil
		}
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return nil
		}
		name, _ := k.(string)
		out = append(out, member{name, v})
	}
	return out
}

// jsonElements are the elements of an array; nil for other values.
func jsonElements(doc []byte) []json.RawMessage {
	if jsonKind(doc) != '[' {
		return nil
	}
	var l []json.RawMessage
	if json.Unmarshal(doc, &l) != nil {
		return nil
	}
	return l
}

// appendObject and appendArray write containers as jsonb's text is; its members are
// put in jsonb's order by whoever makes a jsonb of it.
func appendObject(dst []byte, list []member) []byte {
	dst = append(dst, '{')
	for i, m := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(sql.AppendJSONString(dst, m.key), ": "...)
		dst = append(dst, m.value...)
	}
	return append(dst, '}')
}

func appendArray(dst []byte, list []json.RawMessage) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, v...)
	}
	return append(dst, ']')
}

// containsJSONB is jsonb @> jsonb; top tells that an array may contain a scalar, which
// it does at the top alone.
func containsJSONB(a, b []byte, top bool) bool {
	ka, kb := jsonKind(a), jsonKind(b)
	switch {
	case ka == '{' && kb == '{':
		have := map[string]json.RawMessage{}
		for _, m := range jsonMembers(a) {
			have[m.key] = m.value
		}
		for _, m := range jsonMembers(b) {
			v, ok := have[m.key]
			if !ok || !containsJSONB(v, m.value, false) {
				return false
			}
		}
		return true
	case ka == '[' && kb == '[':
		have := jsonElements(a)
		for _, x := range jsonElements(b) {
			if !slices.ContainsFunc(have, func(y json.RawMessage) bool { return containsJSONB(y, x, false) }) {
				return false
			}
		}
		return true
	case ka == '[' && top && kb != '{':
		return slices.ContainsFunc(jsonElements(a), func(y json.RawMessage) bool {
			return jsonKind(y) != '{' && jsonKind(y) != '[' && sql.CmpJSONB(string(y), string(b)) == 0
		})
	case ka == '{' || ka == '[' || kb == '{' || kb == '[':
		return false
	}
	return sql.CmpJSONB(string(a), string(b)) == 0
}

// existsJSONB reports whether a text is a key of an object, an element of an array, or
// a string itself.
func existsJSONB(doc []byte, key string) bool {
	is := func(v []byte) bool {
		s, ok := jsonText(v)
		return ok && jsonKind(v) == '"' && s == key
	}
	switch jsonKind(doc) {
	case '{':
		return slices.ContainsFunc(jsonMembers(doc), func(m member) bool { return m.key == key })
	case '[':
		return slices.ContainsFunc(jsonElements(doc), func(v json.RawMessage) bool { return is(v) })
	case '"':
		return is(doc)
	}
	return false
}

// stripNulls leaves out the members that are null, at any depth.
func stripNulls(doc []byte) []byte {
	switch jsonKind(doc) {
	case '{':
		out := []byte{'{'}
		for _, m := range jsonMembers(doc) {
			if jsonKind(m.value) == 'n' {
				continue
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(sql.AppendJSONString(out, m.key), ':')
			out = append(out, stripNulls(m.value)...)
		}
		return append(out, '}')
	case '[':
		out := []byte{'['}
		for i, v := range jsonElements(doc) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, stripNulls(v)...)
		}
		return append(out, ']')
	}
	return bytes.TrimSpace(doc)
}

// prettyJSONB is jsonb_pretty.
func prettyJSONB(dst, doc []byte, depth int) []byte {
	line := func() {
		dst = append(dst, '\n')
		for range depth {
			dst = append(dst, "    "...)
		}
	}
	switch jsonKind(doc) {
	case '{':
		dst = append(dst, '{')
		depth++
		for i, m := range jsonMembers(doc) {
			if i > 0 {
				dst = append(dst, ',')
			}
			line()
			dst = append(sql.AppendJSONString(dst, m.key), ": "...)
			dst = prettyJSONB(dst, m.value, depth)
		}
		depth--
		line()
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		depth++
		for i, v := range jsonElements(doc) {
			if i > 0 {
				dst = append(dst, ',')
			}
			line()
			dst = prettyJSONB(dst, v, depth)
		}
		depth--
		line()
		return append(dst, ']')
	}
	return append(dst, doc...)
}
