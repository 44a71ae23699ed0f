package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// codeAmbiguousParameter is raised for a parameter that two places type differently.
const codeAmbiguousParameter sql.Code = "42P08"

// operand is a bound argument with its place in the text.
type operand struct {
	e   expr.Expr
	pos int
}

func typesOf(list []operand) []sql.OID {
	out := make([]sql.OID, len(list))
	for i, o := range list {
		out[i] = o.e.Type().OID
	}
	return out
}

// isUnknown reports a literal or parameter whose type is still open.
func isUnknown(e expr.Expr) bool { return e.Type().OID == sql.OIDUnknown }

// commonType is PostgreSQL's select_common_type with the typmod, and the form of
// numerics, that all sides share. what names the construct in errors.
func (b *binder) commonType(what string, list []operand) (sql.Type, error) {
	oid, ok := b.reg.CommonType(typesOf(list))
	if !ok {
		return sql.Type{}, b.typeMismatch(what, list)
	}
	t, first := sql.T(oid), true
	modless := false // nor has NULL, which has no digits either
	for _, o := range list {
		ot := o.e.Type()
		if isNull(o.e) && ot.OID == sql.OIDUnknown {
			modless = true
			continue
		}
		if c, ok := o.e.(*expr.Const); ok && ot.OID == sql.OIDUnknown && !c.V.Null {
			ot = sql.T(oid) // a literal has no modifier
		} else if ot.OID != oid {
			ot = expr.CastType(ot, sql.T(oid))
		}
		if first {
			t, first = ot, false
			continue
		}
		if ot.Mod != t.Mod {
			t.Mod = -1
		}
		if ot.Dec != t.Dec {
			t.Dec = sql.Dec{}
		}
	}
	if modless {
		t.Mod = -1
	}
	return t, nil
}

// typeMismatch names the first two types that do not meet.
func (b *binder) typeMismatch(what string, list []operand) error {
	var types []sql.OID
	for i, o := range list {
		types = append(types, o.e.Type().OID)
		if _, ok := b.reg.CommonType(types); !ok {
			first, _ := b.reg.CommonType(types[:i])
			cat := func(t sql.OID) byte {
				if info := sql.LookupType(t); info != nil {
					return info.Category
				}
				return 'U'
			}
			if cat(first) == cat(types[i]) {
				return sql.Errorf(sql.CodeCannotCoerce, "%s could not convert type %s to %s", what, sql.FormatType(types[i], -1), sql.FormatType(first, -1)).At(o.pos)
			}
			return sql.Errorf(sql.CodeDatatypeMismatch, "%s types %s and %s cannot be matched", what, sql.FormatType(first, -1), sql.FormatType(types[i], -1)).At(o.pos)
		}
	}
	return sql.Errorf(sql.CodeDatatypeMismatch, "%s types cannot be matched", what)
}

func isNull(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && c.V.Null
}

// coerceArg makes an argument of a declared type; modifiers and the form of a
// numeric stay as they are.
func (b *binder) coerceArg(e expr.Expr, to sql.OID, pos int) (expr.Expr, error) {
	if e.Type().OID == to {
		return e, nil
	}
	return b.convertType(e, sql.T(to), expr.CastImplicit, pos)
}

// coerce converts an expression to exactly a type, the form of numerics included, as
// the branches of a CASE or UNION must have it.
func (b *binder) coerce(e expr.Expr, t sql.Type, ctx expr.CastContext, pos int) (expr.Expr, error) {
	x, err := b.convertType(e, t, ctx, pos)
	if err == nil && t.OID == sql.OIDNumeric && x.Type() != t {
		x = b.sameType(x, t, ctx, pos)
		if !t.Dec.Static() && x.Type().Dec.Static() { // another side has no static form
			x = b.generalForm(x, t, ctx, pos)
		}
	}
	return x, err
}

// generalForm converts a numeric of a static form to the general one.
func (b *binder) generalForm(e expr.Expr, t sql.Type, ctx expr.CastContext, pos int) expr.Expr {
	if c, ok := e.(*expr.Const); ok {
		v := c.V
		v.Type = t
		return &expr.Const{V: v}
	}
	fn := b.reg.LookupCast(sql.OIDNumeric, sql.OIDNumeric)
	return &expr.Call{Fn: fn, Args: []expr.Expr{e}, T: t, Pos: pos, Implicit: ctx != expr.CastExplicit}
}

// convertType converts an expression to a type in a context, folding constants; a
// numeric gets the static form that its source allows.
func (b *binder) convertType(e expr.Expr, t sql.Type, ctx expr.CastContext, pos int) (expr.Expr, error) {
	from := e.Type()
	if from == t {
		return e, nil
	}
	if from.OID == sql.OIDUnknown {
		switch x := e.(type) {
		case *expr.Const:
			return b.literalOf(x, t, ctx, pos)
		case *expr.Param:
			return b.typedParam(x, t, ctx, pos)
		}
	}
	if from.OID == t.OID {
		return b.sameType(e, t, ctx, pos), nil
	}
	if c, ok := e.(*expr.Const); ok {
		if v, ok := constCast(c.V, t); ok {
			return &expr.Const{V: v}, nil
		}
	}
	if v, ok := b.wideLiteral(e, t); ok {
		return &expr.Const{V: v}, nil
	}
	fn := b.reg.LookupCast(from.OID, t.OID)
	if fn == nil || fn.Context < ctx {
		if from.IsArray() && t.IsArray() {
			return b.coerceArray(e, t, ctx, pos)
		}
		return nil, sql.Errorf(sql.CodeCannotCoerce, "cannot cast type %s to %s", sql.FormatType(from.OID, -1), sql.FormatType(t.OID, -1)).At(pos)
	}
	switch t.OID {
	case sql.OIDTime, sql.OIDTimetz, sql.OIDInterval:
		if bare := sql.T(t.OID); t != bare { // the cast first, then the modifier's
			return b.sameType(b.castCall(fn, e, bare, ctx, pos), t, ctx, pos), nil
		}
	}
	return b.castCall(fn, e, t, ctx, pos), nil
}

// castCall calls a cast, at once if its argument is constant and it is immutable.
// A failure is left to the run, when a row asks for it.
func (b *binder) castCall(fn *expr.Func, e expr.Expr, t sql.Type, ctx expr.CastContext, pos int) expr.Expr {
	call := &expr.Call{Fn: fn, Args: []expr.Expr{e}, T: expr.CastType(e.Type(), t), Coll: collationOf(e), Pos: pos, Implicit: ctx != expr.CastExplicit}
	// A constant of type name has the collation C, a name made of a string the string's.
	if c, ok := e.(*expr.Const); ok && fn.Vol == expr.Immutable && t.OID != sql.OIDName {
		if c.V.Null {
			return &expr.Const{V: sql.NullOf(call.T)}
		}
		if v, err := expr.EvalConst(b.env, call); err == nil {
			return &expr.Const{V: v}
		}
	}
	return call
}

// sameType changes the modifier or the numeric form.
func (b *binder) sameType(e expr.Expr, t sql.Type, ctx expr.CastContext, pos int) expr.Expr {
	from := e.Type()
	// A cast that is written takes the modifier away, though no value changes.
	bare := ctx == expr.CastExplicit && t.Mod == -1 && from.Mod != -1
	if bare && from.Dec.Static() {
		t.Dec = from.Dec
	}
	if t.OID != sql.OIDNumeric && !bare && (t.Mod == -1 || t.Mod == from.Mod) {
		return e
	}
	if t.OID == sql.OIDNumeric && from.Dec == t.Dec && !bare && (t.Mod == -1 || t.Mod == from.Mod) {
		return e
	}
	if c, ok := e.(*expr.Const); ok && (c.V.Null || bare || t.OID == sql.OIDNumeric && t.Mod == -1 && (!t.Dec.Static() || int16(t.Dec.S) == c.V.Num.Scale)) {
		v := c.V
		v.Type = t
		return &expr.Const{V: v}
	}
	fn := b.reg.LookupCast(t.OID, t.OID)
	if fn == nil {
		return e
	}
	call := b.castCall(fn, e, t, ctx, pos)
	if c, ok := call.(*expr.Call); ok {
		c.T = t
		if t.OID == sql.OIDNumeric {
			c.T = formOf(from, t)
		}
	}
	return call
}

// formOf is the type of a numeric cast: CastType's for a modifier, else t's form.
func formOf(from, t sql.Type) sql.Type {
	if t.Mod != -1 {
		return expr.CastType(from, t)
	}
	return t
}

// coerceArray converts an array element by element where that can be done now.
func (b *binder) coerceArray(e expr.Expr, t sql.Type, ctx expr.CastContext, pos int) (expr.Expr, error) {
	from := e.Type()
	if !b.reg.Coercible(from.OID, t.OID, ctx) {
		return nil, sql.Errorf(sql.CodeCannotCoerce, "cannot cast type %s to %s", sql.FormatType(from.OID, -1), sql.FormatType(t.OID, -1)).At(pos)
	}
	elem := t.Elem()
	elem.Mod = t.Mod
	switch x := e.(type) {
	case *expr.ArrayExpr:
		out := &expr.ArrayExpr{T: t}
		for _, el := range x.Elems {
			to := elem
			if el.Type().IsArray() {
				to = t
			}
			c, err := b.coerce(el, to, ctx, pos)
			if err != nil {
				return nil, err
			}
			out.Elems = append(out.Elems, c)
		}
		return out, nil
	case *expr.Const:
		v := x.V
		v.Type = t
		v.List = make([]sql.Value, len(x.V.List))
		for i, el := range x.V.List {
			c, err := b.coerce(&expr.Const{V: el}, elem, ctx, pos)
			if err != nil {
				return nil, err
			}
			k, ok := c.(*expr.Const)
			if !ok {
				return nil, sql.Errorf(sql.CodeFeatureNotSupported, "cast of an array from %s to %s is not supported", sql.FormatType(from.OID, -1), sql.FormatType(t.OID, -1)).At(pos)
			}
			v.List[i] = k.V
		}
		return &expr.Const{V: v}, nil
	}
	// By way of text: both forms are the same characters for the types that have
	// casts between their elements.
	out, in := b.reg.LookupCast(from.OID, sql.OIDText), b.reg.LookupCast(sql.OIDText, t.OID)
	if out == nil || in == nil {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "cast from %s to %s is not supported", sql.FormatType(from.OID, -1), sql.FormatType(t.OID, -1)).At(pos)
	}
	return b.castCall(in, b.castCall(out, e, sql.Text, expr.CastImplicit, pos), t, ctx, pos), nil
}

// constCast converts integer constants to other numbers without a kernel: a static
// decimal gets just the digits it has.
func constCast(v sql.Value, t sql.Type) (sql.Value, bool) {
	if v.Null || !v.Type.IsInteger() || t.Mod != -1 {
		return v, false
	}
	switch t.OID {
	case sql.OIDInt8:
		return sql.IntValue(sql.Int8, v.I), true
	case sql.OIDInt4:
		if v.Type.OID == sql.OIDInt2 {
			return sql.IntValue(sql.Int4, v.I), true
		}
	case sql.OIDNumeric:
		return numberValue(sql.NumInt64(v.I)), true
	}
	return v, false
}

// numberValue is a numeric constant in the static form of its digits.
func numberValue(n sql.Num) sql.Value {
	t := sql.Numeric
	if n.Finite() && n.Scale >= 0 && n.Scale <= sql.MaxDecPrecision {
		if p := max(n.Coef.Digits(), int(n.Scale), 1); p <= sql.MaxDecPrecision {
			t = sql.DecimalNoMod(p, int(n.Scale))
		}
	}
	return sql.Value{Type: t, Num: n}
}

// literalOf reads a quoted literal as a value of a type.
func (b *binder) literalOf(c *expr.Const, t sql.Type, ctx expr.CastContext, pos int) (expr.Expr, error) {
	if c.V.Null {
		return &expr.Const{V: sql.NullOf(t)}, nil
	}
	base := sql.T(t.OID)
	if t.OID == sql.OIDInterval {
		base = t // the fields say what a bare number means
	}
	switch t.OID {
	case sql.OIDUnknown:
		return c, nil
	case sql.OIDRegclass, sql.OIDRegtype, sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegoper, sql.OIDRegcollation:
		return b.regLiteral(c, t, pos)
	case sql.OIDRecord, sql.OIDAnyArray, sql.OIDAnyElement, sql.OIDVoid:
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "cannot accept a value of type %s", sql.FormatType(t.OID, -1)).At(pos)
	}
	v, err := b.env.ParseText(base, c.V.S)
	if err != nil {
		return nil, sql.AsError(err).At(pos)
	}
	v.Type = base
	return b.convertType(&expr.Const{V: v}, t, ctx, pos)
}

// regLiteral resolves the name of an object, or reads its number.
func (b *binder) regLiteral(c *expr.Const, t sql.Type, pos int) (expr.Expr, error) {
	if oid, err := sql.ParseInt(c.V.S, sql.OIDOid); err == nil {
		return &expr.Const{V: sql.IntValue(t, oid)}, nil
	}
	if b.env.Catalog == nil {
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "names of type %s cannot be resolved here", sql.FormatType(t.OID, -1)).At(pos)
	}
	oid, err := b.env.Catalog.Lookup(t.OID, c.V.S)
	if err != nil {
		return nil, sql.AsError(err).At(pos)
	}
	return &expr.Const{V: sql.IntValue(t, int64(oid))}, nil
}

// toBool makes a condition.
func (b *binder) toBool(o operand, what string) (expr.Expr, error) {
	if t := o.e.Type(); t.OID != sql.OIDBool && t.OID != sql.OIDUnknown {
		return nil, sql.Errorf(sql.CodeDatatypeMismatch, "argument of %s must be type boolean, not type %s", what, sql.FormatType(t.OID, -1)).At(o.pos)
	}
	return b.coerce(o.e, sql.Bool, expr.CastImplicit, o.pos)
}

// collationOf is the collation of a string expression: C if any part has it. That of
// the type name is C, which its constants and functions without arguments have.
func collationOf(e expr.Expr) expr.Collation {
	switch x := e.(type) {
	case *expr.Const:
		if x.V.Type.OID == sql.OIDName {
			return expr.CollC
		}
	case *expr.Col:
		return x.Coll
	case *expr.Call:
		if len(x.Args) == 0 && x.T.OID == sql.OIDName {
			return expr.CollC
		}
		return x.Coll
	case *expr.Case:
		return x.Coll
	case *expr.Coalesce:
		return x.Coll
	}
	return expr.CollDefault
}

func collationOfAll(list []expr.Expr) expr.Collation {
	for _, e := range list {
		if collationOf(e) == expr.CollC {
			return expr.CollC
		}
	}
	return expr.CollDefault
}
