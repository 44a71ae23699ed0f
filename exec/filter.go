package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// filterOp keeps rows for which all conditions are true.
type filterOp struct {
	prog  *expr.Program
	conds int
}

func (f *filterOp) NewState(t *Task) (OperatorState, error) {
	return &filterState{sel: newSelector(t, f.prog, f.conds)}, nil
}

type filterState struct {
	sel selector
	out vector.Batch
}

func (f *filterState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if err := f.sel.raise(); err != nil {
		return nil, Done, err
	}
	sel, err := f.sel.filter(in, in.Sel)
	if err != nil {
		return nil, Done, err
	}
	f.out = *in
	f.out.Sel = sel
	if f.sel.pending != nil {
		if len(sel) == 0 {
			return nil, Done, f.sel.raise()
		}
		return &f.out, HaveOutput, nil
	}
	if len(sel) == 0 {
		return nil, NeedInput, nil
	}
	return &f.out, NeedInput, nil
}

func (f *filterState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (f *filterState) Close()                                     {}

// selector applies conditions one after the other, each to the rows that those
// before left.
type selector struct {
	ev    expr.Evaluator
	conds int
	bufs  [2][]int32
	// pending is the error of the row after those that filter returned; it is to be
	// raised when more is asked for.
	pending error
}

func newSelector(t *Task, prog *expr.Program, conds int) selector {
	s := selector{conds: conds}
	if conds > 0 {
		s.ev = prog.NewEvaluator(t.exec.rt.Env)
	}
	return s
}

func (s *selector) raise() error {
	err := s.pending
	s.pending = nil
	return err
}

// filter returns the rows of sel (nil: all) for which all conditions are true; the
// result is nil only if it is sel and sel is nil. With an error at a row it returns
// the rows before and sets pending.
func (s *selector) filter(b *vector.Batch, sel []int32) ([]int32, error) {
	for i := range s.conds {
		buf := s.bufs[i&1]
		if cap(buf) <= b.N {
			buf = make([]int32, 0, max(b.N, vector.BatchSize)+1)
		}
		out, err := s.ev.Select(i, b, sel, buf[:0])
		s.bufs[i&1] = out
		if err != nil {
			_, cause, ok := rowError(err)
			if !ok {
				return nil, err
			}
			s.pending = cause // at an earlier row than what a condition before raised
		}
		sel = out
		if len(sel) == 0 {
			break
		}
	}
	return sel, nil
}
