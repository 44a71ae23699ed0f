//go:build !(goexperiment.simd && amd64)

package parquet

// unpack unpacks n values of width w (1..32); see unpackGo.
func unpack(dst []uint32, src []byte, w, n int) { unpackGo(dst, src, w, n) }

// maxCode returns the largest of codes, 0 for none.
func maxCode(codes []uint32) uint32 { return maxCodeGo(codes) }
