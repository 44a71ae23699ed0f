package engine

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/ddl"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
)

// analyze reads the footers of all of a table's files.
func (s *Session) analyze(ctx context.Context, snap *catalog.Snapshot, env *expr.Env, t *model.Table, columns []string) (*model.TableStats, []ddl.PartitionStats, error) {
	lk := &lake{eng: s.eng, snap: snap, env: env, store: s.eng.cfg.Store}
	access, err := lk.Open(t)
	if err != nil {
		return nil, nil, err
	}
	var cols []format.Column
	for i, c := range t.AllColumns() {
		cols = append(cols, format.Column{ID: expr.ColumnID(i + 1), Name: c.Name, Hive: c.Hive, Type: c.Type})
	}
	sum := &model.TableStats{}
	req := &format.Request{Env: env, Store: access.Store, Columns: cols}
	err = access.Files.Files(ctx, &table.Request{Table: t, Columns: cols, Env: env, Store: access.Store, Partition: access.Partitions, Metrics: &table.Metrics{}},
		func(task *format.FileTask) error {
			st, err := s.eng.footerStats(ctx, req, task)
			if err != nil {
				return err
			}
			keep(st, columns)
			merge(sum, st)
			return nil
		})
	if err != nil {
		return nil, nil, err
	}
	return sum, nil, nil
}

// keep drops statistics of columns that were not asked for.
func keep(st *model.TableStats, columns []string) {
	if columns == nil {
		return
	}
	maps.DeleteFunc(st.Columns, func(name string, _ model.ColumnStats) bool {
		return !slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, name) })
	})
}
