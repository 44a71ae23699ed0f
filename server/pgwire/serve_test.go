package pgwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/goleak"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/engine/enginetest"
	"github.com/sluicedb/sluice/storage/object/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a server with the user tester.
type door struct {
	*Server
	eng  *enginetest.Engine
	addr string
}

func open(tb testing.TB, cfg Config) *door {
	tb.Helper()
	d := &door{eng: enginetest.Start(tb, nil)}
	verifier, err := MakeVerifier("secret")
	if err != nil {
		tb.Fatal(err)
	}
	d.eng.AddUser(tb, "tester", verifier, false)
	cfg.Log = slog.New(slog.NewTextHandler(d.eng.Log, nil))
	d.Server = New(d.eng.Engine, d.eng.Engine, cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	d.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- d.Serve(l) }()
	tb.Cleanup(func() {
		l.Close()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		d.Shutdown(ctx)
		if err := <-served; err != nil {
			tb.Error(err)
		}
		if lines := d.eng.Log.Lines("panic"); len(lines) > 0 {
			tb.Error(lines)
		}
	})
	return d
}

// connect opens an authenticated connection as pgx does and gives its socket.
func (d *door) connect(tb testing.TB) *pgconn.HijackedConn {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, "postgres://tester:secret@"+d.addr+"/"+enginetest.Database+"?sslmode=disable")
	if err != nil {
		tb.Fatal(err)
	}
	h, err := c.Hijack()
	if err != nil {
		tb.Fatal(err)
	}
	h.Conn.SetDeadline(time.Now().Add(20 * time.Second))
	return h
}

// ask sends messages and returns the SQLSTATEs of errors up to ReadyForQuery or the
// end, and the status at the end, 0 if the connection ended.
func ask(tb testing.TB, h *pgconn.HijackedConn, msgs ...pgproto3.FrontendMessage) (codes []string, status byte) {
	tb.Helper()
	for _, m := range msgs {
		h.Frontend.Send(m)
	}
	if err := h.Frontend.Flush(); err != nil {
		tb.Fatal(err)
	}
	for {
		m, err := h.Frontend.Receive()
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			tb.Fatal("no answer")
		}
		if err != nil {
			return codes, 0
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			codes = append(codes, m.Severity+" "+m.Code)
		case *pgproto3.ReadyForQuery:
			return codes, m.TxStatus
		}
	}
}

// runs waits until n statements run.
func (d *door) runs(tb testing.TB, n int) {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Microsecond) {
		running, _ := d.eng.Queue()
		if running == n {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("%d statements run, not %d", running, n)
		}
	}
}

// soon fails the test if the median of some durations is 100 ms or more.
func soon(t *testing.T, took []time.Duration) {
	t.Helper()
	slices.Sort(took)
	t.Logf("it took %v", took)
	if took[len(took)/2] >= 100*time.Millisecond {
		t.Error("that is not below 100 ms")
	}
}

// statements that would go on for hours, in the middle of different kinds of work.
var endless = map[string]string{
	"flood":     "SELECT a.id FROM numbers a, numbers b",
	"rows":      "SELECT a.id FROM numbers a, numbers b WHERE a.id * b.id % 101 = 7",
	"copy":      "COPY (SELECT a.id FROM numbers a, numbers b WHERE a.id * b.id % 101 = 7) TO STDOUT",
	"aggregate": "SELECT count(*) FROM numbers a, numbers b WHERE a.id + b.id < 0",
	"storage":   "SELECT count(*) FROM numbers WHERE note LIKE '%7%'",
}

// start runs one of them until it is at work.
func (d *door) start(t *testing.T, name string) *pgconn.HijackedConn {
	t.Helper()
	seen := d.eng.Store.Calls(fault.Read)
	h := d.connect(t)
	h.Frontend.Send(&pgproto3.Query{String: endless[name]})
	if err := h.Frontend.Flush(); err != nil {
		t.Fatal(err)
	}
	switch name {
	case "storage":
		for d.eng.Store.Calls(fault.Read) == seen {
			time.Sleep(time.Millisecond)
		}
	case "aggregate":
		d.runs(t, 1)
	default:
		for range 100 {
			if _, err := h.Frontend.Receive(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

// TestVanish: what a client has asked for ends when the client is gone.
func TestVanish(t *testing.T) {
	d := open(t, Config{})
	for name := range endless {
		t.Run(name, func(t *testing.T) {
			if name == "storage" {
				d.eng.Store.Add(fault.Rule{Op: fault.Read, Delay: time.Hour})
				defer d.eng.Store.Reset()
			}
			ignore := goleak.IgnoreCurrent()
			var took []time.Duration
			for i := range 5 {
				h := d.start(t, name)
				time.Sleep(time.Duration(i) * 5 * time.Millisecond)
				if i%2 == 0 { // without a word, or with the rest of the result unread
					h.Conn.(*net.TCPConn).SetLinger(0)
				}
				begun := time.Now()
				h.Conn.Close()
				for d.Connections() > 0 {
					time.Sleep(100 * time.Microsecond)
				}
				took = append(took, time.Since(begun))
				d.runs(t, 0)
			}
			soon(t, took)
			if n := d.eng.Memory().Used(); n > 0 {
				t.Errorf("%d bytes are not given back", n)
			}
			if err := goleak.Find(ignore); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCancelRequest: the statement's error comes soon after the request.
func TestCancelRequest(t *testing.T) {
	d := open(t, Config{})
	for name := range endless {
		if name == "flood" { // the client has to read what is on its way first
			continue
		}
		t.Run(name, func(t *testing.T) {
			if name == "storage" {
				d.eng.Store.Add(fault.Rule{Op: fault.Read, Delay: time.Hour})
				defer d.eng.Store.Reset()
			}
			ignore := goleak.IgnoreCurrent()
			var took []time.Duration
			for i := range 5 {
				h := d.start(t, name)
				time.Sleep(time.Duration(i) * 5 * time.Millisecond)
				begun := time.Now()
				c, err := net.Dial("tcp", d.addr)
				if err != nil {
					t.Fatal(err)
				}
				key := binary.BigEndian.AppendUint32(nil, uint32(12+len(h.SecretKey)))
				key = binary.BigEndian.AppendUint32(key, codeCancel)
				key = binary.BigEndian.AppendUint32(key, h.PID)
				if _, err := c.Write(append(key, h.SecretKey...)); err != nil {
					t.Fatal(err)
				}
				if codes, status := ask(t, h); !slices.Equal(codes, []string{"ERROR 57014"}) || status != 'I' {
					t.Errorf("got %v, status %c", codes, status)
				}
				took = append(took, time.Since(begun))
				c.Close()
				if codes, status := ask(t, h, &pgproto3.Query{String: "SELECT 1"}); codes != nil || status != 'I' {
					t.Errorf("the session does not go on: %v", codes)
				}
				h.Conn.Close()
				d.runs(t, 0)
			}
			soon(t, took)
			for d.Connections() > 0 {
				time.Sleep(time.Millisecond)
			}
			if err := goleak.Find(ignore); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNoReader: a client that stops reading holds no worker and little memory; its
// statement ends with it, or with the server.
func TestNoReader(t *testing.T) {
	d := open(t, Config{})
	ignore := goleak.IgnoreCurrent()
	quiet := []*pgconn.HijackedConn{d.start(t, "flood"), d.start(t, "flood"), d.start(t, "flood")}
	used := int64(-1)
	for n := d.eng.Memory().Used(); n != used; n = d.eng.Memory().Used() { // until nothing moves any more
		used = n
		time.Sleep(200 * time.Millisecond)
	}
	if used > 64<<20 {
		t.Errorf("%d MB are in use", used>>20)
	}
	other := d.connect(t)
	if codes, _ := ask(t, other, &pgproto3.Query{String: "SELECT sum(id) FROM numbers"}); codes != nil {
		t.Errorf("another client gets %v", codes)
	}
	other.Conn.Close()
	quiet[0].Conn.Close()
	d.runs(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	begun := time.Now()
	d.Shutdown(ctx)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("clients that do not read held the shutdown for %v", took)
	}
	d.runs(t, 0)
	for _, h := range quiet {
		h.Conn.Close()
	}
	if err := goleak.Find(ignore); err != nil {
		t.Error(err)
	}
}

// TestGarbage: bytes that are no protocol, before and after authentication, leave
// nothing behind.
func TestGarbage(t *testing.T) {
	d := open(t, Config{})
	ignore := goleak.IgnoreCurrent()
	packets := []string{"", "\x00", "GET / HTTP/1.1\r\n\r\n", "\xff\xff\xff\xff\xff\xff\xff\xff", "\x7f\xff\xff\xff\x00\x03\x00\x00", "\x16\x03\x01\x02\x00\x01",
		"\x00\x00\x00\x08\x00\x03\x00\x00", "\x00\x00\x00\x09\x00\x03\x00\x00\x00", "Q\x00\x00\x00\x01", "!\x00\x00\x00\x04", "Q\x00\x00\x00\x08SELE", "B\x00\x00\x00\x0a\x00\x00\x00\x00\xff\xff",
		"p\x00\x00\x00\x04", "Q\x00\x00\x00\x64half", strings.Repeat("\x00\x00\x00\x08\x04\xd2\x16\x2f", 3)}
	for _, p := range packets {
		c, err := net.Dial("tcp", d.addr)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []net.Conn{c, d.connect(t).Conn} {
			c.SetDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(c, p)
			c.(*net.TCPConn).CloseWrite()
			var ne net.Error
			if _, err := io.Copy(io.Discard, c); errors.As(err, &ne) && ne.Timeout() {
				t.Errorf("%q: the server keeps the connection", p)
			}
			c.Close()
		}
	}
	for d.Connections() > 0 {
		time.Sleep(time.Millisecond)
	}
	if err := goleak.Find(ignore); err != nil {
		t.Error(err)
	}
}

// TestFunctionCall is refused, and aborts the block that it stands in.
func TestFunctionCall(t *testing.T) {
	d := open(t, Config{})
	h := d.connect(t)
	defer h.Conn.Close()
	call := &pgproto3.FunctionCall{Function: 42}
	if codes, status := ask(t, h, call); !slices.Equal(codes, []string{"ERROR 0A000"}) || status != 'I' {
		t.Errorf("outside of a block: %v, status %c", codes, status)
	}
	ask(t, h, &pgproto3.Query{String: "BEGIN"})
	if codes, status := ask(t, h, call); !slices.Equal(codes, []string{"ERROR 0A000"}) || status != 'E' {
		t.Errorf("in a block: %v, status %c", codes, status)
	}
	if codes, status := ask(t, h, &pgproto3.Query{String: "SELECT 1"}); !slices.Equal(codes, []string{"ERROR 25P02"}) || status != 'E' {
		t.Errorf("after it: %v, status %c", codes, status)
	}
	if codes, status := ask(t, h, &pgproto3.Query{String: "COMMIT"}); codes != nil || status != 'I' {
		t.Errorf("COMMIT: %v, status %c", codes, status)
	}
}

var _ Credentials = (*engine.Engine)(nil)
