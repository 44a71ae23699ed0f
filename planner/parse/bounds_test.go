package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse/lex"
	"github.com/sluicedb/sluice/sql"
)

// repeat is prefix + n times item + suffix.
func repeat(prefix, item string, n int, suffix string) string {
	return prefix + strings.Repeat(item, n) + suffix
}

func nest(open string, n int, middle, closing string) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(closing, n)
}

// tooDeep are texts that crash the grammar's library or its decoder.
var tooDeep = map[string]string{
	"chain":            repeat("select 1", "+1", 50_000, ""),
	"concat":           repeat("select 'a'", "||'a'", 10_000, ""),
	"parentheses":      "select " + nest("(", 10_000, "1", ")"),
	"calls":            "select " + nest("abs(", 10_000, "1", ")"),
	"arrays":           "select " + nest("array[", 10_000, "1", "]"),
	"subscripts":       "select " + nest("a[", 10_000, "1", "]"),
	"case":             "select " + nest("case when true then ", 10_000, "1", " end"),
	"case else":        "select " + nest("case when true then 1 else ", 10_000, "1", " end"),
	"case condition":   "select " + nest("case when ", 10_000, "true", " then true end"),
	"not":              repeat("select ", "not ", 10_000, "true"),
	"minus":            repeat("select ", "- ", 10_000, "1"),
	"tilde":            repeat("select ", "~ ", 10_000, "1"),
	"casts":            repeat("select 1", "::int", 10_000, ""),
	"collate":          repeat("select 'a'", ` collate "C"`, 10_000, ""),
	"at time zone":     repeat("select now()", " at time zone 'utc'", 10_000, ""),
	"between not":      repeat("select ", "x between 1 and not ", 10_000, "true"),
	"distinct not":     repeat("select ", "x is distinct from not ", 10_000, "true"),
	"subqueries":       nest("select (", 10_000, "select 1", ")"),
	"from":             nest("select * from (", 10_000, "select 1", ") t"),
	"exists":           nest("select exists (", 10_000, "select 1", ")"),
	"with":             nest("with t as (", 10_000, "select 1", ") select 1"),
	"union":            repeat("select 1", " union select 1", 10_000, ""),
	"except right":     nest("select 1 except (", 10_000, "select 1", ")"),
	"joins":            repeat("select * from a", " cross join a", 10_000, ""),
	"joins right":      repeat("select * from a", " join a", 10_000, "") + strings.Repeat(" on true", 10_000),
	"keyword columns":  repeat("select 1", "+a.and", 10_000, ""),
	"keyword columns2": repeat("select 1", "+a.select", 10_000, ""),
	"operator()":       repeat("select 1", " operator(pg_catalog.+) 1", 10_000, ""),
	"quoted":           repeat(`select "and"`, `+"and"`, 10_000, ""),
	"commented":        repeat("select 1", "+/* and , */1", 10_000, ""),
	"line comment":     repeat("select 1", "+--, or\n1", 10_000, ""),
	"continued string": repeat("select e'a'", "\n'\\''||e''", 10_000, ""),
	"dollar":           repeat("select $$and$$", "||$a$,$a$", 10_000, ""),
	"second statement": repeat("select 1; select 1", "+1", 10_000, ""),
	"unclosed":         strings.Repeat("(", 10_000),
	"unclosed chains":  strings.Repeat("select (1+1+", 10_000),
	"setops in cte":    repeat("with a as (select 1", " union all select 1", 10_000, ") select 1"),
	"grouping sets":    "select 1 group by " + nest("grouping sets(", 10_000, "a", ")"),
	"types":            "select 1::" + nest("numeric(", 5_000, "1", ")"),
}

func TestTooDeep(t *testing.T) {
	for name, text := range tooDeep {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(text, expr.Postgres)
			if err == nil || sql.AsError(err).Code != sql.CodeStatementTooComplex {
				t.Fatalf("got %.200v, want 54001", err)
			}
		})
	}
}

// The deepest texts within the bounds must pass the grammar, its decoder and our
// own conversion; lists are not bounded by depth.
func TestDeepest(t *testing.T) {
	wide := func(item, sep string, n int) string {
		return strings.TrimSuffix(strings.Repeat(item+sep, n), sep)
	}
	for name, text := range map[string]string{
		"chain":       repeat("select 1", "+1", lex.MaxDepth-10, ""),
		"parentheses": "select " + nest("(", lex.MaxDepth/lex.GroupCost-10, "1", ")"),
		"calls":       "select " + nest("abs(", lex.MaxDepth/lex.GroupCost-10, "1", ")"),
		"windows":     "select " + nest("sum(1) over (order by ", lex.MaxDepth/lex.GroupCost-10, "1", ")"),
		"case":        "select " + nest("case when true then ", lex.MaxDepth/lex.GroupCost-10, "1", " end"),
		"subqueries":  nest("select (", lex.MaxDepth/lex.GroupCost-10, "select 1", ")"),
		"with":        nest("with t as (", lex.MaxDepth/lex.GroupCost-10, "select 1", ") select 1"),
		"from":        nest("select * from (", lex.MaxDepth/(lex.GroupCost+1)-10, "select 1", ") t"),
		"exists":      nest("select exists (", lex.MaxDepth/lex.GroupCost-10, "select 1", ")"),
		"not":         repeat("select ", "not ", lex.MaxDepth-10, "true"),
		"casts":       repeat("select 1", "::int", lex.MaxDepth-10, ""),
		"union":       repeat("select 1", " union select 1", lex.MaxDepth-10, ""),
		"joins":       repeat("select * from a", " cross join a", lex.MaxDepth-10, ""),
		"array":       "select " + nest("array[", lex.MaxDepth/lex.GroupCost-10, "1", "]"),
		"in list":     "select 1 in (" + wide("1", ",", 100_000) + ")",
		"or":          "select " + wide("a = 1", " or ", 20_000),
		"and":         "select " + wide("a between 1 and 2", " and ", 20_000),
		"values":      "values " + wide("(1, 2)", ",", 20_000),
		"statements":  wide("select 1+1", ";", 5_000),
		"when":        "select case " + wide("when a=1 then 1", " ", 5_000) + " end",
		"literal":     "select '" + strings.Repeat("x", 1<<20) + "'",
		"identifier":  "select " + strings.Repeat("x", 1<<20),
		"number":      "select " + strings.Repeat("1", 1<<20),
		"comment":     "select 1 " + nest("/*", 10_000, "", "*/"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(text, expr.Postgres); err != nil {
				t.Fatalf("%.300v", err)
			}
		})
	}
}

func TestBadText(t *testing.T) {
	for _, c := range []struct {
		text string
		code sql.Code
	}{
		{"select '\x00'", sql.CodeCharacterNotInRepertoire},
		{"select '\xff'", sql.CodeCharacterNotInRepertoire},
		{"select 1 -- " + strings.Repeat("x", lex.MaxText), sql.CodeProgramLimitExceeded},
		{"select " + strings.Repeat("1,", lex.MaxTokens), sql.CodeProgramLimitExceeded},
	} {
		if _, err := Parse(c.text, expr.Postgres); err == nil || sql.AsError(err).Code != c.code {
			t.Errorf("%.40q: got %.200v, want %s", c.text, fmt.Sprint(err), c.code)
		}
	}
}
