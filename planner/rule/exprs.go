package rule

import (
	"slices"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// canRaise reports whether evaluating e may raise an error (or has effects).
func canRaise(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			found = found || x.Fn.Vol == expr.Volatile || x.Fn.Raises && !quiet(x)
		case *expr.InList:
			found = found || x.Eq != nil && x.Eq.Raises
		case *expr.ScalarArray:
			found = found || x.Op.Raises || x.Op.Vol == expr.Volatile
		}
		return !found
	})
	return found
}

// CanRaise is the planner's question whether e must keep its place: it may raise
// an error for some row. Functions that raise for some arguments only do not count
// where constant arguments rule that out.
func CanRaise(e expr.Expr) bool { return canRaise(e) }

// quiet reports whether the constant arguments of a call exclude the errors that
// its function can raise.
func quiet(x *expr.Call) bool {
	konst := func(i int) (sql.Value, bool) {
		if i >= len(x.Args) {
			return sql.Value{}, false
		}
		k, ok := x.Args[i].(*expr.Const)
		if !ok || k.V.Null {
			return sql.Value{}, false
		}
		return k.V, true
	}
	switch x.Fn.Name {
	case "~~", "!~~", "~~*", "!~~*": // a pattern must not end with a bare escape
		p, ok := konst(1)
		if !ok {
			return false
		}
		n := len(p.S) - len(strings.TrimRight(p.S, "\\"))
		return n%2 == 0
	case "substring", "substr": // a length must not be negative
		if len(x.Args) == 2 {
			return x.Args[1].Type().IsInteger()
		}
		n, ok := konst(2)
		return ok && n.Type.IsInteger() && n.I >= 0
	case "/", "%": // integers: zero, and the least value by -1
		d, ok := konst(1)
		return ok && d.Type.IsInteger() && x.T.IsInteger() && d.I != 0 && d.I != -1
	case "extract", "date_part": // a field that the type has
		f, ok := konst(0)
		if !ok || len(x.Args) != 2 {
			return false
		}
		switch x.Args[1].Type().OID {
		case sql.OIDDate, sql.OIDTimestamp, sql.OIDTimestamptz:
		default:
			return false
		}
		switch strings.ToLower(f.S) {
		case "year", "month", "day", "quarter", "week", "dow", "doy", "isodow", "isoyear", "century", "decade":
			return true
		}
	}
	return false
}

// volatileExpr reports whether e calls a volatile function.
func volatileExpr(e expr.Expr) bool {
	return anyFunc(e, func(f *expr.Func) bool { return f.Vol == expr.Volatile })
}

func anyFunc(e expr.Expr, test func(*expr.Func) bool) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			found = found || test(x.Fn)
		case *expr.InList:
			found = found || x.Eq != nil && test(x.Eq)
		case *expr.ScalarArray:
			found = found || test(x.Op)
		}
		return !found
	})
	return found
}

// equality returns the sides of a = b; ok is false if e is anything else.
func equality(e expr.Expr) (a, b expr.Expr, fn *expr.Func, ok bool) {
	c, isCall := e.(*expr.Call)
	if !isCall || c.Fn.Kind != expr.KindOperator || c.Fn.Name != "=" || len(c.Args) != 2 {
		return nil, nil, nil, false
	}
	return c.Args[0], c.Args[1], c.Fn, true
}

// colEquality returns the columns of col = col over one type.
func colEquality(e expr.Expr) (a, b *expr.Col, fn *expr.Func, ok bool) {
	x, y, fn, ok := equality(e)
	if !ok {
		return nil, nil, nil, false
	}
	a, ok1 := x.(*expr.Col)
	b, ok2 := y.(*expr.Col)
	if !ok1 || !ok2 || a.T.OID != b.T.OID || a.T.Dec != b.T.Dec || a.Coll != b.Coll {
		return nil, nil, nil, false
	}
	return a, b, fn, true
}

// call makes a boolean operator call.
func call(fn *expr.Func, a, b expr.Expr) expr.Expr {
	return &expr.Call{Fn: fn, Args: []expr.Expr{a, b}, T: sql.Bool}
}

// nullSafeEqual returns a IS NOT DISTINCT FROM b in the form that NullSafe knows:
// a = b OR (a IS NULL AND b IS NULL).
func nullSafeEqual(fn *expr.Func, a, b expr.Expr) expr.Expr {
	return &expr.Logic{Op: expr.Or, Args: []expr.Expr{
		call(fn, a, b),
		&expr.Logic{Op: expr.And, Args: []expr.Expr{
			&expr.IsNull{Arg: a, Test: expr.TestNull},
			&expr.IsNull{Arg: b, Test: expr.TestNull},
		}},
	}}
}

// NullSafe recognises a IS NOT DISTINCT FROM b as the binder and unnesting write it
// (a = b, perhaps under IS TRUE, OR both are NULL) and returns the equality in it.
func NullSafe(e expr.Expr) (*expr.Call, bool) {
	or, ok := e.(*expr.Logic)
	if !ok || or.Op != expr.Or || len(or.Args) != 2 {
		return nil, false
	}
	first, second := or.Args[0], or.Args[1]
	if l, ok := first.(*expr.Logic); ok && l.Op == expr.And {
		first, second = second, first
	}
	if t, ok := first.(*expr.IsNull); ok && t.Test == expr.TestTrue {
		first = t.Arg
	}
	a, b, _, ok := equality(first)
	if !ok {
		return nil, false
	}
	and, ok := second.(*expr.Logic)
	if !ok || and.Op != expr.And || len(and.Args) != 2 {
		return nil, false
	}
	x, ok1 := and.Args[0].(*expr.IsNull)
	y, ok2 := and.Args[1].(*expr.IsNull)
	if !ok1 || !ok2 || x.Test != expr.TestNull || y.Test != expr.TestNull {
		return nil, false
	}
	if Equal(x.Arg, a) && Equal(y.Arg, b) || Equal(x.Arg, b) && Equal(y.Arg, a) {
		return first.(*expr.Call), true
	}
	return nil, false
}

// Substitute replaces columns by expressions.
func Substitute(e expr.Expr, m map[expr.ColumnID]expr.Expr) expr.Expr { return substitute(e, m) }

// substitute replaces columns by expressions.
func substitute(e expr.Expr, m map[expr.ColumnID]expr.Expr) expr.Expr {
	if len(m) == 0 {
		return e
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Col); ok {
			if r, ok := m[c.ID]; ok {
				return r
			}
		}
		return x
	})
}

func substituteAll(list []expr.Expr, m map[expr.ColumnID]expr.Expr) []expr.Expr {
	if len(m) == 0 {
		return list
	}
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = substitute(e, m)
	}
	return out
}

func substituteKeys(keys []expr.SortKey, m map[expr.ColumnID]expr.Expr) []expr.SortKey {
	if len(m) == 0 {
		return keys
	}
	out := slices.Clone(keys)
	for i := range out {
		out[i].Expr = substitute(out[i].Expr, m)
	}
	return out
}

// containsExpr reports whether list holds an expression equal to e.
func containsExpr(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if Equal(x, e) {
			return true
		}
	}
	return false
}

// nullRejecting returns the columns for which the condition cannot be true while
// one of them is NULL.
func nullRejecting(e expr.Expr) expr.ColSet {
	switch x := e.(type) {
	case *expr.Logic:
		var out expr.ColSet
		for i, a := range x.Args {
			s := nullRejecting(a)
			switch {
			case i == 0:
				out = s
			case x.Op == expr.And:
				out = out.Union(s)
			default:
				out = out.Intersect(s)
			}
		}
		return out
	case *expr.IsNull:
		switch x.Test {
		case expr.TestTrue:
			return nullRejecting(x.Arg)
		case expr.TestNotNull, expr.TestFalse, expr.TestNotUnknown:
			return strictCols(x.Arg)
		}
		return expr.ColSet{}
	}
	return strictCols(e)
}

// strictCols returns the columns whose NULL makes e NULL.
func strictCols(e expr.Expr) expr.ColSet {
	var out expr.ColSet
	switch x := e.(type) {
	case *expr.Col:
		out.Add(x.ID)
	case *expr.Call:
		if x.Fn.Strict {
			for _, a := range x.Args {
				out = out.Union(strictCols(a))
			}
		}
	case *expr.Not:
		return strictCols(x.Arg)
	case *expr.InList:
		return strictCols(x.Arg)
	case *expr.ScalarArray:
		// Over an empty array the answer is not NULL, so only a constant array that is
		// known not to be empty counts.
		if c, ok := x.Array.(*expr.Const); ok && len(c.V.List) > 0 && x.Op.Strict {
			return strictCols(x.Left)
		}
	case *expr.Logic:
		// NULL AND false is false, NULL OR true is true: NULL only if all are.
		for i, a := range x.Args {
			s := strictCols(a)
			if i == 0 {
				out = s
			} else {
				out = out.Intersect(s)
			}
		}
	}
	return out
}

// FreeCols returns the columns that expressions in n refer to and n does not
// produce: those of outer queries.
func FreeCols(n logical.Node) expr.ColSet {
	var used, made expr.ColSet
	walk(n, func(n logical.Node) {
		for _, c := range n.Columns() {
			made.Add(c.ID)
		}
		if j, ok := n.(*logical.DependentJoin); ok && j.MarkCol.ID != 0 {
			made.Add(j.MarkCol.ID)
		}
		visitExprs(n, func(e expr.Expr) { addCols(&used, e) })
	})
	return used.Minus(made)
}

// ColEquality returns the columns of col = col over one type.
func ColEquality(e expr.Expr) (a, b *expr.Col, fn *expr.Func, ok bool) { return colEquality(e) }

// UniqueOn reports whether at most one row of n has any value of cols, by n's
// construction (never by statistics).
func UniqueOn(n logical.Node, cols expr.ColSet) bool { return uniqueOn(n, cols) }

// RightKeys returns the columns among rcols that On makes equal to something of the left.
func RightKeys(on []expr.Expr, rcols expr.ColSet) expr.ColSet { return rightEqualCols(on, rcols) }
