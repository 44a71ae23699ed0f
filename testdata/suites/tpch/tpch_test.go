// Package tpch holds the answers of TPC-H's 22 queries, from Parquet in a real S3
// server, through psql and through the binary protocol, against PostgreSQL's own.
package tpch

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sluicedb/sluice/testdata/harness/s3"
	"github.com/sluicedb/sluice/testdata/harness/server"
	"github.com/sluicedb/sluice/testdata/harness/tpch"
)

func env(t *testing.T, name string) string {
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run by make suites", name)
	}
	return v
}

// load makes the data of a scale factor and puts it through S3.
func load(t *testing.T, up *s3.Server, bucket, sf string) {
	dir := tpch.Parquet(t, sf)
	for name := range tpch.Tables {
		f, err := os.Open(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = up.Client().PutObject(context.Background(), &awss3.PutObjectInput{Bucket: aws.String(bucket),
			Key: aws.String(fmt.Sprintf("sf%s/%s/%s.parquet", sf, name, name)), Body: f})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func queries(t *testing.T) map[string]string {
	out := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(env(t, "SLUICE_SUITES"), "tpch", "queries", "q*.sql"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".sql")] = string(b)
	}
	if len(out) != 22 {
		t.Fatalf("%d queries found, not 22", len(out))
	}
	return out
}

func answer(t *testing.T, sf, q string) string {
	b, err := os.ReadFile(filepath.Join(env(t, "SLUICE_SUITES"), "tpch", "answers", "sf"+sf, q+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTPCH(t *testing.T) {
	up := s3.Start(t)
	bucket := up.Bucket(t)
	srv := server.Start(t, server.Options{
		Config: map[string]string{"S3_ENDPOINT": up.Endpoint, "S3_REGION": up.Region, "S3_PATH_STYLE": "true"},
		Env:    []string{"AWS_ACCESS_KEY_ID=" + up.AccessKey, "AWS_SECRET_ACCESS_KEY=" + up.SecretKey},
	})
	qs := queries(t)
	for _, sf := range []string{"0.01", "0.1", "1"} {
		load(t, up, bucket, sf)
		db := "tpch_" + strings.ReplaceAll(sf, ".", "_")
		ddl := "CREATE DATABASE " + db + ";\n"
		for name, cols := range tpch.Tables {
			ddl += fmt.Sprintf("CREATE EXTERNAL TABLE %s.%s (%s) STORED AS PARQUET LOCATION 's3://%s/sf%s/%s/';\n", db, name, cols, bucket, sf, name)
		}
		if _, err := srv.Psql("-c", ddl); err != nil {
			t.Fatal(err)
		}
		right := 0
		for i := 1; i <= 22; i++ {
			q := fmt.Sprintf("q%02d", i)
			want := answer(t, sf, q)
			got, err := srv.Psql("-q", "--csv", "-P", "csv_fieldsep=|", "-c", "SET search_path = "+db, "-c", qs[q])
			if err != nil {
				t.Errorf("sf %s %s: %v", sf, q, err)
				continue
			}
			if got != want {
				t.Errorf("sf %s %s: psql printed\n%s\nnot\n%s", sf, q, clip(got), clip(want))
				continue
			}
			if err := binary(srv, db, qs[q], want); err != nil {
				t.Errorf("sf %s %s by the binary protocol: %v", sf, q, err)
				continue
			}
			right++
		}
		t.Logf("sf %s: %d of 22 right, by psql and by the binary protocol", sf, right)
	}
	concurrent(t, srv, "tpch_0_1", "0.1", qs)
}

// concurrent runs the 22 queries in ten clients at once.
func concurrent(t *testing.T, srv *server.Server, db, sf string, qs map[string]string) {
	var wg sync.WaitGroup
	for c := range 10 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 22 {
				q := fmt.Sprintf("q%02d", (i*7+c*3)%22+1)
				if err := binary(srv, db, qs[q], answer(t, sf, q)); err != nil {
					t.Errorf("client %d, %s: %v", c, q, err)
				}
			}
		}()
	}
	wg.Wait()
}

// binary runs a query with binary results and compares their text with psql's CSV.
func binary(srv *server.Server, db, query, want string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, srv.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET search_path = "+db); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, query, pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	var got [][]string
	for rows.Next() {
		raw := rows.RawValues()
		line := make([]string, len(raw))
		for i, f := range rows.FieldDescriptions() {
			if raw[i] == nil {
				continue
			}
			if line[i], err = decode(conn.TypeMap(), f.DataTypeOID, raw[i]); err != nil {
				return err
			}
		}
		got = append(got, line)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	all, err := answerRows(want)
	if err != nil {
		return err
	}
	if len(got) != len(all)-1 {
		return fmt.Errorf("%d rows, not %d", len(got), len(all)-1)
	}
	for i, line := range got {
		for k, v := range line {
			if v != all[i+1][k] {
				return fmt.Errorf("row %d column %s: %q, not %q", i+1, all[0][k], v, all[i+1][k])
			}
		}
	}
	return nil
}

// answerRows reads psql's CSV. Of a single column, a NULL is an empty line, which
// the csv package passes over.
func answerRows(text string) ([][]string, error) {
	if head, _, _ := strings.Cut(text, "\n"); !strings.Contains(head, "|") {
		var all [][]string
		for line := range strings.Lines(text) {
			all = append(all, []string{strings.TrimSuffix(line, "\n")})
		}
		return all, nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = '|'
	return r.ReadAll()
}

// decode turns a binary value to text as the client's own library does.
func decode(m *pgtype.Map, oid uint32, raw []byte) (string, error) {
	switch oid {
	case pgtype.NumericOID:
		var n pgtype.Numeric
		if err := m.Scan(oid, pgtype.BinaryFormatCode, raw, &n); err != nil {
			return "", err
		}
		return numericText(raw, n)
	case pgtype.DateOID:
		var d pgtype.Date
		if err := m.Scan(oid, pgtype.BinaryFormatCode, raw, &d); err != nil {
			return "", err
		}
		return d.Time.Format("2006-01-02"), nil
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID:
		var i int64
		if err := m.Scan(oid, pgtype.BinaryFormatCode, raw, &i); err != nil {
			return "", err
		}
		return fmt.Sprint(i), nil
	}
	var s string
	err := m.Scan(oid, pgtype.BinaryFormatCode, raw, &s)
	return s, err
}

// numericText prints a numeric with the display scale of its binary form, which
// pgtype's own value does not keep.
func numericText(raw []byte, n pgtype.Numeric) (string, error) {
	scale := int(raw[6])<<8 | int(raw[7])
	digits := n.Int.String()
	neg := strings.HasPrefix(digits, "-")
	digits = strings.TrimPrefix(digits, "-")
	exp := int(n.Exp)
	for ; exp > -scale; exp-- {
		digits += "0"
	}
	if exp < -scale {
		return "", fmt.Errorf("more digits than the display scale %d", scale)
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if neg {
		digits = "-" + digits
	}
	return digits, nil
}

func clip(s string) string {
	if len(s) > 1500 {
		return s[:1500] + "..."
	}
	return s
}
