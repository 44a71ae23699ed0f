package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/vector"
)

// joinOp is the probe side of a join.
type joinOp struct {
	spec   *joinSpec
	build  *joinBuild
	active atomic.Int32 // states that have not been flushed
	open   atomic.Int32 // states that have not been closed
	wait   waiters      // tasks that wait for active to become 0
}

// SkipInput reports that nothing can come out.
func (j *joinOp) SkipInput() bool {
	return j.build.table != nil && j.build.table.n == 0 && j.spec.emptyEnds()
}

func (j *joinOp) NewState(t *Task) (OperatorState, error) {
	j.active.Add(1)
	j.open.Add(1)
	s := &joinState{j: j}
	if j.build.spilt.Load() {
		s.part = j.build.parts.probeWriter()
	} else {
		s.p = newProber(t, j.spec, j.build.table)
	}
	return s, nil
}

type joinState struct {
	j       *joinOp
	p       *prober
	started bool
	left    bool // counted out of active
	last    bool
	part    *partWriter
	run     *partRun
}

func (s *joinState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if s.part != nil {
		return nil, NeedInput, s.part.add(in.Cols, in.Sel, in.N)
	}
	if !s.started {
		s.p.start(in)
		s.started = true
	}
	b, err := s.p.next(t)
	if err != nil {
		return nil, Done, err
	}
	if s.p.done() {
		s.started = false
		return b, NeedInput, nil
	}
	return b, HaveOutput, nil
}

func (s *joinState) Flush(t *Task) (*vector.Batch, Status, error) {
	if !s.left {
		if s.part != nil {
			if err := s.part.close(); err != nil {
				return nil, Done, err
			}
		}
		s.left = true
		if s.j.active.Add(-1) == 0 {
			s.last = true
			s.j.wait.wakeAll()
		}
	}
	if s.part == nil {
		// The last task gives the build rows without a match.
		if s.last {
			if b := s.p.unmatched(); b != nil {
				return b, HaveOutput, nil
			}
		}
		return nil, Done, nil
	}
	if s.j.active.Load() > 0 {
		s.j.wait.add(t)
		if s.j.active.Load() > 0 {
			return nil, Blocked, nil
		}
	}
	if s.run == nil {
		s.run = &partRun{parts: s.j.build.parts, p: newProber(t, s.j.spec, &joinTable{})}
	}
	return s.run.next(t)
}

// Close gives up the table when no task uses it any more.
func (s *joinState) Close() {
	if s.j.open.Add(-1) == 0 {
		s.j.build.release()
	}
	if s.run != nil {
		s.run.close()
	}
}
