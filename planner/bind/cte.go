package bind

import (
	"strconv"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

func itoa(n int) string { return strconv.Itoa(n) }

// cteState is how far a common table expression is bound.
type cteState uint8

const (
	cteNew    cteState = iota
	cteInBase          // the non-recursive term, or the whole query, is being bound
	cteInStep          // the recursive term is being bound
	cteBound
)

// cte is a common table expression.
type cte struct {
	id     int
	name   string
	def    *parse.CTE
	parent *level
	scope  *cteScope // what its query sees
	state  cteState
	plan   logical.Node
	cols   []logical.Col
	refs   int  // from other places than its own recursive term
	inBase bool // refers to itself in its non-recursive term
	self   int  // references in its recursive term
	subs   int  // the binder's depths where the recursive term began
	outer  int
	begun  int // CTEs whose binding began before
}

// cteScope is a chain of visible CTEs, the innermost first.
type cteScope struct {
	cte  *cte
	next *cteScope
}

func (s *cteScope) find(name string) *cte {
	for ; s != nil; s = s.next {
		if s.cte.name == name {
			return s.cte
		}
	}
	return nil
}

// with brings the CTEs of a WITH clause into scope and binds them all. With
// RECURSIVE they see each other: one is bound when first referred to.
func (b *binder) with(w *parse.With, parent *level, scope *cteScope) (*cteScope, []*cte, error) {
	var list []*cte
	for i := range w.CTEs {
		d := &w.CTEs[i]
		for _, c := range list {
			if c.name == d.Name {
				return nil, nil, sql.Errorf(sql.CodeDuplicateAlias, "WITH query name \"%s\" specified more than once", d.Name).At(d.Pos())
			}
		}
		if d.Search || d.Cycle {
			return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "SEARCH and CYCLE clauses are not supported").At(d.Pos())
		}
		c := &cte{id: len(b.ctes) + 1, name: d.Name, def: d, parent: parent, scope: scope}
		b.ctes = append(b.ctes, c)
		list = append(list, c)
		if !w.Recursive {
			if err := b.bindCTE(c); err != nil {
				return nil, nil, err
			}
			scope = &cteScope{c, scope}
		}
	}
	if w.Recursive {
		for _, c := range list {
			scope = &cteScope{c, scope}
		}
		for _, c := range list {
			c.scope = scope
		}
		for _, c := range list {
			if c.state == cteNew {
				if err := b.bindCTE(c); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return scope, b.inOrder(list), nil
}

// inOrder sorts the CTEs of a clause so that each stands after those that it reads.
func (b *binder) inOrder(list []*cte) []*cte {
	var out []*cte
	done := map[int]bool{}
	byID := map[int]*cte{}
	for _, c := range list {
		byID[c.id] = c
	}
	var visit func(c *cte)
	visit = func(c *cte) {
		if done[c.id] {
			return
		}
		done[c.id] = true
		logical.Walk(c.plan, func(n logical.Node) {
			if r, ok := n.(*logical.SharedRef); ok && byID[r.ID] != nil {
				visit(byID[r.ID])
			}
		})
		out = append(out, c)
	}
	for _, c := range list {
		visit(c)
	}
	return out
}

// bindCTE binds a CTE's query.
func (b *binder) bindCTE(c *cte) error {
	sel, ok := c.def.Query.(*parse.Select)
	if !ok {
		return sql.Errorf(sql.CodeFeatureNotSupported, "data-modifying statements in WITH are not supported").At(c.def.Pos())
	}
	c.state = cteInBase
	for _, d := range b.ctes {
		if d.state != cteNew {
			c.begun++
		}
	}
	var q *boundQuery
	var err error
	if sel.SetOp == parse.Union && c.scope.find(c.name) == c {
		q, err = b.recursive(c, sel)
	} else {
		q, err = b.query(sel, c.parent, c.scope, resolveUnknowns)
	}
	if err != nil {
		return err
	}
	c.plan, c.cols, c.state = q.plan, q.cols, cteBound
	return c.rename()
}

// rename applies the CTE's column list.
func (c *cte) rename() error {
	if len(c.def.Columns) > len(c.cols) {
		return sql.Errorf(sql.CodeInvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified", c.name, len(c.cols), len(c.def.Columns)).At(c.def.Pos())
	}
	c.cols = append([]logical.Col(nil), c.cols...)
	for i, n := range c.def.Columns {
		c.cols[i].Name = n
	}
	return nil
}

// recursive binds a UNION that may read itself in its right branch.
func (b *binder) recursive(c *cte, sel *parse.Select) (*boundQuery, error) {
	if sel.With != nil || len(sel.OrderBy) > 0 || sel.Limit != nil || sel.Offset != nil || sel.Locking {
		q, err := b.query(sel, c.parent, c.scope, resolveUnknowns)
		if c.inBase {
			return nil, notRecursive(sel)
		}
		return q, err
	}
	base, err := b.query(sel.Left, c.parent, c.scope, resolveUnknowns)
	if err != nil {
		return nil, err
	}
	// Rounds may change the scale of a numeric: it takes the general form.
	general := make([]sql.Type, len(base.cols))
	for i, col := range base.cols {
		general[i] = col.T
		if col.T.Mod == -1 {
			general[i].Dec = sql.Dec{}
		}
	}
	converted, err := b.convert(base, general, sel.Left)
	if err != nil {
		return nil, err
	}
	for i, col := range converted.Columns() {
		col.Name = base.cols[i].Name
		base.cols[i] = col
	}
	base.plan = converted
	c.cols, c.state = base.cols, cteInStep
	if err := c.rename(); err != nil {
		return nil, err
	}
	c.subs, c.outer = b.subs, b.outer
	step, err := b.query(sel.Right, c.parent, c.scope, keepUnknowns)
	if err != nil {
		return nil, err
	}
	if c.self == 0 {
		return b.combine(sel, base, step)
	}
	if len(base.cols) != len(step.cols) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "each UNION query must have the same number of columns").At(firstPos(sel.Right))
	}
	types := make([]sql.Type, len(base.cols))
	for i, l := range base.cols {
		r := b.branchOperand(step, i)
		r.pos = targetPos(sel.Right, i)
		t, err := b.commonType("UNION", []operand{{e: l.Ref()}, r})
		if err != nil {
			return nil, err
		}
		if t.OID != l.T.OID || t.Mod != l.T.Mod {
			return nil, sql.Errorf(sql.CodeDatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				c.name, i+1, sql.FormatType(l.T.OID, l.T.Mod), sql.FormatType(t.OID, t.Mod)).At(targetPos(sel.Left, i)).
				WithHint("Cast the output of the non-recursive term to the correct type.")
		}
		types[i] = l.T
	}
	sp, err := b.convert(step, types, sel.Right)
	if err != nil {
		return nil, err
	}
	node := &logical.Recursive{ID: c.id, Base: base.plan, Step: sp, All: sel.All}
	out := &boundQuery{plan: node}
	for i, col := range base.cols {
		n := b.newCol(nil, c.cols[i].Name, types[i], col.Coll)
		node.Cols, out.cols = append(node.Cols, n), append(out.cols, n)
	}
	return out, nil
}

// notRecursive is the error for a clause that a recursive query cannot have.
func notRecursive(sel *parse.Select) error {
	what, at := "WITH", sel.Pos()
	switch {
	case len(sel.OrderBy) > 0:
		what, at = "ORDER BY", leftmost(sel.OrderBy[0].Expr)
	case sel.Offset != nil:
		what, at = "OFFSET", leftmost(sel.Offset)
	case sel.Limit != nil:
		what, at = "LIMIT", leftmost(sel.Limit)
	}
	return sql.Errorf(sql.CodeFeatureNotSupported, "%s in a recursive query is not implemented", what).At(at)
}

// cteRef refers to a CTE in FROM.
func (b *binder) cteRef(lv *level, c *cte, r *parse.TableName) (*fromItem, error) {
	pos := r.Name.Pos()
	if c.state == cteInBase || c.state == cteInStep {
		for _, d := range b.ctes { // one beside it that is bound within it
			if d.scope == c.scope && d.begun > c.begun && (d.state == cteInBase || d.state == cteInStep) {
				return nil, sql.Errorf(sql.CodeFeatureNotSupported, "mutual recursion between WITH items is not implemented").At(c.def.Pos())
			}
		}
	}
	switch c.state {
	case cteNew:
		if err := b.bindCTE(c); err != nil {
			return nil, err
		}
	case cteInBase:
		c.inBase = true
		if sel, ok := c.def.Query.(*parse.Select); ok && sel.SetOp == parse.Union {
			return nil, sql.Errorf(sql.CodeInvalidRecursion, "recursive reference to query \"%s\" must not appear within its non-recursive term", c.name).At(pos)
		}
		return nil, sql.Errorf(sql.CodeInvalidRecursion, "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", c.name).At(c.def.Pos())
	case cteInStep:
		c.self++
		lv.selfRef = true
		switch {
		case b.subs > c.subs:
			return nil, sql.Errorf(sql.CodeInvalidRecursion, "recursive reference to query \"%s\" must not appear within a subquery", c.name).At(pos)
		case b.outer > c.outer:
			return nil, sql.Errorf(sql.CodeInvalidRecursion, "recursive reference to query \"%s\" must not appear within an outer join", c.name).At(pos)
		case c.self > 1:
			return nil, sql.Errorf(sql.CodeInvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", c.name).At(pos)
		}
	}
	var cols []nsCol
	var out []logical.Col
	for _, k := range c.cols {
		n := b.newCol(lv, k.Name, k.T, k.Coll)
		if o, ok := b.origins[k.ID]; ok && c.state == cteBound {
			b.origins[n.ID] = o
		}
		out = append(out, n)
		cols = append(cols, nsCol{name: k.Name, col: n})
	}
	var plan logical.Node
	if c.state == cteInStep {
		plan = &logical.WorkTable{ID: c.id, Cols: out}
	} else {
		c.refs++
		plan = &logical.SharedRef{ID: c.id, Name: c.name, Cols: out}
	}
	return newItem(c.name, r.Alias, plan, cols, pos)
}

// settleCTEs puts plans that are read once in the place where they are read, and
// drops those that are not read.
func (b *binder) settleCTEs(n logical.Node) logical.Node {
	switch x := n.(type) {
	case *logical.SharedRef:
		c := b.ctes[x.ID-1]
		if !c.inlined() {
			return x
		}
		p := &logical.Project{Input: b.settleCTEs(c.plan)}
		for i, col := range x.Cols {
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: col, Expr: c.cols[i].Ref()})
		}
		return p
	case *logical.Shared:
		out := &logical.Shared{Input: b.settleCTEs(x.Input)}
		for _, sp := range x.Plans {
			if c := b.ctes[sp.ID-1]; c.refs == 0 || c.inlined() {
				continue
			}
			cp := *sp
			cp.Plan = b.settleCTEs(sp.Plan)
			out.Plans = append(out.Plans, &cp)
		}
		if len(out.Plans) == 0 {
			return out.Input
		}
		return out
	}
	kids := n.Children()
	if len(kids) == 0 {
		return n
	}
	changed := make([]logical.Node, len(kids))
	same := true
	for i, k := range kids {
		changed[i] = b.settleCTEs(k)
		same = same && changed[i] == k
	}
	if same {
		return n
	}
	return n.WithChildren(changed)
}

// inlined reports whether the CTE is read once and may be evaluated there.
func (c *cte) inlined() bool {
	if c.refs != 1 || c.def.Materialized == parse.MaterializeAlways || c.self > 0 {
		return false
	}
	volatile := false
	logical.WalkExprs(c.plan, func(e expr.Expr) { volatile = volatile || expr.VolatilityOf(e) == expr.Volatile })
	return !volatile
}
