package parquet

import (
	"unsafe"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// column gathers selected rows of a chunk into one vector of a batch. Strings of
// dictionary pages are delivered as codes (Dict form), everything else Flat. Its
// memory is reused from batch to batch.
type column struct {
	vec   vector.Vec
	n     int
	form  columnForm
	data  []byte // room for vector.BatchSize values
	codes []uint32
	valid vector.Bitmap
	nulls bool
	owner *buffer // what the last of vec.Bufs is, while it is a page's
	heap  []byte  // text made for this batch
	raw   []byte  // physical values before conversion
	role  pin
}

type columnForm uint8

const (
	formNone columnForm = iota
	formBorrowed
	formFlat
	formDict
)

// reset begins a new batch of a column of type t.
func (o *column) reset(t sql.Type, l vector.Layout) {
	o.vec = vector.Vec{Type: t, Layout: l, Bufs: o.vec.Bufs[:0]}
	o.n, o.form, o.nulls, o.owner = 0, formNone, false, nil
	o.heap = nil
}

func (o *column) bytes() int64 {
	return int64(cap(o.data) + 4*cap(o.codes) + 8*cap(o.valid) + cap(o.raw))
}

// result returns the vector of the rows appended so far.
func (o *column) result() *vector.Vec {
	v := &o.vec
	v.N = o.n
	switch o.form {
	case formDict:
		v.Form, v.Codes, v.Data = vector.Dict, o.codes[:o.n], nil
	case formFlat:
		v.Form, v.Data = vector.Flat, o.data[:o.n*v.Layout.Size()]
	case formNone:
		v.Form, v.Data = vector.Flat, nil
	}
	v.Valid = nil
	if o.nulls {
		v.Valid = o.valid
	}
	return v
}

// append adds rows pos+sel[i] of the chunk, or (sel nil) pos .. pos+n-1.
func (o *column) append(c *chunkReader, pos, n int, sel []int32) error {
	if sel == nil {
		for n > 0 {
			first, end, err := c.seek(pos)
			if err != nil {
				return err
			}
			k := min(n, end-pos)
			if err := o.take(c, pos-first, k, nil); err != nil {
				return err
			}
			pos, n = pos+k, n-k
		}
		return nil
	}
	for len(sel) > 0 {
		first, end, err := c.seek(pos + int(sel[0]))
		if err != nil {
			return err
		}
		k := len(sel)
		if int(sel[k-1]) >= end-pos {
			for k = 1; k < len(sel) && int(sel[k]) < end-pos; k++ {
			}
		}
		if err := o.take(c, pos-first, k, sel[:k]); err != nil {
			return err
		}
		sel = sel[k:]
	}
	return nil
}

// take adds slots off+sel[i] of c's current page, or (sel nil) off .. off+k-1.
func (o *column) take(c *chunkReader, off, k int, sel []int32) error {
	p := &c.page
	size := o.vec.Layout.Size()
	if o.form == formBorrowed {
		o.own(size)
	}
	isStr := o.vec.Layout == vector.LStr
	switch {
	case p.kind == kindCodes && isStr && (o.form == formNone || o.form == formDict):
		if cap(o.codes) < vector.BatchSize {
			o.codes = make([]uint32, vector.BatchSize)
		}
		o.codes = o.codes[:vector.BatchSize]
		o.form = formDict
		dst := o.codes[o.n : o.n+k]
		gather(dst, p.codes, off, sel)
		o.vec.Dict, o.vec.DictID = c.dict, c.dictID
		if c.dict == nil || c.dict.N == 0 { // only NULLs: there may be no dictionary
			o.vec.Dict, o.vec.DictID = emptyDict(o.vec.Type), 0
		}
	case p.kind == kindFixed && c.conv.identity && o.form == formNone && sel == nil && k >= vector.BatchSize/2 && aligned(p.fixed[off*size:]):
		o.form = formBorrowed
		o.vec.Data = p.fixed[off*size : (off+k)*size]
		c.pinned |= o.role
	default:
		if o.form == formDict {
			o.flatten()
		}
		o.room(size)
		o.form = formFlat
		if err := o.values(c, off, k, sel, size); err != nil {
			return err
		}
	}
	o.validity(p, off, k, sel)
	o.n += k
	return nil
}

// values adds k values to the flat data.
func (o *column) values(c *chunkReader, off, k int, sel []int32, size int) error {
	p, cv := &c.page, c.conv
	dst := o.data[o.n*size : (o.n+k)*size]
	switch {
	case p.kind == kindCodes:
		if c.dict == nil || c.dict.N == 0 {
			clear(dst)
			return nil
		}
		if o.vec.Layout == vector.LStr {
			o.dictViews(c, off, k, sel)
			return nil
		}
		if c.narrow.off != nil {
			c.narrow.gather(view[uint64](dst), p.codes, off, sel)
			return nil
		}
		gatherDict(dst, c.dict.Data, p.codes, off, sel, size)
	case p.kind == kindSpans && cv.str:
		o.views(c, off, k, sel)
	case p.kind == kindSpans:
		for i := range k {
			s := off + i
			if sel != nil {
				s = off + int(sel[i])
			}
			if p.valid != nil && !p.valid.Get(s) {
				continue
			}
			sp := p.spans[s]
			b := p.data.b[uint32(sp):][:sp>>32]
			if !cv.bytes(dst, i, b) {
				return c.misfit(b)
			}
		}
	case cv.identity:
		gatherFixed(dst, p.fixed, off, sel, size)
	default:
		w := cv.srcWidth
		src := p.fixed
		if sel != nil || p.valid != nil || !aligned(src[min(off*w, len(src)):]) {
			if cap(o.raw) < vector.BatchSize*w {
				o.raw = vector.Bytes(make([]uint64, (vector.BatchSize*w+7)/8))
			}
			gatherFixed(o.raw[:k*w], p.fixed, off, sel, w)
			src = o.raw
			if p.valid != nil { // a slot under NULL must not raise
				o.zeroNulls(src, p, off, k, sel, w)
			}
		} else {
			src = src[off*w:]
		}
		if bad := cv.fixed(dst, src, k, nil); bad >= 0 {
			return c.misfit(src[bad*w : bad*w+w])
		}
	}
	return nil
}

// zeroNulls clears the values under NULL, so that converting them cannot fail
// but for types in which zero is no value.
func (o *column) zeroNulls(b []byte, p *page, off, k int, sel []int32, w int) {
	for i := range k {
		s := off + i
		if sel != nil {
			s = off + int(sel[i])
		}
		if !p.valid.Get(s) {
			clear(b[i*w : i*w+w])
		}
	}
}

// room makes data large enough for a batch.
func (o *column) room(size int) {
	if len(o.data) < vector.BatchSize*size {
		o.data = vector.Bytes(make([]uint64, (vector.BatchSize*size+7)/8))
	}
}

// own copies borrowed values, because more are to follow them.
func (o *column) own(size int) {
	o.room(size)
	copy(o.data, o.vec.Data)
	o.form = formFlat
}

// flatten turns the codes gathered so far into views: the chunk went over from
// dictionary to plain pages.
func (o *column) flatten() {
	o.room(16)
	d := o.vec.Dict
	src, dst := vector.Values[vector.StrView](d), vector.Cast[vector.StrView](o.data)
	for i, c := range o.codes[:o.n] {
		dst[i] = vector.StrView{}
		if int(c) < len(src) {
			dst[i] = src[c]
		}
	}
	o.vec.Bufs = append(o.vec.Bufs[:0], d.Bufs...)
	o.vec.Dict, o.vec.DictID = nil, 0
	o.owner = nil
}

// views adds views of strings in the page's buffer.
func (o *column) views(c *chunkReader, off, k int, sel []int32) {
	p, cv := &c.page, c.conv
	dst := vector.Cast[vector.StrView](o.data)[o.n : o.n+k]
	if cv.text != nil {
		o.texts(c, off, k, sel)
		return
	}
	if o.owner != p.data || len(o.vec.Bufs) == 0 {
		o.owner = p.data
		o.vec.Bufs = append(o.vec.Bufs, p.data.b)
	}
	c.pinned |= o.role
	buf, data := uint32(len(o.vec.Bufs)-1), p.data.b
	for i := range dst {
		s := off + i
		if sel != nil {
			s = off + int(sel[i])
		}
		sp := p.spans[s]
		b := data[uint32(sp):][:sp>>32]
		if cv.maxChars > 0 {
			b = cutChars(b, cv.maxChars)
		}
		dst[i] = vector.ViewAt(b, buf, uint32(sp))
	}
}

// texts adds strings made from other values.
func (o *column) texts(c *chunkReader, off, k int, sel []int32) {
	p := &c.page
	dst := vector.Cast[vector.StrView](o.data)[o.n : o.n+k]
	if o.heap == nil {
		o.heap = make([]byte, 0, 64<<10)
	}
	for i := range dst {
		s := off + i
		if sel != nil {
			s = off + int(sel[i])
		}
		sp := p.spans[s]
		dst[i] = vector.StrView{}
		if sp>>32 == 0 {
			continue
		}
		at := len(o.heap)
		o.heap = c.conv.text(o.heap, p.data.b[uint32(sp):][:sp>>32])
		dst[i] = vector.ViewAt(o.heap[at:], uint32(len(o.vec.Bufs)), uint32(at))
	}
	o.vec.Bufs = append(o.vec.Bufs, o.heap)
	o.owner = nil
}

// dictViews adds views of dictionary entries to a column that is flat already.
func (o *column) dictViews(c *chunkReader, off, k int, sel []int32) {
	dst := vector.Cast[vector.StrView](o.data)[o.n : o.n+k]
	src := vector.Values[vector.StrView](c.dict)
	base := uint32(len(o.vec.Bufs))
	o.vec.Bufs = append(o.vec.Bufs, c.dict.Bufs...)
	o.owner = nil
	for i := range dst {
		s := off + i
		if sel != nil {
			s = off + int(sel[i])
		}
		dst[i] = src[c.page.codes[s]]
		if dst[i].Len > vector.InlineLen {
			dst[i].Buf += base
		}
	}
}

// validity adds the rows' validity.
func (o *column) validity(p *page, off, k int, sel []int32) {
	if p.valid == nil && !o.nulls {
		return
	}
	if o.valid == nil {
		o.valid = vector.NewBitmap(vector.BatchSize + 64)
	}
	if !o.nulls {
		o.nulls = true
		clear(o.valid)
		setBits(o.valid, 0, o.n)
	}
	switch {
	case p.valid == nil:
		setBits(o.valid, o.n, k)
	case sel == nil:
		copyBitRange(o.valid, o.n, p.valid, off, k)
	default:
		v := p.valid
		for i, s := range sel {
			at := o.n + i
			slot := uint(off + int(s))
			o.valid[at>>6] |= v[slot>>6] >> (slot & 63) & 1 << (uint(at) & 63)
		}
	}
}

// copyBitRange ors n bits of src from bit off on into dst at bit at.
func copyBitRange(dst vector.Bitmap, at int, src vector.Bitmap, off, n int) {
	for n > 0 {
		k := min(n, 64)
		w, s := off>>6, uint(off)&63
		x := src[w] >> s
		if s != 0 && w+1 < len(src) {
			x |= src[w+1] << (64 - s)
		}
		if k < 64 {
			x &= 1<<uint(k) - 1
		}
		orWord(dst, at, x, k)
		at, off, n = at+k, off+k, n-k
	}
}

var emptyView vector.StrView

// emptyDict is a dictionary of one empty string, for codes that are all NULL.
func emptyDict(t sql.Type) *vector.Vec {
	return &vector.Vec{Type: t, Layout: vector.LStr, N: 1, Data: unsafe.Slice((*byte)(unsafe.Pointer(&emptyView)), 16)}
}

// gather copies src[off+sel[i]], or (sel nil) src[off:], to dst. With sel, off may
// be negative.
func gather[T any](dst, src []T, off int, sel []int32) {
	if sel == nil {
		copy(dst, src[off:])
		return
	}
	dst = dst[:len(sel)]
	for i, k := range sel {
		dst[i] = src[off+int(k)]
	}
}

// gatherCodes copies dict[codes[off+sel[i]]] to dst.
func gatherCodes[T any](dst, dict []T, codes []uint32, off int, sel []int32) {
	if sel == nil {
		codes = codes[off : off+len(dst)]
		for i, c := range codes {
			dst[i] = dict[c]
		}
		return
	}
	dst = dst[:len(sel)]
	for i, k := range sel {
		dst[i] = dict[codes[off+int(k)]]
	}
}

// view casts bytes to values of any pointer-free type.
func view[T any](b []byte) []T {
	var z T
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))
}

func gatherFixed(dst, src []byte, off int, sel []int32, size int) {
	if sel == nil {
		copy(dst, src[off*size:])
		return
	}
	switch size {
	case 1:
		gather(dst, src, off, sel)
	case 2:
		gather(view[uint16](dst), view[uint16](src), off, sel)
	case 4:
		gather(view[uint32](dst), view[uint32](src), off, sel)
	case 8:
		gather(view[uint64](dst), view[uint64](src), off, sel)
	case 16:
		gather(view[[16]byte](dst), view[[16]byte](src), off, sel)
	default:
		for i, k := range sel {
			s := (off + int(k)) * size
			copy(dst[i*size:i*size+size], src[s:s+size])
		}
	}
}

func gatherDict(dst, dict []byte, codes []uint32, off int, sel []int32, size int) {
	switch size {
	case 1:
		gatherCodes(dst, dict, codes, off, sel)
	case 2:
		gatherCodes(view[uint16](dst), view[uint16](dict), codes, off, sel)
	case 4:
		gatherCodes(view[uint32](dst), view[uint32](dict), codes, off, sel)
	case 8:
		gatherCodes(view[uint64](dst), view[uint64](dict), codes, off, sel)
	case 16:
		gatherCodes(view[[16]byte](dst), view[[16]byte](dict), codes, off, sel)
	default:
		gatherCodes(view[sql.Num](dst), view[sql.Num](dict), codes, off, sel)
	}
}
