package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// sameElement compares elements as array functions do: NULLs are equal.
func sameElement(a, b *sql.Value) bool {
	return a.Null == b.Null && (a.Null || vector.CompareValues(a, b) == 0)
}

// defineArrayEdits defines functions that change arrays or describe them.
func defineArrayEdits(d *defs) {
	own := retType(func(args []sql.Type) sql.Type { return sql.T(args[0].OID) })
	d.fn("array_dims(anyarray)", each(func(r *Row) error {
		n := int64(len(arrayArg(r, 0)))
		if n == 0 {
			return r.SetNull()
		}
		lo := lowerBound(r.Type(0))
		return r.SetStr(fmt.Sprintf("[%d:%d]", lo, lo+n-1))
	}), safe)
	d.fn("array_replace(anycompatiblearray,anycompatible,anycompatible)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetNull()
		}
		v, from, to := sql.Value{Type: r.in.Call.T}, r.Value(1), r.Value(2)
		for _, e := range arrayArg(r, 0) {
			if sameElement(&e, &from) {
				e = to
			}
			v.List = append(v.List, e)
		}
		return r.Set(v)
	}), safe, own)
	d.fn("trim_array(anyarray,int4)", each(func(r *Row) error {
		v, n := r.Value(0), r.Int(1)
		if n < 0 || n > int64(len(v.List)) {
			return sql.Errorf("2202E", "number of elements to trim must be between 0 and %d", len(v.List))
		}
		v.List = v.List[:int64(len(v.List))-n]
		return r.Set(v)
	}), own)
	d.fn("array_position(anycompatiblearray,anycompatible,int4)", each(func(r *Row) error {
		if r.Null(0) || len(arrayArg(r, 0)) == 0 {
			return r.SetNull()
		}
		if r.Null(1) && !slices.ContainsFunc(arrayArg(r, 0), func(e sql.Value) bool { return e.Null }) {
			return r.SetNull()
		}
		if r.Null(2) {
			return sql.Errorf(sql.CodeNullValueNotAllowed, "initial position must not be null")
		}
		x, lo := r.Value(1), lowerBound(r.Type(0))
		for i, e := range arrayArg(r, 0) {
			if at := int64(i) + lo; at >= r.Int(2) && sameElement(&e, &x) {
				return r.SetInt(at)
			}
		}
		return r.SetNull()
	}))
	d.fn("width_bucket(anycompatible,anycompatiblearray)", each(func(r *Row) error {
		l, x := arrayArg(r, 1), r.Value(0)
		n := int64(0)
		for i := range l {
			if l[i].Null {
				return sql.Errorf(sql.CodeNullValueNotAllowed, "thresholds array must not contain NULLs")
			}
		}
		for lo, hi := 0, len(l); lo < hi; {
			mid := (lo + hi) / 2
			if vector.CompareValues(&x, &l[mid]) < 0 {
				hi = mid
			} else {
				lo = mid + 1
			}
			n = int64(lo)
		}
		return r.SetInt(n)
	}))
	d.fn("string_to_table(text,text,text)", nil, safe, set(func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if a[0].Null {
			return nil
		}
		for _, p := range splitText(a[0].S, a[1]) {
			v := sql.TextValue(p)
			if !a[2].Null && p == a[2].S {
				v = sql.NullOf(sql.Text)
			}
			if !emit([]sql.Value{v}) {
				break
			}
		}
		return nil
	}))
	quote := func(null string) Kernel {
		return each(func(r *Row) error {
			if r.Null(0) {
				return r.SetStr(null)
			}
			v := r.Value(0)
			if v.Type.OID == sql.OIDBool { // it is cast to text, which is not its output form
				return r.SetStr(quoteLiteral(strconv.FormatBool(v.I != 0)))
			}
			return r.SetStr(quoteLiteral(string(r.Env().AppendText(nil, v))))
		})
	}
	d.fn("quote_literal(anyelement)", quote(""))
	d.fn("quote_nullable(anyelement)", quote("NULL"))
	d.fn("parse_ident(text,bool)", each(func(r *Row) error {
		list, err := parseIdent(r.Str(0), r.NArgs() < 2 || r.Bool(1))
		if err != nil {
			return err
		}
		v := sql.Value{Type: sql.Array(sql.OIDText)}
		for _, s := range list {
			v.List = append(v.List, sql.TextValue(s))
		}
		return r.Set(v)
	}))
}

// parseIdent is parse_ident: the parts of a qualified name.
func parseIdent(s string, strict bool) ([]string, error) {
	bad := func(detail string, args ...any) error {
		e := sql.Errorf(sql.CodeInvalidParameterValue, "string is not a valid identifier: %q", s)
		if detail != "" {
			e = e.WithDetail(detail, args...)
		}
		return e
	}
	blank := func(p string) string { return strings.TrimLeft(p, " \t\n\r\f\v") }
	start := func(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 }
	var out []string
	for p, after := blank(s), false; ; {
		missing := true
		if strings.HasPrefix(p, `"`) {
			var name strings.Builder
			p = p[1:]
			for {
				q := strings.IndexByte(p, '"')
				if q < 0 {
					return nil, bad("String has unclosed double quotes.")
				}
				name.WriteString(p[:q])
				if p = p[q+1:]; !strings.HasPrefix(p, `"`) {
					break
				}
				name.WriteByte('"')
				p = p[1:]
			}
			if name.Len() == 0 {
				return nil, bad("Quoted identifier must not be empty.")
			}
			out, missing = append(out, name.String()), false
		} else if p != "" && start(p[0]) {
			n := 0
			for n < len(p) && (start(p[n]) || p[n] >= '0' && p[n] <= '9' || p[n] == '$') {
				n++
			}
			lower := []byte(p[:n])
			for i, c := range lower {
				if c >= 'A' && c <= 'Z' {
					lower[i] = c + 'a' - 'A'
				}
			}
			out, p, missing = append(out, string(lower)), p[n:], false
		}
		if missing {
			switch {
			case strings.HasPrefix(p, "."):
				return nil, bad("No valid identifier before \".\".")
			case after:
				return nil, bad("No valid identifier after \".\".")
			}
			return nil, bad("")
		}
		p = blank(p)
		switch {
		case strings.HasPrefix(p, "."):
			after, p = true, blank(p[1:])
			continue
		case p == "" || !strict:
			return out, nil
		}
		return nil, bad("")
	}
}
