package sql

import (
	"math/big"
	"math/bits"
)

// maxNumScale is the largest display scale a numeric can have.
const maxNumScale = 16383

// errNumOverflow is the error for a result that needs more than 38 digits.
func errNumOverflow() *Error {
	return Errorf(CodeNumericOutOfRange, "value overflows numeric format").
		WithDetail("A numeric value has at most %d significant digits.", MaxDecPrecision)
}

func errDivisionByZero() *Error { return Errorf(CodeDivisionByZero, "division by zero") }

// NumNaNValue, NumPosInfValue and NumNegInfValue are the special numerics.
var (
	NumNaNValue    = Num{Kind: NumNaN}
	NumPosInfValue = Num{Kind: NumPosInf}
	NumNegInfValue = Num{Kind: NumNegInf}
)

// NumInt64 returns v with scale 0.
func NumInt64(v int64) Num { return Num{Coef: I128(v)} }

// NumOf returns coef * 10^-scale; 22003 if coef has more than 38 digits or the
// scale is out of range.
func NumOf(coef Int128, scale int) (Num, error) {
	if !coef.Fits38() || scale < 0 || scale > maxNumScale {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: coef, Scale: int16(scale)}, nil
}

// Finite reports whether a is neither NaN nor infinite.
func (a Num) Finite() bool { return a.Kind == NumFinite }

// IsZero reports whether a is finite and zero.
func (a Num) IsZero() bool { return a.Kind == NumFinite && a.Coef.Sign() == 0 }

// Sign returns -1, 0 or 1; NaN counts as positive, as it sorts last.
func (a Num) Sign() int {
	switch a.Kind {
	case NumFinite:
		return a.Coef.Sign()
	case NumNegInf:
		return -1
	}
	return 1
}

// Normal returns the form that equal values share: no trailing zero after the
// point (zero has scale 0). Hash and compare bytes of this form only.
func (a Num) Normal() Num {
	if a.Kind != NumFinite {
		return Num{Kind: a.Kind}
	}
	if a.Coef.Sign() == 0 {
		return Num{}
	}
	for a.Scale > 0 && a.Coef.Lo&1 == 0 {
		if a.Coef.IsInt64() {
			c, s := int64(a.Coef.Lo), a.Scale
			for s > 0 && c%10 == 0 {
				c /= 10
				s--
			}
			a.Coef, a.Scale = I128(c), s
			break
		}
		q, r := a.Coef.QuoRem(I128(10))
		if r.Lo != 0 {
			break
		}
		a.Coef, a.Scale = q, a.Scale-1
	}
	return a
}

// kindRank orders the kinds: -infinity, finite, infinity, NaN.
var kindRank = [...]int8{NumFinite: 1, NumNegInf: 0, NumPosInf: 2, NumNaN: 3}

// Cmp compares by value in PostgreSQL's order: NaN equals NaN and is largest.
func (a Num) Cmp(b Num) int {
	if a.Kind != NumFinite || b.Kind != NumFinite {
		return int(kindRank[a.Kind]) - int(kindRank[b.Kind])
	}
	return CmpDecimal(a.Coef, int(a.Scale), b.Coef, int(b.Scale))
}

// CmpDecimal compares a*10^-as with b*10^-bs.
func CmpDecimal(a Int128, as int, b Int128, bs int) int {
	if as == bs {
		return a.Cmp(b)
	}
	if sa, sb := a.Sign(), b.Sign(); sa != sb || sa == 0 {
		return sa - sb
	}
	if as < bs {
		return cmpScaled(a, b, bs-as)
	}
	return -cmpScaled(b, a, as-bs)
}

// cmpScaled compares a*10^k with b, both of the same sign and not zero, k > 0.
func cmpScaled(a, b Int128, k int) int {
	sign := a.Sign()
	// By the number of digits first: it decides nearly all and bounds the product.
	da, db := a.Digits()+k, b.Digits()
	switch {
	case da > db:
		return sign
	case da < db:
		return -sign
	}
	p, ok := a.Mul(Pow10Int128[k]) // has db <= 39 digits
	if ok {
		return p.Cmp(b)
	}
	// The product passes 2^127 while b does not.
	return sign
}

// Equal reports equality by value (1.0 = 1.00, NaN = NaN).
func (a Num) Equal(b Num) bool { return a.Cmp(b) == 0 }

// Hash returns a hash that equal values share, whatever their scale.
func (a Num) Hash() uint64 {
	a = a.Normal()
	h := a.Coef.Lo ^ uint64(a.Scale)<<48 ^ uint64(a.Kind)<<40
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, 0xff51afd7ed558ccd)
	h = hi ^ lo ^ uint64(a.Coef.Hi)
	hi, lo = bits.Mul64(h^0xc4ceb9fe1a85ec53, 0x9e3779b97f4a7c15)
	return hi ^ lo
}

// Big returns a as a big integer.
func (a Int128) Big() *big.Int {
	h, l := a.Abs()
	b := new(big.Int).SetUint64(h)
	b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(l))
	if a.Hi < 0 {
		b.Neg(b)
	}
	return b
}

// Int128FromBig returns b; ok is false when it has more than 38 digits.
func Int128FromBig(b *big.Int) (r Int128, ok bool) {
	if b.BitLen() > 127 {
		return Int128{}, false
	}
	m := new(big.Int).Abs(b)
	lo := new(big.Int).And(m, new(big.Int).SetUint64(^uint64(0))).Uint64()
	r = Int128{lo, int64(m.Rsh(m, 64).Uint64())}
	if b.Sign() < 0 {
		r, _ = r.Neg()
	}
	return r, r.Fits38()
}

// pow10Big returns 10^k.
func pow10Big(k int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil)
}

// quoRoundBig divides rounding half away from zero.
func quoRoundBig(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Abs(r).Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		if (a.Sign() < 0) != (b.Sign() < 0) {
			q.Sub(q, big.NewInt(1))
		} else {
			q.Add(q, big.NewInt(1))
		}
	}
	return q
}

// numFromBig returns c * 10^-scale with the given scale.
func numFromBig(c *big.Int, scale int) (Num, error) {
	r, ok := Int128FromBig(c)
	if !ok || scale < 0 || scale > maxNumScale {
		return Num{}, errNumOverflow()
	}
	return Num{Coef: r, Scale: int16(scale)}, nil
}
