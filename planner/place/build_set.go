package place

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
)

// distinctOver groups r by all its columns, in place of a DISTINCT; cols are the output.
func (b *builder) distinctOver(r *rel, cols []logical.Col) *rel {
	in := r.cols()
	a := &physical.Aggregate{Base: physical.Base{Cols: cols}, Input: r.node, Groups: in, GroupOut: cols}
	rows := b.groupCount(in, r.rows)
	for i, c := range cols {
		if c.ID != in[i].ID {
			b.stats[c.ID] = b.stat(in[i].ID)
		}
	}
	return b.note(&rel{node: a, rows: rows, work: r.work + r.rows*20, uniq: []expr.ColSet{setOf(cols)}})
}

func (b *builder) buildSetOp(n *logical.SetOp) (*rel, error) {
	inputs := make([]*rel, len(n.Inputs))
	nodes := make([]physical.Node, len(n.Inputs))
	rows, work := 0.0, 0.0
	for i, in := range n.Inputs {
		cols := in.Columns()
		r, err := b.build(in, setOf(cols))
		if err != nil {
			return nil, err
		}
		r = b.shape(r, cols)
		inputs[i], nodes[i] = r, r.node
		rows += r.rows
		work += r.work
	}
	for k, c := range n.Cols {
		s := colStat{width: typeWidth(c.T)}
		for i := range inputs {
			o := b.stat(inputs[i].cols()[k].ID)
			s.distinct = max(s.distinct, o.distinct)
			s.width = max(s.width, o.width)
		}
		b.stats[c.ID] = s
	}
	if n.Kind != logical.Union {
		h := &physical.HashSetOp{Base: physical.Base{Cols: n.Cols}, Kind: n.Kind, All: n.All, Left: nodes[0], Right: nodes[1]}
		return &rel{node: h, rows: max(inputs[0].rows/2, 1), work: work + rows*20}, nil
	}
	if n.All {
		a := &physical.Append{Base: physical.Base{Cols: n.Cols}, Inputs: nodes}
		return &rel{node: a, rows: rows, work: work}, nil
	}
	mid := make([]logical.Col, len(n.Cols))
	for i, c := range n.Cols {
		mid[i] = b.newCol(c.T, c.Name, c.Coll)
		b.stats[mid[i].ID] = b.stats[c.ID]
	}
	a := &physical.Append{Base: physical.Base{Cols: mid}, Inputs: nodes}
	return b.distinctOver(b.note(&rel{node: a, rows: rows, work: work}), n.Cols), nil
}

func (b *builder) buildShared(n *logical.Shared, need expr.ColSet) (*rel, error) {
	s := &physical.Shared{}
	work := 0.0
	for _, p := range n.Plans {
		cols := p.Plan.Columns()
		r, err := b.build(p.Plan, setOf(cols))
		if err != nil {
			return nil, err
		}
		r = b.shape(r, cols)
		b.shared[p.ID] = r
		work += r.work + r.rows*10
		s.Plans = append(s.Plans, physical.SharedPlan{ID: p.ID, Name: p.Name, Plan: r.node})
	}
	in, err := b.build(n.Input, need)
	if err != nil {
		return nil, err
	}
	s.Base = physical.Base{Cols: in.cols()}
	s.Input = in.node
	return &rel{node: s, rows: in.rows, work: in.work + work, uniq: in.uniq}, nil
}

func (b *builder) buildRecursive(n *logical.Recursive) (*rel, error) {
	baseCols := n.Base.Columns()
	base, err := b.build(n.Base, setOf(baseCols))
	if err != nil {
		return nil, err
	}
	base = b.shape(base, baseCols)
	b.work[n.ID] = base.rows
	stepCols := n.Step.Columns()
	step, err := b.build(n.Step, setOf(stepCols))
	if err != nil {
		return nil, err
	}
	step = b.shape(step, stepCols)
	for i, c := range n.Cols {
		b.stats[c.ID] = b.stat(baseCols[i].ID)
	}
	r := &physical.Recursive{Base: physical.Base{Cols: n.Cols}, WorkID: n.ID, BaseInput: base.node, Step: step.node, All: n.All}
	return &rel{node: r, rows: (base.rows + step.rows) * 10, work: base.work + step.work*10}, nil
}

func (b *builder) buildApply(n *logical.DependentJoin, need expr.ColSet) (*rel, error) {
	outer := rule.FreeCols(n.Right).Intersect(setOf(n.Left.Columns()))
	own := colsOfAll(n.On)
	if n.Guard != nil {
		own = own.Union(expr.ColsOf(n.Guard))
	}
	all := need.Union(own)
	left, err := b.build(n.Left, all.Union(outer).Intersect(setOf(n.Left.Columns())))
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Right, all.Intersect(setOf(n.Right.Columns())))
	if err != nil {
		return nil, err
	}
	a := &physical.Apply{Kind: n.Kind, Left: left.node, Right: right.node, On: n.On, Guard: n.Guard, MarkCol: n.MarkCol.ID,
		Outer: keep(left.cols(), outer)}
	cols := append([]logical.Col(nil), left.cols()...)
	rows := left.rows
	switch n.Kind {
	case logical.Semi, logical.Anti:
	case logical.Mark:
		cols = append(cols, n.MarkCol)
		b.stats[n.MarkCol.ID] = colStat{distinct: 2, width: 1}
	default:
		cols = append(cols, right.cols()...)
		if n.Kind != logical.Single {
			rows *= max(right.rows, 1)
		}
	}
	a.Base = physical.Base{Cols: cols}
	return &rel{node: a, rows: rows, work: left.work + left.rows*(right.work+5000)}, nil
}
