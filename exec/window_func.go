package exec

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// function computes a window function that is no aggregate.
func (p *windowPart) function(c *windowCall, st *callState, col *vector.Column) error {
	n := p.n
	ints := func(f func(i int) int) error {
		for i := range p.to - p.from {
			col.AppendValue(sql.IntValue(c.call.T, int64(f(i))))
		}
		return nil
	}
	floats := func(f func(i int) float64) error {
		for i := range p.to - p.from {
			col.AppendValue(sql.Value{Type: c.call.T, I: int64(math.Float64bits(f(i)))})
		}
		return nil
	}
	switch c.call.Fn.Name {
	case "row_number":
		return ints(func(i int) int { return p.from + i + 1 })
	case "rank":
		return ints(func(i int) int { return p.peerStart[i] + 1 })
	case "dense_rank":
		return ints(func(i int) int { return p.peerNo[i] + 1 })
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
		return p.ntile(c, st, col)
	case "lag":
		return p.shift(c, st, col, -1)
	case "lead":
		return p.shift(c, st, col, 1)
	case "first_value", "last_value", "nth_value":
		return p.nth(c, st, col)
	}
	return sql.Errorf(sql.CodeFeatureNotSupported, "window function %s is not supported", c.call.Fn.Name).At(c.call.Pos)
}

// ntile divides the partition into buckets whose sizes differ by one at most.
func (p *windowPart) ntile(c *windowCall, st *callState, col *vector.Column) error {
	if !st.known {
		st.first, st.known = p.arg(&c.args[0], 0), true
	}
	n, v := int64(p.n), st.first
	if !v.Null && v.I <= 0 {
		return sql.Errorf("22014", "argument of ntile must be greater than zero").At(c.call.Pos)
	}
	for row := int64(p.from); row < int64(p.to); row++ {
		if v.Null {
			col.AppendValue(sql.NullOf(c.call.T))
			continue
		}
		size, more := n/v.I, n%v.I // the first `more` buckets have one row more
		b := int64(0)
		if row < more*(size+1) {
			b = row / (size + 1)
		} else {
			b = more + (row-more*(size+1))/size
		}
		col.AppendValue(sql.IntValue(c.call.T, b+1))
	}
	return nil
}

// What is no row of the partition, as a result.
const (
	noRow   = -1 - iota // the default, or NULL where there is none
	nullRow             // NULL
)

// take appends the call's first argument at the given rows; def, if there is one,
// takes the place of what is no row.
func (p *windowPart) take(c *windowCall, st *callState, rows []int, def *windowArg, col *vector.Column) error {
	a := &c.args[0]
	sel := make([]int32, 0, len(rows))
	for i := 0; i < len(rows); {
		j := i + 1
		if rows[i] < 0 {
			v := sql.NullOf(c.call.T)
			if rows[i] == noRow && def != nil {
				v = p.arg(def, i)
			}
			col.Append(vector.ConstOf(v, 1), nil, 1)
			i = j
			continue
		}
		if a.col < 0 {
			col.Append(vector.ConstOf(a.val, 1), nil, 1)
			i = j
			continue
		}
		v, first, n, err := st.args[0].window(p.lo + rows[i])
		if err != nil {
			return err
		}
		sel = append(sel[:0], int32(p.lo+rows[i]-first))
		for ; j < len(rows) && rows[j] >= 0; j++ {
			x := p.lo + rows[j] - first
			if x < 0 || x >= n {
				break
			}
			sel = append(sel, int32(x))
		}
		col.Append(v, sel, len(sel))
		i = j
	}
	return nil
}

// shift is lag and lead: the argument's value some rows back or ahead, or the default.
func (p *windowPart) shift(c *windowCall, st *callState, col *vector.Column, dir int64) error {
	rows := make([]int, p.to-p.from)
	for i := range rows {
		d := int64(1)
		if len(c.args) > 1 {
			o := p.arg(&c.args[1], i)
			if o.Null {
				rows[i] = nullRow
				continue
			}
			d = o.I
		}
		var err error
		if rows[i], err = p.walk(c, st, p.from+i, d*dir); err != nil {
			return err
		}
	}
	var def *windowArg
	if len(c.args) > 2 {
		def = &c.args[2]
	}
	return p.take(c, st, rows, def, col)
}

// walk moves d rows from a row, counting only rows whose argument is not NULL if the
// call says so.
func (p *windowPart) walk(c *windowCall, st *callState, row int, d int64) (int, error) {
	n := int64(p.n)
	if d > n || d < -n {
		return noRow, nil
	}
	if !c.call.IgnoreNulls || d == 0 {
		if j := int64(row) + d; j >= 0 && j < n {
			return int(j), nil
		}
		return noRow, nil
	}
	step := 1
	if d < 0 {
		step, d = -1, -d
	}
	for j := row + step; j >= 0 && j < p.n; j += step {
		null, err := p.nullArg(c, st, j)
		if err != nil {
			return 0, err
		}
		if null {
			continue
		}
		if d--; d == 0 {
			return j, nil
		}
	}
	return noRow, nil
}

// nullArg reports whether the call's first argument is NULL at a row.
func (p *windowPart) nullArg(c *windowCall, st *callState, row int) (bool, error) {
	if a := &c.args[0]; a.col < 0 {
		return a.val.Null, nil
	}
	return st.args[0].null(p.lo + row)
}

// nth is first_value, last_value and nth_value: a row of the frame.
func (p *windowPart) nth(c *windowCall, st *callState, col *vector.Column) error {
	if err := p.frames(); err != nil {
		return err
	}
	rows := make([]int, p.to-p.from)
	last := c.call.Fn.Name == "last_value"
	for i := range rows {
		rows[i] = nullRow
		want := 1
		if c.call.Fn.Name == "nth_value" {
			v := p.arg(&c.args[1], i)
			if v.Null {
				continue
			}
			if v.I <= 0 {
				return sql.Errorf("22016", "argument of nth_value must be greater than zero").At(c.call.Pos)
			}
			want = int(min(v.I, math.MaxInt))
		}
		found := nullRow
		var err error
		p.ranges(i, func(lo, hi int) {
			switch {
			case c.call.IgnoreNulls && last:
				if at, e := p.lastValue(c, st, lo, hi); e != nil {
					err = e
				} else if at >= 0 {
					found = at
				}
			case c.call.IgnoreNulls:
				for r := lo; r < hi && want > 0 && err == nil; r++ {
					var null bool
					if null, err = p.nullArg(c, st, r); null {
						continue
					}
					if want--; want == 0 {
						found = r
					}
				}
			case last:
				found = hi - 1
			case want > 0:
				if hi-lo >= want {
					found = lo + want - 1
				}
				want -= hi - lo
			}
		})
		if err != nil {
			return err
		}
		rows[i] = found
	}
	return p.take(c, st, rows, nil, col)
}

// lastValue is the last of rows lo..hi-1 whose argument is not NULL, or nullRow.
func (p *windowPart) lastValue(c *windowCall, st *callState, lo, hi int) (int, error) {
	for r := hi - 1; r >= lo; r-- {
		null, err := p.nullArg(c, st, r)
		if err != nil || !null {
			return r, err
		}
	}
	return nullRow, nil
}
