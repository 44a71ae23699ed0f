package exec

import (
	"bytes"
	"math"

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

// mergeWidth is how many runs are merged at once: a frame of each is in memory.
const mergeWidth = 64

// mergeRuns merges neighbouring runs until there are at most mergeWidth, a batch a
// call: HaveOutput means that there is more to do.
func (b *sortBuild) mergeRuns(t *Task) (Status, error) {
	if b.merge == nil {
		if len(b.disk) <= mergeWidth {
			return NeedInput, nil
		}
		limit := b.spec.limit
		if limit <= 0 {
			limit = math.MaxInt64
		}
		// As many as leave mergeWidth, so that no row is read more often than it must be.
		n := min(mergeWidth, len(b.disk)-mergeWidth+1)
		b.merge = &runMerge{in: newDiskMerge(b, b.disk[:n], partRows, limit), n: n}
	}
	batch, st, err := b.merge.in.Next(t)
	if err != nil {
		return Done, err
	}
	if st == HaveOutput {
		f, err := b.file.write(batch.Cols, nil, batch.N)
		b.merge.out.frames = append(b.merge.out.frames, f)
		return HaveOutput, err
	}
	// Merged rows go behind the others: those of equal keys keep no order.
	b.disk = append(b.disk[b.merge.n:], b.merge.out)
	b.merge = nil
	return HaveOutput, nil
}

// runMerge is the merging of n runs into one.
type runMerge struct {
	in  *diskMerge
	n   int
	out diskRun
}

// diskMerge merges sorted runs on disk.
type diskMerge struct {
	b    *sortBuild
	size int
	left int64
	runs []*runReader // that have rows; a heap by their keys
	dry  *runReader   // the run that needs its next frame
	out  *rowSet
	from []*runReader // of each row of the batch in the making
	ids  []uint32
	rd   rowReader
}

// runReader reads one run frame by frame.
type runReader struct {
	b     *sortBuild
	run   diskRun
	no    int // among the runs: of equal keys the first run's comes first
	next  int // frame
	fr    frame
	batch *vector.Batch
	at    int // row of the batch
	keys  []byte
	ends  []int32
	sel   []int32 // rows picked for the output batch in the making
	base  int     // of those, in the batch's rows
}

func newDiskMerge(b *sortBuild, runs []diskRun, size int, limit int64) *diskMerge {
	m := &diskMerge{b: b, size: size, left: limit}
	for i, d := range runs {
		m.runs = append(m.runs, &runReader{b: b, run: d, no: i})
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

// before reports whether a's next row comes before b's.
func (r *runReader) before(o *runReader) bool {
	c := bytes.Compare(r.key(), o.key())
	return c < 0 || c == 0 && r.no < o.no
}

// start reads the first frame of every run.
func (m *diskMerge) start() error {
	live := m.runs[:0]
	for _, r := range m.runs {
		ok, err := r.fill()
		if err != nil {
			return err
		}
		if ok {
			live = append(live, r)
		}
	}
	m.runs, m.out = live, newRowSet(m.b.spec.types)
	for i := len(live)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return nil
}

// sink restores the heap from place i downwards.
func (m *diskMerge) sink(i int) {
	h := m.runs
	for {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h[c+1].before(h[c]) {
			c++
		}
		if !h[c].before(h[i]) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

func (m *diskMerge) Next(t *Task) (*vector.Batch, Status, error) {
	if m.out == nil {
		if err := m.start(); err != nil {
			return nil, Done, err
		}
	}
	if m.dry != nil { // it is the first of the heap
		ok, err := m.dry.fill()
		if err != nil {
			return nil, Done, err
		}
		if !ok {
			last := len(m.runs) - 1
			m.runs[0], m.runs = m.runs[last], m.runs[:last]
		}
		m.sink(0)
		m.dry = nil
	}
	// Rows are picked until the batch is full or a run needs its next frame.
	m.from = m.from[:0]
	for len(m.runs) > 0 && len(m.from) < m.size && m.left > 0 {
		r := m.runs[0]
		m.from = append(m.from, r)
		r.sel = append(r.sel, int32(r.at))
		r.at++
		m.left--
		if r.at == r.batch.N {
			m.dry = r
			break
		}
		m.sink(0)
	}
	if len(m.from) == 0 {
		return nil, Done, nil
	}
	m.out = newRowSet(m.b.spec.types)
	for _, r := range m.runs {
		r.base = m.out.n
		if len(r.sel) > 0 {
			m.out.add(r.batch.Cols, r.sel, 0)
			r.sel = r.sel[:0]
		}
	}
	m.ids = m.ids[:0]
	for _, r := range m.from {
		m.ids = append(m.ids, uint32(r.base))
		r.base++
	}
	return m.rd.gather(m.out, m.ids), HaveOutput, nil
}

func (m *diskMerge) Close() {}
