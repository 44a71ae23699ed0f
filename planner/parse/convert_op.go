package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/sql"
)

// aExpr converts an operator or what the grammar treats as one.
func (c *converter) aExpr(a *pg.A_Expr) (Expr, error) {
	p := c.pos(a.Location)
	schema, op := operator(a.Name)
	switch a.Kind {
	case pg.A_Expr_Kind_AEXPR_IN:
		return c.inExpr(a, p, op)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return c.between(a, p)
	case pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE, pg.A_Expr_Kind_AEXPR_SIMILAR:
		return c.like(a, p, op)
	}
	left, right, err := c.exprPair(a.Lexpr, a.Rexpr)
	if err != nil {
		return nil, err
	}
	switch a.Kind {
	case pg.A_Expr_Kind_AEXPR_OP:
		return &OpExpr{P: p, Schema: schema, Op: op, Left: left, Right: right}, nil
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return &AnyExpr{P: p, Schema: schema, Op: op, All: a.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL, Left: left, Right: right}, nil
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return &DistinctExpr{P: p, Not: a.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT, Left: left, Right: right}, nil
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return &NullIfExpr{P: p, Left: left, Right: right}, nil
	}
	return nil, sql.Errorf(sql.CodeInternal, "unexpected kind of operator expression: %v", a.Kind)
}

func (c *converter) inExpr(a *pg.A_Expr, p P, op string) (Expr, error) {
	left, err := c.expr(a.Lexpr)
	if err != nil {
		return nil, err
	}
	list, err := c.exprs(a.Rexpr.GetList().GetItems())
	return &InExpr{P: p, Not: op == "<>", Left: left, List: list}, err
}

func (c *converter) between(a *pg.A_Expr, p P) (Expr, error) {
	arg, err := c.expr(a.Lexpr)
	if err != nil {
		return nil, err
	}
	bounds := a.Rexpr.GetList().GetItems()
	low, high, err := c.exprPair(bounds[0], bounds[1])
	not := a.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || a.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM
	sym := a.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN_SYM || a.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM
	return &BetweenExpr{P: p, Not: not, Symmetric: sym, Arg: arg, Low: low, High: high}, err
}

// like converts the pattern operators; ESCAPE, and always SIMILAR TO, come with a
// call round the pattern.
func (c *converter) like(a *pg.A_Expr, p P, op string) (Expr, error) {
	out := &LikeExpr{P: p, Op: op, Similar: a.Kind == pg.A_Expr_Kind_AEXPR_SIMILAR}
	if op[0] == '!' {
		out.Not, out.Op = true, op[1:]
	}
	var err error
	if out.Left, err = c.expr(a.Lexpr); err != nil {
		return nil, err
	}
	pattern, escape := a.Rexpr, (*pg.Node)(nil)
	if f := pattern.GetFuncCall(); f != nil && len(f.Funcname) == 2 && f.Funcname[0].GetString_().GetSval() == "pg_catalog" {
		name := f.Funcname[1].GetString_().GetSval()
		// A call that was written has a place of its own before the pattern; these two
		// share the operator's place.
		if (name == "like_escape" || name == "similar_to_escape") && f.Location == a.Location {
			pattern = f.Args[0]
			if len(f.Args) > 1 {
				escape = f.Args[1]
			}
		}
	}
	out.Right, out.Escape, err = c.exprPair(pattern, escape)
	return out, err
}
