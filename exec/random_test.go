package exec

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

func floatBits(f float64) int64 { return int64(math.Float64bits(f)) }

var configs = []config{
	{batch: 2048, workers: 1}, {batch: 1, workers: 1}, {batch: 3, workers: 2}, {workers: 2},
	{workers: 2, memory: 20 << 10, floor: 4 << 10}, {batch: 3, workers: 1, memory: 10 << 10, floor: 2 << 10},
	{batch: 7, workers: 2, shared: 5, fanout: 2}, {workers: 2, shared: 1, fanout: 3}, {batch: 16, workers: 2, memory: 300 << 10, floor: 4 << 10, shared: 5},
	{batch: 5, workers: 2, held: 100}, // more runs than are merged at once
}

// check runs a plan under every configuration and compares with the reference.
func check(t *testing.T, what string, g *gen, n physical.Node, ordered bool) {
	t.Helper()
	var want []row
	var wantErr error
	func() {
		defer func() {
			if r := recover(); r != nil {
				err, ok := r.(error)
				if !ok || sql.AsError(err).Code == sql.CodeInternal {
					panic(r)
				}
				wantErr = err
			}
		}()
		want = (&reference{lake: g.lake, work: map[int][][]sql.Value{}, evs: map[expr.Expr]expr.Evaluator{}}).run(n)
	}()
	for _, c := range configs {
		got, err := run(t, n, g.lake, c)
		name := fmt.Sprintf("%s, %s", what, c)
		if wantErr != nil {
			spilled := c.memory > 0 && err != nil && sql.AsError(err).Code == sql.CodeOutOfMemory
			if err == nil || !spilled && sql.AsError(err).Code != sql.AsError(wantErr).Code {
				t.Fatalf("%s: error %v, want %v", name, err, wantErr)
			}
			continue
		}
		if err != nil {
			if c.memory > 0 && sql.AsError(err).Code == sql.CodeOutOfMemory && !alwaysSpills(n) {
				continue // what cannot spill
			}
			t.Fatalf("%s: %v", name, err)
		}
		same(t, name, got, want, ordered)
	}
}

// alwaysSpills reports whether a plan needs no more memory than it gets.
func alwaysSpills(n physical.Node) bool {
	switch n.(type) {
	case *physical.NestedLoop, *physical.HashJoin, *physical.Window:
		return true
	}
	return false
}

// residual is a condition over two columns of equal type, one a side.
func (g *gen) residual(a, b []logical.Col) []expr.Expr {
	for range 20 {
		x, y := a[g.IntN(len(a))], b[g.IntN(len(b))]
		if x.T == y.T && (x.T == sql.Int4 || x.T == sql.Text || x.T == sql.Int8) {
			return []expr.Expr{call(operator([]string{"<", "<>", ">="}[g.IntN(3)], x.T.OID), x.Ref(), y.Ref())}
		}
	}
	return nil
}

func TestJoinsAgainstReference(t *testing.T) {
	for seed := range uint64(6) {
		g := newGen(seed)
		var types []sql.Type
		for range 1 + g.IntN(3) {
			types = append(types, genTypes[g.IntN(len(genTypes))])
		}
		domain := []int{2, 12, 60, 100000}[g.IntN(4)]
		pn, pt := g.table(g.IntN(90), domain, append(types, sql.Int4)...)
		bn, bt := g.table([]int{0, 1, 12, 80}[g.IntN(4)], domain, append(types, sql.Int4)...)
		probe, build := scanOf(pn, pt), scanOf(bn, bt)
		for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
			mark := g.col(sql.Bool)
			j := &physical.HashJoin{Kind: kind, Probe: probe, Build: build, MarkCol: mark.ID, MarkNulls: g.IntN(2) == 0}
			for i := range types {
				j.ProbeKeys = append(j.ProbeKeys, pt.cols[i])
				j.BuildKeys = append(j.BuildKeys, bt.cols[i])
				j.NullEqual = append(j.NullEqual, g.IntN(3) == 0)
			}
			if g.IntN(2) == 0 {
				j.Residual = g.residual(pt.cols, bt.cols)
			}
			j.Cols = g.joinColumns(kind, pt.cols, bt.cols, mark)
			if kind == physical.Inner || kind == physical.ProbeSemi || kind == physical.BuildOuter {
				k := g.IntN(len(types))
				j.Publish = []physical.Publish{{ID: 1, Key: k}}
				p := *probe
				p.Filters = []physical.FilterRef{{ID: 1, Col: pt.cols[k].ID}}
				if kind != physical.BuildOuter {
					j.Probe = &p
				}
			}
			check(t, fmt.Sprintf("seed %d, %s join", seed, kind), g, j, false)
			if seed%3 == 0 {
				n := &physical.NestedLoop{Base: j.Base, Kind: kind, Probe: probe, Build: build, On: g.residual(pt.cols, bt.cols), MarkCol: mark.ID}
				check(t, fmt.Sprintf("seed %d, %s nested loop", seed, kind), g, n, false)
			}
		}
	}
}

// TestJoinsInBlocks joins without keys, or with marks that know NULL, where the
// build side takes many times the memory that there is; conditions may raise errors.
func TestJoinsInBlocks(t *testing.T) {
	for seed := range uint64(4) {
		g := newGen(9000 + seed)
		pn, pt := g.table(20+g.IntN(30), 9, sql.Int4, sql.Text)
		bn, bt := g.table(80+g.IntN(80), 30, sql.Int4, sql.Text)
		probe, build := scanOf(pn, pt), scanOf(bn, bt)
		for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
			mark := g.col(sql.Bool)
			cond := call(operator("=", sql.OIDInt4), pt.cols[0].Ref(), bt.cols[0].Ref())
			if seed%4 == 0 { // raises where the build side's key is 7
				less := call(operator("-", sql.OIDInt4), bt.cols[0].Ref(), &expr.Const{V: sql.IntValue(sql.Int4, 7)})
				cond = call(operator(">", sql.OIDInt4), call(operator("/", sql.OIDInt4), pt.cols[0].Ref(), less), pt.cols[0].Ref())
			}
			base := physical.Base{Cols: g.joinColumns(kind, pt.cols, bt.cols, mark)}
			n := &physical.NestedLoop{Base: base, Kind: kind, Probe: probe, Build: build, On: []expr.Expr{cond}, MarkCol: mark.ID}
			check(t, fmt.Sprintf("seed %d, %s nested loop", seed, kind), g, n, false)
		}
		mark := g.col(sql.Bool)
		j := &physical.HashJoin{Kind: physical.ProbeMark, Probe: probe, Build: build, MarkCol: mark.ID, MarkNulls: true,
			ProbeKeys: pt.cols[:2], BuildKeys: bt.cols[:2], NullEqual: []bool{false, seed%2 == 0}}
		j.Cols = append(slices.Clone(pt.cols), mark)
		check(t, fmt.Sprintf("seed %d, mark", seed), g, j, false)
	}
}

func (g *gen) joinColumns(kind physical.JoinKind, p, b []logical.Col, mark logical.Col) []logical.Col {
	var out []logical.Col
	all := append([]logical.Col(nil), p...)
	switch kind {
	case physical.ProbeSemi, physical.ProbeAnti:
	case physical.BuildSemi, physical.BuildAnti:
		all = b
	case physical.ProbeMark:
		all = append(all, mark)
	default:
		all = append(all, b...)
	}
	for _, c := range all {
		if g.IntN(4) > 0 {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = all[:1]
	}
	return out
}

// calls are random aggregate calls over the columns.
func (g *gen) calls(cols []logical.Col, ordered bool) []expr.AggCall {
	var out []expr.AggCall
	for range 1 + g.IntN(4) {
		c := cols[g.IntN(len(cols))]
		name := []string{"count", "sum", "min", "max", "avg"}[g.IntN(5)]
		fn := aggregate(name, c.T.OID)
		if fn == nil || c.T.OID == sql.OIDFloat8 && name != "count" {
			continue
		}
		t := sql.T(fn.Ret)
		if fn.RetType != nil {
			t = fn.RetType([]sql.Type{c.T})
		}
		a := expr.AggCall{Fn: fn, Args: []expr.Expr{c.Ref()}, T: t, Out: g.col(t).ID, Distinct: g.IntN(3) == 0}
		if g.IntN(4) == 0 {
			a.Filter = &expr.IsNull{Arg: cols[g.IntN(len(cols))].Ref(), Test: expr.TestNotNull}
		}
		if ordered && g.IntN(3) == 0 {
			a.OrderBy = []expr.SortKey{{Expr: c.Ref(), Desc: g.IntN(2) == 0}}
		}
		out = append(out, a)
	}
	star := aggregate("count", 0)
	return append(out, expr.AggCall{Fn: star, T: sql.Int8, Out: g.col(sql.Int8).ID})
}

func TestAggregatesAgainstReference(t *testing.T) {
	for seed := range uint64(100) {
		g := newGen(1000 + seed)
		name, tab := g.table([]int{0, 1, 40, 300}[g.IntN(4)], []int{2, 10, 1000}[g.IntN(3)], sql.Int4, genTypes[g.IntN(len(genTypes))], sql.Int8)
		a := &physical.Aggregate{Input: scanOf(name, tab)}
		for range g.IntN(4) {
			c := tab.cols[g.IntN(len(tab.cols))]
			a.Groups = append(a.Groups, c)
			a.GroupOut = append(a.GroupOut, g.col(c.T))
		}
		if len(a.Groups) > 0 && g.IntN(3) == 0 {
			for range 1 + g.IntN(3) {
				var set []int
				for i := range a.Groups {
					if g.IntN(2) == 0 {
						set = append(set, i)
					}
				}
				a.Sets = append(a.Sets, append([]int{}, set...))
			}
			of := []int{g.IntN(len(a.Groups)), g.IntN(len(a.Groups))}
			a.Grouping = []logical.GroupingCol{{Col: g.col(sql.Int4), Of: of}}
		}
		if len(a.Groups) == 0 || g.IntN(5) > 0 {
			a.Aggs = g.calls(tab.cols, true)
		}
		a.Cols = append(a.Cols, a.GroupOut...)
		for _, x := range a.Grouping {
			a.Cols = append(a.Cols, x.Col)
		}
		for i := range a.Aggs {
			a.Cols = append(a.Cols, logical.Col{ID: a.Aggs[i].Out, T: a.Aggs[i].T})
		}
		check(t, fmt.Sprintf("seed %d, aggregate", seed), g, a, false)
	}
}

// keys are random sort keys over the columns.
func (g *gen) keys(cols []logical.Col, n int) []physical.SortKey {
	var out []physical.SortKey
	for _, i := range g.Perm(len(cols))[:min(n, len(cols))] {
		out = append(out, physical.SortKey{Col: cols[i], Desc: g.IntN(2) == 0, NullsFirst: g.IntN(2) == 0})
	}
	return out
}

func TestSortsAgainstReference(t *testing.T) {
	for seed := range uint64(50) {
		g := newGen(2000 + seed)
		name, tab := g.table(g.IntN([]int{400, 2000}[seed%2]), []int{3, 1000}[g.IntN(2)], genTypes[g.IntN(len(genTypes))], sql.Text)
		// All columns are keys: the order is total.
		s := &physical.Sort{Base: physical.Base{Cols: tab.cols}, Input: scanOf(name, tab), Keys: g.keys(tab.cols, 99)}
		if g.IntN(2) == 0 {
			s.Limit = 1 + g.Int64N(60)
		}
		check(t, fmt.Sprintf("seed %d, sort", seed), g, s, true)
	}
}

func TestSetOpsAgainstReference(t *testing.T) {
	for seed := range uint64(60) {
		g := newGen(3000 + seed)
		types := []sql.Type{genTypes[g.IntN(len(genTypes))]}
		ln, lt := g.table(g.IntN(150), 12, types...)
		rn, rt := g.table(g.IntN(150), 12, types...)
		lt.cols, rt.cols = lt.cols[:1], rt.cols[:1]
		s := &physical.HashSetOp{Kind: []logical.SetKind{logical.Intersect, logical.Except}[g.IntN(2)], All: g.IntN(2) == 0,
			Left: scanOf(ln, lt), Right: scanOf(rn, rt)}
		s.Cols = []logical.Col{g.col(types[0])}
		check(t, fmt.Sprintf("seed %d, set operation", seed), g, s, false)
		a := &physical.Append{Base: s.Base, Inputs: []physical.Node{s.Left, s.Right, s.Left}}
		check(t, fmt.Sprintf("seed %d, append", seed), g, a, false)
	}
}

func windowFn(name string) *expr.WindowFn {
	list := builtins.LookupWindow(name)
	if len(list) == 0 {
		return &expr.WindowFn{Name: name}
	}
	return list[0]
}

// window is random calls over a random window of a table of the given number of rows
// (and distinct values).
func (g *gen) window(rows, distinct int) *physical.Window {
	name, tab := g.table(rows, distinct, sql.Int4, sql.Int4, sql.Text, sql.Bool)
	w := &physical.Window{Input: scanOf(name, tab)}
	if g.IntN(3) > 0 {
		w.Partition = []logical.Col{tab.cols[0]}
	}
	// Over a total order, but for what does not depend on it.
	w.OrderBy = append([]physical.SortKey{{Col: tab.cols[1], Desc: g.IntN(2) == 0, NullsFirst: g.IntN(2) == 0}}, g.keys(tab.cols, 99)...)
	total := true
	mode := parse.FrameMode(g.IntN(3))
	if g.IntN(2) == 0 {
		w.OrderBy = w.OrderBy[:1]
		total = false
	}
	if g.IntN(4) > 0 {
		k := []parse.BoundKind{parse.UnboundedPreceding, parse.OffsetPreceding, parse.CurrentRow, parse.OffsetFollowing}
		a, b := g.IntN(4), g.IntN(4)
		if a > b {
			a, b = b, a
		}
		start, end := k[a], k[b]
		if g.IntN(3) == 0 {
			end = parse.UnboundedFollowing
		}
		t := sql.Int8
		if mode == parse.FrameRange {
			t = sql.Int4
			if total {
				mode = parse.FrameGroups
				t = sql.Int8
			}
		}
		off := func(n int) expr.Expr { return &expr.Const{V: sql.IntValue(t, int64(n))} }
		lo, hi := g.IntN(3), 3+g.IntN(3)
		if start == parse.OffsetPreceding && end == parse.OffsetPreceding {
			lo, hi = hi, lo
		}
		if mode == parse.FrameRows && !total {
			mode = parse.FrameGroups
		}
		w.Frame = logical.Frame{Set: true, Mode: uint8(mode), Start: logical.FrameBound{Kind: uint8(start), Offset: off(lo)},
			End: logical.FrameBound{Kind: uint8(end), Offset: off(hi)}, Exclude: uint8(g.IntN(4)),
			RangeAdd: operator("+", sql.OIDInt4), RangeSub: operator("-", sql.OIDInt4)}
		if !total && w.Frame.Exclude == uint8(parse.ExcludeCurrent) || !total && w.Frame.Exclude == uint8(parse.ExcludeTies) {
			w.Frame.Exclude = 0
		}
	}
	v := tab.cols[1]
	k := func(n int64) expr.Expr { return &expr.Const{V: sql.IntValue(sql.Int4, n)} }
	add := func(c expr.WindowCall) {
		c.Out = g.col(c.T).ID
		w.Calls = append(w.Calls, c)
	}
	add(expr.WindowCall{Fn: windowFn("rank"), T: sql.Int8})
	add(expr.WindowCall{Fn: windowFn("dense_rank"), T: sql.Int8})
	add(expr.WindowCall{Fn: windowFn("percent_rank"), T: sql.Float8})
	add(expr.WindowCall{Fn: windowFn("cume_dist"), T: sql.Float8})
	add(expr.WindowCall{Agg: aggregate("sum", sql.OIDInt4), Args: []expr.Expr{v.Ref()}, T: sql.Int8})
	add(expr.WindowCall{Agg: aggregate("count", 0), T: sql.Int8, Filter: tab.cols[3].Ref()})
	if total {
		add(expr.WindowCall{Fn: windowFn("row_number"), T: sql.Int8})
		add(expr.WindowCall{Fn: windowFn("lag"), Args: []expr.Expr{tab.cols[2].Ref(), k(2), &expr.Const{V: sql.TextValue("none")}}, T: sql.Text})
		add(expr.WindowCall{Fn: windowFn("lead"), Args: []expr.Expr{v.Ref(), k(1), k(77)}, T: sql.Int4})
		add(expr.WindowCall{Fn: windowFn("first_value"), Args: []expr.Expr{tab.cols[2].Ref()}, T: sql.Text})
		add(expr.WindowCall{Fn: windowFn("last_value"), Args: []expr.Expr{v.Ref()}, T: sql.Int4})
		add(expr.WindowCall{Fn: windowFn("nth_value"), Args: []expr.Expr{v.Ref(), k(2)}, T: sql.Int4})
	}
	w.Cols = append(w.Cols, tab.cols...)
	for i := range w.Calls {
		w.Cols = append(w.Cols, logical.Col{ID: w.Calls[i].Out, T: w.Calls[i].T})
	}
	return w
}

func TestWindowsAgainstReference(t *testing.T) {
	for seed := range uint64(60) {
		g := newGen(4000 + seed)
		w := g.window(1+g.IntN(70), 9)
		check(t, fmt.Sprintf("seed %d, window %+v", seed, w.Frame), g, w, false)
	}
}

// TestLargePartitions: partitions of more rows than a batch, and of more than memory
// holds, give what they give in memory.
func TestLargePartitions(t *testing.T) {
	for seed := range uint64(6) {
		g := newGen(4700 + seed)
		w := g.window(17_000+g.IntN(20_000), 4000)
		w.Partition = w.Partition[:min(len(w.Partition), g.IntN(2))]
		var want [][]sql.Value
		for i, c := range []config{{batch: 2048}, {batch: 300}, {batch: 2048, memory: 96 << 10, floor: 16 << 10}, {batch: 517, memory: 700 << 10, floor: 16 << 10}} {
			got, err := run(t, w, g.lake, c)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, c, err)
			}
			if i == 0 {
				want = got
			}
			same(t, fmt.Sprintf("seed %d, %s, window %+v", seed, c, w.Frame), got, want, false)
		}
	}
}
