package exec

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

// How far a scan reads ahead.
const (
	aheadFiles   = 32       // files opened but not read
	aheadMorsels = 32       // morsels fetched but not read
	aheadBytes   = 16 << 20 // bytes of them, but always one morsel: keeps 1 GB/s busy at 20 ms; see Runtime.Held
	listedFiles  = 1024     // files listed but not opened
)

// ScanColumns describes the columns that a scan reads for storage.
func ScanColumns(n *physical.TableScan) ([]format.Column, error) {
	all := n.Table.AllColumns()
	out := make([]format.Column, len(n.Read))
	for i, c := range n.Read {
		out[i] = format.Column{ID: c.ID, Name: all[n.Ords[i]].Name, Hive: all[n.Ords[i]].Hive, Type: c.T}
	}
	return out, nil
}

func (b *builder) tableScan(n *physical.TableScan) (*stream, error) {
	if b.e.rt.Lake == nil {
		return nil, errNoLake(n.Table.Name)
	}
	access, err := b.e.rt.Lake.Open(n.Table)
	if err != nil {
		return nil, err
	}
	cols, err := ScanColumns(n)
	if err != nil {
		return nil, err
	}
	deliver := slices.Concat(n.Cols, n.KeepCols)
	outAt, err := positions(ids(n.Read), deliver)
	if err != nil {
		return nil, err
	}
	node := b.node(n)
	filters, on := b.filterRefs(n.Filters)
	s := &scanSource{
		exec: b.e, node: node, access: access, est: n.Est.Rows,
		req: &format.Request{Env: b.e.rt.Env, Store: access.Store, Columns: cols, Output: outAt, Conjuncts: n.Filter,
			Filters: filters, FilterCols: on, Metrics: node.scan, RowLimit: n.Limit},
		list: &table.Request{Table: n.Table, Columns: cols, Conjuncts: n.Filter, Filters: filters, FilterCols: on,
			Env: b.e.rt.Env, Store: access.Store, Partition: access.Partitions, Metrics: node.files},
	}
	s.room = sync.NewCond(&s.mu)
	out := b.from(n, s, ids(deliver))
	for _, f := range n.Filters {
		out.wants = append(out.wants, f.ID)
	}
	if n.Keep > 0 {
		b.keep(out, n)
	}
	if n.Reuse != nil {
		return out, b.reuse(out, n)
	}
	return out, nil
}

// filterRefs finds the runtime filters of a scan and the columns they are on.
func (b *builder) filterRefs(refs []physical.FilterRef) (list []*expr.RuntimeFilter, on []expr.ColumnID) {
	for _, f := range refs {
		list = append(list, b.runtimeFilter(f.ID))
		on = append(on, f.Col)
	}
	return list, on
}

// runtimeFilter is the filter with the plan's number.
func (b *builder) runtimeFilter(id int) *expr.RuntimeFilter {
	f := b.filters[id]
	if f == nil {
		f = expr.NewRuntimeFilter()
		b.filters[id] = f
	}
	return f
}

// scanSource reads a lake table: a goroutine lists files, others open them and
// fetch morsels ahead, tasks decode. Morsels are given out in order of file and
// place if one task reads, else as they arrive; errors of rows are told in that order.
type scanSource struct {
	exec   *Execution
	node   *counters
	access TableAccess
	req    *format.Request
	list   *table.Request
	est    float64 // rows expected

	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	room     *sync.Cond // the lister waits for it
	files    []*scanFile
	unopened int
	opening  int
	window   []*scanMorsel // fetched or being fetched, in order
	fetching int
	bytes    int64
	listed   bool
	stopped  bool
	halt     sync.Once
	wait     waiters

	taken   int64        // morsels put in the window so far
	readers []*scanState // of the tasks that read
	turns   waiters      // tasks that wait for their turn to fail
}

type scanFile struct {
	task    *format.FileTask
	started bool
	opened  bool
	morsels []format.Morsel
}

type scanMorsel struct {
	m     format.Morsel
	seq   int64 // its place among the scan's morsels
	bytes int64
	ready bool
}

// Open starts listing. The pipelines that publish the scan's filters have ended.
func (s *scanSource) Open() {
	io := object.Meter(s.exec.ctx).Child()
	s.node.io.Store(io)
	s.ctx, s.cancel = context.WithCancel(object.WithMeter(s.exec.ctx, io))
	context.AfterFunc(s.ctx, s.Stop)
	s.exec.atEnd(s.Stop)
	s.exec.goIO(func() {
		err := s.access.Files.Files(s.ctx, s.list, s.listedFile)
		s.mu.Lock()
		s.listed = true
		s.mu.Unlock()
		s.report(err)
		s.pump()
		s.wait.wakeAll()
	})
}

var errScanStopped = errors.New("scan stopped")

// report ends the statement if err is an error of storage.
func (s *scanSource) report(err error) {
	if err == nil || errors.Is(err, errScanStopped) || s.ctx.Err() != nil {
		return
	}
	s.exec.fail(err)
}

func (s *scanSource) listedFile(t *format.FileTask) error {
	s.mu.Lock()
	for s.unopened >= listedFiles && !s.stopped {
		s.room.Wait()
	}
	if s.stopped {
		s.mu.Unlock()
		return errScanStopped
	}
	s.files = append(s.files, &scanFile{task: t})
	s.unopened++
	s.mu.Unlock()
	s.pump()
	return nil
}

// pump starts the opens and fetches that there is room for.
func (s *scanSource) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	slots := s.exec.rt.io()
	for i, f := range s.files {
		if i >= aheadFiles || s.opening >= slots {
			break
		}
		if !f.started {
			f.started = true
			s.opening++
			s.unopened--
			s.exec.goIO(func() { s.open(f) })
		}
	}
	s.room.Signal()
	for len(s.files) > 0 && s.fetching < slots && len(s.window) < aheadMorsels {
		f := s.files[0]
		if !f.opened {
			break
		}
		if len(f.morsels) == 0 {
			s.files[0] = nil
			s.files = s.files[1:]
			continue
		}
		m := f.morsels[0]
		size := m.Bytes()
		if s.bytes > 0 && s.bytes+size > s.exec.rt.aheadBytes() {
			break
		}
		f.morsels = f.morsels[1:]
		w := &scanMorsel{m: m, seq: s.taken, bytes: size}
		s.taken++
		s.window = append(s.window, w)
		s.bytes += size
		s.fetching++
		s.exec.goIO(func() { s.fetch(w) })
	}
}

// slot takes one of the statement's slots for storage requests.
func (s *scanSource) slot(f func()) {
	select {
	case s.exec.ioSlots <- struct{}{}:
		f()
		<-s.exec.ioSlots
	case <-s.ctx.Done():
	}
}

func (s *scanSource) open(f *scanFile) {
	var list []format.Morsel
	err := error(errScanStopped)
	s.slot(func() { list, err = s.access.Format.Open(s.ctx, f.task, s.req) })
	s.report(err)
	s.mu.Lock()
	s.opening--
	f.opened, f.morsels = true, list
	s.mu.Unlock()
	s.pump()
	s.wait.wakeAll()
}

func (s *scanSource) fetch(w *scanMorsel) {
	err := error(errScanStopped)
	if w.m.Prune() {
		err = nil // looked at again, and dropped, by the task that takes it
	} else {
		s.slot(func() { err = w.m.Fetch(s.ctx) })
	}
	s.report(err)
	s.mu.Lock()
	s.fetching--
	w.ready = true
	stopped := s.stopped
	s.mu.Unlock()
	if stopped {
		w.m.Release()
		return
	}
	s.pump()
	s.wait.wakeAll()
}

// Stop ends the reading ahead and gives up what was fetched and not read.
func (s *scanSource) Stop() { s.halt.Do(s.stop) }

func (s *scanSource) stop() {
	s.mu.Lock()
	s.stopped = true
	var ready []*scanMorsel
	for _, w := range s.window {
		if w.ready { // the others are released when their fetch ends
			ready = append(ready, w)
		}
	}
	s.window, s.files = nil, nil
	s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	s.room.Broadcast()
	for _, w := range ready {
		w.m.Release()
	}
	s.wait.wakeAll()
}

// Tasks is 1 if few rows are wanted: then they are the first of the table.
func (s *scanSource) Tasks() int {
	for _, wanted := range []float64{s.est, float64(s.req.RowLimit)} {
		if wanted > 0 && wanted < 4*vector.BatchSize {
			return 1
		}
	}
	return 1 << 16
}

func (s *scanSource) NewState(t *Task) (SourceState, error) {
	r := &scanState{s: s, ordered: t.Count == 1, at: noMorsel}
	s.mu.Lock()
	s.readers = append(s.readers, r)
	s.mu.Unlock()
	return r, nil
}

type scanState struct {
	s       *scanSource
	ordered bool
	reader  format.Reader
	cur     *scanMorsel

	at     int64 // seq of the morsel it reads or noMorsel; guarded by s.mu
	failed bool  // it reads no more, for a row of that morsel raised an error; guarded by s.mu
}

const noMorsel = math.MaxInt64

// First implements orderedSource.
func (r *scanState) First(t *Task) bool {
	s := r.s
	s.turns.add(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.failed = true
	left := s.window // what somebody may still take
	if !slices.ContainsFunc(s.readers, func(o *scanState) bool { return !o.failed }) {
		left = nil
	}
	return !slices.ContainsFunc(left, func(w *scanMorsel) bool { return w.seq < r.at }) &&
		!slices.ContainsFunc(s.readers, func(o *scanState) bool { return o.at < r.at })
}

// leave takes a task that ended out of the readers.
func (r *scanState) leave() {
	s := r.s
	s.mu.Lock()
	s.readers = slices.DeleteFunc(s.readers, func(o *scanState) bool { return o == r })
	s.mu.Unlock()
	s.turns.wakeAll()
}

// take gives the next fetched morsel, none behind one that a row's error is held back
// of; end is true when there are no more.
func (r *scanState) take() (w *scanMorsel, end bool) {
	s := r.s
	defer s.turns.wakeAll()
	s.mu.Lock()
	defer s.mu.Unlock()
	last := int64(noMorsel)
	for _, o := range s.readers {
		if o.failed {
			last = min(last, o.at)
		}
	}
	for i, w := range s.window {
		if w.seq > last {
			break
		}
		if w.ready {
			copy(s.window[i:], s.window[i+1:])
			s.window[len(s.window)-1] = nil
			s.window = s.window[:len(s.window)-1]
			r.at = w.seq
			return w, false
		}
		if r.ordered {
			break
		}
	}
	r.at = noMorsel
	return nil, s.stopped || last == noMorsel && s.listed && len(s.window) == 0 && len(s.files) == 0
}

func (s *scanSource) release(w *scanMorsel) {
	w.m.Release()
	s.mu.Lock()
	s.bytes -= w.bytes
	s.mu.Unlock()
	s.pump()
}

func (r *scanState) Next(t *Task) (*vector.Batch, Status, error) {
	s := r.s
	for {
		if t.Stopped() {
			return nil, Done, nil
		}
		if r.cur != nil {
			b, err := r.reader.Next()
			if err != nil {
				_, cause, _ := rowError(err)
				return nil, Done, cause
			}
			if b != nil {
				return b, HaveOutput, nil
			}
			s.release(r.cur)
			r.cur = nil
			if t.Expired() {
				return nil, yielded, nil
			}
		}
		w, end := r.take()
		if w == nil && !end {
			s.wait.add(t)
			if w, end = r.take(); w == nil && !end {
				return nil, Blocked, nil
			}
		}
		if w == nil {
			return nil, Done, nil
		}
		if w.m.Prune() {
			s.release(w)
			continue
		}
		if r.reader == nil {
			r.reader = s.access.Format.NewReader(s.req)
		}
		if err := r.reader.Start(s.ctx, w.m); err != nil {
			w.m.Release()
			return nil, Done, err
		}
		r.cur = w
	}
}

func (r *scanState) Close() {
	if r.reader != nil {
		r.reader.Close()
		r.reader = nil
	}
	if r.cur != nil {
		r.cur.m.Release()
		r.cur = nil
	}
	r.leave()
}

// virtualColumns describes the columns of a virtual relation.
func virtualColumns(cols []logical.Col, ords []int, n *physical.VirtualScan) []format.Column {
	all := n.Table.AllColumns()
	out := make([]format.Column, len(cols))
	for i, c := range cols {
		out[i] = format.Column{ID: c.ID, Name: all[ords[i]].Name, Type: c.T}
	}
	return out
}
