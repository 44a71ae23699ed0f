// Package cache keeps hot byte ranges of remote objects in memory, for the whole
// process. A range belongs to one version (ETag) of an object, so nothing is
// ever invalidated: ranges of old versions are not asked for and leave in time.
package cache

import (
	"cmp"
	"container/list"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/storage/object"
)

// Options configure a Cache.
type Options struct {
	Bytes int64 // budget; 0: the cache is off
}

// Cache holds ranges within a budget of bytes. It evicts by S3-FIFO: new ranges
// wait in a small queue, which a scan flows through without harm; those asked
// for again, there or soon after they left it, move to the main queue. A request
// costs about as much as half a MiB of transfer, so small ranges (footers, page
// indexes, dictionaries) are worth more per byte and start in the main queue.
type Cache struct {
	budget int64
	off    atomic.Bool

	mu      sync.Mutex
	objects map[version][]*entry // by offset
	small   queue
	main    queue
	ghosts  ghosts
	flights map[span]*flight

	hits, misses, hitBytes, added, evicted, shared int64 // guarded by mu
	leased                                         int64 // bytes of entries with leases
}

type version struct{ url, etag string }

type span struct {
	version
	off int64
	n   int
}

type entry struct {
	of     span
	data   []byte
	in     *queue // nil once out
	uses   int8   // since it entered the queue or was last passed over, at most 3
	leases int
	place  *list.Element
}

const (
	// overhead is what an entry costs besides its bytes.
	overhead = 256
	// cheapToKeep is the size up to which a range starts in the main queue.
	cheapToKeep = 256 << 10
)

func (e *entry) cost() int64 { return int64(cap(e.data)) + overhead }

// New makes a cache.
func New(o Options) *Cache {
	c := &Cache{budget: o.Bytes, objects: map[version][]*entry{}, flights: map[span]*flight{}}
	c.off.Store(o.Bytes <= 0)
	return c
}

// SetEnabled switches the cache on or off; off, it is emptied and answers nothing.
func (c *Cache) SetEnabled(on bool) {
	c.off.Store(!on || c.budget <= 0)
	if !on {
		c.Clear()
	}
}

// Clear drops every range; those on lease stay valid.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, entries := range c.objects {
		for _, e := range entries {
			e.in = nil
		}
	}
	c.objects = map[version][]*entry{}
	c.small, c.main, c.ghosts = queue{}, queue{}, ghosts{}
}

// Lease implements object.RangeCache. A range within a cached one is a hit.
func (c *Cache) Lease(url, etag string, off int64, n int) (data []byte, release func(), ok bool) {
	if c.off.Load() || etag == "" {
		return nil, nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.find(version{url, etag}, off, n)
	if e == nil {
		c.misses++
		return nil, nil, false
	}
	c.hits++
	c.hitBytes += int64(n)
	e.uses = min(e.uses+1, 3)
	if e.leases == 0 {
		c.leased += e.cost()
	}
	e.leases++
	at := int(off - e.of.off)
	return e.data[at : at+n : at+n], sync.OnceFunc(func() { c.release(e) }), true
}

func (c *Cache) release(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.leases--
	if e.leases == 0 {
		c.leased -= e.cost()
	}
}

// find returns an entry that holds the range. Entries seldom overlap, so looking
// at the last two that begin before it is enough.
func (c *Cache) find(v version, off int64, n int) *entry {
	entries := c.objects[v]
	i, _ := slices.BinarySearchFunc(entries, off+1, func(e *entry, off int64) int { return cmp.Compare(e.of.off, off) })
	for j := i - 1; j >= max(i-2, 0); j-- {
		if e := entries[j]; off-e.of.off <= int64(len(e.data)-n) {
			return e
		}
	}
	return nil
}

// Add implements object.RangeCache.
func (c *Cache) Add(url, etag string, off int64, data []byte) {
	e := &entry{of: span{version{url, etag}, off, len(data)}, data: data}
	if c.off.Load() || etag == "" || len(data) == 0 || e.cost() > c.budget/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.find(e.of.version, off, len(data)) != nil {
		return
	}
	// A shorter range at the same place is part of this one.
	for _, old := range c.objects[e.of.version] {
		if old.of.off == off && old.leases == 0 {
			c.remove(old)
			break
		}
	}
	c.makeRoom(e.cost())
	if c.small.bytes+c.main.bytes+e.cost() > c.budget {
		return // everything left is on lease
	}
	if len(data) <= cheapToKeep || c.ghosts.take(e.of) {
		c.main.push(e)
	} else {
		c.small.push(e)
	}
	c.added++
	entries := c.objects[e.of.version]
	i, _ := slices.BinarySearchFunc(entries, off, func(e *entry, off int64) int { return cmp.Compare(e.of.off, off) })
	c.objects[e.of.version] = slices.Insert(entries, i, e)
}

// makeRoom evicts until n more bytes fit, or nothing more can go.
func (c *Cache) makeRoom(n int64) {
	// Each step evicts, moves, or uses up one of at most four lives of an entry.
	steps := 5 * (c.small.len() + c.main.len() + 1)
	for ; c.small.bytes+c.main.bytes+n > c.budget && steps > 0; steps-- {
		fromSmall := c.small.bytes > c.budget/10 || c.main.len() == 0
		q := &c.main
		if fromSmall && c.small.len() > 0 {
			q = &c.small
		}
		e := q.pop()
		switch {
		case e == nil:
			return
		case e.leases > 0:
			q.push(e)
		case q == &c.small && e.uses > 0:
			e.uses = 0
			c.main.push(e)
		case q == &c.main && e.uses > 0:
			e.uses--
			c.main.push(e)
		default:
			if q == &c.small {
				c.ghosts.add(e.of, c.small.len()+c.main.len())
			}
			c.evicted++
			c.forget(e)
		}
	}
}

// remove takes an entry out of its queue and the index.
func (c *Cache) remove(e *entry) {
	if e.in != nil {
		e.in.remove(e)
	}
	c.forget(e)
}

// forget takes an entry that is in no queue out of the index.
func (c *Cache) forget(e *entry) {
	entries := c.objects[e.of.version]
	if i := slices.Index(entries, e); i >= 0 {
		entries = slices.Delete(entries, i, i+1)
	}
	if len(entries) == 0 {
		delete(c.objects, e.of.version)
	} else {
		c.objects[e.of.version] = entries
	}
}

// Statistics are a cache's counts since it was made, and its present size.
type Statistics struct {
	Hits, Misses, HitBytes int64
	Added, Evicted         int64 // ranges
	Shared                 int64 // reads answered by another caller's request
	Entries                int
	Bytes, Leased, Budget  int64
}

// Statistics returns them.
func (c *Cache) Statistics() Statistics {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Statistics{
		Hits: c.hits, Misses: c.misses, HitBytes: c.hitBytes, Added: c.added, Evicted: c.evicted, Shared: c.shared,
		Entries: c.small.len() + c.main.len(), Bytes: c.small.bytes + c.main.bytes, Leased: c.leased, Budget: c.budget,
	}
}

var _ object.RangeCache = (*Cache)(nil)
