package parquet

import (
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// pruneGroup asks the conjuncts about row group g by its statistics: keep is false
// if one is true for no row; always tells which are true for every row.
func (sf *scanFile) pruneGroup(g int) (always []bool, keep bool) {
	stats := func(id expr.ColumnID) (expr.ColStats, bool) {
		if i := sf.column(id); i >= 0 {
			return sf.groupStats(g, i)
		}
		return expr.ColStats{}, false
	}
	always = make([]bool, len(sf.req.Conjuncts))
	for i, e := range sf.req.Conjuncts {
		switch expr.Prune(sf.req.Env, e, stats) {
		case expr.None:
			return nil, false
		case expr.All:
			always[i] = true
		}
	}
	data, cols := sf.readyFilters()
	for i, d := range data {
		if st, ok := sf.groupStats(g, cols[i]); ok && d.Prune(st) == expr.None {
			return nil, false
		}
	}
	return always, true
}

// column returns the index of a column in the request, -1 if it is not there.
func (sf *scanFile) column(id expr.ColumnID) int {
	for i := range sf.req.Columns {
		if sf.req.Columns[i].ID == id {
			return i
		}
	}
	return -1
}

// prunePages drops the pages for which a conjunct over one column, or a join
// filter, is true for no row.
func (sf *scanFile) prunePages(g int, index *groupIndex, ranges []rowRange) []rowRange {
	if index == nil {
		return ranges
	}
	for _, e := range sf.req.Conjuncts {
		c := -1
		for _, id := range expr.ColsOf(e).IDs() {
			if i := sf.column(id); i >= 0 && sf.cols[i].value == nil {
				if c >= 0 || sf.cols[i].leaf == nil {
					c = -2
					break
				}
				c = i
			}
		}
		if c < 0 {
			continue
		}
		ranges = sf.dropPages(g, index, c, ranges, func(st expr.ColStats) bool {
			return expr.Prune(sf.req.Env, e, func(id expr.ColumnID) (expr.ColStats, bool) {
				if i := sf.column(id); i == c {
					return st, true
				} else if i >= 0 {
					return sf.groupStats(g, i)
				}
				return expr.ColStats{}, false
			}) == expr.None
		})
	}
	data, cols := sf.readyFilters()
	for i, d := range data {
		ranges = sf.dropPages(g, index, cols[i], ranges, func(st expr.ColStats) bool { return d.Prune(st) == expr.None })
	}
	return ranges
}

// dropPages takes the rows of the pages of column c for which drop is true out of
// ranges.
func (sf *scanFile) dropPages(g int, index *groupIndex, c int, ranges []rowRange, drop func(expr.ColStats) bool) []rowRange {
	leaf := sf.cols[c].leaf
	if leaf == nil || index == nil || index.offsets[leaf.leaf] == nil || index.columns[leaf.leaf] == nil {
		return ranges
	}
	x, ci := index.offsets[leaf.leaf], index.columns[leaf.leaf]
	rows := int(sf.meta.groups[g].rows)
	var out []rowRange
	k := 0
	for p := range x.pages {
		lo, hi := x.pages[p].first, x.end(p, rows)
		for k < len(ranges) && ranges[k].hi <= lo {
			k++
		}
		if k == len(ranges) {
			break
		}
		if ranges[k].lo >= hi {
			continue
		}
		if drop(sf.pageStats(c, ci, p, int64(hi-lo))) {
			continue
		}
		for j := k; j < len(ranges) && ranges[j].lo < hi; j++ {
			r := rowRange{max(lo, ranges[j].lo), min(hi, ranges[j].hi)}
			if l := len(out); l > 0 && out[l-1].hi == r.lo {
				out[l-1].hi = r.hi
			} else {
				out = append(out, r)
			}
		}
	}
	return out
}

// groupStats returns what the footer says about column i of row group g.
func (sf *scanFile) groupStats(g, i int) (expr.ColStats, bool) {
	sc, rows := &sf.cols[i], sf.meta.groups[g].rows
	st := expr.ColStats{NullCount: -1, Rows: rows}
	if sc.value != nil {
		v := vector.ValueAt(sc.value, 0)
		if v.Null {
			st.NullCount = rows
			return st, true
		}
		st.NullCount, st.Min, st.Max = 0, v, v
		st.HasMin, st.HasMax, st.MinExact, st.MaxExact = true, true, true, true
		return st, true
	}
	if sc.leaf == nil {
		return st, false
	}
	s := &sf.meta.groups[g].cols[sc.leaf.leaf].stats
	lo, hi := s.min, s.max
	if !sf.meta.typeOrdered[sc.leaf.leaf] && !signedOrder(sc.leaf) {
		lo, hi = nil, nil
	}
	if lo == nil && hi == nil && signedOrder(sc.leaf) {
		lo, hi = s.oldMin, s.oldMax
	}
	st.NullCount = nullCount(sc.leaf, s.nulls, rows)
	sf.bounds(&st, sc, sf.req.Columns[i].Type, lo, hi)
	if sc.leaf.phys == physBytes || sc.leaf.phys == physFixed {
		st.MinExact, st.MaxExact = st.HasMin && s.minExact, st.HasMax && s.maxExact
	} else {
		st.MinExact, st.MaxExact = st.HasMin, st.HasMax
	}
	return st, true
}

// nullCount checks a claimed number of NULLs; -1 if it cannot be right.
func nullCount(leaf *node, n, rows int64) int64 {
	switch {
	case leaf.maxDef == 0:
		return 0
	case n < 0 || n > rows:
		return -1
	}
	return n
}

// pageStats returns what the column index says about page p of column i.
func (sf *scanFile) pageStats(i int, ci *columnIndex, p int, rows int64) expr.ColStats {
	sc := &sf.cols[i]
	st := expr.ColStats{NullCount: -1, Rows: rows}
	if ci.nulls != nil {
		st.NullCount = nullCount(sc.leaf, ci.nulls[p], rows)
	}
	if ci.nullPages[p] {
		if sc.leaf.maxDef > 0 && (ci.nulls == nil || ci.nulls[p] == rows) {
			st.NullCount = rows
		}
		return st
	}
	if sf.meta.typeOrdered[sc.leaf.leaf] || signedOrder(sc.leaf) {
		sf.bounds(&st, sc, sf.req.Columns[i].Type, ci.min[p], ci.max[p])
	}
	return st
}

// signedOrder reports whether comparing a leaf's physical values as signed numbers
// is its order: then bounds of writers that knew no other order can be used.
func signedOrder(leaf *node) bool {
	switch leaf.phys {
	case physBool, physFloat, physDouble:
		return true
	case physInt32, physInt64:
		return leaf.log.kind != logInt || leaf.log.signed
	}
	return false
}

// bounds converts raw bounds to the column's type. Bounds that cannot be trusted
// or converted are left out, both together.
func (sf *scanFile) bounds(st *expr.ColStats, sc *scanColumn, t sql.Type, lo, hi []byte) {
	leaf := sc.leaf
	switch leaf.phys {
	case physInt96:
		return // no order is defined
	case physFloat, physDouble:
		st.MayHaveNaN = true
	case physFixed:
		if leaf.log.kind == logFloat16 || leaf.log.kind == logInterval {
			return
		}
	}
	switch t.OID {
	case sql.OIDBpchar, sql.OIDJSON, sql.OIDJSONB:
		return // ordered otherwise than bytewise
	}
	if lo != nil {
		st.Min, st.HasMin = boundValue(sc, t, lo)
	}
	if hi != nil {
		st.Max, st.HasMax = boundValue(sc, t, hi)
	}
	if lo != nil && !st.HasMin || hi != nil && !st.HasMax ||
		st.HasMin && st.HasMax && vector.CompareValues(&st.Min, &st.Max) > 0 {
		st.HasMin, st.HasMax = false, false
	}
}

// boundValue converts one bound; it is in PLAIN encoding without a length.
func boundValue(sc *scanColumn, t sql.Type, b []byte) (sql.Value, bool) {
	leaf, cv := sc.leaf, sc.conv
	if cv.str {
		if cv.text != nil {
			if len(b) != leaf.typeLen {
				return sql.Value{}, false
			}
			b = cv.text(nil, b)
		}
		if cv.maxChars > 0 {
			b = cutChars(b, cv.maxChars)
		}
		return sql.Value{Type: t, S: string(b)}, true
	}
	v := vector.Vec{Type: t, Layout: cv.layout, N: 1, Data: vector.Bytes(make([]uint64, 4))[:cv.layout.Size()]}
	if leaf.phys == physBytes {
		if cv.bytes == nil || !cv.bytes(v.Data, 0, b) {
			return sql.Value{}, false
		}
		return vector.ValueAt(&v, 0), true
	}
	w := physWidth(leaf)
	if len(b) != w {
		return sql.Value{}, false
	}
	switch leaf.phys {
	case physBool:
		if b[0] > 1 {
			return sql.Value{}, false
		}
	case physFloat:
		if f := math.Float32frombits(le32(b)); f != f {
			return sql.Value{}, false
		}
	case physDouble:
		if f := math.Float64frombits(le64(b)); f != f {
			return sql.Value{}, false
		}
	}
	src := vector.Bytes(make([]uint64, (w+7)/8))
	copy(src, b)
	if cv.identity {
		copy(v.Data, src)
	} else if cv.fixed(v.Data, src[:w], 1, nil) >= 0 {
		return sql.Value{}, false
	}
	return vector.ValueAt(&v, 0), true
}
