// Package discover finds what lies in the lake: partition folders of a table,
// and whole tables under a prefix.
package discover

import (
	"context"
	"sort"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// concurrency is how many folders are listed at once.
const concurrency = 16

// node is a folder key=value/.../ of the first keys.
type node struct {
	location string
	values   []string
}

// Partitions finds the folders key=value/key=value/... below location for the
// keys, in their order and depth. Other folders are left out, and so are names
// that start with "_" or ".". Keys are compared without regard to case; locations
// are as they lie there. The result is in order of location.
//
// A folder above several keys is first listed without regard to folders: if a page
// holds all, that is one request in place of one for each folder below. Else its
// folders are listed and looked into.
func Partitions(ctx context.Context, store object.Store, location string, keys []model.Column) ([]*model.Partition, error) {
	level := []node{{location: layout.Folder(location)}}
	var whole []node
	for k := range keys {
		rest := keys[k:]
		var mu sync.Mutex
		var next []node
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(concurrency)
		for _, n := range level {
			g.Go(func() error {
				if len(rest) > 1 {
					found, all, err := n.below(gctx, store, rest)
					if err != nil {
						return err
					}
					if all {
						mu.Lock()
						whole = append(whole, found...)
						mu.Unlock()
						return nil
					}
				}
				return store.ListPages(gctx, n.location, "/", "", func(p object.Page) (bool, error) {
					mu.Lock()
					defer mu.Unlock()
					for _, sub := range p.Prefixes {
						if f, ok := n.folder(strings.TrimSuffix(sub[len(n.location):], "/"), rest[0]); ok {
							next = append(next, f)
						}
					}
					return true, nil
				})
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		level = next
	}
	level = append(level, whole...)
	sort.Slice(level, func(i, j int) bool { return level[i].location < level[j].location })
	out := make([]*model.Partition, len(level))
	for i, n := range level {
		out[i] = &model.Partition{Values: n.values, Location: n.location}
	}
	return out, nil
}

// folder is the folder of a name in n, if it is a value of the key.
func (n node) folder(name string, k model.Column) (node, bool) {
	if layout.Hidden(name) {
		return node{}, false
	}
	key, value, ok := layout.Segment(name)
	if !ok || !strings.EqualFold(key, k.Name) {
		return node{}, false
	}
	if _, ok := layout.ParseValue(k.Type, value); !ok {
		return node{}, false
	}
	return node{n.location + name + "/", append(n.values[:len(n.values):len(n.values)], value)}, true
}

// below finds the folders of all keys below n, if one page lists all that is there.
func (n node) below(ctx context.Context, store object.Store, keys []model.Column) (found []node, all bool, err error) {
	seen := map[string]bool{}
	err = store.ListPages(ctx, n.location, "", "", func(p object.Page) (bool, error) {
		if all = p.Next == ""; !all {
			return false, nil
		}
	object:
		for _, o := range p.Objects {
			at, rest := n, o.Key[len(n.location):]
			for _, k := range keys {
				name, deeper, ok := strings.Cut(rest, "/")
				if !ok {
					continue object
				}
				if at, ok = at.folder(name, k); !ok {
					continue object
				}
				rest = deeper
			}
			if !seen[at.location] {
				seen[at.location] = true
				found = append(found, at)
			}
		}
		return true, nil
	})
	return found, all, err
}
