// Package pruning holds partition pruning to what it promises, by the access log of
// the S3 server: partitions that a predicate excludes are not even listed.
package pruning

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
	"github.com/sluicedb/sluice/testdata/harness/s3"
)

// part is one partition: year/month/day/hour/source.
type part struct {
	at     time.Time // UTC, of the hour
	source string
}

func (p part) prefix() string {
	return fmt.Sprintf("events/year=%d/month=%d/day=%d/hour=%d/source=%s/", p.at.Year(), int(p.at.Month()), p.at.Day(), p.at.Hour(), p.source)
}

var sources = []string{"app", "web", "pos", "api"}

// partitions makes n of them around the turn of a year, four an hour.
func partitions(n int) []part {
	out := make([]part, 0, n)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(n/8) * time.Hour)
	for h := 0; len(out) < n; h++ {
		for _, s := range sources {
			out = append(out, part{start.Add(time.Duration(h) * time.Hour), s})
		}
	}
	return out[:n]
}

// count is how many partitions the table has: SLUICE_PARTITIONS (the full number is
// 100,000, as make soak sets) or 8,000.
func count(t *testing.T) int {
	v := os.Getenv("SLUICE_PARTITIONS")
	if v == "" {
		return 8_000
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// put writes the same tiny file into every partition, over several connections.
func put(t *testing.T, up *s3.Server, bucket string, parts []part) {
	t.Helper()
	type row struct {
		ID int64 `parquet:"id"`
		V  int32 `parquet:"v"`
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b)
	if _, err := w.Write([]row{{1, 10}, {2, 20}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error, 8)
	client := awss3.New(awss3.Options{BaseEndpoint: aws.String(up.Endpoint), UsePathStyle: true, Region: up.Region, Credentials: up.Credentials(),
		HTTPClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: cap(errs)}}})
	work := make(chan part)
	var wg sync.WaitGroup
	for range cap(errs) {
		wg.Go(func() {
			for p := range work {
				_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: aws.String(p.prefix() + "f.parquet"), Body: bytes.NewReader(b.Bytes())})
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for _, p := range parts {
		select {
		case work <- p:
		case err := <-errs:
			t.Fatal(err)
		}
	}
	close(work)
	wg.Wait()
}

// register adds the partitions to the catalog, many in a statement.
func register(t *testing.T, l *fixture.Lake, table string, parts []part) {
	t.Helper()
	c := l.Connect(t)
	for chunk := range slices.Chunk(parts, 2000) {
		var b strings.Builder
		b.WriteString("ALTER TABLE " + table + " ADD")
		for _, p := range chunk {
			fmt.Fprintf(&b, " PARTITION (year=%d, month=%d, day=%d, hour=%d, source='%s') LOCATION 's3://%s/%s'",
				p.at.Year(), int(p.at.Month()), p.at.Day(), p.at.Hour(), p.source, l.Bucket, p.prefix())
		}
		if _, err := c.PgConn().Exec(t.Context(), b.String()).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
}

// predicate is a condition and the partitions that it keeps.
type predicate struct {
	name string
	sql  string // a whole query with count(*) of table %s
	args []any
	keep func(part) bool
}

var predicates = []predicate{
	{"leading key", "SELECT count(*) FROM %s WHERE year = 2023 AND month = 12 AND day = 31 AND hour = 23 AND source <> 'api'", nil,
		func(p part) bool {
			return p.at.Equal(time.Date(2023, 12, 31, 23, 0, 0, 0, time.UTC)) && p.source != "api"
		}},
	{"inner keys alone", "SELECT count(*) FROM %s WHERE hour = 3 AND source = 'pos' AND day = 5", nil,
		func(p part) bool { return p.at.Hour() == 3 && p.source == "pos" && p.at.Day() == 5 }},
	{"range across a year", "SELECT count(*) FROM %s WHERE (year = 2023 AND month = 12 AND day >= 31 AND hour > 21) OR (year = 2024 AND month = 1 AND day <= 1 AND hour < 2)", nil,
		func(p part) bool {
			return p.at.After(time.Date(2023, 12, 31, 21, 0, 0, 0, time.UTC)) && p.at.Before(time.Date(2024, 1, 1, 2, 0, 0, 0, time.UTC))
		}},
	{"IN", "SELECT count(*) FROM %s WHERE year IN (2023, 2024) AND month IN (1, 12) AND day IN (2, 30) AND hour IN (0, 12) AND source IN ('web', 'app')", nil,
		func(p part) bool {
			return (p.at.Year() == 2023 || p.at.Year() == 2024) && (p.at.Month() == 1 || p.at.Month() == 12) && (p.at.Day() == 2 || p.at.Day() == 30) && p.at.Hour()%12 == 0 && (p.source == "web" || p.source == "app")
		}},
	{"OR", "SELECT count(*) FROM %s WHERE (year = 2024 AND month = 1 AND day = 3 AND hour = 7) OR (source = 'web' AND day = 29 AND month = 12 AND hour = 1)", nil,
		func(p part) bool {
			return p.at.Equal(time.Date(2024, 1, 3, 7, 0, 0, 0, time.UTC)) || p.source == "web" && p.at.Day() == 29 && p.at.Month() == 12 && p.at.Hour() == 1
		}},
	{"arithmetic", "SELECT count(*) FROM %s WHERE year * 10000 + month * 100 + day = 20240102 AND hour %% 12 = 5 AND upper(source) = 'APP'", nil,
		func(p part) bool {
			return p.at.Format("2006-01-02") == "2024-01-02" && p.at.Hour()%12 == 5 && p.source == "app"
		}},
	{"function of keys", "SELECT count(*) FROM %s WHERE make_date(year, month, day) = '2024-01-02' AND hour %% 12 = 5 AND upper(source) = 'APP'", nil,
		func(p part) bool {
			return p.at.Format("2006-01-02") == "2024-01-02" && p.at.Hour()%12 == 5 && p.source == "app"
		}},
	{"parameter", "SELECT count(*) FROM %s WHERE year = $1 AND month = $2 AND day = $3 AND source = $4 AND hour BETWEEN $5 AND $6", []any{2024, 1, 4, "pos", 8, 10},
		func(p part) bool {
			return p.at.Format("2006-01-02") == "2024-01-04" && p.source == "pos" && p.at.Hour() >= 8 && p.at.Hour() <= 10
		}},
	{"join filter", "SELECT count(*) FROM %s e JOIN (VALUES (2024, 1, 5, 6, 'app'), (2023, 12, 28, 7, 'web')) AS w (y, m, d, h, s) ON e.year = w.y AND e.month = w.m AND e.day = w.d AND e.hour = w.h AND e.source = w.s", nil,
		func(p part) bool {
			return p.at.Equal(time.Date(2024, 1, 5, 6, 0, 0, 0, time.UTC)) && p.source == "app" || p.at.Equal(time.Date(2023, 12, 28, 7, 0, 0, 0, time.UTC)) && p.source == "web"
		}},
}

const (
	columns = "id bigint, v int"
	keys    = "year int, month int, day int, hour int, source string"
)

func TestPruning(t *testing.T) {
	l := fixture.Start(t, map[string]string{"CACHE_OFF": "true"})
	parts := partitions(count(t))
	timed := func(what string, f func()) {
		t.Helper()
		start := time.Now()
		f()
		t.Logf("%d partitions: %s in %v", len(parts), what, time.Since(start).Round(time.Millisecond))
	}
	timed("files put", func() { put(t, l.S3, l.Bucket, parts) })
	create(t, l, "registered", "")
	create(t, l, "repaired", "")
	create(t, l, "projected", projection(l))
	timed("registered by ALTER TABLE ADD PARTITION", func() { register(t, l, "public.registered", parts) })
	for _, table := range []string{"registered", "projected"} {
		t.Run(table, func(t *testing.T) {
			for _, p := range predicates {
				t.Run(p.name, func(t *testing.T) { prunes(t, l, table, p, parts) })
			}
			t.Run("limit", func(t *testing.T) { limits(t, l, table, parts) })
			t.Run("cancel", func(t *testing.T) { cancels(t, l, table, parts) })
		})
	}
	mark := l.S3.Mark(t)
	timed("found by MSCK REPAIR TABLE", func() { l.Exec(t, "MSCK REPAIR TABLE public.repaired") })
	same(t, l, "public.repaired", mark, parts)
	mark = l.S3.Mark(t)
	timed("found by sluice crawl", func() {
		if out, err := l.Command("crawl", "s3://"+l.Bucket+"/", "--database", "crawled"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	})
	same(t, l, "crawled.events", mark, parts)
	timed("dropped", func() { l.Exec(t, "DROP TABLE public.repaired") })
}

// create makes a table over the files.
func create(t *testing.T, l *fixture.Lake, name, properties string) {
	t.Helper()
	l.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.%s (%s) PARTITIONED BY (%s) STORED AS PARQUET LOCATION 's3://%s/events/' %s", name, columns, keys, l.Bucket, properties))
}

func projection(l *fixture.Lake) string {
	return fmt.Sprintf(`TBLPROPERTIES (
		'projection.enabled'='true', 'projection.year.type'='integer', 'projection.year.range'='2010,2035', 'projection.month.type'='integer', 'projection.month.range'='1,12',
		'projection.day.type'='integer', 'projection.day.range'='1,31', 'projection.hour.type'='integer', 'projection.hour.range'='0,23',
		'projection.source.type'='enum', 'projection.source.values'='%s',
		'storage.location.template'='s3://%s/events/year=${year}/month=${month}/day=${day}/hour=${hour}/source=${source}/')`, strings.Join(sources, ","), l.Bucket)
}

// prunes runs a predicate and looks at what was asked of the S3 server.
func prunes(t *testing.T, l *fixture.Lake, table string, p predicate, parts []part) {
	kept := map[string]int{} // LISTs by prefix
	for _, x := range parts {
		if p.keep(x) {
			kept[x.prefix()] = 0
		}
	}
	if len(kept) == 0 {
		t.Fatal("the predicate keeps no partition: the table is too small for it")
	}
	c := l.Connect(t)
	mark := l.S3.Mark(t)
	began := time.Now()
	var n int
	if err := c.QueryRow(t.Context(), fmt.Sprintf(p.sql, table), p.args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if n != 2*len(kept) {
		t.Errorf("%d rows, not %d", n, 2*len(kept))
	}
	lists, gets, empty, impossible, wrong := 0, 0, 0, 0, 0
	for _, r := range s3.Of(l.S3.Records(t, mark), l.Bucket) {
		where := r.Key
		if strings.HasPrefix(r.Operation, "List") {
			where = r.Prefix
			lists++
		} else {
			gets++
		}
		prefix := where[:strings.LastIndexByte(where, '/')+1]
		seen, ok := kept[prefix]
		switch {
		case !ok && table == "projected" && strings.HasPrefix(r.Operation, "List") && prefix != "events/":
			// Projection names partitions that no file may be in. Of a day that does not
			// exist make_date raises: it is the reading of a row there that may tell.
			at, real := parse(t, prefix)
			switch {
			case !real && strings.Contains(p.sql, "make_date"):
				impossible++
			case !real && p.keep(at), real && !p.keep(at):
				t.Errorf("%s of %s, which the predicate excludes", r.Operation, where)
			default:
				empty++
			}
		case !ok:
			if wrong++; wrong <= 3 {
				t.Errorf("%s of %q, which is no kept partition", r.Operation, where)
			}
		case strings.HasPrefix(r.Operation, "List"):
			kept[prefix] = seen + 1
		}
	}
	for prefix, n := range kept {
		if n > 1 {
			t.Errorf("%s was listed %d times", prefix, n)
		}
	}
	plan := planning(t, c, table, p)
	t.Logf("%d of %d partitions kept: %d LISTs (of partitions without files %d, of days that do not exist %d), %d other requests, planning %.2f ms, in all %.1f ms",
		len(kept), len(parts), lists, empty, impossible, gets, plan, took.Seconds()*1000)
	if len(kept) <= 3 && plan > planningBudget {
		t.Errorf("planning takes more than %v ms", planningBudget)
	}
}

var prefixForm = regexp.MustCompile(`year=(\d+)/month=(\d+)/day=(\d+)/hour=(\d+)/source=(\w+)/`)

// parse reads a partition's prefix; real is false if there is no such day.
func parse(t *testing.T, prefix string) (p part, real bool) {
	t.Helper()
	m := prefixForm.FindStringSubmatch(prefix)
	if m == nil {
		t.Errorf("%q is no partition", prefix)
		return part{}, true
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	p = part{time.Date(n[0], time.Month(n[1]), n[2], n[3], 0, 0, 0, time.UTC), m[5]}
	return p, p.at.Day() == n[2]
}

var planningTime = regexp.MustCompile(`Planning Time: ([0-9.]+) ms`)

// planningBudget is how long planning may take where three partitions match.
const planningBudget = 50.0 // ms

// planning reads the planning time that EXPLAIN ANALYZE tells; the best of five.
func planning(t *testing.T, c *pgx.Conn, table string, p predicate) float64 {
	t.Helper()
	best := -1.0
	for range 5 {
		rows, err := c.Query(t.Context(), fmt.Sprintf("EXPLAIN ANALYZE "+p.sql, table), p.args...)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(lines, "\n")
		m := planningTime.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("EXPLAIN ANALYZE tells no planning time:\n%s", text)
		}
		ms, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if best < 0 || ms < best {
			best = ms
		}
	}
	return best
}
