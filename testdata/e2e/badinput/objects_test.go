package badinput

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/parquet-go/parquet-go"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// TestFiles reads objects that are no tables.
func TestFiles(t *testing.T) {
	l := fixture.Start(t, nil)
	good := fixture.NumbersFile(t, 0, 50_000)
	huge := bytes.Clone(good) // its footer claims 4 GB
	binary.LittleEndian.PutUint32(huge[len(huge)-8:], 0xfffffff0)
	wide := bytes.Clone(good) // its footer claims to be most of the file
	binary.LittleEndian.PutUint32(wide[len(wide)-8:], uint32(len(wide)-9))
	rows := lyingFooter(t, good)
	page := bytes.Clone(good) // page headers and data are noise
	for i := 4; i < 60_000; i++ {
		page[i] = byte(i * 131)
	}
	type other struct {
		ID string `parquet:"id"`
	}
	var strs bytes.Buffer
	w := parquet.NewGenericWriter[other](&strs)
	if _, err := w.Write([]other{{"one"}, {"two"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := l.Connect(t)
	for _, f := range []struct {
		name string
		body []byte
		code []string
		says []string
	}{
		{"truncated", good[:len(good)/2], []string{"XX001"}, []string{"truncated/f.parquet"}},
		{"cut", good[:len(good)-1], []string{"XX001"}, []string{"cut/f.parquet"}},
		{"short", []byte("PAR1"), []string{"XX001"}, []string{"short/f.parquet"}},
		{"csv", []byte(strings.Repeat("1,2,3\n", 5000)), []string{"XX001"}, []string{"csv/f.parquet", "Parquet"}},
		{"huge", huge, []string{"XX001"}, []string{"huge/f.parquet"}},
		{"wide", wide, []string{"XX001"}, []string{"wide/f.parquet"}},
		{"rows", rows, []string{"XX001"}, []string{"rows/f.parquet"}},
		{"page", page, []string{"XX001"}, []string{"page/f.parquet"}},
		{"strings", strs.Bytes(), []string{"22P02", "42804"}, []string{"strings/f.parquet", "id", "bigint"}},
	} {
		fixture.Put(t, l.S3, l.Bucket, f.name+"/f.parquet", f.body)
		l.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.%s (%s) STORED AS PARQUET LOCATION 's3://%s/%s/'", f.name, fixture.NumbersColumns, l.Bucket, f.name))
		before := l.ResidentMemory(t)
		for _, q := range []string{"SELECT count(*), sum(id) FROM " + f.name, "SELECT max(id) FROM " + f.name + " WHERE id > 5"} {
			_, err := c.PgConn().Exec(t.Context(), q).ReadAll()
			e := pgError(err)
			if e == nil || !contains(f.code, e.Code) {
				t.Errorf("%s: got %v, want SQLSTATE %v", q, err, f.code)
				continue
			}
			all := e.Message + "\n" + e.Detail + "\n" + e.Hint + "\n" + e.Where
			for _, s := range f.says {
				if !strings.Contains(all, s) {
					t.Errorf("%s does not say %q: %s", q, s, all)
				}
			}
			if e.Hint == "" {
				t.Errorf("%s gives no hint: %s", q, all)
			}
		}
		if grown := l.ResidentMemory(t) - before; grown > 64<<20 {
			t.Errorf("%s: the server grew by %d MB", f.name, grown>>20)
		}
	}
	// An empty object of zero bytes, as markers of folders are, is no table's row.
	fixture.Put(t, l.S3, l.Bucket, "marked/", nil)
	fixture.Put(t, l.S3, l.Bucket, "marked/_SUCCESS", nil)
	fixture.Put(t, l.S3, l.Bucket, "marked/f.parquet", good)
	l.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.marked (%s) STORED AS PARQUET LOCATION 's3://%s/marked/'", fixture.NumbersColumns, l.Bucket))
	var n int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM marked").Scan(&n); err != nil || n != 50_000 {
		t.Errorf("beside marker files: %d, %v", n, err)
	}
	l.Answers(t)
}

// lyingFooter is a file whose footer claims more rows than the pages have.
func lyingFooter(t *testing.T, good []byte) []byte {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	size := int(binary.LittleEndian.Uint32(good[len(good)-8:]))
	footer := bytes.Clone(good[len(good)-8-size : len(good)-8])
	// counts are zigzag varints: 50,000 becomes 49,999 * 2 + ... in the same length
	was := binary.AppendVarint(nil, f.NumRows())
	now := binary.AppendVarint(nil, f.NumRows()+7001)
	if len(was) != len(now) || !bytes.Contains(footer, was) {
		t.Fatal("cannot make the footer lie")
	}
	out := append(bytes.Clone(good[:len(good)-8-size]), bytes.ReplaceAll(footer, was, now)...)
	return append(out, good[len(good)-8:]...)
}

// TestPlaces reads from buckets that are not there, closed or unreachable.
func TestPlaces(t *testing.T) {
	l := fixture.Start(t, map[string]string{"ROOTS": t.TempDir()})
	c := l.Connect(t)
	l.Exec(t, "CREATE EXTERNAL TABLE public.nobucket (id bigint) STORED AS PARQUET LOCATION 's3://no-such-bucket-here/x/'")
	expect(t, c, wrong{sql: "SELECT * FROM nobucket", code: "58P01", message: "no-such-bucket-here", hint: "."})
	l.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.noprefix (id bigint) STORED AS PARQUET LOCATION 's3://%s/nothing/here/'", l.Bucket))
	var n int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM noprefix").Scan(&n); err != nil || n != 0 {
		t.Errorf("an empty prefix: %d, %v", n, err)
	}
	for _, at := range []string{"file:///etc/", "file:///proc/self/"} {
		_, err := c.PgConn().Exec(t.Context(), "CREATE EXTERNAL TABLE public.outside (id bigint) STORED AS PARQUET LOCATION '"+at+"'; SELECT * FROM outside").ReadAll()
		if e := pgError(err); e == nil || e.Code != "42501" || e.Hint == "" {
			t.Errorf("%s: got %v, want 42501 with a hint", at, err)
		}
	}
	l.Answers(t)
}

// TestAccessDenied uses keys that the S3 server does not know.
func TestAccessDenied(t *testing.T) {
	l := fixture.Start(t, nil)
	fixture.PutNumbers(t, l.S3, l.Bucket, "numbers/", 1000)
	other := fixture.StartWith(t, l.S3, nil, []string{"AWS_ACCESS_KEY_ID=" + l.S3.AccessKey, "AWS_SECRET_ACCESS_KEY=wrong"})
	other.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.numbers (id bigint) STORED AS PARQUET LOCATION 's3://%s/numbers/'", l.Bucket))
	expect(t, other.Connect(t), wrong{sql: "SELECT count(*) FROM numbers", code: "42501", hint: "."})
	other.Answers(t)
	if strings.Contains(other.Log(), "=wrong") || strings.Contains(other.Log(), l.S3.SecretKey) {
		t.Error("the log has a secret")
	}
}

// TestUnreachable takes the S3 server away.
func TestUnreachable(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "http://" + dead.Addr().String()
	dead.Close() // nobody listens there now
	l := fixture.Start(t, map[string]string{"S3_ENDPOINT": endpoint})
	l.Exec(t, "CREATE EXTERNAL TABLE public.numbers (id bigint) STORED AS PARQUET LOCATION 's3://bucket/numbers/'")
	expect(t, l.Connect(t), wrong{sql: "SELECT count(*) FROM numbers", code: "58030", hint: "."})
	// a cancel must not wait for the retries
	c := l.Connect(t)
	go func() {
		time.Sleep(200 * time.Millisecond)
		c.PgConn().CancelRequest(context.Background())
	}()
	if _, err := c.Exec(t.Context(), "SELECT count(*) FROM numbers"); err == nil {
		t.Error("a table that nobody has was read")
	}
	l.Answers(t)
}

// TestObjectChanges replaces a file of a table while a cursor reads the others.
func TestObjectChanges(t *testing.T) {
	l := fixture.Start(t, map[string]string{"CACHE_MEMORY": "1MB"})
	const files, each = 80, 100_000
	body := fixture.NumbersFile(t, 0, each)
	for i := range files {
		fixture.Put(t, l.S3, l.Bucket, fmt.Sprintf("n/f%02d.parquet", i), body)
	}
	last := fmt.Sprintf("n/f%02d.parquet", files-1)
	l.Exec(t, fmt.Sprintf("CREATE EXTERNAL TABLE public.numbers (%s) STORED AS PARQUET LOCATION 's3://%s/n/'", fixture.NumbersColumns, l.Bucket))
	c := l.Connect(t)
	ctx := t.Context()
	if _, err := c.Exec(ctx, "BEGIN; DECLARE c CURSOR FOR SELECT id, name, note, at, ratio FROM numbers"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PgConn().Exec(ctx, "FETCH 10 FROM c").ReadAll(); err != nil {
		t.Fatal(err)
	}
	fixture.Put(t, l.S3, l.Bucket, last, fixture.NumbersFile(t, 7, 90_000))
	_, err := c.PgConn().Exec(ctx, "MOVE ALL IN c").ReadAll()
	if e := pgError(err); e == nil || !strings.Contains(e.Message, last) || e.Hint == "" {
		t.Errorf("reading a file that was replaced: %v", err)
	}
	if _, err := c.Exec(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := c.QueryRow(ctx, "SELECT count(*) FROM numbers").Scan(&n); err != nil || n != (files-1)*each+90_000-7 {
		t.Errorf("the next statement sees %d rows, %v", n, err)
	}
	if _, err := l.S3.Client().DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: &l.Bucket, Key: aws.String(last)}); err != nil {
		t.Fatal(err)
	}
	if err := c.QueryRow(ctx, "SELECT count(*) FROM numbers").Scan(&n); err != nil || n != (files-1)*each {
		t.Errorf("after the file was deleted: %d rows, %v", n, err)
	}
}

// TestMemory runs statements into their memory budget.
func TestMemory(t *testing.T) {
	spill := filepath.Join(t.TempDir(), "spill")
	l := fixture.Start(t, map[string]string{"LIMITS_MEMORY": "64MB", "LIMITS_STATEMENT_MEMORY": "16MB", "SPILL_DIR": spill})
	l.Numbers(t, 500_000)
	c := l.Connect(t)
	ctx := t.Context()
	// what can spill gives its answer
	for q, want := range map[string]string{
		"SELECT count(*) FROM (SELECT name, note, at, id FROM numbers ORDER BY note, id OFFSET 10) x WHERE id >= 0":           "499990",
		"SELECT count(*) FROM (SELECT id, name, count(*) AS n FROM numbers GROUP BY id, name) x WHERE n = 1":                  "500000",
		"SELECT count(*) FROM numbers a JOIN numbers b ON a.id = b.id AND a.name = b.name":                                    "500000",
		"SELECT count(*) FROM (SELECT name, note, at, row_number() OVER (ORDER BY note, id) AS r FROM numbers) x WHERE r > 0": "500000",
		"SELECT string_agg(t, ',') FROM (SELECT note AS t FROM numbers ORDER BY note, id OFFSET 499990) x":                    "",
	} {
		var got *string
		if err := c.QueryRow(ctx, strings.Replace(q, "SELECT count(*)", "SELECT count(*)::text", 1)).Scan(&got); err != nil || want != "" && *got != want {
			t.Errorf("%s: %v, %v", q, got, err)
			if e := pgError(err); e != nil {
				t.Log(e.Detail)
			}
		}
	}
	expect(t, c, wrong{sql: "SELECT cardinality(array_agg(name || note || id)) FROM numbers", code: "53200", message: "out of memory", hint: "memory"})
	l.Answers(t)
	if left, err := os.ReadDir(spill); err != nil || len(left) > 0 {
		t.Errorf("spill files are left: %v, %v", left, err)
	}
}
