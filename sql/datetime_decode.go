package sql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// What of a date and time has been read, as a set.
const (
	hasYear = 1 << iota
	hasMonth
	hasDay
	hasDOY
	hasTime
	hasZone
	hasDSTMod
	hasDate = hasYear | hasMonth | hasDay
)

// dtFault is why date/time input was refused; 0 is none.
type dtFault uint8

const (
	dtOK dtFault = iota
	dtBadFormat
	dtOverflow   // a field out of range
	dtMDOverflow // a month or day out of range: perhaps the wrong order
	dtZoneOverflow
	dtIntervalOverflow
	dtBadZone
)

// dtError makes the error of a fault.
func dtError(f dtFault, typ, s string) error {
	switch f {
	case dtOverflow:
		return Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s)
	case dtMDOverflow:
		return Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case dtZoneOverflow:
		return Errorf(CodeInvalidTimeZone, "time zone displacement out of range: \"%s\"", s)
	case dtIntervalOverflow:
		return Errorf(CodeIntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	}
	return Errorf(CodeInvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typ, s)
}

// dtDecoder puts the fields of a date and time together.
type dtDecoder struct {
	f        *Format
	now      time.Time
	timeOnly bool // time and timetz: a date is optional

	have              int
	year, month, day  int
	yday              int
	hour, min, sec    int
	us                int
	twoDigit, textMon bool
	julian            bool
	bc                bool
	ampm              int // -1 none, 0 AM, 1 PM
	special           int // rEpoch, rInfinity, rNegInfinity or -1
	east              int // seconds east of UTC, if hasZone and zone is nil
	zone              *time.Location
	zoneAbbrev        bool // zone was named by an abbreviation
	badZone           string
}

func (d *dtDecoder) loc() *time.Location {
	if d.f == nil || d.f.Zone == nil {
		return time.UTC
	}
	return d.f.Zone
}

func (d *dtDecoder) order() DateOrder {
	if d.f == nil {
		return OrderMDY
	}
	return d.f.DateOrder
}

// decode reads s.
func (d *dtDecoder) decode(s string) dtFault {
	d.ampm, d.special = -1, -1
	fields, ok := splitDateTime(s)
	if !ok || len(fields) == 0 {
		return dtBadFormat
	}
	var prefix wordKind // wJulian or wISOTime: announces the next field
	hasPrefix := false
	for i := range fields {
		fl := &fields[i]
		got, fault := 0, dtOK
		switch fl.kind {
		case dtDate:
			got, fault = d.dateField(fields, i, prefix, hasPrefix)
			hasPrefix = false
		case dtTime:
			if hasPrefix && prefix != wISOTime {
				return dtBadFormat
			}
			hasPrefix = false
			got, fault = d.clock(fl.text)
		case dtTZ:
			d.east, fault = parseOffset(fl.text)
			got = hasZone
		case dtNumber:
			got, fault = d.numberField(fields, i, prefix, hasPrefix)
			hasPrefix = false
		default:
			w, known := dateWords[clipWord(fl.text)]
			if off, ok := zoneAbbrevs[fl.text]; ok {
				got, d.east = hasZone, off
				break
			}
			if zn, ok := zoneAbbrevNames[fl.text]; ok {
				if d.zone = lookupZone(zn); d.zone == nil {
					return dtBadFormat
				}
				d.zoneAbbrev = true
				got = hasZone
				break
			}
			if !known || w.kind == wUnit {
				if d.zone = lookupZone(fl.text); d.zone == nil {
					return dtBadFormat
				}
				got = hasZone
				break
			}
			switch w.kind {
			case wIgnore:
				continue
			case wJulian, wISOTime:
				if w.kind == wISOTime && d.have&hasDate != hasDate && !d.timeOnly {
					return dtBadFormat
				}
				if i+1 == len(fields) {
					return dtBadFormat
				}
				prefix, hasPrefix = w.kind, true
				continue
			default:
				got, fault = d.word(w)
			}
		}
		if fault != dtOK {
			return fault
		}
		if got&d.have != 0 {
			return dtBadFormat
		}
		d.have |= got
	}
	return d.finish()
}

func (d *dtDecoder) word(w dateWord) (got int, fault dtFault) {
	switch w.kind {
	case wReserved:
		local := d.now.In(d.loc())
		switch w.val {
		case rNow:
			_, d.east = local.Zone()
			y, m, day := local.Date()
			d.year, d.month, d.day = y, int(m), day
			d.hour, d.min, d.sec, d.us = local.Hour(), local.Minute(), local.Second(), local.Nanosecond()/1000
			d.julian = true // the year is final
			if d.timeOnly {
				return hasTime | hasZone, dtOK
			}
			return hasDate | hasTime | hasZone, dtOK
		case rToday, rTomorrow, rYesterday:
			if d.timeOnly {
				return 0, dtBadFormat
			}
			y, m, day := local.Date()
			shift := map[int]int64{rTomorrow: 1, rYesterday: -1}[w.val]
			d.year, d.month, d.day = CivilOf(DaysOf(y, int(m), day) + shift)
			d.julian = true
			return hasDate, dtOK
		case rAllBalls:
			d.hour, d.min, d.sec, d.us, d.east = 0, 0, 0, 0, 0
			return hasTime | hasZone, dtOK
		}
		if d.timeOnly {
			return 0, dtBadFormat
		}
		d.special = w.val
		return hasDate | hasTime | hasZone, dtOK
	case wMonth:
		got = hasMonth
		// A number taken for the month was the day.
		if d.have&hasMonth != 0 && !d.textMon && d.have&hasDay == 0 && d.month >= 1 && d.month <= 31 {
			d.day = d.month
			got = hasDay
		}
		d.textMon = true
		d.month = w.val
		return got, dtOK
	case wAMPM:
		d.ampm = w.val
	case wADBC:
		d.bc = w.val == 1
	case wDSTMod:
		d.east += w.val
		return hasDSTMod, dtOK
	}
	return 0, dtOK
}

// dateField reads a field with separators: a date, a zone's name, or a
// run-together time with an offset.
func (d *dtDecoder) dateField(fields []dtField, i int, prefix wordKind, hasPrefix bool) (got int, fault dtFault) {
	text := fields[i].text
	if hasPrefix && prefix == wJulian {
		k := strings.IndexByte(text, '-')
		if k <= 0 {
			return 0, dtBadFormat
		}
		jd, err := strconv.Atoi(text[:k])
		if err != nil || jd < 0 {
			return 0, dtOverflow
		}
		d.setJulian(jd)
		d.east, fault = parseOffset(text[k:])
		return hasDate | hasZone, fault
	}
	dateAllowed := !d.timeOnly || i == 0 && len(fields) >= 2 && (fields[len(fields)-1].kind == dtDate || fields[1].kind == dtTime)
	if !hasPrefix && dateAllowed && d.have&(hasMonth|hasDay) != hasMonth|hasDay {
		return d.date(text)
	}
	if hasPrefix || isDigit(text[0]) {
		if d.have&hasTime != 0 {
			return 0, dtBadFormat
		}
		k := strings.IndexByte(text, '-')
		if k < 0 {
			return 0, dtBadFormat
		}
		if d.east, fault = parseOffset(text[k:]); fault != dtOK {
			return 0, fault
		}
		got, fault = d.runTogether(text[:k], d.have|hasDate)
		if got != hasTime {
			return 0, dtBadFormat
		}
		return got | hasZone, fault
	}
	if d.zone = lookupZone(text); d.zone == nil {
		d.badZone = text
		return 0, dtBadZone
	}
	return hasZone, dtOK
}

func (d *dtDecoder) setJulian(jd int) {
	d.year, d.month, d.day = CivilOf(int64(jd) + MinDate)
	d.julian = true
}

func (d *dtDecoder) numberField(fields []dtField, i int, prefix wordKind, hasPrefix bool) (got int, fault dtFault) {
	text := fields[i].text
	point := strings.IndexByte(text, '.')
	if hasPrefix {
		if prefix == wISOTime {
			got, fault = d.runTogether(text, d.have|hasDate)
			if got != hasTime && fault == dtOK {
				fault = dtBadFormat
			}
			return got, fault
		}
		whole := text
		if point >= 0 {
			whole = text[:point]
		}
		jd, err := strconv.Atoi(whole)
		if err != nil || jd > math.MaxInt32 {
			return 0, dtOverflow
		}
		d.setJulian(jd)
		if point < 0 {
			return hasDate, dtOK
		}
		frac, err := strconv.ParseFloat("0"+text[point:], 64)
		if err != nil {
			return 0, dtBadFormat
		}
		us := int64(frac * float64(MicrosPerDay))
		d.hour, d.min = int(us/MicrosPerHour), int(us/MicrosPerMinute%60)
		d.sec, d.us = int(us/MicrosPerSecond%60), int(us%MicrosPerSecond)
		return hasDate | hasTime, dtOK
	}
	have := d.have
	if d.timeOnly {
		dateAllowed := i == 0 && len(fields) >= 2 && fields[len(fields)-1].kind == dtDate
		switch {
		case point >= 0 && dateAllowed:
			return d.date(text)
		case point > 2, point < 0 && len(text) > 4:
			return d.runTogether(text, have|hasDate)
		}
		return d.number(text, have|hasDate)
	}
	switch {
	case point >= 0 && have&hasDate == 0:
		return d.date(text)
	case point > 2, len(text) >= 6 && (have&hasDate == 0 || have&hasTime == 0):
		return d.runTogether(text, have)
	}
	return d.number(text, have)
}

// date reads a date with separators.
func (d *dtDecoder) date(text string) (got int, fault dtFault) {
	var parts []string
	for i := 0; i < len(text); {
		start := i
		switch {
		case isDigit(text[i]):
			for i < len(text) && isDigit(text[i]) {
				i++
			}
		case isAlpha(text[i]):
			for i < len(text) && isAlpha(text[i]) {
				i++
			}
		default:
			i++
			continue
		}
		parts = append(parts, text[start:i])
	}
	have := d.have
	for k, p := range parts {
		if !isAlpha(p[0]) {
			continue
		}
		w, ok := dateWords[clipWord(p)]
		if ok && w.kind == wIgnore {
			parts[k] = ""
			continue
		}
		if !ok || w.kind != wMonth || have&hasMonth != 0 {
			return 0, dtBadFormat
		}
		d.month, d.textMon = w.val, true
		have |= hasMonth
		got |= hasMonth
		parts[k] = ""
	}
	for _, p := range parts {
		if p == "" {
			continue
		}
		g, fault := d.number(p, have)
		if fault != dtOK {
			return 0, fault
		}
		if g&have != 0 {
			return 0, dtBadFormat
		}
		have |= g
		got |= g
	}
	if have&^(hasDOY|hasZone) != hasDate {
		return 0, dtBadFormat
	}
	return got, dtOK
}

// number reads one number whose role follows from what is known already and
// from the date order.
func (d *dtDecoder) number(text string, have int) (got int, fault dtFault) {
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	if n == 0 {
		return 0, dtBadFormat
	}
	val, err := strconv.Atoi(text[:n])
	if err != nil || val > math.MaxInt32 {
		return 0, dtOverflow
	}
	if n < len(text) {
		if text[n] != '.' {
			return 0, dtBadFormat
		}
		if n > 2 {
			return d.runTogether(text, have|hasDate)
		}
		if d.us, fault = parseMicros(text[n:]); fault != dtOK {
			return 0, fault
		}
	}
	if len(text) == 3 && have&hasDate == hasYear && val >= 1 && val <= 366 {
		d.yday = val
		return hasDOY | hasMonth | hasDay, dtOK
	}
	long := len(text) >= 3
	switch have & hasDate {
	case 0:
		switch {
		case long || d.order() == OrderYMD:
			got = hasYear
		case d.order() == OrderDMY:
			got = hasDay
		default:
			got = hasMonth
		}
	case hasYear, hasDay:
		got = hasMonth
	case hasMonth:
		got = hasDay
		if d.textMon && (long || d.order() == OrderYMD) {
			got = hasYear
		}
	case hasYear | hasMonth:
		if d.textMon && long && d.twoDigit {
			d.day, d.year, d.twoDigit = d.year, val, false
			return hasDay, dtOK
		}
		got = hasDay
	case hasMonth | hasDay:
		got = hasYear
	case hasDate:
		return d.runTogether(text, have)
	default:
		return 0, dtBadFormat
	}
	switch got {
	case hasYear:
		d.year, d.twoDigit = val, len(text) <= 2
	case hasMonth:
		d.month = val
	case hasDay:
		d.day = val
	}
	return got, dtOK
}

// runTogether reads yymmdd, yyyymmdd, hhmm or hhmmss[.ffffff].
func (d *dtDecoder) runTogether(text string, have int) (got int, fault dtFault) {
	if k := strings.IndexByte(text, '.'); k >= 0 {
		if d.us, fault = parseMicros(text[k:]); fault != dtOK {
			return 0, fault
		}
		text = text[:k]
	} else if have&hasDate != hasDate && len(text) >= 6 {
		n := len(text)
		y, err := strconv.Atoi(text[:n-4])
		if err != nil || y > math.MaxInt32 {
			return 0, dtOverflow
		}
		d.year, d.twoDigit = y, n-4 == 2
		d.month, d.day = twoDigits(text[n-4:]), twoDigits(text[n-2:])
		return hasDate, dtOK
	}
	if have&hasTime != hasTime && (len(text) == 6 || len(text) == 4) {
		d.hour, d.min, d.sec = twoDigits(text), twoDigits(text[2:]), 0
		if len(text) == 6 {
			d.sec = twoDigits(text[4:])
		}
		return hasTime, dtOK
	}
	return 0, dtBadFormat
}
