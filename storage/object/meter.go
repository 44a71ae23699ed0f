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
	parent                   *Counters
}

// Child returns counters whose counts are c's too: a part of a statement.
func (c *Counters) Child() *Counters { return &Counters{parent: c} }

// add counts n in the field that pick gives, here and in the parents.
func (c *Counters) add(pick func(*Counters) *int64, n int64) {
	for ; c != nil; c = c.parent {
		atomic.AddInt64(pick(c), n)
	}
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
func (c *Counters) CountList() { c.add(func(c *Counters) *int64 { return &c.Lists }, 1) }

// CountHead counts one description request.
func (c *Counters) CountHead() { c.add(func(c *Counters) *int64 { return &c.Heads }, 1) }

// CountGet counts one read request.
func (c *Counters) CountGet() { c.add(func(c *Counters) *int64 { return &c.Gets }, 1) }

// CountPut counts one writing request.
func (c *Counters) CountPut() { c.add(func(c *Counters) *int64 { return &c.Puts }, 1) }

// CountRead counts n bytes read.
func (c *Counters) CountRead(n int) {
	c.add(func(c *Counters) *int64 { return &c.BytesRead }, int64(n))
}

// CountWritten counts n bytes written.
func (c *Counters) CountWritten(n int) {
	c.add(func(c *Counters) *int64 { return &c.BytesWritten }, int64(n))
}

// CountHit counts one range of n bytes answered from a cache.
func (c *Counters) CountHit(n int) {
	c.add(func(c *Counters) *int64 { return &c.CacheHits }, 1)
	c.add(func(c *Counters) *int64 { return &c.CacheBytes }, int64(n))
}
