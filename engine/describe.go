package engine

import (
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// Describe implements expr.CatalogFuncs: what definition functions answer, by the
// names that package expr gives the questions.
func (f catalogFuncs) Describe(what string, oid sql.OID, sub int32) (string, bool) {
	snap := f.snapshot()
	if snap == nil {
		return "", false
	}
	what, arg, _ := strings.Cut(what, ":")
	switch what {
	case "viewdef":
		if t := snap.TableByOID(oid); t != nil && t.Kind == model.KindView {
			return " " + strings.TrimSuffix(strings.TrimSpace(t.ViewSQL), ";") + ";", true
		}
	case "description":
		return description(snap, arg, oid, sub)
	case "database_oid":
		if f.s.eng.DatabaseExists(arg) {
			return "1", true
		}
	case "language_oid":
		oid, ok := map[string]string{"internal": "12", "c": "13", "sql": "14"}[arg]
		return oid, ok
	case "tablespace_oid":
		oid, ok := map[string]string{"pg_default": "1663", "pg_global": "1664"}[arg]
		return oid, ok
	case "table_is_visible":
		if t := snap.TableByOID(oid); t != nil {
			return strconv.FormatBool(f.visible(snap, t)), true
		}
	case "type_is_visible":
		if sql.LookupType(oid) != nil {
			return "true", true
		}
		if t := snap.TableByOID(oid); t != nil { // a row type has its table's name
			return strconv.FormatBool(f.visible(snap, t)), true
		}
	case "function_is_visible", "operator_is_visible", "collation_is_visible", "opclass_is_visible", "opfamily_is_visible", "conversion_is_visible":
		return "true", oid != 0 && oid < sql.FirstUserOID
	case "function_arguments", "function_identity_arguments":
		return f.arguments(oid)
	case "function_result":
		if fn := f.s.eng.cfg.Registry.ByOID(oid); fn != nil {
			return sql.FormatType(fn.Ret, -1), true
		}
		if a := f.s.eng.cfg.Registry.AggByOID(oid); a != nil {
			return sql.FormatType(a.Ret, -1), true
		}
	case "relation_size":
		if t := snap.TableByOID(oid); t != nil {
			if t.Stats != nil {
				return strconv.FormatInt(t.Stats.Bytes, 10), true
			}
			return "0", true
		}
	case "indexes_size", "database_size":
		return "0", true
	}
	return "", false
}

// description is a comment on an object of the catalog class.
func description(snap *catalog.Snapshot, class string, oid sql.OID, sub int32) (string, bool) {
	var text string
	switch t := snap.TableByOID(oid); {
	case t != nil && sub > 0:
		if cols := t.AllColumns(); int(sub) <= len(cols) {
			text = cols[sub-1].Comment
		}
	case t != nil && (class == "" || class == "pg_class"):
		text = t.Comment
	case t == nil && (class == "" || class == "pg_namespace"):
		if d := snap.DatabaseByOID(oid); d != nil {
			text = d.Description
		}
	}
	return text, text != ""
}

// arguments are a function's argument types as pg_get_function_arguments prints them.
func (f catalogFuncs) arguments(oid sql.OID) (string, bool) {
	reg := f.s.eng.cfg.Registry
	var args []sql.OID
	variadic := false
	if fn := reg.ByOID(oid); fn != nil {
		args, variadic = fn.Args, fn.Variadic
	} else if a := reg.AggByOID(oid); a != nil {
		args, variadic = a.Args, a.Variadic
	} else if w := reg.WindowByOID(oid); w != nil {
		args = w.Args
	} else {
		return "", false
	}
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = sql.FormatType(a, -1)
		if variadic && i == len(args)-1 {
			out[i] = "VARIADIC " + out[i]
		}
	}
	return strings.Join(out, ", "), true
}
