package catalog

import (
	"slices"

	"github.com/sluicedb/sluice/expr"
)

// prune returns the slots whose partitions may satisfy all conditions.
func (x *keyIndex) prune(conds []condition, env *expr.Env) ([]int64, error) {
	if len(x.keys) == 0 || x.Count == 0 {
		return nil, nil
	}
	several := make([]*condition, 0, len(conds))
	for i := range conds {
		switch len(conds[i].keys) {
		case 0:
			if ok, err := conds[i].holds(env); err != nil || !ok {
				return nil, err
			}
		case 1:
		default:
			several = append(several, &conds[i])
		}
	}
	allowed := make([][]bool, len(x.keys)) // nil: all values
	for k := range x.keys {
		var err error
		if allowed[k], err = narrow(x.keys, k, conds, env); err != nil {
			return nil, err
		}
	}
	slots := x.candidates(allowed)
	// Few keys have few combinations: they go first.
	slices.SortStableFunc(several, func(a, b *condition) int { return len(a.keys) - len(b.keys) })
	for _, c := range several {
		var err error
		if slots, err = x.pruneTuples(c, env, slots); err != nil {
			return nil, err
		}
	}
	return slots, nil
}

// candidates returns the slots with an allowed value in every key.
func (x *keyIndex) candidates(allowed [][]bool) []int64 {
	var slots []int64
	n := len(x.VIDs[0])
	type filter struct {
		vids []uint32
		ok   []bool
	}
	var fs []filter
	for k, ok := range allowed {
		if ok != nil {
			fs = append(fs, filter{x.VIDs[k][:n], ok})
		}
	}
	if len(fs) == 0 {
		slots = make([]int64, 0, x.Count)
	}
	first := x.VIDs[0]
next:
	for i := range n {
		if first[i] == 0 {
			continue
		}
		for _, f := range fs {
			if !f.ok[f.vids[i]] {
				continue next
			}
		}
		slots = append(slots, int64(i))
	}
	return slots
}

// pruneTuples judges a condition of several keys over the distinct combinations
// of those keys' values among the slots.
func (x *keyIndex) pruneTuples(c *condition, env *expr.Env, slots []int64) ([]int64, error) {
	if len(slots) == 0 {
		return slots, nil
	}
	of, first := x.combinations(c.keys, slots)
	vids := make([][]uint32, len(c.keys))
	for i, k := range c.keys {
		vids[i] = make([]uint32, len(first))
		for id, at := range first {
			vids[i][id] = x.VIDs[k][slots[at]]
		}
	}
	j, err := newJudge(c, x.keys, env)
	if err != nil {
		return nil, err
	}
	pass := make([]bool, len(first))
	if err := j.may(vids, len(pass), pass); err != nil {
		return nil, err
	}
	out := slots[:0]
	for i, s := range slots {
		if pass[of[i]] {
			out = append(out, s)
		}
	}
	return out, nil
}

// denseCombinations is up to how many combinations are looked up in an array.
const denseCombinations = 1 << 20

// combinations numbers the distinct combinations of the keys' values among the
// slots: of[i] is the number of slots[i]'s, first[n] an i that has number n.
func (x *keyIndex) combinations(keys []int, slots []int64) (of []uint32, first []int) {
	of = make([]uint32, len(slots))
	first = []int{0}
	for _, k := range keys { // the numbers so far and one key more
		values := uint64(len(x.keys[k].raw))
		var dense []uint32 // 1 + the number; 0: none yet
		var sparse map[uint64]uint32
		if n := uint64(len(first)) * values; n <= denseCombinations {
			dense = make([]uint32, n)
		} else {
			sparse = make(map[uint64]uint32, len(first))
		}
		first = first[:0]
		for i, s := range slots {
			pair := uint64(of[i])*values + uint64(x.VIDs[k][s])
			var id uint32
			if dense != nil {
				if id = dense[pair]; id == 0 {
					first = append(first, i)
					id = uint32(len(first))
					dense[pair] = id
				}
			} else if id = sparse[pair]; id == 0 {
				first = append(first, i)
				id = uint32(len(first))
				sparse[pair] = id
			}
			of[i] = id - 1
		}
	}
	return of, first
}
