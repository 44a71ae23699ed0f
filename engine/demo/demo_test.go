package demo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/mem"
)

// write makes a lake and returns the hash of every file.
func write(t *testing.T, seed uint64) map[string][32]byte {
	t.Helper()
	ctx, store := context.Background(), mem.New(0)
	last := 0.0
	err := Write(ctx, Options{Store: store, Location: "mem://lake/", Seed: seed, Scale: 0.002, Progress: func(share float64, _ string) {
		if share < last || share > 1.0001 {
			t.Errorf("progress went from %v to %v", last, share)
		}
		last = share
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last < 0.9999 {
		t.Errorf("progress ended at %v", last)
	}
	out := map[string][32]byte{}
	err = store.ListPages(ctx, "mem://lake/", "", "", func(p object.Page) (bool, error) {
		for _, o := range p.Objects {
			b := make([]byte, o.Size)
			if err := store.ReadRange(ctx, o.Key, o.ETag, 0, b); err != nil {
				return false, err
			}
			out[o.Key] = sha256.Sum256(b)
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSameSeedSameBytes: files depend on the seed and the scale alone, however
// the work is split.
func TestSameSeedSameBytes(t *testing.T) {
	a, b, other := write(t, 7), write(t, 7), write(t, 8)
	if want := 3 + 2*days + 31; len(a) != want || len(b) != want {
		t.Fatalf("%d and %d files, want %d", len(a), len(b), want)
	}
	differ := 0
	for k, h := range a {
		if b[k] != h {
			t.Errorf("%s differs between two runs", k)
		}
		if other[k] != h {
			differ++
		}
	}
	if differ != len(a) {
		t.Errorf("another seed changes %d of %d files", differ, len(a))
	}
}

func TestDDLNamesEveryTable(t *testing.T) {
	text := strings.Join(DDL("file:///x/"), ";\n")
	for _, tab := range tables {
		name := tab.database + "." + tab.name
		for _, want := range []string{"CREATE EXTERNAL TABLE IF NOT EXISTS " + name + " (", fmt.Sprintf("LOCATION 'file:///x/%s/%s/'", tab.database, tab.name), "ANALYZE " + name} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q", want)
			}
		}
	}
}
