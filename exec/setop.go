package exec

import (
	"encoding/binary"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// setOp is INTERSECT or EXCEPT: both inputs, tagged, are grouped by all columns;
// the rows of each side are counted and say how often the row comes out.
func (b *builder) setOp(n *physical.HashSetOp) (*stream, error) {
	src := &appendSource{}
	out := &stream{chain: &chain{src: src}}
	const tag = expr.ColumnID(-1)
	for side, in := range []physical.Node{n.Left, n.Right} {
		s, err := b.build(in)
		if err != nil {
			return nil, err
		}
		s.then(&tagOp{int64(side)}, nil, nil)
		src.parts = append(src.parts, &appendPart{chain: s.chain, serial: s.serial})
		out.deps = append(out.deps, s.deps...)
		out.wants = append(out.wants, s.wants...)
	}
	out.cols = append(ids(n.Cols), tag)
	prog, err := expr.Compile([]expr.Expr{&expr.Col{ID: tag, T: sql.Int8}}, out.cols)
	if err != nil {
		return nil, err
	}
	fn := &expr.Agg{Name: "copies", New: func(*expr.Env, []sql.Type) expr.AggState {
		return &copyCounts{kind: n.Kind, all: n.All}
	}}
	spec := &aggSpec{keys: ordinalInts(len(n.Cols)), types: typesOf(n.Cols), exprs: prog, nexprs: 1, node: b.node(n),
		calls: []aggCall{{fn: fn, args: []int{0}, argTypes: []sql.Type{sql.Int8}, filter: -1}}}
	for i, c := range n.Cols {
		spec.out = append(spec.out, aggOut{kind: outKey, at: i, typ: c.T})
	}
	spec.out = append(spec.out, aggOut{kind: outCall, typ: sql.Int8})
	ab := &aggBuild{spec: spec, exec: b.e}
	p := b.close(out, ab, b.node(n))
	s := &stream{chain: &chain{src: &aggSource{a: ab}}, deps: []*pipeline{p}}
	s.then(&repeatOp{}, b.node(n), ids(n.Cols))
	return s, nil
}

// tagOp adds a constant column.
type tagOp struct{ tag int64 }

func (o *tagOp) NewState(*Task) (OperatorState, error) {
	return &tagState{vec: vector.ConstOf(sql.IntValue(sql.Int8, o.tag), 1)}, nil
}

type tagState struct {
	vec *vector.Vec
	out vector.Batch
}

func (s *tagState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	s.vec.N = in.N
	cols := append(append(s.out.Cols[:0], in.Cols...), s.vec)
	s.out = *in
	s.out.Cols = cols
	return &s.out, NeedInput, nil
}

func (s *tagState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *tagState) Close()                                     {}

// copyCounts counts the rows of each side and tells how many copies come out.
type copyCounts struct {
	kind logical.SetKind
	all  bool
	n    [][2]int64
}

func (c *copyCounts) Resize(n int) {
	for len(c.n) < n {
		c.n = append(c.n, [2]int64{})
	}
}

func (c *copyCounts) Update(groups []uint32, args []*vector.Vec, sel []int32, n int) error {
	if sel != nil {
		n = len(sel)
	}
	for k := range n {
		src, i, _ := args[0].At(rowOf(sel, k))
		g := uint32(0)
		if groups != nil {
			g = groups[k]
		}
		c.n[g][vector.Values[int64](src)[i]]++
	}
	return nil
}

func (c *copyCounts) Merge(o expr.AggState, from, to []uint32) error {
	for i, t := range to {
		g := i
		if from != nil {
			g = int(from[i])
		}
		x := o.(*copyCounts).n[g]
		c.n[t][0] += x[0]
		c.n[t][1] += x[1]
	}
	return nil
}

func (c *copyCounts) Result(lo, hi int, out *expr.Out) error {
	out.Reset(sql.Int8, vector.LI64, hi-lo)
	vals := expr.Slice[int64](out)
	for i := range vals {
		l, r := c.n[lo+i][0], c.n[lo+i][1]
		switch {
		case c.kind == logical.Intersect && c.all:
			vals[i] = min(l, r)
		case c.kind == logical.Intersect:
			vals[i] = min(l, r, 1)
		case c.kind == logical.Except && c.all:
			vals[i] = max(l-r, 0)
		case c.kind == logical.Except:
			vals[i] = 0
			if r == 0 {
				vals[i] = min(l, 1)
			}
		case c.all:
			vals[i] = l + r
		default:
			vals[i] = 1
		}
	}
	return nil
}

func (c *copyCounts) Bytes() int64 { return int64(cap(c.n)) * 16 }

func (c *copyCounts) Save(groups []uint32, out *expr.Out) error {
	out.Reset(sql.Bytea, vector.LStr, len(groups))
	for i, g := range groups {
		var b []byte
		b = binary.LittleEndian.AppendUint64(b, uint64(c.n[g][0]))
		out.SetBytes(i, binary.LittleEndian.AppendUint64(b, uint64(c.n[g][1])))
	}
	return nil
}

func (c *copyCounts) Load(groups []uint32, saved *vector.Vec) error {
	for i, g := range groups {
		b := saved.Str(i)
		c.n[g][0] += int64(binary.LittleEndian.Uint64(b))
		c.n[g][1] += int64(binary.LittleEndian.Uint64(b[8:]))
	}
	return nil
}

// repeatOp gives each row as often as its last column says, without that column.
type repeatOp struct{}

func (repeatOp) NewState(t *Task) (OperatorState, error) {
	return &repeatState{size: t.exec.rt.batchSize()}, nil
}

type repeatState struct {
	size int
	k    int   // row of the selection
	done int64 // copies of it that are out
	idx  []int32
	vecs []vector.Vec
	out  vector.Batch
}

func (s *repeatState) Push(_ *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	sel := selected(in)
	last := len(in.Cols) - 1
	counts := vector.Values[int64](in.Cols[last])
	s.idx = s.idx[:0]
	for s.k < len(sel) && len(s.idx) < s.size {
		left := counts[sel[s.k]] - s.done
		m := min(left, int64(s.size-len(s.idx)))
		for range m {
			s.idx = append(s.idx, sel[s.k])
		}
		s.done += m
		if s.done == counts[sel[s.k]] {
			s.k++
			s.done = 0
		}
	}
	st := HaveOutput
	if s.k == len(sel) {
		st = NeedInput
		s.k = 0
	}
	if len(s.idx) == 0 {
		return nil, st, nil
	}
	if s.vecs == nil {
		s.vecs = make([]vector.Vec, last)
		s.out.Cols = make([]*vector.Vec, last)
	}
	for i := range s.vecs {
		vector.Pick(in.Cols[i], s.idx, &s.vecs[i])
		s.out.Cols[i] = &s.vecs[i]
	}
	s.out.N = len(s.idx)
	return &s.out, st, nil
}

func (s *repeatState) Flush(*Task) (*vector.Batch, Status, error) { return nil, Done, nil }
func (s *repeatState) Close()                                     {}
