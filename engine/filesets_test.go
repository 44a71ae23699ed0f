package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// pagedStore lists its keys two a page and notes where each request began.
type pagedStore struct {
	object.Store
	mu    sync.Mutex
	keys  []string
	asked []string
	block chan struct{} // not nil: requests wait for it, or for the end of their context
}

func (s *pagedStore) ListPages(ctx context.Context, prefix, _, after string, yield func(object.Page) (bool, error)) error {
	for {
		s.mu.Lock()
		s.asked = append(s.asked, after)
		block := s.block
		var page object.Page
		for _, k := range s.keys {
			if k <= after {
				continue
			}
			if len(page.Objects) == 2 {
				page.Next = page.Objects[1].Key
				break
			}
			page.Objects = append(page.Objects, object.Info{Key: k})
		}
		s.mu.Unlock()
		if block != nil {
			select {
			case <-block:
			case <-ctx.Done():
				return object.Ended(ctx)
			}
		}
		if more, err := yield(page); err != nil || !more || page.Next == "" {
			return err
		}
		after = page.Next
	}
}

func (s *pagedStore) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// list takes at most n keys.
func list(ctx context.Context, l *listings, n int) (keys []string, err error) {
	err = l.ListPages(ctx, "t/", "", "", func(p object.Page) (bool, error) {
		for _, o := range p.Objects {
			keys = append(keys, o.Key)
		}
		return len(keys) < n, nil
	})
	return keys, err
}

// A statement lists a page when it is wanted, once, and sees no later change of it.
func TestListingsAreKeptPageByPage(t *testing.T) {
	st := &pagedStore{keys: []string{"t/a", "t/b", "t/c", "t/d", "t/e"}}
	l := newListings(st)
	if got, err := list(t.Context(), l, 1); err != nil || len(got) != 2 || len(st.requests()) != 1 {
		t.Fatalf("%v, %v after requests %q", got, err, st.requests())
	}
	st.keys = []string{"t/0", "t/b", "t/c", "t/d", "t/e", "t/f"}
	for range 2 {
		got, err := list(t.Context(), l, 100)
		if want := []string{"t/a", "t/b", "t/c", "t/d", "t/e", "t/f"}; err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v, %v", got, err)
		}
		st.keys = nil
	}
	if want := []string{"", "t/b", "t/d"}; !slices.Equal(st.requests(), want) {
		t.Errorf("requests after %q, not %q", st.requests(), want)
	}
	stop := errors.New("stop")
	if err := l.ListPages(t.Context(), "t/", "", "", func(object.Page) (bool, error) { return true, stop }); err != stop {
		t.Error(err)
	}
}

// Cancelling a scan ends its request; another scan that waits for the page lists it.
func TestCancelledListing(t *testing.T) {
	st := &pagedStore{keys: []string{"t/a"}, block: make(chan struct{})}
	l := newListings(st)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error), make(chan error)
	go func() { _, err := list(ctx, l, 100); first <- err }()
	for len(st.requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	go func() {
		got, err := list(t.Context(), l, 100)
		if err == nil && len(got) != 1 {
			err = fmt.Errorf("keys %q", got)
		}
		second <- err
	}()
	waiting, leave := context.WithCancel(t.Context())
	leave()
	if _, err := list(waiting, l, 100); sql.AsError(err).Code != sql.CodeQueryCanceled {
		t.Errorf("cancelled while it waits for another's request: %v", err)
	}
	cancel()
	if err := <-first; sql.AsError(err).Code != sql.CodeQueryCanceled {
		t.Errorf("cancelled: %v", err)
	}
	close(st.block)
	if err := <-second; err != nil {
		t.Errorf("the other scan: %v", err)
	}
	if n := len(st.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// A scan that takes its time holds up no other, and both see the same files.
func TestSlowScanHoldsUpNoOther(t *testing.T) {
	st := &pagedStore{keys: []string{"t/a", "t/b", "t/c", "t/d", "t/e", "t/f", "t/g"}}
	l := newListings(st)
	pages, slow := 0, []string{}
	err := l.ListPages(t.Context(), "t/", "", "", func(p object.Page) (bool, error) {
		for _, o := range p.Objects {
			slow = append(slow, o.Key)
		}
		if pages++; pages == 2 {
			got, err := list(t.Context(), l, 100)
			if err != nil || len(got) != 7 {
				t.Errorf("beside: %v, %v", got, err)
			}
			st.keys = st.keys[:4]
		}
		return true, nil
	})
	if err != nil || len(slow) != 7 || len(st.requests()) != 4 {
		t.Errorf("%v, %v after requests %q", slow, err, st.requests())
	}
}

// Many scans of one table at once cost the requests of one.
func TestScansShareRequests(t *testing.T) {
	st := &pagedStore{}
	for i := range 100 {
		st.keys = append(st.keys, fmt.Sprintf("t/%03d", i))
	}
	l := newListings(st)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if got, err := list(t.Context(), l, 10*i+30); err != nil || !slices.Equal(got, st.keys[:10*i+30]) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	wg.Wait()
	asked := st.requests()
	if slices.Sort(asked); len(slices.Compact(asked)) != len(st.requests()) || len(asked) != 50 {
		t.Errorf("%d requests", len(st.requests()))
	}
}

// What does not fit is listed again, and whole.
func TestListingsBeyondTheBound(t *testing.T) {
	st := &pagedStore{keys: []string{"t/a", "t/b", "t/c", "t/d", "t/e"}}
	l := newListings(st)
	l.size = maxKeptObjects - 1
	for range 2 {
		if got, err := list(t.Context(), l, 100); err != nil || len(got) != 5 {
			t.Fatalf("%v, %v", got, err)
		}
	}
	if want := []string{"", "t/b", "t/d", "t/b", "t/d"}; !slices.Equal(st.requests(), want) {
		t.Errorf("requests after %q", st.requests())
	}
}
