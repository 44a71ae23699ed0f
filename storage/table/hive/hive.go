// Package hive lists the files of Hive tables: a folder, or a folder for each
// partition that the catalog keeps.
package hive

import (
	"context"
	"sync"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// ListingMaxAge is the table property that lets a listing be kept between
// statements: a duration such as 30s or 5m.
const ListingMaxAge = "sluice.listing_max_age"

// defaultConcurrency is how many folders are listed at once.
const defaultConcurrency = 24

// Format implements table.Format. Safe for concurrent use; make it with New.
type Format struct {
	concurrency int
	kept        *listings
	now         func() time.Time
}

// New makes a Format. concurrency <= 0 means the default, 24 listings at once
// for each call of Files.
func New(concurrency int) *Format {
	if concurrency <= 0 {
		concurrency = defaultConcurrency
	}
	return &Format{concurrency: concurrency, kept: newListings(), now: time.Now}
}

// folder is one place to list.
type folder struct {
	location string
	parts    []format.Part
	pages    chan []object.Info // closed when listed or failed
	err      error              // valid once pages is closed
}

// Files implements table.Format. Files come in the order of the partitions, and
// by key within each. Names that start with "_" or "." at any level below the
// location, folder markers and empty files are skipped.
func (f *Format) Files(ctx context.Context, req *table.Request, yield func(*format.FileTask) error) error {
	maxAge, err := listingMaxAge(req.Table)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	queue := make(chan *folder, f.concurrency)
	slots := make(chan struct{}, f.concurrency)
	var produceErr error // valid once queue is closed
	running.Go(func() {
		defer close(queue)
		produceErr = f.folders(ctx, req, func(fo *folder) error {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			running.Go(func() {
				defer func() { <-slots }()
				defer close(fo.pages)
				fo.err = f.list(ctx, req, fo, maxAge)
			})
			select {
			case queue <- fo:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})

	var seq uint64
	for fo := range queue {
		for page := range fo.pages {
			for i := range page {
				o := &page[i]
				task := &format.FileTask{URL: o.Key, Size: o.Size, ETag: o.ETag, Seq: seq, Parts: fo.parts}
				seq++
				if req.Metrics != nil {
					req.Metrics.Files.Add(1)
					req.Metrics.Bytes.Add(o.Size)
				}
				if err := yield(task); err != nil {
					return err
				}
			}
		}
		if fo.err != nil {
			return fo.err
		}
	}
	if produceErr != nil && ctx.Err() != nil {
		return &sql.Error{Code: sql.CodeQueryCanceled, Message: "canceling statement due to user request", Cause: produceErr}
	}
	return produceErr
}

// folders gives the folders that may hold rows.
func (f *Format) folders(ctx context.Context, req *table.Request, emit func(*folder) error) error {
	t := req.Table
	if len(t.Keys) == 0 {
		return emit(&folder{location: t.Storage.Location, pages: make(chan []object.Info, 1)})
	}
	keyIDs := keyColumns(req)
	query := &table.PartitionQuery{Table: t, Columns: req.Columns, Conjuncts: req.Conjuncts, Filters: req.Filters, FilterCols: req.FilterCols}
	count, err := req.Partition.Partitions(ctx, query, func(p *model.Partition) error {
		parts, err := partsOf(t, p, keyIDs, req)
		if err != nil {
			return err
		}
		if req.Metrics != nil {
			req.Metrics.PartitionsKept.Add(1)
		}
		return emit(&folder{location: p.Location, parts: parts, pages: make(chan []object.Info, 1)})
	})
	if err == nil && req.Metrics != nil {
		req.Metrics.PartitionsTotal.Store(count.Total)
	}
	return err
}

// keyColumn is a requested column that is a partition key.
type keyColumn struct {
	col int // index into Request.Columns
	ord int // ordinal of the key
}

func keyColumns(req *table.Request) []keyColumn {
	var out []keyColumn
	for i := range req.Columns {
		for k := range req.Table.Keys {
			if req.Table.Keys[k].Name == req.Columns[i].Name {
				out = append(out, keyColumn{i, k})
			}
		}
	}
	return out
}

// partsOf returns the constants of a partition's files.
func partsOf(t *model.Table, p *model.Partition, keys []keyColumn, req *table.Request) ([]format.Part, error) {
	for i := range p.Typed {
		if p.Typed[i].Type.OID == 0 {
			return nil, invalidValue(t, p, i)
		}
	}
	parts := make([]format.Part, len(keys))
	for i, k := range keys {
		parts[i] = format.Part{ID: req.Columns[k.col].ID, Value: p.Typed[k.ord]}
	}
	return parts, nil
}

func invalidValue(t *model.Table, p *model.Partition, key int) error {
	names := make([]string, len(t.Keys))
	for i := range names {
		names[i] = t.Keys[i].Name
	}
	return sql.Errorf(sql.CodeInvalidTextRepresentation, "partition %s of table \"%s.%s\" has a value that is not of its key's type",
		layout.Path(names, p.Values), t.Database, t.Name).
		WithDetail("Value %q of key \"%s\" is not of type %s.", p.Values[key], t.Keys[key].Name, t.Keys[key].Hive).
		WithHint("Drop the partition, or declare the key with a type that fits.")
}

// list brings the files of one folder, page by page.
func (f *Format) list(ctx context.Context, req *table.Request, fo *folder, maxAge time.Duration) error {
	send := func(files []object.Info) error {
		select {
		case fo.pages <- files:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if maxAge > 0 {
		if files, age, ok := f.kept.get(fo.location, maxAge, f.now()); ok {
			if req.Metrics != nil {
				for old := req.Metrics.ListingAge.Load(); int64(age) > old && !req.Metrics.ListingAge.CompareAndSwap(old, int64(age)); {
					old = req.Metrics.ListingAge.Load()
				}
			}
			return send(files)
		}
	}
	began := f.now()
	var all []object.Info
	err := ListFiles(ctx, req.Store, fo.location, func(files []object.Info) error {
		if maxAge > 0 {
			all = append(all, files...)
		}
		return send(files)
	})
	if err == nil && maxAge > 0 {
		f.kept.put(fo.location, all, began)
	}
	return err
}

// ListFiles gives the data files below a location in order of their keys, page
// by page; what readers of Hive tables skip is left out. A location without
// files is no error; a missing bucket is (58P01).
func ListFiles(ctx context.Context, store object.Store, location string, page func([]object.Info) error) error {
	prefix := layout.Folder(location)
	return store.ListPages(ctx, prefix, "", "", func(p object.Page) (bool, error) {
		files := make([]object.Info, 0, len(p.Objects))
		for _, o := range p.Objects {
			rel := o.Key[min(len(prefix), len(o.Key)):]
			if o.Size == 0 || rel == "" || rel[len(rel)-1] == '/' || layout.Hidden(rel) {
				continue
			}
			files = append(files, o)
		}
		if len(files) == 0 {
			return true, nil
		}
		return true, page(files)
	})
}

// listingMaxAge reads the table's property; 0 if it has none.
func listingMaxAge(t *model.Table) (time.Duration, error) {
	s := t.Params[ListingMaxAge]
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, sql.Errorf(sql.CodeInvalidParameterValue, "table property %s of \"%s.%s\" is not a duration: %q", ListingMaxAge, t.Database, t.Name, s).
			WithHint("Write it as 30s, 5m or 1h, or remove the property.")
	}
	return d, nil
}
