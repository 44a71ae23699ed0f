package parquet

import (
	"container/heap"
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
)

// Cache is the process's one budgeted cache of what is dear to rebuild from
// Parquet files: parsed footers, page indexes and decompressed dictionary pages.
// An entry's worth is how often it was asked for, times the nanoseconds that
// rebuilding it takes, by the byte; the least worthy go first, and worth fades as
// others are evicted (GreedyDual-Size-Frequency). Entries are keyed by object and
// ETag, so a changed object is never answered from here. Safe for concurrent use.
type Cache struct {
	off    atomic.Bool
	budget atomic.Int64

	mu      sync.Mutex
	entries map[cacheKey]*cacheEntry
	order   worthHeap
	ghosts  map[cacheKey]float64 // how often keys that were turned away were asked for
	used    int64
	clock   float64 // worth of what was evicted last: new entries start from it
	kinds   [kindCount]CacheKindStats
}

// CacheStats is what the cache holds and has done.
type CacheStats struct {
	Budget, Bytes                int64
	Footers, Indexes, Dictionary CacheKindStats
}

// CacheKindStats are the figures of one kind of entry.
type CacheKindStats struct {
	Entries, Bytes          int64
	Hits, Misses, Evictions int64
	Rejected                int64 // not kept: worth less than all that would have to go
}

type cacheKind uint8

const (
	kindFooter cacheKind = iota
	kindIndex
	kindDict
	kindCount
)

type cacheKey struct {
	url, etag string
	kind      cacheKind
	group     int32
	leaf      int32
	typ       sql.Type // dictionaries are kept converted to the column's type
}

// cacheEntry is one thing in the cache. While leases is above 0 it stays.
type cacheEntry struct {
	key    cacheKey
	value  any
	bytes  int64
	cost   float64 // nanoseconds to rebuild
	freq   float64
	worth  float64
	place  int // in the heap, -1 when not in the cache
	leases atomic.Int32
}

// release ends a lease that get or put gave.
func (e *cacheEntry) release() {
	if e != nil {
		e.leases.Add(-1)
	}
}

// NewCache makes a cache that holds at most budget bytes.
func NewCache(budget int64) *Cache {
	c := &Cache{entries: map[cacheKey]*cacheEntry{}, ghosts: map[cacheKey]float64{}}
	c.budget.Store(budget)
	return c
}

// SetEnabled switches the cache on or off; off also drops what it holds.
func (c *Cache) SetEnabled(on bool) {
	c.off.Store(!on)
	if !on {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.shrink(0)
		clear(c.ghosts)
	}
}

// SetBudget changes the budget; what is above it is evicted now.
func (c *Cache) SetBudget(n int64) {
	c.budget.Store(n)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shrink(n)
}

// Bytes returns what the cache holds.
func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// Stats returns the cache's figures.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{Budget: c.budget.Load(), Bytes: c.used, Footers: c.kinds[kindFooter], Indexes: c.kinds[kindIndex], Dictionary: c.kinds[kindDict]}
}

// get returns the entry of k with a lease, or nil.
func (c *Cache) get(k cacheKey) *cacheEntry {
	if c == nil || c.off.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e == nil {
		c.kinds[k.kind].Misses++
		return nil
	}
	c.kinds[k.kind].Hits++
	e.freq++
	e.worth = c.clock + e.freq*e.cost/float64(e.bytes)
	heap.Fix(&c.order, e.place)
	e.leases.Add(1)
	return e
}

// has reports whether k is in the cache, without counting as asking for it.
func (c *Cache) has(k cacheKey) bool {
	if c == nil || c.off.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[k] != nil
}

// wants reports whether put would keep an entry of so many bytes and cost: asked
// before an entry is built in memory of its own. It counts as asking for k.
func (c *Cache) wants(k cacheKey, bytes int64, cost float64) bool {
	if c == nil || c.off.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	budget := c.budget.Load()
	if bytes > budget/4 {
		return false
	}
	if c.used+bytes <= budget {
		return true
	}
	f := c.ghosts[k] + 1
	worth := c.clock + f*cost/float64(bytes)
	need := c.used + bytes - budget
	for _, e := range c.order {
		if need <= 0 {
			break
		}
		if e.leases.Load() == 0 && e.worth < worth {
			need -= e.bytes
		}
	}
	if need <= 0 {
		return true
	}
	if len(c.ghosts) >= 1<<14 {
		clear(c.ghosts)
	}
	c.ghosts[k] = f
	c.kinds[k.kind].Rejected++
	return false
}

// put adds an entry and returns it with a lease. If another goroutine was first,
// its entry is returned. One that is not kept is returned all the same.
func (c *Cache) put(k cacheKey, value any, bytes int64, cost float64) *cacheEntry {
	e := &cacheEntry{key: k, value: value, bytes: max(bytes, 1), cost: cost, freq: 1, place: -1}
	e.leases.Store(1)
	if c == nil || c.off.Load() {
		return e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.entries[k]; old != nil {
		old.leases.Add(1)
		return old
	}
	e.freq += c.ghosts[k]
	delete(c.ghosts, k)
	e.worth = c.clock + e.freq*e.cost/float64(e.bytes)
	budget := c.budget.Load()
	if e.bytes > budget {
		return e
	}
	c.shrink(budget - e.bytes)
	if c.used+e.bytes > budget {
		return e
	}
	c.entries[k] = e
	heap.Push(&c.order, e)
	c.used += e.bytes
	c.kinds[k.kind].Entries++
	c.kinds[k.kind].Bytes += e.bytes
	return e
}

// shrink evicts the least worthy entries without leases until at most n bytes
// are used, as far as leases allow.
func (c *Cache) shrink(n int64) {
	var kept []*cacheEntry
	for c.used > n && len(c.order) > 0 {
		e := heap.Pop(&c.order).(*cacheEntry)
		if e.leases.Load() > 0 {
			kept = append(kept, e)
			continue
		}
		c.clock = max(c.clock, e.worth)
		delete(c.entries, e.key)
		c.used -= e.bytes
		st := &c.kinds[e.key.kind]
		st.Entries--
		st.Bytes -= e.bytes
		st.Evictions++
	}
	for _, e := range kept {
		heap.Push(&c.order, e)
	}
}

// worthHeap is a min-heap by worth.
type worthHeap []*cacheEntry

func (h worthHeap) Len() int           { return len(h) }
func (h worthHeap) Less(i, j int) bool { return h[i].worth < h[j].worth }
func (h worthHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}
func (h *worthHeap) Push(x any) {
	e := x.(*cacheEntry)
	e.place = len(*h)
	*h = append(*h, e)
}
func (h *worthHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.place = -1
	return e
}
