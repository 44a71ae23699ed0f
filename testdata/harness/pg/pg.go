// Package pg starts a private PostgreSQL 15 server that tests use as an oracle.
package pg

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// nobody is the user that the server runs as when the tests run as root, which
// PostgreSQL refuses.
const nobody = 65534

var shared struct {
	once sync.Once
	conn string
	err  error
	// keep is the write end of the pipe whose closing, at the latest when the
	// test process ends, makes the supervising shell stop the server and remove
	// its files.
	keep *os.File
}

// Start returns a connection string (keyword form) of a PostgreSQL 15 server
// with LC_COLLATE C, LC_CTYPE C.UTF-8 and TimeZone UTC on a private port of
// 127.0.0.1. The first call starts it; all tests of the process share it, so a
// test creates objects in a schema or as temporary ones of its own. It stops,
// and its files go, when the test process ends, however it ends.
func Start(tb testing.TB) (connString string) {
	tb.Helper()
	shared.once.Do(func() { shared.conn, shared.keep, shared.err = start() })
	if shared.err != nil {
		tb.Fatalf("starting PostgreSQL 15: %v", shared.err)
	}
	return shared.conn
}

// Bin returns the path of a PostgreSQL 15 program, e.g. "psql".
func Bin(name string) (string, error) {
	dirs := []string{os.Getenv("PG15_BIN"), "/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/opt/homebrew/opt/postgresql@15/bin"}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		p := filepath.Join(d, name)
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("no PostgreSQL 15 %s found: install postgresql-15 or set PG15_BIN to its bin folder", name)
}

func start() (conn string, keep *os.File, err error) {
	initdb, err := Bin("initdb")
	if err != nil {
		return "", nil, err
	}
	postgres, err := Bin("postgres")
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "pg15-")
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return "", nil, err
		}
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(initdb, "--no-sync", "--auth=trust", "-U", "postgres", "-E", "UTF8",
		"--locale=C", "--lc-ctype=C.UTF-8", "-D", data)
	cmd.Dir, cmd.SysProcAttr = dir, attr
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	// The shell outlives this process: it waits for the end of its input.
	script := `"$@" </dev/null & pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; rm -rf "$DIR"`
	srv := exec.Command("/bin/sh", "-c", script, "sh", postgres, "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB",
		"-c", "timezone=UTC", "-c", "autovacuum=off", "-c", "max_connections=60",
		"-c", "max_parallel_workers_per_gather=0") // a worker's error has no position
	srv.Dir, srv.SysProcAttr = dir, attr
	srv.Env = append(os.Environ(), "DIR="+dir, "LC_ALL=C")
	srv.Stdin, srv.Stdout, srv.Stderr = r, log, log
	if err := srv.Start(); err != nil {
		w.Close()
		return "", nil, err
	}
	go srv.Wait()
	conn = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", port)
	if err := await(conn); err != nil {
		text, _ := os.ReadFile(log.Name())
		w.Close()
		return "", nil, fmt.Errorf("%w; server log: %s", err, strings.TrimSpace(string(text)))
	}
	return conn, w, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func await(conn string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, conn)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("server does not answer: %w", err)
		case <-time.After(30 * time.Millisecond):
		}
	}
}
