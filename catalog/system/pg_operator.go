package system

import (
	"github.com/sluicedb/sluice/sql"
)

func pgOperator(w *writer) error {
	ops := w.Set.operators
	type sig struct {
		name        string
		left, right sql.OID
	}
	by := map[sig]sql.OID{}
	for _, o := range ops {
		by[sig{o.Name, o.Left, o.Right}] = o.OID
	}
	oids, byOID := w.wantOID("oid")
	for _, o := range ops {
		if byOID && !contains(oids, o.OID) {
			continue
		}
		kind := byte('b')
		if o.Left == 0 {
			kind = 'l'
		}
		err := w.put("oid", o.OID, "oprname", o.Name, "oprnamespace", oidPgCatalog, "oprowner", 10, "oprkind", kind,
			"oprcanmerge", o.Name == "=", "oprcanhash", o.Name == "=", "oprleft", o.Left, "oprright", o.Right, "oprresult", o.Ret,
			"oprcom", by[sig{o.Commutator, o.Right, o.Left}], "oprnegate", by[sig{o.Negator, o.Left, o.Right}], "oprcode", o.Proc)
		if err != nil {
			return err
		}
	}
	return nil
}

func pgCast(w *writer) error {
	for _, c := range w.Set.casts {
		if err := w.put("oid", c.OID, "castsource", c.Source, "casttarget", c.Target, "castfunc", c.Func, "castcontext", c.Context, "castmethod", c.Method); err != nil {
			return err
		}
	}
	return nil
}
