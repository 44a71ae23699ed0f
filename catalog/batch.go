package catalog

import (
	"context"
	"errors"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/sql"
)

// Batch holds the catalog changes of a transaction block: others see nothing of
// them until Commit, the block itself sees them in Snapshot. It holds no lock
// meanwhile; if somebody else commits a change of the same objects first, the
// next call fails with 40001. One goroutine at a time uses it.
//
// How: the changes are kept as functions and run again, in a store transaction
// that is rolled back, whenever their outcome is looked at. Identifiers are
// reserved once and handed out in the same order on every run.
type Batch struct {
	c    *Catalog
	snap *Snapshot
	ops  []func(*store.Tx) error
	oids []sql.OID
	seen map[sql.OID]int64 // version of each object when the block first touched it
}

// Begin starts a batch on what snap shows.
func (c *Catalog) Begin(snap *Snapshot) *Batch {
	return &Batch{c: c, snap: snap, seen: map[sql.OID]int64{}}
}

// Snapshot returns the state that the block sees.
func (b *Batch) Snapshot() *Snapshot { return b.snap }

// Empty reports whether the block has changed nothing.
func (b *Batch) Empty() bool { return len(b.ops) == 0 }

// Mark returns a savepoint for RollbackTo.
func (b *Batch) Mark() int { return len(b.ops) }

// RollbackTo forgets the changes after the mark.
func (b *Batch) RollbackTo(ctx context.Context, mark int) error {
	if mark == len(b.ops) {
		return nil
	}
	return b.apply(ctx, b.ops[:mark:mark])
}

// Update adds a change to the block. f runs now, and again whenever the block's
// changes are looked at or committed: it must depend on nothing but the
// transaction it is given.
func (b *Batch) Update(ctx context.Context, f func(*store.Tx) error) error {
	return b.apply(ctx, append(b.ops[:len(b.ops):len(b.ops)], f))
}

func (b *Batch) apply(ctx context.Context, ops []func(*store.Tx) error) error {
	var snap *Snapshot
	err := b.try(ctx, ops, func(v *store.View) error {
		base, err := b.c.Snapshot(ctx)
		if err != nil {
			return err
		}
		snap, err = b.c.refresh(v, base)
		return err
	})
	if err != nil {
		return err
	}
	own := *snap
	own.version = b.c.overlays.Add(-1)
	own.parts = batchParts{b, ops}
	b.snap, b.ops = &own, ops
	return nil
}

// Commit makes the block's changes the catalog's, in one store transaction.
func (b *Batch) Commit(ctx context.Context) error {
	if len(b.ops) == 0 {
		return nil
	}
	return b.c.store.Replayed(ctx, b.replay(), func(t *store.Tx) error { return b.run(t, b.ops) })
}

// errMoreOIDs ends a run that needs an identifier that is not reserved yet.
var errMoreOIDs = errors.New("an object identifier must be reserved first")

func (b *Batch) replay() store.Replay {
	next := 0
	return store.Replay{
		OIDs: func() (sql.OID, error) {
			if next == len(b.oids) {
				return 0, errMoreOIDs
			}
			next++
			return b.oids[next-1], nil
		},
		Touched: func(oid sql.OID, changed int64) error {
			if was, ok := b.seen[oid]; ok && was != changed {
				return conflict("")
			}
			b.seen[oid] = changed
			return nil
		},
	}
}

func conflict(detail string) *sql.Error {
	e := sql.Errorf(sql.CodeSerializationFailure, "could not serialize access due to concurrent catalog change").
		WithHint("Roll back and run the transaction again.")
	e.Detail = detail
	return e
}

// run runs ops; one that succeeded before and fails now met a change of somebody else's.
func (b *Batch) run(t *store.Tx, ops []func(*store.Tx) error) error {
	for i, op := range ops {
		if err := op(t); err != nil {
			if errors.Is(err, errMoreOIDs) {
				return err
			}
			e := sql.AsError(err)
			if i < len(b.ops) && e.Code != sql.CodeIOError && e.Code != sql.CodeQueryCanceled && e.Code != sql.CodeDiskFull {
				return conflict(e.Message)
			}
			return err
		}
	}
	return nil
}

// try runs ops, lets look see the outcome, and undoes it.
func (b *Batch) try(ctx context.Context, ops []func(*store.Tx) error, look func(*store.View) error) error {
	for {
		err := b.c.store.Try(ctx, b.replay(), func(t *store.Tx) error { return b.run(t, ops) }, look)
		if !errors.Is(err, errMoreOIDs) {
			return err
		}
		oid, err := b.c.store.ReserveOID(ctx)
		if err != nil {
			return err
		}
		b.oids = append(b.oids, oid)
	}
}
