package bind

import (
	"errors"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// clause is where an expression stands; it decides what may be in it and how
// errors name the place.
type clause uint8

const (
	inSelect clause = iota
	inWhere
	inJoin
	inFromFunction
	inHaving
	inGroupBy
	inOrderBy
	inDistinctOn
	inLimit
	inOffset
	inValues
	inFilter
	inWindowPartition
	inWindowOrder
	inWindowRange
	inWindowRows
	inWindowGroups
	inUpdate
	inReturning
	inCheck
	inDefault
)

// clauseNames are the words of errors like "aggregate functions are not allowed in ...".
var clauseNames = [...]string{
	inSelect: "SELECT", inWhere: "WHERE", inJoin: "JOIN conditions", inFromFunction: "functions in FROM", inHaving: "HAVING",
	inGroupBy: "GROUP BY", inOrderBy: "ORDER BY", inDistinctOn: "DISTINCT ON", inLimit: "LIMIT", inOffset: "OFFSET",
	inValues: "VALUES", inFilter: "FILTER", inWindowPartition: "window definitions", inWindowOrder: "window definitions",
	inWindowRange: "window RANGE", inWindowRows: "window ROWS", inWindowGroups: "window GROUPS",
	inUpdate: "UPDATE", inReturning: "RETURNING", inCheck: "check constraints", inDefault: "DEFAULT expressions",
}

// level is one query level: a SELECT core with its FROM items in scope, and what
// its expressions asked for beyond their input's columns.
type level struct {
	parent  *level
	depth   int
	ctes    *cteScope
	items   []*nsItem
	lateral bool // a lateral item or a JOIN's ON is being bound: lateral-only items are visible
	clause  clause
	sel     *parse.Select

	aggs     []expr.AggCall
	aggIDs   expr.ColSet
	grouping []pendingGrouping
	hasAggs  bool
	selfRef  bool // reads a recursive query's work table
	inAgg    int  // nesting of aggregate arguments being bound
	windows  []*windowSpec
	winIDs   expr.ColSet
	setCalls []*pendingSet
	setIDs   expr.ColSet
	subs     map[expr.ColumnID]*sublink
	guards   []expr.Expr          // what must hold for the expression being bound to be evaluated
	aliases  map[string]expr.Expr // of the select list, while QUALIFY is bound
	noSets   string               // where set-returning functions are not allowed (CASE ...), else ""
}

func (b *binder) newLevel(parent *level, ctes *cteScope) *level {
	lv := &level{parent: parent, ctes: ctes, subs: map[expr.ColumnID]*sublink{}}
	if parent != nil {
		lv.depth = parent.depth + 1
	}
	return lv
}

// within binds something in a clause of the level.
func (lv *level) within(c clause, f func() error) error {
	old := lv.clause
	lv.clause = c
	err := f()
	lv.clause = old
	return err
}

// nsCol is a column of a FROM item.
type nsCol struct {
	name string
	col  logical.Col
	expr expr.Expr // nil: the column itself; merged columns of FULL JOIN have one
}

// nsItem is a FROM item in scope.
type nsItem struct {
	name        string
	table       *model.Table // plain tables: for schema.table.column
	cols        []nsCol
	relVisible  bool
	colsVisible bool
	lateralOnly bool // only seen by lateral items
	lateralOK   bool // else a reference is an error
	isFunc      bool // function with one scalar column
	isJoin      bool
	nullable    bool // on a side of an outer join that may be made of NULLs
	// present is true in the rows of the item that an outer join has not made of NULLs:
	// of nullable items, if the binder marks rows.
	present *expr.Col
}

func (lv *level) visible(it *nsItem) bool { return !it.lateralOnly || lv.lateral }

func (it *nsItem) checkLateral(what string, pos int) error {
	if it.lateralOnly && !it.lateralOK {
		return sql.Errorf(sql.CodeInvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"", it.name).
			WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").At(pos)
	}
	return nil
}

// columnRef resolves a column reference by PostgreSQL's rules: the innermost level
// that knows the name; a bare name may also be a whole row.
func (b *binder) columnRef(lv *level, r *parse.ColumnRef) (expr.Expr, error) {
	pos := r.Pos()
	if lv.clause == inDefault {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "cannot use column reference in DEFAULT expression").At(pos)
	}
	switch len(r.Parts) {
	case 1:
		return b.bareColumn(lv, r.Parts[0], pos)
	case 2, 3, 4:
		col := r.Parts[len(r.Parts)-1]
		rel := r.Parts[:len(r.Parts)-1]
		if len(rel) == 3 {
			if err := b.checkDatabase(rel[0], pos); err != nil {
				return nil, err
			}
			rel = rel[1:]
		}
		return b.qualifiedColumn(lv, rel, col, pos)
	}
	return nil, sql.Errorf(sql.CodeSyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(r.Parts, ".")).At(pos)
}

func (b *binder) checkDatabase(db string, pos int) error {
	if db != b.env.Database {
		return sql.Errorf(sql.CodeFeatureNotSupported, "cross-database references are not implemented: %s", db).
			WithHint("The connection's database is \"%s\"; connect to the other one.", b.env.Database).At(pos)
	}
	return nil
}

func (b *binder) bareColumn(lv *level, name string, pos int) (expr.Expr, error) {
	e, err := b.findColumn(lv, name, pos, false)
	if e != nil || err != nil {
		return e, err
	}
	// A relation's name stands for its rows.
	for l := lv; l != nil; l = l.parent {
		for _, it := range l.items {
			if it.relVisible && l.visible(it) && it.name == name {
				if err := it.checkLateral(name, pos); err != nil {
					return nil, err
				}
				return b.wholeRow(it, pos)
			}
		}
	}
	if t, ok := lv.aliases[name]; ok {
		return t, nil
	}
	if name == "sysdate" {
		return b.write(lv, "transaction_timestamp()::timestamp", nil, pos)
	}
	return nil, b.undefinedColumn(lv, "", name, pos)
}

// findColumn looks a bare name up; nil if no level has it. With local it looks at lv only.
func (b *binder) findColumn(lv *level, name string, pos int, local bool) (expr.Expr, error) {
	for l := lv; l != nil; l = l.parent {
		var found *nsCol
		var in *nsItem
		for _, it := range l.items {
			if !it.colsVisible || !l.visible(it) {
				continue
			}
			c, err := it.column(name, pos)
			if err != nil {
				return nil, err
			}
			if c == nil {
				continue
			}
			if found != nil {
				return nil, sql.Errorf(sql.CodeAmbiguousColumn, "column reference \"%s\" is ambiguous", name).At(pos)
			}
			found, in = c, it
		}
		if found != nil {
			if err := in.checkLateral(name, pos); err != nil {
				return nil, err
			}
			return b.nsRef(found, pos), nil
		}
		if name == "tableoid" {
			for _, it := range l.items {
				if it.table != nil && it.colsVisible && l.visible(it) {
					return &expr.Const{V: sql.IntValue(sql.Oid, int64(it.table.OID))}, nil
				}
			}
		}
		if local {
			break
		}
	}
	return nil, nil
}

// column finds a column of the item; 42702 if there are two.
func (it *nsItem) column(name string, pos int) (*nsCol, error) {
	var found *nsCol
	for i := range it.cols {
		if it.cols[i].name == name {
			if found != nil {
				return nil, sql.Errorf(sql.CodeAmbiguousColumn, "column reference \"%s\" is ambiguous", name).At(pos)
			}
			found = &it.cols[i]
		}
	}
	return found, nil
}

func (b *binder) nsRef(c *nsCol, pos int) expr.Expr {
	if c.expr != nil {
		return c.expr
	}
	return b.ref(c.col, pos)
}

// findItem finds a FROM item by its qualified name.
func (b *binder) findItem(lv *level, rel []string, pos int) (*nsItem, error) {
	name := rel[len(rel)-1]
	for l := lv; l != nil; l = l.parent {
		var found *nsItem
		for _, it := range l.items {
			if !it.relVisible || !l.visible(it) || it.name != name {
				continue
			}
			if len(rel) == 2 && (it.table == nil || it.table.Database != rel[0] && (rel[0] != "pg_temp" || it.table.Kind != model.KindTemp) || it.table.Name != name) {
				continue
			}
			if found != nil {
				return nil, sql.Errorf("42P09", "table reference \"%s\" is ambiguous", name).At(pos)
			}
			found = it
		}
		if found != nil {
			return found, found.checkLateral(name, pos)
		}
	}
	return nil, nil
}

func (b *binder) qualifiedColumn(lv *level, rel []string, col string, pos int) (expr.Expr, error) {
	it, err := b.findItem(lv, rel, pos)
	if err != nil {
		return nil, err
	}
	if it == nil {
		return nil, b.missingItem(lv, rel, pos)
	}
	c, err := it.column(col, pos)
	if err != nil {
		return nil, err
	}
	if c != nil {
		return b.nsRef(c, pos), nil
	}
	if col == "tableoid" && it.table != nil {
		return &expr.Const{V: sql.IntValue(sql.Oid, int64(it.table.OID))}, nil
	}
	// f(x) may be written x.f where x is a row; only single columns of functions are left.
	return nil, b.undefinedColumn(lv, rel[len(rel)-1], col, pos)
}

// errUnmarked ends a binding that needs the marks of rows and does not make them.
var errUnmarked = errors.New("the rows of outer joins must be marked")

// wholeRow is a reference to a relation's row; that of a function with one scalar
// column is the column. The row is NULL where an outer join has made it of NULLs;
// that of a join with a name never is, as in PostgreSQL.
func (b *binder) wholeRow(it *nsItem, pos int) (expr.Expr, error) {
	if it.isFunc && len(it.cols) == 1 {
		return b.nsRef(&it.cols[0], pos), nil
	}
	row := &expr.RowExpr{}
	for i := range it.cols {
		row.Fields = append(row.Fields, b.nsRef(&it.cols[i], pos))
		row.Names = append(row.Names, it.cols[i].name)
	}
	switch {
	case !it.nullable || it.isJoin:
		return row, nil
	case it.present == nil:
		return nil, errUnmarked
	}
	return &expr.Case{Whens: []expr.When{{Cond: it.present, Then: row}}, T: row.Type()}, nil
}

// rowOf is the row that an expression is: ROW(...), or a relation's whole row also
// where that may be NULL. nil: it is not known to be one.
func rowOf(e expr.Expr) *expr.RowExpr {
	switch x := e.(type) {
	case *expr.RowExpr:
		return x
	case *expr.Case:
		if x.T.OID == sql.OIDRecord && len(x.Whens) == 1 && x.Else == nil {
			row, _ := x.Whens[0].Then.(*expr.RowExpr)
			return row
		}
	}
	return nil
}
