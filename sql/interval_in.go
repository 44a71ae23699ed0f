package sql

import (
	"math"
	"strconv"
	"strings"
)

// IntervalParts is an interval value.
type IntervalParts struct {
	Micros       int64
	Days, Months int32
}

// intervalUnit is a unit of an interval's field.
type intervalUnit uint8

const (
	uMicrosecond intervalUnit = iota
	uMillisecond
	uSecond
	uMinute
	uHour
	uDay
	uWeek
	uMonth
	uYear
	uDecade
	uCentury
	uMillennium
	uNone
	uAgo
)

// intervalUnits are the units' spellings, cut to ten letters.
var intervalUnits = func() map[string]intervalUnit {
	m := map[string]intervalUnit{}
	for u, words := range map[intervalUnit]string{
		uMicrosecond: "microsecon us usec usecs usecond useconds", uMillisecond: "millisecon ms msec msecs msecond mseconds",
		uSecond: "s sec secs second seconds", uMinute: "m min mins minute minutes", uHour: "h hr hrs hour hours",
		uDay: "d day days", uWeek: "w week weeks", uMonth: "mon mons month months", uYear: "y yr yrs year years",
		uDecade: "dec decs decade decades", uCentury: "c cent century centuries", uMillennium: "mil mils millennium millennia",
		uAgo: "ago",
	} {
		for _, w := range strings.Fields(words) {
			m[w] = u
		}
	}
	return m
}()

// rangeUnit is the unit of the last number without one, by the typmod's fields.
func rangeUnit(mod int32) intervalUnit {
	if mod < 0 {
		return uSecond
	}
	switch mod >> 16 & 0x7fff {
	case ivYear:
		return uYear
	case ivMonth, ivYear | ivMonth:
		return uMonth
	case ivDay:
		return uDay
	case ivHour, ivDay | ivHour:
		return uHour
	case ivMinute, ivHour | ivMinute, ivDay | ivHour | ivMinute:
		return uMinute
	}
	return uSecond
}

// intervalAcc sums an interval's fields.
type intervalAcc struct {
	us, days, months int64
	bad              bool // overflow
}

func (a *intervalAcc) addUS(val, unit int64) {
	p := MulInt64(val, unit)
	s, ok := I128(a.us).Add(p)
	if !ok || !s.IsInt64() {
		a.bad = true
		return
	}
	a.us = int64(s.Lo)
}

// fracUS adds a fraction of a unit.
func (a *intervalAcc) fracUS(frac float64, unit int64) {
	if frac == 0 {
		return
	}
	frac *= float64(unit)
	us := int64(frac)
	frac -= float64(us)
	if frac > 0.5 {
		us++
	} else if frac < -0.5 {
		us--
	}
	a.addUS(us, 1)
}

func (a *intervalAcc) fracDays(frac float64, unit int64) {
	if frac == 0 {
		return
	}
	frac *= float64(unit)
	d := int64(frac)
	a.addDays(d, 1)
	a.fracUS(frac-float64(d), MicrosPerDay)
}

func (a *intervalAcc) addDays(val, unit int64) {
	if val > math.MaxInt32 || val < math.MinInt32 {
		a.bad = true
		return
	}
	a.days += val * unit
	a.bad = a.bad || a.days > math.MaxInt32 || a.days < math.MinInt32
}

func (a *intervalAcc) addMonths(val, unit int64, frac float64) {
	if val > math.MaxInt32 || val < math.MinInt32 {
		a.bad = true
		return
	}
	a.months += val*unit + int64(math.RoundToEven(frac*float64(unit)))
}

// add adds val+frac units.
func (a *intervalAcc) add(u intervalUnit, val int64, frac float64) {
	switch u {
	case uMicrosecond:
		a.addUS(val, 1)
		a.fracUS(frac, 1)
	case uMillisecond:
		a.addUS(val, 1000)
		a.fracUS(frac, 1000)
	case uSecond:
		a.addUS(val, MicrosPerSecond)
		a.fracUS(frac, MicrosPerSecond)
	case uMinute:
		a.addUS(val, MicrosPerMinute)
		a.fracUS(frac, MicrosPerMinute)
	case uHour:
		a.addUS(val, MicrosPerHour)
		a.fracUS(frac, MicrosPerHour)
	case uDay:
		a.addDays(val, 1)
		a.fracUS(frac, MicrosPerDay)
	case uWeek:
		a.addDays(val, 7)
		a.fracDays(frac, 7)
	case uMonth:
		a.addMonths(val, 1, 0)
		a.fracDays(frac, 30)
	case uYear:
		a.addMonths(val, 12, frac)
	case uDecade:
		a.addMonths(val, 120, frac)
	case uCentury:
		a.addMonths(val, 1200, frac)
	case uMillennium:
		a.addMonths(val, 12000, frac)
	}
}

// ParseInterval reads an interval in PostgreSQL's, the SQL standard's or ISO
// 8601's form and applies the typmod (-1 for none): 22007, 22008, 22015.
func ParseInterval(s string, f *Format, mod int32) (IntervalParts, error) {
	var a intervalAcc
	fault := a.decode(s, f, mod)
	if fault == dtBadFormat {
		var iso intervalAcc
		if isoFault := iso.decodeISO(s); isoFault != dtBadFormat {
			a, fault = iso, isoFault
		}
	}
	if fault == dtOK && a.bad {
		fault = dtIntervalOverflow
	}
	if fault == dtOverflow {
		fault = dtIntervalOverflow
	}
	if fault != dtOK {
		return IntervalParts{}, dtError(fault, "interval", s)
	}
	if a.months > math.MaxInt32 || a.months < math.MinInt32 {
		return IntervalParts{}, Errorf(CodeDatetimeOverflow, "interval out of range")
	}
	return ApplyIntervalMod(IntervalParts{a.us, int32(a.days), int32(a.months)}, mod), nil
}

// decode reads the postgres and SQL forms, from the last field to the first, as
// a unit follows its number.
func (a *intervalAcc) decode(s string, f *Format, mod int32) dtFault {
	fields, ok := splitDateTime(s)
	if !ok || len(fields) == 0 {
		return dtBadFormat
	}
	// SQL's form: a leading sign alone rules all fields.
	forceNeg := false
	if f != nil && f.IntervalStyle == IntervalSQL && fields[0].text[0] == '-' {
		forceNeg = true
		for _, fl := range fields[1:] {
			if fl.text[0] == '-' || fl.text[0] == '+' {
				forceNeg = false
			}
		}
	}
	unit, ago := uNone, false
	have := uint32(0)
	const clockMask = 1<<uSecond | 1<<uMinute | 1<<uHour | 1<<uMillisecond | 1<<uMicrosecond
	for i := len(fields) - 1; i >= 0; i-- {
		fl := fields[i]
		got := uint32(0)
		switch {
		case fl.kind == dtTime, fl.kind == dtTZ && strings.IndexByte(fl.text, ':') > 0 && !strings.Contains(fl.text[1:], "-"):
			text := strings.TrimLeft(fl.text, "+-")
			if mod >= 0 && mod>>16&0x7fff == ivMinute|ivSecond && strings.Count(text, ":") == 1 {
				text = "0:" + text
			}
			h, m, sec, us, fault := parseClock(text)
			if fault != dtOK {
				return fault
			}
			neg := fl.text[0] == '-' || forceNeg
			sign := int64(1)
			if neg {
				sign = -1
			}
			a.addUS(sign*h, MicrosPerHour)
			a.addUS(sign*(int64(m)*MicrosPerMinute+int64(sec)*MicrosPerSecond+int64(us)), 1)
			unit, got = uDay, clockMask
		case fl.kind == dtTZ || fl.kind == dtDate || fl.kind == dtNumber:
			if unit == uNone {
				unit = rangeUnit(mod)
			}
			val, frac, u, fault := intervalNumber(fl.text, unit)
			if fault != dtOK {
				return fault
			}
			unit = u
			if unit == uAgo {
				return dtBadFormat
			}
			if forceNeg {
				if val > 0 {
					val = -val
				}
				if frac > 0 {
					frac = -frac
				}
			}
			a.add(unit, val, frac)
			got = 1 << unit
			if unit == uSecond && frac != 0 {
				got |= 1<<uMillisecond | 1<<uMicrosecond
			}
			if unit == uHour {
				unit = uDay // for a number before it
			}
		case fl.kind == dtString:
			u, ok := intervalUnits[clipWord(fl.text)]
			if !ok {
				return dtBadFormat
			}
			if u == uAgo {
				ago = true
			}
			unit = u
			continue
		default:
			return dtBadFormat
		}
		if got&have != 0 {
			return dtBadFormat
		}
		have |= got
	}
	if have == 0 {
		return dtBadFormat
	}
	if ago {
		if a.us == math.MinInt64 || a.days == math.MinInt32 || a.months == math.MinInt32 {
			return dtOverflow
		}
		a.us, a.days, a.months = -a.us, -a.days, -a.months
	}
	return dtOK
}

// intervalNumber reads [sign]digits[.digits], or [sign]years-months.
func intervalNumber(s string, unit intervalUnit) (val int64, frac float64, u intervalUnit, fault dtFault) {
	i := 0
	neg := s[0] == '-'
	if neg || s[0] == '+' {
		i = 1
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i > start {
		v, err := strconv.ParseInt(s[start:i], 10, 64)
		if err != nil {
			return 0, 0, 0, dtOverflow
		}
		val = v
	} else if i == len(s) || s[i] != '.' {
		return 0, 0, 0, dtBadFormat
	}
	if neg {
		val = -val
	}
	switch {
	case i == len(s):
	case s[i] == '-':
		m, err := strconv.ParseUint(s[i+1:], 10, 31)
		if err != nil {
			return 0, 0, 0, dtBadFormat
		}
		if m >= 12 || val > math.MaxInt64/12-12 || val < math.MinInt64/12+12 {
			return 0, 0, 0, dtOverflow
		}
		val *= 12
		if neg {
			val -= int64(m)
		} else {
			val += int64(m)
		}
		return val, 0, uMonth, dtOK
	case s[i] == '.':
		if strings.Trim(s[i+1:], "0123456789") != "" {
			return 0, 0, 0, dtBadFormat
		}
		if s[i:] != "." {
			frac, _ = strconv.ParseFloat("0"+s[i:], 64)
		}
		if neg {
			frac = -frac
		}
	default:
		return 0, 0, 0, dtBadFormat
	}
	return val, frac, unit, dtOK
}

// decodeISO reads ISO 8601's forms: with designators, and the alternative
// P0001-02-03T04:05:06 and P00010203T040506.
func (a *intervalAcc) decodeISO(s string) dtFault {
	if len(s) < 2 || s[0] != 'P' {
		return dtBadFormat
	}
	s = s[1:]
	datePart, any := true, false
	for s != "" {
		if s[0] == 'T' {
			datePart, any = false, false
			s = s[1:]
			continue
		}
		n := 0
		if s[0] == '-' || s[0] == '+' {
			n = 1
		}
		digits := n
		for n < len(s) && (isDigit(s[n]) || s[n] == '.') {
			n++
		}
		if n == digits {
			return dtBadFormat
		}
		text := s[:n]
		whole := strings.IndexByte(text+".", '.') - digits
		val, frac, _, fault := intervalNumber(text, uNone)
		if fault != dtOK {
			return fault
		}
		unit := byte(0)
		s = s[n:]
		if s != "" {
			unit = s[0]
		}
		if datePart {
			u, ok := map[byte]intervalUnit{'Y': uYear, 'M': uMonth, 'W': uWeek, 'D': uDay}[unit]
			switch {
			case ok:
				a.add(u, val, frac)
				s = s[1:]
			case (unit == 'T' || unit == 0) && whole == 8 && !any:
				a.add(uYear, val/10000, 0)
				a.add(uMonth, val/100%100, 0)
				a.add(uDay, val%100, frac)
			case (unit == '-' || unit == 'T' || unit == 0) && !any:
				parts := []int64{val}
				a.add(uYear, val, frac)
				for unit == '-' && len(parts) < 3 {
					k := 1
					for k < len(s) && (isDigit(s[k]) || s[k] == '.') {
						k++
					}
					if k == 1 {
						return dtBadFormat
					}
					v, fr, _, fault := intervalNumber(s[1:k], uNone)
					if fault != dtOK {
						return dtBadFormat
					}
					a.add([]intervalUnit{uMonth, uDay}[len(parts)-1], v, fr)
					parts = append(parts, v)
					if s = s[k:]; s == "" {
						break
					}
					unit = s[0]
				}
				if s != "" && s[0] != 'T' {
					return dtBadFormat
				}
			default:
				return dtBadFormat
			}
		} else {
			u, ok := map[byte]intervalUnit{'H': uHour, 'M': uMinute, 'S': uSecond}[unit]
			switch {
			case ok:
				a.add(u, val, frac)
				s = s[1:]
			case unit == 0 && whole == 6 && !any:
				a.add(uHour, val/10000, 0)
				a.add(uMinute, val/100%100, 0)
				a.add(uSecond, val%100, frac)
			case (unit == ':' || unit == 0) && !any:
				a.add(uHour, val, frac)
				for k := 0; s != "" && k < 2; k++ {
					if s[0] != ':' {
						return dtBadFormat
					}
					e := strings.IndexByte(s[1:]+":", ':') + 1
					if e < 2 {
						return dtBadFormat
					}
					v, fr, _, fault := intervalNumber(s[1:e], uNone)
					if fault != dtOK {
						return dtBadFormat
					}
					a.add([]intervalUnit{uMinute, uSecond}[k], v, fr)
					s = s[e:]
				}
				if s != "" {
					return dtBadFormat
				}
			default:
				return dtBadFormat
			}
		}
		any = true
	}
	return dtOK
}

// ApplyIntervalMod cuts an interval to the fields and the precision of a typmod.
func ApplyIntervalMod(v IntervalParts, mod int32) IntervalParts {
	if mod < 0 {
		return v
	}
	switch mod >> 16 & 0x7fff {
	case ivYear:
		v.Months, v.Days, v.Micros = v.Months/12*12, 0, 0
	case ivMonth, ivYear | ivMonth:
		v.Days, v.Micros = 0, 0
	case ivDay:
		v.Micros = 0
	case ivHour, ivDay | ivHour:
		v.Micros = v.Micros / MicrosPerHour * MicrosPerHour
	case ivMinute, ivHour | ivMinute, ivDay | ivHour | ivMinute:
		v.Micros = v.Micros / MicrosPerMinute * MicrosPerMinute
	}
	if p := mod & 0xffff; p < 6 && abs64(v.Micros) < math.MaxInt64-MicrosPerSecond {
		v.Micros = roundMicros(v.Micros, p)
	}
	return v
}
