// Package differential compares the whole engine, through its wire protocol, with
// PostgreSQL 15 over the same tables of odd values: statements of a corpus written
// by hand and statements made at random must give the same column names, types,
// rows and SQLSTATEs.
package differential

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/harness/lake"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// pair is a connection to each of the two, over the same tables.
type pair struct {
	ours, theirs       *pgconn.PgConn
	ourConn, theirConn string
}

var shared struct {
	once  sync.Once
	ours  lake.Observed
	their string
	err   error
}

// open starts the engine and PostgreSQL with the tables, once for all tests of the
// process, and connects to both.
func open(t testing.TB) *pair {
	t.Helper()
	theirs := pg.Start(t)
	shared.once.Do(func() {
		shared.their = theirs
		shared.ours, shared.err = lake.StartObserved(folder, observed.trace, observed)
		if shared.err == nil {
			shared.err = lake.LoadOdd(folder, shared.ours.Usual, shared.their, lake.Odd...)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	p := &pair{ourConn: shared.ours.Usual, theirConn: shared.their}
	p.ours, p.theirs = connect(t, p.ourConn), connect(t, p.theirConn)
	p.must(t, "SET statement_timeout = '20s'")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		p.ours.Close(ctx)
		p.theirs.Close(ctx)
	})
	return p
}

func connect(t testing.TB, conn string) *pgconn.PgConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *pair) must(t testing.TB, text string) {
	t.Helper()
	for _, c := range []*pgconn.PgConn{p.ours, p.theirs} {
		if _, err := c.Exec(context.Background(), text).ReadAll(); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// folder has the tables' files; it goes with the process's temporary files.
var folder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "differential")
	if err != nil {
		panic(err)
	}
	folder = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
