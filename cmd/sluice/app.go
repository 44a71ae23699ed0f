package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	_ "time/tzdata" // time zones on hosts that have none

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/system"
	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/local"
	"github.com/sluicedb/sluice/storage/object/s3"
	"github.com/sluicedb/sluice/storage/table/hive"
)

// app is the parts of the program, put together.
type app struct {
	cfg     *config.Config
	catalog *catalog.Catalog
	stores  *object.Mux
	cache   *parquet.Cache
	engine  *engine.Engine
	closers []func() error
}

func catalogPath(cfg *config.Config) string { return filepath.Join(cfg.DataDir, "catalog.db") }

func openCatalog(cfg *config.Config, relations *system.Set) (*catalog.Catalog, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return catalog.Open(catalogPath(cfg), relations.Options())
}

// openStores gives the places where tables may lie: S3 and the allowed folders.
func openStores(ctx context.Context, cfg *config.Config) (*object.Mux, []func() error, error) {
	remote, err := s3.New(ctx, s3.Options{Endpoint: cfg.S3.Endpoint, PathStyle: cfg.S3.PathStyle, Region: cfg.S3.Region, Profile: cfg.S3.Profile})
	if err != nil {
		return nil, nil, err
	}
	closers := []func() error{remote.Close}
	routes := []object.Route{{Prefix: "s3://", Store: remote}, {Prefix: "s3a://", Store: remote}, {Prefix: "s3n://", Store: remote}}
	files, err := local.New(local.Options{Roots: cfg.Roots})
	if err != nil {
		remote.Close()
		return nil, nil, err
	}
	closers = append(closers, files.Close)
	routes = append(routes, object.Route{Prefix: "file://", Store: files})
	return object.NewMux(routes...), closers, nil
}

func closer(f func()) func() error {
	return func() error {
		f()
		return nil
	}
}

// newApp opens everything that statements need. observer, if not nil, is told of
// finished statements.
func newApp(ctx context.Context, cfg *config.Config, log *slog.Logger, observer engine.Observer) (*app, error) {
	a := &app{cfg: cfg}
	if err := a.open(ctx, log, observer); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// open opens the parts. What is open when it fails, Close closes.
func (a *app) open(ctx context.Context, log *slog.Logger, observer engine.Observer) (err error) {
	cfg := a.cfg
	relations := system.New()
	if a.catalog, err = openCatalog(cfg, relations); err != nil {
		return err
	}
	a.closers = append(a.closers, a.catalog.Close)
	stores, closers, err := openStores(ctx, cfg)
	if err != nil {
		return err
	}
	a.stores = stores
	a.closers = append(a.closers, closers...)
	spill := cfg.SpillDir
	if spill == "" {
		spill = filepath.Join(cfg.DataDir, "spill")
	}
	if err := os.MkdirAll(spill, 0o700); err != nil {
		return fmt.Errorf("spill directory: %w", err)
	}
	prices := place.DefaultPrices
	if cfg.Prices != "" {
		p := config.Prices(prices)
		if err := p.Load(cfg.Prices); err != nil {
			return usagef("prices: %w", err)
		}
		prices = place.Prices(p)
	}
	memory := planMemory(cfg, availableMemory(), debug.SetMemoryLimit(-1))
	memory.apply()
	workers := cfg.Limits.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	pool := exec.NewPool(workers)
	a.closers = append(a.closers, closer(pool.Close))
	a.cache = parquet.NewCache(memory.cache.Least)
	a.sizeCache(cfg, memory.cache)
	a.engine = engine.New(engine.Config{
		Catalog: a.catalog, System: relations, Registry: expr.Builtins(), Store: stores, Files: hive.New(0),
		Parquet: parquet.New(parquet.Options{Cache: a.cache}), Prices: &prices,
		Pool: pool, Memory: exec.NewBudget(nil, memory.statements), StatementMemory: memory.statement, SpillDir: spill, Log: log,
		Databases: cfg.Databases, SlowStatement: cfg.Limits.SlowStatement, Admission: admission(cfg), Observer: observer,
	})
	return nil
}

func admission(cfg *config.Config) engine.AdmissionConfig {
	return engine.AdmissionConfig{Running: cfg.Limits.Statements, PerRole: cfg.Limits.StatementsRole}
}

// reconfigure applies the keys that a running program can change.
func (a *app) reconfigure(cfg *config.Config) {
	a.engine.SetLimits(engine.Limits{Admission: admission(cfg), SlowStatement: cfg.Limits.SlowStatement})
	a.sizeCache(cfg, planMemory(cfg, availableMemory(), debug.SetMemoryLimit(-1)).cache)
}

func (a *app) sizeCache(cfg *config.Config, p parquet.CacheLimits) {
	a.cache.SetLimits(p)
	a.cache.SetEnabled(!cfg.Cache.Off)
}

// Close closes the parts in the reverse order of their opening.
func (a *app) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	return errors.Join(errs...)
}
