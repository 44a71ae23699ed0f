package sql

import (
	"math/big"
	"math/bits"
)

// Scale limits of PostgreSQL's numeric functions.
const (
	minSigDigits    = 16   // least significant digits of a quotient or function result
	maxDisplayScale = 1000 // largest scale these pick by themselves
	maxResultScale  = 2000 // largest scale round and trunc take
)

// Add returns a+b with the larger scale.
func (a Num) Add(b Num) (Num, error) {
	if a.Kind|b.Kind == NumFinite {
		if a.Scale == b.Scale {
			if r, ok := a.Coef.Add(b.Coef); ok && r.Fits38() {
				return Num{Coef: r, Scale: a.Scale}, nil
			}
			return Num{}, errNumOverflow()
		}
		s := max(a.Scale, b.Scale)
		x, ok1 := RescaleInt128(a.Coef, int(a.Scale), int(s))
		y, ok2 := RescaleInt128(b.Coef, int(b.Scale), int(s))
		if ok1 && ok2 {
			if r, ok := x.Add(y); ok && r.Fits38() {
				return Num{Coef: r, Scale: s}, nil
			}
			return Num{}, errNumOverflow()
		}
		// One operand passes 38 digits at the common scale; the sum may still fit.
		sum := new(big.Int).Mul(a.Coef.Big(), pow10Big(int(s-a.Scale)))
		sum.Add(sum, new(big.Int).Mul(b.Coef.Big(), pow10Big(int(s-b.Scale))))
		return numFromBig(sum, int(s))
	}
	switch {
	case a.Kind == NumNaN || b.Kind == NumNaN:
		return NumNaNValue, nil
	case a.Kind == NumFinite:
		return b, nil
	case b.Kind == NumFinite || a.Kind == b.Kind:
		return a, nil
	}
	return NumNaNValue, nil // infinity - infinity
}

// Sub returns a-b with the larger scale.
func (a Num) Sub(b Num) (Num, error) { return a.Add(b.Neg()) }

// Neg returns -a.
func (a Num) Neg() Num {
	switch a.Kind {
	case NumFinite:
		a.Coef, _ = a.Coef.Neg()
	case NumNegInf:
		a.Kind = NumPosInf
	case NumPosInf:
		a.Kind = NumNegInf
	}
	return a
}

// Abs returns |a|.
func (a Num) Abs() Num {
	if a.Kind == NumNegInf || a.Kind == NumFinite && a.Coef.Hi < 0 {
		return a.Neg()
	}
	return a
}

// Mul returns a*b; the scale is the sum of the scales.
func (a Num) Mul(b Num) (Num, error) {
	if a.Kind|b.Kind == NumFinite {
		r, ok := a.Coef.Mul(b.Coef)
		s := int(a.Scale) + int(b.Scale)
		if ok && r.Fits38() && s <= maxNumScale {
			return Num{Coef: r, Scale: int16(s)}, nil
		}
		if s > maxNumScale {
			c := new(big.Int).Mul(a.Coef.Big(), b.Coef.Big())
			return numFromBig(quoRoundBig(c, pow10Big(s-maxNumScale)), maxNumScale)
		}
		return Num{}, errNumOverflow()
	}
	if a.Kind == NumNaN || b.Kind == NumNaN || a.IsZero() || b.IsZero() {
		return NumNaNValue, nil
	}
	return infNum(a.Sign() * b.Sign()), nil
}

func infNum(sign int) Num {
	if sign < 0 {
		return NumNegInfValue
	}
	return NumPosInfValue
}

// Div returns a/b with the scale that PostgreSQL picks for a quotient.
func (a Num) Div(b Num) (Num, error) {
	if a.Kind|b.Kind != NumFinite {
		switch {
		case a.Kind == NumNaN || b.Kind == NumNaN:
			return NumNaNValue, nil
		case b.Kind == NumFinite && b.Coef.Sign() == 0:
			return Num{}, errDivisionByZero()
		case a.Kind == NumFinite:
			return Num{}, nil
		case b.Kind == NumFinite:
			return infNum(a.Sign() * b.Sign()), nil
		}
		return NumNaNValue, nil // infinity / infinity
	}
	if b.Coef.Sign() == 0 {
		return Num{}, errDivisionByZero()
	}
	s := divScale(a, b)
	return divRound(a.Coef, b.Coef, s-int(a.Scale)+int(b.Scale), s)
}

// divScale picks the scale of a quotient: at least 16 significant digits,
// judged on the leading base-10000 digits, and no less than either input's
// scale (select_div_scale in PostgreSQL).
func divScale(a, b Num) int {
	w1, d1 := a.lead()
	w2, d2 := b.lead()
	qw := w1 - w2
	if d1 <= d2 {
		qw--
	}
	s := max(minSigDigits-qw*4, int(a.Scale), int(b.Scale), 0)
	return min(s, maxDisplayScale)
}

// lead returns the weight and value of a finite value's first base-10000 digit;
// 0, 0 for zero.
func (a Num) lead() (weight, digit int) {
	h, l := a.Coef.Abs()
	n := udigits(h, l)
	if n == 0 {
		return 0, 0
	}
	e := n - 1 - int(a.Scale)
	weight = e >> 2 // floor(e/4)
	d := e - 4*weight + 1
	if n <= d {
		return weight, int(l) * int(Pow10Int64[d-n])
	}
	p := Pow10Int128[n-d]
	_, q, _, _ := udivrem(h, l, uint64(p.Hi), p.Lo)
	return weight, int(q)
}

// divRound returns round(a * 10^k / b) with scale s; k >= 0, b not zero.
func divRound(a, b Int128, k, s int) (Num, error) {
	neg := (a.Hi < 0) != (b.Hi < 0)
	ah, al := a.Abs()
	bh, bl := b.Abs()
	qh, ql, rh, rl := udivrem(ah, al, bh, bl)
	if bh != 0 && k > 0 {
		// The remainder times 10^k may pass 128 bits: rare.
		c := new(big.Int).Mul(a.Big(), pow10Big(k))
		return numFromBig(quoRoundBig(c, b.Big()), s)
	}
	for k > 0 {
		// r < b < 2^64, so r*10^step fits 128 bits, and its quotient 64.
		step := min(k, 19)
		p := pow10u[step]
		hi, c1 := bits.Mul64(qh, p)
		if hi != 0 {
			return Num{}, errNumOverflow()
		}
		mh, ml := bits.Mul64(ql, p)
		mh, carry := bits.Add64(mh, c1, 0)
		if carry != 0 {
			return Num{}, errNumOverflow()
		}
		th, tl := bits.Mul64(rl, p)
		q, r := bits.Div64(th, tl, bl)
		rl = r
		ql, carry = bits.Add64(ml, q, 0)
		qh, carry = bits.Add64(mh, 0, carry)
		if carry != 0 {
			return Num{}, errNumOverflow()
		}
		k -= step
	}
	// Round half away from zero: r >= b-r.
	dl, borrow := bits.Sub64(bl, rl, 0)
	dh, _ := bits.Sub64(bh, rh, borrow)
	if rh > dh || rh == dh && rl >= dl {
		var c uint64
		ql, c = bits.Add64(ql, 1, 0)
		qh += c
	}
	q := Int128{ql, int64(qh)}
	if q.Hi < 0 || !q.Fits38() {
		return Num{}, errNumOverflow()
	}
	if neg {
		q, _ = q.Neg()
	}
	return Num{Coef: q, Scale: int16(s)}, nil
}

// pow10u[k] is 10^k, up to 10^19.
var pow10u = func() (p [20]uint64) {
	p[0] = 1
	for k := 1; k < len(p); k++ {
		p[k] = p[k-1] * 10
	}
	return p
}()

// Mod returns the remainder of the truncated quotient, with the larger scale
// and the sign of a.
func (a Num) Mod(b Num) (Num, error) {
	if a.Kind|b.Kind != NumFinite {
		switch {
		case a.Kind == NumNaN || b.Kind == NumNaN:
			return NumNaNValue, nil
		case a.Kind != NumFinite && b.IsZero():
			return Num{}, errDivisionByZero()
		case a.Kind != NumFinite:
			return NumNaNValue, nil
		}
		return a, nil // finite % infinity
	}
	if b.Coef.Sign() == 0 {
		return Num{}, errDivisionByZero()
	}
	s := max(a.Scale, b.Scale)
	x, ok1 := RescaleInt128(a.Coef, int(a.Scale), int(s))
	y, ok2 := RescaleInt128(b.Coef, int(b.Scale), int(s))
	if ok1 && ok2 {
		_, r := x.QuoRem(y)
		return Num{Coef: r, Scale: s}, nil
	}
	bx := new(big.Int).Mul(a.Coef.Big(), pow10Big(int(s-a.Scale)))
	by := new(big.Int).Mul(b.Coef.Big(), pow10Big(int(s-b.Scale)))
	return numFromBig(bx.Rem(bx, by), int(s))
}

// DivTrunc returns the quotient truncated to an integer, SQL's div(a, b).
func (a Num) DivTrunc(b Num) (Num, error) {
	if a.Kind|b.Kind != NumFinite || b.Coef.Sign() == 0 {
		return a.Div(b)
	}
	s := max(a.Scale, b.Scale)
	x, ok1 := RescaleInt128(a.Coef, int(a.Scale), int(s))
	y, ok2 := RescaleInt128(b.Coef, int(b.Scale), int(s))
	if ok1 && ok2 {
		q, _ := x.QuoRem(y)
		return Num{Coef: q}, nil
	}
	bx := new(big.Int).Mul(a.Coef.Big(), pow10Big(int(s-a.Scale)))
	by := new(big.Int).Mul(b.Coef.Big(), pow10Big(int(s-b.Scale)))
	return numFromBig(bx.Quo(bx, by), 0)
}

// Round rounds half away from zero to the scale, which may be negative; the
// result's scale is max(scale, 0).
func (a Num) Round(scale int) (Num, error) {
	if a.Kind != NumFinite {
		return a, nil
	}
	scale = max(min(scale, maxResultScale), -maxResultScale)
	c, ok := RescaleInt128(a.Coef, int(a.Scale), scale)
	if ok && scale < 0 {
		c, ok = RescaleInt128(c, scale, 0)
		scale = 0
	}
	if !ok {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: c, Scale: int16(scale)}, nil
}

// Trunc cuts to the scale, which may be negative; the result's scale is max(scale, 0).
func (a Num) Trunc(scale int) (Num, error) {
	if a.Kind != NumFinite {
		return a, nil
	}
	scale = max(min(scale, maxResultScale), -maxResultScale)
	k := int(a.Scale) - scale
	switch {
	case k > 38:
		a.Coef = Int128{}
	case k > 0:
		a.Coef, _ = a.Coef.QuoRem(Pow10Int128[k])
	default:
		return a.Round(scale)
	}
	if scale < 0 {
		c, ok := RescaleInt128(a.Coef, scale, 0)
		if !ok {
			return Num{}, errNumOverflow()
		}
		a.Coef, scale = c, 0
	}
	a.Scale = int16(scale)
	return a, nil
}

// Ceil returns the least integer not below a, with scale 0.
func (a Num) Ceil() Num { return a.integral(1) }

// Floor returns the largest integer not above a, with scale 0.
func (a Num) Floor() Num { return a.integral(-1) }

// integral truncates, then steps by one if something of the step's sign was cut.
func (a Num) integral(step int) Num {
	if a.Kind != NumFinite || a.Scale == 0 {
		return a
	}
	sign := a.Coef.Sign()
	cut := sign != 0
	var q Int128
	if a.Scale <= 38 {
		var r Int128
		q, r = a.Coef.QuoRem(Pow10Int128[a.Scale])
		cut = r.Sign() != 0
	}
	if cut && sign == step {
		q, _ = q.Add(I128(int64(step)))
	}
	return Num{Coef: q}
}

// ApplyNumericMod coerces a to a numeric typmod: rounds to its scale and checks
// its precision (22003). A mod of -1 changes nothing.
func ApplyNumericMod(a Num, mod int32) (Num, error) {
	p, s, ok := NumericPS(mod)
	if !ok {
		return a, nil
	}
	if a.Kind == NumNaN {
		return a, nil
	}
	if a.Kind != NumFinite {
		return Num{}, Errorf(CodeNumericOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", p, s)
	}
	if a.Coef.Sign() == 0 {
		return Num{Scale: int16(max(s, 0))}, nil
	}
	c, ok := RescaleInt128(a.Coef, int(a.Scale), s)
	if ok && c.Digits() > p {
		return Num{}, errFieldOverflow(p, s)
	}
	if ok && s < 0 {
		c, ok = RescaleInt128(c, s, 0)
		s = 0
	}
	if !ok {
		if a.Coef.Digits()-int(a.Scale)+s > p {
			return Num{}, errFieldOverflow(p, s)
		}
		return Num{}, errNumOverflow()
	}
	return Num{Coef: c, Scale: int16(s)}, nil
}

func errFieldOverflow(p, s int) *Error {
	e := Errorf(CodeNumericOutOfRange, "numeric field overflow")
	if p == s {
		return e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 1.", p, s)
	}
	return e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 10^%d.", p, s, p-s)
}
