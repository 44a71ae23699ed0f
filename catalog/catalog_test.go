package catalog

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB) *Catalog {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "catalog.db"), Options{
		SystemSchemas: []*model.Database{{OID: 11, Name: "pg_catalog"}},
		System:        []*model.Table{{OID: 1259, Database: "pg_catalog", Name: "pg_class", Kind: model.KindVirtual}},
	})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func snapshot(t testing.TB, c *Catalog) *Snapshot {
	t.Helper()
	s, err := c.Snapshot(ctx)
	must(t, err)
	return s
}

func lake(name string, keys ...model.Column) *model.Table {
	return &model.Table{Database: "public", Name: name, Columns: []model.Column{{Name: "x", Hive: "bigint", Type: sql.Int8}},
		Keys: keys, Storage: model.Storage{Location: "s3://b/" + name + "/"}}
}

func create(tab *model.Table) func(*store.Tx) error {
	return func(tx *store.Tx) error { _, err := tx.CreateTable(tab); return err }
}

func codeOf(err error) sql.Code {
	if e, ok := errors.AsType[*sql.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestSnapshotsFollowChanges(t *testing.T) {
	c := open(t)
	before := snapshot(t, c)
	if snapshot(t, c) != before {
		t.Error("a snapshot was made without a change")
	}
	must(t, c.Update(ctx, create(lake("a"))))
	after := snapshot(t, c)
	if before.Table("public", "a") != nil || after.Table("PUBLIC", "A") == nil || after.Table("pg_catalog", "pg_class") == nil {
		t.Fatal("wrong tables")
	}
	oid := after.Table("public", "a").OID
	must(t, c.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateDatabase(&model.Database{Name: "other"})
		must(t, err)
		must(t, tx.AlterTable("public", "a", -1, func(m *model.Table) error { m.Name, m.Database = "b", "other"; return nil }))
		return tx.AlterDatabase("other", func(d *model.Database) error { d.Name = "renamed"; return nil })
	}))
	s := snapshot(t, c)
	if s.Table("public", "a") != nil || s.Table("renamed", "b") == nil || s.Table("renamed", "b").OID != oid || s.TableByOID(oid) != s.Table("renamed", "b") {
		t.Fatal("a move was not followed")
	}
	must(t, c.Update(ctx, func(tx *store.Tx) error { return tx.DropDatabase("renamed", true) }))
	s = snapshot(t, c)
	if s.TableByOID(oid) != nil || s.Database("renamed") != nil || len(s.Databases()) != 2 {
		t.Fatal("a drop was not followed")
	}
}

// A snapshot that followed changes one by one equals one that was read anew.
func TestIncrementalEqualsFresh(t *testing.T) {
	c := open(t)
	rng := rand.New(rand.NewSource(1))
	name := func(p string) string { return fmt.Sprint(p, rng.Intn(4)) }
	for range 120 {
		op := rng.Intn(8)
		d, n, d2, n2 := name("d"), name("t"), name("d"), name("t")
		c.Update(ctx, func(tx *store.Tx) error { // most fail: names clash or are missing
			switch op {
			case 0, 1:
				_, err := tx.CreateDatabase(&model.Database{Name: d})
				return err
			case 2:
				return tx.DropDatabase(d, true)
			case 3, 4:
				tab := lake(n)
				tab.Database = d
				_, err := tx.CreateTable(tab)
				return err
			case 5:
				return tx.DropTable(d, n)
			case 6:
				return tx.AlterTable(d, n, -1, func(m *model.Table) error { m.Name, m.Database = n2, d2; return nil })
			}
			return tx.AlterDatabase(d, func(m *model.Database) error { m.Name = d2; return nil })
		})
		if rng.Intn(3) == 0 {
			continue
		}
		inc := snapshot(t, c)
		fresh, err := Open(c.store.Path(), Options{SystemSchemas: []*model.Database{{OID: 11, Name: "pg_catalog"}}})
		must(t, err)
		if a, b := dump(inc), dump(snapshot(t, fresh)); a != b {
			t.Fatalf("incremental:\n%s\nfresh:\n%s", a, b)
		}
		must(t, fresh.Close())
	}
}

func dump(s *Snapshot) string {
	var b strings.Builder
	for _, d := range s.Databases() {
		if d.Name == "pg_catalog" {
			continue
		}
		fmt.Fprintf(&b, "%d %s", d.OID, d.Name)
		for _, t := range s.Tables(d.Name) {
			fmt.Fprintf(&b, " %d.%s.%s.%d", t.OID, t.Database, t.Name, t.Version)
			if s.TableByOID(t.OID) != t {
				b.WriteString("!")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestNearestNames(t *testing.T) {
	c := open(t)
	must(t, c.Update(ctx, create(lake("events"))))
	s := snapshot(t, c)
	for _, tc := range []struct{ db, name, hint string }{
		{"", "evnets", `"events"`}, {"public", "event", `"public.events"`}, {"publik", "events", `"public"`}, {"", "zzz", ""},
	} {
		_, err := s.ResolveTable([]string{"public"}, tc.db, tc.name)
		e := sql.AsError(err)
		if !strings.Contains(e.Hint, tc.hint) || tc.hint == "" && e.Hint != "" {
			t.Errorf("%s.%s: hint %q", tc.db, tc.name, e.Hint)
		}
	}
}

func TestBatch(t *testing.T) {
	c := open(t)
	b := c.Begin(snapshot(t, c))
	key := model.Column{Name: "dt", Hive: "string", Type: sql.Text}
	must(t, b.Update(ctx, create(lake("mine", key))))
	oid := b.Snapshot().Table("public", "mine").OID
	must(t, b.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.AddPartitions("public", "mine", []*model.Partition{{Values: []string{"a"}, Location: "s3://b/a/"}}, false)
		return err
	}))
	if err := b.Update(ctx, create(lake("mine"))); codeOf(err) != sql.CodeDuplicateTable {
		t.Fatalf("duplicate in a block: %v", err)
	}
	mark := b.Mark()
	must(t, b.Update(ctx, create(lake("undone"))))
	must(t, b.RollbackTo(ctx, mark))
	if b.Snapshot().Table("public", "undone") != nil {
		t.Fatal("a savepoint was not rolled back")
	}
	if snapshot(t, c).Table("public", "mine") != nil {
		t.Fatal("others see an uncommitted table")
	}
	must(t, c.Update(ctx, create(lake("theirs")))) // takes an identifier meanwhile
	n, err := b.Snapshot().Partitions(nil).Partitions(ctx, &table.PartitionQuery{Table: b.Snapshot().Table("public", "mine")}, func(p *model.Partition) error {
		if p.Location != "s3://b/a/" {
			t.Errorf("location %s", p.Location)
		}
		return nil
	})
	must(t, err)
	if n.Kept != 1 {
		t.Fatalf("%d partitions in the block", n.Kept)
	}
	must(t, b.Commit(ctx))
	s := snapshot(t, c)
	if s.Table("public", "mine").OID != oid || s.Table("public", "theirs").OID == oid {
		t.Fatal("an identifier changed at commit")
	}

	b = c.Begin(s)
	rename := func(to string) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			return tx.AlterTable("public", "mine", -1, func(m *model.Table) error { m.Comment = to; return nil })
		}
	}
	must(t, b.Update(ctx, rename("block")))
	must(t, c.Update(ctx, rename("other")))
	if err := b.Commit(ctx); codeOf(err) != sql.CodeSerializationFailure {
		t.Fatalf("a lost update: %v", err)
	}
	b = c.Begin(snapshot(t, c))
	must(t, b.Update(ctx, create(lake("both"))))
	must(t, c.Update(ctx, create(lake("both"))))
	if err := b.Commit(ctx); codeOf(err) != sql.CodeSerializationFailure {
		t.Fatalf("two tables of one name: %v", err)
	}
}

// registry finds operators for tests.
type registry struct{ r *expr.Registry }

func (g registry) op(t testing.TB, name string, typ sql.OID) *expr.Func {
	t.Helper()
	for _, f := range g.r.LookupOperator(name) {
		if len(f.Args) == 2 && f.Args[0] == typ && f.Args[1] == typ {
			return f
		}
	}
	t.Fatalf("no operator %s for %d", name, typ)
	return nil
}

var testKeys = []model.Column{
	{Name: "year", Hive: "int", Type: sql.Int4}, {Name: "month", Hive: "int", Type: sql.Int4}, {Name: "source", Hive: "string", Type: sql.Text},
}

// randomPredicate makes a predicate over testKeys (column ids 1, 2, 3).
func randomPredicate(t testing.TB, g registry, rng *rand.Rand, depth int) expr.Expr {
	if depth > 0 && rng.Intn(3) == 0 {
		op := expr.And
		if rng.Intn(2) == 0 {
			op = expr.Or
		}
		return &expr.Logic{Op: op, Args: []expr.Expr{randomPredicate(t, g, rng, depth-1), randomPredicate(t, g, rng, depth-1)}}
	}
	k := rng.Intn(3)
	col := &expr.Col{ID: expr.ColumnID(k + 1), T: testKeys[k].Type, Name: testKeys[k].Name}
	value := func() sql.Value {
		switch k {
		case 0:
			return sql.IntValue(sql.Int4, 2020+int64(rng.Intn(5)))
		case 1:
			return sql.IntValue(sql.Int4, int64(rng.Intn(13)))
		}
		return sql.TextValue([]string{"app", "web", "api", "none"}[rng.Intn(4)])
	}
	switch rng.Intn(5) {
	case 0:
		return &expr.InList{Arg: col, Eq: g.op(t, "=", col.T.OID), List: []sql.Value{value(), value()}, Negate: rng.Intn(4) == 0}
	case 1:
		return &expr.IsNull{Arg: col, Test: []expr.NullTest{expr.TestNull, expr.TestNotNull}[rng.Intn(2)]}
	case 2:
		if k < 2 { // year + month compared with a constant
			sum := &expr.Call{Fn: g.op(t, "+", sql.OIDInt4), T: sql.Int4, Args: []expr.Expr{
				&expr.Col{ID: 1, T: sql.Int4, Name: "year"}, &expr.Col{ID: 2, T: sql.Int4, Name: "month"}}}
			return &expr.Call{Fn: g.op(t, ">", sql.OIDInt4), T: sql.Bool, Args: []expr.Expr{sum, &expr.Const{V: sql.IntValue(sql.Int4, 2020+int64(rng.Intn(16)))}}}
		}
	}
	op := []string{"=", "<", "<=", ">", ">="}[rng.Intn(5)]
	args := []expr.Expr{col, &expr.Const{V: value()}}
	if rng.Intn(3) == 0 {
		args[0], args[1] = args[1], args[0]
	}
	return &expr.Call{Fn: g.op(t, op, col.T.OID), T: sql.Bool, Args: args}
}

func keyColumns() []format.Column {
	var cols []format.Column
	for i, k := range testKeys {
		cols = append(cols, format.Column{ID: expr.ColumnID(i + 1), Name: k.Name, Type: k.Type})
	}
	return append(cols, format.Column{ID: 9, Name: "x", Type: sql.Int8})
}

// brute evaluates conjuncts for each partition the plain way.
func brute(t testing.TB, conjuncts []expr.Expr, parts []*model.Partition) []bool {
	trues := make([]int, len(parts))
	ids := []expr.ColumnID{1, 2, 3}
	for _, e := range conjuncts {
		prog, err := expr.Compile([]expr.Expr{e}, ids)
		must(t, err)
		ev := prog.NewEvaluator(&expr.Env{})
		for i, part := range parts {
			b := &vector.Batch{N: 1}
			for k := range ids {
				b.Cols = append(b.Cols, vector.FlatOf(part.Typed[k].Type, part.Typed[k:k+1]))
			}
			if got, err := ev.Select(0, b, nil, nil); err != nil || len(got) == 1 {
				trues[i]++
			}
		}
	}
	out := make([]bool, len(parts))
	for i := range out {
		out[i] = trues[i] == len(conjuncts)
	}
	return out
}

func TestPruningAgainstBruteForce(t *testing.T) {
	c := open(t)
	var parts []*model.Partition
	for y := 2020; y < 2024; y++ {
		for m := 1; m <= 12; m++ {
			for _, s := range []string{"app", "web", "api", ""} {
				mt := fmt.Sprint(m)
				if m == 7 {
					mt = "" // NULL
				}
				if m == 3 {
					mt = "03"
				}
				parts = append(parts, &model.Partition{Values: []string{fmt.Sprint(y), mt, s}, Location: fmt.Sprintf("s3://b/%d/%d/%s/", y, m, s)})
			}
		}
	}
	rng := rand.New(rand.NewSource(7))
	rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	must(t, c.Update(ctx, create(lake("ev", testKeys...))))
	must(t, c.Update(ctx, func(tx *store.Tx) error { _, err := tx.AddPartitions("public", "ev", parts, false); return err }))
	must(t, c.Update(ctx, func(tx *store.Tx) error { return tx.DropPartition("public", "ev", parts[0].Values) }))
	s := snapshot(t, c)
	tab := s.Table("public", "ev")
	src := s.Partitions(&expr.Env{})
	var all []*model.Partition
	_, err := src.Partitions(ctx, &table.PartitionQuery{Table: tab}, func(p *model.Partition) error { all = append(all, p); return nil })
	must(t, err)
	if len(all) != len(parts)-1 {
		t.Fatalf("%d partitions", len(all))
	}
	g := registry{expr.Builtins()}
	for i := range 500 {
		var conjuncts []expr.Expr
		for range 1 + rng.Intn(3) {
			conjuncts = append(conjuncts, randomPredicate(t, g, rng, 2))
		}
		var got, want []string
		n, err := src.Partitions(ctx, &table.PartitionQuery{Table: tab, Columns: keyColumns(), Conjuncts: conjuncts}, func(p *model.Partition) error { got = append(got, p.Location); return nil })
		must(t, err)
		pass := brute(t, conjuncts, all)
		for i, p := range all {
			if pass[i] {
				want = append(want, p.Location)
			}
		}
		if !slices.Equal(got, want) || n.Kept != int64(len(want)) || n.Total != int64(len(all)) {
			t.Fatalf("predicate %d: got %d partitions, want %d", i, len(got), len(want))
		}
	}
}

func TestProjectionEqualsRegistered(t *testing.T) {
	c := open(t)
	reg, proj := lake("reg", testKeys...), lake("proj", testKeys...)
	proj.Storage.Location = reg.Storage.Location
	proj.Params = map[string]string{"projection.enabled": "true",
		"projection.year.type": "integer", "projection.year.range": "2020,2023",
		"projection.month.type": "integer", "projection.month.range": "1,12", "projection.month.digits": "2",
		"projection.source.type": "enum", "projection.source.values": "app,web,api"}
	must(t, c.Update(ctx, create(reg)))
	must(t, c.Update(ctx, create(proj)))
	var parts []*model.Partition
	for y := 2020; y < 2024; y++ {
		for m := 1; m <= 12; m++ {
			for _, s := range []string{"app", "web", "api"} {
				mm := fmt.Sprintf("%02d", m)
				parts = append(parts, &model.Partition{Values: []string{fmt.Sprint(y), mm, s}, Location: fmt.Sprintf("s3://b/reg/year=%d/month=%s/source=%s/", y, mm, s)})
			}
		}
	}
	must(t, c.Update(ctx, func(tx *store.Tx) error { _, err := tx.AddPartitions("public", "reg", parts, false); return err }))
	s := snapshot(t, c)
	src := s.Partitions(&expr.Env{})
	g, rng := registry{expr.Builtins()}, rand.New(rand.NewSource(3))
	for i := range 300 {
		conjuncts := []expr.Expr{randomPredicate(t, g, rng, 2), randomPredicate(t, g, rng, 1)}
		list := func(name string) (out []string) {
			_, err := src.Partitions(ctx, &table.PartitionQuery{Table: s.Table("public", name), Columns: keyColumns(), Conjuncts: conjuncts}, func(p *model.Partition) error {
				out = append(out, p.Location)
				return nil
			})
			must(t, err)
			return out
		}
		if a, b := list("reg"), list("proj"); !slices.Equal(a, b) {
			t.Fatalf("predicate %d: %d registered, %d projected", i, len(a), len(b))
		}
	}
}

func TestPruningTime(t *testing.T) {
	c := open(t)
	keys := []model.Column{{Name: "year", Hive: "int", Type: sql.Int4}, {Name: "month", Hive: "int", Type: sql.Int4}, {Name: "day", Hive: "int", Type: sql.Int4},
		{Name: "hour", Hive: "int", Type: sql.Int4}, {Name: "source", Hive: "string", Type: sql.Text}}
	var parts []*model.Partition
	for i := range 100_000 {
		d := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/6) * time.Hour)
		v := []string{fmt.Sprint(d.Year()), fmt.Sprint(int(d.Month())), fmt.Sprint(d.Day()), fmt.Sprint(d.Hour()), fmt.Sprint("s", i%6)}
		parts = append(parts, &model.Partition{Values: v, Location: "s3://b/ev/" + strings.Join(v, "/") + "/"})
	}
	must(t, c.Update(ctx, create(lake("ev", keys...))))
	began := time.Now()
	must(t, c.Update(ctx, func(tx *store.Tx) error { _, err := tx.AddPartitions("public", "ev", parts, false); return err }))
	t.Logf("adding 100,000 partitions: %v", time.Since(began))
	s := snapshot(t, c)
	g := registry{expr.Builtins()}
	var cols []format.Column
	for i, k := range keys {
		cols = append(cols, format.Column{ID: expr.ColumnID(i + 1), Name: k.Name, Type: k.Type})
	}
	eq := func(k int, v int64) expr.Expr {
		return &expr.Call{Fn: g.op(t, "=", sql.OIDInt4), T: sql.Bool, Args: []expr.Expr{&expr.Col{ID: expr.ColumnID(k + 1), T: sql.Int4}, &expr.Const{V: sql.IntValue(sql.Int4, v)}}}
	}
	src := &expr.InList{Arg: &expr.Col{ID: 5, T: sql.Text}, Eq: g.op(t, "=", sql.OIDText), List: []sql.Value{sql.TextValue("s1"), sql.TextValue("s3"), sql.TextValue("s5")}}
	best := [2]time.Duration{time.Hour, time.Hour}
	for range 3 {
		c.cache.clear()
		for i := range best {
			began := time.Now()
			n, err := s.Partitions(&expr.Env{}).Partitions(ctx, &table.PartitionQuery{Table: s.Table("public", "ev"), Columns: cols, Conjuncts: []expr.Expr{src, eq(3, 7), eq(2, 9), eq(1, 2), eq(0, 2025)}}, func(*model.Partition) error { return nil })
			must(t, err)
			if n.Kept != 3 || n.Total != 100_000 {
				t.Fatalf("kept %d of %d", n.Kept, n.Total)
			}
			best[i] = min(best[i], time.Since(began))
		}
	}
	t.Logf("3 of 100,000: first %v, then %v", best[0], best[1])
	if best[0] > 500*time.Millisecond || best[1] > 50*time.Millisecond {
		t.Errorf("pruning is slow: first %v, then %v", best[0], best[1])
	}
}
