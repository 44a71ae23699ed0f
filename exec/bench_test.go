package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

// readyLake gives batches made beforehand, so that only operators are measured.
type readyLake struct{ tables map[string][]*vector.Batch }

func (l *readyLake) Open(t *model.Table) (TableAccess, error) {
	f := &readyFormat{l.tables[t.Name]}
	return TableAccess{Files: f, Format: f}, nil
}

type readyFormat struct{ batches []*vector.Batch }

func (r *readyFormat) Files(_ context.Context, _ *table.Request, yield func(*format.FileTask) error) error {
	return yield(&format.FileTask{})
}

func (r *readyFormat) Open(context.Context, *format.FileTask, *format.Request) ([]format.Morsel, error) {
	var out []format.Morsel
	for lo := 0; lo < len(r.batches); lo += 50 {
		out = append(out, &memMorsel{lo: lo, hi: min(lo+50, len(r.batches))})
	}
	return out, nil
}

func (r *readyFormat) NewReader(*format.Request) format.Reader { return &readyReader{f: r} }

type readyReader struct {
	f      *readyFormat
	lo, hi int
}

func (r *readyReader) Start(_ context.Context, m format.Morsel) error {
	r.lo, r.hi = m.(*memMorsel).lo, m.(*memMorsel).hi
	return nil
}

func (r *readyReader) Next() (*vector.Batch, error) {
	if r.lo == r.hi {
		return nil, nil
	}
	r.lo++
	return r.f.batches[r.lo-1], nil
}

func (r *readyReader) Close() {}

func int8Batches(rows int, fs ...func(i int) int64) []*vector.Batch {
	var out []*vector.Batch
	for lo := 0; lo < rows; lo += vector.BatchSize {
		n := min(vector.BatchSize, rows-lo)
		b := &vector.Batch{N: n}
		for _, f := range fs {
			vals := make([]int64, n)
			for i := range vals {
				vals[i] = f(lo + i)
			}
			v := int8Vec(vals)
			b.Cols = append(b.Cols, &v)
		}
		out = append(out, b)
	}
	return out
}

func (g *gen) readyScan(name string, cols int) *physical.TableScan {
	t := &memTable{}
	for range cols {
		t.cols = append(t.cols, g.col(sql.Int8))
	}
	s := scanOf(name, t)
	s.Est.Rows = 1e6
	return s
}

func benchPlan(b *testing.B, lake Lake, root physical.Node, rows int) {
	pool := NewPool(2)
	defer pool.Close()
	for b.Loop() {
		e, err := Build(planOf(root), &Runtime{Env: testEnv(), Pool: pool, Lake: lake, Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
		e.Start(context.Background())
		for {
			x, err := e.Next(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			if x == nil {
				break
			}
		}
		e.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkGroupBy(b *testing.B) {
	const rows = 2_000_000
	for _, groups := range []int{4, 1000, 100_000, 1_000_000} {
		for _, clustered := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/clustered=%t", groups, clustered), func(b *testing.B) {
				g := newGen(1)
				r := rand.New(rand.NewPCG(1, 1))
				key := func(int) int64 { return int64(r.IntN(groups)) }
				if clustered {
					key = func(i int) int64 { return int64(i) * int64(groups) / rows }
				}
				lake := &readyLake{map[string][]*vector.Batch{"t": int8Batches(rows, key, func(i int) int64 { return int64(i & 63) })}}
				s := g.readyScan("t", 2)
				out, cnt := g.col(sql.DecimalNoMod(38, 0)), g.col(sql.Int8)
				a := &physical.Aggregate{Input: s, Groups: s.Cols[:1], GroupOut: []logical.Col{g.col(sql.Int8)}, Aggs: []expr.AggCall{
					{Fn: aggregate("sum", sql.OIDInt8), Args: []expr.Expr{s.Cols[1].Ref()}, T: out.T, Out: out.ID},
					{Fn: aggregate("count", 0), T: sql.Int8, Out: cnt.ID}}}
				a.Cols = []logical.Col{out, cnt}
				// Only one row comes out.
				top := &physical.Aggregate{Input: a, Aggs: []expr.AggCall{{Fn: aggregate("count", 0), T: sql.Int8, Out: g.col(sql.Int8).ID}}}
				top.Cols = []logical.Col{{ID: top.Aggs[0].Out, T: sql.Int8}}
				benchPlan(b, lake, top, rows)
			})
		}
	}
}

func BenchmarkJoin(b *testing.B) {
	const rows = 2_000_000
	for _, build := range []int{1000, 400_000} {
		for _, spread := range []int64{1, 1_000_003} {
			b.Run(fmt.Sprintf("build=%d/spread=%d", build, spread), func(b *testing.B) {
				g := newGen(1)
				r := rand.New(rand.NewPCG(1, 1))
				lake := &readyLake{map[string][]*vector.Batch{
					"p": int8Batches(rows, func(int) int64 { return int64(r.IntN(build)) * spread }, func(i int) int64 { return int64(i) }),
					"b": int8Batches(build, func(i int) int64 { return int64(i) * spread }, func(i int) int64 { return int64(i) })}}
				p, bd := g.readyScan("p", 2), g.readyScan("b", 2)
				j := &physical.HashJoin{Kind: physical.Inner, Probe: p, Build: bd, ProbeKeys: p.Cols[:1], BuildKeys: bd.Cols[:1], NullEqual: []bool{false}}
				j.Cols = []logical.Col{p.Cols[1], bd.Cols[1]}
				top := &physical.Aggregate{Input: j, Aggs: []expr.AggCall{{Fn: aggregate("count", 0), T: sql.Int8, Out: g.col(sql.Int8).ID}}}
				top.Cols = []logical.Col{{ID: top.Aggs[0].Out, T: sql.Int8}}
				benchPlan(b, lake, top, rows)
			})
		}
	}
}

func BenchmarkSort(b *testing.B) {
	const rows = 1_000_000
	g := newGen(1)
	r := rand.New(rand.NewPCG(1, 1))
	lake := &readyLake{map[string][]*vector.Batch{"t": int8Batches(rows, func(int) int64 { return r.Int64() }, func(i int) int64 { return int64(i) })}}
	for _, limit := range []int64{0, 10} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			s := g.readyScan("t", 2)
			so := &physical.Sort{Base: physical.Base{Cols: s.Cols}, Input: s, Keys: []physical.SortKey{{Col: s.Cols[0]}}, Limit: limit}
			top := &physical.Aggregate{Input: so, Aggs: []expr.AggCall{{Fn: aggregate("count", 0), T: sql.Int8, Out: g.col(sql.Int8).ID}}}
			top.Cols = []logical.Col{{ID: top.Aggs[0].Out, T: sql.Int8}}
			benchPlan(b, lake, top, rows)
		})
	}
}
