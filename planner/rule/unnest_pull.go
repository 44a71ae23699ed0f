package rule

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// pull takes the conditions that refer to outer columns (free) out of n: it
// returns a plan without such references, whose output is n's columns and those
// that the conditions need, and the conditions. ok is false if n refers to outer
// columns elsewhere. For each outer row, the rows of the result that meet the
// conditions are n's rows.
//
// The returned plan computes rows that no outer row asks for. So ok is false too if
// an expression that can raise would be evaluated above the place of a condition that
// was taken out; conditions that can raise are taken out along with it.
func (c *Context) pull(n logical.Node, free expr.ColSet) (m logical.Node, preds []expr.Expr, ok bool) {
	if !FreeCols(n).Intersects(free) {
		return n, nil, true
	}
	switch n := n.(type) {
	case *logical.Filter:
		in, preds, ok := c.pull(n.Input, free)
		if !ok {
			return nil, nil, false
		}
		var stay []expr.Expr
		for _, e := range n.Conds {
			// What can raise and stands behind a correlated condition goes up with it: it
			// must not see rows that the correlation excludes.
			if expr.ColsOf(e).Intersects(free) || len(preds) > 0 && canRaise(e) {
				preds = append(preds, e)
			} else {
				stay = append(stay, e)
			}
		}
		return withFilter(in, stay), preds, true
	case *logical.Project:
		for _, e := range n.Exprs {
			if expr.ColsOf(e.Expr).Intersects(free) {
				return nil, nil, false
			}
		}
		in, preds, ok := c.pull(n.Input, free)
		if !ok || len(preds) > 0 && ownRaises(n) {
			return nil, nil, false
		}
		p := &logical.Project{Input: in, Exprs: n.Exprs}
		return c.passOn(p, &preds, free), preds, true
	case *logical.Join:
		return c.pullJoin(n, free)
	case *logical.Sort:
		in, preds, ok := c.pull(n.Input, free)
		if !ok || colsOfAll(sortExprs(n.Keys)).Intersects(free) {
			return nil, nil, false
		}
		return in, preds, true
	case *logical.Distinct:
		if n.On != nil {
			return nil, nil, false
		}
		in, preds, ok := c.pull(n.Input, free)
		if !ok {
			return nil, nil, false
		}
		// The keys of the conditions become columns of the result: exactly these.
		for _, p := range preds {
			key, _, _, ok := innerOuter(p, free)
			if _, isCol := key.(*expr.Col); !ok || !isCol {
				return nil, nil, false
			}
		}
		return &logical.Distinct{Input: in}, preds, true
	case *logical.Window:
		return c.pullWindow(n, free)
	case *logical.Limit:
		return c.pullLimit(n, free)
	case *logical.Aggregate:
		if len(n.Groups) == 0 || n.Sets != nil {
			return nil, nil, false
		}
		a, preds, ok := c.groupByKeys(n, free)
		return a, preds, ok
	}
	return nil, nil, false
}

// ownRaises reports whether an expression of n itself, not of its inputs, can raise.
func ownRaises(n logical.Node) bool {
	raises := false
	visitExprs(n, func(e expr.Expr) { raises = raises || canRaise(e) })
	return raises
}

func sortExprs(keys []expr.SortKey) []expr.Expr {
	out := make([]expr.Expr, len(keys))
	for i, k := range keys {
		out[i] = k.Expr
	}
	return out
}

// passOn adds to p the input columns that preds need.
func (c *Context) passOn(p *logical.Project, preds *[]expr.Expr, free expr.ColSet) *logical.Project {
	need := colsOfAll(*preds).Minus(free)
	byID := map[expr.ColumnID]bool{}
	for _, e := range p.Exprs {
		byID[e.Col.ID] = true
	}
	out := &logical.Project{Input: p.Input, Exprs: append([]logical.NamedExpr(nil), p.Exprs...)}
	for _, col := range p.Input.Columns() {
		if need.Has(col.ID) && !byID[col.ID] {
			out.Exprs = append(out.Exprs, logical.NamedExpr{Col: col, Expr: col.Ref()})
		}
	}
	return out
}

func (c *Context) pullJoin(n *logical.Join, free expr.ColSet) (logical.Node, []expr.Expr, bool) {
	left, preds, ok := c.pull(n.Left, free)
	if !ok {
		return nil, nil, false
	}
	m := *n
	m.Left = left
	if n.Kind != logical.Inner {
		// Only the preserved side may be correlated, and not for Full: there rows of other
		// bindings would be seen. Single, and what can raise, must not meet left rows that
		// the correlation excludes.
		if n.Kind == logical.Full || FreeCols(n.Right).Intersects(free) || colsOfAll(n.On).Intersects(free) {
			return nil, nil, false
		}
		if len(preds) > 0 && (n.Kind == logical.Single || ownRaises(n) || nodeRaises(n.Right)) {
			return nil, nil, false
		}
		return &m, preds, true
	}
	right, more, ok := c.pull(n.Right, free)
	if !ok {
		return nil, nil, false
	}
	m.Right = right
	preds = append(preds, more...)
	m.On = nil
	for _, e := range n.On {
		if expr.ColsOf(e).Intersects(free) || len(preds) > 0 && canRaise(e) {
			preds = append(preds, e)
		} else {
			m.On = append(m.On, e)
		}
	}
	return &m, preds, true
}

func (c *Context) pullWindow(n *logical.Window, free expr.ColSet) (logical.Node, []expr.Expr, bool) {
	var own expr.ColSet
	visitExprs(n, func(e expr.Expr) { addCols(&own, e) })
	if own.Intersects(free) {
		return nil, nil, false
	}
	in, preds, ok := c.pull(n.Input, free)
	if !ok || len(preds) > 0 && ownRaises(n) {
		return nil, nil, false
	}
	m := *n
	m.Input = in
	m.Partition = append([]expr.Expr(nil), n.Partition...)
	for _, p := range preds {
		key, _, _, ok := innerOuter(p, free)
		if !ok || canRaise(key) {
			return nil, nil, false
		}
		if !containsExpr(m.Partition, key) {
			m.Partition = append(m.Partition, key)
		}
	}
	return &m, preds, true
}

// pullLimit turns a limit for each outer row into a limit for each value of the
// correlation keys: rows are numbered within the keys. All correlated conditions
// must be equalities.
func (c *Context) pullLimit(n *logical.Limit, free expr.ColSet) (logical.Node, []expr.Expr, bool) {
	in := n.Input
	var order []expr.SortKey
	if s, ok := in.(*logical.Sort); ok {
		in, order = s.Input, s.Keys
	}
	if colsOfAll(sortExprs(order)).Intersects(free) {
		return nil, nil, false
	}
	in, preds, ok := c.pull(in, free)
	if !ok || len(preds) > 0 && slices.ContainsFunc(sortExprs(order), canRaise) {
		return nil, nil, false
	}
	var keys []expr.Expr
	for _, p := range preds {
		key, _, _, ok := innerOuter(p, free)
		if !ok || canRaise(key) {
			return nil, nil, false
		}
		if !containsExpr(keys, key) {
			keys = append(keys, key)
		}
	}
	out := c.limitWithin(n, in, keys, order)
	return out, preds, out != nil
}

// limitWithin applies a constant limit to the rows of each value of keys; nil if it
// has no such form.
func (c *Context) limitWithin(n *logical.Limit, in logical.Node, keys []expr.Expr, order []expr.SortKey) logical.Node {
	if c.opt.Funcs == nil {
		return nil
	}
	fn, le := c.opt.Funcs.RowNumber(), c.opt.Funcs.Less(sql.Int8, true)
	count, ok1 := limitConst(n.Count, 1<<62)
	offset, ok2 := limitConst(n.Offset, 0)
	if fn == nil || le == nil || n.WithTies || !ok1 || !ok2 {
		return nil
	}
	num := logical.Col{ID: c.newID(), T: sql.Int8, Name: "row_number"}
	w := &logical.Window{Input: in, Partition: keys, OrderBy: order,
		Calls: []expr.WindowCall{{Fn: fn, T: num.T, Out: num.ID, Name: num.Name}}}
	konst := func(v int64) expr.Expr { return &expr.Const{V: sql.IntValue(sql.Int8, v)} }
	var conds []expr.Expr
	if count < 1<<62-offset {
		conds = append(conds, call(le, num.Ref(), konst(offset+count)))
	}
	if offset > 0 {
		conds = append(conds, call(le, konst(offset+1), num.Ref()))
	}
	return project(withFilter(w, conds), in.Columns())
}

// groupByKeys pulls the conditions out of an aggregate's input and groups by the
// inner sides of them too; all must be equalities. The conditions it returns speak
// of the new group columns. Grouping an aggregate without groups makes it give no
// row where it gave one over no rows: the caller sees to that.
func (c *Context) groupByKeys(n *logical.Aggregate, free expr.ColSet) (*logical.Aggregate, []expr.Expr, bool) {
	var own expr.ColSet
	visitExprs(n, func(e expr.Expr) { addCols(&own, e) })
	// All groups are computed, also those that no outer row asks for: an argument that
	// can raise must not be evaluated for them.
	if own.Intersects(free) || ownRaises(n) {
		return nil, nil, false
	}
	in, preds, ok := c.pull(n.Input, free)
	if !ok {
		return nil, nil, false
	}
	m := *n
	m.Input = in
	m.Groups = append([]logical.NamedExpr(nil), n.Groups...)
	out := make([]expr.Expr, 0, len(preds))
	for _, p := range preds {
		key, outerSide, fn, ok := innerOuter(p, free)
		if !ok || canRaise(key) {
			return nil, nil, false
		}
		var ref *expr.Col
		for _, g := range m.Groups {
			if Equal(g.Expr, key) {
				ref = g.Col.Ref()
			}
		}
		if ref == nil {
			col := logical.Col{ID: c.newID(), T: key.Type(), Name: "key"}
			if k, ok := key.(*expr.Col); ok {
				col.Name, col.Coll = k.Name, k.Coll
			}
			m.Groups = append(m.Groups, logical.NamedExpr{Col: col, Expr: key})
			ref = col.Ref()
		}
		out = append(out, call(fn, ref, outerSide))
	}
	return &m, out, true
}

// unnestAggregate handles a right side that is an aggregate without groups, below
// projections: one row for each outer row, whatever it finds. Nil: not of this form.
func (c *Context) unnestAggregate(d *logical.DependentJoin, right logical.Node, free expr.ColSet) logical.Node {
	switch {
	case d.Kind == logical.Single || d.Kind == logical.Left || d.Kind == logical.Inner:
	default:
		return nil
	}
	if len(d.On) > 0 && d.Kind != logical.Inner {
		return nil
	}
	var above []*logical.Project
	var conds []expr.Expr
	for {
		if p, ok := right.(*logical.Project); ok {
			above = append(above, p)
			right = p.Input
			continue
		}
		if m, ok := right.(*logical.MaxOneRow); ok {
			right = m.Input
			continue
		}
		break
	}
	agg, ok := right.(*logical.Aggregate)
	if !ok || len(agg.Groups) > 0 || agg.Sets != nil {
		return nil
	}
	for i := range agg.Aggs {
		if a := &agg.Aggs[i]; !a.Fn.EmptyIsNull && a.Fn.Name != "count" || a.Fn.OrderedSet && len(a.Direct) > 0 {
			return nil
		}
	}
	grouped, preds, ok := c.groupByKeys(agg, free)
	if !ok {
		return nil
	}
	// Counts of unmatched rows are 0: the aggregate goes under a new id, and the old id
	// is coalesce(new, 0).
	fix := map[expr.ColumnID]expr.Expr{}
	for i := range grouped.Aggs {
		if grouped.Aggs[i].Fn.EmptyIsNull {
			continue
		}
		if len(fix) == 0 {
			grouped.Aggs = append([]expr.AggCall(nil), grouped.Aggs...)
		}
		a := &grouped.Aggs[i]
		old := a.Out
		a.Out = c.newID()
		zero := &expr.Const{V: zeroOf(a)}
		fix[old] = &expr.Coalesce{T: a.T, Args: []expr.Expr{&expr.Col{ID: a.Out, T: a.T, Name: a.Name}, zero}}
	}
	j := &logical.DependentJoin{Kind: logical.Left, Left: d.Left, Right: grouped, Guard: d.Guard}
	var n logical.Node = c.joinWithGuard(j, grouped, preds)
	if d.Guard != nil && (len(fix) > 0 || len(above) > 0) {
		// Outside the guard the right side counts as empty, not as an aggregate of nothing.
		return nil
	}
	// Computed columns of the projections, evaluated after the join: so they are
	// asked only for the groups that an outer row wants, and see the counts of 0.
	leftCols := d.Left.Columns()
	pass := func(exprs []logical.NamedExpr) []logical.NamedExpr {
		out := make([]logical.NamedExpr, 0, len(leftCols)+len(exprs))
		for _, col := range leftCols {
			out = append(out, logical.NamedExpr{Col: col, Expr: col.Ref()})
		}
		return append(out, exprs...)
	}
	var base []logical.NamedExpr
	for i := range agg.Aggs {
		a := &agg.Aggs[i]
		col := logical.Col{ID: a.Out, T: a.T, Name: a.Name}
		var e expr.Expr = col.Ref()
		if f, ok := fix[a.Out]; ok {
			e = f
		}
		base = append(base, logical.NamedExpr{Col: col, Expr: e})
	}
	n = &logical.Project{Input: n, Exprs: pass(base)}
	for i := len(above) - 1; i >= 0; i-- {
		n = &logical.Project{Input: n, Exprs: pass(above[i].Exprs)}
	}
	conds = append(conds, d.On...)
	return project(withFilter(n, conds), d.Columns())
}
