package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// Notice is a message to the client that is no error.
type Notice struct {
	Severity string // NOTICE, WARNING
	sql.Error
}

// SessionOptions describe a new session.
type SessionOptions struct {
	PID      int32
	User     string
	Database string
	// Params are settings of the start-up packet.
	Params map[string]string
	// Report is called when a reported setting changes (from the session's own calls).
	Report func(name, value string)
	// Notify takes notices as they arise.
	Notify func(Notice)
	Remote string // client's address, for the log
}

// Session is one client's state: settings, transaction, prepared statements and
// portals. Its methods are called by one goroutine, except Cancel and Close.
type Session struct {
	eng  *Engine
	opts SessionOptions
	log  *slog.Logger
	set  *settings
	txn  txn
	temp tempTables
	// single: the statement to come is a simple query of its own.
	single bool

	prepared  map[string]*Prepared
	portals   map[string]*Portal
	portalSeq int // portals made so far

	ctx  context.Context // ends with the session
	stop context.CancelCauseFunc
	rand *rand.Rand

	mu      sync.Mutex
	current context.CancelCauseFunc // cancels the running statement, nil if none runs
	started time.Time
	query   string
}

var errSessionClosed = sql.Errorf(sql.CodeAdminShutdown, "terminating connection due to administrator command")

// NewSession opens a session for an authenticated user.
func (e *Engine) NewSession(ctx context.Context, o SessionOptions) (*Session, error) {
	s := &Session{eng: e, opts: o, prepared: map[string]*Prepared{}, portals: map[string]*Portal{},
		log:  e.log.With("session", o.PID, "user", o.User, "database", o.Database),
		rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	s.set = newSettings(e.settings, nil)
	s.temp.init(o.PID)
	s.set.fix("session_authorization", o.User)
	s.set.fix("is_superuser", onOff(e.isSuperuser(o.User)))
	defaults, err := e.roleSettings(ctx, o.User, o.Database)
	if err != nil {
		return nil, err
	}
	for _, kv := range defaults {
		if err := s.set.setBase(kv[0], kv[1]); err != nil {
			s.log.Warn("stored setting is invalid", "setting", kv[0], "error", err)
		}
	}
	for k, v := range o.Params {
		if err := s.set.setBase(k, v); err != nil {
			return nil, err
		}
	}
	s.set.report = o.Report
	s.ctx, s.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	s.txn.state = TxnIdle
	e.addSession(s)
	return s, nil
}

// Close ends the session: what runs is cancelled, everything it holds is dropped.
func (s *Session) Close() {
	s.stop(errSessionClosed)
	for _, p := range s.portals {
		p.close()
	}
	clear(s.portals)
	s.temp.close()
	s.eng.removeSession(s)
}

// Cancel stops the running statement, if any, with the cause. Safe to call from
// any goroutine.
func (s *Session) Cancel(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current(cause)
	}
}

// CancelRequested is the cause of a cancel that a user asked for.
func CancelRequested() error {
	return sql.Errorf(sql.CodeQueryCanceled, "canceling statement due to user request")
}

// Context ends with the session.
func (s *Session) Context() context.Context { return s.ctx }

// Reported returns the reported settings, for the start of the connection.
func (s *Session) Reported() [][2]string { return s.set.reported() }

// Format returns the session's text formats.
func (s *Session) Format() *sql.Format { return &s.set.derive(s.opts.User).format }

// IdleTimeout is how long the client may stay silent now; 0: for ever. The code is
// the SQLSTATE that ends the session.
func (s *Session) IdleTimeout() (time.Duration, *sql.Error) {
	if s.txn.state != TxnIdle {
		return s.set.millis("idle_in_transaction_session_timeout"),
			sql.Errorf(sql.CodeIdleInTransactionTimeout, "terminating connection due to idle-in-transaction timeout")
	}
	return s.set.millis("idle_session_timeout"),
		sql.Errorf(sql.CodeIdleSessionTimeout, "terminating connection due to idle-session timeout")
}

// TxnStatus is the status byte of ReadyForQuery.
func (s *Session) TxnStatus() byte {
	if s.txn.implicit {
		return byte(TxnIdle)
	}
	return byte(s.txn.state)
}

func (s *Session) notify(n Notice) {
	if s.opts.Notify != nil {
		s.opts.Notify(n)
	}
}

func (s *Session) notice(severity string, code sql.Code, format string, args ...any) {
	s.notify(Notice{severity, *sql.Errorf(code, format, args...)})
}

// env makes what kernels may ask, for a statement that starts now.
func (s *Session) env() *expr.Env {
	d := s.set.derive(s.opts.User)
	now := time.Now()
	return &expr.Env{
		TxnNow: s.txn.startTime(now), StatementNow: now, Clock: time.Now,
		Zone: d.zone, Fmt: d.format, User: s.opts.User, SessionUser: s.opts.User,
		Database: s.opts.Database, SearchPath: d.path, BackendPID: s.opts.PID,
		Dialect: d.dialect, Catalog: catalogFuncs{s}, Settings: settingFuncs{s}, Rand: s.rand.Uint64,
	}
}

// settingFuncs gives current_setting and set_config the session's settings.
type settingFuncs struct{ s *Session }

func (f settingFuncs) Get(name string) (string, bool) {
	_, v, err := f.s.set.show(name)
	return v, err == nil
}

func (f settingFuncs) Set(name, value string, local bool) (string, error) {
	if err := f.s.set.set(name, value, local); err != nil {
		return "", err
	}
	_, v, err := f.s.set.show(name)
	return v, err
}

// guarded runs f as (part of) a statement: with the cancel hook set, within
// statement_timeout, and with the transaction's state kept. Without a query it is
// still the last one that the session is seen to run.
func (s *Session) guarded(query string, ctx context.Context, cancel context.CancelCauseFunc, f func() error) error {
	if d := s.set.millis("statement_timeout"); d > 0 {
		t := time.AfterFunc(d, func() {
			cancel(sql.Errorf(sql.CodeQueryCanceled, "canceling statement due to statement timeout"))
		})
		defer t.Stop()
	}
	s.mu.Lock()
	s.current = cancel
	if query != "" {
		s.started, s.query = time.Now(), query
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
	}()
	err := f()
	if err != nil && ctx.Err() != nil {
		err = cancelCause(ctx, err)
	}
	return err
}

// cancelCause prefers the reason why ctx ended over what failed because of it.
func cancelCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if e, ok := errors.AsType[*sql.Error](cause); ok {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return sql.Errorf(sql.CodeQueryCanceled, "canceling statement due to user request")
	}
	return err
}

// dialect is the session's SQL dialect.
func (s *Session) dialect() expr.Dialect { return s.set.derive(s.opts.User).dialect }

// Parse splits a text into statements; an empty text gives none.
func (s *Session) Parse(text string) ([]Source, error) {
	begun := time.Now()
	list, err := s.eng.parse(text, s.dialect())
	took := Phase{"parse", begun, time.Now()}
	if err != nil {
		s.failed(text, err, took)
		s.fail()
		return nil, err
	}
	if len(list) > 0 {
		list[0].parsed = []Phase{took}
	}
	return list, nil
}
