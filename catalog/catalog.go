// Package catalog is the Glue-like catalog: what the planner and the engine look
// names up in, and what DDL changes. A Snapshot is one immutable state of it;
// changes go through Update (one store transaction) or, inside a transaction
// block, through a Batch.
package catalog

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
)

// Catalog is an open catalog. Safe for concurrent use; several processes may
// have the same file open.
type Catalog struct {
	store  *store.Store
	system *systemSet
	mu     sync.Mutex // one refresh at a time
	state  atomic.Pointer[state]
	cache  *indexCache
	// overlays numbers the snapshots of batches, downwards from -1.
	overlays atomic.Int64
}

// state is the newest snapshot and the data_version at which it was the newest.
type state struct {
	snap        *Snapshot
	dataVersion int64
}

// Options of Open.
type Options struct {
	// System are virtual relations (Kind KindVirtual) that every snapshot shows,
	// and the schemas that hold them.
	System        []*model.Table
	SystemSchemas []*model.Database
	// IndexBytes bounds the memory for cached partition indexes; 0 means 64 MiB.
	IndexBytes int64
}

// Open opens the catalog file, making it if there is none.
func Open(path string, opts Options) (*Catalog, error) {
	st, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	if opts.IndexBytes == 0 {
		opts.IndexBytes = 64 << 20
	}
	c := &Catalog{store: st, system: newSystemSet(opts.SystemSchemas, opts.System), cache: newIndexCache(opts.IndexBytes)}
	if _, err := c.Snapshot(context.Background()); err != nil {
		st.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the file.
func (c *Catalog) Close() error { return c.store.Close() }

// Store returns the file, for backup, restore and export.
func (c *Catalog) Store() *store.Store { return c.store }

// Snapshot returns the catalog's present state. Where nothing changed since the
// last call it costs one PRAGMA.
func (c *Catalog) Snapshot(ctx context.Context) (*Snapshot, error) {
	dv, err := c.store.DataVersion(ctx)
	if err != nil {
		return nil, err
	}
	if st := c.state.Load(); st != nil && st.dataVersion == dv {
		return st.snap, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Asked before reading: a change in between is seen next time.
	if dv, err = c.store.DataVersion(ctx); err != nil {
		return nil, err
	}
	st := c.state.Load()
	if st != nil && st.dataVersion == dv {
		return st.snap, nil
	}
	base := &Snapshot{parts: storeParts{c}}
	if st != nil {
		base = st.snap
	}
	var snap *Snapshot
	err = c.store.View(ctx, func(v *store.View) error {
		snap, err = c.refresh(v, base)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.state.Store(&state{snap, dv})
	return snap, nil
}

// refresh brings base up to what v sees.
func (c *Catalog) refresh(v *store.View, base *Snapshot) (*Snapshot, error) {
	version, epoch, err := v.Versions()
	if err != nil {
		return nil, err
	}
	if base.schemas != nil && base.version == version && base.epoch == epoch {
		return base, nil
	}
	if base.epoch != epoch {
		base = &Snapshot{parts: base.parts}
		c.cache.clear()
	}
	changes, err := v.Since(base.version)
	if err != nil {
		return nil, err
	}
	return base.next(changes, version, epoch, c.system), nil
}

// Update runs f as one change of the catalog and returns once it is durable. It
// retries nothing: an error of f's leaves the catalog as it was.
func (c *Catalog) Update(ctx context.Context, f func(*store.Tx) error) error {
	return c.store.Update(ctx, f)
}

// systemSet is the part of every snapshot that is not in the store.
type systemSet struct {
	schemas []*schema
}

func newSystemSet(dbs []*model.Database, tables []*model.Table) *systemSet {
	s := &systemSet{}
	for _, d := range dbs {
		sc := &schema{db: d, tables: map[string]*model.Table{}, system: true}
		for _, t := range tables {
			if t.Database == d.Name {
				sc.tables[t.Name] = t
			}
		}
		sc.sortNames()
		s.schemas = append(s.schemas, sc)
	}
	return s
}

func (s *systemSet) addTo(n *Snapshot) {
	for _, sc := range s.schemas {
		n.schemas[sc.db.Name] = sc
		n.dbByOID[sc.db.OID] = sc.db
		for _, t := range sc.tables {
			n.byOID[t.OID] = t
		}
	}
}

// ResolveTable finds a table by name, through path if database is "". The error
// is 3F000 or 42P01 with the nearest name as its hint.
func (s *Snapshot) ResolveTable(path []string, database, name string) (*model.Table, error) {
	if database != "" {
		if s.Database(database) == nil {
			return nil, s.NoDatabase(database)
		}
		if t := s.Table(database, name); t != nil {
			return t, nil
		}
		return nil, s.NoTable(path, database, name)
	}
	for _, p := range path {
		if t := s.Table(p, name); t != nil {
			return t, nil
		}
	}
	return nil, s.NoTable(path, "", name)
}

// NoDatabase makes the error for a database that is not there.
func (s *Snapshot) NoDatabase(name string) *sql.Error {
	e := sql.Errorf(sql.CodeInvalidSchemaName, "schema \"%s\" does not exist", name)
	if near := nearest(name, s.names); near != "" {
		return e.WithHint("Perhaps you meant the schema \"%s\".", near)
	}
	return e
}

// NoTable makes the error for a table that is not there.
func (s *Snapshot) NoTable(path []string, database, name string) *sql.Error {
	full := name
	schemas := path
	if database != "" {
		full = database + "." + name
		schemas = []string{database}
	}
	e := sql.Errorf(sql.CodeUndefinedTable, "relation \"%s\" does not exist", full)
	best, bestDist := "", -1
	consider := func(shown string, sc *schema) {
		if near, d := nearestDist(name, sc.names); near != "" && (bestDist < 0 || d < bestDist) {
			best, bestDist = shown+near, d
		}
	}
	for _, p := range schemas {
		if sc := s.schemas[p]; sc != nil {
			shown := ""
			if database != "" {
				shown = p + "."
			}
			consider(shown, sc)
		}
	}
	if bestDist != 0 { // the same name elsewhere is the better guess
		for _, n := range s.names {
			if sc := s.schemas[n]; !sc.system && sc.tables[name] != nil {
				best, bestDist = n+"."+name, 0
				break
			}
		}
	}
	if best != "" {
		return e.WithHint("Perhaps you meant \"%s\".", best)
	}
	return e
}
