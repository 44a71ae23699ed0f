package engine

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// statementStats is what is known of one portal's run.
type statementStats struct {
	id       uint64
	started  time.Time     // of the first fetch
	active   time.Duration // of all fetches: a portal between two of them takes no time
	planned  time.Time     // zero: nothing was planned
	waited   time.Duration // for admission
	before   []Phase       // parse and bind, of a statement's first portal
	counters *object.Counters
	route    string
	done     bool
}

// codeSuccess is the SQLSTATE of statements that succeeded.
const codeSuccess sql.Code = "00000"

// Phase is a part of a statement's life.
type Phase struct {
	Name       string // parse, bind, plan or execute
	Start, End time.Time
}

// StatementRecord is one finished statement.
type StatementRecord struct {
	ID             uint64
	Session        int32
	User, Database string
	Text           string
	Duration       time.Duration // in which it ran, time between fetches not counted
	Waited         time.Duration // to be admitted
	Phases         []Phase       // in order
	Rows           int64
	Counters       object.Counters
	MemoryPeak     int64 // bytes
	SpillBytes     int64
	Route          string // "" if no data was read
	Code           sql.Code
	Message        string // of the error, "" on success
}

// finish records the portal's statement as ended, once.
func (p *Portal) finish(err error) {
	if p.stats.done || p.stats.started.IsZero() {
		return
	}
	p.stats.done = true
	now := time.Now()
	r := StatementRecord{ID: p.stats.id, Text: p.prep.Source.Stmt.Text, Duration: p.stats.active, Waited: p.stats.waited,
		Rows: p.count, Route: p.stats.route, Phases: slices.Clone(p.stats.before)}
	for _, ph := range p.stats.before {
		r.Duration += ph.End.Sub(ph.Start)
	}
	from := p.stats.started
	if at := p.stats.planned; !at.IsZero() {
		r.Phases = append(r.Phases, Phase{"plan", from, at})
		from = at
	}
	r.Phases = append(r.Phases, Phase{"execute", from, now})
	if p.stats.counters != nil {
		r.Counters = p.stats.counters.Snapshot()
	}
	if q, ok := p.rows.(*queryRows); ok {
		r.MemoryPeak = q.x.MemoryPeak()
		for _, n := range q.x.Stats() {
			r.SpillBytes += n.SpillBytes
		}
	}
	p.s.record(r, err)
}

// failed records a statement that did not come to a portal.
func (s *Session) failed(text string, err error, phases ...Phase) {
	r := StatementRecord{Text: text, Phases: phases}
	for _, ph := range phases {
		r.Duration += ph.End.Sub(ph.Start)
	}
	s.record(r, err)
}

// record writes the statement's line in the log and tells the observer.
func (s *Session) record(r StatementRecord, err error) {
	e := s.eng
	r.Session, r.User, r.Database, r.Code = s.opts.PID, s.opts.User, s.opts.Database, codeSuccess
	if r.ID == 0 {
		r.ID = e.statementID()
	}
	level := slog.LevelInfo
	if err != nil {
		x := sql.AsError(err)
		r.Code, r.Message = x.Code, x.Message
		if x.Code == sql.CodeInternal {
			level = slog.LevelError
		}
	}
	slow := e.slowStatement()
	isSlow := slow > 0 && r.Duration >= slow
	if isSlow {
		level = max(level, slog.LevelWarn)
	}
	if s.log.Enabled(context.Background(), level) {
		attrs := []slog.Attr{slog.Uint64("id", r.ID), slog.Duration("duration", r.Duration), slog.Int64("rows", r.Rows),
			slog.Int64("bytes", r.Counters.BytesRead), slog.Int64("requests", r.Counters.Lists+r.Counters.Heads+r.Counters.Gets+r.Counters.Puts),
			slog.String("route", r.Route), slog.String("sqlstate", string(r.Code))}
		if r.Waited > 0 {
			attrs = append(attrs, slog.Duration("waited", r.Waited))
		}
		if r.SpillBytes > 0 {
			attrs = append(attrs, slog.Int64("spilled", r.SpillBytes))
		}
		if isSlow {
			attrs = append(attrs, slog.String("statement", shown(r.Text)))
		}
		if r.Message != "" {
			attrs = append(attrs, slog.String("error", r.Message))
		}
		s.log.LogAttrs(context.Background(), level, "statement", attrs...)
	}
	if e.cfg.Observer != nil {
		e.cfg.Observer.StatementDone(r)
	}
}

// shown is a statement's text as the log may show it: not too long, and without
// what follows the word PASSWORD.
func shown(text string) string {
	if at := passwordWord.FindStringIndex(text); at != nil {
		return clip(text[:at[1]], 2000) + " ..."
	}
	return clip(text, 2000)
}

var passwordWord = regexp.MustCompile(`(?i)\bpassword\b`)

// clip shortens s to about n bytes, at the border of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "..."
}
