package parquet

import "encoding/binary"

// unpackGo unpacks n values of width w (1..32), least significant bit first.
// dst has room for n rounded up to 8; src's backing array has slack bytes after
// its length.
func unpackGo(dst []uint32, src []byte, w, n int) {
	mask := uint64(1)<<w - 1
	need := (n*w+7)/8 + 8
	src = src[:need:need]
	switch w {
	case 8:
		for i, v := range src[:n] {
			dst[i] = uint32(v)
		}
		return
	case 16:
		for i := range dst[:n] {
			dst[i] = uint32(binary.LittleEndian.Uint16(src[2*i:]))
		}
		return
	case 32:
		for i := range dst[:n] {
			dst[i] = binary.LittleEndian.Uint32(src[4*i:])
		}
		return
	}
	i := 0
	if w < 8 {
		for ; i+8 <= n; i += 8 {
			x := binary.LittleEndian.Uint64(src[i/8*w:])
			d := dst[i : i+8 : i+8]
			d[0] = uint32(x & mask)
			d[1] = uint32(x >> w & mask)
			d[2] = uint32(x >> (2 * w) & mask)
			d[3] = uint32(x >> (3 * w) & mask)
			d[4] = uint32(x >> (4 * w) & mask)
			d[5] = uint32(x >> (5 * w) & mask)
			d[6] = uint32(x >> (6 * w) & mask)
			d[7] = uint32(x >> (7 * w) & mask)
		}
	}
	for ; i < n; i++ {
		b := i * w
		dst[i] = uint32(binary.LittleEndian.Uint64(src[b>>3:]) >> (b & 7) & mask)
	}
}

func maxCodeGo(codes []uint32) uint32 {
	m := uint32(0)
	for _, c := range codes {
		m = max(m, c)
	}
	return m
}
