package expr

import (
	"encoding/binary"
	"sync"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// MaxTuples is up to how many build rows a join with several keys publishes whole.
const MaxTuples = 4096

// Tuples are the key tuples of a join's build side: where partitions are told by
// several keys of the join, they leave out those whose values occur, but not
// together. The filters of one join share one. Safe for concurrent use.
type Tuples struct {
	rows [][]sql.Value
	mu   sync.Mutex
	sets map[uint64]map[string]struct{} // by the mask of the keys compared
}

// NewTuples takes the build rows' keys, cols[k] those of key k in row order; nil
// where a type's equality is not that of its representation. Rows with a NULL key
// match nothing and are left out.
func NewTuples(cols [][]*vector.Column) *Tuples {
	if len(cols) < 2 || len(cols) > 63 {
		return nil
	}
	t := &Tuples{sets: map[uint64]map[string]struct{}{}}
	for b := range cols[0] {
		for i := range cols[0][b].N {
			row := make([]sql.Value, len(cols))
			null := false
			for k := range cols {
				row[k] = cols[k][b].Value(i)
				if !tupleType(row[k].Type) {
					return nil
				}
				null = null || row[k].Null
			}
			if !null {
				t.rows = append(t.rows, row)
			}
		}
	}
	return t
}

func tupleType(t sql.Type) bool {
	switch t.OID {
	case sql.OIDBool, sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDDate, sql.OIDText, sql.OIDVarchar, sql.OIDTimestamp:
		return true
	}
	return false
}

func appendTuple(dst []byte, v *sql.Value) []byte {
	if v.Type.IsString() {
		dst = binary.AppendUvarint(dst, uint64(len(v.S)))
		return append(dst, v.S...)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v.I))
}

// Match reports whether some build row has the values vals at the keys, whose
// numbers ascend. The values have the keys' types.
func (t *Tuples) Match(keys []int, vals []sql.Value) bool {
	var mask uint64
	var one []byte
	for j, k := range keys {
		if vals[j].Null {
			return false
		}
		mask |= 1 << k
		one = appendTuple(one, &vals[j])
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	set := t.sets[mask]
	if set == nil {
		set = make(map[string]struct{}, len(t.rows))
		var b []byte
		for _, r := range t.rows {
			b = b[:0]
			for _, k := range keys {
				b = appendTuple(b, &r[k])
			}
			set[string(b)] = struct{}{}
		}
		t.sets[mask] = set
	}
	_, ok := set[string(one)]
	return ok
}
