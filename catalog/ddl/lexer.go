package ddl

import (
	"strings"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

type kind uint8

const (
	end    kind = iota
	word        // unquoted name or keyword; text is folded to lower case
	quoted      // `name` or "name"; text is without quotes
	str         // 'text'; text is the raw inside
	number      // digits, perhaps with a fraction
	punct       // one character
)

type token struct {
	kind kind
	text string
	off  int // byte offset in the source
	stop int // byte offset after it
}

// lexer splits Athena DDL into tokens. Backticks and double quotes both quote
// names.
type lexer struct {
	src string
	off int

	counted, chars int // the offset asked for last and the characters before it
}

// at is a 1-based character position of a byte offset. Offsets asked for mostly
// ascend, so it counts on from the last.
func (l *lexer) at(off int) int {
	off = min(off, len(l.src))
	if off < l.counted {
		l.counted, l.chars = 0, 0
	}
	l.chars += utf8.RuneCountInString(l.src[l.counted:off])
	l.counted = off
	return l.chars + 1
}

func (l *lexer) fail(off int, format string, args ...any) error {
	return sql.Errorf(sql.CodeSyntaxError, format, args...).At(l.at(off))
}

// blank skips white space and comments.
func (l *lexer) blank() error {
	for l.off < len(l.src) {
		c := l.src[l.off]
		rest := l.src[l.off:]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.off++
		case strings.HasPrefix(rest, "--"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				l.off += i + 1
			} else {
				l.off = len(l.src)
			}
		case strings.HasPrefix(rest, "/*"):
			start, depth := l.off, 0
			for {
				if l.off >= len(l.src) {
					return l.fail(start, "unterminated /* comment")
				}
				switch r := l.src[l.off:]; {
				case strings.HasPrefix(r, "/*"):
					depth++
					l.off += 2
				case strings.HasPrefix(r, "*/"):
					depth--
					l.off += 2
				default:
					l.off++
				}
				if depth == 0 {
					break
				}
			}
		default:
			return nil
		}
	}
	return nil
}

func wordStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func wordByte(c byte) bool { return wordStart(c) || c >= '0' && c <= '9' || c == '$' }

// next returns the next token.
func (l *lexer) next() (token, error) {
	if err := l.blank(); err != nil {
		return token{}, err
	}
	start := l.off
	if start >= len(l.src) {
		return token{kind: end, off: start, stop: start}, nil
	}
	c := l.src[start]
	switch {
	case wordStart(c):
		for l.off < len(l.src) && wordByte(l.src[l.off]) {
			l.off++
		}
		return token{word, strings.ToLower(l.src[start:l.off]), start, l.off}, nil
	case c >= '0' && c <= '9':
		for l.off < len(l.src) && (wordByte(l.src[l.off]) || l.src[l.off] == '.') {
			l.off++
		}
		return token{number, l.src[start:l.off], start, l.off}, nil
	case c == '#' && start+1 < len(l.src) && wordStart(l.src[start+1]): // Redshift's name of a temporary table
		for l.off++; l.off < len(l.src) && wordByte(l.src[l.off]); {
			l.off++
		}
		return token{quoted, strings.ToLower(l.src[start:l.off]), start, l.off}, nil
	case c == '`' || c == '"':
		text, err := l.quotedText(c, "quoted identifier")
		if err == nil && text == "" {
			err = l.fail(start, "zero-length delimited identifier")
		}
		return token{quoted, text, start, l.off}, err
	case c == '\'':
		text, err := l.rawString()
		return token{str, text, start, l.off}, err
	}
	_, n := utf8.DecodeRuneInString(l.src[start:])
	l.off += n
	return token{punct, l.src[start:l.off], start, l.off}, nil
}

// quotedText reads a name; a doubled quote stands for one.
func (l *lexer) quotedText(q byte, what string) (string, error) {
	start := l.off
	var b strings.Builder
	for l.off++; l.off < len(l.src); l.off++ {
		c := l.src[l.off]
		if c == q {
			if l.off+1 < len(l.src) && l.src[l.off+1] == q {
				l.off++
			} else {
				l.off++
				return b.String(), nil
			}
		}
		b.WriteByte(c)
	}
	return "", l.fail(start, "unterminated %s", what)
}

// rawString reads a string up to its closing quote. A backslash takes the next
// character with it, as Hive has it; what they mean is the parser's to say.
func (l *lexer) rawString() (string, error) {
	start := l.off
	for l.off++; l.off < len(l.src); l.off++ {
		switch l.src[l.off] {
		case '\\':
			// 'C:\' would swallow its closing quote: a backslash before the last
			// quote of the text ends the string.
			if l.off+1 < len(l.src) && (l.src[l.off+1] != '\'' || strings.IndexByte(l.src[l.off+2:], '\'') >= 0) {
				l.off++
			}
		case '\'':
			if l.off+1 < len(l.src) && l.src[l.off+1] == '\'' {
				l.off++
				continue
			}
			l.off++
			return l.src[start+1 : l.off-1], nil
		}
	}
	return "", l.fail(start, "unterminated quoted string")
}

// hiveString gives the text of a raw string with Hive's escapes: \n \t \r \0
// \b, octal \001, \u0001, a backslash before any other character, and ”.
func hiveString(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return strings.ReplaceAll(raw, "''", "'")
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\'' && i+1 < len(raw) && raw[i+1] == '\'' {
			i++
		}
		if c != '\\' || i+1 >= len(raw) {
			b.WriteByte(c)
			continue
		}
		i++
		switch c = raw[i]; {
		case c == 'n':
			b.WriteByte('\n')
		case c == 't':
			b.WriteByte('\t')
		case c == 'r':
			b.WriteByte('\r')
		case c == 'b':
			b.WriteByte('\b')
		case c == 'u' && i+4 < len(raw) && hex4(raw[i+1:i+5]) >= 0:
			b.WriteRune(rune(hex4(raw[i+1 : i+5])))
			i += 4
		case c >= '0' && c <= '1' && i+2 < len(raw) && octal(raw[i+1]) && octal(raw[i+2]):
			b.WriteByte((c-'0')<<6 | (raw[i+1]-'0')<<3 | (raw[i+2] - '0'))
			i += 2
		case c == '0':
			b.WriteByte(0)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

func hex4(s string) int {
	n := 0
	for i := range 4 {
		c := s[i] | 0x20
		switch {
		case s[i] >= '0' && s[i] <= '9':
			n = n<<4 | int(s[i]-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | int(c-'a'+10)
		default:
			return -1
		}
	}
	return n
}

// quoteString writes s as a Hive string that hiveString reads back.
func quoteString(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; c {
		case '\'':
			b.WriteString(`\'`)
		case '\\':
			b.WriteString(`\\`)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		default:
			if c < 0x20 {
				b.WriteByte('\\')
				b.WriteByte('0' + c>>6)
				b.WriteByte('0' + c>>3&7)
				b.WriteByte('0' + c&7)
			} else {
				b.WriteByte(c)
			}
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// quoteName writes a name in backticks.
func quoteName(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
