// Package differential compares the whole engine, through its wire protocol, with
// PostgreSQL 15 over the same tables of odd values: statements of a corpus written
// by hand and statements made at random must give the same column names, types,
// rows and SQLSTATEs.
package differential

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/server/pgwire"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/local"
	"github.com/sluicedb/sluice/storage/table/hive"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// pair is a connection to each of the two, over the same tables.
type pair struct {
	ours, theirs       *pgconn.PgConn
	ourConn, theirConn string
}

var shared struct {
	once        sync.Once
	ours, their string
	err         error
}

// open starts the engine and PostgreSQL with the tables, once for all tests of the
// process, and connects to both.
func open(t testing.TB) *pair {
	t.Helper()
	theirs := pg.Start(t)
	shared.once.Do(func() {
		shared.their = theirs
		shared.ours, shared.err = start()
		if shared.err == nil {
			shared.err = load(shared.ours, shared.their)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	p := &pair{ourConn: shared.ours, theirConn: shared.their}
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

// lake is the folder with the tables' files; it goes with the process's temporary files.
var lake string

// start runs the engine behind its wire protocol for the life of the process and
// returns how to connect.
func start() (conn string, err error) {
	ctx := context.Background()
	relations := system.New()
	cat, err := catalog.Open(filepath.Join(lake, "catalog.db"), relations.Options())
	if err != nil {
		return "", err
	}
	verifier, err := pgwire.MakeVerifier("secret")
	if err != nil {
		return "", err
	}
	err = cat.Update(ctx, func(t *store.Tx) error {
		_, err := t.CreateRole(&store.Role{Name: "tester", Login: true, Inherit: true, Superuser: true, ConnLimit: -1, Verifier: verifier})
		return err
	})
	if err != nil {
		return "", err
	}
	files, err := local.New(local.Options{Roots: []string{lake}})
	if err != nil {
		return "", err
	}
	prices := place.DefaultPrices
	eng := engine.New(engine.Config{
		Catalog: cat, System: relations, Registry: expr.Builtins(), Store: object.NewMux(object.Route{Prefix: "file://", Store: files}),
		Files: hive.New(0), Parquet: parquet.New(parquet.Options{Cache: parquet.NewCache(64 << 20)}), Prices: &prices,
		Pool: exec.NewPool(4), Memory: exec.NewBudget(nil, 1<<30), StatementMemory: 256 << 20, SpillDir: lake,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})), Databases: []string{"postgres"},
		Admission: engine.AdmissionConfig{Running: 16},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go pgwire.New(eng, eng, pgwire.Config{}).Serve(l)
	host, port, _ := net.SplitHostPort(l.Addr().String())
	return fmt.Sprintf("host=%s port=%s user=tester password=secret dbname=postgres sslmode=disable", host, port), nil
}

// sqlState is the SQLSTATE of an error of a server, "" for none; other errors are
// the connection's.
func sqlState(err error) (state, message string, broken error) {
	if err == nil {
		return "", "", nil
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code, e.Message, nil
	}
	return "", "", err
}
