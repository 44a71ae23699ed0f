package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/engine/enginetest"
	"github.com/sluicedb/sluice/exec"
)

// openUnder counts the process's open files in a folder, those without a name too.
func openUnder(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && strings.HasPrefix(to, dir+"/") {
			n++
		}
	}
	return n
}

// TestTempTablesOnDisk: rows that do not fit into memory lie on disk, are changed,
// rolled back and read by cursors there, and are gone, with the memory, as soon as
// nothing can reach them.
func TestTempTablesOnDisk(t *testing.T) {
	dir := t.TempDir()
	e := enginetest.Start(t, func(c *engine.Config) {
		c.Memory, c.StatementMemory, c.SpillDir = exec.NewBudget(nil, 64<<20), 12<<20, dir
	})
	s := e.Session(t, 1, "tester")
	defer s.Close()
	want := func(text string, cells ...string) {
		t.Helper()
		rows := s.Exec(t, text)
		if len(rows) != 1 || strings.Join(rows[0], " ") != strings.Join(cells, " ") {
			t.Errorf("%s: %v, not %v", text, rows, cells)
		}
	}
	s.Exec(t, "CREATE TEMP TABLE t (id bigint PRIMARY KEY, note text)")
	s.Exec(t, "INSERT INTO t SELECT id, repeat(note, 20) FROM numbers")
	if openUnder(t, dir) == 0 {
		t.Fatal("nothing is on disk")
	}
	sums := "SELECT count(*), sum(id), sum(length(note)) FROM t"
	whole := s.Exec(t, sums)[0]
	want("SELECT count(*), sum(id), sum(length(repeat(note, 20))) FROM numbers", whole...)

	held := openUnder(t, dir)
	s.Exec(t, "BEGIN")
	s.Exec(t, "UPDATE t SET note = note || '!', id = id + 1000000 WHERE id % 2 = 0")
	want("SELECT count(*), min(id), max(id), sum(length(note)) - "+whole[2]+" FROM t", "100000", "1", "1099998", "50000")
	s.Exec(t, "SAVEPOINT s")
	want("WITH w AS (SELECT 1) SELECT count(*) FROM t WHERE note LIKE '%!'", "50000")
	s.Exec(t, "DELETE FROM t WHERE id % 3 = 0; ROLLBACK TO s")
	want("SELECT count(*) FROM t", "100000")
	s.Exec(t, "DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id DESC")
	s.Exec(t, "ROLLBACK")
	want(sums, whole...)
	if n := openUnder(t, dir); n != held {
		t.Errorf("%d files are open after ROLLBACK, not %d", n, held)
	}

	s.Exec(t, "BEGIN")
	s.Exec(t, "DECLARE c CURSOR FOR SELECT id, note FROM t")
	s.Exec(t, "FETCH 10 FROM c")
	s.Exec(t, "DELETE FROM t WHERE id >= 10")
	if n := len(s.Exec(t, "FETCH ALL FROM c")); n != 99990 {
		t.Errorf("the cursor gave %d rows more", n)
	}
	s.Exec(t, "ROLLBACK")

	if _, err := s.Query("INSERT INTO t SELECT id + 1000000, 1 / (id - 99000) || repeat(note, 20) FROM numbers ORDER BY id"); err == nil {
		t.Error("no division by zero")
	}
	if _, err := s.Query("INSERT INTO t SELECT id + 99999, repeat(note, 20) FROM numbers"); err == nil {
		t.Error("a key is there twice")
	}
	want(sums, whole...)
	s.Exec(t, "INSERT INTO t SELECT id + 50000, 'new' FROM numbers ON CONFLICT (id) DO UPDATE SET note = excluded.note")
	want("SELECT count(*), count(*) FILTER (WHERE note = 'new') FROM t", "150000", "100000")
	if n := len(s.Exec(t, "DELETE FROM t WHERE id < 50000 RETURNING *")); n != 50000 {
		t.Errorf("RETURNING gave %d rows", n)
	}
	s.Exec(t, "DROP TABLE t")
	if n := openUnder(t, dir); n > 0 {
		t.Errorf("%d files are open after DROP TABLE", n)
	}
	idle(t, e)
}
