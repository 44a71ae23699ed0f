package cache

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// flight is a read that others may join.
type flight struct {
	done   chan struct{}
	data   []byte // the first caller's memory, after done; valid until the joined have left
	err    error
	ended  bool // the first caller's context has ended: its error is not ours
	joined sync.WaitGroup
}

// Read implements object.RangeCache.
func (c *Cache) Read(ctx context.Context, store object.Store, url, etag string, off int64, p []byte) error {
	if c.off.Load() || etag == "" || len(p) == 0 {
		return store.ReadRange(ctx, url, etag, off, p)
	}
	at := span{version{url, etag}, off, len(p)}
	for {
		c.mu.Lock()
		f := c.flights[at]
		if f == nil {
			f = &flight{done: make(chan struct{})}
			c.flights[at] = f
			c.mu.Unlock()
			return c.fly(ctx, f, store, at, p)
		}
		f.joined.Add(1)
		c.mu.Unlock()
		again, err := c.join(ctx, f, p)
		if !again {
			return err
		}
	}
}

// fly reads for itself and those who join.
func (c *Cache) fly(ctx context.Context, f *flight, store object.Store, at span, p []byte) error {
	err := store.ReadRange(ctx, at.url, at.etag, at.off, p)
	c.mu.Lock()
	delete(c.flights, at)
	c.mu.Unlock()
	f.data, f.err, f.ended = p, err, ctx.Err() != nil
	close(f.done)
	f.joined.Wait()
	return err
}

// join waits for a flight and copies its bytes; again means that it ended without
// a result that concerns the caller.
func (c *Cache) join(ctx context.Context, f *flight, p []byte) (again bool, err error) {
	defer f.joined.Done()
	select {
	case <-ctx.Done():
		return false, object.Ended(ctx)
	case <-f.done:
	}
	if f.err == nil {
		copy(p, f.data)
		object.Meter(ctx).CountHit(len(p))
		c.mu.Lock()
		c.shared++
		c.mu.Unlock()
		return false, nil
	}
	if f.ended {
		return true, nil
	}
	if e, ok := errors.AsType[*sql.Error](f.err); ok {
		own := *e // each statement adds its own position to an error
		return false, &own
	}
	return false, f.err
}

// Store returns inner with its pinned reads going through the cache. Unpinned
// reads, listings and writes pass.
func (c *Cache) Store(inner object.Store) object.Store { return &store{inner, c} }

type store struct {
	object.Store
	cache *Cache
}

// ReadRange implements object.Store. A cached range is answered without asking
// whether the object still has this version: its bytes are those of the version
// that was asked for.
func (s *store) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	if etag == "" || len(p) == 0 || s.cache.off.Load() {
		return s.Store.ReadRange(ctx, url, etag, off, p)
	}
	if err := object.Ended(ctx); err != nil {
		return err
	}
	if data, release, ok := s.cache.Lease(url, etag, off, len(p)); ok {
		copy(p, data)
		release()
		object.Meter(ctx).CountHit(len(p))
		return nil
	}
	if err := s.cache.Read(ctx, s.Store, url, etag, off, p); err != nil {
		return err
	}
	s.cache.Add(url, etag, off, slices.Clone(p))
	return nil
}
