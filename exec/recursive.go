package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// recursive is a loop of pipelines: the base, then the step over the rows that the
// round before added, until a round adds none.
func (b *builder) recursive(n *physical.Recursive) (*stream, error) {
	src := &recursiveSource{exec: b.e, n: n, types: typesOf(n.Cols), node: b.node(n)}
	var d1, d2 []*pipeline
	src.base, d1 = b.nest(n.BaseInput)
	src.step, d2 = b.nest(n.Step)
	s := b.from(n, src, ids(n.Cols), append(d1, d2...)...)
	s.serial = true
	return s, nil
}

func (b *builder) workTable(n *physical.WorkTable) (*stream, error) {
	store := b.stores[-1-n.WorkID]
	if store == nil {
		return nil, errNoPlan("work table")
	}
	return b.readStore(n, store), nil
}

type recursiveSource struct {
	exec       *Execution
	n          *physical.Recursive
	types      []sql.Type
	node       *counters
	base, step *template
}

func (r *recursiveSource) Tasks() int { return 1 }

func (r *recursiveSource) NewState(*Task) (SourceState, error) {
	s := &recursiveState{r: r}
	if !r.n.All {
		s.seen = newGroupTable(r.types)
		s.grant = r.exec.grant(r.node)
	}
	return s, nil
}

// recursiveState is the loop: round's rows are given out, then become the work
// table of the next round.
type recursiveState struct {
	r       *recursiveSource
	begun   bool
	running bool
	done    atomic.Bool // the running round has ended
	cur     *rowStore   // rows of the round that is being given out
	next    *rowStore   // rows of the round that is running
	at      int
	rd      rowReader
	fr      frame

	mu    sync.Mutex
	seen  *groupTable // UNION: all rows so far
	grant *Grant
}

func (s *recursiveState) Next(t *Task) (*vector.Batch, Status, error) {
	for {
		if s.running {
			if !s.done.Load() {
				return nil, Blocked, nil
			}
			s.running = false
			if s.cur != nil {
				s.cur.free()
			}
			s.cur, s.next, s.at = s.next, nil, 0
			if s.cur.rows == 0 {
				return nil, Done, nil
			}
		}
		if s.cur != nil && s.at < len(s.cur.units) {
			b, err := s.cur.read(s.at, &s.rd, &s.fr)
			s.at++
			return b, HaveOutput, err
		}
		if err := s.round(t); err != nil {
			return nil, Done, err
		}
	}
}

// round starts the base or the next step.
func (s *recursiveState) round(t *Task) error {
	r := s.r
	s.next = r.exec.newRowStore(r.types, r.node)
	part, tmpl := r.n.BaseInput, r.base
	work := map[int]*rowStore{}
	if s.begun {
		part, tmpl = r.n.Step, r.step
		work[-1-r.n.WorkID] = s.cur
	}
	s.begun = true
	pipes, err := tmpl.build(part, work, func(*stream) Sink { return &roundSink{storeSink{s.next}, s} })
	if err != nil {
		return err
	}
	s.done.Store(false)
	s.running = true
	r.exec.nested(t, pipes, func() { s.done.Store(true) })
	return nil
}

func (s *recursiveState) Close() {
	if s.cur != nil {
		s.cur.free()
	}
	if s.next != nil {
		s.next.free()
	}
	s.grant.Close()
}

// roundSink keeps the rows of a round; of UNION only those that are new.
type roundSink struct {
	storeSink
	loop *recursiveState
}

func (r *roundSink) NewState(t *Task) (SinkState, error) {
	return &roundState{storeState{r.store.writer()}, r.loop, nil, nil}, nil
}

type roundState struct {
	storeState
	loop   *recursiveState
	groups []uint32
	sel    []int32
}

func (r *roundState) Push(t *Task, in *vector.Batch) (Status, error) {
	if r.loop.seen == nil {
		return r.storeState.Push(t, in)
	}
	l := r.loop
	n := in.Rows()
	if cap(r.groups) < n {
		r.groups = make([]uint32, max(n, vector.BatchSize))
	}
	groups := r.groups[:n]
	l.mu.Lock()
	old := l.seen.n
	l.seen.insert(in.Cols, in.Sel, in.N, groups)
	err := l.grant.Must(l.seen.bytes())
	fresh := make([]bool, l.seen.n-old)
	l.mu.Unlock()
	if err != nil {
		return Done, err
	}
	r.sel = r.sel[:0]
	for k, g := range groups {
		if int(g) >= old && !fresh[int(g)-old] {
			fresh[int(g)-old] = true
			r.sel = append(r.sel, int32(rowOf(in.Sel, k)))
		}
	}
	if len(r.sel) == 0 {
		return NeedInput, nil
	}
	return NeedInput, r.w.add(in.Cols, r.sel, 0)
}
