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
	kept   int64 // bytes of the full chunks in memory
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

// newSpool makes a spool for an operator of the statement.
func (e *Execution) newSpool(node *counters, types []sql.Type) *Spool {
	s := NewSpool(e.spill.dir, e.budget, e.budget.Limit(), types)
	s.grant.node = node
	return s
}

// Reader makes a reader.
func (s *Spool) Reader() *SpoolReader { return &SpoolReader{s: s, at: -1} }

// Rows is how many rows the spool has.
func (s *Spool) Rows() int64 { return s.rows }

// Append adds rows from..to-1, counted among the batch's selected rows.
func (s *Spool) Append(b *vector.Batch, from, to int) error {
	defer func() { s.grant.Force(s.kept + s.last.bytes()) }()
	s.rd.at = -1 // the batch may lack the new rows
	if n := to - from; b.Sel == nil && n == b.N && s.last.n+n < vector.BlockRows {
		s.last.add(b.Cols, nil, n)
		s.rows += int64(n)
		return nil
	}
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
	return nil
}

// seal ends the last chunk.
func (s *Spool) seal() error {
	c := spoolChunk{set: s.last}
	if s.grant.Resize(s.kept + s.last.bytes()) {
		s.kept += s.last.bytes()
	} else {
		if s.file == nil {
			file, err := s.dir.create(s.grant.node)
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

// spoolColumn gives windows of one column of a spool. What it gives is valid until
// the next call.
type spoolColumn struct {
	s     *Spool
	col   int
	at    int // as in SpoolReader
	n     int
	ids   []uint32
	vec   vector.Vec // of a window in memory
	frame frame      // of one on disk
	v     *vector.Vec
}

// from makes c read column col of s.
func (c *spoolColumn) from(s *Spool, col int) {
	if c.s != s || c.col != col {
		c.s, c.col, c.at = s, col, -1
	}
}

// window gives a vector that row `at` of the spool lies in, and the number of its
// first row and of its rows.
func (c *spoolColumn) window(at int) (v *vector.Vec, first, n int, err error) {
	s, w := c.s, at/vector.BatchSize
	if c.at == w {
		return c.v, w * vector.BatchSize, c.n, nil
	}
	c.at = -1
	i, lo := at/vector.BlockRows, w*vector.BatchSize%vector.BlockRows
	set := s.last
	if i < len(s.full) {
		set = s.full[i].set
	}
	if set == nil {
		b, err := s.file.read(s.full[i].frames[lo/vector.BatchSize], s.types, &c.frame)
		if err != nil {
			return nil, 0, 0, err
		}
		c.v, c.n = b.Cols[c.col], b.N
	} else {
		c.ids = c.ids[:0]
		for r := lo; r < min(lo+vector.BatchSize, set.n); r++ {
			c.ids = append(c.ids, uint32(r))
		}
		set.cols[c.col].Gather(c.ids, &c.vec)
		c.v, c.n = &c.vec, len(c.ids)
	}
	c.at = w
	return c.v, w * vector.BatchSize, c.n, nil
}

// value is the column at row `at`.
func (c *spoolColumn) value(at int) (sql.Value, error) {
	v, first, _, err := c.window(at)
	if err != nil {
		return sql.Value{}, err
	}
	return vector.ValueAt(v, at-first), nil
}

// null reports whether the column is NULL at row `at`.
func (c *spoolColumn) null(at int) (bool, error) {
	v, first, _, err := c.window(at)
	return err == nil && v.IsNull(at-first), err
}

// Close frees the rows.
func (s *Spool) Close() {
	s.kept = 0
	s.grant.Close()
	s.budget.drain()
	s.dir.close()
	s.full, s.last, s.rows = nil, newRowSet(s.types), 0
	s.rd = SpoolReader{s: s, at: -1}
}
