package sql

import "strings"

// Ranks of JSON values in jsonb's order: Object > Array > Boolean > Number >
// String > null.
const (
	jrNull = iota
	jrString
	jrNumber
	jrBool
	jrArray
	jrObject
)

func jsonRank(c byte) int {
	switch c {
	case '{':
		return jrObject
	case '[':
		return jrArray
	case 't', 'f':
		return jrBool
	case '"':
		return jrString
	case 'n':
		return jrNull
	}
	return jrNumber
}

// CmpJSONB compares two canonical jsonb texts in jsonb's btree order. Of two
// containers of one kind, that with fewer members is less; an empty top-level
// array is less than everything.
func CmpJSONB(a, b string) int {
	if a == b {
		return 0
	}
	if ea, eb := a == "[]", b == "[]"; ea != eb {
		// PostgreSQL keeps this peculiarity for the sake of indexes on disk.
		if ea {
			return -1
		}
		return 1
	}
	x, y := jsonReader{s: a}, jsonReader{s: b}
	return cmpJSON(&x, &y)
}

// jsonReader walks canonical text.
type jsonReader struct {
	s   string
	pos int
}

// skip returns the text of the value at the position and goes past it.
func (r *jsonReader) skip() string {
	start, depth := r.pos, 0
	for r.pos < len(r.s) {
		switch c := r.s[r.pos]; c {
		case '"':
			for r.pos++; r.pos < len(r.s) && r.s[r.pos] != '"'; r.pos++ {
				if r.s[r.pos] == '\\' {
					r.pos++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return r.s[start:r.pos]
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return r.s[start:r.pos]
			}
		}
		r.pos++
	}
	r.pos = min(r.pos, len(r.s))
	return r.s[start:r.pos]
}

// count returns the members of the container at the position.
func (r jsonReader) count() int {
	r.pos++
	if r.pos < len(r.s) && (r.s[r.pos] == ']' || r.s[r.pos] == '}') {
		return 0
	}
	for n := 1; ; {
		r.skip()
		if r.pos >= len(r.s) || r.s[r.pos] == ']' || r.s[r.pos] == '}' {
			return n
		}
		if r.s[r.pos] == ',' {
			n++
		}
		r.pos += 2
	}
}

func jsonString(quoted string) string {
	p := jsonScanner{s: quoted, build: true}
	if p.stringToken() != nil {
		return quoted
	}
	return string(p.str)
}

// cmpJSON compares the values at both positions and goes past equal ones.
func cmpJSON(a, b *jsonReader) int {
	if a.pos >= len(a.s) || b.pos >= len(b.s) {
		return sign((len(a.s) - a.pos) - (len(b.s) - b.pos))
	}
	ra, rb := jsonRank(a.s[a.pos]), jsonRank(b.s[b.pos])
	if ra != rb {
		return sign(ra - rb)
	}
	switch ra {
	case jrNumber:
		return cmpDecimalText(a.skip(), b.skip())
	case jrString:
		return strings.Compare(jsonString(a.skip()), jsonString(b.skip()))
	case jrNull, jrBool:
		return strings.Compare(a.skip(), b.skip()) // false < true
	}
	na, nb := a.count(), b.count()
	if na != nb {
		return sign(na - nb)
	}
	a.pos++
	b.pos++
	for range na {
		if ra == jrObject {
			if c := strings.Compare(jsonString(a.skip()), jsonString(b.skip())); c != 0 {
				return c
			}
			a.pos += 2
			b.pos += 2
		}
		if c := cmpJSON(a, b); c != 0 {
			return c
		}
		if a.pos < len(a.s) && a.s[a.pos] == ',' {
			a.pos += 2
			b.pos += 2
		}
	}
	a.pos++
	b.pos++
	return 0
}

// cmpDecimalText compares plain decimals of any length.
func cmpDecimalText(a, b string) int {
	na, nb := strings.HasPrefix(a, "-"), strings.HasPrefix(b, "-")
	if na != nb {
		if na {
			return -1
		}
		return 1
	}
	if na {
		return -cmpDecimalText(a[1:], b[1:])
	}
	ai, af, _ := strings.Cut(a, ".")
	bi, bf, _ := strings.Cut(b, ".")
	if len(ai) != len(bi) {
		return sign(len(ai) - len(bi))
	}
	if c := strings.Compare(ai, bi); c != 0 {
		return c
	}
	return strings.Compare(strings.TrimRight(af, "0"), strings.TrimRight(bf, "0"))
}
