package place_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedb/sluice/planner/physical"
)

// TestPlans compares plans with those written down; -rewrite writes them anew.
// Commands: "plan" (with catalog statistics), "plan footers" (without distinct counts).
func TestPlans(t *testing.T) {
	datadriven.Walk(t, "../../testdata/plans", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			w := newWorld(t, !d.HasArg("footers"))
			p := plan(t, w, d.Input)
			opt := physical.DefaultExplain()
			var out []string
			for _, l := range p.Explain(opt) {
				if strings.Contains(l, "Route ") || strings.HasPrefix(strings.TrimSpace(l), "Reads:") || strings.HasPrefix(strings.TrimSpace(l), "Engine:") || strings.HasPrefix(strings.TrimSpace(l), "Files:") {
					continue
				}
				// Seconds are a matter of calibration, rows of the plan.
				if i := strings.Index(l, "(cost="); i >= 0 {
					l = l[:i] + "(" + l[strings.Index(l, "rows="):]
				}
				out = append(out, l)
			}
			return strings.Join(out, "\n")
		})
	})
}
