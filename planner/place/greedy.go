package place

// greedy joins, again and again, the pair of plans with the smallest result (GOO);
// pairs without a condition only when nothing else is left.
func (o *orderer) greedy(open []*joinPlan) *joinPlan {
	for len(open) > 1 {
		var best *joinPlan
		bi, bj := -1, -1
		for _, linked := range []bool{true, false} {
			for i := range open {
				for j := i + 1; j < len(open); j++ {
					if linked && o.neighbours(open[i].set, 0)&open[j].set == 0 {
						continue
					}
					p := o.join(open[i], open[j])
					if p == nil {
						continue
					}
					if best == nil || p.loop == best.loop && p.rows < best.rows || best.loop && !p.loop {
						best, bi, bj = p, i, j
					}
				}
			}
			if best != nil {
				break
			}
		}
		open[bi] = best
		open = append(open[:bj], open[bj+1:]...)
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
