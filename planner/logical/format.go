package logical

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// Format renders a plan as an indented tree, one node a line, columns as name#id.
// It is meant for tests and debugging; EXPLAIN prints physical plans.
func Format(n Node) string {
	var f formatter
	f.node(n, 0)
	return f.b.String()
}

type formatter struct{ b strings.Builder }

func (f *formatter) line(depth int, format string, args ...any) {
	f.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&f.b, format, args...)
	f.b.WriteByte('\n')
}

func cols(list []Col) string {
	s := make([]string, len(list))
	for i, c := range list {
		s[i] = colName(c.Name, c.ID) + ":" + typeText(c.T)
	}
	return strings.Join(s, ", ")
}

func typeText(t sql.Type) string {
	s := sql.FormatType(t.OID, t.Mod)
	if t.OID == sql.OIDNumeric && t.Dec.Static() {
		s += fmt.Sprintf("<%d,%d>", t.Dec.P, t.Dec.S)
	}
	return s
}

func colName(name string, id expr.ColumnID) string {
	if name == "" {
		name = "?"
	}
	return name + "#" + strconv.Itoa(int(id))
}

func exprs(list []expr.Expr) string { return joined(list, ", ") }

func conds(list []expr.Expr) string { return joined(list, " AND ") }

func joined(list []expr.Expr, sep string) string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = FormatExpr(e)
	}
	return strings.Join(s, sep)
}

func keys(list []expr.SortKey) string {
	s := make([]string, len(list))
	for i, k := range list {
		s[i] = FormatExpr(k.Expr)
		if k.Desc {
			s[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			s[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
	}
	return strings.Join(s, ", ")
}

func named(list []NamedExpr) string {
	s := make([]string, len(list))
	for i, e := range list {
		if c, ok := e.Expr.(*expr.Col); ok && c.ID == e.Col.ID {
			s[i] = colName(e.Col.Name, e.Col.ID)
			continue
		}
		s[i] = colName(e.Col.Name, e.Col.ID) + " := " + FormatExpr(e.Expr)
	}
	return strings.Join(s, ", ")
}

func (f *formatter) node(n Node, d int) {
	switch n := n.(type) {
	case *Scan:
		alias := ""
		if n.Alias != "" && n.Alias != n.Table.Name {
			alias = " " + n.Alias
		}
		f.line(d, "Scan %s.%s%s [%s]", n.Table.Database, n.Table.Name, alias, cols(n.Cols))
		if len(n.Filter) > 0 {
			f.line(d+1, "filter: %s", conds(n.Filter))
		}
	case *Values:
		f.line(d, "Values [%s]", cols(n.Cols))
		for _, r := range n.Rows {
			f.line(d+1, "(%s)", exprs(r))
		}
	case *Filter:
		f.line(d, "Filter %s", conds(n.Conds))
	case *Project:
		f.line(d, "Project [%s]", named(n.Exprs))
	case *Join:
		f.join(d, "Join", n.Kind, n.On, n.MarkCol, nil)
	case *DependentJoin:
		f.join(d, "DependentJoin", n.Kind, n.On, n.MarkCol, n.Guard)
	case *Aggregate:
		f.aggregate(n, d)
	case *Window:
		f.window(n, d)
	case *Sort:
		f.line(d, "Sort %s", keys(n.Keys))
	case *Limit:
		s := "Limit"
		if n.Count != nil {
			s += " " + FormatExpr(n.Count)
		}
		if n.Offset != nil {
			s += " offset " + FormatExpr(n.Offset)
		}
		if n.WithTies {
			s += " with ties"
		}
		f.line(d, "%s", s)
	case *Distinct:
		if n.On == nil {
			f.line(d, "Distinct")
		} else {
			f.line(d, "Distinct on %s", exprs(n.On))
		}
	case *SetOp:
		all := ""
		if n.All {
			all = " all"
		}
		f.line(d, "%s%s [%s]", [...]string{"Union", "Intersect", "Except"}[n.Kind], all, cols(n.Cols))
	case *ProjectSet:
		f.line(d, "ProjectSet %s", calls(n.Calls))
	case *FuncScan:
		s := "FuncScan " + calls(n.Calls)
		if n.Ordinality != nil {
			s += " ordinality " + colName(n.Ordinality.Name, n.Ordinality.ID)
		}
		f.line(d, "%s", s)
	case *Shared:
		f.line(d, "Shared")
		for _, p := range n.Plans {
			f.line(d+1, "%s@%d:", p.Name, p.ID)
			f.node(p.Plan, d+2)
		}
		f.node(n.Input, d+1)
		return
	case *SharedRef:
		f.line(d, "SharedRef %s@%d [%s]", n.Name, n.ID, cols(n.Cols))
	case *Recursive:
		all := ""
		if n.All {
			all = " all"
		}
		f.line(d, "Recursive@%d%s [%s]", n.ID, all, cols(n.Cols))
	case *WorkTable:
		f.line(d, "WorkTable@%d [%s]", n.ID, cols(n.Cols))
	case *MaxOneRow:
		f.line(d, "MaxOneRow")
	default:
		f.line(d, "%T", n)
	}
	for _, k := range n.Children() {
		f.node(k, d+1)
	}
}

func (f *formatter) join(d int, what string, kind JoinKind, on []expr.Expr, mark Col, guard expr.Expr) {
	s := what + " " + strings.ToLower(kind.String())
	if kind == Mark {
		s += " " + colName(mark.Name, mark.ID)
	}
	if len(on) > 0 {
		s += " on " + conds(on)
	}
	if guard != nil {
		s += " guard " + FormatExpr(guard)
	}
	f.line(d, "%s", s)
}

func (f *formatter) aggregate(n *Aggregate, d int) {
	s := "Aggregate"
	if len(n.Groups) > 0 {
		s += " by [" + named(n.Groups) + "]"
	}
	if n.Sets != nil {
		s += fmt.Sprintf(" sets %v", n.Sets)
	}
	for _, g := range n.Grouping {
		s += fmt.Sprintf(" grouping %s of %v", colName(g.Col.Name, g.Col.ID), g.Of)
	}
	f.line(d, "%s", s)
	for _, a := range n.Aggs {
		args := exprs(a.Args)
		if a.Args == nil {
			args = "*"
		}
		t := ""
		if a.Distinct {
			t = "DISTINCT "
		}
		l := fmt.Sprintf("%s := %s(%s%s", colName(a.Name, a.Out), a.Fn.Name, t, args)
		if len(a.Direct) > 0 {
			l += " direct " + exprs(a.Direct)
		}
		if len(a.OrderBy) > 0 {
			l += " ORDER BY " + keys(a.OrderBy)
		}
		l += "):" + typeText(a.T)
		if a.Filter != nil {
			l += " filter " + FormatExpr(a.Filter)
		}
		f.line(d+1, "%s", l)
	}
}

func (f *formatter) window(n *Window, d int) {
	s := "Window"
	if len(n.Partition) > 0 {
		s += " partition by " + exprs(n.Partition)
	}
	if len(n.OrderBy) > 0 {
		s += " order by " + keys(n.OrderBy)
	}
	if n.Frame.Set {
		bound := func(b FrameBound) string {
			t := [...]string{"unbounded preceding", "preceding", "current row", "following", "unbounded following"}[b.Kind]
			if b.Offset != nil {
				t = FormatExpr(b.Offset) + " " + t
			}
			return t
		}
		s += fmt.Sprintf(" %s from %s to %s", [...]string{"range", "rows", "groups"}[n.Frame.Mode], bound(n.Frame.Start), bound(n.Frame.End))
		s += [...]string{"", " exclude current row", " exclude group", " exclude ties"}[n.Frame.Exclude]
	}
	f.line(d, "%s", s)
	for _, c := range n.Calls {
		name := ""
		if c.Agg != nil {
			name = c.Agg.Name
		} else {
			name = c.Fn.Name
		}
		l := fmt.Sprintf("%s := %s(%s):%s", colName(c.Name, c.Out), name, exprs(c.Args), typeText(c.T))
		if c.Filter != nil {
			l += " filter " + FormatExpr(c.Filter)
		}
		f.line(d+1, "%s", l)
	}
}

func calls(list []SetCall) string {
	s := make([]string, len(list))
	for i, c := range list {
		s[i] = c.Fn.Name + "(" + exprs(c.Args) + ") as [" + cols(c.Cols) + "]"
	}
	return strings.Join(s, ", ")
}

// FormatExpr renders an expression; casts that the binder inserted are not shown.
func FormatExpr(e expr.Expr) string {
	switch x := e.(type) {
	case nil:
		return "NULL"
	case *expr.Col:
		return colName(x.Name, x.ID)
	case *expr.Const:
		return constText(x.V)
	case *expr.Param:
		return "$" + strconv.Itoa(x.Index)
	case *expr.Call:
		return callText(x)
	case *expr.Logic:
		op := " AND "
		if x.Op == expr.Or {
			op = " OR "
		}
		return "(" + joined(x.Args, op) + ")"
	case *expr.Not:
		return "NOT " + FormatExpr(x.Arg)
	case *expr.IsNull:
		return FormatExpr(x.Arg) + " IS " + [...]string{"NULL", "NOT NULL", "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"}[x.Test]
	case *expr.Case:
		var b strings.Builder
		b.WriteString("CASE")
		for _, w := range x.Whens {
			b.WriteString(" WHEN " + FormatExpr(w.Cond) + " THEN " + FormatExpr(w.Then))
		}
		if x.Else != nil {
			b.WriteString(" ELSE " + FormatExpr(x.Else))
		}
		return b.String() + " END"
	case *expr.Coalesce:
		return "COALESCE(" + exprs(x.Args) + ")"
	case *expr.InList:
		list := make([]string, len(x.List))
		for i, v := range x.List {
			list[i] = constText(v)
		}
		if x.HasNull {
			list = append(list, "NULL")
		}
		not := ""
		if x.Negate {
			not = "NOT "
		}
		return FormatExpr(x.Arg) + " " + not + "IN (" + strings.Join(list, ", ") + ")"
	case *expr.ScalarArray:
		q := "ANY"
		if x.All {
			q = "ALL"
		}
		return FormatExpr(x.Left) + " " + x.Op.Name + " " + q + "(" + FormatExpr(x.Array) + ")"
	case *expr.ArrayExpr:
		return "ARRAY[" + exprs(x.Elems) + "]"
	case *expr.RowExpr:
		return "ROW(" + exprs(x.Fields) + ")"
	}
	return fmt.Sprintf("%T", e)
}

func callText(c *expr.Call) string {
	switch {
	case c.Fn.Kind == expr.KindCast && c.Implicit:
		return FormatExpr(c.Args[0])
	case c.Fn.Kind == expr.KindCast:
		return FormatExpr(c.Args[0]) + "::" + sql.FormatType(c.T.OID, c.T.Mod)
	case c.Fn.Kind == expr.KindOperator && len(c.Args) == 2:
		return "(" + FormatExpr(c.Args[0]) + " " + c.Fn.Name + " " + FormatExpr(c.Args[1]) + ")"
	case c.Fn.Kind == expr.KindOperator:
		return "(" + c.Fn.Name + " " + FormatExpr(c.Args[0]) + ")"
	}
	return c.Fn.Name + "(" + exprs(c.Args) + ")"
}

// constText is a literal of the value; numbers and booleans stand bare.
func constText(v sql.Value) string {
	if v.Null {
		return "NULL::" + sql.FormatType(v.Type.OID, v.Type.Mod)
	}
	format := sql.DefaultFormat()
	s := string(sql.AppendText(nil, v, &format))
	switch v.Type.OID {
	case sql.OIDInt4, sql.OIDNumeric:
		return s
	case sql.OIDBool:
		return map[bool]string{true: "true", false: "false"}[v.I != 0]
	case sql.OIDText:
		return "'" + s + "'"
	}
	return "'" + s + "'::" + sql.FormatType(v.Type.OID, v.Type.Mod)
}
