package engine

import (
	"maps"
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

// tempTable is a table with its rows, or a view.
type tempTable struct {
	table    *model.Table
	rows     *exec.TableRows // nil: a view
	onCommit string          // "delete", "drop", else the rows stay
	deps     []sql.OID       // that a view reads
}

// kind is the word for what it is.
func (t *tempTable) kind() string {
	if t.table.Kind == model.KindView {
		return "view"
	}
	return "table"
}

// needs is which of the relations a view reads, 0: none.
func (t *tempTable) needs(of map[sql.OID]bool) sql.OID {
	for _, oid := range t.deps {
		if of[oid] {
			return oid
		}
	}
	return 0
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

// dependents are the views that read the relations, or read one that does.
func (s *tempState) dependents(of map[sql.OID]bool) []*tempTable {
	var out []*tempTable
	all := maps.Clone(of)
	for _, t := range s.list() { // a view comes after what it reads
		if !all[t.table.OID] && t.needs(all) != 0 {
			all[t.table.OID] = true
			out = append(out, t)
		}
	}
	return out
}

// without is the tables that are left.
func (s *tempState) without(gone map[sql.OID]bool) []*tempTable {
	var out []*tempTable
	for _, t := range s.list() {
		if !gone[t.table.OID] {
			out = append(out, t)
		}
	}
	return out
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
	gone := map[sql.OID]bool{}
	for _, t := range s.temp.now.list() {
		switch t.onCommit {
		case "delete":
			s.temp.now = s.temp.now.with(t.withRows(t.rows.Empty()))
		case "drop":
			gone[t.table.OID] = true
		}
	}
	for _, v := range s.temp.now.dependents(gone) {
		gone[v.table.OID] = true
	}
	if len(gone) > 0 {
		s.setTemp(s.temp.now.without(gone))
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
			if t.rows == nil {
				continue
			}
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

// dropTemp drops the temporary tables or views that a DROP names, and returns what
// is left of it for the catalog; nil: nothing.
func (s *Session) dropTemp(x *ddl.DropTable) (ddl.Stmt, error) {
	rest := *x
	rest.Names = nil
	gone := map[sql.OID]bool{}
	for _, n := range x.Names {
		t := s.tempNamed(n.Database, n.Exact)
		if t == nil {
			rest.Names = append(rest.Names, n)
			continue
		}
		if isView := t.table.Kind == model.KindView; isView != x.View {
			word, other := "table", "VIEW"
			if x.View {
				word, other = "view", "TABLE"
			}
			return nil, sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a %s", t.table.Name, word).
				WithHint("Use DROP %s to remove it.", other).At(n.Pos)
		}
		gone[t.table.OID] = true
	}
	if len(gone) == 0 {
		return x, nil
	}
	for _, v := range s.temp.now.dependents(gone) {
		if !x.Cascade {
			on := s.temp.now.byOID(v.needs(gone))
			return nil, sql.Errorf(sql.CodeDependentObjects, "cannot drop %s %s because other objects depend on it", on.kind(), on.table.Name).
				WithDetail("view %s depends on %s %s", v.table.Name, on.kind(), on.table.Name).
				WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
		}
		s.notice("NOTICE", "00000", "drop cascades to view %s", v.table.Name)
		gone[v.table.OID] = true
	}
	for oid := range gone {
		if err := s.unused(s.temp.now.byOID(oid).table, "DROP TABLE"); err != nil {
			return nil, err
		}
	}
	s.setTemp(s.temp.now.without(gone))
	if len(rest.Names) == 0 {
		return nil, nil
	}
	return &rest, nil
}

// unused refuses to change a table that a cursor, or another portal, still reads.
func (s *Session) unused(t *model.Table, verb string) error {
	for _, p := range s.portals {
		if p.planned == nil || p.held {
			continue
		}
		for _, d := range p.planned.query.bound.Deps {
			if d.OID == t.OID {
				return sql.Errorf(sql.CodeObjectInUse, "cannot %s \"%s\" because it is being used by active queries in this session", verb, t.Name)
			}
		}
	}
	return nil
}

// tempNamed finds a temporary table by its name and, unless that is "", its schema.
func (s *Session) tempNamed(schema, name string) *tempTable {
	if schema != "" && schema != "pg_temp" && schema != s.temp.name {
		return nil
	}
	return s.temp.now.byName(name)
}
