package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

func openTemp(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "sub dir", "cat?a%20log.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(err error) sql.Code {
	if e, ok := errors.AsType[*sql.Error](err); ok {
		return e.Code
	}
	return ""
}

func eventsTable(db, name string) *model.Table {
	return &model.Table{Database: db, Name: name, Columns: []model.Column{{Name: "ID", Hive: "bigint", Type: sql.Int8}},
		Keys:    []model.Column{{Name: "dt", Hive: "string", Type: sql.Text}, {Name: "h", Hive: "int", Type: sql.Int4}},
		Storage: model.Storage{Location: "s3://b/ev/"}, Params: map[string]string{"classification": "parquet"}}
}

func TestTablesLifeCycle(t *testing.T) {
	s, ctx := openTemp(t), context.Background()
	must(t, s.Update(ctx, func(tx *Tx) error {
		_, err := tx.CreateDatabase(&model.Database{Name: "Raw", Description: "d"})
		return err
	}))
	var oid sql.OID
	must(t, s.Update(ctx, func(tx *Tx) (err error) {
		oid, err = tx.CreateTable(eventsTable("raw", "Events"))
		return err
	}))
	if oid != 16385 {
		t.Fatalf("oid %d", oid)
	}
	err := s.Update(ctx, func(tx *Tx) error { _, err := tx.CreateTable(eventsTable("raw", "events")); return err })
	if code(err) != sql.CodeDuplicateTable {
		t.Fatalf("duplicate table: %v", err)
	}
	err = s.Update(ctx, func(tx *Tx) error { _, err := tx.CreateDatabase(&model.Database{Name: "RAW"}); return err })
	if code(err) != sql.CodeDuplicateSchema {
		t.Fatalf("duplicate schema: %v", err)
	}
	must(t, s.Update(ctx, func(tx *Tx) error {
		return tx.AlterTable("raw", "events", 0, func(m *model.Table) error {
			m.Columns = append(m.Columns, model.Column{Name: "x", Hive: "string"})
			return nil
		})
	}))
	err = s.Update(ctx, func(tx *Tx) error { return tx.AlterTable("raw", "events", 0, func(*model.Table) error { return nil }) })
	if code(err) != sql.CodeSerializationFailure {
		t.Fatalf("stale version: %v", err)
	}
	must(t, s.View(ctx, func(v *View) error {
		c, err := v.Since(0)
		must(t, err)
		tab := c.Tables[0]
		if tab.Version != 1 || len(tab.Columns) != 2 || tab.Columns[0].Name != "id" || tab.OID != oid {
			t.Fatalf("table %+v", tab)
		}
		old, err := v.TableVersions(tab)
		must(t, err)
		if len(old) != 1 || len(old[0].Columns) != 1 {
			t.Fatalf("versions %+v", old)
		}
		return nil
	}))
	err = s.Update(ctx, func(tx *Tx) error { return tx.DropDatabase("raw", false) })
	if code(err) != sql.CodeDependentObjects {
		t.Fatalf("drop of a full schema: %v", err)
	}
	must(t, s.Update(ctx, func(tx *Tx) error { return tx.DropDatabase("raw", true) }))
	must(t, s.Update(ctx, func(tx *Tx) error {
		n, err := tx.CreateDatabase(&model.Database{Name: "raw"})
		if n <= oid {
			t.Errorf("oid %d was used before", n)
		}
		return err
	}))
}

func TestPartitions(t *testing.T) {
	s, ctx := openTemp(t), context.Background()
	tab := eventsTable("public", "ev")
	must(t, s.Update(ctx, func(tx *Tx) (err error) {
		tab.OID, err = tx.CreateTable(tab)
		must(t, err)
		var parts []*model.Partition
		for i := range 5000 {
			parts = append(parts, &model.Partition{Values: []string{fmt.Sprintf("2024/%03d", i/24), fmt.Sprint(i % 24)}, Location: fmt.Sprintf("s3://b/ev/%d/", i)})
		}
		n, err := tx.AddPartitions("public", "ev", parts, false)
		if n != 5000 {
			t.Errorf("added %d", n)
		}
		must(t, err)
		n, err = tx.AddPartitions("public", "ev", parts[:10], true)
		if n != 0 {
			t.Errorf("added %d again", n)
		}
		return err
	}))
	err := s.Update(ctx, func(tx *Tx) error {
		_, err := tx.AddPartitions("public", "ev", []*model.Partition{{Values: []string{"a", "x"}}}, false)
		return err
	})
	if code(err) != sql.CodeInvalidTextRepresentation {
		t.Fatalf("bad value: %v", err)
	}
	err = s.Update(ctx, func(tx *Tx) error {
		_, err := tx.AddPartitions("public", "ev", []*model.Partition{{Values: []string{"2024/000", "0"}}}, false)
		return err
	})
	if code(err) != sql.CodeDuplicateObject {
		t.Fatalf("duplicate: %v", err)
	}
	must(t, s.Update(ctx, func(tx *Tx) error {
		must(t, tx.DropPartition("public", "ev", []string{"2024/000", "3"}))
		must(t, tx.AlterPartition("public", "ev", []string{"2024/000", "4"}, func(p *model.Partition) error {
			p.Values[1] = ""
			p.Location = "file:///elsewhere/"
			return nil
		}))
		return nil
	}))
	must(t, s.View(ctx, func(v *View) error {
		x, err := v.PartIndex(tab)
		must(t, err)
		if x.Count != 4999 || len(x.VIDs[0]) != 5000 || x.VIDs[0][3] != 0 || x.VIDs[1][3] != 0 {
			t.Fatalf("index: %d of %d slots", x.Count, len(x.VIDs[0]))
		}
		for slot := range 5000 {
			if slot == 3 {
				continue
			}
			want := fmt.Sprintf("2024/%03d", slot/24)
			if got := x.Raw[0][x.VIDs[0][slot]]; got != want {
				t.Fatalf("slot %d: %q, want %q", slot, got, want)
			}
		}
		records, err := v.PartRecords(tab, []int64{4999, 4, 0})
		must(t, err)
		var rows []*model.Partition
		for i := range records {
			p, err := records[i].Partition(tab)
			must(t, err)
			rows = append(rows, p)
		}
		if rows[0].Location != "s3://b/ev/4999/" || !rows[1].Typed[1].Null || rows[1].Location != "file:///elsewhere/" || rows[2].Typed[1].I != 0 || rows[2].Values[0] != "2024/000" {
			t.Fatalf("rows %+v %+v %+v", rows[0], rows[1], rows[2])
		}
		return nil
	}))
	err = s.Update(ctx, func(tx *Tx) error {
		return tx.AlterTable("public", "ev", -1, func(m *model.Table) error { m.Keys = m.Keys[:1]; return nil })
	})
	if code(err) != sql.CodeInvalidTableDefinition {
		t.Fatalf("change of keys: %v", err)
	}
}

func TestRollbackLeavesNothing(t *testing.T) {
	s, ctx := openTemp(t), context.Background()
	stop := errors.New("stop")
	var before, after int64
	must(t, s.View(ctx, func(v *View) (err error) { before, _, err = v.Versions(); return err }))
	err := s.Update(ctx, func(tx *Tx) error {
		if _, err := tx.CreateTable(eventsTable("public", "ev")); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	must(t, s.View(ctx, func(v *View) error {
		after, _, _ = v.Versions()
		c, err := v.Since(0)
		if len(c.Tables) != 0 || after != before {
			t.Errorf("%d tables, version %d -> %d", len(c.Tables), before, after)
		}
		return err
	}))
}

func TestNewerAndForeignFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.db")
	s, err := Open(path)
	must(t, err)
	_, err = s.write.Exec(fmt.Sprintf("PRAGMA user_version = %d", SchemaVersion+1))
	must(t, err)
	must(t, s.Close())
	if _, err = Open(path); code(err) != sql.CodeObjectNotInPrerequisite || !strings.Contains(err.Error(), "schema version") {
		t.Fatalf("newer file: %v", err)
	}
	text := filepath.Join(dir, "notes.txt")
	must(t, os.WriteFile(text, bytes.Repeat([]byte("not a database\n"), 100), 0o600))
	if _, err = Open(text); err == nil {
		t.Fatal("a text file was taken")
	}
	left, err := os.ReadFile(text)
	if err != nil || !bytes.HasPrefix(left, []byte("not a database")) {
		t.Fatalf("the text file was changed: %v", err)
	}
}

func TestBackupRestoreExport(t *testing.T) {
	s, ctx := openTemp(t), context.Background()
	must(t, s.Update(ctx, func(tx *Tx) error {
		_, err := tx.CreateTable(eventsTable("public", "kept"))
		must(t, err)
		_, err = tx.AddPartitions("public", "kept", []*model.Partition{{Values: []string{"a", "1"}, Location: "s3://x/"}}, false)
		must(t, err)
		_, err = tx.CreateRole(&Role{Name: "ann", Login: true, Verifier: "SCRAM-SHA-256$4096:secret"})
		return err
	}))
	backup := filepath.Join(t.TempDir(), "backup.db")
	must(t, s.BackupTo(ctx, backup))
	if err := s.BackupTo(ctx, backup); err == nil {
		t.Fatal("a backup was overwritten")
	}
	var dropped sql.OID
	must(t, s.Update(ctx, func(tx *Tx) (err error) {
		must(t, tx.DropTable("public", "kept"))
		dropped, err = tx.CreateTable(eventsTable("public", "later"))
		return err
	}))
	var v0, e0, v1, e1 int64
	must(t, s.View(ctx, func(v *View) (err error) { v0, e0, err = v.Versions(); return err }))
	must(t, s.RestoreFrom(ctx, backup))
	must(t, s.View(ctx, func(v *View) (err error) {
		v1, e1, err = v.Versions()
		must(t, err)
		c, err := v.Since(0)
		must(t, err)
		if len(c.Tables) != 1 || c.Tables[0].Name != "kept" {
			t.Fatalf("tables %v", c.Tables)
		}
		n, _, err := v.PartVersion(c.Tables[0])
		if n != 1 {
			t.Fatalf("%d partitions", n)
		}
		return err
	}))
	if v1 <= v0 || e1 == e0 {
		t.Fatalf("version %d -> %d, epoch %d -> %d", v0, v1, e0, e1)
	}
	must(t, s.Update(ctx, func(tx *Tx) error {
		oid, err := tx.CreateTable(eventsTable("public", "again"))
		if oid <= dropped {
			t.Errorf("identifier %d was given twice", oid)
		}
		return err
	}))
	var out bytes.Buffer
	must(t, s.Export(ctx, &out))
	if text := out.String(); !strings.Contains(text, `"kind":"partition"`) || strings.Contains(text, "secret") {
		t.Fatalf("export: %s", text)
	}
}

func TestMigrationKeepsACopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	s, err := Open(path)
	must(t, err)
	must(t, s.Close())
	migrations = append(migrations, "CREATE TABLE added (x INTEGER)")
	SchemaVersion++
	defer func() { migrations = migrations[:len(migrations)-1]; SchemaVersion-- }()
	s, err = Open(path)
	must(t, err)
	defer s.Close()
	copies, err := filepath.Glob(path + ".schema1-*")
	must(t, err)
	if len(copies) != 1 {
		t.Fatalf("copies: %v", copies)
	}
	var n int
	must(t, s.write.QueryRow("SELECT count(*) FROM added").Scan(&n))
}

func TestRolesAndSettings(t *testing.T) {
	s, ctx := openTemp(t), context.Background()
	must(t, s.Update(ctx, func(tx *Tx) error {
		for _, n := range []string{"ann", "Bob", "readers"} {
			_, err := tx.CreateRole(&Role{Name: n, Login: n != "readers", Inherit: true, ConnLimit: -1, ValidUntil: time.Unix(1e9, 0).UTC()})
			must(t, err)
		}
		must(t, tx.Grant("readers", "ann", "sluice", false))
		must(t, tx.Set("", "ann", "TimeZone", "UTC"))
		must(t, tx.Set("demo", "", "search_path", "raw"))
		return nil
	}))
	err := s.Update(ctx, func(tx *Tx) error { return tx.Grant("ann", "readers", "sluice", false) })
	if code(err) != sql.CodeInvalidObjectDefinition {
		t.Fatalf("a circle: %v", err)
	}
	err = s.Update(ctx, func(tx *Tx) error { return tx.DropRole("sluice") })
	if code(err) != sql.CodeDependentObjects {
		t.Fatalf("the bootstrap role: %v", err)
	}
	must(t, s.View(ctx, func(v *View) error {
		c, err := v.Since(0)
		must(t, err)
		if len(c.Roles) != 4 || len(c.Roles[1].MemberOf) != 1 || len(c.Settings) != 2 || c.Settings[0].Name != "timezone" {
			t.Fatalf("%d roles, %+v", len(c.Roles), c.Settings)
		}
		return nil
	}))
	must(t, s.Update(ctx, func(tx *Tx) error { return tx.DropRole("ann") }))
	must(t, s.View(ctx, func(v *View) error {
		c, err := v.Since(0)
		if len(c.Settings) != 1 {
			t.Errorf("settings %+v", c.Settings)
		}
		return err
	}))
}
