package expr

import (
	"math"
	"math/big"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// moments are the exact count, sum and sum of squares of numerics.
type moments struct {
	n       int64
	nan     bool
	sum, sq *big.Int // scaled by 10^scale and 10^(2*scale)
	scale   int
}

func (m *moments) add(x sql.Num) {
	m.n++
	if x.Kind != sql.NumFinite {
		m.nan = true
		return
	}
	m.rescale(int(x.Scale))
	c := x.Coef.Big()
	if d := m.scale - int(x.Scale); d > 0 {
		c.Mul(c, pow10(d))
	}
	m.sum.Add(m.sum, c)
	m.sq.Add(m.sq, c.Mul(c, c))
}

func pow10(k int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil) }

func (m *moments) rescale(s int) {
	if m.sum == nil {
		m.sum, m.sq, m.scale = new(big.Int), new(big.Int), s
	}
	if d := s - m.scale; d > 0 {
		m.sum.Mul(m.sum, pow10(d))
		m.sq.Mul(m.sq, pow10(2*d))
		m.scale = s
	}
}

func (m *moments) merge(o *moments) {
	m.n += o.n
	m.nan = m.nan || o.nan
	if o.sum == nil {
		return
	}
	m.rescale(o.scale)
	c := *o
	c.sum, c.sq = new(big.Int).Set(o.sum), new(big.Int).Set(o.sq)
	c.rescale(m.scale)
	m.sum.Add(m.sum, c.sum)
	m.sq.Add(m.sq, c.sq)
}

// result gives variance or standard deviation with PostgreSQL's digits.
func (m *moments) result(sample, root bool) (v sql.Num, null bool, err error) {
	if m.n == 0 || sample && m.n == 1 {
		return v, true, nil
	}
	if m.nan {
		return sql.NumNaNValue, false, nil
	}
	n := big.NewInt(m.n)
	num := new(big.Int).Mul(n, m.sq)
	num.Sub(num, new(big.Int).Mul(m.sum, m.sum))
	if num.Sign() <= 0 {
		return sql.Num{}, false, nil
	}
	den := new(big.Int).Mul(n, n)
	if sample {
		den.Mul(n, big.NewInt(m.n-1))
	}
	scale := quotientScale(num, 2*m.scale, den)
	q := num
	if d := scale - 2*m.scale; d >= 0 {
		q.Mul(q, pow10(d))
	}
	q = roundQuo(q, den)
	if root {
		q.Mul(q, pow10(scale))
		r := new(big.Int).Sqrt(q)
		if q.Sub(q, new(big.Int).Mul(r, r)).Cmp(r) > 0 {
			r.Add(r, big.NewInt(1))
		}
		q = r
	}
	c, ok := sql.Int128FromBig(q)
	if !ok {
		return v, false, errNumeric()
	}
	v, err = sql.NumOf(c, scale)
	return v, false, err
}

// roundQuo divides rounding half up; both are positive.
func roundQuo(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Lsh(r, 1).Cmp(b) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// quotientScale is PostgreSQL's scale of a/b for positive a (of the scale) and
// integer b: at least 16 significant digits, judged by groups of four.
func quotientScale(a *big.Int, scale int, b *big.Int) int {
	wa, da := leadGroup(a, scale)
	wb, db := leadGroup(b, 0)
	w := wa - wb
	if da <= db {
		w--
	}
	return min(max(16-4*w, scale, 0), 1000)
}

func leadGroup(c *big.Int, scale int) (weight, digit int) {
	s := c.String()
	e := len(s) - 1 - scale
	weight = int(math.Floor(float64(e) / 4))
	for k := range e - 4*weight + 1 {
		digit *= 10
		if k < len(s) {
			digit += int(s[k] - '0')
		}
	}
	return weight, digit
}

func newNumericVar(sample, root bool) AggState {
	return &aggOf[moments]{t: sql.Numeric,
		update: func(s *states[moments], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			r := Row{in: &Input{Args: make([]*vector.Vec, 1)}}
			return forRows(args[0], sel, n, func(k int, src *vector.Vec, j int) error {
				x := sql.Num{}
				if src.Type.OID == sql.OIDNumeric {
					x = vector.NumAt(src, j)
				} else {
					r.in.Args[0], r.i = src, j
					x = sql.NumInt64(r.Int(0))
				}
				s.at(groupOf(groups, k)).add(x)
				return nil
			})
		},
		merge: func(a, b *moments) error { a.merge(b); return nil },
		result: func(m *moments, i int, out *Out) error {
			v, null, err := m.result(sample, root)
			if null {
				out.SetNull(i)
				return nil
			}
			Slice[sql.Num](out)[i] = v
			return err
		},
		save: func(dst []byte, m *moments) []byte {
			v := sql.Value{I: m.n, J: int64(m.scale)}
			if m.nan {
				v.Num.Kind = sql.NumNaN
			}
			if m.sum != nil {
				v.List = []sql.Value{sql.TextValue(m.sum.String()), sql.TextValue(m.sq.String())}
			}
			return appendValue(dst, &v)
		},
		load: func(b []byte) (m moments, err error) {
			v, _, err := readValue(b, sql.Numeric)
			if err != nil {
				return m, err
			}
			m.n, m.scale, m.nan = v.I, int(v.J), v.Num.Kind == sql.NumNaN
			if len(v.List) == 2 {
				var ok1, ok2 bool
				m.sum, ok1 = new(big.Int).SetString(v.List[0].S, 10)
				m.sq, ok2 = new(big.Int).SetString(v.List[1].S, 10)
				if !ok1 || !ok2 {
					return m, errState()
				}
			}
			return m, nil
		},
		extra: func(m *moments) int64 { return 64 }}
}

// twofold is a double-double sum.
type twofold struct{ hi, lo float64 }

func (t *twofold) add(x float64) {
	s := t.hi + x
	b := s - t.hi
	t.lo += (t.hi - (s - b)) + (x - b)
	t.hi = s
}

func (t *twofold) addProduct(x, y float64) {
	p := x * y
	t.add(p)
	t.lo += math.FMA(x, y, -p)
}

func (t *twofold) merge(o twofold) { t.add(o.hi); t.lo += o.lo }

func (t twofold) big() *big.Float {
	r := new(big.Float).SetPrec(256).SetFloat64(t.hi)
	return r.Add(r, new(big.Float).SetFloat64(t.lo))
}

// pairs are the moments of pairs of floats (of single values: y only).
type pairs struct {
	n                int64
	x, y, xx, yy, xy twofold // of the finite values
	oddX, oddY       float64 // sums of the infinities and NaNs
	firstX, firstY   float64
	variedX, variedY bool
}

func (p *pairs) add(y, x float64) {
	if p.n == 0 {
		p.firstX, p.firstY = x, y
	}
	p.n++
	finiteX, finiteY := x-x == 0, y-y == 0
	if finiteX {
		p.variedX = p.variedX || x != p.firstX
		p.x.add(x)
		p.xx.addProduct(x, x)
	} else {
		p.oddX += x
	}
	if finiteY {
		p.variedY = p.variedY || y != p.firstY
		p.y.add(y)
		p.yy.addProduct(y, y)
	} else {
		p.oddY += y
	}
	if finiteX && finiteY {
		p.xy.addProduct(x, y)
	}
}

// sumX and sumY are the sums of all values.
func (p *pairs) sumX() float64 { return p.x.value() + p.oddX }
func (p *pairs) sumY() float64 { return p.y.value() + p.oddY }

func (p *pairs) merge(o *pairs) {
	if o.n == 0 {
		return
	}
	if p.n == 0 {
		*p = *o
		return
	}
	p.n += o.n
	p.oddX += o.oddX
	p.oddY += o.oddY
	p.variedX = p.variedX || o.variedX || o.firstX != p.firstX
	p.variedY = p.variedY || o.variedY || o.firstY != p.firstY
	p.x.merge(o.x)
	p.y.merge(o.y)
	p.xx.merge(o.xx)
	p.yy.merge(o.yy)
	p.xy.merge(o.xy)
}

// centered is sum(ab) - sum(a)*sum(b)/n; infinite if a sum is past what floats hold.
func (p *pairs) centered(ab, a, b twofold) float64 {
	if x := ab.hi + a.hi + b.hi + ab.lo; x-x != 0 {
		return math.Inf(1)
	}
	n := new(big.Float).SetPrec(256).SetInt64(p.n)
	m := new(big.Float).SetPrec(256).Mul(a.big(), b.big())
	m.Quo(m, n)
	f, _ := m.Sub(ab.big(), m).Float64()
	return f
}

// sxx, syy and sxy are sums of squares and products about the means, NaN if a value
// of theirs is no finite one.
func (p *pairs) sxx() float64 {
	if p.oddX != 0 {
		return math.NaN()
	}
	if !p.variedX {
		return 0
	}
	return max(p.centered(p.xx, p.x, p.x), 0)
}

func (p *pairs) syy() float64 {
	if p.oddY != 0 {
		return math.NaN()
	}
	if !p.variedY {
		return 0
	}
	return max(p.centered(p.yy, p.y, p.y), 0)
}

func (p *pairs) sxy() float64 {
	if p.oddX != 0 || p.oddY != 0 {
		return math.NaN()
	}
	if !p.variedX || !p.variedY {
		return 0
	}
	return p.centered(p.xy, p.x, p.y)
}

func (t twofold) value() float64 { return t.hi + t.lo }

// newPairs makes an aggregate over one float (as y) or a pair (y, x); f returns
// NaN with null true for NULL.
func newPairs(least int64, f func(p *pairs) (v float64, null bool)) AggState {
	return &aggOf[pairs]{t: sql.Float8,
		update: func(s *states[pairs], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			r := Row{in: &Input{Args: args}}
			for k := range n {
				r.i = k
				if sel != nil {
					r.i = int(sel[k])
				}
				y, ok1 := floatAt(args[0], r.i)
				x, ok2 := y, true
				if len(args) > 1 {
					x, ok2 = floatAt(args[1], r.i)
				}
				if ok1 && ok2 {
					s.at(groupOf(groups, k)).add(y, x)
				}
			}
			return nil
		},
		merge: func(a, b *pairs) error { a.merge(b); return nil },
		result: func(p *pairs, i int, out *Out) error {
			if p.n < least {
				out.SetNull(i)
				return nil
			}
			v, null := f(p)
			if null {
				out.SetNull(i)
				return nil
			}
			if math.IsInf(v, 0) && p.oddX == 0 && p.oddY == 0 {
				return errFloatOverflow()
			}
			Slice[float64](out)[i] = v
			return nil
		}}
}

func floatAt(v *vector.Vec, i int) (float64, bool) {
	src, k, null := v.At(i)
	if null {
		return 0, false
	}
	if src.Layout == vector.LF32 {
		return float64(vector.Values[float32](src)[k]), true
	}
	return vector.Values[float64](src)[k], true
}

// defineStatistics defines variance, deviation, correlation and regression.
func defineStatistics(d *defs) {
	for _, v := range []struct {
		name         string
		sample, root bool
	}{{"variance", true, false}, {"var_samp", true, false}, {"var_pop", false, false},
		{"stddev", true, true}, {"stddev_samp", true, true}, {"stddev_pop", false, true}} {
		for _, t := range []string{"int2", "int4", "int8", "numeric"} {
			d.agg(v.name+"("+t+")", func(*Env, []sql.Type) AggState { return newNumericVar(v.sample, v.root) })
		}
		for _, t := range []string{"float4", "float8"} {
			least := int64(1)
			if v.sample {
				least = 2
			}
			d.agg(v.name+"("+t+")", func(*Env, []sql.Type) AggState {
				return newPairs(least, func(p *pairs) (float64, bool) {
					r := p.syy() / float64(p.n-least+1)
					if v.root {
						r = math.Sqrt(r)
					}
					return r, false
				})
			})
		}
	}
	reg := func(name string, least int64, f func(p *pairs) (float64, bool)) {
		d.agg(name+"(float8,float8)", func(*Env, []sql.Type) AggState { return newPairs(least, f) })
	}
	n := func(p *pairs) float64 { return float64(p.n) }
	reg("regr_sxx", 1, func(p *pairs) (float64, bool) { return p.sxx(), false })
	reg("regr_syy", 1, func(p *pairs) (float64, bool) { return p.syy(), false })
	reg("regr_sxy", 1, func(p *pairs) (float64, bool) { return p.sxy(), false })
	reg("regr_avgx", 1, func(p *pairs) (float64, bool) { return p.sumX() / n(p), false })
	reg("regr_avgy", 1, func(p *pairs) (float64, bool) { return p.sumY() / n(p), false })
	reg("covar_pop", 1, func(p *pairs) (float64, bool) { return p.sxy() / n(p), false })
	reg("covar_samp", 2, func(p *pairs) (float64, bool) { return p.sxy() / (n(p) - 1), false })
	reg("corr", 1, func(p *pairs) (float64, bool) {
		x, y := p.sxx(), p.syy()
		return p.sxy() / math.Sqrt(x*y), x == 0 || y == 0
	})
	reg("regr_r2", 1, func(p *pairs) (float64, bool) {
		x, y, xy := p.sxx(), p.syy(), p.sxy()
		if x == 0 {
			return 0, true
		}
		if y == 0 {
			return 1, false
		}
		return xy * xy / (x * y), false
	})
	reg("regr_slope", 1, func(p *pairs) (float64, bool) { x := p.sxx(); return p.sxy() / x, x == 0 })
	reg("regr_intercept", 1, func(p *pairs) (float64, bool) {
		x := p.sxx()
		return (p.sumY() - p.sumX()*p.sxy()/x) / n(p), x == 0
	})
	d.agg("regr_count(float8,float8)", func(*Env, []sql.Type) AggState {
		return &aggOf[int64]{t: sql.Int8,
			update: func(s *states[int64], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
				return forRows(args[0], sel, n, func(k int, _ *vector.Vec, _ int) error {
					i := k
					if sel != nil {
						i = int(sel[k])
					}
					if !args[1].IsNull(i) {
						*s.at(groupOf(groups, k))++
					}
					return nil
				})
			},
			merge:  func(a, b *int64) error { *a += *b; return nil },
			result: func(c *int64, i int, out *Out) error { Slice[int64](out)[i] = *c; return nil }}
	}, notNullEmpty)
}
