package expr

import (
	"encoding/json"

	"github.com/sluicedb/sluice/sql"
)

// SetColumn is a column of a set-returning function with named results.
type SetColumn struct {
	Name string
	T    sql.Type
}

// columns names the results of a set-returning function.
func columns(list ...SetColumn) option { return func(f *Func) { f.Columns = list } }

func errJSONShape(format string, args ...any) error {
	return sql.Errorf(sql.CodeInvalidParameterValue, format, args...)
}

// defineJSONSets defines what makes rows of json and jsonb.
func defineJSONSets(d *defs) {
	// value is one as json or jsonb, or as ->> has it.
	value := func(t sql.Type, v json.RawMessage) sql.Value {
		if t.OID != sql.OIDText {
			return sql.Value{Type: t, S: string(v)}
		}
		s, ok := jsonText(v)
		if !ok {
			return sql.NullOf(sql.Text)
		}
		return sql.TextValue(s)
	}
	for _, name := range []string{"json", "jsonb"} {
		own := sql.T(sql.LookupTypeName(name).OID)
		for suffix, t := range map[string]sql.Type{"": own, "_text": sql.Text} {
			d.fn(name+"_array_elements"+suffix+"("+name+")", nil, columns(SetColumn{"value", t}), set(func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
				if a[0].Null {
					return nil
				}
				if k := jsonKind([]byte(a[0].S)); k != '[' {
					if k == '{' {
						return errJSONShape("cannot extract elements from an object")
					}
					return errJSONShape("cannot extract elements from a scalar")
				}
				for _, v := range jsonElements([]byte(a[0].S)) {
					if !emit([]sql.Value{value(t, v)}) {
						break
					}
				}
				return nil
			}))
			d.fn(name+"_each"+suffix+"("+name+")", nil, columns(SetColumn{"key", sql.Text}, SetColumn{"value", t}), set(func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
				if a[0].Null {
					return nil
				}
				if jsonKind([]byte(a[0].S)) != '{' {
					return errJSONShape("cannot call %s_each%s on a non-object", name, suffix)
				}
				for _, m := range jsonMembers([]byte(a[0].S)) {
					if !emit([]sql.Value{sql.TextValue(m.key), value(t, m.value)}) {
						break
					}
				}
				return nil
			}))
		}
		d.fn(name+"_object_keys("+name+")", nil, set(func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
			if a[0].Null {
				return nil
			}
			if k := jsonKind([]byte(a[0].S)); k != '{' {
				if k == '[' {
					return errJSONShape("cannot call %s_object_keys on an array", name)
				}
				return errJSONShape("cannot call %s_object_keys on a scalar", name)
			}
			for _, m := range jsonMembers([]byte(a[0].S)) {
				if !emit([]sql.Value{sql.TextValue(m.key)}) {
					break
				}
			}
			return nil
		}))
	}
}
