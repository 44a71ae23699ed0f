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

// maxIndexBytes bounds what is read at once of page indexes.
const maxIndexBytes = 64 << 20

// groupIndexes returns the page indexes of row groups, from the cache or the file;
// nil for those that have none. A damaged index is ignored: pages are then found
// by walking their headers.
func (sf *scanFile) groupIndexes(ctx context.Context, groups []int) ([]*groupIndex, error) {
	out := make([]*groupIndex, len(groups))
	var absent []int
	var ranges []fileRange // offset and column index of each absent one
	total := int64(0)
	read := func() error {
		if len(absent) == 0 {
			return nil
		}
		began := time.Now()
		data, err := sf.src.readAll(ctx, ranges, sf.f.reads(sf.src.url))
		if err != nil {
			return err
		}
		cost := float64(time.Since(began)) / float64(len(absent))
		for k, i := range absent {
			x, bytes := sf.meta.parseGroupIndex(groups[i], ranges[2*k], data[2*k], ranges[2*k+1], data[2*k+1])
			sf.f.cache.put(sf.indexKey(groups[i]), x, bytes, cost).release()
			out[i] = x
		}
		absent, ranges, total = absent[:0], ranges[:0], 0
		return nil
	}
	for i, g := range groups {
		if !sf.hasIndex(g) {
			continue
		}
		if e := sf.f.cache.get(sf.indexKey(g)); e != nil {
			out[i] = e.value.(*groupIndex)
			e.release()
			continue
		}
		offsets := sf.indexRange(g, func(c *columnChunk) fileRange { return c.offIdx })
		columns := sf.indexRange(g, func(c *columnChunk) fileRange { return c.colIdx })
		if total += offsets.n + columns.n; total > maxIndexBytes {
			if err := read(); err != nil {
				return nil, err
			}
			total = offsets.n + columns.n
		}
		absent, ranges = append(absent, i), append(ranges, offsets, columns)
	}
	return out, read()
}

func (sf *scanFile) indexKey(g int) cacheKey {
	return cacheKey{url: sf.src.url, etag: sf.src.etag, kind: kindIndex, group: int32(g)}
}

// hasIndex reports whether a column that is read has an offset index in row group g.
func (sf *scanFile) hasIndex(g int) bool {
	for _, c := range sf.cols {
		if c.leaf != nil && sf.meta.groups[g].cols[c.leaf.leaf].offIdx.n > 0 {
			return true
		}
	}
	return false
}

// indexRange is where one kind of index of all columns of row group g is: they lie
// together. Empty if they do not.
func (sf *scanFile) indexRange(g int, part func(*columnChunk) fileRange) fileRange {
	cols := sf.meta.groups[g].cols
	lo, hi := int64(math.MaxInt64), int64(0)
	for i := range cols {
		if r := part(&cols[i]); r.n > 0 && r.off >= 4 && r.n <= sf.src.size-r.off {
			lo, hi = min(lo, r.off), max(hi, r.off+r.n)
		}
	}
	if hi <= lo || hi-lo > maxIndexBytes {
		return fileRange{}
	}
	return fileRange{lo, hi - lo}
}

// parseGroupIndex parses the indexes of row group g, of which it keeps parts; bytes
// is the memory that they take.
func (m *fileMeta) parseGroupIndex(g int, offsetsAt fileRange, offsets []byte, columnsAt fileRange, columns []byte) (x *groupIndex, bytes int64) {
	rg := &m.groups[g]
	x = &groupIndex{offsets: make([]*offsetIndex, len(rg.cols)), columns: make([]*columnIndex, len(rg.cols))}
	bytes = int64(len(offsets)+len(columns)) + 256
	within := func(b []byte, lo int64, r fileRange) []byte {
		if b == nil || r.n <= 0 || r.off < lo || r.off+r.n > lo+int64(len(b)) {
			return nil
		}
		return b[r.off-lo : r.off-lo+r.n]
	}
	for i := range rg.cols {
		ch := &rg.cols[i]
		b := within(offsets, offsetsAt.off, ch.offIdx)
		if b == nil || m.leaves[i].maxRep > 0 {
			continue
		}
		if x.offsets[i] = parseOffsetIndex(b, ch, int(rg.rows), m.size); x.offsets[i] == nil {
			continue
		}
		bytes += int64(24 * len(x.offsets[i].pages))
		if b := within(columns, columnsAt.off, ch.colIdx); b != nil {
			x.columns[i] = parseColumnIndex(b, len(x.offsets[i].pages))
			bytes += int64(57 * len(x.offsets[i].pages))
		}
	}
	return x, bytes
}
