package place

import (
	"math"
	"math/bits"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
)

// buildCluster plans a tree of joins and filters.
func (b *builder) buildCluster(n logical.Node, need expr.ColSet) (*rel, error) {
	c := &cluster{alias: map[expr.ColumnID]expr.Expr{}, mark: map[expr.ColumnID]bool{}}
	if _, ok := c.flatten(n); !ok {
		return b.buildPair(n, need)
	}
	c.analyse()
	// What the output wants, in terms of the leaves' columns.
	var inner expr.ColSet
	for _, id := range need.IDs() {
		if e, ok := c.alias[id]; ok {
			inner = inner.Union(expr.ColsOf(c.resolve(e)))
		} else {
			inner.Add(id)
		}
	}
	used := inner
	for _, p := range c.preds {
		used = used.Union(expr.ColsOf(p.e))
	}
	for _, k := range c.classes {
		used = used.Union(setOf(k.cols))
	}
	for _, l := range c.leaves {
		used = used.Union(colsOfAll(l.on))
	}
	used = used.Union(colsOfAll(c.consts))
	for _, l := range c.leaves {
		r, err := b.build(l.n, used.Intersect(setOf(l.n.Columns())))
		if err != nil {
			return nil, err
		}
		l.r = r
		l.width = b.rowWidth(r.cols(), used)
		if l.kind == logical.Mark {
			b.stats[l.mark.ID] = colStat{distinct: 2, width: 1}
		}
	}
	for _, p := range c.preds {
		p.sel = b.predSel(c, p)
	}
	for _, l := range c.leaves {
		if l.kind != logical.Inner {
			l.sel = b.attachSel(l)
		}
	}
	plan := b.order(c)
	a := &assembler{b: b, c: c, done: map[*pred]bool{}}
	r, err := a.assemble(plan, inner)
	if err != nil {
		return nil, err
	}
	r = b.filter(r, c.consts)
	return b.unalias(c, r, need), nil
}

// unalias gives the output the names that projections inside the cluster gave.
func (b *builder) unalias(c *cluster, r *rel, need expr.ColSet) *rel {
	var cols []logical.Col
	var exprs []expr.Expr
	renamed := false
	have := setOf(r.cols())
	for _, col := range r.cols() {
		if need.Has(col.ID) {
			cols, exprs = append(cols, col), append(exprs, col.Ref())
		}
	}
	for _, id := range need.IDs() {
		e, ok := c.alias[id]
		if !ok || have.Has(id) {
			continue
		}
		ref := c.resolve(e).(*expr.Col)
		renamed = true
		cols = append(cols, logical.Col{ID: id, T: ref.T, Name: ref.Name, Coll: ref.Coll})
		exprs = append(exprs, ref)
	}
	if !renamed {
		return r
	}
	return b.project(r, cols, exprs)
}

// buildPair plans one join as written, for trees with too many relations to order.
func (b *builder) buildPair(n logical.Node, need expr.ColSet) (*rel, error) {
	if f, ok := n.(*logical.Filter); ok {
		in, err := b.build(f.Input, need.Union(colsOfAll(f.Conds)))
		if err != nil {
			return nil, err
		}
		return b.filter(in, f.Conds), nil
	}
	j := n.(*logical.Join)
	all := need.Union(colsOfAll(j.On))
	l, err := b.build(j.Left, all.Intersect(setOf(j.Left.Columns())))
	if err != nil {
		return nil, err
	}
	r, err := b.build(j.Right, all.Intersect(setOf(j.Right.Columns())))
	if err != nil {
		return nil, err
	}
	lf := &leaf{r: r, on: j.On, kind: j.Kind}
	rows := l.rows
	if j.Kind == logical.Inner {
		rows = max(l.rows, r.rows)
	} else {
		rows *= b.attachSel(lf)
	}
	buildLeft := j.Kind == logical.Inner && l.rows < r.rows
	return b.joinNode(j.Kind, l, r, j.On, j.MarkCol, buildLeft, need, rows)
}

func (b *builder) buildFull(n *logical.Join, need expr.ColSet) (*rel, error) {
	all := need.Union(colsOfAll(n.On))
	l, err := b.build(n.Left, all.Intersect(setOf(n.Left.Columns())))
	if err != nil {
		return nil, err
	}
	r, err := b.build(n.Right, all.Intersect(setOf(n.Right.Columns())))
	if err != nil {
		return nil, err
	}
	return b.joinNode(logical.Full, l, r, n.On, logical.Col{}, l.rows < r.rows, need, max(l.rows, r.rows))
}

// predSel estimates a condition over several leaves. What an OR implied about one
// leaf alone was pushed there already and must not count twice.
func (b *builder) predSel(c *cluster, p *pred) float64 {
	if p.mask != p.refs && p.refs.len() == 1 {
		return b.selectivity([]expr.Expr{p.e})
	}
	s := b.condSel(p.e)
	if or, ok := p.e.(*expr.Logic); ok && or.Op == expr.Or {
		for t := p.refs; t != 0; t &= t - 1 {
			l := c.leaves[bits.TrailingZeros64(uint64(t))]
			if d := rule.Derive(p.e, l.cols); d != nil {
				s /= max(b.condSel(d), selMin)
			}
		}
	}
	return clamp(s)
}

// attachSel estimates by what factor attaching a leaf changes the number of rows.
func (b *builder) attachSel(l *leaf) float64 {
	right := setOf(l.r.cols())
	match := 1.0  // fraction of left rows with a match
	fanout := 1.0 // matches of a left row
	fanout = l.r.rows
	keyed := false
	for _, e := range l.on {
		le, re, ok := keySides(e, right)
		if !ok {
			if !expr.ColsOf(e).Empty() {
				fanout *= b.condSel(e)
			}
			continue
		}
		keyed = true
		dl, dr := b.keyDistinct(le), b.keyDistinct(re)
		// Values that are left on the right side of those there were.
		base := max(dl, dr)
		seen := dr * (1 - math.Exp(-l.r.rows/max(dr, 1)))
		match *= min(1, seen/max(base, 1))
		fanout /= max(base, 1)
	}
	if !keyed {
		match = min(1, fanout)
	}
	match = min(max(match, 0.001), 1)
	switch l.kind {
	case logical.Semi:
		return match
	case logical.Anti:
		return max(1-match, 0.1)
	case logical.Left:
		if l.r.uniqueWithin(rule.RightKeys(l.on, right)) {
			return 1
		}
		return max(fanout, 1)
	}
	return 1
}

func (b *builder) keyDistinct(e expr.Expr) float64 {
	if c, ok := e.(*expr.Col); ok {
		return b.distinct(c.ID)
	}
	cols := expr.ColsOf(e).IDs()
	d := 1.0
	for _, id := range cols {
		d = max(d, b.distinct(id))
	}
	return d
}

// baseRows guesses the rows of r's table before its filter, for limits of distinct pairs.
func (b *builder) baseRows(r *rel) float64 {
	most := r.rows
	for _, c := range r.cols() {
		most = max(most, b.stat(c.ID).distinct)
	}
	if f, ok := b.tableRows[r.node]; ok {
		most = max(most, f)
	}
	return most
}

// assembler makes the physical tree of a join plan.
type assembler struct {
	b    *builder
	c    *cluster
	done map[*pred]bool
}

// assemble returns p with at least the columns need.
func (a *assembler) assemble(p *joinPlan, need expr.ColSet) (*rel, error) {
	c := a.c
	if p.left == nil {
		l := c.leaves[bits.TrailingZeros64(uint64(p.set))]
		return l.r, nil
	}
	attached := -1
	if p.right.set.len() == 1 {
		i := bits.TrailingZeros64(uint64(p.right.set))
		if c.leaves[i].kind != logical.Inner {
			attached = i
		}
	}
	// Conditions that this join is the first to cover. Written order is kept.
	var on, above []expr.Expr
	for _, k := range c.classes {
		if e := k.between(p.left.set, p.right.set); e != nil {
			on = append(on, e)
		}
	}
	for _, q := range c.preds {
		if q.mask&^p.set != 0 || q.mask&^p.left.set == 0 || q.mask&^p.right.set == 0 {
			continue
		}
		if attached >= 0 {
			above = append(above, q.e)
		} else {
			on = append(on, q.e)
		}
	}
	kind, mark := logical.Inner, logical.Col{}
	outNeed := need.Union(colsOfAll(above))
	if attached >= 0 {
		l := c.leaves[attached]
		kind, mark = l.kind, l.mark
		on = l.on
	}
	below := outNeed.Union(colsOfAll(on))
	left, err := a.assemble(p.left, below)
	if err != nil {
		return nil, err
	}
	right, err := a.assemble(p.right, below)
	if err != nil {
		return nil, err
	}
	r, err := a.b.joinNode(kind, left, right, on, mark, p.buildLeft, outNeed, p.rows)
	if err != nil {
		return nil, err
	}
	if len(above) > 0 {
		rows := r.rows
		r = a.b.filter(r, above)
		r.rows = rows
	}
	return r, nil
}

// between returns the class's equality of a column in each of two sets, nil if
// one has none.
func (k *class) between(a, b leafSet) expr.Expr {
	x, y := -1, -1
	for i, at := range k.at {
		if a>>at&1 != 0 && x < 0 {
			x = i
		}
		if b>>at&1 != 0 && y < 0 {
			y = i
		}
	}
	if x < 0 || y < 0 {
		return nil
	}
	return &expr.Call{Fn: k.fn, Args: []expr.Expr{k.cols[x].Ref(), k.cols[y].Ref()}, T: exprBool}
}

// joinNode makes the operator for a join of l and r on conditions. buildLeft asks
// for l as the build side. Output: the columns in need.
func (b *builder) joinNode(kind logical.JoinKind, l, r *rel, on []expr.Expr, mark logical.Col, buildLeft bool, need expr.ColSet, rows float64) (*rel, error) {
	k := b.splitKeys(kind, l, r, on)
	l, r = k.l, k.r
	cols := keep(l.cols(), need)
	switch kind {
	case logical.Semi, logical.Anti:
	case logical.Mark:
		cols = append(cols, mark)
	default:
		cols = append(cols, keep(r.cols(), need)...)
	}
	out := &rel{rows: max(rows, 0), work: l.work + r.work}
	probe, build := l, r
	if buildLeft && (kind == logical.Inner || kind == logical.Full || len(k.keys) > 0 && (kind == logical.Left || kind == logical.Semi || kind == logical.Anti)) {
		probe, build = r, l
	} else {
		buildLeft = false
	}
	pk := physicalKind(kind, buildLeft)
	if len(k.keys) == 0 {
		out.work += probe.rows*build.rows*costLoopPair + rows*costOut
		out.node = &physical.NestedLoop{Base: physical.Base{Cols: cols}, Kind: pk, Probe: probe.node, Build: build.node, On: k.all, MarkCol: mark.ID}
		if build.uniqueWithin(expr.ColSet{}) && kind != logical.Full {
			out.uniq = probe.uniq
		}
		return b.note(out), nil
	}
	h := &physical.HashJoin{Base: physical.Base{Cols: cols}, Kind: pk, Probe: probe.node, Build: build.node, Residual: k.residual, MarkCol: mark.ID, MarkNulls: k.markNulls}
	var bk, prk expr.ColSet
	for _, key := range k.keys {
		p, q := key.l, key.r
		if buildLeft {
			p, q = q, p
		}
		h.ProbeKeys, h.BuildKeys = append(h.ProbeKeys, p), append(h.BuildKeys, q)
		h.NullEqual = append(h.NullEqual, key.nullEqual)
		prk.Add(p.ID)
		if !key.nullEqual {
			bk.Add(q.ID)
		}
	}
	// NULL counts as a value of its own in groups, so null-safe keys are unique too.
	var allBuild expr.ColSet
	for _, c := range h.BuildKeys {
		allBuild.Add(c.ID)
	}
	h.UniqueBuild = build.uniqueWithin(allBuild)
	probeUnique := probe.uniqueWithin(prk)
	switch {
	case kind == logical.Semi || kind == logical.Anti || kind == logical.Mark || kind == logical.Single:
		out.uniq = l.uniq
	case kind == logical.Left:
		// Unmatched rows have NULLs on the right, so only the left side's sets stay unique.
		if buildLeft && probeUnique || !buildLeft && h.UniqueBuild {
			out.uniq = l.uniq
		}
	case kind == logical.Inner:
		if h.UniqueBuild {
			out.uniq = append(out.uniq, probe.uniq...)
		}
		if probeUnique {
			out.uniq = append(out.uniq, build.uniq...)
		}
	}
	out.work += build.rows*(costBuild+costBuildB*b.rowWidth(build.cols(), setOf(build.cols()))) + probe.rows*costProbe + rows*costOut
	out.node = h
	return b.note(out), nil
}

func physicalKind(k logical.JoinKind, buildLeft bool) physical.JoinKind {
	switch k {
	case logical.Left:
		if buildLeft {
			return physical.BuildOuter
		}
		return physical.ProbeOuter
	case logical.Full:
		return physical.FullOuter
	case logical.Semi:
		if buildLeft {
			return physical.BuildSemi
		}
		return physical.ProbeSemi
	case logical.Anti:
		if buildLeft {
			return physical.BuildAnti
		}
		return physical.ProbeAnti
	case logical.Mark:
		return physical.ProbeMark
	case logical.Single:
		return physical.ProbeSingle
	}
	return physical.Inner
}

// joinKey is an equality between a column of each side.
type joinKey struct {
	l, r      logical.Col
	nullEqual bool
}

// joinKeys are a join's conditions, taken apart.
type joinKeys struct {
	l, r      *rel // with computed key columns
	keys      []joinKey
	residual  []expr.Expr
	all       []expr.Expr // the conditions as given, for a nested loop
	markNulls bool
}

// splitKeys takes a join's conditions apart into hash keys and the rest.
//
// A mark join's conditions come in two sorts: plain ones, whose NULL makes the
// mark NULL, and ones under IS TRUE (correlation), whose NULL is false. If both
// occur, the correlation is the key, compared null-safely so that no NULL of it
// touches the mark, and everything is checked again as residual.
func (b *builder) splitKeys(kind logical.JoinKind, l, r *rel, on []expr.Expr) joinKeys {
	k := joinKeys{l: l, r: r, all: on}
	right := setOf(r.cols())
	var wrapped, plain []expr.Expr
	for _, e := range on {
		if t, ok := e.(*expr.IsNull); ok && t.Test == expr.TestTrue && kind == logical.Mark {
			wrapped = append(wrapped, t.Arg)
		} else {
			plain = append(plain, e)
		}
	}
	mixed := kind == logical.Mark && len(wrapped) > 0 && len(plain) > 0
	k.markNulls = kind == logical.Mark && len(plain) > 0
	var ls, rs []expr.Expr
	var nullEq []bool
	take := func(list []expr.Expr, safe bool) {
		for _, e := range list {
			le, re, ok := keySides(e, right)
			// A key is computed for all rows. That of a scalar subquery must not raise for
			// rows that a condition before it excludes.
			if !ok || kind == logical.Single && len(ls) > 0 && rule.CanRaise(e) {
				k.residual = append(k.residual, e)
				continue
			}
			_, isSafe := rule.NullSafe(e)
			le, re = b.widen(le, re)
			ls, rs, nullEq = append(ls, le), append(rs, re), append(nullEq, isSafe || safe)
			if safe && !isSafe {
				k.residual = append(k.residual, &expr.IsNull{Arg: e, Test: expr.TestTrue})
			}
		}
	}
	if mixed {
		take(wrapped, true)
		for i, e := range k.residual {
			if _, ok := e.(*expr.IsNull); !ok {
				k.residual[i] = &expr.IsNull{Arg: e, Test: expr.TestTrue}
			}
		}
		k.residual = append(k.residual, plain...)
	} else {
		take(append(wrapped, plain...), false)
	}
	if len(ls) == 0 {
		return k
	}
	var lc, rc []logical.Col
	k.l, lc = b.addColumns(l, ls)
	k.r, rc = b.addColumns(r, rs)
	for i := range lc {
		k.keys = append(k.keys, joinKey{lc[i], rc[i], nullEq[i]})
	}
	return k
}

// widen brings two key expressions to one type where that loses nothing.
func (b *builder) widen(l, r expr.Expr) (expr.Expr, expr.Expr) {
	tl, tr := l.Type(), r.Type()
	if tl.OID == tr.OID || b.opt.Widen == nil {
		return l, r
	}
	if typeWidth(tl) < typeWidth(tr) {
		if e := b.opt.Widen(l, tr); e != nil {
			return e, r
		}
	}
	if e := b.opt.Widen(r, tl); e != nil {
		return l, e
	}
	if e := b.opt.Widen(l, tr); e != nil {
		return e, r
	}
	return l, r
}
