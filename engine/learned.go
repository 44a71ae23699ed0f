package engine

import (
	"sync"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/sql"
)

// learned remembers, of partitioned tables that nobody has analysed, how large
// their partitions were when they were read last. Estimates only depend on it.
type learned struct {
	mu     sync.Mutex
	tables map[sql.OID]partitionSize
}

// partitionSize is a mean over the partitions of one scan.
type partitionSize struct{ rows, bytes, files float64 }

// defaultPartition is assumed before a table was read.
var defaultPartition = partitionSize{rows: 10_000, bytes: 1 << 20, files: 1}

// fill estimates a scan of kept partitions.
func (l *learned) fill(t *model.Table, kept int64, f *place.TableFacts) {
	l.mu.Lock()
	p, ok := l.tables[t.OID]
	l.mu.Unlock()
	f.Facts.Source = "earlier scans"
	if !ok {
		p, f.Facts.Source = defaultPartition, "defaults"
	}
	n := float64(kept)
	f.Rows, f.Bytes = p.rows*n, p.bytes*n
	f.Facts.Files = int64(p.files * n)
}

// note takes what a run's scans have seen.
func (l *learned) note(p *physical.Plan, stats []exec.NodeStats) {
	var walk func(physical.Node)
	walk = func(n physical.Node) {
		for _, c := range n.Children() {
			walk(c)
		}
		scan, ok := n.(*physical.TableScan)
		if !ok || len(scan.Table.Keys) == 0 || scan.Table.Stats != nil {
			return
		}
		st := stats[n.Ordinal()]
		if st.Files == nil || st.Scan == nil {
			return
		}
		kept, files, rows := float64(st.Files.PartitionsKept.Load()), float64(st.Files.Files.Load()), float64(st.Scan.RowsRead.Load())
		if kept == 0 || rows == 0 {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.tables == nil {
			l.tables = map[sql.OID]partitionSize{}
		}
		l.tables[scan.Table.OID] = partitionSize{rows: rows / kept, bytes: float64(st.Files.Bytes.Load()) / kept, files: files / kept}
	}
	walk(p.Root)
}
