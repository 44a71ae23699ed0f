package parquet

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
)

// rowRange is rows lo .. hi-1 of a row group.
type rowRange struct{ lo, hi int }

// morsel is a row group, or a part of its rows.
type morsel struct {
	sf     *scanFile
	group  int
	rows   int64
	ranges []rowRange // ascending, apart; what page pruning left
	seq    uint64
	index  *groupIndex // nil: none
	bytes  int64
	always []bool // conjuncts that are true for every row
	fetch  *object.Fetch
	mem    fetched
}

// splitRows is from how many rows on a row group is divided, and about how many
// rows a part has.
const splitRows = 256 << 10

// smallSplit is the least rows of a part of a file with one row group.
const smallSplit = 32 << 10

func (sf *scanFile) morsels(ctx context.Context) ([]format.Morsel, error) {
	var out []format.Morsel
	mt := sf.req.Metrics
	if mt == nil {
		mt = new(format.Metrics)
	}
	for g := range sf.meta.groups {
		rows := int(sf.meta.groups[g].rows)
		if rows == 0 {
			continue
		}
		always, keep := sf.pruneGroup(g)
		if keep {
			ok, err := sf.bloomKeeps(ctx, g)
			if err != nil {
				return nil, err
			}
			if keep = ok; !ok {
				mt.BloomPruned.Add(1)
			}
		}
		if !keep {
			mt.RowGroupsPruned.Add(1)
			continue
		}
		index, err := sf.groupIndex(ctx, g)
		if err != nil {
			return nil, err
		}
		ranges := sf.prunePages(g, index, []rowRange{{0, rows}})
		if len(ranges) == 0 {
			mt.RowGroupsPruned.Add(1)
			continue
		}
		for _, part := range sf.split(ranges, rows, index) {
			m := &morsel{sf: sf, group: g, ranges: part, index: index, always: always, seq: sf.task.Seq<<20 | uint64(len(out))}
			m.measure()
			out = append(out, m)
		}
	}
	if len(out) == 0 && len(sf.meta.groups) > 0 {
		mt.FilesPruned.Add(1)
	}
	return out, nil
}

// measure counts the rows and bytes that are left.
func (m *morsel) measure() {
	m.rows, m.bytes = 0, 0
	for _, r := range m.ranges {
		m.rows += int64(r.hi - r.lo)
	}
	for _, r := range m.needs() {
		m.bytes += r.n
	}
}

// split divides the rows left of a row group among morsels.
func (sf *scanFile) split(ranges []rowRange, rows int, index *groupIndex) [][]rowRange {
	size := splitRows / 2
	if rows < splitRows {
		if len(sf.meta.groups) > 1 || rows < 2*smallSplit || index == nil {
			return [][]rowRange{ranges}
		}
		size = max(smallSplit, rows/2)
	}
	var cuts []int // where pages of the first column with an index begin
	if index != nil {
		for _, c := range sf.cols {
			if c.leaf != nil && index.offsets[c.leaf.leaf] != nil {
				for _, p := range index.offsets[c.leaf.leaf].pages {
					cuts = append(cuts, p.first)
				}
				break
			}
		}
	}
	if cuts == nil {
		if rows < splitRows {
			return [][]rowRange{ranges}
		}
		for r := 0; r < rows; r += size {
			cuts = append(cuts, r)
		}
	}
	var out [][]rowRange
	var cur []rowRange
	n, k := 0, 0
	for _, r := range ranges {
		for r.lo < r.hi {
			for k < len(cuts) && cuts[k] <= r.lo {
				k++
			}
			hi := r.hi
			if k < len(cuts) {
				hi = min(hi, cuts[k])
			}
			if l := len(cur); l > 0 && cur[l-1].hi == r.lo {
				cur[l-1].hi = hi
			} else {
				cur = append(cur, rowRange{r.lo, hi})
			}
			n += hi - r.lo
			r.lo = hi
			if n >= size && k < len(cuts) && rows-hi >= size/2 {
				out, cur, n = append(out, cur), nil, 0
			}
		}
	}
	if len(cur) > 0 {
		out = append(out, cur)
	}
	return out
}

// needs returns the byte ranges of the pages that the morsel's rows lie in,
// dictionaries included, column by column.
func (m *morsel) needs() []fileRange {
	var out []fileRange
	g := &m.sf.meta.groups[m.group]
	seen := map[int]bool{}
	for i, c := range m.sf.cols {
		if c.nested != nil {
			for _, l := range nestedLeaves(c.nested, nil) {
				ch := &g.cols[l.leaf]
				out = append(out, fileRange{ch.start(), min(ch.compressed, m.sf.meta.size-ch.start())})
			}
		}
		if c.leaf == nil || seen[c.leaf.leaf] {
			continue
		}
		seen[c.leaf.leaf] = true
		ch := &g.cols[c.leaf.leaf]
		var x *offsetIndex
		if m.index != nil {
			x = m.index.offsets[c.leaf.leaf]
		}
		if x == nil {
			out = append(out, fileRange{ch.start(), min(ch.compressed, m.sf.meta.size-ch.start())})
			continue
		}
		if s := ch.start(); s < x.pages[0].off && !m.sf.f.cache.has(m.sf.dictKey(m.group, i)) {
			out = append(out, fileRange{s, x.pages[0].off - s})
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
			if m.ranges[k].lo >= end {
				continue
			}
			if l := len(out); l > 0 && out[l-1].off+out[l-1].n == p.off {
				out[l-1].n += p.size
			} else {
				out = append(out, fileRange{p.off, p.size})
			}
		}
	}
	return out
}

// Rows, Bytes and Seq implement format.Morsel.
func (m *morsel) Rows() int64  { return m.rows }
func (m *morsel) Bytes() int64 { return m.bytes }
func (m *morsel) Seq() uint64  { return m.seq }

// Prune implements format.Morsel: it drops the rows that join filters exclude by
// the statistics of the row group and of its pages.
func (m *morsel) Prune() bool {
	data, cols := m.sf.readyFilters()
	if len(data) == 0 || m.fetch != nil {
		return false
	}
	mt := m.sf.req.Metrics
	for i, d := range data {
		if st, ok := m.sf.groupStats(m.group, cols[i]); ok && d.Prune(st) == expr.None {
			m.ranges = nil
			break
		}
		m.ranges = m.sf.dropPages(m.group, m.index, cols[i], m.ranges, func(st expr.ColStats) bool { return d.Prune(st) == expr.None })
	}
	if len(m.ranges) == 0 {
		if mt != nil {
			mt.RowGroupsPruned.Add(1)
		}
		return true
	}
	m.measure()
	return false
}

// local reports whether the file is read in place.
func (m *morsel) local() bool { return strings.HasPrefix(m.sf.src.url, "file:") }

// Fetch implements format.Morsel. Local files are read as needed.
func (m *morsel) Fetch(ctx context.Context) (err error) {
	defer guard(m.sf.src.url, &err)
	if m.local() || m.fetch != nil {
		return nil
	}
	var ranges []object.Range
	for _, r := range m.needs() {
		ranges = append(ranges, object.Range{Off: r.off, Len: int(r.n)})
	}
	slices.SortFunc(ranges, func(a, b object.Range) int { return cmp.Compare(a.Off, b.Off) })
	o := m.sf.f.reads(m.sf.src.url)
	o.Size = m.sf.src.size
	f, err := object.ReadRanges(ctx, m.sf.src.store, m.sf.src.url, m.sf.src.etag, ranges, o)
	if err != nil {
		return err
	}
	mem := make(fetched, len(ranges))
	for i, r := range ranges {
		b, err := f.Get(i)
		if err != nil {
			f.Close()
			return err
		}
		mem[i] = fetchedRange{r.Off, b}
	}
	m.fetch, m.mem = f, mem
	return nil
}

// Release implements format.Morsel.
func (m *morsel) Release() {
	if m.fetch != nil {
		m.fetch.Close()
	}
	m.fetch, m.mem = nil, nil
}

// dictKey is the cache's key of column i's dictionary in a row group.
func (sf *scanFile) dictKey(group, i int) cacheKey {
	return cacheKey{url: sf.src.url, etag: sf.src.etag, kind: kindDict, group: int32(group), leaf: int32(sf.cols[i].leaf.leaf), typ: sf.req.Columns[i].Type}
}
