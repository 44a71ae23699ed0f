package hive

import (
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

// filtersKeep reports whether rows with the constants may pass all join filters
// that are ready.
func filtersKeep(req *table.Request, parts []format.Part) bool {
	for i, f := range req.Filters {
		d := f.Data()
		if d == nil {
			continue
		}
		if d.Empty {
			return false
		}
		for _, p := range parts {
			if p.ID != req.FilterCols[i] || p.Value.Type.OID != d.Type.OID {
				continue
			}
			if len(d.Select(vector.ConstOf(p.Value, 1), nil, 1, nil)) == 0 {
				return false
			}
		}
	}
	return true
}
