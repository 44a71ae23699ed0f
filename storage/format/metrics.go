package format

import "sync/atomic"

// Metrics counts what a scan did, for EXPLAIN ANALYZE. All fields are atomic.
type Metrics struct {
	Files, FilesPruned         atomic.Int64
	RowGroups, RowGroupsPruned atomic.Int64
	Pages, PagesPruned         atomic.Int64
	BloomPruned                atomic.Int64 // row groups dropped by bloom filters
	RowsRead                   atomic.Int64 // rows in what was read
	RowsOut                    atomic.Int64 // rows delivered
	RowsFiltered               atomic.Int64 // dropped by join filters
	BytesFile                  atomic.Int64 // compressed bytes of the columns read
	BytesDecoded               atomic.Int64 // after decompression
	DictHits, DictMisses       atomic.Int64 // cache of decompressed dictionary pages
	FooterHits, FooterMisses   atomic.Int64
}
