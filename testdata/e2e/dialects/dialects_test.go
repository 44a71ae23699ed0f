// Package dialects runs what docs/dialects.md says about the dialects.
package dialects

import (
	"os"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/engine/enginetest"
)

// tables are the rows of the document's tables under a heading, code marks taken off.
func table(t *testing.T, heading string) [][]string {
	t.Helper()
	b, err := os.ReadFile("../../../docs/dialects.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("there is no heading %q", heading)
	}
	body, _, _ := strings.Cut(rest, "\n## ")
	var out [][]string
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|"), " | ")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		out = append(out, cells)
	}
	if len(out) == 0 {
		t.Fatalf("the table under %q is empty", heading)
	}
	return out
}

// answer is a statement's first row as text, or its error.
func answer(s *enginetest.Session, text string) string {
	rows, err := s.Query(text)
	switch {
	case err != nil:
		return err.Error()
	case len(rows) == 0:
		return "no row"
	}
	return strings.Join(rows[0], ", ")
}

func session(t *testing.T) *enginetest.Session {
	s := enginetest.Start(t, nil).Session(t, 1, "admin")
	t.Cleanup(func() { s.Close() })
	s.Exec(t, "SET timezone = 'UTC'")
	return s
}

var names = []string{"postgres", "redshift", "athena"}

// TestDifferences: each call gives in each dialect what its row says.
func TestDifferences(t *testing.T) {
	s := session(t)
	for _, r := range table(t, "Differences") {
		if len(r) != 4 {
			t.Fatalf("row %q", r)
		}
		for i, d := range names {
			s.Exec(t, "SET sluice.dialect = "+d)
			got := answer(s, "SELECT "+r[0])
			if r[i+1] == "NULL" {
				got = answer(s, "SELECT CASE WHEN "+r[0]+" IS NULL THEN 'NULL' END")
			}
			if got != r[i+1] {
				t.Errorf("%s in %s: %s, not %s", r[0], d, got, r[i+1])
			}
		}
	}
}

// TestForms: forms give their results in each dialect.
func TestForms(t *testing.T) {
	s := session(t)
	for _, d := range names {
		s.Exec(t, "SET sluice.dialect = "+d)
		for _, r := range table(t, "Forms") {
			s.Exec(t, "DROP TABLE IF EXISTS #t; DROP TABLE IF EXISTS #u")
			if got := answer(s, r[1]); got != r[2] {
				t.Errorf("%s in %s: %s, not %s", r[1], d, got, r[2])
			}
		}
		for _, r := range table(t, "Functions") {
			if got := answer(s, "SELECT "+r[0]); got != r[1] {
				t.Errorf("%s in %s: %s, not %s", r[0], d, got, r[1])
			}
		}
	}
}
