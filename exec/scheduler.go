package exec

import (
	"sync"
	"sync/atomic"
	"time"
)

// slice is how long a task works before it lets others have its worker.
const slice = 4 * time.Millisecond

// Pool is the process-wide set of workers that run the tasks of all statements.
// Statements take turns: a worker takes a task of the statement that has waited
// longest and runs it for a few milliseconds at most.
type Pool struct {
	mu      sync.Mutex
	cond    *sync.Cond
	queue   fifo[*job]
	closed  bool
	workers int
	wg      sync.WaitGroup
}

// job is the run queue of one statement.
type job struct {
	ready  fifo[*Task]
	queued bool // in the pool's queue
}

// NewPool starts a pool of n workers.
func NewPool(n int) *Pool {
	p := &Pool{workers: max(n, 1)}
	p.cond = sync.NewCond(&p.mu)
	for range p.workers {
		p.wg.Go(p.work)
	}
	return p
}

// Workers returns the number of workers.
func (p *Pool) Workers() int { return p.workers }

// Close ends the workers when no task is ready any more; statements must have
// been closed before.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cond.Broadcast()
	p.wg.Wait()
}

func (p *Pool) work() {
	for {
		p.mu.Lock()
		for p.queue.empty() && !p.closed {
			p.cond.Wait()
		}
		if p.queue.empty() {
			p.mu.Unlock()
			return
		}
		j := p.queue.pop()
		t := j.ready.pop()
		if j.ready.empty() {
			j.queued = false
		} else {
			p.queue.push(j)
		}
		p.mu.Unlock()
		t.run()
	}
}

func (p *Pool) enqueue(t *Task) {
	p.mu.Lock()
	j := t.exec.job
	j.ready.push(t)
	if !j.queued {
		j.queued = true
		p.queue.push(j)
	}
	p.mu.Unlock()
	p.cond.Signal()
}

// fifo is a queue that reuses its memory.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) empty() bool { return q.head == len(q.items) }
func (q *fifo[T]) push(x T)    { q.items = append(q.items, x) }
func (q *fifo[T]) pop() T {
	var zero T
	x := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
	case q.head > 64 && q.head > len(q.items)/2:
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return x
}

// State of a task in the scheduler.
const (
	taskQueued int32 = iota
	taskRunning
	taskWoken // running, and Wake was called meanwhile
	taskParked
	taskEnded
)

// Task is a resumable piece of a statement's work. It runs on one worker at a time.
type Task struct {
	exec  *Execution
	step  func(*Task) (Status, error)
	close func(*Task) // releases what the task holds; runs on a worker, after the last step
	state atomic.Int32
	until time.Time // end of the time slice
	// Index is the task's number among the Count tasks of its pipeline.
	Index, Count int
}

// Wake makes a task that answered Blocked run again. It may be called at any
// time, by any goroutine, and too often.
func (t *Task) Wake() {
	for {
		switch s := t.state.Load(); s {
		case taskParked:
			if t.state.CompareAndSwap(s, taskQueued) {
				t.exec.rt.Pool.enqueue(t)
				return
			}
		case taskRunning:
			if t.state.CompareAndSwap(s, taskWoken) {
				return
			}
		default:
			return
		}
	}
}

// Spawn starts another task of the statement. step is called again as long as it
// answers HaveOutput (more to do; it let others have the worker) or Blocked; an
// error ends the statement. done is called once when the task has ended for any
// reason.
func (t *Task) Spawn(step func(*Task) (Status, error), done func()) {
	t.exec.start(&Task{exec: t.exec, step: step, close: func(*Task) { done() }, Count: 1})
}

// Expired reports whether the task's time slice is over.
func (t *Task) Expired() bool { return time.Now().After(t.until) }

// Stopped reports whether the statement has ended by error or cancel: long loops ask.
func (t *Task) Stopped() bool { return t.exec.stopped.Load() }

// run gives the task a time slice on this worker.
func (t *Task) run() {
	t.state.Store(taskRunning)
	st := Done
	if !t.exec.stopped.Load() {
		t.until = time.Now().Add(slice)
		var err error
		st, err = t.guarded()
		if err != nil {
			t.exec.fail(err)
			st = Done
		}
	}
	switch st {
	case HaveOutput:
		t.state.Store(taskQueued)
		t.exec.rt.Pool.enqueue(t)
		return
	case Blocked:
		// A stop between the step's look and the parking has called Wake: see fail.
		if t.state.CompareAndSwap(taskRunning, taskParked) {
			if t.exec.stopped.Load() {
				t.Wake()
			}
			return
		}
		t.state.Store(taskQueued)
		t.exec.rt.Pool.enqueue(t)
		return
	}
	t.state.Store(taskEnded)
	t.finish()
}

func (t *Task) guarded() (st Status, err error) {
	defer func() {
		if r := recover(); r != nil {
			st, err = Done, t.exec.panicked(r)
		}
	}()
	return t.step(t)
}

func (t *Task) finish() {
	defer func() {
		if r := recover(); r != nil {
			t.exec.fail(t.exec.panicked(r))
		}
		t.exec.ended(t)
	}()
	if t.close != nil {
		t.close(t)
	}
}

// waiters are tasks that wait for one event.
type waiters struct {
	mu    sync.Mutex
	tasks []*Task
}

func (w *waiters) add(t *Task) {
	w.mu.Lock()
	w.tasks = append(w.tasks, t)
	w.mu.Unlock()
}

func (w *waiters) wakeAll() {
	w.mu.Lock()
	list := w.tasks
	w.tasks = nil
	w.mu.Unlock()
	for _, t := range list {
		t.Wake()
	}
}
