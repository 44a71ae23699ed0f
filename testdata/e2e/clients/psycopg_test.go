package clients

import (
	"fmt"
	"testing"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

func psycopgCommon(t *testing.T, l *fixture.Lake) {
	steps := commonScript()
	script := write(t, steps)
	for _, format := range []string{"text", "binary"} {
		t.Run(format, func(t *testing.T) {
			args := []string{source("psycopg_script.py"), script, format}
			got := run(t, at(l), "", fixture.Python(t), args...)
			compare(t, steps, got, run(t, oracle(t), "", fixture.Python(t), args...))
		})
	}
}

func psycopgMore(t *testing.T, l *fixture.Lake) {
	part := func(t *testing.T, on target, args ...string) string {
		return run(t, on, "", fixture.Python(t), append([]string{source("psycopg_more.py")}, args...)...)
	}
	for _, q := range pagedQueries {
		t.Run("paging "+q.name, func(t *testing.T) {
			within(t, growthBudget, growth(t, l, func() {
				if out, want := part(t, at(l), "page", q.text), fmt.Sprintf("%d rows, sum %d\n", million, million*(million-1)/2); out != want {
					t.Errorf("got %s", out)
				}
			}))
		})
	}
	t.Run("cancel", func(t *testing.T) {
		out := part(t, at(l), "cancel", longQuery)
		var code string
		var ms, again int
		if _, err := fmt.Sscan(out, &code, &ms, &again); err != nil || code != "57014" || again != 42 {
			t.Fatalf("got %q", out)
		}
		t.Logf("cancelled after %d ms", ms)
		if ms > int(cancelBudget.Milliseconds()) {
			t.Errorf("that is more than %v", cancelBudget)
		}
	})
	for name, arg := range map[string]string{"copy": "SELECT id, name, price, day FROM numbers WHERE id < 5000 ORDER BY id", "pipeline": ""} {
		t.Run(name, func(t *testing.T) {
			if got, want := part(t, at(l), name, arg), part(t, oracle(t), name, arg); got != want {
				t.Error(firstDifference(got, want))
			}
		})
	}
}
