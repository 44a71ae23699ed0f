package parquet_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
)

// Reading a morsel a second time allocates nothing, with and without a conjunct.
func TestNoAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	tab := randomTable(rng, 60_000)
	for i := range tab.cols {
		tab.cols[i].NotNull = false
	}
	st, info := store(tab.write(t, writer.Options{}))
	f := parquet.New(parquet.Options{})
	ctx := context.Background()
	for _, conjuncts := range [][]expr.Expr{nil, {&expr.Call{Fn: operator(">", sql.OIDInt8),
		Args: []expr.Expr{&expr.Col{ID: 4, T: sql.Int8}, &expr.Const{V: sql.IntValue(sql.Int8, -15_000_045)}}, T: sql.Bool}}} {
		req := tab.request(st)
		req.Conjuncts = conjuncts
		ms, err := f.Open(ctx, &format.FileTask{URL: info.Key, Size: info.Size, ETag: info.ETag}, req)
		if err != nil || len(ms) == 0 {
			t.Fatal(len(ms), err)
		}
		r := f.NewReader(req)
		if err := ms[0].Fetch(ctx); err != nil {
			t.Fatal(err)
		}
		batches := 0
		pass := func() {
			if err := r.Start(ctx, ms[0]); err != nil {
				t.Fatal(err)
			}
			for {
				b, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if b == nil {
					return
				}
				batches++
			}
		}
		pass()
		batches = 0
		if n := testing.AllocsPerRun(3, pass); n > float64(batches)/8 {
			t.Errorf("%v allocations for %d batches", n, batches/4)
		}
		ms[0].Release()
		r.Close()
	}
}

// A conjunct that raises gives the rows before the failing one first.
func TestErrorRow(t *testing.T) {
	tab := &table{cols: []writer.Column{{Name: "a", Type: sql.Int8}}, vals: [][]sql.Value{nil}}
	for i := range 5000 {
		tab.vals[0] = append(tab.vals[0], sql.IntValue(sql.Int8, int64(3000-i)))
	}
	for _, plain := range []bool{false, true} {
		tab.cols[0].Plain = plain
		st, info := store(tab.write(t, writer.Options{}))
		req := tab.request(st)
		col := &expr.Col{ID: 1, T: sql.Int8}
		quotient := &expr.Call{Fn: operator("/", sql.OIDInt8), Args: []expr.Expr{&expr.Const{V: sql.IntValue(sql.Int8, 9000)}, col}, T: sql.Int8}
		req.Conjuncts = []expr.Expr{&expr.Call{Fn: operator(">", sql.OIDInt8), Args: []expr.Expr{quotient, &expr.Const{V: sql.IntValue(sql.Int8, 3)}}, T: sql.Bool}}
		f := parquet.New(parquet.Options{})
		ms, err := f.Open(context.Background(), &format.FileTask{URL: info.Key, Size: info.Size, ETag: info.ETag}, req)
		if err != nil {
			t.Fatal(err)
		}
		r := f.NewReader(req)
		rows, failed := 0, false
		for _, m := range ms {
			if err := m.Fetch(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := r.Start(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			for !failed {
				b, err := r.Next()
				if err != nil {
					failed = sql.AsError(err).Code == sql.CodeDivisionByZero
				} else if b == nil {
					break
				} else {
					rows += b.N
				}
			}
			m.Release()
		}
		r.Close()
		// 9000/a > 3 for a from 2250 down to 1; a = 0 raises.
		if !failed || rows != 2250 {
			t.Fatalf("plain %v: %d rows before the error, failed %v", plain, rows, failed)
		}
	}
}
