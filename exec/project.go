package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// projectOp computes columns.
type projectOp struct {
	prog *expr.Program
	from []int // >= 0: the input column passed on; else the next expression of prog
}

func (p *projectOp) NewState(t *Task) (OperatorState, error) {
	s := &projectState{op: p}
	exprs := 0
	for _, f := range p.from {
		if f < 0 {
			exprs++
		}
	}
	if exprs > 0 {
		s.ev = p.prog.NewEvaluator(t.exec.rt.Env)
		s.vecs = make([]*vector.Vec, exprs)
	}
	s.out.Cols = make([]*vector.Vec, len(p.from))
	return s, nil
}

type projectState struct {
	op      *projectOp
	ev      expr.Evaluator
	vecs    []*vector.Vec
	out     vector.Batch
	pending error
}

func (s *projectState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if s.pending != nil {
		err := s.pending
		s.pending = nil
		return nil, Done, err
	}
	s.out.N, s.out.Sel, s.out.Seq, s.out.First = in.N, in.Sel, in.Seq, in.First
	st := NeedInput
	if s.ev != nil {
		if err := s.ev.EvalAll(in, in.Sel, s.vecs); err != nil {
			row, cause, ok := rowError(err)
			if !ok {
				return nil, Done, err
			}
			s.out.Sel = before(selected(in), row)
			if len(s.out.Sel) == 0 {
				return nil, Done, cause
			}
			s.pending, st = cause, HaveOutput
		}
	}
	e := 0
	for i, f := range s.op.from {
		if f >= 0 {
			s.out.Cols[i] = in.Cols[f]
			continue
		}
		s.out.Cols[i] = s.vecs[e]
		e++
	}
	return &s.out, st, nil
}

func (s *projectState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *projectState) Close()                                     {}
