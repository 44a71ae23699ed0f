package exec

// directGroups finds the group of an integer key by the key itself: an array over
// the range of the keys, in chunks that are made when a key falls into them. It
// serves keys that lie close together, which is what identifiers do; unlike a hash
// table it keeps the locality of keys that come in order.
//
// Entries are group+1, or 0 for none; they take 16 bits while these do.
type directGroups struct {
	base   int64 // key of the first entry, a multiple of a chunk's size
	n      int   // chunks that there may be
	made   int   // chunks that are there
	spread int   // 1 in how many chunks can get keys
	narrow []*directChunk[uint16]
	wide   []*directChunk[uint32] // not nil: in place of narrow
}

// directChunk is the entries of one block of keys.
type directChunk[T uint16 | uint32] [directSize]T

const (
	directLog  = 12
	directSize = 1 << directLog
	// Entries a group that the range of the keys may take, at most.
	directSparse = 12
	directFree   = 1 << 16
	directNarrow = 1<<16 - 1 // groups that 16 bits tell apart
)

// directFits reports whether keys of the range may be found directly.
func directFits(lo, hi int64, groups, spread int) bool {
	span := (uint64(hi) - uint64(lo)) / uint64(spread)
	return span < directFree || span < uint64(groups)*directSparse
}

// room makes an entry for key x; false if it is out of the range that the directory
// may cover with so many groups.
func (d *directGroups) room(x int64, groups int) bool {
	c := (uint64(x) - uint64(d.base)) >> directLog
	if c >= uint64(d.n) {
		if !d.cover(x, groups) {
			return false
		}
		c = (uint64(x) - uint64(d.base)) >> directLog
	}
	there := d.wide == nil && d.narrow[c] != nil || d.wide != nil && d.wide[c] != nil
	if there {
		return true
	}
	if (d.made+1)<<directLog > groups*directSparse*2+directFree*4 {
		return false
	}
	d.made++
	if d.wide != nil {
		d.wide[c] = new(directChunk[uint32])
	} else {
		d.narrow[c] = new(directChunk[uint16])
	}
	return true
}

// cover widens the directory so that it takes x.
func (d *directGroups) cover(x int64, groups int) bool {
	lo, hi := x, x
	if d.n > 0 {
		lo, hi = min(lo, d.base), max(hi, d.base+int64(d.n)<<directLog-1)
	}
	if (uint64(hi)-uint64(lo))/uint64(d.spread) > uint64(groups)*directSparse*2+directFree*4 || lo < -1<<62 || hi > 1<<62 {
		return false
	}
	old, before := d.n, 0
	switch {
	case old == 0:
		d.base = x &^ (directSize - 1)
	case x < d.base: // some places more, so that keys in falling order do not move all each time
		before = int((d.base-x&^(directSize-1))>>directLog) + old/2
		d.base -= int64(before) << directLog
	}
	d.n = max(old+before, int((uint64(x)-uint64(d.base))>>directLog)+1)
	if d.wide != nil {
		d.wide = moved(d.wide, d.n, before)
	} else {
		d.narrow = moved(d.narrow, d.n, before)
	}
	return true
}

// moved is the directory with n places, the old ones from place `to` on.
func moved[T uint16 | uint32](chunks []*directChunk[T], n, to int) []*directChunk[T] {
	if to > 0 {
		return append(append(make([]*directChunk[T], to, n), chunks...), make([]*directChunk[T], n-to-len(chunks))...)
	}
	return append(chunks, make([]*directChunk[T], n-len(chunks))...)
}

// widen makes the entries 32 bits wide.
func (d *directGroups) widen() {
	if d.wide != nil {
		return
	}
	d.wide = make([]*directChunk[uint32], d.n)
	for i, c := range d.narrow {
		if c == nil {
			continue
		}
		w := new(directChunk[uint32])
		for j, s := range c {
			w[j] = uint32(s)
		}
		d.wide[i], d.narrow[i] = w, nil
	}
	d.narrow = nil
}

func (d *directGroups) bytes() int64 {
	size := int64(2)
	if d.wide != nil {
		size = 4
	}
	return int64(d.made)*directSize*size + int64(d.n)*8
}

// insertDirect finds or makes the groups of keys; it gives up (false) at the first
// key that lies too far away, with the k-th and later ones to be done.
func (g *groupTable) insertDirect(keys []int64, nulls bool, sel []int32, out []uint32) (int, bool) {
	d := g.direct
	if d.wide == nil && g.n+len(keys) > directNarrow {
		d.widen()
	}
	if d.wide != nil {
		return insertChunks(g, &d.wide, keys, nulls, sel, out)
	}
	return insertChunks(g, &d.narrow, keys, nulls, sel, out)
}

func insertChunks[T uint16 | uint32](g *groupTable, all *[]*directChunk[T], keys []int64, nulls bool, sel []int32, out []uint32) (int, bool) {
	d, chunks := g.direct, *all
	for k, x := range keys {
		if nulls && g.isNull[k] {
			out[k] = g.nullGroup(rowOf(sel, k))
			continue
		}
		at := uint64(x) - uint64(d.base)
		c := at >> directLog
		if c >= uint64(len(chunks)) || chunks[c] == nil {
			if !d.room(x, g.n) {
				return k, false
			}
			chunks = *all
			at = uint64(x) - uint64(d.base)
			c = at >> directLog
		}
		s := &chunks[c][at&(directSize-1)]
		if *s == 0 {
			g.n++
			*s = T(g.n)
			g.fresh = append(g.fresh, int32(rowOf(sel, k)))
		}
		out[k] = uint32(*s) - 1
	}
	return len(keys), true
}

// nullGroup is the group of NULL, made if need be.
func (g *groupTable) nullGroup(row int) uint32 {
	if g.null == noGroup {
		g.null = uint32(g.n)
		g.n++
		g.fresh = append(g.fresh, int32(row))
	}
	return g.null
}

// toDirect replaces the slots by an array if the keys so far lie close together.
func (g *groupTable) toDirect() bool {
	lo, hi, some := int64(0), int64(0), false
	for i := range g.slots {
		if s := &g.slots[i]; s.g != 0 {
			x := int64(s.k)
			if !some {
				lo, hi, some = x, x, true
			}
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	if !some || !directFits(lo, hi, g.n, max(g.spread, 1)) {
		return false
	}
	d := &directGroups{spread: max(g.spread, 1)}
	if g.n >= directNarrow {
		d.wide = []*directChunk[uint32]{}
	}
	if !d.cover(lo, g.n) || !d.cover(hi, g.n) {
		return false
	}
	for i := range g.slots {
		if s := &g.slots[i]; s.g != 0 {
			if !d.room(int64(s.k), g.n) {
				return false
			}
			at := s.k - uint64(d.base)
			if c, i := at>>directLog, at&(directSize-1); d.wide != nil {
				d.wide[c][i] = s.g
			} else {
				d.narrow[c][i] = uint16(s.g)
			}
		}
	}
	g.direct, g.slots = d, nil
	return true
}

// toSlots goes back to hashing when a key lies too far away.
func (g *groupTable) toSlots() {
	d := g.direct
	g.direct, g.noDirect = nil, true
	size := 1 << 8
	for size < (g.n+1)*2 {
		size *= 2
	}
	g.resize(size)
	d.widen()
	for c, chunk := range d.wide {
		if chunk == nil {
			continue
		}
		for i, s := range chunk {
			if s != 0 {
				g.place(d.base+int64(c)<<directLog+int64(i), s)
			}
		}
	}
}
