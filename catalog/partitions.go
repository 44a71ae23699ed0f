package catalog

import (
	"context"
	"math"
	"slices"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
)

// A query brings so many partition rows: the first few, so that they can be used
// at once, then twice as many each time.
const (
	firstRows = 64
	mostRows  = 2048
)

// PartitionSource gives the partitions of tables as a snapshot sees them, for
// statements evaluated in one environment. It implements table.Partitions.
type PartitionSource struct {
	snap *Snapshot
	env  *expr.Env
}

// Partitions returns the source of partitions for a statement; env is what
// predicates are evaluated in.
func (s *Snapshot) Partitions(env *expr.Env) *PartitionSource { return &PartitionSource{s, env} }

// Partitions yields, in key order, the partitions for which every conjunct may be
// true and every join filter that is ready may pass a row. Conditions that speak of
// other columns than keys are ignored. All are of one state of the store; the
// first are yielded while others are still read.
func (p *PartitionSource) Partitions(ctx context.Context, q *table.PartitionQuery, yield func(*model.Partition) error) (table.PartitionCount, error) {
	conds, never := conditionsOf(q)
	if Projected(q.Table) {
		j, err := newProjected(q.Table, conds, p.env)
		if err != nil {
			return table.PartitionCount{}, err
		}
		count := table.PartitionCount{Total: j.total}
		if !never {
			count.Kept, err = j.each(ctx, yield)
		}
		return count, err
	}
	return p.registered(ctx, q.Table, conds, never, yield)
}

// fetch is what a reader of registered partitions has found: how many, and their
// records as they come.
type fetch struct {
	count   table.PartitionCount
	records chan []store.PartRecord
}

// registered reads in a goroutine of its own, which never waits for the consumer:
// a transaction of the store must not last as long as the statement.
func (p *PartitionSource) registered(ctx context.Context, t *model.Table, conds []condition, never bool, yield func(*model.Partition) error) (table.PartitionCount, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found, ended := make(chan fetch, 1), make(chan error, 1)
	go func() {
		defer close(found)
		ended <- p.snap.parts.view(ctx, func(v *store.View) error {
			x, err := p.snap.parts.index(v, t)
			if err != nil {
				return err
			}
			f := fetch{count: table.PartitionCount{Total: int64(x.Count)}}
			var slots []int64
			if !never {
				if slots, err = x.prune(conds, p.env); err != nil {
					return err
				}
			}
			x.sort(slots)
			f.count.Kept = int64(len(slots))
			f.records = make(chan []store.PartRecord, len(slots)/firstRows+1)
			defer close(f.records)
			found <- f
			for rows := firstRows; len(slots) > 0; rows = min(2*rows, mostRows) {
				rows = min(rows, len(slots))
				records, err := v.PartRecords(t, slots[:rows])
				if err != nil {
					return err
				}
				f.records <- records
				slots = slots[rows:]
			}
			return nil
		})
	}()
	f, ok := <-found
	if !ok {
		return f.count, <-ended
	}
	err := func() error {
		for records := range f.records {
			if err := object.Ended(ctx); err != nil {
				return err
			}
			for i := range records {
				part, err := records[i].Partition(t)
				if err != nil {
					return err
				}
				if err := yield(part); err != nil {
					return err
				}
			}
		}
		return nil
	}()
	if err != nil {
		cancel()
		<-ended
		return f.count, err
	}
	return f.count, <-ended
}

// Count says how many partitions the conditions leave, or at most leave, without
// reading them.
func (p *PartitionSource) Count(ctx context.Context, q *table.PartitionQuery) (table.PartitionCount, error) {
	conds, never := conditionsOf(q)
	var count table.PartitionCount
	if Projected(q.Table) {
		j, err := newProjected(q.Table, conds, p.env)
		if j == nil {
			return count, err
		}
		count.Total = j.total
		if err != nil {
			if sql.AsError(err).Code != sql.CodeProgramLimitExceeded {
				return count, err
			}
			// A key has too many values to list them, unless join filters leave few.
			count.Kept = maxProjected
			return count, nil
		}
		if !never {
			count.Kept, err = j.count(ctx)
		}
		if count.Kept == math.MaxInt64 { // a scan would refuse them
			count.Kept = maxProjected
		}
		return count, err
	}
	err := p.snap.parts.view(ctx, func(v *store.View) error {
		x, err := p.snap.parts.index(v, q.Table)
		if err != nil {
			return err
		}
		count = table.PartitionCount{Total: int64(x.Count)}
		if never {
			return nil
		}
		slots, err := x.prune(conds, p.env)
		count.Kept = int64(len(slots))
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
