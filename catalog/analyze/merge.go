package analyze

import (
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/vector"
)

// Merger adds up statistics of parts that have no row in common.
type Merger struct {
	sum  model.TableStats
	cols map[string]*column
}

type column struct {
	model.ColumnStats
	rows    int64 // of the parts that said something of the column
	unbound bool  // a part with values did not know its bounds
	sketch  *Sketch
	partial bool // a part had no sketch
}

// NewMerger returns an empty one.
func NewMerger() *Merger { return &Merger{cols: map[string]*column{}} }

// Add adds a part.
func (m *Merger) Add(s *model.TableStats) {
	for name, c := range s.Columns {
		have := m.cols[name]
		if have == nil {
			// Parts before it did not have the column: NULL there.
			have = &column{ColumnStats: model.ColumnStats{Nulls: m.sum.Rows}, rows: m.sum.Rows, sketch: NewSketch()}
			m.cols[name] = have
		}
		have.add(c, s.Rows)
	}
	for name, c := range m.cols {
		if _, ok := s.Columns[name]; !ok {
			c.Nulls += s.Rows
			c.rows += s.Rows
		}
	}
	m.sum.Rows += s.Rows
	m.sum.Bytes += s.Bytes
	m.sum.Files += s.Files
}

func (c *column) add(s model.ColumnStats, rows int64) {
	values := rows - s.Nulls
	if values > 0 {
		if !s.HasMin || !s.HasMax {
			c.unbound = true
		}
		if s.HasMin && (!c.HasMin || vector.CompareValues(&s.Min, &c.Min) < 0) {
			c.Min, c.HasMin = s.Min, true
		}
		if s.HasMax && (!c.HasMax || vector.CompareValues(&s.Max, &c.Max) > 0) {
			c.Max, c.HasMax = s.Max, true
		}
		if have := c.rows - c.Nulls; have+values > 0 {
			c.AvgLen = (c.AvgLen*float64(have) + s.AvgLen*float64(values)) / float64(have+values)
		}
		if len(s.Sketch) > 0 {
			c.partial = !c.sketch.Merge(s.Sketch) || c.partial
		} else {
			c.partial = true
		}
	}
	c.Distinct = max(c.Distinct, s.Distinct)
	c.Nulls += s.Nulls
	c.Bytes += s.Bytes
	c.rows += rows
}

// Result returns the sum. Bounds that a part with values did not know are left
// out; so is a sketch that does not cover all parts.
func (m *Merger) Result(now time.Time) *model.TableStats {
	out := m.sum
	out.Analyzed = now
	out.Columns = make(map[string]model.ColumnStats, len(m.cols))
	for name, c := range m.cols {
		s := c.ColumnStats
		if c.unbound {
			s.HasMin, s.HasMax = false, false
		}
		if !c.partial && c.rows > c.Nulls {
			s.Distinct = c.sketch.Count()
			if b, err := c.sketch.Bytes(); err == nil {
				s.Sketch = b
			}
		}
		out.Columns[name] = s
	}
	return &out
}
