package analyze

import (
	"context"
	"fmt"
	"math/rand"
	"testing"
	"time"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/storage/object/mem"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/vector"
)

// lake is files whose one column x has known values.
type lake struct {
	parts  []*model.Partition
	values map[string][]sql.Value
}

func (l *lake) Partitions(_ context.Context, _ *table.PartitionQuery, yield func(*model.Partition) error) (table.PartitionCount, error) {
	for _, p := range l.parts {
		if err := yield(p); err != nil {
			return table.PartitionCount{}, err
		}
	}
	return table.PartitionCount{}, nil
}

func (l *lake) Stats(_ context.Context, _ object.Store, task *format.FileTask) (*model.TableStats, error) {
	s := &model.TableStats{Columns: map[string]model.ColumnStats{}}
	var c model.ColumnStats
	for _, v := range l.values[task.URL] {
		s.Rows++
		if v.Null {
			c.Nulls++
			continue
		}
		if !c.HasMin || v.I < c.Min.I {
			c.Min, c.HasMin = v, true
		}
		if !c.HasMax || v.I > c.Max.I {
			c.Max, c.HasMax = v, true
		}
	}
	c.Bytes = s.Rows
	s.Columns["x"] = c
	return s, nil
}

func (l *lake) scan(_ context.Context, task *format.FileTask, cols []model.Column, batch func([]*vector.Vec, int) error) error {
	vals := l.values[task.URL]
	if len(vals) == 0 {
		return nil
	}
	return batch([]*vector.Vec{vector.FlatOf(cols[0].Type, vals)}, len(vals))
}

func TestTableStatistics(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	st := mem.New(10)
	l := &lake{values: map[string][]sql.Value{}}
	distinct := map[int64]bool{}
	var rows, nulls, lo, hi int64 = 0, 0, 1 << 60, -1 << 60
	for d := range 12 {
		loc := fmt.Sprintf("s3://b/t/d=%d/", d)
		key := sql.IntValue(sql.Int4, int64(d%10))
		if d == 11 {
			key = sql.NullOf(sql.Int4)
		}
		l.parts = append(l.parts, &model.Partition{Values: []string{fmt.Sprint(d)}, Typed: []sql.Value{key}, Location: loc})
		for f := range 3 {
			url := fmt.Sprintf("%sf%d", loc, f)
			st.Put(url, []byte("data"))
			for range rng.Intn(900) {
				v := sql.IntValue(sql.Int8, rng.Int63n(3000)-500)
				if rng.Intn(5) == 0 || f == 2 {
					v = sql.NullOf(sql.Int8)
					nulls++
				} else {
					distinct[v.I] = true
					lo, hi = min(lo, v.I), max(hi, v.I)
				}
				rows++
				l.values[url] = append(l.values[url], v)
			}
		}
	}
	tab := &model.Table{Columns: []model.Column{{Name: "x", Type: sql.Int8}}, Keys: []model.Column{{Name: "d", Type: sql.Int4}}}
	s, parts, err := Table(t.Context(), tab, Options{Store: st, Partitions: l, Footers: l, Scan: l.scan})
	if err != nil {
		t.Fatal(err)
	}
	x, d := s.Columns["x"], s.Columns["d"]
	if s.Rows != rows || s.Files != 36 || s.Bytes != 36*4 || x.Nulls != nulls || x.Min.I != lo || x.Max.I != hi || !x.HasMin || len(parts) != 12 {
		t.Errorf("%d rows, %+v, %d partitions", s.Rows, x, len(parts))
	}
	if want := float64(len(distinct)); float64(x.Distinct) < want*0.9 || float64(x.Distinct) > want*1.1 {
		t.Errorf("%d distinct, about %v wanted", x.Distinct, want)
	}
	if d.Distinct != 10 || d.Min.I != 0 || d.Max.I != 9 || d.Nulls == 0 {
		t.Errorf("key %+v", d)
	}
	again := NewMerger()
	for _, p := range parts {
		again.Add(p.Stats)
	}
	if r := again.Result(time.Now()); r.Rows != rows || r.Columns["x"].Distinct != x.Distinct {
		t.Errorf("the partitions' statistics do not add up: %d, %d distinct", r.Rows, r.Columns["x"].Distinct)
	}
}

func TestMergeKeepsOnlyWhatIsKnown(t *testing.T) {
	m := NewMerger()
	one, nine := sql.IntValue(sql.Int8, 1), sql.IntValue(sql.Int8, 9)
	m.Add(&model.TableStats{Rows: 10, Columns: map[string]model.ColumnStats{"a": {Min: one, Max: nine, HasMin: true, HasMax: true}}})
	m.Add(&model.TableStats{Rows: 5, Columns: map[string]model.ColumnStats{"a": {Nulls: 5}, "b": {Min: one, Max: one, HasMin: true, HasMax: true}}})
	r := m.Result(time.Now())
	if a := r.Columns["a"]; !a.HasMin || a.Max.I != 9 || a.Nulls != 5 {
		t.Errorf("nulls lose no bounds: %+v", a)
	}
	if b := r.Columns["b"]; b.Nulls != 10 || !b.HasMin {
		t.Errorf("a column that came later: %+v", b)
	}
	m.Add(&model.TableStats{Rows: 5, Columns: map[string]model.ColumnStats{"a": {}}})
	if a := m.Result(time.Now()).Columns["a"]; a.HasMin || a.HasMax {
		t.Errorf("unknown bounds were made up: %+v", a)
	}
	if NewSketch().Merge([]byte{1, 2, 3}) {
		t.Error("a damaged sketch was taken")
	}
}
