package sql

// Value is one value outside a vector: a literal, a parameter, a partition
// value, a bound of statistics. How the fields are used, by type:
//
//	bool                        I = 0 or 1
//	int2 int4 int8 oid reg*     I
//	float4 float8               I = math.Float64bits (float4 widened)
//	date                        I = days since 1970-01-01
//	time timestamp timestamptz  I = microseconds (since midnight; since 1970, UTC)
//	timetz                      I = microseconds of the day, J = zone, seconds west of UTC
//	interval                    I = microseconds, J = months<<32 | uint32(days)
//	numeric                     Num (both static and general types; a static one has Num.Scale == Type.Dec.S)
//	text varchar bpchar name bytea json jsonb "char" unknown   S (jsonb: canonical text)
//	uuid                        S, 16 bytes
//	arrays                      List, Dims nil for one dimension with lower bound 1
//
// Infinite dates and times are the ends of int64 (InfinityI, NegInfinityI);
// infinite dates use the same in I and are narrowed to the ends of int32 in vectors.
type Value struct {
	Type Type
	Null bool
	I, J int64
	Num  Num
	S    string
	List []Value
	Dims []Dim
}

// Dim is one dimension of an array.
type Dim struct{ Len, Lower int32 }

// Num is a numeric value: Coef * 10^-Scale, or NaN or an infinity. 24 bytes,
// pointer-free: it is also the element of a general numeric vector. Scale is
// the display scale, so 1.0 and 1.00 are equal but print differently.
type Num struct {
	Coef  Int128
	Scale int16
	Kind  NumKind
}

// NumKind tells finite numerics from the special ones; order is sort order
// except that NumFinite lies between the infinities.
type NumKind uint8

// Kinds of numeric value.
const (
	NumFinite NumKind = iota
	NumNegInf
	NumPosInf
	NumNaN
)

// Ends of the time types that stand for -infinity and infinity.
const (
	InfinityI    int64 = 1<<63 - 1
	NegInfinityI int64 = -1 << 63
)

// NullOf returns the NULL of a type.
func NullOf(t Type) Value { return Value{Type: t, Null: true} }

// BoolValue, IntValue and TextValue make common values.
func BoolValue(b bool) Value {
	v := Value{Type: Bool}
	if b {
		v.I = 1
	}
	return v
}

// IntValue returns an integer-like value (int2, int4, int8, oid, date, ...) of type t.
func IntValue(t Type, i int64) Value { return Value{Type: t, I: i} }

// TextValue returns s as text.
func TextValue(s string) Value { return Value{Type: Text, S: s} }
