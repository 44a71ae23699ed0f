package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// maxGroupingSets is PostgreSQL's limit.
const maxGroupingSets = 4096

// grouping is a bound GROUP BY: indexes of targets, and the sets of indexes into
// those; nil sets: one of all.
type grouping struct {
	targets []int
	sets    [][]int
}

// pendingGrouping is a GROUPING(...) call; it stands in expressions as a column.
type pendingGrouping struct {
	col  logical.Col
	args []operand
	pos  int
}

func (b *binder) groupBy(lv *level, sel *parse.Select, targets *[]target) (*grouping, error) {
	g := &grouping{}
	product := [][]int{{}}
	hasSets := false
	for i := range sel.GroupBy {
		sets, err := b.groupItem(lv, &sel.GroupBy[i], targets, g)
		if err != nil {
			return nil, err
		}
		hasSets = hasSets || sel.GroupBy[i].Kind != parse.GroupExpr
		var next [][]int
		if len(product)*len(sets) > maxGroupingSets {
			return nil, sql.Errorf(sql.CodeStatementTooComplex, "too many grouping sets present (maximum %d)", maxGroupingSets)
		}
		for _, p := range product {
			for _, s := range sets {
				next = append(next, union(p, s))
			}
		}
		product = next
	}
	if hasSets {
		if sel.GroupDistinct {
			product = distinctSets(product)
		}
		g.sets = product
	}
	return g, nil
}

func union(a, b []int) []int {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		sorted := slices.Sorted(slices.Values(s))
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(slices.Sorted(slices.Values(o)), sorted) }) {
			out = append(out, s)
		}
	}
	return out
}

// groupItem returns the grouping sets that an item stands for.
func (b *binder) groupItem(lv *level, it *parse.GroupItem, targets *[]target, g *grouping) ([][]int, error) {
	if it.Kind == parse.GroupExpr {
		i, err := b.groupExpr(lv, it.Expr, targets, g)
		return [][]int{{i}}, err
	}
	var parts [][][]int
	for i := range it.Sets {
		p, err := b.groupItem(lv, &it.Sets[i], targets, g)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	switch it.Kind {
	case parse.GroupEmpty:
		return [][]int{{}}, nil
	case parse.GroupList:
		all := []int{}
		for _, p := range parts {
			all = union(all, p[0])
		}
		return [][]int{all}, nil
	case parse.GroupRollup:
		out := [][]int{{}}
		for _, p := range parts {
			out = append(out, union(out[len(out)-1], p[0]))
		}
		slices.Reverse(out)
		return out, nil
	case parse.GroupCube:
		if len(parts) > 12 {
			return nil, sql.Errorf(sql.CodeTooManyColumns, "CUBE is limited to 12 elements").At(it.Pos())
		}
		var out [][]int
		for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
			set := []int{}
			for i, p := range parts {
				if mask&(1<<(len(parts)-1-i)) != 0 {
					set = union(set, p[0])
				}
			}
			out = append(out, set)
		}
		return out, nil
	}
	var out [][]int
	for _, p := range parts {
		out = append(out, p...)
	}
	return out, nil
}

// groupExpr adds an expression to the grouping columns and returns its index.
func (b *binder) groupExpr(lv *level, e parse.Expr, targets *[]target, g *grouping) (int, error) {
	t, err := b.findTarget(lv, e, targets, "GROUP BY")
	if err != nil {
		return 0, err
	}
	tg := &(*targets)[t]
	if tg.expr, err = b.resolveUnknown(operand{tg.expr, tg.pos}); err != nil {
		return 0, err
	}
	ids := expr.ColsOf(tg.expr)
	switch {
	case ids.Intersects(lv.aggIDs):
		return 0, sql.Errorf(sql.CodeGroupingError, "aggregate functions are not allowed in GROUP BY").At(b.posOf(tg.expr, lv.aggIDs, tg.pos))
	case ids.Intersects(lv.winIDs):
		return 0, sql.Errorf(sql.CodeWindowingError, "window functions are not allowed in GROUP BY").At(b.posOf(tg.expr, lv.winIDs, tg.pos))
	}
	if err := b.checkEquality(tg.expr, leftmost(e)); err != nil {
		return 0, err
	}
	for i, x := range g.targets {
		if x == t || equal((*targets)[x].expr, tg.expr) {
			return i, nil
		}
	}
	g.targets = append(g.targets, t)
	return len(g.targets) - 1, nil
}

func (b *binder) groupingExpr(lv *level, e *parse.GroupingExpr) (expr.Expr, error) {
	switch lv.clause {
	case inSelect, inHaving, inOrderBy, inWindowPartition, inWindowOrder, inDistinctOn:
	default:
		return nil, sql.Errorf(sql.CodeGroupingError, "grouping operations are not allowed in %s", clauseNames[lv.clause]).At(e.Pos())
	}
	if len(e.Args) > 31 {
		return nil, sql.Errorf(sql.CodeTooManyArguments, "GROUPING must have fewer than 32 arguments").At(e.Pos())
	}
	args, err := b.operands(lv, e.Args)
	if err != nil {
		return nil, err
	}
	col := b.newCol(lv, "grouping", sql.Int4, expr.CollDefault)
	lv.grouping = append(lv.grouping, pendingGrouping{col, args, e.Pos()})
	return b.ref(col, e.Pos()), nil
}

// grouper rewrites expressions over the input to expressions over the grouped rows.
type grouper struct {
	b     *binder
	lv    *level
	exprs []expr.Expr   // grouping expressions
	cols  []logical.Col // their columns above
	inSub bool
	err   error
}

// expr rewrites e; a column that is neither grouped nor in an aggregate is 42803.
func (g *grouper) expr(e expr.Expr) expr.Expr {
	if e == nil || g.err != nil {
		return e
	}
	switch e.(type) {
	case *expr.Const, *expr.Param:
		return e
	}
	for i, x := range g.exprs {
		if equal(x, e) {
			return g.cols[i].Ref()
		}
	}
	if c, ok := e.(*expr.Col); ok {
		g.column(c)
		return e
	}
	kids := e.Children()
	var changed []expr.Expr
	for i, k := range kids {
		n := g.expr(k)
		if n != k && changed == nil {
			changed = slices.Clone(kids)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed != nil {
		return e.WithChildren(changed)
	}
	return e
}

func (g *grouper) column(c *expr.Col) {
	lv := g.lv
	if g.b.owner[c.ID] != lv || lv.aggIDs.Has(c.ID) || lv.winIDs.Has(c.ID) || lv.setIDs.Has(c.ID) {
		return
	}
	if s := lv.subs[c.ID]; s != nil {
		g.sub(s)
		return
	}
	for _, p := range lv.grouping {
		if p.col.ID == c.ID {
			return
		}
	}
	name := c.Name
	for _, it := range lv.items {
		for _, k := range it.cols {
			if k.col.ID == c.ID && !it.isJoin && it.name != "" {
				name = it.name + "." + k.name
			}
		}
	}
	if g.inSub {
		g.err = sql.Errorf(sql.CodeGroupingError, "subquery uses ungrouped column \"%s\" from outer query", name).At(g.b.colPos[c])
		return
	}
	g.err = sql.Errorf(sql.CodeGroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", name).At(g.b.colPos[c])
}

// sub rewrites what a subquery takes from this level.
func (g *grouper) sub(s *sublink) {
	if s.grouped {
		return
	}
	s.grouped = true
	for i, e := range s.on {
		s.on[i] = g.expr(e)
	}
	if s.guard != nil {
		s.guard = g.expr(s.guard)
	}
	old := g.inSub
	g.inSub = true
	s.plan = logical.MapExprs(s.plan, g.expr)
	g.inSub = old
}

func (g *grouper) list(l []expr.Expr) {
	for i, e := range l {
		l[i] = g.expr(e)
	}
}

func (g *grouper) keys(l []expr.SortKey) {
	for i := range l {
		l[i].Expr = g.expr(l[i].Expr)
	}
}

// aggregateStage puts the Aggregate on the stage's plan and rewrites the targets,
// HAVING, windows and set-returning calls to its output.
func (b *binder) aggregateStage(st *stage, gr *grouping, targets []target, having []expr.Expr) error {
	lv := st.lv
	node := &logical.Aggregate{Sets: gr.sets, Aggs: lv.aggs}
	g := &grouper{b: b, lv: lv}
	for _, t := range gr.targets {
		e := targets[t].expr
		st.attach(e)
		c, plain := e.(*expr.Col)
		var col logical.Col
		if plain && gr.sets == nil && b.owner[c.ID] == lv && lv.subs[c.ID] == nil {
			col = logical.Col{ID: c.ID, Name: c.Name, T: c.T, Coll: c.Coll}
		} else {
			col = b.newCol(lv, targets[t].name, e.Type(), collationOf(e))
			if plain {
				col.Name = c.Name
				if o, ok := b.origins[c.ID]; ok {
					b.origins[col.ID] = o
				}
			}
		}
		node.Groups = append(node.Groups, logical.NamedExpr{Col: col, Expr: e})
		g.exprs, g.cols = append(g.exprs, e), append(g.cols, col)
	}
	for i := range lv.aggs {
		st.attach(aggParts(&lv.aggs[i])...)
	}
	for _, p := range lv.grouping {
		gc := logical.GroupingCol{Col: p.col}
		for _, a := range p.args {
			i := slices.IndexFunc(g.exprs, func(x expr.Expr) bool { return equal(x, a.e) })
			if i < 0 {
				return sql.Errorf(sql.CodeGroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(a.pos)
			}
			gc.Of = append(gc.Of, i)
		}
		node.Grouping = append(node.Grouping, gc)
	}
	node.Input = st.plan
	st.plan, st.have = node, expr.ColSet{}
	for i := range targets {
		// A constant is grouped only where it is itself the item.
		if k := slices.Index(gr.targets, i); k >= 0 {
			targets[i].expr = g.cols[k].Ref()
			continue
		}
		targets[i].expr = g.expr(targets[i].expr)
	}
	g.list(having)
	for _, w := range lv.windows {
		g.list(w.partition)
		g.keys(w.order)
		w.frame.Start.Offset, w.frame.End.Offset = g.expr(w.frame.Start.Offset), g.expr(w.frame.End.Offset)
		for i := range w.calls {
			w.calls[i].Args = slices.Clone(w.calls[i].Args)
			g.list(w.calls[i].Args)
			w.calls[i].Filter = g.expr(w.calls[i].Filter)
		}
	}
	for _, s := range lv.setCalls {
		s.call.Args = slices.Clone(s.call.Args)
		g.list(s.call.Args)
	}
	return g.err
}
