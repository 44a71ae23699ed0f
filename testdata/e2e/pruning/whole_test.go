package pruning

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
	"github.com/sluicedb/sluice/testdata/harness/s3"
)

// listed counts the LISTs after mark.
func listed(t *testing.T, l *fixture.Lake, mark int64) int {
	t.Helper()
	n := 0
	for _, r := range s3.Of(l.S3.Records(t, mark), l.Bucket) {
		if strings.HasPrefix(r.Operation, "List") {
			n++
		}
	}
	return n
}

// in2024 counts the partitions of the year in which both tables have only
// partitions with files at first.
func in2024(parts []part) int {
	n := 0
	for _, p := range parts {
		if p.at.Year() == 2024 {
			n++
		}
	}
	return n
}

// limits: a LIMIT lists as far as its rows are, and what is read ahead.
func limits(t *testing.T, l *fixture.Lake, table string, parts []part) {
	c := l.Connect(t)
	mark := l.S3.Mark(t)
	began := time.Now()
	rows, err := c.Query(t.Context(), fmt.Sprintf("SELECT id FROM %s WHERE year = 2024 LIMIT 3", table))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
	}
	took := time.Since(began)
	if rows.Err() != nil || n != 3 {
		t.Fatalf("%d rows, %v", n, rows.Err())
	}
	lists, all := listed(t, l, mark), in2024(parts)
	t.Logf("LIMIT 3 over %d partitions: %d LISTs, %.1f ms", all, lists, took.Seconds()*1000)
	if lists > 500 || lists > all/4 {
		t.Errorf("that is too many")
	}
}

// cancels: a cancelled statement lists no more.
func cancels(t *testing.T, l *fixture.Lake, table string, parts []part) {
	c := l.Connect(t)
	mark := l.S3.Mark(t)
	failed := make(chan error, 1)
	go func() {
		_, err := c.Exec(context.Background(), fmt.Sprintf("SELECT count(*) FROM %s WHERE year = 2024", table))
		failed <- err
	}()
	for listed(t, l, mark) < 50 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := c.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err := <-failed
	took := time.Since(began)
	if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != "57014" {
		t.Fatalf("the statement was not cancelled: %v", err)
	}
	time.Sleep(100 * time.Millisecond) // requests that were on their way
	lists, all := listed(t, l, mark), in2024(parts)
	mark = l.S3.Mark(t)
	time.Sleep(300 * time.Millisecond)
	after := listed(t, l, mark)
	t.Logf("cancelled among %d partitions after %d LISTs, within %.1f ms", all, lists, took.Seconds()*1000)
	if lists >= all || after > 0 {
		t.Errorf("%d LISTs after the statement had ended", after)
	}
}

// same: the table has all the partitions, as the registered one has; what it took
// to find them is in the log after mark.
func same(t *testing.T, l *fixture.Lake, table string, mark int64, parts []part) {
	lists, all := 0, 0
	for _, r := range s3.Of(l.S3.Records(t, mark), l.Bucket) {
		if all++; strings.HasPrefix(r.Operation, "List") {
			lists++
		}
	}
	t.Logf("that took %d LISTs and %d other requests", lists, all-lists)
	c := l.Connect(t)
	began := time.Now()
	rows, err := c.Query(t.Context(), "SHOW PARTITIONS "+table)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
	}
	if rows.Err() != nil || n != len(parts) {
		t.Fatalf("%s has %d partitions, not %d: %v", table, n, len(parts), rows.Err())
	}
	t.Logf("SHOW PARTITIONS in %v", time.Since(began).Round(time.Millisecond))
	p := predicates[0]
	var rowsThere int
	if err := c.QueryRow(t.Context(), fmt.Sprintf(p.sql, table)).Scan(&rowsThere); err != nil || rowsThere != 6 {
		t.Errorf("%s: %d rows, %v", table, rowsThere, err)
	}
}
