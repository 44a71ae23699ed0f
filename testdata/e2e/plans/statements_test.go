package plans

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// TestStatements compares the statements of statements.sql, one a paragraph, with
// PostgreSQL: shapes that random queries meet too seldom.
func TestStatements(t *testing.T) {
	text, err := os.ReadFile("statements.sql")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.Connect(context.Background(), pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for stmt := range strings.SplitSeq(string(text), "\n\n") {
		want, code := oracle(t, conn, stmt)
		for _, v := range variants {
			p, err := planned(stmt, v.off, v.reorder)
			var got []string
			if err == nil {
				got, err = rows(t, p)
			}
			var gotCode string
			if e, ok := errors.AsType[*sql.Error](err); ok {
				gotCode = string(e.Code)
			} else if err != nil {
				gotCode = "??"
			}
			if gotCode != code || !slices.Equal(got, want) {
				plan := ""
				if p != nil {
					plan = strings.Join(p.Explain(physical.DefaultExplain()), "\n")
				}
				t.Errorf("%s: %s\nerror %q %v, want %q\n%s\n%s", v.name, stmt, gotCode, err, code, diff(got, want), plan)
			}
		}
	}
}
