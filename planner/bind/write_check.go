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

// newRow computes the row that comes, beside the columns of the plan, and makes it
// that of the level's item of the table.
func (b *binder) newRow(st *stage, it *nsItem, t *model.Table, exprs []expr.Expr) []logical.Col {
	st.attach(exprs...)
	p := &logical.Project{Input: st.plan}
	for _, c := range st.plan.Columns() {
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: c.Ref()})
	}
	var cols []logical.Col
	it.cols = nil
	for i, c := range t.Columns {
		n := b.newCol(st.lv, c.Name, c.Type, expr.CollDefault)
		b.origins[n.ID] = Origin{t.OID, int16(i + 1)}
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: exprs[i]})
		it.cols = append(it.cols, nsCol{name: c.Name, col: n})
		cols = append(cols, n)
	}
	st.plan = p
	return cols
}

// checks says for each of the table's whether a row, which is the item, fails it.
func (b *binder) checks(lv *level, t *model.Table, row *nsItem) ([]expr.Expr, error) {
	all := lv.items
	defer func() { lv.items = all }()
	item := *row
	item.name = t.Name
	lv.items = []*nsItem{&item}
	var out []expr.Expr
	for _, k := range t.Checks {
		e, err := parse.ParseExpr(k.Text)
		if err != nil {
			return nil, err
		}
		cond, err := b.check(lv, e)
		if err != nil {
			return nil, err
		}
		out = append(out, &expr.IsNull{Arg: cond, Test: expr.TestFalse})
	}
	return out, nil
}

// written ends the plan of a statement that writes: the columns cols, the first item
// of the level being the table's; whether checks fail; the proposed row of an upsert
// with its own checks; and what RETURNING makes.
func (b *binder) written(w *Write, st *stage, cols, proposed []logical.Col, returning []parse.Target) (*boundQuery, error) {
	lv := st.lv
	p := &logical.Project{}
	out := &boundQuery{plan: p, cols: cols}
	add := func(n logical.Col, e expr.Expr) {
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: n, Expr: e})
	}
	for _, c := range cols {
		add(c, c.Ref())
	}
	if w.Kind != WriteDelete {
		fails, err := b.checks(lv, w.Table, lv.items[0])
		if err != nil {
			return nil, err
		}
		for _, e := range fails {
			c := b.newCol(lv, "", sql.Bool, expr.CollDefault)
			add(c, e)
			out.cols = append(out.cols, c)
		}
	}
	for _, c := range proposed {
		add(c, c.Ref())
		out.cols = append(out.cols, c)
	}
	err := lv.within(inReturning, func() error {
		list, err := b.targets(lv, returning)
		if err != nil {
			return err
		}
		w.Returns = len(list)
		for _, t := range list {
			e, err := b.resolveUnknown(operand{t.expr, t.pos})
			if err != nil {
				return err
			}
			st.attach(e)
			c := b.newCol(lv, t.name, e.Type(), collationOf(e))
			if col, ok := e.(*expr.Col); ok {
				b.origins[c.ID] = b.origins[col.ID]
			}
			add(c, e)
			out.cols = append(out.cols, c)
		}
		return nil
	})
	p.Input = st.plan
	return out, err
}

// check binds a condition over the columns of the level.
func (b *binder) check(lv *level, e parse.Expr) (cond expr.Expr, err error) {
	err = lv.within(inCheck, func() error {
		cond, err = b.condition(lv, e, "CHECK")
		return err
	})
	return cond, err
}

// CheckTable binds a new table's defaults, one for each column or nil, and checks,
// and names the checks that have no name as PostgreSQL does.
func CheckTable(ctx context.Context, env *expr.Env, opts Options, t *model.Table, defaults, checks []parse.Expr) error {
	b := newBinder(ctx, env, opts)
	lv := b.newLevel(nil, nil)
	item := targetItem(t, parse.Alias{})
	name := map[expr.ColumnID]string{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if defaults[i] != nil {
			if _, err := b.bindDefault(lv, defaults[i], c); err != nil {
				if e := sql.AsError(err); e.Code == sql.CodeDatatypeMismatch {
					e.Message, e.Position = strings.Replace(e.Message, "but expression is", "but default expression is", 1), 0
				}
				return err
			}
		}
		col := b.newCol(lv, c.Name, c.Type, expr.CollDefault)
		name[col.ID] = c.Name
		item.cols = append(item.cols, nsCol{name: c.Name, col: col})
	}
	lv.items = []*nsItem{item}
	for i := range t.Checks {
		k := &t.Checks[i]
		cond, err := b.check(lv, checks[i])
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
