package system

import (
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/sql"
)

// masked stands for a password in the views that PostgreSQL shows everybody.
const masked = "********"

func (w *writer) roleConfig(role sql.OID) []string {
	var out []string
	for _, s := range w.Snapshot.Settings() {
		if s.Role == role && s.Catalog == "" {
			out = append(out, s.Name+"="+s.Value)
		}
	}
	return out
}

// config returns the role's settings as a value, NULL if it has none.
func (w *writer) config(column string, role sql.OID) sql.Value {
	t := w.rel.Columns[w.rel.index[column]].Type
	if c := w.roleConfig(role); c != nil {
		return valueOf(t, c)
	}
	return sql.NullOf(t)
}

func (w *writer) roles(f func(r *store.Role) error) error {
	for _, r := range w.Snapshot.Roles() {
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}

func pgRoles(w *writer) error {
	return w.roles(func(r *store.Role) error {
		return w.put("rolname", r.Name, "rolsuper", r.Superuser, "rolinherit", r.Inherit, "rolcreaterole", r.CreateRole,
			"rolcreatedb", r.CreateDB, "rolcanlogin", r.Login, "rolreplication", r.Replication, "rolconnlimit", r.ConnLimit,
			"rolpassword", masked, "rolvaliduntil", r.ValidUntil, "rolbypassrls", r.BypassRLS,
			"rolconfig", w.config("rolconfig", r.OID), "oid", r.OID)
	})
}

// pgAuthid never shows a verifier: nothing that can be asked for in SQL does.
func pgAuthid(w *writer) error {
	return w.roles(func(r *store.Role) error {
		return w.put("oid", r.OID, "rolname", r.Name, "rolsuper", r.Superuser, "rolinherit", r.Inherit, "rolcreaterole", r.CreateRole,
			"rolcreatedb", r.CreateDB, "rolcanlogin", r.Login, "rolreplication", r.Replication, "rolbypassrls", r.BypassRLS,
			"rolconnlimit", r.ConnLimit, "rolvaliduntil", r.ValidUntil)
	})
}

func pgUser(w *writer) error { return w.users("passwd", masked) }

func pgShadow(w *writer) error { return w.users("passwd", nil) }

func (w *writer) users(column string, password any) error {
	return w.roles(func(r *store.Role) error {
		if !r.Login {
			return nil
		}
		w.begin()
		w.set("usename", r.Name, "usesysid", r.OID, "usecreatedb", r.CreateDB, "usesuper", r.Superuser, "userepl", r.Replication,
			"usebypassrls", r.BypassRLS, "valuntil", r.ValidUntil, "useconfig", w.config("useconfig", r.OID))
		if password != nil {
			w.set(column, password)
		}
		return w.end()
	})
}

func pgGroup(w *writer) error {
	return w.roles(func(g *store.Role) error {
		if g.Login {
			return nil
		}
		var members []sql.OID
		for _, r := range w.Snapshot.Roles() {
			for _, m := range r.MemberOf {
				if m.Role == g.OID {
					members = append(members, r.OID)
				}
			}
		}
		return w.put("groname", g.Name, "grosysid", g.OID, "grolist", members)
	})
}

func pgAuthMembers(w *writer) error {
	return w.roles(func(r *store.Role) error {
		for _, m := range r.MemberOf {
			if err := w.put("roleid", m.Role, "member", r.OID, "grantor", m.Grantor, "admin_option", m.Admin); err != nil {
				return err
			}
		}
		return nil
	})
}

func pgDbRoleSetting(w *writer) error {
	type key struct {
		db   string
		role sql.OID
	}
	var order []key
	by := map[key][]string{}
	for _, s := range w.Snapshot.Settings() {
		k := key{s.Catalog, s.Role}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], s.Name+"="+s.Value)
	}
	for _, k := range order {
		db := sql.OID(0)
		if k.db != "" {
			db = CatalogOID
		}
		if err := w.put("setdatabase", db, "setrole", k.role, "setconfig", by[k]); err != nil {
			return err
		}
	}
	return nil
}

func infoEnabledRoles(w *writer) error {
	return w.roles(func(r *store.Role) error { return w.put("role_name", r.Name) })
}

func infoApplicableRoles(w *writer) error {
	return w.roles(func(r *store.Role) error {
		for _, m := range r.MemberOf {
			g := w.Snapshot.RoleByOID(m.Role)
			if g == nil {
				continue
			}
			if err := w.put("grantee", r.Name, "role_name", g.Name, "is_grantable", m.Admin); err != nil {
				return err
			}
		}
		return nil
	})
}
