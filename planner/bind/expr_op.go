package bind

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

func (b *binder) opExpr(lv *level, e *parse.OpExpr) (expr.Expr, error) {
	// Rows are compared field by field.
	if l, ok := e.Left.(*parse.RowExpr); ok {
		if r, ok := e.Right.(*parse.RowExpr); ok {
			left, err := b.operands(lv, l.Fields)
			if err != nil {
				return nil, err
			}
			right, err := b.operands(lv, r.Fields)
			if err != nil {
				return nil, err
			}
			return b.compareRows(e.Schema, e.Op, left, right, e.Pos(), false)
		}
		// row op (subquery): the subquery's one row.
		if s, ok := e.Right.(*parse.SubLink); ok && s.Kind == parse.SubScalar {
			return b.rowOfQuery(lv, e, l, s)
		}
	}
	var left operand
	var err error
	if e.Left != nil {
		if left, err = b.operand(lv, e.Left); err != nil {
			return nil, err
		}
	}
	right, err := b.operand(lv, e.Right)
	if err != nil {
		return nil, err
	}
	lr, lok := left.e.(*expr.RowExpr)
	rr, rok := right.e.(*expr.RowExpr)
	if lok && rok {
		return b.compareRows(e.Schema, e.Op, fieldOperands(lr, left.pos), fieldOperands(rr, right.pos), e.Pos(), false)
	}
	x, err := b.operator(e.Schema, e.Op, left, right, e.Pos())
	if err == nil && e.Op == "/" {
		return b.quotient(lv, x, e.Pos())
	}
	return x, err
}

func fieldOperands(r *expr.RowExpr, pos int) []operand {
	out := make([]operand, len(r.Fields))
	for i, f := range r.Fields {
		out[i] = operand{f, pos}
	}
	return out
}

// operator applies an operator; left.e is nil for a prefix one.
func (b *binder) operator(schema, op string, left, right operand, pos int) (expr.Expr, error) {
	right.e = b.latest(right.e)
	args := []operand{right}
	if left.e != nil {
		left.e = b.latest(left.e)
		args = []operand{left, right}
	}
	types := typesOf(args)
	if op == "!=" {
		op = "<>"
	}
	var res expr.Resolution
	if schema == "" || schema == "pg_catalog" {
		var cands []*expr.Func
		lacking := b.reg.LackingOperator(op)
		for _, f := range slices.Concat(b.reg.LookupOperator(op), lacking) {
			if len(f.Args) == len(args) {
				cands = append(cands, f)
			}
		}
		res = b.reg.Resolve(cands, types)
		if slices.Contains(lacking, res.Fn) {
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "operator %s is not supported", operatorSignature(op, types)).At(pos)
		}
	} else {
		op = schema + "." + op
	}
	if res.Fn == nil {
		return nil, operatorError(op, types, pos, res.Ambiguous)
	}
	return b.call(res, args, pos)
}

// operatorSignature is an operator as errors name it.
func operatorSignature(op string, types []sql.OID) string {
	sig := op + " " + sql.FormatType(types[len(types)-1], -1)
	if len(types) == 2 {
		sig = sql.FormatType(types[0], -1) + " " + sig
	}
	return sig
}

func operatorError(op string, types []sql.OID, pos int, ambiguous bool) error {
	sig := operatorSignature(op, types)
	if ambiguous {
		return sql.Errorf(sql.CodeAmbiguousFunction, "operator is not unique: %s", sig).At(pos).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	hint := "No operator matches the given name and argument types. You might need to add explicit type casts."
	if len(types) == 1 {
		hint = "No operator matches the given name and argument type. You might need to add an explicit type cast."
	}
	return sql.Errorf(sql.CodeUndefinedFunction, "operator does not exist: %s", sig).At(pos).WithHint("%s", hint)
}

// call makes a call of a resolved function or operator.
func (b *binder) call(res expr.Resolution, args []operand, pos int) (expr.Expr, error) {
	list, err := b.arguments(res, args)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Fn: res.Fn, Args: list, T: resultType(res, list), Coll: collationOfAll(list), Pos: pos}, nil
}

// arguments converts actual arguments; those spread over a variadic array parameter
// become one array.
func (b *binder) arguments(res expr.Resolution, args []operand) ([]expr.Expr, error) {
	list := make([]expr.Expr, len(args))
	for i, a := range args {
		e, err := b.coerceArg(a.e, res.Args[i], a.pos)
		if err != nil {
			return nil, err
		}
		list[i] = e
	}
	if f := res.Fn; res.Spread && f.Args[len(f.Args)-1] != sql.OIDAny {
		elems := list[res.VariadicAt:]
		arr := &expr.ArrayExpr{Elems: elems, T: sql.Array(elems[0].Type().OID)}
		list = append(list[:res.VariadicAt:res.VariadicAt], arr)
	}
	return list, nil
}

func resultType(res expr.Resolution, args []expr.Expr) sql.Type {
	if res.Fn.RetType != nil {
		types := make([]sql.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		return res.Fn.RetType(types)
	}
	return sql.T(res.Ret)
}

// compareRows compares rows of the same length field by field: = and <> by
// conjunction, the orderings lexicographically. inSub tells that the right side is
// a subquery's columns.
func (b *binder) compareRows(schema, op string, left, right []operand, pos int, inSub bool) (expr.Expr, error) {
	if len(left) != len(right) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "unequal number of entries in row expressions").At(pos)
	}
	if len(left) == 0 {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "cannot compare rows of zero length").At(pos)
	}
	each := func(op string) ([]expr.Expr, error) {
		var out []expr.Expr
		for i := range left {
			e, err := b.operator(schema, op, left[i], right[i], pos)
			if err != nil {
				return nil, err
			}
			if e.Type().OID != sql.OIDBool {
				return nil, sql.Errorf(sql.CodeDatatypeMismatch, "row comparison operator must yield type boolean, not type %s", sql.FormatType(e.Type().OID, -1)).At(pos)
			}
			out = append(out, e)
		}
		return out, nil
	}
	if op == "!=" {
		op = "<>"
	}
	list, err := each(op)
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		return list[0], nil
	}
	switch op {
	case "=":
		return expr.AndOf(list), nil
	case "<>":
		return &expr.Logic{Op: expr.Or, Args: list}, nil
	case "<", "<=", ">", ">=":
	default:
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).At(pos).
			WithHint("Row comparison operators must be associated with btree operator families.")
	}
	equal, err := each("=")
	if err != nil {
		return nil, err
	}
	strict, err := each(op[:1])
	if err != nil {
		return nil, err
	}
	// (a, b) < (c, d): CASE WHEN a = c THEN b < d ELSE a < c END; NULL where a = c is.
	out := list[len(list)-1]
	for i := len(list) - 2; i >= 0; i-- {
		out = &expr.Case{Whens: []expr.When{{Cond: equal[i], Then: out}}, Else: strict[i], T: sql.Bool}
	}
	return out, nil
}

// rowOfQuery compares a row with a subquery's one row: its columns are that many
// scalar results.
func (b *binder) rowOfQuery(lv *level, e *parse.OpExpr, l *parse.RowExpr, s *parse.SubLink) (expr.Expr, error) {
	left, err := b.operands(lv, l.Fields)
	if err != nil {
		return nil, err
	}
	sel, ok := s.Query.(*parse.Select)
	if !ok {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "a subquery must be a query").At(s.Pos())
	}
	q, err := b.query(sel, lv, lv.ctes, resolveUnknowns)
	if err != nil {
		return nil, err
	}
	if len(left) != len(q.cols) {
		word := "many"
		if len(left) > len(q.cols) {
			word = "few"
		}
		return nil, sql.Errorf(sql.CodeSyntaxError, "subquery has too %s columns", word).At(e.Pos())
	}
	sub := &sublink{kind: parse.SubScalar, plan: b.only(q), guard: guardOf(lv.guards), out: q.cols[0]}
	right := make([]operand, len(q.cols))
	for i, c := range q.cols {
		b.owner[c.ID] = lv
		lv.subs[c.ID] = sub
		right[i] = operand{c.Ref(), s.Pos()}
	}
	return b.compareRows(e.Schema, e.Op, left, right, e.Pos(), true)
}

func (b *binder) distinctExpr(lv *level, e *parse.DistinctExpr) (expr.Expr, error) {
	left, right := []parse.Expr{e.Left}, []parse.Expr{e.Right}
	if l, ok := e.Left.(*parse.RowExpr); ok { // rows are compared field by field
		if r, ok := e.Right.(*parse.RowExpr); ok {
			left, right = l.Fields, r.Fields
		}
	}
	lefts, err := b.operands(lv, left)
	if err != nil {
		return nil, err
	}
	rights, err := b.operands(lv, right)
	if err != nil {
		return nil, err
	}
	if len(lefts) != len(rights) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "unequal number of entries in row expressions").At(e.Pos())
	}
	var same []expr.Expr
	for i := range lefts {
		x, err := b.notDistinct(lefts[i], rights[i], e.Pos())
		if err != nil {
			return nil, err
		}
		same = append(same, x)
	}
	out := expr.AndOf(same)
	if out == nil {
		out = &expr.Const{V: sql.BoolValue(true)}
	}
	if !e.Not {
		return &expr.Not{Arg: out}, nil
	}
	return out, nil
}

// notDistinct is a IS NOT DISTINCT FROM b: both NULL, or equal.
func (b *binder) notDistinct(l, r operand, pos int) (expr.Expr, error) {
	eq, err := b.operator("", "=", l, r, pos)
	if err != nil {
		return nil, err
	}
	c, ok := eq.(*expr.Call)
	if !ok || len(c.Args) != 2 {
		return nil, sql.Errorf(sql.CodeInternal, "the equality of IS DISTINCT FROM is no call")
	}
	x, y := c.Args[0], c.Args[1]
	if isNull(y) {
		return &expr.IsNull{Arg: x, Test: expr.TestNull}, nil
	}
	if isNull(x) {
		return &expr.IsNull{Arg: y, Test: expr.TestNull}, nil
	}
	bothNull := &expr.Logic{Op: expr.And, Args: []expr.Expr{&expr.IsNull{Arg: x, Test: expr.TestNull}, &expr.IsNull{Arg: y, Test: expr.TestNull}}}
	return &expr.Logic{Op: expr.Or, Args: []expr.Expr{bothNull, &expr.IsNull{Arg: eq, Test: expr.TestTrue}}}, nil
}

// inExpr binds x IN (list). Constants of one comparable type become an InList;
// others are compared one by one, as PostgreSQL does where there is no array.
func (b *binder) inExpr(lv *level, e *parse.InExpr) (expr.Expr, error) {
	if row, ok := e.Left.(*parse.RowExpr); ok {
		return b.inRows(lv, e, row)
	}
	left, err := b.operand(lv, e.Left)
	if err != nil {
		return nil, err
	}
	list, err := b.operands(lv, e.List)
	if err != nil {
		return nil, err
	}
	var consts, others []operand
	for _, o := range list {
		if _, ok := o.e.(*expr.Const); ok {
			consts = append(consts, o)
		} else {
			others = append(others, o)
		}
	}
	if len(list) == 1 {
		consts, others = nil, list
	}
	var args []expr.Expr
	if len(consts) > 0 {
		x, err := b.inConstants(left, consts, e)
		if err != nil {
			return nil, err
		}
		args = append(args, x)
	}
	op, logic := "=", expr.Or
	if e.Not {
		op, logic = "<>", expr.And
	}
	for _, o := range others {
		x, err := b.operator("", op, left, o, e.Pos())
		if err != nil {
			return nil, err
		}
		args = append(args, x)
	}
	if len(args) == 1 {
		return args[0], nil
	}
	return &expr.Logic{Op: logic, Args: args}, nil
}

// inConstants makes an InList on the common type of both sides.
func (b *binder) inConstants(left operand, consts []operand, e *parse.InExpr) (expr.Expr, error) {
	all := append([]operand{left}, consts...)
	op := "="
	if e.Not {
		op = "<>"
	}
	oid, ok := b.reg.CommonType(typesOf(all))
	if !ok {
		// No common type: each is compared by its own operator, or there is none.
		var args []expr.Expr
		for _, c := range consts {
			x, err := b.operator("", op, left, c, e.Pos())
			if err != nil {
				return nil, err
			}
			args = append(args, x)
		}
		logic := expr.Or
		if e.Not {
			logic = expr.And
		}
		if len(args) == 1 {
			return args[0], nil
		}
		return &expr.Logic{Op: logic, Args: args}, nil
	}
	arg, err := b.coerceArg(left.e, oid, left.pos)
	if err != nil {
		return nil, err
	}
	out := &expr.InList{Negate: e.Not}
	for _, c := range consts {
		x, err := b.coerceArg(c.e, oid, c.pos)
		if err != nil {
			return nil, err
		}
		k, ok := x.(*expr.Const)
		switch {
		case !ok:
			return nil, sql.Errorf(sql.CodeFeatureNotSupported, "the list of IN has a value that cannot be evaluated beforehand").At(c.pos)
		case k.V.Null:
			out.HasNull = true
		default:
			out.List = append(out.List, k.V)
		}
	}
	eq, err := b.operator("", op, operand{arg, left.pos}, operand{&expr.Const{V: sql.NullOf(sql.T(oid))}, left.pos}, e.Pos())
	if err != nil {
		return nil, err
	}
	if e.Not {
		if eq, err = b.operator("", "=", operand{arg, left.pos}, operand{&expr.Const{V: sql.NullOf(sql.T(oid))}, left.pos}, e.Pos()); err != nil {
			return nil, err
		}
	}
	call := eq.(*expr.Call)
	out.Arg, out.Eq = call.Args[0], call.Fn
	// varchar compares as text: the constants take the operator's type.
	if want := call.Args[1].Type().OID; want != oid {
		for i, v := range out.List {
			x, err := b.coerceArg(&expr.Const{V: v}, want, 0)
			if err != nil {
				return nil, err
			}
			k, ok := x.(*expr.Const)
			if !ok {
				return nil, sql.Errorf(sql.CodeInternal, "a constant's cast to %s cannot be evaluated", sql.FormatType(want, -1))
			}
			out.List[i] = k.V
		}
	}
	return out, nil
}

func (b *binder) inRows(lv *level, e *parse.InExpr, row *parse.RowExpr) (expr.Expr, error) {
	left, err := b.operands(lv, row.Fields)
	if err != nil {
		return nil, err
	}
	op, logic := "=", expr.Or
	if e.Not {
		op, logic = "<>", expr.And
	}
	var args []expr.Expr
	for _, item := range e.List {
		r, ok := item.(*parse.RowExpr)
		if !ok {
			return nil, sql.Errorf(sql.CodeUndefinedFunction, "operator does not exist: record = %s", "unknown").At(e.Pos())
		}
		right, err := b.operands(lv, r.Fields)
		if err != nil {
			return nil, err
		}
		x, err := b.compareRows("", op, left, right, e.Pos(), false)
		if err != nil {
			return nil, err
		}
		args = append(args, x)
	}
	if len(args) == 1 {
		return args[0], nil
	}
	return &expr.Logic{Op: logic, Args: args}, nil
}

func (b *binder) between(lv *level, e *parse.BetweenExpr) (expr.Expr, error) {
	list, err := b.operands(lv, []parse.Expr{e.Arg, e.Low, e.High})
	if err != nil {
		return nil, err
	}
	within := func(low, high operand) (expr.Expr, error) {
		ge, le, logic := ">=", "<=", expr.And
		if e.Not {
			ge, le, logic = "<", ">", expr.Or
		}
		x, err := b.operator("", ge, list[0], low, e.Pos())
		if err != nil {
			return nil, err
		}
		y, err := b.operator("", le, list[0], high, e.Pos())
		return &expr.Logic{Op: logic, Args: []expr.Expr{x, y}}, err
	}
	out, err := within(list[1], list[2])
	if err != nil || !e.Symmetric {
		return out, err
	}
	swapped, err := within(list[2], list[1])
	logic := expr.Or
	if e.Not {
		logic = expr.And
	}
	return &expr.Logic{Op: logic, Args: []expr.Expr{out, swapped}}, err
}

// like binds the pattern operators; an ESCAPE is applied to the pattern first.
func (b *binder) like(lv *level, e *parse.LikeExpr) (expr.Expr, error) {
	left, err := b.operand(lv, e.Left)
	if err != nil {
		return nil, err
	}
	right, err := b.operand(lv, e.Right)
	if err != nil {
		return nil, err
	}
	if e.Similar || e.Escape != nil {
		args := []operand{right}
		if e.Escape != nil {
			esc, err := b.operand(lv, e.Escape)
			if err != nil {
				return nil, err
			}
			args = append(args, esc)
		}
		name := "like_escape"
		if e.Similar {
			name = "similar_to_escape"
		}
		f, err := b.function([]string{"pg_catalog", name}, args, callOptions{pos: e.Pos()})
		if err != nil {
			return nil, err
		}
		if right.e, err = b.plainCall(f, e.Pos()); err != nil {
			return nil, err
		}
		right.e = expr.Fold(b.env, right.e, false)
	}
	op := e.Op
	if e.Not {
		op = "!" + op
	}
	return b.operator("", op, left, right, e.Pos())
}

// anyExpr binds x op ANY|ALL (array).
func (b *binder) anyExpr(lv *level, e *parse.AnyExpr) (expr.Expr, error) {
	list, err := b.operands(lv, []parse.Expr{e.Left, e.Right})
	if err != nil {
		return nil, err
	}
	left, arr := list[0], list[1]
	elem := sql.OIDUnknown
	if !isUnknown(arr.e) {
		if elem = sql.ElemOf(arr.e.Type().OID); elem == 0 {
			return nil, sql.Errorf(sql.CodeWrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.Pos())
		}
	}
	// The operator is resolved on the element type.
	probe := operand{&expr.Const{V: sql.NullOf(sql.T(elem))}, arr.pos}
	x, err := b.operator(e.Schema, e.Op, left, probe, e.Pos())
	if err != nil {
		return nil, err
	}
	call := x.(*expr.Call)
	if call.T.OID != sql.OIDBool {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "op ANY/ALL (array) requires operator to yield boolean").At(e.Pos())
	}
	if call.Args[1].Type().OID == elem {
		return &expr.ScalarArray{Op: call.Fn, Left: call.Args[0], Array: arr.e, All: e.All}, nil
	}
	want := sql.ArrayOf(call.Args[1].Type().OID)
	if want == 0 {
		return nil, sql.Errorf(sql.CodeUndefinedObject, "could not find array type for data type %s", sql.FormatType(call.Args[1].Type().OID, -1)).At(e.Pos())
	}
	if arr.e, err = b.coerceArg(arr.e, want, arr.pos); err != nil {
		return nil, err
	}
	return &expr.ScalarArray{Op: call.Fn, Left: call.Args[0], Array: arr.e, All: e.All}, nil
}
