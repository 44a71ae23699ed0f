package system

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

func testEnv(t *testing.T) *Env {
	t.Helper()
	set := New()
	c, err := catalog.Open(filepath.Join(t.TempDir(), "c.db"), set.Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	err = c.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.CreateDatabase(&model.Database{Name: "raw", Description: "as it came"}); err != nil {
			return err
		}
		if _, err := tx.CreateRole(&store.Role{Name: "ann", Login: true, Verifier: "SCRAM-SHA-256$secret", ConnLimit: -1}); err != nil {
			return err
		}
		if err := tx.Set("", "ann", "timezone", "UTC"); err != nil {
			return err
		}
		_, err := tx.CreateTable(&model.Table{Database: "raw", Name: "ev", Owner: "ann", Comment: "events",
			Columns: []model.Column{{Name: "id", Hive: "bigint", Type: sql.Int8, Comment: "key"}, {Name: "price", Hive: "decimal(10,2)", Type: sql.Decimal(10, 2)}},
			Keys:    []model.Column{{Name: "dt", Hive: "string", Type: sql.Text}}})
		if err != nil {
			return err
		}
		_, err = tx.CreateTable(&model.Table{Database: "raw", Name: "v", Kind: model.KindView, ViewSQL: "select 1 x",
			Columns: []model.Column{{Name: "x", Type: sql.Int4}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &Env{Snapshot: snap, Set: set, Catalog: "demo", User: "ann",
		Settings: func() []Setting { return []Setting{{Name: "TimeZone", Value: "UTC", Enum: []string{"a"}}} },
		Activity: func() []Activity { return []Activity{{PID: 7, User: "ann", State: "active"}} },
		Cursors:  func() []Cursor { return []Cursor{{Name: "c"}} },
		Prepared: func() []Prepared { return []Prepared{{Name: "p", Params: []sql.OID{23}}} }}
}

func relation(t *testing.T, env *Env, schema, name string) *Relation {
	t.Helper()
	tab := env.Snapshot.Table(schema, name)
	if tab == nil {
		t.Fatalf("no relation %s.%s", schema, name)
	}
	return env.Set.ByOID(tab.OID)
}

func rows(t *testing.T, env *Env, schema, name string, eq map[string][]sql.Value) []map[string]sql.Value {
	t.Helper()
	r := relation(t, env, schema, name)
	var out []map[string]sql.Value
	err := r.Rows(context.Background(), env, eq, func(row []sql.Value) error {
		m := map[string]sql.Value{}
		for i, c := range r.Columns {
			m[c.Name] = row[i]
		}
		out = append(out, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every source sets only columns that exist, with values of their types.
func TestEveryRelationGivesItsTypes(t *testing.T) {
	env := testEnv(t)
	sourced := 0
	for _, r := range env.Set.Relations() {
		if r.Rows == nil {
			continue
		}
		sourced++
		n := 0
		err := r.Rows(t.Context(), env, nil, func(row []sql.Value) error {
			n++
			for i, c := range r.Columns {
				if row[i].Type != c.Type {
					return fmt.Errorf("%s.%s is %v, not %v", r.Name, c.Name, row[i].Type, c.Type)
				}
				if row[i].Null && c.NotNull {
					return fmt.Errorf("%s.%s is null", r.Name, c.Name)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if n == 0 && r.Name != "pg_stats" && r.Name != "pg_auth_members" && r.Name != "applicable_roles" {
			t.Errorf("%s.%s is empty", r.Schema, r.Name)
		}
	}
	if sourced != len(sources()) {
		t.Errorf("%d of %d sources belong to a relation", sourced, len(sources()))
	}
}

// A source given constraints gives the rows that a filter over all would leave.
func TestConstraintsOnlyLeaveOut(t *testing.T) {
	env := testEnv(t)
	ev := env.Snapshot.Table("raw", "ev").OID
	for _, tc := range []struct {
		name, column string
		values       []sql.Value
	}{
		{"pg_class", "oid", []sql.Value{sql.IntValue(sql.Oid, int64(ev)), sql.IntValue(sql.Oid, 1259)}},
		{"pg_class", "relname", []sql.Value{sql.TextValue("ev"), sql.TextValue("EV")}},
		{"pg_class", "relnamespace", []sql.Value{sql.IntValue(sql.Oid, 11)}},
		{"pg_attribute", "attrelid", []sql.Value{sql.IntValue(sql.Oid, int64(ev))}},
		{"pg_attribute", "attname", []sql.Value{sql.TextValue("id")}},
		{"pg_type", "oid", []sql.Value{sql.IntValue(sql.Oid, 23)}},
		{"pg_type", "typname", []sql.Value{sql.TextValue("text"), sql.TextValue("lo")}},
		{"pg_proc", "proname", []sql.Value{sql.TextValue("array_in")}},
		{"pg_namespace", "oid", []sql.Value{sql.IntValue(sql.Oid, 11), sql.IntValue(sql.Oid, 4)}},
		{"pg_description", "objoid", []sql.Value{sql.IntValue(sql.Oid, int64(ev))}},
		{"pg_tables", "schemaname", []sql.Value{sql.TextValue("raw"), sql.TextValue("none")}},
		{"pg_views", "viewname", []sql.Value{sql.TextValue("v")}},
	} {
		match := func(v sql.Value) bool {
			for _, w := range tc.values {
				if !v.Null && v.I == w.I && v.S == w.S {
					return true
				}
			}
			return false
		}
		count := func(eq map[string][]sql.Value) (n int) {
			for _, row := range rows(t, env, "pg_catalog", tc.name, eq) {
				if match(row[tc.column]) {
					n++
				}
			}
			return n
		}
		all, some := count(nil), count(map[string][]sql.Value{tc.column: tc.values})
		if all == 0 || all != some {
			t.Errorf("%s.%s: %d rows, %d with the constraint", tc.name, tc.column, all, some)
		}
	}
}

func TestTableAsPostgresShowsIt(t *testing.T) {
	env := testEnv(t)
	ev := env.Snapshot.Table("raw", "ev")
	attrs := rows(t, env, "pg_catalog", "pg_attribute", map[string][]sql.Value{"attrelid": {sql.IntValue(sql.Oid, int64(ev.OID))}})
	if len(attrs) != 3 || attrs[2]["attname"].S != "dt" || attrs[2]["attnum"].I != 3 || attrs[2]["attcollation"].I != 100 ||
		attrs[1]["atttypmod"].I != int64(sql.NumericMod(10, 2)) {
		t.Fatalf("attributes %v", attrs)
	}
	if d := rows(t, env, "pg_catalog", "pg_description", map[string][]sql.Value{"objoid": {sql.IntValue(sql.Oid, int64(ev.OID))}}); len(d) != 2 {
		t.Fatalf("descriptions %v", d)
	}
	for _, name := range []string{"pg_authid", "pg_roles", "pg_shadow", "pg_user"} {
		for _, row := range rows(t, env, "pg_catalog", name, nil) {
			for col, v := range row {
				if v.S == "SCRAM-SHA-256$secret" {
					t.Errorf("%s.%s shows a password's verifier", name, col)
				}
			}
		}
	}
	if len(env.Set.Relations()) < 200 {
		t.Errorf("%d relations", len(env.Set.Relations()))
	}
}
