package exec

import (
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// side tells where a column of a join's output comes from.
type side uint8

const (
	fromProbe side = iota
	fromBuild
	fromMark
)

// joinCol is a column of a join's output or of its residual's input.
type joinCol struct {
	side side
	at   int // column of the probe batch, or of the stored build rows
	typ  sql.Type
	twin int // of a build column: 1 + the probe column that is the same in every pair; 0: none
}

// joinSpec is a join as planned.
type joinSpec struct {
	kind       physical.JoinKind
	keys       []joinKey
	store      []int      // columns of the build input that are kept
	types      []sql.Type // of the kept columns
	probeTypes []sql.Type
	out        []joinCol
	residual   *expr.Program // conditions over pairs
	conds      int
	resIn      []joinCol
	three      *expr.Program // the residual as one three-valued condition, for marks
	markNulls  bool
	node       *counters
	publish    []physical.Publish
	publishTo  []*expr.RuntimeFilter // by the position in publish
}

// joinBuild is the build side: the sink of its pipeline and what it leaves.
type joinBuild struct {
	spec  *joinSpec
	exec  *Execution
	mu    sync.Mutex
	sets  []*rowSet
	hold  []*Grant
	table *joinTable
	own   *Grant // of the table
	// On disk, if they did not fit: in parts by the hash of their keys, or in blocks.
	parts  *joinParts
	blocks *joinBlocks
	spilt  atomic.Bool
}

func (b *joinBuild) NewState(*Task) (SinkState, error) {
	return &joinBuildState{b: b, set: newRowSet(b.spec.types), grant: b.exec.grant(b.spec.node), cols: make([]*vector.Vec, len(b.spec.store))}, nil
}

type joinBuildState struct {
	b     *joinBuild
	set   *rowSet
	grant *Grant
	cols  []*vector.Vec
	part  *partWriter
}

func (s *joinBuildState) Push(_ *Task, in *vector.Batch) (Status, error) {
	for i, c := range s.b.spec.store {
		s.cols[i] = in.Cols[c]
	}
	if s.part != nil {
		return NeedInput, s.part.add(s.cols, in.Sel, in.N)
	}
	s.set.add(s.cols, in.Sel, in.N)
	// The index over the rows takes about 8 bytes a row.
	size := s.set.bytes() + 8*int64(s.set.n)
	if s.b.spilt.Load() || !s.grant.Resize(size) {
		return NeedInput, s.overflow(size)
	}
	return NeedInput, nil
}

// overflow is called when the budget refuses the rows: they go to disk, divided by
// the hash of their keys if the join can be done in parts.
func (s *joinBuildState) overflow(size int64) error {
	b := s.b
	if size <= b.exec.rt.spillFloor() && !(b.spilt.Load() && b.spec.divisible()) {
		s.grant.Force(size)
		return nil
	}
	b.spilt.Store(true)
	if b.spec.divisible() {
		return s.divide()
	}
	return s.block()
}

// block moves the task's rows to the blocks.
func (s *joinBuildState) block() error {
	b := s.b
	b.mu.Lock()
	if b.blocks == nil {
		b.blocks = &joinBlocks{exec: b.exec, spec: b.spec}
	}
	b.mu.Unlock()
	err := b.blocks.add(s.set)
	s.set = newRowSet(b.spec.types)
	s.grant.Force(0)
	return err
}

// divide moves the task's rows to the partitions.
func (s *joinBuildState) divide() error {
	b := s.b
	b.mu.Lock()
	if b.parts == nil {
		b.parts = newJoinParts(b.exec, b.spec)
	}
	parts := b.parts
	b.mu.Unlock()
	s.part = parts.build.writer(0)
	err := s.part.addSet(s.set)
	s.set = newRowSet(b.spec.types)
	s.grant.Force(0)
	return err
}

func (s *joinBuildState) Combine(*Task) (Status, error) {
	b := s.b
	if b.spilt.Load() && s.part == nil {
		if !b.spec.divisible() {
			return NeedInput, s.block()
		}
		if err := s.divide(); err != nil {
			return NeedInput, err
		}
	}
	if s.part != nil {
		return NeedInput, s.part.close()
	}
	b.mu.Lock()
	b.sets = append(b.sets, s.set)
	b.hold = append(b.hold, s.grant)
	b.mu.Unlock()
	s.grant = nil
	return NeedInput, nil
}

func (s *joinBuildState) Close() { s.grant.Close() }

func (b *joinBuild) Finish(*Task) (Status, error) {
	if b.spilt.Load() {
		if err := b.spill(); err != nil {
			return Done, err
		}
		b.spec.publishNothing()
		return NeedInput, nil
	}
	b.table = newJoinTable(b.spec.types, b.spec.keys, b.sets)
	b.sets = nil
	b.own = b.exec.grant(b.spec.node)
	for _, g := range b.hold {
		g.Close()
	}
	b.own.Force(b.table.bytes())
	if b.spec.tracksBuild() {
		b.table.matched = make([]uint64, (b.table.rows.n+63)/64)
	}
	b.spec.publishFrom(b.table)
	return NeedInput, nil
}

// spill moves the rows of tasks that combined before another found the budget used
// up to where the others are.
func (b *joinBuild) spill() error {
	defer func() {
		b.sets = nil
		for _, g := range b.hold {
			g.Close()
		}
	}()
	if b.blocks != nil {
		for _, set := range b.sets {
			if err := b.blocks.add(set); err != nil {
				return err
			}
		}
		return b.blocks.finish()
	}
	w := b.parts.build.writer(0)
	for _, set := range b.sets {
		if err := w.addSet(set); err != nil {
			return err
		}
	}
	return w.close()
}

// release gives up the table.
func (b *joinBuild) release() {
	b.own.Close()
	b.own, b.table = nil, nil
	if b.parts != nil {
		b.parts.build.free()
		if b.parts.probe != nil {
			b.parts.probe.free()
		}
	}
	if b.blocks != nil {
		b.blocks.free()
	}
}

// tracksBuild reports whether the join must know which build rows had a match.
func (s *joinSpec) tracksBuild() bool {
	switch s.kind {
	case physical.BuildOuter, physical.FullOuter, physical.BuildSemi, physical.BuildAnti:
		return true
	}
	return false
}

// divisible reports whether the join may be done in parts by the hash of the keys.
func (s *joinSpec) divisible() bool {
	return len(s.keys) > 0 && !(s.kind == physical.ProbeMark && s.markNulls)
}

// emptyEnds reports whether there is no output if there is no build row.
func (s *joinSpec) emptyEnds() bool {
	switch s.kind {
	case physical.Inner, physical.ProbeSemi, physical.BuildOuter, physical.BuildSemi, physical.BuildAnti:
		return true
	}
	return false
}
