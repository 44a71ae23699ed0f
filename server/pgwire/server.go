// Package pgwire is the front door: PostgreSQL's protocol 3 on pgproto3, over an
// engine's sessions.
package pgwire

import (
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
	MaxConnections int // 53300 above; 0: 100
	// TLS returns the present certificate, nil: TLS is refused with N.
	TLS             func() *tls.Config
	RequireTLS      bool
	StartupTimeout  time.Duration // for the start-up and authentication; 0: 60 s
	MaxMessageBytes int           // 0: 64 MiB
	Log             *slog.Logger
}

const defaultConnections = 100

// Server accepts connections and serves them.
type Server struct {
	cfg   Config
	eng   *engine.Engine
	creds Credentials
	log   *slog.Logger

	mu       sync.Mutex
	conns    map[int32]*conn
	closing  bool
	wg       sync.WaitGroup
	nextPID  atomic.Int32
	mockSalt []byte // makes the salt of unknown users stable, so that they cannot be told
}

// New makes a server.
func New(eng *engine.Engine, creds Credentials, cfg Config) *Server {
	if cfg.MaxConnections == 0 {
		cfg.MaxConnections = defaultConnections
	}
	if cfg.StartupTimeout == 0 {
		cfg.StartupTimeout = time.Minute
	}
	if cfg.MaxMessageBytes == 0 {
		cfg.MaxMessageBytes = 64 << 20
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg, eng: eng, creds: creds, log: cfg.Log, conns: map[int32]*conn{}, mockSalt: make([]byte, 32)}
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

// Shutdown stops serving: idle connections end at once, running statements may
// finish until ctx ends, then they are cancelled. The caller closed the listener.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	for _, c := range s.conns {
		c.endWhenIdle()
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

// register admits a connection and gives it a process id and cancel key.
func (s *Server) register(c *conn) *sql.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return sql.Errorf(sql.CodeCannotConnectNow, "the database system is shutting down")
	}
	if len(s.conns) >= s.cfg.MaxConnections {
		return sql.Errorf(sql.CodeTooManyConnections, "sorry, too many clients already").
			WithHint("The limit is %d connections; raise it in the configuration or use a pooler.", s.cfg.MaxConnections)
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
	delete(s.conns, c.pid)
	s.mu.Unlock()
}

// SetMaxConnections changes the limit for clients to come; 0: 100.
func (s *Server) SetMaxConnections(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 {
		n = defaultConnections
	}
	s.cfg.MaxConnections = n
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
