package system

import (
	"slices"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

func pgAttribute(w *writer) error {
	names, byName := w.wantText("attname")
	return w.tables("attrelid", "", "", func(_ *model.Database, t *model.Table) error {
		for i, c := range t.AllColumns() {
			if byName && !slices.Contains(names, c.Name) {
				continue
			}
			w.begin()
			w.set("attrelid", t.OID, "attname", c.Name, "atttypid", c.Type.OID, "attstattarget", -1, "attnum", i+1,
				"attcacheoff", -1, "atttypmod", c.Type.Mod, "attnotnull", c.NotNull, "attislocal", true)
			if ti := sql.LookupType(c.Type.OID); ti != nil {
				dims := 0
				if c.Type.IsArray() && ti.Len == -1 {
					dims = 1
				}
				w.set("attlen", ti.Len, "attbyval", ti.ByVal, "attalign", ti.Align, "attstorage", ti.Storage,
					"attcollation", ti.Collation, "attndims", dims)
			}
			if err := w.end(); err != nil {
				return err
			}
		}
		return nil
	})
}
