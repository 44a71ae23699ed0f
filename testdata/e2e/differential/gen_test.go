package differential

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/lake"
)

// ex is an expression: a form with a %s for each of its arguments, which may be
// replaced by each other one of its type.
type ex struct {
	t    sql.OID
	form string
	args []*ex
	sub  *query // %s stands for it instead
}

func (e *ex) String() string {
	if e.sub != nil {
		return strings.Replace(e.form, "%s", e.sub.String(), 1)
	}
	if len(e.args) == 0 {
		return e.form
	}
	list := make([]any, len(e.args))
	for i, a := range e.args {
		list[i] = a.String()
	}
	return fmt.Sprintf(e.form, list...)
}

// query is a SELECT whose clauses can be dropped.
type query struct {
	distinct      bool
	items         []*ex
	from          []string // FROM items: the first, then joins with their ON
	on            []*ex    // conditions of from[1:]; nil for cross joins
	where, having []*ex
	group         []*ex
	order         string
	limit         string
	setop         string
	other         *query
}

func (q *query) String() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	if q.distinct {
		b.WriteString("DISTINCT ")
	}
	for i, e := range q.items {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s AS k%d", e, i+1)
	}
	for i, f := range q.from {
		if i == 0 {
			b.WriteString(" FROM ")
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(f)
		if i > 0 && q.on[i-1] != nil {
			b.WriteString(" ON " + q.on[i-1].String())
		}
	}
	list := func(word, sep string, l []*ex) {
		for i, e := range l {
			if i == 0 {
				b.WriteString(" " + word + " ")
			} else {
				b.WriteString(sep)
			}
			b.WriteString(e.String())
		}
	}
	list("WHERE", " AND ", q.where)
	list("GROUP BY", ", ", q.group)
	list("HAVING", " AND ", q.having)
	if q.setop != "" {
		b.WriteString(" " + q.setop + " " + q.other.String())
	}
	b.WriteString(q.order + q.limit)
	return b.String()
}

// col is a column that expressions may use.
type col struct {
	name string
	t    sql.OID
}

// gen writes random statements.
type gen struct {
	r     *rand.Rand
	alias int
	funcs map[sql.OID][]*expr.Func
}

// left out: what reads a clock or takes long, what differs by the version of a
// library in the last digit, and what is compared elsewhere.
var leftOut = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`repeat lpad rpad bpchar random setseed pg_sleep now clock_timestamp statement_timestamp transaction_timestamp timeofday age
		exp ln log log10 power pow ^ cbrt ||/ sqrt |/ sin cos tan cot asin acos atan atan2 sind cosd tand cotd asind acosd atand atan2d sinh cosh tanh asinh acosh atanh degrees radians
		factorial to_char to_date to_timestamp gen_random_uuid format_type regexp_replace regexp_match regexp_matches regexp_split_to_array ~ !~ ~* !~*
		like_escape similar_escape similar_to_escape like notlike bpcharlike bpcharnlike texticlike texticnlike iclike width_bucket erf erfc
		make_interval timezone set_config current_setting to_number stddev_pop chr convert_from convert_to convert decode scale min_scale trim_scale`) {
		m[n] = true
	}
	return m
}()

var scalarTypes = []sql.OID{sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8, sql.OIDBool,
	sql.OIDText, sql.OIDVarchar, sql.OIDBpchar, sql.OIDDate, sql.OIDTimestamp, sql.OIDInterval, sql.OIDBytea}

// usable are the functions and operators over scalars, by result type.
var usable = sync.OnceValue(func() map[sql.OID][]*expr.Func {
	out := map[sql.OID][]*expr.Func{}
	reg := expr.Builtins()
	for _, f := range append(reg.Funcs(), reg.Operators()...) {
		if leftOut[f.Name] || f.Vol != expr.Immutable || f.Set != nil || f.Variadic || len(f.Args) == 0 || f.Dialect != 0 && f.Dialect&expr.Postgres == 0 || !slices.Contains(scalarTypes, f.Ret) {
			continue
		}
		ok := true
		for _, a := range f.Args {
			ok = ok && slices.Contains(scalarTypes, a)
		}
		if ok {
			out[f.Ret] = append(out[f.Ret], f)
		}
	}
	return out
})

func newGen(seed uint64) *gen {
	return &gen{r: rand.New(rand.NewPCG(seed, 11)), funcs: usable()}
}

func (g *gen) chance(p int) bool            { return g.r.IntN(100) < p }
func (g *gen) any(list ...string) string    { return list[g.r.IntN(len(list))] }
func (g *gen) anyType() sql.OID             { return scalarTypes[g.r.IntN(len(scalarTypes))] }
func leaf(t sql.OID, form string) *ex       { return &ex{t: t, form: form} }
func one(t sql.OID, f string, a ...*ex) *ex { return &ex{t: t, form: f, args: a} }

var literals = map[sql.OID][]string{
	sql.OIDInt2:      {"0::smallint", "1::smallint", "(-7)::smallint", "32767::smallint"},
	sql.OIDInt4:      {"0", "1", "2", "(-3)", "2147483647", "10"},
	sql.OIDInt8:      {"0::bigint", "3::bigint", "(-1)::bigint", "9223372036854775807", "5000000000"},
	sql.OIDNumeric:   {"0.0", "1.5", "(-2.25)", "100.00", "0.001", "12345678901234.5678", "1.50::numeric(10,3)", "'NaN'::numeric", "3::numeric"},
	sql.OIDFloat4:    {"0.5::real", "(-2)::real", "'NaN'::real"},
	sql.OIDFloat8:    {"0.25::float8", "(-4)::float8", "'Infinity'::float8", "1e10::float8"},
	sql.OIDBool:      {"true", "false"},
	sql.OIDText:      {"'a'::text", "''::text", "'ab%'::text", "'日本'::text", "'Z z'::text"},
	sql.OIDVarchar:   {"'a'::varchar", "'xyz'::varchar(5)"},
	sql.OIDBpchar:    {"'a'::char(3)", "''::char(2)", "'ab '::bpchar"},
	sql.OIDDate:      {"date '2024-02-29'", "date '1999-12-31'", "date '2024-01-25'"},
	sql.OIDTimestamp: {"timestamp '2024-02-29 12:00:00.5'", "timestamp '2024-02-25'"},
	sql.OIDInterval:  {"interval '1 day'", "interval '1 month -3 hours'", "interval '0.5 seconds'"},
	sql.OIDBytea:     {`'\x00ff'::bytea`, `'ab'::bytea`},
}

// names of types as casts write them.
var castNames = map[sql.OID]string{sql.OIDInt2: "smallint", sql.OIDInt4: "int", sql.OIDInt8: "bigint", sql.OIDNumeric: "numeric", sql.OIDFloat4: "real", sql.OIDFloat8: "float8",
	sql.OIDBool: "boolean", sql.OIDText: "text", sql.OIDVarchar: "varchar", sql.OIDBpchar: "bpchar", sql.OIDDate: "date", sql.OIDTimestamp: "timestamp", sql.OIDInterval: "interval", sql.OIDBytea: "bytea"}

// casts are pairs that seldom fail.
var casts = map[sql.OID][]sql.OID{
	sql.OIDInt8: {sql.OIDInt2, sql.OIDInt4, sql.OIDNumeric}, sql.OIDInt4: {sql.OIDInt2, sql.OIDInt8, sql.OIDNumeric, sql.OIDFloat8, sql.OIDBool}, sql.OIDInt2: {sql.OIDInt4},
	sql.OIDNumeric: {sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDFloat8, sql.OIDFloat4}, sql.OIDFloat8: {sql.OIDInt4, sql.OIDInt8, sql.OIDNumeric, sql.OIDFloat4}, sql.OIDFloat4: {sql.OIDInt4, sql.OIDNumeric},
	sql.OIDText:    {sql.OIDInt4, sql.OIDNumeric, sql.OIDBool, sql.OIDVarchar, sql.OIDBpchar, sql.OIDDate, sql.OIDTimestamp, sql.OIDInterval, sql.OIDFloat8},
	sql.OIDVarchar: {sql.OIDText, sql.OIDBpchar, sql.OIDInt4}, sql.OIDBpchar: {sql.OIDText, sql.OIDVarchar}, sql.OIDDate: {sql.OIDTimestamp}, sql.OIDTimestamp: {sql.OIDDate}, sql.OIDBool: {sql.OIDInt4},
}

// expr makes an expression of a type over cols.
func (g *gen) expr(t sql.OID, cols []col, depth int) *ex {
	if depth <= 0 || g.chance(20) {
		var fit []col
		for _, c := range cols {
			if c.t == t {
				fit = append(fit, c)
			}
		}
		switch {
		case len(fit) > 0 && g.chance(75):
			return leaf(t, fit[g.r.IntN(len(fit))].name)
		case g.chance(6):
			return leaf(t, "NULL::"+castNames[t])
		}
		return leaf(t, g.any(literals[t]...))
	}
	depth--
	switch k := g.r.IntN(20); {
	case k < 2:
		return one(t, "CASE WHEN %s THEN %s ELSE %s END", g.expr(sql.OIDBool, cols, depth), g.expr(t, cols, depth), g.expr(t, cols, depth))
	case k == 2:
		return one(t, "coalesce(%s, %s)", g.expr(t, cols, depth), g.expr(t, cols, depth))
	case k == 3:
		return one(t, "nullif(%s, %s)", g.expr(t, cols, depth), g.expr(t, cols, depth))
	case k == 4:
		return one(t, g.any("greatest", "least")+"(%s, %s)", g.expr(t, cols, depth), g.expr(t, cols, depth))
	case k < 7 && len(casts[t]) > 0:
		from := casts[t][g.r.IntN(len(casts[t]))]
		return one(t, "(%s)::"+castNames[t], g.expr(from, cols, depth))
	case t == sql.OIDNumeric && k < 13:
		return one(t, "(%s "+g.any("+", "-", "*", "+", "-", "*", "/", "%%")+" %s)", g.number(cols, depth), g.expr(t, cols, depth))
	case t == sql.OIDNumeric && k < 15:
		return one(t, g.any("abs(%s)", "round(%s, 2)", "trunc(%s, 1)", "-(%s)", "round(%s)", "(%s)::numeric(20,3)", "ceil(%s)", "(%s)::numeric(12,5)"), g.expr(t, cols, depth))
	case t == sql.OIDBool && k < 17:
		return g.cond(cols, depth)
	}
	list := g.funcs[t]
	if len(list) == 0 {
		return g.expr(t, cols, 0)
	}
	f := list[g.r.IntN(len(list))]
	var args []*ex
	for _, a := range f.Args {
		args = append(args, g.expr(a, cols, depth))
	}
	if f.Kind == expr.KindOperator {
		name := strings.ReplaceAll(f.Name, "%", "%%")
		if len(args) == 1 {
			return one(t, "("+name+" (%s))", args...)
		}
		return one(t, "((%s) "+name+" (%s))", args...)
	}
	return one(t, f.Name+"("+strings.TrimSuffix(strings.Repeat("%s, ", len(args)), ", ")+")", args...)
}

// number is a numeric or an integer expression.
func (g *gen) number(cols []col, depth int) *ex {
	return g.expr([]sql.OID{sql.OIDNumeric, sql.OIDNumeric, sql.OIDInt4, sql.OIDInt8, sql.OIDInt2}[g.r.IntN(5)], cols, depth)
}

var mixed = [][2]sql.OID{{sql.OIDInt4, sql.OIDNumeric}, {sql.OIDNumeric, sql.OIDInt8}, {sql.OIDInt2, sql.OIDInt8}, {sql.OIDFloat8, sql.OIDInt4}, {sql.OIDFloat4, sql.OIDFloat8},
	{sql.OIDDate, sql.OIDTimestamp}, {sql.OIDText, sql.OIDBpchar}, {sql.OIDVarchar, sql.OIDText}, {sql.OIDBpchar, sql.OIDVarchar}, {sql.OIDNumeric, sql.OIDFloat8}}

// cond is a condition over cols.
func (g *gen) cond(cols []col, depth int) *ex {
	t := g.anyType()
	u := t
	if g.chance(25) {
		p := mixed[g.r.IntN(len(mixed))]
		t, u = p[0], p[1]
	}
	e := func(t sql.OID) *ex { return g.expr(t, cols, depth-1) }
	switch g.r.IntN(11) {
	case 0, 1, 2:
		return one(sql.OIDBool, "%s "+g.any("=", "=", "<", "<=", ">", ">=", "<>")+" %s", e(t), e(u))
	case 3:
		return one(sql.OIDBool, "(%s "+g.any("AND", "OR")+" %s)", e(sql.OIDBool), e(sql.OIDBool))
	case 4:
		return one(sql.OIDBool, "(NOT (%s))", e(sql.OIDBool))
	case 5:
		return one(sql.OIDBool, "((%s) IS "+g.any("NULL", "NOT NULL")+")", e(t))
	case 6:
		return one(sql.OIDBool, "((%s) IS "+g.any("", "NOT ")+"DISTINCT FROM (%s))", e(t), e(u))
	case 7:
		return one(sql.OIDBool, "((%s) "+g.any("", "NOT ")+"IN (%s, %s, %s))", e(t), g.expr(t, nil, 0), g.expr(t, nil, 0), g.expr(t, nil, 0))
	case 8:
		return one(sql.OIDBool, "((%s) BETWEEN (%s) AND (%s))", e(t), e(t), e(u))
	case 9:
		return one(sql.OIDBool, "((%s) "+g.any("", "NOT ")+g.any("LIKE", "ILIKE")+" "+g.any("'a%%'", "'%%b'", "'_'", "'%%a_%%'", "'ab'", "'%%'", "'日%%'")+")", e(sql.OIDText))
	}
	return one(sql.OIDBool, "((%s) IS "+g.any("TRUE", "NOT TRUE", "FALSE", "UNKNOWN")+")", e(sql.OIDBool))
}

func tableCols(alias string) (out []col) {
	for _, c := range lake.Columns {
		out = append(out, col{alias + "." + c.Name, c.Type.OID})
	}
	return out
}

// from adds FROM items to q and returns their columns.
func (g *gen) from(q *query, small bool, outer []col, depth int) []col {
	tables := []string{"odd", "tiny", "part", "odd", "none", "big", "tiny"}
	if small {
		tables = []string{"odd", "tiny", "tiny", "none", "odd"}
	}
	var cols []col
	n := 1 + g.r.IntN(3)
	if g.chance(45) {
		n = 1
	}
	for i := range n {
		g.alias++
		a := fmt.Sprintf("t%d", g.alias)
		rel := g.any(tables...) + " " + a
		mine := tableCols(a)
		if depth > 0 && g.chance(20) {
			sub := g.query(true, nil, depth-1)
			rel = "(" + sub.String() + ") " + a
			mine = nil
			for k, e := range sub.items {
				mine = append(mine, col{fmt.Sprintf("%s.k%d", a, k+1), e.t})
			}
		}
		if i == 0 {
			q.from = append(q.from, rel)
			cols = mine
			continue
		}
		kind := g.any("JOIN", "LEFT JOIN", "RIGHT JOIN", "JOIN", "LEFT JOIN", "FULL JOIN")
		on := g.equality(cols, mine)
		if on == nil {
			on = leaf(sql.OIDBool, "true")
		} else if kind != "FULL JOIN" {
			for g.chance(45) {
				on = one(sql.OIDBool, "%s AND %s", on, g.cond(append(append([]col(nil), cols...), mine...), 1))
			}
		}
		q.from, q.on = append(q.from, kind+" "+rel), append(q.on, on)
		cols = append(cols, mine...)
		tables = []string{"tiny", "odd", "none", "tiny"}
	}
	return cols
}

// equality joins two sides by columns of one kind.
func (g *gen) equality(l, r []col) *ex {
	for range 20 {
		a, b := l[g.r.IntN(len(l))], r[g.r.IntN(len(r))]
		p := [2]sql.OID{a.t, b.t}
		if a.t == b.t && a.t != sql.OIDBool || slices.Contains(mixed, p) || slices.Contains(mixed, [2]sql.OID{b.t, a.t}) {
			return leaf(sql.OIDBool, a.name+" = "+b.name)
		}
	}
	return nil
}

// subquery is a condition or a scalar over a subquery that may be correlated.
func (g *gen) subquery(t sql.OID, outer []col, depth int) *ex {
	q := &query{}
	local := g.from(q, true, nil, 0)
	if len(q.from) > 2 {
		q.from, q.on = q.from[:2], q.on[:1]
	}
	if g.chance(70) {
		if e := g.equality(local[:min(len(local), len(lake.Columns))], outer); e != nil {
			q.where = append(q.where, e)
		}
	}
	first := local[:min(len(local), len(lake.Columns))]
	if g.chance(60) {
		q.where = append(q.where, g.cond(first, 1))
	}
	if g.chance(20) {
		q.where = append(q.where, g.cond(append(append([]col(nil), first...), outer...), 1))
	}
	if t != sql.OIDBool {
		q.items = []*ex{one(t, g.any("max", "min")+"(%s)", g.expr(t, first, 1))}
		return &ex{t: t, form: "(%s)", sub: q}
	}
	if g.chance(50) {
		q.items = []*ex{leaf(sql.OIDInt4, "1")}
		return &ex{t: t, form: g.any("", "NOT ") + "EXISTS (%s)", sub: q}
	}
	c := first[g.r.IntN(len(first))]
	q.items = []*ex{leaf(c.t, c.name)}
	return &ex{t: t, form: "(" + g.expr(c.t, outer, 1).escaped() + " " + g.any("IN", "NOT IN", "= ANY", "<> ALL", "< ANY", ">= ALL") + " (%s))", sub: q}
}

func (e *ex) escaped() string { return strings.ReplaceAll(e.String(), "%s", "") }

// orderable types have max and min.
var orderable = []sql.OID{sql.OIDInt2, sql.OIDInt4, sql.OIDInt8, sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8, sql.OIDText, sql.OIDBpchar, sql.OIDDate, sql.OIDTimestamp, sql.OIDInterval}

// aggregate is an aggregate call over cols.
func (g *gen) aggregate(cols []col, depth int) *ex {
	t := orderable[g.r.IntN(len(orderable))]
	d, filter := g.any("", "", "", "DISTINCT "), ""
	var e *ex
	switch g.r.IntN(7) {
	case 0:
		e = leaf(sql.OIDInt8, "count(*)")
		d = ""
	case 1:
		e = one(sql.OIDInt8, "count("+d+"%s)", g.expr(t, cols, depth))
	case 2:
		e = one(sql.OIDInt8, "sum("+d+"%s)", g.expr(sql.OIDInt4, cols, depth))
	case 3:
		e = one(sql.OIDNumeric, g.any("sum", "avg")+"("+d+"%s)", g.expr(sql.OIDNumeric, cols, depth))
	case 4:
		e = one(sql.OIDNumeric, g.any("sum", "avg")+"("+d+"%s)", g.expr(sql.OIDInt8, cols, depth))
	case 5:
		e = one(sql.OIDBool, g.any("bool_and", "bool_or", "every")+"(%s)", g.expr(sql.OIDBool, cols, depth))
	default:
		e = one(t, g.any("max", "min")+"(%s)", g.expr(t, cols, depth))
	}
	if g.chance(15) {
		filter = " FILTER (WHERE %s)"
		e.form += filter
		e.args = append(e.args, g.cond(cols, 1))
	}
	return e
}

// query makes a SELECT; small keeps it cheap.
func (g *gen) query(small bool, types []sql.OID, depth int) *query {
	q := &query{}
	cols := g.from(q, small, nil, depth)
	for g.chance(55) {
		if g.chance(30) && depth > 0 {
			q.where = append(q.where, g.subquery(sql.OIDBool, cols, depth-1))
		} else {
			q.where = append(q.where, g.cond(cols, 2))
		}
	}
	n := 1 + g.r.IntN(3)
	if types != nil {
		n = len(types)
	}
	grouped := types == nil && g.chance(40)
	for i := range n {
		t := g.anyType()
		if types != nil {
			t = types[i]
		}
		switch {
		case grouped && i > 0:
			q.items = append(q.items, g.aggregate(cols, 1))
		case grouped:
			if g.chance(75) {
				k := g.expr(t, cols, 1)
				if len(k.args) > 0 || strings.Contains(k.form, ".") && !strings.Contains(k.form, "'") {
					q.items, q.group = append(q.items, k), append(q.group, k)
					continue
				}
			}
			q.items = append(q.items, g.aggregate(cols, 1))
		case g.chance(12) && depth > 0 && slices.Contains(orderable, t):
			q.items = append(q.items, g.subquery(t, cols, depth-1))
		default:
			q.items = append(q.items, g.expr(t, cols, 2))
		}
	}
	if grouped {
		if g.chance(25) {
			q.having = append(q.having, one(sql.OIDBool, "%s > 1", leaf(sql.OIDInt8, "count(*)")))
		}
		return q
	}
	q.distinct = g.chance(12)
	if types == nil && depth > 0 && g.chance(15) {
		var ts []sql.OID
		for _, e := range q.items {
			ts = append(ts, e.t)
		}
		q.setop = g.any("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL")
		q.other = g.query(true, ts, 0)
		q.other.distinct = false
	}
	return q
}
