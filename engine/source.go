package engine

import (
	"github.com/sluicedb/sluice/catalog/ddl"
	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// Source is one parsed statement: of PostgreSQL's grammar or of the lake's own.
type Source struct {
	Stmt parse.Statement // its Stmt is nil if DDL is not
	DDL  ddl.Stmt

	parsed []Phase // when the text was parsed; of its first statement only
}

// parse reads a text. Every statement is parsed before any runs. A text in which
// no statement is of the lake's grammar goes to PostgreSQL's as a whole.
func (e *Engine) parse(text string, d expr.Dialect) ([]Source, error) {
	pieces, err := parse.Split(text)
	if err != nil {
		return nil, err
	}
	out := make([]Source, 0, len(pieces))
	lake := false
	for _, p := range pieces {
		src := Source{Stmt: parse.Statement{Text: p.Text, Off: p.Off}}
		stmt, matched, err := ddl.Parse(p.Text)
		if err != nil {
			return nil, shiftPosition(err, p.Off)
		}
		if matched {
			src.DDL, lake = stmt, true
		}
		out = append(out, src)
	}
	if !lake {
		stmts, err := e.parser.Parse(text, d)
		if err != nil {
			return nil, err
		}
		out = out[:0]
		for _, st := range stmts {
			out = append(out, Source{Stmt: st})
		}
		return out, nil
	}
	for i := range out {
		if out[i].DDL != nil {
			continue
		}
		stmts, err := e.parser.Parse(out[i].Stmt.Text, d)
		if err != nil {
			return nil, shiftPosition(err, out[i].Stmt.Off)
		}
		if len(stmts) != 1 {
			return nil, sql.Errorf(sql.CodeSyntaxError, "cannot read this statement").At(out[i].Stmt.Off + 1)
		}
		off := out[i].Stmt.Off
		out[i].Stmt = stmts[0]
		out[i].Stmt.Off += off
	}
	return out, nil
}
