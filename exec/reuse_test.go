package exec

import (
	"fmt"
	"testing"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

// TestReuse: a scan that reads what an earlier scan of the table kept gives the rows
// that it would read from files, which are read again only if not all was kept.
func TestReuse(t *testing.T) {
	old := configs
	defer func() { configs = old }()
	for seed := range uint64(5) {
		g := newGen(8100 + seed)
		rows := 2500
		if seed == 0 {
			rows = 0
		}
		name, tab := g.table(rows, 300, sql.Int4, sql.Int4, sql.Text)
		less := func(c logical.Col, x int64) expr.Expr {
			return call(operator("<", sql.OIDInt4), c.Ref(), &expr.Const{V: sql.IntValue(sql.Int4, x)})
		}
		early, late := scanOf(name, tab), scanOf(name, tab)
		late.Table = early.Table
		early.Read = tab.cols[:3]
		early.Ords = []int{0, 1, 2}
		early.Cols = tab.cols[:1]
		early.Filter = []expr.Expr{less(tab.cols[1], 200)}
		early.Keep, early.KeepCols = 1, []logical.Col{tab.cols[2]}
		var lc []logical.Col
		for _, c := range tab.cols[:3] {
			lc = append(lc, g.col(c.T))
		}
		// Other order, other names; the key serves a condition that is the scan's own.
		late.Read, late.Ords = lc, []int{0, 1, 2}
		late.Cols = []logical.Col{lc[2], lc[0]}
		late.Filter = []expr.Expr{less(lc[1], 200), less(lc[0], 150)}
		late.Filters = []physical.FilterRef{{ID: 0, Col: lc[0].ID}}
		late.Reuse = &physical.Reuse{Keep: 1, Cols: []expr.ColumnID{lc[0].ID, lc[2].ID}, Conds: late.Filter[1:]}
		count := g.col(sql.Int8)
		key := g.col(sql.Int4)
		agg := &physical.Aggregate{Input: early, Groups: tab.cols[:1], GroupOut: []logical.Col{key},
			Aggs: []expr.AggCall{{Fn: aggregate("count", 0), Out: count.ID, T: sql.Int8}}}
		agg.Cols = []logical.Col{key, count}
		j := &physical.HashJoin{Kind: physical.Inner, Probe: late, Build: agg, ProbeKeys: []logical.Col{lc[0]}, BuildKeys: []logical.Col{key},
			NullEqual: []bool{false}, Publish: []physical.Publish{{ID: 0, Key: 0}}}
		j.Cols = []logical.Col{lc[2], lc[0], count}
		for _, c := range []struct {
			config
			lists int32
		}{{config{workers: 2}, 1}, {config{workers: 1, batch: 7}, 1}, {config{workers: 2, memory: 200 << 10, floor: 4 << 10}, 2}} {
			configs = []config{c.config}
			if rows == 0 {
				c.lists = 1 // no build row: the probe side is not read at all
			}
			g.lake.listed.Store(0)
			check(t, fmt.Sprintf("seed %d", seed), g, j, false)
			if n := g.lake.listed.Load(); n != c.lists {
				t.Fatalf("seed %d, %s: files were listed %d times, want %d", seed, c.config, n, c.lists)
			}
		}
	}
}
