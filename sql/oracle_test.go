package sql_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// oracle is a connection to PostgreSQL 15 with a function that evaluates an
// expression over texts and answers "=" and the result's text, "!" and the
// SQLSTATE and message, or NULL.
type oracle struct {
	tb testing.TB
	c  *pgx.Conn
}

const tryFunction = `
create or replace function pg_temp.try(q text, args text[]) returns text language plpgsql as $$
declare r text; m text;
begin
  execute q into r using args;
  return '=' || r;
exception when others then
  get stacked diagnostics m = message_text;
  return '!' || sqlstate || ' ' || m;
end $$`

func newOracle(tb testing.TB) *oracle {
	tb.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, pg.Start(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close(ctx) })
	o := &oracle{tb, c}
	o.exec(tryFunction)
	return o
}

func (o *oracle) exec(q string) {
	o.tb.Helper()
	if _, err := o.c.Exec(context.Background(), q); err != nil {
		o.tb.Fatalf("%s: %v", q, err)
	}
}

// ask evaluates expr, over the text array $1, once for each args.
func (o *oracle) ask(expr string, args [][]string) []string {
	o.tb.Helper()
	flat := make([]string, 0, len(args))
	for _, a := range args {
		var b strings.Builder
		b.WriteByte('{')
		for i, s := range a {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('"')
			b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
			b.WriteByte('"')
		}
		b.WriteByte('}')
		flat = append(flat, b.String())
	}
	q := "select coalesce(pg_temp.try($1, a::text[]), '') from unnest($2::text[]) with ordinality t(a, n) order by n"
	rows, err := o.c.Query(context.Background(), q, "select ("+expr+")::text", flat)
	if err != nil {
		o.tb.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		var pe *pgconn.PgError
		if errors.As(err, &pe) {
			o.tb.Fatalf("%s: %s (%s)", expr, pe.Message, pe.Where)
		}
		o.tb.Fatal(err)
	}
	if len(out) != len(args) {
		o.tb.Fatalf("%s: %d answers to %d questions", expr, len(out), len(args))
	}
	return out
}

// answer writes our own result as the oracle does.
func answer(text string, err error) string {
	if err == nil {
		return "=" + text
	}
	e := sql.AsError(err)
	return fmt.Sprintf("!%s %s", e.Code, e.Message)
}

// checker counts disagreements and stops the test when there are too many.
type checker struct {
	tb  testing.TB
	bad int
}

func (c *checker) same(what, got, want string) {
	c.tb.Helper()
	if got == want {
		return
	}
	c.tb.Errorf("%s: got %s, PostgreSQL %s", what, got, want)
	if c.bad++; c.bad > 30 {
		c.tb.Fatal("too many disagreements")
	}
}
