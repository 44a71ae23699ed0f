package differential

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/harness/answer"
)

// both runs a statement on both servers and compares rows, SQLSTATE and command tag.
func (p *pair) both(t *testing.T, text string) {
	t.Helper()
	want, err := answer.Ask(p.theirs, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, err := answer.Ask(p.ours, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if d := answer.Difference(got, want, answer.Rules{}); d != "" {
		t.Errorf("%s: %s", text, d)
	} else if got.Tag != want.Tag {
		t.Errorf("%s: tag %q, not %q", text, got.Tag, want.Tag)
	} else if got.State != "" && got.Message != want.Message {
		t.Errorf("%s: %q, not %q", text, got.Message, want.Message)
	}
}

// tempScripts are statements that one session runs in order.
var tempScripts = map[string]string{
	"constraints": `
		CREATE TEMP TABLE t (a int PRIMARY KEY, b text NOT NULL DEFAULT 'none', c numeric(6,2) CHECK (c > 0), d float8 UNIQUE, CONSTRAINT small CHECK (a < 1000 OR b = 'large'))
		CREATE TEMP TABLE t (a int)
		CREATE TEMP TABLE IF NOT EXISTS t (a int)
		INSERT INTO t VALUES (1, 'one', 1.005, 1), (2, DEFAULT, 2, NULL), (3, 'three', NULL, NULL)
		INSERT INTO t VALUES (1, 'again', 1, 7)
		INSERT INTO t VALUES (4, NULL, 1, 8)
		INSERT INTO t VALUES (NULL, 'x', 1, 8)
		INSERT INTO t VALUES (4, 'x', -1, 8)
		INSERT INTO t VALUES (4000, 'x', 1, 8)
		INSERT INTO t VALUES (4000, 'large', 1, 8)
		INSERT INTO t (a, d) VALUES (5, 1.0)
		INSERT INTO t (d, a) VALUES ('nan', 6), ('infinity', '7')
		INSERT INTO t (a) VALUES (8), (9), (8)
		INSERT INTO t (a, c) VALUES (10, 99999.5)
		INSERT INTO t (a, z) VALUES (1, 2)
		INSERT INTO t (a, a) VALUES (1, 2)
		INSERT INTO t (a, b) VALUES (1)
		INSERT INTO t (a) VALUES (1, 2)
		INSERT INTO t (a) VALUES ('x')
		INSERT INTO t (a) VALUES (true)
		INSERT INTO t (a, b) VALUES (20, 20), (21, true), (22, date '2020-01-01')
		SELECT * FROM t
		UPDATE t SET a = 1 WHERE a = 2
		UPDATE t SET b = DEFAULT, c = c * 2 WHERE a <= 2
		UPDATE t SET c = 0 WHERE a = 1
		UPDATE t SET b = NULL
		UPDATE t SET (a, b) = (a + 100, b || '!') WHERE a < 3
		UPDATE t SET nix = 1
		UPDATE t SET a = 1, a = 2
		UPDATE t SET a = count(*)
		UPDATE t SET a = row_number() OVER ()
		SELECT * FROM t
		CREATE TEMP TABLE k (x int, y text, UNIQUE (x, y), CHECK (x > 0), CHECK (x > 0))
		INSERT INTO k VALUES (1, 'a'), (1, NULL), (1, NULL), (2, 'a')
		INSERT INTO k VALUES (3, 'b'), (1, 'a')
		INSERT INTO k VALUES (-3, 'b')
		TABLE k
		CREATE TEMP TABLE bad (a int PRIMARY KEY, b int PRIMARY KEY)
		CREATE TEMP TABLE bad (a int, a text)
		CREATE TEMP TABLE bad (a nix)
		CREATE TEMP TABLE bad (a int, UNIQUE (b))
		CREATE TEMP TABLE bad (a int DEFAULT 'x')
		CREATE TEMP TABLE bad (a int CHECK (b > 1))
		CREATE TEMP TABLE bad (a int CHECK (a + 1))
		CREATE TEMP TABLE bad (a int DEFAULT count(*))`,
	"queries": `
		CREATE TEMP TABLE a AS SELECT i, i % 3 AS m, 'row ' || i AS s, i / 4.0 AS n FROM generate_series(1, 20) i
		CREATE TEMP TABLE b (i, k) AS SELECT i * 2, 'k' FROM a WHERE i < 6
		CREATE TEMP TABLE c AS SELECT * FROM a WITH NO DATA
		CREATE TEMP TABLE d AS SELECT 1 AS x, 2 AS x
		CREATE TEMP TABLE d (x, y) AS SELECT 1
		SELECT 1 AS one, 'txt' AS txt, NULL AS nothing INTO TEMP e
		SELECT * FROM a
		SELECT a.*, b.k FROM a LEFT JOIN b USING (i) ORDER BY i
		SELECT * FROM b
		SELECT count(*) FROM c
		SELECT * FROM e
		INSERT INTO c SELECT * FROM a WHERE m = 1
		INSERT INTO c (s, i) SELECT 'x', max(i) FROM a GROUP BY m
		INSERT INTO c SELECT 1, 2
		INSERT INTO c (i) SELECT 1, 2
		INSERT INTO c WITH w AS (SELECT * FROM a WHERE i > 18) SELECT * FROM w ORDER BY i DESC LIMIT 1
		WITH w AS (SELECT 99 AS i) INSERT INTO c (i) SELECT i FROM w
		INSERT INTO c (i, s) VALUES ((SELECT min(i) FROM a), (SELECT 'q')), (2, 'w')
		INSERT INTO c DEFAULT VALUES
		INSERT INTO c VALUES (1.5, 2.5, 3, 4)
		SELECT * FROM c
		UPDATE c SET s = b.k || c.s FROM b WHERE b.i = c.i
		UPDATE c AS z SET n = (SELECT sum(a.n) FROM a WHERE a.m = z.m), m = z.i
		UPDATE c SET n = n + 1 WHERE i IN (SELECT i FROM b) AND EXISTS (SELECT FROM a WHERE a.i = c.i)
		WITH w AS (SELECT 4 AS i) UPDATE c SET s = 'with' FROM w WHERE w.i = c.i
		SELECT * FROM c
		DELETE FROM c USING b WHERE b.i = c.i
		WITH w AS (SELECT max(i) AS i FROM c) DELETE FROM c WHERE i = (SELECT i FROM w)
		DELETE FROM c z WHERE z.i IS NULL OR NOT EXISTS (SELECT FROM a WHERE a.i = z.i AND a.m <> 2)
		SELECT * FROM c
		INSERT INTO c SELECT i + 100, m, s, n FROM c
		INSERT INTO c SELECT i + 200, m, s, n FROM c
		SELECT count(*), sum(i), count(DISTINCT s) FROM c
		SELECT m, count(*), avg(n) FROM c GROUP BY ROLLUP (m)
		INSERT INTO b VALUES (100, 'ret') RETURNING *, i + 1 AS next
		INSERT INTO b SELECT i, s FROM a WHERE i < 3 RETURNING b.i
		UPDATE b SET k = k || '-' WHERE i = 2 RETURNING k, i
		DELETE FROM b WHERE i > 50 RETURNING *
		DELETE FROM b RETURNING nix
		TRUNCATE b, c
		SELECT * FROM b, c
		TRUNCATE nix
		DROP TABLE a, nix
		DROP TABLE IF EXISTS a, nix
		DROP TABLE b
		SELECT * FROM a
		INSERT INTO pg_temp.c (i) VALUES (5)
		SELECT c.i, pg_temp.c.s FROM pg_temp.c
		CREATE TEMP TABLE public.p (a int)
		CREATE TEMP TABLE pg_temp.q (a int)
		SELECT * FROM q`,
	"transactions": `
		CREATE TEMP TABLE t (i int, s text)
		INSERT INTO t SELECT i, 'first' FROM generate_series(1, 5) i
		BEGIN
		INSERT INTO t VALUES (6, 'second')
		SAVEPOINT a
		UPDATE t SET s = 'third' WHERE i > 3
		SAVEPOINT b
		DELETE FROM t WHERE i < 3
		CREATE TEMP TABLE u AS SELECT * FROM t
		SELECT * FROM u
		ROLLBACK TO b
		SELECT * FROM u
		ROLLBACK TO b
		SELECT * FROM t
		INSERT INTO t VALUES (1 / 0)
		SELECT 1
		ROLLBACK TO a
		SELECT * FROM t
		RELEASE a
		DROP TABLE t
		ROLLBACK
		SELECT * FROM t
		BEGIN
		CREATE TEMP TABLE gone (x int) ON COMMIT DROP
		CREATE TEMP TABLE emptied (x int) ON COMMIT DELETE ROWS
		INSERT INTO gone VALUES (1)
		INSERT INTO emptied VALUES (1)
		SELECT * FROM gone, emptied
		COMMIT
		SELECT * FROM emptied
		SELECT * FROM gone
		BEGIN
		TRUNCATE t
		DECLARE c CURSOR FOR SELECT * FROM t
		INSERT INTO t VALUES (100, 'after the cursor')
		FETCH ALL FROM c
		SELECT * FROM t
		ROLLBACK
		BEGIN
		DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t
		DELETE FROM t WHERE i = 1
		COMMIT
		FETCH ALL FROM c
		SELECT count(*) FROM t
		BEGIN READ ONLY
		INSERT INTO t VALUES (7, 'read only')
		CREATE TEMP TABLE z (a int)
		ROLLBACK
		SELECT count(*) FROM t
		PREPARE p AS INSERT INTO t VALUES ($1, $2) RETURNING i
		EXECUTE p(50, 'prepared')
		EXECUTE p('51', NULL)
		SELECT * FROM t WHERE i >= 50
		DISCARD TEMP
		SELECT * FROM t`,
	"types": `
		CREATE TEMP TABLE t (a smallint, b bigint, c numeric, d numeric(10,3), e real, f boolean, g varchar(3), h char(4), i date, j timestamp, k timestamptz, l interval, m bytea, n uuid, o int[], p jsonb, q time)
		INSERT INTO t VALUES (1, 2, 3.14000, 4, 5.5, true, 'abc', 'xy', '2020-01-31', '2020-01-31 12:00', '2020-01-31 12:00+02', '1 day 02:00', '\x01ff', '00000000-0000-0000-0000-000000000001', '{1,2,NULL}', '{"a": 1}', '10:11:12')
		INSERT INTO t (a) VALUES (40000)
		INSERT INTO t (g) VALUES ('abcd')
		INSERT INTO t (g) VALUES ('abc   ')
		INSERT INTO t (h) VALUES ('x')
		INSERT INTO t (c) VALUES ('NaN'), (12345678901234567890.123456789), ('infinity')
		INSERT INTO t (d) VALUES (1.23456), (12345678.9)
		INSERT INTO t (d) VALUES (1.23456), (1234567.9)
		INSERT INTO t (e, i) VALUES (1e10, 'yesterday is no date')
		INSERT INTO t (a) SELECT x FROM (VALUES (1.4), (1.5), (2.5)) v(x)
		INSERT INTO t (b) SELECT '17'
		INSERT INTO t (i) SELECT j FROM t WHERE j IS NOT NULL
		INSERT INTO t (f) VALUES (1)
		INSERT INTO t (o) VALUES (ARRAY[3,4]), ('{}')
		SELECT * FROM t
		SELECT g, h, length(h), h || '|' FROM t
		UPDATE t SET g = b, c = a, h = 'toolong'
		UPDATE t SET c = a, d = b
		UPDATE t SET i = i + 1, l = l * 2, o = o || 9 WHERE i IS NOT NULL
		SELECT * FROM t`,
}

// TestTempTables runs the scripts.
func TestTempTables(t *testing.T) {
	for name, script := range tempScripts {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			for line := range strings.Lines(strings.TrimSpace(script)) {
				p.both(t, strings.TrimSpace(line))
			}
		})
	}
}

// TestTempTablesAtRandom changes a table by statements at random, with savepoints
// and rollbacks, and compares its rows after each; large and small segments, some
// spilled, come and go.
func TestTempTablesAtRandom(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			p := open(t)
			r := rand.New(rand.NewPCG(seed, 7))
			p.both(t, "CREATE TEMP TABLE t (k int, v text, n numeric)")
			block, saves := false, 0
			for range 120 {
				a, b := r.IntN(4000), r.IntN(300)
				text := ""
				switch r.IntN(12) {
				case 0, 1, 2:
					text = fmt.Sprintf("INSERT INTO t VALUES (%d, 'single %d', %d.5)", a, b, b)
				case 3:
					text = fmt.Sprintf("INSERT INTO t SELECT i, repeat('x', i %% 50), i / 7.0 FROM generate_series(%d, %d) i", a, a+r.IntN(20)*b)
				case 4:
					text = fmt.Sprintf("INSERT INTO t SELECT k + 1, v, n FROM t WHERE k %% 10 = %d", b%10)
				case 5, 6:
					text = fmt.Sprintf("UPDATE t SET v = v || '+', k = k + %d WHERE k BETWEEN %d AND %d", r.IntN(3), a, a+b)
				case 7:
					text = fmt.Sprintf("DELETE FROM t WHERE k BETWEEN %d AND %d", a, a+b)
				case 8:
					text = fmt.Sprintf("DELETE FROM t WHERE k %% 7 = %d", b%7)
				case 9:
					if block = !block; block {
						text = "BEGIN"
					} else {
						text, saves = [...]string{"COMMIT", "ROLLBACK"}[r.IntN(2)], 0
					}
				case 10:
					if !block {
						continue
					}
					saves++
					text = fmt.Sprintf("SAVEPOINT s%d", saves)
				case 11:
					if saves == 0 {
						continue
					}
					saves = 1 + r.IntN(saves)
					text = fmt.Sprintf("ROLLBACK TO s%d", saves)
				}
				p.both(t, text)
				p.both(t, "SELECT count(*), count(DISTINCT k), sum(k), sum(length(v)), sum(n), min(v) FROM t")
			}
			p.both(t, "SELECT k, v, n FROM t")
		})
	}
}

// TestTempTablesAreTheSessions: two sessions have tables of the same name, and
// neither sees the other's.
func TestTempTablesAreTheSessions(t *testing.T) {
	p, q := open(t), open(t)
	p.both(t, "CREATE TEMP TABLE mine (a int)")
	q.both(t, "SELECT * FROM mine")
	q.both(t, "CREATE TEMP TABLE mine (b text)")
	p.both(t, "INSERT INTO mine VALUES (1)")
	q.both(t, "INSERT INTO mine VALUES ('x')")
	p.both(t, "SELECT * FROM mine")
	q.both(t, "SELECT * FROM mine")
	shown := "SELECT c.relname, c.relkind, c.relpersistence, n.nspname LIKE 'pg_temp%', pg_table_is_visible(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'mine' AND pg_table_is_visible(c.oid)"
	p.both(t, shown)
	p.both(t, "SELECT attname, atttypid, attnotnull FROM pg_attribute WHERE attrelid = 'mine'::regclass AND attnum > 0")
	p.both(t, "SELECT 'pg_temp.mine'::regclass, to_regclass('nix')")
	p.both(t, "CREATE TEMP TABLE tiny (other int)")
	p.both(t, "SELECT * FROM tiny")
	p.both(t, "DROP TABLE tiny")
	p.both(t, "SELECT id FROM tiny")
	ctx := context.Background()
	for _, c := range []*pgconn.PgConn{p.ours, p.theirs} { // by the extended protocol
		r := c.ExecParams(ctx, "INSERT INTO mine VALUES ($1) RETURNING a", [][]byte{[]byte("42")}, nil, nil, nil).Read()
		if r.Err != nil || r.CommandTag.String() != "INSERT 0 1" || string(r.Rows[0][0]) != "42" {
			t.Errorf("%v %q %q", r.Err, r.CommandTag, r.Rows)
		}
	}
}
