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
	off int64
	buf *buffer
	n   int64
}

// find returns the buffer that holds bytes off .. off+n-1 and the bytes.
func (f fetched) find(off, n int64) (*buffer, []byte) {
	i := sort.Search(len(f), func(i int) bool { return f[i].off > off }) - 1
	if i < 0 || off+n > f[i].off+f[i].n {
		return nil, nil
	}
	return f[i].buf, f[i].buf.b[off-f[i].off:][:n]
}

// rest returns the fetched bytes from off on, to the end of their range.
func (f fetched) rest(off int64) []byte {
	i := sort.Search(len(f), func(i int) bool { return f[i].off > off }) - 1
	if i < 0 || off >= f[i].off+f[i].n {
		return nil
	}
	return f[i].buf.b[off-f[i].off : f[i].n]
}

// holds reports whether b is one of the buffers.
func (f fetched) holds(b *buffer) bool {
	for i := range f {
		if f[i].buf == b {
			return true
		}
	}
	return false
}
