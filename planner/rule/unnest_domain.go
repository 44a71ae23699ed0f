package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// domain is the set of distinct bindings of outer columns, read from a shared
// plan as often as needed, each time under fresh ids.
type domain struct {
	c      *Context
	shared int           // the plan of the left side
	all    []logical.Col // its columns
	free   []logical.Col // the correlation columns among them
	guard  expr.Expr
}

// bound is a plan computed for each binding: n's columns and, for each
// correlation column, the column of n that holds the binding.
type bound struct {
	n    logical.Node
	cols map[expr.ColumnID]logical.Col
}

// unnestDomain computes right for the distinct bindings of the guarded left rows.
func (c *Context) unnestDomain(d *logical.DependentJoin, right logical.Node, free expr.ColSet) logical.Node {
	if c.opt.Funcs == nil || nodeVolatile(d.Left) {
		return nil
	}
	dom := &domain{c: c, shared: c.newShared(), all: d.Left.Columns(), guard: d.Guard}
	for _, col := range dom.all {
		if free.Has(col.ID) {
			// One binding stands for all that are equal to it: they must be identical.
			if c.equal(col.T) == nil || !interchangeable(col.Ref()) {
				return nil
			}
			dom.free = append(dom.free, col)
		}
	}
	b, ok := dom.push(right)
	if !ok {
		return nil
	}
	// The left side itself reads the shared plan under its own ids.
	left := &logical.SharedRef{ID: dom.shared, Name: "bindings", Cols: dom.all}
	m := *d
	m.Left = left
	inner := c.refresh(d.Left, dom.all)
	on := append([]expr.Expr(nil), d.On...)
	for _, col := range dom.free {
		same := dom.same(col, b.cols[col.ID])
		if d.Kind == logical.Mark {
			same = &expr.IsNull{Arg: same, Test: expr.TestTrue}
		}
		on = append(on, same)
	}
	j := project(c.joinWithGuard(&m, b.n, on), d.Columns())
	return &logical.Shared{
		Plans: []*logical.SharedPlan{{ID: dom.shared, Name: "bindings", Plan: inner}},
		Input: j,
	}
}

// refresh returns n under fresh ids, so that cols can be produced elsewhere.
func (c *Context) refresh(n logical.Node, cols []logical.Col) logical.Node {
	p := &logical.Project{Input: n, Exprs: make([]logical.NamedExpr, len(cols))}
	for i, col := range cols {
		fresh := col
		fresh.ID = c.newID()
		p.Exprs[i] = logical.NamedExpr{Col: fresh, Expr: col.Ref()}
	}
	return p
}

// same is a null-safe equality of a correlation column and a column.
func (d *domain) same(a, b logical.Col) expr.Expr {
	return nullSafeEqual(d.c.equal(a.T), a.Ref(), b.Ref())
}

// read returns the distinct bindings under fresh ids.
func (d *domain) read() bound {
	ref := &logical.SharedRef{ID: d.shared, Name: "bindings", Cols: make([]logical.Col, len(d.all))}
	at := map[expr.ColumnID]expr.Expr{}
	fresh := map[expr.ColumnID]logical.Col{}
	for i, col := range d.all {
		f := col
		f.ID = d.c.newID()
		ref.Cols[i] = f
		at[col.ID] = f.Ref()
		fresh[col.ID] = f
	}
	var n logical.Node = ref
	if d.guard != nil {
		n = &logical.Filter{Input: n, Conds: []expr.Expr{substitute(d.guard, at)}}
	}
	a := &logical.Aggregate{Input: n}
	out := bound{cols: map[expr.ColumnID]logical.Col{}}
	for _, col := range d.free {
		o := col
		o.ID = d.c.newID()
		a.Groups = append(a.Groups, logical.NamedExpr{Col: o, Expr: fresh[col.ID].Ref()})
		out.cols[col.ID] = o
	}
	if len(d.free) == 0 {
		out.n = &logical.Limit{Input: n, Count: &expr.Const{V: sql.IntValue(sql.Int8, 1)}}
	} else {
		out.n = a
	}
	return out
}

func (d *domain) correlated(n logical.Node) bool {
	return FreeCols(n).Intersects(setOf(d.free))
}

// subst returns the map from correlation columns to where b holds them.
func (b bound) subst() map[expr.ColumnID]expr.Expr {
	m := map[expr.ColumnID]expr.Expr{}
	for id, col := range b.cols {
		m[id] = col.Ref()
	}
	return m
}

// bindingCols returns b's binding columns in the order of free.
func (d *domain) bindingCols(b bound) []logical.Col {
	out := make([]logical.Col, len(d.free))
	for i, col := range d.free {
		out[i] = b.cols[col.ID]
	}
	return out
}

// push computes n for each binding; false if it has no form for that.
func (d *domain) push(n logical.Node) (bound, bool) {
	if !d.correlated(n) {
		b := d.read()
		return bound{&logical.Join{Kind: logical.Inner, Left: b.n, Right: n}, b.cols}, true
	}
	switch n := n.(type) {
	case *logical.Filter:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		return bound{&logical.Filter{Input: b.n, Conds: substituteAll(n.Conds, b.subst())}, b.cols}, true
	case *logical.Project:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		p := &logical.Project{Input: b.n}
		sub := b.subst()
		for _, e := range n.Exprs {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: e.Col, Expr: substitute(e.Expr, sub)})
		}
		for _, col := range d.bindingCols(b) {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: col, Expr: col.Ref()})
		}
		return bound{p, b.cols}, true
	case *logical.Join:
		return d.pushJoin(n)
	case *logical.Aggregate:
		return d.pushAggregate(n)
	case *logical.Window:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		m := mapExprs(n, func(e expr.Expr) expr.Expr { return substitute(e, b.subst()) }).(*logical.Window)
		w := *m
		w.Input = b.n
		w.Partition = append([]expr.Expr(nil), m.Partition...)
		for _, col := range d.bindingCols(b) {
			w.Partition = append(w.Partition, col.Ref())
		}
		return bound{&w, b.cols}, true
	case *logical.Sort:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		return bound{&logical.Sort{Input: b.n, Keys: substituteKeys(n.Keys, b.subst())}, b.cols}, true
	case *logical.Limit:
		return d.pushLimit(n)
	case *logical.Distinct:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		m := *n
		m.Input = b.n
		if n.On != nil {
			sub := b.subst()
			m.On = append([]expr.Expr(nil), substituteAll(n.On, sub)...)
			m.Order = nil
			for _, col := range d.bindingCols(b) {
				m.On = append(m.On, col.Ref())
				m.Order = append(m.Order, expr.SortKey{Expr: col.Ref()})
			}
			m.Order = append(m.Order, substituteKeys(n.Order, sub)...)
			// Input must be ordered by On's columns first, then as before.
			if s, ok := m.Input.(*logical.Sort); ok {
				m.Input = &logical.Sort{Input: s.Input, Keys: m.Order}
			} else {
				m.Input = &logical.Sort{Input: m.Input, Keys: m.Order}
			}
		}
		return bound{&m, b.cols}, true
	case *logical.SetOp:
		return d.pushSetOp(n)
	case *logical.ProjectSet:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		m := mapExprs(n, func(e expr.Expr) expr.Expr { return substitute(e, b.subst()) }).(*logical.ProjectSet)
		return bound{&logical.ProjectSet{Input: b.n, Calls: m.Calls}, b.cols}, true
	case *logical.FuncScan:
		return d.pushFuncScan(n)
	case *logical.MaxOneRow:
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		base := d.read()
		var on []expr.Expr
		for _, col := range d.free {
			on = append(on, d.same(base.cols[col.ID], b.cols[col.ID]))
		}
		j := &logical.Join{Kind: logical.Single, Left: base.n, Right: b.n, On: on}
		return bound{j, base.cols}, true
	case *logical.Values:
		return d.pushValues(n)
	case *logical.Shared:
		for _, p := range n.Plans {
			if d.correlated(p.Plan) {
				return bound{}, false
			}
		}
		b, ok := d.push(n.Input)
		if !ok {
			return b, false
		}
		return bound{&logical.Shared{Plans: n.Plans, Input: b.n}, b.cols}, true
	}
	// Dependent joins that stayed, correlated recursion and scans.
	return bound{}, false
}

func (d *domain) pushJoin(n *logical.Join) (bound, bool) {
	lc := d.correlated(n.Left)
	rc := d.correlated(n.Right)
	on := colsOfAll(n.On).Intersects(setOf(d.free))
	if n.Kind == logical.Full && (lc || rc || on) {
		return bound{}, false
	}
	if rc && !lc && !on && n.Kind == logical.Inner {
		r, ok := d.push(n.Right)
		m := *n
		m.Right = r.n
		return bound{&m, r.cols}, ok
	}
	l, ok := d.push(n.Left)
	if !ok {
		return l, false
	}
	m := *n
	m.Left = l.n
	m.On = substituteAll(n.On, l.subst())
	if !rc {
		return bound{&m, l.cols}, true
	}
	r, ok := d.push(n.Right)
	if !ok {
		return r, false
	}
	m.Right = r.n
	m.On = append([]expr.Expr(nil), m.On...)
	for _, col := range d.free {
		same := d.same(l.cols[col.ID], r.cols[col.ID])
		if n.Kind == logical.Mark {
			same = &expr.IsNull{Arg: same, Test: expr.TestTrue}
		}
		m.On = append(m.On, same)
	}
	return bound{&m, l.cols}, true
}

func (d *domain) pushAggregate(n *logical.Aggregate) (bound, bool) {
	for _, s := range n.Sets {
		if len(s) == 0 { // a grand total over no rows is a row: not expressed here
			return bound{}, false
		}
	}
	b, ok := d.push(n.Input)
	if !ok {
		return b, false
	}
	m := mapExprs(n, func(e expr.Expr) expr.Expr { return substitute(e, b.subst()) }).(*logical.Aggregate)
	a := *m
	a.Input = b.n
	a.Groups = append([]logical.NamedExpr(nil), m.Groups...)
	out := bound{cols: map[expr.ColumnID]logical.Col{}}
	var added []int
	for _, col := range d.free {
		o := col
		o.ID = d.c.newID()
		added = append(added, len(a.Groups))
		a.Groups = append(a.Groups, logical.NamedExpr{Col: o, Expr: b.cols[col.ID].Ref()})
		out.cols[col.ID] = o
	}
	if n.Sets != nil {
		a.Sets = nil
		for _, s := range n.Sets {
			a.Sets = append(a.Sets, append(append([]int(nil), s...), added...))
		}
	}
	if len(n.Groups) > 0 || n.Sets != nil {
		out.n = &a
		return out, true
	}
	// Without groups there is one row for each binding, also where nothing was found.
	base := d.read()
	a.Aggs = append([]expr.AggCall(nil), a.Aggs...)
	p := &logical.Project{}
	for i := range a.Aggs {
		call := &a.Aggs[i]
		col := logical.Col{ID: call.Out, T: call.T, Name: call.Name}
		if call.Fn.EmptyIsNull {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: col, Expr: col.Ref()})
			continue
		}
		if call.Fn.Name != "count" {
			return bound{}, false
		}
		call.Out = d.c.newID()
		ref := &expr.Col{ID: call.Out, T: call.T, Name: call.Name}
		zero := &expr.Const{V: zeroOf(call)}
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: col, Expr: &expr.Coalesce{T: call.T, Args: []expr.Expr{ref, zero}}})
	}
	var on []expr.Expr
	for _, col := range d.free {
		on = append(on, d.same(base.cols[col.ID], out.cols[col.ID]))
		keep := base.cols[col.ID]
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: keep, Expr: keep.Ref()})
	}
	p.Input = &logical.Join{Kind: logical.Left, Left: base.n, Right: &a, On: on}
	return bound{p, base.cols}, true
}

// zeroOf is what count gives over no rows.
func zeroOf(a *expr.AggCall) sql.Value { return sql.IntValue(a.T, 0) }

// pushLimit numbers the rows of each binding and keeps those in the limit.
func (d *domain) pushLimit(n *logical.Limit) (bound, bool) {
	in := n.Input
	var order []expr.SortKey
	if s, ok := in.(*logical.Sort); ok {
		in, order = s.Input, s.Keys
	}
	b, ok := d.push(in)
	if !ok {
		return b, false
	}
	var keys []expr.Expr
	for _, col := range d.bindingCols(b) {
		keys = append(keys, col.Ref())
	}
	out := d.c.limitWithin(n, b.n, keys, substituteKeys(order, b.subst()))
	return bound{out, b.cols}, out != nil
}

// limitConst returns the value of a constant limit; def if there is none.
func limitConst(e expr.Expr, def int64) (int64, bool) {
	if e == nil {
		return def, true
	}
	k, ok := e.(*expr.Const)
	if !ok {
		return 0, false
	}
	if k.V.Null {
		return def, true
	}
	return k.V.I, k.V.I >= 0
}

func (d *domain) pushSetOp(n *logical.SetOp) (bound, bool) {
	m := &logical.SetOp{Kind: n.Kind, All: n.All, Cols: append([]logical.Col(nil), n.Cols...)}
	out := bound{n: m, cols: map[expr.ColumnID]logical.Col{}}
	for _, col := range d.free {
		o := col
		o.ID = d.c.newID()
		m.Cols = append(m.Cols, o)
		out.cols[col.ID] = o
	}
	for _, in := range n.Inputs {
		b, ok := d.push(in)
		if !ok {
			return b, false
		}
		m.Inputs = append(m.Inputs, project(b.n, append(append([]logical.Col(nil), in.Columns()...), d.bindingCols(b)...)))
	}
	return out, true
}

// pushFuncScan turns a lateral function call into one for each binding. Several
// calls side by side with one ordinality column are not expressed.
func (d *domain) pushFuncScan(n *logical.FuncScan) (bound, bool) {
	if n.Ordinality != nil && len(n.Calls) > 1 {
		return bound{}, false
	}
	b := d.read()
	sub := b.subst()
	p := &logical.ProjectSet{Input: b.n}
	for _, call := range n.Calls {
		call.Args = substituteAll(call.Args, sub)
		if n.Ordinality != nil {
			if call.Ordinality {
				return bound{}, false
			}
			call.Cols = append(append([]logical.Col(nil), call.Cols...), *n.Ordinality)
			call.Ordinality = true
		}
		p.Calls = append(p.Calls, call)
	}
	return bound{p, b.cols}, true
}

// pushValues makes a projection of the bindings for each row.
func (d *domain) pushValues(n *logical.Values) (bound, bool) {
	row := func(exprs []expr.Expr, cols []logical.Col) bound {
		b := d.read()
		sub := b.subst()
		p := &logical.Project{Input: b.n}
		for i, e := range exprs {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: cols[i], Expr: substitute(e, sub)})
		}
		for _, col := range d.bindingCols(b) {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: col, Expr: col.Ref()})
		}
		return bound{p, b.cols}
	}
	if len(n.Rows) == 1 {
		return row(n.Rows[0], n.Cols), true
	}
	u := &logical.SetOp{Kind: logical.Union, All: true, Cols: append([]logical.Col(nil), n.Cols...)}
	out := bound{n: u, cols: map[expr.ColumnID]logical.Col{}}
	for _, col := range d.free {
		o := col
		o.ID = d.c.newID()
		u.Cols = append(u.Cols, o)
		out.cols[col.ID] = o
	}
	for _, r := range n.Rows {
		cols := append([]logical.Col(nil), n.Cols...)
		for i := range cols {
			cols[i].ID = d.c.newID()
		}
		u.Inputs = append(u.Inputs, row(r, cols).n)
	}
	return out, len(u.Inputs) > 1
}
