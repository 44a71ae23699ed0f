package lex

import (
	"strings"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

// Bounds of a text. The grammar's library walks its trees with C recursion and
// without a check: a chain of some ten thousand operators kills the process. The
// tree's depth is therefore bounded before the library sees the text, from the
// tokens alone and from above. MaxDepth is in operators; it lies a factor of ten
// below what the library was seen to fail at, and below the nesting that protobuf
// decodes (10,000 messages, two to an operator).
const (
	MaxText   = 16 << 20 // bytes
	MaxTokens = 1 << 20
	MaxDepth  = 2000
	// GroupCost is what a pair of parentheses or brackets, or a CASE, may add to the
	// tree: a subquery's target in it lies eight messages deeper.
	GroupCost = 4
)

func errTooComplex(pos int) *sql.Error {
	return sql.Errorf(sql.CodeStatementTooComplex, "statement is too complex: expressions or subqueries nest deeper than the limit of %d levels", MaxDepth).
		WithHint("Split the statement, replace chains of operators by lists (IN, ANY, concat) or store intermediate results.").At(pos)
}

// group is an open parenthesis, bracket, CASE, or the statement itself. Within
// one, an operator adds at most a level to what stands in the same segment, that
// is, between two commas or two ANDs or ORs, which the grammar makes flat lists
// of.
type group struct {
	open     byte // '(' '[' 'c', 0 for the statement
	ops      int  // operators in the segment
	sub      int  // deepest group closed in the segment
	joins    int  // in this SELECT
	seg      int  // deepest segment of this SELECT
	sel      int  // deepest SELECT
	setOps   int
	betweens int // BETWEENs that await their AND
}

func (g *group) endSegment() {
	g.seg = max(g.seg, g.ops+g.sub)
	g.ops, g.sub = 0, 0
}

func (g *group) endSelect() {
	g.endSegment()
	g.sel = max(g.sel, g.joins+g.seg)
	g.joins, g.seg = 0, 0
}

func (g *group) depth() int {
	return g.setOps + max(g.sel, g.joins+max(g.seg, g.ops+g.sub))
}

// CheckBounds refuses text that the grammar must not see: 54000, 54001, or 22021
// where it is no UTF-8.
func CheckBounds(text string) error {
	if len(text) > MaxText {
		return sql.Errorf(sql.CodeProgramLimitExceeded, "statement text of %d bytes exceeds the limit of %d bytes", len(text), MaxText).
			WithHint("Pass long values as parameters.")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return sql.Errorf(sql.CodeCharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	if !utf8.ValidString(text) {
		for i, r := range text {
			if r == utf8.RuneError {
				if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
					return sql.Errorf(sql.CodeCharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x%02x`, text[i])
				}
			}
		}
	}
	b := bounds{text: text, groups: make([]group, 1, 16)}
	lex := New(text, 0)
	afterDot := false
	for {
		t := lex.Next()
		if t.Kind == EOF {
			break
		}
		if b.tokens++; b.tokens > MaxTokens {
			return sql.Errorf(sql.CodeProgramLimitExceeded, "statement has more than %d words and symbols", MaxTokens).
				WithHint("Pass long lists as an array parameter: x = ANY($1).")
		}
		if !b.add(t, afterDot) {
			return errTooComplex(utf8.RuneCountInString(text[:t.Start]) + 1)
		}
		afterDot = t.Kind == Punct && text[t.Start:t.End] == "."
	}
	for len(b.groups) > 1 {
		b.pop()
	}
	if b.groups[0].depth() > MaxDepth {
		return errTooComplex(0)
	}
	return nil
}

type bounds struct {
	text   string
	groups []group
	tokens int
}

func (b *bounds) top() *group { return &b.groups[len(b.groups)-1] }

func (b *bounds) pop() {
	d := b.top().depth() + GroupCost
	b.groups = b.groups[:len(b.groups)-1]
	g := b.top()
	g.sub = max(g.sub, d)
}

// closeGroup closes the innermost group with the opener, and those left open in it.
func (b *bounds) closeGroup(open byte) {
	for i := len(b.groups) - 1; i > 0; i-- {
		if b.groups[i].open == open {
			for len(b.groups) > i {
				b.pop()
			}
			return
		}
	}
}

// add counts a token; false if the text goes over the bounds.
func (b *bounds) add(t Token, afterDot bool) bool {
	s := b.text[t.Start:t.End]
	g := b.top()
	switch t.Kind {
	case Op:
		g.ops++
	case Punct:
		switch s {
		case "(", "[":
			b.groups = append(b.groups, group{open: s[0]})
		case ")":
			b.closeGroup('(')
		case "]":
			b.closeGroup('[')
		case ",":
			g.endSegment()
		case "::":
			g.ops++
		case ";":
			if len(b.groups) == 1 {
				if g.depth() > MaxDepth {
					return false
				}
				*g = group{}
			}
		}
	case Word:
		if !afterDot && len(s) <= len("intersect") {
			b.word(strings.ToLower(s))
		}
	}
	g = b.top()
	return len(b.groups)*GroupCost <= MaxDepth && g.setOps+g.joins+g.ops+g.sub <= MaxDepth
}

func (b *bounds) word(w string) {
	g := b.top()
	switch w {
	case "and":
		// The AND of a BETWEEN ends nothing: x BETWEEN 1 AND NOT y BETWEEN 1 AND NOT ...
		if g.betweens > 0 {
			g.betweens--
			g.ops++
		} else {
			g.endSegment()
		}
	case "or":
		g.endSegment()
	case "when", "then", "else":
		if g.open == 'c' {
			g.endSegment()
		}
	case "between":
		g.betweens++
		g.ops++
	case "not", "is", "isnull", "notnull", "like", "ilike", "similar", "in", "collate", "at", "operator", "overlaps", "escape":
		g.ops++
	case "join":
		g.joins++
	case "union", "intersect", "except":
		g.setOps++
	case "select":
		g.endSelect()
	case "case":
		b.groups = append(b.groups, group{open: 'c'})
	case "end":
		if g.open == 'c' {
			b.pop()
		}
	}
}
