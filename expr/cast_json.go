package expr

import (
	"time"

	"github.com/sluicedb/sluice/sql"
)

// jsonKinds are what the first byte of a jsonb value's text says of it.
var jsonKinds = map[byte]string{'n': "null", 't': "boolean", 'f': "boolean", '"': "string", '[': "array", '{': "object"}

// castJSON defines casts among json and jsonb, and those of scalars in jsonb.
func castJSON(d *defs) {
	d.castTo(sql.OIDJSON, sql.OIDJSONB, fromText)
	d.castTo(sql.OIDJSONB, sql.OIDJSON, each(func(r *Row) error { return r.SetBytes(r.Bytes(0)) }), safe)
	refused := func(s []byte, t sql.Type) error {
		kind := jsonKinds[s[0]]
		if kind == "" {
			kind = "numeric"
		}
		return sql.Errorf(sql.CodeInvalidParameterValue, "cannot cast jsonb %s to type %s", kind, sql.FormatType(t.OID, -1))
	}
	d.castTo(sql.OIDJSONB, sql.OIDBool, each(func(r *Row) error {
		s := r.Bytes(0)
		if jsonKinds[s[0]] != "boolean" {
			return refused(s, sql.Bool)
		}
		return r.SetBool(s[0] == 't')
	}))
	number := func(s []byte, t sql.Type) (sql.Num, error) {
		if jsonKinds[s[0]] != "" {
			return sql.Num{}, refused(s, t)
		}
		v, err := sql.ParseText(sql.Numeric, string(s), nil, time.Time{})
		return v.Num, err
	}
	for _, t := range []sql.Type{sql.Int2, sql.Int4, sql.Int8} {
		d.castTo(sql.OIDJSONB, t.OID, each(func(r *Row) error {
			n, err := number(r.Bytes(0), t)
			if err != nil {
				return err
			}
			x, err := n.ToInt(t.OID)
			if err != nil {
				return err
			}
			return r.SetInt(x)
		}))
	}
	d.castTo(sql.OIDJSONB, sql.OIDFloat8, each(func(r *Row) error {
		n, err := number(r.Bytes(0), sql.Float8)
		if err != nil {
			return err
		}
		return r.SetFloat(n.Float64())
	}))
	d.castTo(sql.OIDJSONB, sql.OIDFloat4, each(func(r *Row) error {
		n, err := number(r.Bytes(0), sql.Float4)
		if err != nil {
			return err
		}
		f, err := n.Float32()
		if err != nil {
			return err
		}
		return r.SetFloat(float64(f))
	}))
	d.castTo(sql.OIDJSONB, sql.OIDNumeric, func(in *Input) error {
		r := Row{in: in}
		return toNumeric(in, func(i int32) (sql.Num, error) {
			r.i = int(i)
			return number(r.Bytes(0), sql.Numeric)
		})
	})
}
