package sql

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ParseText reads a value of type t, its modifier applied, from PostgreSQL's
// text form. f gives zone and date order (nil: DefaultFormat); now is what
// 'now', 'today' and the like mean. Errors carry PostgreSQL's messages and
// SQLSTATEs. OID aliases take only numbers and "-", as names need a catalog;
// regtype takes built-in names too.
func ParseText(t Type, s string, f *Format, now time.Time) (Value, error) {
	v := Value{Type: t}
	var err error
	switch t.OID {
	case OIDBool:
		var b bool
		b, err = ParseBool(s)
		if b {
			v.I = 1
		}
	case OIDInt2, OIDInt4, OIDInt8:
		v.I, err = ParseInt(s, t.OID)
	case OIDFloat8:
		var x float64
		x, err = ParseFloat8(s)
		v.I = int64(math.Float64bits(x))
	case OIDFloat4:
		var x float32
		x, err = ParseFloat4(s)
		v.I = int64(math.Float64bits(float64(x)))
	case OIDNumeric:
		v.Num, err = parseNumericAs(t, s)
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown, OIDCstring, OIDPgNodeTree:
		if err = checkUTF8(s); err == nil {
			v.S, err = ApplyStringMod(t, s, false)
		}
	case OIDChar:
		v.S = ParseChar(s)
	case OIDBytea:
		v.S, err = ParseBytea(s)
	case OIDUUID:
		v.S, err = ParseUUID(s)
	case OIDJSON:
		if err = checkUTF8(s); err == nil {
			err = ValidateJSON(s)
		}
		v.S = s
	case OIDJSONB:
		if err = checkUTF8(s); err == nil {
			v.S, err = CanonicalJSONB(s)
		}
	case OIDDate:
		v.I, err = ParseDate(s, f, now)
	case OIDTime:
		v.I, err = ParseTime(s, f, now)
		v.I = RoundTimeMod(v.I, t.Mod)
	case OIDTimetz:
		v.I, v.J, err = ParseTimetz(s, f, now)
		v.I = RoundTimeMod(v.I, t.Mod)
	case OIDTimestamp:
		if v.I, err = ParseTimestamp(s, f, now); err == nil {
			v.I, err = RoundTimestampMod(v.I, t.Mod)
		}
	case OIDTimestamptz:
		if v.I, err = ParseTimestamptz(s, f, now); err == nil {
			v.I, err = RoundTimestampMod(v.I, t.Mod)
		}
	case OIDInterval:
		var iv IntervalParts
		if iv, err = ParseInterval(s, f, t.Mod); err == nil {
			v.I, v.J = iv.Micros, PackInterval(iv.Days, iv.Months)
		}
	case OIDOid, OIDXid, OIDCid:
		v.I, err = parseOID(s, LookupType(t.OID).Name)
	case OIDRegtype:
		if v.I, err = parseRegNumber(s); err != nil {
			var rt Type
			rt, err = ParseTypeName(s)
			v.I = int64(rt.OID)
		}
	case OIDRegproc, OIDRegprocedure, OIDRegoper, OIDRegclass, OIDRegnamespace, OIDRegrole, OIDRegcollation:
		v.I, err = parseRegNumber(s)
	case OIDTid:
		v.S, err = parseTid(s)
	case OIDInt2Vector, OIDOidVector:
		return parseVector(t, s)
	case OIDVoid:
	default:
		if t.IsArray() {
			return parseArray(t, s, f, now)
		}
		err = Errorf(CodeFeatureNotSupported, "cannot accept a value of type %s", TypeName(t.OID))
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// parseNumericAs reads a numeric, with a static type in its form.
func parseNumericAs(t Type, s string) (Num, error) {
	mod := t.Mod
	if mod < 0 && t.Dec.Static() {
		mod = NumericMod(int(t.Dec.P), int(t.Dec.S))
	}
	n, err := ParseNum(s, mod)
	if err == nil && t.Dec.Static() {
		if n.Kind != NumFinite {
			return Num{}, errFieldOverflow(int(t.Dec.P), int(t.Dec.S))
		}
		n, err = n.Round(int(t.Dec.S))
	}
	return n, err
}

// ParseBool reads a boolean: any unique prefix of true, false, yes, no, on,
// off, or 1, 0.
func ParseBool(s string) (bool, error) {
	t := strings.ToLower(trimSpace(s))
	prefix := func(w string, least int) bool { return len(t) >= least && strings.HasPrefix(w, t) }
	switch {
	case t == "1" || prefix("true", 1) || prefix("yes", 1) || prefix("on", 2):
		return true, nil
	case t == "0" || prefix("false", 1) || prefix("no", 1) || prefix("off", 2):
		return false, nil
	}
	return false, errSyntax("boolean", s)
}

// ParseChar reads a "char": the first byte, or the one that \ooo gives in octal.
func ParseChar(s string) string {
	if len(s) == 4 && s[0] == '\\' {
		if b, err := strconv.ParseUint(s[1:], 8, 16); err == nil { // of more than a byte its end
			s = string([]byte{byte(b)})
		}
	}
	if s == "" || s[0] == 0 {
		return ""
	}
	return s[:1]
}

// ParseInt reads an integer of type int2, int4 or int8: 22P02, 22003.
func ParseInt(s string, t OID) (int64, error) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	start, over := i, false
	var v uint64
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if v > (1<<63)/10 {
			over = true
			continue
		}
		v = v*10 + uint64(s[i]-'0')
	}
	digits := i > start
	_, hi := IntRange(t)
	limit := uint64(hi)
	outOfRange := Errorf(CodeNumericOutOfRange, "value \"%s\" is out of range for type %s", s, TypeName(t))
	if over || v > limit+1 { // whatever follows
		return 0, outOfRange
	}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if !digits || i < len(s) {
		return 0, errSyntax(TypeName(t), s)
	}
	if neg {
		limit++
	}
	if v > limit {
		return 0, outOfRange
	}
	if neg {
		return -int64(v), nil
	}
	return int64(v), nil
}

// parseOID reads an unsigned 32-bit number; a negative one wraps, as in PostgreSQL.
func parseOID(s, typ string) (int64, error) {
	t := trimSpace(s)
	v, err := strconv.ParseInt(t, 10, 64)
	if err != nil || t == "" {
		if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange {
			return 0, Errorf(CodeNumericOutOfRange, "value \"%s\" is out of range for type %s", s, typ)
		}
		return 0, errSyntax(typ, s)
	}
	if v > math.MaxUint32 || v < math.MinInt32 {
		return 0, Errorf(CodeNumericOutOfRange, "value \"%s\" is out of range for type %s", s, typ)
	}
	return int64(uint32(v)), nil
}

func parseRegNumber(s string) (int64, error) {
	if s == "-" {
		return 0, nil
	}
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, errSyntax("oid", s)
	}
	return parseOID(s, "oid")
}

func parseTid(s string) (string, error) {
	b, o, ok := splitTid(trimSpace(s))
	if !ok {
		return "", errSyntax("tid", s)
	}
	return formatTid(b, o), nil
}

// splitTid reads (block,offset).
func splitTid(s string) (block uint32, offset uint16, ok bool) {
	if len(s) < 5 || s[0] != '(' || s[len(s)-1] != ')' {
		return 0, 0, false
	}
	b, o, ok := strings.Cut(s[1:len(s)-1], ",")
	bn, err1 := strconv.ParseUint(b, 10, 32)
	on, err2 := strconv.ParseUint(o, 10, 16)
	return uint32(bn), uint16(on), ok && err1 == nil && err2 == nil
}

func formatTid(block uint32, offset uint16) string {
	return "(" + strconv.FormatUint(uint64(block), 10) + "," + strconv.FormatUint(uint64(offset), 10) + ")"
}

// checkUTF8 refuses what is not valid UTF-8, or holds a zero byte (22021).
func checkUTF8(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i, r := range s {
		if r == 0 {
			return Errorf(CodeCharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
		}
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return Errorf(CodeCharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x%02x", s[i])
			}
		}
	}
	return nil
}

// ApplyStringMod coerces s to the length of varchar(n), char(n) or name. Excess
// blanks are cut; other excess is 22001, or cut too in an explicit cast. char(n)
// is padded with blanks. Lengths are in characters, name's in bytes.
func ApplyStringMod(t Type, s string, explicit bool) (string, error) {
	switch t.OID {
	case OIDName:
		return ClipName(s), nil
	case OIDVarchar, OIDBpchar:
	default:
		return s, nil
	}
	n := int(t.Mod) - 4
	if t.Mod < 4 {
		return s, nil
	}
	if len(s) > n {
		cut, chars := len(s), 0
		for i := range s {
			if chars == n {
				cut = i
				break
			}
			chars++
		}
		if cut < len(s) {
			if !explicit && strings.Trim(s[cut:], " ") != "" {
				return "", Errorf(CodeStringDataRightTruncation, "value too long for type %s", FormatType(t.OID, t.Mod))
			}
			return s[:cut], nil
		}
	}
	if t.OID == OIDBpchar {
		if pad := n - utf8.RuneCountInString(s); pad > 0 {
			return s + strings.Repeat(" ", pad), nil
		}
	}
	return s, nil
}

// ClipName cuts an identifier to PostgreSQL's 63 bytes without splitting a character.
func ClipName(s string) string {
	if len(s) < 64 {
		return s
	}
	n := 63
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// ParseBytea reads the hex or the escape form.
func ParseBytea(s string) (string, error) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == 'x' {
		out := make([]byte, 0, len(s)/2)
		for i := 2; i < len(s); i++ {
			if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
				continue
			}
			h, ok := hexValue(s[i])
			if !ok {
				return "", errHexDigit(s[i:])
			}
			i++
			if i >= len(s) {
				return "", Errorf(CodeInvalidParameterValue, "invalid hexadecimal data: odd number of digits")
			}
			l, ok := hexValue(s[i])
			if !ok {
				return "", errHexDigit(s[i:])
			}
			out = append(out, h<<4|l)
		}
		return string(out), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && s[i+2] >= '0' && s[i+2] <= '7' && s[i+3] >= '0' && s[i+3] <= '7':
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return "", Errorf(CodeInvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(out), nil
}

func errHexDigit(s string) *Error {
	_, n := utf8.DecodeRuneInString(s)
	return Errorf(CodeInvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[:n])
}

func hexValue(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// ParseUUID reads 32 hex digits, hyphens allowed after every fourth, braces
// around, into 16 bytes.
func ParseUUID(s string) (string, error) {
	t := s
	if strings.HasPrefix(t, "{") {
		if !strings.HasSuffix(t, "}") {
			return "", errSyntax("uuid", s)
		}
		t = t[1 : len(t)-1]
	}
	var u [16]byte
	j := 0
	for i := range u {
		if j+1 >= len(t) {
			return "", errSyntax("uuid", s)
		}
		h, ok1 := hexValue(t[j])
		l, ok2 := hexValue(t[j+1])
		if !ok1 || !ok2 {
			return "", errSyntax("uuid", s)
		}
		u[i] = h<<4 | l
		j += 2
		if j < len(t) && t[j] == '-' && i%2 == 1 && i < 15 {
			j++
		}
	}
	if j != len(t) {
		return "", errSyntax("uuid", s)
	}
	return string(u[:]), nil
}
