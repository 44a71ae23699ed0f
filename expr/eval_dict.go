package expr

import (
	"hash/fnv"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// dictCache holds the results of one node over one dictionary.
type dictCache struct {
	id   uint64 // DictID the results are for, 0 none
	seen int    // rows met with this id
	dict *vector.Vec

	ok   bool           // results are there
	vals *vector.Column // one row an entry, then one for NULL
	vec  *vector.Vec    // vals as a Flat vector
	tri  []uint8        // boolean nodes: the results, then that of NULL
	errs map[uint32]error
	bad  bool // too many entries fail: not worth it
	out  vector.Vec
	code []uint32
	sub  *evaluator
}

// maxDictErrors is how many failing entries are kept before the rows are
// evaluated one by one instead.
const maxDictErrors = 8

// overDict decides whether node n is evaluated over the dictionary of its only
// column, and makes sure that the results are there. It returns nil if not.
func (ev *evaluator) overDict(n int, nd *node, s *nodeState, rows int) (*dictCache, *vector.Vec) {
	if nd.oneCol < 0 || ev.noDict || nd.col >= 0 {
		return nil, nil
	}
	v := ev.b.Cols[nd.oneCol]
	if v == nil || v.Form != vector.Dict || v.Dict.N == 0 || v.Dict.Layout == vector.LList || v.Dict.Layout == vector.LStruct {
		return nil, nil
	}
	c := s.dict
	if c == nil {
		c = &dictCache{}
		s.dict = c
	}
	if v.DictID == 0 || v.DictID != c.id {
		c.id, c.seen, c.ok, c.bad = v.DictID, 0, false, false
	}
	c.seen += rows
	if c.bad {
		return nil, nil
	}
	if !c.ok {
		// Worth it if the entries are no more than the rows met, or if a known
		// dictionary keeps coming back.
		if v.Dict.N > rows && (v.DictID == 0 || v.Dict.N > 8*c.seen) {
			return nil, nil
		}
		c.dict = v.Dict
		if !ev.fillDict(n, nd, c) {
			c.bad = true
			return nil, nil
		}
		c.ok = true
	}
	return c, v
}

// fillDict evaluates node n over all entries and NULL.
func (ev *evaluator) fillDict(n int, nd *node, c *dictCache) bool {
	if c.sub == nil {
		c.sub = ev.p.evaluator(ev.env)
		c.sub.noDict = true
	}
	if c.vals == nil || c.vals.Type != nd.t {
		c.vals = vector.NewColumn(nd.t)
	}
	c.vals.Reset()
	c.errs = nil
	cols := make([]*vector.Vec, ev.p.width)
	step := vector.BatchSize
	for lo := 0; lo < c.dict.N; lo += step {
		part := slice(c.dict, lo, min(lo+step, c.dict.N))
		cols[nd.oneCol] = part
		if !ev.dictPart(n, &vector.Batch{N: part.N, Cols: cols}, lo, c) {
			return false
		}
	}
	cols[nd.oneCol] = vector.ConstOf(sql.NullOf(c.dict.Type), 1)
	if !ev.dictPart(n, &vector.Batch{N: 1, Cols: cols}, c.dict.N, c) {
		return false
	}
	if nd.t.OID == sql.OIDBool {
		c.tri = c.tri[:0]
		for i := 0; i <= c.dict.N; i++ {
			b := c.vals.Block(i >> 14)
			c.tri = append(c.tri, triAt(b, i&(vector.BlockRows-1)))
			if b.N-i&(vector.BlockRows-1) > 1 { // the rest of the block at once
				for j := i&(vector.BlockRows-1) + 1; j < b.N; j++ {
					c.tri = append(c.tri, triAt(b, j))
				}
				i = i | (vector.BlockRows - 1)
			}
		}
	}
	ids := make([]uint32, c.vals.N)
	for i := range ids {
		ids[i] = uint32(i)
	}
	c.vec = &vector.Vec{}
	c.vals.Gather(ids, c.vec)
	return true
}

// dictPart evaluates some entries; failing ones are noted and become NULL.
func (ev *evaluator) dictPart(n int, b *vector.Batch, base int, c *dictCache) bool {
	var sel []int32
	for {
		c.sub.begin(b)
		v := c.sub.eval(n, sel, b.N)
		upto := b.N
		if c.sub.err != nil {
			upto = c.sub.lim
		}
		from := 0
		if sel != nil {
			from = int(sel[0])
		}
		if upto > from {
			c.vals.Append(v, seq(nil, b.N)[from:upto], 0)
		}
		if c.sub.err == nil {
			return true
		}
		if c.errs == nil {
			c.errs = map[uint32]error{}
		}
		if len(c.errs) == maxDictErrors {
			return false
		}
		c.errs[uint32(base+upto)] = c.sub.err
		c.vals.AppendValue(sql.NullOf(c.vals.Type))
		if upto+1 == b.N {
			return true
		}
		sel = seq(nil, b.N)[upto+1:]
	}
}

// slice is rows lo..hi-1 of a Flat vector; lo is a multiple of 64.
func slice(v *vector.Vec, lo, hi int) *vector.Vec {
	w := v.Layout.Size()
	p := &vector.Vec{Type: v.Type, Layout: v.Layout, N: hi - lo, Data: v.Data[lo*w : hi*w], Bufs: v.Bufs}
	if v.Valid != nil {
		p.Valid = v.Valid[lo/64:]
	}
	return p
}

// evalDict gives node n's result as a Dict vector, or nil.
func (ev *evaluator) evalDict(n int, nd *node, s *nodeState, sel []int32, cnt int) *vector.Vec {
	c, v := ev.overDict(n, nd, s, count(sel, cnt))
	if c == nil {
		return nil
	}
	ev.dictErrors(c, v, sel, cnt)
	c.out = vector.Vec{Type: nd.t, Form: vector.Dict, Layout: c.vec.Layout, N: v.N, Codes: v.Codes, Dict: c.vec, Valid: v.Valid}
	if c.id != 0 {
		h := fnv.New64a()
		h.Write([]byte(nd.key))
		c.out.DictID = vector.HashCombine(c.id, h.Sum64())
	}
	if v.Valid != nil && !c.vec.IsNull(c.dict.N) { // NULL maps to a value: its code is the extra entry
		c.code = append(c.code[:0], v.Codes...)
		for i := range c.code {
			if !v.Valid.Get(i) {
				c.code[i] = uint32(c.dict.N)
			}
		}
		c.out.Codes, c.out.Valid = c.code, nil
	}
	return &c.out
}

// dictErrors raises the error of the first selected row whose entry failed.
func (ev *evaluator) dictErrors(c *dictCache, v *vector.Vec, sel []int32, cnt int) {
	if len(c.errs) == 0 {
		return
	}
	for _, i := range seq(sel, cnt) {
		code := uint32(c.dict.N)
		if v.Valid == nil || v.Valid.Get(int(i)) {
			code = v.Codes[i]
		}
		if err := c.errs[code]; err != nil {
			ev.fail(int(i), err)
			return
		}
	}
}

// selectDict selects through a look-up table over the dictionary.
func (ev *evaluator) selectDict(n int, nd *node, s *nodeState, sel []int32, cnt int, out []int32) ([]int32, bool) {
	if nd.t.OID != sql.OIDBool {
		return out, false
	}
	rows := count(sel, cnt)
	c, v := ev.overDict(n, nd, s, rows)
	if c == nil {
		return out, false
	}
	ev.dictErrors(c, v, sel, cnt)
	sel, cnt = ev.cut(sel, cnt)
	out = grow(out, rows)
	k := len(out)
	out = out[:cap(out)]
	tri, codes := c.tri, v.Codes
	switch {
	case v.Valid != nil:
		for _, i := range seq(sel, cnt) {
			t := tri[c.dict.N]
			if v.Valid.Get(int(i)) {
				t = tri[codes[i]]
			}
			out[k] = i
			k += int(t & 1)
		}
	case sel == nil:
		for i, code := range codes[:cnt] {
			out[k] = int32(i)
			k += int(tri[code] & 1)
		}
	default:
		for _, i := range sel {
			out[k] = i
			k += int(tri[codes[i]] & 1)
		}
	}
	return out[:k], true
}
