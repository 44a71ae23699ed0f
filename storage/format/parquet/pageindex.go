package parquet

import (
	"context"
	"math"
	"sort"
	"time"
)

// offsetIndex tells where the data pages of a chunk are.
type offsetIndex struct {
	pages []pageLocation
}

type pageLocation struct {
	off   int64
	size  int64 // header included
	first int   // first row
}

// end returns the row after page i's last.
func (x *offsetIndex) end(i, rows int) int {
	if i+1 < len(x.pages) {
		return x.pages[i+1].first
	}
	return rows
}

// find returns the page that holds row.
func (x *offsetIndex) find(row int) int {
	return sort.Search(len(x.pages), func(i int) bool { return x.pages[i].first > row }) - 1
}

// columnIndex has the bounds of a chunk's data pages.
type columnIndex struct {
	nullPages []bool
	min, max  [][]byte
	nulls     []int64 // nil: not given
}

// groupIndex is the page index of a row group; entries are nil where the file
// has none or it cannot be used.
type groupIndex struct {
	offsets []*offsetIndex
	columns []*columnIndex
}

// parseOffsetIndex reads an offset index and checks it against the chunk.
func parseOffsetIndex(b []byte, ch *columnChunk, rows int, size int64) *offsetIndex {
	c := &cursor{b: b}
	x := &offsetIndex{}
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		if id != 1 || t != tList {
			c.skip(t)
			continue
		}
		n, et := c.list()
		if et != tStruct {
			return nil
		}
		x.pages = make([]pageLocation, 0, min(n, len(b)/4+1))
		for ; n > 0 && !c.bad; n-- {
			var p pageLocation
			for id, t := c.field(0); t != tStop; id, t = c.field(id) {
				switch {
				case id == 1 && t == tI64:
					p.off = c.int()
				case id == 2 && t == tI32:
					p.size = int64(c.i32())
				case id == 3 && t == tI64:
					p.first = int(c.int())
				default:
					c.skip(t)
				}
			}
			x.pages = append(x.pages, p)
		}
	}
	if c.bad || len(x.pages) == 0 || x.pages[0].first != 0 {
		return nil
	}
	for i, p := range x.pages {
		if p.off < ch.start() || p.size <= 0 || p.size > size-p.off || p.first >= rows && rows > 0 ||
			i > 0 && (p.first <= x.pages[i-1].first || p.off < x.pages[i-1].off+x.pages[i-1].size) {
			return nil
		}
	}
	return x
}

// parseColumnIndex reads a column index of n pages.
func parseColumnIndex(b []byte, n int) *columnIndex {
	c := &cursor{b: b}
	x := &columnIndex{}
	bins := func() [][]byte {
		k, et := c.list()
		if et != tBinary || k != n {
			c.bad = true
			return nil
		}
		out := make([][]byte, k)
		for i := range out {
			out[i] = c.binary()
		}
		return out
	}
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tList:
			k, et := c.list()
			if et != tTrue && et != tFalse || k != n {
				return nil
			}
			x.nullPages = make([]bool, k)
			for i := range x.nullPages {
				x.nullPages[i] = c.byte() == tTrue
			}
		case id == 2 && t == tList:
			x.min = bins()
		case id == 3 && t == tList:
			x.max = bins()
		case id == 5 && t == tList:
			k, et := c.list()
			if et != tI64 || k != n {
				return nil
			}
			x.nulls = make([]int64, k)
			for i := range x.nulls {
				x.nulls[i] = c.int()
			}
		default:
			c.skip(t)
		}
	}
	if c.bad || len(x.nullPages) != n || len(x.min) != n || len(x.max) != n {
		return nil
	}
	return x
}

// groupIndex returns the page index of row group g, from the cache or the file;
// nil if it has none. A damaged index is ignored: pages are then found by walking
// their headers.
func (sf *scanFile) groupIndex(ctx context.Context, g int) (*groupIndex, error) {
	rg := &sf.meta.groups[g]
	need := false
	for _, c := range sf.cols {
		need = need || c.leaf != nil && rg.cols[c.leaf.leaf].offIdx.n > 0
	}
	if !need {
		return nil, nil
	}
	key := cacheKey{url: sf.src.url, etag: sf.src.etag, kind: kindIndex, group: int32(g)}
	if e := sf.f.cache.get(key); e != nil {
		x := e.value.(*groupIndex)
		e.release()
		return x, nil
	}
	began := time.Now()
	x, bytes, err := readGroupIndex(ctx, sf.src, sf.meta, g)
	if err != nil {
		return nil, err
	}
	sf.f.cache.put(key, x, bytes, float64(time.Since(began))).release()
	return x, nil
}

// maxIndexBytes bounds what is read at once for the page index of
// a row group.
const maxIndexBytes = 64 << 20

// readGroupIndex reads the page index of all columns of a row group at once: they
// lie together.
func readGroupIndex(ctx context.Context, src *source, m *fileMeta, g int) (*groupIndex, int64, error) {
	rg := &m.groups[g]
	x := &groupIndex{offsets: make([]*offsetIndex, len(rg.cols)), columns: make([]*columnIndex, len(rg.cols))}
	total := int64(0)
	read := func(part func(*columnChunk) fileRange) ([]byte, int64, error) {
		lo, hi := int64(math.MaxInt64), int64(0)
		for i := range rg.cols {
			if r := part(&rg.cols[i]); r.n > 0 && r.off >= 4 && r.n <= src.size-r.off {
				lo, hi = min(lo, r.off), max(hi, r.off+r.n)
			}
		}
		if hi <= lo || hi-lo > maxIndexBytes {
			return nil, 0, nil
		}
		b := make([]byte, hi-lo)
		total += hi - lo
		return b, lo, src.read(ctx, lo, b)
	}
	within := func(b []byte, lo int64, r fileRange) []byte {
		if b == nil || r.n <= 0 || r.off < lo || r.off+r.n > lo+int64(len(b)) {
			return nil
		}
		return b[r.off-lo : r.off-lo+r.n]
	}
	ob, olo, err := read(func(c *columnChunk) fileRange { return c.offIdx })
	if err != nil {
		return nil, 0, err
	}
	cb, clo, err := read(func(c *columnChunk) fileRange { return c.colIdx })
	if err != nil {
		return nil, 0, err
	}
	for i := range rg.cols {
		ch := &rg.cols[i]
		b := within(ob, olo, ch.offIdx)
		if b == nil || m.leaves[i].maxRep > 0 {
			continue
		}
		if x.offsets[i] = parseOffsetIndex(b, ch, int(rg.rows), src.size); x.offsets[i] == nil {
			continue
		}
		total += int64(24 * len(x.offsets[i].pages))
		if b := within(cb, clo, ch.colIdx); b != nil {
			x.columns[i] = parseColumnIndex(b, len(x.offsets[i].pages))
			total += int64(57 * len(x.offsets[i].pages))
		}
	}
	return x, total + 256, nil
}
