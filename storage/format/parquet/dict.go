package parquet

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// dictIDs gives dictionaries their identities (vector.Vec.DictID).
type dictIDs struct{ last atomic.Uint64 }

func (d *dictIDs) next() uint64 { return d.last.Add(1) }

// cachedDict is a dictionary in the cache: converted to the column's type.
type cachedDict struct {
	vec    vector.Vec
	narrow narrowValues
	id     uint64
}

// dictScratch is where a dictionary that is not cached lies.
type dictScratch struct {
	vec  vector.Vec
	body *buffer
	data *buffer
}

func (c *chunkReader) dictKey() cacheKey {
	return cacheKey{url: c.src.url, etag: c.src.etag, kind: kindDict, group: int32(c.group), leaf: int32(c.leaf.leaf), typ: c.typ}
}

// useCached takes the chunk's dictionary from the cache.
func (c *chunkReader) useCached() bool {
	e := c.cache.get(c.dictKey())
	if e == nil {
		return false
	}
	d := e.value.(*cachedDict)
	c.lease, c.dict, c.narrow, c.dictID, c.dictLen, c.dictLoaded = e, &d.vec, d.narrow, d.id, d.vec.N, true
	c.dictHits++
	return true
}

// findDict loads the chunk's dictionary when a page refers to it: from the cache,
// or from where the footer or the offset index says.
func (c *chunkReader) findDict() error {
	if c.useCached() {
		return nil
	}
	off := c.chunk.start()
	if c.index != nil && len(c.index.pages) > 0 && off >= c.index.pages[0].off {
		return nil // no room for one: codesPage says so
	}
	h, err := c.header(off, 0)
	if err != nil {
		return err
	}
	if h.typ != pageDict {
		return nil
	}
	return c.loadDict(off, &h)
}

// loadDict decodes the dictionary page whose header h is at off.
func (c *chunkReader) loadDict(off int64, h *pageHeader) error {
	if c.dictLoaded || c.useCached() {
		return nil
	}
	c.dictMisses++
	n := int(h.numValues)
	if h.encoding != encPlain && h.encoding != encPlainDictionary {
		return c.fail("its dictionary has encoding %d", h.encoding)
	}
	width := c.width
	if width == 0 {
		width = 4
	}
	if c.leaf.phys == physBool || n > int(h.uncompressed)/width {
		return c.fail("its dictionary claims %d entries in %d bytes", n, h.uncompressed)
	}
	raw, err := c.bytesAt(off+int64(h.size), int64(h.compressed), 0)
	if err != nil {
		return err
	}
	if c.mem.find(off, 1) != nil {
		c.fileBytes += int64(h.compressed)
	}
	if err := checkCRC(h, raw); err != nil {
		return c.pageFail(off, err)
	}
	// Fixed values of 8 bytes are decoded in scratch and then copied, since they
	// mostly shrink; other dictionaries that will be cached get memory of their own.
	wide := !c.conv.str && c.conv.layout.Size() == 8
	bytes := int64(h.uncompressed) + 256
	switch {
	case wide:
		bytes = int64(4*n) + 256
	case !c.conv.identity:
		bytes += int64(n * c.conv.layout.Size())
	}
	key := c.dictKey()
	cost := dictCost(n, int(h.uncompressed))
	if !isLocal(c.src.url) {
		cost += remoteCost(int64(h.compressed))
	}
	keep := c.cache.wants(key, bytes, cost)
	s := &c.scratch
	pool := c.pool
	if keep && !wide {
		s, pool = &dictScratch{}, &bufferPool{}
	}
	var body []byte
	if c.codec == codecNone {
		s.body = pool.fit(s.body, len(raw))
		copy(s.body.b, raw)
		body = s.body.b[:len(raw)]
	} else {
		c.inf.eight = c.width == 8
		body, err = c.inf.inflate(c.codec, raw, int(h.uncompressed), func(n int) []byte {
			s.body = pool.fit(s.body, n)
			return s.body.b[:n]
		})
		c.inf.eight = false
		if err != nil {
			return c.pageFail(off, err)
		}
	}
	c.decoded += int64(len(body))
	v := &s.vec
	*v = vector.Vec{Type: c.typ, Layout: c.conv.layout, N: n, Bufs: v.Bufs[:0]}
	if err := c.dictValues(s, pool, body); err != nil {
		if e, ok := err.(*sql.Error); ok {
			return e
		}
		return c.pageFail(off, err)
	}
	c.dictLoaded, c.dictLen, c.dict, c.narrow, c.dictID = true, n, v, narrowValues{}, c.ids.next()
	if keep {
		d := &cachedDict{vec: *v, id: c.dictID}
		if wide {
			bytes = d.shrink()
		}
		e := c.cache.put(key, d, bytes, cost)
		d = e.value.(*cachedDict)
		c.lease, c.dict, c.narrow, c.dictID = e, &d.vec, d.narrow, d.id
	}
	return nil
}

// entry returns a value of the chunk's dictionary.
func (c *chunkReader) entry(i int) sql.Value {
	if c.narrow.off == nil {
		return vector.ValueAt(c.dict, i)
	}
	var one [1]uint64
	c.narrow.widen(one[:], i)
	return vector.ValueAt(&vector.Vec{Type: c.dict.Type, Layout: c.dict.Layout, N: 1, Data: vector.Bytes(one[:])}, 0)
}

// dictCost estimates the nanoseconds that decoding a dictionary of n entries takes.
func dictCost(n, bytes int) float64 { return float64(bytes + 5*n + 20000) }

// dictValues converts the dictionary's PLAIN values.
func (c *chunkReader) dictValues(s *dictScratch, pool *bufferPool, body []byte) error {
	v, n := &s.vec, s.vec.N
	size := c.conv.layout.Size()
	if c.leaf.phys != physBytes && !c.asSpans {
		if len(body)/c.width < n {
			return pageError("its dictionary ends too early")
		}
		if c.conv.identity {
			v.Data = body[:n*c.width]
			return nil
		}
		s.data = pool.fit(s.data, n*size)
		v.Data = s.data.b[:n*size]
		if bad := c.conv.fixed(v.Data, body, n, nil); bad >= 0 {
			return c.misfit(body[bad*c.width : (bad+1)*c.width])
		}
		return nil
	}
	c.spanBuf = growSlice(c.spanBuf, n)
	spans := c.spanBuf
	if c.asSpans {
		if len(body)/c.width < n {
			return pageError("its dictionary ends too early")
		}
		for i := range spans {
			spans[i] = span(i*c.width, c.width)
		}
	} else if !plainSpans(spans, body, 0) {
		return pageError("its dictionary ends too early")
	}
	s.data = pool.fit(s.data, n*size)
	v.Data = s.data.b[:n*size]
	if !c.conv.str {
		for i, sp := range spans {
			b := body[uint32(sp):][:sp>>32]
			if !c.conv.bytes(v.Data, i, b) {
				return c.misfit(b)
			}
		}
		return nil
	}
	v.Bufs = append(v.Bufs, body)
	views := vector.Cast[vector.StrView](v.Data)
	var heap []byte
	for i, sp := range spans {
		b := body[uint32(sp):][:sp>>32]
		if c.conv.text != nil {
			at := len(heap)
			heap = c.conv.text(heap, b)
			views[i] = vector.ViewAt(heap[at:], 0, uint32(at))
			continue
		}
		if c.conv.maxChars > 0 {
			b = cutChars(b, c.conv.maxChars)
		}
		views[i] = vector.ViewAt(b, 0, uint32(sp))
	}
	if c.conv.text != nil {
		v.Bufs[0] = heap
	}
	return nil
}

// misfit is the error for a value that the column's type cannot hold.
func (c *chunkReader) misfit(raw []byte) error {
	e := sql.Errorf(c.conv.code, "a value of column %q in file %q does not fit type %s", c.leaf.path, c.src.url, typeName(c.typ)).
		WithHint("The file stores it as %s; declare the column with a wider type.", c.leaf.describe())
	e.Where = "file " + c.src.url
	return e
}
