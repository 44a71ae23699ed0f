package engine_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/engine/enginetest"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object/fault"
	"github.com/sluicedb/sluice/vector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wantCode(t *testing.T, err error, code sql.Code) {
	t.Helper()
	if err == nil || sql.AsError(err).Code != code {
		t.Errorf("got %v, not SQLSTATE %s", err, code)
	}
}

// idle fails the test if a statement still holds its place or memory.
func idle(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	if running, waiting := e.Queue(); running+waiting > 0 {
		t.Errorf("%d statements run, %d wait", running, waiting)
	}
	if n := e.Memory().Used(); n > 0 {
		t.Errorf("%d bytes are not given back", n)
	}
}

// TestExecuteIsLogged: EXECUTE's line tells of what the prepared statement read.
func TestExecuteIsLogged(t *testing.T) {
	e := enginetest.Start(t, nil)
	s := e.Session(t, 1, "tester")
	defer s.Close()
	s.Exec(t, "PREPARE p AS SELECT sum(id) FROM numbers WHERE id < $1")
	before := len(e.Log.Lines("msg=statement"))
	if rows := s.Exec(t, "EXECUTE p(100)"); rows[0][0] != "4950" {
		t.Fatal(rows)
	}
	lines := e.Log.Lines("msg=statement")[before:]
	if len(lines) != 1 {
		t.Fatalf("lines of EXECUTE: %q", lines)
	}
	for _, want := range []string{` rows=1 `, ` bytes=[1-9]\d* `, ` requests=[1-9]\d* `, ` route=lake `, ` sqlstate=00000`} {
		if !regexp.MustCompile(want).MatchString(lines[0]) {
			t.Errorf("no %q in %s", want, lines[0])
		}
	}
}

// TestLostClientIsLogged: a statement whose client went away is no fault of the server.
func TestLostClientIsLogged(t *testing.T) {
	e := enginetest.Start(t, nil)
	s := e.Session(t, 1, "tester")
	defer s.Close()
	lost := fmt.Errorf("%w: broken pipe", engine.ErrClient)
	err := s.ExecText(context.Background(), "SELECT id FROM numbers", engine.Results{
		Begin: func([]engine.Field) error { return nil },
		Rows:  func(*vector.Batch, int, int) error { return lost },
	})
	if !errors.Is(err, engine.ErrClient) {
		t.Fatal(err)
	}
	if lines := e.Log.Lines("msg=statement", "sqlstate=08006", "level=INFO"); len(lines) != 1 {
		t.Errorf("logged %q", e.Log.Lines("msg=statement"))
	}
	idle(t, e)
}

// TestFailedCursor: a cursor whose query failed holds nothing, though its
// transaction goes on until its end.
func TestFailedCursor(t *testing.T) {
	e := enginetest.Start(t, nil)
	s := e.Session(t, 1, "tester")
	defer s.Close()
	for _, fetch := range []string{"FETCH ALL FROM c", "MOVE ALL IN c", "FETCH ABSOLUTE 200000 FROM c"} {
		s.Exec(t, "BEGIN; DECLARE c CURSOR FOR SELECT 1 / (id - 75000) FROM numbers")
		s.Exec(t, "FETCH 10 FROM c")
		if running, _ := e.Queue(); running != 1 {
			t.Fatalf("%d statements run", running)
		}
		_, err := s.Query(fetch)
		wantCode(t, err, sql.CodeDivisionByZero)
		if s.TxnStatus() != 'E' {
			t.Errorf("%s: status %c", fetch, s.TxnStatus())
		}
		idle(t, e)
		s.Exec(t, "ROLLBACK")
	}
}

// TestErrorsKeepTheirPlace: a row's error comes after the rows before it, though
// another task meets it first: who wants no more than those never sees it.
func TestErrorsKeepTheirPlace(t *testing.T) {
	e := enginetest.Start(t, nil)
	s := e.Session(t, 1, "tester")
	defer s.Close()
	// The row is the first of the second file.
	failing := fmt.Sprintf("SELECT 1 / (id - %d) FROM numbers", enginetest.FileRows)
	for range 50 {
		if rows := s.Exec(t, failing+" LIMIT 10"); len(rows) != 10 {
			t.Fatalf("%d rows", len(rows))
		}
		if rows := s.Exec(t, "SELECT count(*) FROM ("+failing+" LIMIT 1000) x"); rows[0][0] != "1000" {
			t.Fatalf("counted %v", rows)
		}
	}
	for range 10 {
		s.Exec(t, "BEGIN; DECLARE c CURSOR FOR "+failing)
		s.Exec(t, fmt.Sprintf("FETCH %d FROM c", enginetest.FileRows-10))
		s.Exec(t, "FETCH 10 FROM c")
		_, err := s.Query("FETCH ALL FROM c")
		wantCode(t, err, sql.CodeDivisionByZero)
		s.Exec(t, "ROLLBACK")
	}
	_, err := s.Query(failing)
	wantCode(t, err, sql.CodeDivisionByZero)
}

// TestRollbackToSavepoint closes the cursors that were made since, and those alone.
func TestRollbackToSavepoint(t *testing.T) {
	e := enginetest.Start(t, nil)
	s := e.Session(t, 1, "tester")
	defer s.Close()
	s.Exec(t, "BEGIN; DECLARE old CURSOR FOR SELECT id FROM numbers ORDER BY id; SAVEPOINT a")
	s.Exec(t, "DECLARE young CURSOR FOR SELECT id FROM numbers; FETCH 5 FROM young")
	_, err := s.Query("SELECT 1/0")
	wantCode(t, err, sql.CodeDivisionByZero)
	s.Exec(t, "ROLLBACK TO a")
	idle(t, e)
	if rows := s.Exec(t, "FETCH 2 FROM old"); len(rows) != 2 || rows[1][0] != "1" {
		t.Errorf("the older cursor gives %v", rows)
	}
	s.Exec(t, "DECLARE young CURSOR FOR SELECT 7")
	if rows := s.Exec(t, "FETCH young"); rows[0][0] != "7" {
		t.Errorf("the new cursor gives %v", rows)
	}
	s.Exec(t, "ROLLBACK TO a")
	_, err = s.Query("FETCH young")
	wantCode(t, err, sql.CodeInvalidCursorName)
	s.Exec(t, "ROLLBACK")
	idle(t, e)
}

// TestActivityOfOthers: only superusers and the user itself see what a session runs.
func TestActivityOfOthers(t *testing.T) {
	e := enginetest.Start(t, nil)
	e.AddUser(t, "root", "", true)
	e.AddUser(t, "alice", "", false)
	e.AddUser(t, "bob", "", false)
	bob := e.Session(t, 1, "bob")
	defer bob.Close()
	bob.Exec(t, "SELECT 'secret of bob'")
	seen := func(pid int32, user string) string {
		s := e.Session(t, pid, user)
		defer s.Close()
		return s.Exec(t, "SELECT query FROM pg_stat_activity WHERE usename = 'bob' AND pid = 1")[0][0]
	}
	for user, want := range map[string]string{"root": "SELECT 'secret of bob'", "bob": "SELECT 'secret of bob'", "alice": "<insufficient privilege>"} {
		if got := seen(2, user); got != want {
			t.Errorf("%s sees %q, not %q", user, got, want)
		}
	}
	bob.Exec(t, "SELECT 'x' AS password, 'hunter2'")
	if got := seen(2, "root"); strings.Contains(got, "hunter2") {
		t.Errorf("a password is shown: %s", got)
	}
}

// stuck are statements in the middle of different kinds of work.
var stuck = map[string]string{
	"rows":      "SELECT a.id FROM numbers a, numbers b",
	"aggregate": "SELECT count(*) FROM numbers a, numbers b WHERE a.id + b.id < 0",
	"sort":      "SELECT a.note FROM numbers a, generate_series(1, 1000) b ORDER BY a.note || b, a.id",
	"storage":   "SELECT count(*) FROM numbers WHERE note LIKE '%7%'",
	"function":  "SELECT count(*) FROM generate_series(1, 1000000000000)",
}

// TestCancel: whatever a statement does, it ends soon after it is cancelled, and
// leaves no goroutine, place or memory behind.
func TestCancel(t *testing.T) {
	warm := enginetest.Start(t, nil)
	uncached := enginetest.Start(t, func(c *engine.Config) { c.Parquet = parquet.New(parquet.Options{}) })
	for name, q := range stuck {
		t.Run(name, func(t *testing.T) {
			e := warm
			if name == "storage" { // nothing may be answered from memory
				e = uncached
			}
			begun := func() bool { running, _ := e.Queue(); return running > 0 }
			if name == "storage" { // which planning may wait for already
				e.Store.Add(fault.Rule{Op: fault.Read, Delay: time.Hour})
				defer e.Store.Reset()
				seen := e.Store.Calls(fault.Read)
				begun = func() bool { return e.Store.Calls(fault.Read) > seen }
			}
			ignore := goleak.IgnoreCurrent()
			var took []time.Duration
			for i := range 5 {
				s := e.Session(t, 1, "tester")
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() {
					done <- s.ExecText(ctx, q, engine.Results{Rows: func(*vector.Batch, int, int) error { return nil }})
				}()
				for !begun() && len(done) == 0 {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Duration(i) * 7 * time.Millisecond)
				start := time.Now()
				cancel()
				err := <-done
				took = append(took, time.Since(start))
				wantCode(t, err, sql.CodeQueryCanceled)
				idle(t, e)
				s.Close()
			}
			slices.Sort(took)
			t.Logf("ended %v after it was cancelled", took)
			if took[len(took)/2] > 100*time.Millisecond {
				t.Errorf("that is more than 100 ms")
			}
			if err := goleak.Find(ignore); err != nil {
				t.Error(err)
			}
		})
	}
}
