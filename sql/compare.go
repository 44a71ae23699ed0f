package sql

import (
	"math"
	"strings"
)

// Cmp compares two values of the same type in the order of PostgreSQL's btree
// operator class: NaN last, char(n) without trailing blanks, intervals by span,
// strings bytewise (collation C). NULLs at the top level are the caller's; in
// arrays they are last. Values of json have no order: they compare as text.
func Cmp(a, b Value) int {
	switch a.Type.OID {
	case OIDFloat4, OIDFloat8:
		return CmpFloat(math.Float64frombits(uint64(a.I)), math.Float64frombits(uint64(b.I)))
	case OIDNumeric:
		return sign(a.Num.Cmp(b.Num))
	case OIDText, OIDVarchar, OIDName, OIDBytea, OIDUUID, OIDChar, OIDUnknown, OIDCstring, OIDJSON:
		return strings.Compare(a.S, b.S)
	case OIDBpchar:
		return strings.Compare(strings.TrimRight(a.S, " "), strings.TrimRight(b.S, " "))
	case OIDInterval:
		ad, am := UnpackInterval(a.J)
		bd, bm := UnpackInterval(b.J)
		return IntervalSpan(a.I, ad, am).Cmp(IntervalSpan(b.I, bd, bm))
	case OIDTimetz:
		return CmpTimetz(a.I, int32(a.J), b.I, int32(b.J))
	case OIDJSONB:
		return CmpJSONB(a.S, b.S)
	case OIDTid:
		return cmpTid(a.S, b.S)
	case OIDOidVector:
		if len(a.List) != len(b.List) {
			return sign(len(a.List) - len(b.List))
		}
		return cmpArray(a, b)
	case OIDRecord:
		return cmpList(a.List, b.List)
	}
	if a.Type.IsArray() {
		return cmpArray(a, b)
	}
	return cmpInt(a.I, b.I)
}

// Equal reports whether Cmp is 0.
func Equal(a, b Value) bool { return Cmp(a, b) == 0 }

func sign(v int) int { return cmpInt(int64(v), 0) }

func cmpInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// CmpFloat compares with NaN equal to NaN and above all else; -0 equals 0.
func CmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	}
	return -1
}

// IntervalSpan returns an interval's length in microseconds, with months of 30
// days and days of 24 hours: what order, equality and hash go by.
func IntervalSpan(us int64, days, months int32) Int128 {
	d := MulInt64(int64(months)*30+int64(days), MicrosPerDay)
	s, _ := d.Add(I128(us))
	return s
}

// CmpTimetz compares by the instant, then by the zone (seconds west).
func CmpTimetz(aUS int64, aWest int32, bUS int64, bWest int32) int {
	if c := cmpInt(aUS+int64(aWest)*MicrosPerSecond, bUS+int64(bWest)*MicrosPerSecond); c != 0 {
		return c
	}
	return cmpInt(int64(aWest), int64(bWest))
}

func cmpTid(a, b string) int {
	ab, ao, okA := splitTid(a)
	bb, bo, okB := splitTid(b)
	if !okA || !okB {
		return strings.Compare(a, b)
	}
	if c := cmpInt(int64(ab), int64(bb)); c != 0 {
		return c
	}
	return cmpInt(int64(ao), int64(bo))
}

// cmpArray compares elements first, then the number of elements, of dimensions,
// the lengths, and the lower bounds.
func cmpArray(a, b Value) int {
	for i := 0; i < len(a.List) && i < len(b.List); i++ {
		if c := cmpElem(a.List[i], b.List[i]); c != 0 {
			return c
		}
	}
	if c := sign(len(a.List) - len(b.List)); c != 0 {
		return c
	}
	ad, bd := a.dims(), b.dims()
	if c := sign(len(ad) - len(bd)); c != 0 {
		return c
	}
	for i := range ad {
		if c := cmpInt(int64(ad[i].Len), int64(bd[i].Len)); c != 0 {
			return c
		}
	}
	for i := range ad {
		if c := cmpInt(int64(ad[i].Lower), int64(bd[i].Lower)); c != 0 {
			return c
		}
	}
	return 0
}

// dims returns an array's dimensions, none for the empty array.
func (v Value) dims() []Dim {
	if len(v.List) == 0 {
		return nil
	}
	if v.Dims == nil {
		return []Dim{{int32(len(v.List)), 1}}
	}
	return v.Dims
}

func cmpElem(a, b Value) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null:
		return 1
	case b.Null:
		return -1
	}
	return Cmp(a, b)
}

func cmpList(a, b []Value) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if c := cmpElem(a[i], b[i]); c != 0 {
			return c
		}
	}
	return sign(len(a) - len(b))
}
