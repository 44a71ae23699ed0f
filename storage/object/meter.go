package object

import (
	"context"
	"sync/atomic"
)

// Counters are what a statement's reads cost. Stores add to them atomically
// through the context (WithMeter); read them with Snapshot.
type Counters struct {
	Lists, Heads, Gets, Puts int64 // requests sent, retries included
	BytesRead, BytesWritten  int64 // over the wire or from disk
	CacheHits, CacheBytes    int64 // ranges answered from cache
}

type meterKey struct{}

// WithMeter returns a context whose store calls are counted in c.
func WithMeter(ctx context.Context, c *Counters) context.Context {
	return context.WithValue(ctx, meterKey{}, c)
}

// Meter returns the context's counters, or nil; every method of Counters
// accepts a nil receiver.
func Meter(ctx context.Context) *Counters {
	c, _ := ctx.Value(meterKey{}).(*Counters)
	return c
}

// Snapshot returns the counters as they are now.
func (c *Counters) Snapshot() Counters {
	if c == nil {
		return Counters{}
	}
	return Counters{
		Lists: atomic.LoadInt64(&c.Lists), Heads: atomic.LoadInt64(&c.Heads),
		Gets: atomic.LoadInt64(&c.Gets), Puts: atomic.LoadInt64(&c.Puts),
		BytesRead: atomic.LoadInt64(&c.BytesRead), BytesWritten: atomic.LoadInt64(&c.BytesWritten),
		CacheHits: atomic.LoadInt64(&c.CacheHits), CacheBytes: atomic.LoadInt64(&c.CacheBytes),
	}
}

// CountList counts one listing request.
func (c *Counters) CountList() {
	if c != nil {
		atomic.AddInt64(&c.Lists, 1)
	}
}

// CountHead counts one description request.
func (c *Counters) CountHead() {
	if c != nil {
		atomic.AddInt64(&c.Heads, 1)
	}
}

// CountGet counts one read request.
func (c *Counters) CountGet() {
	if c != nil {
		atomic.AddInt64(&c.Gets, 1)
	}
}

// CountPut counts one writing request.
func (c *Counters) CountPut() {
	if c != nil {
		atomic.AddInt64(&c.Puts, 1)
	}
}

// CountRead counts n bytes read.
func (c *Counters) CountRead(n int) {
	if c != nil {
		atomic.AddInt64(&c.BytesRead, int64(n))
	}
}

// CountWritten counts n bytes written.
func (c *Counters) CountWritten(n int) {
	if c != nil {
		atomic.AddInt64(&c.BytesWritten, int64(n))
	}
}

// CountHit counts one range of n bytes answered from a cache.
func (c *Counters) CountHit(n int) {
	if c != nil {
		atomic.AddInt64(&c.CacheHits, 1)
		atomic.AddInt64(&c.CacheBytes, int64(n))
	}
}
