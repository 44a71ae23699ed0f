package logical

func (*Scan) sealed()          {}
func (*Values) sealed()        {}
func (*Filter) sealed()        {}
func (*Project) sealed()       {}
func (*Join) sealed()          {}
func (*DependentJoin) sealed() {}
func (*Aggregate) sealed()     {}
func (*Window) sealed()        {}
func (*Sort) sealed()          {}
func (*Limit) sealed()         {}
func (*Distinct) sealed()      {}
func (*SetOp) sealed()         {}
func (*ProjectSet) sealed()    {}
func (*FuncScan) sealed()      {}
func (*Shared) sealed()        {}
func (*SharedRef) sealed()     {}
func (*Recursive) sealed()     {}
func (*WorkTable) sealed()     {}
func (*MaxOneRow) sealed()     {}

func (n *Scan) Columns() []Col   { return n.Cols }
func (n *Values) Columns() []Col { return n.Cols }
func (n *Filter) Columns() []Col { return n.Input.Columns() }
func (n *Project) Columns() []Col {
	out := make([]Col, len(n.Exprs))
	for i, e := range n.Exprs {
		out[i] = e.Col
	}
	return out
}

func joinColumns(kind JoinKind, l, r Node, mark Col) []Col {
	switch kind {
	case Semi, Anti:
		return l.Columns()
	case Mark:
		return append(append([]Col(nil), l.Columns()...), mark)
	}
	return append(append([]Col(nil), l.Columns()...), r.Columns()...)
}

func (n *Join) Columns() []Col          { return joinColumns(n.Kind, n.Left, n.Right, n.MarkCol) }
func (n *DependentJoin) Columns() []Col { return joinColumns(n.Kind, n.Left, n.Right, n.MarkCol) }

// Columns returns group columns, grouping columns, aggregates.
func (n *Aggregate) Columns() []Col {
	out := make([]Col, 0, len(n.Groups)+len(n.Grouping)+len(n.Aggs))
	for _, g := range n.Groups {
		out = append(out, g.Col)
	}
	for _, g := range n.Grouping {
		out = append(out, g.Col)
	}
	for i := range n.Aggs {
		a := &n.Aggs[i]
		out = append(out, Col{ID: a.Out, Name: a.Name, T: a.T})
	}
	return out
}

// Columns returns Input's columns, then the calls'.
func (n *Window) Columns() []Col {
	out := append([]Col(nil), n.Input.Columns()...)
	for i := range n.Calls {
		c := &n.Calls[i]
		out = append(out, Col{ID: c.Out, Name: c.Name, T: c.T})
	}
	return out
}
func (n *Sort) Columns() []Col     { return n.Input.Columns() }
func (n *Limit) Columns() []Col    { return n.Input.Columns() }
func (n *Distinct) Columns() []Col { return n.Input.Columns() }
func (n *SetOp) Columns() []Col    { return n.Cols }

// Columns returns Input's columns, then the calls'.
func (n *ProjectSet) Columns() []Col {
	out := append([]Col(nil), n.Input.Columns()...)
	for _, c := range n.Calls {
		out = append(out, c.Cols...)
	}
	return out
}

// Columns returns the calls' columns, then the ordinality.
func (n *FuncScan) Columns() []Col {
	var out []Col
	for _, c := range n.Calls {
		out = append(out, c.Cols...)
	}
	if n.Ordinality != nil {
		out = append(out, *n.Ordinality)
	}
	return out
}
func (n *Shared) Columns() []Col    { return n.Input.Columns() }
func (n *SharedRef) Columns() []Col { return n.Cols }
func (n *Recursive) Columns() []Col { return n.Cols }
func (n *WorkTable) Columns() []Col { return n.Cols }
func (n *MaxOneRow) Columns() []Col { return n.Input.Columns() }

func (n *Scan) Children() []Node          { return nil }
func (n *Values) Children() []Node        { return nil }
func (n *Filter) Children() []Node        { return []Node{n.Input} }
func (n *Project) Children() []Node       { return []Node{n.Input} }
func (n *Join) Children() []Node          { return []Node{n.Left, n.Right} }
func (n *DependentJoin) Children() []Node { return []Node{n.Left, n.Right} }
func (n *Aggregate) Children() []Node     { return []Node{n.Input} }
func (n *Window) Children() []Node        { return []Node{n.Input} }
func (n *Sort) Children() []Node          { return []Node{n.Input} }
func (n *Limit) Children() []Node         { return []Node{n.Input} }
func (n *Distinct) Children() []Node      { return []Node{n.Input} }
func (n *SetOp) Children() []Node         { return n.Inputs }
func (n *ProjectSet) Children() []Node    { return []Node{n.Input} }
func (n *FuncScan) Children() []Node      { return nil }

// Children returns the shared plans in order, then Input.
func (n *Shared) Children() []Node {
	var out []Node
	for _, p := range n.Plans {
		out = append(out, p.Plan)
	}
	return append(out, n.Input)
}
func (n *SharedRef) Children() []Node { return nil }
func (n *Recursive) Children() []Node { return []Node{n.Base, n.Step} }
func (n *WorkTable) Children() []Node { return nil }
func (n *MaxOneRow) Children() []Node { return []Node{n.Input} }

func (n *Scan) WithChildren([]Node) Node   { return n }
func (n *Values) WithChildren([]Node) Node { return n }
func (n *Filter) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *Project) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *Join) WithChildren(c []Node) Node {
	m := *n
	m.Left, m.Right = c[0], c[1]
	return &m
}
func (n *DependentJoin) WithChildren(c []Node) Node {
	m := *n
	m.Left, m.Right = c[0], c[1]
	return &m
}
func (n *Aggregate) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *Window) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *Sort) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *Limit) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *Distinct) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *SetOp) WithChildren(c []Node) Node {
	m := *n
	m.Inputs = c
	return &m
}
func (n *ProjectSet) WithChildren(c []Node) Node {
	m := *n
	m.Input = c[0]
	return &m
}
func (n *FuncScan) WithChildren([]Node) Node { return n }

func (n *Shared) WithChildren(c []Node) Node {
	m := &Shared{Input: c[len(c)-1], Plans: make([]*SharedPlan, len(n.Plans))}
	for i, p := range n.Plans {
		q := *p
		q.Plan = c[i]
		m.Plans[i] = &q
	}
	return m
}
func (n *SharedRef) WithChildren([]Node) Node { return n }
func (n *Recursive) WithChildren(c []Node) Node {
	m := *n
	m.Base, m.Step = c[0], c[1]
	return &m
}
func (n *WorkTable) WithChildren([]Node) Node { return n }
func (n *MaxOneRow) WithChildren(c []Node) Node {
	return &MaxOneRow{c[0]}
}
