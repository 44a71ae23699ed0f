package parquet

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/sluicedb/sluice/vector"
)

// page is a decoded data page of a flat column: one slot for each row. A slot
// under NULL is arbitrary but safe to read.
type page struct {
	first, n int           // rows first .. first+n-1 of the row group
	valid    vector.Bitmap // nil: no NULL
	nulls    int
	kind     pageKind
	codes    []uint32 // kindCodes
	fixed    []byte   // kindFixed: n values, 8-byte aligned
	spans    []uint64 // kindSpans: start | length << 32 of values in data
	data     *buffer  // what fixed and spans lie in
}

type pageKind uint8

const (
	kindCodes pageKind = iota
	kindFixed
	kindSpans
)

func span(start, n int) uint64 { return uint64(start) | uint64(n)<<32 }

// pageDecoder decodes the pages of one flat leaf column. Its buffers are reused.
type pageDecoder struct {
	inf     *inflater
	pool    *bufferPool
	leaf    *node
	width   int  // physWidth
	asSpans bool // FIXED_LEN_BYTE_ARRAY values are delivered as spans
	codec   codec
	dictLen int // entries of the chunk's dictionary, -1: none

	page     page
	validBuf vector.Bitmap
	levels   []uint32
	codeBuf  []uint32
	spanBuf  []uint64
	ints     []int64
	fixedBuf *buffer // values that do not lie in the page as such
	heapBuf  *buffer // strings of DELTA_BYTE_ARRAY
	body     *buffer // decompressed page
	decoded  int64   // bytes after decompression, for metrics
}

type pageError string

func (e pageError) Error() string { return string(e) }

// checkCRC compares the page's checksum, if it has one.
func checkCRC(h *pageHeader, body []byte) error {
	if h.hasCRC && crc32.ChecksumIEEE(body) != h.crc {
		return pageError("its checksum does not match")
	}
	return nil
}

// decode makes raw (the page's bytes after the header, in buffer src) the current
// page, which begins at row first and has n rows.
func (d *pageDecoder) decode(h *pageHeader, raw []byte, src *buffer, first, n int) error {
	if err := checkCRC(h, raw); err != nil {
		return err
	}
	p := &d.page
	*p = page{first: first, n: n}
	var levels, defs []byte
	data, owner := raw, src
	if h.typ == pageDataV2 {
		ll := int(h.repLen) + int(h.defLen)
		if ll > len(raw) || ll > int(h.uncompressed) {
			return pageError("its levels are longer than itself")
		}
		levels = raw[int(h.repLen):ll]
		data = raw[ll:]
		if h.isCompressed && d.codec != codecNone && len(data) > 0 {
			b, err := d.inflate(data, int(h.uncompressed)-ll)
			if err != nil {
				return err
			}
			data, owner = b, d.body
		}
		defs = levels
	} else if d.codec != codecNone {
		b, err := d.inflate(raw, int(h.uncompressed))
		if err != nil {
			return err
		}
		data, owner = b, d.body
	}
	d.decoded += int64(len(levels) + len(data))
	ones := n
	if d.leaf.maxDef > 0 {
		var err error
		if h.typ == pageDataV2 {
			ones, _, err = d.definition(defs, encRLE, n, false)
		} else {
			var read int
			ones, read, err = d.definition(data, h.defEnc, n, true)
			if err == nil {
				data = data[read:]
			}
		}
		if err != nil {
			return err
		}
	}
	p.nulls = n - ones
	return d.values(h.encoding, data, owner, ones)
}

func (d *pageDecoder) inflate(src []byte, n int) ([]byte, error) {
	return d.inf.inflate(d.codec, src, n, func(n int) []byte {
		d.body = d.pool.fit(d.body, n)
		return d.body.b[:n]
	})
}

// definition decodes definition levels into the page's validity and returns how
// many values there are and the bytes read.
func (d *pageDecoder) definition(b []byte, enc int32, n int, prefixed bool) (ones, read int, err error) {
	const short = pageError("its definition levels end too early")
	w := bitsFor(d.leaf.maxDef)
	if enc == encBitPacked {
		d.levels = growSlice(d.levels, n+16)
		if read = decodeBitPackedLevels(d.levels, b, w, n); read < 0 {
			return 0, 0, short
		}
		return d.levelsToValid(n), read, nil
	}
	if prefixed {
		if len(b) < 4 {
			return 0, 0, short
		}
		l := binary.LittleEndian.Uint32(b)
		if uint64(l) > uint64(len(b)-4) {
			return 0, 0, short
		}
		b, read = b[4:4+l], 4+int(l)
	}
	if w == 1 {
		// One run of ones is the usual form of a column without NULLs.
		if len(b) > 0 {
			if v, k := binary.Uvarint(b); k > 0 && v&1 == 0 && v>>1 >= uint64(n) && k < len(b) && b[k] == 1 {
				return n, read, nil
			}
		}
		d.validBuf = growSlice(d.validBuf, (n+63)/64)
		ones, k := decodeLevels1(d.validBuf, b, n)
		if k < 0 {
			return 0, 0, short
		}
		if ones < n {
			d.page.valid = d.validBuf
		}
		return ones, read, nil
	}
	d.levels = growSlice(d.levels, n+16)
	if decodeHybrid(d.levels, b, w, n) < 0 {
		return 0, 0, short
	}
	return d.levelsToValid(n), read, nil
}

func (d *pageDecoder) levelsToValid(n int) int {
	d.validBuf = growSlice(d.validBuf, (n+63)/64)
	clear(d.validBuf)
	ones, full := 0, uint32(d.leaf.maxDef)
	for i, l := range d.levels[:n] {
		if l == full {
			d.validBuf.Set(i)
			ones++
		}
	}
	if ones < n {
		d.page.valid = d.validBuf
	}
	return ones
}

// bitsFor is the width of levels up to max.
func bitsFor(max int) int {
	w := 0
	for max > 0 {
		w++
		max >>= 1
	}
	return w
}

// growSlice returns s with length n, its content arbitrary.
func growSlice[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/4+64)[:n]
	}
	return s[:n]
}

// values decodes m values and spreads them over the page's rows.
func (d *pageDecoder) values(enc int32, b []byte, owner *buffer, m int) error {
	const short = pageError("its values end too early")
	p := &d.page
	switch enc {
	case encPlainDictionary, encRLEDictionary:
		return d.codesPage(b, m)
	case encPlain:
		if d.leaf.phys == physBytes {
			return d.plainBytes(b, owner, m)
		}
		if d.leaf.phys == physBool {
			if len(b) < (m+7)/8 {
				return short
			}
			out := d.fixedFor(p.n)
			for i := range out[:m] {
				out[i] = b[i>>3] >> (i & 7) & 1
			}
			d.spreadFixed(out, 1, m)
			return nil
		}
		if len(b)/d.width < m {
			return short
		}
		b = b[:m*d.width]
		if d.asSpans {
			d.fixedSpans(owner.offset(b), owner, m)
			return nil
		}
		if m == p.n && aligned(b) {
			p.kind, p.fixed, p.data = kindFixed, b, owner
			return nil
		}
		out := d.fixedFor(p.n * d.width)
		copy(out, b)
		d.spreadFixed(out, d.width, m)
		return nil
	case encRLE:
		if d.leaf.phys != physBool {
			break
		}
		if len(b) < 4 {
			if m == 0 {
				b = []byte{0, 0, 0, 0}
			} else {
				return short
			}
		}
		l := binary.LittleEndian.Uint32(b)
		if uint64(l) > uint64(len(b)-4) {
			return short
		}
		d.levels = growSlice(d.levels, m+16)
		if decodeHybrid(d.levels, b[4:4+l], 1, m) < 0 {
			return short
		}
		out := d.fixedFor(p.n)
		for i, v := range d.levels[:m] {
			out[i] = byte(v)
		}
		d.spreadFixed(out, 1, m)
		return nil
	case encDeltaBinaryPacked:
		if d.leaf.phys != physInt32 && d.leaf.phys != physInt64 {
			break
		}
		d.ints = growSlice(d.ints, m)
		if k, _ := decodeDelta(d.ints, b); k != m {
			return short
		}
		out := d.fixedFor(p.n * d.width)
		if d.width == 8 {
			copy(out, vector.Bytes(d.ints[:m]))
		} else {
			o := vector.Cast[int32](out)
			for i, v := range d.ints[:m] {
				o[i] = int32(v)
			}
		}
		d.spreadFixed(out, d.width, m)
		return nil
	case encDeltaLengthByteArray:
		if d.leaf.phys == physBytes {
			return d.deltaLength(b, owner, m)
		}
	case encDeltaByteArray:
		if d.leaf.phys == physBytes || d.leaf.phys == physFixed {
			return d.deltaBytes(b, m)
		}
	case encByteStreamSplit:
		if d.width < 2 && d.leaf.phys != physFixed || d.leaf.phys == physInt96 {
			break
		}
		if len(b)/d.width < m {
			return short
		}
		if d.asSpans {
			d.heapBuf = d.pool.fit(d.heapBuf, m*d.width)
			splitStreams(d.heapBuf.b, b[:m*d.width], d.width, m)
			d.fixedSpans(0, d.heapBuf, m)
			return nil
		}
		out := d.fixedFor(p.n * d.width)
		splitStreams(out, b[:m*d.width], d.width, m)
		d.spreadFixed(out, d.width, m)
		return nil
	}
	return pageError("its values have an encoding that does not fit the column's type")
}

func (d *pageDecoder) codesPage(b []byte, m int) error {
	p := &d.page
	p.kind = kindCodes
	d.codeBuf = growSlice(d.codeBuf, p.n+16)
	p.codes = d.codeBuf[:p.n]
	if m == 0 {
		clear(p.codes)
		return nil
	}
	if d.dictLen < 0 {
		return pageError("it refers to a dictionary that the column chunk does not have")
	}
	if len(b) == 0 {
		return pageError("its dictionary codes are missing")
	}
	if decodeHybrid(d.codeBuf, b[1:], int(b[0]), m) < 0 {
		return pageError("its dictionary codes end too early")
	}
	if int64(maxCode(p.codes[:m])) >= int64(d.dictLen) {
		return pageError("a dictionary code is larger than the dictionary")
	}
	if m < p.n {
		spread(p.codes, m, p.valid, 0)
	}
	return nil
}

// spread moves the first m of s to the rows that valid marks, backwards in place,
// and fills the others.
func spread[T any](s []T, m int, valid vector.Bitmap, fill T) {
	j := m - 1
	for i := len(s) - 1; i >= 0; i-- {
		if valid.Get(i) && j >= 0 {
			s[i] = s[j]
			j--
		} else {
			s[i] = fill
		}
	}
}

func (d *pageDecoder) fixedFor(n int) []byte {
	d.fixedBuf = d.pool.fit(d.fixedBuf, n)
	return d.fixedBuf.b[:n]
}

// spreadFixed makes b, of which m values of width w are filled, the page's values.
func (d *pageDecoder) spreadFixed(b []byte, w, m int) {
	p := &d.page
	p.kind, p.fixed, p.data = kindFixed, b, d.fixedBuf
	if m == p.n {
		return
	}
	switch w {
	case 1:
		spread(b, m, p.valid, 0)
	case 4:
		spread(vector.Cast[uint32](b), m, p.valid, 0)
	case 8:
		spread(vector.Cast[uint64](b), m, p.valid, 0)
	default:
		j := m - 1
		for i := p.n - 1; i >= 0; i-- {
			if p.valid.Get(i) && j >= 0 {
				copy(b[i*w:i*w+w], b[j*w:j*w+w])
				j--
			} else {
				clear(b[i*w : i*w+w])
			}
		}
	}
}

func (d *pageDecoder) spansFor(n int) []uint64 {
	d.spanBuf = growSlice(d.spanBuf, n)
	return d.spanBuf
}

func (d *pageDecoder) setSpans(s []uint64, m int, owner *buffer) {
	p := &d.page
	p.kind, p.spans, p.data = kindSpans, s[:p.n], owner
	if m < p.n {
		spread(p.spans, m, p.valid, 0)
	}
}

// fixedSpans makes m values of the column's width, from offset base of owner on,
// the page's values.
func (d *pageDecoder) fixedSpans(base int, owner *buffer, m int) {
	s := d.spansFor(d.page.n)
	for i := range s[:m] {
		s[i] = span(base+i*d.width, d.width)
	}
	d.setSpans(s, m, owner)
}

func (d *pageDecoder) plainBytes(b []byte, owner *buffer, m int) error {
	s := d.spansFor(d.page.n)
	if !plainSpans(s[:m], b, owner.offset(b)) {
		return pageError("its values end too early")
	}
	d.setSpans(s, m, owner)
	return nil
}

// plainSpans finds len(s) length-prefixed values in b, which begins at offset
// base of its buffer; false if b is too short.
func plainSpans(s []uint64, b []byte, base int) bool {
	pos := 0
	for i := range s {
		if len(b)-pos < 4 {
			return false
		}
		l := int(binary.LittleEndian.Uint32(b[pos:]))
		pos += 4
		if l > len(b)-pos {
			return false
		}
		s[i] = span(base+pos, l)
		pos += l
	}
	return true
}

func (d *pageDecoder) deltaLength(b []byte, owner *buffer, m int) error {
	d.ints = growSlice(d.ints, m)
	k, pos := decodeDelta(d.ints, b)
	if k != m {
		return pageError("its string lengths end too early")
	}
	s := d.spansFor(d.page.n)
	base := owner.offset(b)
	for i, l := range d.ints[:m] {
		if l < 0 || l > int64(len(b)-pos) {
			return pageError("its strings end too early")
		}
		s[i] = span(base+pos, int(l))
		pos += int(l)
	}
	d.setSpans(s, m, owner)
	return nil
}

// maxPageHeap bounds what prefix-compressed strings of one page may expand to.
const maxPageHeap = 1 << 30

func (d *pageDecoder) deltaBytes(b []byte, m int) error {
	d.ints = growSlice(d.ints, 2*m)
	prefix, suffix := d.ints[:m], d.ints[m:2*m]
	k, pos := decodeDelta(prefix, b)
	if k != m {
		return pageError("its prefix lengths end too early")
	}
	k, n := decodeDelta(suffix, b[pos:])
	if k != m {
		return pageError("its suffix lengths end too early")
	}
	b = b[pos+n:]
	total, last, left := int64(0), int64(0), int64(len(b))
	for i, pl := range prefix {
		sl := suffix[i]
		if pl < 0 || pl > last || sl < 0 || sl > left {
			return pageError("its prefix-compressed strings are malformed")
		}
		last = pl + sl
		left -= sl
		if d.leaf.phys == physFixed && last != int64(d.width) {
			return pageError("a value has the wrong length")
		}
		if total += last; total > maxPageHeap {
			return pageError("its strings are too long")
		}
	}
	if d.leaf.phys == physFixed && !d.asSpans {
		out := d.fixedFor(d.page.n * d.width)
		at := 0
		for i, pl := range prefix {
			copy(out[at:], out[max(at-d.width, 0):][:pl])
			k := copy(out[at+int(pl):at+d.width], b[:suffix[i]])
			b = b[k:]
			at += d.width
		}
		d.spreadFixed(out, d.width, m)
		return nil
	}
	d.heapBuf = d.pool.fit(d.heapBuf, int(total))
	heap := d.heapBuf.b
	s := d.spansFor(d.page.n)
	at, prev := 0, 0
	for i, pl := range prefix {
		copy(heap[at:], heap[prev:prev+int(pl)])
		copy(heap[at+int(pl):], b[:suffix[i]])
		b = b[suffix[i]:]
		l := int(pl + suffix[i])
		s[i] = span(at, l)
		prev, at = at, at+l
	}
	d.setSpans(s, m, d.heapBuf)
	return nil
}
