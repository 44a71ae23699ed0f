package bind

import (
	"context"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// WriteKind is what a statement does with a table.
type WriteKind uint8

// Kinds.
const (
	WriteInsert WriteKind = iota
	WriteUpdate
	WriteDelete
	WriteNew // the rows of CREATE TABLE AS
)

// Write says what is done with a bound statement's rows. Their columns are, for
// WriteUpdate and WriteDelete, first the number of the row that goes; then, but for
// WriteDelete, the columns of the row that comes; then, a boolean each, whether that
// fails one of the table's checks.
type Write struct {
	Kind  WriteKind
	Table *model.Table // nil: WriteNew
}

// RowNumber is the position, among a temporary table's columns, of the number that
// a row has in the version of the table that a statement reads.
func RowNumber(t *model.Table) int { return len(t.Columns) }

// statement binds a statement of any kind.
func (b *binder) statement(stmt parse.Stmt) (*boundQuery, *Write, error) {
	switch x := stmt.(type) {
	case *parse.Select:
		q, err := b.query(x, nil, nil, resolveUnknowns)
		return q, nil, err
	case *parse.CreateTemp:
		return b.createAs(x)
	case *parse.Insert:
		return b.insert(x)
	case *parse.Update:
		return b.update(x)
	case *parse.Delete:
		return b.delete(x)
	}
	return nil, nil, sql.Errorf(sql.CodeInternal, "%T cannot be bound", stmt)
}

// createAs binds the query of CREATE TEMP TABLE AS. A numeric without a modifier
// must hold any number that comes later, not only those of the query.
func (b *binder) createAs(x *parse.CreateTemp) (*boundQuery, *Write, error) {
	sel, ok := x.Query.(*parse.Select)
	if !ok {
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "CREATE TEMP TABLE AS takes a query").At(x.Pos())
	}
	q, err := b.query(sel, nil, nil, resolveUnknowns)
	if err != nil {
		return nil, nil, err
	}
	if len(x.Names) > len(q.cols) {
		return nil, nil, sql.Errorf(sql.CodeSyntaxError, "too many column names were specified")
	}
	p := &logical.Project{Input: q.plan}
	out := &boundQuery{plan: p}
	seen := map[string]bool{}
	for i, c := range q.cols {
		t := c.T
		if t.OID == sql.OIDNumeric && t.Mod == -1 {
			t = sql.T(sql.OIDNumeric)
		}
		name := c.Name
		if i < len(x.Names) {
			name = x.Names[i]
		}
		if seen[name] {
			return nil, nil, sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" specified more than once", name)
		}
		seen[name] = true
		if info := sql.LookupType(t.OID); info == nil || info.Category == 'P' {
			return nil, nil, sql.Errorf(sql.CodeInvalidTableDefinition, "column \"%s\" has pseudo-type %s", name, sql.FormatType(t.OID, t.Mod))
		}
		e, err := b.coerce(c.Ref(), t, expr.CastAssignment, 0)
		if err != nil {
			return nil, nil, err
		}
		n := b.newCol(nil, name, t, c.Coll)
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: e})
		out.cols = append(out.cols, n)
	}
	return out, &Write{Kind: WriteNew}, nil
}

// WriteTarget finds the table that a statement names, if it may be changed.
func WriteTarget(ctx context.Context, env *expr.Env, opts Options, ref *parse.TableName, verb string) (*model.Table, error) {
	return newBinder(ctx, env, opts).target(ref, verb)
}

// target finds the table that a statement writes.
func (b *binder) target(ref *parse.TableName, verb string) (*model.Table, error) {
	t, err := b.findTable(ref.Name.Parts, ref.Name.Pos())
	if err != nil {
		return nil, err
	}
	if t.Kind != model.KindTemp {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "%s of table \"%s\" is not supported: only temporary tables can be changed", verb, t.Name).At(ref.Pos()).
			WithHint("Keep rows of your own with CREATE TEMP TABLE, or write Parquet files under the table's location.")
	}
	b.addDep(t)
	return t, nil
}

func columnOf(t *model.Table, name string, pos int) (int, error) {
	for i, c := range t.Columns {
		if c.Name == name {
			return i, nil
		}
	}
	return 0, sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.Name).At(pos)
}

// assign converts a value to a column's type as an assignment does.
func (b *binder) assign(o operand, c *model.Column) (expr.Expr, error) {
	to := c.Type
	limited := to.Mod >= 0 && (to.OID == sql.OIDVarchar || to.OID == sql.OIDBpchar) && o.e.Type() != to
	if limited {
		to = sql.T(to.OID)
	}
	x, err := b.coerce(o.e, to, expr.CastAssignment, o.pos)
	if err == nil && limited {
		return b.limitLength(x, c.Type, o.pos), nil
	}
	if err != nil && sql.AsError(err).Code == sql.CodeCannotCoerce {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", c.Name,
			sql.FormatType(c.Type.OID, -1), sql.FormatType(o.e.Type().OID, -1)).At(o.pos).
			WithHint("You will need to rewrite or cast the expression.")
	}
	return x, err
}

// limitLength gives a string the length of its type; unlike a cast it does not cut.
func (b *binder) limitLength(x expr.Expr, t sql.Type, pos int) expr.Expr {
	mod := &expr.Const{V: sql.IntValue(sql.Int4, int64(t.Mod))}
	explicit := &expr.Const{V: sql.Value{Type: sql.Bool}}
	name := sql.LookupType(t.OID).Name
	r := b.reg.Resolve(b.reg.LookupFunc(name), []sql.OID{t.OID, sql.OIDInt4, sql.OIDBool})
	call := &expr.Call{Fn: r.Fn, Args: []expr.Expr{x, mod, explicit}, T: t, Coll: collationOf(x), Pos: pos, Implicit: true}
	if _, ok := x.(*expr.Const); ok {
		if v, err := expr.EvalConst(b.env, call); err == nil {
			return &expr.Const{V: v}
		}
	}
	return call
}

// defaultOf is a column's default value, NULL if it has none.
func (b *binder) defaultOf(lv *level, c *model.Column) (expr.Expr, error) {
	if c.Default == "" {
		return &expr.Const{V: sql.NullOf(c.Type)}, nil
	}
	e, err := parse.ParseExpr(c.Default)
	if err != nil {
		return nil, err
	}
	var out expr.Expr
	err = lv.within(inDefault, func() error {
		o, err := b.operand(lv, e)
		if err != nil {
			return err
		}
		out, err = b.assign(operand{e: o.e}, c)
		return err
	})
	return out, err
}

// value binds what a column becomes.
func (b *binder) value(lv *level, e parse.Expr, c *model.Column) (expr.Expr, error) {
	if _, ok := e.(*parse.Default); ok {
		return b.defaultOf(b.newLevel(nil, nil), c)
	}
	o, err := b.operand(lv, e)
	if err != nil {
		return nil, err
	}
	return b.assign(o, c)
}

func (b *binder) insert(x *parse.Insert) (*boundQuery, *Write, error) {
	t, err := b.target(&x.Table, "INSERT")
	if err != nil {
		return nil, nil, err
	}
	into := make([]int, 0, len(t.Columns))
	given := map[int]bool{}
	for i, name := range x.Columns {
		at, err := columnOf(t, name, x.Positions[i].Pos())
		if err != nil {
			return nil, nil, err
		}
		if given[at] {
			return nil, nil, sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" specified more than once", name).At(x.Positions[i].Pos())
		}
		given[at] = true
		into = append(into, at)
	}
	if x.Columns == nil {
		for i := range t.Columns {
			into = append(into, i)
		}
	}
	width := func(n, pos int) error {
		switch {
		case n > len(into):
			return sql.Errorf(sql.CodeSyntaxError, "INSERT has more expressions than target columns").At(pos)
		case n < len(into) && x.Columns != nil:
			return sql.Errorf(sql.CodeSyntaxError, "INSERT has more target columns than expressions").At(x.Positions[n].Pos())
		}
		return nil
	}
	var q *boundQuery
	switch sel := x.Query; {
	case sel == nil:
		q, err = b.insertValues(t, nil, [][]parse.Expr{{}}, nil)
	case sel.Values != nil && sel.With == nil && sel.OrderBy == nil && sel.Limit == nil && sel.Offset == nil:
		for _, row := range sel.Values {
			if len(row) != len(sel.Values[0]) {
				return nil, nil, sql.Errorf(sql.CodeSyntaxError, "VALUES lists must all be the same length").At(leftmost(row[0]))
			}
		}
		n := len(sel.Values[0])
		if err := width(n, targetPos(sel, len(into))); err != nil {
			return nil, nil, err
		}
		q, err = b.insertValues(t, into[:n], sel.Values, sel)
	default:
		if q, err = b.query(sel, nil, nil, keepUnknowns); err != nil {
			return nil, nil, err
		}
		if err := width(len(q.cols), targetPos(sel, len(into))); err != nil {
			return nil, nil, err
		}
		q, err = b.insertRows(t, into[:len(q.cols)], q, sel)
	}
	if err != nil {
		return nil, nil, err
	}
	q, err = b.checked(t, q, 0)
	return q, &Write{Kind: WriteInsert, Table: t}, err
}

// insertValues makes the rows of lists of values, each converted where it stands.
func (b *binder) insertValues(t *model.Table, into []int, rows [][]parse.Expr, sel *parse.Select) (*boundQuery, error) {
	lv := b.newLevel(nil, nil)
	lv.sel, lv.clause = sel, inValues
	node := &logical.Values{}
	hasSubs := false
	for _, list := range rows {
		row := make([]expr.Expr, len(t.Columns))
		for i, e := range list {
			var err error
			if row[into[i]], err = b.value(lv, e, &t.Columns[into[i]]); err != nil {
				return nil, err
			}
		}
		for i := range row {
			if row[i] == nil {
				var err error
				if row[i], err = b.defaultOf(lv, &t.Columns[i]); err != nil {
					return nil, err
				}
			}
		}
		hasSubs = hasSubs || b.hasSubs(lv, row)
		node.Rows = append(node.Rows, row)
	}
	for _, c := range t.Columns {
		node.Cols = append(node.Cols, b.newCol(lv, c.Name, c.Type, expr.CollDefault))
	}
	q := &boundQuery{plan: node, cols: node.Cols}
	if hasSubs {
		q.plan = b.valuesWithSubs(lv, node)
	}
	return q, nil
}

// insertRows makes the rows of a query's.
func (b *binder) insertRows(t *model.Table, into []int, q *boundQuery, sel *parse.Select) (*boundQuery, error) {
	exprs := make([]expr.Expr, len(t.Columns))
	plan := q.plan
	for i, c := range q.cols {
		o := b.branchOperand(q, i)
		o.pos = targetPos(sel, i)
		x, err := b.assign(o, &t.Columns[into[i]])
		if err != nil {
			return nil, err
		}
		if c.T.OID == sql.OIDUnknown && o.e.Type().OID == sql.OIDUnknown { // a literal becomes typed where it stands
			plan = redefine(plan, c.ID, x)
			c.T = x.Type()
			x = c.Ref()
		}
		exprs[into[i]] = x
	}
	p := &logical.Project{Input: plan}
	out := &boundQuery{plan: p}
	lv := b.newLevel(nil, nil)
	for i := range t.Columns {
		c := &t.Columns[i]
		if exprs[i] == nil {
			var err error
			if exprs[i], err = b.defaultOf(lv, c); err != nil {
				return nil, err
			}
		}
		n := b.newCol(nil, c.Name, c.Type, expr.CollDefault)
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: exprs[i]})
		out.cols = append(out.cols, n)
	}
	return out, nil
}

// checked adds, for each check of the table, whether a row fails it. The table's
// columns begin at column first.
func (b *binder) checked(t *model.Table, q *boundQuery, first int) (*boundQuery, error) {
	if len(t.Checks) == 0 {
		return q, nil
	}
	p := &logical.Project{Input: q.plan}
	out := &boundQuery{plan: p, cols: q.cols[:len(q.cols):len(q.cols)]}
	for _, c := range q.cols {
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: c.Ref()})
	}
	lv := b.newLevel(nil, nil)
	item := &nsItem{name: t.Name, table: t, relVisible: true, colsVisible: true, lateralOK: true}
	for i, c := range t.Columns {
		col := q.cols[first+i]
		b.owner[col.ID] = lv
		item.cols = append(item.cols, nsCol{name: c.Name, col: col})
	}
	lv.items = []*nsItem{item}
	for _, k := range t.Checks {
		cond, err := b.check(lv, k.Text)
		if err != nil {
			return nil, err
		}
		c := b.newCol(nil, k.Name, sql.Bool, expr.CollDefault)
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: &expr.IsNull{Arg: cond, Test: expr.TestFalse}})
		out.cols = append(out.cols, c)
	}
	return out, nil
}

// check binds a condition over the columns of the level.
func (b *binder) check(lv *level, text string) (cond expr.Expr, err error) {
	e, err := parse.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	err = lv.within(inCheck, func() error {
		cond, err = b.condition(lv, e, "CHECK")
		return err
	})
	if err == nil && b.hasSubs(lv, []expr.Expr{cond}) {
		err = sql.Errorf(sql.CodeFeatureNotSupported, "cannot use subquery in check constraint")
	}
	return cond, err
}

// CheckTable binds a new table's defaults and checks, and names the checks that have
// no name as PostgreSQL does.
func CheckTable(ctx context.Context, env *expr.Env, opts Options, t *model.Table) error {
	b := newBinder(ctx, env, opts)
	lv := b.newLevel(nil, nil)
	for i := range t.Columns {
		e, err := b.defaultOf(lv, &t.Columns[i])
		if err != nil {
			return err
		}
		if b.hasSubs(lv, []expr.Expr{e}) {
			return sql.Errorf(sql.CodeFeatureNotSupported, "cannot use subquery in DEFAULT expression")
		}
	}
	item := &nsItem{name: t.Name, table: t, relVisible: true, colsVisible: true, lateralOK: true}
	name := map[expr.ColumnID]string{}
	for _, c := range t.Columns {
		col := b.newCol(lv, c.Name, c.Type, expr.CollDefault)
		name[col.ID] = c.Name
		item.cols = append(item.cols, nsCol{name: c.Name, col: col})
	}
	lv.items = []*nsItem{item}
	for i := range t.Checks {
		k := &t.Checks[i]
		cond, err := b.check(lv, k.Text)
		if err != nil {
			return err
		}
		if k.Name == "" {
			parts := []string{t.Name}
			if ids := expr.ColsOf(cond).IDs(); len(ids) == 1 {
				parts = append(parts, name[ids[0]])
			}
			k.Name = unusedName(t, strings.Join(append(parts, "check"), "_"))
		}
	}
	return nil
}

// unusedName numbers a constraint's name if the table has one of that name.
func unusedName(t *model.Table, name string) string {
	used := func(n string) bool {
		for _, k := range t.Checks {
			if k.Name == n {
				return true
			}
		}
		return false
	}
	out := name
	for i := 1; used(out); i++ {
		out = name + itoa(i)
	}
	return out
}

// changed binds the tables that UPDATE or DELETE reads, and adds to the first, which
// is the one it changes, the rows' numbers.
func (b *binder) changed(lv *level, t *model.Table, ref *parse.TableName, others []parse.TableRef) (*stage, logical.Col, error) {
	plan, err := b.from(lv, append([]parse.TableRef{ref}, others...))
	if err != nil {
		return nil, logical.Col{}, err
	}
	leaf := plan
	for len(leaf.Children()) > 0 {
		leaf = leaf.Children()[0]
	}
	scan, ok := leaf.(*logical.Scan)
	if !ok || scan.Table != t {
		return nil, logical.Col{}, sql.Errorf(sql.CodeInternal, "the table to change is not the first one")
	}
	number := b.newCol(lv, "", sql.Int8, expr.CollDefault)
	scan.Cols, scan.Ords = append(scan.Cols, number), append(scan.Ords, RowNumber(t))
	return &stage{b: b, lv: lv, plan: plan}, number, nil
}

// withPlans binds the WITH clause of a statement, and shares its plans over what f binds.
func (b *binder) withPlans(w *parse.With, f func(ctes *cteScope) (*boundQuery, error)) (*boundQuery, error) {
	if w == nil {
		return f(nil)
	}
	ctes, plans, err := b.with(w, nil, nil)
	if err != nil {
		return nil, err
	}
	q, err := f(ctes)
	if err != nil {
		return nil, err
	}
	shared := &logical.Shared{Input: q.plan}
	for _, c := range plans {
		shared.Plans = append(shared.Plans, &logical.SharedPlan{ID: c.id, Name: c.name, Plan: c.plan})
	}
	return &boundQuery{plan: shared, cols: q.cols}, nil
}

func (b *binder) where(lv *level, st *stage, cond parse.Expr) error {
	if cond == nil {
		return nil
	}
	return lv.within(inWhere, func() error {
		conds, err := b.conditions(lv, cond)
		st.filter(conds)
		return err
	})
}

func (b *binder) update(x *parse.Update) (*boundQuery, *Write, error) {
	t, err := b.target(&x.Table, "UPDATE")
	if err != nil {
		return nil, nil, err
	}
	q, err := b.withPlans(x.With, func(ctes *cteScope) (*boundQuery, error) {
		lv := b.newLevel(nil, ctes)
		st, number, err := b.changed(lv, t, &x.Table, x.From)
		if err != nil {
			return nil, err
		}
		old := lv.items[0]
		exprs := make([]expr.Expr, len(t.Columns))
		err = lv.within(inUpdate, func() error {
			for _, a := range x.Set {
				at, err := columnOf(t, a.Column, a.Pos())
				if err != nil {
					return err
				}
				if exprs[at] != nil {
					return sql.Errorf(sql.CodeSyntaxError, "multiple assignments to same column \"%s\"", a.Column)
				}
				if exprs[at], err = b.value(lv, a.Expr, &t.Columns[at]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if err := b.where(lv, st, x.Where); err != nil {
			return nil, err
		}
		out := &boundQuery{cols: []logical.Col{number}}
		p := &logical.Project{Exprs: []logical.NamedExpr{{Col: number, Expr: number.Ref()}}}
		for i, c := range t.Columns {
			e := exprs[i]
			if e == nil {
				e = old.cols[i].col.Ref()
			}
			st.attach(e)
			n := b.newCol(lv, c.Name, c.Type, expr.CollDefault)
			p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: e})
			out.cols = append(out.cols, n)
		}
		p.Input = st.plan
		out.plan = p
		return b.checked(t, out, 1)
	})
	return q, &Write{Kind: WriteUpdate, Table: t}, err
}

func (b *binder) delete(x *parse.Delete) (*boundQuery, *Write, error) {
	t, err := b.target(&x.Table, "DELETE")
	if err != nil {
		return nil, nil, err
	}
	q, err := b.withPlans(x.With, func(ctes *cteScope) (*boundQuery, error) {
		lv := b.newLevel(nil, ctes)
		st, number, err := b.changed(lv, t, &x.Table, x.Using)
		if err != nil {
			return nil, err
		}
		if err := b.where(lv, st, x.Where); err != nil {
			return nil, err
		}
		p := &logical.Project{Input: st.plan, Exprs: []logical.NamedExpr{{Col: number, Expr: number.Ref()}}}
		return &boundQuery{plan: p, cols: []logical.Col{number}}, nil
	})
	return q, &Write{Kind: WriteDelete, Table: t}, err
}
