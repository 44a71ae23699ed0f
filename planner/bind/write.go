package bind

import (
	"context"

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
// WriteUpdate, WriteDelete and an upsert, first the number of the row that goes (of an
// upsert NULL if none does); then, but for WriteDelete, the columns of the row that
// comes and, a boolean each, whether that fails one of the table's checks; of an
// upsert the same of the row as it was proposed; at last what RETURNING makes of it.
type Write struct {
	Kind  WriteKind
	Table *model.Table // nil: WriteNew
	// Arbiters are the table's keys (by index) that ON CONFLICT looks at; nil: there is
	// none. Rows that conflict with rows of the table are settled by the query, those
	// that conflict with one another are not: of these the first comes, and with Upsert
	// (DO UPDATE) another one is an error.
	Arbiters []int
	Upsert   bool
	// Returns is how many columns RETURNING has.
	Returns int
}

// Numbered reports whether the first column is the number of the row that goes.
func (w *Write) Numbered() bool {
	return w.Kind == WriteUpdate || w.Kind == WriteDelete || w.Upsert
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

// Stored is a type as a temporary table's column has it: numerics are in the general
// form, which holds whatever may come, NaN too.
func Stored(t sql.Type) sql.Type {
	t.Dec = sql.Dec{}
	return t
}

// createAs binds the query of CREATE TEMP TABLE AS.
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
		t := Stored(c.T)
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
	return b.bindDefault(lv, e, c)
}

func (b *binder) bindDefault(lv *level, e parse.Expr, c *model.Column) (out expr.Expr, err error) {
	err = lv.within(inDefault, func() error {
		o, err := b.operand(lv, e)
		if err != nil {
			return err
		}
		out, err = b.assign(o, c)
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
