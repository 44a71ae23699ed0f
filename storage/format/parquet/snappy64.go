package parquet

import (
	"encoding/binary"
	"unsafe"
)

// Snappy data of 8-byte values whose high bytes repeat is, value for value, a
// literal of 1 to 4 bytes and a copy of 4 to 8. One loop that does such a pair at a
// time, from one 8-byte load, is faster than a general decoder, which is bound by
// the latency from one tag to the next.

// snapPairs says, by copy tag: bits 0..7 the copy's length (255: not a short
// copy), bits 16..31 the offset's high bits, bits 32..47 the mask of the offset
// bytes that follow.
var snapPairs = makeSnapPairs()

func makeSnapPairs() *[256]uint64 {
	t := new([256]uint64)
	for i := range t {
		t[i] = 255
		switch i & 3 {
		case 1:
			if l := 4 + i>>2&7; l <= 8 {
				t[i] = uint64(l) | uint64(i>>5)<<8<<16 | 0xff<<32
			}
		case 2:
			if l := 1 + i>>2; l <= 8 {
				t[i] = uint64(l) | 0xffff<<32
			}
		}
	}
	return t
}

// snapTrial is after how many bytes it is decided whether the data has the form
// that the loop is made for.
const snapTrial = 4096

// snappy64 decodes src into dst, whose length the header of src claims and behind
// which there is slack. ok is false if src is damaged; fit is false if src is not
// of the form that the loop is made for, and then dst is arbitrary.
func snappy64(dst, src []byte) (ok, fit bool) {
	v, k := binary.Uvarint(src)
	if k <= 0 || v != uint64(len(dst)) {
		return false, true
	}
	s, d, paired := k, 0, 0
	for d < len(dst) {
		s1, d1 := snapFast(dst, src, s, d)
		paired += d1 - d
		s, d = s1, d1
		if d > snapTrial && paired < d/2 {
			return false, false
		}
		if d == len(dst) {
			break
		}
		if s, d = snapOne(dst, src, s, d); s < 0 {
			return false, true
		}
	}
	return s == len(src), true
}

// snapFast does pairs of short literals and copies while both buffers have room
// for the widest pair.
func snapFast(dst, src []byte, s, d int) (int, int) {
	// A pair takes at most 8 bytes of src and makes at most 12 of dst; its stores
	// end at most 12 bytes after its start.
	k := min((len(src)-s)/8, (len(dst)-d)/12-1)
	if k <= 0 {
		return s, d
	}
	sp := unsafe.Pointer(&src[s])
	dp := unsafe.Pointer(&dst[d])
	sp0, dp0 := sp, dp
	made := uint64(d) // bytes before dp
	tab := snapPairs
	for ; k > 0; k-- {
		x := *(*uint64)(sp)
		tag := x & 0xff
		lit := tag>>2 + 1
		x >>= 8
		z := x >> (lit << 3 & 63)
		e := tab[uint8(z)]
		n := uint64(uint8(e))
		off := (z >> 8 & (e >> 32)) + uint64(uint16(e>>16))
		// The copy's source must lie before this pair's literal and inside dst.
		if tag&^0x0c|n&128 != 0 || off < lit+n || off > made+lit {
			break
		}
		h := *(*uint64)(unsafe.Add(dp, int(lit)-int(off)))
		*(*uint64)(dp) = x
		dp = unsafe.Add(dp, lit)
		*(*uint64)(dp) = h
		sp = unsafe.Add(sp, 2+lit+z&3)
		dp = unsafe.Add(dp, n)
		made += lit + n
	}
	return s + int(uintptr(sp)-uintptr(sp0)), d + int(uintptr(dp)-uintptr(dp0))
}

// snapOne does one element of any kind; s is -1 if the data is damaged.
func snapOne(dst, src []byte, s, d int) (int, int) {
	if s >= len(src) {
		return -1, 0
	}
	t := src[s]
	left := src[s+1:]
	var l, off, used int
	switch t & 3 {
	case 0:
		l = int(t >> 2)
		if l >= 60 {
			e := l - 59
			if e > len(left) {
				return -1, 0
			}
			l = 0
			for i := range e {
				l |= int(left[i]) << (8 * i)
			}
			left, used = left[e:], e
		}
		l++
		if l > len(left) || l > len(dst)-d {
			return -1, 0
		}
		copy(dst[d:], left[:l])
		return s + 1 + used + l, d + l
	case 1:
		if len(left) < 1 {
			return -1, 0
		}
		off, l, used = int(t>>5)<<8|int(left[0]), 4+int(t>>2)&7, 1
	case 2:
		if len(left) < 2 {
			return -1, 0
		}
		off, l, used = int(left[0])|int(left[1])<<8, 1+int(t>>2), 2
	default:
		if len(left) < 4 {
			return -1, 0
		}
		off, l, used = int(binary.LittleEndian.Uint32(left)), 1+int(t>>2), 4
	}
	if off == 0 || off > d || l > len(dst)-d {
		return -1, 0
	}
	if off >= l {
		copy(dst[d:d+l], dst[d-off:])
	} else {
		for i := range l {
			dst[d+i] = dst[d+i-off]
		}
	}
	return s + 1 + used, d + l
}
