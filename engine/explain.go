package engine

import (
	"context"
	"time"

	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/planner/physical"
	"github.com/sluicedb/sluice/planner/place"
	"github.com/sluicedb/sluice/sql"
)

// explained finds the query that an EXPLAIN is of.
func (s *Session) explained(ctx context.Context, p *Prepared, x *parse.Explain) (*query, error) {
	stmt := parse.Statement{Stmt: x.Query, Text: x.Text}
	switch q := x.Query.(type) {
	case *parse.Select, *parse.Insert, *parse.Update, *parse.Delete:
		return s.bindQuery(ctx, stmt, q, p.Params)
	case *parse.CreateTemp:
		if sel, ok := q.Query.(*parse.Select); ok && !physical.Analyzes(x.Options) {
			return s.bindQuery(ctx, stmt, sel, p.Params)
		}
	case *parse.DeclareCursor:
		if sel, ok := q.Query.(*parse.Select); ok {
			return s.bindQuery(ctx, stmt, sel, p.Params)
		}
	case *parse.Execute:
		t, ok := s.prepared[q.Name]
		if !ok {
			return nil, undefinedStatement(q.Name)
		}
		if t.query != nil {
			return t.query, nil
		}
	case *parse.Unsupported:
		err := sql.Errorf(sql.CodeFeatureNotSupported, "%s is not supported", q.Command).At(q.Pos())
		err.Hint = q.Hint
		return nil, err
	}
	return nil, sql.Errorf(sql.CodeFeatureNotSupported, "EXPLAIN is for queries and statements that write rows").At(x.Pos())
}

func (s *Session) describeExplain(ctx context.Context, p *Prepared, x *parse.Explain) error {
	opt, err := physical.ParseExplain(x.Options)
	if err != nil {
		return err
	}
	q, err := s.explained(ctx, p, x)
	if err != nil {
		return err
	}
	p.query = q
	if _, ok := x.Query.(*parse.Execute); !ok {
		p.Params = q.params
	}
	p.Fields = textFields("QUERY PLAN")
	if opt.JSON {
		p.Fields[0].Type = sql.JSON
	}
	return nil
}

// runExplain plans the query and, with ANALYZE, runs it to its end.
func (s *Session) runExplain(ctx context.Context, p *Portal, x *parse.Explain) (Rows, error) {
	opt, err := physical.ParseExplain(x.Options)
	if err != nil {
		return nil, err
	}
	q, params := p.prep.query, p.params
	if e, ok := x.Query.(*parse.Execute); ok {
		t, ok := s.prepared[e.Name]
		if !ok || t.query == nil {
			return nil, undefinedStatement(e.Name)
		}
		if params, err = s.arguments(ctx, e, t); err != nil {
			return nil, err
		}
		q = t.query
	}
	began := time.Now()
	pl, err := s.planQuery(ctx, q, params)
	if err != nil {
		return nil, err
	}
	opt.PlanningTime = time.Since(began)
	if opt.Settings {
		opt.Changed = s.set.changed()
	}
	if w := pl.query.bound.Write; w != nil && w.Table != nil {
		verb := map[bind.WriteKind]string{bind.WriteInsert: "Insert", bind.WriteUpdate: "Update", bind.WriteDelete: "Delete"}[w.Kind]
		opt.Writes = verb + " on " + w.Table.Database + "." + w.Table.Name
	}
	if opt.Analyze {
		if opt.Actuals, err = s.runToEnd(ctx, p, pl); err != nil {
			return nil, err
		}
	}
	var lines [][]string
	for _, l := range pl.plan.Explain(opt) {
		lines = append(lines, []string{l})
	}
	rows := newTextRows(lines...)
	if opt.JSON {
		rows.types[0] = sql.JSON
	}
	return rows, nil
}

// runToEnd runs a plan and keeps the figures. Its rows are thrown away, but what it
// writes is written.
func (s *Session) runToEnd(ctx context.Context, p *Portal, pl *planned) (*actuals, error) {
	began := time.Now()
	if w := pl.query.bound.Write; w != nil {
		c, _, err := s.write(ctx, p, pl)
		if err != nil {
			return nil, err
		}
		if c.returns != nil {
			c.returns.Close()
		}
		return &actuals{nodes: c.x.Stats(), stmt: s.statementActual(p, c.x, time.Since(began))}, nil
	}
	rows, err := s.openQuery(ctx, p, pl)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
	}
	return &actuals{nodes: rows.x.Stats(), stmt: s.statementActual(p, rows.x, time.Since(began))}, nil
}

func (s *Session) statementActual(p *Portal, x *exec.Execution, took time.Duration) physical.StatementActual {
	c := p.stats.counters.Snapshot()
	a := physical.StatementActual{QueueWait: p.stats.waited, Execution: took, MemoryPeak: x.MemoryPeak(),
		Bytes: c.BytesRead, Requests: c.Lists + c.Heads + c.Gets}
	for _, n := range x.Stats() {
		a.Spilled += n.SpillBytes
	}
	pr := s.eng.cfg.Prices
	if pr == nil {
		pr = &place.DefaultPrices
	}
	a.Dollars = (float64(c.Lists)*pr.ListPer1000+float64(c.Heads+c.Gets)*pr.GetPer1000)/1000 + took.Hours()*pr.MachineHour
	return a
}

// actuals gives EXPLAIN what a run did.
type actuals struct {
	nodes []exec.NodeStats
	stmt  physical.StatementActual
}

// Statement implements physical.Actuals.
func (a *actuals) Statement() physical.StatementActual { return a.stmt }

// Node implements physical.Actuals.
func (a *actuals) Node(i int) (physical.Actual, bool) {
	if i == physical.WriteOrdinal {
		return physical.Actual{Time: a.stmt.Execution}, true
	}
	if i >= len(a.nodes) {
		return physical.Actual{}, false
	}
	n := a.nodes[i]
	out := physical.Actual{Rows: n.Rows, Startup: n.Startup, Time: n.Time, Memory: n.MemoryPeak, Spilled: n.SpillBytes}
	if m := n.Scan; m != nil {
		out.Scan = &physical.ScanActual{
			RowGroupsRead: m.RowGroups.Load() - m.RowGroupsPruned.Load(), RowGroupsTotal: m.RowGroups.Load(),
			PagesRead: m.Pages.Load() - m.PagesPruned.Load(), PagesTotal: m.Pages.Load(),
			Bytes: n.IO.BytesRead, Requests: n.IO.Lists + n.IO.Heads + n.IO.Gets, CacheHits: m.DictHits.Load() + m.FooterHits.Load(), RowsFiltered: m.RowsRead.Load() - m.RowsOut.Load(),
		}
		if f := n.Files; f != nil {
			out.Scan.PartitionsKept, out.Scan.PartitionsTotal, out.Scan.Files = f.PartitionsKept.Load(), f.PartitionsTotal.Load(), f.Files.Load()
		}
	}
	return out, n.Loops > 0
}
