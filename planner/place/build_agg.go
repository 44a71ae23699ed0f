package place

import (
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
)

// groupCount estimates how many groups the columns make of rows: the product of
// their distinct values, damped where there are several, at most rows.
func (b *builder) groupCount(cols []logical.Col, rows float64) float64 {
	if len(cols) == 0 {
		return 1
	}
	ds := make([]float64, len(cols))
	for i, c := range cols {
		ds[i] = b.distinct(c.ID)
		if b.stat(c.ID).nulls > 0 {
			ds[i]++
		}
	}
	n, most := 1.0, 1.0
	for _, d := range ds {
		n *= d
		most = max(most, d)
	}
	// Columns of one relation depend on each other; nothing says how much. Products
	// that come near the row count are capped at half of it.
	if n > rows {
		n = max(most, min(n, rows*0.5))
	}
	// Of most values, as many are seen as drawing rows times from them gives.
	if n > 0 && rows > 0 {
		n *= 1 - math.Exp(-rows/n)
	}
	return max(min(n, rows), min(rows, 1))
}

// isLiteral reports whether an argument may stay as it is: a constant.
func isLiteral(e expr.Expr) bool {
	_, ok := e.(*expr.Const)
	return ok
}

// argColumns gathers expressions to be computed below a node and gives back
// columns or constants in their places.
type argColumns struct {
	list []expr.Expr
	at   []func(expr.Expr)
}

func (a *argColumns) want(e expr.Expr, set func(expr.Expr)) {
	if e == nil || isLiteral(e) {
		return
	}
	a.list, a.at = append(a.list, e), append(a.at, set)
}

// resolve computes the wanted expressions over r.
func (a *argColumns) resolve(b *builder, r *rel) *rel {
	r, cols := b.addColumns(r, a.list)
	for i, set := range a.at {
		set(cols[i].Ref())
	}
	return r
}

func wantAll(a *argColumns, list []expr.Expr) []expr.Expr {
	out := append([]expr.Expr(nil), list...)
	for i := range out {
		a.want(out[i], func(e expr.Expr) { out[i] = e })
	}
	return out
}

func wantKeys(a *argColumns, list []expr.SortKey) []expr.SortKey {
	out := append([]expr.SortKey(nil), list...)
	for i := range out {
		a.want(out[i].Expr, func(e expr.Expr) { out[i].Expr = e })
	}
	return out
}

func (b *builder) buildAggregate(n *logical.Aggregate, need expr.ColSet) (*rel, error) {
	var aggs []expr.AggCall
	for i := range n.Aggs {
		if need.Has(n.Aggs[i].Out) {
			aggs = append(aggs, n.Aggs[i])
		}
	}
	var in expr.ColSet
	for _, g := range n.Groups {
		in = in.Union(expr.ColsOf(g.Expr))
	}
	for i := range aggs {
		a := &aggs[i]
		in = in.Union(colsOfAll(a.Args)).Union(colsOfAll(a.Direct)).Union(expr.ColsOf(a.Filter))
		for _, k := range a.OrderBy {
			in = in.Union(expr.ColsOf(k.Expr))
		}
	}
	r, err := b.build(n.Input, in)
	if err != nil {
		return nil, err
	}
	args := &argColumns{}
	groups := make([]logical.Col, len(n.Groups))
	// Keys are columns even if they are constants.
	keyList := make([]expr.Expr, len(n.Groups))
	for i, g := range n.Groups {
		keyList[i] = g.Expr
	}
	for i := range aggs {
		a := &aggs[i]
		a.Args = wantAll(args, a.Args)
		a.Direct = wantAll(args, a.Direct)
		a.OrderBy = wantKeys(args, a.OrderBy)
		args.want(a.Filter, func(e expr.Expr) { a.Filter = e })
	}
	all := append(append([]expr.Expr(nil), keyList...), args.list...)
	r, cols := b.addColumns(r, all)
	copy(groups, cols)
	for i, set := range args.at {
		set(cols[len(groups)+i].Ref())
	}
	r = b.trim(r, setOf(cols))

	a := &physical.Aggregate{Input: r.node, Groups: groups, Sets: n.Sets, Grouping: n.Grouping, Aggs: aggs}
	rows := b.groupCount(groups, r.rows)
	if n.Sets != nil {
		rows = 0
		for _, s := range n.Sets {
			set := make([]logical.Col, len(s))
			for i, g := range s {
				set[i] = groups[g]
			}
			rows += b.groupCount(set, r.rows)
		}
	}
	var out []logical.Col
	for i, g := range n.Groups {
		a.GroupOut = append(a.GroupOut, g.Col)
		st := b.stat(groups[i].ID)
		st.distinct = min(max(st.distinct, 1), max(rows, 1))
		b.stats[g.Col.ID] = st
	}
	out = append(out, a.GroupOut...)
	for _, g := range n.Grouping {
		out = append(out, g.Col)
		b.stats[g.Col.ID] = colStat{distinct: float64(max(len(n.Sets), 1)), width: 4}
	}
	for i := range aggs {
		k := &aggs[i]
		out = append(out, logical.Col{ID: k.Out, Name: k.Name, T: k.T})
		b.stats[k.Out] = b.aggStat(k, r.rows, rows)
	}
	a.Base = physical.Base{Cols: out}
	res := &rel{node: a, rows: rows, work: r.work + r.rows*(8+4*float64(len(aggs))) + rows*30}
	if n.Sets == nil {
		res.uniq = []expr.ColSet{setOf(a.GroupOut)}
	}
	return res, nil
}

// aggStat guesses the range of an aggregate's results over groups of rows/groups
// rows each: what a HAVING selects is worth a guess (TPC-H Q18).
func (b *builder) aggStat(k *expr.AggCall, rows, groups float64) colStat {
	s := colStat{distinct: max(groups/2, 1), width: typeWidth(k.T), derived: true}
	per := rows / max(groups, 1)
	if k.Fn.Name == "count" {
		s.min, s.max, s.ranged = 0, 2*per, true
		s.distinct = min(s.distinct, s.max+1)
		return s
	}
	if len(k.Args) != 1 {
		return s
	}
	col, ok := k.Args[0].(*expr.Col)
	if !ok {
		return s
	}
	in := b.stat(col.ID)
	if !in.ranged {
		return s
	}
	switch k.Fn.Name {
	case "min", "max", "avg":
		s.min, s.max, s.ranged = in.min, in.max, true
	case "sum":
		if in.min >= 0 {
			s.min, s.max, s.ranged = in.min, (in.min+in.max)*per, true
		}
	}
	return s
}

// trim drops columns that r carries but nobody wants, if r is a projection anyway.
func (b *builder) trim(r *rel, need expr.ColSet) *rel {
	p, ok := r.node.(*physical.Project)
	if !ok {
		return r
	}
	q := &physical.Project{Input: p.Input}
	for i, c := range p.Cols {
		if need.Has(c.ID) {
			q.Cols, q.Exprs = append(q.Cols, c), append(q.Exprs, p.Exprs[i])
		}
	}
	out := *r
	out.node = q
	return b.note(&out)
}

func (b *builder) buildWindow(n *logical.Window, need expr.ColSet) (*rel, error) {
	calls := append([]expr.WindowCall(nil), n.Calls...)
	in := need.Union(colsOfAll(n.Partition))
	for _, k := range n.OrderBy {
		in = in.Union(expr.ColsOf(k.Expr))
	}
	for i := range calls {
		in = in.Union(colsOfAll(calls[i].Args)).Union(expr.ColsOf(calls[i].Filter))
	}
	in = in.Union(expr.ColsOf(n.Frame.Start.Offset)).Union(expr.ColsOf(n.Frame.End.Offset))
	r, err := b.build(n.Input, in.Intersect(setOf(n.Input.Columns())))
	if err != nil {
		return nil, err
	}
	args := &argColumns{}
	for i := range calls {
		c := &calls[i]
		c.Args = wantAll(args, c.Args)
		args.want(c.Filter, func(e expr.Expr) { c.Filter = e })
	}
	frame := n.Frame
	args.want(frame.Start.Offset, func(e expr.Expr) { frame.Start.Offset = e })
	args.want(frame.End.Offset, func(e expr.Expr) { frame.End.Offset = e })
	r = args.resolve(b, r)
	r, part := b.addColumns(r, n.Partition)
	r, order := b.sortKeys(r, n.OrderBy)
	cols := append([]logical.Col(nil), r.cols()...)
	for i := range calls {
		cols = append(cols, logical.Col{ID: calls[i].Out, Name: calls[i].Name, T: calls[i].T})
		b.stats[calls[i].Out] = colStat{distinct: max(r.rows/2, 1), width: typeWidth(calls[i].T)}
	}
	w := &physical.Window{Base: physical.Base{Cols: cols}, Input: r.node, Partition: part, OrderBy: order, Frame: frame, Calls: calls}
	return &rel{node: w, rows: r.rows, work: r.work + r.rows*10*math.Log2(r.rows+2), uniq: r.uniq}, nil
}
