package ddl

import (
	"strings"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/sql"
)

// parser reads tokens with two of look-ahead. Errors are raised by panic with
// *syntaxPanic and caught in Parse alone.
type parser struct {
	lex   lexer
	tok   token // the next token
	ahead *token
	exact string // the identifier read last as it was quoted, not folded
}

type syntaxPanic struct{ err error }

func (p *parser) fail(err error) { panic(&syntaxPanic{err}) }

func (p *parser) scan() token {
	t, err := p.lex.next()
	if err != nil {
		p.fail(err)
	}
	return t
}

// step consumes the next token and returns it.
func (p *parser) step() token {
	t := p.tok
	if p.ahead != nil {
		p.tok, p.ahead = *p.ahead, nil
	} else {
		p.tok = p.scan()
	}
	return t
}

// peek returns the token after the next.
func (p *parser) peek() token {
	if p.ahead == nil {
		t := p.scan()
		p.ahead = &t
	}
	return *p.ahead
}

func (p *parser) pos() int { return p.lex.at(p.tok.off) }

// unexpected raises a syntax error at the next token.
func (p *parser) unexpected(wanted string) {
	var e *sql.Error
	if p.tok.kind == end {
		e = sql.Errorf(sql.CodeSyntaxError, "syntax error at end of input")
	} else {
		e = sql.Errorf(sql.CodeSyntaxError, "syntax error at or near \"%s\"", p.lex.src[p.tok.off:p.tok.stop])
	}
	if wanted != "" {
		e = e.WithHint("Expected %s here.", wanted)
	}
	p.fail(e.At(p.pos()))
}

// is reports whether the next token is the keyword (lower case) or punctuation.
func (p *parser) is(text string) bool {
	return (p.tok.kind == word || p.tok.kind == punct) && p.tok.text == text
}

// accept consumes the next tokens if they are these keywords.
func (p *parser) accept(texts ...string) bool {
	if !p.is(texts[0]) {
		return false
	}
	if len(texts) == 2 {
		if t := p.peek(); (t.kind != word && t.kind != punct) || t.text != texts[1] {
			return false
		}
		p.step()
	}
	p.step()
	return true
}

func (p *parser) expect(texts ...string) {
	for _, t := range texts {
		if !p.is(t) {
			p.unexpected(strings.ToUpper(t))
		}
		p.step()
	}
}

// oneOf consumes one of the keywords and returns it.
func (p *parser) oneOf(texts ...string) string {
	for _, t := range texts {
		if p.accept(t) {
			return t
		}
	}
	p.unexpected(strings.ToUpper(strings.Join(texts, " or ")))
	return ""
}

func (p *parser) ident(what string) string {
	if p.tok.kind != word && p.tok.kind != quoted {
		p.unexpected(what)
	}
	p.exact = p.step().text
	return strings.ToLower(p.exact)
}

// text reads a string with Hive's escapes.
func (p *parser) text(what string) string {
	if p.tok.kind != str {
		p.unexpected(what)
	}
	return hiveString(p.step().text)
}

func (p *parser) name() Name {
	n := Name{Pos: p.pos()}
	n.Table = p.ident("a name")
	for range 2 {
		if !p.accept(".") {
			break
		}
		n.Catalog, n.Database, n.Table = n.Database, n.Table, p.ident("a name")
	}
	n.Exact = p.exact
	return n
}

func (p *parser) ifExists() bool {
	if p.accept("if") {
		p.expect("exists")
		return true
	}
	return false
}

func (p *parser) ifNotExists() bool {
	if p.accept("if") {
		p.expect("not", "exists")
		return true
	}
	return false
}

// list reads "( item, item ... )".
func (p *parser) list(item func()) {
	p.expect("(")
	item()
	for p.accept(",") {
		item()
	}
	p.expect(")")
}

// props reads ('k'='v', ...).
func (p *parser) props() map[string]string {
	m := map[string]string{}
	p.list(func() {
		k := p.text("a property name in single quotes")
		p.expect("=")
		m[k] = p.text("a property value in single quotes")
	})
	return m
}

// part reads PARTITION (k = v, ...).
func (p *parser) part() Part {
	pt := Part{Pos: p.pos()}
	p.expect("partition")
	p.list(func() {
		pt.Keys = append(pt.Keys, p.ident("a partition key"))
		p.expect("=")
		pt.Values = append(pt.Values, p.literal())
	})
	return pt
}

// literal reads a constant as its text: 'text', 12, -1.5, true, date '...'.
func (p *parser) literal() string {
	neg := p.accept("-")
	switch {
	case p.tok.kind == number:
		s := p.step().text
		if neg {
			s = "-" + s
		}
		return s
	case neg:
		p.unexpected("a number")
	case p.is("date") || p.is("timestamp"):
		p.step()
		return p.text("a value in single quotes")
	case p.is("true") || p.is("false"):
		return p.step().text
	case p.is("null"):
		p.step()
		return ""
	}
	return p.text("a value")
}

// columns reads (name type [COMMENT 'c'], ...).
func (p *parser) columns() []Column {
	var out []Column
	p.list(func() { out = append(out, p.column()) })
	return out
}

func (p *parser) column() Column {
	c := Column{Pos: p.pos()}
	c.Name = p.ident("a column name")
	p.accept(":")
	c.Hive = p.hiveType()
	if p.accept("comment") {
		c.Comment = p.text("a comment in single quotes")
	}
	return c
}

// maxTypeDepth bounds nesting of array, map and struct.
const maxTypeDepth = 64

// hiveType reads a Hive type and returns its canonical text.
func (p *parser) hiveType() string {
	pos := p.pos()
	var b strings.Builder
	p.typeInto(&b, 0)
	if b.Len() > 131072 {
		p.fail(sql.Errorf(sql.CodeProgramLimitExceeded, "a column's type is longer than 131072 bytes").At(pos))
	}
	text := b.String()
	if _, err := store.HiveType(text); err != nil {
		p.fail(sql.AsError(err).At(pos))
	}
	return text
}

func (p *parser) typeInto(b *strings.Builder, depth int) {
	if depth > maxTypeDepth {
		p.fail(sql.Errorf(sql.CodeStatementTooComplex, "types are nested more than %d deep", maxTypeDepth).At(p.pos()))
	}
	if p.tok.kind != word {
		p.unexpected("a type")
	}
	name := p.step().text
	switch name {
	case "integer":
		name = "int"
	case "real":
		name = "float"
	case "numeric", "dec":
		name = "decimal"
	case "character", "nchar":
		name = "char"
		if p.accept("varying") {
			name = "varchar"
		}
	case "text":
		name = "string"
	case "double":
		p.accept("precision")
	case "int2":
		name = "smallint"
	case "int4":
		name = "int"
	case "int8":
		name = "bigint"
	case "float4":
		name = "float"
	case "float8":
		name = "double"
	case "bool":
		name = "boolean"
	}
	b.WriteString(name)
	switch name {
	case "array", "map":
		p.expect("<")
		b.WriteByte('<')
		p.typeInto(b, depth+1)
		if name == "map" {
			p.expect(",")
			b.WriteByte(',')
			p.typeInto(b, depth+1)
		}
		p.expect(">")
		b.WriteByte('>')
	case "struct":
		p.expect("<")
		b.WriteByte('<')
		for i := 0; i == 0 || p.accept(","); i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(p.ident("a field name"))
			p.expect(":")
			b.WriteByte(':')
			p.typeInto(b, depth+1)
		}
		p.expect(">")
		b.WriteByte('>')
	default:
		if p.accept("(") {
			b.WriteByte('(')
			for i := 0; i == 0 || p.accept(","); i++ {
				if i > 0 {
					b.WriteByte(',')
				}
				if p.tok.kind != number {
					p.unexpected("a number")
				}
				b.WriteString(p.step().text)
			}
			p.expect(")")
			b.WriteByte(')')
		}
	}
}
