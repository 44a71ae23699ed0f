package place

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
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
		return b.buildFilter(n, need)
	case *logical.Join:
		switch {
		case n.Kind == logical.Full:
			return b.buildFull(n, need)
		case !anyVolatile(n.On):
			return b.buildCluster(n, need)
		case n.Kind == logical.Inner:
			return b.buildFilter(&logical.Filter{Input: n}, need)
		}
		return b.buildPair(n, need)
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

// buildFilter plans conditions over anything. Those over joins take part in the
// joins, but for volatile ones, which are evaluated above them.
func (b *builder) buildFilter(n *logical.Filter, need expr.ColSet) (*rel, error) {
	in, conds := n.Input, n.Conds
	for {
		f, ok := in.(*logical.Filter)
		if !ok {
			break
		}
		in, conds = f.Input, slices.Concat(f.Conds, conds)
	}
	conds, above := splitVolatile(conds)
	if j, ok := in.(*logical.Join); ok && j.Kind != logical.Full {
		on, volatile := splitVolatile(j.On)
		switch {
		case len(volatile) > 0 && j.Kind == logical.Inner:
			m := *j
			m.On = on
			in, above = &m, append(volatile, above...)
		case len(volatile) > 0:
			conds, above = nil, append(conds, above...)
		}
		if len(conds) > 0 {
			in = &logical.Filter{Input: in, Conds: conds}
		}
		if len(above) == 0 {
			return b.buildCluster(in, need)
		}
	} else {
		above = append(conds, above...)
	}
	r, err := b.build(in, need.Union(colsOfAll(above)))
	if err != nil {
		return nil, err
	}
	return b.filter(r, above), nil
}

// splitVolatile takes the volatile conditions out.
func splitVolatile(list []expr.Expr) (rest, volatile []expr.Expr) {
	for _, e := range list {
		if expr.VolatilityOf(e) == expr.Volatile {
			volatile = append(volatile, e)
		} else {
			rest = append(rest, e)
		}
	}
	return rest, volatile
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
	if n.Table.Kind != model.KindLake {
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
	if n.Table.Kind != model.KindLake {
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
