package bind

import (
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// intervalMasks are the fields' bits in an interval's modifier.
var intervalMasks = map[string]int32{"year": 1 << 2, "month": 1 << 1, "day": 1 << 3, "hour": 1 << 10, "minute": 1 << 11, "second": 1 << 12}

// ResolveType resolves a written type; the error is 42704 where there is none.
func ResolveType(t parse.TypeName) (sql.Type, error) { return (*binder)(nil).typeName(&t) }

// foreignTypes are the names that Redshift and Athena have for types.
var foreignTypes = map[string]string{"double": "float8", "string": "text", "tinyint": "int2", "varbinary": "bytea", "varbyte": "bytea",
	"super": "jsonb", "nvarchar": "varchar", "datetime": "timestamp", "long": "int8"}

// typeName resolves a written type.
func (b *binder) typeName(t *parse.TypeName) (sql.Type, error) {
	parts := t.Name.Parts
	name := parts[len(parts)-1]
	info := sql.LookupTypeName(name)
	if alias := foreignTypes[name]; info == nil && alias != "" && len(parts) == 1 {
		info = sql.LookupTypeName(alias)
	}
	if len(parts) > 1 && parts[0] != "pg_catalog" || info == nil {
		return sql.Type{}, sql.Errorf(sql.CodeUndefinedObject, "type \"%s\" does not exist", strings.Join(parts, ".")).At(t.Pos())
	}
	if t.SetOf {
		return sql.Type{}, sql.Errorf(sql.CodeInvalidTableDefinition, "type \"%s\" cannot be declared SETOF", name).At(t.Pos())
	}
	out := sql.T(info.OID)
	mods := make([]int, len(t.Mods))
	for i, m := range t.Mods {
		lit, ok := m.(*parse.Literal)
		if ok {
			var err error
			if mods[i], err = strconv.Atoi(lit.Text); err != nil {
				ok = false
			}
		}
		if !ok {
			return out, sql.Errorf(sql.CodeSyntaxError, "type modifiers must be simple constants or identifiers").At(t.Pos())
		}
	}
	switch {
	case info.OID == sql.OIDInterval && (len(t.Fields) > 0 || len(mods) > 0):
		mask, prec := int32(0x7fff), int32(0xffff)
		if len(t.Fields) > 0 {
			mask = 0
			for _, f := range t.Fields {
				mask |= intervalMasks[f]
			}
		}
		if len(mods) > 0 {
			prec = int32(min(mods[0], 6))
		}
		out.Mod = mask<<16 | prec
	case len(mods) > 0:
		m, err := sql.ModIn(info.OID, mods)
		if err != nil {
			return out, sql.AsError(err).At(t.Pos())
		}
		out.Mod = m
	}
	if t.Array > 0 {
		arr := sql.ArrayOf(out.OID)
		if arr == 0 {
			if info.Category == 'A' {
				arr = out.OID
			} else {
				return out, sql.Errorf(sql.CodeUndefinedObject, "type \"%s[]\" does not exist", name).At(t.Pos())
			}
		}
		out.OID = arr
		return out, nil
	}
	if out.OID == sql.OIDNumeric && out.Mod != -1 {
		if p, s, _ := sql.NumericPS(out.Mod); p <= sql.MaxDecPrecision && s >= 0 && s <= p {
			out = sql.Decimal(p, s)
		}
	}
	return out, nil
}
