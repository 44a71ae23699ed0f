package parquet

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/bloom/xxhash"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// maxBloomValues is for how many values of an IN list bloom filters are asked;
// maxBloom bounds a filter that is read.
const (
	maxBloomValues = 64
	maxBloom       = 4 << 20
)

// bloomKeeps asks the bloom filters of row group g about equality and IN
// conjuncts; false if one says that no value occurs.
func (sf *scanFile) bloomKeeps(ctx context.Context, g int) (bool, error) {
	for _, e := range sf.req.Conjuncts {
		col, vals := equalities(e)
		if col == nil || len(vals) == 0 || len(vals) > maxBloomValues {
			continue
		}
		i := sf.column(col.ID)
		if i < 0 || sf.cols[i].leaf == nil {
			continue
		}
		ch := &sf.meta.groups[g].cols[sf.cols[i].leaf.leaf]
		if ch.bloom.off <= 0 {
			continue
		}
		hashes := make([]uint64, 0, len(vals))
		for _, v := range vals {
			h, ok := bloomHash(&sf.cols[i], sf.req.Columns[i].Type, v)
			if !ok {
				hashes = nil
				break
			}
			hashes = append(hashes, h)
		}
		if hashes == nil {
			continue
		}
		f, err := sf.readBloom(ctx, ch)
		if err != nil {
			return false, err
		}
		if f == nil {
			continue
		}
		found := false
		for _, h := range hashes {
			found = found || f.Check(h)
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// equalities returns the column and the values that e compares it with, if e is
// column = constant or column IN (constants).
func equalities(e expr.Expr) (*expr.Col, []sql.Value) {
	switch x := e.(type) {
	case *expr.InList:
		if c, ok := x.Arg.(*expr.Col); ok && !x.Negate {
			return c, x.List
		}
	case *expr.Call:
		if x.Fn.Kind != expr.KindOperator || x.Fn.Name != "=" || len(x.Args) != 2 {
			return nil, nil
		}
		for k := range 2 {
			c, ok := x.Args[k].(*expr.Col)
			v, ok2 := x.Args[1-k].(*expr.Const)
			if ok && ok2 && !v.V.Null {
				return c, []sql.Value{v.V}
			}
		}
	}
	return nil, nil
}

// bloomHash hashes v as the writer of the column did; ok is false if it is not
// certain which physical value v is.
func bloomHash(sc *scanColumn, t sql.Type, v sql.Value) (uint64, bool) {
	leaf := sc.leaf
	var x int64
	switch {
	case sc.conv.str && sc.conv.text == nil && sc.conv.maxChars == 0 && (t.OID == sql.OIDText || t.OID == sql.OIDVarchar || t.OID == sql.OIDBytea) &&
		(v.Type.OID == sql.OIDText || v.Type.OID == sql.OIDVarchar || v.Type.OID == sql.OIDBytea || v.Type.OID == sql.OIDUnknown):
		return xxhash.Sum64([]byte(v.S)), true
	case t.IsInteger() && v.Type.IsInteger() && (leaf.log.kind == logNone || leaf.log.kind == logInt && leaf.log.signed):
		x = v.I
	case t.OID == sql.OIDDate && v.Type.OID == sql.OIDDate:
		x = v.I
	case t.OID == sql.OIDTimestamp && v.Type.OID == sql.OIDTimestamp && leaf.phys == physInt64 && leaf.log.unit == unitMicros:
		x = v.I
	default:
		return 0, false
	}
	var b [8]byte
	switch leaf.phys {
	case physInt32:
		if x < math.MinInt32 || x > math.MaxInt32 {
			return 0, false
		}
		binary.LittleEndian.PutUint32(b[:], uint32(x))
		return xxhash.Sum64(b[:4]), true
	case physInt64:
		binary.LittleEndian.PutUint64(b[:], uint64(x))
		return xxhash.Sum64(b[:]), true
	}
	return 0, false
}

// readBloom reads a chunk's bloom filter, nil if it is of an unknown kind, large
// or damaged.
func (sf *scanFile) readBloom(ctx context.Context, ch *columnChunk) (bloom.SplitBlockFilter, error) {
	left := sf.src.size - ch.bloom.off
	if left <= 0 {
		return nil, nil
	}
	n := int64(4096)
	if ch.bloom.n > 0 {
		n = ch.bloom.n
	}
	if n = min(n, left); n > maxBloom {
		return nil, nil
	}
	b := make([]byte, n)
	if err := sf.src.read(ctx, ch.bloom.off, b); err != nil {
		return nil, err
	}
	size, head, ok := parseBloomHeader(b)
	if !ok || size <= 0 || size%32 != 0 || size > maxBloom || int64(head)+size > left {
		return nil, nil
	}
	data := make([]byte, size)
	if k := copy(data, b[head:]); int64(k) < size {
		if err := sf.src.read(ctx, ch.bloom.off+int64(head+k), data[k:]); err != nil {
			return nil, err
		}
	}
	return bloom.MakeSplitBlockFilter(data), nil
}

// parseBloomHeader returns the filter's bytes and the header's own; ok only for
// an uncompressed split-block filter with xxHash.
func parseBloomHeader(b []byte) (size int64, head int, ok bool) {
	c := &cursor{b: b}
	var kind [5]int
	for id, t := c.field(0); t != tStop; id, t = c.field(id) {
		switch {
		case id == 1 && t == tI32:
			size = int64(c.i32())
		case id >= 2 && id <= 4 && t == tStruct:
			for k, t := c.field(0); t != tStop; k, t = c.field(k) {
				kind[id] = k
				c.skip(t)
			}
		default:
			c.skip(t)
		}
	}
	return size, c.p, !c.bad && kind[2] == 1 && kind[3] == 1 && kind[4] == 1
}
