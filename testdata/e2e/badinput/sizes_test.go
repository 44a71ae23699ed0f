package badinput

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// joined is n texts of f, joined.
func joined(n int, sep string, f func(i int) string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = f(i)
	}
	return strings.Join(list, sep)
}

func nested(n int, open, inside, shut string) string {
	return strings.Repeat(open, n) + inside + strings.Repeat(shut, n)
}

// TestSizes sends statements that are large in one way each: they have an answer, or
// the error that is said here, in bounded time and memory.
func TestSizes(t *testing.T) {
	l := fixture.Start(t, nil)
	l.Numbers(t, 1000)
	c := l.Connect(t)
	column := func(i int) string { return fmt.Sprintf("c%d", i) }
	number := func(i int) string { return fmt.Sprint(i) }
	for _, w := range []struct{ name, sql, code string }{
		{"a table of 1,600 columns", "CREATE TEMP TABLE wide (" + joined(1600, ", ", func(i int) string { return column(i) + " int" }) + ")", ""},
		{"a row of 1,600 columns", "INSERT INTO wide VALUES (" + joined(1600, ", ", number) + ")", ""},
		{"1,600 columns read", "SELECT * FROM wide", ""},
		{"1,600 columns added", "SELECT " + joined(1600, ", ", func(i int) string { return "sum(" + column(i) + ")" }) + " FROM wide", ""},
		{"1,600 columns ordered by", "SELECT 1 FROM wide ORDER BY " + joined(1600, ", ", column), ""},
		{"1,600 columns grouped by", "SELECT count(*) FROM wide GROUP BY " + joined(1600, ", ", column), ""},
		{"a table of 1,601 columns", "CREATE TEMP TABLE wider (" + joined(1601, ", ", func(i int) string { return column(i) + " int" }) + ")", "54011"},
		{"1,665 expressions", "SELECT " + joined(1665, ", ", number), "54011"},
		{"two tables of 1,600 columns", "SELECT * FROM wide a, wide b", "54011"},
		{"64 tables joined in a chain", "SELECT count(*) FROM numbers t0" + joined(63, "", func(i int) string { return fmt.Sprintf(" JOIN numbers t%d ON t%d.id = t%d.id", i+1, i+1, i) }), ""},
		{"64 tables joined to one", "SELECT count(*) FROM " + joined(64, ", ", func(i int) string { return fmt.Sprintf("numbers t%d", i) }) + " WHERE " +
			joined(63, " AND ", func(i int) string { return fmt.Sprintf("t%d.id = t0.id", i+1) }), ""},
		{"64 tables joined by USING", "SELECT count(*) FROM numbers t0" + joined(63, "", func(i int) string { return fmt.Sprintf(" LEFT JOIN numbers t%d USING (id)", i+1) }), ""},
		{"64 tables without conditions", "SELECT count(*) FROM " + joined(64, ", ", func(i int) string { return fmt.Sprintf("(VALUES (1)) t%d", i) }), ""},
		{"10,000 numbers in a list", "SELECT count(*) FROM numbers WHERE id NOT IN (" + list(10_000) + ")", ""},
		{"10,000 texts in a list", "SELECT count(*) FROM numbers WHERE name IN (" + joined(10_000, ", ", func(i int) string { return fmt.Sprintf("'n%d'", i) }) + ")", ""},
		{"10,000 rows in a list", "SELECT count(*) FROM numbers WHERE (id, name) IN (" + joined(10_000, ", ", func(i int) string { return fmt.Sprintf("(%d, 'n%d')", i, i) }) + ")", ""},
		{"10,000 rows of VALUES", "SELECT count(*), sum(column1) FROM (VALUES " + joined(10_000, ", ", func(i int) string { return fmt.Sprintf("(%d, 'x')", i) }) + ") v", ""},
		{"an array of 10,000 expressions", "SELECT cardinality(ARRAY[" + joined(10_000, ", ", func(i int) string { return fmt.Sprintf("%d + 1", i) }) + "])", ""},
		{"5,000 branches of CASE", "SELECT count(CASE id " + joined(5000, " ", func(i int) string { return fmt.Sprintf("WHEN %d THEN %d", i, i+1) }) + " END) FROM numbers", ""},
		{"5,000 arguments of COALESCE", "SELECT coalesce(" + strings.Repeat("NULL, ", 5000) + "1)", ""},
		{"101 arguments of a function", "SELECT concat(" + joined(101, ", ", number) + ")", "54023"},
		{"500 WITH queries", "WITH " + joined(500, ", ", func(i int) string { return fmt.Sprintf("w%d AS (SELECT %d AS x)", i, i) }) + " SELECT x FROM w499", ""},
		{"100 windows", "SELECT " + joined(100, ", ", func(i int) string { return fmt.Sprintf("sum(id) OVER (ORDER BY id %% %d)", i+1) }) + " FROM numbers LIMIT 1", ""},
		{"4,096 grouping sets", "SELECT count(*) FROM numbers WHERE id < 50 GROUP BY CUBE (" + joined(12, ", ", func(i int) string { return fmt.Sprintf("id + %d", i) }) + ")", ""},
		{"8,192 grouping sets", "SELECT count(*) FROM numbers GROUP BY CUBE (" + joined(12, ", ", func(i int) string { return fmt.Sprintf("id + %d", i) }) + "), ROLLUP (id)", "54001"},
		{"a text of 1 MB", "SELECT length('" + strings.Repeat("x", 1<<20) + "')", ""},
		{"a number of 1 MB", "SELECT " + strings.Repeat("9", 1<<20), "22003"},
		{"a name of 1 MB", "SELECT 1 AS " + strings.Repeat("n", 1<<20), ""},
		{"a comment of 1 MB", "SELECT 1 /* " + strings.Repeat("x", 1<<20) + " */", ""},
		{"1 MB of blanks", "SELECT" + strings.Repeat(" ", 1<<20) + "1", ""},
		{"1 MB of semicolons", "SELECT 1" + strings.Repeat(";", 1<<20), "54000"},
		{"a quoted text that does not end", "SELECT '" + strings.Repeat("''", 1<<19), "42601"},
		{"an interval of 1 MB", "SELECT interval '" + strings.Repeat("1 day ", 1<<17) + "'", "22007"},
		{"a date of 1 MB", "SELECT '" + strings.Repeat("1", 1<<20) + "'::date", "22007"},
		{"10,000 comments in each other", "SELECT 1 " + nested(10_000, "/* ", "", " */"), ""},
		{"10,000 NOT", "SELECT " + strings.Repeat("NOT ", 10_000) + "true", "54001"},
		{"10,000 casts", "SELECT 1" + strings.Repeat("::int", 10_000), "54001"},
		{"10,000 subscripts", "SELECT (ARRAY[1])" + strings.Repeat("[1]", 10_000), "0A000"},
		{"10,000 calls in each other", "SELECT " + nested(10_000, "abs(", "1", ")"), "54001"},
		{"10,000 subqueries in FROM", nested(10_000, "SELECT * FROM (", "SELECT 1", ") x"), "54001"},
		{"json of 10,000 brackets", "SELECT '" + nested(10_000, "[", "", "]") + "'::jsonb", "54001"},
		{"an array of 10,000 braces", "SELECT '" + nested(10_000, "{", "", "}") + "'::int[]", "54000"},
		{"a regular expression of 10,000 groups", "SELECT 'x' ~ '" + nested(10_000, "(", "x", ")") + "'", "2201B"},
		{"a regular expression that repeats repetitions", "SELECT repeat('a', 5000) ~ '^(a*)*b$'", ""},
		{"a pattern of many %", "SELECT repeat('a', 20000) LIKE '" + strings.Repeat("%a", 200) + "%b'", ""},
		{"a repetition of a repetition", "SELECT 'x' ~ '((x{1,200}){1,200}){1,200}'", "2201B"},
	} {
		begun := time.Now()
		_, err := c.Exec(t.Context(), w.sql, pgx.QueryExecModeSimpleProtocol)
		took := time.Since(begun)
		code, message := "", ""
		if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
			code, message = pe.Code, pe.Message
		} else if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		if code != w.code {
			t.Errorf("%s: SQLSTATE %q (%s), not %q", w.name, code, message, w.code)
		}
		if took > 20*time.Second {
			t.Errorf("%s took %v", w.name, took)
		}
		t.Logf("%s: %q in %v", w.name, code, took.Round(time.Millisecond))
	}
	if peak := l.PeakMemory(); peak > 2<<30 {
		t.Errorf("the server took %d MB", peak>>20)
	}
	l.Answers(t)
}
