package bind

import (
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// tryCast binds TRY_CAST: NULL where the cast raises.
func (b *binder) tryCast(lv *level, e *parse.CastExpr) (expr.Expr, error) {
	t, err := b.typeName(&e.Type)
	if err != nil {
		return nil, err
	}
	o, err := b.operand(lv, e.Arg)
	if err != nil {
		return nil, err
	}
	if isUnknown(o.e) {
		if o.e, err = b.resolveUnknown(o); err != nil {
			return nil, err
		}
	}
	x, err := b.convertType(o.e, t, expr.CastExplicit, e.Pos())
	if err != nil {
		if dataException(err) {
			return &expr.Const{V: sql.NullOf(t)}, nil
		}
		return nil, err
	}
	// What the argument raises is its own.
	return replaceAbove(x, o.e, b.tryOf), nil
}

// dataException reports an error about a value.
func dataException(err error) bool { return strings.HasPrefix(string(sql.AsError(err).Code), "22") }

// replaceAbove rewrites the nodes of x down to the one that stop is.
func replaceAbove(x, stop expr.Expr, f func(expr.Expr) expr.Expr) expr.Expr {
	if x == stop {
		return x
	}
	kids := x.Children()
	list := make([]expr.Expr, len(kids))
	for i, k := range kids {
		list[i] = replaceAbove(k, stop, f)
	}
	if len(list) > 0 {
		x = x.WithChildren(list)
	}
	return f(x)
}

// tryOf is a call that is NULL where it raises.
func (b *binder) tryOf(x expr.Expr) expr.Expr {
	c, ok := x.(*expr.Call)
	if !ok || !c.Fn.Raises {
		return x
	}
	n := *c
	n.Fn = b.reg.Try(c.Fn)
	return &n
}

// try binds TRY(x): NULL where x raises. NULL must then be what the calls above the one
// that raised give, too: they must be strict.
func (b *binder) try(x expr.Expr, pos int) (expr.Expr, error) {
	raises := func(e expr.Expr) bool {
		found := false
		expr.Walk(e, func(k expr.Expr) bool {
			c, ok := k.(*expr.Call)
			found = found || ok && c.Fn.Raises
			return !found
		})
		return found
	}
	var bad bool
	expr.Walk(x, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && c.Fn.Strict {
			return true
		}
		for _, k := range e.Children() {
			bad = bad || raises(k)
		}
		return !bad
	})
	if bad {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "TRY over CASE, COALESCE, AND, OR and the like with errors in them is not supported").At(pos).
			WithHint("Put TRY round the calls in them that may raise.")
	}
	return expr.Rewrite(x, b.tryOf), nil
}
