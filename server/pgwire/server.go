// Package pgwire is the front door: PostgreSQL's protocol 3 on pgproto3, over an
// engine's sessions.
package pgwire

import (
	"container/list"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
)

// Credentials find what is stored of a user for SCRAM.
type Credentials interface {
	// Verifier returns the SCRAM verifier of a user in PostgreSQL's text form
	// ("SCRAM-SHA-256$..."); ok is false if there is no such user or no password.
	Verifier(ctx context.Context, user string) (verifier string, ok bool, err error)
	// DatabaseExists reports whether clients may connect to a database of the name.
	DatabaseExists(name string) bool
}

// Config configures a server.
type Config struct {
	Limits Limits
	// TLS returns the present certificate, nil: TLS is refused with N.
	TLS             func() *tls.Config
	RequireTLS      bool
	MaxMessageBytes int // 0: 64 MiB
	Log             *slog.Logger
}

// Limits are the limits that can be changed while the server runs.
type Limits struct {
	Connections int // 53300 above; 0: 100
	// Unauthenticated is how many more connections may wait to be authenticated; 0:
	// as many as Connections.
	Unauthenticated       int
	AuthenticationTimeout time.Duration // from the connection on; 0: 60 s
}

func (l Limits) withDefaults() Limits {
	if l.Connections == 0 {
		l.Connections = 100
	}
	if l.AuthenticationTimeout == 0 {
		l.AuthenticationTimeout = time.Minute
	}
	return l
}

// Server accepts connections and serves them.
type Server struct {
	cfg   Config
	eng   *engine.Engine
	creds Credentials
	log   *slog.Logger

	mu        sync.Mutex
	limits    Limits
	conns     map[int32]*conn
	strangers *list.List // of *conn, not authenticated yet, oldest first
	closing   bool
	wg        sync.WaitGroup
	nextPID   atomic.Int32
	mockSalt  []byte // makes the salt of unknown users stable, so that they cannot be told
}

// New makes a server.
func New(eng *engine.Engine, creds Credentials, cfg Config) *Server {
	if cfg.MaxMessageBytes == 0 {
		cfg.MaxMessageBytes = 64 << 20
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg, eng: eng, creds: creds, log: cfg.Log, limits: cfg.Limits.withDefaults(),
		conns: map[int32]*conn{}, strangers: list.New(), mockSalt: make([]byte, 32)}
	rand.Read(s.mockSalt)
	return s
}

// Serve accepts connections until the listener is closed by Shutdown.
func (s *Server) Serve(l net.Listener) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			s.mu.Lock()
			closing := s.closing
			s.mu.Unlock()
			if closing || errors.Is(err, net.ErrClosed) {
				return nil
			}
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				continue
			}
			s.log.Warn("accept failed", "error", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			s.serveConn(nc)
		}()
	}
}

// Shutdown stops serving: idle connections and those that have not authenticated
// end at once, running statements may
// finish until ctx ends, then they are cancelled. The caller closed the listener.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	for _, c := range s.conns {
		c.endWhenIdle()
	}
	for s.strangers.Len() > 0 {
		s.turnAway(s.strangers.Front().Value.(*conn), errShutdown())
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	s.mu.Lock()
	for _, c := range s.conns {
		c.terminate(sql.Errorf(sql.CodeAdminShutdown, "terminating connection due to administrator command"))
	}
	s.mu.Unlock()
	<-done
}

func errShutdown() *sql.Error {
	return sql.Errorf(sql.CodeCannotConnectNow, "the database system is shutting down")
}

// register admits a connection that has authenticated and gives it a process id.
func (s *Server) register(c *conn) *sql.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.stranger == nil {
		return c.whyEnded(nil) // it was turned away just now
	}
	s.forget(c)
	if len(s.conns) >= s.limits.Connections {
		return sql.Errorf(sql.CodeTooManyConnections, "sorry, too many clients already").
			WithHint("The limit is %d connections; raise it in the configuration or use a pooler.", s.limits.Connections)
	}
	for {
		pid := s.nextPID.Add(1) & 0x7fffffff
		if _, used := s.conns[pid]; pid != 0 && !used {
			c.pid = pid
			break
		}
	}
	s.conns[c.pid] = c
	return nil
}

func (s *Server) unregister(c *conn) {
	s.mu.Lock()
	s.forget(c)
	if c.pid != 0 {
		delete(s.conns, c.pid)
	}
	s.mu.Unlock()
}

// SetLimits changes the limits for clients to come.
func (s *Server) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l.withDefaults()
}

// Connections returns how many clients are connected.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// cancel carries out a CancelRequest; whether it fit is never told.
func (s *Server) cancel(pid int32, key []byte) {
	s.mu.Lock()
	c := s.conns[pid]
	s.mu.Unlock()
	if c != nil && c.keyMatches(key) {
		c.cancelStatement()
	}
}

func newKey(n int) []byte {
	k := make([]byte, n)
	rand.Read(k)
	return k
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
