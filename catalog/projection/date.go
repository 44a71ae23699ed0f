package projection

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedb/sluice/model"
)

type dateKey struct {
	name     string
	format   *pattern
	from, to time.Time
	step     int
	unit     unit
}

// unit is a step of the calendar or the clock.
type unit struct {
	name  string
	add   func(t time.Time, n int) time.Time
	width time.Duration // about, to guess how many values there are
}

func clock(name string, d time.Duration) unit {
	return unit{name, func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * d) }, d}
}

func calendar(name string, years, months, days int, width time.Duration) unit {
	return unit{name, func(t time.Time, n int) time.Time { return addDate(t, n*years, n*months, n*days) }, width}
}

// addDate adds like java.time: the day is clipped to the month's last.
func addDate(t time.Time, years, months, days int) time.Time {
	if years != 0 || months != 0 {
		first := time.Date(t.Year()+years, t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		t = first.AddDate(0, 0, min(t.Day(), last)-1)
	}
	return t.AddDate(0, 0, days)
}

const day = 24 * time.Hour

var units = []unit{
	calendar("YEAR", 1, 0, 0, 365*day), calendar("MONTH", 0, 1, 0, 30*day), calendar("WEEK", 0, 0, 7, 7*day),
	calendar("DAY", 0, 0, 1, day), clock("HOUR", time.Hour), clock("MINUTE", time.Minute), clock("SECOND", time.Second),
	clock("MILLI", time.Millisecond),
}

// unitOf finds a unit by name, singular or plural.
func unitOf(name string) (unit, bool) {
	n := strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(name)), "S")
	if n == "MILLISECOND" {
		n = "MILLI"
	}
	for _, u := range units {
		if u.name == n {
			return u, true
		}
	}
	return unit{}, false
}

var nowRE = regexp.MustCompile(`^(?i)\s*NOW\s*(?:([+-])\s*(\d{1,9})\s*([A-Z]+))?\s*$`)

func parseDateKey(t *model.Table, name string, prop func(string) string, now time.Time) (Key, error) {
	if prop("format") == "" {
		return nil, bad(t, "property projection.%s.format is missing", name)
	}
	f, err := parsePattern(prop("format"))
	if err != nil {
		return nil, bad(t, "property projection.%s.format is %q: %v", name, prop("format"), err)
	}
	k := &dateKey{name: name, format: f, step: 1}
	from, to, ok := strings.Cut(prop("range"), ",")
	if !ok {
		return nil, bad(t, "property projection.%s.range is %q, not two dates", name, prop("range"))
	}
	bound := func(s string) (time.Time, bool) {
		if m := nowRE.FindStringSubmatch(s); m != nil {
			at := now.UTC()
			if m[1] != "" {
				n, _ := strconv.Atoi(m[2])
				u, ok := unitOf(m[3])
				if !ok {
					return at, false
				}
				if m[1] == "-" {
					n = -n
				}
				at = u.add(at, n)
			}
			// As exact as the values are.
			return f.parse(f.format(at))
		}
		return f.parse(strings.TrimSpace(s))
	}
	if k.from, ok = bound(from); !ok {
		return nil, bad(t, "property projection.%s.range begins with %q, which is neither of the format %q nor NOW", name, from, prop("format"))
	}
	if k.to, ok = bound(to); !ok {
		return nil, bad(t, "property projection.%s.range ends with %q, which is neither of the format %q nor NOW", name, to, prop("format"))
	}
	if s := strings.TrimSpace(prop("interval")); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, bad(t, "property projection.%s.interval is %q, not a positive integer", name, s)
		}
		k.step = n
	}
	if s := prop("interval.unit"); s != "" {
		if k.unit, ok = unitOf(s); !ok {
			return nil, bad(t, "property projection.%s.interval.unit is %q, not a unit from YEARS to MILLISECONDS", name, s)
		}
	} else {
		switch f.finest() {
		case precisionYear:
			k.unit, _ = unitOf("YEAR")
		case precisionMonth:
			k.unit, _ = unitOf("MONTH")
		case precisionDay:
			k.unit, _ = unitOf("DAY")
		default:
			return nil, bad(t, "format %q of key \"%s\" is finer than a day: properties projection.%s.interval and .interval.unit are needed", prop("format"), name, name)
		}
	}
	return k, nil
}

func (k *dateKey) Count() int64 {
	if k.to.Before(k.from) {
		return 0
	}
	return int64(k.to.Sub(k.from)/(time.Duration(k.step)*k.unit.width)) + 1
}

func (k *dateKey) Contains(raw string) bool {
	at, ok := k.format.parse(raw)
	if !ok || at.Before(k.from) || at.After(k.to) || k.format.format(at) != raw {
		return false
	}
	// Near the value, walk; steps of the calendar have no formula.
	n := int(at.Sub(k.from) / (time.Duration(k.step) * k.unit.width))
	slack := n/50 + 3
	for i := max(0, n-slack); i <= n+slack; i++ {
		if k.format.format(k.unit.add(k.from, i*k.step)) == raw {
			return true
		}
	}
	return false
}

func (k *dateKey) Values(int64, int64) ([]string, error) {
	if k.Count() > MaxValues {
		return nil, tooMany(k.name)
	}
	var out []string
	last := ""
	for i := 0; ; i++ {
		at := k.unit.add(k.from, i*k.step)
		if at.After(k.to) {
			return out, nil
		}
		if s := k.format.format(at); s != last {
			out = append(out, s)
			last = s
		}
		if len(out) > MaxValues {
			return nil, tooMany(k.name)
		}
	}
}
