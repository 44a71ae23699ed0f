package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// join binds a JOIN. Its right side may refer to the left one laterally; ON sees
// both sides and nothing else of this FROM.
func (b *binder) join(lv *level, r *parse.JoinRef) (*fromItem, error) {
	left, err := b.side(lv, r.Left, r.Type == parse.RightJoin || r.Type == parse.FullJoin)
	if err != nil {
		return nil, err
	}
	before := lv.items
	setLateral(left.items, true, r.Type == parse.InnerJoin || r.Type == parse.CrossJoin || r.Type == parse.LeftJoin)
	lv.items = append(slices.Clip(before), left.items...)
	right, err := b.side(lv, r.Right, r.Type == parse.LeftJoin || r.Type == parse.FullJoin)
	lv.items = before
	if err != nil {
		return nil, err
	}
	if err := checkNames(left.items, right.items, r.Pos()); err != nil {
		return nil, err
	}
	both := append(slices.Clip(left.items), right.items...)
	setLateral(both, false, true)

	using, err := usingColumns(r, left, right)
	if err != nil {
		return nil, err
	}
	var on []expr.Expr
	var merged, cols []nsCol
	switch {
	case using != nil || r.Natural:
		if on, merged, err = b.using(lv, r, using, left, right); err != nil {
			return nil, err
		}
	case r.On != nil:
		lv.items = both
		err := lv.within(inJoin, func() (err error) {
			on, err = b.conditions(lv, r.On)
			return err
		})
		lv.items = before
		if err != nil {
			return nil, err
		}
	}
	plan, err := b.joinNode(lv, r.Type, left.plan, right.plan, on)
	if err != nil {
		return nil, err
	}

	cols = append(cols, merged...)
	for _, side := range []*fromItem{left, right} {
		for _, c := range side.cols {
			if !slices.Contains(using, c.name) {
				cols = append(cols, c)
			}
		}
	}
	return joinScope(r, plan, both, merged, cols)
}

// side binds a side of a join; nullable tells that its columns may become NULL.
func (b *binder) side(lv *level, ref parse.TableRef, nullable bool) (*fromItem, error) {
	if nullable {
		b.outer++
		defer func() { b.outer-- }()
	}
	f, err := b.tableRef(lv, ref)
	if err == nil && nullable {
		var present *expr.Col
		if b.marks {
			present = b.markRows(lv, f)
		}
		for _, it := range f.items {
			it.nullable = true
			if it.present == nil {
				it.present = present
			}
		}
	}
	return f, err
}

// markRows adds a column to the side of an outer join that is true in each of its
// rows: the join makes it NULL where the side has no match.
func (b *binder) markRows(lv *level, f *fromItem) *expr.Col {
	p := &logical.Project{Input: f.plan}
	for _, c := range f.plan.Columns() {
		p.Exprs = append(p.Exprs, logical.NamedExpr{Col: c, Expr: c.Ref()})
	}
	mark := b.newCol(lv, "present", sql.Bool, expr.CollDefault)
	p.Exprs = append(p.Exprs, logical.NamedExpr{Col: mark, Expr: &expr.Const{V: sql.BoolValue(true)}})
	f.plan = p
	return mark.Ref()
}

// joinScope makes the names that a join brings into scope: with an alias the
// join's alone, else both sides' names and the join's columns.
func joinScope(r *parse.JoinRef, plan logical.Node, both []*nsItem, merged, cols []nsCol) (*fromItem, error) {
	cols = slices.Clone(cols)
	if len(r.Alias.Columns) > len(cols) {
		return nil, sql.Errorf(sql.CodeInvalidColumnReference, "column alias list for \"%s\" has too many entries", r.Alias.Name)
	}
	for i, name := range r.Alias.Columns {
		cols[i].name = name
	}
	self := &nsItem{name: r.Alias.Name, cols: cols, relVisible: r.Alias.Name != "", colsVisible: true, lateralOK: true, isJoin: true}
	out := &fromItem{plan: plan, cols: cols}
	if r.Alias.Name == "" {
		for _, it := range both {
			it.colsVisible = false
		}
		out.items = both
	}
	if r.UsingAlias != "" {
		alias := &nsItem{name: r.UsingAlias, cols: merged, relVisible: true, lateralOK: true, isJoin: true}
		if err := checkNames(out.items, []*nsItem{alias}, r.Pos()); err != nil {
			return nil, err
		}
		out.items = append(out.items, alias)
	}
	out.items = append(out.items, self)
	return out, nil
}

// usingColumns lists the names of USING; for NATURAL those that both sides have.
func usingColumns(r *parse.JoinRef, left, right *fromItem) ([]string, error) {
	if !r.Natural {
		for i, n := range r.Using {
			if slices.Contains(r.Using[:i], n) {
				return nil, sql.Errorf(sql.CodeDuplicateColumn, "column name \"%s\" appears more than once in USING clause", n)
			}
		}
		return r.Using, nil
	}
	var out []string
	for _, l := range left.cols {
		if slices.ContainsFunc(right.cols, func(c nsCol) bool { return c.name == l.name }) && !slices.Contains(out, l.name) {
			out = append(out, l.name)
		}
	}
	return out, nil
}

func usingColumn(side *fromItem, name, which string) (*nsCol, error) {
	var found *nsCol
	for i := range side.cols {
		if side.cols[i].name != name {
			continue
		}
		if found != nil {
			return nil, sql.Errorf(sql.CodeAmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, which)
		}
		found = &side.cols[i]
	}
	if found == nil {
		return nil, sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, which)
	}
	return found, nil
}

// using makes the conditions and the merged columns of USING or NATURAL.
func (b *binder) using(lv *level, r *parse.JoinRef, names []string, left, right *fromItem) (on []expr.Expr, merged []nsCol, err error) {
	var pairs [][2]operand
	for _, name := range names {
		lc, err := usingColumn(left, name, "left")
		if err != nil {
			return nil, nil, err
		}
		rc, err := usingColumn(right, name, "right")
		if err != nil {
			return nil, nil, err
		}
		l, rr := b.nsRef(lc, 0), b.nsRef(rc, 0)
		c, err := b.mergedColumn(r.Type, name, lc, rc, l, rr)
		if err != nil {
			return nil, nil, err
		}
		merged = append(merged, c)
		pairs = append(pairs, [2]operand{{e: l}, {e: rr}})
	}
	for _, p := range pairs { // types that do not meet come before operators that are missing
		eq, err := b.operator("", "=", p[0], p[1], 0)
		if err != nil {
			return nil, nil, err
		}
		on = append(on, eq)
	}
	return on, merged, nil
}

func (b *binder) mergedColumn(t parse.JoinType, name string, lc, rc *nsCol, l, r expr.Expr) (nsCol, error) {
	typ, err := b.commonType("JOIN/USING", []operand{{e: l}, {e: r}})
	if err != nil {
		return nsCol{}, err
	}
	if l, err = b.coerce(l, typ, expr.CastImplicit, 0); err != nil {
		return nsCol{}, err
	}
	if r, err = b.coerce(r, typ, expr.CastImplicit, 0); err != nil {
		return nsCol{}, err
	}
	out, e := *lc, l
	switch t {
	case parse.RightJoin:
		out, e = *rc, r
	case parse.FullJoin:
		e = &expr.Coalesce{Args: []expr.Expr{l, r}, T: typ, Coll: lc.col.Coll}
		out.col = logical.Col{Name: name, T: typ, Coll: lc.col.Coll}
	}
	out.name = name
	if c, ok := e.(*expr.Col); !ok || c.ID != out.col.ID {
		out.expr = e
	}
	return out, nil
}

// joinNode builds the join. Subqueries in ON are evaluated beneath an outer join,
// on the side whose columns they use; one that uses both makes the right side
// dependent on the left.
func (b *binder) joinNode(lv *level, t parse.JoinType, left, right logical.Node, on []expr.Expr) (logical.Node, error) {
	if !b.hasSubs(lv, on) {
		switch t {
		case parse.LeftJoin:
			return joinPlans(logical.Left, left, right, on), nil
		case parse.RightJoin:
			return joinPlans(logical.Left, right, left, on), nil
		case parse.FullJoin:
			return joinPlans(logical.Full, left, right, on), nil
		}
		return joinPlans(logical.Inner, left, right, on), nil
	}
	st := &stage{b: b, lv: lv}
	switch t {
	case parse.RightJoin:
		left, right = right, left
	case parse.FullJoin:
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions")
	case parse.InnerJoin, parse.CrossJoin:
		st.plan = joinPlans(logical.Inner, left, right, nil)
		st.filter(on)
		return st.plan, nil
	}
	cols := columnsOf(left)
	usesLeft := false
	for _, s := range b.subsOf(lv, on) {
		usesLeft = usesLeft || b.subFree(s).Intersects(cols)
	}
	st.plan = right
	if usesLeft {
		st.filter(on)
		return &logical.DependentJoin{Kind: logical.Left, Left: left, Right: st.plan}, nil
	}
	st.attach(on...)
	return joinPlans(logical.Left, left, st.plan, on), nil
}
