package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

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
	case x.Copied:
		it, err := b.tableScan(nil, b.opts.Copied, &parse.TableName{})
		if err != nil {
			return nil, nil, err
		}
		rows := &boundQuery{plan: it.plan}
		for _, c := range it.cols {
			rows.cols = append(rows.cols, c.col)
		}
		if q, err = b.insertRows(t, into, rows, &parse.Select{}); err != nil {
			return nil, nil, err
		}
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
	w := &Write{Kind: WriteInsert, Table: t}
	q, err = b.inserted(w, x, q)
	return q, w, err
}

// inserted is what becomes of the rows of q.
func (b *binder) inserted(w *Write, x *parse.Insert, q *boundQuery) (*boundQuery, error) {
	lv := b.newLevel(nil, nil)
	st := &stage{b: b, lv: lv, plan: q.plan}
	for _, c := range q.cols {
		b.owner[c.ID] = lv
	}
	if x.OnConflict != nil {
		return b.onConflict(w, x, st, q.cols)
	}
	exprs := make([]expr.Expr, len(q.cols))
	for i, c := range q.cols {
		exprs[i] = c.Ref()
	}
	it := targetItem(w.Table, x.Table.Alias)
	lv.items = []*nsItem{it}
	return b.written(w, st, b.newRow(st, it, w.Table, exprs), nil, x.Returning)
}

// targetItem is the item of a table to write to.
func targetItem(t *model.Table, alias parse.Alias) *nsItem {
	it := &nsItem{name: t.Name, table: t, relVisible: true, colsVisible: true, lateralOK: true}
	if alias.Name != "" {
		it.name = alias.Name
	}
	return it
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
