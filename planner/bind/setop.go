package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

var setKinds = map[parse.SetOp]logical.SetKind{parse.Union: logical.Union, parse.Intersect: logical.Intersect, parse.Except: logical.Except}
var setNames = map[parse.SetOp]string{parse.Union: "UNION", parse.Intersect: "INTERSECT", parse.Except: "EXCEPT"}

// setQuery binds a set operation with its ORDER BY and LIMIT.
func (b *binder) setQuery(sel *parse.Select, parent *level, ctes *cteScope) (*boundQuery, error) {
	q, err := b.setTree(sel, parent, ctes)
	if err != nil {
		return nil, err
	}
	return b.sorted(q, sel, parent, ctes, "UNION/INTERSECT/EXCEPT")
}

// sorted adds ORDER BY and LIMIT to a query that has no FROM of its own: only its
// output columns can be sorted by.
func (b *binder) sorted(q *boundQuery, sel *parse.Select, parent *level, ctes *cteScope, what string) (*boundQuery, error) {
	if len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
		return q, nil
	}
	lv := b.newLevel(parent, ctes)
	lv.sel = sel
	p := &selectParts{}
	var cols []nsCol
	for _, c := range q.cols {
		b.owner[c.ID] = lv
		cols = append(cols, nsCol{name: c.Name, col: c})
		p.targets = append(p.targets, target{name: c.Name, expr: c.Ref()})
	}
	lv.items = []*nsItem{{cols: cols, colsVisible: true, lateralOK: true}}
	err := lv.within(inOrderBy, func() (err error) {
		p.order, err = b.orderBy(lv, sel.OrderBy, &p.targets)
		return err
	})
	if err != nil {
		return nil, err
	}
	if n := len(q.cols); len(p.targets) > n {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "invalid %s ORDER BY clause", what).
			WithDetail("Only result column names can be used, not expressions or functions.").
			WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(p.targets[n].pos)
	}
	var keys []expr.SortKey
	for _, o := range p.order {
		keys = append(keys, expr.SortKey{Expr: p.targets[o.target].expr, Desc: o.desc, NullsFirst: o.nullsFirst})
	}
	if len(keys) > 0 {
		q.plan = &logical.Sort{Input: q.plan, Keys: keys}
	}
	if p.offset, err = b.limit(lv, sel.Offset, inOffset, "OFFSET"); err != nil {
		return nil, err
	}
	if p.limit, err = b.limit(lv, sel.Limit, inLimit, "LIMIT"); err != nil {
		return nil, err
	}
	return q, b.addLimit(q, sel, p)
}

// setTree binds the tree of set operations; a branch with clauses of its own is a query.
func (b *binder) setTree(sel *parse.Select, parent *level, ctes *cteScope) (*boundQuery, error) {
	branch := func(s *parse.Select) (*boundQuery, error) {
		if s.SetOp == parse.NoSetOp || len(s.OrderBy) > 0 || s.Limit != nil || s.Offset != nil || s.With != nil || s.Locking {
			return b.query(s, parent, ctes, keepUnknowns)
		}
		return b.setTree(s, parent, ctes)
	}
	left, err := branch(sel.Left)
	if err != nil {
		return nil, err
	}
	right, err := branch(sel.Right)
	if err != nil {
		return nil, err
	}
	return b.combine(sel, left, right)
}

// combine unifies the columns of two branches and makes the operation.
func (b *binder) combine(sel *parse.Select, left, right *boundQuery) (*boundQuery, error) {
	what := setNames[sel.SetOp]
	if len(left.cols) != len(right.cols) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "each %s query must have the same number of columns", what).At(firstPos(sel.Right))
	}
	types := make([]sql.Type, len(left.cols))
	for i := range left.cols {
		l, r := b.branchOperand(left, i), b.branchOperand(right, i)
		r.pos = targetPos(sel.Right, i)
		t, err := b.commonType(what, []operand{l, r})
		if err != nil {
			return nil, err
		}
		if !sel.All || sel.SetOp != parse.Union {
			if err := b.checkEquality(&expr.Const{V: sql.NullOf(t)}, r.pos); err != nil {
				return nil, err
			}
		}
		types[i] = t
	}
	node := &logical.SetOp{Kind: setKinds[sel.SetOp], All: sel.All}
	lp, err := b.convert(left, types, sel.Left)
	if err != nil {
		return nil, err
	}
	rp, err := b.convert(right, types, sel.Right)
	if err != nil {
		return nil, err
	}
	node.Inputs = []logical.Node{lp, rp}
	// A chain of UNION ALL is one node.
	if l, ok := lp.(*logical.SetOp); ok && node.Kind == logical.Union && node.All && l.Kind == logical.Union && l.All {
		node.Inputs = append(l.Inputs[:len(l.Inputs):len(l.Inputs)], rp)
	}
	out := &boundQuery{plan: node}
	for i, t := range types {
		c := b.newCol(nil, left.cols[i].Name, t, left.cols[i].Coll)
		node.Cols, out.cols = append(node.Cols, c), append(out.cols, c)
	}
	return out, nil
}

func firstPos(sel *parse.Select) int { return targetPos(sel, 0) }

// targetPos is where the i-th column of a branch stands.
func targetPos(sel *parse.Select, i int) int {
	for sel.SetOp != parse.NoSetOp {
		sel = sel.Left
	}
	if sel.Values != nil && i < len(sel.Values[0]) {
		return leftmost(sel.Values[0][i])
	}
	if i < len(sel.Targets) {
		return leftmost(sel.Targets[i].Expr)
	}
	if len(sel.Targets) > 0 {
		return leftmost(sel.Targets[0].Expr)
	}
	return 0
}

// branchOperand is a branch's column as a typed operand; an untyped literal is
// itself, so that it can become anything.
func (b *binder) branchOperand(q *boundQuery, i int) operand {
	c := q.cols[i]
	if c.T.OID == sql.OIDUnknown {
		if e := definition(q.plan, c.ID); e != nil {
			return operand{e: e}
		}
	}
	return operand{e: c.Ref()}
}

// definition finds the expression that computes a column, beneath nodes that pass it on.
func definition(n logical.Node, id expr.ColumnID) expr.Expr {
	for n != nil {
		switch x := n.(type) {
		case *logical.Project:
			for _, e := range x.Exprs {
				if e.Col.ID != id {
					continue
				}
				if c, ok := e.Expr.(*expr.Col); ok {
					id = c.ID
					break
				}
				return e.Expr
			}
			n = x.Input
		case *logical.Sort, *logical.Limit, *logical.Distinct, *logical.Filter:
			n = x.Children()[0]
		case *logical.Shared:
			n = x.Input
		default:
			return nil
		}
	}
	return nil
}

// redefine gives the column that definition found another expression and its type.
func redefine(n logical.Node, id expr.ColumnID, e expr.Expr) logical.Node {
	x, ok := n.(*logical.Project)
	if !ok {
		kids := append([]logical.Node(nil), n.Children()...)
		last := len(kids) - 1 // the input, of Shared too
		kids[last] = redefine(kids[last], id, e)
		return n.WithChildren(kids)
	}
	out := &logical.Project{Input: x.Input, Exprs: append([]logical.NamedExpr(nil), x.Exprs...)}
	for i, d := range out.Exprs {
		if d.Col.ID != id {
			continue
		}
		d.Col.T = e.Type()
		if c, ok := d.Expr.(*expr.Col); ok {
			out.Input = redefine(x.Input, c.ID, e)
			k := *c
			k.T = d.Col.T
			d.Expr = &k
		} else {
			d.Expr = e
		}
		out.Exprs[i] = d
		break
	}
	return out
}

// convert gives a branch's columns the types: untyped literals and parameters where
// they stand, others by a projection of casts.
func (b *binder) convert(q *boundQuery, types []sql.Type, sel *parse.Select) (logical.Node, error) {
	p := &logical.Project{}
	changed := false
	plan := q.plan
	for i, c := range q.cols {
		pos := targetPos(sel, i)
		o := b.branchOperand(q, i)
		x, err := b.coerce(o.e, types[i], expr.CastImplicit, pos)
		if err != nil {
			return nil, err
		}
		if c.T.OID == sql.OIDUnknown && o.e.Type().OID == sql.OIDUnknown {
			plan = redefine(plan, c.ID, x)
			c.T = types[i]
			x = c.Ref()
		}
		if k, ok := x.(*expr.Col); ok && k.ID == c.ID {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: x})
			continue
		}
		changed = true
		n := b.newCol(nil, c.Name, types[i], c.Coll)
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: x})
	}
	if !changed {
		return plan, nil
	}
	p.Input = plan
	return p, nil
}

// values binds VALUES lists.
func (b *binder) values(sel *parse.Select, parent *level, ctes *cteScope) (*boundQuery, error) {
	lv := b.newLevel(parent, ctes)
	lv.sel, lv.clause = sel, inValues
	width := len(sel.Values[0])
	rows := make([][]operand, len(sel.Values))
	for i, list := range sel.Values {
		if len(list) != width {
			return nil, sql.Errorf(sql.CodeSyntaxError, "VALUES lists must all be the same length").At(leftmost(list[0]))
		}
		var err error
		if rows[i], err = b.operands(lv, list); err != nil {
			return nil, err
		}
	}
	node := &logical.Values{Rows: make([][]expr.Expr, len(rows))}
	for i := range rows {
		node.Rows[i] = make([]expr.Expr, width)
	}
	q := &boundQuery{plan: node}
	hasSubs := false
	for c := range width {
		column := make([]operand, len(rows))
		for i := range rows {
			column[i] = rows[i][c]
		}
		t, list, err := b.unify("VALUES", column)
		if err != nil {
			return nil, err
		}
		for i, e := range list {
			node.Rows[i][c] = e
		}
		hasSubs = hasSubs || b.hasSubs(lv, list)
		col := b.newCol(lv, "column"+itoa(c+1), t, collationOfAll(list))
		node.Cols = append(node.Cols, col)
	}
	q.cols = node.Cols
	if hasSubs {
		q.plan = b.valuesWithSubs(lv, node)
	}
	return b.sorted(q, sel, parent, ctes, "VALUES")
}

// valuesWithSubs makes each row of its own a projection over its subqueries.
func (b *binder) valuesWithSubs(lv *level, v *logical.Values) logical.Node {
	out := &logical.SetOp{Kind: logical.Union, All: true, Cols: v.Cols}
	for _, row := range v.Rows {
		st := &stage{b: b, lv: lv, plan: &logical.Values{Rows: [][]expr.Expr{{}}}}
		st.attach(row...)
		p := &logical.Project{Input: st.plan}
		for i, e := range row {
			c := v.Cols[i]
			if len(v.Rows) > 1 {
				c = b.newCol(lv, c.Name, c.T, c.Coll)
			}
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: e})
		}
		out.Inputs = append(out.Inputs, p)
	}
	if len(out.Inputs) == 1 {
		return out.Inputs[0]
	}
	return out
}
