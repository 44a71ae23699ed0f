package exec

import (
	"sync"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Rows that do not fit in memory are divided by 4 bits of the hash of their keys;
// a part that is still too large is divided again by the next 4.
const (
	partBits  = 4
	partCount = 1 << partBits
	partDepth = 6
	partRows  = 512 // rows of a part collected before they are written
)

// partStore is rows on disk in parts.
type partStore struct {
	exec  *Execution
	node  *counters
	types []sql.Type
	keys  []int // columns whose hash divides
	mu    sync.Mutex
	file  *spillFile
	parts [partCount]partList
}

// partList is the frames of one part.
type partList struct {
	frames []frameRef
	rows   int64
}

func newPartStore(e *Execution, node *counters, types []sql.Type, keys []int) *partStore {
	return &partStore{exec: e, node: node, types: types, keys: keys}
}

// free gives up the disk space.
func (p *partStore) free() {
	if p.file != nil {
		p.file.close()
	}
}

// partWriter is one task's way to add rows.
type partWriter struct {
	store  *partStore
	level  int
	bufs   [partCount]*rowSet
	lists  [partCount]partList
	sels   [partCount][]int32
	hashes []uint64
	rd     rowReader
}

func (p *partStore) writer(level int) *partWriter {
	w := &partWriter{store: p, level: level}
	for i := range w.bufs {
		w.bufs[i] = newRowSet(p.types)
	}
	return w
}

func (w *partWriter) addSet(set *rowSet) error {
	var rd rowReader
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		b := rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		if err := w.add(b.Cols, nil, b.N); err != nil {
			return err
		}
	}
	return nil
}

func (w *partWriter) add(cols []*vector.Vec, sel []int32, n int) error {
	if cap(w.hashes) < n {
		w.hashes = make([]uint64, max(n, vector.BatchSize))
	}
	w.hashes = w.hashes[:n]
	for i, c := range w.store.keys {
		vector.Hash(cols[c], sel, n, i > 0, w.hashes)
	}
	for i := range w.sels {
		w.sels[i] = w.sels[i][:0]
	}
	shift := uint(64 - partBits*(w.level+1))
	if sel == nil {
		sel = ordinals(n)
	}
	for _, i := range sel {
		// Mixed once more: tables over the part use the hash itself.
		h := vector.HashInt(int64(w.hashes[i]))
		p := h >> shift & (partCount - 1)
		w.sels[p] = append(w.sels[p], i)
	}
	for p, s := range w.sels {
		if len(s) == 0 {
			continue
		}
		w.bufs[p].add(cols, s, 0)
		if w.bufs[p].n >= partRows {
			if err := w.flush(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *partWriter) flush(p int) error {
	st := w.store
	st.mu.Lock()
	if st.file == nil {
		f, err := st.exec.spill.create(st.node)
		if err != nil {
			st.mu.Unlock()
			return err
		}
		st.file = f
	}
	st.mu.Unlock()
	set := w.bufs[p]
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		b := w.rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		fr, err := st.file.write(b.Cols, nil, b.N)
		if err != nil {
			return err
		}
		w.lists[p].frames = append(w.lists[p].frames, fr)
		w.lists[p].rows += int64(b.N)
	}
	w.bufs[p] = newRowSet(st.types)
	return nil
}

// close hands the rows to the store.
func (w *partWriter) close() error {
	for p := range w.bufs {
		if w.bufs[p].n > 0 {
			if err := w.flush(p); err != nil {
				return err
			}
		}
	}
	st := w.store
	st.mu.Lock()
	defer st.mu.Unlock()
	for p := range w.lists {
		st.parts[p].frames = append(st.parts[p].frames, w.lists[p].frames...)
		st.parts[p].rows += w.lists[p].rows
		w.lists[p] = partList{}
	}
	return nil
}

// joinParts is a join whose sides lie on disk.
type joinParts struct {
	exec   *Execution
	spec   *joinSpec
	build  *partStore
	mu     sync.Mutex
	probe  *partStore
	listed bool
	todo   []joinPart
}

// joinPart is a pair of parts to be joined with each other.
type joinPart struct {
	build, probe *partStore
	part, level  int
}

func newJoinParts(e *Execution, spec *joinSpec) *joinParts {
	keys := make([]int, len(spec.keys))
	for i, k := range spec.keys {
		keys[i] = k.build
	}
	return &joinParts{exec: e, spec: spec, build: newPartStore(e, spec.node, spec.types, keys)}
}

func (j *joinParts) probeWriter() *partWriter {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.probe == nil {
		keys := make([]int, len(j.spec.keys))
		for i, k := range j.spec.keys {
			keys[i] = k.probe
		}
		j.probe = newPartStore(j.exec, j.spec.node, j.spec.probeTypes, keys)
	}
	return j.probe.writer(0)
}

// take gives a pair of parts to work on.
func (j *joinParts) take() (joinPart, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.listed {
		j.listed = true
		for i := range partCount {
			j.todo = append(j.todo, joinPart{j.build, j.probe, i, 0})
		}
	}
	if len(j.todo) == 0 {
		return joinPart{}, false
	}
	p := j.todo[len(j.todo)-1]
	j.todo = j.todo[:len(j.todo)-1]
	return p, true
}

// partRun is one task's work on the parts.
type partRun struct {
	parts *joinParts
	p     *prober
	have  bool
	cur   joinPart
	frame int
	fr    frame
	begun bool // the prober has an input
	grant *Grant
}

func (r *partRun) close() { r.grant.Close() }

func (r *partRun) next(t *Task) (*vector.Batch, Status, error) {
	for {
		if t.Stopped() {
			return nil, Done, nil
		}
		if !r.have {
			part, ok := r.parts.take()
			if !ok {
				r.grant.Close()
				return nil, Done, nil
			}
			if err := r.load(part); err != nil {
				return nil, Done, err
			}
			continue
		}
		if r.begun {
			b, err := r.p.next(t)
			if err != nil {
				return nil, Done, err
			}
			if b != nil || !r.p.done() {
				return b, HaveOutput, nil
			}
			r.begun = false
		}
		list := r.cur.probe.parts[r.cur.part].frames
		if r.frame < len(list) {
			b, err := r.cur.probe.file.read(list[r.frame], r.cur.probe.types, &r.fr)
			if err != nil {
				return nil, Done, err
			}
			r.frame++
			r.p.start(b)
			r.begun = true
			continue
		}
		if b := r.p.unmatched(); b != nil {
			return b, HaveOutput, nil
		}
		r.have = false
	}
}

// load reads the build side of a part into a table, or divides the part further.
func (r *partRun) load(part joinPart) error {
	spec := r.parts.spec
	list := &part.build.parts[part.part]
	if r.grant == nil {
		r.grant = r.parts.exec.grant(spec.node)
	}
	r.grant.Force(0)
	set := newRowSet(spec.types)
	var fr frame
	for _, f := range list.frames {
		b, err := part.build.file.read(f, part.build.types, &fr)
		if err != nil {
			return err
		}
		set.add(b.Cols, nil, b.N)
		size := set.bytes() + 8*int64(set.n)
		if r.grant.Resize(size) {
			continue
		}
		if size <= r.parts.exec.rt.spillFloor() {
			r.grant.Force(size)
			continue
		}
		if part.level+1 < partDepth {
			r.grant.Force(0)
			return r.divide(part)
		}
		if err := r.grant.Must(size); err != nil {
			return err
		}
	}
	table := newJoinTable(spec.types, spec.keys, []*rowSet{set})
	if spec.tracksBuild() {
		table.matched = make([]uint64, (table.rows.n+63)/64)
	}
	r.grant.Force(table.bytes())
	r.p.retarget(table)
	r.cur, r.have, r.frame = part, true, 0
	return nil
}

// divide splits a part on both sides.
func (r *partRun) divide(part joinPart) error {
	split := func(from *partStore) (*partStore, error) {
		to := newPartStore(from.exec, from.node, from.types, from.keys)
		w := to.writer(part.level + 1)
		var fr frame
		for _, f := range from.parts[part.part].frames {
			b, err := from.file.read(f, from.types, &fr)
			if err != nil {
				return nil, err
			}
			if err := w.add(b.Cols, nil, b.N); err != nil {
				return nil, err
			}
		}
		return to, w.close()
	}
	build, err := split(part.build)
	if err != nil {
		return err
	}
	probe, err := split(part.probe)
	if err != nil {
		return err
	}
	r.parts.mu.Lock()
	defer r.parts.mu.Unlock()
	for i := range partCount {
		r.parts.todo = append(r.parts.todo, joinPart{build, probe, i, part.level + 1})
	}
	return nil
}
