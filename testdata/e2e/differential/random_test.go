package differential

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/answer"
)

var (
	seed = flag.Uint64("seed", 1, "seed of the first random statement; 0: a random one")
	long = flag.Duration("long", 10*time.Second, "how long random statements are compared, for each kind")
)

// soak, from the environment variable SLUICE_DIFFERENTIAL (a duration), makes the
// random tests take that long each, from random seeds.
func soak(t *testing.T) (time.Duration, bool) {
	v := os.Getenv("SLUICE_DIFFERENTIAL")
	if v == "" {
		return *long, false
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		t.Fatal(err)
	}
	return d, true
}

func firstSeed(t *testing.T) uint64 {
	if _, random := soak(t); *seed != 0 && !random {
		return *seed
	}
	s := rand.Uint64() >> 1
	t.Logf("-seed=%d", s)
	return s
}

// check runs a statement on both; refused reports that PostgreSQL does not take it.
func (p *pair) check(t *testing.T, text string, r answer.Rules) (diff string, refused bool) {
	want, err := answer.Ask(p.theirs, text)
	if err != nil {
		p.theirs = connect(t, p.theirConn)
		return "", true
	}
	if want.State != "" && !answer.DataException(want.State) {
		return "", true
	}
	got, err := answer.Ask(p.ours, text)
	if err != nil {
		p.ours = connect(t, p.ourConn)
		return "connection lost: " + err.Error(), false
	}
	if got.TooManyDigits() {
		return "", false
	}
	if answer.DataException(want.State) && p.open(got, text) {
		return "", false
	}
	return answer.Difference(got, want, r), false
}

// open reports whether it is open how a statement that fails in PostgreSQL does: of
// two errors either may come first, and what PostgreSQL's planner computes before
// any row asks for it fails there alone.
func (p *pair) open(got *answer.Answer, text string) bool {
	if answer.DataException(got.State) {
		return true
	}
	plan, err := answer.Ask(p.theirs, "EXPLAIN "+text)
	return err == nil && answer.DataException(plan.State)
}

// TestExpressions compares expressions of random functions over single rows, where
// nothing is open but which of several errors comes first.
func TestExpressions(t *testing.T) {
	p := open(t)
	n, refused, bad := 0, 0, 0
	d, _ := soak(t)
	end := time.Now().Add(d)
	for s := firstSeed(t); time.Now().Before(end) && bad < 25; s++ {
		g := newGen(s)
		e := g.expr(g.anyType(), tableCols("t"), 1+g.r.IntN(3))
		build := func(e *ex) string {
			return "SELECT " + e.String() + " FROM " + []string{"tiny t WHERE id = 3", "odd t WHERE id BETWEEN 20 AND 40", "tiny t", "odd t"}[s%4]
		}
		d, no := p.check(t, build(e), answer.Rules{Floats: true, OpenMods: true})
		n++
		if no {
			refused++
		}
		if d == "" {
			continue
		}
		bad++
		fails := func(e *ex) bool {
			d, no := p.check(t, build(e), answer.Rules{Floats: true, OpenMods: true})
			return !no && d != ""
		}
		e = shrinkExpr(e, fails)
		d, _ = p.check(t, build(e), answer.Rules{Floats: true, OpenMods: true})
		t.Errorf("-seed=%d: %s\n  %s", s, d, build(e))
	}
	t.Logf("%d expressions compared, %d refused by PostgreSQL", n, refused)
}

// TestQueries compares random queries, each in the usual and in another way.
func TestQueries(t *testing.T) {
	p := open(t)
	p.must(t, "SET statement_timeout = '4s'")
	n, refused, bad := 0, 0, 0
	d, _ := soak(t)
	end := time.Now().Add(d)
	for s := firstSeed(t); time.Now().Before(end) && bad < 20; s++ {
		g := newGen(s)
		q := g.query(false, nil, 2)
		if g.chance(60) {
			q.total(g)
		}
		v := variants[s%uint64(len(variants))]
		run := func(q *query) (d string, refused bool) {
			text := q.String()
			r := answer.Rules{AnyError: true, OpenMods: true, OpenForms: strings.Contains(text, "DISTINCT") || q.group != nil || q.setop != "" || strings.Contains(text, "GROUP BY") || strings.Contains(text, "max(") || strings.Contains(text, "min("), Floats: true, Ordered: q.order != "" && q.exact()}
			if d, refused = p.check(t, text, r); d != "" || refused {
				return d, refused
			}
			p.with(t, v, func() {
				if d, _ = p.check(t, text, r); d != "" {
					d = v[0] + ": " + d
				}
			})
			return d, false
		}
		d, no := run(q)
		n++
		if no {
			refused++
		}
		if d == "" {
			continue
		}
		bad++
		q = shrinkQuery(q, func(q *query) bool {
			d, no := run(q)
			return d != "" && !no
		})
		if e, _ := run(q); e != "" {
			d = e
		}
		t.Errorf("-seed=%d: %s\n  %s", s, d, q)
	}
	t.Logf("%d queries compared, %d refused by PostgreSQL", n, refused)
}

// exact: equal values of every column have one form, so that an order over all
// columns is total.
func (q *query) exact() bool {
	for _, e := range q.items {
		if slices.Contains([]sql.OID{sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8, sql.OIDBpchar, sql.OIDInterval}, e.t) {
			return false
		}
	}
	return true
}

// total adds an order over all columns and perhaps a limit.
func (q *query) total(g *gen) {
	var keys []string
	for i := range q.items {
		keys = append(keys, string(rune('1'+i))+g.any("", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
	}
	q.order = " ORDER BY " + strings.Join(keys, ", ")
	if q.exact() && g.chance(50) {
		q.limit = g.any(" LIMIT 3", " LIMIT 10 OFFSET 2", " OFFSET 4", " LIMIT 0")
	}
}

// shrinkExpr looks for a smaller expression that still fails.
func shrinkExpr(e *ex, fails func(*ex) bool) *ex {
	for range 40 {
		smaller := false
		for _, c := range e.smaller() {
			if fails(c) {
				e, smaller = c, true
				break
			}
		}
		if !smaller {
			break
		}
	}
	return e
}

// smaller lists expressions with one part left out.
func (e *ex) smaller() (out []*ex) {
	for _, a := range e.args {
		if a.t == e.t {
			out = append(out, a)
		}
	}
	for i, a := range e.args {
		for _, s := range a.smaller() {
			c := *e
			c.args = slices.Clone(e.args)
			c.args[i] = s
			out = append(out, &c)
		}
	}
	if len(e.args) > 0 || e.sub != nil {
		out = append(out, leaf(e.t, literals[e.t][0]))
	}
	if e.sub != nil {
		for _, s := range e.sub.smaller() {
			c := *e
			c.sub = s
			out = append(out, &c)
		}
	}
	return out
}

func shrinkQuery(q *query, fails func(*query) bool) *query {
	end := time.Now().Add(5 * time.Second)
	for {
		smaller := false
		for _, c := range q.smaller() {
			if time.Now().After(end) {
				return q
			}
			if fails(c) {
				q, smaller = c, true
				break
			}
		}
		if !smaller {
			return q
		}
	}
}

// smaller lists queries with one clause left out or one expression made smaller.
func (q *query) smaller() (out []*query) {
	with := func(f func(c *query)) {
		c := *q
		f(&c)
		out = append(out, &c)
	}
	if q.setop != "" {
		with(func(c *query) { c.setop, c.other = "", nil })
	}
	if q.limit != "" {
		with(func(c *query) { c.limit = "" })
	}
	if q.order != "" {
		with(func(c *query) { c.order, c.limit = "", "" })
	}
	if q.distinct {
		with(func(c *query) { c.distinct = false })
	}
	if n := len(q.from); n > 1 {
		with(func(c *query) { c.from, c.on = q.from[:n-1], q.on[:n-2] })
	}
	lists := []func(*query) *[]*ex{func(c *query) *[]*ex { return &c.where }, func(c *query) *[]*ex { return &c.having }, func(c *query) *[]*ex { return &c.items }}
	for k, l := range lists {
		for i := range *l(q) {
			if k == 2 && (len(q.items) == 1 || q.order != "" || q.setop != "") {
				break
			}
			with(func(c *query) { *l(c) = slices.Delete(slices.Clone(*l(q)), i, i+1) })
		}
	}
	lists = append(lists, func(c *query) *[]*ex { return &c.on })
	for k, l := range lists {
		if k == 2 && q.group != nil {
			continue
		}
		for i, e := range *l(q) {
			for _, s := range e.smaller() {
				with(func(c *query) {
					*l(c) = slices.Clone(*l(q))
					(*l(c))[i] = s
				})
			}
		}
	}
	return out
}
