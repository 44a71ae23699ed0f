package sql

import (
	"math"
	"strconv"
)

// errIntRange is PostgreSQL's error for a value outside an integer type.
func errIntRange(t OID) *Error {
	return Errorf(CodeNumericOutOfRange, "%s out of range", TypeName(t))
}

// IntRange returns the least and largest value of an integer type (int2, int4, int8).
func IntRange(t OID) (lo, hi int64) {
	switch t {
	case OIDInt2:
		return math.MinInt16, math.MaxInt16
	case OIDInt4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// ToInt rounds half away from zero to the integer type t: 22003 out of range,
// 0A000 for NaN and infinities, as PostgreSQL's casts.
func (a Num) ToInt(t OID) (int64, error) {
	switch a.Kind {
	case NumNaN:
		return 0, Errorf(CodeFeatureNotSupported, "cannot convert NaN to %s", TypeName(t))
	case NumNegInf, NumPosInf:
		return 0, Errorf(CodeFeatureNotSupported, "cannot convert infinity to %s", TypeName(t))
	}
	c := a.Coef
	if a.Scale != 0 {
		c, _ = RescaleInt128(c, int(a.Scale), 0)
	}
	lo, hi := IntRange(t)
	if v := int64(c.Lo); c.IsInt64() && v >= lo && v <= hi {
		return v, nil
	}
	return 0, errIntRange(t)
}

// Int128 rounds half away from zero to scale s; ok is false when a is not
// finite or the result has more than 38 digits.
func (a Num) Int128(s int) (Int128, bool) {
	if a.Kind != NumFinite {
		return Int128{}, false
	}
	return RescaleInt128(a.Coef, int(a.Scale), s)
}

// Float64 returns the nearest float64.
func (a Num) Float64() float64 {
	switch a.Kind {
	case NumNaN:
		return math.NaN()
	case NumNegInf:
		return math.Inf(-1)
	case NumPosInf:
		return math.Inf(1)
	}
	return DecimalFloat64(a.Coef, int(a.Scale))
}

// floatPow10[k] is 10^k, exact in a float64.
var floatPow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// DecimalFloat64 returns the float64 nearest to coef * 10^-scale.
func DecimalFloat64(coef Int128, scale int) float64 {
	if v := int64(coef.Lo); coef.IsInt64() && v <= 1<<53 && v >= -1<<53 && scale < len(floatPow10) {
		return float64(v) / floatPow10[scale] // one correctly rounded operation on exact operands
	}
	var b [64]byte
	t := AppendDecimal128(b[:0], coef, 0)
	t = append(t, 'e')
	t = strconv.AppendInt(t, int64(-scale), 10)
	f, _ := strconv.ParseFloat(string(t), 64)
	return f
}

// Float32 returns the nearest float32; 22003 where the value overflows or
// vanishes, as PostgreSQL.
func (a Num) Float32() (float32, error) {
	switch a.Kind {
	case NumNaN:
		return float32(math.NaN()), nil
	case NumNegInf:
		return float32(math.Inf(-1)), nil
	case NumPosInf:
		return float32(math.Inf(1)), nil
	}
	s := a.String()
	f, err := strconv.ParseFloat(s, 32)
	if err != nil || f == 0 && a.Coef.Sign() != 0 {
		return 0, Errorf(CodeNumericOutOfRange, "\"%s\" is out of range for type real", s)
	}
	return float32(f), nil
}

// NumFromFloat64 returns f with 15 significant digits, as PostgreSQL's cast.
func NumFromFloat64(f float64) (Num, error) { return numFromFloat(f, 15) }

// NumFromFloat32 returns f with 6 significant digits, as PostgreSQL's cast.
func NumFromFloat32(f float32) (Num, error) { return numFromFloat(float64(f), 6) }

func numFromFloat(f float64, digits int) (Num, error) {
	switch {
	case math.IsNaN(f):
		return NumNaNValue, nil
	case math.IsInf(f, 1):
		return NumPosInfValue, nil
	case math.IsInf(f, -1):
		return NumNegInfValue, nil
	}
	var b [32]byte
	t := strconv.AppendFloat(b[:0], f, 'e', digits-1, 64)
	// d.ddddde+xx: %g drops trailing zeros, so the scale shows none.
	neg := t[0] == '-'
	if neg {
		t = t[1:]
	}
	e := len(t) - 1
	for t[e] != 'e' {
		e--
	}
	exp, err := strconv.Atoi(string(t[e+1:]))
	if err != nil {
		return Num{}, errNumOverflow()
	}
	var c int64
	for _, d := range t[:e] {
		if d != '.' {
			c = c*10 + int64(d-'0')
		}
	}
	scale := digits - 1 - exp
	if c == 0 {
		return Num{}, nil
	}
	for c%10 == 0 {
		c /= 10
		scale--
	}
	if neg {
		c = -c
	}
	if scale < 0 {
		r, ok := RescaleInt128(I128(c), scale, 0)
		if !ok {
			return Num{}, errNumOverflow()
		}
		return Num{Coef: r}, nil
	}
	return Num{Coef: I128(c), Scale: int16(scale)}, nil
}

// Float64ToInt rounds half to even to the integer type t, as PostgreSQL's cast; 22003.
func Float64ToInt(f float64, t OID) (int64, error) {
	r := math.RoundToEven(f)
	lo, _ := IntRange(t)
	// -float64(lo) is the largest value plus one, exactly.
	if !(r >= float64(lo) && r < -float64(lo)) {
		return 0, errIntRange(t)
	}
	return int64(r), nil
}

// Float64ToFloat32 narrows; 22003 where the value overflows or vanishes.
func Float64ToFloat32(f float64) (float32, error) {
	r := float32(f)
	if math.IsInf(float64(r), 0) && !math.IsInf(f, 0) {
		return 0, Errorf(CodeNumericOutOfRange, "value out of range: overflow")
	}
	if r == 0 && f != 0 {
		return 0, Errorf(CodeNumericOutOfRange, "value out of range: underflow")
	}
	return r, nil
}
