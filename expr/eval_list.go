package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// inSet is the prepared list of an InList; immutable.
type inSet struct {
	hasNull, negate bool
	n               int
	layout          vector.Layout

	lo, hi int64         // integer-like values
	bits   vector.Bitmap // over [lo, hi] if the range is small
	ints   map[int64]struct{}
	strs   map[string]struct{}
	vals   *vector.Vec // others: open addressing over vals by vector.Hash
	slots  []int32
}

const maxInBits = 1 << 16

func newInSet(x *InList) *inSet {
	s := &inSet{hasNull: x.HasNull, negate: x.Negate, n: len(x.List)}
	t := x.Arg.Type()
	s.layout = vector.LayoutOf(t)
	if s.n == 0 {
		return s
	}
	switch {
	case s.layout == vector.LI16, s.layout == vector.LI32, s.layout == vector.LU32, s.layout == vector.LI64 && t.OID != sql.OIDNumeric:
		s.lo, s.hi = math.MaxInt64, math.MinInt64
		for i := range x.List {
			v := intOf(t, &x.List[i])
			s.lo, s.hi = min(s.lo, v), max(s.hi, v)
		}
		if d := uint64(s.hi) - uint64(s.lo); d < maxInBits {
			s.bits = vector.NewBitmap(int(d) + 1)
			for i := range x.List {
				s.bits.Set(int(intOf(t, &x.List[i]) - s.lo))
			}
			return s
		}
		s.ints = make(map[int64]struct{}, s.n)
		for i := range x.List {
			s.ints[intOf(t, &x.List[i])] = struct{}{}
		}
	case s.layout == vector.LStr && t.OID != sql.OIDBpchar:
		s.strs = make(map[string]struct{}, s.n)
		for i := range x.List {
			s.strs[x.List[i].S] = struct{}{}
		}
	default:
		vt := x.List[0].Type
		if t.OID == sql.OIDNumeric {
			vt = sql.Numeric
		}
		s.vals = vector.FlatOf(vt, x.List)
		size := 4
		for size < 2*s.n {
			size *= 2
		}
		s.slots = make([]int32, size)
		h := make([]uint64, s.n)
		vector.Hash(s.vals, nil, s.n, false, h)
		for i, k := range h {
			p := k & uint64(size-1)
			for s.slots[p] != 0 {
				p = (p + 1) & uint64(size-1)
			}
			s.slots[p] = int32(i + 1)
		}
	}
	return s
}

// intOf is the element that a vector of type t holds for v.
func intOf(t sql.Type, v *sql.Value) int64 {
	if t.OID == sql.OIDDate {
		return int64(vector.DateOf(v.I))
	}
	return v.I
}

// has reports whether element i of a Flat or Const vector is in the list.
func (s *inSet) has(v *vector.Vec, i int) bool {
	if s.n == 0 {
		return false
	}
	switch {
	case s.bits != nil || s.ints != nil:
		var x int64
		switch s.layout {
		case vector.LI16:
			x = int64(vector.Values[int16](v)[i])
		case vector.LI32:
			x = int64(vector.Values[int32](v)[i])
		case vector.LU32:
			x = int64(vector.Values[uint32](v)[i])
		default:
			x = vector.Values[int64](v)[i]
		}
		if x < s.lo || x > s.hi {
			return false
		}
		if s.bits != nil {
			return s.bits.Get(int(x - s.lo))
		}
		_, ok := s.ints[x]
		return ok
	case s.strs != nil:
		_, ok := s.strs[vector.Values[vector.StrView](v)[i].String(v.Bufs)]
		return ok
	}
	var h [1]uint64
	one := *v
	if v.Form != vector.Const {
		w := v.Layout.Size()
		if v.Layout == vector.LList || v.Layout == vector.LStruct {
			vector.Gather(v, []int32{int32(i)}, 1, &one)
		} else {
			one.Data = v.Data[i*w : (i+1)*w]
			one.N = 1
		}
	}
	one.Valid, one.Form = nil, vector.Flat
	vector.Hash(&one, nil, 1, false, h[:])
	for p := h[0] & uint64(len(s.slots)-1); s.slots[p] != 0; p = (p + 1) & uint64(len(s.slots)-1) {
		if vector.Equal(v, i, s.vals, int(s.slots[p]-1)) {
			return true
		}
	}
	return false
}

// tri answers for a row of any form.
func (s *inSet) tri(v *vector.Vec, i int) uint8 {
	src, k, null := v.At(i)
	if null {
		if s.n == 0 && !s.hasNull { // x IN () does not exist; an emptied list decides
			return b2t(s.negate)
		}
		return triNull
	}
	if s.has(src, k) {
		return b2t(!s.negate)
	}
	if s.hasNull {
		return triNull
	}
	return b2t(s.negate)
}

func b2t(b bool) uint8 {
	if b {
		return triTrue
	}
	return triFalse
}

func (s *inSet) selectRows(v *vector.Vec, sel []int32, cnt int, out []int32) []int32 {
	if s.bits != nil && v.Form == vector.Flat && v.Valid == nil && !(s.negate && s.hasNull) {
		switch s.layout {
		case vector.LI32:
			return selectBits(vector.Values[int32](v), s, seq(sel, cnt), out)
		case vector.LI64:
			return selectBits(vector.Values[int64](v), s, seq(sel, cnt), out)
		}
	}
	for _, i := range seq(sel, cnt) {
		if s.tri(v, int(i)) == triTrue {
			out = append(out, i)
		}
	}
	return out
}

func selectBits[T int32 | int64](vals []T, s *inSet, rows []int32, out []int32) []int32 {
	out = grow(out, len(rows))
	k := len(out)
	out = out[:cap(out)]
	lo, span, neg := s.lo, uint64(s.hi-s.lo), int(b2t(s.negate))
	for _, i := range rows {
		d := uint64(int64(vals[i]) - lo)
		hit := 0
		if d <= span {
			hit = int(s.bits[d>>6] >> (d & 63) & 1)
		}
		out[k] = i
		k += hit ^ neg
	}
	return out[:k]
}

func (ev *evaluator) inList(x *InList, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	v := ev.eval(nd.kids[0], sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	s.out.Reset(sql.Bool, vector.LBool, ev.b.N)
	dst := Slice[uint8](&s.out)
	for _, i := range seq(sel, cnt) {
		t := nd.in.tri(v, int(i))
		dst[i] = t & 1
		if t == triNull {
			s.out.SetNull(int(i))
		}
	}
	return s.out.Vec()
}

// scalarArray evaluates left op ANY|ALL (array), an element at a time over all
// rows that are still undecided and have such an element.
func (ev *evaluator) scalarArray(x *ScalarArray, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	left := ev.eval(nd.kids[0], sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	arr := ev.eval(nd.kids[1], sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	rows := append(room(s.tmp2, count(sel, cnt))[:0], seq(sel, cnt)...)
	s.tmp2 = rows
	decided := b2t(!x.All)
	if cap(s.tri) < ev.b.N {
		s.tri = make([]uint8, max(ev.b.N, 64))
	}
	tri := s.tri[:ev.b.N]
	rest := append(make([]int32, 0, len(rows)), rows...)
	k := 0
	for _, i := range rest {
		tri[i] = 1 - decided
		if arr.IsNull(int(i)) {
			tri[i] = triNull
			continue
		}
		rest[k] = i
		k++
	}
	rest = rest[:k]
	elemType := arr.Type.Elem()
	if elemType.OID == 0 {
		elemType = x.Array.Type().Elem()
	}
	for e := int32(0); len(rest) > 0; e++ {
		var ids []int32 // rows with an element e
		var kidRows []uint32
		col := vector.NewColumn(elemType)
		for _, i := range rest {
			src, j, _ := arr.At(int(i))
			if p := src.Offsets[j] + e; p < src.Offsets[j+1] {
				ids = append(ids, i)
				kidRows = append(kidRows, uint32(col.N))
				col.Append(src.Child, []int32{p}, 1)
			}
		}
		if len(ids) == 0 {
			break
		}
		var l, r vector.Vec
		vector.Gather(left, ids, 0, &l)
		col.Gather(kidRows, &r)
		res := ev.applyPairs(x, s, &l, &r, ids)
		k := 0
		for p, i := range ids {
			if ev.lim >= 0 && int(i) >= ev.lim {
				break
			}
			switch res[p] {
			case decided:
				tri[i] = decided
				continue
			case triNull:
				tri[i] = triNull
			}
			ids[k] = i
			k++
		}
		rest = ids[:k]
	}
	sel, cnt = ev.cut(sel, cnt)
	s.out.Reset(sql.Bool, vector.LBool, ev.b.N)
	s.out.putTri(tri, sel, cnt)
	return s.out.Vec()
}

// applyPairs calls the operator on dense pairs; rows[p] is the row of pair p.
func (ev *evaluator) applyPairs(x *ScalarArray, s *nodeState, l, r *vector.Vec, rows []int32) []uint8 {
	res := make([]uint8, len(rows))
	var sel []int32
	for p := range rows {
		if x.Op.Strict && (l.IsNull(p) || r.IsNull(p)) {
			res[p] = triNull
			continue
		}
		sel = append(sel, int32(p))
	}
	if len(sel) == 0 {
		return res
	}
	call := &Call{Fn: x.Op, Args: []Expr{x.Left, &Const{sql.NullOf(r.Type)}}, T: sql.Bool}
	s.out.Reset(sql.Bool, vector.LBool, len(rows))
	in := Input{Env: ev.env, Call: call, N: len(rows), Sel: sel, Args: []*vector.Vec{l, r}, Out: &s.out, State: &s.state}
	if err := x.Op.run(&in, s); err != nil {
		p := 0
		if re, ok := err.(*RowError); ok {
			p, err = re.Row, re.Err
		} else {
			p = int(sel[0])
		}
		ev.fail(int(rows[p]), err)
	}
	v := s.out.Vec()
	for _, p := range sel {
		res[p] = triAt(v, int(p))
	}
	return res
}
