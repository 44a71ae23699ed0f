// Package slt holds a corpus of SQL statements by area with the answers that
// PostgreSQL 15 gave over the same tables: names, types and type modifiers of the
// columns, rows, SQLSTATEs. SLUICE_SLT_REWRITE=1 asks PostgreSQL anew and writes the
// files; without it no PostgreSQL is needed.
package slt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/answer"
	"github.com/sluicedb/sluice/testdata/harness/lake"
	"github.com/sluicedb/sluice/testdata/harness/pg"
	"github.com/sluicedb/sluice/testdata/harness/tpch"
)

// rewrite tells whether expectations are made anew.
var rewrite = os.Getenv("SLUICE_SLT_REWRITE") != ""

// least are the statements that the corpus has at least.
const least = 14_800

// TestCorpus runs every file's statements in a session of its own.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("*.slt")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	ours, theirs := start(t, folder)
	known := readDifferences(t)
	total, ran := 0, 0
	for _, path := range files {
		name := strings.TrimSuffix(path, ".slt")
		t.Run(name, func(t *testing.T) {
			records := read(t, name)
			total, ran = total+len(records), ran+1
			if rewrite {
				records = ask(t, theirs, records)
				if templated(name) {
					records = supported(t, ours, records)
				}
				write(t, path, records)
			}
			compare(t, ours, records, known)
		})
	}
	if t.Failed() {
		return
	}
	t.Logf("%d statements", total)
	if ran < len(files) {
		return // the test's flags chose some
	}
	if total < least {
		t.Errorf("%d statements, fewer than %d", total, least)
	}
	known.unused(t)
}

// start starts the engine, and PostgreSQL if its answers are wanted, with the tables.
func start(t *testing.T, folder string) (ours, theirs string) {
	if rewrite {
		theirs = pg.Start(t)
	}
	ours, err := lake.Start(folder)
	if err == nil {
		err = lake.LoadOdd(folder, ours, theirs, lake.Odd...)
	}
	if err == nil {
		csv := ""
		if rewrite {
			csv = tpch.CSV(t, "0.01")
		}
		err = lake.LoadTPCH(folder, tpch.Tables, tpch.Parquet(t, "0.01"), csv, ours, theirs)
	}
	if err == nil {
		err = lake.LoadDemo(folder, ours, theirs)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

func connect(t *testing.T, conn string) *pgconn.PgConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"SET search_path = public, tpch, processed", "SET statement_timeout = '20s'"} {
		if a, err := answer.Ask(c, s); err != nil || a.State != "" {
			t.Fatalf("%s: %v %v", s, a, err)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

// ask returns the records with PostgreSQL's answers.
func ask(t *testing.T, conn string, records []record) []record {
	c := connect(t, conn)
	out := make([]record, len(records))
	for i, r := range records {
		a, err := answer.Ask(c, r.text)
		if err != nil {
			t.Fatalf("%v\n%s", err, r.text)
		}
		out[i] = record{line: r.line, comment: r.comment, text: r.text, rules: r.rules, want: want(a, r.rules)}
	}
	return out
}

// supported leaves out what the engine refuses by name: lists of that are kept in
// docs/functions.md and docs/sql.md, not in templates.
func supported(t *testing.T, conn string, records []record) (out []record) {
	c := connect(t, conn)
	for _, r := range records {
		got, err := answer.Ask(c, r.text)
		if err != nil {
			t.Fatalf("%v\n%s", err, r.text)
		}
		if got.State != string(sql.CodeFeatureNotSupported) || r.want.answer.State == got.State {
			out = append(out, r)
		}
	}
	return out
}

// compare asks the engine and compares its answers with the records'.
func compare(t *testing.T, conn string, records []record, known *differences) {
	c := connect(t, conn)
	for _, r := range records {
		got, err := answer.Ask(c, r.text)
		if err != nil {
			t.Errorf("line %d: %v\n  %s", r.line, err, r.text)
			c = connect(t, conn)
			continue
		}
		if d := r.want.difference(got, r.rules); d != "" && !(got.TooManyDigits() && r.want.wide()) && !known.allow(r.text, got.State) {
			t.Errorf("line %d: %s\n  %s", r.line, d, r.text)
		}
	}
}

// differences are the statements that the engine, by intent, answers otherwise than
// PostgreSQL: by SQLSTATE, each with a reason.
type differences struct {
	state map[string]string // of a statement
	used  map[string]bool
}

// readDifferences reads differences.txt: a line "# SQLSTATE reason" before statements,
// a line each; 00000 says that the engine has an answer.
func readDifferences(t *testing.T) *differences {
	b, err := os.ReadFile("differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	d := &differences{map[string]string{}, map[string]bool{}}
	state := ""
	for i, line := range strings.Split(string(b), "\n") {
		if head, ok := strings.CutPrefix(line, "# "); ok {
			code, reason, _ := strings.Cut(head, " ")
			if len(code) != 5 || reason == "" {
				t.Fatalf("differences.txt:%d: no SQLSTATE and reason", i+1)
			}
			state = strings.TrimPrefix(code, "00000")
			continue
		}
		if line != "" {
			d.state[line] = state
		}
	}
	return d
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (d *differences) allow(text, state string) bool {
	text = oneLine(text)
	want, ok := d.state[text]
	if ok {
		d.used[text] = true
	}
	return ok && want == state
}

// unused fails for statements that are listed and do not differ, or not any more.
func (d *differences) unused(t *testing.T) {
	for s := range d.state {
		if !d.used[s] {
			t.Errorf("differences.txt lists what does not differ: %s", s)
		}
	}
}

// TestErrors holds what the statements that are meant to fail are worth: enough of
// them, of many causes, few of them bad syntax, nearly all with PostgreSQL's SQLSTATE.
func TestErrors(t *testing.T) {
	known := readDifferences(t)
	states := map[string]int{}
	all, other := 0, 0
	for _, r := range read(t, "errors") {
		state := r.want.answer.State
		if state == "" {
			continue
		}
		all++
		states[state]++
		if _, ok := known.state[oneLine(r.text)]; ok {
			other++
		}
	}
	syntax := states[string(sql.CodeSyntaxError)]
	t.Logf("%d statements of %d SQLSTATEs, %d of bad syntax, %d answered otherwise", all, len(states), syntax, other)
	if all < 500 || len(states) < 60 || syntax*5 > all || other*20 > all {
		t.Error("too few statements or causes, or too many of bad syntax or answered otherwise")
	}
}
