package store

import (
	"context"
	dbsql "database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/sluicedb/sluice/sql"
)

// BackupTo writes a consistent copy of the catalog to a new file (58030 if it
// exists), while the catalog is in use.
func (s *Store) BackupTo(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		e := storeError(err, path)
		if errors.Is(err, os.ErrExist) {
			return sql.AsError(e).WithHint("Name a file that does not exist yet.")
		}
		return e
	}
	if err := f.Close(); err != nil {
		return storeError(err, path)
	}
	// An empty file is taken by VACUUM INTO; it keeps its mode.
	if _, err := s.write.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		os.Remove(path)
		return storeError(err, path)
	}
	return syncFile(path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return storeError(err, path)
	}
	defer f.Close()
	return storeError(f.Sync(), path)
}

// RestoreFrom replaces the catalog's whole content by a backup's, in one
// transaction. Identifiers given since the backup are not given again.
func (s *Store) RestoreFrom(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return sql.Errorf(sql.CodeUndefinedFile, "cannot read backup %q: %v", path, err)
	}
	// Work on a copy: opening migrates it, and the backup must stay as it is.
	dir, err := os.MkdirTemp("", "sluice-restore-")
	if err != nil {
		return storeError(err, path)
	}
	defer os.RemoveAll(dir)
	copied := dir + "/catalog"
	if err := copyFile(path, copied); err != nil {
		return storeError(err, path)
	}
	from, err := Open(copied)
	if err != nil {
		return err
	}
	var ok string
	if err := from.write.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&ok); err != nil || ok != "ok" {
		from.Close()
		return sql.Errorf(sql.CodeDataCorrupted, "backup %q is damaged: %s", path, ok)
	}
	if err := from.Close(); err != nil {
		return storeError(err, path)
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return storeError(err, s.path)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "ATTACH DATABASE ? AS backup", copied); err != nil {
		return storeError(err, path)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "DETACH DATABASE backup")
	var tx *dbsql.Tx
	err = retry(ctx, func() error { tx, err = conn.BeginTx(ctx, nil); return err })
	if err != nil {
		return storeError(err, s.path)
	}
	defer tx.Rollback()
	var stmts []string
	for _, t := range slices.Backward(contentTables) {
		stmts = append(stmts, "DELETE FROM main."+t)
	}
	for _, t := range contentTables {
		stmts = append(stmts, "INSERT INTO main."+t+" SELECT * FROM backup."+t)
	}
	stmts = append(stmts,
		"UPDATE meta SET value = max(value, (SELECT value FROM backup.meta b WHERE b.name = meta.name)) WHERE name = 'next_oid'",
		"UPDATE meta SET value = max(value, (SELECT value FROM backup.meta b WHERE b.name = meta.name)) + 1 WHERE name = 'version'",
		"UPDATE meta SET value = abs(random()) WHERE name = 'epoch'")
	for _, q := range stmts {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return storeError(err, s.path)
		}
	}
	return storeError(tx.Commit(), s.path)
}

// contentTables are all tables but meta, referenced ones first.
var contentTables = []string{"database", "relation", "relation_version", "dropped", "sketch", "part", "part_value", "part_chunk", "role", "member", "setting"}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// exportTables lists what Export writes: the columns hold JSON where the name
// ends in data or stats. Passwords' verifiers are left out.
var exportTables = []struct{ kind, query string }{
	{"database", "SELECT oid, name, data FROM database ORDER BY oid"},
	{"table", "SELECT r.oid, d.name AS database, r.name, r.version, r.data, r.stats FROM relation r JOIN database d ON d.oid = r.database ORDER BY r.oid"},
	{"table_version", "SELECT oid, version, data FROM relation_version ORDER BY oid, version"},
	{"partition", "SELECT oid, ident AS \"values\", location, data, stats FROM part ORDER BY oid, slot"},
	{"role", "SELECT oid, name, json_remove(data, '$.verifier') AS data FROM role ORDER BY oid"},
	{"member", "SELECT role, member, grantor, admin FROM member ORDER BY role, member"},
	{"setting", "SELECT catalog, role, name, value FROM setting ORDER BY catalog, role, name"},
}

// Export writes the catalog as JSON lines, each {"kind": ..., columns}, one
// consistent state. Passwords are not in it.
func (s *Store) Export(ctx context.Context, w io.Writer) error {
	enc := json.NewEncoder(w)
	return s.View(ctx, func(v *View) error {
		for _, t := range exportTables {
			err := v.query(t.query, nil, func(r *dbsql.Rows) error {
				cols, err := r.Columns()
				if err != nil {
					return err
				}
				vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
				for i := range vals {
					ptrs[i] = &vals[i]
				}
				if err := r.Scan(ptrs...); err != nil {
					return err
				}
				line := map[string]any{"kind": t.kind}
				for i, c := range cols {
					if text, ok := vals[i].(string); ok && (c == "data" || c == "stats") {
						line[c] = json.RawMessage(text)
					} else if vals[i] != nil {
						line[c] = vals[i]
					}
				}
				return enc.Encode(line)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
