package lex

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

// FuzzTokens: tokens make progress and are tokens of the same kind on their own, and
// every text gets a verdict of the bounds.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{
		"select e'\\'", "select $a$ $b$ 'x' \"y\" /* /* */ u&'' b'1'", "select 'a'\n  'b', e'a\\''\n'\\'', u&\"d\\0061\"",
		"select 1..2, .5, 1e+5, $1::int, a[1:2], x=>1, y:=2, a#>>b, a@-b, a+-b, <=>-2 -- x\n, é",
		"select case when (a between 1 and not b) then [c] else d end union select 1 from a join b",
		strings.Repeat("(", 600), "select 1" + strings.Repeat("+1", 2100), ")]end;(;\x00\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := New(text, 0)
		for last := 0; ; {
			k := l.Next()
			if k.Kind == EOF {
				if k.Start != len(text) {
					t.Fatalf("the text ends at %d of %d", k.Start, len(text))
				}
				break
			}
			if k.Start < last || k.End <= k.Start || k.End > len(text) {
				t.Fatalf("token %+v after %d", k, last)
			}
			last = k.End
			part := text[k.Start:k.End]
			if again := New(part, 0).Next(); again != (Token{k.Kind, 0, len(part)}) {
				t.Fatalf("%q is of kind %d in the text and %+v alone", part, k.Kind, again)
			}
		}
		if err := CheckBounds(text); err != nil {
			e := sql.AsError(err)
			if !slices.Contains([]sql.Code{sql.CodeStatementTooComplex, sql.CodeProgramLimitExceeded, sql.CodeCharacterNotInRepertoire}, e.Code) ||
				e.Position < 0 || e.Position > utf8.RuneCountInString(text) {
				t.Fatal(e, e.Position)
			}
		}
	})
}
