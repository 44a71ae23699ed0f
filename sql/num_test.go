package sql_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
)

func randDigits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	if r.IntN(6) == 0 { // runs of one digit provoke carries and ties
		c := "0599"[r.IntN(4)]
		for i := r.IntN(n); i < n; i++ {
			b[i] = c
		}
	}
	return string(b)
}

// randNum returns a numeric's text with at most maxDigits digits.
func randNum(r *rand.Rand, maxDigits int) string {
	switch r.IntN(40) {
	case 0:
		return []string{"NaN", "Infinity", "-Infinity"}[r.IntN(3)]
	case 1:
		return []string{"0", "0.00", "0.000000", "1", "-1", "1.0", "10000", "0.0001", "9999", "0.9999"}[r.IntN(10)]
	}
	n := 1 + r.IntN(maxDigits)
	s := randDigits(r, n)
	scale := 0
	if r.IntN(3) > 0 {
		scale = r.IntN(n + 1)
	}
	if scale > 0 {
		s = s[:n-scale] + "." + s[n-scale:]
	}
	if r.IntN(3) == 0 {
		s = "-" + s
	}
	if s == "-" || s == "." {
		return "0"
	}
	return s
}

func mustNum(t testing.TB, s string) sql.Num {
	t.Helper()
	n, err := sql.ParseNum(s, -1)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return n
}

// tooLong reports whether PostgreSQL's answer needs more digits than we have,
// which our 22003 may then stand for.
func tooLong(want string) bool {
	if !strings.HasPrefix(want, "=") {
		return false
	}
	d := strings.TrimLeft(strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, want), "0")
	return len(d) > sql.MaxDecPrecision
}

func numAnswer(n sql.Num, err error) string { return answer(n.String(), err) }

func (c *checker) num(what string, got sql.Num, err error, want string) {
	c.tb.Helper()
	if err != nil && sql.AsError(err).Code == sql.CodeNumericOutOfRange && tooLong(want) {
		return
	}
	c.same(what, numAnswer(got, err), want)
}

func TestNumArithmetic(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(1, 2))
	ops := []struct {
		expr string
		f    func(a, b sql.Num) (sql.Num, error)
	}{
		{"$1[1]::numeric + $1[2]::numeric", sql.Num.Add},
		{"$1[1]::numeric - $1[2]::numeric", sql.Num.Sub},
		{"$1[1]::numeric * $1[2]::numeric", sql.Num.Mul},
		{"$1[1]::numeric / $1[2]::numeric", sql.Num.Div},
		{"$1[1]::numeric % $1[2]::numeric", sql.Num.Mod},
		{"div($1[1]::numeric, $1[2]::numeric)", sql.Num.DivTrunc},
	}
	c := &checker{tb: t}
	for _, op := range ops {
		var args [][]string
		for range 2000 {
			n := []int{4, 9, 19, 30, 38}[r.IntN(5)]
			m := []int{4, 9, 19, 30, 38}[r.IntN(5)]
			args = append(args, []string{randNum(r, n), randNum(r, m)})
		}
		for i, want := range o.ask(op.expr, args) {
			a := args[i]
			got, err := op.f(mustNum(t, a[0]), mustNum(t, a[1]))
			c.num(op.expr+" of "+strings.Join(a, ", "), got, err, want)
		}
	}
}

func TestNumUnary(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(3, 4))
	fine := func(f func(sql.Num) sql.Num) func(sql.Num, int) (sql.Num, error) {
		return func(a sql.Num, _ int) (sql.Num, error) { return f(a), nil }
	}
	ops := []struct {
		expr string
		f    func(a sql.Num, s int) (sql.Num, error)
	}{
		{"-$1[1]::numeric", fine(sql.Num.Neg)},
		{"abs($1[1]::numeric)", fine(sql.Num.Abs)},
		{"ceil($1[1]::numeric)", fine(sql.Num.Ceil)},
		{"floor($1[1]::numeric)", fine(sql.Num.Floor)},
		{"round($1[1]::numeric, $1[2]::int)", sql.Num.Round},
		{"trunc($1[1]::numeric, $1[2]::int)", sql.Num.Trunc},
		{"$1[1]::numeric::bigint::numeric", func(a sql.Num, _ int) (sql.Num, error) {
			v, err := a.ToInt(sql.OIDInt8)
			return sql.NumInt64(v), err
		}},
		{"$1[1]::numeric::int::numeric", func(a sql.Num, _ int) (sql.Num, error) {
			v, err := a.ToInt(sql.OIDInt4)
			return sql.NumInt64(v), err
		}},
		{"$1[1]::numeric::smallint::numeric", func(a sql.Num, _ int) (sql.Num, error) {
			v, err := a.ToInt(sql.OIDInt2)
			return sql.NumInt64(v), err
		}},
	}
	c := &checker{tb: t}
	for _, op := range ops {
		var args [][]string
		for range 1500 {
			args = append(args, []string{randNum(r, []int{6, 12, 20, 38}[r.IntN(4)]), fmt.Sprint(r.IntN(60) - 30)})
		}
		for i, want := range o.ask(op.expr, args) {
			a := args[i]
			var s int
			fmt.Sscan(a[1], &s)
			got, err := op.f(mustNum(t, a[0]), s)
			c.num(op.expr+" of "+strings.Join(a, ", "), got, err, want)
		}
	}
}

func TestNumTypmod(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(5, 6))
	c := &checker{tb: t}
	for _, ps := range [][2]int{{15, 2}, {38, 10}, {5, 5}, {3, 0}, {3, 5}, {3, -2}, {18, 18}, {38, 0}} {
		var args [][]string
		for range 400 {
			s := randNum(r, []int{4, 12, 38, 60}[r.IntN(4)])
			if r.IntN(4) == 0 && !strings.ContainsAny(s, "Iy") && s != "NaN" {
				s += fmt.Sprintf("e%d", r.IntN(40)-20)
			}
			args = append(args, []string{s})
		}
		expr := fmt.Sprintf("$1[1]::numeric(%d,%d)", ps[0], ps[1])
		for i, want := range o.ask(expr, args) {
			got, err := sql.ParseNum(args[i][0], sql.NumericMod(ps[0], ps[1]))
			c.num(expr+" of "+args[i][0], got, err, want)
		}
	}
}

func TestNumCompare(t *testing.T) {
	o, r := newOracle(t), rand.New(rand.NewPCG(7, 8))
	c := &checker{tb: t}
	var args [][]string
	for range 3000 {
		a := randNum(r, []int{2, 19, 38}[r.IntN(3)])
		b := randNum(r, []int{2, 19, 38}[r.IntN(3)])
		if r.IntN(4) == 0 && strings.Contains(a, ".") && len(a) < 37 {
			b = a + "0"
		}
		args = append(args, []string{a, b})
	}
	expr := "case when $1[1]::numeric < $1[2]::numeric then -1 when $1[1]::numeric = $1[2]::numeric then 0 else 1 end"
	for i, want := range o.ask(expr, args) {
		a, b := mustNum(t, args[i][0]), mustNum(t, args[i][1])
		got := a.Cmp(b)
		if got != 0 {
			got /= max(got, -got)
		}
		c.same(strings.Join(args[i], " <=> "), fmt.Sprintf("=%d", got), want)
		if (got == 0) != (a.Normal() == b.Normal()) {
			t.Errorf("%v: the normal forms disagree with the comparison", args[i])
		}
		if got == 0 && a.Hash() != b.Hash() {
			t.Errorf("%v: equal values, unequal hashes", args[i])
		}
	}
}

func TestNumAverageDigits(t *testing.T) {
	// avg(l_quantity) of TPC-H query 1, as PostgreSQL prints it.
	sum, count := mustNum(t, "37734107.00"), sql.NumInt64(1478493)
	got, err := sum.Div(count)
	if err != nil || got.String() != "25.5220058532573370" {
		t.Fatalf("got %s, %v", got, err)
	}
	if n := testing.AllocsPerRun(100, func() { got, err = sum.Div(count) }); n != 0 {
		t.Fatalf("%v allocations in a division", n)
	}
}
