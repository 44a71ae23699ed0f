package bind

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// testCatalog is a catalog of fixed tables.
type testCatalog map[string]map[string]*model.Table

func (c testCatalog) Table(_ context.Context, schema, name string) (*model.Table, error) {
	return c[schema][name], nil
}

func (c testCatalog) HasSchema(_ context.Context, schema string) (bool, error) {
	return c[schema] != nil, nil
}

func (c testCatalog) TableNames(_ context.Context, schema string) ([]string, error) {
	var out []string
	for n := range c[schema] {
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

func (c testCatalog) Version() int64 { return 7 }

// add makes a table from "name type, name type".
func (c testCatalog) add(t testing.TB, oid sql.OID, schema, name, columns string) *model.Table {
	t.Helper()
	tab := &model.Table{OID: oid, Database: schema, Name: name, Version: 1}
	for _, col := range strings.Split(columns, ", ") {
		n, typ, _ := strings.Cut(strings.TrimSpace(col), " ")
		ct, err := sql.ParseTypeName(strings.ReplaceAll(typ, ";", ","))
		if err != nil {
			t.Fatalf("%s.%s %s: %v", name, n, typ, err)
		}
		if p, s, ok := sql.NumericPS(ct.Mod); ok && ct.OID == sql.OIDNumeric {
			ct = sql.Decimal(p, s)
		}
		tab.Columns = append(tab.Columns, model.Column{Name: n, Type: ct})
	}
	if c[schema] == nil {
		c[schema] = map[string]*model.Table{}
	}
	c[schema][name] = tab
	return tab
}

// tpchTables are the columns of TPC-H, ";" for the comma in a modifier.
var tpchTables = map[string]string{
	"nation":   "n_nationkey bigint, n_name text, n_regionkey bigint, n_comment text",
	"region":   "r_regionkey bigint, r_name text, r_comment text",
	"part":     "p_partkey bigint, p_name text, p_mfgr text, p_brand text, p_type text, p_size int, p_container text, p_retailprice numeric(15;2), p_comment text",
	"supplier": "s_suppkey bigint, s_name text, s_address text, s_nationkey bigint, s_phone text, s_acctbal numeric(15;2), s_comment text",
	"partsupp": "ps_partkey bigint, ps_suppkey bigint, ps_availqty int, ps_supplycost numeric(15;2), ps_comment text",
	"customer": "c_custkey bigint, c_name text, c_address text, c_nationkey bigint, c_phone text, c_acctbal numeric(15;2), c_mktsegment text, c_comment text",
	"orders":   "o_orderkey bigint, o_custkey bigint, o_orderstatus text, o_totalprice numeric(15;2), o_orderdate date, o_orderpriority text, o_clerk text, o_shippriority int, o_comment text",
	"lineitem": "l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber int, l_quantity numeric(15;2), l_extendedprice numeric(15;2), l_discount numeric(15;2), l_tax numeric(15;2), l_returnflag text, l_linestatus text, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text",
}

func tpchCatalog(t testing.TB) testCatalog {
	c := testCatalog{"pg_catalog": {}}
	oid := sql.FirstUserOID
	for _, name := range []string{"nation", "region", "part", "supplier", "partsupp", "customer", "orders", "lineitem"} {
		c.add(t, oid, "public", name, tpchTables[name])
		oid++
	}
	return c
}

var registry = expr.Builtins()

func testEnv() *expr.Env {
	return &expr.Env{TxnNow: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), StatementNow: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Zone: time.UTC,
		Fmt: sql.DefaultFormat(), User: "u", SessionUser: "u", Database: "postgres", SearchPath: []string{"public"}, Dialect: expr.Postgres, Catalog: anyObject{}}
}

// anyObject resolves every name to the same OID.
type anyObject struct{}

func (anyObject) NameOf(sql.OID, sql.OID) (string, bool)         { return "", false }
func (anyObject) Lookup(sql.OID, string) (sql.OID, error)        { return 1259, nil }
func (anyObject) Describe(string, sql.OID, int32) (string, bool) { return "", false }
func (anyObject) Privilege(string, sql.OID, sql.OID, string) (has, ok bool) {
	return true, true
}

// bindText parses and binds one query.
func bindText(c Catalog, text string, params ...sql.OID) (*Bound, error) {
	stmts, err := parse.Parse(text, expr.Postgres)
	if err != nil {
		return nil, err
	}
	b, err := Bind(context.Background(), testEnv(), stmts[0].Stmt, Options{Catalog: c, Registry: registry, ParamTypes: params})
	if err != nil {
		if e := sql.AsError(err); e.Position > 0 {
			e.Position += stmts[0].Off
		}
	}
	return b, err
}
