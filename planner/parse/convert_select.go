package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/sql"
)

var setOps = map[pg.SetOperation]SetOp{
	pg.SetOperation_SETOP_UNION: Union, pg.SetOperation_SETOP_INTERSECT: Intersect, pg.SetOperation_SETOP_EXCEPT: Except,
}

// query converts a statement that stands where a query does.
func (c *converter) query(n *pg.Node) (Stmt, error) {
	if s := n.GetSelectStmt(); s != nil {
		return c.selectStmt(s)
	}
	return c.statement(n)
}

func (c *converter) selectStmt(s *pg.SelectStmt) (*Select, error) {
	out := &Select{All: s.All, SetOp: setOps[s.Op], Locking: len(s.LockingClause) > 0, GroupDistinct: s.GroupDistinct}
	var err error
	if s.WithClause != nil {
		if out.With, err = c.with(s.WithClause); err != nil {
			return nil, err
		}
	}
	if out.SetOp != NoSetOp {
		if out.Left, err = c.selectStmt(s.Larg); err != nil {
			return nil, err
		}
		if out.Right, err = c.selectStmt(s.Rarg); err != nil {
			return nil, err
		}
	}
	for i, d := range s.DistinctClause {
		if i == 0 && d.GetNode() == nil {
			out.Distinct = true
			break
		}
		e, err := c.expr(d)
		if err != nil {
			return nil, err
		}
		out.DistinctOn = append(out.DistinctOn, e)
	}
	for _, t := range s.TargetList {
		target, err := c.target(t.GetResTarget())
		if err != nil {
			return nil, err
		}
		if f, ok := target.Expr.(*FuncCall); ok && f.Name.Parts[0] == markTop {
			out.Limit = f.Args[0]
			continue
		}
		out.Targets = append(out.Targets, target)
	}
	if s.IntoClause != nil {
		n := c.rangeVarName(s.IntoClause.Rel)
		out.Into, out.IntoTemp = &n, isTemp(s.IntoClause.Rel)
	}
	for _, f := range s.FromClause {
		t, err := c.tableRef(f)
		if err != nil {
			return nil, err
		}
		out.From = append(out.From, t)
	}
	if out.Where, err = c.expr(s.WhereClause); err != nil {
		return nil, err
	}
	for _, g := range s.GroupClause {
		item, err := c.groupItem(g, false)
		if err != nil {
			return nil, err
		}
		out.GroupBy = append(out.GroupBy, item...)
	}
	if out.Having, err = c.expr(s.HavingClause); err != nil {
		return nil, err
	}
	for _, w := range s.WindowClause {
		def, err := c.window(w.GetWindowDef())
		if err != nil {
			return nil, err
		}
		if def.Name == markQualify {
			out.Qualify = def.PartitionBy[0]
			continue
		}
		out.Windows = append(out.Windows, *def)
	}
	for _, row := range s.ValuesLists {
		var list []Expr
		for _, item := range row.GetList().GetItems() {
			e, err := c.value(item)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		out.Values = append(out.Values, list)
	}
	if out.OrderBy, err = c.sortBy(s.SortClause); err != nil {
		return nil, err
	}
	if s.LimitCount != nil {
		if out.Limit != nil {
			return nil, sql.Errorf(sql.CodeSyntaxError, "TOP and LIMIT are not allowed in one query").At(out.Limit.Pos())
		}
		if out.Limit, err = c.expr(s.LimitCount); err != nil {
			return nil, err
		}
	}
	if out.Offset, err = c.expr(s.LimitOffset); err != nil {
		return nil, err
	}
	out.WithTies = s.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES
	return out, nil
}

func (c *converter) target(t *pg.ResTarget) (Target, error) {
	out := Target{P: c.pos(t.Location), As: t.Name}
	var err error
	out.Expr, err = c.expr(t.Val)
	return out, err
}

func (c *converter) with(w *pg.WithClause) (*With, error) {
	out := &With{P: c.pos(w.Location), Recursive: w.Recursive}
	for _, n := range w.Ctes {
		t := n.GetCommonTableExpr()
		cte := CTE{P: c.pos(t.Location), Name: t.Ctename, Columns: names(t.Aliascolnames),
			Search: t.SearchClause != nil, Cycle: t.CycleClause != nil}
		switch t.Ctematerialized {
		case pg.CTEMaterialize_CTEMaterializeAlways:
			cte.Materialized = MaterializeAlways
		case pg.CTEMaterialize_CTEMaterializeNever:
			cte.Materialized = MaterializeNever
		}
		var err error
		if cte.Query, err = c.query(t.Ctequery); err != nil {
			return nil, err
		}
		out.CTEs = append(out.CTEs, cte)
	}
	return out, nil
}

var groupKinds = map[pg.GroupingSetKind]GroupKind{
	pg.GroupingSetKind_GROUPING_SET_EMPTY: GroupEmpty, pg.GroupingSetKind_GROUPING_SET_ROLLUP: GroupRollup,
	pg.GroupingSetKind_GROUPING_SET_CUBE: GroupCube, pg.GroupingSetKind_GROUPING_SET_SETS: GroupSets,
	pg.GroupingSetKind_GROUPING_SET_SIMPLE: GroupList,
}

// groupItem converts an item of GROUP BY. A row without ROW is a list of items, at
// the top level spliced into it.
func (c *converter) groupItem(n *pg.Node, inSet bool) ([]GroupItem, error) {
	if g := n.GetGroupingSet(); g != nil {
		item := GroupItem{P: c.pos(g.Location), Kind: groupKinds[g.Kind]}
		return c.groupContent(item, g.Content)
	}
	if r := n.GetRowExpr(); r != nil && r.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
		item, err := c.groupContent(GroupItem{P: c.pos(r.Location), Kind: GroupList}, r.Args)
		if err != nil || inSet {
			return item, err
		}
		return item[0].Sets, nil
	}
	e, err := c.expr(n)
	if err != nil {
		return nil, err
	}
	return []GroupItem{{P: P(e.Pos()), Expr: e}}, nil
}

func (c *converter) groupContent(item GroupItem, content []*pg.Node) ([]GroupItem, error) {
	for _, n := range content {
		sub, err := c.groupItem(n, true)
		if err != nil {
			return nil, err
		}
		item.Sets = append(item.Sets, sub...)
	}
	return []GroupItem{item}, nil
}

func (c *converter) sortBy(list []*pg.Node) ([]SortBy, error) {
	var out []SortBy
	for _, n := range list {
		s := n.GetSortBy()
		e, err := c.expr(s.Node)
		if err != nil {
			return nil, err
		}
		item := SortBy{P: P(e.Pos()), Expr: e}
		switch s.SortbyDir {
		case pg.SortByDir_SORTBY_DESC:
			item.Desc = true
		case pg.SortByDir_SORTBY_USING:
			_, item.UsingOp = operator(s.UseOp)
			item.P = c.pos(s.Location)
		}
		switch s.SortbyNulls {
		case pg.SortByNulls_SORTBY_NULLS_FIRST:
			item.Nulls = NullsFirst
		case pg.SortByNulls_SORTBY_NULLS_LAST:
			item.Nulls = NullsLast
		}
		out = append(out, item)
	}
	return out, nil
}

// Bits of WindowDef.FrameOptions (PostgreSQL's nodes/parsenodes.h).
const (
	frameNonDefault     = 0x00001
	frameRangeBit       = 0x00002
	frameRowsBit        = 0x00004
	frameGroupsBit      = 0x00008
	frameStartUnbounded = 0x00020
	frameEndUnbounded   = 0x00100
	frameStartCurrent   = 0x00200
	frameEndCurrent     = 0x00400
	frameStartPreceding = 0x00800
	frameEndPreceding   = 0x01000
	frameStartFollowing = 0x02000
	frameEndFollowing   = 0x04000
	frameExcludeCurrent = 0x08000
	frameExcludeGroup   = 0x10000
	frameExcludeTies    = 0x20000
)

func (c *converter) window(w *pg.WindowDef) (*WindowDef, error) {
	out := &WindowDef{P: c.pos(w.Location), Name: w.Name, Ref: w.Refname}
	var err error
	if out.PartitionBy, err = c.exprs(w.PartitionClause); err != nil {
		return nil, err
	}
	if out.OrderBy, err = c.sortBy(w.OrderClause); err != nil {
		return nil, err
	}
	if w.FrameOptions&frameNonDefault == 0 {
		return out, nil
	}
	f := &Frame{}
	has := func(bit int32) bool { return w.FrameOptions&bit != 0 }
	switch {
	case has(frameRowsBit):
		f.Mode = FrameRows
	case has(frameGroupsBit):
		f.Mode = FrameGroups
	}
	switch {
	case has(frameStartUnbounded):
		f.Start = UnboundedPreceding
	case has(frameStartCurrent):
		f.Start = CurrentRow
	case has(frameStartPreceding):
		f.Start = OffsetPreceding
	case has(frameStartFollowing):
		f.Start = OffsetFollowing
	}
	switch {
	case has(frameEndUnbounded):
		f.End = UnboundedFollowing
	case has(frameEndCurrent):
		f.End = CurrentRow
	case has(frameEndPreceding):
		f.End = OffsetPreceding
	case has(frameEndFollowing):
		f.End = OffsetFollowing
	}
	switch {
	case has(frameExcludeCurrent):
		f.Exclude = ExcludeCurrent
	case has(frameExcludeGroup):
		f.Exclude = ExcludeGroup
	case has(frameExcludeTies):
		f.Exclude = ExcludeTies
	}
	if f.StartOffset, err = c.expr(w.StartOffset); err != nil {
		return nil, err
	}
	if f.EndOffset, err = c.expr(w.EndOffset); err != nil {
		return nil, err
	}
	out.Frame = f
	return out, nil
}
