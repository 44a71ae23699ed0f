package ddl

import (
	"strings"

	"github.com/sluicedb/sluice/sql"
)

func (p *parser) alterTable() Stmt {
	p.ifExistsRefused()
	n := p.name()
	var part *Part
	if p.is("partition") {
		pt := p.part()
		part = &pt
	}
	switch {
	case p.accept("add", "column"):
		return &AddColumns{Name: n, Part: part, Columns: []Column{p.column()}}
	case p.accept("add", "columns"):
		return &AddColumns{Name: n, Part: part, Columns: p.columns()}
	case p.accept("replace"):
		p.expect("columns")
		return &AddColumns{Name: n, Part: part, Columns: p.columns(), Replace: true}
	case p.accept("change"):
		p.accept("column")
		return p.changeColumn(n, part)
	case p.accept("set", "location"):
		return &SetLocation{Name: n, Part: part, Location: p.text("a location in single quotes")}
	case part != nil && p.accept("rename"):
		p.expect("to")
		return &RenamePartition{Name: n, From: *part, To: p.part()}
	}
	if part != nil {
		p.unexpected("RENAME TO, SET LOCATION, or ADD|REPLACE COLUMNS")
	}
	switch {
	case p.accept("add"):
		s := &AddPartitions{Name: n, IfNotExists: p.ifNotExists()}
		for {
			pt := p.part()
			if p.accept("location") {
				pt.Location = p.text("a location in single quotes")
			}
			s.Parts = append(s.Parts, pt)
			p.accept(",")
			if !p.is("partition") {
				return s
			}
		}
	case p.accept("drop"):
		if p.is("column") {
			p.step()
			s := &DropColumn{Name: n, Pos: p.pos()}
			s.Column = p.ident("a column name")
			return s
		}
		s := &DropPartitions{Name: n, IfExists: p.ifExists()}
		s.Parts = append(s.Parts, p.part())
		for p.accept(",") {
			s.Parts = append(s.Parts, p.part())
		}
		p.accept("purge")
		return s
	case p.accept("set", "tblproperties"):
		return &SetProperties{Name: n, Props: p.props()}
	case p.accept("rename"):
		p.expect("to")
		to := p.name()
		if to.Database != "" && to.Database != n.Database {
			p.fail(sql.Errorf(sql.CodeFeatureNotSupported, "RENAME TO cannot move a table to another schema").At(to.Pos))
		}
		return &RenameTable{Name: n, To: to.Table}
	}
	p.unexpected("ADD, DROP, REPLACE COLUMNS, CHANGE, RENAME or SET")
	return nil
}

// ifExistsRefused reads ALTER TABLE IF EXISTS, which this grammar does not have.
func (p *parser) ifExistsRefused() {
	if p.is("if") {
		p.fail(sql.Errorf(sql.CodeFeatureNotSupported, "ALTER TABLE IF EXISTS is not supported").At(p.pos()))
	}
}

func (p *parser) changeColumn(n Name, part *Part) Stmt {
	s := &ChangeColumn{Name: n, Part: part, Pos: p.pos()}
	s.Old = p.ident("a column name")
	s.Def.Pos = p.pos()
	s.Def.Name = p.ident("the new column name")
	s.Def.Hive = p.hiveType()
	if p.accept("comment") {
		s.Def.Comment, s.HasComment = p.text("a comment in single quotes"), true
	}
	if p.accept("first") {
		s.First = true
	} else if p.accept("after") {
		s.After = p.ident("a column name")
	}
	return s
}

func (p *parser) show() Stmt {
	s := &Show{Pos: p.pos()}
	switch w := p.step().text; w {
	case "databases", "schemas":
		s.What = ShowDatabases
		p.pattern(s)
	case "tables", "views":
		s.What = ShowTables
		if w == "views" {
			s.What = ShowViews
		}
		if p.accept("in") || p.accept("from") {
			s.Database = p.ident("a database")
		}
		p.pattern(s)
	case "partitions":
		s.What = ShowPartitions
		s.Name = p.name()
		if p.is("partition") {
			pt := p.part()
			s.Part = &pt
		}
	case "columns":
		s.What = ShowColumns
		if !p.accept("in") {
			p.expect("from")
		}
		s.Name = p.name()
		if (p.accept("in") || p.accept("from")) && s.Name.Database == "" {
			s.Name.Database = p.ident("a database")
		}
	case "tblproperties":
		s.What = ShowProperties
		s.Name = p.name()
		if p.accept("(") {
			s.Key = p.text("a property name in single quotes")
			p.expect(")")
		}
	default: // create
		if p.oneOf("table", "view") == "view" {
			s.What = ShowCreateView
		} else {
			s.What = ShowCreateTable
		}
		s.Name = p.name()
	}
	return s
}

func (p *parser) pattern(s *Show) {
	s.Like = p.accept("like")
	if s.Like || p.tok.kind == str {
		s.Pattern = p.text("a pattern in single quotes")
	}
}

func (p *parser) describe() Stmt {
	s := &Describe{}
	if t := p.peek(); t.kind == word || t.kind == quoted { // a table may be named extended
		s.Extended = p.accept("extended") || p.accept("formatted")
	}
	p.accept("table")
	s.Name = p.name()
	if p.is("partition") {
		pt := p.part()
		s.Part = &pt
	}
	if p.tok.kind == word || p.tok.kind == quoted {
		s.Column = p.ident("a column name")
	}
	return s
}

func (p *parser) comment() Stmt {
	p.expect("on")
	pos := p.pos()
	if p.tok.kind != word {
		p.unexpected("TABLE, VIEW, COLUMN or SCHEMA")
	}
	s := &Comment{On: strings.ToUpper(p.step().text)}
	switch s.On {
	case "TABLE", "VIEW":
		s.Name = p.name()
	case "SCHEMA", "DATABASE":
		s.Name.Pos = p.pos()
		s.Name.Database = p.ident("a name")
	case "COLUMN":
		s.Name.Pos = p.pos()
		parts := []string{p.ident("a name")}
		for p.accept(".") {
			parts = append(parts, p.ident("a name"))
		}
		if len(parts) < 2 || len(parts) > 4 {
			p.fail(sql.Errorf(sql.CodeSyntaxError, "column name must be qualified").
				WithHint("Write table.column or schema.table.column.").At(s.Name.Pos))
		}
		n := len(parts)
		s.Column, s.Name.Table = parts[n-1], parts[n-2]
		if n > 2 {
			s.Name.Database = parts[n-3]
		}
		if n > 3 {
			s.Name.Catalog = parts[0]
		}
	default:
		p.fail(sql.Errorf(sql.CodeFeatureNotSupported, "COMMENT ON %s is not supported", s.On).
			WithHint("Comments can be put on a TABLE, VIEW, COLUMN or SCHEMA.").At(pos))
	}
	p.expect("is")
	if p.accept("null") {
		return s
	}
	if p.tok.kind == word && p.tok.text == "e" { // E'...'
		p.step()
		s.Text = p.text("a comment in single quotes")
		return s
	}
	if p.tok.kind != str {
		p.unexpected("a comment in single quotes, or NULL")
	}
	// PostgreSQL's statement, PostgreSQL's strings: a backslash is itself.
	s.Text = strings.ReplaceAll(p.step().text, "''", "'")
	return s
}

func (p *parser) analyze() Stmt {
	s := &Analyze{}
	if p.is("(") {
		p.list(func() {
			s.Verbose = p.is("verbose") || s.Verbose
			p.ident("an option")
			if p.tok.kind == word || p.tok.kind == number {
				p.step()
			}
		})
	} else if p.is("verbose") {
		p.step()
		s.Verbose = true
	}
	if p.tok.kind == end || p.is(";") {
		s.All = true
		return s
	}
	if p.is("table") { // Hive and Spark: ANALYZE TABLE t COMPUTE STATISTICS
		if t := p.peek(); t.kind == word || t.kind == quoted {
			p.step()
		}
	}
	s.Name = p.name()
	if p.is("(") {
		p.list(func() { s.Columns = append(s.Columns, p.ident("a column name")) })
	}
	if p.accept("compute") {
		p.expect("statistics")
		if p.accept("for") {
			p.accept("all")
			p.expect("columns")
			for p.tok.kind == word || p.tok.kind == quoted {
				s.Columns = append(s.Columns, p.ident("a column name"))
				p.accept(",")
			}
		}
	}
	return s
}
