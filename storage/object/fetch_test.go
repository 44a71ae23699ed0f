package object_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/fault"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const url = "mem://b/k"

// Random ranges under random options give the right bytes, in any order of
// taking and releasing.
func TestReadRangesRandom(t *testing.T) {
	data := objecttest.Bytes(1, 1<<20)
	store := mem.New(0)
	info := store.Put(url, data)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var ranges []object.Range
		for range rng.IntN(40) {
			off := rng.IntN(len(data))
			n := rng.IntN(min(50_000, len(data)-off))
			ranges = append(ranges, object.Range{Off: int64(off), Len: n})
		}
		o := object.ReadOptions{Gap: rng.IntN(20_000), MaxRead: 1 + rng.IntN(60_000), InFlight: 1 + rng.IntN(8)}
		if rng.IntN(2) > 0 {
			o.Size = info.Size
		}
		if rng.IntN(2) > 0 {
			o.Limits = []*object.Limiter{object.NewLimiter(3), object.NewLimiter(2)}
		}
		f, err := object.ReadRanges(t.Context(), store, url, info.ETag, ranges, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range rng.Perm(len(ranges)) {
			got, err := f.Get(i)
			if err != nil {
				t.Fatal(err)
			}
			if r := ranges[i]; !bytes.Equal(got, data[r.Off:r.Off+int64(r.Len)]) {
				t.Fatalf("range %v differs, options %+v", r, o)
			}
			if rng.IntN(2) > 0 {
				f.Release(i)
			}
		}
		f.Close()
		for _, l := range o.Limits {
			if l.InUse() != 0 {
				t.Error("a limiter's place is lost")
			}
		}
	}
}

// recorder counts requests and how many run at a time.
type recorder struct {
	object.Store
	mu    sync.Mutex
	reads []object.Range
	now   atomic.Int32
	most  atomic.Int32
}

func (r *recorder) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	n := r.now.Add(1)
	defer r.now.Add(-1)
	for m := r.most.Load(); n > m && !r.most.CompareAndSwap(m, n); m = r.most.Load() {
	}
	r.mu.Lock()
	r.reads = append(r.reads, object.Range{Off: off, Len: len(p)})
	r.mu.Unlock()
	return r.Store.ReadRange(ctx, url, etag, off, p)
}

func TestRequests(t *testing.T) {
	store := mem.New(0)
	info := store.Put(url, make([]byte, 10_000))
	for _, test := range []struct {
		name   string
		ranges []object.Range
		want   []object.Range
	}{
		{"neighbours share one", []object.Range{{100, 50}, {150, 50}, {220, 30}}, []object.Range{{100, 150}}},
		{"far ones do not", []object.Range{{100, 50}, {251, 50}}, []object.Range{{100, 50}, {251, 50}}},
		{"in the order asked for", []object.Range{{5000, 50}, {100, 50}}, []object.Range{{5000, 50}, {100, 50}}},
		{"not beyond the limit", []object.Range{{0, 600}, {600, 600}}, []object.Range{{0, 600}, {600, 600}}},
		{"a long one is split evenly", []object.Range{{0, 2500}}, []object.Range{{0, 834}, {834, 833}, {1667, 833}}},
		{"one inside another", []object.Range{{200, 10}, {0, 900}, {0, 900}}, []object.Range{{0, 900}}},
		{"none for nothing", []object.Range{{0, 0}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &recorder{Store: store}
			f, err := object.ReadRanges(t.Context(), r, url, info.ETag, test.ranges, object.ReadOptions{Gap: 100, MaxRead: 1000, InFlight: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for i := range test.ranges {
				if _, err := f.Get(i); err != nil {
					t.Fatal(err)
				}
			}
			if len(r.reads) != len(test.want) {
				t.Fatalf("%v, want %v", r.reads, test.want)
			}
			for i := range r.reads {
				if r.reads[i] != test.want[i] {
					t.Fatalf("%v, want %v", r.reads, test.want)
				}
			}
		})
	}
}

func TestInFlight(t *testing.T) {
	slow := fault.New(mem.New(0), 1, fault.Rule{Op: fault.Read, Delay: 20 * time.Millisecond})
	info := objecttest.Put(t, slow, url, make([]byte, 100_000))
	r := &recorder{Store: slow}
	var ranges []object.Range
	for i := range 20 {
		ranges = append(ranges, object.Range{Off: int64(i) * 5000, Len: 100})
	}
	process := object.NewLimiter(5)
	var fetches []*object.Fetch
	for range 2 {
		f, err := object.ReadRanges(t.Context(), r, url, info.ETag, ranges, object.ReadOptions{InFlight: 4, Limits: []*object.Limiter{process}})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fetches = append(fetches, f)
	}
	woken := make(chan int, 40)
	for _, f := range fetches {
		for i := range ranges {
			f.Wake(i, func() { woken <- i })
		}
	}
	for range 40 {
		<-woken
	}
	for _, f := range fetches {
		for i := range ranges {
			if !f.Ready(i) {
				t.Errorf("range %d woke before it was ready", i)
			}
		}
	}
	if most := r.most.Load(); most != 5 {
		t.Errorf("%d requests at a time", most)
	}
}

func TestFailureAndClose(t *testing.T) {
	bad := fault.New(mem.New(0), 1)
	info := objecttest.Put(t, bad, url, make([]byte, 100_000))
	bad.Add(fault.Rule{Op: fault.Read, Skip: 3, Err: object.Changed(url)})
	var ranges []object.Range
	for i := range 20 {
		ranges = append(ranges, object.Range{Off: int64(i) * 5000, Len: 100})
	}
	f, err := object.ReadRanges(t.Context(), bad, url, info.ETag, ranges, object.ReadOptions{InFlight: 1})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for i := range ranges {
		if _, err := f.Get(i); err != nil {
			objecttest.WantCode(t, err, sql.CodeSerializationFailure)
			failed++
		}
	}
	f.Close()
	if failed < 17 || bad.Calls(fault.Read) != 4 {
		t.Errorf("%d ranges failed, %d requests", failed, bad.Calls(fault.Read))
	}

	slow := fault.New(bad, 1, fault.Rule{Op: fault.Read, Delay: time.Minute})
	for name, stop := range map[string]func(cancel func(), f *object.Fetch){
		"close":       func(_ func(), f *object.Fetch) { f.Close() },
		"context end": func(cancel func(), _ *object.Fetch) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f, err := object.ReadRanges(ctx, slow, url, info.ETag, ranges, object.ReadOptions{InFlight: 8})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got := make(chan error, 1)
			go func() { _, err := f.Get(5); got <- err }()
			time.Sleep(20 * time.Millisecond)
			start := time.Now()
			stop(cancel, f)
			objecttest.WantCode(t, <-got, sql.CodeQueryCanceled)
			if took := time.Since(start); took > 100*time.Millisecond {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A range past the object's end fails before its memory is taken.
func TestRangeThatLies(t *testing.T) {
	store := mem.New(0)
	info := store.Put(url, make([]byte, 100))
	o := object.ReadOptions{Size: info.Size}
	for _, r := range []object.Range{{50, 51}, {0, 1 << 50}, {1<<63 - 1, 1}, {101, 0}} {
		_, err := object.ReadRanges(t.Context(), store, url, info.ETag, []object.Range{r}, o)
		objecttest.WantCode(t, err, sql.CodeDataCorrupted)
	}
	for _, r := range []object.Range{{-1, 5}, {0, -1}} {
		_, err := object.ReadRanges(t.Context(), store, url, info.ETag, []object.Range{r}, o)
		objecttest.WantCode(t, err, sql.CodeInvalidParameterValue)
	}
}

func TestMux(t *testing.T) {
	one, two, files := mem.New(0), mem.New(0), mem.New(0)
	m := object.NewMux(object.Route{Prefix: "s3://", Store: one}, object.Route{Prefix: "s3://two/", Store: two}, object.Route{Prefix: "file://", Store: files})
	for _, u := range []string{"s3://one/k", "s3://two/k", "s3://twofold/k", "file:///k"} {
		objecttest.Put(t, m, u, []byte(u))
	}
	for u, s := range map[string]object.Store{"s3://one/k": one, "s3://two/k": two, "s3://twofold/k": one, "file:///k": files} {
		if _, err := s.Head(t.Context(), u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	if got, err := m.For("s3://two"); err != nil || got != object.Store(two) {
		t.Errorf("the bucket without its slash: %v", err)
	}
	_, err := m.Head(t.Context(), "gs://b/k")
	objecttest.WantCode(t, err, sql.CodeFeatureNotSupported)
	_, err = m.Head(t.Context(), "/etc/passwd")
	objecttest.WantCode(t, err, sql.CodeInvalidName)
	objecttest.Run(t, objecttest.Implementation{New: func(*testing.T) (object.Store, string) {
		return object.NewMux(object.Route{Prefix: "mem://", Store: mem.New(10)}), "mem://bucket/"
	}})
}
