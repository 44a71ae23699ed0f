package expr

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// Every aggregate agrees with PostgreSQL over random groups, whatever the form of
// its arguments, and after its states were split, saved, loaded and merged.
func TestAggregatesAgainstPostgres(t *testing.T) {
	o, env := newOracle(t), testEnv(t)
	for _, a := range Builtins().Aggs() {
		rng := rand.New(rand.NewPCG(3, uint64(a.OID)))
		for form := range 2 {
			checkAgg(t, o, env, a, form, rng)
		}
	}
}

// aggTolerance is how far an aggregate's result may be from PostgreSQL's, whose sums
// are not compensated as ours are. An intercept is the difference of two terms that may
// be some ten thousand times as large.
func aggTolerance(a *Agg) float64 {
	switch {
	case a.Ret == sql.OIDFloat4:
		return 1e-6
	case a.Name == "regr_intercept":
		return 1e-9
	}
	return 1e-13
}

const testGroups = 4 // the last stays empty

func checkAgg(t *testing.T, o *oracle, env *Env, a *Agg, form int, rng *rand.Rand) {
	t.Helper()
	types := concrete(a.Args)
	rows := 60
	groups := make([]uint32, rows)
	cols := make([][]sql.Value, len(types))
	pg := make([]string, len(types))
	var arrays []any
	gs := make([]int32, rows)
	for i := range groups {
		groups[i] = uint32(rng.IntN(testGroups - 1))
		gs[i] = int32(groups[i])
	}
	ct := make([]sql.Type, len(types))
	for k, oid := range types {
		ct[k] = sql.T(oid)
		pool := samples[oid]
		if a.Name == "sum" || a.Name == "avg" || a.OrderedSet || strings.HasPrefix(a.Name, "var") || strings.HasPrefix(a.Name, "std") ||
			strings.HasPrefix(a.Name, "regr") || strings.HasPrefix(a.Name, "co") {
			pool = tame(oid, pool)
		}
		if len(pool) == 0 {
			return
		}
		texts := make([]*string, rows)
		for i := range rows {
			s := &pool[rng.IntN(len(pool))]
			if a.OrderedSet && k < a.Direct {
				half := "0.5"
				s = &half
			} else if rng.IntN(8) == 0 && a.Name != "string_agg" {
				cols[k] = append(cols[k], sql.NullOf(ct[k]))
				continue
			}
			v, err := env.ParseText(ct[k], *s)
			if err != nil {
				t.Fatal(err)
			}
			cols[k] = append(cols[k], v)
			texts[i] = s
		}
		if a.OrderedSet && k == a.Direct { // rows come in the call's order
			at := make([]int, rows)
			for i := range at {
				at[i] = i
			}
			slices.SortStableFunc(at, func(x, y int) int { return compareNullsLast(&cols[k][x], &cols[k][y]) })
			sorted, old := make([]sql.Value, rows), slices.Clone(texts)
			for i, from := range at {
				sorted[i], texts[i] = cols[k][from], old[from]
			}
			cols[k] = sorted
		}
		arrays = append(arrays, texts)
		pg[k] = fmt.Sprintf("c%d::%s", k+1, sql.FormatType(oid, -1))
	}
	want := askAgg(t, o, a, pg, gs, arrays)

	b := &vector.Batch{N: rows}
	for k := range cols {
		b.Cols = append(b.Cols, inForm(ct[k], cols[k], form))
	}
	half := make([]int32, 0, rows)
	for i := range rows / 2 {
		half = append(half, int32(i))
	}
	rest := make([]int32, 0, rows)
	for i := rows / 2; i < rows; i++ {
		rest = append(rest, int32(i))
	}
	first, second := a.New(env, ct), a.New(env, ct)
	first.Resize(testGroups)
	second.Resize(testGroups)
	err := first.Update(groups[:rows/2], b.Cols, half, 0)
	if err == nil {
		err = second.Update(groups[rows/2:], b.Cols, rest, 0)
	}
	var saved Out
	ids := []uint32{0, 1, 2, 3}
	third := a.New(env, ct)
	third.Resize(testGroups)
	if err == nil {
		err = second.Save(ids, &saved)
	}
	if err == nil {
		err = third.Load(ids, saved.Vec())
	}
	if err == nil {
		err = first.Merge(third, nil, ids)
	}
	var out Out
	if err == nil {
		err = first.Result(0, testGroups, &out)
	}
	name := signature(a.Name, a.Args)
	if err != nil {
		if want[0] != "!"+string(sql.AsError(err).Code) && !strings.HasPrefix(want[0], "!") {
			t.Errorf("%s form %d: %v, PostgreSQL %v", name, form, err, want)
		}
		return
	}
	for g := range testGroups {
		got := "NULL"
		if v := out.Vec(); !v.IsNull(g) {
			got = "=" + string(env.AppendText(nil, vector.ValueAt(v, g)))
		}
		if got != want[g] && !(isFloat(a.Ret) && closeFloat(got, want[g], aggTolerance(a))) {
			t.Errorf("%s form %d group %d: got %s, PostgreSQL %s", name, form, g, got, want[g])
		}
	}
}

func compareNullsLast(a, b *sql.Value) int {
	if a.Null || b.Null {
		return strings.Compare(fmt.Sprint(a.Null), fmt.Sprint(b.Null)) // false first
	}
	return vector.CompareValues(a, b)
}

// tame leaves out the samples whose sums overflow or depend on the order.
func tame(oid sql.OID, pool []string) []string {
	var out []string
	for _, s := range pool {
		if len(s) > 9 && oid != sql.OIDInterval || strings.Contains(s, "e") && oid != sql.OIDInterval || strings.Contains(s, "nf") || s == "NaN" {
			continue
		}
		out = append(out, s)
	}
	return out
}

func askAgg(t *testing.T, o *oracle, a *Agg, args []string, groups []int32, arrays []any) []string {
	t.Helper()
	cols, un := "", "unnest($1::int4[]"
	params := []any{groups}
	for k, arr := range arrays {
		cols += fmt.Sprintf(", c%d", k+1)
		un += fmt.Sprintf(", $%d::text[]", k+2)
		params = append(params, arr)
	}
	call := fmt.Sprintf("%s(%s order by n)", a.Name, strings.Join(args, ", "))
	switch {
	case a.OrderedSet:
		call = fmt.Sprintf("%s(%s) within group (order by %s)", a.Name, strings.Repeat("0.5", a.Direct), args[a.Direct])
	case len(args) == 0:
		call = a.Name + "(*)"
	}
	filter := " filter (where g is not null)"
	if a.OrderedSet {
		filter = ""
	}
	q := fmt.Sprintf("select coalesce('=' || format('%%s', x), 'NULL') from (select i, %s%s as x from generate_series(0, %d) i left join %s) with ordinality as u(g%s, n) on g = i group by i) s order by i",
		call, filter, testGroups-1, un, cols)
	q = strings.Replace(q, "coalesce('=' || format('%s', x), 'NULL')", "case when x is null then 'NULL' else '=' || format('%s', x) end", 1)
	rows, err := o.c.Query(context.Background(), q, params...)
	if err == nil {
		var out []string
		if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return out
		}
	}
	return []string{"! " + err.Error()}
}
