package expr

import (
	"github.com/sluicedb/sluice/vector"
)

// Evaluator evaluates a Program's expressions over batches (implementation:
// compile.go and eval_*.go). It owns its result vectors: those of different
// expressions over the same batch and selection are valid together, until the
// next call with other rows.
type Evaluator interface {
	// Eval computes expression i for the selected rows (sel nil: all of b.N; b.Sel is
	// not consulted). Rows outside sel hold arbitrary values. On *RowError the rows
	// before it are computed.
	Eval(i int, b *vector.Batch, sel []int32) (*vector.Vec, error)
	// EvalAll computes every expression, those of sub-expressions that they share
	// once, into out (as long as the program's list).
	EvalAll(b *vector.Batch, sel []int32, out []*vector.Vec) error
	// Select appends to out (length 0, capacity >= rows) the rows of sel for which
	// boolean expression i is true, and returns it. On *RowError the rows before the
	// failing one are in the result.
	Select(i int, b *vector.Batch, sel []int32, out []int32) ([]int32, error)
}
