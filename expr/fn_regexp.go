package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

// regexCache keeps the patterns that an evaluator compiled.
type regexCache struct {
	m    map[string]*regex
	coll Collation
}

func (c *regexCache) get(pattern, flags string) (*regex, error) {
	key := flags + "/" + pattern
	if re := c.m[key]; re != nil {
		return re, nil
	}
	re, err := compileRegexp(strings.Clone(pattern), flags, c.coll)
	if err != nil {
		return nil, err
	}
	if c.m == nil || len(c.m) >= 64 {
		c.m = map[string]*regex{}
	}
	c.m[strings.Clone(key)] = re
	return re, nil
}

// regexFn makes the kernel of a function of patterns.
func regexFn(f func(r *Row, c *regexCache) error) Kernel {
	return eachState(func(r *Row, c *regexCache) error {
		c.coll = r.in.Call.Coll
		return f(r, c)
	})
}

// exact gives a pattern for functions that extract text.
func (c *regexCache) exact(pattern, flags string) (*regex, error) {
	re, err := c.get(pattern, flags)
	if err == nil && re.lazy {
		return nil, errRegexp("non-greedy quantifiers are supported for matching only")
	}
	return re, err
}

// regexSelect selects rows that match.
func regexSelect(flags string, negate bool) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		c, ok := (*in.State).(*regexCache)
		if !ok {
			c = &regexCache{coll: in.Call.Coll}
			*in.State = c
		}
		r := Row{in: in}
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			r.i = int(i)
			re, err := c.get(r.Str(1), flags)
			if err != nil {
				return out[:k], &RowError{int(i), err}
			}
			out[k] = i
			if re.re.Match(r.Bytes(0)) != negate {
				k++
			}
		}
		return out[:k], nil
	}
}

// defineRegexps defines regular expressions and SIMILAR TO.
func defineRegexps(d *defs) {
	for _, t := range []string{"text", "bpchar", "name"} {
		d.op(t+" ~ text", nil, selects(regexSelect("", false)))
		d.op(t+" !~ text", nil, selects(regexSelect("", true)))
		d.op(t+" ~* text", nil, selects(regexSelect("i", false)))
		d.op(t+" !~* text", nil, selects(regexSelect("i", true)))
	}
	d.fn("regexp_like(text,text)", nil, selects(regexSelect("", false)))
	d.fn("similar_to_escape(text)", each(func(r *Row) error {
		p, err := similarPattern(r.Str(0), '\\', true)
		if err != nil {
			return err
		}
		return r.SetStr(p)
	}))
	d.fn("similar_to_escape(text,text)", each(func(r *Row) error {
		if utf8.RuneCount(r.Bytes(1)) > 1 {
			return sql.Errorf(sql.CodeInvalidEscapeSequence, "invalid escape string").
				WithHint("Escape string must be empty or one character.")
		}
		e, n := utf8.DecodeRune(r.Bytes(1))
		p, err := similarPattern(r.Str(0), e, n > 0)
		if err != nil {
			return err
		}
		return r.SetStr(p)
	}))
	d.fn("substring(text,text)", regexFn(func(r *Row, c *regexCache) error {
		re, err := c.exact(r.Str(1), "")
		if err != nil {
			return err
		}
		m := re.re.FindSubmatchIndex(r.Bytes(0))
		k := 0
		if re.re.NumSubexp() > 0 {
			k = 2
		}
		if m == nil || m[k] < 0 {
			return r.SetNull()
		}
		return r.SetBytes(r.Bytes(0)[m[k]:m[k+1]])
	}))
	replace := func(n int) Kernel {
		return regexFn(func(r *Row, c *regexCache) error {
			flags := ""
			if n == 4 {
				flags = r.Str(3)
				if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
					return sql.Errorf(sql.CodeInvalidParameterValue, "invalid regular expression option: \"%c\"", flags[0]).
						WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
				}
			}
			re, err := c.exact(r.Str(1), flags)
			if err != nil {
				return err
			}
			n := int64(1)
			if re.global {
				n = 0
			}
			b, err := re.replace(r.Bytes(0), r.Str(2), 1, n)
			if err != nil {
				return err
			}
			return r.SetBytes(b)
		})
	}
	d.fn("regexp_replace(text,text,text)", replace(3))
	d.fn("regexp_replace(text,text,text,text)", replace(4))
	match := func(n int) Kernel {
		return regexFn(func(r *Row, c *regexCache) error {
			flags := ""
			if n == 3 {
				flags = r.Str(2)
			}
			re, err := c.exact(r.Str(1), flags)
			if err != nil {
				return err
			}
			if re.global {
				return sql.Errorf(sql.CodeInvalidParameterValue, "regexp_match() does not support the \"global\" option").
					WithHint("Use the regexp_matches function instead.")
			}
			m := re.re.FindSubmatchIndex(r.Bytes(0))
			if m == nil {
				return r.SetNull()
			}
			return r.Set(submatches(r.Str(0), m))
		})
	}
	d.fn("regexp_match(text,text)", match(2))
	d.fn("regexp_match(text,text,text)", match(3))
	defineRegexpNth(d)
	defineRegexpSets(d)
}

// replace is regexp_replace of the n-th match, 0 for all, from a character on: \1..\9
// and \& refer to the match.
func (re *regex) replace(s []byte, with string, start, n int64) ([]byte, error) {
	limit := -1
	if n > 0 {
		limit = int(n)
	}
	list, err := re.from(s, start, limit)
	if err != nil || n > int64(len(list)) {
		return s, err
	}
	if n > 0 {
		list = list[n-1 : n]
	}
	var out []byte
	last := 0
	for _, m := range list {
		out = append(out, s[last:m[0]]...)
		for i := 0; i < len(with); i++ {
			if with[i] != '\\' || i+1 == len(with) {
				out = append(out, with[i])
				continue
			}
			i++
			switch c := with[i]; {
			case c == '&':
				out = append(out, s[m[0]:m[1]]...)
			case c >= '1' && c <= '9':
				if k := 2 * int(c-'0'); k < len(m) && m[k] >= 0 {
					out = append(out, s[m[k]:m[k+1]]...)
				}
			case c == '\\':
				out = append(out, '\\')
			default:
				out = append(out, '\\', c)
			}
		}
		last = m[1]
	}
	return append(out, s[last:]...), nil
}

// submatches is the array of the groups, or of the whole match without groups.
func submatches(s string, m []int) sql.Value {
	v := sql.Value{Type: sql.Array(sql.OIDText)}
	from := 2
	if len(m) == 2 {
		from = 0
	}
	for k := from; k < len(m); k += 2 {
		if m[k] < 0 {
			v.List = append(v.List, sql.NullOf(sql.Text))
		} else {
			v.List = append(v.List, sql.TextValue(s[m[k]:m[k+1]]))
		}
	}
	return v
}

func defineRegexpSets(d *defs) {
	matches := func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if anyNull(a) {
			return nil
		}
		flags := ""
		if len(a) > 2 {
			flags = a[2].S
		}
		re, err := (&regexCache{}).exact(a[1].S, flags)
		if err != nil {
			return err
		}
		n := 1
		if re.global {
			n = -1
		}
		for _, m := range re.all([]byte(a[0].S), n) {
			if !emit([]sql.Value{submatches(a[0].S, m)}) {
				return nil
			}
		}
		return nil
	}
	d.fn("regexp_matches(text,text)", nil, set(matches))
	d.fn("regexp_matches(text,text,text)", nil, set(matches))
	split := func(name string, a []sql.Value) ([]sql.Value, error) {
		flags := ""
		if len(a) > 2 {
			flags = a[2].S
		}
		re, err := (&regexCache{}).exact(a[1].S, flags)
		if err != nil {
			return nil, err
		}
		if re.global {
			return nil, sql.Errorf(sql.CodeInvalidParameterValue, "%s() does not support the \"global\" option", name)
		}
		var out []sql.Value
		last := 0
		for _, m := range re.re.FindAllStringIndex(a[0].S, -1) {
			if m[1] == m[0] && (m[0] == last || m[0] == len(a[0].S)) { // empty matches at the ends of a piece do not split
				continue
			}
			out = append(out, sql.TextValue(a[0].S[last:m[0]]))
			last = m[1]
		}
		return append(out, sql.TextValue(a[0].S[last:])), nil
	}
	table := func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if anyNull(a) {
			return nil
		}
		l, err := split("regexp_split_to_table", a)
		for _, v := range l {
			if !emit([]sql.Value{v}) {
				break
			}
		}
		return err
	}
	d.fn("regexp_split_to_table(text,text)", nil, set(table))
	d.fn("regexp_split_to_table(text,text,text)", nil, set(table))
	array := each(func(r *Row) error {
		var a []sql.Value
		for k := range r.NArgs() {
			a = append(a, r.Value(k))
		}
		l, err := split("regexp_split_to_array", a)
		if err != nil {
			return err
		}
		return r.Set(sql.Value{Type: sql.Array(sql.OIDText), List: l})
	})
	d.fn("regexp_split_to_array(text,text)", array)
	d.fn("regexp_split_to_array(text,text,text)", array)
}
