package vector

import (
	"bytes"
	"cmp"
	"math"

	"github.com/sluicedb/sluice/sql"
)

// Spans of an interval's days and months, for comparison.
const (
	microsPerDay   = 86_400_000_000
	microsPerMonth = 30 * microsPerDay
)

// Span is the interval in microseconds with 24-hour days and 30-day months.
func (v Interval) Span() sql.Int128 {
	r, _ := sql.MulInt64(int64(v.Months), microsPerMonth).Add(sql.MulInt64(int64(v.Days), microsPerDay))
	r, _ = r.Add(sql.I128(v.Micros))
	return r
}

// UTC is the time of day in microseconds moved to UTC, which timetz orders by first.
func (t Timetz) UTC() int64 { return t.Micros() + int64(t.Zone)*1_000_000 }

// OrderF64 maps a float8 to an integer of PostgreSQL's order and equality: -0
// equals 0, NaN equals NaN and is largest.
func OrderF64(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	b := int64(math.Float64bits(f + 0)) // -0 + 0 is 0
	return b ^ int64(uint64(b>>63)>>1)
}

// TrimBlanks drops trailing blanks, which bpchar comparison ignores.
func TrimBlanks(s []byte) []byte {
	n := len(s)
	for n > 0 && s[n-1] == ' ' {
		n--
	}
	return s[:n]
}

// Compare orders row i of a against row j of b as PostgreSQL does; neither row is
// NULL and the types are equal (static decimals of any form and general numerics
// may meet). Not for hot loops over whole batches.
func Compare(a *Vec, i int, b *Vec, j int) int {
	x, i, _ := a.At(i)
	y, j, _ := b.At(j)
	if a.Type.OID == sql.OIDNumeric {
		return compareNumeric(x, i, y, j)
	}
	return compareFlat(x, i, y, j)
}

// Equal reports equality of row i of a and row j of b under Compare's conditions.
func Equal(a *Vec, i int, b *Vec, j int) bool {
	x, i, _ := a.At(i)
	y, j, _ := b.At(j)
	switch {
	case x.Layout == LStr && x.Type.OID != sql.OIDBpchar:
		return EqualStr(&Values[StrView](x)[i], x.Bufs, &Values[StrView](y)[j], y.Bufs)
	case a.Type.OID == sql.OIDNumeric:
		return compareNumeric(x, i, y, j) == 0
	}
	return compareFlat(x, i, y, j) == 0
}

func compareFlat(x *Vec, i int, y *Vec, j int) int {
	switch x.Layout {
	case LBool:
		return cmp.Compare(Values[uint8](x)[i], Values[uint8](y)[j])
	case LI16:
		return cmp.Compare(Values[int16](x)[i], Values[int16](y)[j])
	case LI32:
		return cmp.Compare(Values[int32](x)[i], Values[int32](y)[j])
	case LI64:
		return cmp.Compare(Values[int64](x)[i], Values[int64](y)[j])
	case LU32:
		return cmp.Compare(Values[uint32](x)[i], Values[uint32](y)[j])
	case LF32:
		return cmp.Compare(OrderF64(float64(Values[float32](x)[i])), OrderF64(float64(Values[float32](y)[j])))
	case LF64:
		return cmp.Compare(OrderF64(Values[float64](x)[i]), OrderF64(Values[float64](y)[j]))
	case LStr:
		p, q := &Values[StrView](x)[i], &Values[StrView](y)[j]
		if x.Type.OID == sql.OIDBpchar {
			return bytes.Compare(TrimBlanks(p.Bytes(x.Bufs)), TrimBlanks(q.Bytes(y.Bufs)))
		}
		return CompareStr(p, x.Bufs, q, y.Bufs)
	case LInterval:
		return Values[Interval](x)[i].Span().Cmp(Values[Interval](y)[j].Span())
	case LTimetz:
		return CompareTimetz(Values[Timetz](x)[i], Values[Timetz](y)[j])
	case LUUID:
		p, q := Values[[16]byte](x)[i], Values[[16]byte](y)[j]
		return bytes.Compare(p[:], q[:])
	case LList:
		return compareList(x, i, y, j)
	case LStruct:
		for f := range min(len(x.Children), len(y.Children)) {
			if c := compareNulls(x.Children[f], i, y.Children[f], j); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(x.Children), len(y.Children))
	}
	return 0
}

// CompareTimetz orders by the instant, then by the zone.
func CompareTimetz(p, q Timetz) int {
	if c := cmp.Compare(p.UTC(), q.UTC()); c != 0 {
		return c
	}
	return cmp.Compare(p.Zone, q.Zone)
}

func compareNumeric(x *Vec, i int, y *Vec, j int) int {
	if x.Layout == LI64 && y.Layout == LI64 && x.Type.Dec.S == y.Type.Dec.S {
		return cmp.Compare(Values[int64](x)[i], Values[int64](y)[j])
	}
	return NumAt(x, i).Cmp(NumAt(y, j))
}

// NumAt returns element i of a Flat or Const numeric vector of any form.
func NumAt(v *Vec, i int) sql.Num {
	switch v.Layout {
	case LI64:
		return NumOf(sql.I128(Values[int64](v)[i]), v.Type.Dec.S)
	case LI128:
		return NumOf(Values[sql.Int128](v)[i], v.Type.Dec.S)
	}
	return Values[sql.Num](v)[i]
}

// compareNulls orders with NULLs equal to each other and after all values, as
// inside arrays and records.
func compareNulls(x *Vec, i int, y *Vec, j int) int {
	xn, yn := x.IsNull(i), y.IsNull(j)
	switch {
	case xn && yn:
		return 0
	case xn:
		return 1
	case yn:
		return -1
	}
	return Compare(x, i, y, j)
}

func compareList(x *Vec, i int, y *Vec, j int) int {
	xl, xh := int(x.Offsets[i]), int(x.Offsets[i+1])
	yl, yh := int(y.Offsets[j]), int(y.Offsets[j+1])
	for k := range min(xh-xl, yh-yl) {
		if c := compareNulls(x.Child, xl+k, y.Child, yl+k); c != 0 {
			return c
		}
	}
	return cmp.Compare(xh-xl, yh-yl)
}

// CompareValues orders two Values of one type, neither NULL.
func CompareValues(a, b *sql.Value) int {
	switch LayoutOf(a.Type) {
	case LF32, LF64:
		return cmp.Compare(OrderF64(math.Float64frombits(uint64(a.I))), OrderF64(math.Float64frombits(uint64(b.I))))
	case LStr, LUUID:
		if a.Type.OID == sql.OIDBpchar {
			return bytes.Compare(TrimBlanks([]byte(a.S)), TrimBlanks([]byte(b.S)))
		}
		return cmp.Compare(a.S, b.S)
	case LInterval:
		return IntervalOf(a).Span().Cmp(IntervalOf(b).Span())
	case LTimetz:
		return CompareTimetz(TimetzOf(a.I, int32(a.J)), TimetzOf(b.I, int32(b.J)))
	case LNum, LI128:
		return a.Num.Cmp(b.Num)
	case LI64:
		if a.Type.OID == sql.OIDNumeric {
			return a.Num.Cmp(b.Num)
		}
	case LList, LStruct:
		for k := range min(len(a.List), len(b.List)) {
			p, q := &a.List[k], &b.List[k]
			switch {
			case p.Null && q.Null:
			case p.Null:
				return 1
			case q.Null:
				return -1
			default:
				if c := CompareValues(p, q); c != 0 {
					return c
				}
			}
		}
		return cmp.Compare(len(a.List), len(b.List))
	}
	return cmp.Compare(a.I, b.I)
}

// IntervalOf returns the interval in v.
func IntervalOf(v *sql.Value) Interval {
	return Interval{v.I, int32(uint32(v.J)), int32(v.J >> 32)}
}

// Distinct reports whether the rows differ where NULL equals NULL (IS DISTINCT FROM).
func Distinct(a *Vec, i int, b *Vec, j int) bool {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		return an != bn
	}
	return !Equal(a, i, b, j)
}

// MatchRows keeps the pairs k for which rows ai[k] of a and bi[k] of b are equal,
// appending each k to out. NULL equals NULL if nullsEqual, else it equals nothing.
// It is the check after a hash probe: one call per key column, with pairs holding
// the k still alive (nil: all).
func MatchRows(a *Vec, ai []int32, b *Vec, bi []int32, pairs []int32, nullsEqual bool, out []int32) []int32 {
	n := len(ai)
	if pairs != nil {
		n = len(pairs)
	}
	nulls := a.MayHaveNulls() || b.MayHaveNulls()
	if !nulls && a.Form == Flat && b.Form == Flat && a.Layout == b.Layout && a.Type.Dec == b.Type.Dec {
		switch a.Layout {
		case LI32:
			return matchFixed(Values[int32](a), ai, Values[int32](b), bi, pairs, n, out)
		case LI64:
			return matchFixed(Values[int64](a), ai, Values[int64](b), bi, pairs, n, out)
		case LI16:
			return matchFixed(Values[int16](a), ai, Values[int16](b), bi, pairs, n, out)
		case LU32:
			return matchFixed(Values[uint32](a), ai, Values[uint32](b), bi, pairs, n, out)
		}
	}
	for p := range n {
		k := p
		if pairs != nil {
			k = int(pairs[p])
		}
		i, j := int(ai[k]), int(bi[k])
		if nulls {
			an, bn := a.IsNull(i), b.IsNull(j)
			if an || bn {
				if nullsEqual && an && bn {
					out = append(out, int32(k))
				}
				continue
			}
		}
		if Equal(a, i, b, j) {
			out = append(out, int32(k))
		}
	}
	return out
}

func matchFixed[T comparable](a []T, ai []int32, b []T, bi []int32, pairs []int32, n int, out []int32) []int32 {
	for p := range n {
		k := p
		if pairs != nil {
			k = int(pairs[p])
		}
		if a[ai[k]] == b[bi[k]] {
			out = append(out, int32(k))
		}
	}
	return out
}
