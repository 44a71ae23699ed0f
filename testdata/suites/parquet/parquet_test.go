// Package parquet runs the reader over the conformance files of the Parquet
// project, its damaged files and Hive-partitioned files. expected.tsv holds, for
// each file, either the SQLSTATE that refuses it or the rows and a digest of every
// column's values as Arrow's reader gives them.
package parquet

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/object/local"
	"github.com/sluicedb/sluice/vector"
)

var update = flag.Bool("update", false, "write expected.tsv anew; check the difference by another reader")

func TestConformance(t *testing.T) {
	root := filepath.Join(os.Getenv("SLUICE_SUITES"), "parquet")
	st, err := local.New(local.Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".parquet") || strings.HasSuffix(path, ".json") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		got = append(got, read(st, path, name)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) < 100 {
		t.Fatalf("%d lines of results only", len(got))
	}
	if *update {
		if err := os.WriteFile("expected.tsv", []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open("expected.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var want []string
	for s := bufio.NewScanner(f); s.Scan(); {
		want = append(want, s.Text())
	}
	for _, l := range want {
		if !slices.Contains(got, l) {
			t.Errorf("expected: %s", l)
		}
	}
	for _, l := range got {
		if !slices.Contains(want, l) {
			t.Errorf("got:      %s", l)
		}
	}
}

// read returns the lines of one file.
func read(st *local.Store, path, name string) []string {
	ctx := context.Background()
	url := "file://" + path
	f := parquet.New(parquet.Options{Cache: parquet.NewCache(1 << 24)})
	fail := func(err error) []string { return []string{name + "\t" + string(sql.AsError(err).Code)} }
	cols, err := f.Schema(ctx, st, url)
	if err != nil {
		return fail(err)
	}
	info, err := st.Head(ctx, url)
	if err != nil {
		return fail(err)
	}
	req := &format.Request{Env: &expr.Env{}, Store: st}
	for i, c := range cols {
		req.Columns = append(req.Columns, format.Column{ID: expr.ColumnID(i + 1), Name: strings.ToLower(c.Name), Hive: c.Hive, Type: c.Type})
		req.Output = append(req.Output, i)
	}
	ms, err := f.Open(ctx, &format.FileTask{URL: url, Size: info.Size, ETag: info.ETag}, req)
	if err != nil {
		return fail(err)
	}
	r := f.NewReader(req)
	defer r.Close()
	sums := make([][]byte, len(cols))
	rows := 0
	for _, m := range ms {
		if err := m.Fetch(ctx); err != nil {
			return fail(err)
		}
		if err := r.Start(ctx, m); err != nil {
			return fail(err)
		}
		for {
			b, err := r.Next()
			if err != nil {
				return fail(err)
			}
			if b == nil {
				break
			}
			rows += b.N
			for c, v := range b.Cols {
				for i := range b.N {
					sums[c] = append(append(sums[c], canonical(vector.ValueAt(v, i))...), '\n')
				}
			}
		}
		m.Release()
	}
	out := []string{fmt.Sprintf("%s\t%d rows", name, rows)}
	for c := range cols {
		sum := sha256.Sum256(sums[c])
		out = append(out, fmt.Sprintf("%s\t%s\t%s\t%s", name, cols[c].Name, cols[c].Hive, hex.EncodeToString(sum[:8])))
	}
	return out
}

// canonical is a form of values that another reader's can be brought to as well:
// integers, days and microseconds in decimal, floats as their bits, decimals
// without a point, strings in hexadecimal.
func canonical(v sql.Value) string {
	if v.Null {
		return "N"
	}
	switch v.Type.OID {
	case sql.OIDFloat4, sql.OIDFloat8:
		if math.IsNaN(math.Float64frombits(uint64(v.I))) {
			return "nan"
		}
		return fmt.Sprintf("%016x", uint64(v.I))
	case sql.OIDNumeric, sql.OIDInterval:
		f := sql.DefaultFormat()
		return "d" + strings.Replace(string(sql.AppendText(nil, v, &f)), ".", "", 1)
	case sql.OIDText, sql.OIDBytea, sql.OIDUUID, sql.OIDJSONB:
		return "x" + hex.EncodeToString([]byte(v.S))
	}
	if v.Type.IsArray() {
		var p []string
		for _, x := range v.List {
			p = append(p, canonical(x))
		}
		return "[" + strings.Join(p, ",") + "]"
	}
	return strconv.FormatInt(v.I, 10)
}
