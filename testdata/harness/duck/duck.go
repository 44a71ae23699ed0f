// Package duck compares the program's answers with those that DuckDB gave on the
// same data.
package duck

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/testdata/harness/server"
)

// Tolerance is how far, relative to the greater one, two values may lie apart where
// DuckDB computes in double: averages, quotients and deviations, which are numeric
// in PostgreSQL.
const Tolerance = 1e-9

// Answer is the result of a query: DuckDB's types of its columns and its rows as
// text, nil for NULL.
type Answer struct {
	Columns []string
	Rows    [][]*string
}

// Python is the interpreter that has DuckDB and its tpcds extension: of these
// versions the texts and the data are.
func Python(tb testing.TB, build string) string {
	tb.Helper()
	p := filepath.Join(build, "venv-ds", "bin", "python")
	if _, err := os.Stat(p); err != nil {
		tb.Fatalf("run make tools: %v", err)
	}
	return p
}

// Make runs a script that leaves its work in folder, unless last, the file that it
// writes last, is there and newer than the script, and reads that file into v.
func Make(tb testing.TB, build, script, folder, last string, v any, args ...string) {
	tb.Helper()
	path := filepath.Join(folder, last)
	made, err := os.Stat(path)
	source, serr := os.Stat(script)
	if serr != nil {
		tb.Fatal(serr)
	}
	if err != nil || made.ModTime().Before(source.ModTime()) {
		cmd := exec.Command(Python(tb, build), append([]string{script}, append(args, folder)...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
}

// Declare makes the tables that schema.json in folder lists, each with the Parquet in
// its subfolder, in a schema of the server, and returns a connection that looks there.
func Declare(tb testing.TB, srv *server.Server, folder, schema string) *pgx.Conn {
	ctx := context.Background()
	b, err := os.ReadFile(filepath.Join(folder, "schema.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var tables map[string][][2]string
	if err := json.Unmarshal(b, &tables); err != nil {
		tb.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, srv.URL())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close(ctx) })
	ddl := []string{"CREATE DATABASE " + schema, "SET search_path = " + schema}
	for name, columns := range tables {
		var list []string
		for _, c := range columns {
			list = append(list, c[0]+" "+c[1])
		}
		ddl = append(ddl, fmt.Sprintf("CREATE EXTERNAL TABLE %s.%s (%s) STORED AS PARQUET LOCATION 'file://%s/%s/'",
			schema, name, strings.Join(list, ", "), folder, name))
	}
	for _, s := range ddl {
		if _, err := conn.PgConn().Exec(ctx, s).ReadAll(); err != nil {
			tb.Fatalf("%s: %v", s, err)
		}
	}
	return conn
}

// Run runs one query and returns its rows as text.
func Run(ctx context.Context, conn *pgconn.PgConn, query string) ([][]*string, error) {
	results, err := conn.Exec(ctx, query).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("%d results, not one", len(results))
	}
	var rows [][]*string
	for _, r := range results[0].Rows {
		row := make([]*string, len(r))
		for i, v := range r {
			if v != nil {
				s := string(v)
				row[i] = &s
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Differ says how got differs from the answer as a multiset, nil if it does not.
func (a Answer) Differ(got [][]*string) error {
	if len(got) != len(a.Rows) {
		return fmt.Errorf("%d rows, not %d", len(got), len(a.Rows))
	}
	want := slices.Clone(a.Rows)
	got = slices.Clone(got)
	order := a.order()
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	for i := range want {
		if len(got[i]) != len(a.Columns) {
			return fmt.Errorf("%d columns, not %d", len(got[i]), len(a.Columns))
		}
		for c := range a.Columns {
			if !a.equal(c, got[i][c], want[i][c]) {
				return fmt.Errorf("column %d (%s) is %s, not %s, in the row\n%s\nnot\n%s",
					c+1, a.Columns[c], show(got[i][c]), show(want[i][c]), line(got[i]), line(want[i]))
			}
		}
	}
	return nil
}

// Missing returns how many of the rows of got are none of the answer's, or are there
// more often than in it.
func (a Answer) Missing(got [][]*string) int {
	order := a.order()
	have := slices.Clone(a.Rows)
	slices.SortFunc(have, order)
	missing := 0
	for _, row := range got {
		i, _ := slices.BinarySearchFunc(have, row, order)
		at := -1
		for k := max(0, i-1); k < len(have) && k <= i+1 && at < 0; k++ {
			if a.sameRow(have[k], row) {
				at = k
			}
		}
		if at < 0 {
			missing++
			continue
		}
		have = slices.Delete(have, at, at+1)
	}
	return missing
}

func (a Answer) sameRow(x, y []*string) bool {
	for c := range a.Columns {
		if !a.equal(c, x[c], y[c]) {
			return false
		}
	}
	return true
}

// order sorts rows by the columns that are exact, then by the others, so that
// equal multisets meet row by row.
func (a Answer) order() func(x, y []*string) int {
	var columns []int
	for _, inexact := range []bool{false, true} {
		for c := range a.Columns {
			if a.inexact(c) == inexact {
				columns = append(columns, c)
			}
		}
	}
	return func(x, y []*string) int {
		for _, c := range columns {
			if c >= len(x) || c >= len(y) {
				continue
			}
			if o := a.compare(c, x[c], y[c]); o != 0 {
				return o
			}
		}
		return 0
	}
}

func (a Answer) compare(c int, x, y *string) int {
	if x == nil || y == nil {
		return cmp.Compare(bit(x != nil), bit(y != nil))
	}
	if a.inexact(c) {
		return cmp.Compare(number(*x), number(*y))
	}
	return strings.Compare(a.normal(c, *x), a.normal(c, *y))
}

func (a Answer) equal(c int, x, y *string) bool {
	if x == nil || y == nil {
		return x == y
	}
	if !a.inexact(c) {
		return a.normal(c, *x) == a.normal(c, *y)
	}
	f, g := number(*x), number(*y)
	return f == g || math.IsNaN(f) && math.IsNaN(g) || math.Abs(f-g) <= Tolerance*math.Max(math.Abs(f), math.Abs(g))
}

func (a Answer) inexact(c int) bool { return a.Columns[c] == "DOUBLE" || a.Columns[c] == "FLOAT" }

// normal takes zeros from the end of a decimal: engines give sums other scales.
func (a Answer) normal(c int, s string) string {
	if strings.HasPrefix(a.Columns[c], "DECIMAL") && strings.Contains(s, ".") {
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func show(s *string) string {
	if s == nil {
		return "NULL"
	}
	return strconv.Quote(*s)
}

func line(row []*string) string {
	var out []string
	for _, v := range row {
		out = append(out, show(v))
	}
	return strings.Join(out, " | ")
}
