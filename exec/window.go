package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
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
