package expr

import (
	"math"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// defineClock defines the current time, makers, zones and justification.
func defineClock(d *defs) {
	defineExtract(d)
	at := func(name string, f func(e *Env) time.Time) {
		d.fn(name+"()", each(func(r *Row) error { return r.SetInt(f(r.Env()).UnixMicro()) }), safe)
	}
	at("now", func(e *Env) time.Time { return e.TxnNow })
	at("transaction_timestamp", func(e *Env) time.Time { return e.TxnNow })
	at("statement_timestamp", func(e *Env) time.Time { return e.StatementNow })
	at("clock_timestamp", func(e *Env) time.Time { return e.Clock() })
	d.fn("timeofday()", each(func(r *Row) error {
		return r.SetStr(r.Env().Clock().In(r.Env().Zone).Format("Mon Jan 02 15:04:05.000000 2006 MST"))
	}), safe)
	d.fn("age(timestamp,timestamp)", each(func(r *Row) error {
		v, err := age(r.Int(0), r.Int(1))
		if err != nil {
			return err
		}
		return r.SetInterval(v)
	}))
	d.fn("age(timestamptz,timestamptz)", each(func(r *Row) error {
		a, b := r.Int(0), r.Int(1)
		var err error
		if a, err = sql.UTCToLocal(a, r.Env().Zone); err == nil {
			b, err = sql.UTCToLocal(b, r.Env().Zone)
		}
		if err != nil {
			return err
		}
		v, err := age(a, b)
		if err != nil {
			return err
		}
		return r.SetInterval(v)
	}))
	today := func(r *Row) int64 {
		us, _ := sql.UTCToLocal(r.Env().TxnNow.UnixMicro(), r.Env().Zone)
		days, _ := sql.SplitTimestamp(us)
		return days * microsPerDay
	}
	d.fn("age(timestamp)", each(func(r *Row) error {
		v, err := age(today(r), r.Int(0))
		if err != nil {
			return err
		}
		return r.SetInterval(v)
	}))
	d.fn("age(timestamptz)", each(func(r *Row) error {
		us, err := sql.UTCToLocal(r.Int(0), r.Env().Zone)
		if err != nil {
			return err
		}
		v, err := age(today(r), us)
		if err != nil {
			return err
		}
		return r.SetInterval(v)
	}))
	d.fn("isfinite(date)", map1(func(x int32) bool { return x != math.MaxInt32 && x != math.MinInt32 }), safe)
	d.fn("isfinite(timestamp)", map1(func(x int64) bool { return !infinite(x) }), safe)
	d.fn("isfinite(timestamptz)", map1(func(x int64) bool { return !infinite(x) }), safe)
	d.fn("isfinite(interval)", map1(func(vector.Interval) bool { return true }), safe)
	d.fn("justify_hours(interval)", map1e(justifyHours))
	d.fn("justify_days(interval)", map1e(justifyDays))
	d.fn("justify_interval(interval)", map1e(func(v vector.Interval) (vector.Interval, error) {
		// As PostgreSQL: bring the signs together first only where it helps.
		if (v.Days > 0 || v.Days == 0 && v.Micros > 0) && v.Months < 0 || (v.Days < 0 || v.Days == 0 && v.Micros < 0) && v.Months > 0 {
			m := v.Days / 30
			v.Months += m
			v.Days -= m * 30
		}
		v, err := justifyHours(v)
		if err != nil {
			return v, err
		}
		v, err = justifyDays(v)
		if err != nil {
			return v, err
		}
		switch {
		case v.Months > 0 && (v.Days < 0 || v.Days == 0 && v.Micros < 0):
			v.Days += 30
			v.Months--
		case v.Months < 0 && (v.Days > 0 || v.Days == 0 && v.Micros > 0):
			v.Days -= 30
			v.Months++
		}
		if v.Days > 0 && v.Micros < 0 {
			v.Micros += microsPerDay
			v.Days--
		} else if v.Days < 0 && v.Micros > 0 {
			v.Micros -= microsPerDay
			v.Days++
		}
		return v, nil
	}))
	defineMakers(d)
	defineZones(d)
}

func justifyDays(v vector.Interval) (vector.Interval, error) {
	m := int64(v.Months) + int64(v.Days/30)
	if m != int64(int32(m)) {
		return v, errIntervalRange()
	}
	v.Months, v.Days = int32(m), v.Days%30
	if v.Months > 0 && v.Days < 0 {
		v.Days += 30
		v.Months--
	} else if v.Months < 0 && v.Days > 0 {
		v.Days -= 30
		v.Months++
	}
	return v, nil
}

// age is the difference in years, months, days and time on the calendar.
func age(a, b int64) (vector.Interval, error) {
	if infinite(a) || infinite(b) {
		return vector.Interval{}, errTimestampRange()
	}
	neg := a < b
	hi, lo := a, b
	if neg {
		hi, lo = b, a
	}
	dh, th := sql.SplitTimestamp(hi)
	dl, tl := sql.SplitTimestamp(lo)
	y1, m1, d1 := sql.CivilOf(dh)
	y2, m2, d2 := sql.CivilOf(dl)
	months, days, us := (y1-y2)*12+m1-m2, d1-d2, th-tl
	if us < 0 {
		us += microsPerDay
		days--
	}
	if days < 0 {
		// Borrow the days of the earlier date's month; turned round, of the later's.
		if neg {
			days += sql.DaysInMonth(y2, m2)
		} else {
			days += sql.DaysInMonth(y2, m2)
		}
		months--
	}
	v := vector.Interval{Micros: us, Days: int32(days), Months: int32(months)}
	if neg {
		return negInterval(v)
	}
	return v, nil
}

func defineMakers(d *defs) {
	d.fn("make_date(int4,int4,int4)", each(func(r *Row) error {
		days, err := makeDate(r.Int(0), r.Int(1), r.Int(2))
		if err != nil {
			return err
		}
		return r.SetInt(days)
	}))
	d.fn("make_time(int4,int4,float8)", each(func(r *Row) error {
		us, err := makeTime(r.Int(0), r.Int(1), r.Float(2))
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	stamp := func(r *Row) (int64, error) {
		days, err := makeDate(r.Int(0), r.Int(1), r.Int(2))
		if err != nil {
			return 0, err
		}
		us, err := makeTime(r.Int(3), r.Int(4), r.Float(5))
		if err != nil {
			return 0, err
		}
		return addMicros(days*microsPerDay, us)
	}
	d.fn("make_timestamp(int4,int4,int4,int4,int4,float8)", each(func(r *Row) error {
		us, err := stamp(r)
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	zoned := func(r *Row, zone func() (*time.Location, error)) error {
		us, err := stamp(r)
		if err == nil {
			var z *time.Location
			if z, err = zone(); err == nil {
				us, err = sql.LocalToUTC(us, z)
			}
		}
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}
	d.fn("make_timestamptz(int4,int4,int4,int4,int4,float8)", each(func(r *Row) error {
		return zoned(r, func() (*time.Location, error) { return r.Env().Zone, nil })
	}))
	d.fn("make_timestamptz(int4,int4,int4,int4,int4,float8,text)", each(func(r *Row) error {
		return zoned(r, func() (*time.Location, error) { return eastZone(r.Str(6)) })
	}))
	d.fn("make_interval(int4,int4,int4,int4,int4,int4,float8)", each(func(r *Row) error {
		arg := func(k int) int64 {
			if k < r.NArgs() {
				return r.Int(k)
			}
			return 0
		}
		secs := 0.0
		if r.NArgs() > 6 {
			secs = r.Float(6)
		}
		if secs-secs != 0 {
			return errIntervalRange()
		}
		m, days := arg(0)*12+arg(1), arg(2)*7+arg(3)
		if m != int64(int32(m)) || days != int64(int32(days)) {
			return errIntervalRange()
		}
		us := float64(arg(4)*3_600_000_000+arg(5)*60_000_000) + math.RoundToEven(secs*1e6)
		if math.Abs(us) >= 1<<63 {
			return errIntervalRange()
		}
		return r.SetInterval(vector.Interval{Months: int32(m), Days: int32(days),
			Micros: arg(4)*3_600_000_000 + arg(5)*60_000_000 + int64(math.RoundToEven(secs*1e6))})
	}))
	d.fn("to_timestamp(float8)", each(func(r *Row) error {
		f := r.Float(0)
		switch {
		case math.IsNaN(f):
			return sql.Errorf(sql.CodeDatetimeOverflow, "timestamp cannot be NaN")
		case math.IsInf(f, 1):
			return r.SetInt(sql.InfinityI)
		case math.IsInf(f, -1):
			return r.SetInt(sql.NegInfinityI)
		}
		// PostgreSQL counts from 2000 and rounds there.
		us := math.RoundToEven((f - 946684800) * 1e6)
		if us < float64(sql.MinTimestamp-946684800_000_000) || us > float64(sql.MaxTimestamp-946684800_000_000)-1024 {
			return sql.Errorf(sql.CodeDatetimeOverflow, "timestamp out of range: \"%g\"", f)
		}
		return r.SetInt(int64(us) + 946684800_000_000)
	}))
}

func makeDate(y, m, d int64) (int64, error) {
	bad := sql.Errorf(sql.CodeDatetimeOverflow, "date field value out of range: %d-%02d-%02d", y, m, d)
	if y == 0 || y < -4714 || y > 5874897 {
		return 0, bad
	}
	if y < 0 {
		y++
	}
	if m < 1 || m > 12 || d < 1 || d > int64(sql.DaysInMonth(int(y), int(m))) {
		return 0, bad
	}
	days := sql.DaysOf(int(y), int(m), int(d))
	if days < sql.MinDate || days > sql.MaxDate {
		return 0, sql.Errorf(sql.CodeDatetimeOverflow, "date out of range: %d-%02d-%02d", y, m, d)
	}
	return days, nil
}

func makeTime(h, m int64, s float64) (int64, error) {
	bad := sql.Errorf(sql.CodeDatetimeOverflow, "time field value out of range: %d:%02d:%02g", h, m, s)
	if s-s != 0 {
		return 0, bad
	}
	us := int64(math.RoundToEven(s * 1e6))
	if h < 0 || m < 0 || m > 59 || us < 0 || us > 60_000_000 || h > 24 || h == 24 && (m > 0 || us > 0) {
		return 0, bad
	}
	return h*3_600_000_000 + m*60_000_000 + us, nil
}

// defineZones defines timezone(), which AT TIME ZONE is bound to.
func defineZones(d *defs) {
	shift := func(f func(us int64, z *time.Location) (int64, error)) Kernel {
		type zone struct {
			name string
			loc  *time.Location
		}
		return eachState(func(r *Row, s *zone) error {
			if infinite(r.Int(1)) {
				return r.SetInt(r.Int(1))
			}
			if s.loc == nil || s.name != r.Str(0) {
				z, err := parseZone(r.Str(0))
				if err != nil {
					return err
				}
				s.name, s.loc = string(r.Bytes(0)), z
			}
			us, err := f(r.Int(1), s.loc)
			if err != nil {
				return err
			}
			return r.SetInt(us)
		})
	}
	d.fn("timezone(text,timestamp)", shift(sql.LocalToUTC))
	d.fn("timezone(text,timestamptz)", shift(sql.UTCToLocal))
	byInterval := func(sign int64) Kernel {
		return each(func(r *Row) error {
			if infinite(r.Int(1)) {
				return r.SetInt(r.Int(1))
			}
			v := r.Interval(0)
			if v.Months != 0 || v.Days != 0 {
				return sql.Errorf(sql.CodeInvalidParameterValue, "interval time zone \"%s\" must not include months or days",
					r.Env().AppendText(nil, r.Value(0)))
			}
			us, err := addMicros(r.Int(1), sign*(v.Micros/1_000_000*1_000_000))
			if err != nil {
				return err
			}
			return r.SetInt(us)
		})
	}
	d.fn("timezone(interval,timestamp)", byInterval(-1))
	d.fn("timezone(interval,timestamptz)", byInterval(1))
	timetz := func(r *Row, east int64) error {
		t := r.Timetz(1)
		Slice[vector.Timetz](r.in.Out)[r.i] = vector.TimetzOf(wrapDay(t.UTC()+east*1_000_000), int32(-east))
		return nil
	}
	d.fn("timezone(text,timetz)", each(func(r *Row) error {
		z, err := parseZone(r.Str(0))
		if err != nil {
			return err
		}
		off, _ := sql.ZoneOffset(r.Env().TxnNow.UnixMicro(), z)
		return timetz(r, int64(off))
	}))
	d.fn("timezone(interval,timetz)", each(func(r *Row) error {
		v := r.Interval(0)
		if v.Months != 0 || v.Days != 0 {
			return sql.Errorf(sql.CodeInvalidParameterValue, "interval time zone \"%s\" must not include months or days",
				r.Env().AppendText(nil, r.Value(0)))
		}
		return timetz(r, v.Micros/1_000_000)
	}))
}

// parseZone reads a zone's name; a bare offset counts west, as in POSIX.
func parseZone(name string) (*time.Location, error) {
	z, err := sql.ParseZone(name)
	if err == nil || name == "" || name[0] != '+' && name[0] != '-' {
		return z, err
	}
	return sql.ParseZone("<" + name + ">" + name)
}

// eastZone is parseZone, but a bare offset counts east, as in ISO 8601.
func eastZone(name string) (*time.Location, error) {
	if name == "" || name[0] != '+' && name[0] != '-' {
		return parseZone(name)
	}
	west := "-"
	if name[0] == '-' {
		west = "+"
	}
	return sql.ParseZone("<" + name + ">" + west + name[1:])
}
