package sql

import (
	"math"
	"time"
)

// Lengths of time in microseconds.
const (
	MicrosPerSecond int64 = 1_000_000
	MicrosPerMinute       = 60 * MicrosPerSecond
	MicrosPerHour         = 60 * MicrosPerMinute
	MicrosPerDay          = 24 * MicrosPerHour
)

// Range of dates and timestamps, in the internal epoch of 1970. The first day
// is 4714-11-24 BC (Julian day 0) as in PostgreSQL, and so is the last date;
// timestamps end with int64, in the year 294247.
const (
	MinDate      int64 = -2440588
	MaxDate      int64 = 2145031948 + 10957 // 5874897-12-31
	MinTimestamp       = MinDate * MicrosPerDay
	MaxTimestamp int64 = math.MaxInt64 - 1
	// daysTo2000 and microsTo2000 separate our epoch from PostgreSQL's.
	daysTo2000   = 10957
	microsTo2000 = daysTo2000 * MicrosPerDay
)

// DaysOf returns the days since 1970-01-01 of a proleptic Gregorian date; year
// 0 is 1 BC. Month and day may lie outside their ranges by any small amount.
func DaysOf(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// CivilOf is the inverse of DaysOf.
func CivilOf(days int64) (year, month, day int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	y := yoe + era*400
	if mp >= 10 {
		month -= 12
		y++
	}
	return int(y), month, day
}

// WeekdayOf returns the weekday of days since 1970, Sunday 0.
func WeekdayOf(days int64) int { return int(floorMod(days+4, 7)) }

// DaysInMonth returns the length of a month; year 0 is 1 BC.
func DaysInMonth(year, month int) int {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	r := a % b
	if r < 0 {
		r += b
	}
	return r
}

// SplitTimestamp splits microseconds since 1970 into days and microseconds of the day.
func SplitTimestamp(us int64) (days, tod int64) {
	days = floorDiv(us, MicrosPerDay)
	return days, us - days*MicrosPerDay
}

// ZoneOffset returns what z adds to UTC at an instant (microseconds since
// 1970, UTC), in seconds, and the abbreviation then in use.
func ZoneOffset(us int64, z *time.Location) (seconds int, abbrev string) {
	if z == nil || z == time.UTC {
		return 0, "UTC"
	}
	abbrev, seconds = time.Unix(floorDiv(us, MicrosPerSecond), 0).In(z).Zone()
	return seconds, abbrev
}

// LocalOffset returns the offset, in seconds east of UTC, of a local time in z
// (microseconds since 1970 on z's clock). A time in the gap of a forward
// transition takes the offset before it, one that occurs twice the offset after.
func LocalOffset(us int64, z *time.Location) int {
	if z == nil || z == time.UTC {
		return 0
	}
	local := floorDiv(us, MicrosPerSecond)
	prev := time.Unix(local-86400, 0).In(z)
	_, before := prev.Zone()
	_, end := prev.ZoneBounds()
	if end.IsZero() {
		return before
	}
	_, after := end.Zone()
	boundary := end.Unix()
	beforeTime, afterTime := local-int64(before), local-int64(after)
	switch {
	case beforeTime < boundary && afterTime < boundary:
		return before
	case beforeTime >= boundary && afterTime >= boundary:
		return after
	case beforeTime > afterTime:
		return before
	}
	return after
}

// LocalToUTC turns a local timestamp of z into an instant; 22008 out of range.
func LocalToUTC(us int64, z *time.Location) (int64, error) {
	if us == InfinityI || us == NegInfinityI {
		return us, nil
	}
	return addTimestamp(us, -int64(LocalOffset(us, z))*MicrosPerSecond, "timestamp")
}

// UTCToLocal turns an instant into the timestamp that z's clock shows; 22008 out of range.
func UTCToLocal(us int64, z *time.Location) (int64, error) {
	if us == InfinityI || us == NegInfinityI {
		return us, nil
	}
	off, _ := ZoneOffset(us, z)
	return addTimestamp(us, int64(off)*MicrosPerSecond, "timestamp")
}

// addTimestamp adds with the range check of timestamps.
func addTimestamp(a, b int64, what string) (int64, error) {
	r := a + b
	if (a^r)&(b^r) < 0 || r < MinTimestamp || r > MaxTimestamp {
		return 0, Errorf(CodeDatetimeOverflow, "%s out of range", what)
	}
	return r, nil
}
