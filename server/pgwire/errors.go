package pgwire

import (
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
)

func errorMessage(severity string, e *sql.Error) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity,
		Code: string(e.Code), Message: e.Message, Detail: e.Detail, Hint: e.Hint,
		Position: int32(e.Position), Where: e.Where,
	}
}

func (c *conn) sendError(err error) {
	c.send(errorMessage("ERROR", sql.AsError(err)))
}

// fatal sends an error that ends the connection.
func (c *conn) fatal(e *sql.Error) error {
	c.send(errorMessage("FATAL", e))
	c.flush()
	return e
}

func (c *conn) sendNotice(n engine.Notice) {
	m := pgproto3.NoticeResponse(*errorMessage(n.Severity, &n.Error))
	c.send(&m)
}
