package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/cache"
	"github.com/sluicedb/sluice/storage/object/fault"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/storage/object/objecttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	for name, budget := range map[string]int64{"roomy": 64 << 20, "tight": 100 << 10, "off": 0} {
		t.Run(name, func(t *testing.T) {
			objecttest.Run(t, objecttest.Implementation{
				New: func(*testing.T) (object.Store, string) {
					return cache.New(cache.Options{Bytes: budget}).Store(mem.New(10)), "mem://bucket/"
				},
				Slow: func(t *testing.T) (object.Store, string) {
					s := fault.New(mem.New(10), 1, fault.Rule{Op: fault.Read, Delay: time.Minute})
					objecttest.Put(t, s, "mem://b/slow", make([]byte, 1<<20))
					return cache.New(cache.Options{Bytes: budget}).Store(s), "mem://b/slow"
				},
				KeepsVersions: true,
			})
		})
	}
}

const url = "mem://b/k"

// Random ranges of two versions give the right bytes, within the budget.
func TestRandomRanges(t *testing.T) {
	for _, budget := range []int64{20_000, 200_000, 10 << 20} {
		c := cache.New(cache.Options{Bytes: budget})
		inner := mem.New(0)
		versions := [][]byte{objecttest.Bytes(1, 1<<20), objecttest.Bytes(2, 1<<20)}
		etags := []string{"", ""}
		for i, data := range versions {
			etags[i] = inner.Put(fmt.Sprint(url, i), data).ETag
		}
		s := c.Store(inner)
		var group sync.WaitGroup
		for g := range 4 {
			group.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(budget), uint64(g)))
				for range 1000 {
					v := rng.IntN(2)
					off := rng.IntN(64) * 4096
					n := 1 + rng.IntN(8000)
					p := make([]byte, n)
					if err := s.ReadRange(t.Context(), fmt.Sprint(url, v), etags[v], int64(off), p); err != nil {
						t.Error(err)
					}
					if !bytes.Equal(p, versions[v][off:off+n]) {
						t.Error("bytes differ")
					}
				}
			})
		}
		group.Wait()
		st := c.Statistics()
		if st.Bytes > budget || st.Leased != 0 || st.Hits == 0 {
			t.Errorf("%+v", st)
		}
		if st.Added-st.Evicted < int64(st.Entries) {
			t.Errorf("%+v", st)
		}
	}
}

func TestLeasesOutliveEviction(t *testing.T) {
	c := cache.New(cache.Options{Bytes: 100_000})
	first := objecttest.Bytes(1, 20_000)
	c.Add(url, "v1", 0, bytes.Clone(first))
	data, release, ok := c.Lease(url, "v1", 100, 500)
	if !ok || !bytes.Equal(data, first[100:600]) {
		t.Fatal("not cached")
	}
	for i := range 50 {
		c.Add(url, "v1", int64(i+1)*100_000, make([]byte, 20_000))
	}
	if st := c.Statistics(); st.Bytes > 100_000 || st.Evicted == 0 || st.Leased < 20_000 {
		t.Errorf("%+v", st)
	}
	if _, again, ok := c.Lease(url, "v1", 0, 20_000); !ok {
		t.Error("a leased range was evicted")
	} else {
		again()
	}
	if !bytes.Equal(data, first[100:600]) {
		t.Error("the leased bytes changed")
	}
	release()
	release()
	if st := c.Statistics(); st.Leased != 0 {
		t.Errorf("%+v", st)
	}
	c.SetEnabled(false)
	if _, _, ok := c.Lease(url, "v1", 0, 10); ok || c.Statistics().Entries != 0 {
		t.Error("a cache that is off answers")
	}
}

func TestAllLeased(t *testing.T) {
	c := cache.New(cache.Options{Bytes: 50_000})
	for i := range 5 {
		c.Add(url, "v1", int64(i)*10_000, make([]byte, 9_000))
		if _, _, ok := c.Lease(url, "v1", int64(i)*10_000, 9_000); !ok {
			t.Fatal("not cached")
		}
	}
	c.Add(url, "v1", 1<<20, make([]byte, 9_000))
	if st := c.Statistics(); st.Bytes > 50_000 || st.Entries != 5 {
		t.Errorf("%+v", st)
	}
}

// A scan of ranges that are read once does not drive out what is read again.
func TestScanResistance(t *testing.T) {
	const mib = 1 << 20
	c := cache.New(cache.Options{Bytes: 40 * mib})
	read := func(url string, i int) bool {
		_, release, ok := c.Lease(url, "v", int64(i)*mib, mib-512)
		if ok {
			release()
		} else {
			c.Add(url, "v", int64(i)*mib, make([]byte, mib-512))
		}
		return ok
	}
	scanned, hits := 0, 0
	for round := range 20 {
		for i := range 10 {
			if read("hot", i) && round > 2 {
				hits++
			}
		}
		for range 30 {
			read("scan", scanned)
			scanned++
		}
	}
	if hits < 17*10*9/10 {
		t.Errorf("%d of %d reads of the hot ranges hit; %+v", hits, 17*10, c.Statistics())
	}
}

func TestOneRequestForMany(t *testing.T) {
	inner := fault.New(mem.New(0), 1, fault.Rule{Op: fault.Read, Delay: 100 * time.Millisecond})
	data := objecttest.Bytes(1, 10_000)
	info := objecttest.Put(t, inner, url, data)
	c := cache.New(cache.Options{Bytes: 1 << 20})
	s := c.Store(inner)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			p := make([]byte, 5000)
			if err := s.ReadRange(t.Context(), url, info.ETag, 10, p); err != nil || !bytes.Equal(p, data[10:5010]) {
				t.Error("wrong", err)
			}
		})
	}
	group.Wait()
	if n := inner.Calls(fault.Read); n != 1 {
		t.Errorf("%d reads", n)
	}
}

// The end of the first caller's context is no concern of those who joined it.
func TestFirstCallerGone(t *testing.T) {
	inner := fault.New(mem.New(0), 1, fault.Rule{Op: fault.Read, Times: 1, Delay: time.Minute})
	data := objecttest.Bytes(1, 1000)
	info := objecttest.Put(t, inner, url, data)
	s := cache.New(cache.Options{Bytes: 1 << 20}).Store(inner)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- s.ReadRange(ctx, url, info.ETag, 0, make([]byte, 1000)) }()
	for inner.Calls(fault.Read) == 0 {
		time.Sleep(time.Millisecond)
	}
	second := make(chan error, 1)
	p := make([]byte, 1000)
	go func() { second <- s.ReadRange(t.Context(), url, info.ETag, 0, p) }()
	time.Sleep(20 * time.Millisecond)
	cancel()
	objecttest.WantCode(t, <-first, sql.CodeQueryCanceled)
	if err := <-second; err != nil || !bytes.Equal(p, data) {
		t.Errorf("the second caller: %v", err)
	}
}
