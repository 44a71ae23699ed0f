package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/vector"
)

// sharedGroups are the groups of an aggregation that has many: one set of tables
// for all tasks, divided by key, so that each group is held once, nothing is left
// to be merged at the end, and each partition is given up as soon as it is read.
//
// Integer keys are divided by blocks of a directGroups chunk: input in the order of
// the key stays in one partition for whole batches, and a partition whose keys turn
// out to lie close together finds them directly. Other keys are divided by hash.
type sharedGroups struct {
	parts [sharedCount]sharedPart
	next  atomic.Int64 // first partition that no task reads yet
}

// sharedPart is a partition. Whoever holds mu may use it.
type sharedPart struct {
	mu    sync.Mutex
	local *localAgg // nil: no groups
	grant *Grant
}

const (
	sharedLog   = 6
	sharedCount = 1 << sharedLog
	// manyGroups is how many groups a task collects by itself first.
	manyGroups = 1 << 16
	// A task goes on collecting groups by itself, between flushes, if it has seen
	// that many rows a group.
	worthLocal = 8
)

// manyGroups is the number of groups from which they are shared.
func (rt *Runtime) manyGroups() int {
	if rt.sharedFrom > 0 {
		return rt.sharedFrom
	}
	return manyGroups
}

// many reports whether the groups have become many, or will: of limit values that
// come at random, rows rows meet about rows^2 / (2 * limit) again (which holds while
// they are few); fewer than that mean more values. To collect groups by itself first
// saves a task nothing if they hardly repeat.
func (l *localAgg) many(limit int) bool {
	n, most := int64(l.table.n), int64(limit)
	return n >= most || n >= most/8 && l.rows <= most/2 && (l.rows-n)*2*most < l.rows*l.rows
}

// share returns the shared groups, made by the first task that needs them.
func (a *aggBuild) share() *sharedGroups {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.shared == nil {
		a.shared = &sharedGroups{}
		for i := range a.shared.parts {
			a.shared.parts[i].grant = a.exec.grant(a.spec.node)
		}
	}
	return a.shared
}

// sharedWriter is one task's way to add to shared groups.
type sharedWriter struct {
	a       *aggBuild
	to      *sharedGroups
	disk    *aggPartWriter // made when a partition must be spilled
	scratch groupScratch   // lent to the partitions' tables
	order   partOrder
	ids     []uint32
	reader  rowReader
}

// partOrder is rows in the order of their partitions.
type partOrder struct {
	part  []uint8
	rows  []int32
	start [sharedCount + 1]int32 // where each partition's rows begin
}

func (o *partOrder) reset(n int) {
	if cap(o.part) < n {
		o.part = make([]uint8, max(n, vector.BatchSize))
		o.rows = make([]int32, max(n, vector.BatchSize))
	}
	o.part, o.rows = o.part[:n], o.rows[:n]
}

// sort fills rows and start; row k of the n is number k of the selection.
func (o *partOrder) sort(sel []int32) {
	var at [sharedCount]int32
	for _, p := range o.part {
		at[p]++
	}
	sum := int32(0)
	for p, c := range at {
		o.start[p], at[p] = sum, sum
		sum += c
	}
	o.start[sharedCount] = sum
	if sel == nil {
		for k, p := range o.part {
			o.rows[at[p]] = int32(k)
			at[p]++
		}
		return
	}
	for k, p := range o.part {
		o.rows[at[p]] = sel[k]
		at[p]++
	}
}

// of is the rows of a partition.
func (o *partOrder) of(p int) []int32 { return o.rows[o.start[p]:o.start[p+1]] }

// divide finds the partition of each of n selected rows with the given keys. The
// hashes of all but single integer keys are left in the scratch memory.
func (w *sharedWriter) divide(t *groupTable, cols []*vector.Vec, sel []int32, n int, part []uint8) {
	if !t.ints {
		t.hash(cols, sel, n)
		for k := range part {
			part[k] = uint8(t.hashes[rowOf(sel, k)] & (sharedCount - 1))
		}
		return
	}
	nulls := t.intKeys(cols[0], sel, n)
	for k, x := range t.k64[:n] {
		part[k] = blockPart(x >> directLog)
	}
	if nulls {
		for k, null := range t.isNull[:n] {
			if null {
				part[k] = 0
			}
		}
	}
}

func blockPart(b int64) uint8 { return uint8(vector.HashInt(b) >> (64 - sharedLog)) }

// take locks a partition and lends it the scratch memory.
func (w *sharedWriter) take(p int, l *localAgg) *sharedPart {
	sp := &w.to.parts[p]
	sp.mu.Lock()
	if sp.local == nil {
		sp.local = &localAgg{spec: l.spec, env: l.env}
		sp.local.reset()
	}
	if sp.local.table.n == 0 {
		sp.local.table.spread = sharedCount
	}
	sp.local.table.groupScratch = &w.scratch
	return sp
}

// leave settles the memory of a partition, which may mean to spill it, and unlocks it.
func (w *sharedWriter) leave(sp *sharedPart) error {
	defer sp.mu.Unlock()
	size := sp.local.bytes()
	if sp.grant.Resize(size) {
		return nil
	}
	if size <= w.a.exec.rt.spillFloor()/16 {
		sp.grant.Force(size)
		return nil
	}
	if w.disk == nil {
		w.disk = w.a.diskWriter()
	}
	if err := w.disk.add(sp.local); err != nil {
		return err
	}
	sp.local.reset()
	sp.grant.Force(0)
	return nil
}

// addRows aggregates a batch by l.keys; l has computed the arguments.
func (w *sharedWriter) addRows(l *localAgg, in *vector.Batch, n int) error {
	l.table.groupScratch = &w.scratch
	w.order.reset(n)
	w.divide(l.table, l.keys, in.Sel, n, w.order.part)
	w.order.sort(in.Sel)
	b := *in
	for p := range sharedCount {
		if b.Sel = w.order.of(p); len(b.Sel) == 0 {
			continue
		}
		sp := w.take(p, l)
		x := sp.local
		x.vecs, x.args, x.groups, x.some, x.selBuf = l.vecs, l.args, l.groups, l.some, l.selBuf
		x.fed += int64(len(b.Sel))
		groups := x.groups[:len(b.Sel)]
		w.scratch.hashed = true
		x.table.insert(l.keys, b.Sel, 0, groups)
		w.scratch.hashed = false
		err := x.updateAll(&b, groups, len(b.Sel))
		l.args, l.selBuf = x.args, x.selBuf
		x.vecs, x.args, x.groups, x.some, x.selBuf = nil, nil, nil, nil, nil
		if e := w.leave(sp); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// absorb moves all groups of a task's own table to the shared ones.
func (w *sharedWriter) absorb(l *localAgg) error {
	n := l.table.n
	if n == 0 {
		return nil
	}
	l.table.groupScratch = &w.scratch
	w.order.reset(n)
	set := &rowSet{cols: l.table.keys, n: n}
	for lo := 0; lo < n; lo += vector.BatchSize {
		b := w.reader.read(set, lo, min(lo+vector.BatchSize, n))
		w.divide(l.table, b.Cols, nil, b.N, w.order.part[lo:lo+b.N])
	}
	w.order.sort(nil)
	later := make([]*partOrder, len(l.later))
	for i, d := range l.later {
		if d != nil {
			later[i] = w.divideLater(d)
		}
	}
	if cap(w.ids) < n {
		w.ids = make([]uint32, n)
	}
	to := w.ids[:n] // number of each group in its partition
	for p := range sharedCount {
		if len(w.order.of(p)) == 0 {
			continue
		}
		sp := w.take(p, l)
		err := w.absorbPart(sp.local, l, p, to, later)
		if e := w.leave(sp); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	w.ids, w.order = nil, partOrder{}
	return nil
}

// divideLater orders the rows of a deferred call by the partition of their group.
func (w *sharedWriter) divideLater(d *deferredRows) *partOrder {
	o := &partOrder{}
	set := d.set()
	o.reset(set.n)
	gids := &rowSet{cols: set.cols[:1], n: set.n}
	var rd rowReader
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		b := rd.read(gids, lo, min(lo+vector.BatchSize, set.n))
		for i, g := range vector.Values[uint32](b.Cols[0]) {
			o.part[lo+i] = w.order.part[g]
		}
	}
	o.sort(nil)
	return o
}

// absorbPart moves the groups of partition p from l to x.
func (w *sharedWriter) absorbPart(x, l *localAgg, p int, to []uint32, later []*partOrder) error {
	x.fed += l.fed
	set := &rowSet{cols: l.table.keys, n: l.table.n}
	var from, at [vector.BatchSize]uint32
	for list := w.order.of(p); len(list) > 0; {
		n := min(len(list), vector.BatchSize)
		for i, g := range list[:n] {
			from[i] = uint32(g)
		}
		list = list[n:]
		b := w.reader.gather(set, from[:n])
		x.table.insert(b.Cols, nil, n, at[:n])
		for i, g := range from[:n] {
			to[g] = at[i]
		}
		for i, st := range x.states {
			if st == nil {
				continue
			}
			st.Resize(x.table.n)
			l.states[i].Resize(l.table.n)
			if err := st.Merge(l.states[i], from[:n], at[:n]); err != nil {
				_, cause, _ := rowError(err)
				return cause
			}
		}
	}
	var rd rowReader
	for i, o := range later {
		if o == nil {
			continue
		}
		rows := l.later[i].set()
		for list := o.of(p); len(list) > 0; {
			n := min(len(list), vector.BatchSize)
			for i, r := range list[:n] {
				from[i] = uint32(r)
			}
			list = list[n:]
			b := rd.gather(rows, from[:n])
			gids := vector.Values[uint32](b.Cols[0])
			for i, g := range gids {
				gids[i] = to[g]
			}
			x.later[i].insert(b.Cols, nil, b.N)
		}
	}
	return nil
}

// close ends the writing of spilled groups.
func (w *sharedWriter) close() error {
	if w.disk == nil {
		return nil
	}
	return w.disk.close()
}

// spill moves all groups to disk.
func (s *sharedGroups) spill(w *aggPartWriter) error {
	for i := range s.parts {
		p := &s.parts[i]
		if p.local != nil {
			if err := w.add(p.local); err != nil {
				return err
			}
			p.local = nil
		}
		p.grant.Close()
	}
	return nil
}

// tasks is how many tasks can read the groups.
func (s *sharedGroups) tasks() int {
	n := 0
	for i := range s.parts {
		if s.parts[i].local != nil {
			n++
		}
	}
	return max(n, 1)
}

// nextPart gives a partition that no other task reads, complete; nil at the end.
func (s *sharedGroups) nextPart() (*sharedPart, error) {
	for {
		i := s.next.Add(1) - 1
		if i >= sharedCount {
			return nil, nil
		}
		p := &s.parts[i]
		if p.local == nil || p.local.table.n == 0 {
			continue
		}
		p.local.table.forget()
		return p, p.local.complete()
	}
}

// free gives up a partition that has been read.
func (p *sharedPart) free() {
	p.local = nil
	p.grant.Close()
}
