package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// inferPredicates carries conditions about one column over join equalities: from
// a = b and a < 5 follows b < 5. Across a left join only from the preserved to the
// other side, and across an anti join likewise.
//
// Only between columns of one type and collation, whose equal values no condition
// can tell apart: not text of different collations, and not general numerics,
// floats or bpchar, where equal values can differ (1.0 and 1.00, -0 and 0).
func inferPredicates(c *Context, n logical.Node) logical.Node {
	m, _ := infer(n)
	return m
}

// fact is a condition over exactly one column that holds for a node's output.
type fact struct {
	col  expr.ColumnID
	cond expr.Expr
}

// facts are conditions that hold for a node's output, and column equalities.
type facts struct{ list []fact }

func (f *facts) add(conds []expr.Expr) {
	for _, c := range conds {
		ids := expr.ColsOf(c)
		if ids.Len() == 1 && !canRaise(c) {
			f.list = append(f.list, fact{ids.IDs()[0], c})
		}
	}
}

func (f *facts) has(c expr.Expr) bool {
	for _, x := range f.list {
		if Equal(x.cond, c) {
			return true
		}
	}
	return false
}

func infer(n logical.Node) (logical.Node, *facts) {
	switch n := n.(type) {
	case *logical.Scan:
		f := &facts{}
		f.add(n.Filter)
		return n, f
	case *logical.Filter:
		in, f := infer(n.Input)
		f.add(n.Conds)
		return with1(n, in), f
	case *logical.Project:
		in, f := infer(n.Input)
		out := &facts{}
		for _, e := range n.Exprs {
			col, ok := e.Expr.(*expr.Col)
			if !ok {
				continue
			}
			for _, x := range f.list {
				if x.col == col.ID {
					out.list = append(out.list, fact{e.Col.ID, substitute(x.cond, map[expr.ColumnID]expr.Expr{col.ID: e.Col.Ref()})})
				}
			}
		}
		return with1(n, in), out
	case *logical.Sort, *logical.Distinct, *logical.Limit, *logical.Window:
		in, f := infer(n.Children()[0])
		return with1(n, in), f
	case *logical.Aggregate:
		in, f := infer(n.Input)
		out := &facts{}
		for i, g := range n.Groups {
			col, ok := g.Expr.(*expr.Col)
			if !ok || !inAllSets(n.Sets, i) {
				continue
			}
			for _, x := range f.list {
				if x.col == col.ID {
					out.list = append(out.list, fact{g.Col.ID, substitute(x.cond, map[expr.ColumnID]expr.Expr{col.ID: g.Col.Ref()})})
				}
			}
		}
		return with1(n, in), out
	case *logical.Join:
		return inferJoin(n)
	case *logical.DependentJoin:
		m := *n
		var f *facts
		m.Left, f = infer(n.Left)
		m.Right, _ = infer(n.Right)
		if m.Left == n.Left && m.Right == n.Right {
			return n, f
		}
		return &m, f
	}
	return mapChildren(n, func(k logical.Node) logical.Node { m, _ := infer(k); return m }), &facts{}
}

func inferJoin(n *logical.Join) (logical.Node, *facts) {
	left, lf := infer(n.Left)
	right, rf := infer(n.Right)
	var toLeft, toRight []expr.Expr
	if n.Kind != logical.Full && n.Kind != logical.Mark {
		rcols := colSet(right)
		for _, e := range n.On {
			a, b, _, ok := colEquality(e)
			if !ok || !interchangeable(a) {
				continue
			}
			if rcols.Has(a.ID) {
				a, b = b, a
			}
			if !rcols.Has(b.ID) || rcols.Has(a.ID) {
				continue
			}
			toRight = append(toRight, carry(lf, rf, a, b)...)
			if n.Kind == logical.Inner || n.Kind == logical.Semi {
				toLeft = append(toLeft, carry(rf, lf, b, a)...)
			}
		}
	}
	lf.add(toLeft)
	rf.add(toRight)
	m := *n
	m.Left, m.Right = withFilter(left, toLeft), withFilter(right, toRight)
	out := lf
	switch n.Kind {
	case logical.Inner:
		out = &facts{list: append(append([]fact(nil), lf.list...), rf.list...)}
		out.add(n.On)
	case logical.Full:
		out = &facts{}
	}
	if m.Left == n.Left && m.Right == n.Right {
		return n, out
	}
	return &m, out
}

// interchangeable reports whether equal values of the column's type are identical.
func interchangeable(c *expr.Col) bool {
	switch c.T.OID {
	case sql.OIDFloat4, sql.OIDFloat8, sql.OIDBpchar, sql.OIDInterval, sql.OIDTimetz, sql.OIDJSONB:
		return false
	case sql.OIDNumeric:
		return c.T.Dec.Static()
	}
	return !c.T.IsArray() && c.T.OID != sql.OIDRecord
}

// carry returns what is known about a in from, said of b, as far as to does not have it.
func carry(from, to *facts, a, b *expr.Col) []expr.Expr {
	var out []expr.Expr
	for _, x := range from.list {
		if x.col != a.ID {
			continue
		}
		// The join's equality itself says that b is not NULL.
		if t, ok := x.cond.(*expr.IsNull); ok && t.Test == expr.TestNotNull {
			continue
		}
		c := substitute(x.cond, map[expr.ColumnID]expr.Expr{a.ID: b})
		if !to.has(c) && !containsExpr(out, c) {
			out = append(out, c)
		}
	}
	return out
}
