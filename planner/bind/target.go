package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// target is an item of a select list; junk ones serve ORDER BY and DISTINCT ON only.
type target struct {
	name string
	expr expr.Expr
	pos  int
	junk bool
}

// targets binds a select list.
// maxTargets is PostgreSQL's limit.
const maxTargets = 1664

func (b *binder) targets(lv *level, list []parse.Target) ([]target, error) {
	var out []target
	for _, t := range list {
		if isStar(t.Expr) {
			cols, err := b.expand(lv, t.Expr)
			if err != nil {
				return nil, err
			}
			out = append(out, cols...)
			continue
		}
		o, err := b.operand(lv, t.Expr)
		if err != nil {
			return nil, err
		}
		name := t.As
		if name == "" {
			name = columnName(t.Expr)
		}
		out = append(out, target{name: name, expr: o.e, pos: o.pos})
	}
	if len(out) > maxTargets {
		return nil, sql.Errorf(sql.CodeTooManyColumns, "target lists can have at most %d entries", maxTargets)
	}
	return out, nil
}

func isStar(e parse.Expr) bool {
	switch x := e.(type) {
	case *parse.Star:
		return true
	case *parse.ColumnRef:
		return x.Star
	case *parse.Indirection:
		return x.Steps[len(x.Steps)-1].Star
	}
	return false
}

// expand binds one expression, or the columns that * or x.* stand for.
func (b *binder) expand(lv *level, e parse.Expr) ([]target, error) {
	var out []target
	add := func(it *nsItem, pos int) {
		for i := range it.cols {
			out = append(out, target{name: it.cols[i].name, expr: b.nsRef(&it.cols[i], pos), pos: pos})
		}
	}
	switch x := e.(type) {
	case *parse.Star:
		found := false
		for _, it := range lv.items {
			if it.colsVisible && !it.lateralOnly {
				found = true
				add(it, x.Pos())
			}
		}
		if !found {
			return nil, sql.Errorf(sql.CodeSyntaxError, "SELECT * with no tables specified is not valid").At(x.Pos())
		}
		return out, nil
	case *parse.ColumnRef:
		if !x.Star {
			break
		}
		rel := x.Parts
		if len(rel) == 3 {
			if err := b.checkDatabase(rel[0], x.Pos()); err != nil {
				return nil, err
			}
			rel = rel[1:]
		}
		it, err := b.findItem(lv, rel, x.Pos())
		if err != nil {
			return nil, err
		}
		if it == nil {
			return nil, b.missingItem(lv, rel, x.Pos())
		}
		add(it, x.Pos())
		return out, nil
	case *parse.Indirection:
		if !isStar(x) {
			break
		}
		arg := x.Arg
		if len(x.Steps) == 1 {
			o, err := b.operand(lv, arg)
			if err != nil {
				return nil, err
			}
			if row := rowOf(o.e); row != nil {
				if c, ok := arg.(*parse.ColumnRef); ok && len(c.Parts) == 1 {
					if it, err := b.findItem(lv, c.Parts, c.Pos()); it != nil && err == nil {
						add(it, x.Pos())
						return out, nil
					}
				}
				for i, f := range row.Fields {
					out = append(out, target{name: "f" + itoa(i+1), expr: f, pos: o.pos})
				}
				return out, nil
			}
		}
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "expansion of a record's fields is not supported").At(x.Pos())
	}
	o, err := b.operand(lv, e)
	if err != nil {
		return nil, err
	}
	return []target{{name: columnName(e), expr: o.e, pos: o.pos}}, nil
}

// columnName is the name of a result column without an alias: PostgreSQL's
// FigureColname.
func columnName(e parse.Expr) string {
	if n, _ := figureName(e); n != "" {
		return n
	}
	return "?column?"
}

// figureName returns the name and how good it is: 2 for a name, 1 for a type's.
func figureName(e parse.Expr) (string, int) {
	switch x := e.(type) {
	case *parse.ColumnRef:
		if !x.Star {
			return x.Parts[len(x.Parts)-1], 2
		}
	case *parse.Indirection:
		name := ""
		for _, s := range x.Steps {
			if s.Field != "" {
				name = s.Field
			}
		}
		if name != "" {
			return name, 2
		}
		return figureName(x.Arg)
	case *parse.FuncCall:
		return x.Name.Parts[len(x.Name.Parts)-1], 2
	case *parse.NullIfExpr:
		return "nullif", 2
	case *parse.CastExpr:
		if n, s := figureName(x.Arg); s > 1 {
			return n, s
		}
		if p := x.Type.Name.Parts; len(p) > 0 {
			return p[len(p)-1], 1
		}
	case *parse.CollateExpr:
		return figureName(x.Arg)
	case *parse.GroupingExpr:
		return "grouping", 2
	case *parse.SubLink:
		return figureSubLink(x)
	case *parse.CaseExpr:
		if x.Else != nil {
			if n, s := figureName(x.Else); s > 1 {
				return n, s
			}
		}
		return "case", 1
	case *parse.ArrayCtor:
		return "array", 2
	case *parse.RowExpr:
		return "row", 2
	case *parse.CoalesceExpr:
		return "coalesce", 2
	case *parse.MinMaxExpr:
		if x.Least {
			return "least", 2
		}
		return "greatest", 2
	case *parse.SQLValue:
		return x.Name, 2
	}
	return "", 0
}

func figureSubLink(x *parse.SubLink) (string, int) {
	switch x.Kind {
	case parse.SubExists:
		return "exists", 2
	case parse.SubArray:
		return "array", 2
	case parse.SubScalar:
		sel, ok := x.Query.(*parse.Select)
		if !ok {
			return "", 0
		}
		for sel.SetOp != parse.NoSetOp {
			sel = sel.Left
		}
		if sel.Values != nil {
			return "column1", 2
		}
		if len(sel.Targets) > 0 {
			t := sel.Targets[0]
			if t.As != "" {
				return t.As, 2
			}
			return figureName(t.Expr)
		}
	}
	return "", 0
}
