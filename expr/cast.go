package expr

import (
	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// CastType is the type of a cast call from one type to another with a modifier:
// the target, in static decimal form where the source's values allow it.
func CastType(from, to sql.Type) sql.Type {
	if to.OID != sql.OIDNumeric {
		return to
	}
	to.Dec = sql.Dec{}
	p, s, mod := sql.NumericPS(to.Mod)
	fits := mod && p <= sql.MaxDecPrecision && s >= 0 && s <= p
	switch {
	case from.OID == sql.OIDInt2 && !mod:
		to.Dec = sql.Dec{P: 5}
	case from.OID == sql.OIDInt4 && !mod:
		to.Dec = sql.Dec{P: 10}
	case from.OID == sql.OIDInt8 && !mod:
		to.Dec = sql.Dec{P: 19}
	case from.IsInteger() || from.OID == sql.OIDNumeric && from.Dec.Static():
		if fits {
			to.Dec = sql.Dec{P: uint8(p), S: uint8(s)}
		} else if !mod {
			to.Dec = from.Dec
		}
	}
	return to
}

// intNumeric is the static form in which integers take part in numeric arithmetic.
func intNumeric(args []sql.Type) sql.Type { return CastType(args[0], sql.Numeric) }

// castTo defines a cast with a kernel; facts (OID, context) come from pg_cast, and
// a cast that is not there is one by way of text, which is explicit from strings
// and for assignment to them.
func (d *defs) castTo(from, to sql.OID, k Kernel, opts ...option) *Func {
	f := &Func{Name: typeName(to), Kind: KindCast, Args: []sql.OID{from}, Ret: to, Strict: true, Raises: true, Leaky: true, Kernel: k}
	if c := d.castFacts[[2]sql.OID{from, to}]; c != nil {
		f.OID = c.OID
		switch c.Context {
		case 'a':
			f.Context = CastAssignment
		case 'i':
			f.Context = CastImplicit
		}
		if p := d.procByOID[c.Func]; p != nil {
			f.Vol, f.Leaky = volatility[p.Vol], !p.Leakproof
		}
	} else if t := sql.LookupType(to); t != nil && t.Category == 'S' {
		f.Context = CastAssignment
	}
	for _, o := range opts {
		o(f)
	}
	d.r.casts[[2]sql.OID{from, to}] = f
	return f
}

func coercible(f *Func) { f.identity, f.Raises, f.Leaky = true, false, false }

func volatile(v Volatility) option { return func(f *Func) { f.Vol = v } }

// defineCasts defines the casts between scalar types.
func defineCasts(d *defs) {
	d.castFacts = map[[2]sql.OID]*pgfacts.Cast{}
	casts := pgfacts.Casts()
	for i := range casts {
		d.castFacts[[2]sql.OID{casts[i].Source, casts[i].Target}] = &casts[i]
	}
	castText(d)
	for i := range casts { // binary-coercible pairs, unless a modifier is to be applied
		if c := &casts[i]; c.Method == 'b' && known(c.Source) && known(c.Target) {
			d.castTo(c.Source, c.Target, nil, coercible)
		}
	}
	castIntegers(d)
	castFloats(d)
	castNumerics(d)
	castStrings(d)
	castTimes(d)
	castJSON(d)
}

// castText defines casts from and to text, varchar and bpchar through the types'
// text forms.
func castText(d *defs) {
	for _, t := range sql.Types() {
		if t.Kind != 'b' && t.OID != sql.OIDRecord || t.OID == sql.OIDUnknown {
			continue
		}
		vol := textVolatility(t.OID)
		for _, s := range []sql.OID{sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDName, sql.OIDUnknown, sql.OIDCstring} {
			if s == t.OID {
				continue
			}
			if s != sql.OIDUnknown && s != sql.OIDCstring {
				d.castTo(t.OID, s, toText, volatile(vol))
			}
			if t.OID != sql.OIDRecord {
				d.castTo(s, t.OID, fromText, volatile(vol))
			}
		}
	}
}

// textVolatility is Stable for types whose text form depends on settings or the catalog.
func textVolatility(t sql.OID) Volatility {
	if e := sql.ElemOf(t); e != 0 {
		t = e
	}
	switch t {
	case sql.OIDDate, sql.OIDTimetz, sql.OIDTime, sql.OIDTimestamp, sql.OIDTimestamptz, sql.OIDInterval, sql.OIDRecord,
		sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper, sql.OIDRegclass, sql.OIDRegtype, sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegcollation:
		return Stable
	}
	return Immutable
}

// toText gives the text form of any value, cut to the target's length.
var toText = each(func(r *Row) error {
	r.buf = r.Env().AppendText(r.buf[:0], r.Value(0))
	t := r.in.Call.T
	if t.OID == sql.OIDText || t.OID != sql.OIDName && t.Mod < 0 {
		return r.SetBytes(r.buf)
	}
	s, err := sql.ApplyStringMod(t, string(r.buf), true)
	if err != nil {
		return err
	}
	return r.SetStr(s)
})

// fromText reads any value.
var fromText = each(func(r *Row) error {
	v, err := r.Env().ParseText(r.in.Call.T, string(r.Bytes(0)))
	if err != nil {
		return err
	}
	return r.Set(v)
})

// AppendText appends a value's text form, with the session's settings and the
// names of OID aliases.
func (e *Env) AppendText(dst []byte, v sql.Value) []byte {
	if isReg(v.Type.OID) && e.Catalog != nil {
		if v.I == 0 {
			return append(dst, '-')
		}
		if s, ok := e.Catalog.NameOf(v.Type.OID, sql.OID(v.I)); ok {
			return append(dst, s...)
		}
	}
	return sql.AppendText(dst, v, &e.Fmt)
}

// ParseText reads a value of type t.
func (e *Env) ParseText(t sql.Type, s string) (sql.Value, error) {
	if isReg(t.OID) && e.Catalog != nil && !isNumber(s) && s != "-" {
		oid, err := e.Catalog.Lookup(t.OID, s)
		return sql.Value{Type: t, I: int64(oid)}, err
	}
	v, err := sql.ParseText(t, s, &e.Fmt, e.TxnNow)
	if err == nil && (len(v.Dims) > 1 || len(v.Dims) == 1 && v.Dims[0].Lower != 1) {
		return v, sql.Errorf(sql.CodeFeatureNotSupported, "arrays of more than one dimension, or that do not begin at 1, are not supported")
	}
	return v, err
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isReg(o sql.OID) bool {
	switch o {
	case sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper, sql.OIDRegclass, sql.OIDRegtype, sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegcollation:
		return true
	}
	return false
}

// maxCharMod is the modifier of the longest char(n), which has 10,485,760 characters.
const maxCharMod = 10485760 + 4

// castStrings defines casts among string types that are no plain relabelling.
func castStrings(d *defs) {
	mod := each(func(r *Row) error { // applies a length
		t := r.in.Call.T
		s := r.Bytes(0)
		if t.OID != sql.OIDBpchar && r.in.Args[0].Type.OID == sql.OIDBpchar {
			s = vector.TrimBlanks(s)
		}
		if t.Mod < 0 && t.OID != sql.OIDName {
			return r.SetBytes(s)
		}
		out, err := sql.ApplyStringMod(t, string(s), true)
		if err != nil {
			return err
		}
		return r.SetStr(out)
	})
	length := each(func(r *Row) error { // an assignment's: what would be cut is an error
		t := sql.Type{OID: r.in.Call.Fn.Ret, Mod: int32(r.Int(1))}
		if t.OID == sql.OIDBpchar && t.Mod > maxCharMod {
			return errTooLong()
		}
		out, err := sql.ApplyStringMod(t, string(r.Bytes(0)), r.Bool(2))
		if err != nil {
			return err
		}
		return r.SetStr(out)
	})
	d.fn("varchar(varchar,int4,bool)", length)
	d.fn("bpchar(bpchar,int4,bool)", length)
	strs := []sql.OID{sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDName}
	for _, from := range strs {
		for _, to := range strs {
			switch {
			case from == to && (from == sql.OIDText || from == sql.OIDName):
			case to == sql.OIDText && from == sql.OIDVarchar:
				d.castTo(from, to, nil, coercible)
			default:
				d.castTo(from, to, mod, safe)
			}
		}
	}
	for _, s := range strs {
		d.castTo(s, sql.OIDChar, each(func(r *Row) error { return r.SetStr(sql.ParseChar(r.Str(0))) }), safe)
	}
	boolText := each(func(r *Row) error { // unlike its output form, the cast spells the word
		s := "false"
		if r.Bool(0) {
			s = "true"
		}
		out, err := sql.ApplyStringMod(r.in.Call.T, s, true)
		if err != nil {
			return err
		}
		return r.SetStr(out)
	})
	for _, s := range strs[:3] {
		d.castTo(sql.OIDBool, s, boolText, safe)
	}
	d.castTo(sql.OIDChar, sql.OIDInt4, each(func(r *Row) error {
		if b := r.Bytes(0); len(b) > 0 {
			return r.SetInt(int64(int8(b[0])))
		}
		return r.SetInt(0)
	}), safe)
	d.castTo(sql.OIDInt4, sql.OIDChar, each(func(r *Row) error {
		x := r.Int(0)
		if x < -128 || x > 127 {
			return sql.Errorf(sql.CodeNumericOutOfRange, "\"char\" out of range")
		}
		if x == 0 {
			return r.SetStr("")
		}
		return r.SetBytes([]byte{byte(x)})
	}))
}

// known leaves out types that are listed but have no values here.
func known(o sql.OID) bool {
	t := sql.LookupType(o)
	return t != nil && t.Name != "regconfig" && t.Name != "regdictionary"
}
