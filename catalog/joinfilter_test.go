package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
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

// joinFilters are the filters that a join on the columns ids publishes for rows,
// with the tuples if whole.
func joinFilters(ids []expr.ColumnID, types []sql.Type, rows [][]sql.Value, whole bool) (list []*expr.RuntimeFilter) {
	cols := make([][]*vector.Column, len(ids))
	for k := range ids {
		c := vector.NewColumn(types[k])
		for _, r := range rows {
			c.AppendValue(r[k])
		}
		cols[k] = []*vector.Column{c}
	}
	var tuples *expr.Tuples
	if whole {
		tuples = expr.NewTuples(cols)
	}
	for k := range ids {
		d := expr.NewFilterData(types[k], cols[k], false)
		d.Tuples, d.TupleKey = tuples, k
		f := expr.NewRuntimeFilter()
		f.Publish(d)
		list = append(list, f)
	}
	return list
}

// Join filters leave the partitions that a row of the join matches, whether they
// are registered or projected, and no other.
func TestJoinFiltersPrune(t *testing.T) {
	c := open(t)
	reg, proj := lake("reg", testKeys...), lake("proj", testKeys...)
	proj.Storage.Location = reg.Storage.Location
	proj.Params = map[string]string{"projection.enabled": "true",
		"projection.year.type": "integer", "projection.year.range": "2020,2023",
		"projection.month.type": "integer", "projection.month.range": "1,12",
		"projection.source.type": "enum", "projection.source.values": "app,web,api"}
	must(t, c.Update(ctx, create(reg)))
	must(t, c.Update(ctx, create(proj)))
	var parts []*model.Partition
	for y := 2020; y < 2024; y++ {
		for m := 1; m <= 12; m++ {
			for _, s := range []string{"api", "app", "web"} {
				parts = append(parts, &model.Partition{Values: []string{fmt.Sprint(y), fmt.Sprint(m), s}, Location: fmt.Sprintf("s3://b/reg/year=%d/month=%d/source=%s/", y, m, s)})
			}
		}
	}
	null := &model.Partition{Values: []string{"", "5", "app"}, Location: "s3://b/reg/null/"}
	must(t, c.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.AddPartitions("public", "reg", append(slices.Clone(parts), null), false)
		return err
	}))
	s := snapshot(t, c)
	src := s.Partitions(&expr.Env{})
	rng := rand.New(rand.NewSource(11))
	waiting := expr.NewRuntimeFilter()
	for i := range 300 {
		var ids []expr.ColumnID
		var types []sql.Type
		var ords []int
		for _, k := range rng.Perm(3)[:1+rng.Intn(3)] {
			ords, ids, types = append(ords, k), append(ids, expr.ColumnID(k+1)), append(types, testKeys[k].Type)
		}
		var rows [][]sql.Value
		for range rng.Intn(8) {
			var row []sql.Value
			for _, k := range ords {
				v := []sql.Value{sql.IntValue(sql.Int4, 2019+int64(rng.Intn(6))), sql.IntValue(sql.Int4, int64(rng.Intn(14))),
					sql.TextValue([]string{"app", "web", "none"}[rng.Intn(3)])}[k]
				if rng.Intn(10) == 0 {
					v = sql.NullOf(testKeys[k].Type)
				}
				row = append(row, v)
			}
			rows = append(rows, row)
		}
		whole := rng.Intn(3) > 0
		for _, name := range []string{"proj", "reg"} {
			there := parts
			if name == "reg" {
				there = append(slices.Clone(parts), null)
			}
			var want []string
			for _, p := range there {
				if matches(p, ords, rows, whole && len(ords) > 1) {
					want = append(want, p.Location)
				}
			}
			q := &table.PartitionQuery{Table: s.Table("public", name), Columns: keyColumns(),
				Filters: append(joinFilters(ids, types, rows, whole), waiting), FilterCols: append(slices.Clone(ids), 1)}
			var got []string
			n, err := src.Partitions(ctx, q, func(p *model.Partition) error { got = append(got, p.Location); return nil })
			must(t, err)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) || n.Kept != int64(len(want)) {
				t.Fatalf("join %d over %s on keys %v, rows %v: got %d partitions (%d), want %d", i, name, ords, rows, len(got), n.Kept, len(want))
			}
			if n, err := src.Count(ctx, q); err != nil || n.Kept != int64(len(want)) {
				t.Fatalf("count %d, %v, not %d", n.Kept, err, len(want))
			}
		}
	}
}

// matches reports whether a row has the partition's values at the keys: each key
// in some row or, if whole, all in one.
func matches(p *model.Partition, ords []int, rows [][]sql.Value, whole bool) bool {
	has := func(row []sql.Value, i int) bool {
		v, raw := row[i], p.Values[ords[i]]
		if v.Type.IsInteger() {
			return !v.Null && fmt.Sprint(v.I) == raw
		}
		return !v.Null && v.S == raw
	}
	for i := range ords {
		if !slices.ContainsFunc(rows, func(r []sql.Value) bool { return has(r, i) }) {
			return false
		}
	}
	return !whole || slices.ContainsFunc(rows, func(r []sql.Value) bool {
		for i := range ords {
			if !has(r, i) {
				return false
			}
		}
		return true
	})
}

// A partition for which a condition raises is kept, as the error is raised only if
// there is a row; the other conditions go on pruning.
func TestRaisingConditionKeeps(t *testing.T) {
	c := open(t)
	reg, proj := lake("reg", testKeys...), lake("proj", testKeys...)
	proj.Storage.Location = reg.Storage.Location
	proj.Params = map[string]string{"projection.enabled": "true",
		"projection.year.type": "integer", "projection.year.range": "2020,2023",
		"projection.month.type": "integer", "projection.month.range": "1,2",
		"projection.source.type": "enum", "projection.source.values": "app,web"}
	must(t, c.Update(ctx, create(reg)))
	must(t, c.Update(ctx, create(proj)))
	must(t, c.Update(ctx, func(tx *store.Tx) error {
		for y := 2020; y < 2024; y++ {
			for _, v := range [][]string{{fmt.Sprint(y), "1", "app"}, {fmt.Sprint(y), "1", "web"}, {fmt.Sprint(y), "2", "app"}, {fmt.Sprint(y), "2", "web"}} {
				p := &model.Partition{Values: v, Location: fmt.Sprintf("s3://b/reg/year=%s/month=%s/source=%s/", v[0], v[1], v[2])}
				if _, err := tx.AddPartitions("public", "reg", []*model.Partition{p}, false); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	s := snapshot(t, c)
	g := registry{expr.Builtins()}
	year, month := &expr.Col{ID: 1, T: sql.Int4}, &expr.Col{ID: 2, T: sql.Int4}
	num := func(i int64) expr.Expr { return &expr.Const{V: sql.IntValue(sql.Int4, i)} }
	op := func(name string, res sql.Type, a, b expr.Expr) expr.Expr {
		return &expr.Call{Fn: g.op(t, name, sql.OIDInt4), T: res, Args: []expr.Expr{a, b}}
	}
	// 1 / (year - month - 2020) = 1: raises for 2021-1 and 2022-2, true of 2022-1 and 2023-2
	quotient := op("=", sql.Bool, op("/", sql.Int4, num(1), op("-", sql.Int4, op("-", sql.Int4, year, month), num(2020))), num(1))
	web := &expr.Call{Fn: g.op(t, "=", sql.OIDText), T: sql.Bool, Args: []expr.Expr{&expr.Col{ID: 3, T: sql.Text}, &expr.Const{V: sql.TextValue("web")}}}
	want := []string{"2021/1", "2022/1", "2022/2", "2023/2"}
	for _, name := range []string{"reg", "proj"} {
		var got []string
		q := &table.PartitionQuery{Table: s.Table("public", name), Columns: keyColumns(), Conjuncts: []expr.Expr{quotient, web}}
		_, err := s.Partitions(&expr.Env{}).Partitions(ctx, q, func(p *model.Partition) error {
			got = append(got, p.Values[0]+"/"+p.Values[1])
			return nil
		})
		must(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// wide is a projected table of 26 * 12 * 31 * 24 * 1000 partitions.
func wide(t *testing.T, c *Catalog, more map[string]string) *model.Table {
	keys := []model.Column{{Name: "year", Hive: "int", Type: sql.Int4}, {Name: "month", Hive: "int", Type: sql.Int4}, {Name: "day", Hive: "int", Type: sql.Int4},
		{Name: "hour", Hive: "int", Type: sql.Int4}, {Name: "device", Hive: "int", Type: sql.Int4}}
	w := lake("wide", keys...)
	w.Params = map[string]string{"projection.enabled": "true"}
	for name, span := range map[string]string{"year": "2010,2035", "month": "1,12", "day": "1,31", "hour": "0,23", "device": "1,1000"} {
		w.Params["projection."+name+".type"], w.Params["projection."+name+".range"] = "integer", span
	}
	maps.Copy(w.Params, more)
	must(t, c.Update(ctx, create(w)))
	return snapshot(t, c).Table("public", "wide")
}

func wideColumns(w *model.Table) (cols []format.Column, ids []expr.ColumnID, types []sql.Type) {
	for i, k := range w.Keys {
		cols = append(cols, format.Column{ID: expr.ColumnID(i + 1), Name: k.Name, Type: k.Type})
		ids, types = append(ids, expr.ColumnID(i+1)), append(types, k.Type)
	}
	return cols, ids, types
}

// A join finds its partitions among 232 million projected ones without making them.
func TestJoinFilterOverProjectionTime(t *testing.T) {
	c := open(t)
	w := wide(t, c, nil)
	cols, ids, types := wideColumns(w)
	var rows [][]sql.Value
	for i := range 300 {
		at := time.Date(2023, 12, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i*7) * time.Hour)
		var row []sql.Value
		for _, v := range []int{at.Year(), int(at.Month()), at.Day(), at.Hour(), i%500 + 1} {
			row = append(row, sql.IntValue(sql.Int4, int64(v)))
		}
		rows = append(rows, row)
	}
	q := &table.PartitionQuery{Table: w, Columns: cols, Filters: joinFilters(ids, types, rows, true), FilterCols: ids}
	began := time.Now()
	n, err := snapshot(t, c).Partitions(&expr.Env{}).Partitions(ctx, q, func(*model.Partition) error { return nil })
	took := time.Since(began)
	must(t, err)
	if n.Kept != 300 || n.Total != 26*12*31*24*1000 {
		t.Errorf("%d partitions of %d", n.Kept, n.Total)
	}
	// The measure is the same machine making those of a month.
	month := [][]sql.Value{{sql.IntValue(sql.Int4, 2024), sql.IntValue(sql.Int4, 1)}}
	q = &table.PartitionQuery{Table: w, Columns: cols, Filters: joinFilters(ids[:2], types[:2], month, true), FilterCols: ids[:2]}
	began = time.Now()
	all, err := snapshot(t, c).Partitions(&expr.Env{}).Partitions(ctx, q, func(*model.Partition) error { return nil })
	making := time.Since(began)
	must(t, err)
	if all.Kept != 31*24*1000 {
		t.Errorf("%d partitions of a month", all.Kept)
	}
	t.Logf("300 of %d: %v; making those of a month: %v", n.Total, took, making)
	if took > making {
		t.Errorf("that is slow")
	}
}

// A key with more values than can be listed is bounded by the join's.
func TestJoinFilterBoundsProjectedKey(t *testing.T) {
	c := open(t)
	w := wide(t, c, map[string]string{"projection.device.range": "0,9000000000000"})
	cols, ids, types := wideColumns(w)
	row := []sql.Value{}
	for _, v := range []int64{2024, 2, 3, 4, 1234567} {
		row = append(row, sql.IntValue(sql.Int4, v))
	}
	q := &table.PartitionQuery{Table: w, Columns: cols}
	src := snapshot(t, c).Partitions(&expr.Env{})
	if n, err := src.Count(ctx, q); err != nil || n.Kept != maxProjected {
		t.Errorf("before the join has run: %+v, %v", n, err)
	}
	if _, err := src.Partitions(ctx, q, func(*model.Partition) error { return nil }); sql.AsError(err).Code != sql.CodeProgramLimitExceeded {
		t.Errorf("without a join: %v", err)
	}
	q.Filters, q.FilterCols = joinFilters(ids, types, [][]sql.Value{row}, true), ids
	var got []string
	_, err := src.Partitions(ctx, q, func(p *model.Partition) error { got = append(got, p.Location); return nil })
	if err != nil || len(got) != 1 || got[0] != "s3://b/wide/year=2024/month=2/day=3/hour=4/device=1234567/" {
		t.Errorf("%v, %v", got, err)
	}
}

// Who takes a few partitions waits for a few, and stops the making of others.
func TestPartitionsStream(t *testing.T) {
	c := open(t)
	w := wide(t, c, map[string]string{"projection.device.range": "1,8"})
	var parts []*model.Partition
	for i := range 20_000 {
		parts = append(parts, &model.Partition{Values: []string{fmt.Sprint(i), "1", "s"}, Location: fmt.Sprintf("s3://b/many/%d/", i)})
	}
	must(t, c.Update(ctx, create(lake("many", testKeys...))))
	must(t, c.Update(ctx, func(tx *store.Tx) error { _, err := tx.AddPartitions("public", "many", parts, false); return err }))
	s := snapshot(t, c)
	src := s.Partitions(&expr.Env{})
	enough := errors.New("enough")
	for _, tab := range []*model.Table{w, s.Table("public", "many")} {
		n := 0
		_, err := src.Partitions(ctx, &table.PartitionQuery{Table: tab}, func(*model.Partition) error {
			if n++; n == 3 {
				return enough
			}
			return nil
		})
		if err != enough || n != 3 {
			t.Errorf("%s: %d partitions, %v", tab.Name, n, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		n = 0
		_, err = src.Partitions(ctx, &table.PartitionQuery{Table: tab}, func(*model.Partition) error {
			if n++; n == 10 {
				cancel()
			}
			return nil
		})
		if sql.AsError(err).Code != sql.CodeQueryCanceled || n > blockTuples {
			t.Errorf("%s: cancelled, it gave %d partitions and %v", tab.Name, n, err)
		}
	}
}
