package expr

import (
	"bytes"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// likeKind is how a compiled LIKE pattern is matched.
type likeKind uint8

const (
	likeEqual    likeKind = iota // no wildcard
	likePrefix                   // abc%
	likeSuffix                   // %abc
	likeContains                 // %abc%
	likeParts                    // literal parts between %, no _
	likeGeneral
)

// likePattern is a compiled LIKE pattern.
type likePattern struct {
	src   string
	fold  bool
	kind  likeKind
	parts [][]byte // literals between %; the first and last may be empty
	// badAt: the pattern ends in its escape character, which is an error only when
	// matching gets there: such patterns are matched by the general matcher.
	bad bool
}

// likeEscape is LIKE's default escape character.
const likeEscape = '\\'

func compileLike(pattern []byte, fold bool) *likePattern {
	p := &likePattern{src: string(pattern), fold: fold, kind: likeGeneral}
	if fold {
		pattern = []byte(lower(string(pattern)))
		p.src = string(pattern)
	}
	var part []byte
	percents := 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case likeEscape:
			i++
			if i == len(pattern) {
				p.bad = true
				return p
			}
			part = append(part, pattern[i])
		case '_':
			return p
		case '%':
			percents++
			p.parts = append(p.parts, part)
			part = nil
		default:
			part = append(part, c)
		}
	}
	p.parts = append(p.parts, part)
	last := len(p.parts) - 1
	switch {
	case percents == 0:
		p.kind = likeEqual
	case percents == 1 && len(p.parts[last]) == 0:
		p.kind = likePrefix
	case percents == 1 && len(p.parts[0]) == 0:
		p.kind = likeSuffix
	case percents == 2 && len(p.parts[0]) == 0 && len(p.parts[2]) == 0:
		p.kind = likeContains
	default:
		p.kind = likeParts
	}
	return p
}

// match reports whether s matches.
func (p *likePattern) match(s []byte) (bool, error) {
	if p.fold {
		s = []byte(lower(string(s)))
	}
	switch p.kind {
	case likeEqual:
		return string(s) == string(p.parts[0]), nil
	case likePrefix:
		return bytes.HasPrefix(s, p.parts[0]), nil
	case likeSuffix:
		return bytes.HasSuffix(s, p.parts[1]), nil
	case likeContains:
		return bytes.Contains(s, p.parts[1]), nil
	case likeParts:
		return p.matchParts(s), nil
	}
	r := likeMatch(s, p.src)
	if r == likeError {
		return false, sql.Errorf(sql.CodeInvalidEscapeSequence, "LIKE pattern must not end with escape character")
	}
	return r == likeTrue, nil
}

// matchParts finds the literals one after the other: the leftmost match of each
// leaves the most for the rest.
func (p *likePattern) matchParts(s []byte) bool {
	last := len(p.parts) - 1
	if !bytes.HasPrefix(s, p.parts[0]) {
		return false
	}
	s = s[len(p.parts[0]):]
	for _, m := range p.parts[1:last] {
		i := bytes.Index(s, m)
		if i < 0 {
			return false
		}
		s = s[i+len(m):]
	}
	return bytes.HasSuffix(s, p.parts[last])
}

type likeResult int8

const (
	likeFalse likeResult = iota
	likeTrue
	likeAbort // the text ended before the pattern: trying further in is useless
	likeError
)

// likeMatch is the general matcher. It fails on a trailing escape only when it
// gets there, as PostgreSQL does.
func likeMatch(s []byte, p string) likeResult {
	if p == "%" {
		return likeTrue
	}
	for len(s) > 0 && p != "" {
		switch p[0] {
		case likeEscape:
			if p = p[1:]; p == "" {
				return likeError
			}
			if p[0] != s[0] {
				return likeFalse
			}
		case '%':
			p = p[1:]
			for p != "" {
				if p[0] == '%' {
					p = p[1:]
				} else if p[0] == '_' {
					if len(s) == 0 {
						return likeAbort
					}
					_, n := utf8.DecodeRune(s)
					s, p = s[n:], p[1:]
				} else {
					break
				}
			}
			if p == "" {
				return likeTrue
			}
			first := p[0]
			if first == likeEscape {
				if len(p) < 2 {
					return likeError
				}
				first = p[1]
			}
			for len(s) > 0 {
				if s[0] == first {
					if r := likeMatch(s, p); r != likeFalse {
						return r
					}
				}
				_, n := utf8.DecodeRune(s)
				s = s[n:]
			}
			return likeAbort
		case '_':
			_, n := utf8.DecodeRune(s)
			s, p = s[n:], p[1:]
			continue
		default:
			if p[0] != s[0] {
				return likeFalse
			}
		}
		s, p = s[1:], p[1:]
	}
	if len(s) > 0 {
		return likeFalse
	}
	for p != "" && p[0] == '%' {
		p = p[1:]
	}
	if p == "" {
		return likeTrue
	}
	return likeAbort
}

// likeSelect selects the rows that match (or, negated, do not).
func likeSelect(fold, negate bool) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		v := in.Args[0]
		vals := vector.Values[vector.StrView](v)
		pats, pm := operand[vector.StrView](in, 1)
		last, _ := (*in.State).(*likePattern)
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			pat := pats[int(i)&pm].Bytes(in.Args[1].Bufs)
			if pm != 0 || last == nil || k == 0 {
				key := pat
				if fold {
					key = []byte(lower(string(pat)))
				}
				if last == nil || last.src != string(key) {
					last = compileLike(pat, fold)
					*in.State = last
				}
			}
			ok, err := last.match(vals[pos(v, i)].Bytes(v.Bufs))
			if err != nil {
				return out[:k], &RowError{int(i), err}
			}
			out[k] = i
			if ok != negate {
				k++
			}
		}
		return out[:k], nil
	}
}

// defineLike defines LIKE, ILIKE and their operators.
func defineLike(d *defs) {
	for _, t := range []string{"text", "bpchar", "name", "bytea"} {
		right := "text"
		if t == "bytea" {
			right = "bytea"
		}
		d.op(t+" ~~ "+right, nil, selects(likeSelect(false, false)))
		d.op(t+" !~~ "+right, nil, selects(likeSelect(false, true)))
		if t != "bytea" {
			d.op(t+" ~~* "+right, nil, selects(likeSelect(true, false)))
			d.op(t+" !~~* "+right, nil, selects(likeSelect(true, true)))
		}
	}
	d.fn("like(text,text)", nil, selects(likeSelect(false, false)))
	d.fn("notlike(text,text)", nil, selects(likeSelect(false, true)))
	// LIKE ... ESCAPE c is LIKE of like_escape(pattern, c).
	d.fn("like_escape(text,text)", each(func(r *Row) error {
		p, err := likeEscaped(r.Str(0), r.Str(1))
		if err != nil {
			return err
		}
		return r.SetStr(p)
	}))
	d.fn("starts_with(text,text)", nil, safe, selects(startsWith))
	d.op("text ^@ text", nil, safe, selects(startsWith))
}

func startsWith(in *Input, out []int32) ([]int32, error) {
	out = out[:cap(out)]
	k := 0
	r := Row{in: in}
	for _, i := range seq(in.Sel, in.N) {
		r.i = int(i)
		out[k] = i
		if bytes.HasPrefix(r.Bytes(0), r.Bytes(1)) {
			k++
		}
	}
	return out[:k], nil
}

// likeEscaped rewrites a pattern with another escape character to backslashes.
func likeEscaped(p, esc string) (string, error) {
	if utf8.RuneCountInString(esc) > 1 {
		return "", sql.Errorf(sql.CodeInvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	if esc == "\\" {
		return p, nil
	}
	var b []byte
	for i := 0; i < len(p); {
		switch {
		case esc != "" && len(p)-i >= len(esc) && p[i:i+len(esc)] == esc:
			i += len(esc)
			b = append(b, '\\')
			if i < len(p) {
				b = append(b, p[i])
				i++
			}
		case p[i] == '\\':
			b = append(b, '\\', '\\')
			i++
		default:
			b = append(b, p[i])
			i++
		}
	}
	return string(b), nil
}
