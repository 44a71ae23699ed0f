package place

import (
	"strings"

	"github.com/sluicedb/sluice/expr"
)

// Selectivities where nothing better is known.
const (
	selDefault    = 0.3
	selInequality = 1.0 / 3
	selEquality   = 0.05
	selPrefix     = 0.1
	selContains   = 0.05
	selDerived    = 0.005 // the least for a range over an aggregate's guessed results
	selMin        = 1e-7
)

// selectivity estimates the fraction of rows for which all conditions are true.
// Ranges of one column are taken together; other conditions count as independent.
func (b *builder) selectivity(conds []expr.Expr) float64 {
	s := 1.0
	type span struct {
		lo, hi       float64
		hasLo, hasHi bool
	}
	var ranges map[expr.ColumnID]*span
	for _, c := range conds {
		id, op, v, ok := comparison(c)
		if ok && op != "=" && op != "<>" && b.stat(id).ranged {
			if ranges == nil {
				ranges = map[expr.ColumnID]*span{}
			}
			r := ranges[id]
			if r == nil {
				r = &span{}
				ranges[id] = r
			}
			if op[0] == '<' {
				if !r.hasHi || v < r.hi {
					r.hi, r.hasHi = v, true
				}
			} else if !r.hasLo || v > r.lo {
				r.lo, r.hasLo = v, true
			}
			continue
		}
		s *= b.condSel(c)
	}
	for id, r := range ranges {
		st := b.stat(id)
		lo, hi := st.min, st.max
		if r.hasLo {
			lo = max(lo, r.lo)
		}
		if r.hasHi {
			hi = min(hi, r.hi)
		}
		width := st.max - st.min
		f := 1.0
		switch {
		case hi < lo:
			f = 0
		case width > 0:
			f = (hi - lo) / width
		}
		f = max(f, 1/max(st.distinct, 1))
		if st.derived {
			f = max(f, selDerived)
		}
		s *= f * (1 - st.nulls)
		if hi < lo && !st.derived {
			s *= 0.01
		}
	}
	return clamp(s)
}

func clamp(s float64) float64 { return min(max(s, selMin), 1) }

// comparison recognises column op constant, with the operator seen from the column.
func comparison(e expr.Expr) (id expr.ColumnID, op string, v float64, ok bool) {
	c, isCall := e.(*expr.Call)
	if !isCall || c.Fn.Kind != expr.KindOperator || len(c.Args) != 2 {
		return 0, "", 0, false
	}
	op = c.Fn.Name
	col, ok1 := c.Args[0].(*expr.Col)
	k, ok2 := c.Args[1].(*expr.Const)
	if !ok1 || !ok2 {
		col, ok1 = c.Args[1].(*expr.Col)
		k, ok2 = c.Args[0].(*expr.Const)
		switch op {
		case "<":
			op = ">"
		case "<=":
			op = ">="
		case ">":
			op = "<"
		case ">=":
			op = "<="
		}
	}
	if !ok1 || !ok2 {
		return 0, "", 0, false
	}
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		return 0, "", 0, false
	}
	v, ok = number(&k.V)
	return col.ID, op, v, ok
}

func (b *builder) condSel(e expr.Expr) float64 {
	switch x := e.(type) {
	case *expr.Const:
		if x.V.Null || x.V.I == 0 {
			return 0
		}
		return 1
	case *expr.Col:
		return 0.5
	case *expr.Not:
		return clamp(1 - b.condSel(x.Arg))
	case *expr.Logic:
		if x.Op == expr.And {
			return b.selectivity(x.Args)
		}
		miss := 1.0
		for _, a := range x.Args {
			miss *= 1 - b.selectivity(expr.Conjuncts(a))
		}
		return clamp(1 - miss)
	case *expr.IsNull:
		nulls := 0.01
		if c, ok := x.Arg.(*expr.Col); ok {
			nulls = b.stat(c.ID).nulls
		}
		switch x.Test {
		case expr.TestNull, expr.TestUnknown:
			return clamp(nulls)
		case expr.TestNotNull, expr.TestNotUnknown:
			return clamp(1 - nulls)
		case expr.TestTrue:
			return b.condSel(x.Arg)
		case expr.TestFalse:
			return clamp(1 - b.condSel(x.Arg))
		case expr.TestNotTrue:
			return clamp(1 - b.condSel(x.Arg))
		}
		return selDefault
	case *expr.InList:
		s := min(float64(len(x.List))*b.equalSel(x.Arg), 0.9)
		if x.Negate {
			return clamp(1 - s)
		}
		return clamp(s)
	case *expr.ScalarArray:
		return selDefault
	case *expr.Call:
		return b.callSel(x)
	}
	return selDefault
}

// equalSel is the selectivity of e = a constant.
func (b *builder) equalSel(e expr.Expr) float64 {
	if c, ok := e.(*expr.Col); ok {
		st := b.stat(c.ID)
		return (1 - st.nulls) / max(st.distinct, 1)
	}
	return selEquality
}

func (b *builder) callSel(x *expr.Call) float64 {
	if id, op, v, ok := comparison(x); ok {
		st := b.stat(id)
		switch op {
		case "=":
			s := (1 - st.nulls) / max(st.distinct, 1)
			if st.ranged && (v < st.min || v > st.max) {
				s *= 0.01
			}
			return clamp(s)
		case "<>":
			return clamp(1 - 1/max(st.distinct, 1))
		}
		if !st.ranged || st.max <= st.min {
			return selInequality
		}
		f := (v - st.min) / (st.max - st.min)
		if op[0] == '>' {
			f = 1 - f
		}
		return clamp(max(min(f, 1), 1/max(st.distinct, 1)))
	}
	if len(x.Args) == 2 {
		_, const0 := x.Args[0].(*expr.Const)
		k, const1 := x.Args[1].(*expr.Const)
		switch x.Fn.Name {
		case "=":
			switch {
			case const1:
				return clamp(b.equalSel(x.Args[0]))
			case const0:
				return clamp(b.equalSel(x.Args[1]))
			}
			l, r := b.equalSel(x.Args[0]), b.equalSel(x.Args[1])
			return clamp(min(l, r))
		case "<>":
			return 0.9
		case "<", "<=", ">", ">=":
			return selInequality
		case "~~", "~~*", "!~~", "!~~*":
			s := selContains
			if const1 && !strings.HasPrefix(k.V.S, "%") {
				s = selPrefix
				if c, ok := x.Args[0].(*expr.Col); ok && b.distinct(c.ID) > 1000 {
					s = 0.01 // names and texts, not codes
				}
			}
			if x.Fn.Name[0] == '!' {
				return 1 - s
			}
			return s
		case "~", "~*":
			return selContains
		}
	}
	if x.Fn.Name == "starts_with" {
		return selPrefix
	}
	return selDefault
}

// narrow reduces the statistics of columns by conditions on them alone.
func (b *builder) narrow(conds []expr.Expr) {
	for _, c := range conds {
		ids := expr.ColsOf(c)
		if ids.Len() != 1 {
			continue
		}
		id := ids.IDs()[0]
		st, ok := b.stats[id]
		if !ok {
			continue
		}
		switch x := c.(type) {
		case *expr.InList:
			if _, isCol := x.Arg.(*expr.Col); isCol && !x.Negate {
				st.distinct = min(st.distinct, float64(len(x.List)))
			}
		default:
			_, op, v, ok := comparison(c)
			if !ok {
				// LIKE and the like keep a share of the values.
				st.distinct = max(1, st.distinct*b.condSel(c))
				break
			}
			switch op {
			case "=":
				st.distinct = 1
				if st.ranged {
					st.min, st.max = v, v
				}
			case "<", "<=", ">", ">=":
				st.distinct = max(1, st.distinct*b.condSel(c))
				if st.ranged && op[0] == '<' {
					st.max = max(min(st.max, v), st.min)
				} else if st.ranged {
					st.min = min(max(st.min, v), st.max)
				}
			}
		}
		st.nulls = 0
		b.stats[id] = st
	}
}
