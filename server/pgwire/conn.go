package pgwire

import (
	"cmp"
	"container/list"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
)

const flushAt = 64 << 10

// maxAuthBytes bounds a message of a client that has not proved who it is.
const maxAuthBytes = 64 << 10

// conn is one client's connection. Its goroutine reads messages and writes
// replies; a second one reads ahead (input).
type conn struct {
	srv     *Server
	sock    net.Conn // as it was accepted
	nc      net.Conn // what messages go through
	tls     *tls.Conn
	tlsCert []byte
	in      *input
	backend *pgproto3.Backend
	out     []byte
	werr    error // first write error; nothing is sent after it

	user, database string
	stranger       *list.Element // among srv.strangers, nil if it is not; srv.mu
	pid            int32
	sess           *engine.Session

	reported map[string]string // settings as the client knows them
	changed  map[string]string // those that were set since

	skipping bool // an error in the extended protocol: skip to Sync

	mu   sync.Mutex
	key  []byte
	end  *sql.Error // why the connection is to end
	busy bool       // a message is being handled

	enc rowEncoder
}

func (s *Server) serveConn(nc net.Conn) {
	c := &conn{srv: s, sock: nc, nc: nc, reported: map[string]string{}, changed: map[string]string{}}
	setKeepAlive(nc)
	// A panic ends its connection, never the server: not even one while it is closed.
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("panic while a connection was closed", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			nc.Close()
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("panic in connection", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			c.fatal(sql.Errorf(sql.CodeInternal, "internal error; the connection is closed"))
		}
		c.close()
	}()
	if s.greet(c) != nil {
		return
	}
	st, err := c.readStartup()
	if err == nil {
		c.in = newInput(c.nc, maxAuthBytes, c.clientGone)
		go c.in.run()
		c.backend = pgproto3.NewBackend(c.in, io.Discard)
		c.backend.SetMaxBodyLen(maxAuthBytes)
		err = c.begin(st)
	}
	if err != nil {
		if why := c.whyEnded(err); why != nil {
			c.refuse(why)
		}
		return
	}
	c.backend.SetMaxBodyLen(s.cfg.MaxMessageBytes)
	c.in.setLimit(inputLimit)
	nc.SetDeadline(time.Time{})
	c.loop()
}

func (c *conn) close() {
	if c.sess != nil {
		c.sess.Close()
	}
	c.srv.unregister(c)
	c.nc.Close()
	if c.in != nil {
		c.in.fail(net.ErrClosed)
	}
}

func (c *conn) setKey(k []byte) {
	c.mu.Lock()
	c.key = k
	c.mu.Unlock()
}

func (c *conn) setSession(s *engine.Session) {
	c.mu.Lock()
	c.sess = s
	c.mu.Unlock()
}

// clientGone is called when the client's end of the connection closed: what runs
// is of no use any more.
func (c *conn) clientGone() {
	c.mu.Lock()
	s := c.sess
	c.mu.Unlock()
	if s != nil {
		s.Cancel(sql.Errorf(sql.CodeConnectionFailure, "client closed the connection"))
	}
	c.nc.SetWriteDeadline(time.Now())
}

func (c *conn) cancelStatement() {
	c.mu.Lock()
	s := c.sess
	c.mu.Unlock()
	if s != nil {
		s.Cancel(engine.CancelRequested())
	}
}

// endWhenIdle ends the connection as soon as no statement runs.
func (c *conn) endWhenIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = sql.Errorf(sql.CodeAdminShutdown, "terminating connection due to administrator command")
	if !c.busy && c.in != nil {
		c.in.fail(os.ErrDeadlineExceeded)
	}
}

// terminate ends the connection now.
func (c *conn) terminate(why *sql.Error) {
	c.mu.Lock()
	c.end = why
	s, in := c.sess, c.in
	c.mu.Unlock()
	if s != nil {
		s.Cancel(why)
	}
	if in != nil {
		in.fail(os.ErrDeadlineExceeded)
	}
	// a client that does not read must not hold the shutdown
	time.AfterFunc(time.Second, func() { c.nc.Close() })
}

// loop handles messages until the client leaves or is made to.
func (c *conn) loop() {
	for {
		idle, code := c.sess.IdleTimeout()
		var timer *time.Timer
		if idle > 0 {
			timer = time.AfterFunc(idle, func() {
				c.mu.Lock()
				if c.end == nil && !c.busy {
					c.end = code
					c.in.fail(os.ErrDeadlineExceeded)
				}
				c.mu.Unlock()
			})
		}
		msg, err := c.backend.Receive()
		if timer != nil {
			timer.Stop()
		}
		c.mu.Lock()
		end := c.end
		if end == nil {
			c.busy = true
		}
		c.mu.Unlock()
		if end != nil {
			c.fatal(end)
			return
		}
		if err != nil {
			if !c.in.ended() { // so it is the message that is wrong
				c.fatal(sql.Errorf(sql.CodeProtocolViolation, "invalid frontend message: %s", err))
			}
			return
		}
		more, err := c.handle(msg)
		if err == nil {
			err = c.werr
		}
		c.mu.Lock()
		c.busy = false
		end = c.end
		c.mu.Unlock()
		if err != nil || !more {
			return
		}
		if end != nil && c.sess.TxnStatus() == 'I' {
			c.fatal(end)
			return
		}
	}
}

// handle deals with one message. more is false when the client said goodbye.
func (c *conn) handle(msg pgproto3.FrontendMessage) (more bool, err error) {
	if c.skipping {
		switch msg.(type) {
		case *pgproto3.Sync, *pgproto3.Terminate:
		default:
			return true, nil
		}
	}
	switch m := msg.(type) {
	case *pgproto3.Query:
		return true, c.simpleQuery(m.String)
	case *pgproto3.Parse:
		c.extended(func() error { return c.parse(m) })
	case *pgproto3.Bind:
		c.extended(func() error { return c.bind(m) })
	case *pgproto3.Describe:
		c.extended(func() error { return c.describe(m) })
	case *pgproto3.Execute:
		c.extended(func() error { return c.execute(m) })
	case *pgproto3.Close:
		c.extended(func() error { return c.closeObject(m) })
	case *pgproto3.Flush:
		return true, c.flush()
	case *pgproto3.Sync:
		c.skipping = false
		if err := c.sess.EndImplicit(); err != nil {
			c.sendError(err)
		}
		return true, c.ready()
	case *pgproto3.Terminate:
		return false, nil
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		// PostgreSQL ignores these outside of COPY: a client may send them before it
		// learns that its COPY failed.
	case *pgproto3.FunctionCall:
		c.sess.Fail()
		if err := c.sess.EndImplicit(); err != nil {
			c.sendError(err)
		}
		c.sendError(sql.Errorf(sql.CodeFeatureNotSupported, "the function call protocol is not supported").WithHint("Use SELECT."))
		return true, c.ready()
	default:
		return false, c.fatal(sql.Errorf(sql.CodeProtocolViolation, "unexpected message type %T", msg))
	}
	return true, nil
}

// send appends a message to the output, flushing when there is much.
func (c *conn) send(m pgproto3.BackendMessage) {
	if c.werr != nil {
		return
	}
	b, err := m.Encode(c.out)
	if err != nil {
		c.werr = err
		return
	}
	c.out = b
	if len(c.out) >= flushAt {
		c.flush()
	}
}

func (c *conn) sendNow(m pgproto3.BackendMessage) error {
	c.send(m)
	return c.flush()
}

// flush writes what is pending; it blocks while the client does not read.
func (c *conn) flush() error {
	if c.werr == nil && len(c.out) > 0 {
		if _, err := c.nc.Write(c.out); err != nil {
			c.werr = fmt.Errorf("%w: %w", engine.ErrClient, err)
		}
	}
	c.out = c.out[:0]
	return c.werr
}

// ready tells of changed settings and that the next statement may come.
func (c *conn) ready() error {
	c.report()
	return c.sendNow(&pgproto3.ReadyForQuery{TxStatus: c.sess.TxnStatus()})
}

// report sends the settings whose values the client does not know yet, by name.
func (c *conn) report() {
	byName := func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }
	for _, k := range slices.SortedFunc(maps.Keys(c.changed), byName) {
		if v := c.changed[k]; c.reported[k] != v {
			c.reported[k] = v
			c.send(&pgproto3.ParameterStatus{Name: k, Value: v})
		}
	}
	clear(c.changed)
}
