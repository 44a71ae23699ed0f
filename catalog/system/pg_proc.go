package system

import (
	"slices"

	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/sql"
)

// procByName finds support functions of types by name; "-" is none.
func (w *writer) procByName() func(name string) sql.OID {
	by := map[string]sql.OID{}
	for _, p := range pgfacts.Procs() {
		if _, ok := by[p.Name]; !ok {
			by[p.Name] = p.OID
		}
	}
	for _, p := range typeProcs() {
		by[p.Name] = p.OID
	}
	return func(name string) sql.OID { return by[name] }
}

func pgProc(w *writer) error {
	oids, byOID := w.wantOID("oid")
	names, byName := w.wantText("proname")
	seen := map[sql.OID]bool{}
	for _, list := range [][]pgfacts.Proc{pgfacts.Procs(), typeProcs()} {
		for _, p := range list {
			if seen[p.OID] || byOID && !contains(oids, p.OID) || byName && !slices.Contains(names, p.Name) {
				continue
			}
			seen[p.OID] = true
			w.begin()
			w.set("oid", p.OID, "proname", p.Name, "pronamespace", oidPgCatalog, "proowner", 10, "prolang", 12,
				"procost", 1.0, "prokind", p.Kind, "proleakproof", p.Leakproof, "proisstrict", p.Strict, "proretset", p.Set,
				"provolatile", p.Vol, "proparallel", byte('s'), "pronargs", len(p.Args), "pronargdefaults", p.Defaults,
				"prorettype", p.Ret, "proargtypes", p.Args, "prosrc", p.Name)
			if p.Set {
				w.set("prorows", 1000.0)
			}
			if p.Variadic && len(p.Args) > 0 {
				last := p.Args[len(p.Args)-1]
				if e := sql.ElemOf(last); e != 0 {
					last = e
				}
				w.set("provariadic", last)
			}
			if err := w.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

func pgAggregate(w *writer) error {
	for _, p := range pgfacts.Procs() {
		if p.Kind != 'a' {
			continue
		}
		if err := w.put("aggfnoid", p.OID, "aggkind", byte('n'), "aggfinalmodify", byte('r'), "aggmfinalmodify", byte('r'), "aggtranstype", p.Ret); err != nil {
			return err
		}
	}
	return nil
}
