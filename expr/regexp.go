package expr

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

// regex is a PostgreSQL regular expression translated to Go's.
type regex struct {
	re     *regexp.Regexp
	next   *regexp.Regexp // at the end of a match: only here, and never at a text's start; nil if it is never empty
	global bool           // flag g
	lazy   bool           // it has non-greedy quantifiers: extracts are refused, as the preference rules differ
}

func errRegexp(format string, args ...any) error {
	return sql.Errorf(sql.CodeFeatureNotSupported, format, args...).
		WithHint("Lookaround, back references and some escapes of PostgreSQL's regular expressions are not supported.")
}

// classes are the POSIX classes over Unicode, as LC_CTYPE C.UTF-8 has them.
var classes = map[string]string{"alpha": `\p{L}`, "digit": `0-9`, "ascii": `\x00-\x7f`, "word": `\p{L}\p{Nd}_`, "alnum": `\p{L}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"space": `\s\v`, "punct": `[:punct:]`, "xdigit": `0-9A-Fa-f`, "cntrl": `[:cntrl:]`, "blank": ` \t`, "print": `\pL\pM\pN\pP\pS\x20`, "graph": `\pL\pM\pN\pP\pS`}

// asciiClasses are those of the collation C.
var asciiClasses = map[string]string{"alpha": `A-Za-z`, "digit": `0-9`, "alnum": `0-9A-Za-z`, "upper": `A-Z`, "lower": `a-z`,
	"space": `\s\v`, "punct": `[:punct:]`, "xdigit": `0-9A-Fa-f`, "cntrl": `[:cntrl:]`, "blank": ` \t`, "print": `[:print:]`, "graph": `[:graph:]`}

// compileRegexp translates an advanced regular expression, in the collation C or the
// default one. Constructs that Go's engine cannot do exactly are refused with 0A000.
func compileRegexp(p, flags string, coll Collation) (*regex, error) {
	classes := classes
	if coll == CollC {
		classes = asciiClasses
	}
	r := &regex{}
	fold, dotNL, multi := false, true, false
	var refused rune
	for _, f := range flags {
		switch f {
		case 'g':
			r.global = true
		case 'i':
			fold = true
		case 'c':
			fold = false
		case 's':
			dotNL, multi = true, false
		case 'n', 'm':
			dotNL, multi = false, true
		case 'p':
			dotNL = false
		case 'w':
			multi = true
		case 'q':
			p = regexp.QuoteMeta(p)
		case 't', 'e':
		case 'x', 'b':
			refused = f
		default:
			return nil, sql.Errorf(sql.CodeInvalidParameterValue, "invalid regular expression option: \"%c\"", f)
		}
	}
	if refused != 0 {
		return nil, errRegexp("regular expression flag \"%c\" is not supported", refused)
	}
	if strings.HasPrefix(p, "***") {
		return nil, errRegexp("regular expression directors (***) are not supported")
	}
	var b strings.Builder
	b.WriteString("(?")
	if fold {
		b.WriteByte('i')
	}
	if dotNL {
		b.WriteByte('s')
	}
	if multi {
		b.WriteByte('m')
	}
	b.WriteString(":")
	if b.Len() == 3 {
		b.Reset()
		b.WriteString("(?:")
	}
	quantifiable := false
	for i := 0; i < len(p); {
		c := p[i]
		switch c {
		case '\\':
			n, err := translateEscape(&b, p[i:], classes, false)
			if err != nil {
				return nil, err
			}
			i += n
			quantifiable = true
		case '[':
			n, err := translateBracket(&b, p[i:], classes, !dotNL)
			if err != nil {
				return nil, err
			}
			i += n
			quantifiable = true
		case '(':
			if strings.HasPrefix(p[i:], "(?") && !strings.HasPrefix(p[i:], "(?:") {
				if i == 0 && strings.HasPrefix(p, "(?i)") {
					b.WriteString("(?i)")
					i += 4
					continue
				}
				return nil, errRegexp("regular expression construct %q is not supported", p[i:min(len(p), i+3)])
			}
			b.WriteByte('(')
			i++
			if strings.HasPrefix(p[i:], "?:") {
				b.WriteString("?:")
				i += 2
			}
			quantifiable = false
		case '*', '+', '?', '{':
			if c == '{' && (i+1 >= len(p) || p[i+1] < '0' || p[i+1] > '9') { // stands for itself
				b.WriteString(`\{`)
				i++
				quantifiable = true
				continue
			}
			if !quantifiable {
				return nil, sql.Errorf(sql.CodeInvalidRegexp, "invalid regular expression: quantifier operand invalid")
			}
			if c == '{' {
				end := strings.IndexByte(p[i:], '}')
				if end < 0 {
					return nil, sql.Errorf(sql.CodeInvalidRegexp, "invalid regular expression: braces {} not balanced")
				}
				b.WriteString(p[i : i+end+1])
				i += end + 1
			} else {
				b.WriteByte(c)
				i++
			}
			if i < len(p) && p[i] == '?' {
				b.WriteByte('?')
				r.lazy = true
				i++
			}
			quantifiable = false
		case '^':
			if multi {
				b.WriteByte(c)
			} else {
				b.WriteString(textStart)
			}
			i++
			quantifiable = false
		case '|':
			b.WriteByte(c)
			i++
			quantifiable = false
		case '$':
			if multi {
				b.WriteByte('$')
			} else {
				b.WriteString(`\z`)
			}
			i++
			quantifiable = false
		default:
			_, n := utf8.DecodeRuneInString(p[i:])
			b.WriteString(p[i : i+n])
			i += n
			quantifiable = true
		}
	}
	b.WriteByte(')')
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, sql.Errorf(sql.CodeInvalidRegexp, "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if !r.lazy {
		re.Longest()
	}
	r.re = re
	if !multi && re.MatchString("") {
		r.next = regexp.MustCompile(`\A(?:` + strings.ReplaceAll(b.String(), textStart, `[^\x00-\x{10ffff}]`) + ")")
		r.next.Longest()
	}
	return r, nil
}

// textStart is a text's start in translated expressions.
const textStart = `(?:\A)`

// all returns all matches, n at most if it is not negative, as PostgreSQL finds them:
// unlike in Go, an empty match may follow at the end of another one.
func (r *regex) all(s []byte, n int) [][]int {
	found := r.re.FindAllSubmatchIndex(s, n)
	if r.next == nil || n == 1 {
		return found
	}
	var out [][]int
	for i, m := range found {
		out = append(out, m)
		end := m[1]
		if m[0] == end || i+1 < len(found) && found[i+1][0] == end {
			continue
		}
		if e := r.next.FindSubmatchIndex(s[end:]); e != nil && e[1] == 0 {
			for k := range e {
				if e[k] >= 0 {
					e[k] += end
				}
			}
			out = append(out, e)
		}
	}
	return out
}

// translateEscape writes the escape at the start of p and returns its length.
func translateEscape(b *strings.Builder, p string, classes map[string]string, inBracket bool) (int, error) {
	if len(p) < 2 {
		return 0, sql.Errorf(sql.CodeInvalidRegexp, "invalid regular expression: invalid escape \\ sequence")
	}
	open, shut := "[", "]"
	if inBracket {
		open, shut = "", ""
	}
	switch c := p[1]; c {
	case 'd':
		b.WriteString(open + "0-9" + shut)
	case 'w':
		b.WriteString(open + classes["alnum"] + "_" + shut)
	case 's':
		b.WriteString(open + `\s\v` + shut)
	case 'D', 'W', 'S':
		if inBracket {
			return 0, errRegexp("escape \\%c inside brackets is not supported", c)
		}
		b.WriteString(map[byte]string{'D': "[^0-9]", 'W': "[^" + classes["alnum"] + "_]", 'S': `[^\s\v]`}[c])
	case 'n', 't', 'r', 'f', 'v', 'a':
		b.WriteString(p[:2])
	case 'A':
		b.WriteString(textStart)
	case 'Z':
		b.WriteString(`\z`)
	default:
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return 0, errRegexp("regular expression escape \\%c is not supported", c)
		}
		r, n := utf8.DecodeRuneInString(p[1:])
		b.WriteString(regexp.QuoteMeta(string(r)))
		return 1 + n, nil
	}
	return 2, nil
}

// translateBracket writes the bracket expression at the start of p.
func translateBracket(b *strings.Builder, p string, classes map[string]string, noNewline bool) (int, error) {
	bad := sql.Errorf(sql.CodeInvalidRegexp, "invalid regular expression: brackets [] not balanced")
	b.WriteByte('[')
	i := 1
	if i < len(p) && p[i] == '^' {
		b.WriteByte('^')
		if noNewline {
			b.WriteString(`\n`)
		}
		i++
	}
	for first := true; ; first = false {
		if i >= len(p) {
			return 0, bad
		}
		switch c := p[i]; {
		case c == ']' && !first:
			b.WriteByte(']')
			return i + 1, nil
		case c == '[' && i+1 < len(p) && p[i+1] == ':':
			end := strings.Index(p[i:], ":]")
			if end < 0 {
				return 0, bad
			}
			class, ok := classes[p[i+2:i+end]]
			if !ok {
				return 0, sql.Errorf(sql.CodeInvalidRegexp, "invalid regular expression: invalid character class")
			}
			b.WriteString(class)
			i += end + 2
		case c == '[' && i+1 < len(p) && (p[i+1] == '.' || p[i+1] == '='):
			return 0, errRegexp("collating elements in regular expressions are not supported")
		case c == '\\':
			n, err := translateEscape(b, p[i:], classes, true)
			if err != nil {
				return 0, err
			}
			i += n
		case c == '-':
			if first || i+1 < len(p) && p[i+1] == ']' {
				b.WriteString(`\-`)
			} else {
				b.WriteByte('-')
			}
			i++
		case strings.IndexByte(`[]^&~`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
			i++
		default:
			_, n := utf8.DecodeRuneInString(p[i:])
			b.WriteString(p[i : i+n])
			i += n
		}
	}
}

// similarPattern turns a SIMILAR TO pattern into a regular expression.
func similarPattern(p string, esc rune, hasEsc bool) (string, error) {
	var b strings.Builder
	b.WriteString("^(?:")
	inBracket := false
	after := false // after the escape character
	for _, c := range p {
		switch {
		case after:
			if c == '"' {
				return "", errRegexp("SIMILAR TO patterns with escape-double-quote separators are not supported")
			}
			b.WriteByte('\\')
			b.WriteRune(c)
			after = false
		case hasEsc && c == esc:
			after = true
		case inBracket:
			if c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
			inBracket = c != ']'
		case c == '[':
			b.WriteRune(c)
			inBracket = true
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteByte('.')
		case c == '(':
			b.WriteString("(?:")
		case c == '\\' || c == '.' || c == '^' || c == '$':
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}
