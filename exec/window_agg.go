package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/vector"
)

// aggregate computes an aggregate over each row's frame.
func (p *windowPart) aggregate(c *windowCall, col *vector.Column) error {
	if err := p.frames(); err != nil {
		return err
	}
	args := make([]*vector.Vec, len(c.args))
	for i := range c.args {
		args[i] = p.arg(&c.args[i])
	}
	pass := p.passes(c)
	growing := p.s.spec.exclude == parse.ExcludeNone
	for i := 0; growing && i < p.n(); i++ {
		growing = p.fs[i] == 0 && (i == 0 || p.fe[i] >= p.fe[i-1])
	}
	var err error
	if growing {
		err = p.running(c, args, pass, col)
	} else {
		err = p.sliding(c, args, pass, col)
	}
	if err != nil {
		_, cause, _ := rowError(err)
		return cause
	}
	return nil
}

// passes tells which rows the call's FILTER lets through; nil: all.
func (p *windowPart) passes(c *windowCall) []bool {
	if c.filter == nil {
		return nil
	}
	v := p.arg(c.filter)
	out := make([]bool, p.n())
	for i := range out {
		src, x, null := v.At(i)
		out[i] = !null && vector.Values[bool](src)[x]
	}
	return out
}

// running handles frames that begin with the partition and only grow: one state
// takes the rows as they come in.
func (p *windowPart) running(c *windowCall, args []*vector.Vec, pass []bool, col *vector.Column) error {
	st := c.call.Agg.New(p.s.env, c.types)
	st.Resize(1)
	var out expr.Out
	var sel []int32
	done := int32(0)
	for i := 0; i < p.n(); {
		j := i + 1 // rows i..j-1 have the same frame
		for j < p.n() && p.fe[j] == p.fe[i] {
			j++
		}
		sel = sel[:0]
		for ; done < p.fe[i]; done++ {
			if pass == nil || pass[done] {
				sel = append(sel, done)
			}
		}
		if len(sel) > 0 {
			if err := st.Update(nil, args, sel, len(sel)); err != nil {
				return err
			}
		}
		if err := st.Result(0, 1, &out); err != nil {
			return err
		}
		v := *out.Vec()
		v.Form, v.N = vector.Const, j-i
		col.Append(&v, nil, j-i)
		i = j
		if p.t.Stopped() {
			return nil
		}
	}
	return nil
}

// sliding handles any frames: each row is a group of its own that takes the rows of
// its frame; rows with equal frames share one.
func (p *windowPart) sliding(c *windowCall, args []*vector.Vec, pass []bool, col *vector.Column) error {
	n := p.n()
	for lo := 0; lo < n; lo += vector.BatchSize {
		hi := min(lo+vector.BatchSize, n)
		st := c.call.Agg.New(p.s.env, c.types)
		st.Resize(hi - lo)
		var groups []uint32
		var sel []int32
		flush := func() error {
			if len(sel) == 0 {
				return nil
			}
			err := st.Update(groups, args, sel, len(sel))
			groups, sel = groups[:0], sel[:0]
			return err
		}
		var err error
		for i := lo; i < hi && err == nil; i++ {
			p.ranges(i, func(a, b int32) {
				for r := a; r < b; r++ {
					if pass != nil && !pass[r] {
						continue
					}
					groups, sel = append(groups, uint32(i-lo)), append(sel, r)
					if len(sel) == vector.BatchSize && err == nil {
						err = flush()
					}
				}
			})
			if p.t.Stopped() {
				return nil
			}
		}
		if err == nil {
			err = flush()
		}
		if err != nil {
			return err
		}
		var out expr.Out
		if err := st.Result(0, hi-lo, &out); err != nil {
			return err
		}
		col.Append(out.Vec(), nil, hi-lo)
	}
	return nil
}
