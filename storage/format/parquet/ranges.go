package parquet

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/sluicedb/sluice/storage/object"
)

// piece is bytes of a column chunk that a morsel needs: a page, or the whole
// chunk where no offset index says where its pages are. Pieces are what the cache
// keeps of remote files, whatever else a statement needs of the chunk.
type piece struct {
	fileRange
	dict int // the column of the request whose dictionary page this is, -1
}

// needs returns the pieces that the morsel's rows lie in, column by column, with
// dictionaries that the cache may hold decoded.
func (m *morsel) needs() []piece {
	var out []piece
	g := &m.sf.meta.groups[m.group]
	whole := func(leaf int) piece {
		ch := &g.cols[leaf]
		return piece{fileRange{ch.start(), min(ch.compressed, m.sf.meta.size-ch.start())}, -1}
	}
	seen := map[int]bool{}
	for i, c := range m.sf.cols {
		if c.nested != nil {
			for _, l := range nestedLeaves(c.nested, nil) {
				out = append(out, whole(l.leaf))
			}
		}
		if c.leaf == nil || seen[c.leaf.leaf] {
			continue
		}
		seen[c.leaf.leaf] = true
		var x *offsetIndex
		if m.index != nil {
			x = m.index.offsets[c.leaf.leaf]
		}
		if x == nil {
			out = append(out, whole(c.leaf.leaf))
			continue
		}
		if s := g.cols[c.leaf.leaf].start(); s < x.pages[0].off {
			out = append(out, piece{fileRange{s, x.pages[0].off - s}, i})
		}
		k := 0
		for pi, p := range x.pages {
			end := x.end(pi, int(g.rows))
			for k < len(m.ranges) && m.ranges[k].hi <= p.first {
				k++
			}
			if k == len(m.ranges) {
				break
			}
			if m.ranges[k].lo < end {
				out = append(out, piece{fileRange{p.off, p.size}, -1})
			}
		}
	}
	return out
}

// remoteCost is what n bytes of a remote file cost to bring, in nanoseconds: the
// processor's part of a transfer, and as much again for the share of a request.
func remoteCost(n int64) float64 { return float64(2*n) + 20000 }

func isLocal(url string) bool { return strings.HasPrefix(url, "file:") }

// fetched are the pieces of a morsel in memory.
type fetched struct {
	pieces []fetchedPiece // ascending
	fetch  *object.Fetch  // nil: all came from the cache
	dicts  []*cacheEntry  // decoded dictionaries that need not be fetched: they stay for the reader
}

type fetchedPiece struct {
	piece
	data  []byte
	lease *cacheEntry // data is the cache's
}

// fetch brings pieces of a row group into memory, from the cache where it has them.
func (sf *scanFile) fetch(ctx context.Context, group int, pieces []piece) (*fetched, error) {
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.off, b.off) })
	f := &fetched{pieces: make([]fetchedPiece, 0, len(pieces))}
	var ranges []object.Range
	var absent []int
	for _, p := range pieces {
		if p.dict >= 0 {
			if e := sf.f.cache.lease(sf.dictKey(group, p.dict)); e != nil {
				f.dicts = append(f.dicts, e)
				continue
			}
		}
		got := fetchedPiece{piece: p}
		if e := sf.f.cache.get(sf.rangeKey(p)); e != nil {
			if data := e.value.([]byte); int64(len(data)) == p.n {
				got.data, got.lease = data, e
				object.Meter(ctx).CountHit(len(data))
			} else {
				e.release()
			}
		}
		if got.lease == nil {
			ranges = append(ranges, object.Range{Off: p.off, Len: int(p.n)})
			absent = append(absent, len(f.pieces))
		}
		f.pieces = append(f.pieces, got)
	}
	if len(absent) == 0 {
		return f, nil
	}
	o := sf.f.reads(sf.src.url)
	o.Size = sf.src.size
	var err error
	if f.fetch, err = object.ReadRanges(ctx, sf.src.store, sf.src.url, sf.src.etag, ranges, o); err != nil {
		f.release()
		return nil, err
	}
	for k, i := range absent {
		if f.pieces[i].data, err = f.fetch.Get(k); err != nil {
			f.release()
			return nil, err
		}
	}
	return f, nil
}

// keep offers what was read to the cache. Called when the morsel has been read: a
// dictionary that the cache has decoded by then is not kept as it lies in the file too.
func (f *fetched) keep(sf *scanFile, group int) {
	for i := range f.pieces {
		p := &f.pieces[i]
		if p.lease != nil || p.dict >= 0 && sf.f.cache.has(sf.dictKey(group, p.dict)) {
			continue
		}
		key, cost := sf.rangeKey(p.piece), remoteCost(p.n)
		if !sf.f.cache.has(key) && sf.f.cache.wants(key, p.n, cost) {
			sf.f.cache.put(key, slices.Clone(p.data), p.n, cost).release()
		}
	}
}

// release gives the memory up.
func (f *fetched) release() {
	for _, e := range f.dicts {
		e.release()
	}
	for i := range f.pieces {
		f.pieces[i].lease.release()
	}
	if f.fetch != nil {
		f.fetch.Close()
	}
}

// rangeKey is the cache's key of bytes as they lie in the file.
func (sf *scanFile) rangeKey(p piece) cacheKey {
	return cacheKey{url: sf.src.url, etag: sf.src.etag, kind: kindRange, off: p.off}
}

// from returns the bytes from off to the end of the piece that it lies in, nil if it is in none.
func (f *fetched) from(off int64) []byte {
	if f == nil {
		return nil
	}
	i := sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i].off > off }) - 1
	if i < 0 || off >= f.pieces[i].off+f.pieces[i].n {
		return nil
	}
	return f.pieces[i].data[off-f.pieces[i].off:]
}

// find returns bytes off .. off+n-1, nil if they are not all in one piece, or are
// none: a page that claims to be too long leads behind the end of its column.
func (f *fetched) find(off, n int64) []byte {
	b := f.from(off)
	if n <= 0 || int64(len(b)) < n {
		return nil
	}
	return b[:n:n]
}
