package expr

import (
	"strings"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// defineBins defines date_bin and OVERLAPS.
func defineBins(d *defs) {
	bin := each(func(r *Row) error {
		v, us, origin := r.Interval(0), r.Int(1), r.Int(2)
		switch {
		case infinite(us):
			return r.SetInt(us)
		case infinite(origin):
			return sql.Errorf(sql.CodeDatetimeOverflow, "origin out of range")
		case v.Months != 0:
			return sql.Errorf(sql.CodeFeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
		}
		stride := v.Micros + int64(v.Days)*microsPerDay
		if d := int64(v.Days) * microsPerDay; (stride > v.Micros) != (d > 0) && d != 0 {
			return errIntervalRange()
		}
		if stride <= 0 {
			return sql.Errorf(sql.CodeDatetimeOverflow, "stride must be greater than zero")
		}
		diff := us - origin
		if (us^origin)&(us^diff) < 0 {
			return errIntervalRange()
		}
		mod := diff % stride
		if mod < 0 {
			mod += stride
		}
		out, err := addMicros(us, -mod)
		if err != nil {
			return err
		}
		return r.SetInt(out)
	})
	d.fn("date_bin(interval,timestamp,timestamp)", bin)
	d.fn("date_bin(interval,timestamptz,timestamptz)", bin)
	for _, t := range []string{"timestamp", "timestamptz", "time", "timetz"} {
		ends := []string{t, "interval"}
		for _, e1 := range ends {
			for _, e2 := range ends {
				if t == "timetz" && e1+e2 != "timetztimetz" {
					continue
				}
				d.fn("overlaps("+strings.Join([]string{t, e1, t, e2}, ",")+")", each(overlaps))
			}
		}
	}
}

// overlaps is OVERLAPS: its ends may be written as intervals after the starts, and
// either of a pair may be NULL.
func overlaps(r *Row) error {
	at := [4]sql.Value{}
	for k := range at {
		at[k] = r.Value(k)
		if k%2 == 0 || at[k].Null || r.Type(k).OID != sql.OIDInterval {
			continue
		}
		if at[k-1].Null {
			at[k] = at[k-1]
			continue
		}
		v := r.Interval(k)
		end := at[k-1]
		var err error
		switch r.Type(k - 1).OID {
		case sql.OIDTime:
			end.I = wrapDay(end.I + v.Micros)
		case sql.OIDTimestamptz:
			end.I, err = addIntervalTZ(end.I, v, r.Env().Zone)
		default:
			end.I, err = addInterval(end.I, v)
		}
		if err != nil {
			return err
		}
		at[k] = end
	}
	cmp := func(a, b *sql.Value) int { return vector.CompareValues(a, b) }
	for k := 0; k < 4; k += 2 { // the earlier one first; what is not known goes last
		switch {
		case at[k].Null && at[k+1].Null:
			return r.SetNull()
		case at[k].Null || !at[k+1].Null && cmp(&at[k], &at[k+1]) > 0:
			at[k], at[k+1] = at[k+1], at[k]
		}
	}
	s1, e1, s2, e2 := &at[0], &at[1], &at[2], &at[3]
	c := cmp(s1, s2)
	if c < 0 {
		s1, e1, s2, e2 = s2, e2, s1, e1
	}
	switch {
	case c == 0:
		if e1.Null || e2.Null {
			return r.SetNull()
		}
		return r.SetBool(true)
	case e2.Null:
		return r.SetNull()
	case cmp(s1, e2) < 0:
		return r.SetBool(true)
	case e1.Null:
		return r.SetNull()
	}
	return r.SetBool(false)
}
