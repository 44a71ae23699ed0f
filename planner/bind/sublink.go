package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// sublink is a subquery of an expression. The expression refers to its result by a
// column; a join that makes the column is put beneath the expression when the plan
// is built.
type sublink struct {
	kind  parse.SubKind // SubScalar, SubExists, SubAny (ALL is NOT ANY of the negation), SubArray
	plan  logical.Node
	on    []expr.Expr
	out   logical.Col
	guard expr.Expr // nil: always evaluated
	// grouped is set once its references to this level's columns are those of the
	// grouped rows.
	grouped bool
}

// subFree returns the columns of outer plans that a subquery needs.
func (b *binder) subFree(s *sublink) expr.ColSet {
	free := logical.Free(s.plan)
	own := columnsOf(s.plan)
	for _, e := range s.on {
		free = free.Union(expr.ColsOf(e).Minus(own))
	}
	return free
}

// subsOf returns the subqueries of the level that expressions refer to.
func (b *binder) subsOf(lv *level, list []expr.Expr) []*sublink {
	var out []*sublink
	for _, e := range list {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Col); ok {
				if s := lv.subs[c.ID]; s != nil {
					out = append(out, s)
				}
			}
			return true
		})
	}
	return out
}

func (b *binder) hasSubs(lv *level, list []expr.Expr) bool { return len(b.subsOf(lv, list)) > 0 }

// subQuery binds the query of a subquery.
func (b *binder) subQuery(lv *level, s *parse.SubLink) (*sublink, *boundQuery, error) {
	sel, ok := s.Query.(*parse.Select)
	if !ok {
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "a subquery must be a query").At(s.Pos())
	}
	switch lv.clause {
	case inCheck:
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "cannot use subquery in check constraint").At(s.Pos())
	case inDefault:
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "cannot use subquery in DEFAULT expression").At(s.Pos())
	}
	lateral := lv.lateral
	guards := lv.guards
	b.subs++
	q, err := b.query(sel, lv, lv.ctes, resolveUnknowns)
	b.subs--
	lv.lateral, lv.guards = lateral, guards
	if err != nil {
		return nil, nil, err
	}
	return &sublink{kind: s.Kind, plan: q.plan, guard: guardOf(lv.guards)}, q, nil
}

// subLink binds a subquery in an expression.
func (b *binder) subLink(lv *level, s *parse.SubLink) (expr.Expr, error) {
	sub, q, err := b.subQuery(lv, s)
	if err != nil {
		return nil, err
	}
	switch s.Kind {
	case parse.SubExists:
		return b.addSub(lv, sub, sql.Bool), nil
	case parse.SubAny, parse.SubAll:
		return b.quantified(lv, s, sub, q)
	}
	if len(q.cols) != 1 {
		return nil, sql.Errorf(sql.CodeSyntaxError, "subquery must return only one column").At(s.Pos())
	}
	c := q.cols[0]
	if s.Kind == parse.SubArray {
		return b.arrayOfQuery(lv, s, sub, c)
	}
	// The subquery's own column is the result: a join passes it up.
	if q.plan = b.only(q); len(q.plan.Columns()) > 0 {
		sub.plan = q.plan
	}
	sub.out = c
	b.owner[c.ID] = lv
	delete(b.origins, c.ID) // a subquery's value is no table's column
	lv.subs[c.ID] = sub
	return c.Ref(), nil
}

// only drops columns that are not visible.
func (b *binder) only(q *boundQuery) logical.Node {
	if len(q.plan.Columns()) == len(q.cols) {
		return q.plan
	}
	p := &logical.Project{Input: q.plan}
	for _, c := range q.cols {
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: c.Ref()})
	}
	return p
}

// addSub gives a subquery a result column and registers it.
func (b *binder) addSub(lv *level, s *sublink, t sql.Type) *expr.Col {
	s.out = b.newCol(lv, "", t, expr.CollDefault)
	lv.subs[s.out.ID] = s
	return s.out.Ref()
}

// quantified binds x op ANY|ALL (query); x may be a row.
func (b *binder) quantified(lv *level, s *parse.SubLink, sub *sublink, q *boundQuery) (expr.Expr, error) {
	tests := []parse.Expr{s.Test}
	if row, ok := s.Test.(*parse.RowExpr); ok {
		tests = row.Fields
	}
	left, err := b.operands(lv, tests)
	if err != nil {
		return nil, err
	}
	if len(left) < len(q.cols) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "subquery has too many columns").At(s.Pos())
	}
	if len(left) > len(q.cols) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "subquery has too few columns").At(s.Pos())
	}
	right := make([]operand, len(q.cols))
	for i, c := range q.cols {
		right[i] = operand{e: c.Ref(), pos: s.Pos()}
	}
	cond, err := b.compareRows("", s.Op, left, right, s.Pos(), true)
	if err != nil {
		return nil, err
	}
	sub.kind = parse.SubAny
	if s.Kind == parse.SubAll {
		sub.on = []expr.Expr{negate(cond)}
		return &expr.Not{Arg: b.addSub(lv, sub, sql.Bool)}, nil
	}
	sub.on = expr.Conjuncts(cond)
	return b.addSub(lv, sub, sql.Bool), nil
}

// negate is NOT e.
func negate(e expr.Expr) expr.Expr {
	if n, ok := e.(*expr.Not); ok {
		return n.Arg
	}
	return &expr.Not{Arg: e}
}

// arrayOfQuery makes ARRAY(query): array_agg over the rows, {} of none.
func (b *binder) arrayOfQuery(lv *level, s *parse.SubLink, sub *sublink, c logical.Col) (expr.Expr, error) {
	f, err := b.function([]string{"pg_catalog", "array_agg"}, []operand{{e: c.Ref(), pos: s.Pos()}}, callOptions{pos: s.Pos(), noSRF: true})
	if err != nil || f.agg == nil {
		return nil, sql.Errorf(sql.CodeUndefinedObject, "could not find array type for data type %s", sql.FormatType(c.T.OID, -1)).At(s.Pos())
	}
	out := b.newCol(lv, "array", f.typ, c.Coll)
	call := expr.AggCall{Fn: f.agg, Args: f.args, T: f.typ, Out: out.ID, Name: "array", Pos: s.Pos()}
	sub.plan, call.OrderBy = ordered(sub.plan)
	sub.plan = &logical.Aggregate{Input: sub.plan, Aggs: []expr.AggCall{call}}
	sub.kind, sub.out = parse.SubScalar, out
	lv.subs[out.ID] = sub
	empty := &expr.Const{V: sql.Value{Type: f.typ, List: []sql.Value{}}}
	return &expr.Coalesce{Args: []expr.Expr{out.Ref(), empty}, T: f.typ}, nil
}

// ordered returns a query's plan with the keys that order it, which an aggregate over
// it has to follow; the plan may have more columns than before.
func ordered(n logical.Node) (logical.Node, []expr.SortKey) {
	in := n
	if p, ok := n.(*logical.Project); ok {
		for _, e := range p.Exprs {
			if c, ok := e.Expr.(*expr.Col); !ok || c.ID != e.Col.ID {
				return n, nil
			}
		}
		in = p.Input
	}
	switch x := in.(type) {
	case *logical.Sort:
		return x.Input, x.Keys
	case *logical.Limit:
		if s, ok := x.Input.(*logical.Sort); ok {
			return x, s.Keys
		}
	}
	return n, nil
}

// guardOf is the conjunction of what must hold.
func guardOf(list []expr.Expr) expr.Expr { return expr.AndOf(append([]expr.Expr(nil), list...)) }

// withGuard binds f where it is evaluated only if cond holds.
func (lv *level) withGuard(cond expr.Expr, f func() error) error {
	n := len(lv.guards)
	lv.guards = append(lv.guards[:n:n], cond)
	err := f()
	lv.guards = lv.guards[:n]
	return err
}

// stage builds a plan upwards; it puts the joins of subqueries beneath the
// expressions that need them.
type stage struct {
	b    *binder
	lv   *level
	plan logical.Node
	have expr.ColSet // subqueries' columns in plan
}

// attach joins the subqueries that the expressions refer to, once each.
func (s *stage) attach(list ...expr.Expr) {
	for _, sub := range s.b.subsOf(s.lv, list) {
		if s.have.Has(sub.out.ID) {
			continue
		}
		s.have.Add(sub.out.ID)
		s.attach(sub.on...)
		if sub.guard != nil {
			s.attach(sub.guard)
		}
		s.join(sub)
	}
}

func (s *stage) join(sub *sublink) {
	kind := logical.Mark
	if sub.kind == parse.SubScalar {
		kind = logical.Single
	}
	correlated := s.b.correlated(sub)
	guarded := sub.guard != nil && (correlated || mayRaise(sub.plan))
	switch {
	case correlated || guarded:
		j := &logical.DependentJoin{Kind: kind, Left: s.plan, Right: sub.plan, On: sub.on, MarkCol: sub.out}
		if guarded {
			j.Guard = sub.guard
		}
		if kind == logical.Single {
			j.MarkCol = logical.Col{}
		}
		s.plan = j
	case kind == logical.Single:
		s.plan = &logical.Join{Kind: logical.Inner, Left: s.plan, Right: &logical.MaxOneRow{Input: sub.plan}}
	default:
		s.plan = &logical.Join{Kind: logical.Mark, Left: s.plan, Right: sub.plan, On: sub.on, MarkCol: sub.out}
	}
}

// correlated reports whether a subquery's plan refers to columns of this level: those of
// further levels come from above both sides of the join.
func (b *binder) correlated(sub *sublink) bool {
	owner := b.owner[sub.out.ID]
	for _, id := range logical.Free(sub.plan).IDs() {
		if b.owner[id] == owner {
			return true
		}
	}
	return false
}

// mayRaise reports whether evaluating a plan for nothing could raise an error.
func mayRaise(n logical.Node) bool {
	raises := false
	logical.Walk(n, func(n logical.Node) {
		switch n.(type) {
		case *logical.MaxOneRow, *logical.FuncScan, *logical.ProjectSet:
			raises = true
		case *logical.DependentJoin, *logical.Join:
			if j, ok := n.(*logical.DependentJoin); ok && j.Kind == logical.Single {
				raises = true
			}
		}
	})
	logical.WalkExprs(n, func(e expr.Expr) {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Call); ok && c.Fn.Raises {
				raises = true
			}
			return !raises
		})
	})
	return raises
}

// filter adds conditions, top-level EXISTS and IN as semi- and antijoins.
func (s *stage) filter(conds []expr.Expr) {
	var pending []expr.Expr
	flush := func() {
		if len(pending) > 0 {
			s.plan = &logical.Filter{Input: s.plan, Conds: pending}
			pending = nil
		}
	}
	for _, e := range conds {
		sub, kind := s.semi(e)
		switch {
		case sub != nil:
			flush()
			s.attach(sub.on...)
			if s.b.correlated(sub) {
				s.plan = &logical.DependentJoin{Kind: kind, Left: s.plan, Right: sub.plan, On: sub.on}
			} else {
				s.plan = &logical.Join{Kind: kind, Left: s.plan, Right: sub.plan, On: sub.on}
			}
			continue
		case s.b.hasSubs(s.lv, []expr.Expr{e}):
			flush()
			s.attach(e)
		}
		pending = append(pending, e)
	}
	flush()
}

// semi recognises a condition that is a subquery's truth alone: EXISTS, IN, ANY as a
// semijoin, NOT EXISTS as an antijoin. NOT IN asks whether the result is false, not
// only whether it is not true, and stays a mark.
func (s *stage) semi(e expr.Expr) (*sublink, logical.JoinKind) {
	kind := logical.Semi
	not, ok := e.(*expr.Not)
	if ok {
		e, kind = not.Arg, logical.Anti
	}
	c, ok := e.(*expr.Col)
	if !ok {
		return nil, 0
	}
	sub := s.lv.subs[c.ID]
	if sub == nil || sub.guard != nil || s.have.Has(sub.out.ID) {
		return nil, 0
	}
	switch {
	case sub.kind == parse.SubExists, sub.kind == parse.SubAny && kind == logical.Semi:
		return sub, kind
	}
	return nil, 0
}
