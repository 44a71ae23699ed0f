package engine

import (
	"context"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// runDeclare makes a cursor: a portal by the same name. It is planned now, and its
// files are listed, so that it sees the data of now; it runs as it is fetched.
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
	p := &Portal{s: s, Name: x.Name, prep: prep, hold: x.Hold, cursor: true, binary: x.Binary, scroll: x.Scroll}
	if prep.query != nil {
		var err error
		if p.planned, err = s.planQuery(ctx, prep.query, nil); err == nil {
			err = p.planned.pin(ctx)
		}
		if err != nil {
			return "", err
		}
	}
	s.addPortal(p)
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

// addPortal makes a portal known by its name.
func (s *Session) addPortal(p *Portal) {
	s.portalSeq++
	p.seq = s.portalSeq
	s.portals[p.Name] = p
}

func cannotRun(name string) error {
	return sql.Errorf(sql.CodeObjectNotInPrerequisite, "portal \"%s\" cannot be run", name)
}

// runFetch moves a cursor, with the steps of PostgreSQL's: all but the last move
// without giving out rows, the last one's rows come as the statement's own result.
func (s *Session) runFetch(ctx context.Context, p *Portal, x *parse.Fetch) (Rows, func(int64) string, error) {
	c, ok := s.portals[x.Cursor]
	if !ok {
		return nil, nil, undefinedCursor(x.Cursor)
	}
	if c.failed || c.prep.Source.Stmt.Stmt == parse.Stmt(x) {
		return nil, nil, cannotRun(x.Cursor)
	}
	if c.prep.query == nil {
		return nil, nil, sql.Errorf(sql.CodeObjectNotInPrerequisite, "cursor \"%s\" is no query", x.Cursor)
	}
	if !x.Move && !sameShape(p.prep.Fields, c.prep.Fields) {
		return nil, nil, errResultChanged()
	}
	f := &fetch{p: c, ctx: ctx}
	if err := f.begin(); err != nil {
		return nil, nil, f.failed(err)
	}
	forward, n, all, err := f.approach(x)
	if err != nil {
		return nil, nil, f.failed(err)
	}
	f.back, f.left, f.all = !forward, n, all
	if !x.Move {
		return f, func(n int64) string { return rowsTag("FETCH", n) }, nil
	}
	moved, err := f.skip(forward, n, all)
	if err != nil {
		return nil, nil, f.failed(err)
	}
	f.Close()
	return nil, func(int64) string { return rowsTag("MOVE", moved) }, nil
}

// fetch is one FETCH or MOVE of a cursor.
type fetch struct {
	p      *Portal
	ctx    context.Context // of the FETCH
	unlink func() bool
	back   bool
	all    bool
	left   int64
	stay   bool // MOVE 0 on a row: the row counts
	out    vector.Batch
	sel    []int32
}

// begin starts the cursor's query; what cancels the FETCH cancels it.
func (f *fetch) begin() error {
	p := f.p
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(p.s.ctx)
	}
	f.unlink = context.AfterFunc(f.ctx, func() { p.cancel(context.Cause(f.ctx)) })
	return p.start()
}

// failed makes the cursor unusable after an error of its query.
func (f *fetch) failed(err error) error {
	f.p.failed = true
	f.Close()
	if f.p.rows != nil { // what it holds is for others now
		f.p.rows.Close()
		f.p.rows = nil
	}
	f.p.ended = true
	return err
}

// approach does what comes before the last step and returns that: its direction
// and number of rows.
func (f *fetch) approach(x *parse.Fetch) (forward bool, n int64, all bool, err error) {
	n = x.Count
	dir := x.Dir
	at := &f.p.place
	switch dir {
	case parse.FetchForward, parse.FetchBackward:
		if n < 0 {
			if n = -n; dir == parse.FetchForward {
				dir = parse.FetchBackward
			} else {
				dir = parse.FetchForward
			}
		}
	case parse.FetchAbsolute:
		switch {
		case n > 0:
			if n-1 <= at.pos/2 {
				if err := f.rewind(); err != nil {
					return false, 0, false, err
				}
				_, err = f.skip(true, n-1, false)
			} else {
				pos := at.pos
				if at.atEnd {
					pos++
				}
				if n <= pos {
					_, err = f.skip(false, pos-n+1, false)
				} else {
					_, err = f.skip(true, n-pos-1, false)
				}
			}
			return true, 1, false, err
		case n < 0:
			if _, err := f.skip(true, 0, true); err != nil {
				return false, 0, false, err
			}
			_, err = f.skip(false, -n-1, false)
			return false, 1, false, err
		default:
			return true, 0, false, f.rewind()
		}
	case parse.FetchRelative:
		switch {
		case n > 0:
			_, err = f.skip(true, n-1, false)
			return true, 1, false, err
		case n < 0:
			_, err = f.skip(false, -n-1, false)
			return false, 1, false, err
		}
	}
	if n == 0 { // the present row again
		if at.atStart || at.atEnd {
			return true, 0, false, nil
		}
		if x.Move {
			f.stay = true
			return true, 0, false, nil
		}
		_, err = f.skip(false, 1, false)
		return true, 1, false, err
	}
	return dir != parse.FetchBackward, n, n == parse.FetchAll, nil
}

func (f *fetch) rewind() error {
	at := &f.p.place
	if at.atStart && !at.atEnd {
		return nil
	}
	if err := f.p.backward(); err != nil {
		return err
	}
	at.pos, at.atStart, at.atEnd = 0, true, false
	return nil
}

// skip moves over rows and returns how many.
func (f *fetch) skip(forward bool, n int64, all bool) (int64, error) {
	if f.stay {
		return 1, nil
	}
	if !all && n <= 0 {
		if !forward {
			return 0, f.p.backward()
		}
		return 0, nil
	}
	var moved int64
	for all || moved < n {
		var b *vector.Batch
		var from, to int
		var err error
		left := n - moved
		if all {
			left = 0
		}
		if forward {
			b, from, to, err = f.p.forward(left)
		} else {
			b, from, to, err = f.p.back(left)
		}
		if err != nil {
			return moved, err
		}
		if b == nil {
			break
		}
		moved += int64(to - from)
	}
	return moved, nil
}

// Next gives the last step's rows.
func (f *fetch) Next(context.Context) (*vector.Batch, error) {
	if f.left <= 0 && !f.all {
		return nil, nil
	}
	left := f.left
	if f.all {
		left = 0
	}
	step := f.p.forward
	if f.back {
		step = f.p.back
	}
	b, from, to, err := step(left)
	if err != nil {
		return nil, f.failed(err)
	}
	if b == nil {
		f.left, f.all = 0, false
		return nil, nil
	}
	f.left -= int64(to - from)
	f.sel = f.sel[:0]
	for i := from; i < to; i++ {
		k := int32(i)
		if f.back {
			k = int32(from + to - 1 - i)
		}
		if b.Sel != nil {
			k = b.Sel[k]
		}
		f.sel = append(f.sel, k)
	}
	f.out = *b
	f.out.Sel = f.sel
	return &f.out, nil
}

// Close ends the FETCH, not the cursor.
func (f *fetch) Close() {
	if f.unlink != nil {
		f.unlink()
	}
}
