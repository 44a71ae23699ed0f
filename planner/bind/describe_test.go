package bind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// describeTables are the relations of the corpus, in both catalogs.
var describeTables = []struct{ schema, name, columns string }{
	{"public", "t1", "a int, b text, c numeric(10;2), d date, e bigint, f float8, g timestamp, h boolean, i varchar(20), j char(5)"},
	{"public", "t2", "a int, b text, x int[], y timestamptz"},
	{"s", "t3", "k int, v text"},
}

// description is what Describe tells of a statement, or its error.
type description struct {
	cols   []string // name, type OID, typmod, table column
	params []uint32
	code   string
	pos    int
	msg    string
}

func (d description) String() string {
	if d.code != "" {
		return fmt.Sprintf("%s at %d: %s", d.code, d.pos, d.msg)
	}
	return fmt.Sprintf("%s params %v", strings.Join(d.cols, ", "), d.params)
}

func describePG(ctx context.Context, c *pgx.Conn, text string, rels map[uint32]string) description {
	sd, err := c.PgConn().Prepare(ctx, "", text, nil)
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return description{code: pe.Code, pos: int(pe.Position), msg: pe.Message}
	}
	if err != nil {
		return description{code: "?", msg: err.Error()}
	}
	d := description{params: append([]uint32{}, sd.ParamOIDs...)}
	for _, f := range sd.Fields {
		typ := f.DataTypeOID
		if typ >= 16384 || typ == 2249 {
			typ = 2249 // a table's row type is a record to us
		}
		d.cols = append(d.cols, fmt.Sprintf("%s %d %d %s.%d", f.Name, typ, f.TypeModifier, rels[f.TableOID], f.TableAttributeNumber))
	}
	return d
}

func describeOurs(c Catalog, text string, rels map[uint32]string) description {
	b, err := bindText(c, text)
	if err != nil {
		e := sql.AsError(err)
		return description{code: string(e.Code), pos: e.Position, msg: e.Message}
	}
	d := description{params: []uint32{}}
	for _, p := range b.ParamTypes {
		d.params = append(d.params, uint32(p))
	}
	for i, col := range b.Output {
		o := b.Origins[i]
		d.cols = append(d.cols, fmt.Sprintf("%s %d %d %s.%d", col.Name, col.T.OID, col.T.Mod, rels[uint32(o.Table)], o.Attnum))
	}
	return d
}

// known are statements whose description differs on purpose.
var known = map[string]string{
	"select a from t1 for update": "refused",
	"select a into z from t1":     "refused",
	"select t1 from t1":           "PostgreSQL gives a whole row the table as its origin",
	"select tableoid from t1":     "system columns have no origin",
}

// TestDescribe compares names, types, modifiers, origins, parameter types and errors
// with PostgreSQL's over a corpus.
func TestDescribe(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	cat := testCatalog{"pg_catalog": {}}
	ddl := "create schema s;"
	for i, d := range describeTables {
		cat.add(t, sql.FirstUserOID+sql.OID(i), d.schema, d.name, d.columns)
		ddl += fmt.Sprintf("create table %s.%s (%s);", d.schema, d.name, strings.ReplaceAll(d.columns, ";", ","))
	}
	if _, err := conn.Exec(ctx, ddl); err != nil {
		t.Fatal(err)
	}
	theirs, ours := map[uint32]string{}, map[uint32]string{}
	for i, d := range describeTables {
		var oid uint32
		if err := conn.QueryRow(ctx, fmt.Sprintf("select '%s.%s'::regclass::oid", d.schema, d.name)).Scan(&oid); err != nil {
			t.Fatal(err)
		}
		theirs[oid], ours[uint32(sql.FirstUserOID)+uint32(i)] = d.name, d.name
	}
	f, err := os.Open("testdata/describe.sql")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		text := sc.Text()
		if text == "" {
			continue
		}
		n++
		want, got := describePG(ctx, conn, text, theirs), describeOurs(cat, text, ours)
		if known[text] != "" {
			if want.String() == got.String() {
				t.Errorf("no longer differs: %s", text)
			}
			continue
		}
		same := want.code == got.code
		if want.code == "" {
			same = want.String() == got.String()
		} else if want.pos > 0 && got.pos != want.pos {
			same = false
		}
		if !same {
			t.Errorf("%s\n  PostgreSQL: %v\n  ours:       %v", text, want, got)
		}
	}
	if n < 250 {
		t.Errorf("only %d statements", n)
	}
}
