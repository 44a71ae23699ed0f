package expr

import (
	"errors"
	"sort"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// evaluator runs a Program over batches for one worker.
//
// An error at row r ends the evaluation of rows >= r everywhere in the
// expression: lim is that row, and every selection is cut before it. What runs
// later may lower lim further, so that in the end it is the first failing row.
type evaluator struct {
	p   *Program
	env *Env
	st  []nodeState

	b      *vector.Batch
	gen    uint64 // one per call: results of shared nodes are kept within a call
	frames []int  // selections that are open, outermost first
	next   int
	lim    int // first failing row; -1 none
	err    error
	noDict bool // evaluating over a dictionary already

	single bool       // evaluates constants, over one row
	oneRow *evaluator // the one that does, made when needed
}

func (ev *evaluator) begin(b *vector.Batch) {
	ev.b, ev.lim, ev.err = b, -1, nil
	ev.gen++
	ev.next = 1
	ev.frames = append(ev.frames[:0], 0)
}

// end returns the error of the call.
func (ev *evaluator) end() error {
	if ev.err == nil {
		return nil
	}
	return &RowError{Row: ev.lim, Err: ev.err}
}

// Eval computes expression i; see Evaluator.
func (ev *evaluator) Eval(i int, b *vector.Batch, sel []int32) (*vector.Vec, error) {
	ev.begin(b)
	v := ev.eval(ev.p.roots[i], sel, b.N)
	return v, ev.end()
}

// EvalAll computes all expressions, sub-expressions that they share once, and
// puts the results in out (as long as the program's list).
func (ev *evaluator) EvalAll(b *vector.Batch, sel []int32, out []*vector.Vec) error {
	ev.begin(b)
	for i, r := range ev.p.roots {
		out[i] = ev.eval(r, sel, b.N)
	}
	return ev.end()
}

// Select filters by expression i; see Evaluator.
func (ev *evaluator) Select(i int, b *vector.Batch, sel []int32, out []int32) ([]int32, error) {
	ev.begin(b)
	if cap(out) < b.N {
		out = make([]int32, 0, b.N)
	}
	out = ev.selectRows(ev.p.roots[i], sel, b.N, out[:0], true)
	if ev.err != nil {
		out = out[:cutAt(out, ev.lim)]
	}
	return out, ev.end()
}

// fail notes an error at a row.
func (ev *evaluator) fail(row int, err error) {
	if ev.lim < 0 || row < ev.lim {
		ev.lim, ev.err = row, err
	}
}

// failed notes a kernel's error; one without a row counts for the first row.
func (ev *evaluator) failed(err error, sel []int32, pos int) {
	if re, ok := errors.AsType[*RowError](err); ok {
		ev.fail(re.Row, at(re.Err, pos))
		return
	}
	row := 0
	if len(sel) > 0 {
		row = int(sel[0])
	}
	ev.fail(row, at(err, pos))
}

// at gives an error the position of the call that raised it.
func at(err error, pos int) error {
	if e, ok := errors.AsType[*sql.Error](err); ok && pos > 0 && e.Position == 0 {
		c := *e
		c.Position = pos
		return &c
	}
	return err
}

// cut drops rows at and after the first failing one.
func (ev *evaluator) cut(sel []int32, n int) ([]int32, int) {
	if ev.lim < 0 {
		return sel, n
	}
	if sel == nil {
		return nil, min(n, ev.lim)
	}
	return sel[:cutAt(sel, ev.lim)], n
}

func cutAt(sel []int32, lim int) int {
	return sort.Search(len(sel), func(k int) bool { return int(sel[k]) >= lim })
}

func count(sel []int32, n int) int {
	if sel != nil {
		return len(sel)
	}
	return n
}

// push opens a narrower selection, pop closes it.
func (ev *evaluator) push() { ev.frames = append(ev.frames, ev.next); ev.next++ }
func (ev *evaluator) pop()  { ev.frames = ev.frames[:len(ev.frames)-1] }

// cached returns a shared node's result if it was computed for a selection that
// includes the current one.
func (ev *evaluator) cached(s *nodeState) *vector.Vec {
	if s.gen != ev.gen {
		return nil
	}
	for _, f := range ev.frames {
		if f == s.frame {
			return s.vec
		}
	}
	return nil
}

// eval computes node n for rows sel (nil: 0..cnt-1). The result has b.N rows.
func (ev *evaluator) eval(n int, sel []int32, cnt int) *vector.Vec {
	nd, s := &ev.p.nodes[n], &ev.st[n]
	if nd.col >= 0 {
		return ev.b.Cols[nd.col]
	}
	sel, cnt = ev.cut(sel, cnt)
	if nd.constant {
		return ev.constant(n, nd, s, sel, cnt)
	}
	if nd.uses > 1 && nd.stable {
		if v := ev.cached(s); v != nil {
			return v
		}
	}
	v := ev.evalDict(n, nd, s, sel, cnt)
	if v == nil {
		v = ev.compute(n, nd, s, sel, cnt)
	}
	s.vec, s.gen, s.frame = v, ev.gen, ev.frames[len(ev.frames)-1]
	return v
}

// constant computes a node without columns once and gives it for all rows.
func (ev *evaluator) constant(n int, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	if !s.cdone {
		if c, ok := nd.e.(*Const); ok {
			s.cval = vector.ConstOf(c.V, 1)
			s.cdone = true
		} else {
			if count(sel, cnt) == 0 { // nobody asks for a value: raise nothing
				s.view = *vector.ConstOf(sql.NullOf(nd.t), ev.b.N)
				return &s.view
			}
			ev.constantRow(n, nd, s)
		}
	}
	if s.cerr != nil && count(sel, cnt) > 0 {
		ev.failed(s.cerr, sel, 0)
	}
	s.view = *s.cval
	s.view.N = ev.b.N
	return &s.view
}

// constantRow evaluates a constant expression over one row without columns, in an
// evaluator of its own: nodes that it shares with others keep their results.
func (ev *evaluator) constantRow(n int, nd *node, s *nodeState) {
	one := ev
	if !ev.single {
		if ev.oneRow == nil {
			ev.oneRow = ev.p.evaluator(ev.env)
			ev.oneRow.single, ev.oneRow.noDict = true, ev.noDict
		}
		one = ev.oneRow
		one.begin(&vector.Batch{N: 1})
	}
	lim, err := one.lim, one.err
	one.lim, one.err = -1, nil
	v := one.compute(n, nd, &one.st[n], nil, 1)
	s.cdone = true
	if one.err != nil {
		s.cerr = one.err
		s.cval = vector.ConstOf(sql.NullOf(nd.t), 1)
	} else {
		val := vector.ValueAt(v, 0)
		val.Type = nd.t
		s.cval = vector.ConstOf(val, 1)
	}
	one.lim, one.err = lim, err
}

// compute evaluates a node row by row.
func (ev *evaluator) compute(n int, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	switch x := nd.e.(type) {
	case *Const:
		s.view = *vector.ConstOf(x.V, ev.b.N)
		return &s.view
	case *Call:
		return ev.call(x, nd, s, sel, cnt)
	case *Logic:
		return ev.logic(x, nd, s, sel, cnt)
	case *Not:
		return ev.not(nd, s, sel, cnt)
	case *IsNull:
		return ev.isNull(x, nd, s, sel, cnt)
	case *Case:
		return ev.caseExpr(x, nd, s, sel, cnt)
	case *Coalesce:
		return ev.coalesce(nd, s, sel, cnt)
	case *InList:
		return ev.inList(x, nd, s, sel, cnt)
	case *ScalarArray:
		return ev.scalarArray(x, nd, s, sel, cnt)
	case *ArrayExpr:
		return ev.array(nd, s, sel, cnt)
	case *RowExpr:
		return ev.row(nd, s, sel, cnt)
	}
	ev.fail(0, sql.Errorf(sql.CodeInternal, "cannot evaluate %T", nd.e))
	return vector.ConstOf(sql.NullOf(nd.t), ev.b.N)
}

// arguments evaluates a call's arguments and makes them Flat or Const. It returns
// the rows where all of a strict function's arguments are there, and their
// validity (nil: no NULLs); dead is true if an argument is a constant NULL.
func (ev *evaluator) arguments(nd *node, s *nodeState, strict bool, sel []int32, cnt int) (sel2 []int32, cnt2 int, valid vector.Bitmap, dead bool) {
	if s.args == nil {
		s.args = make([]*vector.Vec, len(nd.kids))
		s.flat = make([]vector.Vec, len(nd.kids))
	}
	for k, kid := range nd.kids {
		s.args[k] = ev.eval(kid, sel, cnt)
		sel, cnt = ev.cut(sel, cnt)
	}
	if strict {
		for _, a := range s.args {
			switch {
			case a.Form == vector.Const && a.IsNull(0):
				dead = true
			case a.MayHaveNulls():
				valid = s.andValid(valid, a, sel, cnt)
			}
		}
		if dead {
			return sel, cnt, nil, true
		}
		if valid != nil {
			sel = s.validRows(valid, sel, cnt)
		}
	}
	for k, a := range s.args {
		if a.Form == vector.Dict {
			s.args[k] = ev.flatten(a, &s.flat[k], sel, cnt)
		}
	}
	return sel, cnt, valid, false
}

// andValid clears the bits of rows that are NULL in a.
func (s *nodeState) andValid(valid vector.Bitmap, a *vector.Vec, sel []int32, cnt int) vector.Bitmap {
	words := (a.N + 63) / 64
	if valid == nil {
		if cap(s.valid) < words {
			s.valid = make(vector.Bitmap, max(words, vector.BatchSize/64))
		}
		valid = s.valid[:words]
		valid.SetAll(a.N)
	}
	if a.Form == vector.Flat {
		for w := range valid {
			if w < len(a.Valid) {
				valid[w] &= a.Valid[w]
			}
		}
		return valid
	}
	if sel == nil {
		for i := range cnt {
			if a.IsNull(i) {
				valid.Clear(i)
			}
		}
		return valid
	}
	for _, i := range sel {
		if a.IsNull(int(i)) {
			valid.Clear(int(i))
		}
	}
	return valid
}

// validRows returns the selected rows whose bit is set.
func (s *nodeState) validRows(valid vector.Bitmap, sel []int32, cnt int) []int32 {
	s.sel = room(s.sel, count(sel, cnt))
	out, k := s.sel, 0
	if sel == nil {
		for i := range cnt {
			out[k] = int32(i)
			k += int(valid[uint(i)>>6] >> (uint(i) & 63) & 1)
		}
		return out[:k]
	}
	for _, i := range sel {
		out[k] = i
		k += int(valid[uint32(i)>>6] >> (uint32(i) & 63) & 1)
	}
	return out[:k]
}

// room returns a slice of length n+1, reusing s: branch-free loops store one past
// the last row they keep.
func room(s []int32, n int) []int32 {
	if cap(s) <= n {
		s = make([]int32, max(n+1, 64))
	}
	return s[:n+1]
}

// flatten makes a Dict vector Flat for the selected rows.
func (ev *evaluator) flatten(a, dst *vector.Vec, sel []int32, cnt int) *vector.Vec {
	l := a.Dict.Layout
	if l == vector.LList || l == vector.LStruct {
		vector.Gather(a, nil, a.N, dst)
		return dst
	}
	data := dst.Data
	if w := a.N * l.Size(); cap(data) < w {
		data = newAligned(w)
	} else {
		data = data[:w]
	}
	*dst = vector.Vec{Type: a.Type, Form: vector.Flat, Layout: l, N: a.N, Data: data[:a.N*l.Size()], Bufs: a.Dict.Bufs, Valid: dst.Valid[:0]}
	vector.Flatten(a, sel, cnt, dst.Data)
	if !a.MayHaveNulls() {
		dst.Valid = nil
		return dst
	}
	words := (a.N + 63) / 64
	if cap(dst.Valid) < words {
		dst.Valid = make(vector.Bitmap, max(words, vector.BatchSize/64))
	}
	dst.Valid = dst.Valid[:words]
	dst.Valid.SetAll(a.N)
	if sel == nil {
		for i := range cnt {
			if a.IsNull(i) {
				dst.Valid.Clear(i)
			}
		}
	} else {
		for _, i := range sel {
			if a.IsNull(int(i)) {
				dst.Valid.Clear(int(i))
			}
		}
	}
	return dst
}

// call evaluates a function call.
func (ev *evaluator) call(x *Call, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	if x.Fn.identity {
		s.view = *ev.eval(nd.kids[0], sel, cnt)
		s.view.Type = x.T
		return &s.view
	}
	rows := count(sel, cnt)
	sel, cnt, valid, dead := ev.arguments(nd, s, x.Fn.Strict, sel, cnt)
	if dead || rows == 0 {
		s.view = *vector.ConstOf(sql.NullOf(x.T), ev.b.N)
		return &s.view
	}
	in := Input{Env: ev.env, Call: x, N: cnt, Sel: sel, Args: s.args, Out: &s.out, State: &s.state}
	isConst := len(s.args) > 0 && x.Fn.Vol != Volatile && valid == nil && allConst(s.args)
	if isConst {
		in.N, in.Sel = 1, nil
		s.out.Reset(x.T, vector.LayoutOf(x.T), 1)
	} else {
		s.out.Reset(x.T, vector.LayoutOf(x.T), ev.b.N)
		s.out.vec.Valid = valid
	}
	if count(in.Sel, in.N) > 0 {
		if err := x.Fn.run(&in, s); err != nil {
			if isConst {
				if re, ok := errors.AsType[*RowError](err); ok {
					err = re.Err
				}
			}
			ev.failed(err, sel, x.Pos)
		}
	}
	v := s.out.Vec()
	if isConst {
		v.Form, v.N = vector.Const, ev.b.N
	}
	return v
}

// run calls the kernel; a function that only selects gets its booleans from the selection.
func (f *Func) run(in *Input, s *nodeState) error {
	if f.Kernel != nil {
		return f.Kernel(in)
	}
	s.tmp = room(s.tmp, count(in.Sel, in.N))
	return selectToBool(f.sel, in, s.tmp)
}

// selectToBool turns a selection into booleans.
func selectToBool(sel selKernel, in *Input, buf []int32) error {
	t, err := sel(in, buf)
	dst := Slice[bool](in.Out)
	if in.Sel == nil {
		clear(dst[:in.N])
	} else {
		for _, i := range in.Sel {
			dst[i] = false
		}
	}
	for _, i := range t {
		dst[i] = true
	}
	return err
}

func allConst(args []*vector.Vec) bool {
	for _, a := range args {
		if a.Form != vector.Const {
			return false
		}
	}
	return true
}
