// Package table turns a pruned table into files. Each table format (hive; later
// iceberg, delta) is a sub-package that implements Format.
package table

import (
	"context"
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
)

// Request names a table and what is asked of it.
type Request struct {
	Table   *model.Table
	Columns []format.Column // ids of the columns that Conjuncts and Filters speak of
	// Conjuncts prune: a partition for which one is certainly not true is left out.
	// More may be kept, never less.
	Conjuncts []expr.Expr
	// Filters that are ready prune partitions too; FilterCols[i] is the column of Filters[i].
	Filters    []*expr.RuntimeFilter
	FilterCols []expr.ColumnID
	Env        *expr.Env
	Store      object.Store
	Partition  Partitions
	Metrics    *Metrics
}

// Partitions gives partitions of a table from the catalog, in key order.
type Partitions interface {
	Partitions(ctx context.Context, q *PartitionQuery, yield func(*model.Partition) error) (PartitionCount, error)
}

// PartitionQuery names a table and what is asked of its partitions; Request says
// what the fields mean. A superset of the partitions asked for is allowed.
type PartitionQuery struct {
	Table      *model.Table
	Columns    []format.Column
	Conjuncts  []expr.Expr
	Filters    []*expr.RuntimeFilter
	FilterCols []expr.ColumnID
}

// PartitionCount is what pruning left.
type PartitionCount struct{ Kept, Total int64 } // Total is -1 if unknown

// Metrics counts what listing did. Atomic.
type Metrics struct {
	PartitionsKept, PartitionsTotal atomic.Int64
	Files, Bytes                    atomic.Int64
	ListingAge                      atomic.Int64 // ns: age of the oldest kept listing used
}

// Format lists a table's files.
type Format interface {
	// Files streams the files of the partitions left, with ETag and size, to yield;
	// it stops at an error of yield's. Seq numbers ascend. Partitions are pruned
	// before anything is listed; each kept partition costs at most one LIST a page.
	Files(ctx context.Context, req *Request, yield func(*format.FileTask) error) error
}
