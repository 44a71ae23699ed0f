package parse

import (
	"fmt"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/sql"
)

func (c *converter) exprs(list []*pg.Node) ([]Expr, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]Expr, 0, len(list))
	for _, n := range list {
		e, err := c.expr(n)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// exprPair converts two expressions; either may be absent.
func (c *converter) exprPair(a, b *pg.Node) (x, y Expr, err error) {
	if x, err = c.expr(a); err != nil {
		return nil, nil, err
	}
	y, err = c.expr(b)
	return x, y, err
}

// expr converts an expression, nil to nil.
func (c *converter) expr(n *pg.Node) (Expr, error) {
	if n.GetNode() == nil {
		return nil, nil
	}
	switch n := n.Node.(type) {
	case *pg.Node_ColumnRef:
		return c.columnRef(n.ColumnRef)
	case *pg.Node_AConst:
		return c.literal(n.AConst), nil
	case *pg.Node_ParamRef:
		return c.param(n.ParamRef)
	case *pg.Node_AExpr:
		return c.aExpr(n.AExpr)
	case *pg.Node_BoolExpr:
		args, err := c.exprs(n.BoolExpr.Args)
		ops := map[pg.BoolExprType]BoolOp{pg.BoolExprType_AND_EXPR: OpAnd, pg.BoolExprType_OR_EXPR: OpOr, pg.BoolExprType_NOT_EXPR: OpNot}
		return &BoolExpr{P: c.pos(n.BoolExpr.Location), Op: ops[n.BoolExpr.Boolop], Args: args}, err
	case *pg.Node_NullTest:
		arg, err := c.expr(n.NullTest.Arg)
		kind := IsNull
		if n.NullTest.Nulltesttype == pg.NullTestType_IS_NOT_NULL {
			kind = IsNotNull
		}
		return &TestExpr{P: c.pos(n.NullTest.Location), Kind: kind, Arg: arg}, err
	case *pg.Node_BooleanTest:
		arg, err := c.expr(n.BooleanTest.Arg)
		kind := IsTrue + TestKind(n.BooleanTest.Booltesttype-pg.BoolTestType_IS_TRUE)
		return &TestExpr{P: c.pos(n.BooleanTest.Location), Kind: kind, Arg: arg}, err
	case *pg.Node_SubLink:
		return c.subLink(n.SubLink)
	case *pg.Node_FuncCall:
		return c.funcCall(n.FuncCall)
	case *pg.Node_CaseExpr:
		return c.caseExpr(n.CaseExpr)
	case *pg.Node_CoalesceExpr:
		args, err := c.exprs(n.CoalesceExpr.Args)
		return &CoalesceExpr{P: c.pos(n.CoalesceExpr.Location), Args: args}, err
	case *pg.Node_MinMaxExpr:
		args, err := c.exprs(n.MinMaxExpr.Args)
		return &MinMaxExpr{P: c.pos(n.MinMaxExpr.Location), Least: n.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST, Args: args}, err
	case *pg.Node_TypeCast:
		return c.typeCast(n.TypeCast)
	case *pg.Node_CollateClause:
		arg, err := c.expr(n.CollateClause.Arg)
		p := c.pos(n.CollateClause.Location)
		return &CollateExpr{P: p, Arg: arg, Name: Name{P: p, Parts: names(n.CollateClause.Collname)}}, err
	case *pg.Node_AArrayExpr:
		elems, err := c.exprs(n.AArrayExpr.Elements)
		return &ArrayCtor{P: c.pos(n.AArrayExpr.Location), Elems: elems}, err
	case *pg.Node_RowExpr:
		fields, err := c.exprs(n.RowExpr.Args)
		explicit := n.RowExpr.RowFormat == pg.CoercionForm_COERCE_EXPLICIT_CALL
		return &RowExpr{P: c.pos(n.RowExpr.Location), Explicit: explicit, Fields: fields}, err
	case *pg.Node_AIndirection:
		return c.indirection(n.AIndirection)
	case *pg.Node_SqlvalueFunction:
		return c.sqlValue(n.SqlvalueFunction), nil
	case *pg.Node_GroupingFunc:
		args, err := c.exprs(n.GroupingFunc.Args)
		return &GroupingExpr{P: c.pos(n.GroupingFunc.Location), Args: args}, err
	}
	return c.otherExpr(n)
}

// otherExpr refuses the expressions that Sluice does not have.
func (c *converter) otherExpr(n *pg.Node) (Expr, error) {
	switch n := n.Node.(type) {
	case *pg.Node_SetToDefault:
		return nil, sql.Errorf(sql.CodeSyntaxError, "DEFAULT is not allowed in this context").At(int(c.pos(n.SetToDefault.Location)))
	case *pg.Node_CurrentOfExpr:
		return nil, errUnsupported("WHERE CURRENT OF", 0)
	case *pg.Node_XmlExpr:
		return nil, errUnsupported("XML", c.pos(n.XmlExpr.Location))
	case *pg.Node_XmlSerialize:
		return nil, errUnsupported("XML", c.pos(n.XmlSerialize.Location))
	case *pg.Node_NamedArgExpr:
		return nil, sql.Errorf(sql.CodeSyntaxError, "a named argument stands outside of a function call").At(int(c.pos(n.NamedArgExpr.Location)))
	case *pg.Node_JsonIsPredicate:
		return nil, errUnsupported("IS JSON", c.pos(n.JsonIsPredicate.Location))
	case *pg.Node_JsonObjectConstructor:
		return nil, errUnsupported("JSON_OBJECT with keys and values", c.pos(n.JsonObjectConstructor.Location))
	case *pg.Node_JsonArrayConstructor:
		return nil, errUnsupported("JSON_ARRAY", c.pos(n.JsonArrayConstructor.Location))
	case *pg.Node_JsonFuncExpr:
		return nil, errUnsupported("the SQL/JSON query function", c.pos(n.JsonFuncExpr.Location))
	}
	return nil, errUnsupported(fmt.Sprintf("the syntax of %T", n.Node)[len("*pg_query.Node_"):], 0)
}

func (c *converter) columnRef(r *pg.ColumnRef) (Expr, error) {
	p := c.pos(r.Location)
	out := &ColumnRef{P: p}
	for _, f := range r.Fields {
		if f.GetAStar() != nil {
			out.Star = true
			continue
		}
		out.Parts = append(out.Parts, f.GetString_().GetSval())
	}
	if out.Star && len(out.Parts) == 0 {
		return &Star{p}, nil
	}
	return out, nil
}

func (c *converter) literal(a *pg.A_Const) *Literal {
	out := &Literal{P: c.pos(a.Location)}
	switch v := a.Val.(type) {
	case *pg.A_Const_Ival:
		out.Kind, out.Text = LitInt, strconv.Itoa(int(v.Ival.GetIval()))
	case *pg.A_Const_Fval:
		out.Kind, out.Text = LitNumber, strings.ReplaceAll(v.Fval.GetFval(), "_", "") // underscores part digits, as since PostgreSQL 16
	case *pg.A_Const_Boolval:
		out.Kind, out.Bool = LitBool, v.Boolval.GetBoolval()
	case *pg.A_Const_Sval:
		out.Kind, out.Text = LitString, v.Sval.GetSval()
	case *pg.A_Const_Bsval:
		out.Kind, out.Text = LitBits, v.Bsval.GetBsval()
	}
	return out
}

// maxParam is the highest number of a parameter that the protocol can carry.
const maxParam = 65535

func (c *converter) param(p *pg.ParamRef) (Expr, error) {
	out := &ParamRef{P: c.pos(p.Location), N: int(p.Number)}
	if out.N < 1 || out.N > maxParam {
		return nil, sql.Errorf(sql.CodeUndefinedParameter, "there is no parameter $%d", out.N).At(int(out.P))
	}
	c.params = max(c.params, out.N)
	return out, nil
}

var subKinds = map[pg.SubLinkType]SubKind{
	pg.SubLinkType_EXISTS_SUBLINK: SubExists, pg.SubLinkType_ALL_SUBLINK: SubAll,
	pg.SubLinkType_ANY_SUBLINK: SubAny, pg.SubLinkType_EXPR_SUBLINK: SubScalar,
	pg.SubLinkType_ARRAY_SUBLINK: SubArray,
}

func (c *converter) subLink(s *pg.SubLink) (Expr, error) {
	out := &SubLink{P: c.pos(s.Location), Kind: subKinds[s.SubLinkType]}
	_, out.Op = operator(s.OperName)
	if out.Op == "" {
		out.Op = "="
	}
	var err error
	if out.Test, err = c.expr(s.Testexpr); err != nil {
		return nil, err
	}
	out.Query, err = c.query(s.Subselect)
	return out, err
}

func (c *converter) funcCall(f *pg.FuncCall) (Expr, error) {
	p := c.pos(f.Location)
	out := &FuncCall{P: p, Name: Name{P: p, Parts: names(f.Funcname)}, Star: f.AggStar, Distinct: f.AggDistinct,
		Variadic: f.FuncVariadic, WithinGroup: f.AggWithinGroup, SQLSyntax: f.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX}
	for i, a := range f.Args {
		if named := a.GetNamedArgExpr(); named != nil {
			if out.ArgNames == nil {
				out.ArgNames = make([]string, len(f.Args))
			}
			out.ArgNames[i] = named.Name
			a = named.Arg
		} else if out.ArgNames != nil {
			return nil, sql.Errorf(sql.CodeSyntaxError, "positional argument cannot follow named argument").At(int(p))
		}
		e, err := c.expr(a)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
	}
	var err error
	if out.OrderBy, err = c.sortBy(f.AggOrder); err != nil {
		return nil, err
	}
	if out.Filter, err = c.expr(f.AggFilter); err != nil {
		return nil, err
	}
	if f.Over != nil {
		if out.Over, err = c.window(f.Over); err != nil {
			return nil, err
		}
	}
	return unmarked(out), nil
}

// unmarked takes the markers of other dialects' forms out of a call.
func unmarked(f *FuncCall) Expr {
	mark := func(e Expr, name string) bool {
		c, ok := e.(*ColumnRef)
		return ok && c.Parts[0] == name
	}
	if mark(f.Filter, markIgnore) {
		f.Filter, f.IgnoreNulls = nil, true
	}
	if len(f.OrderBy) == 1 && mark(f.OrderBy[0].Expr, markIgnore) {
		f.OrderBy, f.IgnoreNulls = nil, true
	}
	if len(f.Args) > 0 && mark(f.Args[0], markDistinct) {
		f.Args, f.Distinct = f.Args[1:], true
	}
	if f.Name.Parts[0] == markTry {
		cast := *f.Args[0].(*CastExpr)
		cast.Try, cast.P = true, f.P
		return &cast
	}
	return f
}

func (c *converter) caseExpr(e *pg.CaseExpr) (Expr, error) {
	out := &CaseExpr{P: c.pos(e.Location)}
	var err error
	if out.Arg, out.Else, err = c.exprPair(e.Arg, e.Defresult); err != nil {
		return nil, err
	}
	for _, n := range e.Args {
		w := n.GetCaseWhen()
		cond, then, err := c.exprPair(w.Expr, w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, CaseWhen{P: c.pos(w.Location), Cond: cond, Then: then})
	}
	return out, nil
}

func (c *converter) typeCast(t *pg.TypeCast) (Expr, error) {
	// TRUE and FALSE come as a cast that was not written.
	if a := t.Arg.GetAConst(); a != nil && t.Location < 0 {
		if _, ok := a.Val.(*pg.A_Const_Boolval); ok {
			return c.literal(a), nil
		}
	}
	arg, err := c.expr(t.Arg)
	if err != nil {
		return nil, err
	}
	typ, err := c.typeName(t.TypeName)
	return &CastExpr{P: c.pos(t.Location), Arg: arg, Type: typ}, err
}

func (c *converter) indirection(a *pg.A_Indirection) (Expr, error) {
	arg, err := c.expr(a.Arg)
	if err != nil {
		return nil, err
	}
	out := &Indirection{P: P(arg.Pos()), Arg: arg}
	for _, n := range a.Indirection {
		switch n := n.Node.(type) {
		case *pg.Node_String_:
			out.Steps = append(out.Steps, IndirectionStep{Field: n.String_.Sval})
		case *pg.Node_AStar:
			out.Steps = append(out.Steps, IndirectionStep{Star: true})
		case *pg.Node_AIndices:
			lower, upper, err := c.exprPair(n.AIndices.Lidx, n.AIndices.Uidx)
			if err != nil {
				return nil, err
			}
			out.Steps = append(out.Steps, IndirectionStep{Index: &Subscript{Slice: n.AIndices.IsSlice, Lower: lower, Upper: upper}})
		}
	}
	return out, nil
}

var sqlValueNames = map[pg.SQLValueFunctionOp]string{
	pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:        "current_date",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME:        "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:      "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP:   "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME:           "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:         "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:      "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:    "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:        "current_role",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:        "current_user",
	pg.SQLValueFunctionOp_SVFOP_USER:                "user",
	pg.SQLValueFunctionOp_SVFOP_SESSION_USER:        "session_user",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:     "current_catalog",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:      "current_schema",
}

func (c *converter) sqlValue(f *pg.SQLValueFunction) Expr {
	return &SQLValue{P: c.pos(f.Location), Name: sqlValueNames[f.Op], Prec: int(f.Typmod)}
}
