package parquet

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// conv turns a leaf column's physical values into a table column's values. One
// of identity, fixed, bytes and str applies.
type conv struct {
	layout   vector.Layout
	srcWidth int  // bytes of a fixed physical value (booleans are widened to 1 byte), 0 for BYTE_ARRAY
	identity bool // physical and target values are the same bytes
	str      bool // target is LStr; the values' bytes as they are
	maxChars int  // str: cut to so many characters, 0: no limit
	// text, if not nil, appends the text of a value (str: of types that are stored
	// otherwise).
	text func(dst, v []byte) []byte
	// fixed converts n values; valid (nil: all) marks those that count. It returns
	// the first that does not fit, or -1.
	fixed func(dst, src []byte, n int, valid vector.Bitmap) int
	// bytes converts one BYTE_ARRAY or FIXED value into dst[i].
	bytes func(dst []byte, i int, v []byte) bool
	code  sql.Code // of the error for a value that does not fit
}

// fixedConv makes a conv that calls f for each value.
func fixedConv[S, D vector.Elem](l vector.Layout, srcWidth int, f func(S) (D, bool)) *conv {
	return &conv{layout: l, srcWidth: srcWidth, fixed: func(dst, src []byte, n int, valid vector.Bitmap) int {
		d, s := vector.Cast[D](dst)[:n], vector.Cast[S](src)[:n]
		for i, x := range s {
			y, ok := f(x)
			if !ok && (valid == nil || valid.Get(i)) {
				return i
			}
			d[i] = y
		}
		return -1
	}}
}

// widenConv makes a conv from a narrower number; it cannot fail.
func widenConv[S, D int16 | int32 | int64 | uint32 | float32 | float64](l vector.Layout, srcWidth int) *conv {
	return &conv{layout: l, srcWidth: srcWidth, fixed: func(dst, src []byte, n int, _ vector.Bitmap) int {
		d, s := vector.Cast[D](dst)[:n], vector.Cast[S](src)[:n]
		for i, x := range s {
			d[i] = D(x)
		}
		return -1
	}}
}

func identityConv(l vector.Layout) *conv {
	return &conv{layout: l, srcWidth: l.Size(), identity: true}
}

func strConv(width int) *conv { return &conv{layout: vector.LStr, srcWidth: width, str: true} }

// convFor returns how leaf's values become values of t, or nil if they cannot.
func convFor(leaf *node, t sql.Type) *conv {
	c := convType(leaf, t)
	if c != nil && c.code == "" {
		c.code = sql.CodeNumericOutOfRange
	}
	return c
}

func convType(leaf *node, t sql.Type) *conv {
	lg := leaf.log
	if lg.kind == logNull { // always NULL: values never occur
		return &conv{layout: vector.LayoutOf(t), srcWidth: physWidth(leaf), fixed: func(dst, _ []byte, n int, _ vector.Bitmap) int {
			clear(dst)
			return -1
		}, bytes: func(dst []byte, i int, v []byte) bool { return false }}
	}
	switch t.OID {
	case sql.OIDBool:
		if leaf.phys == physBool {
			return identityConv(vector.LBool)
		}
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8:
		return intConv(leaf, t)
	case sql.OIDFloat4:
		switch {
		case leaf.phys == physFloat:
			return identityConv(vector.LF32)
		case leaf.phys == physDouble:
			return fixedConv(vector.LF32, 8, func(x float64) (float32, bool) {
				y := float32(x)
				return y, !math.IsInf(float64(y), 0) || math.IsInf(x, 0)
			})
		case isFloat16(leaf):
			return elemConv(vector.LF32, 2, func(v []byte) (float32, bool) { return float16(v), true })
		}
	case sql.OIDFloat8:
		switch {
		case leaf.phys == physDouble:
			return identityConv(vector.LF64)
		case leaf.phys == physFloat:
			return widenConv[float32, float64](vector.LF64, 4)
		case isFloat16(leaf):
			return elemConv(vector.LF64, 2, func(v []byte) (float64, bool) { return float64(float16(v)), true })
		}
	case sql.OIDNumeric:
		return decimalConv(leaf, t)
	case sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDName, sql.OIDJSON, sql.OIDJSONB:
		switch {
		case leaf.phys == physFixed && lg.kind == logUUID && leaf.typeLen == 16:
			return &conv{layout: vector.LStr, srcWidth: 16, str: true, text: uuidText}
		case leaf.phys == physBytes && (lg.kind == logNone || lg.kind == logString || lg.kind == logEnum || lg.kind == logJSON || lg.kind == logOther):
			c := strConv(0)
			if (t.OID == sql.OIDVarchar || t.OID == sql.OIDBpchar) && t.Mod > 4 {
				c.maxChars = int(t.Mod) - 4
			}
			return c
		case leaf.phys == physFixed && (lg.kind == logNone || lg.kind == logString):
			return strConv(leaf.typeLen)
		}
	case sql.OIDBytea:
		switch leaf.phys {
		case physBytes:
			return strConv(0)
		case physFixed:
			return strConv(leaf.typeLen)
		}
	case sql.OIDDate:
		if leaf.phys == physInt32 && (lg.kind == logDate || lg.kind == logNone) {
			return identityConv(vector.LI32)
		}
	case sql.OIDTime:
		return timeConv(leaf)
	case sql.OIDTimestamp, sql.OIDTimestamptz:
		c := timestampConv(leaf)
		if c != nil {
			c.code = sql.CodeDatetimeOverflow
		}
		return c
	case sql.OIDUUID:
		if leaf.phys == physFixed && leaf.typeLen == 16 {
			return identityConv(vector.LUUID)
		}
	case sql.OIDInterval:
		if leaf.phys == physFixed && leaf.typeLen == 12 && lg.kind == logInterval {
			return elemConv(vector.LInterval, 12, func(v []byte) (vector.Interval, bool) {
				return vector.Interval{Micros: int64(le32(v[8:])) * 1000, Days: int32(le32(v[4:])), Months: int32(le32(v))},
					int32(le32(v[4:])) >= 0 && int32(le32(v)) >= 0
			})
		}
	}
	return nil
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func le64(b []byte) uint64 { return uint64(le32(b)) | uint64(le32(b[4:]))<<32 }

// elemConv makes a conv over values of w bytes that need not be aligned.
func elemConv[D vector.Elem](l vector.Layout, w int, f func([]byte) (D, bool)) *conv {
	c := &conv{layout: l, srcWidth: w}
	c.bytes = func(dst []byte, i int, v []byte) bool {
		y, ok := f(v)
		vector.Cast[D](dst)[i] = y
		return ok
	}
	if w > 0 {
		c.fixed = func(dst, src []byte, n int, valid vector.Bitmap) int {
			d := vector.Cast[D](dst)[:n]
			for i := range d {
				y, ok := f(src[i*w : i*w+w])
				if !ok && (valid == nil || valid.Get(i)) {
					return i
				}
				d[i] = y
			}
			return -1
		}
	}
	return c
}

// physWidth is the bytes of a fixed physical value as pages deliver it, 0 for BYTE_ARRAY.
func physWidth(leaf *node) int {
	switch leaf.phys {
	case physBool:
		return 1
	case physInt32, physFloat:
		return 4
	case physInt64, physDouble:
		return 8
	case physInt96:
		return 12
	case physFixed:
		return leaf.typeLen
	}
	return 0
}

func isFloat16(leaf *node) bool {
	return leaf.phys == physFixed && leaf.typeLen == 2 && leaf.log.kind == logFloat16
}

// float16 widens an IEEE 754 half.
func float16(v []byte) float32 {
	h := uint32(v[0]) | uint32(v[1])<<8
	sign, exp, frac := h>>15<<31, h>>10&31, h&1023
	switch exp {
	case 0:
		f := float32(frac) / (1 << 24)
		if sign != 0 {
			f = -f
		}
		return f
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

func intConv(leaf *node, t sql.Type) *conv {
	lg := leaf.log
	unsigned := lg.kind == logInt && !lg.signed
	switch lg.kind {
	case logNone, logInt, logOther:
	case logDecimal:
		if lg.scale != 0 || lg.precision > 18 {
			return nil
		}
		if leaf.phys == physBytes || leaf.phys == physFixed {
			return bigIntConv(leaf, t)
		}
	case logTime, logTimestamp:
		if t.OID != sql.OIDInt8 {
			return nil
		}
	default:
		return nil
	}
	switch leaf.phys {
	case physInt32:
		switch {
		case t.OID == sql.OIDInt2:
			return fixedConv(vector.LI16, 4, func(x int32) (int16, bool) { return int16(x), x == int32(int16(x)) })
		case t.OID == sql.OIDInt4 && unsigned && lg.bits == 32:
			return fixedConv(vector.LI32, 4, func(x int32) (int32, bool) { return x, x >= 0 })
		case t.OID == sql.OIDInt4:
			return identityConv(vector.LI32)
		case unsigned:
			return widenConv[uint32, int64](vector.LI64, 4)
		}
		return widenConv[int32, int64](vector.LI64, 4)
	case physInt64:
		switch {
		case t.OID == sql.OIDInt2:
			return fixedConv(vector.LI16, 8, func(x int64) (int16, bool) { return int16(x), x == int64(int16(x)) })
		case t.OID == sql.OIDInt4:
			return fixedConv(vector.LI32, 8, func(x int64) (int32, bool) { return int32(x), x == int64(int32(x)) })
		case unsigned:
			return fixedConv(vector.LI64, 8, func(x int64) (int64, bool) { return x, x >= 0 })
		}
		return identityConv(vector.LI64)
	}
	return nil
}

func bigIntConv(leaf *node, t sql.Type) *conv {
	w := physWidth(leaf)
	switch t.OID {
	case sql.OIDInt2:
		return elemConv(vector.LI16, w, func(v []byte) (int16, bool) {
			x, ok := bigEndian(v)
			return int16(x.Lo), ok && x == sql.I128(int64(int16(x.Lo)))
		})
	case sql.OIDInt4:
		return elemConv(vector.LI32, w, func(v []byte) (int32, bool) {
			x, ok := bigEndian(v)
			return int32(x.Lo), ok && x == sql.I128(int64(int32(x.Lo)))
		})
	}
	return elemConv(vector.LI64, w, func(v []byte) (int64, bool) {
		x, ok := bigEndian(v)
		return int64(x.Lo), ok && x.IsInt64()
	})
}

// bigEndian reads a two's complement number, false if it needs more than 128 bits.
func bigEndian(v []byte) (sql.Int128, bool) {
	if len(v) == 0 {
		return sql.Int128{}, true
	}
	fill := uint64(int64(int8(v[0])) >> 63)
	for len(v) > 16 {
		if v[0] != byte(fill) || (v[1]^byte(fill))&0x80 != 0 {
			return sql.Int128{}, false
		}
		v = v[1:]
	}
	hi, lo := fill, fill
	for _, b := range v {
		hi = hi<<8 | lo>>56
		lo = lo<<8 | uint64(b)
	}
	return sql.Int128{Lo: lo, Hi: int64(hi)}, true
}

// pow10 holds 10^0 .. 10^38.
var pow10 = func() (t [39]sql.Int128) {
	t[0] = sql.I128(1)
	for i := 1; i < len(t); i++ {
		t[i], _ = t[i-1].Mul(sql.I128(10))
	}
	return t
}()

// rescale moves x from one scale to another (rounding half away from zero) and
// reports whether the result has at most p digits.
func rescale(x sql.Int128, from, to, p int) (sql.Int128, bool) {
	if d := to - from; d > 0 {
		if d > 38 {
			return x, x.Sign() == 0
		}
		var ok bool
		if x, ok = x.Mul(pow10[d]); !ok {
			return x, false
		}
	} else if d < 0 {
		if d < -38 {
			return sql.Int128{}, true
		}
		q, r := x.QuoRem(pow10[-d])
		hi, lo := r.Abs()
		// |r| >= 10^-d / 2
		if twice, ok := (sql.Int128{Lo: lo, Hi: int64(hi)}).Add(sql.Int128{Lo: lo, Hi: int64(hi)}); !ok || twice.Cmp(pow10[-d]) >= 0 {
			step := int64(1)
			if x.Sign() < 0 {
				step = -1
			}
			q, _ = q.Add(sql.I128(step))
		}
		x = q
	}
	hi, lo := x.Abs()
	if hi >= 1<<63 {
		return x, false
	}
	return x, sql.Int128{Lo: lo, Hi: int64(hi)}.Cmp(pow10[p]) < 0
}

func decimalConv(leaf *node, t sql.Type) *conv {
	lg := leaf.log
	var scale, prec int
	switch {
	case lg.kind == logDecimal:
		scale, prec = int(lg.scale), int(lg.precision)
	case leaf.phys == physInt32 && (lg.kind == logNone || lg.kind == logInt):
		prec = 10
	case leaf.phys == physInt64 && (lg.kind == logNone || lg.kind == logInt):
		prec = 19
		if lg.kind == logInt && !lg.signed {
			prec = 20
		}
	default:
		return nil
	}
	if scale < 0 || scale > 1000 || prec < 0 {
		return nil
	}
	unsigned := lg.kind == logInt && !lg.signed
	read := func(v []byte) (sql.Int128, bool) { return bigEndian(v) }
	switch leaf.phys {
	case physInt32:
		read = func(v []byte) (sql.Int128, bool) { return sql.I128(int64(int32(le32(v)))), true }
		if unsigned {
			read = func(v []byte) (sql.Int128, bool) { return sql.I128(int64(le32(v))), true }
		}
	case physInt64:
		read = func(v []byte) (sql.Int128, bool) { return sql.I128(int64(le64(v))), true }
		if unsigned {
			read = func(v []byte) (sql.Int128, bool) { return sql.Int128{Lo: le64(v)}, true }
		}
	case physBytes, physFixed:
	default:
		return nil
	}
	w := physWidth(leaf)
	if !t.Dec.Static() {
		if scale > 16383 {
			return nil
		}
		max := pow10[38]
		return elemConv(vector.LNum, w, func(v []byte) (sql.Num, bool) {
			x, ok := read(v)
			hi, lo := x.Abs()
			return sql.Num{Coef: x, Scale: int16(scale)}, ok && hi < 1<<63 && sql.Int128{Lo: lo, Hi: int64(hi)}.Cmp(max) < 0
		})
	}
	p, s := int(t.Dec.P), int(t.Dec.S)
	if p <= 18 {
		switch {
		case leaf.phys == physInt64 && scale == s && prec <= p && prec > 0 && !unsigned:
			return identityConv(vector.LI64)
		case leaf.phys == physInt32 && scale == s && prec <= p && !unsigned:
			return widenConv[int32, int64](vector.LI64, 4)
		}
		return elemConv(vector.LI64, w, func(v []byte) (int64, bool) {
			x, ok := read(v)
			if !ok {
				return 0, false
			}
			x, ok = rescale(x, scale, s, p)
			return int64(x.Lo), ok
		})
	}
	return elemConv(vector.LI128, w, func(v []byte) (sql.Int128, bool) {
		x, ok := read(v)
		if !ok {
			return x, false
		}
		return rescale(x, scale, s, p)
	})
}

func timeConv(leaf *node) *conv {
	if leaf.log.kind != logTime {
		return nil
	}
	const day = 86_400_000_000
	switch {
	case leaf.phys == physInt32 && leaf.log.unit == unitMillis:
		return fixedConv(vector.LI64, 4, func(x int32) (int64, bool) { return int64(x) * 1000, x >= 0 && int64(x)*1000 <= day })
	case leaf.phys == physInt64 && leaf.log.unit == unitMicros:
		return fixedConv(vector.LI64, 8, func(x int64) (int64, bool) { return x, x >= 0 && x <= day })
	case leaf.phys == physInt64 && leaf.log.unit == unitNanos:
		return fixedConv(vector.LI64, 8, func(x int64) (int64, bool) { return x / 1000, x >= 0 && x/1000 <= day })
	}
	return nil
}

// minTimestamp is the first timestamp that PostgreSQL can hold, 4714-11-24 BC
// (Julian day 0), in microseconds since 1970. The last that int64 can hold is in
// the year 294247.
const minTimestamp = -210_866_803_200_000_000

func timestampConv(leaf *node) *conv {
	switch {
	case leaf.phys == physInt96:
		return elemConv(vector.LI64, 12, func(v []byte) (int64, bool) { return int96Micros(v) })
	case leaf.phys != physInt64 || leaf.log.kind != logTimestamp:
		return nil
	case leaf.log.unit == unitMillis:
		return fixedConv(vector.LI64, 8, func(x int64) (int64, bool) {
			return x * 1000, x >= minTimestamp/1000 && x <= math.MaxInt64/1000
		})
	case leaf.log.unit == unitNanos:
		return &conv{layout: vector.LI64, srcWidth: 8, fixed: func(dst, src []byte, n int, _ vector.Bitmap) int {
			d, s := vector.Cast[int64](dst)[:n], vector.Cast[int64](src)[:n]
			for i, x := range s {
				d[i] = floorMicros(x)
			}
			return -1
		}}
	}
	return fixedConv(vector.LI64, 8, func(x int64) (int64, bool) { return x, x >= minTimestamp })
}

// floorMicros floors nanoseconds to microseconds, before 1970 too.
func floorMicros(ns int64) int64 {
	q := ns / 1000
	if ns%1000 < 0 {
		q--
	}
	return q
}

// int96Micros reads nanoseconds of the day and a Julian day number. Spark computes
// both with wrap-around for years near the end of the range, so adding them up must
// wrap as well.
func int96Micros(v []byte) (int64, bool) {
	nanos, day := int64(le64(v)), int64(int32(le32(v[8:])))
	us := (day-2440588)*86_400_000_000 + floorMicros(nanos)
	return us, us >= minTimestamp
}

// cutChars returns the first n characters of UTF-8 text.
func cutChars(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	k := 0
	for i, c := range b {
		if c&0xc0 != 0x80 {
			if k == n {
				return b[:i]
			}
			k++
		}
	}
	return b
}

// uuidText appends a UUID in its usual form.
func uuidText(dst, v []byte) []byte {
	const hex = "0123456789abcdef"
	for i, b := range v {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[b>>4], hex[b&15])
	}
	return dst
}
