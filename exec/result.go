package exec

import (
	"context"
	"sync"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// resultDepth is how many batches wait for the client at most.
const resultDepth = 4

// resultQueue is the bounded queue between a statement's tasks and its client.
// Tasks that find it full are parked: no worker is held for a slow client.
type resultQueue struct {
	mu      sync.Mutex
	items   fifo[*vector.Batch]
	n       int
	ended   bool
	blocked waiters
	event   chan struct{} // capacity 1
	// size is the batch size wanted.
	size int
}

func newResultQueue(size int) *resultQueue {
	return &resultQueue{event: make(chan struct{}, 1), size: size}
}

// stir makes next look again.
func (q *resultQueue) stir() {
	select {
	case q.event <- struct{}{}:
	default:
	}
}

func (q *resultQueue) finish() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.stir()
}

func (q *resultQueue) next(ctx context.Context, e *Execution) (*vector.Batch, error) {
	for {
		// Rows before an error are given first, but a cancelled statement ends at once.
		err := e.failure()
		if err != nil && e.interrupted.Load() {
			return nil, err
		}
		last := err != nil && e.over() // the tasks have queued what they had
		q.mu.Lock()
		if q.n > 0 {
			b := q.items.pop()
			q.n--
			q.mu.Unlock()
			q.blocked.wakeAll()
			return b, nil
		}
		ended := q.ended
		q.mu.Unlock()
		if ended {
			return nil, nil
		}
		if last {
			return nil, err
		}
		select {
		case <-q.event:
		case <-ctx.Done():
			return nil, canceled(ctx)
		}
	}
}

// room reports whether a batch may be queued; if not, t will be woken.
func (q *resultQueue) room(t *Task) bool {
	if q.count() < resultDepth {
		return true
	}
	q.blocked.add(t)
	return q.count() < resultDepth
}

// idle reports whether n collected rows should be queued now: they fill a batch and
// there is room, or the client waits.
func (q *resultQueue) idle(n int) bool {
	have := q.count()
	return have == 0 || n >= q.size && have < resultDepth
}

func (q *resultQueue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

func (q *resultQueue) push(b *vector.Batch) {
	q.mu.Lock()
	q.items.push(b)
	q.n++
	q.mu.Unlock()
	q.stir()
}

// resultSink copies batches, compactly, into the queue.
type resultSink struct {
	q     *resultQueue
	types []sql.Type
}

func (s *resultSink) NewState(t *Task) (SinkState, error) { return &resultState{s: s}, nil }

func (s *resultSink) Finish(*Task) (Status, error) { return NeedInput, nil }

type resultState struct {
	s    *resultSink
	cols []*vector.Column
	n    int
}

func (r *resultState) Push(t *Task, in *vector.Batch) (Status, error) {
	q := r.s.q
	if r.n > 0 && r.n+in.Rows() > q.size && !q.room(t) {
		return Blocked, nil
	}
	if r.n > 0 && r.n+in.Rows() > q.size {
		r.flush()
	}
	if r.cols == nil {
		r.cols = make([]*vector.Column, len(r.s.types))
		for i, c := range r.s.types {
			r.cols[i] = vector.NewColumn(c)
		}
	}
	for i, c := range r.cols {
		c.Append(in.Cols[i], in.Sel, in.N)
	}
	r.n += in.Rows()
	if q.idle(r.n) {
		r.flush()
	}
	return NeedInput, nil
}

// flush queues what is collected; it does not ask whether there is room.
func (r *resultState) flush() {
	if r.n == 0 {
		return
	}
	b := &vector.Batch{N: r.n, Cols: make([]*vector.Vec, len(r.cols))}
	for i, c := range r.cols {
		b.Cols[i] = c.Block(0)
	}
	r.s.q.push(b)
	r.cols, r.n = nil, 0
}

func (r *resultState) Combine(t *Task) (Status, error) {
	if r.n > 0 && !r.s.q.room(t) {
		return Blocked, nil
	}
	r.flush()
	return NeedInput, nil
}

// Close queues what is collected: the task has ended, perhaps because another failed.
func (r *resultState) Close() { r.flush() }
