package ddl

import (
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/sql"
)

// Parse reads one statement. matched is false if the text does not begin like a
// statement of this grammar: then it is PostgreSQL's to read, and err is nil. A
// semicolon may follow. Errors carry a position.
func Parse(text string) (stmt Stmt, matched bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			sp, ok := r.(*syntaxPanic)
			if !ok {
				panic(r)
			}
			stmt, err = nil, sp.err
			if !matched {
				err = nil
			}
		}
	}()
	p := &parser{lex: lexer{src: text}}
	p.tok = p.scan()
	if !p.ours() {
		return nil, false, nil
	}
	matched = true
	stmt = p.statement()
	p.accept(";")
	if p.tok.kind != end {
		p.unexpected("")
	}
	return stmt, true, nil
}

// ours looks at the first keywords.
func (p *parser) ours() bool {
	if p.tok.kind != word {
		return false
	}
	second := p.peek()
	next := ""
	if second.kind == word {
		next = second.text
	}
	switch p.tok.text {
	case "create":
		switch next {
		case "or":
			return p.orReplaceView()
		case "table":
			return !p.temporary()
		case "database", "schema", "external", "view":
			return true
		}
	case "drop":
		switch next {
		case "database", "schema", "table", "view":
			return true
		}
	case "alter":
		switch next {
		case "table":
			return true
		case "database", "schema":
			return p.alterOfProperties()
		}
	case "show":
		switch next {
		case "databases", "schemas", "tables", "views", "partitions", "columns", "tblproperties", "create":
			return true
		}
	case "msck", "describe", "desc", "unload":
		return true
	case "comment":
		return next == "on"
	case "analyze", "analyse":
		return true
	}
	return false
}

// orReplaceView tells CREATE OR REPLACE VIEW from what else may be replaced.
func (p *parser) orReplaceView() bool {
	words := p.words(4)
	return words[2] == "replace" && words[3] == "view"
}

// temporary tells CREATE TABLE pg_temp.t, which is PostgreSQL's, from others.
func (p *parser) temporary() bool {
	w := p.words(6)
	temp := func(w string) bool { return w == "pg_temp" || strings.HasPrefix(w, "#") } // #t is Redshift's manner
	return temp(w[2]) || w[2] == "if" && temp(w[5])
}

// alterOfProperties tells ALTER DATABASE d SET DBPROPERTIES|LOCATION from
// PostgreSQL's ALTER DATABASE d SET parameter.
func (p *parser) alterOfProperties() bool {
	w := p.words(5)
	return w[3] == "set" && (w[4] == "dbproperties" || w[4] == "location")
}

// words returns the first n tokens' texts without consuming them.
func (p *parser) words(n int) []string {
	l := lexer{src: p.lex.src}
	out := make([]string, n)
	for i := range out {
		t, err := l.next()
		if err != nil {
			break
		}
		if t.kind != str {
			out[i] = t.text
		}
	}
	return out
}

func (p *parser) statement() Stmt {
	switch first := p.step(); first.text {
	case "create":
		return p.create()
	case "drop":
		return p.drop()
	case "alter":
		if p.accept("table") {
			return p.alterTable()
		}
		return p.alterDatabase()
	case "show":
		return p.show()
	case "msck":
		p.expect("repair")
		p.accept("table")
		r := &RepairTable{Name: p.name()}
		if p.accept("add") || p.accept("sync") {
			p.expect("partitions")
		}
		return r
	case "describe", "desc":
		return p.describe()
	case "comment":
		return p.comment()
	case "analyze", "analyse":
		return p.analyze()
	default: // unload
		p.fail(refused("UNLOAD", "Fetch the result with COPY (query) TO STDOUT, or write files with: sluice query.").At(p.lex.at(first.off)))
		return nil
	}
}

// refused is the error for what writes to the lake.
func refused(what, hint string) *sql.Error {
	return sql.Errorf(sql.CodeFeatureNotSupported, "%s is not supported: the lake is read only", what).WithHint("%s", hint)
}

func (p *parser) create() Stmt {
	pos := p.pos()
	switch {
	case p.is("database"), p.is("schema"):
		return p.createDatabase()
	case p.accept("or"):
		p.expect("replace", "view")
		return p.createView(true)
	case p.accept("view"):
		return p.createView(false)
	case p.accept("external"):
		p.expect("table")
		return p.createTable()
	}
	p.expect("table")
	p.fail(refused("CREATE TABLE without EXTERNAL",
		"Declare files that exist with CREATE EXTERNAL TABLE ... STORED AS PARQUET LOCATION 's3://bucket/folder/', keep a query with CREATE VIEW, or use CREATE TEMP TABLE.").At(pos))
	return nil
}

func (p *parser) createDatabase() Stmt {
	s := &CreateDatabase{Word: strings.ToUpper(p.step().text)}
	s.IfNotExists = p.ifNotExists()
	s.Pos = p.pos()
	if p.is("authorization") {
		p.step()
		s.Name = p.ident("a role")
		return s
	}
	s.Name = p.ident("a name")
	for {
		switch {
		case p.accept("comment"):
			s.Comment = p.text("a comment in single quotes")
		case p.accept("location"):
			s.Location = p.text("a location in single quotes")
		case p.accept("with", "dbproperties"), p.accept("dbproperties"):
			s.Props = p.props()
		case p.accept("authorization"):
			p.ident("a role")
		default:
			return s
		}
	}
}

func (p *parser) alterDatabase() Stmt {
	p.oneOf("database", "schema")
	s := &AlterDatabase{Pos: p.pos()}
	s.Name = p.ident("a name")
	p.expect("set")
	if p.accept("location") {
		s.Location = p.text("a location in single quotes")
	} else {
		p.expect("dbproperties")
		s.Props = p.props()
	}
	return s
}

func (p *parser) drop() Stmt {
	switch {
	case p.is("database"), p.is("schema"):
		s := &DropDatabase{Word: strings.ToUpper(p.step().text)}
		s.IfExists = p.ifExists()
		s.Pos = p.pos()
		s.Names = append(s.Names, p.ident("a name"))
		for p.accept(",") {
			s.Names = append(s.Names, p.ident("a name"))
		}
		s.Cascade = p.cascade()
		return s
	}
	s := &DropTable{View: p.oneOf("table", "view") == "view"}
	s.IfExists = p.ifExists()
	s.Names = append(s.Names, p.name())
	for p.accept(",") {
		s.Names = append(s.Names, p.name())
	}
	s.Cascade = p.cascade()
	p.accept("purge")
	return s
}

func (p *parser) cascade() bool {
	if p.accept("cascade") {
		return true
	}
	p.accept("restrict")
	return false
}

func (p *parser) createView(replace bool) Stmt {
	s := &CreateView{Replace: replace, IfNotExists: p.ifNotExists()}
	s.Name = p.name()
	if p.is("(") {
		p.list(func() { s.Columns = append(s.Columns, p.ident("a column name")) })
	}
	if !p.is("as") {
		p.unexpected("AS")
	}
	start := p.tok.stop
	s.SQL = strings.TrimSpace(p.lex.src[start:])
	s.SQLPos = p.lex.at(start + strings.Index(p.lex.src[start:], s.SQL))
	s.SQL = strings.TrimSpace(strings.TrimRight(s.SQL, "; \t\r\n"))
	if s.SQL == "" {
		p.step()
		p.unexpected("a query")
	}
	p.ahead, p.lex.off = nil, len(p.lex.src)
	p.tok = token{kind: end, off: len(p.lex.src), stop: len(p.lex.src)}
	return s
}

func (p *parser) createTable() Stmt {
	s := &CreateTable{IfNotExists: p.ifNotExists(), Props: map[string]string{}, SerDeProps: map[string]string{}}
	s.Name = p.name()
	if p.accept("like") {
		p.fail(sql.Errorf(sql.CodeFeatureNotSupported, "CREATE EXTERNAL TABLE ... LIKE is not supported").
			WithHint("SHOW CREATE TABLE prints the statement of the other table.").At(s.Name.Pos))
	}
	if p.is("(") {
		s.Columns = p.columns()
	}
	for {
		pos := p.pos()
		switch {
		case p.accept("comment"):
			s.Comment = p.text("a comment in single quotes")
		case p.accept("partitioned", "by"):
			s.Keys = p.columns()
		case p.accept("clustered", "by"):
			p.list(func() { s.BucketCols = append(s.BucketCols, p.ident("a column name")) })
			if p.accept("sorted", "by") {
				p.list(func() { s.SortCols = append(s.SortCols, p.sortCol()) })
			}
			p.expect("into")
			if p.tok.kind != number {
				p.unexpected("a number of buckets")
			}
			n, err := strconv.Atoi(p.tok.text)
			if err != nil || n < 1 {
				p.unexpected("a number of buckets")
			}
			s.Buckets = n
			p.step()
			p.expect("buckets")
		case p.accept("row", "format"):
			p.rowFormat(s)
		case p.accept("with", "serdeproperties"):
			for k, v := range p.props() {
				s.SerDeProps[k] = v
			}
		case p.accept("stored", "as"):
			if p.accept("inputformat") {
				s.InputClass = p.text("a class name in single quotes")
				p.expect("outputformat")
				s.OutputClass = p.text("a class name in single quotes")
			} else {
				s.StoredAs = strings.ToUpper(p.ident("a file format"))
				if _, ok := formats[s.StoredAs]; !ok {
					p.fail(sql.Errorf(sql.CodeSyntaxError, "file format \"%s\" is not known", s.StoredAs).
						WithHint("Known are PARQUET, ORC, AVRO, TEXTFILE, JSON, SEQUENCEFILE, RCFILE and ION.").At(pos))
				}
			}
		case p.accept("location"):
			s.Location = p.text("a location in single quotes")
		case p.accept("tblproperties"), p.accept("table", "properties"):
			for k, v := range p.props() {
				s.Props[k] = v
			}
		case p.is("as"):
			p.fail(refused("CREATE TABLE AS", "Keep the query with CREATE VIEW.").At(pos))
		default:
			return s
		}
	}
}

func (p *parser) sortCol() SortCol {
	c := SortCol{Name: p.ident("a column name")}
	if !p.accept("asc") {
		c.Desc = p.accept("desc")
	}
	return c
}

func (p *parser) rowFormat(s *CreateTable) {
	if p.accept("serde") {
		s.SerDe = p.text("a class name in single quotes")
		return
	}
	p.expect("delimited")
	s.Delimited = true
	set := func(keys ...string) {
		v := p.text("a delimiter in single quotes")
		for _, k := range keys {
			s.SerDeProps[k] = v
		}
	}
	for {
		switch {
		case p.accept("fields"):
			p.expect("terminated", "by")
			set("field.delim", "serialization.format")
		case p.accept("escaped"):
			p.expect("by")
			set("escape.delim")
		case p.accept("collection"):
			p.expect("items", "terminated", "by")
			set("collection.delim")
		case p.accept("map"):
			p.expect("keys", "terminated", "by")
			set("mapkey.delim")
		case p.accept("lines"):
			p.expect("terminated", "by")
			set("line.delim")
		case p.accept("null"):
			p.expect("defined", "as")
			set("serialization.null.format")
		default:
			return
		}
	}
}
