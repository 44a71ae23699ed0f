package result

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/vector"
)

// table writes results as psql's aligned tables. A whole result is kept in memory,
// because the widths of its columns are known only at its end.
type table struct {
	w     io.Writer
	t     texts
	rows  [][]cell
	width []int
	open  bool
}

// cell is a value's lines.
type cell []string

func (t *table) Begin(fields []engine.Field) error {
	t.t.fields, t.open = fields, true
	t.width = make([]int, len(fields))
	for i, f := range fields {
		t.measure(i, strings.Split(f.Name, "\n"))
	}
	return nil
}

func (t *table) measure(col int, c cell) {
	for _, l := range c {
		t.width[col] = max(t.width[col], uniseg.StringWidth(l))
	}
}

func (t *table) Rows(b *vector.Batch, from, to int) error {
	for i := from; i < to; i++ {
		line := make([]cell, len(b.Cols))
		for c := range b.Cols {
			text, _ := t.t.text(b, c, row(b, i))
			line[c] = strings.Split(controls.Replace(string(text)), "\n")
			t.measure(c, line[c])
		}
		t.rows = append(t.rows, line)
	}
	return nil
}

// controls makes characters that move the cursor visible, as psql does.
var controls = func() *strings.Replacer {
	pairs := []string{"\t", `\t`, "\r", `\r`, "\x7f", `\x7F`}
	for i := range 32 {
		if i != '\n' && i != '\t' && i != '\r' {
			pairs = append(pairs, string(rune(i)), fmt.Sprintf(`\x%02X`, i))
		}
	}
	return strings.NewReplacer(pairs...)
}()

func (t *table) End(tag string) error {
	if !t.open {
		_, err := fmt.Fprintln(t.w, tag)
		return err
	}
	w := bufio.NewWriter(t.w)
	t.header(w)
	for _, r := range t.rows {
		t.line(w, r)
	}
	s := "s"
	if len(t.rows) == 1 {
		s = ""
	}
	fmt.Fprintf(w, "(%d row%s)\n\n", len(t.rows), s)
	t.rows, t.open = nil, false
	return w.Flush()
}

func (t *table) header(w *bufio.Writer) {
	for i, f := range t.t.fields {
		if i > 0 {
			w.WriteByte('|')
		}
		free := t.width[i] - uniseg.StringWidth(f.Name)
		w.WriteString(" " + strings.Repeat(" ", free/2) + f.Name + strings.Repeat(" ", free-free/2) + " ")
	}
	w.WriteByte('\n')
	for i, n := range t.width {
		if i > 0 {
			w.WriteByte('+')
		}
		w.WriteString(strings.Repeat("-", n+2))
	}
	w.WriteByte('\n')
}

// line writes a row; a value of several lines makes it several lines high.
func (t *table) line(w *bufio.Writer, r []cell) {
	height := 1
	for _, c := range r {
		height = max(height, len(c))
	}
	for l := range height {
		for i, c := range r {
			if i > 0 {
				w.WriteByte('|')
			}
			text := ""
			if l < len(c) {
				text = c[l]
			}
			more, last := l+1 < len(c), i == len(r)-1
			pad := strings.Repeat(" ", t.width[i]-uniseg.StringWidth(text))
			w.WriteByte(' ')
			switch {
			case isNumber(t.t.fields[i].Type.OID):
				w.WriteString(pad + text)
			case last && !more:
				w.WriteString(text)
			default:
				w.WriteString(text + pad)
			}
			switch {
			case more:
				w.WriteByte('+')
			case !last:
				w.WriteByte(' ')
			}
		}
		w.WriteByte('\n')
	}
}

func (t *table) Close() error { return nil }
