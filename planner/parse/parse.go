package parse

import (
	"errors"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse/lex"
	"github.com/sluicedb/sluice/sql"
)

// Parse returns the statements of a text; none if there is nothing but blanks,
// comments and semicolons. Every statement is parsed before any is returned, as in
// PostgreSQL. The trees are immutable. Errors have positions in the whole text;
// positions in trees count from the start of their Statement.
func Parse(text string, d expr.Dialect) ([]Statement, error) {
	if err := lex.CheckBounds(text); err != nil {
		return nil, err
	}
	tree, err := pg.Parse(text)
	src := source{text: text, chars: newCharMap(text)}
	if err != nil {
		pe, ok := errors.AsType[*parser.Error](err)
		if !ok {
			return nil, sql.Errorf(sql.CodeInternal, "the statement's syntax tree cannot be read: %v", err)
		}
		// What PostgreSQL refuses may be another dialect's.
		if tree, src, ok = parseForms(src); !ok {
			return nil, grammarError(pe)
		}
	}
	var out []Statement
	for _, raw := range tree.Stmts {
		st, err := convertStatement(src, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// source is a text that the grammar has read. chars counts the characters before each
// of its bytes in the text as written, from which it may differ by rewritten forms;
// back then finds its bytes in that text, written.
type source struct {
	text, written string
	chars         charMap
	back          []int
}

// parseForms reads a text that the grammar refuses for other dialects' forms.
func parseForms(src source) (*pg.ParseResult, source, bool) {
	text, back, ok := rewrite(src.text)
	if !ok || lex.CheckBounds(text) != nil {
		return nil, src, false
	}
	tree, err := pg.Parse(text)
	if err != nil {
		return nil, src, false
	}
	out := source{text: text, written: src.text, back: back, chars: make(charMap, len(back))}
	for i, b := range back {
		out.chars[i] = int32(src.chars.count(b))
	}
	return tree, out, true
}

// slice is the text between two bytes as it was written.
func (s source) slice(start, end int) string {
	if s.back == nil {
		return s.text[start:end]
	}
	return s.written[s.back[start]:s.back[end]]
}

// convertStatement makes a Statement; its text starts at its first token.
func convertStatement(src source, raw *pg.RawStmt) (Statement, error) {
	text, chars := src.text, src.chars
	start, end := int(raw.StmtLocation), len(text)
	if raw.StmtLen > 0 {
		end = start + int(raw.StmtLen)
	}
	tokens := lex.New(text[:end], start)
	tokens.SkipBlank()
	start = tokens.Pos()
	c := &converter{source: src, off: chars.count(start), start: start, end: end}
	stmt, err := c.statement(raw.Stmt)
	if err != nil {
		e := sql.AsError(err)
		if e.Position > 0 {
			e.Position += c.off
		}
		return Statement{}, e
	}
	return Statement{Stmt: stmt, Text: src.slice(start, end), Off: c.off, NumParams: c.params}, nil
}

// charMap counts characters of a text by byte offset; nil where every character
// is one byte.
type charMap []int32

func newCharMap(text string) charMap {
	ascii := true
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < 0x80
	}
	if ascii {
		return nil
	}
	m := make(charMap, len(text)+1)
	n := int32(0)
	for i := range len(text) {
		m[i] = n
		if i+1 == len(text) || text[i+1]&0xc0 != 0x80 {
			n++
		}
	}
	m[len(text)] = n
	return m
}

// count returns the number of characters before byte offset b.
func (m charMap) count(b int) int {
	if m == nil {
		return b
	}
	return int(m[min(b, len(m)-1)])
}
