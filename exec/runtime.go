package exec

import (
	"context"
	"log/slog"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

// Runtime is what a statement runs with.
type Runtime struct {
	Env       *expr.Env
	Pool      *Pool
	Lake      Lake       // nil: no lake tables
	Relations Relations  // nil: no virtual relations
	Temp      TempTables // nil: no temporary tables
	Memory    *Budget    // the statement's
	SpillDir  string     // "": the system's directory for temporary files
	// SpillFloor is the memory that an operator may always use before it spills;
	// 0: 1 MiB.
	SpillFloor int64
	// Held, if not 0, is the memory that rows may take that are sorted and wait for a
	// client that fetches them page by page, for as long as it likes; scans read no
	// more than that ahead.
	Held      int64
	BatchSize int // rows in a batch; 0: vector.BatchSize
	Workers   int // tasks a pipeline may have; 0: the pool's workers
	IO        int // storage requests at once; 0: 16
	Log       *slog.Logger

	sharedFrom int // groups from which tasks share them; 0: manyGroups
	treeFanout int // rows of a node of frames' trees; 0: treeFanout
}

// Lake opens lake tables.
type Lake interface {
	Open(t *model.Table) (TableAccess, error)
}

// TableAccess is how a lake table is read.
type TableAccess struct {
	Store      object.Store
	Files      table.Format
	Format     format.Format
	Partitions table.Partitions
}

// Relations computes virtual relations.
type Relations interface {
	// Rows passes the rows of a relation to yield until it returns an error, which
	// Rows returns. The values stand in the order of req.Ords and are yield's to keep.
	Rows(ctx context.Context, req *RelationRequest, yield func(row []sql.Value) error) error
}

// RelationRequest is what a scan wants of a virtual relation.
type RelationRequest struct {
	Table *model.Table
	Ords  []int // positions in Table.AllColumns() of the columns wanted
	// Columns are the ids and types of those columns.
	Columns []format.Column
	// Conjuncts are all conditions of the scan, applied by it: the source may use
	// those it can (equality and IN) to compute fewer rows.
	Conjuncts []expr.Expr
	Env       *expr.Env
}

func (rt *Runtime) batchSize() int {
	if rt.BatchSize <= 0 || rt.BatchSize > vector.BatchSize {
		return vector.BatchSize
	}
	return rt.BatchSize
}

func (rt *Runtime) workers() int {
	if rt.Workers > 0 {
		return rt.Workers
	}
	return rt.Pool.Workers()
}

func (rt *Runtime) aheadBytes() int64 {
	if rt.Held > 0 {
		return min(rt.Held, aheadBytes)
	}
	return aheadBytes
}

func (rt *Runtime) io() int {
	if rt.IO > 0 {
		return rt.IO
	}
	return 16
}

func (rt *Runtime) spillFloor() int64 {
	if rt.SpillFloor > 0 {
		return rt.SpillFloor
	}
	return 1 << 20
}
