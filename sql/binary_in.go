package sql

import (
	"math"
	"math/big"
)

func errShort() *Error {
	return Errorf(CodeProtocolViolation, "insufficient data left in message")
}

func errBinary(what string) *Error {
	return Errorf(CodeInvalidBinaryRepresentation, "incorrect binary data format for type %s", what)
}

// ParseBinary reads a value of type t, its modifier applied, from PostgreSQL's
// binary form: 08P01 for too few bytes, 22P03 for bytes left over or malformed
// data, and the text form's errors for values out of range.
func ParseBinary(t Type, b []byte) (Value, error) {
	v := Value{Type: t}
	size := binarySize(t.OID)
	if size > 0 && len(b) < size {
		return Value{}, errShort()
	}
	if size > 0 && len(b) > size {
		return Value{}, errBinary(TypeName(t.OID))
	}
	var err error
	switch t.OID {
	case OIDBool:
		if b[0] != 0 {
			v.I = 1
		}
	case OIDInt2:
		v.I = int64(int16(be.Uint16(b)))
	case OIDInt4:
		v.I = int64(int32(be.Uint32(b)))
	case OIDInt8:
		v.I = int64(be.Uint64(b))
	case OIDOid, OIDXid, OIDCid, OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegclass, OIDRegtype, OIDRegnamespace, OIDRegrole, OIDRegcollation:
		v.I = int64(be.Uint32(b))
	case OIDFloat4:
		v.I = int64(math.Float64bits(float64(math.Float32frombits(be.Uint32(b)))))
	case OIDFloat8:
		v.I = int64(be.Uint64(b))
	case OIDNumeric:
		mod := t.Mod
		if mod < 0 && t.Dec.Static() {
			mod = NumericMod(int(t.Dec.P), int(t.Dec.S))
		}
		v.Num, err = parseBinaryNum(b, mod)
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown, OIDCstring:
		s := string(b)
		if err = checkUTF8(s); err == nil {
			v.S, err = ApplyStringMod(t, s, false)
		}
	case OIDJSON:
		v.S = string(b)
		if err = checkUTF8(v.S); err == nil {
			err = ValidateJSON(v.S)
		}
	case OIDJSONB:
		switch {
		case len(b) == 0:
			err = errShort()
		case b[0] != 1:
			err = Errorf(CodeInvalidBinaryRepresentation, "unsupported jsonb version number %d", b[0])
		default:
			s := string(b[1:])
			if err = checkUTF8(s); err == nil {
				v.S, err = CanonicalJSONB(s)
			}
		}
	case OIDChar:
		if b[0] != 0 {
			v.S = string(b)
		}
	case OIDBytea, OIDUUID:
		v.S = string(b)
	case OIDDate:
		d := int32(be.Uint32(b))
		v.I = WidenDate(d)
		if d != math.MaxInt32 && d != math.MinInt32 {
			v.I += daysTo2000
			if v.I < MinDate || v.I > MaxDate {
				err = Errorf(CodeDatetimeOverflow, "date out of range")
			}
		}
	case OIDTime:
		if v.I, err = checkTime(int64(be.Uint64(b))); err == nil {
			v.I = RoundTimeMod(v.I, t.Mod)
		}
	case OIDTimetz:
		v.J = int64(int32(be.Uint32(b[8:])))
		if v.I, err = checkTime(int64(be.Uint64(b))); err == nil {
			v.I = RoundTimeMod(v.I, t.Mod)
		}
		if abs64(v.J) >= 16*3600 {
			err = Errorf(CodeInvalidTimeZone, "time zone displacement out of range")
		}
	case OIDTimestamp, OIDTimestamptz:
		v.I = int64(be.Uint64(b))
		if v.I != InfinityI && v.I != NegInfinityI {
			if v.I, err = addTimestamp(v.I, microsTo2000, "timestamp"); err == nil {
				v.I, err = RoundTimestampMod(v.I, t.Mod)
			}
		}
	case OIDInterval:
		p := ApplyIntervalMod(IntervalParts{int64(be.Uint64(b)), int32(be.Uint32(b[8:])), int32(be.Uint32(b[12:]))}, t.Mod)
		v.I, v.J = p.Micros, PackInterval(p.Days, p.Months)
	case OIDTid:
		v.S = formatTid(be.Uint32(b), be.Uint16(b[4:]))
	case OIDVoid:
	default:
		if !t.IsArray() {
			return Value{}, Errorf(CodeFeatureNotSupported, "cannot accept a value of type %s", TypeName(t.OID))
		}
		return parseBinaryArray(t, b)
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// binarySize returns the length of a fixed-length binary form, 0 for others.
func binarySize(oid OID) int {
	switch oid {
	case OIDBool, OIDChar:
		return 1
	case OIDInt2:
		return 2
	case OIDInt4, OIDFloat4, OIDDate, OIDOid, OIDXid, OIDCid, OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegclass, OIDRegtype,
		OIDRegnamespace, OIDRegrole, OIDRegcollation:
		return 4
	case OIDTid:
		return 6
	case OIDInt8, OIDFloat8, OIDTime, OIDTimestamp, OIDTimestamptz:
		return 8
	case OIDTimetz:
		return 12
	case OIDInterval, OIDUUID:
		return 16
	}
	return 0
}

func checkTime(us int64) (int64, error) {
	if us < 0 || us > MicrosPerDay {
		return 0, Errorf(CodeDatetimeOverflow, "time out of range")
	}
	return us, nil
}

func parseBinaryNum(b []byte, mod int32) (Num, error) {
	if len(b) < 8 {
		return Num{}, errShort()
	}
	n, weight := int(be.Uint16(b)), int(int16(be.Uint16(b[2:])))
	sign, scale := be.Uint16(b[4:]), int(be.Uint16(b[6:]))
	b = b[8:]
	if len(b) < 2*n {
		return Num{}, errShort()
	}
	if len(b) > 2*n {
		return Num{}, errBinary("numeric")
	}
	switch sign {
	case 0, wireNumNeg:
	case wireNumNaN:
		return ApplyNumericMod(NumNaNValue, mod)
	case wireNumPosInf:
		return ApplyNumericMod(NumPosInfValue, mod)
	case wireNumNegInf:
		return ApplyNumericMod(NumNegInfValue, mod)
	default:
		return Num{}, Errorf(CodeInvalidBinaryRepresentation, "invalid sign in external \"numeric\" value")
	}
	if scale > maxNumScale {
		return Num{}, Errorf(CodeInvalidBinaryRepresentation, "invalid scale in external \"numeric\" value")
	}
	// Leading and trailing zero digits carry nothing.
	digit := func(i int) uint16 { return be.Uint16(b[2*i:]) }
	for i := range n {
		if digit(i) > 9999 {
			return Num{}, Errorf(CodeInvalidBinaryRepresentation, "invalid digit in external \"numeric\" value")
		}
	}
	for n > 0 && digit(0) == 0 {
		b, n, weight = b[2:], n-1, weight-1
	}
	for n > 0 && digit(n-1) == 0 {
		n--
	}
	var a Num
	low := -4 * (weight - n + 1) // scale of the last digit
	var err error
	switch {
	case n == 0:
		a.Scale = int16(scale)
	case n <= 9: // 36 decimal digits
		var c Int128
		for i := range n {
			c, _ = c.Mul(I128(10000))
			c, _ = c.Add(I128(int64(digit(i))))
		}
		var ok bool
		if low > scale {
			c, ok = truncInt128(c, low-scale), true
		} else {
			c, ok = RescaleInt128(c, low, scale)
		}
		if !ok {
			err = errNumOverflow()
		}
		a = Num{Coef: c, Scale: int16(scale)}
	case 4*weight+scale > 200: // far past what any modifier could rescue
		err = errNumOverflow()
	default:
		c := new(big.Int)
		for i := range n {
			c.Mul(c, big.NewInt(10000)).Add(c, big.NewInt(int64(digit(i))))
		}
		if low > scale {
			c.Quo(c, pow10Big(low-scale))
		} else {
			c.Mul(c, pow10Big(scale-low))
		}
		if p, s, ok := NumericPS(mod); ok { // round before the check of the digits
			if scale > s {
				c = quoRoundBig(c, pow10Big(scale-s))
			} else {
				c.Mul(c, pow10Big(s-scale))
			}
			if len(c.String()) > p {
				return Num{}, errFieldOverflow(p, s)
			}
			if s < 0 {
				c.Mul(c, pow10Big(-s))
				s = 0
			}
			scale = s
		}
		a, err = numFromBig(c, scale)
	}
	if err != nil {
		return Num{}, err
	}
	if sign == wireNumNeg {
		a = a.Neg()
	}
	return ApplyNumericMod(a, mod)
}

// truncInt128 drops k decimal digits.
func truncInt128(c Int128, k int) Int128 {
	if k > 38 {
		return Int128{}
	}
	q, _ := c.QuoRem(Pow10Int128[k])
	return q
}

func parseBinaryArray(t Type, b []byte) (Value, error) {
	word := func() (uint32, bool) {
		if len(b) < 4 {
			return 0, false
		}
		w := be.Uint32(b)
		b = b[4:]
		return w, true
	}
	ndim, ok1 := word()
	flags, ok2 := word()
	elemOID, ok3 := word()
	if !ok1 || !ok2 || !ok3 {
		return Value{}, errShort()
	}
	if ndim > maxArrayDims {
		return Value{}, Errorf(CodeProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", int32(ndim), maxArrayDims)
	}
	if flags > 1 {
		return Value{}, Errorf(CodeInvalidBinaryRepresentation, "invalid array flags")
	}
	elem := Type{OID: ElemOf(t.OID), Mod: t.Mod}
	if OID(elemOID) != elem.OID {
		return Value{}, Errorf(CodeDatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)",
			elemOID, TypeName(OID(elemOID)), elem.OID, TypeName(elem.OID))
	}
	v := Value{Type: t, List: []Value{}}
	count := int64(1)
	var dims []Dim
	for range ndim {
		n, ok := word()
		lower, ok2 := word()
		if !ok || !ok2 {
			return Value{}, errShort()
		}
		d := Dim{int32(n), int32(lower)}
		if d.Len < 0 || count*int64(d.Len) > 1<<27 || int64(d.Lower)+int64(d.Len) > math.MaxInt32 {
			return Value{}, Errorf(CodeProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 1<<27-1)
		}
		count *= int64(d.Len)
		dims = append(dims, d)
	}
	vector := t.OID == OIDInt2Vector || t.OID == OIDOidVector
	if vector && (ndim != 1 || flags != 0 || dims[0].Lower != 0) {
		return Value{}, Errorf(CodeInvalidBinaryRepresentation, "invalid %s data", LookupType(t.OID).Name)
	}
	if ndim == 0 {
		count = 0
	}
	if count*4 > int64(len(b)) {
		return Value{}, errShort()
	}
	for range count {
		n, ok := word()
		if !ok {
			return Value{}, errShort()
		}
		if n == math.MaxUint32 {
			v.List = append(v.List, Value{Type: elem, Null: true})
			continue
		}
		if uint64(n) > uint64(len(b)) {
			return Value{}, errShort()
		}
		e, err := ParseBinary(elem, b[:n])
		if err != nil {
			return Value{}, err
		}
		v.List = append(v.List, e)
		b = b[n:]
	}
	if len(b) > 0 {
		return Value{}, errBinary(TypeName(t.OID))
	}
	if vector || count > 0 {
		v.Dims = normalDims(dims)
	}
	return v, nil
}
