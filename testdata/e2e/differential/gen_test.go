package differential

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/expr"
	"github.com/sluicedb/sluice/sql"
)

// col is a column that expressions may use.
type col struct {
	name string
	t    sql.OID
}

// gen writes the random statement of a seed. Functions, aggregates and window
// functions come by turns, so that each is called often enough.
type gen struct {
	r     *rand.Rand
	reg   *registry
	turn  uint64
	alias int
	small bool // no large tables
	large bool // a large table is there
	wild  bool // odd values, at the price of errors
	ctes  []relation
}

// relation is what can stand in FROM by its name.
type relation struct {
	name string
	cols []col
}

func newGen(seed uint64) *gen {
	g := &gen{r: rand.New(rand.NewPCG(seed, 11)), reg: reg(), turn: seed * 8}
	g.wild = g.chance(13)
	return g
}

func (g *gen) chance(p int) bool         { return g.r.IntN(100) < p }
func (g *gen) any(list ...string) string { return list[g.r.IntN(len(list))] }
func (g *gen) anyType() sql.OID          { return usual[g.r.IntN(len(usual))] }
func (g *gen) next() uint64              { g.turn++; return g.turn }

func (g *gen) fresh(prefix string) string {
	g.alias++
	return fmt.Sprintf("%s%d", prefix, g.alias)
}

// orderable is a type whose values have an order.
func (g *gen) orderable() sql.OID {
	for {
		if t := g.anyType(); !kindOf[t].unordered {
			return t
		}
	}
}

func columnOf(t sql.OID, cols []col) (fit []col) {
	for _, c := range cols {
		if c.t == t {
			fit = append(fit, c)
		}
	}
	return fit
}

// literal is a constant of a type.
func (g *gen) literal(t sql.OID) *node {
	k := kindOf[t]
	switch {
	case g.chance(5):
		return leaf(t, "NULL::"+k.name)
	case g.wild && len(k.wild) > 0 && g.chance(50):
		return leaf(t, g.any(k.wild...))
	}
	return leaf(t, g.any(k.tame...))
}

// expr makes an expression of a type over cols.
func (g *gen) expr(t sql.OID, cols []col, depth int) *node {
	if kindOf[t] == nil {
		panic("no kind " + sql.LookupType(t).Name)
	}
	if kindOf[t].names {
		return g.literal(t)
	}
	if depth <= 0 || g.chance(20) {
		if fit := columnOf(t, cols); len(fit) > 0 && g.chance(80) {
			return leaf(t, fit[g.r.IntN(len(fit))].name)
		}
		if from := fromColumn[t]; from.form != "" && g.chance(60) {
			if fit := columnOf(from.t, cols); len(fit) > 0 {
				return one(t, from.form, leaf(from.t, fit[g.r.IntN(len(fit))].name))
			}
		}
		return g.literal(t)
	}
	depth--
	k := g.r.IntN(20)
	switch {
	case k < 2:
		return one(t, "CASE WHEN %s THEN %s ELSE %s END", g.expr(sql.OIDBool, cols, depth), g.expr(t, cols, depth), g.expr(t, cols, depth)).with(markLazy)
	case k == 2:
		return one(t, "coalesce(%s, %s)", g.expr(t, cols, depth), g.expr(t, cols, depth)).with(markLazy)
	case k == 3 && !kindOf[t].unordered:
		return one(t, g.any("nullif(%s, %s)", "greatest(%s, %s)", "least(%s, %s)"), g.expr(t, cols, depth), g.expr(t, cols, depth))
	case k == 4 && !kindOf[t].unordered:
		return one(t, "CASE %s WHEN %s THEN %s WHEN %s THEN %s END", g.expr(t, cols, depth), g.expr(t, cols, 0), g.expr(t, cols, depth), g.expr(t, cols, 0), g.expr(t, cols, depth)).with(markLazy)
	case k < 7 && len(g.reg.casts[t]) > 0:
		return g.cast(t, cols, depth)
	case t == sql.OIDBool && k < 14:
		return g.cond(cols, depth)
	case (t == sql.OIDNumeric || t == sql.OIDInt4 || t == sql.OIDInt8) && k < 12:
		return one(t, "(%s "+g.any("+", "-", "*")+" %s)", g.expr(t, cols, depth), g.expr(t, cols, 0))
	case t == sql.OIDNumeric && k < 14:
		return one(t, g.any("round(%s, 2)", "trunc(%s, 1)", "-(%s)", "(%s)::numeric(20,3)", "ceil(%s)", "(%s / 3)"), g.expr(t, cols, depth))
	case sql.ElemOf(t) != 0 && k < 10:
		return one(t, "ARRAY[%s, %s]", g.expr(sql.ElemOf(t), cols, depth), g.expr(sql.ElemOf(t), cols, depth))
	}
	if l := g.reg.by[t]; len(l) > 0 {
		return g.call(l[g.r.IntN(len(l))], t, cols, depth)
	}
	if len(g.reg.casts[t]) > 0 {
		return g.cast(t, cols, depth)
	}
	return g.literal(t)
}

// fromColumn says how types that the tables do not have come from their columns.
var fromColumn = map[sql.OID]struct {
	t    sql.OID
	form string
}{
	sql.OIDTimestamptz: {sql.OIDTimestamp, "(%s AT TIME ZONE 'UTC')"}, sql.OIDTime: {sql.OIDTimestamp, "(%s)::time"}, sql.OIDInterval: {sql.OIDTimestamp, "(%s - timestamp '2024-01-01')"},
	sql.OIDName: {sql.OIDText, "(%s)::name"}, sql.OIDJSONB: {sql.OIDText, "to_jsonb(%s)"}, sql.OIDOid: {sql.OIDInt2, "abs(%s::int)::oid"},
	sql.ArrayOf(sql.OIDInt4): {sql.OIDInt4, "ARRAY[%s, 1]"}, sql.ArrayOf(sql.OIDText): {sql.OIDText, "ARRAY[%s, 'a']"}, sql.ArrayOf(sql.OIDNumeric): {sql.OIDNumeric, "ARRAY[%s]"},
	sql.OIDTimetz: {sql.OIDTimestamp, "(%s AT TIME ZONE 'UTC')::timetz"},
}

// cast makes a cast to t, by way of text where its values are good for that.
func (g *gen) cast(t sql.OID, cols []col, depth int) *node {
	if g.chance(20) && t != sql.OIDPgNodeTree {
		return one(t, "((%s)::text)::"+kindOf[t].name, g.expr(t, cols, depth))
	}
	l := g.reg.casts[t]
	f := l[g.r.IntN(len(l))]
	if kindOf[f.Args[0]] == nil {
		return g.literal(t)
	}
	if f.Args[0] == sql.OIDJSONB {
		return g.call(f, t, cols, depth)
	}
	return one(t, "(%s)::"+kindOf[t].name+g.modifier(t), g.expr(f.Args[0], cols, depth))
}

func (g *gen) modifier(t sql.OID) string {
	if g.chance(80) {
		return ""
	}
	switch t {
	case sql.OIDNumeric:
		return g.any("(20,3)", "(38,10)", "(30)")
	case sql.OIDVarchar, sql.OIDBpchar:
		return g.any("(3)", "(10)")
	case sql.OIDTime, sql.OIDTimestamp, sql.OIDTimestamptz, sql.OIDTimetz, sql.OIDInterval:
		return g.any("(0)", "(3)")
	}
	return ""
}

var mixed = [][2]sql.OID{{sql.OIDInt4, sql.OIDNumeric}, {sql.OIDNumeric, sql.OIDInt8}, {sql.OIDInt2, sql.OIDInt8}, {sql.OIDFloat8, sql.OIDInt4}, {sql.OIDFloat4, sql.OIDFloat8},
	{sql.OIDDate, sql.OIDTimestamp}, {sql.OIDText, sql.OIDBpchar}, {sql.OIDVarchar, sql.OIDText}, {sql.OIDBpchar, sql.OIDVarchar}, {sql.OIDNumeric, sql.OIDFloat8}, {sql.OIDTimestamptz, sql.OIDDate}, {sql.OIDName, sql.OIDText}}

// cond is a condition over cols.
func (g *gen) cond(cols []col, depth int) *node {
	t := g.orderable()
	u := t
	if g.chance(25) {
		p := mixed[g.r.IntN(len(mixed))]
		t, u = p[0], p[1]
	}
	e := func(t sql.OID) *node { return g.expr(t, cols, depth-1) }
	b := func(form string, parts ...*node) *node { return one(sql.OIDBool, form, parts...) }
	switch g.r.IntN(15) {
	case 0, 1, 2:
		return b("%s "+g.any("=", "=", "<", "<=", ">", ">=", "<>")+" %s", e(t), e(u))
	case 3:
		return b("(%s "+g.any("AND", "OR", "OR")+" %s)", e(sql.OIDBool), e(sql.OIDBool)).with(markLazy)
	case 4:
		return b("(NOT (%s))", e(sql.OIDBool))
	case 5:
		return b("((%s) IS "+g.any("NULL", "NOT NULL", "NOT NULL")+")", e(t))
	case 6:
		return b("((%s) IS "+g.any("", "NOT ")+"DISTINCT FROM (%s))", e(t), e(u))
	case 7:
		return b("((%s) "+g.any("", "NOT ")+"IN (%s, %s, %s))", e(t), g.literal(t), g.literal(t), g.expr(t, cols, 0)).with(markLazy)
	case 8:
		return b("((%s) "+g.any("", "NOT ")+"BETWEEN "+g.any("", "SYMMETRIC ")+"(%s) AND (%s))", e(t), e(t), e(u)).with(markLazy)
	case 9:
		return b("((%s) "+g.any("", "NOT ")+g.any("LIKE", "ILIKE")+" "+g.any("'a%'", "'%b'", "'_'", "'%a_%'", "'ab'", "'%'", "'日%'")+")", e(sql.OIDText))
	case 10:
		elem := elements[g.r.IntN(len(elements))]
		return b("((%s) "+g.any("=", "<>", "<", ">=")+" "+g.any("ANY", "ALL")+" (%s))", e(elem), e(sql.ArrayOf(elem))).with(markLazy)
	case 11:
		return b("(ROW(%s, %s) "+g.any("=", "<", ">=", "<>")+" ROW(%s, %s))", e(t), e(sql.OIDText), e(t), e(sql.OIDText))
	case 12:
		if fit := columnOf(sql.OIDInt4, cols); len(fit) > 0 {
			return b("%s "+g.any("=", "<", ">", "<=", ">=")+" %s", leaf(sql.OIDInt4, fit[0].name), leaf(sql.OIDInt4, g.any("0", "3", "7", "20", "35")))
		}
	}
	return b("((%s) IS "+g.any("TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN")+")", e(sql.OIDBool))
}

// turnCall calls the function whose turn it is.
func (g *gen) turnCall(cols []col, depth int) *node {
	f := g.reg.turn[g.next()%uint64(len(g.reg.turn))]
	return g.call(f, 0, cols, depth)
}

// aggregate is a call of the aggregate whose turn it is.
func (g *gen) aggregate(cols []col, depth int) *node {
	a := g.reg.aggs[g.next()%uint64(len(g.reg.aggs))]
	return g.aggregateOf(a, cols, depth)
}

func isFloat(t sql.OID) bool { return t == sql.OIDFloat4 || t == sql.OIDFloat8 }

func (g *gen) aggregateOf(a *expr.Agg, cols []col, depth int) *node {
	elem := elements[g.r.IntN(len(elements))]
	t := concrete(a.Ret, elem)
	var direct, args []*node
	distinct := a.Direct == 0 && !a.Hypothetical && g.chance(15)
	for i, at := range a.Args {
		if at == sql.OIDAny {
			at = g.orderable()
		}
		at = concrete(at, elem)
		switch {
		case i < a.Direct:
			direct = append(direct, leaf(0, g.any("0.5", "0", "1", "0.25", "0.9")))
			continue
		case isFloat(at) && (isFloat(t) || a.Name == "regr_count") && a.Name != "max" && a.Name != "min":
			// Sums of what differs by hundreds of digits are a matter of the order.
			if fit := columnOf(at, cols); len(fit) > 0 {
				args = append(args, leaf(at, fit[g.r.IntN(len(fit))].name))
				continue
			}
			args = append(args, leaf(at, kindOf[at].tame[0]))
			continue
		}
		args = append(args, g.expr(at, cols, depth))
	}
	filter := ""
	var cond []*node
	if g.chance(15) && !a.OrderedSet {
		filter, cond = " FILTER (WHERE %s)", []*node{g.cond(cols, 1)}
	}
	m := markForms
	if isFloat(t) {
		// Where a sum overflows depends on the order of the rows.
		m |= markLoose | markLazy
	}
	switch {
	case a.OrderedSet:
		h := holes(len(args))
		return one(t, a.Name+holes(len(direct))+" WITHIN GROUP (ORDER BY "+h[1:], append(direct, args...)...).with(m)
	case len(a.Args) == 0:
		return one(t, a.Name+"(*)"+filter, cond...)
	case a.Ordered:
		rest := ""
		if len(args) > 1 {
			rest = ", ','"
			if a.Args[1] == sql.OIDBytea {
				rest = `, '\x2c'::bytea`
			}
		}
		if distinct && !kindOf[args[0].t].unordered && exactForms(args[0].t) {
			return &node{t: t, form: a.Name + "(DISTINCT %s" + rest + " ORDER BY %s)", parts: args[:1], same: true, mark: m}
		}
		return &node{t: t, form: a.Name + "(%s" + rest + " ORDER BY (%s)::text " + g.any("", "DESC", "NULLS FIRST") + ")", parts: args[:1], same: true, mark: m}
	case distinct && !slices.ContainsFunc(args, func(n *node) bool { return kindOf[n.t].unordered }):
		h := holes(len(args))
		return one(t, a.Name+"(DISTINCT "+h[1:]+filter, append(args, cond...)...).with(m)
	}
	return one(t, a.Name+holes(len(args))+filter, append(args, cond...)...).with(m)
}

// exactForms: equal values of the type have one form.
func exactForms(t sql.OID) bool {
	if e := sql.ElemOf(t); e != 0 {
		t = e
	}
	return !slices.Contains([]sql.OID{sql.OIDNumeric, sql.OIDFloat4, sql.OIDFloat8, sql.OIDBpchar, sql.OIDInterval, sql.OIDJSONB, sql.OIDTimetz, sql.OIDRecord}, t) && (kindOf[t] == nil || !kindOf[t].unordered)
}

// window is a call over the window of rows whose total order is key.
func (g *gen) window(cols []col, key string) *node {
	var n *node
	ordered := true
	if g.chance(60) {
		w := g.reg.windows[g.next()%uint64(len(g.reg.windows))]
		elem := elements[g.r.IntN(len(elements))]
		var args []*node
		for _, t := range w.Args {
			switch {
			case w.Name == "ntile":
				args = append(args, leaf(0, g.any("1", "3", "4")))
			case w.Name == "nth_value" && len(args) == 1:
				args = append(args, leaf(0, g.any("1", "2", "5")))
			case (w.Name == "lag" || w.Name == "lead") && len(args) == 1:
				args = append(args, leaf(0, g.any("1", "2", "0", "(-1)")))
			default:
				args = append(args, g.expr(concrete(t, elem), cols, 1))
			}
		}
		n = one(concrete(w.Ret, elem), w.Name+holes(len(args)), args...)
		ordered = !slices.Contains([]string{"rank", "dense_rank", "cume_dist", "percent_rank"}, w.Name)
	} else {
		for {
			n = g.aggregate(cols, 1)
			if !strings.Contains(n.form, "DISTINCT") && !strings.Contains(n.form, "ORDER BY") {
				break
			}
		}
	}
	over, parts := " OVER (", slices.Clone(n.parts)
	if g.chance(50) {
		over += "PARTITION BY %s "
		parts = append(parts, g.expr(g.orderable(), cols, 1))
	}
	switch {
	case !ordered && g.chance(50):
		over += "ORDER BY %s" + g.any("", " DESC", " NULLS FIRST")
		parts = append(parts, g.expr(g.orderable(), cols, 1))
	default:
		over += "ORDER BY " + key + g.any("", " DESC")
		if g.chance(60) {
			over += g.frame()
		}
	}
	// Arguments of rows that are in no frame need not be computed.
	return &node{t: n.t, form: n.form + over + ")", parts: parts, mark: n.mark | markLazy}
}

func (g *gen) frame() string {
	bounds := []string{"UNBOUNDED PRECEDING", "2 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING", "UNBOUNDED FOLLOWING"}
	from := g.r.IntN(5)
	to := max(from, 1) + g.r.IntN(6-max(from, 1))
	return " " + g.any("ROWS", "RANGE", "GROUPS") + " BETWEEN " + bounds[from] + " AND " + bounds[to] + g.any("", "", " EXCLUDE CURRENT ROW", " EXCLUDE TIES", " EXCLUDE GROUP")
}
