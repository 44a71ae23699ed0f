package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// unnestDependentJoins replaces dependent joins by joins, from the innermost out.
//
// Three ways, the cheapest that fits:
//
//  1. the right side is not correlated after all: a plain join;
//  2. correlated conditions can be pulled up to the join (pull): through filters,
//     projections, inner joins, and, if they are equalities, through aggregates,
//     windows and DISTINCT, whose keys the inner sides of the equalities join. A
//     correlated scalar aggregate becomes an aggregate grouped by its correlation
//     keys under a left join; where the aggregate of no rows is not NULL (count),
//     unmatched rows get that value ("count bug");
//  3. else the right side is computed for the distinct bindings (domain): the left
//     side becomes a shared plan, its distinct correlation values are joined into
//     the right side (after Neumann and Kemper, "Unnesting Arbitrary Queries",
//     BTW 2015), and the two meet in a null-safe join.
//
// A guard becomes a condition of the join: left rows outside it find no match. A
// right side that can raise is then computed for the guarded bindings only (way 3).
//
// Left as they are, and run row by row: right sides with volatile functions,
// correlated recursion, and what domain refuses: a few shapes, and bindings of types
// whose equal values can differ (1.0 and 1.00, intervals of '1 month' and '30 days').
func unnestDependentJoins(c *Context, n logical.Node) logical.Node {
	return rewrite(n, func(n logical.Node) logical.Node {
		d, ok := n.(*logical.DependentJoin)
		if !ok {
			return n
		}
		if m := c.unnest(d); m != nil {
			return m
		}
		return d
	})
}

// unnest returns a plan without d's dependence, nil if there is no way.
func (c *Context) unnest(d *logical.DependentJoin) logical.Node {
	right := d.Right
	outer := colSet(d.Left)
	free := FreeCols(right).Intersect(outer)
	if d.Kind == logical.Semi || d.Kind == logical.Anti {
		right = dropForExists(right)
	}
	if free.Empty() && (d.Guard == nil || !nodeRaises(right)) && !nodeVolatile(right) {
		return c.joinWithGuard(d, right, d.On)
	}
	if nodeVolatile(right) {
		return nil
	}
	if d.Guard == nil || !nodeRaises(right) {
		if n := c.unnestAggregate(d, right, free); n != nil {
			return n
		}
		if r, preds, ok := c.pull(right, free); ok {
			if n := c.joinPulled(d, r, preds, free); n != nil {
				return n
			}
		}
	}
	return c.unnestDomain(d, right, free)
}

// joinWithGuard makes the join of d with right, the guard being one more condition.
func (c *Context) joinWithGuard(d *logical.DependentJoin, right logical.Node, on []expr.Expr) logical.Node {
	if d.Guard != nil {
		g := d.Guard
		if d.Kind == logical.Mark {
			g = &expr.IsNull{Arg: g, Test: expr.TestTrue}
		}
		on = append([]expr.Expr{g}, on...)
	}
	return &logical.Join{Kind: d.Kind, Left: d.Left, Right: right, On: on, MarkCol: d.MarkCol}
}

// joinPulled joins d.Left with right, whose correlated conditions preds were pulled up.
func (c *Context) joinPulled(d *logical.DependentJoin, right logical.Node, preds []expr.Expr, free expr.ColSet) logical.Node {
	on := append([]expr.Expr(nil), d.On...)
	switch d.Kind {
	case logical.Mark:
		// A correlated condition that is NULL drops the row; it does not make the mark NULL.
		for _, p := range preds {
			on = append(on, &expr.IsNull{Arg: p, Test: expr.TestTrue})
		}
	default:
		on = append(on, preds...)
	}
	if d.Kind == logical.Single && uniqueOn(right, equalCols(preds, free)) {
		m := *d
		m.Kind = logical.Left
		d = &m
	}
	// Output: exactly what the dependent join gave.
	j := c.joinWithGuard(d, right, on)
	return project(j, d.Columns())
}

// project returns n reduced to cols if it has others or another order.
func project(n logical.Node, cols []logical.Col) logical.Node {
	in := n.Columns()
	same := len(in) == len(cols)
	for i := 0; same && i < len(cols); i++ {
		same = in[i].ID == cols[i].ID
	}
	if same {
		return n
	}
	p := &logical.Project{Input: n, Exprs: make([]logical.NamedExpr, len(cols))}
	for i, col := range cols {
		p.Exprs[i] = logical.NamedExpr{Col: col, Expr: col.Ref()}
	}
	return p
}

// dropForExists removes what does not change whether there are rows.
func dropForExists(n logical.Node) logical.Node {
	switch x := n.(type) {
	case *logical.Sort:
		return dropForExists(x.Input)
	case *logical.Distinct:
		return dropForExists(x.Input)
	case *logical.Limit:
		if k, ok := x.Count.(*expr.Const); ok && !k.V.Null && k.V.I > 0 && x.Offset == nil {
			return dropForExists(x.Input)
		}
	case *logical.Project:
		for _, e := range x.Exprs {
			if volatileExpr(e.Expr) {
				return n
			}
		}
		in := dropForExists(x.Input)
		if in == x.Input {
			return n
		}
		return &logical.Project{Input: in, Exprs: x.Exprs}
	}
	return n
}

func nodeVolatile(n logical.Node) bool { return anyExpr(n, volatileExpr) }
func nodeRaises(n logical.Node) bool   { return anyExpr(n, canRaise) }

func anyExpr(n logical.Node, test func(expr.Expr) bool) bool {
	found := false
	walk(n, func(n logical.Node) {
		if !found {
			visitExprs(n, func(e expr.Expr) { found = found || test(e) })
		}
	})
	return found
}

// equalCols returns the inner columns of conditions of the form inner = outer.
func equalCols(preds []expr.Expr, free expr.ColSet) expr.ColSet {
	var s expr.ColSet
	for _, p := range preds {
		if in, _, _, ok := innerOuter(p, free); ok {
			if col, ok := in.(*expr.Col); ok {
				s.Add(col.ID)
			}
		}
	}
	return s
}

// innerOuter returns the sides of a correlated equality, the inner one first: it
// refers to no outer column, the other to outer columns only.
func innerOuter(p expr.Expr, free expr.ColSet) (in, out expr.Expr, fn *expr.Func, ok bool) {
	a, b, fn, ok := equality(p)
	if !ok {
		return nil, nil, nil, false
	}
	ca, cb := expr.ColsOf(a), expr.ColsOf(b)
	switch {
	case !ca.Intersects(free) && !ca.Empty() && cb.SubsetOf(free) && !cb.Empty():
		return a, b, fn, true
	case !cb.Intersects(free) && !cb.Empty() && ca.SubsetOf(free) && !ca.Empty() && a.Type() == b.Type():
		return b, a, fn, true
	}
	return nil, nil, nil, false
}

// uniqueOn reports whether at most one row of n has any value of cols, by n's
// construction (never by statistics).
func uniqueOn(n logical.Node, cols expr.ColSet) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		if n.Sets != nil {
			return false
		}
		for _, g := range n.Groups {
			if !cols.Has(g.Col.ID) {
				return false
			}
		}
		return true
	case *logical.Distinct:
		if n.On == nil {
			return colSet(n).SubsetOf(cols)
		}
		return colsOfAll(n.On).SubsetOf(cols)
	case *logical.Filter:
		if w, ok := n.Input.(*logical.Window); ok && firstOnly(w, n.Conds) {
			for _, e := range w.Partition {
				if col, ok := e.(*expr.Col); !ok || !cols.Has(col.ID) {
					return uniqueOn(n.Input, cols)
				}
			}
			return true
		}
		return uniqueOn(n.Input, cols)
	case *logical.Window:
		return uniqueOn(n.Input, cols)
	case *logical.Sort:
		return uniqueOn(n.Input, cols)
	case *logical.Limit:
		if k, ok := n.Count.(*expr.Const); ok && !k.V.Null && k.V.I <= 1 && !n.WithTies {
			return true
		}
		return uniqueOn(n.Input, cols)
	case *logical.MaxOneRow:
		return true
	case *logical.Values:
		return len(n.Rows) <= 1
	case *logical.Project:
		var in expr.ColSet
		for _, e := range n.Exprs {
			if col, ok := e.Expr.(*expr.Col); ok && cols.Has(e.Col.ID) {
				in.Add(col.ID)
			}
		}
		return uniqueOn(n.Input, in)
	case *logical.Join:
		switch n.Kind {
		case logical.Semi, logical.Anti, logical.Mark, logical.Single:
			return uniqueOn(n.Left, cols)
		case logical.Inner, logical.Left:
			return uniqueOn(n.Left, cols) && uniqueOn(n.Right, rightEqualCols(n.On, colSet(n.Right)))
		}
	}
	return false
}

// firstOnly reports whether conds keep one row of each partition: row_number() <= 1.
func firstOnly(w *logical.Window, conds []expr.Expr) bool {
	for _, e := range conds {
		c, ok := e.(*expr.Call)
		if !ok || len(c.Args) != 2 || c.Fn.Name != "<=" {
			continue
		}
		col, ok1 := c.Args[0].(*expr.Col)
		k, ok2 := c.Args[1].(*expr.Const)
		if !ok1 || !ok2 || k.V.Null || k.V.I != 1 || !k.V.Type.IsInteger() {
			continue
		}
		for i := range w.Calls {
			if w.Calls[i].Out == col.ID && w.Calls[i].Fn != nil && w.Calls[i].Fn.Name == "row_number" {
				return true
			}
		}
	}
	return false
}
