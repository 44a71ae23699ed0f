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

// listings is a store that remembers the pages that a statement has listed: what
// planning listed for its estimates is not listed again to run, several scans of a
// table see one set of files, and a scan with a narrower predicate takes its part of
// it. A page is listed when a scan wants it, in that scan's context, and others wait
// for it no longer than the request lasts, never for the scan: if it is cancelled,
// or wants no more, the next one goes on.
type listings struct {
	object.Store
	mu   sync.Mutex
	kept map[pageKey]*keptPage
	size int
}

type pageKey struct{ prefix, delimiter, after string }

type keptPage struct {
	token  chan struct{} // who has put it in may use the fields below
	listed bool
	page   object.Page
}

// maxKeptObjects bounds what a statement remembers; pages beyond it are passed on
// as they come.
const maxKeptObjects = 1 << 18

func newListings(s object.Store) *listings {
	return &listings{Store: s, kept: map[pageKey]*keptPage{}}
}

// ListPages implements object.Store.
func (l *listings) ListPages(ctx context.Context, prefix, delimiter, after string, yield func(object.Page) (bool, error)) error {
	for {
		k, err := l.take(ctx, pageKey{prefix, delimiter, after})
		if err != nil {
			return err
		}
		if k != nil && k.listed {
			page := k.page
			<-k.token
			if more, err := yield(page); err != nil || !more || page.Next == "" {
				return err
			}
			after = page.Next
			continue
		}
		ended := true // there is nothing after the pages that come now
		err = l.Store.ListPages(ctx, prefix, delimiter, after, func(page object.Page) (bool, error) {
			if k != nil {
				l.keep(k, page)
				k = nil
			}
			if more, err := yield(page); err != nil || !more || page.Next == "" {
				return false, err
			}
			after = page.Next
			next, err := l.take(ctx, pageKey{prefix, delimiter, after})
			if err != nil {
				return false, err
			}
			if next != nil && next.listed {
				<-next.token
				ended = false
				return false, nil
			}
			k = next
			return true, nil
		})
		if k != nil {
			<-k.token
		}
		if err != nil || ended {
			return err
		}
	}
}

// take finds the place of a page and puts the token in; nil if there is no room
// for another.
func (l *listings) take(ctx context.Context, key pageKey) (*keptPage, error) {
	l.mu.Lock()
	k := l.kept[key]
	if k == nil && l.size < maxKeptObjects {
		k = &keptPage{token: make(chan struct{}, 1)}
		l.kept[key] = k
		l.size++
	}
	l.mu.Unlock()
	if k == nil {
		return nil, nil
	}
	select {
	case k.token <- struct{}{}:
		return k, nil
	case <-ctx.Done():
		return nil, object.Ended(ctx)
	}
}

// keep remembers a page at its place and takes the token out.
func (l *listings) keep(k *keptPage, page object.Page) {
	k.page, k.listed = page, true
	<-k.token
	l.mu.Lock()
	l.size += len(page.Objects) + len(page.Prefixes)
	l.mu.Unlock()
}

// lake opens lake tables for a statement.
type lake struct {
	eng    *Engine
	snap   *catalog.Snapshot
	env    *expr.Env
	store  object.Store
	pinned *pinnedFiles // nil: files are listed as they are needed
	temp   *tempState
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
