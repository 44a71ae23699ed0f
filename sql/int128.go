package sql

import (
	"math"
	"math/bits"
)

// Int128 is a two's complement 128-bit integer, little end first in memory.
type Int128 struct {
	Lo uint64
	Hi int64
}

// I128 widens v.
func I128(v int64) Int128 { return Int128{uint64(v), v >> 63} }

// IsInt64 reports whether a fits int64 (then int64(a.Lo) is its value).
func (a Int128) IsInt64() bool { return a.Hi == int64(a.Lo)>>63 }

// Sign returns -1, 0 or 1.
func (a Int128) Sign() int {
	if a.Hi < 0 {
		return -1
	}
	if a.Hi == 0 && a.Lo == 0 {
		return 0
	}
	return 1
}

// Cmp compares a with b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi:
		return -1
	case a.Hi > b.Hi:
		return 1
	case a.Lo < b.Lo:
		return -1
	case a.Lo > b.Lo:
		return 1
	}
	return 0
}

// Neg returns -a; ok is false for the least value.
func (a Int128) Neg() (r Int128, ok bool) {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.Hi), borrow)
	r = Int128{lo, int64(hi)}
	return r, !(a.Hi < 0 && r.Hi < 0)
}

// Add returns a+b; ok is false on overflow.
func (a Int128) Add(b Int128) (r Int128, ok bool) {
	lo, c := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), c)
	r = Int128{lo, int64(hi)}
	return r, (a.Hi^r.Hi)&(b.Hi^r.Hi) >= 0
}

// Sub returns a-b; ok is false on overflow.
func (a Int128) Sub(b Int128) (r Int128, ok bool) {
	lo, c := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), c)
	r = Int128{lo, int64(hi)}
	return r, (a.Hi^b.Hi)&(a.Hi^r.Hi) >= 0
}

// MulInt64 returns a*b without loss.
func MulInt64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	hi -= uint64(a>>63)&uint64(b) + uint64(b>>63)&uint64(a)
	return Int128{lo, int64(hi)}
}

// Abs returns the magnitude of a as an unsigned pair.
func (a Int128) Abs() (hi, lo uint64) {
	if a.Hi >= 0 {
		return uint64(a.Hi), a.Lo
	}
	l, borrow := bits.Sub64(0, a.Lo, 0)
	h, _ := bits.Sub64(0, uint64(a.Hi), borrow)
	return h, l
}

// Mul returns a*b; ok is false on overflow.
func (a Int128) Mul(b Int128) (r Int128, ok bool) {
	if a.IsInt64() && b.IsInt64() {
		return MulInt64(int64(a.Lo), int64(b.Lo)), true
	}
	ah, al := a.Abs()
	bh, bl := b.Abs()
	if ah != 0 && bh != 0 {
		return Int128{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	c1h, c1 := bits.Mul64(ah, bl)
	c2h, c2 := bits.Mul64(al, bh)
	if c1h != 0 || c2h != 0 {
		return Int128{}, false
	}
	hi, carry := bits.Add64(hi, c1, 0)
	hi, carry2 := bits.Add64(hi, c2, 0)
	if carry|carry2 != 0 {
		return Int128{}, false
	}
	neg := (a.Hi < 0) != (b.Hi < 0)
	if neg {
		if hi > 1<<63 || hi == 1<<63 && lo != 0 {
			return Int128{}, false
		}
		l, borrow := bits.Sub64(0, lo, 0)
		h, _ := bits.Sub64(0, hi, borrow)
		return Int128{l, int64(h)}, true
	}
	if hi >= 1<<63 {
		return Int128{}, false
	}
	return Int128{lo, int64(hi)}, true
}

// QuoRem divides toward zero; b must not be zero. The quotient of the least
// value by -1 wraps.
func (a Int128) QuoRem(b Int128) (q, r Int128) {
	ah, al := a.Abs()
	bh, bl := b.Abs()
	qh, ql, rh, rl := udivrem(ah, al, bh, bl)
	q, r = Int128{ql, int64(qh)}, Int128{rl, int64(rh)}
	if (a.Hi < 0) != (b.Hi < 0) {
		q, _ = q.Neg()
	}
	if a.Hi < 0 {
		r, _ = r.Neg()
	}
	return q, r
}

// udivrem divides unsigned 128 by unsigned 128 bits (Knuth D with two digits).
func udivrem(ah, al, bh, bl uint64) (qh, ql, rh, rl uint64) {
	if bh == 0 {
		if ah < bl {
			ql, rl = bits.Div64(ah, al, bl)
			return 0, ql, 0, rl
		}
		qh, rem := bits.Div64(0, ah, bl)
		ql, rl = bits.Div64(rem, al, bl)
		return qh, ql, 0, rl
	}
	if ah < bh || ah == bh && al < bl {
		return 0, 0, ah, al
	}
	n := uint(bits.LeadingZeros64(bh))
	v1 := bh<<n | bl>>(64-n)
	if n == 0 {
		v1 = bh
	}
	u1h, u1l := ah>>1, ah<<63|al>>1
	q, _ := bits.Div64(u1h, u1l, v1)
	q >>= 63 - n
	if q != 0 {
		q--
	}
	ph, pl := bits.Mul64(q, bl)
	ph += q * bh
	rl, borrow := bits.Sub64(al, pl, 0)
	rh, _ = bits.Sub64(ah, ph, borrow)
	if rh > bh || rh == bh && rl >= bl {
		q++
		rl, borrow = bits.Sub64(rl, bl, 0)
		rh, _ = bits.Sub64(rh, bh, borrow)
	}
	return 0, q, rh, rl
}

// Float64 returns the nearest float64, ties to even.
func (a Int128) Float64() float64 {
	if a.IsInt64() {
		return float64(int64(a.Lo))
	}
	h, l := a.Abs()
	f := float64(l)
	if h != 0 {
		// The upper 64 bits, with the rest as a sticky bit, round once.
		n := uint(bits.LeadingZeros64(h))
		top, rest := h<<n|l>>(64-n), l<<n
		if rest != 0 {
			top |= 1
		}
		f = math.Ldexp(float64(top), 64-int(n))
	}
	if a.Hi < 0 {
		return -f
	}
	return f
}
