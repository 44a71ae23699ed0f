package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// rowsAsJSON makes rows among the arguments of functions that give JSON the JSON that
// they are: rows as values do not carry the names of their fields, which JSON needs.
// A row whose fields are not known here is refused.
func (b *binder) rowsAsJSON(name string, args []expr.Expr, pos int) error {
	rows := args
	var lines expr.Expr = &expr.Const{V: sql.BoolValue(false)}
	switch name {
	case "row_to_json":
		if len(args) > 1 {
			lines, rows = args[1], args[:1]
		}
	case "to_json", "to_jsonb", "json_agg", "jsonb_agg", "json_build_array", "jsonb_build_array", "json_build_object", "jsonb_build_object",
		"json_object_agg", "jsonb_object_agg":
	default:
		return nil
	}
	for i, a := range rows {
		t := a.Type().OID
		if t != sql.OIDRecord && sql.ElemOf(t) != sql.OIDRecord {
			continue
		}
		x := b.jsonOfRow(a, lines)
		if x == nil {
			return sql.Errorf(sql.CodeFeatureNotSupported, "%s of this row is not supported: the names of its fields are not known", name).
				WithHint("Call it for the row of a table or subquery in the same FROM, or for the columns one by one.").At(pos)
		}
		rows[i] = x
	}
	return nil
}

// jsonOfRow is a row as JSON; nil if its fields are not known.
func (b *binder) jsonOfRow(e, lines expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Case); ok && rowOf(e) != nil { // a row that an outer join may have made of NULLs
		inner := b.jsonOfRow(c.Whens[0].Then, lines)
		if inner == nil {
			return nil
		}
		return &expr.Case{Whens: []expr.When{{Cond: c.Whens[0].Cond, Then: inner}}, T: expr.JSONRow}
	}
	row, ok := e.(*expr.RowExpr)
	if !ok {
		return nil
	}
	names := sql.Value{Type: sql.Array(sql.OIDText)}
	args := []expr.Expr{nil, lines}
	for i, f := range row.Fields {
		name := "f" + itoa(i+1)
		if row.Names != nil {
			name = row.Names[i]
		}
		if f.Type().OID == sql.OIDRecord {
			if f = b.jsonOfRow(f, &expr.Const{V: sql.BoolValue(false)}); f == nil {
				return nil
			}
		}
		names.List = append(names.List, sql.TextValue(name))
		args = append(args, f)
	}
	args[0] = &expr.Const{V: names}
	return &expr.Call{Fn: b.reg.JSONOfRow(), Args: args, T: expr.JSONRow}
}
