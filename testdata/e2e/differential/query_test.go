package differential

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/testdata/harness/lake"
)

// statement makes the statement of a seed.
func (g *gen) statement() *node {
	switch k := g.r.IntN(100); {
	case k < 56:
		return g.expressions()
	case k < 58:
		return g.values()
	case k < 61:
		return g.recursive()
	case k < 70:
		return g.withQueries()
	}
	q, _ := g.query(nil, nil, 2, true)
	return q
}

// expressions calls several functions over the rows of one table, where nothing is
// open but which of several errors is found.
func (g *gen) expressions() *node {
	a := g.fresh("t")
	from := g.any("calm", "few", "calm")
	if g.wild {
		from = g.any("odd", "tiny", "odd", "part")
	}
	cols := tableCols(a)
	var items []*node
	for range 8 {
		items = append(items, g.turnCall(cols, g.r.IntN(3)))
	}
	where := clause(" WHERE " + a + ".id " + g.any("= 3", "BETWEEN 2 AND 9", "< 20", ">= 0")).optional()
	return clause("SELECT %s FROM "+from+" "+a+"%s", list("%s", ", ", 1, items...), where)
}

func (g *gen) values() *node {
	var types []sql.OID
	for range 1 + g.r.IntN(3) {
		types = append(types, g.anyType())
	}
	return clause("VALUES %s", g.valueRows(types))
}

func (g *gen) valueRows(types []sql.OID) *node {
	var rows []*node
	for range 1 + g.r.IntN(4) {
		var row []*node
		for _, t := range types {
			row = append(row, g.expr(t, nil, 1))
		}
		rows = append(rows, clause("("+strings.Trim(holes(len(row)), "()")+")", row...))
	}
	return list("%s", ", ", 1, rows...)
}

// recursive counts up with expressions along.
func (g *gen) recursive() *node {
	t := g.anyType()
	r := []col{{"n", sql.OIDInt4}, {"x", t}}
	seed, step := g.expr(t, nil, 1), g.expr(t, r, 1)
	name := kindOf[t].name
	union := "UNION ALL"
	if !kindOf[t].unordered && g.chance(40) {
		union = "UNION"
	}
	q := clause("WITH RECURSIVE r(n, x) AS (SELECT 1, (%s)::"+name+" "+union+" SELECT n + "+g.any("1", "2")+", (%s)::"+name+" FROM r WHERE n < "+g.any("5", "9", "1")+") SELECT n, x FROM r%s",
		seed, step, clause(" WHERE %s", g.cond(r, 1)).optional())
	return q.with(markForms | markLazy)
}

// withQueries puts queries that a query can use before it.
func (g *gen) withQueries() *node {
	g.small = true
	var defs []*node
	for range 1 + g.r.IntN(2) {
		name := g.fresh("c")
		q, types := g.query(nil, nil, 1, false)
		rel := relation{name: name}
		for i, t := range types {
			rel.cols = append(rel.cols, col{fmt.Sprintf("k%d", i+1), t})
		}
		defs = append(defs, clause(name+" AS "+g.any("", "MATERIALIZED ", "NOT MATERIALIZED ")+"(%s)", q))
		g.ctes = append(g.ctes, rel)
	}
	var q *node
	if g.chance(35) {
		q = g.twice(g.ctes[0])
	} else {
		q, _ = g.query(nil, nil, 1, true)
	}
	return clause("%s %s", list("WITH %s", ", ", 0, defs...), q)
}

// twice reads a relation, whose last column is an integer, two times.
func (g *gen) twice(rel relation) *node {
	a, b := g.fresh("t"), g.fresh("t")
	key := rel.cols[len(rel.cols)-1].name
	var l, r []col
	for _, c := range rel.cols {
		l, r = append(l, col{a + "." + c.name, c.t}), append(r, col{b + "." + c.name, c.t})
	}
	on := g.equality(l, r)
	if on == nil {
		on = leaf(sql.OIDBool, a+"."+key+" = "+b+"."+key)
	}
	limit := func(alias string) *node {
		return leaf(sql.OIDBool, alias+"."+key+g.any(" < 7", " > 2", " = 3", " IN (1, 2, 5)", " >= 0"))
	}
	from := list(" FROM "+rel.name+" "+a+"%s", "", 1, clause(" JOIN "+rel.name+" "+b+" ON %s", on)).with(markLazy)
	where := list(" WHERE %s", " AND ", 0, limit(a), limit(b))
	items := []*node{g.expr(g.anyType(), l, 1), g.expr(g.anyType(), r, 1), g.turnCall(slices.Concat(l, r), 0)}
	return g.selected("", items, from, where, nil, true)
}

func tableCols(alias string) (out []col) {
	for _, c := range lake.Columns {
		out = append(out, col{alias + "." + c.Name, c.Type.OID})
	}
	return out
}

// table is a table's name.
func (g *gen) table(first bool) string {
	switch {
	case first && !g.small && g.chance(3):
		g.large = true
		return "big"
	case g.chance(4):
		return "none"
	case g.wild:
		return g.any("odd", "tiny", "odd", "part", "tiny")
	case first:
		return g.any("calm", "few", "calm", "part", "calm")
	}
	return g.any("few", "calm", "few")
}

// relation is a FROM item and its columns; outer are those that LATERAL sees.
func (g *gen) relation(first bool, outer []col, depth int) (*node, []col, string) {
	a := g.fresh("t")
	named := func(types []sql.OID) (cols []col) {
		for i, t := range types {
			cols = append(cols, col{fmt.Sprintf("%s.k%d", a, i+1), t})
		}
		return cols
	}
	k := g.r.IntN(100)
	switch {
	case len(g.ctes) > 0 && k < 50:
		c := g.ctes[g.r.IntN(len(g.ctes))]
		var cols []col
		for _, x := range c.cols {
			cols = append(cols, col{a + "." + x.name, x.t})
		}
		return clause(c.name + " " + a), cols, ""
	case k < 5:
		types := []sql.OID{sql.OIDInt4, g.anyType()}
		return clause("(VALUES %s) "+a+"(k1, k2)", g.valueRows(types)), named(types), ""
	case k < 8:
		return clause("generate_series(1, " + g.any("3", "5", "0") + ") " + a + "(k1)"), named([]sql.OID{sql.OIDInt4}), a + ".k1"
	case k < 10:
		t := elements[g.r.IntN(len(elements))]
		return clause("unnest(%s) WITH ORDINALITY "+a+"(k1, k2)", g.expr(sql.ArrayOf(t), outer, 1)), named([]sql.OID{t, sql.OIDInt8}), ""
	case k < 12:
		f := g.reg.sets[g.next()%uint64(len(g.reg.sets))]
		n := g.call(f, 0, outer, 1)
		if kindOf[n.t] != nil {
			n.form += " " + a + "(k1)"
			return n, named([]sql.OID{n.t}), ""
		}
		if strings.Contains(f.Name, "_each") {
			n.form += " " + a
			return n, []col{{a + ".key", sql.OIDText}}, ""
		}
	case k < 14:
		// Any rows will do, since they are all alike.
		from, _, _ := g.from(outer, 0)
		return clause("(SELECT 7 AS k1%s"+g.any(" LIMIT 5", " LIMIT 3 OFFSET 1", " LIMIT 40")+") "+a, from), named([]sql.OID{sql.OIDInt4}), ""
	case k < 22 && depth > 0:
		q, types := g.query(nil, nil, depth-1, false)
		return clause("(%s) "+a, q), named(types), ""
	case k < 27 && depth > 0 && len(outer) > 0:
		q, types := g.query(nil, outer, depth-1, false)
		return clause("LATERAL (%s) "+a, q), named(types), ""
	}
	t := g.table(first)
	cols := tableCols(a)
	if t == "part" {
		cols = append(cols, col{a + ".pi", sql.OIDInt4}, col{a + ".ps", sql.OIDText})
	}
	return clause(t + " " + a), cols, a + ".id"
}

// from makes a FROM clause: its columns, and the column that orders its rows
// totally, "" if there is none.
func (g *gen) from(outer []col, depth int) (*node, []col, string) {
	first, cols, key := g.relation(true, outer, depth)
	rels := []*node{first}
	for n := 0; n < 2 && g.chance(38); n++ {
		key = ""
		see := cols
		kind := g.any("JOIN", "LEFT JOIN", "RIGHT JOIN", "JOIN", "LEFT JOIN", "FULL JOIN", "CROSS JOIN")
		if kind == "RIGHT JOIN" || kind == "FULL JOIN" {
			see = nil
		}
		rel, mine, _ := g.relation(false, see, depth)
		all := slices.Concat(cols, mine)
		on := g.equality(cols, mine)
		switch {
		case kind == "CROSS JOIN":
			rels = append(rels, clause("CROSS JOIN %s", rel))
			if on != nil {
				// Kept small by a condition that joins it.
				rels[len(rels)-1] = clause("JOIN %s ON true AND %s", rel, on)
			}
		case on == nil:
			rels = append(rels, clause(g.any("JOIN", "LEFT JOIN")+" %s ON true", rel))
		case kind != "FULL JOIN" && g.chance(40):
			rels = append(rels, clause(kind+" %s ON %s AND %s", rel, on, g.cond(all, 1)))
		case kind == "FULL JOIN" && g.chance(40):
			rels = append(rels, clause(kind+" %s ON %s AND %s", rel, on, g.equality(cols, mine)))
			if rels[len(rels)-1].parts[2] == nil {
				rels[len(rels)-1] = clause(kind+" %s ON %s", rel, on)
			}
		case kind != "FULL JOIN" && g.chance(10):
			rels = append(rels, clause(kind+" %s ON %s", rel, g.cond(all, 1)))
		default:
			rels = append(rels, clause(kind+" %s ON %s", rel, on))
		}
		cols = all
	}
	l := list(" FROM %s", " ", 1, rels...)
	if len(rels) > 1 {
		l.mark |= markLazy
	}
	return l, cols, key
}

// equality joins two sides by columns of one kind.
func (g *gen) equality(l, r []col) *node {
	if len(l) == 0 || len(r) == 0 {
		return nil
	}
	for range 30 {
		a, b := l[g.r.IntN(len(l))], r[g.r.IntN(len(r))]
		p := [2]sql.OID{a.t, b.t}
		if a.t == b.t && a.t != sql.OIDBool && !kindOf[a.t].unordered || slices.Contains(mixed, p) || slices.Contains(mixed, [2]sql.OID{b.t, a.t}) {
			return leaf(sql.OIDBool, a.name+" = "+b.name)
		}
	}
	return nil
}

// subquery is a condition over a subquery, or its value, that may be correlated.
func (g *gen) subquery(t sql.OID, outer []col, depth int) *node {
	if g.large && t == sql.OIDBool { // PostgreSQL would compute it for each row
		return g.cond(outer, 1)
	}
	from, cols, _ := g.from(nil, 0)
	var conds []*node
	if g.chance(70) {
		if e := g.equality(cols, outer); e != nil {
			conds = append(conds, e)
		}
	}
	if g.chance(40) {
		conds = append(conds, g.cond(cols, 1))
	}
	if g.chance(20) {
		conds = append(conds, g.cond(slices.Concat(cols, outer), 1))
	}
	if depth > 0 && g.chance(15) {
		conds = append(conds, g.subquery(sql.OIDBool, slices.Concat(cols, outer), depth-1))
	}
	where := list(" WHERE %s", " AND ", 0, conds...)
	if t != sql.OIDBool {
		for _, a := range g.reg.aggs {
			if a.Name == "max" && a.Ret == t && g.chance(80) {
				return one(t, "(SELECT "+g.any("max", "min")+"(%s)%s%s)", g.expr(t, cols, 1), from, where).with(markForms | markLazy)
			}
		}
		return one(t, "(SELECT %s%s%s ORDER BY 1 LIMIT 1)", g.expr(t, cols, 1), from, where).with(markForms | markLazy)
	}
	if g.chance(45) {
		return one(sql.OIDBool, g.any("", "NOT ")+"EXISTS (SELECT 1%s%s)", from, where).with(markLazy)
	}
	c := cols[g.r.IntN(len(cols))]
	if kindOf[c.t].unordered {
		return one(sql.OIDBool, "(SELECT count(*) > 1%s%s)", from, where).with(markLazy)
	}
	if g.chance(15) {
		return one(sql.OIDBool, "((%s, %s) "+g.any("IN", "NOT IN")+" (SELECT "+c.name+", %s%s%s))", g.expr(c.t, outer, 1), g.expr(sql.OIDInt4, outer, 0), g.expr(sql.OIDInt4, cols, 0), from, where).with(markLazy)
	}
	return one(sql.OIDBool, "(%s "+g.any("IN", "NOT IN", "= ANY", "<> ALL", "< ANY", ">= ALL", "IN")+" (SELECT "+c.name+"%s%s))", g.expr(c.t, outer, 1), from, where).with(markLazy)
}

func (g *gen) where(cols []col, depth int) *node {
	var conds []*node
	for n := 0; n < 3 && g.chance(50-15*n); n++ {
		if depth > 0 && g.chance(35) {
			c := g.subquery(sql.OIDBool, cols, depth-1)
			if g.chance(25) {
				c = one(sql.OIDBool, "(%s) IS TRUE", c)
			}
			conds = append(conds, c)
		} else {
			conds = append(conds, g.cond(cols, 2))
		}
	}
	return list(" WHERE %s", " AND ", 0, conds...).with(markLazy)
}

// query makes a SELECT with items of given types (nil: any); top is the
// statement's own, which need not name its columns.
func (g *gen) query(types []sql.OID, outer []col, depth int, top bool) (*node, []sql.OID) {
	if types == nil {
		for range 1 + g.r.IntN(3) {
			types = append(types, g.anyType())
		}
		if !top {
			// What is joined to others has a column that many have.
			types = append(types, sql.OIDInt4)
		}
		types = slices.Clone(types)
	}
	if g.chance(12) && depth > 0 {
		for i, t := range types {
			if kindOf[t].unordered {
				types[i] = sql.OIDText
			}
		}
		return g.setOperation(types, outer, depth, top), types
	}
	from, cols, key := g.from(outer, depth)
	where := g.where(slices.Concat(cols, outer), depth)
	switch k := g.r.IntN(100); {
	case k < 25:
		return g.grouped(types, from, where, cols, outer, top), types
	case k < 37 && key != "":
		items := make([]*node, len(types))
		for i, t := range types {
			items[i] = g.expr(t, cols, 1)
		}
		n := g.r.IntN(len(items))
		if !top {
			n = 0
		}
		items[n] = g.window(cols, key)
		types[n] = items[n].t
		if kindOf[types[n]] == nil {
			items[n], types[n] = one(sql.OIDText, "(%s)::text", items[n]), sql.OIDText
		}
		return g.selected("", items, from, where, nil, top), types
	case k < 42 && key != "":
		return g.distinctOn(types, from, where, cols, key, top), types
	}
	return g.plain(types, from, where, cols, outer, depth, top), types
}

// selected puts a SELECT together.
func (g *gen) selected(word string, items []*node, from, where, rest *node, top bool) *node {
	named := make([]*node, len(items))
	anonymous := top && g.chance(50)
	for i, e := range items {
		named[i] = e
		if !anonymous {
			named[i] = clause(fmt.Sprintf("%%s AS k%d", i+1), e)
		}
	}
	return clause("SELECT "+word+"%s%s%s%s", list("%s", ", ", 1, named...), from, where, rest)
}

func (g *gen) plain(types []sql.OID, from, where *node, cols, outer []col, depth int, top bool) *node {
	see := slices.Concat(cols, outer)
	items := make([]*node, len(types))
	plain := true
	for i, t := range types {
		switch {
		case top && g.chance(50):
			items[i] = g.turnCall(see, 1)
			types[i] = items[i].t
		case g.chance(10) && depth > 0 && !kindOf[t].unordered && t != sql.OIDBool:
			items[i] = g.subquery(t, see, depth-1)
		default:
			items[i] = g.expr(t, see, 2)
		}
		if k := kindOf[types[i]]; k == nil || k.unordered {
			plain = false
		}
	}
	if f := g.reg.sets[g.next()%uint64(len(g.reg.sets))]; top && g.chance(8) && f.Ret != sql.OIDRecord {
		i := g.r.IntN(len(items))
		items[i] = g.call(f, 0, see, 1)
		types[i] = items[i].t
		return g.selected("", items, from, where, nil, top)
	}
	if plain && g.chance(12) {
		return g.selected("DISTINCT ", items, from, where, g.order(types, top), top).with(markForms)
	}
	var rest *node
	if plain && g.chance(40) {
		rest = g.order(types, top)
	}
	return g.selected("", items, from, where, rest, top)
}

// order orders by all columns and perhaps cuts off some rows, which it can only
// where equal rows look the same.
func (g *gen) order(types []sql.OID, top bool) *node {
	var keys []string
	exact := true
	for i, t := range types {
		keys = append(keys, fmt.Sprint(i+1)+g.any("", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
		exact = exact && exactForms(t)
	}
	n := clause(" ORDER BY " + strings.Join(keys, ", ") + "%s").optional()
	n.parts = []*node{nil}
	if exact && g.chance(50) {
		n.parts[0] = clause(g.any(" LIMIT 3", " LIMIT 10 OFFSET 2", " OFFSET 4", " LIMIT 0", " FETCH FIRST 5 ROWS ONLY", " FETCH FIRST 2 ROWS WITH TIES")).optional()
		n.parts[0].mark |= markLazy
	}
	if top && exact {
		n.mark |= markOrder
	}
	return n
}

func (g *gen) distinctOn(types []sql.OID, from, where *node, cols []col, key string, top bool) *node {
	items := make([]*node, len(types))
	for i, t := range types {
		items[i] = g.expr(t, cols, 1)
	}
	on := g.groupKey(cols)
	return g.selected("DISTINCT ON ("+on.String()+") ", items, from, where, clause(" ORDER BY "+on.String()+g.any("", " DESC")+", "+key+g.any("", " DESC")), top).with(markForms)
}

// grouped makes groups by expressions, or by sets of them.
func (g *gen) grouped(types []sql.OID, from, where *node, cols, outer []col, top bool) *node {
	var keys []*node
	for range g.r.IntN(3) {
		keys = append(keys, g.groupKey(cols))
	}
	items := make([]*node, len(types))
	for i, t := range types {
		if i < len(keys) && (top || keys[i].t == t) {
			items[i], types[i] = keys[i], keys[i].t
			continue
		}
		items[i] = g.aggregate(cols, 1)
		if !top && (items[i].t != t || kindOf[items[i].t] == nil) {
			items[i] = g.ofType(t, cols)
		}
		types[i] = items[i].t
	}
	if top && g.chance(15) {
		// What a distinct aggregate goes with that duplicates do not change.
		items = append(items, one(sql.OIDInt8, "count(DISTINCT %s)", g.expr(g.orderable(), cols, 0)))
		for i := range items[:len(items)-1] {
			if i >= len(keys) {
				items[i] = one(sql.OIDInt4, g.any("max", "min")+"(%s)", g.expr(sql.OIDInt4, cols, 1))
			}
		}
	}
	var having *node
	if g.chance(20) {
		having = clause(" HAVING " + g.any("count(*) > 1", "count(*) < 9", "count(*) >= 1 AND max(1) = 1")).optional()
		having.mark |= markLazy
	}
	by := list(" GROUP BY %s", ", ", 0, keys...)
	if len(keys) > 0 && g.chance(30) {
		by = list(" GROUP BY "+g.any("ROLLUP (%s)", "CUBE (%s)", "GROUPING SETS ((), %s)", "DISTINCT ROLLUP (%s)"), ", ", 1, keys...)
		if top && g.chance(50) {
			items = append(items, one(sql.OIDInt4, "grouping(%s)", keys[0]))
		}
	}
	return g.selected("", items, from, where, clause("%s%s", by, having), top).with(markForms)
}

// groupKey is an expression to group by, never a bare constant, which would be an
// ordinal or refused.
func (g *gen) groupKey(cols []col) *node {
	for {
		k := g.expr(g.orderable(), cols, g.r.IntN(2))
		if slices.ContainsFunc(cols, func(c col) bool { return strings.Contains(k.String(), c.name) }) || len(k.parts) > 0 {
			return k
		}
		if len(cols) == 0 {
			return one(sql.OIDInt4, "(%s + 1)", leaf(sql.OIDInt4, "1"))
		}
	}
}

// ofType is an aggregate of a given type.
func (g *gen) ofType(t sql.OID, cols []col) *node {
	for range 3 {
		a := g.reg.aggs[g.r.IntN(len(g.reg.aggs))]
		if a.Ret == t {
			return g.aggregateOf(a, cols, 1)
		}
	}
	form := "(array_agg(%s ORDER BY (%s)::text))[1]"
	if sql.ElemOf(t) != 0 {
		form = "max((%s)::text)::" + kindOf[t].name
	}
	return &node{t: t, form: form, parts: []*node{g.expr(t, cols, 1)}, same: true, mark: markForms}
}

func (g *gen) setOperation(types []sql.OID, outer []col, depth int, top bool) *node {
	side := func() *node {
		from, cols, _ := g.from(outer, depth-1)
		see := slices.Concat(cols, outer)
		items := make([]*node, len(types))
		for i, t := range types {
			items[i] = g.expr(t, see, 1)
		}
		return g.selected("", items, from, g.where(see, depth-1), nil, false)
	}
	q := clause("%s "+g.any("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL", "UNION ALL")+" %s", side(), side())
	if g.chance(25) {
		q = clause(g.any("(%s) ", "%s ")+g.any("UNION", "UNION ALL", "EXCEPT", "INTERSECT")+" %s", q, side())
	}
	if g.chance(40) {
		q = clause("%s%s", q, g.order(types, top))
	}
	return q.with(markForms | markLazy)
}
