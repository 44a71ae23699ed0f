package system

import "github.com/sluicedb/sluice/model"

func pgClass(w *writer) error {
	return w.tables("oid", "relnamespace", "relname", func(d *model.Database, t *model.Table) error {
		kind := w.relkind(t)
		am, pages, tuples := 0, 0, float64(-1)
		if kind == 'r' {
			am = 2
		}
		if t.Stats != nil {
			tuples = float64(t.Stats.Rows)
			pages = int(min((t.Stats.Bytes+8191)/8192, 1<<31-1))
		}
		w.begin()
		w.set("oid", t.OID, "relname", t.Name, "relnamespace", d.OID, "relowner", w.ownerOID(t.Owner), "relam", am,
			"relfilenode", t.OID, "relpages", pages, "reltuples", tuples, "relpersistence", byte('p'), "relkind", kind,
			"relnatts", len(t.Columns)+len(t.Keys), "relhasrules", kind == 'v', "relispopulated", true, "relreplident", byte('d'))
		if t.Temporary() {
			w.set("relpersistence", byte('t'))
		}
		if t.Kind == model.KindVirtual {
			w.set("relreplident", byte('n'))
		}
		return w.end()
	})
}
