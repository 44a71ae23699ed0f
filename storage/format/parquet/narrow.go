package parquet

import (
	"math"

	"github.com/sluicedb/sluice/vector"
)

// narrowValues are 8-byte values that lie close together: value i is base+off[i],
// modulo 2^64. Half as large, twice as many dictionaries fit into the cache, and
// gathering from one misses the processor's caches less.
type narrowValues struct {
	base uint64
	off  []uint32 // nil: there are none
}

// narrow makes narrowValues of values, if none is 2^32 or more above the least.
func narrow(values []uint64) narrowValues {
	if len(values) == 0 {
		return narrowValues{}
	}
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, v := range values {
		low, high = min(low, int64(v)), max(high, int64(v))
	}
	if uint64(high)-uint64(low) > math.MaxUint32 {
		return narrowValues{}
	}
	n := narrowValues{base: uint64(low), off: make([]uint32, len(values))}
	for i, v := range values {
		n.off[i] = uint32(v - n.base)
	}
	return n
}

// widen copies the values from entry lo on to dst.
func (n narrowValues) widen(dst []uint64, lo int) {
	for i, o := range n.off[lo : lo+len(dst)] {
		dst[i] = n.base + uint64(o)
	}
}

// gather copies the values of codes[off+sel[i]], or (sel nil) codes[off:], to dst.
func (n narrowValues) gather(dst []uint64, codes []uint32, off int, sel []int32) {
	base, values := n.base, n.off
	if sel == nil {
		codes = codes[off : off+len(dst)]
		for i, c := range codes {
			dst[i] = base + uint64(values[c])
		}
		return
	}
	dst = dst[:len(sel)]
	for i, k := range sel {
		dst[i] = base + uint64(values[codes[off+int(k)]])
	}
}

// shrink moves d's 8-byte values out of scratch memory, narrow if they can be, and
// returns the bytes they take then.
func (d *cachedDict) shrink() int64 {
	values := view[uint64](d.vec.Data)
	if d.narrow = narrow(values); d.narrow.off != nil || len(values) == 0 {
		d.vec.Data = nil
		return int64(4*len(values)) + 256
	}
	d.vec.Data = vector.Bytes(append([]uint64(nil), values...))
	return int64(8*len(values)) + 256
}
