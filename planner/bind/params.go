package bind

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// param refers to a parameter; its type may be open still.
func (b *binder) param(p *parse.ParamRef) expr.Expr {
	for len(b.params) < p.N {
		b.params = append(b.params, 0)
	}
	t := sql.Unknown
	if oid := b.params[p.N-1]; oid != 0 {
		t = sql.T(oid)
	}
	out := &expr.Param{Index: p.N, T: t}
	b.paramPos[out] = p.Pos()
	return out
}

// typedParam gives a parameter its type from its context, where it is used first.
func (b *binder) typedParam(p *expr.Param, t sql.Type, ctx expr.CastContext, pos int) (expr.Expr, error) {
	known := &b.params[p.Index-1]
	base := sql.T(t.OID)
	switch *known {
	case 0, sql.OIDUnknown:
		*known = t.OID
	case t.OID:
	default:
		return nil, sql.Errorf(codeAmbiguousParameter, "inconsistent types deduced for parameter $%d", p.Index).
			WithDetail("%s versus %s", sql.FormatType(*known, -1), sql.FormatType(t.OID, -1)).At(pos)
	}
	return b.coerce(&expr.Param{Index: p.Index, T: base}, t, ctx, pos)
}

// latest gives a parameter the type that an earlier use of the same expression found:
// x BETWEEN and comparisons of rows stand for several uses.
func (b *binder) latest(e expr.Expr) expr.Expr {
	if p, ok := e.(*expr.Param); ok && p.T.OID == sql.OIDUnknown && b.params[p.Index-1] != 0 {
		return &expr.Param{Index: p.Index, T: sql.T(b.params[p.Index-1])}
	}
	return e
}

// checkParams refuses parameters that no place, or not each place, gave a type.
func (b *binder) checkParams(plan logical.Node) error {
	for i, oid := range b.params {
		if oid == 0 || oid == sql.OIDUnknown {
			return sql.Errorf(sql.CodeIndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	var err error
	logical.WalkExprs(plan, func(e expr.Expr) {
		expr.Walk(e, func(x expr.Expr) bool {
			if p, ok := x.(*expr.Param); ok && p.T.OID == sql.OIDUnknown {
				err = sql.Errorf(codeAmbiguousParameter, "could not determine data type of parameter $%d", p.Index).At(b.paramPos[p])
			}
			return err == nil
		})
	})
	return err
}
