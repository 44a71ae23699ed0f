package place

import (
	"math"
	"math/bits"
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

var exprBool = sql.Bool

// Cost of a row in ns, from measurements of the operators: a build row is hashed,
// copied and indexed; a probe row is mostly a bit test in the scan; an output row
// is gathered.
const (
	costBuild    = 25.0
	costBuildB   = 0.3 // per byte of a build row
	costProbe    = 1.5
	costOut      = 6.0
	costLoopPair = 2.0
	// maxPairs bounds the enumeration; above it the greedy order is taken.
	maxPairs = 4000
	// maxRows keeps estimates of cross products finite.
	maxRows = 1e15
)

// joinPlan is the best way found to join a set of leaves.
type joinPlan struct {
	set         leafSet
	left, right *joinPlan // nil for a leaf
	// buildLeft: left is the build side; else right is.
	buildLeft bool
	loop      bool // no key: nested loop
	rows      float64
	cost      float64
	// spare is, by leaf, the work that runtime filters could still save there.
	spare []float64
}

// orderer enumerates join orders of one cluster.
type orderer struct {
	c     *cluster
	b     *builder
	adj   []leafSet
	best  map[leafSet]*joinPlan
	size  map[leafSet]float64
	pairs int
	over  bool

	members     [][]member // by class
	corrections []correction
}

// order returns the best plan for all leaves of the cluster.
func (b *builder) order(c *cluster) *joinPlan {
	o := &orderer{c: c, b: b, best: map[leafSet]*joinPlan{}, size: map[leafSet]float64{}}
	o.connect()
	o.count()
	n := len(c.leaves)
	for i, l := range c.leaves {
		spare := make([]float64, n)
		spare[i] = l.r.work * 0.7
		o.best[1<<i] = &joinPlan{set: 1 << i, rows: l.r.rows, cost: l.r.work, spare: spare}
	}
	all := leafSet(1)<<n - 1
	if n == 1 {
		return o.best[all]
	}
	if b.opt.NoReorder {
		return o.asWritten()
	}
	if n <= 16 {
		o.enumerate()
	} else {
		o.over = true
	}
	if best := o.best[all]; best != nil && !o.over {
		return best
	}
	return o.greedy(o.parts())
}

// parts returns the plans that are to be joined greedily: the best of each
// connected part if enumeration went through, else the leaves.
func (o *orderer) parts() []*joinPlan {
	var out []*joinPlan
	var seen leafSet
	for i := range o.c.leaves {
		if seen>>i&1 != 0 {
			continue
		}
		part := leafSet(1) << i
		for n := o.neighbours(part, 0); n != 0 && !o.over; n = o.neighbours(part, 0) {
			part |= n
		}
		seen |= part
		if p := o.best[part]; p != nil {
			out = append(out, p)
			continue
		}
		for t := part; t != 0; t &= t - 1 {
			out = append(out, o.best[t&-t])
		}
	}
	return out
}

// connect finds which leaves are joined by a condition.
func (o *orderer) connect() {
	c := o.c
	o.adj = make([]leafSet, len(c.leaves))
	link := func(s leafSet) {
		for t := s; t != 0; t &= t - 1 {
			i := bits.TrailingZeros64(uint64(t))
			o.adj[i] |= s &^ (1 << i)
		}
	}
	for _, k := range c.classes {
		var s leafSet
		for _, i := range k.at {
			s |= 1 << i
		}
		link(s)
	}
	for _, p := range c.preds {
		link(p.refs)
	}
	for i, l := range c.leaves {
		if l.kind != logical.Inner {
			o.adj[i] |= l.needs
			for t := l.needs; t != 0; t &= t - 1 {
				o.adj[bits.TrailingZeros64(uint64(t))] |= 1 << i
			}
		}
	}
}

// enumerate runs DPccp (Moerkotte and Neumann, "Analysis of Two Existing and One
// New Dynamic Programming Algorithm", VLDB 2006): every connected subset is joined
// with every connected complement, once.
func (o *orderer) enumerate() {
	n := len(o.c.leaves)
	for i := n - 1; i >= 0 && !o.over; i-- {
		s := leafSet(1) << i
		below := leafSet(1)<<(i+1) - 1
		o.emitCsg(s)
		o.growCsg(s, below)
	}
}

func (o *orderer) neighbours(s, except leafSet) leafSet {
	var n leafSet
	for t := s; t != 0; t &= t - 1 {
		n |= o.adj[bits.TrailingZeros64(uint64(t))]
	}
	return n &^ (s | except)
}

func (o *orderer) growCsg(s, except leafSet) {
	n := o.neighbours(s, except)
	for sub := n & -n; sub != 0 && !o.over; sub = (sub - n) & n {
		o.emitCsg(s | sub)
	}
	for sub := n & -n; sub != 0 && !o.over; sub = (sub - n) & n {
		o.growCsg(s|sub, except|n)
	}
}

func (o *orderer) emitCsg(s leafSet) {
	least := s & -s
	except := s | (least<<1 - 1)
	n := o.neighbours(s, except)
	for i := len(o.c.leaves) - 1; i >= 0 && !o.over; i-- {
		t := leafSet(1) << i
		if n&t == 0 {
			continue
		}
		o.pair(s, t)
		o.growCmp(s, t, except|(n&(t<<1-1)))
	}
}

func (o *orderer) growCmp(s, t, except leafSet) {
	n := o.neighbours(t, except)
	for sub := n & -n; sub != 0 && !o.over; sub = (sub - n) & n {
		o.pair(s, t|sub)
	}
	for sub := n & -n; sub != 0 && !o.over; sub = (sub - n) & n {
		o.growCmp(s, t|sub, except|n)
	}
}

// pair considers joining the best plans of two disjoint sets. DPccp emits a set's
// pairs after those of its subsets only in the order in which it grows; a plan that
// is missing yet is filled by completing its parts first, which the order ensures.
func (o *orderer) pair(s, t leafSet) {
	o.pairs++
	if o.pairs > maxPairs {
		o.over = true
		return
	}
	a, b := o.best[s], o.best[t]
	if a == nil || b == nil {
		return
	}
	if p := o.join(a, b); p != nil {
		if old := o.best[p.set]; old == nil || p.cost < old.cost {
			o.best[p.set] = p
		}
	}
}

// attached returns the attached leaf that the plan consists of, -1 if it is another plan.
func (o *orderer) attached(p *joinPlan) int {
	if p.set.len() != 1 {
		return -1
	}
	i := bits.TrailingZeros64(uint64(p.set))
	if o.c.leaves[i].kind == logical.Inner {
		return -1
	}
	return i
}

// join returns the cheapest join of two plans; nil if they cannot be joined.
func (o *orderer) join(a, b *joinPlan) *joinPlan {
	ai, bi := o.attached(a), o.attached(b)
	if ai >= 0 && bi >= 0 {
		return nil
	}
	if ai >= 0 {
		a, b, bi = b, a, ai
	}
	kind := logical.Inner
	if bi >= 0 {
		l := o.c.leaves[bi]
		kind = l.kind
		if l.needs&^a.set != 0 {
			return nil
		}
	}
	set := a.set | b.set
	rows := o.rows(set)
	keyA, keyB, keyed := o.keyLeaves(a.set, b.set, bi)
	wa, wb := o.width(a.set), o.width(b.set)
	p := &joinPlan{set: set, left: a, right: b, rows: rows, cost: math.Inf(1), spare: mergeSpare(a.spare, b.spare)}
	if !keyed {
		p.loop = true
		build := b
		if kind == logical.Inner && b.rows*wb > a.rows*wa {
			p.buildLeft, build = true, a
		}
		p.cost = a.cost + b.cost + a.rows*b.rows*costLoopPair + build.rows*costBuild + rows*costOut
		return p
	}
	try := func(buildLeft bool) {
		build, probe, bw, key := b, a, wb, keyA
		if buildLeft {
			build, probe, bw, key = a, b, wa, keyB
		}
		// What the probe side's leaves save by the build side's filter.
		kept := 1.0
		if o.filters(kind, buildLeft) && probe.rows > 0 {
			kept = o.matched(probe, build, bi, kind, rows)
		}
		saved := 0.0
		for t := key; t != 0; t &= t - 1 {
			saved += probe.spare[bits.TrailingZeros64(uint64(t))] * (1 - kept)
		}
		cost := a.cost + b.cost - saved + build.rows*(costBuild+bw*costBuildB) + probe.rows*kept*costOut + probe.rows*costProbe + rows*costOut
		if cost < p.cost {
			p.cost, p.buildLeft = cost, buildLeft
			p.spare = mergeSpare(a.spare, b.spare)
			for t := key; t != 0; t &= t - 1 {
				p.spare[bits.TrailingZeros64(uint64(t))] *= kept
			}
		}
	}
	try(false)
	switch kind {
	case logical.Inner, logical.Left, logical.Semi, logical.Anti:
		try(true)
	}
	return p
}

// filters reports whether the build side may drop probe rows that have no match.
func (o *orderer) filters(kind logical.JoinKind, buildLeft bool) bool {
	switch kind {
	case logical.Inner, logical.Semi:
		return true
	case logical.Left, logical.Anti:
		return buildLeft
	}
	return false
}

// matched is the fraction of probe rows that have a match, at most.
func (o *orderer) matched(probe, build *joinPlan, attached int, kind logical.JoinKind, rows float64) float64 {
	if kind == logical.Inner {
		return min(1, rows/probe.rows)
	}
	l := o.c.leaves[attached]
	if kind == logical.Semi && build.set == 1<<attached {
		return min(1, l.sel)
	}
	// The left side builds: the right side keeps what some left row's key has.
	d := 1.0
	for _, e := range l.on {
		if a, b, _, ok := rule.ColEquality(e); ok {
			d = max(d, o.b.distinct(a.ID), o.b.distinct(b.ID))
		}
	}
	return min(1, build.rows/d)
}

func mergeSpare(a, b []float64) []float64 {
	out := slices.Clone(a)
	for i, x := range b {
		out[i] += x
	}
	return out
}

// keyLeaves returns the leaves that hold the keys of a join of a and b on each
// side; keyed is false if no equality links them.
func (o *orderer) keyLeaves(a, b leafSet, attached int) (ka, kb leafSet, keyed bool) {
	c := o.c
	if attached >= 0 {
		own := c.leaves[attached].r.node.Columns()
		set := setOf(own)
		for _, e := range c.leaves[attached].on {
			l, r, ok := keySides(e, set)
			if ok {
				keyed = true
				ka |= c.leavesOf(expr.ColsOf(l)) & a
				_ = r
				kb |= 1 << attached
			}
		}
		return ka, kb, keyed
	}
	for _, k := range c.classes {
		var x, y leafSet
		for _, i := range k.at {
			x |= 1 << i & a
			y |= 1 << i & b
		}
		if x != 0 && y != 0 {
			ka, kb, keyed = ka|x, kb|y, true
		}
	}
	for _, p := range c.preds {
		if p.l == 0 || p.mask&^(a|b) != 0 {
			continue
		}
		if p.l&^a == 0 && p.r&^b == 0 {
			ka, kb, keyed = ka|p.l, kb|p.r, true
		} else if p.l&^b == 0 && p.r&^a == 0 {
			ka, kb, keyed = ka|p.r, kb|p.l, true
		}
	}
	return ka, kb, keyed
}

// keySides returns the sides of an equality between something without the columns
// right and something over them alone, the latter second.
func keySides(e expr.Expr, right expr.ColSet) (l, r expr.Expr, ok bool) {
	if t, is := e.(*expr.IsNull); is && t.Test == expr.TestTrue {
		e = t.Arg
	}
	eq, is := e.(*expr.Call)
	if ns, safe := rule.NullSafe(e); safe {
		eq, is = ns, true
	}
	if !is || eq.Fn.Kind != expr.KindOperator || eq.Fn.Name != "=" || len(eq.Args) != 2 {
		return nil, nil, false
	}
	ca, cb := expr.ColsOf(eq.Args[0]), expr.ColsOf(eq.Args[1])
	if ca.Empty() || cb.Empty() || !sameUnits(eq.Args[0].Type(), eq.Args[1].Type()) {
		return nil, nil, false
	}
	switch {
	case cb.SubsetOf(right) && !ca.Intersects(right):
		return eq.Args[0], eq.Args[1], true
	case ca.SubsetOf(right) && !cb.Intersects(right):
		return eq.Args[1], eq.Args[0], true
	}
	return nil, nil, false
}

// sameUnits reports whether values of the two types can be a key: dates, timestamps
// and those with a zone are equal by rules that comparing their values does not follow.
func sameUnits(a, b sql.Type) bool {
	instant := func(t sql.Type) bool {
		return t.OID == sql.OIDDate || t.OID == sql.OIDTimestamp || t.OID == sql.OIDTimestamptz
	}
	return a.OID == b.OID || !instant(a) && !instant(b)
}

func (o *orderer) width(s leafSet) float64 {
	w := 0.0
	for t := s; t != 0; t &= t - 1 {
		w += o.c.leaves[bits.TrailingZeros64(uint64(t))].width
	}
	return w
}
