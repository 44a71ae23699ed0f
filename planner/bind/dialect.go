package bind

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/planner/parse"
	"github.com/sluicedb/sluice/sql"
)

// semantics are what PostgreSQL's own syntax means in a dialect; functions whose
// meaning differs are forms of the registry.
type semantics struct {
	nullsLast   bool // NULLs come last in ORDER BY, also in a descending one
	strictMost  bool // GREATEST and LEAST are NULL if an argument is
	floatToInt  bool // a cast of a float to an integer rounds halves away from zero
	extractInt  bool // EXTRACT gives a bigint
	mondayFirst bool // EXTRACT(DOW ...) counts Monday 1 to Sunday 7
	// quotientScale is the scale of the quotient of two decimals; nil: PostgreSQL's.
	quotientScale func(p1, s1, p2, s2 int) int
	// averageOfInts is what an average of integers becomes; "": numeric.
	averageOfInts string
}

// meanings is the one table of differences of syntax; docs/dialects.md shows them.
var meanings = map[expr.Dialect]semantics{
	expr.Redshift: {
		averageOfInts: "trunc($1)::bigint",
		quotientScale: func(p1, s1, p2, s2 int) int { return max(4, s1+p2-s2+1) },
	},
	expr.Athena: {
		nullsLast: true, strictMost: true, floatToInt: true, extractInt: true, mondayFirst: true,
		averageOfInts: "($1)::float8",
		quotientScale: func(p1, s1, p2, s2 int) int { return max(s1, s2) },
	},
}

func (b *binder) semantics() semantics { return meanings[b.env.Dialect] }

// formArg is an argument of a form: bound already, or the body of a lambda, which is
// bound where it stands in the form's text.
type formArg struct {
	operand
	body parse.Expr
}

// formScope is the form whose text is being bound.
type formScope struct {
	args  []formArg
	outer *formScope
	env   *expr.Env // outside of it
}

func formArgs(list []operand) []formArg {
	out := make([]formArg, len(list))
	for i, o := range list {
		out[i].operand = o
	}
	return out
}

// formArg binds $n of a form's text.
func (b *binder) formArg(lv *level, n int) (expr.Expr, error) {
	a := b.form.args[n-1]
	if a.body == nil {
		return a.e, nil
	}
	form, env := b.form, b.env
	b.form, b.env = form.outer, form.env
	x, err := b.expr(lv, a.body)
	b.form, b.env = form, env
	return x, err
}

// templates are the parsed texts of forms.
var templates sync.Map

func template(text string) (parse.Expr, error) {
	if e, ok := templates.Load(text); ok {
		return e.(parse.Expr), nil
	}
	e, err := parse.ParseExpr(text)
	if err != nil {
		return nil, fmt.Errorf("the form %q: %w", text, err)
	}
	templates.Store(text, e)
	return e, nil
}

// write binds a form's text over its arguments; errors in it are at pos.
func (b *binder) write(lv *level, text string, args []formArg, pos int) (expr.Expr, error) {
	e, err := template(text)
	if err != nil {
		return nil, err
	}
	env := *b.env
	env.Dialect = expr.Postgres // which the text is in
	b.form, b.env = &formScope{args, b.form, b.env}, &env
	x, err := b.expr(lv, e)
	b.env, b.form = b.form.env, b.form.outer
	if err != nil {
		e := *sql.AsError(err)
		e.Position = pos
		return nil, &e
	}
	return x, nil
}

// formOf finds the form of a call; with decides, one that the session's dialect means
// where PostgreSQL has the call, too.
func (b *binder) formOf(name []string, args int, decides bool) *expr.Form {
	if len(name) > 1 {
		return nil
	}
	var other *expr.Form
	for _, f := range b.reg.Forms(name[0]) {
		if f.Args != args {
			continue
		}
		if f.Dialect&b.env.Dialect != 0 && (f.Decides || !decides) {
			return f
		}
		if !f.Decides && other == nil {
			other = f
		}
	}
	if decides {
		return nil
	}
	return other
}

// foreignCall binds a call in another dialect's manner; nil if it is none such.
func (b *binder) foreignCall(lv *level, e *parse.FuncCall) (expr.Expr, error) {
	if len(e.Name.Parts) > 1 && !(e.SQLSyntax && e.Name.Parts[0] == "pg_catalog") {
		return nil, nil
	}
	if rewritten := rewriteCall(e); rewritten != nil {
		return b.expr(lv, rewritten)
	}
	switch e.Name.Parts[0] {
	case "try":
		if len(e.Args) == 1 {
			o, err := b.operand(lv, e.Args[0])
			if err != nil {
				return nil, err
			}
			return b.try(o.e, e.Pos())
		}
	case "transform", "filter", "any_match", "all_match", "none_match", "reduce", "array_sort", "map_filter", "zip_with", "transform_values", "transform_keys":
		return b.lambdaCall(lv, e)
	}
	return nil, nil
}

// rewriteCall gives a call of another dialect that is a matter of syntax alone as
// PostgreSQL writes it; nil for others.
func rewriteCall(e *parse.FuncCall) parse.Expr {
	n := len(e.Args)
	call := func(name string, args ...parse.Expr) *parse.FuncCall {
		c := *e
		c.Name = parse.Name{P: e.P, Parts: []string{"pg_catalog", name}}
		c.Args = args
		return &c
	}
	number := func(text string) parse.Expr { return &parse.Literal{P: e.P, Kind: parse.LitNumber, Text: text} }
	text := func(x parse.Expr) parse.Expr {
		return &parse.CastExpr{P: parse.P(x.Pos()), Arg: x, Type: parse.TypeName{Name: parse.Name{Parts: []string{"text"}}}}
	}
	element := func(x parse.Expr) parse.Expr {
		return &parse.Indirection{P: e.P, Arg: x, Steps: []parse.IndirectionStep{{Index: &parse.Subscript{Upper: &parse.Literal{Kind: parse.LitInt, Text: "1"}}}}}
	}
	and := func(a, b parse.Expr) parse.Expr {
		if a == nil {
			return b
		}
		return &parse.BoolExpr{P: e.P, Op: parse.OpAnd, Args: []parse.Expr{a, b}}
	}
	switch name := e.Name.Parts[0]; {
	case name == "nvl" && n > 0:
		return &parse.CoalesceExpr{P: e.P, Args: e.Args}
	case name == "decode" && n > 2:
		out := &parse.CaseExpr{P: e.P}
		for i := 1; i+1 < n; i += 2 {
			cond := &parse.DistinctExpr{P: e.P, Not: true, Left: e.Args[0], Right: e.Args[i]}
			out.Whens = append(out.Whens, parse.CaseWhen{P: e.P, Cond: cond, Then: e.Args[i+1]})
		}
		if n%2 == 0 {
			out.Else = e.Args[n-1]
		}
		return out
	case name == "listagg" && (n == 1 || n == 2):
		sep := parse.Expr(&parse.Literal{P: e.P, Kind: parse.LitString})
		if n == 2 {
			sep = e.Args[1]
		}
		c := call("string_agg", text(e.Args[0]), sep)
		c.WithinGroup = false
		if e.Distinct {
			for i := range c.OrderBy { // the order is by the text that is distinct
				c.OrderBy = slices.Clone(c.OrderBy)
				c.OrderBy[i].Expr = text(c.OrderBy[i].Expr)
			}
		}
		return c
	case name == "median" && n == 1:
		c := call("percentile_cont", number("0.5"))
		c.WithinGroup, c.OrderBy = true, []parse.SortBy{{P: e.P, Expr: e.Args[0]}}
		return c
	case name == "approx_percentile" && n == 2:
		c := call("percentile_disc", e.Args[1])
		c.WithinGroup, c.OrderBy = true, []parse.SortBy{{P: e.P, Expr: e.Args[0]}}
		return c
	case name == "approx_distinct" && n <= 2 && n > 0:
		c := call("count", e.Args[0])
		c.Distinct = true
		return c
	case name == "ratio_to_report" && n == 1 && e.Over != nil:
		float := func(x parse.Expr) parse.Expr {
			return &parse.CastExpr{P: e.P, Arg: x, Type: parse.TypeName{Name: parse.Name{Parts: []string{"float8"}}}}
		}
		total := &parse.NullIfExpr{P: e.P, Left: float(call("sum", e.Args[0])), Right: number("0")}
		return &parse.OpExpr{P: e.P, Op: "/", Left: float(e.Args[0]), Right: total}
	case name == "count_if" && n == 1:
		c := call("count")
		c.Star, c.Filter = true, and(e.Filter, e.Args[0])
		return c
	case (name == "arbitrary" || name == "any_value") && n == 1:
		c := call("array_agg", e.Args[0])
		c.Filter = and(e.Filter, &parse.TestExpr{P: e.P, Kind: parse.IsNotNull, Arg: e.Args[0]})
		return element(c)
	case (name == "max_by" || name == "min_by") && n == 2:
		c := call("array_agg", e.Args[0])
		c.OrderBy = []parse.SortBy{{P: e.P, Expr: e.Args[1], Desc: name == "max_by"}}
		c.Filter = and(e.Filter, &parse.TestExpr{P: e.P, Kind: parse.IsNotNull, Arg: e.Args[1]})
		return element(c)
	case name == "set_agg" && n == 1:
		c := call("array_agg", e.Args[0])
		c.Distinct = true
		return c
	case name == "map_agg" && n == 2:
		return call("jsonb_object_agg", e.Args...)
	case name == "bitwise_and_agg" && n == 1:
		return call("bit_and", e.Args...)
	case name == "bitwise_or_agg" && n == 1:
		return call("bit_or", e.Args...)
	case name == "geometric_mean" && n == 1:
		c := call("avg", &parse.FuncCall{P: e.P, Name: parse.Name{P: e.P, Parts: []string{"ln"}}, Args: e.Args})
		return &parse.FuncCall{P: e.P, Name: parse.Name{P: e.P, Parts: []string{"exp"}}, Args: []parse.Expr{c}}
	}
	return nil
}

// withDatePart takes a first argument that is a bare word for a date part's name.
func withDatePart(reg *expr.Registry, e *parse.FuncCall) []parse.Expr {
	if len(e.Args) < 2 || len(e.Name.Parts) > 1 || !reg.TakesDatePart(e.Name.Parts[0]) {
		return e.Args
	}
	c, ok := e.Args[0].(*parse.ColumnRef)
	if !ok || len(c.Parts) != 1 || c.Star {
		return e.Args
	}
	part := expr.DatePart(strings.ToLower(c.Parts[0]))
	if part == "" {
		return e.Args
	}
	return append([]parse.Expr{&parse.Literal{P: c.P, Kind: parse.LitString, Text: part}}, e.Args[1:]...)
}

// refusals are calls of other dialects that are refused with the way to write them.
var refusals = map[string]string{
	"checksum":  "Compare count(*) and sums of columns, or md5(string_agg(...)).",
	"reduce":    "Use a subquery: (SELECT sum(x) FROM unnest(a) u(x)).",
	"histogram": "Use SELECT x, count(*) ... GROUP BY x.",
	"map":       "Use jsonb_object(keys, values).",
	"zip_with":  "Use unnest(a, b) in FROM.",
}

// refused is the error for a function that is known not to be had, nil for others.
func refused(name string, pos int) error {
	hint, ok := refusals[name]
	if !ok {
		return nil
	}
	return sql.Errorf(sql.CodeFeatureNotSupported, "function %s is not supported", name).At(pos).WithHint("%s", hint)
}

// notice notes once what the client should be told about the statement.
func (b *binder) notice(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(b.notices, n) {
		b.notices = append(b.notices, n)
	}
}

// formFor writes a call that PostgreSQL does not have, which is what err says, as one
// of another dialect; nil if none has it.
func (b *binder) formFor(lv *level, e *parse.FuncCall, args []operand, err error) (expr.Expr, error) {
	if sql.AsError(err).Code != sql.CodeUndefinedFunction || len(e.Name.Parts) > 1 {
		return nil, nil
	}
	name := e.Name.Parts[0]
	f := b.formOf(e.Name.Parts, len(args), false)
	if f == nil {
		return nil, refused(name, e.Pos())
	}
	if err := plainOnly(e); err != nil {
		return nil, err
	}
	if b.env.Dialect == expr.Postgres && b.form == nil && (len(b.reg.LookupFunc(name)) > 0 || len(b.reg.LackingFunc(name)) > 0) {
		b.notice("the call of %s() is taken in the sense of %s's dialect", name, dialectName(f.Dialect))
	}
	return b.write(lv, f.Text, formArgs(args), e.Pos())
}

func dialectName(d expr.Dialect) string {
	if d&expr.Redshift != 0 {
		return "Redshift"
	}
	return "Athena"
}

// average makes the average of integers what the dialect has it to be.
func (b *binder) average(lv *level, f *callee, x expr.Expr, err error) (expr.Expr, error) {
	text := b.semantics().averageOfInts
	if err != nil || f.agg == nil || f.agg.Name != "avg" || text == "" {
		return x, err
	}
	switch f.agg.Args[0] {
	case sql.OIDInt2, sql.OIDInt4, sql.OIDInt8:
		return b.write(lv, text, []formArg{{operand: operand{e: x}}}, 0)
	}
	return x, nil
}

// quotient rounds the quotient of two decimals to the scale that the dialect gives it.
func (b *binder) quotient(lv *level, x expr.Expr, pos int) (expr.Expr, error) {
	scale := b.semantics().quotientScale
	call, ok := x.(*expr.Call)
	if scale == nil || !ok || call.T.OID != sql.OIDNumeric || len(call.Args) != 2 {
		return x, nil
	}
	l, r := call.Args[0].Type().Dec, call.Args[1].Type().Dec
	if !l.Static() || !r.Static() {
		return x, nil
	}
	n := scale(int(l.P), int(l.S), int(r.P), int(r.S))
	return b.write(lv, fmt.Sprintf("round($1, %d)", n), []formArg{{operand: operand{x, pos}}}, pos)
}

// awayFromZero rounds a float that becomes an integer.
func (b *binder) awayFromZero(lv *level, x expr.Expr, t sql.Type, pos int) (expr.Expr, error) {
	from := x.Type().OID
	if from != sql.OIDFloat4 && from != sql.OIDFloat8 || t.OID != sql.OIDInt2 && t.OID != sql.OIDInt4 && t.OID != sql.OIDInt8 {
		return x, nil
	}
	return b.write(lv, "round_away(($1)::float8)", []formArg{{operand: operand{x, pos}}}, pos)
}

// extracted makes EXTRACT what the dialect has it to be.
func (b *binder) extracted(lv *level, e *parse.FuncCall, args []operand, x expr.Expr) (expr.Expr, error) {
	m := b.semantics()
	if !m.extractInt {
		return x, nil
	}
	if c, ok := e.Args[0].(*parse.Literal); ok && m.mondayFirst && (c.Text == "dow" || c.Text == "day_of_week") {
		return b.write(lv, "extract(isodow from $1)::bigint", formArgs(args[1:]), e.Pos())
	}
	return b.write(lv, "floor($1)::bigint", []formArg{{operand: operand{x, e.Pos()}}}, e.Pos())
}

// qualify binds QUALIFY, which may name what the select list calls by a name.
func (b *binder) qualify(lv *level, e parse.Expr, targets []target) (out []expr.Expr, err error) {
	lv.aliases = map[string]expr.Expr{}
	for _, t := range targets {
		if _, dup := lv.aliases[t.name]; !dup && !t.junk {
			lv.aliases[t.name] = t.expr
		}
	}
	x, err := b.condition(lv, e, "QUALIFY")
	lv.aliases = nil
	return expr.Conjuncts(x), err
}
