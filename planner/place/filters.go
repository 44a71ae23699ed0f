package place

import (
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
)

// runtimeFilters lets hash joins publish their build keys to the scans that the
// probe keys come from, and returns how many filters there are.
//
// Dropping a probe row that has no match is right for the kinds that do not output
// such rows: inner, probe semi, build outer, build semi, build anti. A filter goes
// down from the join's probe side only, so that no scan waits for a build that
// waits for the scan.
func (b *builder) runtimeFilters(root physical.Node) int {
	f := &filterPlacer{b: b}
	f.visit(root)
	return f.n
}

type filterPlacer struct {
	b *builder
	n int
}

// visit lets the joins of n publish, parents first. What runs many times (the right
// side of Apply, the step of a recursion) has no filters: each run would need its own.
func (f *filterPlacer) visit(n physical.Node) {
	switch n := n.(type) {
	case *physical.HashJoin:
		f.publish(n)
	case *physical.Apply:
		f.visit(n.Left)
		return
	case *physical.Recursive:
		f.visit(n.BaseInput)
		return
	}
	for _, c := range n.Children() {
		f.visit(c)
	}
}

func dropsUnmatched(k physical.JoinKind) bool {
	switch k {
	case physical.Inner, physical.ProbeSemi, physical.BuildOuter, physical.BuildSemi, physical.BuildAnti:
		return true
	}
	return false
}

func (f *filterPlacer) publish(j *physical.HashJoin) {
	if !dropsUnmatched(j.Kind) {
		return
	}
	for i, key := range j.ProbeKeys {
		if j.NullEqual[i] || f.useless(j, i) {
			continue
		}
		ref := physical.FilterRef{ID: f.n, Col: key.ID}
		if f.sink(j.Probe, key.ID, ref.ID) {
			j.Publish = append(j.Publish, physical.Publish{ID: f.n, Key: i})
			f.n++
		}
	}
}

// useless reports whether the build side is expected to hold nearly every value
// that the probe side has: testing rows would cost and drop nothing.
func (f *filterPlacer) useless(j *physical.HashJoin, i int) bool {
	bk, pk := f.b.stat(j.BuildKeys[i].ID), f.b.stat(j.ProbeKeys[i].ID)
	if bk.ranged && pk.ranged && (bk.min > pk.min || bk.max < pk.max) {
		return false // min and max alone can prune
	}
	if !reduced(j.Build) {
		return bk.ranged && pk.ranged && bk.distinct >= pk.distinct*0.9
	}
	build, ok := f.b.made[j.Build]
	if !ok || bk.distinct <= 0 || pk.domain <= 0 || bk.domain <= 0 {
		return false
	}
	// Drawing rows times from the key's values meets so many of them. A filter that is
	// estimated from filters above it would be a guess on a guess: only plain cases.
	seen := bk.distinct * (1 - math.Exp(-build.rows/bk.distinct))
	return seen >= 0.95*max(pk.distinct, 1)
}

// reduced reports whether n delivers fewer rows than its relations have.
func reduced(n physical.Node) bool {
	switch n := n.(type) {
	case *physical.TableScan:
		return len(n.Filter) > 0 || len(n.Filters) > 0
	case *physical.VirtualScan:
		return len(n.Filter) > 0 || len(n.Filters) > 0
	case *physical.SharedRef:
		return true
	case *physical.Project:
		return reduced(n.Input)
	case *physical.HashJoin:
		// A join with an unreduced relation keeps the probe rows that have a partner.
		return reduced(n.Probe) || reduced(n.Build) || n.Kind != physical.Inner && n.Kind != physical.ProbeOuter
	case *physical.Aggregate:
		return len(n.Groups) == 0 || reduced(n.Input)
	}
	return true
}

// sink puts filter id on the scans that column col of n comes from; false if
// there is none.
func (f *filterPlacer) sink(n physical.Node, col expr.ColumnID, id int) bool {
	switch n := n.(type) {
	case *physical.TableScan:
		if has(n.Read, col) && n.Limit == 0 {
			n.Filters = append(n.Filters, physical.FilterRef{ID: id, Col: col})
			return true
		}
	case *physical.VirtualScan:
		if has(n.Read, col) {
			n.Filters = append(n.Filters, physical.FilterRef{ID: id, Col: col})
			return true
		}
	case *physical.SharedRef:
		if has(n.Cols, col) {
			n.Filters = append(n.Filters, physical.FilterRef{ID: id, Col: col})
			return true
		}
	case *physical.Filter:
		return f.sink(n.Input, col, id)
	case *physical.Sort:
		return n.Limit == 0 && f.sink(n.Input, col, id)
	case *physical.Project:
		for i, c := range n.Cols {
			if c.ID == col {
				from, ok := n.Exprs[i].(*expr.Col)
				return ok && f.sink(n.Input, from.ID, id)
			}
		}
	case *physical.HashJoin:
		return f.sinkJoin(n, col, id)
	case *physical.NestedLoop:
		if has(n.Probe.Columns(), col) {
			return n.Kind != physical.FullOuter && f.sink(n.Probe, col, id)
		}
		return n.Kind == physical.Inner && has(n.Build.Columns(), col) && f.sink(n.Build, col, id)
	case *physical.Aggregate:
		// Groups that the filter drops vanish whole; the others are untouched.
		for i, c := range n.GroupOut {
			if c.ID == col && everySet(n.Sets, i) {
				return f.sink(n.Input, n.Groups[i].ID, id)
			}
		}
	case *physical.Window:
		return has(n.Partition, col) && f.sink(n.Input, col, id)
	case *physical.DistinctOn:
		return has(n.On, col) && f.sink(n.Input, col, id)
	case *physical.ProjectSet:
		return has(n.Input.Columns(), col) && f.sink(n.Input, col, id)
	case *physical.Append:
		return f.sinkInputs(n.Cols, n.Inputs, col, id)
	case *physical.HashSetOp:
		return f.sinkInputs(n.Cols, []physical.Node{n.Left, n.Right}, col, id)
	case *physical.Shared:
		return f.sink(n.Input, col, id)
	case *physical.Apply:
		return has(n.Left.Columns(), col) && f.sink(n.Left, col, id)
	}
	return false
}

func (f *filterPlacer) sinkInputs(cols []logical.Col, inputs []physical.Node, col expr.ColumnID, id int) bool {
	any := false
	for i, c := range cols {
		if c.ID != col {
			continue
		}
		for _, in := range inputs {
			any = f.sink(in, in.Columns()[i].ID, id) || any
		}
	}
	return any
}

// sinkJoin takes a filter to the sides of a join below. A row that it drops would
// have met the filter's join above: with a column of the null-supplying side the
// row then appears with NULLs instead, which the join above drops as well. Equal
// keys of an inner join carry the filter to both sides.
func (f *filterPlacer) sinkJoin(n *physical.HashJoin, col expr.ColumnID, id int) bool {
	inProbe, inBuild := has(n.Probe.Columns(), col), has(n.Build.Columns(), col)
	any := false
	switch {
	case inProbe:
		any = f.sink(n.Probe, col, id)
		if n.Kind == physical.Inner || n.Kind == physical.ProbeSemi {
			for i, k := range n.ProbeKeys {
				if k.ID == col && !n.NullEqual[i] && sameType(k, n.BuildKeys[i]) {
					any = f.sink(n.Build, n.BuildKeys[i].ID, id) || any
				}
			}
		}
	case inBuild:
		if n.Kind == physical.ProbeSingle {
			return false
		}
		any = f.sink(n.Build, col, id)
		if n.Kind == physical.Inner || n.Kind == physical.BuildSemi {
			for i, k := range n.BuildKeys {
				if k.ID == col && !n.NullEqual[i] && sameType(k, n.ProbeKeys[i]) {
					any = f.sink(n.Probe, n.ProbeKeys[i].ID, id) || any
				}
			}
		}
	}
	return any
}

// sameType reports whether a filter over a applies to b unchanged.
func sameType(a, b logical.Col) bool {
	return a.T.OID == b.T.OID && a.T.Dec == b.T.Dec && a.Coll == b.Coll
}

func everySet(sets [][]int, i int) bool {
	for _, s := range sets {
		found := false
		for _, k := range s {
			found = found || k == i
		}
		if !found {
			return false
		}
	}
	return true
}

func has(cols []logical.Col, id expr.ColumnID) bool {
	for _, c := range cols {
		if c.ID == id {
			return true
		}
	}
	return false
}
