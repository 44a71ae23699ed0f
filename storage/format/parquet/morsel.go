package parquet

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/storage/format"
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
	always []bool   // conjuncts that are true for every row
	mem    *fetched // nil: pages are read as needed
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
	var groups []int
	var always [][]bool
	for g := range sf.meta.groups {
		if sf.meta.groups[g].rows == 0 {
			continue
		}
		known, keep := sf.pruneGroup(g)
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
		groups, always = append(groups, g), append(always, known)
	}
	indexes, err := sf.groupIndexes(ctx, groups)
	if err != nil {
		return nil, err
	}
	for i, g := range groups {
		rows, index := int(sf.meta.groups[g].rows), indexes[i]
		ranges := sf.prunePages(g, index, []rowRange{{0, rows}})
		if len(ranges) == 0 {
			mt.RowGroupsPruned.Add(1)
			continue
		}
		for _, part := range sf.split(ranges, rows, index) {
			m := &morsel{sf: sf, group: g, ranges: part, index: index, always: always[i], seq: sf.task.Seq<<20 | uint64(len(out))}
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
	for _, p := range m.needs() {
		if p.dict < 0 || !m.sf.f.cache.has(m.sf.dictKey(m.group, p.dict)) {
			m.bytes += p.n
		}
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

// Rows, Bytes and Seq implement format.Morsel.
func (m *morsel) Rows() int64  { return m.rows }
func (m *morsel) Bytes() int64 { return m.bytes }
func (m *morsel) Seq() uint64  { return m.seq }

// Prune implements format.Morsel: it drops the rows that join filters exclude by
// the statistics of the row group and of its pages.
func (m *morsel) Prune() bool {
	data, cols := m.sf.readyFilters()
	if len(data) == 0 || m.mem != nil {
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

// Fetch implements format.Morsel. Local files are read as needed.
func (m *morsel) Fetch(ctx context.Context) (err error) {
	defer guard(m.sf.src.url, &err)
	if isLocal(m.sf.src.url) || m.mem != nil {
		return nil
	}
	m.mem, err = m.sf.fetch(ctx, m.group, m.needs())
	return err
}

// Release implements format.Morsel.
func (m *morsel) Release() {
	if m.mem != nil {
		m.mem.keep(m.sf, m.group)
		m.mem.release()
		m.mem = nil
	}
}

// dictKey is the cache's key of column i's dictionary in a row group.
func (sf *scanFile) dictKey(group, i int) cacheKey {
	return cacheKey{url: sf.src.url, etag: sf.src.etag, kind: kindDict, group: int32(group), leaf: int32(sf.cols[i].leaf.leaf), typ: sf.req.Columns[i].Type}
}
