package exec

import (
	"iter"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// setCall is a set-returning call as compiled: arguments first..first+n-1 of the
// program. A function that returns no set gives one row: its value is argument first.
type setCall struct {
	fn     *expr.Func
	first  int
	n      int
	types  []sql.Type
	number bool // the last column is the row number
}

// projectSetOp computes set-returning calls for each row.
type projectSetOp struct {
	prog    *expr.Program
	nexprs  int
	calls   []setCall
	inTypes []sql.Type // columns passed on
	types   []sql.Type // of the calls' columns and the ordinality
	number  bool
}

func (b *builder) projectSet(n *physical.ProjectSet) (*stream, error) {
	s, err := b.build(n.Input)
	if err != nil {
		return nil, err
	}
	cols := append([]expr.ColumnID(nil), s.cols...)
	op, out, err := newProjectSet(s.cols, n.Calls, nil)
	if err != nil {
		return nil, err
	}
	op.inTypes = typesOf(n.Input.Columns())
	s.then(op, b.node(n), append(cols, out...))
	return s, nil
}

// funcScan is the calls over one row without columns.
func (b *builder) funcScan(n *physical.FuncScan) (*stream, error) {
	prog, err := expr.Compile(nil, nil)
	if err != nil {
		return nil, err
	}
	s := &stream{chain: &chain{src: &valuesSource{prog: prog, rows: 1}}}
	op, out, err := newProjectSet(nil, n.Calls, n.Ordinality)
	if err != nil {
		return nil, err
	}
	s.then(op, b.node(n), out)
	return s, nil
}

func newProjectSet(in []expr.ColumnID, calls []logical.SetCall, ordinality *logical.Col) (*projectSetOp, []expr.ColumnID, error) {
	op := &projectSetOp{}
	var exprs []expr.Expr
	var out []expr.ColumnID
	for _, c := range calls {
		sc := setCall{fn: c.Fn, first: len(exprs), types: typesOf(c.Cols), number: c.Ordinality}
		if c.Fn.Set == nil {
			t := sql.T(c.Fn.Ret)
			if len(c.Cols) > 0 {
				t = c.Cols[0].T
			}
			exprs = append(exprs, &expr.Call{Fn: c.Fn, Args: c.Args, T: t, Pos: c.Pos})
		} else {
			exprs = append(exprs, c.Args...)
		}
		sc.n = len(exprs) - sc.first
		op.calls = append(op.calls, sc)
		op.types = append(op.types, sc.types...)
		out = append(out, ids(c.Cols)...)
	}
	if ordinality != nil {
		op.number = true
		op.types = append(op.types, ordinality.T)
		out = append(out, ordinality.ID)
	}
	var err error
	op.nexprs = len(exprs)
	op.prog, err = expr.Compile(exprs, in)
	return op, out, err
}

func (o *projectSetOp) NewState(t *Task) (OperatorState, error) {
	return &projectSetState{op: o, env: t.exec.rt.Env, ev: o.prog.NewEvaluator(t.exec.rt.Env), size: t.exec.rt.batchSize(),
		vecs: make([]*vector.Vec, o.nexprs)}, nil
}

type projectSetState struct {
	op      *projectSetOp
	env     *expr.Env
	ev      expr.Evaluator
	size    int
	vecs    []*vector.Vec
	begun   bool
	limit   int   // rows of the selection that can be answered
	fail    error // raised after them
	k       int
	sets    []openSet // of the current row; nil: not opened
	number  int64
	rows    *rowSet
	idx     []int32
	carried []vector.Vec
	rd      rowReader
	out     vector.Batch
}

// openSet is a set being read row by row.
type openSet struct {
	next func() ([]sql.Value, bool)
	stop func()
	fail *error // of the function
	n    int64
	end  bool
}

func (s *projectSetState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	sel := selected(in)
	if !s.begun {
		s.begun, s.k, s.limit, s.fail = true, 0, len(sel), nil
		if s.op.nexprs > 0 {
			if err := s.ev.EvalAll(in, in.Sel, s.vecs); err != nil {
				row, cause, ok := rowError(err)
				if !ok {
					return nil, Done, err
				}
				s.fail, s.limit = cause, len(before(sel, row))
			}
		}
	}
	s.rows = newRowSet(s.op.types)
	s.idx = s.idx[:0]
	for s.k < s.limit && s.rows.n < s.size {
		more, err := s.row(int(sel[s.k]))
		if err != nil {
			s.fail, s.limit = err, s.k
			s.drop()
			break
		}
		if more {
			s.idx = append(s.idx, sel[s.k])
		} else {
			s.drop()
			s.k++
		}
		if t.Stopped() {
			return nil, NeedInput, nil
		}
	}
	if s.rows.n == 0 {
		s.begun = false
		return nil, NeedInput, s.fail
	}
	b := s.rd.read(s.rows, 0, s.rows.n)
	s.out.N = b.N
	s.out.Cols = s.out.Cols[:0]
	if s.carried == nil {
		s.carried = make([]vector.Vec, len(s.op.inTypes))
	}
	for i := range s.carried {
		vector.Pick(in.Cols[i], s.idx, &s.carried[i])
		s.out.Cols = append(s.out.Cols, &s.carried[i])
	}
	s.out.Cols = append(s.out.Cols, b.Cols...)
	return &s.out, HaveOutput, nil
}

// row adds the next output row of input row i; false when there is none.
func (s *projectSetState) row(i int) (bool, error) {
	if s.sets == nil {
		s.number = 0
		for c := range s.op.calls {
			s.sets = append(s.sets, s.open(&s.op.calls[c], i))
		}
	}
	vals := make([][]sql.Value, len(s.sets))
	some := false
	for c := range s.sets {
		o := &s.sets[c]
		if o.end {
			continue
		}
		v, ok := o.next()
		if !ok {
			o.end = true
			if *o.fail != nil {
				return false, *o.fail
			}
			continue
		}
		o.n++
		vals[c], some = v, true
	}
	if !some {
		return false, nil
	}
	col := 0
	for c, call := range s.op.calls {
		for j, t := range call.types {
			v := sql.NullOf(t)
			switch {
			case vals[c] == nil:
			case call.number && j == len(call.types)-1:
				v = sql.IntValue(t, s.sets[c].n)
			case j < len(vals[c]):
				v = vals[c][j]
			}
			s.rows.cols[col].AppendValue(v)
			col++
		}
	}
	s.number++
	if s.op.number {
		s.rows.cols[col].AppendValue(sql.IntValue(s.op.types[col], s.number))
	}
	s.rows.n++
	return true, nil
}

// open starts a call for input row i. Its rows are pulled one by one, so that a
// large set is not held whole.
func (s *projectSetState) open(c *setCall, i int) openSet {
	args := make([]sql.Value, c.n)
	for j := range args {
		args[j] = vector.ValueAt(s.vecs[c.first+j], i)
	}
	failed := new(error)
	seq := func(yield func([]sql.Value) bool) {
		if c.fn.Set == nil {
			yield(args)
			return
		}
		for _, a := range args {
			if c.fn.Strict && a.Null {
				return
			}
		}
		*failed = c.fn.Set(s.env, args, func(row []sql.Value) bool { return yield(row) })
	}
	next, stop := iter.Pull(seq)
	return openSet{next: next, stop: stop, fail: failed}
}

func (s *projectSetState) drop() {
	for _, o := range s.sets {
		o.stop()
	}
	s.sets = nil
}

func (s *projectSetState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }

func (s *projectSetState) Close() { s.drop() }
