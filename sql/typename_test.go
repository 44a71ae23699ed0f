package sql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
)

func TestTypeNames(t *testing.T) {
	o := newOracle(t)
	c := &checker{tb: t}
	names := []string{"int", "int4", "INTEGER", "int2", "smallint", "bigint", "float", "float(24)", "float(25)", "real", "double precision", "numeric", "numeric(15,2)", "decimal(5)", "dec(3,-1)",
		"varchar", "varchar(10)", "character varying(10)", "char", "char(7)", "character", "character(3)", "bpchar", "bpchar(4)", "text", "name", `"char"`, "boolean", "bool", "date", "time", "time(3)", "time with time zone",
		"time(2) with time zone", "timetz", "timestamp", "timestamp(0)", "timestamp with time zone", "timestamp(3) without time zone", "timestamptz", "timestamptz(2)", "interval", "interval year to month", "interval(3)",
		"interval day to second(2)", "interval second(1)", "uuid", "json", "jsonb", "bytea", "int4[]", "integer[3]", "integer[][]", "text array", "numeric(5,2)[]", "varchar(3)[]", "pg_catalog.int4", "pg_catalog.\"char\"", "_int4",
		"regclass", "oid", "oidvector", "int2vector", "bit", "bit(3)", "bit varying(5)", "national character varying(4)", "nchar(3)", "inet", "xml", "tsvector", "money", "anyarray", "record", "cstring", "national char(2)"}
	args := make([][]string, len(names))
	for i, n := range names {
		args[i] = []string{n}
	}
	// The server parses a type's name where it parses a cast.
	ctx := context.Background()
	for _, n := range names {
		st, err := sql.ParseTypeName(n)
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		d, err := o.c.Prepare(ctx, "", "select null::"+n)
		want := ""
		if err == nil {
			if err := o.c.QueryRow(ctx, "select format_type($1, $2)", d.Fields[0].DataTypeOID, d.Fields[0].TypeModifier).Scan(&want); err != nil {
				t.Fatal(err)
			}
		} else if err := o.c.QueryRow(ctx, "select format_type($1::text::regtype, null)", n).Scan(&want); err != nil {
			t.Fatal(err)
		}
		c.same(n, sql.FormatType(st.OID, st.Mod), want)
	}
	for _, bad := range []string{"", "nosuch", "int4(3)", "numeric(0)", "numeric(1001)", "varchar(0)", "int[", "double", "timestamp with zone", "int4 int4", "numeric(5", "float(60)", "interval year to second", `"nosuch"`} {
		if _, err := sql.ParseTypeName(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestTypeTable(t *testing.T) {
	o := newOracle(t)
	rows, err := o.c.Query(context.Background(), `select concat_ws(' ', oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim,
		typelem::int, typarray::int, typinput, typoutput, typreceive, typsend, typmodin, typmodout, typalign, typstorage, typcollation::int, typsubscript, format_type(oid, -1), format_type(oid, null))
		from pg_type where typrelid = 0 and typnamespace = 11 and oid < 10000 and typname not like '\_pg\_%' and not exists (
			select from pg_type e where e.oid = pg_type.typelem and e.typrelid <> 0)`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		want[s] = true
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	yn := map[bool]string{true: "t", false: "f"}
	got := map[string]bool{}
	for _, ti := range sql.Types() {
		if strings.HasPrefix(ti.Name, "_pg_") {
			continue
		}
		got[fmt.Sprintf("%d %s %d %s %c %c %s %c %d %d %s %s %s %s %s %s %c %c %d %s %s %s", ti.OID, ti.Name, ti.Len, yn[ti.ByVal], ti.Kind, ti.Category, yn[ti.Preferred], ti.Delim,
			ti.Elem, ti.Array, ti.In, ti.Out, ti.Receive, ti.Send, ti.ModIn, ti.ModOut, ti.Align, ti.Storage, ti.Collation, ti.Subscript, sql.FormatType(ti.OID, -1), sql.TypeName(ti.OID))] = true
	}
	for s := range want {
		if !got[s] {
			t.Errorf("missing: %s", s)
		}
	}
	for s := range got {
		if !want[s] {
			t.Errorf("not in PostgreSQL: %s", s)
		}
	}
}
