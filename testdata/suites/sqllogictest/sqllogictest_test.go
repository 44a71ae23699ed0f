// Package sqllogictest runs SQLite's sqllogictest scripts through the server, the
// records that apply to PostgreSQL: over Parquet files that CREATE EXTERNAL TABLE
// names, with the rows of the script's INSERTs, and over temporary tables; indexes
// are ignored.
package sqllogictest

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/testdata/harness/server"
)

var (
	seed   = flag.Uint64("seed", 1, "of the slice: which records are run, in which order")
	budget = flag.Duration("budget", time.Minute, "time for the slice")
)

// applying are the records of all scripts that apply to PostgreSQL.
const applying = 329_063

func scripts(t *testing.T) (root string, names []string) {
	suites := os.Getenv("SLUICE_SUITES")
	if suites == "" {
		t.Fatal("SLUICE_SUITES is not set: run by make suites")
	}
	root = filepath.Join(suites, "sqllogictest")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".test") {
			return err
		}
		name, err := filepath.Rel(root, path)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no scripts under %s", root)
	}
	return root, names
}

// way is how a script's tables come to be: it runs the statements, gives the queries
// to be asked, and what is to be sent first on their connection.
type way func(t *testing.T, srv *server.Server, n int, records []record) (queries []record, before []string)

// TestLakeTables runs the scripts over Parquet files: all records, or, in a slice,
// as many of each script as its share of the time allows.
func TestLakeTables(t *testing.T) {
	lake := t.TempDir()
	srv := server.Start(t, server.Options{Config: map[string]string{"ROOTS": lake}})
	passed, all := run(t, srv, *budget, func(t *testing.T, srv *server.Server, n int, records []record) ([]record, []string) {
		database := fmt.Sprintf("script%d", n)
		queries, err := load(srv, database, filepath.Join(lake, database), records)
		if err != nil {
			t.Fatal(err)
		}
		return queries, []string{"SET search_path = " + database}
	})
	if all && full() && !t.Failed() && passed != applying {
		t.Errorf("%d records passed instead of %d", passed, applying)
	}
}

// TestTempTables runs a tenth of the queries over temporary tables, which are filled
// by the scripts' own INSERTs.
func TestTempTables(t *testing.T) {
	srv := server.Start(t, server.Options{})
	run(t, srv, *budget/4, func(t *testing.T, srv *server.Server, n int, records []record) (queries []record, before []string) {
		r := rand.New(rand.NewPCG(*seed, uint64(n)))
		for _, rec := range records {
			switch {
			case rec.types != "":
				if r.IntN(10) == 0 {
					queries = append(queries, rec)
				}
			case !createIndex.MatchString(rec.sql):
				before = append(before, strings.Replace(rec.sql, "CREATE TABLE", "CREATE TEMP TABLE", 1))
			}
		}
		return queries, before
	})
}

func full() bool { return os.Getenv("SLUICE_SUITE_MODE") == "full" }

// run runs every script, in a slice for its share of the time; all tells whether
// none was left out by the test's flags.
func run(t *testing.T, srv *server.Server, budget time.Duration, w way) (passed int64, all bool) {
	root, names := scripts(t)
	const parallel = 2 // scripts at once
	share := budget * parallel / time.Duration(len(names))
	if !full() {
		t.Logf("a slice of %v, %v a script, seed %d", budget, share.Round(time.Millisecond), *seed)
	}
	var ran, ok, failed, found atomic.Int64
	begun := time.Now()
	t.Run("scripts", func(t *testing.T) {
		slots := make(chan bool, parallel)
		for i, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				slots <- true
				defer func() { <-slots }()
				records, err := parse(filepath.Join(root, name))
				if err != nil {
					t.Fatal(err)
				}
				ran.Add(1)
				found.Add(int64(len(records)))
				queries, before := w(t, srv, i, records)
				for _, r := range records {
					if r.types == "" {
						ok.Add(1)
					}
				}
				limit := time.Duration(0)
				if !full() {
					limit = share
					r := rand.New(rand.NewPCG(*seed, uint64(i)))
					r.Shuffle(len(queries), func(a, b int) { queries[a], queries[b] = queries[b], queries[a] })
				}
				good, bad, err := ask(t, name, srv, before, queries, limit)
				if err != nil {
					t.Fatal(err)
				}
				ok.Add(good)
				failed.Add(bad)
			})
		}
	})
	t.Logf("%d records passed, %d failed of %d that apply to PostgreSQL, in %v", ok.Load(), failed.Load(), found.Load(), time.Since(begun).Round(time.Second))
	return ok.Load(), ran.Load() == int64(len(names))
}

// load makes the tables that the script's statements make, and returns its queries.
func load(srv *server.Server, database, folder string, records []record) (queries []record, err error) {
	tables := map[string]*table{}
	for _, r := range records {
		if r.types != "" {
			queries = append(queries, r)
			continue
		}
		if err := apply(tables, r.sql); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.line, err)
		}
		if len(queries) > 0 && !createIndex.MatchString(r.sql) {
			return nil, fmt.Errorf("line %d: a table changes after the first query", r.line)
		}
	}
	ddl := []string{"CREATE DATABASE " + database}
	for _, t := range tables {
		at := filepath.Join(folder, t.name)
		if err := t.write(filepath.Join(at, "rows.parquet")); err != nil {
			return nil, err
		}
		ddl = append(ddl, t.ddl(database, at))
	}
	_, err = srv.Psql("-q", "-c", strings.Join(ddl, ";\n"))
	return queries, err
}

// ask asks the queries on one connection, for a time unless that is zero.
func ask(t *testing.T, name string, srv *server.Server, before []string, queries []record, limit time.Duration) (passed, failed int64, err error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, srv.URL())
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close(ctx)
	for _, stmt := range before {
		if _, err := conn.PgConn().Exec(ctx, stmt).ReadAll(); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", stmt, err)
		}
	}
	begun := time.Now()
	var slow []time.Duration
	for _, r := range queries {
		asked := time.Now()
		if limit > 0 && asked.Sub(begun) > limit {
			break
		}
		results, err := conn.PgConn().Exec(ctx, r.sql).ReadAll()
		slow = append(slow, time.Since(asked))
		if err == nil && len(results) != 1 {
			err = fmt.Errorf("%d results", len(results))
		}
		if err == nil {
			err = r.check(results[0].Rows)
		}
		if err == nil {
			passed++
			continue
		}
		if conn.IsClosed() {
			return passed, failed, fmt.Errorf("line %d: %w", r.line, err)
		}
		if failed++; failed <= 10 {
			t.Errorf("line %d: %v\n%s", r.line, err, r.sql)
		}
	}
	slices.Sort(slow)
	if len(slow) > 0 {
		t.Logf("%s: %d queries passed, %d failed in %v; median %v, slowest %v", name, passed, failed, time.Since(begun).Round(time.Millisecond),
			slow[len(slow)/2].Round(time.Microsecond), slow[len(slow)-1].Round(time.Microsecond))
	}
	return passed, failed, nil
}
