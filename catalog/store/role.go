package store

import (
	dbsql "database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
)

// Role is a user or group.
type Role struct {
	OID         sql.OID   `json:"-"`
	Name        string    `json:"-"`
	Login       bool      `json:"login,omitempty"`
	Superuser   bool      `json:"superuser,omitempty"`
	CreateDB    bool      `json:"createDB,omitempty"`
	CreateRole  bool      `json:"createRole,omitempty"`
	Inherit     bool      `json:"inherit,omitempty"`
	Replication bool      `json:"replication,omitempty"`
	BypassRLS   bool      `json:"bypassRLS,omitempty"`
	ConnLimit   int       `json:"connLimit"`
	ValidUntil  time.Time `json:"validUntil,omitzero"`
	Comment     string    `json:"comment,omitempty"`
	// Verifier is the SCRAM-SHA-256 verifier, "" if the role has no password. Never logged.
	Verifier string       `json:"verifier,omitempty"`
	MemberOf []Membership `json:"-"`
}

// Membership is a role's being in another one.
type Membership struct {
	Role, Grantor sql.OID
	Admin         bool
}

// Setting is one of ALTER ROLE|DATABASE ... SET. Catalog "" or Role 0: any.
type Setting struct {
	Catalog string
	Role    sql.OID
	Name    string
	Value   string
}

// BootstrapRole is the OID of the superuser that every catalog has.
const BootstrapRole sql.OID = 10

func (v *View) roles() ([]*Role, error) {
	var out []*Role
	byOID := map[sql.OID]*Role{}
	err := v.query("SELECT oid, name, data FROM role ORDER BY name", nil, func(r *dbsql.Rows) error {
		var role Role
		var data string
		if err := r.Scan(&role.OID, &role.Name, &data); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(data), &role); err != nil {
			return damaged("role", role.Name, err)
		}
		out = append(out, &role)
		byOID[role.OID] = &role
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = v.query("SELECT role, member, grantor, admin FROM member ORDER BY role, member", nil, func(r *dbsql.Rows) error {
		var m Membership
		var member sql.OID
		if err := r.Scan(&m.Role, &member, &m.Grantor, &m.Admin); err != nil {
			return err
		}
		if role := byOID[member]; role != nil {
			role.MemberOf = append(role.MemberOf, m)
		}
		return nil
	})
	return out, err
}

func (v *View) settings() ([]Setting, error) {
	var out []Setting
	err := v.query("SELECT catalog, role, name, value FROM setting ORDER BY catalog, role, name", nil, func(r *dbsql.Rows) error {
		var s Setting
		err := r.Scan(&s.Catalog, &s.Role, &s.Name, &s.Value)
		out = append(out, s)
		return err
	})
	return out, err
}

// Role returns a role by name; 42704 if there is none.
func (t *Tx) Role(name string) (*Role, error) {
	r := &Role{Name: name}
	var data string
	found, err := t.row("SELECT oid, data FROM role WHERE name = ?", []any{name}, &r.OID, &data)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, sql.Errorf(sql.CodeUndefinedObject, "role \"%s\" does not exist", name)
	}
	if err := json.Unmarshal([]byte(data), r); err != nil {
		return nil, damaged("role", name, err)
	}
	return r, nil
}

// CreateRole adds a role; 42710 if the name is taken.
func (t *Tx) CreateRole(r *Role) (sql.OID, error) {
	if err := checkName("role", r.Name); err != nil {
		return 0, err
	}
	if strings.HasPrefix(r.Name, "pg_") || r.Name == "public" || r.Name == "none" {
		return 0, sql.Errorf(sql.CodeReservedName, "role name \"%s\" is reserved", r.Name)
	}
	var have int
	if found, err := t.row("SELECT 1 FROM role WHERE name = ?", []any{r.Name}, &have); err != nil {
		return 0, err
	} else if found {
		return 0, sql.Errorf(sql.CodeDuplicateObject, "role \"%s\" already exists", r.Name)
	}
	oid, err := t.NextOID()
	if err != nil {
		return 0, err
	}
	data, err := encode(r)
	if err != nil {
		return 0, err
	}
	return oid, t.exec("INSERT INTO role VALUES (?, ?, ?)", oid, r.Name, data)
}

// AlterRole changes a role; its name may change too.
func (t *Tx) AlterRole(name string, f func(*Role) error) error {
	r, err := t.Role(name)
	if err != nil {
		return err
	}
	if err := f(r); err != nil {
		return err
	}
	if r.Name != name {
		if err := checkName("role", r.Name); err != nil {
			return err
		}
		if _, err := t.Role(r.Name); err == nil {
			return sql.Errorf(sql.CodeDuplicateObject, "role \"%s\" already exists", r.Name)
		}
	}
	data, err := encode(r)
	if err != nil {
		return err
	}
	return t.exec("UPDATE role SET name = ?, data = ? WHERE oid = ?", r.Name, data, r.OID)
}

// DropRole removes a role, its memberships and settings. The bootstrap role stays.
func (t *Tx) DropRole(name string) error {
	r, err := t.Role(name)
	if err != nil {
		return err
	}
	if r.OID == BootstrapRole {
		return sql.Errorf(sql.CodeDependentObjects, "cannot drop role %s because it is required by the catalog", name)
	}
	for _, q := range []string{"DELETE FROM member WHERE role = ?1 OR member = ?1", "DELETE FROM setting WHERE role = ?1", "DELETE FROM role WHERE oid = ?1"} {
		if err := t.exec(q, r.OID); err != nil {
			return err
		}
	}
	return t.exec("INSERT INTO dropped VALUES (?, ?)", r.OID, t.version)
}

// Grant makes member a member of role; circles are refused (0LP01 in
// PostgreSQL, here 42P17).
func (t *Tx) Grant(role, member, grantor string, admin bool) error {
	r, err := t.Role(role)
	if err != nil {
		return err
	}
	m, err := t.Role(member)
	if err != nil {
		return err
	}
	g, err := t.Role(grantor)
	if err != nil {
		return err
	}
	var circle int
	found, err := t.row("WITH RECURSIVE up(r) AS (SELECT ?1 UNION SELECT member.role FROM member JOIN up ON member.member = up.r) SELECT 1 FROM up WHERE r = ?2",
		[]any{r.OID, m.OID}, &circle)
	if err != nil {
		return err
	}
	if found {
		return sql.Errorf(sql.CodeInvalidObjectDefinition, "role \"%s\" is a member of role \"%s\"", role, member)
	}
	return t.exec("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?)", r.OID, m.OID, g.OID, admin)
}

// Revoke ends a membership.
func (t *Tx) Revoke(role, member string) error {
	r, err := t.Role(role)
	if err != nil {
		return err
	}
	m, err := t.Role(member)
	if err != nil {
		return err
	}
	return t.exec("DELETE FROM member WHERE role = ? AND member = ?", r.OID, m.OID)
}

// Set stores a setting of a role and/or catalog; an empty Name with reset drops all.
func (t *Tx) Set(catalog, role, name, value string) error {
	oid, err := t.settingRole(role)
	if err != nil {
		return err
	}
	return t.exec("INSERT OR REPLACE INTO setting VALUES (?, ?, ?, ?)", catalog, oid, strings.ToLower(name), value)
}

// Reset drops a setting; name "" drops all of the role and catalog.
func (t *Tx) Reset(catalog, role, name string) error {
	oid, err := t.settingRole(role)
	if err != nil {
		return err
	}
	return t.exec("DELETE FROM setting WHERE catalog = ? AND role = ? AND (? = '' OR name = ?)", catalog, oid, strings.ToLower(name), strings.ToLower(name))
}

func (t *Tx) settingRole(role string) (sql.OID, error) {
	if role == "" {
		return 0, nil
	}
	r, err := t.Role(role)
	if err != nil {
		return 0, err
	}
	return r.OID, nil
}
