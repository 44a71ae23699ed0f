package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// filterShared lets a shared plan make only the rows that one of its readers looks
// at: if each has conditions, the plan gets the OR of what they say (TPC-DS Q4, Q39:
// readers that take a year or a month each). The readers keep their own conditions.
//
// The conditions neither raise nor are volatile. A row that nobody reads and whose
// expressions would raise no longer does: where PostgreSQL evaluates the whole WITH
// query it may raise, which is an order of evaluation that it leaves open.
func filterShared(c *Context, n logical.Node) logical.Node {
	// Readers come before the plans that they read, so that what a reader passes on
	// to its own inputs is known.
	for _, id := range sharedIDs(n) {
		conds, cols := readBy(n, id)
		if conds == nil {
			continue
		}
		n = rewrite(n, func(n logical.Node) logical.Node {
			s, ok := n.(*logical.Shared)
			if !ok {
				return n
			}
			kids := s.Children()
			for i, p := range s.Plans {
				if p.ID != id {
					continue
				}
				own := map[expr.ColumnID]expr.Expr{}
				for k, col := range p.Plan.Columns() {
					own[cols[k].ID] = col.Ref()
				}
				// What the arms say of a constant, such as the number of a branch of a
				// UNION, is settled in the branch, so that the rest moves on.
				plan := push(p.Plan, []expr.Expr{substitute(conds, own)})
				kids[i] = push(simplifyPredicates(c, foldConstants(c, plan)), nil)
			}
			return s.WithChildren(kids)
		})
	}
	return n
}

// sharedIDs lists shared plans, each after all that can read it.
func sharedIDs(n logical.Node) []int {
	s, ok := n.(*logical.Shared)
	if !ok {
		var ids []int
		for _, k := range n.Children() {
			ids = append(ids, sharedIDs(k)...)
		}
		return ids
	}
	ids := sharedIDs(s.Input)
	for i := len(s.Plans) - 1; i >= 0; i-- {
		ids = append(append(ids, s.Plans[i].ID), sharedIDs(s.Plans[i].Plan)...)
	}
	return ids
}

// readBy returns the OR of the conditions under which the shared plan is read, over
// the columns cols of the first reader; nil if one of the readers has none.
func readBy(n logical.Node, id int) (or expr.Expr, cols []logical.Col) {
	var arms []expr.Expr
	all := true
	var visit func(n logical.Node, conds []expr.Expr)
	visit = func(n logical.Node, conds []expr.Expr) {
		switch n := n.(type) {
		case *logical.Filter:
			visit(n.Input, n.Conds)
			return
		case *logical.SharedRef:
			if n.ID != id {
				return
			}
			down, _ := split(conds, setOf(n.Cols))
			if len(down) == 0 {
				all = false
				return
			}
			if cols == nil {
				cols = n.Cols
			}
			first := map[expr.ColumnID]expr.Expr{}
			for k, col := range n.Cols {
				first[col.ID] = cols[k].Ref()
			}
			if arm := expr.AndOf(substituteAll(down, first)); !containsExpr(arms, arm) {
				arms = append(arms, arm)
			}
			return
		}
		for _, k := range n.Children() {
			visit(k, nil)
		}
	}
	visit(n, nil)
	switch {
	case !all || len(arms) == 0:
		return nil, nil
	case len(arms) == 1:
		return arms[0], cols
	}
	return &expr.Logic{Op: expr.Or, Args: arms}, cols
}
