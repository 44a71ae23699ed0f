package engine

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// textRows is a small result of text columns that is made at once: SHOW, EXPLAIN,
// DESCRIBE. A nil string is NULL.
type textRows struct {
	cols  int
	lines [][]*string
	outs  []expr.Out
}

func newTextRows(cols int, lines [][]*string) *textRows {
	return &textRows{cols: cols, lines: lines, outs: make([]expr.Out, cols)}
}

func text(s string) *string { return &s }

func (r *textRows) Next(context.Context) (*vector.Batch, error) {
	if len(r.lines) == 0 {
		return nil, nil
	}
	n := min(len(r.lines), vector.BatchSize)
	b := &vector.Batch{N: n, Cols: make([]*vector.Vec, r.cols)}
	for c := range r.outs {
		o := &r.outs[c]
		o.Reset(sql.Text, vector.LStr, n)
		for i, l := range r.lines[:n] {
			if l[c] == nil {
				o.SetNull(i)
				continue
			}
			o.SetString(i, *l[c])
		}
		b.Cols[c] = o.Vec()
	}
	r.lines = r.lines[n:]
	return b, nil
}

func (r *textRows) Close() {}
