package vector

import "github.com/sluicedb/sluice/sql"

// Gather fills out, whose buffers it reuses, with the selected rows of v
// (sel nil: the first n), densely, as a Flat vector. Strings are not copied:
// out shares v's buffers and lives no longer.
func Gather(v *Vec, sel []int32, n int, out *Vec) {
	if sel != nil {
		n = len(sel)
	}
	src := v
	if v.Form == Dict {
		src = v.Dict
	}
	l := src.Layout
	if l == LList || l == LStruct {
		c := NewColumn(v.Type)
		c.Append(v, sel, n)
		*out = *c.blockOrEmpty()
		return
	}
	out.Type, out.Form, out.Layout, out.N = v.Type, Flat, l, n
	out.Codes, out.Dict, out.DictID = nil, nil, 0
	out.Bufs = src.Bufs
	w := l.Size()
	if cap(out.Data) < n*w {
		out.Data = roomFor(n, w)
	}
	out.Data = out.Data[:n*w]
	old := out.Valid
	out.Valid = nil
	if v.MayHaveNulls() {
		if cap(old)*64 < n {
			old = NewBitmap(max(n, BatchSize))
		}
		old = old[:(n+63)/64]
		old.SetAll(n)
		for k := range n {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			if v.IsNull(i) {
				old.Clear(k)
			}
		}
		out.Valid = old
	}
	copyAny(l, out.Data, v, sel)
}

func (c *Column) blockOrEmpty() *Vec {
	var out Vec
	ids := make([]uint32, c.N)
	for i := range ids {
		ids[i] = uint32(i)
	}
	c.Gather(ids, &out)
	return &out
}

func copyAny(l Layout, data []byte, v *Vec, sel []int32) {
	switch l.Size() {
	case 1:
		copyFixed(Cast[uint8](data), v, sel, 0)
	case 2:
		copyFixed(Cast[int16](data), v, sel, 0)
	case 4:
		copyFixed(Cast[uint32](data), v, sel, 0)
	case 8:
		copyFixed(Cast[uint64](data), v, sel, 0)
	case 12:
		copyFixed(Cast[Timetz](data), v, sel, 0)
	case 16:
		copyFixed(Cast[StrView](data), v, sel, 0)
	case 24:
		copyFixed(Cast[sql.Num](data), v, sel, 0)
	}
}

// Flatten copies the selected rows of v (any form) to the same positions of data
// (v.N values of the layout). Other positions are left as they are.
func Flatten(v *Vec, sel []int32, n int, data []byte) {
	l := v.Layout
	if v.Form == Dict {
		l = v.Dict.Layout
	}
	switch l.Size() {
	case 1:
		flatten(Cast[uint8](data), v, sel, n)
	case 2:
		flatten(Cast[int16](data), v, sel, n)
	case 4:
		flatten(Cast[uint32](data), v, sel, n)
	case 8:
		flatten(Cast[uint64](data), v, sel, n)
	case 12:
		flatten(Cast[Timetz](data), v, sel, n)
	case 16:
		flatten(Cast[StrView](data), v, sel, n)
	case 24:
		flatten(Cast[sql.Num](data), v, sel, n)
	}
}

func flatten[T Elem](dst []T, v *Vec, sel []int32, n int) {
	switch v.Form {
	case Const:
		x := Cast[T](v.Data)[0]
		if sel == nil {
			for i := range dst[:n] {
				dst[i] = x
			}
			return
		}
		for _, i := range sel {
			dst[i] = x
		}
	case Dict:
		src, codes := Cast[T](v.Dict.Data), v.Codes
		if sel == nil {
			for i, c := range codes[:n] {
				if int(c) < len(src) {
					dst[i] = src[c]
				}
			}
			return
		}
		for _, i := range sel {
			if c := codes[i]; int(c) < len(src) {
				dst[i] = src[c]
			}
		}
	default:
		src := Cast[T](v.Data)
		if sel == nil {
			copy(dst[:n], src)
			return
		}
		for _, i := range sel {
			dst[i] = src[i]
		}
	}
}
