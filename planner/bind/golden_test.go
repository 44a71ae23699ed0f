package bind

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/planner/logical"
)

var update = flag.Bool("update", false, "rewrite the expected plans")

// checkPlans compares the plans of the queries in files with those beside them.
func checkPlans(t *testing.T, c Catalog, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b, err := bindText(c, string(text))
			if err != nil {
				t.Fatal(err)
			}
			if free := logical.Free(b.Plan); !free.Empty() {
				t.Errorf("columns %v come from nowhere", free.IDs())
			}
			got := logical.Format(b.Plan)
			golden := strings.TrimSuffix(f, ".sql") + ".plan"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("plan changed:\n%s\nwas:\n%s", got, want)
			}
		})
	}
}

func TestPlansTPCH(t *testing.T) { checkPlans(t, tpchCatalog(t), "testdata/tpch/*.sql") }
