package engine

import (
	"context"
	"time"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Rows is a stream of result batches.
type Rows interface {
	// Next returns the next batch (valid until the next call), nil at the end.
	Next(ctx context.Context) (*vector.Batch, error)
	// Close stops what still runs and frees everything; it may be called at any time.
	Close()
}

// Portal is a statement bound to parameter values, with the state of its run. A
// portal between two fetches holds no worker: its tasks are parked behind a
// bounded queue.
type Portal struct {
	s      *Session
	Name   string
	prep   *Prepared
	params []sql.Value
	// planned is the plan of a cursor, which it got when it was declared, and the lake
	// as it was then; nil: it is planned when it is first fetched.
	planned *planned
	hold    bool // survives COMMIT
	held    bool // has survived one: its rows are all in the spool
	cursor  bool // made by DECLARE
	binary  bool // DECLARE BINARY
	scroll  bool // DECLARE SCROLL
	paged   bool // its first fetch had a limit
	failed  bool // an error ended its run
	seq     int  // order of making, for savepoints
	place   cursorPlace
	// Formats are the result formats that the client bound: it may change them
	// before the first fetch.
	Formats []int16
	// Input gives COPY FROM STDIN its data, piece by piece, and io.EOF at the end. A
	// piece is valid until the next call.
	Input func() ([]byte, error)

	ctx    context.Context
	cancel context.CancelCauseFunc
	open   bool
	rows   Rows // nil: the statement returns none
	tag    func(n int64) string
	batch  *vector.Batch
	at     int // rows of batch already given out
	count  int64
	ended  bool
	stats  statementStats
}

// Fields are the portal's result columns.
func (p *Portal) Fields() []Field { return p.prep.Fields }

// Copy returns how the portal's rows are copied out, nil if it is no COPY.
func (p *Portal) Copy() *CopySpec { return p.prep.copySpec }

// Empty reports whether the portal's statement is empty.
func (p *Portal) Empty() bool { return p.prep.Empty() }

// Bind makes a portal. Params have the types that the statement was prepared with.
func (s *Session) Bind(name string, prep *Prepared, params []sql.Value) (*Portal, error) {
	if old, dup := s.portals[name]; dup {
		if name != "" {
			s.fail()
			return nil, sql.Errorf(sql.CodeDuplicateCursor, "cursor \"%s\" already exists", name)
		}
		old.close()
	}
	if s.txn.state == TxnFailed {
		if err := s.enter(prep.Source.Stmt.Stmt); err != nil {
			return nil, err
		}
	}
	p := &Portal{s: s, Name: name, prep: prep, params: params}
	p.stats.before, prep.phases = prep.phases, nil
	s.addPortal(p)
	return p, nil
}

// LookupPortal finds a portal or cursor by name.
func (s *Session) LookupPortal(name string) (*Portal, error) {
	if p, ok := s.portals[name]; ok {
		return p, nil
	}
	s.fail()
	return nil, sql.Errorf(sql.CodeInvalidCursorName, "portal \"%s\" does not exist", name)
}

// ClosePortal drops a portal; a missing one is no error.
func (s *Session) ClosePortal(name string) {
	if p, ok := s.portals[name]; ok {
		p.close()
		delete(s.portals, name)
	}
}

func (p *Portal) close() {
	p.finish(nil)
	if p.rows != nil {
		p.rows.Close()
		p.rows = nil
	}
	if p.cancel != nil {
		p.cancel(nil)
	}
	p.planned = nil
	p.place.close()
	p.ended = true
}

// Emit takes rows from..to-1 (counted among the batch's selected rows).
type Emit func(b *vector.Batch, from, to int) error

// Result tells how a fetch ended.
type Result struct {
	Suspended bool   // the row limit was reached
	Tag       string // else: the command tag
	Rows      int64  // rows given out by this fetch
}

// Fetch runs the portal for at most max rows (0: all) and hands them to emit. A
// portal whose limit is reached is suspended, even if no row is left.
func (p *Portal) Fetch(max int64, emit Emit) (res Result, err error) {
	s := p.s
	if err := s.enter(p.prep.Source.Stmt.Stmt); err != nil {
		return Result{}, err
	}
	if p.failed {
		s.fail()
		return Result{}, cannotRun(p.Name)
	}
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(s.ctx)
	}
	if !p.open {
		p.paged = max > 0
	}
	begun := time.Now()
	if p.stats.started.IsZero() {
		p.stats.started = begun
	}
	err = s.guarded(p.prep.Source.Stmt.Text, p.ctx, p.cancel, func() (err error) {
		res, err = p.fetch(max, emit)
		return err
	})
	p.stats.active += time.Since(begun)
	if err != nil {
		err = shiftPosition(err, p.prep.Source.Stmt.Off)
		p.finish(err)
		p.close()
		p.failed = true
		s.fail()
		return Result{}, err
	}
	if !res.Suspended {
		p.finish(nil)
	}
	return res, nil
}

// ErrClient is what Emit's errors are wrapped in: the client went away, so no
// reply is possible.
var ErrClient error = &sql.Error{Code: sql.CodeConnectionFailure, Message: "client connection lost"}

// start runs the statement up to its first row, once.
func (p *Portal) start() error {
	if p.open {
		return nil
	}
	p.open, p.place.atStart = true, true
	if p.ctx == nil {
		p.ctx, p.cancel = context.WithCancelCause(p.s.ctx)
		p.stats.started = time.Now()
	}
	rows, tag, err := p.s.run(p.ctx, p)
	if err != nil {
		return err
	}
	p.rows, p.tag = rows, tag
	return nil
}

// window gives out the next rows, at most max (0: no limit): rows from..to-1 of
// b; b is nil at the end.
func (p *Portal) window(max int64) (b *vector.Batch, from, to int, err error) {
	for !p.ended {
		if p.batch == nil || p.at >= p.batch.Rows() {
			b, err := p.rows.Next(p.ctx)
			if err != nil {
				return nil, 0, 0, err
			}
			if b == nil {
				p.ended, p.batch = true, nil
				p.rows.Close()
				break
			}
			p.batch, p.at = b, 0
			continue
		}
		from, to = p.at, p.batch.Rows()
		if max > 0 && int64(to-from) > max {
			to = from + int(max)
		}
		p.at = to
		p.count += int64(to - from)
		return p.batch, from, to, nil
	}
	return nil, 0, 0, nil
}

func (p *Portal) fetch(max int64, emit Emit) (Result, error) {
	if err := p.start(); err != nil {
		return Result{}, err
	}
	if p.rows == nil {
		return Result{Tag: p.tag(p.count)}, nil
	}
	var n int64
	for {
		left := int64(0)
		if max > 0 {
			if left = max - n; left == 0 {
				return Result{Suspended: true, Rows: n}, nil
			}
		}
		b, from, to, err := p.forward(left)
		if err != nil {
			return Result{}, err
		}
		if b == nil {
			return Result{Tag: p.tag(n), Rows: n}, nil
		}
		if err := emit(b, from, to); err != nil {
			return Result{}, err
		}
		n += int64(to - from)
	}
}

// run starts a statement: rows, or nil and the work done.
func (s *Session) run(ctx context.Context, p *Portal) (Rows, func(int64) string, error) {
	if p.prep.Source.DDL != nil {
		return s.runDDL(ctx, p.prep.Source.DDL)
	}
	fixed := func(tag string, err error) (Rows, func(int64) string, error) {
		return nil, func(int64) string { return tag }, err
	}
	switch x := p.prep.Source.Stmt.Stmt.(type) {
	case *parse.Select:
		rows, err := s.runQuery(ctx, p)
		return rows, func(n int64) string { return rowsTag("SELECT", n) }, err
	case *parse.Insert, *parse.Update, *parse.Delete:
		return s.runWrite(ctx, p)
	case *parse.CreateTemp:
		return fixed(s.runCreateTemp(ctx, p, x))
	case *parse.Truncate:
		return fixed(s.runTruncate(ctx, x))
	case *parse.Copy:
		if x.From {
			return s.runCopyFrom(ctx, p, x)
		}
		rows, err := s.runQuery(ctx, p)
		return rows, func(n int64) string { return rowsTag("COPY", n) }, err
	case *parse.Explain:
		rows, err := s.runExplain(ctx, p, x)
		return rows, func(int64) string { return "EXPLAIN" }, err
	case *parse.Show:
		rows, err := s.runShow(x)
		return rows, func(int64) string { return "SHOW" }, err
	case *parse.Fetch:
		return s.runFetch(ctx, p, x)
	case *parse.Execute:
		return s.runExecute(ctx, p, x)
	case *parse.Txn:
		return fixed(s.runTxn(ctx, x))
	default:
		return fixed(s.runUtility(ctx, x))
	}
}
