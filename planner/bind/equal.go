package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// equal reports whether two bound expressions are the same, as PostgreSQL's equal():
// positions do not count.
func equal(a, b expr.Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	switch x := a.(type) {
	case *expr.Col:
		y, ok := b.(*expr.Col)
		return ok && x.ID == y.ID && x.Coll == y.Coll
	case *expr.Const:
		y, ok := b.(*expr.Const)
		return ok && equalValues(x.V, y.V)
	case *expr.Param:
		y, ok := b.(*expr.Param)
		return ok && x.Index == y.Index && x.T == y.T
	case *expr.Call:
		y, ok := b.(*expr.Call)
		return ok && x.Fn == y.Fn && x.T == y.T && x.Coll == y.Coll && equalLists(x.Args, y.Args)
	case *expr.Logic:
		y, ok := b.(*expr.Logic)
		return ok && x.Op == y.Op && equalLists(x.Args, y.Args)
	case *expr.Not:
		y, ok := b.(*expr.Not)
		return ok && equal(x.Arg, y.Arg)
	case *expr.IsNull:
		y, ok := b.(*expr.IsNull)
		return ok && x.Test == y.Test && equal(x.Arg, y.Arg)
	case *expr.Case:
		y, ok := b.(*expr.Case)
		return ok && x.T == y.T && len(x.Whens) == len(y.Whens) && equal(x.Else, y.Else) &&
			slices.EqualFunc(x.Whens, y.Whens, func(v, w expr.When) bool { return equal(v.Cond, w.Cond) && equal(v.Then, w.Then) })
	case *expr.Coalesce:
		y, ok := b.(*expr.Coalesce)
		return ok && x.T == y.T && equalLists(x.Args, y.Args)
	case *expr.InList:
		y, ok := b.(*expr.InList)
		return ok && x.Eq == y.Eq && x.HasNull == y.HasNull && x.Negate == y.Negate && equal(x.Arg, y.Arg) &&
			slices.EqualFunc(x.List, y.List, equalValues)
	case *expr.ScalarArray:
		y, ok := b.(*expr.ScalarArray)
		return ok && x.Op == y.Op && x.All == y.All && equal(x.Left, y.Left) && equal(x.Array, y.Array)
	case *expr.ArrayExpr:
		y, ok := b.(*expr.ArrayExpr)
		return ok && x.T == y.T && equalLists(x.Elems, y.Elems)
	case *expr.RowExpr:
		y, ok := b.(*expr.RowExpr)
		return ok && equalLists(x.Fields, y.Fields)
	}
	return false
}

func equalLists(a, b []expr.Expr) bool { return slices.EqualFunc(a, b, equal) }

func equalValues(a, b sql.Value) bool {
	if a.Type != b.Type || a.Null != b.Null {
		return false
	}
	return a.Null || a.I == b.I && a.J == b.J && a.Num == b.Num && a.S == b.S &&
		slices.EqualFunc(a.List, b.List, equalValues) && slices.Equal(a.Dims, b.Dims)
}

func equalKeys(a, b []expr.SortKey) bool {
	return slices.EqualFunc(a, b, func(x, y expr.SortKey) bool {
		return x.Desc == y.Desc && x.NullsFirst == y.NullsFirst && equal(x.Expr, y.Expr)
	})
}
