package exec

import (
	"fmt"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// TestGroupTable: equal keys get equal numbers, dense and in order of first sight,
// whatever the keys, their form, and however often their hashes collide.
func TestGroupTable(t *testing.T) {
	for seed := range uint64(40) {
		g := newGen(5000 + seed)
		types := []sql.Type{[]sql.Type{sql.Int8, sql.Int4, sql.Text, sql.Bool}[g.IntN(4)]}
		for range g.IntN(3) {
			types = append(types, genTypes[g.IntN(len(genTypes))])
		}
		tab := newGroupTable(types)
		if g.IntN(2) == 0 {
			tab.mask = 3 << 62 // nearly all hashes collide
		}
		want := map[string]uint32{}
		look := newLookup(types)
		spread := []int64{1, 1, 3, 1_000_003}[g.IntN(4)]
		dense := g.IntN(2) == 0
		rd := &memReader{rnd: g.Rand}
		for b := range 12 {
			n := 1 + g.IntN(900)
			cols := make([]*vector.Vec, len(types))
			rows := make([]row, n)
			for c, ty := range types {
				vals := make([]sql.Value, n)
				for i := range vals {
					vals[i] = g.value(ty, 50)
					if dense && c == 0 && ty == sql.Int8 && !vals[i].Null {
						vals[i].I = (int64(b)*700 + g.Int64N(1400) - 2000) * spread
						if b == 11 && i == n/2 {
							vals[i].I = 1 << 61
						}
					}
					rows[i] = append(rows[i], vals[i])
				}
				cols[c] = rd.shape(ty, vals)
			}
			out, found := make([]uint32, n), make([]uint32, n)
			tab.insert(cols, nil, n, out)
			if tab.direct == nil {
				tab.lookup(look, cols, nil, n, found)
			} else {
				copy(found, out)
			}
			for i, r := range rows {
				k := normal(r)
				w, ok := want[k]
				if !ok {
					w = out[i]
					want[k] = w
				}
				if out[i] != w || found[i] != w {
					t.Fatalf("seed %d: key %s is group %d, found as %d, want %d", seed, textOf(r), out[i], found[i], w)
				}
			}
		}
		if tab.n != len(want) {
			t.Fatalf("seed %d: %d groups, want %d", seed, tab.n, len(want))
		}
		for k := range tab.n {
			var r row
			for _, c := range tab.keys {
				r = append(r, c.Value(k))
			}
			if want[normal(r)] != uint32(k) {
				t.Fatalf("seed %d: group %d has the key of %d (%s)", seed, k, want[normal(r)], fmt.Sprint(textOf(r)))
			}
		}
	}
}

// TestDenseKeys: an array over the keys serves more groups than 16 bits tell apart.
func TestDenseKeys(t *testing.T) {
	tab := newGroupTable([]sql.Type{sql.Int8})
	const n = 150_000
	for pass := range 2 {
		for lo := 0; lo < n; lo += 1000 {
			keys, out := make([]int64, 1000), make([]uint32, 1000)
			for i := range keys {
				keys[i] = int64((lo+i)*7%n*3) - 1000
			}
			tab.insert([]*vector.Vec{{Type: sql.Int8, Layout: vector.LI64, N: 1000, Data: vector.Bytes(keys)}}, nil, 1000, out)
			for i, g := range out {
				if int(g) != lo+i {
					t.Fatalf("pass %d: key %d is group %d, want %d", pass, keys[i], g, lo+i)
				}
			}
		}
	}
	if tab.direct == nil || tab.direct.wide == nil {
		t.Fatal("the keys are not found by an array of 32-bit entries")
	}
}

// TestDenseKeysFalling: keys that come in falling order, each block of them before
// the last, are found by an array too.
func TestDenseKeysFalling(t *testing.T) {
	tab := newGroupTable([]sql.Type{sql.Int8})
	const n, size = 400_000, 1000
	for pass := range 2 {
		for lo := 0; lo < n; lo += size {
			keys, out := make([]int64, size), make([]uint32, size)
			for i := range keys {
				keys[i] = int64(n/2 - lo - i)
			}
			tab.insert([]*vector.Vec{{Type: sql.Int8, Layout: vector.LI64, N: size, Data: vector.Bytes(keys)}}, nil, size, out)
			for i, g := range out {
				if int(g) != lo+i {
					t.Fatalf("pass %d: key %d is group %d, want %d", pass, keys[i], g, lo+i)
				}
			}
		}
	}
	if tab.direct == nil {
		t.Fatal("the keys are not found by an array")
	}
}

// Keys found directly, with blocks between them that have none, until one lies too
// far away.
func TestDirectGroupsGiveUp(t *testing.T) {
	tab := newGroupTable([]sql.Type{sql.Int8})
	want := map[int64]uint32{}
	add := func(keys ...int64) {
		vals := make([]sql.Value, len(keys))
		for i, k := range keys {
			vals[i] = sql.Value{Type: sql.Int8, I: k}
		}
		out := make([]uint32, len(keys))
		tab.insert([]*vector.Vec{vector.FlatOf(sql.Int8, vals)}, nil, len(keys), out)
		for i, k := range keys {
			if w, ok := want[k]; ok && w != out[i] {
				t.Fatalf("key %d is group %d, was %d", k, out[i], w)
			}
			want[k] = out[i]
		}
	}
	for lo := range int64(10) {
		for _, block := range []int64{0, 9, 3} { // blocks 1, 2 and 4 to 8 stay empty
			keys := make([]int64, 400)
			for i := range keys {
				keys[i] = block<<directLog + lo*400 + int64(i)
			}
			add(keys...)
		}
	}
	if tab.direct == nil {
		t.Fatal("the keys are not found directly: nothing is tested")
	}
	add(5, 1<<61, 9<<directLog+7)
	if tab.direct != nil {
		t.Fatal("the keys are still found directly: nothing is tested")
	}
	add(3<<directLog, 1<<61, 0)
	if tab.n != len(want) {
		t.Errorf("%d groups, want %d", tab.n, len(want))
	}
}
