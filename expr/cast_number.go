package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// castIntegers defines casts from integers, booleans and oids.
func castIntegers(d *defs) {
	intCast[int16, int32](d, sql.OIDInt2, sql.OIDInt4)
	intCast[int16, int64](d, sql.OIDInt2, sql.OIDInt8)
	intCast[int32, int64](d, sql.OIDInt4, sql.OIDInt8)
	intNarrow[int32, int16](d, sql.OIDInt4, sql.OIDInt2)
	intNarrow[int64, int16](d, sql.OIDInt8, sql.OIDInt2)
	intNarrow[int64, int32](d, sql.OIDInt8, sql.OIDInt4)
	d.castTo(sql.OIDInt4, sql.OIDBool, map1(func(x int32) bool { return x != 0 }), safe)
	d.castTo(sql.OIDBool, sql.OIDInt4, map1(func(x uint8) int32 { return int32(x) }), safe)
	intFloat[int16](d, sql.OIDInt2)
	intFloat[int32](d, sql.OIDInt4)
	intFloat[int64](d, sql.OIDInt8)
	intNum[int16](d, sql.OIDInt2)
	intNum[int32](d, sql.OIDInt4)
	intNum[int64](d, sql.OIDInt8)
	for _, o := range []sql.OID{sql.OIDOid, sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper, sql.OIDRegclass, sql.OIDRegtype,
		sql.OIDRegnamespace, sql.OIDRegrole, sql.OIDRegcollation} {
		d.castTo(sql.OIDInt2, o, map1(func(x int16) uint32 { return uint32(int32(x)) }), safe)
		d.castTo(sql.OIDInt4, o, map1(func(x int32) uint32 { return uint32(x) }), safe)
		d.castTo(sql.OIDInt8, o, map1e(func(x int64) (uint32, error) {
			if x < 0 || x > math.MaxUint32 {
				return 0, sql.Errorf(sql.CodeNumericOutOfRange, "OID out of range")
			}
			return uint32(x), nil
		}))
		d.castTo(o, sql.OIDInt4, map1(func(x uint32) int32 { return int32(x) }), safe)
		d.castTo(o, sql.OIDInt8, map1(func(x uint32) int64 { return int64(x) }), safe)
	}
}

func intCast[A, B signed](d *defs, from, to sql.OID) {
	d.castTo(from, to, map1(func(x A) B { return B(x) }), safe)
}

func intNarrow[A, B signed](d *defs, from, to sql.OID) {
	d.castTo(from, to, map1e(func(x A) (B, error) {
		if A(B(x)) != x {
			return 0, errIntRange[B]()
		}
		return B(x), nil
	}))
}

func intFloat[T signed](d *defs, from sql.OID) {
	d.castTo(from, sql.OIDFloat4, map1(func(x T) float32 { return float32(x) }), safe)
	d.castTo(from, sql.OIDFloat8, map1(func(x T) float64 { return float64(x) }), safe)
}

// intNum casts to numeric: by default the static form with scale 0.
func intNum[T signed](d *defs, from sql.OID) {
	d.castTo(from, sql.OIDNumeric, func(in *Input) error {
		a, am := operand[T](in, 0)
		t := in.Call.T
		switch {
		case t.Dec.Static() && t.Dec.S == 0 && t.Mod < 0:
			in.Out.Relayout(vector.LI64)
			out := Slice[int64](in.Out)
			for _, i := range seq(in.Sel, in.N) {
				out[i] = int64(a[int(i)&am])
			}
			return nil
		default:
			return toNumeric(in, func(i int32) (sql.Num, error) { return sql.NumInt64(int64(a[int(i)&am])), nil })
		}
	}, retType(intNumeric))
}

// toNumeric stores numerics with the target's modifier applied, in either form.
func toNumeric(in *Input, f func(i int32) (sql.Num, error)) error {
	t := in.Call.T
	if t.Dec.Static() && t.Dec.P > 18 {
		in.Out.Relayout(vector.LI64)
	}
	r := Row{in: in}
	for _, i := range seq(in.Sel, in.N) {
		n, err := f(i)
		if err == nil {
			n, err = sql.ApplyNumericMod(n, t.Mod)
		}
		if err == nil {
			r.i = int(i)
			err = r.SetNum(n)
		}
		if err != nil {
			return &RowError{int(i), err}
		}
	}
	return nil
}

// castFloats defines casts from real and double precision.
func castFloats(d *defs) {
	d.castTo(sql.OIDFloat4, sql.OIDFloat8, map1(func(x float32) float64 { return float64(x) }), safe)
	d.castTo(sql.OIDFloat8, sql.OIDFloat4, map1e(sql.Float64ToFloat32))
	floatInt[float32](d, sql.OIDFloat4)
	floatInt[float64](d, sql.OIDFloat8)
	d.castTo(sql.OIDFloat8, sql.OIDNumeric, func(in *Input) error {
		a, am := operand[float64](in, 0)
		return toNumeric(in, func(i int32) (sql.Num, error) { return sql.NumFromFloat64(a[int(i)&am]) })
	})
	d.castTo(sql.OIDFloat4, sql.OIDNumeric, func(in *Input) error {
		a, am := operand[float32](in, 0)
		return toNumeric(in, func(i int32) (sql.Num, error) { return sql.NumFromFloat32(a[int(i)&am]) })
	})
}

func floatInt[T float](d *defs, from sql.OID) {
	for _, to := range []sql.OID{sql.OIDInt2, sql.OIDInt4, sql.OIDInt8} {
		d.castTo(from, to, each(func(r *Row) error {
			x, err := sql.Float64ToInt(r.Float(0), to)
			if err != nil {
				return err
			}
			return r.SetInt(x)
		}))
	}
}

// castNumerics defines casts from numeric; to numeric it applies a modifier.
func castNumerics(d *defs) {
	for _, to := range []sql.OID{sql.OIDInt2, sql.OIDInt4, sql.OIDInt8} {
		d.castTo(sql.OIDNumeric, to, each(func(r *Row) error {
			x, err := r.Num(0).ToInt(to)
			if err != nil {
				return err
			}
			return r.SetInt(x)
		}))
	}
	d.castTo(sql.OIDNumeric, sql.OIDFloat8, func(in *Input) error {
		v := in.Args[0]
		out := Slice[float64](in.Out)
		s := int(v.Type.Dec.S)
		if v.Layout == vector.LI64 && s <= 22 {
			// Both sides are exact below 2^53, so one division rounds correctly.
			a, am := operand[int64](in, 0)
			scale := math.Pow10(s)
			for _, i := range seq(in.Sel, in.N) {
				if x := a[int(i)&am]; x <= 1<<53 && x >= -1<<53 {
					out[i] = float64(x) / scale
				} else {
					out[i] = sql.DecimalFloat64(sql.I128(x), s)
				}
			}
			return nil
		}
		for _, i := range seq(in.Sel, in.N) {
			out[i] = vector.NumAt(v, pos(v, i)).Float64()
		}
		return nil
	})
	d.castTo(sql.OIDNumeric, sql.OIDFloat4, each(func(r *Row) error {
		f, err := r.Num(0).Float32()
		if err != nil {
			return err
		}
		return r.SetFloat(float64(f))
	}))
	d.castTo(sql.OIDNumeric, sql.OIDNumeric, func(in *Input) error {
		v := in.Args[0]
		return toNumeric(in, func(i int32) (sql.Num, error) { return vector.NumAt(v, pos(v, i)), nil })
	}, retType(sameType))
}
