package layout

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// ParseValue reads a raw (unescaped) partition value as a value of type t.
// DefaultPartition and the empty string are NULL. ok is false if the text is not
// a value of the type, or the type cannot be a partition key's.
func ParseValue(t sql.Type, raw string) (v sql.Value, ok bool) {
	if raw == DefaultPartition || raw == "" {
		return sql.NullOf(t), true
	}
	v = sql.Value{Type: t}
	switch t.OID {
	case sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDBytea:
		v.S = raw
		return v, true
	case sql.OIDInt2:
		return parseInt(v, raw, 16)
	case sql.OIDInt4:
		return parseInt(v, raw, 32)
	case sql.OIDInt8:
		return parseInt(v, raw, 64)
	case sql.OIDBool:
		switch strings.ToLower(raw) {
		case "true":
			v.I = 1
			return v, true
		case "false":
			return v, true
		}
	case sql.OIDFloat4, sql.OIDFloat8:
		bits := 64
		if t.OID == sql.OIDFloat4 {
			bits = 32
		}
		if strings.ContainsAny(raw, "xXpP_") {
			return v, false
		}
		f, err := strconv.ParseFloat(raw, bits)
		if err != nil {
			return v, false
		}
		v.I = int64(math.Float64bits(f))
		return v, true
	case sql.OIDNumeric:
		return parseDecimal(v, raw)
	case sql.OIDDate:
		d, rest, good := parseDay(raw)
		if !good || rest != "" {
			return v, false
		}
		v.I = d
		return v, true
	case sql.OIDTimestamp:
		us, good := parseTimestamp(raw)
		v.I = us
		return v, good
	}
	return v, false
}

func parseInt(v sql.Value, raw string, bits int) (sql.Value, bool) {
	i, err := strconv.ParseInt(raw, 10, bits)
	v.I = i
	return v, err == nil
}

// parseDecimal reads [+-]digits[.digits] exactly; more fraction digits than the
// type has are taken only if they are zeros.
func parseDecimal(v sql.Value, raw string) (sql.Value, bool) {
	s := raw
	neg := false
	if s[0] == '-' || s[0] == '+' {
		neg = s[0] == '-'
		s = s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" && frac == "" {
		return v, false
	}
	scale := int(v.Type.Dec.S)
	if v.Type.Dec.Static() {
		for len(frac) > scale {
			if frac[len(frac)-1] != '0' {
				return v, false
			}
			frac = frac[:len(frac)-1]
		}
		frac += strings.Repeat("0", scale-len(frac))
	}
	digits := strings.TrimLeft(whole+frac, "0")
	limit := sql.MaxDecPrecision
	if v.Type.Dec.Static() {
		limit = int(v.Type.Dec.P)
	}
	if len(digits) > limit {
		return v, false
	}
	coef := sql.Int128{}
	for i := range len(whole) + len(frac) {
		c := byte('0')
		if i < len(whole) {
			c = whole[i]
		} else {
			c = frac[i-len(whole)]
		}
		if c < '0' || c > '9' {
			return v, false
		}
		coef, _ = coef.Mul(sql.I128(10))
		coef, _ = coef.Add(sql.I128(int64(c - '0')))
	}
	if neg {
		coef, _ = coef.Neg()
	}
	v.Num = sql.Num{Coef: coef, Scale: int16(len(frac))}
	return v, true
}

// number reads up to max digits from the start of s.
func number(s string, max int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < max && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i > 0
}

// parseDay reads yyyy-M-d and returns days since 1970-01-01 and what follows.
func parseDay(s string) (days int64, rest string, ok bool) {
	y, rest, ok := number(s, 4)
	if !ok || len(s)-len(rest) != 4 || !strings.HasPrefix(rest, "-") {
		return 0, "", false
	}
	m, rest, ok := number(rest[1:], 2)
	if !ok || !strings.HasPrefix(rest, "-") {
		return 0, "", false
	}
	d, rest, ok := number(rest[1:], 2)
	if !ok || y < 1 {
		return 0, "", false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return 0, "", false
	}
	return t.Unix() / 86400, rest, true
}

// parseTimestamp reads yyyy-M-d[ H:m[:s[.f]]] as microseconds since 1970; finer
// fractions are floored.
func parseTimestamp(s string) (int64, bool) {
	days, rest, ok := parseDay(s)
	if !ok {
		return 0, false
	}
	us := days * 86400_000_000
	if rest == "" {
		return us, true
	}
	if rest[0] != ' ' && rest[0] != 'T' {
		return 0, false
	}
	h, rest, ok := number(rest[1:], 2)
	if !ok || h > 23 || !strings.HasPrefix(rest, ":") {
		return 0, false
	}
	m, rest, ok := number(rest[1:], 2)
	if !ok || m > 59 {
		return 0, false
	}
	us += int64(h)*3600_000_000 + int64(m)*60_000_000
	if rest == "" {
		return us, true
	}
	if rest[0] != ':' {
		return 0, false
	}
	sec, rest, ok := number(rest[1:], 2)
	if !ok || sec > 59 {
		return 0, false
	}
	us += int64(sec) * 1_000_000
	if rest == "" {
		return us, true
	}
	if rest[0] != '.' || len(rest) < 2 || len(rest) > 10 {
		return 0, false
	}
	unit := int64(100_000)
	for _, c := range []byte(rest[1:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		us += int64(c-'0') * unit
		unit /= 10
	}
	return us, true
}
