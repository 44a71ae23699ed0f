package place

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/sluicedb/sluice/planner/logical"
)

// rows estimates the size of the join of a set; it does not depend on the order.
func (o *orderer) rows(s leafSet) float64 {
	if r, ok := o.size[s]; ok {
		return r
	}
	c := o.c
	rows := 1.0
	for t := s; t != 0; t &= t - 1 {
		l := c.leaves[bits.TrailingZeros64(uint64(t))]
		if l.kind == logical.Inner {
			rows *= max(l.r.rows, 1e-3)
		}
	}
	for _, ms := range o.members {
		rows *= classSel(ms, s)
	}
	for _, x := range o.corrections {
		if x.pair&^s == 0 {
			rows *= x.factor
		}
	}
	for _, p := range c.preds {
		if p.mask&^s == 0 {
			rows *= p.sel
		}
	}
	rows = min(max(rows, 1e-3), maxRows)
	for t := s; t != 0; t &= t - 1 {
		l := c.leaves[bits.TrailingZeros64(uint64(t))]
		if l.kind != logical.Inner && s != 1<<bits.TrailingZeros64(uint64(t)) {
			rows *= l.sel
		}
	}
	if s.len() == 1 {
		rows = c.leaves[bits.TrailingZeros64(uint64(s))].r.rows
	}
	o.size[s] = rows
	return rows
}

// member is a column of a class: its leaf and how many distinct values it has.
type member struct {
	leaf     leafSet
	distinct float64
}

// correction is a factor for sets that contain both leaves of a pair.
type correction struct {
	pair   leafSet
	factor float64
}

// count finds what estimates of sets are made of, once for all sets: the distinct
// counts of each class's columns, ascending, and the pairs' corrections. A count that
// is only a bound is taken to be at most the smallest domain of the class's keys, or of
// all its columns if none is a key: what refers to a key has no more values than it,
// but few of a calendar's days may be referred to.
func (o *orderer) count() {
	o.members = make([][]member, len(o.c.classes))
	for n, k := range o.c.classes {
		least, leastKey := math.Inf(1), math.Inf(1)
		for _, col := range k.cols {
			if st := o.b.stat(col.ID); st.domain > 0 {
				least = min(least, st.domain)
				if st.key {
					leastKey = min(leastKey, st.domain)
				}
			}
		}
		if !math.IsInf(leastKey, 1) {
			least = leastKey
		}
		ms := make([]member, len(k.cols))
		for i, col := range k.cols {
			d := o.b.distinct(col.ID)
			if o.b.stat(col.ID).bound {
				d = min(d, max(least, 1))
			}
			ms[i] = member{leafSet(1) << k.at[i], d}
		}
		slices.SortStableFunc(ms, func(a, b member) int { return cmp.Compare(a.distinct, b.distinct) })
		o.members[n] = ms
	}
	o.correctPairs()
}

// classSel is the selectivity of a class's equalities within s: of the columns'
// distinct counts all but the smallest divide.
func classSel(ms []member, s leafSet) float64 {
	sel, first := 1.0, true
	for _, m := range ms {
		if m.leaf&s == 0 {
			continue
		}
		if !first {
			sel /= m.distinct
		}
		first = false
	}
	return sel
}

// correctPairs repairs the assumption that the keys of a join over several
// columns are independent: the pairs of values there are, are at most the rows of
// the smaller base (lineitem and partsupp on partkey and suppkey).
func (o *orderer) correctPairs() {
	type keys struct {
		prod float64
		n    int
	}
	pairs := map[leafSet]keys{}
	for _, ms := range o.members {
		for j, b := range ms {
			for _, a := range ms[:j] { // b has the larger count
				k, ok := pairs[a.leaf|b.leaf]
				if !ok {
					k.prod = 1
				}
				pairs[a.leaf|b.leaf] = keys{k.prod * b.distinct, k.n + 1}
			}
		}
	}
	for pair, k := range pairs {
		if k.n < 2 {
			continue
		}
		limit := math.Inf(1)
		for t := pair; t != 0; t &= t - 1 {
			limit = min(limit, max(o.b.baseRows(o.c.leaves[bits.TrailingZeros64(uint64(t))].r), 1))
		}
		if k.prod > limit {
			o.corrections = append(o.corrections, correction{pair, k.prod / limit})
		}
	}
	slices.SortFunc(o.corrections, func(a, b correction) int { return cmp.Compare(a.pair, b.pair) })
}
