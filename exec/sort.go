package exec

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/vector"
)

// topMost is the largest limit for which only the first rows are kept while the
// input comes; above it the whole input is sorted.
const topMost = 100_000

func (b *builder) sort(n *physical.Sort) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	keys, err := sortKeys(s.cols, n.Keys)
	if err != nil {
		return nil, err
	}
	cols := s.cols
	sb := &sortBuild{spec: newSortSpec(typesOf(n.Input.Columns()), keys, n.Limit, b.node(n)), exec: b.e}
	p := b.close(s, sb, b.node(n))
	out := b.from(n, &sortSource{b: sb}, cols, p)
	out.serial = true
	return out, nil
}

// sortBuild is the sink of a sort's input: sorted runs, in memory or on disk.
type sortBuild struct {
	spec  *sortSpec
	exec  *Execution
	mu    sync.Mutex
	runs  []*sortRun
	disk  []diskRun
	file  *spillFile
	hold  []*Grant
	bound atomic.Pointer[[]byte] // TopN: keys from here on are not wanted
	// held, if not 0, bounds the memory of the rows, which wait for a client that pages
	// them; the rest stays in runs on disk.
	held  int64
	merge *runMerge // of runs into a longer one
}

// diskRun is a sorted run in frames.
type diskRun struct{ frames []frameRef }

func (b *sortBuild) NewState(*Task) (SinkState, error) {
	return &sortState{b: b, run: newSortRun(b.spec), grant: b.exec.grant(b.spec.node)}, nil
}

type sortState struct {
	b     *sortBuild
	run   *sortRun
	grant *Grant
	buf   []byte
	ends  []int32
	sel   []int32
	kept  []byte
	keptE []int32
}

func (s *sortState) top() bool {
	l := s.b.spec.limit
	return l > 0 && l <= topMost
}

func (s *sortState) Push(t *Task, in *vector.Batch) (Status, error) {
	spec := s.b.spec
	s.buf, s.ends = spec.encode(in.Cols, in.Sel, in.N, s.buf, s.ends)
	if s.top() {
		s.pushTop(in)
	} else {
		s.run.add(in.Cols, in.Sel, in.N, s.buf, s.ends)
	}
	size := s.run.bytes()
	if s.b.held > 0 && size > s.b.held/int64(t.Count) {
		return NeedInput, s.spill()
	}
	if s.grant.Resize(size) {
		return NeedInput, nil
	}
	if size <= s.b.exec.rt.spillFloor() {
		s.grant.Force(size)
		return NeedInput, nil
	}
	return NeedInput, s.spill()
}

// pushTop adds the rows that may be among the first.
func (s *sortState) pushTop(in *vector.Batch) {
	limit := int(s.b.spec.limit)
	if bound := s.b.bound.Load(); bound != nil {
		s.sel, s.kept, s.keptE = s.sel[:0], s.kept[:0], s.keptE[:0]
		lo := int32(0)
		for k, end := range s.ends {
			key := s.buf[lo:end]
			lo = end
			if bytes.Compare(key, *bound) < 0 {
				s.sel = append(s.sel, int32(rowOf(in.Sel, k)))
				s.kept = append(s.kept, key...)
				s.keptE = append(s.keptE, int32(len(s.kept)))
			}
		}
		if len(s.sel) == 0 {
			return
		}
		s.run.add(in.Cols, s.sel, 0, s.kept, s.keptE)
	} else {
		s.run.add(in.Cols, in.Sel, in.N, s.buf, s.ends)
	}
	if len(s.run.entries) < 2*limit+4*vector.BatchSize {
		return
	}
	s.run.prune(limit)
	s.tighten()
}

// tighten makes the last of limit rows the bound for all tasks.
func (s *sortState) tighten() {
	if int64(len(s.run.entries)) < s.b.spec.limit {
		return
	}
	var rd rowReader
	n := s.run.rows.n
	last := rd.read(s.run.rows, n-1, n)
	key, _ := s.b.spec.encode(last.Cols, nil, 1, nil, nil)
	for {
		old := s.b.bound.Load()
		if old != nil && bytes.Compare(*old, key) <= 0 {
			return
		}
		if s.b.bound.CompareAndSwap(old, &key) {
			return
		}
	}
}

// spill writes the run to disk, sorted.
func (s *sortState) spill() error {
	b := s.b
	if len(s.run.entries) == 0 {
		return nil
	}
	b.mu.Lock()
	if b.file == nil {
		f, err := b.exec.spill.create(b.spec.node)
		if err != nil {
			b.mu.Unlock()
			return err
		}
		b.file = f
	}
	b.mu.Unlock()
	s.run.sort()
	if l := b.spec.limit; l > 0 && int64(len(s.run.entries)) > l {
		s.run.entries = s.run.entries[:l]
	}
	var d diskRun
	var rd rowReader
	ids := make([]uint32, 0, partRows)
	for lo := 0; lo < len(s.run.entries); lo += partRows {
		ids = ids[:0]
		for _, e := range s.run.entries[lo:min(lo+partRows, len(s.run.entries))] {
			ids = append(ids, e.row)
		}
		batch := rd.gather(s.run.rows, ids)
		fr, err := b.file.write(batch.Cols, nil, batch.N)
		if err != nil {
			return err
		}
		d.frames = append(d.frames, fr)
	}
	b.mu.Lock()
	b.disk = append(b.disk, d)
	b.mu.Unlock()
	s.run = newSortRun(b.spec)
	s.grant.Force(0)
	return nil
}

func (s *sortState) Combine(*Task) (Status, error) {
	s.run.sort()
	b := s.b
	b.mu.Lock()
	b.runs = append(b.runs, s.run)
	b.hold = append(b.hold, s.grant)
	b.mu.Unlock()
	s.grant = nil
	return NeedInput, nil
}

func (s *sortState) Close() { s.grant.Close() }

// Finish puts the rows of the runs in memory side by side. Of runs on disk it leaves
// no more than can be merged at once.
func (b *sortBuild) Finish(t *Task) (Status, error) {
	if len(b.disk) > 0 {
		for _, r := range b.runs {
			s := &sortState{b: b, run: r, grant: b.exec.grant(nil)}
			if err := s.spill(); err != nil {
				return Done, err
			}
		}
		b.runs = nil
		for _, g := range b.hold {
			g.Close()
		}
		b.hold = nil
		return b.mergeRuns(t)
	}
	var sets []*rowSet
	var runs []*sortRun
	for _, r := range b.runs {
		if r.rows.n > 0 {
			sets, runs = append(sets, r.rows), append(runs, r)
		}
	}
	all, segs := concatRows(b.spec.types, sets)
	for i, r := range runs {
		r.rows = all
		for j := range r.entries {
			r.entries[j].row += uint32(segs[i].base)
		}
	}
	b.runs = runs
	return NeedInput, nil
}

// sortSource gives the rows in order.
type sortSource struct{ b *sortBuild }

func (s *sortSource) Tasks() int { return 1 }

func (s *sortSource) NewState(t *Task) (SourceState, error) {
	limit := s.b.spec.limit
	if limit <= 0 {
		limit = 1<<63 - 1
	}
	size := t.exec.rt.batchSize()
	if len(s.b.disk) > 0 {
		return newDiskMerge(s.b, s.b.disk, size, limit), nil
	}
	return &memMerge{b: s.b, size: size, left: limit, at: make([]int, len(s.b.runs))}, nil
}

// memMerge merges the runs in memory.
type memMerge struct {
	b    *sortBuild
	size int
	left int64
	at   []int
	ids  []uint32
	rd   rowReader
}

func (m *memMerge) Next(*Task) (*vector.Batch, Status, error) {
	m.ids = m.ids[:0]
	runs := m.b.runs
	for len(m.ids) < m.size && m.left > 0 {
		best := -1
		for r := range runs {
			if m.at[r] == len(runs[r].entries) {
				continue
			}
			if best < 0 || lessEntry(runs[r], m.at[r], runs[best], m.at[best]) {
				best = r
			}
		}
		if best < 0 {
			break
		}
		m.ids = append(m.ids, runs[best].entries[m.at[best]].row)
		m.at[best]++
		m.left--
	}
	if len(m.ids) == 0 {
		return nil, Done, nil
	}
	return m.rd.gather(runs[0].rows, m.ids), HaveOutput, nil
}

// lessEntry compares the heads of two runs.
func lessEntry(a *sortRun, i int, b *sortRun, j int) bool {
	x, y := &a.entries[i], &b.entries[j]
	if x.prefix != y.prefix {
		return x.prefix < y.prefix
	}
	if x.size > 8 || y.size > 8 {
		return bytes.Compare(a.full(x), b.full(y)) < 0
	}
	return false
}

func (m *memMerge) Close() {
	for _, g := range m.b.hold {
		g.Close()
	}
	m.b.hold = nil
}
