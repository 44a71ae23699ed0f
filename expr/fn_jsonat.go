package expr

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// defineJSONPaths defines what Athena's json_extract and its kin stand for: paths of
// the form $.a.b[0]["c"], over text, NULL for what is no JSON or not there.
func defineJSONPaths(d *defs) {
	at := func(f func(r *Row, v json.RawMessage) error) Kernel {
		return each(func(r *Row) error {
			steps, err := jsonSteps(r.Str(1))
			if err != nil {
				return err
			}
			doc := r.Bytes(0)
			if !json.Valid(doc) {
				return r.SetNull()
			}
			v := jsonPath(doc, steps)
			if v == nil {
				return r.SetNull()
			}
			return f(r, v)
		})
	}
	d.dialectFn(Athena, "json_at(text,text)", sql.OIDText, at(func(r *Row, v json.RawMessage) error { return r.SetBytes(v) }))
	d.dialectFn(Athena, "json_scalar_at(text,text)", sql.OIDText, at(func(r *Row, v json.RawMessage) error {
		s, ok := jsonText(v)
		if !ok || v[0] == '{' || v[0] == '[' {
			return r.SetNull()
		}
		return r.SetStr(s)
	}))
	d.dialectFn(Athena, "json_size_at(text,text)", sql.OIDInt8, at(func(r *Row, v json.RawMessage) error {
		switch v[0] {
		case '[':
			var l []json.RawMessage
			if json.Unmarshal(v, &l) != nil {
				return r.SetNull()
			}
			return r.SetInt(int64(len(l)))
		case '{':
			var m map[string]json.RawMessage
			if json.Unmarshal(v, &m) != nil {
				return r.SetNull()
			}
			return r.SetInt(int64(len(m)))
		}
		return r.SetInt(0)
	}))
	valid := each(func(r *Row) error { return r.SetBool(json.Valid(r.Bytes(0))) })
	d.dialectFn(Redshift, "is_valid_json(text)", sql.OIDBool, valid)
	d.dialectFn(Redshift, "can_json_parse(text)", sql.OIDBool, valid)
	d.dialectFn(Redshift, "is_valid_json_array(text)", sql.OIDBool, each(func(r *Row) error {
		s := strings.TrimSpace(r.Str(0))
		return r.SetBool(strings.HasPrefix(s, "[") && json.Valid([]byte(s)))
	}))
}

// jsonSteps reads a path into the texts that #> takes.
func jsonSteps(path string) ([]sql.Value, error) {
	bad := sql.Errorf(sql.CodeInvalidParameterValue, "invalid JSON path %q", path).WithHint("A path looks like $.a.b[0].")
	s, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, bad
	}
	var out []sql.Value
	for s != "" {
		switch {
		case s[0] == '.' && len(s) > 1 && s[1] != '.' && s[1] != '[':
			s = s[1:]
			n := strings.IndexAny(s, ".[")
			if n < 0 {
				n = len(s)
			}
			out, s = append(out, sql.TextValue(s[:n])), s[n:]
		case strings.HasPrefix(s, `["`):
			name, rest, ok := strings.Cut(s[2:], `"]`)
			if !ok {
				return nil, bad
			}
			out, s = append(out, sql.TextValue(name)), rest
		case s[0] == '[':
			index, rest, ok := strings.Cut(s[1:], "]")
			if _, err := strconv.ParseUint(index, 10, 31); err != nil || !ok {
				return nil, bad
			}
			out, s = append(out, sql.TextValue(index)), rest
		default:
			return nil, bad
		}
	}
	for _, v := range out {
		if v.S == "*" {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "the wildcard in JSON path %q is not supported", path)
		}
	}
	return out, nil
}
