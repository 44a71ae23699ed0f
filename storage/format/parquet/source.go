package parquet

import (
	"context"
	"sort"

	"github.com/sluicedb/sluice/storage/object"
)

// source reads one version of one file.
type source struct {
	store     object.Store
	url, etag string
	size      int64
}

func (s *source) read(ctx context.Context, off int64, p []byte) error {
	if off < 0 || int64(len(p)) > s.size-off {
		return corrupt(s.url, "bytes %d to %d are referred to, the file has %d", off, off+int64(len(p)), s.size)
	}
	return s.store.ReadRange(ctx, s.url, s.etag, off, p)
}

// fetched are parts of a file in memory, ascending, apart from each other.
type fetched []fetchedRange

type fetchedRange struct {
	off  int64
	data []byte
}

// find returns bytes off .. off+n-1, nil if they are not all there.
func (f fetched) find(off, n int64) []byte {
	i := sort.Search(len(f), func(i int) bool { return f[i].off > off }) - 1
	if i < 0 || off+n > f[i].off+int64(len(f[i].data)) {
		return nil
	}
	return f[i].data[off-f[i].off:][:n:n]
}
