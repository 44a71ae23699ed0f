package exec

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// gen makes random tables, expressions and plans.
type gen struct {
	*rand.Rand
	next expr.ColumnID
	lake *memLake
}

func newGen(seed uint64) *gen {
	return &gen{Rand: rand.New(rand.NewPCG(seed, 1)), lake: &memLake{tables: map[string]*memTable{}, seed: seed, env: testEnv()}}
}

func (g *gen) col(t sql.Type) logical.Col {
	g.next++
	return logical.Col{ID: g.next, Name: fmt.Sprintf("c%d", g.next), T: t}
}

var genTypes = []sql.Type{sql.Int4, sql.Int4, sql.Int8, sql.Text, sql.Float8, sql.Decimal(10, 2), sql.Bool, sql.Date, sql.Int2, sql.Bpchar}

// value is a random value from a domain of about n values; NULL now and then.
func (g *gen) value(t sql.Type, n int) sql.Value {
	if g.IntN(8) == 0 {
		return sql.NullOf(t)
	}
	x := g.IntN(n)
	v := sql.Value{Type: t}
	switch t.OID {
	case sql.OIDBool:
		v.I = int64(x & 1)
	case sql.OIDText:
		v.S = fmt.Sprintf("%d", x)
		if x%3 == 0 {
			v.S = fmt.Sprintf("a string too long to lie inline %d", x)
		}
	case sql.OIDBpchar:
		v.S = fmt.Sprintf("b%d  ", x)
	case sql.OIDFloat8:
		f := float64(x) / 2
		if x == 1 {
			f = math.Copysign(0, -1)
		}
		v.I = int64(math.Float64bits(f))
	case sql.OIDNumeric:
		v.Num = sql.Num{Coef: sql.I128(int64(x) * 7), Scale: 2}
	case sql.OIDInt8:
		v.I = int64(x) * 1_000_000_007
	case sql.OIDInt2:
		v.I = int64(x % 30000)
	default:
		v.I = int64(x)
	}
	return v
}

// table makes a table of n rows; the first columns have the types given.
func (g *gen) table(n, domain int, types ...sql.Type) (string, *memTable) {
	t := &memTable{per: 1 + g.IntN(700)}
	for range g.IntN(3) {
		types = append(types, genTypes[g.IntN(len(genTypes))])
	}
	for _, ty := range types {
		t.cols = append(t.cols, g.col(ty))
	}
	for range n {
		row := make([]sql.Value, len(types))
		for i, ty := range types {
			row[i] = g.value(ty, domain)
		}
		t.rows = append(t.rows, row)
	}
	name := fmt.Sprintf("t%d", len(g.lake.tables))
	g.lake.tables[name] = t
	return name, t
}

// fn finds a function of two arguments by symbol.
func operator(symbol string, t sql.OID) *expr.Func {
	for _, f := range builtins.LookupOperator(symbol) {
		if len(f.Args) == 2 && f.Args[0] == t && f.Args[1] == t {
			return f
		}
	}
	panic("no operator " + symbol)
}

func call(f *expr.Func, args ...expr.Expr) expr.Expr {
	t := sql.T(f.Ret)
	if f.RetType != nil {
		var types []sql.Type
		for _, a := range args {
			types = append(types, a.Type())
		}
		t = f.RetType(types)
	}
	return &expr.Call{Fn: f, Args: args, T: t}
}

func aggregate(name string, t sql.OID) *expr.Agg {
	for _, a := range builtins.LookupAgg(name) {
		if t == 0 && len(a.Args) == 0 || len(a.Args) == 1 && (a.Args[0] == t || a.Args[0] == sql.OIDAny || a.Args[0] == sql.OIDAnyElement || a.Args[0] == sql.OIDAnyNonArray) {
			return a
		}
	}
	return nil
}
