package expr

import (
	"math"
	"math/bits"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// intSum is the exact sum and number of integer-like values.
type intSum struct {
	sum sql.Int128
	n   int64
}

func (s *intSum) add(x int64) {
	var c uint64
	s.sum.Lo, c = bits.Add64(s.sum.Lo, uint64(x), 0)
	s.sum.Hi += x>>63 + int64(c)
	s.n++
}

func (s *intSum) merge(o *intSum) error {
	r, ok := s.sum.Add(o.sum)
	if !ok {
		return errNumeric()
	}
	s.sum = r
	s.n += o.n
	return nil
}

func mergeIntSum(a, b *intSum) error { return a.merge(b) }

// updateIntSum adds integers or static decimals of any form.
func updateIntSum(s *states[intSum], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
	v := args[0]
	src := v
	if v.Form == vector.Dict {
		src = v.Dict
	}
	switch src.Layout {
	case vector.LI16:
		sumInts[int16](s, groups, v, sel, n)
	case vector.LI32:
		sumInts[int32](s, groups, v, sel, n)
	case vector.LI64:
		sumInts[int64](s, groups, v, sel, n)
	case vector.LI128:
		return forRows(v, sel, n, func(k int, src *vector.Vec, j int) error {
			g := s.at(groupOf(groups, k))
			return g.merge(&intSum{vector.Values[sql.Int128](src)[j], 1})
		})
	}
	return nil
}

func sumInts[T signed](s *states[intSum], groups []uint32, v *vector.Vec, sel []int32, n int) {
	nulls := v.MayHaveNulls()
	switch {
	case v.Form == vector.Const:
		if nulls {
			if v.IsNull(0) {
				return
			}
		}
		x := int64(vector.Values[T](v)[0])
		if groups == nil {
			p, _ := s.at(0).sum.Add(sql.MulInt64(x, int64(n)))
			s.at(0).sum = p
			s.at(0).n += int64(n)
			return
		}
		for _, g := range groups[:n] {
			s.at(g).add(x)
		}
	case nulls:
		for k := range n {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			if src, j, null := v.At(i); !null {
				s.at(groupOf(groups, k)).add(int64(vector.Values[T](src)[j]))
			}
		}
	case v.Form == vector.Dict:
		vals := vector.Values[T](v.Dict)
		if groups == nil {
			acc := *s.at(0)
			for _, i := range seq(sel, n) {
				acc.add(int64(vals[v.Codes[i]]))
			}
			*s.at(0) = acc
			return
		}
		if len(s.chunk) == 1 {
			st := s.chunk[0]
			for k, i := range seq(sel, n) {
				st[groups[k]].add(int64(vals[v.Codes[i]]))
			}
			return
		}
		for k, i := range seq(sel, n) {
			s.at(groups[k]).add(int64(vals[v.Codes[i]]))
		}
	case groups == nil:
		sumFlat(s.at(0), vector.Values[T](v), sel, n)
	default:
		vals := vector.Values[T](v)
		if len(s.chunk) == 1 {
			st := s.chunk[0]
			for k, i := range seq(sel, n) {
				st[groups[k]].add(int64(vals[i]))
			}
			return
		}
		for k, i := range seq(sel, n) {
			s.at(groups[k]).add(int64(vals[i]))
		}
	}
}

// sumFlat sums a batch in int64 where its values cannot overflow that.
func sumFlat[T signed](s *intSum, vals []T, sel []int32, n int) {
	var lo, hi int64 // low and high halves summed apart: 2^31 values cannot overflow them
	if sel == nil {
		for _, x := range vals[:n] {
			lo += int64(x) & math.MaxUint32
			hi += int64(x) >> 32
		}
	} else {
		for _, i := range sel {
			x := int64(vals[i])
			lo += x & math.MaxUint32
			hi += x >> 32
		}
	}
	sum, _ := sql.MulInt64(hi, 1<<32).Add(sql.I128(lo))
	s.sum, _ = s.sum.Add(sum)
	s.n += int64(n)
}

// newWideSum makes sum or avg with sums of 128 bits.
func newWideSum(t sql.Type, scale uint8, avg bool) *aggOf[intSum] {
	return &aggOf[intSum]{t: t, update: updateIntSum, merge: mergeIntSum, result: func(s *intSum, i int, out *Out) error {
		switch {
		case s.n == 0:
			out.SetNull(i)
		case avg:
			n, err := vector.NumOf(s.sum, scale).Div(sql.NumInt64(s.n))
			if err != nil {
				return err
			}
			Slice[sql.Num](out)[i] = n
		case t.OID == sql.OIDInt8:
			if !s.sum.IsInt64() {
				return errIntRange[int64]()
			}
			Slice[int64](out)[i] = int64(s.sum.Lo)
		default:
			if !s.sum.Fits38() {
				return errNumeric()
			}
			return setDecimal(out, i, vector.NumOf(s.sum, scale))
		}
		return nil
	}}
}

// numSum is the sum and number of general numerics.
type numSum struct {
	sum sql.Num
	n   int64
}

func (s *numSum) add(x sql.Num, n int64) error {
	if s.n == 0 {
		s.sum, s.n = x, n
		return nil
	}
	r, err := s.sum.Add(x)
	if err != nil {
		return err
	}
	s.sum = r
	s.n += n
	return nil
}

func newNumSum(avg bool) AggState {
	return &aggOf[numSum]{t: sql.Numeric,
		update: func(s *states[numSum], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				return s.at(groupOf(groups, k)).add(vector.NumAt(src, j), 1)
			})
		},
		merge: func(a, b *numSum) error {
			if b.n == 0 {
				return nil
			}
			return a.add(b.sum, b.n)
		},
		result: func(s *numSum, i int, out *Out) error {
			if s.n == 0 {
				out.SetNull(i)
				return nil
			}
			r := s.sum
			if avg {
				var err error
				if r, err = r.Div(sql.NumInt64(s.n)); err != nil {
					return err
				}
			}
			Slice[sql.Num](out)[i] = r
			return nil
		}}
}

// floatSum is a compensated (double-double) sum: the result does not depend on
// the order of the rows beyond its last bit. Infinities and NaN are kept apart.
type floatSum struct {
	hi, lo  float64
	special float64 // sum of infinities and NaNs
	n       int64
}

func (s *floatSum) add(x float64) {
	s.n++
	if x-x != 0 {
		s.special += x
		return
	}
	t := s.hi + x
	bb := t - s.hi
	s.lo += (s.hi - (t - bb)) + (x - bb)
	s.hi = t
}

func (s *floatSum) merge(o *floatSum) {
	n := s.n + o.n
	if o.special != 0 || o.special != o.special {
		s.special += o.special
	}
	s.add(o.hi)
	s.lo += o.lo
	s.n = n
}

func (s *floatSum) value() (float64, error) {
	if s.special != 0 || s.special != s.special {
		return s.special, nil
	}
	r := s.hi + s.lo
	if r-r != 0 {
		return 0, errFloatOverflow()
	}
	return r, nil
}

func updateFloatSum(s *states[floatSum], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
	v := args[0]
	src := v
	if v.Form == vector.Dict {
		src = v.Dict
	}
	if src.Layout == vector.LF32 {
		sumFloats[float32](s, groups, v, sel, n)
	} else {
		sumFloats[float64](s, groups, v, sel, n)
	}
	return nil
}

func sumFloats[T float](s *states[floatSum], groups []uint32, v *vector.Vec, sel []int32, n int) {
	if v.Form == vector.Flat && v.Valid == nil {
		vals := vector.Values[T](v)
		if groups == nil {
			acc := *s.at(0)
			for _, i := range seq(sel, n) {
				acc.add(float64(vals[i]))
			}
			*s.at(0) = acc
			return
		}
		for k, i := range seq(sel, n) {
			s.at(groups[k]).add(float64(vals[i]))
		}
		return
	}
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if src, j, null := v.At(i); !null {
			s.at(groupOf(groups, k)).add(float64(vector.Values[T](src)[j]))
		}
	}
}

func newFloatSum(t sql.Type, avg bool) AggState {
	return &aggOf[floatSum]{t: t, update: updateFloatSum,
		merge: func(a, b *floatSum) error { a.merge(b); return nil },
		result: func(s *floatSum, i int, out *Out) error {
			if s.n == 0 {
				out.SetNull(i)
				return nil
			}
			f, err := s.value()
			if err != nil {
				return err
			}
			if avg {
				f /= float64(s.n)
			}
			if t.OID == sql.OIDFloat4 {
				g, err := sql.Float64ToFloat32(f)
				if err != nil {
					return err
				}
				Slice[float32](out)[i] = g
				return nil
			}
			Slice[float64](out)[i] = f
			return nil
		}}
}

// newIntervalSum makes sum or avg over intervals.
func newIntervalSum(avg bool) AggState {
	type state struct {
		sum vector.Interval
		n   int64
	}
	return &aggOf[state]{t: sql.Interval,
		update: func(s *states[state], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				g := s.at(groupOf(groups, k))
				r, err := addIntervals(g.sum, vector.Values[vector.Interval](src)[j])
				g.sum = r
				g.n++
				return err
			})
		},
		merge: func(a, b *state) error {
			r, err := addIntervals(a.sum, b.sum)
			a.sum = r
			a.n += b.n
			return err
		},
		result: func(s *state, i int, out *Out) error {
			if s.n == 0 {
				out.SetNull(i)
				return nil
			}
			r := s.sum
			if avg {
				var err error
				if r, err = scaleInterval(r, func(x float64) float64 { return x / float64(s.n) }); err != nil {
					return err
				}
			}
			Slice[vector.Interval](out)[i] = r
			return nil
		}}
}
