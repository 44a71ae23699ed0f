package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/vector"
)

// sharedPlans computes plans into row stores, once, for those that refer to them.
func (b *builder) sharedPlans(n *physical.Shared) (*stream, error) {
	for _, p := range n.Plans {
		s, err := b.build(p.Plan)
		if err != nil {
			return nil, err
		}
		store := b.e.newRowStore(typesOf(p.Plan.Columns()), b.node(n))
		b.stores[p.ID] = store
		b.shared[p.ID] = b.close(s, &storeSink{store}, b.node(n))
		b.e.atEnd(store.free)
	}
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	s.cols = ids(n.Input.Columns())
	return s, nil
}

func (b *builder) sharedRef(n *physical.SharedRef) (*stream, error) {
	store := b.stores[n.PlanID]
	if store == nil {
		return nil, errNoPlan(n.Name)
	}
	s := b.readStore(n, store)
	if p := b.shared[n.PlanID]; p != nil {
		s.deps = append(s.deps, p)
	}
	if err := b.addFilter(s, n.Filter, b.node(n)); err != nil {
		return nil, err
	}
	return s, b.addJoinFilters(s, n.Filters, b.node(n))
}

// readStore starts a stream at a row store; n's columns are the store's by position.
func (b *builder) readStore(n physical.Node, store *rowStore) *stream {
	return b.from(n, &storeSource{store: store}, ids(n.Columns()))
}

// addJoinFilters drops rows that fail the runtime filters that are ready.
func (b *builder) addJoinFilters(s *stream, refs []physical.FilterRef, node *counters) error {
	if len(refs) == 0 {
		return nil
	}
	op := &joinFilterOp{}
	for _, r := range refs {
		at, err := position(s.cols, r.Col)
		if err != nil {
			return err
		}
		op.at = append(op.at, at)
		op.filters = append(op.filters, b.runtimeFilter(r.ID))
		s.wants = append(s.wants, r.ID)
	}
	s.then(op, node, s.cols)
	return nil
}

// joinFilterOp applies runtime filters.
type joinFilterOp struct {
	filters []*expr.RuntimeFilter
	at      []int
}

func (j *joinFilterOp) NewState(*Task) (OperatorState, error) { return &joinFilterState{op: j}, nil }

type joinFilterState struct {
	op   *joinFilterOp
	bufs [2][]int32
	out  vector.Batch
}

func (s *joinFilterState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	sel := in.Sel
	for i, f := range s.op.filters {
		d := f.Data()
		if d == nil {
			continue
		}
		buf := s.bufs[i&1]
		if cap(buf) <= in.N {
			buf = make([]int32, 0, max(in.N, vector.BatchSize)+1)
		}
		sel = d.Select(in.Cols[s.op.at[i]], sel, in.N, buf[:0])
		s.bufs[i&1] = sel
		if len(sel) == 0 {
			return nil, NeedInput, nil
		}
	}
	s.out = *in
	s.out.Sel = sel
	return &s.out, NeedInput, nil
}

func (s *joinFilterState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *joinFilterState) Close()                                     {}
