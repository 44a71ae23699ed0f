// Package server starts the built program as its users do, for tests.
package server

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a running program with one user.
type Server struct {
	Addr           string // host:port
	Host, Port     string
	User, Password string
	Database       string
	Dir            string // data directory
	Binary         string
	cmd            *exec.Cmd
	log            *lockedBuffer
	done           chan struct{}
}

// Options of Start.
type Options struct {
	// Config are keys by their environment names without the prefix: "CACHE_MEMORY".
	Config map[string]string
	Env    []string // more environment: AWS credentials
	Dir    string   // data directory to reuse; "" for a new one
}

// Binary returns the path of the program that make built.
func Binary(tb testing.TB) string {
	tb.Helper()
	_, file, _, _ := runtime.Caller(0)
	p := filepath.Join(filepath.Dir(file), "..", "..", "..", "bin", "sluice")
	if _, err := os.Stat(p); err != nil {
		tb.Fatalf("the program is not built: run make (%v)", err)
	}
	return p
}

// Start runs the program until the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := &Server{Binary: Binary(tb), User: "tester", Password: "tester-secret", Database: "sluice", Dir: o.Dir, log: &lockedBuffer{}}
	if s.Dir == "" {
		s.Dir = tb.TempDir()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.Addr = l.Addr().String()
	s.Host, s.Port, _ = net.SplitHostPort(s.Addr)
	l.Close()
	env := append(os.Environ(), "SLUICE_DATA_DIR="+s.Dir, "SLUICE_LISTEN="+s.Addr)
	for k, v := range o.Config {
		env = append(env, "SLUICE_"+k+"="+v)
	}
	env = append(env, o.Env...)
	if o.Dir == "" {
		add := exec.Command(s.Binary, "user", "add", s.User, "--superuser", "--password-env", "SLUICE_NEW_PASSWORD")
		add.Env = append(env, "SLUICE_NEW_PASSWORD="+s.Password)
		if out, err := add.CombinedOutput(); err != nil {
			tb.Fatalf("user add: %v\n%s", err, out)
		}
	}
	s.cmd = exec.Command(s.Binary, "serve")
	s.cmd.Env = env
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	s.done = make(chan struct{})
	go func() {
		s.cmd.Wait()
		close(s.done)
	}()
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() {
			tb.Logf("log of the server:\n%s", tail(s.log.String(), 8000))
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		c, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			c.Close()
			return s
		}
		select {
		case <-s.done:
			tb.Fatalf("the server ended:\n%s", s.log.String())
		default:
		}
		if time.Now().After(deadline) {
			tb.Fatalf("the server does not listen on %s:\n%s", s.Addr, s.log.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Stop ends the program as an administrator does (SIGTERM), at last by SIGKILL.
func (s *Server) Stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		s.Kill()
	}
}

// Kill ends it with SIGKILL.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	<-s.done
}

// PID is the process's id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Log returns what the program has logged.
func (s *Server) Log() string { return s.log.String() }

// URL is the connection string for pgx and psycopg.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", s.User, s.Password, s.Addr, s.Database)
}

// Command runs another command of the program with the server's configuration.
func (s *Server) Command(args ...string) (string, error) {
	cmd := exec.Command(s.Binary, args...)
	cmd.Env = s.cmd.Env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Psql runs psql with arguments and returns what it prints; an error of psql's
// comes with its standard error.
func (s *Server) Psql(args ...string) (string, error) {
	cmd := exec.Command("psql", append([]string{"-X", "-v", "ON_ERROR_STOP=1"}, args...)...)
	cmd.Env = append(os.Environ(), "PGHOST="+s.Host, "PGPORT="+s.Port, "PGUSER="+s.User, "PGPASSWORD="+s.Password, "PGDATABASE="+s.Database)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// PeakMemory is the process's VmHWM in bytes.
func (s *Server) PeakMemory() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
