package bind

import (
	"slices"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// callee is a resolved call: one of fn, agg, win is set, or cast is the result of a
// call that means a cast.
type callee struct {
	fn   *expr.Func
	agg  *expr.Agg
	win  *expr.WindowFn
	cast expr.Expr
	args []expr.Expr
	typ  sql.Type
}

type callOptions struct {
	pos      int
	star     bool
	variadic bool
	noSRF    bool
}

// maxArguments is PostgreSQL's limit.
const maxArguments = 100

// function resolves a call among functions, aggregates and window functions, which
// share one name space.
func (b *binder) function(name []string, args []operand, o callOptions) (*callee, error) {
	if len(args) > maxArguments {
		return nil, sql.Errorf(sql.CodeTooManyArguments, "cannot pass more than %d arguments to a function", maxArguments).At(o.pos)
	}
	short := name[len(name)-1]
	schemaOK := len(name) == 1 || name[len(name)-2] == "pg_catalog"
	if len(name) == 2 && !schemaOK {
		if ok, err := b.opts.Catalog.HasSchema(b.ctx, name[0]); err != nil {
			return nil, err
		} else if !ok {
			return nil, sql.Errorf(sql.CodeInvalidSchemaName, "schema \"%s\" does not exist", name[0]).At(o.pos)
		}
	}
	var cands, lacking []*expr.Func
	aggs := map[*expr.Func]*expr.Agg{}
	wins := map[*expr.Func]*expr.WindowFn{}
	if schemaOK {
		cands = append(cands, b.reg.LookupFunc(short)...)
		for _, a := range b.reg.LookupAgg(short) {
			if o.star != (len(a.Args) == 0) && len(args) == 0 {
				continue
			}
			f := &expr.Func{Name: short, OID: a.OID, Args: a.Args, Variadic: a.Variadic, Ret: a.Ret, RetType: a.RetType}
			aggs[f] = a
			cands = append(cands, f)
		}
		for _, w := range b.reg.LookupWindow(short) {
			f := &expr.Func{Name: short, OID: w.OID, Args: w.Args, Ret: w.Ret, RetType: w.RetType}
			wins[f] = w
			cands = append(cands, f)
		}
		if !o.star {
			lacking = b.reg.LackingFunc(short)
			cands = append(cands, lacking...)
		}
	}
	res := b.resolveCall(cands, args, o)
	lacks := slices.Contains(lacking, res.Fn)
	if res.Fn == nil || lacks || len(args) == 1 && res.Args[0] != args[0].e.Type().OID {
		if c, err := b.castByName(short, schemaOK, args, o); c != nil || err != nil {
			return c, err
		}
	}
	if res.Fn == nil || lacks {
		if short == "count" && len(args) == 0 && !o.star {
			return nil, sql.Errorf(sql.CodeWrongObjectType, "count(*) must be used to call a parameterless aggregate function").At(o.pos)
		}
		if lacks || schemaOK && b.reg.Foreign(short) {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "function %s is not supported", callSignature(name, args, o)).At(o.pos)
		}
		return nil, b.functionError(name, args, res, o)
	}
	if res.Open {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "could not determine polymorphic type because input has type unknown").At(o.pos)
	}
	list, err := b.arguments(res, args)
	if err != nil {
		return nil, err
	}
	if err := b.rowsAsJSON(short, list, o.pos); err != nil {
		return nil, err
	}
	out := &callee{args: list, typ: resultType(res, list), agg: aggs[res.Fn], win: wins[res.Fn]}
	if out.agg == nil && out.win == nil {
		out.fn = res.Fn
	}
	return out, nil
}

// resolveCall picks the overload; VARIADIC passes an array as it is.
func (b *binder) resolveCall(cands []*expr.Func, args []operand, o callOptions) expr.Resolution {
	if !o.variadic {
		return b.reg.Resolve(cands, typesOf(args))
	}
	var plain []*expr.Func
	back := map[*expr.Func]*expr.Func{}
	for _, f := range cands {
		if f.Variadic && len(f.Args) == len(args) && f.Args[len(f.Args)-1] != sql.OIDAny {
			c := *f
			c.Variadic = false
			plain = append(plain, &c)
			back[&c] = f
		}
	}
	res := b.reg.Resolve(plain, typesOf(args))
	if res.Fn != nil {
		res.Fn = back[res.Fn]
	}
	return res
}

// castByName reads f(x) as a cast where f is a type and no function takes x as it is.
func (b *binder) castByName(name string, schemaOK bool, args []operand, o callOptions) (*callee, error) {
	info := sql.LookupTypeName(name)
	if info == nil || len(args) != 1 || !schemaOK || o.star || o.variadic || info.Kind == 'p' {
		return nil, nil
	}
	from := args[0].e.Type().OID
	if from != sql.OIDUnknown && from != info.OID {
		fn := b.reg.LookupCast(from, info.OID)
		if fn == nil {
			return nil, nil
		}
	}
	x, err := b.convertType(args[0].e, sql.T(info.OID), expr.CastExplicit, args[0].pos)
	if err != nil {
		return nil, err
	}
	return &callee{cast: x, typ: x.Type()}, nil
}

// callSignature is a call as errors name it.
func callSignature(name []string, args []operand, o callOptions) string {
	types := make([]string, len(args))
	for i, a := range args {
		types[i] = sql.FormatType(a.e.Type().OID, -1)
	}
	if o.star {
		types = nil
	}
	return strings.Join(name, ".") + "(" + strings.Join(types, ", ") + ")"
}

func (b *binder) functionError(name []string, args []operand, res expr.Resolution, o callOptions) error {
	sig := callSignature(name, args, o)
	if res.Ambiguous {
		return sql.Errorf(sql.CodeAmbiguousFunction, "function %s is not unique", sig).At(o.pos).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	return sql.Errorf(sql.CodeUndefinedFunction, "function %s does not exist", sig).At(o.pos).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// plainCall makes a call that can only be a plain function.
func (b *binder) plainCall(f *callee, pos int) (expr.Expr, error) {
	switch {
	case f.cast != nil:
		return f.cast, nil
	case f.fn == nil || f.fn.Kind == expr.KindSet:
		return nil, sql.Errorf(sql.CodeInternal, "a plain function is expected").At(pos)
	}
	return &expr.Call{Fn: f.fn, Args: f.args, T: f.typ, Coll: collationOfAll(f.args), Pos: pos}, nil
}

// funcCall binds a call of any kind.
func (b *binder) funcCall(lv *level, e *parse.FuncCall) (expr.Expr, error) {
	if e.ArgNames != nil {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "named arguments are not supported").At(e.Pos())
	}
	if x, err := b.foreignCall(lv, e); x != nil || err != nil {
		return x, err
	}
	short := e.Name.Parts[len(e.Name.Parts)-1]
	isAgg := len(b.reg.LookupAgg(short)) > 0 && e.Over == nil
	var args []operand
	var mark aggMark
	bindArgs := func() (err error) {
		args, err = b.operands(lv, withDatePart(b.reg, e))
		return err
	}
	var err error
	if isAgg {
		mark = b.beginAgg(lv)
		err = bindArgs()
		b.endAgg(lv)
	} else {
		err = bindArgs()
	}
	if err != nil {
		return nil, err
	}
	if e.WithinGroup {
		for _, s := range e.OrderBy {
			o, err := b.operand(lv, s.Expr)
			if err != nil {
				return nil, err
			}
			args = append(args, o)
		}
	}
	if f := b.formOf(e.Name.Parts, len(args), true); f != nil && !isAgg && plainOnly(e) == nil {
		return b.write(lv, f.Text, formArgs(args), e.Pos())
	}
	f, err := b.function(e.Name.Parts, args, callOptions{pos: e.Pos(), star: e.Star, variadic: e.Variadic})
	if err != nil {
		if x, ferr := b.formFor(lv, e, args, err); x != nil || ferr != nil {
			return x, ferr
		}
		return nil, err
	}
	if e.Over != nil {
		x, err := b.windowCall(lv, e, f)
		return b.average(lv, f, x, err)
	}
	if e.IgnoreNulls {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "IGNORE NULLS specified, but %s is not a window function call", short).At(e.Pos())
	}
	if f.agg != nil {
		x, err := b.aggregate(lv, e, f, args, mark)
		return b.average(lv, f, x, err)
	}
	if f.win != nil {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "window function %s requires an OVER clause", short).At(e.Pos())
	}
	if err := plainOnly(e); err != nil {
		return nil, err
	}
	if f.fn != nil && f.fn.Kind == expr.KindSet {
		return b.setCall(lv, e, f)
	}
	x, err := b.plainCall(f, e.Pos())
	if err == nil && short == "extract" {
		return b.extracted(lv, e, args, x)
	}
	return x, err
}

// plainOnly refuses what only aggregates may have.
func plainOnly(e *parse.FuncCall) error {
	name := strings.Join(e.Name.Parts, ".")
	what := ""
	switch {
	case e.Star:
		return sql.Errorf(sql.CodeWrongObjectType, "%s(*) specified, but %s is not an aggregate function", name, name).At(e.Pos())
	case e.Distinct:
		what = "DISTINCT specified, but %s is not an aggregate function"
	case e.WithinGroup:
		what = "WITHIN GROUP specified, but %s is not an aggregate function"
	case len(e.OrderBy) > 0:
		what = "ORDER BY specified, but %s is not an aggregate function"
	case e.Filter != nil:
		what = "FILTER specified, but %s is not an aggregate function"
	default:
		return nil
	}
	return sql.Errorf(sql.CodeWrongObjectType, what, name).At(e.Pos())
}

// pendingSet is a set-returning call of a select list; it stands in expressions as
// a column.
type pendingSet struct {
	call logical.SetCall
}

// setCall binds a set-returning function outside of FROM.
func (b *binder) setCall(lv *level, e *parse.FuncCall, f *callee) (expr.Expr, error) {
	switch lv.clause {
	case inSelect, inOrderBy, inGroupBy, inDistinctOn:
	default:
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "set-returning functions are not allowed in %s", clauseNames[lv.clause]).At(e.Pos())
	}
	if lv.noSets != "" {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "set-returning functions are not allowed in %s", lv.noSets).At(e.Pos()).
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
	}
	if lv.inAgg > 0 {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").At(e.Pos()).
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
	}
	call := logical.SetCall{Fn: f.fn, Args: f.args, Pos: e.Pos()}
	if len(f.fn.Columns) > 1 { // a record
		row := &expr.RowExpr{}
		for _, k := range f.fn.Columns {
			col := b.newCol(lv, k.Name, k.T, expr.CollDefault)
			call.Cols = append(call.Cols, col)
			row.Fields, row.Names = append(row.Fields, b.ref(col, e.Pos())), append(row.Names, k.Name)
			lv.setIDs.Add(col.ID)
		}
		lv.setCalls = append(lv.setCalls, &pendingSet{call})
		// Its first field is never NULL but where another function gives more rows.
		there := &expr.IsNull{Arg: row.Fields[0], Test: expr.TestNotNull}
		return &expr.Case{Whens: []expr.When{{Cond: there, Then: row}}, T: row.Type()}, nil
	}
	col := b.newCol(lv, e.Name.Parts[len(e.Name.Parts)-1], f.typ, collationOfAll(f.args))
	call.Cols = []logical.Col{col}
	lv.setIDs.Add(col.ID)
	lv.setCalls = append(lv.setCalls, &pendingSet{call})
	return b.ref(col, e.Pos()), nil
}
