//go:build goexperiment.simd && amd64

package parquet

import (
	"simd/archsimd"
	"unsafe"
)

// unpackTables hold, for each width up to 25, which source bytes make up each of
// 16 values, and how far each must be shifted.
type unpackTables struct {
	perm  [26][64]uint8
	shift [26][16]uint32
}

var unpackTab = makeUnpackTables()

func makeUnpackTables() *unpackTables {
	t := new(unpackTables)
	for w := 1; w <= 25; w++ {
		for i := range 16 {
			bit := i * w
			for k := range 4 {
				t.perm[w][4*i+k] = uint8(bit/8 + k)
			}
			t.shift[w][i] = uint32(bit % 8)
		}
	}
	return t
}

var hasVBMI = archsimd.X86.AVX512() && archsimd.X86.AVX512VBMI()

// unpack unpacks n values of width w (1..32); see unpackGo. With AVX-512 VBMI 16
// values take one byte permutation and one shift.
func unpack(dst []uint32, src []byte, w, n int) {
	full := n &^ 15
	if !hasVBMI || w > 25 || full == 0 {
		unpackGo(dst, src, w, n)
		return
	}
	_ = dst[n-1]
	_ = src[:full/8*w+slack-2*w] // each load takes 64 bytes of which 2*w count
	d, s := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(src))
	idx := archsimd.LoadUint8x64(&unpackTab.perm[w])
	sh := archsimd.LoadUint32x16(&unpackTab.shift[w])
	mask := archsimd.BroadcastUint32x16(uint32(1)<<w - 1)
	for range full / 16 {
		v := archsimd.LoadUint8x64((*[64]uint8)(s)).Permute(idx).AsUint32x16().ShiftRight(sh).And(mask)
		v.Store((*[16]uint32)(d))
		s = unsafe.Add(s, 2*w)
		d = unsafe.Add(d, 64)
	}
	archsimd.ClearAVXUpperBits()
	if full < n {
		unpackGo(dst[full:], src[full/8*w:], w, n-full)
	}
}

// maxCode returns the largest of codes, 0 for none.
func maxCode(codes []uint32) uint32 {
	if !hasVBMI || len(codes) < 32 {
		return maxCodeGo(codes)
	}
	p := unsafe.Pointer(unsafe.SliceData(codes))
	m := archsimd.LoadUint32x16((*[16]uint32)(p))
	for i := 16; i+16 <= len(codes); i += 16 {
		m = m.Max(archsimd.LoadUint32x16((*[16]uint32)(unsafe.Add(p, i*4))))
	}
	var a [16]uint32
	m.Store(&a)
	archsimd.ClearAVXUpperBits()
	return max(maxCodeGo(a[:]), maxCodeGo(codes[len(codes)&^15:]))
}
