package sql

import "math/bits"

// Pow10Int64[k] is 10^k.
var Pow10Int64 = [19]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// Pow10Int128[k] is 10^k.
var Pow10Int128 = func() (p [39]Int128) {
	p[0] = I128(1)
	for k := 1; k < len(p); k++ {
		p[k], _ = p[k-1].Mul(I128(10))
	}
	return p
}()

// RescaleInt64 turns a coefficient of scale from into one of scale to, rounding
// half away from zero; ok is false when the result does not fit.
func RescaleInt64(coef int64, from, to int) (r int64, ok bool) {
	if k := to - from; k >= 0 {
		if k == 0 || coef == 0 {
			return coef, true
		}
		if k > 18 {
			return 0, false
		}
		w := MulInt64(coef, Pow10Int64[k])
		return int64(w.Lo), w.IsInt64()
	}
	k := from - to
	if k > 18 {
		const half = 5e18
		switch {
		case k > 19:
			return 0, true
		case coef >= half:
			return 1, true
		case coef <= -half:
			return -1, true
		}
		return 0, true
	}
	p := Pow10Int64[k]
	q, m := coef/p, coef%p
	switch {
	case m >= p-m:
		q++
	case m <= -p-m:
		q--
	}
	return q, true
}

// RescaleInt128 turns a coefficient of scale from into one of scale to, rounding
// half away from zero; ok is false when the result has more than 38 digits.
func RescaleInt128(coef Int128, from, to int) (r Int128, ok bool) {
	k := to - from
	switch {
	case k == 0 || coef.Sign() == 0:
		return coef, coef.Fits38()
	case k > 38:
		return Int128{}, false
	case k > 0:
		r, ok = coef.Mul(Pow10Int128[k])
		return r, ok && r.Fits38()
	case k < -38: // |coef| < 1.8e38 < 10^39/2
		return Int128{}, true
	}
	return coef.QuoRound(Pow10Int128[-k]), true
}

// QuoRound divides rounding half away from zero; b must be positive.
func (a Int128) QuoRound(b Int128) Int128 {
	ah, al := a.Abs()
	qh, ql, rh, rl := udivrem(ah, al, uint64(b.Hi), b.Lo)
	// r >= b-r, so that 2r cannot overflow
	dl, borrow := bits.Sub64(b.Lo, rl, 0)
	dh, _ := bits.Sub64(uint64(b.Hi), rh, borrow)
	if rh > dh || rh == dh && rl >= dl {
		var c uint64
		ql, c = bits.Add64(ql, 1, 0)
		qh += c
	}
	q := Int128{ql, int64(qh)}
	if a.Hi < 0 {
		q, _ = q.Neg()
	}
	return q
}

// Fits38 reports whether a has at most 38 decimal digits.
func (a Int128) Fits38() bool {
	h, l := a.Abs()
	m := Pow10Int128[38]
	return h < uint64(m.Hi) || h == uint64(m.Hi) && l < m.Lo
}

// Digits returns the number of decimal digits of |a|, 0 for zero.
func (a Int128) Digits() int { return udigits(a.Abs()) }

func udigits(h, l uint64) int {
	n := bits.Len64(l)
	if h != 0 {
		n = 64 + bits.Len64(h)
	}
	if n == 0 {
		return 0
	}
	d := n * 1233 >> 12 // floor(n*log10(2)), at most one too small
	if d > 38 {
		return 39
	}
	p := Pow10Int128[d]
	if h > uint64(p.Hi) || h == uint64(p.Hi) && l >= p.Lo {
		d++
	}
	return d
}
