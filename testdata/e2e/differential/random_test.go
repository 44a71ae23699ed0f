package differential

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/answer"
)

var (
	seed      = flag.Uint64("seed", 1, "seed of the first random statement; 0: a random one")
	long      = flag.Duration("long", 90*time.Second, "how long random statements are compared")
	most      = flag.Int64("statements", 4000, "random statements to compare at most")
	clients   = flag.Int("clients", 4, "statements that are compared at once")
	failures  = flag.Int("failures", 20, "differences to look for before giving up")
	shrinking = flag.Duration("shrink", 5*time.Second, "how long a failing statement is made smaller")
)

// full, from the environment variable SLUICE_DIFFERENTIAL (a number of statements),
// makes the random test compare so many, from a random seed, and ask for coverage.
func full(t *testing.T) (n int64, first uint64, isFull bool) {
	v := os.Getenv("SLUICE_DIFFERENTIAL")
	first = *seed
	if v != "" || first == 0 {
		first = rand.Uint64() >> 1
		t.Logf("-seed=%d", first)
	}
	if v == "" {
		return *most, first, false
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n, first, true
}

// pairs are one client's connections: to PostgreSQL, to the engine, and one for
// each other way to run a statement.
type pairs struct {
	*pair
	ways []*pgconn.PgConn // by variants; nil until they are needed
}

// client opens a client's connections.
func client(t testing.TB, p *pair) *pairs {
	c := &pairs{pair: &pair{ourConn: shared.ours.Traced, theirConn: p.theirConn}, ways: make([]*pgconn.PgConn, len(variants))}
	c.again(t, &c.ours, c.ourConn, nil)
	c.again(t, &c.theirs, c.theirConn, []string{"jit = off"})
	return c
}

// again connects anew.
func (c *pairs) again(t testing.TB, to **pgconn.PgConn, conn string, settings []string) {
	*to = connect(t, conn)
	for _, s := range append([]string{"statement_timeout = '3s'"}, settings...) {
		if a, err := answer.Ask(*to, "SET "+s); err != nil || a.State != "" {
			t.Errorf("SET %s: %v", s, err)
		}
	}
}

func (c *pairs) close() {
	for _, x := range append([]*pgconn.PgConn{c.ours, c.theirs}, c.ways...) {
		if x != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			x.Close(ctx)
			cancel()
		}
	}
}

// oracle asks PostgreSQL.
func (c *pairs) oracle(t testing.TB, text string) *answer.Answer {
	a, err := answer.Ask(c.theirs, text)
	if err != nil {
		c.again(t, &c.theirs, c.theirConn, []string{"jit = off"})
		return &answer.Answer{State: string(sql.CodeQueryCanceled)}
	}
	return a
}

// engine asks the engine, in a way: -1 is the usual one.
func (c *pairs) engine(t testing.TB, way int, text string) *answer.Answer {
	to, conn, settings := &c.ours, c.ourConn, []string(nil)
	if way >= 0 {
		to, conn, settings = &c.ways[way], shared.ours.Usual, variants[way]
		if strings.Contains(settings[0], "statement_memory") {
			conn = shared.ours.Tight
		}
		if *to == nil {
			c.again(t, to, conn, settings)
		}
	}
	a, err := answer.Ask(*to, text)
	if err != nil {
		c.again(t, to, conn, settings)
		return &answer.Answer{State: "connection lost", Message: err.Error()}
	}
	return a
}

// verdict is what a comparison came to.
type verdict struct {
	diff string // "" if there is no difference that counts
	open bool   // the errors differ as they may
	wide bool
	slow bool // for PostgreSQL
	late bool // for the engine
}

// judge compares an answer with PostgreSQL's.
func (c *pairs) judge(t testing.TB, n *node, got, want *answer.Answer) verdict {
	canceled := string(sql.CodeQueryCanceled)
	if want.State == canceled || len(want.Rows) > 200_000 {
		return verdict{slow: true}
	}
	if got.State == canceled {
		return verdict{late: true}
	}
	if got.TooManyDigits() && (want.State == "" || answer.DataException(want.State)) {
		return verdict{wide: true}
	}
	m := n.marks()
	r := answer.Rules{OpenMods: true, OpenForms: m&markForms != 0, Floats: m&markLoose != 0, Ordered: n.ordered()}
	d := answer.Difference(got, want, r)
	if d != "" && r.Floats && got.State == "" && want.State == "" {
		if r.Slack = c.slack(t, n); r.Slack > 0 {
			d = answer.Difference(got, want, r)
		}
	}
	if d != "" && got.State == "" && want.State != "" && c.oracle(t, "EXPLAIN "+n.String()).State == want.State {
		// PostgreSQL's planner computes what no row asks for.
		return verdict{open: true}
	}
	if d == "" || got.State == want.State || !raised(got.State) && got.State != "" || !raised(want.State) && want.State != "" {
		return verdict{diff: d}
	}
	if c.open(t, n, got, want) {
		return verdict{open: true}
	}
	return verdict{diff: d}
}

var aggregateCall = regexp.MustCompile(`^\w+\((DISTINCT )?%s(, %s)?\)`)

// slack is 1e-12 of the largest sum of magnitudes that an aggregate of floats is
// made of; 0 if the statement has none.
func (c *pairs) slack(t testing.TB, n *node) float64 {
	var of func(n *node) *node
	found := false
	of = func(n *node) *node {
		if n == nil {
			return nil
		}
		m := *n
		if n.mark&markLoose != 0 && aggregateCall.MatchString(n.form) && isFloat(n.t) {
			found = true
			product := "sum(abs((%s)::float8 * (%s)::float8))"
			head := aggregateCall.FindString(n.form)
			args := []*node{n.parts[0], n.parts[0]}
			rest := n.parts[1:]
			if strings.Contains(head, ", ") {
				args, rest = n.parts[:2], n.parts[2:]
			} else if strings.HasPrefix(head, "sum") || strings.HasPrefix(head, "avg") {
				product, args = "sum(abs((%s)::float8))", n.parts[:1]
			}
			m.form = product + strings.TrimPrefix(n.form, head)
			m.parts = slices.Concat(args, rest)
			return &m
		}
		m.parts = make([]*node, len(n.parts))
		for i, p := range n.parts {
			m.parts[i] = of(p)
		}
		return &m
	}
	probe := of(n)
	if !found {
		return 0
	}
	largest := 0.0
	a := c.oracle(t, probe.String())
	for _, row := range a.Rows {
		for i, v := range row {
			if x, err := strconv.ParseFloat(v, 64); err == nil && a.Types[i] == sql.OIDFloat8 && x > largest && x-x == 0 {
				largest = x
			}
		}
	}
	return largest * 1e-12
}

// raised reports whether rows raise such errors: functions refuse some units of time
// as not supported.
func raised(state string) bool {
	return answer.DataException(state) || state == string(sql.CodeFeatureNotSupported)
}

// ordered reports whether the order of the statement's rows is total.
func (n *node) ordered() bool { return n.marks()&markOrder != 0 }

// open reports whether PostgreSQL might as well have answered as got does, one of
// the two being a data exception. It might if it raises got's for the statement with
// conditions left out or with one of several expressions alone: it depends on the
// plan what is computed first. And it need not raise what only a plan computes that
// visits more than it must.
func (c *pairs) open(t testing.TB, n *node, got, want *answer.Answer) bool {
	if got.State == "" {
		return n.marks()&markLazy != 0
	}
	if want.State != "" && want.State == got.State {
		return true
	}
	for _, probe := range n.probes() {
		if c.oracle(t, probe).State == got.State {
			return true
		}
	}
	level := []*node{n}
	probes := 0
	for range 3 {
		var next []*node
		for _, l := range level {
			for _, s := range l.smaller() {
				if probes++; probes > 400 {
					return false
				}
				a := c.oracle(t, s.String())
				if a.State == got.State {
					return true
				}
				if len(next) < 30 && (a.State == "" || answer.DataException(a.State)) {
					next = append(next, s)
				}
			}
		}
		level = next
	}
	return false
}

var (
	aliasUse = regexp.MustCompile(`\bt\d+\b`)
	aliasOf  = regexp.MustCompile(`\b(none|tiny|odd|calm|few|big|part) (t\d+)\b`)
)

// probes are statements that compute each expression of n by itself for all rows of
// the tables that it speaks of.
func (n *node) probes() (out []string) {
	tables := map[string]string{}
	for _, m := range aliasOf.FindAllStringSubmatch(n.String(), -1) {
		tables[m[2]] = m[1]
	}
	seen := map[string]bool{}
	var walk func(n *node)
	walk = func(n *node) {
		if n == nil {
			return
		}
		for _, p := range n.parts {
			walk(p)
		}
		text := n.String()
		if n.t == 0 || seen[text] || len(n.parts) == 0 {
			return
		}
		seen[text] = true
		var from []string
		for _, a := range aliasUse.FindAllString(text, -1) {
			switch item := tables[a] + " " + a; {
			case tables[a] == "" || len(from) > 2:
				return
			case !slices.Contains(from, item) && !strings.Contains(text, item):
				from = append(from, item)
			}
		}
		probe := "SELECT " + text
		if from != nil {
			probe += " FROM " + strings.Join(from, ", ")
		}
		out = append(out, probe)
	}
	walk(n)
	return out
}

// TestRandom compares random statements, each in the usual and in another way, some
// in every way.
func TestRandom(t *testing.T) {
	p := open(t)
	n, first, isFull := full(t)
	count := &tally{states: map[string]int{}}
	end := time.Now().Add(*long)
	var at, bad atomic.Int64
	var clientsDone sync.WaitGroup
	for range *clients {
		clientsDone.Go(func() {
			c := client(t, p)
			defer c.close()
			for bad.Load() < int64(*failures) && (isFull || time.Now().Before(end)) {
				i := at.Add(1) - 1
				if i >= n {
					return
				}
				if c.compare(t, first+uint64(i), count) {
					bad.Add(1)
				}
			}
		})
	}
	clientsDone.Wait()
	observed.covered(t, count, isFull)
}

// compare compares the statement of a seed; it reports a difference as the test's
// failure.
func (c *pairs) compare(t testing.TB, s uint64, count *tally) (failed bool) {
	n := newGen(s).statement()
	text := n.String()
	want := c.oracle(t, text)
	v := c.judge(t, n, c.engine(t, -1, text), want)
	way := -1
	ways := []int{int(s % uint64(len(variants)))}
	if s%50 == 0 {
		ways = nil
		for i := range variants {
			ways = append(ways, i)
		}
	}
	for _, w := range ways {
		if v.diff != "" || v.slow || v.late {
			break
		}
		got := c.engine(t, w, text)
		if got.State == string(sql.CodeQueryCanceled) {
			continue // slow is what rules are against
		}
		if u := c.judge(t, n, got, want); u.diff != "" {
			v, way = u, w
		}
	}
	count.note(want, v, len(ways))
	if v.diff == "" {
		return false
	}
	fails := func(n *node) bool {
		text := n.String()
		w := c.oracle(t, text)
		if w.State != want.State && w.State != "" && !answer.DataException(w.State) {
			return false
		}
		return c.judge(t, n, c.engine(t, way, text), w).diff != ""
	}
	if again := c.judge(t, n, c.engine(t, way, text), c.oracle(t, text)).diff; again == "" {
		v.diff += " (not when asked again)"
	} else {
		n = shrink(n, fails)
		text = n.String()
		if d := c.judge(t, n, c.engine(t, way, text), c.oracle(t, text)).diff; d != "" {
			v.diff = d
		}
	}
	in := ""
	if way >= 0 {
		in = " with " + strings.Join(variants[way], ", ")
	}
	t.Errorf("-seed=%d%s: %s\n  %s", s, in, v.diff, text)
	return true
}

func (c *tally) note(want *answer.Answer, v verdict, ways int) {
	c.Lock()
	defer c.Unlock()
	c.statements++
	c.variants += ways
	if want.State == "" && len(want.Rows) > 0 {
		c.rows++
	}
	if want.State != "" {
		c.errors++
		c.states[want.State]++
		if !answer.DataException(want.State) {
			c.refused++
		}
	}
	if v.open {
		c.open++
	}
	if v.wide {
		c.wide++
	}
	if v.slow {
		c.slow++
	}
	if v.late {
		c.late++
	}
}
