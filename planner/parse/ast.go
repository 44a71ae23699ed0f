// Package parse turns SQL text into Sluice's own small syntax tree. It alone
// imports PostgreSQL's grammar, so that the grammar stays replaceable. A lexer of
// ours goes first: it bounds nesting and operator chains (54001) and, for the
// other dialects, rewrites their forms into reserved markers, keeping a map of
// positions.
package parse

import "github.com/sluicedb/sluice/sql"

// Node has a position: 1-based character offset in the text, 0 unknown.
type Node interface{ Pos() int }

// P is an embedded position.
type P int

// Pos returns the position.
func (p P) Pos() int { return int(p) }

// Stmt is one statement; Raw text is kept beside it by Statement.
type Stmt interface{ Node }

// Statement is one statement of a text.
type Statement struct {
	Stmt Stmt   // nil: empty statement
	Text string // its own text, without the semicolon
	Off  int    // characters before it in the whole text: added to error positions
	// NumParams is the highest $n in it.
	NumParams int
}

// Name is a possibly qualified name, as many as three parts, already folded.
type Name struct {
	P
	Parts []string
}

// --- queries ------------------------------------------------------------------

// Select is a query: either a core (Targets, From ...), or VALUES, or a set operation.
type Select struct {
	P
	With          *With
	Distinct      bool
	DistinctOn    []Expr
	Targets       []Target
	Into          *Name // SELECT INTO
	IntoTemp      bool
	From          []TableRef
	Where         Expr
	GroupBy       []GroupItem
	GroupDistinct bool
	Having        Expr
	Windows       []WindowDef
	Qualify       Expr

	Values [][]Expr // VALUES lists, nil if none

	SetOp SetOp // none for a core
	All   bool
	Left  *Select
	Right *Select

	OrderBy  []SortBy
	Limit    Expr // nil: none; LIMIT ALL too
	Offset   Expr
	WithTies bool
	Locking  bool // FOR UPDATE/SHARE ...: refused
}

// SetOp is a set operation.
type SetOp uint8

// Set operations.
const (
	NoSetOp SetOp = iota
	Union
	Intersect
	Except
)

// With is a WITH clause.
type With struct {
	P
	Recursive bool
	CTEs      []CTE
}

// CTE is one common table expression.
type CTE struct {
	P
	Name          string
	Columns       []string
	Materialized  Materialize
	Query         Stmt
	Search, Cycle bool // has a SEARCH or CYCLE clause
}

// Materialize is a CTE's hint.
type Materialize uint8

// Hints.
const (
	MaterializeDefault Materialize = iota
	MaterializeAlways
	MaterializeNever
)

// Target is one item of a select list.
type Target struct {
	P
	Expr Expr   // *Star for *
	As   string // "" if no alias was given
}

// GroupItem is one item of GROUP BY.
type GroupItem struct {
	P
	Kind GroupKind
	Expr Expr        // GroupExpr
	Sets []GroupItem // the other kinds; of GroupEmpty none
}

// GroupKind is the kind of a GroupItem.
type GroupKind uint8

// Kinds of GROUP BY item.
const (
	GroupExpr GroupKind = iota
	GroupEmpty
	GroupRollup
	GroupCube
	GroupSets
	GroupList // (a, b) inside a set
)

// SortBy is one ORDER BY item.
type SortBy struct {
	P
	Expr    Expr
	Desc    bool
	Nulls   NullsOrder
	UsingOp string // ORDER BY x USING op
}

// NullsOrder is NULLS FIRST or LAST.
type NullsOrder uint8

// Orders of NULLs.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// WindowDef is a window, named or inline.
type WindowDef struct {
	P
	Name        string // in a WINDOW clause; or reference by OVER name
	Ref         string // base window
	PartitionBy []Expr
	OrderBy     []SortBy
	Frame       *Frame
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// Frame modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// BoundKind is the kind of a frame bound.
type BoundKind uint8

// Frame bounds.
const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// Exclude is a frame's EXCLUDE clause.
type Exclude uint8

// Exclusions.
const (
	ExcludeNone Exclude = iota
	ExcludeCurrent
	ExcludeGroup
	ExcludeTies
)

// Frame is a window frame.
type Frame struct {
	Mode                   FrameMode
	Start, End             BoundKind
	StartOffset, EndOffset Expr
	Exclude                Exclude
}

// --- FROM ---------------------------------------------------------------------

// TableRef is an item of FROM: *TableName, *SubqueryRef, *FuncRef, *JoinRef.
type TableRef interface{ Node }

// Alias is AS name (columns).
type Alias struct {
	Name    string
	Columns []string
}

// TableName is a named relation.
type TableName struct {
	P
	Name   Name
	Alias  Alias
	Only   bool
	Sample *Sample
}

// Sample is TABLESAMPLE.
type Sample struct {
	P
	Method     string
	Args       []Expr
	Repeatable Expr
}

// SubqueryRef is a query in FROM.
type SubqueryRef struct {
	P
	Query   Stmt
	Alias   Alias
	Lateral bool
}

// ColumnDef is a column of a column definition list or CREATE TABLE.
type ColumnDef struct {
	P
	Name    string
	Type    TypeName
	NotNull bool
	Default string // an expression's text, "" for none
	Value   Expr   // the same, as it was written
	// Constraints are CHECK, UNIQUE and PRIMARY KEY written with the column.
	Constraints []Constraint
}

// ConstraintKind is a kind of constraint.
type ConstraintKind uint8

// Kinds of constraint.
const (
	CheckConstraint ConstraintKind = iota
	UniqueConstraint
	PrimaryKey
)

// Constraint is a constraint of CREATE TABLE.
type Constraint struct {
	P
	Kind    ConstraintKind
	Name    string   // "" not given
	Columns []string // of keys; empty: the column it is written with
	Check   string   // an expression's text
	Cond    Expr     // the same, as it was written
}

// FuncRef is one or more functions in FROM (ROWS FROM for more).
type FuncRef struct {
	P
	Funcs      []Expr
	ColDefs    [][]ColumnDef
	Ordinality bool
	Lateral    bool
	Alias      Alias
	RowsFrom   bool
}

// JoinType is a syntactic join type.
type JoinType uint8

// Join types.
const (
	InnerJoin JoinType = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// JoinRef is a join in FROM.
type JoinRef struct {
	P
	Type       JoinType
	Natural    bool
	Left       TableRef
	Right      TableRef
	On         Expr
	Using      []string
	UsingAlias string
	Alias      Alias
}

// --- expressions ----------------------------------------------------------------

// Expr is a scalar expression.
type Expr interface{ Node }

// ColumnRef is a possibly qualified column; Star is set for x.*.
type ColumnRef struct {
	P
	Parts []string
	Star  bool
}

// Star is a bare *.
type Star struct{ P }

// LitKind is the kind of a literal.
type LitKind uint8

// Kinds of literal.
const (
	LitNull LitKind = iota
	LitBool
	LitInt    // fits int4 in PostgreSQL's lexer; longer ones are LitNumber
	LitNumber // numeric text
	LitString // type unknown
	LitBits   // B'..' or X'..'
)

// Literal is a constant; Text holds it as written, without quotes.
type Literal struct {
	P
	Kind LitKind
	Text string
	Bool bool
}

// ParamRef is $n.
type ParamRef struct {
	P
	N int
}

// OpExpr is an operator; Left is nil for a prefix operator. Schema is the
// qualification of OPERATOR(schema.op).
type OpExpr struct {
	P
	Schema string
	Op     string
	Left   Expr
	Right  Expr
}

// BoolOp is AND, OR or NOT.
type BoolOp uint8

// Boolean operators.
const (
	OpAnd BoolOp = iota
	OpOr
	OpNot
)

// BoolExpr is AND/OR over two or more, NOT over one.
type BoolExpr struct {
	P
	Op   BoolOp
	Args []Expr
}

// TestKind is what a TestExpr tests.
type TestKind uint8

// Tests.
const (
	IsNull TestKind = iota
	IsNotNull
	IsTrue
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// TestExpr is x IS ....
type TestExpr struct {
	P
	Kind TestKind
	Arg  Expr
}

// DistinctExpr is a IS [NOT] DISTINCT FROM b.
type DistinctExpr struct {
	P
	Not         bool
	Left, Right Expr
}

// InExpr is x [NOT] IN (list).
type InExpr struct {
	P
	Not  bool
	Left Expr
	List []Expr
}

// BetweenExpr is x [NOT] BETWEEN [SYMMETRIC] a AND b.
type BetweenExpr struct {
	P
	Not, Symmetric bool
	Arg, Low, High Expr
}

// LikeExpr is x [NOT] LIKE|ILIKE|SIMILAR TO y [ESCAPE e].
type LikeExpr struct {
	P
	Not                 bool
	Op                  string // "~~", "~~*", "~" for SIMILAR TO
	Similar             bool
	Left, Right, Escape Expr
}

// AnyExpr is x op ANY|ALL (array).
type AnyExpr struct {
	P
	Schema, Op  string
	All         bool
	Left, Right Expr
}

// SubKind is the kind of a sub-link.
type SubKind uint8

// Sub-links.
const (
	SubScalar SubKind = iota
	SubExists
	SubAny // x op ANY (query), IN is = ANY
	SubAll
	SubArray // ARRAY(query)
)

// SubLink is a query in an expression. NOT IN is NOT over SubAny.
type SubLink struct {
	P
	Kind  SubKind
	Op    string // SubAny, SubAll
	Test  Expr   // SubAny, SubAll: left side, a *RowExpr for more columns
	Query Stmt
}

// FuncCall is a function, aggregate or window call. Special syntax (EXTRACT,
// SUBSTRING, TRIM, POSITION, OVERLAY ...) comes as the function that PostgreSQL
// maps it to, with Schema pg_catalog.
type FuncCall struct {
	P
	Name        Name
	Args        []Expr
	ArgNames    []string // by position, "" for positional; nil if none is named
	Star        bool     // count(*)
	Distinct    bool
	Variadic    bool
	OrderBy     []SortBy
	WithinGroup bool
	Filter      Expr
	Over        *WindowDef // nil: no window
	IgnoreNulls bool
	SQLSyntax   bool // written in special syntax
}

// CaseExpr is CASE [arg] WHEN ... END.
type CaseExpr struct {
	P
	Arg   Expr
	Whens []CaseWhen
	Else  Expr
}

// CaseWhen is one branch.
type CaseWhen struct {
	P
	Cond, Then Expr
}

// CoalesceExpr is COALESCE; MinMaxExpr is GREATEST or LEAST; NullIfExpr is NULLIF.
type CoalesceExpr struct {
	P
	Args []Expr
}

// MinMaxExpr is GREATEST or LEAST.
type MinMaxExpr struct {
	P
	Least bool
	Args  []Expr
}

// NullIfExpr is NULLIF(a, b).
type NullIfExpr struct {
	P
	Left, Right Expr
}

// CastExpr is CAST(x AS t) or x::t; Try for TRY_CAST.
type CastExpr struct {
	P
	Arg  Expr
	Type TypeName
	Try  bool
}

// TypeName is a type as written.
type TypeName struct {
	P
	Name   Name   // e.g. [pg_catalog int4], [varchar]
	Mods   []Expr // typmod arguments
	Array  int    // number of dimensions, 0 no array
	SetOf  bool
	Fields []string // interval fields, e.g. [year month]
}

// CollateExpr is x COLLATE c.
type CollateExpr struct {
	P
	Arg  Expr
	Name Name
}

// ArrayCtor is ARRAY[...].
type ArrayCtor struct {
	P
	Elems []Expr
}

// RowExpr is ROW(...) or (a, b).
type RowExpr struct {
	P
	Explicit bool
	Fields   []Expr
}

// Subscript is one [i] or [l:u].
type Subscript struct {
	Slice        bool
	Lower, Upper Expr
}

// Indirection is subscripts and field selections after an expression, in order.
type Indirection struct {
	P
	Arg   Expr
	Steps []IndirectionStep
}

// IndirectionStep is one .field, .* or subscript.
type IndirectionStep struct {
	Field string
	Star  bool
	Index *Subscript
}

// SQLValue is CURRENT_DATE, CURRENT_TIMESTAMP(n), CURRENT_USER ...
type SQLValue struct {
	P
	Name string // lower case
	Prec int    // -1 none
}

// AtTimeZone is bound as the function timezone(zone, x): it comes as FuncCall.
// GroupingExpr is GROUPING(...).
type GroupingExpr struct {
	P
	Args []Expr
}

// Lambda is a lambda of the Athena dialect.
type Lambda struct {
	P
	Params []string
	Body   Expr
}

// TypeOf names the OIDs that a client gave for parameters; 0 unknown.
type ParamTypes []sql.OID
