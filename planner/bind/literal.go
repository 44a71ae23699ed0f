package bind

import (
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// literal types a constant: integers by size, other numbers as decimals of their
// digits, quoted ones stay open.
func (b *binder) literal(l *parse.Literal) (expr.Expr, error) {
	switch l.Kind {
	case parse.LitNull:
		return &expr.Const{V: sql.NullOf(sql.Unknown)}, nil
	case parse.LitBool:
		return &expr.Const{V: sql.BoolValue(l.Bool)}, nil
	case parse.LitString:
		return &expr.Const{V: sql.Value{Type: sql.Unknown, S: l.Text}}, nil
	case parse.LitBits:
		return nil, sql.Errorf(sql.CodeFeatureNotSupported, "bit strings are not supported").At(l.Pos())
	case parse.LitInt:
		v, err := sql.ParseInt(l.Text, sql.OIDInt4)
		if err != nil {
			return nil, sql.AsError(err).At(l.Pos())
		}
		return &expr.Const{V: sql.IntValue(sql.Int4, v)}, nil
	}
	if !strings.ContainsAny(l.Text, ".eE") {
		if v, err := sql.ParseInt(l.Text, sql.OIDInt8); err == nil {
			t := sql.Int8
			if v == int64(int32(v)) { // -2147483648 is the negation of a bigint
				t = sql.Int4
			}
			return &expr.Const{V: sql.IntValue(t, v)}, nil
		}
	}
	n, err := sql.ParseNum(l.Text, -1)
	if err != nil {
		if cast := b.reg.LookupCast(sql.OIDText, sql.OIDNumeric); cast != nil && sql.AsError(err).Code == sql.CodeNumericOutOfRange {
			// Fails when it is evaluated, but may become a double: see wideLiteral.
			return &expr.Call{Fn: cast, Args: []expr.Expr{&expr.Const{V: sql.Value{Type: sql.Text, S: l.Text}}}, T: sql.Numeric, Implicit: true, Pos: l.Pos()}, nil
		}
		return nil, sql.AsError(err).At(l.Pos())
	}
	return &expr.Const{V: numberValue(n)}, nil
}

// wideLiteral reads a number with more digits than a numeric holds as a floating-point
// value of type t; ok is false for everything else.
func (b *binder) wideLiteral(e expr.Expr, t sql.Type) (v sql.Value, ok bool) {
	c, is := e.(*expr.Call)
	if !is || c.Fn.Kind != expr.KindCast || !c.Implicit || c.T.OID != sql.OIDNumeric || t.OID != sql.OIDFloat8 && t.OID != sql.OIDFloat4 {
		return v, false
	}
	text, is := c.Args[0].(*expr.Const)
	if !is || text.V.Type.OID != sql.OIDText {
		return v, false
	}
	v, err := b.env.ParseText(t, text.V.S)
	return v, err == nil
}

// sqlValues are CURRENT_DATE and its kin: the type, and the function that PostgreSQL
// has for it (CURRENT_DATE's is a cast of now()).
var sqlValues = map[string]struct {
	t  sql.Type
	fn string
}{
	"current_date": {sql.Date, "now"}, "current_time": {sql.Timetz, "now"}, "current_timestamp": {sql.Timestamptz, "now"},
	"localtime": {sql.Time, "now"}, "localtimestamp": {sql.Timestamp, "now"},
	"current_role": {sql.Name, "current_user"}, "current_user": {sql.Name, "current_user"}, "user": {sql.Name, "current_user"},
	"session_user": {sql.Name, "session_user"}, "current_catalog": {sql.Name, "current_database"}, "current_schema": {sql.Name, "current_schema"},
}

func (b *binder) sqlValue(v *parse.SQLValue) (expr.Expr, error) {
	d := sqlValues[v.Name]
	f, err := b.function([]string{"pg_catalog", d.fn}, nil, callOptions{pos: v.Pos()})
	if err != nil {
		return nil, err
	}
	t := d.t
	if v.Prec >= 0 && d.fn == "now" && t.OID != sql.OIDDate {
		t.Mod = int32(min(v.Prec, 6))
	}
	e, err := b.plainCall(f, v.Pos())
	if err != nil {
		return nil, err
	}
	return b.coerce(e, t, expr.CastExplicit, v.Pos())
}
