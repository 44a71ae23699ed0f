package catalog

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/sluicedb/sluice/catalog/projection"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/object"
)

// Projected reports whether a table's partitions are computed, not registered.
func Projected(t *model.Table) bool { return projection.Enabled(t) }

// maxProjected is the most partitions that one scan may be given.
const maxProjected = 2_000_000

// maxCounted is up to how many combinations of key values are judged to tell how
// many partitions are left.
const maxCounted = 1 << 17

// projected are the partitions of a projected table that conditions leave: values
// of each key, narrowed before they are combined.
type projected struct {
	t     *model.Table
	proj  *projection.Projection
	env   *expr.Env
	keys  []keyValues
	conds []condition // of several keys
	total int64       // partitions without conditions, -1 if unknown
	none  bool
}

func newProjected(t *model.Table, conds []condition, env *expr.Env) (*projected, error) {
	now := time.Now()
	if env != nil && !env.StatementNow.IsZero() {
		now = env.StatementNow
	}
	proj, err := projection.Parse(t, now)
	if err != nil {
		return nil, err
	}
	p := &projected{t: t, proj: proj, env: env, keys: make([]keyValues, len(t.Keys)), total: 1}
	for _, k := range proj.Keys {
		if p.total = product(p.total, k.Count()); p.total == math.MaxInt64 {
			p.total = -1
			break
		}
	}
	for i := range conds {
		switch len(conds[i].keys) {
		case 0:
			ok, err := conds[i].holds(env)
			if err != nil {
				return nil, err
			}
			p.none = p.none || !ok
		case 1:
		default:
			p.conds = append(p.conds, conds[i])
		}
	}
	for k := 0; k < len(t.Keys) && !p.none; k++ {
		if err := p.project(k, conds); err != nil {
			return p, err
		}
		p.none = len(p.keys[k].raw) == 0
	}
	return p, nil
}

// product multiplies numbers that are not negative, up to MaxInt64; -1, unknown,
// makes it that.
func product(a, b int64) int64 {
	switch {
	case a == 0 || b == 0:
		return 0
	case a < 0 || b < 0 || a > math.MaxInt64/b:
		return math.MaxInt64
	}
	return a * b
}

// project fills in the values of key k that its conditions leave, in order.
func (p *projected) project(k int, conds []condition) error {
	key, t := p.proj.Keys[k], p.t.Keys[k].Type
	within := unbounded()
	for i := range conds {
		within.intersect(conds[i].bounds(k, t))
	}
	var raw []string
	var err error
	if within.fixed && listable(key, t) {
		raw = members(key, within.values)
	} else if raw, err = key.Values(within.lo, within.hi); err != nil {
		return err
	}
	p.keys[k].set(t, raw)
	allowed, err := narrow(p.keys, k, conds, p.env)
	if err != nil {
		return err
	}
	ranks := p.keys[k].ranks()
	var left []int
	for v := range raw {
		if allowed == nil || allowed[v] {
			left = append(left, v)
		}
	}
	slices.SortFunc(left, func(a, b int) int { return int(ranks[a] - ranks[b]) })
	texts := make([]string, len(left))
	for i, v := range left {
		texts[i] = raw[v]
	}
	p.keys[k] = keyValues{}
	p.keys[k].set(t, texts)
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

// count says how many partitions are left, or, where that would take long to find
// out, how many there are at most.
func (p *projected) count(ctx context.Context) (int64, error) {
	if p.none {
		return 0, nil
	}
	last := -1 // the last key that is not free of the others
	for i := range p.conds {
		last = max(last, slices.Max(p.conds[i].keys))
	}
	bound, free := int64(1), int64(1)
	for k := range p.keys {
		if n := int64(len(p.keys[k].raw)); k <= last {
			bound = product(bound, n)
		} else {
			free = product(free, n)
		}
	}
	if last < 0 || bound > maxCounted {
		return product(bound, free), nil
	}
	n := int64(0)
	err := p.walk(ctx, last+1, func([]uint32) error { n++; return nil })
	return product(n, free), err
}

// each yields the partitions that are left, in key order.
func (p *projected) each(ctx context.Context, yield func(*model.Partition) error) (kept int64, err error) {
	if p.none {
		return 0, nil
	}
	if n, err := p.count(ctx); err != nil {
		return 0, err
	} else if n > maxProjected && len(p.conds) == 0 {
		return 0, p.tooMany()
	}
	err = p.walk(ctx, len(p.keys), func(vids []uint32) error {
		if kept == maxProjected {
			return p.tooMany()
		}
		part := &model.Partition{Values: make([]string, len(vids)), Typed: make([]sql.Value, len(vids))}
		for k, v := range vids {
			part.Values[k], part.Typed[k] = p.keys[k].raw[v], p.keys[k].typed[v]
		}
		part.Location = p.proj.Location(part.Values)
		kept++
		return yield(part)
	})
	return kept, err
}

func (p *projected) tooMany() error {
	return sql.Errorf(sql.CodeProgramLimitExceeded, "the query leaves more than %d projected partitions of table \"%s.%s\"", maxProjected, p.t.Database, p.t.Name).
		WithHint("Add conditions on its partition keys to WHERE.")
}

// blockTuples is how many combinations are judged at once.
const blockTuples = 1024

// level is the walk's state at one key: combinations of the keys up to it.
type level struct {
	judges []*judge   // of the conditions that the key completes
	vids   [][]uint32 // by key
	n      int
	pass   []bool
	asked  [][]uint32 // the vids of a judge's keys
}

// walk yields the combinations of value numbers of the first keys that the
// conditions on them leave, in order. It goes key by key: combinations are made
// of those that the keys before have left, a block at a time, so that neither the
// whole product nor all of what is left is ever made.
func (p *projected) walk(ctx context.Context, keys int, yield func(vids []uint32) error) error {
	levels := make([]level, keys)
	for k := range levels {
		l := &levels[k]
		l.vids, l.pass = make([][]uint32, k+1), make([]bool, blockTuples)
		for i := range l.vids {
			l.vids[i] = make([]uint32, blockTuples)
		}
		for i := range p.conds {
			if slices.Max(p.conds[i].keys) == k {
				j, err := newJudge(&p.conds[i], p.keys, p.env)
				if err != nil {
					return err
				}
				l.judges = append(l.judges, j)
			}
		}
	}
	tuple := make([]uint32, keys)
	var deeper func(k int, above *level) error
	// flush judges the combinations gathered at key k and goes on with what is left.
	flush := func(k int) error {
		l := &levels[k]
		if err := object.Ended(ctx); err != nil {
			return err
		}
		for _, j := range l.judges {
			l.asked = l.asked[:0]
			for _, at := range j.c.keys {
				l.asked = append(l.asked, l.vids[at])
			}
			if err := j.may(l.asked, l.n, l.pass); err != nil {
				return err
			}
			left := 0
			for i := range l.n {
				if l.pass[i] {
					for _, vids := range l.vids {
						vids[left] = vids[i]
					}
					left++
				}
			}
			l.n = left
		}
		err := deeper(k+1, l)
		l.n = 0
		return err
	}
	deeper = func(k int, above *level) error {
		if k == keys {
			for i := range above.n {
				for at := range tuple {
					tuple[at] = above.vids[at][i]
				}
				if err := yield(tuple); err != nil {
					return err
				}
			}
			return nil
		}
		l := &levels[k]
		for i := range above.n {
			for v := range p.keys[k].raw {
				for at := range k {
					l.vids[at][l.n] = above.vids[at][i]
				}
				l.vids[k][l.n] = uint32(v)
				if l.n++; l.n == blockTuples {
					if err := flush(k); err != nil {
						return err
					}
				}
			}
		}
		if l.n == 0 {
			return nil
		}
		return flush(k)
	}
	return deeper(0, &level{n: 1})
}
