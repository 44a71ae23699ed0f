package engine

import (
	"context"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
)

// pinnedFiles are the partitions and files that a plan's scans saw at one time: a
// cursor runs as it is fetched, but in the lake as it was when it was declared.
type pinnedFiles struct{ sets map[scanKey]*fileSet }

// scanKey names a scan of a plan: every column is of one scan. Scans that read no
// column read all files of their table.
type scanKey struct {
	table *model.Table
	col   expr.ColumnID
}

func keyOf(req *table.Request) scanKey {
	k := scanKey{table: req.Table}
	if len(req.Columns) > 0 {
		k.col = req.Columns[0].ID
	}
	return k
}

type fileSet struct {
	tasks   []*format.FileTask
	metrics table.Metrics
}

// pin lists the files of all scans of a plan; it is run in those. Join filters are
// not known yet: they take partitions out when the scans run.
func (pl *planned) pin(ctx context.Context) error {
	p := &pinnedFiles{sets: map[scanKey]*fileSet{}}
	var walk func(physical.Node) error
	walk = func(n physical.Node) error {
		if scan, ok := n.(*physical.TableScan); ok {
			if err := p.list(ctx, pl.lake, scan); err != nil {
				return err
			}
		}
		for _, c := range n.Children() {
			if err := walk(c); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(pl.plan.Root); err != nil {
		return err
	}
	pl.lake.pinned = p
	return nil
}

func (p *pinnedFiles) list(ctx context.Context, l *lake, scan *physical.TableScan) error {
	access, err := l.Open(scan.Table)
	if err != nil {
		return err
	}
	cols, err := exec.ScanColumns(scan)
	if err != nil {
		return err
	}
	set := &fileSet{}
	req := &table.Request{Table: scan.Table, Columns: cols, Env: l.env, Store: access.Store, Partition: access.Partitions, Metrics: &set.metrics}
	if len(cols) > 0 {
		req.Conjuncts = scan.Filter
	}
	p.sets[keyOf(req)] = set
	return access.Files.Files(ctx, req, func(t *format.FileTask) error {
		set.tasks = append(set.tasks, t)
		return nil
	})
}

// Files implements table.Format.
func (p *pinnedFiles) Files(ctx context.Context, req *table.Request, yield func(*format.FileTask) error) error {
	set := p.sets[keyOf(req)]
	if set == nil {
		return sql.Errorf(sql.CodeInternal, "the files of a scan of table \"%s\" were not listed with the plan", req.Table.Name)
	}
	if m := req.Metrics; m != nil {
		m.PartitionsKept.Add(set.metrics.PartitionsKept.Load())
		m.PartitionsTotal.Store(set.metrics.PartitionsTotal.Load())
	}
	filters := table.NewKeyFilters(req)
	for _, t := range set.tasks {
		if !filters.Keep(t.Parts) {
			continue
		}
		if m := req.Metrics; m != nil {
			m.Files.Add(1)
			m.Bytes.Add(t.Size)
		}
		if err := yield(t); err != nil {
			return err
		}
	}
	return ctx.Err()
}
