package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/catalog/ddl"
	"github.com/sluicedb/sluice/exec"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/planner/bind"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// runCreateTemp runs CREATE TEMP TABLE and returns its tag.
func (s *Session) runCreateTemp(ctx context.Context, p *Portal, x *parse.CreateTemp) (string, error) {
	defer s.sweepTemp()
	tag := "CREATE TABLE"
	if x.Query != nil {
		tag = "CREATE TABLE AS"
	}
	if s.set.boolean("transaction_read_only") {
		return "", sql.Errorf(sql.CodeReadOnlyTransaction, "cannot execute %s in a read-only transaction", tag)
	}
	name, err := s.tempName(x.Name)
	if err != nil {
		return "", err
	}
	if s.temp.now.byName(name) != nil {
		if x.IfNotExists {
			s.notice("NOTICE", sql.CodeDuplicateTable, "relation \"%s\" already exists, skipping", name)
			return tag, nil
		}
		return "", sql.Errorf(sql.CodeDuplicateTable, "relation \"%s\" already exists", name)
	}
	t := &model.Table{Name: name}
	s.newTempTable(t)
	if x.Query == nil {
		if err := s.defineTemp(ctx, t, x); err != nil {
			return "", err
		}
		s.addTemp(&tempTable{table: t, rows: newTableRows(t), onCommit: x.OnCommit})
		return tag, nil
	}
	q := p.prep.query
	var pl *planned
	if !x.NoData {
		var err error
		if pl, err = s.planQuery(ctx, q, p.params); err != nil {
			return "", err
		}
		q = pl.query
	}
	if err := checkWidth(len(q.bound.Output)); err != nil {
		return "", err
	}
	for _, c := range q.bound.Output {
		t.Columns = append(t.Columns, model.Column{Name: c.Name, Type: c.T})
	}
	rows := newTableRows(t)
	if pl != nil {
		c, err := s.collect(ctx, p, pl, t, rows)
		if err != nil {
			return "", err
		}
		tag = rowsTag("SELECT", c.spool.Rows())
		if rows, err = rows.With(c.spool, nil); err != nil {
			return "", err
		}
	}
	s.addTemp(&tempTable{table: t, rows: rows, onCommit: x.OnCommit})
	return tag, nil
}

// tempName is the name of a temporary relation to make.
func (s *Session) tempName(n parse.Name) (string, error) {
	if len(n.Parts) > 1 {
		if schema := n.Parts[len(n.Parts)-2]; schema != "pg_temp" && schema != s.temp.name {
			return "", sql.Errorf(sql.CodeInvalidTableDefinition, "cannot create temporary relation in non-temporary schema").At(n.Pos())
		}
	}
	return n.Parts[len(n.Parts)-1], nil
}

// runCreateTempView runs CREATE TEMP VIEW.
func (s *Session) runCreateTempView(ctx context.Context, x *parse.CreateView) (string, error) {
	if s.set.boolean("transaction_read_only") {
		return "", sql.Errorf(sql.CodeReadOnlyTransaction, "cannot execute CREATE VIEW in a read-only transaction")
	}
	name, err := s.tempName(x.Name)
	if err != nil {
		return "", err
	}
	old := s.temp.now.byName(name)
	if old != nil && !x.Replace {
		return "", sql.Errorf(sql.CodeDuplicateTable, "relation \"%s\" already exists", name)
	}
	cols, deps, err := s.bindView(ctx, x.Text, x.Columns)
	if err != nil {
		return "", err
	}
	t := &model.Table{Name: name, Columns: cols}
	s.newTempTable(t)
	t.Kind, t.ViewSQL, t.ViewPath = model.KindView, x.Text, append([]string{s.temp.name}, s.env().SearchPath...)
	view := &tempTable{table: t, deps: deps}
	if old == nil {
		s.addTemp(view)
		return "CREATE VIEW", nil
	}
	if err := ddl.ReplacesView(old.table, t); err != nil {
		return "", err
	}
	t.OID = old.table.OID
	var list []*tempTable
	for _, o := range s.temp.now.list() {
		if o == old {
			o = view
		}
		list = append(list, o)
	}
	s.setTemp(list)
	return "CREATE VIEW", nil
}

// maxColumns is PostgreSQL's limit of a table.
const maxColumns = 1600

func checkWidth(columns int) error {
	if columns > maxColumns {
		return sql.Errorf(sql.CodeTooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	return nil
}

func newTableRows(t *model.Table) *exec.TableRows {
	types := make([]sql.Type, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
	}
	return exec.NewTableRows(types)
}

// defineTemp gives a table its columns and constraints.
func (s *Session) defineTemp(ctx context.Context, t *model.Table, x *parse.CreateTemp) error {
	if err := checkWidth(len(x.Columns)); err != nil {
		return err
	}
	at := map[string]int{}
	var defaults, checks []parse.Expr
	for i, d := range x.Columns {
		if _, dup := at[d.Name]; dup {
			return sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" specified more than once", d.Name)
		}
		at[d.Name] = i
		typ, err := bind.ResolveType(d.Type)
		if err != nil {
			return err
		}
		if info := sql.LookupType(typ.OID); info == nil || info.Category == 'P' || info.Category == 'X' {
			return sql.Errorf(sql.CodeInvalidTableDefinition, "column \"%s\" has pseudo-type %s", d.Name, sql.FormatType(typ.OID, -1))
		}
		typ = bind.Stored(typ)
		t.Columns = append(t.Columns, model.Column{Name: d.Name, Type: typ, NotNull: d.NotNull, Default: d.Default})
		defaults = append(defaults, d.Value)
	}
	all := x.Constraints
	for _, d := range x.Columns {
		all = append(all[:len(all):len(all)], d.Constraints...)
	}
	primary := false
	for _, k := range all {
		if k.Kind == parse.CheckConstraint {
			t.Checks, checks = append(t.Checks, model.Check{Name: k.Name, Text: k.Check}), append(checks, k.Cond)
			continue
		}
		key := model.Key{Name: k.Name, Primary: k.Kind == parse.PrimaryKey}
		for _, c := range k.Columns {
			i, ok := at[c]
			if !ok {
				return sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" named in key does not exist", c).At(k.Pos())
			}
			if slices.Contains(key.Columns, i) {
				kind := "unique"
				if key.Primary {
					kind = "primary key"
				}
				return sql.Errorf(sql.CodeDuplicateColumn, "column \"%s\" appears twice in %s constraint", c, kind).At(k.Pos())
			}
			key.Columns = append(key.Columns, i)
			if key.Primary {
				t.Columns[i].NotNull = true
			}
		}
		if key.Primary && primary {
			return sql.Errorf(sql.CodeInvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", t.Name).At(k.Pos())
		}
		primary = primary || key.Primary
		if key.Name == "" {
			key.Name = t.Name + "_" + strings.Join(k.Columns, "_") + "_key"
			if key.Primary {
				key.Name = t.Name + "_pkey"
			}
		}
		t.Unique = append(t.Unique, key)
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	return bind.CheckTable(ctx, s.env(), s.bindOptions(snap, nil), t, defaults, checks)
}
