package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// aggSpec is an aggregation as planned.
type aggSpec struct {
	keys  []int // key columns of the input
	types []sql.Type
	// sets are grouping sets as lists of keys; nil: one of all. The table's key then
	// has one more column: the number of the set.
	sets   [][]int
	calls  []aggCall
	exprs  *expr.Program // arguments, filters and orderings of the calls
	nexprs int
	out    []aggOut
	node   *counters
	oneRow bool // no groups: a row also for empty input
}

// aggCall is one call. args and the others are positions in the program.
type aggCall struct {
	fn       *expr.Agg
	args     []int
	argTypes []sql.Type
	filter   int // -1: none
	distinct bool
	order    []aggOrder
}

type aggOrder struct {
	at    int
	typ   sql.Type
	order vector.KeyOrder
}

// deferred reports whether the rows of the call are collected and handed to the
// aggregate at the end: DISTINCT and ORDER BY.
func (c *aggCall) deferred() bool { return c.distinct || len(c.order) > 0 }

// aggOut is a column of the output.
type aggOut struct {
	kind     uint8
	at       int   // key, or call
	grouping []int // keys of GROUPING()
	typ      sql.Type
}

const (
	outKey uint8 = iota
	outCall
	outGrouping
)

// tableTypes are the types of the table's key.
func (s *aggSpec) tableTypes() []sql.Type {
	if s.sets == nil {
		return s.types
	}
	return append(append([]sql.Type(nil), s.types...), sql.Int4)
}

// localAgg is a table of groups with the states of their aggregates.
type localAgg struct {
	spec   *aggSpec
	env    *expr.Env
	table  *groupTable
	dict   dictGroups
	states []expr.AggState // by call; nil for deferred ones
	later  []*deferredRows

	ev     expr.Evaluator
	vecs   []*vector.Vec
	keys   []*vector.Vec
	args   []*vector.Vec
	groups []uint32
	some   []uint32
	selBuf []int32
	fed    int64 // rows and groups that the states have taken in
	sized  int   // groups at the last count of bytes
	fedAt  int64 // fed at that count
	held   int64 // bytes at that count
	rows   int64 // added since the table was empty, those of each grouping set
}

func newLocalAgg(env *expr.Env, spec *aggSpec) *localAgg {
	l := &localAgg{spec: spec, env: env}
	if spec.exprs != nil {
		l.ev = spec.exprs.NewEvaluator(env)
		l.vecs = make([]*vector.Vec, spec.nexprs)
	}
	l.keys = make([]*vector.Vec, len(spec.tableTypes()))
	l.reset()
	return l
}

// reset makes the table empty.
func (l *localAgg) reset() {
	s := l.spec
	l.table = newGroupTable(s.tableTypes())
	l.dict.reset()
	l.states = make([]expr.AggState, len(s.calls))
	l.later = make([]*deferredRows, len(s.calls))
	for i := range s.calls {
		c := &s.calls[i]
		if c.deferred() {
			l.later[i] = newDeferredRows(c)
			continue
		}
		l.states[i] = c.fn.New(l.env, c.argTypes)
	}
	l.sized, l.held, l.fed, l.fedAt = 0, 0, 0, 0
}

// bytes is the memory held; that of the groups is counted anew when their number, or
// what they have taken in, has grown by an eighth, since some states are counted one
// by one, and some grow with each row.
func (l *localAgg) bytes() int64 {
	if l.table.n > l.sized+l.sized/8+64 || l.fed > l.fedAt+l.fedAt/8+vector.BatchSize || l.sized == 0 {
		l.sized, l.fedAt = l.table.n, l.fed
		l.held = l.table.bytes()
		for _, st := range l.states {
			if st != nil {
				l.held += st.Bytes()
			}
		}
	}
	n := l.held
	for _, d := range l.later {
		if d != nil {
			n += d.bytes()
		}
	}
	return n
}

// add aggregates a batch, into the shared groups if w is not nil.
func (l *localAgg) add(in *vector.Batch, w *sharedWriter) error {
	s := l.spec
	if l.ev != nil {
		if err := l.ev.EvalAll(in, in.Sel, l.vecs); err != nil {
			_, cause, _ := rowError(err)
			return cause
		}
	}
	n := in.Rows()
	if cap(l.groups) < n {
		l.groups = make([]uint32, max(n, vector.BatchSize))
		l.some = make([]uint32, max(n, vector.BatchSize))
	}
	if s.sets == nil {
		for i, k := range s.keys {
			l.keys[i] = in.Cols[k]
		}
		return l.addSet(in, n, w)
	}
	for set, members := range s.sets {
		for i := range s.keys {
			l.keys[i] = s.nullKey(i, in.N)
		}
		for _, m := range members {
			l.keys[m] = in.Cols[s.keys[m]]
		}
		l.keys[len(s.keys)] = vector.ConstOf(sql.IntValue(sql.Int4, int64(set)), in.N)
		if err := l.addSet(in, n, w); err != nil {
			return err
		}
	}
	return nil
}

// nullKey is key i as n NULLs.
func (s *aggSpec) nullKey(i, n int) *vector.Vec {
	v := vector.ConstOf(sql.NullOf(s.types[i]), n)
	return v
}

// addSet aggregates the batch by l.keys.
func (l *localAgg) addSet(in *vector.Batch, n int, w *sharedWriter) error {
	l.rows += int64(n)
	if w != nil {
		return w.addRows(l, in, n)
	}
	l.fed += int64(n)
	var groups []uint32
	if len(l.keys) > 0 {
		groups = l.groups[:n]
		if !l.dict.insert(l.table, l.keys, in.Sel, in.N, groups) {
			l.table.insert(l.keys, in.Sel, in.N, groups)
		}
	} else {
		l.table.n = 1
	}
	return l.updateAll(in, groups, n)
}

// updateAll hands the batch to all calls.
func (l *localAgg) updateAll(in *vector.Batch, groups []uint32, n int) error {
	for i := range l.spec.calls {
		if err := l.update(i, in, groups, n); err != nil {
			return err
		}
	}
	return nil
}

// update hands the batch to call i.
func (l *localAgg) update(i int, in *vector.Batch, groups []uint32, n int) error {
	c := &l.spec.calls[i]
	sel := in.Sel
	if c.filter >= 0 {
		cond := l.vecs[c.filter]
		l.selBuf = l.selBuf[:0]
		some := l.some[:0]
		for k := range n {
			r := rowOf(in.Sel, k)
			src, x, null := cond.At(r)
			if null || !vector.Values[bool](src)[x] {
				continue
			}
			l.selBuf = append(l.selBuf, int32(r))
			if groups != nil {
				some = append(some, groups[k])
			}
		}
		sel, n = l.selBuf, len(l.selBuf)
		if groups != nil {
			groups = some
		}
	}
	if n == 0 {
		if st := l.states[i]; st != nil {
			st.Resize(l.table.n)
		}
		return nil
	}
	l.args = l.args[:0]
	for _, a := range c.args {
		l.args = append(l.args, l.vecs[a])
	}
	if d := l.later[i]; d != nil {
		return d.add(groups, l.args, l.vecs, sel, n)
	}
	l.states[i].Resize(l.table.n)
	err := l.states[i].Update(groups, l.args, sel, n)
	if err != nil {
		_, cause, _ := rowError(err)
		return cause
	}
	return nil
}

// merge adds another table of the same aggregation, which is used up.
func (l *localAgg) merge(o *localAgg) error {
	to := make([]uint32, o.table.n)
	if len(l.keys) == 0 {
		l.table.n = max(l.table.n, o.table.n)
	} else {
		var rd rowReader
		set := &rowSet{cols: o.table.keys, n: o.table.n}
		for lo := 0; lo < o.table.n; lo += vector.BatchSize {
			b := rd.read(set, lo, min(lo+vector.BatchSize, o.table.n))
			l.table.insert(b.Cols, nil, b.N, to[lo:])
		}
	}
	for i, st := range l.states {
		if st == nil {
			l.later[i].merge(o.later[i], to)
			continue
		}
		st.Resize(l.table.n)
		o.states[i].Resize(o.table.n)
		if err := st.Merge(o.states[i], nil, to); err != nil {
			_, cause, _ := rowError(err)
			return cause
		}
	}
	return nil
}

// complete makes the states of deferred calls; the table takes no more rows.
func (l *localAgg) complete() error {
	for i := range l.states {
		if d := l.later[i]; d != nil {
			c := &l.spec.calls[i]
			st := c.fn.New(l.env, c.argTypes)
			st.Resize(l.table.n)
			if err := d.feed(st); err != nil {
				_, cause, _ := rowError(err)
				return cause
			}
			l.states[i] = st
			l.later[i] = nil
			continue
		}
		l.states[i].Resize(l.table.n)
	}
	return nil
}

// aggBuild is the sink of an aggregation's input and the tables it leaves.
type aggBuild struct {
	spec   *aggSpec
	exec   *Execution
	mu     sync.Mutex
	locals []*localAgg
	grants []*Grant
	final  *localAgg
	shared *sharedGroups // nil: few groups
	parts  *aggParts
	spilt  atomic.Bool
}

func (a *aggBuild) NewState(*Task) (SinkState, error) {
	return &aggState{a: a, local: newLocalAgg(a.exec.rt.Env, a.spec), grant: a.exec.grant(a.spec.node)}, nil
}

type aggState struct {
	a      *aggBuild
	local  *localAgg
	grant  *Grant
	part   *aggPartWriter
	shared *sharedWriter
	direct bool // batches go to the shared groups at once
}

func (s *aggState) Push(_ *Task, in *vector.Batch) (Status, error) {
	if s.direct {
		return NeedInput, s.local.add(in, s.shared)
	}
	if err := s.local.add(in, nil); err != nil {
		return NeedInput, err
	}
	if len(s.local.keys) > 0 && s.local.many(s.a.exec.rt.manyGroups()) {
		return NeedInput, s.share()
	}
	if size := s.local.bytes(); !s.grant.Resize(size) {
		return NeedInput, s.overflow(size)
	}
	return NeedInput, nil
}

// share moves the groups to the shared ones.
func (s *aggState) share() error {
	if s.shared == nil {
		s.shared = &sharedWriter{a: s.a, to: s.a.share()}
	}
	s.direct = s.local.rows < worthLocal*int64(s.local.table.n)
	if err := s.shared.absorb(s.local); err != nil {
		return err
	}
	s.local.reset()
	s.local.rows = 0
	s.grant.Force(0)
	return nil
}

// overflow moves the groups to disk when the budget refuses more.
func (s *aggState) overflow(size int64) error {
	if len(s.local.keys) == 0 {
		return s.grant.Must(size)
	}
	if size <= s.a.exec.rt.spillFloor() {
		s.grant.Force(size)
		return nil
	}
	return s.spill()
}

func (s *aggState) spill() error {
	if s.part == nil {
		s.part = s.a.diskWriter()
	}
	if err := s.part.add(s.local); err != nil {
		return err
	}
	s.local.reset()
	s.grant.Force(0)
	return nil
}

// diskWriter returns a new way to move groups to disk.
func (a *aggBuild) diskWriter() *aggPartWriter {
	a.spilt.Store(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.parts == nil {
		a.parts = newAggParts(a.exec, a.spec)
	}
	return a.parts.top.writer(0)
}

func (s *aggState) Combine(*Task) (Status, error) {
	a := s.a
	switch {
	case a.spilt.Load():
		if err := s.spill(); err != nil {
			return NeedInput, err
		}
	case s.shared != nil:
		if err := s.share(); err != nil {
			return NeedInput, err
		}
	default:
		a.mu.Lock()
		a.locals = append(a.locals, s.local)
		a.grants = append(a.grants, s.grant)
		a.mu.Unlock()
		s.grant = nil
	}
	if s.shared != nil {
		if err := s.shared.close(); err != nil {
			return NeedInput, err
		}
	}
	if s.part != nil {
		return NeedInput, s.part.close()
	}
	return NeedInput, nil
}

func (s *aggState) Close() { s.grant.Close() }

func (a *aggBuild) Finish(*Task) (Status, error) {
	if a.shared != nil && !a.spilt.Load() {
		w := &sharedWriter{a: a, to: a.shared}
		for _, l := range a.locals {
			if err := w.absorb(l); err != nil {
				return Done, err
			}
		}
		if err := w.close(); err != nil {
			return Done, err
		}
		a.freeLocals()
		if !a.spilt.Load() {
			return NeedInput, nil
		}
	}
	if a.spilt.Load() {
		w := a.parts.top.writer(0)
		if a.shared != nil {
			if err := a.shared.spill(w); err != nil {
				return Done, err
			}
			a.shared = nil
		}
		for _, l := range a.locals {
			if err := w.add(l); err != nil {
				return Done, err
			}
		}
		a.freeLocals()
		return NeedInput, w.close()
	}
	if len(a.locals) == 0 {
		a.locals = append(a.locals, newLocalAgg(a.exec.rt.Env, a.spec))
	}
	// The largest takes the others in.
	best := 0
	for i, l := range a.locals {
		if l.table.n > a.locals[best].table.n {
			best = i
		}
	}
	a.final = a.locals[best]
	for i, l := range a.locals {
		if i != best {
			if err := a.final.merge(l); err != nil {
				return Done, err
			}
		}
	}
	a.locals = nil
	a.spec.emptyGroups(a.final)
	if err := a.final.complete(); err != nil {
		return Done, err
	}
	return NeedInput, nil
}

// freeLocals gives up the tables of the tasks.
func (a *aggBuild) freeLocals() {
	for _, g := range a.grants {
		g.Close()
	}
	a.locals, a.grants = nil, nil
}

// emptyGroups adds the groups that are there without any row: the one of an
// aggregation without GROUP BY, and those of empty grouping sets.
func (s *aggSpec) emptyGroups(l *localAgg) {
	if s.oneRow && s.sets == nil {
		l.table.n = max(l.table.n, 1)
		return
	}
	for set, members := range s.sets {
		if len(members) > 0 {
			continue
		}
		cols := make([]*vector.Vec, 0, len(s.types)+1)
		for i := range s.types {
			cols = append(cols, s.nullKey(i, 1))
		}
		cols = append(cols, vector.ConstOf(sql.IntValue(sql.Int4, int64(set)), 1))
		l.table.insert(cols, nil, 1, make([]uint32, 1))
	}
}
