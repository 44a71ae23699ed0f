package expr

import "github.com/sluicedb/sluice/sql"

// concatJSONB is jsonb || jsonb over canonical texts: objects merge, arrays follow
// each other, anything beside an array or another scalar becomes an element.
func concatJSONB(a, b string) (string, error) {
	inner := func(s string) string { return s[1 : len(s)-1] }
	join := func(open, l, r, end string) (string, error) {
		if l != "" && r != "" {
			l += ", "
		}
		return sql.CanonicalJSONB(open + l + r + end)
	}
	object := func(s string) bool { return s[0] == '{' }
	array := func(s string) bool { return s[0] == '[' }
	if object(a) && object(b) {
		return join("{", inner(a), inner(b), "}")
	}
	if array(a) {
		a = inner(a)
	}
	if array(b) {
		b = inner(b)
	}
	return join("[", a, b, "]")
}

func defineJSONConcat(d *defs) {
	d.op("jsonb || jsonb", each(func(r *Row) error {
		s, err := concatJSONB(r.Str(0), r.Str(1))
		if err != nil {
			return err
		}
		return r.SetStr(s)
	}))
}
