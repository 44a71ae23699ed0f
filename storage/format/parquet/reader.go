package parquet

import (
	"context"

	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/vector"
)

// reader decodes morsels; it implements format.Reader. Its memory is reused from
// morsel to morsel: in steady state nothing is allocated.
type reader struct {
	f   *Format
	req *format.Request
	ctx context.Context

	pool   bufferPool
	inf    inflater
	chunks []chunkReader   // as req.Columns
	nested []*nestedReader // as req.Columns; nil for flat ones
	outs   []column        // as req.Output
	batch  vector.Batch
	filter filter

	m     *morsel
	sf    *scanFile
	rng   int // current range of m
	pos   int // next row
	win   int // first row of the window that left belongs to
	left  []int32
	iota  []int32 // 0, 1, ...
	err   error   // raised when the rows before it have been delivered
	done  bool
	held  []*buffer // that the last batch refers to
	heldN int64
	given int64 // rows delivered in all
}

// NewReader implements format.Format.
func (f *Format) NewReader(req *format.Request) format.Reader {
	r := &reader{f: f, req: req, chunks: make([]chunkReader, len(req.Columns)), nested: make([]*nestedReader, len(req.Columns)), outs: make([]column, len(req.Output))}
	r.pool.spare = &f.spare
	for i := range r.chunks {
		c := &r.chunks[i]
		c.pool, c.inf, c.cache, c.ids = &r.pool, &r.inf, f.cache, &f.ids
		c.keep = r.hold
	}
	r.batch.Cols = make([]*vector.Vec, len(req.Output))
	r.filter.init(r)
	f.cache.tick()
	return r
}

// hold takes a buffer that the batch (or else a predicate) still refers to.
func (r *reader) hold(b *buffer, by pin) {
	if by&pinOutput == 0 {
		r.filter.held = append(r.filter.held, b)
		return
	}
	r.held = append(r.held, b)
	r.heldN += b.size()
}

// heldMax is from how many bytes of pages on, to which the batch refers, the
// batch is delivered before it is full.
const heldMax = 4 << 20

// Bytes is the memory that the reader holds, without what the cache accounts for.
func (r *reader) Bytes() int64 {
	n := r.pool.bytes
	for i := range r.chunks {
		c := &r.chunks[i]
		n += int64(cap(c.validBuf)*8 + cap(c.levels)*4 + cap(c.codeBuf)*4 + cap(c.spanBuf)*8 + cap(c.ints)*8)
	}
	for i := range r.outs {
		n += r.outs[i].bytes()
	}
	return n + r.filter.bytes()
}

// Start implements format.Reader.
func (r *reader) Start(ctx context.Context, fm format.Morsel) (err error) {
	m := fm.(*morsel)
	defer guard(m.sf.src.url, &err)
	r.flushMetrics()
	r.unhold()
	r.ctx, r.m, r.sf = ctx, m, m.sf
	r.rng, r.pos, r.left, r.err, r.done = 0, 0, nil, nil, false
	if len(m.ranges) > 0 {
		r.pos = m.ranges[0].lo
	}
	for i, sc := range m.sf.cols {
		c := &r.chunks[i]
		c.release()
		if err := r.startNested(i, sc.nested); err != nil {
			return err
		}
		if sc.leaf == nil {
			continue
		}
		var x *offsetIndex
		if m.index != nil {
			x = m.index.offsets[sc.leaf.leaf]
		}
		c.open(ctx, m.sf.src, m.mem, m.sf.meta, m.group, sc.leaf, sc.conv, r.req.Columns[i].Type, x)
	}
	return r.filter.start(m)
}

// startNested begins column i, if it is nested.
func (r *reader) startNested(i int, n *node) error {
	if r.nested[i] != nil {
		r.nested[i].release()
	}
	if n == nil {
		r.nested[i] = nil
		return nil
	}
	if x := r.nested[i]; x == nil || x.node != n {
		r.nested[i] = newNestedReader(r, r.sf.src, n, r.req.Columns[i].Type)
	}
	return r.nested[i].open(r.ctx, r.m.mem, r.sf.meta, r.m.group)
}

// unhold takes back the buffers that the last batch referred to.
func (r *reader) unhold() {
	for i, b := range r.held {
		r.pool.put(b)
		r.held[i] = nil
	}
	r.held, r.heldN = r.held[:0], 0
	for i := range r.chunks {
		r.chunks[i].pinned = 0
	}
}

// Next implements format.Reader.
func (r *reader) Next() (b *vector.Batch, err error) {
	if r.sf == nil {
		return nil, nil
	}
	defer guard(r.sf.src.url, &err)
	r.unhold()
	if r.done || r.req.RowLimit > 0 && r.given >= r.req.RowLimit {
		err, r.err = r.err, nil
		r.done = true
		return nil, err
	}
	for i := range r.outs {
		if sc := &r.sf.cols[r.req.Output[i]]; sc.leaf != nil {
			r.outs[i].reset(r.req.Columns[r.req.Output[i]].Type, sc.conv.layout)
			r.outs[i].role = pinOutput
		} else if sc.nested != nil {
			r.outs[i].n = 0
		}
	}
	k, first := 0, -1
	for k < vector.BatchSize && r.heldN < heldMax {
		if r.left == nil {
			n := r.window(vector.BatchSize - k)
			if n == 0 {
				r.done = true
				break
			}
			sel, m, err := r.filter.run(r.pos, n)
			if err != nil {
				return nil, err
			}
			r.win = r.pos
			r.pos += n
			if r.filter.err != nil { // rows before the error are still good
				r.err, r.filter.err = r.filter.err, nil
				r.done = true
			}
			if m == 0 {
				if r.done {
					break
				}
				if err := object.Ended(r.ctx); err != nil {
					return nil, err
				}
				continue
			}
			if first < 0 {
				first = r.win
				if sel != nil {
					first += int(sel[0])
				}
			}
			if sel == nil && m > vector.BatchSize-k {
				sel = r.allRows(m)
			}
			if sel == nil {
				if err := r.appendRows(r.win, m, nil); err != nil {
					return nil, err
				}
				k += m
			} else {
				r.left = sel
			}
		}
		if r.left != nil {
			if first < 0 {
				first = r.win + int(r.left[0])
			}
			m := min(len(r.left), vector.BatchSize-k)
			if err := r.appendRows(r.win, m, r.left[:m]); err != nil {
				return nil, err
			}
			k += m
			if r.left = r.left[m:]; len(r.left) == 0 {
				r.left = nil
			}
		}
		if r.done && r.left == nil {
			break
		}
	}
	if k == 0 {
		err, r.err = r.err, nil
		return nil, err
	}
	if r.left != nil {
		r.done = false
	}
	return r.deliver(k, first), nil
}

// allRows selects the first n rows of a window.
func (r *reader) allRows(n int) []int32 {
	if r.iota == nil {
		r.iota = make([]int32, vector.BatchSize)
		for i := range r.iota {
			r.iota[i] = int32(i)
		}
	}
	return r.iota[:n]
}

// window returns how many rows from r.pos on are tried next, at most max unless
// rows may be dropped; 0 at the morsel's end.
func (r *reader) window(max int) int {
	if r.err != nil {
		return 0
	}
	for r.rng < len(r.m.ranges) {
		g := r.m.ranges[r.rng]
		if r.pos < g.lo {
			r.pos = g.lo
		}
		if r.pos < g.hi {
			n := vector.BatchSize
			if !r.filter.drops() {
				n = max
			}
			return min(n, g.hi-r.pos)
		}
		r.rng++
	}
	return 0
}

// appendRows adds rows to the output columns.
func (r *reader) appendRows(pos, n int, sel []int32) error {
	for i, ci := range r.req.Output {
		if x := r.nested[ci]; x != nil {
			v, err := x.pick(r.win, r.pos, pos, n, sel)
			if err != nil {
				return err
			}
			r.outs[i].join(v)
			continue
		}
		if r.sf.cols[ci].leaf == nil {
			continue
		}
		if err := r.outs[i].append(&r.chunks[ci], pos, n, sel); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) deliver(k, first int) *vector.Batch {
	for i, ci := range r.req.Output {
		if v := r.sf.cols[ci].value; v != nil {
			c := &r.outs[i].vec
			*c = *v
			c.N = k
			r.batch.Cols[i] = c
			continue
		}
		if r.nested[ci] != nil {
			r.batch.Cols[i] = &r.outs[i].vec
			continue
		}
		r.batch.Cols[i] = r.outs[i].result()
	}
	r.batch.N, r.batch.Sel = k, nil
	r.batch.Seq, r.batch.First = r.m.seq, first
	r.given += int64(k)
	if mt := r.req.Metrics; mt != nil {
		mt.RowsOut.Add(int64(k))
	}
	return &r.batch
}

// flushMetrics adds what the columns counted to the scan's figures.
func (r *reader) flushMetrics() {
	mt := r.req.Metrics
	if r.m == nil || mt == nil {
		return
	}
	mt.RowsRead.Add(r.m.rows)
	for i := range r.chunks {
		c := &r.chunks[i]
		mt.Pages.Add(c.pagesRead + c.pagesSkipped)
		mt.PagesPruned.Add(c.pagesSkipped)
		mt.BytesFile.Add(c.fileBytes)
		mt.BytesDecoded.Add(c.decoded)
		mt.DictHits.Add(c.dictHits)
		mt.DictMisses.Add(c.dictMisses)
		c.pagesRead, c.pagesSkipped, c.fileBytes, c.decoded, c.dictHits, c.dictMisses = 0, 0, 0, 0, 0, 0
	}
	mt.RowsFiltered.Add(r.filter.dropped)
	r.filter.dropped = 0
	r.m = nil
}

// Close implements format.Reader.
func (r *reader) Close() {
	r.flushMetrics()
	for i := range r.chunks {
		r.chunks[i].release()
		if r.nested[i] != nil {
			r.nested[i].release()
		}
	}
	r.inf.close()
	r.sf = nil
	r.chunks, r.outs, r.held = nil, nil, nil
	r.pool.close()
}
