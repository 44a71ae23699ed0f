package pgwire

import (
	"errors"
	"os"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// Who has not proved yet who they are may take neither much time (as PostgreSQL's
// authentication_timeout) nor the place of others: when there are too many of
// them, the one that has waited longest goes, so that whoever opens connections
// and says nothing locks nobody out.

// greet counts a connection among those that have not authenticated; why is not
// nil if it has to go at once.
func (s *Server) greet(c *conn) (why *sql.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errShutdown()
	}
	limit := s.limits.Unauthenticated
	if limit == 0 {
		limit = s.limits.Connections
	}
	for s.strangers.Len() >= max(limit, 1) {
		s.turnAway(s.strangers.Front().Value.(*conn), sql.Errorf(sql.CodeTooManyConnections, "too many connections wait to be authenticated").
			WithHint("The limit is %d, and this one has waited longest; raise it in the configuration.", limit))
	}
	c.stranger = s.strangers.PushBack(c)
	c.sock.SetDeadline(time.Now().Add(s.limits.AuthenticationTimeout))
	return nil
}

// turnAway makes an unauthenticated connection end; s.mu is held.
func (s *Server) turnAway(c *conn, why *sql.Error) {
	s.forget(c)
	c.mu.Lock()
	c.end = why
	c.mu.Unlock()
	c.sock.SetDeadline(time.Unix(1, 0)) // ends what it waits for
}

// forget counts a connection no more among the unauthenticated; s.mu is held.
func (s *Server) forget(c *conn) {
	if c.stranger != nil {
		s.strangers.Remove(c.stranger)
		c.stranger = nil
	}
}

// whyEnded turns what made the start fail into what the client is told, nil for
// nothing: it went away, or has not even said that it is a client of ours.
func (c *conn) whyEnded(err error) *sql.Error {
	c.mu.Lock()
	end := c.end
	c.mu.Unlock()
	switch e, ok := errors.AsType[*sql.Error](err); {
	case end != nil:
		return end
	case ok:
		return e
	case c.in == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return sql.Errorf(sql.CodeQueryCanceled, "canceling authentication due to authentication timeout")
	case !c.in.ended():
		return sql.Errorf(sql.CodeProtocolViolation, "invalid frontend message: %s", err)
	}
	return nil
}

// refuse tells a client that has not authenticated why its connection ends. What it
// does not read at once is lost.
func (c *conn) refuse(why *sql.Error) {
	c.sock.SetWriteDeadline(time.Now().Add(time.Second))
	c.fatal(why)
}
