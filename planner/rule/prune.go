package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// pruneColumns removes what nobody asks for: scan columns, computed columns,
// aggregates, window calls, columns of set operations and of shared plans. Group
// keys stay, and so does everything that decides which rows there are. The
// output of the whole plan is kept.
func pruneColumns(c *Context, n logical.Node) logical.Node {
	p := &pruner{refs: map[int][]bool{}}
	// Shared plans are read by references below and beside: first find what all
	// references want, then prune. Two rounds settle plans that read other plans.
	for range 3 {
		n = p.prune(n, setOf(n.Columns()))
		if !p.changed {
			break
		}
		p.changed = false
	}
	return n
}

type pruner struct {
	refs    map[int][]bool // wanted positions of shared plans
	changed bool
}

func (p *pruner) prune(n logical.Node, need expr.ColSet) logical.Node {
	own := func() expr.ColSet {
		s := need
		visitExprs(n, func(e expr.Expr) { s = s.Union(expr.ColsOf(e)) })
		return s
	}
	switch n := n.(type) {
	case *logical.Scan:
		m := *n
		m.Cols, m.Ords = nil, nil
		keep := own()
		for i, col := range n.Cols {
			if keep.Has(col.ID) {
				m.Cols = append(m.Cols, col)
				m.Ords = append(m.Ords, n.Ords[i])
			}
		}
		if len(m.Cols) == len(n.Cols) {
			return n
		}
		return &m
	case *logical.Project:
		m := &logical.Project{}
		for _, e := range n.Exprs {
			if need.Has(e.Col.ID) || volatileExpr(e.Expr) {
				m.Exprs = append(m.Exprs, e)
			}
		}
		var in expr.ColSet
		for _, e := range m.Exprs {
			addCols(&in, e.Expr)
		}
		m.Input = p.prune(n.Input, in)
		return m
	case *logical.Join:
		all := own()
		m := *n
		m.Left = p.prune(n.Left, all.Intersect(colSet(n.Left)))
		m.Right = p.prune(n.Right, all.Intersect(colSet(n.Right)))
		return &m
	case *logical.DependentJoin:
		all := own().Union(FreeCols(n.Right))
		m := *n
		m.Left = p.prune(n.Left, all.Intersect(colSet(n.Left)))
		m.Right = p.prune(n.Right, all.Intersect(colSet(n.Right)))
		return &m
	case *logical.Aggregate:
		m := *n
		m.Aggs = nil
		for i := range n.Aggs {
			if need.Has(n.Aggs[i].Out) {
				m.Aggs = append(m.Aggs, n.Aggs[i])
			}
		}
		var in expr.ColSet
		visitExprs(&m, func(e expr.Expr) { addCols(&in, e) })
		m.Input = p.prune(n.Input, in)
		return &m
	case *logical.Window:
		m := *n
		m.Calls = nil
		for i := range n.Calls {
			if need.Has(n.Calls[i].Out) {
				m.Calls = append(m.Calls, n.Calls[i])
			}
		}
		if len(m.Calls) == 0 {
			return p.prune(n.Input, need)
		}
		in := need
		visitExprs(&m, func(e expr.Expr) { in = in.Union(expr.ColsOf(e)) })
		m.Input = p.prune(n.Input, in.Intersect(colSet(n.Input)))
		return &m
	case *logical.Distinct:
		if n.On == nil {
			need = colSet(n.Input)
		}
		m := *n
		m.Input = p.prune(n.Input, own())
		return &m
	case *logical.SetOp:
		return p.pruneSetOp(n, need)
	case *logical.Shared:
		for _, plan := range n.Plans {
			if p.refs[plan.ID] == nil {
				p.refs[plan.ID] = make([]bool, len(plan.Plan.Columns()))
			}
		}
		kids := n.Children()
		last := len(kids) - 1
		kids[last] = p.prune(kids[last], need)
		for i := last - 1; i >= 0; i-- {
			plan := n.Plans[i]
			cols := plan.Plan.Columns()
			var want expr.ColSet
			for k, col := range cols {
				if p.refs[plan.ID][k] {
					want.Add(col.ID)
				}
			}
			// The plan's columns stay in place by position: those not wanted become NULL
			// constants if they were computed, and scans below lose them.
			kids[i] = blank(p.prune(plan.Plan, want), cols, want)
		}
		return n.WithChildren(kids)
	case *logical.SharedRef:
		want := p.refs[n.ID]
		for i, col := range n.Cols {
			if i < len(want) && need.Has(col.ID) {
				want[i] = true
			}
		}
		return n
	case *logical.Recursive:
		m := *n
		m.Base, m.Step = p.prune(n.Base, colSet(n.Base)), p.prune(n.Step, colSet(n.Step))
		return &m
	case *logical.ProjectSet:
		m := *n
		m.Input = p.prune(n.Input, own().Intersect(colSet(n.Input)))
		return &m
	case *logical.Values:
		return pruneValues(n, need)
	}
	// Filter, Sort, Limit, MaxOneRow: pass on what is needed and what they use.
	all := own()
	return mapChildren(n, func(k logical.Node) logical.Node { return p.prune(k, all.Intersect(colSet(k))) })
}

// pruneValues drops columns of constant rows.
func pruneValues(n *logical.Values, need expr.ColSet) logical.Node {
	keep := make([]bool, len(n.Cols))
	all := true
	for i, col := range n.Cols {
		keep[i] = need.Has(col.ID)
		for _, r := range n.Rows {
			keep[i] = keep[i] || canRaise(r[i])
		}
		all = all && keep[i]
	}
	if all {
		return n
	}
	m := &logical.Values{Rows: make([][]expr.Expr, len(n.Rows))}
	for i, col := range n.Cols {
		if !keep[i] {
			continue
		}
		m.Cols = append(m.Cols, col)
		for r := range n.Rows {
			m.Rows[r] = append(m.Rows[r], n.Rows[r][i])
		}
	}
	return m
}

// pruneSetOp drops columns of UNION ALL; the other kinds compare all columns.
func (p *pruner) pruneSetOp(n *logical.SetOp, need expr.ColSet) logical.Node {
	m := *n
	m.Inputs = make([]logical.Node, len(n.Inputs))
	if n.Kind != logical.Union || !n.All {
		for i, in := range n.Inputs {
			m.Inputs[i] = p.prune(in, colSet(in))
		}
		return &m
	}
	m.Cols = nil
	for _, col := range n.Cols {
		if need.Has(col.ID) {
			m.Cols = append(m.Cols, col)
		}
	}
	for i, in := range n.Inputs {
		var want expr.ColSet
		var keep []logical.Col
		for k, col := range in.Columns() {
			if need.Has(n.Cols[k].ID) {
				want.Add(col.ID)
				keep = append(keep, col)
			}
		}
		m.Inputs[i] = project(p.prune(in, want), keep)
	}
	return &m
}

// blank returns n with the columns cols in order, those not in want being NULL if
// n no longer has them.
func blank(n logical.Node, cols []logical.Col, want expr.ColSet) logical.Node {
	have := colSet(n)
	p := &logical.Project{Input: n}
	for _, col := range cols {
		var e expr.Expr = col.Ref()
		if !have.Has(col.ID) {
			e = &expr.Const{V: nullOf(col)}
		}
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: col, Expr: e})
	}
	if isIdentity(p) {
		return n
	}
	return p
}
