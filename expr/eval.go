package expr

import (
	"github.com/sluicedb/sluice/vector"
)

// Program is a compiled list of expressions over the columns of a batch. It is
// immutable and shared by workers; each worker makes its own Evaluator.
//
// The contract (implementation: compile.go and friends):
//
//	Compile(exprs []Expr, input []ColumnID) (*Program, error)
//	  input[i] is the column id of batch column i.
//	(*Program).NewEvaluator(env *Env) *Evaluator
//
// An Evaluator owns its result vectors: they are valid until its next call.
type Evaluator interface {
	// Eval computes expression i for the selected rows (sel nil: all of b.N; b.Sel is
	// not consulted). Rows outside sel hold arbitrary values. On *RowError the rows
	// before it are computed.
	Eval(i int, b *vector.Batch, sel []int32) (*vector.Vec, error)
	// Select appends to out (length 0, capacity >= rows) the rows of sel for which
	// boolean expression i is true, and returns it. On *RowError the rows before the
	// failing one are in the result.
	Select(i int, b *vector.Batch, sel []int32, out []int32) ([]int32, error)
}
