package exec

import (
	"sort"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// fold runs an aggregate over argument rows, in order.
func (r *reference) fold(fn *expr.Agg, types []sql.Type, args []row) sql.Value {
	st := fn.New(r.lake.env, types)
	st.Resize(1)
	for _, a := range args {
		var vecs []*vector.Vec
		for i, t := range types {
			vecs = append(vecs, vector.FlatOf(t, a[i:i+1]))
		}
		fail(st.Update(nil, vecs, nil, 1))
	}
	var out expr.Out
	fail(st.Result(0, 1, &out))
	return vector.ValueAt(out.Vec(), 0)
}

func (r *reference) aggregate(n *physical.Aggregate) []row {
	in, cols := r.run(n.Input), n.Input.Columns()
	at := find(cols, n.Groups)
	sets := n.Sets
	if sets == nil {
		all := make([]int, len(at))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	var out []row
	for _, set := range sets {
		groups := map[string][]row{}
		keys := map[string]row{}
		var order []string
		key := func(x row) row {
			k := make(row, len(at))
			for i, a := range at {
				k[i] = sql.NullOf(cols[a].T)
			}
			for _, m := range set {
				k[m] = x[at[m]]
			}
			return k
		}
		for _, x := range in {
			k := key(x)
			t := normal(k)
			if groups[t] == nil {
				order = append(order, t)
				keys[t] = k
			}
			groups[t] = append(groups[t], x)
		}
		if len(set) == 0 && len(order) == 0 {
			k := row{}
			for _, a := range at {
				k = append(k, sql.NullOf(cols[a].T))
			}
			order, keys[""] = []string{""}, k
		}
		for _, t := range order {
			have := append([]logical.Col(nil), n.GroupOut...)
			vals := append(row(nil), keys[t]...)
			for _, g := range n.Grouping {
				have = append(have, g.Col)
				vals = append(vals, sql.IntValue(sql.Int4, int64(groupingOf(set, g.Of))))
			}
			for i := range n.Aggs {
				have = append(have, logical.Col{ID: n.Aggs[i].Out})
				vals = append(vals, r.call(&n.Aggs[i], cols, groups[t]))
			}
			out = append(out, pick([]row{vals}, have, n.Cols)[0])
		}
	}
	return out
}

func (r *reference) call(a *expr.AggCall, cols []logical.Col, in []row) sql.Value {
	var types []sql.Type
	for _, x := range a.Args {
		types = append(types, x.Type())
	}
	type item struct{ args, keys row }
	var items []item
	seen := map[string]bool{}
	for _, x := range in {
		if a.Filter != nil {
			if f := r.eval(a.Filter, cols, x); f.Null || f.I == 0 {
				continue
			}
		}
		var it item
		for _, e := range a.Args {
			it.args = append(it.args, r.eval(e, cols, x))
		}
		for _, k := range a.OrderBy {
			it.keys = append(it.keys, r.eval(k.Expr, cols, x))
		}
		if k := normal(it.args); a.Distinct {
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		items = append(items, it)
	}
	var at []int
	var keys []physical.SortKey
	for i, k := range a.OrderBy {
		at = append(at, i)
		keys = append(keys, physical.SortKey{Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	sort.SliceStable(items, func(x, y int) bool { return compareRows(items[x].keys, items[y].keys, at, keys) < 0 })
	var args []row
	for _, it := range items {
		args = append(args, it.args)
	}
	return r.fold(a.Fn, types, args)
}

// window computes everything row by row from the definitions.
func (r *reference) window(n *physical.Window) []row {
	in, cols := r.run(n.Input), n.Input.Columns()
	pat := find(cols, n.Partition)
	oc := make([]logical.Col, len(n.OrderBy))
	for i, k := range n.OrderBy {
		oc[i] = k.Col
	}
	oat := find(cols, oc)
	parts := map[string][]row{}
	var order []string
	for _, x := range in {
		k := keyText(x, pat)
		if parts[k] == nil {
			order = append(order, k)
		}
		parts[k] = append(parts[k], x)
	}
	have := append([]logical.Col(nil), cols...)
	for i := range n.Calls {
		have = append(have, logical.Col{ID: n.Calls[i].Out})
	}
	var out []row
	for _, k := range order {
		rows := parts[k]
		sort.SliceStable(rows, func(a, b int) bool { return compareRows(rows[a], rows[b], oat, n.OrderBy) < 0 })
		for i := range rows {
			y := append(row(nil), rows[i]...)
			for c := range n.Calls {
				y = append(y, r.windowCall(n, &n.Calls[c], cols, rows, i, oat))
			}
			out = append(out, y)
		}
	}
	return pick(out, have, n.Cols)
}

// inFrame reports whether row j of the partition is in the frame of row i.
func (r *reference) inFrame(n *physical.Window, rows []row, i, j int, oat []int) bool {
	f := &n.Frame
	mode, start, end, excl := parse.FrameRange, parse.UnboundedPreceding, parse.CurrentRow, parse.ExcludeNone
	if f.Set {
		mode, start, end, excl = parse.FrameMode(f.Mode), parse.BoundKind(f.Start.Kind), parse.BoundKind(f.End.Kind), parse.Exclude(f.Exclude)
	}
	cmp := func(a, b int) int { return compareRows(rows[a], rows[b], oat, n.OrderBy) }
	group := func(a int) int {
		g := 0
		for x := 1; x <= a; x++ {
			if cmp(x-1, x) != 0 {
				g++
			}
		}
		return g
	}
	// dist is how far j lies after i; ok false: no such distance (NULL).
	dist := func(off sql.Value) (d, o int, ok bool) {
		switch mode {
		case parse.FrameRows:
			return j - i, int(off.I), true
		case parse.FrameGroups:
			return group(j) - group(i), int(off.I), true
		}
		x, y := rows[i][oat[0]], rows[j][oat[0]]
		if x.Null || y.Null {
			return 0, 0, false
		}
		d = int(y.I - x.I)
		if n.OrderBy[0].Desc {
			d = -d
		}
		return d, int(off.I), true
	}
	side := func(k parse.BoundKind, offset expr.Expr, first bool) bool {
		switch k {
		case parse.UnboundedPreceding:
			return first
		case parse.UnboundedFollowing:
			return !first
		case parse.CurrentRow:
			c := j - i
			if mode != parse.FrameRows {
				c = -cmp(i, j)
			}
			return c == 0 || (c > 0) == first
		}
		d, o, ok := dist(r.eval(offset, nil, nil))
		if !ok { // NULLs: by order alone
			c := -cmp(i, j)
			return c == 0 || (c > 0) == first
		}
		if k == parse.OffsetPreceding {
			o = -o
		}
		return d == o || (d > o) == first
	}
	if !side(start, f.Start.Offset, true) || !side(end, f.End.Offset, false) {
		return false
	}
	switch excl {
	case parse.ExcludeCurrent:
		return i != j
	case parse.ExcludeGroup:
		return cmp(i, j) != 0
	case parse.ExcludeTies:
		return i == j || cmp(i, j) != 0
	}
	return true
}

func (r *reference) windowCall(n *physical.Window, c *expr.WindowCall, cols []logical.Col, rows []row, i int, oat []int) sql.Value {
	var frame []row
	for j := range rows {
		if r.inFrame(n, rows, i, j, oat) {
			frame = append(frame, rows[j])
		}
	}
	val := func(x row, a int) sql.Value { return r.eval(c.Args[a], cols, x) }
	if c.Agg != nil {
		return r.call(&expr.AggCall{Fn: c.Agg, Args: c.Args, Filter: c.Filter}, cols, frame)
	}
	before, peers, groups := 0, 0, 0
	for j := range rows {
		d := compareRows(rows[j], rows[i], oat, n.OrderBy)
		if d < 0 {
			before++
			if j == 0 || compareRows(rows[j-1], rows[j], oat, n.OrderBy) != 0 {
				groups++
			}
		}
		if d == 0 {
			peers++
		}
	}
	float := func(a, b int) sql.Value {
		x := sql.Value{Type: sql.Float8}
		if b != 0 {
			x = r.eval(&expr.Const{V: sql.Value{Type: sql.Float8, I: floatBits(float64(a) / float64(b))}}, nil, nil)
		}
		return x
	}
	switch c.Fn.Name {
	case "row_number":
		return sql.IntValue(sql.Int8, int64(i+1))
	case "rank":
		return sql.IntValue(sql.Int8, int64(before+1))
	case "dense_rank":
		return sql.IntValue(sql.Int8, int64(groups+1))
	case "percent_rank":
		return float(before, len(rows)-1)
	case "cume_dist":
		return float(before+peers, len(rows))
	case "lag", "lead":
		d := int(val(rows[i], 1).I)
		if c.Fn.Name == "lag" {
			d = -d
		}
		if j := i + d; j >= 0 && j < len(rows) {
			return val(rows[j], 0)
		}
		return val(rows[i], 2)
	case "first_value", "last_value", "nth_value":
		k := 0
		if c.Fn.Name == "last_value" {
			k = len(frame) - 1
		}
		if c.Fn.Name == "nth_value" {
			k = int(val(rows[i], 1).I) - 1
		}
		if k < 0 || k >= len(frame) {
			return sql.NullOf(c.T)
		}
		return val(frame[k], 0)
	}
	panic(c.Fn.Name)
}
