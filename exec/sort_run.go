package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// sortSpec is an ordering of rows as planned.
type sortSpec struct {
	keys  []sortKey
	types []sql.Type // of the rows
	limit int64      // > 0: only so many rows are wanted
	width int        // bytes of a key, 0 if they vary
	node  *counters
}

type sortKey struct {
	at    int
	order vector.KeyOrder
}

func newSortSpec(types []sql.Type, keys []sortKey, limit int64, node *counters) *sortSpec {
	s := &sortSpec{keys: keys, types: types, limit: limit, node: node}
	for _, k := range keys {
		w := vector.SortKeyWidth(types[k.at])
		if w == 0 {
			s.width = 0
			return s
		}
		s.width += w
	}
	return s
}

// sortEntry is a row in a run: the first bytes of its key as a number, its row
// number, and where the key lies.
type sortEntry struct {
	prefix uint64
	row    uint32
	size   uint32
	chunk  uint32
	off    uint32
}

// keyArena holds encoded keys in chunks.
type keyArena struct {
	chunks [][]byte
	bytes  int64
}

const keyChunk = 256 << 10

func (a *keyArena) put(k []byte) (chunk, off uint32) {
	n := len(a.chunks) - 1
	if n < 0 || cap(a.chunks[n])-len(a.chunks[n]) < len(k) {
		size := keyChunk
		if n < 0 {
			size = 4 << 10
		}
		a.chunks = append(a.chunks, make([]byte, 0, max(size, len(k))))
		n++
		a.bytes += int64(cap(a.chunks[n]))
	}
	off = uint32(len(a.chunks[n]))
	a.chunks[n] = append(a.chunks[n], k...)
	return uint32(n), off
}

func (a *keyArena) key(e *sortEntry) []byte {
	return a.chunks[e.chunk][e.off : e.off+e.size]
}

// sortRun is rows with their keys, sorted when it is finished.
type sortRun struct {
	spec    *sortSpec
	rows    *rowSet
	entries []sortEntry
	arena   keyArena
}

func newSortRun(spec *sortSpec) *sortRun {
	return &sortRun{spec: spec, rows: newRowSet(spec.types)}
}

func (r *sortRun) bytes() int64 {
	return r.rows.bytes() + int64(cap(r.entries))*24 + r.arena.bytes
}

// encode writes the keys of the selected rows to buf, one after the other; ends[k]
// is where the k-th ends.
func (s *sortSpec) encode(cols []*vector.Vec, sel []int32, n int, buf []byte, ends []int32) ([]byte, []int32) {
	if sel != nil {
		n = len(sel)
	}
	buf, ends = buf[:0], ends[:0]
	if s.width > 0 {
		if cap(buf) < n*s.width {
			buf = make([]byte, n*s.width)
		}
		buf = buf[:n*s.width]
		off := 0
		for _, k := range s.keys {
			vector.EncodeSortKeys(cols[k.at], sel, n, k.order, buf, off, s.width)
			off += vector.SortKeyWidth(s.types[k.at])
		}
		for k := range n {
			ends = append(ends, int32((k+1)*s.width))
		}
		return buf, ends
	}
	for k := range n {
		i := rowOf(sel, k)
		for _, key := range s.keys {
			buf = vector.AppendSortKey(buf, cols[key.at], i, key.order)
		}
		ends = append(ends, int32(len(buf)))
	}
	return buf, ends
}

// prefixOf is the first 8 bytes of a key as a number of the same order.
func prefixOf(k []byte) uint64 {
	if len(k) >= 8 {
		return binary.BigEndian.Uint64(k)
	}
	var b [8]byte
	copy(b[:], k)
	return binary.BigEndian.Uint64(b[:])
}

// add appends rows whose keys are already encoded; ks are the keys to take.
func (r *sortRun) add(cols []*vector.Vec, sel []int32, n int, buf []byte, ends []int32) {
	if sel != nil {
		n = len(sel)
	}
	base := r.rows.n
	r.rows.add(cols, sel, n)
	lo := int32(0)
	for k := range n {
		key := buf[lo:ends[k]]
		lo = ends[k]
		e := sortEntry{prefix: prefixOf(key), row: uint32(base + k), size: uint32(len(key))}
		if len(key) > 8 {
			e.chunk, e.off = r.arena.put(key)
		}
		r.entries = append(r.entries, e)
	}
}

// compare orders two entries; equal keys are in the order in which they came.
func (r *sortRun) compare(a, b *sortEntry) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	if a.size > 8 || b.size > 8 {
		if c := bytes.Compare(r.full(a), r.full(b)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.row, b.row)
}

// full is an entry's key; short ones have no more than their prefix, and no two
// different keys have equal prefixes if one is short.
func (r *sortRun) full(e *sortEntry) []byte {
	if e.size <= 8 {
		return nil
	}
	return r.arena.key(e)
}

// sort orders the entries: by the first 8 bytes of their keys, those that agree in
// them by the next 8, and so on, so that a key is looked up once for 8 bytes and not
// once for a comparison.
func (r *sortRun) sort() {
	if len(r.entries) < fewEntries {
		slices.SortFunc(r.entries, func(a, b sortEntry) int { return r.compare(&a, &b) })
		return
	}
	tmp := make([]sortEntry, len(r.entries))
	radix(r.entries, tmp)
	if r.spec.width == 0 || r.spec.width > 8 {
		r.ties(r.entries, tmp, 8)
	}
}

// Entries below which comparing is faster than counting digits, and than looking
// their keys up.
const (
	fewEntries = 512
	fewTies    = 16
)

// ties sorts the runs of entries with equal prefixes, which agree in the first depth
// bytes of their keys.
func (r *sortRun) ties(e, tmp []sortEntry, depth int) {
	for lo := 0; lo < len(e); {
		hi := lo + 1
		for hi < len(e) && e[hi].prefix == e[lo].prefix {
			hi++
		}
		if hi-lo > 1 {
			r.tied(e[lo:hi], tmp[lo:hi], depth)
		}
		lo = hi
	}
}

// tied sorts entries with one prefix, which it leaves as it is.
func (r *sortRun) tied(e, tmp []sortEntry, depth int) {
	prefix := e[0].prefix
	size, ends := e[0].size, true
	for i := range e {
		ends = ends && e[i].size == size
		size = max(size, e[i].size)
	}
	switch {
	case int(size) <= depth && ends:
		return // equal keys, in the order in which they came
	case len(e) < fewTies || int(size) <= depth:
		slices.SortFunc(e, func(a, b sortEntry) int {
			if c := bytes.Compare(r.full(&a), r.full(&b)); c != 0 {
				return c
			}
			return cmp.Compare(a.row, b.row)
		})
		return
	}
	for i := range e {
		k := r.full(&e[i])
		e[i].prefix = prefixOf(k[min(depth, len(k)):])
	}
	if len(e) < fewEntries {
		slices.SortFunc(e, func(a, b sortEntry) int {
			if a.prefix != b.prefix {
				return cmp.Compare(a.prefix, b.prefix)
			}
			return cmp.Compare(a.row, b.row)
		})
	} else {
		radix(e, tmp)
	}
	r.ties(e, tmp, depth+8)
	for i := range e {
		e[i].prefix = prefix
	}
}

// radix sorts entries by prefix, stably, with tmp, as long as e, to work in; bytes
// that are the same in all entries cost nothing.
func radix(e, tmp []sortEntry) {
	var counts [8][256]uint32
	for i := range e {
		p := e[i].prefix
		for b := range counts {
			counts[b][byte(p>>(8*b))]++
		}
	}
	from, to := e, tmp
	for b := range counts {
		c := &counts[b]
		if c[byte(e[0].prefix>>(8*b))] == uint32(len(e)) {
			continue
		}
		sum := uint32(0)
		for d := range c {
			c[d], sum = sum, sum+c[d]
		}
		for i := range from {
			d := byte(from[i].prefix >> (8 * b))
			to[c[d]] = from[i]
			c[d]++
		}
		from, to = to, from
	}
	if &from[0] != &e[0] {
		copy(e, from)
	}
}

// prune keeps the first limit rows only, in order.
func (r *sortRun) prune(limit int) {
	r.sort()
	if len(r.entries) > limit {
		r.entries = r.entries[:limit]
	}
	keep := newSortRun(r.spec)
	var rd rowReader
	ids := make([]uint32, len(r.entries))
	for i := range r.entries {
		ids[i] = r.entries[i].row
	}
	for lo := 0; lo < len(ids); lo += vector.BatchSize {
		b := rd.gather(r.rows, ids[lo:min(lo+vector.BatchSize, len(ids))])
		keep.rows.add(b.Cols, nil, b.N)
	}
	for i, e := range r.entries {
		if e.size > 8 {
			e.chunk, e.off = keep.arena.put(r.arena.key(&e))
		}
		e.row = uint32(i)
		keep.entries = append(keep.entries, e)
	}
	r.rows, r.entries, r.arena = keep.rows, keep.entries, keep.arena
}
