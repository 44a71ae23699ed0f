package catalog

import (
	"errors"
	"math"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// judge decides which combinations of key values may satisfy one condition.
type judge struct {
	c    *condition
	keys []*keyValues // of the condition's keys

	ev   expr.Evaluator // of a conjunct
	rows []int32
	out  []int32

	pass []bool // of a join filter: by value number

	vals []sql.Value // of tuples
	nums []int
}

// newJudge makes the judge of c; keys are the table's.
func newJudge(c *condition, keys []keyValues, env *expr.Env) (*judge, error) {
	j := &judge{c: c}
	for _, k := range c.keys {
		j.keys = append(j.keys, &keys[k])
	}
	switch {
	case c.filter != nil:
		kv := j.keys[0]
		j.pass = make([]bool, len(kv.raw))
		for _, v := range c.filter.Select(kv.vector(), nil, len(kv.raw), nil) {
			j.pass[v] = true
		}
	case c.tuples != nil:
		j.vals, j.nums = make([]sql.Value, len(c.joined)), make([]int, len(c.joined))
		for i, k := range c.joined {
			j.nums[i] = k.number
		}
	default:
		prog, err := expr.Compile([]expr.Expr{c.e}, c.ids)
		if err != nil {
			return nil, err
		}
		j.ev = prog.NewEvaluator(env)
	}
	return j, nil
}

// may sets pass[i] for the combinations i < n for which the condition may be true:
// vids[k][i] is the value number of the condition's key k. A combination for which
// it cannot be evaluated may be: the error is the statement's to raise, if it gets
// to a row there. So may one with a value that is not of its key's type: the
// reader reports it.
func (j *judge) may(vids [][]uint32, n int, pass []bool) error {
	for lo := 0; lo < n; lo += vector.BatchSize {
		hi := min(lo+vector.BatchSize, n)
		j.rows = j.rows[:0]
	row:
		for i := lo; i < hi; i++ {
			pass[i] = false
			for k, kv := range j.keys {
				if kv.typed[vids[k][i]].Type.OID == 0 {
					pass[i] = true
					continue row
				}
			}
			j.rows = append(j.rows, int32(i-lo))
		}
		switch {
		case j.c.filter != nil:
			for _, r := range j.rows {
				pass[lo+int(r)] = j.pass[vids[0][lo+int(r)]]
			}
		case j.c.tuples != nil:
			for _, r := range j.rows {
				pass[lo+int(r)] = j.occurs(vids, lo+int(r))
			}
		default:
			if err := j.evaluate(vids, lo, hi, pass[lo:hi]); err != nil {
				return err
			}
		}
	}
	return nil
}

// occurs reports whether the join may have a row with combination i's values.
func (j *judge) occurs(vids [][]uint32, i int) bool {
	for at, k := range j.c.joined {
		v := &j.keys[k.key].typed[vids[k.key][i]]
		if v.Null {
			return true // what the key's own filter judges
		}
		j.vals[at] = *v
	}
	return j.c.tuples.Match(j.nums, j.vals)
}

// evaluate runs the conjunct on j.rows of the combinations from lo to hi.
func (j *judge) evaluate(vids [][]uint32, lo, hi int, pass []bool) error {
	b := &vector.Batch{N: hi - lo, Cols: make([]*vector.Vec, len(j.keys))}
	for k, kv := range j.keys {
		d := kv.vector()
		b.Cols[k] = &vector.Vec{Type: d.Type, Form: vector.Dict, Layout: d.Layout, N: hi - lo, Codes: vids[k][lo:hi], Dict: d, DictID: uint64(k + 1)}
	}
	if cap(j.out) < hi-lo {
		j.out = make([]int32, 0, vector.BatchSize)
	}
	for rest := j.rows; len(rest) > 0; {
		got, err := j.ev.Select(0, b, rest, j.out[:0])
		for _, r := range got {
			pass[r] = true
		}
		if err == nil {
			return nil
		}
		row, ok := errors.AsType[*expr.RowError](err)
		if !ok {
			return err
		}
		pass[row.Row] = true
		for len(rest) > 0 && rest[0] <= int32(row.Row) {
			rest = rest[1:]
		}
	}
	return nil
}

// holds judges a condition without keys.
func (c *condition) holds(env *expr.Env) (bool, error) {
	j, err := newJudge(c, nil, env)
	if err != nil {
		return false, err
	}
	pass := []bool{false}
	err = j.may(nil, 1, pass)
	return pass[0], err
}

// narrow returns which of key k's values the conditions leave, nil if all: those
// of this key alone are judged, of the others it is known between what bounds they
// can be true.
func narrow(keys []keyValues, k int, conds []condition, env *expr.Env) ([]bool, error) {
	kv := &keys[k]
	var allowed, pass []bool
	var all []uint32
	for i := range conds {
		c := &conds[i]
		if pass == nil {
			pass = make([]bool, len(kv.raw))
		}
		if len(c.keys) == 1 && c.keys[0] == k {
			if all == nil {
				all = make([]uint32, len(kv.raw))
				for v := range all {
					all[v] = uint32(v)
				}
			}
			j, err := newJudge(c, keys, env)
			if err != nil {
				return nil, err
			}
			if err := j.may([][]uint32{all}, len(all), pass); err != nil {
				return nil, err
			}
		} else if len(c.keys) < 2 || !kv.within(c.bounds(k, kv.t), pass) {
			continue
		}
		if allowed == nil {
			allowed, pass = pass, nil
			continue
		}
		for v := range allowed {
			allowed[v] = allowed[v] && pass[v]
		}
	}
	return allowed, nil
}

// within sets pass[v] for the values that may lie in the bounds; false if the
// bounds say nothing of values of the key's type.
func (kv *keyValues) within(b bounds, pass []bool) bool {
	integer := kv.t.IsInteger()
	var ints map[int64]bool
	var texts map[string]bool
	switch {
	case b.fixed && integer:
		ints = map[int64]bool{}
		for _, v := range b.values {
			if !v.Null {
				ints[v.I] = true
			}
		}
	case b.fixed && textual(kv.t):
		texts = map[string]bool{}
		for _, v := range b.values {
			if !v.Null {
				texts[v.S] = true
			}
		}
	case !integer || b.lo == math.MinInt64 && b.hi == math.MaxInt64:
		return false
	}
	for i := range kv.typed {
		v := &kv.typed[i]
		switch {
		case v.Type.OID == 0:
			pass[i] = true
		case v.Null:
			pass[i] = false
		case texts != nil:
			pass[i] = texts[v.S]
		default:
			pass[i] = v.I >= b.lo && v.I <= b.hi && (ints == nil || ints[v.I])
		}
	}
	return true
}
