package vector

import (
	"fmt"
	"math"

	"github.com/sluicedb/sluice/sql"
)

// DateOf narrows the days of a date Value to a vector's element; the ends of
// int64 (infinities) become the ends of int32.
func DateOf(i int64) int32 {
	switch i {
	case sql.InfinityI:
		return math.MaxInt32
	case sql.NegInfinityI:
		return math.MinInt32
	}
	return int32(i)
}

// DateI widens a date element to a Value's field I.
func DateI(d int32) int64 {
	switch d {
	case math.MaxInt32:
		return sql.InfinityI
	case math.MinInt32:
		return sql.NegInfinityI
	}
	return int64(d)
}

// TimetzOf makes a Timetz of microseconds of the day and seconds west of UTC.
func TimetzOf(micros int64, zone int32) Timetz {
	return Timetz{uint32(micros), int32(micros >> 32), zone}
}

// Micros is the time of day in microseconds.
func (t Timetz) Micros() int64 { return int64(t.MicrosHi)<<32 | int64(t.MicrosLo) }

// NumOf returns a static decimal as a general numeric.
func NumOf(c sql.Int128, scale uint8) sql.Num { return sql.Num{Coef: c, Scale: int16(scale)} }

// ValueAt returns row i as a Value; strings are copied. Not for hot loops.
func ValueAt(v *Vec, i int) sql.Value {
	src, k, null := v.At(i)
	out := sql.Value{Type: v.Type}
	if null || src.Layout == LNone {
		out.Null = true
		return out
	}
	switch src.Layout {
	case LBool:
		if Values[bool](src)[k] {
			out.I = 1
		}
	case LI16:
		out.I = int64(Values[int16](src)[k])
	case LI32:
		d := Values[int32](src)[k]
		out.I = int64(d)
		if v.Type.OID == sql.OIDDate {
			out.I = DateI(d)
		}
	case LI64:
		x := Values[int64](src)[k]
		if v.Type.OID == sql.OIDNumeric {
			out.Num = NumOf(sql.I128(x), v.Type.Dec.S)
		} else {
			out.I = x
		}
	case LI128:
		out.Num = NumOf(Values[sql.Int128](src)[k], v.Type.Dec.S)
	case LU32:
		out.I = int64(Values[uint32](src)[k])
	case LF32:
		out.I = int64(math.Float64bits(float64(Values[float32](src)[k])))
	case LF64:
		out.I = int64(math.Float64bits(Values[float64](src)[k]))
	case LNum:
		out.Num = Values[sql.Num](src)[k]
	case LStr:
		out.S = string(Values[StrView](src)[k].Bytes(src.Bufs))
	case LInterval:
		x := Values[Interval](src)[k]
		out.I, out.J = x.Micros, int64(x.Months)<<32|int64(uint32(x.Days))
	case LTimetz:
		x := Values[Timetz](src)[k]
		out.I, out.J = x.Micros(), int64(x.Zone)
	case LUUID:
		x := Values[[16]byte](src)[k]
		out.S = string(x[:])
	case LList:
		lo, hi := src.Offsets[k], src.Offsets[k+1]
		out.List = make([]sql.Value, 0, hi-lo)
		for j := lo; j < hi; j++ {
			out.List = append(out.List, ValueAt(src.Child, int(j)))
		}
	case LStruct:
		out.List = make([]sql.Value, len(src.Children))
		for f, c := range src.Children {
			out.List[f] = ValueAt(c, k)
		}
	}
	return out
}

// ConstOf returns a vector in Const form with n rows of value v.
func ConstOf(v sql.Value, n int) *Vec {
	c := NewColumn(v.Type)
	c.AppendValue(v)
	out := c.block(0)
	out.Form, out.N = Const, n
	return out
}

// FlatOf returns a Flat vector of the values, all of type t.
func FlatOf(t sql.Type, vals []sql.Value) *Vec {
	c := NewColumn(t)
	for i := range vals {
		c.AppendValue(vals[i])
	}
	var out Vec
	ids := make([]uint32, len(vals))
	for i := range ids {
		ids[i] = uint32(i)
	}
	c.Gather(ids, &out)
	return &out
}

// putValue stores a fixed-width value at data[k] in layout l.
func putValue(data []byte, l Layout, t sql.Type, k int, v *sql.Value) {
	switch l {
	case LBool:
		Cast[bool](data)[k] = v.I != 0
	case LI16:
		Cast[int16](data)[k] = int16(v.I)
	case LI32:
		if t.OID == sql.OIDDate {
			Cast[int32](data)[k] = DateOf(v.I)
		} else {
			Cast[int32](data)[k] = int32(v.I)
		}
	case LI64:
		if t.OID == sql.OIDNumeric {
			Cast[int64](data)[k] = int64(v.Num.Coef.Lo)
		} else {
			Cast[int64](data)[k] = v.I
		}
	case LI128:
		Cast[sql.Int128](data)[k] = v.Num.Coef
	case LU32:
		Cast[uint32](data)[k] = uint32(v.I)
	case LF32:
		Cast[float32](data)[k] = float32(math.Float64frombits(uint64(v.I)))
	case LF64:
		Cast[float64](data)[k] = math.Float64frombits(uint64(v.I))
	case LNum:
		Cast[sql.Num](data)[k] = v.Num
	case LInterval:
		Cast[Interval](data)[k] = Interval{v.I, int32(uint32(v.J)), int32(v.J >> 32)}
	case LTimetz:
		Cast[Timetz](data)[k] = TimetzOf(v.I, int32(v.J))
	case LUUID:
		var u [16]byte
		copy(u[:], v.S)
		Cast[[16]byte](data)[k] = u
	default:
		panic(fmt.Sprintf("vector: layout %d holds no fixed-width values", l))
	}
}
