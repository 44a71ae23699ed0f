package system

import (
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

func infoCatalogName(w *writer) error { return w.put("catalog_name", w.Catalog) }

func infoSchemata(w *writer) error {
	for _, d := range w.databases("schema_name") {
		if err := w.put("catalog_name", w.Catalog, "schema_name", d.Name, "schema_owner", w.ownerName(d.Owner)); err != nil {
			return err
		}
	}
	return nil
}

func infoTables(w *writer) error {
	return w.tables("", "table_schema", "table_name", func(d *model.Database, t *model.Table) error {
		kind, writable := "BASE TABLE", t.Kind == model.KindTemp
		switch {
		case w.relkind(t) == 'v':
			kind = "VIEW"
		case t.Kind == model.KindTemp:
			kind = "LOCAL TEMPORARY"
		}
		return w.put("table_catalog", w.Catalog, "table_schema", d.Name, "table_name", t.Name, "table_type", kind,
			"is_insertable_into", writable, "is_typed", "NO")
	})
}

func infoViews(w *writer) error {
	return w.tables("", "table_schema", "table_name", func(d *model.Database, t *model.Table) error {
		if w.relkind(t) != 'v' {
			return nil
		}
		return w.put("table_catalog", w.Catalog, "table_schema", d.Name, "table_name", t.Name, "view_definition", Definition(t),
			"check_option", "NONE", "is_updatable", "NO", "is_insertable_into", "NO", "is_trigger_updatable", "NO",
			"is_trigger_deletable", "NO", "is_trigger_insertable_into", "NO")
	})
}

func infoColumns(w *writer) error {
	want, some := w.wantText("column_name")
	return w.tables("", "table_schema", "table_name", func(d *model.Database, t *model.Table) error {
		for i, c := range t.AllColumns() {
			if some && (len(want) == 0 || !containsText(want, c.Name)) {
				continue
			}
			w.begin()
			w.set("table_catalog", w.Catalog, "table_schema", d.Name, "table_name", t.Name, "column_name", c.Name,
				"ordinal_position", i+1, "is_nullable", !c.NotNull, "udt_catalog", w.Catalog, "udt_schema", "pg_catalog",
				"dtd_identifier", itoa(i+1), "is_self_referencing", "NO", "is_identity", "NO", "identity_cycle", "NO",
				"is_generated", "NEVER", "is_updatable", "NO")
			w.typeColumns(c.Type)
			if err := w.end(); err != nil {
				return err
			}
		}
		return nil
	})
}

// typeColumns sets the columns that describe a type, as the view's definition in
// PostgreSQL computes them.
func (w *writer) typeColumns(t sql.Type) {
	name := sql.FormatType(t.OID, -1)
	if ti := sql.LookupType(t.OID); ti != nil {
		w.set("udt_name", ti.Name)
		if ti.Elem != 0 && ti.Len == -1 {
			name = "ARRAY"
		}
	}
	w.set("data_type", name)
	switch t.OID {
	case sql.OIDVarchar, sql.OIDBpchar:
		if t.Mod >= 4 {
			w.set("character_maximum_length", t.Mod-4, "character_octet_length", min(int64(t.Mod-4)*4, 1<<30))
		} else {
			w.set("character_octet_length", 1<<30)
		}
	case sql.OIDText:
		w.set("character_octet_length", 1<<30)
	case sql.OIDInt2:
		w.set("numeric_precision", 16, "numeric_precision_radix", 2, "numeric_scale", 0)
	case sql.OIDInt4:
		w.set("numeric_precision", 32, "numeric_precision_radix", 2, "numeric_scale", 0)
	case sql.OIDInt8:
		w.set("numeric_precision", 64, "numeric_precision_radix", 2, "numeric_scale", 0)
	case sql.OIDFloat4:
		w.set("numeric_precision", 24, "numeric_precision_radix", 2)
	case sql.OIDFloat8:
		w.set("numeric_precision", 53, "numeric_precision_radix", 2)
	case sql.OIDNumeric:
		w.set("numeric_precision_radix", 10)
		if p, s, ok := sql.NumericPS(t.Mod); ok {
			w.set("numeric_precision", p, "numeric_scale", s)
		}
	case sql.OIDDate:
		w.set("datetime_precision", 0)
	case sql.OIDTime, sql.OIDTimetz, sql.OIDTimestamp, sql.OIDTimestamptz:
		p := int32(6)
		if t.Mod >= 0 {
			p = t.Mod
		}
		w.set("datetime_precision", p)
	case sql.OIDInterval:
		w.set("datetime_precision", 6)
	}
}

func infoCharacterSets(w *writer) error {
	return w.put("character_set_name", "UTF8", "character_repertoire", "UCS", "form_of_use", "UTF8",
		"default_collate_catalog", w.Catalog, "default_collate_schema", "pg_catalog", "default_collate_name", "C")
}

// infoTableGrants says that everybody may read, and owners too.
func infoTableGrants(w *writer) error {
	return w.tables("", "table_schema", "table_name", func(d *model.Database, t *model.Table) error {
		owner := w.ownerName(t.Owner)
		return w.put("grantor", owner, "grantee", owner, "table_catalog", w.Catalog, "table_schema", d.Name,
			"table_name", t.Name, "privilege_type", "SELECT", "is_grantable", "YES", "with_hierarchy", "YES")
	})
}
