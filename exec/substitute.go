package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

// substitution replaces references to columns of an enclosing row by its values.
type substitution map[expr.ColumnID]sql.Value

func (s substitution) expr(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Col); ok {
			if v, ok := s[c.ID]; ok {
				v.Type = c.T
				return &expr.Const{V: v}
			}
		}
		return x
	})
}

func (s substitution) list(in []expr.Expr) []expr.Expr {
	if in == nil {
		return nil
	}
	out := make([]expr.Expr, len(in))
	for i, e := range in {
		out[i] = s.expr(e)
	}
	return out
}

func (s substitution) setCalls(in []logical.SetCall) []logical.SetCall {
	out := append([]logical.SetCall(nil), in...)
	for i := range out {
		out[i].Args = s.list(out[i].Args)
	}
	return out
}

func (s substitution) orderBy(in []expr.SortKey) []expr.SortKey {
	out := append([]expr.SortKey(nil), in...)
	for i := range out {
		out[i].Expr = s.expr(out[i].Expr)
	}
	return out
}

// node copies a plan with the references replaced.
func (s substitution) node(n physical.Node) physical.Node {
	switch n := n.(type) {
	case *physical.TableScan:
		m := *n
		m.Filter = s.list(n.Filter)
		return &m
	case *physical.VirtualScan:
		m := *n
		m.Filter = s.list(n.Filter)
		return &m
	case *physical.Values:
		m := *n
		m.Rows = make([][]expr.Expr, len(n.Rows))
		for i, r := range n.Rows {
			m.Rows[i] = s.list(r)
		}
		return &m
	case *physical.Filter:
		m := *n
		m.Input, m.Conds = s.node(n.Input), s.list(n.Conds)
		return &m
	case *physical.Project:
		m := *n
		m.Input, m.Exprs = s.node(n.Input), s.list(n.Exprs)
		return &m
	case *physical.HashJoin:
		m := *n
		m.Probe, m.Build, m.Residual = s.node(n.Probe), s.node(n.Build), s.list(n.Residual)
		return &m
	case *physical.NestedLoop:
		m := *n
		m.Probe, m.Build, m.On = s.node(n.Probe), s.node(n.Build), s.list(n.On)
		return &m
	case *physical.Aggregate:
		m := *n
		m.Input = s.node(n.Input)
		m.Aggs = append([]expr.AggCall(nil), n.Aggs...)
		for i := range m.Aggs {
			a := &m.Aggs[i]
			a.Args, a.Direct, a.OrderBy = s.list(a.Args), s.list(a.Direct), s.orderBy(a.OrderBy)
			a.Filter = s.expr(a.Filter)
		}
		return &m
	case *physical.Sort:
		m := *n
		m.Input = s.node(n.Input)
		return &m
	case *physical.Limit:
		m := *n
		m.Input, m.CountOf, m.OffsetOf = s.node(n.Input), s.expr(n.CountOf), s.expr(n.OffsetOf)
		return &m
	case *physical.DistinctOn:
		m := *n
		m.Input = s.node(n.Input)
		return &m
	case *physical.Append:
		m := *n
		m.Inputs = make([]physical.Node, len(n.Inputs))
		for i, c := range n.Inputs {
			m.Inputs[i] = s.node(c)
		}
		return &m
	case *physical.HashSetOp:
		m := *n
		m.Left, m.Right = s.node(n.Left), s.node(n.Right)
		return &m
	case *physical.Window:
		m := *n
		m.Input = s.node(n.Input)
		m.Frame.Start.Offset, m.Frame.End.Offset = s.expr(n.Frame.Start.Offset), s.expr(n.Frame.End.Offset)
		m.Calls = append([]expr.WindowCall(nil), n.Calls...)
		for i := range m.Calls {
			m.Calls[i].Args, m.Calls[i].Filter = s.list(m.Calls[i].Args), s.expr(m.Calls[i].Filter)
		}
		return &m
	case *physical.ProjectSet:
		m := *n
		m.Input, m.Calls = s.node(n.Input), s.setCalls(n.Calls)
		return &m
	case *physical.FuncScan:
		m := *n
		m.Calls = s.setCalls(n.Calls)
		return &m
	case *physical.Shared:
		m := *n
		m.Input = s.node(n.Input)
		m.Plans = append([]physical.SharedPlan(nil), n.Plans...)
		for i := range m.Plans {
			m.Plans[i].Plan = s.node(m.Plans[i].Plan)
		}
		return &m
	case *physical.SharedRef:
		m := *n
		m.Filter = s.list(n.Filter)
		return &m
	case *physical.Recursive:
		m := *n
		m.BaseInput, m.Step = s.node(n.BaseInput), s.node(n.Step)
		return &m
	case *physical.MaxOneRow:
		m := *n
		m.Input = s.node(n.Input)
		return &m
	case *physical.Apply:
		m := *n
		m.Left, m.Right, m.On = s.node(n.Left), s.node(n.Right), s.list(n.On)
		m.Guard = s.expr(n.Guard)
		return &m
	}
	return n
}
