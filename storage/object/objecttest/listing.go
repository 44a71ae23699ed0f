package objecttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

func listOrder(t *testing.T, s object.Store, base string) {
	keys := []string{"a-b", "a.b/c", "a/b", "a/b-c", "a0", "b/c/d", "b/c/e", "b/d", "b=1/x", "c"}
	for _, k := range keys {
		Put(t, s, base+k, []byte(k))
	}
	slices.Sort(keys)
	objects, _ := List(t, s, base, "", "")
	equal(t, "all", keysOf(objects, base), keys)
	objects, _ = List(t, s, base+"b", "", "")
	equal(t, "b*", keysOf(objects, base), []string{"b/c/d", "b/c/e", "b/d", "b=1/x"})
	objects, _ = List(t, s, base, "", base+"a/b")
	equal(t, "after a/b", keysOf(objects, base), keys[slices.Index(keys, "a/b")+1:])
	objects, _ = List(t, s, base, "", base+"a/a")
	equal(t, "after a/a", keysOf(objects, base), keys[slices.Index(keys, "a/b"):])
	objects, prefixes := List(t, s, base, "/", "")
	equal(t, "top objects", keysOf(objects, base), []string{"a-b", "a0", "c"})
	equal(t, "top prefixes", prefixes, []string{base + "a.b/", base + "a/", base + "b/", base + "b=1/"})
	objects, prefixes = List(t, s, base+"b", "/", "")
	equal(t, "b* objects", keysOf(objects, base), nil)
	equal(t, "b* prefixes", prefixes, []string{base + "b/", base + "b=1/"})
	_, prefixes = List(t, s, base+"b/", "/", "")
	equal(t, "b/ prefixes", prefixes, []string{base + "b/c/"})
	objects, prefixes = List(t, s, base, "/", base+"b/")
	equal(t, "objects after b/", keysOf(objects, base), []string{"c"})
	equal(t, "prefixes after b/", prefixes, []string{base + "b=1/"})
	objects, prefixes = List(t, s, base, "/", base+"zzz")
	if len(objects)+len(prefixes) != 0 {
		t.Errorf("after the end: %v %v", objects, prefixes)
	}
}

// listRandom compares listings with those computed from the set of keys.
func listRandom(t *testing.T, s object.Store, base string) {
	rng := rand.New(rand.NewPCG(11, 12))
	parts := []string{"a", "b", "a-", "a.", "a0", "year=2024", "Z", "_", "~"}
	exists := map[string]bool{}
	folders := map[string]bool{}
	for len(exists) < 60 {
		key := parts[rng.IntN(len(parts))]
		for rng.IntN(3) > 0 && strings.Count(key, "/") < 4 {
			key += "/" + parts[rng.IntN(len(parts))]
		}
		ok := !folders[key+"/"]
		for i, c := range key {
			ok = ok && (c != '/' || !exists[key[:i]])
		}
		if !ok {
			continue
		}
		exists[key] = true
		for i, c := range key {
			if c == '/' {
				folders[key[:i+1]] = true
			}
		}
		Put(t, s, base+key, nil)
	}
	keys := make([]string, 0, len(exists))
	for k := range exists {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for range 60 {
		prefix, after, delimiter := "", "", ""
		if k := keys[rng.IntN(len(keys))]; rng.IntN(3) > 0 {
			prefix = k[:rng.IntN(len(k)+1)]
		}
		if k := keys[rng.IntN(len(keys))]; rng.IntN(2) > 0 {
			after = k[:rng.IntN(len(k)+1)]
		}
		if rng.IntN(2) > 0 {
			delimiter = "/"
		}
		var wantObjects, wantPrefixes []string
		for _, k := range keys {
			rest, ok := strings.CutPrefix(k, prefix)
			if !ok {
				continue
			}
			if i := strings.Index(rest, "/"); i >= 0 && delimiter != "" {
				p := base + prefix + rest[:i+1]
				if p > base+after && !slices.Contains(wantPrefixes, p) {
					wantPrefixes = append(wantPrefixes, p)
				}
			} else if k > after {
				wantObjects = append(wantObjects, k)
			}
		}
		startAfter := ""
		if after != "" {
			startAfter = base + after
		}
		objects, prefixes := List(t, s, base+prefix, delimiter, startAfter)
		what := fmt.Sprintf("prefix %q delimiter %q after %q", prefix, delimiter, after)
		equal(t, what+" objects", keysOf(objects, base), wantObjects)
		equal(t, what+" prefixes", prefixes, wantPrefixes)
	}
}

func listStops(t *testing.T, s object.Store, base string) {
	var want []string
	for i := range 25 {
		k := fmt.Sprintf("k%02d", i)
		want = append(want, k)
		Put(t, s, base+k, nil)
	}
	pages := 0
	var next string
	err := s.ListPages(t.Context(), base, "", "", func(p object.Page) (bool, error) {
		pages++
		next = p.Next
		if len(p.Objects) > 10 {
			t.Errorf("a page of %d", len(p.Objects))
		}
		want = want[len(p.Objects):]
		return false, nil
	})
	if err != nil || pages != 1 || next == "" {
		t.Fatalf("%d pages, next %q, error %v", pages, next, err)
	}
	objects, _ := List(t, s, base, "", next)
	equal(t, "the rest", keysOf(objects, base), want)
	boom := errors.New("boom")
	err = s.ListPages(t.Context(), base, "", "", func(object.Page) (bool, error) { return true, boom })
	if !errors.Is(err, boom) {
		t.Errorf("the consumer's error came back as %v", err)
	}
}

func oddKeys(t *testing.T, s object.Store, base string) {
	keys := []string{
		"with space/ leading and trailing ", "percent%20/100%", "plus+plus", "eq=ual/day=2024-01-01",
		"ünïcödé/日本語/🚰", "quote'\"`", "amp&<>;#?x=y", "back\\slash", "star*[a-z]{}", "~!@$^()|,:",
		"tilde~1", "dots...x", ".hidden/.file", "%2F%2e%2e", "&amp;",
		"long/" + strings.Repeat(strings.Repeat("x", 99)+"/", 6) + strings.Repeat("y", 150),
	}
	for i, k := range keys {
		data := []byte(fmt.Sprintf("%d %s", i, k))
		info := Put(t, s, base+k, data)
		if got := read(t, s, base+k, info.ETag, 0, len(data)); string(got) != string(data) {
			t.Errorf("%q holds %q", k, got)
		}
		head, err := s.Head(t.Context(), base+k)
		if err != nil || head.ETag != info.ETag {
			t.Errorf("head of %q: %+v %v", k, head, err)
		}
		if objects, _ := List(t, s, base+k, "/", ""); len(objects) != 1 || objects[0].Key != base+k {
			t.Errorf("listing of %q: %+v", k, objects)
		}
	}
	want := slices.Sorted(slices.Values(keys))
	objects, _ := List(t, s, base, "", "")
	equal(t, "all", keysOf(objects, base), want)
	for i, k := range want {
		objects, _ := List(t, s, base, "", base+k)
		equal(t, "after "+k, keysOf(objects, base), want[i+1:])
	}
	for _, k := range keys {
		if err := s.Delete(t.Context(), base+k); err != nil {
			t.Errorf("delete %q: %v", k, err)
		}
		_, err := s.Head(t.Context(), base+k)
		WantCode(t, err, sql.CodeUndefinedFile)
	}
}
