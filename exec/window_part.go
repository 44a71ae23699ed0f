package exec

import (
	"math"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func floatOf(v *sql.Value) float64 { return math.Float64frombits(uint64(v.I)) }

// windowPart is one partition, n rows of the state's spool from row lo on. Its rows
// are computed in order, some at a time: rows from..to-1 now. Numbers of rows count
// from the partition's first, unless said otherwise.
type windowPart struct {
	s        *windowState
	t        *Task
	lo, n    int
	from, to int
	at       int // place of row from in the state's input

	peerStart []int // by row from `from` on: where its peers begin
	peerEnd   []int // and end
	peerNo    []int // number of its group of peers
	fs, fe    []int // frames
	framed    bool  // fs, fe are computed

	groupStart, groupEnd, groupNo int // of the last row so far
	groups                        [2]groupCursor
	keys                          [2]keyCursor
	calls                         []callState
}

// groupCursor is a place among the groups of peers.
type groupCursor struct{ no, start int }

// keyCursor is a place among the rows of a partition that is ordered by one key.
type keyCursor struct {
	key    spoolColumn
	at     int
	lo, hi int // the rows whose key is not NULL; hi < 0: not known yet
}

// callState is what a call keeps from row to row of a partition.
type callState struct {
	args   []spoolColumn // of arguments that are columns
	filter spoolColumn
	run    runningState
	tree   *frameTree // nil: frames are short so far
	first  sql.Value  // ntile: the argument
	known  bool
}

func newWindowPart(s *windowState) *windowPart {
	p := &windowPart{s: s, calls: make([]callState, len(s.spec.calls))}
	for i, c := range s.spec.calls {
		p.calls[i].args = make([]spoolColumn, len(c.args))
	}
	return p
}

// reset begins the partition of n rows from row lo of the state's spool on.
func (p *windowPart) reset(lo, n int) {
	p.lo, p.n, p.from, p.to = lo, n, 0, 0
	p.groupStart, p.groupEnd, p.groupNo = 0, 0, -1
	p.groups = [2]groupCursor{}
	spec, sp := p.s.spec, p.s.rows
	if spec.bounds != nil {
		for i := range p.keys {
			k := &p.keys[i]
			k.at, k.hi = 0, -1
			k.key.from(sp, spec.order.keys[0].at)
		}
	}
	for i := range p.calls {
		st, c := &p.calls[i], spec.calls[i]
		for j, a := range c.args {
			st.args[j].from(sp, a.col)
		}
		if c.filter != nil {
			st.filter.from(sp, c.filter.col)
		}
		st.run.agg, st.run.done, st.tree, st.known = nil, 0, nil, false
	}
}

// compute appends the results of all calls for the next k rows, which are rows
// at..at+k-1 of the state's input.
func (p *windowPart) compute(t *Task, at, k int) error {
	p.t, p.at, p.from, p.to, p.framed = t, at, p.to, p.to+k, false
	p.peers()
	for i, c := range p.s.spec.calls {
		col := p.s.results.cols[i]
		var err error
		if c.call.Agg != nil {
			err = p.aggregate(c, &p.calls[i], col)
		} else {
			err = p.function(c, &p.calls[i], col)
		}
		if err != nil {
			return err
		}
	}
	p.s.results.n += k
	return nil
}

// sized makes a list of n places, in the memory of old if it suffices.
func sized(old []int, n int) []int {
	if cap(old) < n {
		return make([]int, n, max(n, 2*cap(old)))
	}
	return old[:n]
}

func (p *windowPart) peers() {
	k := p.to - p.from
	p.peerStart, p.peerEnd, p.peerNo = sized(p.peerStart, k), sized(p.peerEnd, k), sized(p.peerNo, k)
	for i := range k {
		if row := p.from + i; row == p.groupEnd {
			p.groupStart, p.groupEnd = row, p.nextGroup(row)
			p.groupNo++
		}
		p.peerStart[i], p.peerEnd[i], p.peerNo[i] = p.groupStart, p.groupEnd, p.groupNo
	}
}

// nextGroup is the first row behind the peers of row i.
func (p *windowPart) nextGroup(i int) int {
	return p.s.peers.next(p.lo+i+1, p.lo+p.n) - p.lo
}

// frames finds each row's frame; it is computed once for all calls.
func (p *windowPart) frames() error {
	if p.framed {
		return nil
	}
	k := p.to - p.from
	p.fs, p.fe = sized(p.fs, k), sized(p.fe, k)
	spec := p.s.spec
	if err := p.bound(spec.start, p.s.offStart, spec.startBound, true, p.fs); err != nil {
		return err
	}
	if err := p.bound(spec.end, p.s.offEnd, spec.endBound, false, p.fe); err != nil {
		return err
	}
	for i := range k {
		p.fs[i] = min(max(p.fs[i], 0), p.n)
		p.fe[i] = min(max(p.fe[i], p.fs[i]), p.n)
	}
	p.framed = true
	return nil
}

// bound computes one end of the frames: the first row (start) or the row after the last.
func (p *windowPart) bound(kind parse.BoundKind, off sql.Value, range_ int, start bool, out []int) error {
	mode := p.s.spec.mode
	switch kind {
	case parse.UnboundedPreceding:
		clear(out)
		return nil
	case parse.UnboundedFollowing:
		for i := range out {
			out[i] = p.n
		}
		return nil
	case parse.CurrentRow:
		for i := range out {
			switch {
			case mode == parse.FrameRows && start:
				out[i] = p.from + i
			case mode == parse.FrameRows:
				out[i] = p.from + i + 1
			case start:
				out[i] = p.peerStart[i]
			default:
				out[i] = p.peerEnd[i]
			}
		}
		return nil
	}
	if mode == parse.FrameRange {
		return p.rangeBound(range_, kind == parse.OffsetPreceding, start, out)
	}
	d := off.I
	if off.Type.OID == sql.OIDNumeric {
		d = int64(off.Num.Coef.Lo)
	}
	move := int(min(d, int64(p.n)+1))
	if kind == parse.OffsetPreceding {
		move = -move
	}
	end := 1 // which end of the frame
	if start {
		end = 0
	}
	for i := range out {
		switch {
		case mode != parse.FrameRows:
			out[i] = p.groupAt(&p.groups[end], p.peerNo[i]+move+end)
		default:
			out[i] = p.from + i + move + end
		}
	}
	return nil
}

// groupAt is the first row of group no; the partition's first or last+1 where there
// is no such group.
func (p *windowPart) groupAt(c *groupCursor, no int) int {
	for c.no < no && c.start < p.n {
		c.start = p.nextGroup(c.start)
		c.no++
	}
	for c.no > no && c.no > 0 {
		c.start = p.s.peers.prev(p.lo+c.start-1) - p.lo
		c.no--
	}
	return c.start
}

// rangeBound finds the bounds of RANGE with an offset: rows whose key lies at or
// beyond the row's own key moved by the offset. NULLs are peers of NULLs only. A key
// that the offset moves out of its type's range has all rows on that side.
func (p *windowPart) rangeBound(at int, preceding, start bool, out []int) error {
	desc := p.s.spec.order.keys[0].order.Desc
	bounds, err := p.s.bound(at)
	if err != nil {
		return err
	}
	c := &p.keys[1]
	if start {
		c = &p.keys[0]
	}
	if c.hi < 0 {
		if err := p.findKeys(c); err != nil {
			return err
		}
	}
	for i := range out {
		if row := p.from + i; row < c.lo || row >= c.hi {
			out[i] = p.peerEnd[i]
			if start {
				out[i] = p.peerStart[i]
			}
			continue
		}
		if bounds.over != nil && bounds.over[p.at+i] {
			if out[i] = c.lo; !preceding {
				out[i] = c.hi
			}
			continue
		}
		bound := vector.ValueAt(bounds.vec, p.at+i)
		// The bounds of rows in order mostly are in order, so that the cursor moves on.
		beyond := func(row int) (bool, error) {
			k, err := c.key.value(p.lo + row)
			if err != nil {
				return false, err
			}
			x := compareKeys(&k, &bound)
			if desc {
				x = -x
			}
			return x > 0 || start && x == 0, nil
		}
		c.at = min(max(c.at, c.lo), c.hi)
		moved := false
		for c.at < c.hi {
			is, err := beyond(c.at)
			if err != nil {
				return err
			}
			if is {
				break
			}
			c.at++
			moved = true
		}
		for !moved && c.at > c.lo {
			is, err := beyond(c.at - 1)
			if err != nil {
				return err
			}
			if !is {
				break
			}
			c.at--
		}
		out[i] = c.at
	}
	return nil
}

// findKeys finds the rows whose key is not NULL: NULLs stand at one end, as peers.
func (p *windowPart) findKeys(c *keyCursor) error {
	c.lo, c.hi = 0, p.n
	first, err := c.key.null(p.lo)
	if err != nil {
		return err
	}
	if first {
		c.lo = p.nextGroup(0)
		return nil
	}
	last, err := c.key.null(p.lo + p.n - 1)
	if last {
		c.hi = p.s.peers.prev(p.lo+p.n-1) - p.lo
	}
	return err
}

// compareKeys compares an order key with a bound, which is a timestamp where the
// key is a date and the offset an interval.
func compareKeys(key, bound *sql.Value) int {
	if key.Type.OID == bound.Type.OID {
		return vector.CompareValues(key, bound)
	}
	if key.Type.OID == sql.OIDDate {
		k := *key
		k.Type = bound.Type
		if k.I != sql.InfinityI && k.I != sql.NegInfinityI {
			k.I *= 86_400_000_000
		}
		return vector.CompareValues(&k, bound)
	}
	k, b := *key, *bound
	k.Type, b.Type = sql.Int8, sql.Int8
	return vector.CompareValues(&k, &b)
}

// ranges calls f for the runs of rows of the frame of row from+i, exclusions left out.
func (p *windowPart) ranges(i int, f func(lo, hi int)) {
	lo, hi, row := p.fs[i], p.fe[i], p.from+i
	var xlo, xhi int // excluded
	switch p.s.spec.exclude {
	case parse.ExcludeNone:
		if lo < hi {
			f(lo, hi)
		}
		return
	case parse.ExcludeCurrent:
		xlo, xhi = row, row+1
	case parse.ExcludeGroup, parse.ExcludeTies:
		xlo, xhi = p.peerStart[i], p.peerEnd[i]
	}
	emit := func(a, b int) {
		if a < b {
			f(a, b)
		}
	}
	emit(lo, min(hi, xlo))
	if p.s.spec.exclude == parse.ExcludeTies && row >= lo && row < hi {
		f(row, row+1)
	}
	emit(max(lo, xhi), hi)
}

// arg is an argument of row from+i.
func (p *windowPart) arg(a *windowArg, i int) sql.Value {
	if a.col < 0 {
		return a.val
	}
	return vector.ValueAt(p.s.in.batch.Cols[a.col], p.at+i)
}
