package exec

import (
	"context"
	"errors"
	"sync"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func errNoLake(name string) error {
	return sql.Errorf(sql.CodeInternal, "there is no way to read table %q", name)
}

func errNoPlan(name string) error {
	return sql.Errorf(sql.CodeInternal, "there is no plan for %q", name)
}

func (b *builder) virtualScan(n *physical.VirtualScan) (*stream, error) {
	if n.Table.Kind == model.KindTemp {
		return b.tempScan(n)
	}
	if b.e.rt.Relations == nil {
		return nil, errNoLake(n.Table.Name)
	}
	src := &virtualSource{
		exec: b.e, types: typesOf(n.Read),
		req: &RelationRequest{Table: n.Table, Ords: n.Ords, Columns: virtualColumns(n.Read, n.Ords, n), Conjuncts: n.Filter, Env: b.e.rt.Env},
	}
	src.room = sync.NewCond(&src.mu)
	s := &stream{chain: &chain{src: src}, cols: ids(n.Read)}
	node := b.node(n)
	if len(n.Filter) == 0 {
		s.chain.srcNode = node
		return s, nil
	}
	return s, b.addFilter(s, n.Filter, node)
}

// virtualDepth is how many batches of a virtual relation wait to be taken.
const virtualDepth = 8

// virtualSource gives the rows of a computed relation; they are computed on a
// goroutine, since that may ask the catalog's store.
type virtualSource struct {
	exec  *Execution
	req   *RelationRequest
	types []sql.Type

	mu      sync.Mutex
	room    *sync.Cond
	queue   fifo[*rowSet]
	n       int
	ended   bool
	stopped bool
	wait    waiters
}

func (v *virtualSource) Tasks() int { return 1 }

// Open starts the relation's computation.
func (v *virtualSource) Open() {
	ctx := v.exec.ctx
	v.exec.goIO(func() {
		stop := context.AfterFunc(ctx, v.Stop)
		defer stop()
		set := newRowSet(v.types)
		err := v.exec.rt.Relations.Rows(ctx, v.req, func(row []sql.Value) error {
			for i, c := range set.cols {
				c.AppendValue(row[i])
			}
			set.n++
			if set.n < v.exec.rt.batchSize() {
				return nil
			}
			full := set
			set = newRowSet(v.types)
			return v.push(full)
		})
		if err == nil && set.n > 0 {
			err = v.push(set)
		}
		if err != nil && !errors.Is(err, errScanStopped) && ctx.Err() == nil {
			v.exec.fail(err)
		}
		v.mu.Lock()
		v.ended = true
		v.mu.Unlock()
		v.wait.wakeAll()
	})
}

func (v *virtualSource) push(set *rowSet) error {
	v.mu.Lock()
	for v.n >= virtualDepth && !v.stopped {
		v.room.Wait()
	}
	if v.stopped {
		v.mu.Unlock()
		return errScanStopped
	}
	v.queue.push(set)
	v.n++
	v.mu.Unlock()
	v.wait.wakeAll()
	return nil
}

// Stop ends the computation at its next row.
func (v *virtualSource) Stop() {
	v.mu.Lock()
	v.stopped = true
	v.mu.Unlock()
	v.room.Broadcast()
	v.wait.wakeAll()
}

func (v *virtualSource) NewState(*Task) (SourceState, error) { return &virtualState{v: v}, nil }

type virtualState struct {
	v  *virtualSource
	rd rowReader
}

func (s *virtualState) Next(t *Task) (*vector.Batch, Status, error) {
	v := s.v
	set, end := v.pop()
	if set == nil && !end {
		v.wait.add(t)
		if set, end = v.pop(); set == nil && !end {
			return nil, Blocked, nil
		}
	}
	if set == nil {
		return nil, Done, nil
	}
	return s.rd.read(set, 0, set.n), HaveOutput, nil
}

func (v *virtualSource) pop() (set *rowSet, end bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.n == 0 {
		return nil, v.ended || v.stopped
	}
	v.n--
	v.room.Signal()
	return v.queue.pop(), false
}

func (s *virtualState) Close() {}
