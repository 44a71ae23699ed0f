package sql

// TypeInfo is a row of pg_type for a built-in type. A function name of "-" is none.
type TypeInfo struct {
	OID       OID
	Name      string
	Len       int16 // -1 variable, -2 null-terminated
	ByVal     bool
	Kind      byte // typtype: b base, p pseudo, r range, m multirange
	Category  byte
	Preferred bool
	Delim     byte
	Elem      OID
	Array     OID
	In        string
	Out       string
	Receive   string
	Send      string
	ModIn     string
	ModOut    string
	Align     byte // c, s, i, d
	Storage   byte // p, e, m, x
	Collation OID  // 100 default, 950 C; 0 not collatable
	Subscript string
}

// typeInfos holds base types, then the array types over them.
var typeInfos = func() []TypeInfo {
	all := make([]TypeInfo, 0, 2*len(baseTypes))
	for _, t := range baseTypes {
		fillFuncs(&t)
		all = append(all, t)
	}
	for _, t := range all[:len(baseTypes):len(baseTypes)] {
		if t.Array == 0 || t.Array == t.OID || t.Name == "record" {
			continue
		}
		a := TypeInfo{OID: t.Array, Name: "_" + t.Name, Len: -1, Kind: 'b', Category: 'A', Delim: t.Delim,
			Elem: t.OID, In: "array_in", Out: "array_out", Receive: "array_recv", Send: "array_send",
			ModIn: t.ModIn, ModOut: t.ModOut, Align: 'i', Storage: 'x', Collation: t.Collation,
			Subscript: "array_subscript_handler"}
		if t.Align == 'd' {
			a.Align = 'd'
		}
		all = append(all, a)
	}
	return all
}()

// fillFuncs sets what the table leaves out: the regular values.
func fillFuncs(t *TypeInfo) {
	set := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	set(&t.In, t.Name+"in")
	set(&t.Out, t.Name+"out")
	set(&t.Receive, t.Name+"recv")
	set(&t.Send, t.Name+"send")
	set(&t.ModIn, "-")
	set(&t.ModOut, "-")
	set(&t.Subscript, "-")
	for _, b := range []struct {
		p *byte
		v byte
	}{{&t.Kind, 'b'}, {&t.Delim, ','}, {&t.Storage, 'p'}} {
		if *b.p == 0 {
			*b.p = b.v
		}
	}
}

var typeByOID, typeByName = func() (map[OID]*TypeInfo, map[string]*TypeInfo) {
	byOID := make(map[OID]*TypeInfo, len(typeInfos))
	byName := make(map[string]*TypeInfo, len(typeInfos))
	for i := range typeInfos {
		t := &typeInfos[i]
		byOID[t.OID] = t
		byName[t.Name] = t
	}
	return byOID, byName
}()

// Types returns the built-in types, base types first. The slice is shared: read only.
func Types() []TypeInfo { return typeInfos }

// LookupType returns the built-in type with the OID, nil if there is none. Read only.
func LookupType(oid OID) *TypeInfo { return typeByOID[oid] }

// LookupTypeName returns the built-in type with the pg_type name (int4, _text,
// ...), nil if there is none. Read only. SQL spellings are ParseTypeName's matter.
func LookupTypeName(name string) *TypeInfo { return typeByName[name] }
