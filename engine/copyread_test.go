package engine

import (
	"io"
	"slices"
	"testing"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// rowsOf reads COPY data that comes in pieces of n bytes.
func rowsOf(data []byte, n int, format CopyFormat, header bool) (rows []string, code sql.Code) {
	spec := &CopySpec{Format: format, Delim: '\t', Null: `\N`, Header: header}
	if format == CopyCSV {
		spec.Delim, spec.Null, spec.Quote, spec.Escape = ',', "", '"', '"'
	}
	r := &copyReader{spec: spec, cols: make([]model.Column, 2), more: func() ([]byte, error) {
		if len(data) == 0 {
			return nil, io.EOF
		}
		k := min(n, len(data))
		piece := data[:k]
		data = data[k:]
		return piece, nil
	}}
	for {
		fields, err := r.next()
		if err == io.EOF {
			return rows, ""
		}
		if err != nil {
			return rows, sql.AsError(err).Code
		}
		row := ""
		for _, f := range fields {
			if f.null {
				row += "NULL|"
			} else {
				row += string(f.data) + "|"
			}
		}
		rows = append(rows, row)
	}
}

// FuzzCopy: whatever a client sends, it is read to its end or refused, and the rows do
// not depend on the pieces that it comes in.
func FuzzCopy(f *testing.F) {
	for _, s := range []string{"1\ta\n2\t\\N\n", "1\t\\x4\\\\b\\\n\r\n", "\\.\nmore", "a,\"b\n\"\"c\"\r\n", "\"", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x01x\xff\xff\xff\xff\xff\xff", "\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for format := CopyText; format <= CopyBinary; format++ {
			for _, header := range []bool{false, true} {
				whole, code := rowsOf(data, len(data)+1, format, header)
				for _, n := range []int{1, 3} {
					if rows, c := rowsOf(data, n, format, header); !slices.Equal(rows, whole) || c != code {
						t.Fatalf("format %d, pieces of %d: %q %s, not %q %s", format, n, rows, c, whole, code)
					}
				}
			}
		}
	})
}
