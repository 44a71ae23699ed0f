package exec

import (
	"sync"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// aggParts is an aggregation whose groups lie on disk, divided by the hash of
// their keys.
type aggParts struct {
	exec   *Execution
	spec   *aggSpec
	top    *aggPartStore
	mu     sync.Mutex
	listed bool
	todo   []aggPart
}

// aggPart is one part to be aggregated.
type aggPart struct {
	from  *aggPartStore
	part  int
	level int
}

// aggPartStore holds groups with the saved states of their aggregates, and beside
// them the rows of deferred calls with their group's key.
type aggPartStore struct {
	groups *partStore
	later  []*partStore // by call; nil for others
}

func (p *aggParts) newStore() *aggPartStore {
	spec := p.spec
	types := append([]sql.Type(nil), spec.tableTypes()...)
	keys := ordinalInts(len(types))
	st := &aggPartStore{later: make([]*partStore, len(spec.calls))}
	for i := range spec.calls {
		if c := &spec.calls[i]; c.deferred() {
			lt := append(append([]sql.Type(nil), spec.tableTypes()...), c.rowTypes()[1:]...)
			st.later[i] = newPartStore(p.exec, spec.node, lt, keys)
			continue
		}
		types = append(types, sql.Bytea)
	}
	st.groups = newPartStore(p.exec, spec.node, types, keys)
	return st
}

func ordinalInts(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func newAggParts(e *Execution, spec *aggSpec) *aggParts {
	p := &aggParts{exec: e, spec: spec}
	p.top = p.newStore()
	return p
}

// aggPartWriter is one task's way to add tables.
type aggPartWriter struct {
	store  *aggPartStore
	groups *partWriter
	later  []*partWriter
	saved  []expr.Out
}

func (s *aggPartStore) writer(level int) *aggPartWriter {
	w := &aggPartWriter{store: s, groups: s.groups.writer(level), later: make([]*partWriter, len(s.later)), saved: make([]expr.Out, len(s.later))}
	for i, l := range s.later {
		if l != nil {
			w.later[i] = l.writer(level)
		}
	}
	return w
}

// add writes all groups of a table.
func (w *aggPartWriter) add(l *localAgg) error {
	var rd rowReader
	set := &rowSet{cols: l.table.keys, n: l.table.n}
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		b := rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		cols := append([]*vector.Vec(nil), b.Cols...)
		for i, st := range l.states {
			if st == nil {
				continue
			}
			st.Resize(set.n)
			if err := st.Save(rd.ids[:b.N], &w.saved[i]); err != nil {
				return err
			}
			cols = append(cols, w.saved[i].Vec())
		}
		if err := w.groups.add(cols, nil, b.N); err != nil {
			return err
		}
	}
	for i, d := range l.later {
		if d == nil {
			continue
		}
		rows := d.set()
		var keys rowReader
		for lo := 0; lo < rows.n; lo += vector.BatchSize {
			b := rd.read(rows, lo, min(lo+vector.BatchSize, rows.n))
			k := keys.gather(set, vector.Values[uint32](b.Cols[0]))
			cols := append(append([]*vector.Vec(nil), k.Cols...), b.Cols[1:]...)
			if err := w.later[i].add(cols, nil, b.N); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *aggPartWriter) close() error {
	if err := w.groups.close(); err != nil {
		return err
	}
	for _, l := range w.later {
		if l != nil {
			if err := l.close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *aggParts) take() (aggPart, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.listed {
		p.listed = true
		for i := range partCount {
			p.todo = append(p.todo, aggPart{p.top, i, 0})
		}
	}
	if len(p.todo) == 0 {
		return aggPart{}, false
	}
	x := p.todo[len(p.todo)-1]
	p.todo = p.todo[:len(p.todo)-1]
	return x, true
}

// aggPartRun is one task's work on the parts.
type aggPartRun struct {
	parts *aggParts
	exec  *Execution
	grant *Grant
	local *localAgg
	fr    frame
	ids   []uint32
}

func (r *aggPartRun) close() { r.grant.Close() }

// next gives the table of a part, complete; nil when all are done.
func (r *aggPartRun) next() (*localAgg, error) {
	if r.grant == nil {
		r.grant = r.exec.grant(r.parts.spec.node)
	}
	for {
		r.grant.Force(0)
		part, ok := r.parts.take()
		if !ok {
			return nil, nil
		}
		r.local = newLocalAgg(r.exec.rt.Env, r.parts.spec)
		fits, err := r.load(part)
		if err != nil {
			return nil, err
		}
		if !fits {
			if err := r.divide(part); err != nil {
				return nil, err
			}
			continue
		}
		if err := r.local.complete(); err != nil {
			return nil, err
		}
		return r.local, nil
	}
}

// load merges what the part holds into r.local; false if the budget refuses it.
func (r *aggPartRun) load(part aggPart) (bool, error) {
	l := r.local
	nkeys := len(l.keys)
	each := func(st *partStore, f func(b *vector.Batch, groups []uint32) error) (bool, error) {
		r.fr = frame{}
		for _, fr := range st.parts[part.part].frames {
			b, err := st.file.read(fr, st.types, &r.fr)
			if err != nil {
				return false, err
			}
			if cap(r.ids) < b.N {
				r.ids = make([]uint32, max(b.N, vector.BatchSize))
			}
			groups := r.ids[:b.N]
			l.table.insert(b.Cols[:nkeys], nil, b.N, groups)
			if err := f(b, groups); err != nil {
				return false, err
			}
			l.fed += max(int64(b.N), l.fed/4) // the groups loaded may hold many rows each
			size := l.bytes()
			switch {
			case r.grant.Resize(size):
			case size <= r.exec.rt.spillFloor():
				r.grant.Force(size)
			case part.level+1 < partDepth:
				return false, nil
			default:
				if err := r.grant.Must(size); err != nil {
					return false, err
				}
			}
		}
		return true, nil
	}
	ok, err := each(part.from.groups, func(b *vector.Batch, groups []uint32) error {
		c := nkeys
		for _, st := range l.states {
			if st == nil {
				continue
			}
			st.Resize(l.table.n)
			if err := st.Load(groups, b.Cols[c]); err != nil {
				return err
			}
			c++
		}
		return nil
	})
	for i, st := range part.from.later {
		if st == nil || err != nil || !ok {
			continue
		}
		d := l.later[i]
		ok, err = each(st, func(b *vector.Batch, groups []uint32) error {
			gv := vector.Vec{Type: sql.Oid, Layout: vector.LU32, N: b.N, Data: vector.Bytes(groups)}
			d.insert(append([]*vector.Vec{&gv}, b.Cols[nkeys:]...), nil, b.N)
			return nil
		})
	}
	return ok, err
}

// divide splits a part that does not fit.
func (r *aggPartRun) divide(part aggPart) error {
	to := r.parts.newStore()
	split := func(from, into *partStore) error {
		w := into.writer(part.level + 1)
		var fr frame
		for _, f := range from.parts[part.part].frames {
			b, err := from.file.read(f, from.types, &fr)
			if err != nil {
				return err
			}
			if err := w.add(b.Cols, nil, b.N); err != nil {
				return err
			}
		}
		return w.close()
	}
	if err := split(part.from.groups, to.groups); err != nil {
		return err
	}
	for i, st := range part.from.later {
		if st != nil {
			if err := split(st, to.later[i]); err != nil {
				return err
			}
		}
	}
	r.parts.mu.Lock()
	defer r.parts.mu.Unlock()
	for i := range partCount {
		r.parts.todo = append(r.parts.todo, aggPart{to, i, part.level + 1})
	}
	return nil
}
