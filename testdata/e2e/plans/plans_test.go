// Package plans compares whole plans with PostgreSQL: random queries, most of them
// with subqueries, are bound, rewritten, placed and run, with all rules and with
// rules switched off, and must give PostgreSQL's rows.
package plans

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
	"github.com/sluicedb/sluice/vector"
)

var (
	queries = flag.Int("queries", 150, "random queries to compare")
	seed    = flag.Uint64("seed", 1, "seed of the first query")
)

type noTables struct{}

func (noTables) Table(context.Context, string, string) (*model.Table, error) { return nil, nil }
func (noTables) HasSchema(context.Context, string) (bool, error)             { return true, nil }
func (noTables) TableNames(context.Context, string) ([]string, error)        { return nil, nil }
func (noTables) Version() int64                                              { return 1 }

type funcs struct{ reg *expr.Registry }

func (f funcs) op(symbol string, t sql.Type) *expr.Func {
	for _, fn := range f.reg.LookupOperator(symbol) {
		if len(fn.Args) == 2 && fn.Args[0] == t.OID && fn.Args[1] == t.OID {
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

func env() *expr.Env {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	return &expr.Env{TxnNow: now, StatementNow: now, Zone: time.UTC, Fmt: sql.DefaultFormat(), Dialect: expr.Postgres,
		SearchPath: []string{"public"}, Clock: func() time.Time { return now }}
}

// planned plans a statement with some rules switched off.
func planned(text string, off map[string]bool, reorder bool) (*physical.Plan, error) {
	e := env()
	stmts, err := parse.Parse(text, expr.Postgres)
	if err != nil {
		return nil, err
	}
	b, err := bind.Bind(context.Background(), e, stmts[0].Stmt, bind.Options{Catalog: noTables{}, Registry: registry})
	if err != nil {
		return nil, err
	}
	n, err := rule.Rewrite(b.Plan, rule.Options{Disabled: off, Verify: true, Funcs: funcs{registry},
		Fold: func(x expr.Expr) expr.Expr { return expr.Fold(e, x, true) }})
	if err != nil {
		return nil, err
	}
	return place.Plan(context.Background(), n, place.Options{NoReorder: !reorder, Widen: widen,
		Eval: func(x expr.Expr) (sql.Value, error) { return expr.EvalConst(e, x) }})
}

func widen(e expr.Expr, t sql.Type) expr.Expr {
	f := registry.LookupCast(e.Type().OID, t.OID)
	if f == nil || f.Context != expr.CastImplicit || f.Raises {
		return nil
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{e}, T: t, Implicit: true}
}

// rows runs a plan and returns its rows as sorted text.
func rows(t *testing.T, p *physical.Plan) (out []string, err error) {
	pool := exec.NewPool(2)
	defer pool.Close()
	x, err := exec.Build(p, &exec.Runtime{Env: env(), Pool: pool, Memory: exec.NewBudget(exec.NewBudget(nil, 1<<34), 1<<30), SpillDir: t.TempDir()})
	if err != nil {
		return nil, err
	}
	defer x.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	x.Start(ctx)
	for {
		b, err := x.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			slices.Sort(out)
			return out, nil
		}
		for i := range b.N {
			var w []string
			for c, v := range b.Cols {
				val := vector.ValueAt(v, i)
				val.Type = p.Output[c].T
				if val.Null {
					w = append(w, "NULL")
				} else {
					w = append(w, string(sql.AppendText(nil, val, nil)))
				}
			}
			out = append(out, strings.Join(w, "|"))
		}
	}
}

// oracle returns PostgreSQL's rows as sorted text, or its SQLSTATE.
func oracle(t *testing.T, c *pgconn.PgConn, text string) ([]string, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, err := c.Exec(ctx, text).ReadAll()
	if err != nil {
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			return nil, e.Code
		}
		t.Fatal(err)
	}
	var out []string
	for _, row := range res[0].Rows {
		var w []string
		for _, v := range row {
			if v == nil {
				w = append(w, "NULL")
			} else {
				w = append(w, string(v))
			}
		}
		out = append(out, strings.Join(w, "|"))
	}
	slices.Sort(out)
	return out, ""
}

// variants are the ways to plan each query: with all rules, with each of those
// that change the shape most switched off.
var variants = []struct {
	name    string
	off     map[string]bool
	reorder bool
}{
	{"all rules", nil, true},
	{"as written", map[string]bool{"PushFilters": true, "InferPredicates": true, "OuterToInner": true}, false},
	{"row by row", map[string]bool{"UnnestDependentJoins": true, "MarkToSemi": true}, true},
}

// TestRandomQueries compares random queries with PostgreSQL.
func TestRandomQueries(t *testing.T) {
	conn, err := pgconn.Connect(context.Background(), pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	bad := 0
	for i := range *queries {
		s := *seed + uint64(i)
		g := &gen{r: rand.New(rand.NewPCG(s, 7))}
		text := g.query()
		want, code := oracle(t, conn, text)
		for _, v := range variants {
			p, err := planned(text, v.off, v.reorder)
			var got []string
			if err == nil {
				got, err = rows(t, p)
			}
			var gotCode string
			if e, ok := errors.AsType[*sql.Error](err); ok {
				gotCode = string(e.Code)
			} else if err != nil {
				gotCode = "??"
			}
			// A second row of a scalar subquery is an error where it is evaluated; which
			// rows reach it is the plan's affair.
			if code == "21000" || gotCode == "21000" && code == "" {
				continue
			}
			if gotCode != code || !slices.Equal(got, want) {
				bad++
				plan := ""
				if p != nil {
					plan = strings.Join(p.Explain(physical.DefaultExplain()), "\n")
				}
				t.Errorf("seed %d, %s: %s\nerror %q %v, want %q\n%s\n%s", s, v.name, text, gotCode, err, code, diff(got, want), plan)
			}
		}
		if bad > 5 {
			t.Fatal("too many differences")
		}
	}
}

func diff(got, want []string) string {
	var b strings.Builder
	for i := range max(len(got), len(want)) {
		g, w := "-", "-"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			fmt.Fprintf(&b, "  got %s  want %s\n", g, w)
		}
		if b.Len() > 400 {
			break
		}
	}
	return b.String()
}
