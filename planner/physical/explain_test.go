package physical

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/logical"
	"github.com/sluicedb/sluice/sql"
)

func col(id expr.ColumnID, name string) logical.Col {
	return logical.Col{ID: id, Name: name, T: sql.Int8}
}

// joinPlan is a hash join of two scans under a limit.
func joinPlan() *Plan {
	eq := &expr.Func{Name: "=", Kind: expr.KindOperator, Strict: true}
	year := &expr.Call{Fn: eq, Args: []expr.Expr{col(3, "year").Ref(), &expr.Const{V: sql.IntValue(sql.Int8, 2024)}}, T: sql.Bool}
	lt := &expr.Call{Fn: eq, Args: []expr.Expr{col(2, "x").Ref(), &expr.Const{V: sql.TextValue("it's <b>")}}, T: sql.Bool}
	probe := &TableScan{Base: Base{Cols: []logical.Col{col(1, "k"), col(2, "x")}, Est: Estimate{Rows: 1000, Bytes: 3 << 20, Requests: 4, Seconds: 0.05}},
		Table: &model.Table{Database: "raw", Name: "events"}, Alias: "e", Read: []logical.Col{col(1, "k"), col(2, "x"), col(3, "year")},
		Filter: []expr.Expr{year, lt}, Filters: []FilterRef{{ID: 0, Col: 1}},
		Facts: ScanFacts{PartitionsKept: 3, PartitionsTotal: 100, Files: 7, PartitionConds: []int{0}, PruneConds: []int{1}}}
	build := &Values{Base: Base{Cols: []logical.Col{col(4, "j")}, Est: Estimate{Rows: 2}}, Rows: [][]expr.Expr{{}, {}}}
	join := &HashJoin{Base: Base{Cols: []logical.Col{col(1, "k")}, Est: Estimate{Rows: 12, Seconds: 0.06}}, Probe: probe, Build: build,
		ProbeKeys: []logical.Col{col(1, "k")}, BuildKeys: []logical.Col{col(4, "j")}, NullEqual: []bool{false}, Publish: []Publish{{0, 0}}}
	p := &Plan{Root: &Limit{Base: Base{Cols: join.Cols, Est: Estimate{Rows: 5}}, Input: join, Count: 5}, Filters: 1,
		Routes: []Route{{Name: "lake", Chosen: true, Reason: "the data is there", Est: Estimate{Bytes: 3 << 20, Requests: 4, Seconds: 0.06, Dollars: 0.00001}}}}
	p.Number()
	return p
}

type actuals struct{}

func (actuals) Node(id int) (Actual, bool) {
	if id == 3 {
		return Actual{}, false
	}
	a := Actual{Rows: int64(10 * id), Startup: time.Duration(id) * 250 * time.Microsecond, Time: time.Duration(id) * time.Millisecond}
	if id == 2 {
		a.Scan = &ScanActual{PartitionsKept: 2, PartitionsTotal: 100, Files: 5, RowGroupsRead: 4, RowGroupsTotal: 9, Bytes: 1 << 20, Requests: 6, RowsFiltered: 77}
		a.Memory, a.Spilled = 4096, 2048
	}
	return a, true
}

func (actuals) Statement() StatementActual {
	return StatementActual{Execution: 12 * time.Millisecond, QueueWait: time.Millisecond, Bytes: 1 << 20, Requests: 6}
}

func TestExplainText(t *testing.T) {
	got := strings.Join(joinPlan().Explain(DefaultExplain()), "\n")
	want := `Limit 5  (cost=0.00..0.00 rows=5 width=8)
  ->  Hash Join  (cost=0.00..60.00 rows=12 width=8)
        Hash Cond: (k = j)
        Publishes: #0 j
        ->  Lake Scan on raw.events e  (cost=0.00..50.00 rows=1000 width=16)
              Engine: lake
              Partitions: 3 of 100
              Files: 7
              Partition Filter: year = 2024
              Row Group and Page Filter: x = 'it''s <b>'
              Join Filters: k in #0
              Reads: 3 columns, about 3.0 MiB in 4 requests
        ->  Values  (cost=0.00..0.00 rows=2 width=8)
Route lake (chosen): 3.0 MiB, 4 requests, 60 ms (p90 0 ms), $0.000010; the data is there`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestExplainLayout holds the layout to what clients parse in PostgreSQL's plans.
func TestExplainLayout(t *testing.T) {
	node := regexp.MustCompile(`^( *)(->  )?(.*?)  \(cost=\d+\.\d\d\.\.\d+\.\d\d rows=\d+ width=\d+\)( \(actual time=\d+\.\d+\.\.\d+\.\d+ rows=\d+ loops=\d+\)| \(never executed\))?$`)
	opt := DefaultExplain()
	opt.Analyze, opt.Summary, opt.Actuals = true, true, actuals{}
	lines := joinPlan().Explain(opt)
	n := 0
	for _, l := range lines {
		if node.MatchString(l) {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d of 4 nodes parse:\n%s", n, strings.Join(lines, "\n"))
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{"Partitions Read: 2 of 100", "row groups 4 of 9", "1.0 MiB in 6 requests", "Rows Removed by Filter: 77",
		"(actual time=0.500..2.000 rows=20 loops=1)", "Memory: 4.0 KiB", "Spilled: 2.0 KiB", "(never executed)", "Queue Wait: 1.000 ms", "Execution Time: 12.000 ms", "Planning Time:"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
}

func TestExplainJSON(t *testing.T) {
	opt := DefaultExplain()
	opt.JSON, opt.Analyze, opt.Summary, opt.Settings, opt.Actuals = true, true, true, true, actuals{}
	opt.Changed = []string{"timezone", "UTC"}
	lines := joinPlan().Explain(opt)
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	var doc []struct {
		Plan struct {
			Type  string  `json:"Node Type"`
			Rows  float64 `json:"Plan Rows"`
			Plans []struct {
				Type  string `json:"Node Type"`
				Cond  string `json:"Hash Cond"`
				Plans []struct {
					Type   string   `json:"Node Type"`
					Rel    string   `json:"Relation Name"`
					Role   string   `json:"Parent Relationship"`
					Kept   int      `json:"Partitions Kept"`
					Filter string   `json:"Row Group and Page Filter"`
					Joins  []string `json:"Join Filters"`
					Loops  int      `json:"Actual Loops"`
				}
			}
		}
		Settings  map[string]string
		Execution float64 `json:"Execution Time"`
		Routes    []struct {
			Route  string
			Chosen bool
		}
	}
	if err := json.Unmarshal([]byte(lines[0]), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, lines[0])
	}
	p := doc[0].Plan
	scan := p.Plans[0].Plans[0]
	if p.Type != "Limit" || p.Rows != 5 || p.Plans[0].Cond != "k = j" || scan.Rel != "events" || scan.Role != "Probe" || scan.Kept != 3 ||
		scan.Filter != "x = 'it''s <b>'" || scan.Joins[0] != "k in #0" || scan.Loops != 1 || p.Plans[0].Plans[1].Loops != 0 ||
		doc[0].Execution != 12 || doc[0].Settings["timezone"] != "UTC" || !doc[0].Routes[0].Chosen {
		t.Errorf("unexpected document %+v\n%s", doc, lines[0])
	}
}

func TestParseExplain(t *testing.T) {
	o, err := ParseExplain(map[string]string{"analyze": "", "format": "JSON", "costs": "off"})
	if err != nil || !o.Analyze || !o.JSON || o.Costs || !o.Timing || !o.Summary {
		t.Errorf("%+v, %v", o, err)
	}
	for _, c := range []struct {
		name, value string
		code        sql.Code
	}{
		{"format", "yaml", sql.CodeFeatureNotSupported}, {"format", "x", sql.CodeInvalidParameterValue},
		{"nonsense", "", sql.CodeSyntaxError}, {"costs", "perhaps", sql.CodeSyntaxError}, {"timing", "on", sql.CodeInvalidParameterValue},
	} {
		_, err := ParseExplain(map[string]string{c.name: c.value})
		if e, ok := err.(*sql.Error); !ok || e.Code != c.code {
			t.Errorf("%s %s: %v, want %s", c.name, c.value, err, c.code)
		}
	}
}
