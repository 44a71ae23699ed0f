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

// Signs in a row are operators of their own, in linear time.
func TestSigns(t *testing.T) {
	for text, want := range map[string][]string{
		"+-+a":   {"+", "-", "+", "a"},
		"@+-1":   {"@+-", "1"},
		"*+-+@":  {"*+-+@"},
		"*+-+1":  {"*", "+", "-", "+", "1"},
		"<+--x":  {"<", "+"},
		"+/**/-": {"+", "-"},
	} {
		l := New(text, 0)
		var got []string
		for k := l.Next(); k.Kind != EOF; k = l.Next() {
			got = append(got, text[k.Start:k.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
	n := 0
	for l := New(strings.Repeat("*+", 1<<19), 0); l.Next().Kind != EOF; n++ {
	}
	if n == 0 {
		t.Error("no tokens")
	}
	n = 0
	for l := New(strings.Repeat("+", 1<<20), 0); l.Next().Kind != EOF; n++ {
	}
	if n != 1<<20 {
		t.Errorf("%d tokens", n)
	}
}
