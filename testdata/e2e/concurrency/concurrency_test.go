// Package concurrency runs ten clients at once, each with many kinds of statements
// whose answers are known.
package concurrency

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

const (
	rows    = 400_000
	clients = 10
	rounds  = 12
)

// queries return one text; PostgreSQL gives the answers. %d is a number below 1000.
var queries = []string{
	"SELECT count(*)::text FROM numbers WHERE small = %d",
	"SELECT sum(price)::text FROM numbers WHERE id %% 1000 < %d",
	"SELECT string_agg(id::text, ',' ORDER BY id) FROM numbers WHERE name = 'name %d'",
	"SELECT count(*)::text FROM numbers a JOIN numbers b ON a.id = b.id + %d WHERE a.small < 50",
	"SELECT (max(at) - min(at))::text FROM numbers WHERE small >= %d",
	"SELECT string_agg(t, ' ') FROM (SELECT small || ':' || count(*) AS t FROM numbers WHERE id > %d * 100 GROUP BY small ORDER BY count(*) DESC, small LIMIT 5) x",
	"SELECT string_agg(coalesce(note, '-'), ',') FROM (SELECT note FROM numbers WHERE small = %d ORDER BY id DESC LIMIT 7) x",
	"WITH d AS (SELECT DISTINCT day FROM numbers WHERE small < %d) SELECT count(*) || ' ' || min(day) FROM d",
	"SELECT sum(r)::text FROM (SELECT row_number() OVER (PARTITION BY small ORDER BY id) AS r FROM numbers WHERE small IN (%d, 1, 2)) x",
	"SELECT count(*)::text FROM numbers n WHERE small < 5 AND EXISTS (SELECT 1 FROM numbers m WHERE m.id = n.id + %d AND m.flag)",
}

func TestTenClients(t *testing.T) {
	l := fixture.Start(t, nil)
	l.Numbers(t, rows)
	oracle := fixture.Connect(t, fixture.Oracle(t, rows))
	ctx := t.Context()
	type task struct{ query, want string }
	r := rand.New(rand.NewPCG(3, 5))
	var tasks []task
	for _, q := range queries {
		for range 2 {
			x := task{query: fmt.Sprintf(q, 1+r.IntN(999))}
			if err := oracle.QueryRow(ctx, x.query).Scan(&x.want); err != nil {
				t.Fatalf("%s: %v", x.query, err)
			}
			tasks = append(tasks, x)
		}
	}
	files := l.OpenFiles(t)
	start := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		r := rand.New(rand.NewPCG(uint64(c), 9))
		wg.Go(func() {
			if err := client(ctx, l.URL(), r, func() (string, string) {
				x := tasks[r.IntN(len(tasks))]
				return x.query, x.want
			}); err != nil {
				t.Errorf("client %d: %v", c, err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d clients ran %d statements in %v", clients, clients*rounds, time.Since(start).Round(time.Millisecond))
	l.Answers(t)
	for deadline := time.Now().Add(3 * time.Second); l.OpenFiles(t) > files+3; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d files are open, %d were", l.OpenFiles(t), files)
		}
	}
}

// client runs statements, errors, cancels and transactions among them.
func client(ctx context.Context, url string, r *rand.Rand, next func() (query, want string)) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	modes := []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec}
	for range rounds {
		q, want := next()
		switch r.IntN(6) {
		case 0:
			if _, err := c.Exec(ctx, "BEGIN"); err != nil {
				return err
			}
			if _, err := c.Exec(ctx, "SELECT 1/0"); err == nil {
				return fmt.Errorf("no error of a division by zero")
			}
			if _, err := c.Exec(ctx, "ROLLBACK"); err != nil {
				return err
			}
		case 1:
			short, cancel := context.WithTimeout(ctx, time.Duration(1+r.IntN(20))*time.Millisecond)
			c2, err := pgx.Connect(ctx, url)
			if err != nil {
				cancel()
				return err
			}
			_, _ = c2.Exec(short, "SELECT count(*) FROM numbers a, numbers b WHERE a.id + b.id < 0") // whatever it meets
			cancel()
			c2.Close(ctx)
		}
		var got string
		if err := c.QueryRow(ctx, q, modes[r.IntN(len(modes))]).Scan(&got); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
		if got != want {
			return fmt.Errorf("%s: %s, not %s", q, got, want)
		}
	}
	return nil
}
