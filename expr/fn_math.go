package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
)

// defineMath defines functions of floats and numerics.
func defineMath(d *defs) {
	plain := func(name string, f func(float64) float64) {
		d.fn(name+"(float8)", map1(f), safe)
	}
	checked := func(name string, f func(float64) float64) {
		d.fn(name+"(float8)", map1e(func(x float64) (float64, error) {
			r := f(x)
			if math.IsInf(r, 0) && !math.IsInf(x, 0) {
				return 0, errFloatOverflow()
			}
			return r, nil
		}))
	}
	plain("ceil", math.Ceil)
	plain("ceiling", math.Ceil)
	plain("floor", math.Floor)
	plain("round", math.RoundToEven)
	plain("trunc", math.Trunc)
	plain("sign", func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return 0
	})
	plain("cbrt", math.Cbrt)
	d.op("||/ float8", map1(math.Cbrt), safe)
	checked("degrees", func(x float64) float64 { return x / (math.Pi / 180) })
	d.fn("radians(float8)", map1e(func(x float64) (float64, error) {
		r := x * (math.Pi / 180)
		if r == 0 && x != 0 {
			return 0, errFloatUnderflow()
		}
		return r, nil
	}))
	d.fn("pi()", each(func(r *Row) error { return r.SetFloat(math.Pi) }), safe)
	plain("atan", math.Atan)
	plain("sinh", math.Sinh)
	plain("cosh", math.Cosh)
	plain("tanh", math.Tanh)
	plain("asinh", math.Asinh)
	bounded := func(name string, f func(float64) float64, bad func(float64) bool) {
		d.fn(name+"(float8)", map1e(func(x float64) (float64, error) {
			if bad(x) {
				return 0, sql.Errorf(sql.CodeNumericOutOfRange, "input is out of range")
			}
			return f(x), nil
		}))
	}
	inf := func(x float64) bool { return math.IsInf(x, 0) }
	outside := func(x float64) bool { return x < -1 || x > 1 }
	bounded("sin", math.Sin, inf)
	bounded("cos", math.Cos, inf)
	bounded("tan", math.Tan, inf)
	bounded("cot", func(x float64) float64 { return 1 / math.Tan(x) }, inf)
	bounded("asin", math.Asin, outside)
	bounded("acos", math.Acos, outside)
	bounded("acosh", math.Acosh, func(x float64) bool { return x < 1 })
	bounded("atanh", math.Atanh, outside)
	d.fn("atan2(float8,float8)", map2(math.Atan2), safe)
	sqrt := map1e(func(x float64) (float64, error) {
		if x < 0 {
			return 0, sql.Errorf(sql.CodeInvalidPowerArgument, "cannot take square root of a negative number")
		}
		return math.Sqrt(x), nil
	})
	d.fn("sqrt(float8)", sqrt)
	d.op("|/ float8", sqrt)
	d.fn("exp(float8)", map1e(func(x float64) (float64, error) {
		r := math.Exp(x)
		switch {
		case math.IsInf(r, 0) && !math.IsInf(x, 0):
			return 0, errFloatOverflow()
		case r == 0 && !math.IsInf(x, 0):
			return 0, errFloatUnderflow()
		}
		return r, nil
	}))
	logarithm := func(name string, f func(float64) float64) {
		d.fn(name+"(float8)", map1e(func(x float64) (float64, error) {
			switch {
			case x == 0:
				return 0, sql.Errorf(sql.CodeInvalidLogArgument, "cannot take logarithm of zero")
			case x < 0:
				return 0, sql.Errorf(sql.CodeInvalidLogArgument, "cannot take logarithm of a negative number")
			}
			return f(x), nil
		}))
	}
	logarithm("ln", math.Log)
	logarithm("log", math.Log10)
	logarithm("log10", math.Log10)
	power := map2e(powFloat)
	d.fn("power(float8,float8)", power)
	d.fn("pow(float8,float8)", power)
	d.op("float8 ^ float8", power)
	defineNumericMath(d)
	d.fn("random()", each(func(r *Row) error { return r.SetFloat(float64(r.Env().Rand()>>11) / (1 << 53)) }), safe)
	d.fn("gen_random_uuid()", each(func(r *Row) error {
		var u [16]byte
		for i := 0; i < 16; i += 8 {
			x := r.Env().Rand()
			for k := range 8 {
				u[i+k] = byte(x >> (8 * k))
			}
		}
		u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
		Slice[[16]byte](r.in.Out)[r.i] = u
		return nil
	}), safe)
	d.fn("width_bucket(float8,float8,float8,int4)", each(widthBucket))
	d.fn("width_bucket(numeric,numeric,numeric,int4)", each(widthBucketNumeric))
	d.fn("factorial(int8)", each(func(r *Row) error {
		n := r.Int(0)
		if n < 0 {
			return sql.Errorf(sql.CodeNumericOutOfRange, "factorial of a negative number is undefined")
		}
		f := sql.NumInt64(1)
		for k := int64(2); k <= n; k++ {
			var err error
			if f, err = f.Mul(sql.NumInt64(k)); err != nil {
				return err
			}
		}
		return r.SetNum(f)
	}))
}

// powFloat is PostgreSQL's power on float8: its special cases, then libm's.
func powFloat(x, y float64) (float64, error) {
	switch {
	case math.IsNaN(x):
		if y == 0 {
			return 1, nil
		}
		return x, nil
	case math.IsNaN(y):
		if x == 1 {
			return 1, nil
		}
		return y, nil
	case x == 0 && y < 0:
		return 0, sql.Errorf(sql.CodeInvalidPowerArgument, "zero raised to a negative power is undefined")
	case x < 0 && math.Floor(y) != y:
		return 0, sql.Errorf(sql.CodeInvalidPowerArgument, "a negative number raised to a non-integer power yields a complex result")
	}
	r := math.Pow(x, y)
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		return r, nil
	}
	switch {
	case math.IsInf(r, 0):
		return 0, errFloatOverflow()
	case r == 0 && x != 0:
		return 0, errFloatUnderflow()
	}
	return r, nil
}

func defineNumericMath(d *defs) {
	one := func(name string, f func(sql.Num) (sql.Num, error)) {
		d.fn(name+"(numeric)", each(func(r *Row) error {
			n, err := f(r.Num(0))
			if err != nil {
				return err
			}
			return r.SetNum(n)
		}))
	}
	two := func(f func(a, b sql.Num) (sql.Num, error)) Kernel {
		return each(func(r *Row) error {
			n, err := f(r.Num(0), r.Num(1))
			if err != nil {
				return err
			}
			return r.SetNum(n)
		})
	}
	one("sqrt", sql.Num.Sqrt)
	one("exp", sql.Num.Exp)
	one("ln", sql.Num.Ln)
	one("log", sql.Num.Log10)
	one("log10", sql.Num.Log10)
	d.fn("log(numeric,numeric)", two(func(base, x sql.Num) (sql.Num, error) { return x.Log(base) }))
	d.fn("power(numeric,numeric)", two(sql.Num.Power))
	d.fn("pow(numeric,numeric)", two(sql.Num.Power))
	d.op("numeric ^ numeric", two(sql.Num.Power))
	d.fn("scale(numeric)", each(func(r *Row) error {
		if r.Num(0).Kind != sql.NumFinite {
			return r.SetNull()
		}
		return r.SetInt(int64(r.Num(0).Scale))
	}), safe)
	d.fn("min_scale(numeric)", each(func(r *Row) error {
		if r.Num(0).Kind != sql.NumFinite {
			return r.SetNull()
		}
		return r.SetInt(int64(r.Num(0).Normal().Scale))
	}), safe)
	one("trim_scale", func(n sql.Num) (sql.Num, error) { return n.Normal(), nil })
	gcdOf := func(a, b sql.Num) (sql.Num, error) {
		if a.Kind != sql.NumFinite || b.Kind != sql.NumFinite {
			return sql.NumNaNValue, nil
		}
		s := max(a.Scale, b.Scale)
		for b.Sign() != 0 {
			m, err := a.Mod(b)
			if err != nil {
				return a, err
			}
			a, b = b, m
		}
		return a.Abs().Round(int(s))
	}
	d.fn("gcd(numeric,numeric)", two(gcdOf))
	d.fn("lcm(numeric,numeric)", two(func(a, b sql.Num) (sql.Num, error) {
		s := int(max(a.Scale, b.Scale))
		if a.Kind != sql.NumFinite || b.Kind != sql.NumFinite {
			return sql.NumNaNValue, nil
		}
		if a.Sign() == 0 || b.Sign() == 0 {
			return sql.Num{}.Round(s)
		}
		g, err := gcdOf(a, b)
		if err != nil {
			return g, err
		}
		q, err := a.DivTrunc(g)
		if err != nil {
			return q, err
		}
		if q, err = q.Mul(b); err != nil {
			return q, err
		}
		return q.Abs().Round(s)
	}))
}

// widthBucketNumeric is width_bucket over numerics.
func widthBucketNumeric(r *Row) error {
	x, lo, hi, n := r.Num(0), r.Num(1), r.Num(2), r.Int(3)
	bad := func(msg string) error { return sql.Errorf("2201G", "%s", msg) }
	switch {
	case n <= 0:
		return bad("count must be greater than zero")
	case x.Kind == sql.NumNaN || lo.Kind == sql.NumNaN || hi.Kind == sql.NumNaN:
		return bad("operand, lower bound, and upper bound cannot be NaN")
	case !lo.Finite() || !hi.Finite():
		return bad("lower and upper bounds must be finite")
	case lo.Cmp(hi) == 0:
		return bad("lower bound cannot equal upper bound")
	}
	if lo.Cmp(hi) > 0 {
		x, lo, hi = x.Neg(), lo.Neg(), hi.Neg()
	}
	switch {
	case x.Cmp(lo) < 0:
		return r.SetInt(0)
	case x.Cmp(hi) >= 0:
		if n+1 > math.MaxInt32 {
			return errIntRange[int32]()
		}
		return r.SetInt(n + 1)
	}
	off, err := x.Sub(lo)
	if err != nil {
		return err
	}
	width, err := hi.Sub(lo)
	if err != nil {
		return err
	}
	if off, err = off.Mul(sql.NumInt64(n)); err != nil {
		return err
	}
	if off, err = off.Div(width); err != nil { // rounded to the scale of a quotient, as PostgreSQL 15 does
		return err
	}
	k, err := off.Floor().ToInt(sql.OIDInt8)
	if err != nil {
		return err
	}
	return r.SetInt(k + 1)
}

func widthBucket(r *Row) error {
	x, lo, hi, n := r.Float(0), r.Float(1), r.Float(2), r.Int(3)
	bad := func(msg string) error { return sql.Errorf("2201G", "%s", msg) }
	switch {
	case n <= 0:
		return bad("count must be greater than zero")
	case math.IsNaN(x) || math.IsNaN(lo) || math.IsNaN(hi):
		return bad("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(lo, 0) || math.IsInf(hi, 0):
		return bad("lower and upper bounds must be finite")
	case lo == hi:
		return bad("lower bound cannot equal upper bound")
	}
	before, after := x < lo, x >= hi
	if lo > hi {
		before, after = x > lo, x <= hi
	}
	switch {
	case before:
		return r.SetInt(0)
	case after:
		if n+1 > math.MaxInt32 {
			return errIntRange[int32]()
		}
		return r.SetInt(n + 1)
	}
	// Halved first where the difference would overflow.
	w := (x - lo) / (hi - lo)
	if math.IsInf(hi-lo, 0) {
		w = (x/2 - lo/2) / (hi/2 - lo/2)
	}
	k := int64(float64(n) * w)
	return r.SetInt(k + 1)
}
