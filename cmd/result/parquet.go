package result

import (
	"io"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/vector"
)

// parquetWriter writes one result as a Parquet file.
type parquetWriter struct {
	w   io.Writer
	out *writer.Writer // nil: no result yet
	sel []int32
}

func (p *parquetWriter) Begin(fields []engine.Field) error {
	if p.out != nil {
		return oneResult("parquet")
	}
	cols := make([]writer.Column, len(fields))
	for i, f := range fields {
		cols[i] = writer.Column{Name: f.Name, Type: f.Type}
	}
	var err error
	p.out, err = writer.New(p.w, cols, writer.Options{})
	return err
}

func (p *parquetWriter) Rows(b *vector.Batch, from, to int) error {
	part := *b
	if from > 0 || to < b.Rows() {
		p.sel = p.sel[:0]
		for i := from; i < to; i++ {
			p.sel = append(p.sel, int32(row(b, i)))
		}
		part.Sel = p.sel
	}
	return p.out.Write(&part)
}

func (p *parquetWriter) End(string) error { return nil }

func (p *parquetWriter) Close() error {
	if p.out == nil {
		return nil
	}
	return p.out.Close()
}
