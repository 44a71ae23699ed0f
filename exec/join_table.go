package exec

import (
	"math"
	"math/bits"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Limits of the bitmap of a join's keys: so many bits a build row, but at least
// and at most so many in all. With the ranks that is 48 bytes a row at most, about
// what a hash table takes.
const (
	bitmapPerRow = 256
	bitmapFree   = 1 << 16
	bitmapMost   = 1 << 33
)

// joinKey is a pair of key columns.
type joinKey struct {
	probe     int // column of the probe batch
	build     int // column of the stored build rows
	typ       sql.Type
	probeType sql.Type
	nullEqual bool
}

// joinTable finds the build rows of a key. Keys have dense numbers ("groups"): by
// their rank in a bitmap when they are integers that lie close enough, else by a
// hash table. rowList holds the rows of group g at starts[g]..starts[g+1]-1; where
// no key has two rows starts is nil and rowList[g] is the row, or g itself is if
// rowList is nil too.
type joinTable struct {
	rows *rowSet
	segs []rowRange // where rows lie: numbers have gaps between them
	n    int        // build rows, those with NULL keys included

	pack   packer
	bits   []uint64
	ranks  []uint32
	hashed *groupTable

	groups   int
	starts   []uint32
	rowList  []uint32
	nullKeys int // rows that no key finds

	matched []uint64 // by row number; set with atomic operations
}

// rowRange is rows base..base+n-1.
type rowRange struct{ base, n int }

func (t *joinTable) bytes() int64 {
	n := int64(len(t.bits))*8 + int64(len(t.ranks))*4 + int64(len(t.starts)+len(t.rowList))*4 + int64(len(t.matched))*8
	if t.hashed != nil {
		n += t.hashed.bytes()
	}
	return n + t.rows.bytes()
}

// concatRows puts the rows of all sets into one; the sets are used up.
func concatRows(types []sql.Type, sets []*rowSet) (*rowSet, []rowRange) {
	all := newRowSet(types)
	var segs []rowRange
	for _, s := range sets {
		if s.n == 0 {
			continue
		}
		base := 0
		for i, c := range all.cols {
			base = c.Concat(s.cols[i])
		}
		if len(all.cols) == 0 {
			base = all.n
		}
		segs = append(segs, rowRange{base, s.n})
		all.n = base + s.n
	}
	return all, segs
}

// newJoinTable indexes the rows of sets by their keys.
func newJoinTable(types []sql.Type, keys []joinKey, sets []*rowSet) *joinTable {
	t := &joinTable{}
	t.rows, t.segs = concatRows(types, sets)
	for _, s := range t.segs {
		t.n += s.n
	}
	if t.n == 0 {
		return t
	}
	if len(keys) == 0 {
		t.all()
		return t
	}
	sc := &keyScan{t: t, keys: keys}
	ints := true
	for _, k := range keys {
		ints = ints && isIntKey(k.typ) && isIntKey(k.probeType)
	}
	if ints {
		t.pack = sc.ranges()
		limit := uint64(max(bitmapFree, min(bitmapPerRow*t.n, bitmapMost)))
		switch {
		case t.pack.ok && t.pack.span <= limit:
			t.byBitmap(sc)
			return t
		case len(keys) == 1:
			t.pack.ok = false // the key itself
		}
	}
	t.byHash(sc)
	return t
}

// all makes one group of all rows: a join without keys.
func (t *joinTable) all() {
	t.groups = 1
	t.starts = []uint32{0, uint32(t.n)}
	t.rowList = make([]uint32, 0, t.n)
	for _, s := range t.segs {
		for i := range s.n {
			t.rowList = append(t.rowList, uint32(s.base+i))
		}
	}
}

// packer turns several integer keys into one number: (k0-min0)*mult0 + ... NULL,
// where it equals NULL, takes the number after the last.
type packer struct {
	ok   bool
	keys []packKey
	span uint64 // numbers are below it
}

type packKey struct {
	min, max  int64
	width     uint64 // max-min+1, +1 if NULL has a number
	mult      uint64
	nullEqual bool
}

// keyScan reads the key columns of a table in batches.
type keyScan struct {
	t    *joinTable
	keys []joinKey
	ids  []uint32
	vecs []vector.Vec
	cols []*vector.Vec
	sel  []int32
}

// each calls f for batches of rows: their number, key columns, and which of them
// have keys that can be equal to anything (sel nil: all).
func (s *keyScan) each(f func(base, n int, cols []*vector.Vec, sel []int32)) {
	if s.vecs == nil {
		s.vecs = make([]vector.Vec, len(s.keys))
		s.cols = make([]*vector.Vec, len(s.keys))
		for i := range s.vecs {
			s.cols[i] = &s.vecs[i]
		}
		s.ids = make([]uint32, vector.BatchSize)
	}
	for _, seg := range s.t.segs {
		for lo := 0; lo < seg.n; lo += vector.BatchSize {
			n := min(vector.BatchSize, seg.n-lo)
			list := s.ids[:n]
			for i := range list {
				list[i] = uint32(seg.base + lo + i)
			}
			nulls := false
			for i, k := range s.keys {
				s.t.rows.cols[k.build].Gather(list, s.cols[i])
				nulls = nulls || s.cols[i].Valid != nil && !k.nullEqual
			}
			var sel []int32
			if nulls {
				s.sel = s.sel[:0]
				for i := range n {
					ok := true
					for c, k := range s.keys {
						ok = ok && (k.nullEqual || !s.cols[c].IsNull(i))
					}
					if ok {
						s.sel = append(s.sel, int32(i))
					}
				}
				if s.sel == nil {
					s.sel = []int32{}
				}
				sel = s.sel
			}
			f(seg.base+lo, n, s.cols, sel)
		}
	}
}

// ranges finds the range of each key and packs them if they fit.
func (s *keyScan) ranges() packer {
	p := packer{ok: true, keys: make([]packKey, len(s.keys))}
	for i := range p.keys {
		p.keys[i] = packKey{min: math.MaxInt64, max: math.MinInt64, nullEqual: s.keys[i].nullEqual}
	}
	buf := make([]int64, vector.BatchSize)
	s.each(func(_, n int, cols []*vector.Vec, sel []int32) {
		if sel != nil {
			n = len(sel)
		}
		for c, v := range cols {
			k := &p.keys[c]
			intsOf(v, sel, buf[:n])
			for j, x := range buf[:n] {
				if v.Valid != nil && v.IsNull(rowOf(sel, j)) {
					continue
				}
				k.min, k.max = min(k.min, x), max(k.max, x)
			}
		}
	})
	p.span = 1
	for i := len(p.keys) - 1; i >= 0; i-- {
		k := &p.keys[i]
		if k.min > k.max {
			k.min, k.max = 0, 0
		}
		k.mult = p.span
		k.width = uint64(k.max) - uint64(k.min) + 1
		if k.nullEqual && k.width > 0 { // 0: all the 2^64 numbers
			k.width++
		}
		if k.width == 0 || k.width > math.MaxInt64 {
			p.ok = false
			return p
		}
		hi, lo := bits.Mul64(p.span, k.width)
		if hi != 0 || lo > math.MaxInt64 {
			p.ok = false
			return p
		}
		p.span = lo
	}
	return p
}

// outside is what pack gives for a key that no build row can have.
const outside = -1

// pack numbers the keys of the selected rows (NULLs that equal nothing are not
// selected); buf is scratch as long as out.
func (p *packer) pack(cols []*vector.Vec, sel []int32, n int, buf, out []int64) {
	if sel != nil {
		n = len(sel)
	}
	for c, v := range cols {
		k := &p.keys[c]
		intsOf(v, sel, buf[:n])
		width := uint64(k.max) - uint64(k.min) + 1
		mult := int64(k.mult)
		nulls := k.nullEqual && v.MayHaveNulls()
		switch {
		case c == 0 && !nulls:
			for j, x := range buf[:n] {
				d := uint64(x) - uint64(k.min)
				y := int64(d) * mult
				if d >= width {
					y = outside
				}
				out[j] = y
			}
		default:
			for j, x := range buf[:n] {
				if c > 0 && out[j] == outside {
					continue
				}
				d := uint64(x) - uint64(k.min)
				if nulls && v.IsNull(rowOf(sel, j)) {
					d = width
				} else if d >= width {
					out[j] = outside
					continue
				}
				y := int64(d) * mult
				if c > 0 {
					y += out[j]
				}
				out[j] = y
			}
		}
	}
}

func (t *joinTable) byBitmap(sc *keyScan) {
	words := int(t.pack.span+63) / 64
	t.bits = make([]uint64, words)
	buf, packed := make([]int64, vector.BatchSize), make([]int64, vector.BatchSize)
	keyed, dup, ordered := 0, false, true
	last := int64(-1)
	sc.each(func(_, n int, cols []*vector.Vec, sel []int32) {
		m := n
		if sel != nil {
			m = len(sel)
		}
		t.pack.pack(cols, sel, n, buf, packed)
		for _, x := range packed[:m] {
			w, b := x>>6, uint64(1)<<(uint(x)&63)
			dup = dup || t.bits[w]&b != 0
			t.bits[w] |= b
			ordered = ordered && x > last
			last = x
		}
		keyed += m
	})
	t.nullKeys = t.n - keyed
	t.ranks = make([]uint32, words)
	sum := 0
	for w, x := range t.bits {
		t.ranks[w] = uint32(sum)
		sum += bits.OnesCount64(x)
	}
	t.groups = sum
	if ordered && !dup && t.nullKeys == 0 && len(t.segs) == 1 {
		return // the rank is the row
	}
	groups := make([]uint32, vector.BatchSize)
	t.fill(sc, dup, func(n int, cols []*vector.Vec, sel []int32) []uint32 {
		if sel != nil {
			n = len(sel)
		}
		t.pack.pack(cols, sel, n, buf, packed)
		for j, x := range packed[:n] {
			groups[j] = t.rank(x)
		}
		return groups[:n]
	})
}

// rank is the group of a packed key that is in the bitmap.
func (t *joinTable) rank(x int64) uint32 {
	w := x >> 6
	return t.ranks[w] + uint32(bits.OnesCount64(t.bits[w]&(1<<(uint(x)&63)-1)))
}

// fill makes rowList and starts from each row's group.
func (t *joinTable) fill(sc *keyScan, dup bool, groupsOf func(n int, cols []*vector.Vec, sel []int32) []uint32) {
	t.rowList = make([]uint32, t.n-t.nullKeys)
	if !dup {
		sc.each(func(base, n int, cols []*vector.Vec, sel []int32) {
			for k, g := range groupsOf(n, cols, sel) {
				t.rowList[g] = uint32(base + rowOf(sel, k))
			}
		})
		return
	}
	t.starts = make([]uint32, t.groups+1)
	sc.each(func(_, n int, cols []*vector.Vec, sel []int32) {
		for _, g := range groupsOf(n, cols, sel) {
			t.starts[g+1]++
		}
	})
	for g := range t.groups {
		t.starts[g+1] += t.starts[g]
	}
	next := append([]uint32(nil), t.starts[:t.groups]...)
	sc.each(func(base, n int, cols []*vector.Vec, sel []int32) {
		for k, g := range groupsOf(n, cols, sel) {
			t.rowList[next[g]] = uint32(base + rowOf(sel, k))
			next[g]++
		}
	})
}

func (t *joinTable) byHash(sc *keyScan) {
	types := make([]sql.Type, len(sc.keys))
	for i, k := range sc.keys {
		types[i] = k.typ
	}
	buf, packed := make([]int64, vector.BatchSize), make([]int64, vector.BatchSize)
	var pv vector.Vec
	if t.pack.ok {
		types = []sql.Type{sql.Int8}
	}
	keyed := 0
	sc.each(func(_, n int, _ []*vector.Vec, sel []int32) {
		if sel != nil {
			n = len(sel)
		}
		keyed += n
	})
	t.nullKeys = t.n - keyed
	t.hashed = newGroupTable(types)
	if len(types) == 1 && !isIntKey(sc.keys[0].probeType) {
		t.hashed.ints = false
	}
	t.hashed.noDirect = true
	t.hashed.reserve(keyed)
	// The group of each row, in the order of the scan.
	all := make([]uint32, keyed)
	at := 0
	sc.each(func(_, n int, cols []*vector.Vec, sel []int32) {
		if sel != nil {
			n = len(sel)
		}
		if t.pack.ok {
			t.pack.pack(cols, sel, n, buf, packed)
			pv = int8Vec(packed[:n])
			t.hashed.insert([]*vector.Vec{&pv}, nil, n, all[at:])
		} else {
			t.hashed.insert(cols, sel, n, all[at:])
		}
		at += n
	})
	t.groups = t.hashed.n
	at = 0
	passes := func(n int, _ []*vector.Vec, sel []int32) []uint32 {
		if sel != nil {
			n = len(sel)
		}
		if at == keyed {
			at = 0
		}
		at += n
		return all[at-n : at]
	}
	if t.groups == keyed && t.nullKeys == 0 && len(t.segs) == 1 {
		return // groups are rows
	}
	t.fill(sc, t.groups < keyed, passes)
}

func int8Vec(vals []int64) vector.Vec {
	return vector.Vec{Type: sql.Int8, Layout: vector.LI64, N: len(vals), Data: vector.Bytes(vals)}
}

// joinLookup is one task's scratch memory for finding groups.
type joinLookup struct {
	t           *joinTable
	w           *groupTable
	buf, packed []int64
	pv          vector.Vec
	keyed       []int32
	cols        []*vector.Vec
}

// find gives the group of each selected row of the probe columns, noGroup where
// there is none: groups[k] for the k-th row of sel.
func (l *joinLookup) find(keys []joinKey, in *vector.Batch, sel []int32, groups []uint32) {
	t := l.t
	n := len(sel)
	if t.n == 0 || t.groups == 0 {
		for k := range groups[:n] {
			groups[k] = noGroup
		}
		return
	}
	if len(keys) == 0 {
		clear(groups[:n])
		return
	}
	l.cols = l.cols[:0]
	nulls := false
	for _, k := range keys {
		v := in.Cols[k.probe]
		l.cols = append(l.cols, v)
		nulls = nulls || !k.nullEqual && v.MayHaveNulls()
	}
	if cap(l.packed) < n {
		l.buf, l.packed = make([]int64, max(n, vector.BatchSize)), make([]int64, max(n, vector.BatchSize))
		l.keyed = make([]int32, 0, max(n, vector.BatchSize))
	}
	switch {
	case t.bits != nil:
		packed := l.packed[:n]
		t.pack.pack(l.cols, sel, n, l.buf, packed)
		for k, x := range packed {
			g := noGroup
			if x >= 0 {
				w, b := uint64(x)>>6, uint64(1)<<(uint(x)&63)
				if word := t.bits[w]; word&b != 0 {
					g = t.ranks[w] + uint32(bits.OnesCount64(word&(b-1)))
				}
			}
			groups[k] = g
		}
	case t.pack.ok:
		packed := l.packed[:n]
		t.pack.pack(l.cols, sel, n, l.buf, packed)
		l.pv = int8Vec(packed)
		t.hashed.lookup(l.scratch(), []*vector.Vec{&l.pv}, nil, n, groups)
	default:
		t.hashed.lookup(l.scratch(), l.cols, sel, n, groups)
	}
	if nulls {
		for c, k := range keys {
			if v := l.cols[c]; !k.nullEqual && v.MayHaveNulls() {
				for j, i := range sel {
					if v.IsNull(int(i)) {
						groups[j] = noGroup
					}
				}
			}
		}
	}
}

func (l *joinLookup) scratch() *groupTable {
	if l.w == nil {
		l.w = newLookup(l.t.hashed.types)
	}
	return l.w
}

// span returns the places in rowList (or, if that is nil, the rows) of a group.
func (t *joinTable) span(g uint32) (lo, hi uint32) {
	if t.starts == nil {
		return g, g + 1
	}
	return t.starts[g], t.starts[g+1]
}

func (t *joinTable) row(place uint32) uint32 {
	if t.rowList == nil {
		return place
	}
	return t.rowList[place]
}
