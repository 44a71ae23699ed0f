package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/server/admin"
	"github.com/sluicedb/sluice/server/pgwire"
	"github.com/sluicedb/sluice/storage/format/parquet"
)

func serveCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve PostgreSQL clients",
		Long: `Serves PostgreSQL clients until SIGTERM or SIGINT: then no new ones are taken,
running statements may finish for limits.shutdown_grace, and what still runs is
cancelled. SIGHUP reads the configuration and the certificate again; the log names
keys whose change needs a restart.`,
		Example: "  sluice serve --config sluice.yaml",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, func() (*config.Config, error) { return f.load() }, nil)
		},
	}
}

// service is the running program: front doors over an app.
type service struct {
	cfg   *config.Config
	log   *slog.Logger
	level *slog.LevelVar
	app   *app
	cert  atomic.Pointer[tls.Config]
	pg    *pgwire.Server
	admin *admin.Server // nil: none
}

// serve runs until ctx ends. ready, if not nil, is called when clients can connect.
func serve(ctx context.Context, cfg *config.Config, reload func() (*config.Config, error), ready func()) error {
	level := &slog.LevelVar{}
	log := newLog(cfg, level)
	metrics := admin.NewMetrics()
	observers := admin.Observers{metrics}
	if cfg.Traces != "" {
		traces, err := admin.NewTraces(ctx, cfg.Traces, version)
		if err != nil {
			return usageError{err}
		}
		observers = append(observers, traces)
		defer func() {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := traces.Close(last); err != nil {
				log.Warn("the last traces were not sent", "error", err)
			}
		}()
	}
	app, err := newApp(ctx, cfg, log, observers)
	if err != nil {
		return err
	}
	defer app.Close()
	s := &service{cfg: cfg, log: log, level: level, app: app}
	cert, err := loadTLS(cfg)
	if err != nil {
		return usageError{err}
	}
	s.cert.Store(cert)
	s.pg = pgwire.New(app.engine, app.engine, pgwire.Config{Limits: clientLimits(cfg),
		TLS: s.cert.Load, RequireTLS: cfg.TLS.Required, Log: log})
	metrics.Watch(admin.Gauges{Connections: s.pg.Connections, Queue: app.engine.Queue, Cache: func() parquet.CacheStats { return app.cache.Stats() },
		Memory: func() (int64, int64) { m := app.engine.Memory(); return m.Used(), m.Limit() }}, version)
	failed := make(chan error, 2)
	if cfg.AdminListen != "" {
		l, err := listen(cfg.AdminListen, "admin_listen")
		if err != nil {
			return err
		}
		s.admin = admin.NewServer(admin.Config{Metrics: metrics, Log: log, Ready: func(ctx context.Context) error {
			_, err := app.catalog.Snapshot(ctx)
			return err
		}})
		defer s.admin.Close()
		go func() { failed <- s.admin.Serve(l) }()
		log.Info("metrics and health", "address", l.Addr().String())
	}
	l, err := listen(cfg.Listen, "listen")
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	go func() { failed <- s.pg.Serve(l) }()
	log.Info("serving", "address", l.Addr().String(), "tls", cert != nil, "databases", strings.Join(cfg.Databases, ","))
	if ready != nil {
		ready()
	}
	for {
		select {
		case <-hup:
			s.reload(reload)
		case err := <-failed:
			l.Close()
			s.shutdown(ctx)
			return err
		case <-ctx.Done():
			l.Close()
			s.shutdown(ctx)
			return nil
		}
	}
}

// shutdown lets statements finish for a time. The listener is closed.
func (s *service) shutdown(ctx context.Context) {
	s.log.Info("shutting down", "grace", s.cfg.Limits.ShutdownGrace)
	if s.admin != nil {
		s.admin.ShuttingDown()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Limits.ShutdownGrace)
	defer cancel()
	s.pg.Shutdown(grace)
}

// reload applies what has changed in the configuration and can be; if anything is
// wrong with it, nothing changes.
func (s *service) reload(read func() (*config.Config, error)) {
	next, err := read()
	if err != nil {
		s.log.Error("configuration not reloaded", "error", err)
		return
	}
	cert, err := loadTLS(next)
	if err != nil {
		s.log.Error("configuration not reloaded", "error", err)
		return
	}
	var applied, restart []string
	for _, k := range config.Changed(s.cfg, next) {
		if k.Reload {
			applied = append(applied, k.Path)
		} else {
			restart = append(restart, k.Path)
		}
	}
	if cert == nil && s.cfg.TLS.Required {
		s.log.Error("configuration not reloaded", "error", "tls.cert and tls.key cannot go while tls.required is in force")
		return
	}
	s.cert.Store(cert)
	setLevel(s.level, next)
	s.app.reconfigure(next)
	s.pg.SetLimits(clientLimits(next))
	s.cfg = s.cfg.Reloaded(next)
	s.log.Info("configuration reloaded", "changed", strings.Join(applied, ","))
	if len(restart) > 0 {
		s.log.Warn("some changes need a restart", "keys", strings.Join(restart, ","))
	}
}

func clientLimits(cfg *config.Config) pgwire.Limits {
	return pgwire.Limits{Connections: cfg.Limits.Connections, Unauthenticated: cfg.Limits.Unauthenticated, AuthenticationTimeout: cfg.Limits.AuthenticationTimeout}
}

func listen(address, key string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w (set %s to another address, or stop what uses it)", address, err, key)
	}
	return l, nil
}

func loadTLS(cfg *config.Config) (*tls.Config, error) {
	if cfg.TLS.Cert == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("tls.cert and tls.key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}, nil
}

func newLog(cfg *config.Config, level *slog.LevelVar) *slog.Logger {
	setLevel(level, cfg)
	o := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

func setLevel(level *slog.LevelVar, cfg *config.Config) {
	level.Set(map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[cfg.Log.Level])
}
