package system

import (
	"slices"

	"github.com/sluicedb/sluice/sql"
)

func contains(oids []sql.OID, o sql.OID) bool {
	_, ok := slices.BinarySearch(oids, o)
	return ok
}

func pgType(w *writer) error {
	oids, byOID := w.wantOID("oid")
	names, byName := w.wantText("typname")
	proc := func(name string) sql.OID { return w.Set.procName[name] }
	for _, t := range sql.Types() {
		if byOID && !contains(oids, t.OID) || byName && !slices.Contains(names, t.Name) {
			continue
		}
		err := w.put("oid", t.OID, "typname", t.Name, "typnamespace", oidPgCatalog, "typowner", 10, "typlen", t.Len,
			"typbyval", t.ByVal, "typtype", t.Kind, "typcategory", t.Category, "typispreferred", t.Preferred,
			"typisdefined", true, "typdelim", t.Delim, "typelem", t.Elem, "typarray", t.Array,
			"typinput", proc(t.In), "typoutput", proc(t.Out), "typreceive", proc(t.Receive), "typsend", proc(t.Send),
			"typmodin", proc(t.ModIn), "typmodout", proc(t.ModOut), "typsubscript", proc(t.Subscript),
			"typalign", t.Align, "typstorage", t.Storage, "typtypmod", -1, "typcollation", t.Collation)
		if err != nil {
			return err
		}
	}
	return nil
}
