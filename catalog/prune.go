package catalog

import (
	"errors"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/vector"
)

// keyPredicate is a conjunct that speaks of partition keys alone.
type keyPredicate struct {
	e    expr.Expr
	keys []int // ordinals, ascending
	ids  []expr.ColumnID
}

// keyPredicates picks the conjuncts that the keys alone decide. One that is
// volatile is left out: it must be evaluated once a row.
func keyPredicates(t *model.Table, cols []format.Column, conjuncts []expr.Expr) []keyPredicate {
	ordOf := map[expr.ColumnID]int{}
	for _, c := range cols {
		for k := range t.Keys {
			if t.Keys[k].Name == c.Name {
				ordOf[c.ID] = k
			}
		}
	}
	var out []keyPredicate
	for _, e := range conjuncts {
		if e == nil || volatile(e) {
			continue
		}
		p := keyPredicate{e: e}
		ok := true
		idOf := map[int]expr.ColumnID{}
		for _, id := range expr.ColsOf(e).IDs() {
			k, isKey := ordOf[id]
			if prev, dup := idOf[k]; !isKey || dup && prev != id {
				ok = false // another column, or one key under two ids
				break
			}
			idOf[k] = id
		}
		if !ok {
			continue
		}
		for k := range t.Keys {
			if id, has := idOf[k]; has {
				p.keys, p.ids = append(p.keys, k), append(p.ids, id)
			}
		}
		out = append(out, p)
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

// evaluator evaluates one predicate over tuples of key values.
type evaluator struct {
	p    *keyPredicate
	ev   expr.Evaluator
	cols [][]sql.Value // per key of the predicate: pending values
	tag  []int         // the caller's number of each pending tuple
	keep func(tag int)
	sel  []int32
	out  []int32
}

func newEvaluator(p *keyPredicate, env *expr.Env, keep func(tag int)) (*evaluator, error) {
	prog, err := expr.Compile([]expr.Expr{p.e}, p.ids)
	if err != nil {
		return nil, err
	}
	return &evaluator{p: p, ev: prog.NewEvaluator(env), cols: make([][]sql.Value, len(p.keys)), keep: keep}, nil
}

// add puts in a tuple; keep is called with its tag, now or later, if the
// predicate is true of it or cannot be evaluated. Flush at the end.
func (e *evaluator) add(tag int, value func(i int) *sql.Value) error {
	for i := range e.cols {
		v := value(i)
		if v.Type.OID == 0 { // not a value of the key's type: the reader reports it
			for j := range i {
				e.cols[j] = e.cols[j][:len(e.tag)]
			}
			e.keep(tag)
			return nil
		}
		e.cols[i] = append(e.cols[i], *v)
	}
	e.tag = append(e.tag, tag)
	if len(e.tag) == vector.BatchSize {
		return e.flush()
	}
	return nil
}

func (e *evaluator) flush() error {
	n := len(e.tag)
	if n == 0 {
		return nil
	}
	b := &vector.Batch{N: n, Cols: make([]*vector.Vec, len(e.cols))}
	for i, vals := range e.cols {
		b.Cols[i] = vector.FlatOf(vals[0].Type, vals)
	}
	e.sel = e.sel[:0]
	for i := range n {
		e.sel = append(e.sel, int32(i))
	}
	if cap(e.out) < n {
		e.out = make([]int32, 0, vector.BatchSize)
	}
	rest := e.sel
	for {
		got, err := e.ev.Select(0, b, rest, e.out[:0])
		for _, r := range got {
			e.keep(e.tag[r])
		}
		if err == nil {
			break
		}
		row, ok := errors.AsType[*expr.RowError](err)
		if !ok {
			return err
		}
		// The error is the statement's to raise, if it gets to this partition.
		e.keep(e.tag[row.Row])
		for len(rest) > 0 && rest[0] <= int32(row.Row) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			break
		}
	}
	for i := range e.cols {
		e.cols[i] = e.cols[i][:0]
	}
	e.tag = e.tag[:0]
	return nil
}

// prune returns the slots whose partitions may satisfy all predicates.
func (x *keyIndex) prune(preds []keyPredicate, env *expr.Env) ([]int64, error) {
	if len(x.keys) == 0 || x.Count == 0 {
		return nil, nil
	}
	allowed := make([][]bool, len(x.keys)) // nil: all values
	var multi []*keyPredicate
	for i := range preds {
		p := &preds[i]
		switch len(p.keys) {
		case 0:
			ok, err := constant(p, env)
			if err != nil || !ok {
				return nil, err
			}
		case 1:
			if err := x.pruneValues(p, env, &allowed[p.keys[0]]); err != nil {
				return nil, err
			}
		default:
			multi = append(multi, p)
		}
	}
	slots := x.candidates(allowed)
	for _, p := range multi {
		var err error
		if slots, err = x.pruneTuples(p, env, slots); err != nil {
			return nil, err
		}
	}
	return slots, nil
}

// constant evaluates a predicate without columns.
func constant(p *keyPredicate, env *expr.Env) (bool, error) {
	ok := false
	ev, err := newEvaluator(p, env, func(int) { ok = true })
	if err != nil {
		return false, err
	}
	ev.tag = append(ev.tag, 0)
	err = ev.flush()
	return ok, err
}

// pruneValues evaluates a predicate of one key over the key's distinct values.
func (x *keyIndex) pruneValues(p *keyPredicate, env *expr.Env, allowed *[]bool) error {
	kv := &x.keys[p.keys[0]]
	pass := make([]bool, len(kv.raw))
	ev, err := newEvaluator(p, env, func(vid int) { pass[vid] = true })
	if err != nil {
		return err
	}
	for vid := 1; vid < len(kv.raw); vid++ {
		if *allowed != nil && !(*allowed)[vid] {
			continue
		}
		if err := ev.add(vid, func(int) *sql.Value { return &kv.typed[vid] }); err != nil {
			return err
		}
	}
	if err := ev.flush(); err != nil {
		return err
	}
	*allowed = pass
	return nil
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

// pruneTuples evaluates a predicate of several keys over the distinct tuples of
// those keys' values among the slots.
func (x *keyIndex) pruneTuples(p *keyPredicate, env *expr.Env, slots []int64) ([]int64, error) {
	ids := make(map[string]int, 64)
	tuple := make([]int, len(slots))
	var pass []bool
	ev, err := newEvaluator(p, env, func(id int) { pass[id] = true })
	if err != nil {
		return nil, err
	}
	key := make([]byte, 0, 4*len(p.keys))
	for i, s := range slots {
		key = key[:0]
		for _, k := range p.keys {
			v := x.VIDs[k][s]
			key = append(key, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
		}
		id, ok := ids[string(key)]
		if !ok {
			id = len(ids)
			ids[string(key)] = id
			pass = append(pass, false)
			err := ev.add(id, func(j int) *sql.Value {
				k := p.keys[j]
				return &x.keys[k].typed[x.VIDs[k][s]]
			})
			if err != nil {
				return nil, err
			}
		}
		tuple[i] = id
	}
	if err := ev.flush(); err != nil {
		return nil, err
	}
	out := slots[:0]
	for i, s := range slots {
		if pass[tuple[i]] {
			out = append(out, s)
		}
	}
	return out, nil
}
