package parse

import (
	"container/list"
	"sync"

	"github.com/sluicedb/sluice/expr"
)

// Cache keeps parsed statements by text and dialect, the latest used ones within a
// budget of text bytes. It is safe for concurrent use. Failures are not kept.
type Cache struct {
	mu     sync.Mutex
	budget int
	size   int
	order  *list.List // of *cacheEntry, latest first
	byKey  map[cacheKey]*list.Element
}

type cacheKey struct {
	text    string
	dialect expr.Dialect
}

type cacheEntry struct {
	key   cacheKey
	stmts []Statement
}

// entryOverhead is what an entry counts beyond its text.
const entryOverhead = 512

// NewCache returns a cache of at most budget bytes of text. A tree takes some tens
// of times its text.
func NewCache(budget int) *Cache {
	return &Cache{budget: budget, order: list.New(), byKey: make(map[cacheKey]*list.Element)}
}

// Parse is the function Parse through the cache. The result is shared: read only.
func (c *Cache) Parse(text string, d expr.Dialect) ([]Statement, error) {
	key := cacheKey{text, d}
	c.mu.Lock()
	if el, ok := c.byKey[key]; ok {
		c.order.MoveToFront(el)
		stmts := el.Value.(*cacheEntry).stmts
		c.mu.Unlock()
		return stmts, nil
	}
	c.mu.Unlock()
	stmts, err := Parse(text, d)
	if err != nil {
		return nil, err
	}
	cost := len(text) + entryOverhead
	if cost > c.budget/8 {
		return stmts, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return stmts, nil
	}
	c.byKey[key] = c.order.PushFront(&cacheEntry{key, stmts})
	c.size += cost
	for c.size > c.budget {
		el := c.order.Back()
		e := el.Value.(*cacheEntry)
		c.order.Remove(el)
		delete(c.byKey, e.key)
		c.size -= len(e.key.text) + entryOverhead
	}
	return stmts, nil
}
