package exec

import (
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// TempTables gives the rows of temporary tables as a statement sees them.
type TempTables interface {
	Rows(oid sql.OID) *TableRows
}

// TableRows is one version of a temporary table's rows: segments that never change
// and, for each, which of its rows are deleted. A version never changes either: every
// statement that writes makes another one, which shares segments with the old. A
// row's number is its place in the version, deleted ones counted.
type TableRows struct {
	types []sql.Type
	segs  []tableSegment
	live  int64
}

type tableSegment struct {
	rows *Spool        // complete
	base int64         // number of its first row
	dead vector.Bitmap // nil: none
	gone int64         // how many
}

// NewTableRows is the version without rows.
func NewTableRows(types []sql.Type) *TableRows { return &TableRows{types: types} }

// Empty is the version of the table without rows.
func (r *TableRows) Empty() *TableRows { return NewTableRows(r.types) }

// Live is how many rows there are.
func (r *TableRows) Live() int64 { return r.live }

// Segments calls f for every segment.
func (r *TableRows) Segments(f func(*Spool)) {
	for _, s := range r.segs {
		f(s.rows)
	}
}

func (r *TableRows) numbers() int64 {
	if len(r.segs) == 0 {
		return 0
	}
	last := &r.segs[len(r.segs)-1]
	return last.base + last.rows.Rows()
}

// RowSet is a set of row numbers of a version.
type RowSet struct {
	bits vector.Bitmap
	n    int64
}

// NewRowSet makes an empty set.
func (r *TableRows) NewRowSet() *RowSet { return &RowSet{bits: vector.NewBitmap(int(r.numbers()))} }

// Add adds a number; false if it is there already.
func (s *RowSet) Add(number int64) bool {
	if s.bits.Get(int(number)) {
		return false
	}
	s.bits.Set(int(number))
	s.n++
	return true
}

// Len is how many numbers the set has.
func (s *RowSet) Len() int64 { return s.n }

// KeySet is a set of keys of rows, which takes memory of a budget.
type KeySet struct {
	keys  map[string]struct{}
	grant Grant
}

// NewKeySet makes an empty set that takes at most limit bytes of the parent budget.
func NewKeySet(parent *Budget, limit int64) *KeySet {
	return &KeySet{keys: map[string]struct{}{}, grant: Grant{b: NewBudget(parent, limit)}}
}

// keyBytes is about what a key takes beside its text.
const keyBytes = 64

// Has reports whether a key is in the set.
func (s *KeySet) Has(key string) bool {
	_, ok := s.keys[key]
	return ok
}

// Add puts a key in.
func (s *KeySet) Add(key string) error {
	s.keys[key] = struct{}{}
	return s.grant.Must(s.grant.held + int64(len(key)) + keyBytes)
}

// Close gives the memory back.
func (s *KeySet) Close() { s.grant.Close() }

// Without is the version without the rows, none of which is deleted yet.
func (r *TableRows) Without(gone *RowSet) *TableRows {
	out := &TableRows{types: r.types, live: r.live - gone.n}
	for _, s := range r.segs {
		n := s.rows.Rows()
		var dead vector.Bitmap
		for i := range n {
			if !gone.bits.Get(int(s.base + i)) {
				continue
			}
			if dead == nil {
				dead = vector.NewBitmap(int(n))
				copy(dead, s.dead)
			}
			dead.Set(int(i))
			s.gone++
		}
		if dead != nil {
			s.dead = dead
		}
		if s.gone < n {
			out.add(s)
		}
	}
	return out
}

func (r *TableRows) add(s tableSegment) {
	s.base = r.numbers()
	r.segs = append(r.segs, s)
}

// mergedRows is up to how many rows segments are copied together.
const mergedRows = 4 * vector.BlockRows

// With is the version with rows added, a finished spool. Small
// segments are copied together, each row a logarithmic number of times, so that a
// table filled row by row has few of them; those are made by newSpool. What With
// does not use of rows it closes.
func (r *TableRows) With(rows *Spool, newSpool func() *Spool) (*TableRows, error) {
	out := &TableRows{types: r.types, live: r.live + rows.Rows(), segs: r.segs[:len(r.segs):len(r.segs)]}
	added := tableSegment{rows: rows}
	first, total := len(out.segs), rows.Rows()
	for first > 0 {
		s := &out.segs[first-1]
		live := s.rows.Rows() - s.gone
		if live > 2*total || live+total > mergedRows {
			break
		}
		total += live
		first--
	}
	if first < len(out.segs) {
		all := newSpool()
		for _, s := range append(out.segs[first:], added) {
			if err := s.copyTo(all); err != nil {
				all.Close()
				rows.Close()
				return nil, err
			}
		}
		rows.Close()
		if err := all.Finish(); err != nil {
			all.Close()
			return nil, err
		}
		added = tableSegment{rows: all}
		out.segs = out.segs[:first:first]
	}
	if added.rows.Rows() == 0 {
		added.rows.Close()
		return out, nil
	}
	out.add(added)
	return out, nil
}

func (s *tableSegment) copyTo(dst *Spool) error {
	rd := s.rows.Reader()
	var sel []int32
	for at := int64(0); at < s.rows.Rows(); {
		b, from, to, err := rd.Window(at)
		if err != nil {
			return err
		}
		sel = s.alive(sel[:0], at, from, to)
		if err := dst.Append(&vector.Batch{N: b.N, Cols: b.Cols, Sel: sel}, 0, len(sel)); err != nil {
			return err
		}
		at += int64(to - from)
	}
	return nil
}

// alive appends to sel the places from..to-1 whose rows, the first of them row at,
// are not deleted. It is never nil.
func (s *tableSegment) alive(sel []int32, at int64, from, to int) []int32 {
	if sel == nil {
		sel = make([]int32, 0, to-from)
	}
	for i := from; i < to; i++ {
		if s.dead == nil || !s.dead.Get(int(at)+i-from) {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

// tempScan reads a temporary table.
func (b *builder) tempScan(n *physical.VirtualScan) (*stream, error) {
	var rows *TableRows
	if b.e.rt.Temp != nil {
		rows = b.e.rt.Temp.Rows(n.Table.OID)
	}
	if rows == nil {
		return nil, sql.Errorf(sql.CodeInternal, "there are no rows of temporary table %q", n.Table.Name)
	}
	s := &stream{chain: &chain{src: &tempSource{rows: rows, ords: n.Ords}}, cols: ids(n.Read)}
	node := b.node(n)
	if len(n.Filter) == 0 {
		s.chain.srcNode = node
		return s, nil
	}
	return s, b.addFilter(s, n.Filter, node)
}

// tempSource gives a version's rows in their order.
type tempSource struct {
	rows *TableRows
	ords []int // columns; that behind the table's last is the row's number
}

func (*tempSource) Tasks() int { return 1 }

func (s *tempSource) NewState(t *Task) (SourceState, error) {
	return &tempState{src: s, size: t.exec.rt.batchSize()}, nil
}

type tempState struct {
	src  *tempSource
	size int
	seg  int
	rd   *SpoolReader
	at   int64 // in the segment
	out  vector.Batch
	sel  []int32
	nums []int64
	num  vector.Vec
}

func (s *tempState) Next(*Task) (*vector.Batch, Status, error) {
	for s.seg < len(s.src.rows.segs) {
		seg := &s.src.rows.segs[s.seg]
		if s.rd == nil {
			s.rd, s.at = seg.rows.Reader(), 0
		}
		if s.at >= seg.rows.Rows() {
			s.seg, s.rd = s.seg+1, nil
			continue
		}
		b, from, to, err := s.rd.Window(s.at)
		if err != nil {
			return nil, Done, err
		}
		to = min(to, from+s.size)
		s.sel = seg.alive(s.sel[:0], s.at, from, to)
		first := seg.base + s.at - int64(from) // number of the batch's row 0
		s.at += int64(to - from)
		if len(s.sel) == 0 {
			continue
		}
		s.take(b, first)
		if len(s.sel) == b.N {
			s.out.Sel = nil
		} else {
			s.out.Sel = s.sel
		}
		return &s.out, HaveOutput, nil
	}
	return nil, Done, nil
}

// take picks the columns that are wanted.
func (s *tempState) take(b *vector.Batch, first int64) {
	s.out.N, s.out.Cols = b.N, s.out.Cols[:0]
	for _, o := range s.src.ords {
		if o < len(b.Cols) {
			s.out.Cols = append(s.out.Cols, b.Cols[o])
			continue
		}
		if s.nums == nil {
			s.nums = make([]int64, vector.BatchSize)
		}
		for i := range b.N {
			s.nums[i] = first + int64(i)
		}
		s.num = vector.Vec{Type: sql.Int8, Layout: vector.LayoutOf(sql.Int8), N: b.N, Data: vector.Bytes(s.nums[:b.N])}
		s.out.Cols = append(s.out.Cols, &s.num)
	}
}

func (s *tempState) Close() {}
