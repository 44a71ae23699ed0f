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

// Partitions finds the folders key=value/key=value/... below location for the
// keys, in their order and depth. Other folders are left out, and so are names
// that start with "_" or ".". Keys are compared without regard to case; locations
// are as they lie there. The result is in order of location.
func Partitions(ctx context.Context, store object.Store, location string, keys []model.Column) ([]*model.Partition, error) {
	type node struct {
		location string
		values   []string
	}
	level := []node{{location: layout.Folder(location)}}
	for _, k := range keys {
		var mu sync.Mutex
		var next []node
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(concurrency)
		for _, n := range level {
			g.Go(func() error {
				return store.ListPages(gctx, n.location, "/", "", func(p object.Page) (bool, error) {
					mu.Lock()
					defer mu.Unlock()
					for _, sub := range p.Prefixes {
						name := strings.TrimSuffix(strings.TrimPrefix(sub, n.location), "/")
						if layout.Hidden(name) {
							continue
						}
						key, value, ok := layout.Segment(name)
						if !ok || !strings.EqualFold(key, k.Name) {
							continue
						}
						if _, ok := layout.ParseValue(k.Type, value); !ok {
							continue
						}
						values := append(n.values[:len(n.values):len(n.values)], value)
						next = append(next, node{sub, values})
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
	sort.Slice(level, func(i, j int) bool { return level[i].location < level[j].location })
	out := make([]*model.Partition, len(level))
	for i, n := range level {
		out[i] = &model.Partition{Values: n.values, Location: n.location}
	}
	return out, nil
}
