package badinput

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

func pgError(err error) *pgconn.PgError {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe
	}
	return nil
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// TestGarbage sends bytes that are no protocol to the port.
func TestGarbage(t *testing.T) {
	l := fixture.Start(t, nil)
	files, memory := l.OpenFiles(t), l.ResidentMemory(t)
	noise := make([]byte, 4096)
	rand.Read(noise)
	packets := map[string][]byte{
		"HTTP": []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "noise": noise, "nothing": {}, "one byte": {0},
		"huge packet": binary.BigEndian.AppendUint32(nil, 0x7fffffff), "negative packet": binary.BigEndian.AppendUint32(nil, 0xffffffff),
		"tiny packet": binary.BigEndian.AppendUint32(nil, 3), "TLS hello": {0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3},
		"SSH":                []byte("SSH-2.0-OpenSSH_9.2\r\n"),
		"protocol 2":         {0, 0, 0, 8, 0, 2, 0, 0},
		"protocol 4":         {0, 0, 0, 8, 0, 4, 0, 0},
		"no terminator":      {0, 0, 0, 13, 0, 3, 0, 0, 'u', 's', 'e', 'r', 0},
		"odd parameters":     {0, 0, 0, 14, 0, 3, 0, 0, 'u', 's', 'e', 'r', 0, 0},
		"wrong cancel":       {0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1},
		"short cancel":       {0, 0, 0, 8, 4, 210, 22, 46},
		"SSLRequest forever": {0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 8, 4, 210, 22, 47},
	}
	for name, p := range packets {
		for range 5 {
			c, err := net.Dial("tcp", l.Addr)
			if err != nil {
				t.Fatal(err)
			}
			c.SetDeadline(time.Now().Add(5 * time.Second))
			c.Write(p)
			c.(*net.TCPConn).CloseWrite()
			if _, err := io.Copy(io.Discard, c); err != nil {
				var ne net.Error
				if errors.As(err, &ne) && ne.Timeout() {
					t.Errorf("%s: the server keeps the connection", name)
				}
			}
			c.Close()
		}
	}
	l.Answers(t)
	settled(t, l, files)
	if grown := l.ResidentMemory(t) - memory; grown > 32<<20 {
		t.Errorf("the server grew by %d MB", grown>>20)
	}
}

// TestGarbageAfterLogin sends broken messages in a session.
func TestGarbageAfterLogin(t *testing.T) {
	l := fixture.Start(t, nil)
	files := l.OpenFiles(t)
	for name, p := range map[string][]byte{
		"unknown type": {'!', 0, 0, 0, 4}, "length too small": {'Q', 0, 0, 0, 1}, "length of 2 GB": {'Q', 0x7f, 0xff, 0xff, 0xff},
		"unterminated query": {'Q', 0, 0, 0, 8, 'S', 'E', 'L', 'E'}, "bind that claims 65,535 values": {'B', 0, 0, 0, 10, 0, 0, 0, 0, 0xff, 0xff},
		"parse without end": {'P', 0, 0, 0, 6, 'x', 'y'}, "describe of a wrong kind": {'D', 0, 0, 0, 6, 'Z', 0, 'X', 0, 0, 0, 4}, "half a message": {'Q', 0, 0, 0, 100, 'S'},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		c, err := pgconn.Connect(ctx, l.URL())
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		h, err := c.Hijack()
		if err != nil {
			t.Fatal(err)
		}
		h.Conn.SetDeadline(time.Now().Add(5 * time.Second))
		h.Conn.Write(p)
		if name == "half a message" {
			h.Conn.(*net.TCPConn).CloseWrite()
		}
		var last pgproto3.BackendMessage
		var code string
		for {
			if last, err = h.Frontend.Receive(); err != nil {
				break
			}
			if e, ok := last.(*pgproto3.ErrorResponse); ok {
				code = e.Code
			}
		}
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			t.Errorf("%s: the server keeps the connection", name)
		}
		if name != "half a message" && code != "08P01" {
			t.Errorf("%s: SQLSTATE %q, not 08P01 (%v)", name, code, err)
		}
		h.Conn.Close()
	}
	l.Answers(t)
	settled(t, l, files)
}

// settled waits until no more files are open than before.
func settled(t *testing.T, l *fixture.Lake, files int) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		now := l.OpenFiles(t)
		if now <= files+2 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d files are open, %d were", now, files)
			return
		}
	}
}

// TestLogin checks that a wrong password and an unknown user get the same answer
// in the same time.
func TestLogin(t *testing.T) {
	l := fixture.Start(t, nil)
	attempt := func(user, password, database string) (*pgconn.PgError, time.Duration) {
		cfg, err := pgx.ParseConfig(l.URL())
		if err != nil {
			t.Fatal(err)
		}
		cfg.User, cfg.Password, cfg.Database = user, password, database
		start := time.Now()
		c, err := pgx.ConnectConfig(t.Context(), cfg)
		if err == nil {
			c.Close(t.Context())
		}
		return pgError(err), time.Since(start)
	}
	var known, unknown []time.Duration
	for range 25 {
		e, d := attempt(l.User, "wrong", l.Database)
		if e == nil || e.Code != "28P01" || e.Message != `password authentication failed for user "tester"` {
			t.Fatalf("wrong password: %v", e)
		}
		known = append(known, d)
		e, d = attempt("nobody", "wrong", l.Database)
		if e == nil || e.Code != "28P01" || e.Message != `password authentication failed for user "nobody"` {
			t.Fatalf("unknown user: %v", e)
		}
		unknown = append(unknown, d)
	}
	slices.Sort(known)
	slices.Sort(unknown)
	a, b := known[len(known)/2], unknown[len(unknown)/2]
	t.Logf("median %v with a wrong password, %v for an unknown user", a, b)
	if d := (a - b).Abs(); d > 3*time.Millisecond && d > a/4 {
		t.Errorf("the times tell users from no users")
	}
	if e, _ := attempt(l.User, l.Password, "absent"); e == nil || e.Code != "3D000" {
		t.Errorf("unknown database: %v", e)
	}
	if e, _ := attempt("", "x", l.Database); e != nil && e.Code != "28000" && e.Code != "28P01" {
		t.Errorf("no user: %v", e)
	}
	l.Answers(t)
}
