package sql

import (
	"math"
	"strconv"
	"strings"
)

// nanBits is the NaN that PostgreSQL sends; Go's math.NaN has another payload.
const nanBits = 0x7ff8000000000000

// AppendFloat8 appends f as PostgreSQL does under extra_float_digits: the
// shortest exact form above 0, else 15 digits plus the setting.
func AppendFloat8(dst []byte, f float64, extraFloatDigits int) []byte {
	return appendFloat(dst, f, 64, 15, extraFloatDigits)
}

// AppendFloat4 is AppendFloat8 for real, with 6 digits.
func AppendFloat4(dst []byte, f float32, extraFloatDigits int) []byte {
	return appendFloat(dst, float64(f), 32, 6, extraFloatDigits)
}

func appendFloat(dst []byte, f float64, bitSize, digits, extra int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	prec := -1
	limit := digits // exponent from which the scientific form is used
	if extra <= 0 {
		prec = max(digits+extra, 1)
		limit = prec
	}
	if prec < 0 && f == math.Trunc(f) && math.Abs(f) < 1e6 && (f != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	var b [40]byte
	p := prec
	if p > 0 {
		p--
	}
	t := strconv.AppendFloat(b[:0], f, 'e', p, bitSize)
	if prec < 0 && onBoundary(t, f, bitSize) {
		for p = 5; ; p++ {
			t = strconv.AppendFloat(b[:0], f, 'e', p, bitSize)
			if g, _ := strconv.ParseFloat(string(t), bitSize); g == f && !onBoundary(t, f, bitSize) {
				break
			}
		}
	}
	if t[0] == '-' {
		dst = append(dst, '-')
		t = t[1:]
	}
	e := len(t) - 1
	for t[e] != 'e' {
		e--
	}
	exp := 0
	for _, d := range t[e+2:] {
		exp = exp*10 + int(d-'0')
	}
	if t[e+1] == '-' {
		exp = -exp
	}
	// The digits, without the point and (under %g's rule) trailing zeros.
	var m [24]byte
	d := append(m[:0], t[0])
	if e > 2 {
		d = append(d, t[2:e]...)
	}
	for len(d) > 1 && d[len(d)-1] == '0' {
		d = d[:len(d)-1]
	}
	switch {
	case exp < -4 || exp >= limit:
		dst = append(dst, d[0])
		if len(d) > 1 {
			dst = append(dst, '.')
			dst = append(dst, d[1:]...)
		}
		dst = append(dst, 'e', '+')
		if exp < 0 {
			dst[len(dst)-1] = '-'
			exp = -exp
		}
		if exp < 10 {
			dst = append(dst, '0')
		}
		return strconv.AppendInt(dst, int64(exp), 10)
	case exp < 0:
		dst = append(dst, '0', '.')
		for i := -1; i > exp; i-- {
			dst = append(dst, '0')
		}
		return append(dst, d...)
	}
	for i := 0; i <= exp; i++ {
		if i < len(d) {
			dst = append(dst, d[i])
		} else {
			dst = append(dst, '0')
		}
	}
	if len(d) > exp+1 {
		dst = append(dst, '.')
		dst = append(dst, d[exp+1:]...)
	}
	return dst
}

// onBoundary reports whether t, a scientific form that reads as f, lies exactly
// halfway to a neighbour of f. PostgreSQL does not print those, though they read
// back right. Only integers past the mantissa's width have such short forms.
func onBoundary(t []byte, f float64, bitSize int) bool {
	least := float64(1 << 53)
	if bitSize == 32 {
		least = 1 << 24
	}
	if a := math.Abs(f); a < least || a > 1e42 {
		return false
	}
	e := len(t) - 1
	for t[e] != 'e' {
		e--
	}
	m, exp := string(t[:e]), string(t[e:])
	if !strings.Contains(m, ".") {
		m += "."
	}
	if g, _ := strconv.ParseFloat(m+"000000000000000000001"+exp, bitSize); g != f {
		return true
	}
	d := []byte(m)
	for i := len(d) - 1; i >= 0; i-- { // one unit of the last place down
		if d[i] == '.' {
			continue
		}
		if d[i] > '0' {
			d[i]--
			break
		}
		d[i] = '9'
	}
	g, _ := strconv.ParseFloat(string(d)+"999999999999999999999"+exp, bitSize)
	return g != f
}

// ParseFloat8 reads a double precision: 22P02, 22003.
func ParseFloat8(s string) (float64, error) { return parseFloat(s, 64, "double precision") }

// ParseFloat4 reads a real: 22P02, 22003.
func ParseFloat4(s string) (float32, error) {
	f, err := parseFloat(s, 32, "real")
	return float32(f), err
}

func parseFloat(s string, bitSize int, typ string) (float64, error) {
	t := trimSpace(s)
	u, neg := t, false
	if len(u) > 0 && (u[0] == '-' || u[0] == '+') {
		neg, u = u[0] == '-', u[1:]
	}
	if len(u) == 0 || strings.IndexByte(u, '_') >= 0 {
		return 0, errSyntax(typ, s)
	}
	if c := u[0]; c != '.' && (c < '0' || c > '9') {
		switch {
		case strings.EqualFold(u, "nan"):
			return math.Float64frombits(nanBits), nil
		case strings.EqualFold(u, "inf"), strings.EqualFold(u, "infinity"):
			if neg {
				return math.Inf(-1), nil
			}
			return math.Inf(1), nil
		}
		return 0, errSyntax(typ, s)
	}
	if len(u) > 2 && u[0] == '0' && u[1]|0x20 == 'x' && !strings.ContainsAny(u, "pP") {
		t += "p0" // C takes a hexadecimal float without exponent
	}
	f, err := strconv.ParseFloat(t, bitSize)
	if err != nil {
		if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
			return 0, Errorf(CodeNumericOutOfRange, "\"%s\" is out of range for type %s", s, typ)
		}
		return 0, errSyntax(typ, s)
	}
	if f == 0 && hasNonZeroDigit(u) {
		return 0, Errorf(CodeNumericOutOfRange, "\"%s\" is out of range for type %s", s, typ)
	}
	return f, nil
}

// hasNonZeroDigit looks at the mantissa of a float's text.
func hasNonZeroDigit(s string) bool {
	hex := len(s) > 1 && s[1]|0x20 == 'x'
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c|0x20 == 'p' || !hex && c|0x20 == 'e' {
			return false
		}
		if c >= '1' && c <= '9' || hex && i > 1 && c|0x20 >= 'a' && c|0x20 <= 'f' {
			return true
		}
	}
	return false
}
