// Package expr holds bound expressions, the one registry of functions,
// operators, casts and aggregates, their kernels, evaluation over batches, and
// pruning over statistics. Folding, execution, pruning and pushdown all use the
// definitions here, so they cannot disagree.
package expr

import "github.com/sluicedb/sluice/sql"

// ColumnID names a column of a statement. Expressions, keys, orderings and
// statistics speak of ids, never of names or positions. 0 is no column.
type ColumnID int32

// Expr is a bound, typed expression. Trees are immutable; nodes may be shared.
// The set of implementations is closed: *Col, *Const, *Param, *Call, *Logic,
// *Not, *IsNull, *Case, *Coalesce, *InList, *ScalarArray, *ArrayExpr, *RowExpr.
type Expr interface {
	Type() sql.Type
	// Children returns direct sub-expressions in order.
	Children() []Expr
	// WithChildren returns a copy with other children (same number).
	WithChildren([]Expr) Expr
}

// Collation of a string expression.
type Collation uint8

// Collations. Both order bytewise; Default differs in derivation only.
const (
	CollDefault Collation = iota
	CollC
)

// Col is a reference to a column of the input.
type Col struct {
	ID   ColumnID
	T    sql.Type
	Name string // for EXPLAIN and messages
	Coll Collation
}

// Const is a value.
type Const struct{ V sql.Value }

// Param is a statement parameter, $Index (1-based). It is replaced by a Const
// before planning.
type Param struct {
	Index int
	T     sql.Type
}

// Call is a strict or non-strict function, operator or cast applied to arguments
// that already have the argument types of Fn (the binder inserted the casts).
type Call struct {
	Fn   *Func
	Args []Expr
	T    sql.Type
	Coll Collation
	Pos  int // position in the statement's text, for errors raised while running
	// Implicit marks a cast that the binder inserted: it is not shown.
	Implicit bool
}

// LogicOp is AND or OR.
type LogicOp uint8

// Logic operators.
const (
	And LogicOp = iota
	Or
)

// Logic is AND or OR of two or more conditions with three-valued logic. They are
// evaluated in order, each only for the rows that those before left undecided.
type Logic struct {
	Op   LogicOp
	Args []Expr
}

// Not is three-valued NOT.
type Not struct{ Arg Expr }

// NullTest is what an IsNull asks.
type NullTest uint8

// Null and boolean tests; none yields NULL.
const (
	TestNull NullTest = iota
	TestNotNull
	TestTrue
	TestNotTrue
	TestFalse
	TestNotFalse
	TestUnknown
	TestNotUnknown
)

// IsNull is IS [NOT] NULL|TRUE|FALSE|UNKNOWN.
type IsNull struct {
	Arg  Expr
	Test NullTest
}

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Case is searched CASE (the simple form is bound to it). Each branch is
// evaluated only for the rows that reach it. Else may be nil (NULL).
type Case struct {
	Whens []When
	Else  Expr
	T     sql.Type
	Coll  Collation
}

// Coalesce is COALESCE: arguments are evaluated only where those before are NULL.
type Coalesce struct {
	Args []Expr
	T    sql.Type
	Coll Collation
}

// InList is Arg [NOT] IN (constants), Eq being the equality on the common type;
// the list holds no NULL, HasNull tells whether one was written.
type InList struct {
	Arg     Expr
	Eq      *Func
	List    []sql.Value
	HasNull bool
	Negate  bool
}

// ScalarArray is Left op ANY(Array) or ALL(Array), Op yielding boolean.
type ScalarArray struct {
	Op    *Func
	Left  Expr
	Array Expr
	All   bool
}

// ArrayExpr is ARRAY[...] of elements of one type (or arrays, for more dimensions).
type ArrayExpr struct {
	Elems []Expr
	T     sql.Type
}

// RowExpr is ROW(...).
type RowExpr struct {
	Fields []Expr
	Names  []string // of the fields; nil: f1, f2, ...
}

func (e *Col) Type() sql.Type         { return e.T }
func (e *Const) Type() sql.Type       { return e.V.Type }
func (e *Param) Type() sql.Type       { return e.T }
func (e *Call) Type() sql.Type        { return e.T }
func (e *Logic) Type() sql.Type       { return sql.Bool }
func (e *Not) Type() sql.Type         { return sql.Bool }
func (e *IsNull) Type() sql.Type      { return sql.Bool }
func (e *Case) Type() sql.Type        { return e.T }
func (e *Coalesce) Type() sql.Type    { return e.T }
func (e *InList) Type() sql.Type      { return sql.Bool }
func (e *ScalarArray) Type() sql.Type { return sql.Bool }
func (e *ArrayExpr) Type() sql.Type   { return e.T }
func (e *RowExpr) Type() sql.Type     { return sql.Record }

func (e *Col) Children() []Expr         { return nil }
func (e *Const) Children() []Expr       { return nil }
func (e *Param) Children() []Expr       { return nil }
func (e *Call) Children() []Expr        { return e.Args }
func (e *Logic) Children() []Expr       { return e.Args }
func (e *Not) Children() []Expr         { return []Expr{e.Arg} }
func (e *IsNull) Children() []Expr      { return []Expr{e.Arg} }
func (e *Coalesce) Children() []Expr    { return e.Args }
func (e *InList) Children() []Expr      { return []Expr{e.Arg} }
func (e *ScalarArray) Children() []Expr { return []Expr{e.Left, e.Array} }
func (e *ArrayExpr) Children() []Expr   { return e.Elems }
func (e *RowExpr) Children() []Expr     { return e.Fields }

// Children returns the conditions and results in turn, then Else if there is one.
func (e *Case) Children() []Expr {
	c := make([]Expr, 0, 2*len(e.Whens)+1)
	for _, w := range e.Whens {
		c = append(c, w.Cond, w.Then)
	}
	if e.Else != nil {
		c = append(c, e.Else)
	}
	return c
}

func (e *Col) WithChildren([]Expr) Expr   { return e }
func (e *Const) WithChildren([]Expr) Expr { return e }
func (e *Param) WithChildren([]Expr) Expr { return e }
func (e *Call) WithChildren(c []Expr) Expr {
	n := *e
	n.Args = c
	return &n
}
func (e *Logic) WithChildren(c []Expr) Expr  { return &Logic{e.Op, c} }
func (e *Not) WithChildren(c []Expr) Expr    { return &Not{c[0]} }
func (e *IsNull) WithChildren(c []Expr) Expr { return &IsNull{c[0], e.Test} }
func (e *Coalesce) WithChildren(c []Expr) Expr {
	n := *e
	n.Args = c
	return &n
}
func (e *InList) WithChildren(c []Expr) Expr {
	n := *e
	n.Arg = c[0]
	return &n
}
func (e *ScalarArray) WithChildren(c []Expr) Expr {
	return &ScalarArray{e.Op, c[0], c[1], e.All}
}
func (e *ArrayExpr) WithChildren(c []Expr) Expr { return &ArrayExpr{c, e.T} }
func (e *RowExpr) WithChildren(c []Expr) Expr   { return &RowExpr{c, e.Names} }
func (e *Case) WithChildren(c []Expr) Expr {
	n := *e
	n.Whens = make([]When, len(e.Whens))
	for i := range n.Whens {
		n.Whens[i] = When{c[2*i], c[2*i+1]}
	}
	if e.Else != nil {
		n.Else = c[len(c)-1]
	}
	return &n
}

// Walk calls f for e and, while f returns true, for its descendants.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, c := range e.Children() {
		Walk(c, f)
	}
}

// Rewrite rebuilds e bottom-up: f gets each node with its children rewritten.
// Unchanged nodes are shared.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	old := e.Children()
	var kids []Expr
	for i, c := range old {
		n := Rewrite(c, f)
		if n != c && kids == nil {
			kids = append(make([]Expr, 0, len(old)), old[:i]...)
		}
		if kids != nil {
			kids = append(kids, n)
		}
	}
	if kids != nil {
		e = e.WithChildren(kids)
	}
	return f(e)
}

// Conjuncts splits e at its top-level ANDs.
func Conjuncts(e Expr) []Expr {
	if e == nil {
		return nil
	}
	if l, ok := e.(*Logic); ok && l.Op == And {
		var out []Expr
		for _, a := range l.Args {
			out = append(out, Conjuncts(a)...)
		}
		return out
	}
	return []Expr{e}
}

// AndOf joins conditions with AND; nil for none.
func AndOf(list []Expr) Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &Logic{And, list}
}
