package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// pushFilters moves conditions as far down as they go: through projections (by
// substitution), joins (as the kind of join allows), aggregates (on group keys),
// windows (on partition keys), set operations, DISTINCT and ORDER BY, into scans.
//
// A condition that can raise never overtakes one written before it and never
// moves below a join, aggregate or window: it would see rows that the query
// filters out first. Counter-example: SELECT ... FROM a JOIN b USING (k) WHERE
// 1/a.x > 0 must not divide for rows of a that have no partner.
// Volatile conditions stay where they were written.
//
// An OR over both sides of an inner join gives each side the OR of what its arms
// say about it alone (TPC-H Q7, Q19); the whole OR stays at the join. Likewise an OR
// over group keys and aggregates.
func pushFilters(c *Context, n logical.Node) logical.Node { return push(n, nil) }

// push returns n with conds (over n's output, in order) applied.
func push(n logical.Node, conds []expr.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		return push(n.Input, appendNew(n.Conds, conds))
	case *logical.Scan:
		if len(conds) == 0 {
			return n
		}
		own := setOf(n.Cols)
		var down, stay []expr.Expr
		for _, cond := range conds {
			cols := expr.ColsOf(cond)
			if cols.Empty() || !cols.SubsetOf(own) || volatileExpr(cond) || len(stay) > 0 && canRaise(cond) {
				stay = append(stay, cond)
			} else {
				down = append(down, cond)
			}
		}
		m := *n
		m.Filter = appendNew(n.Filter, down)
		return withFilter(&m, stay)
	case *logical.Project:
		return pushProject(n, conds)
	case *logical.Join:
		return pushJoin(n, conds)
	case *logical.DependentJoin:
		left, stay := split(conds, colSet(n.Left))
		m := *n
		m.Left, m.Right = push(n.Left, left), push(n.Right, nil)
		return withFilter(&m, stay)
	case *logical.Aggregate:
		return pushAggregate(n, conds)
	case *logical.Window:
		var keys expr.ColSet
		for _, p := range n.Partition {
			if col, ok := p.(*expr.Col); ok {
				keys.Add(col.ID)
			}
		}
		down, stay := split(conds, keys)
		m := *n
		m.Input = push(n.Input, down)
		return withFilter(&m, stay)
	case *logical.Sort:
		return &logical.Sort{Input: push(n.Input, conds), Keys: n.Keys}
	case *logical.Distinct:
		down, stay := conds, []expr.Expr(nil)
		if n.On != nil {
			var keys expr.ColSet
			for _, e := range n.On {
				if col, ok := e.(*expr.Col); ok {
					keys.Add(col.ID)
				}
			}
			down, stay = split(conds, keys)
		} else {
			down, stay = splitVolatile(conds)
		}
		m := *n
		m.Input = push(n.Input, down)
		return withFilter(&m, stay)
	case *logical.SetOp:
		return pushSetOp(n, conds)
	case *logical.ProjectSet:
		down, stay := split(conds, colSet(n.Input))
		m := *n
		m.Input = push(n.Input, down)
		return withFilter(&m, stay)
	case *logical.Shared:
		kids := n.Children()
		for i := range kids {
			if i < len(kids)-1 {
				kids[i] = push(kids[i], nil)
			} else {
				kids[i] = push(kids[i], conds)
			}
		}
		return n.WithChildren(kids)
	}
	// Limit, SharedRef, FuncScan, Values, Recursive, WorkTable, MaxOneRow: conditions stay above.
	return withFilter(mapChildren(n, func(k logical.Node) logical.Node { return push(k, nil) }), conds)
}

// split divides conditions into those that may move below (they cannot raise and
// refer to columns of within only) and those that stay.
func split(conds []expr.Expr, within expr.ColSet) (down, stay []expr.Expr) {
	for _, c := range conds {
		cols := expr.ColsOf(c)
		if !cols.Empty() && cols.SubsetOf(within) && !canRaise(c) {
			down = append(down, c)
		} else {
			stay = append(stay, c)
		}
	}
	return down, stay
}

// splitVolatile divides before the first volatile condition.
func splitVolatile(conds []expr.Expr) (down, stay []expr.Expr) {
	for i, c := range conds {
		if volatileExpr(c) {
			return conds[:i], conds[i:]
		}
	}
	return conds, nil
}

func pushProject(n *logical.Project, conds []expr.Expr) logical.Node {
	m := map[expr.ColumnID]expr.Expr{}
	var opaque expr.ColSet // columns whose expression must not be evaluated twice
	for _, e := range n.Exprs {
		if volatileExpr(e.Expr) {
			opaque.Add(e.Col.ID)
		}
		m[e.Col.ID] = e.Expr
	}
	var down, stay []expr.Expr
	for _, c := range conds {
		cols := expr.ColsOf(c)
		sub := substitute(c, m)
		// A condition that can raise moves only if all before it did.
		if volatileExpr(c) || cols.Intersects(opaque) || len(stay) > 0 && canRaise(sub) {
			stay = append(stay, c)
			continue
		}
		down = append(down, sub)
	}
	return withFilter(&logical.Project{Input: push(n.Input, down), Exprs: n.Exprs}, stay)
}

func pushAggregate(n *logical.Aggregate, conds []expr.Expr) logical.Node {
	m := map[expr.ColumnID]expr.Expr{}
	var keys expr.ColSet
	for i, g := range n.Groups {
		if inAllSets(n.Sets, i) && !volatileExpr(g.Expr) {
			keys.Add(g.Col.ID)
			m[g.Col.ID] = g.Expr
		}
	}
	var down, stay []expr.Expr
	for _, c := range conds {
		cols := expr.ColsOf(c)
		sub := substitute(c, m)
		if !cols.Empty() && cols.SubsetOf(keys) && !canRaise(sub) {
			down = append(down, sub)
			continue
		}
		stay = append(stay, c)
		for _, d := range derive(c, keys) {
			if sub := substitute(d, m); !canRaise(sub) {
				down = append(down, sub)
			}
		}
	}
	a := *n
	a.Input = push(n.Input, down)
	return withFilter(&a, stay)
}

func inAllSets(sets [][]int, i int) bool {
	for _, s := range sets {
		found := false
		for _, k := range s {
			found = found || k == i
		}
		if !found {
			return false
		}
	}
	return true
}

func pushSetOp(n *logical.SetOp, conds []expr.Expr) logical.Node {
	down, rest := splitVolatile(conds)
	var stay []expr.Expr
	if n.Kind != logical.Union {
		// Inputs have rows that are not in the result.
		down, stay = harmless(down)
	}
	if n.Kind == logical.Except {
		// A row on the right takes away those equal to it, which a condition may tell apart.
		all := down
		down = nil
		for _, e := range all {
			if tellsApart(e) {
				stay = append(stay, e)
			} else {
				down = append(down, e)
			}
		}
	}
	stay = append(stay, rest...)
	m := *n
	m.Inputs = make([]logical.Node, len(n.Inputs))
	for i, in := range n.Inputs {
		sub := map[expr.ColumnID]expr.Expr{}
		for k, col := range in.Columns() {
			sub[n.Cols[k].ID] = col.Ref()
		}
		m.Inputs[i] = push(in, substituteAll(down, sub))
	}
	return withFilter(&m, stay)
}

// tellsApart reports whether e may differ between equal values.
func tellsApart(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if col, ok := x.(*expr.Col); ok {
			found = found || !interchangeable(col)
		}
		return !found
	})
	return found
}

func pushJoin(n *logical.Join, conds []expr.Expr) logical.Node {
	lcols, rcols := colSet(n.Left), colSet(n.Right)
	var left, right, on, above []expr.Expr
	switch n.Kind {
	case logical.Inner:
		// On's conditions come first: they were written there.
		raised := false
		for i, list := range [][]expr.Expr{n.On, conds} {
			for _, c := range list {
				cols := expr.ColsOf(c)
				switch {
				case volatileExpr(c) || canRaise(c):
					if i == 0 {
						on = append(on, c)
					} else {
						above = append(above, c)
					}
					raised = true
				case cols.Empty():
					above = append(above, c)
				case cols.SubsetOf(lcols):
					left = append(left, c)
				case cols.SubsetOf(rcols):
					right = append(right, c)
				default:
					on = append(on, c)
					left = append(left, derive(c, lcols)...)
					right = append(right, derive(c, rcols)...)
				}
			}
		}
		if raised {
			on = harmlessFirst(on)
		}
	case logical.Left:
		left, above = split(conds, lcols)
		right, on = split(n.On, rcols)
	case logical.Semi:
		left, above = split(conds, lcols)
		var rest []expr.Expr
		right, rest = split(n.On, rcols)
		down, rest := split(rest, lcols)
		left = append(left, down...)
		on = rest
		for _, c := range on {
			if !canRaise(c) {
				left = append(left, derive(c, lcols)...)
				right = append(right, derive(c, rcols)...)
			}
		}
	case logical.Anti:
		left, above = split(conds, lcols)
		right, on = split(n.On, rcols)
	case logical.Mark:
		left, above = split(conds, lcols)
		for _, c := range n.On {
			// Only a condition that is never NULL may become a filter of the right side.
			if t, ok := c.(*expr.IsNull); ok && t.Test == expr.TestTrue && !canRaise(c) && expr.ColsOf(c).SubsetOf(rcols) {
				right = append(right, t.Arg)
			} else {
				on = append(on, c)
			}
		}
	case logical.Single:
		left, above = split(conds, lcols)
		right, on = split(n.On, rcols)
	default: // Full: nothing moves
		on, above = n.On, conds
	}
	m := *n
	m.On = on
	m.Left, m.Right = push(n.Left, left), push(n.Right, right)
	return withFilter(&m, above)
}

// harmlessFirst puts conditions that cannot raise first, which may only prevent errors.
func harmlessFirst(conds []expr.Expr) []expr.Expr {
	a, b := harmless(conds)
	return append(a, b...)
}

// harmless divides conditions into those that cannot raise and those that can.
func harmless(conds []expr.Expr) (a, b []expr.Expr) {
	for _, c := range conds {
		if canRaise(c) {
			b = append(b, c)
		} else {
			a = append(a, c)
		}
	}
	return a, b
}

// derive returns what an OR implies about the columns of within alone: the OR of
// each arm's conjuncts over them. Nothing if an arm says nothing about them.
func derive(e expr.Expr, within expr.ColSet) []expr.Expr {
	if d := Derive(e, within); d != nil {
		return []expr.Expr{d}
	}
	return nil
}

// Derive is the condition over within that the OR e implies, nil if there is none.
func Derive(e expr.Expr, within expr.ColSet) expr.Expr {
	or, ok := e.(*expr.Logic)
	if !ok || or.Op != expr.Or || canRaise(e) {
		return nil
	}
	arms := make([]expr.Expr, 0, len(or.Args))
	for _, a := range or.Args {
		var keep []expr.Expr
		for _, c := range expr.Conjuncts(a) {
			cols := expr.ColsOf(c)
			if cols.Empty() {
				continue
			}
			if cols.SubsetOf(within) {
				keep = append(keep, c)
			} else if d := Derive(c, within); d != nil {
				keep = append(keep, d)
			}
		}
		if len(keep) == 0 {
			return nil
		}
		arms = append(arms, expr.AndOf(keep))
	}
	var uniq []expr.Expr
	for _, a := range arms {
		if !containsExpr(uniq, a) {
			uniq = append(uniq, a)
		}
	}
	if len(uniq) == 1 {
		return uniq[0]
	}
	return simplifyOr(&expr.Logic{Op: expr.Or, Args: uniq})
}
