package parquet

import (
	"errors"
	"sort"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// filter evaluates a scan's conjuncts and join filters over windows of rows.
// Conjuncts that cannot raise go first, the most selective for their cost first;
// those that can follow in the order written.
type filter struct {
	r       *reader
	steps   []*step
	waiting []*step // join filters that are not ready
	order   []*step // as they are run
	runs    int
	win     int   // rows of the current window
	err     error // at the row after the last that run returned
	bufs    [2][]int32
	held    []*buffer // pages that a predicate's columns refer to
	// dropped counts rows that join filters dropped.
	dropped int64
}

// step is one conjunct or join filter.
type step struct {
	e        expr.Expr
	rf       *runtimeFilter // instead of e
	cols     []int          // the columns it reads, as indexes of the request's
	ids      []expr.ColumnID
	ev       expr.Evaluator
	raises   bool
	volatile bool
	in       []column
	batch    vector.Batch
	idx      []int32
	lut      lut
	one      int // the only file column it reads in the current file, else -1
	seen     int64
	passed   int64
	cost     float64 // relative, per row
}

func (f *filter) init(r *reader) {
	f.r = r
	at := map[expr.ColumnID]int{}
	for i, c := range r.req.Columns {
		at[c.ID] = i
	}
	for _, e := range r.req.Conjuncts {
		s := &step{e: e, raises: expr.MayRaise(e), volatile: volatile(e), cost: 4}
		s.ids = expr.ColsOf(e).IDs()
		for _, id := range s.ids {
			s.cols = append(s.cols, at[id])
		}
		f.steps = append(f.steps, s)
	}
	for _, s := range f.steps {
		s.in = make([]column, len(s.cols))
		s.batch.Cols = make([]*vector.Vec, len(s.cols))
	}
	for i := range f.bufs {
		f.bufs[i] = make([]int32, vector.BatchSize+16)
	}
	f.order = append([]*step(nil), f.steps...)
	f.addRuntime(at)
	f.sort()
}

// drops reports whether rows may be dropped.
func (f *filter) drops() bool { return len(f.order) > 0 }

func (f *filter) bytes() int64 {
	n := int64(8 * vector.BatchSize)
	for _, s := range f.steps {
		n += int64(cap(s.lut.pass) + 8*cap(s.lut.wide) + 4*cap(s.idx))
		for i := range s.in {
			n += s.in[i].bytes()
		}
	}
	return n
}

// volatile reports whether e must be evaluated anew for each row.
func volatile(e expr.Expr) bool {
	v := false
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			v = v || x.Fn.Vol == expr.Volatile
		case *expr.ScalarArray:
			v = v || x.Op.Vol == expr.Volatile
		}
		return !v
	})
	return v
}

// start begins a morsel. Conjuncts that its statistics prove are left out.
func (f *filter) start(m *morsel) error {
	f.err = nil
	f.pickup()
	f.order = f.order[:0]
	for i, s := range f.steps {
		if s.ev == nil && s.e != nil {
			p, err := expr.Compile([]expr.Expr{s.e}, s.ids)
			if err != nil {
				return err
			}
			s.ev = p.NewEvaluator(f.r.req.Env)
		}
		f.bind(s)
		if i < len(m.always) && m.always[i] {
			continue
		}
		f.order = append(f.order, s)
	}
	f.sort()
	return nil
}

// bind finds the only column of the current file that s reads, if it is one.
func (f *filter) bind(s *step) {
	s.one, s.lut.valid = -1, false
	if f.r.sf == nil || s.volatile {
		return
	}
	n := 0
	for _, c := range s.cols {
		switch sc := &f.r.sf.cols[c]; {
		case sc.leaf != nil:
			s.one = c
			n++
		case sc.nested != nil:
			n += 2
		}
	}
	if n != 1 {
		s.one = -1
	}
}

// resort is after how many windows the order of steps is looked at again.
const resort = 64

// sort orders the steps by what they drop for their cost.
func (f *filter) sort() {
	rank := func(s *step) float64 {
		pass := 0.5
		if s.seen > 0 {
			pass = float64(s.passed) / float64(s.seen)
		}
		return (1.001 - pass) / s.cost
	}
	sort.SliceStable(f.order, func(i, j int) bool {
		a, b := f.order[i], f.order[j]
		if a.raises || b.raises {
			return !a.raises && b.raises
		}
		return rank(a) > rank(b)
	})
	for _, s := range f.order {
		s.seen, s.passed = s.seen/2, s.passed/2
	}
}

// run filters rows pos .. pos+n-1 of the row group. It returns the rows that pass
// relative to pos (nil: the first m) and their number. If a row raises, err is
// set and the rows before it are returned.
func (f *filter) run(pos, n int) (sel []int32, m int, err error) {
	if f.runs++; f.runs%resort == 0 {
		f.pickup()
		f.sort()
	}
	m = n
	f.win = n
	for k, s := range f.order {
		if m == 0 {
			break
		}
		out, lim, err := f.apply(s, pos, m, sel, f.bufs[k&1][:0])
		if err != nil {
			return nil, 0, err
		}
		f.letGo()
		s.seen += int64(m)
		s.passed += int64(len(out))
		if s.rf != nil {
			f.dropped += int64(m - len(out))
		}
		if lim == nil && len(out) == m {
			continue // all pass: sel stays as it was
		}
		if lim != nil {
			f.err = lim
		}
		sel, m = out, len(out)
	}
	if sel != nil && m == 0 {
		return nil, 0, nil
	}
	return sel, m, nil
}

// letGo takes back the pages that a predicate's columns referred to.
func (f *filter) letGo() {
	for i, b := range f.held {
		f.r.pool.put(b)
		f.held[i] = nil
	}
	f.held = f.held[:0]
	for i := range f.r.chunks {
		f.r.chunks[i].pinned &^= pinFilter
	}
}

// apply runs one step over the rows sel (nil: n rows) from pos on and appends
// those that pass to out. rowErr is the error of the first row that raises; then
// out has the rows before it.
func (f *filter) apply(s *step, pos, n int, sel, out []int32) (pass []int32, rowErr, err error) {
	if s.one < 0 {
		return f.evaluate(s, pos, 0, n, sel, out)
	}
	c := &f.r.chunks[s.one]
	if sel == nil {
		for at := 0; at < n; {
			_, end, err := c.seek(pos + at)
			if err != nil {
				return nil, nil, err
			}
			k := min(n-at, end-pos-at)
			if out, rowErr, err = f.segment(s, c, pos, at, k, nil, out); rowErr != nil || err != nil {
				return out, rowErr, err
			}
			at += k
		}
		return out, nil, nil
	}
	for len(sel) > 0 {
		_, end, err := c.seek(pos + int(sel[0]))
		if err != nil {
			return nil, nil, err
		}
		k := len(sel)
		if int(sel[k-1]) >= end-pos {
			k = sort.Search(k, func(i int) bool { return int(sel[i]) >= end-pos })
		}
		if out, rowErr, err = f.segment(s, c, pos, 0, k, sel[:k], out); rowErr != nil || err != nil {
			return out, rowErr, err
		}
		sel = sel[k:]
	}
	return out, nil, nil
}

// segment runs a step of one file column over rows of c's current page: rows
// at .. at+n-1 after pos, or sel.
func (f *filter) segment(s *step, c *chunkReader, pos, at, n int, sel, out []int32) ([]int32, error, error) {
	if c.page.kind == kindCodes && c.dict != nil && (c.dict.N <= lutAlways || c.dict.N <= c.rows/2) {
		if err := f.fillLUT(s, c); err != nil {
			return nil, nil, err
		}
		if s.lut.valid && !s.lut.useless {
			out, rowErr := s.lut.sel(c, pos, at, n, sel, out)
			return out, rowErr, nil
		}
	}
	return f.evaluate(s, pos, at, n, sel, out)
}

// evaluate runs a step on gathered values.
func (f *filter) evaluate(s *step, pos, at, n int, sel, out []int32) (pass []int32, rowErr, err error) {
	for i, ci := range s.cols {
		sc := &f.r.sf.cols[ci]
		if sc.value != nil {
			c := &s.in[i].vec
			*c = *sc.value
			c.N = n
			s.batch.Cols[i] = c
			continue
		}
		if x := f.r.nested[ci]; x != nil {
			v, err := x.pick(pos, pos+f.win, pos+at, n, sel)
			if err != nil {
				return nil, nil, err
			}
			s.batch.Cols[i] = v
			continue
		}
		o := &s.in[i]
		o.reset(f.r.req.Columns[ci].Type, sc.conv.layout)
		o.role = pinFilter
		if err := o.append(&f.r.chunks[ci], pos+at, n, sel); err != nil {
			return nil, nil, err
		}
		s.batch.Cols[i] = o.result()
	}
	s.batch.N = n
	if cap(s.idx) < vector.BatchSize+16 {
		s.idx = make([]int32, vector.BatchSize+16)
	}
	idx, serr := s.test(&s.batch, nil, s.idx[:0])
	if serr != nil {
		re, ok := errors.AsType[*expr.RowError](serr)
		if !ok {
			return nil, nil, serr
		}
		rowErr = re.Err
	}
	if sel != nil {
		for _, i := range idx {
			out = append(out, sel[i])
		}
		return out, rowErr, nil
	}
	for _, i := range idx {
		out = append(out, int32(at)+i)
	}
	return out, rowErr, nil
}

// test appends to out the rows of b that pass.
func (s *step) test(b *vector.Batch, sel, out []int32) ([]int32, error) {
	if s.rf != nil {
		return s.rf.test(b, sel, out), nil
	}
	return s.ev.Select(0, b, sel, out)
}

// lutAlways is up to how many entries a dictionary is always tried as a whole.
const lutAlways = 4096

// lut holds a step's result for each entry of a chunk's dictionary.
type lut struct {
	valid   bool
	useless bool   // too many entries raise
	id      uint64 // the dictionary's
	pass    []uint8
	null    uint8
	errs    map[uint32]error // entries and (nullCode) NULL that raise
	vec     vector.Vec
	wide    []uint64 // values of a narrow dictionary
	batch   vector.Batch
	some    bool // some entry passes
}

// Results in a look-up table.
const (
	lutFail  = 0
	lutPass  = 1
	lutRaise = 2
)

const nullCode = ^uint32(0)

// maxLUTErrors is how many entries may raise before rows are tried one by one.
const maxLUTErrors = 64

// fillLUT evaluates s over the dictionary of c's chunk, unless that is done.
func (f *filter) fillLUT(s *step, c *chunkReader) error {
	l := &s.lut
	if l.valid && l.id == c.dictID {
		return nil
	}
	l.valid, l.useless, l.id, l.some = true, false, c.dictID, false
	l.errs = nil
	l.pass = growSlice(l.pass, c.dict.N)
	clear(l.pass)
	if cap(s.idx) < vector.BatchSize+16 {
		s.idx = make([]int32, vector.BatchSize+16)
	}
	size := c.dict.Layout.Size()
	for lo := 0; lo < c.dict.N && !l.useless; lo += vector.BatchSize {
		n := min(vector.BatchSize, c.dict.N-lo)
		l.vec = vector.Vec{Type: c.dict.Type, Layout: c.dict.Layout, N: n, Bufs: c.dict.Bufs}
		if c.narrow.off != nil {
			l.wide = growSlice(l.wide, vector.BatchSize)
			c.narrow.widen(l.wide[:n], lo)
			l.vec.Data = vector.Bytes(l.wide[:n])
		} else {
			l.vec.Data = c.dict.Data[lo*size : (lo+n)*size]
		}
		if err := f.tryEntries(s, c, n, func(i int) uint32 { return uint32(lo + i) }); err != nil {
			return err
		}
	}
	// NULL is an entry too.
	l.vec = vector.Vec{Type: c.typ, Layout: c.conv.layout, N: 1, Data: zeroValue[:c.conv.layout.Size()], Valid: oneNull}
	l.null = lutFail
	return f.tryEntries(s, c, 1, func(int) uint32 { return nullCode })
}

var (
	zeroValue = vector.Bytes(make([]uint64, 4))
	oneNull   = vector.Bitmap{0}
)

// tryEntries evaluates s over the n values in its lut's vec; code tells which
// entries they are.
func (f *filter) tryEntries(s *step, c *chunkReader, n int, code func(int) uint32) error {
	l := &s.lut
	if l.batch.Cols == nil {
		l.batch.Cols = make([]*vector.Vec, len(s.cols))
	}
	for i, ci := range s.cols {
		if v := f.r.sf.cols[ci].value; v != nil {
			k := &s.in[i].vec
			*k = *v
			k.N = n
			l.batch.Cols[i] = k
		} else {
			l.batch.Cols[i] = &l.vec
		}
	}
	l.batch.N = n
	var sel []int32
	for {
		idx, err := s.test(&l.batch, sel, s.idx[:0])
		for _, i := range idx {
			if k := code(int(i)); k == nullCode {
				l.null = lutPass
			} else {
				l.pass[k] = lutPass
				l.some = true
			}
		}
		if err == nil {
			return nil
		}
		re, ok := errors.AsType[*expr.RowError](err)
		if !ok {
			return err
		}
		if l.errs == nil {
			l.errs = map[uint32]error{}
		}
		k := code(re.Row)
		l.errs[k] = re.Err
		if k == nullCode {
			l.null = lutRaise
		} else {
			l.pass[k] = lutRaise
			l.some = true
		}
		if len(l.errs) > maxLUTErrors {
			l.useless = true
			return nil
		}
		sel = sel[:0]
		for i := re.Row + 1; i < n; i++ {
			sel = append(sel, int32(i))
		}
		if len(sel) == 0 {
			return nil
		}
	}
}

// sel appends to out the rows of c's current page that pass: rows at .. at+n-1
// after pos, or sel.
func (l *lut) sel(c *chunkReader, pos, at, n int, sel, out []int32) ([]int32, error) {
	p := &c.page
	off := pos - p.first // slot of row 0 of the window; may be negative
	if l.errs != nil || p.valid != nil {
		return l.selSlow(p, off, at, n, sel, out)
	}
	if !l.some {
		return out, nil
	}
	k := len(out)
	dst, pass := out[:cap(out)], l.pass
	if sel == nil {
		codes := p.codes[off+at : off+at+n]
		dst := dst[k : k+n+1]
		j := 0
		for i, c := range codes {
			dst[j] = int32(at + i)
			j += int(pass[c])
		}
		return out[:k+j], nil
	}
	for _, s := range sel {
		dst[k] = s
		k += int(pass[p.codes[off+int(s)]])
	}
	return out[:k], nil
}

func (l *lut) selSlow(p *page, off, at, n int, sel, out []int32) ([]int32, error) {
	for i := range n {
		row := int32(at + i)
		if sel != nil {
			row = sel[i]
		}
		slot := off + int(row)
		r, k := l.null, nullCode
		if p.valid == nil || p.valid.Get(slot) {
			k = p.codes[slot]
			r = l.pass[k]
		}
		switch r {
		case lutPass:
			out = append(out, row)
		case lutRaise:
			return out, l.errs[k]
		}
	}
	return out, nil
}
