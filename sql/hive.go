package sql

import (
	"strconv"
	"strings"
)

// HiveKind is the kind of a Hive (Glue, Athena) type.
type HiveKind uint8

// Hive's kinds of type.
const (
	HiveBoolean HiveKind = iota
	HiveTinyint
	HiveSmallint
	HiveInt
	HiveBigint
	HiveFloat
	HiveDouble
	HiveString
	HiveBinary
	HiveDate
	HiveTimestamp
	HiveTimestampTZ // timestamp with local time zone
	HiveDecimal
	HiveChar
	HiveVarchar
	HiveArray
	HiveMap
	HiveStruct
)

// HiveType is a type as the Glue Data Catalog writes it.
type HiveType struct {
	Kind             HiveKind
	Precision, Scale int // decimal
	Len              int // char, varchar
	Elem             *HiveType
	Key              *HiveType // map; its values are Elem
	Fields           []HiveField
}

// HiveField is a member of a struct.
type HiveField struct {
	Name string
	Type *HiveType
}

// hiveNames are the names of the kinds, the first the one that is written.
var hiveNames = map[HiveKind][]string{
	HiveBoolean: {"boolean"}, HiveTinyint: {"tinyint"}, HiveSmallint: {"smallint"}, HiveInt: {"int", "integer"},
	HiveBigint: {"bigint", "long"}, HiveFloat: {"float", "real"}, HiveDouble: {"double"}, HiveString: {"string"},
	HiveBinary: {"binary"}, HiveDate: {"date"}, HiveTimestamp: {"timestamp"},
	HiveTimestampTZ: {"timestamp with local time zone", "timestamptz"}, HiveDecimal: {"decimal", "numeric"},
	HiveChar: {"char"}, HiveVarchar: {"varchar"}, HiveArray: {"array"}, HiveMap: {"map"}, HiveStruct: {"struct"},
}

var hiveKinds = func() map[string]HiveKind {
	m := map[string]HiveKind{}
	for k, names := range hiveNames {
		for _, n := range names {
			m[n] = k
		}
	}
	return m
}()

// maxHiveDepth and maxHiveText bound what is parsed (Glue takes 131072 characters).
const (
	maxHiveDepth = 200
	maxHiveText  = 131072
)

// ParseHive reads a Hive type, any case; 42704 for an unknown name, 42601 for
// bad syntax, 22023 for a bad length or precision.
func ParseHive(s string) (*HiveType, error) {
	p := hiveParser{s: s}
	if len(s) > maxHiveText {
		return nil, Errorf(CodeProgramLimitExceeded, "type is longer than %d characters", maxHiveText)
	}
	t, err := p.parse(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(s) {
		return nil, p.syntax("end of type")
	}
	return t, nil
}

type hiveParser struct {
	s   string
	pos int
}

func (p *hiveParser) syntax(want string) *Error {
	s := p.s
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return Errorf(CodeSyntaxError, "invalid column type \"%s\"", s).WithDetail("Expected %s at character %d.", want, p.pos+1)
}

func (p *hiveParser) space() {
	for p.pos < len(p.s) && isSpace(p.s[p.pos]) {
		p.pos++
	}
}

func (p *hiveParser) expect(c byte) error {
	p.space()
	if p.pos >= len(p.s) || p.s[p.pos] != c {
		return p.syntax("\"" + string(c) + "\"")
	}
	p.pos++
	return nil
}

func (p *hiveParser) accept(c byte) bool {
	p.space()
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// word reads letters, digits and blanks between words, lowered.
func (p *hiveParser) word() string {
	p.space()
	start := p.pos
	for p.pos < len(p.s) && (isAlpha(p.s[p.pos]) || isDigit(p.s[p.pos]) || p.s[p.pos] == '_' || isSpace(p.s[p.pos])) {
		p.pos++
	}
	return strings.Join(strings.Fields(strings.ToLower(p.s[start:p.pos])), " ")
}

func (p *hiveParser) number() (int, error) {
	p.space()
	start := p.pos
	for p.pos < len(p.s) && isDigit(p.s[p.pos]) {
		p.pos++
	}
	n, err := strconv.Atoi(p.s[start:p.pos])
	if err != nil {
		return 0, p.syntax("a number")
	}
	return n, nil
}

func (p *hiveParser) parse(depth int) (*HiveType, error) {
	if depth > maxHiveDepth {
		return nil, Errorf(CodeStatementTooComplex, "column type nests deeper than %d levels", maxHiveDepth)
	}
	at := p.pos
	name := p.word()
	if name == "" {
		return nil, p.syntax("a type")
	}
	kind, ok := hiveKinds[name]
	if !ok {
		return nil, Errorf(CodeUndefinedObject, "type \"%s\" does not exist", name).
			WithDetail("At character %d of the column type.", at+1)
	}
	t := &HiveType{Kind: kind}
	bad := func(format string, args ...any) (*HiveType, error) {
		return nil, Errorf(CodeInvalidParameterValue, format, args...)
	}
	var err error
	switch kind {
	case HiveDecimal:
		t.Precision = 10
		if !p.accept('(') {
			break
		}
		if t.Precision, err = p.number(); err != nil {
			return nil, err
		}
		if p.accept(',') {
			if t.Scale, err = p.number(); err != nil {
				return nil, err
			}
		}
		if err := p.expect(')'); err != nil {
			return nil, err
		}
		if t.Precision < 1 || t.Precision > MaxDecPrecision {
			return bad("decimal precision %d must be between 1 and %d", t.Precision, MaxDecPrecision)
		}
		if t.Scale > t.Precision {
			return bad("decimal scale %d must be between 0 and the precision %d", t.Scale, t.Precision)
		}
	case HiveChar, HiveVarchar:
		if err := p.expect('('); err != nil {
			return nil, err
		}
		if t.Len, err = p.number(); err != nil {
			return nil, err
		}
		if err := p.expect(')'); err != nil {
			return nil, err
		}
		most := 255
		if kind == HiveVarchar {
			most = 65535
		}
		if t.Len < 1 || t.Len > most {
			return bad("length of %s must be between 1 and %d", name, most)
		}
	case HiveArray, HiveMap:
		if err := p.expect('<'); err != nil {
			return nil, err
		}
		if kind == HiveMap {
			if t.Key, err = p.parse(depth + 1); err != nil {
				return nil, err
			}
			if t.Key.Kind >= HiveArray {
				return bad("the key of a map must be of a primitive type")
			}
			if err := p.expect(','); err != nil {
				return nil, err
			}
		}
		if t.Elem, err = p.parse(depth + 1); err != nil {
			return nil, err
		}
		if err := p.expect('>'); err != nil {
			return nil, err
		}
	case HiveStruct:
		if err := p.expect('<'); err != nil {
			return nil, err
		}
		if p.accept('>') {
			break
		}
		for {
			f, err := p.field(depth)
			if err != nil {
				return nil, err
			}
			t.Fields = append(t.Fields, f)
			if p.accept('>') {
				break
			}
			if err := p.expect(','); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// field reads name:type. A name may hold anything but a colon that starts a
// type: of several colons, the first one followed by a type ends the name.
func (p *hiveParser) field(depth int) (HiveField, error) {
	p.space()
	start := p.pos
	if p.pos < len(p.s) && p.s[p.pos] == '`' {
		if end := strings.IndexByte(p.s[p.pos+1:], '`'); end > 0 {
			name := p.s[p.pos+1 : p.pos+1+end]
			p.pos += end + 2
			if err := p.expect(':'); err != nil {
				return HiveField{}, err
			}
			t, err := p.parse(depth + 1)
			return HiveField{name, t}, err
		}
	}
	for i := start; i < len(p.s) && p.s[i] != ',' && p.s[i] != '<' && p.s[i] != '>' && p.s[i] != '('; i++ {
		if p.s[i] != ':' || i == start {
			continue
		}
		p.pos = i + 1
		if _, ok := hiveKinds[p.word()]; !ok && strings.IndexByte(p.s[i+1:], ':') >= 0 && p.pos < len(p.s) && p.s[p.pos] == ':' {
			continue
		}
		p.pos = i + 1
		t, err := p.parse(depth + 1)
		return HiveField{strings.TrimSpace(p.s[start:i]), t}, err
	}
	return HiveField{}, p.syntax("name:type")
}

// String writes the type as Hive does.
func (t *HiveType) String() string { return string(t.append(nil)) }

func (t *HiveType) append(dst []byte) []byte {
	dst = append(dst, hiveNames[t.Kind][0]...)
	switch t.Kind {
	case HiveDecimal:
		dst = AppendInt(append(dst, '('), int64(t.Precision))
		dst = append(AppendInt(append(dst, ','), int64(t.Scale)), ')')
	case HiveChar, HiveVarchar:
		dst = append(AppendInt(append(dst, '('), int64(t.Len)), ')')
	case HiveArray:
		dst = append(t.Elem.append(append(dst, '<')), '>')
	case HiveMap:
		dst = append(t.Key.append(append(dst, '<')), ',')
		dst = append(t.Elem.append(dst), '>')
	case HiveStruct:
		dst = append(dst, '<')
		for i, f := range t.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, f.Name...), ':')
			dst = f.Type.append(dst)
		}
		dst = append(dst, '>')
	}
	return dst
}

// SQL returns the SQL type of a column of type t: decimals are static, an array
// of a primitive is an array, maps, structs and nested arrays are jsonb.
func (t *HiveType) SQL() Type {
	switch t.Kind {
	case HiveBoolean:
		return Bool
	case HiveTinyint, HiveSmallint:
		return Int2
	case HiveInt:
		return Int4
	case HiveBigint:
		return Int8
	case HiveFloat:
		return Float4
	case HiveDouble:
		return Float8
	case HiveBinary:
		return Bytea
	case HiveDate:
		return Date
	case HiveTimestamp:
		return Timestamp
	case HiveTimestampTZ:
		return Timestamptz
	case HiveDecimal:
		return Decimal(t.Precision, t.Scale)
	case HiveChar:
		return Type{OID: OIDBpchar, Mod: int32(t.Len) + 4}
	case HiveVarchar:
		return Type{OID: OIDVarchar, Mod: int32(t.Len) + 4}
	case HiveArray:
		if t.Elem.Kind < HiveArray {
			e := t.Elem.SQL()
			return Type{OID: ArrayOf(e.OID), Mod: e.Mod}
		}
		return JSONB
	case HiveMap, HiveStruct:
		return JSONB
	}
	return Text
}

// HiveOf returns the Hive type to store a column of SQL type t in; ok is false
// where there is none.
func HiveOf(t Type) (h *HiveType, ok bool) {
	prim := func(k HiveKind) (*HiveType, bool) { return &HiveType{Kind: k}, true }
	switch t.OID {
	case OIDBool:
		return prim(HiveBoolean)
	case OIDInt2:
		return prim(HiveSmallint)
	case OIDInt4:
		return prim(HiveInt)
	case OIDInt8, OIDOid:
		return prim(HiveBigint)
	case OIDFloat4:
		return prim(HiveFloat)
	case OIDFloat8:
		return prim(HiveDouble)
	case OIDBytea:
		return prim(HiveBinary)
	case OIDDate:
		return prim(HiveDate)
	case OIDTimestamp:
		return prim(HiveTimestamp)
	case OIDTimestamptz:
		return prim(HiveTimestampTZ)
	case OIDNumeric:
		d := t.Dec
		if p, s, ok := NumericPS(t.Mod); ok && !d.Static() && p <= MaxDecPrecision && s >= 0 && s <= p {
			d = Dec{uint8(p), uint8(s)}
		}
		if !d.Static() {
			return nil, false
		}
		return &HiveType{Kind: HiveDecimal, Precision: int(d.P), Scale: int(d.S)}, true
	case OIDBpchar, OIDVarchar:
		if n := int(t.Mod) - 4; t.Mod >= 4 {
			if t.OID == OIDBpchar && n <= 255 {
				return &HiveType{Kind: HiveChar, Len: n}, true
			}
			if n <= 65535 {
				return &HiveType{Kind: HiveVarchar, Len: n}, true
			}
		}
		return prim(HiveString)
	case OIDText, OIDName, OIDJSON, OIDJSONB, OIDUUID, OIDChar, OIDUnknown, OIDTime, OIDTimetz, OIDInterval:
		return prim(HiveString)
	}
	if t.IsArray() {
		e, ok := HiveOf(Type{OID: ElemOf(t.OID), Mod: t.Mod})
		if !ok {
			return nil, false
		}
		return &HiveType{Kind: HiveArray, Elem: e}, true
	}
	return nil, false
}
