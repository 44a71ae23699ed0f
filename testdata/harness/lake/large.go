package lake

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicedb/sluice/engine/demo"
	"github.com/sluicedb/sluice/storage/object/local"
)

var hiveToPG = strings.NewReplacer("string", "text", "decimal", "numeric", "double", "double precision")

// LoadTPCH makes TPC-H's tables in the schema tpch on both sides, or in the engine alone
// if theirs is "", of the Parquet files of one folder, which are copied to
// the first, and the CSV files of another.
func LoadTPCH(folder string, tables map[string]string, parquet, csv, ours, theirs string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	both, err := dial(ctx, folder, ours, theirs)
	if err != nil {
		return err
	}
	defer both.close(ctx)
	if err := run(ctx, both.ours, "CREATE DATABASE tpch"); err != nil {
		return err
	}
	if theirs != "" {
		if err := run(ctx, both.theirs, "CREATE SCHEMA tpch"); err != nil {
			return err
		}
	}
	for name, columns := range tables {
		dir := filepath.Join(folder, "tpch", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(parquet, name+".parquet"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "rows.parquet"), b, 0o644); err != nil {
			return err
		}
		err = run(ctx, both.ours, fmt.Sprintf("CREATE EXTERNAL TABLE tpch.%s (%s) STORED AS PARQUET LOCATION 'file://%s/'", name, columns, dir))
		if err != nil {
			return err
		}
		if theirs == "" {
			continue
		}
		f, err := os.Open(filepath.Join(csv, name+".csv"))
		if err != nil {
			return err
		}
		err = both.inPostgres(ctx, "tpch."+name, hiveToPG.Replace(columns), f, "(FORMAT csv, HEADER)")
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// LoadDemo makes a small demo lake, its files in a folder, on both sides, or in the
// engine alone if theirs is "". PostgreSQL gets its rows as the engine reads them.
func LoadDemo(folder, ours, theirs string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	store, err := local.New(local.Options{Roots: []string{folder}})
	if err != nil {
		return err
	}
	location := "file://" + folder + "/demo/"
	if err := demo.Write(ctx, demo.Options{Store: store, Location: location, Scale: 0.01}); err != nil {
		return err
	}
	both, err := dial(ctx, folder, ours, theirs)
	if err != nil {
		return err
	}
	defer both.close(ctx)
	if err := run(ctx, both.ours, demo.DDL(location)...); err != nil {
		return err
	}
	if theirs == "" {
		return nil
	}
	if err := run(ctx, both.theirs, "CREATE SCHEMA raw", "CREATE SCHEMA processed"); err != nil {
		return err
	}
	res, err := both.ours.Exec(ctx, `SELECT n.nspname || '.' || c.relname, string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
		WHERE n.nspname IN ('raw', 'processed') GROUP BY 1`).ReadAll()
	if err != nil {
		return err
	}
	for _, row := range res[0].Rows {
		name := string(row[0])
		var rows bytes.Buffer
		if _, err := both.ours.CopyTo(ctx, &rows, "COPY (SELECT * FROM "+name+") TO STDOUT"); err != nil {
			return err
		}
		if err := both.inPostgres(ctx, name, string(row[1]), &rows, ""); err != nil {
			return err
		}
	}
	return nil
}
