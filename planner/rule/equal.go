package rule

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// Equal reports whether two expressions are the same: they give the same value
// for every row (volatile functions aside).
func Equal(a, b expr.Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	switch x := a.(type) {
	case *expr.Col:
		y, ok := b.(*expr.Col)
		return ok && x.ID == y.ID
	case *expr.Const:
		y, ok := b.(*expr.Const)
		return ok && sameValue(&x.V, &y.V)
	case *expr.Param:
		y, ok := b.(*expr.Param)
		return ok && x.Index == y.Index && x.T == y.T
	case *expr.Call:
		y, ok := b.(*expr.Call)
		if !ok || x.Fn != y.Fn || x.T != y.T || x.Coll != y.Coll {
			return false
		}
	case *expr.Logic:
		y, ok := b.(*expr.Logic)
		if !ok || x.Op != y.Op {
			return false
		}
	case *expr.Not:
		if _, ok := b.(*expr.Not); !ok {
			return false
		}
	case *expr.IsNull:
		y, ok := b.(*expr.IsNull)
		if !ok || x.Test != y.Test {
			return false
		}
	case *expr.Case:
		y, ok := b.(*expr.Case)
		if !ok || x.T != y.T || len(x.Whens) != len(y.Whens) {
			return false
		}
	case *expr.Coalesce:
		y, ok := b.(*expr.Coalesce)
		if !ok || x.T != y.T {
			return false
		}
	case *expr.InList:
		y, ok := b.(*expr.InList)
		if !ok || x.Eq != y.Eq || x.HasNull != y.HasNull || x.Negate != y.Negate || len(x.List) != len(y.List) {
			return false
		}
		for i := range x.List {
			if !sameValue(&x.List[i], &y.List[i]) {
				return false
			}
		}
	case *expr.ScalarArray:
		y, ok := b.(*expr.ScalarArray)
		if !ok || x.Op != y.Op || x.All != y.All {
			return false
		}
	case *expr.ArrayExpr:
		y, ok := b.(*expr.ArrayExpr)
		if !ok || x.T != y.T {
			return false
		}
	case *expr.RowExpr:
		if _, ok := b.(*expr.RowExpr); !ok {
			return false
		}
	default:
		return false
	}
	return slices.EqualFunc(a.Children(), b.Children(), Equal)
}

// sameValue reports whether two constants are identical (not merely equal: 1.0
// and 1.00 differ).
func sameValue(a, b *sql.Value) bool {
	return a.Type == b.Type && a.Null == b.Null && a.I == b.I && a.J == b.J && a.Num == b.Num &&
		a.S == b.S && slices.EqualFunc(a.List, b.List, func(x, y sql.Value) bool { return sameValue(&x, &y) }) &&
		slices.Equal(a.Dims, b.Dims)
}
