package exec

import (
	"fmt"
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
)

// Build translates a physical plan into pipelines. Nothing runs before Start.
func Build(plan *physical.Plan, rt *Runtime) (*Execution, error) {
	e := &Execution{
		rt: rt, job: &job{}, nodes: make([]counters, plan.Nodes),
		spill:  &spillDir{dir: rt.SpillDir},
		result: newResultQueue(rt.batchSize()), live: map[*Task]struct{}{},
		idle: make(chan struct{}), ioSlots: make(chan struct{}, rt.io()),
	}
	e.budget = NewBudget(rt.Memory, 1<<62)
	if rt.Memory != nil {
		e.budget.limit = rt.Memory.limit
	}
	b := newBuilder(e)
	b.prepare(plan.Root)
	s, err := b.build(plan.Root)
	if err != nil {
		return nil, err
	}
	if src, ok := s.chain.src.(*sortSource); ok {
		src.b.held = rt.Held
	}
	b.close(s, &resultSink{q: e.result, types: typesOf(plan.Root.Columns())}, nil)
	b.connectFilters()
	e.pipes = b.pipes
	return e, nil
}

// prepare makes what nodes that run several times share.
func (b *builder) prepare(n physical.Node) {
	if _, ok := n.(*physical.TableScan); ok {
		c := b.node(n)
		c.scan, c.files = &format.Metrics{}, &table.Metrics{}
	}
	for _, c := range n.Children() {
		b.prepare(c)
	}
}

// builder makes the pipelines of a plan, or of the part of one that runs again and
// again (Recursive, Apply).
type builder struct {
	e          *Execution
	pipes      []*pipeline
	shared     map[int]*pipeline // that fill shared plans
	stores     map[int]*rowStore // of shared plans and work tables
	filters    map[int]*expr.RuntimeFilter
	publishers map[int]*pipeline
	kept       map[int]*keptRows
	wants      map[*pipeline][]int // filters that a pipeline's scans await
}

func newBuilder(e *Execution) *builder {
	return &builder{e: e, shared: map[int]*pipeline{}, stores: map[int]*rowStore{}, filters: map[int]*expr.RuntimeFilter{},
		publishers: map[int]*pipeline{}, kept: map[int]*keptRows{}, wants: map[*pipeline][]int{}}
}

// stream is a pipeline under construction: it has no sink yet.
type stream struct {
	chain *chain
	cols  []expr.ColumnID
	deps  []*pipeline
	wants []int
	// serial: only one task may run it, since the order of its rows matters.
	serial bool
}

func (b *builder) node(n physical.Node) *counters { return &b.e.nodes[n.Ordinal()] }

// close ends a stream with a sink.
func (b *builder) close(s *stream, sink Sink, node *counters) *pipeline {
	p := &pipeline{exec: b.e, chain: s.chain, sink: sink, sinkNode: node, serial: s.serial}
	for _, d := range s.deps {
		p.after(d)
	}
	b.pipes = append(b.pipes, p)
	if len(s.wants) > 0 {
		b.wants[p] = s.wants
	}
	return p
}

// connectFilters makes pipelines whose scans use join filters wait for those that
// publish them, unless that would be a circle.
func (b *builder) connectFilters() {
	for _, p := range b.pipes {
		for _, id := range b.wants[p] {
			if q := b.publishers[id]; q != nil && !p.reaches(q) {
				p.after(q)
			}
		}
	}
}

// from starts a stream at a source.
func (b *builder) from(n physical.Node, src Source, cols []expr.ColumnID, deps ...*pipeline) *stream {
	return &stream{chain: &chain{src: src, srcNode: b.node(n)}, cols: cols, deps: deps}
}

// then adds an operator.
func (s *stream) then(op Operator, node *counters, cols []expr.ColumnID) {
	s.chain.ops = append(s.chain.ops, stage{op, node})
	s.cols = cols
}

// arrange makes the stream's columns those of n, in order.
func (b *builder) arrange(s *stream, n physical.Node) (*stream, error) {
	want := ids(n.Columns())
	same := len(want) == len(s.cols)
	for i := 0; same && i < len(want); i++ {
		same = want[i] == s.cols[i]
	}
	if same {
		return s, nil
	}
	from, err := positions(s.cols, n.Columns())
	if err != nil {
		return nil, err
	}
	s.then(&pickOp{from}, nil, want)
	return s, nil
}

func position(cols []expr.ColumnID, id expr.ColumnID) (int, error) {
	for i, c := range cols {
		if c == id {
			return i, nil
		}
	}
	return 0, sql.Errorf(sql.CodeInternal, "column %d is not in the input of its operator", id)
}

func positions(cols []expr.ColumnID, want []logical.Col) ([]int, error) {
	out := make([]int, len(want))
	for i, c := range want {
		var err error
		if out[i], err = position(cols, c.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// build makes the stream of a node; its columns are the node's.
func (b *builder) build(n physical.Node) (*stream, error) {
	s, err := b.translate(n)
	if err != nil {
		return nil, err
	}
	return b.arrange(s, n)
}

func (b *builder) translate(n physical.Node) (*stream, error) {
	switch n := n.(type) {
	case *physical.TableScan:
		return b.tableScan(n)
	case *physical.VirtualScan:
		return b.virtualScan(n)
	case *physical.Values:
		return b.values(n)
	case *physical.Filter:
		return b.filter(n)
	case *physical.Project:
		return b.project(n)
	case *physical.HashJoin:
		return b.hashJoin(n)
	case *physical.NestedLoop:
		return b.nestedLoop(n)
	case *physical.Aggregate:
		return b.aggregate(n)
	case *physical.Sort:
		return b.sort(n)
	case *physical.Limit:
		return b.limit(n)
	case *physical.DistinctOn:
		return b.distinctOn(n)
	case *physical.Append:
		return b.append(n)
	case *physical.HashSetOp:
		return b.setOp(n)
	case *physical.Window:
		return b.window(n)
	case *physical.ProjectSet:
		return b.projectSet(n)
	case *physical.FuncScan:
		return b.funcScan(n)
	case *physical.Shared:
		return b.sharedPlans(n)
	case *physical.SharedRef:
		return b.sharedRef(n)
	case *physical.Recursive:
		return b.recursive(n)
	case *physical.WorkTable:
		return b.workTable(n)
	case *physical.MaxOneRow:
		return b.maxOneRow(n)
	case *physical.Apply:
		return b.apply(n)
	case *physical.Remote:
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "this server has no connection to engine %q", n.Engine)
	}
	return nil, sql.Errorf(sql.CodeInternal, "no operator for plan node %s", fmt.Sprintf("%T", n))
}

func (b *builder) values(n *physical.Values) (*stream, error) {
	var all []expr.Expr
	for _, r := range n.Rows {
		all = append(all, r...)
	}
	prog, err := expr.Compile(all, nil)
	if err != nil {
		return nil, err
	}
	return b.from(n, &valuesSource{prog: prog, rows: len(n.Rows), types: typesOf(n.Cols)}, ids(n.Cols)), nil
}

func (b *builder) filter(n *physical.Filter) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	return s, b.addFilter(s, n.Conds, b.node(n))
}

func (b *builder) addFilter(s *stream, conds []expr.Expr, node *counters) error {
	if len(conds) == 0 {
		return nil
	}
	prog, err := expr.Compile(conds, s.cols)
	if err != nil {
		return err
	}
	s.then(&filterOp{prog, len(conds)}, node, s.cols)
	return nil
}

func (b *builder) project(n *physical.Project) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	op := &projectOp{from: make([]int, len(n.Exprs))}
	var list []expr.Expr
	for i, x := range n.Exprs {
		op.from[i] = -1
		if c, ok := x.(*expr.Col); ok {
			if op.from[i], err = position(s.cols, c.ID); err != nil {
				return nil, err
			}
			continue
		}
		list = append(list, x)
	}
	if op.prog, err = expr.Compile(list, s.cols); err != nil {
		return nil, err
	}
	s.then(op, b.node(n), ids(n.Cols))
	return s, nil
}

func (b *builder) limit(n *physical.Limit) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	op := &limitOp{}
	if op.count, err = b.limitOf(n.CountOf, n.Count, physical.LimitCount); err != nil {
		return nil, err
	}
	if op.offset, err = b.limitOf(n.OffsetOf, n.Offset, physical.LimitOffset); err != nil {
		return nil, err
	}
	for _, k := range n.TiesKeys {
		i, err := position(s.cols, k.Col.ID)
		if err != nil {
			return nil, err
		}
		op.ties = append(op.ties, i)
	}
	if len(op.ties) > 0 || mayRaise(s.chain) {
		s.serial = true // an error must not come from rows that the limit leaves out
	}
	s.then(op, b.node(n), s.cols)
	return s, nil
}

// limitOf is the value of a LIMIT or OFFSET of an enclosing row; def if e is nil.
func (b *builder) limitOf(e expr.Expr, def int64, check func(sql.Value) (int64, error)) (int64, error) {
	if e == nil {
		return def, nil
	}
	v, err := expr.EvalConst(b.e.rt.Env, e)
	if err != nil {
		return 0, err
	}
	return check(v)
}

// mayRaise reports whether the source or an operator of a chain can raise an error
// at a row.
func mayRaise(c *chain) bool {
	switch src := c.src.(type) {
	case *scanSource:
		if slices.ContainsFunc(src.req.Conjuncts, rule.CanRaise) {
			return true
		}
	case *appendSource:
		for _, p := range src.parts {
			if mayRaise(p.chain) {
				return true
			}
		}
	}
	for _, st := range c.ops {
		switch op := st.op.(type) {
		case *filterOp:
			for i := range op.conds {
				if op.prog.Raises(i) {
					return true
				}
			}
		case *projectOp:
			exprs := 0
			for _, f := range op.from {
				if f < 0 {
					if op.prog.Raises(exprs) {
						return true
					}
					exprs++
				}
			}
		}
	}
	return false
}

func (b *builder) distinctOn(n *physical.DistinctOn) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	on, err := positions(s.cols, n.On)
	if err != nil {
		return nil, err
	}
	s.serial = true
	s.then(&distinctOnOp{on}, b.node(n), s.cols)
	return s, nil
}

func (b *builder) maxOneRow(n *physical.MaxOneRow) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	s.serial = true
	s.then(&maxOneRowOp{typesOf(n.Input.Columns())}, b.node(n), s.cols)
	return s, nil
}

func (b *builder) append(n *physical.Append) (*stream, error) {
	src := &appendSource{}
	out := b.from(n, src, ids(n.Cols))
	for _, in := range n.Inputs {
		s, err := b.build(in)
		if err != nil {
			return nil, err
		}
		src.parts = append(src.parts, &appendPart{chain: s.chain, serial: s.serial})
		out.deps = append(out.deps, s.deps...)
		out.wants = append(out.wants, s.wants...)
	}
	return out, nil
}
