package exec

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func (b *builder) aggregate(n *physical.Aggregate) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	spec := &aggSpec{node: b.node(n), oneRow: len(n.Groups) == 0, sets: n.Sets}
	if spec.keys, err = positions(s.cols, n.Groups); err != nil {
		return nil, err
	}
	spec.types = typesOf(n.Groups)
	var exprs []expr.Expr
	add := func(e expr.Expr) int {
		exprs = append(exprs, e)
		return len(exprs) - 1
	}
	for i := range n.Aggs {
		a := &n.Aggs[i]
		c := aggCall{fn: a.Fn, filter: -1, distinct: a.Distinct && !a.Fn.IgnoresDuplicates}
		for _, x := range slices.Concat(a.Direct, a.Args) { // direct arguments come first
			c.args = append(c.args, add(x))
			c.argTypes = append(c.argTypes, x.Type())
		}
		if a.Filter != nil {
			c.filter = add(a.Filter)
		}
		for _, k := range a.OrderBy {
			c.order = append(c.order, aggOrder{add(k.Expr), k.Expr.Type(), vector.KeyOrder{Desc: k.Desc, NullsFirst: k.NullsFirst}})
		}
		if a.Fn.Ordered && len(c.order) == 0 {
			s.serial = true // the order of the input shows
		}
		spec.calls = append(spec.calls, c)
	}
	if len(exprs) > 0 {
		if spec.exprs, err = expr.Compile(exprs, s.cols); err != nil {
			return nil, err
		}
		spec.nexprs = len(exprs)
	}
	if err := spec.output(n); err != nil {
		return nil, err
	}
	ab := &aggBuild{spec: spec, exec: b.e}
	p := b.close(s, ab, b.node(n))
	return b.from(n, &aggSource{a: ab}, ids(n.Columns()), p), nil
}

// output finds what each column of the node is.
func (s *aggSpec) output(n *physical.Aggregate) error {
columns:
	for _, c := range n.Columns() {
		for i, g := range n.GroupOut {
			if g.ID == c.ID {
				s.out = append(s.out, aggOut{kind: outKey, at: i, typ: c.T})
				continue columns
			}
		}
		for i := range n.Aggs {
			if n.Aggs[i].Out == c.ID {
				s.out = append(s.out, aggOut{kind: outCall, at: i, typ: c.T})
				continue columns
			}
		}
		for _, g := range n.Grouping {
			if g.Col.ID == c.ID {
				s.out = append(s.out, aggOut{kind: outGrouping, grouping: g.Of, typ: c.T})
				continue columns
			}
		}
		return sql.Errorf(sql.CodeInternal, "column %d is no result of its aggregation", c.ID)
	}
	return nil
}
