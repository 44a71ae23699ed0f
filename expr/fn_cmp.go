package expr

import (
	"bytes"
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// cmpOp is a comparison as the set of outcomes for which it is true.
type cmpOp uint8

const (
	cmpLT cmpOp = 1
	cmpEQ cmpOp = 2
	cmpGT cmpOp = 4
	cmpLE       = cmpLT | cmpEQ
	cmpGE       = cmpGT | cmpEQ
	cmpNE       = cmpLT | cmpGT
)

var cmpSymbols = []struct {
	sym string
	op  cmpOp
}{{"=", cmpEQ}, {"<>", cmpNE}, {"<", cmpLT}, {"<=", cmpLE}, {">", cmpGT}, {">=", cmpGE}}

// holds reports whether outcome c (of a three-way comparison) is in op.
func (op cmpOp) holds(c int) bool { return op>>uint(c+1)&1 != 0 }

// swap is the comparison with its sides exchanged.
func (op cmpOp) swap() cmpOp { return op&cmpEQ | op&cmpLT<<2 | op&cmpGT>>2 }

// defineComparisons defines = <> < <= > >= of all types.
func defineComparisons(d *defs) {
	all := func(left, right string, k func(cmpOp) selKernel) {
		for _, s := range cmpSymbols {
			f := d.op(left+" "+s.sym+" "+right, nil, safe, selects(k(s.op)))
			f.cmp = s.op
		}
	}
	same := func(k func(cmpOp) selKernel, types ...string) {
		for _, t := range types {
			all(t, t, k)
		}
	}
	same(cmpInts[int16, int16], "int2")
	same(cmpInts[int32, int32], "int4", "date")
	same(cmpInts[int64, int64], "int8", "time", "timestamp", "timestamptz")
	same(cmpInts[uint32, uint32], "oid")
	same(cmpInts[uint8, uint8], "bool")
	all("int2", "int4", cmpInts[int16, int32])
	all("int2", "int8", cmpInts[int16, int64])
	all("int4", "int2", cmpInts[int32, int16])
	all("int4", "int8", cmpInts[int32, int64])
	all("int8", "int2", cmpInts[int64, int16])
	all("int8", "int4", cmpInts[int64, int32])
	same(cmpFloats[float32, float32], "float4")
	same(cmpFloats[float64, float64], "float8")
	all("float4", "float8", cmpFloats[float32, float64])
	all("float8", "float4", cmpFloats[float64, float32])
	same(cmpNumerics, "numeric")
	same(cmpStrings, "text", "name", "char", "bytea")
	all("name", "text", cmpStrings)
	all("text", "name", cmpStrings)
	same(cmpAny, "bpchar", "interval", "timetz", "uuid", "anyarray", "record")
	for _, s := range cmpSymbols[:2] {
		d.op("jsonb "+s.sym+" jsonb", nil, safe, selects(cmpStrings(s.op)))
		d.op("xid "+s.sym+" xid", nil, safe, selects(cmpInts[uint32, uint32](s.op)))
	}
	for _, s := range cmpSymbols {
		for _, p := range [][2]string{{"date", "timestamp"}, {"date", "timestamptz"}, {"timestamp", "timestamptz"}} {
			d.op(p[0]+" "+s.sym+" "+p[1], nil, safe, selects(cmpInstants(s.op)))
			d.op(p[1]+" "+s.sym+" "+p[0], nil, safe, selects(cmpInstants(s.op)))
		}
	}
}

type integer interface {
	uint8 | int16 | int32 | int64 | uint32
}

// bounds turns x op c into lo <= x <= hi (or its negation); none: never true.
func (op cmpOp) bounds(c int64) (lo, hi int64, neg int, none bool) {
	lo, hi = math.MinInt64, math.MaxInt64
	switch op {
	case cmpEQ:
		lo, hi = c, c
	case cmpNE:
		lo, hi, neg = c, c, 1
	case cmpLT:
		hi, none = c-1, c == math.MinInt64
	case cmpLE:
		hi = c
	case cmpGT:
		lo, none = c+1, c == math.MaxInt64
	case cmpGE:
		lo = c
	}
	return lo, hi, neg, none
}

// selectRange keeps rows with lo <= x <= hi (neg 1: the others), without branches.
func selectRange[T integer](vals []T, lo, hi int64, neg int, sel []int32, n int, out []int32) []int32 {
	span := uint64(hi) - uint64(lo)
	k := 0
	if sel == nil {
		for i, x := range vals[:n] {
			out[k] = int32(i)
			hit := 0
			if uint64(int64(x)-lo) <= span {
				hit = 1
			}
			k += hit ^ neg
		}
		return out[:k]
	}
	for _, i := range sel {
		out[k] = i
		hit := 0
		if uint64(int64(vals[i])-lo) <= span {
			hit = 1
		}
		k += hit ^ neg
	}
	return out[:k]
}

// cmpInts compares integer-like values of two widths.
func cmpInts[A, B integer](op cmpOp) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		x, y := in.Args[0], in.Args[1]
		a, b := vector.Cast[A](x.Data), vector.Cast[B](y.Data)
		switch {
		case y.Form == vector.Const && x.Form == vector.Flat:
			lo, hi, neg, none := op.bounds(int64(b[0]))
			if none {
				return nil, nil
			}
			return selectRange(a, lo, hi, neg, in.Sel, in.N, out), nil
		case x.Form == vector.Const && y.Form == vector.Flat:
			lo, hi, neg, none := op.swap().bounds(int64(a[0]))
			if none {
				return nil, nil
			}
			return selectRange(b, lo, hi, neg, in.Sel, in.N, out), nil
		case x.Form == vector.Const:
			return selectAllIf(op.holds(cmp3(int64(a[0]), int64(b[0]))), in, out), nil
		}
		return cmpIntCols(op, a, b, in.Sel, in.N, out), nil
	}
}

func cmp3(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func selectAllIf(ok bool, in *Input, out []int32) []int32 {
	if !ok {
		return nil
	}
	return append(out[:0], seq(in.Sel, in.N)...)
}

// cmpIntCols compares two columns: a < b, a <= b or a = b, or one of them negated.
func cmpIntCols[A, B integer](op cmpOp, a []A, b []B, sel []int32, n int, out []int32) []int32 {
	neg := 0
	if op&cmpGT != 0 {
		op, neg = op^7, 1 // a > b is NOT a <= b, and so on
	}
	k := 0
	switch op {
	case cmpEQ:
		for _, i := range seq(sel, n) {
			out[k] = i
			hit := 0
			if int64(a[i]) == int64(b[i]) {
				hit = 1
			}
			k += hit ^ neg
		}
	case cmpLT:
		for _, i := range seq(sel, n) {
			out[k] = i
			hit := 0
			if int64(a[i]) < int64(b[i]) {
				hit = 1
			}
			k += hit ^ neg
		}
	default:
		for _, i := range seq(sel, n) {
			out[k] = i
			hit := 0
			if int64(a[i]) <= int64(b[i]) {
				hit = 1
			}
			k += hit ^ neg
		}
	}
	return out[:k]
}

// cmpFloats compares floats in PostgreSQL's order (NaN largest, -0 = 0).
func cmpFloats[A, B float32 | float64](op cmpOp) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		a, am := operand[A](in, 0)
		b, bm := operand[B](in, 1)
		if am != 0 && bm == 0 {
			lo, hi, neg, none := op.bounds(vector.OrderF64(float64(b[0])))
			if none {
				return nil, nil
			}
			span, k := uint64(hi)-uint64(lo), 0
			for _, i := range seq(in.Sel, in.N) {
				out[k] = i
				hit := 0
				if uint64(vector.OrderF64(float64(a[i]))-lo) <= span {
					hit = 1
				}
				k += hit ^ neg
			}
			return out[:k], nil
		}
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			c := cmp3(vector.OrderF64(float64(a[int(i)&am])), vector.OrderF64(float64(b[int(i)&bm])))
			out[k] = i
			k += int(op >> uint(c+1) & 1)
		}
		return out[:k], nil
	}
}

// cmpNumerics compares numerics of any form and scale by value.
func cmpNumerics(op cmpOp) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		x, y, op := in.Args[0], in.Args[1], op
		if x.Form == vector.Const {
			x, y, op = y, x, op.swap()
		}
		if x.Layout == vector.LI64 && x.Form == vector.Flat {
			switch {
			case y.Form == vector.Const:
				lo, hi, neg, none := decimalBounds(op, vector.NumAt(y, 0), int(x.Type.Dec.S))
				if none {
					return selectAllIf(neg == 1, in, out), nil
				}
				return selectRange(vector.Values[int64](x), lo, hi, neg, in.Sel, in.N, out), nil
			case y.Layout == vector.LI64 && x.Type.Dec.S == y.Type.Dec.S:
				return cmpIntCols(op, vector.Values[int64](x), vector.Values[int64](y), in.Sel, in.N, out), nil
			}
		}
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			c := cmp3(int64(vector.NumAt(x, pos(x, i)).Cmp(vector.NumAt(y, pos(y, i)))), 0)
			out[k] = i
			k += int(op >> uint(c+1) & 1)
		}
		return out[:k], nil
	}
}

func pos(v *vector.Vec, i int32) int {
	if v.Form == vector.Const {
		return 0
	}
	return int(i)
}

// decimalBounds turns "x op c", x an int64 decimal of the scale, into a range of
// coefficients; none: no coefficient is in it (all rows, then, if neg is 1).
func decimalBounds(op cmpOp, c sql.Num, scale int) (lo, hi int64, neg int, none bool) {
	switch c.Kind {
	case sql.NumNegInf:
		return math.MinInt64, math.MaxInt64, 0, op&cmpGT == 0
	case sql.NumPosInf, sql.NumNaN:
		return math.MinInt64, math.MaxInt64, 0, op&cmpLT == 0
	}
	// f = floor(c * 10^scale); exact tells that nothing was cut.
	var f sql.Int128
	exact, ok := true, true
	if int(c.Scale) <= scale {
		f, ok = sql.RescaleInt128(c.Coef, int(c.Scale), scale)
	} else if k := int(c.Scale) - scale; k < len(sql.Pow10Int128) {
		q, r := c.Coef.QuoRem(sql.Pow10Int128[k])
		exact = r.Sign() == 0
		if r.Sign() < 0 {
			q, _ = q.Sub(sql.I128(1))
		}
		f = q
	} else {
		exact = c.Coef.Sign() == 0
		f = sql.I128(int64(c.Coef.Sign()) >> 1)
	}
	if !ok || !f.IsInt64() { // beyond all coefficients
		if c.Coef.Sign() > 0 {
			return math.MinInt64, math.MaxInt64, 0, op&cmpLT == 0
		}
		return math.MinInt64, math.MaxInt64, 0, op&cmpGT == 0
	}
	x := int64(f.Lo)
	if exact {
		return op.bounds(x)
	}
	switch op { // x lies below c, x+1 above
	case cmpEQ:
		return 0, 0, 0, true
	case cmpNE:
		return math.MinInt64, math.MaxInt64, 0, false
	case cmpLT, cmpLE:
		return cmpLE.bounds(x)
	}
	return cmpGT.bounds(x)
}

// cmpStrings compares bytewise (collation C).
func cmpStrings(op cmpOp) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		x, y, op := in.Args[0], in.Args[1], op
		if x.Form == vector.Const {
			x, y, op = y, x, op.swap()
		}
		a, b := vector.Values[vector.StrView](x), vector.Values[vector.StrView](y)
		if y.Form == vector.Const && x.Form == vector.Flat && (op == cmpEQ || op == cmpNE) {
			return selectStrEqual(a, x.Bufs, b[0], y.Bufs, int(op>>2&1), in, out), nil
		}
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			c := vector.CompareStr(&a[pos(x, i)], x.Bufs, &b[pos(y, i)], y.Bufs)
			out[k] = i
			k += int(op >> uint(c+1) & 1)
		}
		return out[:k], nil
	}
}

func selectStrEqual(a []vector.StrView, abufs [][]byte, c vector.StrView, cbufs [][]byte, neg int, in *Input, out []int32) []int32 {
	k := 0
	if c.Len <= vector.InlineLen {
		for _, i := range seq(in.Sel, in.N) {
			out[k] = i
			hit := 0
			if a[i] == c {
				hit = 1
			}
			k += hit ^ neg
		}
		return out[:k]
	}
	s := c.Bytes(cbufs)
	for _, i := range seq(in.Sel, in.N) {
		out[k] = i
		hit := 0
		if v := &a[i]; v.Len == c.Len && v.Prefix == c.Prefix && bytes.Equal(v.Bytes(abufs), s) {
			hit = 1
		}
		k += hit ^ neg
	}
	return out[:k]
}

// cmpAny compares through package vector, for types that are seldom compared.
func cmpAny(op cmpOp) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		x, y := in.Args[0], in.Args[1]
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			c := cmp3(int64(vector.Compare(x, int(i), y, int(i))), 0)
			out[k] = i
			k += int(op >> uint(c+1) & 1)
		}
		return out[:k], nil
	}
}

// cmpInstants compares date, timestamp and timestamptz with each other, as
// instants or local times in the session's zone.
func cmpInstants(op cmpOp) selKernel {
	return func(in *Input, out []int32) ([]int32, error) {
		out = out[:cap(out)]
		zoned := in.Args[0].Type.OID == sql.OIDTimestamptz || in.Args[1].Type.OID == sql.OIDTimestamptz
		if x, y, op := in.Args[0], in.Args[1], op; !zoned {
			if x.Form == vector.Const {
				x, y, op = y, x, op.swap()
			}
			if x.Form == vector.Flat && x.Layout == vector.LI32 && y.Form == vector.Const && !infinite(vector.Values[int64](y)[0]) {
				return selectDates(op, vector.Values[int32](x), vector.Values[int64](y)[0], in, out), nil
			}
		}
		k := 0
		for _, i := range seq(in.Sel, in.N) {
			c := cmp3(instant(in, 0, i, zoned), instant(in, 1, i, zoned))
			out[k] = i
			k += int(op >> uint(c+1) & 1)
		}
		return out[:k], nil
	}
}

// selectDates compares dates with one finite timestamp, in days.
func selectDates(op cmpOp, days []int32, us int64, in *Input, out []int32) []int32 {
	day, tod := sql.SplitTimestamp(us)
	if tod != 0 { // the timestamp lies after midnight of day, before that of the next
		switch op {
		case cmpEQ, cmpNE:
			return selectAllIf(op == cmpNE, in, out)
		case cmpLT:
			op = cmpLE
		case cmpGE:
			op = cmpGT
		}
	}
	lo, hi, neg, none := op.bounds(day)
	if none {
		return nil
	}
	return selectRange(days, lo, hi, neg, in.Sel, in.N, out)
}

// instant returns a date or timestamp in microseconds; beyond the range of
// timestamps it stays just inside the infinities.
func instant(in *Input, arg int, i int32, zoned bool) int64 {
	v := in.Args[arg]
	var us int64
	if v.Layout == vector.LI32 {
		d := vector.Values[int32](v)[pos(v, i)]
		switch {
		case d == math.MaxInt32:
			return sql.InfinityI
		case d == math.MinInt32:
			return sql.NegInfinityI
		case d > 106_000_000:
			return sql.InfinityI - 1
		}
		us = int64(d) * microsPerDay
	} else {
		us = vector.Values[int64](v)[pos(v, i)]
	}
	if zoned && v.Type.OID != sql.OIDTimestamptz && us != sql.InfinityI && us != sql.NegInfinityI {
		us -= int64(sql.LocalOffset(us, in.Env.Zone)) * 1_000_000
	}
	return us
}

const microsPerDay = 86_400_000_000
