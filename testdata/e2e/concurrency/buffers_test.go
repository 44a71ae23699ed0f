package concurrency

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// longText makes a table of strings too long to lie in a view, all of which begin
// with mark.
func longText(t *testing.T, l *fixture.Lake, table, mark string, n int) {
	type row struct {
		S string `parquet:"s,plain"`
	}
	rows := make([]row, n)
	for i := range rows {
		rows[i].S = fmt.Sprintf("%s %d %s", mark, i, strings.Repeat(mark, 10))
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(&parquet.Snappy))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	fixture.Put(t, l.S3, l.Bucket, table+"/part.parquet", b.Bytes())
	l.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.%s (s string) STORED AS PARQUET LOCATION 's3://%s/%s/'", table, l.Bucket, table))
}

// TestRowsOutliveTheirScan reads a cursor slowly whose scan ended long ago at a
// LIMIT while other statements use the memory that scans hand on: the rows still
// to come must not change.
func TestRowsOutliveTheirScan(t *testing.T) {
	l := fixture.Start(t, nil)
	l.Exec(t, "CREATE DATABASE IF NOT EXISTS public")
	longText(t, l, "ones", "one", 20_000)
	longText(t, l, "twos", "two", 20_000)
	ctx := t.Context()
	c, other := l.Connect(t), l.Connect(t)
	tx, err := c.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, "DECLARE k CURSOR FOR SELECT x.s FROM (SELECT s FROM ones LIMIT 1500) x, generate_series(1, 200) g"); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, fetch := range []string{"FETCH 10 FROM k", "FETCH ALL FROM k"} {
		got, err := tx.Query(ctx, fetch)
		if err != nil {
			t.Fatal(err)
		}
		for got.Next() {
			var s string
			if err := got.Scan(&s); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(s, "one ") || !strings.HasSuffix(s, strings.Repeat("one", 10)) {
				t.Fatalf("row %d is %.60q", seen, s)
			}
			seen++
		}
		if err := got.Err(); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := other.Exec(ctx, "SELECT max(s), min(s || 'x') FROM twos"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if seen != 1500*200 {
		t.Fatalf("%d rows, not %d", seen, 1500*200)
	}
}
