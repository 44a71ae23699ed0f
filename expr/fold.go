package expr

import (
	"slices"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Fold replaces calls over constants by their values: immutable ones, with
// stable also stable ones (when the plan serves one statement only). It raises
// nothing: a call that fails stays as it is, so that the error comes when, and
// only if, a row asks for it. Boolean connectives are simplified as far as that
// drops no error.
func Fold(env *Env, e Expr, stable bool) Expr {
	return Rewrite(e, func(x Expr) Expr { return foldNode(env, x, stable) })
}

func foldNode(env *Env, e Expr, stable bool) Expr {
	switch x := e.(type) {
	case *Const, *Col, *Param, *RowExpr:
		return e
	case *Logic:
		return foldLogic(x)
	case *Case:
		return foldCase(x)
	case *Coalesce:
		if c, ok := x.Args[0].(*Const); ok && !c.V.Null {
			return retyped(c, x.T)
		}
	case *Call:
		if x.Fn.Vol == Volatile || x.Fn.Vol == Stable && !stable || x.Fn.Kind == KindSet {
			return e
		}
		if x.Fn.Strict && slices.ContainsFunc(x.Args, isNull) && !slices.ContainsFunc(x.Args, failed) {
			return &Const{sql.NullOf(x.T)}
		}
	case *ScalarArray:
		if x.Op.Vol == Volatile || x.Op.Vol == Stable && !stable {
			return e
		}
	}
	for _, k := range e.Children() {
		if _, ok := k.(*Const); !ok {
			return e
		}
	}
	if v, err := EvalConst(env, e); err == nil {
		return &Const{v}
	}
	return e
}

func isNull(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.V.Null
}

// failed reports whether a folded argument is a constant's error.
func failed(e Expr) bool {
	c, ok := e.(*Call)
	return ok && c.Fn.Vol == Immutable && !slices.ContainsFunc(c.Args, func(a Expr) bool { _, is := a.(*Const); return !is })
}

// retyped gives a constant the type of the node it replaces.
func retyped(c *Const, t sql.Type) Expr {
	if c.V.Type == t || c.V.Type.OID == sql.OIDNumeric {
		return c
	}
	v := c.V
	v.Type = t
	return &Const{v}
}

// allQuiet reports whether no argument can raise.
func allQuiet(args []Expr) bool {
	for _, a := range args {
		if MayRaise(a) {
			return false
		}
	}
	return true
}

// MayRaise reports whether evaluating e may raise an error.
func MayRaise(e Expr) bool {
	found := false
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Call); ok && c.Fn.Raises {
			found = true
		}
		if s, ok := x.(*ScalarArray); ok && s.Op.Raises {
			found = true
		}
		return !found
	})
	return found
}

// VolatilityOf returns the highest volatility in e.
func VolatilityOf(e Expr) Volatility {
	v := Immutable
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Call); ok {
			v = max(v, c.Fn.Vol)
		}
		if s, ok := x.(*ScalarArray); ok {
			v = max(v, s.Op.Vol)
		}
		return true
	})
	return v
}

// EvalConst evaluates an expression without columns.
func EvalConst(env *Env, e Expr) (sql.Value, error) {
	p, err := Compile([]Expr{e}, nil)
	if err != nil {
		return sql.Value{}, err
	}
	v, err := p.NewEvaluator(env).Eval(0, &vector.Batch{N: 1}, nil)
	if err != nil {
		if re, ok := err.(*RowError); ok {
			err = re.Err
		}
		return sql.Value{}, err
	}
	out := vector.ValueAt(v, 0)
	t := e.Type()
	if t.OID == sql.OIDNumeric && t.Dec.Static() && !out.Null && out.Num.Scale != int16(t.Dec.S) {
		t.Dec = sql.Dec{}
	}
	out.Type = t
	return out, nil
}

func foldLogic(x *Logic) Expr {
	decided := x.Op == Or
	var args []Expr
	for i, a := range x.Args {
		c, ok := a.(*Const)
		switch {
		case !ok || c.V.Null:
			args = append(args, a)
		case (c.V.I != 0) == decided && allQuiet(x.Args[:i]):
			return &Const{sql.BoolValue(decided)}
		case (c.V.I != 0) == decided:
			args = append(args, a)
			return &Logic{x.Op, args} // what follows is never reached
		}
	}
	switch {
	case len(args) == 0:
		return &Const{sql.BoolValue(!decided)}
	case len(args) == 1:
		return args[0]
	case len(args) == len(x.Args):
		return x
	}
	return &Logic{x.Op, args}
}

func foldCase(x *Case) Expr {
	var whens []When
	for i, w := range x.Whens {
		c, ok := w.Cond.(*Const)
		if !ok {
			whens = append(whens, w)
			continue
		}
		if c.V.Null || c.V.I == 0 {
			continue
		}
		if len(whens) == 0 {
			if k, ok := w.Then.(*Const); ok {
				return retyped(k, x.T)
			}
			if w.Then.Type() == x.T {
				return w.Then
			}
		}
		n := *x
		n.Whens, n.Else = append(whens, x.Whens[i]), nil
		return &n
	}
	if len(whens) == len(x.Whens) {
		return x
	}
	if len(whens) == 0 {
		switch {
		case x.Else == nil:
			return &Const{sql.NullOf(x.T)}
		case x.Else.Type() == x.T:
			return x.Else
		}
		return x
	}
	n := *x
	n.Whens = whens
	return &n
}
