package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// ColStats is what is known of a column in a set of rows (partition, file, row
// group, page).
type ColStats struct {
	Min, Max       sql.Value // of the column's type; bounds of the values that are not NULL
	HasMin, HasMax bool
	// MinExact and MaxExact tell that the bound is a value that occurs; a truncated
	// string bounds but is not exact.
	MinExact, MaxExact bool
	NullCount          int64 // -1 unknown
	Rows               int64 // -1 unknown
	// MayHaveNaN tells that floats may be NaN beside Min and Max (file formats
	// leave NaN out of their bounds). Statistics of a known value need not set it.
	MayHaveNaN bool
}

// Verdict says for how many rows a condition is true.
type Verdict uint8

// Verdicts. Some is "not known".
const (
	Some Verdict = iota
	None
	All
)

// Prune says whether a conjunct is true for no row, all rows, or maybe some, of a
// set of rows described by statistics; ok false from stats: nothing is known of
// the column. It raises nothing; where a bound is missing or an expression is not
// understood the answer is Some. Rows for which the conjunct would raise an error
// are never pruned away: only expressions that cannot raise are decided.
func Prune(env *Env, conjunct Expr, stats func(ColumnID) (ColStats, bool)) Verdict {
	p := pruner{env, stats}
	t := p.eval(conjunct)
	switch {
	case !t.canTrue:
		return None
	case !t.canFalse && !t.canNull:
		return All
	}
	return Some
}

// outcome says which values a boolean can take.
type outcome struct{ canTrue, canFalse, canNull bool }

var anyOutcome = outcome{true, true, true}

type pruner struct {
	env   *Env
	stats func(ColumnID) (ColStats, bool)
}

// span bounds the values of an expression: lo and hi nil if unbounded.
type span struct {
	lo, hi  *sql.Value
	canNull bool
	onlyNul bool
	point   bool // all values that are not NULL equal lo (= hi)
}

func (p *pruner) eval(e Expr) outcome {
	switch x := e.(type) {
	case *Const:
		if x.V.Null {
			return outcome{canNull: true}
		}
		return outcome{canTrue: x.V.I != 0, canFalse: x.V.I == 0}
	case *Logic:
		return p.logic(x)
	case *Not:
		o := p.eval(x.Arg)
		return outcome{o.canFalse, o.canTrue, o.canNull}
	case *IsNull:
		return p.isNull(x)
	case *InList:
		return p.inList(x)
	case *Call:
		if o, ok := p.call(x); ok {
			return o
		}
	}
	if s, ok := p.span(e); ok && e.Type().OID == sql.OIDBool {
		return boolSpan(s)
	}
	return anyOutcome
}

func boolSpan(s span) outcome {
	if s.onlyNul {
		return outcome{canNull: true}
	}
	o := outcome{true, true, s.canNull}
	if s.lo != nil && s.lo.I != 0 {
		o.canFalse = false
	}
	if s.hi != nil && s.hi.I == 0 {
		o.canTrue = false
	}
	return o
}

func (p *pruner) logic(x *Logic) outcome {
	and := x.Op == And
	r := outcome{canTrue: and, canFalse: !and}
	for i, a := range x.Args {
		o := p.eval(a)
		if and {
			r = outcome{
				canTrue:  r.canTrue && o.canTrue,
				canFalse: r.canFalse || o.canFalse,
				canNull:  r.canNull && (o.canNull || o.canTrue) || o.canNull && (r.canNull || r.canTrue),
			}
		} else {
			r = outcome{
				canTrue:  r.canTrue || o.canTrue,
				canFalse: r.canFalse && o.canFalse,
				canNull:  r.canNull && (o.canNull || o.canFalse) || o.canNull && (r.canNull || r.canFalse),
			}
		}
		// Once decided for every row, later arguments are never evaluated.
		if i == 0 && (and && !r.canTrue && !r.canNull || !and && !r.canFalse && !r.canNull) {
			return r
		}
		if o == anyOutcome && MayRaise(a) { // a decided condition raised at no bound
			return anyOutcome
		}
	}
	return r
}

func (p *pruner) isNull(x *IsNull) outcome {
	yes := func(b, may bool) outcome { return outcome{canTrue: b, canFalse: may} }
	switch x.Test {
	case TestNull, TestNotNull:
		s, ok := p.span(x.Arg)
		if !ok || x.Arg.Type().OID == sql.OIDRecord {
			return outcome{canTrue: true, canFalse: true}
		}
		null := yes(s.canNull, !s.onlyNul)
		if x.Test == TestNotNull {
			null = outcome{canTrue: null.canFalse, canFalse: null.canTrue}
		}
		return null
	}
	o := p.eval(x.Arg)
	var hit, miss bool
	switch x.Test {
	case TestTrue, TestNotTrue:
		hit, miss = o.canTrue, o.canFalse || o.canNull
	case TestFalse, TestNotFalse:
		hit, miss = o.canFalse, o.canTrue || o.canNull
	default:
		hit, miss = o.canNull, o.canTrue || o.canFalse
	}
	if x.Test == TestNotTrue || x.Test == TestNotFalse || x.Test == TestNotUnknown {
		hit, miss = miss, hit
	}
	return yes(hit, miss)
}

func (p *pruner) inList(x *InList) outcome {
	s, ok := p.span(x.Arg)
	if !ok {
		return anyOutcome
	}
	if s.onlyNul {
		return outcome{canNull: true}
	}
	o := outcome{canNull: s.canNull || x.HasNull}
	for i := range x.List {
		c := compareSpan(s, point(&x.List[i]))
		o.canTrue = o.canTrue || c&cmpEQ != 0
		if s.point && c == cmpEQ {
			o = outcome{canTrue: true, canNull: s.canNull}
			if x.Negate {
				o.canTrue, o.canFalse = false, true
			}
			return o
		}
	}
	o.canFalse = true
	if x.Negate {
		o.canTrue, o.canFalse = true, o.canTrue
		if x.HasNull {
			o.canTrue = false
		}
	} else if x.HasNull {
		o.canFalse = false
	}
	return o
}

func point(v *sql.Value) span { return span{lo: v, hi: v, point: true} }

// compareSpan returns the outcomes that comparing a value of a with one of b can have.
func compareSpan(a, b span) cmpOp {
	op := cmpLT | cmpEQ | cmpGT
	if a.hi != nil && b.lo != nil {
		switch c := vector.CompareValues(a.hi, b.lo); {
		case c < 0:
			op &= cmpLT
		case c == 0:
			op &= cmpLE
		}
	}
	if a.lo != nil && b.hi != nil {
		switch c := vector.CompareValues(a.lo, b.hi); {
		case c > 0:
			op &= cmpGT
		case c == 0:
			op &= cmpGE
		}
	}
	return op
}

// call decides comparisons and prefix matches; ok is false for other calls.
func (p *pruner) call(x *Call) (outcome, bool) {
	if len(x.Args) != 2 || x.Fn.Kind != KindOperator || x.Fn.Raises && !isLike(x.Fn) {
		return outcome{}, false
	}
	a, ok1 := p.span(x.Args[0])
	b, ok2 := p.span(x.Args[1])
	if !ok1 || !ok2 {
		return outcome{}, false
	}
	if a.onlyNul || b.onlyNul {
		return outcome{canNull: true}, true
	}
	null := a.canNull || b.canNull
	switch {
	case isLike(x.Fn):
		c, ok := x.Args[1].(*Const)
		if !ok || c.V.Null {
			return outcome{}, false
		}
		pat := compileLike([]byte(c.V.S), false)
		if pat.bad || pat.kind == likeSuffix || pat.kind == likeContains {
			return outcome{}, false
		}
		prefix := likePrefixOf(c.V.S)
		if prefix == "" {
			return outcome{}, false
		}
		return outcome{canTrue: mayStart(a, prefix), canFalse: true, canNull: null}, true
	case x.Fn.cmp != 0 && x.Fn.Args[0] != x.Fn.Args[1] && isLocalStamp(x.Fn.Args[0]) && isLocalStamp(x.Fn.Args[1]):
		a, b = a.stamps(), b.stamps()
		c := compareSpan(a, b)
		return outcome{canTrue: c&x.Fn.cmp != 0, canFalse: c&^x.Fn.cmp != 0, canNull: null}, true
	case x.Fn.cmp != 0 && sameOrder(x.Fn):
		c := compareSpan(a, b)
		return outcome{canTrue: c&x.Fn.cmp != 0, canFalse: c&^x.Fn.cmp != 0, canNull: null}, true
	}
	return outcome{}, false
}

func isLocalStamp(o sql.OID) bool { return o == sql.OIDDate || o == sql.OIDTimestamp }

// stamps turns dates into timestamps, so that both sides of a mixed comparison
// have one type; a date beyond timestamps stays just inside infinity.
func (s span) stamps() span {
	conv := func(v *sql.Value) *sql.Value {
		if v == nil || v.Type.OID != sql.OIDDate {
			return v
		}
		us, err := dateToTimestamp(vector.DateOf(v.I))
		if err != nil {
			us = sql.InfinityI - 1
		}
		return &sql.Value{Type: sql.Timestamp, I: us}
	}
	s.lo, s.hi = conv(s.lo), conv(s.hi)
	return s
}

func isLike(f *Func) bool {
	return f.Name == "~~" && f.Kind == KindOperator && f.Args[0] == sql.OIDText
}

// sameOrder tells that a comparison is in the order of CompareValues for values of
// both its types: one type, or integers of any width.
func sameOrder(f *Func) bool {
	if f.Args[0] == f.Args[1] {
		switch f.Args[0] {
		case sql.OIDAnyArray, sql.OIDRecord, sql.OIDJSONB:
			return false
		}
		return true
	}
	return sql.T(f.Args[0]).IsInteger() && sql.T(f.Args[1]).IsInteger() ||
		isFloat(f.Args[0]) && isFloat(f.Args[1])
}

func isFloat(o sql.OID) bool { return o == sql.OIDFloat4 || o == sql.OIDFloat8 }

// likePrefixOf returns the literal text before the first wildcard.
func likePrefixOf(p string) string {
	var b []byte
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '%', '_':
			return string(b)
		case likeEscape:
			i++
			if i == len(p) {
				return string(b)
			}
		}
		b = append(b, p[i])
	}
	return string(b)
}

// mayStart reports whether a string in the span can start with the prefix.
func mayStart(s span, prefix string) bool {
	if s.hi != nil && s.hi.S < prefix {
		return false
	}
	if s.lo != nil && s.lo.S > prefix && !(len(s.lo.S) >= len(prefix) && s.lo.S[:len(prefix)] == prefix) {
		return false
	}
	return true
}

// span bounds an expression's values; ok is false if nothing is known.
func (p *pruner) span(e Expr) (span, bool) {
	switch x := e.(type) {
	case *Const:
		if x.V.Null {
			return span{canNull: true, onlyNul: true}, true
		}
		return point(&x.V), true
	case *Col:
		return p.column(x)
	case *Call:
		if v, ok := p.single(e); ok {
			return v, true
		}
		return p.monotone(x)
	case *Case, *Coalesce:
		return p.single(e)
	}
	return span{}, false
}

func (p *pruner) column(x *Col) (span, bool) {
	c, ok := p.stats(x.ID)
	if !ok {
		return span{}, false
	}
	s := span{canNull: c.NullCount != 0}
	if c.Rows > 0 && c.NullCount == c.Rows {
		s.onlyNul = true
		return s, true
	}
	if c.HasMin && c.Min.Type.OID == x.T.OID && !c.Min.Null {
		s.lo = &c.Min
	}
	if c.HasMax && c.Max.Type.OID == x.T.OID && !c.Max.Null && !c.MayHaveNaN {
		s.hi = &c.Max
	}
	if s.lo != nil && s.hi != nil && c.MinExact && c.MaxExact && vector.CompareValues(s.lo, s.hi) == 0 {
		s.point = true
	}
	return s, true
}

// single evaluates an expression over columns that have one known value each, as
// the keys of a partition have. Errors are left for the rows.
func (p *pruner) single(e Expr) (span, bool) {
	if VolatilityOf(e) == Volatile {
		return span{}, false
	}
	known := true
	var cols int
	k := Rewrite(e, func(x Expr) Expr {
		c, ok := x.(*Col)
		if !ok || !known {
			return x
		}
		cols++
		s, ok := p.column(c)
		switch {
		case ok && s.onlyNul:
			return &Const{sql.NullOf(c.T)}
		case ok && s.point && !s.canNull && identical(c.T):
			v := *s.lo
			v.Type = c.T
			return &Const{v}
		}
		known = false
		return x
	})
	if !known {
		return span{}, false
	}
	v, err := EvalConst(p.env, k)
	if err != nil {
		return span{}, false
	}
	if v.Null {
		return span{canNull: true, onlyNul: true}, true
	}
	return point(&v), true
}

// identical tells that equal values of a type are one value to every function:
// numerics (1.0, 1.00), floats (-0) and intervals are not.
func identical(t sql.Type) bool {
	switch t.OID {
	case sql.OIDNumeric:
		return t.Dec.Static()
	case sql.OIDFloat4, sql.OIDFloat8, sql.OIDInterval, sql.OIDBpchar, sql.OIDTimetz:
		return false
	}
	return true
}

// monotone carries bounds through functions that never decrease.
func (p *pruner) monotone(x *Call) (span, bool) {
	arg := -1
	for i, a := range x.Args {
		if _, ok := a.(*Const); !ok {
			if arg >= 0 {
				return span{}, false
			}
			arg = i
		}
	}
	if arg < 0 || !isMonotone(x, arg) || x.Fn.Vol == Volatile {
		return span{}, false
	}
	in, ok := p.span(x.Args[arg])
	if !ok || in.onlyNul {
		return in, ok
	}
	out := span{canNull: in.canNull}
	apply := func(v *sql.Value) *sql.Value {
		if v == nil {
			return nil
		}
		args := append([]Expr(nil), x.Args...)
		c := *v
		c.Type = x.Args[arg].Type()
		args[arg] = &Const{c}
		r, err := EvalConst(p.env, x.WithChildren(args))
		if err != nil || r.Null {
			return nil
		}
		return &r
	}
	out.lo, out.hi = apply(in.lo), apply(in.hi)
	return out, true
}

// isMonotone tells that a call never decreases while argument arg grows, over the
// whole domain, and cannot raise between two bounds for which it does not.
func isMonotone(x *Call, arg int) bool {
	f := x.Fn
	switch f.Kind {
	case KindCast:
		from, to := sql.T(f.Args[0]), sql.T(f.Ret)
		switch {
		case from.IsInteger() && (to.IsInteger() || to.OID == sql.OIDNumeric || isFloat(to.OID)):
			return true
		case from.OID == sql.OIDNumeric && (to.IsInteger() || to.OID == sql.OIDNumeric || to.OID == sql.OIDFloat8):
			return true
		case from.OID == sql.OIDFloat4 && to.OID == sql.OIDFloat8:
			return true
		case from.OID == sql.OIDDate && to.OID == sql.OIDTimestamp, from.OID == sql.OIDTimestamp && to.OID == sql.OIDDate:
			return true
		case from.OID == sql.OIDVarchar && to.OID == sql.OIDText && f.identity:
			return true
		}
	case KindFunction:
		switch f.Name {
		case "date_trunc":
			return arg == 1 && len(f.Args) == 2 && f.Args[1] == sql.OIDTimestamp
		case "extract", "date_part":
			c, ok := x.Args[0].(*Const)
			return arg == 1 && ok && (lower(c.V.S) == "year" || lower(c.V.S) == "epoch") && f.Args[1] != sql.OIDTimestamptz && f.Args[1] != sql.OIDInterval
		case "floor", "ceil", "ceiling":
			return true
		}
	}
	return false
}
