package parse

import (
	"fmt"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/sluicedb/sluice/sql"
)

// tableRef converts an item of FROM.
func (c *converter) tableRef(n *pg.Node) (TableRef, error) {
	switch n := n.GetNode().(type) {
	case *pg.Node_RangeVar:
		return c.tableName(n.RangeVar), nil
	case *pg.Node_RangeSubselect:
		r := n.RangeSubselect
		q, err := c.query(r.Subquery)
		if err != nil {
			return nil, err
		}
		return &SubqueryRef{P: P(q.Pos()), Query: q, Alias: c.alias(r.Alias), Lateral: r.Lateral}, nil
	case *pg.Node_RangeFunction:
		return c.funcRef(n.RangeFunction)
	case *pg.Node_JoinExpr:
		return c.join(n.JoinExpr)
	case *pg.Node_RangeTableSample:
		return c.sample(n.RangeTableSample)
	case *pg.Node_RangeTableFunc:
		return nil, errUnsupported("XMLTABLE", c.pos(n.RangeTableFunc.Location))
	case *pg.Node_JsonTable:
		return nil, errUnsupported("JSON_TABLE", c.pos(n.JsonTable.Location))
	}
	return nil, sql.Errorf(sql.CodeInternal, "unexpected %s in FROM", fmt.Sprintf("%T", n.GetNode()))
}

func (c *converter) tableName(r *pg.RangeVar) *TableName {
	return &TableName{P: c.pos(r.Location), Name: c.rangeVarName(r), Alias: c.alias(r.Alias), Only: !r.Inh}
}

func (c *converter) sample(s *pg.RangeTableSample) (TableRef, error) {
	t := c.tableName(s.Relation.GetRangeVar())
	_, method := operator(s.Method)
	t.Sample = &Sample{P: c.pos(s.Location), Method: method}
	var err error
	if t.Sample.Args, err = c.exprs(s.Args); err != nil {
		return nil, err
	}
	if t.Sample.Repeatable, err = c.expr(s.Repeatable); err != nil {
		return nil, err
	}
	return t, nil
}

func (c *converter) funcRef(r *pg.RangeFunction) (TableRef, error) {
	out := &FuncRef{Ordinality: r.Ordinality, Lateral: r.Lateral, Alias: c.alias(r.Alias), RowsFrom: r.IsRowsfrom}
	for _, item := range r.Functions {
		pair := item.GetList().GetItems()
		f, err := c.expr(pair[0])
		if err != nil {
			return nil, err
		}
		var defs []*pg.Node
		if len(pair) > 1 {
			defs = pair[1].GetList().GetItems()
		}
		if !r.IsRowsfrom {
			defs = r.Coldeflist
		}
		cols, err := c.columnDefs(defs)
		if err != nil {
			return nil, err
		}
		out.Funcs, out.ColDefs = append(out.Funcs, f), append(out.ColDefs, cols)
	}
	out.P = P(out.Funcs[0].Pos())
	return out, nil
}

func (c *converter) columnDefs(defs []*pg.Node) ([]ColumnDef, error) {
	var out []ColumnDef
	for _, n := range defs {
		d := n.GetColumnDef()
		if d == nil {
			continue
		}
		t, err := c.typeName(d.TypeName)
		if err != nil {
			return nil, err
		}
		out = append(out, ColumnDef{P: c.pos(d.Location), Name: d.Colname, Type: t})
	}
	return out, nil
}

var joinTypes = map[pg.JoinType]JoinType{
	pg.JoinType_JOIN_INNER: InnerJoin, pg.JoinType_JOIN_LEFT: LeftJoin,
	pg.JoinType_JOIN_RIGHT: RightJoin, pg.JoinType_JOIN_FULL: FullJoin,
}

func (c *converter) join(j *pg.JoinExpr) (TableRef, error) {
	out := &JoinRef{Type: joinTypes[j.Jointype], Natural: j.IsNatural, Using: names(j.UsingClause), Alias: c.alias(j.Alias)}
	var err error
	if out.Left, err = c.tableRef(j.Larg); err != nil {
		return nil, err
	}
	if out.Right, err = c.tableRef(j.Rarg); err != nil {
		return nil, err
	}
	if out.On, err = c.expr(j.Quals); err != nil {
		return nil, err
	}
	if j.JoinUsingAlias != nil {
		out.UsingAlias = j.JoinUsingAlias.Aliasname
	}
	if out.Type == InnerJoin && out.On == nil && out.Using == nil && !out.Natural {
		out.Type = CrossJoin
	}
	out.P = P(out.Left.Pos())
	return out, nil
}
