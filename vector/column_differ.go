package vector

import "github.com/sluicedb/sluice/sql"

// Differ appends to out the positions p at which row rows[p] of v is not equal to
// row ids[p] of the column. ok is false, and nothing is appended, where that takes
// more than a comparison of plain values: NULLs, numerics, floats, padded or nested
// values, a constant.
func (c *Column) Differ(v *Vec, rows []int32, ids []uint32, out []int32) (bad []int32, ok bool) {
	if c.valid != nil || v.MayHaveNulls() || v.Form == Const || v.Type.OID == sql.OIDBpchar {
		return out, false
	}
	src := v
	if v.Form == Dict {
		src = v.Dict
	}
	if src.Layout != c.Layout || src.Type.Dec != c.Type.Dec {
		return out, false
	}
	switch c.Layout {
	case LBool:
		return differ[uint8](c, v, src, rows, ids, out), true
	case LI16:
		return differ[int16](c, v, src, rows, ids, out), true
	case LI32, LU32:
		return differ[uint32](c, v, src, rows, ids, out), true
	case LI64:
		return differ[int64](c, v, src, rows, ids, out), true
	case LStr:
		return c.differStr(v, src, rows, ids, out), true
	}
	return out, false
}

func differ[T uint8 | int16 | uint32 | int64](c *Column, v, src *Vec, rows []int32, ids []uint32, out []int32) []int32 {
	vals := Values[T](src)
	ids = ids[:len(rows)]
	if v.Form == Dict {
		for p, i := range rows {
			id := ids[p]
			if Cast[T](c.data[id>>blockLog])[id&blockMask] != vals[v.Codes[i]] {
				out = append(out, int32(p))
			}
		}
		return out
	}
	for p, i := range rows {
		id := ids[p]
		if Cast[T](c.data[id>>blockLog])[id&blockMask] != vals[i] {
			out = append(out, int32(p))
		}
	}
	return out
}

func (c *Column) differStr(v, src *Vec, rows []int32, ids []uint32, out []int32) []int32 {
	vals := Values[StrView](src)
	for p, i := range rows {
		id := ids[p]
		if v.Form == Dict {
			i = int32(v.Codes[i])
		}
		if !EqualStr(&Cast[StrView](c.data[id>>blockLog])[id&blockMask], c.bufs, &vals[i], src.Bufs) {
			out = append(out, int32(p))
		}
	}
	return out
}
