package expr

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"

	"github.com/sluicedb/sluice/sql"
)

// unicodeForms are the normal forms of Unicode by PostgreSQL's names.
var unicodeForms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

// defineUnicode defines normal forms and escapes.
func defineUnicode(d *defs) {
	form := func(r *Row) (norm.Form, error) {
		if r.NArgs() < 2 {
			return norm.NFC, nil
		}
		f, ok := unicodeForms[strings.ToUpper(r.Str(1))]
		if !ok {
			return 0, sql.Errorf(sql.CodeInvalidParameterValue, "invalid normalization form: %s", r.Str(1))
		}
		return f, nil
	}
	d.fn("normalize(text,text)", each(func(r *Row) error {
		f, err := form(r)
		if err != nil {
			return err
		}
		return r.SetBytes(f.Bytes(r.Bytes(0)))
	}))
	d.fn("is_normalized(text,text)", each(func(r *Row) error {
		f, err := form(r)
		if err != nil {
			return err
		}
		return r.SetBool(f.IsNormal(r.Bytes(0)))
	}))
	d.fn("unistr(text)", each(func(r *Row) error {
		s, err := unistr(r.Str(0))
		if err != nil {
			return err
		}
		return r.SetStr(s)
	}))
}

// unistr replaces \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX.
func unistr(s string) (string, error) {
	var out strings.Builder
	high := rune(0) // the first half of a surrogate pair
	pair := func() error { return sql.Errorf(sql.CodeSyntaxError, "invalid Unicode surrogate pair") }
	for s != "" {
		if s[0] != '\\' || strings.HasPrefix(s, `\\`) {
			if high != 0 {
				return "", pair()
			}
			out.WriteByte(s[0])
			if s[0] == '\\' {
				s = s[1:]
			}
			s = s[1:]
			continue
		}
		skip, n := 1, 4
		switch {
		case len(s) > 1 && s[1] == '+':
			skip, n = 2, 6
		case len(s) > 1 && s[1] == 'u':
			skip = 2
		case len(s) > 1 && s[1] == 'U':
			skip, n = 2, 8
		}
		bad := sql.Errorf(sql.CodeSyntaxError, "invalid Unicode escape").WithHint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
		if len(s) < skip+n || strings.ContainsAny(s[skip:skip+n], "+-_") {
			return "", bad
		}
		v, err := strconv.ParseUint(s[skip:skip+n], 16, 32)
		if err != nil {
			return "", bad
		}
		s = s[skip+n:]
		c := rune(v)
		switch {
		case v == 0 || v > 0x10ffff:
			return "", sql.Errorf(sql.CodeInvalidParameterValue, "invalid Unicode code point: %04X", v)
		case high != 0:
			if c < 0xdc00 || c > 0xdfff {
				return "", pair()
			}
			c, high = utf16.DecodeRune(high, c), 0
		case c >= 0xd800 && c <= 0xdbff:
			high = c
			continue
		case c >= 0xdc00 && c <= 0xdfff:
			return "", pair()
		}
		out.WriteRune(c)
	}
	if high != 0 {
		return "", pair()
	}
	return out.String(), nil
}
