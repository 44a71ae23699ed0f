package engine

import (
	"context"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/analyze"
	"github.com/sluicedb/sluice/catalog/ddl"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/vector"
)

// analyze computes a table's statistics: from footers, distinct counts by sketch
// over the values of all rows.
func (s *Session) analyze(ctx context.Context, snap *catalog.Snapshot, env *expr.Env, t *model.Table, columns []string) (*model.TableStats, []ddl.PartitionStats, error) {
	lk := &lake{eng: s.eng, snap: snap, env: env, store: s.eng.cfg.Store}
	access, err := lk.Open(t)
	if err != nil {
		return nil, nil, err
	}
	f := &tableFiles{lake: lk, store: access.Store, cols: tableColumns(t)}
	st, parts, err := analyze.Table(ctx, t, analyze.Options{Store: access.Store, Partitions: access.Partitions, Footers: f, Scan: f.scan, Columns: columns})
	if err != nil {
		return nil, nil, err
	}
	out := make([]ddl.PartitionStats, len(parts))
	for i, p := range parts {
		out[i] = ddl.PartitionStats(p)
	}
	return st, out, nil
}

// tableColumns are all of a table's columns, numbered from 1.
func tableColumns(t *model.Table) []format.Column {
	var cols []format.Column
	for i, c := range t.AllColumns() {
		cols = append(cols, format.Column{ID: expr.ColumnID(i + 1), Name: c.Name, Hive: c.Hive, Type: c.Type})
	}
	return cols
}

// tableFiles reads a table's files for ANALYZE.
type tableFiles struct {
	lake  *lake
	store object.Store
	cols  []format.Column
}

// Stats implements analyze.Footers.
func (f *tableFiles) Stats(ctx context.Context, store object.Store, task *format.FileTask) (*model.TableStats, error) {
	return f.lake.eng.footerStats(ctx, &format.Request{Env: f.lake.env, Store: store, Columns: f.cols}, task)
}

// scan gives the values of columns of one file.
func (f *tableFiles) scan(ctx context.Context, task *format.FileTask, columns []model.Column, batch func(cols []*vector.Vec, n int) error) error {
	req := &format.Request{Env: f.lake.env, Store: f.store, Metrics: &format.Metrics{}}
	for i, c := range columns {
		req.Columns = append(req.Columns, format.Column{ID: expr.ColumnID(i + 1), Name: c.Name, Hive: c.Hive, Type: c.Type})
		req.Output = append(req.Output, i)
	}
	pq := f.lake.eng.cfg.Parquet
	morsels, err := pq.Open(ctx, task, req)
	if err != nil {
		return err
	}
	r := pq.NewReader(req)
	defer r.Close()
	for i, m := range morsels {
		if err := scanMorsel(ctx, r, m, batch); err != nil {
			for _, rest := range morsels[i+1:] {
				rest.Release()
			}
			return err
		}
	}
	return nil
}

func scanMorsel(ctx context.Context, r format.Reader, m format.Morsel, batch func(cols []*vector.Vec, n int) error) error {
	defer m.Release()
	if err := m.Fetch(ctx); err != nil {
		return err
	}
	if err := r.Start(ctx, m); err != nil {
		return err
	}
	for {
		b, err := r.Next()
		if err != nil || b == nil {
			return err
		}
		if err := batch(b.Cols, b.N); err != nil {
			return err
		}
	}
}
