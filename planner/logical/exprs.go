package logical

import "github.com/sluicedb/sluice/expr"

// MapExprs returns n with f applied to every expression of it and of the nodes
// below. Column definitions stay. Unchanged nodes are shared.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	kids := n.Children()
	var changed []Node
	for i, k := range kids {
		m := MapExprs(k, f)
		if m != k && changed == nil {
			changed = append([]Node(nil), kids...)
		}
		if changed != nil {
			changed[i] = m
		}
	}
	if changed != nil {
		n = n.WithChildren(changed)
	}
	return MapOwnExprs(n, f)
}

// MapOwnExprs is MapExprs without the nodes below.
func MapOwnExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	m := mapper{f: f}
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Filter = m.list(n.Filter)
		return m.result(n, &c)
	case *Values:
		c := *n
		c.Rows = make([][]expr.Expr, len(n.Rows))
		for i, row := range n.Rows {
			c.Rows[i] = m.list(row)
		}
		return m.result(n, &c)
	case *Filter:
		c := *n
		c.Conds = m.list(n.Conds)
		return m.result(n, &c)
	case *Project:
		c := *n
		c.Exprs = m.named(n.Exprs)
		return m.result(n, &c)
	case *Join:
		c := *n
		c.On = m.list(n.On)
		return m.result(n, &c)
	case *DependentJoin:
		c := *n
		c.On, c.Guard = m.list(n.On), m.one(n.Guard)
		return m.result(n, &c)
	case *Aggregate:
		c := *n
		c.Groups, c.Aggs = m.named(n.Groups), make([]expr.AggCall, len(n.Aggs))
		for i, a := range n.Aggs {
			a.Args, a.Direct, a.Filter, a.OrderBy = m.list(a.Args), m.list(a.Direct), m.one(a.Filter), m.keys(a.OrderBy)
			c.Aggs[i] = a
		}
		return m.result(n, &c)
	case *Window:
		c := *n
		c.Partition, c.OrderBy = m.list(n.Partition), m.keys(n.OrderBy)
		c.Frame.Start.Offset, c.Frame.End.Offset = m.one(n.Frame.Start.Offset), m.one(n.Frame.End.Offset)
		c.Calls = make([]expr.WindowCall, len(n.Calls))
		for i, w := range n.Calls {
			w.Args, w.Filter = m.list(w.Args), m.one(w.Filter)
			c.Calls[i] = w
		}
		return m.result(n, &c)
	case *Sort:
		c := *n
		c.Keys = m.keys(n.Keys)
		return m.result(n, &c)
	case *Limit:
		c := *n
		c.Count, c.Offset = m.one(n.Count), m.one(n.Offset)
		return m.result(n, &c)
	case *Distinct:
		c := *n
		c.On, c.Order = m.list(n.On), m.keys(n.Order)
		return m.result(n, &c)
	case *ProjectSet:
		c := *n
		c.Calls = m.calls(n.Calls)
		return m.result(n, &c)
	case *FuncScan:
		c := *n
		c.Calls = m.calls(n.Calls)
		return m.result(n, &c)
	}
	return n
}

// mapper applies f and remembers whether anything changed.
type mapper struct {
	f       func(expr.Expr) expr.Expr
	changed bool
}

func (m *mapper) result(old, changed Node) Node {
	if m.changed {
		return changed
	}
	return old
}

func (m *mapper) one(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	x := m.f(e)
	m.changed = m.changed || x != e
	return x
}

func (m *mapper) list(l []expr.Expr) []expr.Expr {
	if l == nil {
		return nil
	}
	out := make([]expr.Expr, len(l))
	for i, e := range l {
		out[i] = m.one(e)
	}
	return out
}

func (m *mapper) named(l []NamedExpr) []NamedExpr {
	out := make([]NamedExpr, len(l))
	for i, e := range l {
		out[i] = NamedExpr{e.Col, m.one(e.Expr)}
	}
	return out
}

func (m *mapper) keys(l []expr.SortKey) []expr.SortKey {
	if l == nil {
		return nil
	}
	out := make([]expr.SortKey, len(l))
	for i, k := range l {
		k.Expr = m.one(k.Expr)
		out[i] = k
	}
	return out
}

func (m *mapper) calls(l []SetCall) []SetCall {
	out := make([]SetCall, len(l))
	for i, c := range l {
		c.Args = m.list(c.Args)
		out[i] = c
	}
	return out
}

// WalkExprs calls f for every expression of n and of the nodes below.
func WalkExprs(n Node, f func(expr.Expr)) {
	MapExprs(n, func(e expr.Expr) expr.Expr {
		f(e)
		return e
	})
}

// Walk calls f for n and the nodes below, parents first.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, k := range n.Children() {
		Walk(k, f)
	}
}

// Free returns the columns that n refers to without producing them: those of the
// queries round a correlated subquery.
func Free(n Node) expr.ColSet {
	var refs, defs expr.ColSet
	WalkExprs(n, func(e expr.Expr) {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Col); ok {
				refs.Add(c.ID)
			}
			return true
		})
	})
	Walk(n, func(n Node) {
		for _, c := range n.Columns() {
			defs.Add(c.ID)
		}
	})
	return refs.Minus(defs)
}
