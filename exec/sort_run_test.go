package exec

import (
	"slices"
	"strings"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// TestSortRun: long runs of long keys with many ties are in the order of their whole
// keys, and equal keys in that of their rows; prefixes stay what they were.
func TestSortRun(t *testing.T) {
	for seed := range uint64(12) {
		g := newGen(300 + seed)
		types := []sql.Type{sql.Int8, sql.Text, sql.Int4, sql.Text}
		var keys []sortKey
		for i := range 1 + g.IntN(4) {
			keys = append(keys, sortKey{at: (i + g.IntN(2)) % 4, order: vector.KeyOrder{Desc: g.IntN(2) == 0, NullsFirst: g.IntN(2) == 0}})
		}
		r := newSortRun(newSortSpec(types, keys, 0, nil))
		for range 1 + g.IntN(4) {
			n := 1500
			cols := make([]*vector.Vec, len(types))
			for c, typ := range types {
				col := vector.NewColumn(typ)
				for range n {
					switch v := int64(g.IntN(1 + int(seed)*40)); {
					case g.IntN(20) == 0:
						col.AppendValue(sql.NullOf(typ))
					case typ == sql.Text:
						col.AppendValue(sql.TextValue(strings.Repeat("abcdefghij\x00", g.IntN(3)) + strings.Repeat("z", int(v)%11)))
					default:
						col.AppendValue(sql.IntValue(typ, v*v*v))
					}
				}
				cols[c] = col.Block(0)
			}
			buf, ends := r.spec.encode(cols, nil, n, nil, nil)
			r.add(cols, nil, n, buf, ends)
		}
		want := slices.Clone(r.entries)
		slices.SortFunc(want, func(a, b sortEntry) int { return r.compare(&a, &b) })
		r.sort()
		if !slices.Equal(r.entries, want) {
			t.Errorf("seed %d: %d entries by %v are not in order", seed, len(want), keys)
		}
	}
}
