package engine

import (
	"context"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/ddl"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// snapshot is the catalog as the session sees it now: with its own changes, if it
// has made any in this transaction.
func (s *Session) snapshot(ctx context.Context) (*catalog.Snapshot, error) {
	if s.txn.batch != nil {
		return s.temp.show(s.eng.cfg.Catalog, s.txn.batch.Snapshot()), nil
	}
	snap, err := s.eng.cfg.Catalog.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return s.temp.show(s.eng.cfg.Catalog, snap), nil
}

// updateCatalog makes a change: at once outside of a transaction block, inside one
// when it commits.
func (s *Session) updateCatalog(ctx context.Context, f func(*store.Tx) error) error {
	if s.txn.implicit && s.txn.single {
		return s.eng.cfg.Catalog.Update(ctx, f)
	}
	if s.txn.batch == nil {
		snap, err := s.eng.cfg.Catalog.Snapshot(ctx)
		if err != nil {
			return err
		}
		s.txn.batch = s.eng.cfg.Catalog.Begin(snap)
	}
	return s.txn.batch.Update(ctx, f)
}

// readsOnly reports whether a statement only shows the catalog.
func readsOnly(stmt ddl.Stmt) bool {
	switch stmt.(type) {
	case *ddl.Show, *ddl.Describe:
		return true
	}
	return false
}

// describeDDL finds the result columns, which depend on what is shown.
func (s *Session) describeDDL(ctx context.Context, p *Prepared) error {
	if !readsOnly(p.Source.DDL) {
		return nil
	}
	res, err := s.execDDL(ctx, p.Source.DDL)
	if err != nil {
		return err
	}
	p.Fields = make([]Field, len(res.Columns))
	for i, c := range res.Columns {
		p.Fields[i] = Field{Name: c.Name, Type: c.Type}
	}
	return nil
}

func (s *Session) runDDL(ctx context.Context, stmt ddl.Stmt) (Rows, func(int64) string, error) {
	if !readsOnly(stmt) && s.set.boolean("transaction_read_only") {
		return nil, nil, sql.Errorf(sql.CodeReadOnlyTransaction, "cannot change the catalog in a read-only transaction")
	}
	if drop, ok := stmt.(*ddl.DropTable); ok {
		rest, err := s.dropTemp(drop)
		if err != nil {
			return nil, nil, err
		}
		if rest == nil {
			tag := "DROP TABLE"
			if drop.View {
				tag = "DROP VIEW"
			}
			return nil, func(int64) string { return tag }, nil
		}
		stmt = rest
	}
	res, err := s.execDDL(ctx, stmt)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range res.Notices {
		s.notice("NOTICE", "00000", "%s", n)
	}
	tag := func(int64) string { return res.Tag }
	if res.Columns == nil {
		return nil, tag, nil
	}
	return newValueRows(res.Columns, res.Rows), tag, nil
}

func (s *Session) execDDL(ctx context.Context, stmt ddl.Stmt) (*ddl.Result, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	env := s.env()
	return ddl.Exec(ctx, &ddl.Session{
		Snapshot: snap, Catalog: s.opts.Database, SearchPath: env.SearchPath, User: s.opts.User, Update: s.updateCatalog,
		Objects:    func(location string) (object.Store, error) { return s.eng.cfg.Store.For(location) },
		BindView:   s.bindLakeView,
		Partitions: snap.Partitions(env),
		Analyze: func(ctx context.Context, t *model.Table, columns []string) (*model.TableStats, []ddl.PartitionStats, error) {
			return s.analyze(ctx, snap, env, t, columns)
		},
	}, stmt)
}

// bindLakeView checks the query of a view in the catalog and gives its columns.
func (s *Session) bindLakeView(ctx context.Context, text string, names []string) ([]model.Column, error) {
	cols, deps, err := s.bindView(ctx, text, names)
	for _, oid := range deps {
		if t := s.temp.now.byOID(oid); t != nil {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "a view of temporary %s \"%s\" is not supported", t.kind(), t.table.Name).
				WithHint("Views are kept for all sessions, temporary tables for one; use CREATE TEMP VIEW instead.")
		}
	}
	return cols, err
}

// bindView checks a view's query and gives its columns and the relations that it reads.
func (s *Session) bindView(ctx context.Context, text string, names []string) ([]model.Column, []sql.OID, error) {
	stmts, err := s.eng.parser.Parse(text, s.dialect())
	if err != nil {
		return nil, nil, err
	}
	if len(stmts) != 1 {
		return nil, nil, sql.Errorf(sql.CodeSyntaxError, "a view is defined by one query")
	}
	sel, ok := stmts[0].Stmt.(*parse.Select)
	if !ok {
		return nil, nil, sql.Errorf(sql.CodeSyntaxError, "a view is defined by a SELECT")
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := bind.Bind(ctx, s.env(), sel, s.bindOptions(snap, nil))
	if err != nil {
		return nil, nil, err
	}
	var deps []sql.OID
	for _, d := range b.Deps {
		deps = append(deps, d.OID)
	}
	if len(b.ParamTypes) > 0 {
		return nil, nil, sql.Errorf(sql.CodeUndefinedParameter, "there is no parameter $1")
	}
	if len(names) > len(b.Output) {
		return nil, nil, sql.Errorf(sql.CodeSyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	cols := make([]model.Column, len(b.Output))
	seen := map[string]bool{}
	for i, c := range b.Output {
		name := c.Name
		if i < len(names) {
			name = strings.ToLower(names[i])
		}
		if seen[name] {
			return nil, nil, sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" specified more than once", name)
		}
		seen[name] = true
		cols[i] = model.Column{Name: name, Type: c.T}
	}
	return cols, deps, nil
}
