package parquet

import (
	"encoding/binary"
	"math/bits"
)

// decodeDelta decodes DELTA_BINARY_PACKED values into dst (int32 columns: the low
// 32 bits count). It returns how many values there were (at most len(dst), else
// -1) and the bytes read, -1 if src is malformed. src's backing array has slack
// bytes after its length.
func decodeDelta(dst []int64, src []byte) (n, read int) {
	pos := 0
	uv := func() uint64 {
		v, k := binary.Uvarint(src[min(pos, len(src)):])
		if k <= 0 {
			pos = len(src) + 1
			return 0
		}
		pos += k
		return v
	}
	block, minis, total := uv(), uv(), uv()
	fv := uv()
	if pos > len(src) || minis == 0 || block == 0 || block > 1<<30 || minis > block || block%minis != 0 {
		return -1, -1
	}
	per := block / minis
	if per%8 != 0 || total > uint64(len(dst)) {
		return -1, -1
	}
	if total == 0 {
		return 0, pos
	}
	last := int64(fv>>1) ^ -int64(fv&1)
	dst[0] = last
	n = int(total)
	i := 1
	for i < n {
		md := uv()
		minDelta := int64(md>>1) ^ -int64(md&1)
		if pos > len(src) || uint64(len(src)-pos) < minis {
			return -1, -1
		}
		widths := src[pos : pos+int(minis)]
		pos += int(minis)
		for _, wb := range widths {
			if i >= n {
				break // widths of unused miniblocks are arbitrary, their data absent
			}
			w := int(wb)
			if w > 64 {
				return -1, -1
			}
			cnt := min(int(per), n-i)
			full := per * uint64(w) / 8
			if need := (cnt*w + 7) / 8; need > len(src)-pos {
				return -1, -1
			}
			last = unpackDeltas(dst[i:i+cnt], src[pos:], w, last, minDelta)
			pos += int(min(full, uint64(len(src)-pos)))
			i += cnt
		}
	}
	return n, pos
}

// unpackDeltas adds up len(dst) deltas of width w, starting after last.
func unpackDeltas(dst []int64, src []byte, w int, last, minDelta int64) int64 {
	if w == 0 {
		for k := range dst {
			last += minDelta
			dst[k] = last
		}
		return last
	}
	src = src[: (len(dst)*w+7)/8+9 : (len(dst)*w+7)/8+9]
	if w <= 56 {
		mask := uint64(1)<<w - 1
		bit := 0
		for k := range dst {
			x := binary.LittleEndian.Uint64(src[bit>>3:]) >> (bit & 7) & mask
			last += minDelta + int64(x)
			dst[k] = last
			bit += w
		}
		return last
	}
	mask := ^uint64(0) >> (64 - uint(w))
	bit := 0
	for k := range dst {
		s := uint(bit & 7)
		x := binary.LittleEndian.Uint64(src[bit>>3:])>>s | uint64(src[bit>>3+8])<<(63-s)<<1
		last += minDelta + int64(x&mask)
		dst[k] = last
		bit += w
	}
	return last
}

// splitStreams undoes BYTE_STREAM_SPLIT: n values of width w, byte k of value i
// lies at k*n+i.
func splitStreams(dst, src []byte, w, n int) {
	switch w {
	case 4:
		a, b, c, d := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:4*n]
		for i := range n {
			binary.LittleEndian.PutUint32(dst[4*i:], uint32(a[i])|uint32(b[i])<<8|uint32(c[i])<<16|uint32(d[i])<<24)
		}
	case 8:
		for i := range n {
			x := uint64(0)
			for k := 7; k >= 0; k-- {
				x = bits.RotateLeft64(x, 8) | uint64(src[k*n+i])
			}
			binary.LittleEndian.PutUint64(dst[8*i:], x)
		}
	default:
		for k := range w {
			s := src[k*n : (k+1)*n]
			for i, v := range s {
				dst[i*w+k] = v
			}
		}
	}
}
