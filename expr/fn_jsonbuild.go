package expr

import (
	"encoding/json"

	"github.com/sluicedb/sluice/sql"
)

// JSONRow is the type of json that is a row's; json_agg begins a line with it.
var JSONRow = sql.Type{OID: sql.OIDJSON, Mod: 1}

// jsonResult gives text that is JSON as the call's type has it.
func (r *Row) jsonResult(b []byte) error {
	if r.in.Call.T.OID != sql.OIDJSONB {
		return r.SetBytes(b)
	}
	s, err := sql.CanonicalJSONB(string(b))
	if err != nil {
		return err
	}
	return r.SetStr(s)
}

// appendJSONKey writes a value as the key of a JSON object.
func (e *Env) appendJSONKey(dst []byte, v *sql.Value, null error) ([]byte, error) {
	switch {
	case v.Null:
		return nil, null
	case v.Type.OID == sql.OIDJSON, v.Type.OID == sql.OIDJSONB, v.Type.OID == sql.OIDRecord, v.Type.IsArray():
		return nil, errJSONShape("key value must be scalar, not array, composite, or json")
	}
	text := e.appendJSON(nil, v)
	if text[0] != '"' {
		return sql.AppendJSONString(dst, text), nil
	}
	return append(dst, text...), nil
}

// defineJSONBuilders defines what makes json and jsonb of other values.
func defineJSONBuilders(d *defs) {
	for _, name := range []string{"json", "jsonb"} {
		array := each(func(r *Row) error {
			b := []byte{'['}
			for k := range r.NArgs() {
				if k > 0 {
					b = append(b, ", "...)
				}
				v := r.Value(k)
				b = r.Env().appendJSON(b, &v)
			}
			return r.jsonResult(append(b, ']'))
		})
		object := each(func(r *Row) error {
			if r.NArgs()%2 != 0 {
				return errJSONShape("argument list must have even number of elements")
			}
			b := []byte{'{'}
			for k := 0; k < r.NArgs(); k += 2 {
				if k > 0 {
					b = append(b, ", "...)
				}
				key, v := r.Value(k), r.Value(k+1)
				var err error
				if b, err = r.Env().appendJSONKey(b, &key, errJSONShape("argument %d cannot be null", k+1)); err != nil {
					return err
				}
				b = r.Env().appendJSON(append(b, " : "...), &v)
			}
			return r.jsonResult(append(b, '}'))
		})
		d.fn(name+"_build_array(any)", array)
		d.fn(name+"_build_array()", array)
		d.fn(name+"_build_object(any)", object)
		d.fn(name+"_build_object()", object)
		d.fn(name+"_object(_text)", each(func(r *Row) error {
			l := arrayArg(r, 0)
			if len(l)%2 != 0 {
				return sql.Errorf(sql.CodeArraySubscriptError, "array must have even number of elements")
			}
			var keys, values []sql.Value
			for i := 0; i < len(l); i += 2 {
				keys, values = append(keys, l[i]), append(values, l[i+1])
			}
			return r.textObject(keys, values)
		}))
		d.fn(name+"_object(_text,_text)", each(func(r *Row) error {
			keys, values := arrayArg(r, 0), arrayArg(r, 1)
			if len(keys) != len(values) {
				return sql.Errorf(sql.CodeArraySubscriptError, "mismatched array dimensions")
			}
			return r.textObject(keys, values)
		}))
		t := sql.T(sql.LookupTypeName(name).OID)
		d.agg(name+"_object_agg(any,any)", func(e *Env, a []sql.Type) AggState { return newObjectAgg(e, t) }, ordered)
	}
	// Its row has become json in the binder.
	asIs := each(func(r *Row) error { return r.SetBytes(r.Bytes(0)) })
	d.fn("row_to_json(record)", asIs)
	d.fn("row_to_json(record,bool)", asIs)
	toJSON := each(func(r *Row) error {
		pretty := r.NArgs() > 1 && r.Bool(1)
		b := []byte{'['}
		for i, e := range arrayArg(r, 0) {
			if i > 0 {
				b = append(b, ',')
				if pretty {
					b = append(b, "\n "...)
				}
			}
			b = r.Env().appendJSON(b, &e)
		}
		return r.SetBytes(append(b, ']'))
	})
	d.fn("array_to_json(anyarray)", toJSON)
	d.fn("array_to_json(anyarray,bool)", toJSON)
	// A row comes as the names of its fields, whether it is to have lines, and its values:
	// the binder writes row_to_json and to_json of rows so. It has no name to be called by.
	d.r.jsonOfRow = &Func{Name: "row_to_json", OID: oidJSONOfRow, Args: []sql.OID{sql.ArrayOf(sql.OIDText), sql.OIDBool, sql.OIDAny}, Variadic: true,
		Ret: sql.OIDJSON, Vol: Stable, Leaky: true, Kernel: each(func(r *Row) error {
			names, lines := arrayArg(r, 0), !r.Null(1) && r.Bool(1)
			b := []byte{'{'}
			for k := range names {
				if k > 0 {
					b = append(b, ',')
					if lines {
						b = append(b, "\n "...)
					}
				}
				v := r.Value(k + 2)
				b = append(sql.AppendJSONString(b, names[k].S), ':')
				b = r.Env().appendJSON(b, &v)
			}
			return r.SetBytes(append(b, '}'))
		})}
	d.r.byOID[oidJSONOfRow] = d.r.jsonOfRow
}

// JSONOfRow is the function that makes JSON of a row's names and values.
func (r *Registry) JSONOfRow() *Func { return r.jsonOfRow }

// textObject makes an object of keys and texts.
func (r *Row) textObject(keys, values []sql.Value) error {
	b := []byte{'{'}
	for i := range keys {
		if keys[i].Null {
			return sql.Errorf(sql.CodeNullValueNotAllowed, "null value not allowed for object key")
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(sql.AppendJSONString(b, keys[i].S), " : "...)
		b = r.Env().appendJSON(b, &values[i])
	}
	return r.jsonResult(append(b, '}'))
}

// newObjectAgg collects members of an object.
func newObjectAgg(e *Env, t sql.Type) AggState {
	return newMembers(t, func(l []sql.Value) (sql.Value, error) {
		b := []byte("{ ")
		for i := 0; i < len(l); i += 2 {
			if i > 0 {
				b = append(b, ", "...)
			}
			var err error
			if b, err = e.appendJSONKey(b, &l[i], errJSONShape("field name must not be null")); err != nil {
				return sql.Value{}, err
			}
			b = e.appendJSON(append(b, " : "...), &l[i+1])
		}
		s := string(append(b, " }"...))
		if t.OID == sql.OIDJSONB {
			var err error
			if s, err = sql.CanonicalJSONB(s); err != nil {
				return sql.Value{}, err
			}
		}
		return sql.Value{Type: t, S: s}, nil
	})
}

// defineJSONEdits defines operators and functions that change or search jsonb.
func defineJSONEdits(d *defs) {
	d.op("jsonb @> jsonb", each(func(r *Row) error { return r.SetBool(containsJSONB(r.Bytes(0), r.Bytes(1), true)) }), safe)
	d.op("jsonb <@ jsonb", each(func(r *Row) error { return r.SetBool(containsJSONB(r.Bytes(1), r.Bytes(0), true)) }), safe)
	d.op("jsonb ? text", each(func(r *Row) error { return r.SetBool(existsJSONB(r.Bytes(0), r.Str(1))) }), safe)
	exists := func(all bool) Kernel {
		return each(func(r *Row) error {
			for _, k := range arrayArg(r, 1) {
				if !k.Null && existsJSONB(r.Bytes(0), k.S) != all {
					return r.SetBool(!all)
				}
			}
			return r.SetBool(all)
		})
	}
	d.op("jsonb ?| _text", exists(false), safe)
	d.op("jsonb ?& _text", exists(true), safe)
	without := func(r *Row, drop func(key string) bool) error {
		doc := r.Bytes(0)
		switch jsonKind(doc) {
		case '{':
			var keep []member
			for _, m := range jsonMembers(doc) {
				if !drop(m.key) {
					keep = append(keep, m)
				}
			}
			return r.SetBytes(appendObject(nil, keep))
		case '[':
			var keep []json.RawMessage
			for _, v := range jsonElements(doc) {
				if s, ok := jsonText(v); !ok || jsonKind(v) != '"' || !drop(s) {
					keep = append(keep, v)
				}
			}
			return r.SetBytes(appendArray(nil, keep))
		}
		return errJSONShape("cannot delete from scalar")
	}
	d.op("jsonb - text", each(func(r *Row) error { return without(r, func(k string) bool { return k == r.Str(1) }) }))
	d.op("jsonb - _text", each(func(r *Row) error {
		drop := map[string]bool{}
		for _, k := range arrayArg(r, 1) {
			if !k.Null {
				drop[k.S] = true
			}
		}
		return without(r, func(k string) bool { return drop[k] })
	}))
	d.op("jsonb - int4", each(func(r *Row) error {
		doc := r.Bytes(0)
		switch jsonKind(doc) {
		case '[':
		case '{':
			return errJSONShape("cannot delete from object using integer index")
		default:
			return errJSONShape("cannot delete from scalar")
		}
		l, i := jsonElements(doc), r.Int(1)
		if i < 0 {
			i += int64(len(l))
		}
		if i < 0 || i >= int64(len(l)) {
			return r.SetBytes(doc)
		}
		return r.SetBytes(appendArray(nil, append(l[:i:i], l[i+1:]...)))
	}))
	edit := func(mode editMode) Kernel {
		return each(func(r *Row) error {
			e := jsonEdit{mode: mode}
			path := arrayArg(r, 1)
			if mode != editDelete {
				e.value = r.Bytes(2)
				if mode == editInsert {
					e.after = r.NArgs() > 3 && r.Bool(3)
				} else {
					e.create = r.NArgs() <= 3 || r.Bool(3)
				}
			}
			return e.run(r, path)
		})
	}
	d.op("jsonb #- _text", edit(editDelete))
	d.fn("jsonb_set(jsonb,_text,jsonb,bool)", edit(editSet))
	d.fn("jsonb_insert(jsonb,_text,jsonb,bool)", edit(editInsert))
	d.fn("jsonb_set_lax(jsonb,_text,jsonb,bool,text)", each(func(r *Row) error {
		if r.Null(0) || r.Null(1) || r.NArgs() > 3 && r.Null(3) {
			return r.SetNull()
		}
		how := "use_json_null"
		if r.NArgs() > 4 {
			if r.Null(4) {
				return errJSONShape("null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
			}
			how = r.Str(4)
		}
		e := jsonEdit{mode: editSet, create: r.NArgs() <= 3 || r.Bool(3)}
		switch {
		case !r.Null(2):
			e.value = r.Bytes(2)
		case how == "raise_exception":
			return sql.Errorf(sql.CodeNullValueNotAllowed, "JSON value must not be null")
		case how == "use_json_null":
			e.value = []byte("null")
		case how == "delete_key":
			e.mode = editDelete
		case how == "return_target":
			return r.SetBytes(r.Bytes(0))
		default:
			return errJSONShape("null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
		}
		return e.run(r, arrayArg(r, 1))
	}))
	d.fn("jsonb_pretty(jsonb)", each(func(r *Row) error { return r.SetBytes(prettyJSONB(nil, r.Bytes(0), 0)) }), safe)
	d.fn("json_strip_nulls(json)", each(func(r *Row) error { return r.SetBytes(stripNulls(r.Bytes(0))) }), safe)
	d.fn("jsonb_strip_nulls(jsonb)", each(func(r *Row) error {
		s, err := sql.CanonicalJSONB(string(stripNulls(r.Bytes(0))))
		if err != nil {
			return err
		}
		return r.SetStr(s)
	}))
}
