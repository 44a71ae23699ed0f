package catalog

import (
	"container/list"
	"context"
	"sort"
	"strings"
	"sync"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
	"github.com/sluicedb/sluice/vector"
)

// keyIndex is a table's partition index with the values typed.
type keyIndex struct {
	*store.PartIndex
	keys  []keyValues
	bytes int64
}

// keyValues are the distinct values of one key, indexed by value number.
type keyValues struct {
	t     sql.Type
	raw   []string
	typed []sql.Value // zero Type where raw is not a value of t

	ranked sync.Once
	order  []int32 // rank of each value number; call ranks
	filled sync.Once
	vec    *vector.Vec // the values, NULL where raw is not one; call vector
}

// set makes kv the values of a key of type t.
func (kv *keyValues) set(t sql.Type, raw []string) {
	kv.t, kv.raw, kv.typed = t, raw, make([]sql.Value, len(raw))
	for i := range raw {
		if v, ok := layout.ParseValue(t, raw[i]); ok {
			kv.typed[i] = v
		}
	}
}

// vector is the values by number, to be looked up by codes.
func (kv *keyValues) vector() *vector.Vec {
	kv.filled.Do(func() {
		c := vector.NewColumn(kv.t)
		ids := make([]uint32, len(kv.typed))
		for i, v := range kv.typed {
			if v.Type.OID == 0 {
				v = sql.Value{Type: kv.t, Null: true}
			}
			c.AppendValue(v)
			ids[i] = uint32(i)
		}
		kv.vec = &vector.Vec{}
		c.Gather(ids, kv.vec)
	})
	return kv.vec
}

// ranks orders values as the type does, NULL last, values that do not fit after
// that; equal ones by their raw text.
func (kv *keyValues) ranks() []int32 {
	kv.ranked.Do(func() {
		class := func(v *sql.Value) int {
			switch {
			case v.Type.OID == 0:
				return 2
			case v.Null:
				return 1
			}
			return 0
		}
		ids := make([]int32, len(kv.raw))
		for i := range ids {
			ids[i] = int32(i)
		}
		sort.Slice(ids, func(i, j int) bool {
			a, b := &kv.typed[ids[i]], &kv.typed[ids[j]]
			ca, cb := class(a), class(b)
			if ca != cb {
				return ca < cb
			}
			if ca == 0 {
				if c := vector.CompareValues(a, b); c != 0 {
					return c < 0
				}
			}
			return kv.raw[ids[i]] < kv.raw[ids[j]]
		})
		kv.order = make([]int32, len(ids))
		for r, id := range ids {
			kv.order[id] = int32(r)
		}
	})
	return kv.order
}

func newKeyIndex(t *model.Table, x *store.PartIndex) *keyIndex {
	k := &keyIndex{PartIndex: x, keys: make([]keyValues, len(t.Keys)), bytes: x.Bytes()}
	for i := range t.Keys {
		k.keys[i].set(t.Keys[i].Type, x.Raw[i])
		k.bytes += int64(len(x.Raw[i])) * 200
	}
	return k
}

// indexCache keeps recently used partition indexes, bounded by bytes.
type indexCache struct {
	mu    sync.Mutex
	max   int64
	used  int64
	order *list.List // of *cacheEntry, most recent first
	byKey map[cacheKey]*list.Element
}

type cacheKey struct {
	oid     sql.OID
	changed int64
	types   string // of the keys
}

type cacheEntry struct {
	key cacheKey
	idx *keyIndex
}

func newIndexCache(max int64) *indexCache {
	return &indexCache{max: max, order: list.New(), byKey: map[cacheKey]*list.Element{}}
}

func keyTypes(t *model.Table) string {
	var b strings.Builder
	for _, k := range t.Keys {
		b.WriteString(k.Name)
		b.WriteByte(' ')
		b.WriteString(k.Hive)
		b.WriteByte(',')
	}
	return b.String()
}

func (c *indexCache) get(k cacheKey) *keyIndex {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cacheEntry).idx
}

func (c *indexCache) put(k cacheKey, x *keyIndex) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[k] != nil || x.bytes > c.max {
		return
	}
	for e := c.order.Front(); e != nil; { // older versions of the table
		next := e.Next()
		if e.Value.(*cacheEntry).key.oid == k.oid {
			c.remove(e)
		}
		e = next
	}
	c.byKey[k] = c.order.PushFront(&cacheEntry{k, x})
	c.used += x.bytes
	for c.used > c.max {
		c.remove(c.order.Back())
	}
}

func (c *indexCache) remove(e *list.Element) {
	ent := e.Value.(*cacheEntry)
	c.order.Remove(e)
	delete(c.byKey, ent.key)
	c.used -= ent.idx.bytes
}

func (c *indexCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.byKey)
	c.used = 0
}

// partReader gives a snapshot the state of the store that its partitions are in.
type partReader interface {
	view(ctx context.Context, f func(*store.View) error) error
	// index returns the index of the table's partitions as v sees them.
	index(v *store.View, t *model.Table) (*keyIndex, error)
}

type storeParts struct{ c *Catalog }

func (p storeParts) view(ctx context.Context, f func(*store.View) error) error {
	return p.c.store.View(ctx, f)
}

func (p storeParts) index(v *store.View, t *model.Table) (*keyIndex, error) {
	_, changed, err := v.PartVersion(t)
	if err != nil {
		return nil, err
	}
	k := cacheKey{t.OID, changed, keyTypes(t)}
	if x := p.c.cache.get(k); x != nil {
		return x, nil
	}
	raw, err := v.PartIndex(t)
	if err != nil {
		return nil, err
	}
	x := newKeyIndex(t, raw)
	p.c.cache.put(k, x)
	return x, nil
}

// batchParts reads partitions as a batch sees them.
type batchParts struct {
	b   *Batch
	ops []func(*store.Tx) error
}

func (p batchParts) view(ctx context.Context, f func(*store.View) error) error {
	return p.b.try(ctx, p.ops, f)
}

func (p batchParts) index(v *store.View, t *model.Table) (*keyIndex, error) {
	raw, err := v.PartIndex(t)
	if err != nil {
		return nil, err
	}
	return newKeyIndex(t, raw), nil
}
