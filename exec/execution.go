package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Execution is one run of a plan: Build, Start, Next until it gives nil, Close.
// Start, Next and Close are for one goroutine; Stats is for any.
type Execution struct {
	rt     *Runtime
	job    *job
	nodes  []counters
	budget *Budget

	spill  *spillDir
	result *resultQueue
	pipes  []*pipeline // of the plan itself, not yet started

	ctx     context.Context
	cancel  context.CancelFunc
	unwatch func() bool
	io      sync.WaitGroup
	ioSlots chan struct{}

	stopped     atomic.Bool
	interrupted atomic.Bool // by ctx
	mu          sync.Mutex
	err         error
	live        map[*Task]struct{}
	started     bool
	idle        chan struct{} // closed when no task is left
	onEnd       []func()      // what Close runs last, in reverse order
}

// Start runs the plan's pipelines; the statement ends when ctx does. The cause of
// ctx, if it is an *sql.Error, is what Next then returns.
func (e *Execution) Start(ctx context.Context) {
	e.ctx, e.cancel = context.WithCancel(ctx)
	e.started = true
	// Until every pipeline is set up, one token keeps the statement from being over.
	guard := &Task{exec: e}
	e.live[guard] = struct{}{}
	e.unwatch = context.AfterFunc(ctx, func() {
		e.interrupted.Store(true)
		e.fail(canceled(ctx))
	})
	e.launch(e.pipes, e.result.finish)
	e.pipes = nil
	e.ended(guard)
}

// launch starts pipelines that depend on each other only; done is called when the
// last of them has ended well.
func (e *Execution) launch(pipes []*pipeline, done func()) {
	left := new(atomic.Int64)
	left.Store(int64(len(pipes)))
	for _, p := range pipes {
		p.exec = e
		p.onDone = func() {
			if left.Add(-1) == 0 && done != nil {
				done()
			}
		}
	}
	var ready []*pipeline
	for _, p := range pipes {
		if p.waits.Load() == 0 {
			ready = append(ready, p)
		}
	}
	for _, p := range ready {
		p.start()
	}
}

// canceled turns the end of a context into the statement's error.
func canceled(ctx context.Context) error {
	cause := context.Cause(ctx)
	if e, ok := errors.AsType[*sql.Error](cause); ok {
		return e
	}
	if errors.Is(cause, context.DeadlineExceeded) {
		return sql.Errorf(sql.CodeQueryCanceled, "canceling statement due to statement timeout")
	}
	return &sql.Error{Code: sql.CodeQueryCanceled, Message: "canceling statement due to user request", Cause: cause}
}

// Next returns the next batch of the result, nil at the end. The batch is the
// caller's to keep. Rows before an error are returned before it.
func (e *Execution) Next(ctx context.Context) (*vector.Batch, error) {
	return e.result.next(ctx, e)
}

// Close ends the statement, waits until nothing of it runs any more, and frees
// what it holds. It may be called at any time, and again.
func (e *Execution) Close() {
	if e.started {
		e.unwatch()
		e.fail(errClosed)
		<-e.idle
		e.cancel()
		e.io.Wait()
		e.started = false
	}
	for i := len(e.onEnd) - 1; i >= 0; i-- {
		e.onEnd[i]()
	}
	e.onEnd = nil
	e.spill.close()
	e.budget.drain()
}

// atEnd makes Close call f.
func (e *Execution) atEnd(f func()) {
	e.mu.Lock()
	e.onEnd = append(e.onEnd, f)
	e.mu.Unlock()
}

var errClosed = errors.New("statement closed")

// fail ends the statement with an error; the first one counts.
func (e *Execution) fail(err error) {
	e.mu.Lock()
	if e.err == nil {
		e.err = err
	}
	list := make([]*Task, 0, len(e.live))
	for t := range e.live {
		list = append(list, t)
	}
	e.stopped.Store(true)
	e.mu.Unlock()
	if e.cancel != nil {
		e.cancel()
	}
	for _, t := range list {
		t.Wake()
	}
	e.result.stir()
}

func (e *Execution) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// start queues a new task.
func (e *Execution) start(t *Task) {
	e.mu.Lock()
	e.live[t] = struct{}{}
	e.mu.Unlock()
	e.rt.Pool.enqueue(t)
}

// over reports whether no task runs any more.
func (e *Execution) over() bool {
	select {
	case <-e.idle:
		return true
	default:
		return false
	}
}

func (e *Execution) ended(t *Task) {
	e.mu.Lock()
	delete(e.live, t)
	last := len(e.live) == 0
	e.mu.Unlock()
	if last {
		close(e.idle)
		e.result.stir()
	}
}

// panicked turns a panic into the statement's error and logs it.
func (e *Execution) panicked(r any) error {
	log := e.rt.Log
	if log == nil {
		log = slog.Default()
	}
	stack := debug.Stack()
	log.Error("panic in a task", "panic", fmt.Sprint(r), "stack", string(stack))
	return &sql.Error{Code: sql.CodeInternal, Message: "internal error: " + fmt.Sprint(r),
		Hint: "This is a bug in the server; its log has the details."}
}

// goIO runs f on a goroutine for storage requests; f should hold a slot (ioSlot)
// while it waits for storage. Close waits for it.
func (e *Execution) goIO(f func()) {
	e.io.Add(1)
	go func() {
		defer e.io.Done()
		defer func() {
			if r := recover(); r != nil {
				e.fail(e.panicked(r))
			}
		}()
		f()
	}()
}
