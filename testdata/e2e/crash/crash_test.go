// Package crash kills the program under load: what it has acknowledged must be
// there afterwards, and nothing else may be left.
package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
	"github.com/sluicedb/sluice/testdata/harness/s3"
	"github.com/sluicedb/sluice/testdata/harness/server"
)

// kills is how often the program is killed: SLUICE_CRASH_KILLS (make soak: 200) or 20.
func kills(t *testing.T) int {
	v := os.Getenv("SLUICE_CRASH_KILLS")
	if v == "" {
		return 20
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const writers = 4

// ledger is what one writer knows of its own tables: acknowledged states, and the
// change that was on its way when the program died, which may or may not be there.
type ledger struct {
	tables  map[string]int // partitions by table
	pending func(map[string]int)
}

// change makes a random change; note is what it does to the ledger.
func (l *ledger) change(r *rand.Rand, writer, serial int) (ddl string, note func(map[string]int)) {
	name := fmt.Sprintf("w%d_%d", writer, serial)
	var some string
	for t := range l.tables {
		some = t
		break
	}
	switch k := r.IntN(10); {
	case k < 4 || some == "":
		return fmt.Sprintf("CREATE EXTERNAL TABLE crash.%s (id bigint, v string) PARTITIONED BY (p int) STORED AS PARQUET LOCATION 's3://b/%s/'", name, name),
			func(m map[string]int) { m[name] = 0 }
	case k < 8:
		n := l.tables[some]
		return fmt.Sprintf("ALTER TABLE crash.%s ADD PARTITION (p=%d) LOCATION 's3://b/%s/p=%d/'", some, n, some, n), func(m map[string]int) { m[some] = n + 1 }
	case k < 9:
		// several changes in one transaction: all or none
		return fmt.Sprintf("BEGIN; CREATE EXTERNAL TABLE crash.%s (id bigint) PARTITIONED BY (p int) STORED AS PARQUET LOCATION 's3://b/%s/'; "+
				"ALTER TABLE crash.%s ADD PARTITION (p=0) LOCATION 's3://b/%s/p=0/'; ALTER TABLE crash.%s ADD PARTITION (p=1) LOCATION 's3://b/%s/p=1/'; COMMIT", name, name, name, name, name, name),
			func(m map[string]int) { m[name] = 2 }
	default:
		return "DROP TABLE crash." + some, func(m map[string]int) { delete(m, some) }
	}
}

func TestKill(t *testing.T) {
	up := s3.Start(t)
	spill := filepath.Join(t.TempDir(), "spill")
	options := fixture.Options(up, map[string]string{"SPILL_DIR": spill, "LIMITS_STATEMENT_MEMORY": "4MB", "LIMITS_MEMORY": "64MB"})
	first := server.Start(t, options) // makes the user
	dir := first.Dir
	lake := &fixture.Lake{Server: first, S3: up, Bucket: up.Bucket(t)}
	lake.Exec(t, "CREATE DATABASE crash")
	lake.Numbers(t, 300_000)
	options.Dir = dir
	ledgers := make([]*ledger, writers)
	for i := range ledgers {
		ledgers[i] = &ledger{tables: map[string]int{}}
	}
	r := rand.New(rand.NewPCG(7, 11))
	srv, acknowledged := first, 0
	for kill := range kills(t) {
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for w, l := range ledgers {
			seed := rand.New(rand.NewPCG(uint64(kill), uint64(w)))
			wg.Go(func() {
				n := write(ctx, srv.URL(), l, seed, w, kill*1_000_000)
				mu.Lock()
				acknowledged += n
				mu.Unlock()
			})
		}
		wg.Go(func() { sortForEver(ctx, srv.URL()) }) // has spill files open
		time.Sleep(time.Duration(100+r.IntN(300)) * time.Millisecond)
		srv.Kill()
		wg.Wait()
		stop()
		srv = server.Start(t, options)
		lake.Server = srv
		check(t, lake, ledgers)
		left, err := os.ReadDir(spill)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			t.Fatalf("kill %d: %d spill files are left", kill, len(left))
		}
		if t.Failed() {
			t.Fatalf("after kill %d", kill)
		}
	}
	t.Logf("%d kills, %d acknowledged changes, all there", kills(t), acknowledged)
	if acknowledged < kills(t) {
		t.Errorf("too few changes to prove anything")
	}
}

// write changes the catalog until the program dies; it returns how many changes
// were acknowledged.
func write(ctx context.Context, url string, l *ledger, r *rand.Rand, writer, serial int) (acknowledged int) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0
	}
	defer c.Close(ctx)
	for {
		serial++
		ddl, note := l.change(r, writer, serial)
		l.pending = note
		if _, err := c.PgConn().Exec(ctx, ddl).ReadAll(); err != nil {
			return acknowledged
		}
		note(l.tables)
		l.pending = nil
		acknowledged++
	}
}

// sortForEver runs statements that spill until the program dies.
func sortForEver(ctx context.Context, url string) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return
	}
	defer c.Close(ctx)
	for err == nil {
		_, err = c.Exec(ctx, "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY note, name, id) AS r FROM numbers) x WHERE r < 0")
	}
}

// check compares the catalog with the ledgers, and settles what was pending.
func check(t *testing.T, lake *fixture.Lake, ledgers []*ledger) {
	t.Helper()
	ctx := t.Context()
	c, err := pgx.Connect(ctx, lake.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	rows, err := c.Query(ctx, "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'crash'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, n := range names {
		res, err := c.PgConn().Exec(ctx, "SHOW PARTITIONS crash."+n).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		found[n] = len(res[0].Rows)
	}
	total := 0
	for w, l := range ledgers {
		if l.pending != nil && !same(l.tables, found, w) {
			l.pending(l.tables)
		}
		l.pending = nil
		if !same(l.tables, found, w) {
			t.Errorf("writer %d: the catalog has not what was acknowledged: %v, found %v", w, l.tables, found)
		}
		total += len(l.tables)
	}
	if total != len(found) {
		t.Errorf("%d tables, not %d", len(found), total)
	}
}

// same reports whether the catalog's tables of a writer are those of its ledger.
func same(want, found map[string]int, writer int) bool {
	prefix := fmt.Sprintf("w%d_", writer)
	n := 0
	for name := range found {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			n++
		}
	}
	if n != len(want) {
		return false
	}
	for name, parts := range want {
		if got, ok := found[name]; !ok || got != parts {
			return false
		}
	}
	return true
}
