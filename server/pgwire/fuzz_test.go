package pgwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/engine/enginetest"
)

// nobody knows no users.
type nobody struct{}

func (nobody) Verifier(context.Context, string) (string, bool, error) { return "", false, nil }
func (nobody) DatabaseExists(string) bool                             { return true }

// FuzzStartup: whatever comes first, the connection ends with the client, and no
// reply but what the protocol has.
func FuzzStartup(f *testing.F) {
	encode := func(m pgproto3.FrontendMessage) string {
		b, err := m.Encode(nil)
		if err != nil {
			f.Fatal(err)
		}
		return string(b)
	}
	hello := encode(&pgproto3.StartupMessage{ProtocolVersion: protocol32, Parameters: map[string]string{"user": "u", "options": `-c a=b\ c --d-e=f`, "_pq_.x": "y"}})
	for _, s := range []string{
		hello, encode(&pgproto3.SSLRequest{}) + encode(&pgproto3.GSSEncRequest{}) + hello,
		encode(&pgproto3.CancelRequest{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}}), "\x16\x03\x01\x02\x00\x01", "\x00\x00\x00\x08\x00\x02\x00\x00", "\x7f\xff\xff\xff\x00\x03\x00\x00",
		hello + encode(&pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte("n,,n=u,r=abc")}) + encode(&pgproto3.SASLResponse{Data: []byte("c=biws,r=abc,p=AAAA")}),
		hello + "p\x00\x00\x00\x04", "\x00\x00\x00\x12\x00\x03\x00\x00user\x00\x00u\x00\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		log := &enginetest.Log{}
		s := New(nil, nobody{}, Config{Log: slog.New(slog.NewTextHandler(log, nil)), Limits: Limits{AuthenticationTimeout: 10 * time.Second}})
		client, server := net.Pipe()
		out := make(chan []byte, 1)
		go func() {
			io.WriteString(client, in)
			client.Close()
		}()
		go func() {
			b, _ := io.ReadAll(client)
			out <- b
		}()
		begun := time.Now()
		s.serveConn(server)
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		if lines := log.Lines("panic"); len(lines) > 0 {
			t.Fatal(lines)
		}
		if n := s.Connections() + s.strangers.Len(); n > 0 {
			t.Errorf("%d connections are left", n)
		}
		if b := <-out; len(b) > 64<<10 {
			t.Errorf("a reply of %d bytes", len(b))
		}
	})
}

// message is a frontend message in a short form: type, two bytes of length, body.
func message(b byte, body string) string {
	return string(binary.BigEndian.AppendUint16([]byte{b}, uint16(len(body)))) + body
}

// FuzzMessages: a session takes any messages; its replies are those of the protocol,
// and it leaves nothing behind.
func FuzzMessages(f *testing.F) {
	short := func(list ...pgproto3.FrontendMessage) (s string) {
		for _, m := range list {
			b, err := m.Encode(nil)
			if err != nil {
				f.Fatal(err)
			}
			s += message(b[0], string(b[5:]))
		}
		return s
	}
	query := func(s string) pgproto3.FrontendMessage { return &pgproto3.Query{String: s} }
	parse := func(name, s string) pgproto3.FrontendMessage { return &pgproto3.Parse{Name: name, Query: s} }
	execute := func(name string, n uint32) pgproto3.FrontendMessage {
		return &pgproto3.Execute{Portal: name, MaxRows: n}
	}
	sync := &pgproto3.Sync{}
	for _, s := range []string{
		short(query("SELECT 1; SELECT 'x' AS b, NULL"), query(""), query("SELEC")),
		short(query("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id FROM numbers LIMIT 9; FETCH 3 FROM c; SAVEPOINT s; MOVE -1 IN c; ROLLBACK TO s"), query("FETCH LAST FROM c; COMMIT")),
		short(parse("a", "SELECT $1::int4, $2::text"), &pgproto3.Describe{ObjectType: 'S', Name: "a"},
			&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "a", ParameterFormatCodes: []int16{1, 0}, Parameters: [][]byte{{0, 0, 0, 7}, nil}, ResultFormatCodes: []int16{1, 0}},
			&pgproto3.Describe{ObjectType: 'P', Name: "p"}, execute("p", 1), execute("p", 0), &pgproto3.Flush{}, &pgproto3.Close{ObjectType: 'P', Name: "p"}, sync),
		short(parse("", "SELECT id FROM numbers LIMIT 5"), &pgproto3.Bind{}, execute("", 2), execute("", 2), sync, query("COPY (SELECT 1, 'a\tb') TO STDOUT (FORMAT csv)")),
		short(query("SET extra_float_digits = 0; PREPARE q(int) AS SELECT $1; EXECUTE q(1)"), query("DISCARD ALL"), &pgproto3.FunctionCall{Function: 1}, &pgproto3.CopyDone{}, sync),
		short(query("SHOW TABLES"), query("CREATE EXTERNAL TABLE IF NOT EXISTS public.t (a int) STORED AS PARQUET LOCATION 's3://lake/t/'"), query("EXPLAIN SELECT * FROM t")),
		message('B', "\x00\x00\x00\x00\xff\xff") + message('D', "Zx\x00") + message('!', "") + message('P', "x"),
	} {
		f.Add(s)
	}
	eng := enginetest.Start(f, nil)
	srv := New(eng.Engine, eng.Engine, Config{Log: slog.New(slog.NewTextHandler(eng.Log, nil))})
	f.Fuzz(func(t *testing.T, in string) {
		client, server := net.Pipe()
		go func() {
			defer client.Close()
			for b := in; len(b) >= 3; {
				n := min(int(binary.BigEndian.Uint16([]byte(b[1:]))), len(b)-3)
				head := binary.BigEndian.AppendUint32([]byte{b[0]}, uint32(n+4))
				if _, err := client.Write(append(head, b[3:3+n]...)); err != nil {
					return
				}
				b = b[3+n:]
			}
			end, _ := (&pgproto3.Terminate{}).Encode(nil)
			if _, err := client.Write(end); err == nil {
				client.Read(make([]byte, 1)) // until the server has closed: replies are read below
			}
		}()
		replies := make(chan error, 1)
		out, in2 := io.Pipe()
		go func() {
			fe := pgproto3.NewFrontend(out, io.Discard)
			var err error
			for err == nil {
				_, err = fe.Receive()
			}
			io.Copy(io.Discard, out)
			replies <- err
		}()
		begun := time.Now()
		srv.serveAuthenticated(t, teeConn{server, in2})
		in2.Close()
		if err := <-replies; !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the replies are none: %v", err)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if lines := append(eng.Log.Lines("panic"), eng.Log.Lines("sqlstate=XX000")...); len(lines) > 0 {
			t.Fatal(strings.Join(lines, ""))
		}
		if running, waiting := eng.Queue(); running+waiting > 0 || eng.Memory().Used() > 0 || srv.Connections() > 0 {
			t.Errorf("%d statements, %d bytes and %d connections are left", running+waiting, eng.Memory().Used(), srv.Connections())
		}
	})
}

// teeConn gives what is written to somebody else than its reader.
type teeConn struct {
	net.Conn
	out io.Writer
}

func (c teeConn) Write(b []byte) (int, error) { return c.out.Write(b) }

// serveAuthenticated serves a connection as serveConn does after authentication.
func (s *Server) serveAuthenticated(t *testing.T, nc net.Conn) {
	c := &conn{srv: s, sock: nc, nc: nc, reported: map[string]string{}, changed: map[string]string{}}
	defer c.close()
	if why := s.greet(c); why != nil {
		t.Fatal(why)
	}
	nc.SetDeadline(time.Time{})
	c.in = newInput(nc, inputLimit, c.clientGone)
	go c.in.run()
	c.backend = pgproto3.NewBackend(c.in, io.Discard)
	c.backend.SetMaxBodyLen(s.cfg.MaxMessageBytes)
	if e := s.register(c); e != nil {
		t.Fatal(e)
	}
	sess, err := s.eng.NewSession(context.Background(), engine.SessionOptions{PID: c.pid, User: "tester", Database: enginetest.Database,
		Params: map[string]string{"statement_timeout": "2s"}, Report: func(k, v string) { c.changed[k] = v }, Notify: c.sendNotice, Remote: "pipe"})
	if err != nil {
		t.Fatal(err)
	}
	c.setSession(sess)
	c.loop()
}
