package parquet

import (
	"context"
	"math"
	"strconv"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// nestedReader reads a column of lists, maps or structs row by row. Lists of
// primitive values become arrays, all else canonical JSON. It keeps the values of
// one window of rows, so that predicates and output can both have them.
type nestedReader struct {
	src    *source
	node   *node
	typ    sql.Type
	leaves []*leafReader // in order of the schema
	row    int           // next row to be read
	base   int           // row of vals[0]
	vals   []sql.Value
	picked []sql.Value
	json   []byte
}

// leafReader walks the entries (repetition level, definition level, value) of one
// leaf of a nested column.
type leafReader struct {
	chunkReader
	typ    sql.Type
	reps   []uint32
	defs   []uint32
	n, at  int // entries of the current page, and the current one
	val    int // ordinal of the current value in the page
	total  int64
	vec    vector.Vec
	buf    []byte
	repBuf []uint32
	defBuf []uint32
}

// nestedLeaves returns the leaves under n.
func nestedLeaves(n *node, out []*node) []*node {
	if n.leaf >= 0 {
		return append(out, n)
	}
	for _, k := range n.kids {
		out = nestedLeaves(k, out)
	}
	return out
}

// nestedFits reports whether a nested column can be read as t: JSON of any shape,
// or a list whose elements can be read as the array's.
func nestedFits(n *node, t sql.Type) bool {
	if t.OID == sql.OIDJSONB || t.OID == sql.OIDJSON || t.OID == sql.OIDText {
		return true
	}
	e := listElement(n)
	return t.IsArray() && e != nil && e.leaf >= 0 && convFor(e, t.Elem()) != nil
}

func newNestedReader(r *reader, src *source, n *node, t sql.Type) *nestedReader {
	x := &nestedReader{src: src, node: n, typ: t}
	for _, l := range nestedLeaves(n, nil) {
		lr := &leafReader{typ: leafType(l)}
		if t.IsArray() {
			lr.typ = t.Elem()
		}
		lr.pool, lr.inf, lr.cache, lr.ids, lr.keep = &r.pool, &r.inf, r.f.cache, &r.f.ids, r.hold
		x.leaves = append(x.leaves, lr)
	}
	return x
}

// open begins a row group.
func (x *nestedReader) open(ctx context.Context, mem *fetched, m *fileMeta, group int) error {
	x.row, x.base, x.vals = 0, 0, x.vals[:0]
	for i, leaf := range nestedLeaves(x.node, nil) {
		l := x.leaves[i]
		cv := convFor(leaf, l.typ)
		if cv == nil {
			return unsupported(x.src.url, "column %q has type %s", leaf.path, leaf.describe())
		}
		l.open(ctx, x.src, mem, m, group, leaf, cv, l.typ, nil)
		l.n, l.at, l.val, l.total = 0, 0, 0, 0
	}
	return nil
}

func (x *nestedReader) release() {
	for _, l := range x.leaves {
		l.release()
	}
}

// pick returns rows pos+sel[i], or (sel nil) pos .. pos+n-1, of the window of rows
// win .. winEnd-1.
func (x *nestedReader) pick(win, winEnd, pos, n int, sel []int32) (*vector.Vec, error) {
	if x.base != win || len(x.vals) != winEnd-win {
		if err := x.fill(win, winEnd); err != nil {
			return nil, err
		}
	}
	x.picked = x.picked[:0]
	for i := range n {
		row := pos + i
		if sel != nil {
			row = pos + int(sel[i])
		}
		x.picked = append(x.picked, x.vals[row-win])
	}
	return vector.FlatOf(x.typ, x.picked), nil
}

// fill reads rows win .. end-1; rows before are skipped.
func (x *nestedReader) fill(win, end int) error {
	if win < x.row { // cannot happen: windows ascend
		return corrupt(x.src.url, "rows of column %q were asked for out of order", x.node.path)
	}
	x.base, x.vals = win, x.vals[:0]
	for ; x.row < end; x.row++ {
		for _, l := range x.leaves {
			if ok, err := l.peek(); err != nil {
				return err
			} else if !ok || l.reps[l.at] != 0 {
				return l.fail("its rows do not begin where those of other columns do")
			}
		}
		if x.row < win {
			for _, l := range x.leaves {
				if err := l.skipRow(); err != nil {
					return err
				}
			}
			continue
		}
		v, err := x.value()
		if err != nil {
			return err
		}
		x.vals = append(x.vals, v)
	}
	return nil
}

// peek makes sure that there is a current entry; false at the chunk's end.
func (l *leafReader) peek() (bool, error) {
	for l.at >= l.n {
		if l.total >= l.chunk.numValues || l.off >= l.end {
			return false, nil
		}
		if err := l.nextPage(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// advance goes to the next entry.
func (l *leafReader) advance() {
	if int(l.defs[l.at]) == l.leaf.maxDef {
		l.val++
	}
	l.at++
}

// skipRow goes to the next entry that begins a row.
func (l *leafReader) skipRow() error {
	for {
		l.advance()
		if ok, err := l.peek(); err != nil || !ok || l.reps[l.at] == 0 {
			return err
		}
	}
}

func (l *leafReader) nextPage() error {
	for {
		if l.off >= l.end {
			return l.fail("its pages have %d values, the column chunk claims %d", l.total, l.chunk.numValues)
		}
		off := l.off
		h, err := l.header(off, 0)
		if err != nil {
			return err
		}
		l.off = off + int64(h.size) + int64(h.compressed)
		switch h.typ {
		case pageDict:
			if err := l.loadDict(off, &h); err != nil {
				return err
			}
			continue
		case pageData, pageDataV2:
		default:
			continue
		}
		if int64(h.numValues) > l.chunk.numValues-l.total {
			return l.fail("its pages have more than the %d values that the column chunk claims", l.chunk.numValues)
		}
		if n := int(h.numValues); n > maxPageRows && n/8 > int(h.uncompressed) {
			return l.fail("the page at byte %d claims %d values", off, n)
		}
		isCodes := h.encoding == encPlainDictionary || h.encoding == encRLEDictionary
		if isCodes && !l.dictLoaded {
			if err := l.findDict(); err != nil {
				return err
			}
		}
		raw, err := l.bytesAt(off+int64(h.size), int64(h.compressed), 0)
		if err != nil {
			return err
		}
		l.pagesRead++
		if err := l.decodeNested(&h, raw); err != nil {
			return l.pageFail(off, err)
		}
		l.total += int64(h.numValues)
		return nil
	}
}

// maxJSON bounds a nested value's text; PostgreSQL's bound on a jsonb string is the same.
const maxJSON = 256 << 20

// value assembles the current row.
func (x *nestedReader) value() (sql.Value, error) {
	if x.typ.IsArray() {
		return x.array()
	}
	x.json = x.json[:0]
	if n := x.node; n.rep == repOptional {
		if null, err := x.null(n, 0); err != nil {
			return sql.Value{}, err
		} else if null {
			return sql.NullOf(x.typ), nil
		}
	}
	if err := x.appendJSON(x.node, 0, x.node.rep != repRepeated); err != nil {
		return sql.Value{}, err
	}
	if len(x.json) > maxJSON {
		return sql.Value{}, sql.Errorf(sql.CodeProgramLimitExceeded, "a value of column %q in file %q has %d bytes as JSON", x.node.path, x.src.url, len(x.json))
	}
	v := sql.Value{Type: x.typ, S: string(x.json)}
	if x.typ.OID == sql.OIDJSONB {
		s, err := sql.CanonicalJSONB(v.S)
		if err != nil {
			return v, err
		}
		v.S = s
	}
	return v, nil
}

// array assembles a row of a list of primitive values; a repeated field that has
// none is an empty array.
func (x *nestedReader) array() (sql.Value, error) {
	l := x.leaves[0]
	e := listElement(x.node)
	rep := e
	if rep.rep != repRepeated {
		rep = e.parent
	}
	v := sql.Value{Type: x.typ}
	for first := true; ; first = false {
		ok, err := l.peek()
		if err != nil {
			return v, err
		}
		if !ok || !first && l.reps[l.at] == 0 {
			return v, nil
		}
		switch d := int(l.defs[l.at]); {
		case d == l.leaf.maxDef:
			item, err := l.current()
			if err != nil {
				return v, err
			}
			v.List = append(v.List, item)
		case d >= rep.maxDef: // an element that is NULL
			v.List = append(v.List, sql.NullOf(l.typ))
		case x.node.rep == repOptional && d < x.node.maxDef:
			v.Null = true
		}
		l.advance()
	}
}

// null reports whether n, whose leaves begin with the first-th, is NULL here; if
// so its entry is consumed.
func (x *nestedReader) null(n *node, first int) (bool, error) {
	l := x.leaves[first]
	ok, err := l.peek()
	if err != nil {
		return false, err
	}
	if !ok {
		return false, l.fail("its values end too early")
	}
	if int(l.defs[l.at]) >= n.maxDef {
		return false, nil
	}
	return true, x.consume(n, first)
}

// consume passes over one entry in each leaf under n.
func (x *nestedReader) consume(n *node, first int) error {
	for i := range nestedLeaves(n, nil) {
		l := x.leaves[first+i]
		if ok, err := l.peek(); err != nil {
			return err
		} else if !ok {
			return l.fail("its values end too early")
		}
		l.advance()
	}
	return nil
}

// appendJSON writes n's value, whose leaves begin with the first-th. inside: n is
// known not to be NULL, and a repeated n is one of its repetitions.
func (x *nestedReader) appendJSON(n *node, first int, inside bool) error {
	if n.rep == repRepeated && !inside {
		return x.appendList(n, n, first)
	}
	if n.rep == repOptional && !inside {
		if null, err := x.null(n, first); err != nil {
			return err
		} else if null {
			x.json = append(x.json, "null"...)
			return nil
		}
	}
	if n.leaf >= 0 {
		return x.appendLeaf(first)
	}
	if e := annotatedList(n); e != nil {
		return x.appendList(n.kids[0], e, first)
	}
	if k, v := mapEntry(n); k != nil {
		return x.appendMap(n.kids[0], k, v, first)
	}
	x.json = append(x.json, '{')
	at := first
	for i, k := range n.kids {
		if i > 0 {
			x.json = append(x.json, ',')
		}
		x.json = sql.AppendJSONString(x.json, k.name)
		x.json = append(x.json, ':')
		if err := x.appendJSON(k, at, false); err != nil {
			return err
		}
		at += len(nestedLeaves(k, nil))
	}
	x.json = append(x.json, '}')
	return nil
}

// each calls f for each repetition of rep; the leaf of the first-th column leads.
func (x *nestedReader) each(rep *node, first int, f func(i int) error) error {
	l := x.leaves[first]
	if null, err := x.null(rep, first); err != nil || null {
		return err // an empty list
	}
	for i := 0; ; i++ {
		if err := f(i); err != nil {
			return err
		}
		ok, err := l.peek()
		if err != nil {
			return err
		}
		if !ok || int(l.reps[l.at]) < rep.maxRep {
			return nil
		}
		if int(l.reps[l.at]) > rep.maxRep {
			return l.fail("its repetition levels are malformed")
		}
	}
}

func (x *nestedReader) appendList(rep, elem *node, first int) error {
	x.json = append(x.json, '[')
	err := x.each(rep, first, func(i int) error {
		if i > 0 {
			x.json = append(x.json, ',')
		}
		return x.appendJSON(elem, first, elem == rep)
	})
	x.json = append(x.json, ']')
	return err
}

func (x *nestedReader) appendMap(rep, key, value *node, first int) error {
	x.json = append(x.json, '{')
	at := first + len(nestedLeaves(key, nil))
	err := x.each(rep, first, func(i int) error {
		if i > 0 {
			x.json = append(x.json, ',')
		}
		// A key that is no string is written as the text of its value.
		from := len(x.json)
		if err := x.appendJSON(key, first, false); err != nil {
			return err
		}
		if from < len(x.json) && x.json[from] != '"' {
			k := string(x.json[from:])
			x.json = sql.AppendJSONString(x.json[:from], k)
		}
		x.json = append(x.json, ':')
		if value == nil {
			x.json = append(x.json, "null"...)
			return nil
		}
		return x.appendJSON(value, at, false)
	})
	x.json = append(x.json, '}')
	return err
}

var jsonFormat = sql.DefaultFormat()

// appendLeaf writes the current value of the i-th leaf and goes on.
func (x *nestedReader) appendLeaf(i int) error {
	l := x.leaves[i]
	ok, err := l.peek()
	if err != nil {
		return err
	}
	if !ok || int(l.defs[l.at]) < l.leaf.maxDef {
		return l.fail("a required value is missing")
	}
	v, err := l.current()
	if err != nil {
		return err
	}
	l.advance()
	switch v.Type.OID {
	case sql.OIDBool:
		x.json = strconv.AppendBool(x.json, v.I != 0)
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8:
		x.json = strconv.AppendInt(x.json, v.I, 10)
	case sql.OIDFloat4, sql.OIDFloat8:
		if f := math.Float64frombits(uint64(v.I)); math.IsNaN(f) || math.IsInf(f, 0) {
			x.json = sql.AppendJSONString(x.json, sql.AppendText(nil, v, &jsonFormat))
		} else {
			x.json = sql.AppendText(x.json, v, &jsonFormat)
		}
	case sql.OIDNumeric:
		x.json = sql.AppendText(x.json, v, &jsonFormat)
	default:
		x.json = sql.AppendJSONString(x.json, sql.AppendText(nil, v, &jsonFormat))
	}
	return nil
}

// current returns the current value.
func (l *leafReader) current() (sql.Value, error) {
	p, cv, i := &l.page, l.conv, l.val
	if i >= p.n {
		return sql.Value{}, l.fail("its values end too early")
	}
	switch {
	case p.kind == kindCodes:
		return l.entry(int(p.codes[i])), nil
	case p.kind == kindSpans && cv.str:
		sp := p.spans[i]
		b := p.data.b[uint32(sp):][:sp>>32]
		if cv.text != nil {
			b = cv.text(nil, b)
		} else if cv.maxChars > 0 {
			b = cutChars(b, cv.maxChars)
		}
		return sql.Value{Type: l.typ, S: string(b)}, nil
	}
	size := cv.layout.Size()
	if l.buf == nil {
		l.buf = vector.Bytes(make([]uint64, 8))
	}
	l.vec = vector.Vec{Type: l.typ, Layout: cv.layout, N: 1, Data: l.buf[:size]}
	if p.kind == kindSpans {
		sp := p.spans[i]
		if b := p.data.b[uint32(sp):][:sp>>32]; !cv.bytes(l.vec.Data, 0, b) {
			return sql.Value{}, l.misfit(b)
		}
		return vector.ValueAt(&l.vec, 0), nil
	}
	w := l.width
	raw := p.fixed[i*w : i*w+w]
	if cv.identity {
		copy(l.vec.Data, raw)
	} else {
		in := vector.Bytes(make([]uint64, (w+7)/8))
		copy(in, raw)
		if cv.fixed(l.vec.Data, in, 1, nil) >= 0 {
			return sql.Value{}, l.misfit(raw)
		}
	}
	return vector.ValueAt(&l.vec, 0), nil
}

// decodeNested decodes a page's levels and values; the values are dense.
func (l *leafReader) decodeNested(h *pageHeader, raw []byte) error {
	if err := checkCRC(h, raw); err != nil {
		return err
	}
	n := int(h.numValues)
	l.page = page{}
	data, owner := raw, l.raw
	var reps, defs []byte
	if h.typ == pageDataV2 {
		rl, dl := int(h.repLen), int(h.defLen)
		if rl+dl > len(raw) || rl+dl > int(h.uncompressed) {
			return pageError("its levels are longer than itself")
		}
		// Levels are decoded in place, with slack behind them.
		lv := l.pool.get(rl + dl + 2*slack)
		defer l.pool.put(lv)
		copy(lv.b, raw[:rl])
		copy(lv.b[rl+slack:], raw[rl:rl+dl])
		reps, defs = lv.b[:rl], lv.b[rl+slack:rl+slack+dl]
		data = raw[rl+dl:]
		if h.isCompressed && l.codec != codecNone && len(data) > 0 {
			b, err := l.inflate(data, int(h.uncompressed)-rl-dl)
			if err != nil {
				return err
			}
			data, owner = b, l.body
		}
	} else if l.codec != codecNone {
		b, err := l.inflate(raw, int(h.uncompressed))
		if err != nil {
			return err
		}
		data, owner = b, l.body
	}
	if owner == l.raw { // may lie in fetched memory, without slack
		l.body = l.pool.fit(l.body, len(data))
		data, owner = l.body.b[:copy(l.body.b, data)], l.body
	}
	l.decoded += int64(len(data))
	var err error
	l.repBuf, data, err = l.levelsOf(l.repBuf, h.repEnc, l.leaf.maxRep, n, reps, data, h.typ)
	if err != nil {
		return err
	}
	l.defBuf, data, err = l.levelsOf(l.defBuf, h.defEnc, l.leaf.maxDef, n, defs, data, h.typ)
	if err != nil {
		return err
	}
	l.reps, l.defs = l.repBuf[:n], l.defBuf[:n]
	if l.total == 0 && n > 0 && l.reps[0] != 0 {
		return pageError("its first repetition level is not 0")
	}
	m := 0
	for i, d := range l.defs {
		if int(d) > l.leaf.maxDef || int(l.reps[i]) > l.leaf.maxRep {
			return pageError("a level is larger than its column allows")
		}
		if int(d) == l.leaf.maxDef {
			m++
		}
	}
	l.n, l.at, l.val = n, 0, 0
	l.page.n = m
	return l.values(h.encoding, data, owner, m)
}

// levelsOf decodes n levels up to max: for V1 pages from data, whose rest it
// returns, for V2 pages from own.
func (l *leafReader) levelsOf(buf []uint32, enc int32, max, n int, own, data []byte, typ int32) ([]uint32, []byte, error) {
	const short = pageError("its levels end too early")
	buf = growSlice(buf, n+16)
	if max == 0 {
		clear(buf[:n])
		return buf, data, nil
	}
	w := bitsFor(max)
	if typ == pageDataV2 {
		if decodeHybrid(buf, own, w, n) < 0 {
			return buf, data, short
		}
		return buf, data, nil
	}
	if enc == encBitPacked {
		k := decodeBitPackedLevels(buf, data, w, n)
		if k < 0 {
			return buf, data, short
		}
		return buf, data[k:], nil
	}
	if len(data) < 4 {
		return buf, data, short
	}
	k := int(le32(data))
	if k > len(data)-4 || decodeHybrid(buf, data[4:4+k], w, n) < 0 {
		return buf, data, short
	}
	return buf, data[4+k:], nil
}

// join adds the rows of v, a vector of its own memory, to a nested output column.
func (o *column) join(v *vector.Vec) {
	if o.n == 0 {
		o.vec, o.n = *v, v.N
		return
	}
	c := vector.NewColumn(o.vec.Type)
	c.Append(&o.vec, nil, o.vec.N)
	c.Append(v, nil, v.N)
	ids := make([]uint32, c.N)
	for i := range ids {
		ids[i] = uint32(i)
	}
	var out vector.Vec
	c.Gather(ids, &out)
	o.vec, o.n = out, out.N
}
