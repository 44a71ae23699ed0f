package exec

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Spool keeps the rows of a result in their order, to be read at any place and any
// number of times: scrollable and held cursors. Rows lie in memory while the
// budget allows, then in a spill file without a name. One goroutine at a time.
type Spool struct {
	types  []sql.Type
	budget *Budget
	grant  Grant
	dir    spillDir
	file   *spillFile
	full   []spoolChunk // of vector.BlockRows rows each; the last of a finished spool may have fewer
	last   *rowSet      // rows behind them
	rows   int64
	rd     SpoolReader
}

// SpoolReader gives windows of a spool. Each is for one goroutine; a spool to which
// nothing is appended any more may have any number of them at once.
type SpoolReader struct {
	s     *Spool
	at    int // window that batch holds, in units of vector.BatchSize rows; -1: none
	frame frame
	rd    rowReader
	batch *vector.Batch
}

type spoolChunk struct {
	set    *rowSet    // nil: on disk
	frames []frameRef // of vector.BatchSize rows each
}

// NewSpool makes an empty spool of columns of the types, which takes at most limit
// bytes of the parent budget. Spilling goes to dir.
func NewSpool(dir string, parent *Budget, limit int64, types []sql.Type) *Spool {
	b := NewBudget(parent, limit)
	s := &Spool{types: types, budget: b, grant: Grant{b: b}, dir: spillDir{dir: dir}, last: newRowSet(types)}
	s.rd = SpoolReader{s: s, at: -1}
	return s
}

// Reader makes a reader.
func (s *Spool) Reader() *SpoolReader { return &SpoolReader{s: s, at: -1} }

// Rows is how many rows the spool has.
func (s *Spool) Rows() int64 { return s.rows }

// Append adds rows from..to-1, counted among the batch's selected rows.
func (s *Spool) Append(b *vector.Batch, from, to int) error {
	sel := make([]int32, 0, to-from)
	for i := from; i < to; i++ {
		k := int32(i)
		if b.Sel != nil {
			k = b.Sel[i]
		}
		sel = append(sel, k)
	}
	for len(sel) > 0 {
		n := min(len(sel), vector.BlockRows-s.last.n)
		s.last.add(b.Cols, sel[:n], b.N)
		sel = sel[n:]
		s.rows += int64(n)
		if s.last.n == vector.BlockRows {
			if err := s.seal(); err != nil {
				return err
			}
		}
	}
	s.rd.at = -1 // the batch may lack the new rows
	return nil
}

// seal ends the last chunk.
func (s *Spool) seal() error {
	c := spoolChunk{set: s.last}
	if !s.grant.Resize(s.grant.held + s.last.bytes()) {
		if s.file == nil {
			file, err := s.dir.create(nil)
			if err != nil {
				return err
			}
			s.file = file
		}
		c.set = nil
		for lo := 0; lo < s.last.n; lo += vector.BatchSize {
			b := s.rd.rd.read(s.last, lo, min(lo+vector.BatchSize, s.last.n))
			ref, err := s.file.write(b.Cols, nil, b.N)
			if err != nil {
				return err
			}
			c.frames = append(c.frames, ref)
		}
	}
	s.full = append(s.full, c)
	s.last = newRowSet(s.types)
	return nil
}

// Finish ends the filling: what lay in memory without being accounted for is
// accounted for, or spilled.
func (s *Spool) Finish() error {
	if s.last.n == 0 {
		return nil
	}
	return s.seal()
}

// Window is Window of the spool's own reader.
func (s *Spool) Window(at int64) (b *vector.Batch, from, to int, err error) { return s.rd.Window(at) }

// Window gives a batch that row at lies in, and the places in it of that row and
// of the batch's end; it has no selection and is valid until the next call.
func (r *SpoolReader) Window(at int64) (b *vector.Batch, from, to int, err error) {
	s := r.s
	if w := int(at / vector.BatchSize); r.at != w {
		r.at = -1
		i, lo := int(at/vector.BlockRows), w*vector.BatchSize%vector.BlockRows
		switch {
		case i == len(s.full):
			r.batch = r.rd.read(s.last, lo, min(lo+vector.BatchSize, s.last.n))
		case s.full[i].set != nil:
			set := s.full[i].set
			r.batch = r.rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		default:
			if r.batch, err = s.file.read(s.full[i].frames[lo/vector.BatchSize], s.types, &r.frame); err != nil {
				return nil, 0, 0, err
			}
		}
		r.at = w
	}
	return r.batch, int(at % vector.BatchSize), r.batch.N, nil
}

// Close frees the rows.
func (s *Spool) Close() {
	s.grant.Close()
	s.budget.drain()
	s.dir.close()
	s.full, s.last, s.rows = nil, newRowSet(s.types), 0
	s.rd = SpoolReader{s: s, at: -1}
}
