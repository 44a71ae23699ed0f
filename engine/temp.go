package engine

import (
	"strconv"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/catalog/ddl"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// tempTables are a session's temporary tables. Their state is one pointer to values
// that never change: a savepoint keeps it, a rollback puts it back, and a statement
// or cursor goes on in the state that it was planned in. What rows lie in is freed
// when no state that can still be reached has them.
type tempTables struct {
	now    *tempState // nil: there are none
	name   string     // of their schema
	made   sql.OID    // tables made so far
	sets   int64      // sets of tables so far
	spools map[*exec.Spool]struct{}

	// base as it is shown with the set of tables.
	base, shown *catalog.Snapshot
	shownSet    int64
}

// firstTempOID is above what the store's sequence reaches; a session's tables are
// seen by it alone, so that they may have the numbers of another session's.
const firstTempOID sql.OID = 1 << 31

func (t *tempTables) init(pid int32) {
	t.name, t.spools = "pg_temp_"+strconv.Itoa(int(pid)), map[*exec.Spool]struct{}{}
}

// schema is the tables' schema, "" while there are none.
func (t *tempTables) schema() string {
	if t.now == nil || len(t.now.tables) == 0 {
		return ""
	}
	return t.name
}

// show is a snapshot with the tables.
func (t *tempTables) show(c *catalog.Catalog, snap *catalog.Snapshot) *catalog.Snapshot {
	if t.schema() == "" {
		return snap
	}
	if t.base != snap || t.shownSet != t.now.set {
		list := make([]*model.Table, len(t.now.tables))
		for i, x := range t.now.tables {
			list[i] = x.table
		}
		t.base, t.shownSet = snap, t.now.set
		t.shown = c.WithTemp(snap, &model.Database{OID: firstTempOID, Name: t.name, Owner: "sluice"}, list)
	}
	return t.shown
}

func (t *tempTables) close() {
	for s := range t.spools {
		s.Close()
	}
	clear(t.spools)
	t.now = nil
}

// tempTable is a table with its rows.
type tempTable struct {
	table    *model.Table
	rows     *exec.TableRows
	onCommit string // "delete", "drop", else the rows stay
}

// withRows is the table with other rows.
func (t *tempTable) withRows(r *exec.TableRows) *tempTable {
	c := *t
	c.rows = r
	return &c
}

// tempState is the tables and their rows at one time; it never changes.
type tempState struct {
	set    int64 // identifies the set of tables
	tables []*tempTable
}

func (s *tempState) list() []*tempTable {
	if s == nil {
		return nil
	}
	return s.tables
}

func (s *tempState) byName(name string) *tempTable {
	for _, t := range s.list() {
		if t.table.Name == name {
			return t
		}
	}
	return nil
}

func (s *tempState) byOID(oid sql.OID) *tempTable {
	for _, t := range s.list() {
		if t.table.OID == oid {
			return t
		}
	}
	return nil
}

// Rows implements exec.TempTables.
func (s *tempState) Rows(oid sql.OID) *exec.TableRows {
	if t := s.byOID(oid); t != nil {
		return t.rows
	}
	return nil
}

// with is the state with a table in the place of that with its OID.
func (s *tempState) with(x *tempTable) *tempState {
	out := &tempState{set: s.set, tables: make([]*tempTable, len(s.tables))}
	for i, t := range s.tables {
		if out.tables[i] = t; t.table.OID == x.table.OID {
			out.tables[i] = x
		}
	}
	return out
}

// newTempTable gives a table its identity.
func (s *Session) newTempTable(t *model.Table) {
	s.temp.made++
	t.OID, t.Database, t.Kind, t.Owner, t.Version = firstTempOID+s.temp.made, s.temp.name, model.KindTemp, s.opts.User, 1
}

// addTemp makes a table known.
func (s *Session) addTemp(t *tempTable) {
	s.setTemp(append(append([]*tempTable(nil), s.temp.now.list()...), t))
}

// setTemp makes another set of tables that of now.
func (s *Session) setTemp(list []*tempTable) {
	s.temp.sets++
	s.temp.now = &tempState{set: s.temp.sets, tables: list}
}

// commitTemp lets ON COMMIT have its effect.
func (s *Session) commitTemp() {
	var left []*tempTable
	for _, t := range s.temp.now.list() {
		switch t.onCommit {
		case "delete":
			s.temp.now = s.temp.now.with(t.withRows(t.rows.Empty()))
			t = s.temp.now.byOID(t.table.OID)
		case "drop":
			continue
		}
		left = append(left, t)
	}
	if len(left) < len(s.temp.now.list()) {
		s.setTemp(left)
	}
}

// newSpool makes room for rows of a table.
func (s *Session) newSpool(t *model.Table) *exec.Spool {
	types := make([]sql.Type, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
	}
	cfg := &s.eng.cfg
	sp := exec.NewSpool(cfg.SpillDir, cfg.Memory, cfg.StatementMemory, types)
	s.temp.spools[sp] = struct{}{}
	return sp
}

// sweepTemp frees the rows that no state has any more that can be reached: the one
// of now, those of the transaction's start and savepoints, and those that portals run in.
func (s *Session) sweepTemp() {
	if len(s.temp.spools) == 0 {
		return
	}
	kept := map[*exec.Spool]struct{}{}
	keep := func(st *tempState) {
		for _, t := range st.list() {
			t.rows.Segments(func(sp *exec.Spool) { kept[sp] = struct{}{} })
		}
	}
	keep(s.temp.now)
	keep(s.txn.temp)
	for _, sv := range s.txn.saves {
		keep(sv.temp)
	}
	for _, p := range s.portals {
		if p.planned != nil {
			keep(p.planned.lake.temp)
		}
	}
	for sp := range s.temp.spools {
		if _, ok := kept[sp]; !ok {
			sp.Close()
			delete(s.temp.spools, sp)
		}
	}
}

// dropTemp drops the temporary tables that a DROP TABLE names, and returns what is
// left of it for the catalog; nil: nothing.
func (s *Session) dropTemp(x *ddl.DropTable) ddl.Stmt {
	rest := *x
	rest.Names = nil
	list := s.temp.now.list()
	for _, n := range x.Names {
		t := s.tempNamed(n.Database, n.Exact)
		if t == nil || x.View {
			rest.Names = append(rest.Names, n)
			continue
		}
		var left []*tempTable
		for _, o := range list {
			if o != t {
				left = append(left, o)
			}
		}
		list = left
	}
	if len(rest.Names) == len(x.Names) {
		return x
	}
	s.setTemp(list)
	if len(rest.Names) == 0 {
		return nil
	}
	return &rest
}

// tempNamed finds a temporary table by its name and, unless that is "", its schema.
func (s *Session) tempNamed(schema, name string) *tempTable {
	if schema != "" && schema != "pg_temp" && schema != s.temp.name {
		return nil
	}
	return s.temp.now.byName(name)
}
