// Package store keeps the catalog in one SQLite file: databases, tables and
// their versions, partitions, statistics, roles and settings. Every change is
// one transaction, durable when it returns; several processes may use the file
// at once. The file has a schema version of its own: an older file is migrated
// forward after a copy of it was kept, a newer one is refused.
package store

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sluicedb/sluice/sql"
)

// busyTimeout is how long a change waits for another process's.
const busyTimeout = 20 * time.Second

// pollTimeout is how long SQLite itself waits for the write lock. It sleeps
// longer each time, up to 100 ms, so that a process that changes much starves
// the others; retry asks again at once.
const pollTimeout = 5 * time.Millisecond

// Store is an open catalog file. Safe for concurrent use.
type Store struct {
	path    string
	write   *dbsql.DB // one connection; transactions start with the write lock
	read    *dbsql.DB // read-only connections
	watchMu sync.Mutex
	watch   *dbsql.Conn // asks data_version
	writeMu sync.Mutex  // orders this process's writers
}

// Open opens the catalog file, making it and its folder if there is none. The
// file is private to the user (0600).
func Open(path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, storeError(err, path)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, storeError(err, path)
	}
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, storeError(err, path)
	}
	if err := f.Close(); err != nil {
		return nil, storeError(err, path)
	}
	s := &Store{path: abs}
	if s.write, err = dbsql.Open("sqlite", dsn(abs, pollTimeout, "_txlock=immediate", "_pragma=synchronous(FULL)")); err != nil {
		return nil, storeError(err, path)
	}
	s.write.SetMaxOpenConns(1)
	if err := s.prepare(); err != nil {
		s.write.Close()
		return nil, err
	}
	if s.read, err = dbsql.Open("sqlite", dsn(abs, busyTimeout, "_pragma=query_only(1)", "_txlock=deferred")); err != nil {
		s.write.Close()
		return nil, storeError(err, path)
	}
	s.read.SetMaxOpenConns(8)
	s.read.SetMaxIdleConns(4)
	if s.watch, err = s.read.Conn(context.Background()); err != nil {
		s.Close()
		return nil, storeError(err, path)
	}
	return s, nil
}

// dsn makes the data source name of a file; the path may hold any character.
func dsn(path string, wait time.Duration, opts ...string) string {
	base := []string{fmt.Sprintf("_pragma=busy_timeout(%d)", wait.Milliseconds()), "_pragma=foreign_keys(1)"}
	u := url.URL{Scheme: "file", Path: path}
	return u.String() + "?" + strings.Join(append(base, opts...), "&")
}

// Path returns the file's absolute path.
func (s *Store) Path() string { return s.path }

// Close closes the file.
func (s *Store) Close() error {
	var errs []error
	if s.watch != nil {
		errs = append(errs, s.watch.Close())
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	errs = append(errs, s.write.Close())
	return errors.Join(errs...)
}

// retry calls f until it succeeds or fails for another reason than that another
// process holds the lock, up to busyTimeout.
func retry(ctx context.Context, f func() error) error {
	deadline := time.Now().Add(busyTimeout)
	for {
		err := f()
		if !busy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.Int64N(int64(time.Millisecond)))):
		}
	}
}

func busy(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

// begin starts a transaction that holds the write lock.
func (s *Store) begin(ctx context.Context) (tx *dbsql.Tx, err error) {
	err = retry(ctx, func() error { tx, err = s.write.BeginTx(ctx, nil); return err })
	return tx, err
}

// prepare checks whose file it is and brings its schema up to date.
func (s *Store) prepare() error {
	ctx := context.Background()
	app, version, err := s.identify(ctx)
	if err != nil {
		return err
	}
	if err := checkIdentity(s.path, app, version); err != nil {
		return err
	}
	if version < SchemaVersion {
		if version > 0 {
			kept := fmt.Sprintf("%s.schema%d-%s", s.path, version, time.Now().UTC().Format("20060102T150405"))
			if err := s.BackupTo(ctx, kept); err != nil {
				return err
			}
		}
		if err := s.migrate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// identify returns the file's application id and schema version. An empty file
// is put into WAL mode.
func (s *Store) identify(ctx context.Context) (app, version int, err error) {
	var tables int
	const who = "SELECT (SELECT count(*) FROM sqlite_schema), (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)"
	err = retry(ctx, func() error { return s.write.QueryRowContext(ctx, who).Scan(&tables, &app, &version) })
	if err != nil {
		return 0, 0, storeError(err, s.path)
	}
	if tables == 0 && app == 0 {
		app = applicationID
	}
	if app == applicationID {
		var mode string
		err := retry(ctx, func() error { return s.write.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode) })
		if err != nil {
			return 0, 0, storeError(err, s.path)
		}
	}
	return app, version, nil
}

func checkIdentity(path string, app, version int) error {
	if app != applicationID {
		return sql.Errorf(sql.CodeObjectNotInPrerequisite, "file %q is not a Sluice catalog", path).
			WithHint("Name another file as the catalog, or restore one of its backups.")
	}
	if version > SchemaVersion {
		return sql.Errorf(sql.CodeObjectNotInPrerequisite,
			"catalog file %q has schema version %d, but this program knows only versions up to %d", path, version, SchemaVersion).
			WithHint("Run a newer version of Sluice, or restore the copy that the upgrade kept beside the file.")
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return storeError(err, s.path)
	}
	defer tx.Rollback()
	var version int // another process may have migrated meanwhile
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return storeError(err, s.path)
	}
	if version > SchemaVersion {
		return checkIdentity(s.path, applicationID, version)
	}
	for v := version; v < SchemaVersion; v++ {
		if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
			return storeError(err, s.path)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, SchemaVersion)); err != nil {
		return storeError(err, s.path)
	}
	return storeError(tx.Commit(), s.path)
}

// DataVersion returns a number that differs from an earlier one if the file was
// changed in between by anybody. It costs no I/O on the main file.
func (s *Store) DataVersion(ctx context.Context) (int64, error) {
	s.watchMu.Lock()
	defer s.watchMu.Unlock()
	var v int64
	err := s.watch.QueryRowContext(ctx, "PRAGMA data_version").Scan(&v)
	return v, storeError(err, s.path)
}

// storeError gives SQLite's errors their SQLSTATE. nil stays nil, an *sql.Error
// stays itself.
func storeError(err error, path string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*sql.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &sql.Error{Code: sql.CodeQueryCanceled, Message: "canceling statement due to user request", Cause: err}
	}
	code, what := sql.CodeIOError, "cannot use"
	hint := ""
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			code, what = sql.CodeSerializationFailure, "another process is changing"
			hint = "Try again."
		case sqlite3.SQLITE_INTERRUPT:
			return &sql.Error{Code: sql.CodeQueryCanceled, Message: "canceling statement due to user request", Cause: err}
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			code, what = sql.CodeDataCorrupted, "damaged or foreign"
			hint = "Restore a backup with: sluice catalog restore."
		case sqlite3.SQLITE_FULL:
			code, what = sql.CodeDiskFull, "no space left for"
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			hint = "Check that the folder exists and that this user may write to it."
		}
	}
	return &sql.Error{Code: code, Message: fmt.Sprintf("%s catalog file %q: %v", what, path, err), Hint: hint, Cause: err}
}
