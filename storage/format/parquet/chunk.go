package parquet

import (
	"context"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// chunkReader reads the pages of one flat column chunk, in ascending order of
// rows, decoding only those that are asked for. It is reused for chunk after
// chunk of a column.
type chunkReader struct {
	pageDecoder
	ctx   context.Context
	src   *source
	mem   *fetched // what Fetch brought; nil: read as needed
	chunk *columnChunk
	conv  *conv
	typ   sql.Type
	group int
	rows  int
	cache *Cache
	ids   *dictIDs
	index *offsetIndex // nil: pages are found by walking their headers
	cur   int          // index: current page
	off   int64        // no index: where the next header is
	end   int64        // of the chunk
	row   int          // no index: first row of the page at off
	have  bool         // page is decoded
	raw   *buffer
	rawAt int64 // file offset of raw.b[0]
	rawN  int64 // bytes of the file in raw

	dictLoaded bool
	dict       *vector.Vec  // its Data is nil if narrow has the values
	narrow     narrowValues // of a dictionary that was cached
	dictID     uint64
	lease      *cacheEntry
	scratch    dictScratch

	pagesRead, pagesSkipped int64
	fileBytes               int64
	dictHits, dictMisses    int64
	keep                    func(*buffer, pin) // takes a buffer that somebody still refers to
	pinned                  pin                // who refers to the current page's buffer
}

// pin tells who refers to a page's buffer.
type pin uint8

const (
	pinOutput pin = 1 << iota // the batch that is delivered next
	pinFilter                 // a predicate that is being evaluated
)

// maxPageRows bounds the rows of a page that are believed without as many bits.
const maxPageRows = 1 << 24

// readAhead is how much is read at once of a chunk without an offset index.
const readAhead = 256 << 10

// open begins a chunk.
func (c *chunkReader) open(ctx context.Context, src *source, mem *fetched, m *fileMeta, group int, leaf *node, cv *conv, typ sql.Type, index *offsetIndex) {
	c.release()
	c.ctx, c.src, c.mem = ctx, src, mem
	c.chunk, c.group, c.rows = &m.groups[group].cols[leaf.leaf], group, int(m.groups[group].rows)
	c.leaf, c.width, c.codec, c.conv, c.typ = leaf, physWidth(leaf), c.chunk.codec, cv, typ
	c.asSpans = leaf.phys == physFixed && cv.str
	c.index, c.cur, c.have = index, -1, false
	c.off, c.row = c.chunk.start(), 0
	c.end = min(c.off+c.chunk.compressed, src.size)
	c.rawN, c.dictLen = 0, -1
	c.dictLoaded, c.dict, c.narrow, c.dictID = false, nil, narrowValues{}, 0
	c.page = page{}
}

// release ends what the reader holds of the cache.
func (c *chunkReader) release() {
	c.lease.release()
	c.lease = nil
	c.dict, c.narrow, c.dictLoaded = nil, narrowValues{}, false
}

func (c *chunkReader) fail(format string, args ...any) error {
	e := corrupt(c.src.url, format, args...)
	e.Where = "column " + c.leaf.path
	return e
}

// bytesAt returns n bytes of the file from off on. They are valid until the next call. ahead more may be read at once.
func (c *chunkReader) bytesAt(off, n, ahead int64) ([]byte, error) {
	if off < 0 || n > c.src.size-off {
		return nil, c.fail("a page at bytes %d to %d is referred to, the file has %d", off, off+n, c.src.size)
	}
	if b := c.mem.find(off, n); b != nil {
		return b, nil
	}
	if off >= c.rawAt && off+n <= c.rawAt+c.rawN {
		return c.raw.b[off-c.rawAt:][:n], nil
	}
	k := max(n, min(ahead, c.end-off))
	c.unpin(c.raw)
	c.raw = c.pool.fit(c.raw, int(k))
	c.rawN = 0
	if err := c.src.read(c.ctx, off, c.raw.b[:k]); err != nil {
		return nil, err
	}
	c.fileBytes += k
	c.rawAt, c.rawN = off, k
	return c.raw.b[:n], nil
}

// unpin gives b to the batch if it refers to it, so that it is not overwritten.
func (c *chunkReader) unpin(b *buffer) {
	if c.pinned == 0 || b == nil || c.page.data != b {
		return
	}
	c.page.data = nil
	c.keep(b, c.pinned)
	c.pinned = 0
	switch b {
	case c.raw:
		c.raw, c.rawN = nil, 0
	case c.body:
		c.body = nil
	case c.fixedBuf:
		c.fixedBuf = nil
	case c.heapBuf:
		c.heapBuf = nil
	}
}

// header reads the page header at off. size is how many bytes there are from off
// on, 0 if not known.
func (c *chunkReader) header(off, size int64) (pageHeader, error) {
	if size > 0 {
		b, err := c.bytesAt(off, size, 0)
		if err != nil {
			return pageHeader{}, err
		}
		h, _, ok := parsePageHeader(b)
		if !ok {
			return h, c.fail("the page header at byte %d cannot be parsed", off)
		}
		return h, nil
	}
	if b := c.mem.from(off); b != nil {
		if h, _, ok := parsePageHeader(b[:min(len(b), maxPageHeader)]); ok {
			return h, nil
		}
	}
	for n := int64(256); ; n *= 8 {
		n = min(n, c.src.size-off, maxPageHeader)
		if n <= 0 {
			return pageHeader{}, c.fail("a page is missing at byte %d", off)
		}
		b, err := c.bytesAt(off, n, readAhead)
		if err != nil {
			return pageHeader{}, err
		}
		h, more, ok := parsePageHeader(b)
		if ok {
			return h, nil
		}
		if !more || n >= min(c.src.size-off, maxPageHeader) {
			return h, c.fail("the page header at byte %d cannot be parsed", off)
		}
	}
}

// seek makes the page that holds row current and returns its rows as [first, end).
func (c *chunkReader) seek(row int) (first, end int, err error) {
	if c.have && row >= c.page.first && row < c.page.first+c.page.n {
		return c.page.first, c.page.first + c.page.n, nil
	}
	if c.index != nil {
		err = c.seekIndex(row)
	} else {
		err = c.seekWalk(row)
	}
	if err != nil {
		return 0, 0, err
	}
	return c.page.first, c.page.first + c.page.n, nil
}

func (c *chunkReader) seekIndex(row int) error {
	x := c.index
	i := c.cur + 1
	for i < len(x.pages) && x.end(i, c.rows) <= row {
		i++
		c.pagesSkipped++
	}
	if i >= len(x.pages) || x.pages[i].first > row {
		i = x.find(row)
	}
	c.cur = i
	p := x.pages[i]
	h, err := c.header(p.off, p.size)
	if err != nil {
		return err
	}
	n := x.end(i, c.rows) - p.first
	if h.typ != pageData && h.typ != pageDataV2 {
		return c.fail("the offset index points at byte %d, where there is no data page", p.off)
	}
	if int(h.numValues) != n {
		return c.fail("the page at byte %d has %d values, the offset index says %d", p.off, h.numValues, n)
	}
	return c.load(&h, p.off, p.first)
}

func (c *chunkReader) seekWalk(row int) error {
	for {
		if c.row >= c.rows || c.off >= c.src.size {
			return c.fail("its pages have %d rows, the row group has %d", c.row, c.rows)
		}
		off := c.off
		h, err := c.header(off, 0)
		if err != nil {
			return err
		}
		c.off = off + int64(h.size) + int64(h.compressed)
		switch h.typ {
		case pageDict:
			if c.row > 0 {
				return c.fail("a dictionary page follows data pages")
			}
			if err := c.loadDict(off, &h); err != nil {
				return err
			}
			continue
		case pageData, pageDataV2:
		default:
			continue
		}
		first := c.row
		c.row += int(h.numValues)
		if c.row > c.rows {
			return c.fail("its pages have more than the %d rows of the row group", c.rows)
		}
		if row >= c.row {
			if h.numValues > 0 {
				c.pagesSkipped++
			}
			continue
		}
		return c.load(&h, off, first)
	}
}

// load decodes the data page whose header h is at off.
func (c *chunkReader) load(h *pageHeader, off int64, first int) error {
	n := int(h.numValues)
	if n > maxPageRows && n/8 > int(h.uncompressed) {
		return c.fail("the page at byte %d claims %d rows", off, n)
	}
	isCodes := h.encoding == encPlainDictionary || h.encoding == encRLEDictionary
	if isCodes && !c.dictLoaded {
		if err := c.findDict(); err != nil {
			return err
		}
	}
	c.have = false
	c.unpin(c.page.data)
	at, size := off+int64(h.size), int64(h.compressed)
	b, err := c.bytesAt(at, size, 0)
	if err != nil {
		return err
	}
	c.pagesRead++
	if c.mem.find(at, size) != nil {
		c.fileBytes += size
		if c.codec == codecNone || h.typ == pageDataV2 {
			// Decoding in place needs slack behind the page.
			c.raw, c.rawN = c.pool.fit(c.raw, len(b)), 0
			b = c.raw.b[:copy(c.raw.b, b)]
		}
	}
	if err := c.decode(h, b, c.raw, first, n); err != nil {
		return c.pageFail(off, err)
	}
	c.have = true
	return nil
}

func (c *chunkReader) pageFail(off int64, err error) error {
	if e, ok := err.(*sql.Error); ok {
		return e
	}
	return c.fail("the page at byte %d of column %q cannot be decoded: %v", off, c.leaf.path, err)
}
