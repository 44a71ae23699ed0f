package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/vector"
)

// Limits of the rows that a scan keeps for another: bytes in all, and one in how
// many of the rows read, once a task has kept some.
const (
	keepBytes  = 128 << 20
	keepOneIn  = 4
	keepSample = 16 << 10
)

// keptRows are rows that a scan delivered, for a later scan of the same table. They
// are memory that another reading of the files would save: when they are many, or
// memory is short, they are given up.
type keptRows struct {
	store       *rowStore
	node        *counters
	most        int64
	bytes       atomic.Int64
	begun, done atomic.Int32 // tasks
	lost        atomic.Bool
}

// complete reports whether the scan is over and all its rows are there.
func (k *keptRows) complete() bool {
	n := k.begun.Load()
	return n > 0 && k.done.Load() == n && !k.lost.Load()
}

// keep adds the operator that keeps a scan's rows; the columns of s are n.Cols and
// n.KeepCols, only the former go on.
func (b *builder) keep(s *stream, n *physical.TableScan) {
	node := b.node(n)
	k := &keptRows{node: node, most: min(keepBytes, b.e.budget.limit/8), store: b.e.newRowStore(append(typesOf(n.Cols), typesOf(n.KeepCols)...), node)}
	b.e.atEnd(k.store.free)
	b.kept[n.Keep] = k
	s.then(&keepOp{rows: k, pass: len(n.Cols)}, nil, ids(n.Cols))
}

// keepOp copies the rows that it passes on.
type keepOp struct {
	rows *keptRows
	pass int // columns passed on
}

func (k *keepOp) NewState(*Task) (OperatorState, error) {
	k.rows.begun.Add(1)
	return &keepState{op: k, w: k.rows.store.writer()}, nil
}

type keepState struct {
	op    *keepOp
	w     *rowWriter // nil: given up
	bytes int64
	out   vector.Batch
}

func (s *keepState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if s.w != nil {
		s.add(in)
	}
	s.out = *in
	s.out.Cols = in.Cols[:s.op.pass]
	return &s.out, NeedInput, nil
}

func (s *keepState) add(in *vector.Batch) {
	k := s.op.rows
	if k.lost.Load() {
		s.giveUp()
		return
	}
	s.w.set.add(in.Cols, in.Sel, in.N)
	s.w.rows = int64(s.w.set.n)
	size := s.w.set.bytes()
	total := k.bytes.Add(size - s.bytes)
	s.bytes = size
	many := s.w.rows > keepSample && s.w.rows*keepOneIn > k.node.scan.RowsRead.Load()
	if many || total > k.most || !s.w.grant.Resize(size) {
		k.lost.Store(true)
		s.giveUp()
	}
}

func (s *keepState) giveUp() {
	s.w.grant.Close()
	s.w = nil
}

func (s *keepState) Flush(*Task) (*vector.Batch, Status, error) {
	if s.w != nil {
		s.w.close()
		s.w = nil
		s.op.rows.done.Add(1)
	}
	return nil, Done, nil
}

func (s *keepState) Close() {
	if s.w != nil {
		s.giveUp()
	}
}

// reuse makes a scan's stream read the rows that an earlier scan keeps, if they are
// all there when it starts.
func (b *builder) reuse(s *stream, n *physical.TableScan) error {
	k := b.kept[n.Reuse.Keep]
	if k == nil {
		return nil // the other scan is not a part of this
	}
	cols := make([]expr.ColumnID, len(k.store.types))
	for i := range cols {
		cols[i] = -1
		if i < len(n.Reuse.Cols) {
			cols[i] = n.Reuse.Cols[i]
		}
	}
	over := &stream{chain: &chain{src: &storeSource{store: k.store}}, cols: cols}
	if err := b.addJoinFilters(over, n.Filters, nil); err != nil {
		return err
	}
	if err := b.addFilter(over, n.Reuse.Conds, nil); err != nil {
		return err
	}
	over, err := b.arrange(over, n)
	if err != nil {
		return err
	}
	s.chain.src = &reuseSource{files: s.chain.src.(*scanSource), kept: k, over: over.chain}
	return nil
}

// reuseSource reads kept rows or, if they are not all there, files.
type reuseSource struct {
	files *scanSource
	kept  *keptRows
	over  *chain // from the rows kept to the scan's
	use   bool
}

func (r *reuseSource) Open() {
	if r.use = r.kept.complete(); r.use {
		r.over.open()
		return
	}
	r.files.Open()
}

// Stop ends the reading of files.
func (r *reuseSource) Stop() {
	if !r.use {
		r.files.Stop()
	}
}

func (r *reuseSource) Tasks() int {
	if r.use {
		return r.over.tasks()
	}
	return r.files.Tasks()
}

func (r *reuseSource) NewState(t *Task) (SourceState, error) {
	if r.use {
		return r.over.newState(t)
	}
	return r.files.NewState(t)
}
