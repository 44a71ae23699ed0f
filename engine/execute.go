package engine

import (
	"context"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// typeNames resolves the types that PREPARE names.
func (s *Session) typeNames(list []parse.TypeName) ([]sql.OID, error) {
	out := make([]sql.OID, len(list))
	for i, t := range list {
		r, err := bind.ResolveType(t)
		if err != nil {
			return nil, err
		}
		out[i] = r.OID
	}
	return out, nil
}

// arguments computes EXECUTE's arguments as the types of the statement's parameters.
func (s *Session) arguments(ctx context.Context, x *parse.Execute, t *Prepared) ([]sql.Value, error) {
	if len(t.Params) == 0 { // PostgreSQL looks at no arguments then
		return nil, nil
	}
	if len(x.Args) != len(t.Params) {
		return nil, sql.Errorf(sql.CodeSyntaxError, "wrong number of parameters for prepared statement \"%s\"", x.Name).
			WithDetail("Expected %d parameters but got %d.", len(t.Params), len(x.Args))
	}
	// The arguments are a query of one row, each cast as an assignment to a column is.
	sel, plain := &parse.Select{P: x.P}, &parse.Select{P: x.P}
	for _, a := range x.Args {
		plain.Targets = append(plain.Targets, parse.Target{P: parse.P(a.Pos()), Expr: a})
	}
	given, err := s.bindQuery(ctx, parse.Statement{Stmt: plain}, plain, nil)
	if err != nil {
		return nil, err
	}
	for i, f := range given.fields {
		if to := t.Params[i]; f.Type.OID != sql.OIDText && !s.eng.cfg.Registry.Coercible(f.Type.OID, to, expr.CastAssignment) {
			return nil, sql.Errorf(sql.CodeDatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s", i+1,
				sql.FormatType(f.Type.OID, -1), sql.FormatType(to, -1)).At(x.Args[i].Pos()).WithHint("You will need to rewrite or cast the expression.")
		}
	}
	for i, a := range x.Args {
		name := parse.TypeName{P: parse.P(a.Pos()), Name: parse.Name{Parts: []string{"pg_catalog", sql.LookupType(t.Params[i]).Name}}}
		sel.Targets = append(sel.Targets, parse.Target{P: parse.P(a.Pos()), Expr: &parse.CastExpr{P: parse.P(a.Pos()), Arg: a, Type: name}})
	}
	q, err := s.bindQuery(ctx, parse.Statement{Stmt: sel}, sel, nil)
	if err != nil {
		return nil, err
	}
	pl, err := s.planQuery(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	rows, err := s.openQuery(ctx, &Portal{s: s}, pl)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	b, err := rows.Next(ctx)
	if err != nil {
		return nil, err
	}
	return rowValues(b), nil
}

// runExecute runs a statement that was prepared by SQL or by the protocol.
func (s *Session) runExecute(ctx context.Context, p *Portal, x *parse.Execute) (Rows, func(int64) string, error) {
	t, ok := s.prepared[x.Name]
	if !ok {
		return nil, nil, undefinedStatement(x.Name)
	}
	if _, again := t.Source.Stmt.Stmt.(*parse.Execute); again {
		return nil, nil, sql.Errorf(sql.CodeFeatureNotSupported, "EXECUTE cannot run another EXECUTE").At(x.Pos())
	}
	if !sameShape(p.prep.Fields, t.Fields) {
		return nil, nil, errResultChanged()
	}
	args, err := s.arguments(ctx, x, t)
	if err != nil {
		return nil, nil, err
	}
	inner := &Portal{s: s, prep: t, params: args, paged: p.paged, ctx: p.ctx, cancel: p.cancel}
	rows, tag, err := s.run(ctx, inner)
	p.planned = inner.planned
	p.stats.planned, p.stats.waited = inner.stats.planned, inner.stats.waited
	p.stats.counters, p.stats.route = inner.stats.counters, inner.stats.route
	return rows, tag, err
}

// sameShape reports whether rows of one description can be sent under the other.
func sameShape(a, b []Field) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type {
			return false
		}
	}
	return true
}

func errResultChanged() error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "cached plan must not change result type")
}
