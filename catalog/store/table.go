package store

import (
	"strings"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// Table returns a table or view as this change sees it; 3F000 or 42P01 if there
// is none.
func (t *Tx) Table(database, name string) (*model.Table, error) {
	d, err := t.database(database)
	if err != nil {
		return nil, err
	}
	tab, found, err := t.lookTable(d, strings.ToLower(name))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, noTable(d.Name, strings.ToLower(name))
	}
	return tab, nil
}

func noTable(database, name string) error {
	return sql.Errorf(sql.CodeUndefinedTable, "relation \"%s.%s\" does not exist", database, name)
}

func (t *Tx) lookTable(d *model.Database, name string) (*model.Table, bool, error) {
	var oid sql.OID
	var version, changed int64
	var data string
	var stats *string
	found, err := t.row("SELECT oid, version, data, stats, changed FROM relation WHERE database = ? AND name = ?",
		[]any{d.OID, name}, &oid, &version, &data, &stats, &changed)
	if err != nil || !found {
		return nil, false, err
	}
	if err := t.touch(oid, changed); err != nil {
		return nil, false, err
	}
	tab, err := decodeTable(oid, d.Name, name, version, data, stats)
	return tab, true, err
}

// CreateTable adds a table or view; 42P07 if the name is taken. OID, Version,
// Created and Updated are the catalog's to give.
func (t *Tx) CreateTable(tab *model.Table) (sql.OID, error) {
	d, err := t.database(tab.Database)
	if err != nil {
		return 0, err
	}
	n := *tab
	n.Name = strings.ToLower(tab.Name)
	if err := checkTable(&n); err != nil {
		return 0, err
	}
	var have int
	if found, err := t.row("SELECT 1 FROM relation WHERE database = ? AND name = ?", []any{d.OID, n.Name}, &have); err != nil {
		return 0, err
	} else if found {
		return 0, sql.Errorf(sql.CodeDuplicateTable, "relation \"%s\" already exists", n.Name)
	}
	oid, err := t.NextOID()
	if err != nil {
		return 0, err
	}
	if n.Created.IsZero() {
		n.Created = t.now
	}
	n.Updated = t.now
	data, err := encodeTable(&n)
	if err != nil {
		return 0, err
	}
	return oid, t.exec("INSERT INTO relation (oid, database, name, version, data, changed) VALUES (?, ?, ?, 0, ?, ?)",
		oid, d.OID, n.Name, data, t.version)
}

// AlterTable changes a table: f edits a copy, the version before is kept
// (TableVersions), and Version grows by one. It fails with 40001 if expect >= 0
// and the table is at another version. Name and Database may change.
func (t *Tx) AlterTable(database, name string, expect int64, f func(*model.Table) error) error {
	old, err := t.Table(database, name)
	if err != nil {
		return err
	}
	if expect >= 0 && old.Version != expect {
		return sql.Errorf(sql.CodeSerializationFailure, "table \"%s.%s\" was changed by somebody else", old.Database, old.Name).
			WithDetail("It is at version %d, the change was made for version %d.", old.Version, expect).
			WithHint("Look at the table again and repeat the change.")
	}
	n := cloneTable(old)
	if err := f(n); err != nil {
		return err
	}
	n.Name, n.Database = strings.ToLower(n.Name), strings.ToLower(n.Database)
	if err := checkTable(n); err != nil {
		return err
	}
	d, err := t.database(n.Database)
	if err != nil {
		return err
	}
	if n.Name != old.Name || n.Database != old.Database {
		if _, taken, err := t.lookTable(d, n.Name); err != nil {
			return err
		} else if taken {
			return sql.Errorf(sql.CodeDuplicateTable, "relation \"%s\" already exists", n.Name)
		}
	}
	if err := t.checkKeys(old, n); err != nil {
		return err
	}
	was, err := encodeTable(old)
	if err != nil {
		return err
	}
	n.Updated = t.now
	data, err := encodeTable(n)
	if err != nil {
		return err
	}
	if err := t.exec("INSERT INTO relation_version VALUES (?, ?, ?)", old.OID, old.Version, was); err != nil {
		return err
	}
	return t.exec("UPDATE relation SET database = ?, name = ?, version = ?, data = ?, changed = ? WHERE oid = ?",
		d.OID, n.Name, old.Version+1, data, t.version, old.OID)
}

// checkKeys refuses another set of partition keys while there are partitions:
// their values would lose their meaning. Types may change.
func (t *Tx) checkKeys(old, n *model.Table) error {
	same := len(old.Keys) == len(n.Keys)
	for i := 0; same && i < len(n.Keys); i++ {
		same = old.Keys[i].Name == n.Keys[i].Name
	}
	if same {
		return nil
	}
	var parts int64
	if _, err := t.row("SELECT partitions FROM relation WHERE oid = ?", []any{old.OID}, &parts); err != nil {
		return err
	}
	if w := t.parts[old.OID]; w != nil {
		parts = w.count
	}
	if parts > 0 {
		return sql.Errorf(sql.CodeInvalidTableDefinition, "cannot change the partition keys of \"%s\": it has %d partitions", old.Name, parts).
			WithHint("Drop the partitions first, or create another table.")
	}
	return nil
}

// cloneTable copies what an editor may change in place.
func cloneTable(t *model.Table) *model.Table {
	n := *t
	n.Columns = append([]model.Column(nil), t.Columns...)
	n.Keys = append([]model.Column(nil), t.Keys...)
	n.Params = cloneMap(t.Params)
	n.Storage.Params = cloneMap(t.Storage.Params)
	n.Storage.SerDeParams = cloneMap(t.Storage.SerDeParams)
	return &n
}

func cloneMap(m map[string]string) map[string]string {
	n := make(map[string]string, len(m))
	for k, v := range m {
		n[k] = v
	}
	return n
}

// checkTable folds names to lower case and refuses what Glue refuses.
func checkTable(t *model.Table) error {
	if err := checkName("table", t.Name); err != nil {
		return err
	}
	seen := make(map[string]bool, len(t.Columns)+len(t.Keys))
	for _, list := range [][]model.Column{t.Columns, t.Keys} {
		for i := range list {
			c := &list[i]
			c.Name = strings.ToLower(c.Name)
			if err := checkName("column", c.Name); err != nil {
				return err
			}
			if seen[c.Name] {
				return sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" specified more than once", c.Name)
			}
			seen[c.Name] = true
		}
	}
	for _, k := range t.Keys {
		if !keyType(k.Type) {
			return sql.Errorf(sql.CodeInvalidTableDefinition, "partition key \"%s\" cannot be of type %s", k.Name, k.Hive).
				WithHint("Partition keys are of primitive types, such as string, int, date.")
		}
	}
	if len(seen) > 1600 {
		return sql.Errorf(sql.CodeTooManyColumns, "tables can have at most 1600 columns")
	}
	return nil
}

func keyType(t sql.Type) bool {
	switch t.OID {
	case sql.OIDBool, sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDFloat4, sql.OIDFloat8, sql.OIDNumeric,
		sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDBytea, sql.OIDDate, sql.OIDTimestamp:
		return true
	}
	return false
}

// DropTable removes a table or view and all that hangs on it.
func (t *Tx) DropTable(database, name string) error {
	tab, err := t.Table(database, name)
	if err != nil {
		return err
	}
	return t.dropRelation(tab.OID)
}

func (t *Tx) dropRelation(oid sql.OID) error {
	delete(t.parts, oid)
	for _, q := range []string{
		"DELETE FROM part WHERE oid = ?", "DELETE FROM part_value WHERE oid = ?", "DELETE FROM part_chunk WHERE oid = ?",
		"DELETE FROM sketch WHERE oid = ?", "DELETE FROM relation_version WHERE oid = ?", "DELETE FROM relation WHERE oid = ?",
	} {
		if err := t.exec(q, oid); err != nil {
			return err
		}
	}
	return t.exec("INSERT INTO dropped VALUES (?, ?)", oid, t.version)
}

// SetTableStats replaces a table's statistics; nil forgets them. The table's
// version stays. Sketches are kept apart (View.Sketches).
func (t *Tx) SetTableStats(database, name string, s *model.TableStats) error {
	tab, err := t.Table(database, name)
	if err != nil {
		return err
	}
	if err := t.exec("DELETE FROM sketch WHERE oid = ? AND slot = -1", tab.OID); err != nil {
		return err
	}
	if s == nil {
		return t.exec("UPDATE relation SET stats = NULL, changed = ? WHERE oid = ?", t.version, tab.OID)
	}
	data, err := encodeStats(s)
	if err != nil {
		return err
	}
	if err := t.saveSketches(tab.OID, -1, s); err != nil {
		return err
	}
	return t.exec("UPDATE relation SET stats = ?, changed = ? WHERE oid = ?", data, t.version, tab.OID)
}

func (t *Tx) saveSketches(oid sql.OID, slot int64, s *model.TableStats) error {
	for col, c := range s.Columns {
		if len(c.Sketch) == 0 {
			continue
		}
		if err := t.exec("INSERT OR REPLACE INTO sketch VALUES (?, ?, ?, ?)", oid, slot, col, c.Sketch); err != nil {
			return err
		}
	}
	return nil
}
