package differential

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/rule"
)

// observed counts what the statements of the observed engine were made of: the
// functions in their plans as bound, and the rules that changed them.
var observed = &observer{funcs: map[any]int{}, rules: map[string]int{}}

type observer struct {
	sync.Mutex
	funcs map[any]int // by *expr.Func, *expr.Agg, *expr.WindowFn: statements
	rules map[string]int
	spilt int // statements that wrote spill files
}

func (o *observer) spilled() int {
	o.Lock()
	defer o.Unlock()
	return o.spilt
}

// StatementDone implements engine.Observer.
func (o *observer) StatementDone(r engine.StatementRecord) {
	if r.SpillBytes > 0 {
		o.Lock()
		o.spilt++
		o.Unlock()
	}
}

func (o *observer) trace(rule string, n logical.Node) {
	if rule != "" {
		o.Lock()
		o.rules[rule]++
		o.Unlock()
		return
	}
	seen := map[any]bool{}
	see := func(e expr.Expr) expr.Expr {
		expr.Walk(e, func(e expr.Expr) bool {
			switch e := e.(type) {
			case *expr.Call:
				seen[e.Fn] = true
			case *expr.ScalarArray:
				seen[e.Op] = true
			case *expr.InList:
				seen[e.Eq] = true
			}
			return true
		})
		return e
	}
	walkPlan(n, func(n logical.Node) {
		switch n := n.(type) {
		case *logical.Aggregate:
			for _, a := range n.Aggs {
				seen[a.Fn] = true
			}
		case *logical.Window:
			for _, w := range n.Calls {
				if w.Agg != nil {
					seen[w.Agg] = true
				} else {
					seen[w.Fn] = true
				}
			}
		case *logical.ProjectSet:
			for _, c := range n.Calls {
				seen[c.Fn] = true
			}
		case *logical.FuncScan:
			for _, c := range n.Calls {
				seen[c.Fn] = true
			}
		}
		logical.MapOwnExprs(n, see)
	})
	o.Lock()
	for f := range seen {
		o.funcs[f]++
	}
	o.Unlock()
}

func walkPlan(n logical.Node, f func(logical.Node)) {
	f(n)
	for _, c := range n.Children() {
		walkPlan(c, f)
	}
}

// tally is how the statements of a run ended.
type tally struct {
	sync.Mutex
	statements, rows, errors, refused, open, wide, slow, late, variants int
	states                                                              map[string]int
}

func (c *tally) String() string {
	return fmt.Sprintf("%d statements, each in one other way and some in all (%d): %.1f%% with rows, %.1f%% errors (%.1f%% refused), %.1f%% with errors that are open, %.1f%% past 38 digits, %d too slow for PostgreSQL, %d for the engine; %v",
		c.statements, c.variants, c.share(c.rows), c.share(c.errors), c.share(c.refused), c.share(c.open), c.share(c.wide), c.slow, c.late, c.states)
}

func (c *tally) share(n int) float64 { return 100 * float64(n) / float64(max(c.statements, 1)) }

// wanted are the least counts of a full run.
const (
	wantFunctions = 20
	wantOperators = 500
	wantRules     = 500
	wantSpilled   = 1000
	wantRows      = 60
	wantErrors    = 15
	wantLate      = 0.1 // percent that the engine takes 20 s for and PostgreSQL 5 s at most
)

// covered prints the coverage of the run and, in a full one, fails if it misses
// what is wanted.
func (o *observer) covered(t *testing.T, c *tally, full bool) {
	t.Log(c)
	spilled := o.spilled()
	o.Lock()
	defer o.Unlock()
	t.Logf("%d statements spilled", spilled)
	missed := func(form string, args ...any) {
		if full {
			t.Errorf(form, args...)
		} else {
			t.Logf(form, args...)
		}
	}
	type entry struct {
		name string
		n    int
	}
	report := func(what string, want int, l []entry) {
		slices.SortFunc(l, func(a, b entry) int { return a.n - b.n })
		var few []string
		for _, e := range l {
			if e.n < want {
				few = append(few, fmt.Sprintf("%s: %d", e.name, e.n))
			}
		}
		t.Logf("%d %s, in at least %d statements each", len(l), what, l[0].n)
		if few != nil {
			missed("%s in less than %d statements: %s", what, want, strings.Join(few, "; "))
		}
	}
	var funcs, ops, rules []entry
	add := func(key any, name string) { funcs = append(funcs, entry{name, o.funcs[key]}) }
	b := reg()
	for _, f := range slices.Concat(b.all, b.sets) {
		if f.Kind == expr.KindOperator {
			ops = append(ops, entry{signature(f), o.funcs[f]})
		} else {
			add(f, signature(f))
		}
	}
	for _, a := range b.aggs {
		add(a, fmt.Sprint(a.Name, a.Args))
	}
	for _, w := range b.windows {
		add(w, fmt.Sprint(w.Name, w.Args))
	}
	names := map[string]bool{}
	for _, r := range rule.Rules() {
		if !names[r.Name] {
			names[r.Name] = true
			rules = append(rules, entry{r.Name, o.rules[r.Name]})
		}
	}
	report("functions", wantFunctions, funcs)
	report("operators", wantOperators, ops)
	report("rules", wantRules, rules)
	if c.share(c.rows) < wantRows {
		missed("%.1f%% of the statements gave rows, not %d%%", c.share(c.rows), wantRows)
	}
	if spilled < wantSpilled {
		missed("%d statements spilled, not %d", spilled, wantSpilled)
	}
	if c.share(c.late) > wantLate {
		missed("the engine was too slow for %d statements", c.late)
	}
	if c.share(c.errors) > wantErrors {
		missed("%.1f%% of the statements ended in errors, more than %d%%", c.share(c.errors), wantErrors)
	}
}

func signature(f *expr.Func) string {
	var args []string
	for _, a := range f.Args {
		args = append(args, typeName(a))
	}
	name := f.Name
	if f.Kind == expr.KindCast {
		name = "cast to " + typeName(f.Ret)
	}
	return name + "(" + strings.Join(args, ",") + ")"
}
