package parquet

import "encoding/binary"

// Wire types of Thrift's compact protocol.
const (
	tStop   = 0
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
	tUUID   = 13
)

// maxThriftDepth bounds nesting of skipped values.
const maxThriftDepth = 24

// cursor reads Thrift's compact protocol from a byte slice. Every read is
// bounds-checked; the first fault sets bad and from then on every field loop
// ends. It allocates nothing: binaries alias the input. The general decoder of
// the Parquet library is not used for footers and page headers because it makes
// lists as long as the file claims, and cannot tell an absent null count from 0.
type cursor struct {
	b   []byte
	p   int
	bad bool
}

func (c *cursor) byte() byte {
	if c.p >= len(c.b) {
		c.bad = true
		return 0
	}
	v := c.b[c.p]
	c.p++
	return v
}

func (c *cursor) uvarint() uint64 {
	if c.p < len(c.b) && c.b[c.p] < 0x80 {
		v := c.b[c.p]
		c.p++
		return uint64(v)
	}
	if c.p > len(c.b) {
		c.bad = true
		return 0
	}
	v, n := binary.Uvarint(c.b[c.p:])
	if n <= 0 {
		c.bad = true
		return 0
	}
	c.p += n
	return v
}

func (c *cursor) int() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (c *cursor) i32() int32 {
	v := c.int()
	if v != int64(int32(v)) {
		c.bad = true
		return 0
	}
	return int32(v)
}

func (c *cursor) binary() []byte {
	n := c.uvarint()
	if c.bad || n > uint64(len(c.b)-c.p) {
		c.bad = true
		return nil
	}
	v := c.b[c.p : c.p+int(n) : c.p+int(n)]
	c.p += int(n)
	return v
}

// list reads a list header; each element takes at least one byte, so a count
// above what is left is a lie.
func (c *cursor) list() (n int, elem byte) {
	h := c.byte()
	n, elem = int(h>>4), h&15
	if n == 15 {
		u := c.uvarint()
		if u > uint64(len(c.b)-c.p) {
			c.bad = true
			return 0, elem
		}
		n = int(u)
	}
	if c.bad || n > len(c.b)-c.p {
		c.bad = true
		return 0, elem
	}
	return n, elem
}

// field reads a field header; id is the previous field's id. It returns type
// tStop at the struct's end or on a fault.
func (c *cursor) field(id int) (int, byte) {
	h := c.byte()
	t := h & 15
	if c.bad || t == tStop {
		return 0, tStop
	}
	if d := int(h >> 4); d != 0 {
		id += d
	} else {
		id = int(c.int())
	}
	if c.bad {
		return 0, tStop
	}
	return id, t
}

func (c *cursor) skip(t byte) { c.skipDepth(t, 0) }

func (c *cursor) skipDepth(t byte, depth int) {
	if depth > maxThriftDepth {
		c.bad = true
		return
	}
	switch t {
	case tTrue, tFalse:
	case tByte:
		c.byte()
	case tI16, tI32, tI64:
		c.uvarint()
	case tDouble:
		c.advance(8)
	case tUUID:
		c.advance(16)
	case tBinary:
		c.binary()
	case tList, tSet:
		n, e := c.list()
		for ; n > 0 && !c.bad; n-- {
			c.skipElem(e, depth+1)
		}
	case tMap:
		n := c.uvarint()
		if n == 0 || c.bad {
			return
		}
		kv := c.byte()
		if n > uint64(len(c.b)-c.p) {
			c.bad = true
			return
		}
		for ; n > 0 && !c.bad; n-- {
			c.skipElem(kv>>4, depth+1)
			c.skipElem(kv&15, depth+1)
		}
	case tStruct:
		id := 0
		for {
			var ft byte
			if id, ft = c.field(id); ft == tStop {
				return
			}
			c.skipDepth(ft, depth+1)
		}
	default:
		c.bad = true
	}
}

// skipElem skips a container's element: booleans take a byte there.
func (c *cursor) skipElem(t byte, depth int) {
	if t == tTrue || t == tFalse {
		c.byte()
		return
	}
	c.skipDepth(t, depth)
}

func (c *cursor) advance(n int) {
	if n > len(c.b)-c.p {
		c.bad = true
		return
	}
	c.p += n
}
