// Package result writes the results of statements for people and programs: as an
// aligned table, CSV, JSON or Parquet.
package result

import (
	"fmt"
	"io"
	"strings"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Writer takes the results of the statements of a text, one after another.
type Writer interface {
	// Begin starts a result.
	Begin(fields []engine.Field) error
	// Rows adds the rows from..to-1 that count in b.
	Rows(b *vector.Batch, from, to int) error
	// End ends a statement's result, if it has one. tag is its command tag.
	End(tag string) error
	// Close ends all; what was written is complete only then.
	Close() error
}

// Names renders what values name: the OIDs of types such as regclass.
type Names func(kind, oid sql.OID) string

// Formats are the names of the forms.
var Formats = []string{"table", "csv", "json", "parquet"}

// New makes a writer of a form. format and names are the session's.
func New(form string, w io.Writer, format *sql.Format, names Names) (Writer, error) {
	t := texts{format: format, names: names}
	switch form {
	case "table":
		return &table{w: w, t: t}, nil
	case "csv":
		return &csv{w: w, t: t}, nil
	case "json":
		return &jsonWriter{w: w, t: t}, nil
	case "parquet":
		return &parquetWriter{w: w}, nil
	}
	return nil, fmt.Errorf("there is no format %q: use %s", form, strings.Join(Formats, ", "))
}

// texts renders values as text.
type texts struct {
	format *sql.Format
	names  Names
	fields []engine.Field
	buf    []byte
}

// text is the value of a column in a row, the session's way; it is valid until the next call.
func (t *texts) text(b *vector.Batch, col, row int) (text []byte, null bool) {
	src, i, null := b.Cols[col].At(row)
	if null {
		return nil, true
	}
	v := vector.ValueAt(src, i)
	if isName(t.fields[col].Type.OID) {
		return []byte(t.names(t.fields[col].Type.OID, sql.OID(v.I))), false
	}
	t.buf = sql.AppendText(t.buf[:0], v, t.format)
	return t.buf, false
}

func isName(o sql.OID) bool {
	switch o {
	case sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper, sql.OIDRegclass, sql.OIDRegtype, sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegcollation:
		return true
	}
	return false
}

// isNumber reports whether a type is aligned to the right.
func isNumber(o sql.OID) bool {
	switch o {
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8, sql.OIDOid:
		return true
	}
	return false
}

// row is the position in the columns of the i-th row that counts.
func row(b *vector.Batch, i int) int {
	if b.Sel != nil {
		return int(b.Sel[i])
	}
	return i
}
