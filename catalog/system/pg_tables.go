package system

import (
	"strings"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

func pgTables(w *writer) error {
	return w.tables("", "schemaname", "tablename", func(d *model.Database, t *model.Table) error {
		if w.relkind(t) != 'r' {
			return nil
		}
		return w.put("schemaname", d.Name, "tablename", t.Name, "tableowner", w.ownerName(t.Owner),
			"hasindexes", false, "hasrules", false, "hastriggers", false, "rowsecurity", false)
	})
}

func pgViews(w *writer) error {
	return w.tables("", "schemaname", "viewname", func(d *model.Database, t *model.Table) error {
		if w.relkind(t) != 'v' {
			return nil
		}
		return w.put("schemaname", d.Name, "viewname", t.Name, "viewowner", w.ownerName(t.Owner), "definition", Definition(t))
	})
}

// Definition is a view's text as pg_get_viewdef gives it: ending in a semicolon.
func Definition(t *model.Table) string {
	return " " + strings.TrimRight(strings.TrimSpace(t.ViewSQL), ";") + ";"
}

func pgStatAllTables(w *writer) error { return w.statTables(false) }

func pgStatUserTables(w *writer) error { return w.statTables(true) }

func (w *writer) statTables(userOnly bool) error {
	return w.tables("relid", "schemaname", "relname", func(d *model.Database, t *model.Table) error {
		if w.relkind(t) != 'r' || userOnly && t.Kind != model.KindLake {
			return nil
		}
		w.begin()
		w.set("relid", t.OID, "schemaname", d.Name, "relname", t.Name)
		if t.Stats != nil {
			w.set("n_live_tup", t.Stats.Rows, "last_analyze", t.Stats.Analyzed, "analyze_count", 1)
		}
		return w.end()
	})
}

// pgStats shows what ANALYZE found out.
func pgStats(w *writer) error {
	return w.tables("", "schemaname", "tablename", func(d *model.Database, t *model.Table) error {
		if t.Stats == nil {
			return nil
		}
		for _, c := range t.AllColumns() {
			s, ok := t.Stats.Columns[c.Name]
			if !ok {
				continue
			}
			nulls, distinct := 0.0, 0.0
			if t.Stats.Rows > 0 {
				nulls = float64(s.Nulls) / float64(t.Stats.Rows)
			}
			if distinct = float64(s.Distinct); s.Distinct > 0 && s.Distinct*10 > t.Stats.Rows {
				distinct = -float64(s.Distinct) / float64(max(1, t.Stats.Rows))
			}
			err := w.put("schemaname", d.Name, "tablename", t.Name, "attname", c.Name, "inherited", false,
				"null_frac", nulls, "avg_width", int(s.AvgLen), "n_distinct", distinct)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// text is a text value, NULL for the empty string.
func text(s string) any {
	if s == "" {
		return nil
	}
	return sql.TextValue(s)
}
