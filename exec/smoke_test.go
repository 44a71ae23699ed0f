package exec

import (
	"testing"

	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/sql"
)

func TestSmoke(t *testing.T) {
	g := newGen(1)
	name, tab := g.table(5000, 20, sql.Int4, sql.Text)
	scan := scanOf(name, tab)
	got, err := run(t, scan, g.lake, config{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "scan", got, tab.rows, false)
	got, err = run(t, &physical.Sort{Base: physical.Base{Cols: tab.cols}, Input: scan, Keys: []physical.SortKey{{Col: tab.cols[0]}, {Col: tab.cols[1]}}}, g.lake, config{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "sort", got, tab.rows, false)
}
