package place

import (
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

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

// limitValue evaluates a LIMIT or OFFSET; of is the expression if its value is only
// known for each row of an enclosing query.
func (b *builder) limitValue(e expr.Expr, def int64, check func(sql.Value) (int64, error), word string) (n int64, of expr.Expr, err error) {
	switch x := e.(type) {
	case nil:
		return def, nil, nil
	case *expr.Const:
		n, err = check(x.V)
		return n, nil, err
	}
	switch {
	case !expr.ColsOf(e).Empty():
		return def, e, nil
	case b.opt.Eval == nil:
		return 0, nil, sql.Errorf(sql.CodeFeatureNotSupported, "%s must be a constant", word)
	}
	v, err := b.opt.Eval(e)
	if err == nil {
		n, err = check(v)
	}
	return n, nil, err
}

func (b *builder) buildLimit(n *logical.Limit, need expr.ColSet) (*rel, error) {
	count, countOf, err := b.limitValue(n.Count, -1, physical.LimitCount, "LIMIT")
	if err != nil {
		return nil, err
	}
	offset, offsetOf, err := b.limitValue(n.Offset, 0, physical.LimitOffset, "OFFSET")
	if err != nil {
		return nil, err
	}
	total := int64(0)
	if count >= 0 && offsetOf == nil && count < math.MaxInt64-offset {
		total = count + offset
	}
	var in *rel
	lim := &physical.Limit{Count: count, Offset: offset, CountOf: countOf, OffsetOf: offsetOf}
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
			} else if top > 0 && offset == 0 && offsetOf == nil {
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
