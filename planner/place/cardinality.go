package place

import (
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
		l := c.leaves[bits.TrailingZeros32(uint32(t))]
		if l.kind == logical.Inner {
			rows *= max(l.r.rows, 1e-3)
		}
	}
	for _, k := range c.classes {
		rows *= o.classSel(k, s)
	}
	rows *= o.pairCorrection(s)
	for _, p := range c.preds {
		if p.mask&^s == 0 {
			rows *= p.sel
		}
	}
	rows = min(max(rows, 1e-3), maxRows)
	for t := s; t != 0; t &= t - 1 {
		l := c.leaves[bits.TrailingZeros32(uint32(t))]
		if l.kind != logical.Inner && s != 1<<bits.TrailingZeros32(uint32(t)) {
			rows *= l.sel
		}
	}
	if s.len() == 1 {
		rows = c.leaves[bits.TrailingZeros32(uint32(s))].r.rows
	}
	o.size[s] = rows
	return rows
}

// members returns the distinct counts of the class's columns within s. A count that
// is only a bound is taken to be at most the smallest domain of the class's table
// columns: keys refer to keys.
func (o *orderer) members(k *class, s leafSet) []float64 {
	least := math.Inf(1)
	for _, col := range k.cols {
		if d := o.b.stat(col.ID).domain; d > 0 {
			least = min(least, d)
		}
	}
	var ds []float64
	for i, col := range k.cols {
		if s>>k.at[i]&1 == 0 {
			continue
		}
		d := o.b.distinct(col.ID)
		if o.b.stat(col.ID).bound {
			d = min(d, max(least, 1))
		}
		ds = append(ds, d)
	}
	slices.Sort(ds)
	return ds
}

// classSel is the selectivity of a class's equalities within s: of the columns'
// distinct counts all but the smallest divide.
func (o *orderer) classSel(k *class, s leafSet) float64 {
	sel := 1.0
	for i, d := range o.members(k, s) {
		if i > 0 {
			sel /= d
		}
	}
	return sel
}

// pairCorrection repairs the assumption that the keys of a join over several
// columns are independent: the pairs of values there are, are at most the rows of
// the smaller base (lineitem and partsupp on partkey and suppkey).
func (o *orderer) pairCorrection(s leafSet) float64 {
	c := o.c
	f := 1.0
	for i := range c.leaves {
		if s>>i&1 == 0 {
			continue
		}
		for j := i + 1; j < len(c.leaves); j++ {
			if s>>j&1 == 0 {
				continue
			}
			pair := leafSet(1)<<i | 1<<j
			prod, n := 1.0, 0
			for _, k := range c.classes {
				if ds := o.members(k, pair); len(ds) == 2 {
					prod *= ds[1]
					n++
				}
			}
			if n < 2 {
				continue
			}
			limit := min(max(o.b.baseRows(c.leaves[i].r), 1), max(o.b.baseRows(c.leaves[j].r), 1))
			if prod > limit {
				f *= prod / limit
			}
		}
	}
	return f
}
