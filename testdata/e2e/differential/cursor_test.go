package differential

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/harness/answer"
	"github.com/sluicedb/sluice/testdata/harness/lake"
)

// TestCursorSnapshot declares cursors, lets another session add rows (files and
// partitions), and fetches: a cursor shows what was there when it was declared, a
// statement what is there when it starts.
func TestCursorSnapshot(t *testing.T) {
	p := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	moving := lake.Source{Name: "moving", Rows: 40, Files: 4, PartitionedBy: "(pi int, ps string)"}
	if err := lake.LoadOdd(folder, p.ourConn, p.theirConn, moving); err != nil {
		t.Fatal(err)
	}
	ours, theirs := connect(t, p.ourConn), connect(t, p.theirConn)
	defer ours.Close(ctx)
	defer theirs.Close(ctx)
	run := func(c *pgconn.PgConn, text string) {
		t.Helper()
		if _, err := c.Exec(ctx, text).ReadAll(); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	queries := []string{
		"SELECT id, pi, ps FROM moving",
		"SELECT count(*) FROM moving",
		"SELECT m.id, t.id FROM tiny t JOIN moving m ON t.id = m.pi",
		"SELECT id, (SELECT count(*) FROM moving i WHERE i.pi = o.pi) FROM moving o WHERE pi >= 1",
		"SELECT t.id, x.n FROM tiny t, LATERAL (SELECT count(*) AS n FROM moving m WHERE m.pi = t.id AND random() >= 0) x",
		"WITH w AS (SELECT * FROM moving) SELECT a.id FROM w a JOIN w b ON a.id = b.id",
		"WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT max(pi) FROM moving)) SELECT n FROM r",
	}
	p.must(t, "BEGIN")
	for i, q := range queries {
		p.must(t, fmt.Sprintf("DECLARE c%d CURSOR FOR %s", i, q))
	}
	p.must(t, "DECLARE held CURSOR WITH HOLD FOR SELECT id FROM moving")
	p.must(t, "DECLARE back SCROLL CURSOR FOR SELECT id FROM moving")

	// A file more in a folder, and a folder and partition more.
	copyFile := func(to string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(folder, "moving/pi=1/ps=eu/2.parquet"))
		if err == nil {
			err = os.MkdirAll(filepath.Join(folder, "moving", filepath.Dir(to)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "moving", to), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	copyFile("pi=1/ps=us/more.parquet")
	copyFile("pi=2/ps=eu/more.parquet")
	run(ours, "ALTER TABLE moving ADD PARTITION (pi=2, ps='eu')")
	run(theirs, "INSERT INTO moving SELECT m.*, x.pi, x.ps FROM (SELECT "+names()+" FROM moving WHERE pi = 1 AND ps = 'eu') m, (VALUES (1, 'us'), (2, 'eu')) x(pi, ps)")

	compare := func(text string) {
		t.Helper()
		want, err := answer.Ask(p.theirs, text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := answer.Ask(p.ours, text)
		if err != nil {
			t.Fatal(err)
		}
		if d := answer.Difference(got, want, answer.Rules{}); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
	for i, q := range queries {
		compare(fmt.Sprintf("FETCH ALL FROM c%d", i))
		compare(q)
	}
	compare("FETCH ALL FROM back")
	compare("FETCH BACKWARD ALL FROM back")
	p.must(t, "COMMIT")
	compare("FETCH ALL FROM held")
	p.must(t, "CLOSE held")
}

// names are the columns that every table has.
func names() string {
	out := ""
	for i, c := range lake.Columns {
		if i > 0 {
			out += ", "
		}
		out += c.Name
	}
	return out
}
