package docs

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

var rewrite = flag.Bool("rewrite", false, "write functions.md anew from the registry")

// TestFunctions holds functions.md against what the registry generates.
func TestFunctions(t *testing.T) {
	want := functions(expr.Builtins())
	if *rewrite {
		if err := os.WriteFile("functions.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, "functions.md"); got != want {
		a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
		for i := range b {
			if i >= len(a) || a[i] != b[i] {
				t.Fatalf("functions.md is not what the registry says (go test ./docs -run TestFunctions -rewrite makes it anew); line %d should be\n%s", i+1, b[i])
			}
		}
		t.Fatal("functions.md is longer than what the registry says")
	}
}

const functionsHead = `# Functions

Generated from the registry of functions (package ` + "`expr`" + `); a test keeps it so. Chapters are those of
PostgreSQL 15's manual. Each row gives the overloads that share kind, volatility and strictness: a strict
function is NULL if an argument is. What PostgreSQL has and Sluice refuses stands below each table; a call
of it raises 0A000 with its name, as does one of PostgreSQL's undocumented support functions. Dialect says
where a function comes from; all can be called in every dialect, and [dialects.md](dialects.md) lists where
the same call means different things.
`

// row is one line of a table.
type row struct{ name, kind, vol, strict, dialect string }

// functions makes the text of functions.md.
func functions(r *expr.Registry) string {
	rowsOf := map[string]map[row][]string{}
	add := func(name, sig, kind, vol string, strict bool, d expr.Dialect) {
		w := row{name, kind, vol, "", dialectName(d)}
		if strict {
			w.strict = "strict"
		}
		if rowsOf[name] == nil {
			rowsOf[name] = map[row][]string{}
		}
		rowsOf[name][w] = append(rowsOf[name][w], sig)
	}
	for _, f := range r.Funcs() {
		kind := "scalar"
		if f.Kind == expr.KindSet {
			kind = "set-returning"
		}
		add(f.Name, signature(f.Args, f.Variadic, f.Defaults, f.Ret), kind, volatilityNames[f.Vol], f.Strict, f.Dialect)
	}
	for _, a := range r.Aggs() {
		kind := "aggregate"
		switch {
		case a.Hypothetical:
			kind = "hypothetical-set"
		case a.OrderedSet:
			kind = "ordered-set"
		}
		add(a.Name, signature(a.Args, a.Variadic, 0, a.Ret), kind, "immutable", false, a.Dialect)
	}
	for _, w := range r.Windows() {
		add(w.Name, signature(w.Args, false, 0, w.Ret), "window", "immutable", false, 0)
	}
	var b strings.Builder
	b.WriteString(functionsHead)
	seen := map[string]bool{}
	for _, c := range r.Chapters() {
		fmt.Fprintf(&b, "\n## %s\n", c.Title)
		var have, lack, part []string
		for _, n := range c.Names {
			seen[n] = true
			if rowsOf[n] != nil {
				have = append(have, n)
			}
			var over []string
			for _, f := range r.LackingFunc(n) {
				over = append(over, signature(f.Args, f.Variadic, f.Defaults, f.Ret))
			}
			switch {
			case rowsOf[n] == nil:
				lack = append(lack, "`"+n+"`")
			case len(over) > 0:
				slices.Sort(over)
				part = append(part, "`"+n+"` "+strings.Join(over, ", "))
			}
		}
		table(&b, rowsOf, have)
		list(&b, "Refused", lack)
		list(&b, "Overloads refused", part)
	}
	var rest []string
	for n, rows := range rowsOf {
		foreign := false
		for w := range rows {
			foreign = foreign || w.dialect != dialectName(expr.Postgres)
		}
		if !seen[n] && !foreign {
			rest = append(rest, n)
		}
	}
	slices.Sort(rest)
	foreign(&b, r, rowsOf, expr.Redshift)
	foreign(&b, r, rowsOf, expr.Athena)
	b.WriteString("\n## Behind types and aggregates\n")
	table(&b, rowsOf, rest)
	operators(&b, r)
	return b.String()
}

// foreign makes the chapter of another dialect.
func foreign(b *strings.Builder, r *expr.Registry, rowsOf map[string]map[row][]string, d expr.Dialect) {
	fmt.Fprintf(b, "\n## %s\n", dialectName(d))
	var names []string
	for n, rows := range rowsOf {
		for w := range rows {
			if strings.Contains(w.dialect, dialectName(d)) && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	table(b, rowsOf, names)
	b.WriteString("\nWritten in terms of others; volatility and strictness are theirs.\n\n| Call | Stands for | |\n|---|---|---|\n")
	for _, f := range r.AllForms() {
		if f.Dialect&d == 0 {
			continue
		}
		var args []string
		for i := range f.Args {
			args = append(args, fmt.Sprintf("$%d", i+1))
		}
		when := ""
		if f.Decides {
			when = "in this dialect"
		}
		fmt.Fprintf(b, "| `%s(%s)` | `%s` | %s |\n", f.Name, strings.Join(args, ", "), strings.ReplaceAll(f.Text, "|", "\\|"), when)
	}
	fmt.Fprintf(b, "\nWritten as syntax: %s.\n", strings.Join(r.SyntaxOf(d), ", "))
}

func table(b *strings.Builder, rowsOf map[string]map[row][]string, names []string) {
	if len(names) == 0 {
		return
	}
	b.WriteString("\n| Name | Arguments → result | Kind | Volatility | Strict | Dialect |\n|---|---|---|---|---|---|\n")
	for _, n := range names {
		var rows []row
		for w := range rowsOf[n] {
			rows = append(rows, w)
		}
		slices.SortFunc(rows, func(x, y row) int {
			return cmp.Or(cmp.Compare(x.dialect, y.dialect), cmp.Compare(x.kind, y.kind), cmp.Compare(x.vol, y.vol), cmp.Compare(x.strict, y.strict))
		})
		for _, w := range rows {
			sigs := rowsOf[n][w]
			slices.Sort(sigs)
			fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s |\n", w.name, strings.Join(sigs, "; "), w.kind, w.vol, w.strict, w.dialect)
		}
	}
}

func list(b *strings.Builder, title string, items []string) {
	if len(items) > 0 {
		fmt.Fprintf(b, "\n%s: %s.\n", title, strings.Join(items, ", "))
	}
}

// operators lists operators by symbol.
func operators(b *strings.Builder, r *expr.Registry) {
	b.WriteString("\n## Operators\n\n| Operator | Operands → result |\n|---|---|\n")
	have, lack := map[string][]string{}, map[string][]string{}
	put := func(m map[string][]string, f *expr.Func) {
		s := sql.FormatType(f.Args[len(f.Args)-1], -1) + " → " + sql.FormatType(f.Ret, -1)
		if len(f.Args) > 1 {
			s = sql.FormatType(f.Args[0], -1) + ", " + s
		}
		m[f.Name] = append(m[f.Name], s)
	}
	var names []string
	for _, f := range r.Operators() {
		put(have, f)
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
		if lack[f.Name] == nil {
			for _, l := range r.LackingOperator(f.Name) {
				put(lack, l)
			}
		}
	}
	slices.Sort(names)
	code := func(n string) string { return "`" + strings.ReplaceAll(n, "|", "\\|") + "`" }
	var part []string
	for _, n := range names {
		slices.Sort(have[n])
		fmt.Fprintf(b, "| %s | %s |\n", code(n), strings.Join(have[n], "; "))
		if len(lack[n]) > 0 {
			slices.Sort(lack[n])
			part = append(part, "`"+n+"` "+strings.Join(lack[n], "; "))
		}
	}
	list(b, "Refused beside them", part)
}

var volatilityNames = map[expr.Volatility]string{expr.Immutable: "immutable", expr.Stable: "stable", expr.Volatile: "volatile"}

// signature is "(arguments) → result"; arguments that may be left out stand in brackets.
func signature(args []sql.OID, variadic bool, defaults int, ret sql.OID) string {
	list := make([]string, len(args))
	for i, a := range args {
		list[i] = sql.FormatType(a, -1)
		switch {
		case variadic && i == len(args)-1:
			list[i] = "VARIADIC " + list[i]
		case i >= len(args)-defaults:
			list[i] = "[" + list[i] + "]"
		}
	}
	return "(" + strings.Join(list, ", ") + ") → " + sql.FormatType(ret, -1)
}

func dialectName(d expr.Dialect) string {
	var out []string
	for _, n := range []struct {
		d    expr.Dialect
		name string
	}{{expr.Postgres, "PostgreSQL"}, {expr.Redshift, "Redshift"}, {expr.Athena, "Athena"}} {
		if d&n.d != 0 || d == 0 && n.d == expr.Postgres {
			out = append(out, n.name)
		}
	}
	return strings.Join(out, ", ")
}
