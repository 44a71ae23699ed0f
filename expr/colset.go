package expr

import "math/bits"

// ColSet is a set of column ids. The zero value is empty; values are immutable
// once shared.
type ColSet struct{ w []uint64 }

// Cols returns the set of the ids.
func Cols(ids ...ColumnID) ColSet {
	var s ColSet
	for _, id := range ids {
		s.Add(id)
	}
	return s
}

// Add puts id into s (in place).
func (s *ColSet) Add(id ColumnID) {
	k := int(id) >> 6
	for len(s.w) <= k {
		s.w = append(s.w, 0)
	}
	s.w[k] |= 1 << (uint(id) & 63)
}

// Has reports whether id is in s.
func (s ColSet) Has(id ColumnID) bool {
	k := int(id) >> 6
	return k < len(s.w) && s.w[k]>>(uint(id)&63)&1 != 0
}

// Union returns the union as a new set.
func (s ColSet) Union(t ColSet) ColSet {
	a, b := s.w, t.w
	if len(a) < len(b) {
		a, b = b, a
	}
	w := append([]uint64(nil), a...)
	for i, x := range b {
		w[i] |= x
	}
	return ColSet{w}
}

// Minus returns s without t's members as a new set.
func (s ColSet) Minus(t ColSet) ColSet {
	w := append([]uint64(nil), s.w...)
	for i := range w {
		if i < len(t.w) {
			w[i] &^= t.w[i]
		}
	}
	return ColSet{w}
}

// Intersect returns the members of both as a new set.
func (s ColSet) Intersect(t ColSet) ColSet {
	w := append([]uint64(nil), s.w[:min(len(s.w), len(t.w))]...)
	for i := range w {
		w[i] &= t.w[i]
	}
	return ColSet{w}
}

// SubsetOf reports whether all members of s are in t.
func (s ColSet) SubsetOf(t ColSet) bool {
	for i, x := range s.w {
		var y uint64
		if i < len(t.w) {
			y = t.w[i]
		}
		if x&^y != 0 {
			return false
		}
	}
	return true
}

// Intersects reports whether s and t share a member.
func (s ColSet) Intersects(t ColSet) bool {
	for i := range min(len(s.w), len(t.w)) {
		if s.w[i]&t.w[i] != 0 {
			return true
		}
	}
	return false
}

// Empty reports whether s has no member.
func (s ColSet) Empty() bool {
	for _, x := range s.w {
		if x != 0 {
			return false
		}
	}
	return true
}

// Len returns the number of members.
func (s ColSet) Len() int {
	n := 0
	for _, x := range s.w {
		n += bits.OnesCount64(x)
	}
	return n
}

// IDs returns the members, ascending.
func (s ColSet) IDs() []ColumnID {
	var out []ColumnID
	for i, x := range s.w {
		for ; x != 0; x &= x - 1 {
			out = append(out, ColumnID(i<<6+bits.TrailingZeros64(x)))
		}
	}
	return out
}

// ColsOf returns the columns that e refers to.
func ColsOf(e Expr) ColSet {
	var s ColSet
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Col); ok {
			s.Add(c.ID)
		}
		return true
	})
	return s
}
