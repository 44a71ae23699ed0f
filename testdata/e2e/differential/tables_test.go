package differential

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/vector"
)

// column is a column of every table: its name, its type in each system's DDL, and
// values worth having.
type column struct {
	name, hive, pg string
	t              sql.Type
	odd            []string
	plain          func(r *rand.Rand) string
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

var words = []string{"", "a", "b", "B", "ab", "abc", "Zürich", "日本語", "a b", "100%", "a_b", `back\slash`, "x'y", "NaN", "1", "-2.5", " lead", "tail ", "ﬁ", "😀", "e\u0301", "long text that does not fit into a view of twelve bytes", "long text that does not fit into a view of twelve bytez"}

var columns = []column{
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

// sources of the tables: odd holds the odd values mixed with NULLs and duplicates, tiny every
// column's first seven odd values, big plain values in several files and row
// groups, part the same in a folder per value of its partition columns.
type source struct {
	name          string
	rows, files   int
	oddShare      int // percent
	nullShare     int
	partitionedBy string
}

var sources = []source{
	{"none", 0, 0, 0, 0, ""}, {"tiny", 7, 1, 100, 0, ""}, {"odd", 60, 2, 80, 20, ""},
	{"big", 5000, 3, 0, 10, ""}, {"part", 300, 6, 5, 15, "(pi int, ps string)"},
}

// cells makes the rows of a table; nil is NULL.
func (s source) cells() [][]*string {
	r := rand.New(rand.NewPCG(uint64(s.rows), 3))
	out := make([][]*string, s.rows)
	for i := range out {
		row := make([]*string, len(columns))
		for c, col := range columns {
			var v string
			switch {
			case col.name == "id":
				v = strconv.Itoa(i)
			case s.name == "tiny":
				v = col.odd[i%len(col.odd)]
			case r.IntN(100) < s.nullShare:
				continue
			case r.IntN(100) < s.oddShare:
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
	cols := make([]writer.Column, len(columns))
	for i, c := range columns {
		cols[i] = writer.Column{Name: c.name, Type: c.t, Bloom: i%3 == 0}
	}
	w, err := writer.New(&b, cols, writer.Options{GroupRows: 700, PageRows: 100})
	if err != nil {
		return nil, err
	}
	batch := &vector.Batch{N: len(rows)}
	for i, c := range columns {
		vals := make([]sql.Value, len(rows))
		for k, row := range rows {
			if row[i] == nil {
				vals[k] = sql.Value{Type: c.t, Null: true}
				continue
			}
			if vals[k], err = sql.ParseText(c.t, *row[i], nil, time.Time{}); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
		batch.Cols = append(batch.Cols, vector.FlatOf(c.t, vals))
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

// load makes the tables on both sides.
func load(ours, theirs string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o, err := pgconn.Connect(ctx, ours)
	if err != nil {
		return err
	}
	defer o.Close(ctx)
	p, err := pgconn.Connect(ctx, theirs)
	if err != nil {
		return err
	}
	defer p.Close(ctx)
	if _, err := o.Exec(ctx, "CREATE DATABASE IF NOT EXISTS public").ReadAll(); err != nil {
		return err
	}
	for _, s := range sources {
		if err := s.load(ctx, o, p); err != nil {
			return fmt.Errorf("table %s: %w", s.name, err)
		}
	}
	return nil
}

func (s source) load(ctx context.Context, ours, theirs *pgconn.PgConn) error {
	rows := s.cells()
	var hive, pgCols []string
	for _, c := range columns {
		hive = append(hive, "`"+c.name+"` "+c.hive)
		pgCols = append(pgCols, c.name+" "+c.pg)
	}
	by := ""
	if s.partitionedBy != "" {
		by = " PARTITIONED BY " + s.partitionedBy
		pgCols = append(pgCols, "pi int", "ps text")
	}
	dir := filepath.Join(lake, s.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var text bytes.Buffer
	for k := range s.files {
		mine := rows[k*len(rows)/s.files : (k+1)*len(rows)/s.files]
		b, err := file(mine)
		if err != nil {
			return err
		}
		folder, tail := dir, ""
		if s.partitionedBy != "" {
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
	ddl := fmt.Sprintf("CREATE EXTERNAL TABLE public.%s (%s)%s STORED AS PARQUET LOCATION 'file://%s/'", s.name, strings.Join(hive, ", "), by, dir)
	if _, err := ours.Exec(ctx, ddl).ReadAll(); err != nil {
		return err
	}
	if by != "" {
		if _, err := ours.Exec(ctx, "MSCK REPAIR TABLE public."+s.name).ReadAll(); err != nil {
			return err
		}
	}
	if _, err := theirs.Exec(ctx, fmt.Sprintf("CREATE TABLE %s (%s)", s.name, strings.Join(pgCols, ", "))).ReadAll(); err != nil {
		return err
	}
	_, err := theirs.CopyFrom(ctx, &text, "COPY "+s.name+" FROM STDIN")
	return err
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "differential")
	if err != nil {
		panic(err)
	}
	lake = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
