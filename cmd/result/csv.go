package result

import (
	"bytes"
	"io"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/vector"
)

// csv writes results as psql --csv does: a header, values quoted where they must
// be, NULL as nothing.
type csv struct {
	w   io.Writer
	t   texts
	out []byte
}

const flushAt = 64 << 10

func (c *csv) Begin(fields []engine.Field) error {
	c.t.fields = fields
	for i, f := range fields {
		c.put(i, []byte(f.Name))
	}
	c.out = append(c.out, '\n')
	return nil
}

func (c *csv) put(col int, text []byte) {
	if col > 0 {
		c.out = append(c.out, ',')
	}
	if !bytes.ContainsAny(text, ",\"\r\n") && string(text) != `\.` {
		c.out = append(c.out, text...)
		return
	}
	c.out = append(c.out, '"')
	for _, b := range text {
		if b == '"' {
			c.out = append(c.out, '"')
		}
		c.out = append(c.out, b)
	}
	c.out = append(c.out, '"')
}

func (c *csv) Rows(b *vector.Batch, from, to int) error {
	for i := from; i < to; i++ {
		for col := range b.Cols {
			text, _ := c.t.text(b, col, row(b, i))
			c.put(col, text)
		}
		c.out = append(c.out, '\n')
		if len(c.out) >= flushAt {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *csv) flush() error {
	_, err := c.w.Write(c.out)
	c.out = c.out[:0]
	return err
}

func (c *csv) End(string) error { return c.flush() }
func (c *csv) Close() error     { return c.flush() }
