package clients

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/testdata/e2e/fixture"
)

// psqlScript turns the steps into psql's input: parameters go by EXECUTE.
func psqlScript(steps []step) string {
	var b strings.Builder
	b.WriteString("\\set VERBOSITY verbose\n\\pset null NULL\n")
	for i, s := range steps {
		fmt.Fprintf(&b, "\\echo '#%d'\n", i)
		if len(s.args) == 0 {
			b.WriteString(s.sql + ";\n")
		} else {
			var types, vals []string
			for _, a := range s.args {
				types = append(types, a.typ)
				if a.value == null {
					vals = append(vals, "NULL")
				} else {
					vals = append(vals, "'"+strings.ReplaceAll(a.value, "'", "''")+"'")
				}
			}
			fmt.Fprintf(&b, "PREPARE s_ (%s) AS %s;\nEXECUTE s_ (%s);\nDEALLOCATE s_;\n", strings.Join(types, ", "), s.sql, strings.Join(vals, ", "))
		}
		b.WriteString("\\echo :ERROR :SQLSTATE :ROW_COUNT\n")
	}
	return b.String()
}

// psqlOutput drops what only PostgreSQL's source gives: LOCATION lines.
func psqlOutput(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "LOCATION:") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func psqlCommon(t *testing.T, l *fixture.Lake) {
	steps := commonScript()
	input := psqlScript(steps)
	// One stream for both outputs, so that errors stay where they arise.
	got := run(t, at(l), input, "psql", "-X", "-q", "-f", "-")
	want := run(t, oracle(t), input, "psql", "-X", "-q", "-f", "-")
	compare(t, steps, psqlOutput(strings.ReplaceAll(got, "psql:<stdin>:", "")), psqlOutput(strings.ReplaceAll(want, "psql:<stdin>:", "")))
}
