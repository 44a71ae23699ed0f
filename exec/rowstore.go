package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// rowStore keeps rows for later, in memory or, if that is short, on disk: shared
// plans, work tables, inputs that are read again. Several tasks write, each with a
// writer of its own; when all have closed theirs, any number may read.
type rowStore struct {
	exec  *Execution
	node  *counters
	types []sql.Type

	mu     sync.Mutex
	units  []rowUnit
	rows   int64
	grants []*Grant
	file   *spillFile
}

// rowUnit is some rows of a store, in memory or in a frame of its file.
type rowUnit struct {
	set    *rowSet
	lo, hi int
	frame  frameRef
}

func (u *rowUnit) rows() int {
	if u.set != nil {
		return u.hi - u.lo
	}
	return u.frame.rows
}

func (e *Execution) newRowStore(types []sql.Type, node *counters) *rowStore {
	return &rowStore{exec: e, node: node, types: types}
}

// free gives up the rows.
func (r *rowStore) free() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.grants {
		g.Close()
	}
	r.grants, r.units, r.rows = nil, nil, 0
	if r.file != nil {
		r.file.close()
		r.file = nil
	}
}

func (r *rowStore) spillFile() (*spillFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		f, err := r.exec.spill.create(r.node)
		if err != nil {
			return nil, err
		}
		r.file = f
	}
	return r.file, nil
}

// rowWriter is one task's way to add rows.
type rowWriter struct {
	store *rowStore
	grant *Grant
	set   *rowSet
	units []rowUnit
	rows  int64
}

func (r *rowStore) writer() *rowWriter {
	return &rowWriter{store: r, grant: r.exec.grant(r.node), set: newRowSet(r.types)}
}

func (w *rowWriter) add(cols []*vector.Vec, sel []int32, n int) error {
	before := w.set.n
	w.set.add(cols, sel, n)
	w.rows += int64(w.set.n - before)
	if size := w.set.bytes(); !w.grant.Resize(size) {
		if size <= w.store.exec.rt.spillFloor() {
			w.grant.Force(size)
			return nil
		}
		return w.spill()
	}
	return nil
}

// spill moves the rows in memory to the store's file.
func (w *rowWriter) spill() error {
	f, err := w.store.spillFile()
	if err != nil {
		return err
	}
	var rd rowReader
	for lo := 0; lo < w.set.n; lo += vector.BatchSize {
		b := rd.read(w.set, lo, min(lo+vector.BatchSize, w.set.n))
		fr, err := f.write(b.Cols, nil, b.N)
		if err != nil {
			return err
		}
		w.units = append(w.units, rowUnit{frame: fr})
	}
	w.set = newRowSet(w.store.types)
	w.grant.Force(0)
	return nil
}

// close hands the rows to the store.
func (w *rowWriter) close() {
	if w.store == nil {
		return
	}
	size := w.store.exec.rt.batchSize()
	for lo := 0; lo < w.set.n; lo += size {
		w.units = append(w.units, rowUnit{set: w.set, lo: lo, hi: min(lo+size, w.set.n)})
	}
	r := w.store
	r.mu.Lock()
	r.units = append(r.units, w.units...)
	r.rows += w.rows
	r.grants = append(r.grants, w.grant)
	r.mu.Unlock()
	w.store = nil
}

// storeSink fills a row store.
type storeSink struct{ store *rowStore }

func (s *storeSink) NewState(*Task) (SinkState, error) {
	return &storeState{w: s.store.writer()}, nil
}

func (s *storeSink) Finish(*Task) (Status, error) { return NeedInput, nil }

type storeState struct{ w *rowWriter }

func (s *storeState) Push(_ *Task, in *vector.Batch) (Status, error) {
	return NeedInput, s.w.add(in.Cols, in.Sel, in.N)
}

func (s *storeState) Combine(*Task) (Status, error) {
	s.w.close()
	return NeedInput, nil
}

func (s *storeState) Close() { s.w.close() }

// storeSource reads a row store; each reading has its own.
type storeSource struct {
	store *rowStore
	next  atomic.Int64 // unit to read
}

func (s *storeSource) Tasks() int {
	if s.store.rows < 4*vector.BatchSize {
		return 1
	}
	return len(s.store.units)
}

func (s *storeSource) NewState(*Task) (SourceState, error) { return &storeReader{s: s}, nil }

type storeReader struct {
	s  *storeSource
	rd rowReader
	fr frame
}

func (r *storeReader) Next(*Task) (*vector.Batch, Status, error) {
	i := int(r.s.next.Add(1)) - 1
	st := r.s.store
	if i >= len(st.units) {
		return nil, Done, nil
	}
	b, err := st.read(i, &r.rd, &r.fr)
	return b, HaveOutput, err
}

func (r *storeReader) Close() {}

// read gives unit i of the store, in rd's or fr's memory.
func (r *rowStore) read(i int, rd *rowReader, fr *frame) (*vector.Batch, error) {
	u := &r.units[i]
	if u.set != nil {
		b := rd.read(u.set, u.lo, u.hi)
		b.Seq = uint64(i)
		return b, nil
	}
	b, err := r.file.read(u.frame, r.types, fr)
	if err != nil {
		return nil, err
	}
	b.Seq = uint64(i)
	return b, nil
}
