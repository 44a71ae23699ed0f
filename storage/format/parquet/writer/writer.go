// Package writer writes batches as Parquet files: dictionary-coded where that
// pays, with statistics, page index and optional bloom filters, streamed row
// group by row group. It is the path of the demo lake and of Parquet results.
package writer

import (
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Sizes of what is written: row groups as DuckDB's, pages as most readers expect.
const (
	groupRows = 122_880
	pageRows  = 20_480
	dictBytes = 1 << 20
)

// Column is a column to write.
type Column struct {
	Name    string
	Type    sql.Type
	NotNull bool // no NULL will come; the column is REQUIRED
	Bloom   bool // write a bloom filter
	Plain   bool // no dictionary: nearly every value is different
}

// Options configure a Writer. The zero value is usable.
type Options struct {
	Codec     string // "snappy" (default), "zstd", "gzip" or "none"
	GroupRows int    // rows of a row group; 0: 122,880
	PageRows  int    // rows of a page; 0: 20,480
	Metadata  map[string]string
}

// Writer writes one file. Memory is about one compressed row group. Not safe for
// concurrent use.
type Writer struct {
	w     *parquet.GenericWriter[any]
	cols  []Column
	enc   []encoder
	vals  []parquet.Value
	arena []byte // bytes of the values of one batch
	o     Options
	rows  int // in the current row group
	total int64
}

// New begins a file on w, which the caller closes after Close. Types without a
// Parquet form of their own (intervals, general numerics, arrays) are written as
// their text.
func New(w io.Writer, cols []Column, o Options) (*Writer, error) {
	if o.GroupRows <= 0 {
		o.GroupRows = groupRows
	}
	if o.PageRows <= 0 {
		o.PageRows = pageRows
	}
	codec, err := codecOf(o.Codec)
	if err != nil {
		return nil, err
	}
	out := &Writer{cols: cols, o: o, enc: make([]encoder, len(cols))}
	root := &group{}
	var blooms []parquet.BloomFilterColumn
	seen := map[string]bool{}
	for i, c := range cols {
		if seen[c.Name] {
			return nil, sql.Errorf(sql.CodeDuplicateColumn, "column %q is specified more than once", c.Name).
				WithHint("A Parquet file cannot have two columns of one name; give one an alias.")
		}
		seen[c.Name] = true
		n, e := nodeFor(c.Type)
		out.enc[i] = e
		if !c.Plain && e.dictionary {
			n = parquet.Encoded(n, &parquet.RLEDictionary)
		}
		if !c.NotNull {
			n = parquet.Optional(n)
		}
		root.fields = append(root.fields, field{Node: n, name: c.Name})
		if c.Bloom {
			blooms = append(blooms, parquet.SplitBlockFilter(10, c.Name))
		}
	}
	opts := []parquet.WriterOption{
		parquet.NewSchema("schema", root), parquet.Compression(codec), parquet.DataPageVersion(1),
		parquet.DataPageStatistics(false), parquet.DictionaryMaxBytes(dictBytes), parquet.PageBufferSize(64 << 20),
		parquet.CreatedBy("sluice", "1", ""),
	}
	if blooms != nil {
		opts = append(opts, parquet.BloomFilters(blooms...))
	}
	for k, v := range o.Metadata {
		opts = append(opts, parquet.KeyValueMetadata(k, v))
	}
	out.w = parquet.NewGenericWriter[any](w, opts...)
	return out, nil
}

func codecOf(name string) (compress.Codec, error) {
	switch name {
	case "", "snappy":
		return &parquet.Snappy, nil
	case "zstd":
		return &parquet.Zstd, nil
	case "gzip":
		return &parquet.Gzip, nil
	case "none":
		return &parquet.Uncompressed, nil
	}
	return nil, sql.Errorf(sql.CodeInvalidParameterValue, "Parquet codec %q is not known", name).
		WithHint("Use snappy, zstd, gzip or none.")
}

// Rows returns how many rows were written.
func (w *Writer) Rows() int64 { return w.total }

// Write adds the rows of a batch that count; b may be reused at once.
func (w *Writer) Write(b *vector.Batch) (err error) {
	defer guard(&err)
	n := b.Rows()
	for at := 0; at < n; {
		k := min(n-at, w.o.GroupRows-w.rows, w.o.PageRows-w.rows%w.o.PageRows)
		if err := w.part(b, at, k); err != nil {
			return err
		}
		at += k
		w.rows += k
		w.total += int64(k)
		if w.rows%w.o.PageRows == 0 || w.rows == w.o.GroupRows {
			for _, c := range w.w.ColumnWriters() {
				if err := c.Flush(); err != nil {
					return failed(err)
				}
			}
		}
		if w.rows == w.o.GroupRows {
			if err := w.w.Flush(); err != nil {
				return failed(err)
			}
			w.rows = 0
		}
	}
	return nil
}

// part adds k of the rows of b that count, from the at-th on.
func (w *Writer) part(b *vector.Batch, at, k int) error {
	if cap(w.vals) < k {
		w.vals = make([]parquet.Value, max(k, vector.BatchSize))
	}
	writers := w.w.ColumnWriters()
	for c, v := range b.Cols {
		vals := w.vals[:k]
		w.arena = w.arena[:0]
		def := 1
		if w.cols[c].NotNull {
			def = 0
		}
		for i := range vals {
			row := at + i
			if b.Sel != nil {
				row = int(b.Sel[row])
			}
			src, idx, null := v.At(row)
			if null {
				if def == 0 {
					return sql.Errorf(sql.CodeDataException, "NULL in column %q, which was declared NOT NULL", w.cols[c].Name)
				}
				vals[i] = parquet.NullValue().Level(0, 0, c)
				continue
			}
			x, err := w.enc[c].value(w, src, idx)
			if err != nil {
				return err
			}
			vals[i] = x.Level(0, def, c)
		}
		if _, err := writers[c].WriteRowValues(vals); err != nil {
			return failed(err)
		}
	}
	return nil
}

// Close completes the file.
func (w *Writer) Close() (err error) {
	defer guard(&err)
	if err := w.w.Close(); err != nil {
		return failed(err)
	}
	return nil
}

func failed(err error) error {
	if e, ok := err.(*sql.Error); ok {
		return e
	}
	e := sql.Errorf(sql.CodeIOError, "could not write the Parquet file")
	e.Detail, e.Cause = err.Error(), err
	return e
}

// guard turns a panic of the library into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = sql.Errorf(sql.CodeInternal, "writing the Parquet file failed unexpectedly").WithDetail("%v", p)
	}
}

// group is the schema's root: unlike the library's own, its columns keep their order.
type group struct {
	parquet.Group
	fields []parquet.Field
}

func (g *group) Fields() []parquet.Field { return g.fields }
func (g *group) String() string          { return fmt.Sprintf("group of %d columns", len(g.fields)) }

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                      { return f.name }
func (f field) Value(reflect.Value) reflect.Value { return reflect.Value{} }
