package result

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/sluicedb/sluice/engine"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// sample is a batch of four rows, of which the last is not selected.
func sample() ([]engine.Field, *vector.Batch) {
	fields := []engine.Field{{Name: "n", Type: sql.Int4}, {Name: "text, \"quoted\"", Type: sql.Text}, {Name: "d", Type: sql.Decimal(10, 2)},
		{Name: "f", Type: sql.Float8}, {Name: "ok", Type: sql.Bool}}
	dec := func(c int64) sql.Value {
		return sql.Value{Type: sql.Decimal(10, 2), Num: sql.Num{Coef: sql.I128(c), Scale: 2}}
	}
	float := func(f float64) sql.Value { return sql.Value{Type: sql.Float8, I: int64(math.Float64bits(f))} }
	cols := [][]sql.Value{
		{sql.IntValue(sql.Int4, 1), sql.IntValue(sql.Int4, -20), sql.NullOf(sql.Int4), sql.IntValue(sql.Int4, 99)},
		{sql.TextValue("plain"), sql.TextValue("a,\"b\"\nc"), sql.TextValue("Łódź"), sql.TextValue("never")},
		{dec(150), dec(-1), sql.NullOf(sql.Decimal(10, 2)), dec(9)},
		{float(1.5), float(math.NaN()), float(math.Inf(1)), float(0)},
		{sql.BoolValue(true), sql.BoolValue(false), sql.NullOf(sql.Bool), sql.BoolValue(true)},
	}
	b := &vector.Batch{N: 4, Sel: []int32{0, 1, 2}}
	for i, c := range cols {
		b.Cols = append(b.Cols, vector.FlatOf(fields[i].Type, c))
	}
	return fields, b
}

// write puts the sample out in two parts.
func write(t *testing.T, form string) string {
	t.Helper()
	f := sql.DefaultFormat()
	var out bytes.Buffer
	w, err := New(form, &out, &f, func(_, oid sql.OID) string { return "named" })
	if err != nil {
		t.Fatal(err)
	}
	fields, b := sample()
	for _, step := range []func() error{func() error { return w.Begin(fields) }, func() error { return w.Rows(b, 0, 1) }, func() error { return w.Rows(b, 1, 3) },
		func() error { return w.End("SELECT 3") }, w.Close} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestTable(t *testing.T) {
	want := strings.TrimPrefix(`
  n  | text, "quoted" |   d   |    f     | ok 
-----+----------------+-------+----------+----
   1 | plain          |  1.50 |      1.5 | t
 -20 | a,"b"         +| -0.01 |      NaN | f
     | c              |       |          | 
     | Łódź           |       | Infinity | 
(3 rows)

`, "\n")
	if got := write(t, "table"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCSV(t *testing.T) {
	want := "n,\"text, \"\"quoted\"\"\",d,f,ok\n1,plain,1.50,1.5,t\n-20,\"a,\"\"b\"\"\nc\",-0.01,NaN,f\n,Łódź,,Infinity,\n"
	if got := write(t, "csv"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSON(t *testing.T) {
	text := write(t, "json")
	var got []map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(got) != 3 || got[0]["d"] != json.Number("1.50") || got[1]["f"] != "NaN" || got[1]["text, \"quoted\""] != "a,\"b\"\nc" ||
		got[0]["ok"] != true || got[2]["n"] != nil || got[2]["f"] != "Infinity" || got[1]["n"] != json.Number("-20") {
		t.Errorf("got %v", got)
	}
}

func TestParquet(t *testing.T) {
	text := write(t, "parquet")
	type row struct {
		N  *int32   `parquet:"n,optional"`
		F  *float64 `parquet:"f,optional"`
		OK *bool    `parquet:"ok,optional"`
	}
	got, err := parquet.Read[row](strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || *got[0].N != 1 || *got[1].N != -20 || got[2].N != nil || !math.IsNaN(*got[1].F) || !*got[0].OK || got[2].OK != nil {
		t.Errorf("got %+v", got)
	}
}

func TestOneResult(t *testing.T) {
	f := sql.DefaultFormat()
	fields, _ := sample()
	for _, form := range []string{"json", "parquet"} {
		w, err := New(form, &bytes.Buffer{}, &f, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Begin(fields); err != nil {
			t.Fatal(err)
		}
		if err := w.Begin(fields); err == nil {
			t.Errorf("%s took a second result", form)
		}
	}
	if _, err := New("xml", nil, &f, nil); err == nil {
		t.Error("xml was taken")
	}
}
