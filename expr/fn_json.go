package expr

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/sluicedb/sluice/sql"
)

// appendJSON appends a value as to_json writes it.
func (e *Env) appendJSON(dst []byte, v *sql.Value) []byte {
	if v.Null {
		return append(dst, "null"...)
	}
	switch v.Type.OID {
	case sql.OIDBool:
		return strconv.AppendBool(dst, v.I != 0)
	case sql.OIDJSON, sql.OIDJSONB:
		return append(dst, v.S...)
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDFloat4, sql.OIDFloat8, sql.OIDNumeric:
		n := len(dst)
		dst = e.AppendText(dst, *v)
		if c := dst[len(dst)-1]; c < '0' || c > '9' { // NaN and infinity are quoted
			return sql.AppendJSONString(dst[:n], string(dst[n:]))
		}
		return dst
	case sql.OIDTimestamp, sql.OIDTimestamptz:
		f := *e
		f.Fmt.DateStyle = sql.DateISO
		s := f.AppendText(nil, *v)
		if i := bytes.IndexByte(s, ' '); i >= 0 && s[i-1] >= '0' && s[i-1] <= '9' {
			s[i] = 'T'
		}
		if v.Type.OID == sql.OIDTimestamptz && len(s) > 3 && (s[len(s)-3] == '+' || s[len(s)-3] == '-') {
			s = append(s, ":00"...)
		}
		return sql.AppendJSONString(dst, s)
	}
	if v.Type.IsArray() {
		dst = append(dst, '[')
		for i := range v.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.appendJSON(dst, &v.List[i])
		}
		return append(dst, ']')
	}
	return sql.AppendJSONString(dst, e.AppendText(nil, *v))
}

// jsonField returns the text of an object's member; the last one of a name counts.
func jsonField(doc []byte, name string) (out json.RawMessage) {
	for _, m := range jsonMembers(doc) {
		if m.key == name {
			out = m.value
		}
	}
	return out
}

// jsonElem returns an array's element; negative counts from the end.
func jsonElem(doc []byte, i int64) json.RawMessage {
	doc = bytes.TrimSpace(doc)
	if len(doc) == 0 || doc[0] != '[' {
		return nil
	}
	var l []json.RawMessage
	if json.Unmarshal(doc, &l) != nil {
		return nil
	}
	if i < 0 {
		i += int64(len(l))
	}
	if i < 0 || i >= int64(len(l)) {
		return nil
	}
	return l[i]
}

// jsonText is a value as ->> shows it; ok is false for JSON null.
func jsonText(v json.RawMessage) (s string, ok bool) {
	switch {
	case len(v) == 0 || string(v) == "null":
		return "", false
	case v[0] == '"':
		if json.Unmarshal(v, &s) != nil {
			return string(v), true
		}
		return s, true
	}
	return string(v), true
}

func jsonPath(doc []byte, path []sql.Value) json.RawMessage {
	for i := range path {
		if path[i].Null {
			return nil
		}
		doc = bytes.TrimSpace(doc)
		if len(doc) == 0 {
			return nil
		}
		switch doc[0] {
		case '{':
			doc = jsonField(doc, path[i].S)
		case '[':
			n, err := strconv.ParseInt(path[i].S, 10, 32)
			if err != nil {
				return nil
			}
			doc = jsonElem(doc, n)
		default:
			return nil
		}
		if doc == nil {
			return nil
		}
	}
	return doc
}

// defineJSON defines access to json and jsonb.
func defineJSON(d *defs) {
	give := func(r *Row, v json.RawMessage, text bool) error {
		if v == nil {
			return r.SetNull()
		}
		if !text {
			return r.SetBytes(v)
		}
		s, ok := jsonText(v)
		if !ok {
			return r.SetNull()
		}
		return r.SetStr(s)
	}
	field := func(text bool) Kernel {
		return each(func(r *Row) error { return give(r, jsonField(r.Bytes(0), r.Str(1)), text) })
	}
	elem := func(text, scalar bool) Kernel {
		return each(func(r *Row) error {
			b := r.Bytes(0)
			if i := r.Int(1); scalar && (i == 0 || i == -1) && len(b) > 0 && b[0] != '[' && b[0] != '{' {
				return give(r, b, text) // a jsonb scalar counts as an array of itself
			}
			return give(r, jsonElem(b, r.Int(1)), text)
		})
	}
	path := func(text bool) Kernel {
		return each(func(r *Row) error { return give(r, jsonPath(r.Bytes(0), r.Value(1).List), text) })
	}
	args := func(text bool) Kernel { // VARIADIC: elements, or one array
		return each(func(r *Row) error {
			var l []sql.Value
			for k := 1; k < r.NArgs(); k++ {
				if v := r.Value(k); v.Type.IsArray() {
					l = append(l, v.List...)
				} else {
					l = append(l, v)
				}
			}
			return give(r, jsonPath(r.Bytes(0), l), text)
		})
	}
	for _, t := range []string{"json", "jsonb"} {
		d.op(t+" -> text", field(false), safe)
		d.op(t+" ->> text", field(true), safe)
		d.op(t+" -> int4", elem(false, t == "jsonb"), safe)
		d.op(t+" ->> int4", elem(true, t == "jsonb"), safe)
		d.op(t+" #> _text", path(false), safe)
		d.op(t+" #>> _text", path(true), safe)
		d.fn(t+"_extract_path("+t+",_text)", args(false), safe)
		d.fn(t+"_extract_path_text("+t+",_text)", args(true), safe)
		d.fn(t+"_typeof("+t+")", each(func(r *Row) error {
			b := bytes.TrimSpace(r.Bytes(0))
			if len(b) == 0 {
				return r.SetNull()
			}
			switch b[0] {
			case '{':
				return r.SetStr("object")
			case '[':
				return r.SetStr("array")
			case '"':
				return r.SetStr("string")
			case 't', 'f':
				return r.SetStr("boolean")
			case 'n':
				return r.SetStr("null")
			}
			return r.SetStr("number")
		}), safe)
		d.fn(t+"_array_length("+t+")", each(func(r *Row) error {
			b := bytes.TrimSpace(r.Bytes(0))
			var l []json.RawMessage
			if len(b) == 0 || b[0] != '[' || json.Unmarshal(b, &l) != nil {
				what := "a scalar"
				if len(b) > 0 && b[0] == '{' {
					what = "a non-array"
				}
				return sql.Errorf(sql.CodeInvalidParameterValue, "cannot get array length of %s", what)
			}
			return r.SetInt(int64(len(l)))
		}))
	}
	d.fn("to_json(anyelement)", each(func(r *Row) error {
		v := r.Value(0)
		r.buf = r.Env().appendJSON(r.buf[:0], &v)
		return r.SetBytes(r.buf)
	}), safe)
	d.fn("to_jsonb(anyelement)", each(func(r *Row) error {
		v := r.Value(0)
		s, err := sql.CanonicalJSONB(string(r.Env().appendJSON(nil, &v)))
		if err != nil {
			return err
		}
		return r.SetStr(s)
	}))
}
