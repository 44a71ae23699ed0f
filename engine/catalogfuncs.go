package engine

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// catalogFuncs answers functions that look into the catalog, from the snapshot of
// the moment.
type catalogFuncs struct{ s *Session }

func (f catalogFuncs) snapshot() *catalog.Snapshot {
	snap, err := f.s.snapshot(context.Background())
	if err != nil {
		return nil
	}
	return snap
}

// searchPath is where unqualified names are looked up: pg_catalog first unless named.
func (s *Session) searchPath() []string {
	path := s.set.derive(s.opts.User).path
	if temp := s.temp.schema(); temp != "" && !slices.Contains(path, "pg_temp") && !slices.Contains(path, temp) {
		path = append([]string{temp}, path...)
		if slices.Contains(path, "pg_catalog") {
			return path
		}
		return slices.Insert(path, 1, "pg_catalog")
	}
	if slices.Contains(path, "pg_catalog") {
		return path
	}
	return append([]string{"pg_catalog"}, path...)
}

// ObjectName is the text form of a reg* value.
func (s *Session) ObjectName(kind, oid sql.OID) string {
	if n, ok := (catalogFuncs{s}).NameOf(kind, oid); ok {
		return n
	}
	if oid == 0 && kind != sql.OIDRegoper {
		return "-"
	}
	return strconv.FormatUint(uint64(oid), 10)
}

// NameOf implements expr.CatalogFuncs.
func (f catalogFuncs) NameOf(kind, oid sql.OID) (string, bool) {
	snap := f.snapshot()
	if snap == nil || oid == 0 {
		return "", false
	}
	switch kind {
	case sql.OIDRegclass:
		t := snap.TableByOID(oid)
		if t == nil {
			return "", false
		}
		if f.visible(snap, t) {
			return quoteIdent(t.Name), true
		}
		return quoteIdent(t.Database) + "." + quoteIdent(t.Name), true
	case sql.OIDRegnamespace:
		if d := snap.DatabaseByOID(oid); d != nil {
			return quoteIdent(d.Name), true
		}
	case sql.OIDRegrole:
		if r := snap.RoleByOID(oid); r != nil {
			return quoteIdent(r.Name), true
		}
	case sql.OIDRegtype:
		if sql.LookupType(oid) != nil {
			return sql.TypeName(oid), true
		}
	case sql.OIDRegcollation:
		switch oid {
		case 100:
			return `"default"`, true
		case 950:
			return `"C"`, true
		}
	case sql.OIDRegproc, sql.OIDRegprocedure, sql.OIDRegoper:
		return f.funcName(kind, oid)
	}
	return "", false
}

func (f catalogFuncs) funcName(kind, oid sql.OID) (string, bool) {
	name, types, ok := f.s.eng.cfg.System.ProcName(oid)
	if !ok {
		return "", false
	}
	if kind != sql.OIDRegprocedure {
		return name, true
	}
	args := make([]string, len(types))
	for i, a := range types {
		args[i] = sql.FormatType(a, -1)
	}
	return quoteIdent(name) + "(" + strings.Join(args, ",") + ")", true
}

// visible reports whether the unqualified name finds the table.
func (f catalogFuncs) visible(snap *catalog.Snapshot, t *model.Table) bool {
	for _, p := range f.s.searchPath() {
		if found := snap.Table(p, t.Name); found != nil {
			return found == t
		}
	}
	return false
}

// Lookup implements expr.CatalogFuncs.
func (f catalogFuncs) Lookup(kind sql.OID, name string) (sql.OID, error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return sql.OID(n), nil
	}
	if name == "-" {
		return 0, nil
	}
	snap := f.snapshot()
	if snap == nil {
		return 0, sql.Errorf(sql.CodeIOError, "the catalog cannot be read")
	}
	if kind == sql.OIDRegtype {
		t, err := sql.ParseTypeName(name)
		return t.OID, err
	}
	parts, err := splitName(name)
	if err != nil {
		return 0, err
	}
	last := parts[len(parts)-1]
	schema := ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	switch kind {
	case sql.OIDRegclass:
		if schema != "" {
			if t := snap.Table(schema, last); t != nil {
				return t.OID, nil
			}
			if snap.Database(schema) == nil {
				return 0, sql.Errorf(sql.CodeInvalidSchemaName, "schema \"%s\" does not exist", schema)
			}
			return 0, sql.Errorf(sql.CodeUndefinedTable, "relation \"%s\" does not exist", strings.Join(parts, "."))
		}
		for _, p := range f.s.searchPath() {
			if t := snap.Table(p, last); t != nil {
				return t.OID, nil
			}
		}
		return 0, sql.Errorf(sql.CodeUndefinedTable, "relation \"%s\" does not exist", last)
	case sql.OIDRegnamespace:
		if d := snap.Database(last); d != nil {
			return d.OID, nil
		}
		return 0, sql.Errorf(sql.CodeInvalidSchemaName, "schema \"%s\" does not exist", last)
	case sql.OIDRegrole:
		if r := snap.Role(last); r != nil {
			return r.OID, nil
		}
		return 0, sql.Errorf(sql.CodeUndefinedObject, "role \"%s\" does not exist", last)
	case sql.OIDRegcollation:
		switch last {
		case "default":
			return 100, nil
		case "C":
			return 950, nil
		}
		return 0, sql.Errorf(sql.CodeUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", last)
	case sql.OIDRegprocedure:
		return f.procedure(name)
	case sql.OIDRegproc:
		found := f.s.eng.cfg.System.ProcsNamed(last)
		switch len(found) {
		case 0:
			return 0, sql.Errorf(sql.CodeUndefinedFunction, "function \"%s\" does not exist", name)
		case 1:
			return found[0], nil
		}
		return 0, sql.Errorf(sql.CodeAmbiguousFunction, "more than one function named \"%s\"", name)
	}
	return 0, sql.Errorf(sql.CodeFeatureNotSupported, "text cannot be read as %s", sql.FormatType(kind, -1))
}

// procedure finds a function by its name and the types of its arguments.
func (f catalogFuncs) procedure(text string) (sql.OID, error) {
	name, list, ok := strings.Cut(text, "(")
	if !ok {
		return 0, sql.Errorf(sql.CodeInvalidTextRepresentation, "expected a left parenthesis")
	}
	if list, ok = strings.CutSuffix(strings.TrimSpace(list), ")"); !ok {
		return 0, sql.Errorf(sql.CodeInvalidTextRepresentation, "expected a right parenthesis")
	}
	parts, err := splitName(strings.TrimSpace(name))
	if err != nil {
		return 0, err
	}
	var args []sql.OID
	if list = strings.TrimSpace(list); list != "" {
		for _, a := range strings.Split(list, ",") {
			t, err := sql.ParseTypeName(strings.TrimSpace(a))
			if err != nil {
				return 0, err
			}
			args = append(args, t.OID)
		}
	}
	for _, oid := range f.s.eng.cfg.System.ProcsNamed(parts[len(parts)-1]) {
		if _, have, _ := f.s.eng.cfg.System.ProcName(oid); slices.Equal(have, args) {
			return oid, nil
		}
	}
	return 0, sql.Errorf(sql.CodeUndefinedFunction, "function \"%s\" does not exist", text)
}

// splitName splits a dotted name, folding what is not quoted.
func splitName(s string) ([]string, error) {
	var parts []string
	for i := 0; ; {
		var b strings.Builder
		if i < len(s) && s[i] == '"' {
			for i++; ; i++ {
				if i >= len(s) {
					return nil, sql.Errorf(sql.CodeInvalidName, "invalid name syntax")
				}
				if s[i] == '"' {
					if i+1 >= len(s) || s[i+1] != '"' {
						i++
						break
					}
					i++
				}
				b.WriteByte(s[i])
			}
		} else {
			j := i
			for j < len(s) && s[j] != '.' {
				j++
			}
			b.WriteString(strings.ToLower(strings.TrimSpace(s[i:j])))
			i = j
		}
		if b.Len() == 0 {
			return nil, sql.Errorf(sql.CodeInvalidName, "invalid name syntax")
		}
		parts = append(parts, b.String())
		if i >= len(s) {
			return parts, nil
		}
		if s[i] != '.' {
			return nil, sql.Errorf(sql.CodeInvalidName, "invalid name syntax")
		}
		i++
	}
}

// Privilege implements expr.CatalogFuncs: everyone may use and read what is there,
// superusers may do all.
func (f catalogFuncs) Privilege(kind string, user, object sql.OID, priv string) (has, ok bool) {
	snap := f.snapshot()
	if snap == nil {
		return false, false
	}
	var role *store.Role
	if user == 0 {
		role = snap.Role(f.s.opts.User)
	} else if role = snap.RoleByOID(user); role == nil {
		return false, false
	}
	switch kind {
	case "table", "column", "any_column", "sequence":
		ok = snap.TableByOID(object) != nil
	case "schema":
		ok = snap.DatabaseByOID(object) != nil
	default:
		ok = true
	}
	if !ok {
		return false, false
	}
	if role != nil && role.Superuser {
		return true, true
	}
	for _, p := range strings.Split(strings.ToLower(priv), ",") {
		switch strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(p), " with grant option")) {
		case "select", "usage", "connect", "execute", "temp", "temporary":
			return true, true
		}
	}
	return false, true
}

var _ expr.CatalogFuncs = catalogFuncs{}
