package sqllogictest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/vector"
)

// table is a table of a script with its rows.
type table struct {
	name  string
	cols  []column
	rows  [][]sql.Value
	order int // how many tables were created before
}

type column struct {
	name, hive string
	typ        sql.Type
}

// types of the scripts' columns.
var types = map[string]column{
	"INTEGER": {hive: "int", typ: sql.Int4},
	"FLOAT":   {hive: "double", typ: sql.Float8},
	"TEXT":    {hive: "string", typ: sql.Text},
}

var (
	createTable  = regexp.MustCompile(`(?is)^CREATE TABLE (\w+)\s*\((.*)\)$`)
	createIndex  = regexp.MustCompile(`(?is)^CREATE (UNIQUE )?INDEX `)
	insertValues = regexp.MustCompile(`(?is)^INSERT INTO (\w+)\s*(?:\(([\w\s,]+)\))?\s*VALUES\s*\((.*)\)$`)
	insertAll    = regexp.MustCompile(`(?is)^INSERT INTO (\w+) SELECT \* FROM (\w+)$`)
	literal      = regexp.MustCompile(`(?is)^\s*('(?:[^']|'')*'|[^',]+?)\s*(?:,|$)`)
)

// apply applies a statement to the tables.
func apply(tables map[string]*table, stmt string) error {
	if createIndex.MatchString(stmt) {
		return nil
	}
	if m := createTable.FindStringSubmatch(stmt); m != nil {
		t := &table{name: m[1], order: len(tables)}
		for _, def := range strings.Split(m[2], ",") {
			words := strings.Fields(def)
			c, ok := types[strings.ToUpper(regexp.MustCompile(`\(.*`).ReplaceAllString(words[1], ""))]
			if strings.HasPrefix(strings.ToUpper(words[1]), "VARCHAR(") {
				c, ok = types["TEXT"], true
			}
			if !ok {
				return fmt.Errorf("the type of column %q is not known", def)
			}
			c.name = words[0]
			t.cols = append(t.cols, c)
		}
		tables[t.name] = t
		return nil
	}
	if m := insertValues.FindStringSubmatch(stmt); m != nil && tables[m[1]] != nil {
		return tables[m[1]].insert(m[2], m[3])
	}
	if m := insertAll.FindStringSubmatch(stmt); m != nil && tables[m[1]] != nil && tables[m[2]] != nil {
		tables[m[1]].rows = append(tables[m[1]].rows, tables[m[2]].rows...)
		return nil
	}
	return fmt.Errorf("statement is not understood: %s", stmt)
}

// insert adds the row of an INSERT with the listed columns, "" for all.
func (t *table) insert(columns, values string) error {
	at := map[string]int{}
	for i, c := range t.cols {
		at[c.name] = i
	}
	var into []int
	if columns == "" {
		for i := range t.cols {
			into = append(into, i)
		}
	}
	for _, c := range strings.FieldsFunc(columns, func(r rune) bool { return r == ',' || r == ' ' }) {
		i, ok := at[c]
		if !ok {
			return fmt.Errorf("table %s has no column %q", t.name, c)
		}
		into = append(into, i)
	}
	row := make([]sql.Value, len(t.cols))
	for i, c := range t.cols {
		row[i] = sql.Value{Type: c.typ, Null: true}
	}
	for values != "" {
		m := literal.FindStringSubmatch(values)
		if m == nil || len(into) == 0 {
			return fmt.Errorf("values %q of %s are not understood", values, t.name)
		}
		values = values[len(m[0]):]
		v, err := constant(m[1], t.cols[into[0]].typ)
		if err != nil {
			return err
		}
		row[into[0]], into = v, into[1:]
	}
	if len(into) > 0 {
		return fmt.Errorf("too few values for %s", t.name)
	}
	t.rows = append(t.rows, row)
	return nil
}

func constant(s string, typ sql.Type) (v sql.Value, err error) {
	if strings.EqualFold(s, "NULL") {
		return sql.Value{Type: typ, Null: true}, nil
	}
	if q, ok := strings.CutPrefix(s, "'"); ok {
		s = strings.ReplaceAll(strings.TrimSuffix(q, "'"), "''", "'")
	}
	f := sql.DefaultFormat()
	return sql.ParseText(typ, s, &f, time.Time{})
}

// write writes the rows as a Parquet file.
func (t *table) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	cols := make([]writer.Column, len(t.cols))
	for i, c := range t.cols {
		cols[i] = writer.Column{Name: c.name, Type: c.typ}
	}
	w, err := writer.New(f, cols, writer.Options{})
	if err != nil {
		return err
	}
	for at := 0; at < len(t.rows); at += vector.BatchSize {
		part := t.rows[at:min(at+vector.BatchSize, len(t.rows))]
		b := &vector.Batch{N: len(part)}
		for i, c := range t.cols {
			vals := make([]sql.Value, len(part))
			for r, row := range part {
				vals[r] = row[i]
			}
			b.Cols = append(b.Cols, vector.FlatOf(c.typ, vals))
		}
		if err := w.Write(b); err != nil {
			return err
		}
	}
	return w.Close()
}

// ddl is the statement that makes the table of the file's folder.
func (t *table) ddl(database, folder string) string {
	defs := make([]string, len(t.cols))
	for i, c := range t.cols {
		defs[i] = strconv.Quote(c.name) + " " + c.hive
	}
	return fmt.Sprintf("CREATE EXTERNAL TABLE %s.%s (%s) STORED AS PARQUET LOCATION 'file://%s/'", database, t.name, strings.Join(defs, ", "), folder)
}
