package exec

import (
	"errors"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// identity is the selection of all rows, for cutting a batch short.
var identity = func() (a [vector.BatchSize]int32) {
	for i := range a {
		a[i] = int32(i)
	}
	return a
}()

// selected returns the rows of b that count, as a selection that is never nil.
func selected(b *vector.Batch) []int32 {
	if b.Sel != nil {
		return b.Sel
	}
	return identity[:b.N]
}

// before cuts a selection at the first row that is not before row.
func before(sel []int32, row int) []int32 {
	lo, hi := 0, len(sel)
	for lo < hi {
		m := (lo + hi) / 2
		if int(sel[m]) < row {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return sel[:lo]
}

// rowError splits an evaluation's error: the row at which it is raised and the
// error itself; ok is false for errors that belong to no row.
func rowError(err error) (row int, cause error, ok bool) {
	if re, is := errors.AsType[*expr.RowError](err); is {
		return re.Row, re.Err, true
	}
	return 0, err, false
}

func ids(cols []logical.Col) []expr.ColumnID {
	out := make([]expr.ColumnID, len(cols))
	for i, c := range cols {
		out[i] = c.ID
	}
	return out
}

func typesOf(cols []logical.Col) []sql.Type {
	out := make([]sql.Type, len(cols))
	for i, c := range cols {
		out[i] = c.T
	}
	return out
}

// rowSet is rows in growing columns.
type rowSet struct {
	cols []*vector.Column
	n    int
}

func newRowSet(types []sql.Type) *rowSet {
	r := &rowSet{cols: make([]*vector.Column, len(types))}
	for i, t := range types {
		r.cols[i] = vector.NewColumn(t)
	}
	return r
}

// add appends the selected rows of the columns.
func (r *rowSet) add(cols []*vector.Vec, sel []int32, n int) {
	for i, c := range r.cols {
		c.Append(cols[i], sel, n)
	}
	if sel != nil {
		n = len(sel)
	}
	r.n += n
}

func (r *rowSet) bytes() int64 {
	var n int64
	for _, c := range r.cols {
		n += c.Bytes()
	}
	return n
}

// rowReader gives the rows of a rowSet, in batches.
type rowReader struct {
	vecs  []vector.Vec
	batch vector.Batch
	ids   []uint32
}

// read makes a batch of rows lo..hi-1 of r; valid until the next read.
func (rr *rowReader) read(r *rowSet, lo, hi int) *vector.Batch {
	if cap(rr.ids) < hi-lo {
		rr.ids = make([]uint32, max(hi-lo, vector.BatchSize))
	}
	list := rr.ids[:hi-lo]
	for i := range list {
		list[i] = uint32(lo + i)
	}
	return rr.gather(r, list)
}

// gather makes a batch of the rows of r with the given numbers.
func (rr *rowReader) gather(r *rowSet, list []uint32) *vector.Batch {
	if len(rr.vecs) != len(r.cols) {
		rr.vecs = make([]vector.Vec, len(r.cols))
		rr.batch.Cols = make([]*vector.Vec, len(r.cols))
		for i := range rr.vecs {
			rr.batch.Cols[i] = &rr.vecs[i]
		}
	}
	for i, c := range r.cols {
		c.Gather(list, &rr.vecs[i])
	}
	rr.batch.N, rr.batch.Sel = len(list), nil
	return &rr.batch
}
