package engine

import (
	"context"
	"sync"
	"time"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/vector"
)

// The life of a query: the text was parsed (source.go); bindQuery gives names and
// types to the tree; planQuery puts the parameters' values in, runs the rules and
// chooses places; openQuery is admitted, builds the pipelines and starts them; the
// portal pulls batches and the front door encodes them.

// query is a bound query and what it is valid for.
type query struct {
	stmt   parse.Statement
	tree   parse.Stmt // what is bound: the statement, or the query in it
	bound  *bind.Bound
	read   string // settings it was bound under
	fields []Field
	params []sql.OID
	copied *model.Table // that COPY FROM has read, nil
}

// bindQuery binds a query, or a statement that writes rows, in the catalog of now.
func (s *Session) bindQuery(ctx context.Context, stmt parse.Statement, tree parse.Stmt, types []sql.OID) (*query, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return s.bindWith(ctx, stmt, tree, s.bindOptions(snap, types))
}

func (s *Session) bindWith(ctx context.Context, stmt parse.Statement, tree parse.Stmt, opts bind.Options) (q *query, err error) {
	q = &query{stmt: stmt, tree: tree, read: s.bindSettings(), copied: opts.Copied}
	if q.bound, err = bind.Bind(ctx, s.env(), tree, opts); err != nil {
		return nil, err
	}
	q.params = q.bound.ParamTypes
	first := 0
	if w := q.bound.Write; w != nil {
		first = len(q.bound.Output) - w.Returns
	}
	q.fields = make([]Field, len(q.bound.Output)-first)
	for i, c := range q.bound.Output[first:] {
		o := q.bound.Origins[first+i]
		q.fields[i] = Field{Name: c.Name, Type: c.T, Table: o.Table, Attnum: o.Attnum}
	}
	return q, nil
}

// bindSettings are the settings that decide what a statement's names mean.
func (s *Session) bindSettings() string {
	path, _ := s.set.get("search_path")
	dialect, _ := s.set.get("sluice.dialect")
	return dialect + " " + path
}

// fresh binds the query again if the catalog, the search path or the dialect has changed since;
// a result of another shape is an error, as in PostgreSQL.
func (s *Session) fresh(ctx context.Context, q *query, snap *catalog.Snapshot) (*query, error) {
	if q.bound.CatalogVersion == snap.Version() && s.bindSettings() == q.read && !q.bound.Stable {
		return q, nil
	}
	opts := s.bindOptions(snap, q.params) // the types of the values that there are
	opts.Copied = q.copied
	n, err := s.bindWith(ctx, q.stmt, q.tree, opts)
	if err != nil {
		return nil, err
	}
	same := len(n.fields) == len(q.fields)
	for i := 0; same && i < len(n.fields); i++ {
		same = n.fields[i].Type.OID == q.fields[i].Type.OID
	}
	if !same {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "cached plan must not change result type")
	}
	return n, nil
}

// planned is a query ready to run.
type planned struct {
	query *query
	plan  *physical.Plan
	lake  *lake // with the files that planning has seen
}

// planQuery plans a query for its parameters' values; it sees the temporary tables of now.
func (s *Session) planQuery(ctx context.Context, q *query, params []sql.Value) (*planned, error) {
	return s.planIn(ctx, q, params, s.temp.now)
}

// planIn plans a query that sees the temporary tables' rows in a state of them.
func (s *Session) planIn(ctx context.Context, q *query, params []sql.Value, temp *tempState) (*planned, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if q, err = s.fresh(ctx, q, snap); err != nil {
		return nil, err
	}
	env := s.env()
	lk := &lake{eng: s.eng, snap: snap, env: env, store: newListings(s.eng.cfg.Store), temp: temp}
	opt := rule.Options{Disabled: s.set.derive(s.opts.User).disabled, Funcs: s.eng.planFuncs, Trace: s.eng.cfg.Trace,
		Fold: func(e expr.Expr) expr.Expr { return expr.Fold(env, e, true) }}
	tree, err := rule.Rewrite(q.bound.WithParams(params), opt)
	if err != nil {
		return nil, err
	}
	plan, err := place.Plan(ctx, tree, place.Options{Stats: &statistics{lk}, Prices: s.eng.cfg.Prices,
		Widen: s.eng.planFuncs.widen, Eval: func(e expr.Expr) (sql.Value, error) { return expr.EvalConst(env, e) }})
	if err != nil {
		return nil, err
	}
	return &planned{query: q, plan: plan, lake: lk}, nil
}

// runQuery plans and starts a portal's query.
func (s *Session) runQuery(ctx context.Context, p *Portal) (Rows, error) {
	pl := p.planned
	if pl == nil {
		var err error
		if pl, err = s.planQuery(ctx, p.prep.query, p.params); err != nil {
			return nil, err
		}
		p.planned = pl
	}
	p.stats.planned = time.Now()
	return s.openQuery(ctx, p, pl)
}

// openQuery waits to be admitted and starts the plan.
func (s *Session) openQuery(ctx context.Context, p *Portal, pl *planned) (*queryRows, error) {
	e := s.eng
	release, waited, err := e.admit.enter(ctx, s.opts.User, s.set.millis("sluice.queue_timeout"))
	p.stats.waited = waited
	if err != nil {
		return nil, err
	}
	started := false
	defer func() { // on a panic too
		if !started {
			release()
		}
	}()
	p.stats.counters = &object.Counters{}
	p.stats.route = "lake"
	ctx = object.WithMeter(ctx, p.stats.counters)
	limit := s.set.integer("sluice.statement_memory") << 10
	if limit <= 0 || e.cfg.StatementMemory > 0 && limit > e.cfg.StatementMemory {
		limit = e.cfg.StatementMemory
	}
	x, err := exec.Build(pl.plan, &exec.Runtime{
		Env: pl.lake.env, Pool: e.cfg.Pool, Lake: pl.lake, Relations: relations{s, pl.lake.snap}, Temp: pl.lake.temp,
		Memory: exec.NewBudget(e.cfg.Memory, limit), SpillDir: e.cfg.SpillDir, SpillFloor: e.cfg.SpillFloor,
		Held:      p.heldMemory(),
		BatchSize: int(s.set.integer("sluice.batch_size")), Workers: int(s.set.integer("sluice.workers")), Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	x.Start(ctx)
	started = true
	return &queryRows{x: x, plan: pl.plan, learned: &e.learned, release: release}, nil
}

// queryRows is the result of a running plan.
type queryRows struct {
	x       *exec.Execution
	plan    *physical.Plan
	learned *learned
	release func()
	once    sync.Once
}

func (r *queryRows) Next(ctx context.Context) (*vector.Batch, error) { return r.x.Next(ctx) }

func (r *queryRows) Close() {
	r.once.Do(func() {
		r.x.Close()
		r.release()
		r.learned.note(r.plan, r.x.Stats())
	})
}

func (s *Session) bindOptions(snap *catalog.Snapshot, types []sql.OID) bind.Options {
	return bind.Options{Catalog: bindCatalog{snap}, Registry: s.eng.cfg.Registry, ParamTypes: types, TempSchema: s.temp.schema()}
}

// bindCatalog shows a snapshot to the binder.
type bindCatalog struct{ snap *catalog.Snapshot }

func (b bindCatalog) Table(_ context.Context, schema, name string) (*model.Table, error) {
	return b.snap.Table(schema, name), nil
}

func (b bindCatalog) HasSchema(_ context.Context, schema string) (bool, error) {
	return b.snap.Database(schema) != nil, nil
}

func (b bindCatalog) TableNames(_ context.Context, schema string) ([]string, error) {
	var out []string
	for _, t := range b.snap.Tables(schema) {
		out = append(out, t.Name)
	}
	return out, nil
}

func (b bindCatalog) Version() int64 { return b.snap.Version() }
