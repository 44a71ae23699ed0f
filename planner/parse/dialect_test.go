package parse

import (
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// TestForms: other dialects' forms keep the text and the places of what was written.
func TestForms(t *testing.T) {
	for _, text := range []string{
		"SELECT TOP 5 a FROM t",
		"SELECT DISTINCT TOP (5) a FROM t WHERE 'TOP 3' = a",
		"SELECT a FROM t QUALIFY rank() OVER (ORDER BY a) < 3 ORDER BY a",
		"SELECT a FROM (SELECT a FROM t QUALIFY a > 1) u",
		"SELECT a, sum(b) OVER w FROM t WINDOW w AS (ORDER BY a) QUALIFY a > 1 LIMIT 3",
		"SELECT a FROM t MINUS SELECT a FROM u",
		"SELECT a INTO #x FROM #y, #z",
		"SELECT lag(a) IGNORE NULLS OVER (ORDER BY b), first_value(a RESPECT NULLS) OVER () FROM t",
		"SELECT TRY_CAST(a AS int), TRY_CAST((b) AS varchar(3)) FROM t",
		"SELECT LISTAGG(DISTINCT a, ',') WITHIN GROUP (ORDER BY a) FROM t",
		"SELECT CAST(a AS varchar(max)) FROM t",
	} {
		stmts, err := Parse(text, expr.Postgres)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if stmts[0].Text != text {
			t.Errorf("%s: its text is %s", text, stmts[0].Text)
		}
	}
	if _, err := Parse("SELECT 'ä', TOP 5 FROM t; SELECT TOP 5 ä FROM t", expr.Postgres); err == nil || sql.AsError(err).Position != 17 {
		t.Errorf("a list with TOP in it: %v", err)
	}
	stmts, err := Parse("SELECT TOP 5 b FROM t QUALIFY c > 1", expr.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	sel := stmts[0].Stmt.(*Select)
	if got := sel.Targets[0].Pos(); got != 14 {
		t.Errorf("the target is at %d, not 14", got)
	}
	if got := sel.Qualify.(*OpExpr).Left.Pos(); got != 31 {
		t.Errorf("the condition is at %d, not 31", got)
	}
}
