package parquet

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func BenchmarkUnpack(b *testing.B) {
	const n = 20480
	for _, w := range []int{3, 6, 12, 17} {
		src := make([]byte, n*w/8+slack)
		for i := range src {
			src[i] = byte(i * 7)
		}
		dst := make([]uint32, n+16)
		b.Run(fmt.Sprint(w), func(b *testing.B) {
			for range b.N {
				unpack(dst, src, w, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
		b.Run(fmt.Sprint(w, "/max"), func(b *testing.B) {
			for range b.N {
				maxCode(dst[:n])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
	}
}

// Values of every width and number come out as they were packed, bit by bit.
func TestUnpack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for w := 1; w <= 32; w++ {
		for _, n := range []int{1, 7, 8, 15, 16, 17, 33, 64, 1000} {
			want := make([]uint32, n)
			packed := make([]byte, (n*w+7)/8, (n*w+7)/8+slack)
			for i := range want {
				want[i] = r.Uint32() >> (32 - w)
				for k := range w {
					packed[(i*w+k)/8] |= byte(want[i]>>k&1) << ((i*w + k) % 8)
				}
			}
			after := packed[len(packed):cap(packed)]
			for i := range after {
				after[i] = 0xff // what follows must not show
			}
			got := make([]uint32, n+16)
			unpack(got, packed, w, n)
			if !slices.Equal(got[:n], want) {
				t.Fatalf("width %d, %d values: got %v, want %v", w, n, got[:n], want)
			}
			if m := slices.Max(want); maxCode(want) != m {
				t.Fatalf("largest of %v is %d, got %d", want, m, maxCode(want))
			}
		}
	}
}
