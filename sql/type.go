package sql

// Type is a bound type: what clients see (OID, Mod) and, for numeric, how
// values are stored (Dec). It is comparable; == is identity of all three.
type Type struct {
	OID OID
	Mod int32 // PostgreSQL's typmod, -1 when there is none
	Dec Dec   // numeric only: the static decimal form; zero is the general form
}

// Dec is a static decimal form: values are integers scaled by 10^S that have at
// most P digits, 1 <= P <= 38. The zero Dec is the general (dynamic) form, in
// which each value carries its own scale.
type Dec struct{ P, S uint8 }

// Static reports whether d is a static form.
func (d Dec) Static() bool { return d.P != 0 }

// MaxDecPrecision is the most digits a static decimal, or the coefficient of a
// general numeric, can have.
const MaxDecPrecision = 38

// T returns the type with the OID and no modifier; numeric is in general form.
func T(oid OID) Type { return Type{OID: oid, Mod: -1} }

// Decimal returns numeric stored as a static decimal; the typmod is p,s too.
func Decimal(p, s int) Type {
	return Type{OID: OIDNumeric, Mod: NumericMod(p, s), Dec: Dec{uint8(p), uint8(s)}}
}

// DecimalNoMod returns numeric stored as a static decimal without a typmod, as
// the results of arithmetic have.
func DecimalNoMod(p, s int) Type {
	return Type{OID: OIDNumeric, Mod: -1, Dec: Dec{uint8(p), uint8(s)}}
}

// NumericMod packs precision and scale as PostgreSQL does.
func NumericMod(p, s int) int32 { return int32(p)<<16 | int32(s)&0x7ff + 4 }

// NumericPS unpacks a numeric typmod; ok is false when mod is -1.
func NumericPS(mod int32) (p, s int, ok bool) {
	if mod < 4 {
		return 0, 0, false
	}
	m := mod - 4
	s = int(m & 0x7ff)
	if s >= 1024 { // sign-extend: PostgreSQL 15 takes negative scales
		s -= 2048
	}
	return int(m>>16) & 0xffff, s, true
}

// Types without modifiers, for brevity.
var (
	Bool        = T(OIDBool)
	Bytea       = T(OIDBytea)
	Char        = T(OIDChar)
	Name        = T(OIDName)
	Int2        = T(OIDInt2)
	Int4        = T(OIDInt4)
	Int8        = T(OIDInt8)
	Float4      = T(OIDFloat4)
	Float8      = T(OIDFloat8)
	Numeric     = T(OIDNumeric)
	Text        = T(OIDText)
	Varchar     = T(OIDVarchar)
	Bpchar      = T(OIDBpchar)
	Oid         = T(OIDOid)
	Date        = T(OIDDate)
	Time        = T(OIDTime)
	Timetz      = T(OIDTimetz)
	Timestamp   = T(OIDTimestamp)
	Timestamptz = T(OIDTimestamptz)
	Interval    = T(OIDInterval)
	UUID        = T(OIDUUID)
	JSON        = T(OIDJSON)
	JSONB       = T(OIDJSONB)
	Unknown     = T(OIDUnknown)
	Void        = T(OIDVoid)
	Record      = T(OIDRecord)
)

// Array returns the array type over elem's OID.
func Array(elem OID) Type { return T(ArrayOf(elem)) }

// IsArray reports whether t is an array, int2vector or oidvector.
func (t Type) IsArray() bool { return elemOf[t.OID] != 0 }

// Elem returns the element type of an array type: no modifier, general numeric.
func (t Type) Elem() Type { return T(elemOf[t.OID]) }

// IsString reports whether values are character strings (collatable).
func (t Type) IsString() bool {
	switch t.OID {
	case OIDText, OIDVarchar, OIDBpchar, OIDName, OIDUnknown, OIDCstring, OIDPgNodeTree:
		return true
	}
	return false
}

// IsInteger reports whether t is smallint, integer or bigint.
func (t Type) IsInteger() bool { return t.OID == OIDInt2 || t.OID == OIDInt4 || t.OID == OIDInt8 }
