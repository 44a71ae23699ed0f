package exec

import (
	"bytes"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/vector"
)

// sortKeys finds the key columns among those of the input.
func sortKeys(cols []expr.ColumnID, keys []physical.SortKey) ([]sortKey, error) {
	out := make([]sortKey, len(keys))
	for i, k := range keys {
		at, err := position(cols, k.Col.ID)
		if err != nil {
			return nil, err
		}
		out[i] = sortKey{at, vector.KeyOrder{Desc: k.Desc, NullsFirst: k.NullsFirst}}
	}
	return out, nil
}

// diskMerge merges sorted runs on disk.
type diskMerge struct {
	b    *sortBuild
	size int
	left int64
	runs []*runReader
	out  *rowSet
	ids  []uint32
	rd   rowReader
}

// runReader reads one run frame by frame.
type runReader struct {
	b     *sortBuild
	run   diskRun
	next  int // frame
	fr    frame
	batch *vector.Batch
	at    int // row of the batch
	keys  []byte
	ends  []int32
	sel   []int32 // rows picked for the output batch in the making
}

func newDiskMerge(b *sortBuild, size int, limit int64) *diskMerge {
	m := &diskMerge{b: b, size: size, left: limit}
	for _, d := range b.disk {
		m.runs = append(m.runs, &runReader{b: b, run: d})
	}
	return m
}

// fill reads the next frame if the current one is used up; false at the end.
func (r *runReader) fill() (bool, error) {
	if r.batch != nil && r.at < r.batch.N {
		return true, nil
	}
	if r.next == len(r.run.frames) {
		return false, nil
	}
	b, err := r.b.file.read(r.run.frames[r.next], r.b.spec.types, &r.fr)
	if err != nil {
		return false, err
	}
	r.next++
	r.batch, r.at = b, 0
	r.keys, r.ends = r.b.spec.encode(b.Cols, nil, b.N, r.keys, r.ends)
	return true, nil
}

func (r *runReader) key() []byte {
	lo := int32(0)
	if r.at > 0 {
		lo = r.ends[r.at-1]
	}
	return r.keys[lo:r.ends[r.at]]
}

func (m *diskMerge) Next(t *Task) (*vector.Batch, Status, error) {
	live := m.runs[:0]
	for _, r := range m.runs {
		ok, err := r.fill()
		if err != nil {
			return nil, Done, err
		}
		if ok {
			r.sel = r.sel[:0]
			live = append(live, r)
		}
	}
	m.runs = live
	if len(live) == 0 || m.left == 0 {
		return nil, Done, nil
	}
	// Rows are picked until the batch is full or a run needs its next frame.
	var order []int32
	for len(order) < m.size && m.left > 0 {
		best := 0
		for r := 1; r < len(live); r++ {
			if bytes.Compare(live[r].key(), live[best].key()) < 0 {
				best = r
			}
		}
		r := live[best]
		order = append(order, int32(best))
		r.sel = append(r.sel, int32(r.at))
		r.at++
		m.left--
		if r.at == r.batch.N {
			break
		}
	}
	m.out = newRowSet(m.b.spec.types)
	next := make([]int, len(live))
	for i, r := range live {
		next[i] = m.out.n
		if len(r.sel) > 0 {
			m.out.add(r.batch.Cols, r.sel, 0)
		}
	}
	m.ids = m.ids[:0]
	for _, r := range order {
		m.ids = append(m.ids, uint32(next[r]))
		next[r]++
	}
	return m.rd.gather(m.out, m.ids), HaveOutput, nil
}

func (m *diskMerge) Close() {}
