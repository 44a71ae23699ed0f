package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// fromItem is a bound FROM item: its plan, the names it brings into scope, and its
// columns in the order that * and USING see.
type fromItem struct {
	plan  logical.Node
	items []*nsItem
	cols  []nsCol
}

// from binds the FROM list and puts its items in scope.
func (b *binder) from(lv *level, list []parse.TableRef) (logical.Node, error) {
	plan, err := b.joined(lv, nil, list)
	if plan == nil {
		plan = &logical.Values{Rows: [][]expr.Expr{{}}}
	}
	return plan, err
}

// joined joins the items of a FROM list to a plan, whose items are in scope; nil: none.
func (b *binder) joined(lv *level, plan logical.Node, list []parse.TableRef) (logical.Node, error) {
	setLateral(lv.items, true, true)
	for _, ref := range list {
		it, err := b.tableRef(lv, ref)
		if err != nil {
			return nil, err
		}
		if err := checkNames(lv.items, it.items, ref.Pos()); err != nil {
			return nil, err
		}
		plan = joinPlans(logical.Inner, plan, it.plan, nil)
		setLateral(it.items, true, true)
		lv.items = append(lv.items, it.items...)
	}
	setLateral(lv.items, false, true)
	return plan, nil
}

func setLateral(items []*nsItem, only, ok bool) {
	for _, it := range items {
		it.lateralOnly, it.lateralOK = only, ok
	}
}

// checkNames refuses a name that two visible items share.
func checkNames(a, b []*nsItem, pos int) error {
	for _, x := range a {
		for _, y := range b {
			if !x.relVisible || !y.relVisible || x.name != y.name || x.name == "" {
				continue
			}
			if x.table != nil && y.table != nil && x.name == x.table.Name && y.name == y.table.Name && x.table.OID != y.table.OID {
				continue // s1.t, s2.t
			}
			return sql.Errorf(sql.CodeDuplicateAlias, "table name \"%s\" specified more than once", x.name)
		}
	}
	return nil
}

// joinPlans joins two plans; the right one may refer to columns of the left.
func joinPlans(kind logical.JoinKind, left, right logical.Node, on []expr.Expr) logical.Node {
	if left == nil {
		return right
	}
	if dependsOn(right, left) {
		return &logical.DependentJoin{Kind: kind, Left: left, Right: right, On: on}
	}
	return &logical.Join{Kind: kind, Left: left, Right: right, On: on}
}

func dependsOn(n, on logical.Node) bool {
	return logical.Free(n).Intersects(columnsOf(on))
}

func columnsOf(n logical.Node) expr.ColSet {
	var s expr.ColSet
	for _, c := range n.Columns() {
		s.Add(c.ID)
	}
	return s
}

func (b *binder) tableRef(lv *level, ref parse.TableRef) (*fromItem, error) {
	switch r := ref.(type) {
	case *parse.TableName:
		return b.tableName(lv, r)
	case *parse.SubqueryRef:
		return b.subqueryRef(lv, r)
	case *parse.FuncRef:
		return b.funcRef(lv, r)
	case *parse.JoinRef:
		return b.join(lv, r)
	}
	return nil, sql.Errorf(sql.CodeInternal, "unexpected %T in FROM", ref)
}

// newItem makes a FROM item of a plan's columns under an alias.
func newItem(name string, alias parse.Alias, plan logical.Node, cols []nsCol, pos int) (*fromItem, error) {
	if alias.Name != "" {
		name = alias.Name
	}
	if len(alias.Columns) > len(cols) {
		return nil, sql.Errorf(sql.CodeInvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified",
			name, len(cols), len(alias.Columns)).At(0)
	}
	for i, c := range alias.Columns {
		cols[i].name = c
	}
	it := &nsItem{name: name, cols: cols, relVisible: true, colsVisible: true, lateralOK: true}
	return &fromItem{plan: plan, items: []*nsItem{it}, cols: cols}, nil
}

func (b *binder) tableName(lv *level, r *parse.TableName) (*fromItem, error) {
	parts := r.Name.Parts
	pos := r.Name.Pos()
	if r.Sample != nil {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "TABLESAMPLE is not supported").At(r.Sample.Pos())
	}
	if len(parts) == 1 {
		if c := lv.ctes.find(parts[0]); c != nil {
			return b.cteRef(lv, c, r)
		}
	}
	t, err := b.findTable(parts, pos)
	if err != nil {
		return nil, err
	}
	b.addDep(t)
	if t.Kind == model.KindView {
		return b.viewRef(lv, t, r)
	}
	return b.tableScan(lv, t, r)
}

// tableScan reads a table.
func (b *binder) tableScan(lv *level, t *model.Table, r *parse.TableName) (*fromItem, error) {
	scan := &logical.Scan{Table: t, Alias: r.Alias.Name}
	var cols []nsCol
	for i, c := range t.AllColumns() {
		col := b.newCol(lv, c.Name, c.Type, expr.CollDefault)
		if c.Type.OID == sql.OIDName {
			col.Coll = expr.CollC
		}
		b.origins[col.ID] = Origin{t.OID, int16(i + 1)}
		scan.Cols, scan.Ords = append(scan.Cols, col), append(scan.Ords, i)
		cols = append(cols, nsCol{name: c.Name, col: col})
	}
	it, err := newItem(t.Name, r.Alias, scan, cols, r.Name.Pos())
	if err == nil {
		it.items[0].table = t
	}
	return it, err
}

func (b *binder) addDep(t *model.Table) {
	for _, d := range b.deps {
		if d.OID == t.OID {
			return
		}
	}
	b.deps = append(b.deps, Dep{t.OID, t.Database, t.Name, t.Version})
}

// findTable looks a relation up, along the search path if it is not qualified.
func (b *binder) findTable(parts []string, pos int) (*model.Table, error) {
	if len(parts) == 3 {
		if err := b.checkDatabase(parts[0], pos); err != nil {
			return nil, err
		}
		parts = parts[1:]
	}
	schemas := b.path
	if len(parts) == 2 {
		schemas = parts[:1]
	}
	for _, s := range schemas {
		t, err := b.opts.Catalog.Table(b.ctx, s, parts[len(parts)-1])
		if err != nil || t != nil {
			return t, err
		}
	}
	return nil, b.undefinedTable(parts, pos)
}

// maxViewDepth bounds views of views; a cycle ends here too.
const maxViewDepth = 64

// viewRef binds a view's text under the path that it was made with.
func (b *binder) viewRef(lv *level, t *model.Table, r *parse.TableName) (*fromItem, error) {
	if b.views >= maxViewDepth {
		return nil, sql.Errorf(sql.CodeInvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", t.Name).At(r.Pos())
	}
	q, err := b.viewQuery(lv, t)
	if err != nil {
		e := sql.AsError(err)
		e.Position = 0 // it lies in the view's text
		if e.Where == "" {
			e.Where = "view " + t.Database + "." + t.Name
		}
		return nil, e
	}
	declared := t.AllColumns()
	cols := make([]nsCol, len(q.cols))
	for i, c := range q.cols {
		cols[i] = nsCol{name: c.Name, col: c}
		if i < len(declared) {
			cols[i].name = declared[i].Name
		}
		b.origins[c.ID] = Origin{t.OID, int16(i + 1)}
	}
	it, err := newItem(t.Name, r.Alias, q.plan, cols, r.Name.Pos())
	if err == nil {
		it.items[0].table = t
	}
	return it, err
}

func (b *binder) viewQuery(lv *level, t *model.Table) (*boundQuery, error) {
	stmts, err := parse.Parse(t.ViewSQL, b.env.Dialect)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, sql.Errorf(sql.CodeInvalidObjectDefinition, "the text of view \"%s\" is not one query", t.Name)
	}
	sel, ok := stmts[0].Stmt.(*parse.Select)
	if !ok {
		return nil, sql.Errorf(sql.CodeInvalidObjectDefinition, "the text of view \"%s\" is not a query", t.Name)
	}
	path := b.path
	b.path = effectivePath(t.ViewPath)
	b.views++
	q, err := b.query(sel, nil, nil, resolveUnknowns)
	b.views--
	b.path = path
	if err != nil {
		return nil, err
	}
	return b.rename(lv, q), nil
}

// rename gives a query's visible columns fresh ids of a level, and drops the rest.
func (b *binder) rename(lv *level, q *boundQuery) *boundQuery {
	p := &logical.Project{Input: q.plan}
	out := &boundQuery{plan: p}
	for _, c := range q.cols {
		n := b.newCol(lv, c.Name, c.T, c.Coll)
		if o, ok := b.origins[c.ID]; ok {
			b.origins[n.ID] = o
		}
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: c.Ref()})
		out.cols = append(out.cols, n)
	}
	return out
}

func (b *binder) subqueryRef(lv *level, r *parse.SubqueryRef) (*fromItem, error) {
	sel, ok := r.Query.(*parse.Select)
	if !ok {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "a subquery must be a query").At(r.Pos())
	}
	old := lv.lateral
	lv.lateral = r.Lateral
	q, err := b.query(sel, lv, lv.ctes, resolveUnknowns)
	lv.lateral = old
	if err != nil {
		return nil, err
	}
	return newItem("", r.Alias, q.plan, b.adopt(lv, q), r.Pos())
}

// adopt makes the columns of a query in FROM columns of the level.
func (b *binder) adopt(lv *level, q *boundQuery) []nsCol {
	cols := make([]nsCol, len(q.cols))
	for i, c := range q.cols {
		b.owner[c.ID] = lv
		cols[i] = nsCol{name: c.Name, col: c}
	}
	return cols
}
