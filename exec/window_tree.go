package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// treeFanout is how many rows, or nodes of the level below, a node of a frameTree has.
const treeFanout = 64

// frameTree holds an aggregate's states over aligned runs of a partition's rows, so
// that a long frame is put together of few of them. (V. Leis, K. Kundhikanjana, A.
// Kemper, T. Neumann: Efficient Processing of Window Functions in Analytical SQL
// Queries, PVLDB 8(10), 2015: segment trees.)
type frameTree struct {
	fanout int
	levels []expr.AggState // states of fanout rows each, of fanout*fanout, ...
}

// treeable reports whether states of the call may be merged for one frame and be used
// for another, and whether it pays for the frames of the rows at hand.
func (f *frameFeed) treeable() bool {
	a := f.c.call.Agg
	if a.Ordered || a.OrderedSet || a.Hypothetical {
		return false
	}
	long := 0
	for i, a := range f.p.fs {
		long += f.p.fe[i] - a
	}
	return long > 4*f.fanout()*len(f.p.fs)
}

func (f *frameFeed) fanout() int {
	if n := f.p.t.exec.rt.treeFanout; n > 0 {
		return n
	}
	return treeFanout
}

// tree makes the tree of the partition.
func (f *frameFeed) tree() (*frameTree, error) {
	fanout := f.fanout()
	t := &frameTree{fanout: fanout}
	n := (f.p.n + fanout - 1) / fanout
	leaf := f.c.call.Agg.New(f.p.s.env, f.c.types)
	leaf.Resize(n)
	var groups []uint32
	var sel []int32
	for at := 0; at < f.p.n; {
		first, end, err := f.window(at)
		if err != nil {
			return nil, err
		}
		groups, sel = groups[:0], sel[:0]
		for ; at < end; at++ {
			if x := at - first; f.passes(x) {
				groups, sel = append(groups, uint32(at/fanout)), append(sel, int32(x))
			}
		}
		if len(sel) > 0 {
			if err := leaf.Update(groups, f.args, sel, len(sel)); err != nil {
				return nil, err
			}
		}
		if f.p.t.Stopped() {
			break
		}
	}
	t.levels = append(t.levels, leaf)
	for n > fanout {
		up := f.c.call.Agg.New(f.p.s.env, f.c.types)
		to := make([]uint32, n)
		for i := range to {
			to[i] = uint32(i / fanout)
		}
		n = (n + fanout - 1) / fanout
		up.Resize(n)
		if err := up.Merge(t.levels[len(t.levels)-1], nil, to); err != nil {
			return nil, err
		}
		t.levels = append(t.levels, up)
	}
	return t, nil
}

// nodeList is nodes of one level and the groups that take them.
type nodeList struct{ from, to []uint32 }

func (l *nodeList) add(lo, hi, group int) {
	for x := lo; x < hi; x++ {
		l.from, l.to = append(l.from, uint32(x)), append(l.to, uint32(group))
	}
}

// rowRuns are runs of rows, one a group at most: rows lo[i]..hi[i]-1 go to group i.
type rowRuns struct{ lo, hi []int }

// maxRanges is how many runs of rows a frame has at most: exclusions cut it.
const maxRanges = 3

// long is sliding by the tree.
func (f *frameFeed) long(t *frameTree, col *vector.Column) error {
	p := f.p
	k := p.to - p.from
	agg := f.c.call.Agg.New(p.s.env, f.c.types)
	agg.Resize(k)
	var frames [maxRanges]rowRuns
	for i := range k {
		n := 0
		p.ranges(i, func(lo, hi int) {
			r := &frames[n]
			if r.lo == nil {
				*r = newRowRuns(k)
			}
			r.lo[i], r.hi[i] = lo, hi
			n++
		})
	}
	for _, r := range frames {
		if r.lo == nil {
			break
		}
		if err := f.cover(t, agg, r); err != nil {
			return err
		}
	}
	var out expr.Out
	if err := agg.Result(0, k, &out); err != nil {
		return err
	}
	col.Append(out.Vec(), nil, k)
	return nil
}

func newRowRuns(k int) rowRuns { return rowRuns{make([]int, k), make([]int, k)} }

// cover adds runs to their groups: the first rows of each, the nodes between, and its
// last rows, in that order.
func (f *frameFeed) cover(t *frameTree, agg expr.AggState, r rowRuns) error {
	k, fanout := len(r.lo), t.fanout
	head, tail := newRowRuns(k), newRowRuns(k)
	left, right := make([]nodeList, len(t.levels)), make([]nodeList, len(t.levels))
	for i := range k {
		a, b := r.lo[i], r.hi[i]
		if b-a < 2*fanout {
			head.lo[i], head.hi[i] = a, b
			continue
		}
		lo, hi := (a+fanout-1)/fanout, b/fanout
		head.lo[i], head.hi[i], tail.lo[i], tail.hi[i] = a, lo*fanout, hi*fanout, b
		for l := range t.levels {
			if hi-lo < 2*fanout || l == len(t.levels)-1 {
				left[l].add(lo, hi, i)
				break
			}
			x, y := (lo+fanout-1)/fanout, hi/fanout
			left[l].add(lo, x*fanout, i)
			right[l].add(y*fanout, hi, i)
			lo, hi = x, y
		}
	}
	if err := f.runs(agg, head); err != nil {
		return err
	}
	for l, level := range t.levels {
		if err := agg.Merge(level, left[l].from, left[l].to); err != nil {
			return err
		}
	}
	for l := len(t.levels) - 1; l >= 0; l-- {
		if err := agg.Merge(t.levels[l], right[l].from, right[l].to); err != nil {
			return err
		}
	}
	return f.runs(agg, tail)
}

// runs adds the runs' rows to their groups. Runs of neighbours lie near each other.
func (f *frameFeed) runs(agg expr.AggState, r rowRuns) error {
	var groups []uint32
	var sel []int32
	for i := 0; i < len(r.lo); {
		if r.lo[i] >= r.hi[i] {
			i++
			continue
		}
		first, end, err := f.window(r.lo[i])
		if err != nil {
			return err
		}
		groups, sel = groups[:0], sel[:0]
		for ; i < len(r.lo) && len(sel) < vector.BatchSize; i++ {
			if r.lo[i] < r.hi[i] && (r.lo[i] < first || r.lo[i] >= end) {
				break
			}
			for ; r.lo[i] < min(r.hi[i], end); r.lo[i]++ {
				if x := r.lo[i] - first; f.passes(x) {
					groups, sel = append(groups, uint32(i)), append(sel, int32(x))
				}
			}
			if r.lo[i] < r.hi[i] {
				break // the rest lies in the next window
			}
		}
		if len(sel) > 0 {
			if err := agg.Update(groups, f.args, sel, len(sel)); err != nil {
				return err
			}
		}
		if f.p.t.Stopped() {
			return nil
		}
	}
	return nil
}
