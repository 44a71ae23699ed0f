// Package rule rewrites logical plans: an ordered list of named rules, each a
// function from a plan to an equal plan. A rule keeps the output schema (ids,
// order) of the plan. Rules that are switched off are skipped; correctness never
// depends on one except that what UnnestDependentJoins leaves runs row by row.
package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// Functions gives the rules the few registry entries that they insert into plans.
// Every method may return nil: then the rewrite that needs it is not made.
type Functions interface {
	// Equal returns the = operator over two values of type t.
	Equal(t sql.Type) *expr.Func
	// Less returns the < operator (or <= with orEqual) over two values of type t.
	Less(t sql.Type, orEqual bool) *expr.Func
	// RowNumber returns the window function row_number.
	RowNumber() *expr.WindowFn
}

// Options are the settings and services of one run of the rules.
type Options struct {
	// Disabled names rules to skip.
	Disabled map[string]bool
	// Verify checks the plan after each rule (tests and debugging).
	Verify bool
	// Fold evaluates constant sub-expressions; nil: no folding. It never raises: what
	// would raise is returned as it was.
	Fold func(expr.Expr) expr.Expr
	// Funcs may be nil.
	Funcs Functions
	// Trace, if not nil, is called with the plan as it came, under no name, and after
	// each rule that changed it.
	Trace func(rule string, n logical.Node)
}

// Rule is one rewrite.
type Rule struct {
	Name  string
	Apply func(*Context, logical.Node) logical.Node
}

// Context is what rules share during one run.
type Context struct {
	opt    *Options
	next   expr.ColumnID
	shared int
}

// Rules returns all rules in the order in which they run. A name may occur twice:
// a later rule can open the way for an earlier one.
func Rules() []Rule {
	return []Rule{
		{"FoldConstants", foldConstants},
		{"SimplifyPredicates", simplifyPredicates},
		{"MarkToSemi", markToSemi},
		{"InlineShared", inlineShared},
		{"MergeProjections", mergeProjections},
		{"PushFilters", pushFilters},
		{"UnnestDependentJoins", unnestDependentJoins},
		{"EliminateMaxOneRow", eliminateMaxOneRow},
		{"MergeProjections", mergeProjections},
		{"MarkToSemi", markToSemi},
		{"OuterToInner", outerToInner},
		{"PushFilters", pushFilters},
		{"InferPredicates", inferPredicates},
		{"PushFilters", pushFilters},
		{"FilterShared", filterShared},
		{"InferPredicates", inferPredicates},
		{"PushFilters", pushFilters},
		{"SimplifyPredicates", simplifyPredicates},
		{"DistinctToAggregate", distinctToAggregate},
		{"SplitDistinctAggregate", splitDistinctAggregate},
		{"EliminateSort", eliminateSort},
		{"PushLimit", pushLimit},
		{"PruneColumns", pruneColumns},
		{"InlineShared", inlineShared},
		{"MergeProjections", mergeProjections},
	}
}

// Rewrite runs the rules over n. The result has n's output columns. The error is
// a broken plan (XX000) and only arises with Verify.
func Rewrite(n logical.Node, opt Options) (logical.Node, error) {
	c := &Context{opt: &opt}
	c.next, c.shared = maxIDs(n)
	out := n.Columns()
	if opt.Verify {
		if err := Verify(n); err != nil {
			return nil, err.WithDetail("The plan came broken from the binder.")
		}
	}
	if opt.Trace != nil {
		opt.Trace("", n)
	}
	for _, r := range Rules() {
		if opt.Disabled[r.Name] {
			continue
		}
		m := r.Apply(c, n)
		if opt.Verify {
			err := Verify(m)
			if err == nil {
				err = sameSchema(out, m.Columns())
			}
			if err != nil {
				return nil, err.WithDetail("Rule %s broke the plan.", r.Name)
			}
		}
		if opt.Trace != nil && m != n {
			opt.Trace(r.Name, m)
		}
		n = m
	}
	return n, nil
}

// newID returns a column id that the statement does not use.
func (c *Context) newID() expr.ColumnID {
	c.next++
	return c.next
}

// newShared returns an id for a shared plan.
func (c *Context) newShared() int {
	c.shared++
	return c.shared
}

func (c *Context) equal(t sql.Type) *expr.Func {
	if c.opt.Funcs == nil {
		return nil
	}
	return c.opt.Funcs.Equal(t)
}

// maxIDs returns the highest column id and shared, recursive or work table id in n.
func maxIDs(n logical.Node) (col expr.ColumnID, shared int) {
	walk(n, func(n logical.Node) {
		for _, c := range n.Columns() {
			col = max(col, c.ID)
		}
		switch n := n.(type) {
		case *logical.Join:
			col = max(col, n.MarkCol.ID)
		case *logical.DependentJoin:
			col = max(col, n.MarkCol.ID)
		case *logical.Shared:
			for _, p := range n.Plans {
				shared = max(shared, p.ID)
			}
		case *logical.Recursive:
			shared = max(shared, n.ID)
		}
	})
	return col, shared
}

// walk calls f for n and its descendants, parents first.
func walk(n logical.Node, f func(logical.Node)) {
	f(n)
	for _, c := range n.Children() {
		walk(c, f)
	}
}

// rewrite rebuilds n bottom-up: f gets each node with its children rewritten.
func rewrite(n logical.Node, f func(logical.Node) logical.Node) logical.Node {
	return f(mapChildren(n, func(c logical.Node) logical.Node { return rewrite(c, f) }))
}

// mapChildren returns n with f applied to its children; n itself if none changed.
func mapChildren(n logical.Node, f func(logical.Node) logical.Node) logical.Node {
	old := n.Children()
	var kids []logical.Node
	for i, c := range old {
		m := f(c)
		if m != c && kids == nil {
			kids = append(make([]logical.Node, 0, len(old)), old[:i]...)
		}
		if kids != nil {
			kids = append(kids, m)
		}
	}
	if kids == nil {
		return n
	}
	return n.WithChildren(kids)
}

// colSet returns the ids of n's output columns.
func colSet(n logical.Node) expr.ColSet {
	var s expr.ColSet
	addOutput(&s, n)
	return s
}

// addOutput adds n's output columns without making the lists of the joins below.
func addOutput(s *expr.ColSet, n logical.Node) {
	switch n := n.(type) {
	case *logical.Filter:
		addOutput(s, n.Input)
	case *logical.Sort:
		addOutput(s, n.Input)
	case *logical.Limit:
		addOutput(s, n.Input)
	case *logical.Join:
		addOutput(s, n.Left)
		switch n.Kind {
		case logical.Semi, logical.Anti:
		case logical.Mark:
			s.Add(n.MarkCol.ID)
		default:
			addOutput(s, n.Right)
		}
	default:
		for _, c := range n.Columns() {
			s.Add(c.ID)
		}
	}
}

func setOf(cols []logical.Col) expr.ColSet {
	var s expr.ColSet
	for _, c := range cols {
		s.Add(c.ID)
	}
	return s
}

// colsOfAll returns the columns that the expressions refer to.
func colsOfAll(list []expr.Expr) expr.ColSet {
	var s expr.ColSet
	for _, e := range list {
		addCols(&s, e)
	}
	return s
}

func addCols(s *expr.ColSet, e expr.Expr) {
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Col); ok {
			s.Add(c.ID)
		}
		return true
	})
}

// withFilter puts conditions on n, joining a Filter that is there.
func withFilter(n logical.Node, conds []expr.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	if f, ok := n.(*logical.Filter); ok {
		return &logical.Filter{Input: f.Input, Conds: appendNew(f.Conds, conds)}
	}
	return &logical.Filter{Input: n, Conds: appendNew(nil, conds)}
}

// appendNew appends to list (copied) those of more that are not in it yet, splitting ANDs.
func appendNew(list, more []expr.Expr) []expr.Expr {
	out := append(make([]expr.Expr, 0, len(list)+len(more)), list...)
	for _, m := range more {
		for _, c := range expr.Conjuncts(m) {
			if volatileExpr(c) || !containsExpr(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}
