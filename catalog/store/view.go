package store

import (
	"context"
	dbsql "database/sql"
	"encoding/json"
	"errors"

	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// querier is a transaction as a View needs it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*dbsql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *dbsql.Row
}

// View reads one state of the catalog. One goroutine at a time uses it.
type View struct {
	ctx  context.Context
	q    querier
	path string
}

// View runs f on one consistent state of the file.
func (s *Store) View(ctx context.Context, f func(*View) error) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return storeError(err, s.path)
	}
	defer tx.Rollback()
	return storeError(f(&View{ctx: ctx, q: tx, path: s.path}), s.path)
}

func (v *View) query(query string, args []any, each func(rows *dbsql.Rows) error) error {
	rows, err := v.q.QueryContext(v.ctx, query, args...)
	if err != nil {
		return storeError(err, v.path)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return storeError(err, v.path)
		}
	}
	return storeError(rows.Err(), v.path)
}

// Versions returns the catalog's version and the epoch of its content: within
// one epoch what changed since an earlier version can be asked for.
func (v *View) Versions() (version, epoch int64, err error) {
	err = v.q.QueryRowContext(v.ctx, "SELECT (SELECT value FROM meta WHERE name = 'version'), (SELECT value FROM meta WHERE name = 'epoch')").Scan(&version, &epoch)
	return version, epoch, storeError(err, v.path)
}

// Changes is what differs from an earlier version.
type Changes struct {
	Databases []*model.Database
	Tables    []*model.Table
	Dropped   []sql.OID
	Changed   map[sql.OID]int64 // version at which each object in the lists last changed
	Roles     []*Role           // all of them
	Settings  []Setting         // all of them
}

// Since returns what changed after the version (0: everything there is).
func (v *View) Since(version int64) (*Changes, error) {
	c := &Changes{Changed: map[sql.OID]int64{}}
	err := v.query("SELECT oid, name, data, changed FROM database WHERE changed > ?", []any{version}, func(r *dbsql.Rows) error {
		var oid sql.OID
		var name, data string
		var changed int64
		if err := r.Scan(&oid, &name, &data, &changed); err != nil {
			return err
		}
		d, err := decodeDatabase(oid, name, data)
		c.Databases = append(c.Databases, d)
		c.Changed[oid] = changed
		return err
	})
	if err != nil {
		return nil, err
	}
	err = v.query("SELECT r.oid, d.name, r.name, r.version, r.data, r.stats, r.changed FROM relation r JOIN database d ON d.oid = r.database WHERE r.changed > ?",
		[]any{version}, func(r *dbsql.Rows) error {
			var oid sql.OID
			var database, name, data string
			var ver, changed int64
			var stats *string
			if err := r.Scan(&oid, &database, &name, &ver, &data, &stats, &changed); err != nil {
				return err
			}
			t, err := decodeTable(oid, database, name, ver, data, stats)
			c.Tables = append(c.Tables, t)
			c.Changed[oid] = changed
			return err
		})
	if err != nil {
		return nil, err
	}
	if version > 0 {
		err = v.query("SELECT oid FROM dropped WHERE changed > ?", []any{version}, func(r *dbsql.Rows) error {
			var oid sql.OID
			err := r.Scan(&oid)
			c.Dropped = append(c.Dropped, oid)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if c.Roles, err = v.roles(); err != nil {
		return nil, err
	}
	c.Settings, err = v.settings()
	return c, err
}

// PartVersion says how many partitions a table has and at which catalog version
// they last changed; 42P01 if the table is gone.
func (v *View) PartVersion(t *model.Table) (count, changed int64, err error) {
	err = v.q.QueryRowContext(v.ctx, "SELECT partitions, parts_changed FROM relation WHERE oid = ?", t.OID).Scan(&count, &changed)
	if errors.Is(err, dbsql.ErrNoRows) {
		return 0, 0, noTable(t.Database, t.Name)
	}
	return count, changed, storeError(err, v.path)
}

// PartIndex is the columnar form of a table's partition values. Immutable.
type PartIndex struct {
	Changed int64      // catalog version at which the partitions last changed
	Count   int        // partitions
	Raw     [][]string // per key: the raw value of each value number; [0] is unused
	VIDs    [][]uint32 // per key: the value number at each slot, 0: no partition
}

// Bytes estimates the memory that the index holds.
func (x *PartIndex) Bytes() int64 {
	n := int64(0)
	for k := range x.Raw {
		for _, s := range x.Raw[k] {
			n += int64(len(s)) + 16
		}
		n += int64(len(x.VIDs[k])) * 4
	}
	return n
}

// PartIndex reads the index of a table's partitions.
func (v *View) PartIndex(t *model.Table) (*PartIndex, error) {
	x := &PartIndex{Raw: make([][]string, len(t.Keys)), VIDs: make([][]uint32, len(t.Keys))}
	count, changed, err := v.PartVersion(t)
	if err != nil {
		return nil, err
	}
	x.Count, x.Changed = int(count), changed
	for k := range x.Raw {
		x.Raw[k] = []string{""}
	}
	err = v.query("SELECT ord, raw FROM part_value WHERE oid = ? ORDER BY ord, vid", []any{t.OID}, func(r *dbsql.Rows) error {
		var ord int
		var raw string
		if err := r.Scan(&ord, &raw); err != nil {
			return err
		}
		if ord < len(x.Raw) {
			x.Raw[ord] = append(x.Raw[ord], raw)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = v.query("SELECT chunk, data FROM part_chunk WHERE oid = ? ORDER BY chunk", []any{t.OID}, func(r *dbsql.Rows) error {
		var id int64
		var data dbsql.RawBytes
		if err := r.Scan(&id, &data); err != nil {
			return err
		}
		c, err := decodeChunk(data, len(t.Keys))
		if err != nil {
			return err
		}
		for k := range x.VIDs {
			for int64(len(x.VIDs[k])) < id*chunkSlots {
				x.VIDs[k] = append(x.VIDs[k], 0)
			}
			x.VIDs[k] = append(x.VIDs[k], c.keys[k]...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for k := range x.VIDs {
		for _, vid := range x.VIDs[k] {
			if int(vid) >= len(x.Raw[k]) {
				return nil, damaged("partition index", t.Name, errors.New("a value number without a value"))
			}
		}
	}
	return x, nil
}

// PartRecord is a partition as it is stored: small, and quick to read.
type PartRecord struct {
	slot            int64
	ident, location string
	data, stats     *string
}

// PartRecords returns the partitions at the slots, in the slots' order.
func (v *View) PartRecords(t *model.Table, slots []int64) ([]PartRecord, error) {
	list, err := json.Marshal(slots)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]int, len(slots))
	for i, s := range slots {
		at[s] = i
	}
	out := make([]PartRecord, len(slots))
	n := 0
	err = v.query("SELECT slot, ident, location, data, stats FROM part WHERE oid = ? AND slot IN (SELECT value FROM json_each(?))",
		[]any{t.OID, string(list)}, func(r *dbsql.Rows) error {
			var p PartRecord
			if err := r.Scan(&p.slot, &p.ident, &p.location, &p.data, &p.stats); err != nil {
				return err
			}
			out[at[p.slot]] = p
			n++
			return nil
		})
	if err != nil {
		return nil, err
	}
	if n < len(slots) {
		for i := range out {
			if out[i].ident == "" {
				return nil, damaged("partition", t.Name, errors.New("the index names slot "+jsonInt(slots[i])+", which has no row"))
			}
		}
	}
	return out, nil
}

// Partition reads the record of a table's partition. Typed holds the zero Value
// (of no type) where a raw value does not fit its key.
func (r *PartRecord) Partition(t *model.Table) (*model.Partition, error) {
	p := &model.Partition{ID: int64(t.OID)<<31 | (r.slot + 1), Location: r.location, Values: layout.Values(r.ident)}
	if len(p.Values) != len(t.Keys) {
		return nil, damaged("partition", r.ident, errors.New("another number of values than the table has keys"))
	}
	p.Typed = make([]sql.Value, len(p.Values))
	for i, raw := range p.Values {
		if val, ok := layout.ParseValue(t.Keys[i].Type, raw); ok {
			p.Typed[i] = val
		}
	}
	if err := decodePart(p, r.data); err != nil {
		return nil, err
	}
	if r.stats != nil {
		var err error
		if p.Stats, err = decodeStats(*r.stats); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func jsonInt(i int64) string {
	b, _ := json.Marshal(i)
	return string(b)
}

// TableVersions returns the versions of a table before the present one, oldest first.
func (v *View) TableVersions(t *model.Table) ([]*model.Table, error) {
	var out []*model.Table
	err := v.query("SELECT version, data FROM relation_version WHERE oid = ? ORDER BY version", []any{t.OID}, func(r *dbsql.Rows) error {
		var version int64
		var data string
		if err := r.Scan(&version, &data); err != nil {
			return err
		}
		old, err := decodeTable(t.OID, t.Database, t.Name, version, data, nil)
		out = append(out, old)
		return err
	})
	return out, err
}

// Sketches returns the distinct-count sketches of a table (slot < 0) or of its
// partition with the ID.
func (v *View) Sketches(t *model.Table, p *model.Partition) (map[string][]byte, error) {
	slot := int64(-1)
	if p != nil {
		slot = p.ID&(1<<31-1) - 1
	}
	out := map[string][]byte{}
	err := v.query("SELECT name, data FROM sketch WHERE oid = ? AND slot = ?", []any{t.OID, slot}, func(r *dbsql.Rows) error {
		var name string
		var data []byte
		err := r.Scan(&name, &data)
		out[name] = data
		return err
	})
	return out, err
}
