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
	if strings.HasPrefix(text, "EXPLAIN") { // plans differ
		if got.State != want.State || (len(got.Rows) == 0) != (len(want.Rows) == 0) {
			t.Errorf("%s: %s, not %s", text, got.State, want.State)
		}
		return
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
	"conflicts": `
		CREATE TEMP TABLE t (a int PRIMARY KEY, b text DEFAULT 'x', c int UNIQUE CHECK (c > 0))
		INSERT INTO t VALUES (1,'one',1),(2,'two',2) RETURNING *
		INSERT INTO t VALUES (1,'uno',5),(3,'three',3),(3,'again',4) ON CONFLICT DO NOTHING RETURNING *
		SELECT * FROM t ORDER BY a
		INSERT INTO t VALUES (1,'uno',5),(3,'three',3) ON CONFLICT (a) DO NOTHING
		INSERT INTO t VALUES (7,'uno',1),(8,'three',9) ON CONFLICT (a) DO NOTHING
		INSERT INTO t VALUES (7,'uno',1),(8,'three',9) ON CONFLICT DO NOTHING
		INSERT INTO t VALUES (1,'uno',5),(9,'neun',99) ON CONFLICT (a) DO UPDATE SET b = excluded.b || t.b, c = excluded.c RETURNING *
		INSERT INTO t AS q VALUES (1,'uno',5),(10,'zehn',100) ON CONFLICT (a) DO UPDATE SET b = excluded.b || q.b WHERE q.a > 100 RETURNING q.*, q.a + 1 AS n
		INSERT INTO t VALUES (1,'uno',5),(1,'zehn',100) ON CONFLICT (a) DO UPDATE SET b = excluded.b
		INSERT INTO t VALUES (50,'uno',55),(50,'zehn',56) ON CONFLICT (a) DO UPDATE SET b = excluded.b
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (a) DO UPDATE SET c = 2
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (a) DO UPDATE SET c = -2
		INSERT INTO t VALUES (1,'uno',-5) ON CONFLICT (a) DO UPDATE SET c = 5
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (a) DO UPDATE SET b = a
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (a) DO UPDATE SET (b, c) = (SELECT 'sub' || count(*), excluded.c + 1000 FROM t)
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (b) DO UPDATE SET b = 'x'
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (a, c) DO UPDATE SET b = 'x'
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT (nix) DO UPDATE SET b = 'x'
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT ON CONSTRAINT t_c_key DO UPDATE SET b = 'x'
		INSERT INTO t VALUES (1,'uno',55) ON CONFLICT ON CONSTRAINT t_pkey DO UPDATE SET b = 'by name'
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT ON CONSTRAINT nix DO UPDATE SET b = 'x'
		INSERT INTO t VALUES (1,'uno',5) ON CONFLICT DO UPDATE SET b = 'x'
		INSERT INTO t (a, b) VALUES (1,DEFAULT) ON CONFLICT (a) DO UPDATE SET b = DEFAULT, c = DEFAULT RETURNING b, c
		INSERT INTO t SELECT a, b || '+', c FROM t ON CONFLICT (a) DO UPDATE SET b = excluded.b
		INSERT INTO t SELECT a + 1, b || '+', c + 5000 FROM t ON CONFLICT (a) DO NOTHING
		INSERT INTO t (a, c) VALUES (100, NULL), (101, NULL) ON CONFLICT (c) DO NOTHING
		INSERT INTO t (a, c) VALUES (102, NULL), (103, NULL) ON CONFLICT (c) DO UPDATE SET b = 'no'
		SELECT * FROM t ORDER BY a
		INSERT INTO t VALUES (1,'x',1) ON CONFLICT (a) DO UPDATE SET b = count(*)
		INSERT INTO t VALUES (1,'x',1) ON CONFLICT (a) DO UPDATE SET b = 'y' WHERE excluded.a
		INSERT INTO t VALUES (1,'x',1) ON CONFLICT (a) DO UPDATE SET nix = 'y'
		WITH w AS (SELECT 1 AS k UNION ALL SELECT 77) INSERT INTO t SELECT k, 'w', k + 20000 FROM w ON CONFLICT (a) DO UPDATE SET b = 'w2' RETURNING a, b`,
	"returning": `
		CREATE TEMP TABLE t (a int PRIMARY KEY, b text DEFAULT 'x', c int UNIQUE CHECK (c > 0))
		INSERT INTO t VALUES (1,'one',1),(2,'two',2)
		INSERT INTO t VALUES (1,'one',1),(2,'two',2) RETURNING count(*)
		INSERT INTO t VALUES (201,'one',201),(202,'two',202) RETURNING (SELECT count(*) FROM t)
		INSERT INTO t VALUES (3) RETURNING *, row_number() over ()
		INSERT INTO t VALUES (3) RETURNING generate_series(1,2)
		INSERT INTO t VALUES (303) RETURNING a, b
		INSERT INTO t AS q VALUES (4) RETURNING q.a, t.b
		INSERT INTO t AS q VALUES (304) RETURNING q.a, b AS "B x"
		UPDATE t SET b = v.y FROM (VALUES (1,'uno'),(2,'dos')) v(x,y) WHERE t.a = v.x RETURNING t.*, v.y
		UPDATE t SET b = v.y FROM (VALUES (1,'uno'),(2,'dos')) v(x,y) WHERE t.a = v.x RETURNING *
		UPDATE t SET b = 'x' FROM (VALUES (1,'uno'),(2,'dos')) v(x,y) JOIN (VALUES (1, 5)) w(x, z) USING (x) WHERE t.a = x RETURNING *, t.b || v.y, w
		UPDATE t SET a = a + 1000 WHERE a < 3 RETURNING a, (SELECT min(a) FROM t), (SELECT count(*) FROM t x WHERE x.a < t.a)
		DELETE FROM t USING (VALUES (1001,'uno')) v(x,y) WHERE t.a = v.x RETURNING *
		DELETE FROM t WHERE a = 304 RETURNING (SELECT count(*) FROM t), a
		DELETE FROM t WHERE a = 303 RETURNING t.a AS x, a IN (SELECT a FROM t), EXISTS (SELECT FROM t q WHERE q.a = t.a)
		INSERT INTO t VALUES (500, 'q', 500) RETURNING 1/(a-500)
		INSERT INTO t VALUES (501, 'q', 501) RETURNING NULL, 'lit', 1.5, a::text
		INSERT INTO t VALUES (502, 'q', 502) RETURNING nix
		INSERT INTO t VALUES (502, 'q', 502) RETURNING *, *
		SELECT * FROM t WHERE a = 500
		UPDATE t SET (a, b) = (SELECT 10000 + t.a, 'sub') WHERE a = 501 RETURNING *
		UPDATE t SET (a, b) = (SELECT 1, 'sub', 3) WHERE a = 501
		UPDATE t SET (a, b) = (SELECT 1) WHERE a = 501
		UPDATE t SET (a, b) = (SELECT x, 'y' FROM generate_series(1,2) x)
		UPDATE t SET (b, c) = (SELECT 'empty', 1 WHERE false) WHERE a = 10501 RETURNING *
		UPDATE t SET (b, c) = (SELECT 'a', 'b') WHERE a = 10501
		UPDATE t SET (b, c) = (SELECT 'a', 9999), a = 10502 WHERE a = 10501 RETURNING *
		UPDATE t SET (b, c) = (SELECT z.b, z.c + 7 FROM t z WHERE z.a = t.a) WHERE c IS NOT NULL RETURNING a, b, c
		UPDATE t SET (b) = (SELECT 'one') WHERE a = 10502 RETURNING b
		UPDATE t SET (b) = ROW('two') WHERE a = 10502 RETURNING b
		UPDATE t SET (b, a) = 5
		UPDATE t SET (b, b) = (SELECT 'x', 'y')
		WITH t AS (SELECT 1 AS a) UPDATE t SET b = 'cte' WHERE a = 2 RETURNING *
		WITH w AS (SELECT 2 AS a) UPDATE t SET b = 'cte' FROM w WHERE w.a = t.a - 1 RETURNING *, (SELECT a FROM w)
		WITH w AS (SELECT 2 AS a) DELETE FROM t USING w WHERE w.a = t.a - 1 RETURNING *, (SELECT a FROM w)
		CREATE TEMP TABLE n (k numeric PRIMARY KEY, f float8 UNIQUE, s char(3) UNIQUE)
		INSERT INTO n VALUES (1.0, 0, 'a'), (1.00, 5, 'b'), (2, '-0', 'c'), (3, 7, 'a  '), (4, 'nan', 'd'), (5, 'nan', 'e') ON CONFLICT DO NOTHING RETURNING *
		INSERT INTO n VALUES (1.000, 50, 'z') ON CONFLICT (k) DO UPDATE SET f = excluded.f RETURNING *
		CREATE TEMP TABLE nk (a int)
		INSERT INTO nk VALUES (1), (1) ON CONFLICT DO NOTHING
		INSERT INTO nk VALUES (1) ON CONFLICT (a) DO NOTHING
		INSERT INTO nk SELECT i FROM generate_series(1, 5000) i
		INSERT INTO nk SELECT i FROM generate_series(1, 5000) i RETURNING a
		UPDATE nk SET a = -a WHERE a > 10 RETURNING a
		DELETE FROM nk WHERE a < 0 RETURNING a
		SELECT count(*) FROM nk
		PREPARE i AS INSERT INTO nk VALUES ($1) RETURNING a + $2::int
		EXECUTE i(3, 4)
		PREPARE o(int, text) AS INSERT INTO t VALUES ($1, $2, $1) ON CONFLICT (a) DO UPDATE SET b = $2 || excluded.b RETURNING b
		EXECUTE o(3, 'p')
		EXECUTE o(4321, 'p')`,
	"views": `
		CREATE TEMP TABLE t (a int, b text)
		INSERT INTO t VALUES (1, 'x'), (2, 'y')
		CREATE TEMP VIEW v AS SELECT a, b || '!' AS c FROM t
		SELECT * FROM v ORDER BY a
		CREATE TEMP VIEW v AS SELECT 1
		CREATE TEMP VIEW w (k, l) AS SELECT a, c FROM v WHERE a > 1
		SELECT * FROM w
		SELECT v.a, w.l FROM v LEFT JOIN w ON w.k = v.a ORDER BY 1
		INSERT INTO t VALUES (3, 'z')
		SELECT count(*) FROM w
		CREATE OR REPLACE TEMP VIEW v AS SELECT a, b || '?' AS c, 5 AS more FROM t
		CREATE OR REPLACE TEMP VIEW v AS SELECT a, b || '?' AS d, 5 AS more FROM t
		CREATE OR REPLACE TEMP VIEW v AS SELECT a FROM t
		CREATE OR REPLACE TEMP VIEW v AS SELECT a, a AS c, 5 AS more FROM t
		CREATE OR REPLACE TEMP VIEW t AS SELECT 1
		SELECT * FROM w
		DROP TABLE v
		DROP VIEW t
		DROP TABLE t
		DROP VIEW v
		DROP VIEW v CASCADE
		SELECT * FROM w
		CREATE TEMP VIEW v AS SELECT * FROM t
		DROP TABLE t CASCADE
		SELECT * FROM v
		CREATE TEMP VIEW tiny AS SELECT 1 AS only
		SELECT * FROM tiny
		DROP VIEW tiny
		SELECT count(id) FROM tiny
		BEGIN
		CREATE TEMP TABLE d (a int) ON COMMIT DROP
		CREATE TEMP VIEW dv AS SELECT * FROM d
		SELECT * FROM dv
		COMMIT
		SELECT * FROM dv
		CREATE TEMP VIEW bad AS SELECT nix
		CREATE TEMP VIEW bad AS SELECT $1
		CREATE TEMP VIEW bad AS SELECT 1 AS a, 2 AS a
		CREATE TEMP VIEW bad (a, b) AS SELECT 1
		CREATE TEMP VIEW public.bad AS SELECT 1
		CREATE TEMP VIEW u AS SELECT 'lit' AS l, NULL AS n, 1.50 AS d, ARRAY[1] AS r
		SELECT * FROM u
		SELECT relname, relkind, relpersistence FROM pg_class WHERE relname = 'u'
		SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'u'
		SELECT viewname FROM pg_views WHERE viewname = 'u'
		BEGIN
		CREATE TEMP TABLE tt AS SELECT generate_series(1, 10) a
		DECLARE c CURSOR FOR SELECT * FROM tt
		FETCH 1 FROM c
		SAVEPOINT s
		DROP TABLE tt
		ROLLBACK TO s
		TRUNCATE tt
		ROLLBACK TO s
		CLOSE c
		DROP TABLE tt
		ROLLBACK
		BEGIN
		CREATE TEMP TABLE tt AS SELECT generate_series(1, 10) a
		DECLARE c CURSOR WITH HOLD FOR SELECT * FROM tt
		COMMIT
		DROP TABLE tt
		FETCH 3 FROM c
		CLOSE c`,
	"plans": `
		CREATE TABLE pg_temp.z (a int)
		CREATE TABLE IF NOT EXISTS pg_temp.z (a int)
		SELECT * FROM z
		DROP TABLE pg_temp.z
		DROP TABLE IF EXISTS pg_temp.z
		CREATE TEMP TABLE e (a int PRIMARY KEY)
		EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) INSERT INTO e SELECT generate_series(1, 10)
		SELECT count(*) FROM e
		EXPLAIN UPDATE e SET a = 0
		EXPLAIN ANALYZE UPDATE e SET a = 0
		EXPLAIN (ANALYZE, FORMAT json) DELETE FROM e WHERE a > 5
		EXPLAIN (FORMAT json) DELETE FROM e WHERE a > 5
		EXPLAIN CREATE TEMP TABLE f AS SELECT * FROM e
		PREPARE di AS DELETE FROM e WHERE a = $1
		EXPLAIN ANALYZE EXECUTE di(1)
		SELECT count(*) FROM e
		PREPARE u AS UPDATE e SET a = $2 WHERE a = $1
		EXECUTE u(2, 200)
		DROP TABLE e
		CREATE TEMP TABLE e (a int)
		EXECUTE u(2, 200)
		DROP TABLE e
		CREATE TEMP TABLE e (a text)
		EXECUTE u(2, 200)
		DROP TABLE e
		PREPARE noted AS SELECT $1 AS p, 1 + $2 AS n
		EXECUTE noted('x', 2)
		CREATE TEMP TABLE e (a int)
		EXECUTE noted('x', 2)`,
	"definitions": `
		CREATE TEMP TABLE z (a int DEFAULT nix)
		CREATE TEMP TABLE z (a int, b int DEFAULT a)
		CREATE TEMP TABLE z (a int DEFAULT (SELECT 1))
		CREATE TEMP TABLE z (a int CHECK (a > (SELECT 1)))
		CREATE TEMP TABLE z (a int DEFAULT true)
		CREATE TEMP TABLE z (a int NULL NOT NULL)
		CREATE TEMP TABLE z (a int DEFAULT 1 DEFAULT 2)
		CREATE TEMP TABLE z (a int, UNIQUE (a, a))
		CREATE TEMP TABLE z (a int, PRIMARY KEY (a, a))
		CREATE TEMP TABLE z (a int PRIMARY KEY NULL, b int DEFAULT 1 / 0)
		INSERT INTO z VALUES (1)
		INSERT INTO z (a) SELECT 1
		SELECT count(*) FROM z`,
	"numerics": `
		CREATE TEMP TABLE s (a int, n numeric)
		INSERT INTO s VALUES (1, 1), (2, 2), (3, 3.5), (4, 4)
		CREATE TEMP TABLE d (a int, n numeric(5,2) CHECK (n > 0))
		INSERT INTO d SELECT a, n FROM s
		SELECT a, n FROM d ORDER BY a
		SELECT a, n::numeric(5,2) FROM s ORDER BY a
		CREATE TEMP TABLE d2 (a int, n numeric(5,2))
		INSERT INTO d2 SELECT a, n FROM s
		SELECT a, n FROM d2 ORDER BY a
		UPDATE d2 SET n = s.n FROM s WHERE s.a = d2.a
		SELECT a, n FROM d2 ORDER BY a
		INSERT INTO d VALUES (5, 'NaN'), (6, 999.994)
		INSERT INTO d SELECT 7, 'NaN'::numeric
		INSERT INTO d VALUES (8, 'infinity')
		INSERT INTO d SELECT 8, a + 0.125 FROM s
		INSERT INTO d SELECT 9, 1.005 UNION ALL SELECT 9, i4 FROM tiny WHERE i4 BETWEEN 1 AND 100
		INSERT INTO d (a, n) SELECT 10, n1 FROM tiny WHERE n1 BETWEEN 0.1 AND 900
		INSERT INTO d SELECT 11, 1000
		SELECT * FROM d
		CREATE TEMP TABLE f AS SELECT n, n1, n2, i4 + 0.5 AS x FROM d, tiny
		SELECT * FROM f
		INSERT INTO f (n1, n2, x) SELECT n, n, n FROM d
		UPDATE f SET n = x + 1, n1 = n2 WHERE x < 900 AND n2 < 1e12
		SELECT * FROM f`,
	"names": `
		CREATE TEMP TABLE "Quoted Name" ("A b" int CHECK ("A b" > 0), "select" text UNIQUE)
		CREATE TEMP TABLE "quoted name" (b int)
		INSERT INTO "Quoted Name" VALUES (1, 'x'), (2, 'x')
		INSERT INTO "Quoted Name" VALUES (-1, 'x')
		INSERT INTO "Quoted Name" VALUES (1, 'x')
		UPDATE "Quoted Name" SET "select" = "A b" || '!' RETURNING "Quoted Name"."A b"
		SELECT q."A b", * FROM pg_temp."Quoted Name" q
		SELECT '"Quoted Name"'::regclass, to_regclass('"quoted name"')
		DROP TABLE "Quoted Name"
		SELECT * FROM "quoted name"
		SELECT * FROM "Quoted Name"`,
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
