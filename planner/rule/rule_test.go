package rule_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

// catalog has relations t, u, v (a, b int, s text, n numeric(10,2), d date).
type catalog struct{}

func (catalog) Table(_ context.Context, _, name string) (*model.Table, error) {
	if !slices.Contains([]string{"t", "u", "v"}, name) {
		return nil, nil
	}
	return &model.Table{OID: sql.OID(20000 + int(name[0])), Database: "public", Name: name, Kind: model.KindLake, Columns: []model.Column{
		{Name: "a", Type: sql.Int4}, {Name: "b", Type: sql.Int4}, {Name: "s", Type: sql.Text},
		{Name: "n", Type: sql.Decimal(10, 2)}, {Name: "d", Type: sql.Date}}}, nil
}
func (catalog) HasSchema(context.Context, string) (bool, error)      { return true, nil }
func (catalog) TableNames(context.Context, string) ([]string, error) { return nil, nil }
func (catalog) Version() int64                                       { return 1 }

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
	return f.op(map[bool]string{false: "<", true: "<="}[orEqual], t)
}
func (f funcs) RowNumber() *expr.WindowFn {
	for _, w := range f.reg.LookupWindow("row_number") {
		return w
	}
	return nil
}

var registry = expr.Builtins()

func bound(t testing.TB, text string) (logical.Node, *expr.Env) {
	t.Helper()
	now := time.Unix(0, 0).UTC()
	env := &expr.Env{TxnNow: now, StatementNow: now, Zone: time.UTC, Fmt: sql.DefaultFormat(), Dialect: expr.Postgres, SearchPath: []string{"public"}}
	stmts, err := parse.Parse(text, expr.Postgres)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	b, err := bind.Bind(context.Background(), env, stmts[0].Stmt, bind.Options{Catalog: catalog{}, Registry: registry})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return b.Plan, env
}

// TestRules runs, for each statement, only the rules that the command names and
// prints the plan, or "not fired" if it is as the binder made it. Files are named
// after rules.
func TestRules(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			n, env := bound(t, d.Input)
			opt := rule.Options{Verify: true, Disabled: map[string]bool{}, Funcs: funcs{registry},
				Fold: func(e expr.Expr) expr.Expr { return expr.Fold(env, e, true) }}
			on := map[string]bool{d.Cmd: true}
			for _, a := range d.CmdArgs {
				on[a.Key] = true
			}
			for _, r := range rule.Rules() {
				opt.Disabled[r.Name] = !on[r.Name]
			}
			m, err := rule.Rewrite(n, opt)
			if err != nil {
				t.Fatal(err)
			}
			before, after := dump(n), dump(m)
			if before == after {
				return "not fired"
			}
			return after
		})
	})
}

// dump prints a logical plan.
func dump(n logical.Node) string {
	var b strings.Builder
	var walk func(logical.Node, int)
	walk = func(n logical.Node, depth int) {
		b.WriteString(strings.Repeat("  ", depth) + describe(n) + "\n")
		for _, c := range n.Children() {
			walk(c, depth+1)
		}
	}
	walk(n, 0)
	return strings.TrimSuffix(b.String(), "\n")
}

// numbered gives columns their ids, so that a.x and b.x can be told apart.
func numbered(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Col); ok {
			return &expr.Col{ID: c.ID, T: c.T, Name: fmt.Sprintf("%s.%d", c.Name, c.ID)}
		}
		return x
	})
}

func conds(list []expr.Expr) string {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = numbered(e)
	}
	return physical.FormatConds(out)
}

func keys(list []expr.SortKey) string {
	var out []string
	for _, k := range list {
		out = append(out, physical.FormatExpr(numbered(k.Expr)))
	}
	return strings.Join(out, ", ")
}

func colNames(cols []logical.Col) string {
	var out []string
	for _, c := range cols {
		out = append(out, fmt.Sprintf("%s.%d", c.Name, c.ID))
	}
	return strings.Join(out, " ")
}

func named(list []logical.NamedExpr) string {
	var out []string
	for _, e := range list {
		s := fmt.Sprintf("%s.%d", e.Col.Name, e.Col.ID)
		if c, ok := e.Expr.(*expr.Col); !ok || c.ID != e.Col.ID {
			s += "=" + physical.FormatExpr(numbered(e.Expr))
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func describe(n logical.Node) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", n), "*logical.")
	switch n := n.(type) {
	case *logical.Scan:
		s := name + " " + n.Table.Name + " [" + colNames(n.Cols) + "]"
		if len(n.Filter) > 0 {
			s += " where " + conds(n.Filter)
		}
		return s
	case *logical.Values:
		return fmt.Sprintf("%s %d rows", name, len(n.Rows))
	case *logical.Filter:
		return name + " " + conds(n.Conds)
	case *logical.Project:
		return name + " " + named(n.Exprs)
	case *logical.Join:
		s := n.Kind.String() + name
		if n.Kind == logical.Mark {
			s += fmt.Sprintf(" ->%d", n.MarkCol.ID)
		}
		return s + " " + conds(n.On)
	case *logical.DependentJoin:
		s := n.Kind.String() + name
		if n.Kind == logical.Mark {
			s += fmt.Sprintf(" ->%d", n.MarkCol.ID)
		}
		if n.Guard != nil {
			s += " guard " + physical.FormatExpr(numbered(n.Guard))
		}
		return s + " " + conds(n.On)
	case *logical.Aggregate:
		s := name + " by " + named(n.Groups)
		for i := range n.Aggs {
			a := &n.Aggs[i]
			s += fmt.Sprintf(" %s(%s)->%d", a.Fn.Name, conds(a.Args), a.Out)
			if a.Distinct {
				s += " distinct"
			}
		}
		return s
	case *logical.Window:
		return fmt.Sprintf("%s partition %s order %s", name, conds(n.Partition), keys(n.OrderBy))
	case *logical.Sort:
		return name + " " + keys(n.Keys)
	case *logical.Limit:
		s := name
		if n.Count != nil {
			s += " " + physical.FormatExpr(n.Count)
		}
		if n.Offset != nil {
			s += " offset " + physical.FormatExpr(n.Offset)
		}
		return s
	case *logical.Distinct:
		return name + " " + conds(n.On)
	case *logical.SetOp:
		return fmt.Sprintf("%s %d all=%v [%s]", name, n.Kind, n.All, colNames(n.Cols))
	case *logical.SharedRef:
		return fmt.Sprintf("%s %d [%s]", name, n.ID, colNames(n.Cols))
	case *logical.Shared:
		return fmt.Sprintf("%s %d plans", name, len(n.Plans))
	}
	return name
}
