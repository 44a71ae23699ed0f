package parquet

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/vector"
)

// FileStats are what a file's footer says about it.
type FileStats struct {
	Rows    int64
	Bytes   int64 // of the whole file
	Columns []FileColumnStats
}

// FileColumnStats are what a footer says about one of the request's columns.
type FileColumnStats struct {
	expr.ColStats       // over the whole file
	Bytes         int64 // compressed
	Known         bool  // false: nothing but Bytes is known
	bounded       bool  // a row group with values was merged
}

// Stats reads (or finds in the cache) the footer of task's file and returns
// statistics of cols, as their types, for the planner.
func (f *Format) Stats(ctx context.Context, req *format.Request, task *format.FileTask) (st *FileStats, err error) {
	defer guard(task.URL, &err)
	m, src, _, err := f.meta(ctx, req.Store, task.URL, task.ETag, task.Size)
	if err != nil {
		return nil, err
	}
	sf := &scanFile{f: f, req: req, task: task, src: src, meta: m}
	if err := sf.mapColumns(); err != nil {
		return nil, err
	}
	st = &FileStats{Rows: m.rows, Bytes: m.size, Columns: make([]FileColumnStats, len(req.Columns))}
	for i := range req.Columns {
		c := &st.Columns[i]
		c.Rows = m.rows
		for g := range m.groups {
			if l := sf.cols[i].leaf; l != nil {
				c.Bytes += m.groups[g].cols[l.leaf].compressed
			} else if n := sf.cols[i].nested; n != nil {
				for _, l := range nestedLeaves(n, nil) {
					c.Bytes += m.groups[g].cols[l.leaf].compressed
				}
			}
			s, ok := sf.groupStats(g, i)
			c.merge(s, ok, g == 0)
		}
		c.HasMin, c.HasMax = c.HasMin && c.bounded, c.HasMax && c.bounded
	}
	return st, nil
}

// merge widens c by the statistics of one more row group.
func (c *FileColumnStats) merge(s expr.ColStats, ok, first bool) {
	if first {
		c.Known = true
		c.HasMin, c.HasMax, c.MinExact, c.MaxExact = true, true, true, true
	}
	c.Known = c.Known && ok
	if c.NullCount < 0 || s.NullCount < 0 {
		c.NullCount = -1
	} else {
		c.NullCount += s.NullCount
	}
	c.MayHaveNaN = c.MayHaveNaN || s.MayHaveNaN
	if ok && s.NullCount == s.Rows {
		return // only NULLs: no values to bound
	}
	if c.HasMin = c.HasMin && s.HasMin; c.HasMin && (!c.bounded || vector.CompareValues(&s.Min, &c.Min) < 0) {
		c.Min, c.MinExact = s.Min, s.MinExact
	}
	if c.HasMax = c.HasMax && s.HasMax; c.HasMax && (!c.bounded || vector.CompareValues(&s.Max, &c.Max) > 0) {
		c.Max, c.MaxExact = s.Max, s.MaxExact
	}
	c.bounded = true
}
