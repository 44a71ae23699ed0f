package expr

import (
	"strings"
	"time"

	"github.com/sluicedb/sluice/sql"
	"github.com/sluicedb/sluice/vector"
)

// fieldNames maps spellings of date and time fields to their own name.
var fieldNames = map[string]string{
	"microsecond": "microseconds", "microseconds": "microseconds", "us": "microseconds", "usec": "microseconds", "usecs": "microseconds", "useconds": "microseconds", "usecond": "microseconds",
	"millisecond": "milliseconds", "milliseconds": "milliseconds", "ms": "milliseconds", "msec": "milliseconds", "msecs": "milliseconds", "mseconds": "milliseconds", "msecond": "milliseconds",
	"second": "second", "seconds": "second", "s": "second", "sec": "second", "secs": "second",
	"minute": "minute", "minutes": "minute", "m": "minute", "min": "minute", "mins": "minute",
	"hour": "hour", "hours": "hour", "h": "hour", "hr": "hour", "hrs": "hour",
	"day": "day", "days": "day", "d": "day", "week": "week", "weeks": "week", "w": "week",
	"month": "month", "months": "month", "mon": "month", "mons": "month",
	"quarter": "quarter", "qtr": "quarter", "year": "year", "years": "year", "y": "year", "yr": "year", "yrs": "year",
	"decade": "decade", "decades": "decade", "dec": "decade", "decs": "decade", "c": "century", "cent": "century", "century": "century", "centuries": "century",
	"mil": "millennium", "mils": "millennium", "millennium": "millennium", "millennia": "millennium",
	"epoch": "epoch", "dow": "dow", "isodow": "isodow", "doy": "doy", "isoyear": "isoyear", "julian": "julian", "jd": "julian", "j": "julian",
	"timezone": "timezone", "timezone_h": "timezone_hour", "timezone_hour": "timezone_hour", "timezone_m": "timezone_minute", "timezone_minute": "timezone_minute",
}

// errTruncUnit is the error of date_trunc: fields that are no units are unknown to it.
func errTruncUnit(field, t string) error {
	switch f := fieldNames[strings.ToLower(field)]; f {
	case "dow", "isodow", "doy", "isoyear", "julian", "epoch":
		return sql.Errorf(sql.CodeInvalidParameterValue, "unit %q not recognized for type %s", strings.ToLower(field), t)
	}
	return errUnit(field, t)
}

func errUnit(field, t string) error {
	if fieldNames[strings.ToLower(field)] == "" {
		return sql.Errorf(sql.CodeInvalidParameterValue, "unit %q not recognized for type %s", strings.ToLower(field), t)
	}
	return sql.Errorf(sql.CodeFeatureNotSupported, "unit %q not supported for type %s", strings.ToLower(field), t)
}

func num(coef int64, scale int16) sql.Num { return sql.Num{Coef: sql.I128(coef), Scale: scale} }

// yearOf shows years as PostgreSQL does: 1 BC is -1.
func shownYear(y int) int64 {
	if y <= 0 {
		return int64(y) - 1
	}
	return int64(y)
}

// isoWeek returns the ISO 8601 year (0 is 1 BC) and week of a day.
func isoWeek(days int64) (year, week int) {
	wd := (sql.WeekdayOf(days) + 6) % 7 // Monday 0
	thursday := days - int64(wd) + 3
	y, _, _ := sql.CivilOf(thursday)
	return y, int(thursday-sql.DaysOf(y, 1, 1))/7 + 1
}

func centuryOf(y int, n int) int64 {
	if y > 0 {
		return int64((y + n - 1) / n)
	}
	return -int64((n-y)/n) + 0
}

// extractLocal extracts a field of a local timestamp; off is the zone's offset in
// seconds, epoch the instant; zoned allows the zone fields.
func extractLocal(field string, us, epoch int64, off int, zoned bool, typ string) (sql.Num, error) {
	days, tod := sql.SplitTimestamp(us)
	y, m, d := sql.CivilOf(days)
	switch fieldNames[strings.ToLower(field)] {
	case "microseconds":
		return num(tod%60_000_000, 0), nil
	case "milliseconds":
		return num(tod%60_000_000, 3), nil
	case "second":
		return num(tod%60_000_000, 6), nil
	case "minute":
		return num(tod/60_000_000%60, 0), nil
	case "hour":
		return num(tod/3_600_000_000, 0), nil
	case "day":
		return num(int64(d), 0), nil
	case "month":
		return num(int64(m), 0), nil
	case "quarter":
		return num(int64(m-1)/3+1, 0), nil
	case "year":
		return num(shownYear(y), 0), nil
	case "week":
		_, w := isoWeek(days)
		return num(int64(w), 0), nil
	case "isoyear":
		iy, _ := isoWeek(days)
		return num(shownYear(iy), 0), nil
	case "decade":
		if y >= 0 {
			return num(int64(y/10), 0), nil
		}
		return num(-int64((8-(y-1))/10), 0), nil
	case "century":
		return num(centuryOf(y, 100), 0), nil
	case "millennium":
		return num(centuryOf(y, 1000), 0), nil
	case "dow":
		return num(int64(sql.WeekdayOf(days)), 0), nil
	case "isodow":
		return num(int64((sql.WeekdayOf(days)+6)%7+1), 0), nil
	case "doy":
		return num(days-sql.DaysOf(y, 1, 1)+1, 0), nil
	case "epoch":
		return num(epoch, 6), nil
	case "julian":
		jd := num(days+2440588, 0)
		if tod == 0 {
			// A quotient of zero has PostgreSQL's scale for one.
			q, err := num(tod, 0).Div(num(microsPerDay, 0))
			if err != nil {
				return q, err
			}
			return jd.Add(q)
		}
		q, err := num(tod, 0).Div(num(microsPerDay, 0))
		if err != nil {
			return q, err
		}
		return jd.Add(q)
	case "timezone":
		if zoned {
			return num(int64(off), 0), nil
		}
	case "timezone_hour":
		if zoned {
			return num(int64(off/3600), 0), nil
		}
	case "timezone_minute":
		if zoned {
			return num(int64(off/60%60), 0), nil
		}
	}
	return sql.Num{}, errUnit(field, typ)
}

// infiniteField is the result for an infinite timestamp: infinity for fields that
// grow without end, NULL for the others.
func infiniteField(field string, us int64, typ string) (n sql.Num, null bool, err error) {
	switch f := fieldNames[strings.ToLower(field)]; f {
	case "year", "decade", "century", "millennium", "julian", "isoyear", "epoch":
		if us > 0 {
			return sql.NumPosInfValue, false, nil
		}
		return sql.NumNegInfValue, false, nil
	case "":
		return n, false, errUnit(field, typ)
	}
	return n, true, nil
}

func extractInterval(field string, v vector.Interval) (sql.Num, error) {
	y, m := int64(v.Months)/12, int64(v.Months)%12
	switch fieldNames[strings.ToLower(field)] {
	case "microseconds":
		return num(v.Micros%60_000_000, 0), nil
	case "milliseconds":
		return num(v.Micros%60_000_000, 3), nil
	case "second":
		return num(v.Micros%60_000_000, 6), nil
	case "minute":
		return num(v.Micros/60_000_000%60, 0), nil
	case "hour":
		return num(v.Micros/3_600_000_000, 0), nil
	case "day":
		return num(int64(v.Days), 0), nil
	case "month":
		return num(m, 0), nil
	case "quarter":
		return num(m/3+1, 0), nil
	case "year":
		return num(y, 0), nil
	case "decade":
		return num(y/10, 0), nil
	case "century":
		return num(y/100, 0), nil
	case "millennium":
		return num(y/1000, 0), nil
	case "epoch": // years of 365.25 days, months of 30
		secs := y*31557600 + m*30*86400 + int64(v.Days)*86400
		return num(secs, 0).Add(num(v.Micros, 6))
	}
	return sql.Num{}, errUnit(field, "interval")
}

func extractTime(field string, us int64, zone int, zoned bool, typ string) (sql.Num, error) {
	switch f := fieldNames[strings.ToLower(field)]; f {
	case "microseconds", "milliseconds", "second", "minute":
		return extractLocal(field, us%microsPerDay, 0, 0, false, typ)
	case "hour":
		return num(us/3_600_000_000, 0), nil
	case "epoch":
		return num(us+int64(zone)*1_000_000, 6), nil
	case "timezone":
		if zoned {
			return num(int64(-zone), 0), nil
		}
	case "timezone_hour":
		if zoned {
			return num(int64(-zone/3600), 0), nil
		}
	case "timezone_minute":
		if zoned {
			return num(int64(-zone/60%60), 0), nil
		}
	}
	return sql.Num{}, errUnit(field, typ)
}

// extractField gives extract's numeric for argument 1 of a row.
func extractField(r *Row) (n sql.Num, null bool, err error) {
	field := r.Str(0)
	switch r.Type(1).OID {
	case sql.OIDDate:
		v := vector.DateI(int32(r.Int(1)))
		if r.in.Call.Fn.Name == "date_part" { // which turns the date into a timestamp
			us, err := dateToTimestamp(int32(r.Int(1)))
			if err != nil {
				return n, false, err
			}
			if infinite(us) {
				return infiniteField(field, us, "timestamp without time zone")
			}
			n, err = extractLocal(field, us, us, 0, false, "timestamp without time zone")
			return n, false, err
		}
		switch fieldNames[strings.ToLower(field)] {
		case "hour", "minute", "second", "milliseconds", "microseconds", "timezone", "timezone_hour", "timezone_minute":
			return n, false, errUnit(field, "date")
		}
		if infinite(v) {
			return infiniteField(field, v, "date")
		}
		if fieldNames[strings.ToLower(field)] == "epoch" {
			return num(v*86400, 0), false, nil
		}
		if fieldNames[strings.ToLower(field)] == "julian" {
			return num(v+2440588, 0), false, nil
		}
		if v > sql.MaxTimestamp/microsPerDay { // beyond timestamps: 400 years have the same calendar
			shift := v - v%146097
			n, err = extractLocal(field, (v-shift)*microsPerDay, 0, 0, false, "date")
			if err == nil {
				add := shift / 146097 * 400
				switch fieldNames[strings.ToLower(field)] {
				case "year", "isoyear":
					n = num(int64(n.Coef.Lo)+add, 0)
				case "decade":
					n = num(int64(n.Coef.Lo)+add/10, 0)
				case "century":
					n = num(int64(n.Coef.Lo)+add/100, 0)
				case "millennium":
					y, _, _ := sql.CivilOf(v)
					n = num(centuryOf(y, 1000), 0)
				}
			}
			return n, false, err
		}
		n, err = extractLocal(field, v*microsPerDay, 0, 0, false, "date")
	case sql.OIDTimestamp:
		v := r.Int(1)
		if infinite(v) {
			return infiniteField(field, v, "timestamp without time zone")
		}
		n, err = extractLocal(field, v, v, 0, false, "timestamp without time zone")
	case sql.OIDTimestamptz:
		v := r.Int(1)
		if infinite(v) {
			return infiniteField(field, v, "timestamp with time zone")
		}
		off, _ := sql.ZoneOffset(v, r.Env().Zone)
		n, err = extractLocal(field, v+int64(off)*1_000_000, v, off, true, "timestamp with time zone")
	case sql.OIDTime:
		n, err = extractTime(field, r.Int(1), 0, false, "time without time zone")
	case sql.OIDTimetz:
		t := r.Timetz(1)
		n, err = extractTime(field, t.Micros(), int(t.Zone), true, "time with time zone")
	case sql.OIDInterval:
		n, err = extractInterval(field, r.Interval(1))
	}
	return n, false, err
}

func defineExtract(d *defs) {
	ext := each(func(r *Row) error {
		n, null, err := extractField(r)
		switch {
		case err != nil:
			return err
		case null:
			return r.SetNull()
		}
		return r.SetNum(n)
	})
	part := each(func(r *Row) error {
		n, null, err := extractField(r)
		switch {
		case err != nil:
			return err
		case null:
			return r.SetNull()
		}
		return r.SetFloat(n.Float64())
	})
	for _, t := range []string{"date", "timestamp", "timestamptz", "time", "timetz", "interval"} {
		d.fn("extract(text,"+t+")", ext)
		d.fn("date_part(text,"+t+")", part)
	}
	d.fn("date_trunc(text,timestamp)", each(func(r *Row) error {
		us, err := truncStamp(r.Str(0), r.Int(1), "timestamp without time zone")
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	d.fn("date_trunc(text,timestamptz)", each(func(r *Row) error {
		us, err := truncZoned(r.Str(0), r.Int(1), r.Env().Zone)
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	d.fn("date_trunc(text,timestamptz,text)", each(func(r *Row) error {
		if infinite(r.Int(1)) {
			return r.SetInt(r.Int(1))
		}
		z, err := parseZone(r.Str(2))
		if err != nil {
			return err
		}
		us, err := truncZoned(r.Str(0), r.Int(1), z)
		if err != nil {
			return err
		}
		return r.SetInt(us)
	}))
	d.fn("date_trunc(text,interval)", each(func(r *Row) error {
		v, err := truncInterval(r.Str(0), r.Interval(1))
		if err != nil {
			return err
		}
		return r.SetInterval(v)
	}))
}

// truncStamp cuts a local timestamp to a field.
func truncStamp(field string, us int64, typ string) (int64, error) {
	f := fieldNames[strings.ToLower(field)]
	if infinite(us) {
		return us, nil // whatever the field
	}
	days, tod := sql.SplitTimestamp(us)
	switch f {
	case "microseconds":
		return us, nil
	case "milliseconds":
		return us - tod%1000, nil
	case "second":
		return us - tod%1_000_000, nil
	case "minute":
		return us - tod%60_000_000, nil
	case "hour":
		return us - tod%3_600_000_000, nil
	case "day":
		return us - tod, nil
	case "week":
		return checkStamp((days - int64((sql.WeekdayOf(days)+6)%7)) * microsPerDay)
	}
	y, m, _ := sql.CivilOf(days)
	switch f {
	case "month":
	case "quarter":
		m = (m-1)/3*3 + 1
	case "year":
		m = 1
	case "decade":
		m = 1
		if y > 0 {
			y = y / 10 * 10
		} else {
			y = -((8 - (y - 1)) / 10) * 10
		}
	case "century":
		m = 1
		if y > 0 {
			y = (y+99)/100*100 - 99
		} else {
			y = -((99-(y-1))/100)*100 + 1
		}
	case "millennium":
		m = 1
		if y > 0 {
			y = (y+999)/1000*1000 - 999
		} else {
			y = -((999-(y-1))/1000)*1000 + 1
		}
	default:
		return 0, errTruncUnit(field, typ)
	}
	return checkStamp(sql.DaysOf(y, m, 1) * microsPerDay)
}

func checkStamp(us int64) (int64, error) {
	if us < sql.MinTimestamp {
		return 0, errTimestampRange()
	}
	return us, nil
}

// truncZoned cuts on a zone's clock. Fields below a day keep the offset.
func truncZoned(field string, us int64, z *time.Location) (int64, error) {
	const typ = "timestamp with time zone"
	if infinite(us) {
		return truncStamp(field, us, typ)
	}
	local, err := sql.UTCToLocal(us, z)
	if err != nil {
		return 0, err
	}
	t, err := truncStamp(field, local, typ)
	if err != nil {
		return 0, err
	}
	switch fieldNames[strings.ToLower(field)] {
	case "microseconds", "milliseconds", "second", "minute", "hour":
		return us - (local - t), nil
	}
	return sql.LocalToUTC(t, z)
}

func truncInterval(field string, v vector.Interval) (vector.Interval, error) {
	y := int64(v.Months) / 12
	years := func(n int64) vector.Interval { return vector.Interval{Months: int32(n * 12)} }
	switch fieldNames[strings.ToLower(field)] {
	case "millennium":
		return years(y / 1000 * 1000), nil
	case "century":
		return years(y / 100 * 100), nil
	case "decade":
		return years(y / 10 * 10), nil
	case "year":
		return years(y), nil
	case "quarter":
		return vector.Interval{Months: v.Months - v.Months%3}, nil
	case "month":
		return vector.Interval{Months: v.Months}, nil
	case "day":
		return vector.Interval{Months: v.Months, Days: v.Days}, nil
	case "hour":
		v.Micros -= v.Micros % 3_600_000_000
	case "minute":
		v.Micros -= v.Micros % 60_000_000
	case "second":
		v.Micros -= v.Micros % 1_000_000
	case "milliseconds":
		v.Micros -= v.Micros % 1000
	case "microseconds":
	case "week":
		return v, sql.Errorf(sql.CodeFeatureNotSupported, "unit %q not supported for type interval", strings.ToLower(field)).
			WithDetail("Months usually have fractional weeks.")
	default:
		return v, errTruncUnit(field, "interval")
	}
	return v, nil
}
