package system

import (
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// ownerOID returns the OID of an owner by name; the bootstrap role where it is gone.
func (w *writer) ownerOID(name string) sql.OID {
	if r := w.Snapshot.Role(name); r != nil {
		return r.OID
	}
	return store.BootstrapRole
}

// ownerName is the name to show for an owner.
func (w *writer) ownerName(name string) string {
	if w.Snapshot.Role(name) != nil {
		return name
	}
	return "sluice"
}

// relkind is r for tables and v for views, as PostgreSQL has them.
func (w *writer) relkind(t *model.Table) byte {
	switch t.Kind {
	case model.KindView:
		return 'v'
	case model.KindVirtual:
		if r := w.Set.ByOID(t.OID); r != nil {
			return r.Kind
		}
	}
	return 'r'
}

// tables calls f for the tables that the constraints on the columns leave: oid
// and schema are the names of the relation's columns for a table's OID and its
// schema's OID or name, name that for its name; "" if it has none.
func (w *writer) tables(oid, schema, name string, f func(d *model.Database, t *model.Table) error) error {
	if oid != "" {
		if oids, ok := w.wantOID(oid); ok {
			for _, o := range oids {
				if t := w.Snapshot.TableByOID(o); t != nil {
					if err := f(w.Snapshot.Database(t.Database), t); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}
	names, byName := w.wantText(name)
	for _, d := range w.databases(schema) {
		if byName {
			for _, n := range names {
				// Snapshot folds case; PostgreSQL's names do not.
				if t := w.Snapshot.Table(d.Name, n); t != nil && t.Name == n {
					if err := f(d, t); err != nil {
						return err
					}
				}
			}
			continue
		}
		for _, t := range w.Snapshot.Tables(d.Name) {
			if err := f(d, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// databases returns the schemas that a constraint on a column, of OID or name, leaves.
func (w *writer) databases(column string) []*model.Database {
	all := w.Snapshot.Databases()
	i, ok := w.rel.index[column]
	if !ok {
		return all
	}
	var out []*model.Database
	if w.rel.Columns[i].Type.OID == sql.OIDOid {
		if oids, ok := w.wantOID(column); ok {
			for _, o := range oids {
				if d := w.Snapshot.DatabaseByOID(o); d != nil {
					out = append(out, d)
				}
			}
			return out
		}
		return all
	}
	if names, ok := w.wantText(column); ok {
		for _, n := range names {
			if d := w.Snapshot.Database(n); d != nil && d.Name == n {
				out = append(out, d)
			}
		}
		return out
	}
	return all
}
