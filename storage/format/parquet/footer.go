package parquet

// physType is a Parquet physical type, by its number in the format.
type physType uint8

const (
	physBool physType = iota
	physInt32
	physInt64
	physInt96
	physFloat
	physDouble
	physBytes
	physFixed
)

var physNames = [...]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}

func (p physType) String() string {
	if int(p) < len(physNames) {
		return physNames[p]
	}
	return "?"
}

// fileMeta is a parsed footer. It aliases the footer's bytes. Immutable.
type fileMeta struct {
	url, etag string
	size      int64
	version   int32
	rows      int64
	createdBy string
	root      *node
	leaves    []*node
	groups    []rowGroup
	// typeOrdered[i]: leaf i's min_value/max_value are in its type's order.
	typeOrdered []bool
	keyValues   []keyValue
	footerLen   int64

	bytes int64 // memory held, without page indexes
}

type keyValue struct{ key, value string }

type rowGroup struct {
	rows       int64
	totalBytes int64
	cols       []columnChunk
	sorting    []sortingColumn
}

type sortingColumn struct {
	col              int32
	desc, nullsFirst bool
}

type columnChunk struct {
	phys         physType
	codec        codec
	encodings    uint32 // bit set by encoding number
	numValues    int64
	compressed   int64
	uncompressed int64
	dataOff      int64
	dictOff      int64 // 0: not given
	offIdx       fileRange
	colIdx       fileRange
	bloom        fileRange // n 0: length not given
	stats        statistics
	external     bool // lies in another file
}

type fileRange struct{ off, n int64 }

// statistics are a chunk's or page header's, raw. A missing bound is nil; an
// empty string as bound is not nil.
type statistics struct {
	min, max       []byte // min_value, max_value
	oldMin, oldMax []byte // deprecated: signed order
	nulls          int64  // -1: not given
	distinct       int64  // 0: not given
	minExact       bool   // min_value occurs
	maxExact       bool
}

// start returns the offset of the chunk's first page.
func (c *columnChunk) start() int64 {
	if c.dictOff > 0 && c.dictOff < c.dataOff {
		return c.dictOff
	}
	return c.dataOff
}

// parseFooter reads FileMetaData from b, the whole of the footer's metadata.
func parseFooter(url string, size int64, b []byte) (*fileMeta, error) {
	m := &fileMeta{url: url, size: size, footerLen: int64(len(b))}
	c := &cursor{b: b}
	var schema []schemaElement
	var orders []bool
	var encrypted, haveSchema bool
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tI32:
			m.version = c.i32()
		case id == 2 && t == tList:
			n, et := c.list()
			if et != tStruct {
				c.bad = true
			}
			haveSchema = true
			for ; n > 0 && !c.bad; n-- {
				schema = append(schema, parseSchemaElement(c))
			}
		case id == 3 && t == tI64:
			m.rows = c.int()
		case id == 4 && t == tList:
			n, et := c.list()
			if et != tStruct {
				c.bad = true
			}
			for ; n > 0 && !c.bad; n-- {
				g, enc := parseRowGroup(c, len(schema))
				if enc {
					return nil, encryptedError(url)
				}
				m.groups = append(m.groups, g)
			}
		case id == 5 && t == tList:
			n, et := c.list()
			if et != tStruct {
				c.bad = true
			}
			for ; n > 0 && !c.bad; n-- {
				m.keyValues = append(m.keyValues, parseKeyValue(c))
			}
		case id == 6 && t == tBinary:
			m.createdBy = string(c.binary())
		case id == 7 && t == tList:
			n, et := c.list()
			if et != tStruct {
				c.bad = true
			}
			for ; n > 0 && !c.bad; n-- {
				ok := false
				for id, t := c.field(0); t != tStop; id, t = c.field(id) {
					ok = ok || id == 1
					c.skip(t)
				}
				orders = append(orders, ok)
			}
		case id == 8:
			encrypted = true
			c.skip(t)
		default:
			c.skip(t)
		}
	}
	if encrypted {
		return nil, encryptedError(url)
	}
	if c.bad || !haveSchema {
		return nil, corrupt(url, "the footer's metadata cannot be parsed")
	}
	if err := m.buildSchema(schema); err != nil {
		return nil, err
	}
	m.typeOrdered = make([]bool, len(m.leaves))
	copy(m.typeOrdered, orders)
	if err := m.check(); err != nil {
		return nil, err
	}
	m.bytes = int64(len(b)) + int64(len(m.groups)*len(m.leaves))*264 + int64(len(schema))*200 + 1024
	return m, nil
}

// check compares what the footer claims with the schema and the file's real size.
func (m *fileMeta) check() error {
	var rows int64
	for i := range m.groups {
		g := &m.groups[i]
		if len(g.cols) != len(m.leaves) {
			return corrupt(m.url, "row group %d has %d column chunks, the schema has %d leaf columns", i, len(g.cols), len(m.leaves))
		}
		if g.rows < 0 || g.rows > 1<<31-1 {
			return corrupt(m.url, "row group %d claims %d rows", i, g.rows)
		}
		rows += g.rows
		for j := range g.cols {
			ch, leaf := &g.cols[j], m.leaves[j]
			if ch.external {
				return corrupt(m.url, "column %q lies in another file, which is not supported", leaf.path)
			}
			if ch.phys != leaf.phys {
				return corrupt(m.url, "column %q is %s in the schema but %s in row group %d", leaf.path, leaf.phys, ch.phys, i)
			}
			s := ch.start()
			if s < 4 && ch.numValues > 0 || s < 0 || ch.compressed < 0 || ch.uncompressed < 0 || ch.numValues < 0 || ch.compressed > m.size-s {
				return corrupt(m.url, "column %q of row group %d claims bytes %d to %d of a file of %d bytes", leaf.path, i, s, s+ch.compressed, m.size)
			}
			if leaf.maxRep == 0 && ch.numValues != g.rows {
				return corrupt(m.url, "column %q of row group %d has %d values for %d rows", leaf.path, i, ch.numValues, g.rows)
			}
		}
	}
	m.rows = rows // the footer's own sum is wrong in files of some writers
	return nil
}

func parseKeyValue(c *cursor) (kv keyValue) {
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tBinary:
			kv.key = string(c.binary())
		case id == 2 && t == tBinary:
			kv.value = string(c.binary())
		default:
			c.skip(t)
		}
	}
	return kv
}

func parseRowGroup(c *cursor, maxCols int) (g rowGroup, encrypted bool) {
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tList:
			n, et := c.list()
			if et != tStruct || n > maxCols {
				c.bad = true
				return g, false
			}
			g.cols = make([]columnChunk, n)
			for i := 0; i < n && !c.bad; i++ {
				if parseColumnChunk(c, &g.cols[i]) {
					encrypted = true
				}
			}
		case id == 2 && t == tI64:
			g.totalBytes = c.int()
		case id == 3 && t == tI64:
			g.rows = c.int()
		case id == 4 && t == tList:
			n, et := c.list()
			if et != tStruct {
				c.bad = true
			}
			for ; n > 0 && !c.bad; n-- {
				var s sortingColumn
				for id, t := c.field(0); t != tStop; id, t = c.field(id) {
					switch {
					case id == 1 && t == tI32:
						s.col = c.i32()
					case id == 2 && t == tTrue:
						s.desc = true
					case id == 3 && t == tTrue:
						s.nullsFirst = true
					default:
						c.skip(t)
					}
				}
				g.sorting = append(g.sorting, s)
			}
		default:
			c.skip(t)
		}
	}
	return g, encrypted
}

func parseColumnChunk(c *cursor, ch *columnChunk) (encrypted bool) {
	meta := false
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tBinary:
			ch.external = len(c.binary()) > 0
		case id == 3 && t == tStruct:
			parseColumnMeta(c, ch)
			meta = true
		case id == 4 && t == tI64:
			ch.offIdx.off = c.int()
		case id == 5 && t == tI32:
			ch.offIdx.n = int64(c.i32())
		case id == 6 && t == tI64:
			ch.colIdx.off = c.int()
		case id == 7 && t == tI32:
			ch.colIdx.n = int64(c.i32())
		case id == 8 || id == 9:
			encrypted = true
			c.skip(t)
		default:
			c.skip(t)
		}
	}
	if !meta && !encrypted {
		c.bad = true
	}
	return encrypted
}

func parseColumnMeta(c *cursor, ch *columnChunk) {
	ch.stats.nulls = -1
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tI32:
			v := c.i32()
			if v < 0 || v > int32(physFixed) {
				c.bad = true
			}
			ch.phys = physType(v)
		case id == 2 && t == tList:
			n, et := c.list()
			for ; n > 0 && !c.bad; n-- {
				if et != tI32 {
					c.skipElem(et, 1)
					continue
				}
				if e := c.i32(); e >= 0 && e < 32 {
					ch.encodings |= 1 << e
				}
			}
		case id == 4 && t == tI32:
			v := c.i32()
			if v < 0 || v > 255 {
				v = 255
			}
			ch.codec = codec(v)
		case id == 5 && t == tI64:
			ch.numValues = c.int()
		case id == 6 && t == tI64:
			ch.uncompressed = c.int()
		case id == 7 && t == tI64:
			ch.compressed = c.int()
		case id == 9 && t == tI64:
			ch.dataOff = c.int()
		case id == 11 && t == tI64:
			ch.dictOff = c.int()
		case id == 12 && t == tStruct:
			parseStatistics(c, &ch.stats)
		case id == 14 && t == tI64:
			ch.bloom.off = c.int()
		case id == 15 && t == tI32:
			ch.bloom.n = int64(c.i32())
		default:
			c.skip(t)
		}
	}
}

func parseStatistics(c *cursor, s *statistics) {
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tBinary:
			s.oldMax = c.binary()
		case id == 2 && t == tBinary:
			s.oldMin = c.binary()
		case id == 3 && t == tI64:
			s.nulls = c.int()
		case id == 4 && t == tI64:
			s.distinct = c.int()
		case id == 5 && t == tBinary:
			s.max = c.binary()
		case id == 6 && t == tBinary:
			s.min = c.binary()
		case id == 7 && t == tTrue:
			s.maxExact = true
		case id == 8 && t == tTrue:
			s.minExact = true
		default:
			c.skip(t)
		}
	}
}
