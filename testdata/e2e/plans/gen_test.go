package plans

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// gen writes random queries over three small relations with NULLs and duplicates,
// most of them with subqueries.
type gen struct {
	r     *rand.Rand
	alias int
}

// scope lists the columns that an expression may use.
type scope []string

func (g *gen) pick(list ...string) string { return list[g.r.IntN(len(list))] }
func (g *gen) chance(p int) bool          { return g.r.IntN(100) < p }
func (g *gen) name() string               { g.alias++; return fmt.Sprintf("x%d", g.alias) }

// data is the WITH clause that defines the relations t, u and v (a, b, c int).
func (g *gen) data() string {
	var b strings.Builder
	b.WriteString("WITH ")
	for i, t := range []string{"t", "u", "v"} {
		if i > 0 {
			b.WriteString(", ")
		}
		rows := make([]string, 3+g.r.IntN(9))
		for k := range rows {
			var vals []string
			for c := range 3 {
				switch {
				case k == 0:
					vals = append(vals, fmt.Sprintf("%d::int", g.r.IntN(5)))
				case g.chance(15):
					vals = append(vals, "NULL")
				default:
					vals = append(vals, fmt.Sprint(g.r.IntN(5+c)))
				}
			}
			rows[k] = "(" + strings.Join(vals, ",") + ")"
		}
		fmt.Fprintf(&b, "%s(a,b,c) AS (VALUES %s)", t, strings.Join(rows, ","))
	}
	return b.String() + " "
}

func (s scope) any(g *gen) string { return s[g.r.IntN(len(s))] }

func cols(alias string) scope { return scope{alias + ".a", alias + ".b", alias + ".c"} }

// cond is a condition over local columns, perhaps with an outer one.
func (g *gen) cond(local, outer scope, depth int) string {
	all := append(append(scope(nil), local...), outer...)
	switch k := g.r.IntN(12); {
	case k < 4 && len(outer) > 0:
		return local.any(g) + " = " + outer.any(g)
	case k < 5 && len(outer) > 0:
		return local.any(g) + g.pick(" < ", " <> ", " >= ") + outer.any(g)
	case k < 6:
		return all.any(g) + " IS " + g.pick("NULL", "NOT NULL")
	case k < 7:
		return fmt.Sprintf("(%s = %d OR %s > %s)", all.any(g), g.r.IntN(5), all.any(g), all.any(g))
	case k < 8:
		return all.any(g) + " IS " + g.pick("", "NOT ") + "DISTINCT FROM " + all.any(g)
	case k < 11 && depth > 0:
		return g.sub(all, depth-1)
	}
	return fmt.Sprintf("%s %s %d", all.any(g), g.pick("=", "<", "<=", ">", "<>"), g.r.IntN(6))
}

func (g *gen) conds(local, outer scope, depth int) string {
	var list []string
	for range 1 + g.r.IntN(2) {
		list = append(list, g.cond(local, outer, depth))
	}
	return strings.Join(list, " AND ")
}

// from is a FROM item of one or two relations and the columns it gives.
func (g *gen) from(outer scope, depth int) (string, scope) {
	a := g.name()
	rel := g.pick("t", "u", "v")
	if !g.chance(40) {
		return rel + " " + a, cols(a)
	}
	b := g.name()
	all := append(cols(a), cols(b)...)
	rel2 := g.pick("t", "u", "v")
	switch g.r.IntN(6) {
	case 0:
		return fmt.Sprintf("%s %s, %s %s", rel, a, rel2, b), all
	case 1:
		return fmt.Sprintf("%s %s LEFT JOIN %s %s ON %s.a = %s.a AND %s", rel, a, rel2, b, a, b, g.cond(cols(b), nil, 0)), all
	case 2:
		return fmt.Sprintf("%s %s FULL JOIN %s %s ON %s.b = %s.a", rel, a, rel2, b, a, b), all
	case 3:
		if depth > 0 {
			q, out := g.lateral(append(cols(a), outer...), b, depth-1)
			return fmt.Sprintf("%s %s %s LATERAL %s ON true", rel, a, g.pick("LEFT JOIN", "JOIN"), q), append(cols(a), out...)
		}
	case 4:
		return fmt.Sprintf("%s %s LEFT JOIN %s %s ON %s.a = %s.b LEFT JOIN v z%s ON z%s.a = %s.c", rel, a, rel2, b, a, b, a, a, b), all
	}
	return fmt.Sprintf("%s %s JOIN %s %s ON %s.a = %s.b", rel, a, rel2, b, a, b), all
}

// lateral is a lateral subquery under the alias and its columns.
func (g *gen) lateral(outer scope, alias string, depth int) (string, scope) {
	f, local := g.from(outer, depth)
	where := g.conds(local, outer, depth)
	switch g.r.IntN(5) {
	case 0:
		return fmt.Sprintf("(SELECT count(*) AS a, max(%s) AS b, sum(%s) AS c FROM %s WHERE %s) %s", local.any(g), local.any(g), f, where, alias), cols(alias)
	case 1:
		return fmt.Sprintf("(SELECT %s AS a, %s AS b, %s AS c FROM %s WHERE %s ORDER BY 1, 2, 3 LIMIT 2) %s", local.any(g), local.any(g), outer.any(g), f, where, alias), cols(alias)
	case 2:
		return fmt.Sprintf("(SELECT DISTINCT %s AS a, %s AS b, 1 AS c FROM %s WHERE %s) %s", local.any(g), local.any(g), f, where, alias), cols(alias)
	case 3:
		return fmt.Sprintf("(SELECT %s AS a, %s AS b, 7 AS c FROM %s WHERE %s UNION ALL SELECT %s, 1, 2) %s", local.any(g), local.any(g), f, where, outer.any(g), alias), cols(alias)
	}
	return fmt.Sprintf("(SELECT %s AS a, %s AS b, count(*)::int AS c FROM %s WHERE %s GROUP BY 1, 2) %s", local.any(g), local.any(g), f, where, alias), cols(alias)
}

// scalar is a scalar subquery with an integer result.
func (g *gen) scalar(outer scope, depth int) string {
	f, local := g.from(outer, depth)
	where := g.conds(local, outer, depth)
	switch g.r.IntN(6) {
	case 0:
		return fmt.Sprintf("(SELECT count(*) FROM %s WHERE %s)", f, where)
	case 1:
		return fmt.Sprintf("(SELECT coalesce(sum(%s), -1) + count(%s) FROM %s WHERE %s)", local.any(g), local.any(g), f, where)
	case 2:
		return fmt.Sprintf("(SELECT %s FROM %s WHERE %s ORDER BY 1 LIMIT 1)", local.any(g), f, where)
	case 3:
		return fmt.Sprintf("(SELECT %s + max(%s) FROM %s WHERE %s)", outer.any(g), local.any(g), f, where)
	case 4:
		return fmt.Sprintf("(SELECT %s FROM %s WHERE %s)", local.any(g), f, where)
	}
	return fmt.Sprintf("(SELECT %s(%s) FROM %s WHERE %s)", g.pick("max", "min", "sum"), local.any(g), f, where)
}

// sub is a condition with a subquery.
func (g *gen) sub(outer scope, depth int) string {
	f, local := g.from(outer, depth)
	switch g.r.IntN(7) {
	case 0, 1:
		return fmt.Sprintf("%sEXISTS (SELECT 1 FROM %s WHERE %s)", g.pick("", "NOT "), f, g.conds(local, outer, depth))
	case 2:
		return fmt.Sprintf("%s %sIN (SELECT %s FROM %s WHERE %s)", outer.any(g), g.pick("", "NOT "), local.any(g), f, g.conds(local, outer, depth))
	case 3:
		return fmt.Sprintf("(%s = 2 OR %sEXISTS (SELECT 1 FROM %s WHERE %s))", outer.any(g), g.pick("", "NOT "), f, g.conds(local, outer, depth))
	case 4:
		return fmt.Sprintf("(%s, %s) %sIN (SELECT %s, %s FROM %s)", outer.any(g), outer.any(g), g.pick("", "NOT "), local.any(g), local.any(g), f)
	case 5:
		return fmt.Sprintf("%s %s %s (SELECT %s FROM %s WHERE %s)", outer.any(g), g.pick("<", ">=", "=", "<>"), g.pick("ANY", "ALL"), local.any(g), f, g.conds(local, outer, depth))
	}
	return outer.any(g) + g.pick(" < ", " = ", " >= ") + g.scalar(outer, depth)
}

// query is a whole statement.
func (g *gen) query() string {
	g.alias = 0
	f, local := g.from(nil, 2)
	if g.chance(30) {
		f2, more := g.from(nil, 1)
		f, local = f+", "+f2, append(local, more...)
	}
	var targets []string
	for range 1 + g.r.IntN(3) {
		switch g.r.IntN(6) {
		case 0:
			targets = append(targets, g.scalar(local, 1))
		case 1:
			targets = append(targets, g.sub(local, 1))
		case 2:
			targets = append(targets, fmt.Sprintf("CASE WHEN %s > 2 THEN %s ELSE -5 END", local.any(g), g.scalar(local, 0)))
		default:
			targets = append(targets, local.any(g))
		}
	}
	where := g.conds(local, nil, 2)
	switch g.r.IntN(10) {
	case 3:
		a, b := local.any(g), local.any(g)
		return g.data() + fmt.Sprintf("SELECT DISTINCT ON (%s) %s, %s FROM %s WHERE %s ORDER BY %s, %s DESC", a, a, b, f, where, a, b)
	case 4:
		a, b := local.any(g), local.any(g)
		return g.data() + fmt.Sprintf("SELECT * FROM (SELECT %s AS a, sum(%s) OVER (PARTITION BY %s) AS b, rank() OVER (PARTITION BY %s ORDER BY %s) AS c, %s AS d FROM %s WHERE %s) q WHERE %s",
			a, b, a, a, b, targets[0], f, where, g.pick("q.a > 1", "q.b > 3", "q.c = 1", "q.a = 2 AND q.c < 3"))
	case 5:
		a, b := local.any(g), local.any(g)
		return g.data() + fmt.Sprintf("SELECT %s, %s, count(*), grouping(%s) FROM %s WHERE %s GROUP BY %s HAVING %s", a, b, a, f, where,
			g.pick("ROLLUP", "CUBE")+"("+a+", "+b+")", g.pick("true", "count(*) > 1", a+" = 2", a+" IS NULL"))
	case 6:
		return g.data() + fmt.Sprintf("SELECT %s, s.i FROM %s, LATERAL generate_series(%s, 3) %s s(i) WHERE %s", targets[0], f, local.any(g), g.pick("", "AS"), where)
	case 7:
		return g.data() + fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY 1 LIMIT %d OFFSET %d", local.any(g), f, where, g.r.IntN(5), g.r.IntN(3))
	case 0:
		k := local.any(g)
		return g.data() + fmt.Sprintf("SELECT %s, count(*), count(DISTINCT %s), sum(%s) FROM %s WHERE %s GROUP BY 1 HAVING %s", k, local.any(g), local.any(g), f, where,
			g.pick("true", "count(*) > 1", k+" IN (SELECT a FROM u)", "EXISTS (SELECT 1 FROM v WHERE v.a = "+k+")"))
	case 1:
		return g.data() + fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s", strings.Join(targets, ", "), f, where)
	case 2:
		f2, more := g.from(nil, 1)
		return g.data() + fmt.Sprintf("SELECT %s FROM %s WHERE %s %s SELECT %s FROM %s WHERE %s", local.any(g), f, where, g.pick("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL"), more.any(g), f2, g.conds(more, nil, 1))
	}
	return g.data() + fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(targets, ", "), f, where)
}
