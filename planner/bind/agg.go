package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// aggMark remembers where the binding of an aggregate's arguments began.
type aggMark struct{}

// beginAgg and endAgg stand round the binding of an aggregate's arguments.
func (b *binder) beginAgg(lv *level) aggMark {
	lv.inAgg++
	return aggMark{}
}

func (b *binder) endAgg(lv *level) { lv.inAgg-- }

// aggLevel is the query level that an aggregate belongs to: the innermost one whose
// columns it takes, its own if it takes none.
func (b *binder) aggLevel(lv *level, list []expr.Expr) *level {
	var best *level
	for _, e := range list {
		for _, id := range expr.ColsOf(e).IDs() {
			if o := b.owner[id]; o != nil && isAncestor(o, lv) && (best == nil || o.depth > best.depth) {
				best = o
			}
		}
	}
	if best == nil {
		return lv
	}
	return best
}

func isAncestor(a, lv *level) bool {
	for l := lv; l != nil; l = l.parent {
		if l == a {
			return true
		}
	}
	return false
}

// aggregate registers an aggregate call with its level and returns its column.
func (b *binder) aggregate(lv *level, e *parse.FuncCall, f *callee, args []operand, _ aggMark) (expr.Expr, error) {
	name := e.Name.Parts[len(e.Name.Parts)-1]
	call := expr.AggCall{Fn: f.agg, Args: f.args, Distinct: e.Distinct, T: f.typ, Name: name, Pos: e.Pos()}
	if err := checkAggForm(e, f.agg, name); err != nil {
		return nil, err
	}
	if e.Star {
		call.Args = nil
	}
	var err error
	switch {
	case e.WithinGroup:
		call.Direct, call.Args = f.args[:len(e.Args)], f.args[len(e.Args):]
		for i, s := range e.OrderBy {
			k, err := b.sortKey(call.Args[i], s)
			if err != nil {
				return nil, err
			}
			call.OrderBy = append(call.OrderBy, k)
		}
	case len(e.OrderBy) > 0:
		lv.inAgg++
		call.OrderBy, err = b.sortKeys(lv, e.OrderBy)
		lv.inAgg--
		if err != nil {
			return nil, err
		}
	}
	if e.Distinct {
		for _, a := range call.Args {
			if err := b.checkEquality(a, e.Pos()); err != nil {
				return nil, err
			}
		}
		for i, k := range call.OrderBy {
			if !slices.ContainsFunc(call.Args, func(a expr.Expr) bool { return equal(a, k.Expr) }) {
				return nil, sql.Errorf(sql.CodeInvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").At(e.OrderBy[i].Pos())
			}
		}
	}
	if e.Filter != nil {
		lv.inAgg++
		err := lv.within(inFilter, func() (err error) {
			call.Filter, err = b.condition(lv, e.Filter, "FILTER")
			return err
		})
		lv.inAgg--
		if err != nil {
			return nil, err
		}
	}
	parts := aggParts(&call)
	at := b.aggLevel(lv, parts)
	if err := b.checkAggPlace(at, parts, e.Pos()); err != nil {
		return nil, err
	}
	at.hasAggs = true
	for i := range at.aggs {
		if sameAgg(&at.aggs[i], &call) && !volatileAny(parts) {
			return &expr.Col{ID: at.aggs[i].Out, T: call.T, Name: name, Coll: collationOfAll(call.Args)}, nil
		}
	}
	call.Out = b.newID(at)
	at.aggIDs.Add(call.Out)
	at.aggs = append(at.aggs, call)
	ref := &expr.Col{ID: call.Out, T: call.T, Name: name}
	if call.T.IsString() {
		ref.Coll = collationOfAll(call.Args)
	}
	b.colPos[ref] = e.Pos()
	return ref, nil
}

func checkAggForm(e *parse.FuncCall, a *expr.Agg, name string) error {
	switch {
	case e.WithinGroup && !a.OrderedSet && !a.Hypothetical:
		return sql.Errorf(sql.CodeWrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name).At(e.Pos())
	case !e.WithinGroup && (a.OrderedSet || a.Hypothetical):
		return sql.Errorf(sql.CodeWrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", name).At(e.Pos())
	case e.Distinct && e.Star:
		return sql.Errorf(sql.CodeSyntaxError, "DISTINCT specified with *").At(e.Pos())
	}
	return nil
}

// aggParts are all expressions of a call.
func aggParts(c *expr.AggCall) []expr.Expr {
	out := append(slices.Clone(c.Args), c.Direct...)
	if c.Filter != nil {
		out = append(out, c.Filter)
	}
	for _, k := range c.OrderBy {
		out = append(out, k.Expr)
	}
	return out
}

func sameAgg(a, b *expr.AggCall) bool {
	return a.Fn == b.Fn && a.Distinct == b.Distinct && equalLists(a.Args, b.Args) && equalLists(a.Direct, b.Direct) &&
		equal(a.Filter, b.Filter) && equalKeys(a.OrderBy, b.OrderBy)
}

func volatileAny(list []expr.Expr) bool {
	return slices.ContainsFunc(list, func(e expr.Expr) bool { return expr.VolatilityOf(e) == expr.Volatile })
}

// checkAggPlace refuses aggregates where their level's clause has none, and nested ones.
func (b *binder) checkAggPlace(at *level, parts []expr.Expr, pos int) error {
	for _, e := range parts {
		ids := expr.ColsOf(e)
		switch {
		case ids.Intersects(at.aggIDs):
			return sql.Errorf(sql.CodeGroupingError, "aggregate function calls cannot be nested").At(b.posOf(e, at.aggIDs, pos))
		case ids.Intersects(at.winIDs):
			return sql.Errorf(sql.CodeGroupingError, "aggregate function calls cannot contain window function calls").At(b.posOf(e, at.winIDs, pos))
		}
	}
	switch at.clause {
	case inWhere, inJoin, inFromFunction, inGroupBy, inLimit, inOffset, inValues, inFilter, inWindowRange, inWindowRows, inWindowGroups,
		inUpdate, inReturning, inCheck, inDefault:
		return sql.Errorf(sql.CodeGroupingError, "aggregate functions are not allowed in %s", clauseNames[at.clause]).At(pos)
	}
	return nil
}

// posOf finds the place of the first reference to one of the ids.
func (b *binder) posOf(e expr.Expr, ids expr.ColSet, fallback int) int {
	pos := 0
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Col); ok && pos == 0 && ids.Has(c.ID) {
			pos = b.colPos[c]
		}
		return pos == 0
	})
	if pos == 0 {
		return fallback
	}
	return pos
}
