package parse

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse/lex"
	"github.com/sluicedb/sluice/sql"
)

func mustParse(t *testing.T, text string) []Statement {
	t.Helper()
	s, err := Parse(text, expr.Postgres)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func TestStatements(t *testing.T) {
	s := mustParse(t, " /* é */ select 'é', $2 ; ; -- nothing\n show all;")
	if len(s) != 2 {
		t.Fatalf("%d statements", len(s))
	}
	if s[0].Text != "select 'é', $2 " || s[0].Off != 9 || s[0].NumParams != 2 {
		t.Errorf("first: %+v", s[0])
	}
	if p := s[0].Stmt.(*Select).Targets[1].Expr.Pos(); p != 13 {
		t.Errorf("position of $2 is %d", p)
	}
	if s[1].Text != "show all" || s[1].Stmt.(*Show).Name != "all" {
		t.Errorf("second: %+v", s[1])
	}
	if s := mustParse(t, " ; -- x\n"); len(s) != 0 {
		t.Errorf("empty text gives %v", s)
	}
}

func TestTexts(t *testing.T) {
	for text, want := range map[string]string{
		"explain select 1":                              "select 1",
		"EXPLAIN ANALYZE VERBOSE select 1 ":             "select 1 ",
		"explain (analyze, format 'json') (select 1)":   "(select 1)",
		"explain (select 1)":                            "(select 1)",
		"prepare p (int, text) as select $1":            "select $1",
		"create or replace view v (a) as select 1 as x": "select 1 as x",
	} {
		var got string
		switch s := mustParse(t, text)[0].Stmt.(type) {
		case *Explain:
			got = s.Text
		case *Prepare:
			got = s.Text
		case *CreateView:
			got = s.Text
		}
		if got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestErrorCodes(t *testing.T) {
	for _, c := range []struct {
		text string
		code sql.Code
		pos  int
	}{
		{"selec 1", "42601", 1},
		{"select 'é' form x y", "42601", 17},
		{"select 'abc", "42601", 8},
		{"select 1; select (", "42601", 19},
		{"select $0", "42P02", 8},
		{"select 'é'; select $0", "42P02", 20},
		{"select float(0) '1'", "22023", 0},
		{"select sum(1) over (rows unbounded following)", "42P20", 0},
		{`select u&'\+00zz'`, "42601", 0},
		{`select e'\u00zz'`, "22025", 0},
		{"select xmlelement(name a)", "0A000", 8},
		{"select a.b.c.d.e from t limit 1 limit 2", "42601", 0},
	} {
		_, err := Parse(c.text, expr.Postgres)
		if err == nil {
			t.Errorf("%s: no error", c.text)
			continue
		}
		e := sql.AsError(err)
		if e.Code != c.code || c.pos > 0 && e.Position != c.pos {
			t.Errorf("%s: %v at %d", c.text, e, e.Position)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for text, want := range map[string]string{
		"create table t (a int)":                         "CREATE TABLE",
		"insert into t overriding user value values (1)": "INSERT ... OVERRIDING", "select 1 into t": "SELECT ... INTO a permanent table", "create table t as select 1": "CREATE TABLE AS", "vacuum t": "VACUUM",
		"grant select on t to u": "GRANT", "revoke select on t from u": "REVOKE", "create index on t (a)": "CREATE INDEX",
		"drop materialized view v": "DROP MATERIALIZED VIEW", "alter table t add a int": "ALTER TABLE",
		"do $$begin end$$": "DO", "call f()": "CALL", "reindex table t": "REINDEX",
		"merge into t using s on true when matched then delete": "MERGE", "create function f() returns int language sql as 'select 1'": "CREATE FUNCTION",
		"alter view v rename to w": "ALTER VIEW", "create extension x": "CREATE EXTENSION", "checkpoint": "CHECKPOINT",
	} {
		s, ok := mustParse(t, text)[0].Stmt.(*Unsupported)
		if !ok || s.Command != want {
			t.Errorf("%s: %+v", text, mustParse(t, text)[0].Stmt)
		}
	}
}

func TestSettings(t *testing.T) {
	set := func(text string) *Set { return mustParse(t, text)[0].Stmt.(*Set) }
	if s := set("set local search_path to a, 'b', 1.5"); !s.Local || len(s.Values) != 3 || !s.Values[0].Ident || s.Values[1].Ident || s.Values[2].Text != "1.5" {
		t.Errorf("%+v", s)
	}
	if s := set("set time zone interval '1' hour"); s.Name != "timezone" || !s.Values[0].Interval || s.Values[0].Text != "1" {
		t.Errorf("%+v", s)
	}
	if s := set("set session characteristics as transaction read only, isolation level serializable"); s.Kind != SetSessionTransaction ||
		s.Options["transaction_read_only"] != "on" || s.Options["transaction_isolation"] != "serializable" {
		t.Errorf("%+v", s)
	}
	if s := mustParse(t, "set role none")[0].Stmt.(*SetSession); !s.Role || s.Name != "none" {
		t.Errorf("%+v", s)
	}
	if s := mustParse(t, "begin isolation level repeatable read, read only")[0].Stmt.(*Txn); s.Options["transaction_isolation"] != "repeatable read" {
		t.Errorf("%+v", s)
	}
}

// scanned are texts whose tokens are easily cut wrongly.
var scanned = []string{
	"select a.b, 'x''y', E'a\\'b' || U&'\\0061' , $1::int from t where a<=-1 and b*-2>1--c\n+1",
	"select $$a'b$$, $x$ $$ $x$, b'01', X'ff', n'a', 1.5e10, .5, 1e+5, 1..2 , a[1:2], x=>1, y:=2, a#>>b, a@-b, a+-b",
	"select 'a'\n  'b', e'a\\''\n'\\'', \"q\"\"r\", u&\"d\\0061\", /* a /* b */ c */ 1",
	"select a -- x\n, b /* y */ <-> c, ?| d, !=- 1, <=>-2, 1 - -1, é, \"é\" from \"T\"",
}

// sameTokens compares the lexer's tokens with those of the grammar's scanner; false
// if the text is none to the scanner.
func sameTokens(t *testing.T, text string) bool {
	t.Helper()
	scan, err := pg.Scan(text)
	if err != nil {
		return false
	}
	tokens := lex.New(text, 0)
	for _, want := range scan.Tokens {
		if want.Token == pg.Token_SQL_COMMENT || want.Token == pg.Token_C_COMMENT {
			continue
		}
		got := tokens.Next()
		if got.Start != int(want.Start) || got.End != int(want.End) {
			t.Fatalf("%q: %q, the scanner has %q", text, text[got.Start:got.End], text[want.Start:want.End])
		}
	}
	if tokens.Next().Kind != lex.EOF {
		t.Errorf("%q: more tokens than the scanner", text)
	}
	return true
}

// The lexer must cut text where the grammar's scanner does: the bounds rest on it.
func TestLexerAgreesWithScanner(t *testing.T) {
	for _, text := range scanned {
		if !sameTokens(t, text) {
			t.Errorf("%q is none to the scanner", text)
		}
	}
}

func TestCache(t *testing.T) {
	c := NewCache(16 << 10)
	a, err := c.Parse("select 1", expr.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := c.Parse("select 1", expr.Postgres); &a[0] != &b[0] {
		t.Error("parsed twice")
	}
	for i := range 100 {
		if _, err := c.Parse("select "+strings.Repeat("1", i+1), expr.Postgres); err != nil {
			t.Fatal(err)
		}
	}
	if c.size > c.budget || c.order.Len() != len(c.byKey) || c.order.Len() == 0 {
		t.Errorf("%d bytes in %d entries, %d keys", c.size, c.order.Len(), len(c.byKey))
	}
}

// TestMutilated parses texts with pieces taken out, doubled and mixed up: no
// internal error comes of it, and where the grammar's scanner can cut a text into
// tokens the lexer cuts it alike.
func TestMutilated(t *testing.T) {
	texts := append([]string{"select e'\\'", "select $a$ $b$ 'x' \"y\" /* /* */ u&'' b'1'",
		"explain (analyze) select a.b, 1e-5::numeric(3,1) from t as x(a) join u using (b) where a->>'k' <> all(array[1,$1]) -- x",
		"prepare p (int) as select case when a then 'é' else U&\"d\\0061\" end over (order by 1) union all values (1)"}, scanned...)
	for _, text := range tooDeep {
		texts = append(texts, text[:min(len(text), 200)])
	}
	slices.Sort(texts)
	r := rand.New(rand.NewPCG(1, 2))
	cuts, parsed := 0, 0
	for range 20_000 {
		text := []byte(texts[r.IntN(len(texts))])
		for range 1 + r.IntN(4) {
			from := r.IntN(len(text) + 1)
			to := min(len(text), from+r.IntN(6))
			other := texts[r.IntN(len(texts))]
			at := r.IntN(len(other))
			switch r.IntN(3) {
			case 0:
				text = slices.Delete(text, from, to)
			case 1:
				text = slices.Insert(text, from, slices.Clone(text[from:to])...)
			default:
				text = slices.Insert(text, from, []byte(other[at:min(len(other), at+r.IntN(12))])...)
			}
		}
		s := string(text)
		if sameTokens(t, s) {
			cuts++
		}
		stmts, err := Parse(s, expr.Postgres)
		if err != nil && sql.AsError(err).Code == sql.CodeInternal {
			t.Fatalf("%q: %v", s, err)
		}
		for _, st := range stmts {
			parsed++
			if !strings.Contains(s, st.Text) {
				t.Fatalf("%q: text %q", s, st.Text)
			}
		}
	}
	if cuts < 5000 || parsed < 500 {
		t.Errorf("only %d texts have tokens and %d parse", cuts, parsed)
	}
}
