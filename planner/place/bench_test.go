package place_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/planner/rule"
)

// query returns the statement of a TPC-H plan test.
func query(tb testing.TB, name string) string {
	data, err := os.ReadFile("../../testdata/plans/tpch/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(string(data), "plan\n"), "----")
	return text
}

// BenchmarkPlan measures rules and placement, without parsing and binding.
func BenchmarkPlan(b *testing.B) {
	w := newWorld(b, true)
	opt := ruleOptions()
	opt.Verify = false
	for _, c := range []struct{ name, text string }{{"simple", "select c_name from customer where c_custkey = 5"}, {"q08", query(b, "q08")}, {"q20", query(b, "q20")}} {
		n := bound(b, w, c.text)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m, err := rule.Rewrite(n, opt)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := place.Plan(context.Background(), m, place.Options{Stats: statsFunc(w.stats)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
