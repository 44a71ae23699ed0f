package place_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

// world is a catalog with statistics for planning tests.
type world struct{ tables map[string]*model.Table }

func (w world) Table(_ context.Context, schema, name string) (*model.Table, error) {
	return w.tables[name], nil
}
func (w world) HasSchema(context.Context, string) (bool, error)      { return true, nil }
func (w world) TableNames(context.Context, string) ([]string, error) { return nil, nil }
func (w world) Version() int64                                       { return 1 }

// Stats of the catalog: the whole table.
func (w world) stats(_ context.Context, s *logical.Scan) (place.TableFacts, error) {
	st := s.Table.Stats
	return place.TableFacts{Rows: float64(st.Rows), Bytes: float64(st.Bytes), Columns: st.Columns,
		Facts: physical.ScanFacts{Files: st.Files, Source: "catalog"}}, nil
}

type statsFunc func(context.Context, *logical.Scan) (place.TableFacts, error)

func (f statsFunc) Table(ctx context.Context, s *logical.Scan) (place.TableFacts, error) {
	return f(ctx, s)
}

// column describes a column of the TPC-H schema at scale factor 1: type, distinct
// values, and for numbers and dates the range.
type column struct {
	name, typ string
	distinct  int64
	lo, hi    string
	width     float64
}

var tpch = map[string]struct {
	rows int64
	cols []column
}{
	"region": {5, []column{{"r_regionkey", "int8", 5, "0", "4", 0}, {"r_name", "text", 5, "", "", 7}, {"r_comment", "text", 5, "", "", 66}}},
	"nation": {25, []column{{"n_nationkey", "int8", 25, "0", "24", 0}, {"n_name", "text", 25, "", "", 7}, {"n_regionkey", "int8", 5, "0", "4", 0}, {"n_comment", "text", 25, "", "", 74}}},
	"supplier": {10000, []column{{"s_suppkey", "int8", 10000, "1", "10000", 0}, {"s_name", "text", 10000, "", "", 18}, {"s_address", "text", 10000, "", "", 25},
		{"s_nationkey", "int8", 25, "0", "24", 0}, {"s_phone", "text", 10000, "", "", 15}, {"s_acctbal", "num", 9955, "-998.22", "9999.72", 0}, {"s_comment", "text", 10000, "", "", 62}}},
	"customer": {150000, []column{{"c_custkey", "int8", 150000, "1", "150000", 0}, {"c_name", "text", 150000, "", "", 18}, {"c_address", "text", 150000, "", "", 25},
		{"c_nationkey", "int8", 25, "0", "24", 0}, {"c_phone", "text", 150000, "", "", 15}, {"c_acctbal", "num", 140187, "-999.99", "9999.99", 0},
		{"c_mktsegment", "text", 5, "", "", 9}, {"c_comment", "text", 149968, "", "", 73}}},
	"part": {200000, []column{{"p_partkey", "int8", 200000, "1", "200000", 0}, {"p_name", "text", 199997, "", "", 33}, {"p_mfgr", "text", 5, "", "", 14},
		{"p_brand", "text", 25, "", "", 8}, {"p_type", "text", 150, "", "", 21}, {"p_size", "int4", 50, "1", "50", 0}, {"p_container", "text", 40, "", "", 8},
		{"p_retailprice", "num", 20899, "901.00", "2098.99", 0}, {"p_comment", "text", 131753, "", "", 14}}},
	"partsupp": {800000, []column{{"ps_partkey", "int8", 200000, "1", "200000", 0}, {"ps_suppkey", "int8", 10000, "1", "10000", 0}, {"ps_availqty", "int4", 9999, "1", "9999", 0},
		{"ps_supplycost", "num", 99901, "1.00", "1000.00", 0}, {"ps_comment", "text", 799124, "", "", 124}}},
	"orders": {1500000, []column{{"o_orderkey", "int8", 1500000, "1", "6000000", 0}, {"o_custkey", "int8", 99996, "1", "149999", 0}, {"o_orderstatus", "text", 3, "", "", 1},
		{"o_totalprice", "num", 1464556, "857.71", "555285.16", 0}, {"o_orderdate", "date", 2406, "1992-01-01", "1998-08-02", 0}, {"o_orderpriority", "text", 5, "", "", 8},
		{"o_clerk", "text", 1000, "", "", 15}, {"o_shippriority", "int4", 1, "0", "0", 0}, {"o_comment", "text", 1482071, "", "", 49}}},
	"lineitem": {6001215, []column{{"l_orderkey", "int8", 1500000, "1", "6000000", 0}, {"l_partkey", "int8", 200000, "1", "200000", 0}, {"l_suppkey", "int8", 10000, "1", "10000", 0},
		{"l_linenumber", "int4", 7, "1", "7", 0}, {"l_quantity", "num", 50, "1.00", "50.00", 0}, {"l_extendedprice", "num", 933900, "901.00", "104949.50", 0},
		{"l_discount", "num", 11, "0.00", "0.10", 0}, {"l_tax", "num", 9, "0.00", "0.08", 0}, {"l_returnflag", "text", 3, "", "", 1}, {"l_linestatus", "text", 2, "", "", 1},
		{"l_shipdate", "date", 2526, "1992-01-02", "1998-12-01", 0}, {"l_commitdate", "date", 2466, "1992-01-31", "1998-10-31", 0}, {"l_receiptdate", "date", 2554, "1992-01-04", "1998-12-31", 0},
		{"l_shipinstruct", "text", 4, "", "", 12}, {"l_shipmode", "text", 7, "", "", 4}, {"l_comment", "text", 4580667, "", "", 26}}},
	// A calendar of two centuries and five years of sales.
	"calendar": {73049, []column{{"day", "int8", 73049, "2415022", "2488070", 0}, {"year", "int4", 201, "1900", "2100", 0}}},
	"sales":    {2880404, []column{{"sold_day", "int8", 1823, "2450816", "2452642", 0}, {"amount", "num", 99999, "1.00", "999.99", 0}}},
}

// newWorld makes the TPC-H catalog. sketches false drops distinct counts, as
// footers alone have none.
func newWorld(t testing.TB, sketches bool) world {
	w := world{tables: map[string]*model.Table{}}
	oid := sql.OID(16400)
	for name, d := range tpch {
		tab := &model.Table{OID: oid, Database: "public", Name: name, Kind: model.KindLake,
			Stats: &model.TableStats{Rows: d.rows, Files: 1, Columns: map[string]model.ColumnStats{}}}
		oid++
		for _, c := range d.cols {
			var typ sql.Type
			switch c.typ {
			case "int8":
				typ = sql.Int8
			case "int4":
				typ = sql.Int4
			case "num":
				typ = sql.Decimal(15, 2)
			case "date":
				typ = sql.Date
			default:
				typ = sql.Text
			}
			cs := model.ColumnStats{AvgLen: c.width}
			if sketches {
				cs.Distinct = c.distinct
			}
			// As a dictionary stores it: codes and each value once.
			cs.Bytes = int64(float64(d.rows)*math.Log2(float64(c.distinct)+1)/8 + float64(c.distinct)*max(c.width, 8))
			tab.Stats.Bytes += cs.Bytes
			if c.lo != "" {
				f := sql.DefaultFormat()
				var err error
				if cs.Min, err = sql.ParseText(typ, c.lo, &f, time.Time{}); err != nil {
					t.Fatal(err)
				}
				if cs.Max, err = sql.ParseText(typ, c.hi, &f, time.Time{}); err != nil {
					t.Fatal(err)
				}
				cs.HasMin, cs.HasMax = true, true
			}
			tab.Columns = append(tab.Columns, model.Column{Name: c.name, Type: typ})
			tab.Stats.Columns[c.name] = cs
		}
		w.tables[name] = tab
	}
	return w
}

// funcs gives the rules the registry's operators.
type funcs struct{ reg *expr.Registry }

func (f funcs) op(symbol string, t sql.Type) *expr.Func {
	oid := t.OID
	if oid == sql.OIDVarchar {
		oid = sql.OIDText
	}
	for _, fn := range f.reg.LookupOperator(symbol) {
		if len(fn.Args) == 2 && fn.Args[0] == oid && fn.Args[1] == oid {
			return fn
		}
	}
	return nil
}
func (f funcs) Equal(t sql.Type) *expr.Func { return f.op("=", t) }
func (f funcs) Less(t sql.Type, orEqual bool) *expr.Func {
	if orEqual {
		return f.op("<=", t)
	}
	return f.op("<", t)
}
func (f funcs) RowNumber() *expr.WindowFn {
	for _, w := range f.reg.LookupWindow("row_number") {
		return w
	}
	return nil
}

var registry = expr.Builtins()

func testEnv() *expr.Env {
	f := sql.DefaultFormat()
	now := time.Unix(0, 0).UTC()
	return &expr.Env{TxnNow: now, StatementNow: now, Clock: func() time.Time { return now }, Zone: time.UTC, Fmt: f,
		User: "u", SessionUser: "u", Database: "d", SearchPath: []string{"public"}, Dialect: expr.Postgres}
}

// bound binds one statement.
func bound(t testing.TB, w world, text string) logical.Node {
	t.Helper()
	stmts, err := parse.Parse(strings.TrimSuffix(strings.TrimSpace(text), ";"), expr.Postgres)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	b, err := bind.Bind(context.Background(), testEnv(), stmts[0].Stmt, bind.Options{Catalog: w, Registry: registry})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return b.Plan
}

// ruleOptions returns the options that tests rewrite with.
func ruleOptions() rule.Options {
	env := testEnv()
	return rule.Options{Verify: true, Funcs: funcs{registry}, Fold: func(e expr.Expr) expr.Expr { return expr.Fold(env, e, true) }}
}

// plan takes a statement through rules and placement.
func plan(t testing.TB, w world, text string) *physical.Plan {
	t.Helper()
	n, err := rule.Rewrite(bound(t, w, text), ruleOptions())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	p, err := place.Plan(context.Background(), n, place.Options{Stats: statsFunc(w.stats)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}
