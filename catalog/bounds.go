package catalog

import (
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// bounds is what a predicate says of one key without being evaluated: an
// integer range, and perhaps the only values that the key can have.
type bounds struct {
	lo, hi int64
	fixed  bool // values lists all that the key can be
	values []sql.Value
}

func unbounded() bounds { return bounds{lo: math.MinInt64, hi: math.MaxInt64} }

// boundsOf derives bounds of column id from e; it may be wider than the truth,
// never narrower.
func boundsOf(e expr.Expr, id expr.ColumnID) bounds {
	b := unbounded()
	switch e := e.(type) {
	case *expr.Logic:
		for i, a := range e.Args {
			x := boundsOf(a, id)
			if e.Op == expr.And {
				b.intersect(x)
			} else if i == 0 {
				b = x
			} else {
				b.unite(x)
			}
		}
	case *expr.InList:
		if !e.Negate && isColumn(e.Arg, id) {
			b.fixed = true
			b.values = e.List
			b.rangeOf()
		}
	case *expr.ScalarArray:
		arr, ok := e.Array.(*expr.Const)
		if ok && !e.All && !arr.V.Null && e.Op.Name == "=" && isColumn(e.Left, id) {
			b.fixed = true
			for _, v := range arr.V.List {
				if !v.Null {
					b.values = append(b.values, v)
				}
			}
			b.rangeOf()
		}
	case *expr.Call:
		if len(e.Args) != 2 || e.Fn.Kind != expr.KindOperator {
			return b
		}
		op := e.Fn.Name
		c, ok := e.Args[1].(*expr.Const)
		if !ok || !isColumn(e.Args[0], id) {
			if c, ok = e.Args[0].(*expr.Const); !ok || !isColumn(e.Args[1], id) {
				return b
			}
			op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}[op]
		}
		b.compare(op, c.V)
	}
	return b
}

// isColumn reports whether e is the column, or it cast without loss by the binder.
func isColumn(e expr.Expr, id expr.ColumnID) bool {
	switch e := e.(type) {
	case *expr.Col:
		return e.ID == id
	case *expr.Call:
		if e.Fn.Kind != expr.KindCast || len(e.Args) != 1 {
			return false
		}
		from, to := e.Args[0].Type(), e.T
		lossless := from.IsInteger() && to.IsInteger() || textual(from) && textual(to) && to.OID != sql.OIDBpchar && to.Mod < 0
		return lossless && isColumn(e.Args[0], id)
	}
	return false
}

func textual(t sql.Type) bool { return t.OID == sql.OIDText || t.OID == sql.OIDVarchar }

func (b *bounds) compare(op string, v sql.Value) {
	if v.Null {
		if op != "" { // a comparison with NULL is never true
			b.fixed, b.values = true, nil
		}
		return
	}
	if op == "=" {
		b.fixed, b.values = true, []sql.Value{v}
	}
	if !v.Type.IsInteger() {
		return
	}
	switch op {
	case "=":
		b.lo, b.hi = v.I, v.I
	case "<":
		if v.I > math.MinInt64 {
			b.hi = v.I - 1
		}
	case "<=":
		b.hi = v.I
	case ">":
		if v.I < math.MaxInt64 {
			b.lo = v.I + 1
		}
	case ">=":
		b.lo = v.I
	}
}

// rangeOf sets the range of a list of integers.
func (b *bounds) rangeOf() {
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for _, v := range b.values {
		if !v.Type.IsInteger() {
			return
		}
		lo, hi = min(lo, v.I), max(hi, v.I)
	}
	b.lo, b.hi = lo, hi
}

func (b *bounds) intersect(x bounds) {
	b.lo, b.hi = max(b.lo, x.lo), min(b.hi, x.hi)
	if x.fixed && (!b.fixed || len(x.values) < len(b.values)) {
		b.fixed, b.values = true, x.values
	}
}

func (b *bounds) unite(x bounds) {
	b.lo, b.hi = min(b.lo, x.lo), max(b.hi, x.hi)
	if b.fixed = b.fixed && x.fixed; b.fixed {
		b.values = append(b.values[:len(b.values):len(b.values)], x.values...)
	} else {
		b.values = nil
	}
}
