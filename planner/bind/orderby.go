package bind

import (
	"strconv"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// sortItem is an ORDER BY item: an index into the targets.
type sortItem struct {
	target           int
	desc, nullsFirst bool
	pos              int
}

// findTarget resolves an item of ORDER BY, GROUP BY or DISTINCT ON in the manner of
// SQL92: an output name, or an output column's number, else an expression, which is
// added as junk if no target equals it. In GROUP BY an input column's name comes
// before an output name.
func (b *binder) findTarget(lv *level, e parse.Expr, targets *[]target, what string) (int, error) {
	if c, ok := e.(*parse.ColumnRef); ok && len(c.Parts) == 1 && !c.Star {
		name := c.Parts[0]
		if lv.clause == inGroupBy {
			x, err := b.findColumn(lv, name, c.Pos(), true)
			if err != nil {
				return 0, err
			}
			if x != nil {
				name = ""
			}
		}
		found := -1
		for i, t := range *targets {
			if t.junk || name == "" || t.name != name {
				continue
			}
			if found >= 0 && !equal((*targets)[found].expr, t.expr) {
				return 0, sql.Errorf(sql.CodeAmbiguousColumn, "%s \"%s\" is ambiguous", what, name).At(c.Pos())
			}
			if found < 0 {
				found = i
			}
		}
		if found >= 0 {
			return found, nil
		}
	}
	if l, ok := e.(*parse.Literal); ok && l.Kind != parse.LitBool {
		if l.Kind != parse.LitInt {
			return 0, sql.Errorf(sql.CodeSyntaxError, "non-integer constant in %s", what).At(l.Pos())
		}
		n, err := strconv.Atoi(l.Text)
		if err == nil {
			k := 0
			for i, t := range *targets {
				if t.junk {
					continue
				}
				if k++; k == n {
					return i, nil
				}
			}
		}
		return 0, sql.Errorf(sql.CodeInvalidColumnReference, "%s position %s is not in select list", what, l.Text).At(l.Pos())
	}
	o, err := b.operand(lv, e)
	if err != nil {
		return 0, err
	}
	for i, t := range *targets {
		if equal(t.expr, o.e) {
			return i, nil
		}
	}
	*targets = append(*targets, target{expr: o.e, pos: o.pos, junk: true})
	return len(*targets) - 1, nil
}

// orderBy binds ORDER BY over the targets.
func (b *binder) orderBy(lv *level, list []parse.SortBy, targets *[]target) ([]sortItem, error) {
	var out []sortItem
	for _, s := range list {
		i, err := b.findTarget(lv, s.Expr, targets, "ORDER BY")
		if err != nil {
			return nil, err
		}
		t := &(*targets)[i]
		if t.expr, err = b.resolveUnknown(operand{t.expr, t.pos}); err != nil {
			return nil, err
		}
		k, err := b.sortKey(t.expr, s)
		if err != nil {
			return nil, err
		}
		dup := false
		for _, o := range out {
			dup = dup || o.target == i
		}
		if !dup {
			out = append(out, sortItem{i, k.Desc, k.NullsFirst, leftmost(s.Expr)})
		}
	}
	return out, nil
}

// sortKeys binds ORDER BY of an aggregate or a window: expressions only.
func (b *binder) sortKeys(lv *level, list []parse.SortBy) ([]expr.SortKey, error) {
	var out []expr.SortKey
	for _, s := range list {
		o, err := b.operand(lv, s.Expr)
		if err != nil {
			return nil, err
		}
		if o.e, err = b.resolveUnknown(o); err != nil {
			return nil, err
		}
		k, err := b.sortKey(o.e, s)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// sortKey applies direction and place of NULLs.
func (b *binder) sortKey(e expr.Expr, s parse.SortBy) (expr.SortKey, error) {
	k := expr.SortKey{Expr: e, Desc: s.Desc}
	if s.UsingOp != "" {
		switch s.UsingOp {
		case "<":
		case ">":
			k.Desc = true
		default:
			if _, err := b.operator("", s.UsingOp, operand{e, s.Pos()}, operand{e, s.Pos()}, s.Pos()); err != nil {
				return k, err
			}
			return k, sql.Errorf(sql.CodeWrongObjectType, "operator %s is not a valid ordering operator", s.UsingOp).At(s.Pos()).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.")
		}
	}
	switch s.Nulls {
	case parse.NullsDefault:
		k.NullsFirst = k.Desc && !b.semantics().nullsLast
	case parse.NullsFirst:
		k.NullsFirst = true
	}
	if !b.comparable(e, "<") {
		return k, sql.Errorf(sql.CodeUndefinedFunction, "could not identify an ordering operator for type %s", sql.FormatType(e.Type().OID, -1)).At(leftmost(s.Expr)).
			WithHint("Use an explicit ordering operator or modify the query.")
	}
	return k, nil
}

// comparable reports whether a type has the operator with itself.
func (b *binder) comparable(e expr.Expr, op string) bool {
	t := e.Type().OID
	if row := rowOf(e); row != nil {
		for _, f := range row.Fields {
			if !b.comparable(f, op) {
				return false
			}
		}
		return true
	}
	return b.reg.Resolve(b.reg.LookupOperator(op), []sql.OID{t, t}).Fn != nil
}

func (b *binder) checkEquality(e expr.Expr, pos int) error {
	if !b.comparable(e, "=") {
		return sql.Errorf(sql.CodeUndefinedFunction, "could not identify an equality operator for type %s", sql.FormatType(e.Type().OID, -1)).At(pos)
	}
	return nil
}

// limit binds LIMIT or OFFSET as a bigint without variables.
func (b *binder) limit(lv *level, e parse.Expr, where clause, what string) (out expr.Expr, err error) {
	if e == nil {
		return nil, nil
	}
	err = lv.within(where, func() error {
		o, err := b.operand(lv, e)
		if err != nil {
			return err
		}
		if out, err = b.coerce(o.e, sql.Int8, expr.CastAssignment, o.pos); err != nil {
			if sql.AsError(err).Code == sql.CodeCannotCoerce {
				return sql.Errorf(sql.CodeDatatypeMismatch, "argument of %s must be type bigint, not type %s", what, sql.FormatType(o.e.Type().OID, -1)).At(o.pos)
			}
			return err
		}
		for _, id := range expr.ColsOf(out).IDs() {
			if b.owner[id] == lv && lv.subs[id] == nil {
				return sql.Errorf(sql.CodeInvalidColumnReference, "argument of %s must not contain variables", what).At(b.posOf(out, expr.Cols(id), o.pos))
			}
		}
		if b.hasSubs(lv, []expr.Expr{out}) {
			return sql.Errorf(sql.CodeFeatureNotSupported, "subqueries in %s are not supported", what).At(o.pos)
		}
		return nil
	})
	return out, err
}
