package engine

import (
	"context"
	"strings"

	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// CopyFormat is a form of COPY's data.
type CopyFormat uint8

// Forms of COPY data.
const (
	CopyText CopyFormat = iota
	CopyCSV
	CopyBinary
)

// CopySpec says how COPY ... TO STDOUT writes rows, or FROM STDIN reads them.
type CopySpec struct {
	From       bool
	Fields     []Field
	Format     CopyFormat
	Delim      byte
	Null       string
	Header     bool
	Quote      byte
	Escape     byte
	ForceQuote []bool // by column
}

// Copy returns how the statement's rows are copied out, nil if it is no COPY.
func (p *Prepared) Copy() *CopySpec { return p.copySpec }

// describeCopy checks a COPY and binds its query.
func (s *Session) describeCopy(ctx context.Context, p *Prepared, x *parse.Copy) error {
	switch {
	case x.From && (x.Program || x.File != ""):
		return sql.Errorf(sql.CodeFeatureNotSupported, "COPY FROM a file or program is not supported").At(x.Pos()).
			WithHint("Use COPY ... FROM STDIN, or psql's \\copy.")
	case x.From:
		return s.describeCopyFrom(ctx, p, x)
	case x.Program || x.File != "":
		return sql.Errorf(sql.CodeFeatureNotSupported, "COPY to a file or program is not supported").At(x.Pos()).
			WithHint("Use COPY ... TO STDOUT, or psql's \\copy.")
	}
	spec, force, err := copyOptions(x)
	if err != nil {
		return err
	}
	sel, ok := x.Query.(*parse.Select)
	if x.Query == nil {
		sel, ok = copyTableQuery(x), true
	}
	if !ok {
		return sql.Errorf(sql.CodeFeatureNotSupported, "COPY takes a SELECT").At(x.Pos())
	}
	q, err := s.bindQuery(ctx, p.Source.Stmt, sel, p.Params)
	if err != nil {
		return err
	}
	if len(q.params) > 0 {
		return sql.Errorf(sql.CodeUndefinedParameter, "there is no parameter $1")
	}
	spec.Fields = q.fields
	spec.ForceQuote = make([]bool, len(q.fields))
	for _, name := range force {
		found := false
		for i, f := range q.fields {
			if name == "*" || f.Name == name {
				spec.ForceQuote[i], found = true, true
			}
		}
		if !found {
			return sql.Errorf(sql.CodeUndefinedColumn, "column \"%s\" does not exist", name)
		}
	}
	p.query, p.copySpec = q, spec
	return nil
}

// copyTableQuery is the query that COPY table (columns) stands for.
func copyTableQuery(x *parse.Copy) *parse.Select {
	sel := &parse.Select{P: x.P, From: []parse.TableRef{&parse.TableName{P: x.P, Name: *x.Table}}}
	if x.Columns == nil {
		sel.Targets = []parse.Target{{P: x.P, Expr: &parse.Star{P: x.P}}}
	}
	for _, c := range x.Columns {
		sel.Targets = append(sel.Targets, parse.Target{P: x.P, Expr: &parse.ColumnRef{P: x.P, Parts: []string{c}}})
	}
	return sel
}

func copyOptions(x *parse.Copy) (*CopySpec, []string, error) {
	spec := &CopySpec{Delim: '\t', Null: `\N`}
	given := map[string]parse.CopyOption{}
	for _, o := range x.Options {
		if _, dup := given[o.Name]; dup {
			return nil, nil, sql.Errorf(sql.CodeSyntaxError, "conflicting or redundant options").At(x.Pos())
		}
		given[o.Name] = o
	}
	fail := func(code sql.Code, format string, args ...any) (*CopySpec, []string, error) {
		return nil, nil, sql.Errorf(code, format, args...).At(x.Pos())
	}
	bad := func(format string, args ...any) (*CopySpec, []string, error) {
		return fail(sql.CodeInvalidParameterValue, format, args...)
	}
	cannot := func(format string, args ...any) (*CopySpec, []string, error) {
		return fail(sql.CodeFeatureNotSupported, format, args...)
	}
	switch f := strings.ToLower(given["format"].Value); f {
	case "", "text":
	case "csv":
		spec.Format, spec.Delim, spec.Null, spec.Quote, spec.Escape = CopyCSV, ',', "", '"', '"'
	case "binary":
		spec.Format = CopyBinary
	default:
		return bad("COPY format \"%s\" not recognized", f)
	}
	var force []string
	for name, o := range given {
		one := func(p *byte) bool {
			if len(o.Value) == 1 {
				*p = o.Value[0]
			}
			return len(o.Value) == 1
		}
		notCSV := spec.Format != CopyCSV
		switch name {
		case "format", "freeze", "oids":
		case "delimiter":
			if !one(&spec.Delim) {
				return cannot("COPY delimiter must be a single one-byte character")
			}
		case "null":
			spec.Null = o.Value
		case "header":
			b, ok := parseBool(o.Value)
			if o.HasVal && !ok {
				return bad("header requires a Boolean value or \"match\"")
			}
			spec.Header = b || !o.HasVal
			if spec.Format == CopyBinary && spec.Header {
				return cannot("cannot specify HEADER in BINARY mode")
			}
		case "quote":
			if notCSV {
				return cannot("COPY quote available only in CSV mode")
			}
			if !one(&spec.Quote) {
				return cannot("COPY quote must be a single one-byte character")
			}
			if _, set := given["escape"]; !set {
				spec.Escape = spec.Quote
			}
		case "escape":
			if notCSV {
				return cannot("COPY escape available only in CSV mode")
			}
			if !one(&spec.Escape) {
				return cannot("COPY escape must be a single one-byte character")
			}
		case "force_quote":
			if notCSV {
				return cannot("COPY force quote available only in CSV mode")
			}
			if force = o.List; len(force) == 0 {
				force = []string{"*"}
			}
		case "encoding":
			if _, err := normalEncoding(o.Value); err != nil {
				return bad("argument to option \"encoding\" must be a valid encoding name")
			}
		default:
			return nil, nil, sql.Errorf(sql.CodeSyntaxError, "option \"%s\" not recognized", name).At(x.Pos())
		}
	}
	if spec.Format == CopyBinary {
		for _, name := range []string{"delimiter", "null"} {
			if given[name].HasVal {
				return fail(sql.CodeSyntaxError, "cannot specify %s in BINARY mode", strings.ToUpper(name))
			}
		}
	}
	if spec.Delim == '\r' || spec.Delim == '\n' {
		return bad("COPY delimiter cannot be newline or carriage return")
	}
	if spec.Format == CopyText && strings.IndexByte(`\.abcdefghijklmnopqrstuvwxyz0123456789`, spec.Delim) >= 0 {
		return bad("COPY delimiter cannot be \"%c\"", spec.Delim)
	}
	if spec.Format == CopyCSV && spec.Delim == spec.Quote {
		return bad("COPY delimiter and quote must be different")
	}
	return spec, force, nil
}
