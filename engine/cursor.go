package engine

import (
	"context"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// runDeclare makes a cursor: a portal by the same name. It is bound now, so that
// it sees the data of now, and runs as it is fetched.
func (s *Session) runDeclare(ctx context.Context, x *parse.DeclareCursor) (string, error) {
	if s.txn.implicit && !x.Hold {
		return "", sql.Errorf(sql.CodeNoActiveTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if _, dup := s.portals[x.Name]; dup {
		return "", sql.Errorf(sql.CodeDuplicateCursor, "cursor \"%s\" already exists", x.Name)
	}
	prep := &Prepared{Source: Source{Stmt: parse.Statement{Stmt: x.Query}}}
	if err := s.describe(ctx, prep); err != nil {
		return "", err
	}
	s.portals[x.Name] = &Portal{s: s, Name: x.Name, prep: prep, hold: x.Hold, cursor: true, binary: x.Binary}
	return "DECLARE CURSOR", nil
}

// FetchesBinary reports whether a statement fetches from a BINARY cursor, whose
// rows come in binary even by the simple protocol.
func (s *Session) FetchesBinary(p *Prepared) bool {
	if x, ok := p.Source.Stmt.Stmt.(*parse.Fetch); ok {
		c := s.portals[x.Cursor]
		return c != nil && c.binary
	}
	return false
}

func (s *Session) runClose(x *parse.ClosePortal) (string, error) {
	if x.Name == "" {
		for name, p := range s.portals {
			if p.cursor {
				p.close()
				delete(s.portals, name)
			}
		}
		return "CLOSE CURSOR ALL", nil
	}
	if _, ok := s.portals[x.Name]; !ok {
		return "", undefinedCursor(x.Name)
	}
	s.ClosePortal(x.Name)
	return "CLOSE CURSOR", nil
}

// runFetch moves a cursor forward. The rows come as the statement's own result.
func (s *Session) runFetch(x *parse.Fetch) (Rows, func(int64) string, error) {
	c, ok := s.portals[x.Cursor]
	if !ok {
		return nil, nil, undefinedCursor(x.Cursor)
	}
	n := x.Count
	switch {
	case x.Dir == parse.FetchForward && n >= 0, x.Dir == parse.FetchRelative && n == 1:
	default:
		return nil, nil, sql.Errorf(sql.CodeObjectNotInPrerequisite, "cursor can only scan forward").
			WithHint("Declare it with SCROLL option to enable backward scan.")
	}
	if n <= 0 {
		n = 0
	}
	rows := &cursorRows{p: c, left: n}
	if !x.Move {
		return rows, func(n int64) string { return rowsTag("FETCH", n) }, nil
	}
	var moved int64
	for {
		b, err := rows.Next(s.ctx)
		if err != nil {
			return nil, nil, err
		}
		if b == nil {
			return nil, func(int64) string { return rowsTag("MOVE", moved) }, nil
		}
		moved += int64(b.Rows())
	}
}

// cursorRows reads at most left rows from a cursor's portal.
type cursorRows struct {
	p    *Portal
	left int64
	out  vector.Batch
	sel  []int32
}

func (r *cursorRows) Next(context.Context) (*vector.Batch, error) {
	if r.left <= 0 {
		return nil, nil
	}
	if err := r.p.start(); err != nil {
		return nil, err
	}
	b, from, to, err := r.p.window(r.left)
	if b == nil || err != nil {
		return nil, err
	}
	r.left -= int64(to - from)
	r.out = *b
	if from > 0 || to < b.Rows() {
		r.sel = r.sel[:0]
		for i := from; i < to; i++ {
			k := int32(i)
			if b.Sel != nil {
				k = b.Sel[i]
			}
			r.sel = append(r.sel, k)
		}
		r.out.Sel = r.sel
	}
	return &r.out, nil
}

func (r *cursorRows) Close() {}
