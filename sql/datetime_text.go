package sql

import "math"

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

var weekdayNames = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// append2 appends v, 0..99, as two digits.
func append2(dst []byte, v int) []byte {
	return append(dst, digitPairs[2*v], digitPairs[2*v+1])
}

// appendYear appends at least four digits; bc is set for years up to 0, which
// count as 1 BC and so on.
func appendYear(dst []byte, year int) (out []byte, bc bool) {
	if year <= 0 {
		year, bc = 1-year, true
	}
	if year > 9999 {
		return AppendInt(dst, int64(year)), bc
	}
	dst = append2(dst, year/100)
	return append2(dst, year%100), bc
}

// appendClock appends HH:MM:SS[.ffffff], without trailing zeros.
func appendClock(dst []byte, tod int64) []byte {
	sec := tod / MicrosPerSecond
	dst = append2(dst, int(sec/3600))
	dst = append(dst, ':')
	dst = append2(dst, int(sec/60%60))
	dst = append(dst, ':')
	dst = append2(dst, int(sec%60))
	return appendMicros(dst, int(tod%MicrosPerSecond))
}

// appendMicros appends .ffffff without trailing zeros, nothing for 0.
func appendMicros(dst []byte, us int) []byte {
	if us == 0 {
		return dst
	}
	n := 6
	for us%10 == 0 {
		us /= 10
		n--
	}
	return appendPadded(append(dst, '.'), uint64(us), n)
}

// appendOffset appends an offset east of UTC as +hh[:mm[:ss]].
func appendOffset(dst []byte, east int) []byte {
	if east < 0 {
		dst, east = append(dst, '-'), -east
	} else {
		dst = append(dst, '+')
	}
	dst = append2(dst, east/3600)
	if east%3600 != 0 {
		dst = append2(append(dst, ':'), east/60%60)
		if east%60 != 0 {
			dst = append2(append(dst, ':'), east%60)
		}
	}
	return dst
}

// appendDayMonth appends day and month in f's order with a separator.
func appendDayMonth(dst []byte, month, day int, sep byte, f *Format) []byte {
	if f.DateOrder == OrderDMY {
		month, day = day, month
	}
	return append2(append(append2(dst, month), sep), day)
}

// AppendDate appends days since 1970; the ends of int32 are the infinities.
// A nil f is ISO.
func AppendDate(dst []byte, days int32, f *Format) []byte {
	switch days {
	case math.MaxInt32:
		return append(dst, "infinity"...)
	case math.MinInt32:
		return append(dst, "-infinity"...)
	}
	y, m, d := CivilOf(int64(days))
	style := DateISO
	if f != nil {
		style = f.DateStyle
	}
	bc := false
	switch style {
	case DateISO:
		dst, bc = appendYear(dst, y)
		dst = append2(append(dst, '-'), m)
		dst = append2(append(dst, '-'), d)
	case DateSQL:
		dst = append(appendDayMonth(dst, m, d, '/', f), '/')
		dst, bc = appendYear(dst, y)
	case DateGerman:
		dst = append2(append(append2(dst, d), '.'), m)
		dst, bc = appendYear(append(dst, '.'), y)
	case DatePostgres:
		dst = append(appendDayMonth(dst, m, d, '-', f), '-')
		dst, bc = appendYear(dst, y)
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTimestamp appends microseconds since 1970, without zone. A nil f is ISO.
func AppendTimestamp(dst []byte, us int64, f *Format) []byte {
	return appendStamp(dst, us, f, false)
}

// AppendTimestamptz appends an instant on the clock of f.Zone. A nil f is ISO in UTC.
func AppendTimestamptz(dst []byte, us int64, f *Format) []byte {
	return appendStamp(dst, us, f, true)
}

func appendStamp(dst []byte, us int64, f *Format, withZone bool) []byte {
	switch us {
	case InfinityI:
		return append(dst, "infinity"...)
	case NegInfinityI:
		return append(dst, "-infinity"...)
	}
	east, abbrev := 0, "UTC"
	style := DateISO
	if f != nil {
		style = f.DateStyle
		if withZone {
			east, abbrev = ZoneOffset(us, f.Zone)
		}
	}
	days, tod := SplitTimestamp(us)
	tod += int64(east) * MicrosPerSecond // apart from us, which may be near int64's end
	if tod < 0 {
		days, tod = days-1, tod+MicrosPerDay
	} else if tod >= MicrosPerDay {
		days, tod = days+1, tod-MicrosPerDay
	}
	y, m, d := CivilOf(days)
	bc := false
	switch style {
	case DateISO:
		dst, bc = appendYear(dst, y)
		dst = append2(append(dst, '-'), m)
		dst = append2(append(dst, '-'), d)
		dst = appendClock(append(dst, ' '), tod)
		if withZone {
			dst = appendOffset(dst, east)
		}
	case DateSQL:
		dst = append(appendDayMonth(dst, m, d, '/', f), '/')
		dst, bc = appendYear(dst, y)
		dst = appendClock(append(dst, ' '), tod)
		if withZone {
			dst = appendZoneName(dst, abbrev, east, false)
		}
	case DateGerman:
		dst = append2(append(append2(dst, d), '.'), m)
		dst, bc = appendYear(append(dst, '.'), y)
		dst = appendClock(append(dst, ' '), tod)
		if withZone {
			dst = appendZoneName(dst, abbrev, east, false)
		}
	case DatePostgres:
		dst = append(append(dst, weekdayNames[WeekdayOf(days)]...), ' ')
		if f.DateOrder == OrderDMY {
			dst = append(append2(dst, d), ' ')
			dst = append(dst, monthNames[m-1]...)
		} else {
			dst = append(append(dst, monthNames[m-1]...), ' ')
			dst = append2(dst, d)
		}
		dst = appendClock(append(dst, ' '), tod)
		dst, bc = appendYear(append(dst, ' '), y)
		if withZone {
			dst = appendZoneName(dst, abbrev, east, true)
		}
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendZoneName appends the abbreviation, or the offset where there is none.
func appendZoneName(dst []byte, abbrev string, east int, spaced bool) []byte {
	if abbrev != "" {
		return append(append(dst, ' '), abbrev...)
	}
	if spaced {
		dst = append(dst, ' ')
	}
	return appendOffset(dst, east)
}

// AppendTime appends microseconds of the day; 24:00:00 is possible.
func AppendTime(dst []byte, us int64) []byte { return appendClock(dst, us) }

// AppendTimetz appends a time of day with a zone in seconds west of UTC.
func AppendTimetz(dst []byte, us int64, zoneWest int32) []byte {
	return appendOffset(appendClock(dst, us), -int(zoneWest))
}

// AppendBool appends t or f.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

const hexDigits = "0123456789abcdef"

// AppendUUID appends the 36-character form of 16 bytes.
func AppendUUID(dst []byte, u []byte) []byte {
	for i, c := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// AppendBytea appends the hex form, or the escape form if f says so. A nil f is hex.
func AppendBytea(dst, b []byte, f *Format) []byte {
	if f == nil || !f.ByteaEscape {
		dst = append(dst, '\\', 'x')
		for _, c := range b {
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
		return dst
	}
	for _, c := range b {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
