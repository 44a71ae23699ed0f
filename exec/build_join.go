package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

func (b *builder) hashJoin(n *physical.HashJoin) (*stream, error) {
	j := &joinPlan{
		kind: n.Kind, probe: n.Probe, build: n.Build, conds: n.Residual, mark: n.MarkCol, markNulls: n.MarkNulls,
		probeKeys: n.ProbeKeys, buildKeys: n.BuildKeys, nullEqual: n.NullEqual, publish: n.Publish,
	}
	return b.join(n, j)
}

// nestedLoop is a join without keys: every pair of rows is tried.
func (b *builder) nestedLoop(n *physical.NestedLoop) (*stream, error) {
	return b.join(n, &joinPlan{kind: n.Kind, probe: n.Probe, build: n.Build, conds: n.On, mark: n.MarkCol, markNulls: true})
}

// joinPlan is what the join nodes have in common.
type joinPlan struct {
	kind                 physical.JoinKind
	probe, build         physical.Node
	probeKeys, buildKeys []logical.Col
	nullEqual            []bool
	conds                []expr.Expr
	mark                 expr.ColumnID
	markNulls            bool
	publish              []physical.Publish
}

func (b *builder) join(n physical.Node, j *joinPlan) (*stream, error) {
	bs, err := b.build(j.build)
	if err != nil {
		return nil, err
	}
	spec := &joinSpec{kind: j.kind, markNulls: j.markNulls, node: b.node(n), probeTypes: typesOf(j.probe.Columns())}
	stored := map[expr.ColumnID]int{}
	store := func(c logical.Col) (int, error) {
		if i, ok := stored[c.ID]; ok {
			return i, nil
		}
		at, err := position(bs.cols, c.ID)
		if err != nil {
			return 0, err
		}
		stored[c.ID] = len(spec.store)
		spec.store = append(spec.store, at)
		spec.types = append(spec.types, j.build.Columns()[at].T)
		return len(spec.store) - 1, nil
	}
	pcols := ids(j.probe.Columns())
	inBuild := map[expr.ColumnID]logical.Col{}
	for _, c := range j.build.Columns() {
		inBuild[c.ID] = c
	}
	column := func(id expr.ColumnID) (joinCol, error) {
		for i, p := range pcols {
			if p == id {
				return joinCol{side: fromProbe, at: i, typ: j.probe.Columns()[i].T}, nil
			}
		}
		c, ok := inBuild[id]
		if !ok {
			return joinCol{}, sql.Errorf(sql.CodeInternal, "column %d is on neither side of its join", id)
		}
		at, err := store(c)
		return joinCol{side: fromBuild, at: at, typ: c.T, twin: spec.twin(at)}, err
	}
	for i, pk := range j.probeKeys {
		k := joinKey{nullEqual: i < len(j.nullEqual) && j.nullEqual[i]}
		if k.probe, err = position(pcols, pk.ID); err != nil {
			return nil, err
		}
		if k.build, err = store(j.buildKeys[i]); err != nil {
			return nil, err
		}
		k.typ, k.probeType = spec.types[k.build], spec.probeTypes[k.probe]
		spec.keys = append(spec.keys, k)
	}
	for _, c := range n.Columns() {
		jc := joinCol{side: fromMark, typ: c.T}
		if j.kind != physical.ProbeMark || c.ID != j.mark {
			if jc, err = column(c.ID); err != nil {
				return nil, err
			}
		}
		spec.out = append(spec.out, jc)
	}
	if err := spec.addResidual(j.conds, column); err != nil {
		return nil, err
	}
	jb := &joinBuild{spec: spec, exec: b.e}
	bp := b.close(bs, jb, b.node(n))
	for _, p := range j.publish {
		f := b.runtimeFilter(p.ID)
		spec.publish = append(spec.publish, p)
		spec.publishTo = append(spec.publishTo, f)
		b.publishers[p.ID] = bp
	}
	ps, err := b.build(j.probe)
	if err != nil {
		return nil, err
	}
	ps.deps = append(ps.deps, bp)
	ps.then(&joinOp{spec: spec, build: jb}, b.node(n), ids(n.Columns()))
	return ps, nil
}

// twin is 1 + the probe column that the build column equals in every pair, and to
// the bit; 0: none. Pairs take the value from there: it need not be gathered.
func (s *joinSpec) twin(build int) int {
	for _, k := range s.keys {
		if k.build == build && k.typ == k.probeType && isIntKey(k.typ) {
			return k.probe + 1
		}
	}
	return 0
}

// addResidual compiles the conditions over pairs of rows.
func (s *joinSpec) addResidual(conds []expr.Expr, column func(expr.ColumnID) (joinCol, error)) error {
	if len(conds) == 0 {
		return nil
	}
	var used expr.ColSet
	for _, c := range conds {
		used = used.Union(expr.ColsOf(c))
	}
	input := used.IDs()
	for _, id := range input {
		jc, err := column(id)
		if err != nil {
			return err
		}
		s.resIn = append(s.resIn, jc)
	}
	var err error
	s.conds = len(conds)
	if s.residual, err = expr.Compile(conds, input); err != nil {
		return err
	}
	if s.kind == physical.ProbeMark && s.markNulls {
		s.three, err = expr.Compile([]expr.Expr{expr.AndOf(conds)}, input)
	}
	return err
}
