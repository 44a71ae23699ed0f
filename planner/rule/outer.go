package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// outerToInner turns a left join into an inner join, and a full join into a left
// or inner join, where a condition above it is not true for the rows that the
// outer join adds: it rejects NULL in a column of the side that is filled with
// NULLs. Single joins over a right side that has at most one row for a key become
// left joins first.
//
// The condition itself stays. A conjunct counts although one before it may raise
// or be false: a row passes only if all are true.
func outerToInner(c *Context, n logical.Node) logical.Node { return reject(n, expr.ColSet{}) }

// reject rewrites n; rows in which one of the columns in nulls is NULL are dropped above.
func reject(n logical.Node, nulls expr.ColSet) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		in := nulls
		for _, e := range n.Conds {
			in = in.Union(nullRejecting(e))
		}
		return with1(n, reject(n.Input, in))
	case *logical.Project:
		var in expr.ColSet
		for _, e := range n.Exprs {
			if nulls.Has(e.Col.ID) && !volatileExpr(e.Expr) {
				in = in.Union(strictCols(e.Expr))
			}
		}
		return with1(n, reject(n.Input, in))
	case *logical.Join:
		return rejectJoin(n, nulls)
	case *logical.DependentJoin:
		m := *n
		if n.Kind == logical.Left && len(n.On) == 0 && n.Guard == nil && nulls.Intersects(colSet(n.Right)) {
			m.Kind = logical.Inner
		}
		m.Left, m.Right = reject(n.Left, nulls), reject(n.Right, expr.ColSet{})
		if m.Kind == n.Kind && m.Left == n.Left && m.Right == n.Right {
			return n
		}
		return &m
	case *logical.Sort:
		return with1(n, reject(n.Input, nulls))
	case *logical.Aggregate:
		var in expr.ColSet
		for i, g := range n.Groups {
			if nulls.Has(g.Col.ID) && inAllSets(n.Sets, i) {
				in = in.Union(strictCols(g.Expr))
			}
		}
		return with1(n, reject(n.Input, in))
	}
	return mapChildren(n, func(k logical.Node) logical.Node { return reject(k, expr.ColSet{}) })
}

func with1(n, in logical.Node) logical.Node {
	if n.Children()[0] == in {
		return n
	}
	return n.WithChildren([]logical.Node{in})
}

func rejectJoin(n *logical.Join, nulls expr.ColSet) logical.Node {
	lcols, rcols := colSet(n.Left), colSet(n.Right)
	kind := n.Kind
	if kind == logical.Single && uniqueOn(n.Right, rightEqualCols(n.On, rcols)) {
		kind = logical.Left
	}
	if kind == logical.Left && nulls.Intersects(rcols) {
		kind = logical.Inner
	}
	if kind == logical.Full {
		l, r := nulls.Intersects(lcols), nulls.Intersects(rcols)
		switch {
		case l && r:
			kind = logical.Inner
		case l: // rows without a left partner go: every left row stays
			kind = logical.Left
		case r:
			// Every right row stays: a left join with the sides exchanged.
			m := &logical.Join{Kind: logical.Left, Left: n.Right, Right: n.Left, On: n.On}
			return project(rejectJoin(m, nulls), n.Columns())
		}
	}
	var on expr.ColSet
	for _, e := range n.On {
		on = on.Union(nullRejecting(e))
	}
	lin, rin := nulls.Intersect(lcols), expr.ColSet{}
	switch kind {
	case logical.Inner:
		lin = lin.Union(on)
		rin = nulls.Union(on).Intersect(rcols)
	case logical.Semi:
		lin = lin.Union(on)
		rin = on.Intersect(rcols)
	case logical.Left, logical.Anti, logical.Single:
		rin = on.Intersect(rcols)
	case logical.Full:
		lin = expr.ColSet{}
	}
	m := *n
	m.Kind = kind
	m.Left, m.Right = reject(n.Left, lin), reject(n.Right, rin)
	if m.Kind == n.Kind && m.Left == n.Left && m.Right == n.Right {
		return n
	}
	return &m
}

// rightEqualCols returns the right columns of conditions rightcol = something of the left.
func rightEqualCols(on []expr.Expr, rcols expr.ColSet) expr.ColSet {
	var s expr.ColSet
	for _, e := range on {
		a, b, _, ok := equality(e)
		if eq, isSafe := NullSafe(e); isSafe {
			a, b, ok = eq.Args[0], eq.Args[1], true
		}
		if !ok {
			continue
		}
		for _, p := range [2][2]expr.Expr{{a, b}, {b, a}} {
			if col, isCol := p[0].(*expr.Col); isCol && rcols.Has(col.ID) && !expr.ColsOf(p[1]).Intersects(rcols) {
				s.Add(col.ID)
			}
		}
	}
	return s
}
