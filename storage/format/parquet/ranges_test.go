package parquet_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/storage/object"
)

// recorder notes the requests for ranges.
type recorder struct {
	object.Store
	mu    sync.Mutex
	reads []object.Range
}

func (r *recorder) ReadRange(ctx context.Context, url, etag string, off int64, p []byte) error {
	r.mu.Lock()
	r.reads = append(r.reads, object.Range{Off: off, Len: len(p)})
	r.mu.Unlock()
	return r.Store.ReadRange(ctx, url, etag, off, p)
}

// taken returns the requests since the last call.
func (r *recorder) taken() []object.Range {
	r.mu.Lock()
	defer r.mu.Unlock()
	reads := r.reads
	r.reads = nil
	return reads
}

// A file that is read again is not asked for again, as long as it is the same
// version and the cache has room; nothing of it stays leased.
func TestPagesAreCached(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	tab := randomTable(rng, 20_000)
	o := writer.Options{GroupRows: 6000, PageRows: 700}
	data := tab.write(t, o)
	st, info := store(data)
	r := &recorder{Store: st}
	cache := parquet.NewCache(64 << 20)
	f := parquet.New(parquet.Options{Cache: cache})
	read := func(conjuncts ...expr.Expr) {
		t.Helper()
		req := tab.request(r)
		req.Conjuncts = conjuncts
		want := keep(t, tab, req)
		got, err := scan(t, f, info, req)
		if err != nil {
			t.Fatal(err)
		}
		for c := range tab.cols {
			if len(got[c]) != len(want) {
				t.Fatalf("column %d: %d rows, want %d", c, len(got[c]), len(want))
			}
			for k, row := range want {
				if a, b := text(got[c][k]), text(tab.vals[c][row]); a != b {
					t.Fatalf("column %d row %d: %s, want %s", c, row, a, b)
				}
			}
		}
	}
	read()
	if len(r.taken()) == 0 {
		t.Fatal("the first scan asked for nothing")
	}
	read()
	read(&expr.Call{Fn: operator("<", sql.OIDInt8), Args: []expr.Expr{&expr.Col{ID: 4, T: sql.Int8}, &expr.Const{V: tab.vals[3][0]}}, T: sql.Bool})
	if reads := r.taken(); len(reads) > 0 {
		t.Errorf("the pages are in the cache, and were asked for again: %v", reads)
	}
	if s := cache.Stats().Ranges; s.Entries == 0 || s.Hits == 0 {
		t.Errorf("%+v", s)
	}

	// Another version of the object.
	tab.vals[3][17] = sql.IntValue(sql.Int8, 4711)
	info = st.Put(info.Key, tab.write(t, o))
	read()
	if len(r.taken()) == 0 {
		t.Error("a new version was answered from the old one's pages")
	}

	cache.SetBudget(0)
	if n := cache.Bytes(); n != 0 {
		t.Errorf("%d bytes are leased although nobody reads", n)
	}
	read()
	if len(r.taken()) == 0 {
		t.Error("a cache without a budget kept pages")
	}
}

// A dictionary is kept decoded or as it lies in the file, not both.
func TestDictionariesAreKeptOnce(t *testing.T) {
	tab := &table{cols: []writer.Column{{Name: "c", Type: sql.Int8}}, vals: make([][]sql.Value, 1)}
	for i := range 10_000 {
		tab.vals[0] = append(tab.vals[0], sql.IntValue(sql.Int8, int64(i%3000)*1_000_003))
	}
	data := tab.write(t, writer.Options{})
	st, info := store(data)
	cache := parquet.NewCache(64 << 20)
	f := parquet.New(parquet.Options{Cache: cache})
	for range 2 {
		if _, err := scan(t, f, info, tab.request(st)); err != nil {
			t.Fatal(err)
		}
	}
	s := cache.Stats()
	if s.Dictionary.Entries != 1 || s.Ranges.Entries != 1 || s.Ranges.Bytes >= int64(len(data))*2/3 {
		t.Errorf("a dictionary of 24,000 bytes, a file of %d: %+v", len(data), s)
	}
}

// Footer and page indexes of all row groups come in one request, a row group's
// pages in another.
func TestRequests(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	tab := randomTable(rng, 12_000)
	st, info := store(tab.write(t, writer.Options{GroupRows: 2000, PageRows: 500}))
	r := &recorder{Store: st}
	f := parquet.New(parquet.Options{})
	if _, err := scan(t, f, info, tab.request(r)); err != nil {
		t.Fatal(err)
	}
	if reads := r.taken(); len(reads) != 1+6 {
		t.Errorf("%d requests for a file of 6 row groups: %v", len(reads), reads)
	}
}
