package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Agg is one overload of an aggregate. Immutable, compared by pointer.
type Agg struct {
	Name     string
	OID      sql.OID
	Args     []sql.OID // polymorphic types allowed; count(*) has none
	Variadic bool
	Ret      sql.OID
	RetType  func(args []sql.Type) sql.Type // nil: sql.T(Ret)
	// Ordered is true if the result depends on input order (array_agg, string_agg).
	Ordered bool
	// IgnoresDuplicates is true if DISTINCT changes nothing (min, max, bool_and).
	IgnoresDuplicates bool
	// Direct counts the direct arguments of ordered-set aggregates (WITHIN GROUP), which
	// get the rows of a group in the call's order.
	OrderedSet, Hypothetical bool
	Direct                   int
	// EmptyIsNull is false only for aggregates that give a value over no rows (count).
	EmptyIsNull bool
	Dialect     Dialect
	Doc         string
	// New makes the state of all groups of one worker for a call with these argument types.
	New func(env *Env, args []sql.Type) AggState
}

// AggState holds the states of many groups of one aggregate, column-wise, indexed
// by dense group id. One goroutine at a time uses it.
type AggState interface {
	// Resize makes room for n groups; new ones are in the empty state.
	Resize(n int)
	// Update adds the selected rows: row sel[i] (or i) goes to group groups[i].
	// groups nil: all to group 0. args are in any form (Flat, Const, Dict).
	Update(groups []uint32, args []*vector.Vec, sel []int32, n int) error
	// Merge adds group from[i] (from nil: i) of o, which has the same aggregate and
	// types, to group to[i]. Those groups of o are spent if the aggregate is Ordered or
	// OrderedSet; else they stay as they are.
	Merge(o AggState, from, to []uint32) error
	// Result resets out to hi-lo positions of the result's type and fills it with
	// the results of groups lo..hi-1.
	Result(lo, hi int, out *Out) error
	// Bytes is the memory held, for the budget.
	Bytes() int64
	// Save resets out to a bytea vector with the encoded states of the groups, for
	// spilling; Load adds such values: row i to group groups[i].
	Save(groups []uint32, out *Out) error
	Load(groups []uint32, saved *vector.Vec) error
}

// AggCall is an aggregate in a plan.
type AggCall struct {
	Fn       *Agg
	Args     []Expr // nil for count(*)
	Direct   []Expr // ordered-set: direct arguments
	Distinct bool
	Filter   Expr // nil: none
	OrderBy  []SortKey
	T        sql.Type
	Out      ColumnID
	Name     string
	Pos      int
}

// SortKey is one key of an ordering.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// WindowFn is a window function that is no aggregate (rank, lag ...).
type WindowFn struct {
	Name    string
	OID     sql.OID
	Args    []sql.OID
	Ret     sql.OID
	RetType func(args []sql.Type) sql.Type
	Doc     string
}

// WindowCall is one window function call; the window itself is in the plan node.
type WindowCall struct {
	Agg         *Agg      // either an aggregate
	Fn          *WindowFn // or a window function
	Args        []Expr
	Filter      Expr
	IgnoreNulls bool
	T           sql.Type
	Out         ColumnID
	Name        string
	Pos         int
}
