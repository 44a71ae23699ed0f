// Package fault wraps an object store so that it fails as told: errors, delays,
// truncated objects, flipped bits and stale listings, for tests.
package fault

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluicedb/sluice/storage/object"
)

// Op is a kind of call.
type Op string

// The calls that a Rule can meet; Write and Close are a Writer's.
const (
	Any    Op = ""
	List   Op = "list" // before each page
	Head   Op = "head"
	Read   Op = "read"
	Create Op = "create"
	Write  Op = "write"
	Close  Op = "close"
	Delete Op = "delete"
)

// Rule says what happens to some calls. All rules that a call meets take effect,
// delays first, then the first error.
type Rule struct {
	Op     Op
	Prefix string  // of the URL
	Skip   int     // the first Skip calls that match pass
	Times  int     // so many calls after them are met; 0: all
	Chance float64 // of a call being met, by the store's seed; 0: always

	Delay      time.Duration // ends early with the context
	Err        error         // made anew by ErrFunc if that is set
	ErrFunc    func(url string) error
	TruncateAt int64 // Read: the object ends here; 0: it does not
	FlipBit    bool  // Read: one bit of what is read is wrong
	Then       func(url string)

	seen int
}

// Store is the wrapped store. Without rules it does what the inner one does.
type Store struct {
	inner object.Store

	mu     sync.Mutex
	rng    *rand.Rand
	rules  []*Rule
	frozen []snapshot
	counts map[Op]int
}

type snapshot struct {
	prefix string
	sorted []object.Info
}

// New wraps inner; the same seed gives the same faults for the same calls.
func New(inner object.Store, seed uint64, rules ...Rule) *Store {
	s := &Store{inner: inner, rng: rand.New(rand.NewPCG(seed, 0)), counts: map[Op]int{}}
	for _, r := range rules {
		s.Add(r)
	}
	return s
}

// Add adds a rule.
func (s *Store) Add(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &r)
}

// Reset removes all rules and thaws all listings.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.frozen = nil, nil
}

// Calls is the number of calls of a kind so far.
func (s *Store) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[op]
}

// Freeze makes listings within prefix stale: they show what is there now.
func (s *Store) Freeze(ctx context.Context, prefix string) error {
	shot := snapshot{prefix: prefix}
	err := s.inner.ListPages(ctx, prefix, "", "", func(p object.Page) (bool, error) {
		shot.sorted = append(shot.sorted, p.Objects...)
		return true, nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = append(s.frozen, shot)
	return nil
}

// effect is what the rules do to one call.
type effect struct {
	delay      time.Duration
	err        error
	truncateAt int64
	flip       bool
}

func (s *Store) meet(ctx context.Context, op Op, url string) (effect, error) {
	var e effect
	var then []func(string)
	s.mu.Lock()
	s.counts[op]++
	for _, r := range s.rules {
		if r.Op != Any && r.Op != op || !strings.HasPrefix(url, r.Prefix) {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || r.Times > 0 && r.seen > r.Skip+r.Times || r.Chance > 0 && s.rng.Float64() >= r.Chance {
			continue
		}
		e.delay += r.Delay
		if e.err == nil && r.ErrFunc != nil {
			e.err = r.ErrFunc(url)
		}
		if e.err == nil {
			e.err = r.Err
		}
		if r.TruncateAt > 0 {
			e.truncateAt = r.TruncateAt
		}
		e.flip = e.flip || r.FlipBit
		if r.Then != nil {
			then = append(then, r.Then)
		}
	}
	s.mu.Unlock()
	if e.delay > 0 {
		timer := time.NewTimer(e.delay)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return e, object.Ended(ctx)
		case <-timer.C:
		}
	}
	for _, f := range then {
		f(url)
	}
	return e, e.err
}

// ListPages implements object.Store.
func (s *Store) ListPages(ctx context.Context, prefix, delimiter, startAfter string, yield func(object.Page) (bool, error)) error {
	if _, err := s.meet(ctx, List, prefix); err != nil {
		return err
	}
	yieldNext := func(p object.Page) (bool, error) {
		more, err := yield(p)
		if err != nil || !more || p.Next == "" {
			return more, err
		}
		_, err = s.meet(ctx, List, prefix)
		return true, err
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.frozen, func(shot snapshot) bool { return strings.HasPrefix(prefix, shot.prefix) })
	var sorted []object.Info
	if i >= 0 {
		sorted = s.frozen[i].sorted
	}
	s.mu.Unlock()
	if i < 0 {
		return s.inner.ListPages(ctx, prefix, delimiter, startAfter, yieldNext)
	}
	for {
		if err := object.Ended(ctx); err != nil {
			return err
		}
		page := object.PageOf(sorted, prefix, delimiter, startAfter, 1000)
		more, err := yieldNext(page)
		if err != nil || !more || page.Next == "" {
			return err
		}
		startAfter = page.Next
	}
}

// Head implements object.Store.
func (s *Store) Head(ctx context.Context, url string) (object.Info, error) {
	if _, err := s.meet(ctx, Head, url); err != nil {
		return object.Info{}, err
	}
	return s.inner.Head(ctx, url)
}

// ReadRange implements object.Store.
func (s *Store) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	e, err := s.meet(ctx, Read, url)
	if err != nil {
		return err
	}
	if e.truncateAt > 0 && off+int64(len(p)) > e.truncateAt {
		if there := e.truncateAt - off; there > 0 {
			if err := s.inner.ReadRange(ctx, url, etag, off, p[:there]); err != nil {
				return err
			}
		}
		return object.Short(url, e.truncateAt, off, len(p))
	}
	if err := s.inner.ReadRange(ctx, url, etag, off, p); err != nil {
		return err
	}
	if e.flip && len(p) > 0 {
		s.mu.Lock()
		bit := s.rng.IntN(len(p) * 8)
		s.mu.Unlock()
		p[bit/8] ^= 1 << (bit % 8)
	}
	return nil
}

// Create implements object.Store.
func (s *Store) Create(ctx context.Context, url string, ifNoneMatch bool) (object.Writer, error) {
	if _, err := s.meet(ctx, Create, url); err != nil {
		return nil, err
	}
	w, err := s.inner.Create(ctx, url, ifNoneMatch)
	if err != nil {
		return nil, err
	}
	return &writer{w, s, ctx, url}, nil
}

// Delete implements object.Store.
func (s *Store) Delete(ctx context.Context, url string) error {
	if _, err := s.meet(ctx, Delete, url); err != nil {
		return err
	}
	return s.inner.Delete(ctx, url)
}

type writer struct {
	object.Writer
	s   *Store
	ctx context.Context
	url string
}

func (w *writer) Write(p []byte) (int, error) {
	if _, err := w.s.meet(w.ctx, Write, w.url); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

func (w *writer) Close() (object.Info, error) {
	if _, err := w.s.meet(w.ctx, Close, w.url); err != nil {
		w.Abort()
		return object.Info{}, err
	}
	return w.Writer.Close()
}
