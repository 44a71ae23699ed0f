package exec

// directGroups finds the group of an integer key by the key itself: an array over
// the range of the keys, in chunks that are made when a key falls into them. It
// serves keys that lie close together, which is what identifiers do; unlike a hash
// table it keeps the locality of keys that come in order.
type directGroups struct {
	base   int64 // key of the first entry, a multiple of a chunk's size
	chunks [][]uint32
	made   int // chunks that are there
	spread int // 1 in how many chunks can get keys
}

const (
	directLog  = 12
	directSize = 1 << directLog
	// Entries a group that the range of the keys may take, at most.
	directSparse = 12
	directFree   = 1 << 16
)

// directFits reports whether keys of the range may be found directly.
func directFits(lo, hi int64, groups, spread int) bool {
	span := (uint64(hi) - uint64(lo)) / uint64(spread)
	return span < directFree || span < uint64(groups)*directSparse
}

// slot is the entry of key x (group+1; 0: none), nil if it is out of the range that
// the directory may cover with so many groups.
func (d *directGroups) slot(x int64, groups int) *uint32 {
	at := uint64(x) - uint64(d.base)
	c := at >> directLog
	if c >= uint64(len(d.chunks)) {
		if !d.cover(x, groups) {
			return nil
		}
		at = uint64(x) - uint64(d.base)
		c = at >> directLog
	}
	if d.chunks[c] == nil {
		if (d.made+1)<<directLog > groups*directSparse*2+directFree*4 {
			return nil
		}
		d.chunks[c] = make([]uint32, directSize)
		d.made++
	}
	return &d.chunks[c][at&(directSize-1)]
}

// cover widens the directory so that it takes x.
func (d *directGroups) cover(x int64, groups int) bool {
	lo, hi := x, x
	if len(d.chunks) > 0 {
		lo, hi = min(lo, d.base), max(hi, d.base+int64(len(d.chunks))<<directLog-1)
	}
	if (uint64(hi)-uint64(lo))/uint64(d.spread) > uint64(groups)*directSparse*2+directFree*4 || lo < -1<<62 || hi > 1<<62 {
		return false
	}
	base := lo &^ (directSize - 1)
	n := int((uint64(hi)-uint64(base))>>directLog) + 1
	chunks := make([][]uint32, n, n+n/4)
	if len(d.chunks) > 0 {
		copy(chunks[(d.base-base)>>directLog:], d.chunks)
	}
	d.base, d.chunks = base, chunks
	return true
}

func (d *directGroups) bytes() int64 { return int64(d.made)*directSize*4 + int64(cap(d.chunks))*24 }

// insertDirect finds or makes the groups of keys; it gives up (false) at the first
// key that lies too far away, with the k-th and later ones to be done.
func (g *groupTable) insertDirect(keys []int64, nulls bool, sel []int32, out []uint32) (int, bool) {
	d := g.direct
	for k, x := range keys {
		if nulls && g.isNull[k] {
			out[k] = g.nullGroup(rowOf(sel, k))
			continue
		}
		at := uint64(x) - uint64(d.base)
		var s *uint32
		if c := at >> directLog; c < uint64(len(d.chunks)) && d.chunks[c] != nil {
			s = &d.chunks[c][at&(directSize-1)]
		} else if s = d.slot(x, g.n); s == nil {
			return k, false
		}
		if *s == 0 {
			g.n++
			*s = uint32(g.n)
			g.fresh = append(g.fresh, int32(rowOf(sel, k)))
		}
		out[k] = *s - 1
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
	if !d.cover(lo, g.n) || !d.cover(hi, g.n) {
		return false
	}
	for i := range g.slots {
		if s := &g.slots[i]; s.g != 0 {
			at := d.slot(int64(s.k), g.n)
			if at == nil {
				return false
			}
			*at = s.g
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
	for c, chunk := range d.chunks {
		for i, s := range chunk {
			if s != 0 {
				g.place(d.base+int64(c)<<directLog+int64(i), s)
			}
		}
	}
}
