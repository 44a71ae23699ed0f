package sql

import (
	"math"
	"strconv"
	"strings"
)

// twoDigits reads the first two characters, which must be digits.
func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// parseMicros reads .ffffff, rounding to microseconds.
func parseMicros(s string) (int, dtFault) {
	if s == "." {
		return 0, dtOK
	}
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, dtBadFormat
		}
	}
	f, err := strconv.ParseFloat("0"+s, 64)
	if err != nil {
		return 0, dtBadFormat
	}
	return int(math.RoundToEven(f * 1e6)), dtOK
}

// clock reads hh:mm[:ss[.ffffff]], or mm:ss.ffffff.
func (d *dtDecoder) clock(s string) (got int, fault dtFault) {
	h, m, sec, us, fault := parseClock(s)
	if fault != dtOK {
		return 0, fault
	}
	if h > math.MaxInt32 {
		return 0, dtOverflow
	}
	d.hour, d.min, d.sec, d.us = int(h), m, sec, us
	return hasTime, dtOK
}

func parseClock(s string) (h int64, m, sec, us int, fault dtFault) {
	frac := ""
	if k := strings.IndexByte(s, '.'); k >= 0 {
		s, frac = s[:k], s[k:]
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, 0, 0, 0, dtBadFormat
	}
	var v [3]int64
	for i, p := range parts {
		if p == "" && i == 0 {
			return 0, 0, 0, 0, dtBadFormat
		}
		for k := 0; k < len(p); k++ {
			if !isDigit(p[k]) {
				return 0, 0, 0, 0, dtBadFormat
			}
			if v[i] > 1<<58 {
				return 0, 0, 0, 0, dtOverflow
			}
			v[i] = v[i]*10 + int64(p[k]-'0')
		}
	}
	if frac != "" {
		if us, fault = parseMicros(frac); fault != dtOK {
			return 0, 0, 0, 0, fault
		}
		if len(parts) == 2 { // mm:ss.ffffff
			v[0], v[1], v[2] = 0, v[0], v[1]
		}
	}
	if v[1] > 59 || v[2] > 60 {
		return 0, 0, 0, 0, dtOverflow
	}
	return v[0], int(v[1]), int(v[2]), us, dtOK
}

// parseOffset reads +hh, +hh:mm, +hh:mm:ss or +hhmm, in seconds east of UTC.
func parseOffset(s string) (int, dtFault) {
	body := s[1:]
	parts := strings.Split(body, ":")
	var v [3]int
	if len(parts) > 3 {
		return 0, dtBadFormat
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			if p != "" && strings.Trim(p, "0123456789") == "" {
				return 0, dtZoneOverflow
			}
			return 0, dtBadFormat
		}
		v[i] = int(n)
	}
	if len(parts) == 1 && len(s) > 3 {
		v[0], v[1] = v[0]/100, v[0]%100
	}
	if v[0] > 15 || v[1] > 59 || v[2] > 59 {
		return 0, dtZoneOverflow
	}
	east := v[0]*3600 + v[1]*60 + v[2]
	if s[0] == '-' {
		east = -east
	}
	return east, dtOK
}
