package catalog

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table"
)

// condition is one thing that is asked of partition keys: a conjunct that speaks
// of keys alone, a join filter on a key, or that the keys of a join with several
// occur together.
type condition struct {
	keys []int // ordinals, ascending

	e   expr.Expr
	ids []expr.ColumnID // of keys in e

	filter *expr.FilterData

	tuples *expr.Tuples
	joined []joinedKey // by number of the join's key
}

// joinedKey is a join's key that a partition key is compared with.
type joinedKey struct{ number, key int } // key is an index into condition.keys

// conditionsOf picks what the keys alone decide. A conjunct that is volatile is
// left out: it must be evaluated once a row. never is true if a join has no row
// that anything could match.
func conditionsOf(q *table.PartitionQuery) (list []condition, never bool) {
	ordOf := map[expr.ColumnID]int{}
	for _, c := range q.Columns {
		for k := range q.Table.Keys {
			if q.Table.Keys[k].Name == c.Name {
				ordOf[c.ID] = k
			}
		}
	}
	for _, e := range q.Conjuncts {
		if c, ok := conjunctOf(e, ordOf, len(q.Table.Keys)); ok {
			list = append(list, c)
		}
	}
	joins := map[*expr.Tuples][]joinedKey{} // key is an ordinal here
	for i, f := range q.Filters {
		d := f.Data()
		if d == nil {
			continue
		}
		if d.Empty {
			return nil, true
		}
		k, isKey := ordOf[q.FilterCols[i]]
		if !isKey || q.Table.Keys[k].Type.OID != d.Type.OID {
			continue
		}
		list = append(list, condition{keys: []int{k}, filter: d})
		if d.Tuples != nil && !slices.ContainsFunc(joins[d.Tuples], func(j joinedKey) bool { return j.number == d.TupleKey }) {
			joins[d.Tuples] = append(joins[d.Tuples], joinedKey{d.TupleKey, k})
		}
	}
	for t, keys := range joins {
		list = append(list, tupleConditions(t, keys)...)
	}
	return list, false
}

func conjunctOf(e expr.Expr, ordOf map[expr.ColumnID]int, keys int) (c condition, ok bool) {
	if e == nil || volatile(e) {
		return c, false
	}
	c.e = e
	idOf := map[int]expr.ColumnID{}
	for _, id := range expr.ColsOf(e).IDs() {
		k, isKey := ordOf[id]
		if prev, dup := idOf[k]; !isKey || dup && prev != id {
			return c, false // another column, or one key under two ids
		}
		idOf[k] = id
	}
	for k := range keys {
		if id, has := idOf[k]; has {
			c.keys, c.ids = append(c.keys, k), append(c.ids, id)
		}
	}
	return c, true
}

// tupleConditions asks for the first two keys together, then the first three and
// so on: each leaves less to combine with the next key.
func tupleConditions(t *expr.Tuples, joined []joinedKey) []condition {
	ords := make([]int, len(joined))
	for i, j := range joined {
		ords[i] = j.key
	}
	slices.Sort(ords)
	ords = slices.Compact(ords)
	var out []condition
	for n := 1; n <= len(ords); n++ {
		c := condition{keys: ords[:n:n], tuples: t}
		for _, j := range joined {
			if at, ok := slices.BinarySearch(c.keys, j.key); ok {
				c.joined = append(c.joined, joinedKey{j.number, at})
			}
		}
		if len(c.joined) < 2 {
			continue // what the key's own filter says
		}
		slices.SortFunc(c.joined, func(a, b joinedKey) int { return a.number - b.number })
		out = append(out, c)
	}
	return out
}

func volatile(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			found = found || x.Fn.Vol == expr.Volatile
		case *expr.ScalarArray:
			found = found || x.Op.Vol == expr.Volatile
		case *expr.Param:
			found = true // not a value yet
		}
		return !found
	})
	return found
}

// bounds is what the condition says of key k, of type t, without being evaluated.
func (c *condition) bounds(k int, t sql.Type) bounds {
	at := slices.Index(c.keys, k)
	switch {
	case at < 0:
	case c.e != nil:
		return boundsOf(c.e, c.ids[at])
	case c.filter != nil && !c.filter.PassNull:
		b := unbounded()
		if c.filter.HasRange && t.IsInteger() {
			b.lo, b.hi = c.filter.Min.I, c.filter.Max.I
		}
		if c.filter.Values != nil {
			b.fixed, b.values = true, c.filter.Values
		}
		return b
	}
	return unbounded()
}
