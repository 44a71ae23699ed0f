package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// query binds a query of any form. Its plan has just the visible columns.
func (b *binder) query(sel *parse.Select, parent *level, ctes *cteScope, mode unknownMode) (*boundQuery, error) {
	if sel.Locking {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "row locks (FOR UPDATE, FOR SHARE) are not supported")
	}
	if sel.Into != nil {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "SELECT ... INTO is not allowed here").At(sel.Into.Pos())
	}
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	var plans []*cte
	if sel.With != nil {
		var err error
		if ctes, plans, err = b.with(sel.With, parent, ctes); err != nil {
			return nil, err
		}
	}
	var q *boundQuery
	var err error
	switch {
	case sel.Values != nil:
		q, err = b.values(sel, parent, ctes)
	case sel.SetOp != parse.NoSetOp:
		q, err = b.setQuery(sel, parent, ctes)
	default:
		q, err = b.core(sel, parent, ctes, mode)
	}
	if err != nil {
		return nil, err
	}
	q.plan = b.only(q)
	if len(plans) > 0 {
		shared := &logical.Shared{Input: q.plan}
		for _, c := range plans {
			shared.Plans = append(shared.Plans, &logical.SharedPlan{ID: c.id, Name: c.name, Plan: c.plan})
		}
		q.plan = shared
	}
	return q, nil
}

// core binds a SELECT.
func (b *binder) core(sel *parse.Select, parent *level, ctes *cteScope, mode unknownMode) (*boundQuery, error) {
	lv := b.newLevel(parent, ctes)
	lv.sel = sel
	plan, err := b.from(lv, sel.From)
	if err != nil {
		return nil, err
	}
	p := &selectParts{}
	if err := b.clauses(lv, sel, p); err != nil {
		return nil, err
	}
	if lv.selfRef && len(lv.aggs) > 0 {
		return nil, sql.Errorf(sql.CodeInvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term").At(lv.aggs[0].Pos)
	}
	if mode == resolveUnknowns {
		for i := range p.targets {
			t := &p.targets[i]
			if t.expr, err = b.resolveUnknown(operand{t.expr, t.pos}); err != nil {
				return nil, err
			}
		}
	}
	if sel.Distinct {
		for _, t := range p.targets {
			if err := b.checkEquality(t.expr, t.pos); err != nil {
				return nil, err
			}
		}
	}
	st := &stage{b: b, lv: lv, plan: plan}
	st.filter(p.where)
	if lv.hasAggs || len(sel.GroupBy) > 0 || sel.Having != nil || len(lv.grouping) > 0 {
		if err := b.aggregateStage(st, p.group, p.targets, p.having); err != nil {
			return nil, err
		}
		st.filter(p.having)
	}
	for _, w := range lv.windows {
		st.window(w)
	}
	st.filter(p.qualify)
	return b.output(st, sel, p)
}

// selectParts are the bound clauses of a SELECT.
type selectParts struct {
	targets       []target
	where, having []expr.Expr
	qualify       []expr.Expr
	order         []sortItem
	group         *grouping
	distinctOn    []int
	limit, offset expr.Expr
}

// clauses binds the clauses in PostgreSQL's order, on which the choice among several
// errors depends.
func (b *binder) clauses(lv *level, sel *parse.Select, p *selectParts) error {
	var err error
	if p.targets, err = b.targets(lv, sel.Targets); err != nil {
		return err
	}
	if sel.Where != nil {
		err := lv.within(inWhere, func() (err error) {
			p.where, err = b.conditions(lv, sel.Where)
			return err
		})
		if err != nil {
			return err
		}
	}
	if sel.Having != nil {
		err := lv.within(inHaving, func() (err error) {
			p.having, err = b.conditions(lv, sel.Having)
			return err
		})
		if err != nil {
			return err
		}
	}
	if sel.Qualify != nil {
		if p.qualify, err = b.qualify(lv, sel.Qualify, p.targets); err != nil {
			return err
		}
	}
	err = lv.within(inOrderBy, func() (err error) {
		p.order, err = b.orderBy(lv, sel.OrderBy, &p.targets)
		return err
	})
	if err != nil {
		return err
	}
	err = lv.within(inGroupBy, func() (err error) {
		p.group, err = b.groupBy(lv, sel, &p.targets)
		return err
	})
	if err != nil {
		return err
	}
	if err := b.distinct(lv, sel, p); err != nil {
		return err
	}
	if p.offset, err = b.limit(lv, sel.Offset, inOffset, "OFFSET"); err != nil {
		return err
	}
	if p.limit, err = b.limit(lv, sel.Limit, inLimit, "LIMIT"); err != nil {
		return err
	}
	return checkWindowNames(sel.Windows)
}

// distinct checks DISTINCT against ORDER BY and binds DISTINCT ON.
func (b *binder) distinct(lv *level, sel *parse.Select, p *selectParts) error {
	if sel.Distinct {
		for _, o := range p.order {
			if p.targets[o.target].junk {
				return sql.Errorf(sql.CodeInvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").At(o.pos)
			}
		}
		if len(p.targets) == 0 {
			return sql.Errorf(sql.CodeSyntaxError, "SELECT DISTINCT must have at least one column")
		}
	}
	if sel.DistinctOn == nil {
		return nil
	}
	var places []int
	err := lv.within(inDistinctOn, func() error {
		for _, e := range sel.DistinctOn {
			i, err := b.findTarget(lv, e, &p.targets, "SELECT DISTINCT ON")
			if err != nil {
				return err
			}
			t := &p.targets[i]
			if t.expr, err = b.resolveUnknown(operand{t.expr, t.pos}); err != nil {
				return err
			}
			if err := b.checkEquality(t.expr, t.pos); err != nil {
				return err
			}
			if !slices.Contains(p.distinctOn, i) {
				p.distinctOn = append(p.distinctOn, i)
				places = append(places, leftmost(e))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	mismatch := func(i int) error {
		return sql.Errorf(sql.CodeInvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").At(places[i])
	}
	skipped := false
	for _, o := range p.order {
		i := slices.Index(p.distinctOn, o.target)
		if i >= 0 && skipped {
			return mismatch(i)
		}
		skipped = skipped || i < 0
	}
	for i, d := range p.distinctOn {
		if skipped && !slices.ContainsFunc(p.order, func(o sortItem) bool { return o.target == d }) {
			return mismatch(i)
		}
	}
	return nil
}

// window puts a window's node on the plan.
func (s *stage) window(w *windowSpec) {
	for i := range w.calls {
		s.attach(w.calls[i].Args...)
		if w.calls[i].Filter != nil {
			s.attach(w.calls[i].Filter)
		}
	}
	s.attach(w.partition...)
	for _, k := range w.order {
		s.attach(k.Expr)
	}
	s.plan = &logical.Window{Input: s.plan, Partition: w.partition, OrderBy: w.order, Frame: w.frame, Calls: w.calls}
}

// setCalls puts set-returning calls on the plan: those of one depth run in step.
func (s *stage) setCalls(list []*pendingSet) {
	for len(list) > 0 {
		var pending expr.ColSet
		for _, c := range list {
			for _, col := range c.call.Cols {
				pending.Add(col.ID)
			}
		}
		node := &logical.ProjectSet{}
		var rest []*pendingSet
		for _, c := range list {
			nested := false
			for _, a := range c.call.Args {
				nested = nested || expr.ColsOf(a).Intersects(pending)
			}
			if nested {
				rest = append(rest, c)
				continue
			}
			s.attach(c.call.Args...)
			node.Calls = append(node.Calls, c.call)
		}
		node.Input = s.plan
		s.plan, list = node, rest
	}
}

// output adds set-returning calls, the projection, DISTINCT, ORDER BY and LIMIT.
func (b *binder) output(st *stage, sel *parse.Select, p *selectParts) (*boundQuery, error) {
	lv := st.lv
	// Without need the calls run above the sort, so that their rows keep their order.
	late := len(lv.setCalls) > 0 && len(p.order) > 0 && !sel.Distinct && len(p.distinctOn) == 0
	for _, o := range p.order {
		late = late && !expr.ColsOf(p.targets[o.target].expr).Intersects(lv.setIDs)
	}
	if late {
		var keys []expr.SortKey
		for _, o := range p.order {
			e := p.targets[o.target].expr
			st.attach(e)
			keys = append(keys, expr.SortKey{Expr: e, Desc: o.desc, NullsFirst: o.nullsFirst})
		}
		st.plan = &logical.Sort{Input: st.plan, Keys: keys}
	}
	st.setCalls(lv.setCalls)

	node := &logical.Project{}
	q := &boundQuery{}
	var used expr.ColSet
	outs := make([]logical.Col, len(p.targets))
	for i, t := range p.targets {
		if t.junk && !p.needs(i, late) {
			continue
		}
		st.attach(t.expr)
		outs[i] = b.outputCol(lv, t, &used)
		node.Exprs = append(node.Exprs, logical.NamedExpr{Col: outs[i], Expr: t.expr})
		if !t.junk {
			named := outs[i]
			named.Name = t.name
			q.cols = append(q.cols, named)
		}
	}
	node.Input = st.plan
	q.plan = node
	var keys []expr.SortKey
	if !late {
		for _, o := range p.order {
			keys = append(keys, expr.SortKey{Expr: outs[o.target].Ref(), Desc: o.desc, NullsFirst: o.nullsFirst})
		}
	}
	switch {
	case sel.Distinct:
		q.plan = &logical.Distinct{Input: q.plan}
	case len(p.distinctOn) > 0:
		q.plan = distinctOn(q.plan, p, outs, keys)
	}
	if len(keys) > 0 {
		q.plan = &logical.Sort{Input: q.plan, Keys: keys}
	}
	return q, b.addLimit(q, sel, p)
}

// needs reports whether a junk target is sorted by or distinguished by above the projection.
func (p *selectParts) needs(i int, late bool) bool {
	if slices.Contains(p.distinctOn, i) {
		return true
	}
	return !late && slices.ContainsFunc(p.order, func(o sortItem) bool { return o.target == i })
}

// outputCol is a target's column: that of a plain reference keeps its id the first time.
func (b *binder) outputCol(lv *level, t target, used *expr.ColSet) logical.Col {
	c, plain := t.expr.(*expr.Col)
	if plain && b.owner[c.ID] == lv && !used.Has(c.ID) {
		used.Add(c.ID)
		return logical.Col{ID: c.ID, Name: c.Name, T: c.T, Coll: c.Coll}
	}
	name := t.name
	col := b.newCol(lv, name, t.expr.Type(), collationOf(t.expr))
	if plain {
		if o, ok := b.origins[c.ID]; ok {
			b.origins[col.ID] = o
		}
	}
	return col
}

// distinctOn keeps the first row of each group in the order of ORDER BY.
func distinctOn(plan logical.Node, p *selectParts, outs []logical.Col, keys []expr.SortKey) logical.Node {
	d := &logical.Distinct{Input: plan, Order: keys}
	for _, i := range p.distinctOn {
		d.On = append(d.On, outs[i].Ref())
	}
	if len(keys) > 0 {
		d.Input = &logical.Sort{Input: plan, Keys: keys}
	}
	return d
}

func (b *binder) addLimit(q *boundQuery, sel *parse.Select, p *selectParts) error {
	if isNull(p.limit) && !sel.WithTies {
		p.limit = nil
	}
	if p.limit == nil && p.offset == nil {
		return nil
	}
	if sel.WithTies && p.limit != nil && isNull(p.limit) {
		return sql.Errorf(sql.CodeInvalidRowCountInLimit, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	q.plan = &logical.Limit{Input: q.plan, Count: p.limit, Offset: p.offset, WithTies: sel.WithTies}
	return nil
}
