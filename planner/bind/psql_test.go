package bind

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// systemCatalog is a catalog with PostgreSQL's own system relations.
func systemCatalog(t *testing.T, conn *pgx.Conn) testCatalog {
	rows, err := conn.Query(context.Background(), `
		select n.nspname, c.relname, c.oid, a.attname, a.atttypid, a.atttypmod
		from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
		where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v') and a.attnum > 0 and not attisdropped
		order by c.oid, a.attnum`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cat := testCatalog{"pg_catalog": {}, "information_schema": {}}
	for rows.Next() {
		var schema, rel, col string
		var oid, typ uint32
		var mod int32
		if err := rows.Scan(&schema, &rel, &oid, &col, &typ, &mod); err != nil {
			t.Fatal(err)
		}
		tab := cat[schema][rel]
		if tab == nil {
			tab = &model.Table{OID: sql.OID(oid), Database: schema, Name: rel, Kind: model.KindVirtual}
			cat[schema][rel] = tab
		}
		tab.Columns = append(tab.Columns, model.Column{Name: col, Type: sql.Type{OID: sql.OID(typ), Mod: mod}})
	}
	return cat
}

// metaCommands are psql's commands whose queries must bind.
var metaCommands = []string{`\l`, `\l+`, `\dn`, `\dn+`, `\dt`, `\dt+`, `\dt *.*`, `\d`, `\d+`, `\d psql_t`, `\d+ psql_t`, `\d psql_v`, `\d+ psql_v`,
	`\dv`, `\dv+`, `\df`, `\df+`, `\du`, `\du+`, `\dT`, `\di`, `\ds`, `\dm`, `\dE`, `\dp`, `\z`, `\db`, `\dx`, `\da`, `\do`, `\dC`, `\dO`, `\drds`, `\dd`, `\dy`, `\dP`}

// hiddenQueries runs psql's commands with their queries shown.
func hiddenQueries(t *testing.T) []string {
	psql, err := pg.Bin("psql")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(psql, "-X", "-E", "-d", pg.Start(t))
	cmd.Stdin = strings.NewReader(strings.Join(metaCommands, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	var list []string
	for _, part := range strings.Split(string(out), "********* QUERY **********\n")[1:] {
		q, _, _ := strings.Cut(part, "\n**************************")
		list = append(list, q)
	}
	return list
}

// TestPsql binds the queries behind psql's commands over PostgreSQL's own system
// relations, and compares names and types.
func TestPsql(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "create table psql_t (a int, b text); create view psql_v as select * from psql_t"); err != nil {
		t.Fatal(err)
	}
	cat := systemCatalog(t, conn)
	queries := hiddenQueries(t)
	if len(queries) < 40 {
		t.Errorf("psql showed only %d queries", len(queries))
	}
	for _, q := range queries {
		want, got := describePG(ctx, conn, q, nil), describeOurs(cat, q, nil)
		strip := func(d description) string { // without the tables' OIDs
			return fmt.Sprint(d.code, d.cols)
		}
		if strip(want) != strip(got) {
			t.Errorf("%s\n  PostgreSQL: %v\n  ours:       %v", q, want, got)
		}
	}
}
