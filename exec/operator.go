// Package exec runs physical plans: operators, pipelines, the scheduler, memory
// budgets and spilling. build.go is the only place that maps a physical node to
// operators.
//
// A plan is cut into pipelines at its breakers (hash build, aggregation, sort,
// window, shared plans). A pipeline is Source -> Operator... -> Sink; it runs as
// one or more tasks, each with its own state of every operator. Tasks take
// morsels from the source and push batches to the sink; when all tasks are done
// the sink is finished once, and the pipelines that depend on it may start.
package exec

import (
	"github.com/sluicedb/sluice/vector"
)

// Status is what a resumable call answers.
type Status uint8

// Statuses.
const (
	// NeedInput: the call is done, give more.
	NeedInput Status = iota
	// HaveOutput: a batch is returned; call again with the same input for the rest.
	HaveOutput
	// Blocked: nothing can be done now. The operator has arranged for task.Wake to be
	// called; the task leaves its worker until then, and the same call is repeated.
	Blocked
	// Done: no (more) output will come and no more input is wanted.
	Done
)

// Source produces batches for the tasks of a pipeline.
type Source interface {
	// NewState makes the state of one task.
	NewState(t *Task) (SourceState, error)
	// Tasks is how many tasks can work at once at most; 1 for ordered or tiny sources.
	Tasks() int
}

// SourceState is one task's part of a source.
type SourceState interface {
	// Next returns HaveOutput with a batch (valid until the next call), Blocked, or Done.
	Next(t *Task) (*vector.Batch, Status, error)
	Close()
}

// Operator transforms batches inside a pipeline.
type Operator interface {
	NewState(t *Task) (OperatorState, error)
}

// OperatorState is one task's part of an operator. It starts no goroutine.
type OperatorState interface {
	// Push handles a batch: NeedInput (the input is used up), HaveOutput (a batch,
	// valid until the next call; call again with the same input), Blocked, or Done (no
	// input is wanted any more by any task; they end after what Flush gives).
	// A batch may come with NeedInput and Done too; with Done it is the last.
	Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error)
	// Flush is called at the end of input until it returns Done; HaveOutput passes a batch.
	Flush(t *Task) (*vector.Batch, Status, error)
	Close()
}

// Sink ends a pipeline.
type Sink interface {
	NewState(t *Task) (SinkState, error)
	// Finish is called once, after every task's Combine, possibly several times while
	// it answers Blocked; NeedInput means finished. It may split work into more tasks
	// with Task.Spawn.
	Finish(t *Task) (Status, error)
}

// SinkState is one task's part of a sink.
type SinkState interface {
	// Push takes a batch: NeedInput, Blocked (same batch again), or Done (enough).
	Push(t *Task, in *vector.Batch) (Status, error)
	// Combine hands the task's state to the sink; Blocked to be called again.
	Combine(t *Task) (Status, error)
	Close()
}
