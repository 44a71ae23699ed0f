package physical

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Engine is a place where a part of a plan can run. The lake is built in; others
// (a warehouse, Athena, Trino) implement this and pass the shared conformance test.
type Engine interface {
	Name() string
	// Supports reports whether the node over its (supported) inputs can be written in
	// the engine's dialect with exactly our result; the reason is for EXPLAIN.
	Supports(n logical.Node) (ok bool, reason string)
	// Estimate prices a plan that is supported.
	Estimate(ctx context.Context, n logical.Node) (Estimate, error)
	// Open starts the plan. filters are the runtime filters that are ready, by
	// reference; an engine may use them or not.
	Open(ctx context.Context, n logical.Node, filters []ReadyFilter) (Rows, error)
}

// ReadyFilter is a runtime filter whose build is done: the column is in Values, or
// between Min and Max if there were too many to list.
type ReadyFilter struct {
	Col      expr.ColumnID
	Min, Max sql.Value
	Values   []sql.Value // nil: only the range is known
}

// Rows is a running remote statement.
type Rows interface {
	// Next returns the next batch, valid until the next call; nil at the end.
	Next(ctx context.Context) (*vector.Batch, error)
	Close() error
}
