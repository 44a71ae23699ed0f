package place

import (
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

// build converts n; the result has at least the columns of n that are in need.
func (b *builder) build(n logical.Node, need expr.ColSet) (*rel, error) {
	r, err := b.convert(n, need)
	if err != nil {
		return nil, err
	}
	return b.note(r), nil
}

// note remembers what was estimated for r's node.
func (b *builder) note(r *rel) *rel {
	b.made[r.node] = r
	return r
}

func (b *builder) convert(n logical.Node, need expr.ColSet) (*rel, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return b.buildScan(n, need)
	case *logical.Values:
		node := &physical.Values{Base: physical.Base{Cols: n.Cols}, Rows: n.Rows}
		r := &rel{node: node, rows: float64(len(n.Rows))}
		for _, c := range n.Cols {
			b.stats[c.ID] = colStat{distinct: max(r.rows, 1), width: typeWidth(c.T)}
		}
		if len(n.Rows) <= 1 {
			r.uniq = []expr.ColSet{{}}
		}
		return r, nil
	case *logical.Filter:
		if joinLike(n.Input) {
			return b.buildCluster(n, need)
		}
		in, err := b.build(n.Input, need.Union(colsOfAll(n.Conds)))
		if err != nil {
			return nil, err
		}
		return b.filter(in, n.Conds), nil
	case *logical.Join:
		if n.Kind == logical.Full {
			return b.buildFull(n, need)
		}
		return b.buildCluster(n, need)
	case *logical.DependentJoin:
		return b.buildApply(n, need)
	case *logical.Project:
		return b.buildProject(n, need)
	case *logical.Aggregate:
		return b.buildAggregate(n, need)
	case *logical.Window:
		return b.buildWindow(n, need)
	case *logical.Sort:
		return b.buildSort(n, need, 0)
	case *logical.Limit:
		return b.buildLimit(n, need)
	case *logical.Distinct:
		return b.buildDistinct(n, need)
	case *logical.SetOp:
		return b.buildSetOp(n)
	case *logical.ProjectSet:
		var args []expr.Expr
		var more []logical.Col
		for _, c := range n.Calls {
			args = append(args, c.Args...)
			more = append(more, c.Cols...)
		}
		in, err := b.build(n.Input, need.Union(colsOfAll(args)))
		if err != nil {
			return nil, err
		}
		cols := append(append([]logical.Col(nil), in.cols()...), more...)
		for _, c := range more {
			b.stats[c.ID] = colStat{distinct: 10, width: typeWidth(c.T)}
		}
		rows := in.rows * 10
		return &rel{node: &physical.ProjectSet{Base: physical.Base{Cols: cols}, Input: in.node, Calls: n.Calls}, rows: rows, work: in.work + rows*20}, nil
	case *logical.FuncScan:
		for _, c := range n.Columns() {
			b.stats[c.ID] = colStat{distinct: 100, width: typeWidth(c.T)}
		}
		return &rel{node: &physical.FuncScan{Base: physical.Base{Cols: n.Columns()}, Calls: n.Calls, Ordinality: n.Ordinality}, rows: 100}, nil
	case *logical.Shared:
		return b.buildShared(n, need)
	case *logical.SharedRef:
		r := &rel{node: &physical.SharedRef{Base: physical.Base{Cols: n.Cols}, PlanID: n.ID, Name: n.Name}, rows: 1000}
		if s, ok := b.shared[n.ID]; ok {
			r.rows = s.rows
			r.work = s.rows * 2
			from := map[expr.ColumnID]expr.ColumnID{}
			for i, c := range s.cols() {
				b.stats[n.Cols[i].ID] = b.stat(c.ID)
				from[c.ID] = n.Cols[i].ID
			}
			for _, u := range s.uniq {
				r.uniq = append(r.uniq, renameSet(u, from))
			}
		}
		return r, nil
	case *logical.Recursive:
		return b.buildRecursive(n)
	case *logical.WorkTable:
		for _, c := range n.Cols {
			if _, ok := b.stats[c.ID]; !ok {
				b.stats[c.ID] = colStat{distinct: 100, width: typeWidth(c.T)}
			}
		}
		return &rel{node: &physical.WorkTable{Base: physical.Base{Cols: n.Cols}, WorkID: n.ID}, rows: max(b.work[n.ID], 1)}, nil
	case *logical.MaxOneRow:
		in, err := b.build(n.Input, need)
		if err != nil {
			return nil, err
		}
		return &rel{node: &physical.MaxOneRow{Base: physical.Base{Cols: in.cols()}, Input: in.node}, rows: 1, work: in.work, uniq: []expr.ColSet{{}}}, nil
	}
	return nil, sql.Errorf(sql.CodeInternal, "planner has no conversion for %T", n)
}

func renameSet(u expr.ColSet, m map[expr.ColumnID]expr.ColumnID) expr.ColSet {
	var s expr.ColSet
	for _, id := range u.IDs() {
		if n, ok := m[id]; ok {
			id = n
		}
		s.Add(id)
	}
	return s
}

// joinLike reports whether n starts a cluster of joins.
func joinLike(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Join:
		return n.Kind != logical.Full
	case *logical.Filter:
		return joinLike(n.Input)
	}
	return false
}

func (b *builder) filter(in *rel, conds []expr.Expr) *rel {
	if len(conds) == 0 {
		return in
	}
	if ref, ok := in.node.(*physical.SharedRef); ok {
		ref.Filter = append(append([]expr.Expr(nil), ref.Filter...), conds...)
		in.rows = max(in.rows*b.selectivity(conds), 1)
		b.narrow(conds)
		return in
	}
	sel := b.selectivity(conds)
	b.narrow(conds)
	f := &physical.Filter{Base: physical.Base{Cols: in.cols()}, Input: in.node, Conds: conds}
	return b.note(&rel{node: f, rows: max(in.rows*sel, min(in.rows, 1)), work: in.work + in.rows*2*float64(len(conds)), uniq: in.uniq})
}

func (b *builder) buildScan(n *logical.Scan, need expr.ColSet) (*rel, error) {
	facts := TableFacts{Rows: -1, Bytes: -1, Facts: physical.ScanFacts{PartitionsKept: -1, Files: -1, Source: "defaults"}}
	if b.opt.Stats != nil {
		f, err := b.opt.Stats.Table(b.ctx, n)
		if err != nil {
			return nil, err
		}
		facts = f
	}
	rows := facts.Rows
	if rows < 0 {
		rows = defaultRows
		if n.Table.Kind == model.KindVirtual {
			rows = 1000
		}
	}
	for _, c := range n.Cols {
		b.stats[c.ID] = columnStat(c, &facts, rows)
	}
	// Conditions on partition keys alone have done their work on the partitions.
	isKey := expr.ColSet{}
	for i, o := range n.Ords {
		if o >= len(n.Table.Columns) {
			isKey.Add(n.Cols[i].ID)
		}
	}
	var rest []expr.Expr
	for i, c := range n.Filter {
		switch {
		case expr.ColsOf(c).SubsetOf(isKey):
			facts.Facts.PartitionConds = append(facts.Facts.PartitionConds, i)
			if facts.Rows < 0 {
				rest = append(rest, c)
			}
		default:
			rest = append(rest, c)
			if prunable(c) {
				facts.Facts.PruneConds = append(facts.Facts.PruneConds, i)
			}
		}
	}
	sel := b.selectivity(rest)
	read := keep(n.Cols, need.Union(colsOfAll(n.Filter)))
	ords := make([]int, 0, len(read))
	width := 0.0
	for i, c := range n.Cols {
		if len(ords) < len(read) && read[len(ords)].ID == c.ID {
			ords = append(ords, n.Ords[i])
			if n.Ords[i] < len(n.Table.Columns) {
				width += b.stat(c.ID).width
			}
		}
	}
	est := physical.Estimate{Bytes: b.scanBytes(n, &facts, read, ords, rows)}
	b.narrow(rest)
	base := physical.Base{Cols: keep(n.Cols, need), Est: est}
	r := &rel{rows: max(rows*sel, min(rows, 1)), work: rows * (1 + width*0.25)}
	if n.Table.Kind == model.KindVirtual {
		r.node = &physical.VirtualScan{Base: base, Table: n.Table, Alias: n.Alias, Read: read, Ords: ords, Filter: n.Filter}
		return r, nil
	}
	est.Requests = b.opt.Prices.requests(est.Bytes, facts.Facts.Files, len(read))
	base.Est = est
	r.node = &physical.TableScan{Base: base, Table: n.Table, Alias: n.Alias, Read: read, Ords: ords, Filter: n.Filter, Facts: facts.Facts}
	b.tableRows[r.node] = rows
	return r, nil
}

// prunable reports whether statistics of row groups and pages can refute c.
func prunable(c expr.Expr) bool {
	switch x := c.(type) {
	case *expr.InList:
		_, ok := x.Arg.(*expr.Col)
		return ok && !x.Negate
	case *expr.IsNull:
		_, ok := x.Arg.(*expr.Col)
		return ok && (x.Test == expr.TestNull || x.Test == expr.TestNotNull)
	case *expr.Logic:
		for _, a := range x.Args {
			if prunable(a) != (x.Op == expr.Or) {
				return x.Op == expr.And
			}
		}
		return x.Op == expr.Or
	}
	c2, ok := c.(*expr.Call)
	if !ok || c2.Fn.Kind != expr.KindOperator || len(c2.Args) != 2 {
		return false
	}
	switch c2.Fn.Name {
	case "=", "<", "<=", ">", ">=":
	default:
		return false
	}
	_, a := c2.Args[0].(*expr.Col)
	_, k := c2.Args[1].(*expr.Const)
	_, a2 := c2.Args[1].(*expr.Col)
	_, k2 := c2.Args[0].(*expr.Const)
	return a && k || a2 && k2
}

// scanBytes estimates the stored bytes of the columns read.
func (b *builder) scanBytes(n *logical.Scan, f *TableFacts, read []logical.Col, ords []int, rows float64) float64 {
	if n.Table.Kind == model.KindVirtual {
		return 0
	}
	total, known := 0.0, true
	for i, c := range read {
		if ords[i] >= len(n.Table.Columns) {
			continue // from the path
		}
		st := b.stat(c.ID)
		if st.stored > 0 {
			total += st.stored
			continue
		}
		known = false
		total += rows * st.width * 0.5
	}
	if !known && f.Bytes > 0 {
		// Share the table's bytes by width.
		all, mine := 0.0, 0.0
		for _, c := range n.Table.Columns {
			all += typeWidth(c.Type)
		}
		for i, c := range read {
			if ords[i] < len(n.Table.Columns) {
				mine += typeWidth(c.T)
			}
		}
		if all > 0 {
			return f.Bytes * mine / all
		}
	}
	return total
}

func (b *builder) buildProject(n *logical.Project, need expr.ColSet) (*rel, error) {
	var cols []logical.Col
	var exprs []expr.Expr
	var in expr.ColSet
	plain := true
	for _, e := range n.Exprs {
		if !need.Has(e.Col.ID) && expr.VolatilityOf(e.Expr) != expr.Volatile {
			continue
		}
		c, ok := e.Expr.(*expr.Col)
		plain = plain && ok && c.ID == e.Col.ID
		cols, exprs = append(cols, e.Col), append(exprs, e.Expr)
		in = in.Union(expr.ColsOf(e.Expr))
	}
	r, err := b.build(n.Input, in)
	if err != nil {
		return nil, err
	}
	if plain {
		return r, nil // consumers pick columns by id
	}
	return b.project(r, cols, exprs), nil
}

func (b *builder) buildSort(n *logical.Sort, need expr.ColSet, limit int64) (*rel, error) {
	var list []expr.Expr
	for _, k := range n.Keys {
		list = append(list, k.Expr)
	}
	in, err := b.build(n.Input, need.Union(colsOfAll(list)))
	if err != nil {
		return nil, err
	}
	return b.sort(in, n.Keys, limit), nil
}

func (b *builder) sort(in *rel, keys []expr.SortKey, limit int64) *rel {
	in, pk := b.sortKeys(in, keys)
	if len(pk) == 0 {
		return in
	}
	s := &physical.Sort{Base: physical.Base{Cols: in.cols()}, Input: in.node, Keys: pk, Limit: limit}
	r := &rel{node: s, rows: in.rows, uniq: in.uniq}
	if limit > 0 {
		r.rows = min(r.rows, float64(limit))
		r.work = in.work + in.rows*5
	} else {
		r.work = in.work + in.rows*10*math.Log2(in.rows+2)
	}
	return b.note(r)
}

// sortKeys projects key expressions to columns; constant keys and repeated ones go.
func (b *builder) sortKeys(in *rel, keys []expr.SortKey) (*rel, []physical.SortKey) {
	var list []expr.Expr
	var kept []expr.SortKey
	for _, k := range keys {
		if _, ok := k.Expr.(*expr.Const); ok {
			continue
		}
		list, kept = append(list, k.Expr), append(kept, k)
	}
	in, cols := b.addColumns(in, list)
	var out []physical.SortKey
	seen := expr.ColSet{}
	for i, k := range kept {
		if seen.Has(cols[i].ID) {
			continue
		}
		seen.Add(cols[i].ID)
		out = append(out, physical.SortKey{Col: cols[i], Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	return in, out
}

// limitValue computes a LIMIT or OFFSET; def for none or NULL.
func (b *builder) limitValue(e expr.Expr, def int64, code sql.Code, word string) (int64, error) {
	if e == nil {
		return def, nil
	}
	var v sql.Value
	if k, ok := e.(*expr.Const); ok {
		v = k.V
	} else if b.opt.Eval != nil {
		var err error
		if v, err = b.opt.Eval(e); err != nil {
			return 0, err
		}
	} else {
		return 0, sql.Errorf(sql.CodeFeatureNotSupported, "%s must be a constant", word)
	}
	switch {
	case v.Null:
		return def, nil
	case v.I < 0:
		return 0, sql.Errorf(code, "%s must not be negative", word)
	}
	return v.I, nil
}

func (b *builder) buildLimit(n *logical.Limit, need expr.ColSet) (*rel, error) {
	count, err := b.limitValue(n.Count, -1, sql.CodeInvalidRowCountInLimit, "LIMIT")
	if err != nil {
		return nil, err
	}
	offset, err := b.limitValue(n.Offset, 0, sql.CodeInvalidRowCountInOffset, "OFFSET")
	if err != nil {
		return nil, err
	}
	total := int64(0)
	if count >= 0 && count < math.MaxInt64-offset {
		total = count + offset
	}
	var in *rel
	lim := &physical.Limit{Count: count, Offset: offset}
	if s, ok := n.Input.(*logical.Sort); ok {
		top := total
		if n.WithTies {
			top = 0
		}
		in, err = b.buildSort(s, need, top)
		if err != nil {
			return nil, err
		}
		if ps, ok := in.node.(*physical.Sort); ok {
			if n.WithTies {
				lim.TiesKeys = ps.Keys
			} else if top > 0 && offset == 0 {
				return in, nil
			}
		}
	} else {
		in, err = b.build(n.Input, need)
		if err != nil {
			return nil, err
		}
	}
	if total > 0 {
		limitScan(in.node, total)
	}
	lim.Base = physical.Base{Cols: in.cols()}
	lim.Input = in.node
	r := &rel{node: lim, rows: in.rows, work: in.work, uniq: in.uniq}
	if count >= 0 {
		r.rows = min(r.rows, float64(count))
		if in.rows > 0 && !breaks(in.node) {
			r.work *= min(1, (float64(total)+1)/in.rows)
		}
	}
	return r, nil
}

// breaks reports whether n reads all of its input before its first row.
func breaks(n physical.Node) bool {
	switch n := n.(type) {
	case *physical.Sort, *physical.Aggregate, *physical.Window, *physical.HashJoin:
		return true
	case *physical.Project:
		return breaks(n.Input)
	case *physical.Filter:
		return breaks(n.Input)
	}
	return false
}

// limitScan tells a scan below row-by-row operators how many rows are wanted.
func limitScan(n physical.Node, limit int64) {
	switch n := n.(type) {
	case *physical.Project:
		limitScan(n.Input, limit)
	case *physical.TableScan:
		if n.Limit == 0 || n.Limit > limit {
			n.Limit = limit
		}
	case *physical.Append:
		for _, in := range n.Inputs {
			limitScan(in, limit)
		}
	}
}

func (b *builder) buildDistinct(n *logical.Distinct, need expr.ColSet) (*rel, error) {
	if n.On == nil {
		cols := n.Input.Columns()
		in, err := b.build(n.Input, setOf(cols))
		if err != nil {
			return nil, err
		}
		return b.distinctOver(b.shape(in, cols), cols), nil
	}
	input, keys := n.Input, n.Order
	if s, ok := input.(*logical.Sort); ok {
		if len(keys) == 0 {
			keys = s.Keys
		}
		input = s.Input
	}
	if len(keys) == 0 {
		for _, e := range n.On {
			keys = append(keys, expr.SortKey{Expr: e})
		}
	}
	var list []expr.Expr
	for _, k := range keys {
		list = append(list, k.Expr)
	}
	in, err := b.build(input, need.Union(colsOfAll(list)).Union(colsOfAll(n.On)))
	if err != nil {
		return nil, err
	}
	in, on := b.addColumns(in, n.On)
	var pk []expr.SortKey
	for _, k := range keys {
		for i, e := range n.On { // the same column, not a second computation
			if rule.Equal(e, k.Expr) {
				k.Expr = on[i].Ref()
			}
		}
		pk = append(pk, k)
	}
	in = b.sort(in, pk, 0)
	d := &physical.DistinctOn{Base: physical.Base{Cols: in.cols()}, Input: in.node, On: on}
	return &rel{node: d, rows: b.groupCount(on, in.rows), work: in.work + in.rows*3}, nil
}

// distinctOver groups r by all its columns, in place of a DISTINCT; cols are the output.
func (b *builder) distinctOver(r *rel, cols []logical.Col) *rel {
	in := r.cols()
	a := &physical.Aggregate{Base: physical.Base{Cols: cols}, Input: r.node, Groups: in, GroupOut: cols}
	rows := b.groupCount(in, r.rows)
	for i, c := range cols {
		if c.ID != in[i].ID {
			b.stats[c.ID] = b.stat(in[i].ID)
		}
	}
	return b.note(&rel{node: a, rows: rows, work: r.work + r.rows*20, uniq: []expr.ColSet{setOf(cols)}})
}

func (b *builder) buildSetOp(n *logical.SetOp) (*rel, error) {
	inputs := make([]*rel, len(n.Inputs))
	nodes := make([]physical.Node, len(n.Inputs))
	rows, work := 0.0, 0.0
	for i, in := range n.Inputs {
		cols := in.Columns()
		r, err := b.build(in, setOf(cols))
		if err != nil {
			return nil, err
		}
		r = b.shape(r, cols)
		inputs[i], nodes[i] = r, r.node
		rows += r.rows
		work += r.work
	}
	for k, c := range n.Cols {
		s := colStat{width: typeWidth(c.T)}
		for i := range inputs {
			o := b.stat(inputs[i].cols()[k].ID)
			s.distinct = max(s.distinct, o.distinct)
			s.width = max(s.width, o.width)
		}
		b.stats[c.ID] = s
	}
	if n.Kind != logical.Union {
		h := &physical.HashSetOp{Base: physical.Base{Cols: n.Cols}, Kind: n.Kind, All: n.All, Left: nodes[0], Right: nodes[1]}
		return &rel{node: h, rows: max(inputs[0].rows/2, 1), work: work + rows*20}, nil
	}
	if n.All {
		a := &physical.Append{Base: physical.Base{Cols: n.Cols}, Inputs: nodes}
		return &rel{node: a, rows: rows, work: work}, nil
	}
	mid := make([]logical.Col, len(n.Cols))
	for i, c := range n.Cols {
		mid[i] = b.newCol(c.T, c.Name, c.Coll)
		b.stats[mid[i].ID] = b.stats[c.ID]
	}
	a := &physical.Append{Base: physical.Base{Cols: mid}, Inputs: nodes}
	return b.distinctOver(b.note(&rel{node: a, rows: rows, work: work}), n.Cols), nil
}

func (b *builder) buildShared(n *logical.Shared, need expr.ColSet) (*rel, error) {
	s := &physical.Shared{}
	work := 0.0
	for _, p := range n.Plans {
		cols := p.Plan.Columns()
		r, err := b.build(p.Plan, setOf(cols))
		if err != nil {
			return nil, err
		}
		r = b.shape(r, cols)
		b.shared[p.ID] = r
		work += r.work + r.rows*10
		s.Plans = append(s.Plans, physical.SharedPlan{ID: p.ID, Name: p.Name, Plan: r.node})
	}
	in, err := b.build(n.Input, need)
	if err != nil {
		return nil, err
	}
	s.Base = physical.Base{Cols: in.cols()}
	s.Input = in.node
	return &rel{node: s, rows: in.rows, work: in.work + work, uniq: in.uniq}, nil
}

func (b *builder) buildRecursive(n *logical.Recursive) (*rel, error) {
	baseCols := n.Base.Columns()
	base, err := b.build(n.Base, setOf(baseCols))
	if err != nil {
		return nil, err
	}
	base = b.shape(base, baseCols)
	b.work[n.ID] = base.rows
	stepCols := n.Step.Columns()
	step, err := b.build(n.Step, setOf(stepCols))
	if err != nil {
		return nil, err
	}
	step = b.shape(step, stepCols)
	for i, c := range n.Cols {
		b.stats[c.ID] = b.stat(baseCols[i].ID)
	}
	r := &physical.Recursive{Base: physical.Base{Cols: n.Cols}, WorkID: n.ID, BaseInput: base.node, Step: step.node, All: n.All}
	return &rel{node: r, rows: (base.rows + step.rows) * 10, work: base.work + step.work*10}, nil
}

func (b *builder) buildApply(n *logical.DependentJoin, need expr.ColSet) (*rel, error) {
	outer := rule.FreeCols(n.Right).Intersect(setOf(n.Left.Columns()))
	own := colsOfAll(n.On)
	if n.Guard != nil {
		own = own.Union(expr.ColsOf(n.Guard))
	}
	all := need.Union(own)
	left, err := b.build(n.Left, all.Union(outer).Intersect(setOf(n.Left.Columns())))
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Right, all.Intersect(setOf(n.Right.Columns())))
	if err != nil {
		return nil, err
	}
	a := &physical.Apply{Kind: n.Kind, Left: left.node, Right: right.node, On: n.On, Guard: n.Guard, MarkCol: n.MarkCol.ID,
		Outer: keep(left.cols(), outer)}
	cols := append([]logical.Col(nil), left.cols()...)
	rows := left.rows
	switch n.Kind {
	case logical.Semi, logical.Anti:
	case logical.Mark:
		cols = append(cols, n.MarkCol)
		b.stats[n.MarkCol.ID] = colStat{distinct: 2, width: 1}
	default:
		cols = append(cols, right.cols()...)
		if n.Kind != logical.Single {
			rows *= max(right.rows, 1)
		}
	}
	a.Base = physical.Base{Cols: cols}
	return &rel{node: a, rows: rows, work: left.work + left.rows*(right.work+5000)}, nil
}
