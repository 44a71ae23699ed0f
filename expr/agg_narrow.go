package expr

import (
	"math/bits"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// narrowSum is sum or avg over integers and static decimals with 8 bytes a group
// (16 for avg) as long as it can prove that no sum leaves int64: it keeps a bound
// on the absolute value of every group's sum, which grows by rows times largest
// value with each batch. When the proof fails, wide takes over.
type narrowSum struct {
	t     sql.Type
	scale uint8
	avg   bool
	sums  states[uint64] // the sum plus sumZero; 0: no value yet
	ns    states[int64]  // avg: number of values
	bound uint64
	rows  int // since bound was computed from the sums
	wide  *aggOf[intSum]

	vals   []int64
	groups []uint32
}

const (
	sumZero  = 1 << 63
	sumLimit = 1 << 62
)

// newIntSum makes sum or avg over integers and static decimals of the scale.
func newIntSum(t sql.Type, scale uint8, avg bool) AggState {
	return &narrowSum{t: t, scale: scale, avg: avg}
}

func (s *narrowSum) Resize(n int) {
	if s.wide != nil {
		s.wide.Resize(n)
		return
	}
	s.sums.resize(n)
	if s.avg {
		s.ns.resize(n)
	}
}

func (s *narrowSum) Update(groups []uint32, args []*vector.Vec, sel []int32, n int) error {
	if s.wide == nil {
		v := args[0]
		src := v
		if v.Form == vector.Dict {
			src = v.Dict
		}
		if sel != nil {
			n = len(sel)
		}
		if n == 0 {
			return nil
		}
		if s.sums.n == 0 {
			s.Resize(1)
		}
		switch src.Layout {
		case vector.LI16:
			if addNarrow[int16](s, groups, v, src, sel, n) {
				return nil
			}
		case vector.LI32:
			if addNarrow[int32](s, groups, v, src, sel, n) {
				return nil
			}
		case vector.LI64:
			if addNarrow[int64](s, groups, v, src, sel, n) {
				return nil
			}
		}
		s.widen()
	}
	return s.wide.Update(groups, args, sel, n)
}

// addNarrow adds rows unless a sum might leave int64: false, and nothing is done.
func addNarrow[T signed](s *narrowSum, groups []uint32, v, src *vector.Vec, sel []int32, n int) bool {
	if cap(s.vals) < n {
		s.vals = make([]int64, max(n, vector.BatchSize))
	}
	out, in := s.vals[:n], vector.Values[T](src)
	var m int64 // all bits that occur in absolute values
	switch {
	case v.MayHaveNulls():
		if cap(s.groups) < n {
			s.groups = make([]uint32, max(n, vector.BatchSize))
		}
		some := s.groups[:n]
		c := 0
		for k := range n {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			_, j, null := v.At(i)
			if null {
				continue
			}
			x := int64(in[j])
			m |= x ^ x>>63
			out[c], some[c] = x, groupOf(groups, k)
			c++
		}
		out, groups, n = out[:c], some[:c], c
		if c == 0 {
			return true
		}
	case v.Form == vector.Const:
		x := int64(in[0])
		m = x ^ x>>63
		for k := range out {
			out[k] = x
		}
	case v.Form == vector.Dict && sel == nil:
		for k, c := range v.Codes[:n] {
			x := int64(in[c])
			m |= x ^ x>>63
			out[k] = x
		}
	case v.Form == vector.Dict:
		for k, i := range sel {
			x := int64(in[v.Codes[i]])
			m |= x ^ x>>63
			out[k] = x
		}
	case sel == nil:
		for k, y := range in[:n] {
			x := int64(y)
			m |= x ^ x>>63
			out[k] = x
		}
	default:
		for k, i := range sel {
			x := int64(in[i])
			m |= x ^ x>>63
			out[k] = x
		}
	}
	over, more := bits.Mul64(uint64(m)+1, uint64(n))
	if over != 0 || !s.allow(more, n) {
		return false
	}
	s.add(groups, out)
	return true
}

// allow raises the bound for n values of the given total; false if sums might then
// leave int64. The bound is computed anew only after as many rows as there are
// groups, so that this costs no more than the rows did.
func (s *narrowSum) allow(more uint64, n int) bool {
	if more >= sumLimit {
		return false
	}
	if s.bound+more >= sumLimit {
		if s.rows < s.sums.n {
			return false
		}
		s.bound, s.rows = 0, 0
		for g := range s.sums.n {
			if x := *s.sums.at(uint32(g)); x != 0 {
				y := int64(x - sumZero)
				s.bound = max(s.bound, uint64(y^y>>63)+1)
			}
		}
		if s.bound+more >= sumLimit {
			return false
		}
	}
	s.bound += more
	s.rows += n
	return true
}

// add adds values to sums that can take them.
func (s *narrowSum) add(groups []uint32, vals []int64) {
	if groups == nil {
		var t int64
		for _, x := range vals {
			t += x
		}
		p := s.sums.at(0)
		if *p == 0 {
			*p = sumZero
		}
		*p += uint64(t)
		if s.avg {
			*s.ns.at(0) += int64(len(vals))
		}
		return
	}
	groups = groups[:len(vals)]
	if s.sums.n <= fewGroups && len(vals) >= fewGroups {
		s.addFew(groups, vals)
		return
	}
	if len(s.sums.chunk) == 1 {
		c := s.sums.chunk[0]
		for k, g := range groups {
			x := c[g]
			if x == 0 {
				x = sumZero
			}
			c[g] = x + uint64(vals[k])
		}
		if s.avg {
			c := s.ns.chunk[0]
			for _, g := range groups {
				c[g]++
			}
		}
		return
	}
	for k, g := range groups {
		p := s.sums.at(g)
		x := *p
		if x == 0 {
			x = sumZero
		}
		*p = x + uint64(vals[k])
	}
	if s.avg {
		for _, g := range groups {
			*s.ns.at(g)++
		}
	}
}

// fewGroups is up to how many groups rows of one group follow each other so closely
// that each addition would wait for the one before.
const fewGroups = 32

// addFew is add for few groups: rows take turns in four sets of sums.
func (s *narrowSum) addFew(groups []uint32, vals []int64) {
	var sums, counts [4][fewGroups]int64
	const m = fewGroups - 1
	k := 0
	for ; k+4 <= len(vals); k += 4 {
		g, v := groups[k:k+4:k+4], vals[k:k+4:k+4]
		sums[0][g[0]&m] += v[0]
		sums[1][g[1]&m] += v[1]
		sums[2][g[2]&m] += v[2]
		sums[3][g[3]&m] += v[3]
		counts[0][g[0]&m]++
		counts[1][g[1]&m]++
		counts[2][g[2]&m]++
		counts[3][g[3]&m]++
	}
	for ; k < len(vals); k++ {
		sums[0][groups[k]&m] += vals[k]
		counts[0][groups[k]&m]++
	}
	for g := range uint32(s.sums.n) {
		s.put(g, sums[0][g]+sums[1][g]+sums[2][g]+sums[3][g], counts[0][g]+counts[1][g]+counts[2][g]+counts[3][g])
	}
}

// state is group g's sum and number of values (for a sum just 1, if there is any).
func (s *narrowSum) state(g uint32) (sum, n int64) {
	x := *s.sums.at(g)
	if x == 0 {
		return 0, 0
	}
	if s.avg {
		return int64(x - sumZero), *s.ns.at(g)
	}
	return int64(x - sumZero), 1
}

// put adds a sum of n values to group g, within the bound.
func (s *narrowSum) put(g uint32, sum, n int64) {
	if n == 0 {
		return
	}
	p := s.sums.at(g)
	x := *p
	if x == 0 {
		x = sumZero
	}
	*p = x + uint64(sum)
	if s.avg {
		*s.ns.at(g) += n
	}
}

// widen moves the groups to sums of 128 bits.
func (s *narrowSum) widen() {
	if s.wide != nil {
		return
	}
	s.wide = newWideSum(s.t, s.scale, s.avg)
	s.wide.Resize(s.sums.n)
	for g := range uint32(s.sums.n) {
		sum, n := s.state(g)
		*s.wide.at(g) = intSum{sql.I128(sum), n}
	}
	s.sums, s.ns = states[uint64]{}, states[int64]{}
	s.vals, s.groups = nil, nil
}

func (s *narrowSum) Merge(o AggState, from, to []uint32) error {
	b := o.(*narrowSum)
	if s.wide == nil && b.wide == nil && !s.allow(b.bound, b.sums.n) {
		s.widen()
	}
	if s.wide != nil || b.wide != nil {
		s.widen()
		b.widen()
		return s.wide.Merge(b.wide, from, to)
	}
	for i, t := range to {
		g := uint32(i)
		if from != nil {
			g = from[i]
		}
		sum, n := b.state(g)
		s.put(t, sum, n)
	}
	return nil
}

func (s *narrowSum) Result(lo, hi int, out *Out) error {
	if s.wide != nil {
		return s.wide.Result(lo, hi, out)
	}
	if s.avg {
		out.Reset(s.t, vector.LayoutOf(s.t), hi-lo)
		nums := Slice[sql.Num](out)
		for i := range nums {
			sum, n := s.state(uint32(lo + i))
			if n == 0 {
				out.SetNull(i)
				continue
			}
			var err error
			if nums[i], err = vector.NumOf(sql.I128(sum), s.scale).Div(sql.NumInt64(n)); err != nil {
				return err
			}
		}
		return nil
	}
	out.Reset(s.t, vector.LI64, hi-lo)
	vals := Slice[int64](out)
	for i := range vals {
		x := *s.sums.at(uint32(lo + i))
		if x == 0 {
			out.SetNull(i)
			continue
		}
		vals[i] = int64(x - sumZero)
	}
	return nil
}

func (s *narrowSum) Bytes() int64 {
	if s.wide != nil {
		return s.wide.Bytes()
	}
	return s.sums.bytes() + s.ns.bytes()
}

func (s *narrowSum) Save(groups []uint32, out *Out) error {
	if s.wide != nil {
		return s.wide.Save(groups, out)
	}
	out.Reset(sql.Bytea, vector.LStr, len(groups))
	for i, g := range groups {
		sum, n := s.state(g)
		out.SetBytes(i, memoryOf(&intSum{sql.I128(sum), n}))
	}
	return nil
}

func (s *narrowSum) Load(groups []uint32, saved *vector.Vec) error {
	for i, g := range groups {
		var x intSum
		b := saved.Str(i)
		if len(b) != len(memoryOf(&x)) {
			return errState()
		}
		copy(memoryOf(&x), b)
		if s.wide == nil {
			if y := int64(x.sum.Lo); x.sum.IsInt64() && s.allow(uint64(y^y>>63)+1, 1) {
				s.put(g, y, x.n)
				continue
			}
			s.widen()
		}
		if err := s.wide.at(g).merge(&x); err != nil {
			return err
		}
	}
	return nil
}
