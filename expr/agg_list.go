package expr

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// defineLists defines boolean and bit aggregates and those that collect values.
func defineLists(d *defs) {
	boolAgg := func(name string, and bool) {
		d.agg(name+"(bool)", func(*Env, []sql.Type) AggState { return newBoolAgg(and) }, sameOnce)
	}
	boolAgg("bool_and", true)
	boolAgg("every", true)
	boolAgg("bool_or", false)
	bitAggs[int16](d, "int2", sql.Int2)
	bitAggs[int32](d, "int4", sql.Int4)
	bitAggs[int64](d, "int8", sql.Int8)
	for _, t := range []string{"text", "bytea"} {
		d.agg("string_agg("+t+","+t+")", func(_ *Env, a []sql.Type) AggState {
			return newStringAgg(sql.T(d.procs["string_agg("+t+","+t+")"].Ret))
		}, ordered)
	}
	d.agg("array_agg(anynonarray)", func(_ *Env, a []sql.Type) AggState {
		return newValues(sql.Array(a[0].OID), 0, func(env []sql.Value, l []sql.Value) (sql.Value, error) {
			return sql.Value{Type: sql.Array(a[0].OID), List: l}, nil
		})
	}, ordered, aggRet(func(a []sql.Type) sql.Type { return sql.Array(a[0].OID) }))
	for _, name := range []string{"json_agg", "jsonb_agg"} {
		t := sql.JSON
		if name == "jsonb_agg" {
			t = sql.JSONB
		}
		d.agg(name+"(anyelement)", func(e *Env, a []sql.Type) AggState {
			lines := a[0].IsArray() || a[0] == JSONRow
			return newValues(t, 0, func(_ []sql.Value, l []sql.Value) (sql.Value, error) {
				b := []byte{'['}
				for i := range l {
					if i > 0 {
						b = append(b, ',', ' ')
						if lines && !l[i].Null {
							b = append(b, "\n "...)
						}
					}
					b = e.appendJSON(b, &l[i])
				}
				s := string(append(b, ']'))
				if t == sql.JSONB {
					var err error
					if s, err = sql.CanonicalJSONB(s); err != nil {
						return sql.Value{}, err
					}
				}
				return sql.Value{Type: t, S: s}, nil
			})
		}, ordered)
	}
	definePercentiles(d)
}

func newBoolAgg(and bool) AggState {
	return &aggOf[uint8]{t: sql.Bool, // 0 no row, 1 false, 2 true
		update: func(s *states[uint8], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				mergeBool(and, s.at(groupOf(groups, k)), 1+vector.Values[uint8](src)[j])
				return nil
			})
		},
		merge: func(a, b *uint8) error { mergeBool(and, a, *b); return nil },
		result: func(s *uint8, i int, out *Out) error {
			if *s == 0 {
				out.SetNull(i)
				return nil
			}
			Slice[bool](out)[i] = *s == 2
			return nil
		}}
}

func mergeBool(and bool, a *uint8, b uint8) {
	switch {
	case b == 0:
	case *a == 0:
		*a = b
	case and:
		*a = min(*a, b)
	default:
		*a = max(*a, b)
	}
}

func bitAggs[T signed](d *defs, name string, t sql.Type) {
	def := func(fn string, op func(a, b T) T, opts ...func(*Agg)) {
		type state = minMaxState[T]
		put := func(s *state, x T) {
			if s.ok {
				x = op(s.v, x)
			}
			s.v, s.ok = x, true
		}
		d.agg(fn+"("+name+")", func(*Env, []sql.Type) AggState {
			return &aggOf[state]{t: t,
				update: func(s *states[state], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
					return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
						put(s.at(groupOf(groups, k)), vector.Values[T](src)[j])
						return nil
					})
				},
				merge: func(a, b *state) error {
					if b.ok {
						put(a, b.v)
					}
					return nil
				},
				result: func(s *state, i int, out *Out) error {
					if !s.ok {
						out.SetNull(i)
						return nil
					}
					Slice[T](out)[i] = s.v
					return nil
				}}
		}, opts...)
	}
	def("bit_and", func(a, b T) T { return a & b }, sameOnce)
	def("bit_or", func(a, b T) T { return a | b }, sameOnce)
	def("bit_xor", func(a, b T) T { return a ^ b })
}

// newStringAgg joins strings; the separator of the first is not used, but kept for
// merging.
func newStringAgg(t sql.Type) AggState {
	type state struct {
		b   []byte // separator of the first value, then the text
		sep int    // length of that separator
		ok  bool
	}
	return &aggOf[state]{t: t,
		update: func(s *states[state], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				i := k
				if sel != nil {
					i = int(sel[k])
				}
				g := s.at(groupOf(groups, k))
				var sep []byte
				if !args[1].IsNull(i) {
					sep = args[1].Str(i)
				}
				if !g.ok {
					g.sep, g.ok = len(sep), true
				}
				g.b = append(g.b, sep...)
				g.b = append(g.b, vector.Values[vector.StrView](src)[j].Bytes(src.Bufs)...)
				if len(g.b)-g.sep > maxString {
					return errTooLong()
				}
				return nil
			})
		},
		merge: func(a, b *state) error {
			if !a.ok {
				*a = *b
				return nil
			}
			a.b = append(a.b, b.b...)
			return nil
		},
		result: func(s *state, i int, out *Out) error {
			if !s.ok {
				out.SetNull(i)
				return nil
			}
			out.SetBytes(i, s.b[s.sep:])
			return nil
		},
		save: func(dst []byte, s *state) []byte {
			if !s.ok {
				return dst
			}
			return append(binary.AppendUvarint(dst, uint64(s.sep)), s.b...)
		},
		load: func(b []byte) (state, error) {
			if len(b) == 0 {
				return state{}, nil
			}
			x, n := binary.Uvarint(b)
			if n <= 0 || x > uint64(len(b)-n) {
				return state{}, errState()
			}
			return state{append([]byte(nil), b[n:]...), int(x), true}, nil
		},
		extra: func(s *state) int64 { return int64(cap(s.b)) }}
}

// valueList is a state that keeps all values, and the direct arguments of an
// ordered-set aggregate.
type valueList struct {
	direct, list []sql.Value
}

// newValues collects values. direct counts the leading arguments that are direct
// ones; for an ordered-set aggregate NULLs are left out.
func newValues(t sql.Type, direct int, f func(direct, list []sql.Value) (sql.Value, error)) *aggOf[valueList] {
	return &aggOf[valueList]{t: t,
		update: func(s *states[valueList], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			for k := range n {
				i := k
				if sel != nil {
					i = int(sel[k])
				}
				g := s.at(groupOf(groups, k))
				if g.direct == nil {
					for _, a := range args[:direct] {
						g.direct = append(g.direct, vector.ValueAt(a, i))
					}
				}
				v := vector.ValueAt(args[direct], i)
				if direct > 0 && v.Null {
					continue
				}
				g.list = append(g.list, v)
			}
			return nil
		},
		merge: func(a, b *valueList) error {
			if a.direct == nil {
				a.direct = b.direct
			}
			a.list = append(a.list, b.list...)
			return nil
		},
		result: func(s *valueList, i int, out *Out) error {
			if len(s.list) == 0 {
				out.SetNull(i)
				return nil
			}
			v, err := f(s.direct, s.list)
			if err != nil {
				return err
			}
			out.SetValue(i, v)
			return nil
		},
		save: func(dst []byte, s *valueList) []byte {
			v := sql.Value{List: []sql.Value{{List: s.direct}, {List: s.list}}}
			return appendValue(dst, &v)
		},
		load: func(b []byte) (s valueList, err error) {
			v, _, err := readValue(b, sql.Text)
			if err != nil {
				return s, err
			}
			if len(v.List) != 2 {
				return s, errState()
			}
			return valueList{v.List[0].List, v.List[1].List}, nil
		},
		extra: func(s *valueList) int64 {
			n := int64(cap(s.list)) * 120
			for i := range s.list {
				n += int64(len(s.list[i].S))
			}
			return n
		}}
}

// newMembers collects the values of two arguments in turn.
func newMembers(t sql.Type, f func(list []sql.Value) (sql.Value, error)) *aggOf[valueList] {
	a := newValues(t, 0, func(_, l []sql.Value) (sql.Value, error) { return f(l) })
	a.update = func(s *states[valueList], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
		for k := range n {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			g := s.at(groupOf(groups, k))
			g.list = append(g.list, vector.ValueAt(args[0], i), vector.ValueAt(args[1], i))
		}
		return nil
	}
	return a
}

// definePercentiles defines ordered-set aggregates. Their direct arguments come
// first among the arguments of New and Update; rows come in the order that WITHIN
// GROUP asks for.
func definePercentiles(d *defs) {
	orderedSet := func(direct int) func(*Agg) {
		return func(a *Agg) { a.OrderedSet, a.Direct = true, direct }
	}
	fraction := func(v sql.Value) (float64, bool, error) {
		if v.Null {
			return 0, true, nil
		}
		f := math.Float64frombits(uint64(v.I))
		if !(f >= 0 && f <= 1) {
			return 0, false, sql.Errorf(sql.CodeNumericOutOfRange, "percentile value %s is not between 0 and 1", sql.AppendFloat8(nil, f, 1))
		}
		return f, false, nil
	}
	plain := func(t sql.Type) sql.Type { return minMaxType([]sql.Type{t}) }
	d.agg("percentile_disc(float8,anyelement)", func(_ *Env, a []sql.Type) AggState {
		t := plain(a[1])
		return newValues(t, 1, func(direct, l []sql.Value) (sql.Value, error) {
			f, null, err := fraction(direct[0])
			if null || err != nil {
				return sql.NullOf(t), err
			}
			k := max(int(math.Ceil(f*float64(len(l)))), 1)
			return l[k-1], nil
		})
	}, orderedSet(1), aggRet(func(a []sql.Type) sql.Type { return plain(a[1]) }))
	cont := func(sig string, mix func(lo, hi sql.Value, f float64) (sql.Value, error)) {
		t := sql.T(d.procs[sig].Ret)
		d.agg(sig, func(_ *Env, a []sql.Type) AggState {
			return newValues(t, 1, func(direct, l []sql.Value) (sql.Value, error) {
				f, null, err := fraction(direct[0])
				if null || err != nil {
					return sql.NullOf(t), err
				}
				at := f * float64(len(l)-1)
				lo, hi := int(math.Floor(at)), int(math.Ceil(at))
				if lo == hi {
					return l[lo], nil
				}
				return mix(l[lo], l[hi], at-float64(lo))
			})
		}, orderedSet(1))
	}
	cont("percentile_cont(float8,float8)", func(lo, hi sql.Value, f float64) (sql.Value, error) {
		a, b := math.Float64frombits(uint64(lo.I)), math.Float64frombits(uint64(hi.I))
		return floatValue(sql.Float8, a+f*(b-a)), nil
	})
	cont("percentile_cont(float8,interval)", func(lo, hi sql.Value, f float64) (sql.Value, error) {
		a, b := vector.IntervalOf(&lo), vector.IntervalOf(&hi)
		n, err := negInterval(a)
		if err == nil {
			n, err = addIntervals(b, n)
		}
		if err == nil {
			n, err = mulInterval(n, f)
		}
		if err == nil {
			n, err = addIntervals(a, n)
		}
		return sql.Value{Type: sql.Interval, I: n.Micros, J: sql.PackInterval(n.Days, n.Months)}, err
	})
	d.agg("mode(anyelement)", func(_ *Env, a []sql.Type) AggState {
		t := plain(a[0])
		return newValues(t, 0, func(_, l []sql.Value) (sql.Value, error) {
			l = slices.DeleteFunc(l, func(v sql.Value) bool { return v.Null })
			if len(l) == 0 {
				return sql.NullOf(t), nil
			}
			best, bestRun, run := 0, 0, 0
			for i := range l {
				if i > 0 && vector.CompareValues(&l[i], &l[i-1]) == 0 {
					run++
				} else {
					run = 1
				}
				if run > bestRun {
					best, bestRun = i, run
				}
			}
			return l[best-bestRun+1], nil
		})
	}, orderedSet(0), aggRet(func(a []sql.Type) sql.Type { return plain(a[0]) }))
}
