package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// valuesSource gives rows of constant expressions.
type valuesSource struct {
	prog  *expr.Program // all rows' expressions, row by row
	rows  int
	types []sql.Type
}

func (v *valuesSource) Tasks() int { return 1 }

func (v *valuesSource) NewState(t *Task) (SourceState, error) {
	return &valuesState{v: v, ev: v.prog.NewEvaluator(t.exec.rt.Env), size: t.exec.rt.batchSize()}, nil
}

type valuesState struct {
	v       *valuesSource
	ev      expr.Evaluator
	size    int
	row     int
	pending error
	reader  rowReader
	rows    *rowSet
}

func (s *valuesState) Next(t *Task) (*vector.Batch, Status, error) {
	if s.pending != nil {
		return nil, Done, s.pending
	}
	if s.row >= s.v.rows {
		return nil, Done, nil
	}
	one := &vector.Batch{N: 1}
	s.rows = newRowSet(s.v.types)
	for s.row < s.v.rows && s.rows.n < s.size && s.pending == nil {
		for c, col := range s.rows.cols {
			vec, err := s.ev.Eval(s.row*len(s.v.types)+c, one, nil)
			if err != nil {
				_, s.pending, _ = rowError(err)
				break
			}
			col.Append(vec, nil, 1)
		}
		if s.pending == nil {
			s.rows.n++
			s.row++
		}
	}
	if s.rows.n == 0 {
		return nil, Done, s.pending
	}
	return s.reader.read(s.rows, 0, s.rows.n), HaveOutput, nil
}

func (s *valuesState) Close() {}
