package vector

import (
	"unsafe"

	"github.com/sluicedb/sluice/sql"
)

// BatchSize is the most rows that operators put in one batch.
const BatchSize = 2048

// Form tells how a vector's rows map to its values.
type Form uint8

// Forms.
const (
	Flat  Form = iota // one value a row
	Const             // one value (index 0) for all rows
	Dict              // row i has the value Dict.value(Codes[i])
)

// Vec is a column of N rows. It is read-only to everyone but its maker, and
// valid as long as the batch that it came in.
//
// NULL: row i is NULL if Valid is not nil and bit i (Const: bit 0) is 0; in Dict
// form also if the dictionary entry is NULL. A value under NULL is arbitrary, so
// a kernel that can raise looks at selected, valid rows only.
type Vec struct {
	Type   sql.Type
	Form   Form
	Layout Layout // of Data; in Dict form that of Dict
	N      int    // rows

	Data  []byte   // Flat: N values; Const: 1 value; Dict: nil. Aligned to 8 bytes.
	Valid Bitmap   // nil: no row is NULL at this level
	Bufs  [][]byte // LStr: what StrViews point into

	Codes  []uint32 // Dict: N codes, each < Dict.N
	Dict   *Vec     // Dict: a Flat vector
	DictID uint64   // Dict: identity of Dict; equal ids mean the same entries in the same order; 0 unknown.
	// Operators key look-up tables (predicate results, group ids) by it.

	Offsets  []int32 // LList, Flat or Const: N+1 offsets into Child
	Child    *Vec    // LList
	Children []*Vec  // LStruct: N rows each
}

// Elem are the Go types that Data may hold.
type Elem interface {
	bool | uint8 | int16 | int32 | int64 | uint32 | uint64 | float32 | float64 |
		sql.Int128 | sql.Num | StrView | Interval | Timetz | [16]byte
}

// Values views Data as []T: N values in Flat form, one in Const form. The caller
// must ask for the Go type of the vector's layout.
func Values[T Elem](v *Vec) []T {
	return Cast[T](v.Data)
}

// Cast views an 8-byte aligned buffer as []T.
func Cast[T Elem](b []byte) []T {
	var z T
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))
}

// Bytes views a []T as its bytes.
func Bytes[T Elem](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

// At returns where row i's value lies: the vector that holds it (v or v.Dict),
// the index there, and whether the row is NULL. For code that is not hot.
func (v *Vec) At(i int) (src *Vec, idx int, null bool) {
	switch v.Form {
	case Const:
		return v, 0, v.Valid != nil && !v.Valid.Get(0)
	case Dict:
		if v.Valid != nil && !v.Valid.Get(i) {
			return v.Dict, 0, true
		}
		c := int(v.Codes[i])
		return v.Dict, c, v.Dict.Valid != nil && !v.Dict.Valid.Get(c)
	}
	return v, i, v.Valid != nil && !v.Valid.Get(i)
}

// IsNull reports whether row i is NULL.
func (v *Vec) IsNull(i int) bool {
	_, _, null := v.At(i)
	return null
}

// MayHaveNulls is false only if no row can be NULL.
func (v *Vec) MayHaveNulls() bool {
	return v.Valid != nil || v.Form == Dict && v.Dict.Valid != nil
}

// Batch is rows in columns.
//
// Ownership: a batch and all it refers to are valid until the next call to
// whoever gave it; the consumer never writes to it. What outlives the call is
// copied (or, for cached dictionaries, leased) by the consumer.
type Batch struct {
	N    int     // rows in each column, at most BatchSize
	Sel  []int32 // rows that count, ascending, each < N; nil: all N
	Cols []*Vec
	// Seq is the sequence number of the morsel that the rows came from, and
	// First the ordinal of row 0 in it: order for sinks that must keep it.
	Seq   uint64
	First int
}

// Rows returns how many rows count.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.N
}
