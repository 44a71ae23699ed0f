package object

import (
	"slices"
	"strings"
)

// PageOf gives one page, of at most size entries, of a listing of objects that
// are sorted by key: for stores that hold their keys in memory.
func PageOf(sorted []Info, prefix, delimiter, startAfter string, size int) Page {
	var page Page
	find := func(from int, key string) int {
		i, _ := slices.BinarySearchFunc(sorted[from:], key, func(o Info, key string) int { return strings.Compare(o.Key, key) })
		return from + i
	}
	last := ""
	for i := find(0, max(prefix, startAfter)); i < len(sorted); {
		key := sorted[i].Key
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			break
		}
		entry, next, common := key, i+1, false
		if n := strings.Index(rest, delimiter); delimiter != "" && n >= 0 {
			entry, common = key[:len(prefix)+n+len(delimiter)], true
			// Past every key under it: all sort before the prefix with its last byte raised.
			next = find(i, entry[:len(entry)-1]+string(rune(entry[len(entry)-1]+1)))
		}
		if entry > startAfter {
			if len(page.Objects)+len(page.Prefixes) == size {
				page.Next = last
				return page
			}
			if common {
				page.Prefixes = append(page.Prefixes, entry)
			} else {
				page.Objects = append(page.Objects, sorted[i])
			}
			last = entry
		}
		i = next
	}
	return page
}
