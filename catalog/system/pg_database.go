package system

import "github.com/sluicedb/sluice/sql"

// CatalogOID is the OID of the one database, as PostgreSQL's "postgres" has it.
const CatalogOID sql.OID = 5

func pgDatabase(w *writer) error {
	return w.put("oid", CatalogOID, "datname", w.Catalog, "datdba", 10, "encoding", 6, "datlocprovider", byte('c'),
		"datallowconn", true, "datconnlimit", -1, "dattablespace", 1663, "datcollate", "C", "datctype", "C.UTF-8")
}

func pgTablespace(w *writer) error {
	if err := w.put("oid", 1663, "spcname", "pg_default", "spcowner", 10); err != nil {
		return err
	}
	return w.put("oid", 1664, "spcname", "pg_global", "spcowner", 10)
}

func pgLanguage(w *writer) error {
	for _, l := range []struct {
		oid       int
		name      string
		trusted   bool
		validator int
	}{{12, "internal", false, 2246}, {13, "c", false, 2247}, {14, "sql", true, 2248}} {
		if err := w.put("oid", l.oid, "lanname", l.name, "lanowner", 10, "lanpltrusted", l.trusted, "lanvalidator", l.validator); err != nil {
			return err
		}
	}
	return nil
}

func pgAm(w *writer) error {
	if err := w.put("oid", 2, "amname", "heap", "amhandler", 3, "amtype", byte('t')); err != nil {
		return err
	}
	return w.put("oid", 403, "amname", "btree", "amhandler", 330, "amtype", byte('i'))
}

func pgCollation(w *writer) error {
	for _, c := range []struct {
		oid      int
		name     string
		provider byte
		locale   any
	}{{100, "default", 'd', nil}, {950, "C", 'c', "C"}, {951, "POSIX", 'c', "POSIX"}} {
		err := w.put("oid", c.oid, "collname", c.name, "collnamespace", oidPgCatalog, "collowner", 10, "collprovider", c.provider,
			"collisdeterministic", true, "collencoding", -1, "collcollate", c.locale, "collctype", c.locale)
		if err != nil {
			return err
		}
	}
	return nil
}
