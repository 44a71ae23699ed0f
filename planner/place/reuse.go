package place

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
)

// reuseScans finds scans of a table that read only rows which an earlier scan of it
// has delivered, and lets the earlier one keep them: an aggregate of a subquery and
// the rows compared with it (TPC-H Q17), EXISTS and NOT EXISTS over one table (Q21).
// The earlier one stands on the build side of a join, the later one on the probe
// side, so that it starts when the other is over. How many rows there are shows only
// when join filters work: exec keeps them while they are few, and reads the files
// again otherwise.
func (b *builder) reuseScans(root physical.Node) {
	r := &scanReuser{b: b, pubs: map[int]publication{}}
	r.collect(root)
	for _, j := range r.joins {
		var early, late []*physical.TableScan
		scansOf(j.Build, &early)
		scansOf(j.Probe, &late)
		for _, l := range late {
			for _, e := range early {
				if l.Reuse == nil && l.Keep == 0 {
					r.reuse(l, e)
				}
			}
		}
	}
}

type scanReuser struct {
	b     *builder
	joins []*physical.HashJoin
	pubs  map[int]publication
	kept  int
}

// publication is where a runtime filter comes from.
type publication struct {
	join *physical.HashJoin
	col  expr.ColumnID
}

// runsOnce are the children of a node that run once in a statement.
func runsOnce(n physical.Node) []physical.Node {
	switch n := n.(type) {
	case *physical.Apply:
		return []physical.Node{n.Left}
	case *physical.Recursive:
		return []physical.Node{n.BaseInput}
	}
	return n.Children()
}

func (r *scanReuser) collect(n physical.Node) {
	if j, ok := n.(*physical.HashJoin); ok {
		r.joins = append(r.joins, j)
		for _, p := range j.Publish {
			r.pubs[p.ID] = publication{j, j.BuildKeys[p.Key].ID}
		}
	}
	for _, c := range runsOnce(n) {
		r.collect(c)
	}
}

func scansOf(n physical.Node, out *[]*physical.TableScan) {
	if s, ok := n.(*physical.TableScan); ok && s.Limit == 0 {
		*out = append(*out, s)
	}
	for _, c := range runsOnce(n) {
		scansOf(c, out)
	}
}

// reuse lets the late scan read what the early one keeps if that holds all its rows.
func (r *scanReuser) reuse(late, early *physical.TableScan) {
	if late.Table != early.Table || early.Reuse != nil || !r.few(early) {
		return
	}
	// Columns by their place in the table.
	lateOf := map[int]logical.Col{}
	for i, o := range late.Ords {
		lateOf[o] = late.Read[i]
	}
	earlyOrd := map[expr.ColumnID]int{}
	toLate := map[expr.ColumnID]expr.Expr{}
	for i, o := range early.Ords {
		earlyOrd[early.Read[i].ID] = o
		if c, ok := lateOf[o]; ok {
			toLate[early.Read[i].ID] = c.Ref()
		}
	}
	// Whatever takes rows from the early scan must take them from the late one too.
	for _, f := range early.Filters {
		c, ok := lateOf[earlyOrd[f.Col]]
		if !ok || !slices.ContainsFunc(late.Filters, func(l physical.FilterRef) bool {
			return l.Col == c.ID && r.within(l.ID, f.ID)
		}) {
			return
		}
	}
	conds := slices.Clone(late.Filter)
	for _, c := range early.Filter {
		i := slices.IndexFunc(conds, func(l expr.Expr) bool { return rule.Equal(l, rule.Substitute(c, toLate)) })
		if i < 0 || expr.VolatilityOf(c) == expr.Volatile {
			return
		}
		conds = slices.Delete(conds, i, i+1)
	}
	need := setOf(late.Cols).Union(colsOfAll(conds))
	for _, c := range conds {
		if rule.CanRaise(c) || expr.VolatilityOf(c) == expr.Volatile {
			return
		}
	}
	for _, f := range late.Filters {
		need.Add(f.Col)
	}
	r.connect(late, early, need, conds)
}

// few reports whether the rows of a scan may turn out to be few.
func (r *scanReuser) few(s *physical.TableScan) bool {
	if len(s.Filters) > 0 {
		return true
	}
	made, ok := r.b.made[s]
	return ok && made.rows*4 <= r.b.tableRows[s]
}

// within reports whether every value that passes runtime filter a passes filter b
// (NULLs pass none): both publish the same column, and a's join does so after b's,
// below it, has dropped rows of it or not.
func (r *scanReuser) within(a, b int) bool {
	if a == b {
		return true
	}
	pa, ok := r.pubs[a]
	pb, ok2 := r.pubs[b]
	return ok && ok2 && pa.col == pb.col && below(pa.join.Build, pb.join)
}

func below(n physical.Node, j *physical.HashJoin) bool {
	if n == physical.Node(j) {
		return true
	}
	return slices.ContainsFunc(runsOnce(n), func(c physical.Node) bool { return below(c, j) })
}

// connect makes the early scan keep the columns that the late one needs.
func (r *scanReuser) connect(late, early *physical.TableScan, need expr.ColSet, conds []expr.Expr) {
	if early.Keep == 0 {
		r.kept++
		early.Keep = r.kept
	}
	use := &physical.Reuse{Keep: early.Keep, Conds: conds}
	ordOf := map[expr.ColumnID]int{}
	for i, c := range early.Read {
		ordOf[c.ID] = early.Ords[i]
	}
	have := map[int]bool{}
	kept := slices.Concat(early.Cols, early.KeepCols)
	for _, c := range kept {
		o := ordOf[c.ID]
		id := expr.ColumnID(-1)
		if i := slices.Index(late.Ords, o); i >= 0 && need.Has(late.Read[i].ID) && !have[o] {
			id = late.Read[i].ID
		}
		have[o] = true
		use.Cols = append(use.Cols, id)
	}
	for i, c := range late.Read {
		o := late.Ords[i]
		if !need.Has(c.ID) || have[o] {
			continue
		}
		at := slices.Index(early.Ords, o)
		if at < 0 {
			at = len(early.Ords)
			// The slices may be shared with the logical plan, which is not to change.
			early.Read = append(slices.Clip(early.Read), r.b.newCol(c.T, c.Name, c.Coll))
			early.Ords = append(slices.Clip(early.Ords), o)
		}
		early.KeepCols = append(early.KeepCols, early.Read[at])
		use.Cols = append(use.Cols, c.ID)
	}
	late.Reuse = use
}
