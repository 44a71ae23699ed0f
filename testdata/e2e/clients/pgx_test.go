package clients

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// native turns a parameter into the Go value that programs pass.
func native(t *testing.T, a arg) any {
	t.Helper()
	if a.value == null {
		return nil
	}
	var v any
	var err error
	switch a.typ {
	case "int2":
		var n int64
		n, err = strconv.ParseInt(a.value, 10, 16)
		v = int16(n)
	case "int4":
		var n int64
		n, err = strconv.ParseInt(a.value, 10, 32)
		v = int32(n)
	case "int8":
		v, err = strconv.ParseInt(a.value, 10, 64)
	case "float4":
		var f float64
		f, err = strconv.ParseFloat(a.value, 32)
		v = float32(f)
	case "float8":
		v, err = strconv.ParseFloat(a.value, 64)
	case "bool":
		v = a.value == "true"
	case "numeric":
		var n pgtype.Numeric
		err = n.Scan(a.value)
		v = n
	case "date":
		v, err = time.Parse("2006-01-02", a.value)
	case "timestamp":
		v, err = time.Parse("2006-01-02 15:04:05", a.value)
	case "timestamptz":
		v, err = time.Parse("2006-01-02 15:04:05Z07", a.value)
	case "time":
		var x pgtype.Time
		err = x.Scan(a.value)
		v = x
	case "interval":
		var x pgtype.Interval
		err = x.Scan(a.value)
		v = x
	case "bytea":
		v, err = hex.DecodeString(a.value[2:])
	case "uuid":
		var x pgtype.UUID
		err = x.Scan(a.value)
		v = x
	default:
		v = a.value
	}
	if err != nil {
		t.Fatalf("%s %q: %v", a.typ, a.value, err)
	}
	return v
}

// pgxTranscript runs the script in one of pgx's modes.
func pgxTranscript(t *testing.T, url string, steps []step, mode pgx.QueryExecMode) string {
	t.Helper()
	ctx := t.Context()
	c := fixture.Connect(t, url)
	var b strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&b, "#%d\n", i)
		for range 2 { // the second comes from the cache of statements
			args := []any{mode}
			for _, a := range s.args {
				args = append(args, native(t, a))
			}
			pgxStep(ctx, c, &b, s.sql, args)
			if len(s.args) == 0 {
				break
			}
		}
		fmt.Fprintf(&b, "status %c\n", c.PgConn().TxStatus())
	}
	return b.String()
}

func pgxStep(ctx context.Context, c *pgx.Conn, b *strings.Builder, sql string, args []any) {
	rows, err := c.Query(ctx, sql, args...)
	if err == nil {
		for _, f := range rows.FieldDescriptions() {
			fmt.Fprintf(b, "column %s %d %d %d %d\n", f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format)
		}
		for rows.Next() {
			vals, err := rows.Values()
			if err != nil {
				fmt.Fprintf(b, "values: %v\n", err)
			}
			fmt.Fprintf(b, "row %q %v\n", rows.RawValues(), vals)
		}
		err = rows.Err()
	}
	var pe *pgconn.PgError
	switch {
	case errors.As(err, &pe):
		fmt.Fprintf(b, "error %s %s %q %q %d\n", pe.Severity, pe.Code, pe.Message, pe.Detail, pe.Position)
	case err != nil:
		fmt.Fprintf(b, "client's error %v\n", err)
	default:
		fmt.Fprintf(b, "tag %s\n", rows.CommandTag())
	}
}

func pgxCommon(t *testing.T, l *fixture.Lake) {
	steps := commonScript()
	for name, mode := range map[string]pgx.QueryExecMode{
		"cached statements, binary": pgx.QueryExecModeCacheStatement, "describe and exec": pgx.QueryExecModeDescribeExec,
		"exec, text": pgx.QueryExecModeExec, "simple protocol": pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, steps, pgxTranscript(t, l.URL(), steps, mode), pgxTranscript(t, oracle(t).url(), steps, mode))
		})
	}
}

// longQuery runs for hours.
const longQuery = "SELECT count(*) FROM numbers a, numbers b, numbers c WHERE a.id + b.id + c.id < 0"

// cancelled is what a statement must end with, at most 100 ms after the cancel.
const cancelBudget = 100 * time.Millisecond

func pgxCancel(t *testing.T, l *fixture.Lake) {
	ctx := t.Context()
	for _, q := range []string{
		longQuery,
		"SELECT a.small, count(*), sum(b.ratio) FROM numbers a, numbers b GROUP BY a.small ORDER BY 2",
		"SELECT count(*) FROM (SELECT a.id, b.id AS bid FROM numbers a JOIN numbers b ON a.small = b.small ORDER BY a.note, b.name) x",
		"SELECT sum(i) FROM generate_series(1, 1000000000000) i",
	} {
		var worst time.Duration
		for range 3 {
			c := fixture.Connect(t, l.URL())
			failed := make(chan error, 1)
			var ended time.Time
			go func() {
				_, err := c.Exec(ctx, q)
				ended = time.Now()
				failed <- err
			}()
			time.Sleep(300 * time.Millisecond)
			start := time.Now()
			if err := c.PgConn().CancelRequest(ctx); err != nil {
				t.Fatal(err)
			}
			var err error
			select {
			case err = <-failed:
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: not cancelled in 20 s", q)
			}
			worst = max(worst, ended.Sub(start))
			wantCode(t, err, "57014", "canceling statement due to user request")
			if st := c.PgConn().TxStatus(); st != 'I' {
				t.Errorf("status %c after the cancel", st)
			}
			var n int
			if err := c.QueryRow(ctx, "SELECT 1").Scan(&n); err != nil {
				t.Errorf("after the cancel: %v", err)
			}
		}
		t.Logf("cancelled in at most %v: %s", worst, q)
		if worst > cancelBudget {
			t.Errorf("cancelling took %v, more than %v: %s", worst, cancelBudget, q)
		}
	}
}

func wantCode(t *testing.T, err error, code, message string) {
	t.Helper()
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		t.Errorf("got %v, not an error with SQLSTATE %s", err, code)
		return
	}
	if pe.Code != code || message != "" && !strings.Contains(pe.Message, message) {
		t.Errorf("got %s %q, want %s %q", pe.Code, pe.Message, code, message)
	}
}

// pgxCopy copies a million rows out and compares them with PostgreSQL's.
func pgxCopy(t *testing.T, l *fixture.Lake) {
	const q = "COPY (SELECT id, name, price, ratio, flag, day, at, note FROM numbers ORDER BY id) TO STDOUT"
	sums := map[string]string{}
	for name, url := range map[string]string{"PostgreSQL": oracle(t).url(), "Sluice": l.URL()} {
		c := fixture.Connect(t, url)
		h := newSum()
		tag, err := c.PgConn().CopyTo(t.Context(), h, q)
		if err != nil {
			t.Fatal(err)
		}
		sums[name] = fmt.Sprint(tag, " ", h)
	}
	if sums["PostgreSQL"] != sums["Sluice"] {
		t.Errorf("%v", sums)
	}
}
