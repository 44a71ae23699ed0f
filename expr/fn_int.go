package expr

import (
	"math"
	"math/bits"

	"github.com/sluicedb/sluice/sql"
)

func errDivZero() error { return sql.Errorf(sql.CodeDivisionByZero, "division by zero") }

func errIntRange[T int16 | int32 | int64]() error {
	var z T
	switch any(z).(type) {
	case int16:
		return sql.Errorf(sql.CodeNumericOutOfRange, "smallint out of range")
	case int32:
		return sql.Errorf(sql.CodeNumericOutOfRange, "integer out of range")
	}
	return sql.Errorf(sql.CodeNumericOutOfRange, "bigint out of range")
}

type signed interface{ int16 | int32 | int64 }

// defineIntegers defines arithmetic of smallint, integer, bigint and their mixes.
func defineIntegers(d *defs) {
	intArith[int16, int16, int16](d, "int2", "int2")
	intArith[int32, int32, int32](d, "int4", "int4")
	intArith[int64, int64, int64](d, "int8", "int8")
	intMixed[int16, int32, int32](d, "int2", "int4")
	intMixed[int32, int16, int32](d, "int4", "int2")
	intMixed[int16, int64, int64](d, "int2", "int8")
	intMixed[int64, int16, int64](d, "int8", "int2")
	intMixed[int32, int64, int64](d, "int4", "int8")
	intMixed[int64, int32, int64](d, "int8", "int4")
	intUnary[int16](d, "int2")
	intUnary[int32](d, "int4")
	intUnary[int64](d, "int8")
	intShared[int32](d, "int4")
	intShared[int64](d, "int8")
}

func intMixed[A, B, R signed](d *defs, a, b string) {
	d.op(a+" + "+b, addKernel[A, B, R])
	d.op(a+" - "+b, subKernel[A, B, R])
	d.op(a+" * "+b, mulKernel[A, B, R])
	d.op(a+" / "+b, divKernel[A, B, R])
}

func intArith[A, B, R signed](d *defs, a, b string) {
	intMixed[A, B, R](d, a, b)
	mod := map2e(func(x, y A) (A, error) {
		if y == 0 {
			return 0, errDivZero()
		}
		return x % y, nil
	})
	d.op(a+" % "+b, mod)
	d.fn("mod("+a+","+b+")", mod)
	d.op(a+" & "+b, map2(func(x, y A) A { return x & y }), safe)
	d.op(a+" | "+b, map2(func(x, y A) A { return x | y }), safe)
	d.op(a+" # "+b, map2(func(x, y A) A { return x ^ y }), safe)
}

func intUnary[T signed](d *defs, t string) {
	neg := map1e(func(x T) (T, error) {
		if x == -x && x != 0 {
			return 0, errIntRange[T]()
		}
		return -x, nil
	})
	abs := map1e(func(x T) (T, error) {
		if x < 0 {
			if x == -x {
				return 0, errIntRange[T]()
			}
			x = -x
		}
		return x, nil
	})
	d.op("- "+t, neg)
	d.op("+ "+t, map1(func(x T) T { return x }), safe)
	d.op("@ "+t, abs)
	d.fn("abs("+t+")", abs)
	d.op("~ "+t, map1(func(x T) T { return ^x }), safe)
	width := int32(sizeOf[T]() * 8)
	d.op(t+" << int4", map2(func(x T, n int32) T { return x << (uint32(n) & uint32(max(width, 32)-1)) }), safe)
	d.op(t+" >> int4", map2(func(x T, n int32) T { return x >> (uint32(n) & uint32(max(width, 32)-1)) }), safe)
}

func sizeOf[T signed]() int {
	var z T
	switch any(z).(type) {
	case int16:
		return 2
	case int32:
		return 4
	}
	return 8
}

func intShared[T int32 | int64](d *defs, t string) {
	d.fn("gcd("+t+","+t+")", map2e(func(a, b T) (T, error) {
		g := gcd(a, b)
		if g > math.MaxInt64 || uint64(T(g)) != g || T(g) < 0 {
			return 0, errIntRange[T]()
		}
		return T(g), nil
	}))
	d.fn("lcm("+t+","+t+")", map2e(func(a, b T) (T, error) {
		if a == 0 || b == 0 {
			return 0, nil
		}
		hi, lo := bits.Mul64(magnitude(int64(a))/gcd(a, b), magnitude(int64(b)))
		if hi != 0 || lo > math.MaxInt64 || uint64(T(lo)) != lo || T(lo) < 0 {
			return 0, errIntRange[T]()
		}
		return T(lo), nil
	}))
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func gcd[T int32 | int64](a, b T) uint64 {
	x, y := magnitude(int64(a)), magnitude(int64(b))
	for y != 0 {
		x, y = y, x%y
	}
	return x
}

// addKernel adds: a loop that only gathers overflow bits, and a second one to
// find the row when there was one.
func addKernel[A, B, R signed](in *Input) error {
	a, am := operand[A](in, 0)
	b, bm := operand[B](in, 1)
	out := Slice[R](in.Out)
	var over R
	if in.Sel == nil && am != 0 && bm != 0 {
		a, b, out := a[:in.N], b[:in.N], out[:in.N]
		for i := range out {
			x, y := R(a[i]), R(b[i])
			r := x + y
			out[i] = r
			over |= (x ^ r) & (y ^ r)
		}
	} else {
		for _, i := range seq(in.Sel, in.N) {
			x, y := R(a[int(i)&am]), R(b[int(i)&bm])
			r := x + y
			out[i] = r
			over |= (x ^ r) & (y ^ r)
		}
	}
	if over >= 0 {
		return nil
	}
	for _, i := range seq(in.Sel, in.N) {
		x, y := R(a[int(i)&am]), R(b[int(i)&bm])
		if r := x + y; (x^r)&(y^r) < 0 {
			return &RowError{int(i), errIntRange[R]()}
		}
	}
	return nil
}

func subKernel[A, B, R signed](in *Input) error {
	a, am := operand[A](in, 0)
	b, bm := operand[B](in, 1)
	out := Slice[R](in.Out)
	var over R
	for _, i := range seq(in.Sel, in.N) {
		x, y := R(a[int(i)&am]), R(b[int(i)&bm])
		r := x - y
		out[i] = r
		over |= (x ^ y) & (x ^ r)
	}
	if over >= 0 {
		return nil
	}
	for _, i := range seq(in.Sel, in.N) {
		x, y := R(a[int(i)&am]), R(b[int(i)&bm])
		if r := x - y; (x^y)&(x^r) < 0 {
			return &RowError{int(i), errIntRange[R]()}
		}
	}
	return nil
}

func mulKernel[A, B, R signed](in *Input) error {
	a, am := operand[A](in, 0)
	b, bm := operand[B](in, 1)
	out := Slice[R](in.Out)
	if sizeOf[R]() == 8 {
		for _, i := range seq(in.Sel, in.N) {
			x, y := int64(a[int(i)&am]), int64(b[int(i)&bm])
			r := sql.MulInt64(x, y)
			if !r.IsInt64() {
				return &RowError{int(i), errIntRange[R]()}
			}
			out[i] = R(r.Lo)
		}
		return nil
	}
	bad := int64(0)
	for _, i := range seq(in.Sel, in.N) {
		r := int64(a[int(i)&am]) * int64(b[int(i)&bm])
		out[i] = R(r)
		bad |= r ^ int64(R(r))
	}
	if bad == 0 {
		return nil
	}
	for _, i := range seq(in.Sel, in.N) {
		if r := int64(a[int(i)&am]) * int64(b[int(i)&bm]); r != int64(R(r)) {
			return &RowError{int(i), errIntRange[R]()}
		}
	}
	return nil
}

func divKernel[A, B, R signed](in *Input) error {
	a, am := operand[A](in, 0)
	b, bm := operand[B](in, 1)
	out := Slice[R](in.Out)
	for _, i := range seq(in.Sel, in.N) {
		x, y := R(a[int(i)&am]), R(b[int(i)&bm])
		if y == 0 {
			return &RowError{int(i), errDivZero()}
		}
		if y == -1 && x == -x && x != 0 {
			return &RowError{int(i), errIntRange[R]()}
		}
		out[i] = x / y
	}
	return nil
}
