package differential

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// copies are what a client sends to COPY t FROM STDIN with the options.
var copies = []struct{ options, data string }{
	{"", "1\tone\t1.005\n2\ttwo\t\\N\n"},
	{"", "1\tone\t1.5"},
	{"", ""},
	{"", "\n"},
	{"", "1\tone\n"},
	{"", "1\tone\t1\textra\n"},
	{"", "1\tone\t1\nx\ttwo\t2\n"},
	{"", "1\tone\t10000\n"},
	{"", "1\ttoo long a text\t1\n"},
	{"", "\\N\tnone\t1\n"},
	{"", "1\tone\t-1\n"},
	{"", "1\tone\t1\n1\tagain\t1\n"},
	{"", "1\t\\x41\\102\\tb\\n\\\\\\q\t1\n"},
	{"", "1\ta\\\nb\t1\n"},
	{"", "1\tcr\t1\r\n2\tlf\t2\r\n"},
	{"", "1\tone\t1\n\\.\n2\ttwo\t2\n"},
	{"", "1\t\xff\t1\n"},
	{"", "1\tZürich\t1\n"},
	{"(a, b)", "1\tone\n2\t\\N\n"},
	{"(c, a)", "1.5\t7\n"},
	{"(a, nix)", "1\t1\n"},
	{"(a, a)", "1\t1\n"},
	{"WITH (DELIMITER '|', NULL 'nil')", "1|nil|nil\n2|a\\|b|2\n"},
	{"WITH (HEADER)", "a\tb\tc\n1\tone\t1\n"},
	{"WITH (FORMAT csv)", "1,one,1\n2,,\n3,\"\",3\n4,\"a,\"\"b\"\"\nc\",4\n"},
	{"WITH (FORMAT csv, HEADER)", "a,b,c\r\n1,one,1\r\n"},
	{"WITH (FORMAT csv, QUOTE '''', ESCAPE '\\', NULL 'x')", "1,'o\\'ne',x\n"},
	{"WITH (FORMAT csv)", "1,\"one,1\n"},
	{"WITH (FORMAT csv)", "1,one\n"},
	{"WITH (FORMAT csv)", "1,one,1,2\n"},
	{"WITH (FORMAT csv)", "1,pre\"q,\"x,2\n"},
	{"WITH (FORMAT binary)", "no signature"},
	{"WITH (FORMAT binary)", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00\x02ab\xff\xff\xff\xff\xff\xff"},
	{"WITH (FORMAT binary)", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00\x02ab\xff\xff"},
	{"WITH (FORMAT binary)", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00"},
	{"WITH (FORMAT nix)", ""},
	{"WITH (FORCE_QUOTE *, FORMAT csv)", ""},
}

// TestCopyFrom copies into a temporary table on both servers, in pieces of one byte too.
func TestCopyFrom(t *testing.T) {
	p := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p.both(t, "CREATE TEMP TABLE t (a int PRIMARY KEY, b varchar(12) DEFAULT 'none', c numeric(5,2) DEFAULT 1 CHECK (c > 0))")
	send := func(c *pgconn.PgConn, text string, r io.Reader) (tag, state, message, where string) {
		got, err := c.CopyFrom(ctx, r, text)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			return got.String(), e.Code, e.Message, e.Where
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return got.String(), "", "", ""
	}
	for _, c := range copies {
		text := "COPY t " + c.options + " FROM STDIN"
		if i := strings.Index(c.options, "WITH"); i >= 0 {
			text = "COPY t FROM STDIN " + c.options
		}
		for _, pieces := range []bool{false, true} {
			reader := func() io.Reader {
				if pieces {
					return iotest.OneByteReader(strings.NewReader(c.data))
				}
				return strings.NewReader(c.data)
			}
			tag, state, message, where := send(p.theirs, text, reader())
			ourTag, ourState, ourMessage, ourWhere := send(p.ours, text, reader())
			if tag != ourTag || state != ourState || message != ourMessage {
				t.Errorf("%s of %q: %q %s %q, not %q %s %q", text, c.data, ourTag, ourState, ourMessage, tag, state, message)
			}
			if state == "22P04" && where != ourWhere {
				t.Errorf("%s of %q: at %q, not %q", text, c.data, ourWhere, where)
			}
			p.both(t, "SELECT * FROM t")
			p.both(t, "DELETE FROM t")
		}
	}
	for _, c := range []*pgconn.PgConn{p.ours, p.theirs} { // the client gives up
		if _, state, _, _ := send(c, "COPY t FROM STDIN", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("1\tx\t1\n")))); state != "57014" {
			t.Errorf("COPY that the client ended: %s", state)
		}
	}
	p.both(t, "SELECT count(*) FROM t")
	p.both(t, "BEGIN")
	for _, c := range []*pgconn.PgConn{p.ours, p.theirs} {
		if tag, state, _, _ := send(c, "COPY t (a) FROM STDIN", strings.NewReader("1\n2\n")); tag != "COPY 2" {
			t.Errorf("%q %s", tag, state)
		}
	}
	p.both(t, "SELECT count(*) FROM t")
	p.both(t, "ROLLBACK")
	p.both(t, "SELECT count(*) FROM t")
}

// TestCopyFromBinary: what a driver copies in binary, in many pieces.
func TestCopyFromBinary(t *testing.T) {
	p := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, p.ourConn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "CREATE TEMP TABLE t (i int, s text, f float8, d date, n numeric)"); err != nil {
		t.Fatal(err)
	}
	const rows = 30_000
	n, err := c.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"i", "s", "f", "d", "n"}, pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
		if i%100 == 0 {
			return []any{i, nil, nil, nil, nil}, nil
		}
		return []any{i, strings.Repeat("x", i%300), float64(i) / 4, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), "1.5"}, nil
	}))
	if err != nil || n != rows {
		t.Fatal(n, err)
	}
	var count, some, sum, length int64
	err = c.QueryRow(ctx, "SELECT count(*), count(d), sum(i), sum(length(s)) FROM t WHERE n = 1.5 OR n IS NULL").Scan(&count, &some, &sum, &length)
	if want := int64(rows) * (rows - 1) / 2; err != nil || count != rows || some != rows-rows/100 || sum != want {
		t.Error(count, some, sum, length, err)
	}
}
