package expr

import (
	"math"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// addMonths moves a day count by months, keeping to the end of shorter months.
func addMonths(days int64, months int32) int64 {
	y, m, d := sql.CivilOf(days)
	t := y*12 + m - 1 + int(months)
	y, m = t/12, t%12
	if m < 0 {
		y, m = y-1, m+12
	}
	m++
	return sql.DaysOf(y, m, min(d, sql.DaysInMonth(y, m)))
}

// addInterval adds to a timestamp without zone: months, then days, then time.
func addInterval(us int64, v vector.Interval) (int64, error) {
	if infinite(us) {
		return us, nil
	}
	days, tod := sql.SplitTimestamp(us)
	if v.Months != 0 {
		days = addMonths(days, v.Months)
	}
	days += int64(v.Days)
	if days < sql.MinDate || days > sql.MaxTimestamp/microsPerDay {
		return 0, errTimestampRange()
	}
	return addMicros(days*microsPerDay+tod, v.Micros)
}

func addMicros(us, d int64) (int64, error) {
	r := us + d
	if (us^r)&(d^r) < 0 || r < sql.MinTimestamp || r > sql.MaxTimestamp {
		return 0, errTimestampRange()
	}
	return r, nil
}

// addIntervalTZ adds to an instant: months and days on the zone's clock.
func addIntervalTZ(us int64, v vector.Interval, z *time.Location) (int64, error) {
	if infinite(us) {
		return us, nil
	}
	if v.Months != 0 || v.Days != 0 {
		local, err := sql.UTCToLocal(us, z)
		if err == nil {
			local, err = addInterval(local, vector.Interval{Months: v.Months, Days: v.Days})
		}
		if err == nil {
			us, err = sql.LocalToUTC(local, z)
		}
		if err != nil {
			return 0, err
		}
	}
	return addMicros(us, v.Micros)
}

func negInterval(v vector.Interval) (vector.Interval, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return v, errIntervalRange()
	}
	return vector.Interval{Micros: -v.Micros, Days: -v.Days, Months: -v.Months}, nil
}

// wrapDay brings a time into 0 <= t < 24h.
func wrapDay(us int64) int64 {
	us %= microsPerDay
	if us < 0 {
		us += microsPerDay
	}
	return us
}

// subtractTimestamps gives the difference in days and time.
func subtractTimestamps(a, b int64) (vector.Interval, error) {
	if infinite(a) || infinite(b) {
		return vector.Interval{}, sql.Errorf(sql.CodeDatetimeOverflow, "cannot subtract infinite timestamps")
	}
	d := a - b
	if (a^b)&(a^d) < 0 {
		return vector.Interval{}, errIntervalRange()
	}
	return justifyHours(vector.Interval{Micros: d})
}

func justifyHours(v vector.Interval) (vector.Interval, error) {
	whole := v.Micros / microsPerDay
	v.Micros -= whole * microsPerDay
	d := int64(v.Days) + whole
	if d != int64(int32(d)) {
		return v, errIntervalRange()
	}
	v.Days = int32(d)
	if v.Days > 0 && v.Micros < 0 {
		v.Micros += microsPerDay
		v.Days--
	} else if v.Days < 0 && v.Micros > 0 {
		v.Micros -= microsPerDay
		v.Days++
	}
	return v, nil
}

func dateShift(d int32, n int64) (int32, error) {
	if d == math.MaxInt32 || d == math.MinInt32 {
		return d, nil
	}
	r := int64(d) + n
	if r < sql.MinDate || r > sql.MaxDate {
		return 0, errDateRange()
	}
	return int32(r), nil
}

// defineTimes defines the arithmetic of dates, times and intervals.
func defineTimes(d *defs) {
	d.op("date + int4", map2e(func(a, n int32) (int32, error) { return dateShift(a, int64(n)) }))
	d.op("int4 + date", map2e(func(n, a int32) (int32, error) { return dateShift(a, int64(n)) }))
	d.op("date - int4", map2e(func(a, n int32) (int32, error) { return dateShift(a, -int64(n)) }))
	d.op("date - date", map2e(func(a, b int32) (int32, error) {
		if a == math.MaxInt32 || a == math.MinInt32 || b == math.MaxInt32 || b == math.MinInt32 {
			return 0, sql.Errorf(sql.CodeDatetimeOverflow, "cannot subtract infinite dates")
		}
		return a - b, nil
	}))
	datePlus := func(a int32, v vector.Interval) (int64, error) {
		us, err := dateToTimestamp(a)
		if err != nil {
			return 0, err
		}
		return addInterval(us, v)
	}
	d.op("date + interval", map2e(datePlus))
	d.op("interval + date", map2e(func(v vector.Interval, a int32) (int64, error) { return datePlus(a, v) }))
	d.op("date - interval", map2e(func(a int32, v vector.Interval) (int64, error) {
		v, err := negInterval(v)
		if err != nil {
			return 0, err
		}
		return datePlus(a, v)
	}))
	dateTime := func(a int32, t int64) (int64, error) {
		us, err := dateToTimestamp(a)
		if err != nil || infinite(us) {
			return us, err
		}
		return addMicros(us, t)
	}
	d.op("date + time", map2e(dateTime))
	d.op("time + date", map2e(func(t int64, a int32) (int64, error) { return dateTime(a, t) }))
	dateTimetz := func(a int32, t vector.Timetz) (int64, error) {
		us, err := dateToTimestamp(a)
		if err != nil || infinite(us) {
			return us, err
		}
		return addMicros(us, t.UTC())
	}
	d.op("date + timetz", map2e(dateTimetz))
	d.op("timetz + date", map2e(func(t vector.Timetz, a int32) (int64, error) { return dateTimetz(a, t) }))

	minus := func(f func(us int64, v vector.Interval) (int64, error)) func(us int64, v vector.Interval) (int64, error) {
		return func(us int64, v vector.Interval) (int64, error) {
			v, err := negInterval(v)
			if err != nil {
				return 0, err
			}
			return f(us, v)
		}
	}
	d.op("timestamp + interval", map2e(addInterval))
	d.op("interval + timestamp", map2e(func(v vector.Interval, us int64) (int64, error) { return addInterval(us, v) }))
	d.op("timestamp - interval", map2e(minus(addInterval)))
	d.op("timestamp - timestamp", map2e(subtractTimestamps))
	d.op("timestamptz - timestamptz", map2e(subtractTimestamps))
	tz := func(ts, iv int, sign int) Kernel {
		return each(func(r *Row) error {
			v := r.Interval(iv)
			if sign < 0 {
				var err error
				if v, err = negInterval(v); err != nil {
					return err
				}
			}
			us, err := addIntervalTZ(r.Int(ts), v, r.Env().Zone)
			if err != nil {
				return err
			}
			return r.SetInt(us)
		})
	}
	d.op("timestamptz + interval", tz(0, 1, 1))
	d.op("interval + timestamptz", tz(1, 0, 1))
	d.op("timestamptz - interval", tz(0, 1, -1))

	d.op("time + interval", map2(func(t int64, v vector.Interval) int64 { return wrapDay(t + v.Micros%microsPerDay) }), safe)
	d.op("interval + time", map2(func(v vector.Interval, t int64) int64 { return wrapDay(t + v.Micros%microsPerDay) }), safe)
	d.op("time - interval", map2(func(t int64, v vector.Interval) int64 { return wrapDay(t - v.Micros%microsPerDay) }), safe)
	d.op("time - time", map2(func(a, b int64) vector.Interval { return vector.Interval{Micros: a - b} }), safe)
	d.op("timetz + interval", map2(func(t vector.Timetz, v vector.Interval) vector.Timetz {
		return vector.TimetzOf(wrapDay(t.Micros()+v.Micros%microsPerDay), t.Zone)
	}), safe)
	d.op("interval + timetz", map2(func(v vector.Interval, t vector.Timetz) vector.Timetz {
		return vector.TimetzOf(wrapDay(t.Micros()+v.Micros%microsPerDay), t.Zone)
	}), safe)
	d.op("timetz - interval", map2(func(t vector.Timetz, v vector.Interval) vector.Timetz {
		return vector.TimetzOf(wrapDay(t.Micros()-v.Micros%microsPerDay), t.Zone)
	}), safe)
	defineIntervals(d)
}

func addIntervals(a, b vector.Interval) (vector.Interval, error) {
	m, dd := int64(a.Months)+int64(b.Months), int64(a.Days)+int64(b.Days)
	us := a.Micros + b.Micros
	if m != int64(int32(m)) || dd != int64(int32(dd)) || (a.Micros^us)&(b.Micros^us) < 0 {
		return a, errIntervalRange()
	}
	return vector.Interval{Micros: us, Days: int32(dd), Months: int32(m)}, nil
}

func defineIntervals(d *defs) {
	d.op("interval + interval", map2e(addIntervals))
	d.op("interval - interval", map2e(func(a, b vector.Interval) (vector.Interval, error) {
		m, dd := int64(a.Months)-int64(b.Months), int64(a.Days)-int64(b.Days)
		us := a.Micros - b.Micros
		if m != int64(int32(m)) || dd != int64(int32(dd)) || (a.Micros^b.Micros)&(a.Micros^us) < 0 {
			return a, errIntervalRange()
		}
		return vector.Interval{Micros: us, Days: int32(dd), Months: int32(m)}, nil
	}))
	d.op("- interval", map1e(negInterval))
	d.op("interval * float8", map2e(mulInterval))
	d.op("float8 * interval", map2e(func(f float64, v vector.Interval) (vector.Interval, error) { return mulInterval(v, f) }))
	d.op("interval / float8", map2e(func(v vector.Interval, f float64) (vector.Interval, error) {
		if f == 0 {
			return v, errDivZero()
		}
		return scaleInterval(v, func(x float64) float64 { return x / f })
	}))
}

func mulInterval(v vector.Interval, f float64) (vector.Interval, error) {
	return scaleInterval(v, func(x float64) float64 { return x * f })
}

// roundTo6 is PostgreSQL's TSROUND: to whole microseconds in seconds.
func roundTo6(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }

// scaleInterval multiplies or divides each field and carries the fractions down:
// of months to days of a 30-day month, of days to time.
func scaleInterval(v vector.Interval, f func(float64) float64) (vector.Interval, error) {
	fit32 := func(x float64) bool { return x >= math.MinInt32 && x < -float64(math.MinInt32) && x == x }
	m := f(float64(v.Months))
	if !fit32(m) {
		return v, errIntervalRange()
	}
	dd := f(float64(v.Days))
	if !fit32(dd) {
		return v, errIntervalRange()
	}
	var out vector.Interval
	out.Months, out.Days = int32(m), int32(dd)
	monthDays := roundTo6((m - float64(out.Months)) * 30)
	sec := roundTo6((dd - float64(out.Days) + monthDays - float64(int64(monthDays))) * 86400)
	if math.Abs(sec) >= 86400 {
		out.Days += int32(sec / 86400)
		sec -= float64(int64(sec/86400)) * 86400
	}
	out.Days += int32(monthDays)
	us := math.RoundToEven(f(float64(v.Micros)) + sec*1e6)
	if !(us >= math.MinInt64 && us < -float64(math.MinInt64)) {
		return v, errIntervalRange()
	}
	out.Micros = int64(us)
	return out, nil
}
