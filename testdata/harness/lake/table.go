package lake

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"
)

// sides are connections to the engine over a folder and to PostgreSQL, nil if tables
// are made in the engine alone.
type sides struct {
	folder       string
	ours, theirs *pgconn.PgConn
}

// dial connects to both; theirs may be "".
func dial(ctx context.Context, folder, ours, theirs string) (s *sides, err error) {
	s = &sides{folder: folder}
	if s.ours, err = pgconn.Connect(ctx, ours); err != nil {
		return nil, err
	}
	if theirs != "" {
		if s.theirs, err = pgconn.Connect(ctx, theirs); err != nil {
			s.ours.Close(ctx)
			return nil, err
		}
	}
	return s, nil
}

func (s *sides) close(ctx context.Context) {
	s.ours.Close(ctx)
	if s.theirs != nil {
		s.theirs.Close(ctx)
	}
}

func run(ctx context.Context, c *pgconn.PgConn, statements ...string) error {
	for _, text := range statements {
		if _, err := c.Exec(ctx, text).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// inPostgres makes a table there with rows in a form of COPY's.
func (s *sides) inPostgres(ctx context.Context, name, columns string, rows io.Reader, form string) error {
	if s.theirs == nil {
		return nil
	}
	if err := run(ctx, s.theirs, fmt.Sprintf("CREATE TABLE %s (%s)", name, columns)); err != nil {
		return err
	}
	_, err := s.theirs.CopyFrom(ctx, rows, "COPY "+name+" FROM STDIN "+form)
	return err
}
