package ddl

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/mem"
)

// lab is a catalog with a session.
type lab struct {
	t       *testing.T
	c       *catalog.Catalog
	objects *mem.Store
}

func newLab(t *testing.T) *lab {
	c, err := catalog.Open(filepath.Join(t.TempDir(), "c.db"), catalog.Options{
		SystemSchemas: []*model.Database{{OID: 11, Name: "pg_catalog"}},
		System:        []*model.Table{{OID: 1259, Database: "pg_catalog", Name: "pg_class", Kind: model.KindVirtual}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &lab{t, c, mem.New(3)}
}

func (l *lab) try(text string) (*Result, error) {
	l.t.Helper()
	stmt, matched, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if !matched {
		l.t.Fatalf("not of this grammar: %s", text)
	}
	snap, err := l.c.Snapshot(context.Background())
	if err != nil {
		l.t.Fatal(err)
	}
	return Exec(context.Background(), &Session{Snapshot: snap, Catalog: "demo", SearchPath: []string{"raw", "public"}, User: "ann",
		Update: l.c.Update, Objects: func(string) (object.Store, error) { return l.objects, nil },
		BindView: func(_ context.Context, text string, _ []string) ([]model.Column, error) {
			if strings.Contains(text, "bad") {
				return nil, sql.Errorf(sql.CodeUndefinedColumn, "no column").At(8)
			}
			return []model.Column{{Name: "x", Type: sql.Int4}}, nil
		},
		Partitions: snap.Partitions(&expr.Env{}),
		Analyze: func(context.Context, *model.Table, []string) (*model.TableStats, []PartitionStats, error) {
			return &model.TableStats{Rows: 42}, nil, nil
		}}, stmt)
}

func (l *lab) run(text string) *Result {
	l.t.Helper()
	r, err := l.try(text)
	if err != nil {
		l.t.Fatalf("%s: %v", text, err)
	}
	return r
}

func (l *lab) fails(text string, code sql.Code) *sql.Error {
	l.t.Helper()
	_, err := l.try(text)
	if err == nil {
		l.t.Fatalf("%s: no error", text)
	}
	e := sql.AsError(err)
	if e.Code != code {
		l.t.Errorf("%s: %v, want %s", text, err, code)
	}
	return e
}

func (l *lab) lines(text string) []string {
	l.t.Helper()
	var out []string
	for _, row := range l.run(text).Rows {
		var f []string
		for _, v := range row {
			f = append(f, v.S)
		}
		out = append(out, strings.Join(f, "|"))
	}
	return out
}

func (l *lab) want(text string, lines ...string) {
	l.t.Helper()
	if got := l.lines(text); !slices.Equal(got, lines) {
		l.t.Errorf("%s:\n%q\nwant\n%q", text, got, lines)
	}
}

func TestLakeDDL(t *testing.T) {
	l := newLab(t)
	r := l.run("CREATE DATABASE raw COMMENT 'as it came' LOCATION 's3://b/raw/' WITH DBPROPERTIES ('k'='v')")
	if r.Tag != "CREATE DATABASE" || len(r.Notices) != 1 {
		t.Errorf("%+v", r)
	}
	l.run("create schema if not exists raw;")
	l.fails("create schema raw", sql.CodeDuplicateSchema)
	l.run("CREATE EXTERNAL TABLE IF NOT EXISTS raw.Ev (ID bigint COMMENT 'pk; it''s', `_t` string, tags array< struct<A:int, b : map<string,double>> >) COMMENT 'c'\n" +
		" PARTITIONED BY (dt string, h int) STORED AS PARQUET LOCATION 's3://b/ev/' TBLPROPERTIES ('parquet.compression'='SNAPPY') -- the end")
	l.fails("create external table ev (a int) stored as parquet location 's3://b/x/'", sql.CodeDuplicateTable)
	l.run("create external table if not exists ev (a int) location 's3://b/x/'")
	l.want("show tables", "ev")
	l.want("show tables in public")
	l.want("show databases like 'r.*'", "raw")
	l.want("show schemas", "public", "raw")
	l.want("show columns in ev", "id", "_t", "tags", "dt", "h")
	l.want("describe ev", "id|bigint|pk; it's", "_t|string|", "tags|array<struct<a:int,b:map<string,double>>>|", "dt|string|", "h|int|",
		"||", "# Partition Information||", "# col_name|data_type|comment", "dt|string|", "h|int|")
	l.run("ALTER TABLE ev ADD IF NOT EXISTS PARTITION (dt='a',h=0) LOCATION 's3://b/x/' PARTITION (H=1, dt='a/b')")
	l.fails("alter table ev add partition (dt='a',h='0')", sql.CodeDuplicateObject)
	l.fails("alter table ev add partition (dt='a',h='x')", sql.CodeInvalidTextRepresentation)
	l.fails("alter table ev add partition (dt='a')", sql.CodeInvalidParameterValue)
	l.fails("alter table ev add partition (dt='a', z=1)", sql.CodeUndefinedColumn)
	l.want("show partitions ev", "dt=a/h=0", "dt=a%2Fb/h=1")
	l.run("alter table ev partition (dt='a', h=0) rename to partition (dt='c', h=9)")
	l.run("alter table ev partition (dt='c', h=9) set location 's3://b/moved/'")
	if got := l.lines("describe extended ev partition (dt='c', h=9)"); !slices.Contains(got, "Location:|s3://b/moved/|") {
		t.Errorf("%q", got)
	}
	l.run("alter table ev drop partition (dt='c', h=9), partition (dt='a/b', h=1)")
	l.fails("alter table ev drop partition (dt='c', h=9)", sql.CodeUndefinedObject)
	l.run("alter table ev drop if exists partition (dt='c', h=9)")
	l.run("alter table ev add columns (price decimal(10,2), note varchar(20))")
	l.fails("alter table ev add columns (DT int)", sql.CodeDuplicateColumn)
	l.run("alter table ev change column note remark string comment 'n' first")
	l.want("show columns from ev", "remark", "id", "_t", "tags", "price", "dt", "h")
	l.run("alter table ev change id id bigint after price")
	l.run("alter table ev drop column tags")
	l.want("show columns from ev", "remark", "_t", "price", "id", "dt", "h")
	l.run("alter table ev replace columns (id bigint)")
	l.want("show columns from ev", "id", "dt", "h")
	l.run("alter table ev set tblproperties ('a'='b')")
	l.want("show tblproperties ev('a')", "a|b")
	l.run("comment on column ev.id is 'the key'")
	l.run("comment on table raw.ev is 'back\\slash'")
	l.run("comment on schema raw is null")
	l.want("describe ev id", "id|bigint|the key")
	for _, k := range []string{"s3://b/ev/dt=x/h=1/f", "s3://b/ev/DT=y%2Fz/h=2/f", "s3://b/ev/dt=x/h=bad/f", "s3://b/ev/_tmp/h=1/f", "s3://b/ev/h=1/dt=x/f", "s3://b/ev/dt=x/f"} {
		l.objects.Put(k, []byte("data"))
	}
	if r := l.run("MSCK REPAIR TABLE ev"); !strings.Contains(r.Notices[0], "2 added") {
		t.Errorf("%q", r.Notices)
	}
	l.want("show partitions ev", "dt=x/h=1", "dt=y%2Fz/h=2")
	l.run("analyze ev")
	l.run("create view v as select 1 as x;")
	l.fails("create view v as select 2", sql.CodeDuplicateTable)
	if e := l.fails("create view w as\n select bad", sql.CodeUndefinedColumn); e.Position != 26 {
		t.Errorf("position %d", e.Position)
	}
	l.run("create or replace view v as select 2")
	l.want("show create view v", "CREATE VIEW `raw`.`v` (`x`) AS\nselect 2")
	l.want("show views in raw", "v")
	l.fails("drop table v", sql.CodeWrongObjectType)
	l.fails("drop view ev", sql.CodeWrongObjectType)
	l.run("drop view v")
	l.fails("drop schema raw", sql.CodeDependentObjects)
	l.run("drop table if exists none, ev")
	l.run("drop database if exists nowhere")
	l.run("drop schema raw cascade")
	l.fails("drop table pg_catalog.pg_class", sql.CodeInsufficientPrivilege)
	l.fails("create view pg_catalog.x as select 1", sql.CodeInsufficientPrivilege)
}

func TestRefusals(t *testing.T) {
	l := newLab(t)
	for text, code := range map[string]sql.Code{
		"create table t (a int)":                                                             sql.CodeFeatureNotSupported,
		"create table t as select 1":                                                         sql.CodeFeatureNotSupported,
		"create table t with (format='PARQUET') as select 1":                                 sql.CodeFeatureNotSupported,
		"unload (select 1) to 's3://b/u/'":                                                   sql.CodeFeatureNotSupported,
		"create external table t like u":                                                     sql.CodeFeatureNotSupported,
		"create external table t (a int)":                                                    sql.CodeInvalidTableDefinition,
		"create external table t (a int) location 'http://x'":                                sql.CodeInvalidParameterValue,
		"create external table t (a int, A int) location 's3://b/t/'":                        sql.CodeDuplicateColumn,
		"create external table t (a int) partitioned by (a int) location 's3://b/t/'":        sql.CodeDuplicateColumn,
		"create external table t (a strin) location 's3://b/t/'":                             sql.CodeUndefinedObject,
		"create external table t (a int) partitioned by (k array<int>) location 's3://b/t/'": sql.CodeInvalidTableDefinition,
		"create external table t (a int) stored as foo location 's3://b/t/'":                 sql.CodeSyntaxError,
		"create external table other.demo.t (a int) location 's3://b/t/'":                    sql.CodeFeatureNotSupported,
		"create external table nowhere.t (a int) location 's3://b/t/'":                       sql.CodeInvalidSchemaName,
		"create external table t (a int":                                                     sql.CodeSyntaxError,
		"drop table t":                                                                       sql.CodeUndefinedTable,
		"drop table t where":                                                                 sql.CodeSyntaxError,
		"describe 'x'":                                                                       sql.CodeSyntaxError,
		"show tables like '('":                                                               sql.CodeInvalidRegexp,
		"comment on function f is 'x'":                                                       sql.CodeFeatureNotSupported,
		"create schema pg_x":                                                                 sql.CodeReservedName,
		"alter table t add partition (a=1":                                                   sql.CodeSyntaxError,
		"create view v as ":                                                                  sql.CodeSyntaxError,
	} {
		e := l.fails(text, code)
		if code == sql.CodeSyntaxError && e.Position == 0 {
			t.Errorf("%s: no position", text)
		}
	}
	e := l.fails("create external täble", sql.CodeSyntaxError)
	if e.Position != 17 {
		t.Errorf("positions count characters: %d", e.Position)
	}
}

func TestNotOurs(t *testing.T) {
	for _, text := range []string{"", "select 1", "create temp table x (a int)", "create or replace function f() returns int", "drop role x", "show timezone",
		"show all", "alter database d set timezone = 'UTC'", "alter role x set y to z", "insert into t values (1)", "create role x", "-- only", "'x",
		"explain analyze select 1", "comment"} {
		if stmt, matched, err := Parse(text); matched || stmt != nil || err != nil {
			t.Errorf("%q: %v %v %v", text, stmt, matched, err)
		}
	}
}

func TestHiveStrings(t *testing.T) {
	for raw, want := range map[string]string{`a''b`: "a'b", `\\`: `\`, `\n\t`: "\n\t", `\001`: "\x01", `\u0001`: "\x01", `it\'s`: "it's", `\d`: "d", `\uzzzz`: "uzzzz"} {
		if got := hiveString(raw); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
	for _, s := range []string{"", "'", `\`, "a\nb\tc\rd\x00\x01\x1f", `\'`, "ü"} {
		l := lexer{src: quoteString(s)}
		tok, err := l.next()
		if err != nil || hiveString(tok.text) != s || l.off != len(l.src) {
			t.Errorf("%q is written %s and read %q (%v)", s, l.src, hiveString(tok.text), err)
		}
	}
}

// What SHOW CREATE TABLE prints makes the same table again.
func TestShowCreateRoundTrip(t *testing.T) {
	for i, text := range []string{
		"create external table t (a int, b array<struct<`x y`:int,c:decimal(5,2)>>) partitioned by (dt date comment 'd') stored as parquet location 's3://b/t/'",
		"create external table t (a string comment 'it''s \\\\ \\n') comment 'c' row format delimited fields terminated by '\\001' escaped by '\\\\' lines terminated by '\\n' null defined as '-' stored as textfile location 's3://b/t/'",
		"create external table t (a int, b int) clustered by (a, b) sorted by (a desc, b) into 8 buckets stored as orc location 's3://b/t/' tblproperties ('x'='y''z', 'q'='\\'')",
		"create external table t (a int) row format serde 'org.openx.data.jsonserde.JsonSerDe' with serdeproperties ('ignore.malformed.json'='true') location 'file:///lake/t'",
		"create external table t (a int) row format serde 's' stored as inputformat 'i' outputformat 'o' location 's3://b/t/'",
		"create external table `we``ird` (`a b` int) location 's3://b/t/'",
	} {
		l := newLab(t)
		l.run(text)
		snap, _ := l.c.Snapshot(context.Background())
		first := snap.Tables("public")[0]
		made := CreateText(first)
		if err := l.c.Update(context.Background(), func(tx *store.Tx) error { return tx.DropTable("public", first.Name) }); err != nil {
			t.Fatal(err)
		}
		l.run(made)
		snap, _ = l.c.Snapshot(context.Background())
		again := *snap.Tables("public")[0]
		again.OID, again.Created, again.Updated = first.OID, first.Created, first.Updated
		if !reflect.DeepEqual(first, &again) {
			t.Errorf("%d: %s\nmade\n%+v\nnot\n%+v", i, made, again, *first)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"create external table t (a struct<b:int>) location 's3://b/'", "alter table t add partition (a='x\\'",
		"show create table `a`.b", "comment on column a.b is 'c'", "describe extended t partition (a=-1)", "create view v (a) as select ';' -- x",
		"drop table if exists a, b.c cascade", "msck repair table x", "analyze verbose t (a)", "create or replace view v as select 1", "create database d /* /* */"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		stmt, matched, err := Parse(s)
		if err != nil {
			e := sql.AsError(err)
			if !matched || stmt != nil || e.Code == sql.CodeInternal || e.Position < 0 || e.Position > len(s)+1 {
				t.Fatalf("%q: %v %v %v", s, stmt, matched, fmt.Sprint(err))
			}
		}
		if matched && err == nil && stmt == nil {
			t.Fatalf("%q: no statement", s)
		}
	})
}

// A statement of many partitions is read in a time that grows with its length.
func TestLongStatementTime(t *testing.T) {
	var b strings.Builder
	b.WriteString("ALTER TABLE t ADD")
	for i := range 20_000 {
		fmt.Fprintf(&b, " PARTITION (day='2024-01-01', hour=%d, süden='ä') LOCATION 's3://bucket/events/day=2024-01-01/hour=%d/'", i, i)
	}
	began := time.Now()
	stmt, matched, err := Parse(b.String())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("reading %d bytes took %v", b.Len(), took)
	}
	add, ok := stmt.(*AddPartitions)
	if err != nil || !matched || !ok || len(add.Parts) != 20_000 {
		t.Fatalf("%T, %v", stmt, err)
	}
	_, _, err = Parse(b.String() + " süden")
	if e := sql.AsError(err); e.Position != utf8.RuneCountInString(b.String())+2 {
		t.Errorf("position %d of the error, not %d", e.Position, utf8.RuneCountInString(b.String())+2)
	}
}
