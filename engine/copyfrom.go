package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// COPY FROM STDIN reads all rows into a table of their own and then inserts them as
// INSERT ... SELECT does.

// copiedOID is the table of rows that COPY has read; no other one has it.
const copiedOID = firstTempOID

// copyInsert is the INSERT that a COPY FROM stands for.
func copyInsert(x *parse.Copy) *parse.Insert {
	return &parse.Insert{P: x.P, Table: parse.TableName{P: x.P, Name: *x.Table}, Columns: x.Columns, Positions: make([]parse.P, len(x.Columns)), Copied: true}
}

// copyTarget finds the table and those of its columns that a COPY FROM fills.
func (s *Session) copyTarget(ctx context.Context, x *parse.Copy) (t *model.Table, cols []model.Column, err error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	if t, err = bind.WriteTarget(ctx, s.env(), s.bindOptions(snap, nil), &parse.TableName{P: x.P, Name: *x.Table}, "COPY FROM"); err != nil {
		return nil, nil, err
	}
	if x.Columns == nil {
		return t, t.Columns, nil
	}
	for _, name := range x.Columns {
		for _, c := range t.Columns {
			if c.Name == name {
				cols = append(cols, c)
			}
		}
	}
	return t, cols, nil
}

// copiedTable has the columns without the limits of their types: it is the INSERT
// that checks them.
func copiedTable(cols []model.Column) *model.Table {
	out := &model.Table{OID: copiedOID, Name: "copied", Kind: model.KindTemp}
	for _, c := range cols {
		out.Columns = append(out.Columns, model.Column{Name: c.Name, Type: sql.T(c.Type.OID)})
	}
	return out
}

func (s *Session) describeCopyFrom(ctx context.Context, p *Prepared, x *parse.Copy) error {
	spec, force, err := copyOptions(x)
	if err != nil {
		return err
	}
	if force != nil {
		return sql.Errorf(sql.CodeFeatureNotSupported, "COPY force quote only available using COPY TO")
	}
	_, cols, err := s.copyTarget(ctx, x)
	if err != nil {
		return err
	}
	if _, err := s.bindCopied(ctx, p.Source.Stmt, x, copiedTable(cols)); err != nil {
		return err
	}
	spec.From = true
	for _, c := range cols {
		spec.Fields = append(spec.Fields, Field{Name: c.Name, Type: c.Type})
	}
	p.copySpec = spec
	return nil
}

func (s *Session) bindCopied(ctx context.Context, stmt parse.Statement, x *parse.Copy, copied *model.Table) (*query, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	opts := s.bindOptions(snap, nil)
	opts.Copied = copied
	return s.bindWith(ctx, stmt, copyInsert(x), opts)
}

// runCopyFrom runs COPY FROM STDIN.
func (s *Session) runCopyFrom(ctx context.Context, p *Portal, x *parse.Copy) (Rows, func(int64) string, error) {
	if p.Input == nil {
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "COPY FROM STDIN needs a client that sends the data").At(x.Pos())
	}
	defer s.sweepTemp()
	t, cols, err := s.copyTarget(ctx, x)
	if err != nil {
		return nil, nil, err
	}
	copied := copiedTable(cols)
	q, err := s.bindCopied(ctx, p.prep.Source.Stmt, x, copied)
	if err != nil {
		return nil, nil, err
	}
	spool := s.newSpool(copied)
	if err := s.readCopied(ctx, p, t, copied, spool); err != nil {
		return nil, nil, err
	}
	rows, err := newTableRows(copied).With(spool, nil)
	if err != nil {
		return nil, nil, err
	}
	now := s.temp.now
	with := &tempState{set: now.set, tables: append(now.tables[:len(now.tables):len(now.tables)], &tempTable{table: copied, rows: rows})}
	pl, err := s.planIn(ctx, q, nil, with)
	if err != nil {
		return nil, nil, err
	}
	_, n, err := s.write(ctx, p, pl)
	if err != nil {
		return nil, nil, err
	}
	return nil, func(int64) string { return rowsTag("COPY", n) }, nil
}

// readCopied reads the client's rows.
func (s *Session) readCopied(ctx context.Context, p *Portal, t, copied *model.Table, spool *exec.Spool) error {
	in := &copyReader{spec: p.prep.copySpec, more: p.Input, cols: copied.Columns}
	format, now := s.Format(), time.Now()
	columns := make([]*vector.Column, len(copied.Columns))
	n := 0
	flush := func() error {
		b := &vector.Batch{N: n, Cols: make([]*vector.Vec, len(columns))}
		for i, c := range columns {
			b.Cols[i] = c.Block(0)
		}
		n = 0
		return spool.Append(b, 0, b.N)
	}
	for {
		if n == 0 {
			for i, c := range copied.Columns {
				columns[i] = vector.NewColumn(c.Type)
			}
		}
		fields, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in.at(t.Name, err)
		}
		for i := range copied.Columns {
			if i >= len(fields) {
				return in.at(t.Name, badCopy("missing data for column \"%s\"", copied.Columns[i].Name))
			}
			f, typ := fields[i], copied.Columns[i].Type
			v := sql.NullOf(typ)
			switch {
			case f.null:
			case in.spec.Format == CopyBinary:
				v, err = sql.ParseBinary(typ, f.data)
			default:
				if v, err = copiedText(f.data); err == nil {
					v, err = sql.ParseText(typ, v.S, format, now)
				}
			}
			if err != nil {
				e := sql.AsError(err)
				e.Where = fmt.Sprintf("COPY %s, line %d, column %s", t.Name, in.line, copied.Columns[i].Name)
				if in.spec.Format != CopyBinary {
					e.Where += fmt.Sprintf(": \"%s\"", shortened(f.data))
				}
				return e
			}
			columns[i].AppendValue(v)
		}
		if n++; n == vector.BatchSize {
			if err := flush(); err != nil {
				return err
			}
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
	}
	if n > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	return spool.Finish()
}
