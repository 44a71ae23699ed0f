package store

import (
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// partWriter gathers a transaction's changes of one table's partitions.
type partWriter struct {
	keys   int
	next   int64 // next slot
	count  int64
	vids   []map[string]uint32 // per key: the values looked up so far
	top    []uint32            // per key: the last number given
	chunks map[int64]*chunk
}

func (t *Tx) writer(tab *model.Table) (*partWriter, error) {
	if w := t.parts[tab.OID]; w != nil {
		return w, nil
	}
	if len(tab.Keys) == 0 {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "table \"%s.%s\" is not partitioned", tab.Database, tab.Name)
	}
	if len(tab.Keys) > 255 {
		return nil, sql.Errorf(sql.CodeTooManyColumns, "tables can have at most 255 partition keys")
	}
	w := &partWriter{keys: len(tab.Keys), chunks: map[int64]*chunk{}}
	if _, err := t.row("SELECT next_slot, partitions FROM relation WHERE oid = ?", []any{tab.OID}, &w.next, &w.count); err != nil {
		return nil, err
	}
	w.vids, w.top = make([]map[string]uint32, w.keys), make([]uint32, w.keys)
	for k := range w.vids {
		w.vids[k] = map[string]uint32{}
		if _, err := t.row("SELECT coalesce(max(vid), 0) FROM part_value WHERE oid = ? AND ord = ?", []any{tab.OID, k}, &w.top[k]); err != nil {
			return nil, err
		}
	}
	t.parts[tab.OID] = w
	return w, nil
}

func (w *partWriter) chunk(t *Tx, oid sql.OID, slot int64) (*chunk, error) {
	id := slot / chunkSlots
	if c := w.chunks[id]; c != nil {
		return c, nil
	}
	var data []byte
	found, err := t.row("SELECT data FROM part_chunk WHERE oid = ? AND chunk = ?", []any{oid, id}, &data)
	if err != nil {
		return nil, err
	}
	c := &chunk{keys: make([][]uint32, w.keys)}
	if found {
		if c, err = decodeChunk(data, w.keys); err != nil {
			return nil, err
		}
	}
	w.chunks[id] = c
	return c, nil
}

// set writes the value numbers of a slot; nil vids make it empty.
func (c *chunk) set(slot int64, vids []uint32) {
	i := int(slot % chunkSlots)
	for c.n <= i {
		for k := range c.keys {
			c.keys[k] = append(c.keys[k], 0)
		}
		c.n++
	}
	for k := range c.keys {
		c.keys[k][i] = 0
		if vids != nil {
			c.keys[k][i] = vids[k]
		}
	}
}

func (w *partWriter) flush(t *Tx, oid sql.OID) error {
	for id, c := range w.chunks {
		if err := t.exec("INSERT OR REPLACE INTO part_chunk VALUES (?, ?, ?)", oid, id, c.encode()); err != nil {
			return err
		}
	}
	return t.exec("UPDATE relation SET next_slot = ?, partitions = ?, parts_changed = ? WHERE oid = ?", w.next, w.count, t.version, oid)
}

// number returns the value number of raw for key k, giving a new one if needed.
func (w *partWriter) number(t *Tx, oid sql.OID, k int, raw string) (uint32, error) {
	if v, ok := w.vids[k][raw]; ok {
		return v, nil
	}
	var v uint32
	found, err := t.row("SELECT vid FROM part_value WHERE oid = ? AND ord = ? AND raw = ?", []any{oid, k, raw}, &v)
	if err != nil {
		return 0, err
	}
	if found {
		w.vids[k][raw] = v
		return v, nil
	}
	w.top[k]++
	v = w.top[k]
	w.vids[k][raw] = v
	return v, t.exec("INSERT INTO part_value VALUES (?, ?, ?, ?)", oid, k, v, raw)
}

// normal turns the ways to write NULL into one.
func normal(raw string) string {
	if raw == "" {
		return layout.DefaultPartition
	}
	return raw
}

func (t *Tx) checkValues(tab *model.Table, values []string) error {
	if len(values) != len(tab.Keys) {
		return sql.Errorf(sql.CodeInvalidParameterValue, "table \"%s\" has %d partition keys, but %d values are given",
			tab.Name, len(tab.Keys), len(values))
	}
	for i, v := range values {
		if _, ok := layout.ParseValue(tab.Keys[i].Type, v); !ok {
			return sql.Errorf(sql.CodeInvalidTextRepresentation, "partition value %q is not valid for key \"%s\" of type %s",
				v, tab.Keys[i].Name, tab.Keys[i].Hive)
		}
		if len(v) > 1024 {
			return sql.Errorf(sql.CodeInvalidParameterValue, "a value of partition key \"%s\" is longer than 1024 bytes", tab.Keys[i].Name)
		}
	}
	return nil
}

// AddPartitions adds partitions (Values, Location, Storage, Columns, Params and
// Stats are taken). One that exists is skipped if ifNotExists, else the error is
// 42710. It returns how many were added.
func (t *Tx) AddPartitions(database, name string, parts []*model.Partition, ifNotExists bool) (int, error) {
	tab, err := t.Table(database, name)
	if err != nil {
		return 0, err
	}
	w, err := t.writer(tab)
	if err != nil {
		return 0, err
	}
	insert, err := t.stmt("INSERT INTO part (oid, slot, ident, location, data, stats) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (oid, ident) DO NOTHING")
	if err != nil {
		return 0, err
	}
	added := 0
	vids := make([]uint32, w.keys)
	for _, p := range parts {
		if err := t.checkValues(tab, p.Values); err != nil {
			return added, err
		}
		data, err := encodePart(p)
		if err != nil {
			return added, err
		}
		var stats *string
		if p.Stats != nil {
			s, err := encodeStats(p.Stats)
			if err != nil {
				return added, err
			}
			stats = &s
		}
		slot := w.next
		t.dirty = true
		res, err := insert.ExecContext(t.ctx, tab.OID, slot, layout.Identity(p.Values), p.Location, data, stats)
		if err != nil {
			return added, storeError(err, t.path)
		}
		if n, err := res.RowsAffected(); err != nil {
			return added, storeError(err, t.path)
		} else if n == 0 {
			if ifNotExists {
				continue
			}
			return added, sql.Errorf(sql.CodeDuplicateObject, "partition %s of table \"%s\" already exists", partName(tab, p.Values), tab.Name).
				WithHint("ADD IF NOT EXISTS skips the partitions that are there.")
		}
		for k, v := range p.Values {
			if vids[k], err = w.number(t, tab.OID, k, normal(v)); err != nil {
				return added, err
			}
		}
		c, err := w.chunk(t, tab.OID, slot)
		if err != nil {
			return added, err
		}
		c.set(slot, vids)
		if p.Stats != nil {
			if err := t.saveSketches(tab.OID, slot, p.Stats); err != nil {
				return added, err
			}
		}
		w.next++
		w.count++
		added++
	}
	return added, nil
}

func partName(tab *model.Table, values []string) string {
	keys := make([]string, len(tab.Keys))
	for i, k := range tab.Keys {
		keys[i] = k.Name
	}
	return layout.Path(keys, values)
}

func (t *Tx) slotOf(tab *model.Table, values []string) (slot int64, found bool, err error) {
	if err := t.checkValues(tab, values); err != nil {
		return 0, false, err
	}
	found, err = t.row("SELECT slot FROM part WHERE oid = ? AND ident = ?", []any{tab.OID, layout.Identity(values)}, &slot)
	return slot, found, err
}

func noPartition(tab *model.Table, values []string) error {
	return sql.Errorf(sql.CodeUndefinedObject, "partition %s of table \"%s\" does not exist", partName(tab, values), tab.Name)
}

// DropPartition removes a partition; 42704 if there is none.
func (t *Tx) DropPartition(database, name string, values []string) error {
	tab, err := t.Table(database, name)
	if err != nil {
		return err
	}
	w, err := t.writer(tab)
	if err != nil {
		return err
	}
	slot, found, err := t.slotOf(tab, values)
	if err != nil {
		return err
	}
	if !found {
		return noPartition(tab, values)
	}
	c, err := w.chunk(t, tab.OID, slot)
	if err != nil {
		return err
	}
	c.set(slot, nil)
	w.count--
	if err := t.exec("DELETE FROM sketch WHERE oid = ? AND slot = ?", tab.OID, slot); err != nil {
		return err
	}
	return t.exec("DELETE FROM part WHERE oid = ? AND slot = ?", tab.OID, slot)
}

// Partition returns one partition by its raw values; 42704 if there is none.
func (t *Tx) Partition(database, name string, values []string) (*model.Partition, error) {
	tab, err := t.Table(database, name)
	if err != nil {
		return nil, err
	}
	slot, found, err := t.slotOf(tab, values)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, noPartition(tab, values)
	}
	return t.partAt(tab, slot)
}

func (t *Tx) partAt(tab *model.Table, slot int64) (*model.Partition, error) {
	v := View{ctx: t.ctx, q: t.tx, path: t.path}
	list, err := v.PartRecords(tab, []int64{slot})
	if err != nil {
		return nil, err
	}
	return list[0].Partition(tab)
}

// AlterPartition changes a partition in place; new Values rename it.
func (t *Tx) AlterPartition(database, name string, values []string, f func(*model.Partition) error) error {
	tab, err := t.Table(database, name)
	if err != nil {
		return err
	}
	w, err := t.writer(tab)
	if err != nil {
		return err
	}
	slot, found, err := t.slotOf(tab, values)
	if err != nil {
		return err
	}
	if !found {
		return noPartition(tab, values)
	}
	old, err := t.partAt(tab, slot)
	if err != nil {
		return err
	}
	p := *old
	p.Values = append([]string(nil), old.Values...)
	p.Params = cloneMap(old.Params)
	if err := f(&p); err != nil {
		return err
	}
	if err := t.checkValues(tab, p.Values); err != nil {
		return err
	}
	if layout.Identity(p.Values) != layout.Identity(old.Values) {
		if _, taken, err := t.slotOf(tab, p.Values); err != nil {
			return err
		} else if taken {
			return sql.Errorf(sql.CodeDuplicateObject, "partition %s of table \"%s\" already exists", partName(tab, p.Values), tab.Name)
		}
		vids := make([]uint32, w.keys)
		for k, v := range p.Values {
			if vids[k], err = w.number(t, tab.OID, k, normal(v)); err != nil {
				return err
			}
		}
		c, err := w.chunk(t, tab.OID, slot)
		if err != nil {
			return err
		}
		c.set(slot, vids)
	}
	data, err := encodePart(&p)
	if err != nil {
		return err
	}
	var stats *string
	if p.Stats != nil {
		s, err := encodeStats(p.Stats)
		if err != nil {
			return err
		}
		stats = &s
		if err := t.saveSketches(tab.OID, slot, p.Stats); err != nil {
			return err
		}
	}
	return t.exec("UPDATE part SET ident = ?, location = ?, data = ?, stats = ? WHERE oid = ? AND slot = ?",
		layout.Identity(p.Values), p.Location, data, stats, tab.OID, slot)
}
