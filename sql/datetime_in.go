package sql

import (
	"time"
)

// run decodes s and turns a fault into typ's error.
func (d *dtDecoder) run(s, typ string) error {
	f := d.decode(s)
	if f == dtBadZone {
		return Errorf(CodeInvalidParameterValue, "time zone \"%s\" not recognized", d.badZone)
	}
	if f != dtOK {
		return dtError(f, typ, s)
	}
	return nil
}

// isoDate reads exactly yyyy-mm-dd at the start of s, the form that nearly all
// input has; ok is false for everything else.
func isoDate(s string) (days int64, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	y, m, d := twoDigits(s)*100+twoDigits(s[2:]), twoDigits(s[5:]), twoDigits(s[8:])
	if y == 0 || m < 1 || m > 12 || d < 1 || d > DaysInMonth(y, m) {
		return 0, false
	}
	return DaysOf(y, m, d), true
}

// isoClock reads exactly hh:mm:ss[.f{1,6}].
func isoClock(s string) (us int64, ok bool) {
	if len(s) < 8 || len(s) > 15 || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	for _, i := range [...]int{0, 1, 3, 4, 6, 7} {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	h, m, sec := twoDigits(s), twoDigits(s[3:]), twoDigits(s[6:])
	if h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	us = int64(h)*MicrosPerHour + int64(m)*MicrosPerMinute + int64(sec)*MicrosPerSecond
	if len(s) > 8 {
		if s[8] != '.' || len(s) == 9 {
			return 0, false
		}
		unit := MicrosPerSecond
		for i := 9; i < len(s); i++ {
			if !isDigit(s[i]) {
				return 0, false
			}
			unit /= 10
			us += int64(s[i]-'0') * unit
		}
	}
	return us, true
}

// ParseDate reads a date: days since 1970, or InfinityI, NegInfinityI. 22007, 22008.
func ParseDate(s string, f *Format, now time.Time) (int64, error) {
	if len(s) == 10 {
		if days, ok := isoDate(s); ok {
			return days, nil
		}
	}
	d := dtDecoder{f: f, now: now}
	if err := d.run(s, "date"); err != nil {
		return 0, err
	}
	switch d.special {
	case rEpoch:
		return 0, nil
	case rInfinity:
		return InfinityI, nil
	case rNegInfinity:
		return NegInfinityI, nil
	}
	days := DaysOf(d.year, d.month, d.day)
	if days < MinDate || days > MaxDate {
		return 0, Errorf(CodeDatetimeOverflow, "date out of range: \"%s\"", s)
	}
	return days, nil
}

// ParseTimestamp reads a timestamp without time zone: microseconds since 1970,
// or InfinityI, NegInfinityI; a zone in s is ignored. 22007, 22008.
func ParseTimestamp(s string, f *Format, now time.Time) (int64, error) {
	if len(s) >= 19 && (s[10] == ' ' || s[10] == 'T') {
		if days, ok := isoDate(s); ok {
			if tod, ok := isoClock(s[11:]); ok {
				return days*MicrosPerDay + tod, nil
			}
		}
	}
	return parseStamp(s, f, now, false)
}

// ParseTimestamptz reads a timestamp with time zone, local to f.Zone if s names
// no zone: microseconds since 1970 UTC, or InfinityI, NegInfinityI. 22007, 22008, 22023.
func ParseTimestamptz(s string, f *Format, now time.Time) (int64, error) {
	return parseStamp(s, f, now, true)
}

func parseStamp(s string, f *Format, now time.Time, withZone bool) (int64, error) {
	typ := "timestamp"
	if withZone {
		typ = "timestamp with time zone"
	}
	d := dtDecoder{f: f, now: now}
	if err := d.run(s, typ); err != nil {
		return 0, err
	}
	switch d.special {
	case rEpoch:
		return 0, nil
	case rInfinity:
		return InfinityI, nil
	case rNegInfinity:
		return NegInfinityI, nil
	}
	outOfRange := Errorf(CodeDatetimeOverflow, "timestamp out of range: \"%s\"", s)
	days := DaysOf(d.year, d.month, d.day)
	if days < MinDate-1 || days > MaxTimestamp/MicrosPerDay { // a zone may bring a day back into range
		return 0, outOfRange
	}
	us := days*MicrosPerDay + d.micros()
	if days > 0 && us < 0 { // past int64
		return 0, outOfRange
	}
	if withZone {
		var err error
		if us, err = addTimestamp(us, -int64(d.offset(us))*MicrosPerSecond, typ); err != nil {
			return 0, outOfRange
		}
	}
	if us < MinTimestamp || us > MaxTimestamp {
		return 0, outOfRange
	}
	return us, nil
}

// offset returns the offset, seconds east of UTC, of the local time us.
func (d *dtDecoder) offset(us int64) int {
	switch {
	case d.zone != nil:
		east := LocalOffset(us, d.zone)
		if d.have&hasDSTMod != 0 {
			east += 3600
		}
		return east
	case d.have&hasZone != 0:
		return d.east
	}
	return LocalOffset(us, d.loc())
}

// ParseTime reads a time of day in microseconds; a zone in s is ignored. 22007, 22008.
func ParseTime(s string, f *Format, now time.Time) (int64, error) {
	if us, ok := isoClock(s); ok {
		return us, nil
	}
	d := dtDecoder{f: f, now: now, timeOnly: true}
	if err := d.run(s, "time"); err != nil {
		return 0, err
	}
	return d.micros(), nil
}

// ParseTimetz reads a time of day in microseconds and its zone in seconds west
// of UTC; without one, f.Zone's on the given date or else today. 22007, 22008.
func ParseTimetz(s string, f *Format, now time.Time) (us, zoneWest int64, err error) {
	d := dtDecoder{f: f, now: now, timeOnly: true}
	if err := d.run(s, "time with time zone"); err != nil {
		return 0, 0, err
	}
	us = d.micros()
	y, m, day := now.In(d.loc()).Date()
	days := DaysOf(y, int(m), day)
	if d.have&hasDate == hasDate {
		days = DaysOf(d.year, d.month, d.day)
	}
	return us, -int64(d.offset(days*MicrosPerDay + us)), nil
}

// roundMicros rounds half away from zero to p digits of the second.
func roundMicros(us int64, p int32) int64 {
	if p < 0 || p >= 6 {
		return us
	}
	unit := Pow10Int64[6-p]
	if us >= 0 {
		return (us + unit/2) / unit * unit
	}
	return -((-us + unit/2) / unit * unit)
}

// RoundTimeMod rounds a time of day to a typmod's precision.
func RoundTimeMod(us int64, mod int32) int64 { return roundMicros(us, mod) }

// RoundTimestampMod rounds a timestamp to a typmod's precision, as PostgreSQL
// does: halves away from 2000-01-01. 22008 if it leaves the range.
func RoundTimestampMod(us int64, mod int32) (int64, error) {
	if mod < 0 || mod >= 6 || us == InfinityI || us == NegInfinityI {
		return us, nil
	}
	r := us - microsTo2000
	if r >= MaxTimestamp-microsTo2000-MicrosPerSecond {
		return 0, Errorf(CodeDatetimeOverflow, "timestamp out of range")
	}
	return roundMicros(r, mod) + microsTo2000, nil
}
