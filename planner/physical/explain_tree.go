package physical

import (
	"fmt"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// prop is one line of a plan node: name, a value for FORMAT JSON (string, bool,
// int64, float64 or []string), and for text the same unless text says otherwise.
type prop struct {
	name  string
	value any
	text  string
}

// planNode is a node as EXPLAIN shows it, in either format.
type planNode struct {
	title string // text: what stands before the estimates
	typ   string // JSON: Node Type
	rel   string // of which parent it is what: "Outer", "Inner", ...
	id    int
	est   *Estimate
	width float64
	props []prop
	kids  []*planNode
}

func (p *planNode) add(name string, value any) {
	p.props = append(p.props, prop{name: name, value: value})
}

func (p *planNode) addText(name string, value any, text string) {
	p.props = append(p.props, prop{name, value, text})
}

func (p *planNode) addConds(name string, list []expr.Expr) {
	if len(list) > 0 {
		p.add(name, FormatConds(list))
	}
}

// width is the estimated size of an output row in bytes, as EXPLAIN shows it.
func width(cols []logical.Col) float64 {
	w := 0.0
	for _, c := range cols {
		switch {
		case c.T.IsString():
			w += 32
		case c.T.OID == sql.OIDNumeric && !c.T.Dec.Static():
			w += 24
		default:
			w += 8
		}
	}
	return w
}

// names lists columns.
func names(cols []logical.Col) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = colName(c.Name, c.ID)
	}
	return out
}

func sortText(keys []SortKey) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = colName(k.Col.Name, k.Col.ID)
		if k.Desc {
			out[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			if k.NullsFirst {
				out[i] += " NULLS FIRST"
			} else {
				out[i] += " NULLS LAST"
			}
		}
	}
	return out
}

func filterRefs(p *planNode, cols []logical.Col, refs []FilterRef) {
	if len(refs) == 0 {
		return
	}
	list := make([]string, len(refs))
	for i, r := range refs {
		name := colName("", r.Col)
		for _, c := range cols {
			if c.ID == r.Col {
				name = colName(c.Name, c.ID)
			}
		}
		list[i] = fmt.Sprintf("%s in #%d", name, r.ID)
	}
	p.add("Join Filters", list)
}

func joinSide(title string, k JoinKind) string {
	if k == Inner {
		return title
	}
	return title + " " + strings.ReplaceAll(k.String(), "Probe ", "") + " Join"
}

// describe makes the EXPLAIN tree of n.
func describe(n Node, opt *ExplainOptions) *planNode {
	p := &planNode{id: n.Ordinal(), est: n.Estimate(), width: width(n.Columns())}
	p.typ = typeName(n)
	p.title = p.typ
	if opt.Verbose {
		p.add("Output", names(n.Columns()))
	}
	switch n := n.(type) {
	case *TableScan:
		describeScan(p, n, opt)
	case *VirtualScan:
		p.title += " on " + n.Table.Database + "." + n.Table.Name + alias(n.Alias, n.Table.Name)
		p.add("Relation Name", n.Table.Name)
		p.props[len(p.props)-1].text = "-"
		p.addConds("Filter", n.Filter)
		filterRefs(p, n.Read, n.Filters)
	case *Values:
		p.addText("Rows", int64(len(n.Rows)), "-")
	case *Filter:
		p.addConds("Filter", n.Conds)
	case *Project:
		var list []string
		for i, e := range n.Exprs {
			if c, ok := e.(*expr.Col); ok {
				if c.ID != n.Cols[i].ID && c.Name != n.Cols[i].Name {
					list = append(list, colName(n.Cols[i].Name, n.Cols[i].ID)+" = "+FormatExpr(e))
				}
				continue
			}
			list = append(list, colName(n.Cols[i].Name, n.Cols[i].ID)+" = "+FormatExpr(e))
		}
		if len(list) > 0 {
			p.add("Computes", list)
		}
	case *HashJoin:
		p.title = "Hash " + strings.TrimPrefix(joinSide("Join", n.Kind), "Join ")
		p.addText("Join Type", n.Kind.String(), "-")
		var keys []string
		for i := range n.ProbeKeys {
			op := " = "
			if n.NullEqual[i] {
				op = " IS NOT DISTINCT FROM "
			}
			keys = append(keys, colName(n.ProbeKeys[i].Name, n.ProbeKeys[i].ID)+op+colName(n.BuildKeys[i].Name, n.BuildKeys[i].ID))
		}
		p.addText("Hash Cond", strings.Join(keys, " AND "), "("+strings.Join(keys, " AND ")+")")
		p.addConds("Join Filter", n.Residual)
		if len(n.Publish) > 0 {
			var list []string
			for _, x := range n.Publish {
				list = append(list, fmt.Sprintf("#%d %s", x.ID, colName(n.BuildKeys[x.Key].Name, n.BuildKeys[x.Key].ID)))
			}
			p.add("Publishes", list)
		}
		if n.MarkNulls {
			p.addText("Null Aware", true, "true")
		}
		if n.UniqueBuild {
			p.addText("Inner Unique", true, "true")
		}
		p.kids = []*planNode{describe(n.Probe, opt), describe(n.Build, opt)}
		p.kids[0].rel, p.kids[1].rel = "Probe", "Build"
		return p
	case *NestedLoop:
		p.title = joinSide("Nested Loop", n.Kind)
		p.addText("Join Type", n.Kind.String(), "-")
		p.addConds("Join Filter", n.On)
		p.kids = []*planNode{describe(n.Probe, opt), describe(n.Build, opt)}
		p.kids[0].rel, p.kids[1].rel = "Probe", "Build"
		return p
	case *Aggregate:
		describeAggregate(p, n)
	case *Sort:
		if n.Limit > 0 {
			p.title = "Top N"
			p.add("Limit", n.Limit)
		}
		p.add("Sort Key", sortText(n.Keys))
	case *Limit:
		if n.Count >= 0 {
			p.addText("Rows", n.Count, "-")
			p.title += fmt.Sprintf(" %d", n.Count)
		}
		if n.CountOf != nil {
			p.add("Count", FormatExpr(n.CountOf))
		}
		if n.Offset > 0 {
			p.add("Offset", n.Offset)
		}
		if n.OffsetOf != nil {
			p.add("Offset", FormatExpr(n.OffsetOf))
		}
		if len(n.TiesKeys) > 0 {
			p.add("Ties", sortText(n.TiesKeys))
		}
	case *DistinctOn:
		p.add("Distinct Key", names(n.On))
	case *HashSetOp:
		p.title = "HashSetOp " + setOpName(n.Kind, n.All)
		p.addText("Command", setOpName(n.Kind, n.All), "-")
	case *Window:
		if len(n.Partition) > 0 {
			p.add("Partition Key", names(n.Partition))
		}
		if len(n.OrderBy) > 0 {
			p.add("Sort Key", sortText(n.OrderBy))
		}
		var calls []string
		for i := range n.Calls {
			calls = append(calls, n.Calls[i].Name)
		}
		p.add("Calls", calls)
	case *ProjectSet:
		p.add("Calls", setCalls(n.Calls))
	case *FuncScan:
		p.add("Calls", setCalls(n.Calls))
	case *Shared:
		for _, s := range n.Plans {
			k := describe(s.Plan, opt)
			k.rel = fmt.Sprintf("CTE %s", s.Name)
			p.kids = append(p.kids, k)
		}
		p.kids = append(p.kids, describe(n.Input, opt))
		return p
	case *SharedRef:
		p.title = "CTE Scan on " + n.Name
		p.addText("CTE Name", n.Name, "-")
		p.addConds("Filter", n.Filter)
		filterRefs(p, n.Cols, n.Filters)
	case *Apply:
		p.title = "Apply (" + n.Kind.String() + ")"
		p.addText("Join Type", n.Kind.String(), "-")
		p.add("For Each", names(n.Outer))
		p.addConds("Join Filter", n.On)
		if n.Guard != nil {
			p.add("Only If", FormatExpr(n.Guard))
		}
	case *Remote:
		p.title = "Remote on " + n.Engine
		p.addText("Engine", n.Engine, "-")
		p.add("Remote SQL", n.SQL)
	}
	for _, c := range n.Children() {
		p.kids = append(p.kids, describe(c, opt))
	}
	return p
}

func typeName(n Node) string {
	switch n := n.(type) {
	case *TableScan:
		return "Lake Scan"
	case *VirtualScan:
		if n.Table.Kind == model.KindTemp {
			return "Temp Scan"
		}
		return "Virtual Scan"
	case *Values:
		return "Values"
	case *Filter:
		return "Filter"
	case *Project:
		return "Project"
	case *HashJoin:
		return "Hash Join"
	case *NestedLoop:
		return "Nested Loop"
	case *Aggregate:
		return "Aggregate"
	case *Sort:
		return "Sort"
	case *Limit:
		return "Limit"
	case *DistinctOn:
		return "Unique"
	case *Append:
		return "Append"
	case *HashSetOp:
		return "HashSetOp"
	case *Window:
		return "WindowAgg"
	case *ProjectSet:
		return "ProjectSet"
	case *FuncScan:
		return "Function Scan"
	case *Shared:
		return "Shared"
	case *SharedRef:
		return "CTE Scan"
	case *Recursive:
		return "Recursive Union"
	case *WorkTable:
		return "WorkTable Scan"
	case *MaxOneRow:
		return "Single Row"
	case *Apply:
		return "Apply"
	}
	return "Remote"
}

func alias(a, table string) string {
	if a == "" || a == table {
		return ""
	}
	return " " + a
}

func setOpName(k logical.SetKind, all bool) string {
	s := "Intersect"
	if k == logical.Except {
		s = "Except"
	}
	if all {
		s += " All"
	}
	return s
}

func setCalls(calls []logical.SetCall) []string {
	var out []string
	for _, c := range calls {
		var b strings.Builder
		b.WriteString(c.Fn.Name + "(")
		formatList(&b, c.Args)
		out = append(out, b.String()+")")
	}
	return out
}

// describeScan shows where each predicate acts: on partitions, on statistics of
// row groups and pages, on rows.
func describeScan(p *planNode, n *TableScan, opt *ExplainOptions) {
	p.title += " on " + n.Table.Database + "." + n.Table.Name + alias(n.Alias, n.Table.Name)
	p.addText("Schema", n.Table.Database, "-")
	p.addText("Relation Name", n.Table.Name, "-")
	if n.Alias != "" {
		p.addText("Alias", n.Alias, "-")
	}
	p.addText("Engine", "lake", "lake")
	f := &n.Facts
	if f.PartitionsTotal > 0 {
		p.addText("Partitions Kept", f.PartitionsKept, "-")
		p.addText("Partitions Total", f.PartitionsTotal, "-")
		word := ""
		if f.Projected {
			word = " (projected)"
		}
		p.addText("Partitions", nil, fmt.Sprintf("%d of %d%s", f.PartitionsKept, f.PartitionsTotal, word))
	}
	if f.Files > 0 {
		p.add("Files", f.Files)
	}
	var part, prune, rows []expr.Expr
	for i, c := range n.Filter {
		switch {
		case contains(f.PartitionConds, i):
			part = append(part, c)
		case contains(f.PruneConds, i):
			prune = append(prune, c)
		default:
			rows = append(rows, c)
		}
	}
	p.addConds("Partition Filter", part)
	p.addConds("Row Group and Page Filter", prune)
	p.addConds("Filter", rows)
	filterRefs(p, n.Read, n.Filters)
	if n.Keep > 0 {
		p.addText("Keeps Rows", n.Keep, fmt.Sprintf("as #%d, while few", n.Keep))
	}
	if n.Reuse != nil {
		p.addText("Reuses Rows", n.Reuse.Keep, fmt.Sprintf("kept as #%d, if all are", n.Reuse.Keep))
	}
	if n.Limit > 0 {
		p.add("Limit", n.Limit)
	}
	if opt.Costs {
		p.addText("Columns Read", int64(len(n.Read)), "-")
		p.addText("Estimated Bytes", int64(n.Est.Bytes), "-")
		p.addText("Estimated Requests", int64(n.Est.Requests), "-")
		p.addText("Reads", nil, fmt.Sprintf("%d columns, about %s in %.0f requests", len(n.Read), Bytes(n.Est.Bytes), n.Est.Requests))
	}
}

func contains(list []int, i int) bool {
	for _, x := range list {
		if x == i {
			return true
		}
	}
	return false
}

func describeAggregate(p *planNode, n *Aggregate) {
	strategy := "Hashed"
	switch {
	case len(n.Groups) == 0 && n.Sets == nil:
		strategy = "Plain"
	case len(n.Sets) > 1:
		strategy = "Mixed"
	}
	if strategy != "Plain" {
		p.title = "HashAggregate"
	}
	p.addText("Strategy", strategy, "-")
	if len(n.Groups) > 0 {
		p.add("Group Key", names(n.Groups))
	}
	if len(n.Sets) > 0 {
		var sets []string
		for _, s := range n.Sets {
			var cols []string
			for _, g := range s {
				cols = append(cols, colName(n.Groups[g].Name, n.Groups[g].ID))
			}
			sets = append(sets, "("+strings.Join(cols, ", ")+")")
		}
		p.add("Grouping Sets", sets)
	}
	if len(n.Aggs) > 0 {
		var list []string
		for i := range n.Aggs {
			list = append(list, formatAgg(&n.Aggs[i]))
		}
		p.add("Aggregates", list)
	}
}

func formatAgg(a *expr.AggCall) string {
	var b strings.Builder
	b.WriteString(a.Fn.Name + "(")
	if a.Distinct {
		b.WriteString("DISTINCT ")
	}
	if len(a.Args) == 0 && a.Fn.Name == "count" {
		b.WriteByte('*')
	}
	formatList(&b, a.Args)
	b.WriteByte(')')
	if a.Filter != nil {
		b.WriteString(" FILTER (WHERE ")
		formatExpr(&b, a.Filter, 0)
		b.WriteByte(')')
	}
	return b.String()
}
