package sql

// intervalParts are an interval's fields as PostgreSQL shows them, each of the sign of its part.
type intervalParts struct {
	year, mon, day int64
	hour, min, sec int64
	us             int64
}

func splitInterval(us int64, days, months int32) (p intervalParts) {
	p.year, p.mon, p.day = int64(months/12), int64(months%12), int64(days)
	p.hour = us / MicrosPerHour
	us -= p.hour * MicrosPerHour
	p.min = us / MicrosPerMinute
	us -= p.min * MicrosPerMinute
	p.sec = us / MicrosPerSecond
	p.us = us - p.sec*MicrosPerSecond
	return p
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// appendSeconds appends the magnitude of sec.us.
func appendSeconds(dst []byte, sec, us int64, pad bool) []byte {
	if pad {
		dst = append2(dst, int(abs64(sec)))
	} else {
		dst = AppendInt(dst, abs64(sec))
	}
	return appendMicros(dst, int(abs64(us)))
}

// AppendInterval appends an interval in f's IntervalStyle. A nil f is postgres.
func AppendInterval(dst []byte, us int64, days, months int32, f *Format) []byte {
	p := splitInterval(us, days, months)
	style := IntervalPostgres
	if f != nil {
		style = f.IntervalStyle
	}
	switch style {
	case IntervalPostgresVerbose:
		return p.appendVerbose(dst)
	case IntervalSQL:
		return p.appendSQL(dst)
	case IntervalISO8601:
		return p.appendISO(dst)
	}
	return p.appendPostgres(dst)
}

func (p *intervalParts) appendPostgres(dst []byte) []byte {
	zero, before := true, false
	for _, u := range [...]struct {
		v    int64
		name string
	}{{p.year, " year"}, {p.mon, " mon"}, {p.day, " day"}} {
		if u.v == 0 {
			continue
		}
		if !zero {
			dst = append(dst, ' ')
		}
		if before && u.v > 0 {
			dst = append(dst, '+')
		}
		dst = append(AppendInt(dst, u.v), u.name...)
		if u.v != 1 {
			dst = append(dst, 's')
		}
		zero, before = false, u.v < 0
	}
	if zero || p.hour != 0 || p.min != 0 || p.sec != 0 || p.us != 0 {
		if !zero {
			dst = append(dst, ' ')
		}
		if p.hour < 0 || p.min < 0 || p.sec < 0 || p.us < 0 {
			dst = append(dst, '-')
		} else if before {
			dst = append(dst, '+')
		}
		dst = appendHours(dst, p.hour)
		dst = append(append2(append(dst, ':'), int(abs64(p.min))), ':')
		dst = appendSeconds(dst, p.sec, p.us, true)
	}
	return dst
}

// appendHours appends at least two digits.
func appendHours(dst []byte, h int64) []byte {
	h = abs64(h)
	if h < 100 {
		return append2(dst, int(h))
	}
	return AppendInt(dst, h)
}

func (p *intervalParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	for _, u := range [...]struct {
		v    int64
		name string
	}{{p.year, " year"}, {p.mon, " mon"}, {p.day, " day"}, {p.hour, " hour"}, {p.min, " min"}} {
		v := u.v
		if v == 0 {
			continue
		}
		if zero {
			before, v = v < 0, abs64(v)
		} else if before {
			v = -v
		}
		dst = append(AppendInt(append(dst, ' '), v), u.name...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if p.sec != 0 || p.us != 0 {
		dst = append(dst, ' ')
		if p.sec < 0 || p.sec == 0 && p.us < 0 {
			if zero {
				before = true
			} else if !before {
				dst = append(dst, '-')
			}
		} else if before {
			dst = append(dst, '-')
		}
		dst = appendSeconds(dst, p.sec, p.us, false)
		dst = append(dst, " sec"...)
		if abs64(p.sec) != 1 || p.us != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (p *intervalParts) appendSQL(dst []byte) []byte {
	neg := p.year < 0 || p.mon < 0 || p.day < 0 || p.hour < 0 || p.min < 0 || p.sec < 0 || p.us < 0
	pos := p.year > 0 || p.mon > 0 || p.day > 0 || p.hour > 0 || p.min > 0 || p.sec > 0 || p.us > 0
	yearMonth := p.year != 0 || p.mon != 0
	dayTime := p.day != 0 || p.hour != 0 || p.min != 0 || p.sec != 0 || p.us != 0
	if !neg && !pos {
		return append(dst, '0')
	}
	sign := func(negative bool) {
		if negative {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	clock := func() {
		dst = append(AppendInt(dst, abs64(p.hour)), ':')
		dst = append(append2(dst, int(abs64(p.min))), ':')
		dst = appendSeconds(dst, p.sec, p.us, true)
	}
	if neg && pos || yearMonth && dayTime { // not SQL's: every part carries its sign
		sign(p.year < 0 || p.mon < 0)
		dst = append(AppendInt(dst, abs64(p.year)), '-')
		dst = append(AppendInt(dst, abs64(p.mon)), ' ')
		sign(p.day < 0)
		dst = append(AppendInt(dst, abs64(p.day)), ' ')
		sign(p.hour < 0 || p.min < 0 || p.sec < 0 || p.us < 0)
		clock()
		return dst
	}
	if neg {
		dst = append(dst, '-')
	}
	switch {
	case yearMonth:
		dst = append(AppendInt(dst, abs64(p.year)), '-')
		dst = AppendInt(dst, abs64(p.mon))
	case p.day != 0:
		dst = append(AppendInt(dst, abs64(p.day)), ' ')
		clock()
	default:
		clock()
	}
	return dst
}

func (p *intervalParts) appendISO(dst []byte) []byte {
	if *p == (intervalParts{}) {
		return append(dst, "PT0S"...)
	}
	unit := func(v int64, c byte) {
		if v != 0 {
			dst = append(AppendInt(dst, v), c)
		}
	}
	dst = append(dst, 'P')
	unit(p.year, 'Y')
	unit(p.mon, 'M')
	unit(p.day, 'D')
	if p.hour != 0 || p.min != 0 || p.sec != 0 || p.us != 0 {
		dst = append(dst, 'T')
	}
	unit(p.hour, 'H')
	unit(p.min, 'M')
	if p.sec != 0 || p.us != 0 {
		if p.sec < 0 || p.us < 0 {
			dst = append(dst, '-')
		}
		dst = append(appendSeconds(dst, p.sec, p.us, false), 'S')
	}
	return dst
}
