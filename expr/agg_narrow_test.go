package expr

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Sums are exact whether or not they leave int64 on the way, through any mix of
// updates, partial merges and saved states.
func TestIntSumsAreExact(t *testing.T) {
	typ := sql.DecimalNoMod(38, 2)
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		const groups = 5 // the last stays empty
		shift := rng.IntN(64)
		want := make([]*big.Int, groups)
		all := newIntSum(typ, 2, false)
		all.Resize(groups)
		for range 1 + rng.IntN(12) {
			n := 1 + rng.IntN(300)
			gids, vals := make([]uint32, n), make([]int64, n)
			for i := range n {
				gids[i] = uint32(rng.IntN(groups - 1))
				vals[i] = int64(rng.Uint64()) >> shift
				switch rng.IntN(900) {
				case 0:
					vals[i] = math.MinInt64
				case 1:
					vals[i] = math.MaxInt64
				}
				g := gids[i]
				if want[g] == nil {
					want[g] = new(big.Int)
				}
				want[g].Add(want[g], big.NewInt(vals[i]))
			}
			v := &vector.Vec{Type: sql.DecimalNoMod(18, 2), Layout: vector.LI64, N: n, Data: vector.Bytes(vals)}
			part := newIntSum(typ, 2, false)
			part.Resize(groups)
			to := all
			how := rng.IntN(3)
			if how > 0 {
				to = part
			}
			if err := to.Update(gids, []*vector.Vec{v}, nil, n); err != nil {
				t.Fatal(err)
			}
			var err error
			switch how {
			case 1:
				for g := range uint32(groups) {
					if err = all.Merge(part, []uint32{g}, []uint32{g}); err != nil {
						break
					}
				}
			case 2:
				var saved Out
				ids := []uint32{4, 2, 0, 1, 3}
				if err = part.Save(ids, &saved); err == nil {
					err = all.Load(ids, saved.Vec())
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		var out Out
		if err := all.Result(0, groups, &out); err != nil {
			t.Fatal(err)
		}
		for g := range groups {
			got := vector.ValueAt(out.Vec(), g)
			if got.Null != (want[g] == nil) {
				t.Fatalf("seed %d group %d: NULL is %v", seed, g, got.Null)
			}
			if !got.Null && toBig(got.Num.Coef).Cmp(want[g]) != 0 {
				t.Fatalf("seed %d group %d: %v, want %v", seed, g, toBig(got.Num.Coef), want[g])
			}
		}
	}
}

func toBig(x sql.Int128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(x.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}
