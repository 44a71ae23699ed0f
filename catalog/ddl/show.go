package ddl

import (
	"context"
	"regexp"
	"sort"
	"strings"

	"github.com/sluicedb/sluice/catalog"
	"github.com/sluicedb/sluice/model"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/storage/table"
	"github.com/sluicedb/sluice/storage/table/hive/layout"
)

func (r *Result) columns(names ...string) {
	for _, n := range names {
		r.Columns = append(r.Columns, model.Column{Name: n, Type: sql.Text})
	}
	r.Tag = "SHOW"
}

func (r *Result) row(values ...string) {
	row := make([]sql.Value, len(values))
	for i, v := range values {
		row[i] = sql.TextValue(v)
	}
	r.Rows = append(r.Rows, row)
}

// matcher makes a test of names from Athena's patterns: a regular expression in
// which * alone means any text and | separates alternatives; % also means any text.
func matcher(pattern string, pos int) (func(string) bool, error) {
	if pattern == "" {
		return func(string) bool { return true }, nil
	}
	var b strings.Builder
	b.WriteString("(?is)^(?:")
	for i := range len(pattern) {
		switch c := pattern[i]; {
		case c == '*' && (i == 0 || strings.IndexByte(".])", pattern[i-1]) < 0):
			b.WriteString(".*")
		case c == '%':
			b.WriteString(".*")
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString(")$")
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, sql.Errorf(sql.CodeInvalidRegexp, "invalid pattern %q", pattern).
			WithHint("Patterns are regular expressions; * stands for any text.").At(pos)
	}
	return re.MatchString, nil
}

func (x *exec) show(s *Show) error {
	match, err := matcher(s.Pattern, s.Pos)
	if err != nil {
		return err
	}
	switch s.What {
	case ShowDatabases:
		x.res.columns("database_name")
		for _, d := range x.Snapshot.Databases() {
			if !x.Snapshot.IsSystem(d.Name) && match(d.Name) {
				x.res.row(d.Name)
			}
		}
		return nil
	case ShowTables, ShowViews:
		return x.showTables(s, match)
	}
	t, err := x.lookup(s.Name)
	if err != nil {
		return err
	}
	switch s.What {
	case ShowPartitions:
		return x.showPartitions(s, t)
	case ShowColumns:
		x.res.columns("field")
		for _, c := range t.AllColumns() {
			x.res.row(c.Name)
		}
	case ShowProperties:
		x.showProperties(s, t)
	case ShowCreateTable:
		if t.Kind != model.KindLake {
			return sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a table", t.Name).At(s.Name.Pos)
		}
		x.res.columns("createtab_stmt")
		x.res.row(CreateText(t))
	case ShowCreateView:
		if t.Kind != model.KindView {
			return sql.Errorf(sql.CodeWrongObjectType, "\"%s\" is not a view", t.Name).At(s.Name.Pos)
		}
		x.res.columns("create_view")
		x.res.row(CreateText(t))
	}
	return nil
}

func (x *exec) showTables(s *Show, match func(string) bool) error {
	name := "tab_name"
	if s.What == ShowViews {
		name = "views"
	}
	x.res.columns(name)
	db := s.Database
	if db == "" {
		d, err := x.target(Name{Pos: s.Pos})
		if err != nil {
			return err
		}
		db = d.Name
	}
	if x.Snapshot.Database(db) == nil {
		return x.Snapshot.NoDatabase(db).At(s.Pos)
	}
	for _, t := range x.Snapshot.Tables(db) {
		if (s.What != ShowViews || t.Kind == model.KindView) && match(t.Name) {
			x.res.row(t.Name)
		}
	}
	return nil
}

func (x *exec) showPartitions(s *Show, t *model.Table) error {
	if len(t.Keys) == 0 {
		return sql.Errorf(sql.CodeWrongObjectType, "table \"%s\" is not partitioned", t.Name).At(s.Name.Pos)
	}
	x.res.columns("partition")
	if catalog.Projected(t) {
		x.res.notice("the partitions of \"%s\" are projected; registered ones are not used", t.Name)
		return nil
	}
	names := keyNames(t)
	_, err := x.Partitions.Partitions(x.ctx, &table.PartitionQuery{Table: t}, func(p *model.Partition) error {
		if s.Part != nil {
			for i, k := range s.Part.Keys {
				for j, n := range names {
					if n == k && p.Values[j] != s.Part.Values[i] {
						return nil
					}
				}
			}
		}
		x.res.row(layout.Path(names, p.Values))
		return nil
	})
	return err
}

func (x *exec) showProperties(s *Show, t *model.Table) {
	x.res.columns("prpt_name", "prpt_value")
	for _, k := range sortedKeys(t.Params) {
		if s.Key == "" || s.Key == k {
			x.res.row(k, t.Params[k])
		}
	}
	if s.Key != "" && len(x.res.Rows) == 0 {
		x.res.row(s.Key, "Table "+t.Database+"."+t.Name+" does not have property: "+s.Key)
	}
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// typeText is a column's type as it is declared, or PostgreSQL's name for it.
func typeText(c *model.Column) string {
	if c.Hive != "" {
		return c.Hive
	}
	return sql.FormatType(c.Type.OID, c.Type.Mod)
}

func (x *exec) describe(s *Describe) error {
	t, err := x.lookup(s.Name)
	if err != nil {
		return err
	}
	x.res.columns("col_name", "data_type", "comment")
	x.res.Tag = "DESCRIBE"
	if s.Column != "" {
		c, err := column(&model.Table{Name: t.Name, Columns: t.AllColumns()}, s.Column, s.Name.Pos)
		if err != nil {
			return err
		}
		x.res.row(c.Name, typeText(c), c.Comment)
		return nil
	}
	for _, c := range t.AllColumns() {
		x.res.row(c.Name, typeText(&c), c.Comment)
	}
	if len(t.Keys) > 0 {
		x.res.row("", "", "")
		x.res.row("# Partition Information", "", "")
		x.res.row("# col_name", "data_type", "comment")
		for _, c := range t.Keys {
			x.res.row(c.Name, typeText(&c), c.Comment)
		}
	}
	if s.Extended || s.Part != nil {
		return x.describeMore(s, t)
	}
	return nil
}

func (x *exec) describeMore(s *Describe, t *model.Table) error {
	loc := t.Storage.Location
	params := t.Params
	if s.Part != nil {
		values, err := partValues(t, *s.Part)
		if err != nil {
			return err
		}
		p, err := x.onePartition(x.ctx, t, values)
		if err != nil {
			return err
		}
		loc, params = p.Location, p.Params
	}
	x.res.row("", "", "")
	x.res.row("# Detailed Information", "", "")
	x.res.row("Database:", t.Database, "")
	x.res.row("Owner:", t.Owner, "")
	x.res.row("CreateTime:", t.Created.UTC().Format("2006-01-02 15:04:05"), "")
	kind := "EXTERNAL_TABLE"
	if t.Kind != model.KindLake {
		kind = "VIRTUAL_VIEW"
	}
	x.res.row("Table Type:", kind, "")
	if t.Kind == model.KindLake {
		x.res.row("Location:", loc, "")
		x.res.row("SerDe Library:", t.Storage.SerDe, "")
		x.res.row("InputFormat:", t.Storage.InputFormat, "")
		x.res.row("OutputFormat:", t.Storage.OutputFormat, "")
	}
	for _, k := range sortedKeys(params) {
		x.res.row("Parameter:", k, params[k])
	}
	return nil
}

func (x *exec) onePartition(ctx context.Context, t *model.Table, values []string) (*model.Partition, error) {
	var found *model.Partition
	want := layout.Identity(values)
	_, err := x.Partitions.Partitions(ctx, &table.PartitionQuery{Table: t}, func(p *model.Partition) error {
		if layout.Identity(p.Values) == want {
			found = p
		}
		return nil
	})
	if err == nil && found == nil {
		err = sql.Errorf(sql.CodeUndefinedObject, "partition %s of table \"%s\" does not exist", layout.Path(keyNames(t), values), t.Name)
	}
	return found, err
}

// CreateText returns the statement that makes the table or view anew.
func CreateText(t *model.Table) string {
	var b strings.Builder
	name := quoteName(t.Database) + "." + quoteName(t.Name)
	if t.Kind == model.KindView {
		b.WriteString("CREATE VIEW " + name)
		if len(t.Columns) > 0 {
			b.WriteString(" (")
			for i, c := range t.Columns {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(quoteName(c.Name))
			}
			b.WriteString(")")
		}
		return b.String() + " AS\n" + t.ViewSQL
	}
	columns := func(cols []model.Column) {
		b.WriteString("(")
		for i, c := range cols {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n  " + quoteName(c.Name) + " " + hiveText(c.Hive))
			if c.Comment != "" {
				b.WriteString(" COMMENT " + quoteString(c.Comment))
			}
		}
		b.WriteString(")")
	}
	b.WriteString("CREATE EXTERNAL TABLE " + name)
	if len(t.Columns) > 0 {
		columns(t.Columns)
	}
	if t.Comment != "" {
		b.WriteString("\nCOMMENT " + quoteString(t.Comment))
	}
	if len(t.Keys) > 0 {
		b.WriteString("\nPARTITIONED BY ")
		columns(t.Keys)
	}
	if t.Storage.Buckets > 0 {
		b.WriteString("\nCLUSTERED BY (" + nameList(t.Storage.BucketCols) + ")")
		if len(t.Storage.SortCols) > 0 {
			b.WriteString(" SORTED BY (")
			for i, c := range t.Storage.SortCols {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(quoteName(c.Name))
				if c.Desc {
					b.WriteString(" DESC")
				}
			}
			b.WriteString(")")
		}
		b.WriteString(" INTO " + itoa(t.Storage.Buckets) + " BUCKETS")
	}
	b.WriteString("\nROW FORMAT SERDE " + quoteString(t.Storage.SerDe))
	if len(t.Storage.SerDeParams) > 0 {
		b.WriteString("\nWITH SERDEPROPERTIES (" + propList(t.Storage.SerDeParams, "") + ")")
	}
	b.WriteString("\nSTORED AS INPUTFORMAT " + quoteString(t.Storage.InputFormat) + "\nOUTPUTFORMAT " + quoteString(t.Storage.OutputFormat))
	b.WriteString("\nLOCATION " + quoteString(t.Storage.Location))
	if props := propList(t.Params, "EXTERNAL"); props != "" {
		b.WriteString("\nTBLPROPERTIES (" + props + ")")
	}
	return b.String()
}
