package exec

import (
	"math/bits"
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// windowOp computes the calls over sorted input.
type windowOp struct{ spec *windowSpec }

func (w *windowOp) NewState(t *Task) (OperatorState, error) {
	s := &windowState{spec: w.spec, env: t.exec.rt.Env, exec: t.exec, grant: t.exec.grant(w.spec.node), size: t.exec.rt.batchSize()}
	s.part = newWindowPart(s)
	s.rows = s.exec.newSpool(w.spec.node, w.spec.types)
	return s, nil
}

// windowState collects rows until enough partitions are whole and then computes
// those, a batch of rows at a time. The rows lie in a spool, so that a partition may
// have any size.
type windowState struct {
	spec  *windowSpec
	env   *expr.Env
	exec  *Execution
	grant *Grant // for starts and peers
	size  int    // rows of a batch of output at most

	rows   *Spool
	starts []int  // rows at which partitions begin
	peers  marks  // rows at which groups of peers begin
	lastP  []byte // keys of the last row
	lastO  []byte
	bufP   []byte
	bufO   []byte
	endsP  []int32
	endsO  []int32

	offStart, offEnd sql.Value
	offsKnown        bool

	giving  bool // rows at..end-1 are to be computed and given
	at, end int
	next    int // the partition after part, in starts
	part    *windowPart
	in      windowInput
	results *rowSet
	out     vector.Batch
	flushed bool
}

// windowInput is the rows that are computed together, and what is derived from them.
type windowInput struct {
	batch  vector.Batch
	flat   []vector.Vec
	bounds [2]rangeBounds
	eval   expr.Evaluator
}

// rangeBounds is one bound of RANGE with offsets for each of the rows.
type rangeBounds struct {
	vec  *vector.Vec // nil: not evaluated yet
	over []bool      // rows whose bound lies outside its type's range; nil: none
}

// marks is a set of row numbers.
type marks []uint64

func (m *marks) add(i int) {
	for len(*m) <= i>>6 {
		*m = append(*m, 0)
	}
	(*m)[i>>6] |= 1 << uint(i&63)
}

// next is the first row of the set from i on, or end if there is none before it.
func (m marks) next(i, end int) int {
	for w := i >> 6; i < end && w < len(m); w++ {
		if x := m[w] >> uint(i&63); x != 0 {
			return min(i+bits.TrailingZeros64(x), end)
		}
		i = (w + 1) << 6
	}
	return end
}

// prev is the last row of the set up to i; there is one.
func (m marks) prev(i int) int {
	i = min(i, len(m)<<6-1)
	w := i >> 6
	x := m[w] << uint(63-i&63)
	for x == 0 {
		w--
		i = w<<6 + 63
		x = m[w]
	}
	return i - bits.LeadingZeros64(x)
}

func (s *windowState) Push(t *Task, in *vector.Batch) (*vector.Batch, Status, error) {
	if !s.giving {
		if err := s.collect(in); err != nil {
			return nil, Done, err
		}
		if whole := s.starts[len(s.starts)-1]; whole < s.size {
			return nil, NeedInput, nil
		} else if err := s.begin(whole); err != nil {
			return nil, Done, err
		}
	}
	b, err := s.give(t)
	if err != nil {
		return nil, Done, err
	}
	if b != nil {
		return b, HaveOutput, nil
	}
	return nil, NeedInput, s.keepRest()
}

// collect appends the batch, which is not empty, and notes where partitions and
// peers begin.
func (s *windowState) collect(in *vector.Batch) error {
	n := in.Rows()
	s.bufP, s.endsP = s.spec.part.encode(in.Cols, in.Sel, in.N, s.bufP, s.endsP)
	s.bufO, s.endsO = s.spec.order.encode(in.Cols, in.Sel, in.N, s.bufO, s.endsO)
	base := int(s.rows.Rows())
	if err := s.rows.Append(in, 0, n); err != nil {
		return err
	}
	lp, lo := int32(0), int32(0)
	for k := range n {
		p, o := s.bufP[lp:s.endsP[k]], s.bufO[lo:s.endsO[k]]
		lp, lo = s.endsP[k], s.endsO[k]
		first := len(s.starts) == 0 || string(p) != string(s.lastP)
		if first {
			s.starts = append(s.starts, base+k)
		}
		if first || string(o) != string(s.lastO) {
			s.peers.add(base + k)
		}
		s.lastP, s.lastO = append(s.lastP[:0], p...), append(s.lastO[:0], o...)
	}
	return s.grant.Must(int64(cap(s.starts)+cap(s.peers)) * 8)
}

// begin starts the computing of the first n rows.
func (s *windowState) begin(n int) error {
	s.giving, s.at, s.end, s.next = true, 0, n, 0
	s.part.n, s.part.to = 0, 0
	return s.offsets()
}

// give computes and returns the next rows; nil when there are none, or the
// statement is stopped.
func (s *windowState) give(t *Task) (*vector.Batch, error) {
	if s.at == s.end || t.Stopped() {
		s.giving = false
		return nil, nil
	}
	b, from, to, err := s.rows.Window(int64(s.at))
	if err != nil {
		return nil, err
	}
	n := min(to-from, s.size, s.end-s.at)
	s.in.set(b, from, n)
	s.results = newRowSet(s.spec.out)
	for done := 0; done < n; {
		p := s.part
		if p.to == p.n {
			s.nextPart()
		}
		k := min(n-done, p.n-p.to)
		if err := p.compute(t, done, k); err != nil {
			return nil, err
		}
		done += k
	}
	s.at += n
	s.out.N, s.out.Cols = n, append(s.out.Cols[:0], s.in.batch.Cols...)
	for _, c := range s.results.cols {
		s.out.Cols = append(s.out.Cols, c.Block(0))
	}
	return &s.out, nil
}

func (s *windowState) nextPart() {
	lo, hi := s.starts[s.next], s.end
	s.next++
	if s.next < len(s.starts) {
		hi = min(hi, s.starts[s.next])
	}
	s.part.reset(lo, hi-lo)
}

// set makes in the rows from..from+n-1 of b.
func (in *windowInput) set(b *vector.Batch, from, n int) {
	in.batch.N, in.batch.Cols = n, append(in.batch.Cols[:0], b.Cols...)
	in.bounds = [2]rangeBounds{}
	if from == 0 && n == b.N {
		return
	}
	if in.flat == nil {
		in.flat = make([]vector.Vec, len(b.Cols))
	}
	for i, c := range b.Cols {
		vector.Gather(c, identity[from:from+n], n, &in.flat[i])
		in.batch.Cols[i] = &in.flat[i]
	}
}

// bound is bound at of the window's RANGE frame.
func (s *windowState) bound(at int) (*rangeBounds, error) {
	in := &s.in
	if in.eval == nil {
		in.eval = s.spec.bounds.NewEvaluator(s.env)
	}
	r := &in.bounds[at]
	if r.vec != nil {
		return r, nil
	}
	sel := identity[:in.batch.N]
	for {
		v, err := in.eval.Eval(at, &in.batch, sel)
		if err == nil {
			r.vec = &vector.Vec{}
			vector.Gather(v, nil, in.batch.N, r.vec) // the evaluator's next result may lie in the same place
			return r, nil
		}
		row, cause, ok := rowError(err)
		if !ok || sql.AsError(cause).Code != sql.CodeNumericOutOfRange {
			return nil, cause
		}
		if r.over == nil {
			r.over, sel = make([]bool, in.batch.N), slices.Clone(sel)
		}
		r.over[row] = true
		sel = slices.DeleteFunc(sel, func(i int32) bool { return int(i) == row })
	}
}

// keepRest leaves only the rows that were not given: they begin a partition.
func (s *windowState) keepRest() error {
	old, n := s.rows, s.end
	defer old.Close()
	s.rows = s.exec.newSpool(s.spec.node, s.spec.types)
	for total := int(old.Rows()); n < total; {
		b, from, to, err := old.Window(int64(n))
		if err != nil {
			return err
		}
		if err := s.rows.Append(b, from, to); err != nil {
			return err
		}
		n += to - from
	}
	var peers marks
	for i := s.peers.next(s.end, n); i < n; i = s.peers.next(i+1, n) {
		peers.add(i - s.end)
	}
	s.starts, s.peers = append(s.starts[:0], 0), peers
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

func (s *windowState) Flush(t *Task) (*vector.Batch, Status, error) {
	if !s.flushed {
		s.flushed = true
		if err := s.begin(int(s.rows.Rows())); err != nil {
			return nil, Done, err
		}
	}
	b, err := s.give(t)
	if b == nil || err != nil {
		return nil, Done, err
	}
	return b, HaveOutput, nil
}

func (s *windowState) Close() {
	s.rows.Close()
	s.grant.Close()
}
