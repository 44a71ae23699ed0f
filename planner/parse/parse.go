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
	if err != nil {
		if pe, ok := errors.AsType[*parser.Error](err); ok {
			return nil, grammarError(pe)
		}
		return nil, sql.Errorf(sql.CodeInternal, "the statement's syntax tree cannot be read: %v", err)
	}
	chars := newCharMap(text)
	var out []Statement
	for _, raw := range tree.Stmts {
		st, err := convertStatement(text, chars, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// convertStatement makes a Statement; its text starts at its first token.
func convertStatement(text string, chars charMap, raw *pg.RawStmt) (Statement, error) {
	start, end := int(raw.StmtLocation), len(text)
	if raw.StmtLen > 0 {
		end = start + int(raw.StmtLen)
	}
	tokens := lex.New(text[:end], start)
	tokens.SkipBlank()
	start = tokens.Pos()
	c := &converter{chars: chars, off: chars.count(start), text: text, start: start, end: end}
	stmt, err := c.statement(raw.Stmt)
	if err != nil {
		e := sql.AsError(err)
		if e.Position > 0 {
			e.Position += c.off
		}
		return Statement{}, e
	}
	return Statement{Stmt: stmt, Text: text[start:end], Off: c.off, NumParams: c.params}, nil
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
