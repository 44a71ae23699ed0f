package place

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

// Options are the services and settings of one planning run.
type Options struct {
	Stats  Statistics // nil: defaults only
	Prices *Prices    // nil: DefaultPrices
	// Widen casts e to type t without loss (smallint to bigint and the like), for join
	// keys of two types; nil result: no such cast. May be nil.
	Widen func(e expr.Expr, t sql.Type) expr.Expr
	// Eval computes an expression without columns (LIMIT); nil: constants only.
	Eval func(expr.Expr) (sql.Value, error)
	// NoRuntimeFilters leaves out runtime filters, NoReorder keeps joins as written.
	NoRuntimeFilters, NoReorder bool
}

// Plan makes the physical plan of n, which rule.Rewrite has been over. The output
// columns of the plan are n's, in order.
func Plan(ctx context.Context, n logical.Node, opt Options) (*physical.Plan, error) {
	if opt.Prices == nil {
		opt.Prices = &DefaultPrices
	}
	b := &builder{ctx: ctx, opt: &opt, stats: map[expr.ColumnID]colStat{}, shared: map[int]*rel{}, work: map[int]float64{}, tableRows: map[physical.Node]float64{}, made: map[physical.Node]*rel{}}
	b.next = maxColumn(n)
	out := n.Columns()
	r, err := b.build(n, setOf(out))
	if err != nil {
		return nil, err
	}
	r = b.shape(r, out)
	p := &physical.Plan{Root: r.node, Output: out, Ordered: ordered(n)}
	if !opt.NoRuntimeFilters {
		p.Filters = b.runtimeFilters(p.Root)
		b.reuseScans(p.Root)
	}
	p.Number()
	b.price(p)
	return p, nil
}

// rel is a physical sub-plan with what the planner knows of it.
type rel struct {
	node physical.Node
	rows float64
	// work is the estimated processor time of the sub-plan, in ns.
	work float64
	// uniq lists column sets of which no two rows have equal values, by construction.
	uniq []expr.ColSet
}

func (r *rel) cols() []logical.Col { return r.node.Columns() }

// uniqueWithin reports whether the columns determine at most one row.
func (r *rel) uniqueWithin(cols expr.ColSet) bool {
	for _, u := range r.uniq {
		if u.SubsetOf(cols) {
			return true
		}
	}
	return false
}

// builder converts one plan.
type builder struct {
	ctx    context.Context
	opt    *Options
	next   expr.ColumnID
	stats  map[expr.ColumnID]colStat
	shared map[int]*rel    // shared plans built so far
	work   map[int]float64 // rows of work tables by id
	// tableRows are the rows of scanned tables before their filters.
	tableRows map[physical.Node]float64
	made      map[physical.Node]*rel
}

func (b *builder) newCol(t sql.Type, name string, coll expr.Collation) logical.Col {
	b.next++
	return logical.Col{ID: b.next, T: t, Name: name, Coll: coll}
}

func maxColumn(n logical.Node) expr.ColumnID {
	var m expr.ColumnID
	var walk func(logical.Node)
	walk = func(n logical.Node) {
		for _, c := range n.Columns() {
			m = max(m, c.ID)
		}
		switch n := n.(type) {
		case *logical.Join:
			m = max(m, n.MarkCol.ID)
		case *logical.DependentJoin:
			m = max(m, n.MarkCol.ID)
		}
		for _, c := range n.Children() {
			walk(c)
		}
	}
	walk(n)
	return m
}

// ordered reports whether the order of n's rows was asked for.
func ordered(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Sort:
		return true
	case *logical.Project:
		return ordered(n.Input)
	case *logical.Limit:
		return ordered(n.Input)
	case *logical.ProjectSet:
		return ordered(n.Input)
	case *logical.Shared:
		return ordered(n.Input)
	case *logical.Distinct:
		return n.On != nil
	}
	return false
}

func setOf(cols []logical.Col) expr.ColSet {
	var s expr.ColSet
	for _, c := range cols {
		s.Add(c.ID)
	}
	return s
}

func colsOfAll(list []expr.Expr) expr.ColSet {
	var s expr.ColSet
	for _, e := range list {
		s = s.Union(expr.ColsOf(e))
	}
	return s
}

// keep returns the columns that are in need, in order.
func keep(cols []logical.Col, need expr.ColSet) []logical.Col {
	out := make([]logical.Col, 0, len(cols))
	for _, c := range cols {
		if need.Has(c.ID) {
			out = append(out, c)
		}
	}
	return out
}

// shape returns r with exactly the columns cols in order.
func (b *builder) shape(r *rel, cols []logical.Col) *rel {
	have := r.cols()
	same := len(have) == len(cols)
	for i := 0; same && i < len(cols); i++ {
		same = have[i].ID == cols[i].ID
	}
	if same {
		return r
	}
	exprs := make([]expr.Expr, len(cols))
	for i, c := range cols {
		exprs[i] = c.Ref()
	}
	return b.project(r, cols, exprs)
}

// project computes exprs under cols over r, merging with a projection below if
// that only passes columns on.
func (b *builder) project(r *rel, cols []logical.Col, exprs []expr.Expr) *rel {
	p := &physical.Project{Base: physical.Base{Cols: cols}, Input: r.node, Exprs: exprs}
	out := b.note(&rel{node: p, rows: r.rows, work: r.work, uniq: r.uniq})
	renamed := map[expr.ColumnID]expr.ColumnID{}
	for i, e := range exprs {
		if c, ok := e.(*expr.Col); ok {
			if c.ID != cols[i].ID {
				b.stats[cols[i].ID] = b.stat(c.ID)
				renamed[c.ID] = cols[i].ID
			}
			continue
		}
		if _, ok := b.stats[cols[i].ID]; !ok {
			b.stats[cols[i].ID] = b.exprStat(e, r.rows)
		}
		out.work += r.rows * 3
	}
	if len(renamed) > 0 {
		out.uniq = nil
		for _, u := range r.uniq {
			var s expr.ColSet
			for _, id := range u.IDs() {
				if n, ok := renamed[id]; ok {
					id = n
				}
				s.Add(id)
			}
			out.uniq = append(out.uniq, s)
		}
	}
	return out
}

// exprStat guesses statistics of a computed column.
func (b *builder) exprStat(e expr.Expr, rows float64) colStat {
	s := colStat{distinct: max(rows/10, 1), width: typeWidth(e.Type())}
	cols := expr.ColsOf(e).IDs()
	if len(cols) == 1 {
		s.distinct = min(s.distinct, b.distinct(cols[0]))
		// extract(year ...) and the like have few values; they are the common group keys.
		if c, ok := e.(*expr.Call); ok {
			switch c.Fn.Name {
			case "extract", "date_part":
				s.distinct = min(s.distinct, 30)
			case "substring", "substr", "left", "upper", "lower":
				s.distinct = min(s.distinct, max(rows/100, 30))
			}
		}
	} else if len(cols) == 0 {
		s.distinct = 1
	}
	return s
}

// addColumns computes the expressions that are not columns of r yet and returns
// the columns that hold them all.
func (b *builder) addColumns(r *rel, list []expr.Expr) (*rel, []logical.Col) {
	out := make([]logical.Col, len(list))
	var newCols []logical.Col
	var newExprs []expr.Expr
	have := r.cols()
	for i, e := range list {
		if c, ok := e.(*expr.Col); ok {
			if out[i], ok = colOf(c, have); ok {
				continue
			}
			// A column of an outer query (below Apply): a value to be computed here.
		}
		found := false
		for k, x := range newExprs {
			if rule.Equal(x, e) {
				out[i], found = newCols[k], true
				break
			}
		}
		if !found {
			out[i] = b.newCol(e.Type(), "", expr.CollDefault)
			newCols, newExprs = append(newCols, out[i]), append(newExprs, e)
		}
	}
	if len(newCols) == 0 {
		return r, out
	}
	cols := append([]logical.Col(nil), have...)
	exprs := make([]expr.Expr, len(cols), len(cols)+len(newCols))
	for i, c := range cols {
		exprs[i] = c.Ref()
	}
	return b.project(r, append(cols, newCols...), append(exprs, newExprs...)), out
}

// colOf finds the column that c refers to.
func colOf(c *expr.Col, have []logical.Col) (logical.Col, bool) {
	for _, h := range have {
		if h.ID == c.ID {
			return h, true
		}
	}
	return logical.Col{}, false
}
