package catalog

import (
	"math"
	"sort"
	"time"

	"github.com/sluicedb/sluice/catalog/projection"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table"
)

// Projected reports whether a table's partitions are computed, not registered.
func Projected(t *model.Table) bool { return projection.Enabled(t) }

// maxProjected is the most partitions that one scan may be given.
const maxProjected = 2_000_000

// project yields the projected partitions that the predicates leave. Each key's
// values are narrowed before they are combined, and combinations as soon as a
// predicate can judge them, so that the whole product is never made.
func (p *PartitionSource) project(t *model.Table, preds []keyPredicate, yield func(*model.Partition) error) (table.PartitionCount, error) {
	now := time.Now()
	if p.env != nil && !p.env.StatementNow.IsZero() {
		now = p.env.StatementNow
	}
	var count table.PartitionCount
	proj, err := projection.Parse(t, now)
	if err != nil {
		return count, err
	}
	count.Total = projectedTotal(proj)
	x := &keyIndex{keys: make([]keyValues, len(t.Keys))}
	for i := range preds {
		if len(preds[i].keys) == 0 {
			if ok, err := constant(&preds[i], p.env); err != nil || !ok {
				return count, err
			}
		}
	}
	for k := range t.Keys {
		if err := x.projectKey(t, proj, k, preds, p.env); err != nil {
			return count, err
		}
		if len(x.keys[k].raw) == 0 {
			return count, nil
		}
	}
	tuples, err := x.combine(t, preds, p.env)
	if err != nil {
		return count, err
	}
	for _, tuple := range tuples {
		part := &model.Partition{Values: make([]string, len(tuple)), Typed: make([]sql.Value, len(tuple))}
		for k, v := range tuple {
			part.Values[k], part.Typed[k] = x.keys[k].raw[v], x.keys[k].typed[v]
		}
		part.Location = proj.Location(part.Values)
		count.Kept++
		if err := yield(part); err != nil {
			return count, err
		}
	}
	return count, nil
}

func projectedTotal(proj *projection.Projection) int64 {
	total := int64(1)
	for _, k := range proj.Keys {
		n := k.Count()
		if n < 0 || n > 0 && total > math.MaxInt64/n {
			return -1
		}
		total *= n
	}
	return total
}

// projectKey fills in the values of key k that its predicates leave, in order.
func (x *keyIndex) projectKey(t *model.Table, proj *projection.Projection, k int, preds []keyPredicate, env *expr.Env) error {
	key := proj.Keys[k]
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	var listed []sql.Value
	fixed := false
	for i := range preds {
		for j, ord := range preds[i].keys {
			if ord != k {
				continue
			}
			b := boundsOf(preds[i].e, preds[i].ids[j])
			lo, hi = max(lo, b.lo), min(hi, b.hi)
			if b.fixed && (!fixed || len(b.values) < len(listed)) {
				listed, fixed = b.values, true
			}
		}
	}
	var raw []string
	var err error
	if fixed && listable(key, t.Keys[k].Type) {
		raw = members(key, listed)
	} else if raw, err = key.Values(lo, hi); err != nil {
		return err
	}
	kv := newKeyValues(t.Keys[k].Type, append([]string{""}, raw...))
	pass := make([]bool, len(kv.raw))
	for vid := 1; vid < len(pass); vid++ {
		pass[vid] = true
	}
	one := &keyIndex{keys: make([]keyValues, len(t.Keys))}
	one.keys[k].t, one.keys[k].raw, one.keys[k].typed = kv.t, kv.raw, kv.typed
	for i := range preds {
		if len(preds[i].keys) == 1 && preds[i].keys[0] == k {
			if err := one.pruneValues(&preds[i], env, &pass); err != nil {
				return err
			}
		}
	}
	ranks := kv.ranks()
	var left []int
	for vid := 1; vid < len(pass); vid++ {
		if pass[vid] {
			left = append(left, vid)
		}
	}
	sort.Slice(left, func(i, j int) bool { return ranks[left[i]] < ranks[left[j]] })
	x.keys[k].t = kv.t
	for _, vid := range left {
		x.keys[k].raw = append(x.keys[k].raw, kv.raw[vid])
		x.keys[k].typed = append(x.keys[k].typed, kv.typed[vid])
	}
	return nil
}

// listable reports whether a value of the key's type names its folder: two texts
// of one number or date may be two folders, so those keys list what they have.
func listable(key projection.Key, t sql.Type) bool {
	if key.Count() < 0 || textual(t) {
		return true
	}
	_, numbered := key.(projection.Numbered)
	return numbered && t.IsInteger()
}

// members returns the texts of the listed values that are the key's.
func members(key projection.Key, listed []sql.Value) []string {
	var out []string
	seen := map[string]bool{}
	for _, v := range listed {
		raw, ok := rawOf(v)
		if n, isNum := key.(projection.Numbered); isNum && v.Type.IsInteger() {
			raw, ok = n.Canonical(v.I)
		}
		if ok && key.Contains(raw) && !seen[raw] {
			seen[raw] = true
			out = append(out, raw)
		}
	}
	return out
}

// rawOf returns the text that a folder has for a value.
func rawOf(v sql.Value) (string, bool) {
	if v.Null {
		return "", false
	}
	switch v.Type.OID {
	case sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDUnknown, sql.OIDName:
		return v.S, v.S != ""
	}
	f := sql.DefaultFormat()
	return string(sql.AppendText(nil, v, &f)), true
}

// combine returns the combinations of the keys' values that the predicates of
// several keys leave, in key order.
func (x *keyIndex) combine(t *model.Table, preds []keyPredicate, env *expr.Env) ([][]int32, error) {
	tuples := [][]int32{nil}
	for k := range x.keys {
		n := len(x.keys[k].raw)
		if len(tuples) > maxProjected/n {
			return nil, sql.Errorf(sql.CodeProgramLimitExceeded, "the query leaves more than %d projected partitions of table \"%s.%s\"", maxProjected, t.Database, t.Name).
				WithHint("Add conditions on its partition keys to WHERE.")
		}
		next := make([][]int32, 0, len(tuples)*n)
		for _, tuple := range tuples {
			for v := range n {
				next = append(next, append(tuple[:k:k], int32(v)))
			}
		}
		for i := range preds {
			p := &preds[i]
			if len(p.keys) < 2 || p.keys[len(p.keys)-1] != k {
				continue
			}
			var err error
			if next, err = x.judge(p, env, next); err != nil {
				return nil, err
			}
		}
		tuples = next
	}
	return tuples, nil
}

// judge keeps the tuples of which the predicate may be true.
func (x *keyIndex) judge(p *keyPredicate, env *expr.Env, tuples [][]int32) ([][]int32, error) {
	pass := make([]bool, len(tuples))
	ev, err := newEvaluator(p, env, func(i int) { pass[i] = true })
	if err != nil {
		return nil, err
	}
	for i, tuple := range tuples {
		if err := ev.add(i, func(j int) *sql.Value { k := p.keys[j]; return &x.keys[k].typed[tuple[k]] }); err != nil {
			return nil, err
		}
	}
	if err := ev.flush(); err != nil {
		return nil, err
	}
	out := tuples[:0]
	for i, tuple := range tuples {
		if pass[i] {
			out = append(out, tuple)
		}
	}
	return out, nil
}
