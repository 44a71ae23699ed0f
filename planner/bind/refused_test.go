package bind

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/pg"
)

// TestRefusedFunctions: what PostgreSQL has and the registry has not is refused by
// name with 0A000, and so it is with names alone that are over foreign types.
func TestRefusedFunctions(t *testing.T) {
	reg := expr.Builtins()
	n := 0
	check := func(call string) {
		n++
		if d := describeOurs(testCatalog{"public": {}}, "SELECT "+call, nil); d.code != string(sql.CodeFeatureNotSupported) {
			t.Errorf("%s: %s", call, d)
		}
	}
	for _, c := range reg.Chapters() {
		for _, name := range c.Names {
			if reg.Foreign(name) {
				check(`"` + name + `"()`)
			}
			for _, f := range reg.LackingFunc(name) {
				if slices.ContainsFunc(f.Args, func(a sql.OID) bool { return sql.LookupType(a) == nil || sql.LookupType(a).Kind == 'p' }) || f.Variadic {
					continue
				}
				var args []string
				for _, a := range f.Args {
					args = append(args, "NULL::"+sql.FormatType(a, -1))
				}
				check(`"` + name + `"(` + strings.Join(args, ", ") + ")")
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d functions were called", n)
	}
	if d := describeOurs(testCatalog{"public": {}}, "SELECT nosuch(1)", nil); d.code != string(sql.CodeUndefinedFunction) {
		t.Errorf("a function that PostgreSQL has not: %s", d)
	}
}

// TestFunctionNames holds the names in the facts, and those of the chapters, against
// PostgreSQL's own.
func TestFunctionNames(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pg.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT DISTINCT proname::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	for _, n := range pgfacts.Names() {
		ours[n] = true
	}
	for _, p := range pgfacts.Procs() {
		ours[p.Name] = true
	}
	for _, n := range theirs {
		if !ours[n] {
			t.Errorf("the facts lack %s", n)
		}
	}
	syntax := []string{"greatest", "least", "subscript"} // which PostgreSQL has no function for
	for _, c := range expr.Builtins().Chapters() {
		for _, n := range c.Names {
			if !slices.Contains(theirs, n) && !slices.Contains(syntax, n) {
				t.Errorf("chapter %q lists %s, which PostgreSQL has not", c.Title, n)
			}
		}
	}
}
