package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// onConflict binds INSERT ... ON CONFLICT. The rows to insert, whose columns are
// cols, meet the table's rows with the same key: DO NOTHING leaves out those that meet
// one, DO UPDATE makes another row of the two. The order of the rows is kept: of
// those with one key the first counts.
func (b *binder) onConflict(w *Write, x *parse.Insert, st *stage, cols []logical.Col) (*boundQuery, error) {
	c, t, lv := x.OnConflict, w.Table, st.lv
	var err error
	if w.Arbiters, err = arbiters(t, c); err != nil {
		return nil, err
	}
	order := b.number(st)
	news := make([]expr.Expr, len(cols))
	for i, col := range cols {
		news[i] = col.Ref()
	}
	if c.Nothing {
		for _, k := range w.Arbiters {
			it, err := b.tableScan(lv, t, &parse.TableName{P: x.Table.P, Name: x.Table.Name})
			if err != nil {
				return nil, err
			}
			if err := b.meet(st, logical.Anti, t, k, cols, it); err != nil {
				return nil, err
			}
		}
		st.plan = &logical.Sort{Input: st.plan, Keys: order}
		it := targetItem(t, x.Table.Alias)
		lv.items = []*nsItem{it}
		return b.written(w, st, b.newRow(st, it, t, news), nil, x.Returning)
	}
	w.Upsert = true
	excluded := &nsItem{name: "excluded", relVisible: true, colsVisible: true, lateralOK: true}
	for i, col := range cols {
		excluded.cols = append(excluded.cols, nsCol{name: t.Columns[i].Name, col: col})
	}
	fails, err := b.checks(lv, t, excluded)
	if err != nil {
		return nil, err
	}
	old, number, err := b.numbered(lv, t, &x.Table)
	if err != nil {
		return nil, err
	}
	if err := b.meet(st, logical.Left, t, w.Arbiters[0], cols, old); err != nil {
		return nil, err
	}
	lv.items = []*nsItem{old.items[0], excluded}
	if err := checkNames(lv.items[:1], lv.items[1:], 0); err != nil {
		return nil, err
	}
	set, err := b.set(lv, t, c.Set)
	if err != nil {
		return nil, err
	}
	fresh := &expr.IsNull{Arg: number.Ref(), Test: expr.TestNull}
	if c.Where != nil {
		var cond expr.Expr
		err := lv.within(inWhere, func() (err error) {
			cond, err = b.condition(lv, c.Where, "WHERE")
			return err
		})
		if err != nil {
			return nil, err
		}
		st.filter([]expr.Expr{&expr.Logic{Op: expr.Or, Args: []expr.Expr{fresh, cond}}})
	}
	st.plan = &logical.Sort{Input: st.plan, Keys: order}
	for i, col := range old.cols {
		e := set[i]
		if e == nil {
			e = col.col.Ref()
		}
		news[i] = &expr.Case{Whens: []expr.When{{Cond: fresh, Then: news[i]}}, Else: e, T: t.Columns[i].Type}
	}
	p := &logical.Project{Input: st.plan}
	for _, c := range st.plan.Columns() {
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: c.Ref()})
	}
	proposed := slices.Clone(cols)
	for _, e := range fails {
		c := b.newCol(lv, "", sql.Bool, expr.CollDefault)
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: e})
		proposed = append(proposed, c)
	}
	st.plan = p
	it := targetItem(t, x.Table.Alias)
	lv.items = []*nsItem{it}
	return b.written(w, st, append([]logical.Col{number}, b.newRow(st, it, t, news)...), proposed, x.Returning)
}

// arbiters are the keys of the table that ON CONFLICT names, or all of them.
func arbiters(t *model.Table, c *parse.OnConflict) ([]int, error) {
	var out []int
	want := map[int]bool{}
	for i, name := range c.Columns {
		at, err := columnOf(t, name, c.Positions[i].Pos())
		if err != nil {
			return nil, sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" does not exist", name).At(c.Positions[i].Pos())
		}
		want[at] = true
	}
	for i, k := range t.Unique {
		same := len(k.Columns) == len(want) && !slices.ContainsFunc(k.Columns, func(at int) bool { return !want[at] })
		if c.Constraint == k.Name || c.Constraint == "" && (c.Columns == nil || same) {
			out = append(out, i)
		}
	}
	switch {
	case len(out) > 0 && (c.Columns != nil || c.Constraint != "" || c.Nothing):
		return out, nil
	case c.Constraint != "":
		return nil, sql.Errorf(sql.CodeUndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", c.Constraint, t.Name)
	case c.Columns != nil:
		return nil, sql.Errorf(sql.CodeInvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	case !c.Nothing:
		return nil, sql.Errorf(sql.CodeSyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").At(c.Pos()).
			WithHint("For example, ON CONFLICT (column_name).")
	}
	return nil, nil
}

// number numbers the rows of the plan, and returns what sorts them as they are.
func (b *binder) number(st *stage) []expr.SortKey {
	call := expr.WindowCall{Fn: b.reg.LookupWindow("row_number")[0], T: sql.Int8, Out: b.newID(st.lv), Name: "row_number"}
	st.plan = &logical.Window{Input: st.plan, Calls: []expr.WindowCall{call}}
	return []expr.SortKey{{Expr: &expr.Col{ID: call.Out, T: sql.Int8, Name: call.Name}}}
}

// meet joins the rows of the table that have the same key, if it has no NULL.
func (b *binder) meet(st *stage, kind logical.JoinKind, t *model.Table, key int, cols []logical.Col, it *fromItem) error {
	j := &logical.Join{Kind: kind, Left: st.plan, Right: it.plan}
	for _, at := range t.Unique[key].Columns {
		eq, err := b.operator("", "=", operand{e: cols[at].Ref()}, operand{e: it.cols[at].col.Ref()}, 0)
		if err != nil {
			return err
		}
		j.On = append(j.On, eq)
	}
	st.plan = j
	return nil
}
