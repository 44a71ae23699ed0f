package lake

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/vector"
)

// Column is a column of every table of odd values: its name, its type in each
// system's DDL, and values worth having.
type Column struct {
	Name, hive, pg string
	Type           sql.Type
	odd            []string
	plain          func(r *rand.Rand) string
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

var words = []string{"", "a", "b", "B", "ab", "abc", "Zürich", "日本語", "a b", "100%", "a_b", `back\slash`, "x'y", "NaN", "1", "-2.5", " lead", "tail ", "ﬁ", "😀", "e\u0301", "long text that does not fit into a view of twelve bytes", "long text that does not fit into a view of twelve bytez"}

// Columns are those of every table of odd values.
var Columns = []Column{
	{"id", "int", "int", sql.Int4, nil, nil},
	{"i2", "smallint", "smallint", sql.Int2, []string{"0", "1", "-1", "32767", "-32768", "7"}, func(r *rand.Rand) string { return strconv.Itoa(r.IntN(12) - 3) }},
	{"i4", "int", "int", sql.Int4, []string{"0", "1", "-1", "2147483647", "-2147483648", "42"}, func(r *rand.Rand) string { return strconv.Itoa(r.IntN(40) - 10) }},
	{"i8", "bigint", "bigint", sql.Int8, []string{"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "4294967296"}, func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1000) - 300) }},
	{"n1", "decimal(15,2)", "numeric(15,2)", sql.Decimal(15, 2), []string{"0", "0.01", "-0.01", "9999999999999.99", "-9999999999999.99", "1.50", "100"}, func(r *rand.Rand) string { return fmt.Sprintf("%d.%02d", r.IntN(50)-10, r.IntN(4)*25) }},
	{"n2", "decimal(38,10)", "numeric(38,10)", sql.Decimal(38, 10), []string{"0", "0.0000000001", "-0.0000000001", "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999", "1.5", "12345678901234567890.0123456789", "2"}, func(r *rand.Rand) string { return fmt.Sprintf("%d.%05d", r.IntN(30)-10, r.IntN(3)*50000) }},
	{"n3", "decimal(18,0)", "numeric(18,0)", sql.Decimal(18, 0), []string{"0", "1", "-1", "999999999999999999", "-999999999999999999", "3"}, func(r *rand.Rand) string { return strconv.Itoa(r.IntN(20) - 5) }},
	{"n4", "decimal(5,4)", "numeric(5,4)", sql.Decimal(5, 4), []string{"0", "0.0001", "-0.0001", "9.9999", "-9.9999", "0.5"}, func(r *rand.Rand) string { return fmt.Sprintf("%d.%04d", r.IntN(4), r.IntN(8)*1250) }},
	{"f4", "float", "real", sql.Float4, []string{"0", "-0", "1.5", "NaN", "Infinity", "-Infinity", "3.4028235e38", "1e-45", "0.1"}, func(r *rand.Rand) string { return fmt.Sprint(float64(r.IntN(64)-16) / 8) }},
	{"f8", "double", "double precision", sql.Float8, []string{"0", "-0", "1.5", "NaN", "Infinity", "-Infinity", "1.5e300", "5e-324", "0.1"}, func(r *rand.Rand) string { return fmt.Sprint(float64(r.IntN(640)-160) / 8) }},
	{"b", "boolean", "boolean", sql.Bool, []string{"t", "f"}, func(r *rand.Rand) string { return pick(r, []string{"t", "f"}) }},
	{"s", "string", "text", sql.Text, words, func(r *rand.Rand) string { return pick(r, words[:12]) }},
	{"v", "varchar(10)", "varchar(10)", sql.Type{OID: sql.OIDVarchar, Mod: 14}, []string{"", "a", "ab", "tenletters", "日本語日本語日本語日", "a ", "12"}, func(r *rand.Rand) string { return pick(r, []string{"a", "b", "ab", "B", "x y"}) }},
	{"c", "char(5)", "char(5)", sql.Type{OID: sql.OIDBpchar, Mod: 9}, []string{"", "a", "ab", "fives", "日本", " a"}, func(r *rand.Rand) string { return pick(r, []string{"a", "b", "ab", "B", "x y"}) }},
	{"d", "date", "date", sql.Date, []string{"1970-01-01", "0001-01-01", "9999-12-31", "2000-02-29", "1969-12-31", "2024-02-29", "1582-10-10"}, func(r *rand.Rand) string {
		return time.Date(2024, 1, 20+r.IntN(60), 0, 0, 0, 0, time.UTC).Format("2006-01-02")
	}},
	{"ts", "timestamp", "timestamp", sql.Timestamp, []string{"1970-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "1969-12-31 23:59:59.999999", "2024-03-31 01:30:00"}, func(r *rand.Rand) string {
		return time.Date(2024, 2, 20+r.IntN(20), r.IntN(24), 15*r.IntN(4), 0, 0, time.UTC).Format("2006-01-02 15:04:05")
	}},
	{"x", "binary", "bytea", sql.Bytea, []string{`\x`, `\x00`, `\xff`, `\x00ff00`, `\x6162`, `\xe697a5`, `\x000102030405060708090a0b0c0d0e0f`}, func(r *rand.Rand) string { return fmt.Sprintf(`\x%02x`, r.IntN(5)) }},
}

// Source is how a table is made.
type Source struct {
	Name                string
	Rows, Files         int
	OddShare, NullShare int    // percent
	PartitionedBy       string // the columns in parentheses
}

// Odd are tables of odd values: odd holds the odd values mixed with NULLs and duplicates, tiny every
// column's first seven odd values, big plain values in several files and row
// groups, part the same in a folder per value of its partition columns; calm and
// few are like big, but small.
var Odd = []Source{
	{"none", 0, 0, 0, 0, ""}, {"tiny", 7, 1, 100, 0, ""}, {"odd", 60, 2, 80, 20, ""},
	{"calm", 40, 2, 0, 10, ""}, {"few", 9, 1, 0, 5, ""},
	{"big", 5000, 3, 0, 10, ""}, {"part", 300, 6, 5, 15, "(pi int, ps string)"},
}

// cells makes the rows of a table; nil is NULL.
func (s Source) cells() [][]*string {
	r := rand.New(rand.NewPCG(uint64(s.Rows), 3))
	out := make([][]*string, s.Rows)
	for i := range out {
		row := make([]*string, len(Columns))
		for c, col := range Columns {
			var v string
			switch {
			case col.Name == "id":
				v = strconv.Itoa(i)
			case s.Name == "tiny":
				v = col.odd[i%len(col.odd)]
			case r.IntN(100) < s.NullShare:
				continue
			case r.IntN(100) < s.OddShare:
				v = pick(r, col.odd)
			default:
				v = col.plain(r)
			}
			row[c] = &v
		}
		out[i] = row
	}
	return out
}

// partition is the folder and the two values of the k-th file of a partitioned table.
func partition(k int) (folder, pi, ps string) {
	pi, ps = strconv.Itoa(k/2), []string{"eu", "us"}[k%2]
	return "pi=" + pi + "/ps=" + ps, pi, ps
}

func file(rows [][]*string) ([]byte, error) {
	var b bytes.Buffer
	cols := make([]writer.Column, len(Columns))
	for i, c := range Columns {
		cols[i] = writer.Column{Name: c.Name, Type: c.Type, Bloom: i%3 == 0}
	}
	w, err := writer.New(&b, cols, writer.Options{GroupRows: 700, PageRows: 100})
	if err != nil {
		return nil, err
	}
	batch := &vector.Batch{N: len(rows)}
	for i, c := range Columns {
		vals := make([]sql.Value, len(rows))
		for k, row := range rows {
			if row[i] == nil {
				vals[k] = sql.Value{Type: c.Type, Null: true}
				continue
			}
			if vals[k], err = sql.ParseText(c.Type, *row[i], nil, time.Time{}); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
		}
		batch.Cols = append(batch.Cols, vector.FlatOf(c.Type, vals))
	}
	if err := w.Write(batch); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var copyEscape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)

// LoadOdd makes tables of odd values, their files in a folder, on both sides, or in
// the engine alone if theirs is "".
func LoadOdd(folder, ours, theirs string, list ...Source) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	both, err := dial(ctx, folder, ours, theirs)
	if err != nil {
		return err
	}
	defer both.close(ctx)
	if err := run(ctx, both.ours, "CREATE DATABASE IF NOT EXISTS public"); err != nil {
		return err
	}
	for _, s := range list {
		if err := s.load(ctx, both); err != nil {
			return fmt.Errorf("table %s: %w", s.Name, err)
		}
	}
	return nil
}

func (s Source) load(ctx context.Context, both *sides) error {
	rows := s.cells()
	var hive, pgCols []string
	for _, c := range Columns {
		hive = append(hive, "`"+c.Name+"` "+c.hive)
		pgCols = append(pgCols, c.Name+" "+c.pg)
	}
	by := ""
	if s.PartitionedBy != "" {
		by = " PARTITIONED BY " + s.PartitionedBy
		pgCols = append(pgCols, "pi int", "ps text")
	}
	dir := filepath.Join(both.folder, s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var text bytes.Buffer
	for k := range s.Files {
		mine := rows[k*len(rows)/s.Files : (k+1)*len(rows)/s.Files]
		b, err := file(mine)
		if err != nil {
			return err
		}
		folder, tail := dir, ""
		if s.PartitionedBy != "" {
			sub, pi, ps := partition(k)
			folder, tail = filepath.Join(dir, sub), "\t"+pi+"\t"+ps
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.parquet", k)), b, 0o644); err != nil {
			return err
		}
		for _, row := range mine {
			for i, v := range row {
				if i > 0 {
					text.WriteByte('\t')
				}
				if v == nil {
					text.WriteString(`\N`)
				} else {
					text.WriteString(copyEscape.Replace(*v))
				}
			}
			text.WriteString(tail + "\n")
		}
	}
	ddl := []string{fmt.Sprintf("CREATE EXTERNAL TABLE public.%s (%s)%s STORED AS PARQUET LOCATION 'file://%s/'", s.Name, strings.Join(hive, ", "), by, dir)}
	if by != "" {
		ddl = append(ddl, "MSCK REPAIR TABLE public."+s.Name)
	}
	if err := run(ctx, both.ours, ddl...); err != nil {
		return err
	}
	return both.inPostgres(ctx, s.Name, strings.Join(pgCols, ", "), &text, "")
}
