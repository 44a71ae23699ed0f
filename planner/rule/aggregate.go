package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// splitDistinctAggregate computes aggregates over DISTINCT values in two steps if
// all of them are over the same value: first the distinct (group, value) pairs,
// then a plain aggregate. Both steps are ordinary hash aggregates, so they run in
// parallel and spill (TPC-H Q16). Not with several values, filters or orders: each
// would need a grouping of its own.
func splitDistinctAggregate(c *Context, n logical.Node) logical.Node {
	return rewrite(n, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok || a.Sets != nil || len(a.Grouping) > 0 || len(a.Aggs) == 0 {
			return n
		}
		var arg expr.Expr
		for i := range a.Aggs {
			k := &a.Aggs[i]
			if !k.Distinct && !k.Fn.IgnoresDuplicates || len(k.Args) != 1 || k.Filter != nil || len(k.OrderBy) > 0 || k.Fn.OrderedSet || k.Fn.Ordered {
				return n
			}
			if arg == nil {
				arg = k.Args[0]
			} else if !Equal(arg, k.Args[0]) {
				return n
			}
		}
		if volatileExpr(arg) || !a.Aggs[0].Distinct {
			return n
		}
		val := logical.Col{ID: c.newID(), T: arg.Type(), Name: "value"}
		if col, ok := arg.(*expr.Col); ok {
			val.Name, val.Coll = col.Name, col.Coll
		}
		inner := &logical.Aggregate{Input: a.Input}
		outer := &logical.Aggregate{Input: inner}
		for _, g := range a.Groups {
			key := g.Col
			key.ID = c.newID()
			inner.Groups = append(inner.Groups, logical.NamedExpr{Col: key, Expr: g.Expr})
			outer.Groups = append(outer.Groups, logical.NamedExpr{Col: g.Col, Expr: key.Ref()})
		}
		inner.Groups = append(inner.Groups, logical.NamedExpr{Col: val, Expr: arg})
		for _, k := range a.Aggs {
			k.Distinct = false
			k.Args = []expr.Expr{val.Ref()}
			outer.Aggs = append(outer.Aggs, k)
		}
		return outer
	})
}

// eliminateMaxOneRow drops the check for a single row over what always has exactly
// one: an aggregate without groups, a constant row.
func eliminateMaxOneRow(c *Context, n logical.Node) logical.Node {
	return rewrite(n, func(n logical.Node) logical.Node {
		if m, ok := n.(*logical.MaxOneRow); ok && exactlyOne(m.Input) {
			return m.Input
		}
		return n
	})
}

func exactlyOne(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0 && n.Sets == nil
	case *logical.Values:
		return len(n.Rows) == 1
	case *logical.Project:
		return exactlyOne(n.Input)
	case *logical.MaxOneRow:
		return true
	case *logical.Join:
		switch n.Kind {
		case logical.Mark, logical.Single:
			return exactlyOne(n.Left)
		case logical.Inner:
			return len(n.On) == 0 && exactlyOne(n.Left) && exactlyOne(n.Right)
		}
	}
	return false
}
