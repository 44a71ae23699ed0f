package parquet

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/vector"
)

// runtimeFilter is a join filter as a step of a scan.
type runtimeFilter struct{}

func (f *filter) addRuntime(map[expr.ColumnID]int) {}

// pickup puts join filters that have become ready among the steps.
func (f *filter) pickup() {}

func (r *runtimeFilter) test(b *vector.Batch, sel, out []int32) []int32 { return out }
