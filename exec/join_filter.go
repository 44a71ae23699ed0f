package exec

import (
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// publishFrom publishes the join's runtime filters from its table: the bitmap that
// is the table's own index where the join has one integer key.
func (s *joinSpec) publishFrom(t *joinTable) {
	tuples := s.tuples(t)
	for i, p := range s.publish {
		k := s.keys[p.Key]
		if t.n == 0 {
			s.publishTo[i].Publish(expr.NewFilterData(k.typ, nil, k.nullEqual))
			continue
		}
		if t.bits != nil && len(s.keys) == 1 && !k.nullEqual && t.groups > 0 && k.typ == k.probeType && k.typ != sql.Bool {
			pk := t.pack.keys[0]
			s.publishTo[i].Publish(expr.NewBitmapFilter(k.typ, pk.min, pk.max, vector.Bitmap(t.bits), false))
			continue
		}
		if k.typ != k.probeType {
			s.publishTo[i].Publish(nil)
			continue
		}
		d := expr.NewFilterData(k.typ, t.keyColumns(k), k.nullEqual)
		d.Tuples, d.TupleKey = tuples, p.Key
		s.publishTo[i].Publish(d)
	}
}

// tuples are the whole keys, if there are several and few rows have them.
func (s *joinSpec) tuples(t *joinTable) *expr.Tuples {
	if len(s.publish) < 2 || t.n == 0 || t.n > expr.MaxTuples {
		return nil
	}
	cols := make([][]*vector.Column, len(s.keys))
	for i, k := range s.keys {
		if k.nullEqual || k.typ != k.probeType {
			return nil
		}
		cols[i] = t.keyColumns(k)
	}
	return expr.NewTuples(cols)
}

// keyColumns copies a key column so that it has no gaps.
func (t *joinTable) keyColumns(k joinKey) []*vector.Column {
	src := t.rows.cols[k.build]
	if len(t.segs) == 1 {
		return []*vector.Column{src}
	}
	var out []*vector.Column
	var v vector.Vec
	list := make([]uint32, 0, vector.BatchSize)
	for _, seg := range t.segs {
		c := vector.NewColumn(src.Type)
		for lo := 0; lo < seg.n; lo += vector.BatchSize {
			list = list[:0]
			for r := lo; r < min(lo+vector.BatchSize, seg.n); r++ {
				list = append(list, uint32(seg.base+r))
			}
			src.Gather(list, &v)
			c.Append(&v, nil, len(list))
		}
		out = append(out, c)
	}
	return out
}

// publishNothing lets everything pass: the build side lies on disk.
func (s *joinSpec) publishNothing() {
	for _, f := range s.publishTo {
		f.Publish(nil)
	}
}
