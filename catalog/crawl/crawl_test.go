package crawl

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/mem"
)

// schemaFile is a file whose content is its schema: "a bigint;b string".
func schemaFile(ctx context.Context, st object.Store, url string) ([]model.Column, error) {
	info, err := st.Head(ctx, url)
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size)
	if err := st.ReadRange(ctx, url, "", 0, b); err != nil {
		return nil, err
	}
	var out []model.Column
	for _, c := range strings.Split(string(b), ";") {
		name, hive, ok := strings.Cut(c, " ")
		if !ok {
			return nil, sql.Errorf(sql.CodeDataCorrupted, "not a Parquet file")
		}
		t, err := store.HiveType(hive)
		if err != nil {
			return nil, err
		}
		out = append(out, model.Column{Name: name, Hive: hive, Type: t})
	}
	return out, nil
}

func describe(r *Report) string {
	var b strings.Builder
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "%s %s created=%v updated=%v files=%d parts=%d added=%d", t.Name, t.Location, t.Created, t.Updated, t.Files, t.Partitions, t.Added)
		for _, c := range append(append([]model.Column{}, t.Columns...), t.Keys...) {
			fmt.Fprintf(&b, " %s:%s", c.Name, c.Hive)
		}
		for _, c := range t.Conflicts {
			fmt.Fprintf(&b, " (%s)", c)
		}
		b.WriteByte('\n')
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "skipped %s: %s\n", s.Location, s.Reason)
	}
	return b.String()
}

func TestCrawl(t *testing.T) {
	st := mem.New(4)
	put := func(key, schema string) { st.Put("s3://b/lake/"+key, []byte(schema)) }
	put("events/year=2024/month=01/a.parquet", "Id int;price decimal(5,2)")
	put("events/year=2024/month=02/a.parquet", "id bigint;price decimal(7,1);note string")
	put("events/year=2024/month=02/b.parquet", "id bigint;year int")
	put("events/_temporary/x", "junk")
	put("sales/Orders/part-0.parquet", "a int;b struct<x:int>")
	put("sales/Orders/part-1.parquet", "a string;b struct<x:bigint,y:string>")
	put("logs/2024-01-01/10/x.parquet", "m string")
	put("logs/2024-01-02/11/x.parquet", "m string")
	put("notes/readme.txt", "hello")
	put("sales/Orders/more/part-2.parquet", "a int") // read with the folder above it
	put("logs/stray.parquet", "m string")            // beside partitions
	c, err := catalog.Open(filepath.Join(t.TempDir(), "c.db"), catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	steps := map[string]bool{}
	o := Options{Prefix: "s3://b/lake", Database: "raw", Schema: schemaFile, Progress: func(p Progress) { steps[p.Step] = true }}
	run := func(want string) {
		t.Helper()
		r, err := Crawl(t.Context(), st, c, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(r); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	run(`events s3://b/lake/events/ created=true updated=false files=3 parts=2 added=2 id:bigint price:decimal(8,2) note:string year:int month:int
logs s3://b/lake/logs/ created=true updated=false files=2 parts=2 added=2 m:string partition_0:date partition_1:int
orders s3://b/lake/sales/Orders/ created=true updated=false files=3 parts=0 added=0 a:int b:struct<x:bigint,y:string> (column a is int in some files and string in others)
skipped s3://b/lake/logs/: 1 files lie at another depth than the 2 that make the table
skipped s3://b/lake/notes/: not a Parquet file
`)
	if len(steps) != 3 {
		t.Errorf("progress %v", steps)
	}
	put("events/year=2025/month=01/a.parquet", "id bigint;extra date")
	o.Prefix = "s3://b/lake/events/"
	o.TablePrefix = ""
	run(`events s3://b/lake/events/ created=false updated=true files=4 parts=3 added=1 id:bigint price:decimal(8,2) note:string extra:date year:int month:int
`)
	run(`events s3://b/lake/events/ created=false updated=false files=4 parts=3 added=0 id:bigint price:decimal(8,2) note:string extra:date year:int month:int
`)
	o.Prefix = "s3://b/none/"
	if _, err := Crawl(t.Context(), st, c, o); sql.AsError(err).Code != sql.CodeUndefinedFile {
		t.Errorf("no files: %v", err)
	}
	snap, err := c.Snapshot(t.Context())
	if err != nil || snap.Table("raw", "events").Keys[1].Type != sql.Int4 {
		t.Error(err)
	}
}

func TestWiden(t *testing.T) {
	for _, tc := range [][3]string{{"int", "bigint", "bigint"}, {"float", "double", "double"}, {"int", "double", ""}, {"decimal(4,2)", "int", "decimal(12,2)"},
		{"decimal(38,0)", "decimal(10,9)", ""}, {"array<int>", "array<bigint>", "array<bigint>"}, {"map<string,int>", "map<string,string>", ""},
		{"varchar(3)", "string", "string"}, {"date", "timestamp", ""}, {"struct<a:int>", "struct<b:int>", "struct<a:int,b:int>"}, {"varchar(3)", "varchar(9)", "varchar(9)"}} {
		for _, p := range [][2]string{{tc[0], tc[1]}, {tc[1], tc[0]}} {
			got, ok := Widen(p[0], p[1])
			if strings.HasPrefix(got, "struct") && len(got) == len(tc[2]) {
				continue // the order of fields follows the first
			}
			if got != tc[2] || ok != (tc[2] != "") {
				t.Errorf("%s and %s: %q %v", p[0], p[1], got, ok)
			}
		}
	}
}
