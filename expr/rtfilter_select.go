package expr

import (
	"github.com/sluicedb/sluice/vector"
)

// Select appends to out the rows of sel (nil: the first n) of v that pass. v has
// the filter's type; of another static decimal scale everything passes.
func (f *FilterData) Select(v *vector.Vec, sel []int32, n int, out []int32) []int32 {
	rows := seq(sel, n)
	switch {
	case f == nil || f.Type.Dec != v.Type.Dec && f.Type.Dec.S != v.Type.Dec.S:
		return append(out, rows...)
	case f.Empty:
		return out
	}
	out = grow(out, len(rows))
	switch {
	case v.Form == vector.Const:
		if f.passes(v, 0) {
			return append(out, rows...)
		}
		return out
	case v.MayHaveNulls():
	case integerKey(f.Type):
		var codes []uint32
		src := v
		if v.Form == vector.Dict {
			src, codes = v.Dict, v.Codes
		}
		switch src.Layout {
		case vector.LI32:
			return filterInts(f, vector.Values[int32](src), codes, rows, out)
		case vector.LI64:
			return filterInts(f, vector.Values[int64](src), codes, rows, out)
		}
	}
	if v.Form == vector.Dict && v.Dict.N <= len(rows) {
		return f.selectDict(v, rows, out)
	}
	for _, i := range rows {
		if f.passes(v, int(i)) {
			out = append(out, i)
		}
	}
	return out
}

// filterInts tests integers without NULLs: vals[i], or vals[codes[i]] if there are
// codes. Testing through a code costs as much as testing the entry first.
func filterInts[T int32 | int64](f *FilterData, vals []T, codes []uint32, rows []int32, out []int32) []int32 {
	k := len(out)
	out = out[:cap(out)]
	lo, span, bits, bloom := f.lo, uint64(f.hi)-uint64(f.lo), f.Bits, f.bloom
	switch {
	case bits != nil && codes == nil:
		for _, i := range rows {
			d := uint64(int64(vals[i]) - lo)
			out[k] = i
			if d <= span {
				k += int(bits[d>>6] >> (d & 63) & 1)
			}
		}
	case bits != nil:
		for _, i := range rows {
			d := uint64(int64(vals[codes[i]]) - lo)
			out[k] = i
			if d <= span {
				k += int(bits[d>>6] >> (d & 63) & 1)
			}
		}
	default:
		for _, i := range rows {
			c := int(i)
			if codes != nil {
				c = int(codes[i])
			}
			x := int64(vals[c])
			out[k] = i
			if uint64(x-lo) <= span {
				k += int(b2t(bloom.has(vector.HashInt(x))))
			}
		}
	}
	return out[:k]
}

// selectDict tests each entry once: there are fewer of them than rows.
func (f *FilterData) selectDict(v *vector.Vec, rows []int32, out []int32) []int32 {
	d := v.Dict
	pass := make([]uint8, d.N)
	for e := range pass {
		pass[e] = b2t(f.passes(d, e))
	}
	null := b2t(f.PassNull)
	k := len(out)
	out = out[:cap(out)]
	for _, i := range rows {
		p := null
		if v.Valid == nil || v.Valid.Get(int(i)) {
			p = pass[v.Codes[i]]
		}
		out[k] = i
		k += int(p)
	}
	return out[:k]
}
