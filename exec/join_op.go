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
	switch {
	case j.build.blocks != nil:
		s.block = j.build.blocks.run(t)
	case j.build.parts != nil:
		s.part = j.build.parts.probeWriter()
	default:
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
	block   *blockRun
}

func (s *joinState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	switch {
	case s.part != nil:
		return nil, NeedInput, s.part.add(in.Cols, in.Sel, in.N)
	case s.block != nil:
		return nil, NeedInput, s.block.push(in)
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
		if s.block != nil {
			if err := s.block.end(); err != nil {
				return nil, Done, err
			}
		}
		s.left = true
		if s.j.active.Add(-1) == 0 {
			s.last = true
			s.j.wait.wakeAll()
		}
	}
	if s.block != nil {
		return s.block.next(t)
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
	if s.run != nil {
		s.run.close()
	}
	if s.block != nil {
		s.block.close()
	}
	if s.j.open.Add(-1) == 0 {
		s.j.build.release()
	}
}
