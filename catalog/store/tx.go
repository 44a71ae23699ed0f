package store

import (
	"context"
	dbsql "database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// Tx is one change of the catalog. Its methods see what it did so far. One
// goroutine at a time uses it.
type Tx struct {
	ctx     context.Context
	tx      *dbsql.Tx
	path    string
	version int64 // what the catalog's version will be
	now     time.Time
	dirty   bool
	parts   map[sql.OID]*partWriter
	stmts   map[string]*dbsql.Stmt  // prepared; they end with the transaction
	oids    func() (sql.OID, error) // nil: from the sequence in this transaction
	// touched is told of every object of somebody else's making that is read or
	// written, with the version at which it last changed; nil if nobody asks.
	touched func(oid sql.OID, changed int64) error
}

// Update runs f in one transaction and commits it, durable when Update returns.
// An error of f's rolls everything back. If f changed nothing, the catalog's
// version stays as it is.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	return s.run(ctx, Replay{}, true, f)
}

// Replay are the terms of running a change that may be run again: where its
// identifiers come from (nil: the sequence), and who is told of the objects it
// uses, as Tx.touch does.
type Replay struct {
	OIDs    func() (sql.OID, error)
	Touched func(oid sql.OID, changed int64) error
}

// Try runs f as Update does, then look on what it made, and undoes it all.
// look's queries see the uncommitted state.
func (s *Store) Try(ctx context.Context, r Replay, f func(*Tx) error, look func(*View) error) error {
	return s.run(ctx, r, false, func(t *Tx) error {
		if err := f(t); err != nil {
			return err
		}
		if err := t.flush(); err != nil {
			return err
		}
		return look(&View{ctx: ctx, q: t.tx, path: s.path})
	})
}

// Replayed runs f with r and commits it.
func (s *Store) Replayed(ctx context.Context, r Replay, f func(*Tx) error) error {
	return s.run(ctx, r, true, f)
}

func (s *Store) run(ctx context.Context, r Replay, commit bool, f func(*Tx) error) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	tx, err := s.begin(ctx)
	if err != nil {
		return storeError(err, s.path)
	}
	defer tx.Rollback()
	t := &Tx{ctx: ctx, tx: tx, path: s.path, now: time.Now().UTC().Truncate(time.Microsecond),
		parts: map[sql.OID]*partWriter{}, oids: r.OIDs, touched: r.Touched}
	if err := tx.QueryRowContext(ctx, "SELECT value + 1 FROM meta WHERE name = 'version'").Scan(&t.version); err != nil {
		return storeError(err, s.path)
	}
	if err := f(t); err != nil {
		return storeError(err, s.path)
	}
	if !commit || !t.dirty {
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	return storeError(tx.Commit(), s.path)
}

// flush writes what was held back: partition chunks and the catalog's version.
func (t *Tx) flush() error {
	for oid, w := range t.parts {
		if err := w.flush(t, oid); err != nil {
			return err
		}
	}
	clear(t.parts)
	return t.exec("UPDATE meta SET value = ? WHERE name = 'version'", t.version)
}

// Now is the time of the change.
func (t *Tx) Now() time.Time { return t.now }

// stmt prepares a statement once for the transaction: a change of many partitions
// runs the same few often.
func (t *Tx) stmt(query string) (*dbsql.Stmt, error) {
	if s := t.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.tx.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, storeError(err, t.path)
	}
	if t.stmts == nil {
		t.stmts = map[string]*dbsql.Stmt{}
	}
	t.stmts[query] = s
	return s, nil
}

func (t *Tx) exec(query string, args ...any) error {
	t.dirty = true
	s, err := t.stmt(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(t.ctx, args...)
	return storeError(err, t.path)
}

func (t *Tx) row(query string, args []any, dest ...any) (found bool, err error) {
	s, err := t.stmt(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(t.ctx, args...).Scan(dest...)
	if errors.Is(err, dbsql.ErrNoRows) {
		return false, nil
	}
	return err == nil, storeError(err, t.path)
}

// touch reports the use of an object, unless this very change made it so.
func (t *Tx) touch(oid sql.OID, changed int64) error {
	if t.touched == nil || changed == t.version {
		return nil
	}
	return t.touched(oid, changed)
}

// NextOID takes an object identifier from the sequence.
func (t *Tx) NextOID() (sql.OID, error) {
	if t.oids != nil {
		return t.oids()
	}
	var oid int64
	if _, err := t.row("UPDATE meta SET value = value + 1 WHERE name = 'next_oid' RETURNING value - 1", nil, &oid); err != nil {
		return 0, err
	}
	t.dirty = true
	if oid > 0xffffffff {
		return 0, sql.Errorf(sql.CodeProgramLimitExceeded, "the catalog has run out of object identifiers")
	}
	return sql.OID(oid), nil
}

// ReserveOID takes an identifier from the sequence in a transaction of its own.
func (s *Store) ReserveOID(ctx context.Context) (oid sql.OID, err error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	err = retry(ctx, func() error {
		return s.write.QueryRowContext(ctx, "UPDATE meta SET value = value + 1 WHERE name = 'next_oid' RETURNING value - 1").Scan(&oid)
	})
	return oid, storeError(err, s.path)
}

// database finds a database by name.
func (t *Tx) database(name string) (*model.Database, error) {
	name = strings.ToLower(name)
	var oid sql.OID
	var data string
	var changed int64
	found, err := t.row("SELECT oid, data, changed FROM database WHERE name = ?", []any{name}, &oid, &data, &changed)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, sql.Errorf(sql.CodeInvalidSchemaName, "schema \"%s\" does not exist", name)
	}
	if err := t.touch(oid, changed); err != nil {
		return nil, err
	}
	return decodeDatabase(oid, name, data)
}

// Database returns a database; 3F000 if there is none.
func (t *Tx) Database(name string) (*model.Database, error) { return t.database(name) }

// CreateDatabase adds a database; 42P06 if the name is taken. OID and Created
// are filled in.
func (t *Tx) CreateDatabase(d *model.Database) (sql.OID, error) {
	n := *d
	n.Name = strings.ToLower(d.Name)
	if err := checkName("schema", n.Name); err != nil {
		return 0, err
	}
	if reservedSchema(n.Name) {
		return 0, sql.Errorf(sql.CodeReservedName, "unacceptable schema name \"%s\"", n.Name).
			WithDetail("The prefix \"pg_\" and the names of the system catalogs are reserved.")
	}
	var have int
	if found, err := t.row("SELECT 1 FROM database WHERE name = ?", []any{n.Name}, &have); err != nil {
		return 0, err
	} else if found {
		return 0, sql.Errorf(sql.CodeDuplicateSchema, "schema \"%s\" already exists", n.Name)
	}
	oid, err := t.NextOID()
	if err != nil {
		return 0, err
	}
	if n.Created.IsZero() {
		n.Created = t.now
	}
	data, err := encodeDatabase(&n)
	if err != nil {
		return 0, err
	}
	return oid, t.exec("INSERT INTO database (oid, name, data, changed) VALUES (?, ?, ?, ?)", oid, n.Name, data, t.version)
}

// AlterDatabase changes a database in place; its name may change too.
func (t *Tx) AlterDatabase(name string, f func(*model.Database) error) error {
	d, err := t.database(name)
	if err != nil {
		return err
	}
	oid, old := d.OID, d.Name
	if err := f(d); err != nil {
		return err
	}
	d.Name = strings.ToLower(d.Name)
	if d.Name != old {
		if err := checkName("schema", d.Name); err != nil {
			return err
		}
		var have int
		if found, err := t.row("SELECT 1 FROM database WHERE name = ?", []any{d.Name}, &have); err != nil {
			return err
		} else if found {
			return sql.Errorf(sql.CodeDuplicateSchema, "schema \"%s\" already exists", d.Name)
		}
	}
	data, err := encodeDatabase(d)
	if err != nil {
		return err
	}
	if d.Name != old { // its tables carry the name
		if err := t.exec("UPDATE relation SET changed = ? WHERE database = ?", t.version, oid); err != nil {
			return err
		}
	}
	return t.exec("UPDATE database SET name = ?, data = ?, changed = ? WHERE oid = ?", d.Name, data, t.version, oid)
}

// DropDatabase removes a database; with tables in it only if cascade (2BP01).
func (t *Tx) DropDatabase(name string, cascade bool) error {
	d, err := t.database(name)
	if err != nil {
		return err
	}
	rows, err := t.tx.QueryContext(t.ctx, "SELECT oid, name FROM relation WHERE database = ? ORDER BY name", d.OID)
	if err != nil {
		return storeError(err, t.path)
	}
	var oids []sql.OID
	var names []string
	for rows.Next() {
		var oid sql.OID
		var n string
		if err := rows.Scan(&oid, &n); err != nil {
			rows.Close()
			return storeError(err, t.path)
		}
		oids, names = append(oids, oid), append(names, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return storeError(err, t.path)
	}
	if len(oids) > 0 && !cascade {
		shown := names
		if len(shown) > 5 {
			shown = shown[:5]
		}
		return sql.Errorf(sql.CodeDependentObjects, "cannot drop schema %s because other objects depend on it", d.Name).
			WithDetail("%d tables and views are in it, among them: %s.", len(names), strings.Join(shown, ", ")).
			WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	}
	for _, oid := range oids {
		if err := t.dropRelation(oid); err != nil {
			return err
		}
	}
	if err := t.exec("DELETE FROM database WHERE oid = ?", d.OID); err != nil {
		return err
	}
	return t.exec("INSERT INTO dropped VALUES (?, ?)", d.OID, t.version)
}

// Glue's limits of names; 255 bytes is more than PostgreSQL's 63, which clients
// expect of max_identifier_length but do not enforce.
const maxName = 255

func checkName(kind, name string) error {
	if name == "" {
		return sql.Errorf(sql.CodeInvalidName, "a %s needs a name", kind)
	}
	if len(name) > maxName {
		return sql.Errorf(sql.CodeNameTooLong, "%s name is too long: %d bytes, at most %d are allowed", kind, len(name), maxName)
	}
	for i := range len(name) {
		if c := name[i]; c < 0x20 || c == 0x7f || c == '/' {
			return sql.Errorf(sql.CodeInvalidName, "%s name %q holds a character that is not allowed", kind, name)
		}
	}
	return nil
}

func reservedSchema(name string) bool {
	return strings.HasPrefix(name, "pg_") || name == "information_schema" || name == "sluice"
}
