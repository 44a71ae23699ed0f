package ddl

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/analyze"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// Session is what Exec needs of the session that gives a statement.
type Session struct {
	Snapshot   *catalog.Snapshot
	Catalog    string   // the database that the client is connected to
	SearchPath []string // effective, without pg_catalog
	User       string
	// Update runs a change: Catalog.Update, or Batch.Update inside a transaction
	// block. The function may be run more than once.
	Update func(context.Context, func(*store.Tx) error) error
	// Objects returns the store that a location lies in; an error where the
	// configuration does not allow it.
	Objects func(location string) (object.Store, error)
	// BindView checks a view's query and returns its columns.
	BindView func(ctx context.Context, text string, columns []string) ([]model.Column, error)
	// Partitions gives the partitions of tables as the session sees them.
	Partitions *catalog.PartitionSource
	// Analyze computes statistics of a table; columns nil: all.
	Analyze func(ctx context.Context, t *model.Table, columns []string) (*model.TableStats, []PartitionStats, error)
}

// PartitionStats are statistics of the partition with the raw values.
type PartitionStats = analyze.PartitionStats

// Result is a statement's outcome.
type Result struct {
	Columns []model.Column // nil: the statement returns no rows
	Rows    [][]sql.Value
	Tag     string // command tag, without a row count for SHOW
	Notices []string
}

func (r *Result) notice(format string, args ...any) {
	r.Notices = append(r.Notices, fmt.Sprintf(format, args...))
}

// exec carries out one statement.
type exec struct {
	*Session
	ctx context.Context
	res *Result
}

// Exec carries out a statement.
func Exec(ctx context.Context, s *Session, stmt Stmt) (*Result, error) {
	x := &exec{Session: s, ctx: ctx, res: &Result{}}
	var err error
	switch st := stmt.(type) {
	case *CreateDatabase:
		err = x.createDatabase(st)
	case *DropDatabase:
		err = x.dropDatabase(st)
	case *AlterDatabase:
		err = x.alterDatabase(st)
	case *CreateTable:
		err = x.createTable(st)
	case *DropTable:
		err = x.dropTable(st)
	case *CreateView:
		err = x.createView(st)
	case *AddPartitions:
		err = x.addPartitions(st)
	case *DropPartitions:
		err = x.dropPartitions(st)
	case *RenamePartition:
		err = x.renamePartition(st)
	case *RenameTable:
		err = x.renameTable(st)
	case *SetLocation:
		err = x.setLocation(st)
	case *SetProperties:
		err = x.setProperties(st)
	case *AddColumns:
		err = x.addColumns(st)
	case *DropColumn:
		err = x.dropColumn(st)
	case *ChangeColumn:
		err = x.changeColumn(st)
	case *RepairTable:
		err = x.repair(st)
	case *Show:
		err = x.show(st)
	case *Describe:
		err = x.describe(st)
	case *Comment:
		err = x.comment(st)
	case *Analyze:
		err = x.analyze(st)
	default:
		err = sql.Errorf(sql.CodeInternal, "no executor for %T", stmt)
	}
	if err != nil {
		return nil, err
	}
	return x.res, nil
}

func code(err error) sql.Code { return sql.AsError(err).Code }

// inCatalog refuses names of another catalog.
func (x *exec) inCatalog(n Name) error {
	if n.Catalog == "" || strings.EqualFold(n.Catalog, x.Catalog) || n.Catalog == "awsdatacatalog" {
		return nil
	}
	return sql.Errorf(sql.CodeFeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", n.Catalog, n.Database, n.Table).
		WithHint("This connection's database is \"%s\".", x.Catalog).At(n.Pos)
}

// target returns the database that a new object goes to.
func (x *exec) target(n Name) (*model.Database, error) {
	if err := x.inCatalog(n); err != nil {
		return nil, err
	}
	if n.Database != "" {
		d := x.Snapshot.Database(n.Database)
		if d == nil {
			return nil, x.Snapshot.NoDatabase(n.Database).At(n.Pos)
		}
		return d, x.notSystem(d.Name, n.Pos)
	}
	for _, p := range x.SearchPath {
		if d := x.Snapshot.Database(p); d != nil && !x.Snapshot.IsSystem(p) {
			return d, nil
		}
	}
	return nil, sql.Errorf(sql.CodeInvalidSchemaName, "no schema has been selected to create in").
		WithHint("Write schema.name, or set search_path.").At(n.Pos)
}

func (x *exec) notSystem(database string, pos int) error {
	if x.Snapshot.IsSystem(database) {
		return sql.Errorf(sql.CodeInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", database).At(pos)
	}
	return nil
}

// table finds an existing table or view that may be changed.
func (x *exec) table(n Name) (*model.Table, error) {
	t, err := x.lookup(n)
	if err != nil {
		return nil, err
	}
	return t, x.notSystem(t.Database, n.Pos)
}

func (x *exec) lookup(n Name) (*model.Table, error) {
	if err := x.inCatalog(n); err != nil {
		return nil, err
	}
	t, err := x.Snapshot.ResolveTable(x.SearchPath, n.Database, n.Table)
	if err != nil {
		return nil, sql.AsError(err).At(n.Pos)
	}
	return t, nil
}

// lakeTable finds a table that is files.
func (x *exec) lakeTable(n Name) (*model.Table, error) {
	t, err := x.table(n)
	if err != nil {
		return nil, err
	}
	if t.Kind != model.KindLake {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a table", t.Name).At(n.Pos)
	}
	return t, nil
}

func (x *exec) createDatabase(s *CreateDatabase) error {
	x.res.Tag = "CREATE " + s.Word
	if s.Word == "DATABASE" {
		x.res.notice("a database of the lake is a schema of the database \"%s\": created schema \"%s\"", x.Catalog, s.Name)
	}
	err := x.Update(x.ctx, func(tx *store.Tx) error {
		_, err := tx.CreateDatabase(&model.Database{Name: s.Name, Description: s.Comment, LocationURI: s.Location, Parameters: s.Props, Owner: x.User})
		return err
	})
	if err != nil && s.IfNotExists && code(err) == sql.CodeDuplicateSchema {
		x.res.Notices = []string{fmt.Sprintf("schema \"%s\" already exists, skipping", s.Name)}
		return nil
	}
	if err != nil {
		return sql.AsError(err).At(s.Pos)
	}
	return nil
}

func (x *exec) dropDatabase(s *DropDatabase) error {
	x.res.Tag = "DROP " + s.Word
	for _, n := range s.Names {
		if err := x.notSystem(n, s.Pos); err != nil {
			return err
		}
	}
	if s.IfExists {
		var have []string
		for _, n := range s.Names {
			if x.Snapshot.Database(n) == nil {
				x.res.notice("schema \"%s\" does not exist, skipping", n)
			} else {
				have = append(have, n)
			}
		}
		if s.Names = have; len(have) == 0 {
			return nil
		}
	}
	for _, n := range s.Names {
		if x.Snapshot.Database(n) == nil {
			return x.Snapshot.NoDatabase(n).At(s.Pos)
		}
	}
	names := s.Names
	return x.Update(x.ctx, func(tx *store.Tx) error {
		for _, n := range names {
			if err := tx.DropDatabase(n, s.Cascade); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *exec) alterDatabase(s *AlterDatabase) error {
	x.res.Tag = "ALTER DATABASE"
	if x.Snapshot.Database(s.Name) == nil {
		return x.Snapshot.NoDatabase(s.Name).At(s.Pos)
	}
	if err := x.notSystem(s.Name, s.Pos); err != nil {
		return err
	}
	return x.Update(x.ctx, func(tx *store.Tx) error {
		return tx.AlterDatabase(s.Name, func(d *model.Database) error {
			if s.Location != "" {
				d.LocationURI = s.Location
			}
			params := map[string]string{}
			for k, v := range d.Parameters {
				params[k] = v
			}
			for k, v := range s.Props {
				params[k] = v
			}
			d.Parameters = params
			return nil
		})
	})
}

func (x *exec) createTable(s *CreateTable) error {
	x.res.Tag = "CREATE TABLE"
	d, err := x.target(s.Name)
	if err != nil {
		return err
	}
	if len(s.Columns) == 0 && len(s.Keys) == 0 {
		return sql.Errorf(sql.CodeInvalidTableDefinition, "a table needs at least one column").At(s.Name.Pos)
	}
	if err := checkLocation(s.Location); err != nil {
		return sql.AsError(err).At(s.Name.Pos)
	}
	if x.Objects != nil {
		if _, err := x.Objects(s.Location); err != nil {
			return err
		}
	}
	t := &model.Table{Database: d.Name, Name: s.Name.Table, Kind: model.KindLake, Owner: x.User, Comment: s.Comment,
		Storage: storageOf(s), Params: s.Props}
	if t.Columns, err = columnsOf(s.Columns); err != nil {
		return err
	}
	if t.Keys, err = columnsOf(s.Keys); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, list := range [][]Column{s.Columns, s.Keys} {
		for _, c := range list {
			if seen[c.Name] {
				return sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" specified more than once", c.Name).At(c.Pos)
			}
			seen[c.Name] = true
		}
	}
	t.Params["EXTERNAL"] = "TRUE"
	if t.Params["classification"] == "" {
		for _, f := range formats {
			if f.serde == t.Storage.SerDe && f.classification != "" {
				t.Params["classification"] = f.classification
			}
		}
	}
	err = x.Update(x.ctx, func(tx *store.Tx) error { _, err := tx.CreateTable(t); return err })
	if err != nil && s.IfNotExists && code(err) == sql.CodeDuplicateTable {
		x.res.notice("relation \"%s\" already exists, skipping", s.Name.Table)
		return nil
	}
	if err != nil {
		return sql.AsError(err).At(s.Name.Pos)
	}
	return nil
}

func checkLocation(loc string) error {
	switch {
	case loc == "":
		return sql.Errorf(sql.CodeInvalidTableDefinition, "a table needs a LOCATION").
			WithHint("Write LOCATION 's3://bucket/folder/'.")
	case len(loc) > 2056:
		return sql.Errorf(sql.CodeInvalidParameterValue, "the location is longer than 2056 bytes")
	case strings.HasPrefix(loc, "s3://") && len(loc) > 5 && loc[5] != '/', strings.HasPrefix(loc, "file:///"):
		return nil
	}
	return sql.Errorf(sql.CodeInvalidParameterValue, "location %q is neither s3://bucket/folder/ nor file:///folder/", loc)
}

func columnsOf(cols []Column) ([]model.Column, error) {
	var out []model.Column
	for _, c := range cols {
		t, err := store.HiveType(c.Hive)
		if err != nil {
			return nil, sql.AsError(err).At(c.Pos)
		}
		out = append(out, model.Column{Name: c.Name, Type: t, Hive: c.Hive, Comment: c.Comment})
	}
	return out, nil
}

func (x *exec) dropTable(s *DropTable) error {
	word := "TABLE"
	if s.View {
		word = "VIEW"
	}
	x.res.Tag = "DROP " + word
	var drop []*model.Table
	for _, n := range s.Names {
		t, err := x.table(n)
		if err != nil {
			if c := code(err); s.IfExists && (c == sql.CodeUndefinedTable || c == sql.CodeInvalidSchemaName) {
				x.res.notice("%s \"%s\" does not exist, skipping", strings.ToLower(word), n.Table)
				continue
			}
			if e := sql.AsError(err); e.Code == sql.CodeUndefinedTable {
				e.Message = fmt.Sprintf("%s \"%s\" does not exist", strings.ToLower(word), n.Table)
			}
			return err
		}
		if isView := t.Kind == model.KindView; isView != s.View {
			other := "TABLE"
			if isView {
				other = "VIEW"
			}
			return sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a %s", t.Name, strings.ToLower(word)).
				WithHint("Use DROP %s to remove it.", other).At(n.Pos)
		}
		drop = append(drop, t)
	}
	if len(drop) == 0 {
		return nil
	}
	return x.Update(x.ctx, func(tx *store.Tx) error {
		for _, t := range drop {
			if err := tx.DropTable(t.Database, t.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *exec) createView(s *CreateView) error {
	x.res.Tag = "CREATE VIEW"
	d, err := x.target(s.Name)
	if err != nil {
		return err
	}
	old := x.Snapshot.Table(d.Name, s.Name.Table)
	if old != nil && s.IfNotExists {
		x.res.notice("relation \"%s\" already exists, skipping", s.Name.Table)
		return nil
	}
	v := &model.Table{Database: d.Name, Name: s.Name.Table, Kind: model.KindView, Owner: x.User, ViewSQL: s.SQL,
		ViewPath: x.SearchPath}
	if v.Columns, err = x.BindView(x.ctx, s.SQL, s.Columns); err != nil {
		if e := sql.AsError(err); e.Position > 0 {
			e.Position += s.SQLPos - 1
			return e
		}
		return err
	}
	if old != nil && s.Replace {
		if err := ReplacesView(old, v); err != nil {
			return sql.AsError(err).At(s.Name.Pos)
		}
	}
	err = x.Update(x.ctx, func(tx *store.Tx) error {
		if !s.Replace || old == nil {
			_, err := tx.CreateTable(v)
			return err
		}
		return tx.AlterTable(d.Name, v.Name, -1, func(t *model.Table) error {
			t.Columns, t.ViewSQL, t.ViewPath = v.Columns, v.ViewSQL, v.ViewPath
			return nil
		})
	})
	if err != nil {
		return sql.AsError(err).At(s.Name.Pos)
	}
	return nil
}

// ReplacesView refuses a view that cannot take the place of an old one: what reads that
// must find its columns.
func ReplacesView(old, view *model.Table) error {
	if old.Kind != model.KindView {
		return sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a view", old.Name)
	}
	if len(view.Columns) < len(old.Columns) {
		return sql.Errorf(sql.CodeInvalidTableDefinition, "cannot drop columns from view")
	}
	for i, c := range old.Columns {
		n := view.Columns[i]
		if n.Name != c.Name {
			return sql.Errorf(sql.CodeInvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"", c.Name, n.Name)
		}
		if n.Type != c.Type {
			return sql.Errorf(sql.CodeInvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s", c.Name,
				sql.FormatType(c.Type.OID, c.Type.Mod), sql.FormatType(n.Type.OID, n.Type.Mod))
		}
	}
	return nil
}

func (x *exec) comment(s *Comment) error {
	x.res.Tag = "COMMENT"
	if s.On == "SCHEMA" || s.On == "DATABASE" {
		if x.Snapshot.Database(s.Name.Database) == nil {
			return x.Snapshot.NoDatabase(s.Name.Database).At(s.Name.Pos)
		}
		if err := x.notSystem(s.Name.Database, s.Name.Pos); err != nil {
			return err
		}
		return x.Update(x.ctx, func(tx *store.Tx) error {
			return tx.AlterDatabase(s.Name.Database, func(d *model.Database) error { d.Description = s.Text; return nil })
		})
	}
	t, err := x.table(s.Name)
	if err != nil {
		return err
	}
	if s.On == "TABLE" && t.Kind == model.KindView || s.On == "VIEW" && t.Kind != model.KindView {
		return sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a %s", t.Name, strings.ToLower(s.On)).At(s.Name.Pos)
	}
	return x.Update(x.ctx, func(tx *store.Tx) error {
		return tx.AlterTable(t.Database, t.Name, -1, func(t *model.Table) error {
			if s.On != "COLUMN" {
				t.Comment = s.Text
				return nil
			}
			c, err := column(t, s.Column, s.Name.Pos)
			if err != nil {
				return err
			}
			c.Comment = s.Text
			return nil
		})
	})
}

// column finds a column or key of t, to change it in place.
func column(t *model.Table, name string, pos int) (*model.Column, error) {
	for _, list := range [][]model.Column{t.Columns, t.Keys} {
		for i := range list {
			if list[i].Name == name {
				return &list[i], nil
			}
		}
	}
	return nil, sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.Name).At(pos)
}

func (x *exec) analyze(s *Analyze) error {
	x.res.Tag = "ANALYZE"
	var tables []*model.Table
	if s.All {
		for _, p := range x.SearchPath {
			for _, t := range x.Snapshot.Tables(p) {
				if t.Kind == model.KindLake {
					tables = append(tables, t)
				}
			}
		}
	} else {
		t, err := x.lakeTable(s.Name)
		if err != nil {
			return err
		}
		for _, c := range s.Columns {
			if _, err := column(t, c, s.Name.Pos); err != nil {
				return err
			}
		}
		tables = []*model.Table{t}
	}
	for _, t := range tables {
		stats, parts, err := x.Analyze(x.ctx, t, s.Columns)
		if err != nil {
			return err
		}
		stats = analyze.Keep(stats, t.Stats, s.Columns)
		err = x.Update(x.ctx, func(tx *store.Tx) error {
			for _, p := range parts {
				err := tx.AlterPartition(t.Database, t.Name, p.Values, func(mp *model.Partition) error { mp.Stats = p.Stats; return nil })
				if err != nil && code(err) != sql.CodeUndefinedObject {
					return err
				}
			}
			return tx.SetTableStats(t.Database, t.Name, stats)
		})
		if err != nil {
			return err
		}
		if s.Verbose {
			x.res.notice("\"%s.%s\": %d rows in %d files, %d bytes", t.Database, t.Name, stats.Rows, stats.Files, stats.Bytes)
		}
	}
	return nil
}
