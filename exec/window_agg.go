package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/vector"
)

// runningState is an aggregate over the first done rows of a partition.
type runningState struct {
	agg  expr.AggState // nil: not begun
	done int
	out  expr.Out
}

// aggregate computes an aggregate over each row's frame.
func (p *windowPart) aggregate(c *windowCall, st *callState, col *vector.Column) error {
	if err := p.frames(); err != nil {
		return err
	}
	f := frameFeed{p: p, c: c, st: st}
	var err error
	if spec := p.s.spec; spec.start == parse.UnboundedPreceding && spec.exclude == parse.ExcludeNone {
		err = f.running(&st.run, col)
	} else if st.tree == nil && !f.treeable() {
		err = f.sliding(col)
	} else {
		if st.tree == nil {
			st.tree, err = f.tree()
		}
		if err == nil {
			err = f.long(st.tree, col)
		}
	}
	if err != nil {
		_, cause, _ := rowError(err)
		return cause
	}
	return nil
}

// frameFeed hands rows of a partition to an aggregate.
type frameFeed struct {
	p    *windowPart
	c    *windowCall
	st   *callState
	args []*vector.Vec
	pass *vector.Vec
}

// window finds the arguments of row `at`; they hold for the rows up to the one returned.
func (f *frameFeed) window(at int) (first, end int, err error) {
	row := f.p.lo + at
	first = row / vector.BatchSize * vector.BatchSize
	f.args = f.args[:0]
	for i, a := range f.c.args {
		v := (*vector.Vec)(nil)
		if a.col < 0 {
			v = vector.ConstOf(a.val, vector.BatchSize)
		} else if v, _, _, err = f.st.args[i].window(row); err != nil {
			return 0, 0, err
		}
		f.args = append(f.args, v)
	}
	if x := f.c.filter; x != nil {
		if x.col < 0 {
			f.pass = vector.ConstOf(x.val, vector.BatchSize)
		} else if f.pass, _, _, err = f.st.filter.window(row); err != nil {
			return 0, 0, err
		}
	}
	return first - f.p.lo, min(first+vector.BatchSize-f.p.lo, f.p.n), nil
}

// passes reports whether the call's FILTER lets row i of the window through.
func (f *frameFeed) passes(i int) bool {
	if f.pass == nil {
		return true
	}
	src, x, null := f.pass.At(i)
	return !null && vector.Values[bool](src)[x]
}

// running handles frames that begin with the partition: one state takes the rows as
// they come in. It begins anew where a frame ends before the one before it.
func (f *frameFeed) running(r *runningState, col *vector.Column) error {
	p := f.p
	var sel []int32
	for i, k := 0, p.to-p.from; i < k; {
		j := i + 1 // rows i..j-1 have the same frame
		for j < k && p.fe[j] == p.fe[i] {
			j++
		}
		if r.agg == nil || p.fe[i] < r.done {
			r.agg, r.done = f.c.call.Agg.New(p.s.env, f.c.types), 0
			r.agg.Resize(1)
		}
		for r.done < p.fe[i] {
			first, end, err := f.window(r.done)
			if err != nil {
				return err
			}
			sel = sel[:0]
			for end = min(end, p.fe[i]); r.done < end; r.done++ {
				if x := r.done - first; f.passes(x) {
					sel = append(sel, int32(x))
				}
			}
			if len(sel) > 0 {
				if err := r.agg.Update(nil, f.args, sel, len(sel)); err != nil {
					return err
				}
			}
			if p.t.Stopped() {
				return nil
			}
		}
		if err := r.agg.Result(0, 1, &r.out); err != nil {
			return err
		}
		v := *r.out.Vec()
		v.Form, v.N = vector.Const, j-i
		col.Append(&v, nil, j-i)
		i = j
	}
	return nil
}

// sliding handles any frames: each row is a group of its own that takes the rows of
// its frame.
func (f *frameFeed) sliding(col *vector.Column) error {
	p := f.p
	k := p.to - p.from
	agg := f.c.call.Agg.New(p.s.env, f.c.types)
	agg.Resize(k)
	from, to := p.n, 0
	for i := range k {
		p.ranges(i, func(a, b int) { from, to = min(from, a), max(to, b) })
	}
	var groups []uint32
	var sel []int32
	flush := func() error {
		if len(sel) == 0 {
			return nil
		}
		err := agg.Update(groups, f.args, sel, len(sel))
		groups, sel = groups[:0], sel[:0]
		return err
	}
	for at := from; at < to; {
		first, end, err := f.window(at)
		if err != nil {
			return err
		}
		for i := range k {
			p.ranges(i, func(a, b int) {
				for r := max(a, at); r < min(b, end); r++ {
					if !f.passes(r - first) {
						continue
					}
					groups, sel = append(groups, uint32(i)), append(sel, int32(r-first))
					if len(sel) == vector.BatchSize && err == nil {
						err = flush()
					}
				}
			})
			if err != nil {
				return err
			}
			if p.t.Stopped() {
				return nil
			}
		}
		if err := flush(); err != nil {
			return err
		}
		at = end
	}
	var out expr.Out
	if err := agg.Result(0, k, &out); err != nil {
		return err
	}
	col.Append(out.Vec(), nil, k)
	return nil
}
