// Package badinput holds the program to clear errors: SQLSTATE and hint, nothing
// lost, and a server that goes on.
package badinput

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// wrong is a statement and the error that it must end with.
type wrong struct {
	name, sql string
	code      string
	message   string // contained
	hint      string // contained in hint or detail; "" for no demand
	position  int32  // 0: no demand
}

// expect runs a statement and checks its error.
func expect(t *testing.T, c *pgx.Conn, w wrong) {
	t.Helper()
	name := w.name
	if name == "" {
		name = w.sql
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	start := time.Now()
	_, err := c.PgConn().Exec(ctx, w.sql).ReadAll()
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		t.Errorf("%s: got %v, not an error with SQLSTATE %s", name, err, w.code)
		return
	}
	if pe.Code != w.code || !strings.Contains(pe.Message, w.message) {
		t.Errorf("%s: got %s %q, want %s %q", name, pe.Code, pe.Message, w.code, w.message)
	}
	if !strings.Contains(pe.Hint+"\n"+pe.Detail, w.hint) || w.hint != "" && pe.Hint == "" {
		t.Errorf("%s: hint %q, detail %q, want %q", name, pe.Hint, pe.Detail, w.hint)
	}
	if w.position != 0 && pe.Position != w.position {
		t.Errorf("%s: position %d, not %d", name, pe.Position, w.position)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("%s: it took %v", name, d)
	}
}

func TestStatements(t *testing.T) {
	l := fixture.Start(t, nil)
	l.Numbers(t, 1000)
	c := l.Connect(t)
	chain := "SELECT 1" + strings.Repeat("+1", 50_000)
	for _, w := range []wrong{
		{sql: "SELEC 1", code: "42601", message: `syntax error at or near "SELEC"`, position: 1},
		{sql: "SELECT 'a', FROM numbers", code: "42601", message: `syntax error at or near "FROM"`, position: 13},
		{sql: "SELECT 'open", code: "42601", message: "unterminated quoted string", position: 8},
		{sql: "SELECT (1", code: "42601", message: "syntax error at end of input"},
		{sql: "CREATE EXTERNAL TABLE x (a int STORED AS", code: "42601"},
		{name: "operator chain", sql: chain, code: "54001", hint: "."},
		{name: "parentheses", sql: "SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), code: "54001", hint: "."},
		{name: "CASE in CASE", sql: "SELECT " + strings.Repeat("CASE WHEN true THEN ", 10_000) + "1" + strings.Repeat(" END", 10_000), code: "54001", hint: "."},
		{name: "subqueries", sql: strings.Repeat("SELECT (", 5_000) + "SELECT 1" + strings.Repeat(")", 5_000), code: "54001", hint: "."},
		{name: "NOT chain", sql: "SELECT " + strings.Repeat("NOT ", 40_000) + "true", code: "54001", hint: "."},
		{name: "minus chain", sql: "SELECT " + strings.Repeat("- ", 40_000) + "1", code: "54001", hint: "."},
		{name: "array brackets", sql: "SELECT " + strings.Repeat("ARRAY[", 10_000) + "1" + strings.Repeat("]", 10_000), code: "54001", hint: "."},
		{name: "joins", sql: "SELECT 1 FROM numbers" + strings.Repeat(" JOIN numbers USING (id)", 20_000), code: "54001", hint: "."},
		{name: "unions", sql: "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 20_000), code: "54001", hint: "."},
		{sql: "SELECT * FROM nubmers", code: "42P01", message: `relation "nubmers" does not exist`, hint: "numbers", position: 15},
		{sql: "SELECT * FROM nowhere.numbers", code: "42P01", message: `relation "nowhere.numbers" does not exist`, position: 15},
		{sql: "SELECT proce FROM numbers", code: "42703", message: `column "proce" does not exist`, hint: "price", position: 8},
		{sql: "SELECT n.prise FROM numbers n", code: "42703", message: "column n.prise does not exist", hint: "price", position: 8},
		{sql: "SELECT lowwer('A')", code: "42883", message: "function lowwer(unknown) does not exist", hint: "No function matches"},
		{sql: "SELECT 1 + 'x'", code: "22P02", message: "invalid input syntax for type integer"},
		{sql: "SELECT id = 'abc' FROM numbers", code: "22P02", message: `invalid input syntax for type bigint: "abc"`, position: 13},
		{sql: "SELECT name + 1 FROM numbers", code: "42883", message: "operator does not exist", hint: "explicit type casts"},
		{sql: "SELECT name, count(*) FROM numbers", code: "42803", message: "must appear in the GROUP BY clause"},
		{sql: "SELECT 1/0", code: "22012", message: "division by zero"},
		{sql: "SELECT 9223372036854775807 + 1", code: "22003", message: "bigint out of range"},
		{sql: "INSERT INTO numbers VALUES (1)", code: "0A000"},
		{sql: "UPDATE numbers SET id = 1", code: "0A000"},
		{sql: "DELETE FROM numbers", code: "0A000"},
		{sql: "CREATE TABLE t AS SELECT 1", code: "0A000"},
		{sql: "COPY numbers FROM STDIN", code: "0A000"},
		{sql: "UNLOAD ('SELECT 1') TO 's3://x/y'", code: "0A000"},
		{sql: "VACUUM", code: "0A000"},
		{sql: "DROP TABLE absent", code: "42P01", message: `"absent" does not exist`},
		{sql: "CREATE EXTERNAL TABLE numbers (id bigint) STORED AS PARQUET LOCATION 's3://x/y/'", code: "42P07", message: `"numbers" already exists`},
		{sql: "CREATE EXTERNAL TABLE e (id nonsense) STORED AS PARQUET LOCATION 's3://x/y/'", code: "42704"},
		{sql: "CREATE EXTERNAL TABLE e (id int) STORED AS PARQUET LOCATION 'ftp://x/y/'", code: "22023"},
		{sql: "SELECT $1", code: "42P02", message: "there is no parameter $1"},
		{sql: "SELECT repeat('x', 2000000000)", code: "54000"},
	} {
		expect(t, c, w)
	}
	// Bytes that are no text, and a text with a zero byte.
	for _, q := range []string{"SELECT '\xff\xfe'", "SELECT '\xc3\x28'"} {
		expect(t, c, wrong{sql: q, code: "22021", message: "invalid byte sequence"})
	}
	// 10 MB of one literal are fine.
	big := bytes.Repeat([]byte("x"), 10<<20)
	var n int
	if err := c.QueryRow(t.Context(), "SELECT length('"+string(big)+"')", pgx.QueryExecModeSimpleProtocol).Scan(&n); err != nil || n != len(big) {
		t.Errorf("a long literal: %d, %v", n, err)
	}
	if err := c.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) FROM numbers WHERE id IN (%s)", list(20_000))).Scan(&n); err != nil || n != 1000 {
		t.Errorf("a long list: %d, %v", n, err)
	}
	l.Answers(t)
}

func list(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, i)
	}
	return b.String()
}
