package exec

import (
	"math/bits"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// noGroup is what a look-up gives for a key that is not there.
const noGroup = ^uint32(0)

// groupTable maps keys of one or more columns to dense numbers, 0, 1, 2 ... in the
// order of first sight. NULL equals NULL in it. A key that is one integer column
// lies in the slot itself; others are found by hash and compared in batches.
type groupTable struct {
	types []sql.Type
	keys  []*vector.Column // the key of each group
	n     int
	slots []groupSlot
	shift uint
	ints  bool
	null  uint32 // ints: the group of NULL
	// direct, if not nil, stands in place of slots; noDirect: it was given up, or must
	// not be, since look-ups go to slots.
	direct   *directGroups
	noDirect bool
	spread   int    // 1 in how many of the blocks of keys may come here; 0: all
	mask     uint64 // which bits of a hash count; tests make them few
	*groupScratch
}

// groupScratch is memory of a table that is free between calls: tables used by one
// goroutine may share it.
type groupScratch struct {
	hashed bool // hashes are there already
	k64    []int64
	isNull []bool
	hashes []uint64
	fresh  []int32
	check  []int32
	rows   []int32
	ids    []uint32
	pairs  [2][]int32
	keyVec []vector.Vec
	one    vector.Vec
}

// groupSlot is a place in the table; group+1, so that 0 is free.
type groupSlot struct {
	k uint64
	g uint32
}

func newGroupTable(types []sql.Type) *groupTable {
	g := &groupTable{types: types, null: noGroup, mask: ^uint64(0), groupScratch: &groupScratch{}}
	for _, t := range types {
		g.keys = append(g.keys, vector.NewColumn(t))
	}
	g.ints = len(types) == 1 && isIntKey(types[0])
	g.resize(1 << 8)
	return g
}

// isIntKey reports whether values of t are integers whose equality is that of the
// integers.
func isIntKey(t sql.Type) bool {
	if t.OID == sql.OIDNumeric {
		return false
	}
	switch vector.LayoutOf(t) {
	case vector.LBool, vector.LI16, vector.LI32, vector.LI64, vector.LU32:
		return true
	}
	return false
}

func (g *groupTable) resize(size int) {
	old := g.slots
	g.slots = make([]groupSlot, size)
	g.shift = uint(64 - bits.TrailingZeros(uint(size)))
	m := uint64(size - 1)
	for _, s := range old {
		if s.g == 0 {
			continue
		}
		h := s.k
		if g.ints {
			h = vector.HashInt(int64(s.k))
		}
		p := h >> g.shift
		for g.slots[p].g != 0 {
			p = (p + 1) & m
		}
		g.slots[p] = s
	}
}

// place puts key x of an integer table, with its group+1, into the slots.
func (g *groupTable) place(x int64, s uint32) {
	m := uint64(len(g.slots) - 1)
	p := vector.HashInt(x) >> g.shift
	for g.slots[p].g != 0 {
		p = (p + 1) & m
	}
	g.slots[p] = groupSlot{uint64(x), s}
}

// reserve makes room for more groups.
func (g *groupTable) reserve(more int) {
	need := (g.n + more) * 2
	if g.direct != nil || need <= len(g.slots) {
		return
	}
	if g.ints && !g.noDirect && g.n > 512 && g.toDirect() {
		return
	}
	size := len(g.slots)
	for size < need {
		size *= 2
	}
	g.resize(size)
}

// bytes is the memory held.
func (g *groupTable) bytes() int64 {
	n := int64(len(g.slots)) * 16
	if g.direct != nil {
		n += g.direct.bytes()
	}
	for _, c := range g.keys {
		n += c.Bytes()
	}
	return n
}

// forget gives up what serves to find groups: the table takes no more.
func (g *groupTable) forget() { g.slots, g.direct = nil, nil }

// insert finds or makes the groups of the selected rows (sel nil: n): that of the
// k-th selected row goes to out[k].
func (g *groupTable) insert(cols []*vector.Vec, sel []int32, n int, out []uint32) {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return
	}
	if len(g.types) == 0 {
		clear(out[:n])
		g.n = 1
		return
	}
	g.reserve(n)
	g.fresh = g.fresh[:0]
	if g.ints {
		g.insertInts(cols[0], sel, n, out)
		if len(g.fresh) > 0 {
			g.keys[0].Append(cols[0], g.fresh, 0)
		}
		return
	}
	if !g.hashed {
		g.hash(cols, sel, n)
	}
	m := uint64(len(g.slots) - 1)
	g.check = g.check[:0]
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		h := g.hashes[i]
		p := h >> g.shift
		for {
			s := &g.slots[p]
			if s.g == 0 {
				*s = groupSlot{h, uint32(g.n + 1)}
				out[k] = uint32(g.n)
				g.n++
				g.fresh = append(g.fresh, int32(i))
				break
			}
			if s.k == h {
				out[k] = s.g - 1
				g.check = append(g.check, int32(k))
				break
			}
			p = (p + 1) & m
		}
	}
	if len(g.fresh) > 0 {
		for c, col := range g.keys {
			col.Append(cols[c], g.fresh, 0)
		}
	}
	for _, k := range g.verify(cols, sel, out) {
		out[k] = g.slow(cols, rowOf(sel, int(k)), true)
	}
}

// lookup is insert that adds nothing: keys that are not there give noGroup. The
// scratch memory is w's, so that many may look up at once.
func (g *groupTable) lookup(w *groupTable, cols []*vector.Vec, sel []int32, n int, out []uint32) {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return
	}
	if len(g.types) == 0 {
		x := uint32(0)
		if g.n == 0 {
			x = noGroup
		}
		for k := range out[:n] {
			out[k] = x
		}
		return
	}
	w.mask = g.mask
	m := uint64(len(g.slots) - 1)
	if g.ints {
		nulls := w.intKeys(cols[0], sel, n)
		for k, x := range w.k64[:n] {
			p := vector.HashInt(x) >> g.shift
			r := noGroup
			for {
				s := &g.slots[p]
				if s.g == 0 {
					break
				}
				if s.k == uint64(x) {
					r = s.g - 1
					break
				}
				p = (p + 1) & m
			}
			if nulls && w.isNull[k] {
				r = g.null
			}
			out[k] = r
		}
		return
	}
	w.hash(cols, sel, n)
	w.check = w.check[:0]
	for k := range n {
		h := w.hashes[rowOf(sel, k)]
		p := h >> g.shift
		out[k] = noGroup
		for {
			s := &g.slots[p]
			if s.g == 0 {
				break
			}
			if s.k == h {
				out[k] = s.g - 1
				w.check = append(w.check, int32(k))
				break
			}
			p = (p + 1) & m
		}
	}
	w.keys, w.slots, w.shift, w.types = g.keys, g.slots, g.shift, g.types
	for _, k := range w.verify(cols, sel, out) {
		out[k] = w.slow(cols, rowOf(sel, int(k)), false)
	}
}

// newLookup makes the scratch memory for look-ups in tables with such keys.
func newLookup(types []sql.Type) *groupTable {
	return &groupTable{types: types, groupScratch: &groupScratch{}}
}

func rowOf(sel []int32, k int) int {
	if sel != nil {
		return int(sel[k])
	}
	return k
}

func (g *groupTable) hash(cols []*vector.Vec, sel []int32, n int) {
	rows := cols[0].N
	if sel == nil {
		rows = n
	}
	if cap(g.hashes) < rows {
		g.hashes = make([]uint64, max(rows, vector.BatchSize))
	}
	g.hashes = g.hashes[:rows]
	for c, v := range cols {
		vector.Hash(v, sel, n, c > 0, g.hashes)
	}
	if g.mask != ^uint64(0) {
		for i := range g.hashes {
			g.hashes[i] &= g.mask
		}
	}
}

// verify compares the keys of the rows in check with those of the groups found by
// hash and returns the rows (k) where they differ.
func (g *groupTable) verify(cols []*vector.Vec, sel []int32, out []uint32) []int32 {
	n := len(g.check)
	if n == 0 {
		return nil
	}
	if cap(g.rows) < n {
		g.rows = make([]int32, max(n, vector.BatchSize))
		g.ids = make([]uint32, max(n, vector.BatchSize))
	}
	rows, groups := g.rows[:n], g.ids[:n]
	for j, k := range g.check {
		rows[j] = int32(rowOf(sel, int(k)))
		groups[j] = out[k]
	}
	plain, bad := true, g.pairs[0][:0]
	for c, col := range g.keys {
		if bad, plain = col.Differ(cols[c], rows, groups, bad); !plain {
			break
		}
	}
	g.pairs[0] = bad
	if plain && len(bad) == 0 {
		return nil
	}
	if len(g.keyVec) < len(cols) {
		g.keyVec = make([]vector.Vec, len(cols))
	}
	var pairs []int32
	for c := range cols {
		g.keys[c].Gather(groups, &g.keyVec[c])
		buf := g.pairs[c&1]
		if cap(buf) < n {
			buf = make([]int32, 0, max(n, vector.BatchSize))
		}
		buf = vector.MatchRows(cols[c], rows, &g.keyVec[c], ordinals(n), pairs, true, buf[:0])
		g.pairs[c&1] = buf
		pairs = buf
	}
	if len(pairs) == n {
		return nil
	}
	bad = g.rows[:0]
	j := 0
	for p := range int32(n) {
		if j < len(pairs) && pairs[j] == p {
			j++
			continue
		}
		bad = append(bad, g.check[p])
	}
	return bad
}

// ordinals returns 0..n-1.
func ordinals(n int) []int32 {
	if n <= len(identity) {
		return identity[:n]
	}
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// slow finds (or adds) one row's group, comparing every group with its hash.
func (g *groupTable) slow(cols []*vector.Vec, row int, add bool) uint32 {
	h := g.hashes[row]
	m := uint64(len(g.slots) - 1)
	for p := h >> g.shift; ; p = (p + 1) & m {
		s := &g.slots[p]
		if s.g == 0 {
			if !add {
				return noGroup
			}
			*s = groupSlot{h, uint32(g.n + 1)}
			for c, col := range g.keys {
				col.Append(cols[c], []int32{int32(row)}, 0)
			}
			g.n++
			return uint32(g.n - 1)
		}
		if s.k != h {
			continue
		}
		same := true
		for c := range cols {
			g.keys[c].Gather([]uint32{s.g - 1}, &g.one)
			if vector.Distinct(cols[c], row, &g.one, 0) {
				same = false
				break
			}
		}
		if same {
			return s.g - 1
		}
	}
}

func (g *groupTable) insertInts(v *vector.Vec, sel []int32, n int, out []uint32) {
	nulls := g.intKeys(v, sel, n)
	from := 0
	if g.direct != nil {
		var ok bool
		if from, ok = g.insertDirect(g.k64[:n], nulls, sel, out); ok {
			return
		}
		g.toSlots()
		g.reserve(n)
	}
	m := uint64(len(g.slots) - 1)
	for k := from; k < n; k++ {
		x := g.k64[k]
		if nulls && g.isNull[k] {
			out[k] = g.nullGroup(rowOf(sel, k))
			continue
		}
		p := vector.HashInt(x) >> g.shift
		for {
			s := &g.slots[p]
			if s.k == uint64(x) && s.g != 0 {
				out[k] = s.g - 1
				break
			}
			if s.g == 0 {
				*s = groupSlot{uint64(x), uint32(g.n + 1)}
				out[k] = uint32(g.n)
				g.n++
				g.fresh = append(g.fresh, int32(rowOf(sel, k)))
				break
			}
			p = (p + 1) & m
		}
	}
}

// intKeys puts the selected values into k64, and which are NULL into isNull; it
// reports whether any may be.
func (g *groupTable) intKeys(v *vector.Vec, sel []int32, n int) bool {
	if cap(g.k64) < n {
		g.k64 = make([]int64, max(n, vector.BatchSize))
		g.isNull = make([]bool, max(n, vector.BatchSize))
	}
	g.k64 = g.k64[:n]
	intsOf(v, sel, g.k64)
	if !v.MayHaveNulls() {
		return false
	}
	g.isNull = g.isNull[:n]
	for k := range g.isNull {
		g.isNull[k] = v.IsNull(rowOf(sel, k))
	}
	return true
}

// intsOf widens the selected values of an integer-like vector of any form. Values
// under NULL are arbitrary.
func intsOf(v *vector.Vec, sel []int32, out []int64) {
	src := v
	if v.Form == vector.Dict {
		src = v.Dict
	}
	switch src.Layout {
	case vector.LBool:
		widen(vector.Values[uint8](src), v, sel, out)
	case vector.LI16:
		widen(vector.Values[int16](src), v, sel, out)
	case vector.LI32:
		widen(vector.Values[int32](src), v, sel, out)
	case vector.LU32:
		widen(vector.Values[uint32](src), v, sel, out)
	case vector.LI64:
		widen(vector.Values[int64](src), v, sel, out)
	}
}

func widen[T uint8 | int16 | int32 | uint32 | int64](vals []T, v *vector.Vec, sel []int32, out []int64) {
	switch {
	case v.Form == vector.Const:
		for k := range out {
			out[k] = int64(vals[0])
		}
	case v.Form == vector.Dict && v.Valid != nil:
		for k := range out {
			if c := int(v.Codes[rowOf(sel, k)]); c < len(vals) {
				out[k] = int64(vals[c])
			}
		}
	case v.Form == vector.Dict && sel != nil:
		codes := v.Codes
		for k, i := range sel {
			out[k] = int64(vals[codes[i]])
		}
	case v.Form == vector.Dict:
		for k, c := range v.Codes[:len(out)] {
			out[k] = int64(vals[c])
		}
	case sel != nil:
		for k, i := range sel {
			out[k] = int64(vals[i])
		}
	default:
		for k, x := range vals[:len(out)] {
			out[k] = int64(x)
		}
	}
}
