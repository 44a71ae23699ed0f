package bind

import (
	"fmt"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// lambdas are the functions over arrays with a lambda, as queries over the array $1
// with the lambda's body $2; its parameter is the column %[1]s.
var lambdas = map[string]string{
	"transform":  `CASE WHEN $1 IS NOT NULL THEN ARRAY(SELECT $2 FROM unnest($1) WITH ORDINALITY "sluice$a"(%[1]s, "sluice$n") ORDER BY "sluice$n") END`,
	"filter":     `CASE WHEN $1 IS NOT NULL THEN ARRAY(SELECT %[1]s FROM unnest($1) WITH ORDINALITY "sluice$a"(%[1]s, "sluice$n") WHERE $2 ORDER BY "sluice$n") END`,
	"any_match":  `CASE WHEN $1 IS NOT NULL THEN (SELECT ` + anyTrue + ` FROM unnest($1) "sluice$a"(%[1]s)) END`,
	"all_match":  `CASE WHEN $1 IS NOT NULL THEN (SELECT CASE WHEN count(*) FILTER (WHERE NOT ($2)) > 0 THEN false WHEN count(*) = count($2) THEN true END FROM unnest($1) "sluice$a"(%[1]s)) END`,
	"none_match": `CASE WHEN $1 IS NOT NULL THEN (SELECT NOT ` + anyTrue + ` FROM unnest($1) "sluice$a"(%[1]s)) END`,
}

const anyTrue = `CASE WHEN count(*) FILTER (WHERE $2) > 0 THEN true WHEN count(*) = count($2) THEN false END`

// lambdaCall binds a function with a lambda as its second argument; nil if it has none.
func (b *binder) lambdaCall(lv *level, e *parse.FuncCall) (expr.Expr, error) {
	name := e.Name.Parts[0]
	if len(e.Args) < 2 {
		return nil, nil
	}
	params, body := lambdaOf(e.Args[1])
	if params == nil {
		return nil, nil
	}
	text, ok := lambdas[name]
	if !ok || len(e.Args) != 2 || len(params) != 1 {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "function %s with a lambda is not supported", name).At(e.Pos()).
			WithHint("Use a subquery over unnest(array).")
	}
	array, err := b.operand(lv, e.Args[0])
	if err != nil {
		return nil, err
	}
	if b.env.Dialect == expr.Postgres {
		b.notice("\"->\" in %s() is taken for a lambda of Athena's dialect", name)
	}
	text = fmt.Sprintf(text, expr.QuoteIdent(params[0]))
	return b.write(lv, text, []formArg{{operand: array}, {body: body}}, e.Pos())
}

// lambdaOf takes "x -> body" apart; nil if e is none. The grammar reads -> as an
// operator, so that what binds less tightly stands above it on the left.
func lambdaOf(e parse.Expr) (params []string, body parse.Expr) {
	left := func(p *parse.Expr) (ok bool) {
		params, body = lambdaOf(*p)
		return params != nil
	}
	switch x := e.(type) {
	case *parse.OpExpr:
		if x.Left == nil {
			return nil, nil
		}
		if x.Op == "->" {
			if params := lambdaParams(x.Left); params != nil {
				return params, x.Right
			}
		}
		n := *x
		if left(&n.Left) {
			n.Left = body
			return params, &n
		}
	case *parse.BoolExpr:
		if x.Op != parse.OpNot && left(&x.Args[0]) {
			n := *x
			n.Args = append([]parse.Expr{body}, x.Args[1:]...)
			return params, &n
		}
	case *parse.TestExpr:
		if left(&x.Arg) {
			n := *x
			n.Arg = body
			return params, &n
		}
	case *parse.DistinctExpr:
		if left(&x.Left) {
			n := *x
			n.Left = body
			return params, &n
		}
	case *parse.InExpr:
		if left(&x.Left) {
			n := *x
			n.Left = body
			return params, &n
		}
	case *parse.BetweenExpr:
		if left(&x.Arg) {
			n := *x
			n.Arg = body
			return params, &n
		}
	case *parse.LikeExpr:
		if left(&x.Left) {
			n := *x
			n.Left = body
			return params, &n
		}
	}
	return nil, nil
}

func lambdaParams(e parse.Expr) []string {
	switch x := e.(type) {
	case *parse.ColumnRef:
		if len(x.Parts) == 1 && !x.Star {
			return x.Parts
		}
	case *parse.RowExpr:
		var out []string
		for _, f := range x.Fields {
			c, ok := f.(*parse.ColumnRef)
			if !ok || len(c.Parts) != 1 {
				return nil
			}
			out = append(out, c.Parts[0])
		}
		return out
	}
	return nil
}
