package expr

import (
	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func anyNull(args []sql.Value) bool {
	for i := range args {
		if args[i].Null {
			return true
		}
	}
	return false
}

func errZeroStep() error {
	return sql.Errorf(sql.CodeInvalidParameterValue, "step size cannot equal zero")
}

// defineSeries defines set-returning functions over numbers, times and arrays.
func defineSeries(d *defs) {
	for _, t := range []string{"int4", "int8"} {
		typ := sql.Int4
		if t == "int8" {
			typ = sql.Int8
		}
		k := func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
			if anyNull(a) {
				return nil
			}
			step := int64(1)
			if len(a) > 2 {
				if step = a[2].I; step == 0 {
					return errZeroStep()
				}
			}
			for x := a[0].I; step > 0 && x <= a[1].I || step < 0 && x >= a[1].I; {
				if !emit([]sql.Value{sql.IntValue(typ, x)}) {
					return nil
				}
				n := x + step
				if (n > x) != (step > 0) { // passed the end of bigint
					return nil
				}
				x = n
			}
			return nil
		}
		d.fn("generate_series("+t+","+t+")", nil, set(k))
		d.fn("generate_series("+t+","+t+","+t+")", nil, set(k))
	}
	numeric := func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if anyNull(a) {
			return nil
		}
		step := sql.NumInt64(1)
		if len(a) > 2 {
			step = a[2].Num
		}
		for _, n := range []struct {
			name string
			v    sql.Num
		}{{"start", a[0].Num}, {"stop", a[1].Num}, {"step size", step}} {
			if n.v.Kind == sql.NumNaN {
				return sql.Errorf(sql.CodeInvalidParameterValue, "%s value cannot be NaN", n.name)
			}
			if n.v.Kind != sql.NumFinite {
				return sql.Errorf(sql.CodeInvalidParameterValue, "%s value cannot be infinity", n.name)
			}
		}
		if step.Sign() == 0 {
			return errZeroStep()
		}
		var err error
		for x := a[0].Num; step.Sign() > 0 && x.Cmp(a[1].Num) <= 0 || step.Sign() < 0 && x.Cmp(a[1].Num) >= 0; {
			if !emit([]sql.Value{numValue(x)}) {
				return nil
			}
			if x, err = x.Add(step); err != nil {
				return err
			}
		}
		return nil
	}
	d.fn("generate_series(numeric,numeric)", nil, set(numeric))
	d.fn("generate_series(numeric,numeric,numeric)", nil, set(numeric))
	stamps := func(zoned bool) SetKernel {
		return func(env *Env, a []sql.Value, emit func([]sql.Value) bool) error {
			if anyNull(a) {
				return nil
			}
			step := vector.IntervalOf(&a[2])
			sign := step.Span().Sign()
			if sign == 0 {
				return errZeroStep()
			}
			var err error
			for x := a[0].I; sign > 0 && x <= a[1].I || sign < 0 && x >= a[1].I; {
				if !emit([]sql.Value{{Type: a[0].Type, I: x}}) {
					return nil
				}
				if zoned {
					x, err = addIntervalTZ(x, step, env.Zone)
				} else {
					x, err = addInterval(x, step)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	d.fn("generate_series(timestamp,timestamp,interval)", nil, set(stamps(false)))
	d.fn("generate_series(timestamptz,timestamptz,interval)", nil, set(stamps(true)))
	d.fn("unnest(anyarray)", nil, safe, set(func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if a[0].Null {
			return nil
		}
		for _, e := range a[0].List {
			if !emit([]sql.Value{e}) {
				return nil
			}
		}
		return nil
	}), retType(func(args []sql.Type) sql.Type { return args[0].Elem() }))
	subscripts := func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if anyNull(a) || a[1].I != 1 {
			return nil
		}
		lo := lowerBound(a[0].Type)
		for k := range int64(len(a[0].List)) {
			x := lo + k
			if len(a) > 2 && a[2].I != 0 {
				x = lo + int64(len(a[0].List)) - 1 - k
			}
			if !emit([]sql.Value{sql.IntValue(sql.Int4, x)}) {
				return nil
			}
		}
		return nil
	}
	d.fn("generate_subscripts(anyarray,int4)", nil, safe, set(subscripts))
	d.fn("generate_subscripts(anyarray,int4,bool)", nil, safe, set(subscripts))
	d.fn("string_to_table(text,text)", nil, safe, set(func(_ *Env, a []sql.Value, emit func([]sql.Value) bool) error {
		if a[0].Null {
			return nil
		}
		for _, p := range splitText(a[0].S, a[1]) {
			if !emit([]sql.Value{sql.TextValue(p)}) {
				return nil
			}
		}
		return nil
	}))
}
