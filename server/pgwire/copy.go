package pgwire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// copy runs COPY.
func (c *conn) copy(p *engine.Portal) error {
	if p.Copy().From {
		return c.copyIn(p)
	}
	return c.copyOut(p)
}

// copyOut runs COPY ... TO STDOUT: one CopyData message a row.
func (c *conn) copyOut(p *engine.Portal) error {
	spec := p.Copy()
	format := int16(0)
	if spec.Format == engine.CopyBinary {
		format = 1
	}
	c.enc.start(spec.Fields, []int16{format}, c.sess)
	w := copyWriter{spec: spec, enc: &c.enc}
	begun := false
	begin := func() {
		if begun {
			return
		}
		begun = true
		codes := make([]uint16, len(spec.Fields))
		for i := range codes {
			codes[i] = uint16(format)
		}
		c.send(&pgproto3.CopyOutResponse{OverallFormat: byte(format), ColumnFormatCodes: codes})
		if spec.Header {
			c.out = w.header(c.out)
		}
	}
	res, err := p.Fetch(0, func(b *vector.Batch, from, to int) error {
		begin()
		c.enc.batch(b)
		for i := from; i < to; i++ {
			r := i
			if b.Sel != nil {
				r = int(b.Sel[i])
			}
			c.out = w.row(c.out, r)
			if len(c.out) >= flushAt {
				if err := c.flush(); err != nil {
					return err
				}
			}
		}
		return c.werr
	})
	if err != nil {
		return err
	}
	begin()
	if spec.Format == engine.CopyBinary {
		c.out = copyData(c.out, func(d []byte) []byte { return append(w.start(d), 0xff, 0xff) })
	}
	c.send(&pgproto3.CopyDone{})
	c.send(&pgproto3.CommandComplete{CommandTag: []byte(res.Tag)})
	return nil
}

// copyIn runs COPY ... FROM STDIN: the client's messages are read as the statement
// asks for them. What is wrong with its data the client learns at once; what it still
// sends is passed over.
func (c *conn) copyIn(p *engine.Portal) error {
	spec := p.Copy()
	begun := false
	p.Input = func() ([]byte, error) {
		if !begun {
			begun = true
			format := uint16(0)
			if spec.Format == engine.CopyBinary {
				format = 1
			}
			codes := slices.Repeat([]uint16{format}, len(spec.Fields))
			if err := c.sendNow(&pgproto3.CopyInResponse{OverallFormat: byte(format), ColumnFormatCodes: codes}); err != nil {
				return nil, err
			}
		}
		for {
			msg, err := c.backend.Receive()
			if err != nil {
				return nil, fmt.Errorf("%w: %w", engine.ErrClient, err)
			}
			switch m := msg.(type) {
			case *pgproto3.CopyData:
				return m.Data, nil
			case *pgproto3.CopyDone:
				return nil, io.EOF
			case *pgproto3.CopyFail:
				return nil, sql.Errorf(sql.CodeQueryCanceled, "COPY from stdin failed: %s", m.Message)
			case *pgproto3.Flush, *pgproto3.Sync: // as PostgreSQL: libraries send them not knowing what runs
			default:
				return nil, sql.Errorf(sql.CodeProtocolViolation, "unexpected message type %T during COPY from stdin", msg)
			}
		}
	}
	res, err := p.Fetch(0, nil)
	if err != nil {
		return err
	}
	c.send(&pgproto3.CommandComplete{CommandTag: []byte(res.Tag)})
	return nil
}

// copyWriter writes rows in a COPY format.
type copyWriter struct {
	spec    *engine.CopySpec
	enc     *rowEncoder
	started bool // binary: the signature was written, in the first message
	field   []byte
}

func copyData(dst []byte, f func([]byte) []byte) []byte {
	dst = append(dst, 'd', 0, 0, 0, 0)
	at := len(dst) - 4
	dst = f(dst)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at))
	return dst
}

// start writes the binary signature, flags and extension length, once.
func (w *copyWriter) start(d []byte) []byte {
	if !w.started {
		w.started = true
		d = append(d, "PGCOPY\n\xff\r\n\x00"...)
		d = append(d, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	return d
}

func (w *copyWriter) header(dst []byte) []byte {
	return copyData(dst, func(d []byte) []byte {
		for i, f := range w.spec.Fields {
			if i > 0 {
				d = append(d, w.spec.Delim)
			}
			d = w.put(d, []byte(f.Name), false)
		}
		return append(d, '\n')
	})
}

func (w *copyWriter) row(dst []byte, i int) []byte {
	return copyData(dst, func(d []byte) []byte {
		if w.spec.Format == engine.CopyBinary {
			// the same layout as a DataRow's body
			return w.enc.body(w.start(d), i)
		}
		for c := range w.enc.cols {
			if c > 0 {
				d = append(d, w.spec.Delim)
			}
			k := &w.enc.cols[c]
			src, idx, null := k.v.At(i)
			if null {
				d = append(d, w.spec.Null...)
				continue
			}
			w.field = k.put(w.field[:0], src, idx)
			d = w.put(d, w.field, w.spec.ForceQuote[c])
		}
		return append(d, '\n')
	})
}

func (w *copyWriter) put(d, s []byte, force bool) []byte {
	if w.spec.Format == engine.CopyCSV {
		return w.putCSV(d, s, force)
	}
	for _, b := range s {
		switch b {
		case '\\':
			d = append(d, '\\', '\\')
		case '\b':
			d = append(d, '\\', 'b')
		case '\f':
			d = append(d, '\\', 'f')
		case '\n':
			d = append(d, '\\', 'n')
		case '\r':
			d = append(d, '\\', 'r')
		case '\t':
			d = append(d, '\\', 't')
		case '\v':
			d = append(d, '\\', 'v')
		case w.spec.Delim:
			d = append(d, '\\', b)
		default:
			d = append(d, b)
		}
	}
	return d
}

// putCSV quotes what would be misread: the delimiter, quote, line ends, the NULL
// string, and a lone \. in a single-column line.
func (w *copyWriter) putCSV(d, s []byte, force bool) []byte {
	q, e := w.spec.Quote, w.spec.Escape
	if !force {
		force = string(s) == w.spec.Null || bytes.IndexByte(s, w.spec.Delim) >= 0 || bytes.IndexByte(s, q) >= 0 ||
			strings.ContainsAny(string(s), "\r\n") || len(w.spec.Fields) == 1 && string(s) == `\.`
	}
	if !force {
		return append(d, s...)
	}
	d = append(d, q)
	for _, b := range s {
		if b == q || b == e {
			d = append(d, e)
		}
		d = append(d, b)
	}
	return append(d, q)
}
