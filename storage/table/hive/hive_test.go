package hive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// listStore answers listings from a list of keys, two a page, and counts them.
type listStore struct {
	object.Store
	keys  []string
	lists chan string
	fail  error
}

func (s *listStore) ListPages(ctx context.Context, prefix, _, _ string, yield func(object.Page) (bool, error)) error {
	s.lists <- prefix
	if s.fail != nil {
		return s.fail
	}
	var page object.Page
	for _, k := range s.keys {
		if !strings.HasPrefix(k, prefix) {
			continue
		}
		size := int64(10)
		if strings.HasSuffix(k, "empty.parquet") || strings.HasSuffix(k, "/") {
			size = 0
		}
		page.Objects = append(page.Objects, object.Info{Key: k, Size: size, ETag: "e" + k})
		if len(page.Objects) == 2 {
			if more, err := yield(page); !more || err != nil {
				return err
			}
			page.Objects = nil
		}
	}
	_, err := yield(page)
	return err
}

type partList []*model.Partition

func (l partList) Partitions(_ context.Context, _ *table.PartitionQuery, yield func(*model.Partition) error) (table.PartitionCount, error) {
	for _, p := range l {
		if err := yield(p); err != nil {
			return table.PartitionCount{}, err
		}
	}
	return table.PartitionCount{Kept: int64(len(l)), Total: 1000}, nil
}

func newStore(keys ...string) *listStore {
	slices.Sort(keys)
	return &listStore{keys: keys, lists: make(chan string, 1000)}
}

func files(t *testing.T, f *Format, req *table.Request) ([]string, error) {
	t.Helper()
	var out []string
	var seq uint64
	err := f.Files(t.Context(), req, func(ft *format.FileTask) error {
		if ft.Seq != seq || ft.ETag != "e"+ft.URL || ft.Size != 10 {
			t.Errorf("task %+v", ft)
		}
		seq++
		name := ft.URL
		for _, p := range ft.Parts {
			name += fmt.Sprintf(" %d=%d%s%v", p.ID, p.Value.I, p.Value.S, p.Value.Null)
		}
		out = append(out, name)
		return nil
	})
	return out, err
}

func TestUnpartitionedFolder(t *testing.T) {
	st := newStore("s3://b/t/a.parquet", "s3://b/t/sub/b.parquet", "s3://b/t/_SUCCESS", "s3://b/t/.x/c", "s3://b/t/_temporary/0/d", "s3://b/t/sub/",
		"s3://b/t/sub_$folder$", "s3://b/t/empty.parquet", "s3://b/t2/other.parquet", "s3://b/t/z")
	req := &table.Request{Table: &model.Table{Storage: model.Storage{Location: "s3://b/t"}}, Store: st, Metrics: &table.Metrics{}}
	got, err := files(t, New(0), req)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"s3://b/t/a.parquet", "s3://b/t/sub/b.parquet", "s3://b/t/z"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(st.lists) != 1 || req.Metrics.Files.Load() != 3 {
		t.Errorf("%d lists, %d files", len(st.lists), req.Metrics.Files.Load())
	}
}

var keyed = &model.Table{Database: "d", Name: "t", Keys: []model.Column{{Name: "y", Hive: "int", Type: sql.Int4}, {Name: "s", Hive: "string", Type: sql.Text}}}

func partition(i int, s string) *model.Partition {
	return &model.Partition{Values: []string{fmt.Sprint(i), s}, Typed: []sql.Value{sql.IntValue(sql.Int4, int64(i)), sql.TextValue(s)}, Location: fmt.Sprintf("s3://b/%03d", i)}
}

func TestPartitionsInOrder(t *testing.T) {
	st := newStore()
	var parts partList
	var want []string
	for i := range 100 {
		parts = append(parts, partition(i, "v"))
		for j := range 5 {
			k := fmt.Sprintf("s3://b/%03d/%d", i, j)
			st.keys = append(st.keys, k)
			want = append(want, fmt.Sprintf("%s 7=%dfalse 8=0vfalse", k, i))
		}
	}
	req := &table.Request{Table: keyed, Store: st, Partition: parts, Metrics: &table.Metrics{},
		Columns: []format.Column{{ID: 7, Name: "y"}, {ID: 9, Name: "x"}, {ID: 8, Name: "s"}}}
	got, err := files(t, New(8), req)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %d files: %v", err, len(got), got[:min(7, len(got))])
	}
	if len(st.lists) != 100 || req.Metrics.PartitionsKept.Load() != 100 || req.Metrics.PartitionsTotal.Load() != 1000 {
		t.Errorf("%d lists, metrics %+v", len(st.lists), req.Metrics.PartitionsKept.Load())
	}
	stop := errors.New("stop")
	n := 0
	err = New(8).Files(t.Context(), req, func(*format.FileTask) error {
		if n++; n == 7 {
			return stop
		}
		return nil
	})
	if err != stop || n != 7 {
		t.Errorf("stopping: %v after %d", err, n)
	}
}

func TestBadPartitionValueIsNamed(t *testing.T) {
	p := partition(1, "a")
	p.Values[0], p.Typed[0] = "x", sql.Value{}
	_, err := files(t, New(0), &table.Request{Table: keyed, Store: newStore(), Partition: partList{p}})
	e := sql.AsError(err)
	if e.Code != sql.CodeInvalidTextRepresentation || !strings.Contains(e.Message, "y=x/s=a") {
		t.Fatal(err)
	}
}

func TestErrorOfTheStore(t *testing.T) {
	st := newStore()
	st.fail = sql.Errorf(sql.CodeUndefinedFile, "no such bucket")
	_, err := files(t, New(0), &table.Request{Table: keyed, Store: st, Partition: partList{partition(1, "a"), partition(2, "a")}})
	if sql.AsError(err).Code != sql.CodeUndefinedFile {
		t.Fatal(err)
	}
}

func TestKeptListing(t *testing.T) {
	st := newStore("s3://b/t/a")
	f := New(0)
	now := time.Unix(1000, 0)
	f.now = func() time.Time { return now }
	req := &table.Request{Store: st, Metrics: &table.Metrics{},
		Table: &model.Table{Storage: model.Storage{Location: "s3://b/t/"}, Params: map[string]string{ListingMaxAge: "1m"}}}
	list := func(want, lists int) {
		t.Helper()
		got, err := files(t, f, req)
		if err != nil || len(got) != want || len(st.lists) != lists {
			t.Fatalf("%v %v, %d lists", got, err, len(st.lists))
		}
	}
	list(1, 1)
	st.keys = append(st.keys, "s3://b/t/b")
	now = now.Add(59 * time.Second)
	list(1, 1)
	if age := time.Duration(req.Metrics.ListingAge.Load()); age != 59*time.Second {
		t.Errorf("age %v", age)
	}
	now = now.Add(2 * time.Second)
	list(2, 2)
	req.Table = &model.Table{Storage: model.Storage{Location: "s3://b/t/"}}
	list(2, 3)
	req.Table.Params = map[string]string{ListingMaxAge: "soon"}
	if _, err := files(t, f, req); sql.AsError(err).Code != sql.CodeInvalidParameterValue {
		t.Error(err)
	}
}

func TestEscaping(t *testing.T) {
	var all []byte
	for c := 1; c < 256; c++ {
		all = append(all, byte(c))
	}
	for _, s := range []string{"a b", "2024-01-01 00:00:00", "50%", "%zz", "100%25", "ü+é", "{x}", "a/b=c", string(all), layout.DefaultPartition} {
		esc := layout.Escape(s)
		if strings.ContainsAny(esc, "/=:\n\"") || layout.Unescape(esc) != s {
			t.Errorf("%q -> %q -> %q", s, esc, layout.Unescape(esc))
		}
	}
	if got := layout.Escape("a b+}"); got != "a b+}" {
		t.Errorf("blanks, + and } are not escaped: %q", got)
	}
	if got := layout.Unescape("100%-%2"); got != "100%-%2" {
		t.Errorf("a bad sequence stays: %q", got)
	}
	if got := layout.Path([]string{"DT", "h"}, []string{"", "a:b"}); got != "dt=__HIVE_DEFAULT_PARTITION__/h=a%3Ab" {
		t.Error(got)
	}
	values := []string{"a/b", "%", "x"}
	if got := layout.Values(layout.Identity(values)); !slices.Equal(got, values) {
		t.Errorf("%q", got)
	}
}

func TestValues(t *testing.T) {
	dec := sql.Decimal(6, 2)
	for _, tc := range []struct {
		t    sql.Type
		raw  string
		ok   bool
		want int64
	}{
		{sql.Int4, "007", true, 7}, {sql.Int4, "2147483648", false, 0}, {sql.Int2, "-5", true, -5}, {sql.Int8, "1.0", false, 0},
		{sql.Bool, "TRUE", true, 1}, {sql.Bool, "yes", false, 0}, {sql.Date, "2024-1-5", true, 19727}, {sql.Date, "1969-12-31", true, -1},
		{sql.Date, "2024-02-30", false, 0}, {sql.Date, "2024-01-05x", false, 0}, {sql.Timestamp, "1970-01-01 00:00:01.5", true, 1_500_000},
		{sql.Timestamp, "1970-1-1 0:1", true, 60_000_000}, {sql.Timestamp, "1970-01-01 25:00", false, 0}, {sql.Float8, "0x10", false, 0},
	} {
		v, ok := layout.ParseValue(tc.t, tc.raw)
		if ok != tc.ok || ok && v.I != tc.want {
			t.Errorf("%v %q: %d %v", tc.t, tc.raw, v.I, ok)
		}
	}
	for raw, want := range map[string]int64{"12.5": 1250, "-0.01": -1, "9999.99": 999999, "12.500": 1250} {
		if v, ok := layout.ParseValue(dec, raw); !ok || int64(v.Num.Coef.Lo) != want || v.Num.Scale != 2 {
			t.Errorf("%q: %+v %v", raw, v.Num, ok)
		}
	}
	for _, raw := range []string{"10000", "1.005", ".", "1e3", ""} {
		if v, ok := layout.ParseValue(dec, raw); ok && !v.Null {
			t.Errorf("%q is taken as %+v", raw, v.Num)
		}
	}
	if v, ok := layout.ParseValue(sql.Int4, layout.DefaultPartition); !ok || !v.Null {
		t.Error("the default partition is not null")
	}
}
