package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

// bigJoin is a plan with scans, a join, an aggregation and a sort.
func bigJoin(g *gen, rows int) physical.Node {
	an, at := g.table(rows, 50, sql.Int4, sql.Text)
	bn, bt := g.table(rows, 50, sql.Int4, sql.Int8)
	j := &physical.HashJoin{Kind: physical.Inner, Probe: scanOf(an, at), Build: scanOf(bn, bt),
		ProbeKeys: at.cols[:1], BuildKeys: bt.cols[:1], NullEqual: []bool{false}}
	j.Cols = []logical.Col{at.cols[1], bt.cols[1]}
	out := g.col(sql.Int8)
	a := &physical.Aggregate{Input: j, Groups: j.Cols, GroupOut: []logical.Col{g.col(sql.Text), g.col(sql.Int8)},
		Aggs: []expr.AggCall{{Fn: aggregate("count", 0), T: sql.Int8, Out: out.ID}}}
	a.Cols = append(append([]logical.Col(nil), a.GroupOut...), out)
	s := &physical.Sort{Input: a, Keys: []physical.SortKey{{Col: a.GroupOut[0]}}}
	s.Cols = a.Cols
	return s
}

// TestStartupTime: a node's start-up time is what it had worked when its first rows
// came out: little for a scan, nearly all for a sort, all for a node without rows.
func TestStartupTime(t *testing.T) {
	pool := NewPool(2)
	defer pool.Close()
	g := newGen(8)
	name, tab := g.table(60_000, 1000, sql.Int4, sql.Text)
	never := call(operator("<", sql.OIDInt4), tab.cols[0].Ref(), tab.cols[0].Ref())
	scan := scanOf(name, tab)
	sorted := &physical.Sort{Base: physical.Base{Cols: tab.cols}, Input: scan, Keys: g.keys(tab.cols, 99)}
	none := &physical.Filter{Base: physical.Base{Cols: tab.cols}, Input: sorted, Conds: []expr.Expr{never}}
	e, err := Build(planOf(none), &Runtime{Env: testEnv(), Pool: pool, Lake: g.lake, Memory: NewBudget(nil, 1<<30)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.Start(context.Background())
	if b, err := e.Next(context.Background()); b != nil || err != nil {
		t.Fatalf("rows or an error: %v", err)
	}
	st := e.Stats()
	at := func(n physical.Node) NodeStats { return st[n.Ordinal()] }
	if s := at(scan); s.Startup <= 0 || s.Startup > s.Time/2 {
		t.Errorf("the scan started up for %v of %v", s.Startup, s.Time)
	}
	if s := at(sorted); s.Startup < s.Time/4 || s.Startup > s.Time {
		t.Errorf("the sort started up for %v of %v", s.Startup, s.Time)
	}
	if s := at(none); s.Rows != 0 || s.Startup != s.Time {
		t.Errorf("the filter gave %d rows after %v of %v", s.Rows, s.Startup, s.Time)
	}
}

// TestCancelAtAnyMoment: a statement ends soon after it is cancelled or closed, and
// leaves neither goroutines nor memory.
func TestCancelAtAnyMoment(t *testing.T) {
	pool := NewPool(2)
	defer pool.Close()
	g := newGen(7)
	plan := planOf(bigJoin(g, 6000))
	process := NewBudget(nil, 1<<40)
	var took []time.Duration
	for i := range 60 {
		memory := int64(1 << 30)
		if i%3 == 0 {
			memory = 64 << 10
		}
		e, err := Build(plan, &Runtime{Env: testEnv(), Pool: pool, Lake: g.lake, Memory: NewBudget(process, memory), SpillFloor: 16 << 10})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		e.Start(ctx)
		time.Sleep(time.Duration(g.IntN(30_000)) * time.Microsecond)
		if i%2 == 0 {
			begin := time.Now()
			cancel()
			for err == nil {
				var b any
				bb, er := e.Next(context.Background())
				if bb != nil {
					b = bb
				}
				if err = er; err == nil && b == nil {
					break
				}
			}
			if err != nil && sql.AsError(err).Code != sql.CodeQueryCanceled {
				t.Fatalf("error %v", err)
			}
			took = append(took, time.Since(begin))
		}
		e.Close()
		cancel()
		if u := process.Used(); u != 0 {
			t.Fatalf("%d bytes are not given back", u)
		}
	}
	// The median: single ones may have waited for a processor.
	slices.Sort(took)
	t.Logf("ended %v after cancel", took)
	if took[len(took)/2] > 100*time.Millisecond || took[len(took)-1] > 2*time.Second {
		t.Errorf("that is too late")
	}
}

// TestSlowClient: a result that nobody fetches holds no worker, and others go on.
func TestSlowClient(t *testing.T) {
	pool := NewPool(1)
	defer pool.Close()
	g := newGen(8)
	name, tab := g.table(60_000, 50, sql.Int4)
	start := func() *Execution {
		e, err := Build(planOf(scanOf(name, tab)), &Runtime{Env: testEnv(), Pool: pool, Lake: g.lake})
		if err != nil {
			t.Fatal(err)
		}
		e.Start(context.Background())
		return e
	}
	slow := start()
	defer slow.Close()
	if _, err := slow.Next(context.Background()); err != nil {
		t.Fatal(err)
	}
	quick := start()
	defer quick.Close()
	rows := 0
	for {
		b, err := quick.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		rows += b.Rows()
	}
	if rows != len(tab.rows) {
		t.Errorf("%d rows", rows)
	}
	if slow.result.count() > resultDepth {
		t.Errorf("%d batches are queued", slow.result.count())
	}
}

// divide is 100 / c - 3 over a scan whose row at `zero` divides by zero.
func divide(g *gen, n, zero int) (*physical.TableScan, *physical.Project) {
	name, tab := g.table(n, 5, sql.Int4)
	for i, r := range tab.rows {
		r[0] = sql.IntValue(sql.Int4, int64(i%9+1))
	}
	if zero >= 0 {
		tab.rows[zero][0] = sql.IntValue(sql.Int4, 0)
	}
	scan := scanOf(name, tab)
	k := &expr.Const{V: sql.IntValue(sql.Int4, 100)}
	out := g.col(sql.Int4)
	p := &physical.Project{Input: scan, Exprs: []expr.Expr{call(operator("/", sql.OIDInt4), k, tab.cols[0].Ref())}}
	p.Cols = []logical.Col{out}
	return scan, p
}

// TestErrorsAfterRows: the rows before an error are delivered first, and a limit
// that is reached before it answers.
func TestErrorsAfterRows(t *testing.T) {
	for seed := range uint64(40) {
		g := newGen(seed)
		zero := g.IntN(500)
		scan, p := divide(g, 500, zero)
		for _, c := range []config{{workers: 1}, {batch: 1, workers: 1}, {batch: 3, workers: 1}} {
			rows, err := run(t, p, g.lake, c)
			if err == nil || sql.AsError(err).Code != sql.CodeDivisionByZero {
				t.Fatalf("error %v", err)
			}
			if len(rows) != zero {
				t.Fatalf("seed %d, %s: %d rows before the error, want %d", seed, c, len(rows), zero)
			}
		}
		// The same in a condition of the scan.
		where := *scan
		where.Filter = []expr.Expr{call(operator(">", sql.OIDInt4), p.Exprs[0], &expr.Const{V: sql.IntValue(sql.Int4, 0)})}
		other := *scan
		part := &physical.Append{Base: scan.Base, Inputs: []physical.Node{&where, &other}}
		for _, in := range []physical.Node{p, &where, part} {
			for _, limit := range []int{zero, zero + 1} {
				l := &physical.Limit{Base: physical.Base{Cols: in.Columns()}, Input: in, Count: int64(limit)}
				rows, err := run(t, l, g.lake, config{workers: 2})
				if limit <= zero && (err != nil || len(rows) != limit) || limit > zero && err == nil {
					t.Fatalf("seed %d, %T, limit %d, error at row %d: %d rows, error %v", seed, in, limit, zero, len(rows), err)
				}
			}
		}
	}
}

// TestLimits: offset and count by every configuration, and the scan stops.
func TestLimits(t *testing.T) {
	g := newGen(9)
	name, tab := g.table(3000, 5, sql.Int4)
	for _, c := range configs {
		for _, x := range [][2]int64{{0, 0}, {0, 1}, {5, 10}, {2990, 100}, {4000, 5}, {7, -1}} {
			scan := scanOf(name, tab)
			l := &physical.Limit{Base: scan.Base, Input: scan, Offset: x[0], Count: x[1]}
			rows, err := run(t, l, g.lake, c)
			want := max(min(3000-x[0], x[1]), 0)
			if x[1] < 0 {
				want = 3000 - x[0]
			}
			if err != nil || int64(len(rows)) != want {
				t.Errorf("%s, offset %d, limit %d: %d rows, error %v", c, x[0], x[1], len(rows), err)
			}
		}
		key := []physical.SortKey{{Col: tab.cols[0]}}
		s := &physical.Sort{Base: physical.Base{Cols: tab.cols[:1]}, Input: scanOf(name, tab), Keys: key}
		l := &physical.Limit{Base: s.Base, Input: s, Count: 3, Offset: 1, TiesKeys: key}
		rows, err := run(t, l, g.lake, c)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := run(t, s, g.lake, configs[0])
		n := 4
		for n < len(want) && textOf(want[n]) == textOf(want[3]) {
			n++
		}
		same(t, "with ties", rows, want[1:n], true)
	}
}

// panicking is an expression whose kernel panics.
func panicking() expr.Expr {
	f := &expr.Func{Name: "boom", Ret: sql.OIDInt4, Vol: expr.Volatile, Kernel: func(*expr.Input) error { panic("boom") }}
	return &expr.Call{Fn: f, T: sql.Int4}
}

func TestPanicEndsTheStatement(t *testing.T) {
	g := newGen(3)
	name, tab := g.table(100, 5, sql.Int4)
	p := &physical.Project{Input: scanOf(name, tab), Exprs: []expr.Expr{panicking()}}
	p.Cols = []logical.Col{g.col(sql.Int4)}
	_, err := run(t, p, g.lake, config{})
	if err == nil || sql.AsError(err).Code != sql.CodeInternal {
		t.Fatalf("error %v", err)
	}
}

// recursion counts from 1 to n: WITH RECURSIVE t(x) AS (VALUES (1) UNION [ALL]
// SELECT (x % m) + 1 FROM t WHERE x < n).
func recursion(g *gen, n int64, all bool) physical.Node {
	base, x, y := g.col(sql.Int4), g.col(sql.Int4), g.col(sql.Int4)
	k := func(i int64) expr.Expr { return &expr.Const{V: sql.IntValue(sql.Int4, i)} }
	v := &physical.Values{Base: physical.Base{Cols: []logical.Col{base}}, Rows: [][]expr.Expr{{k(1)}}}
	w := &physical.WorkTable{Base: physical.Base{Cols: []logical.Col{x}}, WorkID: 4}
	f := &physical.Filter{Base: w.Base, Input: w, Conds: []expr.Expr{call(operator("<", sql.OIDInt4), x.Ref(), k(n))}}
	next := call(operator("+", sql.OIDInt4), x.Ref(), k(1))
	if !all {
		next = call(operator("+", sql.OIDInt4), call(operator("%", sql.OIDInt4), x.Ref(), k(7)), k(1))
	}
	step := &physical.Project{Base: physical.Base{Cols: []logical.Col{y}}, Input: f, Exprs: []expr.Expr{next}}
	return &physical.Recursive{Base: physical.Base{Cols: []logical.Col{g.col(sql.Int4)}}, WorkID: 4, BaseInput: v, Step: step, All: all}
}

func TestRecursion(t *testing.T) {
	g := newGen(5)
	check(t, "union all", g, recursion(g, 60, true), false)
	check(t, "union", g, recursion(g, 60, false), false)
}

// TestSharedPlans: a plan computed once and read twice, on both sides of a join.
func TestSharedPlans(t *testing.T) {
	g := newGen(6)
	name, tab := g.table(500, 40, sql.Int4, sql.Text)
	ref := func() *physical.SharedRef {
		cols := make([]logical.Col, len(tab.cols))
		for i, c := range tab.cols {
			cols[i] = g.col(c.T)
		}
		return &physical.SharedRef{Base: physical.Base{Cols: cols}, PlanID: 1, Name: "w"}
	}
	a, b := ref(), ref()
	j := &physical.HashJoin{Kind: physical.Inner, Probe: a, Build: b, ProbeKeys: a.Cols[:1], BuildKeys: b.Cols[:1], NullEqual: []bool{false}}
	j.Cols = []logical.Col{a.Cols[1], b.Cols[1]}
	sh := &physical.Shared{Base: j.Base, Plans: []physical.SharedPlan{{ID: 1, Name: "w", Plan: scanOf(name, tab)}}, Input: j}
	plain := &physical.HashJoin{Kind: physical.Inner, Probe: scanOf(name, tab), Build: scanOf(name, tab),
		ProbeKeys: tab.cols[:1], BuildKeys: tab.cols[:1], NullEqual: []bool{false}}
	plain.Cols = []logical.Col{tab.cols[1]}
	for _, c := range configs {
		got, err := run(t, sh, g.lake, c)
		if c.memory > 0 && err != nil && sql.AsError(err).Code == sql.CodeOutOfMemory {
			continue // one key's rows are too many for so little memory
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := run(t, plain, g.lake, configs[0])
		if err != nil {
			t.Fatal(err)
		}
		var left [][]sql.Value
		for _, r := range got {
			left = append(left, r[:1])
		}
		same(t, fmt.Sprint("shared, ", c), left, want, false)
	}
}

// TestApply: for each left row the right rows that are smaller, by every kind.
func TestApply(t *testing.T) {
	g := newGen(11)
	ln, lt := g.table(60, 9, sql.Int4)
	rn, rt := g.table(8, 9, sql.Int4)
	left, right := scanOf(ln, lt), scanOf(rn, rt)
	cond := []expr.Expr{call(operator("<", sql.OIDInt4), rt.cols[0].Ref(), lt.cols[0].Ref())}
	kinds := map[logical.JoinKind]physical.JoinKind{logical.Inner: physical.Inner, logical.Left: physical.ProbeOuter,
		logical.Semi: physical.ProbeSemi, logical.Anti: physical.ProbeAnti}
	for lk, pk := range kinds {
		f := &physical.Filter{Base: right.Base, Input: right, Conds: cond}
		base := physical.Base{Cols: g.joinColumns(pk, lt.cols, rt.cols, logical.Col{})}
		a := &physical.Apply{Base: base, Kind: lk, Left: left, Right: f, Outer: lt.cols[:1]}
		want := (&reference{lake: g.lake, evs: map[expr.Expr]expr.Evaluator{}}).run(&physical.NestedLoop{Base: base, Kind: pk, Probe: left, Build: right, On: cond})
		for _, c := range configs[:4] {
			got, err := run(t, a, g.lake, c)
			if err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprint(lk, c), got, want, false)
		}
	}
}

// TestProjectSet: sets of different length side by side, padded; large sets are
// not computed further than they are read.
func TestProjectSet(t *testing.T) {
	g := newGen(12)
	emitted := 0
	series := &expr.Func{Name: "upto", Kind: expr.KindSet, Strict: true, Ret: sql.OIDInt4, Args: []sql.OID{sql.OIDInt4},
		Set: func(_ *expr.Env, args []sql.Value, emit func([]sql.Value) bool) error {
			for i := int64(1); i <= args[0].I; i++ {
				emitted++
				if !emit([]sql.Value{sql.IntValue(sql.Int4, i)}) {
					return nil
				}
			}
			if args[0].I == 5 {
				return errors.New("five")
			}
			return nil
		}}
	k := func(i int64) expr.Expr { return &expr.Const{V: sql.IntValue(sql.Int4, i)} }
	a, b, ord := g.col(sql.Int4), g.col(sql.Int4), g.col(sql.Int8)
	f := &physical.FuncScan{Calls: []logical.SetCall{{Fn: series, Args: []expr.Expr{k(2)}, Cols: []logical.Col{a}},
		{Fn: series, Args: []expr.Expr{k(4)}, Cols: []logical.Col{b}}}, Ordinality: &ord}
	f.Cols = []logical.Col{a, b, ord}
	for _, c := range configs {
		rows, err := run(t, f, nil, c)
		if err != nil {
			t.Fatal(err)
		}
		var want [][]sql.Value
		for i := int64(1); i <= 4; i++ {
			x := sql.IntValue(sql.Int4, i)
			if i > 2 {
				x = sql.NullOf(sql.Int4)
			}
			want = append(want, row{x, sql.IntValue(sql.Int4, i), sql.IntValue(sql.Int8, i)})
		}
		same(t, "sets", rows, want, true)
	}
	emitted = 0
	big := &physical.FuncScan{Calls: []logical.SetCall{{Fn: series, Args: []expr.Expr{k(1 << 30)}, Cols: []logical.Col{a}}}}
	big.Cols = []logical.Col{a}
	rows, err := run(t, &physical.Limit{Base: big.Base, Input: big, Count: 5}, nil, config{})
	if err != nil || len(rows) != 5 || emitted > 1<<20 {
		t.Errorf("%d rows of %d computed, error %v", len(rows), emitted, err)
	}
}
