// Package bind gives names and types to a parsed query: it resolves relations,
// columns, functions, operators and casts by PostgreSQL's rules and makes the
// logical plan.
package bind

import (
	"context"
	"errors"
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// Catalog finds relations for the binder. What it returns is immutable and of one
// version of the catalog for the length of a Bind.
type Catalog interface {
	// Table returns the relation, nil if there is none. Names are folded already.
	Table(ctx context.Context, schema, name string) (*model.Table, error)
	// HasSchema reports whether there is such a schema.
	HasSchema(ctx context.Context, schema string) (bool, error)
	// TableNames lists the relations of a schema, for hints.
	TableNames(ctx context.Context, schema string) ([]string, error)
	// Version is the catalog's version.
	Version() int64
}

// Options are what Bind needs beside the statement.
type Options struct {
	Catalog  Catalog
	Registry *expr.Registry
	// ParamTypes are the types that the client gave; 0 or missing: inferred.
	ParamTypes []sql.OID
	// TempSchema is the schema of the session's temporary tables, where relations are
	// looked for first; "" if it has none.
	TempSchema string
	// Copied has the rows that COPY FROM inserts.
	Copied *model.Table
}

// Origin is the table column that an output column is.
type Origin struct {
	Table  sql.OID
	Attnum int16
}

// Bound is a bound query.
type Bound struct {
	Plan logical.Node
	// Output are the result's columns, or the columns of the rows that Write tells of, under the names that PostgreSQL gives them; ids
	// are those of Plan's columns.
	Output []logical.Col
	// Origins stand beside Output; the zero Origin for computed columns.
	Origins    []Origin
	ParamTypes []sql.OID
	// Deps are the relations read, views included.
	Deps []Dep
	// CatalogVersion is the version that Deps are of.
	CatalogVersion int64
	// NextID is above every column id in Plan; rules number on from it.
	NextID expr.ColumnID
	// Volatile and Stable tell whether a function of that volatility is called: the
	// plan's constants depend on the session if the binder evaluated one.
	Volatile, Stable bool
	// Notices are for the client to see when the statement runs.
	Notices []string
	// Write is what is done with the rows; nil: they are a query's answer.
	Write *Write
}

// Dep is a relation that a statement depends on.
type Dep struct {
	OID          sql.OID
	Schema, Name string
	Version      int64
}

// Bind binds a query or a statement that writes rows. env serves for folding
// constants and for the search path.
func Bind(ctx context.Context, env *expr.Env, stmt parse.Stmt, opts Options) (*Bound, error) {
	b := newBinder(ctx, env, opts)
	q, write, err := b.statement(stmt)
	if errors.Is(err, errUnmarked) { // few statements need marks, so that most are bound without
		b = newBinder(ctx, env, opts)
		b.marks = true
		q, write, err = b.statement(stmt)
	}
	if err != nil {
		return nil, err
	}
	if err := b.checkParams(q.plan); err != nil {
		return nil, err
	}
	out := &Bound{Plan: b.settleCTEs(q.plan), Deps: b.deps, ParamTypes: b.params, CatalogVersion: opts.Catalog.Version(), Write: write, Notices: b.notices}
	for _, c := range q.cols {
		out.Output = append(out.Output, c)
		out.Origins = append(out.Origins, b.origins[c.ID])
	}
	out.NextID = b.lastID + 1
	logical.WalkExprs(out.Plan, func(e expr.Expr) {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Call); ok {
				out.Volatile = out.Volatile || c.Fn.Vol == expr.Volatile
				out.Stable = out.Stable || c.Fn.Vol == expr.Stable
			}
			return true
		})
	})
	return out, nil
}

// WithParams returns the plan with the values, which have the types of
// ParamTypes, in place of the parameters.
func (b *Bound) WithParams(values []sql.Value) logical.Node {
	if len(values) == 0 {
		return b.Plan
	}
	return logical.MapExprs(b.Plan, func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
			if p, ok := x.(*expr.Param); ok && p.Index <= len(values) {
				v := values[p.Index-1]
				if v.Type.OID == p.T.OID {
					v.Type = p.T
				}
				return &expr.Const{V: v}
			}
			return x
		})
	})
}

// binder is the state of one Bind.
type binder struct {
	ctx      context.Context
	env      *expr.Env
	opts     Options
	reg      *expr.Registry
	path     []string // search path, with the implicit pg_catalog
	lastID   expr.ColumnID
	owner    map[expr.ColumnID]*level
	origins  map[expr.ColumnID]Origin
	colPos   map[*expr.Col]int
	params   []sql.OID
	paramPos map[*expr.Param]int
	deps     []Dep
	ctes     []*cte     // all, by ID
	views    int        // depth of views being bound
	subs     int        // depth of subqueries in expressions being bound
	outer    int        // depth of sides of outer joins that may be NULL being bound
	form     *formScope // the form of another dialect being bound, nil: none
	notices  []string
	marks    bool // such sides get a column that tells which rows they have
}

func newBinder(ctx context.Context, env *expr.Env, opts Options) *binder {
	return &binder{ctx: ctx, env: env, opts: opts, reg: opts.Registry, path: tempFirst(opts.TempSchema, effectivePath(env.SearchPath)),
		owner: map[expr.ColumnID]*level{}, origins: map[expr.ColumnID]Origin{}, colPos: map[*expr.Col]int{}, paramPos: map[*expr.Param]int{},
		params: append([]sql.OID(nil), opts.ParamTypes...)}
}

// effectivePath puts pg_catalog first unless the path names it.
func effectivePath(path []string) []string {
	for _, s := range path {
		if s == "pg_catalog" {
			return path
		}
	}
	return append([]string{"pg_catalog"}, path...)
}

// tempFirst puts the session's temporary tables first, unless the path names them.
func tempFirst(temp string, path []string) []string {
	if temp == "" || slices.Contains(path, "pg_temp") || slices.Contains(path, temp) {
		return path
	}
	return append([]string{temp}, path...)
}

func (b *binder) newID(lv *level) expr.ColumnID {
	b.lastID++
	b.owner[b.lastID] = lv
	return b.lastID
}

// newCol makes a column of the level.
func (b *binder) newCol(lv *level, name string, t sql.Type, coll expr.Collation) logical.Col {
	return logical.Col{ID: b.newID(lv), Name: name, T: t, Coll: coll}
}

// ref refers to a column at a position of the text.
func (b *binder) ref(c logical.Col, pos int) *expr.Col {
	r := c.Ref()
	b.colPos[r] = pos
	return r
}

// boundQuery is a bound (sub)query: plan and its visible columns, whose names are
// the output names. The plan's columns may be more.
type boundQuery struct {
	plan logical.Node
	cols []logical.Col
}

// unknownMode tells what becomes of output columns of type unknown.
type unknownMode bool

const (
	resolveUnknowns unknownMode = true  // they become text
	keepUnknowns    unknownMode = false // the set operation above decides
)
