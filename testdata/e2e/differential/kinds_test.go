package differential

import (
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// kind is a type that expressions are made of: its name and literals, tame ones
// that seldom lead to errors and others.
type kind struct {
	t          sql.OID
	name       string
	tame, wild []string
	unordered  bool // has no order or none that both sides share: not for keys
	names      bool // names an object by its OID: only literals of what is the same everywhere
}

// literals writes values of a type as 'v'::name.
func literals(name string, values ...string) []string {
	for i, v := range values {
		values[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'::" + name
	}
	return values
}

var kinds = []*kind{
	{t: sql.OIDInt2, name: "smallint", tame: []string{"1::smallint", "2::smallint", "(-3)::smallint", "7::smallint"}, wild: []string{"0::smallint", "32767::smallint", "(-32768)::smallint"}},
	{t: sql.OIDInt4, name: "int", tame: []string{"1", "2", "(-3)", "10", "5"}, wild: []string{"0", "2147483647", "(-2147483648)", "65536"}},
	{t: sql.OIDInt8, name: "bigint", tame: []string{"3::bigint", "(-1)::bigint", "12::bigint", "100::bigint"}, wild: []string{"0::bigint", "9223372036854775807", "(-9223372036854775808)::bigint", "5000000000"}},
	{t: sql.OIDNumeric, name: "numeric", tame: []string{"1.5", "(-2.25)", "100.00", "0.001", "3::numeric", "1.50::numeric(10,3)"}, wild: []string{"0.0", "12345678901234.5678", "'NaN'::numeric", "'Infinity'::numeric", "'-Infinity'::numeric", "1e-20", "9999999999999999999"}},
	{t: sql.OIDFloat4, name: "real", tame: []string{"0.5::real", "(-2)::real", "3::real"}, wild: []string{"'NaN'::real", "'-0'::real", "3.4e38::real", "1e-45::real", "'-Infinity'::real"}},
	{t: sql.OIDFloat8, name: "float8", tame: []string{"0.25::float8", "(-4)::float8", "2::float8"}, wild: []string{"'Infinity'::float8", "'NaN'::float8", "'-0'::float8", "1e300::float8", "5e-324::float8", "0.1::float8"}},
	{t: sql.OIDBool, name: "boolean", tame: []string{"true", "false"}},
	{t: sql.OIDText, name: "text", tame: literals("text", "a", "ab%", "Zürich", "a,b,c", "x y"), wild: literals("text", "", "日本", `b\s`, "😀e\u0301", "ẞß")},
	{t: sql.OIDVarchar, name: "varchar", tame: literals("varchar(5)", "a", "xyz"), wild: literals("varchar", "", "日本語")},
	{t: sql.OIDBpchar, name: "bpchar", tame: literals("char(3)", "a", "ab"), wild: append(literals("char(2)", ""), "'ab '::bpchar")},
	{t: sql.OIDName, name: "name", tame: literals("name", "a", "id", "public"), wild: literals("name", "", "日本")},
	{t: sql.OIDChar, name: `"char"`, names: true, tame: literals(`"char"`, "a", "b"), wild: literals(`"char"`, "")},
	{t: sql.OIDOid, name: "oid", tame: []string{"23::oid", "25::oid", "7::oid"}, wild: []string{"0::oid", "4294967295::oid"}},
	{t: sql.OIDDate, name: "date", tame: literals("date", "2024-02-29", "1999-12-31", "2024-01-25"), wild: literals("date", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31")},
	{t: sql.OIDTime, name: "time", tame: literals("time", "12:34:56.5", "01:02:03"), wild: literals("time", "00:00", "24:00", "23:59:59.999999")},
	{t: sql.OIDTimetz, name: "timetz", tame: literals("timetz", "12:34:56+02", "01:02:03-05:30"), wild: literals("timetz", "24:00+15", "00:00:00.000001-15:59")},
	{t: sql.OIDTimestamp, name: "timestamp", tame: literals("timestamp", "2024-02-29 12:00:00.5", "2024-02-25"), wild: literals("timestamp", "infinity", "4713-11-24 00:00 BC")},
	{t: sql.OIDTimestamptz, name: "timestamptz", tame: literals("timestamptz", "2024-03-31 01:30:00+00", "2024-02-25 12:00+05:30"), wild: literals("timestamptz", "-infinity", "4713-01-01 00:00+00 BC")},
	{t: sql.OIDInterval, name: "interval", tame: literals("interval", "1 day", "1 mon -3 hours", "0.5 seconds"), wild: literals("interval", "0", "-100 years", "2147483647 days", "1 mon -30 days")},
	{t: sql.OIDBytea, name: "bytea", tame: literals("bytea", `\x00ff`, "ab", `\x616263`), wild: literals("bytea", "")},
	{t: sql.OIDUUID, name: "uuid", tame: literals("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000")},
	{t: sql.OIDJSON, name: "json", unordered: true, tame: literals("json", `{"a": 1, "b":[1, 2.50,{"c":null}],"d":"x"}`, `[1,"a",null,true]`), wild: literals("json", "null", `""`, `1e2`, `{"a":1,"a":2}`)},
	{t: sql.OIDJSONB, name: "jsonb", unordered: true, tame: literals("jsonb", `{"a": 1, "b":[1, 2.50,{"c":null}],"d":"x"}`, `[1,"a",null,true]`), wild: literals("jsonb", "null", `""`, "1e2", `{"a":1,"a":2}`, "[]")},
	{t: sql.OIDXid, name: "xid", unordered: true, tame: literals("xid", "5", "7")},
	{t: sql.ArrayOf(sql.OIDInt4), name: "int[]", tame: []string{"ARRAY[1, 2, 3]", "'{1,NULL,2}'::int[]", "ARRAY[5]"}, wild: []string{"'{}'::int[]"}},
	{t: sql.ArrayOf(sql.OIDInt8), name: "bigint[]", tame: []string{"'{1,2}'::bigint[]"}, wild: []string{"'{9223372036854775807,NULL}'::bigint[]"}},
	{t: sql.ArrayOf(sql.OIDText), name: "text[]", tame: []string{"ARRAY['a'::text, 'b']", "'{x,NULL,\"\"}'::text[]"}, wild: []string{"'{}'::text[]", `'{"a b","\\"","NULL"}'::text[]`}},
	{t: sql.ArrayOf(sql.OIDNumeric), name: "numeric[]", tame: []string{"ARRAY[1.5, 2.25]"}, wild: []string{"'{NaN,1.50}'::numeric[]"}},
	{t: sql.ArrayOf(sql.OIDFloat8), name: "float8[]", tame: []string{"'{0.5,-1}'::float8[]"}, wild: []string{"'{NaN,-0,Infinity}'::float8[]"}},
	{t: sql.ArrayOf(sql.OIDBool), name: "boolean[]", tame: []string{"'{t,f}'::boolean[]"}},
	{t: sql.ArrayOf(sql.OIDDate), name: "date[]", tame: []string{"'{2024-02-29,1999-12-31}'::date[]"}},
	{t: sql.OIDRegtype, name: "regtype", unordered: true, names: true, tame: literals("regtype", "int4", "text")},
	{t: sql.OIDRegclass, name: "regclass", unordered: true, names: true, tame: literals("regclass", "pg_class", "pg_type")},
	{t: sql.OIDRegproc, name: "regproc", unordered: true, names: true, tame: literals("regproc", "pi", "pg_backend_pid")},
	{t: sql.OIDRegprocedure, name: "regprocedure", unordered: true, names: true, tame: []string{"'pi'::regproc::regprocedure"}},
	{t: sql.OIDRegoper, name: "regoper", unordered: true, names: true, tame: []string{"597::regoper"}},
	{t: sql.OIDRegnamespace, name: "regnamespace", unordered: true, names: true, tame: literals("regnamespace", "pg_catalog")},
	{t: sql.OIDRegrole, name: "regrole", unordered: true, names: true, tame: []string{"0::regrole"}},
	{t: sql.OIDRegcollation, name: "regcollation", unordered: true, names: true, tame: literals("regcollation", `"C"`)},
	{t: sql.OIDPgNodeTree, name: "pg_node_tree", unordered: true, names: true, tame: []string{"NULL::pg_node_tree"}},
}

var kindOf = func() map[sql.OID]*kind {
	m := map[sql.OID]*kind{}
	for _, k := range kinds {
		m[k.t] = k
	}
	return m
}()

// elements are the types that arrays and polymorphic arguments are of.
var elements = []sql.OID{sql.OIDInt4, sql.OIDText, sql.OIDNumeric, sql.OIDInt8, sql.OIDFloat8, sql.OIDBool, sql.OIDDate}

// usual are the types of select lists and conditions; those of the tables' columns
// come more often.
var usual = []sql.OID{sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8, sql.OIDBool, sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDDate,
	sql.OIDTimestamp, sql.OIDInterval, sql.OIDBytea, sql.OIDInt4, sql.OIDNumeric, sql.OIDText, sql.OIDInt8, sql.OIDTimestamptz, sql.OIDTime, sql.OIDTimetz, sql.OIDUUID, sql.OIDJSONB,
	sql.ArrayOf(sql.OIDInt4), sql.ArrayOf(sql.OIDText), sql.OIDName, sql.OIDOid}
