// Package place turns a logical plan into a physical one: it estimates
// cardinalities, orders joins, chooses build sides, decides where runtime filters
// go, and prices the result.
package place

import (
	"context"
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

// TableFacts is what is known of a table before it is read.
type TableFacts struct {
	// Rows and Bytes (stored, all columns) are after partition pruning; Rows < 0: unknown.
	Rows, Bytes float64
	// Facts are what EXPLAIN shows of pruning.
	Facts physical.ScanFacts
	// Columns are statistics by column name, of the whole table or the kept partitions.
	Columns map[string]model.ColumnStats
}

// Statistics answers for tables. An implementation takes, in order, the catalog's
// statistics, cached footers, at most 64 sampled footers; it never reads more.
type Statistics interface {
	// Table returns facts of the scan's table under its filter: partitions are pruned
	// by the conjuncts over partition keys.
	Table(ctx context.Context, s *logical.Scan) (TableFacts, error)
}

// defaultRows is assumed for a table of which nothing is known.
const defaultRows = 1e5

// colStat describes the values of one column.
type colStat struct {
	distinct float64 // 0: unknown
	// bound: distinct is but an upper bound, from the range and the row count.
	bound bool
	// domain is the number of values in the table before conditions on the column.
	domain float64
	// key: as many values as rows before conditions, as far as is known.
	key bool
	// derived: the range is a guess about an aggregate's results.
	derived  bool
	nulls    float64 // fraction
	width    float64 // bytes in memory
	stored   float64 // bytes in files, 0 unknown
	min, max float64
	ranged   bool
}

// typeWidth is the usual size of a value in memory, in bytes.
func typeWidth(t sql.Type) float64 {
	switch t.OID {
	case sql.OIDBool:
		return 1
	case sql.OIDInt2:
		return 2
	case sql.OIDInt4, sql.OIDFloat4, sql.OIDDate, sql.OIDOid:
		return 4
	case sql.OIDInt8, sql.OIDFloat8, sql.OIDTimestamp, sql.OIDTimestamptz, sql.OIDTime:
		return 8
	case sql.OIDNumeric:
		switch {
		case !t.Dec.Static():
			return 24
		case t.Dec.P <= 18:
			return 8
		}
		return 16
	case sql.OIDUUID, sql.OIDInterval:
		return 16
	}
	return 32
}

// number maps an ordered value to a number for interpolation.
func number(v *sql.Value) (float64, bool) {
	if v.Null {
		return 0, false
	}
	switch v.Type.OID {
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDOid, sql.OIDBool:
		return float64(v.I), true
	case sql.OIDDate:
		if v.I == sql.InfinityI || v.I == sql.NegInfinityI {
			return 0, false
		}
		return float64(v.I) * 86400e6, true // the same unit as timestamps
	case sql.OIDTimestamp, sql.OIDTimestamptz, sql.OIDTime:
		if v.I == sql.InfinityI || v.I == sql.NegInfinityI {
			return 0, false
		}
		return float64(v.I), true
	case sql.OIDFloat4, sql.OIDFloat8:
		f := math.Float64frombits(uint64(v.I))
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	case sql.OIDNumeric:
		if v.Num.Kind != sql.NumFinite {
			return 0, false
		}
		c := v.Num.Coef
		return (float64(c.Hi)*math.Exp2(64) + float64(c.Lo)) * math.Pow(10, -float64(v.Num.Scale)), true
	}
	return 0, false
}

// columnStat makes the statistics of a scanned column from the table's facts.
func columnStat(col logical.Col, f *TableFacts, rows float64) colStat {
	s := colStat{width: typeWidth(col.T)}
	cs, ok := f.Columns[col.Name]
	if !ok {
		s.distinct = guessDistinct(col.T, rows, float64(cs.Bytes))
		s.domain = s.distinct
		return s
	}
	if rows > 0 && cs.Nulls > 0 {
		s.nulls = min(float64(cs.Nulls)/rows, 1)
	}
	if cs.AvgLen > 0 {
		s.width = max(cs.AvgLen, 1)
		if col.T.IsString() {
			s.width += 16
		}
	}
	s.stored = float64(cs.Bytes)
	if cs.HasMin && cs.HasMax {
		lo, ok1 := number(&cs.Min)
		hi, ok2 := number(&cs.Max)
		s.min, s.max, s.ranged = lo, hi, ok1 && ok2 && hi >= lo
	}
	switch {
	case cs.Distinct > 0:
		s.distinct = min(float64(cs.Distinct), max(rows, 1))
	case s.ranged && (col.T.IsInteger() || col.T.OID == sql.OIDOid):
		s.distinct, s.bound = min(s.max-s.min+1, max(rows, 1)), true
	case s.ranged && col.T.OID == sql.OIDDate:
		s.distinct = min((s.max-s.min)/86400e6+1, max(rows, 1))
	default:
		s.distinct = guessDistinct(col.T, rows, float64(cs.Bytes))
	}
	s.domain = s.distinct
	s.key = s.distinct >= 0.99*rows
	return s
}

// guessDistinct is the default number of distinct values. Stored bytes tell most:
// a dictionary-coded column of d values takes log2(d) bits a row.
func guessDistinct(t sql.Type, rows, stored float64) float64 {
	if t.OID == sql.OIDBool {
		return 2
	}
	if stored > 0 && rows > 0 {
		if bits := 8 * stored / rows; bits < 24 {
			return max(min(math.Exp2(bits), rows), 1)
		}
		return max(rows/2, 1)
	}
	if t.IsInteger() {
		return max(rows/10, 1)
	}
	return max(math.Sqrt(rows), 1)
}

// stat returns what is known of a column; defaults if nothing.
func (b *builder) stat(id expr.ColumnID) colStat {
	if s, ok := b.stats[id]; ok {
		return s
	}
	return colStat{distinct: 200, width: 16}
}

func (b *builder) distinct(id expr.ColumnID) float64 { return max(b.stat(id).distinct, 1) }

// rowWidth is the size of a row of the columns in need, in bytes.
func (b *builder) rowWidth(cols []logical.Col, need expr.ColSet) float64 {
	w := 0.0
	for _, c := range cols {
		if need.Has(c.ID) {
			w += b.stat(c.ID).width
		}
	}
	return w
}
