package differential

import (
	"slices"
	"strings"
	"sync"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/lake"
)

// special are what arguments of a function must look like to be taken, by
// position ("": any of the type). Of the forms between bars one is chosen; %s is an
// expression of the declared type. Names with a slash hold for that many arguments.
var special = map[string][]string{
	"repeat": {"", "2¦0¦(-1)¦3"}, "lpad": {"", "5¦0¦12", ""}, "rpad": {"", "5¦0¦12", ""}, "bpchar": {"", "8¦12", "true¦false"}, "varchar": {"", "8¦12", "true"},
	"chr": {"65¦8364¦128512¦97"}, "factorial": {"3::bigint¦0::bigint¦20::bigint"},
	"ln": {"(abs(%s) + 1)¦%s"}, "log": {"(abs(%s) + 1)", "(abs(%s) + 2)"}, "log10": {"(abs(%s) + 1)"}, "sqrt": {"abs(%s)"}, "|/": {"abs(%s)"},
	"exp": {"2.5¦(-1)¦0¦0.001"}, "power": {"(abs(%s) + 0.5)", "2¦0.5¦(-1)¦3"}, "pow": {"(abs(%s) + 0.5)", "2¦0.5¦(-1)¦3"}, "^": {"(abs(%s) + 0.5)", "2¦0.5¦(-1)¦3"},
	"acos": {"0.5::float8¦(-1)::float8¦0.1::float8"}, "asin": {"0.5::float8¦(-1)::float8¦0.1::float8"}, "atanh": {"0.5::float8¦(-0.25)::float8"}, "acosh": {"1.5::float8¦1::float8"},
	"sinh": {"0.5::float8¦(-2)::float8"}, "cosh": {"0.5::float8¦(-2)::float8"},
	"/": {"", "nullif(%s, 0)"}, "%": {"", "nullif(%s, 0)"}, "mod": {"", "nullif(%s, 0)"}, "div": {"", "nullif(%s, 0)"},
	"<<": {"", "1¦3¦0"}, ">>": {"", "1¦3¦0"},
	"width_bucket/4": {"", "(-10)¦0", "100¦50", "5¦10"}, "width_bucket/2": {"", ""},
	"round/2": {"", "2¦0¦(-1)"}, "trunc/2": {"", "2¦0¦(-1)"},
	"substr/3": {"", "1¦2¦(-1)¦0", "2¦0¦5"}, "substring/3": {"", "1¦2¦(-1)¦0", "2¦0¦5"}, "substring/2": {"", "1¦2¦'b.'::text¦'(a)(b)?'::text"},
	"overlay": {"", "", "1¦2", "1¦0¦3"}, "split_part": {"", "','::text¦' '::text", "1¦2¦(-1)"},
	"like_escape": {"", `'!'::text¦''::text`}, "similar_to_escape": {"'a%%'::text¦'(a|b)_'::text", "'!'::text"},
	"like": {"", "'a%'::text¦'%b'::text¦'_'::text¦'%a_%'::text"}, "notlike": {"", "'a%'::text¦'%b'::text"},
	"~~": {"", "$%"}, "!~~": {"", "$%"}, "~~*": {"", "$%"}, "!~~*": {"", "$%"}, "~": {"", "$re"}, "!~": {"", "$re"}, "~*": {"", "$re"}, "!~*": {"", "$re"},
	"regexp_replace": {"", "$re", "'<\\&>'::text¦'-'::text¦'[\\1]'::text", "$flag", "1¦0¦2", "'i'::text¦''::text"}, "regexp_match": {"", "$re", "'i'::text¦''::text"}, "regexp_matches": {"", "$re", "'g'::text¦'i'::text"},
	"regexp_split_to_array": {"", "$re", "'i'::text"}, "regexp_split_to_table": {"", "$re", "'i'::text"}, "regexp_count": {"", "$re", "1¦2", "'i'::text"},
	"regexp_like": {"", "$re", "'i'::text"}, "regexp_instr": {"", "$re", "1¦2", "1¦2", "0¦1", "'i'::text", "0¦1"}, "regexp_substr": {"", "$re", "1¦2", "1¦2", "'i'::text", "0¦1"},
	"date_part": {"$field"}, "extract": {"$field"}, "date_trunc": {"'year'::text¦'month'::text¦'day'::text¦'hour'::text¦'week'::text¦'quarter'::text¦'decade'::text¦'second'::text", "", "$zone"},
	"timezone": {"$zone"}, "make_interval": {"2¦(-1)", "5¦0", "1¦0", "(-3)¦40", "25¦0", "90¦0", "1.5::float8¦0::float8"}, "make_date": {"2024¦1¦(-44)", "2¦12", "29¦1"}, "make_time": {"12¦0¦23", "59¦0", "30.5::float8¦0::float8"},
	"make_timestamp": {"2024¦1", "2¦12", "29¦1", "12¦0", "30", "1.5::float8"}, "make_timestamptz": {"2024¦1", "2¦12", "29¦1", "12¦0", "30", "1.5::float8", "$zone"},
	"date_bin":        {"'15 minutes'::interval¦'1 day'::interval", "", ""},
	"to_char/numeric": {"", "'999,990.99'::text¦'S0000.0'::text¦'FM9990.00'::text"}, "to_char/time": {"", "'YYYY-MM-DD HH24:MI:SS.US'::text¦'Day, DD Month IYYY'::text¦'FMMon DDth, HH12:MI AM'::text¦'J Q WW D CC'::text"},
	"to_date": {"'2024-02-29'::text¦'1999-12-31'::text", "'YYYY-MM-DD'::text"}, "to_timestamp/2": {"'2024-02-29 12:34:56'::text", "'YYYY-MM-DD HH24:MI:SS'::text"},
	"to_number": {"'12,345.6-'::text¦'<7>'::text¦'42'::text", "'99G999D9S'::text¦'999'::text¦'99'::text"},
	"encode":    {"", "'hex'::text¦'base64'::text¦'escape'::text"}, "decode": {"'00ff'::text¦'abcd'::text", "'hex'::text¦'base64'::text¦'escape'::text"},
	"convert_from": {"'ab'::bytea¦'\\xe697a5'::bytea", "'UTF8'::name"}, "convert_to": {"", "'UTF8'::name"}, "convert": {"'ab'::bytea", "'UTF8'::name", "'UTF8'::name"},
	"format": {"'%%-%s/%I'::text¦'x'::text¦'%2$s'::text", "", ""}, "concat_ws": {"", "", ""}, "parse_ident": {"'a.b'::text¦'\"A\"'::text"},
	"json_extract_path": {"", "$key"}, "json_extract_path_text": {"", "$key"}, "jsonb_extract_path": {"", "$key"}, "jsonb_extract_path_text": {"", "$key"},
	"->": {"", "$step"}, "->>": {"", "$step"}, "#>": {"", "'{b,2,c}'::text[]¦'{a}'::text[]¦'{1}'::text[]¦'{}'::text[]"}, "#>>": {"", "'{b,2}'::text[]¦'{a}'::text[]¦'{b,-1,c}'::text[]"},
	"?": {"", "$key"}, "-": {"", ""}, "json_array_length": {"'[1,2]'::json¦'[]'::json"}, "jsonb_array_length": {"'[1,2]'::jsonb¦'[]'::jsonb"},
	"json_object/1": {"'{a,1,b,2}'::text[]¦'{}'::text[]"}, "jsonb_object/1": {"'{a,1,b,2}'::text[]¦'{}'::text[]"}, "json_object/2": {"'{a,b}'::text[]", "'{1,NULL}'::text[]"}, "jsonb_object/2": {"'{a,b}'::text[]", "'{1,NULL}'::text[]"},
	"json_array_elements": {`'[1,"a",null]'¦'[]'`}, "json_array_elements_text": {`'[1,"a",null]'¦'[]'`}, "json_each": {`'{"a":1,"b":null}'¦'{}'`}, "json_each_text": {`'{"a":1,"b":null}'¦'{}'`}, "json_object_keys": {`'{"a":1,"b":null}'¦'{}'`}, "jsonb_array_elements": {`'[1,"a",null]'¦'[]'`}, "jsonb_array_elements_text": {`'[1,"a",null]'¦'[]'`}, "jsonb_each": {`'{"a":1,"b":null}'¦'{}'`}, "jsonb_each_text": {`'{"a":1,"b":null}'¦'{}'`}, "jsonb_object_keys": {`'{"a":1,"b":null}'¦'{}'`},
	"row_to_json": {"", "true¦false"}, "json_build_object": {"'a'::text", "", "'b'::text", ""}, "jsonb_build_object": {"'a'::text", "", "'b'::text", ""},
	"array_length": {"", "1¦2¦0"}, "array_lower": {"", "1¦2"}, "array_upper": {"", "1¦2"}, "generate_subscripts": {"", "1¦2", "true¦false"}, "subscript": {"", "1¦2¦0¦(-1)"},
	"array_fill": {"", "ARRAY[2]¦ARRAY[2,1]"}, "trim_array": {"ARRAY[1, 2, 3]¦ARRAY[5, NULL]", "1¦0"},
	"generate_series/date": {"timestamp '2024-01-01'", "timestamp '2024-01-05'", "interval '1 day'¦interval '36 hours'"}, "generate_series/datetz": {"timestamptz '2024-03-30 00:00+00'", "timestamptz '2024-04-02 00:00+00'", "interval '1 day'¦interval '7 hours'"},
	"generate_series": {"1¦0", "5¦3¦0", "1¦2"}, "set_config": {"'my.x'::text", "", "true¦false"}, "current_setting": {"'TimeZone'::text¦'DateStyle'::text¦'server_version_num'::text", "true¦false"},
	"pg_encoding_to_char": {"6¦0"}, "pg_char_to_encoding": {"'UTF8'::name¦'x'::name"}, "to_regclass": {"'pg_class'::text¦'nonesuch'::text"}, "to_regtype": {"'int4'::text¦'nonesuch'::text"},
	"to_regproc": {"'pi'::text¦'nonesuch'::text"}, "to_regrole": {"'nonesuch'::text"}, "to_regnamespace": {"'pg_catalog'::text¦'nonesuch'::text"}, "pg_get_serial_sequence": {"'odd'::text", "'id'::text"},
	"obj_description/2": {"", "'pg_class'::name"}, "pg_database_size": {"(SELECT oid FROM pg_database WHERE datname = 'postgres')"}, "pg_relation_size": {"", "'main'::text"}, "setseed": {"0.5::float8"}, "pg_sleep": {"0"}, "string_to_array": {"", "','::text¦''::text¦NULL::text", "''::text¦'a'::text"},
	"pg_size_pretty": {""}, "array_to_string": {"", "','::text", "'*'::text"}, "getdatabaseencoding": {}, "pg_has_role": {"$role", "", "'USAGE'::text¦'MEMBER'::text"},
}

var shapes = map[string]string{
	"$%":         "'a%'::text¦'%b'::text¦'_'::text¦'%a_%'::text¦'ab'::text¦'%'::text¦'日%'::text¦'a\\%'::text",
	"$re":        "'a+'::text¦'^.b'::text¦'[[:alpha:]]+$'::text¦'(a|b)(c)?'::text¦'\\d'::text¦'x*'::text¦'a.?'::text",
	"$re2":       "'a+'::text¦'[[:alpha:]]'::text¦'(a|b)(c)?'::text¦'x*'::text¦'a.?'::text",
	"$field":     "'year'::text¦'month'::text¦'day'::text¦'hour'::text¦'minute'::text¦'second'::text¦'epoch'::text¦'dow'::text¦'doy'::text¦'week'::text¦'isoyear'::text¦'quarter'::text¦'microseconds'::text¦'century'::text¦'julian'::text",
	"$dayfield":  "'year'::text¦'month'::text¦'day'::text¦'dow'::text¦'doy'::text¦'week'::text¦'isoyear'::text¦'quarter'::text¦'epoch'::text¦'century'::text¦'julian'::text¦'isodow'::text",
	"$timefield": "'hour'::text¦'minute'::text¦'second'::text¦'epoch'::text¦'microseconds'::text¦'milliseconds'::text",
	"$spanfield": "'year'::text¦'month'::text¦'day'::text¦'hour'::text¦'minute'::text¦'second'::text¦'epoch'::text¦'quarter'::text¦'microseconds'::text¦'century'::text",
	"$zone":      "'Europe/Zurich'::text¦'UTC'::text¦'America/New_York'::text¦'+05:30'::text¦'EST5EDT'::text",
	"$key":       "'a'::text¦'b'::text¦'nonesuch'::text¦'0'::text",
	"$step":      "",
}

// differing are what no two servers answer alike: only their type is compared.
var differing = words2set(`now clock_timestamp statement_timestamp transaction_timestamp timeofday random gen_random_uuid pg_backend_pid inet_client_port inet_server_port version
	pg_postmaster_start_time pg_conf_load_time txid_current txid_current_if_assigned pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_total_relation_size
	current_user session_user getpgusername pg_get_userbyid inet_client_addr inet_server_addr pg_tablespace_size pg_notification_queue_usage pg_current_wal_lsn txid_current_snapshot pg_sleep setseed`)

// inexact are functions of the C library's mathematics, whose last digit is not
// everywhere the same: they stand by themselves, never inside others.
var inexact = words2set(`exp ln log log10 power pow ^ cbrt ||/ sin cos tan cot asin acos atan atan2 sind cosd tand cotd asind acosd atand atan2d sinh cosh tanh asinh acosh atanh erf erfc degrees radians`)

func words2set(text string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(text) {
		m[n] = true
	}
	return m
}

// registry lists what expressions are made of.
type registry struct {
	all     []*expr.Func             // scalar functions, operators and casts
	turn    []*expr.Func             // the same, operators more often: the order in which they are called
	sets    []*expr.Func             // set-returning
	by      map[sql.OID][]*expr.Func // scalar ones by result
	casts   map[sql.OID][]*expr.Func // by target
	aggs    []*expr.Agg
	windows []*expr.WindowFn
}

// foreign reports whether PostgreSQL does not know what other dialects brought.
func foreign(d expr.Dialect) bool { return d != 0 && d&expr.Postgres == 0 }

var reg = sync.OnceValue(func() *registry {
	b := lake.Registry
	r := &registry{by: map[sql.OID][]*expr.Func{}, casts: map[sql.OID][]*expr.Func{}}
	for _, f := range slices.Concat(b.Funcs(), b.Operators(), b.Casts()) {
		if foreign(f.Dialect) {
			continue
		}
		if f.Set != nil {
			r.sets = append(r.sets, f)
			continue
		}
		r.all = append(r.all, f)
		n := 1
		if f.Kind == expr.KindOperator {
			n = 8
		}
		for range n {
			r.turn = append(r.turn, f)
		}
		if f.Vol == expr.Volatile || inexact[f.Name] || differing[f.Name] || strings.HasPrefix(f.Name, "pg_") || strings.HasPrefix(f.Name, "has_") || strings.HasSuffix(f.Name, "_description") || f.Name == "set_config" || strings.HasPrefix(f.Name, "convert") {
			continue
		}
		if f.Kind == expr.KindCast {
			r.casts[f.Ret] = append(r.casts[f.Ret], f)
			continue
		}
		for _, k := range kinds {
			if produces(f, k.t) {
				r.by[k.t] = append(r.by[k.t], f)
			}
		}
	}
	for _, a := range b.Aggs() {
		if !foreign(a.Dialect) {
			r.aggs = append(r.aggs, a)
		}
	}
	for _, w := range b.Windows() {
		if w.Name != "" {
			r.windows = append(r.windows, w)
		}
	}
	return r
})

// produces reports whether f can give a t.
func produces(f *expr.Func, t sql.OID) bool {
	switch f.Ret {
	case t:
		return true
	case sql.OIDAnyElement, sql.OIDAnyCompatible, sql.OIDAnyNonArray:
		return slices.Contains(elements, t)
	case sql.OIDAnyArray, sql.OIDAnyCompatibleArray:
		return slices.Contains(elements, sql.ElemOf(t))
	}
	return false
}

// concrete is the type of an argument or a result if polymorphic ones are of elem.
func concrete(t, elem sql.OID) sql.OID {
	switch t {
	case sql.OIDAnyElement, sql.OIDAnyCompatible, sql.OIDAnyNonArray:
		return elem
	case sql.OIDAnyArray, sql.OIDAnyCompatibleArray:
		return sql.ArrayOf(elem)
	}
	return t
}

// call calls f with expressions over cols; want is the type that it is to have, 0
// for any.
func (g *gen) call(f *expr.Func, want sql.OID, cols []col, depth int) *node {
	elem := elements[g.r.IntN(len(elements))]
	switch f.Ret {
	case sql.OIDAnyElement, sql.OIDAnyCompatible, sql.OIDAnyNonArray:
		if want != 0 {
			elem = want
		}
	case sql.OIDAnyArray, sql.OIDAnyCompatibleArray:
		if want != 0 {
			elem = sql.ElemOf(want)
		}
	}
	t := concrete(f.Ret, elem)
	if f.Kind == expr.KindCast && kindOf[f.Ret] != nil && kindOf[f.Ret].names {
		arg := map[sql.OID]string{sql.OIDRegclass: "1259", sql.OIDRegtype: "23", sql.OIDRegproc: "1610", sql.OIDRegprocedure: "1610", sql.OIDRegnamespace: "11", sql.OIDRegcollation: "950"}[f.Ret]
		switch f.Args[0] {
		case sql.OIDText, sql.OIDVarchar:
			arg = "pg_class"
		}
		if arg == "" || f.Ret == sql.OIDRegclass && f.Args[0] == sql.OIDInt2 {
			arg = "0"
		}
		from := "'" + arg + "'::" + typeName(f.Args[0])
		if kindOf[f.Args[0]].names {
			from = g.any(kindOf[f.Args[0]].tame...)
		}
		return leaf(t, "("+g.notFolded(from, cols)+")::"+typeName(f.Ret))
	}
	if f.Kind == expr.KindCast && f.Args[0] == sql.OIDJSONB && f.Ret != sql.OIDJSON && f.Ret != sql.OIDText {
		value := "'1.5'::jsonb"
		if f.Ret == sql.OIDBool {
			value = "'true'::jsonb"
		}
		return leaf(t, "("+g.notFolded(value, cols)+")::"+typeName(f.Ret))
	}
	if f.Kind == expr.KindCast && kindOf[f.Args[0]].names {
		return leaf(t, "("+g.notFolded(g.any(kindOf[f.Args[0]].tame...), cols)+")::"+typeName(f.Ret))
	}
	if f.Kind == expr.KindCast {
		return one(t, "(%s)::"+typeName(f.Ret), g.expr(f.Args[0], cols, depth))
	}
	args := g.args(f, elem, cols, depth)
	n := one(t, "", args...)
	switch {
	case f.Name == "subscript":
		n.form = "(%s)[%s]"
	case f.Name == "extract" && args[0].t == 0:
		n.form = "extract(" + strings.TrimSuffix(args[0].form, "::text") + " FROM %s)"
		n.parts = args[1:]
	case f.Name == "greatest" || f.Name == "least":
		n.form = f.Name + holes(len(args))
	case f.Kind == expr.KindOperator && len(args) == 1:
		n.form = "(" + f.Name + " (%s))"
	case f.Kind == expr.KindOperator:
		n.form = "((%s) " + f.Name + " (%s))"
	default:
		n.form = `"` + f.Name + `"` + holes(len(args))
	}
	if inexact[f.Name] {
		n.mark |= markLoose
	}
	if differing[f.Name] || strings.HasSuffix(f.Name, "_is_visible") || f.Name == "pg_tablespace_location" {
		return one(sql.OIDRegtype, "pg_typeof("+n.form+")", n.parts...)
	}
	return n
}

// notFolded is a literal that is not known before a row is read.
func (g *gen) notFolded(literal string, cols []col) string {
	if fit := columnOf(sql.OIDInt4, cols); len(fit) > 0 {
		return "CASE WHEN " + fit[0].name + " IS NOT NULL THEN " + literal + " END"
	}
	return literal
}

func holes(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("%s, ", n), ", ") + ")" }

func typeName(t sql.OID) string {
	if k := kindOf[t]; k != nil {
		return k.name
	}
	return sql.LookupType(t).Name
}

// args makes the arguments of a call.
func (g *gen) args(f *expr.Func, elem sql.OID, cols []col, depth int) []*node {
	types := slices.Clone(f.Args)
	if f.Defaults > 0 {
		types = types[:len(types)-g.r.IntN(f.Defaults+1)]
	}
	if f.Variadic {
		last := len(types) - 1
		switch t := types[last]; {
		case t == sql.OIDAnyCompatibleArray:
			types[last] = sql.OIDAnyCompatible
		case sql.ElemOf(t) != 0:
			types[last] = sql.ElemOf(t)
		}
		for range g.r.IntN(3) {
			types = append(types, types[last])
		}
		if strings.HasSuffix(f.Name, "_build_object") && len(types)%2 == 1 {
			types = append(types, types[last])
		}
	}
	if wild := g.wild; f.Name == "age" {
		// PostgreSQL 15 computes with infinities as if they were times.
		g.wild = false
		defer func() { g.wild = wild }()
	}
	strict := dangerous[f.Name] || strings.HasPrefix(f.Name, "has_") || strings.HasPrefix(f.Name, "pg_") || strings.HasSuffix(f.Name, "_description")
	var out []*node
	for i, t := range types {
		forms := g.shape(f, i, len(types))
		if t == sql.OIDRecord {
			if elem == sql.OIDText { // fields of several collations have no order
				elem = sql.OIDInt8
			}
			out = append(out, one(t, "(CASE WHEN true THEN ROW(%s, %s) END)", g.expr(elem, cols, depth), g.expr(sql.OIDInt4, cols, depth)))
			continue
		}
		if t == sql.OIDAny {
			t = usual[g.r.IntN(len(usual))]
		}
		t = concrete(t, elem)
		if forms == "" || g.chance(4) && g.wild && !strict {
			out = append(out, g.expr(t, cols, depth))
			continue
		}
		form := g.any(strings.Split(forms, "¦")...)
		if strings.Contains(form, "(%s") || form == "%s" || strings.HasPrefix(form, "nullif") {
			out = append(out, one(t, form, g.expr(t, cols, depth)))
			continue
		}
		if k := kindOf[t]; k != nil && !strings.Contains(form, "::") {
			form = "(" + form + ")::" + k.name
		}
		// What the function's meaning hangs on is not replaced while shrinking.
		out = append(out, leaf(0, form))
	}
	return out
}

// dangerous take time or memory by an argument.
var dangerous = words2set("to_date to_timestamp to_number to_char make_interval repeat lpad rpad bpchar varchar factorial generate_series power pow ^ exp pg_sleep array_fill setseed")

// shape is what argument i of n of a call must look like.
func (g *gen) shape(f *expr.Func, i, n int) string {
	name := f.Name
	var l []string
	switch {
	case name == "to_char" && slices.Contains([]sql.OID{sql.OIDTimestamp, sql.OIDTimestamptz, sql.OIDInterval}, f.Args[0]):
		l = special["to_char/time"]
	case name == "timezone" && f.Args[0] == sql.OIDInterval && i == 0:
		return "'2 hours'¦'-05:30'¦'0'"
	case name == "to_char" && i == 0 && f.Args[0] != sql.OIDInt4 && f.Args[0] != sql.OIDInt8:
		return "12¦(-7.5)¦1234.25¦0"
	case name == "to_char":
		l = special["to_char/numeric"]
	case name == "generate_series" && f.Args[0] == sql.OIDTimestamp:
		l = special["generate_series/date"]
	case name == "generate_series" && f.Args[0] == sql.OIDTimestamptz:
		l = special["generate_series/datetz"]
	case strings.HasPrefix(name, "has_") && strings.HasSuffix(name, "_privilege"):
		return g.privilege(f, i)
	case name == "pg_has_role":
		return g.role(f, i)
	case name == "pg_database_size" && f.Args[0] == sql.OIDName:
		return "'postgres'"
	case f.Args[min(i, len(f.Args)-1)] == sql.OIDOid && name != "pg_database_size" && (strings.HasPrefix(name, "pg_") || strings.HasSuffix(name, "_description") || name == "format_type" || name == "row_security_active"):
		// What is not the same in every installation has OIDs of its own.
		if name == "format_type" {
			return "23::oid¦1043::oid¦1700::oid¦0::oid¦1184::oid"
		}
		return "0::oid"
	case len(f.Args) > 1 && f.Kind == expr.KindOperator && (name == "~" || name == "-" || name == "/" || name == "%"):
		if name == "-" || name == "/" && f.Args[1] == sql.OIDInterval {
			return ""
		}
		l = special[name]
	case len(f.Args) == 1 && f.Kind == expr.KindOperator && name != "|/":
		return ""
	default:
		if l = special[name+"/"+string(rune('0'+n))]; l == nil {
			l = special[name]
		}
	}
	if i >= len(l) {
		return ""
	}
	s := l[i]
	if s == "$field" {
		switch f.Args[1] {
		case sql.OIDDate:
			s = "$dayfield"
		case sql.OIDTime, sql.OIDTimetz:
			s = "$timefield"
		case sql.OIDInterval:
			s = "$spanfield"
		}
	}
	if s == "$flag" {
		s = "'g'::text¦'i'::text¦'gi'::text"
		if f.Args[i] == sql.OIDInt4 {
			s = "1¦2"
		}
	}
	if s == "$step" {
		if f.Args[1] == sql.OIDText {
			s = "$key"
		} else {
			s = "0¦1¦(-1)"
		}
	}
	if s == "$re" && slices.Contains(f.Args, sql.OIDInt4) {
		s = "$re2" // a start within the string is refused for anchors
	}
	if x, ok := shapes[s]; ok {
		s = x
	}
	if f.Args[min(i, len(f.Args)-1)] == sql.OIDBytea && strings.Contains(s, "::text") || f.Args[min(i, len(f.Args)-1)] == sql.OIDInterval && strings.Contains(s, "::text") {
		return ""
	}
	return s
}

func (g *gen) role(f *expr.Func, i int) string {
	switch {
	case i == len(f.Args)-1:
		return "'USAGE'::text¦'MEMBER'::text"
	case f.Args[i] == sql.OIDName:
		return "current_user"
	}
	return "(SELECT oid FROM pg_roles WHERE rolname = current_user)"
}

// privilege is an argument of has_..._privilege: a role, an object, a privilege.
func (g *gen) privilege(f *expr.Func, i int) string {
	object := strings.TrimSuffix(strings.TrimPrefix(f.Name, "has_"), "_privilege")
	at := len(f.Args) - i // 1: privilege, 2: object, 3: role
	if at == 3 {
		return g.role(f, i)
	}
	k := map[string][3]string{
		"database": {"'postgres'::text", "(SELECT oid FROM pg_database WHERE datname = 'postgres')", "'CONNECT'::text¦'TEMP'::text"},
		"function": {"'pi()'::text", "1610::oid", "'EXECUTE'::text"}, "schema": {"'public'::text", "11::oid", "'USAGE'::text¦'CREATE'::text"},
		"language": {"'sql'::text", "14::oid", "'USAGE'::text"}, "tablespace": {"'pg_default'::text", "1663::oid", "'CREATE'::text"}, "type": {"'int4'::text", "23::oid", "'USAGE'::text"},
		"sequence": {"'nonesuch'::text", "0::oid", "'USAGE'::text"},
	}[object]
	if k[0] == "" {
		k = [3]string{"'odd'::text¦'pg_class'::text", "1259::oid", "'SELECT'::text"}
	}
	switch {
	case at == 1:
		return k[2]
	case f.Args[i] == sql.OIDText:
		return k[0]
	}
	return k[1]
}
