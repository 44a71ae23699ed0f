package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// Field describes a result column.
type Field struct {
	Name   string
	Table  sql.OID // 0: not a plain column
	Attnum int16
	Type   sql.Type
}

// Prepared is a parsed and bound statement.
type Prepared struct {
	Name   string
	Source Source
	// Params are the parameters' types, none of them 0.
	Params []sql.OID
	// Fields are the result columns; nil: the statement returns no rows.
	Fields []Field

	query    *query // queries, EXPLAIN, COPY, statements that write rows
	copySpec *CopySpec
	phases   []Phase // parse and bind, until the first portal takes them
}

// Empty reports whether the statement is empty.
func (p *Prepared) Empty() bool { return p.Source.Stmt.Stmt == nil && p.Source.DDL == nil }

// Prepare binds a statement; client's parameter types (0 unknown) are honoured.
// Errors have positions relative to the whole text.
func (s *Session) Prepare(name string, src Source, types []sql.OID) (p *Prepared, err error) {
	phases, begun := src.parsed, time.Now()
	defer func() {
		phases = append(phases, Phase{"bind", begun, time.Now()})
		if err != nil {
			err = shiftPosition(err, src.Stmt.Off)
			s.failed(src.Stmt.Text, err, phases...)
			s.fail()
			return
		}
		p.phases = phases
	}()
	if err := s.enter(src.Stmt.Stmt); err != nil && src.Stmt.Stmt != nil {
		return nil, err
	}
	p = &Prepared{Name: name, Source: src, Params: types}
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	err = s.guarded(src.Stmt.Text, ctx, cancel, func() error { return s.describe(ctx, p) })
	if err != nil {
		return nil, err
	}
	return p, nil
}

// describe finds a statement's parameters and result columns.
func (s *Session) describe(ctx context.Context, p *Prepared) error {
	if p.Source.DDL != nil {
		return s.describeDDL(ctx, p)
	}
	switch x := p.Source.Stmt.Stmt.(type) {
	case *parse.Select:
		q, err := s.bindQuery(ctx, p.Source.Stmt, x, p.Params)
		if err != nil {
			return err
		}
		p.query, p.Params, p.Fields = q, q.params, q.fields
		for _, n := range q.bound.Notices {
			s.notice("NOTICE", "00000", "%s", n)
		}
	case *parse.Insert, *parse.Update, *parse.Delete:
		return s.describeWrite(ctx, p)
	case *parse.CreateTemp:
		if x.Query != nil {
			return s.describeWrite(ctx, p)
		}
	case *parse.Copy:
		return s.describeCopy(ctx, p, x)
	case *parse.Explain:
		return s.describeExplain(ctx, p, x)
	case *parse.Show:
		return s.describeShow(p, x)
	case *parse.Fetch:
		if x.Move {
			return nil
		}
		c, ok := s.portals[x.Cursor]
		if !ok {
			return undefinedCursor(x.Cursor)
		}
		p.Fields = c.prep.Fields
	case *parse.Execute:
		t, ok := s.prepared[x.Name]
		if !ok {
			return undefinedStatement(x.Name)
		}
		p.Fields = t.Fields
	case *parse.Unsupported:
		err := sql.Errorf(sql.CodeFeatureNotSupported, "%s is not supported", x.Command).At(x.Pos())
		err.Hint = x.Hint
		return err
	}
	return nil
}

// StorePrepared keeps a named statement; the unnamed one replaces its predecessor.
func (s *Session) StorePrepared(p *Prepared) error {
	if _, dup := s.prepared[p.Name]; dup && p.Name != "" {
		s.fail()
		return sql.Errorf(sql.CodeDuplicatePreparedStatement, "prepared statement \"%s\" already exists", p.Name)
	}
	s.prepared[p.Name] = p
	return nil
}

// LookupPrepared finds a statement by name.
func (s *Session) LookupPrepared(name string) (*Prepared, error) {
	if p, ok := s.prepared[name]; ok {
		return p, nil
	}
	s.fail()
	return nil, undefinedStatement(name)
}

// ClosePrepared drops a statement; a missing one is no error.
func (s *Session) ClosePrepared(name string) { delete(s.prepared, name) }

func undefinedStatement(name string) error {
	if name == "" {
		return sql.Errorf(sql.CodeInvalidStatementName, "unnamed prepared statement does not exist")
	}
	return sql.Errorf(sql.CodeInvalidStatementName, "prepared statement \"%s\" does not exist", name)
}

func undefinedCursor(name string) error {
	return sql.Errorf(sql.CodeInvalidCursorName, "cursor \"%s\" does not exist", name)
}

// shiftPosition moves an error's position from its statement to the whole text.
func shiftPosition(err error, off int) error {
	e := sql.AsError(err)
	if off == 0 || e.Position == 0 {
		return err
	}
	c := *e
	c.Position += off
	return &c
}

// rowsTag is the command tag of a statement that returned n rows.
func rowsTag(verb string, n int64) string { return fmt.Sprintf("%s %d", verb, n) }
