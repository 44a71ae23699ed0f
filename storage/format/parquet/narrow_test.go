package parquet

import (
	"math"
	"slices"
	"testing"
)

func TestNarrow(t *testing.T) {
	minInt := uint64(1) << 63
	for _, tc := range []struct {
		values []uint64
		fits   bool
	}{
		{[]uint64{0}, true},
		{[]uint64{5, 3, math.MaxUint32 + 3}, true},
		{[]uint64{5, 3, math.MaxUint32 + 4}, false},
		{[]uint64{math.MaxUint64, 0, 7}, true}, // -1, 0, 7
		{[]uint64{minInt, minInt + 9}, true},
		{[]uint64{minInt, minInt - 1}, false}, // the ends of bigint
		{[]uint64{minInt - 1, minInt - 2}, true},
		{[]uint64{math.Float64bits(1), math.Float64bits(-1)}, false},
	} {
		n := narrow(tc.values)
		if (n.off != nil) != tc.fits {
			t.Errorf("%x: fits is %t", tc.values, n.off != nil)
			continue
		}
		if !tc.fits {
			continue
		}
		got := make([]uint64, len(tc.values))
		n.widen(got, 0)
		if !slices.Equal(got, tc.values) {
			t.Errorf("%x became %x", tc.values, got)
		}
		codes := []uint32{0, uint32(len(tc.values) - 1), 0}
		n.gather(got[:1], codes, 1, nil)
		if got[0] != tc.values[codes[1]] {
			t.Errorf("gathered %x of %x", got[0], tc.values)
		}
		n.gather(got[:1], codes, -1, []int32{2})
		if got[0] != tc.values[codes[1]] {
			t.Errorf("gathered %x of %x by a selection", got[0], tc.values)
		}
	}
}
