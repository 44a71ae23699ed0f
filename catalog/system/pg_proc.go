package system

import (
	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/sql"
)

// addProcs gathers the rows of pg_proc: what can be called, and the support
// functions of types that drivers look up.
func (s *Set) addProcs() {
	s.procByOID, s.procName = map[sql.OID]int{}, map[string]sql.OID{}
	support := typeProcs()
	for _, p := range append(pgfacts.Procs(), support...) {
		if _, dup := s.procByOID[p.OID]; dup {
			continue
		}
		s.procByOID[p.OID] = len(s.procs)
		s.procs = append(s.procs, p)
		if _, ok := s.procName[p.Name]; !ok {
			s.procName[p.Name] = p.OID
		}
	}
	for _, p := range support {
		s.procName[p.Name] = p.OID
	}
}

func pgProc(w *writer) error {
	list := w.Set.procs
	if oids, ok := w.wantOID("oid"); ok {
		list = nil
		for _, o := range oids {
			if i, ok := w.Set.procByOID[o]; ok {
				list = append(list, w.Set.procs[i])
			}
		}
	}
	names, byName := w.wantText("proname")
	for i := range list {
		p := &list[i]
		if byName && !containsText(names, p.Name) {
			continue
		}
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
	return nil
}

func pgAggregate(w *writer) error {
	for _, p := range w.Set.procs {
		if p.Kind != 'a' {
			continue
		}
		if err := w.put("aggfnoid", p.OID, "aggkind", byte('n'), "aggfinalmodify", byte('r'), "aggmfinalmodify", byte('r'), "aggtranstype", p.Ret); err != nil {
			return err
		}
	}
	return nil
}

// ProcsNamed returns the OIDs of the functions of a name, those of types' support included.
func (s *Set) ProcsNamed(name string) []sql.OID {
	var out []sql.OID
	for i := range s.procs {
		if s.procs[i].Name == name {
			out = append(out, s.procs[i].OID)
		}
	}
	return out
}

// ProcName returns the name and argument types of a function; ok is false if there is none.
func (s *Set) ProcName(oid sql.OID) (name string, args []sql.OID, ok bool) {
	i, ok := s.procByOID[oid]
	if !ok {
		return "", nil, false
	}
	return s.procs[i].Name, s.procs[i].Args, true
}
