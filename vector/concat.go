package vector

import (
	"slices"

	"github.com/sluicedb/sluice/sql"
)

// Concat moves the rows of o, of the same type, behind those of c without copying
// them: row i of o becomes row base+i. base is the start of a new block, so row
// numbers may have a gap; Append goes on after the last row, but Block is not to
// be used any more. o must not be used again.
func (c *Column) Concat(o *Column) (base int) {
	if c.N == 0 {
		*c = *o
		return 0
	}
	if o.N == 0 {
		return c.N
	}
	if c.Layout == LI128 && o.Layout == LI64 {
		o.widen()
	}
	if o.Layout == LI128 && c.Layout == LI64 {
		c.widen()
	}
	blocks := len(c.data)
	base = blocks << blockLog
	if c.valid != nil || o.valid != nil {
		c.allValid(blocks)
		o.allValid(len(o.data))
		c.valid = append(c.valid, o.valid...)
	}
	switch c.Layout {
	case LStr:
		if shift := uint32(len(c.bufs)); shift > 0 {
			for _, d := range o.data {
				views := Cast[StrView](d)
				for i := range views {
					if views[i].Len > InlineLen {
						views[i].Buf += shift
					}
				}
			}
		}
	case LList:
		if kid := c.kids[0].Concat(o.kids[0]); kid > 0 {
			for _, d := range o.data {
				refs := Cast[uint64](d)
				for i := range refs {
					refs[i] += uint64(kid)
				}
			}
		}
	case LStruct:
		for f := range max(len(c.kids), len(o.kids)) {
			if f == len(c.kids) { // a column of NULLs alone knows no fields
				c.kids = append(c.kids, nullColumn(o.kids[f].Type, c.N))
			}
			if f == len(o.kids) {
				o.kids = append(o.kids, nullColumn(c.kids[f].Type, o.N))
			}
			c.kids[f].Concat(o.kids[f])
		}
	}
	c.data = append(c.data, o.data...)
	c.bufs = append(c.bufs, o.bufs...)
	c.bytes += o.bytes
	c.N = base + o.N
	return base
}

// allValid makes validity bitmaps for the first n blocks, where there are none yet.
func (c *Column) allValid(n int) {
	for len(c.valid) < n {
		bm := NewBitmap(BlockRows)
		bm.SetAll(BlockRows)
		c.valid = append(c.valid, bm)
		c.bytes += BlockRows / 8
	}
}

// GatherAt fills out, whose buffers it reuses, as a Flat vector of n rows: row
// sel[k] becomes row ids[k] of the column. Other rows are left arbitrary.
func (c *Column) GatherAt(ids []uint32, sel []int32, n int, out *Vec) {
	if c.Layout == LList || c.Layout == LStruct || c.Layout == LNone {
		all := slices.Repeat([]uint32{NullRow}, n)
		for k, i := range sel {
			all[i] = ids[k]
		}
		c.Gather(all, out)
		return
	}
	out.Type, out.Form, out.Layout, out.N = c.Type, Flat, c.Layout, n
	out.Codes, out.Dict, out.DictID = nil, nil, 0
	out.Bufs = c.bufs
	w := c.Layout.Size()
	if cap(out.Data) < n*w {
		out.Data = roomFor(n, w)
	}
	out.Data = out.Data[:n*w]
	bm := out.Valid
	out.Valid = nil
	for k, id := range ids {
		if id == NullRow || c.valid != nil && !c.valid[id>>blockLog].Get(int(id&blockMask)) {
			if out.Valid == nil {
				if cap(bm)*64 < n {
					bm = NewBitmap(max(n, BatchSize))
				}
				bm = bm[:(n+63)/64]
				bm.SetAll(n)
				out.Valid = bm
			}
			out.Valid.Clear(int(sel[k]))
		}
	}
	switch w {
	case 1:
		gatherAt(Cast[uint8](out.Data), c.data, ids, sel)
	case 2:
		gatherAt(Cast[int16](out.Data), c.data, ids, sel)
	case 4:
		gatherAt(Cast[uint32](out.Data), c.data, ids, sel)
	case 8:
		gatherAt(Cast[uint64](out.Data), c.data, ids, sel)
	case 12:
		gatherAt(Cast[Timetz](out.Data), c.data, ids, sel)
	case 16:
		gatherAt(Cast[StrView](out.Data), c.data, ids, sel)
	case 24:
		gatherAt(Cast[sql.Num](out.Data), c.data, ids, sel)
	}
}

func gatherAt[T Elem](dst []T, blocks [][]byte, ids []uint32, sel []int32) {
	for k, id := range ids {
		if b := int(id >> blockLog); b < len(blocks) {
			dst[sel[k]] = Cast[T](blocks[b])[id&blockMask]
		}
	}
}

// Pick fills out with rows idx of v (in any order, repeated as often as wanted),
// keeping its form: a dictionary stays one. out shares v's values and lives no longer.
func Pick(v *Vec, idx []int32, out *Vec) {
	switch v.Form {
	case Const:
		*out = *v
		out.N = len(idx)
	case Dict:
		codes := out.Codes
		if cap(codes) < len(idx) {
			codes = make([]uint32, max(len(idx), BatchSize))
		}
		codes = codes[:len(idx)]
		for k, i := range idx {
			codes[k] = v.Codes[i]
		}
		var valid Bitmap
		if v.Valid != nil {
			valid = NewBitmap(len(idx))
			for k, i := range idx {
				if v.Valid.Get(int(i)) {
					valid.Set(k)
				}
			}
		}
		*out = Vec{Type: v.Type, Form: Dict, Layout: v.Layout, N: len(idx), Codes: codes, Dict: v.Dict, DictID: v.DictID, Valid: valid}
	default:
		if out.Form != Flat || len(out.Data) > 0 && len(v.Data) > 0 && &out.Data[0] == &v.Data[0] {
			*out = Vec{}
		}
		Gather(v, idx, 0, out)
	}
}
