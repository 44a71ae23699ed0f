package place_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/planner/physical"
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

// TestManyRelations bounds the work of ordering: a clique, a star and a chain of many
// relations, and relations without any condition, must plan and keep every relation.
func TestManyRelations(t *testing.T) {
	w := newWorld(t, true)
	for _, n := range []int{2, 8, 12, 20, 33} {
		for _, shape := range []string{"clique", "star", "chain", "none"} {
			var from, where []string
			for i := range n {
				from = append(from, fmt.Sprintf("orders t%d", i))
				switch {
				case i == 0 || shape == "none":
				case shape == "chain":
					where = append(where, fmt.Sprintf("t%d.o_orderkey = t%d.o_custkey", i-1, i))
				default:
					where = append(where, fmt.Sprintf("t0.o_orderkey = t%d.o_orderkey", i))
					if shape == "star" {
						where[len(where)-1] = fmt.Sprintf("t0.o_orderkey + %d = t%d.o_orderkey", i, i)
					}
				}
			}
			text := "select count(*) from " + strings.Join(from, ", ")
			if len(where) > 0 {
				text += " where " + strings.Join(where, " and ")
			}
			start := time.Now()
			p := plan(t, w, text)
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("%s of %d took %v", shape, n, d)
			}
			if got := strings.Count(strings.Join(p.Explain(physical.ExplainOptions{}), "\n"), "Lake Scan"); got != n {
				t.Errorf("%s of %d: %d scans", shape, n, got)
			}
		}
	}
}
