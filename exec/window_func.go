package exec

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// function computes a window function that is no aggregate.
func (p *windowPart) function(c *windowCall, col *vector.Column) error {
	n := p.n()
	ints := func(f func(i int) int64) error {
		for i := range n {
			col.AppendValue(sql.IntValue(c.call.T, f(i)))
		}
		return nil
	}
	floats := func(f func(i int) float64) error {
		for i := range n {
			col.AppendValue(sql.Value{Type: c.call.T, I: int64(math.Float64bits(f(i)))})
		}
		return nil
	}
	switch c.call.Fn.Name {
	case "row_number":
		return ints(func(i int) int64 { return int64(i) + 1 })
	case "rank":
		return ints(func(i int) int64 { return int64(p.peerStart[i]) + 1 })
	case "dense_rank":
		return ints(func(i int) int64 { return int64(p.peerNo[i]) + 1 })
	case "percent_rank":
		return floats(func(i int) float64 {
			if n <= 1 {
				return 0
			}
			return float64(p.peerStart[i]) / float64(n-1)
		})
	case "cume_dist":
		return floats(func(i int) float64 { return float64(p.peerEnd[i]) / float64(n) })
	case "ntile":
		return p.ntile(c, col)
	case "lag":
		return p.shift(c, col, -1)
	case "lead":
		return p.shift(c, col, 1)
	case "first_value", "last_value", "nth_value":
		return p.nth(c, col)
	}
	return sql.Errorf(sql.CodeFeatureNotSupported, "window function %s is not supported", c.call.Fn.Name).At(c.call.Pos)
}

// ntile divides the partition into buckets whose sizes differ by one at most.
func (p *windowPart) ntile(c *windowCall, col *vector.Column) error {
	n := int64(p.n())
	v := vector.ValueAt(p.arg(&c.args[0]), 0)
	if !v.Null && v.I <= 0 {
		return sql.Errorf("22014", "argument of ntile must be greater than zero").At(c.call.Pos)
	}
	for i := range n {
		if v.Null {
			col.AppendValue(sql.NullOf(c.call.T))
			continue
		}
		size, more := n/v.I, n%v.I // the first `more` buckets have one row more
		b := int64(0)
		if i < more*(size+1) {
			b = i / (size + 1)
		} else {
			b = more + (i-more*(size+1))/size
		}
		col.AppendValue(sql.IntValue(c.call.T, b+1))
	}
	return nil
}

// take appends row idx[i] of src for each i; -1 is NULL.
func take(src *vector.Vec, t sql.Type, idx []int32, col *vector.Column) {
	tmp := vector.NewColumn(t)
	tmp.Append(src, nil, src.N)
	list := make([]uint32, len(idx))
	for i, x := range idx {
		list[i] = vector.NullRow
		if x >= 0 {
			list[i] = uint32(x)
		}
	}
	var out vector.Vec
	tmp.Gather(list, &out)
	col.Append(&out, nil, len(idx))
}

// shift is lag and lead: the argument's value some rows back or ahead, or the default.
func (p *windowPart) shift(c *windowCall, col *vector.Column, dir int64) error {
	n := p.n()
	val := p.arg(&c.args[0])
	var off, def *vector.Vec
	if len(c.args) > 1 {
		off = p.arg(&c.args[1])
	}
	if len(c.args) > 2 {
		def = p.arg(&c.args[2])
	}
	// The rows of the argument and, behind them, those of the default.
	both := vector.NewColumn(c.call.T)
	both.Append(val, nil, n)
	if def != nil {
		both.Append(def, nil, n)
	}
	list := make([]uint32, n)
	for i := range list {
		list[i] = vector.NullRow
		d := int64(1)
		if off != nil {
			o := vector.ValueAt(off, i)
			if o.Null {
				continue
			}
			d = o.I
		}
		j, ok := p.walk(val, i, d*dir, c.call.IgnoreNulls)
		switch {
		case ok:
			list[i] = uint32(j)
		case def != nil:
			list[i] = uint32(n + i)
		}
	}
	var out vector.Vec
	both.Gather(list, &out)
	col.Append(&out, nil, n)
	return nil
}

// walk moves d rows from row i, counting only rows that are not NULL if asked to.
func (p *windowPart) walk(val *vector.Vec, i int, d int64, ignoreNulls bool) (int, bool) {
	n := int64(p.n())
	if !ignoreNulls || d == 0 {
		if d > n || d < -n {
			return 0, false
		}
		j := int64(i) + d
		return int(j), j >= 0 && j < n
	}
	step := 1
	if d < 0 {
		step, d = -1, -d
	}
	for j := i + step; j >= 0 && j < int(n); j += step {
		if val.IsNull(j) {
			continue
		}
		if d--; d == 0 {
			return j, true
		}
	}
	return 0, false
}

// nth is first_value, last_value and nth_value: a row of the frame.
func (p *windowPart) nth(c *windowCall, col *vector.Column) error {
	if err := p.frames(); err != nil {
		return err
	}
	n := p.n()
	val := p.arg(&c.args[0])
	idx := make([]int32, n)
	name := c.call.Fn.Name
	var nv *vector.Vec
	if name == "nth_value" {
		nv = p.arg(&c.args[1])
	}
	for i := range idx {
		idx[i] = -1
		want := int64(1)
		if nv != nil {
			v := vector.ValueAt(nv, i)
			if v.Null {
				continue
			}
			if v.I <= 0 {
				return sql.Errorf("22016", "argument of nth_value must be greater than zero").At(c.call.Pos)
			}
			want = v.I
		}
		found := int32(-1)
		p.ranges(i, func(lo, hi int32) {
			switch {
			case c.call.IgnoreNulls:
				for r := lo; r < hi; r++ {
					if val.IsNull(int(r)) {
						continue
					}
					if name == "last_value" {
						found = r
					} else if want--; want == 0 {
						found = r
					}
				}
			case name == "last_value":
				found = hi - 1
			case want > 0:
				if int64(hi-lo) >= want {
					found = lo + int32(want) - 1
				}
				want -= int64(hi - lo)
			}
		})
		idx[i] = found
	}
	take(val, c.call.T, idx, col)
	return nil
}
