package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/sql"
)

func (c *converter) insert(s *pg.InsertStmt, p P) (Stmt, error) {
	if s.Override != pg.OverridingKind_OVERRIDING_NOT_SET {
		return &Unsupported{P: p, Command: "INSERT ... OVERRIDING"}, nil
	}
	out := &Insert{P: p, Table: *c.tableName(s.Relation)}
	for _, n := range s.Cols {
		t := n.GetResTarget()
		if len(t.Indirection) > 0 {
			return nil, errUnsupported("INSERT into a part of a column", c.pos(t.Location))
		}
		out.Columns, out.Positions = append(out.Columns, t.Name), append(out.Positions, c.pos(t.Location))
	}
	var err error
	if s.SelectStmt != nil {
		if out.Query, err = c.selectStmt(s.SelectStmt.GetSelectStmt()); err != nil {
			return nil, err
		}
		if s.WithClause != nil {
			if out.Query.With != nil {
				return nil, errUnsupported("a WITH clause before INSERT and another one in its query", p)
			}
			if out.Query.With, err = c.with(s.WithClause); err != nil {
				return nil, err
			}
		}
	}
	if s.OnConflictClause != nil {
		if out.OnConflict, err = c.onConflict(s.OnConflictClause); err != nil {
			return nil, err
		}
	}
	out.Returning, err = c.returning(s.ReturningList)
	return out, err
}

func (c *converter) onConflict(s *pg.OnConflictClause) (*OnConflict, error) {
	out := &OnConflict{P: c.pos(s.Location), Nothing: s.Action == pg.OnConflictAction_ONCONFLICT_NOTHING}
	if s.Infer != nil {
		out.Constraint = s.Infer.Conname
		if s.Infer.WhereClause != nil {
			return nil, errUnsupported("ON CONFLICT with the condition of a partial index", c.pos(s.Infer.Location))
		}
		for _, n := range s.Infer.IndexElems {
			e := n.GetIndexElem()
			if e.Name == "" || len(e.Collation) > 0 || len(e.Opclass) > 0 {
				return nil, errUnsupported("ON CONFLICT of anything but columns", c.pos(s.Infer.Location))
			}
			out.Columns, out.Positions = append(out.Columns, e.Name), append(out.Positions, c.pos(s.Infer.Location))
		}
	}
	var err error
	if out.Set, err = c.assignments(s.TargetList); err != nil {
		return nil, err
	}
	out.Where, err = c.expr(s.WhereClause)
	return out, err
}

func (c *converter) returning(list []*pg.Node) ([]Target, error) {
	var out []Target
	for _, n := range list {
		t, err := c.target(n.GetResTarget())
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (c *converter) tableRefs(list []*pg.Node) ([]TableRef, error) {
	var out []TableRef
	for _, n := range list {
		t, err := c.tableRef(n)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (c *converter) update(s *pg.UpdateStmt, p P) (Stmt, error) {
	out := &Update{P: p, Table: *c.tableName(s.Relation)}
	var err error
	if s.WithClause != nil {
		if out.With, err = c.with(s.WithClause); err != nil {
			return nil, err
		}
	}
	if out.Set, err = c.assignments(s.TargetList); err != nil {
		return nil, err
	}
	if out.From, err = c.tableRefs(s.FromClause); err != nil {
		return nil, err
	}
	if out.Where, err = c.expr(s.WhereClause); err != nil {
		return nil, err
	}
	out.Returning, err = c.returning(s.ReturningList)
	return out, err
}

// assignments converts what stands behind SET.
func (c *converter) assignments(list []*pg.Node) ([]Assign, error) {
	var out []Assign
	var shared *SubLink
	for _, n := range list {
		t := n.GetResTarget()
		pos := c.pos(t.Location)
		if len(t.Indirection) > 0 {
			return nil, errUnsupported("UPDATE of a part of a column", pos)
		}
		val := t.Val
		if m := val.GetMultiAssignRef(); m != nil { // (a, b) = (x, y) or a query
			if m.Source.GetSubLink() != nil {
				if m.Colno == 1 {
					e, err := c.expr(m.Source)
					if err != nil {
						return nil, err
					}
					shared = e.(*SubLink)
				}
				out = append(out, Assign{P: pos, Column: t.Name, Row: shared, Nth: int(m.Colno) - 1, Of: int(m.Ncolumns)})
				continue
			}
			row := m.Source.GetRowExpr()
			if row == nil {
				return nil, sql.Errorf(sql.CodeFeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression").At(int(pos))
			}
			if len(row.Args) != int(m.Ncolumns) {
				return nil, sql.Errorf(sql.CodeSyntaxError, "number of columns does not match number of values").At(int(pos))
			}
			val = row.Args[m.Colno-1]
		}
		e, err := c.value(val)
		if err != nil {
			return nil, err
		}
		out = append(out, Assign{P: pos, Column: t.Name, Expr: e})
	}
	return out, nil
}

// value converts an expression that may be DEFAULT.
func (c *converter) value(n *pg.Node) (Expr, error) {
	if d := n.GetSetToDefault(); d != nil {
		return &Default{P: c.pos(d.Location)}, nil
	}
	return c.expr(n)
}

func (c *converter) delete(s *pg.DeleteStmt, p P) (Stmt, error) {
	out := &Delete{P: p, Table: *c.tableName(s.Relation)}
	var err error
	if s.WithClause != nil {
		if out.With, err = c.with(s.WithClause); err != nil {
			return nil, err
		}
	}
	if out.Using, err = c.tableRefs(s.UsingClause); err != nil {
		return nil, err
	}
	if out.Where, err = c.expr(s.WhereClause); err != nil {
		return nil, err
	}
	out.Returning, err = c.returning(s.ReturningList)
	return out, err
}

func (c *converter) truncate(s *pg.TruncateStmt, p P) Stmt {
	out := &Truncate{P: p}
	for _, n := range s.Relations {
		out.Tables = append(out.Tables, c.rangeVarName(n.GetRangeVar()))
	}
	return out
}

// isTemp reports whether a table is made for the session alone: as TEMP, or as #name
// in Redshift's manner.
func isTemp(r *pg.RangeVar) bool {
	return r.Relpersistence == "t" || r.Schemaname == "pg_temp" || strings.HasPrefix(r.Relname, "#")
}

func (c *converter) createTemp(s *pg.CreateStmt, p P) (Stmt, error) {
	out := &CreateTemp{P: p, Name: c.rangeVarName(s.Relation), IfNotExists: s.IfNotExists, OnCommit: onCommit[s.Oncommit]}
	for _, n := range s.TableElts {
		switch {
		case n.GetColumnDef() != nil:
			col, err := c.tableColumn(n.GetColumnDef(), s.Relation.Relname)
			if err != nil {
				return nil, err
			}
			out.Columns = append(out.Columns, col)
		case n.GetConstraint() != nil:
			k, err := c.constraint(n.GetConstraint())
			if err != nil {
				return nil, err
			}
			out.Constraints = append(out.Constraints, *k)
		default:
			return nil, errUnsupported("LIKE in CREATE TEMP TABLE", p)
		}
	}
	return out, nil
}

var onCommit = map[pg.OnCommitAction]string{pg.OnCommitAction_ONCOMMIT_PRESERVE_ROWS: "preserve",
	pg.OnCommitAction_ONCOMMIT_DELETE_ROWS: "delete", pg.OnCommitAction_ONCOMMIT_DROP: "drop"}

func (c *converter) createTempAs(s *pg.CreateTableAsStmt, p P) (Stmt, error) {
	q, err := c.query(s.Query)
	return &CreateTemp{P: p, Name: c.rangeVarName(s.Into.Rel), IfNotExists: s.IfNotExists, Query: q,
		Names: names(s.Into.ColNames), NoData: s.Into.SkipData, OnCommit: onCommit[s.Into.OnCommit]}, err
}

// tableColumn converts a column of CREATE TABLE with its constraints.
func (c *converter) tableColumn(d *pg.ColumnDef, table string) (ColumnDef, error) {
	t, err := c.typeName(d.TypeName)
	if err != nil {
		return ColumnDef{}, err
	}
	col := ColumnDef{P: c.pos(d.Location), Name: d.Colname, Type: t}
	if d.CollClause != nil {
		return col, errUnsupported("COLLATE of a temporary table's column", c.pos(d.CollClause.Location))
	}
	said := false // NULL or NOT NULL
	for _, n := range d.Constraints {
		con := n.GetConstraint()
		switch con.GetContype() {
		case pg.ConstrType_CONSTR_NULL, pg.ConstrType_CONSTR_NOTNULL:
			is := con.Contype == pg.ConstrType_CONSTR_NOTNULL
			if said && is != col.NotNull {
				return col, sql.Errorf(sql.CodeSyntaxError, "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", col.Name, table).At(int(c.pos(con.Location)))
			}
			said, col.NotNull = true, is
		case pg.ConstrType_CONSTR_DEFAULT:
			if col.Default != "" {
				return col, sql.Errorf(sql.CodeSyntaxError, "multiple default values specified for column \"%s\" of table \"%s\"", col.Name, table).At(int(c.pos(con.Location)))
			}
			if col.Value, err = c.expr(con.RawExpr); err != nil {
				return col, err
			}
			if col.Default, err = exprText(con.RawExpr); err != nil {
				return col, err
			}
		default:
			k, err := c.constraint(con)
			if err != nil {
				return col, err
			}
			if k.Kind != CheckConstraint {
				k.Columns = []string{col.Name}
			}
			col.Constraints = append(col.Constraints, *k)
		}
	}
	return col, nil
}

func (c *converter) constraint(con *pg.Constraint) (*Constraint, error) {
	k := &Constraint{P: c.pos(con.Location), Name: con.Conname}
	switch con.Contype {
	case pg.ConstrType_CONSTR_CHECK:
		var err error
		if k.Cond, err = c.expr(con.RawExpr); err != nil {
			return nil, err
		}
		k.Check, err = exprText(con.RawExpr)
		return k, err
	case pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY:
		if con.NullsNotDistinct {
			return nil, errUnsupported("UNIQUE NULLS NOT DISTINCT", k.P)
		}
		k.Kind, k.Columns = UniqueConstraint, names(con.Keys)
		if con.Contype == pg.ConstrType_CONSTR_PRIMARY {
			k.Kind = PrimaryKey
		}
		return k, nil
	}
	what := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(con.Contype.String(), "CONSTR_"), "_", " "))
	return nil, errUnsupported("a constraint of kind "+what+" on a temporary table", k.P)
}

// treeVersion is the version of PostgreSQL whose trees the grammar library reads.
const treeVersion = 170007

// exprText writes an expression as text that parses again.
func exprText(n *pg.Node) (string, error) {
	sel := &pg.SelectStmt{TargetList: []*pg.Node{{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: n}}}}}
	text, err := pg.Deparse(&pg.ParseResult{Version: treeVersion, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: sel}}}}})
	if err != nil {
		return "", sql.Errorf(sql.CodeFeatureNotSupported, "an expression of the table definition cannot be kept").WithDetail("%v", err)
	}
	return strings.TrimPrefix(text, "SELECT "), nil
}

// ParseExpr reads the text of an expression that is not a part of the statement at
// hand: it has no positions.
func ParseExpr(text string) (Expr, error) {
	text = "SELECT " + text
	tree, err := pg.Parse(text)
	if err != nil {
		return nil, sql.Errorf(sql.CodeInternal, "the text of an expression cannot be read: %v", err)
	}
	c := &converter{source: source{chars: newCharMap(text), text: text}, end: len(text), placeless: true}
	return c.expr(tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val)
}

// selectInto is SELECT ... INTO as the CREATE TEMP TABLE AS that it stands for.
func selectInto(s *Select) Stmt {
	if !s.IntoTemp {
		return &Unsupported{P: s.Into.P, Command: "SELECT ... INTO a permanent table",
			Hint: "Use SELECT ... INTO TEMP or CREATE TEMP TABLE AS, or keep the query with CREATE VIEW."}
	}
	q := *s
	q.Into = nil
	return &CreateTemp{P: s.P, Name: *s.Into, Query: &q}
}
