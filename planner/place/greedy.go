package place

// greedy joins, again and again, the pair of plans with the smallest result (GOO);
// pairs without a condition only when nothing else is left.
func (o *orderer) greedy(open []*joinPlan) *joinPlan {
	// pairs[i][j], j < i, is the join of two open plans that a condition links; nil if
	// there is none.
	pairs := make([][]*joinPlan, len(open))
	linked := func(a, b *joinPlan) *joinPlan {
		if o.neighbours(a.set, 0)&b.set == 0 {
			return nil
		}
		return o.join(a, b)
	}
	for i, p := range open {
		pairs[i] = make([]*joinPlan, i)
		for j := range i {
			pairs[i][j] = linked(open[j], p)
		}
	}
	for len(open) > 1 {
		var best *joinPlan
		bi, bj := -1, -1 // bj < bi
		consider := func(i, j int, p *joinPlan) {
			if p == nil {
				return
			}
			if best == nil || p.loop == best.loop && p.rows < best.rows || best.loop && !p.loop {
				best, bi, bj = p, i, j
			}
		}
		for i := range pairs {
			for j, p := range pairs[i] {
				consider(i, j, p)
			}
		}
		if best == nil {
			for i := range open {
				for j := range i {
					consider(i, j, o.join(open[j], open[i]))
				}
			}
		}
		open = append(open[:bi], open[bi+1:]...)
		pairs = append(pairs[:bi], pairs[bi+1:]...)
		for i := bi; i < len(pairs); i++ {
			pairs[i] = append(pairs[i][:bi], pairs[i][bi+1:]...)
		}
		open[bj] = best
		for j := range bj {
			pairs[bj][j] = linked(open[j], best)
		}
		for i := bj + 1; i < len(open); i++ {
			pairs[i][bj] = linked(best, open[i])
		}
	}
	return open[0]
}

// asWritten joins the leaves from left to right.
func (o *orderer) asWritten() *joinPlan {
	p := o.best[1]
	for i := 1; i < len(o.c.leaves); i++ {
		q := o.join(p, o.best[1<<i])
		if q == nil {
			o.over = true // the leaves as they are
			return o.greedy(o.parts())
		}
		p = q
	}
	return p
}
