package vector

import (
	"math"

	"github.com/sluicedb/sluice/sql"
)

// Rows of a Column lie in blocks, so that growing never copies a large array.
const (
	blockLog  = 14
	BlockRows = 1 << blockLog // rows in a full block of a Column
	blockMask = BlockRows - 1
	arenaSize = 256 << 10
)

// Column is a growable column that owns its values: strings are copied into its
// arena. Rows are numbered from 0 in the order in which they were appended. The
// zero value is not usable: NewColumn. One goroutine at a time writes; after
// that any number may read.
type Column struct {
	Type   sql.Type
	Layout Layout // static decimals start narrow and widen when a batch needs it
	N      int

	data  [][]byte // blocks; LList: [2]uint32{start, length} packed as uint64 per row
	valid []Bitmap // nil: no NULL so far; else a bitmap a block
	bufs  [][]byte
	kids  []*Column
	bytes int64
}

// NewColumn returns an empty column of type t.
func NewColumn(t sql.Type) *Column {
	c := &Column{Type: t, Layout: LayoutOf(t)}
	if t.OID == sql.OIDNumeric && t.Dec.Static() {
		c.Layout = LI64
	}
	if c.Layout == LList {
		c.kids = []*Column{NewColumn(t.Elem())}
	}
	return c
}

func (c *Column) width() int {
	if c.Layout == LList {
		return 8
	}
	return c.Layout.Size()
}

// grow makes room for rows up to n (exclusive).
func (c *Column) grow(n int) {
	w := c.width()
	for (len(c.data) << blockLog) < n {
		c.data = append(c.data, nil)
	}
	last := (n - 1) >> blockLog
	for b := c.N >> blockLog; b <= last; b++ {
		rows := min(n-b<<blockLog, BlockRows)
		have := cap(c.data[b])
		if rows*w > have {
			capRows := 64
			for capRows < rows {
				capRows *= 2
			}
			nb := Bytes(make([]uint64, (capRows*w+7)/8))
			copy(nb, c.data[b])
			c.bytes += int64(len(nb) - have)
			c.data[b] = nb[:rows*w]
		} else {
			c.data[b] = c.data[b][:rows*w]
		}
	}
	if c.valid != nil {
		for len(c.valid) < len(c.data) {
			bm := NewBitmap(BlockRows)
			bm.SetAll(BlockRows)
			c.valid = append(c.valid, bm)
			c.bytes += BlockRows / 8
		}
	}
}

func (c *Column) setNull(row int) {
	if c.valid == nil {
		for range c.data {
			bm := NewBitmap(BlockRows)
			bm.SetAll(BlockRows)
			c.valid = append(c.valid, bm)
			c.bytes += BlockRows / 8
		}
	}
	c.valid[row>>blockLog].Clear(row & blockMask)
}

// IsNull reports whether row i is NULL.
func (c *Column) IsNull(i int) bool {
	return c.valid != nil && !c.valid[i>>blockLog].Get(i&blockMask)
}

// widen turns an int64 decimal column into int128.
func (c *Column) widen() {
	for b, d := range c.data {
		src := Cast[int64](d)
		nd := make([]sql.Int128, max(len(src), cap(d)/8))
		for i, x := range src {
			nd[i] = sql.I128(x)
		}
		c.bytes += int64(len(nd)*16 - cap(d))
		c.data[b] = Bytes(nd)[:len(src)*16]
	}
	c.Layout = LI128
}

// str copies s into the arena and returns its view.
func (c *Column) str(s []byte) StrView {
	if len(s) <= InlineLen {
		return InlineView(s)
	}
	k := len(c.bufs) - 1
	if k < 0 || cap(c.bufs[k])-len(c.bufs[k]) < len(s) {
		size := arenaSize
		if k < 5 {
			size = 4 << 10 << (k + 1)
		}
		nb := make([]byte, 0, max(size, len(s)))
		c.bytes += int64(cap(nb))
		c.bufs = append(c.bufs, nb)
		k++
	}
	off := len(c.bufs[k])
	c.bufs[k] = append(c.bufs[k], s...)
	return ViewAt(s, uint32(k), uint32(off))
}

// Append adds the selected rows of v (sel nil: its first n rows), which has the
// column's type.
func (c *Column) Append(v *Vec, sel []int32, n int) {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return
	}
	src := v
	if v.Form == Dict {
		src = v.Dict
	}
	if src.Layout == LI128 && c.Layout == LI64 {
		c.widen()
	}
	base := c.N
	c.grow(base + n)
	if v.MayHaveNulls() {
		for k := range n {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			if v.IsNull(i) {
				c.setNull(base + k)
			}
		}
	}
	for k := 0; k < n; {
		b, o := (base+k)>>blockLog, (base+k)&blockMask
		m := min(n-k, BlockRows-o)
		c.copyRows(b, o, v, sel, k, m)
		k += m
	}
	c.N = base + n
	if c.Layout == LStruct {
		c.appendFields(v, src, sel, n, base)
	}
}

// appendFields adds the fields of records to a column that had base rows. Vectors
// of NULLs alone know no fields.
func (c *Column) appendFields(v, src *Vec, sel []int32, n, base int) {
	for _, f := range src.Children[min(len(c.kids), len(src.Children)):] {
		c.kids = append(c.kids, nullColumn(f.Type, base))
	}
	if v.Form != Flat {
		at := make([]int32, n)
		for k := range n {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			_, j, _ := v.At(i)
			at[k] = int32(j)
		}
		sel = at
	}
	for f, kid := range c.kids {
		if f < len(src.Children) {
			kid.Append(src.Children[f], sel, n)
		} else {
			kid.appendNulls(n)
		}
	}
}

func (c *Column) appendNulls(n int) { c.Append(ConstOf(sql.NullOf(c.Type), n), nil, n) }

// nullColumn is a column of n NULLs.
func nullColumn(t sql.Type, n int) *Column {
	c := NewColumn(t)
	c.appendNulls(n)
	return c
}

// copyRows copies m rows k.. of the selection to rows o.. of block b.
func (c *Column) copyRows(b, o int, v *Vec, sel []int32, k, m int) {
	d := c.data[b]
	switch c.Layout {
	case LBool:
		copyFixed(Cast[uint8](d)[o:o+m], v, sel, k)
	case LI16:
		copyFixed(Cast[int16](d)[o:o+m], v, sel, k)
	case LI32:
		copyFixed(Cast[int32](d)[o:o+m], v, sel, k)
	case LI64:
		copyFixed(Cast[int64](d)[o:o+m], v, sel, k)
	case LU32:
		copyFixed(Cast[uint32](d)[o:o+m], v, sel, k)
	case LF32:
		copyFixed(Cast[float32](d)[o:o+m], v, sel, k)
	case LF64:
		copyFixed(Cast[float64](d)[o:o+m], v, sel, k)
	case LNum:
		copyFixed(Cast[sql.Num](d)[o:o+m], v, sel, k)
	case LInterval:
		copyFixed(Cast[Interval](d)[o:o+m], v, sel, k)
	case LTimetz:
		copyFixed(Cast[Timetz](d)[o:o+m], v, sel, k)
	case LUUID:
		copyFixed(Cast[[16]byte](d)[o:o+m], v, sel, k)
	case LI128:
		dst := Cast[sql.Int128](d)[o : o+m]
		src := v
		if v.Form == Dict {
			src = v.Dict
		}
		if src.Layout == LI128 {
			copyFixed(dst, v, sel, k)
			return
		}
		vals := Values[int64](src)
		for j := range dst {
			dst[j] = sql.I128(vals[rowIndex(v, sel, k+j)])
		}
	case LStr:
		dst := Cast[StrView](d)[o : o+m]
		copyFixed(dst, v, sel, k)
		src := v
		if v.Form == Dict {
			src = v.Dict
		}
		for j := range dst {
			if dst[j].Len > InlineLen {
				if c.IsNull(b<<blockLog + o + j) {
					dst[j] = StrView{}
				} else {
					dst[j] = c.str(dst[j].Bytes(src.Bufs))
				}
			}
		}
	case LList:
		dst := Cast[uint64](d)[o : o+m]
		src := v
		if v.Form == Dict {
			src = v.Dict
		}
		kid := c.kids[0]
		var rows []int32
		for j := range dst {
			if c.IsNull(b<<blockLog + o + j) {
				dst[j] = 0
				continue
			}
			i := rowIndex(v, sel, k+j)
			lo, hi := src.Offsets[i], src.Offsets[i+1]
			dst[j] = uint64(kid.N+len(rows)) | uint64(hi-lo)<<32
			for e := lo; e < hi; e++ {
				rows = append(rows, e)
			}
		}
		if len(rows) > 0 {
			kid.Append(src.Child, rows, len(rows))
		}
	}
}

// rowIndex is where the k-th selected row's value lies in v (or its dictionary).
func rowIndex(v *Vec, sel []int32, k int) int {
	if sel != nil {
		k = int(sel[k])
	}
	switch v.Form {
	case Const:
		return 0
	case Dict:
		return int(v.Codes[k])
	}
	return k
}

// copyFixed copies selected rows k.. of v to dst.
func copyFixed[T Elem](dst []T, v *Vec, sel []int32, k int) {
	switch v.Form {
	case Const:
		x := Cast[T](v.Data)[0]
		for j := range dst {
			dst[j] = x
		}
	case Dict:
		src, codes := Cast[T](v.Dict.Data), v.Codes
		if len(src) == 0 {
			return
		}
		if sel == nil {
			for j, c := range codes[k : k+len(dst)] {
				if int(c) < len(src) { // a NULL row's code is arbitrary
					dst[j] = src[c]
				}
			}
			return
		}
		for j, i := range sel[k : k+len(dst)] {
			if c := codes[i]; int(c) < len(src) {
				dst[j] = src[c]
			}
		}
	default:
		src := Cast[T](v.Data)
		if sel == nil {
			copy(dst, src[k:])
			return
		}
		for j, i := range sel[k : k+len(dst)] {
			dst[j] = src[i]
		}
	}
}

// AppendValue adds one row. Static decimals take any Num of the type's scale.
func (c *Column) AppendValue(v sql.Value) {
	if c.Layout == LI64 && c.Type.OID == sql.OIDNumeric && !v.Null && !v.Num.Coef.IsInt64() {
		c.widen()
	}
	row := c.N
	c.grow(row + 1)
	if v.Null {
		c.setNull(row)
	}
	d := c.data[row>>blockLog]
	o := row & blockMask
	switch c.Layout {
	case LNone:
	case LStr:
		Cast[StrView](d)[o] = c.str([]byte(v.S))
	case LList:
		Cast[uint64](d)[o] = uint64(c.kids[0].N) | uint64(len(v.List))<<32
		for i := range v.List {
			c.kids[0].AppendValue(v.List[i])
		}
	case LStruct:
		for len(c.kids) < len(v.List) {
			k := NewColumn(v.List[len(c.kids)].Type)
			for k.N < row {
				k.AppendValue(sql.NullOf(k.Type))
			}
			c.kids = append(c.kids, k)
		}
		for f, k := range c.kids {
			if v.Null {
				k.AppendValue(sql.NullOf(k.Type))
			} else {
				k.AppendValue(v.List[f])
			}
		}
	default:
		putValue(d, c.Layout, c.Type, o, &v)
	}
	c.N++
}

// Value returns row i.
func (c *Column) Value(i int) sql.Value {
	var out Vec
	c.Gather([]uint32{uint32(i)}, &out)
	return ValueAt(&out, 0)
}

// NullRow given to Gather as a row id makes a NULL (outer joins).
const NullRow = math.MaxUint32

// Gather fills out, whose buffers it reuses, with the rows ids as a Flat vector.
// Strings are not copied: out shares the column's arena.
func (c *Column) Gather(ids []uint32, out *Vec) {
	n := len(ids)
	out.Type, out.Form, out.Layout, out.N = c.Type, Flat, c.Layout, n
	out.Codes, out.Dict, out.DictID = nil, nil, 0
	out.Bufs = c.bufs
	w := c.Layout.Size()
	if cap(out.Data) < n*w {
		out.Data = roomFor(n, w)
	}
	out.Data = out.Data[:n*w]
	out.Valid = c.gatherValid(ids, out.Valid)
	switch c.Layout {
	case LBool:
		gatherBlocks(Cast[uint8](out.Data), c.data, ids)
	case LI16:
		gatherBlocks(Cast[int16](out.Data), c.data, ids)
	case LI32:
		gatherBlocks(Cast[int32](out.Data), c.data, ids)
	case LI64:
		gatherBlocks(Cast[int64](out.Data), c.data, ids)
	case LI128:
		gatherBlocks(Cast[sql.Int128](out.Data), c.data, ids)
	case LU32:
		gatherBlocks(Cast[uint32](out.Data), c.data, ids)
	case LF32:
		gatherBlocks(Cast[float32](out.Data), c.data, ids)
	case LF64:
		gatherBlocks(Cast[float64](out.Data), c.data, ids)
	case LNum:
		gatherBlocks(Cast[sql.Num](out.Data), c.data, ids)
	case LStr:
		gatherBlocks(Cast[StrView](out.Data), c.data, ids)
	case LInterval:
		gatherBlocks(Cast[Interval](out.Data), c.data, ids)
	case LTimetz:
		gatherBlocks(Cast[Timetz](out.Data), c.data, ids)
	case LUUID:
		gatherBlocks(Cast[[16]byte](out.Data), c.data, ids)
	case LList:
		refs := make([]uint64, n)
		gatherBlocks(refs, c.data, ids)
		out.Offsets = append(out.Offsets[:0], 0)
		var rows []uint32
		for i, r := range refs {
			if out.Valid == nil || out.Valid.Get(i) {
				for e := uint32(0); e < uint32(r>>32); e++ {
					rows = append(rows, uint32(r)+e)
				}
			}
			out.Offsets = append(out.Offsets, int32(len(rows)))
		}
		out.Child = &Vec{}
		c.kids[0].Gather(rows, out.Child)
	case LStruct:
		out.Children = make([]*Vec, len(c.kids))
		for f, k := range c.kids {
			out.Children[f] = &Vec{}
			k.Gather(ids, out.Children[f])
		}
	}
}

// roomFor returns room for n values of w bytes: small batches start small, and
// after a few growths it does for any batch.
func roomFor(n, w int) []byte {
	size := 16
	for size < n {
		size *= 2
	}
	return Bytes(make([]uint64, (size*w+7)/8))
}

func (c *Column) gatherValid(ids []uint32, bm Bitmap) Bitmap {
	words := (len(ids) + 63) / 64
	if cap(bm) < words {
		bm = make(Bitmap, words, max(words, BatchSize/64))
	}
	bm = bm[:words]
	bm.SetAll(len(ids))
	nulls := false
	for i, id := range ids {
		if id == NullRow || c.valid != nil && !c.valid[id>>blockLog].Get(int(id&blockMask)) {
			bm.Clear(i)
			nulls = true
		}
	}
	if !nulls {
		return nil
	}
	return bm
}

func gatherBlocks[T Elem](dst []T, blocks [][]byte, ids []uint32) {
	if len(blocks) == 1 {
		src := Cast[T](blocks[0])
		for j, id := range ids {
			if int(id) < len(src) {
				dst[j] = src[id]
			}
		}
		return
	}
	for j, id := range ids {
		if b := int(id >> blockLog); b < len(blocks) {
			dst[j] = Cast[T](blocks[b])[id&blockMask]
		}
	}
}

// Blocks returns how many blocks the column has; all but the last hold BlockRows rows.
func (c *Column) Blocks() int { return (c.N + BlockRows - 1) >> blockLog }

// Block returns block b as a Flat vector that shares the column's memory. Not for
// lists and records (use Gather).
func (c *Column) Block(b int) *Vec { return c.block(b) }

func (c *Column) block(b int) *Vec {
	v := &Vec{Type: c.Type, Layout: c.Layout, N: min(c.N-b<<blockLog, BlockRows), Bufs: c.bufs}
	if c.Layout == LList || c.Layout == LStruct {
		ids := make([]uint32, v.N)
		for i := range ids {
			ids[i] = uint32(b<<blockLog + i)
		}
		c.Gather(ids, v)
		return v
	}
	if c.Layout != LNone {
		v.Data = c.data[b][:v.N*c.Layout.Size()]
	}
	if c.valid != nil {
		v.Valid = c.valid[b]
	}
	return v
}

// Bytes is the memory the column holds.
func (c *Column) Bytes() int64 {
	n := c.bytes
	for _, k := range c.kids {
		n += k.Bytes()
	}
	return n
}

// Reset empties the column and keeps its memory for reuse; vectors that share it
// become invalid.
func (c *Column) Reset() {
	c.N = 0
	for i := range c.data {
		c.data[i] = c.data[i][:0]
	}
	c.valid = nil
	if len(c.bufs) > 0 {
		last := c.bufs[len(c.bufs)-1]
		c.bufs = append(c.bufs[:0], last[:0])
	}
	c.bytes = 0
	for _, d := range c.data {
		c.bytes += int64(cap(d))
	}
	for _, b := range c.bufs {
		c.bytes += int64(cap(b))
	}
	for _, k := range c.kids {
		k.Reset()
	}
}
