package vector

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// InlineLen is the longest string that lies in the view itself.
const InlineLen = 12

// StrView is a string in Arrow's view form (Arrow columnar format, "Variable-size
// Binary View"): the length, then either up to 12 bytes inline (the rest zero),
// or a 4-byte prefix, the index of a buffer in Vec.Bufs, and an offset into it.
// It holds no Go pointer, so the garbage collector does not scan it.
type StrView struct {
	Len    uint32
	Prefix [4]byte
	Buf    uint32 // bytes 4..7 if inline
	Off    uint32 // bytes 8..11 if inline
}

// InlineView makes the view of a string of at most InlineLen bytes.
func InlineView(s []byte) (v StrView) {
	v.Len = uint32(len(s))
	var b [12]byte
	copy(b[:], s)
	copy(v.Prefix[:], b[:4])
	v.Buf = binary.LittleEndian.Uint32(b[4:])
	v.Off = binary.LittleEndian.Uint32(b[8:])
	return v
}

// ViewAt makes the view of s, which lies in buffer buf at offset off; short
// strings become inline.
func ViewAt(s []byte, buf, off uint32) StrView {
	if len(s) <= InlineLen {
		return InlineView(s)
	}
	v := StrView{Len: uint32(len(s)), Buf: buf, Off: off}
	copy(v.Prefix[:], s)
	return v
}

// Bytes returns the string's bytes; inline ones alias v itself, which must stay
// where it is (an element of a vector's Data does).
func (v *StrView) Bytes(bufs [][]byte) []byte {
	if v.Len <= InlineLen {
		return unsafe.Slice((*byte)(unsafe.Pointer(&v.Prefix)), v.Len)
	}
	return bufs[v.Buf][v.Off : v.Off+v.Len]
}

// String returns the string without copying; it lives as long as the vector.
func (v *StrView) String(bufs [][]byte) string {
	b := v.Bytes(bufs)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Str returns row i's string bytes (row must not be NULL). Not for hot loops.
func (v *Vec) Str(i int) []byte {
	src, idx, _ := v.At(i)
	return Values[StrView](src)[idx].Bytes(src.Bufs)
}

// EqualStr compares two views bytewise.
func EqualStr(a *StrView, abufs [][]byte, b *StrView, bbufs [][]byte) bool {
	if a.Len != b.Len || a.Prefix != b.Prefix {
		return false
	}
	if a.Len <= InlineLen {
		return a.Buf == b.Buf && a.Off == b.Off
	}
	return bytes.Equal(a.Bytes(abufs), b.Bytes(bbufs))
}

// CompareStr compares two views bytewise (collation C).
func CompareStr(a *StrView, abufs [][]byte, b *StrView, bbufs [][]byte) int {
	if a.Prefix != b.Prefix {
		x, y := binary.BigEndian.Uint32(a.Prefix[:]), binary.BigEndian.Uint32(b.Prefix[:])
		if x < y { // zero padding sorts a shorter string first
			return -1
		}
		return 1
	}
	return bytes.Compare(a.Bytes(abufs), b.Bytes(bbufs))
}
