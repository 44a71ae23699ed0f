// Package pgfacts holds what PostgreSQL 15's catalog says about its functions,
// operators and casts: identity, declared types, volatility, strictness. The
// registry of package expr takes these facts from here, so that OIDs and
// resolution agree with PostgreSQL.
package pgfacts

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// Columns: oid, name, argument types, result type, flags (volatility i s v; kind
// f a w p; s strict; r set-returning; l leakproof; v variadic), default arguments.
//
//go:embed proc.tsv
var procTSV string

// Columns: oid, symbol, left type (0 none), right type, result type, function,
// commutator, negator.
//
//go:embed operator.tsv
var operatorTSV string

// Columns: oid, source, target, function (0 none), context (i a e), method (f b i).
//
//go:embed cast.tsv
var castTSV string

// Names of functions all of whose overloads take or give a type that Sluice does
// not have, so that they are not among proc.tsv's.
//
//go:embed name.tsv
var nameTSV string

// Proc is a row of pg_proc.
type Proc struct {
	OID       sql.OID
	Name      string
	Args      []sql.OID
	Ret       sql.OID
	Vol       byte // i, s or v
	Kind      byte // f, a or w
	Strict    bool
	Set       bool
	Leakproof bool
	Variadic  bool
	Defaults  int
}

// Operator is a row of pg_operator.
type Operator struct {
	OID                 sql.OID
	Name                string
	Left, Right, Ret    sql.OID
	Proc                sql.OID
	Commutator, Negator string
}

// Cast is a row of pg_cast.
type Cast struct {
	OID            sql.OID
	Source, Target sql.OID
	Func           sql.OID
	Context        byte // i, a or e
	Method         byte // f function, b binary-coercible, i by way of text
}

// Procs returns all functions, aggregates and window functions, by name.
func Procs() []Proc {
	lines := strings.Split(strings.TrimSuffix(procTSV, "\n"), "\n")
	out := make([]Proc, 0, len(lines))
	for _, l := range lines {
		f := strings.Split(l, "\t")
		p := Proc{OID: oid(f[0]), Name: f[1], Ret: oid(f[3]), Vol: f[4][0], Kind: f[4][1], Strict: f[4][2] == 's',
			Set: f[4][3] == 'r', Leakproof: f[4][4] == 'l', Variadic: f[4][5] == 'v', Defaults: int(oid(f[5]))}
		if f[2] != "" {
			for a := range strings.SplitSeq(f[2], ",") {
				p.Args = append(p.Args, oid(a))
			}
		}
		out = append(out, p)
	}
	return out
}

// Names returns the names of the functions that Procs has no overload of.
func Names() []string { return strings.Fields(nameTSV) }

// Operators returns all operators, by symbol.
func Operators() []Operator {
	lines := strings.Split(strings.TrimSuffix(operatorTSV, "\n"), "\n")
	out := make([]Operator, 0, len(lines))
	for _, l := range lines {
		f := strings.Split(l, "\t")
		out = append(out, Operator{oid(f[0]), f[1], oid(f[2]), oid(f[3]), oid(f[4]), oid(f[5]), f[6], f[7]})
	}
	return out
}

// Casts returns all casts.
func Casts() []Cast {
	lines := strings.Split(strings.TrimSuffix(castTSV, "\n"), "\n")
	out := make([]Cast, 0, len(lines))
	for _, l := range lines {
		f := strings.Split(l, "\t")
		out = append(out, Cast{oid(f[0]), oid(f[1]), oid(f[2]), oid(f[3]), f[4][0], f[5][0]})
	}
	return out
}

func oid(s string) sql.OID {
	n, _ := strconv.ParseUint(s, 10, 32)
	return sql.OID(n)
}
