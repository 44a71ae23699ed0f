package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// aggSource gives the groups of an aggregation with their results.
type aggSource struct {
	a    *aggBuild
	next atomic.Int64 // first group not given yet
	open atomic.Int32 // states that have not been closed
}

func (s *aggSource) Tasks() int {
	if s.a.parts != nil {
		return partCount
	}
	if s.a.shared != nil {
		return s.a.shared.tasks()
	}
	return 1 + s.a.final.table.n/(8*vector.BatchSize)
}

func (s *aggSource) NewState(t *Task) (SourceState, error) {
	s.open.Add(1)
	r := &aggReader{s: s, size: t.exec.rt.batchSize()}
	r.init(s.a.spec)
	if s.a.parts != nil {
		r.run = &aggPartRun{parts: s.a.parts, exec: t.exec}
	}
	return r, nil
}

type aggReader struct {
	s    *aggSource
	size int
	keys []vector.Vec
	outs []expr.Out
	nums []expr.Out // GROUPING()
	ids  []uint32
	out  vector.Batch
	run  *aggPartRun
	cur  *localAgg   // a part being read
	part *sharedPart // it, if it is of the shared groups
	at   int
}

func (r *aggReader) init(spec *aggSpec) {
	r.keys = make([]vector.Vec, len(spec.tableTypes()))
	r.outs = make([]expr.Out, len(spec.calls))
	r.nums = make([]expr.Out, len(spec.out))
	r.out.Cols = make([]*vector.Vec, len(spec.out))
}

func (r *aggReader) Next(t *Task) (*vector.Batch, Status, error) {
	if r.run == nil && r.s.a.shared == nil {
		l := r.s.a.final
		lo := int(r.s.next.Add(int64(r.size))) - r.size
		if lo >= l.table.n {
			return nil, Done, nil
		}
		return r.give(l, lo, min(lo+r.size, l.table.n))
	}
	for {
		if r.cur != nil && r.at < r.cur.table.n {
			lo := r.at
			r.at = min(lo+r.size, r.cur.table.n)
			return r.give(r.cur, lo, r.at)
		}
		if t.Stopped() {
			return nil, Done, nil
		}
		var err error
		if r.run != nil {
			r.cur, err = r.run.next()
		} else {
			err = r.nextShared()
		}
		if err != nil || r.cur == nil {
			return nil, Done, err
		}
		r.at = 0
	}
}

// nextShared turns to the next partition of the shared groups.
func (r *aggReader) nextShared() (err error) {
	if r.part != nil {
		r.part.free()
	}
	r.cur = nil
	if r.part, err = r.s.a.shared.nextPart(); err == nil && r.part != nil {
		r.cur = r.part.local
	}
	return err
}

// give makes a batch of groups lo..hi-1.
func (r *aggReader) give(l *localAgg, lo, hi int) (*vector.Batch, Status, error) {
	spec, n := l.spec, hi-lo
	if cap(r.ids) < n {
		r.ids = make([]uint32, max(n, r.size))
	}
	list := r.ids[:n]
	for i := range list {
		list[i] = uint32(lo + i)
	}
	for i := range r.keys {
		l.table.keys[i].Gather(list, &r.keys[i])
	}
	for i := range spec.calls {
		if err := l.states[i].Result(lo, hi, &r.outs[i]); err != nil {
			_, cause, _ := rowError(err)
			return nil, Done, cause
		}
	}
	for i, o := range spec.out {
		switch o.kind {
		case outKey:
			r.out.Cols[i] = &r.keys[o.at]
		case outCall:
			r.out.Cols[i] = r.outs[o.at].Vec()
		case outGrouping:
			r.out.Cols[i] = r.grouping(i, o, n)
		}
	}
	r.out.N = n
	return &r.out, HaveOutput, nil
}

// grouping computes GROUPING(): a bit for each argument, 1 if it is not grouped by.
func (r *aggReader) grouping(i int, o aggOut, n int) *vector.Vec {
	spec := r.s.a.spec
	out := &r.nums[i]
	out.Reset(o.typ, vector.LI32, n)
	vals := expr.Slice[int32](out)
	clear(vals)
	if spec.sets != nil {
		sets := vector.Values[int32](&r.keys[len(spec.types)])
		for k := range n {
			vals[k] = groupingOf(spec.sets[sets[k]], o.grouping)
		}
	}
	return out.Vec()
}

func groupingOf(set, of []int) (bits int32) {
	for _, key := range of {
		bits <<= 1
		in := false
		for _, m := range set {
			in = in || m == key
		}
		if !in {
			bits |= 1
		}
	}
	return bits
}

// Close gives up the groups when no task reads them any more.
func (r *aggReader) Close() {
	if r.s.open.Add(-1) == 0 {
		for _, g := range r.s.a.grants {
			g.Close()
		}
		r.s.a.grants, r.s.a.final = nil, nil
		if sh := r.s.a.shared; sh != nil {
			for i := range sh.parts {
				sh.parts[i].free()
			}
		}
	}
	if r.run != nil {
		r.run.close()
	}
}
