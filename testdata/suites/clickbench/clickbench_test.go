// Package clickbench holds the answers of ClickBench's 43 queries, on a table that
// make.py fills, against DuckDB's.
package clickbench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/testdata/harness/duck"
	"github.com/sluicedb/sluice/testdata/harness/server"
)

// query is one of make.py's, which says what its forms and its cuts are.
type query struct {
	Number      int
	Text, Total string
	duck.Answer
	Cuts []struct {
		Take int
		Rows [][]*string
	}
}

func env(t *testing.T, name string) string {
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run by make suites", name)
	}
	return v
}

func TestClickBench(t *testing.T) {
	sizes := []string{"600000"}
	if env(t, "SLUICE_SUITE_MODE") == "full" {
		sizes = append(sizes, "3000000")
	}
	build := env(t, "SLUICE_BUILD")
	root := filepath.Join(build, "clickbench")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	srv := server.Start(t, server.Options{Config: map[string]string{"ROOTS": root}})
	for _, rows := range sizes {
		t.Run(rows, func(t *testing.T) {
			start := time.Now()
			folder := filepath.Join(root, rows)
			var queries []query
			duck.Make(t, build, "make.py", folder, "queries.json", &queries, rows)
			if len(queries) != 43 {
				t.Fatalf("%d queries, not 43", len(queries))
			}
			made := time.Since(start)
			conn := duck.Declare(t, srv, folder, "clickbench_"+rows)
			right := 0
			for _, q := range queries {
				if t.Run(fmt.Sprintf("q%02d", q.Number), func(t *testing.T) { q.check(t, conn) }) {
					right++
				}
			}
			t.Logf("%s rows: %d of 43 right; %.0f s, and %.0f s to make the data and DuckDB's answers",
				rows, right, (time.Since(start) - made).Seconds(), made.Seconds())
		})
	}
}

func (q *query) check(t *testing.T, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if len(q.Rows) == 0 {
		t.Fatal("the answer is empty, which shows nothing")
	}
	got, err := duck.Run(ctx, conn.PgConn(), q.Total)
	if err == nil {
		err = q.Differ(got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if q.Text == q.Total {
		return
	}
	if got, err = duck.Run(ctx, conn.PgConn(), q.Text); err != nil {
		t.Fatal(err)
	}
	// The answer is ordered, so that the classes follow each other.
	for _, cut := range q.Cuts {
		if len(got) < cut.Take {
			t.Fatalf("%d rows too few", cut.Take-len(got))
		}
		class := duck.Answer{Columns: q.Columns, Rows: cut.Rows}
		if n := class.Missing(got[:cut.Take]); n > 0 {
			t.Fatalf("%d of %d rows are not of the %d that may stand there", n, cut.Take, len(cut.Rows))
		}
		got = got[cut.Take:]
	}
	if len(got) > 0 {
		t.Fatalf("%d rows too many", len(got))
	}
}
