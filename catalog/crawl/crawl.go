// Package crawl finds tables under a prefix of the lake and registers them: which
// folders are tables, what their partitions and schemas are.
package crawl

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// Schema reads a file's columns: names and Hive types; a column that cannot be
// read has no Hive type. An error means that the file is not Parquet.
type Schema func(ctx context.Context, store object.Store, url string) ([]model.Column, error)

// Options of Crawl.
type Options struct {
	Prefix      string // s3://bucket/folder/ or file:///folder/
	Database    string // made if it is not there
	TablePrefix string // put before the tables' names
	Owner       string
	SampleFiles int  // footers read for each table; 0 means 16
	DryRun      bool // find, but change nothing
	Schema      Schema
	Progress    func(Progress) // nil: none
}

// Progress tells how far a crawl is.
type Progress struct {
	Step   string // "listing", "reading", "registering"
	Files  int    // seen so far
	Tables int    // done of
	Total  int    // found
}

// Report is what a crawl found and did.
type Report struct {
	Files  int
	Tables []TableReport
	// Skipped lists folders whose files cannot be read, with the reason.
	Skipped []Skip
}

// TableReport is one table.
type TableReport struct {
	Name       string
	Location   string
	Created    bool
	Updated    bool // columns were added or widened
	Columns    []model.Column
	Keys       []model.Column
	Files      int
	Bytes      int64
	Partitions int // found
	Added      int // new ones
	Conflicts  []string
}

// Skip is a folder that became no table.
type Skip struct{ Location, Reason string }

// Crawl finds the tables below the prefix and registers them in the catalog. A
// table that is there at the same location gets new partitions and columns, and
// its columns' types are widened; nothing is dropped.
func Crawl(ctx context.Context, objects object.Store, c *catalog.Catalog, o Options) (*Report, error) {
	if o.SampleFiles <= 0 {
		o.SampleFiles = 16
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	o.Prefix = layout.Folder(o.Prefix)
	rep := &Report{}
	files, err := list(ctx, objects, o)
	if err != nil {
		return nil, err
	}
	rep.Files = len(files)
	if len(files) == 0 {
		return nil, sql.Errorf(sql.CodeUndefinedFile, "there are no files below %s", o.Prefix).
			WithHint("Check the prefix. Names that start with _ or . are left out.")
	}
	found, skipped := group(o.Prefix, files)
	rep.Skipped = skipped
	for i, f := range found {
		o.Progress(Progress{Step: "reading", Files: rep.Files, Tables: i, Total: len(found)})
		cols, conflicts, err := f.schema(ctx, objects, o)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			rep.Skipped = append(rep.Skipped, Skip{f.location, sql.AsError(err).Message})
			continue
		}
		f.columns = cols
		rep.Tables = append(rep.Tables, TableReport{Location: f.location, Columns: cols, Keys: f.keys, Files: len(f.files),
			Bytes: f.bytes(), Partitions: len(f.parts), Conflicts: conflicts})
		if err := register(ctx, c, f, &rep.Tables[len(rep.Tables)-1], o); err != nil {
			return rep, err
		}
		o.Progress(Progress{Step: "registering", Files: rep.Files, Tables: i + 1, Total: len(found)})
	}
	return rep, nil
}

func list(ctx context.Context, objects object.Store, o Options) ([]object.Info, error) {
	var files []object.Info
	err := objects.ListPages(ctx, o.Prefix, "", "", func(p object.Page) (bool, error) {
		for _, i := range p.Objects {
			rel := strings.TrimPrefix(i.Key, o.Prefix)
			if i.Size > 0 && !strings.HasSuffix(i.Key, "/") && !layout.Hidden(rel) {
				files = append(files, i)
			}
		}
		o.Progress(Progress{Step: "listing", Files: len(files)})
		return true, nil
	})
	return files, err
}

// batchPartitions is how many partitions one change adds.
const batchPartitions = 5000

// register makes or updates the table.
func register(ctx context.Context, c *catalog.Catalog, f *found, rep *TableReport, o Options) error {
	snap, err := c.Snapshot(ctx)
	if err != nil {
		return err
	}
	rep.Name = f.pickName(snap, o)
	if o.DryRun {
		rep.Created = snap.Table(o.Database, rep.Name) == nil
		return nil
	}
	if snap.Database(o.Database) == nil {
		err := c.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.CreateDatabase(&model.Database{Name: o.Database, Owner: o.Owner, LocationURI: o.Prefix})
			return err
		})
		if err != nil && sql.AsError(err).Code != sql.CodeDuplicateSchema {
			return err
		}
	}
	have := snap.Table(o.Database, rep.Name)
	err = c.Update(ctx, func(tx *store.Tx) error {
		if have == nil {
			rep.Created = true
			_, err := tx.CreateTable(f.table(rep.Name, o))
			return err
		}
		if !sameKeys(have.Keys, f.keys) {
			return sql.Errorf(sql.CodeInvalidTableDefinition, "table \"%s.%s\" is partitioned by (%s), but its folders by (%s)",
				o.Database, rep.Name, names(have.Keys), names(f.keys)).
				WithHint("Drop the table, or crawl into another database.")
		}
		merged, conflicts := have.Columns, []string(nil)
		changed := false
		for _, col := range f.columns {
			var ch bool
			merged, ch, conflicts = addColumn(merged, col, conflicts)
			changed = changed || ch
		}
		rep.Conflicts = append(rep.Conflicts, conflicts...)
		rep.Columns = merged
		if !changed {
			return nil
		}
		rep.Updated = true
		return tx.AlterTable(o.Database, rep.Name, have.Version, func(t *model.Table) error { t.Columns = merged; return nil })
	})
	if err != nil {
		return err
	}
	for at := 0; at < len(f.parts); at += batchPartitions {
		batch := f.parts[at:min(at+batchPartitions, len(f.parts))]
		err := c.Update(ctx, func(tx *store.Tx) error {
			n, err := tx.AddPartitions(o.Database, rep.Name, batch, true)
			rep.Added += n
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sameKeys(a, b []model.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

func names(cols []model.Column) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name
	}
	return strings.Join(out, ", ")
}

// pickName is the folder's name; if a table of another location has it, a number
// is put behind.
func (f *found) pickName(snap *catalog.Snapshot, o Options) string {
	base := tableName(o.TablePrefix + f.name)
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s_%d", base, i)
		}
		t := snap.Table(o.Database, name)
		if t == nil || t.Kind == model.KindLake && layout.Folder(t.Storage.Location) == f.location {
			return name
		}
	}
}

// tableName folds what is no letter, digit or underscore.
func tableName(s string) string {
	b := []byte(strings.ToLower(s))
	for i, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80) {
			b[i] = '_'
		}
	}
	if len(b) > 128 {
		b = b[:128]
	}
	return string(b)
}

func (f *found) table(name string, o Options) *model.Table {
	return &model.Table{Database: o.Database, Name: name, Kind: model.KindLake, Owner: o.Owner, Columns: f.columns, Keys: f.keys,
		Storage: model.Storage{Location: f.location,
			SerDe:        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
			InputFormat:  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
			OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
			SerDeParams:  map[string]string{"serialization.format": "1"}},
		Params: map[string]string{"EXTERNAL": "TRUE", "classification": "parquet", "typeOfData": "file",
			"objectCount": fmt.Sprint(len(f.files)), "sizeKey": fmt.Sprint(f.bytes())}}
}

// sample picks up to n files spread over all, the first and the last among them.
func (f *found) sample(n int) []object.Info {
	files := append([]object.Info(nil), f.files...)
	sort.Slice(files, func(i, j int) bool { return files[i].Key < files[j].Key })
	if len(files) <= n {
		return files
	}
	if n == 1 {
		return files[:1]
	}
	out := make([]object.Info, 0, n)
	for i := range n {
		out = append(out, files[i*(len(files)-1)/(n-1)])
	}
	return out
}
