package sql

import "strings"

// dtField is a lexical field of a date, time or interval.
type dtField struct {
	kind dtKind
	text string
}

type dtKind uint8

const (
	dtNumber  dtKind = iota
	dtDate           // with separators, or letters and digits mixed
	dtTime           // with colons
	dtString         // letters
	dtSpecial        // a sign and letters
	dtTZ             // a sign and digits
)

// maxDateFields bounds the fields of one value, as in PostgreSQL.
const maxDateFields = 25

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// splitDateTime cuts s into fields by the rules of PostgreSQL's date/time input
// (manual, appendix B.1); ok is false for characters that cannot occur. Text is lowered.
func splitDateTime(s string) (fields []dtField, ok bool) {
	s = strings.ToLower(s)
	if len(s) > 256 {
		return nil, false
	}
	i := 0
	at := func(k int) byte {
		if k < len(s) {
			return s[k]
		}
		return 0
	}
	while := func(pred func(c byte) bool) {
		for i < len(s) && pred(s[i]) {
			i++
		}
	}
	for i < len(s) {
		if isSpace(s[i]) {
			i++
			continue
		}
		start := i
		kind := dtNumber
		switch c := s[i]; {
		case isDigit(c):
			while(isDigit)
			switch d := at(i); {
			case d == ':':
				kind = dtTime
				while(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
			case d == '-' || d == '/' || d == '.':
				i++
				if isDigit(at(i)) {
					if d != '.' {
						kind = dtDate
					}
					while(isDigit)
					if at(i) == d {
						kind = dtDate
						while(func(c byte) bool { return isDigit(c) || c == d })
					}
				} else {
					kind = dtDate
					while(func(c byte) bool { return isDigit(c) || isAlpha(c) || c == d })
				}
			}
		case c == '.':
			i++
			while(isDigit)
		case isAlpha(c):
			kind = dtString
			while(isAlpha)
			date := false
			switch d := at(i); {
			case d == '-' || d == '/' || d == '.':
				date = true
			case d == '+' || isDigit(d):
				_, known := dateWords[clipWord(s[start:i])]
				date = !known
			}
			if date {
				kind = dtDate
				while(func(c byte) bool { return isDigit(c) || isAlpha(c) || strings.IndexByte("+-/_.:", c) >= 0 })
			}
		case c == '+' || c == '-':
			i++
			while(isSpace)
			body := i
			switch {
			case isDigit(at(i)):
				kind = dtTZ
				while(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
			case isAlpha(at(i)):
				kind = dtSpecial
				while(isAlpha)
			default:
				return nil, false
			}
			if len(fields) == maxDateFields {
				return nil, false
			}
			fields = append(fields, dtField{kind, s[start:start+1] + s[body:i]})
			continue
		case c > ' ' && c < 0x7f: // other punctuation is ignored
			i++
			continue
		default:
			return nil, false
		}
		if len(fields) == maxDateFields {
			return nil, false
		}
		fields = append(fields, dtField{kind, s[start:i]})
	}
	return fields, true
}

// clipWord cuts a word to the ten letters that PostgreSQL compares.
func clipWord(w string) string {
	if len(w) > 10 {
		return w[:10]
	}
	return w
}

// wordKind is the role of a word in a date.
type wordKind uint8

const (
	wUnit wordKind = iota
	wIgnore
	wReserved
	wMonth
	wWeekday
	wAMPM
	wADBC
	wISOTime
	wJulian
	wDSTMod
)

// Reserved words' values.
const (
	rNow = iota
	rToday
	rTomorrow
	rYesterday
	rEpoch
	rInfinity
	rNegInfinity
	rAllBalls
)

type dateWord struct {
	kind wordKind
	val  int
}

var dateWords = func() map[string]dateWord {
	m := map[string]dateWord{
		// Units: not words of dates, but they do not start a zone's name either.
		"d": {}, "dow": {}, "doy": {}, "h": {}, "isodow": {}, "isoyear": {}, "m": {}, "mm": {}, "s": {}, "y": {},
		"now": {wReserved, rNow}, "today": {wReserved, rToday}, "tomorrow": {wReserved, rTomorrow},
		"yesterday": {wReserved, rYesterday}, "epoch": {wReserved, rEpoch}, "infinity": {wReserved, rInfinity},
		"-infinity": {wReserved, rNegInfinity}, "allballs": {wReserved, rAllBalls},
		"am": {wAMPM, 0}, "pm": {wAMPM, 1}, "ad": {wADBC, 0}, "bc": {wADBC, 1}, "at": {wIgnore, 0}, "on": {wIgnore, 0},
		"t": {wISOTime, 0}, "j": {wJulian, 0}, "jd": {wJulian, 0}, "julian": {wJulian, 0}, "dst": {wDSTMod, 3600},
		"sept": {wMonth, 9}, "tues": {wWeekday, 2}, "weds": {wWeekday, 3}, "thur": {wWeekday, 4}, "thurs": {wWeekday, 4},
	}
	for i, n := range []string{"january", "february", "march", "april", "may", "june", "july", "august", "september",
		"october", "november", "december"} {
		m[n], m[n[:3]] = dateWord{wMonth, i + 1}, dateWord{wMonth, i + 1}
	}
	for i, n := range []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
		m[n], m[n[:3]] = dateWord{wWeekday, i}, dateWord{wWeekday, i}
	}
	return m
}()
