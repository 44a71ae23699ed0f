package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// changed binds the table that UPDATE or DELETE changes, with the rows' numbers, and
// the tables that it reads beside it.
func (b *binder) changed(lv *level, t *model.Table, ref *parse.TableName, others []parse.TableRef) (*stage, logical.Col, error) {
	it, number, err := b.numbered(lv, t, ref)
	if err != nil {
		return nil, logical.Col{}, err
	}
	lv.items = it.items
	plan, err := b.joined(lv, it.plan, others)
	return &stage{b: b, lv: lv, plan: plan}, number, err
}

// numbered reads a table that is to be changed with the numbers of its rows.
func (b *binder) numbered(lv *level, t *model.Table, ref *parse.TableName) (*fromItem, logical.Col, error) {
	it, err := b.tableScan(lv, t, ref)
	if err != nil {
		return nil, logical.Col{}, err
	}
	number := b.newCol(lv, "", sql.Int8, expr.CollDefault)
	scan := it.plan.(*logical.Scan)
	scan.Cols, scan.Ords = append(scan.Cols, number), append(scan.Ords, RowNumber(t))
	return it, number, nil
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

// set binds the assignments of UPDATE, by column; nil: the column keeps its value.
func (b *binder) set(lv *level, t *model.Table, list []parse.Assign) ([]expr.Expr, error) {
	exprs := make([]expr.Expr, len(t.Columns))
	rows := map[*parse.SubLink]*boundQuery{}
	err := lv.within(inUpdate, func() error {
		for i := range list {
			a := &list[i]
			at, err := columnOf(t, a.Column, a.Pos())
			if err != nil {
				return err
			}
			if exprs[at] != nil {
				return sql.Errorf(sql.CodeSyntaxError, "multiple assignments to same column \"%s\"", a.Column)
			}
			if a.Row == nil {
				exprs[at], err = b.value(lv, a.Expr, &t.Columns[at])
			} else {
				exprs[at], err = b.rowValue(lv, a, &t.Columns[at], rows)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return exprs, err
}

// rowValue binds one of the columns that are set to the row of a query. Rows has the
// queries that are bound already.
func (b *binder) rowValue(lv *level, a *parse.Assign, c *model.Column, rows map[*parse.SubLink]*boundQuery) (expr.Expr, error) {
	q := rows[a.Row]
	if q == nil {
		sub, got, err := b.subQuery(lv, a.Row)
		if err != nil {
			return nil, err
		}
		if len(got.cols) != a.Of {
			return nil, sql.Errorf(sql.CodeSyntaxError, "number of columns does not match number of values").At(a.Row.Pos())
		}
		sub.kind, sub.plan, sub.out = parse.SubScalar, b.only(got), got.cols[0]
		for _, col := range got.cols {
			lv.subs[col.ID], b.owner[col.ID] = sub, lv
			delete(b.origins, col.ID)
		}
		q, rows[a.Row] = got, got
	}
	return b.assign(operand{e: q.cols[a.Nth].Ref(), pos: a.Row.Pos()}, c)
}

func (b *binder) update(x *parse.Update) (*boundQuery, *Write, error) {
	t, err := b.target(&x.Table, "UPDATE")
	if err != nil {
		return nil, nil, err
	}
	w := &Write{Kind: WriteUpdate, Table: t}
	q, err := b.withPlans(x.With, func(ctes *cteScope) (*boundQuery, error) {
		lv := b.newLevel(nil, ctes)
		st, number, err := b.changed(lv, t, &x.Table, x.From)
		if err != nil {
			return nil, err
		}
		exprs, err := b.set(lv, t, x.Set)
		if err != nil {
			return nil, err
		}
		if err := b.where(lv, st, x.Where); err != nil {
			return nil, err
		}
		for i := range exprs {
			if exprs[i] == nil {
				exprs[i] = lv.items[0].cols[i].col.Ref()
			}
		}
		cols := b.newRow(st, lv.items[0], t, exprs)
		return b.written(w, st, append([]logical.Col{number}, cols...), nil, x.Returning)
	})
	return q, w, err
}

func (b *binder) delete(x *parse.Delete) (*boundQuery, *Write, error) {
	t, err := b.target(&x.Table, "DELETE")
	if err != nil {
		return nil, nil, err
	}
	w := &Write{Kind: WriteDelete, Table: t}
	q, err := b.withPlans(x.With, func(ctes *cteScope) (*boundQuery, error) {
		lv := b.newLevel(nil, ctes)
		st, number, err := b.changed(lv, t, &x.Table, x.Using)
		if err != nil {
			return nil, err
		}
		if err := b.where(lv, st, x.Where); err != nil {
			return nil, err
		}
		return b.written(w, st, []logical.Col{number}, nil, x.Returning)
	})
	return q, w, err
}
