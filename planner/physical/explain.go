package physical

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// ExplainOptions are the options of EXPLAIN. The zero value shows the bare tree;
// DefaultExplain is what EXPLAIN without options shows.
type ExplainOptions struct {
	Analyze, Verbose, Costs, Settings, Buffers, Timing, Summary bool
	JSON                                                        bool
	// PlanningTime is shown with Summary; Changed are settings that differ from their
	// defaults, for SETTINGS, as name and value in turn.
	PlanningTime time.Duration
	Changed      []string
	// Actuals are what happened, with Analyze.
	Actuals Actuals
	// Writes is what is done with the plan's rows ("Insert on t"), "" nothing.
	Writes string
}

// DefaultExplain returns EXPLAIN's defaults: COSTS, and with Analyze TIMING and SUMMARY.
func DefaultExplain() ExplainOptions { return ExplainOptions{Costs: true, Timing: true} }

// ParseExplain reads EXPLAIN's options as written ("" for a bare option).
func ParseExplain(opts map[string]string) (ExplainOptions, error) {
	o := DefaultExplain()
	summary, timing := -1, -1
	for name, v := range opts {
		on := true
		if name != "format" {
			switch strings.ToLower(v) {
			case "", "on", "true", "1", "yes":
			case "off", "false", "0", "no":
				on = false
			default:
				return o, sql.Errorf(sql.CodeSyntaxError, "%s requires a Boolean value", name)
			}
		}
		switch name {
		case "analyze":
			o.Analyze = on
		case "verbose":
			o.Verbose = on
		case "costs":
			o.Costs = on
		case "settings":
			o.Settings = on
		case "buffers":
			o.Buffers = on
		case "wal":
			if on && !isOn(opts, "analyze") {
				return o, sql.Errorf(sql.CodeInvalidParameterValue, "EXPLAIN option WAL requires ANALYZE")
			}
		case "timing":
			timing = boolInt(on)
		case "summary":
			summary = boolInt(on)
		case "format":
			switch strings.ToLower(v) {
			case "text":
			case "json":
				o.JSON = true
			case "xml", "yaml":
				return o, sql.Errorf(sql.CodeFeatureNotSupported, "EXPLAIN format %q is not supported", v).
					WithHint("Use FORMAT TEXT or FORMAT JSON.")
			default:
				return o, sql.Errorf(sql.CodeInvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": %q", v)
			}
		default:
			return o, sql.Errorf(sql.CodeSyntaxError, "unrecognized EXPLAIN option %q", name)
		}
	}
	if timing == 1 && !o.Analyze {
		return o, sql.Errorf(sql.CodeInvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	o.Timing = o.Analyze && timing != 0
	o.Summary = summary == 1 || summary < 0 && o.Analyze
	return o, nil
}

// Analyzes reports whether the options make EXPLAIN run the statement.
func Analyzes(opts map[string]string) bool { return isOn(opts, "analyze") }

func isOn(opts map[string]string, name string) bool {
	v, ok := opts[name]
	v = strings.ToLower(v)
	return ok && v != "off" && v != "false" && v != "0" && v != "no"
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Actuals are the measurements of a finished statement.
type Actuals interface {
	// Node returns what the node with the ordinal did; false if it never ran.
	Node(ordinal int) (Actual, bool)
	Statement() StatementActual
}

// Actual is what a node did. Time is busy time of all its tasks together, Startup
// the part of it before the first row.
type Actual struct {
	Rows, Batches int64
	Startup, Time time.Duration
	Memory        int64 // peak bytes
	Spilled       int64 // bytes written
	Scan          *ScanActual
}

// ScanActual is what a scan did.
type ScanActual struct {
	PartitionsKept, PartitionsTotal int64
	Files                           int64
	RowGroupsRead, RowGroupsTotal   int64
	PagesRead, PagesTotal           int64
	Bytes, Requests                 int64 // from storage
	CacheHits                       int64 // reads answered by the cache
	RowsFiltered                    int64 // rows dropped by predicates and join filters
	ListingAge                      time.Duration
}

// StatementActual is what the statement took as a whole.
type StatementActual struct {
	QueueWait, Execution time.Duration
	MemoryPeak, Spilled  int64
	Bytes, Requests      int64
	Dollars              float64
}

// WriteOrdinal is the ordinal of what writes the plan's rows to a table.
const WriteOrdinal = -1

// Explain renders the plan: text lines, or one JSON document.
func (p *Plan) Explain(opt ExplainOptions) []string {
	root := describe(p.Root, &opt)
	if opt.Writes != "" {
		root.rel = "Outer"
		root = &planNode{title: opt.Writes, typ: "ModifyTable", id: WriteOrdinal, est: root.est, kids: []*planNode{root}}
	}
	if opt.JSON {
		return []string{p.json(root, &opt)}
	}
	t := &textWriter{opt: &opt}
	t.node(root, 0)
	t.footer(p)
	return t.lines
}

// textWriter writes a plan as PostgreSQL lays it out, so that tools that parse
// "(cost=.. rows=.. width=..)" understand it.
type textWriter struct {
	opt   *ExplainOptions
	lines []string
}

func (t *textWriter) node(n *planNode, depth int) {
	indent := ""
	if depth > 0 {
		indent = strings.Repeat(" ", 6*(depth-1)+2)
	}
	if strings.HasPrefix(n.rel, "CTE ") {
		t.lines = append(t.lines, indent+n.rel)
	}
	var b strings.Builder
	b.WriteString(indent)
	if depth > 0 {
		b.WriteString("->  ")
	}
	b.WriteString(n.title)
	if t.opt.Costs {
		fmt.Fprintf(&b, "  (cost=0.00..%.2f rows=%.0f width=%.0f)", n.est.Seconds*1000, max(n.est.Rows, 1), n.width)
	}
	var act Actual
	ran := false
	if t.opt.Analyze && t.opt.Actuals != nil {
		if act, ran = t.opt.Actuals.Node(n.id); ran {
			if t.opt.Timing {
				fmt.Fprintf(&b, " (actual time=%.3f..%.3f rows=%d loops=1)", ms(act.Startup), ms(act.Time), act.Rows)
			} else {
				fmt.Fprintf(&b, " (actual rows=%d loops=1)", act.Rows)
			}
		} else {
			b.WriteString(" (never executed)")
		}
	}
	t.lines = append(t.lines, b.String())
	detail := strings.Repeat(" ", 6*depth+2)
	for _, p := range n.props {
		if p.text == "-" {
			continue
		}
		text := p.text
		if text == "" {
			text = textOf(p.value)
		}
		t.lines = append(t.lines, detail+p.name+": "+text)
	}
	if ran {
		for _, l := range actualLines(&act, t.opt.Buffers) {
			t.lines = append(t.lines, detail+l)
		}
	}
	for _, k := range n.kids {
		t.node(k, depth+1)
	}
}

func textOf(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ", ")
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// actualLines are the lines of EXPLAIN ANALYZE under a node.
func actualLines(a *Actual, buffers bool) []string {
	var out []string
	if s := a.Scan; s != nil {
		if s.PartitionsTotal > 0 {
			out = append(out, fmt.Sprintf("Partitions Read: %d of %d", s.PartitionsKept, s.PartitionsTotal))
		}
		out = append(out, fmt.Sprintf("Read: %d files, row groups %d of %d, pages %d of %d", s.Files, s.RowGroupsRead, s.RowGroupsTotal, s.PagesRead, s.PagesTotal))
		out = append(out, fmt.Sprintf("Storage: %s in %d requests, %d cache hits", Bytes(float64(s.Bytes)), s.Requests, s.CacheHits))
		if s.RowsFiltered > 0 {
			out = append(out, fmt.Sprintf("Rows Removed by Filter: %d", s.RowsFiltered))
		}
		if s.ListingAge > 0 {
			out = append(out, fmt.Sprintf("Listing Age: %s", s.ListingAge.Round(time.Millisecond)))
		}
	}
	if a.Memory > 0 {
		out = append(out, fmt.Sprintf("Memory: %s", Bytes(float64(a.Memory))))
	}
	if a.Spilled > 0 {
		out = append(out, fmt.Sprintf("Spilled: %s", Bytes(float64(a.Spilled))))
	}
	if buffers && a.Batches > 0 {
		out = append(out, fmt.Sprintf("Batches: %d", a.Batches))
	}
	return out
}

func (t *textWriter) footer(p *Plan) {
	if t.opt.Settings && len(t.opt.Changed) > 0 {
		var list []string
		for i := 0; i+1 < len(t.opt.Changed); i += 2 {
			list = append(list, fmt.Sprintf("%s = '%s'", t.opt.Changed[i], t.opt.Changed[i+1]))
		}
		t.lines = append(t.lines, "Settings: "+strings.Join(list, ", "))
	}
	if t.opt.Costs {
		for _, r := range p.Routes {
			mark := ""
			if r.Chosen {
				mark = " (chosen)"
			}
			t.lines = append(t.lines, fmt.Sprintf("Route %s%s: %s, %.0f requests, %s (p90 %s), $%.6f; %s", r.Name, mark,
				Bytes(r.Est.Bytes), r.Est.Requests, seconds(r.Est.Seconds), seconds(r.Est.Seconds90), r.Est.Dollars, r.Reason))
		}
	}
	if t.opt.Summary {
		t.lines = append(t.lines, fmt.Sprintf("Planning Time: %.3f ms", ms(t.opt.PlanningTime)))
	}
	if t.opt.Analyze && t.opt.Actuals != nil {
		s := t.opt.Actuals.Statement()
		t.lines = append(t.lines, fmt.Sprintf("Storage: %s in %d requests, $%.6f", Bytes(float64(s.Bytes)), s.Requests, s.Dollars))
		t.lines = append(t.lines, fmt.Sprintf("Memory Peak: %s, spilled %s", Bytes(float64(s.MemoryPeak)), Bytes(float64(s.Spilled))))
		if s.QueueWait > 0 {
			t.lines = append(t.lines, fmt.Sprintf("Queue Wait: %.3f ms", ms(s.QueueWait)))
		}
		if t.opt.Summary {
			t.lines = append(t.lines, fmt.Sprintf("Execution Time: %.3f ms", ms(s.Execution)))
		}
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%.1f s", s)
}

// Bytes writes a size with a binary unit.
func Bytes(n float64) string {
	for _, u := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			if u == "B" {
				return fmt.Sprintf("%.0f B", n)
			}
			return fmt.Sprintf("%.1f %s", n, u)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f TiB", n)
}
