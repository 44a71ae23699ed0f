package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

// dictIDs numbers dictionaries.
var dictIDs atomic.Uint64

// memTable is a table in memory: rows in files of a few morsels each.
type memTable struct {
	cols []logical.Col
	rows [][]sql.Value
	per  int // rows in a morsel
}

// memLake is a lake of such tables, by name.
type memLake struct {
	tables map[string]*memTable
	seed   uint64
	env    *expr.Env
	listed atomic.Int32 // how often files were listed
}

func (l *memLake) Open(t *model.Table) (TableAccess, error) {
	m := &memFormat{lake: l, t: l.tables[t.Name]}
	return TableAccess{Files: m, Format: m}, nil
}

type memFormat struct {
	lake *memLake
	t    *memTable
}

func (m *memFormat) Files(ctx context.Context, _ *table.Request, yield func(*format.FileTask) error) error {
	m.lake.listed.Add(1)
	for lo, seq := 0, uint64(0); lo < len(m.t.rows); lo, seq = lo+3*m.t.per, seq+1 {
		if err := yield(&format.FileTask{URL: fmt.Sprint(lo), Seq: seq}); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (m *memFormat) Open(_ context.Context, f *format.FileTask, _ *format.Request) ([]format.Morsel, error) {
	var lo int
	fmt.Sscan(f.URL, &lo)
	var out []format.Morsel
	for i := range 3 {
		a, b := lo+i*m.t.per, min(lo+(i+1)*m.t.per, len(m.t.rows))
		if a < b {
			out = append(out, &memMorsel{lo: a, hi: b, seq: f.Seq<<20 | uint64(i)})
		}
	}
	return out, nil
}

type memMorsel struct {
	lo, hi int
	seq    uint64
}

func (m *memMorsel) Rows() int64                 { return int64(m.hi - m.lo) }
func (m *memMorsel) Bytes() int64                { return int64(m.hi-m.lo) * 8 }
func (m *memMorsel) Seq() uint64                 { return m.seq }
func (m *memMorsel) Prune() bool                 { return false }
func (m *memMorsel) Fetch(context.Context) error { return nil }
func (m *memMorsel) Release()                    {}
func (m *memFormat) NewReader(r *format.Request) format.Reader {
	in := make([]expr.ColumnID, len(r.Columns))
	for i, c := range r.Columns {
		in[i] = c.ID
	}
	prog, err := expr.Compile(r.Conjuncts, in)
	if err != nil {
		panic(err)
	}
	return &memReader{f: m, req: r, ev: prog.NewEvaluator(r.Env), rnd: rand.New(rand.NewPCG(m.lake.seed, 7))}
}

// memReader gives rows in batches of random size and form.
type memReader struct {
	f       *memFormat
	req     *format.Request
	ev      expr.Evaluator
	rnd     *rand.Rand
	lo, hi  int
	seq     uint64
	pending error
}

func (r *memReader) Start(_ context.Context, m format.Morsel) error {
	x := m.(*memMorsel)
	r.lo, r.hi, r.seq = x.lo, x.hi, x.seq
	return nil
}

func (r *memReader) Next() (*vector.Batch, error) {
	for r.lo < r.hi {
		if r.pending != nil {
			return nil, r.pending
		}
		n := min(r.hi-r.lo, 1+r.rnd.IntN(min(vector.BatchSize, r.f.t.per)))
		cols := make([]*vector.Vec, len(r.req.Columns))
		for i, c := range r.req.Columns {
			at := -1
			for k, tc := range r.f.t.cols {
				if tc.Name == c.Name {
					at = k
				}
			}
			vals := make([]sql.Value, n)
			for k := range vals {
				vals[k] = r.f.t.rows[r.lo+k][at]
			}
			cols[i] = r.shape(c.Type, vals)
		}
		r.lo += n
		b := &vector.Batch{N: n, Cols: cols, Seq: r.seq}
		var sel []int32
		for i := range r.req.Conjuncts {
			out, err := r.ev.Select(i, b, sel, make([]int32, 0, n+1))
			if err != nil {
				_, r.pending, _ = rowError(err)
			}
			sel = append([]int32{}, out...)
		}
		for i, f := range r.req.Filters {
			if d := f.Data(); d != nil {
				for c := range r.req.Columns {
					if r.req.Columns[c].ID == r.req.FilterCols[i] {
						sel = append([]int32{}, d.Select(cols[c], sel, n, make([]int32, 0, n+1))...)
					}
				}
			}
		}
		out := &vector.Batch{N: n, Sel: sel, Seq: r.seq}
		for _, o := range r.req.Output {
			out.Cols = append(out.Cols, cols[o])
		}
		if out.Rows() > 0 {
			return out, nil
		}
	}
	return nil, r.pending
}

// shape makes a vector of the values in one of the forms.
func (r *memReader) shape(t sql.Type, vals []sql.Value) *vector.Vec {
	switch r.rnd.IntN(3) {
	case 0:
		var dict []sql.Value
		codes := make([]uint32, len(vals))
		seen := map[string]uint32{}
		valid := vector.NewBitmap(len(vals))
		nulls := false
		for i, v := range vals {
			if v.Null {
				nulls = true
				continue
			}
			valid.Set(i)
			k := fmt.Sprint(v)
			c, ok := seen[k]
			if !ok {
				c = uint32(len(dict))
				seen[k] = c
				dict = append(dict, v)
			}
			codes[i] = c
		}
		d := vector.FlatOf(t, dict)
		v := &vector.Vec{Type: t, Form: vector.Dict, Layout: d.Layout, N: len(vals), Codes: codes, Dict: d, DictID: dictIDs.Add(1)}
		if nulls {
			v.Valid = valid
		}
		return v
	case 1:
		same := true
		for i := range vals {
			same = same && fmt.Sprint(vals[i]) == fmt.Sprint(vals[0])
		}
		if same {
			return vector.ConstOf(vals[0], len(vals))
		}
	}
	return vector.FlatOf(t, vals)
}

func (r *memReader) Close() {}

// scanOf is a scan of all columns of a table.
func scanOf(name string, t *memTable) *physical.TableScan {
	m := &model.Table{Name: name}
	ords := make([]int, len(t.cols))
	for i, c := range t.cols {
		m.Columns = append(m.Columns, model.Column{Name: c.Name, Type: c.T})
		ords[i] = i
	}
	return &physical.TableScan{Base: physical.Base{Cols: t.cols}, Table: m, Read: t.cols, Ords: ords}
}
