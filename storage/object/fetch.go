package object

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
)

// Fetch is ranges of one object on their way. Its methods are safe for
// concurrent use. Close it in any case.
type Fetch struct {
	ctx       context.Context
	cancel    context.CancelCauseFunc
	store     Store
	url, etag string
	o         ReadOptions

	ranges  []arrival
	pieces  []piece // in the order of sending
	next    atomic.Int64
	workers sync.WaitGroup
}

// arrival is one range that was asked for.
type arrival struct {
	Range
	from *block // nil: empty
	gone atomic.Bool
}

// block is a span's buffer.
type block struct {
	Range
	alloc  sync.Once
	buffer []byte

	missing atomic.Int32 // requests not done
	holders atomic.Int32 // ranges not released
	done    chan struct{}

	mu    sync.Mutex
	err   error // set before done is closed
	ended bool
	wakes []func()
}

// piece is one request.
type piece struct {
	Range
	to *block
}

// ReadRanges begins to read ranges of the object at url, version etag. Neighbours
// share a request, long spans are split, requests run ahead up to o.InFlight at a
// time in the order of ranges. It returns at once; take each range with Get. Zero
// Gap reads no byte too many; other zero options mean those of Reads.
func ReadRanges(ctx context.Context, store Store, url, etag string, ranges []Range, o ReadOptions) (*Fetch, error) {
	if err := Ended(ctx); err != nil {
		return nil, err
	}
	o.defaults(url)
	f := &Fetch{store: store, url: url, etag: etag, o: o, ranges: make([]arrival, len(ranges))}
	for _, r := range ranges {
		if r.Off < 0 || r.Len < 0 {
			return nil, BadRange(url, r.Off)
		}
		if r.Off > math.MaxInt64-int64(r.Len) || o.Size > 0 && r.end() > o.Size {
			return nil, Short(url, o.Size, r.Off, r.Len)
		}
	}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	var wanted []int
	for i, r := range ranges {
		f.ranges[i].Range = r
		if r.Len > 0 {
			wanted = append(wanted, i)
		}
	}
	for _, s := range plan(ranges, wanted, o.Gap, o.MaxRead) {
		b := &block{Range: s.Range, done: make(chan struct{})}
		b.holders.Store(int32(len(s.members)))
		for _, i := range s.members {
			f.ranges[i].from = b
		}
		parts := requests(s.Range, o.MaxRead)
		b.missing.Store(int32(len(parts)))
		for _, r := range parts {
			f.pieces = append(f.pieces, piece{r, b})
		}
	}
	for range min(o.InFlight, len(f.pieces)) {
		f.workers.Go(f.work)
	}
	return f, nil
}

// work sends requests until there are none left.
func (f *Fetch) work() {
	for {
		i := f.next.Add(1) - 1
		if i >= int64(len(f.pieces)) {
			return
		}
		p := f.pieces[i]
		err := f.read(p)
		if err != nil {
			f.cancel(err) // one range that cannot be had is the end of all
		}
		p.to.arrived(err)
	}
}

func (f *Fetch) read(p piece) error {
	if err := Ended(f.ctx); err != nil {
		return err
	}
	held := 0
	defer func() {
		for _, l := range f.o.Limits[:held] {
			l.Release()
		}
	}()
	for _, l := range f.o.Limits {
		if err := l.Acquire(f.ctx); err != nil {
			return err
		}
		held++
	}
	p.to.alloc.Do(func() { p.to.buffer = getBuffer(p.to.Len) })
	into := p.to.buffer[p.Off-p.to.Off:][:p.Len]
	return f.store.ReadRange(f.ctx, f.url, f.etag, p.Off, into)
}

// arrived notes that one of the block's requests has ended.
func (b *block) arrived(err error) {
	if err != nil {
		b.mu.Lock()
		if b.err == nil {
			b.err = err
		}
		b.mu.Unlock()
	}
	if b.missing.Add(-1) > 0 {
		return
	}
	b.mu.Lock()
	b.ended = true
	wakes := b.wakes
	b.wakes = nil
	close(b.done)
	b.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

func (a *arrival) within(b *block) []byte {
	at := int(a.Off - b.Off)
	return b.buffer[at : at+a.Len : at+a.Len]
}

// Get waits for range i. The bytes must not be changed; they are valid until
// Release(i) or Close. After an error every range that has not arrived gives an
// error.
func (f *Fetch) Get(i int) ([]byte, error) {
	a := &f.ranges[i]
	b := a.from
	if b == nil {
		return nil, nil
	}
	select {
	case <-b.done:
	default:
		select {
		case <-b.done:
		case <-f.ctx.Done():
			// The block's requests may still run; the cause is the error of all.
			select {
			case <-b.done:
			default:
				return nil, Ended(f.ctx)
			}
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	return a.within(b), nil
}

// Ready tells whether Get(i) returns at once.
func (f *Fetch) Ready(i int) bool {
	b := f.ranges[i].from
	if b == nil || f.ctx.Err() != nil {
		return true
	}
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// Wake calls wake, once, when range i has arrived or failed: now, if it has
// already, else from another goroutine.
func (f *Fetch) Wake(i int, wake func()) {
	b := f.ranges[i].from
	if b == nil {
		wake()
		return
	}
	b.mu.Lock()
	if !b.ended {
		b.wakes = append(b.wakes, wake)
		b.mu.Unlock()
		return
	}
	b.mu.Unlock()
	wake()
}

// Release says that the bytes of range i are no longer used. A second call does
// nothing.
func (f *Fetch) Release(i int) {
	a := &f.ranges[i]
	if a.gone.Swap(true) {
		return
	}
	b := a.from
	if b == nil || b.holders.Add(-1) > 0 {
		return
	}
	select {
	case <-b.done:
		b.free()
	default: // its requests may still write; Close frees it
	}
}

func (b *block) free() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buffer != nil {
		putBuffer(b.buffer)
	}
	b.buffer = nil
}

// Close stops what is under way, waits until nothing of it runs, and releases
// every range.
func (f *Fetch) Close() {
	f.cancel(nil)
	f.workers.Wait()
	for i := range f.ranges {
		f.Release(i)
		if b := f.ranges[i].from; b != nil {
			b.free()
		}
	}
}
