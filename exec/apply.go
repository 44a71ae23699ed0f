package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// apply runs Right once for each row of Left and joins the row with what it gives.
func (b *builder) apply(n *physical.Apply) (*stream, error) {
	s, err := b.build(n.Left)
	if err != nil {
		return nil, err
	}
	kinds := map[logical.JoinKind]physical.JoinKind{
		logical.Inner: physical.Inner, logical.Left: physical.ProbeOuter, logical.Semi: physical.ProbeSemi,
		logical.Anti: physical.ProbeAnti, logical.Mark: physical.ProbeMark, logical.Single: physical.ProbeSingle,
	}
	kind, ok := kinds[n.Kind]
	if !ok {
		return nil, sql.Errorf(sql.CodeInternal, "a %s join cannot depend on its other side", n.Kind)
	}
	right := n.Right.Columns()
	spec := &joinSpec{kind: kind, markNulls: true, node: b.node(n), probeTypes: typesOf(n.Left.Columns()), types: typesOf(right)}
	column := func(id expr.ColumnID) (joinCol, error) {
		for i, c := range n.Left.Columns() {
			if c.ID == id {
				return joinCol{side: fromProbe, at: i, typ: c.T}, nil
			}
		}
		at, err := position(ids(right), id)
		if err != nil {
			return joinCol{}, err
		}
		return joinCol{side: fromBuild, at: at, typ: right[at].T}, nil
	}
	for _, c := range n.Columns() {
		jc := joinCol{side: fromMark, typ: c.T}
		if kind != physical.ProbeMark || c.ID != n.MarkCol {
			if jc, err = column(c.ID); err != nil {
				return nil, err
			}
		}
		spec.out = append(spec.out, jc)
	}
	if err := spec.addResidual(n.On, column); err != nil {
		return nil, err
	}
	op := &applyOp{exec: b.e, n: n, spec: spec}
	if n.Guard != nil {
		if op.guard, err = expr.Compile([]expr.Expr{n.Guard}, s.cols); err != nil {
			return nil, err
		}
	}
	if op.outer, err = positions(s.cols, n.Outer); err != nil {
		return nil, err
	}
	var deps []*pipeline
	op.right, deps = b.nest(n.Right)
	s.deps = append(s.deps, deps...)
	s.serial = true
	s.then(op, b.node(n), ids(n.Columns()))
	return s, nil
}

type applyOp struct {
	exec  *Execution
	n     *physical.Apply
	spec  *joinSpec
	guard *expr.Program
	outer []int
	right *template
}

func (a *applyOp) NewState(t *Task) (OperatorState, error) {
	s := &applyState{op: a, p: newProber(t, a.spec, &joinTable{})}
	if a.guard != nil {
		s.guard = newSelector(t, a.guard, 1)
	}
	return s, nil
}

type applyState struct {
	op      *applyOp
	p       *prober
	guard   selector
	begun   bool
	passed  []int32 // rows for which the guard is true
	k, pass int
	row     *rowSet // the current row, its own copy
	rd      rowReader
	store   *rowStore
	running bool
	done    atomic.Bool
	probing bool
}

func (s *applyState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	sel := selected(in)
	if !s.begun {
		s.begun, s.k, s.pass = true, 0, 0
		s.passed = sel
		if s.op.guard != nil {
			var err error
			if s.passed, err = s.guard.filter(in, sel); err != nil {
				return nil, Done, err
			}
			if s.guard.pending != nil {
				return nil, Done, s.guard.raise()
			}
		}
	}
	for {
		switch {
		case s.probing:
			b, err := s.p.next(t)
			if err != nil {
				return nil, Done, err
			}
			if b != nil || !s.p.done() {
				return b, HaveOutput, nil
			}
			s.probing = false
			s.k++
		case s.running:
			if !s.done.Load() {
				return nil, Blocked, nil
			}
			s.running = false
			if err := s.probe(); err != nil {
				return nil, Done, err
			}
		case s.k == len(sel):
			s.begun = false
			return nil, NeedInput, nil
		default:
			i := sel[s.k]
			s.row = newRowSet(s.op.spec.probeTypes)
			s.row.add(in.Cols, sel[s.k:s.k+1], 0)
			if s.pass == len(s.passed) || s.passed[s.pass] != i {
				s.p.retarget(&joinTable{})
				s.p.start(s.rd.read(s.row, 0, 1))
				s.probing = true
				continue
			}
			s.pass++
			if err := s.launch(t, in, int(i)); err != nil {
				return nil, Done, err
			}
		}
	}
}

// launch runs Right for row i.
func (s *applyState) launch(t *Task, in *vector.Batch, i int) error {
	sub := substitution{}
	for j, c := range s.op.n.Outer {
		sub[c.ID] = vector.ValueAt(in.Cols[s.op.outer[j]], i)
	}
	s.store = s.op.exec.newRowStore(s.op.spec.types, s.op.spec.node)
	pipes, err := s.op.right.build(sub.node(s.op.n.Right), nil, func(*stream) Sink { return &storeSink{s.store} })
	if err != nil {
		return err
	}
	s.done.Store(false)
	s.running = true
	s.op.exec.nested(t, pipes, func() { s.done.Store(true) })
	return nil
}

// probe joins the row with what Right gave.
func (s *applyState) probe() error {
	set := newRowSet(s.op.spec.types)
	var rd rowReader
	var fr frame
	for u := range s.store.units {
		b, err := s.store.read(u, &rd, &fr)
		if err != nil {
			return err
		}
		set.add(b.Cols, b.Sel, b.N)
	}
	s.store.free()
	s.p.retarget(newJoinTable(s.op.spec.types, nil, []*rowSet{set}))
	s.p.start(s.rd.read(s.row, 0, 1))
	s.probing = true
	return nil
}

func (s *applyState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }

func (s *applyState) Close() {
	if s.store != nil {
		s.store.free()
	}
}
