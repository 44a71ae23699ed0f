package demo

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/format/parquet/writer"
	"github.com/sluicedb/sluice/storage/object"
	"github.com/sluicedb/sluice/vector"
)

// Options of Write.
type Options struct {
	Store    object.Store
	Location string  // URL of a folder, with a slash at its end
	Seed     uint64  // 0: 1
	Scale    float64 // 0: 1, about two million events
	// Progress is told the share done, 0 to 1, by one goroutine at a time; may be nil.
	Progress func(share float64, what string)
}

// Write writes the files of the demo lake, several at a time. The bytes depend on
// the seed and the scale alone.
func Write(ctx context.Context, o Options) error {
	g := &generator{seed: o.Seed, scale: o.Scale}
	if g.seed == 0 {
		g.seed = 1
	}
	if g.scale == 0 {
		g.scale = 1
	}
	rows := map[string]func(d int, out emit) error{
		"processed.customers":   func(_ int, out emit) error { return g.customers(out) },
		"processed.products":    func(_ int, out emit) error { return g.products(out) },
		"processed.order_items": func(_ int, out emit) error { return g.orderItems(out) },
		"processed.orders":      g.orders,
		"processed.events":      g.events,
		"raw.events":            g.rawEvents,
	}
	type job struct {
		t     *table
		day   int
		url   string
		share float64
	}
	var jobs []job
	for i := range tables {
		t := &tables[i]
		base := o.Location + t.database + "/" + t.name + "/"
		if !t.byDay {
			jobs = append(jobs, job{t, 0, base + "part-0000.parquet", 20})
			continue
		}
		first, weight := 0, 1.0
		if t.database == "raw" {
			first = days - 31
		}
		if t.name == "events" {
			weight = 3
		}
		for d := first; d < days; d++ {
			date := firstDay.AddDate(0, 0, d)
			jobs = append(jobs, job{t, d, fmt.Sprintf("%syear=%d/month=%d/day=%d/part-0000.parquet", base, date.Year(), date.Month(), date.Day()), weight})
		}
	}
	var total, done float64
	for _, j := range jobs {
		total += j.share
	}
	// The largest first, so that the last worker is not left with one of them.
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(b.share, a.share) })
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(2 * runtime.GOMAXPROCS(0)) // half of them wait for storage
	for _, j := range jobs {
		work.Go(func() error {
			name := j.t.database + "." + j.t.name
			if err := writeFile(ctx, o.Store, j.url, j.t, func(out emit) error { return rows[name](j.day, out) }); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done += j.share
			if o.Progress != nil {
				o.Progress(done/total, name)
			}
			return nil
		})
	}
	return work.Wait()
}

func writeFile(ctx context.Context, store object.Store, url string, t *table, rows func(emit) error) error {
	w, err := store.Create(ctx, url, false)
	if err != nil {
		return err
	}
	defer w.Abort()
	cols := make([]writer.Column, len(t.cols))
	batch := &vector.Batch{Cols: make([]*vector.Vec, len(cols))}
	vals := make([][]sql.Value, len(cols))
	for i, c := range t.cols {
		cols[i] = writer.Column{Name: c.name, Type: typeOf(c.hive)}
	}
	pw, err := writer.New(w, cols, writer.Options{})
	if err != nil {
		return err
	}
	flush := func() error {
		if batch.N = len(vals[0]); batch.N == 0 {
			return nil
		}
		for i := range cols {
			batch.Cols[i] = vector.FlatOf(cols[i].Type, vals[i])
			vals[i] = vals[i][:0]
		}
		return pw.Write(batch)
	}
	err = rows(func(row ...sql.Value) error {
		for i, v := range row {
			v.Type = cols[i].Type
			vals[i] = append(vals[i], v)
		}
		if len(vals[0]) == vector.BatchSize {
			return flush()
		}
		return ctx.Err()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = pw.Close()
	}
	if err != nil {
		return err
	}
	_, err = w.Close()
	return err
}

// DDL returns the statements that register the lake at location.
func DDL(location string) []string {
	out := []string{
		"CREATE DATABASE IF NOT EXISTS raw COMMENT 'as it arrived'",
		"CREATE DATABASE IF NOT EXISTS processed COMMENT 'cleaned, for analysts'",
	}
	for _, t := range tables {
		var b strings.Builder
		name := t.database + "." + t.name
		fmt.Fprintf(&b, "CREATE EXTERNAL TABLE IF NOT EXISTS %s (%s) COMMENT '%s'", name, list(t.cols), t.comment)
		if t.byDay {
			fmt.Fprintf(&b, " PARTITIONED BY (%s)", list(keys))
		}
		fmt.Fprintf(&b, " STORED AS PARQUET LOCATION '%s%s/%s/'", location, t.database, t.name)
		out = append(out, b.String())
		if t.byDay {
			out = append(out, "MSCK REPAIR TABLE "+name)
		}
		out = append(out, "ANALYZE "+name)
	}
	return out
}

func list(cols []column) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = c.name + " " + c.hive
		if c.comment != "" {
			parts[i] += " COMMENT '" + c.comment + "'"
		}
	}
	return strings.Join(parts, ", ")
}
