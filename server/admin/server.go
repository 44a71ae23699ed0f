package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Config configures a Server.
type Config struct {
	Metrics *Metrics
	// Ready says why statements cannot be answered now, nil if they can.
	Ready func(context.Context) error
	Log   *slog.Logger
}

// Server answers /metrics, /healthz, /readyz and /debug/pprof/.
type Server struct {
	cfg     Config
	http    *http.Server
	closing atomic.Bool
}

// readyWithin bounds the look into the catalog that /readyz takes.
const readyWithin = 2 * time.Second

// NewServer makes a server; Serve runs it.
func NewServer(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(cfg.Metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn)}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug)}
	return s
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.closing.Load() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	if err := s.cfg.Ready(ctx); err != nil {
		// What exactly is wrong may name paths: it goes to the log.
		s.cfg.Log.Warn("not ready", "error", err)
		http.Error(w, "not ready: the log says why", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// Serve answers on l until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ShuttingDown makes /readyz fail, so that no more clients are sent here.
func (s *Server) ShuttingDown() { s.closing.Store(true) }

// Close ends the server at once.
func (s *Server) Close() error { return s.http.Close() }
