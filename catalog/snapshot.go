package catalog

import (
	"sort"
	"strings"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// Snapshot is the catalog at one version. Immutable, safe for concurrent use;
// look-ups cost no I/O. Names are looked up folded to lower case, except those of
// roles and of temporary tables.
type Snapshot struct {
	version  int64
	epoch    int64
	schemas  map[string]*schema
	names    []string // of schemas, ascending
	byOID    map[sql.OID]*model.Table
	dbByOID  map[sql.OID]*model.Database
	changed  map[sql.OID]int64
	roles    map[string]*store.Role
	roleOID  map[sql.OID]*store.Role
	settings []store.Setting
	parts    partReader
	temp     *schema // of one session; nil: none
}

type schema struct {
	db     *model.Database
	tables map[string]*model.Table
	names  []string // ascending
	system bool
}

// Version identifies the state: equal versions of one catalog are equal states.
// An overlay (Batch) has versions of its own, below zero.
func (s *Snapshot) Version() int64 { return s.version }

// Database returns a database (PostgreSQL: schema), nil if there is none.
func (s *Snapshot) Database(name string) *model.Database {
	if sc := s.schema(name); sc != nil {
		return sc.db
	}
	return nil
}

func (s *Snapshot) schema(name string) *schema {
	name = strings.ToLower(name)
	if s.temp != nil && (s.temp.db.Name == name || name == "pg_temp") {
		return s.temp
	}
	return s.schemas[name]
}

// DatabaseByOID returns a database by its identifier, nil if there is none.
func (s *Snapshot) DatabaseByOID(oid sql.OID) *model.Database {
	if s.temp != nil && s.temp.db.OID == oid {
		return s.temp.db
	}
	return s.dbByOID[oid]
}

// Databases returns all databases by name, those of the system (pg_catalog ...) included.
func (s *Snapshot) Databases() []*model.Database {
	out := make([]*model.Database, len(s.names), len(s.names)+1)
	for i, n := range s.names {
		out[i] = s.schemas[n].db
	}
	if s.temp != nil {
		out = append(out, s.temp.db)
	}
	return out
}

// IsSystem reports whether a database is one of the system's.
func (s *Snapshot) IsSystem(name string) bool {
	sc := s.schema(name)
	return sc != nil && sc.system
}

// Table returns a table, view or virtual relation, nil if there is none.
func (s *Snapshot) Table(database, name string) *model.Table {
	sc := s.schema(database)
	switch {
	case sc == nil:
		return nil
	case sc == s.temp:
		return sc.tables[name]
	}
	return sc.tables[strings.ToLower(name)]
}

// TableByOID returns a table by its identifier, nil if there is none.
func (s *Snapshot) TableByOID(oid sql.OID) *model.Table {
	if s.temp != nil {
		for _, t := range s.temp.tables {
			if t.OID == oid {
				return t
			}
		}
	}
	return s.byOID[oid]
}

// Tables returns a database's tables and views by name; nil if there is no such database.
func (s *Snapshot) Tables(database string) []*model.Table {
	sc := s.schema(database)
	if sc == nil {
		return nil
	}
	out := make([]*model.Table, len(sc.names))
	for i, n := range sc.names {
		out[i] = sc.tables[n]
	}
	return out
}

// Role returns a role by its exact name, nil if there is none.
func (s *Snapshot) Role(name string) *store.Role { return s.roles[name] }

// RoleByOID returns a role, nil if there is none.
func (s *Snapshot) RoleByOID(oid sql.OID) *store.Role { return s.roleOID[oid] }

// Roles returns all roles by name.
func (s *Snapshot) Roles() []*store.Role {
	out := make([]*store.Role, 0, len(s.roles))
	for _, r := range s.roles {
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// IsMember reports whether role is group or, directly or not, a member of it.
func (s *Snapshot) IsMember(role, group sql.OID) bool {
	seen := map[sql.OID]bool{}
	var walk func(sql.OID) bool
	walk = func(o sql.OID) bool {
		if o == group {
			return true
		}
		if seen[o] {
			return false
		}
		seen[o] = true
		if r := s.roleOID[o]; r != nil {
			for _, m := range r.MemberOf {
				if walk(m.Role) {
					return true
				}
			}
		}
		return false
	}
	return walk(role)
}

// Settings returns all settings of ALTER ROLE|DATABASE ... SET.
func (s *Snapshot) Settings() []store.Setting { return s.settings }

// SettingsFor returns the settings that a session of role in catalog begins
// with, in the order to apply them: later ones win, as in PostgreSQL.
func (s *Snapshot) SettingsFor(catalog string, role sql.OID) []store.Setting {
	rank := func(x store.Setting) int {
		r := 0
		if x.Role != 0 {
			r += 2
		}
		if x.Catalog != "" {
			r++
		}
		return r
	}
	var out []store.Setting
	for _, x := range s.settings {
		if (x.Catalog == "" || x.Catalog == catalog) && (x.Role == 0 || x.Role == role) {
			out = append(out, x)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return rank(out[i]) < rank(out[j]) })
	return out
}

// next returns a snapshot that differs by c; a zero receiver starts from system.
func (s *Snapshot) next(c *store.Changes, version, epoch int64, system *systemSet) *Snapshot {
	n := &Snapshot{version: version, epoch: epoch, settings: c.Settings, parts: s.parts,
		schemas: make(map[string]*schema, len(s.schemas)+len(c.Databases)),
		byOID:   make(map[sql.OID]*model.Table, len(s.byOID)+len(c.Tables)),
		dbByOID: make(map[sql.OID]*model.Database, len(s.dbByOID)+len(c.Databases)),
		changed: make(map[sql.OID]int64, len(s.changed)+len(c.Changed)),
		roles:   make(map[string]*store.Role, len(c.Roles)),
		roleOID: make(map[sql.OID]*store.Role, len(c.Roles)),
	}
	if s.schemas == nil {
		system.addTo(n)
	}
	for k, v := range s.schemas {
		n.schemas[k] = v
	}
	for k, v := range s.byOID {
		n.byOID[k] = v
	}
	for k, v := range s.dbByOID {
		n.dbByOID[k] = v
	}
	for k, v := range s.changed {
		n.changed[k] = v
	}
	for k, v := range c.Changed {
		n.changed[k] = v
	}
	for _, r := range c.Roles {
		n.roles[r.Name], n.roleOID[r.OID] = r, r
	}
	own := map[string]bool{} // schemas that are n's own copies
	edit := func(name string) *schema {
		sc := n.schemas[name]
		if own[name] {
			return sc
		}
		cp := &schema{}
		if sc != nil {
			cp.db = sc.db
			cp.tables = make(map[string]*model.Table, len(sc.tables)+1)
			for k, v := range sc.tables {
				cp.tables[k] = v
			}
		} else {
			cp.tables = map[string]*model.Table{}
		}
		own[name], n.schemas[name] = true, cp
		return cp
	}
	forgetTable := func(oid sql.OID) {
		if t := n.byOID[oid]; t != nil {
			delete(n.byOID, oid)
			if sc := n.schemas[t.Database]; sc != nil && sc.tables[t.Name] == t {
				delete(edit(t.Database).tables, t.Name)
			}
		}
	}
	forgetDatabase := func(oid sql.OID) {
		if d := n.dbByOID[oid]; d != nil {
			delete(n.dbByOID, oid)
			if sc := n.schemas[d.Name]; sc != nil && sc.db.OID == oid {
				delete(n.schemas, d.Name)
				delete(own, d.Name)
			}
		}
	}
	// Everything old goes before anything new comes: names may have moved.
	for _, t := range c.Tables {
		forgetTable(t.OID)
	}
	for _, oid := range c.Dropped {
		forgetTable(oid)
	}
	for _, oid := range c.Dropped {
		forgetDatabase(oid)
		delete(n.changed, oid)
	}
	moved := map[sql.OID]*schema{} // a renamed database's tables are all in c.Tables
	for _, d := range c.Databases {
		if old := n.dbByOID[d.OID]; old != nil && old.Name == d.Name {
			moved[d.OID] = n.schemas[d.Name]
		}
		forgetDatabase(d.OID)
	}
	for _, d := range c.Databases {
		sc := moved[d.OID]
		n.schemas[d.Name] = sc
		sc = edit(d.Name)
		sc.db = d
		n.dbByOID[d.OID] = d
	}
	for _, t := range c.Tables {
		edit(t.Database).tables[t.Name] = t
		n.byOID[t.OID] = t
	}
	for name := range own {
		n.schemas[name].sortNames()
	}
	n.names = sortedKeys(n.schemas)
	return n
}

func (sc *schema) sortNames() { sc.names = sortedKeys(sc.tables) }

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
