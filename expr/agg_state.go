package expr

import (
	"unsafe"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// States of groups lie in chunks, so that growing copies nothing.
const (
	stateChunkLog = 12
	stateChunk    = 1 << stateChunkLog
)

type states[S any] struct {
	chunk [][]S
	n     int
}

func (s *states[S]) resize(n int) {
	for len(s.chunk)<<stateChunkLog < n {
		s.chunk = append(s.chunk, nil)
	}
	if n > 0 {
		last := len(s.chunk) - 1
		for k := s.n >> stateChunkLog; k <= last; k++ {
			want := min(n-k<<stateChunkLog, stateChunk)
			if have := len(s.chunk[k]); want > have {
				size := max(have, 16)
				for size < want {
					size *= 2
				}
				c := make([]S, size)
				copy(c, s.chunk[k])
				s.chunk[k] = c
			}
		}
	}
	s.n = max(s.n, n)
}

func (s *states[S]) at(g uint32) *S { return &s.chunk[g>>stateChunkLog][g&(stateChunk-1)] }

// bytes is the memory held, without what the states refer to.
func (s *states[S]) bytes() (n int64) {
	var z S
	for _, c := range s.chunk {
		n += int64(len(c)) * int64(unsafe.Sizeof(z))
	}
	return n
}

// memoryOf is a value without pointers as its bytes.
func memoryOf[S any](s *S) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s)) }

// aggOf is an AggState whose groups' states are values of type S.
type aggOf[S any] struct {
	states[S]
	t sql.Type // of the result

	update func(s *states[S], groups []uint32, args []*vector.Vec, sel []int32, n int) error
	merge  func(to, from *S) error
	result func(s *S, i int, out *Out) error
	// save and load are nil where S holds no pointers: its memory is the encoding.
	save  func(dst []byte, s *S) []byte
	load  func(b []byte) (S, error)
	extra func(s *S) int64 // memory a state holds elsewhere
}

func (a *aggOf[S]) Resize(n int) { a.resize(n) }

func (a *aggOf[S]) Update(groups []uint32, args []*vector.Vec, sel []int32, n int) error {
	if a.n == 0 {
		a.resize(1)
	}
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil
	}
	return a.update(&a.states, groups, args, sel, n)
}

func (a *aggOf[S]) Merge(o AggState, from, to []uint32) error {
	b := o.(*aggOf[S])
	for i, t := range to {
		g := uint32(i)
		if from != nil {
			g = from[i]
		}
		if err := a.merge(a.at(t), b.at(g)); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggOf[S]) Result(lo, hi int, out *Out) error {
	l := vector.LayoutOf(a.t)
	if a.t.Dec.Static() {
		l = vector.LI64 // widened when a value needs it
	}
	out.Reset(a.t, l, hi-lo)
	for g := lo; g < hi; g++ {
		if err := a.result(a.at(uint32(g)), g-lo, out); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggOf[S]) Bytes() int64 {
	n := a.bytes()
	if a.extra != nil {
		for g := range a.n {
			n += a.extra(a.at(uint32(g)))
		}
	}
	return n
}

func (a *aggOf[S]) Save(groups []uint32, out *Out) error {
	out.Reset(sql.Bytea, vector.LStr, len(groups))
	var buf []byte
	for i, g := range groups {
		s := a.at(g)
		if a.save != nil {
			buf = a.save(buf[:0], s)
		} else {
			buf = append(buf[:0], memoryOf(s)...)
		}
		out.SetBytes(i, buf)
	}
	return nil
}

func (a *aggOf[S]) Load(groups []uint32, saved *vector.Vec) error {
	for i, g := range groups {
		b := saved.Str(i)
		var s S
		if a.load != nil {
			var err error
			if s, err = a.load(b); err != nil {
				return err
			}
		} else {
			if len(b) != len(memoryOf(&s)) {
				return errState()
			}
			copy(memoryOf(&s), b)
		}
		if err := a.merge(a.at(g), &s); err != nil {
			return err
		}
	}
	return nil
}

func errState() error {
	return sql.Errorf(sql.CodeDataCorrupted, "a saved aggregate state has the wrong form")
}

// forRows calls f for each selected row that is not NULL in v: k is its ordinal in
// the selection, src and j say where its value lies.
func forRows(v *vector.Vec, sel []int32, n int, f func(k int, src *vector.Vec, j int) error) error {
	for k := range n {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		src, j, null := v.At(i)
		if null {
			continue
		}
		if err := f(k, src, j); err != nil {
			return &RowError{i, err}
		}
	}
	return nil
}

func groupOf(groups []uint32, k int) uint32 {
	if groups == nil {
		return 0
	}
	return groups[k]
}
