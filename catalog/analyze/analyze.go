// Package analyze computes statistics of lake tables: row counts, bounds and
// null counts from the files' footers, distinct counts from their data by
// mergeable sketches, for each partition and for the table.
package analyze

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/storage/table/hive"
	"github.com/sluicedb/sluice/vector"
)

// Footers reads a file's statistics: rows, and for its columns by the names in
// the file bounds, nulls and stored bytes.
type Footers interface {
	Stats(ctx context.Context, store object.Store, task *format.FileTask) (*model.TableStats, error)
}

// ScanFile gives the values of columns of a file batch by batch: cols[i] are the
// values of columns[i], n rows. It is asked for distinct counts.
type ScanFile func(ctx context.Context, task *format.FileTask, columns []model.Column, batch func(cols []*vector.Vec, n int) error) error

// Options say what to read and how.
type Options struct {
	Store      object.Store
	Partitions table.Partitions // of a partitioned table
	Footers    Footers
	Scan       ScanFile // nil: no distinct counts of columns that are not keys
	Columns    []string // nil: all
	Progress   func(files, total int)
	Now        func() time.Time // nil: time.Now
}

// PartitionStats are statistics of the partition with the raw values.
type PartitionStats struct {
	Values []string
	Stats  *model.TableStats
}

// Bounds of what is kept for single partitions: beyond them only the table's
// statistics are.
const (
	maxPartitionStats    = 20_000
	maxPartitionSketches = 1_000
	concurrency          = 8
)

// part is one partition (or the whole of an unpartitioned table) at work.
type part struct {
	p     *model.Partition // nil: unpartitioned
	mu    sync.Mutex
	stats *Merger
}

type file struct {
	part *part
	info object.Info
}

// Table computes statistics of t and of its partitions.
func Table(ctx context.Context, t *model.Table, o Options) (*model.TableStats, []PartitionStats, error) {
	parts, files, err := list(ctx, t, o)
	if err != nil {
		return nil, nil, err
	}
	wanted := func(name string) bool { return o.Columns == nil || slices.Contains(o.Columns, name) }
	var columns []model.Column
	for _, c := range t.Columns {
		if wanted(c.Name) {
			columns = append(columns, c)
		}
	}
	var mu sync.Mutex
	done := 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i := range files {
		g.Go(func() error {
			f := &files[i]
			task := &format.FileTask{URL: f.info.Key, Size: f.info.Size, ETag: f.info.ETag}
			one, err := fileStats(gctx, task, columns, o)
			if err != nil {
				return err
			}
			f.part.mu.Lock()
			f.part.stats.Add(one)
			f.part.mu.Unlock()
			if o.Progress != nil {
				mu.Lock()
				done++
				o.Progress(done, len(files))
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	whole := NewMerger()
	keys := newKeyStats(t)
	var out []PartitionStats
	for _, p := range parts {
		s := p.stats.Result(now())
		whole.Add(s)
		if p.p == nil {
			continue
		}
		keys.add(p.p, s.Rows)
		if len(parts) <= maxPartitionStats {
			if len(parts) > maxPartitionSketches {
				dropSketches(s)
			}
			out = append(out, PartitionStats{Values: p.p.Values, Stats: s})
		}
	}
	sum := whole.Result(now())
	for name, c := range keys.columns() {
		if wanted(name) {
			sum.Columns[name] = c
		}
	}
	return sum, out, nil
}

func dropSketches(s *model.TableStats) {
	for name, c := range s.Columns {
		c.Sketch = nil
		s.Columns[name] = c
	}
}

// list finds the partitions and their files.
func list(ctx context.Context, t *model.Table, o Options) ([]*part, []file, error) {
	var parts []*part
	if len(t.Keys) == 0 {
		parts = []*part{{stats: NewMerger()}}
	} else {
		_, err := o.Partitions.Partitions(ctx, &table.PartitionQuery{Table: t}, func(p *model.Partition) error {
			parts = append(parts, &part{p: p, stats: NewMerger()})
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	var mu sync.Mutex
	var files []file
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, p := range parts {
		g.Go(func() error {
			loc := t.Storage.Location
			if p.p != nil {
				loc = p.p.Location
			}
			return hive.ListFiles(gctx, o.Store, loc, func(page []object.Info) error {
				mu.Lock()
				defer mu.Unlock()
				for _, i := range page {
					files = append(files, file{p, i})
				}
				return nil
			})
		})
	}
	return parts, files, g.Wait()
}

// fileStats reads one file's footer and, if asked, its values.
func fileStats(ctx context.Context, task *format.FileTask, columns []model.Column, o Options) (*model.TableStats, error) {
	s, err := o.Footers.Stats(ctx, o.Store, task)
	if err != nil {
		return nil, err
	}
	one := &model.TableStats{Rows: s.Rows, Bytes: task.Size, Files: 1, Columns: map[string]model.ColumnStats{}}
	for _, c := range columns {
		if st, ok := s.Columns[c.Name]; ok {
			one.Columns[c.Name] = st
		} else { // not in the file: all NULL
			one.Columns[c.Name] = model.ColumnStats{Nulls: s.Rows}
		}
	}
	if o.Scan == nil || len(columns) == 0 {
		return one, nil
	}
	sketches := make([]*Sketch, len(columns))
	for i := range sketches {
		sketches[i] = NewSketch()
	}
	err = o.Scan(ctx, task, columns, func(cols []*vector.Vec, n int) error {
		for i, v := range cols {
			sketches[i].AddVec(v, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, c := range columns {
		st := one.Columns[c.Name]
		st.Distinct = sketches[i].Count()
		if st.Sketch, err = sketches[i].Bytes(); err != nil {
			return nil, err
		}
		one.Columns[c.Name] = st
	}
	return one, nil
}

// keyStats gathers exact statistics of partition keys.
type keyStats struct {
	t     *model.Table
	stats []model.ColumnStats
	seen  []map[string]bool
}

func newKeyStats(t *model.Table) *keyStats {
	k := &keyStats{t: t, stats: make([]model.ColumnStats, len(t.Keys)), seen: make([]map[string]bool, len(t.Keys))}
	for i := range k.seen {
		k.seen[i] = map[string]bool{}
	}
	return k
}

func (k *keyStats) add(p *model.Partition, rows int64) {
	for i, v := range p.Typed {
		s := &k.stats[i]
		switch {
		case v.Type.OID == 0: // not a value of the type: queries report it
			continue
		case v.Null:
			s.Nulls += rows
			continue
		}
		f := sql.DefaultFormat()
		k.seen[i][string(sql.AppendText(nil, v, &f))] = true
		if !s.HasMin || vector.CompareValues(&v, &s.Min) < 0 {
			s.Min, s.HasMin = v, true
		}
		if !s.HasMax || vector.CompareValues(&v, &s.Max) > 0 {
			s.Max, s.HasMax = v, true
		}
	}
}

func (k *keyStats) columns() map[string]model.ColumnStats {
	out := map[string]model.ColumnStats{}
	for i, c := range k.t.Keys {
		k.stats[i].Distinct = int64(len(k.seen[i]))
		out[c.Name] = k.stats[i]
	}
	return out
}

// Keep returns fresh with the columns of old that were not analysed now.
func Keep(fresh, old *model.TableStats, analysed []string) *model.TableStats {
	if old == nil || analysed == nil {
		return fresh
	}
	n := *fresh
	n.Columns = maps.Clone(old.Columns)
	if n.Columns == nil {
		n.Columns = map[string]model.ColumnStats{}
	}
	maps.Copy(n.Columns, fresh.Columns)
	return &n
}
