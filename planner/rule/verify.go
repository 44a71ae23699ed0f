package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// Verify checks that every column that a node's expressions refer to is produced
// by its inputs (or by the left side of an enclosing dependent join), and that no
// id is produced twice by different nodes of one input.
func Verify(n logical.Node) *sql.Error { return verify(n, expr.ColSet{}) }

func verify(n logical.Node, outer expr.ColSet) *sql.Error {
	kids := n.Children()
	avail := outer
	for i, c := range kids {
		o := outer
		if d, ok := n.(*logical.DependentJoin); ok && i == 1 {
			o = outer.Union(colSet(d.Left))
		}
		if err := verify(c, o); err != nil {
			return err
		}
		if _, ok := n.(*logical.Shared); ok && i < len(kids)-1 {
			continue
		}
		avail = avail.Union(colSet(c))
	}
	if s, ok := n.(*logical.Scan); ok {
		avail = avail.Union(setOf(s.Cols))
		if len(s.Cols) != len(s.Ords) {
			return sql.Errorf(sql.CodeInternal, "scan of %s has %d columns and %d positions", s.Table.Name, len(s.Cols), len(s.Ords))
		}
	}
	var bad *sql.Error
	visitExprs(n, func(e expr.Expr) {
		if missing := expr.ColsOf(e).Minus(avail); !missing.Empty() && bad == nil {
			bad = sql.Errorf(sql.CodeInternal, "%T refers to column %d, which its input does not produce", n, missing.IDs()[0])
		}
	})
	if bad != nil {
		return bad
	}
	switch n := n.(type) {
	case *logical.Join:
		return disjoint(n, n.Kind, n.Left, n.Right)
	case *logical.DependentJoin:
		return disjoint(n, n.Kind, n.Left, n.Right)
	case *logical.SetOp:
		for _, in := range n.Inputs {
			if len(in.Columns()) != len(n.Cols) {
				return sql.Errorf(sql.CodeInternal, "set operation of %d columns has an input of %d", len(n.Cols), len(in.Columns()))
			}
		}
	case *logical.Values:
		for _, r := range n.Rows {
			if len(r) != len(n.Cols) {
				return sql.Errorf(sql.CodeInternal, "row of %d values for %d columns", len(r), len(n.Cols))
			}
		}
	}
	return nil
}

func disjoint(n logical.Node, _ logical.JoinKind, l, r logical.Node) *sql.Error {
	if both := colSet(l).Intersect(colSet(r)); !both.Empty() {
		return sql.Errorf(sql.CodeInternal, "both inputs of %T produce column %d", n, both.IDs()[0])
	}
	return nil
}

func sameSchema(a, b []logical.Col) *sql.Error {
	if len(a) != len(b) {
		return sql.Errorf(sql.CodeInternal, "plan had %d output columns and has %d", len(a), len(b))
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].T != b[i].T {
			return sql.Errorf(sql.CodeInternal, "output column %d was %d %v and is %d %v", i+1, a[i].ID, a[i].T, b[i].ID, b[i].T)
		}
	}
	return nil
}
