package sql_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
)

func TestNumFunctions(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(21, 22))
	unary := func(f func(sql.Num) (sql.Num, error)) func(a, b sql.Num) (sql.Num, error) {
		return func(a, _ sql.Num) (sql.Num, error) { return f(a) }
	}
	small := func() string { return fmt.Sprintf("%.*f", r.IntN(6), r.NormFloat64()*20) }
	near1 := func() string { return "1." + strings.Repeat("0", r.IntN(12)) + fmt.Sprint(r.IntN(1000)) }
	any := func() string {
		return []string{randNum(r, 8), randNum(r, 18), randNum(r, 25), small(), near1(), "0." + strings.Repeat("0", r.IntN(15)) + "37"}[r.IntN(6)]
	}
	for _, op := range []struct {
		expr string
		f    func(a, b sql.Num) (sql.Num, error)
		a, b func() string
	}{
		{"sqrt($1[1]::numeric)", unary(sql.Num.Sqrt), any, small},
		{"exp($1[1]::numeric)", unary(sql.Num.Exp), small, small},
		{"ln($1[1]::numeric)", unary(sql.Num.Ln), any, small},
		{"log($1[1]::numeric)", unary(sql.Num.Log10), any, small},
		{"log($1[2]::numeric, $1[1]::numeric)", sql.Num.Log, any, any},
		{"power($1[1]::numeric, $1[2]::numeric)", sql.Num.Power, any, small},
		{"power($1[1]::numeric, $1[2]::numeric)", sql.Num.Power, small, func() string {
			return []string{fmt.Sprint(r.IntN(40) - 20), "0", "1", "-1", "2", "0.5", "NaN", "Infinity", "-Infinity"}[r.IntN(9)]
		}},
		{"power($1[1]::numeric, $1[2]::numeric)", sql.Num.Power, func() string {
			return []string{"0", "1", "-1", "NaN", "Infinity", "-Infinity", "2", "-0.5"}[r.IntN(8)]
		}, func() string {
			return []string{fmt.Sprint(r.IntN(7) - 3), "0.5", "-0.5", "NaN", "Infinity", "-Infinity"}[r.IntN(6)]
		}},
	} {
		c := &checker{tb: t}
		var args [][]string
		for range 300 {
			args = append(args, []string{op.a(), op.b()})
		}
		for i, want := range o.ask(op.expr, args) {
			a := args[i]
			got, err := op.f(mustNum(t, a[0]), mustNum(t, a[1]))
			c.num(op.expr+" of "+strings.Join(a, ", "), got, err, want)
		}
	}
}
