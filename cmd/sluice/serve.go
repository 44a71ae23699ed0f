package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sluicedb/sluice/cmd/config"
	"github.com/sluicedb/sluice/server/pgwire"
)

func serveCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve PostgreSQL clients",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, f.load, nil)
		},
	}
}

// serve runs until ctx ends. ready, if not nil, is called when clients can connect.
func serve(ctx context.Context, cfg *config.Config, reload func() (*config.Config, error), ready func()) error {
	level := &slog.LevelVar{}
	log := newLog(cfg, level)
	app, err := newApp(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer app.Close()
	cert, err := loadTLS(cfg)
	if err != nil {
		return err
	}
	var current atomic.Pointer[tls.Config]
	current.Store(cert)
	srv := pgwire.New(app.engine, app.engine, pgwire.Config{MaxConnections: cfg.Limits.Connections,
		TLS: current.Load, RequireTLS: cfg.TLS.Required, Log: log})
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", cfg.Listen, err)
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	log.Info("serving", "address", l.Addr().String(), "tls", cert != nil)
	if ready != nil {
		ready()
	}
	for {
		select {
		case <-hup:
			next, err := reload()
			if err == nil {
				var c *tls.Config
				if c, err = loadTLS(next); err == nil {
					current.Store(c)
					setLevel(level, next)
				}
			}
			if err != nil {
				log.Error("configuration not reloaded", "error", err)
				continue
			}
			log.Info("configuration reloaded")
		case err := <-failed:
			return err
		case <-ctx.Done():
			log.Info("shutting down")
			l.Close()
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Limits.ShutdownGrace)
			defer cancel()
			srv.Shutdown(grace)
			return nil
		}
	}
}

func loadTLS(cfg *config.Config) (*tls.Config, error) {
	if cfg.TLS.Cert == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
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
