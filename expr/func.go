package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Volatility as in PostgreSQL.
type Volatility uint8

// Volatilities.
const (
	Immutable Volatility = iota
	Stable               // same result within a statement
	Volatile
)

// FuncKind tells where a Func may stand.
type FuncKind uint8

// Kinds of registry entry.
const (
	KindFunction FuncKind = iota
	KindOperator          // Name is the operator's symbol; one or two arguments
	KindCast              // from Args[0] to Ret
	KindSet               // set-returning: Set is its implementation
)

// CastContext is when a cast is applied without being asked for.
type CastContext uint8

// Cast contexts (pg_cast.castcontext).
const (
	CastExplicit   CastContext = iota
	CastAssignment             // also in assignment
	CastImplicit               // also implicitly in expressions
)

// Func is one overload of a function, operator or cast. The registry owns it; it
// is immutable and compared by pointer.
type Func struct {
	Name     string // without schema, e.g. "lower", "+", "int4"; casts: target type's name
	OID      sql.OID
	Kind     FuncKind
	Args     []sql.OID // declared argument types, polymorphic ones (anyelement ...) included
	Variadic bool      // the last argument may repeat
	Defaults int       // how many trailing arguments may be left out
	Ret      sql.OID
	// RetType computes the full result type (typmod, static decimal form) from the
	// actual argument types; nil: sql.T(Ret). For static decimals it also decides the
	// form in which the kernel delivers.
	RetType func(args []sql.Type) sql.Type
	Vol     Volatility
	Strict  bool // NULL if any argument is NULL; the kernel is not called for such rows
	Raises  bool // may raise an error on some input
	Leaky   bool // not leakproof: its errors or side effects tell about its arguments
	Context CastContext
	Dialect Dialect // which dialects know it; 0: all
	Doc     string  // one line for docs/functions.md
	Kernel  Kernel
	Set     SetKernel // KindSet
	// Columns are the names and types of a set-returning function's results where they
	// have names of their own; Ret is then the type of the only one, or record.
	Columns []SetColumn
	cmp     cmpOp     // a comparison: which (0: none)
	sel     selKernel // boolean functions with a fast path for Select; Kernel may then be nil
	negate  *Func     // the operator that gives NOT of this one
	// identity: the result is the argument under another type (binary-coercible casts).
	identity bool
	// Negator and Commutator name the operators as pg_operator has them ("" none).
	Negator, Commutator string
}

// Dialect is a set of SQL dialects.
type Dialect uint8

// Dialects.
const (
	Postgres Dialect = 1 << iota
	Redshift
	Athena
)

// Kernel computes a function over a batch.
//
// in.Args have the declared types (static decimals in either layout), in Flat or
// Const form (Dict only if the whole call is evaluated over a dictionary, in
// which case it looks Flat). The kernel fills in.Out for the rows in in.Sel (nil:
// all in.N rows), at the same positions; Out is Flat with Data and validity
// prepared by the caller as described at Args. It never looks at values of
// unselected rows, nor (Strict) of rows where an argument is NULL: those rows
// are not in in.Sel.
//
// If a row raises, it returns *RowError with that row; rows before it in Sel
// must be computed.
type Kernel func(in *Input) error

// Input is what a kernel works on.
type Input struct {
	Env  *Env
	Call *Call // types, position
	N    int
	Sel  []int32
	Args []*vector.Vec
	Out  *Out
	// State is private to one evaluator of one Call; a kernel may keep compiled
	// patterns, parsed formats and the like in it.
	State *any
}

// RowError is an error at one row of a batch: the rows before it are good, and it
// is raised when the consumer asks past them.
type RowError struct {
	Row int
	Err error
}

func (e *RowError) Error() string { return e.Err.Error() }
func (e *RowError) Unwrap() error { return e.Err }

// SetKernel produces rows of a set-returning function for one row of arguments.
// It calls emit for each result row (values of the function's columns) until emit
// returns false.
type SetKernel func(env *Env, args []sql.Value, emit func(row []sql.Value) bool) error
