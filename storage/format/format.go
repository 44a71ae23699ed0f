// Package format turns files into batches. Each file format is a sub-package
// that implements Format.
package format

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/vector"
)

// Column is a column that a scan needs, for predicates or output.
type Column struct {
	ID   expr.ColumnID
	Name string   // the table's name for it, lower case
	Hive string   // the table's declared type, "" if not from a lake table
	Type sql.Type // the type to deliver
}

// Request is what a scan wants of every file of a table. Immutable while it runs,
// except that runtime filters are published meanwhile.
type Request struct {
	Env     *expr.Env
	Store   object.Store
	Columns []Column
	Output  []int // indexes into Columns: the columns of the batches, in order
	// Conjuncts are exact: only rows for which all are true are delivered. They are
	// evaluated in order; one that can raise is never tried before those written
	// before it, but those that cannot raise may be reordered among themselves.
	Conjuncts []expr.Expr
	// Filters are join filters: rows that fail one may be dropped. FilterCols[i] is the
	// id, among Columns, of the column that Filters[i] tests.
	Filters    []*expr.RuntimeFilter
	FilterCols []expr.ColumnID
	Metrics    *Metrics
	// WantRowIDs asks for file ordinal and row ordinal as Batch.Seq / Batch.First.
	RowLimit int64 // > 0: no more than so many rows are wanted in all (a hint)
}

// FileTask is one file to read.
type FileTask struct {
	URL   string
	Size  int64
	ETag  string // every read is pinned to it
	Seq   uint64 // order among the files of the scan
	Parts []Part // partition values and other constants, for columns not taken from the file
}

// Part is a column with one value for the whole file.
type Part struct {
	ID    expr.ColumnID
	Value sql.Value
}

// Format reads one kind of file. Safe for concurrent use.
type Format interface {
	// Open reads what is needed to divide the file (Parquet: the footer, from cache
	// if it is there), prunes by the conjuncts, and returns the morsels left. It
	// blocks on I/O: it is called from an I/O goroutine, never from a pool worker.
	Open(ctx context.Context, task *FileTask, req *Request) ([]Morsel, error)
	// NewReader makes a reader, one for each worker of a scan.
	NewReader(req *Request) Reader
}

// Morsel is a part of a file that one worker reads: a row group, or a range of
// pages of a small file.
type Morsel interface {
	Rows() int64  // before filtering
	Bytes() int64 // that Fetch will read at most
	Seq() uint64  // order within the scan: file's Seq << 20 | ordinal in the file
	// Prune asks once more, with the runtime filters that are ready by now.
	Prune() bool
	// Fetch brings remote bytes into memory, charged to the statement. It blocks on
	// I/O: called from an I/O goroutine. For local files it may do nothing.
	Fetch(ctx context.Context) error
	// Release gives up what Fetch brought, read or not.
	Release()
}

// Reader decodes morsels on a pool worker.
type Reader interface {
	// Start begins a morsel that was fetched.
	Start(ctx context.Context, m Morsel) error
	// Next returns the next batch with at least one row, or nil at the morsel's end.
	// The batch is valid until the next call.
	Next() (*vector.Batch, error)
	// Close releases memory; the reader is not used again.
	Close()
}
