package pgwire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sluicedb/sluice/engine/enginetest"
)

// stranger opens a connection that does not authenticate; hello, if true, sends the
// start-up message and waits to be asked for a password.
func (d *door) stranger(t *testing.T, hello bool) *pgconn.HijackedConn {
	t.Helper()
	c, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	h := &pgconn.HijackedConn{Conn: c, Frontend: pgproto3.NewFrontend(c, c)}
	if hello {
		h.Frontend.Send(&pgproto3.StartupMessage{ProtocolVersion: protocol30, Parameters: map[string]string{"user": "tester", "database": enginetest.Database}})
		if err := h.Frontend.Flush(); err != nil {
			t.Fatal(err)
		}
		if m, err := h.Frontend.Receive(); err != nil {
			t.Fatalf("%v, %v", m, err)
		}
	}
	return h
}

// TestAuthenticationTimeout: a client that does not authenticate in time is sent
// away, whatever it waits for, and one that does stays.
func TestAuthenticationTimeout(t *testing.T) {
	const timeout = 300 * time.Millisecond
	cert := certificate(t)
	d := open(t, Config{Limits: Limits{AuthenticationTimeout: timeout}, TLS: func() *tls.Config { return cert }})
	h := d.connect(t)
	defer h.Conn.Close()
	for name, c := range map[string]struct {
		hello bool
		send  string
		codes []string
	}{
		"silent":          {false, "", nil}, // nobody knows yet that it speaks our protocol
		"half a packet":   {false, "\x00\x00\x00\x40\x00\x03\x00\x00user", nil},
		"half a hello":    {false, "\x16\x03\x01", nil},
		"no password":     {true, "", []string{"FATAL 57014"}},
		"half a password": {true, "p\x00\x00\x00\x40SCRAM", []string{"FATAL 57014"}},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			s := d.stranger(t, c.hello)
			if _, err := io.WriteString(s.Conn, c.send); err != nil {
				t.Fatal(err)
			}
			codes, _ := ask(t, s)
			if took := time.Since(begun); took < timeout || took > timeout+5*time.Second {
				t.Errorf("it ended after %v", took)
			}
			if !slices.Equal(codes, c.codes) {
				t.Errorf("got %v, not %v", codes, c.codes)
			}
		})
	}
	if codes, status := ask(t, h, &pgproto3.Query{String: "SELECT 1"}); codes != nil || status != 'I' {
		t.Errorf("a client that has authenticated: %v", codes)
	}
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// TestUnauthenticatedLimit: of too many connections that do not authenticate the
// oldest go; clients that do get in.
func TestUnauthenticatedLimit(t *testing.T) {
	const limit = 5
	d := open(t, Config{Limits: Limits{Unauthenticated: limit}})
	var strangers []*pgconn.HijackedConn
	for i := range 2 * limit {
		strangers = append(strangers, d.stranger(t, i%2 == 0))
	}
	waiting := func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.strangers.Len()
	}
	for i, s := range strangers[:limit] {
		want := []string{"FATAL 53300"}
		if codes, _ := ask(t, s); !slices.Equal(codes, want) {
			t.Errorf("connection %d: got %v, not %v", i, codes, want)
		}
	}
	if n := waiting(); n > limit {
		t.Errorf("%d connections wait", n)
	}
	for range 20 { // each takes a place for a moment
		h := d.connect(t)
		if codes, status := ask(t, h, &pgproto3.Query{String: "SELECT 1"}); codes != nil || status != 'I' {
			t.Errorf("a client that has authenticated: %v", codes)
		}
		h.Conn.Close()
	}
	for _, s := range strangers {
		s.Conn.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); waiting() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections wait that are closed", waiting())
		}
	}
}

// TestShutdownOfStrangers: who has not authenticated does not hold the shutdown.
func TestShutdownOfStrangers(t *testing.T) {
	d := open(t, Config{})
	s := d.stranger(t, true)
	silent := d.stranger(t, false)
	d.connect(t).Conn.Close() // so the others have been greeted
	begun := time.Now()
	d.Shutdown(context.Background())
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
	for _, h := range []*pgconn.HijackedConn{s, silent} {
		if codes, _ := ask(t, h); !slices.Equal(codes, []string{"FATAL 57P03"}) {
			t.Errorf("got %v", codes)
		}
	}
}

// TestMessageLimit: a client that has not authenticated cannot make the server wait
// for, or hold, a large message; one that has can send it.
func TestMessageLimit(t *testing.T) {
	d := open(t, Config{MaxMessageBytes: 1 << 20})
	s := d.stranger(t, true)
	if _, err := s.Conn.Write([]byte{'p', 0, 2, 0, 0, 'S'}); err != nil { // 128 KB to come
		t.Fatal(err)
	}
	if codes, _ := ask(t, s); !slices.Equal(codes, []string{"FATAL 08P01"}) {
		t.Errorf("before authentication: %v", codes)
	}
	h := d.connect(t)
	defer h.Conn.Close()
	text := func(n int) *pgproto3.Query {
		return &pgproto3.Query{String: "SELECT length('" + string(slices.Repeat([]byte{'x'}, n)) + "')"}
	}
	if codes, status := ask(t, h, text(900<<10)); codes != nil || status != 'I' {
		t.Errorf("900 KB: %v", codes)
	}
	h.Frontend.Send(text(1 << 20)) // the server may end the connection before it has read all
	h.Frontend.Flush()
	if codes, status := ask(t, h); !slices.Equal(codes, []string{"FATAL 08P01"}) || status != 0 {
		t.Errorf("1 MB: %v", codes)
	}
}
