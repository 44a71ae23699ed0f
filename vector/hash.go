package vector

import (
	"encoding/binary"
	"math/bits"

	"github.com/sluicedb/sluice/sql"
)

const (
	hashK0   = 0x9e3779b97f4a7c15
	hashK1   = 0xe7037ed1a0b428db
	hashK2   = 0x8ebc6af09c88c6e3
	hashNull = 0x4cf5ad432745937f
)

// HashInt hashes an integer-like value; equal numbers of different widths agree.
func HashInt(x int64) uint64 {
	h, l := bits.Mul64(uint64(x)^hashK1, hashK0)
	return h ^ l
}

// HashCombine mixes the hash of the next key column into h.
func HashCombine(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^hashK2, x^hashK0)
	return hi ^ lo
}

// HashBytes hashes a string.
func HashBytes(s []byte) uint64 {
	if len(s) <= InlineLen {
		v := InlineView(s)
		return hashInline(&v)
	}
	h := uint64(len(s)) ^ hashK1
	for len(s) > 16 {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(s)^h, binary.LittleEndian.Uint64(s[8:])^hashK0)
		h = hi ^ lo
		s = s[16:]
	}
	var a, b uint64
	if len(s) >= 8 {
		a, b = binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[len(s)-8:])
	} else {
		for i, c := range s {
			a |= uint64(c) << (8 * uint(i))
		}
	}
	hi, lo := bits.Mul64(a^h, b^hashK2)
	return hi ^ lo
}

func hashInline(v *StrView) uint64 {
	a := uint64(v.Len) | uint64(binary.LittleEndian.Uint32(v.Prefix[:]))<<32
	b := uint64(v.Buf) | uint64(v.Off)<<32
	hi, lo := bits.Mul64(a^hashK1, b^hashK0)
	return hi ^ lo
}

// HashStr hashes a view's string.
func HashStr(v *StrView, bufs [][]byte) uint64 {
	if v.Len <= InlineLen {
		return hashInline(v)
	}
	return HashBytes(v.Bytes(bufs))
}

// hashDecimal hashes coef*10^-scale so that equal values agree whatever the scale.
func hashDecimal(c int64, scale uint8) uint64 {
	for scale > 0 && c%10 == 0 {
		c /= 10
		scale--
		if c == 0 {
			scale = 0
		}
	}
	return HashCombine(HashInt(c), uint64(scale))
}

func hashNum(n sql.Num) uint64 {
	n = n.Normal()
	if n.Kind != sql.NumFinite {
		return HashInt(int64(n.Kind) ^ 0x5bd1e995)
	}
	if n.Coef.IsInt64() {
		return HashCombine(HashInt(int64(n.Coef.Lo)), uint64(n.Scale))
	}
	return HashCombine(HashCombine(HashInt(int64(n.Coef.Lo)), uint64(n.Coef.Hi)), uint64(n.Scale))
}

// Hash writes the hash of each selected row i of v (sel nil: rows 0..n-1) to
// out[i]; with combine it mixes it into out[i] instead (second and later key
// columns). Values that PostgreSQL calls equal hash alike, whatever the form of
// the vector or of a numeric; NULL has a hash of its own.
func Hash(v *Vec, sel []int32, n int, combine bool, out []uint64) {
	switch v.Form {
	case Const:
		h := uint64(hashNull)
		if !v.IsNull(0) {
			h = hashRow(v, 0)
		}
		if sel == nil {
			for i := range n {
				putHash(out, i, h, combine)
			}
			return
		}
		for _, i := range sel {
			putHash(out, int(i), h, combine)
		}
		return
	case Dict:
		hashDict(v, sel, n, combine, out)
		return
	}
	if v.Valid != nil {
		hashRows(v, sel, n, combine, out)
		return
	}
	switch v.Layout {
	case LI16:
		hashInts(Values[int16](v), sel, n, combine, out)
	case LI32:
		hashInts(Values[int32](v), sel, n, combine, out)
	case LU32:
		hashInts(Values[uint32](v), sel, n, combine, out)
	case LI64:
		if v.Type.OID != sql.OIDNumeric {
			hashInts(Values[int64](v), sel, n, combine, out)
			break
		}
		vals, s := Values[int64](v), v.Type.Dec.S
		if sel == nil {
			for i, x := range vals[:n] {
				putHash(out, i, hashDecimal(x, s), combine)
			}
			break
		}
		for _, i := range sel {
			putHash(out, int(i), hashDecimal(vals[i], s), combine)
		}
	case LStr:
		if v.Type.OID == sql.OIDBpchar {
			hashRows(v, sel, n, combine, out)
			break
		}
		vals := Values[StrView](v)
		if sel == nil {
			for i := range vals[:n] {
				putHash(out, i, HashStr(&vals[i], v.Bufs), combine)
			}
			break
		}
		for _, i := range sel {
			putHash(out, int(i), HashStr(&vals[i], v.Bufs), combine)
		}
	default:
		hashRows(v, sel, n, combine, out)
	}
}

func putHash(out []uint64, i int, h uint64, combine bool) {
	if combine {
		h = HashCombine(out[i], h)
	}
	out[i] = h
}

func hashInts[T int16 | int32 | int64 | uint32](vals []T, sel []int32, n int, combine bool, out []uint64) {
	switch {
	case sel == nil && !combine:
		for i, x := range vals[:n] {
			out[i] = HashInt(int64(x))
		}
	case sel == nil:
		for i, x := range vals[:n] {
			out[i] = HashCombine(out[i], HashInt(int64(x)))
		}
	case !combine:
		for _, i := range sel {
			out[i] = HashInt(int64(vals[i]))
		}
	default:
		for _, i := range sel {
			out[i] = HashCombine(out[i], HashInt(int64(vals[i])))
		}
	}
}

func hashIntsNull[T int32 | int64](vals []T, valid Bitmap, sel []int32, n int, combine bool, out []uint64) {
	if sel == nil {
		for i, x := range vals[:n] {
			h := HashInt(int64(x))
			if !valid.Get(i) {
				h = hashNull
			}
			putHash(out, i, h, combine)
		}
		return
	}
	for _, i := range sel {
		h := HashInt(int64(vals[i]))
		if !valid.Get(int(i)) {
			h = hashNull
		}
		putHash(out, int(i), h, combine)
	}
}

// hashDict hashes each entry once if there are fewer entries than rows.
func hashDict(v *Vec, sel []int32, n int, combine bool, out []uint64) {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	if v.Dict.N <= rows {
		var buf [BatchSize]uint64
		entries := buf[:]
		if v.Dict.N > len(entries) {
			entries = make([]uint64, v.Dict.N)
		}
		Hash(v.Dict, nil, v.Dict.N, false, entries)
		each(sel, n, func(i int) {
			h := uint64(hashNull)
			if v.Valid == nil || v.Valid.Get(i) {
				h = entries[v.Codes[i]]
			}
			putHash(out, i, h, combine)
		})
		return
	}
	hashRows(v, sel, n, combine, out)
}

func hashRows(v *Vec, sel []int32, n int, combine bool, out []uint64) {
	if v.Form == Flat && v.Valid != nil {
		switch {
		case v.Layout == LI32:
			hashIntsNull(Values[int32](v), v.Valid, sel, n, combine, out)
			return
		case v.Layout == LI64 && v.Type.OID != sql.OIDNumeric:
			hashIntsNull(Values[int64](v), v.Valid, sel, n, combine, out)
			return
		}
	}
	each(sel, n, func(i int) {
		src, k, null := v.At(i)
		h := uint64(hashNull)
		if !null {
			h = hashRow(src, k)
		}
		putHash(out, i, h, combine)
	})
}

func each(sel []int32, n int, f func(i int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, i := range sel {
		f(int(i))
	}
}

// hashRow hashes element i, not NULL, of a Flat or Const vector.
func hashRow(v *Vec, i int) uint64 {
	switch v.Layout {
	case LBool:
		return HashInt(int64(Values[uint8](v)[i]))
	case LI16:
		return HashInt(int64(Values[int16](v)[i]))
	case LI32:
		return HashInt(int64(Values[int32](v)[i]))
	case LU32:
		return HashInt(int64(Values[uint32](v)[i]))
	case LI64:
		if v.Type.OID == sql.OIDNumeric {
			return hashDecimal(Values[int64](v)[i], v.Type.Dec.S)
		}
		return HashInt(Values[int64](v)[i])
	case LI128, LNum:
		return hashNum(NumAt(v, i))
	case LF32:
		return HashInt(OrderF64(float64(Values[float32](v)[i])))
	case LF64:
		return HashInt(OrderF64(Values[float64](v)[i]))
	case LStr:
		x := &Values[StrView](v)[i]
		if v.Type.OID == sql.OIDBpchar {
			return HashBytes(TrimBlanks(x.Bytes(v.Bufs)))
		}
		return HashStr(x, v.Bufs)
	case LInterval:
		s := Values[Interval](v)[i].Span()
		return HashCombine(HashInt(int64(s.Lo)), uint64(s.Hi))
	case LTimetz:
		t := Values[Timetz](v)[i]
		return HashCombine(HashInt(t.UTC()), uint64(uint32(t.Zone)))
	case LUUID:
		u := Values[[16]byte](v)[i]
		return HashBytes(u[:])
	case LList:
		h := uint64(hashK2)
		for k := v.Offsets[i]; k < v.Offsets[i+1]; k++ {
			h = HashCombine(h, hashNullable(v.Child, int(k)))
		}
		return h
	case LStruct:
		h := uint64(hashK1)
		for _, c := range v.Children {
			h = HashCombine(h, hashNullable(c, i))
		}
		return h
	}
	return 0
}

func hashNullable(v *Vec, i int) uint64 {
	src, k, null := v.At(i)
	if null {
		return hashNull
	}
	return hashRow(src, k)
}
