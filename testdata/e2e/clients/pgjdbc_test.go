package clients

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// debianJar is pgjdbc as Debian has it.
const debianJar = "/usr/share/java/postgresql.jar"

var compiled struct {
	sync.Once
	dir string
	err error
}

// java returns the arguments that run a command of Common.java with a driver.
func java(t *testing.T, jar string, args ...string) []string {
	t.Helper()
	compiled.Do(func() {
		if compiled.dir, compiled.err = os.MkdirTemp("", "sluice-java-"); compiled.err != nil {
			return
		}
		out, err := exec.Command("javac", "-encoding", "UTF-8", "-cp", debianJar, "-d", compiled.dir, source("Common.java")).CombinedOutput()
		if err != nil {
			compiled.err = fmt.Errorf("javac: %w\n%s", err, out)
		}
	})
	if compiled.err != nil {
		t.Fatal(compiled.err)
	}
	head := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Duser.timezone=UTC",
		"-cp", compiled.dir + ":" + jar, "Common"}
	return append(head, args...)
}

func pgjdbcCommon(t *testing.T, l *fixture.Lake) {
	steps := commonScript()
	script := write(t, steps)
	for _, mode := range []string{"binary", "text", "simple"} {
		t.Run(mode, func(t *testing.T) {
			args := java(t, debianJar, "script", script, mode)
			got := run(t, at(l), "", "java", args...)
			compare(t, steps, got, run(t, oracle(t), "", "java", args...))
		})
	}
}

func pgjdbcMore(t *testing.T, l *fixture.Lake) {
	for _, q := range pagedQueries {
		for results, how := range []string{"one", "two"} {
			t.Run("paging "+q.name+" "+how, func(t *testing.T) {
				within(t, growthBudget*(1+2*results), growth(t, l, func() {
					out := run(t, at(l), "", "java", java(t, debianJar, "page", q.text, how)...)
					if want := fmt.Sprintf("%d rows, sum %d\n", million, million*(million-1)/2*(1+results)); out != want {
						t.Errorf("got %s", out)
					}
				}))
			})
		}
	}
	t.Run("cancel", func(t *testing.T) {
		out := run(t, at(l), "", "java", java(t, debianJar, "cancel", longQuery)...)
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
	t.Run("copy", func(t *testing.T) {
		const q = "COPY (SELECT id, name, price, note FROM numbers WHERE id < 20000 ORDER BY id) TO STDOUT"
		got := run(t, at(l), "", "java", java(t, debianJar, "copy", q)...)
		if want := run(t, oracle(t), "", "java", java(t, debianJar, "copy", q)...); got != want {
			t.Errorf("%d bytes, not PostgreSQL's %d: %s", len(got), len(want), firstDifference(got, want))
		}
		if !strings.HasSuffix(got, "rows 20000\n") {
			t.Errorf("the driver counted: %s", tail(got)[max(0, len(tail(got))-20):])
		}
	})
}
