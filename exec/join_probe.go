package exec

import (
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// prober joins probe batches with one table. A batch is started, then next is
// called until it has no more.
type prober struct {
	spec  *joinSpec
	exec  *Execution
	table *joinTable
	look  joinLookup
	size  int

	in     *vector.Batch
	sel    []int32
	groups []uint32
	hit    []bool // k-th row has a match
	nul    []bool // marks: a pair's condition was NULL
	k      int    // cursor: row, and places of its group not tried yet
	lo, hi uint32
	open   bool
	stage  uint8
	part   bool  // the table is a part of the build side: only pairs are tried
	fail   error // raised when the rows before it are out
	failAt int   // first row (k) that is not to be answered

	pairK   []int32
	pairSel []int32 // row of the probe batch
	pairRow []uint32
	keep    []int32
	res     expr.Evaluator
	res3    expr.Evaluator
	resVecs []vector.Vec
	resB    vector.Batch
	bufs    [2][]int32

	out   vector.Batch
	vecs  []vector.Vec
	nulls []*vector.Vec
	outS  []int32
	outI  []uint32
	mark  vector.Vec
	restN int // position of the walk over build rows
	segN  int
}

const (
	stagePairs uint8 = iota
	stageRest
	stageDone
)

func newProber(t *Task, spec *joinSpec, table *joinTable) *prober {
	p := &prober{spec: spec, exec: t.exec, table: table, size: t.exec.rt.batchSize()}
	p.look.t = table
	if spec.residual != nil {
		p.res = spec.residual.NewEvaluator(t.exec.rt.Env)
		if spec.three != nil {
			p.res3 = spec.three.NewEvaluator(t.exec.rt.Env)
		}
		p.resVecs = make([]vector.Vec, len(spec.resIn))
		p.resB.Cols = make([]*vector.Vec, len(spec.resIn))
		for i := range p.resVecs {
			p.resB.Cols[i] = &p.resVecs[i]
		}
	}
	p.vecs = make([]vector.Vec, len(spec.out))
	p.nulls = make([]*vector.Vec, len(spec.out))
	p.out.Cols = make([]*vector.Vec, len(spec.out))
	p.pairK, p.pairSel, p.pairRow = make([]int32, 0, p.size), make([]int32, 0, p.size), make([]uint32, 0, p.size)
	return p
}

// retarget makes the prober work on another table.
func (p *prober) retarget(table *joinTable) {
	p.table = table
	p.look = joinLookup{t: table}
	p.restN, p.segN = 0, 0
}

func (p *prober) start(in *vector.Batch) {
	p.in, p.sel = in, selected(in)
	n := len(p.sel)
	if cap(p.groups) < n {
		p.groups = make([]uint32, max(n, vector.BatchSize))
		p.hit = make([]bool, max(n, vector.BatchSize))
		p.nul = make([]bool, max(n, vector.BatchSize))
	}
	p.groups, p.hit, p.nul = p.groups[:n], p.hit[:n], p.nul[:n]
	clear(p.hit)
	clear(p.nul)
	p.look.find(p.spec.keys, in, p.sel, p.groups)
	p.k, p.open, p.stage, p.fail, p.failAt = 0, false, stagePairs, nil, n
	p.out.Seq, p.out.First = in.Seq, in.First
}

// startPart starts the first n rows of a batch, which has no selection: for pairs
// with a part of the build rows, or for the answer when there are no more parts.
// The caller knows which rows have had matches.
func (p *prober) startPart(in *vector.Batch, n int, pairs bool) {
	p.start(in)
	p.sel, p.groups, p.hit, p.nul, p.failAt = p.sel[:n], p.groups[:n], p.hit[:n], p.nul[:n], n
	p.part = pairs
	if !pairs {
		p.stage = stageRest
	}
}

// next gives a batch of output; nil when the input is used up (done) or the task's
// time is.
func (p *prober) next(t *Task) (*vector.Batch, error) {
	for {
		switch p.stage {
		case stagePairs:
			if p.res == nil && !p.part {
				if b, ok := p.direct(); ok {
					p.stage = stageDone
					return b, nil
				}
			}
			p.fill()
			if len(p.pairK) == 0 {
				p.stage = stageRest
				continue
			}
			if err := p.judge(); err != nil {
				return nil, err
			}
			if p.fail != nil {
				p.stage = stageRest
			}
			b, err := p.matches()
			if err != nil || b != nil {
				return b, err
			}
			if t.Stopped() || t.Expired() {
				return nil, nil
			}
		case stageRest:
			p.stage = stageDone
			if p.part {
				if p.spec.kind == physical.ProbeMark && p.spec.markNulls {
					return nil, p.unknownMarks(t)
				}
				return nil, nil
			}
			b, err := p.rest(t)
			if err != nil || b != nil {
				return b, err
			}
		default:
			if err := p.fail; err != nil && !p.part {
				p.fail = nil
				return nil, err
			}
			return nil, nil
		}
	}
}

// done reports whether the input is used up.
func (p *prober) done() bool { return p.stage == stageDone && (p.fail == nil || p.part) }

// direct answers the whole batch at once where no pairs need to be listed: the
// probe columns are passed on as they are.
func (p *prober) direct() (*vector.Batch, bool) {
	s := p.spec
	switch s.kind {
	case physical.ProbeSemi, physical.ProbeAnti:
		p.outS = p.outS[:0]
		want := s.kind == physical.ProbeSemi
		for k, g := range p.groups {
			if (g != noGroup) == want {
				p.outS = append(p.outS, p.sel[k])
			}
		}
		return p.passProbe(p.outS, nil), true
	case physical.ProbeMark:
		if s.markNulls {
			return nil, false
		}
		for k, g := range p.groups {
			p.hit[k] = g != noGroup
		}
		return p.markBatch(), true
	case physical.Inner, physical.ProbeOuter, physical.ProbeSingle, physical.BuildOuter, physical.FullOuter:
		if p.table.starts != nil {
			return nil, false
		}
		outer := s.kind != physical.Inner && s.kind != physical.BuildOuter
		p.outS, p.outI = p.outS[:0], p.outI[:0]
		for k, g := range p.groups {
			if g != noGroup {
				p.outS = append(p.outS, p.sel[k])
				p.outI = append(p.outI, p.table.row(g))
			} else if outer {
				p.outS = append(p.outS, p.sel[k])
				p.outI = append(p.outI, vector.NullRow)
			}
		}
		if p.table.matched != nil {
			for _, r := range p.outI {
				p.setMatched(r)
			}
		}
		return p.passProbe(p.outS, p.outI), true
	}
	return nil, false
}

// passProbe makes an output batch of probe rows at their places, with build rows
// rows (nil: NULLs).
func (p *prober) passProbe(sel []int32, rows []uint32) *vector.Batch {
	if len(sel) == 0 {
		return nil
	}
	p.out.N, p.out.Sel = p.in.N, sel
	pairs := p.spec.kind == physical.Inner || p.spec.kind == physical.BuildOuter // every row has a match
	for i, c := range p.spec.out {
		switch {
		case c.side == fromProbe:
			p.out.Cols[i] = p.in.Cols[c.at]
		case c.side == fromMark:
			p.out.Cols[i] = &p.mark
		case rows == nil || p.table.rows == nil: // an empty build side: no row has a match
			p.out.Cols[i] = p.null(i, p.in.N)
		case c.twin > 0 && pairs:
			p.out.Cols[i] = p.in.Cols[c.twin-1]
		default:
			p.table.rows.cols[c.at].GatherAt(rows, sel, p.in.N, &p.vecs[i])
			p.out.Cols[i] = &p.vecs[i]
		}
	}
	return &p.out
}

// null is output column i as n NULLs.
func (p *prober) null(i, n int) *vector.Vec {
	if p.nulls[i] == nil {
		p.nulls[i] = vector.ConstOf(sql.NullOf(p.spec.out[i].typ), n)
	}
	p.nulls[i].N = n
	return p.nulls[i]
}

func (p *prober) setMatched(row uint32) {
	if row == vector.NullRow {
		return
	}
	w, b := &p.table.matched[row>>6], uint64(1)<<(row&63)
	if atomic.LoadUint64(w)&b == 0 {
		atomic.OrUint64(w, b)
	}
}

// fill lists the next pairs of rows with equal keys.
func (p *prober) fill() {
	p.pairK, p.pairSel, p.pairRow = p.pairK[:0], p.pairSel[:0], p.pairRow[:0]
	once := false // one match of a probe row is enough
	switch p.spec.kind {
	case physical.ProbeSemi, physical.ProbeAnti, physical.ProbeMark:
		once = true
	}
	for p.k < len(p.groups) && len(p.pairK) < p.size {
		if !p.open {
			g := p.groups[p.k]
			if g == noGroup {
				p.k++
				continue
			}
			p.lo, p.hi = p.table.span(g)
			p.open = true
		}
		if once && p.hit[p.k] {
			p.lo = p.hi
		}
		m := min(int(p.hi-p.lo), p.size-len(p.pairK))
		for range m {
			p.pairK = append(p.pairK, int32(p.k))
			p.pairSel = append(p.pairSel, p.sel[p.k])
			p.pairRow = append(p.pairRow, p.table.row(p.lo))
			p.lo++
		}
		if p.lo == p.hi {
			p.open = false
			p.k++
		}
	}
}

// judge keeps the pairs for which the residual is true.
func (p *prober) judge() error {
	n := len(p.pairK)
	if p.res == nil {
		p.keep = append(p.keep[:0], ordinals(n)...)
		return nil
	}
	p.pairBatch(p.pairSel, p.pairRow)
	if p.res3 != nil {
		v, err := p.res3.Eval(0, &p.resB, nil)
		if err != nil {
			row, cause, ok := rowError(err)
			if !ok {
				return err
			}
			n = row
			p.failed(row, cause)
		}
		p.keep = p.keep[:0]
		for j := range n {
			src, i, null := v.At(j)
			switch {
			case null:
				p.nul[p.pairK[j]] = true
			case vector.Values[bool](src)[i]:
				p.keep = append(p.keep, int32(j))
			}
		}
		return nil
	}
	sel := ordinals(n)
	for c := range p.spec.conds {
		buf := p.bufs[c&1]
		if cap(buf) <= n {
			buf = make([]int32, 0, p.size+1)
		}
		out, err := p.res.Select(c, &p.resB, sel, buf[:0])
		p.bufs[c&1] = out
		if err != nil {
			row, cause, ok := rowError(err)
			if !ok {
				return err
			}
			p.failed(row, cause)
		}
		sel = out
	}
	p.keep = append(p.keep[:0], sel...)
	return nil
}

// failed notes an error at a pair: probe rows before that pair's are answered.
func (p *prober) failed(pair int, err error) {
	p.fail, p.failAt = err, int(p.pairK[pair])
}

// pairBatch gathers the residual's columns for pairs of rows.
func (p *prober) pairBatch(probe []int32, build []uint32) {
	p.resB.N, p.resB.Sel = len(probe), nil
	for i, c := range p.spec.resIn {
		if c.side == fromProbe {
			vector.Pick(p.in.Cols[c.at], probe, &p.resVecs[i])
		} else {
			p.table.rows.cols[c.at].Gather(build, &p.resVecs[i])
		}
	}
}

// matches notes the pairs that were kept and gives them, if the join delivers pairs.
func (p *prober) matches() (*vector.Batch, error) {
	s := p.spec
	for _, j := range p.keep {
		k := p.pairK[j]
		if s.kind == physical.ProbeSingle && p.hit[k] {
			return nil, errSecondRow()
		}
		p.hit[k] = true
		if p.table.matched != nil {
			p.setMatched(p.pairRow[j])
		}
	}
	switch s.kind {
	case physical.Inner, physical.ProbeOuter, physical.BuildOuter, physical.FullOuter, physical.ProbeSingle:
	default:
		return nil, nil
	}
	if len(p.keep) == 0 {
		return nil, nil
	}
	if len(p.keep) < len(p.pairK) {
		for x, j := range p.keep {
			p.pairSel[x], p.pairRow[x] = p.pairSel[j], p.pairRow[j]
		}
		p.pairSel, p.pairRow = p.pairSel[:len(p.keep)], p.pairRow[:len(p.keep)]
	}
	p.out.N, p.out.Sel = len(p.keep), nil
	for i, c := range s.out {
		switch {
		case c.side == fromProbe:
			vector.Pick(p.in.Cols[c.at], p.pairSel, &p.vecs[i])
		case c.twin > 0:
			vector.Pick(p.in.Cols[c.twin-1], p.pairSel, &p.vecs[i])
		default:
			p.table.rows.cols[c.at].Gather(p.pairRow, &p.vecs[i])
		}
		p.out.Cols[i] = &p.vecs[i]
	}
	return &p.out, nil
}

// rest answers the probe rows for which all pairs have been tried.
func (p *prober) rest(t *Task) (*vector.Batch, error) {
	want := false
	switch p.spec.kind {
	case physical.ProbeOuter, physical.FullOuter, physical.ProbeSingle, physical.ProbeAnti:
	case physical.ProbeSemi:
		want = true
	case physical.ProbeMark:
		if p.spec.markNulls {
			if err := p.unknownMarks(t); err != nil {
				return nil, err
			}
		}
		return p.markBatch(), nil
	default:
		return nil, nil
	}
	p.outS = p.outS[:0]
	for k, h := range p.hit[:p.failAt] {
		if h == want {
			p.outS = append(p.outS, p.sel[k])
		}
	}
	return p.passProbe(p.outS, nil), nil
}

// markBatch passes all rows with their mark.
func (p *prober) markBatch() *vector.Batch {
	n := p.in.N
	if cap(p.mark.Data) < n {
		p.mark.Data = vector.Bytes(make([]uint64, (max(n, vector.BatchSize)+7)/8))
	}
	p.mark.Type, p.mark.Layout, p.mark.N, p.mark.Valid = sql.Bool, vector.LBool, n, nil
	p.mark.Data = p.mark.Data[:n]
	vals := vector.Values[bool](&p.mark)
	for k, i := range p.sel[:p.failAt] {
		vals[i] = p.hit[k]
		if p.nul[k] && !p.hit[k] {
			if p.mark.Valid == nil {
				p.mark.Valid = vector.NewBitmap(n)
				p.mark.Valid.SetAll(n)
			}
			p.mark.Valid.Clear(int(i))
		}
	}
	return p.passProbe(p.sel[:p.failAt], nil)
}

// unmatched gives the build rows that had no match (or had one: BuildSemi), once
// all probe rows are done; nil at the end.
func (p *prober) unmatched() *vector.Batch {
	if !p.spec.tracksBuild() {
		return nil
	}
	want := p.spec.kind == physical.BuildSemi
	p.outI = p.outI[:0]
	for p.segN < len(p.table.segs) && len(p.outI) < p.size {
		seg := p.table.segs[p.segN]
		if p.restN >= seg.n {
			p.segN, p.restN = p.segN+1, 0
			continue
		}
		r := uint32(seg.base + p.restN)
		p.restN++
		if (p.table.matched[r>>6]>>(r&63)&1 != 0) == want {
			p.outI = append(p.outI, r)
		}
	}
	if len(p.outI) == 0 {
		return nil
	}
	p.out.N, p.out.Sel = len(p.outI), nil
	for i, c := range p.spec.out {
		if c.side == fromBuild {
			p.table.rows.cols[c.at].Gather(p.outI, &p.vecs[i])
			p.out.Cols[i] = &p.vecs[i]
		} else {
			p.out.Cols[i] = p.null(i, p.out.N)
		}
	}
	return &p.out
}
