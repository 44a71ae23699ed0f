package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Rows returns how many rows the kernel is asked for.
func (in *Input) Rows() int {
	if in.Sel != nil {
		return len(in.Sel)
	}
	return in.N
}

// operand views argument i as []T with a mask for the index: 0 for a constant,
// all ones otherwise, so that one loop serves both forms.
func operand[T vector.Elem](in *Input, i int) (vals []T, mask int) {
	a := in.Args[i]
	if a.Form == vector.Const {
		return vector.Values[T](a), 0
	}
	return vector.Values[T](a), -1
}

// map1 applies f to each row.
func map1[A, R vector.Elem](f func(A) R) Kernel {
	return func(in *Input) error {
		a, am := operand[A](in, 0)
		out := Slice[R](in.Out)
		for _, i := range seq(in.Sel, in.N) {
			out[i] = f(a[int(i)&am])
		}
		return nil
	}
}

// map1e is map1 of a function that may fail.
func map1e[A, R vector.Elem](f func(A) (R, error)) Kernel {
	return func(in *Input) error {
		a, am := operand[A](in, 0)
		out := Slice[R](in.Out)
		for _, i := range seq(in.Sel, in.N) {
			r, err := f(a[int(i)&am])
			if err != nil {
				return &RowError{int(i), err}
			}
			out[i] = r
		}
		return nil
	}
}

// map2 applies f to each row's two arguments.
func map2[A, B, R vector.Elem](f func(A, B) R) Kernel {
	return func(in *Input) error {
		a, am := operand[A](in, 0)
		b, bm := operand[B](in, 1)
		out := Slice[R](in.Out)
		for _, i := range seq(in.Sel, in.N) {
			out[i] = f(a[int(i)&am], b[int(i)&bm])
		}
		return nil
	}
}

// map2e is map2 of a function that may fail.
func map2e[A, B, R vector.Elem](f func(A, B) (R, error)) Kernel {
	return func(in *Input) error {
		a, am := operand[A](in, 0)
		b, bm := operand[B](in, 1)
		out := Slice[R](in.Out)
		for _, i := range seq(in.Sel, in.N) {
			r, err := f(a[int(i)&am], b[int(i)&bm])
			if err != nil {
				return &RowError{int(i), err}
			}
			out[i] = r
		}
		return nil
	}
}

// Row gives a row-wise kernel its arguments and takes its result. It serves
// functions that are not hot.
type Row struct {
	in  *Input
	i   int
	buf []byte // scratch, free for use within a row
}

// each makes a kernel of a function of one row.
func each(f func(r *Row) error) Kernel {
	return func(in *Input) error {
		r := Row{in: in}
		for _, i := range seq(in.Sel, in.N) {
			r.i = int(i)
			if err := f(&r); err != nil {
				return &RowError{int(i), err}
			}
		}
		return nil
	}
}

// eachState is each with a state that one evaluator keeps from batch to batch.
func eachState[S any](f func(r *Row, s *S) error) Kernel {
	return func(in *Input) error {
		s, ok := (*in.State).(*S)
		if !ok {
			s = new(S)
			*in.State = s
		}
		r := Row{in: in}
		for _, i := range seq(in.Sel, in.N) {
			r.i = int(i)
			if err := f(&r, s); err != nil {
				return &RowError{int(i), err}
			}
		}
		return nil
	}
}

func (r *Row) arg(k int) (*vector.Vec, int) {
	a := r.in.Args[k]
	if a.Form == vector.Const {
		return a, 0
	}
	return a, r.i
}

// NArgs is the number of arguments.
func (r *Row) NArgs() int { return len(r.in.Args) }

// Env is the statement's environment.
func (r *Row) Env() *Env { return r.in.Env }

// Null reports whether argument k is NULL.
func (r *Row) Null(k int) bool { return r.in.Args[k].IsNull(r.i) }

// Bytes returns a string argument; it must not be changed.
func (r *Row) Bytes(k int) []byte {
	a, i := r.arg(k)
	return vector.Values[vector.StrView](a)[i].Bytes(a.Bufs)
}

// Str returns a string argument; it lives no longer than the batch.
func (r *Row) Str(k int) string {
	a, i := r.arg(k)
	return vector.Values[vector.StrView](a)[i].String(a.Bufs)
}

// Int returns an integer-like argument (integers, oids, dates, times).
func (r *Row) Int(k int) int64 {
	a, i := r.arg(k)
	switch a.Layout {
	case vector.LI16:
		return int64(vector.Values[int16](a)[i])
	case vector.LI32:
		return int64(vector.Values[int32](a)[i])
	case vector.LU32:
		return int64(vector.Values[uint32](a)[i])
	case vector.LBool:
		return int64(vector.Values[uint8](a)[i])
	}
	return vector.Values[int64](a)[i]
}

// Bool returns a boolean argument.
func (r *Row) Bool(k int) bool { return r.Int(k) != 0 }

// Float returns a float argument.
func (r *Row) Float(k int) float64 {
	a, i := r.arg(k)
	if a.Layout == vector.LF32 {
		return float64(vector.Values[float32](a)[i])
	}
	return vector.Values[float64](a)[i]
}

// Num returns a numeric argument.
func (r *Row) Num(k int) sql.Num {
	a, i := r.arg(k)
	return vector.NumAt(a, i)
}

// Interval returns an interval argument.
func (r *Row) Interval(k int) vector.Interval {
	a, i := r.arg(k)
	return vector.Values[vector.Interval](a)[i]
}

// Timetz returns a timetz argument.
func (r *Row) Timetz(k int) vector.Timetz {
	a, i := r.arg(k)
	return vector.Values[vector.Timetz](a)[i]
}

// Value returns any argument; a date's infinities are those of Value.
func (r *Row) Value(k int) sql.Value { return vector.ValueAt(r.in.Args[k], r.i) }

// Type is the type of argument k.
func (r *Row) Type(k int) sql.Type { return r.in.Args[k].Type }

// SetNull makes the result NULL.
func (r *Row) SetNull() error { r.in.Out.SetNull(r.i); return nil }

// SetBytes and SetStr set a string result.
func (r *Row) SetBytes(b []byte) error { r.in.Out.SetBytes(r.i, b); return nil }

// SetStr sets a string result.
func (r *Row) SetStr(s string) error { r.in.Out.SetString(r.i, s); return nil }

// SetBool sets a boolean result.
func (r *Row) SetBool(b bool) error { Slice[bool](r.in.Out)[r.i] = b; return nil }

// SetInt sets an integer-like result that is known to fit.
func (r *Row) SetInt(x int64) error {
	o := r.in.Out
	switch o.vec.Layout {
	case vector.LI16:
		Slice[int16](o)[r.i] = int16(x)
	case vector.LI32:
		Slice[int32](o)[r.i] = int32(x)
	case vector.LU32:
		Slice[uint32](o)[r.i] = uint32(x)
	default:
		Slice[int64](o)[r.i] = x
	}
	return nil
}

// SetFloat sets a float result.
func (r *Row) SetFloat(f float64) error {
	if r.in.Out.vec.Layout == vector.LF32 {
		Slice[float32](r.in.Out)[r.i] = float32(f)
		return nil
	}
	Slice[float64](r.in.Out)[r.i] = f
	return nil
}

// SetNum sets a numeric result; in a static decimal it must fit the scale.
func (r *Row) SetNum(n sql.Num) error {
	if r.in.Out.vec.Layout == vector.LNum {
		Slice[sql.Num](r.in.Out)[r.i] = n
		return nil
	}
	return setDecimal(r.in.Out, r.i, n)
}

// setDecimal stores n in a static decimal result: rescaled exactly, checked to 38 digits.
func setDecimal(o *Out, i int, n sql.Num) error {
	c, ok := sql.RescaleInt128(n.Coef, int(n.Scale), int(o.vec.Type.Dec.S))
	if !ok || n.Kind != sql.NumFinite {
		return errNumeric()
	}
	if o.vec.Layout == vector.LI64 {
		if c.IsInt64() {
			Slice[int64](o)[i] = int64(c.Lo)
			return nil
		}
		o.widen()
	}
	Slice[sql.Int128](o)[i] = c
	return nil
}

// SetInterval sets an interval result.
func (r *Row) SetInterval(v vector.Interval) error {
	Slice[vector.Interval](r.in.Out)[r.i] = v
	return nil
}

// Set sets any result.
func (r *Row) Set(v sql.Value) error { r.in.Out.SetValue(r.i, v); return nil }

func errNumeric() error {
	return sql.Errorf(sql.CodeNumericOutOfRange, "value overflows numeric format").
		WithDetail("A numeric value has at most %d significant digits.", sql.MaxDecPrecision)
}

func floatValue(t sql.Type, f float64) sql.Value {
	return sql.Value{Type: t, I: int64(math.Float64bits(f))}
}

func numValue(n sql.Num) sql.Value { return sql.Value{Type: sql.Numeric, Num: n} }
