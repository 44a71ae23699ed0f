package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// limitOp passes count rows (-1: all) after offset, counted over all tasks.
type limitOp struct {
	count, offset int64
	ties          []int // WITH TIES: columns by which the input is ordered
	seen          atomic.Int64
	last          *rowSet // ties: the last row within the limit
}

func (l *limitOp) SkipInput() bool { return l.count == 0 }

func (l *limitOp) NewState(*Task) (OperatorState, error) { return &limitState{l: l}, nil }

type limitState struct {
	l   *limitOp
	out vector.Batch
}

func (s *limitState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	l := s.l
	rows := int64(in.Rows())
	from := l.seen.Add(rows) - rows // rows taken before this batch
	sel := selected(in)
	s.out = *in
	lo := min(max(l.offset-from, 0), rows)
	hi := rows
	if l.count >= 0 {
		hi = max(min(l.offset+l.count-from, rows), 0)
		if l.offset+l.count < 0 { // passes the range of int64: no limit
			hi = rows
		}
	}
	if len(l.ties) > 0 {
		hi = s.tied(in, sel, from, hi)
	}
	st := NeedInput
	if hi < rows || len(l.ties) == 0 && l.count >= 0 && from+rows >= l.offset+l.count && l.offset+l.count >= 0 {
		st = Done
	}
	if lo >= hi {
		return nil, st, nil
	}
	s.out.Sel = sel[lo:hi]
	return &s.out, st, nil
}

// tied extends the limit by rows equal to the last one.
func (s *limitState) tied(in *vector.Batch, sel []int32, from, hi int64) int64 {
	l := s.l
	end := l.offset + l.count
	if from < end && from+int64(len(sel)) >= end {
		types := make([]sql.Type, len(l.ties))
		keys := make([]*vector.Vec, len(l.ties))
		for i, c := range l.ties {
			types[i], keys[i] = in.Cols[c].Type, in.Cols[c]
		}
		l.last = newRowSet(types)
		l.last.add(keys, sel[hi-1:hi], 0)
	}
	if l.last == nil {
		return hi
	}
	for hi < int64(len(sel)) {
		for i, c := range l.ties {
			if vector.Distinct(in.Cols[c], int(sel[hi]), l.last.cols[i].Block(0), 0) {
				return hi
			}
		}
		hi++
	}
	return hi
}

func (s *limitState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *limitState) Close()                                     {}
