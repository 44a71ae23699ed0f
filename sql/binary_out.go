package sql

import (
	"encoding/binary"
	"math"
)

var be = binary.BigEndian

// AppendBinary appends v's binary form, as PostgreSQL's send functions write
// it, without the length word; v must not be NULL.
func AppendBinary(dst []byte, v Value) []byte {
	switch v.Type.OID {
	case OIDBool:
		return append(dst, byte(v.I))
	case OIDInt2:
		return AppendBinaryInt2(dst, int16(v.I))
	case OIDInt4:
		return AppendBinaryInt4(dst, int32(v.I))
	case OIDInt8:
		return AppendBinaryInt8(dst, v.I)
	case OIDOid, OIDXid, OIDCid, OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegclass, OIDRegtype, OIDRegnamespace, OIDRegrole, OIDRegcollation:
		return be.AppendUint32(dst, uint32(v.I))
	case OIDFloat4:
		return AppendBinaryFloat4(dst, float32(math.Float64frombits(uint64(v.I))))
	case OIDFloat8:
		return AppendBinaryFloat8(dst, math.Float64frombits(uint64(v.I)))
	case OIDNumeric:
		return AppendBinaryNum(dst, v.Num)
	case OIDDate:
		return AppendBinaryDate(dst, NarrowDate(v.I))
	case OIDTime:
		return be.AppendUint64(dst, uint64(v.I))
	case OIDTimestamp, OIDTimestamptz:
		return AppendBinaryTimestamp(dst, v.I)
	case OIDTimetz:
		return AppendBinaryTimetz(dst, v.I, int32(v.J))
	case OIDInterval:
		days, months := UnpackInterval(v.J)
		return AppendBinaryInterval(dst, v.I, days, months)
	case OIDChar:
		if v.S == "" {
			return append(dst, 0)
		}
		return append(dst, v.S[0])
	case OIDJSONB:
		return append(append(dst, 1), v.S...)
	case OIDTid:
		b, o, _ := splitTid(v.S)
		return be.AppendUint16(be.AppendUint32(dst, b), o)
	case OIDRecord:
		return appendBinaryRecord(dst, v.List)
	}
	if v.Type.IsArray() {
		return appendBinaryArray(dst, v)
	}
	return append(dst, v.S...)
}

// AppendBinaryInt2 appends a smallint.
func AppendBinaryInt2(dst []byte, v int16) []byte { return be.AppendUint16(dst, uint16(v)) }

// AppendBinaryInt4 appends an integer.
func AppendBinaryInt4(dst []byte, v int32) []byte { return be.AppendUint32(dst, uint32(v)) }

// AppendBinaryInt8 appends a bigint, or a time of day.
func AppendBinaryInt8(dst []byte, v int64) []byte { return be.AppendUint64(dst, uint64(v)) }

// AppendBinaryFloat4 appends a real.
func AppendBinaryFloat4(dst []byte, v float32) []byte {
	if v != v {
		return be.AppendUint32(dst, 0x7fc00000)
	}
	return be.AppendUint32(dst, math.Float32bits(v))
}

// AppendBinaryFloat8 appends a double precision.
func AppendBinaryFloat8(dst []byte, v float64) []byte {
	if v != v {
		return be.AppendUint64(dst, nanBits)
	}
	return be.AppendUint64(dst, math.Float64bits(v))
}

// AppendBinaryDate appends days since 1970; the ends of int32 are the infinities.
func AppendBinaryDate(dst []byte, days int32) []byte {
	if days != math.MaxInt32 && days != math.MinInt32 {
		days -= daysTo2000
	}
	return be.AppendUint32(dst, uint32(days))
}

// AppendBinaryTimestamp appends a timestamp or timestamptz, microseconds since 1970.
func AppendBinaryTimestamp(dst []byte, us int64) []byte {
	if us != InfinityI && us != NegInfinityI {
		us -= microsTo2000
	}
	return be.AppendUint64(dst, uint64(us))
}

// AppendBinaryTimetz appends a time of day and a zone in seconds west of UTC.
func AppendBinaryTimetz(dst []byte, us int64, zoneWest int32) []byte {
	return be.AppendUint32(be.AppendUint64(dst, uint64(us)), uint32(zoneWest))
}

// AppendBinaryInterval appends an interval.
func AppendBinaryInterval(dst []byte, us int64, days, months int32) []byte {
	return be.AppendUint32(be.AppendUint32(be.AppendUint64(dst, uint64(us)), uint32(days)), uint32(months))
}

// Signs of a numeric on the wire.
const (
	wireNumNeg    = 0x4000
	wireNumNaN    = 0xC000
	wireNumPosInf = 0xD000
	wireNumNegInf = 0xF000
)

// AppendBinaryNum appends a numeric.
func AppendBinaryNum(dst []byte, a Num) []byte {
	switch a.Kind {
	case NumNaN:
		return append(dst, 0, 0, 0, 0, wireNumNaN>>8, 0, 0, 0)
	case NumPosInf: // with the scale that PostgreSQL sends
		return append(dst, 0, 0, 0, 0, wireNumPosInf>>8, 0, 0, 32)
	case NumNegInf:
		return append(dst, 0, 0, 0, 0, wireNumNegInf>>8, 0, 0, 32)
	}
	return AppendBinaryDecimal128(dst, a.Coef, int(a.Scale))
}

// AppendBinaryDecimal64 appends coef * 10^-scale as a numeric.
func AppendBinaryDecimal64(dst []byte, coef int64, scale int) []byte {
	return AppendBinaryDecimal128(dst, I128(coef), scale)
}

// AppendBinaryDecimal128 appends coef * 10^-scale as a numeric.
func AppendBinaryDecimal128(dst []byte, coef Int128, scale int) []byte {
	hi, lo := coef.Abs()
	var digits [16]uint16 // base 10000, least first
	n := 0
	frac := (scale + 3) / 4 // base-10000 digits after the point
	if r := scale % 4; r != 0 {
		var m uint64
		hi, lo, m = divSmall(hi, lo, uint64(Pow10Int64[r]))
		digits[0] = uint16(m * uint64(Pow10Int64[4-r]))
		n = 1
	}
	for hi != 0 {
		var m uint64
		hi, lo, m = divSmall(hi, lo, 10000)
		digits[n] = uint16(m)
		n++
	}
	for lo != 0 {
		digits[n] = uint16(lo % 10000)
		lo /= 10000
		n++
	}
	for n > 0 && digits[n-1] == 0 {
		n--
	}
	weight := n - 1 - frac
	low := 0
	for low < n && digits[low] == 0 {
		low++
	}
	sign := uint16(0)
	if coef.Hi < 0 {
		sign = wireNumNeg
	}
	if n == 0 {
		weight = 0
	}
	dst = be.AppendUint16(dst, uint16(n-low))
	dst = be.AppendUint16(dst, uint16(int16(weight)))
	dst = be.AppendUint16(dst, sign)
	dst = be.AppendUint16(dst, uint16(scale))
	for i := n - 1; i >= low; i-- {
		dst = be.AppendUint16(dst, digits[i])
	}
	return dst
}

// divSmall divides hi:lo by a 64-bit number.
func divSmall(hi, lo, d uint64) (qh, ql, r uint64) {
	qh, ql, _, r = udivrem(hi, lo, 0, d)
	return qh, ql, r
}

// appendBinaryArray appends dimensions, a flag for NULLs, the element type and
// the elements, each with its length.
func appendBinaryArray(dst []byte, v Value) []byte {
	elem := ElemOf(v.Type.OID)
	dims := v.dims()
	if v.Type.OID == OIDInt2Vector || v.Type.OID == OIDOidVector {
		dims = []Dim{{int32(len(v.List)), 0}}
	}
	hasNull := uint32(0)
	for _, e := range v.List {
		if e.Null {
			hasNull = 1
		}
	}
	dst = be.AppendUint32(dst, uint32(len(dims)))
	dst = be.AppendUint32(dst, hasNull)
	dst = be.AppendUint32(dst, uint32(elem))
	for _, d := range dims {
		dst = be.AppendUint32(dst, uint32(d.Len))
		dst = be.AppendUint32(dst, uint32(d.Lower))
	}
	for _, e := range v.List {
		dst = appendSized(dst, e)
	}
	return dst
}

// appendSized appends a value with its length word, -1 for NULL.
func appendSized(dst []byte, v Value) []byte {
	if v.Null {
		return be.AppendUint32(dst, math.MaxUint32)
	}
	at := len(dst)
	dst = AppendBinary(append(dst, 0, 0, 0, 0), v)
	be.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func appendBinaryRecord(dst []byte, fields []Value) []byte {
	dst = be.AppendUint32(dst, uint32(len(fields)))
	for _, f := range fields {
		dst = be.AppendUint32(dst, uint32(f.Type.OID))
		dst = appendSized(dst, f)
	}
	return dst
}
