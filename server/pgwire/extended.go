package pgwire

import (
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
)

// extended runs a step of the extended protocol: after an error everything up to
// Sync is skipped.
func (c *conn) extended(step func() error) {
	err := step()
	if err == nil || errors.Is(err, engine.ErrClient) {
		return
	}
	c.sendError(err)
	c.flush() // the client may send no Sync, having gone wrong
	c.skipping = true
}

func (c *conn) parse(m *pgproto3.Parse) error {
	stmts, err := c.sess.Parse(m.Query)
	if err != nil {
		return err
	}
	if len(stmts) > 1 {
		c.sess.Fail()
		return sql.Errorf(sql.CodeSyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	var src engine.Source
	if len(stmts) == 1 {
		src = stmts[0]
	}
	types := make([]sql.OID, len(m.ParameterOIDs))
	for i, o := range m.ParameterOIDs {
		types[i] = sql.OID(o)
	}
	if m.Name == "" {
		c.sess.ClosePrepared("")
	}
	prep, err := c.sess.Prepare(m.Name, src, types)
	if err != nil {
		return err
	}
	if err := c.sess.StorePrepared(prep); err != nil {
		return err
	}
	c.send(&pgproto3.ParseComplete{})
	return nil
}

func (c *conn) bind(m *pgproto3.Bind) error {
	prep, err := c.sess.LookupPrepared(m.PreparedStatement)
	if err != nil {
		return err
	}
	if len(m.Parameters) != len(prep.Params) {
		c.sess.Fail()
		return sql.Errorf(sql.CodeProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d",
			len(m.Parameters), m.PreparedStatement, len(prep.Params))
	}
	if n := len(m.ParameterFormatCodes); n > 1 && n != len(m.Parameters) {
		c.sess.Fail()
		return sql.Errorf(sql.CodeProtocolViolation, "bind message has %d parameter formats but %d parameters", n, len(m.Parameters))
	}
	values := make([]sql.Value, len(m.Parameters))
	for i, raw := range m.Parameters {
		t := sql.T(prep.Params[i])
		if raw == nil {
			values[i] = sql.NullOf(t)
			continue
		}
		if formatOf(m.ParameterFormatCodes, i) == 1 {
			values[i], err = sql.ParseBinary(t, raw)
		} else {
			values[i], err = sql.ParseText(t, string(raw), c.sess.Format(), time.Now())
		}
		if err != nil {
			c.sess.Fail()
			return parameterError(err, i+1)
		}
	}
	if n := len(m.ResultFormatCodes); n > 1 && n != len(prep.Fields) {
		c.sess.Fail()
		return sql.Errorf(sql.CodeProtocolViolation, "bind message has %d result formats but query has %d columns", n, len(prep.Fields))
	}
	p, err := c.sess.Bind(m.DestinationPortal, prep, values)
	if err != nil {
		return err
	}
	p.Formats = append([]int16(nil), m.ResultFormatCodes...)
	c.send(&pgproto3.BindComplete{})
	return nil
}

// parameterError names the parameter whose binary form has bytes too many.
func parameterError(err error, n int) error {
	e := sql.AsError(err)
	if e.Code != sql.CodeInvalidBinaryRepresentation || !strings.HasPrefix(e.Message, "incorrect binary data format") {
		return err
	}
	return sql.Errorf(e.Code, "incorrect binary data format in bind parameter %d", n)
}

// formatOf applies the protocol's short forms: none is text, one is for all.
func formatOf(codes []int16, i int) int16 {
	switch len(codes) {
	case 0:
		return 0
	case 1:
		return codes[0]
	}
	return codes[i]
}

// subtype checks what Describe or Close is about: a statement or a portal.
func (c *conn) subtype(message string, kind byte) error {
	if kind == 'S' || kind == 'P' {
		return nil
	}
	c.sess.Fail()
	return sql.Errorf(sql.CodeProtocolViolation, "invalid %s message subtype %d", message, kind)
}

func (c *conn) describe(m *pgproto3.Describe) error {
	if err := c.subtype("DESCRIBE", m.ObjectType); err != nil {
		return err
	}
	if m.ObjectType == 'S' {
		prep, err := c.sess.LookupPrepared(m.Name)
		if err != nil {
			return err
		}
		oids := make([]uint32, len(prep.Params))
		for i, o := range prep.Params {
			oids[i] = uint32(o)
		}
		c.send(&pgproto3.ParameterDescription{ParameterOIDs: oids})
		c.sendFields(prep.Fields, nil)
		return nil
	}
	p, err := c.sess.LookupPortal(m.Name)
	if err != nil {
		return err
	}
	c.sendFields(p.Fields(), p.Formats)
	return nil
}

func (c *conn) sendFields(fields []engine.Field, formats []int16) {
	if fields == nil {
		c.send(&pgproto3.NoData{})
		return
	}
	c.send(rowDescription(fields, formats))
}

func (c *conn) execute(m *pgproto3.Execute) error {
	p, err := c.sess.LookupPortal(m.Portal)
	if err != nil {
		return err
	}
	if p.Empty() {
		c.send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	if p.Copy() != nil {
		return c.copy(p)
	}
	return c.runPortal(p, int64(m.MaxRows), p.Formats)
}

func (c *conn) closeObject(m *pgproto3.Close) error {
	if err := c.subtype("CLOSE", m.ObjectType); err != nil {
		return err
	}
	if m.ObjectType == 'S' {
		c.sess.ClosePrepared(m.Name)
	} else {
		c.sess.ClosePortal(m.Name)
	}
	c.send(&pgproto3.CloseComplete{})
	return nil
}

func rowDescription(fields []engine.Field, formats []int16) *pgproto3.RowDescription {
	out := make([]pgproto3.FieldDescription, len(fields))
	for i, f := range fields {
		size := int16(-1)
		if info := sql.LookupType(f.Type.OID); info != nil {
			size = info.Len
		}
		out[i] = pgproto3.FieldDescription{Name: []byte(f.Name), TableOID: uint32(f.Table), TableAttributeNumber: uint16(f.Attnum),
			DataTypeOID: uint32(f.Type.OID), DataTypeSize: size, TypeModifier: f.Type.Mod, Format: formatOf(formats, i)}
	}
	return &pgproto3.RowDescription{Fields: out}
}
