package engine

import (
	"context"
	"slices"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// valueRows is a small result that is made at once: SHOW, EXPLAIN, DESCRIBE.
type valueRows struct {
	types []sql.Type
	rows  [][]sql.Value
}

func newValueRows(cols []model.Column, rows [][]sql.Value) *valueRows {
	r := &valueRows{rows: rows}
	for _, c := range cols {
		r.types = append(r.types, c.Type)
	}
	return r
}

// newTextRows is a result of text columns.
func newTextRows(lines ...[]string) *valueRows {
	r := &valueRows{}
	for _, l := range lines {
		row := make([]sql.Value, len(l))
		for i, s := range l {
			row[i] = sql.TextValue(s)
		}
		r.rows = append(r.rows, row)
	}
	if len(r.rows) > 0 {
		r.types = slices.Repeat([]sql.Type{sql.Text}, len(r.rows[0]))
	}
	return r
}

func (r *valueRows) Next(context.Context) (*vector.Batch, error) {
	if len(r.rows) == 0 {
		return nil, nil
	}
	n := min(len(r.rows), vector.BatchSize)
	b := &vector.Batch{N: n, Cols: make([]*vector.Vec, len(r.types))}
	vals := make([]sql.Value, n)
	for c, t := range r.types {
		for i := range n {
			vals[i] = r.rows[i][c]
		}
		b.Cols[c] = vector.FlatOf(t, vals)
	}
	r.rows = r.rows[n:]
	return b, nil
}

func (r *valueRows) Close() {}

// rowValues returns the first row of a batch.
func rowValues(b *vector.Batch) []sql.Value {
	i := 0
	if b.Sel != nil {
		i = int(b.Sel[0])
	}
	out := make([]sql.Value, len(b.Cols))
	for c, v := range b.Cols {
		out[c] = vector.ValueAt(v, i)
	}
	return out
}
