//go:build goexperiment.simd && amd64

package parquet

import (
	"simd/archsimd"
	"unsafe"
)

// simdWidth is up to which width a value and the bits before it in its first byte
// lie in 4 bytes.
const simdWidth = 25

// unpackTables hold, for each width, which source bytes make up each value, and
// how far each must be shifted. wide: 16 values in one register. lanes: 8 values
// in two lanes of 16 bytes, of which the second is loaded from byte w/2 on.
type unpackTables struct {
	wide      [simdWidth + 1][64]uint8
	wideShift [simdWidth + 1][16]uint32
	lane      [simdWidth + 1][32]int8
	laneShift [simdWidth + 1][8]uint32
}

var unpackTab = makeUnpackTables()

func makeUnpackTables() *unpackTables {
	t := new(unpackTables)
	for w := 1; w <= simdWidth; w++ {
		for i := range 16 {
			bit := i * w
			for k := range 4 {
				t.wide[w][4*i+k] = uint8(bit/8 + k)
			}
			t.wideShift[w][i] = uint32(bit % 8)
		}
		for i := range 8 {
			bit := i*w - i/4*(w/2*8)
			for k := range 4 {
				t.lane[w][4*i+k] = int8(bit/8 + k)
			}
			t.laneShift[w][i] = uint32(bit % 8)
		}
	}
	return t
}

var (
	hasVBMI = archsimd.X86.AVX512() && archsimd.X86.AVX512VBMI()
	hasAVX2 = archsimd.X86.AVX2()
)

// unpack unpacks n values of width w (1..32); see unpackGo. With AVX-512 VBMI 16
// values take one byte permutation and one shift, with AVX2 8 values do.
func unpack(dst []uint32, src []byte, w, n int) {
	full := n &^ 15
	if !hasAVX2 || w > simdWidth || full == 0 {
		unpackGo(dst, src, w, n)
		return
	}
	_ = dst[n-1]
	_ = src[:full/8*w+slack-2*w] // each load takes up to 64 bytes of which at most 2*w count
	if hasVBMI {
		unpackWide(dst, src, w, full)
	} else {
		unpackLanes(dst, src, w, full)
	}
	archsimd.ClearAVXUpperBits()
	if full < n {
		unpackGo(dst[full:], src[full/8*w:], w, n-full)
	}
}

func unpackWide(dst []uint32, src []byte, w, n int) {
	d, s := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(src))
	idx := archsimd.LoadUint8x64(&unpackTab.wide[w])
	sh := archsimd.LoadUint32x16(&unpackTab.wideShift[w])
	mask := archsimd.BroadcastUint32x16(uint32(1)<<w - 1)
	for range n / 16 {
		v := archsimd.LoadUint8x64((*[64]uint8)(s)).Permute(idx).AsUint32x16().ShiftRight(sh).And(mask)
		v.Store((*[16]uint32)(d))
		s = unsafe.Add(s, 2*w)
		d = unsafe.Add(d, 64)
	}
}

func unpackLanes(dst []uint32, src []byte, w, n int) {
	d, s := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(src))
	idx := archsimd.LoadInt8x32(&unpackTab.lane[w])
	sh := archsimd.LoadUint32x8(&unpackTab.laneShift[w])
	mask := archsimd.BroadcastUint32x8(uint32(1)<<w - 1)
	half := w / 2
	var a, b archsimd.Uint8x32
	for range n / 16 {
		a = a.SetLo(archsimd.LoadUint8x16((*[16]uint8)(s))).SetHi(archsimd.LoadUint8x16((*[16]uint8)(unsafe.Add(s, half))))
		s = unsafe.Add(s, w)
		b = b.SetLo(archsimd.LoadUint8x16((*[16]uint8)(s))).SetHi(archsimd.LoadUint8x16((*[16]uint8)(unsafe.Add(s, half))))
		s = unsafe.Add(s, w)
		a.PermuteOrZeroGrouped(idx).AsUint32x8().ShiftRight(sh).And(mask).Store((*[8]uint32)(d))
		b.PermuteOrZeroGrouped(idx).AsUint32x8().ShiftRight(sh).And(mask).Store((*[8]uint32)(unsafe.Add(d, 32)))
		d = unsafe.Add(d, 64)
	}
}

// maxCode returns the largest of codes, 0 for none.
func maxCode(codes []uint32) uint32 {
	if !hasAVX2 || len(codes) < 32 {
		return maxCodeGo(codes)
	}
	p := unsafe.Pointer(unsafe.SliceData(codes))
	m := archsimd.LoadUint32x8((*[8]uint32)(p))
	k := m
	for i := 0; i+16 <= len(codes); i += 16 {
		m = m.Max(archsimd.LoadUint32x8((*[8]uint32)(unsafe.Add(p, i*4))))
		k = k.Max(archsimd.LoadUint32x8((*[8]uint32)(unsafe.Add(p, i*4+32))))
	}
	var a [8]uint32
	m.Max(k).Store(&a)
	archsimd.ClearAVXUpperBits()
	return max(maxCodeGo(a[:]), maxCodeGo(codes[len(codes)&^15:]))
}
