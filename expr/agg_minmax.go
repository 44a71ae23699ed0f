package expr

import (
	"bytes"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// newMinMax makes min or max over any ordered type.
func newMinMax(t sql.Type, isMax bool) AggState {
	switch vector.LayoutOf(t) {
	case vector.LI16:
		return minMaxInt[int16](t, isMax)
	case vector.LI32:
		return minMaxInt[int32](t, isMax)
	case vector.LU32:
		return minMaxInt[uint32](t, isMax)
	case vector.LI64:
		if t.OID != sql.OIDNumeric {
			return minMaxInt[int64](t, isMax)
		}
	case vector.LF32:
		return minMaxFloat[float32](t, isMax)
	case vector.LF64:
		return minMaxFloat[float64](t, isMax)
	case vector.LStr:
		return minMaxStr(t, isMax)
	}
	if t.OID == sql.OIDNumeric && t.Dec.Static() {
		return minMaxDecimal(t, isMax)
	}
	return minMaxAny(t, isMax)
}

type minMaxState[T any] struct {
	v  T
	ok bool
}

func minMaxInt[T int16 | int32 | int64 | uint32](t sql.Type, isMax bool) AggState {
	better := func(s *minMaxState[T], x T) {
		if !s.ok || x < s.v != isMax && x != s.v {
			s.v, s.ok = x, true
		}
	}
	return &aggOf[minMaxState[T]]{t: t,
		update: func(s *states[minMaxState[T]], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			v := args[0]
			if v.Form == vector.Flat && v.Valid == nil && groups == nil {
				vals := vector.Values[T](v)
				rows := seq(sel, n)
				m := vals[rows[0]]
				if isMax {
					for _, i := range rows {
						m = max(m, vals[i])
					}
				} else {
					for _, i := range rows {
						m = min(m, vals[i])
					}
				}
				better(s.at(0), m)
				return nil
			}
			if v.Form == vector.Flat && v.Valid == nil {
				vals := vector.Values[T](v)
				for k, i := range seq(sel, n) {
					g, x := s.at(groups[k]), vals[i]
					if !g.ok || x < g.v != isMax && x != g.v {
						g.v, g.ok = x, true
					}
				}
				return nil
			}
			return forRows(v, sel, n, func(k int, src *vector.Vec, j int) error {
				better(s.at(groupOf(groups, k)), vector.Values[T](src)[j])
				return nil
			})
		},
		merge: func(a, b *minMaxState[T]) error {
			if b.ok {
				better(a, b.v)
			}
			return nil
		},
		result: func(s *minMaxState[T], i int, out *Out) error {
			if !s.ok {
				out.SetNull(i)
				return nil
			}
			Slice[T](out)[i] = s.v
			return nil
		}}
}

func minMaxFloat[T float](t sql.Type, isMax bool) AggState {
	better := func(s *minMaxState[T], x T) {
		if !s.ok {
			s.v, s.ok = x, true
			return
		}
		a, b := vector.OrderF64(float64(x)), vector.OrderF64(float64(s.v))
		if a < b != isMax && a != b {
			s.v = x
		}
	}
	return &aggOf[minMaxState[T]]{t: t,
		update: func(s *states[minMaxState[T]], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				better(s.at(groupOf(groups, k)), vector.Values[T](src)[j])
				return nil
			})
		},
		merge: func(a, b *minMaxState[T]) error {
			if b.ok {
				better(a, b.v)
			}
			return nil
		},
		result: func(s *minMaxState[T], i int, out *Out) error {
			if !s.ok {
				out.SetNull(i)
				return nil
			}
			Slice[T](out)[i] = s.v
			return nil
		}}
}

// minMaxDecimal keeps int128 whatever the batches' layout.
func minMaxDecimal(t sql.Type, isMax bool) AggState {
	type state = minMaxState[sql.Int128]
	better := func(s *state, x sql.Int128) {
		if c := x.Cmp(s.v); !s.ok || c < 0 && !isMax || c > 0 && isMax {
			s.v, s.ok = x, true
		}
	}
	return &aggOf[state]{t: t,
		update: func(s *states[state], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			v := args[0]
			if v.Form == vector.Flat && v.Valid == nil && v.Layout == vector.LI64 {
				vals := vector.Values[int64](v)
				for k, i := range seq(sel, n) {
					better(s.at(groupOf(groups, k)), sql.I128(vals[i]))
				}
				return nil
			}
			return forRows(v, sel, n, func(k int, src *vector.Vec, j int) error {
				better(s.at(groupOf(groups, k)), dec128(src, int32(j)))
				return nil
			})
		},
		merge: func(a, b *state) error {
			if b.ok {
				better(a, b.v)
			}
			return nil
		},
		result: func(s *state, i int, out *Out) error {
			if !s.ok {
				out.SetNull(i)
				return nil
			}
			return setDecimal(out, i, vector.NumOf(s.v, t.Dec.S))
		}}
}

func minMaxStr(t sql.Type, isMax bool) AggState {
	type state = minMaxState[[]byte]
	blank := t.OID == sql.OIDBpchar
	better := func(s *state, x []byte) {
		if s.ok {
			a, b := x, s.v
			if blank {
				a, b = vector.TrimBlanks(a), vector.TrimBlanks(b)
			}
			if c := bytes.Compare(a, b); c == 0 || c < 0 == isMax {
				return
			}
		}
		s.v, s.ok = append(s.v[:0], x...), true
	}
	return &aggOf[state]{t: t,
		update: func(s *states[state], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				better(s.at(groupOf(groups, k)), vector.Values[vector.StrView](src)[j].Bytes(src.Bufs))
				return nil
			})
		},
		merge: func(a, b *state) error {
			if b.ok {
				better(a, b.v)
			}
			return nil
		},
		result: func(s *state, i int, out *Out) error {
			if !s.ok {
				out.SetNull(i)
				return nil
			}
			out.SetBytes(i, s.v)
			return nil
		},
		save: func(dst []byte, s *state) []byte {
			if !s.ok {
				return append(dst, 0)
			}
			return append(append(dst, 1), s.v...)
		},
		load: func(b []byte) (state, error) {
			if len(b) == 0 {
				return state{}, errState()
			}
			return state{append([]byte(nil), b[1:]...), b[0] == 1}, nil
		},
		extra: func(s *state) int64 { return int64(cap(s.v)) }}
}

// minMaxAny serves types that are seldom compared.
func minMaxAny(t sql.Type, isMax bool) AggState {
	type state = minMaxState[sql.Value]
	better := func(s *state, x sql.Value) {
		if s.ok {
			if c := vector.CompareValues(&x, &s.v); c == 0 || c < 0 == isMax {
				return
			}
		}
		s.v, s.ok = x, true
	}
	return &aggOf[state]{t: t,
		update: func(s *states[state], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				better(s.at(groupOf(groups, k)), vector.ValueAt(src, j))
				return nil
			})
		},
		merge: func(a, b *state) error {
			if b.ok {
				better(a, b.v)
			}
			return nil
		},
		result: func(s *state, i int, out *Out) error {
			if !s.ok {
				out.SetNull(i)
				return nil
			}
			out.SetValue(i, s.v)
			return nil
		},
		save: func(dst []byte, s *state) []byte {
			if !s.ok {
				return dst
			}
			return appendValue(dst, &s.v)
		},
		load: func(b []byte) (state, error) {
			if len(b) == 0 {
				return state{}, nil
			}
			v, _, err := readValue(b, t)
			return state{v, true}, err
		}}
}
