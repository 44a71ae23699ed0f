package rule

import (
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

func nullOf(col logical.Col) sql.Value { return sql.NullOf(col.T) }

// inlineShared drops shared plans that nothing reads and puts those with a single
// reader in the reader's place. A plan with volatile functions is computed once
// all the same; a reader inside a recursion or the right side of a dependent join
// reads many times, so it keeps the shared plan.
func inlineShared(c *Context, n logical.Node) logical.Node {
	readers := map[int]int{}
	countReaders(n, 1, readers)
	plans := map[int]logical.Node{}
	var visit func(n logical.Node) logical.Node
	visit = func(n logical.Node) logical.Node {
		switch n := n.(type) {
		case *logical.Shared:
			var keep []*logical.SharedPlan
			for _, p := range n.Plans {
				body := visit(p.Plan)
				if readers[p.ID] <= 1 {
					plans[p.ID] = body
					continue
				}
				q := *p
				q.Plan = body
				keep = append(keep, &q)
			}
			in := visit(n.Input)
			if len(keep) == 0 {
				return in
			}
			return &logical.Shared{Plans: keep, Input: in}
		case *logical.SharedRef:
			body, ok := plans[n.ID]
			if !ok {
				return n
			}
			p := &logical.Project{Input: body}
			for i, col := range body.Columns() {
				p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n.Cols[i], Expr: col.Ref()})
			}
			return p
		}
		return mapChildren(n, visit)
	}
	return visit(n)
}

// countReaders counts references, those that are evaluated repeatedly twice.
func countReaders(n logical.Node, times int, readers map[int]int) {
	switch n := n.(type) {
	case *logical.SharedRef:
		readers[n.ID] += times
		return
	case *logical.Recursive:
		countReaders(n.Base, times, readers)
		countReaders(n.Step, 2, readers)
		return
	case *logical.DependentJoin:
		countReaders(n.Left, times, readers)
		countReaders(n.Right, 2, readers)
		return
	}
	for _, k := range n.Children() {
		countReaders(k, times, readers)
	}
}
