package parquet

import (
	"container/heap"
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
)

// Cache is the process's one budgeted cache of what is dear to rebuild from
// Parquet files: parsed footers, page indexes, decompressed dictionary pages, and
// pages of remote files as they came.
// An entry's worth is how often it was asked for, times the nanoseconds that
// rebuilding it takes, by the byte; the least worthy go first, and worth fades as
// others are evicted (GreedyDual-Size-Frequency). Entries are keyed by object and
// ETag, so a changed object is never answered from here. Safe for concurrent use.
//
// How often counts up to maxFreq: what was asked for twice is worth keeping, what is
// read once does not push it out, and nothing stays for long because it was popular
// once. Time passes with every scan (tick), so that of two things asked for equally
// often the one asked for lately wins; within one scan time stands still, and the
// scan of a table larger than the cache keeps a part of it rather than replacing
// each part by the next.
type Cache struct {
	off    atomic.Bool
	limits atomic.Pointer[CacheLimits]

	mu      sync.Mutex
	entries map[cacheKey]*cacheEntry
	order   worthHeap
	ghosts  map[cacheKey]float64 // how often keys that were turned away were asked for
	used    int64
	local   int64   // bytes of the local files whose footers are here
	remote  int64   // and of remote ones
	clock   float64 // worth of what was evicted last: new entries start from it
	kinds   [kindCount]CacheKindStats
}

// CacheStats is what the cache holds and has done.
type CacheStats struct {
	Budget, Bytes                        int64
	Footers, Indexes, Dictionary, Ranges CacheKindStats
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
	kindRange
	kindCount
)

type cacheKey struct {
	url, etag string
	kind      cacheKind
	group     int32
	leaf      int32
	off       int64
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

// count adds times the size of the file to those in use, if e is a footer. c.mu is held.
func (c *Cache) count(e *cacheEntry, times int64) {
	if m, ok := e.value.(*fileMeta); ok && isLocal(e.key.url) {
		c.local += times * m.size
	} else if ok {
		c.remote += times * m.size
	}
}

// release ends a lease that get or put gave.
func (e *cacheEntry) release() {
	if e != nil {
		e.leases.Add(-1)
	}
}

const (
	maxFreq = 2
	// aging is how much an entry's worth, in nanoseconds a byte, falls behind that
	// of a new one with each reader of a scan.
	aging = 0.02
	// margin is how much more worth, as a share, what comes must have than what goes.
	margin = 0.05
)

// CacheLimits are the budget of a cache, which follows the files in use, those
// whose footers are in the cache: Least bytes and shares of the bytes of local and
// of remote files, but not above Most.
type CacheLimits struct {
	Least, Most   int64
	Local, Remote float64
}

// NewCache makes a cache that holds at most budget bytes.
func NewCache(budget int64) *Cache {
	c := &Cache{entries: map[cacheKey]*cacheEntry{}, ghosts: map[cacheKey]float64{}}
	c.SetBudget(budget)
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
func (c *Cache) SetBudget(n int64) { c.SetLimits(CacheLimits{Least: n, Most: n}) }

// SetLimits makes the budget follow the files in use.
func (c *Cache) SetLimits(l CacheLimits) {
	c.limits.Store(&l)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shrink(c.budget())
}

// budget is what the cache may hold now. c.mu is held.
func (c *Cache) budget() int64 {
	l := c.limits.Load()
	return min(l.Most, l.Least+int64(l.Local*float64(c.local)+l.Remote*float64(c.remote)))
}

// tick lets time pass: a scan begins.
func (c *Cache) tick() {
	if c == nil || c.off.Load() {
		return
	}
	c.mu.Lock()
	c.clock += aging
	c.mu.Unlock()
}

// rate is what an entry is worth beside the clock.
func rate(freq, cost float64, bytes int64) float64 {
	return min(freq, maxFreq) * cost / float64(bytes)
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
	return CacheStats{Budget: c.budget(), Bytes: c.used, Footers: c.kinds[kindFooter], Indexes: c.kinds[kindIndex], Dictionary: c.kinds[kindDict], Ranges: c.kinds[kindRange]}
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
	e.worth = c.clock + rate(e.freq, e.cost, e.bytes)
	heap.Fix(&c.order, e.place)
	e.leases.Add(1)
	return e
}

// has reports whether k is in the cache, without counting as asking for it.
func (c *Cache) has(k cacheKey) bool {
	e := c.lease(k)
	e.release()
	return e != nil
}

// lease is get without counting as asking for k: the entry stays until it is released.
func (c *Cache) lease(k cacheKey) *cacheEntry {
	if c == nil || c.off.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e != nil {
		e.leases.Add(1)
	}
	return e
}

// wants reports whether put would keep an entry of so many bytes and cost: asked
// before an entry is built in memory of its own. It counts as asking for k.
func (c *Cache) wants(k cacheKey, bytes int64, cost float64) bool {
	if c == nil || c.off.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	budget := c.budget()
	if bytes > budget/4 {
		return false
	}
	if c.used+bytes <= budget {
		return true
	}
	f := c.ghosts[k] + 1
	if c.outweighs(rate(f, cost, bytes), c.used+bytes-budget) {
		return true
	}
	if len(c.ghosts) >= 1<<14 {
		clear(c.ghosts)
	}
	c.ghosts[k] = f
	c.kinds[k.kind].Rejected++
	return false
}

// outweighs reports whether need bytes can be had from entries of less worth than
// what is worth r beside the clock.
func (c *Cache) outweighs(r float64, need int64) bool {
	if len(c.order) == 0 || c.order[0].worth-c.clock >= r*(1-margin) {
		return false
	}
	for _, e := range c.order {
		if e.leases.Load() == 0 && e.worth-c.clock < r*(1-margin) {
			if need -= e.bytes; need <= 0 {
				return true
			}
		}
	}
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
	budget := c.budget()
	if e.bytes > budget {
		return e
	}
	e.freq += c.ghosts[k]
	delete(c.ghosts, k)
	if c.used+e.bytes <= budget {
		e.freq = maxFreq // free room is no worse used by this than by what comes next
	}
	e.worth = c.clock + rate(e.freq, e.cost, e.bytes)
	c.shrink(budget - e.bytes)
	if c.used+e.bytes > budget {
		return e
	}
	c.entries[k] = e
	heap.Push(&c.order, e)
	c.used += e.bytes
	c.count(e, 1)
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
		c.count(e, -1)
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
