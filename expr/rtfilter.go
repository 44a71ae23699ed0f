package expr

import (
	"math"
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// RuntimeFilter tells which values of a column can have a match in a join's build
// side. The build publishes it once; scans and remote engines use it as soon as it
// is there. All methods are safe for concurrent use.
type RuntimeFilter struct {
	data atomic.Pointer[FilterData]
	done chan struct{}
}

// NewRuntimeFilter returns a filter that passes everything until it is published.
func NewRuntimeFilter() *RuntimeFilter { return &RuntimeFilter{done: make(chan struct{})} }

// Publish sets the filter's content; only the first call counts.
func (f *RuntimeFilter) Publish(d *FilterData) {
	if f.data.CompareAndSwap(nil, d) {
		close(f.done)
	}
}

// Ready is closed when the filter is published.
func (f *RuntimeFilter) Ready() <-chan struct{} { return f.done }

// Data returns the content, nil before it is published.
func (f *RuntimeFilter) Data() *FilterData { return f.data.Load() }

// FilterData is the content of a RuntimeFilter; immutable once published. A nil
// *FilterData passes everything.
type FilterData struct {
	Type     sql.Type
	Empty    bool // the build side had no row: nothing passes
	Min, Max sql.Value
	HasRange bool
	// PassNull: NULL may match (IS NOT DISTINCT FROM); else NULL never passes.
	PassNull bool

	lo, hi int64         // of integer-like keys
	Bits   vector.Bitmap // exact, over [lo, hi]; nil: none
	bloom  bloomFilter   // else, over vector.Hash
	Values []sql.Value   // the distinct values if there are few; nil: unknown

	// Tuples, if not nil, are the whole keys of a join with several, of which this is
	// the one at TupleKey.
	Tuples   *Tuples
	TupleKey int
}

// Limits of exact filters. A bitmap of smallBits fits a core's cache and beats a
// Bloom filter however few its keys are; a larger one does while its keys are not
// too thin, since tables are often in the order of a key or near it.
const (
	maxBitsPerRow  = 256
	smallBits      = 8 << 20
	maxFilterBytes = 64 << 20
	maxValueList   = 256
)

// bloomFilter is a Bloom filter over hashes whose blocks are words: each key sets
// four bits of one word, so that a test is one load and one comparison without a
// branch. With 16 bits a key about 1 in 100 other keys passes (register-blocked
// filters: Lang et al., "Performance-Optimal Filtering", VLDB 2019).
type bloomFilter []uint64

// newBloom makes a filter for so many keys.
func newBloom(rows int) bloomFilter {
	return make(bloomFilter, min(rows/4+1, maxFilterBytes/8))
}

// place finds a hash's word and bits.
func (b bloomFilter) place(h uint64) (word uint64, bits uint64) {
	bits = 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63) | 1<<(h>>18&63)
	return (h >> 32) * uint64(len(b)) >> 32, bits
}

func (b bloomFilter) put(h uint64) {
	w, bits := b.place(h)
	b[w] |= bits
}

func (b bloomFilter) has(h uint64) bool {
	w, bits := b.place(h)
	return b[w]&bits == bits
}

// integerKey reports whether values of a type are integer-like in vectors.
func integerKey(t sql.Type) bool {
	switch vector.LayoutOf(t) {
	case vector.LI16, vector.LI32, vector.LU32:
		return true
	case vector.LI64:
		return true // static decimals of up to 18 digits too: their scale is the type's
	}
	return false
}

// NewFilterData builds a filter over build keys that lie in columns (one a
// worker), all of type t. Range bitmaps are exact; other types get a Bloom filter.
func NewFilterData(t sql.Type, cols []*vector.Column, passNull bool) *FilterData {
	f := &FilterData{Type: t, PassNull: passNull, Empty: true}
	rows := 0
	for _, c := range cols {
		rows += c.N
	}
	if rows == 0 {
		return f
	}
	if integerKey(t) {
		f.buildInts(cols, rows)
		return f
	}
	f.bloom = newBloom(rows)
	var hash [vector.BlockRows]uint64
	ordered := t.OID != sql.OIDJSON && t.OID != sql.OIDJSONB
	for _, c := range cols {
		for b := range c.Blocks() {
			v := c.Block(b)
			vector.Hash(v, nil, v.N, false, hash[:])
			lo, hi := -1, -1
			for i := range v.N {
				if v.IsNull(i) {
					continue
				}
				f.Empty = false
				f.bloom.put(hash[i])
				if !ordered {
					continue
				}
				if lo < 0 || vector.Compare(v, i, v, lo) < 0 {
					lo = i
				}
				if hi < 0 || vector.Compare(v, i, v, hi) > 0 {
					hi = i
				}
			}
			if lo >= 0 {
				f.widen(vector.ValueAt(v, lo), vector.ValueAt(v, hi))
			}
		}
	}
	if passNull {
		f.Empty = false
	}
	return f
}

func (f *FilterData) widen(lo, hi sql.Value) {
	if !f.HasRange {
		f.Min, f.Max, f.HasRange = lo, hi, true
		return
	}
	if vector.CompareValues(&lo, &f.Min) < 0 {
		f.Min = lo
	}
	if vector.CompareValues(&hi, &f.Max) > 0 {
		f.Max = hi
	}
}

// intAt reads an integer-like element; ok is false if an int128 decimal is too wide.
func intAt(v *vector.Vec, i int) (x int64, ok bool) {
	switch v.Layout {
	case vector.LI16:
		return int64(vector.Values[int16](v)[i]), true
	case vector.LI32:
		return int64(vector.Values[int32](v)[i]), true
	case vector.LU32:
		return int64(vector.Values[uint32](v)[i]), true
	case vector.LI128:
		c := vector.Values[sql.Int128](v)[i]
		return int64(c.Lo), c.IsInt64()
	}
	return vector.Values[int64](v)[i], true
}

func (f *FilterData) buildInts(cols []*vector.Column, rows int) {
	f.lo, f.hi = math.MaxInt64, math.MinInt64
	for _, c := range cols {
		for b := range c.Blocks() {
			v := c.Block(b)
			for i := range v.N {
				if v.Valid != nil && !v.Valid.Get(i) {
					continue
				}
				x, _ := intAt(v, i)
				f.lo, f.hi = min(f.lo, x), max(f.hi, x)
				f.Empty = false
			}
		}
	}
	if f.Empty {
		f.Empty = !f.PassNull
		f.lo, f.hi = 1, 0
		return
	}
	f.Min, f.Max, f.HasRange = f.valueOf(f.lo), f.valueOf(f.hi), true
	span := uint64(f.hi) - uint64(f.lo)
	if span < max(uint64(rows)*maxBitsPerRow, smallBits) && span/8 < maxFilterBytes {
		f.Bits = vector.NewBitmap(int(span) + 1)
	} else {
		f.bloom = newBloom(rows)
	}
	for _, c := range cols {
		for b := range c.Blocks() {
			v := c.Block(b)
			for i := range v.N {
				if v.Valid != nil && !v.Valid.Get(i) {
					continue
				}
				x, _ := intAt(v, i)
				if f.Bits != nil {
					f.Bits.Set(int(x - f.lo))
				} else {
					f.bloom.put(vector.HashInt(x))
				}
			}
		}
	}
	f.listValues(cols, rows)
}

// NewBitmapFilter makes an exact filter of a bitmap over [lo, hi] that a join
// built already; bits is shared.
func NewBitmapFilter(t sql.Type, lo, hi int64, bits vector.Bitmap, passNull bool) *FilterData {
	f := &FilterData{Type: t, lo: lo, hi: hi, Bits: bits, PassNull: passNull, HasRange: lo <= hi, Empty: lo > hi && !passNull}
	if f.HasRange {
		f.Min, f.Max = f.valueOf(lo), f.valueOf(hi)
	}
	return f
}

// listValues collects the distinct values if they are few.
func (f *FilterData) listValues(cols []*vector.Column, rows int) {
	if f.Bits == nil || f.Bits.Count(len(f.Bits)*64) > maxValueList {
		if rows > maxValueList || f.Bits != nil {
			return
		}
		seen := map[int64]bool{}
		for _, c := range cols {
			for b := range c.Blocks() {
				v := c.Block(b)
				for i := range v.N {
					if x, _ := intAt(v, i); !v.IsNull(i) && !seen[x] {
						seen[x] = true
						f.Values = append(f.Values, f.valueOf(x))
					}
				}
			}
		}
		return
	}
	for x := f.lo; ; x++ {
		if f.Bits.Get(int(x - f.lo)) {
			f.Values = append(f.Values, f.valueOf(x))
		}
		if x == f.hi {
			return
		}
	}
}

// valueOf is the Value of an integer-like element.
func (f *FilterData) valueOf(x int64) sql.Value {
	v := sql.Value{Type: f.Type, I: x}
	switch f.Type.OID {
	case sql.OIDDate:
		v.I = vector.DateI(int32(x))
	case sql.OIDNumeric:
		v.I, v.Num = 0, vector.NumOf(sql.I128(x), f.Type.Dec.S)
	}
	return v
}

// HasInt reports whether integer-like value x passes.
func (f *FilterData) HasInt(x int64) bool {
	if x < f.lo || x > f.hi {
		return false
	}
	if f.Bits != nil {
		d := uint64(x) - uint64(f.lo)
		return f.Bits[d>>6]>>(d&63)&1 != 0
	}
	return f.bloom.has(vector.HashInt(x))
}

// passes tests row i of v.
func (f *FilterData) passes(v *vector.Vec, i int) bool {
	src, k, null := v.At(i)
	if null {
		return f.PassNull
	}
	if integerKey(f.Type) {
		x, ok := intAt(src, k)
		return ok && f.HasInt(x)
	}
	var h [1]uint64
	one := *src
	if w := src.Layout.Size(); w > 0 {
		one.Data = src.Data[k*w : (k+1)*w]
	} else {
		return true
	}
	one.Form, one.N, one.Valid = vector.Flat, 1, nil
	vector.Hash(&one, nil, 1, false, h[:])
	return f.bloom.has(h[0])
}

// Prune reports whether rows with these statistics of the column can pass.
func (f *FilterData) Prune(s ColStats) Verdict {
	switch {
	case f == nil:
		return All
	case f.Empty:
		return None
	case f.PassNull && s.NullCount != 0:
		return Some
	case s.NullCount >= 0 && s.NullCount == s.Rows && s.Rows > 0:
		return None
	case !f.HasRange || !s.HasMin || !s.HasMax || s.Min.Type.OID != f.Type.OID:
		return Some
	}
	nan := s.MayHaveNaN && isNaN(&f.Max) // greater than Max, and perhaps there
	if vector.CompareValues(&s.Max, &f.Min) < 0 && !nan || vector.CompareValues(&s.Min, &f.Max) > 0 {
		return None
	}
	if f.Bits != nil && s.Min.Type.Dec == f.Type.Dec && f.Type.OID != sql.OIDNumeric {
		lo, hi := intOf(f.Type, &s.Min), intOf(f.Type, &s.Max)
		if !f.anyBit(max(lo, f.lo), min(hi, f.hi)) {
			return None
		}
	}
	return Some
}

// isNaN reports whether v is a floating-point NaN.
func isNaN(v *sql.Value) bool {
	return (v.Type.OID == sql.OIDFloat4 || v.Type.OID == sql.OIDFloat8) && math.IsNaN(math.Float64frombits(uint64(v.I)))
}

// anyBit reports whether a value in [lo, hi] passes.
func (f *FilterData) anyBit(lo, hi int64) bool {
	for x := lo; x <= hi; {
		d := uint64(x) - uint64(f.lo)
		if d&63 == 0 && hi-x >= 63 {
			if f.Bits[d>>6] != 0 {
				return true
			}
			x += 64
			continue
		}
		if f.Bits[d>>6]>>(d&63)&1 != 0 {
			return true
		}
		x++
	}
	return false
}
