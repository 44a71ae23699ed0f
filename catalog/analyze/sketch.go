package analyze

import (
	"github.com/axiomhq/hyperloglog"

	"github.com/sluicedb/sluice/vector"
)

// precision gives 2^11 registers: 2 KB at most, a standard error of 2.3%.
const precision = 11

// Sketch counts distinct values, about. NULL is not counted.
type Sketch struct {
	s    *hyperloglog.Sketch
	hash []uint64
}

// NewSketch returns an empty one.
func NewSketch() *Sketch {
	s, err := hyperloglog.NewSketch(precision, true)
	if err != nil {
		panic(err) // the precision is one that the library has
	}
	return &Sketch{s: s}
}

// AddVec adds the first n values of v. Values that are equal in SQL (1.0 and
// 1.00) count once: the engine's own hash is used.
func (k *Sketch) AddVec(v *vector.Vec, n int) {
	if cap(k.hash) < n {
		k.hash = make([]uint64, max(n, vector.BatchSize))
	}
	h := k.hash[:n]
	vector.Hash(v, nil, n, false, h)
	nulls := v.MayHaveNulls()
	for i, x := range h {
		if nulls && v.IsNull(i) {
			continue
		}
		k.s.InsertHash(mix(x))
	}
}

// mix spreads a hash over all its bits: the sketch looks at runs of zeros, and
// the engine's hashes of integers are only good enough for tables.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Count returns the estimate.
func (k *Sketch) Count() int64 { return int64(k.s.Estimate()) }

// Bytes returns the sketch for keeping and merging.
func (k *Sketch) Bytes() ([]byte, error) { return k.s.MarshalBinary() }

// Merge adds a kept sketch; false if it cannot be read.
func (k *Sketch) Merge(b []byte) bool {
	// The library does not check lengths: damaged bytes must not stop an ANALYZE.
	var o hyperloglog.Sketch
	if !unmarshal(&o, b) {
		return false
	}
	return k.s.Merge(&o) == nil
}

func unmarshal(o *hyperloglog.Sketch, b []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return o.UnmarshalBinary(b) == nil
}
