package clients

import (
	"context"
	"fmt"
	"hash"
	"hash/fnv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// growthBudget is how much the server may grow while a client pages a million rows.
const growthBudget = 32 << 20

// sum is a digest of what was written to it.
type sum struct {
	hash.Hash64
	n int64
}

func newSum() *sum { return &sum{Hash64: fnv.New64a()} }

func (s *sum) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	return s.Hash64.Write(p)
}

func (s *sum) String() string { return fmt.Sprintf("%d bytes, %x", s.n, s.Sum64()) }

// growth runs f and returns how much the server's resident memory grew at most.
func growth(t *testing.T, l *fixture.Lake, f func()) int64 {
	t.Helper()
	// what every statement warms up once is no growth of paging
	l.Exec(t, "SELECT count(*), min(name), max(note), sum(price) FROM numbers")
	before := l.ResidentMemory(t)
	var peak atomic.Int64
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				if now, ok := l.Resident(); ok {
					peak.Store(max(peak.Load(), now))
				}
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return peak.Load() - before
}

func within(t *testing.T, budget int, grown int64) {
	t.Helper()
	t.Logf("the server grew by %.1f MB", float64(grown)/(1<<20))
	if grown > int64(budget) {
		t.Errorf("more than %d MB", budget>>20)
	}
}

const pagedQuery = "SELECT id, name, price, ratio, flag, day, at, note FROM numbers"

// sortedQuery is ready only when all its rows have been read, and then waits for its
// client: in the reverse of the order of the files.
const sortedQuery = pagedQuery + " ORDER BY id DESC"

// pagedQueries are what every client pages, by name.
var pagedQueries = []struct{ name, text string }{{"in any order", pagedQuery}, {"sorted", sortedQuery}}

// pgxPaging pages by DECLARE and FETCH, slowly at first, so that a server that
// gathers rows ahead of the client would show.
func pgxPaging(t *testing.T, l *fixture.Lake) {
	for _, q := range pagedQueries {
		t.Run(q.name, func(t *testing.T) { within(t, growthBudget, growth(t, l, func() { pgxPages(t, l, q.text) })) })
	}
}

func pgxPages(t *testing.T, l *fixture.Lake, q string) {
	ctx := t.Context()
	c := fixture.Connect(t, l.URL())
	if _, err := c.Exec(ctx, "BEGIN; DECLARE pages NO SCROLL CURSOR FOR "+q); err != nil {
		t.Fatal(err)
	}
	var n, sum int64
	for page := 0; ; page++ {
		rows, err := c.Query(ctx, "FETCH 10000 FROM pages", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		got := n
		for rows.Next() {
			var id int64
			if _, err := fmt.Sscan(string(rows.RawValues()[0]), &id); err != nil {
				t.Fatal(err)
			}
			n++
			if q == sortedQuery && id != million-n {
				t.Fatalf("row %d has id %d", n, id)
			}
			sum += id
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if n == got {
			break
		}
		if page < 5 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	if n != million || sum != million*(million-1)/2 {
		t.Errorf("%d rows with the sum %d", n, sum)
	}
}

// psqlPaging pages as psql does for large results.
func psqlPaging(t *testing.T, l *fixture.Lake) {
	for _, q := range pagedQueries {
		t.Run(q.name, func(t *testing.T) {
			within(t, growthBudget, growth(t, l, func() {
				out := run(t, at(l), "", "psql", "-X", "-q", "-A", "-t", "-v", "FETCH_COUNT=5000", "-c", "\\set FETCH_COUNT 5000", "-c", q.text)
				if n := strings.Count(out, "\n"); n != million {
					t.Errorf("%d lines", n)
				}
				if q.text == sortedQuery && !strings.HasPrefix(out, fmt.Sprint(million-1, "|")) {
					t.Errorf("it begins with %.40q", out)
				}
			}))
		})
	}
}

// stuckReader asks for much and reads nothing: the server must wait, not gather.
func stuckReader(t *testing.T, l *fixture.Lake) {
	within(t, growthBudget, growth(t, l, func() {
		c := rawConnect(t, l)
		c.query(t, "SELECT a.* FROM numbers a, numbers b")
		time.Sleep(1500 * time.Millisecond)
		before := l.CPU(t)
		time.Sleep(500 * time.Millisecond)
		if used := l.CPU(t) - before; used > 100*time.Millisecond {
			t.Errorf("the statement used %v in half a second although nobody reads", used)
		}
		l.Answers(t)
		c.conn.Close()
	}))
}

// vanish closes the connection in the middle of results: the statement must stop.
func vanish(t *testing.T, l *fixture.Lake) {
	for _, q := range []string{"SELECT a.* FROM numbers a, numbers b", longQuery} {
		files := l.OpenFiles(t)
		c := rawConnect(t, l)
		c.query(t, q)
		time.Sleep(400 * time.Millisecond)
		c.conn.Close()
		time.Sleep(cancelBudget)
		before := l.CPU(t)
		time.Sleep(500 * time.Millisecond)
		if used := l.CPU(t) - before; used > 100*time.Millisecond {
			t.Errorf("100 ms after its client vanished the statement still runs (%v of processor time in half a second): %s", used, q)
		}
		if now := l.OpenFiles(t); now > files+1 {
			t.Errorf("%d files are open, %d were: %s", now, files, q)
		}
	}
}

// rawConn is a connection whose messages the test writes itself.
type rawConn struct {
	*pgconn.HijackedConn
	conn interface{ Close() error }
}

func rawConnect(t *testing.T, l *fixture.Lake) *rawConn { return rawConnectTo(t, l.URL()) }

func rawConnectTo(t *testing.T, url string) *rawConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	h, err := c.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Conn.Close() })
	h.Conn.SetDeadline(time.Now().Add(2 * time.Minute))
	return &rawConn{h, h.Conn}
}
