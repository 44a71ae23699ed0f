package sql

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// apdOf converts a finite value.
func apdOf(a Num) *apd.Decimal {
	d := new(apd.Decimal)
	d.Coeff.SetMathBigInt(new(big.Int).Abs(a.Coef.Big()))
	d.Negative = a.Coef.Hi < 0
	d.Exponent = -int32(a.Scale)
	return d
}

// numFromAPD rounds half away from zero to the scale.
func numFromAPD(d *apd.Decimal, scale int) (Num, error) {
	if d.Form != apd.Finite {
		return Num{}, errNumOverflow()
	}
	c := d.Coeff.MathBigInt()
	k := scale + int(d.Exponent)
	if k > 4*maxNumScale {
		return Num{}, errNumOverflow()
	}
	if k >= 0 {
		c.Mul(c, pow10Big(k))
	} else {
		c = quoRoundBig(c, pow10Big(-k))
	}
	if d.Negative {
		c.Neg(c)
	}
	return numFromBig(c, scale)
}

// apdContext has precision p and room for any exponent that a Num can have.
func apdContext(p int) *apd.Context {
	c := apd.BaseContext.WithPrecision(uint32(max(p, 20)))
	c.MaxExponent, c.MinExponent = apd.MaxExponent, apd.MinExponent
	c.Rounding = apd.RoundHalfUp
	c.Traps = 0
	return c
}

func clampScale(s int) int { return min(max(s, 0), maxDisplayScale) }

// Sqrt returns the square root with PostgreSQL's scale: 2201F for a negative value.
func (a Num) Sqrt() (Num, error) {
	if a.Kind == NumNaN || a.Kind == NumPosInf {
		return a, nil
	}
	if a.Sign() < 0 {
		return Num{}, Errorf(CodeInvalidPowerArgument, "cannot take square root of a negative number")
	}
	weight, _ := a.lead()
	scale := clampScale(max(minSigDigits-((weight+1)*4/2-1), int(a.Scale)))
	// floor(sqrt(c * 10^(2*scale+2-s))) has one digit more than the result; it
	// rounds as the exact root does.
	c := a.Coef.Big()
	c.Mul(c, pow10Big(2*scale+2-int(a.Scale)))
	return numFromBig(quoRoundBig(c.Sqrt(c), big.NewInt(10)), scale)
}

// Exp returns e^a with PostgreSQL's scale; 22003.
func (a Num) Exp() (Num, error) {
	switch a.Kind {
	case NumNaN, NumPosInf:
		return a, nil
	case NumNegInf:
		return Num{}, nil
	}
	f := a.Float64()
	if f >= 3*maxResultScale {
		return Num{}, errNumOverflow()
	}
	val := min(max(f*0.434294481903252, -maxResultScale), maxResultScale)
	scale := clampScale(max(minSigDigits-int(val), int(a.Scale)))
	if f < -3*maxResultScale {
		return Num{Scale: int16(scale)}, nil
	}
	r := new(apd.Decimal)
	if _, err := apdContext(scale+max(int(val), 0)+12).Exp(r, apdOf(a)); err != nil {
		return Num{}, errNumOverflow()
	}
	return numFromAPD(r, scale)
}

// lnWeight estimates the decimal weight of ln(a), as PostgreSQL does to pick scales.
func (a Num) lnWeight() int {
	if a.Sign() <= 0 {
		return 0
	}
	if CmpDecimal(a.Coef, int(a.Scale), I128(9), 1) >= 0 && CmpDecimal(a.Coef, int(a.Scale), I128(11), 1) <= 0 {
		x, err := a.Sub(NumInt64(1))
		if err != nil || x.Coef.Sign() == 0 {
			return 0
		}
		w, d := x.lead()
		return w*4 + int(math.Log10(float64(d)))
	}
	weight, digits := a.lead()
	dw := weight * 4
	if rest := int(a.Scale) + 4*weight; a.Coef.Digits() > 0 && rest > 0 {
		// Two leading base-10000 digits, if there is a second one.
		if c, ok := a.truncTo(rest - 4); ok {
			digits, dw = int(c), dw-4
		}
	} else if c, ok := a.truncTo(rest - 4); ok && weight > 0 {
		digits, dw = int(c), dw-4
	}
	ln := math.Log(float64(digits)) + float64(dw)*2.302585092994046
	return int(math.Log10(math.Abs(ln)))
}

// truncTo drops k decimal digits of the coefficient (adds zeros if k < 0).
func (a Num) truncTo(k int) (int64, bool) {
	c, ok := a.Coef, true
	switch {
	case k > 38:
		return 0, false
	case k > 0:
		c, _ = c.QuoRem(Pow10Int128[k])
	case k >= -38:
		c, ok = c.Mul(Pow10Int128[-k])
	default:
		ok = false
	}
	return int64(c.Lo), ok && c.IsInt64()
}

func errLogArgument(a Num) error {
	if a.Sign() == 0 {
		return Errorf(CodeInvalidLogArgument, "cannot take logarithm of zero")
	}
	return Errorf(CodeInvalidLogArgument, "cannot take logarithm of a negative number")
}

// lnAPD returns ln(a), a > 0, to about p significant digits.
func lnAPD(a Num, p int) (*apd.Decimal, error) {
	r := new(apd.Decimal)
	if _, err := apdContext(p).Ln(r, apdOf(a)); err != nil {
		return nil, errNumOverflow()
	}
	return r, nil
}

// Ln returns the natural logarithm with PostgreSQL's scale; 2201E.
func (a Num) Ln() (Num, error) {
	if a.Kind == NumNaN || a.Kind == NumPosInf {
		return a, nil
	}
	if a.Sign() <= 0 {
		return Num{}, errLogArgument(a)
	}
	w := a.lnWeight()
	scale := clampScale(max(minSigDigits-w, int(a.Scale)))
	r, err := lnAPD(a, scale+max(w, 0)+15)
	if err != nil {
		return Num{}, err
	}
	return numFromAPD(r, scale)
}

// Log returns the logarithm of a to the base, with PostgreSQL's scale; 2201E, 22012.
func (a Num) Log(base Num) (Num, error) {
	if a.Kind == NumNaN || base.Kind == NumNaN {
		return NumNaNValue, nil
	}
	for _, x := range []Num{base, a} {
		if x.Sign() <= 0 {
			return Num{}, errLogArgument(x)
		}
	}
	switch {
	case base.Kind == NumPosInf && a.Kind == NumPosInf:
		return NumNaNValue, nil
	case base.Kind == NumPosInf:
		return Num{}, nil
	case a.Kind == NumPosInf:
		return a, nil
	}
	wb, wa := base.lnWeight(), a.lnWeight()
	scale := clampScale(max(minSigDigits-(wa-wb), int(base.Scale), int(a.Scale)))
	p := scale + max(wa, 0) + max(-wb, 0) + max(wa-wb, 0) + 20
	lb, err := lnAPD(base, p)
	if err != nil {
		return Num{}, err
	}
	if lb.IsZero() {
		return Num{}, errDivisionByZero()
	}
	la, err := lnAPD(a, p)
	if err != nil {
		return Num{}, err
	}
	r := new(apd.Decimal)
	if _, err := apdContext(p).Quo(r, la, lb); err != nil {
		return Num{}, errNumOverflow()
	}
	return numFromAPD(r, scale)
}

// Log10 returns the logarithm to base 10.
func (a Num) Log10() (Num, error) { return a.Log(NumInt64(10)) }

// integral reports whether a finite value is an integer.
func (a Num) isIntegral() bool { return a.Normal().Scale == 0 }

// Power returns a^b with PostgreSQL's scale: 2201F where there is no real
// result, 22003.
func (a Num) Power(b Num) (Num, error) {
	one := NumInt64(1)
	if a.Kind|b.Kind != NumFinite {
		return a.powerSpecial(b, one)
	}
	if a.Coef.Sign() == 0 && b.Coef.Sign() < 0 {
		return Num{}, Errorf(CodeInvalidPowerArgument, "zero raised to a negative power is undefined")
	}
	if b.isIntegral() {
		e, err := b.ToInt(OIDInt4)
		if err == nil {
			return a.powerInt(e)
		}
	}
	if a.Coef.Sign() == 0 {
		return Num{Scale: minSigDigits}, nil
	}
	neg := false
	if a.Coef.Sign() < 0 {
		if !b.isIntegral() {
			return Num{}, Errorf(CodeInvalidPowerArgument, "a negative number raised to a non-integer power yields a complex result")
		}
		n := b.Normal()
		neg = n.Coef.Lo&1 != 0
		a = a.Neg()
	}
	// PostgreSQL chooses the scale by a product of few digits.
	ln, err := lnAPD(a, 60)
	if err != nil {
		return Num{}, err
	}
	x, c := new(apd.Decimal), apdContext(100)
	few := -int32(max(8-a.lnWeight(), 0))
	if _, err := c.Quantize(ln, ln, few); err != nil {
		return Num{}, errNumOverflow()
	}
	if _, err := c.Mul(x, ln, apdOf(b)); err != nil {
		return Num{}, errNumOverflow()
	}
	if _, err := c.Quantize(x, x, few); err != nil {
		return Num{}, errNumOverflow()
	}
	val, err := x.Float64()
	if err != nil || math.Abs(val) > 3.01*maxResultScale {
		if val > 0 {
			return Num{}, errNumOverflow()
		}
		return Num{Scale: maxDisplayScale}, nil
	}
	val *= 0.434294481903252
	scale := clampScale(max(minSigDigits-int(val), int(a.Scale), int(b.Scale)))
	p := scale + max(int(val), 0) + 30
	if ln, err = lnAPD(a, p+10); err != nil {
		return Num{}, err
	}
	c = apdContext(p + 10)
	if _, err := c.Mul(x, ln, apdOf(b)); err != nil {
		return Num{}, errNumOverflow()
	}
	r := new(apd.Decimal)
	if _, err := c.Exp(r, x); err != nil {
		return Num{}, errNumOverflow()
	}
	r.Negative = neg
	return numFromAPD(r, scale)
}

// powerInt returns a^e at scale max(16, a's), exact digits rounded.
func (a Num) powerInt(e int64) (Num, error) {
	scale := clampScale(max(minSigDigits, int(a.Scale)))
	if e == 0 {
		return NumInt64(1).Round(scale)
	}
	if a.Coef.Sign() == 0 {
		return Num{Scale: int16(scale)}, nil
	}
	// Size the result first: beyond our digits it is an error, far below the
	// scale it is zero, and in between the exact power is small enough.
	f := math.Log10(math.Abs(a.Float64())) * float64(e)
	if f > MaxDecPrecision+1 {
		return Num{}, errNumOverflow()
	}
	if f < -float64(scale)-2 {
		return Num{Scale: int16(scale)}, nil
	}
	n := a.Normal()
	ctx := apdContext(MaxDecPrecision + scale + 30)
	r, err := powAPD(ctx, apdOf(n), e)
	if err != nil {
		return Num{}, err
	}
	return numFromAPD(r, scale)
}

// powAPD raises by squaring.
func powAPD(c *apd.Context, x *apd.Decimal, e int64) (*apd.Decimal, error) {
	r, sq := apd.New(1, 0), new(apd.Decimal).Set(x)
	for n := uint64(abs64(e)); n > 0; n >>= 1 {
		if n&1 != 0 {
			if _, err := c.Mul(r, r, sq); err != nil {
				return nil, errNumOverflow()
			}
		}
		if n > 1 {
			if _, err := c.Mul(sq, sq, sq); err != nil {
				return nil, errNumOverflow()
			}
		}
	}
	if e < 0 {
		if _, err := c.Quo(r, apd.New(1, 0), r); err != nil {
			return nil, errNumOverflow()
		}
	}
	return r, nil
}

// powerSpecial handles NaN and infinities, by the POSIX rules that PostgreSQL follows.
func (a Num) powerSpecial(b, one Num) (Num, error) {
	switch {
	case a.Kind == NumNaN:
		if b.IsZero() {
			return one, nil
		}
		return a, nil
	case b.Kind == NumNaN:
		if a.Equal(one) {
			return one, nil
		}
		return b, nil
	case a.IsZero() && b.Kind == NumNegInf:
		return Num{}, Errorf(CodeInvalidPowerArgument, "zero raised to a negative power is undefined")
	case a.Sign() < 0 && b.Finite() && !b.isIntegral():
		return Num{}, Errorf(CodeInvalidPowerArgument, "a negative number raised to a non-integer power yields a complex result")
	case a.Equal(one) || b.IsZero():
		return one, nil
	case a.IsZero():
		return Num{}, nil
	case !b.Finite():
		c := a.Abs().Cmp(one)
		switch {
		case c == 0: // (-1)^infinity
			return one, nil
		case (c > 0) == (b.Kind == NumPosInf):
			return NumPosInfValue, nil
		}
		return Num{}, nil
	}
	// An infinity to a finite power.
	if b.Sign() < 0 {
		return Num{}, nil
	}
	if a.Kind == NumNegInf && b.Normal().Coef.Lo&1 != 0 {
		return NumNegInfValue, nil
	}
	return NumPosInfValue, nil
}
