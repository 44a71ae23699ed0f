package parquet_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/format/parquet"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/storage/object/mem"
)

// mustBeSQL fails unless err is nil or an error that a client may see for a file.
func mustBeSQL(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	e := sql.AsError(err)
	switch e.Code {
	case sql.CodeDataCorrupted:
		if !strings.Contains(e.Message, "mem://b/t.parquet") || strings.Contains(e.Detail, "unexpectedly") {
			t.Fatalf("%v", e)
		}
	case sql.CodeFeatureNotSupported, sql.CodeDatatypeMismatch, sql.CodeProgramLimitExceeded, sql.CodeNumericOutOfRange, sql.CodeDatetimeOverflow:
	default:
		t.Fatalf("%v", e)
	}
}

func readBytes(t *testing.T, tab *table, data []byte) error {
	st := mem.New(10)
	info := st.Put("mem://b/t.parquet", data)
	f := parquet.New(parquet.Options{})
	if _, err := f.Inspect(context.Background(), st, info.Key); err != nil {
		mustBeSQL(t, err)
	}
	_, err := scan(t, f, info, tab.request(st))
	return err
}

// Damaged files give an error that names them, never a panic.
func TestDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	tab := randomTable(rng, 700)
	for _, codec := range []string{"none", "snappy", "zstd"} {
		data := tab.write(t, writer.Options{Codec: codec, GroupRows: 400, PageRows: 100})
		for range 200 {
			d := append([]byte(nil), data...)
			lo := 0
			if rng.IntN(2) == 0 { // metadata lies at the end
				lo = len(d) * 3 / 4
			}
			for range 1 + rng.IntN(4) {
				d[lo+rng.IntN(len(d)-lo)] = byte(rng.Uint32())
			}
			mustBeSQL(t, readBytes(t, tab, d))
		}
		for range 20 {
			err := readBytes(t, tab, data[:rng.IntN(len(data))])
			if err == nil {
				t.Fatal("a truncated file was read")
			}
			mustBeSQL(t, err)
		}
	}
}

// What cannot be read as the table declares it says so: file, column and types.
func TestMismatch(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	tab := randomTable(rng, 50)
	st, info := store(tab.write(t, writer.Options{}))
	f := parquet.New(parquet.Options{})
	req := tab.request(st)
	req.Columns = []format.Column{{ID: 1, Name: "c3", Type: sql.Bool, Hive: "boolean"}}
	req.Output = []int{0}
	_, err := scan(t, f, info, req)
	e := sql.AsError(err)
	for _, s := range []string{`"c3"`, info.Key, "boolean", "INT64"} {
		if e.Code != sql.CodeDatatypeMismatch || !strings.Contains(e.Message, s) {
			t.Fatal(e)
		}
	}
	// A column that the file does not have is NULL.
	req.Columns[0] = format.Column{ID: 1, Name: "missing", Type: sql.Text}
	got, err := scan(t, f, info, req)
	if err != nil || len(got[0]) != 50 || !got[0][7].Null {
		t.Fatal(got, err)
	}
}

func FuzzFile(f *testing.F) {
	tab, files := fuzzed(f)
	for _, data := range files {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { mustBeSQL(t, readBytes(t, tab, data)) })
}

// FuzzFooter puts footers behind the pages of a sound file.
func FuzzFooter(f *testing.F) {
	tab, files := fuzzed(f)
	for i, data := range files {
		_, footer := apart(data)
		f.Add(uint8(i), footer)
	}
	f.Fuzz(func(t *testing.T, which uint8, footer []byte) {
		body, _ := apart(files[int(which)%len(files)])
		data := binary.LittleEndian.AppendUint32(slices.Concat(body, footer), uint32(len(footer)))
		mustBeSQL(t, readBytes(t, tab, append(data, "PAR1"...)))
	})
}

// FuzzPages puts pages and indexes in front of a sound footer.
func FuzzPages(f *testing.F) {
	tab, files := fuzzed(f)
	for i, data := range files {
		body, _ := apart(data)
		f.Add(uint8(i), body)
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		data := slices.Clone(files[int(which)%len(files)])
		pages, _ := apart(data)
		copy(pages, body)
		mustBeSQL(t, readBytes(t, tab, data))
	})
}

// fuzzed is a table and sound files of it.
func fuzzed(f *testing.F) (*table, [][]byte) {
	tab := randomTable(rand.New(rand.NewPCG(5, 5)), 60)
	var files [][]byte
	for _, codec := range []string{"none", "snappy"} {
		files = append(files, tab.write(f, writer.Options{Codec: codec, GroupRows: 40, PageRows: 20}))
	}
	return tab, files
}

// apart cuts a file into what stands before its footer, and the footer.
func apart(data []byte) (body, footer []byte) {
	end := len(data) - 8
	start := end - int(binary.LittleEndian.Uint32(data[end:]))
	return data[:start:start], data[start:end]
}
