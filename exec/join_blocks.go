package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/vector"
)

// joinBlocks is a build side on disk that cannot be divided by keys: a join without
// any, or marks for which a NULL on either side counts. Each task keeps its probe
// rows too; at the end of its input it reads the build rows piece by piece, as many
// at once as there is memory for, and joins all its probe rows with each piece.
type joinBlocks struct {
	exec *Execution
	spec *joinSpec
	left atomic.Int32 // runs that have not joined everything

	mu      sync.Mutex
	file    *spillFile
	frames  []frameRef
	rows    int
	matched []uint64 // by number of the build row; set with atomic operations
	grant   *Grant   // of matched
}

// add writes rows.
func (b *joinBlocks) add(set *rowSet) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		f, err := b.exec.spill.create(b.spec.node)
		if err != nil {
			return err
		}
		b.file = f
	}
	var rd rowReader
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		batch := rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		f, err := b.file.write(batch.Cols, nil, batch.N)
		if err != nil {
			return err
		}
		b.frames = append(b.frames, f)
		b.rows += batch.N
	}
	return nil
}

// finish is called when all rows are there.
func (b *joinBlocks) finish() error {
	if !b.spec.tracksBuild() {
		return nil
	}
	b.grant = b.exec.grant(b.spec.node)
	b.matched = make([]uint64, (b.rows+63)/64)
	return b.grant.Must(int64(len(b.matched)) * 8)
}

func (b *joinBlocks) free() {
	b.grant.Close()
	if b.file != nil {
		b.file.close()
	}
}

// What is known of a probe row.
const (
	rowHit     uint8 = 1 << iota // it has a match
	rowUnknown                   // marks: a pair's condition was NULL
)

// blockRun is one task's join with a build side in blocks.
type blockRun struct {
	b     *joinBlocks
	p     *prober
	probe *rowStore
	w     *rowWriter
	grant *Grant
	rd    rowReader
	fr    frame

	phase uint8
	frame int // next of the build side
	base  int // number of the first build row of the piece at hand
	unit  int // of the probe side
	begun bool
	known [][]uint8 // by unit and row, if the join asks for it
	fail  error     // raised when the rows before it are out
	// The rows before it are row failAt of unit failUnit's and those of the units before.
	failUnit, failAt int
}

// Phases of a run.
const (
	blockLoad      uint8 = iota // the next piece of the build side
	blockPairs                  // its pairs with all probe rows
	blockRest                   // probe rows for which all pairs have been tried
	blockUnmatched              // build rows, by the task that is last
	blockDone
)

func (b *joinBlocks) run(t *Task) *blockRun {
	b.left.Add(1)
	r := &blockRun{b: b, probe: b.exec.newRowStore(b.spec.probeTypes, b.spec.node), grant: b.exec.grant(b.spec.node)}
	r.w = r.probe.writer()
	r.p = newProber(t, b.spec, &joinTable{})
	return r
}

func (r *blockRun) close() {
	r.w.close()
	r.probe.free()
	r.grant.Close()
}

func (r *blockRun) push(in *vector.Batch) error { return r.w.add(in.Cols, in.Sel, in.N) }

// end is called once, at the end of the probe input.
func (r *blockRun) end() error {
	r.w.close()
	r.failUnit = len(r.probe.units)
	if !r.answersProbe() {
		return nil
	}
	if err := r.grant.Must(r.probe.rows); err != nil {
		return err
	}
	for i := range r.probe.units {
		r.known = append(r.known, make([]uint8, r.probe.units[i].rows()))
	}
	return nil
}

// answersProbe reports whether probe rows come out of the join by themselves.
func (r *blockRun) answersProbe() bool {
	switch r.b.spec.kind {
	case physical.Inner, physical.BuildOuter, physical.BuildSemi, physical.BuildAnti:
		return false
	}
	return true
}

func (r *blockRun) next(t *Task) (*vector.Batch, Status, error) {
	for {
		if t.Stopped() {
			return nil, Done, nil
		}
		switch r.phase {
		case blockLoad:
			more, err := r.load()
			if err != nil {
				return nil, Done, err
			}
			r.unit, r.phase = 0, blockPairs
			if !more {
				r.p.retarget(&joinTable{})
				r.phase = blockRest
			}
		case blockPairs, blockRest:
			b, more, err := r.probeUnits(t)
			if err != nil {
				return nil, Done, err
			}
			if more {
				return b, HaveOutput, nil
			}
			if r.phase == blockPairs {
				r.noteMatched()
				r.phase = blockLoad
				continue
			}
			if r.fail != nil {
				return nil, Done, r.fail
			}
			r.phase = blockDone
			if r.b.left.Add(-1) == 0 && r.b.spec.tracksBuild() {
				r.phase, r.frame, r.base = blockUnmatched, 0, 0
				r.p.retarget(&joinTable{})
			}
		case blockUnmatched:
			if b := r.p.unmatched(); b != nil {
				return b, HaveOutput, nil
			}
			more, err := r.load()
			if err != nil {
				return nil, Done, err
			}
			if !more {
				r.phase = blockDone
			}
		default:
			return nil, Done, nil
		}
	}
}

// probeUnits goes on with the probe rows; more is false when there are no more.
func (r *blockRun) probeUnits(t *Task) (b *vector.Batch, more bool, err error) {
	for {
		if !r.begun {
			last := min(r.failUnit, len(r.probe.units)-1)
			if r.phase == blockRest && !r.answersProbe() || r.unit > last || r.unit == r.failUnit && r.failAt == 0 {
				return nil, false, nil
			}
			in, err := r.probe.read(r.unit, &r.rd, &r.fr)
			if err != nil {
				return nil, false, err
			}
			in.Seq = 0 // the join gives out rows of other places too
			n := in.N
			if r.unit == r.failUnit {
				n = r.failAt
			}
			r.p.startPart(in, n, r.phase == blockPairs)
			if r.known != nil {
				for k, f := range r.known[r.unit][:n] {
					r.p.hit[k], r.p.nul[k] = f&rowHit != 0, f&rowUnknown != 0
				}
			}
			r.begun = true
		}
		b, err = r.p.next(t)
		if err != nil {
			return nil, false, err
		}
		if !r.p.done() {
			return b, true, nil
		}
		if r.phase == blockPairs {
			r.note()
		}
		r.begun = false
		r.unit++
		if b != nil || t.Expired() {
			return b, true, nil
		}
	}
}

// note keeps what is known of the unit's rows.
func (r *blockRun) note() {
	p := r.p
	if r.known != nil {
		for k := range p.groups {
			var f uint8
			if p.hit[k] {
				f |= rowHit
			}
			if p.nul[k] {
				f |= rowUnknown
			}
			r.known[r.unit][k] = f
		}
	}
	if p.fail != nil {
		r.fail, r.failUnit, r.failAt = p.fail, r.unit, p.failAt
		p.fail = nil
	}
}

// load makes the table of the next piece of the build side.
func (r *blockRun) load() (bool, error) {
	b := r.b
	own := r.probe.rows // of known
	if r.known == nil {
		own = 0
	}
	r.base += r.p.table.n
	if r.frame == len(b.frames) {
		r.grant.Force(own)
		return false, nil
	}
	set := newRowSet(b.spec.types)
	var fr frame
	for r.frame < len(b.frames) {
		batch, err := b.file.read(b.frames[r.frame], b.spec.types, &fr)
		if err != nil {
			return false, err
		}
		set.add(batch.Cols, nil, batch.N)
		r.frame++
		size := set.bytes() + 8*int64(set.n)
		if r.grant.Resize(own + size) {
			continue
		}
		r.grant.Force(own + size)
		if size > b.exec.rt.spillFloor() {
			break
		}
	}
	table := newJoinTable(b.spec.types, b.spec.keys, []*rowSet{set})
	if b.matched != nil {
		table.matched = make([]uint64, (table.n+63)/64)
		if r.phase == blockUnmatched {
			for i := range table.n {
				if n := r.base + i; b.matched[n>>6]>>(n&63)&1 != 0 {
					table.matched[i>>6] |= 1 << (i & 63)
				}
			}
		}
	}
	r.grant.Force(own + table.bytes())
	r.p.retarget(table)
	return true, nil
}

// noteMatched tells the other tasks which rows of the piece had a match.
func (r *blockRun) noteMatched() {
	for w, bits := range r.p.table.matched {
		for i := range 64 {
			if bits>>i&1 != 0 {
				n := r.base + w*64 + i
				atomic.OrUint64(&r.b.matched[n>>6], 1<<(n&63))
			}
		}
	}
}
