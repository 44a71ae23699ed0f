package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// copyQueries are COPY statements of every form.
var copyQueries = []string{
	"COPY (SELECT id, name, price, ratio, flag, day, at, note FROM numbers WHERE id < 50 ORDER BY id) TO STDOUT",
	"COPY (SELECT id, name, price, ratio, flag, day, at, note FROM numbers WHERE id < 50 ORDER BY id) TO STDOUT (FORMAT csv, HEADER)",
	"COPY (SELECT id, name, price, ratio, flag, day, at, note FROM numbers WHERE id < 50 ORDER BY id) TO STDOUT (FORMAT binary)",
	`COPY (SELECT E'a\tb\nc\\d\re' AS t, '' AS empty, NULL::text AS n, '\N' AS fake, '"q", x' AS q, '\.' AS dot) TO STDOUT`,
	`COPY (SELECT E'a\tb\nc\\d\re' AS t, '' AS empty, NULL::text AS n, '\N' AS fake, '"q", x' AS q, '\.' AS dot) TO STDOUT CSV`,
	`COPY (SELECT '\.' AS dot) TO STDOUT CSV`,
	`COPY (SELECT E'a\tb' AS t, '' AS empty, NULL::text AS n, 'x;y' AS s, 'it''s' AS q) TO STDOUT (FORMAT csv, DELIMITER ';', NULL 'nil', QUOTE '''', ESCAPE '\', FORCE_QUOTE (t))`,
	`COPY (SELECT 'a' AS t, 1 AS n, NULL AS x) TO STDOUT (FORMAT csv, FORCE_QUOTE *, HEADER true)`,
	`COPY (SELECT 'a|b' AS t, 1 AS n, NULL AS x) TO STDOUT (DELIMITER '|', NULL '-')`,
	"COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)",
	"COPY (SELECT 1 WHERE false) TO STDOUT",
	"COPY (SELECT 1 AS a WHERE false) TO STDOUT CSV HEADER",
	"COPY (SELECT '12:34:56.5'::time, '1 mon 2 days'::interval, '\\x00ff'::bytea, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '2024-01-01 00:00:00+02'::timestamptz, 1.5::float4, 12345678901234567890.5::numeric, 3::int2) TO STDOUT (FORMAT binary)",
	"COPY (SELECT '12:34:56.5'::time, '1 mon 2 days'::interval, '\\x00ff'::bytea, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '2024-01-01 00:00:00+02'::timestamptz, 1.5::float4, 12345678901234567890.5::numeric, 3::int2) TO STDOUT",
	"COPY (SELECT 1) TO STDOUT (FORMAT csv, DELIMITER 'ab')",
	"COPY (SELECT 1) TO STDOUT (FORMAT binary, DELIMITER ',')",
	"COPY (SELECT 1) TO STDOUT (QUOTE 'x')",
	"COPY absent TO STDOUT",
	"COPY (SELECT absent) TO STDOUT",
}

func copyForms(t *testing.T, l *fixture.Lake) {
	url := oracle(t).url()
	want, got := rawConnectTo(t, url), rawConnect(t, l)
	for _, q := range copyQueries {
		w := want.exchange(t, 1, queryMsg(q))
		if diff := firstDifference(got.exchange(t, 1, queryMsg(q)), w); diff != "" {
			t.Errorf("%s: %s", q, diff)
		}
		if strings.Contains(w, "Error") {
			continue // PostgreSQL finds these errors at Execute, we at Parse
		}
		ms := msgs{parseMsg("", q), describeMsg('S', ""), bindMsg("", ""), describeMsg('P', ""), execMsg("", 0), syncMsg}
		w = want.exchange(t, 1, ms...)
		if diff := firstDifference(got.exchange(t, 1, ms...), w); diff != "" {
			t.Errorf("extended %s: %s", q, diff)
		}
	}
}

// psqlCopy copies to a file as people do.
func psqlCopy(t *testing.T, l *fixture.Lake) {
	files := map[string][]byte{}
	for name, on := range map[string]target{"PostgreSQL": oracle(t), "Sluice": at(l)} {
		file := filepath.Join(t.TempDir(), "out.csv")
		run(t, on, "", "psql", "-X", "-q", "-c", fmt.Sprintf(`\copy (SELECT id, name, price, note FROM numbers WHERE id < 20000 ORDER BY id) TO '%s' CSV HEADER`, file))
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	if string(files["Sluice"]) != string(files["PostgreSQL"]) {
		t.Errorf("%d bytes, not PostgreSQL's %d", len(files["Sluice"]), len(files["PostgreSQL"]))
	}
}
