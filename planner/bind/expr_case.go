package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// noSetCalls binds f where set-returning functions are refused, as in CASE.
func (lv *level) noSetCalls(where string, f func() error) error {
	old := lv.noSets
	lv.noSets = where
	err := f()
	lv.noSets = old
	return err
}

func (b *binder) caseExpr(lv *level, e *parse.CaseExpr) (out expr.Expr, err error) {
	err = lv.noSetCalls("CASE", func() error {
		out, err = b.caseInner(lv, e)
		return err
	})
	return out, err
}

func (b *binder) caseInner(lv *level, e *parse.CaseExpr) (expr.Expr, error) {
	var arg operand
	if e.Arg != nil {
		var err error
		if arg, err = b.operand(lv, e.Arg); err != nil {
			return nil, err
		}
		if arg.e, err = b.resolveUnknown(arg); err != nil {
			return nil, err
		}
	}
	out := &expr.Case{}
	guards := len(lv.guards)
	defer func() { lv.guards = lv.guards[:guards] }()
	var results []operand
	for _, w := range e.Whens {
		cond, err := b.caseCondition(lv, arg, e, w)
		if err != nil {
			return nil, err
		}
		var then operand
		err = lv.withGuard(cond, func() (err error) {
			then, err = b.operand(lv, w.Then)
			return err
		})
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond})
		results = append(results, then)
		lv.guards = append(lv.guards[:len(lv.guards):len(lv.guards)], &expr.IsNull{Arg: cond, Test: expr.TestNotTrue})
	}
	// PostgreSQL takes ELSE first when it looks for the common type.
	typed := results
	if e.Else != nil {
		o, err := b.operand(lv, e.Else)
		if err != nil {
			return nil, err
		}
		typed = append([]operand{o}, results...)
	}
	t, err := b.commonType("CASE", typed)
	if err != nil {
		return nil, err
	}
	out.T = t
	for i, o := range results {
		if out.Whens[i].Then, err = b.coerce(o.e, t, expr.CastImplicit, o.pos); err != nil {
			return nil, err
		}
		if collationOf(o.e) == expr.CollC {
			out.Coll = expr.CollC
		}
	}
	if e.Else != nil {
		if out.Else, err = b.coerce(typed[0].e, t, expr.CastImplicit, typed[0].pos); err != nil {
			return nil, err
		}
		if collationOf(typed[0].e) == expr.CollC {
			out.Coll = expr.CollC
		}
	}
	return out, nil
}

// caseCondition binds a WHEN: a condition, or a value that CASE's argument may equal.
func (b *binder) caseCondition(lv *level, arg operand, e *parse.CaseExpr, w parse.CaseWhen) (expr.Expr, error) {
	if arg.e == nil {
		return b.condition(lv, w.Cond, "CASE/WHEN")
	}
	o, err := b.operand(lv, w.Cond)
	if err != nil {
		return nil, err
	}
	return b.operator("", "=", arg, o, w.Pos())
}

func (b *binder) coalesce(lv *level, e *parse.CoalesceExpr) (out expr.Expr, err error) {
	var list []operand
	guards := len(lv.guards)
	err = lv.noSetCalls("COALESCE", func() error {
		for _, a := range e.Args {
			o, err := b.operand(lv, a)
			if err != nil {
				return err
			}
			list = append(list, o)
			lv.guards = append(lv.guards[:len(lv.guards):len(lv.guards)], &expr.IsNull{Arg: o.e, Test: expr.TestNull})
		}
		return nil
	})
	lv.guards = lv.guards[:guards]
	if err != nil {
		return nil, err
	}
	t, args, err := b.unify("COALESCE", list)
	if err != nil {
		return nil, err
	}
	return &expr.Coalesce{Args: args, T: t, Coll: collationOfAll(args)}, nil
}

// unify converts operands to their common type.
func (b *binder) unify(what string, list []operand) (sql.Type, []expr.Expr, error) {
	t, err := b.commonType(what, list)
	if err != nil {
		return t, nil, err
	}
	out := make([]expr.Expr, len(list))
	for i, o := range list {
		if out[i], err = b.coerce(o.e, t, expr.CastImplicit, o.pos); err != nil {
			return t, nil, err
		}
	}
	return t, out, nil
}

// minMax binds GREATEST and LEAST, which the registry has as functions over
// arguments of one type.
func (b *binder) minMax(lv *level, e *parse.MinMaxExpr) (expr.Expr, error) {
	what, name := "GREATEST", "greatest"
	if e.Least {
		what, name = "LEAST", "least"
	}
	list, err := b.operands(lv, e.Args)
	if err != nil {
		return nil, err
	}
	t, args, err := b.unify(what, list)
	if err != nil {
		return nil, err
	}
	if !b.comparable(&expr.Const{V: sql.NullOf(t)}, "<") {
		return nil, sql.Errorf(sql.CodeUndefinedFunction, "could not identify a comparison function for type %s", sql.FormatType(t.OID, -1)).At(e.Pos())
	}
	fn, err := b.ownFunc(name, e.Pos())
	if err != nil {
		return nil, err
	}
	most := &expr.Call{Fn: fn, Args: args, T: t, Coll: collationOfAll(args), Pos: e.Pos()}
	if !b.semantics().strictMost {
		return most, nil
	}
	var nulls []expr.Expr
	for _, a := range args {
		nulls = append(nulls, &expr.IsNull{Arg: a})
	}
	null := nulls[0]
	if len(nulls) > 1 {
		null = &expr.Logic{Op: expr.Or, Args: nulls}
	}
	return &expr.Case{Whens: []expr.When{{Cond: null, Then: &expr.Const{V: sql.NullOf(t)}}}, Else: most, T: t, Coll: most.Coll}, nil
}

// ownFunc finds a function that PostgreSQL has as syntax alone.
func (b *binder) ownFunc(name string, pos int) (*expr.Func, error) {
	if list := b.reg.LookupFunc(name); len(list) > 0 {
		return list[0], nil
	}
	return nil, sql.Errorf(sql.CodeFeatureNotSupported, "%s is not supported", name).At(pos)
}

func (b *binder) nullIf(lv *level, e *parse.NullIfExpr) (expr.Expr, error) {
	list, err := b.operands(lv, []parse.Expr{e.Left, e.Right})
	if err != nil {
		return nil, err
	}
	eq, err := b.operator("", "=", list[0], list[1], e.Pos())
	if err != nil {
		return nil, err
	}
	// The result is the left argument as the operator takes it.
	call := eq.(*expr.Call)
	if call.T.OID != sql.OIDBool {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "NULLIF requires = operator to yield boolean").At(e.Pos())
	}
	x := call.Args[0]
	return &expr.Case{Whens: []expr.When{{Cond: eq, Then: &expr.Const{V: sql.NullOf(x.Type())}}}, Else: x, T: x.Type(), Coll: collationOf(x)}, nil
}

// array binds ARRAY[...]; want is the array type of a cast round it, zero for none.
func (b *binder) array(lv *level, e *parse.ArrayCtor, want sql.Type) (expr.Expr, error) {
	var list []operand
	nested := false
	for _, el := range e.Elems {
		var o operand
		var err error
		if sub, ok := el.(*parse.ArrayCtor); ok {
			o.pos = el.Pos()
			o.e, err = b.array(lv, sub, want)
		} else {
			o, err = b.operand(lv, el)
		}
		if err != nil {
			return nil, err
		}
		nested = nested || o.e.Type().IsArray()
		list = append(list, o)
	}
	elem := sql.Type{}
	switch {
	case want.OID != 0:
		elem = want.Elem()
		elem.Mod = want.Mod
		if nested {
			elem = sql.T(want.OID)
		}
	case len(list) == 0:
		return nil, sql.Errorf(sql.CodeIndeterminateDatatype, "cannot determine type of empty array").At(e.Pos()).
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	default:
		t, err := b.commonType("ARRAY", list)
		if err != nil {
			return nil, err
		}
		elem = sql.T(t.OID)
	}
	ctx := expr.CastImplicit
	if want.OID != 0 {
		ctx = expr.CastExplicit
	}
	if nested {
		return nil, oneDimension().At(e.Pos())
	}
	t := sql.Array(elem.OID)
	if t.OID == 0 {
		return nil, sql.Errorf(sql.CodeUndefinedObject, "could not find array type for data type %s", sql.FormatType(elem.OID, -1)).At(e.Pos())
	}
	t.Mod = elem.Mod
	out := &expr.ArrayExpr{T: t}
	if t.Elem().OID == sql.OIDNumeric {
		elem.Dec = sql.Dec{} // elements of arrays are in general form
	}
	for _, o := range list {
		x, err := b.coerce(o.e, elem, ctx, o.pos)
		if err != nil {
			return nil, err
		}
		out.Elems = append(out.Elems, x)
	}
	return expr.Fold(b.env, out, false), nil
}

// oneDimension is the refusal of what the engine's lists cannot hold.
func oneDimension() *sql.Error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "arrays of more than one dimension are not supported")
}

func (b *binder) row(lv *level, e *parse.RowExpr) (expr.Expr, error) {
	out := &expr.RowExpr{}
	for _, f := range e.Fields {
		fields, err := b.expand(lv, f)
		if err != nil {
			return nil, err
		}
		for _, t := range fields {
			if _, ok := t.expr.(*expr.Param); ok { // its type stays open, as in PostgreSQL
				out.Fields = append(out.Fields, t.expr)
				continue
			}
			x, err := b.resolveUnknown(operand{t.expr, t.pos})
			if err != nil {
				return nil, err
			}
			out.Fields = append(out.Fields, x)
		}
	}
	return out, nil
}

// indirection binds subscripts and field selections.
func (b *binder) indirection(lv *level, e *parse.Indirection) (expr.Expr, error) {
	o, err := b.operand(lv, e.Arg)
	if err != nil {
		return nil, err
	}
	x := o.e
	for i := 0; i < len(e.Steps); i++ {
		s := e.Steps[i]
		switch {
		case s.Index != nil:
			// Consecutive subscripts are of one array.
			j := i
			for j < len(e.Steps) && e.Steps[j].Index != nil {
				j++
			}
			if x, err = b.subscripts(lv, x, e.Steps[i:j], o.pos); err != nil {
				return nil, err
			}
			i = j - 1
		default:
			if x, err = b.field(lv, e.Arg, x, s.Field, o.pos); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}

// field selects a field of a row: of a relation's by the column's name, of another by
// f1, f2, ...
func (b *binder) field(lv *level, arg parse.Expr, x expr.Expr, name string, pos int) (expr.Expr, error) {
	row := rowOf(x)
	if row == nil {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, sql.FormatType(x.Type().OID, -1)).At(pos)
	}
	if c, ok := arg.(*parse.ColumnRef); ok {
		it, err := b.findItem(lv, c.Parts, pos)
		if err != nil {
			return nil, err
		}
		if it != nil {
			col, err := it.column(name, pos)
			if err != nil {
				return nil, err
			}
			if col != nil {
				return b.nsRef(col, pos), nil
			}
			return nil, sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" not found in data type %s", name, it.name).At(pos)
		}
	}
	for i, f := range row.Fields {
		if name == "f"+itoa(i+1) {
			return f, nil
		}
	}
	return nil, sql.Errorf(sql.CodeUndefinedColumn, "could not identify column \"%s\" in record data type", name).At(pos)
}

// subscripts binds a[i].
func (b *binder) subscripts(lv *level, x expr.Expr, steps []parse.IndirectionStep, pos int) (expr.Expr, error) {
	arr := x.Type()
	if sql.ElemOf(arr.OID) == 0 {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "cannot subscript type %s because it does not support subscripting", sql.FormatType(arr.OID, -1)).At(pos)
	}
	if len(steps) > 1 || steps[0].Index.Slice {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "array slices and more than one subscript are not supported").At(pos)
	}
	o, err := b.operand(lv, steps[0].Index.Upper)
	if err != nil {
		return nil, err
	}
	i, err := b.coerce(o.e, sql.Int4, expr.CastAssignment, o.pos)
	if err != nil && isUnknown(o.e) {
		return nil, err
	}
	if err != nil {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "array subscript must have type integer").At(o.pos)
	}
	fn, err := b.ownFunc("subscript", pos)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Fn: fn, Args: []expr.Expr{x, i}, T: arr.Elem(), Coll: collationOf(x), Pos: pos}, nil
}
