package engine

import (
	"context"
	"sync"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// listings is a store that remembers a statement's listings: what planning listed
// for its estimates is not listed again to run, and the statement sees one set of
// files throughout.
type listings struct {
	object.Store
	mu   sync.Mutex
	kept map[listingKey]*listing
	size int
}

type listingKey struct{ prefix, delimiter, after string }

type listing struct {
	once  sync.Once
	pages []object.Page
	err   error
	whole bool
}

// maxKeptObjects bounds what a statement remembers; listings beyond it are
// passed on as they come.
const maxKeptObjects = 1 << 18

func newListings(s object.Store) *listings {
	return &listings{Store: s, kept: map[listingKey]*listing{}}
}

// ListPages implements object.Store.
func (l *listings) ListPages(ctx context.Context, prefix, delimiter, after string, yield func(object.Page) (bool, error)) error {
	key := listingKey{prefix, delimiter, after}
	l.mu.Lock()
	k := l.kept[key]
	if k == nil {
		if l.size > maxKeptObjects {
			l.mu.Unlock()
			return l.Store.ListPages(ctx, prefix, delimiter, after, yield)
		}
		k = &listing{}
		l.kept[key] = k
	}
	l.mu.Unlock()
	k.once.Do(func() {
		n := 0
		k.err = l.Store.ListPages(ctx, prefix, delimiter, after, func(p object.Page) (bool, error) {
			k.pages = append(k.pages, p)
			n += len(p.Objects) + len(p.Prefixes)
			return true, nil
		})
		k.whole = k.err == nil
		l.mu.Lock()
		l.size += n
		if !k.whole { // another try may do better
			delete(l.kept, key)
		}
		l.mu.Unlock()
	})
	if !k.whole {
		return k.err
	}
	for _, p := range k.pages {
		more, err := yield(p)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// lake opens lake tables for a statement.
type lake struct {
	eng    *Engine
	snap   *catalog.Snapshot
	env    *expr.Env
	store  object.Store
	pinned *pinnedFiles // nil: files are listed as they are needed
}

// Open implements exec.Lake.
func (l *lake) Open(t *model.Table) (exec.TableAccess, error) {
	if t.Storage.InputFormat != "" && !isParquet(t) {
		return exec.TableAccess{}, sql.Errorf(sql.CodeFeatureNotSupported, "table \"%s.%s\" is stored as %s, which cannot be read yet", t.Database, t.Name, t.Storage.SerDe).
			WithHint("Only Parquet tables can be queried.")
	}
	a := exec.TableAccess{Store: l.store, Files: l.eng.cfg.Files, Format: l.eng.cfg.Parquet, Partitions: l.snap.Partitions(l.env)}
	if l.pinned != nil {
		a.Files = l.pinned
	}
	return a, nil
}

const parquetInput = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"

func isParquet(t *model.Table) bool { return t.Storage.InputFormat == parquetInput }
