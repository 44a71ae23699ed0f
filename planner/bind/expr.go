package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// operands binds a list of expressions.
func (b *binder) operands(lv *level, list []parse.Expr) ([]operand, error) {
	out := make([]operand, len(list))
	for i, e := range list {
		o, err := b.operand(lv, e)
		if err != nil {
			return nil, err
		}
		out[i] = o
	}
	return out, nil
}

// operand binds an expression and notes where it starts.
func (b *binder) operand(lv *level, e parse.Expr) (operand, error) {
	x, err := b.expr(lv, e)
	return operand{x, leftmost(e)}, err
}

// condition binds a boolean expression.
func (b *binder) condition(lv *level, e parse.Expr, what string) (expr.Expr, error) {
	o, err := b.operand(lv, e)
	if err != nil {
		return nil, err
	}
	return b.toBool(o, what)
}

var conditionNames = map[clause]string{inWhere: "WHERE", inJoin: "JOIN/ON", inHaving: "HAVING", inFilter: "FILTER"}

// conditions binds a condition of a clause as conjuncts.
func (b *binder) conditions(lv *level, e parse.Expr) ([]expr.Expr, error) {
	x, err := b.condition(lv, e, conditionNames[lv.clause])
	return expr.Conjuncts(x), err
}

// expr binds an expression; constants in quotes stay of type unknown.
func (b *binder) expr(lv *level, e parse.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *parse.ColumnRef:
		if e.Star {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "row expansion via \"*\" is not supported here").At(e.Pos())
		}
		return b.columnRef(lv, e)
	case *parse.Star:
		return nil, sql.Errorf(sql.CodeSyntaxError, "row expansion via \"*\" is not supported here").At(e.Pos())
	case *parse.Default:
		return nil, sql.Errorf(sql.CodeSyntaxError, "DEFAULT is not allowed in this context").At(e.Pos())
	case *parse.Literal:
		return b.literal(e)
	case *parse.ParamRef:
		if b.form != nil {
			return b.formArg(lv, e.N)
		}
		return b.param(e), nil
	case *parse.OpExpr:
		return b.opExpr(lv, e)
	case *parse.BoolExpr:
		return b.boolExpr(lv, e)
	case *parse.TestExpr:
		return b.testExpr(lv, e)
	case *parse.DistinctExpr:
		return b.distinctExpr(lv, e)
	case *parse.InExpr:
		return b.inExpr(lv, e)
	case *parse.BetweenExpr:
		return b.between(lv, e)
	case *parse.LikeExpr:
		return b.like(lv, e)
	case *parse.AnyExpr:
		return b.anyExpr(lv, e)
	case *parse.SubLink:
		return b.subLink(lv, e)
	case *parse.FuncCall:
		return b.funcCall(lv, e)
	case *parse.CaseExpr:
		return b.caseExpr(lv, e)
	case *parse.CoalesceExpr:
		return b.coalesce(lv, e)
	case *parse.MinMaxExpr:
		return b.minMax(lv, e)
	case *parse.NullIfExpr:
		return b.nullIf(lv, e)
	case *parse.CastExpr:
		if e.Try {
			return b.tryCast(lv, e)
		}
		return b.cast(lv, e)
	case *parse.CollateExpr:
		return b.collate(lv, e)
	case *parse.ArrayCtor:
		return b.array(lv, e, sql.Type{})
	case *parse.RowExpr:
		return b.row(lv, e)
	case *parse.Indirection:
		return b.indirection(lv, e)
	case *parse.SQLValue:
		return b.sqlValue(e)
	case *parse.GroupingExpr:
		return b.groupingExpr(lv, e)
	}
	return nil, sql.Errorf(sql.CodeFeatureNotSupported, "this form of expression is not supported: %T", e).At(e.Pos())
}

// boolExpr binds AND, OR, NOT. An operand is evaluated only where those before it
// leave the result open.
func (b *binder) boolExpr(lv *level, e *parse.BoolExpr) (expr.Expr, error) {
	what := [...]string{parse.OpAnd: "AND", parse.OpOr: "OR", parse.OpNot: "NOT"}[e.Op]
	args := make([]expr.Expr, 0, len(e.Args))
	guards := len(lv.guards)
	// The conjuncts of a condition are applied in turn as they are.
	top := e.Op == parse.OpAnd && guards == 0 && (lv.clause == inWhere || lv.clause == inHaving || lv.clause == inJoin)
	for _, a := range e.Args {
		x, err := b.condition(lv, a, what)
		if err != nil {
			return nil, err
		}
		if e.Op != parse.OpNot && !top {
			test := expr.TestNotFalse
			if e.Op == parse.OpOr {
				test = expr.TestNotTrue
			}
			lv.guards = append(lv.guards[:len(lv.guards):len(lv.guards)], &expr.IsNull{Arg: x, Test: test})
		}
		args = append(args, x)
	}
	lv.guards = lv.guards[:guards]
	switch e.Op {
	case parse.OpNot:
		return &expr.Not{Arg: args[0]}, nil
	case parse.OpOr:
		return &expr.Logic{Op: expr.Or, Args: args}, nil
	}
	return &expr.Logic{Op: expr.And, Args: args}, nil
}

var testNames = [...]string{parse.IsTrue: "IS TRUE", parse.IsNotTrue: "IS NOT TRUE", parse.IsFalse: "IS FALSE",
	parse.IsNotFalse: "IS NOT FALSE", parse.IsUnknown: "IS UNKNOWN", parse.IsNotUnknown: "IS NOT UNKNOWN"}

func (b *binder) testExpr(lv *level, e *parse.TestExpr) (expr.Expr, error) {
	test := expr.NullTest(e.Kind)
	if e.Kind != parse.IsNull && e.Kind != parse.IsNotNull {
		x, err := b.condition(lv, e.Arg, testNames[e.Kind])
		return &expr.IsNull{Arg: x, Test: test}, err
	}
	o, err := b.operand(lv, e.Arg)
	if err != nil {
		return nil, err
	}
	// A row is NULL if all its fields are, NOT NULL if none is.
	if row, ok := o.e.(*expr.RowExpr); ok {
		if len(row.Fields) == 0 {
			return &expr.Const{V: sql.BoolValue(true)}, nil
		}
		var list []expr.Expr
		for _, f := range row.Fields {
			list = append(list, &expr.IsNull{Arg: f, Test: test})
		}
		return expr.AndOf(list), nil
	}
	// A parameter's type stays open, as in PostgreSQL.
	if _, ok := o.e.(*expr.Param); ok {
		return &expr.IsNull{Arg: o.e, Test: test}, nil
	}
	x, err := b.resolveUnknown(o)
	return &expr.IsNull{Arg: x, Test: test}, err
}

// resolveUnknown makes an untyped literal or parameter text.
func (b *binder) resolveUnknown(o operand) (expr.Expr, error) {
	if isUnknown(o.e) {
		return b.coerce(o.e, sql.Text, expr.CastImplicit, o.pos)
	}
	return o.e, nil
}

func (b *binder) cast(lv *level, e *parse.CastExpr) (expr.Expr, error) {
	t, err := b.typeName(&e.Type)
	if err != nil {
		return nil, err
	}
	// Elements of a constructor are cast one by one: ARRAY[]::int[] has no other type.
	if a, ok := e.Arg.(*parse.ArrayCtor); ok && t.IsArray() {
		x, err := b.array(lv, a, t)
		if err != nil {
			return nil, err
		}
		return b.coerce(x, t, expr.CastExplicit, leftmost(e))
	}
	o, err := b.operand(lv, e.Arg)
	if err != nil {
		return nil, err
	}
	pos := e.Pos()
	if isUnknown(o.e) {
		pos = o.pos
	}
	if pos == 0 || e.Type.Pos() > 0 && !isUnknown(o.e) && e.Pos() == 0 {
		pos = o.pos
	}
	if b.semantics().floatToInt {
		if o.e, err = b.awayFromZero(lv, o.e, t, pos); err != nil {
			return nil, err
		}
	}
	return b.convertType(o.e, t, expr.CastExplicit, pos)
}

func (b *binder) collate(lv *level, e *parse.CollateExpr) (expr.Expr, error) {
	o, err := b.operand(lv, e.Arg)
	if err != nil {
		return nil, err
	}
	x, err := b.resolveUnknown(o)
	if err != nil {
		return nil, err
	}
	if info := sql.LookupType(x.Type().OID); info == nil || info.Collation == 0 {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "collations are not supported by type %s", sql.FormatType(x.Type().OID, -1)).At(e.Pos())
	}
	parts := e.Name.Parts
	name := parts[len(parts)-1]
	coll := expr.CollC
	switch {
	case len(parts) > 1 && parts[0] != "pg_catalog":
		name = ""
	case name == "default":
		coll = expr.CollDefault
	case name == "C", name == "POSIX", name == "ucs_basic":
	default:
		name = ""
	}
	if name == "" {
		return nil, sql.Errorf(sql.CodeUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", parts[len(parts)-1]).At(e.Pos())
	}
	return withCollation(x, coll), nil
}

// withCollation marks an expression; both collations order bytewise, so that nodes
// without the field need none.
func withCollation(e expr.Expr, coll expr.Collation) expr.Expr {
	switch x := e.(type) {
	case *expr.Col:
		n := *x
		n.Coll = coll
		return &n
	case *expr.Call:
		n := *x
		n.Coll = coll
		return &n
	case *expr.Case:
		n := *x
		n.Coll = coll
		return &n
	case *expr.Coalesce:
		n := *x
		n.Coll = coll
		return &n
	}
	return e
}

// leftmost is PostgreSQL's exprLocation: where an expression's text starts, as far
// as its nodes tell.
func leftmost(e parse.Expr) int {
	min := func(pos int, list ...parse.Expr) int {
		for _, x := range list {
			if x == nil {
				continue
			}
			if p := leftmost(x); p > 0 && (p < pos || pos == 0) {
				pos = p
			}
		}
		return pos
	}
	switch x := e.(type) {
	case *parse.OpExpr:
		return min(x.Pos(), x.Left)
	case *parse.BoolExpr:
		if x.Op == parse.OpNot {
			return x.Pos()
		}
		return min(x.Pos(), x.Args[0])
	case *parse.TestExpr:
		return min(x.Pos(), x.Arg)
	case *parse.DistinctExpr:
		return min(x.Pos(), x.Left)
	case *parse.NullIfExpr:
		return min(x.Pos(), x.Left)
	case *parse.InExpr:
		return min(x.Pos(), x.Left)
	case *parse.BetweenExpr:
		return min(x.Pos(), x.Arg)
	case *parse.LikeExpr:
		return min(x.Pos(), x.Left)
	case *parse.AnyExpr:
		return min(x.Pos(), x.Left)
	case *parse.SubLink:
		return min(x.Pos(), x.Test)
	case *parse.CollateExpr:
		return min(x.Pos(), x.Arg)
	case *parse.CastExpr:
		return min(min(x.Pos(), x.Arg), nil)
	case *parse.FuncCall:
		return min(x.Pos(), x.Args...)
	}
	if e == nil {
		return 0
	}
	return e.Pos()
}
