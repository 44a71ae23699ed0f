// Package parquet reads Parquet files into batches: footers and page indexes
// come from one budgeted cache, row groups and pages are pruned by statistics
// and bloom filters, predicates run on dictionary entries and then on the rows
// left, and only rows that pass are decoded in the other columns.
//
// Nothing that a file says is trusted: every size, offset and count is checked
// against the file's real size before memory is asked for. What is wrong with a
// file is XX001, naming it; what is merely not supported is 0A000.
package parquet

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/vector"
)

// Format reads Parquet files; it implements format.Format.
type Format struct {
	cache *Cache
	reads func(url string) object.ReadOptions
	ids   dictIDs
	spare spareBuffers
}

// Options configure a Format. The zero value is usable.
type Options struct {
	Cache *Cache // nil: nothing is cached
	// Reads says how ranges of a remote file are fetched; nil: object.Reads.
	Reads func(url string) object.ReadOptions
}

// New returns a reader of Parquet files.
func New(o Options) *Format {
	if o.Reads == nil {
		o.Reads = object.Reads
	}
	return &Format{cache: o.Cache, reads: o.Reads}
}

// Cache returns the cache that f uses, or nil.
func (f *Format) Cache() *Cache { return f.cache }

// tailGuess is how much of a file's end is read at first: footer and page indexes
// are seldom more than a 500th of a file.
func tailGuess(size int64) int64 { return min(size, max(64<<10, min(size/512, 1<<20))) }

// maxFooter bounds a footer's metadata.
const maxFooter = 512 << 20

// meta returns a file's parsed footer, from the cache if it is there. size < 0 or
// an empty etag are looked up first.
func (f *Format) meta(ctx context.Context, store object.Store, url, etag string, size int64) (m *fileMeta, src *source, hit bool, err error) {
	defer guard(url, &err)
	if size < 0 || etag == "" {
		info, err := store.Head(ctx, url)
		if err != nil {
			return nil, nil, false, err
		}
		size, etag = info.Size, info.ETag
	}
	src = &source{store: store, url: url, etag: etag, size: size}
	key := cacheKey{url: url, etag: etag, kind: kindFooter}
	if e := f.cache.get(key); e != nil {
		m := e.value.(*fileMeta)
		e.release()
		return m, src, true, nil
	}
	began := time.Now()
	if m, err = readFooter(ctx, src); err != nil {
		return nil, nil, false, err
	}
	f.cache.put(key, m, m.bytes, float64(time.Since(began))).release()
	return m, src, false, nil
}

func readFooter(ctx context.Context, src *source) (*fileMeta, error) {
	if src.size < 12 {
		return nil, corrupt(src.url, "it has %d bytes, the smallest Parquet file has 12", src.size)
	}
	tail := make([]byte, tailGuess(src.size))
	if err := src.read(ctx, src.size-int64(len(tail)), tail); err != nil {
		return nil, err
	}
	switch string(tail[len(tail)-4:]) {
	case "PAR1":
	case "PARE":
		return nil, encryptedError(src.url)
	default:
		return nil, corrupt(src.url, "it does not end in the bytes PAR1")
	}
	n := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if n > src.size-12 || n > maxFooter {
		return nil, corrupt(src.url, "the footer claims %d bytes, the file has %d", n, src.size)
	}
	if n+8 > int64(len(tail)) {
		tail = make([]byte, n+8)
		if err := src.read(ctx, src.size-n-8, tail); err != nil {
			return nil, err
		}
	}
	src.tail = tail
	// What is kept aliases the footer: do not hold the rest of the tail.
	b := append([]byte(nil), tail[int64(len(tail))-8-n:len(tail)-8]...)
	m, err := parseFooter(src.url, src.size, b)
	if err != nil {
		return nil, err
	}
	m.etag = src.etag
	return m, nil
}

// scanFile is a file of a scan: its footer and how its columns map to the scan's.
type scanFile struct {
	f    *Format
	req  *format.Request
	task *format.FileTask
	src  *source
	meta *fileMeta
	cols []scanColumn // as req.Columns
}

// scanColumn is where one of the request's columns comes from in a file.
type scanColumn struct {
	value  *vector.Vec // not nil: one value for the whole file (Const form)
	leaf   *node       // flat column
	conv   *conv
	nested *node // list, map or struct
}

// Open implements format.Format.
func (f *Format) Open(ctx context.Context, task *format.FileTask, req *format.Request) (out []format.Morsel, err error) {
	defer guard(task.URL, &err)
	m, src, hit, err := f.meta(ctx, req.Store, task.URL, task.ETag, task.Size)
	if err != nil {
		return nil, err
	}
	if mt := req.Metrics; mt != nil {
		mt.Files.Add(1)
		if hit {
			mt.FooterHits.Add(1)
		} else {
			mt.FooterMisses.Add(1)
		}
		mt.RowGroups.Add(int64(len(m.groups)))
	}
	defer func() { src.tail = nil }()
	sf := &scanFile{f: f, req: req, task: task, src: src, meta: m}
	if err := sf.mapColumns(); err != nil {
		return nil, err
	}
	return sf.morsels(ctx)
}

// mapColumns finds each column of the request in the file.
func (sf *scanFile) mapColumns() error {
	sf.cols = make([]scanColumn, len(sf.req.Columns))
	for i, col := range sf.req.Columns {
		if v, ok := sf.part(col.ID); ok {
			v.Type = col.Type
			sf.cols[i].value = vector.ConstOf(v, 1)
			continue
		}
		n := sf.meta.byName(col.Name)
		if n == nil {
			sf.cols[i].value = vector.ConstOf(sql.NullOf(col.Type), 1)
			continue
		}
		if n.leaf < 0 || n.maxRep > 0 {
			if !nestedFits(n, col.Type) {
				return sf.mismatch(n, col)
			}
			sf.cols[i].nested = n
			continue
		}
		cv := convFor(n, col.Type)
		if cv == nil {
			return sf.mismatch(n, col)
		}
		sf.cols[i].leaf, sf.cols[i].conv = n, cv
	}
	return nil
}

func (sf *scanFile) part(id expr.ColumnID) (sql.Value, bool) {
	for _, p := range sf.task.Parts {
		if p.ID == id {
			return p.Value, true
		}
	}
	return sql.Value{}, false
}

// mismatch is the error for a file column that cannot be read as the table's type.
func (sf *scanFile) mismatch(n *node, col format.Column) error {
	e := sql.Errorf(sql.CodeDatatypeMismatch, "column %q of file %q is %s, the table declares it as %s", col.Name, sf.src.url, n.describe(), declared(col)).
		WithHint("Change the column's type in the catalog, or write the file again.")
	e.Where = "file " + sf.src.url
	return e
}

func declared(col format.Column) string {
	if col.Hive != "" {
		return col.Hive
	}
	return typeName(col.Type)
}
