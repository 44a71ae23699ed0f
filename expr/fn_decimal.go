package expr

import (
	"math/bits"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// bothStatic tells whether numeric arguments all are in static form.
func bothStatic(args []sql.Type) bool {
	for _, a := range args {
		if !a.Dec.Static() {
			return false
		}
	}
	return true
}

// addType is the type of a sum or difference: the larger scale, one digit more.
func addType(args []sql.Type) sql.Type {
	if !bothStatic(args) {
		return sql.Numeric
	}
	a, b := args[0].Dec, args[1].Dec
	s := max(a.S, b.S)
	return sql.DecimalNoMod(min(int(max(a.P-a.S, b.P-b.S)+s)+1, sql.MaxDecPrecision), int(s))
}

// mulType is the type of a product: scales and digits add up.
func mulType(args []sql.Type) sql.Type {
	if !bothStatic(args) {
		return sql.Numeric
	}
	a, b := args[0].Dec, args[1].Dec
	if a.S+b.S > sql.MaxDecPrecision {
		return sql.Numeric
	}
	return sql.DecimalNoMod(min(int(a.P+b.P), sql.MaxDecPrecision), int(a.S+b.S))
}

// modType is the type of a remainder: the larger scale, digits as both need.
func modType(args []sql.Type) sql.Type {
	if !bothStatic(args) {
		return sql.Numeric
	}
	a, b := args[0].Dec, args[1].Dec
	s := max(a.S, b.S)
	return sql.DecimalNoMod(min(int(max(a.P-a.S, b.P-b.S)+s), sql.MaxDecPrecision), int(s))
}

// sameType keeps the static form of the argument.
func sameType(args []sql.Type) sql.Type {
	if !bothStatic(args) {
		return sql.Numeric
	}
	return sql.DecimalNoMod(int(args[0].Dec.P), int(args[0].Dec.S))
}

// integralType is the static form of ceil, floor and the like.
func integralType(args []sql.Type) sql.Type {
	if !bothStatic(args) {
		return sql.Numeric
	}
	return sql.DecimalNoMod(min(int(args[0].Dec.P-args[0].Dec.S)+1, sql.MaxDecPrecision), 0)
}

// defineNumeric defines arithmetic of numeric.
func defineNumeric(d *defs) {
	d.op("numeric + numeric", decimalAdd(1), retType(addType))
	d.op("numeric - numeric", decimalAdd(-1), retType(addType))
	d.op("numeric * numeric", decimalMul, retType(mulType))
	d.op("numeric / numeric", each(func(r *Row) error {
		q, err := r.Num(0).Div(r.Num(1))
		if err != nil {
			return err
		}
		return r.SetNum(q)
	}))
	mod := each(func(r *Row) error {
		q, err := r.Num(0).Mod(r.Num(1))
		if err != nil {
			return err
		}
		return r.SetNum(q)
	})
	d.op("numeric % numeric", mod, retType(modType))
	d.fn("mod(numeric,numeric)", mod, retType(modType))
	num1 := func(f func(sql.Num) sql.Num) Kernel {
		return each(func(r *Row) error {
			if r.in.Out.vec.Layout == vector.LI128 && r.in.Args[0].Layout == vector.LI64 && r.i == 0 {
				r.in.Out.Relayout(vector.LI64)
			}
			return r.SetNum(f(r.Num(0)))
		})
	}
	d.op("- numeric", num1(sql.Num.Neg), safe, retType(sameType))
	d.op("+ numeric", num1(func(n sql.Num) sql.Num { return n }), safe, retType(sameType))
	d.op("@ numeric", num1(sql.Num.Abs), safe, retType(sameType))
	d.fn("abs(numeric)", num1(sql.Num.Abs), safe, retType(sameType))
	d.fn("ceil(numeric)", num1(sql.Num.Ceil), retType(integralType))
	d.fn("ceiling(numeric)", num1(sql.Num.Ceil), retType(integralType))
	d.fn("floor(numeric)", num1(sql.Num.Floor), retType(integralType))
	d.fn("sign(numeric)", num1(func(n sql.Num) sql.Num {
		if n.Kind == sql.NumNaN {
			return n
		}
		return sql.NumInt64(int64(n.Sign()))
	}), safe)
	round := func(name string, f func(sql.Num, int) (sql.Num, error)) {
		d.fn(name+"(numeric)", each(func(r *Row) error {
			n, err := f(r.Num(0), 0)
			if err != nil {
				return err
			}
			return r.SetNum(n)
		}), retType(integralType))
		d.fn(name+"(numeric,int4)", each(func(r *Row) error {
			n, err := f(r.Num(0), int(r.Int(1)))
			if err != nil {
				return err
			}
			return r.SetNum(n)
		}))
	}
	round("round", sql.Num.Round)
	round("trunc", sql.Num.Trunc)
	d.fn("div(numeric,numeric)", each(func(r *Row) error {
		q, err := r.Num(0).DivTrunc(r.Num(1))
		if err != nil {
			return err
		}
		return r.SetNum(q)
	}))
}

// decimalAdd adds (sign 1) or subtracts (-1). Static decimals go through int64
// while all values of the batch fit, else through int128.
func decimalAdd(sign int64) Kernel {
	general := each(func(r *Row) error {
		b := r.Num(1)
		if sign < 0 {
			b = b.Neg()
		}
		n, err := r.Num(0).Add(b)
		if err != nil {
			return err
		}
		return r.SetNum(n)
	})
	return func(in *Input) error {
		t := in.Call.T.Dec
		x, y := in.Args[0], in.Args[1]
		if !t.Static() || x.Layout == vector.LNum || y.Layout == vector.LNum {
			return general(in)
		}
		dx, dy := int(t.S-x.Type.Dec.S), int(t.S-y.Type.Dec.S)
		if x.Layout == vector.LI64 && y.Layout == vector.LI64 && dx < 18 && dy < 18 &&
			(dx == 0 || int(x.Type.Dec.P)+dx <= 18) && (dy == 0 || int(y.Type.Dec.P)+dy <= 18) {
			in.Out.Relayout(vector.LI64)
			if addDecimal64(in, sql.Pow10Int64[dx], sign*sql.Pow10Int64[dy]) {
				return nil
			}
			in.Out.Relayout(vector.LI128)
		}
		in.Out.Relayout(vector.LI128)
		return addDecimal128(in, dx, dy, sign)
	}
}

// addDecimal64 computes x*mx + y*my; false if a sum overflowed.
func addDecimal64(in *Input, mx, my int64) bool {
	a, am := operand[int64](in, 0)
	b, bm := operand[int64](in, 1)
	out := Slice[int64](in.Out)
	var over int64
	if in.Sel == nil && mx == 1 && bm != 0 && am != 0 && my == 1 {
		a, b, out := a[:in.N], b[:in.N], out[:in.N]
		for i := range out {
			x, y := a[i], b[i]
			r := x + y
			out[i] = r
			over |= (x ^ r) & (y ^ r)
		}
		return over >= 0
	}
	if in.Sel == nil && am == 0 && bm != 0 {
		x, b, out := a[0]*mx, b[:in.N], out[:in.N]
		for i := range out {
			y := b[i] * my
			r := x + y
			out[i] = r
			over |= (x ^ r) & (y ^ r)
		}
		return over >= 0
	}
	if bm == 0 { // a column and a constant
		y := b[0] * my
		for _, i := range seq(in.Sel, in.N) {
			x := a[int(i)&am] * mx
			r := x + y
			out[i] = r
			over |= (x ^ r) & (y ^ r)
		}
		return over >= 0
	}
	for _, i := range seq(in.Sel, in.N) {
		x, y := a[int(i)&am]*mx, b[int(i)&bm]*my
		r := x + y
		out[i] = r
		over |= (x ^ r) & (y ^ r)
	}
	return over >= 0
}

// dec128 reads element i of a static decimal of either layout.
func dec128(v *vector.Vec, i int32) sql.Int128 {
	if v.Layout == vector.LI64 {
		return sql.I128(vector.Values[int64](v)[pos(v, i)])
	}
	return vector.Values[sql.Int128](v)[pos(v, i)]
}

func addDecimal128(in *Input, dx, dy int, sign int64) error {
	out := Slice[sql.Int128](in.Out)
	x, y := in.Args[0], in.Args[1]
	for _, i := range seq(in.Sel, in.N) {
		a, ok1 := dec128(x, i), true
		b, ok2 := dec128(y, i), true
		if dx > 0 {
			a, ok1 = a.Mul(sql.Pow10Int128[dx])
		}
		if dy > 0 {
			b, ok2 = b.Mul(sql.Pow10Int128[dy])
		}
		var r sql.Int128
		var ok bool
		if sign < 0 {
			r, ok = a.Sub(b)
		} else {
			r, ok = a.Add(b)
		}
		if !ok || !ok1 || !ok2 || !r.Fits38() {
			return &RowError{int(i), errNumeric()}
		}
		out[i] = r
	}
	return nil
}

// decimalMul multiplies; static decimals as decimalAdd.
func decimalMul(in *Input) error {
	x, y := in.Args[0], in.Args[1]
	if !in.Call.T.Dec.Static() || x.Layout == vector.LNum || y.Layout == vector.LNum {
		return mulGeneral(in)
	}
	if x.Layout == vector.LI64 && y.Layout == vector.LI64 {
		in.Out.Relayout(vector.LI64)
		if mulDecimal64(in) {
			return nil
		}
	}
	in.Out.Relayout(vector.LI128)
	out := Slice[sql.Int128](in.Out)
	for _, i := range seq(in.Sel, in.N) {
		r, ok := dec128(x, i).Mul(dec128(y, i))
		if !ok || !r.Fits38() {
			return &RowError{int(i), errNumeric()}
		}
		out[i] = r
	}
	return nil
}

func mulGeneral(in *Input) error {
	out := Slice[sql.Num](in.Out)
	x, y := in.Args[0], in.Args[1]
	for _, i := range seq(in.Sel, in.N) {
		r, err := vector.NumAt(x, pos(x, i)).Mul(vector.NumAt(y, pos(y, i)))
		if err != nil {
			return &RowError{int(i), err}
		}
		out[i] = r
	}
	return nil
}

// mulDecimal64 reports false if a product does not fit int64.
func mulDecimal64(in *Input) bool {
	a, am := operand[int64](in, 0)
	b, bm := operand[int64](in, 1)
	out := Slice[int64](in.Out)
	if in.Sel == nil && am != 0 && bm != 0 {
		// Where the magnitudes rule overflow out, a plain multiplication does.
		a, b, out := a[:in.N], b[:in.N], out[:in.N]
		if bitsOf(a)+bitsOf(b) <= 63 {
			for i := range out {
				out[i] = a[i] * b[i]
			}
			return true
		}
	}
	bad := int64(0)
	for _, i := range seq(in.Sel, in.N) {
		hi, lo := bits.Mul64(uint64(a[int(i)&am]), uint64(b[int(i)&bm]))
		x, y := a[int(i)&am], b[int(i)&bm]
		hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
		out[i] = int64(lo)
		bad |= int64(hi) ^ int64(lo)>>63
	}
	return bad == 0
}

// bitsOf returns the bits that the largest magnitude in vals needs, or one less
// for a power of two below zero.
func bitsOf(vals []int64) int {
	var m int64
	for _, x := range vals {
		m |= x ^ x>>63
	}
	return bits.Len64(uint64(m)) + 1
}
