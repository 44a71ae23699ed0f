package differential

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/answer"
)

var corpusFiles = flag.String("corpus", "corpus/*.sql", "files of statements to compare")

// statement is one of the corpus.
type statement struct {
	file  string
	line  int
	text  string
	rules answer.Rules
}

// corpus reads the statements of every file, each ending in a semicolon at the end
// of a line. A line "-- rules: ordered open forms floats missing wide" (any of
// these words) sets the rules of the statements up to the next such line.
func corpus(t *testing.T) []statement {
	files, _ := filepath.Glob(*corpusFiles)
	var out []statement
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var r answer.Rules
		var text []string
		for i, line := range strings.Split(string(b), "\n") {
			if list, ok := strings.CutPrefix(line, "-- rules:"); ok {
				r = answer.Rules{}
				for _, w := range strings.Fields(list) {
					switch w {
					case "ordered":
						r.Ordered = true
					case "open":
						r.AnyError = true
					case "forms":
						r.OpenForms = true
					case "missing":
						r.Missing = true
					case "wide":
						r.Wide = true
					case "floats":
						r.Floats = true
					default:
						t.Fatalf("%s:%d: no rule %q", f, i+1, w)
					}
				}
				continue
			}
			if line == "" || strings.HasPrefix(line, "--") && text == nil {
				continue
			}
			text = append(text, line)
			if strings.HasSuffix(line, ";") {
				out = append(out, statement{f, i + 2 - len(text), strings.TrimSuffix(strings.Join(text, "\n"), ";"), r})
				text = nil
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("the corpus is empty")
	}
	return out
}

// TestCorpus compares every statement of the corpus.
func TestCorpus(t *testing.T) {
	p := open(t)
	list := corpus(t)
	for _, s := range list {
		want, err := answer.Ask(p.theirs, s.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := answer.Ask(p.ours, s.text)
		if err != nil {
			t.Fatalf("%s:%d: %v\n%s", s.file, s.line, err, s.text)
		}
		if d := answer.Difference(got, want, s.rules); d != "" {
			t.Errorf("%s:%d: %s\n  %s", s.file, s.line, d, s.text)
		}
	}
	t.Logf("%d statements compared", len(list))
}

// variants are other ways to run a statement, which must give the same answer.
var variants = func() (out [][]string) {
	for _, r := range []string{"FoldConstants", "SimplifyPredicates", "MarkToSemi", "InlineShared", "MergeProjections", "PushFilters", "FilterShared", "UnnestDependentJoins",
		"EliminateMaxOneRow", "OuterToInner", "InferPredicates", "DistinctToAggregate", "SplitDistinctAggregate", "EliminateSort", "PushLimit", "PruneColumns"} {
		out = append(out, []string{fmt.Sprintf(`sluice.disabled_rules = '"%s"'`, r)})
	}
	return append(out, []string{"sluice.batch_size = 1"}, []string{"sluice.batch_size = 3"}, []string{"sluice.workers = 1"}, []string{"sluice.workers = 2"},
		[]string{"sluice.statement_memory = '1kB'"}, []string{"sluice.statement_memory = '1kB'", "sluice.workers = 1", "sluice.batch_size = 3"})
}()

// with runs f with settings in force.
func (p *pair) with(t testing.TB, settings []string, f func()) {
	t.Helper()
	for _, s := range settings {
		if a, err := answer.Ask(p.ours, "SET "+s); err != nil || a.State != "" {
			t.Fatalf("SET %s: %v %s", s, err, a.Message)
		}
	}
	f()
	for _, s := range settings {
		name, _, _ := strings.Cut(s, " ")
		if a, err := answer.Ask(p.ours, "RESET "+name); err != nil || a.State != "" {
			t.Fatalf("RESET %s: %v", name, err)
		}
	}
}

// TestVariants runs a sample of the corpus in every other way.
func TestVariants(t *testing.T) {
	p := open(t)
	n := 0
	for k, v := range variants {
		p.with(t, v, func() {
			for i, s := range corpus(t) {
				if (i+k)%9 != 0 {
					continue
				}
				want, err := answer.Ask(p.theirs, s.text)
				if err != nil {
					t.Fatal(err)
				}
				got, err := answer.Ask(p.ours, s.text)
				if err != nil {
					t.Fatalf("%v: %s:%d: %v\n%s", v, s.file, s.line, err, s.text)
				}
				if got.State == string(sql.CodeQueryCanceled) {
					continue // a recursion without end ends by its LIMIT only if nothing collects it first
				}
				r := s.rules
				r.AnyError = true
				if d := answer.Difference(got, want, r); d != "" {
					t.Errorf("%v: %s:%d: %s\n  %s", v, s.file, s.line, d, s.text)
				}
				n++
			}
		})
	}
	t.Logf("%d statements compared", n)
}
