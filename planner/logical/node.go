// Package logical holds the logical plan: immutable, sealed nodes that speak of
// column ids. The binder makes it, rules rewrite it, place turns it into a
// physical plan.
package logical

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// Col describes an output column of a node.
type Col struct {
	ID   expr.ColumnID
	Name string // for EXPLAIN
	T    sql.Type
	Coll expr.Collation
}

// Ref returns an expression that refers to the column.
func (c Col) Ref() *expr.Col { return &expr.Col{ID: c.ID, T: c.T, Name: c.Name, Coll: c.Coll} }

// Node is a logical plan node. Implementations: *Scan, *Values, *Filter,
// *Project, *Join, *DependentJoin, *Aggregate, *Window, *Sort, *Limit,
// *Distinct, *SetOp, *ProjectSet, *FuncScan, *Shared, *SharedRef, *Recursive,
// *WorkTable, *MaxOneRow.
type Node interface {
	// Columns returns the output columns in order. Ids are unique in the statement.
	Columns() []Col
	Children() []Node
	WithChildren([]Node) Node
	sealed()
}

// Scan reads a relation. Cols are the columns read (pruned by a rule); Ords are
// their positions in Table.AllColumns().
type Scan struct {
	Table *model.Table
	Alias string
	Cols  []Col
	Ords  []int
	// Filter are conjuncts that a rule pushed into the scan, in written order.
	Filter []expr.Expr
}

// Values is rows of expressions; with no columns and one row it is the input of
// a SELECT without FROM.
type Values struct {
	Cols []Col
	Rows [][]expr.Expr
}

// Filter keeps the rows for which all conjuncts are true. Conjuncts stand in
// written order: one that can raise never moves before its predecessors.
type Filter struct {
	Input Node
	Conds []expr.Expr
}

// NamedExpr is a computed column.
type NamedExpr struct {
	Col  Col
	Expr expr.Expr
}

// Project computes columns; a plain *expr.Col passes one on (under a new or the same id).
type Project struct {
	Input Node
	Exprs []NamedExpr
}

// JoinKind is the kind of a join. Right joins are bound as left joins with the
// sides exchanged.
type JoinKind uint8

// Kinds of join.
const (
	Inner JoinKind = iota // without On: cross join
	Left
	Full
	Semi   // left rows with a match
	Anti   // left rows without a match (NOT EXISTS)
	Mark   // left rows plus a boolean: match, no match, or NULL as IN has it
	Single // left join that raises 21000 on a second match
)

var joinNames = [...]string{"Inner", "Left", "Full", "Semi", "Anti", "Mark", "Single"}

func (k JoinKind) String() string { return joinNames[k] }

// Join joins two independent inputs. Output: Left's columns, then Right's (Inner,
// Left, Full, Single), or Mark's column, or nothing more (Semi, Anti).
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          []expr.Expr // conjuncts over both sides; Mark: see MarkCond
	// Mark: three-valued result of the disjunction of On over Right's rows: true if a
	// row makes all conjuncts true; else NULL if one makes them NULL; else false.
	MarkCol Col
}

// DependentJoin is a join whose Right refers to Left's columns (a lateral item or
// a correlated subquery). Right is evaluated for each left row; rules unnest it.
// Kinds: Inner, Left, Semi, Anti, Mark, Single.
type DependentJoin struct {
	Kind        JoinKind
	Left, Right Node
	On          []expr.Expr
	MarkCol     Col
	// Guard, if not nil, selects the left rows for which Right is evaluated at all (a
	// subquery in a CASE branch): for others Right counts as empty.
	Guard expr.Expr
}

// Aggregate groups. Output: group columns, then GroupingID columns, then aggregates.
type Aggregate struct {
	Input  Node
	Groups []NamedExpr // grouping expressions under their output ids
	// Sets are grouping sets as indexes into Groups; nil: one set of all. In a set,
	// group columns not in it are NULL.
	Sets     [][]int
	Grouping []GroupingCol
	Aggs     []expr.AggCall
}

// GroupingCol is GROUPING(...): bit i from the right is 1 if Groups[Of[len-1-i]] is not in the set.
type GroupingCol struct {
	Col Col
	Of  []int
}

// FrameBound is a bound of a window frame.
type FrameBound struct {
	Kind   uint8 // parse.BoundKind's values
	Offset expr.Expr
}

// Frame is a bound window frame; the zero Frame is RANGE UNBOUNDED PRECEDING to CURRENT ROW.
type Frame struct {
	Set        bool
	Mode       uint8 // parse.FrameMode's values
	Start, End FrameBound
	Exclude    uint8 // parse.Exclude's values
	// RangeAdd and RangeSub compute key + offset and key - offset for RANGE with offsets.
	RangeAdd, RangeSub *expr.Func
}

// Window computes window functions over one window. Output: Input's columns, then Calls'.
type Window struct {
	Input     Node
	Partition []expr.Expr
	OrderBy   []expr.SortKey
	Frame     Frame
	Calls     []expr.WindowCall
}

// Sort orders rows.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
}

// Limit passes Count rows after Offset. Expressions refer to no column (NULL: no limit).
type Limit struct {
	Input    Node
	Count    expr.Expr // nil: none
	Offset   expr.Expr // nil: 0
	WithTies bool      // Input is a Sort; ties by its keys
}

// Distinct keeps one row of each group of equal rows; On nil: over all columns.
// With On, Input is ordered and the first row of each group in that order stays.
type Distinct struct {
	Input Node
	On    []expr.Expr
	Order []expr.SortKey // for On: what decides the first row
}

// SetKind is the kind of a set operation.
type SetKind uint8

// Set operations.
const (
	Union SetKind = iota
	Intersect
	Except
)

// SetOp combines inputs with the same number and types of columns, by position.
type SetOp struct {
	Kind   SetKind
	All    bool
	Inputs []Node // two; Union may have more
	Cols   []Col  // fresh ids
}

// ProjectSet computes set-returning calls for each row: output is Input's columns
// repeated, then Calls' columns; shorter results are padded with NULL.
type ProjectSet struct {
	Input Node
	Calls []SetCall
}

// SetCall is a set-returning function call.
type SetCall struct {
	Fn   *expr.Func
	Args []expr.Expr
	Cols []Col
	Pos  int
	// Ordinality: the last of Cols is the row number.
	Ordinality bool
}

// FuncScan is functions in FROM (lateral ones stand in a DependentJoin): output
// the calls' columns side by side, then the ordinality column if there is one.
type FuncScan struct {
	Calls      []SetCall
	Ordinality *Col
}

// SharedPlan is a sub-plan computed once and read by several SharedRefs.
type SharedPlan struct {
	ID   int
	Name string
	Plan Node
}

// Shared makes shared plans available to Input.
type Shared struct {
	Plans []*SharedPlan
	Input Node
}

// SharedRef reads the shared plan with the ID under fresh ids, by position.
type SharedRef struct {
	ID   int
	Name string
	Cols []Col
}

// Recursive is WITH RECURSIVE: Base, then Step over the rows that the last round
// added (WorkTable with the same ID), until none are. Output Cols by position.
type Recursive struct {
	ID         int
	Base, Step Node
	All        bool // UNION ALL
	Cols       []Col
}

// WorkTable reads the last round of the Recursive with the ID.
type WorkTable struct {
	ID   int
	Cols []Col
}

// MaxOneRow passes its input's only row, or a row of NULLs if there is none, and
// raises 21000 on a second: an uncorrelated scalar subquery.
type MaxOneRow struct{ Input Node }
