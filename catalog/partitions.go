package catalog

import (
	"context"
	"slices"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
)

// fetchRows is how many partition rows one query brings.
const fetchRows = 2000

// PartitionSource gives the partitions of tables as a snapshot sees them, for
// statements evaluated in one environment. It implements table.Partitions.
type PartitionSource struct {
	snap *Snapshot
	env  *expr.Env
}

// Partitions returns the source of partitions for a statement; env is what
// predicates are evaluated in.
func (s *Snapshot) Partitions(env *expr.Env) *PartitionSource { return &PartitionSource{s, env} }

// Partitions yields, in key order, the partitions for which every conjunct may
// be true. Conjuncts that speak of other columns than keys are ignored. All are
// of one state of the store.
func (p *PartitionSource) Partitions(ctx context.Context, t *model.Table, cols []format.Column, conjuncts []expr.Expr,
	yield func(*model.Partition) error) (table.PartitionCount, error) {
	preds := keyPredicates(t, cols, conjuncts)
	if Projected(t) {
		return p.project(t, preds, yield)
	}
	var count table.PartitionCount
	var kept []*model.Partition
	err := p.snap.parts.view(ctx, func(v *store.View) error {
		kept = nil
		x, err := p.snap.parts.index(v, t)
		if err != nil {
			return err
		}
		count.Total = int64(x.Count)
		slots, err := x.prune(preds, p.env)
		if err != nil {
			return err
		}
		x.sort(slots)
		kept = make([]*model.Partition, 0, len(slots))
		for batch := range slices.Chunk(slots, fetchRows) {
			rows, err := v.PartitionRows(t, batch)
			if err != nil {
				return err
			}
			kept = append(kept, rows...)
		}
		return nil
	})
	if err != nil {
		return table.PartitionCount{}, err
	}
	count.Kept = int64(len(kept))
	for i, part := range kept {
		kept[i] = nil
		if err := yield(part); err != nil {
			return count, err
		}
	}
	return count, nil
}

// Count says how many partitions the predicates leave, without reading them.
func (p *PartitionSource) Count(ctx context.Context, t *model.Table, cols []format.Column, conjuncts []expr.Expr) (table.PartitionCount, error) {
	preds := keyPredicates(t, cols, conjuncts)
	if Projected(t) {
		return p.project(t, preds, func(*model.Partition) error { return nil })
	}
	var count table.PartitionCount
	err := p.snap.parts.view(ctx, func(v *store.View) error {
		x, err := p.snap.parts.index(v, t)
		if err != nil {
			return err
		}
		slots, err := x.prune(preds, p.env)
		count = table.PartitionCount{Kept: int64(len(slots)), Total: int64(x.Count)}
		return err
	})
	return count, err
}

// sort puts slots in key order.
func (x *keyIndex) sort(slots []int64) {
	if len(slots) < 2 {
		return
	}
	ranks := make([][]int32, len(x.keys))
	for k := range x.keys {
		ranks[k] = x.keys[k].ranks()
	}
	slices.SortFunc(slots, func(a, b int64) int {
		for k := range ranks {
			if d := ranks[k][x.VIDs[k][a]] - ranks[k][x.VIDs[k][b]]; d != 0 {
				return int(d)
			}
		}
		return int(a - b)
	})
}
