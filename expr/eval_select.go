package expr

import (
	"github.com/sluicedb/sluice/vector"
)

// selKernel appends to out (which has room for one more than the rows asked) the
// rows of in.Sel (nil: in.N) for which the function is true. It is called like a
// Kernel otherwise, and gives rows before a *RowError.
type selKernel func(in *Input, out []int32) ([]int32, error)

// selectRows appends to out the rows of sel for which boolean node n is true. top
// tells that NULL counts as false all the way up, so that AND may stop at NULL.
func (ev *evaluator) selectRows(n int, sel []int32, cnt int, out []int32, top bool) []int32 {
	nd, s := &ev.p.nodes[n], &ev.st[n]
	sel, cnt = ev.cut(sel, cnt)
	if count(sel, cnt) == 0 {
		return out
	}
	if !nd.constant && nd.uses <= 1 {
		if r, ok := ev.selectDict(n, nd, s, sel, cnt, out); ok {
			return r
		}
		switch x := nd.e.(type) {
		case *Logic:
			if x.Op == And && (top || !ev.laterRaise(nd)) {
				return ev.selectAnd(nd, s, sel, cnt, out, top)
			}
			if x.Op == Or {
				return ev.selectOr(nd, s, sel, cnt, out)
			}
		case *Call:
			if x.Fn.sel != nil {
				return ev.selectCall(x, nd, s, sel, cnt, out)
			}
		case *InList:
			v := ev.eval(nd.kids[0], sel, cnt)
			sel, cnt = ev.cut(sel, cnt)
			return nd.in.selectRows(v, sel, cnt, out)
		case *IsNull:
			v := ev.eval(nd.kids[0], sel, cnt)
			sel, cnt = ev.cut(sel, cnt)
			return selectTest(x.Test, v, sel, cnt, out)
		}
	}
	v := ev.eval(n, sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	return selectBool(v, sel, cnt, out)
}

// laterRaise reports whether an argument of an AND after the first may raise: then
// rows where an earlier one is NULL must still be tried.
func (ev *evaluator) laterRaise(nd *node) bool {
	for _, k := range nd.kids[1:] {
		if ev.p.nodes[k].raises {
			return true
		}
	}
	return false
}

func (ev *evaluator) selectAnd(nd *node, s *nodeState, sel []int32, cnt int, out []int32, top bool) []int32 {
	start := len(out)
	for k, kid := range nd.kids {
		if k == 0 {
			out = ev.selectRows(kid, sel, cnt, grow(out, count(sel, cnt)), top)
			continue
		}
		// Rows are only dropped, in order, so the result may overwrite its input.
		s.tmp = append(s.tmp[:0], out[start:]...)
		if len(s.tmp) == 0 {
			break
		}
		ev.push()
		out = ev.selectRows(kid, s.tmp, ev.b.N, out[:start], top)
		ev.pop()
	}
	return out
}

// grow makes room for n+1 more.
func grow(s []int32, n int) []int32 {
	if cap(s)-len(s) > n {
		return s
	}
	return append(make([]int32, 0, len(s)+n+1), s...)
}

// selectOr tries each argument on the rows that those before did not select.
func (ev *evaluator) selectOr(nd *node, s *nodeState, sel []int32, cnt int, out []int32) []int32 {
	rest := append(room(s.tmp2, count(sel, cnt))[:0], seq(sel, cnt)...)
	s.tmp2 = rest
	all := rest[:len(rest):len(rest)]
	if cap(s.tri) < ev.b.N {
		s.tri = make([]uint8, max(ev.b.N, 64))
	}
	tri := s.tri[:ev.b.N]
	for _, i := range all {
		tri[i] = 0
	}
	s.sel = append(s.sel[:0], all...)
	rest = s.sel
	for k, kid := range nd.kids {
		if k > 0 {
			ev.push()
		}
		hit := ev.selectRows(kid, rest, ev.b.N, room(s.tmp, len(rest))[:0], false)
		s.tmp = hit
		if k > 0 {
			ev.pop()
		}
		for _, i := range hit {
			tri[i] = 1
		}
		rest, _ = ev.cut(rest, 0)
		if rest = minus(rest, hit); len(rest) == 0 {
			break
		}
	}
	all, _ = ev.cut(all, 0)
	out = grow(out, len(all))
	k := len(out)
	out = out[:cap(out)]
	for _, i := range all {
		out[k] = i
		k += int(tri[i])
	}
	return out[:k]
}

func (ev *evaluator) selectCall(x *Call, nd *node, s *nodeState, sel []int32, cnt int, out []int32) []int32 {
	sel, cnt, _, dead := ev.arguments(nd, s, x.Fn.Strict, sel, cnt)
	rows := count(sel, cnt)
	if dead || rows == 0 {
		return out
	}
	in := Input{Env: ev.env, Call: x, N: cnt, Sel: sel, Args: s.args, Out: &s.out, State: &s.state}
	out = grow(out, rows)
	t, err := x.Fn.sel(&in, out[len(out):cap(out)])
	if err != nil {
		ev.failed(err, sel, x.Pos)
	}
	return out[:len(out)+len(t)]
}

func selectTest(t NullTest, v *vector.Vec, sel []int32, cnt int, out []int32) []int32 {
	if (t == TestNull || t == TestNotNull) && v.Layout != vector.LStruct && !v.MayHaveNulls() {
		if t == TestNull {
			return out
		}
		return append(out, seq(sel, cnt)...)
	}
	for _, i := range seq(sel, cnt) {
		if test(t, v, int(i)) {
			out = append(out, i)
		}
	}
	return out
}

// selectBool appends the rows where v is true.
func selectBool(v *vector.Vec, sel []int32, cnt int, out []int32) []int32 {
	rows := seq(sel, cnt)
	switch {
	case v.Form == vector.Const:
		if triAt(v, 0) == triTrue {
			return append(out, rows...)
		}
		return out
	case v.Form == vector.Flat && v.Layout == vector.LBool:
		out = grow(out, len(rows))
		k := len(out)
		out = out[:cap(out)]
		b := vector.Values[uint8](v)
		if v.Valid == nil {
			for _, i := range rows {
				out[k] = i
				k += int(b[i])
			}
			return out[:k]
		}
		for _, i := range rows {
			out[k] = i
			k += int(uint64(b[i]) & (v.Valid[uint32(i)>>6] >> (uint32(i) & 63)))
		}
		return out[:k]
	}
	for _, i := range rows {
		if triAt(v, int(i)) == triTrue {
			out = append(out, i)
		}
	}
	return out
}
