package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// window sorts the input by partition and order and computes the calls over it.
func (b *builder) window(n *physical.Window) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	types := typesOf(n.Input.Columns())
	part := make([]physical.SortKey, len(n.Partition))
	for i, c := range n.Partition {
		part[i] = physical.SortKey{Col: c}
	}
	pk, err := sortKeys(s.cols, part)
	if err != nil {
		return nil, err
	}
	ok, err := sortKeys(s.cols, n.OrderBy)
	if err != nil {
		return nil, err
	}
	spec := &windowSpec{n: n, types: types, part: newSortSpec(types, pk, 0, nil), order: newSortSpec(types, ok, 0, nil), node: b.node(n)}
	for i := range n.Calls {
		c, err := newWindowCall(&n.Calls[i], s.cols)
		if err != nil {
			return nil, err
		}
		spec.calls = append(spec.calls, c)
		spec.out = append(spec.out, n.Calls[i].T)
	}
	if err := spec.frame(s.cols); err != nil {
		return nil, err
	}
	cols := append([]expr.ColumnID(nil), s.cols...)
	for i := range n.Calls {
		cols = append(cols, n.Calls[i].Out)
	}
	sb := &sortBuild{spec: newSortSpec(types, append(append([]sortKey(nil), pk...), ok...), 0, b.node(n)), exec: b.e}
	p := b.close(s, sb, b.node(n))
	out := &stream{chain: &chain{src: &sortSource{b: sb}}, deps: []*pipeline{p}, serial: true}
	out.then(&windowOp{spec}, b.node(n), cols)
	return out, nil
}

// windowSpec is a window as planned.
type windowSpec struct {
	n           *physical.Window
	types       []sql.Type
	part, order *sortSpec
	calls       []*windowCall
	out         []sql.Type
	node        *counters

	mode       parse.FrameMode
	start, end parse.BoundKind
	exclude    parse.Exclude
	offsets    *expr.Program // start's and end's offset
	startAt    int           // positions in offsets; -1 none
	endAt      int
	bounds     *expr.Program // RANGE with offsets: the value at each bound, over the order column
	startBound int
	endBound   int
}

// windowCall is a call as compiled.
type windowCall struct {
	call   *expr.WindowCall
	args   []windowArg
	filter *windowArg
	types  []sql.Type
}

// windowArg is a column of the input or a constant.
type windowArg struct {
	col int // -1: constant
	val sql.Value
}

func newWindowArg(e expr.Expr, cols []expr.ColumnID) (windowArg, error) {
	switch x := e.(type) {
	case *expr.Col:
		at, err := position(cols, x.ID)
		return windowArg{col: at}, err
	case *expr.Const:
		return windowArg{col: -1, val: x.V}, nil
	}
	return windowArg{}, sql.Errorf(sql.CodeInternal, "an argument of a window function is neither a column nor a constant")
}

func newWindowCall(c *expr.WindowCall, cols []expr.ColumnID) (*windowCall, error) {
	w := &windowCall{call: c}
	for _, a := range c.Args {
		x, err := newWindowArg(a, cols)
		if err != nil {
			return nil, err
		}
		w.args = append(w.args, x)
		w.types = append(w.types, a.Type())
	}
	if c.Filter != nil {
		x, err := newWindowArg(c.Filter, cols)
		if err != nil {
			return nil, err
		}
		w.filter = &x
	}
	return w, nil
}

// frame prepares the window's frame.
func (s *windowSpec) frame(cols []expr.ColumnID) error {
	f := &s.n.Frame
	s.mode, s.start, s.end = parse.FrameRange, parse.UnboundedPreceding, parse.CurrentRow
	s.startAt, s.endAt, s.startBound, s.endBound = -1, -1, -1, -1
	if !f.Set {
		return nil
	}
	s.mode, s.exclude = parse.FrameMode(f.Mode), parse.Exclude(f.Exclude)
	s.start, s.end = parse.BoundKind(f.Start.Kind), parse.BoundKind(f.End.Kind)
	offset := func(k parse.BoundKind) bool { return k == parse.OffsetPreceding || k == parse.OffsetFollowing }
	var list, bounds []expr.Expr
	// A bound on the side of the smaller values is key - offset.
	bound := func(k parse.BoundKind, off expr.Expr) {
		key := s.n.OrderBy[0]
		fn := f.RangeSub
		if (k == parse.OffsetFollowing) != key.Desc {
			fn = f.RangeAdd
		}
		t := sql.T(fn.Ret)
		if fn.RetType != nil {
			t = fn.RetType([]sql.Type{key.Col.T, off.Type()})
		}
		bounds = append(bounds, &expr.Call{Fn: fn, Args: []expr.Expr{key.Col.Ref(), off}, T: t})
	}
	ranges := s.mode == parse.FrameRange && f.RangeAdd != nil && f.RangeSub != nil && len(s.n.OrderBy) > 0
	if offset(s.start) {
		s.startAt = len(list)
		list = append(list, f.Start.Offset)
		if ranges {
			s.startBound = len(bounds)
			bound(s.start, f.Start.Offset)
		}
	}
	if offset(s.end) {
		s.endAt = len(list)
		list = append(list, f.End.Offset)
		if ranges {
			s.endBound = len(bounds)
			bound(s.end, f.End.Offset)
		}
	}
	var err error
	if len(list) > 0 {
		if s.offsets, err = expr.Compile(list, nil); err != nil {
			return err
		}
	}
	if len(bounds) > 0 {
		s.bounds, err = expr.Compile(bounds, cols)
	}
	return err
}

// windowOp computes the calls over sorted input.
type windowOp struct{ spec *windowSpec }

func (w *windowOp) NewState(t *Task) (OperatorState, error) {
	s := &windowState{spec: w.spec, env: t.exec.rt.Env, grant: t.exec.grant(w.spec.node), size: t.exec.rt.batchSize()}
	s.reset()
	return s, nil
}

// windowState collects whole partitions and computes them together.
type windowState struct {
	spec  *windowSpec
	env   *expr.Env
	grant *Grant
	size  int

	rows     *rowSet
	newPart  []bool // row starts a partition
	newPeer  []bool // row starts a group of peers
	complete int    // rows of partitions that are complete
	lastP    []byte
	lastO    []byte
	bufP     []byte
	bufO     []byte
	endsP    []int32
	endsO    []int32

	offStart, offEnd sql.Value
	offsKnown        bool

	results *rowSet // computed, being given out
	given   *rowSet
	at, end int
	rdIn    rowReader
	rdOut   rowReader
	out     vector.Batch
	flushed bool
}

func (s *windowState) reset() {
	s.rows = newRowSet(s.spec.types)
	s.newPart, s.newPeer, s.complete = nil, nil, 0
}

func (s *windowState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if s.given != nil {
		if b := s.give(); b != nil {
			return b, HaveOutput, nil
		}
		return nil, NeedInput, nil
	}
	s.collect(in)
	if err := s.grant.Must(s.rows.bytes() * 2); err != nil {
		return nil, Done, err
	}
	if s.complete < s.size {
		return nil, NeedInput, nil
	}
	if err := s.compute(t); err != nil {
		return nil, Done, err
	}
	return s.give(), HaveOutput, nil
}

// collect appends the batch and notes where partitions and peers begin.
func (s *windowState) collect(in *vector.Batch) {
	n := in.Rows()
	s.bufP, s.endsP = s.spec.part.encode(in.Cols, in.Sel, in.N, s.bufP, s.endsP)
	s.bufO, s.endsO = s.spec.order.encode(in.Cols, in.Sel, in.N, s.bufO, s.endsO)
	base := s.rows.n
	s.rows.add(in.Cols, in.Sel, in.N)
	lp, lo := int32(0), int32(0)
	for k := range n {
		p, o := s.bufP[lp:s.endsP[k]], s.bufO[lo:s.endsO[k]]
		lp, lo = s.endsP[k], s.endsO[k]
		first := base+k == 0 || string(p) != string(s.lastP)
		s.newPart = append(s.newPart, first)
		s.newPeer = append(s.newPeer, first || string(o) != string(s.lastO))
		if first {
			s.complete = base + k
		}
		s.lastP, s.lastO = append(s.lastP[:0], p...), append(s.lastO[:0], o...)
	}
}

// compute computes the complete partitions and keeps the rest for later.
func (s *windowState) compute(t *Task) error {
	n := s.complete
	s.results = newRowSet(s.spec.out)
	if err := s.offsets(); err != nil {
		return err
	}
	for lo := 0; lo < n; {
		hi := lo + 1
		for hi < n && !s.newPart[hi] {
			hi++
		}
		p := &windowPart{s: s, t: t, lo: lo, hi: hi}
		if err := p.compute(); err != nil {
			return err
		}
		if t.Stopped() {
			return nil
		}
		lo = hi
	}
	s.given, s.at, s.end = s.rows, 0, n
	rest := newRowSet(s.spec.types)
	var rd rowReader
	for lo := n; lo < s.given.n; lo += vector.BatchSize {
		b := rd.read(s.given, lo, min(lo+vector.BatchSize, s.given.n))
		rest.add(b.Cols, nil, b.N)
	}
	s.newPart = append([]bool(nil), s.newPart[n:]...)
	s.newPeer = append([]bool(nil), s.newPeer[n:]...)
	s.rows, s.complete = rest, 0
	return nil
}

// offsets evaluates the frame's offsets once.
func (s *windowState) offsets() error {
	if s.offsKnown || s.spec.offsets == nil {
		return nil
	}
	s.offsKnown = true
	ev := s.spec.offsets.NewEvaluator(s.env)
	one := func(at int, what string) (sql.Value, error) {
		if at < 0 {
			return sql.Value{}, nil
		}
		v, err := ev.Eval(at, &vector.Batch{N: 1}, nil)
		if err != nil {
			_, cause, _ := rowError(err)
			return sql.Value{}, cause
		}
		x := vector.ValueAt(v, 0)
		if x.Null {
			return x, sql.Errorf("22004", "frame %s offset must not be null", what)
		}
		if negative(&x) {
			if s.spec.mode == parse.FrameRange {
				return x, sql.Errorf("22013", "invalid preceding or following size in window function")
			}
			return x, sql.Errorf("22013", "frame %s offset must not be negative", what)
		}
		return x, nil
	}
	var err error
	if s.offStart, err = one(s.spec.startAt, "starting"); err != nil {
		return err
	}
	s.offEnd, err = one(s.spec.endAt, "ending")
	return err
}

// negative reports whether a frame offset is below zero.
func negative(v *sql.Value) bool {
	switch v.Type.OID {
	case sql.OIDNumeric:
		return v.Num.Sign() < 0
	case sql.OIDFloat4, sql.OIDFloat8:
		return vector.OrderF64(floatOf(v)) < 0
	case sql.OIDInterval:
		return vector.IntervalOf(v).Span().Sign() < 0
	}
	return v.I < 0
}

// give returns the next computed rows.
func (s *windowState) give() *vector.Batch {
	if s.at == s.end {
		s.given, s.results = nil, nil
		return nil
	}
	lo, hi := s.at, min(s.at+s.size, s.end)
	s.at = hi
	a, b := s.rdIn.read(s.given, lo, hi), s.rdOut.read(s.results, lo, hi)
	s.out.N = hi - lo
	s.out.Cols = append(append(s.out.Cols[:0], a.Cols...), b.Cols...)
	return &s.out
}

func (s *windowState) Flush(t *Task) (*vector.Batch, Status, error) {
	for {
		if s.given != nil {
			if b := s.give(); b != nil {
				return b, HaveOutput, nil
			}
		}
		if s.flushed {
			return nil, Done, nil
		}
		s.flushed = true
		s.complete = s.rows.n
		if s.complete == 0 {
			return nil, Done, nil
		}
		if err := s.compute(t); err != nil {
			return nil, Done, err
		}
	}
}

func (s *windowState) Close() { s.grant.Close() }
