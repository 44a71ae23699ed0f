package exec

import (
	"sync/atomic"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// yielded is what a chain answers when the time slice is over: there is more to do.
const yielded Status = 100

// stage is an operator of a chain, with the counters of the plan node whose
// output its batches are (nil: none).
type stage struct {
	op   Operator
	node *counters
}

// chain is a source and the operators after it. It is shared by the tasks that
// run it; each has a chainState.
type chain struct {
	src     Source
	srcNode *counters
	ops     []stage
	// cut is 1 + the highest operator that wants no more input: what stands before
	// it is not run any more, in any task.
	cut   atomic.Int32
	runBy waiters // tasks that have a state of it
}

// inputSkipper is an operator that may know before it starts that it needs no
// input (a join with an empty build side).
type inputSkipper interface{ SkipInput() bool }

// stopper is a source with something to stop early (scans).
type stopper interface{ Stop() }

// open is called once, when all that the chain depends on is done.
func (c *chain) open() {
	for i := len(c.ops) - 1; i >= 0; i-- {
		if s, ok := c.ops[i].op.(inputSkipper); ok && s.SkipInput() {
			c.raiseCut(i + 1)
			return
		}
	}
	if o, ok := c.src.(interface{ Open() }); ok {
		o.Open()
	}
}

func (c *chain) raiseCut(to int) {
	for {
		old := c.cut.Load()
		if int(old) >= to {
			return
		}
		if c.cut.CompareAndSwap(old, int32(to)) {
			break
		}
	}
	if s, ok := c.src.(stopper); ok {
		s.Stop()
	}
	c.runBy.wakeAll() // those that wait in an operator that is cut off
}

// tasks is how many tasks can work on the chain.
func (c *chain) tasks() int {
	if c.cut.Load() > 0 {
		return 1
	}
	return c.src.Tasks()
}

// chainState is one task's run of a chain: it gives batches like a source.
type chainState struct {
	c     *chain
	src   SourceState
	ops   []OperatorState
	in    []*vector.Batch // input of operator i that is not used up
	begun int             // operators before this one get no more input (flushed or cut)
	ended bool            // the source is at its end or cut off
	// failed is an error that a row raised, of the operator failedAt, which waits for
	// what stands before that row to be read: see orderedSource.
	failed   error
	failedAt int
}

// orderedSource is the state of a source whose morsels have an order that its tasks
// do not keep. What fails in one is told when all before it has been read, so that
// an error comes where one task would meet it: a LIMIT or a cursor that has its
// rows before that never meets it.
type orderedSource interface {
	// First reports whether nothing before the morsel last given is still to be read;
	// if not, t is woken when it may have become so. The state gives no more after it.
	First(t *Task) bool
}

// ofRow reports whether an error is told by a row, not by the state of the server.
func ofRow(err error) bool {
	switch sql.AsError(err).Code[:2] {
	case "08", "53", "57", "58", "XX":
		return false
	}
	return true
}

func (c *chain) newState(t *Task) (*chainState, error) {
	c.runBy.add(t)
	s := &chainState{c: c, in: make([]*vector.Batch, len(c.ops)+1)}
	for i := range c.ops {
		st, err := c.ops[i].op.NewState(t)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.ops = append(s.ops, st)
		if n := c.ops[i].node; n != nil {
			n.loops.Add(1)
		}
	}
	if c.cut.Load() == 0 {
		var err error
		if s.src, err = c.src.NewState(t); err != nil {
			s.Close()
			return nil, err
		}
		if c.srcNode != nil {
			c.srcNode.loops.Add(1)
		}
	}
	return s, nil
}

// Close releases the states.
func (s *chainState) Close() {
	for _, o := range s.ops {
		o.Close()
	}
	s.ops = nil
	if s.src != nil {
		s.src.Close()
		s.src = nil
	}
}

// Next returns HaveOutput with a batch (which may have no rows), Blocked, Done or yielded.
func (s *chainState) Next(t *Task) (*vector.Batch, Status, error) {
	n := len(s.c.ops)
	for {
		if cut := int(s.c.cut.Load()); cut > s.begun || cut > 0 && !s.ended {
			for i := range cut {
				s.in[i] = nil
			}
			// The source stays open: operators behind the cut may still hold views of
			// its last batch.
			s.begun, s.ended = max(s.begun, cut), true
			if s.failedAt < cut {
				s.failed = nil // of rows that nobody wants
			}
		}
		if s.failed != nil {
			if !s.src.(orderedSource).First(t) {
				return nil, Blocked, nil
			}
			if int(s.c.cut.Load()) > max(s.failedAt, 0) {
				continue // the others are gone because nobody wants more
			}
			return nil, Done, s.failed
		}
		// The deepest operator with input works first.
		i := n - 1
		for i >= 0 && s.in[i] == nil {
			i--
		}
		var (
			out *vector.Batch
			st  Status
			err error
			at  int // index of the operator that gave out; -1 the source
		)
		// A join can make endless rows of one input, all of which may be dropped by
		// those behind it: a stop or the end of the slice is looked for here.
		t0 := time.Now()
		if t0.After(t.until) || t.Stopped() {
			return nil, yielded, nil
		}
		switch {
		case i >= 0:
			out, st, err = s.ops[i].Push(t, s.in[i])
			at = i
			s.spent(at, t0)
			switch {
			case err != nil:
				if s.defers(at, err) {
					continue
				}
				return nil, Done, err
			case st == Blocked:
				return nil, Blocked, nil
			case st == NeedInput:
				s.in[i] = nil
			case st == Done:
				s.in[i] = nil
				s.c.raiseCut(i + 1)
			}
		case !s.ended:
			out, st, err = s.src.Next(t)
			at = -1
			s.spent(at, t0)
			switch {
			case err != nil:
				if s.defers(at, err) {
					continue
				}
				return nil, Done, err
			case st == Blocked || st == yielded:
				return nil, st, nil
			case st == Done:
				s.ended = true
			}
		case s.begun < n:
			out, st, err = s.ops[s.begun].Flush(t)
			at = s.begun
			s.spent(at, t0)
			switch {
			case err != nil:
				if s.defers(at, err) {
					continue
				}
				return nil, Done, err
			case st == Blocked:
				return nil, Blocked, nil
			case st != HaveOutput:
				s.begun++
			}
		default:
			return nil, Done, nil
		}
		if out == nil || out.Rows() == 0 {
			continue
		}
		s.count(at, out.Rows())
		if at+1 == n {
			return out, HaveOutput, nil
		}
		s.in[at+1] = out
	}
}

// defers keeps an error of the operator at (-1: the source) back until it is its turn.
func (s *chainState) defers(at int, err error) bool {
	if _, ok := s.src.(orderedSource); !ok || s.ended || !ofRow(err) {
		return false
	}
	s.failed, s.failedAt = err, at
	return true
}

func (s *chainState) node(at int) *counters {
	if at < 0 {
		return s.c.srcNode
	}
	return s.c.ops[at].node
}

func (s *chainState) spent(at int, t0 time.Time) {
	if n := s.node(at); n != nil {
		n.nanos.Add(int64(time.Since(t0)))
	}
}

func (s *chainState) count(at, rows int) {
	if n := s.node(at); n != nil {
		n.gave(int64(rows))
	}
}

// pipeline is a chain that ends in a sink.
type pipeline struct {
	exec     *Execution
	chain    *chain
	sink     Sink
	sinkNode *counters
	serial   bool // one task only: the order of rows matters
	waits    atomic.Int32
	next     []*pipeline // pipelines that wait for this one
	onDone   func()

	left atomic.Int32 // tasks that have not combined
}

// after makes p wait for q.
func (p *pipeline) after(q *pipeline) {
	for _, x := range q.next {
		if x == p {
			return
		}
	}
	q.next = append(q.next, p)
	p.waits.Add(1)
}

// reaches reports whether p must end before q can start.
func (p *pipeline) reaches(q *pipeline) bool {
	if p == q {
		return true
	}
	for _, x := range p.next {
		if x.reaches(q) {
			return true
		}
	}
	return false
}

// pipeTask is one task's run of a pipeline.
type pipeTask struct {
	p       *pipeline
	chain   *chainState
	sink    SinkState
	pending *vector.Batch
	phase   uint8
}

// Phases of a task.
const (
	phaseRun uint8 = iota
	phaseCombine
	phaseFinish
)

// start makes the tasks and queues them. Errors end the statement.
func (p *pipeline) start() {
	e := p.exec
	if e.stopped.Load() {
		return
	}
	p.chain.open()
	n := 1
	if !p.serial {
		n = max(1, min(p.chain.tasks(), e.rt.workers()))
	}
	p.left.Store(int32(n))
	tasks := make([]*Task, n)
	for i := range tasks {
		pt := &pipeTask{p: p}
		t := &Task{exec: e, Index: i, Count: n, step: pt.step, close: pt.close}
		tasks[i] = t
		var err error
		if pt.chain, err = p.chain.newState(t); err == nil {
			pt.sink, err = p.sink.NewState(t)
		}
		if err != nil {
			for _, t := range tasks[:i+1] {
				t.close(t)
			}
			e.fail(err)
			return
		}
	}
	for _, t := range tasks {
		e.start(t)
	}
}

func (pt *pipeTask) close(*Task) {
	if pt.chain != nil {
		pt.chain.Close()
		pt.chain = nil
	}
	if pt.sink != nil {
		pt.sink.Close()
		pt.sink = nil
	}
}

// step runs the pipeline's part of this task until it blocks or yields.
func (pt *pipeTask) step(t *Task) (Status, error) {
	p := pt.p
	for {
		if t.Stopped() {
			return Done, nil
		}
		switch pt.phase {
		case phaseRun:
			if pt.pending == nil {
				b, st, err := pt.chain.Next(t)
				switch {
				case err != nil:
					return Done, err
				case st == Blocked:
					return Blocked, nil
				case st == yielded:
					return HaveOutput, nil
				case st == Done:
					pt.phase = phaseCombine
					continue
				}
				pt.pending = b
			}
			t0 := time.Now()
			st, err := pt.sink.Push(t, pt.pending)
			if p.sinkNode != nil {
				p.sinkNode.nanos.Add(int64(time.Since(t0)))
			}
			switch {
			case err != nil:
				return Done, err
			case st == Blocked:
				return Blocked, nil
			case st == Done:
				pt.pending = nil
				p.chain.raiseCut(len(p.chain.ops) + 1)
				pt.phase = phaseCombine
				continue
			}
			pt.pending = nil
			if t.Expired() {
				return HaveOutput, nil
			}
		case phaseCombine:
			t0 := time.Now()
			st, err := pt.sink.Combine(t)
			if p.sinkNode != nil {
				p.sinkNode.nanos.Add(int64(time.Since(t0)))
			}
			if err != nil {
				return Done, err
			}
			if st == Blocked {
				return Blocked, nil
			}
			pt.chain.Close()
			pt.chain = nil
			if p.left.Add(-1) > 0 {
				return Done, nil
			}
			pt.phase = phaseFinish
			if s, ok := p.chain.src.(stopper); ok {
				s.Stop()
			}
		case phaseFinish:
			t0 := time.Now()
			st, err := p.sink.Finish(t)
			if p.sinkNode != nil {
				p.sinkNode.nanos.Add(int64(time.Since(t0)))
			}
			if err != nil {
				return Done, err
			}
			switch st {
			case Blocked:
				return Blocked, nil
			case HaveOutput: // more to do
				if t.Expired() {
					return HaveOutput, nil
				}
				continue
			}
			p.done()
			return Done, nil
		}
	}
}

// done starts the pipelines that waited for this one only.
func (p *pipeline) done() {
	for _, q := range p.next {
		if q.waits.Add(-1) == 0 {
			q.start()
		}
	}
	p.onDone()
}
