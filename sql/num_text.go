package sql

import (
	"errors"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// digitPairs is "000102...99".
const digitPairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// AppendNum appends a's text form.
func AppendNum(dst []byte, a Num) []byte {
	switch a.Kind {
	case NumNaN:
		return append(dst, "NaN"...)
	case NumPosInf:
		return append(dst, "Infinity"...)
	case NumNegInf:
		return append(dst, "-Infinity"...)
	}
	return AppendDecimal128(dst, a.Coef, int(a.Scale))
}

// AppendDecimal64 appends coef * 10^-scale with exactly scale digits after the point.
func AppendDecimal64(dst []byte, coef int64, scale int) []byte {
	u := uint64(coef)
	if coef < 0 {
		dst = append(dst, '-')
		u = -u
	}
	if scale == 0 {
		return appendUint(dst, u)
	}
	if scale > 18 {
		return appendScaled(dst, 0, u, scale)
	}
	p := uint64(Pow10Int64[scale])
	dst = appendUint(dst, u/p)
	dst = append(dst, '.')
	return appendPadded(dst, u%p, scale)
}

// AppendDecimal128 appends coef * 10^-scale with exactly scale digits after the point.
func AppendDecimal128(dst []byte, coef Int128, scale int) []byte {
	if coef.IsInt64() {
		return AppendDecimal64(dst, int64(coef.Lo), scale)
	}
	if coef.Hi < 0 {
		dst = append(dst, '-')
	}
	h, l := coef.Abs()
	return appendScaled(dst, h, l, scale)
}

// AppendInt appends v in decimal.
func AppendInt(dst []byte, v int64) []byte {
	if v < 0 {
		return appendUint(append(dst, '-'), -uint64(v))
	}
	return appendUint(dst, uint64(v))
}

func appendUint(dst []byte, u uint64) []byte {
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	var b [20]byte
	i := len(b)
	for u >= 100 {
		q := u / 100
		r := 2 * (u - q*100)
		i -= 2
		b[i], b[i+1] = digitPairs[r], digitPairs[r+1]
		u = q
	}
	if u >= 10 {
		i -= 2
		b[i], b[i+1] = digitPairs[2*u], digitPairs[2*u+1]
	} else {
		i--
		b[i] = byte('0' + u)
	}
	return append(dst, b[i:]...)
}

// appendPadded appends u with leading zeros to n digits, n <= 19.
func appendPadded(dst []byte, u uint64, n int) []byte {
	var b [20]byte
	i := len(b)
	end := len(b) - n
	for i-2 >= end {
		q := u / 100
		r := 2 * (u - q*100)
		i -= 2
		b[i], b[i+1] = digitPairs[r], digitPairs[r+1]
		u = q
	}
	if i > end {
		i--
		b[i] = byte('0' + u%10)
	}
	return append(dst, b[i:]...)
}

// appendScaled appends the unsigned 128-bit hi:lo * 10^-scale.
func appendScaled(dst []byte, hi, lo uint64, scale int) []byte {
	var b [40]byte
	i := len(b)
	for hi != 0 || lo != 0 { // 18 digits a turn
		const p = 1e18
		qh, r := bits.Div64(0, hi, p)
		ql, r := bits.Div64(r, lo, p)
		hi, lo = qh, ql
		n := 18
		for (n > 0 && (hi != 0 || lo != 0)) || r != 0 {
			i--
			b[i] = byte('0' + r%10)
			r /= 10
			n--
		}
	}
	d := b[i:]
	if len(d) <= scale {
		dst = append(dst, '0', '.')
		for k := scale - len(d); k > 0; k-- {
			dst = append(dst, '0')
		}
		return append(dst, d...)
	}
	dst = append(dst, d[:len(d)-scale]...)
	if scale > 0 {
		dst = append(dst, '.')
		dst = append(dst, d[len(d)-scale:]...)
	}
	return dst
}

// String returns the text form.
func (a Num) String() string { return string(AppendNum(nil, a)) }

// String returns the text form.
func (a Int128) String() string { return string(AppendDecimal128(nil, a, 0)) }

// isSpace reports C's isspace in the C locale.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func errSyntax(typ, s string) *Error {
	return Errorf(CodeInvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typ, s)
}

// ParseNum reads a numeric's text form and coerces it to typmod (-1 for none):
// 22P02 for bad syntax, 22003 when it does not fit. Digits beyond the 38th are
// taken when the typmod rounds them away.
func ParseNum(s string, mod int32) (Num, error) {
	t := trimSpace(s)
	if n, ok := parseSmallNum(t); ok {
		if mod < 0 {
			return n, nil
		}
		return ApplyNumericMod(n, mod)
	}
	neg := false
	u := t
	if len(u) > 0 && (u[0] == '-' || u[0] == '+') {
		neg, u = u[0] == '-', u[1:]
	}
	if len(u) == 0 || u[0] != '.' && (u[0] < '0' || u[0] > '9') {
		var n Num
		switch {
		case strings.EqualFold(t, "nan"):
			n = NumNaNValue
		case strings.EqualFold(u, "infinity") || strings.EqualFold(u, "inf"):
			n = NumPosInfValue
			if neg {
				n = NumNegInfValue
			}
		default:
			return Num{}, errSyntax("numeric", s)
		}
		return ApplyNumericMod(n, mod)
	}
	digits := make([]byte, 0, len(u))
	frac, point, seen := 0, false, false
	i := 0
loop:
	for ; i < len(u); i++ {
		switch c := u[i]; {
		case c >= '0' && c <= '9':
			seen = true
			if point {
				frac++
			}
			if c != '0' || len(digits) > 0 {
				digits = append(digits, c)
			}
		case c == '.' && !point:
			point = true
		default:
			break loop
		}
	}
	if !seen {
		return Num{}, errSyntax("numeric", s)
	}
	exp := 0
	if i < len(u) && (u[i] == 'e' || u[i] == 'E') {
		e, err := strconv.ParseInt(u[i+1:], 10, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return Num{}, errSyntax("numeric", s)
		}
		if e >= 1<<30 || e <= -1<<30 {
			return Num{}, Errorf(CodeNumericOutOfRange, "value overflows numeric format")
		}
		exp, i = int(e), len(u)
	}
	if i != len(u) {
		return Num{}, errSyntax("numeric", s)
	}
	return numFromDigits(digits, frac, exp, neg, mod)
}

// numFromDigits makes digits * 10^(exp-frac), coerced to mod.
func numFromDigits(digits []byte, frac, exp int, neg bool, mod int32) (Num, error) {
	scale := frac - exp // of the digits
	show := max(scale, 0)
	if show > maxNumScale {
		return Num{}, Errorf(CodeNumericOutOfRange, "value overflows numeric format")
	}
	if len(digits) == 0 {
		return ApplyNumericMod(Num{Scale: int16(show)}, mod)
	}
	p, ms, hasMod := NumericPS(mod)
	if hasMod && len(digits)-scale > p-ms+1 {
		return Num{}, errFieldOverflow(p, ms)
	}
	if len(digits)-scale > 131072 {
		return Num{}, Errorf(CodeNumericOutOfRange, "value overflows numeric format")
	}
	if !hasMod && len(digits)-scale+show > MaxDecPrecision {
		return Num{}, errNumOverflow()
	}
	c, _ := new(big.Int).SetString(string(digits), 10)
	if neg {
		c.Neg(c)
	}
	to := show
	if hasMod {
		to = ms
	}
	if scale < to {
		c.Mul(c, pow10Big(to-scale))
	} else if scale > to {
		c = quoRoundBig(c, pow10Big(scale-to))
	}
	if hasMod {
		if len(new(big.Int).Abs(c).String()) > p && c.Sign() != 0 {
			return Num{}, errFieldOverflow(p, ms)
		}
		if to < 0 {
			c.Mul(c, pow10Big(-to))
			to = 0
		}
	}
	return numFromBig(c, to)
}

// parseSmallNum reads [sign]digits[.digits] of at most 18 digits.
func parseSmallNum(s string) (Num, bool) {
	i, neg := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg, i = s[0] == '-', 1
	}
	if len(s)-i > 19 {
		return Num{}, false
	}
	var v int64
	n, point := 0, -1
	for ; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' {
			v = v*10 + int64(c-'0')
			n++
		} else if c == '.' && point < 0 {
			point = n
		} else {
			return Num{}, false
		}
	}
	if n == 0 || n > 18 {
		return Num{}, false
	}
	if neg {
		v = -v
	}
	r := Num{Coef: I128(v)}
	if point >= 0 {
		r.Scale = int16(n - point)
	}
	return r, true
}
