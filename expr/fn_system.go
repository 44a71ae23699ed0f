package expr

import (
	"slices"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// serverVersion is what version() says; clients look for the number.
const serverVersion = "PostgreSQL 15.0 (Sluice)"

// defineSystem defines information functions; what needs the catalog goes through
// Env.Catalog and Env.Settings.
// schemaExists reports whether a name of the search path is a schema's; the user's
// own, which the path begins with, seldom is.
func schemaExists(e *Env, name string) bool {
	if e.Catalog == nil {
		return true
	}
	_, err := e.Catalog.Lookup(sql.OIDRegnamespace, QuoteIdent(name))
	return err == nil
}

func defineSystem(d *defs) {
	text := func(sig string, f func(e *Env) string) {
		d.fn(sig, each(func(r *Row) error { return r.SetStr(f(r.Env())) }), safe)
	}
	text("current_database()", func(e *Env) string { return e.Database })
	text("current_user()", func(e *Env) string { return e.User })
	text("session_user()", func(e *Env) string { return e.SessionUser })
	text("getpgusername()", func(e *Env) string { return e.User })
	text("version()", func(*Env) string { return serverVersion })
	d.fn("current_schema()", each(func(r *Row) error {
		for _, s := range r.Env().SearchPath {
			if schemaExists(r.Env(), s) {
				return r.SetStr(s)
			}
		}
		return r.SetNull()
	}), safe)
	d.fn("current_schemas(bool)", each(func(r *Row) error {
		v := sql.Value{Type: sql.Array(sql.OIDName)}
		if r.Bool(0) {
			v.List = append(v.List, sql.Value{Type: sql.Name, S: "pg_catalog"})
		}
		for _, s := range r.Env().SearchPath {
			if !schemaExists(r.Env(), s) {
				continue
			}
			v.List = append(v.List, sql.Value{Type: sql.Name, S: s})
		}
		return r.Set(v)
	}), safe)
	d.fn("pg_backend_pid()", each(func(r *Row) error { return r.SetInt(int64(r.Env().BackendPID)) }), safe)
	d.fn("pg_is_in_recovery()", each(func(r *Row) error { return r.SetBool(false) }), safe)
	d.fn("pg_postmaster_start_time()", each(func(r *Row) error { return described(r, "postmaster_start_time", 0, 0) }))
	d.fn("pg_conf_load_time()", each(func(r *Row) error { return described(r, "conf_load_time", 0, 0) }))
	d.fn("txid_current()", each(func(r *Row) error { return r.SetInt(1) }), safe)
	null := each(func(r *Row) error { return r.SetNull() })
	for _, sig := range []string{"inet_server_port()", "inet_client_port()", "txid_current_if_assigned()"} {
		d.fn(sig, null, safe)
	}
	d.fn("pg_encoding_to_char(int4)", each(func(r *Row) error {
		switch r.Int(0) {
		case 0:
			return r.SetStr("SQL_ASCII")
		case 6:
			return r.SetStr("UTF8")
		}
		return r.SetStr("")
	}), safe)
	d.fn("pg_char_to_encoding(name)", each(func(r *Row) error {
		switch strings.ToUpper(strings.ReplaceAll(r.Str(0), "-", "")) {
		case "SQL_ASCII":
			return r.SetInt(0)
		case "UTF8", "UNICODE":
			return r.SetInt(6)
		}
		return r.SetInt(-1)
	}), safe)
	d.fn("getdatabaseencoding()", each(func(r *Row) error { return r.SetStr("UTF8") }), safe)
	d.fn("pg_client_encoding()", each(func(r *Row) error { return r.SetStr("UTF8") }), safe)
	d.fn("format_type(oid,int4)", each(func(r *Row) error {
		if r.Null(0) {
			return r.SetNull()
		}
		mod := int32(-1)
		if !r.Null(1) {
			mod = int32(r.Int(1))
		}
		return r.SetStr(sql.FormatType(sql.OID(r.Int(0)), mod))
	}), safe)
	d.fn("pg_typeof(any)", each(func(r *Row) error { return r.SetInt(int64(r.Type(0).OID)) }), safe)
	defineSettings(d)
	defineDescriptions(d)
	definePrivileges(d)
}

func defineSettings(d *defs) {
	get := func(r *Row, name string, missingOK bool) error {
		if s := r.Env().Settings; s != nil {
			if v, ok := s.Get(strings.ToLower(name)); ok {
				return r.SetStr(v)
			}
		}
		if missingOK {
			return r.SetNull()
		}
		return sql.Errorf(sql.CodeUndefinedObject, "unrecognized configuration parameter %q", name)
	}
	d.fn("current_setting(text)", each(func(r *Row) error { return get(r, r.Str(0), false) }))
	d.fn("current_setting(text,bool)", each(func(r *Row) error { return get(r, r.Str(0), r.Bool(1)) }))
	d.fn("set_config(text,text,bool)", each(func(r *Row) error {
		if r.Null(0) {
			return sql.Errorf(sql.CodeNullValueNotAllowed, "SET requires parameter name")
		}
		if r.Env().Settings == nil {
			return sql.Errorf(sql.CodeFeatureNotSupported, "settings cannot be changed here")
		}
		value := ""
		if !r.Null(1) {
			value = string(r.Bytes(1))
		}
		v, err := r.Env().Settings.Set(strings.ToLower(r.Str(0)), value, !r.Null(2) && r.Bool(2))
		if err != nil {
			return err
		}
		return r.SetStr(v)
	}))
}

// described answers from CatalogFuncs.Describe, NULL where it knows nothing.
func described(r *Row, what string, oid sql.OID, sub int32) error {
	if c := r.Env().Catalog; c != nil {
		if s, ok := c.Describe(what, oid, sub); ok {
			if t := r.in.Call.T; vector.LayoutOf(t) != vector.LStr {
				v, err := r.Env().ParseText(t, s)
				if err != nil {
					return err
				}
				return r.Set(v)
			}
			return r.SetStr(s)
		}
	}
	return r.SetNull()
}

func defineDescriptions(d *defs) {
	// The first argument is an object's OID; what names the question.
	about := func(what string, sigs ...string) {
		for _, sig := range sigs {
			d.fn(sig, each(func(r *Row) error { return described(r, what, sql.OID(r.Int(0)), 0) }))
		}
	}
	about("viewdef", "pg_get_viewdef(oid)", "pg_get_viewdef(oid,bool)", "pg_get_viewdef(oid,int4)")
	about("constraintdef", "pg_get_constraintdef(oid)", "pg_get_constraintdef(oid,bool)")
	about("functiondef", "pg_get_functiondef(oid)")
	about("function_arguments", "pg_get_function_arguments(oid)")
	about("function_identity_arguments", "pg_get_function_identity_arguments(oid)")
	about("function_result", "pg_get_function_result(oid)")
	about("triggerdef", "pg_get_triggerdef(oid)", "pg_get_triggerdef(oid,bool)")
	about("ruledef", "pg_get_ruledef(oid)", "pg_get_ruledef(oid,bool)")
	about("statisticsobjdef_columns", "pg_get_statisticsobjdef_columns(oid)")
	about("partkeydef", "pg_get_partkeydef(oid)")
	about("description", "obj_description(oid)")
	about("relation_size", "pg_relation_size(regclass)", "pg_table_size(regclass)", "pg_total_relation_size(regclass)")
	about("indexes_size", "pg_indexes_size(regclass)")
	about("database_size", "pg_database_size(oid)")
	d.fn("pg_database_size(name)", each(func(r *Row) error { return described(r, "database_size", 0, 0) })) // the same for all: 0
	about("functiondef", "pg_get_function_sqlbody(oid)")                                                    // no function has a body
	about("tablespace_location", "pg_tablespace_location(oid)")
	d.fn("pg_relation_size(regclass,text)", each(func(r *Row) error { return described(r, "relation_size", sql.OID(r.Int(0)), 0) }))
	d.fn("obj_description(oid,name)", each(func(r *Row) error { return described(r, "description:"+r.Str(1), sql.OID(r.Int(0)), 0) }))
	d.fn("shobj_description(oid,name)", each(func(r *Row) error { return described(r, "description:"+r.Str(1), sql.OID(r.Int(0)), 0) }))
	d.fn("col_description(oid,int4)", each(func(r *Row) error {
		return described(r, "description:column", sql.OID(r.Int(0)), int32(r.Int(1)))
	}))
	index := each(func(r *Row) error {
		sub := int32(0)
		if r.NArgs() > 1 {
			sub = int32(r.Int(1))
		}
		return described(r, "indexdef", sql.OID(r.Int(0)), sub)
	})
	d.fn("pg_get_indexdef(oid)", index)
	d.fn("pg_get_indexdef(oid,int4,bool)", index)
	expr := each(func(r *Row) error { return r.SetBytes(r.Bytes(0)) }) // pg_node_tree columns hold SQL text
	d.fn("pg_get_expr(pg_node_tree,oid)", expr, safe)
	d.fn("pg_get_expr(pg_node_tree,oid,bool)", expr, safe)
	d.fn("pg_get_serial_sequence(text,text)", each(func(r *Row) error { return r.SetNull() }), safe)
	d.fn("pg_get_userbyid(oid)", each(func(r *Row) error {
		if c := r.Env().Catalog; c != nil {
			if s, ok := c.NameOf(sql.OIDRegrole, sql.OID(r.Int(0))); ok {
				return r.SetStr(s)
			}
		}
		return r.SetStr("unknown (OID=" + string(sql.AppendInt(nil, r.Int(0))) + ")")
	}))
	for _, k := range []string{"table", "type", "function", "operator", "collation", "opclass", "opfamily", "conversion",
		"statistics_obj", "ts_config", "ts_dict", "ts_parser", "ts_template"} {
		d.fn("pg_"+k+"_is_visible(oid)", each(func(r *Row) error { return described(r, k+"_is_visible", sql.OID(r.Int(0)), 0) }))
	}
	for name, kind := range map[string]sql.OID{"to_regclass": sql.OIDRegclass, "to_regtype": sql.OIDRegtype,
		"to_regnamespace": sql.OIDRegnamespace, "to_regrole": sql.OIDRegrole, "to_regproc": sql.OIDRegproc} {
		d.fn(name+"(text)", each(func(r *Row) error {
			v, err := r.Env().ParseText(sql.T(kind), r.Str(0))
			if err != nil {
				if c := sql.AsError(err).Code; c == sql.CodeInvalidName || c == sql.CodeSyntaxError {
					return err
				}
				return r.SetNull()
			}
			return r.SetInt(v.I)
		}))
	}
}

// definePrivileges defines has_*_privilege and pg_has_role.
func definePrivileges(d *defs) {
	for kind, reg := range map[string]sql.OID{"table": sql.OIDRegclass, "schema": sql.OIDRegnamespace, "database": 0, "function": sql.OIDRegprocedure,
		"type": sql.OIDRegtype, "language": 0, "tablespace": 0, "sequence": sql.OIDRegclass, "any_column": sql.OIDRegclass} {
		for _, user := range []string{"", "name,", "oid,"} {
			for _, obj := range []string{"text", "oid"} {
				sig := "has_" + kind + "_privilege(" + user + obj + ",text)"
				if d.procs[sig] == nil {
					continue
				}
				d.fn(sig, each(func(r *Row) error {
					k := 0
					u := sql.OID(0)
					var err error
					if user != "" {
						if u, err = roleArg(r, 0); err != nil {
							return err
						}
						k = 1
					}
					o, err := objectArg(r, k, kind, reg)
					if err != nil {
						return err
					}
					return privilege(r, kind, u, o, string(r.Bytes(k+1)))
				}))
			}
		}
	}
	for _, user := range []string{"", "name,", "oid,"} {
		for _, role := range []string{"name", "oid"} {
			sig := "pg_has_role(" + user + role + ",text)"
			if d.procs[sig] == nil {
				continue
			}
			d.fn(sig, each(func(r *Row) error {
				k := 0
				u := sql.OID(0)
				var err error
				if user != "" {
					if u, err = roleArg(r, 0); err != nil {
						return err
					}
					k = 1
				}
				o, err := roleArg(r, k)
				if err != nil {
					return err
				}
				return privilege(r, "role", u, o, string(r.Bytes(k+1)))
			}))
		}
	}
	d.fn("pg_size_pretty(int8)", each(func(r *Row) error { return r.SetStr(prettySize(r.Int(0))) }), safe)
	d.fn("pg_relation_is_publishable(regclass)", each(func(r *Row) error { return r.SetBool(false) }), safe)
	d.fn("row_security_active(oid)", each(func(r *Row) error { return r.SetBool(false) }), safe)
}

// privileges are the words for what one may do with an object of a kind.
var privileges = map[string]string{
	"table": "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER RULE", "any_column": "SELECT INSERT UPDATE REFERENCES", "sequence": "USAGE SELECT UPDATE",
	"database": "CREATE TEMPORARY TEMP CONNECT", "function": "EXECUTE", "language": "USAGE", "schema": "CREATE USAGE", "tablespace": "CREATE", "type": "USAGE",
	"role": "USAGE MEMBER",
}

// knownPrivileges reports the first of a list, separated by commas, that is unknown.
func knownPrivileges(kind, list string) error {
	for _, p := range strings.Split(list, ",") {
		word := strings.ToUpper(strings.TrimSpace(p))
		for _, tail := range []string{" WITH GRANT OPTION", " WITH ADMIN OPTION"} {
			if kind == "role" || tail == " WITH GRANT OPTION" {
				word = strings.TrimSuffix(word, tail)
			}
		}
		if !slices.Contains(strings.Fields(privileges[kind]), word) {
			return sql.Errorf(sql.CodeInvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.TrimSpace(p))
		}
	}
	return nil
}

func privilege(r *Row, kind string, user, object sql.OID, priv string) error {
	if err := knownPrivileges(kind, priv); err != nil {
		return err
	}
	c := r.Env().Catalog
	if c == nil {
		return r.SetNull()
	}
	has, ok := c.Privilege(kind, user, object, priv)
	if !ok {
		return r.SetNull()
	}
	return r.SetBool(has)
}

// roleArg reads a role given by name or OID.
func roleArg(r *Row, k int) (sql.OID, error) {
	if r.Type(k).OID == sql.OIDOid {
		return sql.OID(r.Int(k)), nil
	}
	if r.Env().Catalog == nil {
		return 0, nil
	}
	return r.Env().Catalog.Lookup(sql.OIDRegrole, QuoteIdent(string(r.Bytes(k))))
}

// objectArg reads an object given by name or OID; databases, languages and
// tablespaces, which have no reg type, are asked for by the kind's name.
func objectArg(r *Row, k int, kind string, reg sql.OID) (sql.OID, error) {
	if r.Type(k).OID == sql.OIDOid {
		return sql.OID(r.Int(k)), nil
	}
	c := r.Env().Catalog
	if c == nil {
		return 0, nil
	}
	if reg == 0 {
		s, ok := c.Describe(kind+"_oid:"+string(r.Bytes(k)), 0, 0)
		if !ok {
			code := sql.CodeUndefinedObject
			if kind == "database" {
				code = sql.CodeInvalidCatalogName
			}
			return 0, sql.Errorf(code, "%s %q does not exist", kind, r.Bytes(k))
		}
		n, err := sql.ParseNum(s, -1)
		return sql.OID(n.Coef.Lo), err
	}
	return c.Lookup(reg, string(r.Bytes(k)))
}
