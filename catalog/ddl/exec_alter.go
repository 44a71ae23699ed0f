package ddl

import (
	"slices"

	"github.com/sluicedb/sluice/catalog/discover"
	"github.com/sluicedb/sluice/catalog/store"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

// partValues orders a PARTITION clause's values as the table's keys are.
func partValues(t *model.Table, p Part) ([]string, error) {
	if len(t.Keys) == 0 {
		return nil, sql.Errorf(sql.CodeWrongObjectType, "table \"%s\" is not partitioned", t.Name).At(p.Pos)
	}
	out := make([]string, len(t.Keys))
	given := make([]bool, len(t.Keys))
	for i, k := range p.Keys {
		ord := slices.IndexFunc(t.Keys, func(c model.Column) bool { return c.Name == k })
		if ord < 0 {
			return nil, sql.Errorf(sql.CodeUndefinedColumn, "\"%s\" is not a partition key of table \"%s\"", k, t.Name).At(p.Pos)
		}
		if given[ord] {
			return nil, sql.Errorf(sql.CodeDuplicateColumn, "partition key \"%s\" specified more than once", k).At(p.Pos)
		}
		if _, ok := layout.ParseValue(t.Keys[ord].Type, p.Values[i]); !ok {
			return nil, sql.Errorf(sql.CodeInvalidTextRepresentation, "partition value %q is not valid for key \"%s\" of type %s", p.Values[i], k, t.Keys[ord].Hive).At(p.Pos)
		}
		out[ord], given[ord] = p.Values[i], true
	}
	for i, ok := range given {
		if !ok {
			return nil, sql.Errorf(sql.CodeInvalidParameterValue, "the PARTITION clause does not give key \"%s\" of table \"%s\"", t.Keys[i].Name, t.Name).At(p.Pos)
		}
	}
	return out, nil
}

func keyNames(t *model.Table) []string {
	out := make([]string, len(t.Keys))
	for i := range out {
		out[i] = t.Keys[i].Name
	}
	return out
}

func (x *exec) addPartitions(s *AddPartitions) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	parts := make([]*model.Partition, len(s.Parts))
	for i, p := range s.Parts {
		values, err := partValues(t, p)
		if err != nil {
			return err
		}
		loc := p.Location
		if loc == "" {
			loc = layout.Folder(t.Storage.Location) + layout.Path(keyNames(t), values) + "/"
		} else if err := checkLocation(loc); err != nil {
			return sql.AsError(err).At(p.Pos)
		}
		parts[i] = &model.Partition{Values: values, Location: loc}
	}
	return x.Update(x.ctx, func(tx *store.Tx) error {
		_, err := tx.AddPartitions(t.Database, t.Name, parts, s.IfNotExists)
		return err
	})
}

func (x *exec) dropPartitions(s *DropPartitions) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	var list [][]string
	for _, p := range s.Parts {
		values, err := partValues(t, p)
		if err != nil {
			return err
		}
		list = append(list, values)
	}
	return x.Update(x.ctx, func(tx *store.Tx) error {
		for _, values := range list {
			err := tx.DropPartition(t.Database, t.Name, values)
			if err != nil && !(s.IfExists && code(err) == sql.CodeUndefinedObject) {
				return err
			}
		}
		return nil
	})
}

func (x *exec) renamePartition(s *RenamePartition) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	from, err := partValues(t, s.From)
	if err != nil {
		return err
	}
	to, err := partValues(t, s.To)
	if err != nil {
		return err
	}
	return x.Update(x.ctx, func(tx *store.Tx) error {
		return tx.AlterPartition(t.Database, t.Name, from, func(p *model.Partition) error { p.Values = slices.Clone(to); return nil })
	})
}

func (x *exec) renameTable(s *RenameTable) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.table(s.Name)
	if err != nil {
		return err
	}
	return x.alter(t, func(t *model.Table) error { t.Name = s.To; return nil })
}

func (x *exec) alter(t *model.Table, f func(*model.Table) error) error {
	return x.Update(x.ctx, func(tx *store.Tx) error { return tx.AlterTable(t.Database, t.Name, -1, f) })
}

// alterPart changes one partition.
func (x *exec) alterPart(t *model.Table, p Part, f func(*model.Partition) error) error {
	values, err := partValues(t, p)
	if err != nil {
		return err
	}
	return x.Update(x.ctx, func(tx *store.Tx) error { return tx.AlterPartition(t.Database, t.Name, values, f) })
}

func (x *exec) setLocation(s *SetLocation) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	if err := checkLocation(s.Location); err != nil {
		return err
	}
	if x.Objects != nil {
		if _, err := x.Objects(s.Location); err != nil {
			return err
		}
	}
	if s.Part != nil {
		return x.alterPart(t, *s.Part, func(p *model.Partition) error { p.Location = s.Location; return nil })
	}
	return x.alter(t, func(t *model.Table) error { t.Storage.Location = s.Location; return nil })
}

func (x *exec) setProperties(s *SetProperties) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.table(s.Name)
	if err != nil {
		return err
	}
	return x.alter(t, func(t *model.Table) error {
		for k, v := range s.Props {
			t.Params[k] = v
		}
		return nil
	})
}

func (x *exec) addColumns(s *AddColumns) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	cols, err := columnsOf(s.Columns)
	if err != nil {
		return err
	}
	edit := func(have []model.Column) ([]model.Column, error) {
		if s.Replace {
			have = nil
		}
		have = slices.Clone(have)
		for i, c := range cols {
			for _, list := range [][]model.Column{have, t.Keys} {
				if slices.ContainsFunc(list, func(h model.Column) bool { return h.Name == c.Name }) {
					return nil, sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" of relation \"%s\" already exists", c.Name, t.Name).At(s.Columns[i].Pos)
				}
			}
			have = append(have, c)
		}
		return have, nil
	}
	if s.Part != nil {
		return x.alterPart(t, *s.Part, func(p *model.Partition) (err error) {
			have := p.Columns
			if have == nil {
				have = t.Columns
			}
			p.Columns, err = edit(have)
			return err
		})
	}
	return x.alter(t, func(t *model.Table) (err error) { t.Columns, err = edit(t.Columns); return err })
}

func (x *exec) dropColumn(s *DropColumn) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	return x.alter(t, func(t *model.Table) error {
		i := slices.IndexFunc(t.Columns, func(c model.Column) bool { return c.Name == s.Column })
		if i < 0 {
			if _, err := column(t, s.Column, s.Pos); err != nil {
				return err
			}
			return sql.Errorf(sql.CodeInvalidTableDefinition, "cannot drop partition key \"%s\"", s.Column).At(s.Pos)
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		return nil
	})
}

func (x *exec) changeColumn(s *ChangeColumn) error {
	x.res.Tag = "ALTER TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	def, err := columnsOf([]Column{s.Def})
	if err != nil {
		return err
	}
	edit := func(cols []model.Column) ([]model.Column, error) {
		cols = slices.Clone(cols)
		i := slices.IndexFunc(cols, func(c model.Column) bool { return c.Name == s.Old })
		if i < 0 {
			if _, err := column(t, s.Old, s.Pos); err != nil {
				return nil, err
			}
			return nil, sql.Errorf(sql.CodeInvalidTableDefinition, "cannot change partition key \"%s\"", s.Old).At(s.Pos)
		}
		if s.Def.Name != s.Old {
			if _, err := column(t, s.Def.Name, 0); err == nil {
				return nil, sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" of relation \"%s\" already exists", s.Def.Name, t.Name).At(s.Def.Pos)
			}
		}
		c := cols[i]
		c.Name, c.Hive, c.Type = def[0].Name, def[0].Hive, def[0].Type
		if s.HasComment {
			c.Comment = s.Def.Comment
		}
		if !s.First && s.After == "" {
			cols[i] = c
			return cols, nil
		}
		cols = slices.Delete(cols, i, i+1)
		at := 0
		if s.After != "" {
			if at = slices.IndexFunc(cols, func(c model.Column) bool { return c.Name == s.After }); at < 0 {
				return nil, sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", s.After, t.Name).At(s.Pos)
			}
			at++
		}
		return slices.Insert(cols, at, c), nil
	}
	if s.Part != nil {
		return x.alterPart(t, *s.Part, func(p *model.Partition) (err error) {
			have := p.Columns
			if have == nil {
				have = t.Columns
			}
			p.Columns, err = edit(have)
			return err
		})
	}
	return x.alter(t, func(t *model.Table) (err error) { t.Columns, err = edit(t.Columns); return err })
}

// repair adds the partitions whose folders lie below the table's location.
func (x *exec) repair(s *RepairTable) error {
	x.res.Tag = "MSCK REPAIR TABLE"
	t, err := x.lakeTable(s.Name)
	if err != nil {
		return err
	}
	if len(t.Keys) == 0 {
		return sql.Errorf(sql.CodeWrongObjectType, "table \"%s\" is not partitioned", t.Name).At(s.Name.Pos)
	}
	objects, err := x.Objects(t.Storage.Location)
	if err != nil {
		return err
	}
	found, err := discover.Partitions(x.ctx, objects, t.Storage.Location, t.Keys)
	if err != nil {
		return err
	}
	added := 0
	err = x.Update(x.ctx, func(tx *store.Tx) (err error) {
		added, err = tx.AddPartitions(t.Database, t.Name, found, true)
		return err
	})
	if err == nil {
		x.res.notice("table \"%s.%s\": %d partition folders found, %d added", t.Database, t.Name, len(found), added)
	}
	return err
}
