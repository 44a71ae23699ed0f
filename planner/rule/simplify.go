package rule

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

// simplifyPredicates normalises conditions of filters, scans and joins:
//
//   - nested AND and OR are flattened, constants removed, NOT moved to the leaves;
//   - (a AND b) OR (a AND c) becomes a AND (b OR c), which TPC-H Q19 needs for its
//     join key. Only if nothing in it can raise: a OR-arm decides which rows the
//     next arm sees;
//   - x = 1 OR x = 2 becomes x IN (1, 2);
//   - a filter that is never true, and LIMIT 0, becomes an empty relation, and so
//     does what is computed from it.
//
// A condition is only asked for "true", so NULL and false may be exchanged here;
// not so below a NOT, nor for the On of a Mark join.
func simplifyPredicates(c *Context, n logical.Node) logical.Node {
	return rewrite(n, func(n logical.Node) logical.Node {
		switch n := n.(type) {
		case *logical.Limit:
			if count, ok := limitConst(n.Count, 1); ok && count == 0 {
				if offset, ok := limitConst(n.Offset, 0); ok && offset >= 0 {
					return emptyLike(n)
				}
			}
			if isEmpty(n.Input) {
				return emptyLike(n)
			}
		case *logical.Project, *logical.Sort, *logical.Distinct, *logical.Window, *logical.ProjectSet:
			if isEmpty(n.Children()[0]) {
				return emptyLike(n)
			}
		case *logical.Aggregate:
			if isEmpty(n.Input) && len(n.Groups) > 0 && n.Sets == nil {
				return emptyLike(n)
			}
		case *logical.Filter:
			conds, changed := simplifyList(n.Conds)
			switch {
			case isEmpty(n.Input):
				return emptyLike(n)
			case neverTrue(conds):
				return emptyLike(n)
			case len(conds) == 0:
				return n.Input
			case changed:
				return &logical.Filter{Input: n.Input, Conds: conds}
			}
		case *logical.Scan:
			conds, changed := simplifyList(n.Filter)
			if neverTrue(conds) {
				return emptyLike(n)
			}
			if changed {
				m := *n
				m.Filter = conds
				return &m
			}
		case *logical.Join:
			if n.Kind == logical.Mark {
				return n
			}
			on, changed := simplifyList(n.On)
			if neverTrue(on) {
				switch n.Kind {
				case logical.Inner, logical.Semi:
					return emptyLike(n)
				case logical.Anti:
					return n.Left
				}
			}
			switch l, r := isEmpty(n.Left), isEmpty(n.Right); {
			case l && n.Kind != logical.Full, r && (n.Kind == logical.Inner || n.Kind == logical.Semi):
				return emptyLike(n)
			case r && n.Kind == logical.Anti:
				return n.Left
			}
			if changed {
				m := *n
				m.On = on
				return &m
			}
		case *logical.DependentJoin:
			if n.Kind == logical.Mark {
				return n
			}
			if on, changed := simplifyList(n.On); changed {
				m := *n
				m.On = on
				return &m
			}
		}
		return n
	})
}

func emptyLike(n logical.Node) logical.Node { return &logical.Values{Cols: n.Columns()} }

func isEmpty(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 0
}

// neverTrue reports whether a condition is constant and not true. Conditions of rows
// are not asked then, whatever they might raise; what raises without a row, does so.
func neverTrue(conds []expr.Expr) bool {
	for _, c := range conds {
		if k, ok := c.(*expr.Const); ok && (k.V.Null || k.V.I == 0) {
			return true
		}
		if raisesAlone(c) {
			return false
		}
	}
	return false
}

// raisesAlone reports whether e has a part without columns that might raise.
func raisesAlone(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		found = found || canRaise(x) && expr.ColsOf(x).Empty()
		return !found
	})
	return found
}

func isTrue(e expr.Expr) bool {
	k, ok := e.(*expr.Const)
	return ok && !k.V.Null && k.V.I != 0 && k.V.Type.OID == sql.OIDBool
}

func simplifyList(conds []expr.Expr) (out []expr.Expr, changed bool) {
	for _, c := range conds {
		s := simplifyCond(c)
		parts := expr.Conjuncts(s)
		changed = changed || s != c || len(parts) != 1
		for _, p := range parts {
			if isTrue(p) || !volatileExpr(p) && containsExpr(out, p) {
				changed = true
				continue
			}
			out = append(out, p)
		}
	}
	return out, changed
}

// simplifyCond rewrites a condition of which only "true" matters.
func simplifyCond(e expr.Expr) expr.Expr {
	switch x := e.(type) {
	case *expr.Not:
		return simplifyNot(x)
	case *expr.IsNull:
		if x.Test == expr.TestTrue {
			return simplifyCond(x.Arg)
		}
	case *expr.Logic:
		if x.Op == expr.And {
			var out []expr.Expr
			same := true
			for _, a := range x.Args {
				s := simplifyCond(a)
				same = same && s == a
				out = append(out, expr.Conjuncts(s)...)
			}
			if same && len(out) == len(x.Args) {
				return e
			}
			return expr.AndOf(out)
		}
		return simplifyOr(x)
	}
	return e
}

func simplifyNot(x *expr.Not) expr.Expr {
	switch a := x.Arg.(type) {
	case *expr.Const:
		if a.V.Null {
			return a
		}
		return &expr.Const{V: sql.BoolValue(a.V.I == 0)}
	case *expr.Not:
		return simplifyCond(a.Arg)
	case *expr.InList:
		m := *a
		m.Negate = !a.Negate
		return &m
	case *expr.IsNull:
		return &expr.IsNull{Arg: a.Arg, Test: a.Test ^ 1}
	case *expr.Logic:
		args := make([]expr.Expr, len(a.Args))
		for i, e := range a.Args {
			args[i] = &expr.Not{Arg: e}
		}
		return simplifyCond(&expr.Logic{Op: expr.Or - a.Op, Args: args})
	}
	return x
}

func simplifyOr(x *expr.Logic) expr.Expr {
	var arms []expr.Expr
	same := true
	for _, a := range x.Args {
		s := simplifyCond(a)
		same = same && s == a
		if l, ok := s.(*expr.Logic); ok && l.Op == expr.Or {
			arms = append(arms, l.Args...)
			same = false
			continue
		}
		if k, ok := s.(*expr.Const); ok && (k.V.Null || k.V.I == 0) {
			same = false
			continue
		}
		arms = append(arms, s)
	}
	if len(arms) == 0 {
		return &expr.Const{V: sql.BoolValue(false)}
	}
	if len(arms) == 1 {
		return arms[0]
	}
	if canRaise(x) {
		if same {
			return x
		}
		return &expr.Logic{Op: expr.Or, Args: arms}
	}
	for _, a := range arms {
		if isTrue(a) {
			return a
		}
	}
	if in := orToIn(arms); in != nil {
		return in
	}
	if f := factor(arms); f != nil {
		return f
	}
	if same {
		return x
	}
	return &expr.Logic{Op: expr.Or, Args: arms}
}

// orToIn turns x = 1 OR x IN (2, 3) into x IN (1, 2, 3); nil if the arms are not
// all of this form with one x and one operator.
func orToIn(arms []expr.Expr) expr.Expr {
	var arg expr.Expr
	var eq *expr.Func
	var list []sql.Value
	for _, a := range arms {
		var x expr.Expr
		var fn *expr.Func
		var vals []sql.Value
		switch a := a.(type) {
		case *expr.InList:
			if a.Negate || a.HasNull {
				return nil
			}
			x, fn, vals = a.Arg, a.Eq, a.List
		case *expr.Call:
			l, r, f, ok := equality(a)
			if !ok {
				return nil
			}
			k, isConst := r.(*expr.Const)
			if !isConst || k.V.Null {
				return nil
			}
			// IN compares values of one type; a cross-type operator stays an OR.
			if l.Type().OID != k.V.Type.OID {
				return nil
			}
			x, fn, vals = l, f, []sql.Value{k.V}
		default:
			return nil
		}
		if arg == nil {
			arg, eq = x, fn
		} else if fn != eq || !Equal(arg, x) {
			return nil
		}
		for _, v := range vals {
			dup := false
			for i := range list {
				dup = dup || sameValue(&list[i], &v)
			}
			if !dup {
				list = append(list, v)
			}
		}
	}
	return &expr.InList{Arg: arg, Eq: eq, List: list}
}

// factor takes out the conjuncts that all arms share; nil if there is none.
func factor(arms []expr.Expr) expr.Expr {
	lists := make([][]expr.Expr, len(arms))
	for i, a := range arms {
		lists[i] = expr.Conjuncts(a)
	}
	var common []expr.Expr
	for _, c := range lists[0] {
		all := true
		for _, l := range lists[1:] {
			all = all && containsExpr(l, c)
		}
		if all && !containsExpr(common, c) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return nil
	}
	var rest []expr.Expr
	for _, l := range lists {
		var keep []expr.Expr
		for _, c := range l {
			if !containsExpr(common, c) {
				keep = append(keep, c)
			}
		}
		if len(keep) == 0 { // a OR (a AND b) = a
			return expr.AndOf(common)
		}
		rest = append(rest, expr.AndOf(keep))
	}
	or := simplifyOr(&expr.Logic{Op: expr.Or, Args: rest})
	return expr.AndOf(append(common, expr.Conjuncts(or)...))
}
