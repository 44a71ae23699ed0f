package hive

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/storage/format"
)

// filtersKeep reports whether rows with the constants may pass all join filters
// that are ready.
func filtersKeep(filters []*expr.RuntimeFilter, parts []format.Part) bool {
	return true
}
