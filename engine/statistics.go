package engine

import (
	"context"
	"errors"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
)

// sampledFooters is how many files' footers planning reads of a table at most.
const sampledFooters = 64

// statistics answers the planner for a statement: statistics stored by ANALYZE,
// else those of at most 64 footers, extrapolated by size.
type statistics struct {
	lake *lake
}

// sampledPartitions is up to how many partitions of a table without statistics
// planning lists to look at footers.
const sampledPartitions = 3

var errSampled = errors.New("enough files were seen")

// Table implements place.Statistics.
func (s *statistics) Table(ctx context.Context, scan *logical.Scan) (place.TableFacts, error) {
	unknown := place.TableFacts{Rows: -1, Bytes: -1}
	t := scan.Table
	if t.Kind == model.KindTemp {
		rows := float64(s.lake.temp.Rows(t.OID).Live())
		return place.TableFacts{Rows: rows, Bytes: 0}, nil
	}
	if t.Kind != model.KindLake {
		return unknown, nil
	}
	access, err := s.lake.Open(t)
	if err != nil {
		return unknown, err
	}
	cols := make([]format.Column, len(scan.Cols))
	all := t.AllColumns()
	for i, c := range scan.Cols {
		d := all[scan.Ords[i]]
		cols[i] = format.Column{ID: c.ID, Name: d.Name, Hive: d.Hive, Type: c.T}
	}
	parts := table.PartitionCount{Kept: 1, Total: 1}
	if len(t.Keys) > 0 {
		if parts, err = s.lake.snap.Partitions(s.lake.env).Count(ctx, &table.PartitionQuery{Table: t, Columns: cols, Conjuncts: scan.Filter}); err != nil {
			return unknown, err
		}
	}
	f := place.TableFacts{}
	f.Facts.Files, f.Facts.Projected = -1, catalog.Projected(t)
	if len(t.Keys) > 0 {
		f.Facts.PartitionsKept, f.Facts.PartitionsTotal = parts.Kept, parts.Total
	}
	if parts.Kept == 0 {
		return f, nil
	}
	if t.Stats != nil && t.Stats.Rows > 0 {
		share := 1.0
		if parts.Total > 0 {
			share = float64(parts.Kept) / float64(parts.Total)
		}
		f.Facts.Source = "catalog"
		f.Rows, f.Bytes, f.Columns = float64(t.Stats.Rows)*share, float64(t.Stats.Bytes)*share, scaled(t.Stats.Columns, share)
		return f, nil
	}
	if len(t.Keys) > 0 && parts.Kept > sampledPartitions {
		// A join filter may leave out most of them when the statement runs: listing
		// them now would cost requests that the answer does not need.
		s.lake.eng.learned.fill(t, parts.Kept, &f)
		return f, nil
	}
	return s.sample(ctx, scan, cols, parts, f, access.Files)
}

// sample estimates from footers.
func (s *statistics) sample(ctx context.Context, scan *logical.Scan, cols []format.Column, parts table.PartitionCount, f place.TableFacts, files table.Format) (place.TableFacts, error) {
	access, _ := s.lake.Open(scan.Table)
	var tasks []*format.FileTask
	var metrics table.Metrics
	err := files.Files(ctx, &table.Request{Table: scan.Table, Columns: cols, Conjuncts: scan.Filter, Env: s.lake.env,
		Store: access.Store, Partition: access.Partitions, Metrics: &metrics}, func(task *format.FileTask) error {
		tasks = append(tasks, task)
		if len(tasks) >= sampledFooters {
			return errSampled
		}
		return nil
	})
	whole := err == nil
	req := &format.Request{Env: s.lake.env, Store: access.Store, Columns: cols}
	if err != nil && !errors.Is(err, errSampled) {
		return f, err
	}
	if len(tasks) == 0 {
		return f, nil
	}
	sum := &model.TableStats{}
	var sampled int64
	seen := map[string]bool{}
	for _, task := range tasks {
		st, err := s.lake.eng.footerStats(ctx, req, task)
		if err != nil {
			return f, err
		}
		merge(sum, st)
		sampled += task.Size
		seen[folderOf(task.URL)] = true
	}
	scale := 1.0
	if !whole && parts.Kept > int64(len(seen)) {
		scale = float64(parts.Kept) / float64(len(seen))
	}
	f.Rows, f.Bytes, f.Columns = float64(sum.Rows)*scale, float64(sampled)*scale, sum.Columns
	f.Facts.Source = "footers"
	f.Facts.Files = int64(float64(len(tasks)) * scale)
	f.Columns = scaled(f.Columns, scale)
	return f, nil
}

// scaled returns the columns' statistics with their stored bytes times a share.
func scaled(cols map[string]model.ColumnStats, share float64) map[string]model.ColumnStats {
	if share == 1 {
		return cols
	}
	out := make(map[string]model.ColumnStats, len(cols))
	for name, c := range cols {
		c.Bytes = int64(float64(c.Bytes) * share)
		out[name] = c
	}
	return out
}

func folderOf(url string) string {
	for i := len(url) - 1; i >= 0; i-- {
		if url[i] == '/' {
			return url[:i]
		}
	}
	return url
}

// footerStats gives what a file's footer says of the request's columns.
func (e *Engine) footerStats(ctx context.Context, req *format.Request, task *format.FileTask) (*model.TableStats, error) {
	fs, err := e.cfg.Parquet.Stats(ctx, req, task)
	if err != nil {
		return nil, err
	}
	st := &model.TableStats{Rows: fs.Rows, Bytes: task.Size, Files: 1, Columns: make(map[string]model.ColumnStats, len(fs.Columns))}
	for i, c := range fs.Columns {
		st.Columns[req.Columns[i].Name] = model.ColumnStats{Min: c.Min, Max: c.Max, HasMin: c.HasMin, HasMax: c.HasMax, Nulls: max(c.NullCount, 0), Bytes: c.Bytes}
	}
	return st, nil
}

// merge adds a file's statistics; bounds that one side lacks are lost.
func merge(sum, st *model.TableStats) {
	first := sum.Columns == nil
	if first {
		sum.Columns = map[string]model.ColumnStats{}
	}
	for name, c := range st.Columns {
		m, ok := sum.Columns[name]
		if first || !ok {
			sum.Columns[name] = c
			continue
		}
		m.HasMin = m.HasMin && c.HasMin
		m.HasMax = m.HasMax && c.HasMax
		if m.HasMin && sql.Cmp(c.Min, m.Min) < 0 {
			m.Min = c.Min
		}
		if m.HasMax && sql.Cmp(c.Max, m.Max) > 0 {
			m.Max = c.Max
		}
		m.Nulls += c.Nulls
		m.Bytes += c.Bytes
		m.Distinct = max(m.Distinct, c.Distinct)
		if n := sum.Rows + st.Rows; n > 0 {
			m.AvgLen = (m.AvgLen*float64(sum.Rows) + c.AvgLen*float64(st.Rows)) / float64(n)
		}
		sum.Columns[name] = m
	}
	sum.Rows += st.Rows
	sum.Bytes += st.Bytes
	sum.Files += st.Files
}

var _ place.Statistics = (*statistics)(nil)
