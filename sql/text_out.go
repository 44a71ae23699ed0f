package sql

import (
	"fmt"
	"math"
)

// AppendText appends v's text form; v must not be NULL. A nil f is
// DefaultFormat. OID aliases come out as numbers (regtype as a name): names of
// other objects need a catalog.
func AppendText(dst []byte, v Value, f *Format) []byte {
	switch v.Type.OID {
	case OIDBool:
		return AppendBool(dst, v.I != 0)
	case OIDInt2, OIDInt4, OIDInt8, OIDOid, OIDXid, OIDCid:
		return AppendInt(dst, v.I)
	case OIDFloat8:
		return AppendFloat8(dst, math.Float64frombits(uint64(v.I)), floatDigits(f))
	case OIDFloat4:
		return AppendFloat4(dst, float32(math.Float64frombits(uint64(v.I))), floatDigits(f))
	case OIDNumeric:
		return AppendNum(dst, v.Num)
	case OIDChar:
		if v.S != "" && v.S[0] >= 0x80 {
			return fmt.Appendf(dst, `\%03o`, v.S[0])
		}
		return append(dst, v.S...)
	case OIDBytea:
		return AppendBytea(dst, []byte(v.S), f)
	case OIDUUID:
		return AppendUUID(dst, []byte(v.S))
	case OIDDate:
		return AppendDate(dst, NarrowDate(v.I), f)
	case OIDTime:
		return AppendTime(dst, v.I)
	case OIDTimetz:
		return AppendTimetz(dst, v.I, int32(v.J))
	case OIDTimestamp:
		return AppendTimestamp(dst, v.I, f)
	case OIDTimestamptz:
		return AppendTimestamptz(dst, v.I, f)
	case OIDInterval:
		days, months := UnpackInterval(v.J)
		return AppendInterval(dst, v.I, days, months, f)
	case OIDRegtype:
		if v.I != 0 && LookupType(OID(v.I)) == nil {
			return AppendInt(dst, v.I)
		}
		return append(dst, TypeName(OID(v.I))...)
	case OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegclass, OIDRegnamespace, OIDRegrole, OIDRegcollation:
		if v.I == 0 && v.Type.OID != OIDRegoper {
			return append(dst, '-')
		}
		return AppendInt(dst, v.I)
	case OIDRecord:
		return appendRecord(dst, v.List, f)
	}
	if v.Type.IsArray() {
		return appendArray(dst, v, f)
	}
	return append(dst, v.S...)
}

func floatDigits(f *Format) int {
	if f == nil {
		return 1
	}
	return f.ExtraFloatDigits
}

// NarrowDate turns a date in Value.I into the int32 of vectors, infinities included.
func NarrowDate(i int64) int32 {
	switch i {
	case InfinityI:
		return math.MaxInt32
	case NegInfinityI:
		return math.MinInt32
	}
	return int32(i)
}

// WidenDate is the inverse of NarrowDate.
func WidenDate(d int32) int64 {
	switch d {
	case math.MaxInt32:
		return InfinityI
	case math.MinInt32:
		return NegInfinityI
	}
	return int64(d)
}

// PackInterval makes Value.J of an interval's days and months.
func PackInterval(days, months int32) int64 { return int64(months)<<32 | int64(uint32(days)) }

// UnpackInterval is the inverse of PackInterval.
func UnpackInterval(j int64) (days, months int32) { return int32(j), int32(j >> 32) }

// appendRecord appends (a,b,...): NULL is nothing, quotes where needed.
func appendRecord(dst []byte, fields []Value, f *Format) []byte {
	dst = append(dst, '(')
	for i, v := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.Null {
			continue
		}
		start := len(dst)
		dst = AppendText(dst, v, f)
		dst = QuoteRecordField(dst, start)
	}
	return append(dst, ')')
}

// QuoteRecordField puts quotes round dst[start:], the text of a record's field,
// if record literals need them there.
func QuoteRecordField(dst []byte, start int) []byte {
	text := dst[start:]
	need := len(text) == 0
	escapes := 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			need = true
			escapes++
		case c == '(' || c == ')' || c == ',' || isSpace(c):
			need = true
		}
	}
	if !need {
		return dst
	}
	return quoteTail(dst, start, escapes, 0)
}
