package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// statementStats is what is known of one portal's run.
type statementStats struct {
	id       uint64
	started  time.Time
	waited   time.Duration // for admission
	counters *object.Counters
	route    string
	done     bool
}

// StatementRecord is one finished statement.
type StatementRecord struct {
	ID             uint64
	User, Database string
	Duration       time.Duration
	Waited         time.Duration
	Rows           int64
	Counters       object.Counters
	Route          string
	Code           sql.Code // "00000" on success
}

// finish writes the statement's line in the log, once.
func (p *Portal) finish(err error) {
	if p.stats.done || p.stats.started.IsZero() {
		return
	}
	p.stats.done = true
	e := p.s.eng
	r := StatementRecord{ID: p.stats.id, User: p.s.opts.User, Database: p.s.opts.Database,
		Duration: time.Since(p.stats.started), Waited: p.stats.waited, Rows: p.count, Route: p.stats.route, Code: "00000"}
	if p.stats.counters != nil {
		r.Counters = p.stats.counters.Load()
	}
	if r.ID == 0 {
		r.ID = e.statementID()
	}
	level := slog.LevelInfo
	if err != nil {
		r.Code = sql.AsError(err).Code
		if r.Code == sql.CodeInternal {
			level = slog.LevelError
		}
	}
	attrs := []slog.Attr{slog.Uint64("id", r.ID), slog.Duration("duration", r.Duration), slog.Int64("rows", r.Rows),
		slog.Int64("bytes", r.Counters.BytesRead), slog.Int64("requests", r.Counters.Lists+r.Counters.Heads+r.Counters.Gets),
		slog.String("route", r.Route), slog.String("sqlstate", string(r.Code))}
	if r.Waited > 0 {
		attrs = append(attrs, slog.Duration("waited", r.Waited))
	}
	if slow := e.cfg.SlowStatement; slow > 0 && r.Duration >= slow {
		level = max(level, slog.LevelWarn)
		attrs = append(attrs, slog.String("statement", clip(p.prep.Source.Stmt.Text, 2000)))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", sql.AsError(err).Message))
	}
	p.s.log.LogAttrs(context.Background(), level, "statement", attrs...)
	if e.cfg.Observer != nil {
		e.cfg.Observer.StatementDone(r)
	}
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "..."
	}
	return s
}
