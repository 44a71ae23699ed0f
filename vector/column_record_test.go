package vector

import (
	"testing"

	"github.com/sluicedb/sluice/sql"
)

// TestRecordColumn appends records in every form of vector, NULLs that know no
// fields among them, and reads them back in their places.
func TestRecordColumn(t *testing.T) {
	rec := func(a int64, b string) sql.Value {
		return sql.Value{Type: sql.Record, List: []sql.Value{sql.IntValue(sql.Int4, a), {Type: sql.Text, S: b}}}
	}
	null := sql.NullOf(sql.Record)
	flat := FlatOf(sql.Record, []sql.Value{rec(1, "one"), null, rec(3, "three")})
	dict := &Vec{Type: sql.Record, Form: Dict, Layout: LStruct, N: 4, Dict: flat, Codes: []uint32{2, 0, 1, 2}}
	parts := []struct {
		v    *Vec
		sel  []int32
		want []sql.Value
	}{
		{ConstOf(null, 2), nil, []sql.Value{null, null}},
		{flat, nil, []sql.Value{rec(1, "one"), null, rec(3, "three")}},
		{ConstOf(null, 1), nil, []sql.Value{null}},
		{ConstOf(rec(7, "seven"), 3), []int32{1, 2}, []sql.Value{rec(7, "seven"), rec(7, "seven")}},
		{dict, nil, []sql.Value{rec(3, "three"), rec(1, "one"), null, rec(3, "three")}},
		{dict, []int32{1, 3}, []sql.Value{rec(1, "one"), rec(3, "three")}},
	}
	// Divided at each place, the two halves are also joined by Concat.
	for cut := range len(parts) + 1 {
		cols := [2]*Column{NewColumn(sql.Record), NewColumn(sql.Record)}
		var want [2][]sql.Value
		for i, p := range parts {
			h := 0
			if i >= cut {
				h = 1
			}
			cols[h].Append(p.v, p.sel, p.v.N)
			want[h] = append(want[h], p.want...)
		}
		base := cols[0].Concat(cols[1])
		for h, at := range []int{0, base} {
			for i, w := range want[h] {
				if got := cols[0].Value(at + i); got.Null != w.Null || CompareValues(&got, &w) != 0 {
					t.Errorf("cut %d, half %d: row %d is %v, not %v", cut, h, i, got, w)
				}
			}
		}
	}
}
