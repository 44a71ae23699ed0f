package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// eliminateSort removes sorts whose order is lost above them: below a join's
// right side, an aggregate whose aggregates do not look at order, a set operation,
// another sort, or DISTINCT. A sort below a limit decides which rows there are and
// stays, as does one that a window or an ordered aggregate may see.
//
// SQL promises order only at the top; PostgreSQL's users rely on it for
// array_agg over an ordered subquery, so ordered aggregates keep it.
func eliminateSort(c *Context, n logical.Node) logical.Node { return dropSort(n, true) }

// dropSort rewrites n; seen tells whether its row order can be seen above.
func dropSort(n logical.Node, seen bool) logical.Node {
	all := func(seen bool) logical.Node {
		return mapChildren(n, func(k logical.Node) logical.Node { return dropSort(k, seen) })
	}
	switch x := n.(type) {
	case *logical.Sort:
		if !seen {
			return dropSort(x.Input, false)
		}
		return all(false)
	case *logical.Limit:
		return all(true)
	case *logical.Aggregate:
		for i := range x.Aggs {
			a := &x.Aggs[i]
			if a.Fn.Ordered && len(a.OrderBy) == 0 {
				return all(true)
			}
		}
		return all(false)
	case *logical.Distinct:
		return all(x.On != nil)
	case *logical.SetOp:
		return all(x.Kind == logical.Union && x.All && seen)
	case *logical.Filter, *logical.Project, *logical.ProjectSet, *logical.MaxOneRow:
		return all(seen)
	case *logical.Window:
		return all(true)
	case *logical.Join:
		m := *x
		m.Left, m.Right = dropSort(x.Left, false), dropSort(x.Right, false)
		if m.Left == x.Left && m.Right == x.Right {
			return x
		}
		return &m
	case *logical.DependentJoin:
		m := *x
		m.Left, m.Right = dropSort(x.Left, seen), dropSort(x.Right, true)
		if m.Left == x.Left && m.Right == x.Right {
			return x
		}
		return &m
	case *logical.Shared:
		kids := x.Children()
		same := true
		for i, k := range kids {
			m := dropSort(k, i < len(kids)-1 || seen)
			same = same && m == k
			kids[i] = m
		}
		if same {
			return x
		}
		return x.WithChildren(kids)
	}
	return all(true)
}

// distinctToAggregate turns DISTINCT over all columns into an aggregate without
// aggregate functions, and drops it where the input has no duplicates by its
// construction.
func distinctToAggregate(c *Context, n logical.Node) logical.Node {
	return rewrite(n, func(n logical.Node) logical.Node {
		d, ok := n.(*logical.Distinct)
		if !ok || d.On != nil {
			return n
		}
		cols := d.Columns()
		if len(cols) == 0 {
			return n
		}
		if uniqueOn(d.Input, setOf(cols)) {
			return d.Input
		}
		// The order of an input that was sorted is lost by hashing: ORDER BY stands above.
		fresh := make([]logical.NamedExpr, len(cols))
		back := make([]logical.NamedExpr, len(cols))
		for i, col := range cols {
			g := col
			g.ID = c.newID()
			fresh[i] = logical.NamedExpr{Col: g, Expr: col.Ref()}
			back[i] = logical.NamedExpr{Col: col, Expr: g.Ref()}
		}
		return &logical.Project{Input: &logical.Aggregate{Input: d.Input, Groups: fresh}, Exprs: back}
	})
}

// pushLimit moves limits below projections, so that a limit meets its sort (TopN)
// or its scan, and copies them into the inputs of UNION ALL and the preserved side
// of left joins. Volatile projections are not passed. Below one that can raise goes a
// copy without the offset: it is computed for the rows that the offset skips too, not
// for those past the limit.
func pushLimit(c *Context, n logical.Node) logical.Node {
	return rewrite(n, func(n logical.Node) logical.Node {
		l, ok := n.(*logical.Limit)
		if !ok {
			return n
		}
		switch in := l.Input.(type) {
		case *logical.Project:
			if l.WithTies {
				return n
			}
			for _, e := range in.Exprs {
				if volatileExpr(e.Expr) {
					return n
				}
			}
			if l.Offset != nil && ownRaises(in) {
				out := *l
				out.Input = &logical.Project{Input: copyLimit(c, l, in.Input), Exprs: in.Exprs}
				return &out
			}
			m := *l
			m.Input = in.Input
			return &logical.Project{Input: pushLimit(c, &m), Exprs: in.Exprs}
		case *logical.Limit:
			return mergeLimits(l, in)
		case *logical.SetOp:
			if in.Kind != logical.Union || !in.All {
				return n
			}
			m := *in
			m.Inputs = make([]logical.Node, len(in.Inputs))
			for i, k := range in.Inputs {
				m.Inputs[i] = copyLimit(c, l, k)
			}
			out := *l
			out.Input = &m
			return &out
		case *logical.Join:
			// A left row has at least one row of output.
			if in.Kind == logical.Left || in.Kind == logical.Single || in.Kind == logical.Mark {
				m := *in
				m.Left = copyLimit(c, l, in.Left)
				if m.Left != in.Left {
					out := *l
					out.Input = &m
					return &out
				}
			}
		}
		return n
	})
}

// copyLimit puts count + offset of l on n, unless n is limited already.
func copyLimit(c *Context, l *logical.Limit, n logical.Node) logical.Node {
	count, ok1 := limitConst(l.Count, -1)
	offset, ok2 := limitConst(l.Offset, 0)
	if !ok1 || !ok2 || count < 0 || l.WithTies || count > 1<<40 || offset > 1<<40 {
		return n
	}
	if _, ok := n.(*logical.Limit); ok {
		return n
	}
	k, ok := l.Count.(*expr.Const)
	if !ok {
		return n
	}
	v := k.V
	v.I = count + offset
	return pushLimit(c, &logical.Limit{Input: n, Count: &expr.Const{V: v}})
}

// mergeLimits joins LIMIT a OFFSET b over LIMIT c OFFSET d.
func mergeLimits(l, in *logical.Limit) logical.Node {
	c1, ok1 := limitConst(l.Count, 1<<62)
	o1, ok2 := limitConst(l.Offset, 0)
	c2, ok3 := limitConst(in.Count, 1<<62)
	o2, ok4 := limitConst(in.Offset, 0)
	if !ok1 || !ok2 || !ok3 || !ok4 || l.WithTies || in.WithTies || o1 > 1<<40 || o2 > 1<<40 {
		return l
	}
	count := min(c1, max(c2-o1, 0))
	if c2 == 1<<62 {
		count = c1
	}
	out := &logical.Limit{Input: in.Input}
	if count < 1<<62 {
		out.Count = limitValue(l, in, count)
	}
	if o1+o2 > 0 {
		out.Offset = limitValue(l, in, o1+o2)
	}
	return out
}

// limitValue makes a constant of the type that limits have.
func limitValue(l, in *logical.Limit, v int64) expr.Expr {
	for _, e := range []expr.Expr{l.Count, l.Offset, in.Count, in.Offset} {
		if k, ok := e.(*expr.Const); ok {
			c := k.V
			c.Null, c.I = false, v
			return &expr.Const{V: c}
		}
	}
	return nil
}
