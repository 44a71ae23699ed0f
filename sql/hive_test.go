package sql_test

import (
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
)

func TestHive(t *testing.T) {
	for _, c := range []struct{ in, out, sqlName string }{
		{"INT", "int", "integer"}, {"integer", "int", "integer"}, {"TinyInt", "tinyint", "smallint"}, {"bigint", "bigint", "bigint"},
		{"string", "string", "text"}, {"decimal", "decimal(10,0)", "numeric(10,0)"}, {"decimal(15)", "decimal(15,0)", "numeric(15,0)"},
		{" decimal( 15 , 2 ) ", "decimal(15,2)", "numeric(15,2)"}, {"char(3)", "char(3)", "character(3)"},
		{"varchar(20)", "varchar(20)", "character varying(20)"}, {"timestamp", "timestamp", "timestamp without time zone"},
		{"timestamp with local time zone", "timestamp with local time zone", "timestamp with time zone"},
		{"array<int>", "array<int>", "integer[]"}, {"array<decimal(5,2)>", "array<decimal(5,2)>", "numeric(5,2)[]"},
		{"array<array<int>>", "array<array<int>>", "jsonb"}, {"map<string,int>", "map<string,int>", "jsonb"},
		{"struct<a:int,b:struct<c:array<string>>>", "struct<a:int,b:struct<c:array<string>>>", "jsonb"},
		{"STRUCT< A b : INT , c.d:string, e:f:double>", "struct<A b:int,c.d:string,e:f:double>", "jsonb"},
		{"struct<>", "struct<>", "jsonb"}, {"binary", "binary", "bytea"}, {"double", "double", "double precision"},
	} {
		h, err := sql.ParseHive(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if h.String() != c.out {
			t.Errorf("%s: written as %s, want %s", c.in, h, c.out)
		}
		st := h.SQL()
		if got := sql.FormatType(st.OID, st.Mod); got != c.sqlName {
			t.Errorf("%s: SQL type %s, want %s", c.in, got, c.sqlName)
		}
		if h.Kind <= sql.HiveArray && h.Kind != sql.HiveTinyint && st != sql.JSONB {
			if back, ok := sql.HiveOf(st); !ok || back.String() != c.out {
				t.Errorf("%s: back from SQL as %v", c.in, back)
			}
		}
	}
	for in, code := range map[string]sql.Code{
		"": sql.CodeSyntaxError, "foo": sql.CodeUndefinedObject, "decimal(39,2)": sql.CodeInvalidParameterValue,
		"decimal(5,6)": sql.CodeInvalidParameterValue, "char": sql.CodeSyntaxError, "char(256)": sql.CodeInvalidParameterValue,
		"array<int": sql.CodeSyntaxError, "array": sql.CodeSyntaxError, "map<array<int>,int>": sql.CodeInvalidParameterValue,
		"struct<a>": sql.CodeSyntaxError, "int int": sql.CodeUndefinedObject, "array<int>>": sql.CodeSyntaxError,
		strings.Repeat("array<", 5000) + "int" + strings.Repeat(">", 5000): sql.CodeStatementTooComplex,
	} {
		_, err := sql.ParseHive(in)
		if err == nil || sql.AsError(err).Code != code {
			t.Errorf("%.40q: got %v, want SQLSTATE %s", in, err, code)
		}
	}
}
