// Package engine is the life of a query on one page (query.go), and what holds
// it: sessions, settings, transactions, admission, the query log.
package engine

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
)

// Config is what an engine is made of. The engine owns nothing of it: whoever
// opened the parts closes them after Close.
type Config struct {
	Catalog  *catalog.Catalog
	System   *system.Set // the relations that Catalog was opened with
	Registry *expr.Registry
	Store    *object.Mux
	Files    table.Format    // of lake tables
	Parquet  *parquet.Format // with the process's cache
	Prices   *place.Prices   // nil: list prices
	Pool     *exec.Pool
	Memory   *exec.Budget // of all statements
	// StatementMemory is the most that one statement may use.
	StatementMemory int64
	SpillDir        string
	SpillFloor      int64 // what an operator may use in any case, as exec.Runtime has it
	Log             *slog.Logger
	// Databases are the names that clients may connect to.
	Databases []string
	// SlowStatement is the duration from which a statement is logged as a warning; 0: never.
	SlowStatement time.Duration
	Admission     AdmissionConfig
	Observer      Observer // nil: none
	// Trace is told of the plans of each statement, as rule.Options has it: tests count
	// with it. nil: none.
	Trace func(rule string, n logical.Node)
}

// Observer is told of finished statements, for metrics.
type Observer interface {
	StatementDone(StatementRecord)
}

// Engine runs statements for sessions. Safe for concurrent use.
type Engine struct {
	cfg       Config
	log       *slog.Logger
	settings  map[string]*setting
	parser    *parse.Cache
	admit     *admission
	planFuncs planFuncs
	learned   learned
	live      live

	mu       sync.Mutex
	sessions map[int32]*Session
	nextStmt uint64
}

// New makes an engine.
func New(cfg Config) *Engine {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	e := &Engine{cfg: cfg, log: cfg.Log, settings: settingTable(), sessions: map[int32]*Session{},
		parser: parse.NewCache(parseCacheSize), admit: newAdmission(cfg.Admission), planFuncs: planFuncs{cfg.Registry}}
	e.live.slow.Store(int64(cfg.SlowStatement))
	return e
}

// parseCacheSize is in bytes of text.
const parseCacheSize = 4 << 20

// Verifier returns a user's SCRAM verifier.
func (e *Engine) Verifier(ctx context.Context, user string) (string, bool, error) {
	snap, err := e.cfg.Catalog.Snapshot(ctx)
	if err != nil {
		return "", false, err
	}
	r := snap.Role(user)
	if r == nil || !r.Login || r.Verifier == "" || !r.ValidUntil.IsZero() && r.ValidUntil.Before(time.Now()) {
		return "", false, nil
	}
	return r.Verifier, true, nil
}

// DatabaseExists reports whether clients may connect to the database.
func (e *Engine) DatabaseExists(name string) bool { return slices.Contains(e.cfg.Databases, name) }

func (e *Engine) isSuperuser(user string) bool {
	snap, err := e.cfg.Catalog.Snapshot(context.Background())
	if err != nil {
		return false
	}
	r := snap.Role(user)
	return r != nil && r.Superuser
}

// roleSettings returns the stored settings that a new session starts with, in the
// order to apply them.
func (e *Engine) roleSettings(ctx context.Context, user, database string) ([][2]string, error) {
	snap, err := e.cfg.Catalog.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var oid sql.OID
	if r := snap.Role(user); r != nil {
		oid = r.OID
	}
	var out [][2]string
	for _, s := range snap.SettingsFor(database, oid) {
		out = append(out, [2]string{s.Name, s.Value})
	}
	return out, nil
}

// alterSetting stores or (set false) removes a setting of a role or database; name
// "" removes all.
func (s *Session) alterSetting(ctx context.Context, role, database, name, value string, set bool) error {
	if role == "all" {
		role = ""
	}
	if database != "" && !s.eng.DatabaseExists(database) {
		return sql.Errorf(sql.CodeInvalidCatalogName, "database \"%s\" does not exist", database)
	}
	if s.set.boolean("transaction_read_only") {
		return sql.Errorf(sql.CodeReadOnlyTransaction, "cannot execute ALTER in a read-only transaction")
	}
	return s.updateCatalog(ctx, func(t *store.Tx) error {
		if set {
			return t.Set(database, role, name, value)
		}
		return t.Reset(database, role, name)
	})
}

func (e *Engine) addSession(s *Session) {
	e.mu.Lock()
	e.sessions[s.opts.PID] = s
	e.mu.Unlock()
}

func (e *Engine) removeSession(s *Session) {
	e.mu.Lock()
	if e.sessions[s.opts.PID] == s {
		delete(e.sessions, s.opts.PID)
	}
	e.mu.Unlock()
}

func (e *Engine) statementID() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.nextStmt++
	return e.nextStmt
}

// Activity is a row of pg_stat_activity.
type Activity struct {
	PID            int32
	User, Database string
	Application    string
	Remote         string
	Active         bool
	Started        time.Time
	Query          string
}

// Activity lists the sessions by process id.
func (e *Engine) Activity() []Activity {
	e.mu.Lock()
	list := make([]*Session, 0, len(e.sessions))
	for _, s := range e.sessions {
		list = append(list, s)
	}
	e.mu.Unlock()
	out := make([]Activity, 0, len(list))
	for _, s := range list {
		s.mu.Lock()
		out = append(out, Activity{PID: s.opts.PID, User: s.opts.User, Database: s.opts.Database, Remote: s.opts.Remote,
			Active: s.current != nil, Started: s.started, Query: s.query})
		s.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Activity) int { return cmp.Compare(a.PID, b.PID) })
	return out
}
