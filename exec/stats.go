package exec

import (
	"sync/atomic"
	"time"

	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
)

// NodeStats are the actual figures of one plan node.
type NodeStats struct {
	Rows       int64
	Time       time.Duration // of all workers, the node's own
	Startup    time.Duration // of that, what had passed when its first rows came out
	MemoryPeak int64
	SpillBytes int64
	Loops      int64           // how many tasks or nested runs worked on it
	Scan       *format.Metrics // table scans
	Files      *table.Metrics  // table scans
	IO         object.Counters // table scans: requests to storage and bytes
}

// counters collect a node's figures while it runs.
type counters struct {
	rows, nanos, first, mem, peak, spill, loops atomic.Int64
	scan                                        *format.Metrics
	files                                       *table.Metrics
	io                                          atomic.Pointer[object.Counters]
}

func (c *counters) memory(d int64) {
	now := c.mem.Add(d)
	for {
		p := c.peak.Load()
		if now <= p || c.peak.CompareAndSwap(p, now) {
			return
		}
	}
}

// gave counts rows that came out.
func (c *counters) gave(rows int64) {
	if c.rows.Add(rows) == rows {
		c.first.Store(c.nanos.Load())
	}
}

// Stats returns the figures so far, by node ordinal.
func (e *Execution) Stats() []NodeStats {
	out := make([]NodeStats, len(e.nodes))
	for i := range e.nodes {
		c := &e.nodes[i]
		out[i] = NodeStats{
			Rows: c.rows.Load(), Time: time.Duration(c.nanos.Load()), MemoryPeak: c.peak.Load(),
			Startup:    time.Duration(c.first.Load()),
			SpillBytes: c.spill.Load(), Loops: c.loops.Load(), Scan: c.scan, Files: c.files, IO: c.io.Load().Snapshot(),
		}
		if out[i].Rows == 0 {
			out[i].Startup = out[i].Time
		}
	}
	return out
}

// MemoryPeak returns the most memory that the statement has held at once.
func (e *Execution) MemoryPeak() int64 { return e.budget.Peak() }
