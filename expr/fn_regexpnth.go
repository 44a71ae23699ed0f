package expr

import (
	"regexp/syntax"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

// from finds the matches at or after a character, counted from 1, at most n of them,
// all if n is negative.
func (re *regex) from(s []byte, start int64, n int) ([][]int, error) {
	if start == 1 {
		return re.all(s, n), nil
	}
	if p, err := syntax.Parse(re.re.String(), syntax.Perl); err != nil || looksBack(p) {
		return nil, errRegexp("a start within the string is not supported for patterns with ^, $ or word boundaries")
	}
	at := charOffset(s, start-1)
	if at > len(s) {
		return nil, nil
	}
	list := re.all(s[at:], n)
	for _, m := range list {
		for i := range m {
			if m[i] >= 0 {
				m[i] += at
			}
		}
	}
	return list, nil
}

func looksBack(p *syntax.Regexp) bool {
	switch p.Op {
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, s := range p.Sub {
		if looksBack(s) {
			return true
		}
	}
	return false
}

// regexArgs are the arguments that regexp_count, _instr, _substr and _replace share.
type regexArgs struct {
	start, n int64
	flags    string
	re       *regex
}

// charOffset is the byte at which the n-th character begins; past the end: len+1.
func charOffset(s []byte, n int64) int {
	at := 0
	for ; n > 0; n-- {
		if at >= len(s) {
			return len(s) + 1
		}
		_, k := utf8.DecodeRune(s[at:])
		at += k
	}
	return at
}

func badParameter(name string, v int64) error {
	return sql.Errorf(sql.CodeInvalidParameterValue, "invalid value for parameter \"%s\": %d", name, v)
}

// regexArg reads start, N and flags, at the arguments of those numbers; 0: not given.
func regexArg(r *Row, c *regexCache, name string, start, n, flags int) (a regexArgs, err error) {
	a = regexArgs{start: 1, n: 1}
	if start > 0 && start < r.NArgs() {
		if a.start = r.Int(start); a.start <= 0 {
			return a, badParameter("start", a.start)
		}
	}
	if n > 0 && n < r.NArgs() {
		if a.n = r.Int(n); a.n < 0 || a.n == 0 && name != "regexp_replace" {
			return a, badParameter("n", a.n)
		}
	}
	if flags > 0 && flags < r.NArgs() {
		a.flags = r.Str(flags)
	}
	if a.re, err = c.exact(r.Str(1), a.flags); err != nil {
		return a, err
	}
	if a.re.global && name != "regexp_replace" {
		return a, sql.Errorf(sql.CodeInvalidParameterValue, "%s() does not support the \"global\" option", name)
	}
	return a, nil
}

// nth finds the n-th match at or after start; nil if there is none.
func (a *regexArgs) nth(s []byte) ([]int, error) {
	list, err := a.re.from(s, a.start, int(a.n))
	if err != nil || int64(len(list)) < a.n {
		return nil, err
	}
	return list[a.n-1], nil
}

// defineRegexpNth defines the functions that came with PostgreSQL 15.
func defineRegexpNth(d *defs) {
	count := regexFn(func(r *Row, c *regexCache) error {
		a, err := regexArg(r, c, "regexp_count", 2, 0, 3)
		if err != nil {
			return err
		}
		list, err := a.re.from(r.Bytes(0), a.start, -1)
		if err != nil {
			return err
		}
		return r.SetInt(int64(len(list)))
	})
	d.fn("regexp_count(text,text)", count)
	d.fn("regexp_count(text,text,int4)", count)
	d.fn("regexp_count(text,text,int4,text)", count)
	d.fn("regexp_like(text,text,text)", regexFn(func(r *Row, c *regexCache) error {
		re, err := c.get(r.Str(1), r.Str(2))
		if err != nil {
			return err
		}
		if re.global {
			return sql.Errorf(sql.CodeInvalidParameterValue, "regexp_like() does not support the \"global\" option")
		}
		return r.SetBool(re.re.Match(r.Bytes(0)))
	}))
	// group gives the bytes of a subexpression of the n-th match.
	group := func(r *Row, a regexArgs, sub int) (from, to int, err error) {
		k := int64(0)
		if sub < r.NArgs() {
			if k = r.Int(sub); k < 0 {
				return -1, -1, badParameter("subexpr", k)
			}
		}
		m, err := a.nth(r.Bytes(0))
		if len(m) == 2 && k == 1 { // a pattern without subexpressions is its own first one
			k = 0
		}
		if m == nil || 2*k+1 >= int64(len(m)) || err != nil {
			return -1, -1, err
		}
		return m[2*k], m[2*k+1], nil
	}
	instr := regexFn(func(r *Row, c *regexCache) error {
		if r.NArgs() > 4 && r.Int(4) != 0 && r.Int(4) != 1 {
			return badParameter("endoption", r.Int(4))
		}
		a, err := regexArg(r, c, "regexp_instr", 2, 3, 5)
		if err != nil {
			return err
		}
		from, to, err := group(r, a, 6)
		switch {
		case err != nil:
			return err
		case from < 0:
			return r.SetInt(0)
		case r.NArgs() > 4 && r.Int(4) == 1:
			from = to
		}
		return r.SetInt(int64(utf8.RuneCount(r.Bytes(0)[:from])) + 1)
	})
	substr := regexFn(func(r *Row, c *regexCache) error {
		a, err := regexArg(r, c, "regexp_substr", 2, 3, 4)
		if err != nil {
			return err
		}
		from, to, err := group(r, a, 5)
		switch {
		case err != nil:
			return err
		case from < 0:
			return r.SetNull()
		}
		return r.SetBytes(r.Bytes(0)[from:to])
	})
	for _, more := range []string{"", ",int4", ",int4,int4"} {
		d.fn("regexp_instr(text,text"+more+")", instr)
		d.fn("regexp_substr(text,text"+more+")", substr)
	}
	for _, more := range []string{"", ",text", ",text,int4"} {
		d.fn("regexp_instr(text,text,int4,int4,int4"+more+")", instr)
	}
	d.fn("regexp_substr(text,text,int4,int4,text)", substr)
	d.fn("regexp_substr(text,text,int4,int4,text,int4)", substr)
	replace := regexFn(func(r *Row, c *regexCache) error {
		a, err := regexArg(r, c, "regexp_replace", 3, 4, 5)
		if err != nil {
			return err
		}
		b, err := a.re.replace(r.Bytes(0), r.Str(2), a.start, a.n)
		if err != nil {
			return err
		}
		return r.SetBytes(b)
	})
	d.fn("regexp_replace(text,text,text,int4)", replace)
	d.fn("regexp_replace(text,text,text,int4,int4)", replace)
	d.fn("regexp_replace(text,text,text,int4,int4,text)", replace)
}
