// Package system holds the relations of pg_catalog and information_schema: each
// is an ordinary relation whose rows are computed from a catalog snapshot and
// the registries. Column lists are PostgreSQL 15's own (relations.tsv); a
// relation without a source of rows is there and empty.
package system

import (
	"context"
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/expr/pgfacts"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// relationsTSV has a line for each relation: schema, name, OID, relkind, then a
// field for each column: name:type OID:typmod:not null. Domains stand as their
// base types.
//
//go:embed relations.tsv
var relationsTSV string

// Relation is a computed relation.
type Relation struct {
	Schema  string
	Name    string
	OID     sql.OID
	Kind    byte // relkind: r or v
	Columns []model.Column
	// Rows emits the rows. eq has, for some columns by name, the only values that
	// rows are wanted for; a source may use it and may ignore it. Emitted rows are
	// the receiver's. A nil Rows means no rows.
	Rows func(ctx context.Context, env *Env, eq map[string][]sql.Value, emit func([]sql.Value) error) error

	index map[string]int
	table *model.Table
}

// Table returns the relation as the planner sees it.
func (r *Relation) Table() *model.Table { return r.table }

// Env is what rows are computed from. Functions may be nil: then their
// relations are empty.
type Env struct {
	Snapshot *catalog.Snapshot
	Set      *Set
	Catalog  string // the database that the client is connected to
	User     string // current_user
	Settings func() []Setting
	Activity func() []Activity
	Cursors  func() []Cursor
	Prepared func() []Prepared
}

// Setting is a row of pg_settings.
type Setting struct {
	Name, Value, Unit, Category, Description string
	Context, Type, Source                    string // e.g. user, string, default
	Min, Max, Boot, Reset                    string
	Enum                                     []string
}

// Activity is a session, a row of pg_stat_activity.
type Activity struct {
	PID                                             int32
	User, Application, ClientAddr, State, Query     string
	ClientPort                                      int32
	BackendStart, TxnStart, QueryStart, StateChange time.Time
	WaitEventType, WaitEvent                        string
}

// Cursor is a row of pg_cursors.
type Cursor struct {
	Name, Statement          string
	Hold, Binary, Scrollable bool
	Created                  time.Time
}

// Prepared is a row of pg_prepared_statements.
type Prepared struct {
	Name, Statement string
	Prepared        time.Time
	Params, Results []sql.OID
	FromSQL         bool
}

// Set is all relations.
type Set struct {
	list      []*Relation
	byOID     map[sql.OID]*Relation
	procs     []pgfacts.Proc // pg_proc
	procByOID map[sql.OID]int
	procName  map[string]sql.OID // of types' support functions
	operators []pgfacts.Operator
	casts     []pgfacts.Cast
}

// OIDs of the system's schemas, PostgreSQL's.
const (
	oidPgCatalog         sql.OID = 11
	oidInformationSchema sql.OID = 13207
)

// New builds the relations.
func New() *Set {
	s := &Set{byOID: map[sql.OID]*Relation{}, operators: pgfacts.Operators(), casts: pgfacts.Casts()}
	s.addProcs()
	src := sources()
	for line := range strings.Lines(relationsTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		oid, _ := strconv.ParseUint(f[2], 10, 32)
		r := &Relation{Schema: f[0], Name: f[1], OID: sql.OID(oid), Kind: f[3][0], index: map[string]int{}}
		for i, c := range f[4:] {
			p := strings.Split(c, ":")
			typ, _ := strconv.ParseUint(p[1], 10, 32)
			mod, _ := strconv.ParseInt(p[2], 10, 32)
			t := sql.Type{OID: sql.OID(typ), Mod: int32(mod)}
			if sql.LookupType(t.OID) == nil { // a type that Sluice does not have
				t = sql.Text
			}
			r.Columns = append(r.Columns, model.Column{Name: p[0], Type: t, NotNull: p[3] == "1"})
			r.index[p[0]] = i
		}
		r.Rows = src[f[0]+"."+f[1]].bind(r)
		r.table = &model.Table{OID: r.OID, Database: r.Schema, Name: r.Name, Kind: model.KindVirtual, Owner: "sluice", Columns: r.Columns}
		s.list = append(s.list, r)
		s.byOID[r.OID] = r
	}
	return s
}

// Relations returns all relations. Read only.
func (s *Set) Relations() []*Relation { return s.list }

// ByOID returns a relation, nil if there is none.
func (s *Set) ByOID(oid sql.OID) *Relation { return s.byOID[oid] }

// Options gives a catalog the relations and their schemas.
func (s *Set) Options() catalog.Options {
	o := catalog.Options{SystemSchemas: []*model.Database{
		{OID: oidPgCatalog, Name: "pg_catalog", Description: "system catalog schema", Owner: "sluice"},
		{OID: oidInformationSchema, Name: "information_schema", Owner: "sluice"},
	}}
	for _, r := range s.list {
		o.System = append(o.System, r.table)
	}
	return o
}

// source computes a relation's rows by way of a writer.
type source func(w *writer) error

func (f source) bind(r *Relation) func(context.Context, *Env, map[string][]sql.Value, func([]sql.Value) error) error {
	if f == nil {
		return nil
	}
	blank := make([]sql.Value, len(r.Columns))
	for i, c := range r.Columns {
		if blank[i] = sql.NullOf(c.Type); c.NotNull {
			blank[i] = sql.Value{Type: c.Type}
		}
	}
	return func(ctx context.Context, env *Env, eq map[string][]sql.Value, emit func([]sql.Value) error) error {
		return f(&writer{ctx: ctx, Env: env, rel: r, eq: eq, emit: emit, blank: blank})
	}
}

// writer makes rows by column name. Columns that are not set are NULL, or the
// type's zero where they cannot be.
type writer struct {
	*Env
	ctx   context.Context
	rel   *Relation
	eq    map[string][]sql.Value
	emit  func([]sql.Value) error
	blank []sql.Value
	row   []sql.Value
}

// begin starts a row.
func (w *writer) begin() { w.row = slices.Clone(w.blank) }

// set sets columns: name, value pairs. Values: string, bool, int, any integer
// type, sql.OID, byte (a "char"), float64, time.Time (zero: NULL), []string,
// []sql.OID, sql.Value, nil (NULL).
func (w *writer) set(pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		at, ok := w.rel.index[pairs[i].(string)]
		if !ok {
			panic("no column " + pairs[i].(string) + " in " + w.rel.Name)
		}
		w.row[at] = valueOf(w.rel.Columns[at].Type, pairs[i+1])
	}
}

// end emits the row.
func (w *writer) end() error {
	if err := w.ctx.Err(); err != nil {
		return &sql.Error{Code: sql.CodeQueryCanceled, Message: "canceling statement due to user request", Cause: err}
	}
	return w.emit(w.row)
}

// put emits a row of pairs.
func (w *writer) put(pairs ...any) error {
	w.begin()
	w.set(pairs...)
	return w.end()
}

// wantOID returns the values that column must have; ok is false if any will do.
func (w *writer) wantOID(column string) (oids []sql.OID, ok bool) {
	vals, ok := w.eq[column]
	if !ok {
		return nil, false
	}
	for _, v := range vals {
		if !v.Null && v.I >= 0 && v.I <= 0xffffffff {
			oids = append(oids, sql.OID(v.I))
		}
	}
	slices.Sort(oids)
	return slices.Compact(oids), true
}

// wantText is wantOID for strings.
func (w *writer) wantText(column string) (texts []string, ok bool) {
	vals, ok := w.eq[column]
	if !ok {
		return nil, false
	}
	for _, v := range vals {
		if !v.Null {
			texts = append(texts, v.S)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts), true
}

func valueOf(t sql.Type, x any) sql.Value {
	v := sql.Value{Type: t}
	switch x := x.(type) {
	case nil:
		v.Null = true
	case sql.Value:
		return x
	case string:
		v.S = x
		if t.OID == sql.OIDName {
			v.S = sql.ClipName(x)
		}
	case bool:
		if t.OID == sql.OIDBool {
			return sql.Value{Type: t, I: b2i(x)}
		}
		v.S = map[bool]string{true: "YES", false: "NO"}[x]
	case int:
		v.I = int64(x)
	case int16:
		v.I = int64(x)
	case int32:
		v.I = int64(x)
	case int64:
		v.I = x
	case sql.OID:
		v.I = int64(x)
	case float64:
		v = floatValue(t, x)
	case byte:
		v.S = ""
		if x != 0 {
			v.S = string(rune(x))
		}
	case time.Time:
		v.Null, v.I = x.IsZero(), x.UnixMicro()
	case []string:
		for _, s := range x {
			v.List = append(v.List, valueOf(t.Elem(), s))
		}
	case []sql.OID:
		for _, o := range x {
			v.List = append(v.List, valueOf(t.Elem(), o))
		}
	default:
		panic("no value form for this Go type")
	}
	return v
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
