package discover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// keyStore lists keys, so many a page, and counts the requests.
type keyStore struct {
	object.Store
	keys     []string
	page     int
	requests chan string
}

func (s *keyStore) ListPages(_ context.Context, prefix, delimiter, after string, yield func(object.Page) (bool, error)) error {
	var sorted []object.Info
	for _, k := range s.keys {
		sorted = append(sorted, object.Info{Key: k, Size: 1})
	}
	slices.SortFunc(sorted, func(a, b object.Info) int { return strings.Compare(a.Key, b.Key) })
	for {
		s.requests <- prefix + delimiter
		p := object.PageOf(sorted, prefix, delimiter, after, s.page)
		if more, err := yield(p); err != nil || !more || p.Next == "" {
			return err
		}
		after = p.Next
	}
}

var keys = []model.Column{{Name: "year", Hive: "int", Type: sql.Int4}, {Name: "month", Hive: "int", Type: sql.Int4}, {Name: "source", Hive: "string", Type: sql.Text}}

// However many objects a page holds, the same partitions are found, and what is no
// folder of them is left out.
func TestPartitions(t *testing.T) {
	st := &keyStore{requests: make(chan string, 10_000)}
	var want []string
	for y := 2020; y < 2023; y++ {
		for m := 1; m <= 4; m++ {
			for _, s := range []string{"app", "web"} {
				folder := fmt.Sprintf("s3://b/t/year=%d/month=%02d/source=%s/", y, m, s)
				want = append(want, folder)
				for f := range y - 2019 {
					st.keys = append(st.keys, fmt.Sprintf("%sf%d", folder, f))
				}
			}
		}
	}
	want = append(want, "s3://b/t/YEAR=2024/month=1/source=x%2Fy/", "s3://b/t/year=2025/month=1/source=deep/", "s3://b/t/year=2026/month=1/source=marker/")
	st.keys = append(st.keys, "s3://b/t/YEAR=2024/month=1/source=x%2Fy/f", "s3://b/t/year=2025/month=1/source=deep/a/b/c", "s3://b/t/year=2026/month=1/source=marker/",
		"s3://b/t/f", "s3://b/t/year=x/month=1/source=a/f", "s3://b/t/year=2024/f", "s3://b/t/year=2024/month=1/f", "s3://b/t/year=2024/month=1/other=1/f",
		"s3://b/t/_temporary/year=1/f", "s3://b/t/year=2024/_month=1/source=a/f", "s3://b/t2/year=2024/month=1/source=a/f", "s3://b/t/month=1/year=2024/source=a/f")
	slices.Sort(want)
	for _, size := range []int{1, 2, 3, 7, 9, 20, 1000} {
		st.page = size
		found, err := Partitions(t.Context(), st, "s3://b/t", keys)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range found {
			got = append(got, p.Location)
			if p.Location == "s3://b/t/YEAR=2024/month=1/source=x%2Fy/" && !slices.Equal(p.Values, []string{"2024", "1", "x/y"}) {
				t.Errorf("values %q", p.Values)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %d a page: %q, not %q", size, got, want)
		}
		if size == 1000 && len(st.requests) != 1 {
			t.Errorf("%d requests where one page holds all", len(st.requests))
		}
		for len(st.requests) > 0 {
			<-st.requests
		}
	}
}
