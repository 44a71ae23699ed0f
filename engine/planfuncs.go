package engine

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/rule"
	"github.com/sluicedb/sluice/sql"
)

// planFuncs gives the planner the registry entries that its rewrites insert.
type planFuncs struct{ reg *expr.Registry }

func (p planFuncs) op(symbol string, t sql.Type) *expr.Func {
	for _, f := range p.reg.LookupOperator(symbol) {
		if len(f.Args) == 2 && f.Args[0] == t.OID && f.Args[1] == t.OID {
			return f
		}
	}
	return nil
}

// Equal implements rule.Functions.
func (p planFuncs) Equal(t sql.Type) *expr.Func { return p.op("=", comparable(t)) }

// Less implements rule.Functions.
func (p planFuncs) Less(t sql.Type, orEqual bool) *expr.Func {
	if orEqual {
		return p.op("<=", comparable(t))
	}
	return p.op("<", comparable(t))
}

// comparable maps types that have no operators of their own to those they use.
func comparable(t sql.Type) sql.Type {
	if t.OID == sql.OIDVarchar {
		return sql.Text
	}
	return t
}

// RowNumber implements rule.Functions.
func (p planFuncs) RowNumber() *expr.WindowFn {
	for _, f := range p.reg.LookupWindow("row_number") {
		return f
	}
	return nil
}

var _ rule.Functions = planFuncs{}

// widen casts e to t by an implicit cast, nil if there is none.
func (p planFuncs) widen(e expr.Expr, t sql.Type) expr.Expr {
	if e.Type() == t {
		return e
	}
	f := p.reg.LookupCast(e.Type().OID, t.OID)
	if f == nil || f.Context != expr.CastImplicit || f.Raises {
		return nil
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{e}, T: t, Implicit: true}
}
