package parquet

import "testing"

func key(i int) cacheKey { return cacheKey{url: "file:///f", kind: kindDict, group: int32(i)} }

// ask is what a reader does for a dictionary: it reports whether it was there.
func ask(c *Cache, i int, bytes int64) bool {
	if e := c.get(key(i)); e != nil {
		e.release()
		return true
	}
	if c.wants(key(i), bytes, 3*float64(bytes)) {
		c.put(key(i), i, bytes, 3*float64(bytes)).release()
	}
	return false
}

// scan asks for entries from .. from+n-1 and counts the hits.
func scan(c *Cache, from, n int) int {
	c.tick()
	c.tick()
	hits := 0
	for i := range n {
		if ask(c, from+i, 100) {
			hits++
		}
	}
	return hits
}

// A table larger than the cache is scanned again and again: a part of it stays.
func TestCacheKeepsPartOfLargeScan(t *testing.T) {
	c := NewCache(1000)
	for run := range 20 {
		if hits := scan(c, 0, 30); run > 0 && hits != 10 {
			t.Fatalf("run %d: %d hits of 10 entries that fit", run, hits)
		}
	}
	if n := c.Stats().Dictionary.Evictions; n != 0 {
		t.Errorf("%d evictions", n)
	}
}

// What is read once does not push out what is read often; what takes its place in
// daily use does, soon.
func TestCacheFollowsUse(t *testing.T) {
	c := NewCache(1000)
	for range 5 {
		scan(c, 0, 10)
	}
	scan(c, 100, 10)
	if hits := scan(c, 0, 10); hits != 10 {
		t.Errorf("%d of 10 entries are left after one scan of others", hits)
	}
	for range 20 {
		scan(c, 200, 10)
	}
	if hits := scan(c, 200, 10); hits != 10 {
		t.Errorf("%d hits of 10 entries after 20 scans of nothing else", hits)
	}
}

// The budget follows the files whose footers are there.
func TestCacheLimits(t *testing.T) {
	c := NewCache(1)
	c.SetLimits(CacheLimits{Least: 1000, Most: 5000, Local: 0.1, Remote: 0.5})
	footer := func(i int, url string, size int64) {
		c.put(cacheKey{url: url, kind: kindFooter, group: int32(i)}, &fileMeta{size: size}, 1, 1).release()
	}
	if b := c.Stats().Budget; b != 1000 {
		t.Errorf("budget %d without files", b)
	}
	footer(1, "file:///f", 20000)
	if b := c.Stats().Budget; b != 3000 {
		t.Errorf("budget %d with 20,000 bytes of local files", b)
	}
	footer(3, "s3://b/f", 1000)
	if b := c.Stats().Budget; b != 3500 {
		t.Errorf("budget %d with 1,000 bytes of remote files too", b)
	}
	footer(2, "file:///f", 1000000)
	if b := c.Stats().Budget; b != 5000 {
		t.Errorf("budget %d, at most 5,000", b)
	}
	scan(c, 0, 40)
	if n := c.Bytes(); n != 4003 {
		t.Errorf("%d bytes used", n)
	}
	c.SetBudget(0)
	if s := c.Stats(); s.Bytes != 0 || s.Budget != 0 {
		t.Errorf("%+v after the budget was taken away", s)
	}
	c.SetLimits(CacheLimits{Least: 1000, Most: 5000, Local: 0.1, Remote: 0.5})
	if b := c.Stats().Budget; b != 1000 {
		t.Errorf("budget %d: files that are not in use count", b)
	}
}
