package exec

import (
	"math"
	"sort"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func floatOf(v *sql.Value) float64 { return math.Float64frombits(uint64(v.I)) }

// windowPart is one partition: rows lo..hi-1 of the state's row set.
type windowPart struct {
	s      *windowState
	t      *Task
	lo, hi int

	peerStart []int32 // by row of the partition: where its peers begin
	peerEnd   []int32 // and end
	peerNo    []int32 // number of its group of peers
	groupAt   []int32 // where each group of peers begins, and the end
	fs, fe    []int32 // frames, rows of the partition
}

func (p *windowPart) n() int { return p.hi - p.lo }

// compute appends the results of all calls for the partition.
func (p *windowPart) compute() error {
	p.peers()
	for i, c := range p.s.spec.calls {
		col := p.s.results.cols[i]
		var err error
		if c.call.Agg != nil {
			err = p.aggregate(c, col)
		} else {
			err = p.function(c, col)
		}
		if err != nil {
			return err
		}
	}
	p.s.results.n += p.n()
	return nil
}

func (p *windowPart) peers() {
	n := p.n()
	p.peerStart, p.peerEnd, p.peerNo = make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range n {
		if i == 0 || p.s.newPeer[p.lo+i] {
			p.groupAt = append(p.groupAt, int32(i))
		}
		p.peerNo[i] = int32(len(p.groupAt) - 1)
		p.peerStart[i] = p.groupAt[len(p.groupAt)-1]
	}
	p.groupAt = append(p.groupAt, int32(n))
	for i := range n {
		p.peerEnd[i] = p.groupAt[p.peerNo[i]+1]
	}
}

// frames finds each row's frame; it is computed once for all calls.
func (p *windowPart) frames() error {
	if p.fs != nil {
		return nil
	}
	n := p.n()
	p.fs, p.fe = make([]int32, n), make([]int32, n)
	spec := p.s.spec
	if err := p.bound(spec.start, p.s.offStart, spec.startBound, true, p.fs); err != nil {
		return err
	}
	if err := p.bound(spec.end, p.s.offEnd, spec.endBound, false, p.fe); err != nil {
		return err
	}
	for i := range n {
		p.fs[i] = min(max(p.fs[i], 0), int32(n))
		p.fe[i] = min(max(p.fe[i], p.fs[i]), int32(n))
	}
	return nil
}

// bound computes one end of the frames: the first row (start) or the row after the last.
func (p *windowPart) bound(kind parse.BoundKind, off sql.Value, range_ int, start bool, out []int32) error {
	n := int32(p.n())
	mode := p.s.spec.mode
	switch kind {
	case parse.UnboundedPreceding:
		clear(out)
		return nil
	case parse.UnboundedFollowing:
		for i := range out {
			out[i] = n
		}
		return nil
	case parse.CurrentRow:
		for i := range out {
			switch {
			case mode == parse.FrameRows && start:
				out[i] = int32(i)
			case mode == parse.FrameRows:
				out[i] = int32(i) + 1
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
	d = min(d, int64(n)+1)
	if kind == parse.OffsetPreceding {
		d = -d
	}
	groups := int64(len(p.groupAt) - 1)
	for i := range out {
		if mode == parse.FrameRows {
			x := int64(i) + d
			if !start {
				x++
			}
			out[i] = int32(min(max(x, 0), int64(n)))
			continue
		}
		g := int64(p.peerNo[i]) + d
		if !start {
			g++
		}
		out[i] = p.groupAt[min(max(g, 0), groups)]
	}
	return nil
}

// rangeBound finds the bounds of RANGE with an offset: rows whose key lies at or
// beyond the row's own key moved by the offset. NULLs are peers of NULLs only. A key
// that the offset moves out of its type's range has all rows on that side.
func (p *windowPart) rangeBound(at int, preceding, start bool, out []int32) error {
	spec := p.s.spec
	key := spec.order.keys[0]
	n := p.n()
	col := p.s.rows.cols[key.at]
	desc := key.order.Desc
	// Rows with a NULL key stand at one end.
	lo, hi := 0, n
	for lo < hi && col.IsNull(p.lo+lo) {
		lo++
	}
	for hi > lo && col.IsNull(p.lo+hi-1) {
		hi--
	}
	keys := make([]sql.Value, n)
	for i := lo; i < hi; i++ {
		keys[i] = col.Value(p.lo + i)
	}
	ev := spec.bounds.NewEvaluator(p.s.env)
	var rd rowReader
	to := 0
	for from := 0; from < n; from = to {
		to = min(from+vector.BatchSize, n)
		v, err := ev.Eval(at, rd.read(p.s.rows, p.lo+from, p.lo+to), nil)
		if err != nil {
			row, cause, ok := rowError(err)
			if !ok || sql.AsError(cause).Code != sql.CodeNumericOutOfRange {
				return cause
			}
			if row == 0 {
				if out[from] = int32(lo); !preceding {
					out[from] = int32(hi)
				}
				to = from + 1
				continue
			}
			to = from + row // those before it are good
			if v, err = ev.Eval(at, rd.read(p.s.rows, p.lo+from, p.lo+to), nil); err != nil {
				return err
			}
		}
		for i := from; i < to; i++ {
			if i < lo || i >= hi {
				out[i] = p.peerStart[i]
				if !start {
					out[i] = p.peerEnd[i]
				}
				continue
			}
			bound := vector.ValueAt(v, i-from)
			j := sort.Search(hi-lo, func(j int) bool {
				c := compareKeys(&keys[lo+j], &bound)
				if desc {
					c = -c
				}
				if start {
					return c >= 0
				}
				return c > 0
			})
			out[i] = int32(lo + j)
		}
	}
	return nil
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

// ranges calls f for the runs of rows of row i's frame, exclusions left out.
func (p *windowPart) ranges(i int, f func(lo, hi int32)) {
	lo, hi := p.fs[i], p.fe[i]
	var xlo, xhi int32 // excluded
	switch p.s.spec.exclude {
	case parse.ExcludeNone:
		if lo < hi {
			f(lo, hi)
		}
		return
	case parse.ExcludeCurrent:
		xlo, xhi = int32(i), int32(i)+1
	case parse.ExcludeGroup, parse.ExcludeTies:
		xlo, xhi = p.peerStart[i], p.peerEnd[i]
	}
	emit := func(a, b int32) {
		if a < b {
			f(a, b)
		}
	}
	emit(lo, min(hi, xlo))
	if p.s.spec.exclude == parse.ExcludeTies && int32(i) >= lo && int32(i) < hi {
		f(int32(i), int32(i)+1)
	}
	emit(max(lo, xhi), hi)
}

// arg is an argument over the partition's rows.
func (p *windowPart) arg(a *windowArg) *vector.Vec {
	if a.col < 0 {
		return vector.ConstOf(a.val, p.n())
	}
	list := make([]uint32, p.n())
	for i := range list {
		list[i] = uint32(p.lo + i)
	}
	v := &vector.Vec{}
	p.s.rows.cols[a.col].Gather(list, v)
	return v
}
