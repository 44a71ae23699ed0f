package sql

import (
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds nesting; PostgreSQL's bound is its stack (54001).
const maxJSONDepth = 6000

func errJSON(detail string) *Error {
	e := Errorf(CodeInvalidTextRepresentation, "invalid input syntax for type json")
	e.Detail = detail
	return e
}

// ValidateJSON checks that s is one JSON value: 22P02.
func ValidateJSON(s string) error {
	p := jsonScanner{s: s}
	if err := p.value(0); err != nil {
		return err
	}
	return p.end()
}

// CanonicalJSONB returns the text that PostgreSQL prints for s as jsonb: keys
// ordered by length, then bytes, the last of equal keys kept, numbers as
// numeric prints them, one space after ':' and ','.
func CanonicalJSONB(s string) (string, error) {
	p := jsonScanner{s: s, build: true}
	if err := p.value(0); err != nil {
		return "", err
	}
	if err := p.end(); err != nil {
		return "", err
	}
	return string(p.out), nil
}

// jsonScanner checks JSON and, with build, writes its canonical form to out.
type jsonScanner struct {
	s     string
	pos   int
	build bool
	out   []byte
	str   []byte // the last string, decoded (with build)
}

func (p *jsonScanner) space() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *jsonScanner) end() error {
	p.space()
	if p.pos < len(p.s) {
		return errJSON("Expected end of input, but found \"" + p.token() + "\".")
	}
	return nil
}

// token returns the token at the position, for messages.
func (p *jsonScanner) token() string {
	i := p.pos
	for i < len(p.s) && (p.s[i] >= 0x80 || p.s[i] == '_' || p.s[i] >= '0' && p.s[i] <= '9' || p.s[i]|0x20 >= 'a' && p.s[i]|0x20 <= 'z') {
		i++
	}
	if i == p.pos {
		_, n := utf8.DecodeRuneInString(p.s[i:])
		i += n
	}
	return p.s[p.pos:i]
}

func (p *jsonScanner) unexpected(want string) error {
	if p.pos >= len(p.s) {
		return errJSON("The input string ended unexpectedly.")
	}
	switch c := p.s[p.pos]; {
	case strings.IndexByte("{}[],:\"-0123456789", c) >= 0, strings.HasPrefix(p.s[p.pos:], "true"),
		strings.HasPrefix(p.s[p.pos:], "false"), strings.HasPrefix(p.s[p.pos:], "null"):
		return errJSON("Expected " + want + ", but found \"" + p.token() + "\".")
	}
	return errJSON("Token \"" + p.token() + "\" is invalid.")
}

func (p *jsonScanner) value(depth int) error {
	if depth > maxJSONDepth {
		return Errorf(CodeStatementTooComplex, "stack depth limit exceeded").WithDetail("JSON nests deeper than %d levels.", maxJSONDepth)
	}
	p.space()
	if p.pos >= len(p.s) {
		return p.unexpected("JSON value")
	}
	switch c := p.s[p.pos]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		if err := p.stringToken(); err != nil {
			return err
		}
		if p.build {
			p.out = AppendJSONString(p.out, p.str)
		}
		return nil
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	word := p.token()
	if word != "true" && word != "false" && word != "null" {
		return p.unexpected("JSON value")
	}
	p.pos += len(word)
	if p.build {
		p.out = append(p.out, word...)
	}
	return nil
}

func (p *jsonScanner) array(depth int) error {
	p.pos++
	p.emit("[")
	p.space()
	if p.pos < len(p.s) && p.s[p.pos] == ']' {
		p.pos++
		p.emit("]")
		return nil
	}
	for {
		if err := p.value(depth + 1); err != nil {
			return err
		}
		p.space()
		if p.pos >= len(p.s) {
			return p.unexpected("")
		}
		switch p.s[p.pos] {
		case ',':
			p.pos++
			p.emit(", ")
		case ']':
			p.pos++
			p.emit("]")
			return nil
		default:
			return p.unexpected("\",\" or \"]\"")
		}
	}
}

func (p *jsonScanner) emit(s string) {
	if p.build {
		p.out = append(p.out, s...)
	}
}

// jsonMember is a key with where its value's canonical text lies.
type jsonMember struct {
	key        string
	start, end int
}

func (p *jsonScanner) object(depth int) error {
	p.pos++
	p.space()
	base := len(p.out)
	if p.pos < len(p.s) && p.s[p.pos] == '}' {
		p.pos++
		p.emit("{}")
		return nil
	}
	var members []jsonMember
	for {
		p.space()
		if p.pos >= len(p.s) || p.s[p.pos] != '"' {
			return p.unexpected("string")
		}
		if err := p.stringToken(); err != nil {
			return err
		}
		key := ""
		if p.build {
			key = string(p.str)
		}
		p.space()
		if p.pos >= len(p.s) || p.s[p.pos] != ':' {
			return p.unexpected("\":\"")
		}
		p.pos++
		start := len(p.out)
		if err := p.value(depth + 1); err != nil {
			return err
		}
		if p.build {
			members = append(members, jsonMember{key, start, len(p.out)})
		}
		p.space()
		if p.pos >= len(p.s) {
			return p.unexpected("")
		}
		if p.s[p.pos] == ',' {
			p.pos++
			continue
		}
		if p.s[p.pos] != '}' {
			return p.unexpected("\",\" or \"}\"")
		}
		p.pos++
		break
	}
	if p.build {
		p.writeObject(base, members)
	}
	return nil
}

// writeObject replaces out[base:], the values in input order, by the object.
func (p *jsonScanner) writeObject(base int, members []jsonMember) {
	values := append([]byte(nil), p.out[base:]...)
	sort.SliceStable(members, func(i, j int) bool {
		a, b := members[i].key, members[j].key
		if len(a) != len(b) {
			return len(a) < len(b)
		}
		return a < b
	})
	out := append(p.out[:base], '{')
	first := true
	for i, m := range members {
		if i+1 < len(members) && members[i+1].key == m.key {
			continue // the last of equal keys wins
		}
		if !first {
			out = append(out, ", "...)
		}
		first = false
		out = append(AppendJSONString(out, m.key), ": "...)
		out = append(out, values[m.start-base:m.end-base]...)
	}
	p.out = append(out, '}')
}

// stringToken reads a string; with build, its decoded bytes go to p.str.
func (p *jsonScanner) stringToken() error {
	p.pos++
	p.str = p.str[:0]
	high := rune(-1) // a high surrogate waiting for its low half
	for {
		if p.pos >= len(p.s) {
			return errJSON("Token \"" + "\"" + "\" is invalid.")
		}
		c := p.s[p.pos]
		switch {
		case c < 0x20:
			return errJSON("Character with value 0x" + string(hexDigits[c>>4]) + string(hexDigits[c&15]) + " must be escaped.")
		case c == '\\' && p.pos+1 < len(p.s) && p.s[p.pos+1] == 'u':
			r, err := p.hex4()
			if err != nil {
				return err
			}
			if !p.build {
				continue
			}
			switch {
			case r >= 0xd800 && r < 0xdc00:
				if high >= 0 {
					return errJSON("Unicode high surrogate must not follow a high surrogate.")
				}
				high = r
				continue
			case r >= 0xdc00 && r < 0xe000:
				if high < 0 {
					return errJSON("Unicode low surrogate must follow a high surrogate.")
				}
				p.str = utf8.AppendRune(p.str, utf16.DecodeRune(high, r))
				high = -1
				continue
			}
			if high >= 0 {
				return errJSON("Unicode low surrogate must follow a high surrogate.")
			}
			if r == 0 {
				return Errorf(CodeUntranslatableCharacter, "unsupported Unicode escape sequence").
					WithDetail("\\u0000 cannot be converted to text.")
			}
			p.str = utf8.AppendRune(p.str, r)
			continue
		case high >= 0:
			return errJSON("Unicode low surrogate must follow a high surrogate.")
		case c == '"':
			p.pos++
			return nil
		case c == '\\':
			if p.pos+1 >= len(p.s) {
				return errJSON("Token \"\"\\\" is invalid.")
			}
			e := p.s[p.pos+1]
			i := strings.IndexByte(`"\/bfnrt`, e)
			if i < 0 {
				return errJSON("Escape sequence \"\\" + string(rune(e)) + "\" is invalid.")
			}
			if p.build {
				p.str = append(p.str, "\"\\/\b\f\n\r\t"[i])
			}
			p.pos += 2
		default:
			if p.build {
				p.str = append(p.str, c)
			}
			p.pos++
		}
	}
}

func (p *jsonScanner) hex4() (rune, error) {
	if p.pos+6 > len(p.s) {
		return 0, errJSON("\"\\u\" must be followed by four hexadecimal digits.")
	}
	var r rune
	for _, c := range []byte(p.s[p.pos+2 : p.pos+6]) {
		h, ok := hexValue(c)
		if !ok {
			return 0, errJSON("\"\\u\" must be followed by four hexadecimal digits.")
		}
		r = r<<4 | rune(h)
	}
	p.pos += 6
	return r, nil
}

// AppendJSONString appends s as a JSON string, as PostgreSQL writes one.
func AppendJSONString[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, '"')
}

// number reads a number; its canonical form is the numeric's text.
func (p *jsonScanner) number() error {
	start := p.pos
	bad := func() error {
		p.pos = start
		i := start
		for i < len(p.s) && (p.s[i] == '-' || p.s[i] == '+' || p.s[i] == '.' || p.s[i] >= '0' && p.s[i] <= '9' || p.s[i]|0x20 >= 'a' && p.s[i]|0x20 <= 'z') {
			i++
		}
		return errJSON("Token \"" + p.s[start:i] + "\" is invalid.")
	}
	digits := func() int {
		n := p.pos
		for p.pos < len(p.s) && p.s[p.pos] >= '0' && p.s[p.pos] <= '9' {
			p.pos++
		}
		return p.pos - n
	}
	neg := p.s[p.pos] == '-'
	if neg {
		p.pos++
	}
	intStart := p.pos
	n := digits()
	if n == 0 || n > 1 && p.s[intStart] == '0' {
		return bad()
	}
	whole, frac := p.s[intStart:p.pos], ""
	if p.pos < len(p.s) && p.s[p.pos] == '.' {
		p.pos++
		fs := p.pos
		if digits() == 0 {
			return bad()
		}
		frac = p.s[fs:p.pos]
	}
	exp := 0
	if p.pos < len(p.s) && p.s[p.pos]|0x20 == 'e' {
		p.pos++
		sign := 1
		if p.pos < len(p.s) && (p.s[p.pos] == '+' || p.s[p.pos] == '-') {
			if p.s[p.pos] == '-' {
				sign = -1
			}
			p.pos++
		}
		es := p.pos
		if digits() == 0 {
			return bad()
		}
		for _, c := range []byte(p.s[es:p.pos]) {
			if exp < 1e6 {
				exp = exp*10 + int(c-'0')
			}
		}
		exp *= sign
	}
	if p.pos < len(p.s) {
		if c := p.s[p.pos]; c == '_' || c == '.' || c == '+' || c == '-' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			return bad()
		}
	}
	if !p.build {
		return nil
	}
	return p.appendNumber(neg, whole, frac, exp)
}

// appendNumber writes whole.frac * 10^exp without exponent. Digits are kept as
// they are: jsonb numbers may be longer than a numeric value of ours.
func (p *jsonScanner) appendNumber(neg bool, whole, frac string, exp int) error {
	digits := whole + frac
	point := len(whole) + exp // digits before the point
	scale := max(len(frac)-exp, 0)
	sig := strings.TrimLeft(digits, "0")
	lead := point - (len(digits) - len(sig)) // digits before the point without leading zeros
	if sig == "" {
		lead = 0
	}
	if lead > 131072 || scale > maxNumScale {
		return Errorf(CodeNumericOutOfRange, "value overflows numeric format")
	}
	if neg && sig != "" {
		p.out = append(p.out, '-')
	}
	at := func(i int) byte { // digit i of sig, 0 outside
		if i >= 0 && i < len(sig) {
			return sig[i]
		}
		return '0'
	}
	if lead <= 0 {
		p.out = append(p.out, '0')
	}
	for i := 0; i < lead; i++ {
		p.out = append(p.out, at(i))
	}
	if scale > 0 {
		p.out = append(p.out, '.')
		for i := range scale {
			if sig == "" {
				p.out = append(p.out, '0')
			} else {
				p.out = append(p.out, at(lead+i))
			}
		}
	}
	return nil
}
