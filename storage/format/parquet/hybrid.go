package parquet

import (
	"encoding/binary"

	"github.com/sluicedb/sluice/vector"
)

// slack is how many readable bytes follow the content of every page buffer, so
// that wide loads near the end stay inside the allocation; their content is
// arbitrary and never shows in a result.
const slack = 64

// decodeHybrid decodes n values of width w (0..32) in the RLE/bit-packed hybrid
// encoding from src into dst, and returns the bytes read, or -1 if src is too
// short or malformed. dst must have room for n+16 values, src's backing array
// slack bytes after its length.
func decodeHybrid(dst []uint32, src []byte, w, n int) int {
	if w > 32 {
		return -1
	}
	if w == 0 {
		clear(dst[:n])
		return 0
	}
	nb := (w + 7) / 8
	pos, i := 0, 0
	for i < n {
		if pos >= len(src) {
			return -1
		}
		h := uint64(src[pos])
		pos++
		if h >= 128 {
			v, k := binary.Uvarint(src[pos-1:])
			if k <= 0 {
				return -1
			}
			h, pos = v, pos-1+k
		}
		if h&1 == 1 {
			groups := h >> 1
			if groups == 0 {
				continue
			}
			cnt := n - i
			if groups < uint64(cnt+7)/8 {
				cnt = int(groups) * 8
			}
			need := (cnt*w + 7) / 8
			if need > len(src)-pos {
				return -1
			}
			unpack(dst[i:], src[pos:], w, cnt)
			i += cnt
			if full := groups * uint64(w); full <= uint64(len(src)-pos) {
				pos += int(full)
			} else {
				pos = len(src) // the last group may be cut short
			}
		} else {
			if nb > len(src)-pos {
				return -1
			}
			cnt := n - i
			if h>>1 < uint64(cnt) {
				cnt = int(h >> 1)
			}
			v := uint32(0)
			for k := 0; k < nb; k++ {
				v |= uint32(src[pos+k]) << (8 * k)
			}
			pos += nb
			d := dst[i : i+cnt]
			for k := range d {
				d[k] = v
			}
			i += cnt
		}
	}
	return pos
}

// decodeLevels1 decodes n levels of width 1 into a bitmap (1 = present) and
// counts the ones; it returns the bytes read or -1. valid has room for n bits.
func decodeLevels1(valid vector.Bitmap, src []byte, n int) (ones, read int) {
	pos, i := 0, 0
	clear(valid[:(n+63)/64])
	for i < n {
		if pos >= len(src) {
			return 0, -1
		}
		h := uint64(src[pos])
		pos++
		if h >= 128 {
			v, k := binary.Uvarint(src[pos-1:])
			if k <= 0 {
				return 0, -1
			}
			h, pos = v, pos-1+k
		}
		if h&1 == 1 {
			groups := h >> 1
			cnt := n - i
			if groups < uint64(cnt+7)/8 {
				cnt = int(groups) * 8
			}
			nb := (cnt + 7) / 8
			if nb > len(src)-pos {
				return 0, -1
			}
			copyBits(valid, i, src[pos:pos+nb], cnt)
			i += cnt
			if groups <= uint64(len(src)-pos) {
				pos += int(groups)
			} else {
				pos = len(src)
			}
		} else {
			if pos >= len(src) {
				return 0, -1
			}
			cnt := n - i
			if h>>1 < uint64(cnt) {
				cnt = int(h >> 1)
			}
			if src[pos]&1 == 1 {
				setBits(valid, i, cnt)
			}
			pos++
			i += cnt
		}
	}
	return valid.Count(n), pos
}

// copyBits ors n bits of src into dst from bit at on; the target bits are zero.
func copyBits(dst vector.Bitmap, at int, src []byte, n int) {
	for len(src) >= 8 && n >= 64 {
		orWord(dst, at, binary.LittleEndian.Uint64(src), 64)
		src, at, n = src[8:], at+64, n-64
	}
	for n > 0 {
		k := min(n, 8)
		orWord(dst, at, uint64(src[0])&(1<<k-1), k)
		src, at, n = src[1:], at+k, n-k
	}
}

// orWord ors the low n bits of x (the others are zero) into dst at bit at.
func orWord(dst vector.Bitmap, at int, x uint64, n int) {
	k, s := at>>6, uint(at)&63
	dst[k] |= x << s
	if int(s)+n > 64 {
		dst[k+1] |= x >> (64 - s)
	}
}

// setBits sets n bits from bit at on.
func setBits(dst vector.Bitmap, at, n int) {
	for n > 0 {
		k, s := at>>6, uint(at)&63
		m := min(n, 64-int(s))
		dst[k] |= ^uint64(0) >> (64 - uint(m)) << s
		at, n = at+m, n-m
	}
}

// decodeBitPackedLevels decodes the deprecated BIT_PACKED level encoding: n
// values of width w, most significant bit first, without headers.
func decodeBitPackedLevels(dst []uint32, src []byte, w, n int) int {
	if w == 0 {
		clear(dst[:n])
		return 0
	}
	need := (n*w + 7) / 8
	if need > len(src) {
		return -1
	}
	bit := 0
	for i := range dst[:n] {
		v := uint32(0)
		for k := 0; k < w; k++ {
			v = v<<1 | uint32(src[bit>>3]>>(7-bit&7)&1)
			bit++
		}
		dst[i] = v
	}
	return need
}
