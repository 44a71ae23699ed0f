package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// agg defines an aggregate, sig being "name(type,...)" with pg_type's names.
func (d *defs) agg(sig string, n func(env *Env, args []sql.Type) AggState, opts ...func(*Agg)) *Agg {
	p := d.procs[sig]
	if p == nil {
		d.unknown = append(d.unknown, sig)
		return &Agg{}
	}
	a := &Agg{Name: p.Name, OID: p.OID, Args: p.Args, Variadic: p.Variadic, Ret: p.Ret, EmptyIsNull: true, New: n}
	for _, o := range opts {
		o(a)
	}
	d.r.aggs[a.Name] = append(d.r.aggs[a.Name], a)
	d.r.aggOID[a.OID] = a
	return a
}

func notNullEmpty(a *Agg) { a.EmptyIsNull = false }
func ordered(a *Agg)      { a.Ordered = true }
func sameOnce(a *Agg)     { a.IgnoresDuplicates = true }

func aggRet(t func(args []sql.Type) sql.Type) func(*Agg) { return func(a *Agg) { a.RetType = t } }

// sumType is the form of a sum of numerics: all 38 digits at the same scale.
func sumType(args []sql.Type) sql.Type {
	if args[0].OID == sql.OIDNumeric && !args[0].Dec.Static() {
		return sql.Numeric
	}
	return sql.DecimalNoMod(sql.MaxDecPrecision, int(args[0].Dec.S))
}

// minMaxType keeps the argument's full type but for its modifier.
func minMaxType(args []sql.Type) sql.Type {
	t := args[0]
	t.Mod = -1
	return t
}

// defineAggs defines the aggregates.
func defineAggs(d *defs) {
	d.agg("count()", func(*Env, []sql.Type) AggState { return newCount(false) }, notNullEmpty)
	d.agg("count(any)", func(*Env, []sql.Type) AggState { return newCount(true) }, notNullEmpty)
	for _, t := range []string{"int2", "int4"} {
		d.agg("sum("+t+")", func(_ *Env, a []sql.Type) AggState { return newIntSum(sql.Int8, 0, false) })
	}
	d.agg("sum(int8)", func(_ *Env, a []sql.Type) AggState { return newIntSum(sumType(a), 0, false) }, aggRet(sumType))
	d.agg("sum(numeric)", func(_ *Env, a []sql.Type) AggState {
		if a[0].Dec.Static() {
			return newIntSum(sumType(a), a[0].Dec.S, false)
		}
		return newNumSum(false)
	}, aggRet(sumType))
	for _, t := range []string{"int2", "int4", "int8"} {
		d.agg("avg("+t+")", func(_ *Env, a []sql.Type) AggState { return newIntSum(sql.Numeric, 0, true) })
	}
	d.agg("avg(numeric)", func(_ *Env, a []sql.Type) AggState {
		if a[0].Dec.Static() {
			return newIntSum(sql.Numeric, a[0].Dec.S, true)
		}
		return newNumSum(true)
	})
	d.agg("sum(float4)", func(*Env, []sql.Type) AggState { return newFloatSum(sql.Float4, false) })
	d.agg("sum(float8)", func(*Env, []sql.Type) AggState { return newFloatSum(sql.Float8, false) })
	d.agg("avg(float4)", func(*Env, []sql.Type) AggState { return newFloatSum(sql.Float8, true) })
	d.agg("avg(float8)", func(*Env, []sql.Type) AggState { return newFloatSum(sql.Float8, true) })
	d.agg("sum(interval)", func(*Env, []sql.Type) AggState { return newIntervalSum(false) })
	d.agg("avg(interval)", func(*Env, []sql.Type) AggState { return newIntervalSum(true) })
	for _, t := range []string{"int2", "int4", "int8", "float4", "float8", "numeric", "text", "bpchar", "date", "time", "timetz",
		"timestamp", "timestamptz", "interval", "oid", "anyarray"} {
		d.agg("min("+t+")", func(_ *Env, a []sql.Type) AggState { return newMinMax(minMaxType(a), false) }, aggRet(minMaxType), sameOnce)
		d.agg("max("+t+")", func(_ *Env, a []sql.Type) AggState { return newMinMax(minMaxType(a), true) }, aggRet(minMaxType), sameOnce)
	}
}

// newCount counts rows, or rows where the argument is not NULL.
func newCount(arg bool) AggState {
	return &aggOf[int64]{t: sql.Int8,
		update: func(s *states[int64], groups []uint32, args []*vector.Vec, sel []int32, n int) error {
			if !arg || !args[0].MayHaveNulls() {
				if groups == nil {
					*s.at(0) += int64(n)
					return nil
				}
				if len(s.chunk) == 1 {
					c := s.chunk[0]
					for _, g := range groups[:n] {
						c[g]++
					}
					return nil
				}
				for _, g := range groups[:n] {
					*s.at(g)++
				}
				return nil
			}
			for k := range n {
				i := k
				if sel != nil {
					i = int(sel[k])
				}
				if !args[0].IsNull(i) {
					*s.at(groupOf(groups, k))++
				}
			}
			return nil
		},
		merge:  func(a, b *int64) error { *a += *b; return nil },
		result: func(s *int64, i int, out *Out) error { Slice[int64](out)[i] = *s; return nil }}
}
