// Package objecttest holds the test that every object.Store passes.
package objecttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// Implementation says how to make the store under test.
type Implementation struct {
	// New returns a store and the URL, ending in "/", of an empty place in it. It
	// lists at most 10 entries a page.
	New func(t *testing.T) (store object.Store, base string)
	// Slow returns a store where ReadRange of the object at url (at least 1 MiB)
	// takes more than 5 s; nil if the implementation cannot be slow.
	Slow func(t *testing.T) (store object.Store, url string)
	// KeepsVersions says that a pinned read may give the old version's bytes after
	// the object has changed or gone.
	KeepsVersions bool
}

// Run runs the conformance test.
func Run(t *testing.T, impl Implementation) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s object.Store, base string)
	}{
		{"WriteAndRead", writeAndRead},
		{"Ranges", ranges},
		{"ListOrder", listOrder},
		{"ListRandom", listRandom},
		{"ListStops", listStops},
		{"OddKeys", oddKeys},
		{"Missing", impl.missing},
		{"Pinning", impl.pinning},
		{"IfNoneMatch", ifNoneMatch},
		{"IfNoneMatchRace", ifNoneMatchRace},
		{"Abort", abort},
		{"ContextEnded", contextEnded},
		{"Concurrent", concurrent},
		{"Meter", meter},
		{"LargeObject", largeObject},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, base := impl.New(t)
			test.run(t, s, base)
		})
	}
	if impl.Slow != nil {
		t.Run("CancelSlowRead", func(t *testing.T) {
			s, url := impl.Slow(t)
			cancelSlowRead(t, s, url)
		})
	}
}

// Put writes an object.
func Put(t testing.TB, s object.Store, url string, data []byte) object.Info {
	t.Helper()
	w, err := s.Create(t.Context(), url, false)
	if err != nil {
		t.Fatalf("create %q: %v", url, err)
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		t.Fatalf("write %q: %v", url, err)
	}
	info, err := w.Close()
	if err != nil {
		t.Fatalf("close %q: %v", url, err)
	}
	return info
}

// List returns all objects and common prefixes, and checks the paging.
func List(t testing.TB, s object.Store, prefix, delimiter, startAfter string) (objects []object.Info, prefixes []string) {
	t.Helper()
	var last string
	ended := false
	err := s.ListPages(t.Context(), prefix, delimiter, startAfter, func(p object.Page) (bool, error) {
		if ended {
			t.Errorf("a page after the one without Next")
		}
		ended = p.Next == ""
		for i := 1; i < len(p.Objects); i++ {
			if p.Objects[i-1].Key >= p.Objects[i].Key {
				t.Errorf("%q before %q", p.Objects[i-1].Key, p.Objects[i].Key)
			}
		}
		for _, o := range p.Objects {
			if o.Key <= last {
				t.Errorf("%q after the page of %q", o.Key, last)
			}
		}
		for _, c := range p.Prefixes {
			if c <= last {
				t.Errorf("%q after the page of %q", c, last)
			}
		}
		if n := len(p.Objects); n > 0 {
			last = max(last, p.Objects[n-1].Key)
		}
		if n := len(p.Prefixes); n > 0 {
			last = max(last, p.Prefixes[n-1])
		}
		objects = append(objects, p.Objects...)
		prefixes = append(prefixes, p.Prefixes...)
		return true, nil
	})
	if err != nil {
		t.Fatalf("list %q: %v", prefix, err)
	}
	if !ended {
		t.Errorf("the last page of %q has a Next", prefix)
	}
	return objects, prefixes
}

// WantCode fails the test unless err is an *sql.Error with the code.
func WantCode(t testing.TB, err error, code sql.Code) {
	t.Helper()
	e, ok := errors.AsType[*sql.Error](err)
	if !ok {
		t.Fatalf("got error %v, want SQLSTATE %s", err, code)
	}
	if e.Code != code {
		t.Fatalf("got %v, want SQLSTATE %s", e, code)
	}
}

func read(t testing.TB, s object.Store, url, etag string, off int64, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	if err := s.ReadRange(t.Context(), url, etag, off, p); err != nil {
		t.Fatalf("read %q [%d, +%d): %v", url, off, n, err)
	}
	return p
}

// Bytes returns n pseudo-random bytes, the same for the same seed.
func Bytes(seed uint64, n int) []byte {
	p := make([]byte, n)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	rand.NewChaCha8(key).Read(p)
	return p
}

func writeAndRead(t *testing.T, s object.Store, base string) {
	for _, n := range []int{0, 1, 4096, 100_000} {
		url := fmt.Sprintf("%sdir/sub/%d", base, n)
		data := Bytes(1, n)
		before := time.Now().Add(-time.Minute)
		made := Put(t, s, url, data)
		info, err := s.Head(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if made.Key != url || made.Size != int64(n) || made.ETag == "" || made.ETag != info.ETag {
			t.Errorf("Close describes %+v, Head %+v", made, info)
		}
		if info.Key != url || info.Size != int64(n) || info.Modified.Before(before) {
			t.Errorf("Head: %+v", info)
		}
		objects, _ := List(t, s, url, "", "")
		if len(objects) == 0 || objects[0].Key != url || objects[0].ETag != info.ETag || objects[0].Size != info.Size {
			t.Errorf("listing has %+v, Head %+v", objects, info)
		}
		if n > 0 && !bytes.Equal(read(t, s, url, info.ETag, 0, n), data) {
			t.Errorf("%d bytes read differ", n)
		}
	}
}

func ranges(t *testing.T, s object.Store, base string) {
	data := Bytes(2, 10_000)
	url := base + "ranges"
	info := Put(t, s, url, data)
	for _, r := range [][2]int{{0, 1}, {0, 10_000}, {9_999, 1}, {5_000, 5_000}, {1, 9_999}, {4_095, 2}, {10_000, 0}, {0, 0}} {
		if got := read(t, s, url, info.ETag, int64(r[0]), r[1]); !bytes.Equal(got, data[r[0]:r[0]+r[1]]) {
			t.Errorf("range %v differs", r)
		}
		if got := read(t, s, url, "", int64(r[0]), r[1]); !bytes.Equal(got, data[r[0]:r[0]+r[1]]) {
			t.Errorf("unpinned range %v differs", r)
		}
	}
	for _, r := range []struct {
		off int64
		n   int
	}{{0, 10_001}, {9_999, 2}, {10_000, 1}, {20_000, 5}, {1 << 62, 8}, {1<<63 - 1, 8}} {
		err := s.ReadRange(t.Context(), url, info.ETag, r.off, make([]byte, r.n))
		WantCode(t, err, sql.CodeDataCorrupted)
	}
	WantCode(t, s.ReadRange(t.Context(), url, info.ETag, -1, make([]byte, 1)), sql.CodeInvalidParameterValue)
	empty := Put(t, s, base+"empty", nil)
	WantCode(t, s.ReadRange(t.Context(), base+"empty", empty.ETag, 0, make([]byte, 1)), sql.CodeDataCorrupted)
}

func (impl Implementation) missing(t *testing.T, s object.Store, base string) {
	_, err := s.Head(t.Context(), base+"nothing")
	WantCode(t, err, sql.CodeUndefinedFile)
	WantCode(t, s.ReadRange(t.Context(), base+"nothing", "", 0, make([]byte, 1)), sql.CodeUndefinedFile)
	if err := s.Delete(t.Context(), base+"nothing"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
	if objects, prefixes := List(t, s, base+"nothing/at/all/", "/", ""); len(objects)+len(prefixes) != 0 {
		t.Errorf("listing of nothing: %v %v", objects, prefixes)
	}
	info := Put(t, s, base+"a/b/gone", []byte("x"))
	_, err = s.Head(t.Context(), base+"a/b/gone/under")
	WantCode(t, err, sql.CodeUndefinedFile)
	_, err = s.Head(t.Context(), base+"a/b")
	WantCode(t, err, sql.CodeUndefinedFile)
	read(t, s, base+"a/b/gone", info.ETag, 0, 1)
	if err := s.Delete(t.Context(), base+"a/b/gone"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Head(t.Context(), base+"a/b/gone")
	WantCode(t, err, sql.CodeUndefinedFile)
	impl.old(t, s, base+"a/b/gone", info, []byte("x"), sql.CodeUndefinedFile)
	if objects, prefixes := List(t, s, base, "/", ""); len(objects)+len(prefixes) != 0 {
		t.Errorf("after the delete: %v %v", objects, prefixes)
	}
}

// old checks that a read pinned to a version that is no more fails with the code.
func (impl Implementation) old(t *testing.T, s object.Store, url string, version object.Info, was []byte, code sql.Code) {
	t.Helper()
	p := make([]byte, min(len(was), 10))
	err := s.ReadRange(t.Context(), url, version.ETag, 0, p)
	if impl.KeepsVersions && err == nil {
		if !bytes.HasPrefix(was, p) {
			t.Error("the old version differs")
		}
		return
	}
	WantCode(t, err, code)
}

func (impl Implementation) pinning(t *testing.T, s object.Store, base string) {
	url := base + "pinned"
	old := Put(t, s, url, Bytes(3, 1000))
	read(t, s, url, old.ETag, 0, 1000)
	fresh := Put(t, s, url, Bytes(4, 1001))
	if old.ETag == fresh.ETag {
		t.Fatal("two versions have one ETag")
	}
	impl.old(t, s, url, old, Bytes(3, 1000), sql.CodeSerializationFailure)
	if got := read(t, s, url, fresh.ETag, 0, 1001); !bytes.Equal(got, Bytes(4, 1001)) {
		t.Error("the new version differs")
	}
	if got := read(t, s, url, "", 1, 1000); !bytes.Equal(got, Bytes(4, 1001)[1:]) {
		t.Error("an unpinned read does not give the new version")
	}
	impl.old(t, s, url, old, Bytes(3, 1000), sql.CodeSerializationFailure)
}

func contextEnded(t *testing.T, s object.Store, base string) {
	Put(t, s, base+"a", []byte("abc"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Head(ctx, base+"a")
	WantCode(t, err, sql.CodeQueryCanceled)
	WantCode(t, s.ReadRange(ctx, base+"a", "", 0, make([]byte, 1)), sql.CodeQueryCanceled)
	WantCode(t, s.Delete(ctx, base+"a"), sql.CodeQueryCanceled)
	WantCode(t, s.ListPages(ctx, base, "", "", func(object.Page) (bool, error) { return true, nil }), sql.CodeQueryCanceled)
	if w, err := s.Create(ctx, base+"b", false); err == nil {
		_, err = w.Close()
		WantCode(t, err, sql.CodeQueryCanceled)
	} else {
		WantCode(t, err, sql.CodeQueryCanceled)
	}
	if objects, _ := List(t, s, base, "", ""); len(objects) != 1 {
		t.Errorf("after calls with an ended context: %v", objects)
	}
	cause, stop := context.WithCancelCause(t.Context())
	stop(sql.Errorf(sql.CodeAdminShutdown, "going down"))
	_, err = s.Head(cause, base+"a")
	WantCode(t, err, sql.CodeAdminShutdown)
}

func concurrent(t *testing.T, s object.Store, base string) {
	data := Bytes(6, 200_000)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			url := fmt.Sprintf("%sc/%d", base, g%3)
			for i := range 12 {
				if i == 0 {
					Put(t, s, url, data)
				}
				off := rng.IntN(len(data) - 1)
				p := make([]byte, 1+rng.IntN(len(data)-off-1))
				err := s.ReadRange(t.Context(), url, "", int64(off), p)
				if err != nil && sql.AsError(err).Code != sql.CodeSerializationFailure {
					t.Error(err)
				}
				if err == nil && !bytes.Equal(p, data[off:off+len(p)]) {
					t.Error("bytes differ")
				}
			}
		})
	}
	group.Wait()
	if objects, _ := List(t, s, base, "", ""); len(objects) != 3 {
		t.Errorf("%d objects", len(objects))
	}
}

func meter(t *testing.T, s object.Store, base string) {
	var c object.Counters
	ctx := object.WithMeter(t.Context(), &c)
	w, err := s.Create(ctx, base+"metered", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Snapshot(); got.Puts != 1 || got.BytesWritten != 1000 {
		t.Errorf("after a write: %+v", got)
	}
	if _, err := s.Head(ctx, base+"metered"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.ReadRange(ctx, base+"metered", info.ETag, 10, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ListPages(ctx, base, "", "", func(object.Page) (bool, error) { return true, nil }); err != nil {
		t.Fatal(err)
	}
	got := c.Snapshot()
	if got.Heads != 1 || got.Lists != 1 || got.Gets+got.CacheHits != 2 || got.Gets < 1 || got.BytesRead < 100 {
		t.Errorf("counted %+v", got)
	}
}

func cancelSlowRead(t *testing.T, s object.Store, url string) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.ReadRange(ctx, url, "", 0, make([]byte, 1<<20)) }()
	select {
	case err := <-done:
		t.Fatalf("the slow read ended by itself: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	start := time.Now()
	cancel()
	err := <-done
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Errorf("the read stopped %v after its context", took)
	}
	WantCode(t, err, sql.CodeQueryCanceled)
}

func keysOf(objects []object.Info, base string) []string {
	var keys []string
	for _, o := range objects {
		keys = append(keys, strings.TrimPrefix(o.Key, base))
	}
	return keys
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
