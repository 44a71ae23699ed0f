package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Relayout changes the layout of a static decimal result before values are
// written; values written before are lost.
func (o *Out) Relayout(l vector.Layout) {
	v := &o.vec
	if v.Layout == l {
		return
	}
	v.Layout = l
	need := o.n * l.Size()
	if cap(v.Data) < need {
		v.Data = newAligned(need)
	}
	v.Data = v.Data[:need]
}

// widen turns int64 decimals written so far into int128.
func (o *Out) widen() {
	old := append([]int64(nil), Slice[int64](o)...)
	o.Relayout(vector.LI128)
	dst := Slice[sql.Int128](o)
	for i, x := range old {
		dst[i] = sql.I128(x)
	}
}

// Put copies the rows of v (any form) to the same positions; v has o's type up to
// the layout of a static decimal. Strings are copied.
func (o *Out) Put(v *vector.Vec, rows []int32) {
	if len(rows) == 0 {
		return
	}
	if v.MayHaveNulls() {
		for _, i := range rows {
			if v.IsNull(int(i)) {
				o.SetNull(int(i))
			}
		}
		if v.Form == vector.Const {
			return
		}
	}
	src := v
	if v.Form == vector.Dict {
		src = v.Dict
	}
	switch l := src.Layout; {
	case l == vector.LNone:
		for _, i := range rows {
			o.SetNull(int(i))
		}
	case o.vec.Type.OID == sql.OIDNumeric && (l != o.vec.Layout || v.Type.Dec != o.vec.Type.Dec && l != vector.LNum):
		o.putNumeric(v, rows)
	case l == vector.LStr:
		for _, i := range rows {
			w, k, null := v.At(int(i))
			if !null {
				o.SetBytes(int(i), vector.Values[vector.StrView](w)[k].Bytes(w.Bufs))
			}
		}
	case l == vector.LList || l == vector.LStruct:
		for _, i := range rows {
			o.SetValue(int(i), vector.ValueAt(v, int(i)))
		}
	default:
		vector.Flatten(v, rows, 0, o.vec.Data)
	}
}

// putNumeric copies decimals of another layout, scale or form.
func (o *Out) putNumeric(v *vector.Vec, rows []int32) {
	for _, i := range rows {
		w, k, null := v.At(int(i))
		if null {
			continue
		}
		n := vector.NumAt(w, k)
		if o.vec.Layout == vector.LNum {
			Slice[sql.Num](o)[i] = n
			continue
		}
		c, _ := sql.RescaleInt128(n.Coef, int(n.Scale), int(o.vec.Type.Dec.S))
		if o.vec.Layout == vector.LI64 && !c.IsInt64() {
			o.widen()
		}
		if o.vec.Layout == vector.LI64 {
			Slice[int64](o)[i] = int64(c.Lo)
		} else {
			Slice[sql.Int128](o)[i] = c
		}
	}
}

// SetValue stores any value at position i. For lists and records it is the only
// way to store one; not for hot loops.
func (o *Out) SetValue(i int, v sql.Value) {
	if v.Null {
		o.SetNull(i)
		return
	}
	switch o.vec.Layout {
	case vector.LStr:
		o.SetString(i, v.S)
	case vector.LList, vector.LStruct:
		for len(o.vals) < o.vec.N {
			o.vals = append(o.vals, sql.NullOf(o.vec.Type))
		}
		o.vals[i] = v
	case vector.LBool:
		Slice[bool](o)[i] = v.I != 0
	default:
		c := vector.ConstOf(v, 1)
		c.Type = v.Type
		if o.vec.Type.OID == sql.OIDNumeric {
			o.putNumeric(c, []int32{int32(i)})
			return
		}
		c.N = o.vec.N
		vector.Flatten(c, []int32{int32(i)}, 0, o.vec.Data)
	}
}

// finish builds lists and records out of the values set.
func (o *Out) finish() {
	for len(o.vals) < o.vec.N {
		o.vals = append(o.vals, sql.NullOf(o.vec.Type))
	}
	t, valid := o.vec.Type, o.vec.Valid
	o.vec = *vector.FlatOf(t, o.vals)
	if valid != nil && o.vec.Valid == nil {
		o.vec.Valid = valid
	}
	o.vals = o.vals[:0]
}
