package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// markToSemi turns a mark join whose mark is only filtered on into a semi or anti
// join: Filter(m)(Mark m) is Semi, Filter(NOT m)(Mark m) is Anti.
//
// NOT m is Anti only if the mark cannot be NULL, that is without On (NOT EXISTS)
// or if On's conditions are about columns that cannot be NULL. Counter-example:
// 1 NOT IN (SELECT NULL) is NULL, so the row goes; an anti join would keep it.
// Such joins stay mark joins, which the executor answers by a look-up as well.
func markToSemi(c *Context, root logical.Node) logical.Node {
	uses := map[expr.ColumnID]int{}
	walk(root, func(n logical.Node) {
		visitExprs(n, func(e expr.Expr) {
			expr.Walk(e, func(x expr.Expr) bool {
				if col, ok := x.(*expr.Col); ok {
					uses[col.ID]++
				}
				return true
			})
		})
	})
	for _, col := range root.Columns() {
		uses[col.ID]++
	}
	var visit func(n logical.Node) logical.Node
	visit = func(n logical.Node) logical.Node {
		n = mapChildren(n, visit)
		f, ok := n.(*logical.Filter)
		if !ok {
			return n
		}
		input := f.Input
		var rest []expr.Expr
		for _, cond := range f.Conds {
			id, negated := markCond(cond)
			if id != 0 && uses[id] == 1 {
				if in, ok := replaceMark(input, id, negated); ok {
					input = in
					continue
				}
			}
			rest = append(rest, cond)
		}
		if len(rest) == len(f.Conds) {
			return n
		}
		return withFilter(input, rest)
	}
	return visit(root)
}

// markCond returns the column of a condition of the form m or NOT m.
func markCond(e expr.Expr) (id expr.ColumnID, negated bool) {
	switch x := e.(type) {
	case *expr.Col:
		return x.ID, false
	case *expr.IsNull:
		if col, ok := x.Arg.(*expr.Col); ok && x.Test == expr.TestTrue {
			return col.ID, false
		}
	case *expr.Not:
		if col, ok := x.Arg.(*expr.Col); ok {
			return col.ID, true
		}
	}
	return 0, false
}

// replaceMark looks for the join that makes mark id down the preserved sides.
func replaceMark(n logical.Node, id expr.ColumnID, negated bool) (logical.Node, bool) {
	kind := logical.Semi
	if negated {
		kind = logical.Anti
	}
	switch x := n.(type) {
	case *logical.Filter:
		if in, ok := replaceMark(x.Input, id, negated); ok {
			return &logical.Filter{Input: in, Conds: x.Conds}, true
		}
	case *logical.Join:
		if x.Kind == logical.Mark && x.MarkCol.ID == id {
			on, ok := semiConds(x.On, x.Left, x.Right, negated)
			return &logical.Join{Kind: kind, Left: x.Left, Right: x.Right, On: on}, ok
		}
		if x.Kind != logical.Inner && x.Kind != logical.Full {
			if in, ok := replaceMark(x.Left, id, negated); ok {
				m := *x
				m.Left = in
				return &m, true
			}
		}
	case *logical.DependentJoin:
		if x.Kind == logical.Mark && x.MarkCol.ID == id && (x.Guard == nil || !negated) {
			on, ok := semiConds(x.On, x.Left, x.Right, negated)
			return &logical.DependentJoin{Kind: kind, Left: x.Left, Right: x.Right, On: on, Guard: x.Guard}, ok
		}
		if x.Kind != logical.Inner {
			if in, ok := replaceMark(x.Left, id, negated); ok {
				m := *x
				m.Left = in
				return &m, true
			}
		}
	}
	return n, false
}

// semiConds returns On for a semi or anti join in place of a mark join.
func semiConds(on []expr.Expr, left, right logical.Node, negated bool) ([]expr.Expr, bool) {
	out := make([]expr.Expr, len(on))
	for i, e := range on {
		if t, ok := e.(*expr.IsNull); ok && t.Test == expr.TestTrue {
			out[i] = t.Arg // a condition that is never NULL
			continue
		}
		out[i] = e
		if negated && !neverNull(e, notNull(left).Union(notNull(right))) {
			return nil, false
		}
	}
	return out, true
}

// neverNull reports whether a condition cannot be NULL, given columns that are not.
func neverNull(e expr.Expr, known expr.ColSet) bool {
	switch x := e.(type) {
	case *expr.Col:
		return known.Has(x.ID)
	case *expr.Const:
		return !x.V.Null
	case *expr.IsNull:
		return true
	case *expr.Call:
		// Of the functions only comparisons are known to answer for all values.
		switch x.Fn.Name {
		case "=", "<>", "<", "<=", ">", ">=":
		default:
			return false
		}
		if x.Fn.Kind != expr.KindOperator || len(x.Args) != 2 || x.Args[0].Type().OID == sql.OIDRecord {
			return false
		}
		return neverNull(x.Args[0], known) && neverNull(x.Args[1], known)
	case *expr.Logic, *expr.Not:
		for _, a := range e.Children() {
			if !neverNull(a, known) {
				return false
			}
		}
		return true
	}
	return false
}

// notNull returns output columns of n that cannot be NULL: those for which a
// condition below is true and would not be, were they NULL. A catalog's NOT NULL
// counts only for computed relations: files need not keep it.
func notNull(n logical.Node) expr.ColSet {
	switch n := n.(type) {
	case *logical.Filter:
		s := notNull(n.Input)
		for _, c := range n.Conds {
			s = s.Union(nullRejecting(c))
		}
		return s.Intersect(colSet(n))
	case *logical.Scan:
		var s expr.ColSet
		for _, c := range n.Filter {
			s = s.Union(nullRejecting(c))
		}
		return s.Intersect(colSet(n))
	case *logical.Project:
		in := notNull(n.Input)
		var s expr.ColSet
		for _, e := range n.Exprs {
			if neverNull(e.Expr, in) {
				s.Add(e.Col.ID)
			}
		}
		return s
	case *logical.Join:
		s := notNull(n.Left)
		if n.Kind == logical.Full {
			return expr.ColSet{}
		}
		if n.Kind == logical.Inner {
			s = s.Union(notNull(n.Right))
			for _, c := range n.On {
				s = s.Union(nullRejecting(c))
			}
		}
		return s.Intersect(colSet(n))
	case *logical.DependentJoin:
		if n.Kind != logical.Full {
			return notNull(n.Left)
		}
	case *logical.Aggregate:
		if n.Sets != nil {
			break
		}
		in := notNull(n.Input)
		var s expr.ColSet
		for _, g := range n.Groups {
			if neverNull(g.Expr, in) {
				s.Add(g.Col.ID)
			}
		}
		for i := range n.Aggs {
			if !n.Aggs[i].Fn.EmptyIsNull && n.Aggs[i].Fn.Name == "count" {
				s.Add(n.Aggs[i].Out)
			}
		}
		return s
	case *logical.Sort, *logical.Limit, *logical.Distinct:
		return notNull(n.Children()[0])
	}
	return expr.ColSet{}
}
