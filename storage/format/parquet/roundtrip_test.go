package parquet_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/vector"
)

// table is rows by column.
type table struct {
	cols []writer.Column
	vals [][]sql.Value
}

func (t *table) rows() int { return len(t.vals[0]) }

var testTypes = []sql.Type{sql.Bool, sql.Int2, sql.Int4, sql.Int8, sql.Float4, sql.Float8, sql.Decimal(7, 2), sql.Decimal(15, 2), sql.Decimal(38, 6),
	sql.Text, sql.Bytea, sql.Date, sql.Time, sql.Timestamp, sql.Timestamptz, sql.UUID}

// randomTable makes a table with a column of each test type. Values repeat, come
// in runs and ascend in turn, so that every path of dictionaries and pruning is taken.
func randomTable(rng *rand.Rand, rows int) *table {
	t := &table{}
	for i, typ := range testTypes {
		card := []int{1, 3, 50, 3000, 1 << 40}[rng.IntN(5)]
		ascending := rng.IntN(3) == 0
		nulls := []float64{0, 0, 0.02, 0.5, 1}[rng.IntN(5)]
		c := writer.Column{Name: fmt.Sprintf("c%d", i), Type: typ, NotNull: nulls == 0 && rng.IntN(2) == 0, Plain: rng.IntN(4) == 0, Bloom: rng.IntN(2) == 0 && typ.OID != sql.OIDBool}
		var vals []sql.Value
		for r := range rows {
			if rng.Float64() < nulls {
				vals = append(vals, sql.NullOf(typ))
				continue
			}
			x := rng.Int64N(int64(card))
			if ascending {
				x = int64(r) * int64(min(card, 1<<20)) / int64(rows)
			}
			vals = append(vals, valueOf(typ, x, rng))
		}
		t.cols, t.vals = append(t.cols, c), append(t.vals, vals)
	}
	return t
}

func valueOf(t sql.Type, x int64, rng *rand.Rand) sql.Value {
	v := sql.Value{Type: t}
	y := x - 20
	switch t.OID {
	case sql.OIDBool:
		v.I = x & 1
	case sql.OIDInt2:
		v.I = int64(int16(y))
	case sql.OIDInt4, sql.OIDDate:
		v.I = int64(int32(y)) / 4
	case sql.OIDInt8:
		v.I = y * 1_000_003
	case sql.OIDFloat4:
		v.I = int64(math.Float64bits(float64(float32(y) / 3)))
	case sql.OIDFloat8:
		f := float64(y) / 7
		if x%100 == 99 {
			f = math.NaN()
		}
		v.I = int64(math.Float64bits(f))
	case sql.OIDNumeric:
		c := sql.I128(y % 99999)
		if t.Dec.P > 18 {
			c = sql.MulInt64(y, 1_000_000_007_000_003)
		}
		v.Num = sql.Num{Coef: c, Scale: int16(t.Dec.S)}
	case sql.OIDText:
		v.S = strings.Repeat("é", int(x%5)) + fmt.Sprint(x*x%1000003)
		if x%3 == 0 {
			v.S += " and a tail that is too long to lie inline"
		}
	case sql.OIDBytea:
		v.S = fmt.Sprintf("\x00%c%d", rune(x%200), x)
	case sql.OIDTime:
		v.I = (x * 7919) % 86_400_000_000
	case sql.OIDTimestamp, sql.OIDTimestamptz:
		v.I = y * 1_234_567
	case sql.OIDUUID:
		v.S = string(binaryUUID(uint64(x) * 0x9e3779b97f4a7c15))
	}
	return v
}

func binaryUUID(x uint64) []byte {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(x >> (i % 8 * 8))
	}
	return b
}

// write writes a table with our writer.
func (t *table) write(tb testing.TB, o writer.Options) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w, err := writer.New(&buf, t.cols, o)
	if err != nil {
		tb.Fatal(err)
	}
	for at := 0; at < t.rows(); at += 1000 {
		b := &vector.Batch{N: min(1000, t.rows()-at)}
		for c := range t.cols {
			b.Cols = append(b.Cols, vector.FlatOf(t.cols[c].Type, t.vals[c][at:at+b.N]))
		}
		if err := w.Write(b); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// store puts a file into a store that, unlike a local one, is fetched from.
func store(data []byte) (*mem.Store, object.Info) {
	s := mem.New(1000)
	return s, s.Put("mem://b/t.parquet", data)
}

var testEnv = &expr.Env{TxnNow: time.Unix(0, 0), Zone: time.UTC, Fmt: sql.DefaultFormat(), Dialect: expr.Postgres}

// scan reads a file by the request and returns the output columns' values.
func scan(tb testing.TB, f *parquet.Format, info object.Info, req *format.Request) ([][]sql.Value, error) {
	tb.Helper()
	ctx := context.Background()
	ms, err := f.Open(ctx, &format.FileTask{URL: info.Key, Size: info.Size, ETag: info.ETag}, req)
	if err != nil {
		return nil, err
	}
	r := f.NewReader(req)
	defer r.Close()
	out := make([][]sql.Value, len(req.Output))
	for _, m := range ms {
		if m.Prune() {
			continue
		}
		defer m.Release()
		if err := m.Fetch(ctx); err != nil {
			return nil, err
		}
		if err := r.Start(ctx, m); err != nil {
			return nil, err
		}
		for {
			b, err := r.Next()
			if err != nil {
				return nil, err
			}
			if b == nil {
				break
			}
			if b.N == 0 || b.N > vector.BatchSize || b.Seq != m.Seq() {
				tb.Fatalf("batch of %d rows, sequence %d", b.N, b.Seq)
			}
			for c, v := range b.Cols {
				if v.N != b.N {
					tb.Fatalf("column %d has %d rows of %d", c, v.N, b.N)
				}
				for i := range b.N {
					out[c] = append(out[c], vector.ValueAt(v, i))
				}
			}
		}
		m.Release()
	}
	return out, nil
}

func (t *table) request(st object.Store) *format.Request {
	req := &format.Request{Env: testEnv, Store: st, Metrics: new(format.Metrics)}
	for i, c := range t.cols {
		req.Columns = append(req.Columns, format.Column{ID: expr.ColumnID(i + 1), Name: c.Name, Type: c.Type})
		req.Output = append(req.Output, i)
	}
	return req
}

func text(v sql.Value) string {
	if v.Null {
		return "NULL"
	}
	f := sql.DefaultFormat()
	return string(sql.AppendText(nil, v, &f))
}

// Every type, NULLs, codec, page and row group size comes back as it was written,
// whether pages are cached or not.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 7))
		tab := randomTable(rng, 1+rng.IntN(9000))
		o := writer.Options{Codec: []string{"snappy", "zstd", "gzip", "none"}[seed%4], GroupRows: 500 + rng.IntN(6000), PageRows: 50 + rng.IntN(3000)}
		st, info := store(tab.write(t, o))
		f := parquet.New(parquet.Options{Cache: parquet.NewCache(1 << (10 + rng.IntN(15)))})
		for range 2 {
			got, err := scan(t, f, info, tab.request(st))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for c := range tab.cols {
				if len(got[c]) != tab.rows() {
					t.Fatalf("seed %d: %d rows of %d", seed, len(got[c]), tab.rows())
				}
				for r := range got[c] {
					if a, b := text(got[c][r]), text(tab.vals[c][r]); a != b {
						t.Fatalf("seed %d column %d (%v) row %d: %s, want %s", seed, c, tab.cols[c].Type, r, a, b)
					}
				}
			}
		}
	}
}

func operator(name string, oid sql.OID) *expr.Func {
	for _, f := range expr.Builtins().LookupOperator(name) {
		if len(f.Args) == 2 && f.Args[0] == oid && f.Args[1] == oid {
			return f
		}
	}
	return nil
}

// randomConjunct makes a condition over column c.
func randomConjunct(rng *rand.Rand, tab *table, c int) expr.Expr {
	typ := tab.cols[c].Type
	col := &expr.Col{ID: expr.ColumnID(c + 1), T: typ}
	pick := func() sql.Value {
		for range 10 {
			if v := tab.vals[c][rng.IntN(tab.rows())]; !v.Null {
				return v
			}
		}
		return valueOf(typ, rng.Int64N(100), rng)
	}
	switch rng.IntN(8) {
	case 0:
		return &expr.IsNull{Arg: col, Test: expr.TestNull}
	case 1:
		return &expr.IsNull{Arg: col, Test: expr.TestNotNull}
	case 2:
		if op := operator("=", typ.OID); op != nil {
			return &expr.InList{Arg: col, Eq: op, List: []sql.Value{pick(), pick()}, Negate: rng.IntN(3) == 0}
		}
	case 3: // never raises for these values, but says that it may
		if typ.OID == sql.OIDInt8 {
			sum := &expr.Call{Fn: operator("+", typ.OID), Args: []expr.Expr{col, &expr.Const{V: sql.IntValue(typ, 1)}}, T: typ}
			return &expr.Call{Fn: operator("<", typ.OID), Args: []expr.Expr{sum, &expr.Const{V: pick()}}, T: sql.Bool}
		}
	}
	op := operator([]string{"=", "<", "<=", ">", ">=", "<>"}[rng.IntN(6)], typ.OID)
	if op == nil {
		return &expr.IsNull{Arg: col, Test: expr.TestNotNull}
	}
	return &expr.Call{Fn: op, Args: []expr.Expr{col, &expr.Const{V: pick()}}, T: sql.Bool}
}

// A scan with conjuncts and join filters gives the rows that evaluating them over
// all rows gives, whatever statistics, bloom filters and dictionaries prune.
func TestPredicates(t *testing.T) {
	for seed := range uint64(14) {
		rng := rand.New(rand.NewPCG(seed, 11))
		tab := randomTable(rng, 2000+rng.IntN(9000))
		st, info := store(tab.write(t, writer.Options{GroupRows: 1000 + rng.IntN(6000), PageRows: 100 + rng.IntN(1500)}))
		f := parquet.New(parquet.Options{Cache: parquet.NewCache(1 << 20)})
		for try := range 10 {
			req := tab.request(st)
			for range 1 + rng.IntN(3) {
				req.Conjuncts = append(req.Conjuncts, randomConjunct(rng, tab, rng.IntN(len(tab.cols))))
			}
			req.Output = rng.Perm(len(tab.cols))[:rng.IntN(4)+1]
			if rng.IntN(3) == 0 {
				addFilter(rng, tab, req)
			}
			want := keep(t, tab, req)
			got, err := scan(t, f, info, req)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for i, c := range req.Output {
				if len(got[i]) != len(want) {
					t.Fatalf("seed %d try %d: %d rows, want %d", seed, try, len(got[i]), len(want))
				}
				for k, r := range want {
					if a, b := text(got[i][k]), text(tab.vals[c][r]); a != b {
						t.Fatalf("seed %d try %d column %d row %d: %s, want %s", seed, try, c, r, a, b)
					}
				}
			}
		}
	}
}

// addFilter adds a join filter of a few values of a column.
func addFilter(rng *rand.Rand, tab *table, req *format.Request) {
	c := []int{2, 3, 9, 11}[rng.IntN(4)]
	col := vector.NewColumn(tab.cols[c].Type)
	for range rng.IntN(4) {
		col.AppendValue(tab.vals[c][rng.IntN(tab.rows())])
	}
	rf := expr.NewRuntimeFilter()
	rf.Publish(expr.NewFilterData(tab.cols[c].Type, []*vector.Column{col}, false))
	req.Filters, req.FilterCols = append(req.Filters, rf), append(req.FilterCols, expr.ColumnID(c+1))
}

// keep evaluates the request's conditions over all rows.
func keep(tb testing.TB, tab *table, req *format.Request) []int {
	var ids []expr.ColumnID
	for _, c := range req.Columns {
		ids = append(ids, c.ID)
	}
	p, err := expr.Compile(req.Conjuncts, ids)
	if err != nil {
		tb.Fatal(err)
	}
	ev := p.NewEvaluator(testEnv)
	var out []int
	for at := 0; at < tab.rows(); at += vector.BatchSize {
		b := &vector.Batch{N: min(vector.BatchSize, tab.rows()-at)}
		for c := range tab.cols {
			b.Cols = append(b.Cols, vector.FlatOf(tab.cols[c].Type, tab.vals[c][at:at+b.N]))
		}
		var sel []int32
		for i := range b.N {
			sel = append(sel, int32(i))
		}
		for i := range req.Conjuncts {
			next, err := ev.Select(i, b, sel, make([]int32, 0, b.N+1))
			if err != nil {
				tb.Fatal(err)
			}
			sel = next
		}
		for i, rf := range req.Filters {
			sel = rf.Data().Select(b.Cols[int(req.FilterCols[i])-1], sel, b.N, make([]int32, 0, b.N+1))
		}
		for _, s := range sel {
			out = append(out, at+int(s))
		}
	}
	return out
}
