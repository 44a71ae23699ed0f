package parquet

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
)

// Inspection is what a file's metadata says about it.
type Inspection struct {
	URL       string
	Size      int64
	Footer    int64 // bytes of metadata
	Rows      int64
	CreatedBy string
	Columns   []ColumnInfo
	Groups    []GroupInfo
	Metadata  map[string]string
}

// GroupInfo describes a row group.
type GroupInfo struct {
	Rows   int64
	Bytes  int64 // uncompressed
	Chunks []ChunkInfo
}

// ChunkInfo describes a column chunk.
type ChunkInfo struct {
	Path         string
	Codec        string
	Encodings    []string
	Values       int64
	Nulls        int64 // -1 unknown
	Compressed   int64
	Uncompressed int64
	Offset       int64
	Pages        int // by the offset index; 0: there is none
	Dictionary   bool
	ColumnIndex  bool
	Bloom        bool
	Min, Max     string // as text; "" unknown
}

var encodingNames = [...]string{encPlain: "PLAIN", encPlainDictionary: "PLAIN_DICTIONARY", encRLE: "RLE", encBitPacked: "BIT_PACKED",
	encDeltaBinaryPacked: "DELTA_BINARY_PACKED", encDeltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY", encDeltaByteArray: "DELTA_BYTE_ARRAY",
	encRLEDictionary: "RLE_DICTIONARY", encByteStreamSplit: "BYTE_STREAM_SPLIT"}

// Inspect reads a file's metadata, page indexes included.
func (f *Format) Inspect(ctx context.Context, store object.Store, url string) (in *Inspection, err error) {
	defer guard(url, &err)
	m, src, _, err := f.meta(ctx, store, url, "", -1)
	if err != nil {
		return nil, err
	}
	in = &Inspection{URL: url, Size: m.size, Footer: m.footerLen, Rows: m.rows, CreatedBy: m.createdBy, Metadata: map[string]string{}, Columns: m.columns()}
	for _, kv := range m.keyValues {
		in.Metadata[kv.key] = kv.value
	}
	sf := &scanFile{f: f, req: &format.Request{}, src: src, meta: m}
	for i, l := range m.leaves {
		t := leafType(l)
		sf.req.Columns = append(sf.req.Columns, format.Column{ID: expr.ColumnID(i + 1), Name: l.path, Type: t})
		sf.cols = append(sf.cols, scanColumn{leaf: l, conv: convFor(l, t)})
	}
	groups := make([]int, len(m.groups))
	for g := range groups {
		groups[g] = g
	}
	indexes, err := sf.groupIndexes(ctx, groups)
	if err != nil {
		return nil, err
	}
	for g := range m.groups {
		rg := &m.groups[g]
		gi := GroupInfo{Rows: rg.rows, Bytes: rg.totalBytes}
		for i := range rg.cols {
			gi.Chunks = append(gi.Chunks, sf.chunkInfo(g, i, indexes[g]))
		}
		in.Groups = append(in.Groups, gi)
	}
	return in, nil
}

func (sf *scanFile) chunkInfo(g, i int, index *groupIndex) ChunkInfo {
	ch, leaf := &sf.meta.groups[g].cols[i], sf.meta.leaves[i]
	c := ChunkInfo{Path: leaf.path, Codec: ch.codec.String(), Values: ch.numValues, Nulls: ch.stats.nulls, Compressed: ch.compressed,
		Uncompressed: ch.uncompressed, Offset: ch.start(), ColumnIndex: ch.colIdx.n > 0, Bloom: ch.bloom.off > 0}
	c.Dictionary = ch.dictOff > 0 || ch.encodings&(1<<encRLEDictionary|1<<encPlainDictionary) != 0
	for e, name := range encodingNames {
		if ch.encodings>>e&1 != 0 && name != "" {
			c.Encodings = append(c.Encodings, name)
		}
	}
	if index != nil && index.offsets[i] != nil {
		c.Pages = len(index.offsets[i].pages)
	}
	if leaf.maxRep > 0 || sf.cols[i].conv == nil {
		return c
	}
	if st, ok := sf.groupStats(g, i); ok {
		f := sql.DefaultFormat()
		if st.HasMin {
			c.Min = string(sql.AppendText(nil, st.Min, &f))
		}
		if st.HasMax {
			c.Max = string(sql.AppendText(nil, st.Max, &f))
		}
	}
	return c
}

// WriteText renders the inspection for a terminal.
func (in *Inspection) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "file\t%s\nsize\t%d bytes, footer %d\nrows\t%d in %d row groups\nwritten by\t%s\n", in.URL, in.Size, in.Footer, in.Rows, len(in.Groups), in.CreatedBy)
	fmt.Fprintf(t, "\ncolumn\tin the file\tHive type\tnulls\n")
	for _, c := range in.Columns {
		null := "allowed"
		if c.NotNull {
			null = "no"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Name, c.Physical, c.Hive, null)
	}
	for i, g := range in.Groups {
		fmt.Fprintf(t, "\nrow group %d: %d rows, %d bytes uncompressed\n", i, g.Rows, g.Bytes)
		fmt.Fprintf(t, "column\tcodec\tencodings\tvalues\tnulls\tcompressed\tuncompressed\tpages\tindexes\tmin\tmax\n")
		for _, c := range g.Chunks {
			nulls, pages := "?", "?"
			if c.Nulls >= 0 {
				nulls = fmt.Sprint(c.Nulls)
			}
			var idx []string
			if c.Pages > 0 {
				pages = fmt.Sprint(c.Pages)
				idx = append(idx, "offset")
			}
			if c.ColumnIndex {
				idx = append(idx, "column")
			}
			if c.Bloom {
				idx = append(idx, "bloom")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%d\t%d\t%s\t%s\t%s\t%s\n", c.Path, c.Codec, strings.Join(c.Encodings, ","), c.Values, nulls,
				c.Compressed, c.Uncompressed, pages, strings.Join(idx, ","), shorten(c.Min), shorten(c.Max))
		}
	}
	return t.Flush()
}

// shorten makes a value fit a table.
func shorten(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return '.'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 24 {
		return string(r[:23]) + "…"
	}
	return s
}
