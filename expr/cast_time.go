package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

func errTimestampRange() error {
	return sql.Errorf(sql.CodeDatetimeOverflow, "timestamp out of range")
}
func errDateRange() error { return sql.Errorf(sql.CodeDatetimeOverflow, "date out of range") }
func errIntervalRange() error {
	return sql.Errorf(sql.CodeDatetimeOverflow, "interval out of range")
}

func infinite(us int64) bool { return us == sql.InfinityI || us == sql.NegInfinityI }

// dateToTimestamp returns midnight of a date.
func dateToTimestamp(d int32) (int64, error) {
	switch d {
	case math.MaxInt32:
		return sql.InfinityI, nil
	case math.MinInt32:
		return sql.NegInfinityI, nil
	}
	if int64(d) > sql.MaxTimestamp/microsPerDay {
		return 0, sql.Errorf(sql.CodeDatetimeOverflow, "date out of range for timestamp")
	}
	return int64(d) * microsPerDay, nil
}

// timestampToDate drops the time of day.
func timestampToDate(us int64) int32 {
	switch us {
	case sql.InfinityI:
		return math.MaxInt32
	case sql.NegInfinityI:
		return math.MinInt32
	}
	days, _ := sql.SplitTimestamp(us)
	return int32(days)
}

// castTimes defines casts between date and time types, and their modifiers.
func castTimes(d *defs) {
	d.castTo(sql.OIDDate, sql.OIDTimestamp, map1e(dateToTimestamp))
	d.castTo(sql.OIDDate, sql.OIDTimestamptz, each(func(r *Row) error {
		us, err := dateToTimestamp(int32(r.Int(0)))
		if err == nil {
			us, err = sql.LocalToUTC(us, r.Env().Zone)
		}
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	d.castTo(sql.OIDTimestamp, sql.OIDDate, map1(timestampToDate), safe)
	d.castTo(sql.OIDTimestamptz, sql.OIDDate, each(func(r *Row) error {
		us, err := sql.UTCToLocal(r.Int(0), r.Env().Zone)
		if err != nil {
			return err
		}
		return r.SetInt(int64(timestampToDate(us)))
	}))
	d.castTo(sql.OIDTimestamp, sql.OIDTime, each(func(r *Row) error {
		if infinite(r.Int(0)) {
			return r.SetNull()
		}
		_, tod := sql.SplitTimestamp(r.Int(0))
		return r.SetInt(tod)
	}), safe)
	local := func(r *Row, us int64) (int64, error) { return sql.UTCToLocal(us, r.Env().Zone) }
	d.castTo(sql.OIDTimestamptz, sql.OIDTime, each(func(r *Row) error {
		if infinite(r.Int(0)) {
			return r.SetNull()
		}
		us, err := local(r, r.Int(0))
		if err != nil {
			return err
		}
		_, tod := sql.SplitTimestamp(us)
		return r.SetInt(tod)
	}))
	d.castTo(sql.OIDTimestamptz, sql.OIDTimetz, each(func(r *Row) error {
		if infinite(r.Int(0)) {
			return r.SetNull()
		}
		us, err := local(r, r.Int(0))
		if err != nil {
			return err
		}
		_, tod := sql.SplitTimestamp(us)
		Slice[vector.Timetz](r.in.Out)[r.i] = vector.TimetzOf(tod, int32((r.Int(0)-us)/1_000_000))
		return nil
	}))
	d.castTo(sql.OIDTimetz, sql.OIDTime, map1(vector.Timetz.Micros), safe)
	d.castTo(sql.OIDTime, sql.OIDTimetz, each(func(r *Row) error {
		// The zone's offset is that of the current date's given time.
		now, err := local(r, r.Env().TxnNow.UnixMicro())
		if err != nil {
			return err
		}
		days, _ := sql.SplitTimestamp(now)
		off := sql.LocalOffset(days*microsPerDay+r.Int(0), r.Env().Zone)
		Slice[vector.Timetz](r.in.Out)[r.i] = vector.TimetzOf(r.Int(0), int32(-off))
		return nil
	}), safe)
	d.castTo(sql.OIDTime, sql.OIDInterval, map1(func(us int64) vector.Interval { return vector.Interval{Micros: us} }), safe)
	d.castTo(sql.OIDInterval, sql.OIDTime, map1(func(v vector.Interval) int64 {
		r := v.Micros % microsPerDay
		if r < 0 {
			r += microsPerDay
		}
		return r
	}), safe)
	stamp := func(zone func(us int64, r *Row) (int64, error)) Kernel {
		return each(func(r *Row) error {
			us, err := zone(r.Int(0), r)
			if err == nil {
				us, err = sql.RoundTimestampMod(us, r.in.Call.T.Mod)
			}
			if err != nil {
				return err
			}
			return r.SetInt(us)
		})
	}
	same := func(us int64, _ *Row) (int64, error) { return us, nil }
	d.castTo(sql.OIDTimestamp, sql.OIDTimestamp, stamp(same))
	d.castTo(sql.OIDTimestamptz, sql.OIDTimestamptz, stamp(same))
	d.castTo(sql.OIDTimestamp, sql.OIDTimestamptz, stamp(func(us int64, r *Row) (int64, error) { return sql.LocalToUTC(us, r.Env().Zone) }))
	d.castTo(sql.OIDTimestamptz, sql.OIDTimestamp, stamp(func(us int64, r *Row) (int64, error) { return sql.UTCToLocal(us, r.Env().Zone) }))
	d.castTo(sql.OIDTime, sql.OIDTime, each(func(r *Row) error { return r.SetInt(sql.RoundTimeMod(r.Int(0), r.in.Call.T.Mod)) }), safe)
	d.castTo(sql.OIDTimetz, sql.OIDTimetz, each(func(r *Row) error {
		t := r.Timetz(0)
		Slice[vector.Timetz](r.in.Out)[r.i] = vector.TimetzOf(sql.RoundTimeMod(t.Micros(), r.in.Call.T.Mod), t.Zone)
		return nil
	}), safe)
	d.castTo(sql.OIDInterval, sql.OIDInterval, each(func(r *Row) error {
		v := r.Value(0)
		p := sql.IntervalParts{Micros: v.I}
		p.Days, p.Months = sql.UnpackInterval(v.J)
		p = sql.ApplyIntervalMod(p, r.in.Call.T.Mod)
		return r.SetInterval(vector.Interval{Micros: p.Micros, Days: p.Days, Months: p.Months})
	}), safe)
}
