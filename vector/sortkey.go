package vector

import (
	"encoding/binary"
	"math"

	"github.com/sluicedb/sluice/sql"
)

// KeyOrder is how one sort key orders.
type KeyOrder struct {
	Desc       bool
	NullsFirst bool
}

// SortKeyWidth returns the bytes of an encoded key of type t, its null byte
// included; 0 if they vary (strings, lists).
func SortKeyWidth(t sql.Type) int {
	switch l := LayoutOf(t); l {
	case LNone:
		return 1
	case LI16, LI32, LI64, LU32, LF32, LF64, LBool, LUUID, LI128:
		return 1 + l.Size()
	case LInterval:
		return 1 + 16
	case LTimetz:
		return 1 + 12
	case LNum:
		return 1 + numKeyLen
	}
	return 0
}

const numKeyLen = 19 // class, exponent, 16 bytes of digits

// AppendSortKey appends row i's key: bytes.Compare of two such keys orders the
// rows as Compare does, NULLs and direction applied. Keys of several columns are
// appended one after the other. Equal values have equal keys (1.0 and 1.00, -0
// and 0, '1 month' and '30 days'), so a key also serves for equality.
func AppendSortKey(dst []byte, v *Vec, i int, o KeyOrder) []byte {
	src, k, null := v.At(i)
	start := len(dst)
	if null || src.Layout == LNone {
		if o.NullsFirst {
			return appendNullKey(dst, 0, v.Type)
		}
		return appendNullKey(dst, 2, v.Type)
	}
	dst = append(dst, 1)
	dst = appendKey(dst, v.Type, src, k)
	if o.Desc {
		for j := start + 1; j < len(dst); j++ {
			dst[j] = ^dst[j]
		}
	}
	return dst
}

// appendNullKey pads fixed-width keys, so that they keep their width.
func appendNullKey(dst []byte, b byte, t sql.Type) []byte {
	dst = append(dst, b)
	for w := SortKeyWidth(t); w > 1; w-- {
		dst = append(dst, 0)
	}
	return dst
}

func appendKey(dst []byte, t sql.Type, v *Vec, i int) []byte {
	switch v.Layout {
	case LBool:
		return append(dst, Values[uint8](v)[i])
	case LI16:
		return binary.BigEndian.AppendUint16(dst, uint16(Values[int16](v)[i])^1<<15)
	case LI32:
		return binary.BigEndian.AppendUint32(dst, uint32(Values[int32](v)[i])^1<<31)
	case LU32:
		return binary.BigEndian.AppendUint32(dst, Values[uint32](v)[i])
	case LI64:
		if t.OID == sql.OIDNumeric && LayoutOf(t) == LI128 {
			return appendKey128(dst, sql.I128(Values[int64](v)[i]))
		}
		return appendKey64(dst, Values[int64](v)[i])
	case LI128:
		x := Values[sql.Int128](v)[i]
		if LayoutOf(t) == LI64 {
			return appendKey64(dst, int64(x.Lo))
		}
		return appendKey128(dst, x)
	case LF32:
		f := Values[float32](v)[i]
		b := int32(math.MaxInt32)
		if f == f {
			b = int32(math.Float32bits(f + 0))
			b ^= int32(uint32(b>>31) >> 1)
		}
		return binary.BigEndian.AppendUint32(dst, uint32(b)^1<<31)
	case LF64:
		return appendKey64(dst, OrderF64(Values[float64](v)[i]))
	case LNum:
		return appendNumKey(dst, Values[sql.Num](v)[i])
	case LStr:
		s := Values[StrView](v)[i].Bytes(v.Bufs)
		if t.OID == sql.OIDBpchar {
			s = TrimBlanks(s)
		}
		return appendStrKey(dst, s)
	case LInterval:
		return appendKey128(dst, Values[Interval](v)[i].Span())
	case LTimetz:
		x := Values[Timetz](v)[i]
		dst = appendKey64(dst, x.UTC())
		return binary.BigEndian.AppendUint32(dst, uint32(x.Zone)^1<<31)
	case LUUID:
		x := Values[[16]byte](v)[i]
		return append(dst, x[:]...)
	case LList:
		for e := v.Offsets[i]; e < v.Offsets[i+1]; e++ {
			dst = append(dst, 1)
			dst = AppendSortKey(dst, v.Child, int(e), KeyOrder{})
		}
		return append(dst, 0)
	case LStruct:
		for _, c := range v.Children {
			dst = AppendSortKey(dst, c, i, KeyOrder{})
		}
	}
	return dst
}

func appendKey64(dst []byte, x int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(x)^1<<63)
}

func appendKey128(dst []byte, x sql.Int128) []byte {
	return binary.BigEndian.AppendUint64(appendKey64(dst, x.Hi), x.Lo)
}

// appendStrKey ends the string with 0 0 and writes a zero byte inside it as 0 255.
func appendStrKey(dst, s []byte) []byte {
	for _, c := range s {
		dst = append(dst, c)
		if c == 0 {
			dst = append(dst, 255)
		}
	}
	return append(dst, 0, 0)
}

// appendNumKey writes a class byte (-infinity, negative, zero, positive,
// infinity, NaN), then the decimal exponent and the digits moved to the left of
// 38 places; both inverted for negatives.
func appendNumKey(dst []byte, n sql.Num) []byte {
	class, exp := byte(2), 0
	var digits sql.Int128
	switch {
	case n.Kind == sql.NumNegInf:
		class = 0
	case n.Kind == sql.NumPosInf:
		class = 4
	case n.Kind == sql.NumNaN:
		class = 5
	case n.Coef.Sign() != 0:
		class = 3
		if n.Coef.Sign() < 0 {
			class = 1
		}
		c := n.Coef
		if c.Hi < 0 {
			c, _ = c.Neg()
		}
		d := c.Digits()
		exp = d - int(n.Scale)
		digits, _ = c.Mul(sql.Pow10Int128[38-d])
	}
	e := uint16(exp + 1<<15)
	hi, lo := uint64(digits.Hi), digits.Lo
	if class == 1 {
		e, hi, lo = ^e, ^hi, ^lo
	}
	dst = append(dst, class)
	dst = binary.BigEndian.AppendUint16(dst, e)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, hi), lo)
}

// EncodeSortKeys writes the keys of the selected rows (sel nil: rows 0..n-1) of a
// column whose SortKeyWidth is w > 0: the k-th row's key to
// dst[k*stride+off : k*stride+off+w].
func EncodeSortKeys(v *Vec, sel []int32, n int, o KeyOrder, dst []byte, off, stride int) {
	if sel != nil {
		n = len(sel)
	}
	if v.Form == Flat && v.Valid == nil {
		x := byte(0)
		if o.Desc {
			x = 255
		}
		switch {
		case v.Layout == LI32:
			vals, m := Values[int32](v), uint32(x)*0x01010101
			for k := range n {
				b := dst[k*stride+off:]
				b[0] = 1
				binary.BigEndian.PutUint32(b[1:], uint32(vals[pick(sel, k)])^1<<31^m)
			}
			return
		case v.Layout == LI64 && LayoutOf(v.Type) == LI64:
			vals, m := Values[int64](v), uint64(x)*0x0101010101010101
			for k := range n {
				b := dst[k*stride+off:]
				b[0] = 1
				binary.BigEndian.PutUint64(b[1:], uint64(vals[pick(sel, k)])^1<<63^m)
			}
			return
		}
	}
	w := SortKeyWidth(v.Type)
	for k := range n {
		p := k*stride + off
		AppendSortKey(dst[p:p:p+w], v, pick(sel, k), o)
	}
}

func pick(sel []int32, k int) int {
	if sel != nil {
		return int(sel[k])
	}
	return k
}
