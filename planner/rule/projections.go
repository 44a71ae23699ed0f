package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
)

// mergeProjections joins a projection with the projection below it and removes
// those that pass on their input unchanged. An expression of the lower one is put
// into the upper only if it is used once there (else it would be computed twice),
// is not volatile, and is not used where the upper evaluates conditionally if it
// can raise the same either way.
func mergeProjections(c *Context, n logical.Node) logical.Node {
	top := n.Columns()
	m := rewrite(n, func(n logical.Node) logical.Node {
		p, ok := n.(*logical.Project)
		if !ok {
			return n
		}
		if q, ok := p.Input.(*logical.Project); ok {
			if merged := mergeTwo(p, q); merged != nil {
				p = merged
			}
		}
		if isIdentity(p) {
			return p.Input
		}
		return p
	})
	// The root keeps its column order.
	cols := m.Columns()
	same := len(cols) == len(top)
	for i := 0; same && i < len(cols); i++ {
		same = cols[i].ID == top[i].ID
	}
	if same {
		return m
	}
	exprs := make([]logical.NamedExpr, len(top))
	for i, col := range top {
		exprs[i] = logical.NamedExpr{Col: col, Expr: col.Ref()}
	}
	return &logical.Project{Input: m, Exprs: exprs}
}

func mergeTwo(p, q *logical.Project) *logical.Project {
	uses := map[expr.ColumnID]int{}
	for _, e := range p.Exprs {
		expr.Walk(e.Expr, func(x expr.Expr) bool {
			if col, ok := x.(*expr.Col); ok {
				uses[col.ID]++
			}
			return true
		})
	}
	m := map[expr.ColumnID]expr.Expr{}
	for _, e := range q.Exprs {
		switch e.Expr.(type) {
		case *expr.Col, *expr.Const:
		default:
			if uses[e.Col.ID] > 1 || volatileExpr(e.Expr) {
				return nil
			}
		}
		m[e.Col.ID] = e.Expr
	}
	out := &logical.Project{Input: q.Input, Exprs: make([]logical.NamedExpr, len(p.Exprs))}
	for i, e := range p.Exprs {
		out.Exprs[i] = logical.NamedExpr{Col: e.Col, Expr: substitute(e.Expr, m)}
	}
	return out
}

// isIdentity reports whether p passes on exactly the columns of its input in order.
func isIdentity(p *logical.Project) bool {
	in := p.Input.Columns()
	if len(in) != len(p.Exprs) {
		return false
	}
	for i, e := range p.Exprs {
		col, ok := e.Expr.(*expr.Col)
		if !ok || col.ID != e.Col.ID || in[i].ID != col.ID {
			return false
		}
	}
	return true
}
