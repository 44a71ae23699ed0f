package expr

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Prune never drops a set of rows in which the condition is true, or raises, for
// some row, and never says All when it is not true for every row.
func TestPruneIsConservative(t *testing.T) {
	env := testEnv(t)
	rng := rand.New(rand.NewPCG(7, 8))
	b := &builder{Builtins(), rng}
	decided := 0
	for range 2500 {
		n := 1 + rng.IntN(4)
		base := rng.IntN(6) - 1
		cols := [3][]sql.Value{}
		for range n {
			for c := range 2 {
				v := sql.IntValue(sql.Int4, int64(base+c+rng.IntN(2)))
				v.Null = rng.IntN(8) == 0
				cols[c] = append(cols[c], v)
			}
			cols[2] = append(cols[2], sql.TextValue([]string{"", "a", "xAx"}[rng.IntN(3)]))
		}
		stats := func(id ColumnID) (ColStats, bool) {
			s := ColStats{Rows: int64(n), MinExact: true, MaxExact: true}
			for _, v := range cols[id-1] {
				switch {
				case v.Null:
					s.NullCount++
					continue
				case !s.HasMin:
					s.Min, s.Max, s.HasMin, s.HasMax = v, v, true, true
				}
				if vector.CompareValues(&v, &s.Min) < 0 {
					s.Min = v
				}
				if vector.CompareValues(&v, &s.Max) > 0 {
					s.Max = v
				}
			}
			return s, true
		}
		e := b.bool(2)
		verdict := Prune(env, e, stats)
		if verdict == Some {
			continue
		}
		decided++
		p, err := Compile([]Expr{e}, []ColumnID{1, 2, 3})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			row := &vector.Batch{N: 1, Cols: []*vector.Vec{vector.FlatOf(sql.Int4, cols[0][i:i+1]), vector.FlatOf(sql.Int4, cols[1][i:i+1]), vector.FlatOf(sql.Text, cols[2][i:i+1])}}
			got := shown(p.NewEvaluator(env).Eval(0, row, nil))
			if got[0] == '!' || (got == "1") != (verdict == All) {
				t.Fatalf("%s: verdict %d, but a row gives %s", describe(e), verdict, got)
			}
		}
	}
	if decided < 200 {
		t.Errorf("only %d conditions were decided", decided)
	}
}

// A filter passes every build key; over small ranges it passes nothing else.
func TestRuntimeFilter(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, typ := range []sql.Type{sql.Int4, sql.Int8, sql.Date, sql.Text, sql.Decimal(12, 2), sql.Numeric} {
		for _, spread := range []int{50, 1 << 30} {
			in := map[int]bool{}
			col := vector.NewColumn(typ)
			value := func(k int) sql.Value {
				switch typ.OID {
				case sql.OIDText:
					return sql.TextValue(string(sql.AppendInt([]byte("key number "), int64(k))))
				case sql.OIDNumeric:
					return sql.Value{Type: typ, Num: sql.Num{Coef: sql.I128(int64(k)), Scale: 2}}
				}
				return sql.IntValue(typ, int64(k))
			}
			for range 40 {
				k := rng.IntN(spread)
				in[k] = true
				col.AppendValue(value(k))
			}
			f := NewFilterData(typ, []*vector.Column{col}, false)
			var keys []int
			var vals []sql.Value
			for k := range in {
				keys = append(keys, k, k+1)
				vals = append(vals, value(k), value(k+1))
			}
			for form := range 2 {
				v := inForm(typ, vals, form)
				pass := map[int32]bool{}
				for _, i := range f.Select(v, nil, v.N, nil) {
					pass[i] = true
				}
				for i, k := range keys {
					if in[k] && !pass[int32(i)] || f.Bits != nil && !in[k] && pass[int32(i)] {
						t.Errorf("%v spread %d form %d: key %d in build %v, passes %v", typ, spread, form, k, in[k], pass[int32(i)])
					}
				}
			}
			for k := range in {
				v := value(k)
				s := ColStats{Min: v, Max: v, HasMin: true, HasMax: true, Rows: 1}
				if f.Prune(s) == None {
					t.Errorf("%v: a build key is pruned", typ)
				}
			}
		}
	}
}

// Sort keys order as Compare does, and equal values hash alike.
func TestKeysOfAllTypes(t *testing.T) {
	env := testEnv(t)
	for oid, pool := range samples {
		typ := sql.T(oid)
		if oid == sql.OIDJSON || oid == sql.OIDJSONB {
			continue
		}
		var vals []sql.Value
		for _, s := range pool {
			v, err := env.ParseText(typ, s)
			if err != nil {
				t.Fatal(err)
			}
			vals = append(vals, v)
		}
		v := vector.FlatOf(typ, vals)
		h := make([]uint64, v.N)
		vector.Hash(v, nil, v.N, false, h)
		for i := range v.N {
			for j := range v.N {
				c := cmp3(int64(vector.Compare(v, i, v, j)), 0)
				a, b := vector.AppendSortKey(nil, v, i, vector.KeyOrder{}), vector.AppendSortKey(nil, v, j, vector.KeyOrder{})
				if got := bytes.Compare(a, b); got != c {
					t.Errorf("%v: keys of %s and %s order %d, values %d", oid, pool[i], pool[j], got, c)
				}
				a, b = vector.AppendSortKey(nil, v, i, vector.KeyOrder{Desc: true}), vector.AppendSortKey(nil, v, j, vector.KeyOrder{Desc: true})
				if got := bytes.Compare(a, b); got != -c {
					t.Errorf("%v: descending keys of %s and %s order %d, values %d", oid, pool[i], pool[j], got, c)
				}
				if (c == 0) != vector.Equal(v, i, v, j) || c == 0 && h[i] != h[j] {
					t.Errorf("%v: %s and %s: comparison %d, equality or hash differ", oid, pool[i], pool[j], c)
				}
			}
		}
	}
}
