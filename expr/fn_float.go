package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
)

type float interface{ float32 | float64 }

func errFloatOverflow() error {
	return sql.Errorf(sql.CodeNumericOutOfRange, "value out of range: overflow")
}
func errFloatUnderflow() error {
	return sql.Errorf(sql.CodeNumericOutOfRange, "value out of range: underflow")
}

func isInf[T float](x T) bool { return math.IsInf(float64(x), 0) }

// defineFloats defines arithmetic of real, double precision and their mixes.
func defineFloats(d *defs) {
	floatArith[float32, float32, float32](d, "float4", "float4")
	floatArith[float64, float64, float64](d, "float8", "float8")
	floatArith[float32, float64, float64](d, "float4", "float8")
	floatArith[float64, float32, float64](d, "float8", "float4")
	floatUnary[float32](d, "float4")
	floatUnary[float64](d, "float8")
}

func floatArith[A, B, R float](d *defs, a, b string) {
	d.op(a+" + "+b, map2e(func(x A, y B) (R, error) {
		r := R(x) + R(y)
		if isInf(r) && !isInf(x) && !isInf(y) {
			return 0, errFloatOverflow()
		}
		return r, nil
	}))
	d.op(a+" - "+b, map2e(func(x A, y B) (R, error) {
		r := R(x) - R(y)
		if isInf(r) && !isInf(x) && !isInf(y) {
			return 0, errFloatOverflow()
		}
		return r, nil
	}))
	d.op(a+" * "+b, map2e(func(x A, y B) (R, error) {
		r := R(x) * R(y)
		if isInf(r) && !isInf(x) && !isInf(y) {
			return 0, errFloatOverflow()
		}
		if r == 0 && x != 0 && y != 0 {
			return 0, errFloatUnderflow()
		}
		return r, nil
	}))
	d.op(a+" / "+b, map2e(func(x A, y B) (R, error) {
		if y == 0 && x == x {
			return 0, errDivZero()
		}
		r := R(x) / R(y)
		if isInf(r) && !isInf(x) {
			return 0, errFloatOverflow()
		}
		if r == 0 && x != 0 && !isInf(y) {
			return 0, errFloatUnderflow()
		}
		return r, nil
	}))
}

func floatUnary[T float](d *defs, t string) {
	abs := map1(func(x T) T { return T(math.Abs(float64(x))) })
	d.op("- "+t, map1(func(x T) T { return -x }), safe)
	d.op("+ "+t, map1(func(x T) T { return x }), safe)
	d.op("@ "+t, abs, safe)
	d.fn("abs("+t+")", abs, safe)
}
