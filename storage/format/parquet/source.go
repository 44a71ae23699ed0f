package parquet

import (
	"context"
	"slices"

	"github.com/sluicedb/sluice/storage/object"
)

// source reads one version of one file.
type source struct {
	store     object.Store
	url, etag string
	size      int64
	tail      []byte // the file's last bytes, while it is being opened
}

func (s *source) read(ctx context.Context, off int64, p []byte) error {
	if off < 0 || int64(len(p)) > s.size-off {
		return corrupt(s.url, "bytes %d to %d are referred to, the file has %d", off, off+int64(len(p)), s.size)
	}
	if b := s.inTail(off, int64(len(p))); b != nil {
		copy(p, b)
		return nil
	}
	return s.store.ReadRange(ctx, s.url, s.etag, off, p)
}

// inTail returns bytes off .. off+n-1 if they are in the tail.
func (s *source) inTail(off, n int64) []byte {
	at := off - (s.size - int64(len(s.tail)))
	if at < 0 || at+n > int64(len(s.tail)) {
		return nil
	}
	return s.tail[at : at+n]
}

// readAll reads ranges, neighbours at once, into memory of their own.
func (s *source) readAll(ctx context.Context, ranges []fileRange, o object.ReadOptions) ([][]byte, error) {
	out := make([][]byte, len(ranges))
	var far []object.Range
	var at []int
	for i, r := range ranges {
		if b := s.inTail(r.off, r.n); b != nil {
			out[i] = slices.Clone(b)
		} else {
			far, at = append(far, object.Range{Off: r.off, Len: int(r.n)}), append(at, i)
		}
	}
	if len(far) == 0 {
		return out, nil
	}
	o.Size = s.size
	f, err := object.ReadRanges(ctx, s.store, s.url, s.etag, far, o)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for k, i := range at {
		b, err := f.Get(k)
		if err != nil {
			return nil, err
		}
		out[i] = slices.Clone(b)
	}
	return out, nil
}
