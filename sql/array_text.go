package sql

import (
	"strings"
	"time"
)

// maxArrayDims is PostgreSQL's MAXDIM.
const maxArrayDims = 6

func errArray(s, detail string) *Error {
	e := Errorf(CodeInvalidTextRepresentation, "malformed array literal: \"%s\"", s)
	e.Detail = detail
	return e
}

// arrayParser reads an array literal.
type arrayParser struct {
	s     string
	pos   int
	elem  Type
	delim byte
	f     *Format
	now   time.Time
	list  []Value
	dims  []int32 // lengths found so far, -1 while unknown
}

func parseArray(t Type, s string, f *Format, now time.Time) (Value, error) {
	p := arrayParser{s: s, elem: Type{OID: ElemOf(t.OID), Mod: t.Mod}, delim: ',', f: f, now: now}
	bounds, err := p.bounds()
	if err != nil {
		return Value{}, err
	}
	if p.pos >= len(s) || s[p.pos] != '{' {
		if bounds != nil {
			return Value{}, errArray(s, "Array contents must start with \"{\".")
		}
		return Value{}, errArray(s, "Array value must start with \"{\" or dimension information.")
	}
	if err := p.braces(0); err != nil {
		return Value{}, err
	}
	p.space()
	if p.pos != len(s) {
		return Value{}, errArray(s, "Junk after closing right brace.")
	}
	v := Value{Type: t, List: p.list}
	if len(p.list) == 0 {
		if bounds != nil {
			return Value{}, errArray(s, "Specified array dimensions do not match array contents.")
		}
		v.List = []Value{}
		return v, nil
	}
	if bounds != nil {
		ok := len(bounds) == len(p.dims)
		for i := 0; ok && i < len(bounds); i++ {
			ok = bounds[i].Len == p.dims[i]
		}
		if !ok {
			return Value{}, errArray(s, "Specified array dimensions do not match array contents.")
		}
		v.Dims = normalDims(bounds)
		return v, nil
	}
	if len(p.dims) > 1 {
		for _, n := range p.dims {
			v.Dims = append(v.Dims, Dim{n, 1})
		}
	}
	return v, nil
}

// normalDims returns nil for one dimension with lower bound 1.
func normalDims(d []Dim) []Dim {
	if len(d) == 1 && d[0].Lower == 1 {
		return nil
	}
	return d
}

func (p *arrayParser) space() {
	for p.pos < len(p.s) && isSpace(p.s[p.pos]) {
		p.pos++
	}
}

// bounds reads optional [l:u]... = before the braces.
func (p *arrayParser) bounds() ([]Dim, error) {
	var dims []Dim
	for {
		p.space()
		if p.pos >= len(p.s) || p.s[p.pos] != '[' {
			break
		}
		p.pos++
		if len(dims) == maxArrayDims {
			return nil, Errorf(CodeProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims)+1, maxArrayDims)
		}
		a, err := p.bound()
		if err != nil {
			return nil, err
		}
		lo, hi := int64(1), a
		if p.pos < len(p.s) && p.s[p.pos] == ':' {
			p.pos++
			lo = a
			if hi, err = p.bound(); err != nil {
				return nil, err
			}
		}
		if p.pos >= len(p.s) || p.s[p.pos] != ']' {
			return nil, errArray(p.s, "Missing \"]\" after array dimensions.")
		}
		p.pos++
		if hi < lo {
			return nil, Errorf(CodeArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		if hi-lo >= 1<<27 {
			return nil, Errorf(CodeProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 1<<27-1)
		}
		dims = append(dims, Dim{int32(hi - lo + 1), int32(lo)})
	}
	if dims == nil {
		return nil, nil
	}
	if p.pos >= len(p.s) || p.s[p.pos] != '=' {
		return nil, errArray(p.s, "Missing \"=\" after array dimensions.")
	}
	p.pos++
	p.space()
	return dims, nil
}

func (p *arrayParser) bound() (int64, error) {
	start := p.pos
	for p.pos < len(p.s) && strings.IndexByte("0123456789+-", p.s[p.pos]) >= 0 {
		p.pos++
	}
	v, err := ParseInt(p.s[start:p.pos], OIDInt4)
	if err != nil {
		return 0, errArray(p.s, "\"[\" must introduce explicitly-specified array dimensions.")
	}
	return v, nil
}

// braces reads { ... } at nesting depth.
func (p *arrayParser) braces(depth int) error {
	if depth == maxArrayDims {
		return Errorf(CodeProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", depth+1, maxArrayDims)
	}
	p.pos++
	if depth == len(p.dims) {
		if len(p.list) > 0 {
			return errArray(p.s, "Unexpected \"{\" character.")
		}
		p.dims = append(p.dims, -1)
	}
	var n int32
	p.space()
	if p.pos < len(p.s) && p.s[p.pos] == '}' {
		if depth > 0 {
			return errArray(p.s, "Unexpected \"}\" character.")
		}
		p.pos++
		return p.close(depth, 0)
	}
	for {
		p.space()
		if p.pos >= len(p.s) {
			return errArray(p.s, "Unexpected end of input.")
		}
		if p.s[p.pos] == '{' {
			if err := p.braces(depth + 1); err != nil {
				return err
			}
		} else {
			if depth != len(p.dims)-1 {
				return errArray(p.s, "Multidimensional arrays must have sub-arrays with matching dimensions.")
			}
			if err := p.element(); err != nil {
				return err
			}
		}
		n++
		p.space()
		if p.pos >= len(p.s) {
			return errArray(p.s, "Unexpected end of input.")
		}
		switch p.s[p.pos] {
		case p.delim:
			p.pos++
		case '}':
			p.pos++
			return p.close(depth, n)
		default:
			return errArray(p.s, "Unexpected array element.")
		}
	}
}

func (p *arrayParser) close(depth int, n int32) error {
	if p.dims[depth] >= 0 && p.dims[depth] != n {
		return errArray(p.s, "Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	p.dims[depth] = n
	return nil
}

func (p *arrayParser) element() error {
	var b strings.Builder
	escaped := false
	if p.s[p.pos] == '"' {
		p.pos++
		for {
			if p.pos >= len(p.s) {
				return errArray(p.s, "Unexpected end of input.")
			}
			c := p.s[p.pos]
			p.pos++
			if c == '"' {
				break
			}
			if c == '\\' {
				if p.pos >= len(p.s) {
					return errArray(p.s, "Unexpected end of input.")
				}
				c = p.s[p.pos]
				p.pos++
			}
			b.WriteByte(c)
		}
	} else {
		blanks := 0 // trailing, unescaped
	loop:
		for {
			if p.pos >= len(p.s) {
				return errArray(p.s, "Unexpected end of input.")
			}
			c := p.s[p.pos]
			switch {
			case c == p.delim || c == '}':
				break loop
			case c == '{':
				return errArray(p.s, "Unexpected \"{\" character.")
			case c == '"':
				return errArray(p.s, "Unexpected array element.")
			case c == '\\':
				p.pos++
				if p.pos >= len(p.s) {
					return errArray(p.s, "Unexpected end of input.")
				}
				b.WriteByte(p.s[p.pos])
				blanks, escaped = 0, true
			case isSpace(c):
				b.WriteByte(c)
				blanks++
			default:
				b.WriteByte(c)
				blanks = 0
			}
			p.pos++
		}
		text := b.String()[:b.Len()-blanks]
		if text == "" {
			return errArray(p.s, "Unexpected \""+string(p.s[p.pos])+"\" character.")
		}
		if !escaped && strings.EqualFold(text, "null") {
			p.list = append(p.list, Value{Type: p.elem, Null: true})
			return nil
		}
		b.Reset()
		b.WriteString(text)
	}
	v, err := ParseText(p.elem, b.String(), p.f, p.now)
	if err != nil {
		return err
	}
	p.list = append(p.list, v)
	return nil
}

// parseVector reads int2vector or oidvector: numbers between blanks; the lower bound is 0.
func parseVector(t Type, s string) (Value, error) {
	elem := t.Elem()
	v := Value{Type: t, List: []Value{}}
	for _, w := range strings.Fields(s) {
		var n int64
		var err error
		if elem.OID == OIDInt2 {
			n, err = ParseInt(w, OIDInt2)
		} else {
			n, err = parseOID(w, "oid")
		}
		if err != nil {
			return Value{}, err
		}
		v.List = append(v.List, Value{Type: elem, I: n})
	}
	v.Dims = []Dim{{int32(len(v.List)), 0}}
	return v, nil
}

// appendArray appends an array's literal.
func appendArray(dst []byte, v Value, f *Format) []byte {
	if v.Type.OID == OIDInt2Vector || v.Type.OID == OIDOidVector {
		for i, e := range v.List {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = AppendInt(dst, e.I)
		}
		return dst
	}
	if len(v.List) == 0 {
		return append(dst, "{}"...)
	}
	dims := v.Dims
	if dims == nil {
		dims = []Dim{{int32(len(v.List)), 1}}
	}
	for _, d := range dims {
		if d.Lower != 1 {
			for _, d := range dims {
				dst = AppendInt(append(dst, '['), int64(d.Lower))
				dst = AppendInt(append(dst, ':'), int64(d.Lower)+int64(d.Len)-1)
				dst = append(dst, ']')
			}
			dst = append(dst, '=')
			break
		}
	}
	dst, _ = appendArrayDim(dst, v.List, dims, f)
	return dst
}

func appendArrayDim(dst []byte, list []Value, dims []Dim, f *Format) (out []byte, rest []Value) {
	dst = append(dst, '{')
	for i := int32(0); i < dims[0].Len && len(list) > 0; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dims) > 1 {
			dst, list = appendArrayDim(dst, list, dims[1:], f)
			continue
		}
		dst = appendArrayElem(dst, list[0], f)
		list = list[1:]
	}
	return append(dst, '}'), list
}

func appendArrayElem(dst []byte, v Value, f *Format) []byte {
	if v.Null {
		return append(dst, "NULL"...)
	}
	start := len(dst)
	dst = AppendText(dst, v, f)
	return QuoteArrayElem(dst, start)
}

// QuoteArrayElem puts quotes round dst[start:], the text of an array element,
// if array literals need them there.
func QuoteArrayElem(dst []byte, start int) []byte {
	text := dst[start:]
	need := len(text) == 0 || len(text) == 4 && strings.EqualFold(string(text), "null")
	escapes := 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			need = true
			escapes++
		case c == '{' || c == '}' || c == ',' || isSpace(c):
			need = true
		}
	}
	if !need {
		return dst
	}
	return quoteTail(dst, start, escapes, '\\')
}

// quoteTail puts dst[start:] in double quotes; every quote or backslash (escapes
// of them) is preceded by esc, or by itself if esc is 0.
func quoteTail(dst []byte, start, escapes int, esc byte) []byte {
	n := len(dst)
	for range escapes + 2 {
		dst = append(dst, 0)
	}
	w := len(dst) - 1
	dst[w] = '"'
	for i := n - 1; i >= start; i-- {
		w--
		dst[w] = dst[i]
		if c := dst[i]; c == '"' || c == '\\' {
			w--
			if esc == 0 {
				dst[w] = c
			} else {
				dst[w] = esc
			}
		}
	}
	dst[start] = '"'
	return dst
}
