package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// step is one statement of the common script, with typed parameters.
type step struct {
	sql  string
	args []arg
}

type arg struct {
	typ   string // PostgreSQL's name
	value string // its text; "\N" for NULL
}

const null = `\N`

// values are texts of each type that clients send and get back.
var values = []struct {
	typ   string
	texts []string
}{
	{"int2", []string{"0", "-32768", "32767"}},
	{"int4", []string{"0", "-2147483648", "2147483647"}},
	{"int8", []string{"1", "-9223372036854775808", "9223372036854775807"}},
	{"numeric", []string{"0", "0.00", "-1234.5600", "0.0000000001", "123456789012345678901234567890.12345", "100000000", "NaN"}},
	{"float4", []string{"0", "-1.5", "3.4028235e+38", "1e-45", "0.1"}},
	{"float8", []string{"0", "1e300", "-2.2250738585072014e-308", "0.1", "123456789.123"}},
	{"bool", []string{"true", "false"}},
	{"text", []string{"", "plain", "ünïcødé 漢字", "with 'quotes' and \\back", "two\nlines\tand tab"}},
	{"varchar", []string{"var", ""}},
	{"date", []string{"2024-02-29", "1999-12-31", "0001-01-01"}},
	{"time", []string{"00:00:00", "23:59:59.999999", "12:34:56.7"}},
	{"timestamp", []string{"2024-02-29 12:34:56.789", "1970-01-01 00:00:00", "1900-06-01 01:02:03.000004"}},
	{"timestamptz", []string{"2024-02-29 12:34:56.789+00", "1970-01-01 00:00:00+00", "2024-07-01 00:00:00+00"}},
	{"interval", []string{"1 day 02:03:04", "-00:00:01.5", "10 days", "00:00:00"}},
	{"bytea", []string{`\x`, `\xdeadbeef00ff`}},
	{"uuid", []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
}

// commonScript is what every client runs.
func commonScript() []step {
	var s []step
	add := func(sql string, args ...arg) { s = append(s, step{sql, args}) }
	// Values of every type to the client, and there and back.
	for _, v := range values {
		for _, t := range v.texts {
			add(fmt.Sprintf("SELECT '%s'::%s AS v, NULL::%s AS n", strings.ReplaceAll(t, "'", "''"), v.typ, v.typ))
			add(fmt.Sprintf("SELECT $1::%s AS v", v.typ), arg{v.typ, t})
		}
		add(fmt.Sprintf("SELECT $1::%s AS v", v.typ), arg{v.typ, null})
	}
	// Several parameters, one twice, and types that the context gives.
	add("SELECT $1::int4 + $2::int4 AS sum, $1::int4 AS again", arg{"int4", "40"}, arg{"int4", "2"})
	add("SELECT count(*), min(id), max(note) FROM numbers WHERE id < $1", arg{"int8", "1000"})
	add("SELECT id, small, name, price, ratio, flag, day, at, note FROM numbers WHERE id BETWEEN $1 AND $2 ORDER BY id", arg{"int8", "6"}, arg{"int8", "15"})
	add("SELECT id FROM numbers WHERE name = $1 AND price > $2 ORDER BY id LIMIT 5", arg{"text", "name 77"}, arg{"numeric", "100.50"})
	add("SELECT id FROM numbers WHERE day = $1 AND id < 5000 ORDER BY id", arg{"date", "2020-01-11"})
	add("SELECT id FROM numbers WHERE at = $1", arg{"timestamp", "2021-05-05 00:01:40"})
	add("SELECT $1::text || $2::text AS t", arg{"text", "a"}, arg{"text", null})
	add("SELECT small, count(*), sum(price), avg(price), avg(ratio) FROM numbers WHERE id < 20000 GROUP BY small ORDER BY small LIMIT 3")
	add("SELECT flag, count(*), count(note) FROM numbers GROUP BY flag ORDER BY flag NULLS FIRST")
	// Errors, and life after them.
	add("SELECT 1 / $1::int4 AS x", arg{"int4", "0"})
	add("SELECT nothing FROM numbers")
	add("SELECT small / (small - 1) AS x FROM numbers WHERE id = 1")
	add("SELECT * FROM absent")
	add("SELEC 1")
	add("SELECT 2147483647::int4 + $1::int4 AS x", arg{"int4", "1"})
	add("SELECT 'still here' AS t")
	// Transactions: an error fails the block, a savepoint mends it.
	add("BEGIN")
	add("SELECT 1 AS one")
	add("SELECT 1/0")
	add("SELECT 'ignored'")
	add("ROLLBACK")
	add("SELECT 'after rollback' AS t")
	add("BEGIN")
	add("SAVEPOINT a")
	add("SELECT 1/0")
	add("ROLLBACK TO SAVEPOINT a")
	add("SELECT 'mended' AS t")
	add("RELEASE SAVEPOINT a")
	add("ROLLBACK TO SAVEPOINT a")
	add("COMMIT")
	add("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	add("SHOW transaction_isolation")
	add("SHOW transaction_read_only")
	add("COMMIT")
	add("SHOW transaction_isolation")
	// Settings.
	add("SET application_name = 'common script'")
	add("SHOW application_name")
	add("BEGIN")
	add("SET LOCAL statement_timeout = '5min'")
	add("SHOW statement_timeout")
	add("ROLLBACK")
	add("SHOW statement_timeout")
	add("SET statement_timeout = 1500")
	add("SHOW statement_timeout")
	add("RESET statement_timeout")
	add("SHOW statement_timeout")
	add("SET no_such_setting = 1")
	add("SET statement_timeout = 'soon'")
	add("SHOW no_such_setting")
	add("SELECT current_setting('application_name') AS a")
	// Cursors.
	add("DECLARE c CURSOR FOR SELECT 1")
	add("BEGIN")
	add("DECLARE c SCROLL CURSOR FOR SELECT id, name FROM numbers WHERE id < 100 ORDER BY id")
	add("FETCH 3 FROM c")
	add("FETCH NEXT FROM c")
	add("MOVE 10 IN c")
	add("FETCH FORWARD 2 FROM c")
	add("FETCH PRIOR FROM c")
	add("FETCH BACKWARD 2 FROM c")
	add("FETCH FIRST FROM c")
	add("FETCH ABSOLUTE 50 FROM c")
	add("FETCH RELATIVE -5 FROM c")
	add("FETCH LAST FROM c")
	add("FETCH NEXT FROM c")
	add("FETCH ABSOLUTE -1 FROM c")
	add("MOVE BACKWARD ALL IN c")
	add("FETCH 2 FROM c")
	add("CLOSE c")
	add("FETCH 1 FROM c")
	add("ROLLBACK")
	add("BEGIN")
	add("DECLARE f NO SCROLL CURSOR FOR SELECT id FROM numbers WHERE id < 10 ORDER BY id")
	add("FETCH 2 FROM f")
	add("FETCH BACKWARD 1 FROM f")
	add("ROLLBACK")
	add("BEGIN")
	add("DECLARE h CURSOR WITH HOLD FOR SELECT id FROM numbers WHERE id < 20 ORDER BY id")
	add("FETCH 2 FROM h")
	add("COMMIT")
	add("FETCH 2 FROM h")
	add("FETCH ALL FROM h")
	add("CLOSE h")
	add("DECLARE k CURSOR WITH HOLD FOR SELECT id FROM numbers WHERE id < 5 ORDER BY id")
	add("FETCH ALL FROM k")
	add("CLOSE ALL")
	add("FETCH ALL FROM k")
	// Prepared statements in SQL.
	add("PREPARE p (int4, text) AS SELECT $1 + 1 AS n, $2 || '!' AS t")
	add("EXECUTE p (41, 'hey')")
	add("EXECUTE p (41)")
	add("PREPARE p AS SELECT 1")
	add("DEALLOCATE p")
	add("EXECUTE p (1, 'x')")
	add("DEALLOCATE p")
	return s
}

// write writes the script for a client: a line a statement, fields separated by
// tabs: the statement, then type=value; backslash, tab and newline are escaped.
func write(t *testing.T, steps []step) string {
	t.Helper()
	escape := strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(escape.Replace(s.sql))
		for _, a := range s.args {
			v := a.value
			if v == null {
				v = "" // and no equals sign: NULL
				fmt.Fprintf(&b, "\t%s", a.typ)
				continue
			}
			fmt.Fprintf(&b, "\t%s=%s", a.typ, escape.Replace(v))
		}
		b.WriteByte('\n')
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// compare tells how two transcripts of the script differ, statement by statement:
// a transcript's parts begin with "#n".
func compare(t *testing.T, steps []step, got, want string) {
	t.Helper()
	g, w := parts(got), parts(want)
	if len(w) < len(steps) {
		t.Fatalf("PostgreSQL's transcript has %d statements of %d:\n%s", len(w), len(steps), tail(want))
	}
	right, wrong := 0, 0
	for i, part := range w {
		name := part
		if i < len(steps) {
			name = fmt.Sprintf("%s %v", steps[i].sql, steps[i].args)
		}
		switch {
		case i >= len(g):
			t.Fatalf("the transcript ends before %s:\n%s", name, tail(got))
		case lenient(g[i], part) != part:
			wrong++
			t.Errorf("%s\n got: %s\nwant: %s", name, g[i], part)
		default:
			right++
		}
	}
	t.Logf("%d of %d statements as PostgreSQL answers them", right, right+wrong)
}

var (
	positions = regexp.MustCompile(`(?m)^LINE \d+: .*\n +\^\n`)
	hints     = regexp.MustCompile(`(?m)^HINT:  .*\n`)
	// PostgreSQL finds some errors while it plans, before it describes the result.
	columnsOnly = regexp.MustCompile(`(?m)(?:^columns? .*\n)+(error )`)
	atPlaces    = regexp.MustCompile(`(error [^\n]*) (\d+|None)\n`)
)

// lenient takes from got the places and hints that PostgreSQL does not give for
// the same error: to say more is allowed.
func lenient(got, want string) string {
	if e := columnsOnly.FindString(got); e != "" && !columnsOnly.MatchString(want) {
		got = columnsOnly.ReplaceAllString(got, "$1")
	}
	if !positions.MatchString(want) {
		got = positions.ReplaceAllString(got, "")
	}
	if !hints.MatchString(want) {
		got = hints.ReplaceAllString(got, "")
	}
	if m := atPlaces.FindStringSubmatch(want); m != nil && (m[2] == "0" || m[2] == "None") {
		got = atPlaces.ReplaceAllString(got, "$1 "+m[2]+"\n")
	}
	return got
}

func parts(transcript string) []string {
	var out []string
	for line := range strings.Lines(transcript) {
		if strings.HasPrefix(line, "#") || len(out) == 0 {
			out = append(out, "")
		}
		out[len(out)-1] += line
	}
	return out
}

func tail(s string) string {
	if len(s) > 2000 {
		return "..." + s[len(s)-2000:]
	}
	return s
}
