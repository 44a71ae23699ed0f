package table

import (
	"sync"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/vector"
)

// KeyFilters tests partitions by the join filters that are ready. A key has few
// values over many partitions, so each value is tested once.
type KeyFilters struct {
	req  *Request
	mu   sync.Mutex
	seen map[keyValue]bool
}

type keyValue struct {
	filter int
	null   bool
	i      int64
	s      string
}

// NewKeyFilters makes the test for a request.
func NewKeyFilters(req *Request) *KeyFilters {
	return &KeyFilters{req: req, seen: map[keyValue]bool{}}
}

// Keep reports whether rows with the constants may pass all join filters that are
// ready: each by itself and, of a join with several keys, all together.
func (f *KeyFilters) Keep(parts []format.Part) bool {
	type tuple struct {
		keys []int
		vals []sql.Value
	}
	var tuples map[*expr.Tuples]*tuple
	for i, rf := range f.req.Filters {
		d := rf.Data()
		if d == nil {
			continue
		}
		if d.Empty {
			return false
		}
		for _, p := range parts {
			if p.ID != f.req.FilterCols[i] || p.Value.Type.OID != d.Type.OID {
				continue
			}
			if !f.passes(i, d, &p.Value) {
				return false
			}
			if d.Tuples == nil || p.Value.Null {
				continue
			}
			if tuples == nil {
				tuples = map[*expr.Tuples]*tuple{}
			}
			t := tuples[d.Tuples]
			if t == nil {
				t = &tuple{}
				tuples[d.Tuples] = t
			}
			at := len(t.keys)
			for at > 0 && t.keys[at-1] > d.TupleKey {
				at--
			}
			if at > 0 && t.keys[at-1] == d.TupleKey {
				continue
			}
			t.keys = append(t.keys[:at], append([]int{d.TupleKey}, t.keys[at:]...)...)
			t.vals = append(t.vals[:at], append([]sql.Value{p.Value}, t.vals[at:]...)...)
		}
	}
	for set, t := range tuples {
		if len(t.keys) > 1 && !set.Match(t.keys, t.vals) {
			return false
		}
	}
	return true
}

// passes tests one value.
func (f *KeyFilters) passes(filter int, d *expr.FilterData, v *sql.Value) bool {
	k := keyValue{filter, v.Null, v.I, v.S}
	plain := v.Type.OID != sql.OIDNumeric && v.J == 0
	if plain {
		f.mu.Lock()
		pass, ok := f.seen[k]
		f.mu.Unlock()
		if ok {
			return pass
		}
	}
	pass := len(d.Select(vector.ConstOf(*v, 1), nil, 1, nil)) > 0
	if plain {
		f.mu.Lock()
		f.seen[k] = pass
		f.mu.Unlock()
	}
	return pass
}
