package exec

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// pickOp passes columns on in another order.
type pickOp struct{ from []int }

func (p *pickOp) NewState(*Task) (OperatorState, error) {
	return &pickState{from: p.from, out: vector.Batch{Cols: make([]*vector.Vec, len(p.from))}}, nil
}

type pickState struct {
	from []int
	out  vector.Batch
}

func (s *pickState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	s.out.N, s.out.Sel, s.out.Seq, s.out.First = in.N, in.Sel, in.Seq, in.First
	for i, f := range s.from {
		s.out.Cols[i] = in.Cols[f]
	}
	return &s.out, NeedInput, nil
}

func (s *pickState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *pickState) Close()                                     {}

// distinctOnOp keeps the first row of each run of rows equal on some columns.
type distinctOnOp struct{ on []int }

func (d *distinctOnOp) NewState(*Task) (OperatorState, error) { return &distinctOnState{on: d.on}, nil }

type distinctOnState struct {
	on   []int
	last []*vector.Vec // the kept row before, one row a column
	seen bool          // there is one
	sel  []int32
	out  vector.Batch
}

func (s *distinctOnState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	rows := selected(in)
	s.sel = s.sel[:0]
	prev := -1
	for _, r := range rows {
		same := s.seen || prev >= 0
		for i, c := range s.on {
			if !same {
				break
			}
			if prev >= 0 {
				same = !vector.Distinct(in.Cols[c], int(r), in.Cols[c], prev)
			} else {
				same = !vector.Distinct(in.Cols[c], int(r), s.last[i], 0)
			}
		}
		if !same {
			s.sel = append(s.sel, r)
			prev = int(r)
		}
	}
	if len(s.sel) == 0 {
		return nil, NeedInput, nil
	}
	s.last, s.seen = s.last[:0], true
	for _, c := range s.on {
		col := vector.NewColumn(in.Cols[c].Type)
		col.Append(in.Cols[c], s.sel[len(s.sel)-1:], 0)
		s.last = append(s.last, col.Block(0))
	}
	s.out = *in
	s.out.Sel = s.sel
	return &s.out, NeedInput, nil
}

func (s *distinctOnState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *distinctOnState) Close()                                     {}

// maxOneRowOp passes its only row, gives NULLs for none and fails on a second.
type maxOneRowOp struct{ types []sql.Type }

func (m *maxOneRowOp) NewState(*Task) (OperatorState, error) { return &maxOneRowState{m: m}, nil }

type maxOneRowState struct {
	m    *maxOneRowOp
	rows *rowSet
	rd   rowReader
	done bool
}

func errSecondRow() error {
	return sql.Errorf(sql.CodeCardinalityViolation, "more than one row returned by a subquery used as an expression")
}

func (s *maxOneRowState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if in.Rows() > 1 || s.rows != nil {
		return nil, Done, errSecondRow()
	}
	s.rows = newRowSet(s.m.types)
	s.rows.add(in.Cols, in.Sel, in.N)
	return nil, NeedInput, nil
}

func (s *maxOneRowState) Flush(*Task) (*vector.Batch, Status, error) {
	if s.done {
		return nil, Done, nil
	}
	s.done = true
	if s.rows == nil {
		s.rows = newRowSet(s.m.types)
		for i, c := range s.rows.cols {
			c.AppendValue(sql.NullOf(s.m.types[i]))
		}
		s.rows.n = 1
	}
	return s.rd.read(s.rows, 0, 1), HaveOutput, nil
}

func (s *maxOneRowState) Close() {}
