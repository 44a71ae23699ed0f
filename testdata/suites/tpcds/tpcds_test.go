// Package tpcds holds the answers of TPC-DS's 99 queries against DuckDB's. Where the
// two differ in what integer division and NULL order mean, PostgreSQL's meaning stands.
package tpcds

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/testdata/harness/duck"
	"github.com/sluicedb/sluice/testdata/harness/server"
)

// query is one of make.py's.
type query struct {
	Number int
	Text   string
	Agrees bool // with the answer that DuckDB gives by its own defaults
	duck.Answer
}

func env(t *testing.T, name string) string {
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run by make suites", name)
	}
	return v
}

func TestTPCDS(t *testing.T) {
	build := env(t, "SLUICE_BUILD")
	scales := []string{"0.1"}
	if env(t, "SLUICE_SUITE_MODE") == "full" {
		scales = append(scales, "1")
	}
	root := filepath.Join(build, "tpcds")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	srv := server.Start(t, server.Options{Config: map[string]string{"ROOTS": root}})
	for _, sf := range scales {
		t.Run("sf"+sf, func(t *testing.T) {
			start := time.Now()
			folder := filepath.Join(root, "sf"+sf)
			var queries []query
			duck.Make(t, build, "make.py", folder, "queries.json", &queries, sf)
			if len(queries) != 99 {
				t.Fatalf("%d queries, not 99", len(queries))
			}
			made := time.Since(start)
			conn := duck.Declare(t, srv, folder, "tpcds_"+strings.ReplaceAll(sf, ".", "_"))
			right, empty, disagree := 0, []int{}, []int{}
			for _, q := range queries {
				if !q.Agrees {
					disagree = append(disagree, q.Number)
				}
				if len(q.Rows) == 0 {
					empty = append(empty, q.Number)
				}
				if t.Run(fmt.Sprintf("q%02d", q.Number), func(t *testing.T) { q.check(t, conn) }) && len(q.Rows) > 0 {
					right++
				}
			}
			t.Logf("sf %s: %d of 99 right; empty and so not shown: %v; not what DuckDB gives by default, but PostgreSQL: %v; %.0f s, and %.0f s to make the data and DuckDB's answers",
				sf, right, empty, disagree, (time.Since(start) - made).Seconds(), made.Seconds())
			if !slices.Equal(empty, emptyAt[sf]) {
				t.Errorf("sf %s: empty are %v, not %v", sf, empty, emptyAt[sf])
			}
		})
	}
}

// emptyAt are the queries whose answer has no rows at a scale factor.
var emptyAt = map[string][]int{
	"0.1": {4, 8, 24, 25, 29, 37, 41, 44, 54, 58, 64, 65, 73, 82, 83, 85, 91, 93},
	"1":   {17},
}

func (q *query) check(t *testing.T, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	got, err := duck.Run(ctx, conn.PgConn(), q.Text)
	if err == nil {
		err = q.Differ(got)
	}
	if err != nil {
		t.Error(err)
	}
}
