package sql

import (
	"fmt"
	"strconv"
	"strings"
)

// sqlNames are the types that format_type shows by SQL's own names.
var sqlNames = map[OID]string{
	OIDBool: "boolean", OIDInt2: "smallint", OIDInt4: "integer", OIDInt8: "bigint",
	OIDFloat4: "real", OIDFloat8: "double precision", OIDNumeric: "numeric",
	OIDVarchar: "character varying", OIDInterval: "interval", OIDTime: "time without time zone",
	OIDTimetz: "time with time zone", OIDTimestamp: "timestamp without time zone",
	OIDTimestamptz: "timestamp with time zone", OIDChar: `"char"`, 1560: "bit", 1562: "bit varying",
	OIDAny: `"any"`,
}

// TypeName names a built-in type as format_type(oid, NULL) does, and as
// messages and regtype do: as FormatType, but char(n) is "character" and bit(n)
// "bit".
func TypeName(oid OID) string {
	switch oid {
	case OIDBpchar:
		return "character"
	case 1560:
		return "bit"
	case 1014, 1561:
		return TypeName(LookupType(oid).Elem) + "[]"
	}
	return FormatType(oid, -1)
}

// FormatType names a built-in type as format_type(oid, mod) does; mod is -1 for
// none. Unknown OIDs give "???" and 0 gives "-".
func FormatType(oid OID, mod int32) string {
	if oid == 0 {
		return "-"
	}
	t := LookupType(oid)
	if t == nil {
		return "???"
	}
	if t.Subscript == "array_subscript_handler" && t.Storage != 'p' { // int2vector and oidvector keep their names
		return FormatType(t.Elem, mod) + "[]"
	}
	switch oid {
	case OIDBpchar:
		if mod < 0 {
			return "bpchar" // "character" alone would mean character(1)
		}
		return "character(" + strconv.Itoa(int(mod-4)) + ")"
	case OIDVarchar:
		if mod > 4 {
			return "character varying(" + strconv.Itoa(int(mod-4)) + ")"
		}
	case OIDNumeric:
		if p, s, ok := NumericPS(mod); ok {
			return fmt.Sprintf("numeric(%d,%d)", p, s)
		}
	case OIDTime, OIDTimetz, OIDTimestamp, OIDTimestamptz:
		name := sqlNames[oid]
		if mod >= 0 {
			head, tail, _ := strings.Cut(name, " ")
			return fmt.Sprintf("%s(%d) %s", head, mod, tail)
		}
		return name
	case OIDInterval:
		if mod >= 0 {
			return "interval" + formatIntervalMod(mod)
		}
	case 1560:
		if mod < 0 {
			return `"bit"`
		}
		return "bit(" + strconv.Itoa(int(mod)) + ")"
	case 1562:
		if mod >= 0 {
			return "bit varying(" + strconv.Itoa(int(mod)) + ")"
		}
	}
	if n, ok := sqlNames[oid]; ok {
		return n
	}
	return t.Name
}

// Interval field masks, as an interval's typmod has them in its upper half.
const (
	ivYear   = 1 << 2
	ivMonth  = 1 << 1
	ivDay    = 1 << 3
	ivHour   = 1 << 10
	ivMinute = 1 << 11
	ivSecond = 1 << 12
	ivFull   = 0x7fff
)

var intervalFields = []struct {
	mask int32
	name string
}{
	{ivYear, "year"}, {ivMonth, "month"}, {ivDay, "day"}, {ivHour, "hour"}, {ivMinute, "minute"}, {ivSecond, "second"},
	{ivYear | ivMonth, "year to month"}, {ivDay | ivHour, "day to hour"}, {ivDay | ivHour | ivMinute, "day to minute"},
	{ivDay | ivHour | ivMinute | ivSecond, "day to second"}, {ivHour | ivMinute, "hour to minute"},
	{ivHour | ivMinute | ivSecond, "hour to second"}, {ivMinute | ivSecond, "minute to second"},
}

func formatIntervalMod(mod int32) string {
	fields, prec := mod>>16&0x7fff, mod&0xffff
	s := ""
	for _, f := range intervalFields {
		if f.mask == fields {
			s = " " + f.name
		}
	}
	if prec != 0xffff {
		s += fmt.Sprintf("(%d)", prec)
	}
	return s
}

// typeAliases are the spellings of types beyond pg_type's names.
var typeAliases = map[string]OID{
	"boolean": OIDBool, "smallint": OIDInt2, "integer": OIDInt4, "int": OIDInt4, "bigint": OIDInt8,
	"real": OIDFloat4, "float": OIDFloat8, "double precision": OIDFloat8, "decimal": OIDNumeric, "dec": OIDNumeric,
	"character varying": OIDVarchar, "char varying": OIDVarchar, "national character varying": OIDVarchar,
	"national char varying": OIDVarchar, "nchar varying": OIDVarchar,
	"character": OIDBpchar, "char": OIDBpchar, "nchar": OIDBpchar, "national character": OIDBpchar, "national char": OIDBpchar,
	"time without time zone": OIDTime, "time with time zone": OIDTimetz,
	"timestamp without time zone": OIDTimestamp, "timestamp with time zone": OIDTimestamptz,
	"bit varying": 1562,
}

// ParseTypeName reads a type's name as SQL writes it: aliases, modifiers, array
// suffixes, a pg_catalog qualifier, quoted pg_type names. 42704 for an unknown
// type, 42601 for bad syntax, 22023 for a bad modifier.
func ParseTypeName(s string) (Type, error) {
	p := typeNameParser{s: s}
	p.next()
	t, err := p.parse()
	if err != nil {
		return Type{}, err
	}
	if p.tok != "" {
		return Type{}, p.syntax()
	}
	return t, nil
}

type typeNameParser struct {
	s      string
	pos    int
	tok    string
	quoted bool
}

func (p *typeNameParser) syntax() *Error {
	return Errorf(CodeSyntaxError, "invalid type name \"%s\"", p.s)
}

// next reads a word (folded to lower case), a number, or a single character.
func (p *typeNameParser) next() {
	p.quoted = false
	for p.pos < len(p.s) && isSpace(p.s[p.pos]) {
		p.pos++
	}
	if p.pos >= len(p.s) {
		p.tok = ""
		return
	}
	start := p.pos
	c := p.s[p.pos]
	if c == '"' {
		var b strings.Builder
		for p.pos++; p.pos < len(p.s); p.pos++ {
			if p.s[p.pos] == '"' {
				if p.pos+1 < len(p.s) && p.s[p.pos+1] == '"' {
					p.pos++
				} else {
					p.pos++
					break
				}
			}
			b.WriteByte(p.s[p.pos])
		}
		p.tok, p.quoted = b.String(), true
		return
	}
	isWord := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
	}
	for p.pos < len(p.s) && isWord(p.s[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		p.pos++
	}
	p.tok = strings.ToLower(p.s[start:p.pos])
}

func (p *typeNameParser) accept(tok string) bool {
	if p.quoted || p.tok != tok {
		return false
	}
	p.next()
	return true
}

func (p *typeNameParser) parse() (Type, error) {
	if p.tok == "" && !p.quoted {
		return Type{}, p.syntax()
	}
	name, quoted := p.tok, p.quoted
	p.next()
	if p.tok == "." && (name == "pg_catalog") {
		p.next()
		name, quoted = p.tok, true // a qualified name is a pg_type name
		p.next()
	}
	var mods []int
	var err error
	if !quoted {
		switch name {
		case "double":
			if !p.accept("precision") {
				return Type{}, p.syntax()
			}
			name = "double precision"
		case "national":
			name += " " + p.tok
			p.next()
			fallthrough
		case "character", "char", "nchar", "bit":
			if p.accept("varying") {
				name += " varying"
			}
		case "time", "timestamp":
			if mods, err = p.mods(); err != nil {
				return Type{}, err
			}
			if p.tok == "with" || p.tok == "without" {
				name += " " + p.tok + " time zone"
				p.next()
				if !p.accept("time") || !p.accept("zone") {
					return Type{}, p.syntax()
				}
			}
		}
	}
	oid := OID(0)
	if !quoted {
		oid = typeAliases[name]
	}
	if oid == 0 {
		if ti := LookupTypeName(name); ti != nil {
			oid = ti.OID
		} else {
			return Type{}, Errorf(CodeUndefinedObject, "type \"%s\" does not exist", name)
		}
	}
	t := T(oid)
	if oid == OIDInterval && !quoted {
		t.Mod, err = p.intervalMod()
		if err != nil {
			return Type{}, err
		}
	} else {
		if mods == nil {
			if mods, err = p.mods(); err != nil {
				return Type{}, err
			}
		}
		if name == "float" && len(mods) == 1 {
			switch n := mods[0]; {
			case n < 1:
				return Type{}, Errorf(CodeInvalidParameterValue, "precision for type float must be at least 1 bit")
			case n > 53:
				return Type{}, Errorf(CodeInvalidParameterValue, "precision for type float must be less than 54 bits")
			case n < 25:
				t = Float4
			}
			mods = nil
		}
		if t.Mod, err = ModIn(t.OID, mods); err != nil {
			return Type{}, err
		}
		if mods == nil && oid == OIDBpchar && !quoted && name != "bpchar" {
			t.Mod = 5 // character is character(1)
		}
		if mods == nil && oid == 1560 && !quoted {
			t.Mod = 1
		}
	}
	array := false
	for {
		if p.accept("array") {
			array = true
			continue
		}
		if !p.accept("[") {
			break
		}
		array = true
		if p.tok != "]" {
			if _, err := strconv.ParseUint(p.tok, 10, 31); err != nil {
				return Type{}, p.syntax()
			}
			p.next()
		}
		if !p.accept("]") {
			return Type{}, p.syntax()
		}
	}
	if array {
		a := LookupType(t.OID).Array
		if a == 0 {
			if t.IsArray() {
				a = t.OID
			} else {
				return Type{}, Errorf(CodeUndefinedObject, "type \"%s[]\" does not exist", name)
			}
		}
		t.OID = a
	}
	return t, nil
}

// mods reads an optional parenthesised list of integers.
func (p *typeNameParser) mods() ([]int, error) {
	if !p.accept("(") {
		return nil, nil
	}
	mods := []int{}
	for {
		sign := 1
		if p.accept("-") {
			sign = -1
		}
		n, err := strconv.ParseInt(p.tok, 10, 32)
		if err != nil {
			return nil, p.syntax()
		}
		mods = append(mods, sign*int(n))
		p.next()
		if p.accept(")") {
			return mods, nil
		}
		if !p.accept(",") {
			return nil, p.syntax()
		}
	}
}

// intervalMod reads an interval's fields and precision.
func (p *typeNameParser) intervalMod() (int32, error) {
	field := func() string {
		switch p.tok {
		case "year", "month", "day", "hour", "minute", "second":
			f := p.tok
			p.next()
			return f
		}
		return ""
	}
	prec := int32(0xffff)
	fields := int32(ivFull)
	name := field()
	if name != "" {
		if p.accept("to") {
			name += " to " + field()
		}
		fields = 0
		for _, f := range intervalFields {
			if f.name == name {
				fields = f.mask
			}
		}
		if fields == 0 {
			return 0, p.syntax()
		}
	}
	mods, err := p.mods()
	if err != nil {
		return 0, err
	}
	if mods == nil && name == "" {
		return -1, nil
	}
	if mods != nil {
		if len(mods) != 1 || name != "" && fields&ivSecond == 0 {
			return 0, p.syntax()
		}
		if mods[0] < 0 {
			return 0, Errorf(CodeInvalidParameterValue, "INTERVAL(%d) precision must not be negative", mods[0])
		}
		prec = int32(min(mods[0], 6))
	}
	return fields<<16 | prec, nil
}

// ModIn makes a typmod of the modifiers written after a type's name (nil: none,
// -1); 22023 for values out of range, 42601 for a type that takes none.
func ModIn(oid OID, mods []int) (int32, error) {
	if len(mods) == 0 {
		return -1, nil
	}
	bad := func(format string, args ...any) (int32, error) {
		return -1, Errorf(CodeInvalidParameterValue, format, args...)
	}
	switch oid {
	case OIDNumeric:
		if len(mods) > 2 {
			return bad("invalid NUMERIC type modifier")
		}
		p, s := mods[0], 0
		if len(mods) == 2 {
			s = mods[1]
		}
		if p < 1 || p > 1000 {
			return bad("NUMERIC precision %d must be between 1 and 1000", p)
		}
		if s < -1000 || s > 1000 {
			return bad("NUMERIC scale %d must be between -1000 and 1000", s)
		}
		return NumericMod(p, s), nil
	case OIDVarchar, OIDBpchar:
		name := "varchar"
		if oid == OIDBpchar {
			name = "char"
		}
		switch n := mods[0]; {
		case len(mods) != 1:
			return bad("invalid type modifier")
		case n < 1:
			return bad("length for type %s must be at least 1", name)
		case n > 10485760:
			return bad("length for type %s cannot exceed 10485760", name)
		default:
			return int32(n) + 4, nil
		}
	case 1560, 1562:
		if len(mods) != 1 || mods[0] < 1 || mods[0] > 83886080 {
			return bad("length for type %s must be at least 1", LookupType(oid).Name)
		}
		return int32(mods[0]), nil
	case OIDTime, OIDTimetz, OIDTimestamp, OIDTimestamptz:
		if len(mods) != 1 {
			return bad("invalid type modifier")
		}
		if mods[0] < 0 {
			up := "TIME"
			if oid == OIDTimestamp || oid == OIDTimestamptz {
				up = "TIMESTAMP"
			}
			with := ""
			if oid == OIDTimetz || oid == OIDTimestamptz {
				with = " WITH TIME ZONE"
			}
			return bad("%s(%d)%s precision must not be negative", up, mods[0], with)
		}
		return int32(min(mods[0], 6)), nil
	}
	return -1, Errorf(CodeSyntaxError, "type modifier is not allowed for type \"%s\"", FormatType(oid, -1))
}
