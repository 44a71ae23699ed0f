package parquet

import (
	"context"
	"fmt"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// ColumnInfo is a column as a file declares it.
type ColumnInfo struct {
	Name     string   // as in the file
	Hive     string   // the Hive type that reads it
	Type     sql.Type // the same as a SQL type
	Physical string   // physical type and annotation, for people
	NotNull  bool
}

// Schema returns a file's columns with the types that a table over it should
// declare.
func (f *Format) Schema(ctx context.Context, store object.Store, url string) ([]ColumnInfo, error) {
	m, _, _, err := f.meta(ctx, store, url, "", -1)
	if err != nil {
		return nil, err
	}
	return m.columns(), nil
}

func (m *fileMeta) columns() []ColumnInfo {
	out := make([]ColumnInfo, 0, len(m.root.kids))
	for _, n := range m.root.kids {
		out = append(out, ColumnInfo{Name: n.name, Hive: hiveType(n), Type: sqlType(n), Physical: n.describe(), NotNull: n.rep == repRequired})
	}
	return out
}

// sqlType is the type that a column has if nothing else is declared.
func sqlType(n *node) sql.Type {
	if n.rep == repRepeated || n.leaf < 0 {
		if e := listElement(n); e != nil && e.leaf >= 0 {
			if t := leafType(e); sql.ArrayOf(t.OID) != 0 {
				return sql.Array(t.OID)
			}
		}
		return sql.JSONB
	}
	return leafType(n)
}

// leafType is the type of a leaf's values.
func leafType(n *node) sql.Type {
	switch n.log.kind {
	case logString, logEnum:
		return sql.Text
	case logJSON:
		return sql.Text
	case logUUID:
		return sql.UUID
	case logDecimal:
		p, s := int(n.log.precision), int(n.log.scale)
		if p < 1 || s < 0 || s > p {
			return sql.Numeric
		}
		if p > sql.MaxDecPrecision {
			return sql.Decimal(sql.MaxDecPrecision, min(s, sql.MaxDecPrecision))
		}
		return sql.Decimal(p, s)
	case logDate:
		return sql.Date
	case logTime:
		return sql.Time
	case logTimestamp:
		return sql.Timestamp
	case logFloat16:
		return sql.Float4
	case logInterval:
		return sql.Interval
	case logInt:
		bits := int(n.log.bits)
		if !n.log.signed {
			bits++ // needs the next size
		}
		switch {
		case bits <= 16:
			return sql.Int2
		case bits <= 32:
			return sql.Int4
		case bits <= 64:
			return sql.Int8
		}
		return sql.Decimal(20, 0)
	}
	switch n.phys {
	case physBool:
		return sql.Bool
	case physInt32:
		return sql.Int4
	case physInt64:
		return sql.Int8
	case physInt96:
		return sql.Timestamp
	case physFloat:
		return sql.Float4
	case physDouble:
		return sql.Float8
	}
	return sql.Bytea
}

// hiveType is the Hive type that a table should declare for n.
func hiveType(n *node) string {
	if n.rep == repRepeated || n.leaf < 0 {
		if e := listElement(n); e != nil {
			return "array<" + hiveElem(e) + ">"
		}
		if k, v := mapEntry(n); k != nil {
			return hiveMap(k, v)
		}
		return hiveStruct(n)
	}
	return hiveLeaf(n)
}

// hiveElem is the type of n as an element, whose own repetition is that of its list.
func hiveElem(n *node) string {
	if n.leaf >= 0 {
		return hiveLeaf(n)
	}
	if e := annotatedList(n); e != nil {
		return "array<" + hiveElem(e) + ">"
	}
	if k, v := mapEntry(n); k != nil {
		return hiveMap(k, v)
	}
	return hiveStruct(n)
}

func hiveMap(k, v *node) string {
	if v == nil {
		return "map<" + hiveElem(k) + ",string>"
	}
	return "map<" + hiveElem(k) + "," + hiveElem(v) + ">"
}

func hiveStruct(n *node) string {
	var b strings.Builder
	b.WriteString("struct<")
	for i, k := range n.kids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(k.name + ":" + hiveType(k))
	}
	return b.String() + ">"
}

func hiveLeaf(n *node) string {
	switch t := leafType(n); t.OID {
	case sql.OIDBool:
		return "boolean"
	case sql.OIDInt2:
		if n.log.kind == logInt && n.log.signed && n.log.bits == 8 {
			return "tinyint"
		}
		return "smallint"
	case sql.OIDInt4:
		return "int"
	case sql.OIDInt8:
		return "bigint"
	case sql.OIDFloat4:
		return "float"
	case sql.OIDFloat8:
		return "double"
	case sql.OIDNumeric:
		if t.Dec.Static() {
			return fmt.Sprintf("decimal(%d,%d)", t.Dec.P, t.Dec.S)
		}
		return "decimal(38,18)"
	case sql.OIDDate:
		return "date"
	case sql.OIDTimestamp:
		return "timestamp"
	case sql.OIDTime:
		return "bigint"
	case sql.OIDText, sql.OIDUUID:
		return "string"
	}
	return "binary"
}

// listElement returns the element of a list, nil if n is no list. A list is a
// group annotated LIST round a repeated field, or a repeated field by itself; the
// rules for older forms are the format's (LogicalTypes, "Lists").
func listElement(n *node) *node {
	if n.rep == repRepeated {
		return n
	}
	return annotatedList(n)
}

// annotatedList returns the element of a group annotated LIST, nil if n is none.
func annotatedList(n *node) *node {
	if n.log.kind != logList || len(n.kids) != 1 || n.kids[0].rep != repRepeated {
		return nil
	}
	r := n.kids[0]
	if r.leaf >= 0 || len(r.kids) != 1 || r.name == "array" || r.name == n.name+"_tuple" || r.kids[0].rep == repRepeated {
		return r
	}
	return r.kids[0]
}

// mapEntry returns the key and value of a map; value is nil for a map without
// values, key nil if n is no map.
func mapEntry(n *node) (key, value *node) {
	if n.log.kind != logMap || len(n.kids) != 1 || n.kids[0].rep != repRepeated {
		return nil, nil
	}
	switch r := n.kids[0]; len(r.kids) {
	case 1:
		return r.kids[0], nil
	case 2:
		return r.kids[0], r.kids[1]
	}
	return nil, nil
}
