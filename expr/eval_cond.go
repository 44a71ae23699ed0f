package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Three-valued booleans of a row.
const (
	triFalse uint8 = iota
	triTrue
	triNull
)

// triAt returns the boolean of row i of v.
func triAt(v *vector.Vec, i int) uint8 {
	src, k, null := v.At(i)
	if null || src.Layout != vector.LBool {
		return triNull
	}
	return vector.Values[uint8](src)[k] & 1
}

// logic evaluates AND or OR: each argument for the rows that those before left open.
func (ev *evaluator) logic(x *Logic, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	decided := triFalse // the value that ends the evaluation of a row
	if x.Op == Or {
		decided = triTrue
	}
	rest := append(room(s.tmp2, count(sel, cnt))[:0], seq(sel, cnt)...)
	s.tmp2 = rest
	if cap(s.tri) < ev.b.N {
		s.tri = make([]uint8, max(ev.b.N, 64))
	}
	tri := s.tri[:ev.b.N]
	for _, i := range rest {
		tri[i] = 1 - decided
	}
	for a, kid := range nd.kids {
		if a > 0 {
			ev.push()
		}
		v := ev.eval(kid, rest, ev.b.N)
		if a > 0 {
			ev.pop()
		}
		rest, _ = ev.cut(rest, 0)
		k := 0
		for _, i := range rest {
			switch triAt(v, int(i)) {
			case decided:
				tri[i] = decided
				continue
			case triNull:
				tri[i] = triNull
			}
			rest[k] = i
			k++
		}
		if rest = rest[:k]; k == 0 {
			break
		}
	}
	s.out.Reset(sql.Bool, vector.LBool, ev.b.N)
	sel, cnt = ev.cut(sel, cnt)
	s.out.putTri(tri, sel, cnt)
	return s.out.Vec()
}

// seq returns the selection as a list of rows.
func seq(sel []int32, cnt int) []int32 {
	if sel != nil {
		return sel
	}
	if cnt <= len(identity) {
		return identity[:cnt]
	}
	out := make([]int32, cnt)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// identity is 0, 1, 2 ... for batches without a selection; never written.
var identity = func() (a [vector.BatchSize]int32) {
	for i := range a {
		a[i] = int32(i)
	}
	return a
}()

// putTri stores three-valued booleans of the selected rows.
func (o *Out) putTri(tri []uint8, sel []int32, cnt int) {
	dst := Slice[uint8](o)
	for _, i := range seq(sel, cnt) {
		dst[i] = tri[i] & 1
		if tri[i] == triNull {
			o.SetNull(int(i))
		}
	}
}

func (ev *evaluator) not(nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	v := ev.eval(nd.kids[0], sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	s.out.Reset(sql.Bool, vector.LBool, ev.b.N)
	dst := Slice[bool](&s.out)
	for _, i := range seq(sel, cnt) {
		switch triAt(v, int(i)) {
		case triNull:
			s.out.SetNull(int(i))
		case triTrue:
			dst[i] = false
		default:
			dst[i] = true
		}
	}
	return s.out.Vec()
}

// test answers a NullTest for row i.
func test(t NullTest, v *vector.Vec, i int) bool {
	switch t {
	case TestNull, TestNotNull:
		null := v.IsNull(i)
		if src, k, n := v.At(i); !n && src.Layout == vector.LStruct {
			// A record IS NULL if all fields are, and IS NOT NULL if none is.
			for _, c := range src.Children {
				if c.IsNull(k) != (t == TestNull) {
					return false
				}
			}
			return true
		}
		return null == (t == TestNull)
	case TestTrue:
		return triAt(v, i) == triTrue
	case TestNotTrue:
		return triAt(v, i) != triTrue
	case TestFalse:
		return triAt(v, i) == triFalse
	case TestNotFalse:
		return triAt(v, i) != triFalse
	case TestUnknown:
		return triAt(v, i) == triNull
	}
	return triAt(v, i) != triNull
}

func (ev *evaluator) isNull(x *IsNull, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	v := ev.eval(nd.kids[0], sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	s.out.Reset(sql.Bool, vector.LBool, ev.b.N)
	dst := Slice[bool](&s.out)
	for _, i := range seq(sel, cnt) {
		dst[i] = test(x.Test, v, int(i))
	}
	return s.out.Vec()
}

// caseExpr evaluates each condition for the rows that reach it and each result
// for the rows that chose it.
func (ev *evaluator) caseExpr(x *Case, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	rest := append(room(s.tmp2, count(sel, cnt))[:0], seq(sel, cnt)...)
	s.tmp2 = rest
	s.begin(x.T, ev.b.N)
	hit := room(s.tmp, len(rest))
	s.tmp = hit
	depth := 0
	for w := range x.Whens {
		if len(rest) == 0 {
			break
		}
		if w > 0 {
			ev.push()
			depth++
		}
		t := ev.selectRows(nd.kids[2*w], rest, ev.b.N, hit[:0], false)
		rest, _ = ev.cut(rest, 0)
		t = t[:min(len(t), cutRows(ev, t))]
		if len(t) > 0 {
			ev.push()
			v := ev.eval(nd.kids[2*w+1], t, ev.b.N)
			ev.pop()
			t, _ = ev.cut(t, 0)
			rest, _ = ev.cut(rest, 0)
			if len(t) == count(sel, cnt) && w == 0 {
				for ; depth > 0; depth-- {
					ev.pop()
				}
				s.view = *v
				s.view.Type = x.T
				return &s.view
			}
			s.out.Put(v, t)
			rest = minus(rest, t)
		}
	}
	if len(rest) > 0 {
		if x.Else != nil {
			ev.push()
			v := ev.eval(nd.kids[len(nd.kids)-1], rest, ev.b.N)
			ev.pop()
			rest, _ = ev.cut(rest, 0)
			s.out.Put(v, rest)
		} else {
			for _, i := range rest {
				s.out.SetNull(int(i))
			}
		}
	}
	for ; depth > 0; depth-- {
		ev.pop()
	}
	return s.out.Vec()
}

func cutRows(ev *evaluator, t []int32) int {
	if ev.lim < 0 {
		return len(t)
	}
	return cutAt(t, ev.lim)
}

// minus removes the rows of t, a subset, from s in place. Both ascend.
func minus(s, t []int32) []int32 {
	k, j := 0, 0
	for _, i := range s {
		if j < len(t) && t[j] == i {
			j++
			continue
		}
		s[k] = i
		k++
	}
	return s[:k]
}

// begin prepares the output of a node that merges results of others.
func (s *nodeState) begin(t sql.Type, n int) {
	l := vector.LayoutOf(t)
	if t.OID == sql.OIDNumeric && t.Dec.Static() {
		l = vector.LI64 // widened by Put when needed
	}
	s.out.Reset(t, l, n)
}

func (ev *evaluator) coalesce(nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	v := ev.eval(nd.kids[0], sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	if !v.MayHaveNulls() {
		s.view = *v
		s.view.Type = nd.t
		return &s.view
	}
	rest := append(room(s.tmp2, count(sel, cnt))[:0], seq(sel, cnt)...)
	s.tmp2 = rest
	got := room(s.tmp, len(rest))
	s.tmp = got
	s.begin(nd.t, ev.b.N)
	for k := 0; ; {
		t, r := got[:0], rest[:0]
		for _, i := range rest {
			if v.IsNull(int(i)) {
				r = append(r, i)
			} else {
				t = append(t, i)
			}
		}
		s.out.Put(v, t)
		rest = r
		if k++; k == len(nd.kids) || len(rest) == 0 {
			break
		}
		ev.push()
		v = ev.eval(nd.kids[k], rest, ev.b.N)
		ev.pop()
		rest, _ = ev.cut(rest, 0)
	}
	for _, i := range rest {
		s.out.SetNull(int(i))
	}
	return s.out.Vec()
}

// array evaluates ARRAY[...]; of arrays it makes one more dimension.
func (ev *evaluator) array(nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	args := make([]*vector.Vec, len(nd.kids))
	for k, kid := range nd.kids {
		args[k] = ev.eval(kid, sel, cnt)
		sel, cnt = ev.cut(sel, cnt)
	}
	s.out.Reset(nd.t, vector.LList, ev.b.N)
	elem := nd.t.Elem()
	for _, i := range seq(sel, cnt) {
		v := sql.Value{Type: nd.t, List: make([]sql.Value, 0, len(args))}
		for _, a := range args {
			e := vector.ValueAt(a, int(i))
			if a.Type.IsArray() {
				if !e.Null {
					v.List = append(v.List, e.List...)
				}
				continue
			}
			e.Type = elem
			v.List = append(v.List, e)
		}
		s.out.SetValue(int(i), v)
	}
	return s.out.Vec()
}

func (ev *evaluator) row(nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	v := vector.Vec{Type: nd.t, Layout: vector.LStruct, N: ev.b.N}
	for _, kid := range nd.kids {
		v.Children = append(v.Children, ev.eval(kid, sel, cnt))
		sel, cnt = ev.cut(sel, cnt)
	}
	s.view = v
	return &s.view
}
