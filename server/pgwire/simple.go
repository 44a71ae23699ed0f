package pgwire

import (
	"errors"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// simpleQuery runs all statements of a text in one implicit transaction; the
// first error ends it.
func (c *conn) simpleQuery(text string) error {
	c.sess.ClosePrepared("")
	stmts, err := c.sess.Parse(text)
	if err == nil && len(stmts) == 0 {
		c.send(&pgproto3.EmptyQueryResponse{})
	}
	if len(stmts) == 1 {
		c.sess.Single()
	}
	for i := range stmts {
		if err != nil {
			break
		}
		err = c.runSimple(stmts[i])
	}
	if errors.Is(err, engine.ErrClient) {
		return err
	}
	c.sess.ClosePortal("")
	if e := c.sess.EndImplicit(); err == nil {
		err = e
	}
	if err != nil {
		c.sendError(err)
	}
	return c.ready()
}

func (c *conn) runSimple(src engine.Source) error {
	prep, err := c.sess.Prepare("", src, nil)
	if err != nil {
		return err
	}
	if len(prep.Params) > 0 {
		c.sess.Fail()
		return sql.Errorf(sql.CodeUndefinedParameter, "there is no parameter $1").
			WithHint("A simple query has no parameters: use a prepared statement.")
	}
	if prep.Empty() {
		c.send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	portal, err := c.sess.Bind("", prep, nil)
	if err != nil {
		return err
	}
	defer c.sess.ClosePortal("")
	if portal.Copy() != nil {
		return c.copy(portal)
	}
	formats := []int16{0}
	if c.sess.FetchesBinary(prep) {
		formats[0] = 1
	}
	if fields := portal.Fields(); fields != nil {
		c.send(rowDescription(fields, formats))
	}
	return c.runPortal(portal, 0, formats)
}

// runPortal sends at most max rows (0: all) and how it ended.
func (c *conn) runPortal(p *engine.Portal, max int64, formats []int16) error {
	c.enc.start(p.Fields(), formats, c.sess)
	res, err := p.Fetch(max, func(b *vector.Batch, from, to int) error { return c.sendRows(b, from, to) })
	switch {
	case err != nil:
		return err
	case res.Suspended:
		c.send(&pgproto3.PortalSuspended{})
	default:
		c.send(&pgproto3.CommandComplete{CommandTag: []byte(res.Tag)})
	}
	return nil
}

// sendRows encodes rows from..to-1 of a batch's selected rows.
func (c *conn) sendRows(b *vector.Batch, from, to int) error {
	if c.werr != nil {
		return c.werr
	}
	c.enc.batch(b)
	for i := from; i < to; i++ {
		r := i
		if b.Sel != nil {
			r = int(b.Sel[i])
		}
		c.out = c.enc.dataRow(c.out, r)
		if len(c.out) >= flushAt {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}
