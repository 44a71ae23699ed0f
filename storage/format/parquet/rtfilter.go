package parquet

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// runtimeFilter is a join filter as a step of a scan. Until it is published the
// step is not among those that run.
type runtimeFilter struct {
	f    *expr.RuntimeFilter
	data *expr.FilterData
}

// test appends to out the rows of b's only column that pass.
func (r *runtimeFilter) test(b *vector.Batch, sel, out []int32) []int32 {
	return r.data.Select(b.Cols[0], sel, b.N, out)
}

// addRuntime makes a step of each join filter; at gives columns by id.
func (f *filter) addRuntime(at map[expr.ColumnID]int) {
	for i, rf := range f.r.req.Filters {
		c, ok := at[f.r.req.FilterCols[i]]
		if !ok {
			continue
		}
		f.waiting = append(f.waiting, &step{rf: &runtimeFilter{f: rf}, cols: []int{c}, one: -1, cost: 1,
			in: make([]column, 1), batch: vector.Batch{Cols: make([]*vector.Vec, 1)}})
	}
	f.pickup()
}

// pickup puts join filters that have become ready among the steps.
func (f *filter) pickup() {
	left := f.waiting[:0]
	for _, s := range f.waiting {
		if s.rf.data = s.rf.f.Data(); s.rf.data == nil {
			left = append(left, s)
			continue
		}
		f.steps = append(f.steps, s)
		f.bind(s)
		f.order = append(f.order, s)
	}
	f.waiting = left
}

// readyFilters returns the content of the join filters that are ready, with the
// columns (indexes of the request's) that they test.
func (sf *scanFile) readyFilters() (data []*expr.FilterData, cols []int) {
	for i, rf := range sf.req.Filters {
		d := rf.Data()
		if d == nil {
			continue
		}
		for c := range sf.req.Columns {
			if sf.req.Columns[c].ID == sf.req.FilterCols[i] {
				data, cols = append(data, d), append(cols, c)
			}
		}
	}
	return data, cols
}
