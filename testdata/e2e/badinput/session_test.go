package badinput

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// TestSessionState holds what a session must not lose or mix up after errors and
// when names come to stand for other things.
func TestSessionState(t *testing.T) {
	l := fixture.Start(t, nil)
	ctx := t.Context()
	c := l.Connect(t).PgConn()
	run := func(text string) string {
		t.Helper()
		_, err := c.Exec(ctx, text).ReadAll()
		if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
			return pe.Code
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return ""
	}
	want := func(text, code string) {
		t.Helper()
		if got := run(text); got != code {
			t.Errorf("%s: SQLSTATE %q, not %q", text, got, code)
		}
	}
	prepare := func(name, text string) {
		t.Helper()
		if _, err := c.Prepare(ctx, name, text, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	execute := func(name string) string {
		t.Helper()
		err := c.ExecPrepared(ctx, name, nil, nil, nil).Read().Err
		if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
			return pe.Code
		}
		if err != nil {
			t.Fatalf("execute %s: %v", name, err)
		}
		return ""
	}

	// a syntax error aborts the block it stands in
	want("begin", "")
	want("selec 1", "42601")
	want("select 1", "25P02")
	if c.TxStatus() != 'E' {
		t.Errorf("the transaction's status is %c", c.TxStatus())
	}
	want("rollback", "")

	// EXECUTE of itself by way of another name ends
	prepare("x", "select 1")
	prepare("y", "execute x")
	want("deallocate x", "")
	prepare("x", "execute y")
	if got := execute("y"); got != "0A000" {
		t.Errorf("execute of an execute: SQLSTATE %q", got)
	}

	// what a prepared FETCH returns is what it said
	want("begin", "")
	want("declare k cursor for select 1::int4, 2::int8", "")
	prepare("f", "fetch all from k")
	want("close k", "")
	want("declare k cursor for select 'text'", "")
	if got := execute("f"); got != "0A000" {
		t.Errorf("fetch of another shape: SQLSTATE %q", got)
	}
	want("rollback", "")

	// EXPLAIN EXECUTE of what is gone
	prepare("p", "select 1")
	prepare("e", "explain execute p")
	want("deallocate p", "")
	if got := execute("e"); got != "26000" {
		t.Errorf("explain of a statement that is gone: SQLSTATE %q", got)
	}

	// settings of roles and changes of the catalog belong to their transaction
	want("begin", "")
	want("alter role tester set statement_timeout = '77s'", "")
	want("rollback", "")
	if v := show(t, l, "statement_timeout"); v != "0" {
		t.Errorf("a role's setting outlived its rollback: %s", v)
	}
	b := &pgconn.Batch{}
	b.ExecParams("create database half", nil, nil, nil, nil)
	b.ExecParams("select 1/0", nil, nil, nil, nil)
	if _, err := c.ExecBatch(ctx, b).ReadAll(); err == nil {
		t.Error("a division by zero went through")
	}
	want("create database half", "")
}

func show(t *testing.T, l *fixture.Lake, name string) (v string) {
	t.Helper()
	if err := l.Connect(t).QueryRow(t.Context(), "show "+name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
