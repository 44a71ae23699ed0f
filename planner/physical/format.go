package physical

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// FormatExpr writes an expression as EXPLAIN shows it: close to SQL, implicit casts
// left out.
func FormatExpr(e expr.Expr) string {
	var b strings.Builder
	formatExpr(&b, e, 0)
	return b.String()
}

// FormatConds joins conditions by AND.
func FormatConds(list []expr.Expr) string {
	out := make([]string, len(list))
	for i, e := range list {
		var b strings.Builder
		formatExpr(&b, e, precAnd)
		out[i] = b.String()
	}
	return strings.Join(out, " AND ")
}

// Precedences, lowest first.
const (
	precOr = iota + 1
	precAnd
	precNot
	precIs
	precCmp
	precOther
	precAdd
	precMul
	precUnary
)

func opPrec(op string) int {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return precCmp
	case "+", "-":
		return precAdd
	case "*", "/", "%":
		return precMul
	}
	return precOther
}

// paren writes parentheses round what f writes if its precedence is below outer.
func paren(b *strings.Builder, prec, outer int, f func()) {
	if prec < outer {
		b.WriteByte('(')
		f()
		b.WriteByte(')')
		return
	}
	f()
}

func formatList(b *strings.Builder, list []expr.Expr) {
	for i, e := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		formatExpr(b, e, 0)
	}
}

func formatExpr(b *strings.Builder, e expr.Expr, outer int) {
	switch x := e.(type) {
	case *expr.Col:
		b.WriteString(colName(x.Name, x.ID))
	case *expr.Const:
		b.WriteString(FormatValue(x.V))
	case *expr.Param:
		fmt.Fprintf(b, "$%d", x.Index)
	case *expr.Call:
		formatCall(b, x, outer)
	case *expr.Logic:
		prec, word := precAnd, " AND "
		if x.Op == expr.Or {
			prec, word = precOr, " OR "
		}
		paren(b, prec, outer, func() {
			for i, a := range x.Args {
				if i > 0 {
					b.WriteString(word)
				}
				formatExpr(b, a, prec+1)
			}
		})
	case *expr.Not:
		paren(b, precNot, outer, func() {
			b.WriteString("NOT ")
			formatExpr(b, x.Arg, precNot)
		})
	case *expr.IsNull:
		paren(b, precIs, outer, func() {
			formatExpr(b, x.Arg, precIs+1)
			b.WriteString([]string{" IS NULL", " IS NOT NULL", " IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN"}[x.Test])
		})
	case *expr.Case:
		b.WriteString("CASE")
		for _, w := range x.Whens {
			b.WriteString(" WHEN ")
			formatExpr(b, w.Cond, 0)
			b.WriteString(" THEN ")
			formatExpr(b, w.Then, 0)
		}
		if x.Else != nil {
			b.WriteString(" ELSE ")
			formatExpr(b, x.Else, 0)
		}
		b.WriteString(" END")
	case *expr.Coalesce:
		b.WriteString("COALESCE(")
		formatList(b, x.Args)
		b.WriteByte(')')
	case *expr.InList:
		paren(b, precOther, outer, func() {
			formatExpr(b, x.Arg, precOther+1)
			if x.Negate {
				b.WriteString(" NOT")
			}
			b.WriteString(" IN (")
			for i, v := range x.List {
				if i > 0 {
					b.WriteString(", ")
				}
				if i == 20 {
					fmt.Fprintf(b, "... %d more", len(x.List)-i)
					break
				}
				b.WriteString(FormatValue(v))
			}
			if x.HasNull {
				b.WriteString(", NULL")
			}
			b.WriteByte(')')
		})
	case *expr.ScalarArray:
		paren(b, precCmp, outer, func() {
			formatExpr(b, x.Left, precCmp+1)
			word := "ANY"
			if x.All {
				word = "ALL"
			}
			fmt.Fprintf(b, " %s %s (", x.Op.Name, word)
			formatExpr(b, x.Array, 0)
			b.WriteByte(')')
		})
	case *expr.ArrayExpr:
		b.WriteString("ARRAY[")
		formatList(b, x.Elems)
		b.WriteByte(']')
	case *expr.RowExpr:
		b.WriteString("ROW(")
		formatList(b, x.Fields)
		b.WriteByte(')')
	}
}

func formatCall(b *strings.Builder, x *expr.Call, outer int) {
	switch {
	case x.Fn.Kind == expr.KindCast && len(x.Args) > 0:
		if x.Implicit {
			formatExpr(b, x.Args[0], outer)
			return
		}
		formatExpr(b, x.Args[0], precUnary+1)
		b.WriteString("::" + sql.FormatType(x.T.OID, x.T.Mod))
	case x.Fn.Kind == expr.KindOperator && len(x.Args) == 2:
		prec := opPrec(x.Fn.Name)
		paren(b, prec, outer, func() {
			formatExpr(b, x.Args[0], prec)
			b.WriteString(" " + x.Fn.Name + " ")
			formatExpr(b, x.Args[1], prec+1)
		})
	case x.Fn.Kind == expr.KindOperator && len(x.Args) == 1:
		paren(b, precUnary, outer, func() {
			b.WriteString(x.Fn.Name)
			formatExpr(b, x.Args[0], precUnary)
		})
	default:
		b.WriteString(x.Fn.Name)
		b.WriteByte('(')
		formatList(b, x.Args)
		b.WriteByte(')')
	}
}

// colName is a column's name, with its id where it has none.
func colName(name string, id expr.ColumnID) string {
	if name == "" {
		return "c" + strconv.Itoa(int(id))
	}
	return name
}

// FormatValue writes a constant as a literal; long ones are cut.
func FormatValue(v sql.Value) string {
	if v.Null {
		return "NULL"
	}
	switch v.Type.OID {
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDOid:
		return strconv.FormatInt(v.I, 10)
	case sql.OIDBool:
		return strconv.FormatBool(v.I != 0)
	}
	text := string(sql.AppendText(nil, v, nil)) // default settings: the same in every session
	if r := []rune(text); len(r) > 60 {
		text = string(r[:57]) + "..."
	}
	switch v.Type.OID {
	case sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8:
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
