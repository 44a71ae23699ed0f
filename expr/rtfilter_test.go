package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/vector"
)

// Every key passes, and few others do, whether keys are random or in order.
func TestBloomFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 50000
	for name, key := range map[string]func(i int) int64{
		"random": func(int) int64 { return int64(r.Uint64()) },
		"dense":  func(i int) int64 { return int64(i) },
		"sparse": func(i int) int64 { return int64(i) << 20 },
	} {
		b := newBloom(n)
		keys := make([]int64, 2*n)
		for i := range keys {
			keys[i] = key(i)
		}
		for _, k := range keys[:n] {
			b.put(vector.HashInt(k))
		}
		wrong := 0
		for i, k := range keys {
			switch has := b.has(vector.HashInt(k)); {
			case i < n && !has:
				t.Fatalf("%s: key %d is missing", name, k)
			case i >= n && has:
				wrong++
			}
		}
		if wrong > n*3/100 {
			t.Errorf("%s: %d of %d other keys pass", name, wrong, n)
		}
	}
}
