package catalog

import "github.com/sluicedb/sluice/model"

// WithTemp is a snapshot that shows one session's temporary tables beside what snap
// shows, in a schema of their own. Snapshots with different tables have different
// versions.
func (c *Catalog) WithTemp(snap *Snapshot, db *model.Database, tables []*model.Table) *Snapshot {
	out := *snap
	out.version = c.overlays.Add(-1)
	out.temp = &schema{db: db, tables: make(map[string]*model.Table, len(tables)), system: true}
	for _, t := range tables {
		out.temp.tables[t.Name] = t
	}
	out.temp.sortNames()
	return &out
}
