package rule

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// visitExprs calls f for each expression of the node itself.
func visitExprs(n logical.Node, f func(expr.Expr)) {
	all := func(list []expr.Expr) {
		for _, e := range list {
			f(e)
		}
	}
	keys := func(list []expr.SortKey) {
		for _, k := range list {
			f(k.Expr)
		}
	}
	opt := func(e expr.Expr) {
		if e != nil {
			f(e)
		}
	}
	switch n := n.(type) {
	case *logical.Scan:
		all(n.Filter)
	case *logical.Values:
		for _, r := range n.Rows {
			all(r)
		}
	case *logical.Filter:
		all(n.Conds)
	case *logical.Project:
		for _, e := range n.Exprs {
			f(e.Expr)
		}
	case *logical.Join:
		all(n.On)
	case *logical.DependentJoin:
		all(n.On)
		opt(n.Guard)
	case *logical.Aggregate:
		for _, g := range n.Groups {
			f(g.Expr)
		}
		for i := range n.Aggs {
			a := &n.Aggs[i]
			all(a.Args)
			all(a.Direct)
			opt(a.Filter)
			keys(a.OrderBy)
		}
	case *logical.Window:
		all(n.Partition)
		keys(n.OrderBy)
		opt(n.Frame.Start.Offset)
		opt(n.Frame.End.Offset)
		for i := range n.Calls {
			all(n.Calls[i].Args)
			opt(n.Calls[i].Filter)
		}
	case *logical.Sort:
		keys(n.Keys)
	case *logical.Limit:
		opt(n.Count)
		opt(n.Offset)
	case *logical.Distinct:
		all(n.On)
		keys(n.Order)
	case *logical.ProjectSet:
		for _, c := range n.Calls {
			all(c.Args)
		}
	case *logical.FuncScan:
		for _, c := range n.Calls {
			all(c.Args)
		}
	}
}

// mapExprs returns the node with f applied to each of its own expressions; n
// itself if f changed none.
func mapExprs(n logical.Node, f func(expr.Expr) expr.Expr) logical.Node {
	changed := false
	g := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		r := f(e)
		changed = changed || r != e
		return r
	}
	all := func(list []expr.Expr) []expr.Expr {
		out := slices.Clone(list)
		for i := range out {
			out[i] = g(out[i])
		}
		return out
	}
	keys := func(list []expr.SortKey) []expr.SortKey {
		out := slices.Clone(list)
		for i := range out {
			out[i].Expr = g(out[i].Expr)
		}
		return out
	}
	setCalls := func(list []logical.SetCall) []logical.SetCall {
		out := slices.Clone(list)
		for i := range out {
			out[i].Args = all(out[i].Args)
		}
		return out
	}
	var r logical.Node
	switch n := n.(type) {
	case *logical.Scan:
		m := *n
		m.Filter = all(n.Filter)
		r = &m
	case *logical.Values:
		m := *n
		m.Rows = slices.Clone(n.Rows)
		for i := range m.Rows {
			m.Rows[i] = all(m.Rows[i])
		}
		r = &m
	case *logical.Filter:
		m := *n
		m.Conds = all(n.Conds)
		r = &m
	case *logical.Project:
		m := *n
		m.Exprs = slices.Clone(n.Exprs)
		for i := range m.Exprs {
			m.Exprs[i].Expr = g(m.Exprs[i].Expr)
		}
		r = &m
	case *logical.Join:
		m := *n
		m.On = all(n.On)
		r = &m
	case *logical.DependentJoin:
		m := *n
		m.On = all(n.On)
		m.Guard = g(n.Guard)
		r = &m
	case *logical.Aggregate:
		m := *n
		m.Groups = slices.Clone(n.Groups)
		for i := range m.Groups {
			m.Groups[i].Expr = g(m.Groups[i].Expr)
		}
		m.Aggs = slices.Clone(n.Aggs)
		for i := range m.Aggs {
			a := &m.Aggs[i]
			a.Args, a.Direct, a.Filter, a.OrderBy = all(a.Args), all(a.Direct), g(a.Filter), keys(a.OrderBy)
		}
		r = &m
	case *logical.Window:
		m := *n
		m.Partition = all(n.Partition)
		m.OrderBy = keys(n.OrderBy)
		m.Frame.Start.Offset = g(n.Frame.Start.Offset)
		m.Frame.End.Offset = g(n.Frame.End.Offset)
		m.Calls = slices.Clone(n.Calls)
		for i := range m.Calls {
			m.Calls[i].Args, m.Calls[i].Filter = all(m.Calls[i].Args), g(m.Calls[i].Filter)
		}
		r = &m
	case *logical.Sort:
		m := *n
		m.Keys = keys(n.Keys)
		r = &m
	case *logical.Limit:
		m := *n
		m.Count, m.Offset = g(n.Count), g(n.Offset)
		r = &m
	case *logical.Distinct:
		m := *n
		if n.On != nil {
			m.On = all(n.On)
		}
		m.Order = keys(n.Order)
		r = &m
	case *logical.ProjectSet:
		m := *n
		m.Calls = setCalls(n.Calls)
		r = &m
	case *logical.FuncScan:
		m := *n
		m.Calls = setCalls(n.Calls)
		r = &m
	default:
		return n
	}
	if !changed {
		return n
	}
	return r
}
