package parse

import (
	"slices"
	"strings"

	"github.com/sluicedb/sluice/planner/parse/lex"
)

// Markers stand in rewritten text for forms that PostgreSQL's grammar does not have;
// the converter takes them out again.
const (
	markTop      = "sluice$top"          // SELECT "sluice$top"(n), ...
	markQualify  = "sluice$qualify"      // WINDOW "sluice$qualify" AS (PARTITION BY condition)
	markIgnore   = "sluice$ignore_nulls" // the FILTER or the ORDER BY of a window function
	markTry      = "sluice$try"          // "sluice$try"(CAST(x AS t))
	markDistinct = "sluice$distinct"     // the first argument of LISTAGG
)

// edit replaces a piece of text.
type edit struct {
	start, end int
	text       string
}

// rewriter finds the forms of other dialects that PostgreSQL's grammar refuses. It is
// asked only about texts that the grammar has refused.
type rewriter struct {
	text  string
	toks  []lex.Token
	words []string // upper-case words and punctuation; "" for others
	edits []edit
}

// rewrite returns the text with markers in place of other dialects' forms, and for
// each byte of it the byte of the original text; ok is false if it has none.
func rewrite(text string) (out string, back []int, ok bool) {
	r := &rewriter{text: text}
	l := lex.New(text, 0)
	for {
		t := l.Next()
		if t.Kind == lex.EOF {
			break
		}
		w := ""
		switch t.Kind {
		case lex.Word, lex.Punct, lex.Op:
			w = strings.ToUpper(text[t.Start:t.End])
		}
		r.toks, r.words = append(r.toks, t), append(r.words, w)
	}
	for i := range r.toks {
		r.form(i)
	}
	if len(r.edits) == 0 {
		return "", nil, false
	}
	slices.SortStableFunc(r.edits, func(a, b edit) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	keep := func(to int) {
		for ; at < to; at++ {
			b.WriteByte(text[at])
			back = append(back, at)
		}
	}
	for _, e := range r.edits {
		keep(e.start)
		b.WriteString(e.text)
		for range len(e.text) {
			back = append(back, e.start)
		}
		at = max(at, e.end)
	}
	keep(len(text))
	return b.String(), append(back, len(text)), true
}

// word is the i-th token as a word, "" outside of the text.
func (r *rewriter) word(i int) string {
	if i < 0 || i >= len(r.words) {
		return ""
	}
	return r.words[i]
}

// replace puts text in place of tokens i to j.
func (r *rewriter) replace(i, j int, text string) {
	r.edits = append(r.edits, edit{r.toks[i].Start, r.toks[j].End, text})
}

// insert puts text before token i, or at the end.
func (r *rewriter) insert(i int, text string) {
	at := len(r.text)
	if i > 0 && i >= len(r.toks) {
		at = r.toks[len(r.toks)-1].End
	} else if i < len(r.toks) {
		at = r.toks[i].Start
	}
	r.edits = append(r.edits, edit{at, at, text})
}

// close finds the parenthesis that closes the one at i, -1 if none does.
func (r *rewriter) close(i int) int {
	depth := 0
	for ; i < len(r.words); i++ {
		switch r.words[i] {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// beforeName are the words after which #name is a table and not an operator's operand.
var beforeName = strings.Fields(`FROM JOIN INTO TABLE EXISTS UPDATE ONLY USING WHERE AND OR NOT ON BY SELECT DISTINCT SET WHEN THEN ELSE CASE IN LIKE
	BETWEEN IS HAVING RETURNING ( , = < > <= >= <> + - * / ||`)

// form rewrites the form that starts at token i.
func (r *rewriter) form(i int) {
	next := r.word(i + 1)
	switch r.words[i] {
	case "TOP":
		r.top(i)
	case "QUALIFY":
		r.qualify(i)
	case "MINUS":
		if next == "SELECT" || (next == "ALL" || next == "DISTINCT") && r.word(i+2) == "SELECT" || next == "(" && (r.word(i+2) == "SELECT" || r.word(i+2) == "(") {
			r.replace(i, i, "EXCEPT")
		}
	case "#":
		if i+1 < len(r.toks) && r.toks[i+1].Kind == lex.Word && r.toks[i+1].Start == r.toks[i].End && slices.Contains(beforeName, r.word(i-1)) {
			r.replace(i, i+1, `"#`+strings.ToLower(r.words[i+1])+`"`)
		}
	case "APPROXIMATE":
		if next == "COUNT" || next == "PERCENTILE_DISC" {
			r.replace(i, i, "")
		}
	case "IGNORE", "RESPECT":
		if next != "NULLS" {
			break
		}
		text := ""
		if r.words[i] == "IGNORE" {
			text = `ORDER BY "` + markIgnore + `"`
			if r.word(i-1) == ")" && r.word(i+2) == "OVER" {
				text = `FILTER (WHERE "` + markIgnore + `")`
			}
		}
		r.replace(i, i+1, text)
	case "TRY_CAST":
		if end := r.close(i + 1); next == "(" && end >= 0 {
			r.replace(i, i, `"`+markTry+`"(CAST`)
			r.insert(end, ")")
		}
	case "VARCHAR", "NVARCHAR", "VARYING":
		if next == "(" && r.word(i+2) == "MAX" && r.word(i+3) == ")" {
			r.replace(i+1, i+3, "")
		}
	case "LISTAGG":
		if next == "(" && r.word(i+2) == "DISTINCT" {
			r.replace(i+2, i+2, `"`+markDistinct+`",`)
		}
	}
}

// top: SELECT [DISTINCT] TOP n.
func (r *rewriter) top(i int) {
	if p := r.word(i - 1); p != "SELECT" && p != "DISTINCT" && p != "ALL" || i+1 >= len(r.toks) {
		return
	}
	end := i + 1
	switch k := r.toks[i+1].Kind; {
	case k == lex.Number, k == lex.Param:
	case r.words[i+1] == "(":
		if end = r.close(i + 1); end < 0 {
			return
		}
	default:
		return
	}
	r.replace(i, end, `"`+markTop+`"(`+r.text[r.toks[i+1].Start:r.toks[end].End]+`),`)
}

// qualifyEnds are the words that end a QUALIFY clause.
var qualifyEnds = strings.Fields("ORDER LIMIT OFFSET FETCH FOR UNION INTERSECT EXCEPT MINUS WINDOW ;")

// qualify: QUALIFY condition, after HAVING or a WINDOW clause.
func (r *rewriter) qualify(i int) {
	open := "WINDOW"
	depth := 0
	for k := i - 1; k >= 0 && depth >= 0; k-- {
		switch r.words[k] {
		case ")":
			depth++
		case "(":
			depth--
		case "SELECT":
			if depth == 0 {
				depth = -1
			}
		case "WINDOW":
			if depth == 0 {
				open = ","
			}
		}
	}
	r.replace(i, i, open+` "`+markQualify+`" AS (PARTITION BY (`)
	depth = 0
	end := i + 1
	for ; end < len(r.words); end++ {
		w := r.words[end]
		if w == "(" {
			depth++
		}
		if depth == 0 && (w == ")" || slices.Contains(qualifyEnds, w)) {
			break
		}
		if w == ")" {
			depth--
		}
	}
	r.insert(end, ")) ")
	if r.word(end) == "WINDOW" {
		r.replace(end, end, ",")
	}
}
