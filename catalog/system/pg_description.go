package system

import "github.com/sluicedb/sluice/model"

// OIDs of the catalogs that comments belong to.
const (
	classOID     = 1259
	namespaceOID = 2615
)

// pgDescription has Glue's comments of databases, tables and columns.
func pgDescription(w *writer) error {
	oids, byOID := w.wantOID("objoid")
	for _, d := range w.Snapshot.Databases() {
		if d.Description == "" || byOID && !contains(oids, d.OID) {
			continue
		}
		if err := w.put("objoid", d.OID, "classoid", namespaceOID, "objsubid", 0, "description", d.Description); err != nil {
			return err
		}
	}
	return w.tables("objoid", "", "", func(_ *model.Database, t *model.Table) error {
		if t.Comment != "" {
			if err := w.put("objoid", t.OID, "classoid", classOID, "objsubid", 0, "description", t.Comment); err != nil {
				return err
			}
		}
		for i, c := range t.AllColumns() {
			if c.Comment == "" {
				continue
			}
			if err := w.put("objoid", t.OID, "classoid", classOID, "objsubid", i+1, "description", c.Comment); err != nil {
				return err
			}
		}
		return nil
	})
}
