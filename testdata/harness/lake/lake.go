// Package lake starts the engine behind its wire protocol over a folder, with tables
// that PostgreSQL can have as well.
package lake

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/server/pgwire"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/local"
	"github.com/sluicedb/sluice/storage/table/hive"
)

// Registry has the functions of every engine that this package starts.
var Registry = expr.Builtins()

// Start runs the engine over a folder for the life of the process and returns how to
// connect. Its catalog and spill files are there too.
func Start(folder string) (conn string, err error) {
	cfg, err := config(folder)
	if err != nil {
		return "", err
	}
	return serve(cfg)
}

// Observed are engines over one catalog.
type Observed struct {
	Usual  string // how to connect to one as Start makes it
	Traced string // to one that tells of its plans
	Tight  string // to one whose operators spill as soon as they hold anything
}

// StartObserved runs engines over one catalog for the life of the process. The traced
// one's plans trace is told of, the tight one's finished statements done, both as
// engine.Config has it.
func StartObserved(folder string, trace func(rule string, n logical.Node), done engine.Observer) (o Observed, err error) {
	cfg, err := config(folder)
	if err != nil {
		return o, err
	}
	if o.Usual, err = serve(cfg); err != nil {
		return o, err
	}
	traced, tight := cfg, cfg
	traced.Trace = trace
	if o.Traced, err = serve(traced); err != nil {
		return o, err
	}
	tight.Observer, tight.SpillFloor, tight.StatementMemory = done, 1, 1<<10
	o.Tight, err = serve(tight)
	return o, err
}

func config(folder string) (cfg engine.Config, err error) {
	ctx := context.Background()
	relations := system.New()
	cat, err := catalog.Open(filepath.Join(folder, "catalog.db"), relations.Options())
	if err != nil {
		return cfg, err
	}
	verifier, err := pgwire.MakeVerifier("secret")
	if err != nil {
		return cfg, err
	}
	err = cat.Update(ctx, func(t *store.Tx) error {
		_, err := t.CreateRole(&store.Role{Name: "tester", Login: true, Inherit: true, Superuser: true, ConnLimit: -1, Verifier: verifier})
		return err
	})
	if err != nil {
		return cfg, err
	}
	files, err := local.New(local.Options{Roots: []string{folder}})
	if err != nil {
		return cfg, err
	}
	prices := place.DefaultPrices
	return engine.Config{
		Catalog: cat, System: relations, Registry: Registry, Store: object.NewMux(object.Route{Prefix: "file://", Store: files}),
		Files: hive.New(0), Parquet: parquet.New(parquet.Options{Cache: parquet.NewCache(64 << 20)}), Prices: &prices,
		Pool: exec.NewPool(4), Memory: exec.NewBudget(nil, 1<<30), StatementMemory: 256 << 20, SpillDir: folder,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})), Databases: []string{"postgres"},
		Admission: engine.AdmissionConfig{Running: 16},
	}, nil
}

// serve answers for an engine and returns how to connect.
func serve(cfg engine.Config) (conn string, err error) {
	eng := engine.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go pgwire.New(eng, eng, pgwire.Config{}).Serve(l)
	host, port, _ := net.SplitHostPort(l.Addr().String())
	return fmt.Sprintf("host=%s port=%s user=tester password=secret dbname=postgres sslmode=disable", host, port), nil
}
