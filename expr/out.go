package expr

import (
	"math/bits"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Out builds a Flat vector: positions are written in any order, or rows appended.
// Strings that do not fit the view go to its heap. It is reused from batch to
// batch; Reset makes the vector it returned before invalid.
type Out struct {
	vec  vector.Vec
	heap []byte // current heap buffer, last of vec.Bufs
	n    int
	vals []sql.Value // lists and records: set one by one, built by Vec
}

// Reset prepares n positions of type t with layout l, all valid. Data is not
// cleared.
func (o *Out) Reset(t sql.Type, l vector.Layout, n int) {
	v := &o.vec
	v.Type, v.Form, v.Layout, v.N = t, vector.Flat, l, n
	v.Valid = nil
	need := n * l.Size()
	if cap(v.Data) < need {
		v.Data = newAligned(need)
	}
	v.Data = v.Data[:need]
	v.Bufs = v.Bufs[:0]
	v.Offsets, v.Child, v.Children = nil, nil, nil
	clear(o.vals)
	o.vals = o.vals[:0]
	o.heap = o.heap[:0]
	o.n = n
}

// Vec returns the vector built so far; it stays o's.
func (o *Out) Vec() *vector.Vec {
	if (o.vec.Layout == vector.LList || o.vec.Layout == vector.LStruct) && o.vec.Offsets == nil && o.vec.Children == nil {
		o.finish()
	}
	return &o.vec
}

// SetNull marks position i NULL.
func (o *Out) SetNull(i int) {
	v := &o.vec
	if v.Valid == nil {
		v.Valid = vector.NewBitmap(v.N)
		v.Valid.SetAll(v.N)
	}
	v.Valid.Clear(i)
}

// Slice returns the data as []T.
func Slice[T vector.Elem](o *Out) []T { return vector.Values[T](&o.vec) }

// SetBytes stores a copy of s at position i of a string vector.
func (o *Out) SetBytes(i int, s []byte) {
	if len(s) <= vector.InlineLen {
		vector.Values[vector.StrView](&o.vec)[i] = vector.InlineView(s)
		return
	}
	copy(o.Alloc(i, len(s)), s)
	views := vector.Values[vector.StrView](&o.vec)
	copy(views[i].Prefix[:], s)
}

// SetString is SetBytes of a string.
func (o *Out) SetString(i int, s string) {
	if len(s) <= vector.InlineLen {
		vector.Values[vector.StrView](&o.vec)[i] = vector.InlineView([]byte(s))
		return
	}
	copy(o.Alloc(i, len(s)), s)
	views := vector.Values[vector.StrView](&o.vec)
	copy(views[i].Prefix[:], s)
}

// Alloc makes position i a string of n > InlineLen bytes in the heap and returns
// the bytes to fill; the caller then sets the view's Prefix (SetBytes and
// SetString do both).
func (o *Out) Alloc(i, n int) []byte {
	v := &o.vec
	if len(v.Bufs) == 0 || cap(o.heap)-len(o.heap) < n {
		if len(v.Bufs) > 0 || cap(o.heap) < n {
			o.heap = make([]byte, 0, max(64<<10, n))
		}
		v.Bufs = append(v.Bufs, nil)
	}
	off := len(o.heap)
	o.heap = o.heap[:off+n]
	v.Bufs[len(v.Bufs)-1] = o.heap
	vector.Values[vector.StrView](v)[i] = vector.StrView{Len: uint32(n), Buf: uint32(len(v.Bufs) - 1), Off: uint32(off)}
	return o.heap[off : off+n : off+n]
}

// newAligned returns n bytes; more lie behind, so that the next batch, a little
// larger, needs no new ones.
func newAligned(n int) []byte {
	if n > 0 {
		return vector.Bytes(make([]uint64, 1<<bits.Len(uint(n-1)/8)))[:n]
	}
	return vector.Bytes(make([]uint64, (n+7)/8))
}
