// Package lex cuts the text of statements into tokens by the rules of PostgreSQL's
// scanner, and bounds texts by their tokens alone.
package lex

// Kind is the kind of a lexical token.
type Kind uint8

// Kinds.
const (
	EOF    Kind = iota
	Word        // identifier or keyword, not quoted
	Quoted      // "identifier", U&"..."
	String      // any string or bit constant
	Number
	Param // $n
	Op    // operator symbol
	Punct // one of , ( ) [ ] ; . :  and the digraphs :: .. := =>
)

// Token is a token's place in the text, in bytes.
type Token struct {
	Kind       Kind
	Start, End int
}

// Lexer splits text into tokens by the rules of PostgreSQL's scan.l with
// standard_conforming_strings on. It reports no errors: what is not terminated
// ends with the text, and the grammar behind it says what is wrong.
type Lexer struct {
	s     string
	pos   int
	signs int // up to here, each character is an operator of its own: + or -
}

// New returns a lexer of the text from the byte at pos on.
func New(text string, pos int) *Lexer { return &Lexer{s: text, pos: pos} }

// Pos is how far the lexer has come, in bytes.
func (l *Lexer) Pos() int { return l.pos }

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isIdentPart(c byte) bool { return isIdentStart(c) || c >= '0' && c <= '9' || c == '$' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isOpChar(c byte) bool {
	switch c {
	case '~', '!', '@', '#', '^', '&', '|', '`', '?', '+', '-', '*', '/', '%', '<', '>', '=':
		return true
	}
	return false
}

// at returns the byte k places ahead, 0 past the end.
func (l *Lexer) at(k int) byte {
	if l.pos+k < len(l.s) {
		return l.s[l.pos+k]
	}
	return 0
}

// Next returns the next token.
func (l *Lexer) Next() Token {
	l.SkipBlank()
	start := l.pos
	if start >= len(l.s) {
		return Token{EOF, start, start}
	}
	kind := l.scan()
	return Token{kind, start, l.pos}
}

// SkipBlank skips white space and comments.
func (l *Lexer) SkipBlank() {
	for l.pos < len(l.s) {
		switch c := l.s[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '-' && l.at(1) == '-':
			l.skipLine()
		case c == '/' && l.at(1) == '*':
			l.skipBlock()
		default:
			return
		}
	}
}

func (l *Lexer) skipLine() {
	for l.pos < len(l.s) && l.s[l.pos] != '\n' && l.s[l.pos] != '\r' {
		l.pos++
	}
}

// skipBlock skips a comment; comments nest.
func (l *Lexer) skipBlock() {
	depth := 1
	for l.pos += 2; l.pos < len(l.s); {
		switch {
		case l.s[l.pos] == '*' && l.at(1) == '/':
			l.pos += 2
			if depth--; depth == 0 {
				return
			}
		case l.s[l.pos] == '/' && l.at(1) == '*':
			l.pos += 2
			depth++
		default:
			l.pos++
		}
	}
}

func (l *Lexer) scan() Kind {
	c := l.s[l.pos]
	switch {
	case c == '\'':
		l.quoted('\'', false, true)
		return String
	case c == '"':
		l.quoted('"', false, true)
		return Quoted
	case isIdentStart(c):
		return l.word()
	case isDigit(c), c == '.' && isDigit(l.at(1)):
		l.number()
		return Number
	case c == '$':
		return l.dollar()
	case isOpChar(c):
		l.operator()
		return Op
	}
	l.pos++
	if next := l.at(0); c == ':' && (next == ':' || next == '=') || c == '.' && next == '.' {
		l.pos++
	}
	return Punct
}

// quoted skips a quoted token, the opening quote at pos. Two quotes stand for one,
// if doubled. A string goes on in its own manner after white space with a line break
// and another quote.
func (l *Lexer) quoted(quote byte, escapes, doubled bool) {
	for {
		l.pos++
		for l.pos < len(l.s) {
			c := l.s[l.pos]
			if c == '\\' && escapes {
				l.pos = min(l.pos+2, len(l.s))
				continue
			}
			l.pos++
			if c == quote {
				if l.at(0) != quote || !doubled {
					break
				}
				l.pos++
			}
		}
		if quote == '"' || !l.continued() {
			return
		}
	}
}

// continued moves to the quote that continues the string constant that ended at
// pos, if there is one.
func (l *Lexer) continued() bool {
	p, newline := l.pos, false
	for p < len(l.s) {
		switch c := l.s[p]; {
		case c == '\n' || c == '\r':
			newline = true
			p++
		case isSpace(c):
			p++
		case c == '-' && p+1 < len(l.s) && l.s[p+1] == '-':
			for p < len(l.s) && l.s[p] != '\n' && l.s[p] != '\r' {
				p++
			}
		default:
			if c != '\'' || !newline {
				return false
			}
			l.pos = p
			return true
		}
	}
	return false
}

// word scans an identifier, or a constant with a letter in front.
func (l *Lexer) word() Kind {
	c, next := l.s[l.pos]|0x20, l.at(1)
	switch {
	case next == '\'' && (c == 'e' || c == 'b' || c == 'x'):
		l.pos++
		l.quoted('\'', c == 'e', c == 'e') // no quote stands in a bit string
		return String
	case c == 'u' && next == '&' && l.at(2) == '\'':
		l.pos += 2
		l.quoted('\'', false, true)
		return String
	case c == 'u' && next == '&' && l.at(2) == '"':
		l.pos += 2
		l.quoted('"', false, true)
		return Quoted
	}
	for l.pos < len(l.s) && isIdentPart(l.s[l.pos]) {
		l.pos++
	}
	return Word
}

// number scans a numeric constant. How junk after it splits does not matter here:
// the grammar refuses it.
func (l *Lexer) number() {
	digits := func() {
		for l.pos < len(l.s) && (isDigit(l.s[l.pos]) || l.s[l.pos] == '_') {
			l.pos++
		}
	}
	digits()
	if l.at(0) == '.' && l.at(1) != '.' {
		l.pos++
		digits()
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		k := 1
		if s := l.at(1); s == '+' || s == '-' {
			k = 2
		}
		if isDigit(l.at(k)) {
			l.pos += k
			digits()
		}
	}
}

// dollar scans $n or a dollar-quoted string.
func (l *Lexer) dollar() Kind {
	p := l.pos + 1
	if p < len(l.s) && isDigit(l.s[p]) {
		for p < len(l.s) && isDigit(l.s[p]) {
			p++
		}
		l.pos = p
		return Param
	}
	for p < len(l.s) && l.s[p] != '$' && isIdentPart(l.s[p]) {
		p++
	}
	if p >= len(l.s) || l.s[p] != '$' {
		l.pos++
		return Punct // a syntax error to the grammar
	}
	tag := l.s[l.pos : p+1]
	for p++; p < len(l.s); p++ {
		if l.s[p] == '$' && len(l.s)-p >= len(tag) && l.s[p:p+len(tag)] == tag {
			l.pos = p + len(tag)
			return String
		}
	}
	l.pos = len(l.s)
	return String
}

// operator scans the longest operator; a comment's start ends it, and a trailing
// + or - belongs to it only if one of ~ ! @ # ^ & | ` ? % is in it. Each character is
// looked at a bounded number of times, however many signs follow each other.
func (l *Lexer) operator() {
	start := l.pos
	if start < l.signs {
		l.pos++
		return
	}
	p, special := start, len(l.s)
	for p < len(l.s) && isOpChar(l.s[p]) {
		if p > start && p+1 < len(l.s) && (l.s[p] == '-' && l.s[p+1] == '-' || l.s[p] == '/' && l.s[p+1] == '*') {
			break
		}
		if special == len(l.s) && isSpecialOpChar(l.s[p]) {
			special = p
		}
		p++
	}
	l.signs = p
	for p-start > 1 && (l.s[p-1] == '+' || l.s[p-1] == '-') && special >= p-1 {
		p--
	}
	l.pos = p
}

// isSpecialOpChar reports whether an operator with c in it may end in + or -.
func isSpecialOpChar(c byte) bool {
	switch c {
	case '~', '!', '@', '#', '^', '&', '|', '`', '?', '%':
		return true
	}
	return false
}
