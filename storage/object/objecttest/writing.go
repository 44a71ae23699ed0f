package objecttest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

func ifNoneMatch(t *testing.T, s object.Store, base string) {
	for range 2 {
		w, err := s.Create(t.Context(), base+"once", true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("first")); err != nil {
			t.Fatal(err)
		}
		_, err = w.Close()
		if _, headErr := s.Head(t.Context(), base+"once"); headErr != nil {
			t.Fatal(headErr)
		}
		if err == nil {
			continue
		}
		WantCode(t, err, sql.CodeIOError)
		if sql.AsError(err).Hint == "" {
			t.Error("no hint")
		}
		return
	}
	t.Error("an existing object was replaced")
}

func ifNoneMatchRace(t *testing.T, s object.Store, base string) {
	var wins atomic.Int32
	var winner atomic.Value
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			w, err := s.Create(t.Context(), base+"race/one", true)
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Abort()
			data := []byte(fmt.Sprintf("writer %d", i))
			if _, err := w.Write(data); err != nil {
				t.Error(err)
			}
			if _, err := w.Close(); err == nil {
				wins.Add(1)
				winner.Store(data)
			} else if sql.AsError(err).Code != sql.CodeIOError {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if wins.Load() != 1 {
		t.Fatalf("%d of 8 writers won", wins.Load())
	}
	if got := read(t, s, base+"race/one", "", 0, 8); !bytes.Equal(got, winner.Load().([]byte)) {
		t.Errorf("the object holds %q, the winner wrote %q", got, winner.Load())
	}
	if objects, _ := List(t, s, base, "", ""); len(objects) != 1 {
		t.Errorf("left behind: %v", objects)
	}
}

func abort(t *testing.T, s object.Store, base string) {
	big := Bytes(5, 6<<20) // more than a part of a multipart upload
	w, err := s.Create(t.Context(), base+"x/aborted", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(big); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	w.Abort()
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("Write after Abort succeeds")
	}
	if _, err := w.Close(); err == nil {
		t.Error("Close after Abort succeeds")
	}

	ctx, cancel := context.WithCancel(t.Context())
	w, err = s.Create(ctx, base+"x/cancelled", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(big); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = w.Close()
	WantCode(t, err, sql.CodeQueryCanceled)

	objects, prefixes := List(t, s, base, "/", "")
	if len(objects)+len(prefixes) != 0 {
		t.Errorf("left behind: %v %v", objects, prefixes)
	}
	w, err = s.Create(t.Context(), base+"kept", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err := s.Head(t.Context(), base+"kept"); err != nil {
		t.Errorf("Abort after Close: %v", err)
	}
}

// largeObject writes through several parts of a multipart upload.
func largeObject(t *testing.T, s object.Store, base string) {
	data := Bytes(7, 21<<20)
	w, err := s.Create(t.Context(), base+"large", true)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for at := 0; at < len(data); at += 1_000_003 {
		if _, err := w.Write(data[at:min(at+1_000_003, len(data))]); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != int64(len(data)) {
		t.Errorf("size %d", info.Size)
	}
	if !bytes.Equal(read(t, s, base+"large", info.ETag, 0, len(data)), data) {
		t.Error("bytes differ")
	}
	w, err = s.Create(t.Context(), base+"large", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data[:12<<20]); err != nil {
		t.Fatal(err)
	}
	_, err = w.Close()
	WantCode(t, err, sql.CodeIOError)
	if objects, _ := List(t, s, base, "", ""); len(objects) != 1 || objects[0].ETag != info.ETag {
		t.Errorf("after a refused upload: %v", objects)
	}
}
