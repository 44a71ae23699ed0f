package exec

import (
	"fmt"
	"testing"

	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

// TestSharedGroups: aggregations whose tasks share their groups give what the
// reference gives: keys in order, at random, far apart, with NULL; with and without
// room in memory.
func TestSharedGroups(t *testing.T) {
	old := configs
	defer func() { configs = old }()
	configs = []config{{workers: 2, shared: 600}, {workers: 2, shared: 600, batch: 100, memory: 600 << 10, floor: 4 << 10}}
	for seed := range uint64(10) {
		g := newGen(7000 + seed)
		name, tab := g.table(5000, 3000, sql.Int8, sql.Int4)
		for i := range tab.rows {
			k := &tab.rows[i][0]
			switch seed % 5 {
			case 0: // in order, as if each number had four rows
				*k = sql.IntValue(sql.Int8, int64(i/4*32+i%4/3))
			case 1:
				*k = sql.IntValue(sql.Int8, g.Int64N(20000)-5000)
			case 2: // blocks far apart, later more of them
				*k = sql.IntValue(sql.Int8, g.Int64N(3000)+g.Int64N(int64(1+i/1000))<<g.Int64N(50))
			case 3:
				*k = sql.IntValue(sql.Int8, g.Int64N(4000)<<32)
			}
			if seed >= 5 && g.IntN(50) == 0 {
				*k = sql.NullOf(sql.Int8)
			}
		}
		a := &physical.Aggregate{Input: scanOf(name, tab)}
		keys := []logical.Col{tab.cols[0]}
		if seed%5 == 4 {
			keys = tab.cols[:2:2]
		}
		for _, c := range keys {
			a.Groups = append(a.Groups, c)
			a.GroupOut = append(a.GroupOut, g.col(c.T))
		}
		a.Aggs = g.calls(tab.cols[:2], false)
		a.Cols = append(a.Cols, a.GroupOut...)
		for i := range a.Aggs {
			a.Cols = append(a.Cols, logical.Col{ID: a.Aggs[i].Out, T: a.Aggs[i].T})
		}
		check(t, fmt.Sprintf("seed %d", seed), g, a, false)
	}
}

// TestManyGroups: a task sees early that its groups will be many, and does not take
// fewer for many however long it runs.
func TestManyGroups(t *testing.T) {
	const limit = 1 << 16
	for _, c := range []struct {
		values int64
		early  bool
	}{{1 << 40, true}, {1_000_000, true}, {200_000, true}, {40_000, false}, {20_000, false}, {9_000, false}, {500, false}} {
		g := newGen(9000)
		l := &localAgg{table: &groupTable{}}
		seen := map[int64]bool{}
		early, ever := false, false
		for range 300 {
			for range 2048 {
				seen[g.Int64N(c.values)] = true
			}
			l.rows += 2048
			l.table.n = len(seen)
			ever = ever || l.many(limit)
			early = early || len(seen) < limit/4 && l.many(limit)
		}
		if early != c.early || ever != c.early {
			t.Errorf("%d values: taken for many early %v, at all %v, want %v", c.values, early, ever, c.early)
		}
	}
}
