package s3

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/storage/object"
)

// errStalled ends an attempt whose connection delivers nothing.
var errStalled = errors.New("no byte arrived in time")

// ReadRange implements object.Store. A read that breaks off goes on where it
// stopped, at the same version.
func (s *Store) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	at, err := parseObject(url)
	if err != nil {
		return err
	}
	if err := object.Ended(ctx); err != nil {
		return err
	}
	if off < 0 {
		return object.BadRange(url, off)
	}
	if len(p) == 0 {
		return nil
	}
	if off > math.MaxInt64-int64(len(p)) {
		return s.short(ctx, url, etag, off, len(p))
	}
	r := ranged{s: s, at: at, etag: etag, off: off, p: p}
	patience := s.patience()
	for {
		before := r.done
		err := r.attempt(ctx)
		object.Meter(ctx).CountRead(r.done - before)
		if err == nil {
			return nil
		}
		if r.done > before {
			patience.progressed()
		}
		if !patience.again(ctx, err) {
			if httpStatus(err) == 416 {
				return s.short(ctx, url, r.etag, off, len(p))
			}
			return s.translate(ctx, "read", at, err)
		}
	}
}

// ranged is a read under way.
type ranged struct {
	s    *Store
	at   location
	etag string // known from the first answer at the latest
	off  int64
	p    []byte
	done int // bytes of p that are filled
}

// attempt asks for what is missing and reads as much as comes.
func (r *ranged) attempt(ctx context.Context) error {
	object.Meter(ctx).CountGet()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// One timer watches the whole attempt; it is pushed back when bytes arrive.
	watch := time.AfterFunc(r.s.o.Stall, func() { cancel(errStalled) })
	defer watch.Stop()

	first := r.off + int64(r.done)
	pin := r.etag
	if strings.HasPrefix(pin, timeTag) {
		pin = "" // check compares it
	}
	out, err := r.s.get(ctx, r.at, pin, first, r.off+int64(len(r.p))-1)
	if err != nil {
		return stalled(ctx, err)
	}
	defer out.body.Close()
	if err := r.check(out, first); err != nil {
		return err
	}
	for r.done < len(r.p) {
		n, err := out.body.Read(r.p[r.done:])
		r.done += n
		if r.done == len(r.p) {
			return nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return stalled(ctx, err)
		}
		watch.Reset(r.s.o.Stall)
	}
	return nil
}

// stalled names the watch's doing, which the HTTP client reports as a cancel.
func stalled(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

// check verifies that the answer is of the version and the range asked for.
func (r *ranged) check(out answer, first int64) error {
	from, size, ok := parseContentRange(out.contentRange)
	if out.contentRange == "" { // the whole object
		from, size, ok = 0, out.length, true
	}
	if !ok || from != first {
		e := object.Failed("read", r.at.url, nil)
		e.Detail = "The store answered with another range than the one asked for."
		return e
	}
	version := describe(r.at.url, size, &out.etag, out.modified).ETag
	if r.etag == "" {
		r.etag = version
	}
	if version != r.etag {
		return object.Changed(r.at.url)
	}
	if r.off+int64(len(r.p)) > size {
		return object.Short(r.at.url, size, r.off, len(r.p))
	}
	return nil
}

// parseContentRange parses "bytes 0-99/1000".
func parseContentRange(h string) (from, size int64, ok bool) {
	h, ok = strings.CutPrefix(h, "bytes ")
	span, total, ok2 := strings.Cut(h, "/")
	start, _, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, false
	}
	from, err1 := strconv.ParseInt(start, 10, 64)
	size, err2 := strconv.ParseInt(total, 10, 64)
	return from, size, err1 == nil && err2 == nil
}

// short is the error for a range that begins past the object's end.
func (s *Store) short(ctx context.Context, url, etag string, off int64, n int) error {
	info, err := s.Head(ctx, url)
	if err != nil {
		return err
	}
	if etag != "" && etag != info.ETag {
		return object.Changed(url)
	}
	return object.Short(url, info.Size, off, n)
}
