package exec

import (
	"fmt"
	"sort"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// reference runs plans row by row, as plainly as can be.
type reference struct {
	lake *memLake
	work map[int][][]sql.Value
	evs  map[expr.Expr]expr.Evaluator
}

type row = []sql.Value

func fail(err error) {
	if err != nil {
		panic(err)
	}
}

// eval computes an expression over one row.
func (r *reference) eval(e expr.Expr, cols []logical.Col, in row) sql.Value {
	if c, ok := e.(*expr.Const); ok {
		return c.V
	}
	if c, ok := e.(*expr.Col); ok {
		return in[find(cols, []logical.Col{{ID: c.ID}})[0]]
	}
	ev := r.evs[e]
	if ev == nil {
		prog, err := expr.Compile([]expr.Expr{e}, ids(cols))
		fail(err)
		ev = prog.NewEvaluator(r.lake.env)
		r.evs[e] = ev
	}
	b := &vector.Batch{N: 1}
	for i, c := range cols {
		b.Cols = append(b.Cols, vector.FlatOf(c.T, in[i:i+1]))
	}
	v, err := ev.Eval(0, b, nil)
	fail(err)
	return vector.ValueAt(v, 0)
}

// holds: 1 all true, 0 some false, -1 unknown.
func (r *reference) holds(conds []expr.Expr, cols []logical.Col, in row) int {
	out := 1
	for _, c := range conds {
		v := r.eval(c, cols, in)
		switch {
		case v.Null:
			out = -1
		case v.I == 0:
			return 0
		}
	}
	return out
}

// pick brings rows over cols into the order of want.
func pick(rows []row, cols, want []logical.Col) []row {
	at := make([]int, len(want))
	for i, w := range want {
		at[i] = -1
		for k, c := range cols {
			if c.ID == w.ID {
				at[i] = k
			}
		}
		if at[i] < 0 {
			panic(fmt.Sprintf("no column %d", w.ID))
		}
	}
	out := make([]row, len(rows))
	for i, r := range rows {
		for _, a := range at {
			out[i] = append(out[i], r[a])
		}
	}
	return out
}

func keyText(r row, at []int) string {
	var k row
	for _, a := range at {
		k = append(k, r[a])
	}
	return normal(k)
}

// normal writes values so that equal ones are the same text.
func normal(vals row) string {
	var k []byte
	for i := range vals {
		if vals[i].Null {
			k = append(k, 'N')
			continue
		}
		k = vector.AppendSortKey(append(k, 'V'), vector.FlatOf(vals[i].Type, vals[i:i+1]), 0, vector.KeyOrder{})
	}
	return string(k)
}

func find(cols []logical.Col, want []logical.Col) []int {
	at, err := positions(ids(cols), want)
	fail(err)
	return at
}

func (r *reference) run(n physical.Node) []row {
	switch n := n.(type) {
	case *physical.TableScan:
		t := r.lake.tables[n.Table.Name]
		var out []row
		for _, x := range t.rows {
			if r.holds(n.Filter, n.Read, x) == 1 {
				out = append(out, x)
			}
		}
		return pick(out, n.Read, n.Cols)
	case *physical.Values:
		var out []row
		for _, x := range n.Rows {
			var y row
			for _, e := range x {
				y = append(y, r.eval(e, nil, nil))
			}
			out = append(out, y)
		}
		return out
	case *physical.Filter:
		var out []row
		for _, x := range r.run(n.Input) {
			if r.holds(n.Conds, n.Input.Columns(), x) == 1 {
				out = append(out, x)
			}
		}
		return pick(out, n.Input.Columns(), n.Cols)
	case *physical.Project:
		var out []row
		for _, x := range r.run(n.Input) {
			var y row
			for _, e := range n.Exprs {
				y = append(y, r.eval(e, n.Input.Columns(), x))
			}
			out = append(out, y)
		}
		return out
	case *physical.HashJoin:
		pk, bk := find(n.Probe.Columns(), n.ProbeKeys), find(n.Build.Columns(), n.BuildKeys)
		return r.join(n, n.Kind, n.Probe, n.Build, n.Residual, n.MarkCol, n.MarkNulls, func(p, b row) int {
			out := 1
			for i := range pk {
				x, y := p[pk[i]], b[bk[i]]
				eq := -1
				switch {
				case n.NullEqual[i]:
					eq = 0
					if normal(row{x}) == normal(row{y}) {
						eq = 1
					}
				case !x.Null && !y.Null:
					eq = 0
					if vector.CompareValues(&x, &y) == 0 {
						eq = 1
					}
				}
				if eq == 0 {
					return 0
				}
				out = min(out, eq)
			}
			return out
		})
	case *physical.NestedLoop:
		return r.join(n, n.Kind, n.Probe, n.Build, n.On, n.MarkCol, true, func(p, b row) int { return 1 })
	case *physical.Sort:
		rows := r.run(n.Input)
		r.sort(rows, n.Input.Columns(), n.Keys)
		if n.Limit > 0 && int64(len(rows)) > n.Limit {
			rows = rows[:n.Limit]
		}
		return pick(rows, n.Input.Columns(), n.Cols)
	case *physical.Append:
		var out []row
		for _, c := range n.Inputs {
			out = append(out, r.run(c)...)
		}
		return out
	case *physical.HashSetOp:
		return r.setOp(n)
	case *physical.Aggregate:
		return r.aggregate(n)
	case *physical.Window:
		return r.window(n)
	case *physical.WorkTable:
		return r.work[n.WorkID]
	case *physical.Recursive:
		seen := map[string]bool{}
		fresh := func(in []row) []row {
			var out []row
			for _, x := range in {
				if k := normal(x); n.All || !seen[k] {
					seen[k] = true
					out = append(out, x)
				}
			}
			return out
		}
		cur := fresh(r.run(n.BaseInput))
		out := cur
		for len(cur) > 0 {
			r.work[n.WorkID] = cur
			cur = fresh(r.run(n.Step))
			out = append(out, cur...)
		}
		return out
	}
	panic(fmt.Sprintf("reference: %T", n))
}

func (r *reference) sort(rows []row, cols []logical.Col, keys []physical.SortKey) {
	kc := make([]logical.Col, len(keys))
	for i, k := range keys {
		kc[i] = k.Col
	}
	at := find(cols, kc)
	sort.SliceStable(rows, func(a, b int) bool { return compareRows(rows[a], rows[b], at, keys) < 0 })
}

func compareRows(a, b row, at []int, keys []physical.SortKey) int {
	for i, k := range keys {
		x, y := a[at[i]], b[at[i]]
		c := 0
		switch {
		case x.Null && y.Null:
		case x.Null || y.Null:
			c = 1
			if x.Null == k.NullsFirst {
				c = -1
			}
			return c
		default:
			c = vector.CompareValues(&x, &y)
			if k.Desc {
				c = -c
			}
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (r *reference) join(n physical.Node, kind physical.JoinKind, probe, build physical.Node, conds []expr.Expr, mark expr.ColumnID, markNulls bool, keys func(p, b row) int) []row {
	pr, br := r.run(probe), r.run(build)
	cols := append(append([]logical.Col(nil), probe.Columns()...), build.Columns()...)
	nulls := func(cs []logical.Col) (out row) {
		for _, c := range cs {
			out = append(out, sql.NullOf(c.T))
		}
		return out
	}
	cat := func(a, b row) row { return append(append(row(nil), a...), b...) }
	hitB := make([]bool, len(br))
	var out []row
	for _, p := range pr {
		hit, unknown := 0, false
		for i, b := range br {
			k := keys(p, b)
			if k == 0 {
				continue
			}
			c := r.holds(conds, cols, cat(p, b))
			switch {
			case c == 0:
			case k == 1 && c == 1:
				hit++
				hitB[i] = true
				switch kind {
				case physical.Inner, physical.ProbeOuter, physical.BuildOuter, physical.FullOuter, physical.ProbeSingle:
					out = append(out, cat(p, b))
				}
			default:
				unknown = true
			}
		}
		switch kind {
		case physical.ProbeSingle:
			if hit > 1 {
				panic(errSecondRow())
			}
			fallthrough
		case physical.ProbeOuter, physical.FullOuter:
			if hit == 0 {
				out = append(out, cat(p, nulls(build.Columns())))
			}
		case physical.ProbeSemi:
			if hit > 0 {
				out = append(out, cat(p, nulls(build.Columns())))
			}
		case physical.ProbeAnti:
			if hit == 0 {
				out = append(out, cat(p, nulls(build.Columns())))
			}
		case physical.ProbeMark:
			m := sql.BoolValue(hit > 0)
			if hit == 0 && unknown && markNulls {
				m = sql.NullOf(sql.Bool)
			}
			out = append(out, append(cat(p, nulls(build.Columns())), m))
		}
	}
	for i, b := range br {
		switch kind {
		case physical.BuildOuter, physical.FullOuter, physical.BuildAnti:
			if !hitB[i] {
				out = append(out, cat(nulls(probe.Columns()), b))
			}
		case physical.BuildSemi:
			if hitB[i] {
				out = append(out, cat(nulls(probe.Columns()), b))
			}
		}
	}
	if kind == physical.ProbeMark {
		cols = append(cols, logical.Col{ID: mark, T: sql.Bool})
	}
	return pick(out, cols, n.Columns())
}

func (r *reference) setOp(n *physical.HashSetOp) []row {
	type count struct {
		l, r int
		x    row
	}
	seen := map[string]*count{}
	var order []string
	side := func(rows []row, left bool) {
		for _, x := range rows {
			k := normal(x)
			c := seen[k]
			if c == nil {
				c = &count{x: x}
				seen[k] = c
				order = append(order, k)
			}
			if left {
				c.l++
			} else {
				c.r++
			}
		}
	}
	side(r.run(n.Left), true)
	side(r.run(n.Right), false)
	var out []row
	for _, k := range order {
		c := seen[k]
		m := 0
		switch {
		case n.Kind == logical.Intersect:
			m = min(c.l, c.r)
		case n.All:
			m = c.l - c.r
		case c.r == 0:
			m = c.l
		}
		if !n.All {
			m = min(m, 1)
		}
		for range m {
			out = append(out, c.x)
		}
	}
	return out
}
