package expr

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// lower and upper follow LC_CTYPE C.UTF-8: simple case mapping, character by character.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] >= 'A' && s[i] <= 'Z' {
			return strings.Map(unicode.ToLower, s)
		}
	}
	return s
}

func upper(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] >= 'a' && s[i] <= 'z' {
			return strings.Map(unicode.ToUpper, s)
		}
	}
	return s
}

func initcap(s string) string {
	return capitals(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// capitals makes the first letter of each word a capital, the others small; what is
// no part of a word stays.
func capitals(s string, part func(rune) bool) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		inWord = part(r)
		switch {
		case !inWord:
			return r
		case was:
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// The same of the collation C, which knows the letters of ASCII alone.
func lowerC(s string) string { return strings.Map(asciiOnly(unicode.ToLower), s) }
func upperC(s string) string { return strings.Map(asciiOnly(unicode.ToUpper), s) }
func initcapC(s string) string {
	return capitals(s, func(r rune) bool { return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) })
}

func asciiOnly(f func(rune) rune) func(rune) rune {
	return func(r rune) rune {
		if r < utf8.RuneSelf {
			return f(r)
		}
		return r
	}
}

// caseFn makes the kernel of a function of letters' case, f in the default collation,
// c in C.
func caseFn(f, c func(string) string) Kernel {
	return each(func(r *Row) error {
		if r.in.Call.Coll == CollC {
			return r.SetStr(c(r.Str(0)))
		}
		return r.SetStr(f(r.Str(0)))
	})
}

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// runeOffset returns where character n (0-based) starts, at most len(s).
func runeOffset(s []byte, n int) int {
	if n <= 0 {
		return 0
	}
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, w := utf8.DecodeRune(s[i:])
		i += w
	}
	return i
}

// str1 makes a kernel of a string function of one string.
func str1(f func(string) string) Kernel {
	return each(func(r *Row) error { return r.SetStr(f(r.Str(0))) })
}

func errTooLong() error {
	return sql.Errorf(sql.CodeProgramLimitExceeded, "requested length too large")
}

// maxString is the longest string a function makes.
const maxString = 1<<30 - 1

// substring cuts characters from..from+count-1 (1-based; count < 0: to the end).
func substring(s []byte, from, count int64, toEnd bool) ([]byte, error) {
	if !toEnd && count < 0 {
		return nil, sql.Errorf(sql.CodeSubstringError, "negative substring length not allowed")
	}
	end := int64(maxString) + 1
	if !toEnd {
		end = min(from+count, end)
	}
	if from < 1 {
		from = 1
	}
	if end <= from {
		return nil, nil
	}
	if isASCII(s) {
		lo := min(from-1, int64(len(s)))
		hi := min(end-1, int64(len(s)))
		return s[lo:hi], nil
	}
	lo := runeOffset(s, int(min(from-1, int64(len(s)))))
	return s[lo : lo+runeOffset(s[lo:], int(min(end-from, int64(len(s)))))], nil
}

// appendCast appends what a cast to text makes of v: the output form, except that a
// boolean is a word and a char(n) loses its padding.
func appendCast(e *Env, dst []byte, v sql.Value) []byte {
	switch v.Type.OID {
	case sql.OIDBool:
		return strconv.AppendBool(dst, v.I != 0)
	case sql.OIDBpchar:
		return append(dst, strings.TrimRight(v.S, " ")...)
	}
	return e.AppendText(dst, v)
}

// defineText defines the string functions.
func defineText(d *defs) {
	defineLike(d)
	concat := func(a, b int) Kernel {
		return each(func(r *Row) error {
			r.buf = append(append(r.buf[:0], r.Bytes(a)...), r.Bytes(b)...)
			return r.SetBytes(r.buf)
		})
	}
	d.op("text || text", concat(0, 1), safe)
	d.op("bytea || bytea", concat(0, 1), safe)
	d.op("text || anynonarray", each(func(r *Row) error {
		r.buf = appendCast(r.Env(), append(r.buf[:0], r.Bytes(0)...), r.Value(1))
		return r.SetBytes(r.buf)
	}), safe)
	d.op("anynonarray || text", each(func(r *Row) error {
		r.buf = append(appendCast(r.Env(), r.buf[:0], r.Value(0)), r.Bytes(1)...)
		return r.SetBytes(r.buf)
	}), safe)
	d.fn("lower(text)", caseFn(lower, lowerC), safe)
	d.fn("upper(text)", caseFn(upper, upperC), safe)
	d.fn("initcap(text)", caseFn(initcap, initcapC), safe)
	length := each(func(r *Row) error { return r.SetInt(int64(utf8.RuneCount(r.Bytes(0)))) })
	blank := each(func(r *Row) error { return r.SetInt(int64(utf8.RuneCount(vector.TrimBlanks(r.Bytes(0))))) })
	for _, n := range []string{"length", "char_length", "character_length"} {
		d.fn(n+"(text)", length, safe)
		d.fn(n+"(bpchar)", blank, safe)
	}
	octets := each(func(r *Row) error { return r.SetInt(int64(len(r.Bytes(0)))) })
	d.fn("octet_length(text)", octets, safe)
	d.fn("octet_length(bpchar)", octets, safe)
	d.fn("octet_length(bytea)", octets, safe)
	d.fn("length(bytea)", octets, safe)
	bits := each(func(r *Row) error { return r.SetInt(8 * int64(len(r.Bytes(0)))) })
	d.fn("bit_length(text)", bits, safe)
	d.fn("bit_length(bytea)", bits, safe)
	defineSubstring(d)
	definePadding(d)
	d.fn("position(text,text)", each(func(r *Row) error { return r.SetInt(strpos(r.Bytes(0), r.Bytes(1))) }), safe)
	d.fn("strpos(text,text)", each(func(r *Row) error { return r.SetInt(strpos(r.Bytes(0), r.Bytes(1))) }), safe)
	d.fn("replace(text,text,text)", each(func(r *Row) error {
		if len(r.Bytes(1)) == 0 {
			return r.SetBytes(r.Bytes(0))
		}
		return r.SetBytes(bytes.ReplaceAll(r.Bytes(0), r.Bytes(1), r.Bytes(2)))
	}), safe)
	d.fn("split_part(text,text,int4)", each(splitPart))
	d.fn("concat(any)", each(func(r *Row) error {
		r.buf = r.buf[:0]
		for k := range r.NArgs() {
			if !r.Null(k) {
				r.buf = r.Env().AppendText(r.buf, r.Value(k))
			}
		}
		return r.SetBytes(r.buf)
	}), safe)
	d.fn("concat_ws(text,any)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetNull()
		}
		r.buf = r.buf[:0]
		first := true
		for k := 1; k < r.NArgs(); k++ {
			if r.Null(k) {
				continue
			}
			if !first {
				r.buf = append(r.buf, r.Bytes(0)...)
			}
			first = false
			r.buf = r.Env().AppendText(r.buf, r.Value(k))
		}
		return r.SetBytes(r.buf)
	}), safe)
	d.fn("repeat(text,int4)", each(func(r *Row) error {
		n := max(r.Int(1), 0)
		if n*int64(len(r.Bytes(0))) > maxString {
			return errTooLong()
		}
		return r.SetBytes(bytes.Repeat(r.Bytes(0), int(n)))
	}))
	d.fn("reverse(text)", str1(func(s string) string {
		b := make([]byte, 0, len(s))
		for len(s) > 0 {
			_, w := utf8.DecodeLastRuneInString(s)
			b = append(b, s[len(s)-w:]...)
			s = s[:len(s)-w]
		}
		return string(b)
	}), safe)
	d.fn("translate(text,text,text)", each(func(r *Row) error {
		from, to := []rune(r.Str(1)), []rune(r.Str(2))
		return r.SetStr(strings.Map(func(c rune) rune {
			for i, f := range from {
				if f == c {
					if i < len(to) {
						return to[i]
					}
					return -1
				}
			}
			return c
		}, r.Str(0)))
	}), safe)
	overlay := func(n int) Kernel {
		return each(func(r *Row) error {
			s, p := r.Bytes(0), r.Bytes(1)
			from := r.Int(2)
			count := int64(utf8.RuneCount(p))
			if n == 4 {
				count = r.Int(3)
			}
			if from <= 0 {
				return sql.Errorf(sql.CodeSubstringError, "negative substring length not allowed")
			}
			if from+count > 1<<31-1 {
				return sql.Errorf(sql.CodeNumericOutOfRange, "integer out of range")
			}
			a, err := substring(s, 1, from-1, false)
			if err != nil {
				return err
			}
			z, err := substring(s, from+count, 0, true)
			if err != nil {
				return err
			}
			r.buf = append(append(append(r.buf[:0], a...), p...), z...)
			return r.SetBytes(r.buf)
		})
	}
	d.fn("overlay(text,text,int4)", overlay(3))
	d.fn("overlay(text,text,int4,int4)", overlay(4))
	defineEncodings(d)
}

// strpos returns the character position of sub in s, 0 if there is none.
func strpos(s, sub []byte) int64 {
	i := bytes.Index(s, sub)
	if i < 0 {
		return 0
	}
	return int64(utf8.RuneCount(s[:i])) + 1
}

func splitPart(r *Row) error {
	s, sep, n := r.Str(0), r.Str(1), r.Int(2)
	if n == 0 {
		return sql.Errorf(sql.CodeInvalidParameterValue, "field position must not be zero")
	}
	var parts []string
	switch {
	case s == "":
		return r.SetStr("")
	case sep == "":
		parts = []string{s}
	default:
		parts = strings.Split(s, sep)
	}
	if n < 0 {
		n += int64(len(parts)) + 1
	}
	if n < 1 || n > int64(len(parts)) {
		return r.SetStr("")
	}
	return r.SetStr(parts[n-1])
}

func defineSubstring(d *defs) {
	two := each(func(r *Row) error {
		s, err := substring(r.Bytes(0), r.Int(1), 0, true)
		if err != nil {
			return err
		}
		return r.SetBytes(s)
	})
	three := each(func(r *Row) error {
		s, err := substring(r.Bytes(0), r.Int(1), r.Int(2), false)
		if err != nil {
			return err
		}
		return r.SetBytes(s)
	})
	for _, n := range []string{"substring", "substr"} {
		d.fn(n+"(text,int4)", two, safe)
		d.fn(n+"(text,int4,int4)", three)
	}
	byteSub := func(n int) Kernel {
		return each(func(r *Row) error {
			s := r.Bytes(0)
			from, end := r.Int(1), int64(len(s))+1
			if n == 3 {
				if r.Int(2) < 0 {
					return sql.Errorf(sql.CodeSubstringError, "negative substring length not allowed")
				}
				end = min(end, from+r.Int(2))
			}
			from = max(from, 1)
			if end <= from {
				return r.SetStr("")
			}
			return r.SetBytes(s[from-1 : end-1])
		})
	}
	for _, n := range []string{"substring", "substr"} {
		d.fn(n+"(bytea,int4)", byteSub(2))
		d.fn(n+"(bytea,int4,int4)", byteSub(3))
	}
	d.fn("left(text,int4)", each(func(r *Row) error {
		s, n := r.Bytes(0), r.Int(1)
		if n < 0 {
			n = max(int64(utf8.RuneCount(s))+n, 0)
		}
		return r.SetBytes(s[:runeOffset(s, int(n))])
	}), safe)
	d.fn("right(text,int4)", each(func(r *Row) error {
		s, n := r.Bytes(0), r.Int(1)
		skip := -n
		if n == math.MinInt32 { // PostgreSQL negates it in 32 bits
			skip = 0
		} else if n >= 0 {
			skip = int64(utf8.RuneCount(s)) - n
		}
		return r.SetBytes(s[runeOffset(s, int(skip)):])
	}), safe)
	trim := func(name string, left, right bool) {
		d.fn(name+"(text)", each(func(r *Row) error { return r.SetBytes(trimSet(r.Bytes(0), " ", left, right)) }), safe)
		d.fn(name+"(text,text)", each(func(r *Row) error { return r.SetBytes(trimSet(r.Bytes(0), r.Str(1), left, right)) }), safe)
	}
	trim("btrim", true, true)
	trim("ltrim", true, false)
	trim("rtrim", false, true)
	byteTrim := func(name string, left, right bool) {
		d.fn(name+"(bytea,bytea)", each(func(r *Row) error {
			s, set := r.Bytes(0), r.Bytes(1)
			for left && len(s) > 0 && bytes.IndexByte(set, s[0]) >= 0 {
				s = s[1:]
			}
			for right && len(s) > 0 && bytes.IndexByte(set, s[len(s)-1]) >= 0 {
				s = s[:len(s)-1]
			}
			return r.SetBytes(s)
		}), safe)
	}
	byteTrim("btrim", true, true)
	byteTrim("ltrim", true, false)
	byteTrim("rtrim", false, true)
}

func trimSet(s []byte, set string, left, right bool) []byte {
	if left {
		s = bytes.TrimLeft(s, set)
	}
	if right {
		s = bytes.TrimRight(s, set)
	}
	return s
}

func definePadding(d *defs) {
	pad := func(name string, left bool) {
		k := func(n int) Kernel {
			return each(func(r *Row) error {
				fill := " "
				if n == 3 {
					fill = r.Str(2)
				}
				want := max(r.Int(1), 0)
				s := r.Bytes(0)
				have := int64(utf8.RuneCount(s))
				if have >= want {
					return r.SetBytes(s[:runeOffset(s, int(want))])
				}
				if fill == "" {
					return r.SetBytes(s)
				}
				if want*4 > maxString {
					return errTooLong()
				}
				r.buf = r.buf[:0]
				if !left {
					r.buf = append(r.buf, s...)
				}
				for k := have; k < want; {
					for _, c := range fill {
						if k == want {
							break
						}
						r.buf = utf8.AppendRune(r.buf, c)
						k++
					}
				}
				if left {
					r.buf = append(r.buf, s...)
				}
				return r.SetBytes(r.buf)
			})
		}
		d.fn(name+"(text,int4)", k(2))
		d.fn(name+"(text,int4,text)", k(3))
	}
	pad("lpad", true)
	pad("rpad", false)
}
