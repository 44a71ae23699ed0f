package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// copyReader takes the data of a COPY FROM apart.
type copyReader struct {
	spec *CopySpec
	more func() ([]byte, error)
	cols []model.Column

	buf    []byte // what is not read yet
	last   bool   // nothing comes behind buf
	line   int    // of the row read last, from 1
	column int    // binary: that is being read, from 1
	begun  bool
	crlf   bool // lines end in \r\n
	text   []byte
	fields []copyField
	heap   []byte // of fields without their escapes
}

type copyField struct {
	data []byte
	null bool
}

// maxCopyRow bounds what is kept of a row that does not end.
const maxCopyRow = 64 << 20

func badCopy(format string, args ...any) error {
	return sql.Errorf(sql.CodeBadCopyFileFormat, format, args...)
}

// at says which line an error is of.
func (r *copyReader) at(table string, err error) error {
	e, ok := errors.AsType[*sql.Error](err)
	if !ok || errors.Is(err, ErrClient) {
		return err
	}
	if e.Where == "" && e.Code == sql.CodeBadCopyFileFormat && r.line > 0 {
		e.Where = fmt.Sprintf("COPY %s, line %d", table, r.line)
		switch {
		case r.spec.Format == CopyBinary:
			if r.column > 0 {
				e.Where += ", column " + r.cols[r.column-1].Name
			}
		case r.text != nil:
			e.Where += fmt.Sprintf(": \"%s\"", shortened(r.text))
		}
	}
	return e
}

// shortened is data for a message.
func shortened(b []byte) []byte {
	if len(b) > 100 {
		return append(append([]byte(nil), b[:100]...), "..."...)
	}
	return b
}

// copiedText checks a text's encoding.
func copiedText(b []byte) (sql.Value, error) {
	for rest := b; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		if c == utf8.RuneError && n == 1 || c == 0 {
			return sql.Value{}, sql.Errorf(sql.CodeCharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x%02x", rest[0])
		}
		rest = rest[n:]
	}
	return sql.TextValue(string(b)), nil
}

// fill reads another piece; false at the end.
func (r *copyReader) fill() (bool, error) {
	if r.last {
		return false, nil
	}
	if len(r.buf) > maxCopyRow {
		return false, sql.Errorf(sql.CodeProgramLimitExceeded, "a row of COPY data is longer than %d bytes", maxCopyRow)
	}
	b, err := r.more()
	if errors.Is(err, io.EOF) {
		r.last = true
		return false, nil
	}
	r.buf = append(r.buf, b...)
	return err == nil, err
}

// next reads a row; io.EOF at the end. Its fields are valid until the next call.
func (r *copyReader) next() ([]copyField, error) {
	if r.spec.Format == CopyBinary {
		return r.nextBinary()
	}
	for {
		line, err := r.nextLine()
		if err != nil {
			return nil, err
		}
		if r.spec.Header && r.line == 1 {
			continue
		}
		if string(line) == `\.` { // the end; what comes behind it is not looked at
			for {
				r.buf = r.buf[:0]
				if more, err := r.fill(); err != nil || !more {
					return nil, cmpErr(err)
				}
			}
		}
		r.fields, r.heap = r.fields[:0], r.heap[:0]
		if r.spec.Format == CopyCSV {
			err = r.splitCSV(line)
		} else {
			r.splitText(line)
		}
		if err != nil {
			return nil, err
		}
		return r.fields, r.counted()
	}
}

func cmpErr(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// counted refuses a row of too many fields; of one that lacks some, those that are
// there are looked at first.
func (r *copyReader) counted() error {
	if len(r.fields) > len(r.cols) {
		return badCopy("extra data after last expected column")
	}
	return nil
}

// nextLine reads up to a line's end that is no part of a value.
func (r *copyReader) nextLine() ([]byte, error) {
	csv := r.spec.Format == CopyCSV
	quoted, escaped := false, false
	for i := 0; ; i++ {
		for i >= len(r.buf) {
			more, err := r.fill()
			if err != nil {
				return nil, err
			}
			if more {
				continue
			}
			if len(r.buf) == 0 {
				return nil, io.EOF
			}
			r.line++
			if quoted {
				r.text = append(r.text[:0], r.buf...)
				return nil, badCopy("unterminated CSV quoted field")
			}
			return r.ended(len(r.buf), len(r.buf)), nil
		}
		c := r.buf[i]
		switch {
		case escaped:
			escaped = false
		case !csv && c == '\\', csv && quoted && c == r.spec.Escape && c != r.spec.Quote:
			escaped = true
		case csv && c == r.spec.Quote:
			quoted = !quoted
		case c == '\n' && !quoted:
			r.line++
			return r.ended(i, i+1), nil
		}
	}
}

// ended takes a line of n bytes, of which next are used up with its end.
func (r *copyReader) ended(n, next int) []byte {
	line := r.buf[:n]
	if !r.begun {
		r.begun, r.crlf = true, next > n && bytes.HasSuffix(line, []byte{'\r'})
	}
	if r.crlf {
		line = bytes.TrimSuffix(line, []byte{'\r'})
	}
	r.text = append(r.text[:0], line...)
	r.buf = r.buf[next:]
	return r.text
}

// splitText takes a line of the text format apart.
func (r *copyReader) splitText(line []byte) {
	if len(line) == 0 && len(r.cols) == 0 {
		return
	}
	for {
		end, escapes := 0, false
		for end < len(line) && line[end] != r.spec.Delim {
			if line[end] == '\\' {
				escapes = true
				end++
			}
			end++
		}
		end = min(end, len(line))
		raw := line[:end]
		f := copyField{data: raw, null: string(raw) == r.spec.Null}
		if escapes && !f.null {
			f.data = r.unescape(raw)
		}
		r.fields = append(r.fields, f)
		if end == len(line) {
			return
		}
		line = line[end+1:]
	}
}

// unescape resolves the escapes of the text format.
func (r *copyReader) unescape(raw []byte) []byte {
	from := len(r.heap)
	digits := func(b []byte, base byte, most int) (v byte, n int) {
		for n < most && n < len(b) {
			d := b[n]
			switch {
			case d >= '0' && d <= '9' && d-'0' < base:
				d -= '0'
			case base == 16 && d|0x20 >= 'a' && d|0x20 <= 'f':
				d = d | 0x20 - 'a' + 10
			default:
				return v, n
			}
			v = v*base + d
			n++
		}
		return v, n
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			r.heap = append(r.heap, c)
			continue
		}
		i++
		switch c = raw[i]; c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'v':
			c = '\v'
		case 'x':
			if v, n := digits(raw[i+1:], 16, 2); n > 0 {
				c, i = v, i+n
			}
		default:
			if v, n := digits(raw[i:], 8, 3); n > 0 {
				c, i = v, i+n-1
			}
		}
		r.heap = append(r.heap, c)
	}
	return r.heap[from:len(r.heap):len(r.heap)]
}

// splitCSV takes a record of the CSV format apart.
func (r *copyReader) splitCSV(line []byte) error {
	for i := 0; ; {
		from, quotes := len(r.heap), false
		for i < len(line) && line[i] != r.spec.Delim {
			if line[i] != r.spec.Quote {
				r.heap = append(r.heap, line[i])
				i++
				continue
			}
			quotes = true
			for i++; ; i++ {
				if i >= len(line) {
					return badCopy("unterminated CSV quoted field")
				}
				c := line[i]
				if c == r.spec.Escape && i+1 < len(line) && (line[i+1] == r.spec.Escape || line[i+1] == r.spec.Quote) {
					i++
					c = line[i]
				} else if c == r.spec.Quote {
					break
				}
				r.heap = append(r.heap, c)
			}
			i++
		}
		data := r.heap[from:len(r.heap):len(r.heap)]
		r.fields = append(r.fields, copyField{data: data, null: !quotes && string(data) == r.spec.Null})
		if i >= len(line) {
			return nil
		}
		i++
	}
}

// take reads n bytes of the binary format.
func (r *copyReader) take(n int) ([]byte, error) {
	for len(r.buf) < n {
		more, err := r.fill()
		if err != nil {
			return nil, err
		}
		if !more {
			return nil, badCopy("unexpected EOF in COPY data")
		}
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b, nil
}

const copySignature = "PGCOPY\n\xff\r\n\x00"

func (r *copyReader) nextBinary() ([]copyField, error) {
	if !r.begun {
		r.begun = true
		b, err := r.take(len(copySignature))
		if err != nil && sql.AsError(err).Code != sql.CodeBadCopyFileFormat {
			return nil, err
		}
		if string(b) != copySignature {
			return nil, badCopy("COPY file signature not recognized")
		}
		if b, err = r.take(8); err != nil {
			return nil, badCopy("invalid COPY file header (missing flags)")
		}
		if _, err := r.take(int(binary.BigEndian.Uint32(b[4:]))); err != nil {
			return nil, badCopy("invalid COPY file header (wrong length)")
		}
	}
	if len(r.buf) == 0 {
		if more, err := r.fill(); err != nil || !more {
			return nil, cmpErr(err) // the trailer may be missing
		}
	}
	r.column = 0
	b, err := r.take(2)
	if err != nil {
		return nil, err
	}
	r.line++
	switch n := int16(binary.BigEndian.Uint16(b)); {
	case n == -1:
		if more, err := r.fill(); err != nil {
			return nil, err
		} else if more || len(r.buf) > 0 {
			return nil, badCopy("received copy data after EOF marker")
		}
		return nil, io.EOF
	case int(n) != len(r.cols):
		return nil, badCopy("row field count is %d, expected %d", n, len(r.cols))
	}
	r.fields, r.heap = r.fields[:0], r.heap[:0]
	for i := range r.cols {
		r.column = i + 1
		b, err := r.take(4)
		if err != nil {
			return nil, err
		}
		n := int32(binary.BigEndian.Uint32(b))
		if n == -1 {
			r.fields = append(r.fields, copyField{null: true})
			continue
		}
		if n < 0 {
			return nil, badCopy("invalid field size")
		}
		if b, err = r.take(int(n)); err != nil {
			return nil, err
		}
		r.fields = append(r.fields, copyField{data: append([]byte(nil), b...)})
	}
	return r.fields, nil
}
