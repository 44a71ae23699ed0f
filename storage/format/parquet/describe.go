package parquet

import (
	"fmt"

	"github.com/sluicedb/sluice/sql"
)

var unitNames = [...]string{"MILLIS", "MICROS", "NANOS"}

// String describes the annotation as Parquet tools do, "" for none.
func (l logical) String() string {
	utc := "local"
	if l.utc {
		utc = "UTC"
	}
	switch l.kind {
	case logString:
		return "STRING"
	case logEnum:
		return "ENUM"
	case logJSON:
		return "JSON"
	case logBSON:
		return "BSON"
	case logUUID:
		return "UUID"
	case logDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", l.precision, l.scale)
	case logDate:
		return "DATE"
	case logTime:
		return fmt.Sprintf("TIME(%s,%s)", unitNames[l.unit], utc)
	case logTimestamp:
		return fmt.Sprintf("TIMESTAMP(%s,%s)", unitNames[l.unit], utc)
	case logInt:
		if l.signed {
			return fmt.Sprintf("INT%d", l.bits)
		}
		return fmt.Sprintf("UINT%d", l.bits)
	case logFloat16:
		return "FLOAT16"
	case logInterval:
		return "INTERVAL"
	case logList:
		return "LIST"
	case logMap:
		return "MAP"
	case logNull:
		return "NULL"
	}
	return ""
}

// describe names a column's type in the file for messages.
func (n *node) describe() string {
	if n.leaf < 0 {
		if s := n.log.String(); s != "" {
			return s
		}
		return "a group"
	}
	s := n.phys.String()
	if n.phys == physFixed {
		s = fmt.Sprintf("%s(%d)", s, n.typeLen)
	}
	if a := n.log.String(); a != "" {
		s += " (" + a + ")"
	}
	if n.rep == repRepeated {
		s = "repeated " + s
	}
	return s
}

var typeNames = map[sql.OID]string{
	sql.OIDBool: "boolean", sql.OIDInt2: "smallint", sql.OIDInt4: "integer", sql.OIDInt8: "bigint",
	sql.OIDFloat4: "real", sql.OIDFloat8: "double precision", sql.OIDNumeric: "numeric", sql.OIDText: "text",
	sql.OIDVarchar: "character varying", sql.OIDBpchar: "character", sql.OIDBytea: "bytea", sql.OIDDate: "date",
	sql.OIDTime: "time", sql.OIDTimestamp: "timestamp", sql.OIDTimestamptz: "timestamp with time zone",
	sql.OIDInterval: "interval", sql.OIDUUID: "uuid", sql.OIDJSON: "json", sql.OIDJSONB: "jsonb",
}

// typeName names a type for messages.
func typeName(t sql.Type) string {
	if t.IsArray() {
		return typeName(t.Elem()) + "[]"
	}
	s := typeNames[t.OID]
	if s == "" {
		s = fmt.Sprintf("type %d", t.OID)
	}
	if t.OID == sql.OIDNumeric && t.Dec.Static() {
		s = fmt.Sprintf("numeric(%d,%d)", t.Dec.P, t.Dec.S)
	}
	return s
}
