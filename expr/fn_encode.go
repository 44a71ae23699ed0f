package expr

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sluicedb/sluice/sql"
)

// defineEncodings defines codes, digests, quoting and format.
func defineEncodings(d *defs) {
	d.fn("ascii(text)", each(func(r *Row) error {
		if len(r.Bytes(0)) == 0 {
			return r.SetInt(0)
		}
		c, _ := utf8.DecodeRune(r.Bytes(0))
		return r.SetInt(int64(c))
	}), safe)
	d.fn("chr(int4)", each(func(r *Row) error {
		c := r.Int(0)
		switch {
		case c == 0:
			return sql.Errorf(sql.CodeProgramLimitExceeded, "null character not permitted")
		case c < 0:
			return sql.Errorf(sql.CodeInvalidParameterValue, "character number must be positive")
		case c > utf8.MaxRune:
			return sql.Errorf(sql.CodeProgramLimitExceeded, "requested character too large for encoding: %d", c)
		case c >= 0xd800 && c <= 0xdfff:
			return sql.Errorf(sql.CodeProgramLimitExceeded, "requested character not valid for encoding: %d", c)
		}
		return r.SetStr(string(rune(c)))
	}))
	md5sum := each(func(r *Row) error {
		h := md5.Sum(r.Bytes(0))
		return r.SetStr(hex.EncodeToString(h[:]))
	})
	d.fn("md5(text)", md5sum, safe)
	d.fn("md5(bytea)", md5sum, safe)
	d.fn("sha224(bytea)", each(func(r *Row) error { h := sha256.Sum224(r.Bytes(0)); return r.SetBytes(h[:]) }), safe)
	d.fn("sha256(bytea)", each(func(r *Row) error { h := sha256.Sum256(r.Bytes(0)); return r.SetBytes(h[:]) }), safe)
	d.fn("sha384(bytea)", each(func(r *Row) error { h := sha512.Sum384(r.Bytes(0)); return r.SetBytes(h[:]) }), safe)
	d.fn("sha512(bytea)", each(func(r *Row) error { h := sha512.Sum512(r.Bytes(0)); return r.SetBytes(h[:]) }), safe)
	d.fn("to_hex(int4)", each(func(r *Row) error { return r.SetStr(strconv.FormatUint(uint64(uint32(r.Int(0))), 16)) }), safe)
	d.fn("to_hex(int8)", each(func(r *Row) error { return r.SetStr(strconv.FormatUint(uint64(r.Int(0)), 16)) }), safe)
	d.fn("encode(bytea,text)", each(encode))
	d.fn("decode(text,text)", each(decode))
	d.fn("quote_ident(text)", str1(QuoteIdent), safe)
	d.fn("quote_literal(text)", str1(quoteLiteral), safe)
	d.fn("quote_nullable(text)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetStr("NULL")
		}
		return r.SetStr(quoteLiteral(r.Str(0)))
	}), safe)
	d.fn("format(text)", each(format))
	d.fn("format(text,any)", each(format))
	d.fn("convert_from(bytea,name)", each(func(r *Row) error {
		if e := strings.ToUpper(r.Str(1)); e != "UTF8" && e != "UTF-8" && e != "SQL_ASCII" {
			return sql.Errorf(sql.CodeFeatureNotSupported, "conversion from encoding %q is not supported", r.Str(1))
		}
		if !utf8.Valid(r.Bytes(0)) {
			return sql.Errorf(sql.CodeCharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
		}
		return r.SetBytes(r.Bytes(0))
	}))
	d.fn("convert_to(text,name)", each(func(r *Row) error {
		if e := strings.ToUpper(r.Str(1)); e != "UTF8" && e != "UTF-8" {
			return sql.Errorf(sql.CodeFeatureNotSupported, "conversion to encoding %q is not supported", r.Str(1))
		}
		return r.SetBytes(r.Bytes(0))
	}))
}

func encode(r *Row) error {
	b := r.Bytes(0)
	switch strings.ToLower(r.Str(1)) {
	case "hex":
		return r.SetStr(hex.EncodeToString(b))
	case "base64": // lines of 76 characters
		s := base64.StdEncoding.EncodeToString(b)
		var w strings.Builder
		for len(s) > 76 {
			w.WriteString(s[:76])
			w.WriteByte('\n')
			s = s[76:]
		}
		w.WriteString(s)
		return r.SetStr(w.String())
	case "escape":
		var w []byte
		for _, c := range b {
			switch {
			case c == 0 || c >= 0x80:
				w = append(w, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			case c == '\\':
				w = append(w, '\\', '\\')
			default:
				w = append(w, c)
			}
		}
		return r.SetBytes(w)
	}
	return sql.Errorf(sql.CodeInvalidParameterValue, "unrecognized encoding: %q", r.Str(1))
}

func decode(r *Row) error {
	s := r.Str(0)
	switch strings.ToLower(r.Str(1)) {
	case "hex":
		var w []byte
		high, have := byte(0), false
		for i := range len(s) {
			c := s[i]
			if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
				continue
			}
			n, ok := hexDigit(c)
			if !ok {
				ch, _ := utf8.DecodeRuneInString(s[i:])
				return sql.Errorf(sql.CodeInvalidParameterValue, "invalid hexadecimal digit: \"%c\"", ch)
			}
			if have {
				w = append(w, high<<4|n)
			}
			high, have = n, !have
		}
		if have {
			return sql.Errorf(sql.CodeInvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		return r.SetBytes(w)
	case "base64":
		s = strings.Map(func(c rune) rune {
			if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
				return -1
			}
			return c
		}, s)
		w, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return sql.Errorf(sql.CodeInvalidParameterValue, "invalid base64 end sequence").
				WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
		}
		return r.SetBytes(w)
	case "escape":
		b, err := sql.ParseBytea(s)
		if err != nil {
			return err
		}
		return r.SetStr(b)
	}
	return sql.Errorf(sql.CodeInvalidParameterValue, "unrecognized encoding: %q", r.Str(1))
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func quoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + q
	}
	return q
}

// format is PostgreSQL's format(): %s %I %L %% with positions, widths and flags.
func format(r *Row) error {
	if r.Null(0) {
		return r.SetNull()
	}
	f := r.Str(0)
	next := 1
	var out []byte
	bad := func(msg string) error { return sql.Errorf(sql.CodeInvalidParameterValue, "%s", msg) }
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			out = append(out, f[i])
			continue
		}
		i++
		number := func() (int, bool) {
			n, start := 0, i
			for i < len(f) && f[i] >= '0' && f[i] <= '9' {
				if n = n*10 + int(f[i]-'0'); n > 1<<30 {
					n = 1 << 30
				}
				i++
			}
			return n, i > start
		}
		if i < len(f) && f[i] == '%' {
			out = append(out, '%')
			continue
		}
		arg, left, width := 0, false, 0
		start := i
		if n, ok := number(); ok && i < len(f) && f[i] == '$' {
			if n == 0 {
				return bad("format specifies argument 0, but arguments are numbered from 1")
			}
			arg = n
			i++
		} else {
			i = start
		}
		for i < len(f) && f[i] == '-' {
			left = true
			i++
		}
		if i < len(f) && f[i] == '*' {
			i++
			warg := next
			if n, ok := number(); ok && i < len(f) && f[i] == '$' {
				if n == 0 {
					return bad("format specifies argument 0, but arguments are numbered from 1")
				}
				warg = n
				i++
			} else {
				next++
			}
			if warg >= r.NArgs() {
				return bad("too few arguments for format()")
			}
			if !r.Null(warg) {
				v, err := strconv.Atoi(string(r.Env().AppendText(nil, r.Value(warg))))
				if err != nil {
					return sql.Errorf(sql.CodeInvalidTextRepresentation, "invalid input syntax for type integer: %q", r.Env().AppendText(nil, r.Value(warg)))
				}
				width = v
			}
			if width < 0 {
				left, width = true, -width
			}
		} else if n, ok := number(); ok {
			width = n
		}
		if i >= len(f) {
			return bad("unterminated format() type specifier").(*sql.Error).WithHint("For a single \"%%\" use \"%%%%\".")
		}
		verb := f[i]
		if verb != 's' && verb != 'I' && verb != 'L' {
			c, _ := utf8.DecodeRuneInString(f[i:])
			return sql.Errorf(sql.CodeInvalidParameterValue, "unrecognized format() type specifier \"%c\"", c).
				WithHint("For a single \"%%\" use \"%%%%\".")
		}
		if arg == 0 {
			arg = next
			next++
		} else {
			next = arg + 1
		}
		if arg >= r.NArgs() {
			return bad("too few arguments for format()")
		}
		var s string
		switch null := r.Null(arg); {
		case null && verb == 'I':
			return sql.Errorf(sql.CodeNullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		case null && verb == 'L':
			s = "NULL"
		case null:
		default:
			s = string(r.Env().AppendText(nil, r.Value(arg)))
			if verb == 'I' {
				s = QuoteIdent(s)
			} else if verb == 'L' {
				s = quoteLiteral(s)
			}
		}
		fill := width - utf8.RuneCountInString(s)
		if fill > maxString {
			return errTooLong()
		}
		if fill > 0 && !left {
			out = append(out, strings.Repeat(" ", fill)...)
		}
		out = append(out, s...)
		if fill > 0 && left {
			out = append(out, strings.Repeat(" ", fill)...)
		}
	}
	return r.SetBytes(out)
}
