package sql_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/sql"
)

func TestInt128(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 82))
	random := func() sql.Int128 {
		v := sql.Int128{Lo: r.Uint64(), Hi: int64(r.Uint64())}
		switch k := r.IntN(64); r.IntN(5) {
		case 0:
			v = sql.I128(int64(v.Lo) >> k)
		case 1:
			v.Hi >>= k
		case 2:
			v = sql.Pow10Int128[r.IntN(39)]
		case 3:
			v.Lo = []uint64{0, 1, ^uint64(0), 1 << 63}[r.IntN(4)]
		}
		return v
	}
	least := sql.Int128{Hi: -1 << 63}
	lo, hi := least.Big(), sql.Int128{Lo: ^uint64(0), Hi: 1<<63 - 1}.Big()
	fits := func(b *big.Int) bool { return b.Cmp(lo) >= 0 && b.Cmp(hi) <= 0 }
	for range 200000 {
		a, b := random(), random()
		x, y := a.Big(), b.Big()
		if a.Cmp(b) != x.Cmp(y) || a.Sign() != x.Sign() || a.IsInt64() != x.IsInt64() {
			t.Fatalf("comparing %s with %s", x, y)
		}
		for _, op := range []struct {
			name string
			got  func(sql.Int128) (sql.Int128, bool)
			want *big.Int
		}{
			{"+", a.Add, new(big.Int).Add(x, y)},
			{"-", a.Sub, new(big.Int).Sub(x, y)},
			{"*", a.Mul, new(big.Int).Mul(x, y)},
		} {
			got, ok := op.got(b)
			if ok != fits(op.want) || ok && got.Big().Cmp(op.want) != 0 {
				t.Fatalf("%s %s %s = %s, %v; want %s", x, op.name, y, got.Big(), ok, op.want)
			}
		}
		if y.Sign() == 0 || a == least && b == sql.I128(-1) {
			continue
		}
		q, m := a.QuoRem(b)
		wq, wm := new(big.Int).QuoRem(x, y, new(big.Int))
		if q.Big().Cmp(wq) != 0 || m.Big().Cmp(wm) != 0 {
			t.Fatalf("%s / %s = %s, %s; want %s, %s", x, y, q.Big(), m.Big(), wq, wm)
		}
	}
}
