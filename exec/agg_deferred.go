package exec

import (
	"bytes"
	"slices"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// deferredRows are the rows of an aggregate call with DISTINCT or ORDER BY: group,
// arguments, ordering. They reach the aggregate when all are there.
type deferredRows struct {
	call  *aggCall
	types []sql.Type // group number, arguments, order columns
	rows  *rowSet    // without DISTINCT
	table *groupTable
	cols  []*vector.Vec
	gids  []uint32
	trash []uint32
}

func (c *aggCall) rowTypes() []sql.Type {
	types := append([]sql.Type{sql.Oid}, c.argTypes...)
	for _, o := range c.order {
		types = append(types, o.typ)
	}
	return types
}

func newDeferredRows(c *aggCall) *deferredRows {
	d := &deferredRows{call: c, types: c.rowTypes()}
	if c.distinct {
		d.table = newGroupTable(d.types)
	} else {
		d.rows = newRowSet(d.types)
	}
	return d
}

func (d *deferredRows) bytes() int64 {
	if d.table != nil {
		return d.table.bytes()
	}
	return d.rows.bytes()
}

// add keeps rows of a batch; vecs are the values of the program.
func (d *deferredRows) add(groups []uint32, args, vecs []*vector.Vec, sel []int32, n int) error {
	total := n
	if sel != nil {
		total = int(sel[len(sel)-1]) + 1
	}
	if cap(d.gids) < total {
		d.gids = make([]uint32, max(total, vector.BatchSize))
		d.trash = make([]uint32, max(total, vector.BatchSize))
	}
	gids := d.gids[:total]
	for k := range n {
		g := uint32(0)
		if groups != nil {
			g = groups[k]
		}
		gids[rowOf(sel, k)] = g
	}
	gv := vector.Vec{Type: sql.Oid, Layout: vector.LU32, N: total, Data: vector.Bytes(gids)}
	d.cols = append(append(d.cols[:0], &gv), args...)
	for _, o := range d.call.order {
		d.cols = append(d.cols, vecs[o.at])
	}
	d.insert(d.cols, sel, n)
	return nil
}

func (d *deferredRows) insert(cols []*vector.Vec, sel []int32, n int) {
	if d.table == nil {
		d.rows.add(cols, sel, n)
		return
	}
	if cap(d.trash) < n {
		d.trash = make([]uint32, n)
	}
	d.table.insert(cols, sel, n, d.trash[:n])
}

// set is the rows kept.
func (d *deferredRows) set() *rowSet {
	if d.table != nil {
		return &rowSet{cols: d.table.keys, n: d.table.n}
	}
	return d.rows
}

// merge adds the rows of o, whose group g is to[g] here.
func (d *deferredRows) merge(o *deferredRows, to []uint32) {
	var rd rowReader
	set := o.set()
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		b := rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		gids := vector.Values[uint32](b.Cols[0])
		for i, g := range gids {
			gids[i] = to[g]
		}
		d.insert(b.Cols, nil, b.N)
	}
}

// feed hands the rows to the aggregate, in order if the call has one; DISTINCT
// gives sorted values, as PostgreSQL's does.
func (d *deferredRows) feed(st expr.AggState) error {
	set := d.set()
	perm := make([]uint32, set.n)
	for i := range perm {
		perm[i] = uint32(i)
	}
	if len(d.call.order) > 0 || d.call.distinct && d.call.fn.Ordered {
		d.sort(set, perm)
	}
	var rd rowReader
	for lo := 0; lo < len(perm); lo += vector.BatchSize {
		b := rd.gather(set, perm[lo:min(lo+vector.BatchSize, len(perm))])
		groups := vector.Values[uint32](b.Cols[0])
		args := b.Cols[1 : 1+len(d.call.argTypes)]
		if err := st.Update(groups, args, nil, b.N); err != nil {
			return err
		}
	}
	return nil
}

// sort orders perm by the call's ordering, rows of equal keys as they came.
func (d *deferredRows) sort(set *rowSet, perm []uint32) {
	first := 1 + len(d.call.argTypes)
	keys := make([][]byte, set.n)
	var rd rowReader
	for lo := 0; lo < set.n; lo += vector.BatchSize {
		b := rd.read(set, lo, min(lo+vector.BatchSize, set.n))
		for i := range b.N {
			var k []byte
			for c, o := range d.call.order {
				k = vector.AppendSortKey(k, b.Cols[first+c], i, o.order)
			}
			if d.call.distinct {
				for c := 1; c < first; c++ {
					k = vector.AppendSortKey(k, b.Cols[c], i, vector.KeyOrder{})
				}
			}
			keys[lo+i] = k
		}
	}
	slices.SortStableFunc(perm, func(a, b uint32) int { return bytes.Compare(keys[a], keys[b]) })
}
